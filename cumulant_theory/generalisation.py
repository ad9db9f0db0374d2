"""How far a network is from its target map: residuals of cumulants and pointwise risk."""

from typing import Any

import sympy as sp

from .algebra import Polynomial, Ring
from .cumulants import JointCumulants
from .errors import ShapeError
from .layers import EffectiveMap, Layer
from .layers.base import check_order
from .layers.rules import SparsePolynomial, polynomial_cumulants


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

    Examples
    --------
    >>> from cumulant_theory import laws, layers
    >>> residuals(layers.Mean(2), layers.BlockSum(2), laws.Normal(0, "sigma"), order=2)
    {1: 0, 2: -sigma**2/2}
    """
    check_order(order)
    _check_pair(network, target)
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


def risk(network: Layer, target: Layer, law: Any) -> sp.Expr:
    """Pointwise risk E (f(x) - R(x))^2 in closed form.

    Parameters
    ----------
    network, target
        f and R, with the same number of input units and one output unit.
    law
        Input law; a univariate law stands for independent copies.

    Returns
    -------
    sympy.Expr
        Exact, a polynomial in the parameters and the cumulants of the law.

    Raises
    ------
    ShapeError
        If the widths do not fit.

    Examples
    --------
    >>> from cumulant_theory import laws, layers
    >>> risk(layers.Mean(2), layers.Sum(2), laws.Uniform(-1, 1))
    1/6
    """
    _check_pair(network, target)
    source = target.source(law)
    units = network.input_units(int(source.dim))
    degree = max(network.degree(units), target.degree(units))
    first = JointCumulants.from_source(source, 2 * degree)
    chains = [[s.rule for s in f.stages(units)] for f in (network, target)]
    ring = Ring([*first.ring.atoms, *(e for rules in chains for r in rules for e in r.expressions)])
    source_state = JointCumulants.from_source(source, 2 * degree, ring)
    f, r = (EffectiveMap(rules, units, ring).polynomials[0] for rules in chains)
    difference: SparsePolynomial = {
        k: f.get(k, ring.zero) - r.get(k, ring.zero) for k in {*f, *r}
    }
    cumulant = polynomial_cumulants([difference], source_state)
    return ring.expr(cumulant((2,)) + cumulant((1,)) ** 2)


def _check_pair(network: Layer, target: Layer) -> None:
    for f, what in ((network, "network"), (target, "target")):
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
