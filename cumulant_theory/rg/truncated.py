"""RG maps cut to finitely many cumulants: polynomial maps of R^K."""

from collections.abc import Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any

import sympy as sp

from ..algebra import exact, symbols_in
from ..arguments import explained
from ..closures import Closure, Neglect, as_closure
from ..errors import DomainError, NoClosedFormError, OrderError
from ..latex import inline_display
from ..laws import Generic
from ..layers import Layer

if TYPE_CHECKING:
    from .maps import RGMap


class TruncatedMap:
    """kappa' = T(kappa) of the first K cumulants, all above them neglected.

    Parameters
    ----------
    layer
        Network of b units to one.
    closure
        ``Neglect(K)``: cumulants above order K are dropped before every pointwise layer.

    Attributes
    ----------
    symbols
        kappa_1, ..., kappa_K.
    polynomials
        Order -> kappa_r' in these symbols.

    Raises
    ------
    DomainError
        If the closure is no ``Neglect(K)``.
    NoClosedFormError
        If an activation is no polynomial, so that T is none either.

    Notes
    -----
    A point mass has no cumulants above the first, so nothing is neglected on it: at a point mass
    the value of T is exact, and so are the eigenvalues of its Jacobian, which is triangular there.

    Examples
    --------
    >>> from cumulant_theory import activations, layers
    >>> TruncatedMap(layers.Pointwise(activations.Square()) >> layers.Mean(2),
    ...              Neglect(2)).polynomials
    {1: kappa_1**2 + kappa_2, 2: 2*kappa_1**2*kappa_2 + kappa_2**2}
    """

    @explained
    def __init__(self, layer: Layer, closure: Any) -> None:
        if not isinstance(closure, Neglect):
            raise DomainError(
                f"the RG map of {layer!r} under {closure!r}: its cumulants are cut by "
                "closure=Neglect(K), which keeps the first K"
            )
        self.layer: Layer = layer
        self.closure: Closure = closure
        self.order: int = closure.order
        self.symbols: tuple[sp.Symbol, ...] = tuple(
            sp.Symbol(f"kappa_{r}") for r in range(1, self.order + 1)
        )
        state = layer.propagate(Generic("kappa"), self.order, closure)
        if state.definitions:
            raise NoClosedFormError(
                f"the RG map of {layer!r} under {closure!r} is not polynomial in the cumulants: an "
                "activation is no polynomial, and Gaussian expectations of it occur; replace it by "
                "activations.Polynomial, or follow the map in numbers by numerics.flow"
            )
        self.polynomials: dict[int, sp.Expr] = {r: state[r] for r in range(1, self.order + 1)}

    @property
    def parameters(self) -> tuple[sp.Symbol, ...]:
        """Symbols other than the cumulants."""
        return symbols_in(*self.polynomials.values(), without=self.symbols)

    @cached_property
    def jacobian(self) -> sp.ImmutableMatrix:
        """d kappa_r' / d kappa_s, shape (K, K)."""
        return sp.ImmutableMatrix([
            [sp.diff(p, s) for s in self.symbols] for p in self.polynomials.values()
        ])

    @explained
    def at(self, values: Mapping[int, Any]) -> dict[sp.Symbol, Any]:
        """The cumulants of orders 1 to K as values of :attr:`symbols`.

        Raises
        ------
        OrderError
            If one is missing.
        """
        missing = [r for r in range(1, self.order + 1) if r not in values]
        if missing:
            raise OrderError(
                f"{self!r} needs cumulants 1 to {self.order}; orders {missing} are missing"
            )
        return {s: exact(values[r], f"kappa_{r}") for r, s in enumerate(self.symbols, 1)}

    @explained
    def __call__(self, values: Mapping[int, Any]) -> dict[int, sp.Expr]:
        """kappa' at exact cumulants.

        Raises
        ------
        OrderError
            If one of the K cumulants is missing.
        """
        point = self.at(values)
        return {r: sp.expand(p.xreplace(point)) for r, p in self.polynomials.items()}

    def __repr__(self) -> str:
        return f"TruncatedMap({self.layer!r}, {self.closure!r})"

    def _repr_latex_(self) -> str:
        return inline_display(
            [(sp.Symbol(f"kappa'_{r}"), p) for r, p in self.polynomials.items()], see=".polynomials"
        )

    def _repr_html_(self) -> str:
        from .display import truncated_card

        return truncated_card(self)


def closed_map(rg_map: "RGMap", what: str, order: int, closure: Closure | None) -> TruncatedMap:
    """The truncated map that stands for an RG map that is not linear.

    Raises
    ------
    NoClosedFormError
        If there is no closure, or an activation is no polynomial.
    OrderError
        If the order is above that of the closure.
    """
    chosen = as_closure(closure)
    if not chosen.is_exact:
        truncated = rg_map.truncated(chosen)
        if order > truncated.order:
            raise OrderError(
                f"{what} to order {order} under {chosen!r}: there are {truncated.order} cumulants; "
                f"use closure=Neglect({order})"
            )
        return truncated
    degree = degree_for(rg_map, what)
    raise NoClosedFormError(
        f"{what} of {rg_map!r}: kappa_r' of a map of degree {degree} needs cumulants up to order "
        f"{degree} r, so the recursion does not close at any order; use "
        f"closure=Neglect({max(order, 2)}), which drops the cumulants above, or "
        ".flow(law, steps, order), which is exact for any finite number of steps"
    )


def degree_for(rg_map: "RGMap", what: str) -> int:
    """The degree of an RG map, or an error that names what has none.

    Raises
    ------
    NoClosedFormError
        If an activation is no polynomial.
    """
    try:
        return rg_map.degree
    except NoClosedFormError:
        raise NoClosedFormError(
            f"{what} of {rg_map!r}: an activation is no polynomial, so kappa_r' is none in the "
            "cumulants either; numerics.flow and numerics.flow_diagram follow such a map in "
            "numbers, under a closure"
        ) from None
