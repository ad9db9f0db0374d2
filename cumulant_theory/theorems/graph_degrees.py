"""A graph convolution read out by a sum: the degrees decide how many solutions there are."""

import random
from itertools import combinations
from typing import Any

import sympy as sp

from ..derivation import Derivation, Step
from ..generalisation import residuals
from ..laws import Normal
from ..layers import BlockSum, Sequential
from ..layers.graphs import Graph, GraphConv, Readout
from ._checks import INDEX, SIGMA, WEIGHTS, B, J, pairs, same, step, value_at
from .base import Theorem

DEGREES: Any = sp.IndexedBase("d")
SELF, NEIGHBOUR = sp.symbols("U W")
FIRST: Any = sp.Sum(DEGREES[INDEX], (INDEX, 1, B))
SECOND: Any = sp.Sum(DEGREES[INDEX] ** 2, (INDEX, 1, B))


def _random_graph(rng: random.Random) -> tuple[Graph, list[int]]:
    nodes = rng.randint(2, 4)
    edges = [e for e in combinations(range(nodes), 2) if rng.random() < 0.6]
    return Graph((nodes, edges)), [sum(k in e for e in edges) for k in range(nodes)]


def _network(graph: Graph) -> Sequential:
    return GraphConv(graph) >> Readout(graph, "sum")


def _forms_check(stated: Step, rng: random.Random) -> None:
    """The network itself at the unit vectors."""
    graph, degrees = _random_graph(rng)
    net = _network(graph)
    value = dict(zip(map(str, net.parameters), (2, 3), strict=True))
    numbers: dict[Any, Any] = {SELF: value["U__1"], NEIGHBOUR: value["W__1"]}
    fixed = net.subs(value)
    i = rng.randrange(len(graph))
    (e,) = stated.statement
    image = fixed.forward([int(k == i) for k in range(len(graph))])[0]
    same(image, value_at(e.rhs.subs(INDEX, i + 1), numbers, {DEGREES: degrees}), f"l_{i + 1}")


def _conic_check(stated: Step, rng: random.Random) -> None:
    graph, degrees = _random_graph(rng)
    net = _network(graph)
    found = residuals(net, BlockSum(len(graph)), Normal(0, SIGMA), order=2)
    named: Any = {p: {"U__1": SELF, "W__1": NEIGHBOUR}[str(p)] for p in net.parameters}
    (e,) = stated.statement
    point = {B: sp.Integer(len(graph))}
    same(found[2].subs(named), value_at(e.rhs, point, {DEGREES: degrees}), "rho_2")


def _determinant_check(stated: Step, rng: random.Random) -> None:
    graph, degrees = _random_graph(rng)
    point = {B: sp.Integer(len(graph))}
    gram = sp.Matrix([[1] * len(graph), degrees])
    for e in stated.statement:
        for side in (e.lhs, e.rhs):
            same((gram * gram.T).det(), value_at(side, point, {DEGREES: degrees}), "determinant")


def _prove() -> Derivation:
    quadric = B * SELF**2 + 2 * FIRST * SELF * NEIGHBOUR + SECOND * NEIGHBOUR**2
    steps = (
        step(
            "weights of the nodes",
            "Node $i$ keeps $U x_i$ and sends $W x_i$ to each of its $d_i$ neighbours; the sum "
            "over the nodes is $l \\cdot x$ with the following $l$.",
            [(WEIGHTS[INDEX], SELF + NEIGHBOUR * DEGREES[INDEX])], _forms_check,
        ),
        step(
            "centred Gaussians",
            "The residuals of all other orders vanish; that of order 2 is as follows.",
            [(sp.Symbol("rho_2"), SIGMA**2 * (quadric - 1))], _conic_check, uses=(1,),
            hypotheses=("the x_i are independent copies",), reference="mccullagh",
        ),
        step(
            "determinant",
            "The quadratic form in $U$ and $W$ is positive definite, and its level set an ellipse, "
            "unless all degrees are equal. On a regular graph it is $b (U + W d)^2$, so $l$ is one "
            "of two points. Otherwise the weights $l_i$ are equal for $W = 0$ alone: two points of "
            "the ellipse are the block sum and its mirror image, all others are wrong on some law.",
            [(B * SECOND - FIRST**2, pairs((DEGREES[INDEX] - DEGREES[J]) ** 2))],
            _determinant_check, uses=(2,), reference="hardy",
        ),
    )
    return Derivation("A graph convolution with a sum over the nodes", steps)


THEOREM = Theorem(
    name="graph_degrees",
    title="On regular graphs Gaussians leave two solutions, on all others an ellipse",
    statement="Let $f$ be the sum over the nodes of a linear graph convolution with weight $U$ of "
    "the node and $W$ of its neighbours, on an undirected graph with $b$ nodes and no loops, "
    "matched to the block sum on centred Gaussians of every variance. If all nodes have one "
    "degree, $f$ is the block sum or its mirror image. Otherwise the solutions $(U, W)$ form an "
    "ellipse, of which only the two points with $W = 0$ are the block sum and its mirror image.",
    hypotheses=("real weights", "the $x_i$ are independent copies"),
    prove=_prove,
)
