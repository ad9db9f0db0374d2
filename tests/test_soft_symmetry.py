"""Breaking distances in training and soft symmetries, against exact projections and minimisers."""

from fractions import Fraction

import numpy as np
import pytest
import sympy as sp
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

import numerics as nm
from cumulant_theory import activations, laws, layers, parameter_symmetries, symmetries
from cumulant_theory.errors import (
    CumulantError,
    DomainError,
    ShapeError,
    SymmetryError,
    UnknownNameError,
)
from cumulant_theory.layers import graphs
from numerics.networks import build
from numerics.tasks import BlockSum
from numerics.training import SoftSymmetry, train
from numerics.training.distances import distances, linear_layers
from numerics.training.symmetry import Penalty
from numerics.training.units import parameter_distances

L, P, Q = layers.Linear, layers.Pointwise, activations.Quadratic
EQUIVARIANT, CYCLIC = symmetries.PermutationEquivariant(), symmetries.Cyclic()
SKEWED = laws.Discrete([-1, 0, 2], [sp.Rational(1, 2), sp.Rational(1, 3), sp.Rational(1, 6)])
NORMAL = BlockSum(2, laws.Normal(0, 1))
QUIET = {"progress": False}


def mlp(n=2, hidden=2, **options):
    return L(n, hidden, bias=True, **options) >> P(Q()) >> L(hidden, 1)


def exact_distance(layer, symmetry, values):
    """|W - P W|^2, |c - P c|^2 and |W|^2 + |c|^2 by the exact projector."""
    (rule,) = layer.rules(layer.in_features)
    weight = sp.Matrix(rule.weight).subs(values)
    bias = sp.Matrix(rule.shift).subs(values)
    tying = symmetry.tie(*weight.shape)
    shifted = bias - tying.project_bias(bias)
    norm = sum(w**2 for w in (*weight, *bias))
    return tying.breaking_distance(weight), sum(v**2 for v in shifted), norm


RING = graphs.cycle(3)
WEIGHTED = graphs.Graph((3, [(0, 1, "a"), (1, 2, "b"), (0, 2, 1)]))
THIRD = symmetries.MatrixGroup([[[0, -1], [1, -1]]], [[[0, -1], [1, -1]]])
CASES = [
    (L(3, 3, bias=True), EQUIVARIANT),
    (L(3, 6, bias=True), CYCLIC),
    (L(4, 2), symmetries.Alternating()),
    (L(3, 3, symmetry=CYCLIC, bias=True), EQUIVARIANT),
    (L(2, 2, bias=True), symmetries.SignFlip()),
    (L(2, 2, bias=True), THIRD),
    (layers.GraphConv(RING, 1, 2, bias=True), EQUIVARIANT),
    (layers.GraphConv(WEIGHTED, 1, 1, bias=True), symmetries.GraphAutomorphism(RING)),
    (layers.GCNConv(graphs.path(40)), symmetries.Reflection()),
]


@pytest.mark.parametrize(("layer", "symmetry"), CASES)
def test_distances_are_those_of_the_exact_projector(layer, symmetry):
    net = layer >> P(activations.Identity())
    rng = np.random.default_rng(3)
    numbers = {str(p): Fraction(int(rng.integers(-9, 9)), 8) for p in net.parameters}
    module = build(net, values={p: float(v) for p, v in numbers.items()})
    (distance,) = distances(module, symmetry)
    values = {p: sp.Rational(numbers[str(p)]) for p in net.parameters}
    expected = [float(v) for v in exact_distance(net.layers[0], symmetry, values)]
    found = distance.parts(module.theta.detach()).tolist()
    assert found == pytest.approx(expected, rel=1e-12, abs=1e-12)
    assert distance.rows(module.theta.detach()).square().sum().item() == pytest.approx(
        sum(expected[:2]), rel=1e-12, abs=1e-12
    )


def test_the_gradient_of_a_penalty_points_to_the_projection():
    module = build(mlp(3, 3), seed=0)
    penalty = Penalty(module, [SoftSymmetry(EQUIVARIANT, 0.5, layers="1 Linear")])
    assert torch.autograd.gradcheck(penalty.value, module.theta)
    gradient = torch.func.grad(penalty.value)(module.theta.detach())
    moved = module.theta.detach() - gradient  # a step of length 1/(2 lambda) is the projection
    assert penalty.value(moved).item() == pytest.approx(0, abs=1e-28)


def test_layers_are_found_in_residuals_and_once():
    shared = L(2, 2)
    net = shared >> layers.Residual(L(2, 2) >> P(Q()) >> L(2, 2)) >> shared >> layers.Mean(2)
    names = [name for name, _, _ in linear_layers(net)]
    assert names == ["1 Linear", "2 Residual / 1 Linear", "2 Residual / 3 Linear"]
    module = build(net, seed=0)
    assert [d.layer for d in distances(module, EQUIVARIANT)] == names


def test_fixed_parameters_count_in_the_distance():
    module = build(L(2, 2), fixed={"W_11": 3, "W_22": 1}, values={"W_12": 2, "W_21": 2})
    (distance,) = distances(module, EQUIVARIANT)
    assert distance.parts(module.theta.detach()).tolist() == [2.0, 0.0, 18.0]


# ---------------------------------------------------------------------------- watching


@pytest.mark.parametrize("options", [
    {}, {"loss": "law", "order": 2}, {"optimizer": "sgd", "lr": 1e-3}, {"exact": True},
    {"exact": True, "optimizer": "adam"}, {"exact": True, "loss": "law", "order": 2},
])  # fmt: skip
def test_records_of_an_ensemble_are_those_of_its_members(options):
    options = {"steps": 7, "batch": 64, "watch_every": 3, **QUIET} | options
    together = build(mlp(), seeds=[3, 4])
    first = together.theta.detach().clone()
    result = train(together, NORMAL, watch=EQUIVARIANT, **options)
    record = result.breaking
    assert record.steps.tolist() == [0, 3, 6, 7]
    assert record.keys == tuple((k, "PermutationEquivariant()") for k in ("1 Linear", "3 Linear"))
    assert record.distance.shape == (2, 4, 2)
    for k, distance in enumerate(distances(together, EQUIVARIANT)):
        ends = torch.stack((distance.parts(first), distance.parts(together.theta.detach())))
        assert record.weight[k, [0, -1]] == pytest.approx(ends[..., 0].numpy(), rel=1e-12)
        assert record.bias[k, [0, -1]] == pytest.approx(ends[..., 1].numpy(), rel=1e-12)
    for k, seed in enumerate([3, 4]):
        alone = build(mlp(), seed=seed)
        single = train(alone, NORMAL, watch=EQUIVARIANT, **options).breaking
        # with closed forms a network that has converged is alone left before the others are
        shared = min(len(single.steps), len(record.steps)) - 1
        for part in (slice(shared), -1):
            expected = record.distance[:, part, k]
            assert single.distance[:, part] == pytest.approx(expected, rel=1e-6, abs=1e-9)


def test_watching_changes_nothing():
    plain, watched = build(mlp(), seed=1), build(mlp(), seed=1)
    options = {"steps": 20, "batch": 32, **QUIET}
    train(plain, NORMAL, **options)
    train(watched, NORMAL, watch=[EQUIVARIANT, symmetries.SignFlip()], **options)
    assert torch.equal(plain.theta, watched.theta)


def test_what_is_watched_can_be_chosen_layer_by_layer():
    module = build(mlp(3, 3), seed=0)
    chosen = {"1 Linear": [CYCLIC, EQUIVARIANT], "3 Linear": symmetries.PermutationInvariant()}
    task = BlockSum(3, laws.Normal(0, 1))
    record = train(module, task, watch=chosen, steps=2, batch=16, **QUIET).breaking
    assert [layer for layer, _ in record.keys] == ["1 Linear", "1 Linear", "3 Linear"]
    cyclic, equivariant = record["1 Linear", "Cyclic()"], record.distance[1]
    assert (cyclic < equivariant).all()  # the smaller group breaks less
    assert (record.relative >= 0).all()
    assert (record.relative <= 1).all()
    with pytest.raises(UnknownNameError, match="Cyclic"):
        record["1 Linear"]
    assert record["3 Linear"].shape == (3,)


def test_a_tied_layer_never_breaks_its_symmetry():
    net = mlp(3, 3, symmetry=CYCLIC)
    module = build(net, seeds=range(3))
    task = BlockSum(3, SKEWED)
    record = train(module, task, exact=True, steps=40, watch={"1 Linear": CYCLIC}, **QUIET).breaking
    assert record.distance.max() < 1e-28
    assert record.norm.min() > 1e-3


def test_records_of_diverged_networks_end():
    values = {str(p): [0.1, 30.0] for p in mlp().parameters}
    ensemble = build(mlp(), seeds=[0, 1], values=values)
    result = train(ensemble, NORMAL, steps=50, optimizer="sgd", on_divergence="keep",
                   watch=EQUIVARIANT, soft=[SoftSymmetry(EQUIVARIANT, 0.1)], **QUIET)  # fmt: skip
    assert result.diverged.tolist() == [False, True]
    assert np.isnan(result.breaking.distance[:, -1, 1]).all()
    assert np.isfinite(result.breaking.distance[..., 0]).all()
    assert np.isnan(result.penalties[-1, 1])
    assert len(result.plot_breaking().axes) == 1


def test_records_print_and_plot():
    ensemble = build(mlp(3, 3), seeds=range(4))
    task = BlockSum(3, laws.Normal(0, 1))
    result = train(ensemble, task, watch=[CYCLIC, EQUIVARIANT], steps=10, batch=16, **QUIET)
    figure = result.plot_breaking()
    assert [axes.get_title() for axes in figure.axes] == [repr(CYCLIC), repr(EQUIVARIANT)]
    assert all(len(axes.lines) == len(axes.collections) == 2 for axes in figure.axes)
    shown = figure.axes[0].lines[0].get_ydata()
    assert shown == pytest.approx(np.median(result.breaking.distance[0], axis=-1), rel=1e-12)
    assert result.plot_breaking(relative=True).axes[0].get_yscale() == "log"
    assert "1 Linear  Cyclic()" in repr(result.breaking)
    assert "medians over 4 networks" in result.breaking._repr_html_()
    with pytest.raises(DomainError, match="watch="):
        train(ensemble, task, steps=1, batch=16, **QUIET).plot_breaking()


# ---------------------------------------------------------------------------- hidden units


def test_symmetries_of_the_parameters_are_watched_by_their_projectors():
    net = L(2, 3, bias=True) >> P(activations.Tanh()) >> L(3, 1)
    module = build(net, seeds=range(4))
    found = {d.symmetry: d for d in parameter_distances(module, parameter_symmetries(net))}
    assert list(found) == ["permutations", "sign flips", "nearest exchange"]
    theta = module.theta.detach()
    # a unit is its row, its bias and its outgoing weight
    units = torch.cat((theta[:, :6].reshape(4, 3, 2), theta[:, 6:9, None], theta[:, 9:, None]), -1)
    spread = (units - units.mean(1, keepdim=True)).square().sum((1, 2))
    torch.testing.assert_close(found["permutations"].parts(theta)[:, :2].sum(-1), spread)
    torch.testing.assert_close(found["sign flips"].parts(theta)[:, 2], units.square().sum((1, 2)))
    gaps = torch.cdist(units, units).square() / 2 + 1e9 * torch.eye(3)
    nearest = found["nearest exchange"].parts(theta)[:, 0]
    torch.testing.assert_close(nearest, gaps.amin((1, 2)))
    pairs = nm.unit_distances(module)["1 Linear"]
    assert pairs + 1e9 * np.eye(3) == pytest.approx(gaps.numpy(), rel=1e-9)


def test_equal_units_stay_equal_in_training():
    net = L(2, 2, bias=True) >> P(activations.Tanh()) >> L(2, 1)
    twin = {f"W__1_{i}{j}": 0.3 * j for i in (1, 2) for j in (1, 2)}
    twin |= {"c__1_1": 0.1, "c__1_2": 0.1, "W__2_11": 0.5, "W__2_12": 0.5}
    ensemble = build(net, seeds=[0, 1], values={k: [v, v] for k, v in twin.items()})
    ensemble.load_values({"W__1_11": [0.3, 0.4]})
    found = train(ensemble, NORMAL, watch=parameter_symmetries(net), steps=100, batch=64, **QUIET)
    same, other = found.breaking["1 Linear", "permutations"].T
    assert same.max() < 1e-25
    assert other.min() > 1e-6


def test_shifted_flips_are_watched_about_their_centre():
    net = L(1, 1, bias=True) >> P(activations.Sigmoid()) >> L(1, 1, bias=True)
    module = build(net, values={"W__1": 0, "c__1": 0, "W__2": 0, "c__2": 3})
    found = {d.symmetry: d for d in parameter_distances(module, parameter_symmetries(net))}
    assert found["sign flips"].parts(module.theta.detach())[:2].tolist() == [0.0, 0.0]


# ---------------------------------------------------------------------------- soft symmetries


CORRELATED = BlockSum(2, laws.MultivariateNormal([1, 0], [[2, 1], [1, 3]]))
SWEEP = np.array([0, 1e-3, 0.1, 1, 30, 1e4, 1e8])


def ridge_minimiser(strength):
    """Weights and risk that minimise E (W x + c - R x)^2 + strength (|W - P W|^2 + c^2)."""
    w1, w2, c = unknowns = sp.symbols("w1 w2 c")
    root = sp.sqrt(2) / 2
    u, v = w1 - root, w2 - root
    risk = (u + c) ** 2 + 2 * u**2 + 2 * u * v + 3 * v**2
    broken = (w1 + w2) ** 2 / 2 + c**2
    objective = risk + sp.Rational(str(strength)) * broken
    (found,) = sp.linsolve([sp.diff(objective, x) for x in unknowns], unknowns)
    point = dict(zip(unknowns, found, strict=True))
    return [float(x) for x in found], float(risk.subs(point)), float(broken.subs(point))


@pytest.mark.parametrize("optimizer", ["lm", "adam"])
def test_a_sweep_of_strengths_reaches_the_exact_minimisers(optimizer):
    ensemble = build(L(2, 1, bias=True), seeds=[0] * len(SWEEP))
    soft = [SoftSymmetry(symmetries.Alternating(), SWEEP)]
    keep = slice(None) if optimizer == "lm" else slice(4)  # a step of Adam is blind to steepness
    result = train(ensemble, CORRELATED, exact=True, soft=soft, optimizer=optimizer, lr=0.05,
                   steps=600, watch=symmetries.Alternating(), **QUIET)  # fmt: skip
    expected = [ridge_minimiser(s) for s in SWEEP.tolist()]
    weights = ensemble.theta.detach().numpy()
    rel = 1e-7 if optimizer == "lm" else 1e-4
    assert weights[keep] == pytest.approx(np.array([w for w, _, _ in expected])[keep], abs=rel)
    assert result.final_risk[keep] == pytest.approx([r for _, r, _ in expected][keep], abs=rel)
    gaps = result.breaking["1 Linear"][-1]
    assert gaps[keep] == pytest.approx([b for _, _, b in expected][keep], abs=rel)
    if optimizer == "lm":
        assert result.converged.all()
        assert (np.diff(gaps) < 0).all()
        assert (np.diff(result.final_risk) > 0).all()


def test_strong_penalties_reach_the_minimum_of_the_tied_network():
    # fixed outputs: else small weights and large outputs would evade the penalty
    target = symmetries.Alternating(2)
    free, tied = (L(2, 2, symmetry=s) >> P(Q()) >> layers.Mean(2) for s in (None, target))
    options = {"exact": True, "steps": 150, **QUIET}
    hard = train(build(tied, seeds=range(8)), CORRELATED, **options)
    ensemble = build(free, seeds=range(8))
    result = train(ensemble, CORRELATED, soft=[SoftSymmetry(target, 1e9)], watch=target, **options)
    assert hard.converged.all()
    done = result.converged
    assert done.sum() > 4
    assert result.breaking["1 Linear"][-1, done].max() < 1e-15
    assert result.final_loss.min() == pytest.approx(hard.final_loss.min(), rel=1e-6)
    without = train(build(free, seeds=range(8)), CORRELATED, **options)
    assert without.final_loss.min() < 0.5 * hard.final_loss.min()


def test_small_weights_evade_a_penalty_where_outputs_can_grow():
    target = symmetries.Alternating(2)
    free, tied = (L(2, 2, symmetry=s) >> P(Q()) >> L(2, 1) for s in (None, target))
    options = {"exact": True, "steps": 200, **QUIET}
    hard = train(build(tied, seeds=[1]), CORRELATED, **options)
    soft = [SoftSymmetry(target, 1e3, layers="1 Linear")]
    result = train(build(free, seeds=[1]), CORRELATED, soft=soft, watch=target, **options)
    assert result.final_loss[0] < 1e-3 * hard.final_loss[0]
    outputs = result.breaking.norm[1, -1, 0]
    assert result.breaking["1 Linear"][-1, 0] * 1e3 < 1e-2 < 10 < outputs


@pytest.mark.parametrize("options", [
    {"exact": True}, {"exact": True, "loss": "law", "order": 3}, {}, {"loss": "law", "order": 2},
])  # fmt: skip
def test_no_strength_is_no_penalty(options):
    plain, soft = build(mlp(), seeds=range(3)), build(mlp(), seeds=range(3))
    options = {"steps": 15, "batch": 64, **QUIET} | options
    one = train(plain, NORMAL, **options)
    two = train(soft, NORMAL, soft=[SoftSymmetry(EQUIVARIANT, 0.0)], **options)
    torch.testing.assert_close(plain.theta, soft.theta, rtol=1e-9, atol=1e-11)
    assert two.penalties.max() == 0
    assert one.penalties is None
    assert two.final_loss == pytest.approx(one.final_loss, rel=1e-9, abs=1e-20)


def test_an_ensemble_of_strengths_trains_as_its_members_do():
    task = BlockSum(2, laws.Exponential(1))
    for options in ({"exact": True}, {"steps": 12, "batch": 64}):
        options = {"steps": 12, **QUIET} | options
        together = build(mlp(), seeds=[3, 4])
        soft = [SoftSymmetry(EQUIVARIANT, [0.5, 2.0]), SoftSymmetry(symmetries.SignFlip(), 0.1)]
        result = train(together, task, soft=soft, **options)
        for k, strength in enumerate((0.5, 2.0)):
            alone = build(mlp(), seed=3 + k)
            single = train(
                alone, task, soft=[SoftSymmetry(EQUIVARIANT, strength), soft[1]], **options
            )
            torch.testing.assert_close(alone.theta, together.theta[k], rtol=1e-7, atol=1e-9)
            assert single.final_loss == pytest.approx(result.final_loss[k], rel=1e-6)


def test_sampled_losses_are_penalised():
    ensemble = build(mlp(), seeds=range(4))
    soft = [SoftSymmetry(EQUIVARIANT, {"1 Linear": 5.0, "3 Linear": 0.0})]
    result = train(ensemble, NORMAL, steps=300, batch=128, lr=0.02, soft=soft, watch=EQUIVARIANT,
                   **QUIET)  # fmt: skip
    first, last = result.breaking["1 Linear"][[0, -1]]
    assert (last < 1e-3 * first).all()
    expected = 5.0 * result.breaking["1 Linear"]
    assert result.penalties == pytest.approx(expected, rel=1e-9)
    assert result.final_penalty == pytest.approx(expected[-1], rel=1e-9)
    assert result.final_risk == pytest.approx(result.final_loss - expected[-1], rel=1e-9)
    assert (result.losses >= result.penalties).all()


@settings(max_examples=25)
@given(st.integers(0, 10**6), st.floats(0, 50), st.floats(0, 50))
def test_penalties_are_linear_in_their_strengths(seed, a, b):
    module = build(mlp(3, 3), seed=seed)

    def value(*strengths):
        soft = [SoftSymmetry(s, x) for s, x in zip((EQUIVARIANT, CYCLIC), strengths, strict=True)]
        return Penalty(module, soft).value(module.theta.detach()).item()

    assert value(a, b) == pytest.approx(a * value(1, 0) + b * value(0, 1), rel=1e-9, abs=1e-12)
    assert value(1, 0) >= value(0, 1) - 1e-12  # C_3 lies in S_3


# ---------------------------------------------------------------------------- tuning


LAPLACE = BlockSum(2, laws.Laplace(0, 1))


def test_tuning_prefers_the_symmetry_that_generalises():
    swap, flip = symmetries.PermutationInvariant(), symmetries.SignFlip()
    options = {"loss": "law", "exact": True, "order": 4, "seeds": range(6)}
    found = nm.tune_soft_symmetry(L(2, 1), NORMAL, [swap, flip], LAPLACE, (0, 1.0), **options)
    assert len(found.trials) == 4
    # without the swap every point of the circle fits the normal law
    assert found.best.strengths == (1.0, 0.0)
    free = next(t for t in found.trials if t.strengths == (0.0, 0.0))
    assert found.best.median < 1e-18 < 1e-3 < free.median
    assert found.best.breaking[0].max() < 1e-18 < free.breaking[0].max()
    weights = np.abs(found.module.theta.detach().numpy())
    assert weights == pytest.approx([0.5**0.5] * 2, abs=1e-8)
    assert found.strengths == {"PermutationInvariant()": 1.0, "SignFlip()": 0.0}
    again = build(L(2, 1), seed=3)
    train(again, NORMAL, loss="law", exact=True, soft=found.soft, **QUIET)
    assert np.abs(again.theta.detach().numpy()) == pytest.approx(weights, abs=1e-6)
    assert " *" in repr(found)
    assert "medians and quartiles over 6 seeds" in found._repr_html_()


def test_one_symmetry_after_the_other_finds_the_same():
    swap, flip = symmetries.PermutationInvariant(), symmetries.SignFlip()
    options = {"loss": "law", "exact": True, "seeds": range(6)}
    grid = nm.tune_soft_symmetry(
        L(2, 1, bias=True), NORMAL, [swap, flip], LAPLACE, [(0, 0.1, 1), (0, 1)], **options
    )
    line = nm.tune_soft_symmetry(
        L(2, 1, bias=True), NORMAL, [swap, flip], LAPLACE, [(0, 0.1, 1), (0, 1)],
        method="coordinate", **options
    )
    assert len(line.trials) <= len(grid.trials) == 6
    known = {t.strengths: t for t in grid.trials}
    for trial in line.trials:
        assert trial.score == pytest.approx(known[trial.strengths].score, rel=1e-6, abs=1e-12)
    assert line.best.median <= min(t.median for t in line.trials)


def test_tuning_takes_samples_and_sampled_losses():
    x, y = LAPLACE.sample(500, seed=5)
    swap = symmetries.PermutationInvariant()
    options = {"seeds": range(2), "steps": 100, "batch": 32, "lr": 0.05}
    found = nm.tune_soft_symmetry(L(2, 1), NORMAL, [swap], (x, y), (0, 1), **options)
    for trial in found.trials:
        assert (trial.score < 0.5).all()
    weights = found.module.theta.detach()
    score = (x @ weights - y[:, 0]).square().mean().item()
    assert score == pytest.approx(found.best.score.min(), rel=1e-9)
    other = nm.tune_soft_symmetry(L(2, 1), NORMAL, [swap], LAPLACE, (0, 1), samples=4000, **options)
    assert other.best.score == pytest.approx(found.best.score, rel=1)


# ---------------------------------------------------------------------------- errors


@pytest.mark.parametrize(("options", "error", "words"), [
    ({"watch": symmetries.Alternating(4)}, SymmetryError, "fits none"),
    ({"watch": {"2 Linear": CYCLIC}}, UnknownNameError, "3 Linear"),
    ({"watch": {"1 Linear": symmetries.Alternating(4)}}, SymmetryError, "does not fit"),
    ({"watch": "cyclic"}, DomainError, "is no symmetry"),
    ({"watch": [CYCLIC, CYCLIC]}, UnknownNameError, "twice"),
    ({"watch": []}, UnknownNameError, "no symmetry"),
    ({"watch": CYCLIC, "watch_every": 0}, ShapeError, "watch_every"),
    ({"watch": parameter_symmetries(mlp())}, DomainError, "another network"),
    ({"soft": [CYCLIC]}, DomainError, "SoftSymmetry"),
    ({"soft": [SoftSymmetry(CYCLIC, 1, layers=[["4"]])]}, DomainError, "pass a text"),
    ({"soft": [SoftSymmetry(CYCLIC, [1, 2])]}, ShapeError, "give a number"),
    ({"soft": [SoftSymmetry(CYCLIC, 1, layers="4")]}, UnknownNameError, "1 Linear"),
])  # fmt: skip
def test_bad_arguments(options, error, words):
    with pytest.raises(error, match=words):
        train(build(mlp()), NORMAL, steps=1, batch=8, **QUIET, **options)


@pytest.mark.parametrize("call", [
    lambda: SoftSymmetry(CYCLIC, -1),
    lambda: SoftSymmetry(CYCLIC, float("nan")),
    lambda: SoftSymmetry(CYCLIC, "strong"),
    lambda: SoftSymmetry(CYCLIC, 1, layers=np.array(["1 Linear", "2 Linear"])),
    lambda: SoftSymmetry(CYCLIC, 1, layers=[]),
    lambda: SoftSymmetry(CYCLIC, {"1 Linear": 1}, layers="1 Linear"),
    lambda: nm.tune_soft_symmetry(L(2, 1), NORMAL, [], LAPLACE),
    lambda: nm.tune_soft_symmetry(L(2, 1), NORMAL, [CYCLIC], LAPLACE, [(1,), (2,)]),
    lambda: nm.tune_soft_symmetry(L(2, 1), NORMAL, [CYCLIC], LAPLACE, method="random"),
    lambda: nm.tune_soft_symmetry(L(2, 1), NORMAL, [CYCLIC], ["a", ""], steps=1, seeds=[0]),
    lambda: nm.tune_soft_symmetry(L(2, 1), NORMAL, [CYCLIC], LAPLACE, soft=[]),
    lambda: nm.tune_soft_symmetry(L(2, 1), NORMAL, [CYCLIC], LAPLACE, layers=[None, None]),
    lambda: nm.tune_soft_symmetry(L(2, 1), NORMAL, [CYCLIC], LAPLACE, seeds=range(10**4)),
])  # fmt: skip
def test_wrong_calls_raise_the_family(call):
    with pytest.raises(CumulantError):
        call()


def test_penalties_want_weight_symmetries():
    net = mlp()
    module = build(net)
    with pytest.raises(DomainError, match="symmetries of the parameters"):
        Penalty(module, [SoftSymmetry(parameter_symmetries(net), 1.0)])
