"""Exact enumeration: finite laws pushed through a map point by point.

The cheapest route that shares nothing with the cumulant rules. Derivations verify themselves with
it and :mod:`cumulant_theory.testing` offers it to everybody.
"""

import random
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from fractions import Fraction
from functools import cached_property, reduce
from itertools import product
from numbers import Integral, Rational
from typing import Any

import sympy as sp

from ._columns import Columns, each
from .algebra import (
    MultiIndex,
    Ring,
    as_integer,
    check_at_most,
    check_multi_index,
    check_size,
    exact,
    from_indices,
    joint_cumulant_by_partitions,
    joint_cumulants,
    to_indices,
)
from .algebra.limits import ENTRY_LIMIT
from .algebra.polynomial import is_element
from .arguments import answer_of, brief, entries, explained
from .errors import DomainError, ShapeError
from .latex.html import card, table

_PARTITION_LIMIT = 6
_PLAIN = {int, Fraction}


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

    @explained
    def __init__(
        self, expressions: Iterable[Any], point: Mapping[sp.Symbol, Fraction | int]
    ) -> None:
        for s, v in point.items():
            if not isinstance(s, sp.Symbol) or isinstance(v, bool) or not isinstance(v, Rational):
                raise DomainError(
                    f"Numbers: point has {brief(s)}: {brief(v)}; pass a mapping from SymPy symbols "
                    "to fractions"
                )
        self._point = {
            s: sp.Rational(int(v.numerator), int(v.denominator)) for s, v in point.items()
        }
        listed = list(expressions)
        with suppress(TypeError):  # what cannot be hashed is no expression
            listed = list(dict.fromkeys(listed))
        values = [_expression(e).xreplace(self._point) for e in listed]
        irrational = [v for v in values if not v.is_Rational]
        self._ring = Ring.of(irrational) if irrational else None
        self._known: dict[Any, Any] = {}

    def __call__(self, value: Any) -> Any:
        """The number of an expression, integer or fraction."""
        if isinstance(value, (Fraction, int)):
            if self._ring is None:
                return Fraction(value)
            value = sp.Rational(Fraction(value).numerator, Fraction(value).denominator)
        try:
            return self._known[value]
        except KeyError:
            self._known[value] = self._number(value)
            return self._known[value]
        except TypeError:  # what cannot be hashed is no expression
            return self._number(value)

    def _number(self, value: Any) -> Any:
        value = _expression(value).xreplace(self._point)
        if self._ring is not None:
            return self._ring.element(value)
        if not value.is_Rational:
            raise DomainError(f"{value} has symbols without a value, or an irrational number")
        return Fraction(int(value.p), int(value.q))

    def equal(self, a: Any, b: Any) -> bool:
        """Whether two numbers are the same."""
        if self._ring is None:
            return _number_of(a) == _number_of(b)
        return self._ring.reduce(self._ring.check(a) - self._ring.check(b)) == 0

    def show(self, a: Any) -> str:
        """Printed form of a number."""
        return str(_number_of(a) if self._ring is None else self._ring.expr(a))


def _number_of(value: Any) -> Any:
    """What exact arithmetic takes: an integer, a fraction, an expression, an element of a ring."""
    if isinstance(value, (Fraction, sp.Expr)) or is_element(value):
        return exact(value) if isinstance(value, sp.Expr) else value
    if isinstance(value, Rational) and not isinstance(value, bool):
        whole = isinstance(value, Integral)
        return int(value) if whole else Fraction(int(value.numerator), int(value.denominator))
    raise DomainError(f"{brief(value)} is no exact number; pass integers, fractions or expressions")


def _exact_numbers(row: Sequence[Any]) -> tuple[Any, ...]:
    if set(map(type, row)) <= _PLAIN:
        return tuple(row)
    return tuple(map(_number_of, row))


@explained
class FiniteLaw:
    """A joint law with finitely many points, exact.

    Parameters
    ----------
    points
        Tuples of numbers, one entry per unit.
    weights
        Probabilities in the same arithmetic, adding up to one; with negative ones it is a signed
        law, which has moments and cumulants too.

    Raises
    ------
    ShapeError
        If points and weights differ in number, or points in length.
    DomainError
        If an entry is no exact number, or the weights do not add up to 1.

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
        self.points: list[tuple[Any, ...]] = [_exact_numbers(p) for p in points]
        self.weights: list[Any] = list(_exact_numbers(weights))
        total = sum(self.weights)
        if isinstance(total, Rational) and total != 1:
            raise DomainError(
                f"FiniteLaw: weights that add up to {total}; pass weights that add up to 1"
            )
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
        return FiniteLaw([_image(f, p) for p in self.points], self.weights)

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
        images = zip(*(_image(f, row, self.dim) for row in rows), strict=True)
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
    def _plain(self) -> "Columns":
        return Columns.of(list(zip(*self.points, strict=True)), self.weights)

    @cached_property
    def _centred(self) -> "Columns":
        units = range(self.dim)
        means = [self.moment(tuple(int(i == k) for i in units)) for k in units]
        columns = zip(zip(*self.points, strict=True), means, strict=True)
        return Columns.of(
            [each(column, lambda x, m=m: x - m) for column, m in columns], self.weights
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


def _image(f: Any, point: Sequence[Any], dim: int | None = None) -> list[Any]:
    value = answer_of(f, (point,), "FiniteLaw.push", "pass a function of points")
    if type(value) in (list, tuple):  # nearly always, and quick
        found = value
    else:
        found = entries(value, "FiniteLaw.push: f(x)", "a function with a list of numbers")
    if dim not in (None, len(found)):
        raise ShapeError(f"FiniteLaw.push_units: f(x) has {len(found)} entries for {dim} units")
    return found


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
    """A random non-zero fraction, numerator up to ``size`` and denominator up to 89.

    Raises
    ------
    DomainError
        Unless ``size`` is a positive integer.
    """
    if as_integer(size, 1) is None:
        raise DomainError(f"random_fraction: size is {brief(size)}; pass a positive integer")
    return Fraction(rng.choice([-1, 1]) * rng.randint(1, size), rng.randint(1, 89))


@explained
def random_finite_law(
    rng: random.Random, dim: int, numbers: Callable[[Any], Any] = Fraction, atoms: int = 3
) -> FiniteLaw:
    """A random joint law of ``dim`` dependent units with a few rational points.

    Raises
    ------
    ShapeError
        If ``dim`` or ``atoms`` is no positive integer, or there are too many numbers.
    """
    dim = check_size(dim, "random_finite_law: dim")
    atoms = check_size(atoms, "random_finite_law: atoms")
    check_at_most(atoms * dim, ENTRY_LIMIT, "random_finite_law", "numbers", _FEWER)
    weights = [rng.randint(1, 4) for _ in range(atoms)]
    total = sum(weights)

    def number(value: Fraction) -> Any:
        return answer_of(numbers, (value,), "random_finite_law: numbers", "pass a function of "
                         "fractions")

    return FiniteLaw(
        [tuple(number(random_fraction(rng)) for _ in range(dim)) for _ in range(atoms)],
        [number(Fraction(w, total)) for w in weights],
    )


_FEWER = "take fewer units, blocks or points"


@explained
def random_law_of_blocks(
    rng: random.Random, blocks: Sequence[Sequence[int]], identical: bool,
    numbers: Callable[[Any], Any] = Fraction, atoms: int = 3,
) -> FiniteLaw:
    """Independent random blocks of units; identical copies of one law where asked.

    Raises
    ------
    ShapeError
        Unless the blocks hold the units 0, 1, ... once each, and for too many points.
    """
    sizes = [len(b) for b in blocks]
    dim, atoms = sum(sizes), check_size(atoms, "random_law_of_blocks: atoms")
    units = {as_integer(i) for b in blocks for i in b}
    if not sizes or 0 in sizes or units != set(range(dim)):
        raise ShapeError(
            f"random_law_of_blocks: blocks is {brief(blocks)}; pass lists of units that hold each "
            "of 0, 1, ... once"
        )
    if identical and len(set(sizes)) > 1:
        raise ShapeError(
            f"random_law_of_blocks: blocks of {', '.join(map(str, sizes))} units have no identical "
            "laws; pass blocks of one size"
        )
    points = atoms ** min(len(sizes), 64)
    check_at_most(points * dim, ENTRY_LIMIT, "random_law_of_blocks", "numbers", _FEWER)
    laws = [random_finite_law(rng, sizes[0], numbers, atoms)]
    for size in sizes[1:]:
        laws.append(laws[0] if identical else random_finite_law(rng, size, numbers, atoms))
    order = [i for block in blocks for i in block]
    place = [order.index(i) for i in range(dim)]
    return reduce(FiniteLaw.times, laws).push(lambda p: [p[k] for k in place])
