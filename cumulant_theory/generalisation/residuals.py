"""Residuals of cumulants: how far a network is from its target map on a law."""

from typing import Any

import sympy as sp

from ..algebra import Polynomial, Ring
from ..arguments import explained
from ..errors import DomainError, ShapeError
from ..layers import Layer
from ..layers.base import check_order


@explained
def residuals(
    network: Layer, target: Layer, law: Any, order: int = 4
) -> dict[int, sp.Expr]:
    """rho_r = kappa_r(f) - kappa_r(R), r = 1..order, for maps onto one unit.

    Parameters
    ----------
    network, target
        f and R, with the same number of input units and one output unit.
    law
        Input law; a univariate law stands for independent copies.
    order
        Highest order.

    Returns
    -------
    dict
        r -> exact residual, a polynomial in the parameters and the cumulants of the law.

    Raises
    ------
    ShapeError
        If the widths do not fit.
    DomainError
        If a map is no layer.

    Examples
    --------
    >>> from cumulant_theory import laws, layers
    >>> residuals(layers.Mean(2), layers.BlockSum(2), laws.Normal(0, "sigma"), order=2)
    {1: 0, 2: -sigma**2/2}
    """
    check_order(order)
    check_pair(network, target)
    source = target.source(law)
    ours, theirs = network.propagate(source, order), target.propagate(source, order)
    ring = Ring([*ours.ring.atoms, *theirs.ring.atoms])
    found = {}
    for r in range(1, order + 1):
        difference = (
            ours.ring.compose(ours.element((r,)), {}, ring)
            - theirs.ring.compose(theirs.element((r,)), {}, ring)
        )
        found[r] = Polynomial(ring, difference).expr
    return found


def check_pair(network: Layer, target: Layer) -> None:
    """Raise ShapeError unless both map the same number of units onto one."""
    for f, what in ((network, "network"), (target, "target")):
        if not isinstance(f, Layer):
            raise DomainError(f"{what} {f!r} is no layer; use for example layers.BlockSum(2)")
        last = next(
            (la.out_features for la in reversed(f.layers) if la.out_features is not None), None
        )
        if last != 1:
            raise ShapeError(f"{what} {f!r} has {last} output units; residuals compare one unit")
    if network.input_units() != target.input_units():
        raise ShapeError(
            f"network {network!r} takes {network.input_units()} units, target {target!r} takes "
            f"{target.input_units()}; use layers.BlockSum({network.input_units()})"
        )
