"""Graph convolutions: the linear parts of the standard ones, named as in PyTorch Geometric."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import sympy as sp

from ...algebra import exact
from ...arguments import check_instance
from ...errors import DomainError, UnknownNameError
from ..kronecker import Operator
from .base import NodeShared
from .graph import Graph

Entry = tuple[int, int, Any]  # target, source, value

AGGREGATIONS = ("sum", "mean", "symmetric")


class _Convolution(NodeShared):
    """A layer from nodes to nodes."""

    def __init__(
        self, graph: Any, in_features: int = 1, out_features: int = 1, bias: bool = False, *,
        name: Any = None, bias_name: str | None = None, weights: Any = None,
        bias_values: Any = None,
    ) -> None:
        graph = Graph.of(graph)
        super().__init__(
            graph, in_features, out_features, bias, name, bias_name, weights, bias_values,
            (len(graph), len(graph)),
        )


class GraphConv(_Convolution):
    """z_v = U x_v + W sum_u a_vu x_u + c: own features and those of the neighbours.

    Parameters
    ----------
    graph
        NetworkX graph, `Graph`, or (nodes, edges); a_vu is the weight of the edge from u to v.
    in_features, out_features
        Features per node.
    aggregation
        ``sum``; ``mean``, the sum of weighted messages over the number of incoming edges;
        ``symmetric``, D^{-1/2} A D^{-1/2} with D the sums of incoming weights.
    bias
        Whether there is a shift, one entry per output feature.
    name
        Base names of the two matrices; default ("U", "W"), numbered by layer in a network.
    bias_name
        Base name of the shift; default "c".
    weights
        Exact matrices (U, W), each (out_features, in_features), in place of free symbols.
    bias_values
        Exact entries of c, in place of free symbols; implies ``bias``.

    Raises
    ------
    ShapeError
        If the graph has no nodes or the matrices do not fit.
    DomainError
        If a weight is not exact, or the normalisation divides by zero.
    UnknownNameError
        If the aggregation is unknown.

    Notes
    -----
    The units are numbered channel * nodes + node: ``in_features`` of the object counts units,
    ``in_channels`` the features per node.

    References
    ----------
    Morris et al., AAAI 2019, arXiv:1810.02244, equation 4.

    Examples
    --------
    >>> from cumulant_theory.layers import graphs
    >>> layer = GraphConv(graphs.path(3))
    >>> layer.weight, layer.parameters
    (Matrix([
    [U, W, 0],
    [W, U, W],
    [0, W, U]]), (U, W))
    """

    base_names: tuple[str, ...] = ("U", "W")

    def __init__(
        self, graph: Any, in_features: int = 1, out_features: int = 1, aggregation: str = "sum",
        bias: bool = False, **options: Any,
    ) -> None:
        check_instance(aggregation, str, "GraphConv: aggregation")
        if aggregation not in AGGREGATIONS:
            raise UnknownNameError.of("aggregation", aggregation, AGGREGATIONS)
        self.aggregation = aggregation
        super().__init__(graph, in_features, out_features, bias, **options)

    def _operators(self) -> tuple[Operator, ...]:
        messages = _messages(self.graph)
        if self.aggregation == "mean":
            messages = _mean(self)
        elif self.aggregation == "symmetric":
            messages = _symmetric(self, messages)
        return (Operator.identity(len(self.graph)), _between_nodes(self.graph, messages))

    def _options(self) -> Sequence[str]:
        return [] if self.aggregation == "sum" else [f"aggregation={self.aggregation!r}"]


class GCNConv(_Convolution):
    """z_v = W sum_u (D^{-1/2} (A + I) D^{-1/2})_vu x_u + c, D the row sums of A + I.

    Nodes that have a loop keep its weight in place of the added 1, as in PyTorch Geometric.

    Parameters
    ----------
    graph, in_features, out_features, bias, bias_name, bias_values
        As for :class:`GraphConv`.
    name
        Base name of the matrix; default "W".
    weights
        One exact matrix in a list, in place of free symbols.

    Raises
    ------
    ShapeError, DomainError
        As :class:`GraphConv`; D must be positive.

    References
    ----------
    Kipf & Welling, ICLR 2017, arXiv:1609.02907, equation 2.

    Examples
    --------
    >>> from cumulant_theory.layers import graphs
    >>> GCNConv(graphs.star(3)).weight
    Matrix([
    [        W/3, sqrt(6)*W/6, sqrt(6)*W/6],
    [sqrt(6)*W/6,         W/2,           0],
    [sqrt(6)*W/6,           0,         W/2]])
    """

    def _operators(self) -> tuple[Operator, ...]:
        loops = {v for u, v, _ in self.graph.arcs if u == v}
        added = [(v, v, sp.S.One) for v in range(len(self.graph)) if v not in loops]
        messages = _symmetric(self, [*_messages(self.graph), *added])
        return (_between_nodes(self.graph, messages),)


class SAGEConv(_Convolution):
    """z_v = U x_v + W mean_u a_vu x_u + c: own features and the mean of the neighbours'.

    The mean divides the sum of weighted messages by the number of incoming edges.

    Parameters
    ----------
    graph, in_features, out_features, bias, name, bias_name, weights, bias_values
        As for :class:`GraphConv`.

    Raises
    ------
    ShapeError
        As :class:`GraphConv`.
    DomainError
        If a node has no incoming edge.

    References
    ----------
    Hamilton, Ying & Leskovec, NeurIPS 2017, arXiv:1706.02216, section 3.3.

    Examples
    --------
    >>> from cumulant_theory.layers import graphs
    >>> SAGEConv(graphs.path(3)).weight
    Matrix([
    [  U, W,   0],
    [W/2, U, W/2],
    [  0, W,   U]])
    """

    base_names: tuple[str, ...] = ("U", "W")

    def _operators(self) -> tuple[Operator, ...]:
        return (Operator.identity(len(self.graph)), _between_nodes(self.graph, _mean(self)))


class GINConv(_Convolution):
    """z_v = W ((1 + eps) x_v + sum_u a_vu x_u) + c.

    Parameters
    ----------
    graph, in_features, out_features, bias, bias_name, bias_values
        As for :class:`GraphConv`.
    eps
        Exact number, symbol or symbol name; a symbol is a parameter.
    name
        Base name of the matrix; default "W".
    weights
        One exact matrix in a list, in place of free symbols.

    Raises
    ------
    ShapeError, DomainError
        As :class:`GraphConv`.

    References
    ----------
    Xu et al., ICLR 2019, arXiv:1810.00826, equation 4.1.

    Examples
    --------
    >>> from cumulant_theory.layers import graphs
    >>> GINConv(graphs.path(2), eps="epsilon").weight
    Matrix([
    [W*(epsilon + 1),               W],
    [              W, W*(epsilon + 1)]])
    """

    def __init__(
        self, graph: Any, in_features: int = 1, out_features: int = 1, eps: Any = 0,
        bias: bool = False, **options: Any,
    ) -> None:
        self.eps: sp.Expr = exact(eps, "GINConv: eps")
        super().__init__(graph, in_features, out_features, bias, **options)

    def _operators(self) -> tuple[Operator, ...]:
        own = [(v, v, 1 + self.eps) for v in range(len(self.graph))]
        return (_between_nodes(self.graph, [*own, *_messages(self.graph)]),)

    def _coefficients(self) -> tuple[sp.Expr, ...]:
        return (self.eps,)

    def _substituted(self, images: Mapping[Any, Any]) -> dict[str, Any]:
        return {"eps": self.eps.subs(images)}

    def _options(self) -> Sequence[str]:
        return [] if self.eps == 0 else [f"eps={self.eps}"]


def _messages(graph: Graph) -> list[Entry]:
    """(target, source, weight) of every message."""
    return [(v, u, w) for u, v, w in graph.arcs]


def _between_nodes(graph: Graph, entries: Iterable[Entry]) -> Operator:
    return Operator.of(len(graph), len(graph), entries)


def _mean(layer: NodeShared) -> list[Entry]:
    """Weighted messages over the number of incoming edges."""
    graph = layer.graph
    incoming = Counter(v for _, v, _ in graph.arcs)
    lonely = [graph.nodes[v] for v in range(len(graph)) if v not in incoming]
    if lonely:
        raise DomainError(
            f"{type(layer).__name__}: node {lonely[0]!r} of {graph!r} has no incoming edge, so "
            "the mean over its neighbours is 0/0; remove the node, give it an edge or a loop, or "
            "use the aggregation 'sum'"
        )
    return [(v, u, w / incoming[v]) for v, u, w in _messages(graph)]


def _symmetric(layer: NodeShared, messages: Sequence[Entry]) -> list[Entry]:
    """D^{-1/2} M D^{-1/2}, D the row sums of M."""
    graph = layer.graph
    incoming: list[list[Any]] = [[] for _ in graph.nodes]
    for v, _, w in messages:
        incoming[v].append(w)
    degrees = [sp.Add(*weights) for weights in incoming]
    for node, degree in zip(graph.nodes, degrees, strict=True):
        if degree.is_number and not degree.is_positive:
            raise DomainError(
                f"{type(layer).__name__}: the incoming weights of node {node!r} of {graph!r} sum "
                f"to {degree}, so 1/sqrt of it does not exist; the sum must be positive: change "
                "the weights, give the node a loop, or use the aggregation 'sum'"
            )
    roots = [sp.sqrt(d) for d in degrees]
    return [(v, u, w / (roots[v] * roots[u])) for v, u, w in messages]
