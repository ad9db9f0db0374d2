"""Identities that every law and joint cumulant obeys, as checks for anybody's code."""

import itertools
from collections.abc import Sequence
from typing import Any

import sympy as sp

from ..algebra import (
    MultiIndex,
    binomial,
    check_order,
    exact,
    joint_cumulant_by_partitions,
    multi_indices,
    set_partitions,
    sub_indices,
    to_indices,
)
from ..arguments import brief, entries, explained
from ..cumulants import blocks_of
from ..errors import DomainError, ShapeError
from ..laws import Law, Product
from ..layers import Linear
from .enumeration import require_same


def _joint(law: Any) -> Any:
    joint = law.iid(1) if isinstance(law, Law) else law
    if not hasattr(joint, "cumulant"):
        raise DomainError(f"{brief(law)} has no cumulants; pass a law or joint cumulants")
    return joint


def indices_to(dim: int, order: int) -> list[MultiIndex]:
    """All multi-indices of order 1 to ``order``."""
    return [alpha for r in range(1, check_order(order) + 1) for alpha in multi_indices(dim, r)]


def exact_rows(matrix: Any, columns: int, what: str) -> list[list[sp.Expr]]:
    """A matrix as lists of exact entries; ShapeError unless it has that many columns."""
    wanted = "a matrix, or a list of rows"
    rows = [entries(row, what, wanted) for row in entries(matrix, what, wanted)]
    if not rows or any(len(row) != columns for row in rows):
        raise ShapeError(f"{what} must have {columns} columns, one per unit; got {rows}")
    return [[exact(w, what) for w in row] for row in rows]


@explained
def check_moment_cumulant_round_trip(law: Any, order: int = 6) -> None:
    """Moments and cumulants of a law belong together, by sums over set partitions both ways.

    Parameters
    ----------
    law
        Law, joint law or joint cumulants with ``moment`` and ``cumulant``.
    order
        Highest order.

    Raises
    ------
    VerificationError
        If a moment is not the sum over partitions of products of cumulants, or a cumulant not
        the signed sum of products of moments.

    References
    ----------
    Speed, Austral. J. Statist. 25, 378 (1983).

    Examples
    --------
    >>> from cumulant_theory import laws
    >>> check_moment_cumulant_round_trip(laws.Gamma(2, "beta"), order=4)
    """
    law = _joint(law)
    for alpha in indices_to(law.dim, order):
        labels = to_indices(alpha)

        def counted(block: Sequence[int]) -> MultiIndex:
            return tuple(block.count(i) for i in range(law.dim))

        total = sp.Add(*(
            sp.Mul(*(law.cumulant(counted(block)) for block in blocks))
            for blocks in set_partitions(labels)
        ))
        require_same(law.moment(alpha), sp.expand(total), f"moment {alpha} of {law!r}",
                     "the law", "the sum over set partitions of cumulants")
        back = joint_cumulant_by_partitions(lambda block: law.moment(counted(block)), labels)
        require_same(law.cumulant(alpha), sp.expand(back), f"cumulant {alpha} of {law!r}",
                     "the law", "the signed sum over set partitions of moments")


@explained
def check_index_symmetry(state: Any, order: int = 4) -> None:
    """joint(i, j, ...) does not depend on the order of its indices, and is cumulant(alpha).

    Parameters
    ----------
    state
        Joint law or joint cumulants.

    Raises
    ------
    VerificationError
        Naming the two index tuples that differ.

    Examples
    --------
    >>> from cumulant_theory import laws
    >>> check_index_symmetry(laws.MultivariateNormal([0, 1], [[2, 1], [1, 3]]), order=3)
    """
    state = _joint(state)
    for alpha in indices_to(state.dim, order):
        value = state.cumulant(alpha)
        for indices in sorted(set(itertools.permutations(to_indices(alpha)))):
            require_same(state.joint(*indices), value, f"cumulant {alpha}",
                         f"joint{indices}", "cumulant(alpha)")


@explained
def check_multilinearity(law: Any, weight: Any, order: int = 3) -> None:
    """Cumulants of W x are the multilinear sums over all index tuples of those of x.

    Parameters
    ----------
    law
        Law or joint law of n units.
    weight
        Exact matrix, n columns.

    Raises
    ------
    VerificationError
        Naming the output indices.

    References
    ----------
    McCullagh, Tensor Methods in Statistics (1987), section 2.4.

    Examples
    --------
    >>> from cumulant_theory import laws
    >>> check_multilinearity(laws.DiscreteJoint([(0, 0), (1, 2), (3, 1)]), [[1, 2], [0, "w"]])
    """
    law = _joint(law)
    rows = exact_rows(weight, law.dim, "weight")
    out = Linear(law.dim, len(rows), weight=rows).propagate(law, order)
    for r in range(1, order + 1):
        for outputs in itertools.combinations_with_replacement(range(len(rows)), r):
            total = sp.Add(*(
                sp.Mul(law.joint(*inputs), *(
                    rows[i][j] for i, j in zip(outputs, inputs, strict=True)
                ))
                for inputs in itertools.product(range(law.dim), repeat=r)
            ))
            require_same(out.joint(*outputs), sp.expand(total), f"units {outputs} of W x",
                         "propagation", "the multilinear sum")


@explained
def check_additivity(first: Any, second: Any, order: int = 4) -> None:
    """Cumulants add over independent sums.

    The cumulants of x + y are propagated, added, and computed from the moments
    E (x + y)^alpha = sum_beta C(alpha, beta) E x^beta E y^(alpha - beta).

    Parameters
    ----------
    first, second
        Laws or joint laws of equally many units.

    Raises
    ------
    VerificationError
        If the three do not agree.
    ShapeError
        If the numbers of units differ.

    Examples
    --------
    >>> from cumulant_theory import laws
    >>> check_additivity(laws.Poisson(2), laws.Uniform(-1, 1))
    """
    x, y = _joint(first), _joint(second)
    n = x.dim
    if y.dim != n:
        raise ShapeError(f"{first!r} has {n} units and {second!r} has {y.dim}; sums need as many")
    both = Linear(2 * n, n, weight=sp.Matrix.hstack(sp.eye(n), sp.eye(n)))
    out = both.propagate(Product([x, y]), order)

    def moment(labels: Sequence[int]) -> sp.Expr:
        alpha = tuple(labels.count(i) for i in range(n))
        return sp.Add(*(
            binomial(alpha, beta)
            * x.moment(beta) * y.moment(tuple(a - b for a, b in zip(alpha, beta, strict=True)))
            for beta in sub_indices(alpha)
        ))

    for alpha in indices_to(n, order):
        value = out.cumulant(alpha)
        require_same(value, sp.expand(x.cumulant(alpha) + y.cumulant(alpha)),
                     f"cumulant {alpha} of the sum", "propagation", "addition")
        definition = joint_cumulant_by_partitions(moment, to_indices(alpha))
        require_same(value, sp.expand(definition), f"cumulant {alpha} of the sum",
                     "propagation", "the moments of the sum")


@explained
def check_shift_and_scale(law: Any, scale: Any, shift: Any, order: int = 4) -> None:
    """kappa_r(a x + c) = a^r kappa_r(x) + c [r = 1], unit by unit for a joint law.

    Raises
    ------
    VerificationError
        Naming the order.

    Examples
    --------
    >>> from cumulant_theory import laws
    >>> check_shift_and_scale(laws.Exponential("lam"), "a", "c")
    """
    law = _joint(law)
    scale, shift = exact(scale, "scale"), exact(shift, "shift")
    n = law.dim
    out = Linear(n, n, weight=sp.eye(n) * scale, bias_values=[shift] * n).propagate(law, order)
    for alpha in indices_to(n, order):
        r = sum(alpha)
        expected = scale**r * law.cumulant(alpha) + (shift if r == 1 else 0)
        require_same(out.cumulant(alpha), sp.expand(expected), f"cumulant {alpha} of a x + c",
                     "propagation", "homogeneity")
        moments = joint_cumulant_by_partitions(
            lambda labels: _shifted_moment(law, labels, scale, shift), to_indices(alpha)
        )
        require_same(out.cumulant(alpha), sp.expand(moments), f"cumulant {alpha} of a x + c",
                     "propagation", "the moments of a x + c")


def _shifted_moment(law: Any, labels: Sequence[int], scale: sp.Expr, shift: sp.Expr) -> sp.Expr:
    """E prod_i (a x_i + c) over a list of units, expanded over the subsets that keep x."""
    total = sp.S.Zero
    for kept in itertools.product((False, True), repeat=len(labels)):
        alpha = [0] * law.dim
        for i, keep in zip(labels, kept, strict=True):
            alpha[i] += keep
        total += law.moment(tuple(alpha)) * scale ** sum(kept) * shift ** (len(kept) - sum(kept))
    return total


@explained
def check_independence(source: Any, order: int = 4) -> None:
    """Mixed cumulants across independent blocks vanish and moments factorise over them.

    Parameters
    ----------
    source
        Joint law or joint cumulants, with ``blocks``.

    Raises
    ------
    VerificationError
        Naming the multi-index.

    Examples
    --------
    >>> from cumulant_theory import laws
    >>> check_independence(laws.Product([laws.Normal(1, 2), laws.Poisson("lam")]))
    """
    source = _joint(source)
    for alpha in indices_to(source.dim, order):
        parts = blocks_of(alpha, source.blocks)
        if len(parts) > 1:
            require_same(source.cumulant(alpha), 0, f"mixed cumulant {alpha}",
                         f"{source!r}", "independence")
        product = sp.Mul(*(source.moment(part) for part in parts))
        require_same(source.moment(alpha), sp.expand(product), f"moment {alpha}",
                     f"{source!r}", "the product over independent blocks")


__all__ = [
    "check_additivity",
    "check_independence",
    "check_index_symmetry",
    "check_moment_cumulant_round_trip",
    "check_multilinearity",
    "check_shift_and_scale",
]
