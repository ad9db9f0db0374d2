"""Losses by two routes, optimisers, ensembles, reproducibility, divergence."""

import math
from fractions import Fraction

import numpy as np
import pytest
import sympy as sp
import torch

from cumulant_theory import activations, laws, layers, symmetries
from cumulant_theory.errors import (
    CumulantError,
    DivergenceError,
    DomainError,
    OrderError,
    ShapeError,
    UnknownNameError,
)
from numerics.kstatistics import KStatistics
from numerics.networks import build
from numerics.tasks import BlockSum
from numerics.training import (
    cumulant_distance,
    energy_distance,
    kstatistics,
    law_residuals,
    pointwise_residuals,
    squared_error,
    train,
)

L, P, Q = layers.Linear, layers.Pointwise, activations.Quadratic
SKEWED = laws.Discrete(
    [-1, 0, 2], [sp.Rational(1, 2), sp.Rational(1, 3), sp.Rational(1, 6)]
)


def mlp(**options):
    return L(2, 2, bias=True, **options) >> P(Q()) >> L(2, 1)


def rational(module):
    return module.theory.subs({k: sp.Rational(Fraction(v)) for k, v in module.values().items()})


@pytest.mark.parametrize("law", [SKEWED, laws.Rademacher(), laws.Bernoulli(sp.Rational(1, 3))])
@pytest.mark.parametrize("net", [mlp(), L(2, 1), mlp() >> P(activations.Cube())])
def test_exact_risk_is_the_enumerated_one(net, law):
    task = BlockSum(2, law)
    module = build(net, seed=5)
    risk = pointwise_residuals(module, task)(module.theta).square().sum().item()
    points, probabilities = zip(*task.inputs.support(), strict=True)
    x = torch.tensor([[float(v) for v in p] for p in points], dtype=torch.float64)
    square = (module(x) - x.sum(1, keepdim=True) / math.sqrt(2)).square()[:, 0]
    weights = torch.tensor([float(p) for p in probabilities], dtype=torch.float64)
    # the rounding of the form grows with the size of the map at the nodes
    assert risk == pytest.approx(float(square @ weights), rel=1e-9)


def test_exact_risk_of_a_joint_law_with_correlations():
    law = laws.MultivariateNormal([1, 0], [[2, 1], [1, 3]])
    module = build(L(2, 1, bias=True), values={"W_11": 0.5, "W_12": -1, "c": 0.25})
    risk = pointwise_residuals(module, BlockSum(2, law))(module.theta).square().sum().item()
    u, v = 0.5 - 2**-0.5, -1 - 2**-0.5
    expected = (u + 0.25) ** 2 + 2 * u * u + 2 * u * v + 3 * v * v
    assert risk == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize("law", [SKEWED, laws.Logistic(0, 1)])
def test_exact_law_residuals_are_the_propagated_ones(law):
    task = BlockSum(2, law)
    module = build(mlp(), seed=2)
    weights = [1.0, 2.0, 0.0, 0.5]
    found = law_residuals(module, task, 4, weights)(module.theta).tolist()
    network = rational(module).propagate(law, order=4)
    target = task.target.propagate(task.inputs, 4)
    expected = [
        math.sqrt(w) * float((network[r] - target[r]).evalf(30))
        for r, w in zip(range(1, 5), weights, strict=True) if w
    ]
    assert found == pytest.approx(expected, rel=1e-11)


@pytest.mark.parametrize("make", [pointwise_residuals,
                                  lambda m, t: law_residuals(m, t, 3, [1.0] * 3)])  # fmt: skip
def test_gradients_of_exact_losses_are_finite_differences(make):
    module = build(mlp(), seed=1)
    residuals = make(module, BlockSum(2, laws.Exponential(1)))
    assert torch.autograd.gradcheck(lambda t: residuals(t).square().sum(), module.theta)


def test_gradient_of_the_sampled_risk_averages_to_the_exact_one():
    task = BlockSum(2, laws.Uniform(-1, 1))
    module = build(mlp(), seed=1)
    residuals = pointwise_residuals(module, task)
    exact = torch.func.grad(lambda t: residuals(t).square().sum())(module.theta.detach())
    x, y = task.sample(200 * 256, seed=0)
    parts = zip(x.reshape(200, 256, 2), y.reshape(200, 256, 1), strict=True)
    sampled = torch.stack([
        torch.func.grad(lambda t, a=a, c=c: squared_error(module.evaluate(t, a), c))(
            module.theta.detach()
        ) for a, c in parts
    ])  # fmt: skip
    z = (sampled.mean(0) - exact) / (sampled.std(0) / math.sqrt(200))
    assert float(z.abs().max()) < 5


def test_sampled_law_losses_are_unbiased():
    rng = np.random.default_rng(0)
    law = SKEWED
    k_f, k_r = ([float(law.cumulant(r)) * s**r for r in (1, 2, 3)] for s in (1.0, 1.5))
    exact = sum((a - b) ** 2 for a, b in zip(k_f, k_r, strict=True))
    points = np.array([-1.0, 0, 2])
    draw = rng.choice(points, p=[1 / 2, 1 / 3, 1 / 6], size=(2, 4000, 40))
    first, second = torch.tensor(draw[0]), torch.tensor(1.5 * draw[1])
    values = torch.stack([
        cumulant_distance(a, b, [1.0, 1.0, 1.0]) for a, b in zip(first, second, strict=True)
    ])  # fmt: skip
    assert abs(float(values.mean()) - exact) < 5 * float(values.std()) / math.sqrt(4000)
    probability = np.array([1 / 2, 1 / 3, 1 / 6])

    def mean_gap(u, v):
        return probability @ np.abs(u[:, None] - v[None]) @ probability

    energy = 2 * mean_gap(points, 1.5 * points) - mean_gap(points, points) - mean_gap(
        1.5 * points, 1.5 * points
    )
    found = torch.stack([energy_distance(a, b) for a, b in zip(first, second, strict=True)])
    assert abs(float(found.mean()) - energy) < 5 * float(found.std()) / math.sqrt(4000)


def test_kstatistics_agree_with_the_accumulator():
    data = np.random.default_rng(1).exponential(size=(3, 50))
    ours = kstatistics(torch.tensor(data), 6).numpy()
    for row, sample in zip(ours, data, strict=True):
        other = KStatistics(1, order=6).update(sample)
        assert row == pytest.approx([other[r] for r in range(1, 7)], rel=1e-9)


@pytest.mark.parametrize("law", [laws.Normal(0, 1), laws.Exponential(1), laws.Rademacher()])
def test_second_order_training_reaches_realisable_targets(law):
    ensemble = build(mlp(), seeds=range(6))
    result = train(ensemble, BlockSum(2, law), exact=True, progress=False)
    assert result.converged.all()
    assert float(np.median(result.final_loss)) < 1e-20


def test_law_matching_of_gaussians_finds_the_whole_circle():
    ensemble = build(L(2, 1), seeds=range(8))
    result = train(ensemble, BlockSum(2, laws.Normal(0, 1)), loss="law", exact=True, progress=False)
    assert result.converged.all()
    weights = ensemble.theta.detach().numpy()
    assert (weights**2).sum(axis=1) == pytest.approx(np.ones(8), abs=1e-10)
    assert weights[:, 0].std() > 0.1


@pytest.mark.parametrize("distance", ["cumulants", "energy"])
def test_sampled_law_matching_approaches_the_circle(distance):
    ensemble = build(L(2, 1), seeds=range(4))
    before = np.abs((ensemble.theta.detach().numpy() ** 2).sum(axis=1) - 1)
    train(ensemble, BlockSum(2, laws.Normal(0, 1)), loss="law", order=2, distance=distance,
          steps=300, batch=512, lr=0.02, progress=False)  # fmt: skip
    after = np.abs((ensemble.theta.detach().numpy() ** 2).sum(axis=1) - 1)
    assert after.max() < 0.25 * before.max()


def test_tying_survives_training():
    net = L(3, 3, symmetry=symmetries.Cyclic()) >> P(Q()) >> layers.Mean(3)
    module = build(net, seed=0)
    train(module, BlockSum(3, laws.Normal(0, 1)), steps=20, batch=64, progress=False)
    weight = sp.Matrix(rational(module).layers[0].weight)
    assert net.layers[0].tying.is_equivariant(weight)


@pytest.mark.parametrize("options", [
    {}, {"loss": "law"}, {"exact": True}, {"exact": True, "optimizer": "adam"},
    {"loss": "law", "exact": True}, {"optimizer": "sgd"},
])  # fmt: skip
def test_an_ensemble_trains_as_its_members_do(options):
    task = BlockSum(2, laws.Exponential(1))
    together = build(mlp(), seeds=[3, 4])
    options = {"steps": 12, "batch": 64, "order": 2, "lr": 1e-3, "progress": False} | options
    result = train(together, task, **options)
    for k, seed in enumerate([3, 4]):
        alone = build(mlp(), seed=seed)
        single = train(alone, task, **options)
        torch.testing.assert_close(alone.theta, together.theta[k], rtol=1e-8, atol=1e-10)
        assert single.final_loss == pytest.approx(result.final_loss[k], rel=1e-6, abs=1e-12)


def test_same_seed_same_result_whatever_the_global_state():
    task = BlockSum(2, laws.Laplace(0, 1))
    runs = []
    for state, seed in ((0, 7), (1, 7), (1, 8)):
        torch.manual_seed(state)
        np.random.seed(state)
        module = build(mlp(), seed=0)
        train(module, task, steps=10, batch=32, seed=seed, progress=False)
        runs.append(module.theta.detach())
    assert torch.equal(runs[0], runs[1])
    assert not torch.equal(runs[0], runs[2])


def test_divergence_names_step_and_seed_and_restores():
    task = BlockSum(2, laws.Normal(0, 1))
    net = mlp()
    values = {str(p): [0.1, 1e80] for p in net.parameters}
    ensemble = build(net, seeds=[11, 12], values=values)
    start = ensemble.theta.detach().clone()
    with pytest.raises(DivergenceError, match=r"seed 12.*before training"):
        train(ensemble, task, steps=5, progress=False)
    assert torch.equal(ensemble.theta, start)

    ensemble = build(net, seeds=[11, 12])
    with pytest.raises(DivergenceError, match=r"step \d+; the last finite loss.*lr=1e\+06"):
        train(ensemble, task, steps=400, lr=1e6, optimizer="sgd", progress=False)
    assert torch.isfinite(ensemble.theta).all()


def test_divergence_keeps_the_finite_members():
    task = BlockSum(2, laws.Normal(0, 1))
    values = {str(p): [0.1, 30.0] for p in mlp().parameters}
    ensemble = build(mlp(), seeds=[0, 1], values=values)
    result = train(ensemble, task, steps=200, lr=0.01, optimizer="sgd", on_divergence="keep",
                   progress=False)  # fmt: skip
    assert result.diverged.tolist() == [False, True]
    assert torch.isfinite(ensemble.theta).all()
    assert np.isnan(result.losses[-1, 1])
    alone = build(mlp(), values={str(p): 0.1 for p in mlp().parameters})
    train(alone, task, steps=200, lr=0.01, optimizer="sgd", progress=False)
    torch.testing.assert_close(alone.theta, ensemble.theta[0], rtol=1e-8, atol=1e-10)


def test_result_prints_and_plots():
    module = build(L(2, 1))
    result = train(module, BlockSum(2, laws.Normal(0, 1)), steps=20, batch=32, progress=False)
    assert "20 steps of adam" in repr(result)
    assert result.losses.shape == (21,)
    assert result.plot().get_yscale() == "log"


def test_progress_goes_to_stderr(capsys):
    train(build(L(2, 1)), BlockSum(2, laws.Normal(0, 1)), steps=3, batch=8)
    out, err = capsys.readouterr()
    assert out == ""
    assert "train" in err


@pytest.mark.parametrize(
    ("options", "error", "words"),
    [
        ({"loss": "mse"}, UnknownNameError, "pointwise"),
        ({"loss": lambda output: output}, DomainError, "a function of outputs"),
        ({"loss": lambda output, y: 0.0}, DomainError, "a real tensor"),
        ({"optimizer": "lion"}, UnknownNameError, "adam"),
        ({"optimizer": "lm"}, DomainError, "exact=True"),
        ({"distance": "energy"}, DomainError, "loss='law'"),
        ({"loss": "law", "weights": [1, 2]}, ShapeError, "give 4"),
        ({"loss": "law", "weights": [1, 1, 1, -1]}, DomainError, "negative"),
        ({"loss": "law", "batch": 6}, ShapeError, "at least 8"),
        ({"steps": -1}, ShapeError, "steps"),
        ({"lr": float("nan")}, DomainError, "lr"),
        ({"lr": sp.Integer(2)}, DomainError, "lr"),
        ({"loss": "law", "exact": True, "order": 0}, OrderError, "order"),
    ],
)
def test_bad_arguments(options, error, words):
    with pytest.raises(error, match=words):
        train(build(L(2, 1)), BlockSum(2, laws.Normal(0, 1)), **{"progress": False} | options)


@pytest.mark.parametrize("call", [
    lambda: BlockSum("b", laws.Normal(0, 1)),
    lambda: BlockSum(2, "normal"),
    lambda: BlockSum(2, laws.Normal(0, 1).iid(3)),
    lambda: BlockSum(2, laws.Normal(0, 1), s=0.5),
    lambda: BlockSum(2, laws.Normal(0, 1), s=sp.I),
    lambda: train(build(L(3, 1)), BlockSum(2, laws.Normal(0, 1)), progress=False),
    lambda: train(build(L(2, 1)), BlockSum(2, laws.Normal(0, "v")), progress=False),
    lambda: train(build(L(2, 1)), BlockSum(2, laws.Normal(0, "v")), exact=True, progress=False),
    lambda: train(build(mlp()), BlockSum(2, laws.StudentT(5)), exact=True, loss="law",
                  progress=False),
    lambda: train("net", BlockSum(2, laws.Normal(0, 1))),
])  # fmt: skip
def test_bad_tasks_raise_the_family(call):
    with pytest.raises(CumulantError):
        call()


@pytest.mark.parametrize("exact", [False, True])
def test_what_is_no_task_or_seed_is_refused(exact):
    module = build(L(2, 1))
    for task in (None, "block sum", laws.Normal(0, 1)):
        with pytest.raises(DomainError, match=r"no target, inputs.*tasks\.BlockSum"):
            train(module, task, exact=exact, progress=False)
    task = BlockSum(2, laws.Normal(0, 1))
    for seed in (-1, 0.5, None):
        with pytest.raises(DomainError, match="train: seed"):
            train(module, task, exact=exact, seed=seed, progress=False)
    with pytest.raises(DomainError, match="no floating type"):
        build(L(2, 1), dtype="float64")
