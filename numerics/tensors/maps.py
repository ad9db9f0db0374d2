"""Pointwise maps in numbers: Wick coefficients of powers, and Gaussian covariances of powers."""

import math
from abc import ABC, abstractmethod
from collections.abc import Callable
from functools import cache, lru_cache
from typing import Any

import numpy as np
import sympy as sp

from cumulant_theory import activations
from cumulant_theory.activations import Activation
from cumulant_theory.errors import DomainError

from ..gaussian.price import Pairs, mehler_term, remainder

Omega = Callable[[int, int], Any]  # (m, p) -> omega^(m) of phi^p, one value per unit


class PointwiseMap(ABC):
    """A numeric pointwise map phi."""

    name: str
    degree: int | None = None
    bounds: tuple[float, float] = (-math.inf, math.inf)
    alike: bool = True  # the same on every unit

    @abstractmethod
    def omega(self, xp: Any, mean: Any, variance: Any) -> Omega:
        """Wick coefficients of powers at these means and variances, cached."""

    @abstractmethod
    def covariance(self, p: int, q: int, omega: Omega, pairs: Pairs) -> Any:
        """Cov(phi(z_i)^p, phi(z_j)^q) of jointly normal units, for i != j; the diagonal is free."""


class Kink(PointwiseMap):
    """right * z^d above zero and left * z^d below, d = 0 or 1: step, sign, relu, leaky relu, abs.

    References
    ----------
    Price, IRE Trans. Inf. Theory 4, 69 (1958): derivatives of Gaussian means in a covariance.
    """

    def __init__(self, name: str, d: int, right: float, left: float) -> None:
        self.name = name
        self.d, self.right, self.left = d, right, left
        ends = (left, right) if d == 0 else (-math.inf * left if left else 0.0,
                                             math.inf * right if right else 0.0, 0.0)
        self.bounds = (min(ends), max(ends))

    def omega(self, xp: Any, mean: Any, variance: Any) -> Omega:
        return _KinkCoefficients(self, xp, mean, variance)

    def covariance(self, p: int, q: int, omega: Omega, pairs: Pairs) -> Any:
        if p < q:
            return self.covariance(q, p, omega, pairs).T
        xp, k, least = pairs.xp, self.d * p, self.d * q
        total = 0.0
        for j in range(1, k + 1):
            total = total + mehler_term(pairs, j, omega(j, p), omega(j, q))
        jump = (self.right**p - self.left**p) * (self.right**q - self.left**q)
        if not jump or pairs.largest == 0:
            return total + xp.zeros(*pairs.rho.shape)
        # the derivatives of order k + 1 are deltas, so the remainder is an integral of the density
        wanted = {(k, k - least), *((self.d * a, self.d * (a - b)) for a, b in pairs.wanted)}
        rest = remainder(pairs, (k, k - least), wanted)
        return total + rest * (jump * math.factorial(least) / (2 * math.pi))


class _KinkCoefficients:
    """Wick coefficients of powers of a `Kink`, by recurrences whose terms are kept."""

    def __init__(self, phi: Kink, xp: Any, mean: Any, variance: Any) -> None:
        self.phi, self.xp, self.mean = phi, xp, mean
        positive = variance > 0
        self.positive = None if bool(positive.all()) else positive
        if self.positive is not None:
            variance = xp.where(positive, variance, xp.asarray(1.0))
        self.variance = variance
        self._kept: dict[Any, Any] = {}

    def __call__(self, m: int, p: int) -> Any:
        kept = self._kept
        if (m, p) not in kept:
            kept[m, p] = self._value(m, p)
        return kept[m, p]

    def _value(self, m: int, p: int) -> Any:
        phi, k = self.phi, self.phi.d * p
        jump = (phi.right**p - phi.left**p) * math.perm(k, min(m, k))
        smooth = phi.left**p * math.perm(k, m)  # none beyond the power
        result = self._partial(k - m) if jump else 0 * self.mean
        if jump not in (0, 1):
            result = jump * result
        if smooth:
            result = result + smooth * self._full(k - m)
        if self.positive is not None:
            mean = self.mean
            z = self.xp.where(mean > 0, phi.right * mean**phi.d, phi.left * mean**phi.d) ** p
            result = self.xp.where(self.positive, result, z if m == 0 else 0 * z)
        return result

    def _partial(self, k: int) -> Any:
        """E[z_+^k]; below 0 derivatives of the density at 0 in the mean."""
        key = "partial", k
        if key not in self._kept:
            xp, mean, variance = self.xp, self.mean, self.variance
            if k in (-1, 0):
                scale = xp.sqrt(variance)
                a = mean / scale
                self._kept["partial", 0] = xp.ndtr(a)
                self._kept["partial", -1] = xp.exp(-0.5 * a * a) / (math.sqrt(2 * math.pi) * scale)
            elif k > 0:
                older = variance * self._partial(k - 2)
                older = older if k < 3 else (k - 1) * older
                self._kept[key] = mean * self._partial(k - 1) + older
            else:
                older = mean * self._partial(k + 1)
                older = older if k == -2 else older - (k + 2) * self._partial(k + 2)
                self._kept[key] = -older / variance
        return self._kept[key]

    def _full(self, k: int) -> Any:
        """E[z^k]."""
        key = "full", k
        if key not in self._kept:
            mean = self.mean
            self._kept[key] = (
                1 + 0 * mean if k == 0 else mean if k == 1
                else mean * self._full(k - 1) + (k - 1) * self.variance * self._full(k - 2)
            )
        return self._kept[key]


class PolynomialMap(PointwiseMap):
    """sum_k a_k z^k."""

    def __init__(self, name: str, coefficients: tuple[float, ...]) -> None:
        self.name = name
        self.coefficients = coefficients
        self.degree = len(coefficients) - 1

    def omega(self, xp: Any, mean: Any, variance: Any) -> Omega:
        @cache
        def moment(k: int) -> Any:
            if k < 2:
                return mean if k else 1 + 0 * mean
            return mean * moment(k - 1) + (k - 1) * variance * moment(k - 2)

        @cache
        def value(m: int, p: int) -> Any:
            total = 0 * mean
            for k, c in enumerate(self._power(p)):
                if k >= m and c:
                    total = total + float(c) * math.perm(k, m) * moment(k - m)
            return total

        return value

    def _power(self, p: int) -> np.ndarray:
        result = np.ones(1)
        for _ in range(p):
            result = np.convolve(result, self.coefficients)
        return result

    def covariance(self, p: int, q: int, omega: Omega, pairs: Pairs) -> Any:
        total = pairs.xp.zeros(*pairs.rho.shape)
        for j in range(1, len(self.coefficients[1:]) * min(p, q) + 1):
            total = total + mehler_term(pairs, j, omega(j, p), omega(j, q))
        return total


@lru_cache(maxsize=64)
def as_map(activation: Any) -> PointwiseMap:
    """The numeric map of an activation, given as object or by name.

    Raises
    ------
    DomainError
        If it has free parameters or is no activation.
    UnknownNameError
        If there is none of that name.

    Examples
    --------
    >>> as_map("relu").name, as_map("square").degree
    ('relu', 2)
    """
    if isinstance(activation, PointwiseMap):
        return activation
    given = activations.get(activation) if isinstance(activation, str) else activation
    if not isinstance(given, Activation):
        raise DomainError(
            f"{activation!r} is no activation; pass one of cumulant_theory.activations or its name"
        )
    if given.parameters:
        raise DomainError(
            f"{given!r} has the free parameters {', '.join(map(str, given.parameters))}; "
            "give them numbers"
        )
    if given.coefficients is not None:
        return PolynomialMap(given.name, tuple(float(c) for c in given.coefficients))
    kink = _as_kink(given)
    if kink is not None:
        return kink
    from .general import GeneralMap

    return GeneralMap(given)


def _as_kink(activation: Activation) -> Kink | None:
    """left z^d and right z^d around a single knot at zero, or None."""
    z = sp.Dummy("z", real=True)
    if activation.knots != (sp.S.Zero,):
        return None
    left, right = (sp.expand(f) for f in activation.pieces(z))
    for d in (0, 1):
        slopes = [sp.expand(f / z**d) for f in (left, right)]
        if all(s.is_number for s in slopes):
            return Kink(activation.name, d, float(slopes[1]), float(slopes[0]))
    return None
