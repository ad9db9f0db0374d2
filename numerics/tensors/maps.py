"""Pointwise maps in numbers: Wick coefficients of powers, and Gaussian covariances of powers."""

import math
from abc import ABC, abstractmethod
from collections.abc import Callable
from functools import cached_property, lru_cache
from typing import Any

import sympy as sp

from cumulant_theory import activations
from cumulant_theory.activations import Activation
from cumulant_theory.errors import DomainError

from ..gaussian.price import Pairs, mehler_term, remainder

Omega = Callable[[int, int], Any]  # (m, p) -> omega^(m) of phi^p, one value per unit


class PointwiseMap(ABC):
    """A numeric pointwise map phi.

    Powers from the second on are those of the centred activation, phi - c with c its Gaussian mean
    on each unit: cumulants are the same, and keep their digits where phi varies far less than it
    is large. c counts as a constant, so gradients are those of phi^p as well.
    """

    name: str
    degree: int | None = None
    bounds: tuple[float, float] = (-math.inf, math.inf)
    alike: bool = True  # the same on every unit

    @abstractmethod
    def omega(self, xp: Any, mean: Any, variance: Any) -> Omega:
        """Wick coefficients of phi and of (phi - c)^p, at these means and variances, cached."""

    @abstractmethod
    def covariance(self, p: int, q: int, omega: Omega, pairs: Pairs) -> Any:
        """Cov((phi(z_i) - c_i)^p, (phi(z_j) - c_j)^q) of jointly normal units.

        For i != j; the diagonal is free.
        """


def fixed(xp: Any, a: Any) -> Any:
    """The same without gradients."""
    return xp.asarray(xp.detached(a))


class Kink(PointwiseMap):
    """right * z^d above zero and left * z^d below, d = 0 or 1: step, sign, relu, leaky relu, abs.

    References
    ----------
    Price, IRE Trans. Inf. Theory 4, 69 (1958): derivatives of Gaussian means in a covariance.
    """

    d: int
    right: float
    left: float
    bounds: tuple[float, float]

    def __init__(self, name: str, d: int, right: float, left: float) -> None:
        self.name = name
        self.d, self.right, self.left = d, right, left
        ends = (left, right) if d == 0 else (-math.inf * left if left else 0.0,
                                             math.inf * right if right else 0.0, 0.0)
        self.bounds = (min(ends), max(ends))

    def omega(self, xp: Any, mean: Any, variance: Any) -> Omega:
        return _KinkCoefficients(self, xp, mean, variance)

    def covariance(self, p: int, q: int, omega: Any, pairs: Pairs) -> Any:
        if p < q:
            return self.covariance(q, p, omega, pairs).T
        total = pairs.xp.zeros(*pairs.rho.shape)
        for j in range(1, self.d * p + 1):
            total += mehler_term(pairs, j, omega(j, p), omega(j, q))
        if pairs.largest == 0:
            return total
        if self.d == 0:
            rest = self._rest(0, 0, 0, omega, pairs)
            return total + rest * omega.jump(0, p)[:, None] * omega.jump(0, q)
        columns = [(b, omega.jump(b, q)) for b in range(1, q + 1)]
        for a in range(1, p + 1):
            left = omega.jump(a, p)
            if left is None:
                continue
            row: Any = None
            for b, right in columns:
                if right is not None:
                    term = self._rest(a, b, p, omega, pairs) * right
                    row = term if row is None else row + term
            if row is not None:
                total += row if a == p and left == 1 else row * (left if a == p else left[:, None])
        return total

    def _rest(self, a: int, b: int, count: int, omega: Any, pairs: Pairs) -> Any:
        """What ``count`` terms of Mehler's series leave of Cov(z_+^a, z_+^b), from max(a, b) up.

        Their derivatives of order max(a, b) + 1 are deltas.
        """
        if a < b:
            return self._rest(b, a, count, omega, pairs).T
        if count > a:
            return pairs.once(("rest", a, b, count), lambda: (
                self._rest(a, b, count - 1, omega, pairs)
                - mehler_term(pairs, count, omega.density(count, a), omega.density(count, b))
            ))  # fmt: skip
        k, least = self.d * a, self.d * b
        wanted = {(k, k - least)}
        for p, q in pairs.wanted if self.d else ():
            wanted |= {(max(i, j), abs(i - j)) for i in range(1, p + 1) for j in range(1, q + 1)}
        found, factor = remainder(pairs, (k, k - least), wanted), math.factorial(least) / math.tau
        return pairs.once(("rest", a, b, a), lambda: found * factor)


class _KinkCoefficients:
    """Wick coefficients of powers of a centred `Kink`, by recurrences whose terms are kept.

    With z = mu + y and t = (-z)_+ where mu > 0, z_+ elsewhere, phi - c is b y + h (t - E t), and
    its powers are polynomials in y plus polynomials in t where t > 0.
    """

    def __init__(self, phi: Kink, xp: Any, mean: Any, variance: Any) -> None:
        self.phi, self.xp, self.mean, self.spread = phi, xp, mean, variance
        positive = variance > 0
        self.positive = None if bool(positive.all()) else positive
        if self.positive is not None:
            variance = xp.where(positive, variance, xp.asarray(1.0))
        self.variance = variance
        above, d = mean > 0, phi.d
        self.sign = xp.where(above, xp.asarray(-1.0), xp.asarray(1.0))
        self.slope = xp.where(above, xp.asarray(phi.right), xp.asarray(phi.left))  # b
        self.height = (phi.right - phi.left) * (self.sign if d == 0 else 1.0)  # h
        self.away = self.sign * mean
        self._kept: dict[Any, Any] = {}

    def __call__(self, m: int, p: int) -> Any:
        kept = self._kept
        if (m, p) not in kept:
            kept[m, p] = self._value(m, p)
        return kept[m, p]

    @cached_property
    def _offset(self) -> Any:
        """h E t, a constant."""
        found = fixed(self.xp, self.height * self._partial(self.phi.d))
        return found if self.positive is None else self.xp.where(self.positive, found, 0 * found)

    @cached_property
    def _centre(self) -> Any:
        """c."""
        return fixed(self.xp, self(0, 1))

    def _value(self, m: int, p: int) -> Any:
        if p == 1 and m == 0:
            result = self.slope * self.mean if self.phi.d else self.slope
            if self.positive is not None and not self.phi.d:  # a jump met by a constant unit
                off = self.positive | (self.mean != 0)
                middle = self.xp.asarray((self.phi.left + self.phi.right) / 2)
                result = self.xp.where(off, result, middle)
            tail = self.height * self._partial(self.phi.d)
        else:
            result, tail = self._smooth(m, p), 0.0
            for j, c in self._steps(p):
                tail = tail + c * math.perm(j, min(m, j)) * self._partial(j - m)
            tail = tail if m % 2 == 0 else tail * self.sign
        if self.positive is not None:
            tail = self.xp.where(self.positive, tail + 0 * self.mean, 0 * self.mean)
            if m:
                result = self.xp.where(self.positive, result + 0 * self.mean, 0 * self.mean)
        return result + tail

    def _smooth(self, m: int, p: int) -> Any:
        """Of (b y - h E t)^p."""
        if self.phi.d == 0:
            return (-self._offset) ** p if m == 0 else 0 * self.mean
        if m > p:
            return 0 * self.mean
        factor = self.slope if m == 1 else self.slope**m
        return factor * math.perm(p, m) * self._full(p - m) if m else self._full(p)

    def _steps(self, p: int) -> list[tuple[int, Any]]:
        """(j, coefficient of t^j) in what t > 0 adds to (b y - h E t)^p."""
        kept, key = self._kept, ("steps", p)
        if key not in kept:
            e, h = self._offset, self.height
            if self.phi.d == 0:
                kept[key] = [(0, (h - e) ** p - (-e) ** p if p > 1 else h)]
            elif p == 1:
                kept[key] = [(1, h)]
            else:
                near, c = self.slope * self.sign, self._centre
                kept[key] = [
                    (j, math.comb(p, j) * (-c) ** (p - j) * ((near + h) ** j - near**j))
                    for j in range(1, p + 1)
                ]
        return kept[key]

    def jump(self, a: int, p: int) -> Any | None:
        """Factor of z_+^a in (phi - c)^p; a number where a = p > 0, None where it vanishes."""
        phi = self.phi
        if phi.d == 0:
            return (phi.right - self._centre) ** p - (phi.left - self._centre) ** p
        jump = phi.right**a - phi.left**a
        if not jump or a == p:
            return jump or None
        return math.comb(p, a) * jump * (-self._centre) ** (p - a)

    def density(self, j: int, a: int) -> Any:
        """omega^(j) of z_+^a, j > a."""
        sign = self.sign if (j - a) % 2 == 0 else 1.0
        return math.factorial(a) * self._partial(a - j) * sign

    def _partial(self, k: int) -> Any:
        """E[t^k]; below 0 derivatives of the density at 0 in the mean of t."""
        key = "partial", k
        if key not in self._kept:
            xp, mean, variance = self.xp, self.away, self.variance
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
        """E[(b y - h E t)^k]."""
        key = "full", k
        if key not in self._kept:
            if k == 0:
                self._kept[key] = 1 + 0 * self.mean
            elif k == 1:
                shift = self.mean - fixed(self.xp, self.mean)
                self._kept[key] = self.slope * shift - self._offset
            else:
                spread = self.slope * self.slope * self.spread * (k - 1)
                self._kept[key] = self._full(1) * self._full(k - 1) + spread * self._full(k - 2)
        return self._kept[key]


class PolynomialMap(PointwiseMap):
    """sum_k a_k z^k."""

    def __init__(self, name: str, coefficients: tuple[float, ...]) -> None:
        self.name = name
        self.coefficients = coefficients
        self.degree: int | None = len(coefficients) - 1

    def omega(self, xp: Any, mean: Any, variance: Any) -> Omega:
        return _PolynomialCoefficients(self.coefficients, xp, mean, variance)

    def covariance(self, p: int, q: int, omega: Omega, pairs: Pairs) -> Any:
        total = pairs.xp.zeros(*pairs.rho.shape)
        for j in range(1, len(self.coefficients[1:]) * min(p, q) + 1):
            total = total + mehler_term(pairs, j, omega(j, p), omega(j, q))
        return total


class _PolynomialCoefficients:
    """Wick coefficients of powers of a centred polynomial, as one in z - mean."""

    def __init__(
        self, coefficients: tuple[float, ...], xp: Any, mean: Any, variance: Any
    ) -> None:
        self.xp, self.mean, self.variance = xp, mean, variance
        point = fixed(xp, mean)
        self.shift = mean - point
        self.taylor = []  # at the mean
        for k in range(len(coefficients)):
            total = 0 * point
            for n in range(len(coefficients) - 1, k - 1, -1):
                total = total * point + coefficients[n] * math.comb(n, k)
            self.taylor.append(total)
        self._kept: dict[Any, Any] = {}

    def __call__(self, m: int, p: int) -> Any:
        if (m, p) not in self._kept:
            rows, total = self.taylor if p == 1 else self._power(p), 0 * self.mean
            for k in range(m, len(rows)):
                total = total + rows[k] * math.perm(k, m) * self._moment(k - m)
            self._kept[m, p] = total
        return self._kept[m, p]

    def _power(self, p: int) -> list[Any]:
        """Coefficients of (phi - c)^p."""
        key = "power", p
        if key not in self._kept:
            if p == 1:
                rest = sum((b * self._moment(k) for k, b in enumerate(self.taylor) if k),
                           0 * self.mean)  # fmt: skip
                self._kept[key] = [-fixed(self.xp, rest), *self.taylor[1:]]
            else:
                one, two = self._power(p - 1), self._power(1)
                rows: list[Any] = [0.0] * (len(one) + len(two) - 1)
                for i, a in enumerate(one):
                    for k, b in enumerate(two):
                        rows[i + k] = rows[i + k] + a * b
                self._kept[key] = rows
        return self._kept[key]

    def _moment(self, k: int) -> Any:
        """E[(z - mean)^k], the latter a constant."""
        key = "moment", k
        if key not in self._kept:
            if k < 2:
                self._kept[key] = self.shift if k else 1 + 0 * self.mean
            else:
                older = (k - 1) * self.variance * self._moment(k - 2)
                self._kept[key] = self.shift * self._moment(k - 1) + older
        return self._kept[key]


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
