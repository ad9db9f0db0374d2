"""Any activation: Wick coefficients by quadrature, Gaussian pairs by a series or an integral."""

import math
from functools import partial
from typing import Any, ClassVar

import numpy as np

from cumulant_theory.activations import Activation
from cumulant_theory.activations.growth import check_gaussian_mean
from cumulant_theory.errors import DomainError

from ..gaussian.jets import jets, knots
from ..gaussian.pairs import PairFunction
from ..gaussian.price import Pairs
from ..gaussian.tables import HermiteTable
from .maps import Omega, PointwiseMap, fixed

TERMS = 128  # longest series in the correlation
TOLERANCE = 1e-9  # largest remainder or error accepted, relative to the two standard deviations


class GeneralMap(PointwiseMap):
    """Any activation without free parameters, at any scale of the units."""

    name: str
    activation: Activation

    def __init__(self, activation: Activation) -> None:
        self.name, self.activation = activation.name or "custom", activation

    def omega(self, xp: Any, mean: Any, variance: Any) -> Omega:
        """By one quadrature for all orders."""
        return _Coefficients(self.activation, xp, mean, variance)

    def covariance(self, p: int, q: int, omega: Any, pairs: Pairs) -> Any:
        """sum_k rho^k a_k b_k in standardised coefficients, until the remainder is rounding.

        What is left behind k terms is at most |rho|^(k+1) times the roots of sum_(j>k) a_j^2, known
        from the variance and from sum_j j a_j^2. Pairs so strongly correlated that the series is
        too long are integrated one by one, which takes milliseconds each.
        """
        xp, rho = pairs.xp, pairs.rho
        tails = {r: _Tail(omega.table, r, omega.spread) for r in {p, q}}
        goal, total, power = 64 * xp.epsilon, xp.zeros(*rho.shape), rho
        for k in range(1, TERMS + 1):
            a, b = omega.standard(k, p), omega.standard(k, q)
            total = total + a[:, None] * b * power
            for tail in tails.values():
                tail.take(k)
            if pairs.largest ** (k + 1) * tails[p].share.max() * tails[q].share.max() <= goal:
                return total
            power = power * rho
        size = abs(xp.detached(rho).astype(float)) ** (TERMS + 1)
        strong = size * tails[p].share[:, None] * tails[q].share > max(goal, TOLERANCE)
        if not strong.any():
            return total
        deviations = [tails[r].deviation for r in (p, q)]
        return self._integrated(p, q, total, omega, pairs, strong, deviations)

    def _integrated(
        self, p: int, q: int, total: Any, omega: Any, pairs: Pairs, strong: np.ndarray,
        deviations: list[np.ndarray],
    ) -> Any:  # fmt: skip
        """The same with other values at strongly correlated pairs."""
        xp, n = pairs.xp, len(strong)
        i, j = np.nonzero(np.triu(strong) if p == q else strong)
        centre, key = fixed(xp, omega(0, 1)), strong.tobytes()
        value, wrong = 0.0, 0.0
        for a in range(1, p + 1):
            for b in range(1, q + 1):
                low, high = (i, j) if a >= b else (j, i)
                order = max(a, b), min(a, b)
                found, errors = pairs.once(
                    ("integrals", order, a >= b, p == q, key),
                    partial(self._pairs, order, low, high, pairs),
                )
                factor = (-centre[i]) ** (p - a) * math.comb(p, a)
                factor = factor * (-centre[j]) ** (q - b) * math.comb(q, b)
                value = value + factor * found
                wrong = wrong + abs(xp.detached(factor)) * xp.detached(errors).astype(float)
        wrong = wrong / (deviations[0][i] * deviations[1][j])
        if (wrong > max(TOLERANCE, xp.epsilon)).any():
            at = int(np.argmax(wrong))
            one, two = (float(xp.detached(pairs.scale)[k[at]]) for k in (i, j))
            raise DomainError(
                f"the covariance of {self.name}^{p} and {self.name}^{q} is known to "
                f"{wrong[at]:.1e} of their deviations only, at units {i[at]} and {j[at]} with "
                f"deviations {one:.3g} and {two:.3g} and correlation "
                f"{float(xp.detached(pairs.rho)[i[at], j[at]]):.12g}; "
                "scale the weights down, or use K = 1, which takes no covariances"
            )
        flat = xp.where(xp.flags(strong), 0 * total, total).reshape(-1)
        flat = xp.scatter(flat, i * n + j, value)
        if p == q:
            flat = xp.scatter(flat, j * n + i, value)
        return flat.reshape(n, n)

    def _pairs(self, order: tuple[int, int], i: np.ndarray, j: np.ndarray, pairs: Pairs) -> Any:
        """Cov(phi(z_i)^a, phi(z_j)^b), and its error."""
        xp, limit = pairs.xp, pairs.scale[i] * pairs.scale[j]
        cov = pairs.cov[i, j]
        cov = xp.where(abs(cov) < limit, cov, xp.where(cov > 0, limit, -limit))
        return xp.smooth(
            PairFunction((self.activation, self.activation), order, (0, 0)),
            pairs.mean[i], pairs.mean[j], pairs.scale[i] ** 2, pairs.scale[j] ** 2, cov,
        )  # fmt: skip


class _Tail:
    """What is left of sum_k a_k^2 at the units that are spread, as a share of the deviation."""

    def __init__(self, table: HermiteTable, p: int, spread: np.ndarray) -> None:
        self.table, self.p, self.spread = table, p, spread
        self.whole, self.doubt = table.variance(p)
        self.slope = table.slope(p)
        self.square, self.weighted = np.zeros_like(self.whole), np.zeros_like(self.whole)
        self.share = np.where(spread, 1.0, 0.0)
        self.deviation = np.ones_like(self.whole)

    def take(self, k: int) -> None:
        """One more term."""
        taken = self.table.standard(k, self.p) ** 2
        self.square, self.weighted = self.square + taken, self.weighted + k * taken
        room = np.minimum(
            np.maximum(self.slope - self.weighted, 0.0) / (k + 1),
            np.maximum(self.whole - self.square, 0.0) + self.doubt,
        )
        whole = self.square + room
        self.deviation = np.sqrt(np.where(whole > 0, whole, 1.0))
        self.share = np.where(self.spread, np.sqrt(room) / self.deviation, 0.0)


class _Coefficients:
    """omega^(m) and a_k of phi and of centred powers of phi, over the units of a layer."""

    def __init__(self, activation: Activation, xp: Any, mean: Any, variance: Any) -> None:
        self.xp, self.mean, self.variance = xp, mean, variance
        self.source = _Source(activation)
        self.table = self.source(*(xp.detached(a).astype(float) for a in (mean, variance)))
        self.spread = xp.detached(variance) > 0
        self._kept: dict[Any, Any] = {}

    def __call__(self, m: int, p: int) -> Any:
        return self._value(_Wick, m, p)

    def standard(self, k: int, p: int) -> Any:
        """a_k, k from 1 up."""
        return self._value(_Standard, k, p)

    def _value(self, kind: Any, order: int, p: int) -> Any:
        if (kind, order, p) not in self._kept:
            function = kind(self.source, order, p)
            self._kept[kind, order, p] = self.xp.smooth(function, self.mean, self.variance)[0]
        return self._kept[kind, order, p]


class _Source:
    """The table of a layer, kept for the derivatives to come."""

    def __init__(self, activation: Activation) -> None:
        self.activation = activation
        self.arguments: tuple[np.ndarray, ...] = ()
        self.table: Any = None

    def __call__(self, mean: np.ndarray, variance: np.ndarray) -> HermiteTable:
        arguments = mean.ravel(), variance.ravel()
        if self.table is None or not all(map(np.array_equal, arguments, self.arguments)):
            mean, variance = self.arguments = arguments
            if self.activation.growth and variance.any():
                check_gaussian_mean(self.activation, 2, variance.max())
            scale = np.sqrt(np.where(variance > 0, variance, 1.0))
            self.table = HermiteTable(self.activation, mean, scale)
        return self.table


class _Wick:
    """omega^(m) at a fixed centre; a variance of 0 gives phi at the mean, all else 0."""

    names: ClassVar[tuple[str, ...]] = ("mean", "variance")

    def __init__(self, source: _Source, m: int, p: int) -> None:
        self.source, self.m, self.p = source, m, p

    def __call__(self, mean: np.ndarray, variance: np.ndarray) -> tuple[np.ndarray]:
        value = self.source(mean, variance).wick(self.m, self.p).reshape(mean.shape)
        if (variance > 0).all():
            return (value,)
        sure = _at(self.source.activation, mean) if (self.m, self.p) == (0, 1) else 0.0
        return (np.where(variance > 0, value, sure),)

    @property
    def slopes(self) -> Any:
        """d/dmu is omega^(m+1), d/dv is omega^(m+2) / 2."""
        return tuple(
            ((factor, ((_Wick(self.source, self.m + k, self.p), (0, 1)),)),)
            for k, factor in ((1, 1.0), (2, 0.5))
        )


class _Standard:
    """v^e a_k; 0 at a variance of 0."""

    names: ClassVar[tuple[str, ...]] = ("mean", "variance")

    def __init__(self, source: _Source, k: int, p: int, e: float = 0.0) -> None:
        self.source, self.k, self.p, self.e = source, k, p, e

    def __call__(self, mean: np.ndarray, variance: np.ndarray) -> tuple[np.ndarray]:
        value = self.source(mean, variance).standard(self.k, self.p).reshape(mean.shape)
        power = np.where(variance > 0, variance, 1.0) ** self.e
        return (np.where(variance > 0, value * power, 0.0),)

    @property
    def slopes(self) -> Any:
        """d/dmu a_k = sqrt(k+1) a_(k+1) / s, d/dv a_k = (k a_k + sqrt((k+1)(k+2)) a_(k+2)) / 2v."""
        k, e = self.k, self.e

        def of(j: int, power: float) -> Any:
            return ((_Standard(self.source, k + j, self.p, power), (0, 1)),)

        return (
            ((math.sqrt(k + 1), of(1, e - 0.5)),),
            ((k / 2 + e, of(0, e - 1)), (math.sqrt((k + 1) * (k + 2)) / 2, of(2, e - 1))),
        )


def _at(activation: Activation, z: np.ndarray) -> np.ndarray:
    """phi at points."""
    pieces = jets(activation, 1, 0)
    if len(pieces) == 1:
        return pieces[0](z)[0]
    with np.errstate(all="ignore"):
        return np.choose(np.searchsorted(knots(activation), z), [f(z)[0] for f in pieces])
