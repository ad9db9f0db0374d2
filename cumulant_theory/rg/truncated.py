"""RG maps cut to finitely many cumulants: polynomial maps of R^K."""

from collections.abc import Mapping
from functools import cached_property
from typing import Any

import sympy as sp

from ..algebra import symbols_in
from ..closures import Neglect
from ..errors import DomainError, NoClosedFormError, OrderError
from ..laws import Generic
from ..layers import Layer


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

    def __init__(self, layer: Layer, closure: Any) -> None:
        if not isinstance(closure, Neglect):
            raise DomainError(
                f"the RG map of {layer!r} under {closure!r}: its cumulants are cut by "
                "closure=Neglect(K), which keeps the first K"
            )
        self.layer, self.closure = layer, closure
        self.order = closure.order
        self.symbols = tuple(sp.Symbol(f"kappa_{r}") for r in range(1, self.order + 1))
        state = layer.propagate(Generic("kappa"), self.order, closure)
        if state.definitions:
            raise NoClosedFormError(
                f"the RG map of {layer!r} under {closure!r} is not polynomial in the cumulants: an "
                "activation is no polynomial, and Gaussian expectations of it occur; replace it by "
                "activations.Polynomial, or follow the map in numbers by numerics.flow"
            )
        self.polynomials = {r: state[r] for r in range(1, self.order + 1)}

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
        return {s: sp.sympify(values[r]) for r, s in enumerate(self.symbols, 1)}

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
