"""Hermite coefficients of a centred activation by any quadrature rule over the units of a layer."""

import math
from abc import ABC, abstractmethod
from collections.abc import Iterator
from functools import cached_property
from typing import Any

import numpy as np

from cumulant_theory.activations import Activation

from .jets import jets, jumps, knots
from .moments import density

Array = np.ndarray

FLAT = 1e-3  # deviations, relative to the mean, below which phi - E phi is an integral of phi'
NARROW = 1e-4  # of s^(m-1), below which omega^(m) is the mean of the m-th derivative


class Rule(ABC):
    """Nodes g with weights, the values of phi and phi' there, and those of psi = phi - E phi."""

    activation: Activation
    mean: Array
    scale: Array
    corners: Array
    nodes: Array
    z: Array
    phi: Array
    slopes: Array

    def __init__(self, activation: Activation, mean: Array, scale: Array) -> None:
        self.activation, self.mean, self.scale = activation, mean, scale
        self.corners = np.array(knots(activation))
        self._values: dict[tuple[int, int], Array] = {}
        self._standard: dict[int, Array] = {}

    @abstractmethod
    def mean_of(self, values: Array) -> Array:
        """Gaussian means."""

    @abstractmethod
    def projected(self, values: Array, count: int) -> Array:
        """Means of the products with h_0, ..., h_(count - 1), as array (units, count)."""

    @abstractmethod
    def per_node(self, a: Array) -> Array:
        """One number per unit, spread over its nodes."""

    @abstractmethod
    def risen(self, units: Array) -> tuple[Any, Array]:
        """The nodes of some units, and phi there without its jumps, up to a constant per unit."""

    @cached_property
    def centre(self) -> Array:
        """E phi."""
        return self.mean_of(self.phi)

    @cached_property
    def psi(self) -> Array:
        """phi - E phi; where that would cancel, as the integral of phi'."""
        found = self.phi - self.per_node(self.centre)
        spread = np.sqrt(self.mean_of(found * found))
        flat = np.flatnonzero(spread < FLAT * abs(self.centre))
        if flat.size:
            places, values = self.risen(flat)
            z, mean = self.z[places], self.per_node(self.mean)[places]
            for c, jump in zip(self.corners, jumps(self.activation, 1, 0), strict=True):
                if jump:
                    values = values + jump * ((z > c) * 1.0 - (mean > c))
            found[places] = values
            found = found - self.per_node(self.mean_of(found))
        return found

    def values(self, p: int, j: int) -> Array:
        """The j-th derivative of psi^p at the nodes."""
        if (p, j) == (1, 0):
            return self.psi
        if (p, j) == (1, 1):
            return self.slopes
        if (p, j) not in self._values:
            if p == 1:
                found = evaluated(self.activation, self.corners, j, self.z)
            elif j == 1:
                found = p * self.values(p - 1, 0) * self.slopes
            else:
                found = np.zeros_like(self.z)
                for i in range(j + 1):
                    found += math.comb(j, i) * self.values(p - 1, i) * self.values(1, j - i)
            self._values[p, j] = found
        return self._values[p, j]

    def jump(self, corner: int, p: int, i: int) -> Array | float:
        """Of the i-th derivative of psi^p at a knot, by unit."""
        found: Array | float = 0.0
        for a in range(1, p + 1):
            jump = jumps(self.activation, a, i)[corner]
            if jump:
                found = found + math.comb(p, a) * jump * (-self.centre) ** (p - a)
        return found

    def wick(self, m: int, p: int) -> Array:
        """omega^(m): from the slope, or from the m-th derivative where the spread is small."""
        if m == 0:
            return self.centre if p == 1 else self.mean_of(self.values(p, 0))
        value = self.standard(m, p) * math.sqrt(math.factorial(m))
        for _ in range(m):
            value = value / self.scale
        narrow = self.scale ** (m - 1) < NARROW
        if not narrow.any():
            return value
        fine = self.mean_of(self.values(p, m))
        for i in range(m):
            for k, c in enumerate(self.corners):
                jump = self.jump(k, p, i)
                if np.any(jump):
                    x, n = (c - self.mean) / self.scale, m - 1 - i
                    *_, he = polynomials(x, n + 1)
                    term = jump * math.sqrt(math.factorial(n)) * he * density(x)
                    for _ in range(m - i):
                        term = term / self.scale
                    fine = fine + term
        return np.where(narrow, fine, value)

    def standard(self, k: int, p: int) -> Array:
        """a_k of psi^p."""
        known = self._standard.get(p)
        if known is None or known.shape[1] < k:
            known = self._standard[p] = self._coefficients(p, 2 ** max(3, math.ceil(math.log2(k))))
        return known[:, k - 1]

    def _coefficients(self, p: int, count: int) -> Array:
        """a_1, ..., a_count of psi^p."""
        found = self.projected(self.values(p, 1), count) * self.scale[:, None]
        for k, c in enumerate(self.corners):
            jump = self.jump(k, p, 0)
            if np.any(jump):
                x = (c - self.mean) / self.scale
                peak = jump * density(x)
                found = found + np.stack([peak * h for h in polynomials(x, count)], 1)
        return found / np.sqrt(np.arange(1, count + 1))

    def slope(self, p: int) -> Array:
        """s^2 E (psi^p)'^2."""
        if any(np.any(self.jump(k, p, 0)) for k in range(len(self.corners))):
            return np.full(len(self.mean), np.inf)
        return self.scale**2 * self.mean_of(self.values(p, 1) ** 2)

    def square(self, p: int) -> Array:
        """E psi^2p."""
        return self.mean_of(self.values(p, 0) ** 2)

    def variance(self, p: int) -> Array:
        """Var psi^p."""
        values = self.values(p, 0)
        return self.mean_of((values - self.per_node(self.mean_of(values))) ** 2)


def polynomials(x: Array, count: int) -> Iterator[Array]:
    """h_0, ..., h_(count - 1) at points, each in the place of the one before the last."""
    older, newest = np.zeros_like(x), np.ones_like(x)
    for k in range(1, count + 1):
        yield newest
        older *= -math.sqrt(k - 1)
        older += x * newest
        older *= 1 / math.sqrt(k)
        older, newest = newest, older


def evaluated(activation: Activation, corners: Array, j: int, z: Array) -> Array:
    """The j-th derivative of phi at points."""
    pieces = jets(activation, 1, j)
    if len(pieces) == 1:
        return pieces[0](z.ravel())[0].reshape(z.shape)
    piece, found = np.searchsorted(corners, z), np.empty_like(z)
    for k, f in enumerate(pieces):
        here = piece == k
        found[here] = f(z[here])[0]
    return found
