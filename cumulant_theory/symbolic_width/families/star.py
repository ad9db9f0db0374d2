"""The star: a hub joined to n - 1 exchangeable leaves."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import sympy as sp

from ...algebra import substitution
from ...arguments import explained
from ...layers import graphs
from ...layers.graphs import Graph
from ..width import check_nodes, check_width
from .classes import ClassFamily


@dataclass(frozen=True, repr=False)
class Star(ClassFamily):
    """See :func:`star`."""

    n: Any

    def __post_init__(self) -> None:
        object.__setattr__(self, "n", check_nodes(self.n, "star"))

    joined: ClassVar[tuple[tuple[int, ...], ...]] = ((0, 1), (1, 0))

    @property
    def sizes(self) -> tuple[Any, ...]:  # type: ignore[override]
        """The hub and the leaves."""
        return (sp.S.One, self.n - 1)

    def _graph(self) -> Graph:
        return graphs.star(int(self.n))

    def small(self, nodes: int = 3) -> "Star":
        """With ``nodes`` leaves."""
        return star(nodes + 1)

    @explained
    def subs(self, images: Mapping[Any, Any]) -> "Star":
        """With n replaced."""
        return star(self.n.subs(substitution(images)))

    def letters(self, label: int) -> str:
        """h is the hub; i, j, ... are leaves."""
        return super().letters(label) if label else "h"

    def position(self, kind: Any) -> int:
        """0 or ``hub``; any other position or ``leaf`` is a leaf."""
        named = {"hub": 0, "leaf": 1}
        return named[kind] if isinstance(kind, str) and kind in named else super().position(kind)

    def __repr__(self) -> str:
        return f"star({self.n})"


def star(n: Any) -> Star:
    """n nodes, the hub 0 joined to the n - 1 leaves, n a symbol or positive integer.

    Examples
    --------
    In index words h is the hub and i, j, ... are leaves:

    >>> [star("n").word(t) for t in star("n").types(2)]
    ['hh', 'ii', 'hi', 'ij']
    """
    return Star(check_width(n, "star"))
