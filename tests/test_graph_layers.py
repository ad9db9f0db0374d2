"""Graphs, convolutions, edge messages and readouts against loops over nodes and edges."""

import random
import subprocess
import sys
from fractions import Fraction

import networkx as nx
import numpy as np
import pytest
import sympy as sp

from cumulant_theory import activations, laws, layers, symmetries
from cumulant_theory.algebra import multi_indices
from cumulant_theory.errors import (
    CumulantError,
    DomainError,
    ShapeError,
    SymmetryError,
    UnknownNameError,
)
from cumulant_theory.layers import graphs
from cumulant_theory.oracle import FiniteLaw, enumerated
from cumulant_theory.testing import check_against_enumeration

P, Q = layers.Pointwise, activations.Quadratic
LAW = laws.Discrete([-1, 0, 2], [sp.Rational(1, 2), sp.Rational(1, 3), sp.Rational(1, 6)])
COIN = laws.Discrete([-1, 2], [sp.Rational(2, 3), sp.Rational(1, 3)])


def random_graph(seed, n, directed):
    """Connected, so that every node has an incoming edge; weights positive, some loops."""
    rng = random.Random(seed)
    graph = nx.DiGraph() if directed else nx.Graph()
    names = [f"n{k}" for k in range(n)]
    rng.shuffle(names)
    graph.add_nodes_from(names)
    for k in range(n):
        graph.add_edge(names[k - 1], names[k])
    for u in names:
        for v in names:
            if rng.random() < 0.25:
                graph.add_edge(u, v)
    for u, v in graph.edges:
        graph.edges[u, v]["weight"] = Fraction(rng.randint(1, 5), rng.randint(1, 3))
    return graph


def incoming(graph, v):
    """(source, weight) of the messages that reach a node, read off the NetworkX graph."""
    if graph.is_directed():
        return [(u, graph.edges[u, v].get("weight", 1)) for u in graph.predecessors(v)]
    return [(u, graph.edges[u, v].get("weight", 1)) for u in graph.neighbors(v)]


def message_passing(kind, graph, own, other, bias, eps=0):
    """Node features -> node features by loops; features are {node: [channel values]}."""
    def apply(matrix, vector):
        return [sum(w * x for w, x in zip(row, vector, strict=True)) for row in matrix]

    def plus(*vectors):
        return [sum(parts) for parts in zip(*vectors, strict=True)]

    def scaled(factor, vector):
        return [factor * x for x in vector]

    def step(features):
        zero = [Fraction(0)] * len(next(iter(features.values())))
        result = {}
        for v in graph.nodes:
            messages = [scaled(w, features[u]) for u, w in incoming(graph, v)]
            total = plus(zero, *messages)
            if kind == "sum":
                value = plus(apply(own, features[v]), apply(other, total))
            elif kind == "mean":
                mean = scaled(Fraction(1, len(messages)), total)
                value = plus(apply(own, features[v]), apply(other, mean))
            else:
                value = apply(other, plus(scaled(1 + eps, features[v]), total))
            result[v] = plus(value, bias)
        return result

    return step


def as_features(nodes, x):
    n = len(nodes)
    return {v: [x[c * n + k] for c in range(len(x) // n)] for k, v in enumerate(nodes)}


def as_units(nodes, features):
    channels = len(features[nodes[0]])
    return [features[v][c] for c in range(channels) for v in nodes]


def rational_rows(rng, rows, columns):
    return [[Fraction(rng.randint(-3, 3), 2) for _ in range(columns)] for _ in range(rows)]


def make(kind, graph, inp, out, rng):
    own, other = rational_rows(rng, out, inp), rational_rows(rng, out, inp)
    bias = [Fraction(rng.randint(-2, 2)) for _ in range(out)]
    eps = Fraction(1, 2)
    options = {"bias_values": bias}
    layer = {
        "sum": lambda: layers.GraphConv(graph, inp, out, weights=[own, other], **options),
        "mean": lambda: layers.SAGEConv(graph, inp, out, weights=[own, other], **options),
        "gin": lambda: layers.GINConv(graph, inp, out, eps=eps, weights=[other], **options),
    }[kind]()
    return layer, message_passing(kind, graph, own, other, bias, eps)


def require_equal_laws(net, image, law, order):
    out = net.propagate(law, order=order)
    for r in range(1, order + 1):
        for alpha in multi_indices(image.dim, r):
            expected = image.cumulant(alpha)
            assert out.cumulant(alpha) == sp.Rational(expected.numerator, expected.denominator)


@pytest.mark.parametrize("kind", ["sum", "mean", "gin"])
@pytest.mark.parametrize(("n", "directed", "order"), [
    (2, True, 4), (3, True, 4), (3, False, 4), (4, True, 4), (5, False, 4), (5, True, 4),
])
def test_two_layers_are_message_passing(kind, n, directed, order):
    seed = 10 * n + directed
    rng = random.Random(seed)
    graph = random_graph(seed, n, directed)
    hidden = 2 if n == 2 else 1
    first, step1 = make(kind, graph, 1, hidden, rng)
    second, step2 = make(kind, graph, hidden, 1, rng)
    a = Fraction(2, 3)
    net = first >> P(Q(a)) >> second >> layers.Readout(graph, "mean")
    nodes = list(graph.nodes)

    def network(x):
        z = step1(as_features(nodes, list(x)))
        y = {v: [t + a * t * t for t in row] for v, row in z.items()}
        final = step2(y)
        return [sum(final[v][0] for v in nodes) / n]

    def on_nodes(x):
        return as_units(nodes, step1(as_features(nodes, list(x))))

    law = COIN if n > 3 else LAW
    source = enumerated(law.iid(n), lambda v: Fraction(int(v.p), int(v.q)))
    require_equal_laws(net, source.push(network), law, order)
    require_equal_laws(first, source.push(on_nodes), law, min(order, 3 if n < 4 else 2))


def test_two_activations_and_shared_weights():
    rng = random.Random(2)
    graph = random_graph(2, 3, True)
    layer, step = make("gin", graph, 1, 1, rng)
    net = layer >> P(Q(1)) >> layer >> P(Q(1)) >> layers.Readout(graph, "n1")
    nodes = list(graph.nodes)

    def network(x):
        features = as_features(nodes, list(x))
        for _ in range(2):
            features = {v: [t + t * t for t in row] for v, row in step(features).items()}
        return features["n1"]

    source = enumerated(LAW.iid(3), lambda v: Fraction(int(v.p), int(v.q)))
    require_equal_laws(net, source.push(network), LAW, 3)


def test_joint_law_of_all_nodes_after_the_activation():
    rng = random.Random(5)
    graph = random_graph(3, 3, True)
    first, step = make("sum", graph, 1, 1, rng)
    nodes = list(graph.nodes)

    def network(x):
        z = as_units(nodes, step(as_features(nodes, list(x))))
        return [t + t * t / 2 for t in z]

    points = [[rng.randint(-2, 2) for _ in nodes] for _ in range(4)]
    share = Fraction(1, 4)
    joint = laws.DiscreteJoint(points, [share] * 4)
    law = FiniteLaw([tuple(map(Fraction, p)) for p in points], [share] * 4)
    require_equal_laws(first >> P(Q(sp.Rational(1, 2))), law.push(network), joint, 4)


@pytest.mark.parametrize("directed", [False, True])
def test_gcn_is_the_normalised_sum_with_loops(directed):
    graph = random_graph(7, 4, directed)
    graph.add_edge("n2", "n2", weight=Fraction(5, 2))
    layer = layers.GCNConv(graph, weights=[[[3]]])
    looped = graph.copy()
    for v in graph.nodes:
        if not graph.has_edge(v, v):
            looped.add_edge(v, v, weight=1)
    degree = {v: sum(w for _, w in incoming(looped, v)) for v in graph.nodes}
    x = dict(zip(graph.nodes, sp.symbols("x:4"), strict=True))
    for v, got in zip(graph.nodes, layer.forward(list(x.values())), strict=True):
        expected = sum(
            3 * sp.Rational(str(w)) * x[u] / sp.sqrt(sp.Rational(str(degree[u] * degree[v])))
            for u, w in incoming(looped, v)
        )
        assert sp.simplify(got - expected) == 0


@pytest.mark.parametrize("net", [
    layers.GCNConv(graphs.path(3), weights=[[[2]]]) >> P(Q(1)) >> layers.Readout(3, "sum"),
    layers.GCNConv(graphs.star(4), weights=[[[2]]]) >> layers.Readout(4, 1),
    layers.GraphConv(graphs.path(3), aggregation="symmetric", weights=[[[1]], [[2]]]) >> P(Q(2)),
], ids=repr)
def test_square_roots_stay_exact(net):
    check_against_enumeration(net, COIN, order=3 if len(net) == 3 else 2)


@pytest.mark.parametrize("kind", [
    lambda g: layers.GraphConv(g, 1, 2, bias=True),
    lambda g: layers.GraphConv(g, aggregation="mean"),
    lambda g: layers.GraphConv(g, aggregation="symmetric"),
    lambda g: layers.GCNConv(g), lambda g: layers.SAGEConv(g),
    lambda g: layers.GINConv(g, eps="epsilon"),
])
def test_relabelling_changes_nothing(kind):
    graph = graphs.Graph.of(random_graph(11, 4, True))
    order = [graph.nodes[k] for k in (2, 0, 3, 1)]
    moved = graph.reordered(order)
    assert moved != graph
    pair = [kind(g) for g in (graph, moved)]
    x = dict(zip(graph.nodes, sp.symbols("x:4"), strict=True))
    values = [la.forward([x[v] for v in g.nodes])
              for la, g in zip(pair, (graph, moved), strict=True)]
    for c in range(pair[0].out_channels):
        for v in graph.nodes:
            a, b = (out[4 * c + g.index(v)]
                    for out, g in zip(values, (graph, moved), strict=True))
            assert sp.expand(a - b) == 0
    nets = [la >> P(Q("a")) >> layers.Readout(g, "mean", channels=la.out_channels)
            for la, g in zip(pair, (graph, moved), strict=True)]
    before, after = (net.propagate(LAW, order=2) for net in nets)
    for r in (1, 2):
        for alpha in multi_indices(before.dim, r):
            assert sp.expand(before.cumulant(alpha) - after.cumulant(alpha)) == 0


SYMMETRIC = [
    (graphs.complete(4), 24), (graphs.cycle(5), 10), (graphs.star(4), 6), (graphs.path(4), 2),
    (graphs.Graph((4, [(0, 1), (1, 2), (2, 3), (3, 0)]), directed=True), 4),
    (graphs.Graph((4, [(0, 1, 2), (1, 2), (2, 3, 2), (3, 0)])), 4),
    (graphs.Graph((4, [(0, 1, "w"), (1, 2), (2, 3), (3, 0)])), 2),
    (graphs.Graph((4, [(0, 1), (1, 2), (2, 3), (3, 0), (0, 0)])), 2),
    (graphs.Graph((3, [(0, 1, 2), (1, 0, 3), (1, 2), (2, 1)]), directed=True), 1),
    (graphs.Graph((2, [(0, 1, 2), (1, 0, 2)]), directed=True), 2),
    (graphs.Graph((4, [(0, 1), (2, 3, 0)])), 4),
    (graphs.Graph((3, [])), 6),
]


def closure(generators):
    found = {tuple(range(len(generators[0])))}
    new = set(found)
    while new:
        new = {tuple(g[k] for k in h) for g in generators for h in new} - found
        found |= new
    return found


@pytest.mark.parametrize(("graph", "size"), SYMMETRIC, ids=lambda v: str(v))
def test_automorphisms_form_the_whole_group(graph, size):
    group = closure(graph.automorphisms())
    assert len(group) == size
    a = graph.adjacency
    n = len(graph)
    for g in group:
        permutation = sp.Matrix(n, n, lambda i, j, g=g: int(g[j] == i))
        assert permutation * a * permutation.T == a


@pytest.mark.parametrize("graph", [graphs.cycle(5), graphs.star(4), graphs.path(4)], ids=str)
def test_the_backtracking_search_finds_the_same_group(graph):
    assert closure(symmetries.GraphAutomorphism(graph).generators) == closure(
        graph.automorphisms()
    )


@pytest.mark.parametrize("graph", [g for g, _ in SYMMETRIC if len(g.edges) > 2], ids=str)
def test_layers_commute_with_automorphisms(graph):
    g = layers.GraphConv(graph, 2, 2, bias=True), layers.GINConv(graph, 1, 2, eps="e")
    group = symmetries.GraphAutomorphism(generators=graph.automorphisms())
    for layer in g:
        tying = group.tie(layer.out_features, layer.in_features)
        assert tying.is_equivariant(layer.weight, layer.bias)
    broken = sp.Matrix(g[1].weight)
    broken[0, 0] += 1
    if any(k != image for images in graph.automorphisms() for k, image in enumerate(images[:1])):
        assert not tying.is_equivariant(broken)


@pytest.mark.parametrize("directed", [False, True])
def test_edge_messages_are_polynomials_in_both_ends(directed):
    graph = random_graph(4, 3, directed)
    p, q, c = Fraction(1, 2), Fraction(-2), Fraction(1)
    net = (layers.EdgeLift(graph, weights=[[[p]], [[q]]], bias_values=[c]) >> P(Q(3))
           >> layers.EdgeSum(graph))
    nodes = list(graph.nodes)

    def network(x):
        value = dict(zip(nodes, x, strict=True))
        out = []
        for v in nodes:
            total = Fraction(0)
            for u, w in incoming(graph, v):
                z = p * value[u] + q * value[v] + c
                total += w * (z + 3 * z * z)
            out.append(total)
        return out

    source = enumerated(COIN.iid(3), lambda v: Fraction(int(v.p), int(v.q)))
    require_equal_laws(net, source.push(network), COIN, 3)
    require_equal_laws(net >> layers.Readout(graph, "sum"),
                       source.push(lambda x: [sum(network(x))]), COIN, 4)


def test_edge_channels_are_laid_out_channel_first():
    graph = graphs.Graph((2, [(0, 1, 5)]), directed=True)
    lift = layers.EdgeLift(graph, 2, 2)
    x = sp.symbols("a b c d")
    p, q = lift.matrices
    a, b, c, d = x
    assert [sp.expand(e) for e in lift.forward(x)] == [
        sp.expand(p[i, 0] * a + p[i, 1] * c + q[i, 0] * b + q[i, 1] * d) for i in (0, 1)
    ]
    assert layers.EdgeSum(graph, 2).forward([a, b]) == [0, 5 * a, 0, 5 * b]


def test_readouts():
    graph = nx.path_graph(["a", "b", "c"])
    x = [1, 2, 6, 10, 20, 60]
    assert layers.Readout(graph, "sum", channels=2).forward(x) == [9, 90]
    assert layers.Readout(graph, channels=2).forward(x) == [3, 30]
    assert layers.Readout(graph, "c", channels=2).forward(x) == [6, 60]
    assert layers.Readout(3, 1).forward(x[:3]) == [2]


def test_names_are_numbered_among_all_weighted_layers():
    graph = graphs.cycle(3)
    net = (layers.GraphConv(graph, 1, 2, bias=True) >> P(Q()) >> layers.GCNConv(graph, 2, 1)
           >> P(Q()) >> layers.Linear(3, 1))
    assert list(map(str, net.parameters)) == [
        "U__1_11", "U__1_21", "W__1_11", "W__1_21", "c__1_1", "c__1_2", "alpha__1",
        "W__2_11", "W__2_12", "alpha__2", "W__3_11", "W__3_12", "W__3_13",
    ]
    assert net.in_features == 3
    assert (net[0].in_channels, net[0].out_channels) == (1, 2)
    assert (net[0].in_features, net[0].out_features) == (3, 6)


def test_edges_and_coefficients_are_parameters_shared_between_layers():
    graph = graphs.Graph((2, [(0, 1, "w")]))
    net = layers.GINConv(graph, eps="e") >> layers.GINConv(graph, eps="e", bias=True)
    assert list(map(str, net.parameters)) == ["W__1", "e", "w", "W__2", "c__2"]
    fixed = net.subs({"w": 2, "e": sp.Rational(1, 2), "W__1": 3})
    assert list(map(str, fixed.parameters)) == ["W__2", "c__2"]
    half = sp.Matrix([[sp.Rational(3, 2), 2], [2, sp.Rational(3, 2)]])
    assert sp.Matrix(fixed[0].weight) == 3 * half
    assert fixed[1].weight == sp.Symbol("W__2") * half
    shared = layers.GraphConv(graph)
    assert len((shared >> P(Q(1)) >> shared).parameters) == 3
    same = layers.GCNConv(graph, name="V"), layers.GCNConv(graph, name="V")
    with pytest.raises(SymmetryError, match="V"):
        same[0] >> same[1]


def test_networkx_weights_and_directions_are_respected():
    graph = nx.DiGraph([("a", "b", {"weight": 3}), ("b", "c", {"weight": sp.Rational(1, 2)})])
    found = graphs.Graph(graph)
    assert found.adjacency == sp.Matrix([[0, 0, 0], [3, 0, 0], [0, sp.Rational(1, 2), 0]])
    assert graphs.Graph(found.to_networkx()) == found
    named = nx.Graph([(0, 1, {"strength": 7})])
    assert graphs.Graph(named, weight="strength").adjacency[0, 1] == 7
    assert len({graphs.complete(3), graphs.cycle(3), graphs.Graph(nx.cycle_graph(3))}) == 1
    assert graphs.star(4).adjacency == graphs.Graph(nx.star_graph(3)).adjacency
    assert graphs.path(4).adjacency == graphs.Graph(nx.path_graph(4)).adjacency
    assert graphs.complete(4).adjacency == graphs.Graph(nx.complete_graph(4)).adjacency


LONELY = graphs.Graph((3, [(0, 1)]))
BAD = {
    "no nodes": (lambda: layers.GraphConv(nx.Graph()), ShapeError, "no nodes"),
    "nan": (lambda: layers.GraphConv((2, [(0, 1, float("nan"))])), DomainError, "(0, 1) is nan"),
    "symbolic nan": (lambda: layers.GraphConv((2, [(0, 1, sp.nan)])), DomainError, "not finite"),
    "float": (lambda: layers.GraphConv((2, [(0, 1, 2.0)])), DomainError, "inexact"),
    "text": (lambda: layers.GraphConv((2, [(0, 1, "1/2")])), DomainError, "no symbol name"),
    "missing node": (lambda: graphs.Graph((2, [(0, 2)])), ShapeError, "ends at 2"),
    "missing readout": (lambda: layers.Readout(graphs.path(2), "x"), ShapeError, "'x'"),
    "parallel": (lambda: graphs.Graph((2, [(0, 1), (1, 0)])), ShapeError, "more than one edge"),
    "multigraph": (lambda: graphs.Graph(nx.MultiGraph([(0, 1), (0, 1)])), ShapeError, "merge"),
    "twice": (lambda: graphs.Graph((["a", "a"], [])), ShapeError, "twice"),
    "triple": (lambda: graphs.Graph((2, [(0,)])), ShapeError, "pair"),
    "no graph": (lambda: layers.GCNConv("cycle"), DomainError, "no graph"),
    "lonely mean": (lambda: layers.SAGEConv(LONELY), DomainError, "node 2"),
    "lonely root": (lambda: layers.GraphConv(LONELY, aggregation="symmetric"), DomainError, "loop"),
    "negative": (lambda: layers.GCNConv((2, [(0, 1, -1)])), DomainError, "sum to 0"),
    "negative later": (
        lambda: layers.GCNConv((2, [(0, 1, "w")])).subs({"w": -2}), DomainError, "sum to -1"),
    "max": (lambda: layers.GraphConv(graphs.path(2), aggregation="max"), UnknownNameError, "sum"),
    "features": (lambda: layers.GraphConv(graphs.path(2), 0), ShapeError, "in_features"),
    "chain": (
        lambda: layers.GraphConv(graphs.path(2), 1, 3) >> layers.GraphConv(graphs.path(2), 2, 1),
        ShapeError, "takes 4 units"),
    "input": (
        lambda: layers.GraphConv(graphs.path(2)).propagate(LAW.iid(3)), ShapeError, "2 input"),
    "weights": (
        lambda: layers.GCNConv(graphs.path(2), 1, 2, weights=[[[1]]]), ShapeError, "2 x 1"),
    "weight count": (
        lambda: layers.GraphConv(graphs.path(2), weights=[[[1]]]), ShapeError, "U, W"),
    "bias": (lambda: layers.GCNConv(graphs.path(2), bias_values=[1, 2]), ShapeError, "2 bias"),
    "names": (lambda: layers.GraphConv(graphs.path(2), name="U"), ShapeError, "2 different"),
    "same names": (
        lambda: layers.GraphConv(graphs.path(2), name=("V", "V")), ShapeError, "different"),
    "bias name": (
        lambda: layers.GCNConv(graphs.path(2), bias=True, name="c"), SymmetryError, "name c"),
    "edge name": (lambda: layers.GraphConv((2, [(0, 1, "W")])), SymmetryError, "name W"),
    "eps": (lambda: layers.GINConv(graphs.path(2), eps=0.1), DomainError, "eps"),
    "array of sums": (
        lambda: layers.GraphConv(graphs.path(2), aggregation=np.array(["sum", "mean"])),
        DomainError, "pass a text"),
    "no edges": (lambda: layers.EdgeLift((2, [])), ShapeError, "no edges"),
    "symbolic n": (lambda: graphs.cycle(sp.Symbol("n")), ShapeError, "symbolic_width"),
    "named n": (lambda: graphs.complete("n"), ShapeError, "symbolic_width"),
    "small cycle": (lambda: graphs.cycle(2), ShapeError, "path(2)"),
    "direction": (lambda: graphs.Graph((2, []), directed=1), DomainError, "directed is 1"),
    "reordered": (lambda: graphs.path(2).reordered([0, 0]), ShapeError, "once"),
}  # fmt: skip


@pytest.mark.parametrize("name", BAD)
def test_bad_input_is_named(name):
    call, kind, words = BAD[name]
    with pytest.raises(CumulantError) as caught:
        call()
    assert isinstance(caught.value, kind)
    assert words in str(caught.value)


def test_neither_networkx_nor_igraph_is_loaded_by_the_layers():
    code = (
        "import sys; sys.modules['networkx'] = sys.modules['igraph'] = None\n"
        "from cumulant_theory import layers, errors\n"
        "g = layers.graphs.cycle(3); layers.GraphConv(g).weight\n"
        "for call in (g.automorphisms, g.to_networkx):\n"
        "    try:\n"
        "        call()\n"
        "    except errors.MissingDependencyError as e:\n"
        "        assert 'cumulant-theory[graphs]' in str(e)\n"
        "    else:\n"
        "        raise SystemExit('no error')\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)
