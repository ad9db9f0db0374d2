"""sin, cos and exp: every Gaussian coefficient of every power is elementary."""

import sympy as sp

from ..algebra import check_order
from ..arguments import explained
from .base import Activation


class _Trigonometric(Activation):
    """Sine or cosine: powers are sums of harmonics."""

    name = ""

    def harmonics(self, p: int) -> tuple[tuple[sp.Rational, int], ...]:
        """(c_n, n) with phi(z)^p = sum_n c_n cos(n z), or sin(n z) for an odd phi^p.

        Examples
        --------
        >>> Sin().harmonics(3)
        ((3/4, 1), (-1/4, 3))
        """
        raise TypeError(f"{type(self).__name__} does not define harmonics(p)")

    def _closed_form(self, m: int, p: int, mean: sp.Expr, variance: sp.Expr) -> sp.Expr:
        wave = sp.sin if self.is_odd and p % 2 else sp.cos
        # the m-th derivative turns the wave by m right angles
        cycle = (sp.sin, sp.cos) if wave is sp.sin else (sp.cos, sp.sin)
        sign = 1 if (m + (wave is sp.cos)) // 2 % 2 == 0 else -1
        return sp.Add(*(
            sign * c * n**m * cycle[m % 2](n * mean) * sp.exp(-(n**2) * variance / 2)
            for c, n in self.harmonics(p)
        ))


class Sin(_Trigonometric):
    """sin z, an odd activation.

    Examples
    --------
    >>> Sin().wick(1).expr
    exp(-sigma**2/2)*cos(mu)
    """

    name = "sin"
    latex = r"\sin"

    def expr(self, z: sp.Expr) -> sp.Expr:
        """sin z."""
        return sp.sin(z)

    def harmonics(self, p: int) -> tuple[tuple[sp.Rational, int], ...]:
        """(c_n, n) with sin(z)^p = sum_n c_n cos(n z) for even p, sin(n z) for odd p."""
        return tuple(
            ((-1) ** ((p - n) // 2 + p // 2) * c, n) for c, n in Cos().harmonics(p)
        )


class Cos(_Trigonometric):
    """cos z, an even activation.

    Examples
    --------
    >>> Cos().wick(0, 2).expr
    1/2 + exp(-2*sigma**2)*cos(2*mu)/2
    """

    name = "cos"
    latex = r"\cos"

    def expr(self, z: sp.Expr) -> sp.Expr:
        """cos z."""
        return sp.cos(z)

    @explained
    def harmonics(self, p: int) -> tuple[tuple[sp.Rational, int], ...]:
        """(c_n, n) with cos(z)^p = sum_n c_n cos(n z)."""
        p = check_order(p, "Cos.harmonics", 0)
        return tuple(
            (sp.Rational(sp.binomial(p, (p - n) // 2), 2**p) * (2 if n else 1), n)
            for n in range(p % 2, p + 1, 2)
        )


class Exp(Activation):
    """exp z.

    Examples
    --------
    >>> Exp().wick(1, 2).expr
    2*exp(2*mu + 2*sigma**2)
    """

    name = "exp"
    latex = r"\exp"

    def expr(self, z: sp.Expr) -> sp.Expr:
        """exp z."""
        return sp.exp(z)

    def _closed_form(self, m: int, p: int, mean: sp.Expr, variance: sp.Expr) -> sp.Expr:
        return p**m * sp.exp(p * mean + p**2 * variance / 2)
