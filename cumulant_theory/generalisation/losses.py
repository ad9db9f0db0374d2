"""Losses on cumulants, and exact gradients of losses in the parameters of a network."""

from collections.abc import Mapping, Sequence
from typing import Any

import sympy as sp

from ..algebra import exact, symbols_in
from ..arguments import entries, explained
from ..cumulants import JointCumulants
from ..errors import DomainError, OrderError, ShapeError
from ..layers import Layer
from ..layers.base import check_order
from .residuals import residuals


@explained
def cumulant_loss(
    network: Layer, target: Layer, law: Any, order: int = 4, weights: Any = None
) -> sp.Expr:
    """sum_r w_r (kappa_r(f) - kappa_r(R))^2, r = 1..order, in closed form.

    Parameters
    ----------
    network, target
        f and R, with the same number of input units and one output unit.
    law
        Input law; a univariate law stands for independent copies.
    order
        Highest order.
    weights
        w_1..w_order, or {order: weight} with 0 for the orders left out; exact, not negative. All 1
        by default.

    Returns
    -------
    sympy.Expr
        Exact sum of squares, not expanded.

    Raises
    ------
    ShapeError
        If the widths do not fit, or the number of weights.
    OrderError
        If a weight has an order outside 1..order.
    DomainError
        If a weight is negative, or a parameter of the network occurs in the law or the target.

    Examples
    --------
    >>> from cumulant_theory import laws, layers
    >>> unit = layers.Linear(2, 1, weight=[["w", "w"]])
    >>> cumulant_loss(unit, layers.BlockSum(2), laws.Normal(0, 1), order=2)
    (2*w**2 - 1)**2
    >>> cumulant_loss(unit, layers.Sum(2), laws.Exponential(1), order=3, weights=[1, 0, "c"])
    c*(4*w**3 - 4)**2 + (2*w - 2)**2
    """
    check_order(order)
    by_order = _weights(weights, order)
    found = residuals(network, target, law, order)
    check_symbols(network, target, law, order)
    return sp.Add(*(by_order[r] * value**2 for r, value in found.items()))


def _weights(weights: Any, order: int) -> dict[int, sp.Expr]:
    orders = range(1, order + 1)
    if weights is None:
        return dict.fromkeys(orders, sp.S.One)
    if isinstance(weights, Mapping):
        wrong = [r for r in weights if r not in orders]
        if wrong:
            raise OrderError(f"weights of order {wrong[0]!r} in a loss of the orders 1..{order}")
        given = [weights.get(r, 0) for r in orders]
    else:
        given = entries(weights, "weights of a loss", f"{order} numbers")
        if len(given) != order:
            raise ShapeError(f"{len(given)} weights for the orders 1..{order}; give {order}")
    found = {r: exact(w, f"weight of order {r}") for r, w in zip(orders, given, strict=True)}
    for r, w in found.items():
        if w.is_negative:
            raise DomainError(f"weight of order {r} is {w}; weights of a loss are not negative")
    return found


def check_symbols(network: Layer, target: Layer, law: Any, order: int) -> None:
    """Raise DomainError where the target, or a cumulant of the law, holds a parameter."""
    highest = max(f.input_order(order) for f in (network, target))
    state = JointCumulants.from_source(network.source(law), highest)
    own = {*network.parameters}
    for what, symbols in ((law, symbols_in(*state.ring.atoms)), (target, target.parameters)):
        shared = own & {*symbols}
        if shared:
            raise DomainError(
                f"{', '.join(sorted(map(str, shared)))}: symbols of {what!r} and of the network "
                f"{network!r} at once; rename them"
            )


@explained
def gradient(loss: Any, network: Layer | Sequence[sp.Symbol]) -> dict[sp.Symbol, sp.Expr]:
    """Exact partial derivatives in the parameters of a network.

    Parameters
    ----------
    loss
        Exact expression, such as :func:`~cumulant_theory.generalisation.risk` or
        :func:`cumulant_loss`.
    network
        The network, or its parameters.

    Returns
    -------
    dict
        Parameter -> derivative. That of a sum of squares is a sum of products, not expanded.

    Raises
    ------
    DomainError
        If there are no parameters, or the loss is not exact.

    Examples
    --------
    >>> from cumulant_theory import laws, layers
    >>> unit = layers.Linear(2, 1, weight=[["w", "w"]])
    >>> gradient(cumulant_loss(unit, layers.BlockSum(2), laws.Normal(0, 1), order=2), unit)
    {w: 8*w*(2*w**2 - 1)}
    """
    expression = exact(loss, "loss")
    given: Any = network.parameters if isinstance(network, Layer) else network
    parameters = tuple(given)
    if not parameters or not all(isinstance(p, sp.Symbol) for p in parameters):
        raise DomainError(
            f"{network!r} has no free parameters, so its loss has no gradient; leave some weights "
            "symbols"
        )
    return {p: sp.diff(expression, p) for p in parameters}
