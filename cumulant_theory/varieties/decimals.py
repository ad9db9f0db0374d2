"""Decimals of exact numbers, roots of polynomials among them."""

from functools import lru_cache
from typing import Any

import mpmath
import sympy as sp

from ..algebra import real_roots
from ..latex import latex
from ..latex.html import Markup, formula

DIGITS = 40
_GUARD = 20
_SMALL = 25
_SHOWN = 24


def approximate(value: Any, digits: int = DIGITS) -> Any:
    """An exact number as an mpmath number.

    Roots of polynomials are enclosed; the secant method of their own evalf may not end where the
    coefficients are long.

    Examples
    --------
    >>> x = sp.Symbol("x")
    >>> mpmath.nstr(approximate(2 * sp.CRootOf(x**3 - x - 1, 0)), 12)
    '2.64943591449'
    """
    with mpmath.workdps(digits + _GUARD):
        number = +_value(sp.sympify(value))
    return number.real if number.imag == 0 else number


def _value(e: Any) -> Any:
    """The number in the working precision."""
    if e.is_Rational:
        return mpmath.mpf(int(e.p)) / int(e.q)
    if e.is_Add:
        return mpmath.fsum(map(_value, e.args))
    if e.is_Mul:
        return mpmath.fprod(map(_value, e.args))
    if e.is_Pow and e.exp.is_Integer:
        return _value(e.base) ** int(e.exp)
    return _atom(e, mpmath.mp.dps)


@lru_cache(maxsize=2**12)
def _atom(e: Any, digits: int) -> Any:
    if isinstance(e, sp.CRootOf):
        coefficients: Any = e.poly.all_coeffs()
        roots = real_roots([int(c) for c in reversed(coefficients)], 4 * digits)
        if e.index < len(roots):  # real roots come first
            low, high = roots[e.index]
            middle = (low + high) / 2
            return mpmath.mpc(mpmath.mpf(middle.numerator) / middle.denominator)
        root: Any = e.eval_rational(n=digits)
        return mpmath.mpc(*map(_value, root.as_real_imag()))
    parts: Any = sp.N(e, digits).as_real_imag()
    return mpmath.mpc(*(sp.Float(part, digits)._to_mpmath(mpmath.mp.prec) for part in parts))


def is_small(value: Any, scale: Any = 1) -> bool:
    """Whether a number may be zero as far as the digits kept can tell."""
    return bool(abs(value) < mpmath.mpf(10) ** -_SMALL * max(1, abs(scale)))


def is_long(value: Any) -> bool:
    """Whether a number is better read as decimals."""
    return len(str(value)) > _SHOWN and not value.free_symbols


def shown(value: Any, digits: int = 6) -> str:
    """Text: the exact number where it is short, decimals otherwise.

    Examples
    --------
    >>> shown(sp.Rational(1, 3)), shown(sp.sqrt(2) / 3 + sp.root(5, 7) + sp.root(11, 3) ** 2)
    ('1/3', '6.67599')
    """
    return str(mpmath.nstr(approximate(value), digits)) if is_long(value) else str(value)


def shown_latex(value: Any) -> str:
    """As :func:`shown`, in LaTeX."""
    if not is_long(value):
        return latex(value)
    number = approximate(value)
    real, imaginary = (sp.Float(mpmath.nstr(p, 6), 6) for p in (mpmath.re(number),
                                                                mpmath.im(number)))
    return latex(real + imaginary * sp.I if imaginary else real)


def shown_html(value: Any) -> Markup:
    """As :func:`shown`, as MathML, decimals behind a sign that says so.

    Examples
    --------
    >>> "≈" in shown_html(sp.sqrt(2) / 3 + sp.root(5, 7) + sp.root(11, 3) ** 2)
    True
    """
    return formula(rf"\approx {shown_latex(value)}" if is_long(value) else value)
