"""The graph of a layer in exact, immutable form."""

import math
import numbers
from collections.abc import Hashable, Iterable, Mapping, Sequence
from functools import cached_property
from typing import Any

import sympy as sp

from ...algebra import check_edges, exact, symbols_in
from ...arguments import check_flag, check_instance, explained
from ...errors import DomainError, ShapeError, optional
from ...latex.html import count

Arc = tuple[int, int, sp.Expr]

_HOW = (
    "pass a NetworkX graph, layers.graphs.cycle(3), or a pair (nodes, edges) such as "
    "(3, [(0, 1), (1, 2)])"
)


class Graph:
    """Nodes in a fixed order and edges with exact weights.

    Messages flow along the edges: ``adjacency[v, u]`` is the weight of the edge from u to v. An
    undirected edge carries messages both ways.

    Parameters
    ----------
    data
        A NetworkX Graph or DiGraph, a `Graph`, or a pair (nodes, edges): nodes are their number
        or a sequence of names, edges are pairs (u, v) or triples (u, v, weight).
    directed
        Whether the edges of a pair have a direction; other data say so themselves.
    weight
        Edge attribute of a NetworkX graph that holds the weight; edges without it weigh 1.
    label
        Printed name; default: the numbers of nodes and edges.

    Raises
    ------
    ShapeError
        If there are no nodes, a node is listed twice, an edge has an end that is no node, or two
        edges are parallel.
    DomainError
        If the data are no graph, or a weight is not exact or not finite.

    Examples
    --------
    >>> graph = Graph((3, [(0, 1), (1, 2, "w")]))
    >>> graph
    Graph(3 nodes, 2 edges)
    >>> graph.adjacency
    Matrix([
    [0, 1, 0],
    [1, 0, w],
    [0, w, 0]])
    >>> Graph((["a", "b"], [("a", "b")]), directed=True).arcs
    ((0, 1, 1),)
    """

    def __init__(
        self, data: Any, *, directed: bool = False, weight: str = "weight",
        label: str | None = None,
    ) -> None:
        check_flag(directed, "Graph: directed")
        nodes, edges, directed, known = _read(data, directed, weight)
        check_edges(max(len(nodes), len(edges)), "Graph")
        if label is not None:
            check_instance(label, str, "Graph: label")
        self._label = label or known
        self._directed = directed
        self.nodes: tuple[Hashable, ...] = nodes
        self._place = {node: k for k, node in enumerate(nodes)}
        if len(self._place) != len(nodes):
            twice = next(v for k, v in enumerate(nodes) if v in nodes[:k])
            raise ShapeError(f"Graph: node {twice!r} is listed twice; give every node its own name")
        if not nodes:
            raise ShapeError("Graph: the graph has no nodes; it needs at least one")
        self.edges: tuple[tuple[Hashable, Hashable, sp.Expr], ...] = tuple(
            (u, v, _weight(w, u, v)) for u, v, w in edges
        )
        seen: set[tuple[int, int]] = set()
        for u, v, _ in self.edges:
            for node in (u, v):
                if node not in self._place:
                    raise ShapeError(
                        f"Graph: edge ({u!r}, {v!r}) ends at {node!r}, which is no node; the nodes "
                        f"are {_some(nodes)}"
                    )
            pair = (self._place[u], self._place[v])
            pair = pair if directed else (min(pair), max(pair))
            if pair in seen:
                raise ShapeError(
                    f"Graph: there is more than one edge ({u!r}, {v!r}); merge parallel edges "
                    "into one with a weight"
                )
            seen.add(pair)

    @classmethod
    def of(cls, data: Any) -> "Graph":
        """The graph itself, or one made from the data."""
        return data if isinstance(data, Graph) else cls(data)

    def __len__(self) -> int:
        return len(self.nodes)

    def is_directed(self) -> bool:
        """Whether edges have a direction."""
        return self._directed

    @cached_property
    def arcs(self) -> tuple[Arc, ...]:
        """Messages (source position, target position, weight), by target, then source.

        Examples
        --------
        >>> Graph((2, [(0, 1)])).arcs
        ((1, 0, 1), (0, 1, 1))
        """
        found = []
        for u, v, w in self.edges:
            i, j = self._place[u], self._place[v]
            found.append((i, j, w))
            if not self._directed and i != j:
                found.append((j, i, w))
        return tuple(sorted(found, key=lambda arc: (arc[1], arc[0])))

    @cached_property
    def adjacency(self) -> sp.ImmutableMatrix:
        """A, shape (n, n), with A[v, u] the weight of the edge from u to v."""
        entries = {(v, u): w for u, v, w in self.arcs}
        return sp.ImmutableMatrix(sp.SparseMatrix(len(self), len(self), entries))

    @property
    def weight_symbols(self) -> tuple[sp.Symbol, ...]:
        """Symbols among the weights, sorted by name."""
        return symbols_in(*(w for _, _, w in self.edges))

    def index(self, node: Hashable) -> int:
        """Position of a node.

        Raises
        ------
        ShapeError
            If there is no such node.
        """
        try:
            return self._place[node]
        except (KeyError, TypeError):
            raise ShapeError(
                f"{self!r} has no node {node!r}; its nodes are {_some(self.nodes)}"
            ) from None

    def subs(self, values: Mapping[Any, Any]) -> "Graph":
        """The graph with symbols in the weights replaced by exact values.

        Examples
        --------
        >>> Graph((2, [(0, 1, "w")])).subs({"w": 3}).edges
        ((0, 1, 3),)
        """
        check_instance(values, Mapping, "Graph.subs: values")
        images = {s: values[k] for s in self.weight_symbols for k in (s, str(s)) if k in values}
        if not images:
            return self
        edges = [(u, v, w.subs({s: exact(x) for s, x in images.items()})) for u, v, w in self.edges]
        return Graph((self.nodes, edges), directed=self._directed)

    @explained
    def reordered(self, nodes: Sequence[Hashable]) -> "Graph":
        """The same graph with its nodes in another order.

        Raises
        ------
        ShapeError
            If the nodes are not those of the graph.

        Examples
        --------
        >>> Graph((3, [(0, 1)])).reordered([2, 1, 0]).arcs
        ((2, 1, 1), (1, 2, 1))
        """
        if len(nodes) != len(self) or set(nodes) != set(self.nodes):
            raise ShapeError(
                f"{self!r} cannot be reordered to {_some(nodes)}; list each of its nodes once: "
                f"{_some(self.nodes)}"
            )
        return Graph((tuple(nodes), self.edges), directed=self._directed)

    def automorphisms(self) -> tuple[tuple[int, ...], ...]:
        """Generators of the group of node permutations that keep edges, directions and weights.

        Returns
        -------
        tuple of tuples
            Each lists the image position of every node; the identity alone if nothing else is
            an automorphism.

        Raises
        ------
        MissingDependencyError
            If igraph is not installed.

        References
        ----------
        Junttila & Kaski, Proc. ALENEX 2007, 135: the BLISS algorithm, here through igraph.

        Examples
        --------
        >>> from cumulant_theory.layers import graphs
        >>> graphs.path(3).automorphisms()
        ((2, 1, 0),)
        """
        from .automorphisms import generators

        return generators(self)

    def to_networkx(self) -> Any:
        """The graph as a NetworkX Graph or DiGraph, weights as SymPy numbers.

        Raises
        ------
        MissingDependencyError
            If networkx is not installed.

        Examples
        --------
        >>> Graph((2, [(0, 1, 3)])).to_networkx().edges[0, 1]
        {'weight': 3}
        """
        with optional("networkx", "Graph.to_networkx", "graphs"):
            import networkx
        found: Any = networkx.DiGraph() if self._directed else networkx.Graph()
        found.add_nodes_from(self.nodes)
        found.add_weighted_edges_from(self.edges)
        return found

    def __eq__(self, other: object) -> bool:
        """Equal nodes in equal order, and equal messages; the printed name does not count."""
        return isinstance(other, Graph) and (self.nodes, self.arcs) == (other.nodes, other.arcs)

    def __hash__(self) -> int:
        return hash((self.nodes, self.arcs))

    @property
    def words(self) -> str:
        """The graph in a sentence."""
        if self._label:
            return graph_words(self._label)
        kind = "directed graph" if self._directed else "graph"
        return f"the {kind} with {count(len(self), 'node')} and {count(len(self.edges), 'edge')}"

    def __repr__(self) -> str:
        if self._label:
            return self._label
        kind = ", directed" if self._directed else ""
        return f"Graph({len(self)} nodes, {len(self.edges)} edges{kind})"

    def _repr_html_(self) -> str:
        from ..display import graph_card

        return graph_card(self)


def _read(
    data: Any, directed: bool, weight: str
) -> tuple[tuple[Hashable, ...], list[tuple[Any, Any, Any]], bool, str | None]:
    """Nodes, edges, direction and printed name of the accepted kinds of data."""
    if isinstance(data, Graph):
        return data.nodes, list(data.edges), data.is_directed(), data._label
    if hasattr(data, "nodes") and hasattr(data, "edges"):
        directed = bool(data.is_directed()) if hasattr(data, "is_directed") else directed
        return tuple(data.nodes), _attributed(data.edges, weight), directed, None
    if any(hasattr(part, "detach") for part in (data, *(data if isinstance(data, tuple) else ()))):
        raise DomainError(
            "Graph: edges given as a tensor; pass the number of nodes and a list of pairs, for an "
            "edge_index of PyTorch Geometric Graph((n, edge_index.T.tolist()), directed=True)"
        )
    if not isinstance(data, Sequence) or isinstance(data, str) or len(data) != 2:
        raise DomainError(f"Graph: {data!r} is no graph; {_HOW}")
    nodes, edges = data
    if isinstance(nodes, numbers.Integral) and not isinstance(nodes, bool):
        check_edges(int(nodes), "Graph")
        nodes = range(int(nodes))
    if not isinstance(nodes, Iterable) or not isinstance(edges, Iterable):
        raise DomainError(f"Graph: {data!r} is no graph; {_HOW}")
    return tuple(nodes), _edges(edges), directed, None


def _attributed(edges: Any, weight: str) -> list[tuple[Any, Any, Any]]:
    """Edges of a NetworkX graph, or of an object that merely lists them."""
    if not callable(edges):
        return _edges(edges)
    listed: Any = edges(data=True)
    return [(u, v, values.get(weight, 1)) for u, v, values in listed]


def _edges(edges: Iterable[Any]) -> list[tuple[Any, Any, Any]]:
    found = []
    for edge in edges:
        parts = tuple(edge) if isinstance(edge, Iterable) else ()
        if len(parts) not in (2, 3):
            raise ShapeError(
                f"Graph: edge {edge!r} is neither a pair (u, v) nor a triple (u, v, weight)"
            )
        found.append((*parts, 1)[:3])
    return found


def _weight(value: Any, u: Any, v: Any) -> sp.Expr:
    what = f"Graph: the weight of edge ({u!r}, {v!r})"
    if isinstance(value, float) and not math.isfinite(value):
        raise DomainError(f"{what} is {value!r}; weights must be finite and exact")
    if isinstance(value, numbers.Integral) and not isinstance(value, bool):
        value = int(value)
    return exact(value, what)


def _some(nodes: Iterable[Any]) -> str:
    shown = [repr(v) for v in nodes]
    return ", ".join(shown if len(shown) <= 8 else [*shown[:7], "..."])


def graph_words(label: str) -> str:
    """A graph in a sentence, by the name under which it is printed.

    Examples
    --------
    >>> print(graph_words("cycle(4)"))
    the cycle graph on 4 nodes
    >>> print(graph_words("complete_bipartite(2, m)"))
    the complete bipartite graph on 2 + m nodes
    """
    kind, bracket, sizes = label.removesuffix(")").partition("(")
    if not bracket:
        return f"the graph {label}"
    return f"the {kind.replace('_', ' ')} graph on {sizes.replace(', ', ' + ')} nodes"
