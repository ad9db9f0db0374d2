"""From all nodes to one value per channel."""

from collections.abc import Hashable, Mapping
from typing import Any

import sympy as sp

from ...algebra import check_size
from ...arguments import brief
from ...errors import ShapeError
from ...layers.graphs import Readout as ExplicitReadout
from ..families import Complete, Family, family_of
from ..rules import Rule
from .base import Layer


class Readout(Layer):
    """Mean or sum over all nodes, or the value of one node; one output node.

    Parameters
    ----------
    family
        Family of graphs; a positive integer or symbol n stands for ``complete(n)``.
    kind
        ``mean``, ``sum``, or a node by its position in the explicit graph; on a star also
        ``hub`` and ``leaf``.
    channels
        Channels per node.

    Raises
    ------
    DomainError
        If the family is none.
    ShapeError
        If there is no such node, or channels is no positive integer.

    Examples
    --------
    >>> from cumulant_theory.symbolic_width import star
    >>> Readout(star("n"), "sum").equations(1)[-1].rhs
    kappa__x_h + kappa__x_i*(n - 1)
    """

    def __init__(self, family: Any, kind: Any = "mean", channels: int = 1) -> None:
        self.family: Family | None = family_of(family, type(self).__name__)
        if not isinstance(kind, Hashable):
            raise ShapeError(f"Readout: kind {brief(kind)} is neither 'mean' nor 'sum' nor a node")
        self.kind = kind
        self.in_channels: int = check_size(channels, f"{type(self).__name__}: channels")
        self.rules(self.family, self.in_channels)

    def rules(self, family: Family, channels: int) -> tuple[Rule, ...]:
        """One constant rule."""
        eye = sp.ImmutableMatrix(sp.eye(channels))
        return (family.readout(self.kind, eye, (sp.S.Zero,) * channels),)

    def _replaced(self, images: Mapping[Any, Any]) -> "Readout":
        copy = object.__new__(type(self))
        copy.__dict__.update(self.__dict__)
        copy.family = self.family.subs(images) if self.family else None
        return copy

    def _written(self, family: Family, channels: int) -> Any:
        named = self.kind in ("mean", "sum")
        kind = self.kind if named else family.position(self.kind)
        return ExplicitReadout(family.explicit(), kind, channels)

    def __repr__(self) -> str:
        family = self.family.n if isinstance(self.family, Complete) else repr(self.family)
        many = "" if self.in_channels == 1 else f", channels={self.in_channels}"
        kind = f", {self.kind!r}" if type(self) is Readout else ""
        return f"{type(self).__name__}({family}{kind}{many})"


class Sum(Readout):
    """y = sum of x over all nodes.

    Examples
    --------
    >>> Sum("n").equations(1)[-1].rhs
    kappa__x_i*n
    """

    def __init__(self, family: Any, channels: int = 1) -> None:
        super().__init__(family, "sum", channels)


class Mean(Readout):
    """y = (sum of x over all nodes) / (number of nodes).

    Examples
    --------
    >>> Mean("n").equations(1)[-1].rhs
    kappa__x_i
    """

    def __init__(self, family: Any, channels: int = 1) -> None:
        super().__init__(family, "mean", channels)
