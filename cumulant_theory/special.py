"""Functions of the standard normal law as opaque SymPy functions.

They keep closed forms short: derivatives, special points, LaTeX and numbers of any precision are
known; nothing is expanded unless asked by ``rewrite``.
"""

from numbers import Integral, Number
from typing import Any

import mpmath
import sympy as sp
from sympy.core.function import ArgumentIndexError

from .arguments import brief, explained
from .errors import DomainError, OrderError

__all__ = ["NormalCDF", "NormalPDF", "NormalPartialMoment", "OwenT", "hermite", "pdf_derivative"]

_GUARD = 20  # bits beyond those asked for
_MOST = 1000  # degree of a polynomial


def _number(value: Any, precision: int) -> Any:
    return value._to_mpmath(precision + _GUARD)


def _argument(value: Any) -> Any:
    """SymPy would run a text as code."""
    if isinstance(value, Number) and not isinstance(value, bool):
        value = sp.sympify(value)
    if not isinstance(value, sp.Expr) or value.is_Matrix or value in (sp.nan, sp.zoo):
        raise DomainError(f"{brief(value)} is no argument of a function; pass an expression")
    return value


def _degree(n: Any) -> int:
    if isinstance(n, bool) or not isinstance(n, Integral) or not 0 <= int(n) <= _MOST:
        raise OrderError(f"Hermite polynomial of degree {brief(n)}; pass an integer, 0 to {_MOST}")
    return int(n)


class _Opaque(sp.Function):
    """A real function of real arguments with its own name in LaTeX."""

    tex: str
    args: Any

    def __new__(cls, *arguments: Any, **options: Any) -> Any:
        """An expression: a number at a special point, else an instance."""
        return super().__new__(cls, *map(_argument, arguments), **options)

    def _eval_is_extended_real(self) -> bool | None:
        return True if all(a.is_extended_real for a in self.args) else None

    def _latex(self, printer: Any, exp: str | None = None) -> str:
        arguments = ", ".join(printer._print(a) for a in self.args)
        power = "" if exp is None else f"^{{{exp}}}"
        return rf"{self.tex}{power}\left({arguments}\right)"

    def _eval_evalf(self, prec: int) -> Any:
        if not all(a.is_number for a in self.args):
            return None
        try:
            with mpmath.workprec(prec + _GUARD):
                value = self._mpmath(*(_number(a, prec) for a in self.args))
        except OverflowError as error:
            raise DomainError(
                f"{self.func.__name__}{self.args}: an argument is too large for digits; pass it "
                "exactly"
            ) from error
        return sp.Expr._from_mpmath(value, prec)

    def _mpmath(self, *arguments: Any) -> Any:
        raise TypeError(f"{type(self).__name__} does not define _mpmath(*arguments)")


class NormalPDF(_Opaque):
    r"""Density of the standard normal law, phi(x) = exp(-x^2/2) / sqrt(2 pi).

    Examples
    --------
    >>> x = sp.Symbol("x")
    >>> NormalPDF(0), NormalPDF(-x), NormalPDF(x).diff(x)
    (sqrt(2)/(2*sqrt(pi)), NormalPDF(x), -x*NormalPDF(x))
    """

    nargs = 1
    tex = r"\varphi"

    @classmethod
    def eval(cls, x: Any) -> sp.Expr | None:
        """Special points, and the argument without a leading minus."""
        if x.is_zero:
            return 1 / sp.sqrt(2 * sp.pi)
        if x.is_infinite:
            return sp.S.Zero
        return cls(-x) if x.could_extract_minus_sign() else None

    def fdiff(self, argindex: int = 1) -> sp.Expr:
        """-x phi(x)."""
        if argindex != 1:
            raise ArgumentIndexError(self, argindex)
        return -self.args[0] * self

    def _eval_is_positive(self) -> bool | None:
        return True if self.args[0].is_real else None

    def _eval_rewrite_as_exp(self, x: Any, **hints: Any) -> sp.Expr:
        return sp.exp(-(x**2) / 2) / sp.sqrt(2 * sp.pi)

    def _mpmath(self, x: Any) -> Any:
        return mpmath.npdf(x)


class NormalCDF(_Opaque):
    r"""Distribution function of the standard normal law.

    Examples
    --------
    >>> x = sp.Symbol("x")
    >>> NormalCDF(0), NormalCDF(sp.oo), NormalCDF(x).diff(x)
    (1/2, 1, NormalPDF(x))
    """

    nargs = 1
    tex = r"\Phi"

    @classmethod
    def eval(cls, x: Any) -> sp.Expr | None:
        """Special points."""
        return {sp.S.Zero: sp.S.Half, sp.oo: sp.S.One, -sp.oo: sp.S.Zero}.get(x)

    def fdiff(self, argindex: int = 1) -> sp.Expr:
        """The density."""
        if argindex != 1:
            raise ArgumentIndexError(self, argindex)
        return NormalPDF(self.args[0])

    def _eval_is_positive(self) -> bool | None:
        return True if self.args[0].is_real else None

    def _eval_rewrite_as_erf(self, x: Any, **hints: Any) -> sp.Expr:
        return (1 + sp.erf(x / sp.sqrt(2))) / 2

    def _mpmath(self, x: Any) -> Any:
        # ncdf is accurate in the lower tail: it turns to erfc there
        return mpmath.ncdf(x)


class NormalPartialMoment(_Opaque):
    r"""M_k(a) = E[(a + g)_+^k] of a standard normal g; M_0 is the distribution function.

    Parameters
    ----------
    k
        Non-negative integer.
    a
        Real expression.

    Notes
    -----
    M_k' = k M_{k-1} and M_k = a M_{k-1} + (k - 1) M_{k-2}, with M_1 = a Phi(a) + phi(a).

    References
    ----------
    DLMF 12.5.1 (an integral of the parabolic cylinder function).

    Examples
    --------
    >>> a = sp.Symbol("a")
    >>> NormalPartialMoment(2, a).diff(a)
    2*NormalPartialMoment(1, a)
    >>> NormalPartialMoment(2, 0), NormalPartialMoment(0, a)
    (1/2, NormalCDF(a))
    >>> NormalPartialMoment(1, a).rewrite(NormalCDF)
    a*NormalCDF(a) + NormalPDF(a)
    """

    nargs = 2

    @classmethod
    def eval(cls, k: Any, a: Any) -> sp.Expr | None:
        """Special points, and order zero."""
        if k.is_number and not (k.is_Integer and 0 <= k <= _MOST):
            raise OrderError(f"partial moment of order {k}; orders are 0, 1, 2, ... to {_MOST}")
        if k.is_zero:
            return NormalCDF(a)
        if a is sp.oo:
            return sp.oo
        if a is -sp.oo:
            return sp.S.Zero
        if a.is_zero and k.is_Integer:
            return 2 ** (k / 2 - 1) * sp.gamma((k + 1) / 2) / sp.sqrt(sp.pi)
        return None

    def fdiff(self, argindex: int = 1) -> sp.Expr:
        """k M_{k-1}(a)."""
        if argindex != 2:
            raise ArgumentIndexError(self, argindex)
        k, a = self.args
        return k * NormalPartialMoment(k - 1, a)

    def _eval_is_positive(self) -> bool | None:
        return True if self.args[1].is_real else None

    def _eval_rewrite_as_NormalCDF(self, k: Any, a: Any, **hints: Any) -> sp.Expr:  # noqa: N802
        if not k.is_Integer:
            return self
        older, newer = NormalCDF(a), a * NormalCDF(a) + NormalPDF(a)
        for n in range(2, int(k) + 1):
            older, newer = newer, sp.expand(a * newer + (n - 1) * older)
        return newer

    def _latex(self, printer: Any, exp: str | None = None) -> str:
        k, a = map(printer._print, self.args)
        power = "" if exp is None else f"^{{{exp}}}"
        return rf"M_{{{k}}}{power}\left({a}\right)"

    def _mpmath(self, k: Any, a: Any) -> Any:
        # pcfd has no cancellation in either tail
        return (
            mpmath.factorial(k) * mpmath.exp(-a * a / 4) * mpmath.pcfd(-k - 1, -a)
            / mpmath.sqrt(2 * mpmath.pi)
        )


class OwenT(_Opaque):
    r"""T(h, a) = (1 / 2 pi) int_0^a exp(-h^2 (1 + x^2) / 2) / (1 + x^2) dx.

    References
    ----------
    Owen, Ann. Math. Statist. 27, 1075 (1956).

    Examples
    --------
    >>> h, a = sp.symbols("h a")
    >>> OwenT(0, a), OwenT(-h, -a), OwenT(h, 0)
    (atan(a)/(2*pi), -OwenT(h, a), 0)
    >>> OwenT(h, a).diff(h)
    -(NormalCDF(a*h) - 1/2)*NormalPDF(h)
    """

    nargs = 2
    tex = "T"

    @classmethod
    def eval(cls, h: Any, a: Any) -> sp.Expr | None:
        """Special points; even in h and odd in a."""
        if a.is_zero or h.is_infinite:
            return sp.S.Zero
        if h.is_zero:
            return sp.atan(a) / (2 * sp.pi)
        if a is sp.oo:
            return NormalCDF(-sp.Abs(h)) / 2
        if a is sp.S.One:
            return NormalCDF(h) * (1 - NormalCDF(h)) / 2
        if h.could_extract_minus_sign():
            return cls(-h, a)
        return -cls(h, -a) if a.could_extract_minus_sign() else None

    def fdiff(self, argindex: int = 1) -> sp.Expr:
        """Derivatives, both elementary up to the distribution function."""
        h, a = self.args
        if argindex == 1:
            return -NormalPDF(h) * (NormalCDF(a * h) - sp.S.Half)
        if argindex == 2:
            return sp.exp(-(h**2) * (1 + a**2) / 2) / (2 * sp.pi * (1 + a**2))
        raise ArgumentIndexError(self, argindex)

    def _mpmath(self, h: Any, a: Any) -> Any:
        peak = mpmath.exp(-h * h / 2)
        width = 1 / max(1, abs(h))  # the integrand falls off on this scale
        ends, x = [mpmath.mpf(0)], width
        while x < abs(a) and h * h * x * x / 2 < mpmath.mp.prec:
            ends.append(x)
            x *= 2
        ends.append(min(x, abs(a)))
        value = mpmath.quad(lambda x: mpmath.exp(-((h * x) ** 2) / 2) / (1 + x * x), ends)
        return mpmath.sign(a) * peak * value / (2 * mpmath.pi)


@explained
def hermite(n: int, x: Any) -> Any:
    """Hermite polynomial He_n(x) of the probabilists, by its recurrence, expanded.

    Examples
    --------
    >>> hermite(3, sp.Symbol("x"))
    x**3 - 3*x
    """
    n, x = _degree(n), _argument(x)
    if x.has(sp.oo, -sp.oo, sp.zoo, sp.nan):
        raise DomainError(f"Hermite polynomial of {x}; pass a finite number or an expression")
    older, newer = sp.S.Zero, sp.S.One
    t = sp.Dummy("t")
    for k in range(n):
        older, newer = newer, sp.expand(t * newer - k * older)
    return newer.subs(t, x)


@explained
def pdf_derivative(n: int, x: Any) -> sp.Expr:
    """n-th derivative of the normal density, (-1)^n He_n(x) phi(x).

    Examples
    --------
    >>> pdf_derivative(2, sp.Symbol("x"))
    (x**2 - 1)*NormalPDF(x)
    """
    return hermite(n, x) * (-1) ** _degree(n) * NormalPDF(x)
