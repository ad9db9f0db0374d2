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

Omega = Callable[[int, int], Any]  # (m, p) -> omega^(m) of phi^p, one value per unit




class Pairs:
    """Standardised second-order data of Gaussian units, shared by all powers.

    Attributes
    ----------
    rho : array (n, n)
        Correlations, zero on the diagonal and where a variance is zero.
    largest : float
        Largest absolute correlation.
    """

    def __init__(self, xp: Any, mean: Any, cov: Any) -> None:
        self.xp = xp
        variance = xp.diagonal(cov)
        scale = xp.sqrt(xp.where(variance > 0, variance, xp.asarray(1.0)))
        rho = cov / scale[:, None] / scale[None, :]
        self.rho = xp.with_diagonal(rho, 0.0)
        self.cov = xp.with_diagonal(cov, 0.0)
        self.scale, self.mean = scale, mean
        self.largest = float(xp.detached(abs(self.rho)).max(initial=0.0))
        self._memo: dict[Any, Any] = {}

    def once(self, key: Any, value: Callable[[], Any]) -> Any:
        """A value computed at first use."""
        if key not in self._memo:
            self._memo[key] = value()
        return self._memo[key]


class PointwiseMap(ABC):
    """A numeric pointwise map phi."""

    name: str
    degree: int | None = None
    bounds: tuple[float, float] = (-math.inf, math.inf)

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
        positive = variance > 0
        degenerate = not bool(positive.all())
        s = xp.sqrt(xp.where(positive, variance, xp.asarray(1.0)) if degenerate else variance)
        a = mean / s

        @cache
        def partial(k: int) -> Any:  # E[(a + g)_+^k]; below 0 derivatives of the density
            if k == -1:
                return xp.exp(-0.5 * a * a) * (1 / math.sqrt(2 * math.pi))
            if k == 0:
                return xp.ndtr(a)
            if k > 0:
                older = partial(k - 2)
                return a * partial(k - 1) + (older if k < 3 else (k - 1) * older)
            return -a * partial(k + 1) + ((k + 2) * partial(k + 2) if k < -2 else 0.0)

        @cache
        def full(k: int) -> Any:
            return 1 + 0 * a if k == 0 else a if k == 1 else a * full(k - 1) + (k - 1) * full(k - 2)

        @cache
        def power(k: int) -> Any:
            if k < 0:
                return 1 / power(-k)
            return s if k == 1 else s * power(k - 1)

        @cache
        def value(m: int, p: int) -> Any:
            k, jump = self.d * p, self.right**p - self.left**p
            result = 0 * a
            if jump:
                result = (jump * math.perm(k, min(m, k))) * partial(k - m)
            if self.left and m <= k:
                result = result + (self.left**p * math.perm(k, m)) * full(k - m)
            if k != m:
                result = result * power(k - m)
            if degenerate:
                z = xp.where(mean > 0, self.right * mean**self.d, self.left * mean**self.d) ** p
                result = xp.where(positive, result, z if m == 0 else 0 * z)
            return result

        return value

    def covariance(self, p: int, q: int, omega: Omega, pairs: Pairs) -> Any:
        if p < q:
            return self.covariance(q, p, omega, pairs).T
        xp, k, least = pairs.xp, self.d * p, self.d * q
        total = 0.0
        for j in range(1, k + 1):
            term = omega(j, p)[:, None] * omega(j, q)[None, :]
            total = total + term * power_of(pairs, j)
        jump = (self.right**p - self.left**p) * (self.right**q - self.left**q)
        if not jump or pairs.largest == 0:
            return total + xp.zeros(*pairs.rho.shape)
        # the derivatives of order k + 1 are deltas, so the remainder is an integral of the density
        jump *= math.factorial(least) / (2 * math.pi)
        rest = self._remainder(k, k - least, pairs)
        for side, size in ((pairs.scale[:, None], k), (pairs.scale[None, :], least)):
            rest = rest if size == 0 else rest * side**size
        return total + jump * rest

    def _remainder(self, k: int, d: int, pairs: Pairs) -> Any:
        """Integral of (rho - r)^k (-d/dx_j)^d density(x_i, x_j; r) over r, at the kink."""
        a = pairs.mean / pairs.scale
        ai, aj = a[:, None], a[None, :]
        total = 0.0
        nodes = pairs.once("nodes", lambda: _nodes(pairs, ai, aj))
        for term, (_, r, smooth) in zip(_weighted(pairs, nodes, k), nodes, strict=True):
            if d:
                h = (aj - r * ai) / smooth
                term = term * (-h if d == 1 else h * h - 1 / smooth)
            total = total + term
        return total


def power_of(pairs: Pairs, j: int) -> Any:
    """cov^j / j!."""
    if j == 1:
        return pairs.cov
    return pairs.once(("power", j), lambda: power_of(pairs, j - 1) * pairs.cov * (1 / j))


def _weighted(pairs: Pairs, nodes: Any, k: int) -> list[Any]:
    """Weights times (rho - r)^k."""
    if k == 0:
        return [weight for weight, _, _ in nodes]
    return pairs.once(("weighted", k), lambda: [
        w * (pairs.rho - r)
        for w, (_, r, _) in zip(_weighted(pairs, nodes, k - 1), nodes, strict=True)
    ])  # fmt: skip


def _nodes(pairs: Pairs, ai: Any, aj: Any) -> list[tuple[Any, Any, Any]]:
    """Nodes r in (0, rho), weights times 2 pi density of the pair at (0, 0), and 1 - r^2.

    Plain Gauss-Legendre converges as the ellipse around (0, rho) up to the branch point 1;
    above 0.8 the substitution r = sin t removes the branch point.
    """
    xp, top = pairs.xp, pairs.largest
    plain = top < 0.8
    if plain:
        z = 2 / top - 1
        count = math.ceil(-math.log(xp.epsilon) / (2 * math.log(z + math.sqrt(z * z - 1)))) + 1
    else:
        count = 24 if xp.epsilon > 1e-10 else 48
        angle = xp.arcsin(xp.where(abs(pairs.rho) < 1 - 4 * xp.epsilon, pairs.rho,
                                   pairs.rho * (1 - 4 * xp.epsilon)))
    product, square = ai * aj, 0.5 * (ai - aj) ** 2
    found = []
    for x, w in zip(*_legendre(count), strict=True):
        r = x * pairs.rho if plain else xp.sin(x * angle)
        smooth = 1 - r * r
        value = xp.exp(-square / smooth - product / (1 + r))
        value = value * (w * pairs.rho / xp.sqrt(smooth)) if plain else value * (w * angle)
        found.append((value, r, smooth))
    return found


@lru_cache(maxsize=128)
def _legendre(count: int) -> tuple[list[float], list[float]]:
    x, w = np.polynomial.legendre.leggauss(count)
    return [float(v) for v in (x + 1) / 2], [float(v) for v in w / 2]


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
            total = total + omega(j, p)[:, None] * omega(j, q)[None, :] * power_of(pairs, j)
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
