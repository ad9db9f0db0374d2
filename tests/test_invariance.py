"""Orbits under laws that are not independent copies: used where law and weights agree on them."""

import random
from dataclasses import replace
from math import comb

import pytest
import sympy as sp
from markup import bare

from cumulant_theory import activations, laws, layers, symmetries
from cumulant_theory.errors import VerificationError
from cumulant_theory.layers import graphs
from cumulant_theory.layers.base import all_multi_indices
from cumulant_theory.orbits import Orbits, kept, moved, symmetric_group
from cumulant_theory.testing import check_against_enumeration

THIRD = sp.Rational(1, 3)
QUADRATIC = layers.Pointwise(activations.Quadratic(THIRD))


def numbered(symmetry, n, bias=False):
    """Linear(n, n) with the weights 1, 1/2, 1/3, ... in the order of the tying."""
    tied = symmetry.tie(n, n)
    values = {s: sp.Rational(1, k) for k, s in enumerate(tied.symbols("W"), 1)}
    shift = [c.subs(dict.fromkeys(tied.bias_symbols("c"), 2)) for c in tied.bias("c")]
    return layers.Linear(
        n, n, symmetry, weight=tied.matrix("W").subs(values), bias_values=shift if bias else None
    )


def points(*rows):
    share = sp.Rational(1, len(rows))
    return laws.DiscreteJoint([list(r) for r in rows], [share] * len(rows))


def exchangeable(n, variance, covariance):
    return laws.MultivariateNormal(
        [1] * n, [[variance if i == j else covariance for j in range(n)] for i in range(n)]
    )


def circulant(first):
    n = len(first)
    return laws.MultivariateNormal(
        [0] * n, [[first[(j - i) % n] for j in range(n)] for i in range(n)]
    )


SYM = symmetries.PermutationEquivariant()
ROTATION_OF_PAIRS = symmetries.Permutations([(2, 3, 0, 1)], [(2, 3, 0, 1)])
# network, law, sizes of the orbits of the units, name of the group
CASES = {
    "exchangeable covariance": (numbered(SYM, 3, bias=True), exchangeable(3, 2, 1), [3],
                                "permutations in S_3"),
    "exchangeable points": (
        numbered(SYM, 3), points((0, 0, 2), (0, 2, 0), (2, 0, 0), (1, 1, 1)), [3],
        "permutations in S_3"),
    "circulant covariance": (numbered(symmetries.Cyclic(), 4), circulant([3, 1, 0, 1]), [4],
                             "permutations in C_4"),
    "rotated points": (
        numbered(symmetries.Cyclic(), 3), points((0, 1, 3), (1, 3, 0), (3, 0, 1)), [3],
        "permutations in C_3"),
    "generators": (numbered(ROTATION_OF_PAIRS, 4),
                   points((0, 1, 2, 4), (2, 4, 0, 1)), [2, 2],
                   "permutations in "),
    "two units of three": (numbered(SYM, 3), points((0, 1, 2), (1, 0, 2), (1, 1, 0)), [2, 1],
                           "a subgroup of the permutations in S_3"),
    "the last two of three": (
        numbered(SYM, 3), laws.MultivariateNormal([0, 1, 1], [[1, 0, 0], [0, 2, 1], [0, 1, 2]]),
        [1, 2], "a subgroup of the permutations in S_3"),
    "rotations of exchangeable weights": (
        numbered(SYM, 3), points((0, 1, 3), (1, 3, 0), (3, 0, 1)), [3],
        "a subgroup of the permutations in S_3"),
    "half turns": (numbered(symmetries.Cyclic(), 4), points((0, 1, 2, 4), (2, 4, 0, 1)), [2, 2],
                   "a subgroup of the permutations in C_4"),
    "graph": (layers.GraphConv(graphs.cycle(4), weights=[[[1]], [[THIRD]]]),
              circulant([2, 1, 0, 1]), [4], "automorphisms of the cycle graph on 4 nodes"),
    "no symmetry": (numbered(SYM, 3), points((0, 1, 2), (1, 0, 3), (1, 1, 0)), [1, 1, 1], ""),
    "unequal means": (numbered(SYM, 2), laws.MultivariateNormal([0, 1], [[2, 1], [1, 2]]), [1, 1],
                      ""),
    # the same means and covariances, but not the same third cumulants
    "seen at order three": (
        numbered(SYM, 2),
        laws.Product([laws.Normal(1, 1), laws.Exponential(1)]), [1, 1], ""),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_orbits_are_those_that_law_and_weights_share(name):
    first, law, sizes, group = CASES[name]
    net = first >> QUADRATIC
    n = first.out_features
    out, plain = (net.propagate(law, order=3, orbits=use) for use in (True, False))
    for alpha in all_multi_indices(n, 3):
        assert out[alpha] == plain[alpha]
    units = Orbits(n, out.orbits.generators).representatives(1)
    assert sorted(units.values(), reverse=True) == sorted(sizes, reverse=True)
    assert out.orbits.name.startswith(group)
    assert bool(out.orbits.name) == bool(group)
    assert len(out.stored) == sum(orbits for orbits, _ in out.orbits.counts(3).values())
    assert len(plain.stored) == comb(n + 3, 3) - 1
    # the other permutations of the layer do change the law, so none was missed
    values = {alpha: plain[alpha] for alpha in all_multi_indices(n, 3)}
    for p in _closure(Orbits(n, first.input_permutations(n))) - _closure(out.orbits):
        assert any(values[alpha] != values[moved(alpha, p)] for alpha in values)


def _closure(orbits):
    found = {tuple(range(orbits.dim))}
    new = set(found)
    while new:
        new = {tuple(g[k] for k in p) for g in orbits.generators for p in new} - found
        found |= new
    return found


@pytest.mark.parametrize("name", [k for k, case in CASES.items()
                                  if isinstance(case[1], laws.DiscreteJoint)])
def test_folded_propagation_is_enumeration(name):
    first, law, _, _ = CASES[name]
    check_against_enumeration(first >> QUADRATIC >> first, law, 3)


def test_a_graph_layer_before_a_mean_keeps_the_automorphisms_of_the_graph():
    graph = graphs.cycle(4)
    net = layers.GraphConv(graph) >> QUADRATIC >> layers.Readout(graph)
    states = net.propagate(laws.Generic("kappa"), order=2).layers
    assert states[0].orbits.name == "automorphisms of the cycle graph on 4 nodes"
    assert states[0].orbits.representatives(2) == {
        (2, 0, 0, 0): 4, (1, 1, 0, 0): 4, (1, 0, 1, 0): 2,
    }


def test_orbits_are_shown():
    net = layers.GraphConv(graphs.cycle(4)) >> QUADRATIC
    out = net.propagate(laws.Normal(0, 1), order=3)
    assert repr(out.orbits) == (
        "Orbits(4 units, automorphisms of the cycle graph on 4 nodes: 1, 3, 4 orbits of 4, 10, 20 "
        "multi-indices of orders 1 to 3)"
    )
    assert out.orbits.counts() == {1: (1, 4), 2: (3, 10), 3: (4, 20)}
    html = bare(out.orbits._repr_html_())
    assert "<td>3</td><td>4</td><td>20</td>" in html
    assert "(1, 0, 1, 0): 2" in html
    assert html.count("<tr>") == 4
    free = layers.Linear(2, 2).propagate(laws.Normal(0, 1), order=1)
    assert "no symmetry" in repr(free.orbits)
    assert "no symmetry" in free.orbits._repr_html_()
    wide = Orbits(200, symmetric_group(200), "permutations", 4)
    assert repr(wide) == "Orbits(200 units, permutations)"
    assert "<table" not in wide._repr_html_()
    assert "a &lt; b" in Orbits(2, [(1, 0)], "a < b", 1)._repr_html_()
    assert "…" in Orbits(7, [(1, 0, *range(2, 7))], "swap", 3)._repr_html_()


def test_subgroups_are_found_whole():
    group = symmetric_group(4)
    stabiliser = kept(group, lambda p: p[3] == 3)
    assert len(_closure(Orbits(4, stabiliser))) == 6
    assert kept(group, lambda p: True) == group
    assert kept(group, lambda p: p == tuple(range(4))) == []
    # of large groups only the generators are tried
    assert kept(symmetric_group(8), lambda p: p[7] == 7) == [symmetric_group(8)[0]]


@pytest.mark.parametrize(("net", "law", "words"), [
    (layers.GraphConv(graphs.cycle(3)) >> layers.Pointwise(activations.Quadratic()),
     laws.Generic("kappa"), "automorphisms of the cycle graph on 3 nodes"),
    (numbered(symmetries.Cyclic(), 2) >> QUADRATIC >> layers.Mean(2), exchangeable(2, 2, 1),
     "permutations in C_2"),
    (numbered(SYM, 3), CASES["two units of three"][1], "a subgroup of the"),
], ids=["graph", "covariance", "subgroup"])
def test_derivations_name_the_group_and_verify(net, law, words):
    derivation = net.propagate(law, order=2).derivation
    step = next(s for s in derivation.steps if s.rule == "orbits of multi-indices")
    assert "only one cumulant per orbit" in step.text
    assert words in step.text
    assert step.statement
    assert derivation.verify()
    for k, e in enumerate(step.statement):
        wrong = list(step.statement)
        wrong[k] = replace(e, rhs=e.rhs + 1)
        with pytest.raises(VerificationError, match="orbit"):
            step.check(replace(step, statement=tuple(wrong)), random.Random(k))


def test_a_group_that_is_none_is_refuted(monkeypatch):
    from cumulant_theory.layers import rules

    skewed = layers.Linear(2, 2, weight=[[1, 2], [3, 4]])
    first = layers.Linear(2, 2, SYM, weight=[[1, 0], [0, 1]])
    monkeypatch.setattr(rules.AffineRule, "push", lambda self, p: p)
    derivation = (first >> skewed).propagate(laws.Exponential(1), order=2).derivation
    with pytest.raises(VerificationError, match="orbit"):
        derivation.verify()


def test_no_symmetry_no_step():
    derivation = layers.Linear(2, 2).propagate(laws.Normal(0, 1), order=2).derivation
    assert all(s.rule != "orbits of multi-indices" for s in derivation.steps)
    plain = layers.GraphConv(graphs.cycle(3)).propagate(laws.Normal(0, 1), order=1, orbits=False)
    assert all(s.rule != "orbits of multi-indices" for s in plain.derivation.steps)
