"""Identities over the registries: every law, every symmetry, block sums, and broken ones."""

import itertools

import numpy as np
import pytest
import sympy as sp
from hypothesis import find, given, settings
from hypothesis import strategies as st

from cumulant_theory import activations, laws, layers, symmetries, testing
from cumulant_theory.errors import (
    DomainError,
    MissingDependencyError,
    ShapeError,
    SymmetryError,
    VerificationError,
)

R = sp.Rational
quick = settings(max_examples=20)
UNIVARIATE = [
    pytest.param(law(**arguments), id=f"{name}-{k}")
    for name, law in laws.catalogue().items() for k, arguments in enumerate(law.examples)
]
JOINT = [
    pytest.param(law(**arguments), id=f"{name}-{k}")
    for name, law in laws.catalogue(laws.JointLaw).items()
    for k, arguments in enumerate(law.examples)
]
SYMMETRIC = [
    pytest.param(symmetry, out, into, id=f"{name}-{k}")
    for name in symmetries.catalogue()
    for k, (symmetry, out, into) in enumerate(symmetries.get(name).examples())
]


def top(law, wanted):
    return wanted if law.max_order is None else min(wanted, law.max_order)


# ---------------------------------------------------------------------------- laws


@pytest.mark.parametrize("law", UNIVARIATE)
def test_moments_and_cumulants_of_every_law(law):
    testing.check_moment_cumulant_round_trip(law, top(law, 5))


@pytest.mark.parametrize("law", UNIVARIATE)
def test_shift_and_scale_of_every_law(law):
    testing.check_shift_and_scale(law, R(-3, 2), R(1, 3), top(law, 4))


@pytest.mark.parametrize("law", UNIVARIATE)
def test_additivity_of_every_law(law):
    testing.check_additivity(law, laws.Exponential(2), top(law, 4))


@pytest.mark.parametrize("law", UNIVARIATE)
def test_semigroup_on_every_law(law):
    testing.check_block_sum_semigroup(law, 2, 2, order=top(law, 4))


@pytest.mark.parametrize("law", JOINT)
def test_identities_of_every_joint_law(law):
    order = top(law, 3)
    testing.check_moment_cumulant_round_trip(law, order)
    testing.check_index_symmetry(law, order)
    testing.check_independence(law, order)
    testing.check_additivity(law, law, order)
    weight = [[R(i - 2 * j, i + 1) for j in range(law.dim)] for i in range(2)]
    testing.check_multilinearity(law, weight, order)
    testing.check_shift_and_scale(law, "a", "c", order)


@quick
@given(testing.joint_laws(2), testing.joint_laws(2))
def test_additivity_of_random_joint_laws(first, second):
    testing.check_additivity(first, second, order=3)


@quick
@given(st.data())
def test_multilinearity_at_random_matrices(data):
    law = data.draw(testing.joint_laws(2))
    row = st.lists(testing.rationals(), min_size=2, max_size=2)
    testing.check_multilinearity(law, data.draw(st.lists(row, min_size=1, max_size=3)), order=3)


@quick
@given(testing.univariate_laws(order=4), testing.rationals(), testing.rationals())
def test_shift_and_scale_at_random_values(law, scale, shift):
    testing.check_shift_and_scale(law, scale, shift, order=4)


@quick
@given(st.data())
def test_network_outputs_have_symmetric_indices(data):
    net = data.draw(testing.rational_networks(max_layers=1))
    law = data.draw(testing.joint_laws(net.input_units()))
    testing.check_index_symmetry(net.propagate(law, 3), 3)


@quick
@given(testing.laws_finite(), testing.laws_finite(), testing.polynomial_activations(3))
def test_units_stay_independent_through_pointwise_layers(first, second, phi):
    out = layers.Pointwise(phi).propagate(laws.Product([first, second]), 3)
    testing.check_independence(out, 3)
    # by enumeration, which knows nothing of blocks
    found = testing.enumerate_network(layers.Pointwise(phi), laws.Product([first, second]), 3)
    assert all(v == 0 for a, v in found["1 Pointwise"].items() if 0 not in a)


def test_disjoint_groups_of_inputs_stay_independent():
    weight = [[1, 2, 0], [0, 0, 3], [0, 0, -1]]
    out = layers.Linear(3, 3, weight=weight).propagate(laws.Exponential(1).iid(3), 3)
    assert out.blocks == ((0,), (1, 2))
    assert out.joint(1, 2) == -3
    testing.check_independence(out, 3)


# ---------------------------------------------------------------------------- block sums


@pytest.mark.parametrize(("b", "c"), [(1, 3), (2, 3), (3, 2)])
@pytest.mark.parametrize("s", [R(1, 2), 1, R(1, 3), 0, "s"])
def test_block_sums_are_a_semigroup(b, c, s):
    testing.check_block_sum_semigroup(laws.Gamma(2, 3), b, c, s, order=4)


def test_block_sum_semigroup_with_symbols():
    b, c, s = sp.symbols("b c s", positive=True)
    both = layers.BlockSum(b, s) @ layers.BlockSum(c, s)
    for r in range(1, 7):
        product = layers.BlockSum(b, s).eigenvalue(r) * layers.BlockSum(c, s).eigenvalue(r)
        assert sp.simplify(both.eigenvalue(r) / product) == 1
    with pytest.raises(DomainError, match="one exponent s"):
        layers.BlockSum(2, 1) @ layers.BlockSum(2)


@pytest.mark.parametrize("layer", [
    *map(layers.BlockSum, (1, 2, 3, 4, 5, "b")),
    layers.BlockSum(2, weights=[R(3, 5), R(-4, 5)]),
    layers.Linear(3, 1, weight=[[R(2, 3), R(-1, 3), R(2, 3)]]),
], ids=repr)
def test_gaussians_are_fixed(layer):
    testing.check_gaussian_fixed_point(layer, order=6)


def test_no_other_exponent_fixes_gaussians():
    with pytest.raises(VerificationError, match="kappa_2 of a centred Gaussian"):
        testing.check_gaussian_fixed_point(layers.BlockSum(2, 1))
    with pytest.raises(VerificationError, match="kappa_1"):
        testing.check_gaussian_fixed_point(
            layers.BlockSum(2) >> layers.Pointwise(activations.Quadratic(R(1, 7)))
        )


# ---------------------------------------------------------------------------- equivariance


@pytest.mark.parametrize(("symmetry", "out", "into"), SYMMETRIC)
def test_tied_layers_are_equivariant(symmetry, out, into):
    layer = layers.Linear(into, out, symmetry=symmetry, bias=True)
    points = [[(3 * i + 5 * k) % 7 - 3 for k in range(into)] for i in range(3)]
    testing.check_equivariance(layer, laws.DiscreteJoint(points), order=2)


@pytest.mark.parametrize("symmetry", [
    symmetries.Cyclic(), symmetries.PermutationEquivariant(), symmetries.Reflection(),
    symmetries.GraphAutomorphism(generators=[(2, 1, 0)]),
], ids=repr)
def test_networks_of_tied_layers_are_equivariant(symmetry):
    first = layers.Linear(3, 3, symmetry=symmetry, bias=True)
    net = first >> layers.Pointwise(activations.Quadratic(R(1, 2))) >> layers.Linear(
        3, 3, symmetry=symmetry
    )
    net = net.subs({p: R(k % 5 - 2, 3) for k, p in enumerate(net.parameters)})
    law = laws.DiscreteJoint([(0, 1, 3), (1, -1, 0), (2, 0, 1)])
    pairs = first.tying.generators
    testing.check_equivariance(net, law, 3, pairs)
    # an invariant read-out forgets the group element
    pooled = net >> layers.Mean(3)
    testing.check_equivariance(pooled, law, 3, [(sp.eye(1), rho) for _, rho in pairs])


def test_odd_networks_flip_sign():
    flip = symmetries.SignFlip()
    net = layers.Linear(2, 2, symmetry=flip, bias=True) >> layers.Pointwise(
        activations.Cubic(R(1, 3))
    ) >> layers.Linear(2, 1, symmetry=flip)
    net = net.subs({p: R(k + 1, 2) for k, p in enumerate(net.parameters)})
    law = laws.Exponential(1).iid(2)
    pairs = [(-sp.eye(1), -sp.eye(2))]
    testing.check_equivariance(net, law, 3, pairs)
    even = layers.Linear(2, 1, weight=[[1, 2]]) >> layers.Pointwise(activations.Quadratic(1))
    with pytest.raises(VerificationError, match="generator 1"):
        testing.check_equivariance(even, law, 3, pairs)


def test_broken_symmetry_is_caught():
    rho = sp.Matrix([[0, 1], [1, 0]])
    layer = layers.Linear(2, 2, weight=[[1, 2], [2, 3]])
    law = laws.DiscreteJoint([(0, 1), (1, 4)])
    with pytest.raises(VerificationError, match=r"generator 1, multi-index \(1, 0\)"):
        testing.check_equivariance(layer, law, 2, [(rho, rho)])
    with pytest.raises(DomainError, match="no symmetry of its own"):
        testing.check_equivariance(layers.Mean(2), law)
    with pytest.raises(ShapeError, match="square matrix"):
        testing.check_equivariance(layer, law, 2, [(rho, sp.Matrix([[1, 0]]))])


# ---------------------------------------------------------------------------- broken objects


class Wrong:
    """A joint law with one value changed."""

    def __init__(self, law, method, alpha):
        self.law, self.method, self.alpha = law, method, alpha

    def __getattr__(self, name):
        return getattr(self.law, name)

    def cumulant(self, alpha):
        wrong = self.method == "cumulant" and tuple(alpha) == self.alpha
        return self.law.cumulant(alpha) + (1 if wrong else 0)

    def moment(self, alpha):
        wrong = self.method == "moment" and tuple(alpha) == self.alpha
        return self.law.moment(alpha) + (1 if wrong else 0)

    def joint(self, *indices):
        wrong = self.method == "joint" and indices == self.alpha
        return self.law.joint(*indices) + (1 if wrong else 0)


PAIR = laws.Product([laws.Exponential(1), laws.Poisson(2)])


@pytest.mark.parametrize(("check", "method", "alpha"), [
    (testing.check_moment_cumulant_round_trip, "cumulant", (2, 0)),
    (testing.check_moment_cumulant_round_trip, "moment", (1, 2)),
    (testing.check_index_symmetry, "joint", (1, 0, 1)),
    (testing.check_index_symmetry, "cumulant", (1, 2)),
    (testing.check_independence, "cumulant", (1, 1)),
    (testing.check_independence, "moment", (2, 1)),
    (lambda law: testing.check_multilinearity(law, [[1, 2]], 3), "joint", (1, 1)),
    (lambda law: testing.check_shift_and_scale(law, 2, 1), "moment", (2, 0)),
])
def test_checks_fail_on_wrong_laws(check, method, alpha):
    check(PAIR)
    with pytest.raises(VerificationError, match=r"\(|kappa|units"):
        check(Wrong(PAIR, method, alpha))


class Skewed(laws.Exponential):
    """Exponential whose third cumulant is wrong; kept out of the registry."""

    def _cumulant(self, r):
        return super()._cumulant(r) + (1 if r == 3 else 0)

    def _moment(self, r):
        return laws.Exponential(1).moment(r)


@pytest.mark.parametrize("check", [
    lambda law: testing.check_moment_cumulant_round_trip(law),
    lambda law: testing.check_additivity(law, laws.Normal(0, 1)),
    lambda law: testing.check_shift_and_scale(law, 2, 1),
])
def test_checks_fail_on_a_wrong_univariate_law(check):
    check(laws.Exponential(1))
    with pytest.raises(VerificationError):
        check(Skewed(1))


def test_additivity_needs_equal_dimensions():
    with pytest.raises(ShapeError, match="sums need as many"):
        testing.check_additivity(laws.Normal(0, 1), laws.Normal(0, 1).iid(2))
    with pytest.raises(ShapeError, match="must have 2 columns"):
        testing.check_multilinearity(laws.Normal(0, 1).iid(2), [[1, 2, 3]])


# ---------------------------------------------------------------------------- strategies


def test_strategies_reach_the_registries():
    seen = set()

    @settings(max_examples=200)
    @given(testing.symmetric_layers(), testing.univariate_laws(order=3))
    def draw(layer, law):
        seen.update((layer.symmetry.name, law.name))
        assert law.max_order is None or law.max_order >= 3
        assert layer.tying.is_equivariant(layer.weight, layer.bias)

    draw()
    assert set(symmetries.catalogue()) <= seen
    assert len(seen & set(laws.catalogue())) >= 10


def test_fitting_shapes_are_those_that_tie():
    symmetry = symmetries.Orthogonal()
    shapes = testing.fitting_shapes(symmetry, 4)
    for out, into in itertools.product(range(1, 5), repeat=2):
        if (out, into) in shapes:
            assert symmetry.tie(out, into).dimension
        else:
            with pytest.raises(SymmetryError):
                symmetry.tie(out, into)


def test_strategies_without_hypothesis(monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "hypothesis.strategies", None)
    with pytest.raises(MissingDependencyError, match=r"cumulant-theory\[testing\]"):
        testing.rationals()
    with pytest.raises(MissingDependencyError):
        testing.symmetric_layers()
    testing.check_index_symmetry(PAIR, 2)


def test_strategy_arguments():
    with pytest.raises(DomainError, match="max_degree"):
        testing.polynomial_activations(0)
    assert find(testing.joint_laws(sp.Integer(2)), lambda law: True).dim == 2
    net = find(testing.rational_networks(np.int64(1), np.int64(2)), lambda net: True)
    assert net.parameters == ()


@pytest.mark.parametrize(("call", "error", "words"), [
    (lambda: testing.check_additivity(laws.Normal, laws.Normal()), DomainError, "the class Normal"),
    (lambda: testing.check_index_symmetry(laws.Normal), DomainError, "the class Normal"),
    (lambda: testing.check_block_sum_semigroup(laws.Normal(), 10**30, 2), ShapeError, "units"),
    (lambda: testing.check_block_sum_semigroup(laws.Normal(), 2000, 2), ShapeError, "entries"),
    (lambda: testing.check_equivariance(layers.Mean(2), laws.Normal(), 1, (1, 2)), ShapeError,
     "a pair"),
])
def test_wrong_arguments_are_named(call, error, words):
    with pytest.raises(error, match=words):
        call()
