"""What has joint cumulants: the protocol of laws and states, and cumulants that are symbols."""

from typing import Any, Protocol, runtime_checkable

import sympy as sp

from ..algebra import (
    MultiIndex,
    check_indices,
    check_multi_index,
    check_order,
    check_size,
    multi_indices,
)
from ..arguments import brief, check_name, explained
from ..errors import DomainError, ShapeError
from .names import cumulant_symbol

Blocks = tuple[tuple[int, ...], ...]


@runtime_checkable
class CumulantSource(Protocol):
    """What a layer needs of its input: laws and :class:`JointCumulants` both provide it."""

    @property
    def dim(self) -> Any:
        """Number of units."""
        ...

    @property
    def blocks(self) -> Blocks:
        """Mutually independent groups of units."""
        ...

    @property
    def max_order(self) -> int | None:
        """Highest order that exists, None for all."""
        ...

    @property
    def hypotheses(self) -> tuple[str, ...]:
        """Conditions under which the cumulants hold."""
        ...

    def cumulant(self, alpha: MultiIndex) -> sp.Expr:
        """kappa_alpha, exact."""
        ...


@explained
def blocks_of(alpha: MultiIndex, blocks: Blocks) -> list[MultiIndex]:
    """Split a multi-index into its parts on independent blocks, zero parts left out."""
    last = max((i for block in blocks for i in block), default=-1)
    if last >= len(alpha):
        raise ShapeError(f"blocks_of: {brief(alpha)} has no unit {last}; pass blocks of its units")
    alpha = check_multi_index(alpha, len(alpha), "blocks_of")
    parts = []
    for block in blocks:
        if any(alpha[i] for i in block):
            part = [0] * len(alpha)
            for i in block:
                part[i] = alpha[i]
            parts.append(tuple(part))
    return parts


class GenericJoint:
    """Joint cumulants that are all symbols: no assumption but independence between blocks.

    Parameters
    ----------
    dim
        Number of units.
    state
        Name of the units in the symbols.
    blocks
        Mutually independent groups; default: one group.

    Examples
    --------
    >>> GenericJoint(2, "z1").cumulant((1, 1))
    kappa__z1_12
    """

    max_order = None

    @explained
    def __init__(self, dim: int, state: str = "x", blocks: Blocks | None = None) -> None:
        self.dim: int = check_size(dim, "GenericJoint: dim")
        self.state: str = check_name(state, "GenericJoint: state")
        self.blocks: Blocks = (tuple(range(dim)),) if blocks is None else tuple(map(tuple, blocks))
        if sorted(i for block in self.blocks for i in block) != list(range(dim)):
            raise ShapeError(
                f"GenericJoint: blocks {brief(blocks)} do not hold each of {dim} units once"
            )
        self.hypotheses: tuple[str, ...] = ()

    def cumulant(self, alpha: MultiIndex) -> sp.Expr:
        """Symbol of kappa_alpha; zero across independent blocks."""
        alpha = check_multi_index(alpha, self.dim, repr(self))
        if len(blocks_of(alpha, self.blocks)) > 1:
            return sp.S.Zero
        return cumulant_symbol(alpha, self.state)

    def __repr__(self) -> str:
        return f"GenericJoint({self.dim}, '{self.state}')"

    def _repr_latex_(self) -> str:
        from ..latex import latex

        first = latex(cumulant_symbol((1,) + (0,) * (self.dim - 1), self.state))
        return rf"$\displaystyle {first}, \dots \quad \text{{{self.dim} units}}$"


def is_identical(source: CumulantSource) -> bool:
    """Whether the units are independent copies of one law."""
    return getattr(source, "law", None) is not None


@explained
def independence(source: CumulantSource) -> tuple[str, ...]:
    """What a source assumes of the joint law of its units, in words."""
    if not hasattr(source, "blocks"):
        raise DomainError(f"{brief(source)} is no joint law; pass one, such as law.iid(2)")
    if is_identical(source):
        return ("the input units are independent copies of one law",)
    if len(source.blocks) > 1:
        return ("the input units are independent between blocks",)
    return ()


@explained
def source_values(source: CumulantSource, order: int) -> dict[MultiIndex, sp.Expr]:
    """Non-zero cumulants of a source up to ``order``, zeros across independent blocks skipped."""
    order = check_order(order)
    independence(source)
    dim = int(source.dim)
    check_indices(map(len, source.blocks), order, repr(source))
    values: dict[MultiIndex, sp.Expr] = {}
    for block in source.blocks:
        for r in range(1, order + 1):
            for local in multi_indices(len(block), r):
                alpha = [0] * dim
                for i, a in zip(block, local, strict=True):
                    alpha[i] = a
                value = source.cumulant(tuple(alpha))
                if value != 0:
                    values[tuple(alpha)] = value
    return values
