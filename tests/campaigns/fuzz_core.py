"""What is called in the symbolic core, with arguments that are right."""

from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

import sympy as sp
from fuzz_judge import WrongError

from cumulant_theory import (
    Diagrams,
    JointCumulants,
    Neglect,
    activations,
    algebra,
    closures,
    diagrams,
    generalisation,
    laws,
    layers,
    reparametrisations,
    rg,
    symbolic_width,
    symmetries,
    theorems,
    varieties,
)
from cumulant_theory.cumulants import GenericJoint, cumulant_symbol
from cumulant_theory.layers import graphs
from cumulant_theory.network_language import parse_network
from cumulant_theory.parsing import (
    parse_activation,
    parse_closure,
    parse_law,
    parse_number,
    parse_symmetry,
)


@dataclass(frozen=True)
class Target:
    """Something public.

    Attributes
    ----------
    name
        Under which it is found.
    call
        Takes the arguments by name.
    arguments
        Name -> values that are right.
    probe
        Of the result.
    seconds
        Limit on processor time.
    nan
        Whether numbers that are not finite are an answer.
    """

    name: str
    call: Any
    arguments: dict[str, list[Any]] = field(default_factory=dict)
    probe: Any = None
    seconds: float = 5.0
    nan: bool = False


TARGETS: list[Target] = []


def target(name, call, probe=None, seconds=5.0, nan=False, /, **arguments):
    """Add a target."""
    TARGETS.append(Target(name, call, arguments, probe, seconds, nan))


# ------------------------------------------------------------------ laws


def probe_law(law):
    """Cumulants, moments, copies and everything shown."""
    top = law.max_order
    low = 2 if top is None else min(2, top)
    if isinstance(law, laws.Law):
        values = [law.cumulant(r) for r in range(1, low + 1)]
        moments = [law.moment(r) for r in range(low + 1)]
        if not all(isinstance(v, sp.Expr) for v in values + moments):
            raise WrongError("a cumulant is no expression")
        pair = law.iid(2)
        if pair.dim != 2 or (low and pair.cumulant((1, 1)) != 0):
            raise WrongError("two copies are dependent")
    else:
        small = isinstance(law.dim, int) and law.dim < 50
        values = [law.cumulant((1,) + (0,) * (law.dim - 1))] if low and small else []
    return [values, law.hypotheses, law.label, law.latex, law == law, hash(law), law.is_symmetric
            if isinstance(law, laws.Law) else None]


target("laws.Normal", laws.Normal, probe_law, loc=[0], scale=[1, "s"])
target("laws.Uniform", laws.Uniform, probe_law, low=[0], high=[1, "h"])
target("laws.Laplace", laws.Laplace, probe_law, loc=[0], scale=[1])
target("laws.Logistic", laws.Logistic, probe_law, loc=[0], scale=[1])
target("laws.Exponential", laws.Exponential, probe_law, rate=[1])
target("laws.Gamma", laws.Gamma, probe_law, concentration=[2], rate=[1])
target("laws.Poisson", laws.Poisson, probe_law, rate=[1])
target("laws.Bernoulli", laws.Bernoulli, probe_law, probs=[Fraction(1, 3)])
target("laws.Rademacher", laws.Rademacher, probe_law)
target("laws.StudentT", laws.StudentT, probe_law, df=[5, "nu"], loc=[0], scale=[1])
target("laws.Discrete", laws.Discrete, probe_law, points=[[0, 1]],
       probs=[None, [Fraction(1, 3), Fraction(2, 3)]])
target("laws.CumulantSequence", laws.CumulantSequence, probe_law, values=[[0, 1, 0, 3]])
target("laws.Generic", laws.Generic, probe_law, name=["kappa"], centred=[False, True],
       symmetric=[False], standardised=[False], values=[(), {3: 1}])
target("laws.Mixture", laws.Mixture, probe_law, weights=[[Fraction(1, 2), Fraction(1, 2)]],
       components=[[laws.Normal(0, 1), laws.Normal(1, 1)]])
target("laws.Empirical", laws.Empirical, probe_law, data=[[1, 2, 4], [[1, 2], [0, 1]]],
       weights=[None])
target("laws.MultivariateNormal", laws.MultivariateNormal, probe_law, mean=[[0, 0]],
       cov=[[[1, 0], [0, 1]]])
target("laws.DiscreteJoint", laws.DiscreteJoint, probe_law, points=[[[0, 1], [1, 0]]],
       probs=[None])
target("laws.Product", laws.Product, probe_law, laws=[[laws.Normal(0, 1), laws.Poisson(1)]])
target("laws.IID", laws.IID, probe_law, law=[laws.Normal(0, 1)], n=[2, "n"])
target("laws.get", laws.get, None, name=["normal"])
target("laws.catalogue", laws.catalogue, None, kind=[laws.Law])
for _law in (laws.Normal(0, "s"), laws.Generic(), laws.StudentT(5), laws.Discrete([0, "a"])):
    _name = type(_law).__name__
    target(f"{_name}.cumulant", _law.cumulant, None, r=[3])
    target(f"{_name}.moment", _law.moment, None, r=[3])
    target(f"{_name}.iid", _law.iid, probe_law, n=[2])
    target(f"{_name}.subs", _law.subs, probe_law, mapping=[{"s": 2}, {"kappa_3": 1}, {"a": 2}])
    target(f"{_name}.symbols_to", _law.symbols_to, None, order=[2])
    target(f"{_name}.hypotheses_to", _law.hypotheses_to, None, order=[2])
for _joint in (laws.Generic().iid(2), laws.MultivariateNormal([0, 0], [[1, 0], [0, "v"]]),
               laws.DiscreteJoint([[0, 1], [1, 0]])):
    _name = type(_joint).__name__
    target(f"{_name}.cumulant", _joint.cumulant, None, alpha=[(1, 1)])
    target(f"{_name}.moment", _joint.moment, None, alpha=[(1, 1)])
    target(f"{_name}.subs", _joint.subs, probe_law, mapping=[{"v": 2}])


# ------------------------------------------------------------------ symmetries, activations


def probe_symmetry(symmetry):
    """A tied layer of the smallest width that fits."""
    for n in (1, 2, 3, 4):
        try:
            tying = symmetry.tie(n, n)
        except symmetries.base.SymmetryError:
            continue
        if tying.matrix().shape != (n, n):
            raise WrongError("the tied matrix has another shape")
        return [tying, tying.dimension, tying.projector()]
    return []


target("symmetries.Free", symmetries.Free, probe_symmetry)
target("symmetries.Shared", symmetries.Shared, probe_symmetry)
target("symmetries.SignFlip", symmetries.SignFlip, probe_symmetry)
target("symmetries.SO2", symmetries.SO2, probe_symmetry)
for _cls in (symmetries.Alternating, symmetries.Cyclic, symmetries.Dihedral, symmetries.Reflection,
             symmetries.PermutationEquivariant, symmetries.PermutationInvariant):
    target(f"symmetries.{_cls.__name__}", _cls, probe_symmetry, degree=[None, 3])
target("symmetries.Orthogonal", symmetries.Orthogonal, probe_symmetry, n=[None, 2])
target("symmetries.BlockPermutation", symmetries.BlockPermutation, probe_symmetry, blocks=[2],
       size=[2], output=[None])
target("symmetries.GraphAutomorphism", symmetries.GraphAutomorphism, probe_symmetry,
       graph=[graphs.complete(3)], generators=[None])
target("symmetries.Permutations", symmetries.Permutations, probe_symmetry,
       out_generators=[((1, 0),)], in_generators=[((1, 0),)], group=["G"])
target("symmetries.SignedPermutations", symmetries.SignedPermutations, probe_symmetry,
       out_generators=[(((1, 0), (1, -1)),)], in_generators=[(((1, 0), (1, -1)),)], group=["G"])
target("symmetries.MatrixGroup", symmetries.MatrixGroup, probe_symmetry,
       out_generators=[([[0, 1], [1, 0]],)], in_generators=[([[0, 1], [1, 0]],)], group=["G"])
target("symmetries.LieAlgebra", symmetries.LieAlgebra, probe_symmetry,
       out_generators=[([[0, -1], [1, 0]],)], in_generators=[([[0, -1], [1, 0]],)], group=["G"])
target("symmetries.get", symmetries.get, None, name=["cyclic"])
for _symmetry in (symmetries.Cyclic(), symmetries.Free(), symmetries.BlockPermutation(2, 2)):
    target(f"{type(_symmetry).__name__}.tie", _symmetry.tie, None, out_features=[4, 2],
           in_features=[4, 2])
_tying = symmetries.PermutationEquivariant().tie(2, 2)
target("Tying.symbols", _tying.symbols, None, name=["W"])
target("Tying.bias_symbols", _tying.bias_symbols, None, name=["c"])
target("Tying.matrix", _tying.matrix, None, name=["W"])
target("Tying.bias", _tying.bias, None, name=["c"])
target("Tying.project", _tying.project, None, W=[[[1, 2], [3, 4]]])
target("Tying.project_bias", _tying.project_bias, None, c=[[1, 2]])
target("Tying.breaking_distance", _tying.breaking_distance, None, W=[[[1, 2], [3, 4]]])
target("Tying.is_equivariant", _tying.is_equivariant, None, W=[[[1, 2], [2, 1]]], bias=[None])
target("Tying.coefficients", _tying.coefficients, None, W=[[[1, 2], [2, 1]]])
target("Tying.burnside_count", _tying.burnside_count, None, limit=[100])


def probe_activation(activation):
    """The expression, and a Wick coefficient."""
    z = sp.Symbol("z")
    coefficient = activation.wick(1, 1, sp.Symbol("m"), sp.Symbol("v", positive=True))
    return [activation.expr(z), activation.parameters, coefficient, coefficient.expr]


for _name in ("GELU", "Abs", "Cos", "Cube", "Erf", "Exp", "HardTanh", "Identity", "ReLU", "SiLU",
              "Sigmoid", "Sign", "Sin", "Softplus", "Square", "Step", "Tanh"):
    target(f"activations.{_name}", getattr(activations, _name), probe_activation)
target("activations.Cubic", activations.Cubic, probe_activation, alpha=[None, "a"])
target("activations.Quadratic", activations.Quadratic, probe_activation, alpha=[None, "a"])
target("activations.Quartic", activations.Quartic, probe_activation, alpha=[None, 2])
target("activations.LeakyReLU", activations.LeakyReLU, probe_activation,
       negative_slope=[Fraction(1, 100)])
target("activations.Polynomial", activations.Polynomial, probe_activation,
       coefficients=[[0, 1, "a"]])
target("activations.Custom", activations.Custom, probe_activation,
       expression=[sp.sin(sp.Symbol("z")), sp.Symbol("z") ** 2], z=[None, sp.Symbol("z")])
target("activations.get", activations.get, None, name=["relu"])
target("activations.recognise", activations.recognise, None, expr=[sp.sin(sp.Symbol("z"))],
       z=[sp.Symbol("z")])
for _activation in (activations.ReLU(), activations.Quadratic("a"), activations.Erf(),
                    activations.Tanh(), activations.Sin(), activations.SiLU()):
    target(f"{type(_activation).__name__}.wick", _activation.wick, None, m=[1], p=[1],
           mean=[0, "m"], variance=[1, "v"])
target("closures.Neglect", closures.Neglect, None, order=[2], cost=[None])
target("closures.Diagrams", closures.Diagrams, None, order=[3])
target("closures.as_closure", closures.as_closure, None, value=[None])


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
_net = layers.Linear(2, 2) >> layers.Pointwise(activations.Quadratic("a")) >> layers.Linear(2, 1)
_relu = layers.Linear(2, 2) >> layers.Pointwise(activations.ReLU()) >> layers.Linear(2, 1)
for _name, _network in (("quadratic", _net), ("relu", _relu), ("sum", layers.BlockSum("b"))):
    target(f"{_name}.propagate", _network.propagate, lambda k: [k[1], k.closure],
           x=[laws.Generic(), laws.Normal(0, 1).iid(2)], order=[2], closure=[None, Diagrams(2)],
           orbits=[True])
    target(f"{_name}.recursion", _network.recursion, None, order=[2], inputs=["joint", "iid"],
           closure=[None, Neglect(2)])
    target(f"{_name}.system", _network.system, None, order=[2], inputs=["iid"], form=["auto"],
           outputs=[None, [(1,)]], closure=[None, Neglect(2)])
    target(f"{_name}.effective", _network.effective, None, units=[None, 2])
    target(f"{_name}.forward", _network.forward, None, values=[[1, 2]])
    target(f"{_name}.subs", _network.subs, probe_layer, values=[{"W__1_11": 2}, {"a": 1}, {"b": 3}])
    target(f"{_name}.degree", _network.degree, None, units=[None])
    target(f"{_name}.input_order", _network.input_order, None, order=[2], units=[None])
    target(f"{_name}.input_units", _network.input_units, None, units=[None])
    target(f"{_name}.stages", _network.stages, None, units=[2])
    target(f"{_name}.rules", _network.layers[0].rules, None, units=[2])
    target(f"{_name}.rshift", lambda other, n=_network: n >> other, None,
           other=[layers.Pointwise(activations.Square())])


# ------------------------------------------------------------------ joint cumulants


def state():
    """A small state of two units."""
    return (layers.Linear(2, 2) >> layers.Pointwise(activations.Square())).propagate(
        laws.Generic(), 2)


target("GenericJoint", GenericJoint, lambda g: [g.cumulant((1,) * g.dim)] if g.dim < 5 else [],
       dim=[2], state=["x"], blocks=[None, ((0,), (1,))])
target("cumulant_symbol", cumulant_symbol, None, alpha=[(1, 1)], state=["x"], name=["kappa"])
target("JointCumulants.from_source", JointCumulants.from_source, lambda k: [k.mean],
       source=[laws.Generic().iid(2)], order=[2])
target("state[]", lambda alpha: state()[alpha], None, alpha=[(1, 1), (2, 0)])
target("state.joint", lambda i, j: state().joint(i, j), None, i=[0], j=[1])
target("state.cumulant", lambda alpha: state().cumulant(alpha), None, alpha=[(1, 0)])
target("state.explicit", lambda alpha: state().explicit(alpha), None, alpha=[(1, 0)])
target("state.polynomial", lambda alpha: state().polynomial(alpha), None, alpha=[(1, 0)])
target("state.moment", lambda alpha: state().moment(alpha), None, alpha=[(1, 1)])
target("state.items", lambda order: list(state().items(order)), None, order=[2, None])
target("state.subs", lambda values: state().subs(values), lambda k: [k.mean],
       values=[{"kappa_1": 1}])


# ------------------------------------------------------------------ exact engine


target("algebra.exact", algebra.exact, None, value=[2, "x"], what=["value"])
target("algebra.substitution", algebra.substitution, None, values=[{"a": 1}])
target("algebra.cumulant_formula", algebra.cumulant_formula, None, order=[3])
target("algebra.moment_formula", algebra.moment_formula, None, order=[3])
target("algebra.real_roots", algebra.real_roots, None, coefficients=[[1, 0, -2]], bits=[64])
target("diagrams.rule", diagrams.rule, lambda r: [r.pattern], pattern=[(1, 1)],
       closure=[None, Diagrams(2)], degree=[None, 2])
target("diagrams.table", diagrams.table, None, pattern=[(1, 1)], closure=[Diagrams(2)],
       degree=[None, 2])
target("diagrams.connected", lambda **k: list(diagrams.connected(**k)), None, units=[2],
       budget=[2], largest_block=[None, 3], degrees=[None])
target("diagrams.patterns", diagrams.patterns, None, order=[2], closure=[None])
target("diagrams.power_formula", diagrams.power_formula, None, pattern=[(2, 1)])
target("diagrams.first_neglected", diagrams.first_neglected, None, pattern=[(1, 1)],
       closure=[Diagrams(2)], degree=[None], units=[None])
target("diagrams.pair_cumulant", diagrams.pair_cumulant, None,
       activations=[(activations.ReLU(), activations.ReLU())], powers=[(1, 1)], means=[(0, 0)],
       variances=[(1, 1)], covariance=[Fraction(1, 2), "c"])


# ------------------------------------------------------------------ symbolic width


def probe_wide(layer):
    """A cumulant of the output."""
    family = layer.family if hasattr(layer, "family") else None
    if family is None:
        return []
    channels = getattr(layer, "in_channels", None) or 1
    if channels > 2:
        return []
    out = layer.propagate(symbolic_width.generic(family, channels), 2)
    return [out]


_families = [symbolic_width.star("n"), symbolic_width.complete("n"), symbolic_width.cycle("n")]
for _name in ("complete", "cycle", "star"):
    target(f"symbolic_width.{_name}", getattr(symbolic_width, _name), None, n=["n", 4])
target("symbolic_width.complete_bipartite", symbolic_width.complete_bipartite, None, m=["m"],
       n=["n"])
target("symbolic_width.generic", symbolic_width.generic, None, family=_families, channels=[1],
       state=["x"])
target("symbolic_width.iid", symbolic_width.iid, None, law=[laws.Generic()], family=_families,
       channels=[None, 1])
for _name in ("GCNConv", "SAGEConv"):
    target(f"symbolic_width.{_name}", getattr(symbolic_width, _name), probe_wide,
           family=_families, in_features=[1], out_features=[1], bias=[False])
target("symbolic_width.GINConv", symbolic_width.GINConv, probe_wide, family=_families,
       in_features=[1], out_features=[1], eps=[0], bias=[False])
target("symbolic_width.GraphConv", symbolic_width.GraphConv, probe_wide, family=_families,
       in_features=[1], out_features=[1], aggregation=["sum", "mean"], bias=[False])
target("symbolic_width.InvariantLinear", symbolic_width.InvariantLinear, probe_wide,
       family=_families, weight=[None], bias=[False], in_features=[1], out_features=[1])
target("symbolic_width.Linear", symbolic_width.Linear, probe_wide, n=["n"], diagonal=[None, "d"],
       common=[None, "c"], bias=[False], in_features=[1], out_features=[1])
target("symbolic_width.Mean", symbolic_width.Mean, probe_wide, family=_families, channels=[1])
target("symbolic_width.Sum", symbolic_width.Sum, probe_wide, family=_families, channels=[1])
target("symbolic_width.Readout", symbolic_width.Readout, probe_wide, family=_families,
       kind=["mean"], channels=[1])
target("symbolic_width.Pointwise", symbolic_width.Pointwise, None,
       activation=[activations.Quadratic("a")])
target("symbolic_width.Residual", symbolic_width.Residual, probe_wide,
       inner=[symbolic_width.GCNConv(symbolic_width.complete("n"))])
target("symbolic_width.Sequential",
       lambda a, b, prefix: symbolic_width.Sequential(a, b, prefix=prefix), None,
       a=[symbolic_width.GCNConv(symbolic_width.complete("n"))],
       b=[symbolic_width.Pointwise(activations.Square())], prefix=[""])
target("symbolic_width.types", symbolic_width.types, None, order=[2], family=[None, *_families],
       channels=[1])
target("symbolic_width.type_symbol", symbolic_width.type_symbol, None, kind=[(2,)], state=["x"],
       family=[None], channels=[1])
_wide = (symbolic_width.GCNConv(symbolic_width.complete("n"))
         >> symbolic_width.Pointwise(activations.Square())
         >> symbolic_width.Mean(symbolic_width.complete("n")))
target("wide.propagate", _wide.propagate, None, x=[symbolic_width.generic(
    symbolic_width.complete("n"))], order=[2])


# ------------------------------------------------------------------ maps, failures, ideals


_unit = layers.Mean(2) >> layers.Pointwise(activations.Quadratic(1))
target("rg.RGMap", rg.RGMap, lambda m: [m.b, m.degree], layer=[layers.BlockSum(2), _unit])
for _name, _layer in (("linear", layers.BlockSum(2)), ("unit", _unit)):
    _map = rg.RGMap(_layer)
    target(f"RGMap({_name})()", _map.__call__, lambda k: [k[1]], law=[laws.Normal(0, 1)],
           order=[2], closure=[None])
    target(f"RGMap({_name}).recursion", _map.recursion, None, order=[2])
    target(f"RGMap({_name}).eigenvalues", _map.eigenvalues, None, order=[2])
    target(f"RGMap({_name}).spectrum", _map.spectrum, None, order=[2], closure=[None, Neglect(2)],
           at=[None, {1: 0, 2: 0}])
    target(f"RGMap({_name}).fixed_points", _map.fixed_points, None, 20.0, order=[2],
           closure=[None, Neglect(2)], seconds=[2])
    target(f"RGMap({_name}).flow", _map.flow, lambda f: [f[-1]], law=[laws.Exponential(1)],
           steps=[2], order=[2], closure=[None, Neglect(2)], exact_steps=[0, 1])
    target(f"RGMap({_name}).truncated", _map.truncated, None, closure=[Neglect(2)])
    target(f"RGMap({_name}) @", _map.__matmul__, None, other=[rg.RGMap(layers.BlockSum(3))])
target("rg.negentropy", rg.negentropy, None, source=[laws.Laplace(0, 1), {1: 0, 2: 1, 3: 0, 4: 1}],
       next_order=[False])
target("rg.TruncatedMap", rg.TruncatedMap, None, layer=[_unit], closure=[Neglect(2)])
_small = (layers.Linear(2, 1, symmetry=symmetries.Shared(), name="w")
          >> layers.Pointwise(activations.Square()) >> layers.Linear(1, 1, name="v"))
_pair = {"network": [_small, layers.Linear(2, 1)], "target": [layers.BlockSum(2)]}
_class = {"train": [laws.Normal(0, "s")], "test": [laws.Generic(centred=True)]}
target("generalisation.residuals", generalisation.residuals, None, **_pair,
       law=[laws.Generic()], order=[2])
target("generalisation.risk", generalisation.risk, None, **_pair, law=[laws.Generic()])
target("generalisation.risk_gap", generalisation.risk_gap, None, **_pair, **_class)
target("generalisation.cumulant_loss", generalisation.cumulant_loss, None, **_pair,
       law=[laws.Normal(0, 1)], order=[2], weights=[None, [1, 2]])
target("generalisation.gradient", generalisation.gradient, None, loss=[sp.Symbol("w") ** 2],
       network=[_small, [sp.Symbol("w")]])
target("generalisation.stationary_points", generalisation.stationary_points, None, 25.0,
       loss=[(sp.Symbol("w") ** 2 - 1) ** 2], parameters=[[sp.Symbol("w")]], seconds=[1],
       engine=["auto"], radicals=[()])
target("generalisation.gap_at_minimum", generalisation.gap_at_minimum, None, 25.0,
       network=[layers.Linear(2, 1, symmetry=symmetries.Shared())], target=[layers.BlockSum(2)],
       **_class, seconds=[1], engine=["auto"])
target("generalisation.analyse", generalisation.analyse, lambda a: [a.failure_conditions], 25.0,
       network=[layers.Linear(2, 1, symmetry=symmetries.Shared())], target=[layers.BlockSum(2)],
       **_class, order=[2], test_order=[None, 3], seconds=[1], engine=["auto"], seed=[0])
_x, _y = sp.symbols("x y")
_ideal = {"generators": [[_x**2 - _y, _x * _y - 1], [_x**2 - 2]], "variables": [[_x, _y]]}
target("varieties.Ideal", varieties.Ideal, lambda i: [i.groebner(seconds=1)], 20.0, **_ideal,
       seconds=[1], engine=["auto", "sympy"])
target("varieties.find_certified_points", varieties.find_certified_points, None, 20.0, **_ideal,
       avoid=[None], positive=[()], count=[1], seed=[0], seconds=[1])
target("varieties.search_points", varieties.search_points, None, 20.0, **_ideal, avoid=[None],
       positive=[()], count=[1], seed=[0], seconds=[1], starts=[5], engine=["auto"])
target("varieties.real_boxes", varieties.real_boxes, None, 20.0, **_ideal, positive=[()],
       seconds=[1])
target("varieties.rationalised", varieties.rationalised, None, expressions=[[sp.sqrt(2) * _x]],
       prefix=["root"])


def _within(seconds):
    with varieties.time_limit(seconds):
        return 0


target("varieties.time_limit", _within, None, seconds=[1])


def ideal(engine="auto"):
    """Two points."""
    return varieties.Ideal([_x**2 - 2, _x - _y], [_x, _y], seconds=2, engine=engine)


for _name in ("groebner", "minimal_primes", "real_components", "real_points", "real_radical"):
    target(f"Ideal.{_name}", lambda seconds, n=_name: getattr(ideal(), n)(seconds=seconds), None,
           20.0, seconds=[None, 1])
for _name in ("reduce", "contains", "in_radical", "saturate"):
    target(f"Ideal.{_name}", lambda f, n=_name: getattr(ideal(), n)(f, seconds=1), None, 20.0,
           f=[_x, _x**2 - 2])
target("Ideal.add", lambda f: ideal().add(f), lambda i: [i.groebner(seconds=1)], 20.0, f=[_x - 1])
target("Ideal.eliminate", lambda keep: ideal().eliminate(keep, seconds=1), None, 20.0, keep=[[_y]])
target("Ideal.intersect", lambda other: ideal().intersect(other, seconds=1), None, 20.0,
       other=[varieties.Ideal([_x], [_x, _y])])
target("Ideal.is_smooth_at", lambda point: ideal().is_smooth_at(point, seconds=1), None, 20.0,
       point=[varieties.Ideal([_x, _y], [_x, _y])])
target("reparametrisations.parameter_symmetries", reparametrisations.parameter_symmetries, None,
       10.0, network=[_net, _relu], units=[None, 2], fixed=[()], search=[True])
target("theorems.get", theorems.get, None, name=["graph_degrees"])
target("theorems.article", theorems.article, None, names=[["lowest_order"]], title=[""])


# ------------------------------------------------------------------ text


target("parse_number", parse_number, None, text=["1/2", "sqrt(2)*a"])
target("parse_law", parse_law, probe_law,
       text=["normal(0, 1)", "mixture([1/2, 1/2], [normal(), laplace()])"])
target("parse_activation", parse_activation, probe_activation, text=["quadratic(a)"])
target("parse_symmetry", parse_symmetry, probe_symmetry, text=["block_permutation(2, 2)"])
target("parse_closure", parse_closure, None, text=["diagrams:3"])
target("parse_network", parse_network, probe_layer, text=["linear(2, 2) | square"])
