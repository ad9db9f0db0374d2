"""Orbits: the same cumulants, fewer of them computed; a symmetry that is not there is not used."""

import pytest
import sympy as sp
from hypothesis import given, settings
from hypothesis import strategies as st
from sympy.combinatorics import Permutation, PermutationGroup

from cumulant_theory import activations, laws, layers, symmetries
from cumulant_theory.algebra import multi_indices
from cumulant_theory.cumulants import GenericJoint
from cumulant_theory.errors import DomainError, ShapeError, SymmetryError
from cumulant_theory.layers.base import all_multi_indices
from cumulant_theory.orbits import Orbits, kept, moved, on_channels, symmetric_group
from cumulant_theory.testing import check_against_enumeration

QUADRATIC = layers.Pointwise(activations.Quadratic(sp.Rational(1, 3)))


@settings(max_examples=60)
@given(st.integers(2, 5).flatmap(
    lambda n: st.tuples(st.just(n), st.lists(st.permutations(range(n)), max_size=3))
), st.integers(1, 4))
def test_orbits_partition_the_multi_indices_as_burnside_counts_them(case, order):
    n, generators = case
    orbits = Orbits(n, generators)
    sizes = orbits.representatives(order)
    assert sum(sizes.values()) == len(multi_indices(n, order))
    group = PermutationGroup([Permutation(list(g)) for g in generators] or [Permutation(n - 1)])
    fixed = sum(
        sum(moved(a, tuple(g(i) for i in range(n))) == a for a in multi_indices(n, order))
        for g in group.elements
    )
    assert len(sizes) * group.order() == fixed
    for alpha in multi_indices(n, order):
        for p in orbits.generators:
            assert orbits.canonical(moved(alpha, p)) == orbits.canonical(alpha)


def _ring(n, symmetry, weights):
    tied = symmetry.tie(n, n)
    return layers.Linear(n, n, symmetry, weight=tied.matrix("W").subs(
        dict(zip(tied.symbols("W"), map(sp.Rational, weights), strict=False))
    ))


NETWORKS = {
    "cyclic": (_ring(4, symmetries.Cyclic(), ["1/2", "-1/3", 2, 1]), 4),
    "dihedral": (_ring(5, symmetries.Dihedral(), ["1/2", 1, "-2/3"]), 10),
    "equivariant": (_ring(4, symmetries.PermutationEquivariant(), [2, "-1/2"]), 24),
    "blocks": (_ring(4, symmetries.BlockPermutation(2, 2), [1, "1/2", "-1/3"]), 8),
}


@pytest.mark.parametrize("name", NETWORKS)
def test_the_same_cumulants_from_one_per_orbit(name):
    first, group_order = NETWORKS[name]
    n = first.out_features
    net = first >> QUADRATIC >> first
    with_orbits = net.propagate(laws.Exponential(1), order=3)
    without = net.propagate(laws.Exponential(1), order=3, orbits=False)
    indices = all_multi_indices(n, 3)
    for alpha in indices:
        assert with_orbits[alpha] == without[alpha]
    assert len(without.stored) == len(indices)
    assert len(with_orbits.stored) < len(without.stored)
    sizes = [s for r in (1, 2, 3) for s in with_orbits.orbits.representatives(r).values()]
    assert len(with_orbits.stored) == len(sizes)
    assert group_order % max(sizes) == 0
    for state, plain in zip(with_orbits.layers, without.layers, strict=True):
        for alpha in all_multi_indices(n, 2):
            assert state[alpha] == plain[alpha]


@pytest.mark.parametrize("name", ["cyclic", "equivariant"])
def test_against_enumeration(name):
    first, _ = NETWORKS[name]
    law = laws.Discrete([0, 1], [sp.Rational(1, 3), sp.Rational(2, 3)])
    check_against_enumeration(first >> QUADRATIC >> first, law.iid(4), 3)


def test_symbolic_weights_and_a_readout():
    net = (
        layers.Linear(3, 3, symmetries.PermutationEquivariant()) >> QUADRATIC >> layers.Mean(3)
    )
    x = laws.Generic("kappa")
    assert net.propagate(x, order=3)[3] == net.propagate(x, order=3, orbits=False)[3]
    hidden = net.propagate(x, order=2).layers[1]
    assert hidden[(2, 0, 0)] == hidden[(0, 0, 2)]
    assert hidden.orbits.representatives(2) == {(2, 0, 0): 3, (1, 1, 0): 3}


def test_a_law_without_the_symmetry_switches_it_off():
    first, _ = NETWORKS["equivariant"]
    mixed = laws.Product([laws.Normal(0, 1), *[laws.Exponential(1)] * 3])
    out = (first >> QUADRATIC).propagate(mixed, order=2)
    plain = (first >> QUADRATIC).propagate(mixed, order=2, orbits=False)
    assert all(out[a] == plain[a] for a in all_multi_indices(4, 2))
    assert out[(2, 0, 0, 0)] != out[(0, 2, 0, 0)]
    assert out[(0, 2, 0, 0)] == out[(0, 0, 2, 0)]


def test_joint_laws_are_checked_cumulant_by_cumulant():
    first = layers.Linear(2, 2, symmetries.PermutationEquivariant())
    assert first.propagate(GenericJoint(2), order=2).orbits.is_trivial
    correlated = laws.MultivariateNormal([1, 1], [[2, 1], [1, 2]])
    assert not first.propagate(correlated, order=2).orbits.is_trivial
    tilted = laws.MultivariateNormal([1, 2], [[2, 1], [1, 2]])
    assert first.propagate(tilted, order=2).orbits.is_trivial


def test_weights_without_the_symmetry_switch_it_off():
    broken = layers.Linear(3, 3, weight=[[1, 2, 3], [3, 1, 2], [2, 3, 5]])
    net = layers.Linear(3, 3, symmetries.Cyclic()) >> broken
    assert net.propagate(laws.Normal(0, 1), order=2).orbits.is_trivial
    shifted = layers.Linear(
        3, 3, weight=[[1, 2, 3], [3, 1, 2], [2, 3, 1]], bias_values=[0, 0, 1]
    )
    net = layers.Linear(3, 3, symmetries.Cyclic()) >> shifted
    assert net.propagate(laws.Normal(0, 1), order=2).orbits.is_trivial
    # the residual branch carries two copies of the input along
    residual = layers.Residual(layers.Linear(3, 3, symmetries.Cyclic()) >> QUADRATIC)
    out = (layers.Linear(3, 3, symmetries.Cyclic()) >> residual).propagate(laws.Exponential(1), 2)
    assert out.orbits.representatives(1) == {(1, 0, 0): 3}


def test_what_is_no_permutation():
    with pytest.raises(SymmetryError, match="no permutation"):
        Orbits(3, [(0, 0, 1)])
    with pytest.raises(ShapeError, match="3 units"):
        Orbits(3, symmetric_group(3)).canonical((1, 0))
    with pytest.raises(ShapeError, match="images of the units"):
        Orbits(3, (k for k in (1, 2)))
    with pytest.raises(SymmetryError, match="no permutation"):
        on_channels([1.5, 0], 2)
    with pytest.raises(ShapeError, match="more than the"):
        on_channels([1, 0], 10**30)
    with pytest.raises(DomainError, match="name is 3"):
        Orbits(3, name=3)
    with pytest.raises(DomainError, match=r"keeps: .* fails"):
        kept([(1, 0)], {}.__getitem__)


def test_graph_layers_use_the_automorphisms_of_their_graph():
    pytest.importorskip("igraph")
    from cumulant_theory.layers import graphs

    half, third = sp.Rational(1, 2), sp.Rational(1, 3)
    net = (
        layers.GraphConv(graphs.cycle(5), weights=[[[half]], [[third]]])
        >> QUADRATIC
        >> layers.GraphConv(graphs.cycle(5), weights=[[[1]], [[-third]]])
    )
    out = net.propagate(laws.Exponential(1), order=3)
    plain = net.propagate(laws.Exponential(1), order=3, orbits=False)
    assert all(out[a] == plain[a] for a in all_multi_indices(5, 3))
    assert out.orbits.representatives(2) == {
        (2, 0, 0, 0, 0): 5, (1, 1, 0, 0, 0): 5, (1, 0, 1, 0, 0): 5,
    }
    channels = layers.GraphConv(graphs.star(4), 1, 2).propagate(laws.Generic("kappa"), order=2)
    assert sum(channels.orbits.representatives(1).values()) == 8
    assert len(channels.orbits.representatives(1)) == 4
