"""Sines and cosines of widely spread units, which no quadrature resolves, in closed form.

Powers are sums of c cos(n z + t), whose Gaussian means are those of characteristic functions.
"""

import math
from collections.abc import Iterator

import numpy as np

from cumulant_theory.activations import Activation, Cos, Sin

from .quadrature import EPS

Array = np.ndarray

SPREAD = 3.0  # deviations from which on the closed forms lose no digit that matters


def is_wave(activation: Activation) -> bool:
    """Whether all powers are sums of cosines."""
    return isinstance(activation, Sin | Cos)


class Waves:
    """Coefficients of all centred powers, as `HermiteTable` asks for them.

    The means are small beside the deviations, so that the binomial theorem loses no digit.
    """

    activation: Activation
    mean: Array
    scale: Array
    centre: Array

    def __init__(self, activation: Activation, mean: Array, scale: Array) -> None:
        self.activation, self.mean, self.scale = activation, mean, scale
        self.centre = 0 * mean
        self.centre = self.wick(0, 1)

    def wick(self, m: int, p: int) -> Array:
        """omega^(m) of psi^p; E phi for m = 0 and p = 1."""
        terms = _terms(self.activation, 1) if (m, p) == (0, 1) else self._centred(p)
        return sum(
            (c * float(n) ** m * self._mean(n, t + m * math.pi / 2) for c, n, t in terms),
            0 * self.mean,
        )

    def _centred(self, p: int) -> Iterator[tuple[Array, int, float]]:
        """(c, n, t) with psi^p = sum of c cos(n z + t)."""
        yield (-self.centre) ** p, 0, 0.0
        for a in range(1, p + 1):
            factor = math.comb(p, a) * (-self.centre) ** (p - a)
            for c, n, t in _terms(self.activation, a):
                yield c * factor, n, t

    def standard(self, k: int, p: int) -> Array:
        """a_k of psi^p."""
        total = 0 * self.mean
        for c, n, t in self._centred(p):
            if n:
                s = n * self.scale
                size = np.exp(k * np.log(s) - s * s / 2 - math.lgamma(k + 1) / 2)
                total = total + c * size * np.cos(n * self.mean + t + k * math.pi / 2)
        return total

    def slope(self, p: int) -> Array:
        """s^2 E (psi^p)'^2."""
        terms = [(c, n, t) for c, n, t in self._centred(p) if n]
        return self.scale**2 * sum(
            c * d * n * k * (self._mean(n - k, t - u) - self._mean(n + k, t + u)) / 2
            for c, n, t in terms for d, k, u in terms
        )

    def square(self, p: int) -> Array:
        """E psi^2p."""
        return self.wick(0, 2 * p)

    def variance(self, p: int) -> Array:
        """Var psi^p."""
        return self.square(p) - (self.wick(0, p) if p > 1 else 0.0) ** 2

    def _mean(self, n: int, turn: float) -> Array:
        """E cos(n z + turn)."""
        return np.exp(-0.5 * (n * self.scale) ** 2) * np.cos(n * self.mean + turn)


def covariance(
    activations: tuple[Activation, Activation], powers: tuple[int, int], orders: tuple[int, int],
    m1: Array, m2: Array, v1: Array, v2: Array, c: Array,
) -> tuple[Array, Array]:  # fmt: skip
    """Cov of derivatives of powers of jointly normal units, and a bound on its absolute error.

    For cos x and cos y with angles alpha, beta in the means, variances A, B and covariance C it is
    exp(-(A + B) / 2) (cos(alpha - beta) (e^C - 1) + cos(alpha + beta) (e^-C - 1)) / 2.
    """
    total, error = np.zeros_like(c), np.zeros_like(c)
    s1, s2 = np.sqrt(v1), np.sqrt(v2)
    left, right = (
        [(w * float(n) ** k, n, t + k * math.pi / 2) for w, n, t in _terms(f, p) if n]
        for f, p, k in zip(activations, powers, orders, strict=True)
    )
    for w, n, t in left:
        for u, k, r in right:
            alpha, beta, inner = n * m1 + t, k * m2 + r, n * k * c
            common = 0.5 * (n * s1 - k * s2) ** 2 + n * k * s1 * s2  # (A + B) / 2
            for sign, angle in ((1, alpha - beta), (-1, alpha + beta)):
                shift = sign * inner
                gap = 0.5 * (n * s1 - k * s2) ** 2 + n * k * (s1 * s2 - sign * c)
                part = 0.5 * w * u * np.where(
                    np.abs(inner) < 1, np.exp(-common) * np.expm1(shift),
                    np.exp(-gap) - np.exp(-common),
                )  # fmt: skip
                total = total + part * np.cos(angle)
                rounding = 4 + np.abs(n * m1) + np.abs(k * m2) + np.abs(inner) + common
                error = error + EPS * np.abs(part) * rounding
    return total, error


def _terms(activation: Activation, p: int) -> Iterator[tuple[float, int, float]]:
    """(c, n, t) with phi^p = sum of c cos(n z + t)."""
    turn = -math.pi / 2 if isinstance(activation, Sin) and p % 2 else 0.0
    for c, n in activation.harmonics(p):  # type: ignore[attr-defined]
        yield float(c), int(n), turn
