"""All real stationary points of a polynomial loss, classified by the exact Hessian matrix."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import pairwise
from typing import Any

import sympy as sp
from sympy.polys.matrices import DomainMatrix

from ..algebra import exact
from ..arguments import explained
from ..derivation import Equation
from ..errors import DomainError, TimeLimitError
from ..latex.html import Record, card, equations, table
from ..varieties import Ideal, rationalised, time_limit
from .components import Component, real_components, shown, with_radicals
from .losses import gradient
from .points import Point, real_point

Inertia = tuple[int, int, int]


@dataclass(frozen=True)
class StationaryPoint(Record):
    """An isolated real point where the gradient vanishes.

    Attributes
    ----------
    values
        Parameter -> exact value: rational, radical or CRootOf.
    loss
        Exact value of the loss.
    inertia
        Numbers of positive, negative and zero eigenvalues of the Hessian matrix.
    component
        The point and its conjugates.
    """

    values: Mapping[sp.Symbol, sp.Expr]
    loss: sp.Expr
    inertia: Inertia
    component: Component = field(repr=False, compare=False)

    dimension = 0

    @property
    def kind(self) -> str:
        """``minimum``, ``maximum`` or ``saddle``; ``degenerate`` where order two leaves it open."""
        return _kind(self.inertia, 0)

    @property
    def equations(self) -> tuple[Equation, ...]:
        """Parameter = value."""
        return tuple(Equation(x, e) for x, e in self.values.items())


@dataclass(frozen=True)
class StationaryFamily(Record):
    """An irreducible part of positive dimension of the stationary points, of one loss.

    Attributes
    ----------
    component
        The variety. Real points of it that are isolated, such as the origin on x^3 = x^2 + y^2,
        belong to the family.
    loss
        Exact value of the loss, constant on the family.
    level
        The equation loss = value where the component falls into parts of different loss, else None.
    point
        A smooth real point of the family where the Hessian matrix has its largest rank across it,
        None where trial found none.
    inertia
        Numbers of positive, negative and zero eigenvalues of the Hessian matrix at the point.
    """

    component: Component
    loss: sp.Expr
    level: Equation | None
    point: Point | None
    inertia: Inertia | None

    @property
    def dimension(self) -> int:
        """Dimension of the family."""
        return self.component.dimension

    @property
    def kind(self) -> str | None:
        """Kind of the point across the family, as for an isolated point; None without a point.

        It is the same on every connected set of smooth points where the Hessian matrix has
        constant rank, and can differ elsewhere.
        """
        return None if self.inertia is None else _kind(self.inertia, self.dimension)

    @property
    def equations(self) -> tuple[Equation, ...]:
        """What defines the family."""
        return self.component.equations + (() if self.level is None else (self.level,))


@dataclass(frozen=True, repr=False)
class Landscape:
    """The real stationary points of a loss.

    Attributes
    ----------
    loss
        As it was given.
    parameters
        The variables.
    points
        Isolated points, by loss.
    families
        Irreducible parts of positive dimension, by loss.
    """

    loss: sp.Expr
    parameters: tuple[sp.Symbol, ...]
    points: tuple[StationaryPoint, ...]
    families: tuple[StationaryFamily, ...]

    @cached_property
    def least(self) -> tuple[StationaryPoint | StationaryFamily, ...]:
        """Those of the smallest loss: the global minima, if the loss has a minimum at all."""
        every: list[StationaryPoint | StationaryFamily] = _by_loss([*self.points, *self.families])
        return tuple(e for e in every if _same(e.loss, every[0].loss))

    def _rows(self) -> list[tuple[StationaryPoint | StationaryFamily, str]]:
        return [(e, e.kind or "not classified") for e in (*self.points, *self.families)]

    def __repr__(self) -> str:
        head = f"Landscape: {_count(len(self.points), 'isolated point', 'isolated points')}"
        lines = [f"{head}, {_count(len(self.families), 'family', 'families')}"]
        for e, kind in self._rows():
            where = ", ".join(map(shown, e.equations)) or "everything"
            lines.append(f"{kind}, dimension {e.dimension}, loss {e.loss}: {where}")
        return "\n".join(lines)

    def _repr_html_(self) -> str:
        rows = [
            (kind, e.dimension, e.loss, equations([(q.lhs, q.rhs) for q in e.equations]))
            for e, kind in self._rows()
        ]
        return card(
            repr(self).partition("\n")[0], table(("kind", "dimension", "loss", "equations"), rows)
        )


@explained
def stationary_points(
    loss: Any, parameters: Sequence[sp.Symbol], *, seconds: float = 30, engine: str = "auto",
    radicals: Iterable[Any] = (),
) -> Landscape:
    """All real points where the gradient of a polynomial loss vanishes.

    Parameters
    ----------
    loss
        Exact polynomial in the parameters, with algebraic numbers as coefficients.
    parameters
        Its variables.
    seconds
        Time limit of the computations with ideals together; each alone may take 60.
    engine
        As for :class:`~cumulant_theory.varieties.Ideal`.
    radicals
        Further irrational numbers over which families may split, such as sqrt(2).

    Returns
    -------
    Landscape
        Isolated points and families, each with its loss and its kind.

    Raises
    ------
    DomainError
        If the loss is no polynomial, is constant, or has symbols that are no parameters, or a
        parameter is assumed to have a sign.
    TimeLimitError
        If the time is up.

    Notes
    -----
    Stationary points are the real zeros of the ideal of the gradient, decomposed into prime ideals.
    On an irreducible complex variety of stationary points the loss is constant. The signs of the
    eigenvalues follow from those of the characteristic polynomial, all of whose roots are real, by
    Descartes' rule, which is then exact [1]_. A smooth point of a family of dimension d is a
    minimum where the Hessian matrix has n - d positive eigenvalues (Morse-Bott).

    References
    ----------
    .. [1] S. Basu, R. Pollack, M.-F. Roy, *Algorithms in Real Algebraic Geometry*, Springer (2006),
       proposition 8.20.

    Examples
    --------
    >>> v, w = sp.symbols("v w")
    >>> stationary_points((v * w - 1)**2, [v, w])
    Landscape: 1 isolated point, 1 family
    saddle, dimension 0, loss 1: v = 0, w = 0
    minimum, dimension 1, loss 0: v*w = 1
    """
    expression, unknowns = exact(loss, "loss"), tuple(parameters)
    slopes = [d for d in gradient(expression, unknowns).values() if d != 0]
    signed = [x for x in unknowns if x.is_positive is not None or x.is_negative is not None]
    if signed:
        raise DomainError(
            f"parameter {signed[0]} is assumed to have a sign, but parameters range over all real "
            f"numbers; use the plain symbol '{signed[0]}'"
        )
    others = expression.free_symbols - set(unknowns)
    if others:
        raise DomainError(
            f"stationary points depend on the values of {', '.join(sorted(map(str, others)))}; "
            "substitute numbers, or make them parameters"
        )
    (f, *rational), relations = rationalised([expression, *slopes, *radicals])
    rational = [e for e in rational[: len(slopes)] if e != 0]
    if not rational:
        raise DomainError(f"the loss {expression} is constant, so all points are stationary")
    numbers = {s: sp.root(-e.subs(s, 0), sp.Poly(e, s).degree()) for s, e in relations.items()}
    search = _Search(expression, f, unknowns, numbers, engine)
    try:
        with time_limit(seconds):
            parts = real_components(rational, unknowns, relations, engine)
            points = [p for part in parts if part.dimension == 0 for p in search.points(part)]
            families = [q for part in parts if part.dimension for q in search.families(part)]
    except TimeLimitError as error:
        raise TimeLimitError(
            f"stationary points of a loss of degree {sp.Poly(f, *unknowns).total_degree()} in "
            f"{', '.join(map(str, unknowns))}: {error}"
        ) from error
    return Landscape(expression, unknowns, tuple(_by_loss(points)), tuple(_by_loss(families)))


class _Search:
    """Values of a loss and of its Hessian matrix on varieties of stationary points."""

    def __init__(
        self, given: sp.Expr, loss: sp.Expr, unknowns: Sequence[sp.Symbol],
        radicals: Mapping[sp.Symbol, sp.Expr], engine: str,
    ) -> None:
        self.given, self.loss, self.unknowns = given, loss, tuple(unknowns)
        self.radicals, self.engine = radicals, engine
        self.hessian = [[sp.diff(loss, x, y) for y in unknowns] for x in unknowns]

    def points(self, ideal: Ideal) -> list[StationaryPoint]:
        """The real points of a maximal ideal."""
        # the loss and the coefficients of the characteristic polynomial are further coordinates
        values = [ideal.reduce(self.loss), *self._characteristic(ideal)]
        names = [sp.Dummy(f"t{k}") for k in range(len(values))]
        wide = Ideal(
            [*ideal.generators, *(s - e for s, e in zip(names, values, strict=True))],
            [*ideal.variables, *names], engine=self.engine,
        )
        found = []
        for p in wide.real_points(positive=self._roots(ideal)):
            loss, *signs = (p[s] for s in names)
            place = {x: p[x] for x in self.unknowns}
            found.append(StationaryPoint(place, loss, _inertia(signs), self._component(ideal)))
        return found

    def _characteristic(self, ideal: Ideal) -> list[sp.Expr]:
        """Coefficients of the characteristic polynomial of the Hessian matrix on a variety."""
        rows = [[ideal.reduce(e) for e in row] for row in self.hessian]
        matrix: Any = DomainMatrix.from_list_sympy(len(rows), len(rows), rows)
        return [ideal.reduce(matrix.domain.to_sympy(c)) for c in matrix.charpoly()[1:]]

    def families(self, ideal: Ideal) -> list[StationaryFamily]:
        """The parts of equal loss of a prime ideal."""
        component = self._component(ideal)
        rest = ideal.reduce(self.loss)
        if rest.free_symbols <= set(component.radicals):
            value = sp.expand(with_radicals(rest, component.radicals))
            return [self._family(component, ideal, value, None)]
        t = sp.Dummy("t")
        wide = Ideal([*ideal.generators, t - self.loss], [*ideal.variables, t], engine=self.engine)
        (relation,) = wide.eliminate(ideal.variables).generators
        polynomial = sp.Poly(relation, t)
        values: list[Any] = sp.real_roots(polynomial)
        intervals: Any = polynomial.intervals()
        parts = [
            (value, self._between(wide, t, low, high))
            for value, ((low, high), _) in zip(values, intervals, strict=True)
        ]
        real = [(value, part) for value, part in parts if part is not None]
        return [
            self._family(component, part, value,
                         Equation(self.given, value) if len(real) > 1 else None)
            for value, part in real
        ]

    def _between(self, wide: Ideal, t: sp.Symbol, low: Any, high: Any) -> Ideal | None:
        """The ideal with t restricted to an interval, None where it has no real point."""
        if low == high:
            return wide
        ends = [sp.Dummy("low", positive=True), sp.Dummy("high", positive=True)]
        part = Ideal(
            [*wide.generators, ends[0] - t + low, ends[1] - high + t],
            [*wide.variables, *ends], engine=self.engine,
        )
        return part if part.has_real_points(positive=[*self._roots(wide), *ends]) else None

    def _family(
        self, component: Component, ideal: Ideal, value: sp.Expr, level: Equation | None
    ) -> StationaryFamily:
        positive = [x for x in ideal.variables if x.is_positive and x not in self.unknowns]
        # no bend across the family vanishes where this does not
        bends = self._characteristic(ideal)[len(self.unknowns) - component.dimension - 1]

        def suits(place: Ideal) -> bool:
            return ideal.is_smooth_at(place) and (bends == 0 or not place.contains(bends))

        found = real_point(ideal, self.unknowns, positive, suits)
        if found is None:
            return StationaryFamily(component, value, level, None, None)
        point = {x: found[0][x] for x in self.unknowns}
        at = next(p for p in self.points(found[1]) if p.values == point)
        return StationaryFamily(component, value, level, point, at.inertia)

    def _component(self, ideal: Ideal) -> Component:
        return Component(ideal, {s: self.radicals[s] for s in self._roots(ideal)})

    def _roots(self, ideal: Ideal) -> list[sp.Symbol]:
        return [s for s in self.radicals if s in ideal.variables]


def _inertia(coefficients: Sequence[Any]) -> Inertia:
    """Signs of the real roots of x^n + c_1 x^(n-1) + ... + c_n."""
    signs = [1, *(int(sp.sign(c)) for c in coefficients)]
    last = max(k for k, s in enumerate(signs) if s)
    left = [s for s in signs if s]
    positive = sum(a != b for a, b in pairwise(left))
    zero = len(coefficients) - last
    return positive, last - positive, zero


def _kind(inertia: Inertia, dimension: int) -> str:
    positive, negative, zero = inertia
    if positive and negative:
        return "saddle"
    if zero > dimension:
        return "degenerate"
    return "maximum" if negative else "minimum"


def _by_loss(found: Iterable[Any]) -> list[Any]:
    return sorted(found, key=lambda e: sp.N(e.loss, 30))


def _same(a: Any, b: Any) -> bool:
    return a == b or bool(
        abs(sp.N(a - b, 30)) < sp.Rational(1, 10**20) and sp.simplify(a - b) == 0
    )


def _count(number: int, one: str, more: str) -> str:
    return f"{number} {one if number == 1 else more}"
