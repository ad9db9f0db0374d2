"""Convolutions of PyTorch Geometric as layers: same values, exact weights, clear refusals."""

import random
from fractions import Fraction

import numpy as np
import pytest
import sympy as sp

import numerics as nm
from cumulant_theory import activations, laws, layers
from cumulant_theory.errors import DomainError, MissingDependencyError, ShapeError
from cumulant_theory.layers import graphs
from numerics import imports

torch = pytest.importorskip("torch")
geometric = pytest.importorskip("torch_geometric.nn")

LINEAR, SEQUENTIAL, IDENTITY = torch.nn.Linear, torch.nn.Sequential, torch.nn.Identity

# convolution, whether it takes edge weights, class of the layer
MODULES = {
    "GCNConv": (lambda: geometric.GCNConv(2, 3), True, graphs.GCNConv),
    "GCNConv without bias": (lambda: geometric.GCNConv(2, 3, bias=False), True, graphs.GCNConv),
    "GCNConv cached": (lambda: geometric.GCNConv(2, 3, cached=True), True, graphs.GCNConv),
    "GCNConv without self-loops": (
        lambda: geometric.GCNConv(2, 3, add_self_loops=False), True, graphs.GraphConv),
    "GCNConv without normalisation": (
        lambda: geometric.GCNConv(2, 3, normalize=False), True, graphs.GraphConv),
    "GraphConv": (lambda: geometric.GraphConv(2, 3), True, graphs.GraphConv),
    "GraphConv mean": (
        lambda: geometric.GraphConv(2, 3, aggr="mean", bias=False), True, graphs.GraphConv),
    "GraphConv pair": (lambda: geometric.GraphConv((2, 2), 1), True, graphs.GraphConv),
    "SAGEConv": (lambda: geometric.SAGEConv(2, 3), False, graphs.SAGEConv),
    "SAGEConv mean object": (
        lambda: geometric.SAGEConv(2, 3, aggr=geometric.MeanAggregation()), False,
        graphs.SAGEConv),
    "SAGEConv sum": (lambda: geometric.SAGEConv(2, 3, aggr="sum"), False, graphs.GraphConv),
    "SAGEConv without root": (
        lambda: geometric.SAGEConv(2, 1, root_weight=False, bias=False), False, graphs.SAGEConv),
    "GINConv": (lambda: geometric.GINConv(LINEAR(2, 3), eps=0.3), False, graphs.GINConv),
    "GINConv trained eps": (
        lambda: geometric.GINConv(geometric.Linear(2, 3), train_eps=True), False, graphs.GINConv),
    "GINConv two linear": (
        lambda: geometric.GINConv(
            SEQUENTIAL(LINEAR(2, 4), IDENTITY(), LINEAR(4, 3, bias=False), LINEAR(3, 2))),
        False, graphs.GINConv),
    "GINConv bias first": (
        lambda: geometric.GINConv(SEQUENTIAL(LINEAR(2, 2), LINEAR(2, 3, bias=False))), False,
        graphs.GINConv),
    "GINConv mean": (
        lambda: geometric.GINConv(LINEAR(2, 3), eps=-0.7, aggr="mean"), False, graphs.GraphConv),
}


def randomised(make, seed=0):
    torch.manual_seed(seed)
    module = make().double()
    with torch.no_grad():
        for p in module.parameters():
            p.copy_(torch.randn_like(p))
    return module


def random_graph(seed, directed, weighted):
    """Every node has an incoming edge; some have loops; incoming weights are positive."""
    draw = random.Random(seed)
    n = draw.randint(3, 6)
    pairs = {(v, (v + 1) % n) for v in range(n)}
    pairs |= {(u, v) for u in range(n) for v in range(n) if draw.random() < 0.3}
    if not directed:
        pairs = {(min(p), max(p)) for p in pairs}
    edges = [(u, v, Fraction(draw.randint(1, 9), 4) if weighted else 1) for u, v in sorted(pairs)]
    return graphs.Graph((n, edges), directed=directed)


def values_of(module, graph, x, weighted):
    arcs = graph.arcs
    index = torch.tensor([[u, v] for u, v, _ in arcs]).T
    weight = torch.tensor([float(w) for *_, w in arcs], dtype=torch.float64)
    return module(x, index, weight) if weighted else module(x, index)


@pytest.mark.parametrize("directed", [False, True], ids=["undirected", "directed"])
@pytest.mark.parametrize("name", MODULES)
def test_forward_values_are_those_of_the_module(name, directed):
    make, takes_weights, kind = MODULES[name]
    for seed, weighted in enumerate({False, takes_weights}):
        module, graph = randomised(make, seed), random_graph(seed + 10, directed, weighted)
        layer = nm.from_torch(module, graph)
        assert type(layer) is kind
        assert not layer.parameters
        x = torch.randn(len(graph), 2, dtype=torch.float64)
        got = nm.build(layer)(x.T.reshape(-1)).reshape(layer.out_channels, -1).T
        torch.testing.assert_close(
            got, values_of(module, graph, x, weighted).detach(), rtol=1e-6, atol=1e-12
        )


def test_weights_are_the_rationals_of_the_floats():
    module = randomised(lambda: geometric.GraphConv(2, 3))
    layer = nm.from_torch(module, graphs.cycle(3))
    own, others = layer.matrices
    expected = module.lin_root.weight.detach().tolist(), module.lin_rel.weight.detach().tolist()
    for theta, rows in zip((own, others), expected, strict=True):
        assert theta == sp.Matrix([[sp.Rational(*w.as_integer_ratio()) for w in r] for r in rows])
    bias = [sp.Rational(*c.as_integer_ratio()) for c in module.lin_rel.bias.tolist()]
    assert list(layer.bias[::3]) == bias


def test_single_precision_is_read_exactly():
    module = geometric.GCNConv(1, 1, bias=False)
    with torch.no_grad():
        module.lin.weight.fill_(0.1)
    (theta,) = nm.from_torch(module, graphs.path(2)).matrices
    assert theta[0, 0] == sp.Rational(13421773, 134217728)


def test_networkx_graphs_keep_their_order_of_nodes():
    nx = pytest.importorskip("networkx")
    graph = nx.DiGraph([("b", "a"), ("a", "c"), ("c", "b"), ("c", "a")])
    module = randomised(lambda: geometric.SAGEConv(2, 1))
    x = torch.randn(3, 2, dtype=torch.float64)
    index = torch.tensor([[0, 1], [1, 2], [2, 0], [2, 1]]).T
    got = nm.build(nm.from_torch(module, graph))(x.T.reshape(-1))
    torch.testing.assert_close(got, module(x, index).detach()[:, 0], rtol=1e-6, atol=1e-12)


def test_backward_flow_is_the_same_on_an_undirected_graph_alone():
    module = randomised(lambda: geometric.GraphConv(2, 1, flow="target_to_source"))
    graph = graphs.path(4)
    x = torch.randn(4, 2, dtype=torch.float64)
    got = nm.build(nm.from_torch(module, graph))(x.T.reshape(-1))
    expected = values_of(module, graph, x, False).detach()
    torch.testing.assert_close(got, expected[:, 0], rtol=1e-6, atol=1e-12)
    with pytest.raises(DomainError, match="flow='target_to_source'"):
        nm.from_torch(module, graphs.Graph((2, [(0, 1), (1, 1)]), directed=True))


def test_imported_convolutions_are_layers_like_others():
    graph = graphs.path(3)
    net = (
        nm.from_torch(randomised(lambda: geometric.GraphConv(1, 2), 1), graph)
        >> layers.Pointwise(activations.Square())
        >> nm.from_torch(randomised(lambda: geometric.GCNConv(2, 1), 2), graph)
        >> layers.Readout(graph)
    )
    law = laws.Exponential(1)
    out = net.propagate(law, order=2)
    assert out.exact
    module = nm.build(net)
    predicted = nm.predict(module, law, order=2)
    assert predicted.values[predicted.layers[-1]][2,] == pytest.approx(float(out[2]))
    measured = nm.measure(module, law, order=2, samples=40_000, seed=3)
    assert not nm.compare(predicted, measured).contradicts


def cached():
    module = geometric.GCNConv(1, 1, cached=True)
    module(torch.ones(3, 1), torch.tensor([[0], [1]]))
    return module


def hooked():
    module = geometric.GCNConv(1, 1)
    module.register_forward_hook(lambda module, inputs, output: 2 * output)
    return module


def infinite():
    module = geometric.GraphConv(1, 1)
    module.lin_rel.weight.data.fill_(float("inf"))
    return module


class Doubled(geometric.GCNConv):
    def forward(self, *inputs):
        return 2 * super().forward(*inputs)


@pytest.mark.parametrize(("make", "words"), [
    (lambda: geometric.GCNConv(1, 1, improved=True), "improved=True"),
    (cached, "cached=True"),
    (hooked, "forward hooks"),
    (infinite, "lin_rel.weight has the entry inf"),
    (lambda: geometric.GCNConv(-1, 1), "call the module once"),
    (lambda: geometric.GCNConv(1, 1, aggr="mean"), "aggr='mean'"),
    (lambda: geometric.GraphConv(1, 1, aggr="max"), "aggr='max'"),
    (lambda: geometric.SAGEConv(1, 1, aggr=["mean", "max"]), "aggr="),
    (lambda: geometric.SAGEConv(1, 1, normalize=True), "normalize=True"),
    (lambda: geometric.SAGEConv(1, 1, project=True), "project=True"),
    (lambda: geometric.GraphConv(1, 1, node_dim=-3), "node_dim=-3"),
    (lambda: geometric.GINConv(SEQUENTIAL(LINEAR(1, 1), torch.nn.ReLU())), "contains ReLU()"),
    (lambda: geometric.GINConv(IDENTITY()), "has no Linear"),
    (lambda: geometric.GINEConv(LINEAR(1, 1), edge_dim=2), "GINEConv"),
    (lambda: geometric.GATConv(1, 1), "GATConv"),
    (lambda: Doubled(1, 1), "not their subclasses"),
    (lambda: LINEAR(1, 1), "Linear"),
])
def test_what_no_layer_can_be_is_refused_by_name(make, words):
    with pytest.raises(DomainError) as caught:
        nm.from_torch(make(), graphs.path(3))
    assert words in str(caught.value)


def test_tensors_of_edges_and_modules_without_a_graph_say_what_to_pass():
    edge_index = torch.tensor([[0, 1], [1, 0]])
    for graph in (edge_index, (2, edge_index)):
        with pytest.raises(DomainError, match=r"edge_index\.T\.tolist\(\)"):
            nm.from_torch(geometric.GCNConv(1, 1), graph)
    with pytest.raises(DomainError, match="leave the graph out"):
        nm.from_torch(SEQUENTIAL(LINEAR(1, 1)), graphs.path(2))
    meta = geometric.GCNConv(1, 1).to("meta")
    with pytest.raises(DomainError, match="without values"):
        nm.from_torch(meta, graphs.path(2))


def test_linear_maps_of_pytorch_geometric_need_no_graph():
    module = geometric.Linear(3, 2)
    chain = nm.from_torch(module)
    x = np.random.default_rng(0).normal(size=(5, 3)).astype(np.float32)
    np.testing.assert_allclose(
        chain(x), module(torch.from_numpy(x)).detach().numpy(), rtol=1e-5, atol=1e-6
    )
    with pytest.raises(DomainError, match="not initialised"):
        nm.from_torch(geometric.Linear(-1, 2))


@pytest.mark.parametrize("make", [
    lambda: geometric.SAGEConv(1, 1), lambda: geometric.GINConv(LINEAR(1, 1)),
])
def test_weights_that_the_module_ignores_are_refused(make):
    with pytest.raises(DomainError, match="takes no edge weights"):
        nm.from_torch(make(), graphs.Graph((2, [(0, 1, 2)])))


def test_features_of_sources_and_targets_must_agree():
    with pytest.raises(ShapeError, match=r"in_channels=\(1, 2\)"):
        nm.from_torch(geometric.GraphConv((1, 2), 1), graphs.path(2))


def test_without_torch_geometric_the_error_says_what_to_install(monkeypatch):
    monkeypatch.setattr(imports.convolutions, "find_spec", lambda name: None)
    with pytest.raises(MissingDependencyError, match=r"cumulant-theory\[pyg\]"):
        nm.from_torch(LINEAR(1, 1), graphs.path(2))
