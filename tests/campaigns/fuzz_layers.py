"""Layers, networks and joint cumulants, with arguments that are right."""

from fractions import Fraction

from fuzz_judge import WrongError
from fuzz_targets import target

from cumulant_theory import (
    Diagrams,
    JointCumulants,
    Neglect,
    activations,
    cumulants,
    laws,
    layers,
    symmetries,
)
from cumulant_theory.cumulants import GenericJoint, cumulant_symbol
from cumulant_theory.layers import graphs
from cumulant_theory.network_language import parse_network

# ------------------------------------------------------------------ layers


def probe_layer(layer):
    """Two cumulants of the output, the parameters, a recursion."""
    units = next((la.in_features for la in layer.layers if la.in_features is not None), 2)
    found = [layer.parameters, layer.hypotheses]
    if not isinstance(units, int):
        return [*found, layer.propagate(laws.Generic().iid(units), 2)[2]]
    if units > 6:
        return found
    out = layer.propagate(laws.Normal(0, 1).iid(units), 2, closure=Neglect(2))
    if out.dim != layer.width_after(units):
        raise WrongError("the number of outputs is another")
    return [*found, out.mean, out.covariance if out.dim < 4 else None]


_plain = {"in_features": [1, 2], "out_features": [1, 2], "bias": [False, True]}
target("layers.Linear", layers.Linear, probe_layer, **_plain,
       symmetry=[None, symmetries.Shared()], weight=[None], bias_values=[None],
       name=[None, "w"], bias_name=[None, "c"])
target("layers.Linear (given)", layers.Linear, probe_layer, in_features=[2], out_features=[1],
       weight=[[[1, 2]]], bias_values=[[3], None])
target("layers.Pointwise", layers.Pointwise, probe_layer,
       activation=[activations.Quadratic("a"), activations.ReLU()])
target("layers.BlockSum", layers.BlockSum, probe_layer, b=[2, "b"], s=[Fraction(1, 2), "s"],
       weights=[None])
target("layers.BlockSum (weights)", layers.BlockSum, probe_layer, b=[2], weights=[[1, 2]])
target("layers.Mean", layers.Mean, probe_layer, in_features=[2])
target("layers.Sum", layers.Sum, probe_layer, in_features=[2])
target("layers.Residual", layers.Residual, probe_layer,
       inner=[layers.Linear(2, 2) >> layers.Pointwise(activations.Square())])
target("layers.Sequential", lambda a, b, prefix: layers.Sequential(a, b, prefix=prefix),
       probe_layer, a=[layers.Linear(2, 2)], b=[layers.Pointwise(activations.Square())],
       prefix=["", "u"])
_graphs = [graphs.complete(3), graphs.star(3), [(0, 1), (1, 2)]]
target("layers.Graph", layers.Graph, lambda g: [g.nodes if hasattr(g, "nodes") else 0],
       data=[[(0, 1), (1, 2)], (3, [(0, 1)])], directed=[False], weight=["weight"], label=[None])
for _cls in (layers.GCNConv, layers.SAGEConv, layers.EdgeLift):
    target(f"layers.{_cls.__name__}", _cls, probe_layer, graph=_graphs, in_features=[1],
           out_features=[1], bias=[False], name=[None], bias_name=[None], weights=[None],
           bias_values=[None])
target("layers.GINConv", layers.GINConv, probe_layer, graph=_graphs, in_features=[1],
       out_features=[1], eps=[0, "e"], bias=[False], name=[None])
target("layers.GraphConv", layers.GraphConv, probe_layer, graph=_graphs, in_features=[1],
       out_features=[1], aggregation=["sum", "mean"], bias=[False], name=[None], weights=[None])
target("layers.EdgeSum", layers.EdgeSum, probe_layer, graph=_graphs, channels=[1])
target("layers.Readout", layers.Readout, probe_layer, graph=_graphs, kind=["mean", "sum"],
       channels=[1])
for _name in ("complete", "cycle", "path", "star"):
    target(f"graphs.{_name}", getattr(graphs, _name), None, n=[3])
target("graphs.is_automorphism", graphs.is_automorphism, None, graph=[graphs.complete(3)],
       images=[(1, 0, 2)])
NET = layers.Linear(2, 2) >> layers.Pointwise(activations.Quadratic("a")) >> layers.Linear(2, 1)
RELU = layers.Linear(2, 2) >> layers.Pointwise(activations.ReLU()) >> layers.Linear(2, 1)
for _name, _network in (("quadratic", NET), ("relu", RELU), ("sum", layers.BlockSum("b"))):
    target(f"Layer.propagate ({_name})", _network.propagate, lambda k: [k[1], k.closure],
           x=[laws.Generic(), laws.Normal(0, 1).iid(2)], order=[2], closure=[None, Diagrams(2)],
           orbits=[True])
    target(f"Layer.recursion ({_name})", _network.recursion, None, order=[2],
           inputs=["joint", "iid"], closure=[None, Neglect(2)])
    target(f"Layer.system ({_name})", _network.system, None, order=[2], inputs=["iid"],
           form=["auto"], outputs=[None, [(1,)]], closure=[None, Neglect(2)])
    target(f"Layer.effective ({_name})", _network.effective, None, units=[None, 2])
    target(f"Layer.forward ({_name})", _network.forward, None, values=[[1, 2]])
    target(f"Layer.subs ({_name})", _network.subs, probe_layer,
           values=[{"W__1_11": 2}, {"a": 1}, {"b": 3}])
    target(f"Layer.degree ({_name})", _network.degree, None, units=[None])
    target(f"Layer.input_order ({_name})", _network.input_order, None, order=[2], units=[None])
    target(f"Layer.input_units ({_name})", _network.input_units, None, units=[None])
    target(f"Layer.stages ({_name})", _network.stages, None, units=[2])
    target(f"Layer.rules ({_name})", _network.layers[0].rules, None, units=[2])
    target(f"Layer.__rshift__ ({_name})", lambda other, n=_network: n >> other, None,
           other=[layers.Pointwise(activations.Square())])


_graph = layers.Graph((["a", "b", "c"], [("a", "b"), ("b", "c")]))
target("Graph.index", _graph.index, None, node=["a"])
target("Graph.of", layers.Graph.of, None, data=[_graph, (2, [(0, 1)])])
target("Graph.reordered", _graph.reordered, None, nodes=[["b", "a", "c"]])
target("Graph.subs", layers.Graph((2, [(0, 1, "w")])).subs, None, values=[{"w": 2}])
_calls = {
    "rules": (None, {"units": [2]}), "input_permutations": (None, {"units": [2]}),
    "numbered": (probe_layer, {"position": [1, "1"]}),
    "subs": (probe_layer, {"values": [{"a": 1}, {"W_11": 1}, {"W__1_11": 1}, {"b": 2}]}),
    "propagate": (None, {"x": [laws.Generic()], "order": [2], "closure": [None, Neglect(2)],
                         "orbits": [True, False]}),
}
for _layer in (
    layers.Linear(2, 2), layers.BlockSum(2), layers.Mean(2), layers.Sum(2),
    layers.Pointwise(activations.Cubic("a")), layers.Residual(layers.Linear(2, 2)),
    layers.Sequential(layers.Linear(2, 2)), layers.EdgeLift(graphs.path(2)),
    layers.EdgeSum(graphs.path(2)), layers.Readout(graphs.path(2)),
):
    _own = {n for c in type(_layer).__mro__ if c is not layers.Layer for n in vars(c)}
    for _name in sorted(_own & _calls.keys()):
        _probe, _arguments = _calls[_name]
        target(f"{type(_layer).__name__}.{_name}", getattr(_layer, _name), _probe, **_arguments)
target("Layer.input_permutations", layers.EdgeSum(graphs.path(2)).input_permutations, None,
       units=[2])
target("Layer.source", NET.source, None, x=[laws.Normal(0, 1), laws.Generic().iid(2)])
target("Layer.numbered", layers.Sum(2).numbered, probe_layer, position=[1])
target("BlockSum.subs (b)", layers.BlockSum("b", "s").subs, probe_layer,
       values=[{"b": 2}, {"s": 1}])
target("BlockSum.eigenvalue", layers.BlockSum("b").eigenvalue, None, r=[2])
target("Sequential.__getitem__", NET.__getitem__, None, position=[0])


# ------------------------------------------------------------------ joint cumulants


def state():
    """A small state of two units."""
    return (layers.Linear(2, 2) >> layers.Pointwise(activations.Square())).propagate(
        laws.Generic(), 2)


target("cumulants.GenericJoint", GenericJoint,
       lambda g: [g.cumulant((1,) * g.dim)] if g.dim < 5 else [],
       dim=[2], state=["x"], blocks=[None, ((0,), (1,))])
target("cumulants.cumulant_symbol", cumulant_symbol, None, alpha=[(1, 1)], state=["x"],
       name=["kappa"])
target("JointCumulants.from_source", JointCumulants.from_source, lambda k: [k.mean],
       source=[laws.Generic().iid(2)], order=[2])
target("JointCumulants.__getitem__", lambda alpha: state()[alpha], None, alpha=[(1, 1), (2, 0)])
target("JointCumulants.joint", lambda i, j: state().joint(i, j), None, i=[0], j=[1])
target("JointCumulants.cumulant", lambda alpha: state().cumulant(alpha), None, alpha=[(1, 0)])
target("JointCumulants.explicit", lambda alpha: state().explicit(alpha), None, alpha=[(1, 0)])
target("JointCumulants.polynomial", lambda alpha: state().polynomial(alpha), None, alpha=[(1, 0)])
target("JointCumulants.moment", lambda alpha: state().moment(alpha), None, alpha=[(1, 1)])
target("JointCumulants.items", lambda order: list(state().items(order)), None, order=[2, None])
target("JointCumulants.subs", lambda values: state().subs(values), lambda k: [k.mean],
       values=[{"kappa_1": 1}])
target("GenericJoint.cumulant", GenericJoint(2).cumulant, None, alpha=[(1, 1)])
_joint = laws.Generic().iid(2)
target("cumulants.blocks_of", cumulants.blocks_of, None, alpha=[(1, 1)], blocks=[((0,), (1,))])
target("cumulants.independence", cumulants.independence, None, source=[_joint])
target("cumulants.is_identical", cumulants.is_identical, None, source=[_joint])
target("cumulants.index_name", cumulants.index_name, None, indices=[(0, 1), (10, 2)])
target("cumulants.moments_of", cumulants.moments_of, None, state=[state()])
target("cumulants.source_values", cumulants.source_values, None, source=[_joint], order=[2])


# ------------------------------------------------------------------ text


target("network_language.parse_network", parse_network, probe_layer, text=["linear(2, 2) | square"])
