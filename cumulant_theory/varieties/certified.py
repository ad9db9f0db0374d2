"""Real points of algebraic sets found numerically and proven by interval arithmetic.

Numbers only say where to look. That a zero is there is shown by the test of Krawczyk on a square
system with rational coefficients.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from random import Random
from typing import Any

import sympy as sp

from ..algebra import as_integer
from ..algebra.clock import check_time, remaining, time_limit
from ..algebra.expressions import exact
from ..arguments import brief, explained
from ..errors import DomainError, TimeLimitError
from ..latex.html import Record
from ._certificates import CertifiedPoint, make_point
from ._definite import definite_parts
from ._intervals import Box, Polynomials, enclosure, terms_of
from ._newton import independent_places, least_squares, newton, proven_box, random_start
from ._rings import element, make_ring, recast
from .ideal import Ideal

_BITS = 224  # of the boxes; 67 digits
_NEAR, _CLOSE = 50, 160  # bits of the iterations before
_QUADRATIC = 12  # steps that quadratic convergence takes from there, with some to spare
_SMALL = Fraction(1, 10**60)
_ROUNDED = (12, 1000)
_SLICES = (4, 32, 1000, 10**6)
_SLICE_SECONDS = 3.0
_APART, _APART_DIGITS = Fraction(1, 10**20), 40


@dataclass
class PointSearch(Record):
    """What a numeric search for real points found.

    Attributes
    ----------
    points
        Points at which all generators vanish, by proof.
    partial
        Points at which some generators vanish by proof, and the others up to 10^-60.
    starts
        Random starts that were tried.
    converged
        Starts that came to a common zero as far as the numbers tell.
    avoided
        Of these, zeros at which the sign conditions or ``avoid`` fail.
    singular
        Of these, zeros at which the gradients are dependent and the proof fails, singular points
        among them.
    no_real_zero
        Whether there is no real zero at all, by proof: an equation has one sign, or linear
        consequences contradict each other.
    """

    points: list[CertifiedPoint] = field(default_factory=list)
    partial: list[CertifiedPoint] = field(default_factory=list)
    starts: int = 0
    converged: int = 0
    avoided: int = 0
    singular: int = 0
    no_real_zero: bool = False

    def __str__(self) -> str:
        if self.no_real_zero:
            return "no real point, since the equations contradict each other over the real numbers"
        parts = [f"{self.converged} of {self.starts} random starts converged"]
        if self.points:
            parts.append(f"{len(self.points)} to a certified point")
        if self.avoided:
            parts.append(f"{self.avoided} where a condition fails")
        if self.singular:
            parts.append(f"{self.singular} to a singular point, which this test cannot certify")
        if self.partial:
            parts.append(
                f"{len(self.partial)} to a point where only some of the equations are certified"
            )
        return ", ".join(parts)


@explained
def find_certified_points(
    generators: Iterable[Any], variables: Sequence[sp.Symbol], *, avoid: Any = None,
    positive: Iterable[sp.Symbol] = (), count: int = 1, seed: int = 0, seconds: float = 10,
) -> list[CertifiedPoint]:
    """Real points where all generators vanish, each proven to lie in its box.

    An empty list proves nothing; :func:`search_points` says what was seen.

    Parameters
    ----------
    generators
        Exact polynomials in the variables.
    variables
        All symbols of the generators.
    avoid
        A polynomial that must not vanish at the points, or several of which one must not.
    positive
        Variables that are positive.
    count
        Number of points.
    seed
        Of the starts.
    seconds
        Time limit; what was found until then is returned.

    Raises
    ------
    DomainError
        If a generator is no exact polynomial in the variables.

    References
    ----------
    .. [1] R. Krawczyk, *Computing* **4** (1969) 187.
    .. [2] J. Hauenstein, F. Sottile, *ACM Trans. Math. Softw.* **38** (2012) 28.

    Examples
    --------
    >>> x, y = sp.symbols("x y")
    >>> find_certified_points([x**2 + y**2 - 2, x**3 - y], [x, y], positive=[x])
    [CertifiedPoint(x = 1, y = 1)]
    >>> (point,) = find_certified_points([x**5 - x - y, y - 1], [x, y])
    >>> point
    CertifiedPoint(x = 1.16730397826142, y = 1)
    >>> print(point.certified)
    all generators vanish at one real point within this box
    """
    found = search_points(
        generators, variables, avoid=avoid, positive=positive, count=count, seed=seed,
        seconds=seconds,
    )
    return found.points


@explained
def search_points(
    generators: Iterable[Any], variables: Sequence[sp.Symbol], *, avoid: Any = None,
    positive: Iterable[sp.Symbol] = (), count: int = 1, seed: int = 0, seconds: float = 10,
    starts: int = 60, engine: str = "auto",
) -> PointSearch:
    """The search of :func:`find_certified_points` with a record of what it saw.

    At a zero the polynomials with independent gradients form a square system once the other
    variables are held at rational numbers nearby. Generators beyond these are proven to vanish
    where exact algebra finds a real point of all generators in the box, on the same slice.

    Parameters
    ----------
    generators, variables, avoid, positive, count, seed, seconds
        As in :func:`find_certified_points`.
    starts
        Most starts that are tried.
    engine
        Of the exact algebra, as for :class:`Ideal`.

    Examples
    --------
    >>> x, y = sp.symbols("x y")
    >>> search_points([x**2 + y**2 + 1], [x, y]).no_real_zero
    True
    >>> print(search_points([(x**2 - 2) ** 2 + (y**3 - 2) ** 2], [x, y], starts=3))
    1 of 3 random starts converged, 1 to a singular point, which this test cannot certify
    """
    search = _Search(generators, variables, avoid, positive, engine)
    if count < 1 or starts < 1:
        raise DomainError(f"count={count}, starts={starts}; give positive numbers")
    if as_integer(seed) is None:
        raise DomainError(f"seed is {brief(seed)}; pass a non-negative integer")
    random = Random(int(seed))
    try:
        with time_limit(seconds):
            search.prepare()
            while (
                not search.seen.no_real_zero and search.seen.starts < starts
                and len(search.seen.points) < count
            ):
                search.attempt(random)
    except TimeLimitError:
        pass
    return search.seen


class _Search:
    def __init__(
        self, generators: Iterable[Any], variables: Sequence[sp.Symbol], avoid: Any,
        positive: Iterable[sp.Symbol], engine: str,
    ) -> None:
        given = [exact(g, "generator") for g in generators]
        ideal = Ideal(given, variables, engine=engine)
        off = () if avoid is None else avoid if isinstance(avoid, (list, tuple)) else (avoid,)
        off = [exact(f, "polynomial to avoid") for f in off]
        extra = {s for e in [*given, *off] for s in e.free_symbols} - set(ideal.variables)
        positive = tuple(positive)
        if extra or not set(positive) <= set(ideal.variables):
            raise DomainError(
                f"symbols {sorted(map(str, extra or set(positive)))} beside the variables "
                f"{ideal.variables}; a numeric search needs all symbols among the variables"
            )
        self.ring, self.engine, self.seen = make_ring(ideal.variables, ()), engine, PointSearch()
        self.given = [element(self.ring, g) for g in given]
        self.off = [element(self.ring, f) for f in off]
        self.positive = [ideal.variables.index(x) for x in positive]

    def prepare(self) -> None:
        """Bring the equations into a form whose gradients are independent more often."""
        self.real = definite_parts(self.given, self.ring)
        self.seen.no_real_zero = any(g.is_ground for g in self.real)
        self.system = Polynomials(self.real)
        self.away: list[Polynomials] = []
        for f in self.off:
            wide = make_ring((*self.ring.symbols, sp.Dummy("t")), ())
            self.away.append(Polynomials([
                *(recast(g, wide) for g in self.real), 1 - wide.gens[-1] * recast(f, wide)
            ]))

    def attempt(self, random: Random) -> None:
        """One start."""
        self.seen.starts += 1
        size = self.ring.ngens
        start = random_start(size, random)
        start = [abs(c) if i in self.positive else c for i, c in enumerate(start)]
        if self.away and self.seen.starts % 2:
            near = least_squares(random.choice(self.away), [*start, Fraction(1)], _NEAR)
            near = near and near[:size]
        else:
            near = least_squares(self.system, start, _NEAR)
        point = near and (least_squares(self.system, near, _CLOSE, _QUADRATIC) or near)
        if point is None:
            return
        self.seen.converged += 1
        found = self.rational(point)
        if found is None:
            self.examined(point)
        elif self.suits(found):
            self.keep(found, range(len(self.real)), range(0))
        else:
            self.seen.avoided += 1

    def rational(self, point: Sequence[Fraction]) -> Box | None:
        """A rational zero with small denominators next to a point."""
        for cap in _ROUNDED:
            near = [c.limit_denominator(cap) for c in point]
            if not any(self.system.values(near, Fraction)):
                return tuple((c, c) for c in near)
        return None

    def examined(self, point: Sequence[Fraction]) -> None:
        """Certify a zero next to a point, or count why not."""
        rows, places = independent_places(self.system, point, _CLOSE)
        square = Polynomials([self.real[i] for i in rows])
        refused = False
        for box in self.boxes(square, places, point):
            if not self.small_elsewhere(rows, box):
                continue
            if self.suits(box):
                self.keep(box, rows, places)
                return
            refused = True
        if refused:
            self.seen.avoided += 1
        else:
            self.seen.singular += 1

    def boxes(
        self, square: Polynomials, places: Sequence[int], point: Sequence[Fraction]
    ) -> Iterator[Box]:
        """Proven zeros of the square system on slices by rational values, simple ones first."""
        if not places:
            return
        for cap in _SLICES:
            start = [
                c if i in places else c.limit_denominator(cap) for i, c in enumerate(point)
            ]
            near = newton(square, start, places, _BITS)
            box = None if near is None else proven_box(square, near, places, _BITS)
            if box is not None:
                yield box
            if len(places) == len(point):
                return

    def small_elsewhere(self, rows: Sequence[int], box: Box) -> bool:
        """Whether no other polynomial is proven to be non-zero, all of them below 10^-60."""
        for i, terms in enumerate(self.system.terms):
            if i not in rows:
                low, high = enclosure(terms, box, 2 * _BITS)
                if not -_SMALL < low <= 0 <= high < _SMALL:
                    return False
        return True

    def suits(self, box: Box) -> bool:
        """Whether all sign conditions are proven."""
        if any(box[i][0] <= 0 for i in self.positive):
            return False
        bounds = [enclosure(terms_of(f), box, 2 * _BITS) for f in self.off]
        return not self.off or any(low > 0 or high < 0 for low, high in bounds)

    def keep(self, box: Box, rows: Sequence[int], places: Sequence[int]) -> None:
        """Record a zero, as certified where all polynomials are proven to vanish."""
        kept = [*self.seen.points, *self.seen.partial]
        if any(_meet(box, p) for p in kept):
            return
        square = Polynomials([self.real[i] for i in rows])
        whole = len(rows) == len(self.real) or self.vanish_on_slice(square, box, places)
        of = self.given if whole else self.real
        point = make_point(
            self.ring, box, of, range(len(of)) if whole else rows, square, places, 2 * _BITS
        )
        (self.seen.points if whole else self.seen.partial).append(point)

    def vanish_on_slice(self, square: Polynomials, box: Box, places: Sequence[int]) -> bool:
        """Whether exact algebra finds a real point of all polynomials close to the box.

        The square system has no other zero there, so this is that zero.
        """
        middle = [(low + high) / 2 for low, high in box]
        if proven_box(square, middle, places, _BITS, 4 * _APART) is None:
            return False
        near = {self.ring.symbols[i]: _rational(middle[i]) for i in places}
        values = {
            x: _rational(c) for x, c in zip(self.ring.symbols, middle, strict=True)
            if x not in near
        }
        left = remaining()
        seconds = _SLICE_SECONDS if left is None else min(_SLICE_SECONDS, left / 3)
        sliced = Ideal([g.as_expr().xreplace(values) for g in self.real], list(near),
                       engine=self.engine)
        try:
            with time_limit(seconds):
                points = sliced.real_points() if sliced.dimension == 0 else []
        except TimeLimitError:
            check_time()
            return False
        return any(
            all(abs(p[x].evalf(_APART_DIGITS) - c) < _rational(_APART) for x, c in near.items())
            for p in points
        )


def _rational(c: Fraction) -> Any:
    return sp.Rational(c.numerator, c.denominator)


def _meet(box: Box, point: CertifiedPoint) -> bool:
    return all(
        low <= Fraction(int(b.p), int(b.q)) and Fraction(int(a.p), int(a.q)) <= high
        for (low, high), (a, b) in zip(box, point.box.values(), strict=True)
    )
