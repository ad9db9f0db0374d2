"""Where a function of one variable is finite, and for which normal laws its mean is.

Both are numeric checks of an exact expression, by mpmath, whose exponents have no limit.
"""

import math
from collections.abc import Callable
from functools import lru_cache
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import mpmath
import sympy as sp
from mpmath.libmp import NoConvergence

from ..errors import DivergenceError, DomainError

if TYPE_CHECKING:
    from .base import Activation

_REACH = (10, 30, 100, 300, 1e3, 1e4, 1e5, 1e10, 1e20, 1e40, 1e80, 1e160, 1e300)
# places at each reach, since the growth may oscillate
_SPREAD = tuple(1 + 0.0917 * k for k in range(8))
_SMALL = 1e-9  # a rate below this at 1e5 and beyond is that of a slower function
_GRID: tuple[Any, ...] = tuple(sp.Rational(k, 2) for k in range(-16, 17))
_STEPS = 60  # halvings between two signs
# what mpmath raises where a function has no value: by its own checks, or by those of Python where
# a special function got an argument that it does not expect
_FAILED = (
    ValueError, ArithmeticError, TypeError, NotImplementedError, KeyError, NoConvergence,
)


def _function(expr: sp.Expr, z: sp.Symbol) -> Callable[[Any], Any]:
    try:
        return sp.lambdify(z, expr, modules="mpmath")
    except NotImplementedError as error:  # such as of derivatives and indefinite integrals
        raise DomainError(f"activation {expr} has no numbers as values; write it out") from error


@lru_cache(maxsize=256)
def growth(expr: sp.Expr, z: sp.Symbol, side: int) -> float:
    """lim sup of log |f(z)| / z^2 as z -> side * oo, at least 0; infinite for faster functions.

    Functions whose values cannot be found far out count by those that were.

    Examples
    --------
    >>> z = sp.Symbol("z", real=True)
    >>> growth(sp.exp(z**2 / 4), z, 1), growth(sp.cosh(z), z, -1), growth(sp.exp(z**3), z, 1)
    (0.25, 0.0, inf)
    """
    f, rates, steep = _function(expr, z), [0.0, 0.0, 0.0], 0
    for before, reach in pairwise((1, *_REACH)):
        found = [_rate(f, side * reach * t) for t in _SPREAD]
        if any(map(math.isnan, found)):
            break
        rate = max(found)
        if reach >= 1e5 and rate <= _SMALL:
            return 0.0
        steep = steep + 1 if rates[-1] and rate > rates[-1] * (reach / before) ** 0.9 else 0
        if rate == math.inf or steep == 2:
            return math.inf
        rates.append(rate)
        if reach >= 1e5 and max(rates[-3:]) - min(rates[-3:]) <= 1e-3 * rate:
            break
    last, older = rates[-1], rates[-2]
    if abs(last - older) <= 0.2 * last:
        return last
    return math.inf if last > older else 0.0


def _rate(f: Callable[[Any], Any], point: float) -> float:
    """log |f| / z^2 at a point, at least 0; NaN where f has no value that can be found."""
    try:
        with mpmath.workdps(20):
            value = abs(f(mpmath.mpf(point)))
            if value == 0:
                return 0.0
            return max(0.0, float(mpmath.log(value) / mpmath.mpf(point) ** 2))
    except _FAILED:
        return math.nan


@lru_cache(maxsize=256)
def singular_point(expr: sp.Expr, z: sp.Symbol, interval: Any) -> Any:
    """A point of an interval where a function is found not to be real and finite, or None.

    Looked for on a grid around zero, and by halving between two signs. Poles without a change of
    sign off the grid are not found.

    Examples
    --------
    >>> z = sp.Symbol("z", real=True)
    >>> singular_point(sp.gamma(z**2), z, sp.S.Reals), singular_point(sp.erf(z), z, sp.S.Reals)
    (0, None)
    """
    f = _function(expr, z)
    known = []
    for point in (p for p in _GRID if interval.contains(p) == True):  # noqa: E712
        value = _value(f, point)
        if value is None:
            return point
        known.append((mpmath.mpf(point.p) / point.q, value))
    for (left, a), (right, b) in pairwise(known):
        if a * b >= 0:
            continue
        largest = 1e3 * max(abs(a), abs(b))
        for _ in range(_STEPS):
            middle = (left + right) / 2
            value = _value(f, middle)
            if value is None or abs(value) > 1e6 * largest:
                return sp.Float(middle, 6)
            if value == 0:
                break
            left, right = (middle, right) if value * a > 0 else (left, middle)
    return None


def _value(f: Callable[[Any], Any], point: Any) -> Any:
    """A real and finite value, or None."""
    try:
        with mpmath.workdps(30):
            value = f(mpmath.mpf(point.p) / point.q if isinstance(point, sp.Rational) else point)
            if isinstance(value, mpmath.mpc):
                if abs(value.imag) > mpmath.mpf(10) ** -20 * max(1, abs(value.real)):
                    return None
                value = value.real
            return value if mpmath.isfinite(value) else None
    except _FAILED:
        return None


def check_gaussian_mean(activation: "Activation", p: int, variance: Any) -> float:
    """The share of the largest variance for which E |phi|^p is finite that a variance takes.

    Parameters
    ----------
    activation
        phi.
    p
        Power.
    variance
        The largest variance of a normal law, not zero.

    Returns
    -------
    float
        From 0, for functions that grow slower than every exp(c z^2), to below 1.

    Raises
    ------
    DivergenceError
        If the mean is infinite.

    Examples
    --------
    >>> from cumulant_theory.activations import Custom, ReLU
    >>> z = sp.Symbol("z")
    >>> check_gaussian_mean(ReLU(), 1, 100.0), check_gaussian_mean(Custom(sp.exp(z**2)), 1, 0.125)
    (0.0, 0.25)
    """
    rate = p * activation.growth
    if rate == 0:
        return 0.0
    share = 2 * rate * float(variance)
    if share < 1 - 1e-6:
        return share
    power = "" if p == 1 else f"^{p}"
    if rate == math.inf:
        raise DivergenceError(
            f"{activation!r} grows faster than every exp(c z^2), so no normal law has a finite "
            "mean of it; take a function that grows slower"
        )
    raise DivergenceError(
        f"{activation!r}{power} grows like exp({rate:.6g} z^2), so its mean is finite for normal "
        f"laws of variance below {1 / (2 * rate):.6g} alone, and the variance is "
        f"{float(variance):.6g}; scale the weights down, or take a function that grows slower"
    )
