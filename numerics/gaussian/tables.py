"""Hermite coefficients of an activation for all units of a layer at once, from one table of values.

With z = mu + s g and h_k = He_k / sqrt(k!), the standardised coefficient
a_k = E[phi(z)^p h_k(g)] is at most the deviation of phi^p, whatever s, and
omega^(k) = a_k sqrt(k!) / s^k. They are taken from the first derivative,
a_k = s / sqrt(k) E[(phi^p)' h_(k-1)], so that a small spread costs no digit.
"""

import math
from collections.abc import Callable, Iterator
from functools import lru_cache
from typing import Any

import numpy as np
import sympy as sp

from cumulant_theory.activations import Activation
from cumulant_theory.errors import DomainError

from .jets import jets, jumps, knots
from .moments import density
from .quadrature import EPS, G, K, X
from .waves import SPREAD, Waves, is_wave

Array = np.ndarray

REACH, FAR = 13.0, 38.0  # of the rules, in standard deviations
SHARED = 40  # panels that all units share
WIDE = 2.0  # spreads, in widths of the narrowest feature, beyond which units have their own panels
EXACT = 1e-9  # largest relative difference of the Gauss and the Kronrod rule, the latter far better
EDGE = 1e-13  # largest share of E phi^8 at the end of the reach
DEPTH, MOST = 60, 2048  # halvings, and panels of one unit
KEPT = 8  # polynomials whose values are kept for all powers
BLOCK = 2**13  # nodes at a time, so few that polynomials stay in the cache
NARROW = 1e-4  # of s^(m-1), below which omega^(m) is the mean of the m-th derivative
_BEND = np.array([0, 1, 2, 4, 7, 12, 20, 40.0])
BENDS = np.concatenate([-_BEND[:0:-1], _BEND])  # edges around a feature, in its widths


class HermiteTable:
    """Coefficients of all powers of an activation at given means and deviations.

    Parameters
    ----------
    activation : Activation
        Without free parameters.
    mean, scale : array (n,)
        Deviations above zero.

    Raises
    ------
    DomainError
        If the activation cannot be integrated to ten digits at one of the units.
    """

    def __init__(self, activation: Activation, mean: Array, scale: Array) -> None:
        self.parts: list[tuple[Array, _Rule | Waves]] = []
        self.count = len(mean)
        width = min(w for _, w in features(activation))
        own = (scale > WIDE * width) | bool(knots(activation)) | ~np.isfinite(mean * scale)
        waves = (scale > SPREAD) & is_wave(activation)
        if waves.any():
            places = np.flatnonzero(waves)
            self.parts.append((places, Waves(activation, mean[places], scale[places])))
        with np.errstate(all="ignore"):
            alike = np.flatnonzero(~own & ~waves)
            if alike.size:
                rule = _Shared(activation, mean[alike], scale[alike])
                rough = rule.rough()
                if rough.any():
                    own[alike[rough]], alike = True, alike[~rough]
                    rule = _Shared(activation, mean[alike], scale[alike])
                if alike.size:
                    self.parts.append((alike, rule))
            left = np.flatnonzero(own & ~waves)
            for reach in (REACH, FAR):
                if not left.size:
                    break
                rule = _Own(activation, mean[left], scale[left], reach)
                short = rule.short(8 if reach < FAR else 4)
                if not short.all():
                    if short.any():
                        rule = _Own(activation, mean[left[~short]], scale[left[~short]], reach)
                    self.parts.append((left[~short], rule))
                left = left[short]
        if left.size:
            raise _rough(activation, mean[left[0]], scale[left[0]], "it grows too fast")
        self._found: dict[Any, Array] = {}

    def _all(self, key: Any, value: Callable[[Any], Array]) -> Array:
        if key not in self._found:
            found = np.empty(self.count)
            with np.errstate(all="ignore"):
                for places, part in self.parts:
                    found[places] = value(part)
            self._found[key] = found
        return self._found[key]

    def wick(self, m: int, p: int) -> Array:
        """omega^(m) of phi^p."""
        return self._all(("wick", m, p), lambda part: part.wick(m, p))

    def standard(self, k: int, p: int) -> Array:
        """a_k of phi^p, k from 1 up."""
        return self._all(("standard", k, p), lambda part: part.standard(k, p))

    def slope(self, p: int) -> Array:
        """s^2 E (phi^p)'^2 = sum_k k a_k^2, infinite where phi jumps."""
        return self._all(("slope", p), lambda part: part.slope(p))

    def variance(self, p: int) -> tuple[Array, Array]:
        """sum_k a_k^2 = Var phi^p from values, and its rounding error."""
        square = self._all(("square", p), lambda part: part.square(p))
        return self._all(("variance", p), lambda part: part.variance(p)), 32 * EPS * square


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


class _Rule:
    """Nodes g with weights, and the values of an activation there."""

    nodes: Array
    z: Array

    def __init__(self, activation: Activation, mean: Array, scale: Array) -> None:
        self.activation, self.mean, self.scale = activation, mean, scale
        self.corners = np.array(knots(activation))
        self._values: dict[tuple[int, int], Array] = {}
        self._standard: dict[int, Array] = {}

    def mean_of(self, values: Array) -> Array:
        """Gaussian means."""
        raise NotImplementedError

    def projected(self, values: Array, count: int) -> Array:
        """Means of the products with h_0, ..., h_(count - 1), as array (units, count)."""
        raise NotImplementedError

    def per_node(self, a: Array) -> Array:
        """One number per unit, spread over its nodes."""
        raise NotImplementedError

    def values(self, p: int, j: int) -> Array:
        """The j-th derivative of phi^p at the nodes."""
        if (p, j) not in self._values:
            if (p == 1 and j < 2) or j > 1:
                self._values[p, j] = _jet(self.activation, self.corners, p, j, self.z)
            elif j == 0:
                self._values[p, j] = self.values(p - 1, 0) * self.values(1, 0)
            else:
                self._values[p, j] = p * self.values(p - 1, 0) * self.values(1, 1)
        return self._values[p, j]

    def wick(self, m: int, p: int) -> Array:
        """omega^(m): from the slope, or from the m-th derivative where the spread is small."""
        if m == 0:
            return self.mean_of(self.values(p, 0))
        value = self.standard(m, p) * math.sqrt(math.factorial(m))
        for _ in range(m):
            value = value / self.scale
        narrow = self.scale ** (m - 1) < NARROW
        if not narrow.any():
            return value
        fine = self.mean_of(self.values(p, m))
        for i in range(m):
            for c, jump in zip(self.corners, jumps(self.activation, p, i), strict=True):
                if jump:
                    x, n = (c - self.mean) / self.scale, m - 1 - i
                    *_, he = _polynomials(x, n + 1)
                    term = jump * math.sqrt(math.factorial(n)) * he * density(x)
                    for _ in range(m - i):
                        term = term / self.scale
                    fine = fine + term
        return np.where(narrow, fine, value)

    def standard(self, k: int, p: int) -> Array:
        """a_k of phi^p."""
        known = self._standard.get(p)
        if known is None or known.shape[1] < k:
            known = self._standard[p] = self._coefficients(p, 2 ** max(3, math.ceil(math.log2(k))))
        return known[:, k - 1]

    def _coefficients(self, p: int, count: int) -> Array:
        """a_1, ..., a_count of phi^p."""
        found = self.projected(self.values(p, 1), count) * self.scale[:, None]
        for c, jump in zip(self.corners, jumps(self.activation, p, 0), strict=True):
            if jump:
                x = (c - self.mean) / self.scale
                peak = jump * density(x)
                found = found + np.stack([peak * h for h in _polynomials(x, count)], 1)
        return found / np.sqrt(np.arange(1, count + 1))

    def slope(self, p: int) -> Array:
        """s^2 E (phi^p)'^2."""
        if any(jumps(self.activation, p, 0)):
            return np.full(len(self.mean), np.inf)
        return self.scale**2 * self.mean_of(self.values(p, 1) ** 2)

    def square(self, p: int) -> Array:
        """E phi^2p."""
        return self.mean_of(self.values(p, 0) ** 2)

    def variance(self, p: int) -> Array:
        """Var phi^p."""
        values = self.values(p, 0)
        return self.mean_of((values - self.per_node(self.mean_of(values))) ** 2)


class _Shared(_Rule):
    """One set of nodes for all units, for activations that are smooth at their scale."""

    def __init__(self, activation: Activation, mean: Array, scale: Array) -> None:
        super().__init__(activation, mean, scale)
        self.nodes, self.weights, self.coarse = _grid()
        self.z = mean[:, None] + scale[:, None] * self.nodes

    def mean_of(self, values: Array) -> Array:
        return values @ self.weights

    def per_node(self, a: Array) -> Array:
        return a[:, None]

    def projected(self, values: Array, count: int) -> Array:
        return values @ _weighted(count)

    def rough(self) -> Array:
        """Units for which the rule is not exact, or does not reach far enough."""
        phi, slope = self.values(1, 0), self.values(1, 1)
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


class _Own(_Rule):
    """Panels of its own for each unit, halved until they resolve the activation.

    Where features are near and narrow, panels are held in z, so that those around features keep
    their relative widths; elsewhere in g, for the sake of small spreads.
    """

    def __init__(self, activation: Activation, mean: Array, scale: Array, reach: float) -> None:
        super().__init__(activation, mean, scale)
        self.reach, self._low = reach, []
        places = np.array([c for c, _ in features(activation)])
        near = (abs(places - mean[:, None]) < (FAR + 2) * scale[:, None]).any(1) & (scale > 1)
        self.centre, self.unit = np.where(near, mean, 0.0), np.where(near, scale, 1.0)
        self.offset, self.factor = np.where(near, 0.0, mean), np.where(near, 1.0, scale)
        grid = np.arange(-REACH, REACH + 1)
        outer = np.arange(REACH + 2, reach + 1, 2)
        grid = np.concatenate([-outer[::-1], grid, outer])
        marks = np.concatenate([
            *((c + w * BENDS for c, w in features(activation))), self.corners
        ])  # fmt: skip
        edges = np.concatenate([
            self.centre[:, None] + self.unit[:, None] * grid,
            (marks - self.offset[:, None]) / self.factor[:, None],
        ], 1)  # fmt: skip
        low, high = (self.centre + sign * self.unit * grid[-1] for sign in (-1, 1))
        edges = np.sort(edges.clip(low[:, None], high[:, None]), 1)
        owner, k = np.nonzero(edges[:, 1:] > edges[:, :-1])
        self._fill(owner, edges[owner, k], edges[owner, k + 1])

    def _fill(self, owner: Array, left: Array, right: Array) -> None:
        """Halve panels until the Gauss rule within the Kronrod rule agrees."""
        n, done, totals, units = len(self.mean), [], None, None
        held = np.zeros(n, int)
        for depth in range(DEPTH):
            g, z, half = self._points(owner, left, right)
            values = [_jet(self.activation, self.corners, 1, j, z) for j in (0, 1)]
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
            done.append((owner[keep], g[keep], weight[keep] * K, z[keep],
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
                raise _rough(self.activation, self.mean[at], self.scale[at],
                             "it oscillates or bends too much")  # fmt: skip
            owner, left, right = np.tile(owner, 2), np.r_[left, middle], np.r_[middle, right]
        owner, *arrays = (np.concatenate(part) for part in zip(*done, strict=True))
        if len(done) > 1:
            order = np.argsort(owner, kind="stable")
            owner, arrays = owner[order], [a[order] for a in arrays]
        self.owner = np.repeat(owner, len(X))
        self.starts = np.searchsorted(self.owner, np.arange(n))
        self.nodes, self.weights, self.z, phi, slope = (a.ravel() for a in arrays)
        self._values.update({(1, 0): phi, (1, 1): slope})

    def _points(self, owner: Array, left: Array, right: Array) -> tuple[Array, Array, Array]:
        """Standardised nodes, nodes and half widths of panels."""
        half = (right - left) / 2
        x = ((left + right) / 2)[:, None] + half[:, None] * X
        g = (x - self.centre[owner, None]) / self.unit[owner, None]
        return g, self.offset[owner, None] + self.factor[owner, None] * x, half

    def mean_of(self, values: Array) -> Array:
        return np.add.reduceat(values * self.weights, self.starts)

    def per_node(self, a: Array) -> Array:
        return a[self.owner]

    def projected(self, values: Array, count: int) -> Array:
        found = np.empty((len(self.mean), count))
        if count <= KEPT:
            if not self._low:
                self._low = [self.weights * h for h in _polynomials(self.nodes, KEPT)]
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
            for k, h in enumerate(_polynomials(self.nodes[part], count)):
                np.multiply(weighted[part], h, out=product)
                found[first:last, k] = np.add.reduceat(product, starts)
            first = last
        return found

    def square(self, p: int) -> Array:
        short = self.short(2 * p) if p > 2 and self.reach == FAR else np.zeros(1, bool)
        if short.any():
            at = int(np.argmax(short))
            raise _rough(self.activation, self.mean[at], self.scale[at], "it grows too fast")
        return super().square(p)

    def short(self, n: int) -> Array:
        """Units for which the rule does not reach far enough for E phi^n, n even."""
        phi = self.values(1, 0)
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
    return np.stack([weights * h for h in _polynomials(nodes, count)], 1)


def _polynomials(x: Array, count: int) -> Iterator[Array]:
    """h_0, ..., h_(count - 1), each in the place of the one before the last."""
    older, newest = np.zeros_like(x), np.ones_like(x)
    for k in range(1, count + 1):
        yield newest
        older *= -math.sqrt(k - 1)
        older += x * newest
        older *= 1 / math.sqrt(k)
        older, newest = newest, older


def _jet(activation: Activation, corners: Array, p: int, j: int, z: Array) -> Array:
    """The j-th derivative of phi^p at points."""
    pieces = jets(activation, p, j)
    if len(pieces) == 1:
        return pieces[0](z.ravel())[0].reshape(z.shape)
    piece, found = np.searchsorted(corners, z), np.empty_like(z)
    for k, f in enumerate(pieces):
        here = piece == k
        found[here] = f(z[here])[0]
    return found


def _rough(activation: Activation, mean: Any, scale: Any, why: str) -> DomainError:
    return DomainError(
        f"{activation!r} cannot be averaged to ten digits at a unit of mean {mean:.3g} and "
        f"standard deviation {scale:.3g}, since {why}; scale the weights down"
    )
