"""Automorphisms of a graph whose nodes are the sites of a layer."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from cumulant_theory.arguments import explained
from cumulant_theory.errors import SymmetryError
from cumulant_theory.symmetries.actions import SignedPermutation, as_images
from cumulant_theory.symmetries.base import SiteSymmetry, Symmetry

SEARCH_LIMIT = 32


@dataclass(frozen=True, repr=False, init=False)
class GraphAutomorphism(SiteSymmetry, name="graph_automorphism"):
    r"""Aut(Gamma) permuting the nodes on both sides of the layer.

    Unit index = channel * nodes + node, nodes in the order of ``graph.nodes``; a side of one unit
    is left alone.

    Parameters
    ----------
    graph : object with `nodes` and `edges`, optional
        For instance a networkx graph; directed where ``graph.is_directed()`` says so, parallel
        edges counted, edge data not looked at. Searched up to 32 nodes.
    generators : list of sympy Permutation or array form, optional
        Generators of the automorphism group, instead of the graph.

    Raises
    ------
    SymmetryError
        If not exactly one of the two is given, or the graph is too large or malformed.

    Examples
    --------
    >>> from types import SimpleNamespace
    >>> path = SimpleNamespace(nodes="abc", edges=[("a", "b"), ("b", "c")])
    >>> GraphAutomorphism(path).tie(1, 3).matrix()
    Matrix([[W_11, W_12, W_11]])
    """

    generators: tuple[tuple[int, ...], ...] = ()

    @explained
    def __init__(self, graph: Any = None, *, generators: Iterable[Any] | None = None) -> None:
        if (graph is None) == (generators is None):
            raise SymmetryError(
                "GraphAutomorphism: give either a graph or generators= of its automorphism group"
            )
        if generators is None:
            if not (hasattr(graph, "nodes") and hasattr(graph, "edges")):
                raise SymmetryError(
                    f"GraphAutomorphism: {graph!r} has no nodes and edges; give a networkx graph "
                    "or generators="
                )
            elements = automorphism_generators(graph)
        else:
            elements = tuple(
                SignedPermutation(as_images(g, "GraphAutomorphism")).images for g in generators
            )
        if not elements or len({len(g) for g in elements}) > 1:
            raise SymmetryError(
                "GraphAutomorphism: generators must be at least one, all of the same degree (the "
                "number of nodes); for a graph without symmetry give the identity"
            )
        object.__setattr__(self, "degree", len(elements[0]))
        object.__setattr__(self, "generators", elements)

    def __repr__(self) -> str:
        return f"GraphAutomorphism(generators={[list(g) for g in self.generators]})"

    def _group(self, degree: object) -> str:
        return r"\mathrm{Aut}(\Gamma)"

    def _site_generators(self, degree: int) -> Iterable[Sequence[int]]:
        return self.generators

    @classmethod
    def examples(cls) -> tuple[tuple[Symmetry, int, int], ...]:
        """A path, a square, an asymmetric graph."""
        path = cls(generators=[(2, 1, 0)])
        square = cls(generators=[(1, 2, 3, 0), (0, 3, 2, 1)])
        return ((path, 1, 3), (path, 6, 3), (square, 4, 4), (cls(generators=[(0, 1)]), 2, 2))


def automorphism_generators(graph: Any) -> tuple[tuple[int, ...], ...]:
    """A strong generating set of the automorphism group, by backtracking.

    For every node k and every j > k one automorphism that fixes 0..k-1 and takes k to j, where
    there is one; the identity alone for a graph without symmetry.

    Parameters
    ----------
    graph : object with `nodes` and `edges`

    Returns
    -------
    tuple of array forms

    Raises
    ------
    SymmetryError
        If the graph is empty, has more than 32 nodes or an edge to an unknown node.

    Examples
    --------
    >>> from types import SimpleNamespace
    >>> automorphism_generators(SimpleNamespace(nodes=[0, 1, 2], edges=[(0, 1), (1, 2)]))
    ((2, 1, 0),)
    """
    nodes = list(graph.nodes)
    n = len(nodes)
    if not 1 <= n <= SEARCH_LIMIT:
        raise SymmetryError(
            f"GraphAutomorphism: the graph has {n} nodes and is searched from 1 to {SEARCH_LIMIT}; "
            "give generators= of its automorphism group"
        )
    place = {node: k for k, node in enumerate(nodes)}
    directed = bool(graph.is_directed()) if hasattr(graph, "is_directed") else False
    links: Counter[tuple[int, int]] = Counter()
    for edge in graph.edges:
        ends = tuple(edge)[:2]
        if len(ends) != 2 or any(node not in place for node in ends):
            raise SymmetryError(
                f"GraphAutomorphism: edge {edge!r} does not join two nodes of the graph; "
                "edges are pairs of nodes"
            )
        i, j = place[ends[0]], place[ends[1]]
        links[i, j] += 1
        if not directed and i != j:
            links[j, i] += 1
    colours = _refine(n, links)
    found = []
    for k in range(n):
        for j in range(k + 1, n):
            start = (*range(k), j)
            if _fits(start[:k], j, colours, links):
                extended = next(_extend(start, n, colours, links), None)
                if extended is not None:
                    found.append(extended)
    return tuple(found) or (tuple(range(n)),)


def _refine(n: int, links: Counter[tuple[int, int]]) -> list[int]:
    """Colours of the nodes, stable under counting coloured neighbours; automorphisms keep them."""
    colours = [0] * n
    for _ in range(n):
        marks = [
            (
                colours[i],
                links[i, i],
                tuple(sorted((colours[j], links[i, j], links[j, i]) for j in range(n) if j != i)),
            )
            for i in range(n)
        ]
        ranks = {mark: rank for rank, mark in enumerate(sorted(set(marks)))}
        colours = [ranks[mark] for mark in marks]
    return colours


def _fits(
    images: tuple[int, ...], image: int, colours: list[int], links: Counter[tuple[int, int]]
) -> bool:
    k = len(images)
    return (
        image not in images
        and colours[image] == colours[k]
        and links[k, k] == links[image, image]
        and all(
            links[k, i] == links[image, g] and links[i, k] == links[g, image]
            for i, g in enumerate(images)
        )
    )


def _extend(
    images: tuple[int, ...], n: int, colours: list[int], links: Counter[tuple[int, int]]
) -> Iterator[tuple[int, ...]]:
    if len(images) == n:
        yield images
        return
    for image in range(n):
        if _fits(images, image, colours, links):
            yield from _extend((*images, image), n, colours, links)
