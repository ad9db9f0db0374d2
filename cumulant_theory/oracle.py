"""Exact enumeration: finite laws pushed through a map point by point.

The cheapest route that shares nothing with the cumulant rules. Derivations verify themselves with
it and :mod:`cumulant_theory.testing` offers it to everybody.
"""

import math
import operator
import random
from collections.abc import Callable, Iterable, Mapping, Sequence
from fractions import Fraction
from functools import cached_property
from itertools import product
from typing import Any

import sympy as sp

from .algebra import (
    MultiIndex,
    Ring,
    check_multi_index,
    exact,
    from_indices,
    joint_cumulant_by_partitions,
    joint_cumulants,
    to_indices,
)
from .arguments import answer_of, brief, entries, explained
from .errors import DomainError, ShapeError
from .latex.html import card, table

_PARTITION_LIMIT = 6
_MANY = 1024  # points from which it pays to look for equal ones


@explained
def _expression(value: Any) -> sp.Expr:
    return value if isinstance(value, sp.Expr) else exact(value)


class Numbers:
    """Exact arithmetic at a rational point: fractions, or fractions with roots where needed.

    Parameters
    ----------
    expressions
        All expressions that will be evaluated.
    point
        Symbol -> rational value.

    Examples
    --------
    >>> x = sp.Symbol("x")
    >>> Numbers([x / 2], {x: Fraction(1, 3)})(x / 2)
    Fraction(1, 6)
    """

    def __init__(self, expressions: Iterable[Any], point: Mapping[Any, Fraction]) -> None:
        self._point = {
            s: sp.Rational(v.numerator, v.denominator) for s, v in point.items()
        }
        values = [_expression(e).xreplace(self._point) for e in dict.fromkeys(expressions)]
        irrational = [v for v in values if not v.is_Rational]
        self._ring = Ring.of(irrational) if irrational else None
        self._known: dict[Any, Any] = {}

    def __call__(self, value: Any) -> Any:
        """The number of an expression, integer or fraction."""
        if isinstance(value, (Fraction, int)):
            if self._ring is None:
                return Fraction(value)
            value = sp.Rational(Fraction(value).numerator, Fraction(value).denominator)
        if value not in self._known:
            self._known[value] = self._number(value)
        return self._known[value]

    def _number(self, value: Any) -> Any:
        value = _expression(value).xreplace(self._point)
        if self._ring is not None:
            return self._ring.element(value)
        if not value.is_Rational:
            raise DomainError(f"{value} has symbols without a value, or an irrational number")
        return Fraction(int(value.p), int(value.q))

    def equal(self, a: Any, b: Any) -> bool:
        """Whether two numbers are the same."""
        return a == b if self._ring is None else self._ring.reduce(a - b) == 0

    def show(self, a: Any) -> str:
        """Printed form of a number."""
        return str(a) if self._ring is None else str(self._ring.expr(a))


@explained
class FiniteLaw:
    """A joint law with finitely many points, exact.

    Parameters
    ----------
    points
        Tuples of numbers, one entry per unit.
    weights
        Probabilities in the same arithmetic, adding up to one.

    Raises
    ------
    ShapeError
        If points and weights differ in number, or points in length.

    Examples
    --------
    >>> coin = FiniteLaw([(-1,), (1,)], [Fraction(1, 2)] * 2)
    >>> coin.cumulant((4,))
    Fraction(-2, 1)
    """

    def __init__(self, points: Sequence[Sequence[Any]], weights: Sequence[Any]) -> None:
        if len(points) != len(weights) or len({len(p) for p in points}) != 1:
            raise ShapeError(
                f"a finite law needs as many points as weights and points of one length; got "
                f"{len(points)} points, {len(weights)} weights"
            )
        self.points: list[tuple[Any, ...]] = [tuple(p) for p in points]
        self.weights: list[Any] = list(weights)
        self.dim: int = len(self.points[0])
        self._moments: dict[MultiIndex, Any] = {}
        self._central: dict[MultiIndex, Any] = {}
        self._cumulants: dict[MultiIndex, Any] = {}
        self._recursion = joint_cumulants(self._central_moment)

    def __repr__(self) -> str:
        return f"FiniteLaw({len(self.points)} points of {self.dim} units)"

    def _repr_html_(self) -> str:
        rows = [("(" + ", ".join(map(str, p)) + ")", str(w))
                for p, w in zip(self.points, self.weights, strict=True)]
        return card(repr(self), table(("point", "probability"), rows, most=20, see=".points"))

    @explained
    def push(self, f: Callable[[Sequence[Any]], Sequence[Any]]) -> "FiniteLaw":
        """Law of f(x)."""
        def image(point: tuple[Any, ...]) -> list[Any]:
            value = answer_of(f, (point,), "FiniteLaw.push", "pass a function of points")
            return entries(value, "FiniteLaw.push: f(x)", "a function with a list of numbers")

        return FiniteLaw([image(p) for p in self.points], self.weights)

    def push_units(self, f: Callable[[Sequence[Any]], Sequence[Any]]) -> "FiniteLaw":
        """Law of f(x) for a map of each unit by itself; no number passes through it twice.

        Examples
        --------
        >>> coin = FiniteLaw([(-1, 2), (1, 2)], [Fraction(1, 2)] * 2)
        >>> coin.push_units(lambda x: [x[0] + 1, x[1] ** 2]).points
        [(0, 4), (2, 4)]
        """
        columns = list(zip(*self.points, strict=True))
        distinct = [list({id(x): x for x in column}.values()) for column in columns]
        # points that hold every number of every unit once
        rows = [[v[k % len(v)] for v in distinct] for k in range(max(map(len, distinct)))]
        images = zip(*map(f, rows), strict=True)
        mapped = []
        for column, values, image in zip(columns, distinct, images, strict=True):
            known = {id(x): y for x, y in zip(values, image, strict=False)}
            mapped.append([known[id(x)] for x in column])
        return FiniteLaw(list(zip(*mapped, strict=True)), self.weights)

    @explained
    def times(self, other: "FiniteLaw") -> "FiniteLaw":
        """Joint law of two independent groups of units, those of ``self`` first."""
        pairs = list(product(range(len(self.points)), range(len(other.points))))
        return FiniteLaw(
            [self.points[i] + other.points[j] for i, j in pairs],
            [self.weights[i] * other.weights[j] for i, j in pairs],
        )

    @explained
    def moment(self, alpha: MultiIndex) -> Any:
        """E prod x_i^alpha_i."""
        if alpha not in self._moments:
            check_multi_index(alpha, self.dim, "FiniteLaw")
            self._moments[alpha] = self._plain.moment(alpha)
        return self._moments[alpha]

    def _central_moment(self, alpha: MultiIndex) -> Any:
        """E prod (x_i - E x_i)^alpha_i."""
        if alpha not in self._central:
            self._central[alpha] = self._centred.moment(alpha)
        return self._central[alpha]

    @cached_property
    def _plain(self) -> "_Columns":
        return _Columns.of(list(zip(*self.points, strict=True)), self.weights)

    @cached_property
    def _centred(self) -> "_Columns":
        units = range(self.dim)
        means = [self.moment(tuple(int(i == k) for i in units)) for k in units]
        columns = zip(zip(*self.points, strict=True), means, strict=True)
        return _Columns.of(
            [_each(column, lambda x, m=m: x - m) for column, m in columns], self.weights
        )

    @explained
    def cumulant(self, alpha: MultiIndex) -> Any:
        """Joint cumulant: by its definition over set partitions, above order 6 by recursion.

        From order 2 on those of the deviations from the means, which are the same.
        """
        if alpha not in self._cumulants:
            check_multi_index(alpha, self.dim, "FiniteLaw")
            self._cumulants[alpha] = self._cumulant(alpha)
        return self._cumulants[alpha]

    def _cumulant(self, alpha: MultiIndex) -> Any:
        order = sum(alpha)
        if order == 1:
            return self.moment(alpha)
        if any(a and self._centred.is_zero(i) for i, a in enumerate(alpha)):
            return self._zero
        if order > _PARTITION_LIMIT:
            return self._zero + self._recursion(alpha)

        def expectation(labels: Sequence[int]) -> Any:
            return 0 if len(labels) == 1 else self._central_moment(from_indices(labels, self.dim))

        return self._zero + joint_cumulant_by_partitions(expectation, to_indices(alpha))

    @property
    def _zero(self) -> Any:
        """Zero of the arithmetic: a sum without terms is the integer 0."""
        return 0 * self.weights[0]


class _Columns:
    """Values of every unit at the points of a law: integers over one denominator each.

    Numbers that are no fractions, such as those with roots, stay as they are.
    """

    def __init__(
        self, columns: Sequence[Sequence[Any]], weights: Sequence[Any], scales: Sequence[int],
        total: int,
    ) -> None:
        self.columns, self.weights = columns, weights
        self.scales, self.total = scales, total
        self._marginals: dict[tuple[int, ...], Any] = {}

    @classmethod
    def of(cls, columns: Sequence[Sequence[Any]], weights: Sequence[Any]) -> "_Columns":
        """The columns as integers where they are fractions."""
        every = [weights, *columns]
        distinct = [{id(x): x for x in column}.values() for column in every]
        if not all(isinstance(x, (Fraction, int)) for values in distinct for x in values):
            return cls(columns, weights, [1] * len(columns), 1)
        scales = [math.lcm(*(x.denominator for x in values)) for values in distinct]
        total, *rest = (
            _each(column, lambda x, scale=scale: x.numerator * (scale // x.denominator))
            for column, scale in zip(every, scales, strict=True)
        )
        return cls(rest, total, scales[1:], scales[0])

    def moment(self, alpha: MultiIndex) -> Any:
        """Weighted sum of the products."""
        units = tuple([i for i, a in enumerate(alpha) if a])
        terms, columns = self._marginal(units)
        scale = self.total
        for i, column in zip(units, columns, strict=True):
            for _ in range(alpha[i]):
                terms = list(map(operator.mul, terms, column))
            scale *= self.scales[i] ** alpha[i]
        found = sum(terms[1:], terms[0])
        return Fraction(found, scale) if isinstance(found, int) else found

    def _marginal(self, units: tuple[int, ...]) -> tuple[Sequence[Any], Sequence[Sequence[Any]]]:
        """Weights and columns of some units, points where they are the same taken together."""
        columns = [self.columns[i] for i in units]
        if len(self.weights) < _MANY or not isinstance(self.weights[0], int):
            return self.weights, columns
        if units not in self._marginals:
            joined: dict[Any, Any] = {}
            for weight, *row in zip(self.weights, *columns, strict=True):
                key = tuple(row)
                joined[key] = joined.get(key, 0) + weight
            few = 2 * len(joined) < len(self.weights)
            self._marginals[units] = (
                (list(joined.values()), list(zip(*joined, strict=True))) if few
                else (self.weights, columns)
            )
        return self._marginals[units]

    def is_zero(self, unit: int) -> bool:
        """Whether a unit is 0 at all points."""
        return all(x == 0 for x in self.columns[unit])


def _each(column: Sequence[Any], f: Callable[[Any], Any]) -> list[Any]:
    """f of all numbers; an object that occurs often is mapped once."""
    images = {k: f(x) for k, x in {id(x): x for x in column}.items()}
    return [images[id(x)] for x in column]


@explained
def enumerated(law: Any, numbers: Callable[[Any], Any] | None = None) -> FiniteLaw:
    """The finite law of a toolkit law with finite support.

    Raises
    ------
    DomainError
        If the support is infinite.

    Examples
    --------
    >>> from cumulant_theory import laws
    >>> enumerated(laws.Rademacher().iid(2)).cumulant((2, 2))
    Fraction(0, 1)
    """
    support = law.support() if hasattr(law, "support") else None
    if support is None:
        raise DomainError(
            f"{brief(law)} has no finite support; use laws.Discrete or laws.Rademacher"
        )
    given = numbers or Numbers([], {})

    def read(value: Any) -> Any:
        return answer_of(given, (value,), "enumerated: numbers", "pass a function of numbers")

    points = [p if isinstance(p, tuple) else (p,) for p, _ in support]
    return FiniteLaw(
        [tuple(map(read, p)) for p in points], [read(w) for _, w in support]
    )


@explained
def random_fraction(rng: random.Random, size: int = 97) -> Fraction:
    """A random non-zero fraction, numerator up to ``size`` and denominator up to 89."""
    return Fraction(rng.choice([-1, 1]) * rng.randint(1, size), rng.randint(1, 89))


@explained
def random_finite_law(
    rng: random.Random, dim: int, numbers: Callable[[Any], Any] = Fraction, atoms: int = 3
) -> FiniteLaw:
    """A random joint law of ``dim`` dependent units with a few rational points."""
    weights = [rng.randint(1, 4) for _ in range(atoms)]
    return FiniteLaw(
        [tuple(numbers(random_fraction(rng)) for _ in range(dim)) for _ in range(atoms)],
        [numbers(Fraction(w, sum(weights))) for w in weights],
    )


@explained
def random_law_of_blocks(
    rng: random.Random, blocks: Sequence[Sequence[int]], identical: bool,
    numbers: Callable[[Any], Any] = Fraction, atoms: int = 3,
) -> FiniteLaw:
    """Independent random blocks of units; identical copies of one law where asked."""
    dim = sum(len(b) for b in blocks)
    total: FiniteLaw | None = None
    first: FiniteLaw | None = None
    order: list[int] = []
    for block in blocks:
        law = first if identical and first is not None else random_finite_law(
            rng, len(block), numbers, atoms
        )
        first = first or law
        total = law if total is None else total.times(law)
        order.extend(block)
    if total is None:
        raise ShapeError("a law needs at least one block of units")
    place = [order.index(i) for i in range(dim)]
    return total.push(lambda p: [p[k] for k in place])
