"""From node features to one value per channel."""

from collections.abc import Hashable
from typing import Any

import sympy as sp

from ...algebra import check_size
from ...arguments import brief
from ...errors import ShapeError
from ...orbits import Permutation, on_channels, symmetric_group
from ..base import Layer
from ..kronecker import KroneckerRule, Operator
from ..rules import Rule
from .graph import Graph


class Readout(Layer):
    """Mean or sum over all nodes, or the value of one node; one output unit per channel.

    Parameters
    ----------
    graph
        NetworkX graph, `Graph`, (nodes, edges), or the number of nodes.
    kind
        ``mean``, ``sum``, or a node (its position where only the number of nodes is given).
    channels
        Features per node.

    Raises
    ------
    ShapeError
        If there is no such node, or channels is no positive integer.

    Examples
    --------
    >>> Readout(3, "mean").forward([1, 2, 6])
    [3]
    >>> Readout((["a", "b"], [("a", "b")]), "b", channels=2).forward([1, 2, 3, 4])
    [2, 4]
    """

    def __init__(self, graph: Any, kind: Hashable = "mean", channels: int = 1) -> None:
        counted = isinstance(graph, int) and not isinstance(graph, bool)
        if counted:
            graph = Graph((check_size(graph, "Readout: the number of nodes"), []), label=str(graph))
        self.graph: Graph = Graph.of(graph)
        if not isinstance(kind, Hashable):
            raise ShapeError(f"Readout: kind {brief(kind)} is neither 'mean' nor 'sum' nor a node")
        self.kind = kind
        self.channels: int = check_size(channels, "Readout: channels")
        self._node: int | None = None
        if kind not in ("mean", "sum"):
            try:
                self._node = self.graph.index(kind)
            except ShapeError as error:
                raise ShapeError(
                    f"Readout: kind {kind!r} is neither 'mean' nor 'sum' nor a node; {error}"
                ) from None
        self.in_features: int = self.channels * len(self.graph)
        self.out_features: int = self.channels

    def input_permutations(self, units: int) -> list[Permutation]:
        """All permutations of the nodes, for a sum or a mean."""
        if self._node is not None:
            return []
        return [on_channels(p, self.channels) for p in symmetric_group(len(self.graph))]

    @property
    def permutations_name(self) -> str:
        """The group of a sum or a mean."""
        return f"permutations of the {len(self.graph)} nodes"

    def rules(self, units: int) -> tuple[Rule, ...]:
        """One constant row per channel."""
        n = len(self.graph)
        if self._node is not None:
            row = [(0, self._node, sp.S.One)]
        else:
            share = sp.S.One if self.kind == "sum" else sp.Rational(1, n)
            row = [(0, v, share) for v in range(n)]
        return (KroneckerRule.on_each_channel(Operator.of(1, n, row), self.channels),)

    def __repr__(self) -> str:
        extra = "" if self.channels == 1 else f", channels={self.channels}"
        return f"Readout({self.graph!r}, {self.kind!r}{extra})"
