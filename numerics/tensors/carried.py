"""A pointwise map next to units that pass unchanged, as in residual blocks."""

from functools import cache
from typing import Any

from ..gaussian.price import Pairs, power_of
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

    alike = False

    def __init__(self, count: int, phi: PointwiseMap) -> None:
        self.count, self.phi = count, phi
        self.name = phi.name
        self.degree = None if phi.degree is None else max(1, phi.degree)

    def omega(self, xp: Any, mean: Any, variance: Any) -> Omega:
        k = self.count
        carried = _IDENTITY.omega(xp, mean[:k], variance[:k])
        mapped = self.phi.omega(xp, mean[k:], variance[k:])

        @cache
        def value(m: int, p: int) -> Any:
            return xp.concat([carried(m, p), mapped(m, p)], 0)

        return value

    def covariance(self, p: int, q: int, omega: Omega, pairs: Pairs) -> Any:
        xp, k = pairs.xp, self.count
        total = xp.zeros(*pairs.rho.shape)
        for j in range(1, max(p, q) + 1):
            total = total + omega(j, p)[:, None] * omega(j, q)[None, :] * power_of(pairs, j)

        def inner() -> Pairs:
            cov = xp.with_diagonal(pairs.cov[k:, k:], pairs.scale[k:] ** 2)
            return Pairs(xp, pairs.mean[k:], cov)

        mapped = self.phi.covariance(
            p, q, lambda m, s: omega(m, s)[k:], pairs.once(("carried", k), inner)
        )
        below = xp.concat([total[k:, :k], mapped], 1)
        return xp.concat([total[:k], below], 0)
