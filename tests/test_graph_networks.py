"""Graph networks from end to end: derivation, torch module, prediction, measurement, training."""

from fractions import Fraction

import networkx as nx
import numpy as np
import pytest
import sympy as sp
import torch

import numerics as nm
from cumulant_theory import activations, laws, layers
from cumulant_theory.errors import (
    CumulantError,
    DomainError,
    ParseError,
    ShapeError,
    UnknownNameError,
)
from cumulant_theory.layers import graphs
from cumulant_theory.network_language import parse_network

P, Q = layers.Pointwise, activations.Quadratic


def gnn(graph, **options):
    return (layers.GraphConv(graph, 1, 2, **options) >> P(Q())
            >> layers.GraphConv(graph, 2, 1) >> layers.Readout(graph, "mean"))


@pytest.mark.parametrize("net", [
    layers.GraphConv(graphs.path(2), bias=True) >> P(Q()) >> layers.Readout(2),
    layers.EdgeLift(graphs.path(2)) >> P(activations.Square()) >> layers.EdgeSum(graphs.path(2)),
    layers.GCNConv(graphs.path(3)) >> P(Q()) >> layers.Readout(3, "sum"),
    layers.GINConv(graphs.Graph((2, [(0, 1, "w")])), eps="e") >> layers.Readout(2, 1),
], ids=repr)
def test_derivations_of_graph_networks_verify(net):
    out = net.propagate(laws.Generic("kappa"), order=2)
    assert out.derivation.verify()
    assert any("commutes with the automorphisms" in h for h in out.hypotheses)


def test_recursion_and_system_carry_the_graph():
    net = gnn(graphs.path(2))
    recursion = net.recursion(order=2)
    assert "GraphConv" in recursion.to_latex()
    by_form = [net.system(2, form=form) for form in ("effective", "layers")]
    assert all(set(s.parameters) == set(net.parameters) for s in by_form)


@pytest.mark.parametrize("net", [
    gnn(graphs.cycle(3), bias=True),
    layers.GCNConv(graphs.star(4), 1, 1, bias=True) >> P(Q()) >> layers.Readout(4, 0),
    layers.SAGEConv(graphs.path(3)) >> P(activations.Square()) >> layers.Readout(3, "sum"),
    layers.EdgeLift(graphs.path(3)) >> P(Q()) >> layers.EdgeSum(graphs.path(3)),
], ids=repr)
def test_prediction_and_measurement_agree_on_every_layer(net):
    module = nm.build(net, seed=3)
    law = laws.Uniform(-1, 1)
    result = nm.compare(
        nm.predict(module, law, order=3), nm.measure(module, law, order=3, samples=40_000, seed=5)
    )
    assert len({row.layer for row in result.rows}) == len(net)
    assert not result.contradicts
    assert result.count("agree") > len(result) / 2


def test_a_wrong_graph_is_found_out():
    path = gnn(graphs.path(3))
    module = nm.build(path, seed=3)
    other = nm.build(gnn(graphs.cycle(3)), values=module.values())
    law = laws.Uniform(-1, 1)
    result = nm.compare(
        nm.predict(other, law, order=2), nm.measure(module, law, order=2, samples=20_000, seed=5)
    )
    assert result.contradicts


@pytest.mark.parametrize("name", ["complete", "cycle", "star", "path"])
def test_graph_networks_learn_the_block_sum(name):
    graph = getattr(graphs, name)(3)
    net = layers.GraphConv(graph, 1, 1) >> P(Q()) >> layers.Readout(graph, "mean")
    module = nm.build(net, seed=1)
    task = nm.tasks.BlockSum(3, laws.Normal(0, 1))
    nm.train(module, task, steps=400, exact=True, seed=0, progress=False)
    values = {str(k): v for k, v in module.values().items()}
    # with W the node features are summed with weights U + W degree, so unequal degrees want W = 0
    even = name in ("complete", "cycle")
    assert values["U__1"] + (2 * values["W__1"] if even else 0) == pytest.approx(3**0.5, rel=1e-6)
    assert values["alpha__1"] == pytest.approx(0, abs=1e-6)
    assert even or values["W__1"] == pytest.approx(0, abs=1e-6)


@pytest.mark.parametrize(("text", "net"), [
    ("graphconv(cycle(3), 1, 2, mean, bias) | quadratic(a) | readout(cycle(3), sum, channels=2)",
     layers.GraphConv(graphs.cycle(3), 1, 2, "mean", bias=True) >> P(Q("a"))
     >> layers.Readout(graphs.cycle(3), "sum", 2)),
    ("gcn_conv(star(3)) | readout(star(3), 0)",
     layers.GCNConv(graphs.star(3)) >> layers.Readout(graphs.star(3), 0)),
    ("sageconv(path(2), 1, 1, bias=false) >> ginconv(path(2), eps=1/2)",
     layers.SAGEConv(graphs.path(2)) >> layers.GINConv(graphs.path(2), eps=sp.Rational(1, 2))),
    ("graphconv(complete(2), aggregation=symmetric) | readout(complete(2))",
     layers.GraphConv(graphs.complete(2), aggregation="symmetric") >> layers.Readout(
         graphs.complete(2))),
    ("edgelift(path(2)) | square | edgesum(path(2), 1)",
     layers.EdgeLift(graphs.path(2)) >> P(activations.Square()) >> layers.EdgeSum(graphs.path(2))),
])
def test_graph_networks_as_text(text, net):
    found = parse_network(text)
    assert repr(found) == repr(net)
    x = sp.symbols(f"x:{net.in_features}")
    assert found.forward(x) == net.forward(x)


@pytest.mark.parametrize(("text", "kind", "words"), [
    ("graphconv(cycle(3), 1, 2, 3)", ParseError, "too many"),
    ("gcnconv(cycle(3), mean)", ParseError, "too many"),
    ("ginconv(cycle(3), mean)", ParseError, "too many"),
    ("graphconv(wheel(3))", UnknownNameError, "wheel"),
    ("graphconv(cycle(3), median)", UnknownNameError, "median"),
    ("graphconv(cycle(3, 4))", ParseError, "cycle(3)"),
    ("graphconv(cycle(1000))", ParseError, "at most"),
    ("graphconv(3)", ParseError, "calls"),
    ("readout(path(2), 5)", ShapeError, "5"),
    ("sageconv(path(1))", DomainError, "no incoming edge"),
])
def test_bad_graph_texts(text, kind, words):
    with pytest.raises(CumulantError) as caught:
        parse_network(text)
    assert isinstance(caught.value, kind)
    assert words in str(caught.value)


@pytest.fixture
def weighted():
    graph = nx.DiGraph()
    graph.add_nodes_from("cabd")
    for u, v, w in [("a", "b", 2), ("b", "c", 3), ("c", "a", 1), ("a", "d", 4), ("d", "a", 2),
                    ("c", "b", 5), ("b", "b", 3)]:
        graph.add_edge(u, v, weight=Fraction(w, 2))
    return graph


def _arrays(graph):
    found = graphs.Graph(graph)
    index = torch.tensor([[u, v] for u, v, _ in found.arcs]).T
    return index, torch.tensor([float(w) for _, _, w in found.arcs], dtype=torch.float64)


def _values(layer, tensors):
    """Symbols of the weight matrices and the bias -> entries of PyTorch Geometric's tensors."""
    *matrices, bias = (t.detach() for t in tensors)
    found = {}
    for theta, tensor in zip(layer.matrices, matrices, strict=True):
        for i, j in np.ndindex(*theta.shape):
            found[theta[i, j]] = float(tensor[i, j])
    n = len(layer.graph)
    for c in range(layer.out_channels):
        found[layer.bias[c * n]] = float(bias[c])
    return found


CONVOLUTIONS = {
    "GraphConv": (
        lambda g: layers.GraphConv(g, 2, 3, bias=True),
        lambda nn: nn.GraphConv(2, 3), lambda m: (m.lin_root.weight, m.lin_rel.weight,
                                                  m.lin_rel.bias), True),
    "GraphConv mean": (
        lambda g: layers.GraphConv(g, 2, 3, aggregation="mean", bias=True),
        lambda nn: nn.GraphConv(2, 3, aggr="mean"),
        lambda m: (m.lin_root.weight, m.lin_rel.weight, m.lin_rel.bias), True),
    "GCNConv": (
        lambda g: layers.GCNConv(g, 2, 3, bias=True),
        lambda nn: nn.GCNConv(2, 3), lambda m: (m.lin.weight, m.bias), True),
    "SAGEConv": (
        lambda g: layers.SAGEConv(g, 2, 3, bias=True),
        lambda nn: nn.SAGEConv(2, 3), lambda m: (m.lin_r.weight, m.lin_l.weight, m.lin_l.bias),
        False),
    "GINConv": (
        lambda g: layers.GINConv(g, 2, 3, eps=sp.Rational(1, 4), bias=True),
        lambda nn: nn.GINConv(torch.nn.Linear(2, 3), eps=0.25),
        lambda m: (m.nn.weight, m.nn.bias), False),
}  # fmt: skip


@pytest.mark.parametrize("name", CONVOLUTIONS)
def test_forward_is_that_of_pytorch_geometric(name, weighted):
    geometric = pytest.importorskip("torch_geometric.nn")
    make, other, tensors, takes_weights = CONVOLUTIONS[name]
    if not takes_weights:
        weighted = _unweighted(weighted)
    layer = make(weighted)
    torch.manual_seed(0)
    reference = other(geometric).double()
    with torch.no_grad():
        for p in reference.parameters():
            p.copy_(torch.randn_like(p))
    module = nm.build(layer, values=_values(layer, tensors(reference)))
    index, weight = _arrays(weighted)
    x = torch.randn(4, 2, dtype=torch.float64)
    expected = reference(x, index, weight) if takes_weights else reference(x, index)
    got = module(x.T.reshape(-1)).reshape(3, 4).T
    torch.testing.assert_close(got, expected, rtol=1e-6, atol=0)


def _unweighted(graph):
    found = graph.copy()
    for u, v in found.edges:
        del found.edges[u, v]["weight"]
    return found
