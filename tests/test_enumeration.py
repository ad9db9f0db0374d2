"""Propagation against exact enumeration: every symmetry, every layer, exact fractions."""

import random
from fractions import Fraction

import pytest
import sympy as sp
from hypothesis import given, settings
from hypothesis import strategies as st

from cumulant_theory import activations, laws, layers, oracle, symmetries, testing
from cumulant_theory.errors import DomainError, ShapeError, VerificationError

R = sp.Rational
SYMMETRIES = [
    pytest.param(symmetry, id=f"{name}-{k}")
    for name in symmetries.catalogue()
    for k, symmetry in enumerate(
        dict.fromkeys(s for s, *_ in symmetries.get(name).examples()
                      if testing.fitting_shapes(s, 6))
    )
]


def random_rational(rng):
    return R(rng.randint(-4, 4), rng.randint(1, 3))


def mlp(symmetry, rng):
    """Two quadratic hidden layers; tied wherever the symmetry fits; random rational numbers."""
    linear = testing.symmetric_chain(symmetry)
    quadratic = layers.Pointwise(activations.Quadratic())
    net = layers.Sequential(linear[0], quadratic, linear[1],
                            layers.Pointwise(activations.Quadratic()), linear[2])
    return net.subs({p: random_rational(rng) for p in net.parameters})


def finite_law(rng, atoms):
    points = rng.sample([R(-2), R(-1), R(-1, 2), R(0), R(1, 3), R(1), R(3, 2), R(3)], atoms)
    weights = [rng.randint(1, 4) for _ in points]
    return laws.Discrete(points, [R(w, sum(weights)) for w in weights])


def test_every_symmetry_of_the_catalogue_is_covered():
    covered = {param.values[0].name for param in SYMMETRIES}
    assert covered == set(symmetries.catalogue())


@pytest.mark.parametrize("symmetry", SYMMETRIES)
def test_random_rational_mlp_matches_enumeration(symmetry):
    rng = random.Random(f"mlp-{symmetry!r}")
    net = mlp(symmetry, rng)
    tied = [la for la in net if isinstance(la, layers.Linear) and la.symmetry == symmetry]
    assert tied
    assert all(la.tying.is_equivariant(la.weight, la.bias) for la in tied)
    units = net.input_units()
    law = finite_law(rng, 3 if units <= 3 else 2)
    testing.check_against_enumeration(net, law, order=4)


@pytest.mark.parametrize("name", symmetries.catalogue())
def test_dependent_inputs_match_enumeration(name):
    rng = random.Random(f"joint-{name}")
    symmetry = next(p.values[0] for p in SYMMETRIES if p.values[0].name == name)
    chain = testing.symmetric_chain(symmetry, depth=2)
    net = layers.Sequential(chain[0], layers.Pointwise(activations.Quadratic()), chain[1])
    net = net.subs({p: random_rational(rng) for p in net.parameters})
    points = [[random_rational(rng) for _ in range(net.input_units())] for _ in range(4)]
    law = laws.DiscreteJoint(points, [R(1, 2), R(1, 4), R(1, 8), R(1, 8)])
    testing.check_against_enumeration(net, law, order=3)


@settings(max_examples=15)
@given(st.data())
def test_random_networks_match_enumeration(data):
    net = data.draw(testing.rational_networks(max_layers=2, max_width=2, max_degree=2))
    law = data.draw(testing.joint_laws(net.input_units()))
    testing.check_against_enumeration(net, law, order=3)


@settings(max_examples=10)
@given(st.data())
def test_cubic_networks_match_enumeration(data):
    net = data.draw(testing.rational_networks(max_layers=1, max_width=2, max_degree=3))
    law = data.draw(testing.joint_laws(net.input_units(), atoms=2))
    testing.check_against_enumeration(net, law, order=3)


@pytest.mark.parametrize("inner", [
    layers.Linear(2, 2, weight=[[1, R(-1, 2)], [3, 0]], bias_values=[1, 2]),
    layers.Pointwise(activations.Cubic(R(1, 2))),
    layers.Linear(2, 3, weight=[[1, 2], [0, 1], [R(1, 3), -1]])
    >> layers.Pointwise(activations.Square())
    >> layers.Linear(3, 2, weight=[[1, 0, 1], [R(1, 2), -2, 1]]),
])
def test_residual_branches_match_enumeration(inner):
    net = layers.Linear(2, 2, weight=[[1, 1], [2, -1]]) >> layers.Residual(inner) >> layers.Mean(2)
    testing.check_against_enumeration(net, laws.Discrete([-1, R(1, 2), 2]), order=3)


def test_constant_layers_match_enumeration():
    law = laws.Discrete([-1, 0, 3], [R(1, 2), R(1, 3), R(1, 6)])
    for layer in (layers.Sum(3), layers.Mean(3), layers.BlockSum(3, 1),
                  layers.BlockSum(3, weights=[1, R(1, 2), -2])):
        testing.check_against_enumeration(layer, law, order=5)


def test_irrational_block_sum_matches_enumeration():
    net = layers.BlockSum(2) >> layers.Pointwise(activations.Quadratic(R(1, 2)))
    law = laws.Discrete([-1, 0, 3], [R(1, 2), R(1, 3), R(1, 6)])
    testing.check_against_enumeration(net, law, order=4)
    found = testing.enumerate_network(net, law, order=3)
    # kappa_1 = 0 and kappa_2 = 2: kappa_3 of the block sum is kappa_3 / sqrt 2
    assert found["1 BlockSum"][(2,)] == 2
    assert found["1 BlockSum"][(3,)] == law.cumulant(3) / sp.sqrt(2)


def test_enumeration_against_hand_count():
    # x in {0, 1} twice: sum 0, 1, 2 with 1/4, 1/2, 1/4; squares 0, 1, 4
    net = layers.Sum(2) >> layers.Pointwise(activations.Square())
    found = testing.enumerate_network(net, laws.Bernoulli(), order=3)
    assert found["1 Sum"] == {(1,): 1, (2,): Fraction(1, 2), (3,): 0}
    m1, m2, m3 = Fraction(6, 4), Fraction(18, 4), Fraction(66, 4)
    assert found["2 Pointwise"] == {(1,): m1, (2,): m2 - m1**2, (3,): m3 - 3 * m1 * m2 + 2 * m1**3}


def test_wrong_propagation_is_caught_at_its_layer():
    net = layers.Linear(2, 2, weight=[[1, 2], [3, 4]]) >> layers.Pointwise(activations.Square())
    wrong = layers.Linear(2, 2, weight=[[1, 2], [3, 5]]) >> layers.Pointwise(activations.Square())
    with pytest.raises(VerificationError, match=r"layer 1 Linear, multi-index \(1, 1\)"):
        testing.check_against_enumeration(
            net, laws.Rademacher(), 2, propagate=lambda n, law, order: wrong.propagate(law, order)
        )
    late = layers.Linear(2, 2, weight=[[1, 2], [3, 4]]) >> layers.Pointwise(
        activations.Polynomial([1, 0, 1])
    )
    with pytest.raises(VerificationError, match=r"layer 2 Pointwise, multi-index \(1, 0\)"):
        testing.check_against_enumeration(
            net, laws.Rademacher(), 2, propagate=lambda n, law, order: late.propagate(law, order)
        )
    with pytest.raises(VerificationError, match="2 layers, but 1 states"):
        testing.check_against_enumeration(
            net, laws.Rademacher(), 2, propagate=lambda n, law, order: net[0].propagate(law, order)
        )


def test_propagation_of_ones_own_that_does_not_propagate():
    net = layers.Mean(2)
    for propagate, words in ((len, "fails"), (lambda *a: None, "with their layers")):
        with pytest.raises(DomainError, match=words):
            testing.check_against_enumeration(net, laws.Rademacher(), 2, propagate)


def test_maps_of_finite_laws_that_are_none():
    law = oracle.FiniteLaw([(-1,), (1,)], [sp.S.Half] * 2)
    for f, error, words in (
        ({}.__getitem__, DomainError, "fails"), (lambda x: None, ShapeError, "list of numbers"),
    ):
        with pytest.raises(error, match=words):
            law.push(f)
    with pytest.raises(DomainError, match="the class Rademacher"):
        oracle.enumerated(laws.Rademacher)


def test_enumeration_refuses_what_it_cannot_count():
    net = layers.Linear(2, 1)
    with pytest.raises(DomainError, match="no finite support"):
        testing.enumerate_network(net, laws.Normal(0, 1))
    with pytest.raises(DomainError, match="W_11, W_12 have no value"):
        testing.enumerate_network(net, laws.Rademacher())
    with pytest.raises(ShapeError):
        testing.enumerate_network(layers.Sum(2), laws.Rademacher().iid(3))
    with pytest.raises(ShapeError, match="symbolic dimension b"):
        testing.enumerate_network(layers.BlockSum("b"), laws.Rademacher().iid("b"))
    with pytest.raises(DomainError, match="s have no value"):
        testing.enumerate_network(layers.BlockSum(2, "s"), laws.Rademacher())


@settings(max_examples=30)
@given(testing.symmetric_layers(), testing.laws_finite())
def test_symmetric_layers_are_equivariant_at_random_values(layer, law):
    rng = random.Random(repr(layer))
    concrete = layer.subs({p: random_rational(rng) for p in layer.parameters})
    assert layer.tying.is_equivariant(concrete.weight, concrete.bias)
    testing.check_against_enumeration(concrete, law, order=2)
