"""Named Gaussian quantities of a pointwise layer: Wick coefficients and pair cumulants."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import sympy as sp

from ..activations import Activation
from ..algebra import MultiIndex, Polynomial
from ..cumulants import index_name
from ..diagrams import pair_cumulant


def wick_symbol(state: str, unit: int, power: int, k: int) -> sp.Symbol:
    """Symbol of the k-th Wick coefficient of phi^power at a unit.

    Examples
    --------
    >>> wick_symbol("y1", 0, 2, 3)
    omega__y1__3_11
    """
    return sp.Symbol(f"omega__{state}__{k}_{index_name((unit,) * power)}")


def pair_symbol(state: str, units: tuple[int, int], powers: MultiIndex) -> sp.Symbol:
    """Symbol of the joint cumulant of phi(z_i)^p and phi(z_j)^q for Gaussian z.

    Examples
    --------
    >>> pair_symbol("y1", (0, 1), (2, 1))
    gamma__y1_112
    """
    indices = (units[0],) * powers[0] + (units[1],) * powers[1]
    return sp.Symbol(f"gamma__{state}_{index_name(indices)}")


class GaussianDefinition:
    """A named quantity that is no polynomial in those named before it.

    It has the attributes of :class:`cumulant_theory.recursion.Definition`; ``polynomial`` is over
    the functions that occur in its value.
    """

    symbol: sp.Symbol
    order = 0
    is_polynomial = False

    @property
    def value(self) -> Any:
        """Object with ``expr`` and ``exact``."""
        raise TypeError(f"{type(self).__name__} does not define value")

    @property
    def expr(self) -> sp.Expr:
        """The value as a SymPy expression."""
        return self.value.expr

    @property
    def exact(self) -> bool:
        """Whether the value is in closed form; otherwise it is an integral left to quadrature."""
        return bool(self.value.exact)

    @cached_property
    def polynomial(self) -> Polynomial:
        """The value as a polynomial in its own atoms."""
        return Polynomial.of(self.expr)

    @property
    def terms(self) -> Any:
        """(coefficient, ((atom, exponent), ...)) per term."""
        return self.polynomial.terms

    @property
    def inputs(self) -> tuple[sp.Expr, ...]:
        """The means, variances and covariance that the value is a function of."""
        return ()


@dataclass(frozen=True)
class WickDefinition(GaussianDefinition):
    """omega^{(k)} = E[(phi^p)^{(k)}(N(mean, variance))] of one unit.

    Attributes
    ----------
    symbol
        The name.
    activation, power, k
        phi, p and the order k of the coefficient.
    mean, variance
        Of the unit before the activation: a symbol, or a value where it is simple.
    """

    symbol: sp.Symbol
    activation: Activation
    power: int
    k: int
    mean: sp.Expr
    variance: sp.Expr

    @cached_property
    def value(self) -> Any:
        """The Wick coefficient."""
        return self.activation.wick(self.k, self.power, mean=self.mean, variance=self.variance)

    @property
    def inputs(self) -> tuple[sp.Expr, ...]:
        """(mean, variance)."""
        return (self.mean, self.variance)

    def subs(self, values: Mapping[Any, Any]) -> "WickDefinition":
        """With symbols replaced."""
        return WickDefinition(
            self.symbol, self.activation.subs(values), self.power, self.k,
            self.mean.subs(values), self.variance.subs(values),
        )


@dataclass(frozen=True)
class PairDefinition(GaussianDefinition):
    """Joint cumulant of phi(z_i)^p and psi(z_j)^q for jointly Gaussian z_i, z_j.

    Attributes
    ----------
    symbol
        The name.
    activations, powers
        (phi, psi) and (p, q).
    means, variances, covariance
        Of the two units before the activation.
    """

    symbol: sp.Symbol
    activations: tuple[Activation, Activation]
    powers: MultiIndex
    means: tuple[sp.Expr, sp.Expr]
    variances: tuple[sp.Expr, sp.Expr]
    covariance: sp.Expr

    @cached_property
    def value(self) -> Any:
        """The pair cumulant by Price's theorem."""
        return pair_cumulant(
            self.activations, self.powers, self.means, self.variances, self.covariance
        )

    @property
    def inputs(self) -> tuple[sp.Expr, ...]:
        """Means, variances, covariance."""
        return (*self.means, *self.variances, self.covariance)

    def subs(self, values: Mapping[Any, Any]) -> "PairDefinition":
        """With symbols replaced."""
        m1, m2, v1, v2, c = (e.subs(values) for e in self.inputs)
        phi, psi = (a.subs(values) for a in self.activations)
        return PairDefinition(self.symbol, (phi, psi), self.powers, (m1, m2), (v1, v2), c)
