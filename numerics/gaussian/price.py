"""Gaussian pairs of all units of a layer at once, by Price's theorem.

The arrays may be of any library; what is needed of it is ``numerics.tensors.arrays``.
"""

import math
from collections.abc import Callable, Iterable
from functools import lru_cache
from typing import Any

import numpy as np

CHUNK = 2**15  # nodes of an integral at a time, so few that their arrays are used again


class Pairs:
    """Standardised second-order data of Gaussian units, shared by all powers.

    Attributes
    ----------
    rho : array (n, n)
        Correlations, zero on the diagonal and where a variance is zero.
    largest : float
        Largest absolute correlation.
    wanted : tuple of (int, int)
        Pairs of powers that will be asked for, where known.
    """

    xp: Any
    mean: Any
    cov: Any
    scale: Any
    rho: Any
    largest: float
    wanted: tuple[tuple[int, int], ...]

    def __init__(
        self, xp: Any, mean: Any, cov: Any, wanted: tuple[tuple[int, int], ...] = ()
    ) -> None:
        self.xp, self.wanted = xp, wanted
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


def mehler_term(pairs: Pairs, j: int, left: Any, right: Any) -> Any:
    """left_i right_j cov^j / j! over pairs, by powers of correlations and of deviations.

    No factor leaves the finite numbers before the product does.
    """
    factor = pairs.scale**j
    return (left * factor)[:, None] * (right * factor * (1 / math.factorial(j))) * _power(pairs, j)


def _power(pairs: Pairs, j: int) -> Any:
    """rho^j."""
    if j == 1:
        return pairs.rho
    return pairs.once(("power", j), lambda: _power(pairs, j - 1) * pairs.rho)


def remainder(pairs: Pairs, key: tuple[int, int], wanted: Iterable[tuple[int, int]] = ()) -> Any:
    """Remainder of the Mehler series of two functions with a kink at zero.

    The integral over t in (0, cov) of (cov - t)^k (-d/dz_j)^d density(z_i, z_j; t) at zero, times
    2 pi, for distinct units; the diagonal is free.

    Parameters
    ----------
    pairs : Pairs
    key : (int, int)
        k and d, the latter 0 to 2.
    wanted : iterable of (int, int)
        Others that will be asked for, found along with it.

    References
    ----------
    Price, IRE Trans. Inf. Theory 4, 69 (1958).
    """
    known = pairs.once("remainders", dict)
    if key not in known:
        known.update(_remainders(pairs, tuple(sorted({key, *wanted} - set(known)))))
    return known[key]


def _remainders(pairs: Pairs, keys: tuple[tuple[int, int], ...]) -> dict[tuple[int, int], Any]:
    """Remainders of several (k, d).

    With correlations r in place of t, plain Gauss-Legendre converges as the ellipse around
    (0, rho) up to the branch point 1; above 0.8 the substitution r = sin t removes it. Some rows
    at a time, so that all nodes stay in the cache.
    """
    xp, top, n = pairs.xp, pairs.largest, len(pairs.mean)
    rule, count = (_steep, 24 if xp.epsilon > 1e-10 else 48)
    if top < 0.8:
        rule, count = _plain, _count(top, xp.epsilon)
    step = max(1, CHUNK // (count * n))
    parts = [rule(pairs, slice(k, k + step), keys, count) for k in range(0, n, step)]
    if len(parts) == 1:
        return dict(zip(keys, parts[0], strict=True))
    joined = (xp.concat(list(rows), 0) for rows in zip(*parts, strict=True))
    return dict(zip(keys, joined, strict=True))


def _count(top: float, epsilon: float) -> int:
    """Nodes of the plain rule for correlations up to top.

    With E the sum of the half axes of the ellipse, n nodes leave at most 0.05 E^(-2n) of the
    standard deviations, as measured over means.
    """
    z = 2 / top - 1
    rate = 2 * math.log(z + math.sqrt(z * z - 1))
    return max(1, math.ceil(math.log(0.05 / epsilon) / rate))


def _plain(pairs: Pairs, rows: slice, keys: Any, count: int) -> list[Any]:
    """Remainders for small correlations: r = x rho, so that rho - r is (1 - x) rho."""
    xp, rho, scale = pairs.xp, pairs.rho[rows], pairs.scale
    a = pairs.mean / scale
    ai, aj = a[rows, None], a[None, :]
    x, w = _legendre(count)
    r = xp.asarray(x)[:, None, None] * rho
    steep = 1 / (1 - r * r)
    density = xp.exp((r * (ai * aj) - 0.5 * (ai * ai + aj * aj)) * steep) * xp.sqrt(steep)

    def total(weights: np.ndarray, values: Any) -> Any:
        return (xp.asarray(weights) @ values.reshape(count, -1)).reshape(rho.shape)

    factors, found = [rho], []
    first = density * steep if any(d for _, d in keys) else None
    for k, d in keys:
        while len(factors) <= k:
            factors.append(factors[-1] * rho)
        weights = w * (1 - x) ** k
        if d == 0:
            value = total(weights, density)
        elif d == 1:
            value = total(weights * x, first) * (rho * ai) - total(weights, first) * aj
        else:
            value = total(weights, density * _derived(r, steep, ai, aj, d))
        value = value * factors[k]
        if k:
            value = value * scale[rows, None] ** k * scale ** (k - d)
        found.append(value)
    return found


def _steep(pairs: Pairs, rows: slice, keys: Any, count: int) -> list[Any]:
    """Remainders for any correlation: r = sin(x angle), whose density has no branch point."""
    xp, rho, scale = pairs.xp, pairs.rho[rows], pairs.scale
    a, limit = pairs.mean / scale, 1 - 4 * xp.epsilon
    ai, aj = a[rows, None], a[None, :]
    x, w = _legendre(count)
    angle = xp.arcsin(xp.where(abs(rho) < limit, rho, rho * limit))
    r = xp.sin(xp.asarray(x)[:, None, None] * angle)
    steep = 1 / (1 - r * r)
    density = xp.exp(-0.5 * (ai - aj) ** 2 * steep - ai * aj / (1 + r))
    found = []
    for k, d in keys:
        term = density * (rho - r) ** k
        term = term * _derived(r, steep, ai, aj, d) if d else term
        total = (xp.asarray(w) @ term.reshape(count, -1)).reshape(rho.shape) * angle
        found.append(total * scale[rows, None] ** k * scale ** (k - d))
    return found


def _derived(r: Any, steep: Any, ai: Any, aj: Any, d: int) -> Any:
    """(-d/dx_j)^d of the density at nodes r over the density, given 1 / (1 - r^2); d = 1, 2."""
    h = (r * ai - aj) * steep
    return h if d == 1 else h * h - steep


@lru_cache(maxsize=128)
def _legendre(count: int) -> tuple[np.ndarray, np.ndarray]:
    x, w = np.polynomial.legendre.leggauss(count)
    return (x + 1) / 2, w / 2
