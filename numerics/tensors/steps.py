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


def apply(
    z: State, phi: PointwiseMap, closure: Closure, form: str, gaussian_pairs: bool = True
) -> State:
    """Cumulants behind a pointwise layer.

    Parameters
    ----------
    z : State
        Cumulants in front of it.
    phi : PointwiseMap
    closure : Closure
        Diagrams(K) with K to 4, or Neglect(K, ...).
    form : {"dense", "factored"}
    gaussian_pairs : bool
        Gaussian covariances of two powers to all orders.
    """
    order, xp = order_of(closure), z.xp
    z = z.lowered(order)
    powers = Powers(z, phi, closure, gaussian_pairs)
    mean = powers((1,))
    variance = powers((2,)) - mean * mean
    if order == 1:
        return State(xp, mean, lambda: variance)
    covariance = xp.with_diagonal(powers((1, 1)), variance)
    third = fourth = None
    if order >= 3:
        wide = isinstance(closure, Diagrams)
        if wide and order == 3:
            fourth = PairTensor(xp, xp.with_diagonal(powers.cumulant((2, 2)),
                                                     powers.cumulant((4,))))
        if wide and form == "factored":
            if order == 3:
                third = _paths(z, powers)
            else:
                third, fourth = third_and_fourth(z, powers)
        else:
            third = _dense(powers, 3)
            fourth = _dense(powers, 4) if order == 4 else fourth
    return State(xp, mean, lambda: variance, lambda: covariance, third, fourth)


def means(z: State, phi: PointwiseMap, closure: Closure) -> State:
    """Means and variances alone."""
    powers = Powers(z.lowered(order_of(closure)), phi, closure, True)
    mean = powers((1,))
    variance = powers((2,)) - mean * mean
    return State(z.xp, mean, lambda: variance)


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
