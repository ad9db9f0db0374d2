r"""Which architectures can be the block sum, and which are tied as the block sum is.

The permutations of the block are the symmetries that the task has for every law of its inputs:
R(x) = b^{-1/2} (x_1 + ... + x_b) is invariant, and so is the law of independent copies. So an
architecture is

- *over-constrained* if R is not among its maps, though it is among those of wider and freer
  networks with the same activation, or their limits if no width reaches it;
- *matched* if R is among them in the same sense, and all of them are permutation invariant;
- *under-constrained* if R is among them and some are not.

Whether R can be represented splits into two questions. Let no layer but the readout have a bias.

*Directions.* R is constant on the x with x_1 + ... + x_b = 0 and on nothing more. A network whose
first rows span V is a function of P_V x. It is R only if (1, ..., 1) lies in V: otherwise some u
orthogonal to V has R(u) != 0. With weights on a graph the linear part at zero is a multiple of the
sums of the columns of the aggregation, or for graph_conv of two such vectors, and has to be
(1, ..., 1). Both are the rank of the linear coefficients of the same network with the activation
z, in exact arithmetic.

*Passage.* On the line x = t (1, ..., 1) the network is a scalar one with as many independent hidden
units as there are channels. Can that be linear? Always for phi(z) = z, and for polynomials whose
coefficients of order two and up are trained, as these may vanish. With two channels where
phi(z) - phi(-z) is a multiple of z (ReLU and its kin, quadratics), or where as many channels as
monomials let all but the linear one cancel. A differentiable phi with phi'(0) != 0 is linear in
the limit of small weights behind large ones in the readout: R is then approached, and never
reached. With a kink at 0 the mean of the two slopes takes the place of phi'(0), and units of both
signs are needed. A ReLU of one sign of weight is neither, and nor are an even function and a step;
other functions flat at 0 count as neither.
"""

from functools import lru_cache
from itertools import pairwise

import numpy as np
import sympy as sp

from cumulant_theory.activations import Activation
from cumulant_theory.parsing import parse_activation

from ..networks import build
from ..study.architectures import allowed_directions
from .networks import channels, network

__all__ = ["MATCHED", "OVER", "UNDER", "invariant", "passage", "representable", "role"]

OVER, MATCHED, UNDER = "over-constrained", "matched", "under-constrained"
_WIDE = 64  # any width that lets all monomials of an activation cancel
_POINTS = (sp.Rational(1, 3), sp.Rational(5, 7), sp.Rational(9, 4), sp.Integer(4))


@lru_cache(maxsize=256)
def passage(activation: Activation, width: int) -> str:
    """Whether scalar networks t -> sum_i v_i phi(w_i t) + c of a width can be linear.

    Parameters
    ----------
    activation
        phi; its symbols are trained.
    width
        Number of terms.

    Returns
    -------
    str
        ``exact``; ``limit``, if they come as near as one likes on bounded sets and exactly is not
        known; ``no``.

    Examples
    --------
    >>> from cumulant_theory import activations
    >>> [passage(phi, 1) for phi in (activations.Identity(), activations.Tanh(),
    ...                              activations.ReLU(), activations.Quadratic("a"))]
    ['exact', 'limit', 'no', 'exact']
    >>> passage(activations.ReLU(), 2), passage(activations.Square(), 2)
    ('exact', 'no')
    """
    if activation.coefficients is not None:
        plain = activation.subs(dict.fromkeys(activation.parameters, sp.S.Zero))
        linear, *higher = [sp.sympify(a) for a in (plain.coefficients or ())[1:]] or [sp.S.Zero]
        if linear == 0:
            return "no"
        if not any(higher):
            return "exact"
        if width >= _terms(higher):
            return "exact"
        return "limit"
    if activation.is_even:
        return "no"
    z = sp.Symbol("z", real=True)
    if all(activation.expr(s * p) == s * p for p in _POINTS for s in (1, -1)):
        return "exact"
    odd = [activation.expr(p) - activation.expr(-p) for p in _POINTS]
    slopes = [o / p for o, p in zip(odd, _POINTS, strict=True)]
    if slopes[0] != 0 and all(sp.simplify(s - t) == 0 for s, t in pairwise(slopes)):
        if width >= 2:
            return "exact"
        if 0 in activation.knots:
            return "no"
    if 0 in activation.knots:
        place = activation.knots.index(sp.S.Zero)
        left, right = activation.pieces(z)[place : place + 2]
        slopes = [sp.diff(f, z).subs(z, 0) for f in (left, right)]
        units = 1 if slopes[0] == slopes[1] else 2
        if left.subs(z, 0) != right.subs(z, 0):
            units *= 2  # of one sign each, to cancel the jump
        return "limit" if sum(slopes) != 0 and width >= units else "no"
    here = activation.pieces(z)[sum(bool(k < 0) for k in activation.knots)]
    return "limit" if sp.diff(here, z).subs(z, 0) != 0 else "no"


def _terms(higher: list[sp.Expr]) -> int:
    """Units that suffice to cancel the monomials of order two and up: of one sign each, or pairs
    of both signs, which cancel the even ones."""
    powers = [k for k, a in enumerate(higher, start=2) if a != 0]
    return min(1 + len(powers), 2 * (1 + sum(k % 2 for k in powers)))


@lru_cache(maxsize=1024)
def representable(symmetry: str, activation: str, b: int, width: int) -> str:
    """Whether a network can be the block sum: ``exact``, ``limit`` or ``no``.

    The depth makes no difference: a layer that passes on linear functions can be followed by
    another.

    Examples
    --------
    >>> representable("shared", "relu", 2, 4), representable("free", "relu", 2, 4)
    ('no', 'exact')
    >>> representable("gcn_conv(star)", "tanh", 4, 4), representable("free", "tanh", 4, 4)
    ('no', 'limit')
    """
    directions = allowed_directions(network(symmetry, "identity", b, width, 1), b)
    ones = sp.ones(b, 1)
    if not len(directions) or directions.rank() != directions.row_join(ones).rank():
        return "no"
    return passage(parse_activation(activation), channels(symmetry, b, width))


@lru_cache(maxsize=1024)
def invariant(symmetry: str, activation: str, b: int, width: int, depth: int) -> bool:
    """Whether every map of the architecture is permutation invariant.

    Tried at random points of random networks, which a map that is not invariant passes with
    probability zero.

    Examples
    --------
    >>> invariant("cyclic", "identity", 4, 4, 1), invariant("cyclic", "relu", 4, 4, 1)
    (True, False)
    """
    module = build(network(symmetry, activation, b, width, depth), seeds=range(4))
    x = np.random.default_rng(0).normal(size=(16, b))
    values = module(x).detach().numpy()
    moved = [module(x[:, order]).detach().numpy() for order in _generators(b)]
    return all(np.allclose(values, m, rtol=1e-9, atol=1e-12) for m in moved)


def _generators(b: int) -> list[list[int]]:
    swap = [1, 0, *range(2, b)] if b > 1 else [0]
    return [swap, [*range(1, b), 0]]


def role(symmetry: str, activation: str, b: int, width: int, depth: int) -> str:
    """``over-constrained``, ``matched`` or ``under-constrained``.

    Examples
    --------
    >>> role("alternating", "relu", 2, 4, 1), role("permutation_invariant", "relu", 2, 4, 1)
    ('over-constrained', 'matched')
    >>> role("free", "relu", 2, 4, 1), role("shared", "identity", 2, 4, 1)
    ('under-constrained', 'matched')
    >>> role("shared", "quadratic(1/2)", 2, 4, 1), role("shared", "tanh", 2, 4, 1)
    ('over-constrained', 'matched')
    """
    able = representable(symmetry, activation, b, width)
    if able == "no" or able != passage(parse_activation(activation), _WIDE):
        return OVER
    return MATCHED if invariant(symmetry, activation, b, width, depth) else UNDER
