"""One object or more of every public class, as it would stand at the end of a notebook cell."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from fractions import Fraction
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import sympy as sp

import numerics as nm
from cumulant_theory import (
    Diagrams,
    Exact,
    Neglect,
    activations,
    diagrams,
    generalisation,
    laws,
    layers,
    parameter_symmetries,
    rg,
    symbolic_width,
    symmetries,
    theorems,
    varieties,
)
from cumulant_theory.algebra import Polynomial, Ring
from cumulant_theory.cumulants import GenericJoint
from cumulant_theory.layers import graphs
from cumulant_theory.oracle import FiniteLaw
from cumulant_theory.reparametrisations import Structure
from cumulant_theory.symbolic_width import families
from numerics import backends, competition, densities, explorers, study, sweeps, tensors
from numerics.chain import Affine, Chain, Pointwise, Residual
from numerics.flows import CumulantMap

LIVE = all(map(find_spec, ("ipywidgets", "anywidget")))
x, y = sp.symbols("x y")
NORMAL, SKEWED = laws.Normal(0, 1), laws.Exponential(1)
MLP = (
    layers.Linear(2, 3, symmetry=symmetries.PermutationInvariant(), bias=True)
    >> layers.Pointwise(activations.Quadratic("alpha"))
    >> layers.Linear(3, 1)
)
FREE = layers.Linear(2, 2) >> layers.Pointwise(activations.Quadratic("a")) >> layers.Linear(2, 1)
TIED = (
    layers.Linear(2, 1, symmetry=symmetries.PermutationInvariant(), name="w")
    >> layers.Pointwise(activations.Quadratic("a"))
    >> layers.Linear(1, 1, bias=True, name="v", bias_name="c")
)
GRAPH = (
    layers.GraphConv(graphs.cycle(5), 1, 2)
    >> layers.Pointwise(activations.ReLU()) >> layers.Readout(graphs.cycle(5), "mean", channels=2)
)
DEEP = layers.Sequential(*(
    la for _ in range(10) for la in (
        layers.Linear(3, 3, symmetry=symmetries.Cyclic()), layers.Pointwise(activations.Tanh()))
))
UNIT = TIED.subs({"w": Fraction(1, 2), "a": Fraction(1, 3), "v": 1, "c": 0})


def of_laws() -> Iterator[object]:
    for kind in (laws.Law, laws.JointLaw):
        for law in laws.catalogue(kind).values():
            yield from (law(**example) for example in law.examples)
    yield laws.Normal("mu", "sigma")
    yield laws.Gamma("k", "theta_1")
    yield laws.Generic("kappa", centred=True)
    yield laws.Normal("mu", "sigma").iid(12)
    yield laws.Exponential("rate").iid("n")
    yield laws.Discrete(list(range(40)), [sp.Rational(1, 40)] * 40)
    yield FiniteLaw([(-1, 0), (1, 2)], [Fraction(1, 3), Fraction(2, 3)])


def of_symmetries() -> Iterator[object]:
    for name in symmetries.catalogue():
        for symmetry, out_features, in_features in symmetries.get(name).examples():
            yield symmetry
            yield symmetry.tie(out_features, in_features)
    yield symmetries.PermutationEquivariant().tie(11, 11)
    yield symmetries.Cyclic().tie(60, 60)
    yield symmetries.Free().tie(30, 100)


def of_activations() -> Iterator[object]:
    yield from (activations.get(n) for n in activations.catalogue()
                if n not in ("polynomial", "custom", "piecewise"))
    yield activations.Quadratic("alpha")
    yield activations.Polynomial([1, "c_1", sp.sqrt(2)])
    yield activations.Custom(sp.atan(sp.Symbol("z")) ** 2)
    yield activations.ReLU().wick(3, 2)
    yield activations.Tanh().wick(1)
    yield activations.Tanh().wick(1).expr


def of_algebra() -> Iterator[object]:
    yield Ring([x, y])
    yield Polynomial.of((x + y) ** 3)
    yield Polynomial.of(sum(sp.symbols("x:30")) ** 2)
    yield from (Exact(), Neglect(3), Neglect(4, 6), Diagrams(3), GenericJoint(2, "z1"))


def of_layers() -> Iterator[object]:
    graph = graphs.star(4)
    yield from (MLP, FREE, TIED, GRAPH, DEEP, *MLP.layers, *GRAPH.layers)
    yield layers.BlockSum("b")
    yield layers.BlockSum(3)
    yield layers.Sum(3)
    yield layers.Mean(3)
    yield layers.Residual(layers.Linear(2, 2) >> layers.Pointwise(activations.Cube()))
    yield layers.Linear(2, 2, weight=[[1, Fraction(1, 2)], [0, -1]])
    yield layers.Linear(50, 64, bias=True)
    yield layers.Linear(64, 64) >> layers.Pointwise(activations.ReLU()) >> layers.Mean(64)
    for conv in (layers.GCNConv, layers.GINConv, layers.GraphConv, layers.SAGEConv):
        yield conv(graph, 1, 2)
    yield layers.EdgeLift(graph)
    yield layers.EdgeSum(graph)
    yield graph
    yield layers.Graph((3, [(0, 1), (1, 2, "w")]), directed=True)
    yield layers.Graph((200, [(k, k + 1) for k in range(199)]))
    stages = FREE.stages(2)
    yield from stages
    yield from (stage.rule for stage in stages)
    yield layers.DiagramRule((activations.ReLU(),) * 2, Diagrams(3))
    yield layers.EffectiveMap(FREE.rules(2), 2)


def of_cumulants() -> Iterator[object]:
    out = FREE.propagate(laws.Generic("kappa").iid(2), order=4)
    yield out
    yield from out.layers
    yield layers.Mean(2).propagate(NORMAL.iid(2), order=4)
    wide = layers.Linear(3, 3) >> layers.Pointwise(activations.ReLU())
    yield wide.propagate(NORMAL.iid(3), order=2)
    neglecting = wide.propagate(SKEWED.iid(3), order=2, closure=Diagrams(3))
    yield neglecting
    yield neglecting.first_neglected
    yield out.orbits


def of_recursions() -> Iterator[object]:
    for net in (FREE, MLP, GRAPH.layers[0], layers.Sequential(*DEEP.layers[::2])):
        yield net.recursion(order=2)
    recursion = FREE.recursion(order=4)
    yield recursion
    yield from recursion.layers
    yield from recursion.equations()[:3]
    for form in ("effective", "layers"):
        system = FREE.system(order=4, form=form)
        yield system
    yield system.definitions[0]
    derivation = FREE.propagate(laws.Generic("kappa").iid(2), order=3).derivation
    yield derivation
    yield from derivation.steps
    yield layers.Mean(2).propagate(NORMAL.iid(2), order=2).derivation.verify()


def of_diagrams() -> Iterator[object]:
    rule = diagrams.rule((2, 1), Diagrams(3))
    yield rule
    yield rule.diagrams[-1]
    yield diagrams.rule((2, 2), Diagrams(4))
    phi, one = activations.Tanh(), sp.Integer(1)
    pair = diagrams.pair_cumulant((phi, phi), (1, 1), (sp.S.Zero, sp.S.Zero), (one, one), one / 3)
    yield pair
    yield pair.expr
    z = sp.Symbol("z", real=True)
    f = sp.Lambda(z, phi.expr(z))
    yield diagrams.PairIntegral(f, f, 1, 1, sp.S.Zero, sp.S.Zero, one, one, one / 3)


def of_rg() -> Iterator[object]:
    b = sp.Symbol("b")
    for map_ in (rg.RGMap(layers.BlockSum(b)), rg.RGMap(layers.BlockSum(2)),
                 rg.RGMap(layers.Linear(2, 1))):
        yield map_
        spectrum = map_.spectrum(order=6)
        yield spectrum
        yield spectrum[1]
        yield from map_.fixed_points(order=4)
    yield rg.RGMap(layers.BlockSum(2)).flow(laws.Exponential("rate"), steps=3)
    yield rg.RGMap(layers.Linear(2, 1) >> layers.Pointwise(activations.ReLU()))
    truncated = rg.RGMap(
        layers.Mean(2) >> layers.Pointwise(activations.Quadratic(sp.Rational(1, 3))))
    yield truncated.truncated(Neglect(3))
    for point in truncated.fixed_points(3, Neglect(3)):
        yield point
        yield truncated.spectrum(3, Neglect(3), at=point)


@cache
def analysis() -> generalisation.Analysis:
    return generalisation.analyse(
        TIED, layers.BlockSum(2), laws.Normal(0, "sigma"), laws.Generic(centred=True), order=3)


def of_generalisation() -> Iterator[object]:
    report = analysis()
    yield report
    yield from report.branches
    for branch in report.branches:
        yield branch.component
        yield from branch.tests
        if branch.witness is not None:
            yield branch.witness
        yield branch.ideal
    linear = layers.Linear(2, 1)
    yield generalisation.risk(linear, layers.BlockSum(2), SKEWED)
    yield from generalisation.gap_at_minimum(linear, layers.BlockSum(2), NORMAL, SKEWED)
    landscape = generalisation.stationary_points(x**4 - 2 * x**2 + (x * y) ** 2, [x, y])
    yield landscape
    yield from (*landscape.points, *landscape.families)
    family = generalisation.stationary_points((x * y - 1) ** 2, [x, y])
    yield family
    yield from (*family.points, *family.families)


def of_certified() -> Iterator[object]:
    point = varieties.find_certified_points([x**2 + y**2 - 3], [x, y])[0]
    yield point
    yield generalisation.CertifiedWitness(
        {x: point.box[x]}, {(NORMAL, 3): {x: point.box[x]}}, point)
    yield varieties.search_points([x**3 - 2], [x], starts=3)
    yield varieties.Ideal([x**2 - y**2, x * y], [x, y])
    yield varieties.Ideal([sum(sp.symbols("x:20")) ** 2 - k for k in range(3)],
                          sp.symbols("x:20"))


def of_reparametrisations() -> Iterator[object]:
    nets = (
        layers.Linear(2, 3, bias=True) >> layers.Pointwise(activations.ReLU())
        >> layers.Linear(3, 1),
        layers.Linear(2, 2, bias=True) >> layers.Pointwise(activations.Exp())
        >> layers.Linear(2, 1, bias=True),
        layers.Linear(2, 2, bias=True) >> layers.Linear(2, 2, bias=True),
        layers.Linear(2, 2) >> layers.Pointwise(activations.Tanh()) >> layers.Linear(2, 1),
    )
    for net in nets:
        found = parameter_symmetries(net)
        yield found
        yield from found.generators
        yield from (g.action for g in found.generators)
    structure = Structure(nets[0])
    yield structure
    yield structure.stages[0]


def of_symbolic_width() -> Iterator[object]:
    sw = symbolic_width
    generic = sw.generic("n")
    yield generic
    yield sw.iid(SKEWED, sw.star("n"))
    yield from (sw.complete("n"), sw.star("n"), sw.cycle("n"), sw.complete_bipartite("m", "n"))
    yield families.RingReadout(sp.Symbol("n"))
    for net in (
        sw.Linear("n", 1, "gamma"), sw.Mean("n"), sw.Sum("n"), sw.Readout("n"),
        sw.Residual(sw.Linear("n", 0, "gamma")), sw.Pointwise(activations.Quadratic("a")),
        sw.GCNConv(sw.cycle("n")), sw.GINConv("n"), sw.GraphConv(sw.star("n")), sw.SAGEConv("n"),
        sw.InvariantLinear("n"), sw.Mean(sw.cycle("n")),
        sw.GraphConv("n") >> sw.Pointwise(activations.Quadratic("a")) >> sw.Mean("n"),
    ):
        yield net
        if net.family is not None:
            yield from net.rules(net.family, 1)
    net = sw.Linear("n", 0, "gamma") >> sw.Pointwise(activations.Quadratic("a")) >> sw.Mean("n")
    out = net.propagate(sw.iid(laws.Generic("kappa"), "n"), order=3)
    yield out
    yield out.large_n(2)[(2,)]
    yield families.ClassOperator((sp.S.One,), ((sp.S.Zero,),))


def of_theorems() -> Iterator[object]:
    yield from (theorems.get(name) for name in theorems.catalogue())
    proved = theorems.get("linear_units")
    yield proved.derivation


def of_kernels() -> Iterator[object]:
    yield nm.compile(FREE, order=4)
    yield nm.compile(FREE, order=2, backend="torch")
    yield from (backends.get_backend(name) for name in ("numpy", "torch"))


def of_networks() -> Iterator[object]:
    module, ensemble = nm.build(MLP, seed=0), nm.build(MLP, seeds=range(4))
    yield from (module, ensemble, nm.build(GRAPH, seed=0))
    task = nm.tasks.BlockSum(2, NORMAL)
    yield task
    soft = nm.SoftSymmetry(symmetries.Cyclic(), 0.1)
    yield soft
    options: dict[str, Any] = {"progress": False, "steps": 20, "batch": 64}
    result = nm.train(nm.build(FREE, seed=0), task, watch=symmetries.PermutationEquivariant(),
                      **options)
    yield result
    yield result.breaking
    yield nm.train(ensemble, task, **options)
    prediction = nm.predict(module, laws.Uniform(-1, 1), order=3)
    measurement = nm.measure(module, laws.Uniform(-1, 1), order=3, samples=4000, seed=1)
    comparison = nm.compare(prediction, measurement)
    yield from (prediction, measurement, comparison, comparison.rows[0])
    other = nm.predict(nm.build(MLP, seed=3), laws.Uniform(-1, 1), order=3)
    yield nm.compare(other, measurement)
    yield nm.measure(ensemble, laws.Uniform(-1, 1), order=3, samples=2000, seed=1)
    yield nm.confront(layers.BlockSum(2), layers.BlockSum(2), [NORMAL, SKEWED], samples=4000)
    yield nm.landing(analysis(), NORMAL, seeds=4, seed=1, steps=60)
    line = layers.Linear(2, 1)
    yield nm.tune_soft_symmetry(
        line, task, [symmetries.PermutationInvariant()], nm.tasks.BlockSum(2, SKEWED), (0, 1.0),
        loss="law", exact=True, order=3, seeds=range(3), steps=30)


def of_flows() -> Iterator[object]:
    yield CumulantMap(UNIT, 3)
    yield nm.flow(UNIT, SKEWED, 2, order=3, samples=0)
    yield nm.flow(layers.BlockSum(2), SKEWED, 3, order=3, samples=2**9)


def of_data() -> Iterator[object]:
    rng = np.random.default_rng(3)
    points = rng.gamma(1.0, size=(120, 3)) @ rng.normal(size=(3, 3))
    chain = Chain([
        Affine(rng.normal(size=(3, 3))), Pointwise(activations.ReLU()),
        Residual([Affine(np.eye(3)), Pointwise(activations.Tanh())]),
        Affine(rng.normal(size=(2, 3)), [1.0, -2.0])])
    yield chain
    yield from chain.parts
    cumulants = nm.input_cumulants(points)
    yield cumulants
    yield nm.order_transfer(Chain([chain.parts[0]]), points, rng.integers(0, 2, 120))
    yield nm.width_scaling("relu", (8, 16), (1, 2), networks=3, samples=2**8, seed=2)
    statistics = nm.KStatistics(2, order=3, batch_size=20).update(points[:, :2])
    yield nm.KStatistics(2)
    yield statistics
    yield nm.wick(activations.ReLU(), 1, mean=[-1.0, 0.0, 1.0])


def of_tensors() -> Iterator[object]:
    rng = np.random.default_rng(0)
    weights = [rng.normal(size=(16, 16)) / 4 for _ in range(3)]
    for closure in (Diagrams(2), Diagrams(3), Diagrams(4)):
        found = nm.propagate(weights, None, "relu", closure=closure, form="auto")
        yield found
    yield found.output
    yield found.output.third
    yield found.health
    many = nm.propagate([rng.normal(size=(6, 6)) for _ in range(12)], None, "relu", K=3)
    yield many
    yield many.health
    finding = tensors.Finding(1, "kappa_4 + 2 < 0", (0, 3), -2.5, action="neglected there")
    yield finding
    yield replace(many.health, findings=(finding,))
    weight = tensors.ExchangeableWeight(1.0, 1e-6, 10**6)
    yield weight
    yield nm.propagate([weight], None, "relu", 0.0, {(2,): 1.0, (1, 1): 0.0}, K=2).output


def of_densities() -> Iterator[object]:
    grid = densities.Grid(16, 4)
    yield grid
    for family in densities.FAMILIES.values():
        yield family() if isinstance(family, type) else family
    yield densities.RandomDensities(["gaussians", densities.Gammas(scale=(1, 1))], grid)
    yield densities.DensityLoss(grid, {"l2": 1, "cumulants": 0.1})
    target = densities.SelfConvolution(densities.Grid(65, 8), 2)
    yield target
    yield densities.DensityBlockSum(2, "gaussians", densities.Grid(64, 6))
    tied: dict[str, Any] = {"symmetry": symmetries.Reflection(), "bias": True}
    net = (layers.Linear(16, 16, **tied) >> layers.Pointwise(activations.Quadratic())
           >> layers.Linear(16, 16, **tied))
    yield densities.DensityNetwork(nm.build(net, seed=0), grid)
    yield densities.density_error(lambda p: p, target, ["gaussians"], ["wasserstein"], samples=16)


def of_studies() -> Iterator[object]:
    from study_data import synthetic

    yield study.default_config()
    yield synthetic(symmetries=("free",), train=("normal(0, 1)",), tests=("Gaussian",), seeds=2)
    config = competition.default_config()
    yield config
    yield from (config.grid[0], config.density)
    yield competition.Results(config, [], [])
    yield sweeps.Sweep(Path("results"), {"seed": 1}, 12, 12)


def of_explorers() -> Iterator[object]:
    flow = explorers.rg_flow_data(SKEWED, steps=3)
    yield flow
    yield explorers.View(flow, explorers.rg_flow_figure(flow), "a law under block sums")
    yield explorers.rg_flow_data(NORMAL, network=layers.Linear(2, 1, weight=[[1, 1]]))
    yield explorers.symmetry_data(symmetries.Cyclic(), 6, 6)
    units = explorers.usual_units()
    yield from (explorers.failure_data(unit, seeds=4) for unit in units.values())
    yield explorers.wide_data(8, 2, samples=2**10)
    if LIVE:
        yield from (explorers.rg_flow(steps=3), explorers.symmetry("dihedral", 4, 4))
        yield explorers.failure(units, seeds=0)


SOURCES: tuple[Callable[[], Iterator[object]], ...] = (
    of_laws, of_symmetries, of_activations, of_algebra, of_layers, of_cumulants, of_recursions,
    of_diagrams, of_rg, of_generalisation, of_certified, of_reparametrisations, of_symbolic_width,
    of_theorems, of_kernels, of_networks, of_flows, of_data, of_tensors, of_densities, of_studies,
    of_explorers,
)
