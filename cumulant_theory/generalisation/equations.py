"""The equations that a training family puts on a network, and the residuals on the test laws."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from math import comb
from typing import Any

import sympy as sp

from ..algebra import Ring, symbols_in
from ..algebra.clock import check_time
from ..cumulants import CumulantSource
from ..errors import DomainError, TimeLimitError
from ..layers import Layer
from ..layers.base import check_order
from ..varieties import rationalised
from .coordinates import Coordinates
from .residuals import check_pair

_MOST_TERMS = 10**6
_TRANSCENDENTAL = (sp.NumberSymbol, sp.Function)


@dataclass(frozen=True)
class LawResiduals:
    """Residuals on one law or family of laws.

    Attributes
    ----------
    law
        As it was given.
    source
        Joint law of the input units.
    symbols
        Free symbols of the law.
    residuals
        Order -> rho_r in the unknowns and the symbols of the law.
    """

    law: Any
    source: CumulantSource
    symbols: tuple[sp.Symbol, ...]
    residuals: dict[int, sp.Expr]

    @cached_property
    def coefficients(self) -> dict[int, dict[sp.Expr, sp.Expr]]:
        """Order -> function of the law's symbols -> its coefficient in the unknowns."""
        return {r: split(e, self.symbols) for r, e in self.residuals.items()}


class Problem:
    """Training equations and test residuals of a network, with rational coefficients.

    Parameters
    ----------
    network, target
        Polynomial maps onto one unit.
    train, test
        A law, a family of laws (one with free symbols), or a list of these.
    order, test_order
        Highest orders that are compared.

    Attributes
    ----------
    coordinates
        The unknowns.
    train, test
        Residuals, one entry per law.
    roots
        Symbol of an irrational number -> its minimal polynomial.
    """

    roots: dict[sp.Symbol, sp.Expr]

    def __init__(
        self, network: Layer, target: Layer, train: Any, test: Any, order: int, test_order: int
    ) -> None:
        check_order(order)
        check_order(test_order)
        check_pair(network, target)
        fixed = symbols_in(*(e for r in target.rules(network.input_units()) for e in r.expressions))
        if fixed:
            raise DomainError(
                f"target {target!r} has the free symbols {', '.join(map(str, fixed))}; give them "
                "values by target.subs"
            )
        self.network: Layer = network
        self.target: Layer = target
        self.order: int = order
        self.test_order: int = test_order
        self.coordinates: Coordinates = Coordinates(network)
        self._check_size(max(order, test_order))
        trained, tested = as_laws(train, "train"), as_laws(test, "test")
        try:
            self.train: list[LawResiduals] = [self._residuals(law, order) for law in trained]
            self.test: list[LawResiduals] = [self._residuals(law, test_order) for law in tested]
            self._rationalise()
        except TimeLimitError as error:
            raise TimeLimitError(
                f"the residuals of {network!r} to order {max(order, test_order)} are not written "
                f"down in time: {str(error).split(';')[0]}; lower the order, tie weights, or give "
                "a larger seconds="
            ) from None

    def _check_size(self, order: int) -> None:
        terms = comb(len(self.coordinates.effective.definitions) + order, order)
        if terms > _MOST_TERMS:
            raise TimeLimitError(
                f"kappa_{order} of a network with {len(self.coordinates.effective.definitions)} "
                f"effective coefficients has up to {terms} terms, more than {_MOST_TERMS}; lower "
                "the order, tie weights or take fewer inputs"
            )

    def _residuals(self, law: Any, order: int) -> LawResiduals:
        source = self.network.source(law)
        ours = self.coordinates.effective.structured(source, order)
        theirs = self.target.propagate(source, order)
        images = self.coordinates.images
        known = [a for a in ours.ring.atoms if a not in images]
        symbols = symbols_in(*known, *theirs.ring.atoms)
        own = {*images, *self.coordinates.unknowns, *self.coordinates.parameters}
        shared = {*map(str, symbols)} & {*map(str, own)}  # assumptions do not tell them apart
        if shared:
            raise DomainError(
                f"{', '.join(sorted(shared))}: symbols of {law!r} and of the network "
                f"{self.network!r} at once; rename them in the law"
            )
        ring = Ring([*known, *theirs.ring.atoms, *images.values()])
        named = {s: ring.element(e) for s, e in images.items()}
        found = {}
        for r in range(1, order + 1):
            check_time()
            found[r] = ring.expr(
                ours.ring.compose(ours.element((r,)), named, ring)
                - theirs.ring.compose(theirs.element((r,)), {}, ring)
            )
        return LawResiduals(law, source, symbols, found)

    def _rationalise(self) -> None:
        """Write all irrational numbers as symbols, those of the target among them."""
        rules = self.target.rules(self.network.input_units())
        parts = [
            [e for law in self.train for by in law.coefficients.values() for e in by.values()],
            [e for law in self.test for by in law.coefficients.values() for e in by.values()],
            list(self.coordinates.values.values()),
            [e for rule in rules for e in rule.expressions],
        ]
        for e in (e for part in parts for e in part):
            check_time()
            if e.has(sp.I):
                raise DomainError(
                    f"the imaginary unit occurs in the equation {e} = 0, but branches are real; "
                    "give the network and the target real entries"
                )
            constants = e.atoms(*_TRANSCENDENTAL)
            if constants:
                raise DomainError(
                    f"{min(constants, key=str)} occurs in the equation {e} = 0, which is no "
                    "polynomial over the algebraic numbers; take laws with rational cumulants"
                )
        rational, self.roots = rationalised([e for part in parts for e in part])
        left = iter(rational)
        first, second, third = ([next(left) for _ in part] for part in parts[:3])
        self.equations: tuple[sp.Expr, ...] = tuple(dict.fromkeys(first))
        self.coordinates.values = dict(zip(self.coordinates.values, third, strict=True))
        place = iter(second)
        self.conditions: list[dict[int, dict[Any, sp.Expr]]] = [
            {r: {m: next(place) for m in by} for r, by in law.coefficients.items()}
            for law in self.test
        ]

    @property
    def radicals(self) -> dict[sp.Symbol, sp.Expr]:
        """Symbol of an irrational number -> the number."""
        return {
            s: sp.root(-e.subs(s, 0), sp.Poly(e, s).degree()) for s, e in self.roots.items()
        }


def as_laws(value: Any, what: str) -> tuple[Any, ...]:
    """The laws of an argument that is one law or a list of laws."""
    laws = tuple(value) if isinstance(value, (list, tuple)) else (value,)
    if not laws:
        raise DomainError(f"{what}: the list of laws is empty; give at least one law")
    return laws


def split(residual: sp.Expr, symbols: Sequence[sp.Symbol]) -> dict[sp.Expr, sp.Expr]:
    """Write a residual as a sum of linearly independent functions of symbols with coefficients.

    Numbers such as pi that all terms of a coefficient share go with the function.

    Raises
    ------
    DomainError
        If it is no rational function, nor a sum of powers, of the symbols.

    Examples
    --------
    >>> x, s, t = sp.symbols("x s t")
    >>> split(2 * x * s**2 - 2 * s**2 + x / t, [s, t])
    {s**2: 2*x - 2, 1/t: x}
    >>> split((x + s) / (1 + s), [s])
    {1/(s + 1): x, s/(s + 1): 1}
    """
    check_time()
    if residual == 0:
        return {}
    ring = Ring.of([residual])
    inside = [a for a in ring.atoms if a.free_symbols & set(symbols)]
    if all(a.as_base_exp()[0] in symbols for a in inside):
        found: dict[sp.Expr, list[sp.Expr]] = {}
        for coefficient, factors in ring.terms(ring.element(residual)):
            key = sp.Mul(*(a**k for a, k in factors if a in inside))
            rest = sp.Mul(sp.Rational(coefficient), *(a**k for a, k in factors if a not in inside))
            found.setdefault(key, []).append(rest)
        parts = {key: sp.Add(*rest) for key, rest in found.items()}
    else:
        numerator, denominator = sp.fraction(sp.together(residual))
        try:
            terms = sp.Poly(numerator, *symbols).terms()
        except sp.PolynomialError as error:
            raise DomainError(
                f"the residual {residual} is no rational function of {symbols}: {error}; give the "
                "law numbers as parameters"
            ) from error
        parts = {
            sp.Mul(1 / denominator, *(x**k for x, k in zip(symbols, m, strict=True))): sp.expand(c)
            for m, c in reversed(terms)
        }
    return dict(_shared_apart(key, e, symbols) for key, e in parts.items() if e != 0)


def _shared_apart(
    key: sp.Expr, e: sp.Expr, symbols: Sequence[sp.Symbol]
) -> tuple[sp.Expr, sp.Expr]:
    """A transcendental number that all terms share, moved from the coefficient to the function."""
    unknowns = e.free_symbols - set(symbols)
    if not e.has(*_TRANSCENDENTAL) or not unknowns:
        return key, e
    number, rest = sp.factor_terms(e).as_independent(*unknowns, as_Add=False)
    return key * number, sp.expand(rest)
