"""Piecewise polynomials: relu, leaky relu, abs, step, sign, hard tanh."""

from fractions import Fraction
from typing import Any

import sympy as sp

from ..algebra import exact
from ..arguments import explained
from ..errors import DomainError
from .base import Activation
from .wick import piecewise_wick


class PiecewisePolynomial(Activation):
    """A polynomial between any two of its knots."""

    name = ""

    @property
    def is_odd(self) -> bool:
        """Whether phi(-z) = -phi(z)."""
        return self._mirrored(-1)

    @property
    def is_even(self) -> bool:
        """Whether phi(-z) = phi(z)."""
        return self._mirrored(1)

    def _mirrored(self, sign: int) -> bool:
        z = sp.Dummy("z")
        mirrored = tuple(sign * f for f in reversed(self.pieces(-z)))
        return self.knots == tuple(-c for c in reversed(self.knots)) and all(
            sp.expand(f - g) == 0 for f, g in zip(self.pieces(z), mirrored, strict=True)
        ) and all(self.expr(-c) == sign * self.expr(c) for c in self.knots)

    def _closed_form(self, m: int, p: int, mean: sp.Expr, variance: sp.Expr) -> sp.Expr:
        z = sp.Dummy("z")
        pieces = tuple(sp.expand(f**p) for f in self.pieces(z))
        return piecewise_wick(self.knots, pieces, z, m, mean, variance)


class ReLU(PiecewisePolynomial):
    """max(0, z).

    References
    ----------
    Cho & Saul, NeurIPS 22 (2009): Gaussian means of its powers.

    Examples
    --------
    >>> ReLU().wick(0).expr, ReLU().wick(2).expr
    (sigma*NormalPartialMoment(1, mu/sigma), NormalPDF(mu/sigma)/sigma)
    """

    name = "relu"
    latex = r"\operatorname{relu}"
    knots: tuple[sp.Expr, ...] = (sp.S.Zero,)

    def expr(self, z: sp.Expr) -> sp.Expr:
        """max(0, z)."""
        return sp.Max(0, z)

    def pieces(self, z: sp.Expr) -> tuple[sp.Expr, ...]:
        """0 and z."""
        return (sp.S.Zero, z)


@explained
class LeakyReLU(PiecewisePolynomial):
    """z above zero, negative_slope * z below.

    Parameters
    ----------
    negative_slope
        Exact number, symbol or name.

    Raises
    ------
    DomainError
        If the slope is not exact or not real.

    Examples
    --------
    >>> LeakyReLU()(sp.Integer(-3)), LeakyReLU("a").wick(1).expr
    (-3/100, a*NormalCDF(-mu/sigma) + NormalCDF(mu/sigma))
    """

    name = "leaky_relu"
    latex = r"\operatorname{lrelu}"
    knots: tuple[sp.Expr, ...] = (sp.S.Zero,)

    def __init__(self, negative_slope: Any = Fraction(1, 100)) -> None:
        self.negative_slope: sp.Expr = exact(negative_slope, "negative_slope")
        if self.negative_slope.is_extended_real is False:
            raise DomainError(f"LeakyReLU: negative_slope {negative_slope} is not real")

    def expr(self, z: sp.Expr) -> sp.Expr:
        """max(0, z) + slope * min(0, z)."""
        return sp.Max(0, z) + self.negative_slope * sp.Min(0, z)

    def pieces(self, z: sp.Expr) -> tuple[sp.Expr, ...]:
        """slope * z and z."""
        return (self.negative_slope * z, z)


class Abs(PiecewisePolynomial):
    """|z|, an even activation.

    Examples
    --------
    >>> Abs().wick(2).expr, Abs().is_even
    (2*NormalPDF(mu/sigma)/sigma, True)
    """

    name = "abs"
    latex = r"\operatorname{abs}"
    knots: tuple[sp.Expr, ...] = (sp.S.Zero,)

    def expr(self, z: sp.Expr) -> sp.Expr:
        """|z|."""
        return sp.Abs(z)

    def pieces(self, z: sp.Expr) -> tuple[sp.Expr, ...]:
        """-z and z."""
        return (-z, z)


class Step(PiecewisePolynomial):
    """0 below zero, 1 above, 1/2 at zero (Heaviside).

    Examples
    --------
    >>> Step()(sp.S.Zero), Step().wick(0).expr
    (1/2, NormalCDF(mu/sigma))
    """

    name = "step"
    latex = r"\theta"
    knots: tuple[sp.Expr, ...] = (sp.S.Zero,)

    def expr(self, z: sp.Expr) -> sp.Expr:
        """Heaviside's function."""
        return sp.Heaviside(z)

    def pieces(self, z: sp.Expr) -> tuple[sp.Expr, ...]:
        """0 and 1."""
        return (sp.S.Zero, sp.S.One)


class Sign(PiecewisePolynomial):
    """-1 below zero, 1 above, 0 at zero; an odd activation.

    Examples
    --------
    >>> Sign().wick(1).expr, Sign().wick(0, 2).expr
    (2*NormalPDF(mu/sigma)/sigma, 1)
    """

    name = "sign"
    latex = r"\operatorname{sign}"
    knots: tuple[sp.Expr, ...] = (sp.S.Zero,)

    def expr(self, z: sp.Expr) -> sp.Expr:
        """Sign of z."""
        return sp.sign(z)

    def pieces(self, z: sp.Expr) -> tuple[sp.Expr, ...]:
        """-1 and 1."""
        return (sp.S.NegativeOne, sp.S.One)


class HardTanh(PiecewisePolynomial):
    """z cut to [-1, 1], an odd activation.

    Examples
    --------
    >>> HardTanh().wick(1).expr
    -NormalCDF((mu - 1)/sigma) + NormalCDF((mu + 1)/sigma)
    """

    name = "hard_tanh"
    latex = r"\operatorname{hardtanh}"
    knots: tuple[sp.Expr, ...] = (sp.S.NegativeOne, sp.S.One)

    def expr(self, z: sp.Expr) -> sp.Expr:
        """max(-1, min(1, z))."""
        return sp.Max(-1, sp.Min(1, z))

    def pieces(self, z: sp.Expr) -> tuple[sp.Expr, ...]:
        """-1, z and 1."""
        return (sp.S.NegativeOne, z, sp.S.One)
