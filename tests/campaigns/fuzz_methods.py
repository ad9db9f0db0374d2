"""Methods of numeric objects, with arguments that are right, and what is called nowhere."""

from functools import cache
from pathlib import Path
from tempfile import mkdtemp

import numpy as np
import torch
from fuzz_names import modules
from fuzz_numeric import CLT, GRID, NET, TARGETS, inside, module, target
from fuzz_numeric import analysis as _analysis

import numerics as nm
from cumulant_theory import laws, layers, symmetries
from numerics import competition, densities, plotting, study, tasks
from numerics.competition import report as competition_report
from numerics.files import write_text
from numerics.study import report as study_report

__all__ = ["LEFT_OUT", "MODULES", "TARGETS"]

MODULES = modules("numerics", "numerics.plotting", "numerics.sampling", "numerics.study.report",
                  "numerics.competition.report")
X = np.linspace(-1, 1, 40).reshape(20, 2)


# ------------------------------------------------------------------ networks


def ensemble():
    """Two networks of one architecture."""
    return module(seeds=[0, 1])


for _name, _make in (("Network", module), ("Ensemble", ensemble)):
    _theta = _make().theta.detach()
    for _method in ("forward", "forward_layers"):
        target(f"{_name}.{_method}", lambda x, make=_make, m=_method: getattr(make(), m)(x), None,
               10.0, True, x=[X, torch.ones(3, 2)])
    for _method in ("evaluate", "evaluate_layers"):
        target(f"{_name}.{_method}", lambda make=_make, m=_method, **k: getattr(make(), m)(**k),
               None, 10.0, True, theta=[_theta], x=[torch.ones(3, 2, dtype=_theta.dtype)])
    target(f"{_name}.full", lambda theta, make=_make: make().full(theta), None, 10.0, True,
           theta=[None, _theta])
    target(f"{_name}.load_values", lambda values, make=_make: make().load_values(values), None,
           values=[{"W__1_11": 0.5}, {}])
target("Ensemble.__getitem__", lambda k: ensemble()[k], None, k=[1])


@cache
def kernel():
    """A compiled network."""
    return nm.compile(NET, order=2)


for _method in ("__call__", "stacked"):
    target(f"Kernel.{_method}", lambda m=_method, **k: getattr(kernel(), m)(**k), None,
           weights=[np.ones(len(kernel().parameters)),
                    dict.fromkeys(kernel().parameters, 0.5)],
           cumulants=[np.ones(len(kernel().inputs))])
target("Affine.__call__", lambda x: nm.imports.Affine(np.eye(2))(x), None, 10.0, True, x=[X])
target("Affine.after", lambda first: nm.imports.Affine(np.eye(2)).after(first), None,
       first=[nm.imports.Affine(np.ones((2, 3)))])
target("Chain.__call__", lambda x: nm.Chain([nm.imports.Affine(np.eye(2))])(x), None, 10.0, True,
       x=[X])


# ------------------------------------------------------------------ accumulators


def statistics():
    """Cumulants of a sample, with standard errors."""
    return nm.KStatistics(2, 2, batch_size=4).update(X)


def inputs():
    """The same as tensors."""
    return nm.InputCumulants(2).update(np.tile(X, (2, 1))).update(np.tile(X, (2, 1)))


for _method in ("cumulant", "heavy", "largest_share", "skewness", "standard_error", "__getitem__"):
    target(f"KStatistics.{_method}", lambda alpha, m=_method: getattr(statistics(), m)(alpha),
           None, alpha=[(1, 1)])
target("KStatistics.joint", lambda i, j: statistics().joint(i, j), None, i=[0], j=[1])
target("KStatistics.merge", lambda other: statistics().merge(other), None, other=[statistics()])
target("nm.InputCumulants", nm.InputCumulants, None, order=[2], unbiased=[False])
target("InputCumulants.update", lambda points: inputs().update(points), lambda k: [k.cov],
       points=[X])
target("InputCumulants.merge", lambda other: inputs().merge(other), None, other=[inputs()])
for _method in ("cumulant", "standard_error"):
    target(f"InputCumulants.{_method}", lambda r, m=_method: getattr(inputs(), m)(r), None, r=[2])
target("InputCumulants.to_order", lambda order: inputs().to_order(order), None, order=[2])


# ------------------------------------------------------------------ results


@cache
def results():
    """One result of every kind."""
    normal = laws.Normal(0, 1)
    predicted = nm.predict(module(), normal, 2)
    task = tasks.BlockSum(2, normal)
    trained = nm.train(module(), task, 2, batch=16, progress=False, watch=symmetries.Free())
    with torch.random.fork_rng():
        torch.manual_seed(0)
        chain = nm.from_torch(torch.nn.Sequential(torch.nn.Linear(2, 2), torch.nn.ReLU()).double())
    return {
        "Comparison": nm.compare(predicted, nm.measure(module(), normal, 2, samples=512)),
        "Confrontation": nm.confront(module(), CLT, {"a": normal}, 2, samples=512),
        "FlowResult": nm.flow(layers.BlockSum(2), laws.Exponential(1), 2, samples=0),
        "Landing": nm.landing(_analysis, normal, seeds=2, steps=2),
        "OrderTransfer": nm.order_transfer(chain, X, test=(X, None), resamples=4),
        "Prediction": predicted,
        "Propagation": nm.propagate([np.eye(2)], None, "relu"),
        "SymmetryBreaking": trained.breaking,
        "TrainingResult": trained,
        "WidthScaling": nm.width_scaling(widths=(2, 3), orders=(1, 2), networks=2, samples=64),
        "DensityErrors": densities.density_error(np.asarray, _map, "gaussians", samples=4,
                                                 limit=0.1),
        "RGFlow": nm.explorers.rg_flow_data(laws.Exponential(1), steps=2),
        "FailurePlane": nm.explorers.failure_data(
            next(iter(nm.explorers.usual_units().values()))),
    }


def method(name, probe=None, nan=False, **arguments):
    """A target of one of the results."""
    kind, called = name.split(".")
    target(name, lambda **k: getattr(results()[kind], called)(**k), probe, 10.0, nan, **arguments)


_map = densities.SelfConvolution(GRID, 2, limit=0.2)
method("Comparison.count", verdict=["agree"])
method("Comparison.latex_blocks", limit=[None, 2])
method("Comparison.to_latex", limit=[None, 2])
method("Confrontation.agrees", law=["a"])
method("Confrontation.z", law=["a"])
method("FlowResult.cumulant", order=[2])
method("FlowResult.negentropy", None, True, next_order=[False, True])
method("Landing.interval", level=[0.9])
method("OrderTransfer.error", None, True, kept=[2], order=[2], label=[None])
method("OrderTransfer.z", kept=[2], order=[2])
method("Prediction.closure_of", layer=["1 Linear"], alpha=[None, (1, 0)])
method("Propagation.__getitem__", key=[0])
method("SymmetryBreaking.__getitem__", None, True, key=["1 Linear"])
method("SymmetryBreaking.plot", relative=[False, True])
method("TrainingResult.plot", ax=[None])
method("TrainingResult.plot_breaking", relative=[False, True])
method("WidthScaling.error", order=[1], width=[2])
method("WidthScaling.gain", order=[2], width=[2])
method("WidthScaling.resolved", order=[1])
method("WidthScaling.widths", order=[1])
method("DensityErrors.relative", None, True, family=["gaussians"], metric=["l2"], step=[1])
method("RGFlow.closed_form", r=[3])
method("FailurePlane.residuals", kind=["train"], x=[0.5], y=[[0.5, 1.0]])
method("FailurePlane.violations", x=[0.5], y=[0.5])
method("FailurePlane.fitted", x=[0.5], y=[0.5])
target("SoftSymmetry.terms", lambda network: nm.SoftSymmetry(symmetries.Free(), 0.1).terms(
    module() if network is None else network), None, network=[None])
for _name, _kind in (("breaking", "SymmetryBreaking"), ("comparison", "Comparison"),
                     ("convergence", "WidthScaling"), ("transfer", "OrderTransfer")):
    target(f"plotting.{_name}_figure", lambda result, n=_name: getattr(
        plotting, f"{n}_figure")(result), None, result=[results()[_kind]])


# ------------------------------------------------------------------ tensors


_weight = nm.tensors.ExchangeableWeight(1.0, 0.1, 10)
_alike = nm.propagate([_weight, _weight], None, "relu", K=3)
_states = {"State": results()["Propagation"].output, "ExchangeableState": _alike.output}
target("tensors.ExchangeableWeight", nm.tensors.ExchangeableWeight, None, own=[1.0], shared=[0.5],
       units=[3], outputs=[None])
target("ExchangeableState.__getitem__", lambda q: _alike.output[q], None, q=[(2, 1), 2])
for _name, _state in _states.items():
    target(f"{_name}.block", _state.block, None, q=[(1, 1), (2, 1)])
    target(f"{_name}.lowered", _state.lowered, None, order=[2])


# ------------------------------------------------------------------ densities and tasks


_p = densities.density(laws.Normal(0, 1), GRID)
target("SelfConvolution.__call__", lambda p: _map(p), None, p=[_p])
target("SelfConvolution.eigenvalue", lambda r: _map.eigenvalue(r), None, r=[3])
target("SelfConvolution.flow", lambda p, steps: _map.flow(p, steps), None, p=[_p], steps=[2])
target("SelfConvolution.width_after", lambda units: _map.width_after(units), None, units=[16])
for _method in ("checked", "mass", "normalised"):
    target(f"Grid.{_method}", getattr(GRID, _method), None, p=[_p])
_pair = np.stack([_p, _p])
target("DensityLoss.__call__", lambda **k: densities.DensityLoss(GRID)(**k), None, output=[_pair],
       target=[_pair])


def network():
    """A network on densities."""
    return densities.DensityNetwork(module(layers.Linear(16, 16), seeds=[0, 1]), GRID)


target("DensityNetwork.forward", lambda p: network()(p), None, 10.0, True, p=[_pair])
target("DensityNetwork.evaluate", lambda theta, p: network().evaluate(theta, p), None, 10.0, True,
       theta=[network().theta.detach()], p=[torch.as_tensor(_pair)])
target("DensityNetwork.flow", lambda p, steps: network().flow(p, steps), None, 10.0, True,
       p=[_pair], steps=[2])
target("DensityNetwork.__getitem__", lambda k: network()[k], None, k=[1])
target("DensityNetwork.plot", lambda **k: network().plot(**k), None, 10.0, False,
       ("plotting.density_figure",), target=[_map], densities=[_p, {"a": _p}], steps=[1])
target("RandomDensities.sample", lambda samples, seed: densities.RandomDensities(
    "gaussians", GRID, 0.1).sample(samples, seed), None, samples=[2], seed=[0])
target("tasks.DensityBlockSum", tasks.DensityBlockSum, None, b=[2], sources=["gaussians"],
       grid=[GRID], s=[0.5], limit=[0.2])
target("BlockSum.sample", lambda samples, seed: tasks.BlockSum(2, laws.Normal(0, 1)).sample(
    samples, seed), None, samples=[2], seed=[0])
target("DensityBlockSum.sample", lambda samples, seed: tasks.DensityBlockSum(
    2, "gaussians", GRID, limit=0.2).sample(samples, seed), None, samples=[2], seed=[0])


# ------------------------------------------------------------------ study and competition


_small = {
    "symmetries": ("free",), "activations": ("identity",), "losses": ("law",),
    "train_laws": ("normal(0, 1)",), "test_laws": {"G": "normal(0, 1)"}, "b": 2, "hidden": 2,
    "order": 2, "match_order": 2, "seeds": 1, "restarts": 1, "steps": 2, "samples": 1000,
    "seed": 0, "title": "a",
}
target("study.StudyConfig", study.StudyConfig, None, **{k: [v] for k, v in _small.items()})
_study = study.StudyConfig(**_small)
_grid = {"symmetries": ("free",), "activations": ("identity",), "train_laws": ("a",),
         "blocks": (2,), "widths": (2,), "depths": (1,), "losses": ("law",), "methods": ("exact",)}
_density = {"symmetries": ("free",), "activations": ("identity",), "widths": (8,), "points": 16,
            "half_width": 6.0, "b": 2, "train": ("gaussians",), "test": ("laplaces",),
            "normalise": "none", "seeds": 2, "steps": 2, "batch": 4, "samples": 4, "rate": 0.01}
_settings = {
    "title": "a", "train_laws": {"a": "normal(0, 1)"}, "test_laws": {"b": "uniform(-1, 1)"},
    "grid": (competition.Grid(**_grid),), "density": competition.DensityGrid(), "seeds": 2,
    "restarts": 1, "exact_steps": 2, "steps": 2, "batch": 16, "rate": 0.02, "match_order": 2,
    "samples": 1000, "fails_above": {"pointwise": 0.1, "law": 0.1}, "floor": 1e-6, "seed": 0,
    "curves": True,
}
_competition = competition.Competition(**_settings)
for _name, _kind, _right in (("Grid", competition.Grid, _grid),
                             ("DensityGrid", competition.DensityGrid, _density),
                             ("Competition", competition.Competition, _settings)):
    target(f"competition.{_name}", _kind, None, **{k: [v] for k, v in _right.items()})


def folder(path):
    """A new folder, or the path that is given."""
    return mkdtemp(dir=".") if path is None else inside(path)


def settings(text, path):
    """A file with settings, or the path that is given."""
    return write_text(Path("settings.toml"), text) if path is None else path


def finished(run, config, path):
    """A folder that something has run in, or the path that is given."""
    if path is not None:
        return path
    out = mkdtemp(dir=".")
    run(config, out, jobs=0, progress=False)
    return out


for _name, _package, _run, _load, _config in (
    ("study.run_study", study, study.run_study, study.StudyResults.read, _study),
    ("competition.run_competition", competition, competition.run_competition, competition.load,
     _competition),
):
    target(_name, lambda config, out, run=_run: run(
        config, folder(out), jobs=0, progress=False), None, 20.0, True, config=[_config],
        out=[None])
    target(f"{_name} load", lambda out, load=_load, run=_run, config=_config: load(
        finished(run, config, out)), None, 20.0, True, ("StudyResults.read", "competition.load"),
        out=[None])
    target(f"{_package.__name__.split('.')[1]}.load_config", lambda path, p=_package: p.load_config(
        settings(p.DEFAULT_TOML, path)), None, path=[None])


@cache
def runs():
    """Results of a study and of a competition."""
    return (study.run_study(_study, mkdtemp(dir="."), jobs=0, progress=False),
            competition.run_competition(_competition, mkdtemp(dir="."), jobs=0, progress=False))


for _k, _report in enumerate((study_report, competition_report)):
    _short = _report.__name__.partition(".")[2]
    target(f"{_short}.write_report", lambda results, out, k=_k, r=_report: r.write_report(
        runs()[k] if results is None else results, folder(out)), None, 30.0, True, results=[None],
        out=[None])
    target(f"{_short}.build_article", lambda results, figures, k=_k, r=_report: r.build_article(
        runs()[k] if results is None else results, figures), None, 10.0, True, results=[None],
        figures=[{}])
target("competition.report.summary", lambda results: competition_report.summary(
    runs()[1] if results is None else results), None, results=[None])
target("StudyResults.count", lambda verdict: runs()[0].count(verdict), None, verdict=["agree"])
target("StudyResults.write", lambda out: runs()[0].write(
    Path(folder(None)) if out is None else inside(out)), None, out=[None])


# ------------------------------------------------------------------ explorers


for _name in ("rg_flow", "symmetry", "wide"):
    _data = {
        "rg_flow": results()["RGFlow"],
        "symmetry": nm.explorers.symmetry_data(symmetries.Cyclic(), 3, 3, 2),
        "wide": nm.explorers.wide_data(4, 2, K=[1, 2], samples=256),
    }[_name]
    target(f"explorers.{_name}_figure", getattr(nm.explorers, f"{_name}_figure"), None,
           data=[_data])
target("explorers.failure_figure", nm.explorers.failure_figure, None,
       data=[results()["FailurePlane"]], x=[0.5], y=[0.5], order=[2], window=[None, (1.0, 1.0)])


_REASONS = {
    "a record of what a public function gives, which is called": (
        "comparison.Comparison", "comparison.Measurement", "comparison.Prediction",
        "comparison.Row", "competition.Results", "densities.DensityErrors",
        "explorers.FailurePlane", "explorers.RGFlow", "explorers.TiedLayer", "explorers.View",
        "explorers.WideErrors", "flows.FlowResult", "gaussian.WickValues", "nm.Confrontation",
        "nm.Landing", "nm.OrderTransfer", "nm.SoftSymmetryTuning", "nm.SymmetryBreaking",
        "nm.TrainingResult", "nm.WidthScaling", "study.StudyResults", "sweeps.Sweep",
        "tensors.ExchangeableState", "tensors.Finding", "tensors.Health", "tensors.Propagation",
        "tensors.State", "study.report.ReportFiles",
    ),
    "made by nm.build or nm.compile, which are called": (
        "networks.Ensemble", "networks.Network", "kernels.Kernel",
    ),
    "a step of nm.propagate or of a kernel, which have checked their arguments": (
        "Backend.arrays", "Backend.build", "Backend.finite", "Backend.stack",
        "CumulantMap.jacobian", "CumulantMap.try_at", "ExchangeableState.affine",
        "ExchangeableState.masked", "State.affine", "Tensor.affine", "Tensor.block",
        "Tensor.masked",
    ),
    "to be defined by new families; RandomDensities, which is called, calls it": (
        "densities.Family", "Family.components", "Family.corners", "Family.densities",
        "Family.draw", "Gammas.components", "Gaussians.components", "Laplaces.components",
        "SkewedMixtures.components", "StudentTs.components", "SymmetricMixtures.components",
        "Uniforms.components",
    ),
    "controls of a notebook around data and figures that are called": (
        "Explorer.set", "explorers.Explorer", "explorers.failure", "explorers.rg_flow",
        "explorers.symmetry", "explorers.wide",
    ),
    "called by test_command_lines": ("cli.main",),
    "the check of a setting, which study.StudyConfig and competition.Competition call": (
        "settings.check_known", "settings.check_laws", "settings.check_lists_of_integers",
        "settings.check_lists_of_texts", "settings.check_parsed", "settings.check_positive",
        "settings.check_scalars", "settings.made",
    ),
}
LEFT_OUT = {name: reason for reason, names in _REASONS.items() for name in names}
