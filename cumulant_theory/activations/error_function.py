"""erf and gelu: closed forms for the first power, and through Owen's T for the second."""

import sympy as sp

from ..special import (
    NormalCDF,
    NormalPartialMoment,
    NormalPDF,
    OwenT,
    hermite,
    pdf_derivative,
)
from .base import Activation


def _cdf_derivative(n: int, x: sp.Expr) -> sp.Expr:
    return NormalCDF(x) if n == 0 else pdf_derivative(n - 1, x)


def _owen_derivative(n: int, h: sp.Expr, a: sp.Expr) -> sp.Expr:
    """n-th derivative of T(h, a) by h: Leibniz on -phi(h) (Phi(a h) - 1/2)."""
    if n == 0:
        return OwenT(h, a)
    return -sp.Add(*(
        sp.binomial(n - 1, j) * pdf_derivative(n - 1 - j, h)
        * (a**j * _cdf_derivative(j, a * h) - (sp.S.Half if j == 0 else 0))
        for j in range(n)
    ))


class Erf(Activation):
    """erf z, an odd activation.

    Notes
    -----
    E erf = erf(mu / sqrt(1 + 2 v)) and E erf^2 = 1 - 8 T(h, a) with
    h = sqrt(2) mu / sqrt(1 + 2 v), a = 1 / sqrt(1 + 4 v): the chance that two normals of equal
    correlation are below the same threshold.

    References
    ----------
    Owen, Commun. Stat. Simul. Comput. 9, 389 (1980): integrals 10,010.8 and 20,010.4.

    Examples
    --------
    >>> Erf().wick(0).expr
    erf(mu/sqrt(2*sigma**2 + 1))
    """

    name = "erf"
    latex = r"\operatorname{erf}"

    def expr(self, z: sp.Expr) -> sp.Expr:
        """erf z."""
        return sp.erf(z)

    def _closed_form(
        self, m: int, p: int, mean: sp.Expr, variance: sp.Expr
    ) -> sp.Expr | None:
        if p > 2:
            return None
        root = sp.sqrt(1 + 2 * variance)
        if p == 1 and m == 0:
            return sp.erf(mean / root)
        scale = sp.sqrt(2) / root
        h = scale * mean
        if p == 1:
            return 2 * scale**m * pdf_derivative(m - 1, h)
        constant = 1 if m == 0 else 0
        return constant - 8 * scale**m * _owen_derivative(m, h, 1 / sp.sqrt(1 + 4 * variance))


class GELU(Activation):
    """z Phi(z), Phi the distribution function of the standard normal law.

    Notes
    -----
    With h = mu / r and r = sqrt(1 + v): E gelu = r M_1(h) - phi(h) / r. The second power is
    (mu + v d/dmu)^2 applied to E Phi^2 = Phi(h) - 2 T(h, 1 / sqrt(1 + 2 v)).

    References
    ----------
    Hendrycks & Gimpel, arXiv:1606.08415.

    Examples
    --------
    >>> GELU().wick(1, 1, 0, "v").expr
    1/2
    """

    name = "gelu"
    latex = r"\operatorname{gelu}"

    def expr(self, z: sp.Expr) -> sp.Expr:
        """z (1 + erf(z / sqrt 2)) / 2."""
        return z * (1 + sp.erf(z / sp.sqrt(2))) / 2

    def _closed_form(
        self, m: int, p: int, mean: sp.Expr, variance: sp.Expr
    ) -> sp.Expr | None:
        if p > 2:
            return None
        root = sp.sqrt(1 + variance)
        h = mean / root
        if p == 1:
            first = NormalPartialMoment(1, h) if m == 0 else _cdf_derivative(m - 1, h)
            return root ** (1 - m) * first - pdf_derivative(m, h) * root ** (-1 - m)
        a = 1 / sp.sqrt(1 + 2 * variance)
        weights = {
            m - 2: m * (m - 1),
            m - 1: 2 * m * mean,
            m: mean**2 + (2 * m + 1) * variance,
            m + 1: 2 * mean * variance,
            m + 2: variance**2,
        }
        # E Phi^2 = Phi(h) - 2 T has the derivative 2 phi(h) Phi(a h) by h
        inner, outer = sp.S.Zero, sp.S.Zero
        for n, w in weights.items():
            for j in range(n):
                factor = w * root**-n * sp.binomial(n - 1, j) * _signed_hermite(n - 1 - j, h)
                if j == 0:
                    inner += factor
                else:
                    outer += factor * a**j * _signed_hermite(j - 1, a * h)
        return weights.get(0, 0) * (NormalCDF(h) - 2 * OwenT(h, a)) + 2 * NormalPDF(h) * (
            inner * NormalCDF(a * h) + outer * NormalPDF(a * h)
        )


def _signed_hermite(n: int, x: sp.Expr) -> sp.Expr:
    return (-1) ** n * hermite(n, x)
