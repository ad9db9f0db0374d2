"""Predicted against exact and against measured cumulants."""

from fractions import Fraction

import numpy as np
import pytest
import sympy as sp
import torch

from cumulant_theory import activations, laws, layers, symmetries
from cumulant_theory.errors import CumulantError, DomainError, UnknownNameError
from numerics.comparison import compare
from numerics.measurement import measure
from numerics.networks import build
from numerics.prediction import measured_indices, predict

L, P, Q = layers.Linear, layers.Pointwise, activations.Quadratic


def mlp():
    return L(2, 2, symmetry=symmetries.PermutationInvariant(), bias=True) >> P(Q()) >> L(2, 1)


def residual():
    return L(2, 2) >> layers.Residual(L(2, 2, name="U")) >> P(Q("beta")) >> layers.Sum(2)


def nested():
    return L(2, 2) >> layers.Residual(L(2, 2, name="U") >> P(Q("beta"))) >> layers.Sum(2)


@pytest.mark.parametrize("make", [mlp, residual])
@pytest.mark.parametrize("law", [laws.Exponential(2), laws.Uniform(-1, 2), laws.Product(
    [laws.Normal(1, 2), laws.Rademacher()])])  # fmt: skip
def test_prediction_is_the_exact_propagation(make, law):
    module = build(make(), seed=1)
    prediction = predict(module, law, order=3)
    values = {k: sp.Rational(Fraction(v)) for k, v in module.values().items()}
    states = module.theory.subs(values).propagate(law, order=3)
    last = prediction.layers[-1]
    assert prediction.exact
    assert prediction.law == law.label
    for alpha, value in prediction.values[last].items():
        assert value == pytest.approx(float(states[alpha].evalf(30)), rel=1e-10, abs=1e-12)
    for label, state in zip(prediction.layers, states.layers, strict=False):
        for alpha, value in prediction.values[label].items():
            assert value == pytest.approx(float(state[alpha].evalf(30)), rel=1e-10, abs=1e-12)


def test_ensemble_prediction_is_that_of_its_members():
    ensemble = build(mlp(), seeds=range(3))
    together = predict(ensemble, laws.Laplace(0, 1))
    for k in range(3):
        alone = predict(ensemble[k], laws.Laplace(0, 1))
        for label, alpha, value in together.rows():
            assert value.shape == (3,)
            assert value[k] == pytest.approx(alone.values[label][alpha], rel=1e-12, abs=1e-14)


def test_a_layer_with_values_needs_no_module():
    net = mlp()
    module = build(net, seed=0)
    values = {str(k): v for k, v in module.values().items()}
    law = laws.Uniform(-1, 1)
    assert predict(net, law, values=values).rows() == predict(module, law).rows()


@pytest.mark.parametrize("law", [laws.Normal(0, 1), laws.Uniform(-1, 1), laws.Rademacher()])
@pytest.mark.parametrize("make", [mlp, nested])
def test_measured_agrees_with_predicted(make, law):
    ensemble = build(make(), seeds=[0, 1])
    measured = measure(ensemble, law, samples=60_000, seed=1)
    comparison = compare(predict(ensemble, law), measured)
    assert measured.layers == ensemble.labels
    assert not comparison.contradicts, comparison.summary()


def test_a_wrong_weight_is_found():
    module = build(mlp(), seed=0)
    law = laws.Uniform(-1, 1)
    measured = measure(module, law, samples=60_000, seed=1)
    module.load_values({"W__2_11": module.values()[sp.Symbol("W__2_11")] + 0.1})
    comparison = compare(predict(module, law), measured)
    bad = {row.layer for row in comparison.rows if row.verdict == "disagree"}
    assert bad == {"3 Linear"}


def test_order_six_has_single_units_only():
    module = build(L(2, 2) >> P(activations.Identity()), seed=0)
    law = laws.Uniform(-1, 1)
    prediction = predict(module, law, order=6, layers="output")
    measured = measure(module, law, order=6, samples=20_000, layers="output")
    assert set(prediction.values["2 Pointwise"]) == set(measured_indices(2, 6))
    assert set(measured.values["2 Pointwise"]) == set(measured_indices(2, 6))
    assert not compare(prediction, measured).contradicts


def test_measurement_is_seeded_and_does_not_depend_on_global_state():
    module = build(mlp(), seed=0)
    law = laws.Exponential(1)
    first = measure(module, law, samples=5000, seed=3).rows()
    np.random.seed(0)
    torch.manual_seed(0)
    assert measure(module, law, samples=5000, seed=3).rows() == first
    assert measure(module, law, samples=5000, seed=4).rows() != first


def test_constant_first_layer_of_an_ensemble():
    ensemble = build(layers.Mean(2) >> P(Q()), seeds=range(3))
    law = laws.Exponential(1)
    prediction, measured = predict(ensemble, law, 2), measure(ensemble, law, 2, samples=20_000)
    assert prediction.values["1 Mean"][(1,)].shape == measured.values["1 Mean"][(1,)].shape == (3,)
    assert not compare(prediction, measured).contradicts


@pytest.mark.parametrize("call", [
    lambda m: predict(m, laws.Normal(0, "sigma")),
    lambda m: predict(m, "normal"),
    lambda m: predict(m, laws.Normal(0, 1).iid(3)),
    lambda m: predict(m, laws.StudentT(5)),
    lambda m: predict(m, laws.Normal(0, 1), order=0),
    lambda m: predict(m.theory, laws.Normal(0, 1)),
    lambda m: predict("net", laws.Normal(0, 1)),
    lambda m: predict(m, laws.Normal(0, 1), layers="4 Linear"),
    lambda m: measure(m, laws.Normal(0, 1).iid(3), samples=100),
    lambda m: measure(m, laws.Generic("kappa"), samples=100),
    lambda m: measure("net", laws.Normal(0, 1)),
    lambda m: measure(m, laws.Normal(0, 1), samples=0),
])  # fmt: skip
def test_bad_input(call):
    with pytest.raises(CumulantError):
        call(build(mlp()))


def test_overflow_names_the_layer():
    module = build(mlp(), values={"W__2_11": 1e308, "W__2_12": 1e308})
    with pytest.raises(DomainError, match="3 Linear"):
        measure(module, laws.Exponential(sp.Rational(1, 100)), samples=1000)


def test_unknown_layer_lists_the_known():
    with pytest.raises(UnknownNameError, match="2 Pointwise"):
        predict(build(mlp()), laws.Normal(0, 1), layers=["2 Pointwis"])
