"""Graph layers as sums over arcs against the dense matrix of the same layer."""

import random
from fractions import Fraction

import pytest
import sympy as sp
import torch

import numerics as nm
from cumulant_theory import activations, laws, layers
from cumulant_theory.layers import graphs, kronecker
from numerics.networks import plan
from numerics.networks.factored import FactoredStage

F = torch.float64


def random_graph(seed, n, directed=True, loops=True, symbols=False):
    """Positive weights on a ring with chords, so that every node has an incoming edge."""
    rng = random.Random(seed)
    edges = {(k, (k + 1) % n) for k in range(n)}
    for u in range(n):
        for v in range(n):
            if rng.random() < 0.3 and (directed or (v, u) not in edges) and (loops or u != v):
                edges.add((u, v))
    weights = [Fraction(rng.randint(1, 5), rng.randint(1, 3)) for _ in edges]
    weighted = [(u, v, w) for (u, v), w in zip(sorted(edges), weights, strict=True)]
    if symbols:
        weighted[0] = (*weighted[0][:2], "w")
        weighted[3] = (*weighted[3][:2], sp.Symbol("w") ** 2 + sp.Symbol("t"))
    return graphs.Graph((n, weighted), directed=directed)


def numbers(seed, out, inp, count):
    rng = random.Random(seed)
    return [[[sp.Rational(rng.randint(-4, 4), 3) for _ in range(inp)] for _ in range(out)]
            for _ in range(count)]


G = random_graph(1, 5)
UNDIRECTED = random_graph(2, 4, directed=False)
SYMBOLIC = random_graph(3, 5, symbols=True)
NETWORKS = {
    "sum": layers.GraphConv(G, 2, 3, bias=True),
    "sum, one output": layers.GraphConv(G, 3, 1, bias=True),
    "mean": layers.GraphConv(G, 2, 2, "mean"),
    "symmetric": layers.GraphConv(UNDIRECTED, 1, 2, "symmetric", bias=True),
    "gcn": layers.GCNConv(G, 2, 3, bias=True),
    "sage": layers.SAGEConv(UNDIRECTED, 3, 2, bias=True),
    "gin": layers.GINConv(G, 2, 2, eps=sp.Rational(1, 3), bias=True),
    "gin eps": layers.GINConv(SYMBOLIC, 2, 1, eps="eps"),
    "lift": layers.EdgeLift(G, 2, 3, bias=True),
    "edge sum": layers.EdgeSum(G, 2),
    "edge sum symbols": layers.EdgeSum(SYMBOLIC, 2),
    "readout": layers.Readout(G, "mean", channels=3),
    "readout node": layers.Readout(G, 2, channels=2),
    "symbols": layers.GraphConv(SYMBOLIC, 2, 3, bias=True),
    "numbers": layers.GraphConv(G, 2, 3, weights=numbers(1, 3, 2, 2), bias_values=[1, 0, -2]),
    "numbers gcn": layers.GCNConv(UNDIRECTED, 3, 2, weights=numbers(2, 2, 3, 1)),
    "numbers, symbolic edges": layers.GraphConv(SYMBOLIC, 2, 2, weights=numbers(3, 2, 2, 2)),
    "tied": layers.GraphConv(G, 1, 2, weights=[[["a"], ["b"]], [["a"], [1]]], bias_values=["a", 0]),
    "cancelling loops": layers.GraphConv(
        graphs.Graph((2, [(0, 0), (0, 1, 2), (1, 1, 3)])), weights=[
            [[sp.Symbol("a")]], [[-sp.Symbol("a")]]]),
    "network": (layers.GraphConv(G, 1, 2, bias=True) >> layers.Pointwise(activations.Quadratic())
                >> layers.SAGEConv(G, 2, 2) >> layers.Readout(G, "sum", channels=2)),
    "messages": (layers.EdgeLift(SYMBOLIC, 1, 2) >> layers.Pointwise(activations.Quadratic())
                 >> layers.EdgeSum(SYMBOLIC, 2)),
}  # fmt: skip


def both(monkeypatch, net, **options):
    """The same network by its dense matrices and in factors."""
    found = []
    for speed in (float("inf"), 0):
        monkeypatch.setattr(plan, "_DENSE_SPEED", speed)
        found.append(nm.build(net, **options))
    dense, factored = found
    assert not any(isinstance(s, FactoredStage) for s in dense.stages)
    assert any(isinstance(s, FactoredStage) for s in factored.stages)
    return dense, factored


def require_same(dense, factored, x):
    assert dense.names == factored.names
    torch.testing.assert_close(factored.theta, dense.theta, rtol=1e-15, atol=0)
    with torch.no_grad():
        factored.theta.copy_(dense.theta)
    results = []
    for module in (dense, factored):
        inputs = x.clone().requires_grad_()
        out = module(inputs)
        probe = torch.sin(torch.arange(out.numel(), dtype=F)).reshape(out.shape)
        gradients = torch.autograd.grad(
            (out * probe).sum() + (out**2).sum(), [inputs, module.theta], materialize_grads=True
        )
        results.append((out.detach(), *gradients))
    for got, expected in zip(results[1], results[0], strict=True):
        assert got.shape == expected.shape
        torch.testing.assert_close(got, expected, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("name", NETWORKS)
def test_values_and_gradients_are_those_of_the_dense_matrix(monkeypatch, name):
    net = NETWORKS[name]
    torch.manual_seed(0)
    single = both(monkeypatch, net, seed=4)
    for shape in ((), (6,), (2, 3)):
        require_same(*single, torch.randn(*shape, net.in_features, dtype=F))
    ensemble = both(monkeypatch, net, seeds=range(3))
    for shape in ((6,), (3, 6)):
        require_same(*ensemble, torch.randn(*shape, net.in_features, dtype=F))


@pytest.mark.parametrize("name", ["network", "messages", "gin eps"])
def test_torch_func_goes_through_the_sums(monkeypatch, name):
    net = NETWORKS[name]
    dense, factored = both(monkeypatch, net, seeds=range(4))
    x = torch.randn(5, net.in_features, dtype=F)
    for derivative in (torch.func.jacrev, torch.func.jacfwd):
        found = [
            torch.func.vmap(derivative(lambda theta, m=m: m.evaluate(theta, x)))(dense.theta)
            for m in (dense, factored)
        ]
        torch.testing.assert_close(found[1], found[0], rtol=1e-12, atol=1e-12)


def test_gradients_are_those_of_finite_differences(monkeypatch):
    _, factored = both(monkeypatch, NETWORKS["symbols"], seed=1)
    x = torch.randn(2, factored.in_features, dtype=F, requires_grad=True)
    assert torch.autograd.gradcheck(factored.evaluate, (factored.theta, x))


def test_values_are_those_of_the_exact_layer(monkeypatch):
    for name in ("numbers", "numbers gcn"):
        net = NETWORKS[name]
        _, factored = both(monkeypatch, net)
        x = [sp.Rational(k - 4, 3) for k in range(net.in_features)]
        expected = torch.tensor([float(v) for v in net.forward(x)], dtype=F)
        got = factored(torch.tensor([float(v) for v in x], dtype=F))
        torch.testing.assert_close(got, expected, rtol=1e-13, atol=1e-13)


def test_fixed_values_and_single_precision(monkeypatch):
    net = NETWORKS["network"]
    fixed = {str(net.parameters[0]): 2}
    dense, factored = both(monkeypatch, net, seed=2, fixed=fixed, dtype=torch.float32)
    x = torch.randn(4, net.in_features)
    torch.testing.assert_close(factored(x), dense(x))
    assert factored(x).dtype == torch.float32
    ensemble = nm.build(net, seeds=range(2))
    torch.testing.assert_close(ensemble[1](x), ensemble(x)[1])


def test_training_is_the_same_by_both(monkeypatch):
    graph = graphs.cycle(4)
    net = layers.GraphConv(graph) >> layers.Pointwise(activations.Quadratic()) >> layers.Readout(
        graph)
    task = nm.tasks.BlockSum(4, laws.Normal(0, 1))
    dense, factored = both(monkeypatch, net, seeds=range(3))
    for module in (dense, factored):
        nm.train(module, task, steps=30, batch=32, seed=0, progress=False)
    torch.testing.assert_close(factored.theta, dense.theta, rtol=1e-8, atol=1e-10)


def test_the_choice():
    def factored(net):
        return [isinstance(s, FactoredStage) for s in nm.build(net).stages]

    assert factored(layers.GraphConv(graphs.cycle(12), 4, 4)) == [False]
    assert factored(layers.GraphConv(graphs.complete(40))) == [False]
    assert factored(layers.Linear(3, 3)) == [False]
    assert factored(layers.GraphConv(graphs.cycle(100), 2, 2)) == [True]


def large(nodes, edges):
    rng = random.Random(0)
    found = {(rng.randrange(k), k) for k in range(1, nodes)}
    while len(found) < edges:
        found.add(tuple(sorted(rng.sample(range(nodes), 2))))
    return graphs.Graph((nodes, sorted(found)))


def test_large_graphs_never_meet_their_dense_matrix(monkeypatch):
    weight = kronecker.KroneckerRule.weight.func

    def dense(self):
        if self.in_units * self.out_units > 10_000:
            raise AssertionError("the dense matrix was asked for")
        return weight(self)

    monkeypatch.setattr(kronecker.KroneckerRule, "weight", property(dense))
    stored = {}
    for nodes in (500, 2000):
        graph = large(nodes, 3 * nodes)
        net = (layers.GraphConv(graph, 4, 4, bias=True) >> layers.Pointwise(activations.Quadratic())
               >> layers.GCNConv(graph, 4, 4) >> layers.SAGEConv(graph, 4, 4)
               >> layers.GINConv(graph, 4, 2, eps="eps") >> layers.Readout(graph, channels=2))
        module = nm.build(net, seeds=range(2))
        assert repr(module)
        assert module(torch.zeros(3, 4 * nodes, dtype=F)).shape == (2, 3, 2)
        stored[nodes] = sum(b.numel() for b in module.buffers())
        assert module.theta.shape == (2, len(net.parameters))
    assert stored[2000] < 4.1 * stored[500]


def test_forward_on_a_large_graph_is_a_loop_over_its_edges():
    graph = large(300, 800)
    layer = layers.GraphConv(graph, 2, 1, bias=True)
    module = nm.build(layer, seed=3)
    assert isinstance(module.stages[0], FactoredStage)
    value = {str(k): v for k, v in module.values().items()}
    x = torch.randn(2, 300, dtype=F)
    expected = [
        value["c"] + value["U_11"] * x[0, v] + value["U_12"] * x[1, v] for v in range(300)
    ]
    for a, b, _ in graph.edges:
        for u, v in ((a, b), (b, a)):
            expected[v] += value["W_11"] * x[0, u] + value["W_12"] * x[1, u]
    torch.testing.assert_close(module(x.flatten()), torch.stack(expected), rtol=1e-12, atol=1e-12)
