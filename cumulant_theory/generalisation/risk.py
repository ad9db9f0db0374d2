"""Pointwise risk of a network against its target map."""

from typing import Any

import sympy as sp

from ..algebra import Ring
from ..arguments import explained
from ..cumulants import JointCumulants
from ..layers import EffectiveMap, Layer
from ..layers.polynomial_maps import SparsePolynomial, polynomial_cumulants
from .residuals import check_pair


@explained
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
    check_pair(network, target)
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
