"""Wick coefficients of an activation over arrays of means and variances."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from math import factorial, perm
from typing import Any, ClassVar

import numpy as np
import sympy as sp
from scipy.special import erf, ndtr

from cumulant_theory import activations
from cumulant_theory.activations import Activation
from cumulant_theory.activations.base import check_wick_orders
from cumulant_theory.activations.growth import check_gaussian_mean
from cumulant_theory.arguments import explained
from cumulant_theory.errors import DomainError, ShapeError
from cumulant_theory.latex.html import Record

from ..backends import get_backend
from ..backends.numpy import as_float64, is_tensor
from .jets import jets, knots
from .moments import density, full_moment, hermite, partial_moment, signed_moment
from .quadrature import EPS, check_reach, integrate

Array = np.ndarray
Estimate = tuple[Array, Array]  # values, bounds on their absolute errors

# Relative errors up to this many epsilon, times 4 + (mu / sigma)^2, need no other route.
_TRUSTED = 64


@dataclass(frozen=True)
class WickValues(Record):
    """Values of one Wick coefficient.

    Parameters
    ----------
    values
        Array or tensor of the shape of the means and variances, broadcast.
    exact
        Whether all come from a closed form; otherwise some are quadratures.
    error
        Estimated relative error of each, rounding included; large where the coefficient crosses
        zero, infinite where only rounding is left.
    """

    values: Any
    exact: bool
    error: Any


@explained
def wick(
    activation: Activation, m: int, p: int = 1, mean: Any = 0.0, variance: Any = 1.0
) -> WickValues:
    """Gaussian Wick coefficient omega^(m) of phi^p in float64.

    omega^(m) = d^m/dmu^m E phi(N(mu, v))^p = v^{-m/2} E[phi(mu + sqrt(v) g)^p He_m(g)].

    Parameters
    ----------
    activation
        From :mod:`cumulant_theory.activations`, without free parameters.
    m, p
        Number of derivatives, 0, 1, ..., and power, 1, 2, ...
    mean, variance
        Numbers, arrays or torch tensors that broadcast. A variance of 0 gives the derivative at
        the mean.

    Returns
    -------
    WickValues
        Tensors if a tensor was given; these can be differentiated any number of times by mean
        and variance, through omega^(m+1) and omega^(m+2) / 2.

    Raises
    ------
    OrderError
        If m or p is out of range.
    ShapeError
        If mean and variance do not broadcast.
    DomainError
        If a variance is negative, an argument is not finite, the activation has free parameters,
        a derivative does not exist, or a value overflows.
    DivergenceError
        If the activation grows so fast that a mean is infinite.

    References
    ----------
    Gautschi, SIAM Rev. 9, 24 (1967), on minimal solutions of recurrences; Piessens et al.,
    QUADPACK (1983).

    Examples
    --------
    >>> from cumulant_theory.activations import ReLU
    >>> wick(ReLU(), 1, mean=[-1.0, 0.0, 1.0]).values.round(6)
    array([0.158655, 0.5     , 0.841345])
    """
    if not isinstance(activation, Activation):
        raise DomainError(
            f"wick: {activation!r} is no activation; pass one of cumulant_theory.activations"
        )
    m, p = check_wick_orders(activation, m, p)
    mean, variance = (
        x if is_tensor(x) else as_float64(x, name)
        for x, name in ((mean, "mean"), (variance, "variance"))
    )
    try:
        np.broadcast_shapes(np.shape(mean), np.shape(variance))
    except (ValueError, RuntimeError) as error:
        raise ShapeError(
            f"{activation!r}: mean and variance do not broadcast to one shape: {error}"
        ) from None
    if is_tensor(mean) or is_tensor(variance):
        backend: Any = get_backend("torch")
        values, error, exact = backend.smooth(Coefficient(activation, m, p), (mean, variance))
        return WickValues(values, bool(exact), error)
    mu, v = np.broadcast_arrays(mean, variance)
    if not (np.isfinite(mu).all() and np.isfinite(v).all()):
        raise DomainError(f"{activation!r}: a mean or variance is not finite")
    if (v < 0).any():
        raise DomainError(f"{activation!r}: the variance {v.min()} is negative; pass one above 0")
    jets(activation, p, 0)  # refuses free parameters
    _check_growth(activation, p, mu, v)
    shape, mu, v = mu.shape, mu.ravel(), v.ravel()
    with np.errstate(all="ignore"):
        sharp = v == 0
        if sharp.any():
            values, errors, exact = np.empty_like(mu), np.empty_like(mu), True
            values[sharp], errors[sharp] = _at_points(activation, m, p, mu[sharp])
            if not sharp.all():
                values[~sharp], errors[~sharp], exact = _spread(
                    activation, m, p, mu[~sharp], v[~sharp]
                )
        else:
            values, errors, exact = _spread(activation, m, p, mu, v)
        if not np.isfinite(values).all():
            raise DomainError(
                f"omega^({m}) of {activation!r}^{p} leaves the finite float64 numbers at mean "
                f"{mu[~np.isfinite(values)][0]}; rescale the means or variances"
            )
        relative = np.where(errors == 0, 0.0, errors / np.abs(values))
    return WickValues(values.reshape(shape), exact, relative.reshape(shape))


def _check_growth(activation: Activation, p: int, mu: Array, v: Array) -> None:
    """Raise unless the means of phi^p are finite and lie within the reach of the quadrature."""
    if activation.growth and v.any():
        check_gaussian_mean(activation, p, v.max())
        left = 1 - 2 * p * activation.growth * v
        check_reach(repr(activation), mu, np.sqrt(v), mu / left, np.sqrt(v / left))


@dataclass(frozen=True)
class Coefficient:
    """omega^(m) of phi^p as a function of (mean, variance)."""

    activation: Activation
    m: int
    p: int

    names: ClassVar[tuple[str, ...]] = ("mean", "variance")

    def __call__(self, mean: Any, variance: Any) -> tuple[Any, Any, Any]:
        """Values, errors, exactness."""
        found = wick(self.activation, self.m, self.p, mean, variance)
        return found.values, found.error, np.asarray(found.exact)

    @property
    def slopes(self) -> Any:
        """By argument: sum of coefficient * product of (function, its arguments' positions)."""
        return tuple(
            ((factor, ((Coefficient(self.activation, self.m + k, self.p), (0, 1)),)),)
            for k, factor in ((1, 1.0), (2, 0.5))
        )


def _spread(
    activation: Activation, m: int, p: int, mu: Array, v: Array
) -> tuple[Array, Array, bool]:
    """Values, absolute errors and whether all are closed forms, for positive variances."""
    s = np.sqrt(v)
    odd = _parity(activation, p) * (-1) ** m == -1
    closed = closed_form(activation, p)
    if closed is not None:
        values, errors = closed(activation, m, p, mu, s)
        if not isinstance(activation, activations.Sin | activations.Cos):
            return values, errors, True
    else:
        values, errors = integrate(activation, m, p, m, mu, s, odd)
    exact = closed is not None
    if odd:
        values[mu == 0] = errors[mu == 0] = 0
    # a trigonometric sum is worse than its integral where the variance is small, and only there
    for j in (m,) if closed is not None else range(m - 1, -1, -1):
        doubtful = errors > _TRUSTED * EPS * (4 + (mu / s) ** 2) * np.abs(values)
        if not doubtful.any():
            break
        other, wrong = integrate(activation, m, p, j, mu[doubtful], s[doubtful])
        better = wrong < errors[doubtful]
        place = np.flatnonzero(doubtful)[better]
        values[place], errors[place] = other[better], wrong[better]
        exact = exact and not better.any()
    return values, errors, exact


@lru_cache(maxsize=1024)
def _parity(activation: Activation, p: int) -> int:
    """1 if phi^p is even, -1 if odd, 0 otherwise."""
    if activation.is_even or (activation.is_odd and p % 2 == 0):
        return 1
    return -1 if activation.is_odd else 0


def _at_points(activation: Activation, m: int, p: int, mu: Array) -> Estimate:
    """m-th derivative of phi^p at points."""
    places = knots(activation)
    values, errors = np.empty_like(mu), np.empty_like(mu)
    piece = np.searchsorted(np.array(places), mu, side="right")
    for k, jet in enumerate(jets(activation, p, m)):
        here = piece == k
        values[here], size = jet(mu[here])
        errors[here] = 4 * EPS * size
    for c in set(places) & set(mu.tolist()):
        exact = activation.wick(m, p, activation.knots[places.index(c)], 0)
        values[mu == c], errors[mu == c] = float(exact.expr), EPS * abs(float(exact.expr))
    return values, errors


# ---------------------------------------------------------------------- closed forms

Closed = Callable[[Any, int, int, Array, Array], Estimate]


@lru_cache(maxsize=1024)
def closed_form(activation: Activation, p: int) -> Closed | None:
    """Evaluator of the closed form of the coefficients of phi^p, or None."""
    if activation.coefficients is not None:
        return _polynomial
    if isinstance(activation, activations.Sin | activations.Cos):
        return _trigonometric
    if isinstance(activation, activations.Exp):
        return _exponential
    if p == 1 and isinstance(activation, activations.Erf):
        return _erf
    if p == 1 and isinstance(activation, activations.GELU):
        return _gelu
    z = sp.Dummy("z")
    if len(activation.knots) == 1 and all(f.is_polynomial(z) for f in activation.pieces(z)):
        return _one_knot
    return None


@lru_cache(maxsize=1024)
def _knot_terms(activation: Activation, p: int) -> tuple[tuple[int, float, float, float], ...]:
    """(k, r, l, r - l) with phi^p = r (z - c)^k right and l (z - c)^k left of the knot, summed."""
    z = sp.Dummy("z")
    rows = [
        sp.Poly(sp.expand((f**p).subs(z, z + activation.knots[0])), z)
        for f in activation.pieces(z)
    ]
    degree = max(max(row.degree(), 0) for row in rows)
    found = []
    for k in range(int(degree) + 1):
        left, right = (row.coeff_monomial(z**k) for row in rows)
        if left != 0 or right != 0:
            found.append((k, float(right), float(left), float(right - left)))
    return tuple(found)


def _one_knot(activation: Activation, m: int, p: int, mu: Array, s: Array) -> Estimate:
    a = (mu - float(activation.knots[0])) / s if activation.knots[0] != 0 else mu / s
    values, errors = np.zeros_like(a), np.zeros_like(a)
    for k, right, left, jump in _knot_terms(activation, p):
        n = k - m
        if n >= 0:
            term, wrong = _two_sided(n, right, (-1) ** n * left, a)
            factor = perm(k, m)
        elif jump:
            he, size = hermite(-n - 1, a)
            factor = factorial(k) * jump * (-1) ** (-n - 1)
            weight = density(a)
            term, wrong = he * weight, weight * (size + np.abs(he) * (4 + a * a))
        else:
            continue
        factor = factor * s**n
        values += factor * term
        errors += EPS * np.abs(factor) * wrong
    return values, errors


def _two_sided(n: int, right: float, left: float, a: Array) -> Estimate:
    """Right * M_n(a) + left * M_n(-a), by the way that cancels less; errors in epsilon."""
    even, odd = right + left, right - left
    if odd == 0:  # M_n(a) + M_n(-a)
        both = full_moment(n, a) if n % 2 == 0 else signed_moment(n, a)
        return right * both, np.abs(right * both) * (4 + 2 * n)
    if even == 0:
        both = full_moment(n, a) if n % 2 else signed_moment(n, a)
        return right * both, np.abs(right * both) * (4 + 2 * n)
    tail = 8 + 4 * n + a * a  # the density carries its exponent's error
    if left == 0:
        value = right * partial_moment(n, a)
        return value, np.abs(value) * np.where(a < 0, tail, 8 + 4 * n)
    one, two = right * partial_moment(n, a), left * partial_moment(n, -a)
    wrong = np.abs(one) * np.where(a < 0, tail, 8 + 4 * n)
    wrong += np.abs(two) * np.where(a > 0, tail, 8 + 4 * n)
    full, signed = full_moment(n, a), signed_moment(n, a)
    first, second = (full, signed) if n % 2 == 0 else (signed, full)
    first, second = even / 2 * first, odd / 2 * second
    other = (np.abs(first) + np.abs(second)) * (4 + 2 * n)
    better = other < wrong
    return np.where(better, first + second, one + two), np.where(better, other, wrong)


def _polynomial(activation: Activation, m: int, p: int, mu: Array, s: Array) -> Estimate:
    values, errors = np.zeros_like(mu), np.zeros_like(mu)
    moments = [np.ones_like(mu)]
    coefficients = _power(activation, p)
    previous = np.zeros_like(mu)
    for n in range(len(coefficients) - 1 - m):
        previous, newest = moments[-1], mu * moments[-1] + n * s * s * previous
        moments.append(newest)
    for k, c in enumerate(coefficients[m:], start=m):
        term = c * perm(k, m) * moments[k - m]
        values += term
        errors += EPS * (4 + 2 * k) * np.abs(term)
    return values, errors


@lru_cache(maxsize=1024)
def _power(activation: Activation, p: int) -> tuple[float, ...]:
    z = sp.Dummy("z")
    return tuple(
        float(c) for c in reversed(sp.Poly(activation.expr(z) ** p, z).all_coeffs())
    )


def _trigonometric(activation: Any, m: int, p: int, mu: Array, s: Array) -> Estimate:
    odd = _parity(activation, p) == -1
    waves = (np.sin, np.cos) if odd else (np.cos, np.sin)
    sign = 1 if (m + (not odd)) // 2 % 2 == 0 else -1
    values, errors = np.zeros_like(mu), np.zeros_like(mu)
    for c, n in activation.harmonics(p):
        exponent = (n * s) ** 2 / 2
        factor = sign * float(c) * n**m * np.exp(-exponent)
        wave = waves[m % 2](n * mu)
        turned = np.abs(n * mu) * np.minimum(1, np.abs(waves[1 - m % 2](n * mu)))
        values += factor * wave
        errors += EPS * np.abs(factor) * (np.abs(wave) * (4 + exponent) + turned)
    return values, errors


def _exponential(activation: Activation, m: int, p: int, mu: Array, s: Array) -> Estimate:
    exponent, square = p * mu, (p * s) ** 2 / 2
    values = p**m * np.exp(exponent + square)
    return values, EPS * (4 + np.abs(exponent) + square) * np.abs(values)


def _erf(activation: Activation, m: int, p: int, mu: Array, s: Array) -> Estimate:
    root = np.sqrt(1 + 2 * s * s)
    if m == 0:
        values = erf(mu / root)
        return values, 4 * EPS * np.abs(values)
    scale = np.sqrt(2) / root
    h = scale * mu
    he, size = hermite(m - 1, h)
    factor = 2 * (-1) ** (m - 1) * scale**m * density(h)
    return factor * he, EPS * np.abs(factor) * (size + np.abs(he) * (4 + m + h * h))


def _gelu(activation: Activation, m: int, p: int, mu: Array, s: Array) -> Estimate:
    v = s * s
    root = np.sqrt(1 + v)
    h = mu / root
    weight, tail = density(h), 8 + h * h
    if m == 0:
        one, two = mu * ndtr(h), v / root * weight
        wrong = (np.abs(one) + two) * tail
        first, second = root * partial_moment(1, h), weight / root
        other = (first + second) * tail
        better = other < wrong
        return (
            np.where(better, first - second, one + two), EPS * np.where(better, other, wrong)
        )
    if m == 1:
        one, two = ndtr(h), h * weight / (1 + v)
        return one + two, EPS * (one + np.abs(two)) * tail
    low, low_size = hermite(m - 2, h)
    high, high_size = hermite(m, h)
    factor = (-1) ** m * root ** (1 - m) * weight
    size = low_size + high_size / (1 + v) + (np.abs(low) + np.abs(high) / (1 + v)) * (m + tail)
    return factor * (low - high / (1 + v)), EPS * np.abs(factor) * size
