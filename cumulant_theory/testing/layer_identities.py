"""Identities that layers and networks obey, as checks for anybody's code."""

from collections.abc import Iterable
from typing import Any

import sympy as sp

from ..algebra import exact
from ..arguments import check_instance, explained
from ..errors import DomainError, ShapeError
from ..laws import Law, Normal
from ..layers import BlockSum, Layer, Linear
from .enumeration import require_same
from .identities import indices_to

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
    pairs = _group_elements(layer) if generators is None else [
        (sp.ImmutableMatrix(a), sp.ImmutableMatrix(b)) for a, b in generators
    ]
    source: Any = layer.source(law)
    for number, (rho_out, rho_in) in enumerate(pairs, 1):
        before = (Linear(*_square(rho_in), weight=rho_in) >> layer).propagate(source, order)
        after = (layer >> Linear(*_square(rho_out), weight=rho_out)).propagate(source, order)
        for alpha in indices_to(after.dim, order):
            require_same(before.cumulant(alpha), after.cumulant(alpha),
                         f"generator {number}, multi-index {alpha}", "acting before",
                         "acting after")


def _square(matrix: sp.MatrixBase) -> tuple[int, int]:
    if matrix.rows != matrix.cols:
        raise ShapeError(f"a group element is a square matrix; got {matrix.rows} x {matrix.cols}")
    return int(matrix.rows), int(matrix.rows)


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
