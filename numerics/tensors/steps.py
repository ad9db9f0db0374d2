"""One pointwise layer: cumulants of phi(z) from those of z."""

from typing import Any

from cumulant_theory.closures import Closure, Diagrams

from .forms import (
    DenseTensor,
    FactoredThird,
    PairTensor,
    Part,
    PathThird,
    assemble,
    distinct,
)
from .fourth import third_and_fourth
from .maps import PointwiseMap
from .powers import Powers
from .state import State


def order_of(closure: Closure) -> int:
    """Highest order K that a closure carries."""
    return getattr(closure, "order", 4)


class Layer:
    """A pointwise layer under a closure.

    Parameters
    ----------
    phi : PointwiseMap
    closure : Closure
        Diagrams(K) with K to 4, or Neglect(K, ...).
    form : {"dense", "factored"}
    gaussian_pairs : bool
        Gaussian covariances of two powers to all orders.
    carried : int
        Highest order of the cumulants in front that are used.
    last : bool
        Whether only means and variances are wanted.
    """

    phi: PointwiseMap
    closure: Closure
    form: str
    last: bool
    gaussian_pairs: bool
    carried: int

    def __init__(
        self, phi: PointwiseMap, closure: Closure, form: str, gaussian_pairs: bool, carried: int,
        last: bool = False,
    ) -> None:  # fmt: skip
        self.phi, self.closure, self.form, self.last = phi, closure, form, last
        self.gaussian_pairs, self.carried = gaussian_pairs, carried

    @property
    def endless(self) -> bool:
        """Whether the sum over diagrams is cut by cost, and does not end by itself."""
        return self.phi.degree is None or isinstance(self.closure, Diagrams)

    def powers(self, z: State) -> Powers:
        """Joint cumulants of powers behind the layer, from the cumulants in front."""
        return Powers(z.lowered(self.carried), self.phi, self.closure, self.gaussian_pairs)

    def gaussian(self, z: State) -> State:
        """Means and variances of K = 2."""
        return _moments(Powers(z.lowered(1), self.phi, Diagrams(2), True))

    def step(self, powers: Powers) -> State:
        """Cumulants behind the layer."""
        y, order, xp, z = _moments(powers), order_of(self.closure), powers.xp, powers.z
        if order == 1 or self.last:
            return y
        covariance = xp.with_diagonal(powers((1, 1)), y.variance)
        third = fourth = None
        if order >= 3:
            wide = isinstance(self.closure, Diagrams)
            if wide and order == 3:
                fourth = PairTensor(xp, xp.with_diagonal(powers.cumulant((2, 2)),
                                                         powers.cumulant((4,))))
            if wide and self.form == "factored":
                if order == 3:
                    third = _paths(z, powers)
                else:
                    third, fourth = third_and_fourth(z, powers)
            else:
                third = _dense(powers, 3)
                fourth = _dense(powers, 4) if order == 4 else fourth
        return State(xp, y.mean, lambda: y.variance, lambda: covariance, third, fourth)


def _moments(powers: Powers) -> State:
    """Means and variances alone."""
    variance = powers.cumulant((2,))
    return State(powers.xp, powers.mean, lambda: variance)


def _dense(powers: Powers, order: int) -> DenseTensor:
    xp, n = powers.xp, powers.z.width
    blocks = {}
    for q in _patterns(order):
        if len(q) <= n:
            value = powers.cumulant(q)
            blocks[q] = value * xp.asarray(distinct(n, len(q))) if len(q) > 1 else value
    return DenseTensor(xp, assemble(xp, blocks, n, order))


def _patterns(order: int) -> list[tuple[int, ...]]:
    return {3: [(3,), (2, 1), (1, 1, 1)], 4: [(4,), (3, 1), (2, 2), (2, 1, 1), (1, 1, 1, 1)]}[order]


def _paths(z: State, powers: Powers) -> PathThird:
    """Third cumulants at K = 3: that of z, paths of two covariances, and repeated units."""
    xp, w = powers.xp, powers.omega
    old = z.third if z.third is None or isinstance(z.third, FactoredThird) else _factor(z.third)
    first, centres = w(1, 1), w(2, 1)
    edges = first[:, None] * xp.with_diagonal(z.covariance, 0.0)
    repeated = edges * edges * centres
    single = powers.cumulant((3,))
    if old is not None:
        repeated = repeated + (first * first)[:, None] * first * old.block((2, 1))
        single = single - first**3 * old.block((3,))
    lacking = powers.cumulant((2, 1)) - repeated
    return PathThird(xp, old, first, edges, centres, xp.with_diagonal(lacking, single * (1 / 3)))


def _factor(tensor: Any) -> FactoredThird:
    """A given dense third cumulant in factored form, of rank n^2 at most."""
    xp, t = tensor.xp, tensor.dense()
    n = t.shape[0]
    # 2 (u v + v u) = (u + v)^2 - (u - v)^2 with u = e_i and v = e_j
    eye = xp.eye(n)
    p, s = [], []  # L and C of one part
    for i in range(n):
        for j in range(i + 1):
            column, u, v = t[i, j][:, None] / 3, eye[:, i : i + 1], eye[:, j : j + 1]
            if i == j:
                p.append(u)
                s.append(column)
            else:
                p += [u + v, u - v]
                s += [column / 2, -column / 2]
    return FactoredThird(xp, [Part(xp.concat(p, 1), xp.concat(s, 1))])
