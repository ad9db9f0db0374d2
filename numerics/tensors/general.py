"""Any activation: Wick coefficients by quadrature, Gaussian pairs by a series or an integral."""

import math
from functools import cache, partial
from typing import Any

import numpy as np

from cumulant_theory.activations import Activation

from ..gaussian import pair
from ..gaussian.jets import jets, knots
from ..gaussian.price import Pairs, power_of
from .maps import Omega, PointwiseMap

REACH, PANELS, POINTS = 13.0, 40, 16  # of the quadrature, in standard deviations
TERMS = 60  # longest series in the correlation
TOLERANCE = 1e-9  # largest remainder accepted, relative to the two standard deviations


class GeneralMap(PointwiseMap):
    """Any activation without free parameters."""

    def __init__(self, activation: Activation) -> None:
        self.name, self.activation = activation.name or "custom", activation

    def omega(self, xp: Any, mean: Any, variance: Any) -> Omega:
        """By one quadrature for all orders."""

        values = _Values(self.activation, {})

        @cache
        def value(m: int, p: int) -> Any:
            return xp.wick(partial(values, p), m, mean, variance)

        return value

    def covariance(self, p: int, q: int, omega: Omega, pairs: Pairs) -> Any:
        """sum_k c^k / k! omega_i^(k) omega_j^(k), until the remainder is rounding.

        By Parseval the remainder behind k terms is at most |rho|^(k+1) times the roots of what is
        left of the two variances. Pairs so strongly correlated that the series is too long are
        integrated one by one, which takes milliseconds each.
        """
        xp = pairs.xp
        left = {r: self._variances(r, omega, xp) for r in (p, q)}
        room = {r: left[r].copy() for r in (p, q)}
        scale = xp.detached(pairs.scale).astype(float)
        goal, k = 64 * xp.epsilon, 0
        total = xp.zeros(*pairs.rho.shape)
        while k < TERMS:
            k += 1
            total = total + omega(k, p)[:, None] * omega(k, q)[None, :] * power_of(pairs, k)
            for r in {p, q}:
                taken = xp.detached(omega(k, r)).astype(float) * scale**k
                room[r] = np.maximum(room[r] - taken**2 / math.factorial(k), 0.0)
            share = [np.sqrt(_share(room[r], left[r])) for r in (p, q)]
            if pairs.largest ** (k + 1) * share[0].max() * share[1].max() <= goal:
                return total
        rho = abs(xp.detached(pairs.rho).astype(float))
        strong = rho ** (TERMS + 1) * share[0][:, None] * share[1] > max(goal, TOLERANCE)
        return self._integrated(p, q, total, pairs, strong) if strong.any() else total

    def _integrated(self, p: int, q: int, total: Any, pairs: Pairs, strong: np.ndarray) -> Any:
        """The same with other values at strongly correlated pairs."""
        xp, n = pairs.xp, len(strong)
        i, j = np.nonzero(np.triu(strong) if p == q else strong)
        limit = pairs.scale[i] * pairs.scale[j]
        cov = pairs.cov[i, j]
        cov = xp.where(abs(cov) < limit, cov, xp.where(cov > 0, limit, -limit))
        found = xp.asarray(pair(
            (self.activation, self.activation), (p, q), (pairs.mean[i], pairs.mean[j]),
            (pairs.scale[i] ** 2, pairs.scale[j] ** 2), cov,
        ))  # fmt: skip
        flat = xp.where(xp.flags(strong), 0 * total, total).reshape(-1)
        flat = xp.scatter(flat, i * n + j, found)
        if p == q:
            flat = xp.scatter(flat, j * n + i, found)
        return flat.reshape(n, n)

    def _variances(self, p: int, omega: Omega, xp: Any) -> np.ndarray:
        second, first = (xp.detached(omega(0, r)).astype(float) for r in (2 * p, p))
        return np.maximum(second - first**2, 0.0)


def _share(room: np.ndarray, whole: np.ndarray) -> np.ndarray:
    """Share of the variances that is left, rounding included."""
    return room / np.where(whole > 0, whole, 1.0)


class _Table:
    """Values of phi at the nodes of composite Gauss-Legendre rules, split at the knots.

    One table serves all orders: omega^(m) of phi^p is v^(-m/2) E[phi^p He_m].
    """

    def __init__(self, activation: Activation, mean: np.ndarray, variance: np.ndarray) -> None:
        self.arguments = mean, variance
        self.scale = np.sqrt(np.where(variance > 0, variance, 1.0))
        corners = np.array(knots(activation))
        n = len(mean)
        cuts = ((corners[None, :] - mean[:, None]) / self.scale[:, None]).clip(-REACH, REACH)
        grid = np.broadcast_to(np.linspace(-REACH, REACH, PANELS + 1), (n, PANELS + 1))
        edges = np.sort(np.concatenate([grid, cuts], 1), 1)
        x, w = np.polynomial.legendre.leggauss(POINTS)
        half = np.diff(edges, axis=1) / 2
        middle = (edges[:, 1:] + edges[:, :-1]) / 2
        self.nodes = (middle[:, :, None] + half[:, :, None] * x).reshape(n, -1)
        density = np.exp(-0.5 * self.nodes**2) / math.sqrt(2 * math.pi)
        self.weights = (half[:, :, None] * w).reshape(n, -1) * density
        self.phi = _phi(activation, corners, mean[:, None] + self.scale[:, None] * self.nodes)
        self.at_mean = _phi(activation, corners, mean)
        self.hermite = [np.ones_like(self.nodes), self.nodes]  # He_k / sqrt(k!)

    def __call__(self, m: int, p: int) -> np.ndarray:
        while len(self.hermite) <= m:
            k = len(self.hermite)
            newest = self.nodes * self.hermite[-1] - math.sqrt(k - 1) * self.hermite[-2]
            self.hermite.append(newest / math.sqrt(k))
        mean = (self.weights * self.phi**p * self.hermite[m]).sum(1)
        value = mean * math.sqrt(math.factorial(m)) / self.scale**m
        sure = self.at_mean**p if m == 0 else 0.0  # cumulants of a constant vanish
        return np.where(self.arguments[1] > 0, value, sure)


def _phi(activation: Activation, corners: np.ndarray, z: np.ndarray) -> np.ndarray:
    pieces = jets(activation, 1, 0)
    if len(pieces) == 1:
        return pieces[0](z)[0]
    piece = np.searchsorted(corners, z)
    with np.errstate(all="ignore"):
        return np.choose(piece, [f(z)[0] for f in pieces])


class _Values:
    """function(m, mean, variance) of one power, the table kept between orders."""

    def __init__(self, activation: Activation, kept: dict[str, _Table]) -> None:
        self.activation, self.kept = activation, kept

    def __call__(self, p: int, m: int, mean: np.ndarray, variance: np.ndarray) -> np.ndarray:
        table = self.kept.get("table")
        if table is None or not all(
            np.array_equal(a, b) for a, b in zip(table.arguments, (mean, variance), strict=True)
        ):
            table = self.kept["table"] = _Table(self.activation, mean, variance)
        return table(m, p)
