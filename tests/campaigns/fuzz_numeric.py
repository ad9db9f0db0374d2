"""What is called in the numeric package, with arguments that are right."""

from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from tempfile import mkdtemp

import numpy as np
import torch
from fuzz_judge import WrongError
from fuzz_targets import Target

import numerics as nm
from cumulant_theory import Diagrams, Neglect, activations, generalisation, laws, layers, symmetries
from numerics import (
    backends,
    densities,
    files,
    flows,
    gaussian,
    imports,
    kernels,
    kstatistics,
    sampling,
    tasks,
    training,
)
from numerics.comparison import holm, skewness_corrected_t
from numerics.prediction import measured_indices
from numerics.sweeps import entropy, failure_text, fingerprint, read_sweep, sweep
from numerics.witnesses import branch_of

_TOML = Path(__file__).resolve().parents[2] / "pyproject.toml"
TARGETS: list[Target] = []


def target(name, call, probe=None, seconds=10.0, nan=False, covers=(), /, **arguments):
    """Add a target."""
    TARGETS.append(Target(name, call, arguments, probe, seconds, nan, covers))


NET = (layers.Linear(2, 2, bias=True) >> layers.Pointwise(activations.Quadratic("a"))
       >> layers.Linear(2, 1))
RELU = layers.Linear(2, 2) >> layers.Pointwise(activations.ReLU()) >> layers.Linear(2, 1)
CLT = layers.BlockSum(2)


def module(net=NET, **options):
    """A new module: calls may change it."""
    return nm.build(net, seed=0, **options)


def probe_kernel(kernel):
    """Numbers of the right shape."""
    return [kernel.source] if hasattr(kernel, "source") else []


def probe_module(built):
    """One forward pass."""
    width = built.theory.input_units() if hasattr(built, "theory") else 2
    y = built(torch.ones(3, width, dtype=next(built.parameters(), torch.ones(1)).dtype))
    if y.shape[-2] != 3:
        raise WrongError(f"an output of shape {tuple(y.shape)}")
    return [y]


target("nm.compile", nm.compile, probe_kernel, 20.0, target=[NET, CLT], order=[2],
       backend=["numpy"])
target("nm.build", nm.build, probe_module, net=[NET, RELU], seed=[0], dtype=[torch.float64],
       values=[None, {"a": 0.5}], fixed=[(), {"a": 0.5}], seeds=[None, [0, 1]], units=[None])
target("nm.predict", lambda net, **k: nm.predict(module() if net is None else net, **k), None,
       20.0, True, net=[None], law=[laws.Normal(0, 1)], order=[2], layers=["all"], values=[None],
       closure=[None])
target("nm.measure", lambda net, **k: nm.measure(module() if net is None else net, **k), None,
       20.0, True, net=[None], law=[laws.Normal(0, 1)], order=[2], samples=[100], seed=[0],
       chunk=[64], layers=["all"])
target("nm.train", lambda net, **k: nm.train(
    module() if net is None else net, progress=False, **k), None, 20.0, True, net=[None],
    task=[tasks.BlockSum(2, laws.Normal(0, 1))], steps=[2], loss=["pointwise", "law"],
    exact=[False, True], order=[2], weights=[None, [1, 1]], distance=["cumulants", "energy"],
    batch=[16], lr=[0.01], optimizer=[None], seed=[0], tol=[1e-24], on_divergence=["raise"])
target("nm.SoftSymmetry", nm.SoftSymmetry, None, symmetry=[symmetries.PermutationInvariant()],
       strength=[0.1], layers=[None])
target("nm.sample", nm.sample, lambda x: [x.shape], law=[laws.Normal(0, 1), laws.Poisson(2)],
       size=[4], seed=[0])
for _law in (laws.Normal, laws.Uniform, laws.Laplace, laws.Logistic):
    _names = ("low", "high") if _law is laws.Uniform else ("loc", "scale")
    target(f"nm.sample({_law.__name__})", lambda a, b, c=_law: nm.sample(c(a, b), 3, 0), None,
           a=[0], b=[1])
target("nm.wick", nm.wick, lambda w: [w.values], activation=[activations.ReLU(),
       activations.Tanh(), activations.Quadratic(2)], m=[1], p=[1], mean=[0.5, [0.0, 1.0]],
       variance=[1.0])
target("gaussian.pair", gaussian.pair, None,
       activations=[(activations.ReLU(), activations.ReLU())], powers=[(1, 1)],
       means=[(0.0, 0.0)], variances=[(1.0, 1.0)], covariance=[0.5], orders=[(0, 0)])
_w = [np.array([[1.0, 0.5], [0.2, -1.0]]), np.array([[1.0, 1.0]])]
target("nm.propagate", nm.propagate, lambda p: [np.asarray(p.states[-1].mean)], weights=[_w],
       biases=[None, [np.zeros(2), np.zeros(1)]], activation=["relu", activations.Tanh()],
       mean=[None, [0.0, 1.0]], cov=[None, np.eye(2)], kappa3=[None], kappa4=[None],
       closure=[None, Diagrams(2)], K=[2, 3], form=["auto"], backend=["numpy"], dtype=[None],
       output_activation=[False], gaussian_pairs=[True])
target("nm.expected_activations", nm.expected_activations, None, weights=[_w], biases=[None],
       activation=["relu"], K=[2, 3])
target("nm.width_scaling", nm.width_scaling, None, 30.0, activation=["relu"], widths=[[2, 3]],
       orders=[[1]], largest=[None], layers=[2], networks=[2], samples=[128], gain=[1.0], seed=[0])
target("flows.CumulantMap", lambda net, **k: flows.CumulantMap(
    module() if net is None else net, **k), lambda m: [m(np.ones(m.order))], 20.0, False,
    ("CumulantMap.__call__",), net=[None], order=[2], closure=[None, Neglect(2)])
target("nm.flow", lambda net, **k: nm.flow(module() if net is None else net, **k), None, 20.0, True,
       net=[None], law=[laws.Normal(0, 1)], steps=[1], order=[2], closure=[None, Neglect(2)],
       exact_order=[8], measured_steps=[None, 1], samples=[512], seed=[0], level=[0.01])
target("nm.flow_diagram", nm.flow_diagram, None, 30.0, True, source=[CLT], plane=[(1, 2)],
       order=[2], closure=[None], at=[None, {1: 0.0}], window=[None, ((-1, 1), (0, 2))],
       starts=[()], steps=[2])
target("nm.input_cumulants", nm.input_cumulants, None, 10.0, True,
       data=[np.arange(12.0).reshape(6, 2)], labels=[None, [0, 1, 0, 1, 0, 1]], order=[2],
       unbiased=[False])
target("nm.from_torch", nm.from_torch, None, module=[torch.nn.Linear(2, 1),
       torch.nn.Sequential(torch.nn.Linear(2, 2), torch.nn.ReLU())], graph=[None])
target("nm.canonical", lambda m: nm.canonical(module() if m is None else m), None, m=[None])
target("nm.symmetry_distance", lambda a, b: nm.symmetry_distance(
    module() if a is None else a, module() if b is None else b), None, a=[None], b=[None])
target("nm.unit_distances", lambda m: nm.unit_distances(module() if m is None else m), None,
       m=[None])
target("nm.distinct_solutions", lambda ensemble, tolerance: nm.distinct_solutions(
    module(seeds=[0, 1]) if ensemble is None else ensemble, tolerance), None, ensemble=[None],
    tolerance=[1e-6])
target("nm.compare", nm.compare, None, 10.0, True,
       predicted=[nm.predict(module(), laws.Normal(0, 1), 2)],
       measured=[nm.measure(module(), laws.Normal(0, 1), 2, samples=512)], level=[0.01])
target("nm.confront", lambda network, **k: nm.confront(
    module() if network is None else network, **k), None, 20.0, True, network=[None],
    target=[CLT], laws=[[laws.Normal(0, 1)]], order=[2], samples=[512], seed=[0], level=[0.01])
analysis = generalisation.analyse(layers.Linear(2, 1, symmetry=symmetries.Shared()), CLT,
                                   train=laws.Normal(0, "s"), test=laws.Generic(centred=True),
                                   order=2)
target("nm.landing", nm.landing, None, 30.0, True, analysis=[analysis], law=[laws.Normal(0, 1)],
       seeds=[2], steps=[2], order=[None, 2], seed=[0], tolerance=[1e-6])
target("nm.tune_soft_symmetry", lambda **k: nm.tune_soft_symmetry(NET, steps=2, **k), None, 40.0,
       True, task=[tasks.BlockSum(2, laws.Normal(0, 1))],
       symmetries=[[symmetries.PermutationInvariant()]],
       validation=[tasks.BlockSum(2, laws.Uniform(-1, 1))],
       strengths=[[0.1]], method=["grid"], seeds=[[0]], samples=[64], layers=[None], fixed=[()])
_points = np.random.default_rng(0).normal(size=(40, 2))
with torch.random.fork_rng():
    torch.manual_seed(0)
    _chain = nm.from_torch(torch.nn.Sequential(torch.nn.Linear(2, 2), torch.nn.Tanh()).double())
target("nm.order_transfer", nm.order_transfer, None, 20.0, True, chain=[_chain], points=[_points],
       labels=[None, np.arange(40) % 2])
target("nm.KStatistics", nm.KStatistics, None, dim=[2], order=[2], batch_size=[None, 4])


def _updated(data):
    k = nm.KStatistics(2, 2)
    k.update(data)
    return k.cumulants() if hasattr(k, "cumulants") else k


target("KStatistics.update", _updated, None, 10.0, True, data=[_points])
target("kstatistics.kstatistic", kstatistics.kstatistic, None, data=[_points[:, 0]], order=[2])
target("kstatistics.cumulants", kstatistics.cumulants, None, 10.0, True, data=[_points])
target("kstatistics.exact_kstatistic", lambda data, i, j: kstatistics.exact_kstatistic(data, i, j),
       None, data=[[[1, 2], [3, 4], [5, 9]]], i=[0], j=[1])
target("kstatistics.kstatistic_coefficients", kstatistics.kstatistic_coefficients, None,
       order=[2], n=[10])
target("comparison.holm", holm, None, p=[[0.1, 0.5]])
target("comparison.skewness_corrected_t", skewness_corrected_t, None, 10.0, True, t=[2.0],
       skewness=[0.5], batches=[100])
target("prediction.measured_indices", measured_indices, None, units=[2], order=[2])
target("witnesses.branch_of", branch_of, None, analysis=[analysis], values=[{"W": [1.0, 0.5]}],
       tolerance=[1e-6])
target("kernels.compile_system", kernels.compile_system, probe_kernel, 20.0,
       system=[NET.system(2)], backend=["numpy"], order=[None, 2])
target("backends.get_backend", backends.get_backend, None, name=["numpy", "torch"])
target("imports.Affine", imports.Affine, None, weight=[_w[0]], bias=[None, np.ones(2)])
target("imports.Residual", lambda body: imports.Chain([imports.Residual(body)]), None,
       body=[[imports.Affine(_w[0])]])
target("imports.Chain", imports.Chain, lambda c: [c(np.ones((3, c.in_features)))],
       parts=[[imports.Affine(_w[0]), imports.Residual([imports.Affine(_w[0])])]],
       hypotheses=[(), ("a",)])
target("imports.register", imports.register, None, kind=[torch.nn.Identity])
target("sampling.sample_chunks", sampling.sample_chunks, lambda found: [next(found)],
       law=[laws.Normal(0, 1)], samples=[10], chunk=[4], seed=[0])
target("sampling.require_samplable", sampling.require_samplable, None, law=[laws.Normal(0, 1)])
target("sampling.whole_count", lambda value: sampling.whole_count(value, "size"), None, value=[2])
target("sampling.generator", lambda seed: [sampling.generator(seed).random()], None, seed=[0])
target("tasks.BlockSum", tasks.BlockSum, None, b=[2], law=[laws.Normal(0, 1)], s=[Fraction(1, 2)])
_y = torch.linspace(0, 1, 16)
target("training.kstatistics", training.kstatistics, None, sample=[_y], order=[2])
target("training.squared_error", training.squared_error, None, output=[_y[:, None]],
       y=[_y[:, None]])
target("training.energy_distance", training.energy_distance, None, output=[_y], target=[_y])
target("training.cumulant_distance", training.cumulant_distance, None, output=[_y], target=[_y],
       weights=[[1.0, 2.0]])
_task = tasks.BlockSum(2, laws.Normal(0, 1))
target("training.pointwise_residuals", lambda net, task: training.pointwise_residuals(
    module() if net is None else net, task), lambda f: [f(module().theta)], net=[None],
    task=[_task])
target("training.law_residuals", lambda net, **k: training.law_residuals(
    module() if net is None else net, **k), lambda f: [f(module().theta)], 20.0, net=[None],
    task=[_task], order=[2], weights=[[1.0, 1.0]], closure=[None])


def inside(path):
    """A text as a path below the folder that the test is in."""
    return f"./{path}" if isinstance(path, str) else path


target("files.made_folder", lambda path: files.made_folder(inside(path)), None, path=["folder"])
target("files.read_toml", files.read_toml, None, path=[_TOML])
target("files.write_bytes", files.write_bytes, None, 10.0, False, ("files.replaced", "files.told"),
       path=[Path("file")], data=[b"abc"])
target("files.write_text", files.write_text, None, path=[Path("file")], text=["abc"])


@dataclass(frozen=True)
class Cell:
    """One of a sweep."""

    name: str = "a"
    n: int = 1


def work(settings, cell):
    """Rows of one cell."""
    return {"values": [{"n": cell.n}]}


# jobs and scheduler start processes and reach for clusters; wrong ones are refused in test_sweeps
target("sweeps.sweep", lambda out, **k: sweep(
    out=mkdtemp(dir=".") if out is None else inside(out), jobs=0, progress=False, **k),
    lambda s: [s.rows("values"), s.table("values").num_rows], 10.0, False,
    ("Sweep.rows", "Sweep.table"), work=[work], cells=[[Cell(), Cell("b", 2)]], out=[None],
    tables=[{"values": {"n": int}}], settings=[None, {"a": 1}],
    finish=[None, {"values": lambda t: {}}], resume=[False, True], on_failure=["raise", "keep"],
    label=["sweep"])
target("sweeps.failure_text", failure_text, None,
       failures=[[{"cell": "a", "error": "DomainError", "message": "n = 0"}]], cells=[4])
target("sweeps.entropy", lambda seed, name: entropy(seed, name), None, seed=[0], name=["a"])
target("sweeps.fingerprint", fingerprint, None, value=[{"a": 1}])
target("sweeps.read_sweep", lambda out: read_sweep(
    sweep(work, [Cell()], mkdtemp(dir="."), tables={"values": {"n": int}}, jobs=0,
          progress=False).out if out is None else out), None, out=[None])


# ------------------------------------------------------------------ densities


GRID = densities.Grid(16, 6.0)
_p = densities.density(laws.Normal(0, 1), GRID)
_q = densities.density(laws.Laplace(0, 1), GRID, limit=0.1)
target("densities.Grid", densities.Grid, None, points=[16], half_width=[6.0])
target("densities.density", densities.density, lambda p: [np.asarray(p)], law=[laws.Normal(0, 1)],
       grid=[GRID], cells=[None], smoothing=[None], limit=[0.1])
target("densities.grid_mass", densities.grid_mass, None, law=[laws.Normal(0, 1)], grid=[GRID],
       cells=[None], smoothing=[None])
target("densities.SelfConvolution", densities.SelfConvolution, lambda m: [np.asarray(m(_p))],
       grid=[GRID], b=[2], s=[0.5], limit=[None, 0.1])
target("densities.self_convolution", densities.self_convolution, None, p=[_p], grid=[GRID], b=[2],
       s=[0.5], limit=[None])
for _name in ("l2", "kl", "wasserstein"):
    target(f"densities.{_name}", getattr(densities, _name), None, f=[_q], r=[_p], grid=[GRID])
target("densities.cumulant_mismatch", densities.cumulant_mismatch, None, f=[_q], r=[_p],
       grid=[GRID], order=[2])
target("densities.cumulants", densities.cumulants, None, p=[_p], grid=[GRID], order=[2])
target("densities.affine_image", densities.affine_image, None, p=[_p], grid=[GRID], scale=[1.0],
       shift=[0.1])
target("densities.SymmetricMixtures", densities.SymmetricMixtures, None, scale=[(0.5, 2.0)],
       distance=[(0.1, 0.9)])
target("densities.SkewedMixtures", densities.SkewedMixtures, None, scale=[(0.5, 2.0)],
       weight=[(0.1, 0.4)], distance=[(0.1, 0.9)])
_map = densities.SelfConvolution(GRID, 2, limit=0.2)
target("densities.density_error", densities.density_error, None, module=[np.asarray], target=[_map],
       families=["gaussians", ["laplaces", laws.Normal(0, 1)]], metrics=[["l2"]], steps=[1],
       samples=[4], seed=[0], limit=[0.1])
target("densities.equivariance_defect", densities.equivariance_defect, None, map=[_map], p=[_p],
       grid=[GRID], before=[np.flip], after=[None])
target("densities.symmetry_defects", densities.symmetry_defects, None, target=[_map], p=[_p],
       map=[None], shift=[1], scale=[1.1], seed=[0])
target("densities.power_network", densities.power_network, None, target=[_map])
target("densities.hermite_direction", densities.hermite_direction, None, grid=[GRID], r=[2],
       scale=[1.0])
target("densities.RandomDensities", densities.RandomDensities, None,
       sources=["gaussians", laws.Normal(0, 1)], grid=[GRID], limit=[0.1])
target("densities.DensityBlockSum", densities.DensityBlockSum, None, b=[2], sources=["gaussians"],
       grid=[GRID], s=[0.5], limit=[0.1])
target("densities.DensityLoss", densities.DensityLoss, None, grid=[GRID],
       weights=["l2", {"kl": 1.0}])
for _name in ("Gaussians", "Laplaces", "Uniforms"):
    target(f"densities.{_name}", getattr(densities, _name), None, scale=[(0.5, 2.0)])
target("densities.StudentTs", densities.StudentTs, None, scale=[(0.5, 2.0)], df=[(5.0, 9.0)])
target("densities.Gammas", densities.Gammas, None, scale=[(0.5, 2.0)], concentration=[(1.0, 3.0)])
target("densities.DensityNetwork", lambda network, **k: densities.DensityNetwork(
    module(layers.Linear(16, 16)) if network is None else network, **k), None, network=[None],
    grid=[GRID], normalise=["square", "none"])
target("densities.linearised_spectrum", densities.linearised_spectrum, None,
       map=[densities.SelfConvolution(GRID, 2, limit=None)], p=[_p], count=[None, 3])


# ------------------------------------------------------------------ explorers


target("explorers.symmetry_data", nm.explorers.symmetry_data, None, symmetry=[symmetries.Cyclic()],
       out_features=[3], in_features=[3], order=[2])
target("explorers.failure_data", nm.explorers.failure_data, None, 20.0,
       network=list(nm.explorers.usual_units().values())[:1], target=[None], train=[None],
       test=[None], order=[2])
target("explorers.known_laws", nm.explorers.known_laws, None, order=[2])
target("explorers.rg_flow_data", nm.explorers.rg_flow_data, None, law=[laws.Exponential(1)],
       b=[2], s=[0.5], steps=[2], order=[3], network=[None])
target("explorers.wide_data", nm.explorers.wide_data, None, 20.0, width=[4], depth=[2],
       activation=["relu"], K=[2], seed=[0], samples=[256])
