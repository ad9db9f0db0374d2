"""Real points and real components of algebraic sets over Q."""

from collections.abc import Callable, Iterator, Sequence
from fractions import Fraction
from itertools import combinations
from random import Random
from typing import Any

import sympy as sp

from ..algebra.clock import check_time
from ..errors import NoClosedFormError
from ._engine import Engine
from ._primes import irredundant, with_inverse
from ._rings import independent_set, independent_sets
from ._zero_dimensional import real_points

_TRIES = 10
_VALUES = tuple(s * p for p in map(Fraction, ("1", "2", "1/2", "1/5", "1/20")) for s in (1, -1))
Basis = Sequence[Any]
Point = dict[sp.Symbol, sp.Expr]


class RealSearch:
    """Real points of prime ideals, given by Groebner bases in one engine."""

    def __init__(self, engine: Engine, seed: int = 0) -> None:
        self.engine, self.random = engine, Random(seed)

    def point(self, basis: Basis, ring: Any) -> tuple[Basis, Point] | None:
        """A real point of a prime ideal and the maximal ideal it belongs to; None if there is none.

        Rational slices find points fast. Where they find none, the points critical for the
        distance to an integer point decide: every closed real set has a nearest point, and the
        critical locus has smaller dimension.
        """
        check_time()
        free = independent_set(basis, ring)
        if free is None:
            return None
        if not free:
            points = real_points(basis, ring)
            return (basis, points[0]) if points else None
        forced = _forced(basis, ring)
        if forced is not None:
            return self.first(forced, ring)
        return self.sliced(basis, ring) or self.first(self.critical(basis, ring, free), ring)

    def first(self, generators: Basis, ring: Any) -> tuple[Basis, Point] | None:
        """A real point on any minimal prime."""
        for prime in self.engine.minimal_primes(_forced(generators, ring) or generators, ring):
            found = self.point(prime, ring)
            if found is not None:
                return found
        return None

    def sliced(
        self, basis: Basis, ring: Any,
        accept: Callable[[Basis], bool] = lambda prime: True,
    ) -> tuple[Basis, Point] | None:
        """A real point with rational values of independent variables."""
        sets = independent_sets(basis, ring)
        for _ in range(_TRIES):
            free = self.random.choice(sets)
            values = [self.random.choice(_VALUES) for _ in free]
            cut = [ring.gens[i] - ring.domain(v.numerator) / ring.domain(v.denominator)
                   for i, v in zip(free, values, strict=True)]
            for prime in self.engine.minimal_primes([*basis, *cut], ring):
                if independent_set(prime, ring) or not accept(prime):
                    continue
                points = real_points(prime, ring)
                if points:
                    return prime, points[0]
        return None

    def critical(self, basis: Basis, ring: Any, free: Sequence[int]) -> list[Any]:
        """The ideal of points critical for the distance to a random integer point."""
        codimension = ring.ngens - len(free)
        gradients = _jacobian(basis, ring)
        for size in (2, 5, 20, 100):
            away = [g - self.random.randint(-size, size) for g in ring.gens]
            minors = _reduced(_minors(gradients, codimension + 1, ring, away), basis)
            found = self.engine.basis([*basis, *minors], ring)
            left = independent_set(found, ring)
            if left is None or len(left) < len(free):
                return found
        raise NoClosedFormError(
            f"no distance function separates the variety of {[str(g) for g in basis]}; give "
            "another seed"
        )

    def components(self, generators: Basis, ring: Any) -> list[list[Any]]:
        """The real minimal primes over the real radical.

        A prime ideal is real exactly when its variety has a smooth real point; a variety without
        one is replaced by its singular locus.
        """
        found: list[list[Any]] = []
        for prime in self.engine.minimal_primes(_forced(generators, ring) or generators, ring):
            found.extend(self._real_parts(prime, ring))
        return irredundant(found)

    def _real_parts(self, prime: list[Any], ring: Any) -> Iterator[list[Any]]:
        free = independent_set(prime, ring)
        assert free is not None
        if not free or len(free) == ring.ngens:
            if free or real_points(prime, ring):
                yield prime
            return
        forced = _forced(prime, ring)
        if forced is not None:
            yield from self.components(forced, ring)
            return
        def smooth(point: Basis) -> bool:
            return is_smooth(prime, point, ring)

        if self.sliced(prime, ring, smooth):
            yield prime
            return
        found = self.point(prime, ring)
        if found is None:
            return
        if smooth(found[0]):
            yield prime
            return
        minors = _reduced(_minors(_jacobian(prime, ring), ring.ngens - len(free), ring), prime)
        if self._smooth_somewhere(prime, minors, ring):
            yield prime
        else:
            yield from self.components([*prime, *minors], ring)

    def _smooth_somewhere(self, prime: Basis, minors: Sequence[Any], ring: Any) -> bool:
        for m in minors:
            extra, larger, _ = with_inverse(prime, m, ring)
            if self.first(extra, larger) is not None:
                return True
        return False


def _forced(generators: Basis, ring: Any) -> list[Any] | None:
    """The generators with sums of squares replaced by what is squared; None without any."""
    found: dict[Any, None] = {}
    changed = False
    for g in generators:
        squares = _quadratic_squares(g, ring) or _monomial_squares(g, ring)
        changed = changed or squares is not None
        found.update(dict.fromkeys(squares or [g]))
    return list(found) if changed else None


def _monomial_squares(g: Any, ring: Any) -> list[Any] | None:
    if len(g) < 2 or len({c > 0 for c in g.values()}) > 1 or any(k % 2 for m in g for k in m):
        return None
    return [ring.from_dict({tuple(min(k, 1) for k in m): ring.domain.one}) for m in g]


def _quadratic_squares(g: Any, ring: Any) -> list[Any] | None:
    """Affine forms l with g = +-(sum of positive multiples of l^2), for g of degree two."""
    if not g or max(map(sum, g)) != 2:
        return None
    basis = [ring.one, *ring.gens]
    size, two = len(basis), ring.domain(2)
    form = [[ring.domain.zero] * size for _ in range(size)]
    for m, c in g.items():
        i, j = ([0, 0] + [k + 1 for k, power in enumerate(m) for _ in range(power)])[-2:]
        form[i][j] += c / two
        form[j][i] += c / two
    found, signs = [], set()
    while any(map(any, form)):
        pivot = next((i for i in range(size) if form[i][i]), None)
        if pivot is None:
            return None
        row, d = form[pivot], form[pivot][pivot]
        signs.add(d > 0)
        if len(signs) > 1:
            return None
        affine: Any = sum((e * c for e, c in zip(basis, row, strict=True)), ring.zero)
        found.append(affine.monic())
        form = [[e - p * q / d for e, q in zip(line, row, strict=True)]
                for line, p in zip(form, row, strict=True)]
    return found


def _jacobian(basis: Basis, ring: Any) -> list[list[Any]]:
    return [[g.diff(x) for x in ring.gens] for g in basis]


def is_smooth(basis: Basis, point: Basis, ring: Any) -> bool:
    """Whether the variety of a prime ideal is smooth at the point of a maximal ideal."""
    free = independent_set(basis, ring)
    return free is not None and _rank(_jacobian(basis, ring), point) == ring.ngens - len(free)


def _rank(rows: Sequence[Sequence[Any]], point: Basis) -> int:
    """Rank of a matrix over the residue field of a maximal ideal, by elimination."""
    basis = list(point)
    left = [[e.rem(basis) for e in row] for row in rows]
    rank = 0
    while left:
        check_time()
        row = left.pop()
        j = next((j for j, e in enumerate(row) if e), None)
        if j is None:
            continue
        rank += 1
        left = [
            [(row[j] * e - other[j] * p).rem(basis) for e, p in zip(other, row, strict=True)]
            if other[j] else other
            for other in left
        ]
    return rank


def _minors(
    rows: Sequence[Sequence[Any]], size: int, ring: Any, last: Sequence[Any] | None = None
) -> Iterator[Any]:
    chosen = combinations(rows, size - (last is not None))
    for some in chosen:
        matrix = [*some, last] if last is not None else list(some)
        for columns in combinations(range(ring.ngens), size):
            check_time()
            yield _determinant([[row[j] for j in columns] for row in matrix], ring)


def _determinant(matrix: Sequence[Sequence[Any]], ring: Any) -> Any:
    if not matrix:
        return ring.one
    value = ring.zero
    for j, entry in enumerate(matrix[0]):
        if entry:
            rest = [[*row[:j], *row[j + 1:]] for row in matrix[1:]]
            value = value + entry * _determinant(rest, ring) * (-1) ** j
    return value


def _reduced(polynomials: Iterator[Any], basis: Basis) -> list[Any]:
    found: dict[Any, None] = {}
    for f in polynomials:
        rest = f.rem(list(basis))
        if rest:
            found[rest.monic()] = None
    return list(found)
