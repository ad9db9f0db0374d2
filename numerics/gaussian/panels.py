"""Quadrature panels over the units of a layer: shared ones, or a unit's own around its features."""

import math
from functools import lru_cache
from typing import Any

import numpy as np
import sympy as sp

from cumulant_theory.activations import Activation
from cumulant_theory.errors import DomainError

from .jets import knots
from .moments import density
from .quadrature import G, K, X
from .rules import Rule, evaluated, polynomials

Array = np.ndarray

REACH, FAR = 13.0, 38.0  # of the rules, in standard deviations
SHARED = 40  # panels that all units share
EXACT = 1e-9  # largest relative difference of the Gauss and the Kronrod rule, the latter far better
EDGE = 1e-13  # largest share of E phi^8 at the end of the reach
DEPTH, MOST = 60, 2048  # halvings, and panels of one unit
KEPT = 8  # polynomials whose values are kept for all powers
BLOCK = 2**13  # nodes at a time, so few that polynomials stay in the cache
_BEND = np.array([0, 1, 2, 4, 7, 12, 20, 40.0])
BENDS = np.concatenate([-_BEND[:0:-1], _BEND])  # edges around a feature, in its widths


@lru_cache(maxsize=256)
def features(activation: Activation) -> tuple[tuple[float, float], ...]:
    """(place, width) where an activation may bend: the origin, knots, arguments near zero, poles.

    Examples
    --------
    >>> from cumulant_theory.activations import Tanh
    >>> features(Tanh())
    ((0.0, 1.0),)
    """
    found = {(0.0, 1.0), *((c, 1.0) for c in knots(activation))}
    z = sp.Dummy("z", real=True)
    for piece in activation.pieces(z):
        parts: Any = piece.atoms(sp.Function, sp.Pow)
        for part in parts:
            power = isinstance(part, sp.Pow) and not part.exp.has(z)
            if power and part.exp.is_Integer and part.exp > 0:
                continue
            inner = part.exp if isinstance(part, sp.Pow) and not power else part.args[0]
            if not (inner.has(z) and inner.is_polynomial(z)):
                continue
            rows = np.array(sp.Poly(inner, z).all_coeffs(), dtype=complex)
            if power:
                found |= {(float(r.real), float(abs(r.imag)) or 1.0) for r in np.roots(rows)}
                continue
            for root in (*np.roots(rows), *np.roots(np.polyder(rows))):
                slopes = [rows]
                while len(slopes[-1]) > 1:
                    slopes.append(np.polyder(slopes[-1]))
                sizes = ((k, abs(np.polyval(d, root.real)) / math.factorial(k))
                         for k, d in enumerate(slopes[1:], 1))  # fmt: skip
                width = min(size ** (-1 / k) for k, size in sizes if size > 1e-12)
                found.add((float(root.real), float(width)))
    return tuple(sorted(found))


class SharedRule(Rule):
    """One set of nodes for all units, for activations that are smooth at their scale."""

    nodes: Array
    weights: Array
    coarse: Array
    z: Array
    phi: Array
    slopes: Array

    def __init__(self, activation: Activation, mean: Array, scale: Array) -> None:
        super().__init__(activation, mean, scale)
        self.nodes, self.weights, self.coarse = _grid()
        self.z = mean[:, None] + scale[:, None] * self.nodes
        self.phi, self.slopes = (evaluated(activation, self.corners, j, self.z) for j in (0, 1))

    def mean_of(self, values: Array) -> Array:
        return values @ self.weights

    def per_node(self, a: Array) -> Array:
        return a[:, None]

    def projected(self, values: Array, count: int) -> Array:
        return values @ _weighted(count)

    def risen(self, units: Array) -> tuple[Any, Array]:
        half = REACH / SHARED
        slopes = self.slopes[units].reshape(len(units), SHARED, len(X))
        slopes = slopes * (half * self.scale[units])[:, None, None]
        values = _inside(slopes, np.full(len(units), SHARED // 2))
        return units, values.reshape(len(units), -1)

    def rough(self) -> Array:
        """Units for which the rule is not exact, or does not reach far enough."""
        phi, slope = self.phi, self.slopes
        bad = np.zeros(len(phi), bool)
        for values, n in ((phi, 4), (slope, 2)):
            unit = abs(values).max(1, keepdims=True)
            power = (values / np.where(unit > 0, unit, 1.0)) ** 2
            power = power if n == 2 else power * power
            size = power @ self.weights
            bad |= ~(abs(size - power @ self.coarse) <= EXACT * size)
            if n == 4:
                power **= 2
                edge = power @ (self.weights * (abs(self.nodes) > REACH - 1))
                bad |= ~(edge <= EDGE * (power @ self.weights))
        return bad


class OwnRule(Rule):
    """Panels of its own for each unit, halved until they resolve the activation.

    Where features are near and narrow, panels are held in z, so that those around features keep
    their relative widths; elsewhere in g, for the sake of small spreads.
    """

    reach: float
    origin: Array
    unit: Array
    offset: Array
    factor: Array
    owner: Array
    starts: Array
    rise: Array
    nodes: Array
    weights: Array
    z: Array
    phi: Array
    slopes: Array

    def __init__(self, activation: Activation, mean: Array, scale: Array, reach: float) -> None:
        super().__init__(activation, mean, scale)
        self.reach, self._low = reach, []
        places = np.array([c for c, _ in features(activation)])
        near = (abs(places - mean[:, None]) < (FAR + 2) * scale[:, None]).any(1) & (scale > 1)
        self.origin, self.unit = np.where(near, mean, 0.0), np.where(near, scale, 1.0)
        self.offset, self.factor = np.where(near, 0.0, mean), np.where(near, 1.0, scale)
        grid = np.arange(-REACH, REACH + 1)
        outer = np.arange(REACH + 2, reach + 1, 2)
        grid = np.concatenate([-outer[::-1], grid, outer])
        marks = np.concatenate([
            *((c + w * BENDS for c, w in features(activation))), self.corners
        ])  # fmt: skip
        edges = np.concatenate([
            self.origin[:, None] + self.unit[:, None] * grid,
            (marks - self.offset[:, None]) / self.factor[:, None],
        ], 1)  # fmt: skip
        low, high = (self.origin + sign * self.unit * grid[-1] for sign in (-1, 1))
        edges = np.sort(edges.clip(low[:, None], high[:, None]), 1)
        owner, k = np.nonzero(edges[:, 1:] > edges[:, :-1])
        self._fill(owner, edges[owner, k], edges[owner, k + 1])

    def _fill(self, owner: Array, left: Array, right: Array) -> None:
        """Halve panels until the Gauss rule within the Kronrod rule agrees."""
        n, done, totals, units = len(self.mean), [], None, None
        held = np.zeros(n, int)
        for depth in range(DEPTH):
            g, z, half = self._points(owner, left, right)
            values = [evaluated(self.activation, self.corners, j, z) for j in (0, 1)]
            if units is None:
                units = [np.zeros(n) for _ in values]
                for unit, v in zip(units, values, strict=True):
                    np.maximum.at(unit, owner, abs(v).max(1))
                    unit[unit == 0] = 1.0
            weight = density(g) * (half / self.unit[owner])[:, None]
            tests = []
            for v, unit, power in zip(values, units, (4, 2), strict=True):
                test = (v / unit[owner, None]) ** 2
                test = (test if power == 2 else test * test) * weight
                fine = test @ K
                tests.append((fine, abs(fine - test @ G)))
            if totals is None:
                totals = [np.bincount(owner, fine, n) for fine, _ in tests]
            split = np.zeros(len(owner), bool)
            for (_, wrong), total in zip(tests, totals, strict=True):
                split |= ~(wrong <= EXACT * total[owner])
            keep = ~split
            rise = half * self.factor[owner]
            done.append((owner[keep], rise[keep], g[keep], weight[keep] * K, z[keep],
                         *(v[keep] for v in values)))  # fmt: skip
            held += np.bincount(owner[keep], minlength=n)
            owner, left, right = owner[split], left[split], right[split]
            if not owner.size:
                break
            middle = (left + right) / 2
            many = held + 2 * np.bincount(owner, minlength=n) > MOST
            stuck = ~((left < middle) & (middle < right))
            if many.any() or stuck.any() or depth == DEPTH - 1:
                at = int(np.argmax(many)) if many.any() else int(owner[np.argmax(stuck)])
                raise rough(self.activation, self.mean[at], self.scale[at],
                             "it oscillates or bends too much")  # fmt: skip
            owner, left, right = np.tile(owner, 2), np.r_[left, middle], np.r_[middle, right]
        owner, *arrays = (np.concatenate(part) for part in zip(*done, strict=True))
        if len(done) > 1:
            order = np.lexsort((arrays[1][:, 0], owner))
            owner, arrays = owner[order], [a[order] for a in arrays]
        self.owner = np.repeat(owner, len(X))
        self.starts = np.searchsorted(self.owner, np.arange(n))
        self.rise, *arrays = arrays
        self.nodes, self.weights, self.z, self.phi, self.slopes = (a.ravel() for a in arrays)

    def risen(self, units: Array) -> tuple[Any, Array]:
        ends = np.r_[self.starts, len(self.nodes)] // len(X)
        counts = np.diff(ends)[units]
        column = np.arange(counts.max())
        held = column < counts[:, None]
        panels = (ends[units][:, None] + column)[held]
        slopes = np.zeros((*held.shape, len(X)))
        slopes[held] = self.slopes.reshape(-1, len(X))[panels] * self.rise[panels, None]
        first = self.nodes.reshape(-1, len(X))[panels, 0]
        middle = np.bincount(np.nonzero(held)[0], first < 0, len(units)).astype(int)
        places = (panels[:, None] * len(X) + np.arange(len(X))).ravel()
        return places, _inside(slopes, middle)[held].ravel()

    def _points(self, owner: Array, left: Array, right: Array) -> tuple[Array, Array, Array]:
        """Standardised nodes, nodes and half widths of panels."""
        half = (right - left) / 2
        x = ((left + right) / 2)[:, None] + half[:, None] * X
        g = (x - self.origin[owner, None]) / self.unit[owner, None]
        return g, self.offset[owner, None] + self.factor[owner, None] * x, half

    def mean_of(self, values: Array) -> Array:
        return np.add.reduceat(values * self.weights, self.starts)

    def per_node(self, a: Array) -> Array:
        return a[self.owner]

    def projected(self, values: Array, count: int) -> Array:
        found = np.empty((len(self.mean), count))
        if count <= KEPT:
            if not self._low:
                self._low = [self.weights * h for h in polynomials(self.nodes, KEPT)]
            product = np.empty_like(values)
            for k, h in enumerate(self._low[:count]):
                np.multiply(values, h, out=product)
                found[:, k] = np.add.reduceat(product, self.starts)
            return found
        weighted = values * self.weights
        ends = np.r_[self.starts[1:], len(self.nodes)]
        first = 0
        while first < len(ends):
            last = int(np.searchsorted(ends, self.starts[first] + BLOCK))
            last = min(max(last, first + 1), len(ends))
            part = slice(self.starts[first], ends[last - 1])
            starts = self.starts[first:last] - self.starts[first]
            product = np.empty_like(weighted[part])
            for k, h in enumerate(polynomials(self.nodes[part], count)):
                np.multiply(weighted[part], h, out=product)
                found[first:last, k] = np.add.reduceat(product, starts)
            first = last
        return found

    def square(self, p: int) -> Array:
        short = self.short(2 * p) if p > 2 and self.reach == FAR else np.zeros(1, bool)
        if short.any():
            at = int(np.argmax(short))
            raise rough(self.activation, self.mean[at], self.scale[at], "it grows too fast")
        return super().square(p)

    def short(self, n: int) -> Array:
        """Units for which the rule does not reach far enough for E phi^n, n even."""
        phi = self.phi
        unit = np.maximum.reduceat(abs(phi), self.starts)
        square = (phi / self.per_node(np.where(unit > 0, unit, 1.0))) ** 2
        power = square
        for _ in range(n // 2 - 1):
            power = power * square
        edge = self.mean_of(power * (abs(self.nodes) > self.reach - 1))
        return ~(edge <= EDGE * self.mean_of(power))


@lru_cache(maxsize=1)
def _grid() -> tuple[Array, Array, Array]:
    """Nodes, Kronrod and Gauss weights of the panels that units share."""
    edges = np.linspace(-REACH, REACH, SHARED + 1)
    half = np.diff(edges)[:, None] / 2
    nodes = ((edges[1:] + edges[:-1])[:, None] / 2 + half * X).ravel()
    fine, coarse = ((half * rule).ravel() * density(nodes) for rule in (K, G))
    return nodes, fine, coarse


@lru_cache(maxsize=8)
def _weighted(count: int) -> Array:
    """Weights times h_0, ..., h_(count - 1) at the shared nodes."""
    nodes, weights, _ = _grid()
    return np.stack([weights * h for h in polynomials(nodes, count)], 1)


def _inside(slopes: Array, middle: Array) -> Array:
    """Integrals of slopes (units, panels, nodes) from the left end of one panel per unit.

    Slopes come times the half widths. Sums run outwards, so that large slopes on one side leave
    the digits of the other.
    """
    left = np.arange(slopes.shape[1]) < middle[:, None]
    whole = slopes @ K
    right = np.cumsum(np.where(left, 0.0, whole), 1) - np.where(left, 0.0, whole)
    back = np.cumsum(np.where(left, whole, 0.0)[:, ::-1], 1)[:, ::-1]
    # left of the middle from right ends: the integral of the rest of the panel, negative
    begin = np.where(left, -(back - np.where(left, whole, 0.0)), right)
    from_left, from_right = _cumulative()
    inner = np.where(left[:, :, None], slopes @ from_right, slopes @ from_left)
    return begin[:, :, None] + inner


@lru_cache(maxsize=1)
def _cumulative() -> tuple[Array, Array]:
    """Matrices from values at the nodes X to integrals from -1, and from 1, to each node."""
    legendre = np.polynomial.legendre
    inverse = np.linalg.inv(legendre.legvander(X, len(X) - 1))
    found = []
    for end in (-1, 1):
        rows = [legendre.legval(X, legendre.legint(row, lbnd=end)) for row in np.eye(len(X))]
        found.append((np.array(rows).T @ inverse).T)
    return found[0], found[1]


def rough(activation: Activation, mean: Any, scale: Any, why: str) -> DomainError:
    """The error of an activation that cannot be integrated at one unit."""
    return DomainError(
        f"{activation!r} cannot be averaged to ten digits at a unit of mean {mean:.3g} and "
        f"standard deviation {scale:.3g}, since {why}; scale the weights down"
    )
