"""Messages on edges: lift node features to the edges, and sum edge features at their targets."""

from typing import Any

import sympy as sp

from ...algebra import check_size
from ...errors import ShapeError
from ..base import Layer
from ..kronecker import KroneckerRule, Operator
from ..rules import Rule
from .base import NodeShared
from .graph import Graph


class EdgeLift(NodeShared):
    """z_e = p x_source + q x_target + c for every edge e: the two ends of a message.

    Followed by a pointwise polynomial and :class:`EdgeSum` this is a message that is a polynomial
    in both ends. Every message of ``graph.arcs`` is one edge, so an undirected edge counts twice,
    once each way; edge weights enter in `EdgeSum`. Units: channel * edges + edge.

    Parameters
    ----------
    graph
        NetworkX graph, `Graph`, or (nodes, edges).
    in_features, out_features
        Features per node and per edge; p and q are matrices (out_features, in_features).
    bias
        Whether there is a shift, one entry per edge feature.
    name
        Base names of the two matrices; default ("p", "q"), numbered by layer in a network.
    bias_name, weights, bias_values
        As for `GraphConv`.

    Raises
    ------
    ShapeError
        If the graph has no edges or the matrices do not fit.

    References
    ----------
    Gilmer et al., ICML 2017, arXiv:1704.01212, equation 1.

    Examples
    --------
    >>> lift = EdgeLift(Graph((2, [(0, 1)]), directed=True))
    >>> lift.weight
    Matrix([[p, q]])
    """

    base_names: tuple[str, ...] = ("p", "q")
    places = "edges"

    def __init__(
        self, graph: Any, in_features: int = 1, out_features: int = 1, bias: bool = False, *,
        name: Any = None, bias_name: str | None = None, weights: Any = None,
        bias_values: Any = None,
    ) -> None:
        graph = _with_edges(graph, "EdgeLift")
        super().__init__(
            graph, in_features, out_features, bias, name, bias_name, weights, bias_values,
            (len(graph), len(graph.arcs)),
        )

    def _operators(self) -> tuple[Operator, ...]:
        arcs, n = self.graph.arcs, len(self.graph)
        ends = ([u for u, _, _ in arcs], [v for _, v, _ in arcs])
        return tuple(
            Operator.of(len(arcs), n, [(e, v, sp.S.One) for e, v in enumerate(nodes)])
            for nodes in ends
        )


class EdgeSum(Layer):
    """y_v = sum of a_e z_e over the edges e into v, a_e their weights.

    Parameters
    ----------
    graph
        NetworkX graph, `Graph`, or (nodes, edges).
    channels
        Features per edge.

    Raises
    ------
    ShapeError
        If the graph has no edges.

    Examples
    --------
    >>> EdgeSum((2, [(0, 1, 3)])).forward([5, 7])
    [15, 21]
    """

    def __init__(self, graph: Any, channels: int = 1) -> None:
        self.graph: Graph = _with_edges(graph, "EdgeSum")
        self.channels: int = check_size(channels, "EdgeSum: channels")
        self.in_features: int = self.channels * len(self.graph.arcs)
        self.out_features: int = self.channels * len(self.graph)

    @property
    def parameters(self) -> tuple[sp.Symbol, ...]:
        """Symbols among the edge weights."""
        return self.graph.weight_symbols

    def subs(self, values: Any) -> "EdgeSum":
        """A copy with symbols in the edge weights replaced by exact values."""
        return EdgeSum(self.graph.subs(values), self.channels)

    def rules(self, units: int) -> tuple[Rule, ...]:
        """One constant affine rule."""
        arcs = self.graph.arcs
        incoming = Operator.of(
            len(self.graph), len(arcs), [(v, e, w) for e, (_, v, w) in enumerate(arcs)]
        )
        return (KroneckerRule.on_each_channel(incoming, self.channels),)

    def __repr__(self) -> str:
        extra = "" if self.channels == 1 else f", {self.channels}"
        return f"EdgeSum({self.graph!r}{extra})"


def _with_edges(data: Any, kind: str) -> Graph:
    graph = Graph.of(data)
    if not graph.arcs:
        raise ShapeError(f"{kind}: {graph!r} has no edges, so there are no messages; add edges")
    return graph
