"""Identities that layers and networks obey, as checks for anybody's code."""

from collections.abc import Iterable
from typing import Any

import sympy as sp

from ..algebra import check_entries, check_size, exact
from ..arguments import brief, check_instance, entries, explained
from ..errors import DomainError, ShapeError
from ..laws import Law, Normal
from ..layers import BlockSum, Layer, Linear
from .enumeration import require_same
from .identities import exact_rows, indices_to

__all__ = ["check_block_sum_semigroup", "check_equivariance", "check_gaussian_fixed_point"]


@explained
def check_block_sum_semigroup(
    law: Law, b: int, c: int, s: Any = sp.S.Half, order: int = 4
) -> None:
    """R_b R_c = R_{bc}: the block sum of block sums is the block sum of the whole block.

    Raises
    ------
    VerificationError
        Naming the order.

    References
    ----------
    G. Jona-Lasinio, Phys. Rep. 352, 439 (2001).

    Examples
    --------
    >>> from cumulant_theory import laws
    >>> check_block_sum_semigroup(laws.Exponential(1), 2, 3)
    """
    b, c = (check_size(n, "check_block_sum_semigroup: a block") for n in (b, c))
    check_entries(b, b * c, "check_block_sum_semigroup")
    inner, outer = BlockSum(c, s), BlockSum(b, s)
    row = [sp.Pow(sp.Integer(c), -exact(s, "s"))] * c
    grouped = [[sp.S.Zero] * (c * k) + row + [sp.S.Zero] * (c * (b - 1 - k)) for k in range(b)]
    copies = law.iid(b * c)
    stepwise = (Linear(b * c, b, weight=grouped) >> outer).propagate(copies, order)
    whole = (outer @ inner).propagate(copies, order)
    for r in range(1, order + 1):
        require_same(stepwise[r], whole[r], f"kappa_{r} of R_{b} R_{c}", "two steps", "one step")
        one = BlockSum(b, s).eigenvalue(r) * BlockSum(c, s).eigenvalue(r) * law.cumulant(r)
        require_same(stepwise[r], one, f"kappa_{r} of R_{b} R_{c}", "two steps",
                     "the product of eigenvalues")


@explained
def check_gaussian_fixed_point(layer: Layer, order: int = 6) -> None:
    """A map of b units to one leaves every centred Gaussian as it is.

    Parameters
    ----------
    layer
        Layer or network, such as ``BlockSum(b)`` at s = 1/2.

    Raises
    ------
    VerificationError
        Naming the order whose cumulant moves.

    Examples
    --------
    >>> from cumulant_theory import layers
    >>> check_gaussian_fixed_point(layers.BlockSum(3))
    """
    gaussian = Normal(0, "sigma")
    b = getattr(layer, "b", None)
    symbolic = b is not None and not b.is_number
    out = layer.propagate(gaussian.iid(b) if symbolic else gaussian, order)
    for r in range(1, order + 1):
        require_same(out[r], gaussian.cumulant(r), f"kappa_{r} of a centred Gaussian under "
                     f"{layer!r}", "propagation", "the fixed point")


@explained
def check_equivariance(
    layer: Layer, law: Any, order: int = 3,
    generators: Iterable[tuple[Any, Any]] | None = None,
) -> None:
    """A group element acting before the layer gives the same cumulants as acting after it.

    Parameters
    ----------
    layer
        Layer or network.
    law
        Joint law of its inputs, or a univariate one for independent copies.
    order
        Highest order.
    generators
        Pairs (rho_out, rho_in) of matrices. Default: those of the symmetry of a Linear layer; an
        element A of a Lie algebra acts by its Cayley transform (1 - t A)^{-1} (1 + t A), which
        commutes with what commutes with A.

    Raises
    ------
    VerificationError
        Naming the generator and the multi-index.
    DomainError
        If no generators are given and the layer has none.

    Examples
    --------
    >>> from cumulant_theory import laws, layers, symmetries
    >>> layer = layers.Linear(3, 3, symmetry=symmetries.Cyclic(), bias=True)
    >>> check_equivariance(layer, laws.DiscreteJoint([(0, 0, 1), (1, 2, 0)]), order=2)
    """
    check_instance(layer, Layer, "check_equivariance: layer")
    pairs = _group_elements(layer) if generators is None else list(map(_pair, generators))
    source: Any = layer.source(law)
    for number, (rho_out, rho_in) in enumerate(pairs, 1):
        rotated = Linear(rho_in.rows, rho_in.rows, weight=rho_in)
        before = (rotated >> layer).propagate(source, order)
        rotated = Linear(rho_out.rows, rho_out.rows, weight=rho_out)
        after = (layer >> rotated).propagate(source, order)
        for alpha in indices_to(after.dim, order):
            require_same(before.cumulant(alpha), after.cumulant(alpha),
                         f"generator {number}, multi-index {alpha}", "acting before",
                         "acting after")


def _pair(generator: Any) -> tuple[Any, Any]:
    wanted = "a pair (rho_out, rho_in) of square matrices"
    pair = entries(generator, "check_equivariance: generator", wanted)
    if len(pair) != 2:
        raise ShapeError(f"check_equivariance: generator: {brief(generator)}; pass {wanted}")
    what = "check_equivariance: a square matrix"
    out, into = (
        sp.ImmutableMatrix(exact_rows(m, len(entries(m, what)), what)) for m in pair
    )
    return out, into


def _group_elements(layer: Layer) -> list[tuple[Any, Any]]:
    tying = getattr(layer, "tying", None)
    if tying is None:
        raise DomainError(f"{layer!r} has no symmetry of its own; pass generators=[(out, in), ...]")
    return [
        (_cayley(out), _cayley(inp)) if infinitesimal else (out, inp)
        for (out, inp), infinitesimal in zip(
            tying.generators, tying.infinitesimal, strict=True
        )
    ]


def _cayley(a: sp.MatrixBase) -> sp.ImmutableMatrix:
    t, eye = sp.Rational(1, 7), sp.eye(a.rows)
    return sp.ImmutableMatrix((eye - t * a).inv() * (eye + t * a))
