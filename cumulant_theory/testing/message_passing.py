"""Graph layers as loops over nodes and edges, for exact enumeration."""

from collections.abc import Callable, Sequence
from typing import Any

import sympy as sp

from ..layers import EdgeLift, EdgeSum, GCNConv, GINConv, GraphConv, Layer, Readout, SAGEConv
from ..layers.graphs import Graph

GRAPH_LAYERS = (GraphConv, GCNConv, SAGEConv, GINConv, EdgeLift, EdgeSum, Readout)

Number = Callable[[Any], Any]


def graph_entries(layer: Layer) -> list[Any]:
    """All exact numbers that the loops of a graph layer use."""
    seen: list[Any] = []

    def number(value: Any) -> Any:
        seen.append(sp.sympify(value))
        return value

    node_map(layer, number)
    return seen


def node_map(layer: Any, number: Number) -> Callable[[Sequence[Any]], list[Any]]:
    """A graph layer as a plain function of its units, by the formula of its docstring.

    Parameters
    ----------
    layer
        One of `GRAPH_LAYERS`.
    number
        Turns exact entries into the numbers of the caller.
    """
    if isinstance(layer, Readout):
        return _readout(layer, number)
    if isinstance(layer, EdgeSum):
        return _edge_sum(layer, number)
    thetas = [[[number(w) for w in row] for row in theta.tolist()] for theta in layer.matrices]
    copies = layer.out_features // layer.out_channels
    shift = [number(layer.bias[copies * k]) for k in range(layer.out_channels)]
    if isinstance(layer, EdgeLift):
        return _edge_lift(layer, thetas, shift)
    n = len(layer.graph)
    incoming = [
        [(u, number(w)) for u, w in messages] for messages in _messages(layer)
    ]
    self_weight = number(1 + layer.eps) if isinstance(layer, GINConv) else None
    zero = number(0)

    def apply(x: Sequence[Any]) -> list[Any]:
        features = [[x[c * n + v] for c in range(layer.in_channels)] for v in range(n)]
        result = []
        for v in range(n):
            total = [zero] * layer.in_channels
            for u, w in incoming[v]:
                total = [t + w * f for t, f in zip(total, features[u], strict=True)]
            if self_weight is not None:
                total = [t + self_weight * f for t, f in zip(total, features[v], strict=True)]
            z = _times(thetas[-1], total, shift)
            if len(thetas) > 1:
                z = _times(thetas[0], features[v], z)
            result.append(z)
        return [result[v][c] for c in range(layer.out_channels) for v in range(n)]

    return apply


def _times(matrix: Sequence[Sequence[Any]], x: Sequence[Any], start: Sequence[Any]) -> list[Any]:
    found = []
    for row, value in zip(matrix, start, strict=True):
        for w, f in zip(row, x, strict=True):
            value = value + w * f
        found.append(value)
    return found


def _weighted(graph: Graph) -> list[list[tuple[int, Any]]]:
    """For every node the (source, weight) of what reaches it, from the list of edges."""
    found: list[list[tuple[int, Any]]] = [[] for _ in graph.nodes]
    for a, b, w in graph.edges:
        u, v = graph.index(a), graph.index(b)
        found[v].append((u, w))
        if not graph.is_directed() and u != v:
            found[u].append((v, w))
    return found


def _messages(layer: Any) -> list[list[tuple[int, Any]]]:
    """The same with the factors of the aggregation."""
    incoming = _weighted(layer.graph)
    kind = getattr(layer, "aggregation", "sum")
    if isinstance(layer, SAGEConv) or kind == "mean":
        return [[(u, w / len(messages)) for u, w in messages] for messages in incoming]
    if isinstance(layer, GCNConv):
        for v, messages in enumerate(incoming):
            if all(u != v for u, _ in messages):
                messages.append((v, sp.S.One))
    if isinstance(layer, GCNConv) or kind == "symmetric":
        degrees = [sum((w for _, w in messages), start=sp.S.Zero) for messages in incoming]
        return [
            [(u, w / sp.sqrt(degrees[v]) / sp.sqrt(degrees[u])) for u, w in messages]
            for v, messages in enumerate(incoming)
        ]
    return incoming


def _edges(graph: Graph) -> list[tuple[int, int, Any]]:
    """(target, source, weight) of all messages, in the order of the units on edges."""
    listed = enumerate(_weighted(graph))
    return [(v, u, w) for v, messages in listed for u, w in sorted(messages, key=lambda m: m[0])]


def _edge_lift(
    layer: EdgeLift, thetas: Sequence[Any], shift: Sequence[Any]
) -> Callable[[Sequence[Any]], list[Any]]:
    n, edges = len(layer.graph), _edges(layer.graph)
    channels = range(layer.in_channels)

    def apply(x: Sequence[Any]) -> list[Any]:
        rows = []
        for v, u, _ in edges:
            z = _times(thetas[0], [x[c * n + u] for c in channels], shift)
            rows.append(_times(thetas[1], [x[c * n + v] for c in channels], z))
        return [row[k] for k in range(layer.out_channels) for row in rows]

    return apply


def _edge_sum(layer: EdgeSum, number: Number) -> Callable[[Sequence[Any]], list[Any]]:
    edges = [(v, number(w)) for v, _, w in _edges(layer.graph)]
    n, zero = len(layer.graph), number(0)

    def apply(x: Sequence[Any]) -> list[Any]:
        found = [zero] * (layer.channels * n)
        for c in range(layer.channels):
            for e, (v, w) in enumerate(edges):
                found[c * n + v] = found[c * n + v] + w * x[c * len(edges) + e]
        return found

    return apply


def _readout(layer: Readout, number: Number) -> Callable[[Sequence[Any]], list[Any]]:
    n = len(layer.graph)
    if layer.kind not in ("mean", "sum"):
        place = layer.graph.index(layer.kind)
        return lambda x: [x[c * n + place] for c in range(layer.channels)]
    share, zero = number(sp.Rational(1, n) if layer.kind == "mean" else 1), number(0)
    return lambda x: [
        share * sum(x[c * n : (c + 1) * n], start=zero) for c in range(layer.channels)
    ]
