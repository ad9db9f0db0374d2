"""Automorphism generators of weighted and directed graphs, by BLISS."""

from collections.abc import Hashable, Sequence
from typing import TYPE_CHECKING, Any

from ...arguments import explained
from ...errors import VerificationError, optional

if TYPE_CHECKING:
    from .graph import Graph


def generators(graph: "Graph") -> tuple[tuple[int, ...], ...]:
    """See :meth:`Graph.automorphisms`; every generator is checked against the edges."""
    found = [tuple(int(k) for k in images[: len(graph)]) for images in _bliss(graph)]
    for images in found:
        if not is_automorphism(graph, images):
            raise VerificationError(
                f"{graph!r}: the permutation {images} that igraph returned does not keep the edges"
            )
    identity = tuple(range(len(graph)))
    return tuple(dict.fromkeys(g for g in found if g != identity)) or (identity,)


@explained
def is_automorphism(graph: "Graph", images: Sequence[int]) -> bool:
    """Whether a permutation of positions maps every edge to an edge of the same weight.

    Examples
    --------
    >>> from cumulant_theory.layers import graphs
    >>> is_automorphism(graphs.path(3), (1, 0, 2))
    False
    """
    if sorted(images) != list(range(len(graph))):
        return False
    return {(images[u], images[v], w) for u, v, w in graph.arcs} == set(graph.arcs)


def _bliss(graph: "Graph") -> list[list[int]]:
    """Generators for a graph with a coloured vertex, or two in a row, on every edge."""
    with optional("igraph", "automorphisms of a graph", "graphs"):
        import igraph
    weights = {(u, v): w for u, v, w in graph.arcs}
    symmetric = all(weights.get((v, u)) == w for (u, v), w in weights.items())
    colours: list[Hashable] = [("node", weights.get((v, v))) for v in range(len(graph))]
    edges: list[tuple[int, int]] = []
    for (u, v), w in weights.items():
        if u == v or (symmetric and u > v):
            continue
        k = len(colours)
        if symmetric:
            colours.append(("edge", w))
            edges += [(u, k), (k, v)]
        else:
            colours += [("tail", w), ("head", w)]
            edges += [(u, k), (k, k + 1), (k + 1, v)]
    numbers = {colour: k for k, colour in enumerate(dict.fromkeys(colours))}
    coloured: Any = igraph.Graph(n=len(colours), edges=edges)
    return coloured.automorphism_group(color=[numbers[c] for c in colours])
