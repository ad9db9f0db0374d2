"""Symmetry against expressivity: roles, training, resuming, and what the analysis concludes."""

import dataclasses
from pathlib import Path

import numpy as np
import pytest
import sympy as sp

from cumulant_theory import activations, laws
from cumulant_theory.errors import ConfigError, OutputError
from cumulant_theory.layers import BlockSum as BlockSumLayer
from cumulant_theory.parsing import parse_law
from numerics.cli import main
from numerics.competition import (
    Competition,
    DensityGrid,
    Grid,
    default_config,
    load,
    load_config,
    run_competition,
)
from numerics.competition.algebra import (
    DECIDED,
    NO_FIT,
    NO_MOMENTS,
    OFF,
    UNDECIDED,
    analysed,
    concerns,
    verdicts,
)
from numerics.competition.analysis import (
    MARGIN,
    agreement,
    claims,
    contrasts,
    interval,
    scores,
)
from numerics.competition.cells import Cell, DensityCell, cells
from numerics.competition.flow import layer_flow, rebuilt
from numerics.competition.measures import cumulant_residuals, on_law
from numerics.competition.networks import breaking, channels, first_weights, network
from numerics.competition.planes import (
    TEST,
    TRAIN,
    linear_coefficients,
    residual_grid,
    tied_coefficients,
)
from numerics.competition.predictions import determined, predicted
from numerics.competition.report import summary, write_report
from numerics.competition.roles import MATCHED, OVER, UNDER, passage, representable, role
from numerics.networks import build
from numerics.tasks import BlockSum
from numerics.training import train
from numerics.witnesses import branch_of, confront

LAWS = {"Gaussian": "normal(0, 1)", "exponential": "exponential(1)"}
TINY = Competition(
    title="Tiny", train_laws=LAWS, test_laws={**LAWS, "heavy": "student_t(5)"},
    grid=(
        Grid(("free", "permutation_invariant", "alternating"), ("identity", "quadratic(1/2)"),
             ("Gaussian",), methods=("exact",), widths=(2,)),
        Grid(("soft(1)",), ("relu",), ("Gaussian",), losses=("law",), widths=(4,)),
    ),
    density=DensityGrid(("reflection",), ("identity",), widths=(32,), points=32, half_width=6.0,
                        train=("gaussians",), seeds=2, steps=5, batch=8, samples=8),
    seeds=3, restarts=2, exact_steps=60, steps=20, batch=32, samples=1000,
    fails_above={"pointwise": 0.01, "law": 0.3},
)


@pytest.fixture(scope="module")
def tiny(tmp_path_factory):
    out = tmp_path_factory.mktemp("tiny")
    return run_competition(TINY, out, progress=False, jobs=0), out


# ------------------------------------------------------------------------------------ roles


@pytest.mark.parametrize(("symmetry", "activation", "b", "expected"), [
    ("free", "relu", 2, UNDER), ("permutation_invariant", "relu", 2, MATCHED),
    ("shared", "relu", 2, OVER), ("shared", "identity", 2, MATCHED),
    ("shared", "quadratic", 2, MATCHED), ("alternating", "identity", 4, OVER),
    ("cyclic", "relu", 2, MATCHED), ("cyclic", "identity", 4, MATCHED),
    ("cyclic", "quadratic(1/2)", 4, OVER), ("cyclic", "quadratic", 4, UNDER),
    ("reflection", "relu", 4, UNDER), ("shared", "quadratic(1/2)", 2, OVER),
    ("permutation_invariant", "quartic(1/10)", 2, MATCHED), ("shared", "quartic(1/10)", 2, OVER),
    ("shared", "quartic", 2, MATCHED),
    ("gcn_conv(star)", "relu", 4, OVER), ("graph_conv(star)", "relu", 4, UNDER),
    ("graph_conv(complete)", "tanh", 4, MATCHED), ("sign_flip", "tanh", 2, UNDER),
])
def test_roles(symmetry, activation, b, expected):
    assert role(symmetry, activation, b, 4, 1) == expected


@pytest.mark.parametrize(("symmetry", "activation", "width"), [
    ("free", "quadratic(1/2)", 2), ("alternating", "identity", 1),
    ("permutation_invariant", "quadratic(1/2)", 2), ("alternating", "quadratic", 2),
    ("shared", "polynomial([0, 0, 1])", 2), ("free", "polynomial([0, 0, 1])", 3),
    ("gcn_conv(path)", "quadratic(1/2)", 2), ("graph_conv(path)", "quadratic(1/2)", 2),
    ("shared", "quartic(1/10)", 2), ("permutation_invariant", "quartic(1/10)", 2),
])
def test_what_is_representable_is_what_exact_training_finds(symmetry, activation, width):
    """The unrelated route: Levenberg-Marquardt on the exact risk of a law of full support."""
    b = 3 if "path" in symmetry else 2
    module = build(network(symmetry, activation, b, width, 1), seeds=range(12))
    task = BlockSum(b, laws.Normal(sp.Rational(1, 2), 1))
    result = train(module, task, exact=True, steps=300, progress=False, on_divergence="keep")
    best = np.nanmin(result.final_loss)
    assert (best < 1e-15) == (representable(symmetry, activation, b, width) == "exact")


def test_two_units_cancel_a_cube():
    """v_1 w_1^3 + v_2 w_2^3 = 0 with w = (1, 2) leaves the linear part 3/4."""
    symmetry, activation = "permutation_invariant", "polynomial([0, 1, 0, 1/2])"
    assert representable(symmetry, activation, 2, 2) == "exact"
    module = build(network(symmetry, activation, 2, 2, 1), seed=0)
    scale = 4 / (3 * np.sqrt(2))
    module.load_values(dict(zip(module.names, (1, 2, scale, -scale / 8, 0), strict=True)))
    x = np.random.default_rng(1).normal(size=(20, 2))
    np.testing.assert_allclose(module(x).detach().numpy()[:, 0], x.sum(1) / np.sqrt(2), atol=1e-12)


def test_passage_of_limits():
    assert passage(activations.Quadratic(2), 1) == "limit"
    assert passage(activations.Quadratic(2), 2) == "exact"
    assert passage(activations.GELU(), 2) == "exact"
    assert passage(activations.Abs(), 2) == "no"
    assert [channels("reflection", 4, w) for w in (4, 8)] == [2, 4]


@pytest.mark.parametrize("activation", ["step", "sign"])
def test_steps_without_biases_come_nowhere_near_a_linear_map(activation):
    """Each is constant on t > 0, so its best fit to t over t = 1, 2, 3 is 2, whatever its width."""
    module = build(network("permutation_invariant", activation, 2, 6, 1), seeds=range(5))
    t = np.array([[1.0, 1.0], [2.0, 2.0], [3.0, 3.0]])
    values = module(t).detach().numpy()
    np.testing.assert_allclose(values, np.broadcast_to(values[:, :1], values.shape), atol=1e-12)
    assert representable("permutation_invariant", activation, 2, 6) == "no"
    assert role("free", activation, 2, 6, 1) == OVER


def test_passage_with_a_kink_at_zero():
    """exp(z) - 1 below 0 and a z above: the best fits by least squares tell the same."""
    t = np.linspace(-1, 1, 41)
    z = sp.Symbol("z", real=True)

    def misfit(phi, weights):
        columns = np.stack([np.ones_like(t), *(phi(w * t) for w in weights)], axis=1)
        return np.abs(columns @ np.linalg.lstsq(columns, t, rcond=None)[0] - t).max()

    for slope, units in ((1, 1), (2, 2), (-1, None)):
        elu = activations.Custom(sp.Piecewise((slope * z, z > 0), (sp.exp(z) - 1, True)))
        f = lambda u, a=slope: np.where(u > 0, a * u, np.exp(np.minimum(u, 0)) - 1)  # noqa: E731
        small = np.array([1e-3, -1e-3])
        for width in (1, 2):
            near = misfit(f, small[:width]) < 2e-3
            assert near == (units is not None and width >= units)
            assert (passage(elu, width) == "limit") == near
    assert passage(activations.LeakyReLU(1), 1) == "exact"


@pytest.mark.parametrize(("law", "polynomial", "analytic", "piecewise"), [
    ("normal(0, 1)", True, True, True), ("uniform(-1, 1)", True, True, False),
    ("poisson(1)", True, False, False), ("rademacher", False, False, False),
    ("student_t(1)", True, True, True),
    ("mixture([0, 1], [normal(0, 1), uniform(0, 1)])", True, True, False),
    ("mixture([1/2, 1/2], [rademacher(), poisson(1)])", True, False, False),
    ("mixture([1/2, 1/2], [rademacher(), laplace()])", True, True, True),
])
def test_which_laws_determine_a_map(law, polynomial, analytic, piecewise):
    """sin(pi x) vanishes on every integer, so a law on integers determines polynomials alone."""
    found = [determined(phi, law) for phi in ("quadratic", "sin", "relu")]
    assert found == [polynomial, analytic, piecewise]


def test_breaking_counts_what_is_not_invariant():
    invariant = build(network("permutation_invariant", "relu", 3, 4, 1), seeds=range(2))
    assert breaking(first_weights(invariant)).max() < 1e-30
    assert breaking(first_weights(build(network("alternating", "relu", 2, 4, 1), seeds=[0])))[0] > (
        1 - 1e-12
    )


# ------------------------------------------------------------------------------------ measures


def test_a_perfect_network_has_no_error_and_its_mirror_image_the_right_one():
    module = build(network("permutation_invariant", "identity", 2, 1, 1), seeds=range(2))
    values = (1.0, np.array([1, -1]) / np.sqrt(2), 0.0)
    module.load_values(dict(zip(module.names, values, strict=True)))
    found = on_law(module, 2, 1, "normal(0, 1)", 20_000, seed=1)
    assert found.risk is not None
    assert found.risk_error is not None
    assert found.risk[0] < 1e-28
    assert found.law[0] < 1e-14
    assert abs(found.risk[1] - 4) < 4 * found.risk_error[1]
    assert found.law[1] < 4 * found.resolution  # the mirror image has the right law
    assert found.covariance[0] > 0 > found.covariance[1]
    assert on_law(module, 2, 3, "student_t(5)", 1000, seed=1).risk is None


def test_residuals_are_those_of_closed_form_up_to_noise():
    rng = np.random.default_rng(0)
    x = rng.exponential(size=(50, 4000))
    found = cumulant_residuals(x, rng.normal(size=10**6), 1.0)
    exact = np.array([1, 0, 2, 6])
    error = found.std(0) / np.sqrt(len(x))
    # k-statistics of 4000 samples are biased by less than a fortieth of a standard error each
    assert (np.abs(found.mean(0) - exact) < 5 * error + 0.02).all()


# ------------------------------------------------------------------------------------ the run


def _cell(row):
    return Cell(row["symmetry"], row["activation"], row["b"], row["width"], row["depth"],
                row["loss"], row["method"], row["train_law"])


def test_every_network_meets_every_law(tiny):
    results, _ = tiny
    assert not results.failures
    names = {c.name for c in cells(TINY)}
    assert {n["cell"] for n in results.networks} == names
    assert len(results.networks) == 13 * 3 + 2
    per_network = {(r["cell"], r["seed"]) for r in results.errors}
    assert len(results.errors) == 13 * 3 * 3 + 2 * 2
    assert len(per_network) == len(results.networks)
    assert results.cpu_seconds > 0
    assert {n["role"] for n in results.networks} == {OVER, MATCHED, UNDER, "soft"}


def test_exact_training_comes_out_as_predicted(tiny):
    results, _ = tiny
    found = agreement(results.errors)
    assert found.total("fails", "fails") > 10
    assert found.total("generalises", "generalises") > 10
    assert [r for r in found.exceptions if r["loss"] == "pointwise"] == []
    by_branch = [r for r in results.errors if r["algebra"] == DECIDED and r["fitted"]]
    assert len(by_branch) >= 3
    mirror = {(n["cell"], n["seed"]): n["mirror"] for n in results.networks}
    for row in by_branch:  # all maps that fit Gaussians are R, its mirror image, or x_1 - x_2
        wrong = row["symmetry"] == "alternating" or mirror[row["cell"], row["seed"]]
        assert row["predicted"] == ("fails" if wrong else "generalises")
    assert [r for r in found.exceptions if r["algebra"] == DECIDED] == []
    assert {r["algebra"] for r in results.errors if not concerns(_cell(r))} == {None}
    heavy = [r for r in results.errors if r["test_law"] == "heavy" and r["loss"] == "pointwise"]
    assert all(r["risk"] is not None for r in heavy)


def test_the_same_settings_give_the_same_tables_and_finished_cells_are_kept(tiny, tmp_path):
    results, out = tiny
    again = run_competition(TINY, tmp_path, progress=False, jobs=0)
    ours, theirs = ([{k: v for k, v in n.items() if k != "cpu_seconds"} for n in r.networks]
                    for r in (results, again))
    assert ours == theirs
    assert again.errors == results.errors
    assert again.curves == results.curves
    victim = sorted((tmp_path / "cells").iterdir())[0]
    others = {p: p.stat().st_mtime_ns for p in (tmp_path / "cells").iterdir() if p != victim}
    victim.unlink()
    with pytest.raises(OutputError, match="resume"):
        run_competition(TINY, tmp_path, progress=False, jobs=0)
    resumed = run_competition(TINY, tmp_path, resume=True, progress=False, jobs=0)
    assert resumed.errors == results.errors
    assert all(p.stat().st_mtime_ns == t for p, t in others.items())
    assert load(out).errors == results.errors
    assert load(out).config == TINY
    with pytest.raises(ConfigError, match="other settings"):
        run_competition(dataclasses.replace(TINY, seed=1), tmp_path, resume=True, progress=False,
                        jobs=0)


def test_a_cluster_gives_the_same_rows(tiny, tmp_path):
    distributed = pytest.importorskip("distributed")
    results, _ = tiny
    few = dataclasses.replace(TINY, grid=TINY.grid[1:], density=DensityGrid())
    with distributed.LocalCluster(
        n_workers=1, threads_per_worker=1, processes=False, dashboard_address=None,
        silence_logs=50,
    ) as workers:
        found = run_competition(few, tmp_path, progress=False, scheduler=workers.scheduler_address)
    here = {(r["cell"], r["seed"], r["test_law"]): r for r in results.errors}
    assert found.errors
    assert all(here[r["cell"], r["seed"], r["test_law"]] == r for r in found.errors)


def test_rows_rebuild_the_networks(tiny):
    results, _ = tiny
    rows = [n for n in results.networks if n["symmetry"] == "free" and n["loss"] == "law"
            and n["activation"] == "identity"]
    module = rebuilt(rows)
    fitted = np.array([n["train_loss"] < 1e-12 for n in rows])
    assert fitted.any()
    circle = np.square(linear_coefficients(module)).sum(-1)
    np.testing.assert_allclose(circle[fitted], 1, rtol=1e-5)  # Gaussians leave the circle |l| = 1
    flow = layer_flow(results, "permutation_invariant", "quadratic(1/2)", 2)
    assert flow is not None
    assert flow.values[2].shape == (3, len(flow.layers))


def test_report_and_summary(tiny, tmp_path):
    results, _ = tiny
    pytest.importorskip("matplotlib")
    paths = write_report(results, tmp_path)
    assert {p.name for p in paths} >= {"competition.png", "plane.png", "report.html"}
    page = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert "Does symmetry compete" in page
    assert "alternating" in page
    assert "over - matched" in summary(results)


# ------------------------------------------------------------------------------------ analysis


def _rows(groups, seeds=8, laws=("a", "b", "c"), **labels):
    """Errors of networks whose generalisation error is a mean and a spread per role."""
    rng = np.random.default_rng(3)
    found = []
    for role_name, (mean, spread) in groups.items():
        for seed in range(seeds):
            centre = mean + spread * rng.normal()
            for law in ("home", *laws):
                found.append({
                    "cell": role_name, "level": "sample", "symmetry": role_name, "soft": 0.0,
                    "activation": "relu", "b": 2, "width": 4, "depth": 1, "loss": "law",
                    "method": "sampled", "train_law": "home", "role": role_name, "seed": seed,
                    "parameters": 3, "test_law": law, "in_distribution": law == "home",
                    "log_error": -3.0 if law == "home" else centre, "predicted": None,
                    "algebra": None,
                    "outcome": "undecided", "fitted": True, "error": 1.0, "risk": 1.0, **labels,
                })
    return found


def test_a_clear_difference_holds_and_noise_stays_undecided():
    clear = contrasts(scores(_rows({OVER: (0, 0.1), MATCHED: (-2, 0.1), UNDER: (-1, 0.1)})))
    assert [c.verdict for c in clear] == ["holds", "holds"]
    assert all(c.low < c.estimate < c.high for c in clear)
    assert abs(clear[0].estimate - 2) < 0.3
    assert abs(clear[1].estimate - 1) < 0.3
    (claim,) = claims(clear)
    assert claim.verdict == "holds"
    noisy = contrasts(scores(_rows({OVER: (0, 2.0), MATCHED: (0, 2.0)})))
    assert [c.verdict for c in noisy] == ["undecided"]
    assert claims(noisy)[0].verdict == "undecided"


def test_a_free_network_that_is_no_worse_refutes_the_claim():
    found = contrasts(scores(_rows({OVER: (0, 0.1), MATCHED: (-2, 0.1), UNDER: (-2.5, 0.1)})))
    verdicts = {c.what.split()[0]: c.verdict for c in found}
    assert verdicts == {OVER: "holds", UNDER: "fails"}
    assert claims(found)[0].verdict == "fails"
    assert all(c.high < MARGIN for c in found if c.verdict == "fails")


def test_intervals_cover_the_mean_as_often_as_they_say():
    rng = np.random.default_rng(7)
    inside = 0
    for k in range(60):
        mean, low, high, _ = interval(rng.normal(1.0, 0.5, 12), seed=k)
        inside += low <= 1.0 <= high
        assert low <= mean <= high
    # 95 % of 60, binomial: fewer than 50 has a probability below 1e-3 even at 92 % coverage
    assert inside >= 50


def test_agreement_counts_and_lists_exceptions():
    rows = _rows({"x": (0, 1)}, seeds=1, laws=("a", "b", "c", "d"))
    said = ["fails", "fails", "fails", "generalises", "generalises"]
    seen = ["fails", "fails", "generalises", "generalises", "undecided"]
    for row, predicted_, outcome in zip(rows, said, seen, strict=True):
        row |= {"predicted": predicted_, "outcome": outcome}
    open_ = [row | {"predicted": None, "algebra": UNDECIDED} for row in rows]
    found = agreement([*rows, *open_])  # the first row is on the training law
    assert found.left_open == {("sample", "law", "sampled", UNDECIDED): 4}
    assert found.total("fails", "fails") == 1
    assert found.total("generalises", "generalises") == 1
    assert found.total("generalises", "undecided") == 1
    assert [r["test_law"] for r in found.exceptions] == ["b"]


def test_predictions_of_law_matching_are_those_of_the_study():
    free = Cell("free", "identity", 2, 4, 1, "law", "exact", "Gaussian")
    assert predicted(free, LAWS, LAWS["exponential"], 4, False) == "fails"
    assert predicted(free, LAWS, LAWS["Gaussian"], 4, False) == "generalises"
    soft = dataclasses.replace(free, symmetry="soft(1)")
    assert predicted(soft, LAWS, LAWS["exponential"], 4, False) is None


@pytest.mark.parametrize(("activation", "b"), [("quadratic", 2), ("cubic", 4)])
def test_predictions_by_branch_are_what_networks_on_the_branches_do(activation, b):
    """The unrelated route: run exact points of the branches on samples."""
    cell = Cell("shared", activation, b, 1, 1, "law", "exact", "Gaussian")
    net, test = network("shared", activation, b, 1, 1), LAWS["exponential"]
    analysis = analysed(cell, LAWS["Gaussian"], test, 4)
    assert analysis is not None
    w, v, a, c = sp.symbols("W__1 W__2 alpha__1 c__2")
    size = 1 / sp.sqrt(b)
    points = [{w: 1, v: size, a: 0, c: 0}, {w: 2, v: -size / 2, a: 0, c: 0},
              analysis.witness().values]
    values = {s: np.array([float(p[s]) for p in points]) for s in net.parameters}
    seen = []
    for point in points:
        met = confront(net.subs(point), BlockSumLayer(b), {
            "train": laws.Normal(0, 1), "test": parse_law(test)}, samples=50_000)
        assert met.agrees("train")
        seen.append("generalises" if met.agrees("test") else "fails")
    assert seen[2] == "fails"
    found = verdicts(cell, LAWS["Gaussian"], test, 4, values, 3)
    assert list(found.predicted) == seen
    assert set(found.algebra) == {DECIDED}
    right, mirror, at_witness = branch_of(analysis, values)
    assert right != mirror
    assert at_witness == analysis.witness().branch - 1


def test_what_algebra_leaves_open_says_why():
    def said(symmetry, activation, width, test, *values):
        cell = Cell(symmetry, activation, 2, width, 1, "law", "exact", "Gaussian")
        names = network(symmetry, activation, 2, width, 1).parameters
        return verdicts(cell, LAWS["Gaussian"], test, 4, dict(zip(names, values, strict=False)), 1)

    assert said("free", "quadratic(1/2)", 4, "exponential(1)").algebra == (UNDECIDED,)
    assert said("shared", "quadratic(1/2)", 4, "exponential(1)").algebra == (NO_FIT,)
    assert said("shared", "quadratic", 1, "student_t(5)").algebra == (NO_MOMENTS,)
    away = said("shared", "quadratic", 1, "exponential(1)", 1, 1, 1, 1)
    assert (away.predicted, away.algebra) == ((None,), (OFF,))
    # one verdict for all branches needs no branch
    same = said("shared", "quadratic", 1, "laplace(0, 1)", 1, 1, 1, 1)
    assert (same.predicted, same.algebra) == (("generalises",), (DECIDED,))
    # alternating weights have no odd cumulants, whichever of their signs training finds
    assert said("alternating", "quadratic(1/2)", 2, "exponential(1)").predicted == ("fails",)


def test_planes_know_the_training_variety():
    turn = np.linspace(0, 2 * np.pi, 9)
    circle = residual_grid("linear", TRAIN, np.cos(turn), np.sin(turn))
    np.testing.assert_allclose(circle[2], 0, atol=1e-12)
    away = residual_grid("linear", TEST, np.cos(turn), np.sin(turn))
    assert np.abs(away[3][[1, 5]]).tolist() == pytest.approx([0, 2 * np.sqrt(2)], abs=1e-9)
    module = build(network("shared", "quadratic", 2, 1, 1), seeds=range(3))
    v = module.values()
    w, out, a = (v[sp.Symbol(name)] for name in ("W__1", "W__2", "alpha__1"))
    np.testing.assert_allclose(tied_coefficients(module), np.stack([out * w, out * a * w**2], -1))


# ------------------------------------------------------------------------------------ settings


def test_the_default_is_a_designed_selection():
    found = cells(default_config())
    names = [c.name for c in found]
    assert len(set(names)) == len(names)
    assert len(found) * default_config().seeds >= 300
    assert any(isinstance(c, DensityCell) for c in found)
    assert {c.depth for c in found if isinstance(c, Cell)} == {1, 2, 3}
    assert {c.b for c in found if isinstance(c, Cell)} == {2, 4, 8}
    assert {c.width for c in found if isinstance(c, Cell)} == {1, 2, 4, 8, 16}
    for method in ("exact", "sampled"):
        quartic = [c for c in found if isinstance(c, Cell) and c.method == method
                   and "quartic" in c.activation]
        assert {c.loss for c in quartic} == {"pointwise", "law"}
    assert not any(isinstance(c, Cell) and c.symmetry == "sign_flip"
                   and c.activation == "quadratic(1/2)" for c in found)


@pytest.mark.parametrize(("text", "match"), [
    ("seeds = 1", "seeds"), ("typo = 3", "typo"),
    ('[train_laws]\nG = "normal(0, 1)"', "Gaussian"),
    ('[[grid]]\nsymmetries = ["soft(0)"]\nactivations = ["relu"]\ntrain_laws = ["Gaussian"]',
     "positive"),
    ('[[grid]]\nsymmetries = ["free"]\nactivations = ["__import__"]\ntrain_laws = ["Gaussian"]',
     "__import__"),
    ('[[grid]]\nsymmetries = ["free"]\nactivations = ["relu"]\ntrain_laws = ["Gaussian"]\n'
     "widths = [0]", "widths"),
    ('[test_laws]\nx = "generic()"', "generic"), ("[fails_above]\nlaw = 1", "pointwise"),
    ('[density]\nsymmetries = ["free"]\nactivations = ["relu"]\ntest = ["cauchys"]', "cauchys"),
    ("grid = 3", "grid"), ("seeds =", "TOML"),
])
def test_wrong_settings_say_what_is_wrong(tmp_path, text, match):
    path = tmp_path / "wrong.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError, match=match):
        load_config(path)


@pytest.mark.slow
def test_command_line(tmp_path, capsys):
    assert main(["competition", "--print-config"]) == 0
    text = capsys.readouterr().out
    path = tmp_path / "same.toml"
    path.write_text(text, encoding="utf-8")
    assert load_config(path) == default_config()
    assert main(["competition"]) == 2
    assert "--out" in capsys.readouterr().err
    path.write_text(
        'seeds = 2\nrestarts = 1\nexact_steps = 5\nsamples = 200\n[test_laws]\n'
        'a = "uniform(-1, 1)"\n[[grid]]\nsymmetries = ["free", "shared"]\n'
        'activations = ["identity"]\ntrain_laws = ["Gaussian"]\nmethods = ["exact"]\n'
        'losses = ["pointwise"]\n[density]\nsymmetries = []\n', encoding="utf-8",
    )
    out = tmp_path / "out"
    command = ["competition", "--config", str(path), "--out", str(out), "--no-progress",
               "--no-report", "--jobs", "1"]
    assert main(command) == 0
    assert "networks" in capsys.readouterr().out
    assert (out / "errors.parquet").exists()
    assert main([*command, "--resume"]) == 0
    assert not Path(out / "report.html").exists()
