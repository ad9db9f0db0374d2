"""What third and fourth cumulants of a unit add to its mean and variance, order by order.

Behind a pointwise layer E phi(z)^p is a sum over diagrams, ordered by their cost: the Gaussian
value, what a closure keeps, what it neglects first. Of the latter those diagrams are known that are
made of the third and fourth cumulants held. What kappa_4 lacks at least, since
kappa_4 + 2 kappa_2^2 >= kappa_3^2 / kappa_2 for every law, counts as neglected too.
"""

from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np

from cumulant_theory.closures import Closure, Diagrams, Neglect
from cumulant_theory.diagrams import table

from .arrays import NumpyArrays
from .powers import Powers

Rows = tuple[tuple[float, int, int, int], ...]  # weight, powers of kappa_3 and kappa_4, derivative
ROUNDING = 1e-6  # of kappa_4 / kappa_2^2 next to kappa_3^2 / kappa_2^3, also in float32


class Orders(NamedTuple):
    """Sizes of two orders, one number per unit.

    The change of the mean in units of the layer's root mean square deviation, and that of the
    variance in units of its mean variance, added in squares.

    Attributes
    ----------
    kept, neglected : array (n,)
        Squared.
    lacking : array (n,)
        What kappa_4 lacks, in units of kappa_2^2; zero where a law can have the cumulants.
    """

    kept: np.ndarray
    neglected: np.ndarray
    lacking: np.ndarray


def orders(powers: Powers) -> Orders:
    """Orders of the series behind a pointwise layer."""
    z, xp = powers.z, powers.xp
    mean, variance = (xp.detached(a).astype(float) for a in (z.mean, z.variance))
    scale = np.sqrt(np.where(variance > 0, variance, 1.0))
    blocks = [z.block((3,)), z.block((4,))]
    skewness, kurtosis = (0 * mean if b is None else xp.detached(b).astype(float) for b in blocks)
    # high derivatives at small deviations leave the range of single precision
    single = xp.epsilon > 1e-10
    omega = powers.phi.omega(NumpyArrays("float64"), mean, variance) if single else powers.omega
    with np.errstate(all="ignore"):
        for k in range(4):
            skewness = skewness / scale if k < 3 else skewness
            kurtosis = kurtosis / scale
        lacking = np.maximum(skewness**2 - 2 - kurtosis, 0.0)
        lacking = np.where((variance > 0) & ~(lacking <= ROUNDING), lacking, 0.0)

        def standard(k: int, p: int) -> np.ndarray:
            value = np.asarray(xp.detached(omega(k, p)), dtype=float)
            for _ in range(k):
                value = value * scale
            return value

        kept, missing, lack = [], [], []
        for p in (1, 2):
            near, far = (
                sum((w * skewness**a * kurtosis**b * standard(k, p) for w, a, b, k in rows),
                    0 * mean)
                for rows in _rows(p, powers.closure)
            )
            kept.append(near)
            missing.append(far)
            lack.append(standard(4, p) * lacking / 24 if lacking.any() else 0 * mean)
        # phi is centred on its Gaussian mean
        deviation = np.sqrt(np.maximum(standard(0, 2), 0.0).mean()) or 1.0

        def size(one: np.ndarray, two: np.ndarray, about: np.ndarray | float) -> np.ndarray:
            """Of a change of the mean and of that of E phi^2, whose first mean is given."""
            change = two - (2 * about + one) * one  # of the variance
            found = (one / deviation) ** 2 + (change / deviation / deviation) ** 2
            return np.where(np.isfinite(found), found, np.inf)

        neglected = size(missing[0], missing[1], kept[0])
        if lacking.any():
            neglected = neglected + size(lack[0], lack[1], kept[0])
        return Orders(size(kept[0], kept[1], 0.0), neglected, lacking)


@lru_cache(maxsize=64)
def _rows(p: int, closure: Closure) -> tuple[Rows, Rows]:
    """Diagrams of E phi^p that a closure keeps, and those up to the next even cost."""
    near, far = ({_row(r) for r in table((p,), c, None)} for c in (closure, _wider(closure)))
    near, far = (
        tuple(sorted(r for r in rows if r is not None and r[3])) for rows in (near, far - near)
    )
    return near, far


def _wider(closure: Closure) -> Closure:
    """The closure that keeps diagrams of one unit up to the next order; their costs are even."""
    cost = (closure.budget or 0) // 2 * 2 + 2
    return Neglect(closure.order, cost) if isinstance(closure, Neglect) else Diagrams(cost + 1)


def _row(row: Any) -> tuple[float, int, int, int] | None:
    """None where a cumulant occurs that is not held."""
    weight, blocks, (derivative,) = row
    powers = {sum(v): c for v, c in blocks}
    if set(powers) - {3, 4}:
        return None
    return float(weight), powers.get(3, 0), powers.get(4, 0), derivative
