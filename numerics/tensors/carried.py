"""A pointwise map next to units that pass unchanged, as in residual blocks."""

from typing import Any

from ..gaussian.price import Pairs, mehler_term
from .maps import Omega, PointwiseMap, PolynomialMap

_IDENTITY = PolynomialMap("identity", (0.0, 1.0))


class CarriedMap(PointwiseMap):
    """The first ``count`` units unchanged, phi on the others.

    Covariances of a power of a carried unit with anything are finite sums, since its Wick
    coefficients vanish beyond the power.

    Parameters
    ----------
    count : int
    phi : PointwiseMap
    """

    count: int
    phi: PointwiseMap
    name: str
    degree: int | None
    alike = False

    def __init__(self, count: int, phi: PointwiseMap) -> None:
        self.count, self.phi = count, phi
        self.name = phi.name
        self.degree = None if phi.degree is None else max(1, phi.degree)

    def omega(self, xp: Any, mean: Any, variance: Any) -> Omega:
        k = self.count
        carried = _IDENTITY.omega(xp, mean[:k], variance[:k])
        mapped = self.phi.omega(xp, mean[k:], variance[k:])

        return _Beside(xp, carried, mapped)

    def covariance(self, p: int, q: int, omega: Any, pairs: Pairs) -> Any:
        xp, k = pairs.xp, self.count
        total = xp.zeros(*pairs.rho.shape)
        for j in range(1, max(p, q) + 1):
            total = total + mehler_term(pairs, j, omega(j, p), omega(j, q))

        def inner() -> Pairs:
            cov = xp.with_diagonal(pairs.cov[k:, k:], pairs.scale[k:] ** 2)
            return Pairs(xp, pairs.mean[k:], cov)

        mapped = self.phi.covariance(p, q, omega.mapped, pairs.once(("carried", k), inner))
        below = xp.concat([total[k:, :k], mapped], 1)
        return xp.concat([total[:k], below], 0)


class _Beside:
    """Wick coefficients of the carried units and of the others, joined."""

    def __init__(self, xp: Any, carried: Omega, mapped: Omega) -> None:
        self.xp, self.carried, self.mapped = xp, carried, mapped
        self._kept: dict[tuple[int, int], Any] = {}

    def __call__(self, m: int, p: int) -> Any:
        if (m, p) not in self._kept:
            parts = [self.carried(m, p), self.mapped(m, p)]
            self._kept[m, p] = self.xp.concat(parts, 0)
        return self._kept[m, p]
