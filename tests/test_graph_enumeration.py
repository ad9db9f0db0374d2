"""All aggregations on random graphs against exact enumeration with loops of its own."""

import random
from fractions import Fraction
from math import isqrt

import pytest
import sympy as sp

from cumulant_theory import activations, laws, layers
from cumulant_theory.algebra import multi_indices
from cumulant_theory.errors import DomainError, ShapeError, VerificationError
from cumulant_theory.layers import graphs, kronecker
from cumulant_theory.oracle import FiniteLaw, enumerated
from cumulant_theory.testing import check_against_enumeration

A = Fraction(2, 3)
COIN = laws.Discrete([-1, 2], [sp.Rational(2, 3), sp.Rational(1, 3)])


def random_edges(seed, n, directed):
    """Ring and chords with weights; loops then make all incoming sums squares of integers."""
    rng = random.Random(seed)
    pairs = {(k, (k + 1) % n) for k in range(n)} if directed or n > 2 else {(0, 1)}
    for u in range(n):
        for v in range(n):
            if u != v and rng.random() < 0.3 and (directed or (v, u) not in pairs):
                pairs.add((u, v))
    edges = {pair: Fraction(rng.randint(1, 4), rng.randint(1, 2)) for pair in sorted(pairs)}
    for v in range(n):
        total = sum(w for u, w in incoming(edges, v, directed))
        edges[v, v] = (isqrt(int(total)) + 1) ** 2 - total
    return edges


def incoming(edges, v, directed):
    found = [(a, w) for (a, b), w in edges.items() if b == v]
    return found + ([] if directed else [(b, w) for (a, b), w in edges.items()
                                         if a == v and a != b])


def matrix(rng, out, inp):
    return [[Fraction(rng.randint(-3, 3), 2) for _ in range(inp)] for _ in range(out)]


def times(theta, x):
    return [sum((w * f for w, f in zip(row, x, strict=True)), Fraction(0)) for row in theta]


def plus(*vectors):
    return [sum(parts, Fraction(0)) for parts in zip(*vectors, strict=True)]


def root(square):
    found = isqrt(int(square))
    assert found * found == square
    return found


class Kind:
    """One aggregation: the layers of the library and a loop over nodes that does the same."""

    def __init__(self, name, edges, n, directed, inp, out, seed, nodes=None):
        rng = random.Random(seed)
        self.edges, self.n, self.directed = edges, n, directed
        self.own, self.other = matrix(rng, out, inp), matrix(rng, out, inp)
        self.bias = [Fraction(rng.randint(-2, 2), 3) for _ in range(out)]
        self.name, self.out, self.inp = name, out, inp
        graph = graphs.Graph((nodes or n, [(u, v, w) for (u, v), w in edges.items()]),
                             directed=directed)
        both = {"weights": [self.own, self.other], "bias_values": self.bias}
        one = {"weights": [self.other], "bias_values": self.bias}
        self.layer = {
            "sum": lambda: layers.GraphConv(graph, inp, out, **both),
            "mean": lambda: layers.GraphConv(graph, inp, out, "mean", **both),
            "symmetric": lambda: layers.GraphConv(graph, inp, out, "symmetric", **both),
            "sage": lambda: layers.SAGEConv(graph, inp, out, **both),
            "gcn": lambda: layers.GCNConv(graph, inp, out, **one),
            "gin": lambda: layers.GINConv(graph, inp, out, eps=Fraction(1, 2), **one),
            "messages": lambda: (layers.EdgeLift(graph, inp, out, **both)
                                 >> layers.Pointwise(activations.Quadratic(A))
                                 >> layers.EdgeSum(graph, out)),
        }[name]()
        self.graph = graph

    def __call__(self, features):
        """Features of node v at position v -> the same after the layer."""
        degree = [sum(w for _, w in incoming(self.edges, v, self.directed)) for v in range(self.n)]
        result = []
        for v in range(self.n):
            total = [Fraction(0)] * (self.out if self.name == "messages" else self.inp)
            messages = incoming(self.edges, v, self.directed)
            for u, w in messages:
                if self.name in ("mean", "sage"):
                    w = w / len(messages)
                if self.name in ("symmetric", "gcn"):
                    w = Fraction(w) / root(degree[u]) / root(degree[v])
                message = features[u]
                if self.name == "messages":
                    z = plus(times(self.own, features[u]), times(self.other, features[v]),
                             self.bias)
                    message = [t + A * t * t for t in z]
                total = [t + w * f for t, f in zip(total, message, strict=True)]
            if self.name == "messages":
                result.append(total)
            elif self.name == "gin":
                own = [Fraction(3, 2) * f for f in features[v]]
                result.append(plus(times(self.other, plus(own, total)), self.bias))
            elif self.name == "gcn":
                result.append(plus(times(self.other, total), self.bias))
            else:
                result.append(plus(times(self.own, features[v]), times(self.other, total),
                                   self.bias))
        return result


def two_layers(name, seed, n, directed, channels, nodes=None, edges=None):
    """(network, loops) of layer, quadratic, layer, mean over the nodes."""
    edges = edges or random_edges(seed, n, directed)
    inp, hidden, out = channels
    first = Kind(name, edges, n, directed, inp, hidden, seed + 1, nodes)
    second = Kind(name, edges, n, directed, hidden, out, seed + 2, nodes)
    quadratic = name != "messages"  # messages have their own
    net = first.layer >> layers.Pointwise(activations.Quadratic(A)) if quadratic else first.layer
    net = net >> second.layer >> layers.Readout(first.graph, "mean", channels=out)

    def loops(x):
        features = first([[x[c * n + v] for c in range(inp)] for v in range(n)])
        if quadratic:
            features = [[t + A * t * t for t in row] for row in features]
        features = second(features)
        return [sum(row[c] for row in features) / n for c in range(out)]

    return net, loops


def dependent(seed, units, points=4):
    """A joint law of dependent units with few points: the law and its enumeration."""
    rng = random.Random(seed)
    support = [[rng.randint(-2, 2) for _ in range(units)] for _ in range(points)]
    share = Fraction(1, points)
    return (laws.DiscreteJoint(support, [share] * points),
            FiniteLaw([tuple(map(Fraction, p)) for p in support], [share] * points))


KINDS = ["sum", "mean", "symmetric", "sage", "gcn", "gin", "messages"]
SIZES = [(2, True, (2, 2, 1)), (2, False, (1, 2, 2)), (3, False, (1, 2, 1)), (4, True, (1, 1, 1)),
         (5, False, (1, 1, 1)), (5, True, (1, 1, 1))]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(("n", "directed", "channels"), SIZES)
def test_two_layers_to_order_four(kind, n, directed, channels):
    order = 4
    if kind == "messages":  # degree 4 in all inputs: order 4 needs input cumulants to order 16
        channels, order = (1, 1, 1), {2: 4, 3: 3}.get(n, 2)
    seed = 100 * n + directed
    net, loops = two_layers(kind, seed, n, directed, channels)
    if n < 4:
        law, source = dependent(seed, n * channels[0])
    else:
        law = COIN.iid(n)
        source = enumerated(law, lambda v: Fraction(int(v.p), int(v.q)))
    image = source.push(loops)
    out = net.propagate(law, order=order)
    for r in range(1, order + 1):
        for alpha in multi_indices(image.dim, r):
            expected = image.cumulant(alpha)
            assert out.cumulant(alpha) == sp.Rational(expected.numerator, expected.denominator)


@pytest.mark.parametrize("kind", KINDS)
def test_relabelled_nodes_have_the_same_cumulants(kind):
    n, directed = 4, True
    edges = random_edges(3, n, directed)
    order = [2, 0, 3, 1]  # position -> node
    channels = (1, 2, 1) if kind != "messages" else (1, 1, 1)
    net, _ = two_layers(kind, 5, n, directed, channels, edges=edges)
    moved, _ = two_layers(kind, 5, n, directed, channels, nodes=order, edges=edges)
    assert moved.layers[0].graph.nodes == tuple(order)
    assert moved.layers[0].graph != net.layers[0].graph
    # independent units of different laws, so that a permutation shows
    law = [laws.Discrete([0, k], [sp.Rational(1, 2)] * 2) for k in (1, 2, 3, 5)]
    top = 4 if kind != "messages" else 2
    before = net.propagate(laws.Product(law), order=top)
    after = moved.propagate(laws.Product([law[v] for v in order]), order=top)
    for r in range(1, top + 1):
        assert before[r] == after[r]
    assert before[2] != moved.propagate(laws.Product(law), order=2)[2]
    # the hidden states are permuted along
    hidden, image = before.layers[0], after.layers[0]
    if kind != "messages":
        for alpha in multi_indices(2 * n, 2):
            assert hidden[alpha] == image[tuple(alpha[c * n + v] for c in (0, 1) for v in order)]


ROOTS = {
    "gcn": layers.GCNConv(graphs.path(3), 1, 2, weights=[[[1], [-2]]], bias_values=[1, 0]),
    "gcn directed": layers.GCNConv(
        graphs.Graph((3, [(0, 1, 2), (1, 2), (2, 0, 5)]), directed=True), weights=[[[3]]]),
    "symmetric": layers.GraphConv(
        graphs.star(3), aggregation="symmetric", weights=[[[1]], [[2]]]),
}


@pytest.mark.parametrize("name", ROOTS)
def test_irrational_normalisations(name):
    first = ROOTS[name]
    check_against_enumeration(first >> layers.Pointwise(activations.Quadratic(A)), COIN, 2)


@pytest.mark.parametrize("kind", KINDS)
def test_the_public_oracle_agrees_and_refutes(kind, monkeypatch):
    net, _ = two_layers(kind, 8, 3, True, (1, 1, 1))
    law, _ = dependent(8, 3, 3)
    check_against_enumeration(net, law, 2)
    entry = kronecker.Operator.of

    def changed(rows, columns, entries):
        first, *rest = entries
        return entry(rows, columns, [(*first[:2], first[2] + 1), *rest])

    monkeypatch.setattr(kronecker.Operator, "of", changed)
    wrong, _ = two_layers(kind, 8, 3, True, (1, 1, 1))
    with pytest.raises(VerificationError, match="layer 1"):
        check_against_enumeration(wrong, law, 2)


ALONE = graphs.Graph((["a", "b", "c"], [("a", "b")]))
# call, error, and what the message must name: the object, the problem, the way out
BAD = {
    "no nodes": (
        lambda: layers.GCNConv((0, [])), ShapeError, ("Graph", "no nodes", "at least one")),
    "features that do not fit": (
        lambda: (layers.GraphConv(graphs.path(3), 1, 4)
                 >> layers.GraphConv(graphs.path(3), 3, 1)),
        ShapeError, ("GraphConv(path(3), 3, 1)", "9 units", "change in_features to 12")),
    "law that does not fit": (
        lambda: layers.SAGEConv(graphs.path(3), 2).propagate(COIN.iid(3)), ShapeError,
        ("SAGEConv(path(3), 2, 1)", "6 input units", "law.iid(6)")),
    "a node missing": (
        lambda: layers.GINConv((["a", "b"], [("a", "c")])), ShapeError,
        ("edge ('a', 'c')", "no node", "'a', 'b'")),
    "a readout of a node missing": (
        lambda: layers.Readout(graphs.path(3), 7), ShapeError, ("Readout", "7", "0, 1, 2")),
    "nan weight": (
        lambda: layers.GraphConv((2, [(0, 1, float("nan"))])), DomainError,
        ("edge (0, 1)", "nan", "finite")),
    "infinite weight": (
        lambda: layers.GraphConv((2, [(0, 1, float("inf"))])), DomainError,
        ("edge (0, 1)", "inf", "finite")),
    "alone, mean": (
        lambda: layers.GraphConv(ALONE, aggregation="mean"), DomainError,
        ("GraphConv", "node 'c'", "0/0", "'sum'")),
    "alone, SAGE": (
        lambda: layers.SAGEConv(ALONE), DomainError, ("SAGEConv", "node 'c'", "give it an edge")),
    "alone, symmetric": (
        lambda: layers.GraphConv(ALONE, aggregation="symmetric"), DomainError,
        ("GraphConv", "node 'c'", "sum to 0", "give the node a loop")),
    "weights that cancel the loop": (
        lambda: layers.GCNConv((2, [(0, 1, -1)])), DomainError,
        ("GCNConv", "node 0", "sum to 0", "change the weights")),
}  # fmt: skip


@pytest.mark.parametrize("name", BAD)
def test_errors_name_object_problem_and_way_out(name):
    call, kind, words = BAD[name]
    with pytest.raises(kind) as caught:
        call()
    for word in words:
        assert word in str(caught.value)


@pytest.mark.parametrize("make", [layers.GraphConv, layers.GCNConv, layers.GINConv])
def test_a_node_alone_is_fine_where_nothing_divides_by_it(make):
    net = make(ALONE) >> layers.Readout(ALONE, "c")
    assert net.propagate(COIN, order=2)[2] != 0
