"""Rings of a symbolic number of nodes against rings written out, and against enumeration."""


import itertools
import random
from dataclasses import replace
from typing import Any

import pytest
import sympy as sp
from hypothesis import given, settings
from hypothesis import strategies as st

from cumulant_theory import activations, laws, testing
from cumulant_theory import symbolic_width as sw
from cumulant_theory.algebra import multi_indices
from cumulant_theory.derivation import Equation
from cumulant_theory.errors import (
    DomainError,
    ShapeError,
    UnknownNameError,
    VerificationError,
)
from cumulant_theory.symbolic_width.positions import Positions

N = sp.Symbol("n")
RING = sw.cycle(N)
HALF, THIRD = sp.Rational(1, 2), sp.Rational(1, 3)
LAW = laws.Generic("kappa")
SKEWED = laws.Discrete({0: sp.Rational(1, 4), 1: HALF, 3: sp.Rational(1, 4)})

CONVOLUTIONS = {
    "graph": sw.GraphConv(RING, bias=True),
    "graph mean": sw.GraphConv(RING, aggregation="mean"),
    "graph symmetric": sw.GraphConv(RING, aggregation="symmetric"),
    "gcn": sw.GCNConv(RING),
    "sage": sw.SAGEConv(RING),
    "gin": sw.GINConv(RING, eps="epsilon", bias=True),
}


def quadratic(a: Any = HALF):
    return sw.Pointwise(activations.Quadratic(a))


def fixed(u: Any = 2, w: Any = -1, c: Any = 1):
    return sw.GraphConv(RING, weights=[[[u]], [[w]]], bias_values=[c])


def written_out(net, law, k, order):
    return net.explicit(k).propagate(sw.iid(law, sw.cycle(k)).explicit(), order)


def same(a, b):
    return sp.expand(a - b) == 0


def assert_readout(net, law, order, rings):
    """Every ring gives the closed form in n, by the value of n alone."""
    out = net.propagate(sw.iid(law, RING), order)
    for k in rings:
        explicit = written_out(net, law, k, order)
        for r in range(1, order + 1):
            assert same(out[r].subs(N, k), explicit[r]), (k, r)


def assert_nodes(net, law, order, k):
    """Every joint cumulant of a ring of k nodes, by .explicit(k)."""
    out = net.propagate(sw.iid(law, RING), order).explicit(k)
    expected = written_out(net, law, k, order)
    for r in range(1, order + 1):
        for alpha in multi_indices(expected.dim, r):
            assert same(out.cumulant(alpha), expected.cumulant(alpha)), (k, alpha)


# ------------------------------------------------------------------ rings that are long enough


@pytest.mark.parametrize("name", CONVOLUTIONS)
def test_a_convolution_is_that_of_every_ring(name):
    layer = CONVOLUTIONS[name]
    least = layer.propagate(sw.iid(LAW, RING), 3).family.least(3)
    assert least == 7
    for k in (4, least):
        assert_nodes(layer, LAW, 3, k)
    for k in (3, 5, least + 1, least + 2, least + 3):
        assert_nodes(layer, LAW, 2, k)


@pytest.mark.parametrize(("name", "kind"), [
    *((name, "mean") for name in CONVOLUTIONS), ("sage", "sum"), ("graph", 0),
])
def test_a_quadratic_layer_and_a_readout(name, kind):
    net = CONVOLUTIONS[name] >> quadratic("alpha") >> sw.Readout(RING, kind)
    order = 3 if kind == 0 else 2
    least = net.propagate(sw.iid(laws.Normal("mu", 1), RING), order).family.least(order)
    assert least == (3 if kind == 0 else 5)
    assert_readout(net, laws.Normal("mu", 1), order, range(least, least + 4))


@pytest.mark.parametrize("kind", ["mean", "sum", 1])
def test_two_convolutions_with_a_quadratic_between(kind):
    net = fixed() >> quadratic() >> fixed(1, THIRD, 0) >> sw.Readout(RING, kind)
    out = net.propagate(sw.iid(LAW, RING), 3)
    least = out.family.least(3)
    assert least == (5 if kind == 1 else 7)
    assert_readout(net, LAW, 3, range(least, least + 4))
    short = written_out(net, LAW, least - 1, 3)
    assert not same(out[3].subs(N, least - 1), short[3])
    assert same(out.subs(n=least - 1)[3], short[3])


def test_order_four_behind_a_quadratic_layer():
    law = laws.Generic("kappa", values={1: THIRD, 2: 2, 3: -1, 4: 3, 5: 1, 6: 0, 7: 2, 8: 1})
    net = fixed() >> quadratic() >> sw.Mean(RING)
    assert net.propagate(sw.iid(law, RING), 4).family.least(4) == 9
    assert_readout(net, law, 4, (9, 10))


def test_linear_networks_have_no_shortest_ring_for_totals():
    net = fixed() >> fixed(3, 1) >> sw.Sum(RING)
    assert net.propagate(sw.iid(LAW, RING), 4).family.least(4) == 3
    assert_readout(net, LAW, 4, range(3, 7))


@pytest.mark.parametrize("joint", [False, True])
def test_two_channels(joint):
    pair = laws.Product([laws.Generic("kappa"), laws.Generic("lambda")])
    net = (
        sw.GraphConv(RING, 2, 2, weights=[[[1, 2], [0, -1]], [[1, 0], [HALF, 1]]])
        >> quadratic() >> sw.GCNConv(RING, 2, 1, weights=[[[3, 1]]]) >> sw.Mean(RING)
    )
    source = sw.iid(pair, RING) if joint else sw.iid(LAW, RING, 2)
    out = net.propagate(source, 2)
    for k in (3, 4, 5, 6):
        explicit = net.explicit(k).propagate(source.explicit(k), 2)
        for r in (1, 2):
            value = out[r].subs(N, k) if k >= 5 else out.subs(n=k)[r]
            assert same(value, explicit[r])


def test_types_of_two_channels():
    layer = sw.GraphConv(RING, 2, 2)
    out = layer.propagate(sw.iid(LAW, RING, 2), 2)
    expected = layer.explicit(6).propagate(sw.iid(LAW, RING, 2).explicit(6), 2)
    units = {"0a,1b": (0, 7), "0a,2a": (0, 2), "0b,1b": (6, 7), "0a,0b": (0, 6), "0b,3a": (6, 3)}
    for word, (i, j) in units.items():
        assert same(out.type(word), expected.joint(i, j))


def test_activation_behind_the_readout():
    net = fixed() >> quadratic() >> sw.Mean(RING) >> quadratic(2)
    out = net.propagate(sw.iid(laws.Normal(0, 1), RING), 2)
    assert out.family.least(2) == 9
    assert_readout(net, laws.Normal(0, 1), 2, (9, 10))


def test_residual_block():
    net = sw.Residual(fixed() >> quadratic()) >> fixed() >> sw.Sum(RING)
    assert_readout(net, laws.Normal(1, 1), 2, (5, 6))


# ------------------------------------------------------------------ the shortest ring


@pytest.mark.parametrize(("layers", "order", "least"), [
    (1, 1, 3), (1, 2, 5), (1, 3, 7), (1, 4, 9), (2, 1, 5), (2, 2, 9),
])
def test_the_shortest_ring_of_a_total_is_sharp(layers, order, least):
    net = sw.Sum(RING)
    for _ in range(layers):
        net = fixed() >> quadratic() >> net
    law = laws.Normal(0, 1)
    out = net.propagate(sw.iid(law, RING), order)
    assert out.family.least(order) == least
    assert f"n >= {least}" in " ".join(out.hypotheses)
    assert same(out[order].subs(N, least), written_out(net, law, least, order)[order])
    if least > 3:
        short = written_out(net, law, least - 1, order)[order]
        assert not same(out[order].subs(N, least - 1), short)
        assert same(out.subs(n=least - 1)[order], short)


@pytest.mark.parametrize("offsets", [(0, 0), (0, 1), (0, 2), (0, 3), (0, 1, 3), (0, 2, 4)])
def test_the_shortest_ring_of_a_type_is_sharp(offsets):
    net = fixed() >> quadratic()
    law = laws.Normal(1, 1)
    out = net.propagate(sw.iid(law, RING), 3)
    value = out.type(*offsets)
    nodes: Any = out.family
    least = nodes.least_of(nodes.read(offsets))
    assert least == max(offsets) + 3
    assert same(value, written_out(net, law, least, 3).joint(*offsets))
    if max(offsets) > 0:
        assert not same(value, written_out(net, law, least - 1, 3).joint(*offsets))


@pytest.mark.parametrize("k", [3, 4, 5])
def test_shorter_rings_are_calculated_on_the_ring(k):
    net = fixed() >> quadratic() >> fixed(1, THIRD, 0)
    law = laws.Normal(THIRD, 1)
    assert_nodes(net, law, 2, k)
    closed = (net >> sw.Mean(RING)).propagate(sw.iid(law, RING), 3)
    explicit = written_out(net >> sw.Mean(RING), law, k, 3)
    for r in (1, 2, 3):
        assert closed.subs(n=k)[r] == closed.explicit(k)[r] == explicit[r]


def test_a_numeric_ring_from_the_start():
    net = sw.GraphConv(sw.cycle(4)) >> quadratic("alpha")
    out = net.propagate(sw.iid(LAW, sw.cycle(4)), 2)
    explicit = net.explicit().propagate(sw.iid(LAW, sw.cycle(4)).explicit(), 2)
    for offset in range(4):
        assert same(out.type(0, offset), explicit.joint(0, offset))


# ------------------------------------------------------------------ unrelated routes


@pytest.mark.parametrize("k", [3, 4, 5])
def test_enumeration_of_a_finite_law(k):
    net = fixed() >> quadratic() >> fixed(1, THIRD, 0)
    out = net.propagate(sw.iid(SKEWED, RING), 2)
    found = list(testing.enumerate_network(net.explicit(k), SKEWED.iid(k), 2).values())[-1]
    state = out.explicit(k)
    for alpha, value in found.items():
        assert state.cumulant(alpha) == sp.Rational(value.numerator, value.denominator)


def test_enumeration_of_the_closed_form():
    net = fixed() >> quadratic() >> sw.Mean(RING)
    out = net.propagate(sw.iid(laws.Rademacher(), RING), 3)
    for k, order in ((5, 2), (7, 3)):
        found = testing.enumerate_network(net.explicit(k), laws.Rademacher().iid(k), order)
        for (r,), value in list(found.values())[-1].items():
            assert out[r].subs(N, k) == sp.Rational(value.numerator, value.denominator)


@settings(max_examples=60)
@given(
    st.lists(st.tuples(st.integers(-6, 6), st.integers(0, 1)), min_size=1, max_size=4),
    st.integers(-5, 5), st.sampled_from([None, 3, 4, 7]),
)
def test_types_are_invariant_under_translation_and_reflection(indices, shift, length):
    family = RING if length is None else sw.cycle(length)

    def kind(f):
        return family.read([f"{f(p)}{'ab'[c]}" for p, c in indices], 2)

    assert kind(lambda p: p) == kind(lambda p: p + shift) == kind(lambda p: shift - p)


@settings(max_examples=40)
@given(
    st.lists(st.integers(0, 4), min_size=2, max_size=3), st.integers(-4, 4),
)
def test_cumulants_are_invariant_on_rings_written_out(positions, shift):
    k = 7
    out = (fixed() >> quadratic()).propagate(sw.iid(laws.Normal(1, 1), RING), 3).explicit(k)
    moved = [(p + shift) % k for p in positions]
    turned = [-p % k for p in positions]
    assert out.joint(*positions) == out.joint(*moved) == out.joint(*turned)


@pytest.mark.parametrize("length", [3, 5, 6])
@pytest.mark.parametrize("content", [(3,), (2, 1), (2, 2)])
def test_placements_count_all_indices(length, content):
    """On a ring that is chained everywhere, each index but one is free to sit on any node."""
    counts = Positions(length).placements(content, length)
    assert sum(counts.values()) == length ** (sum(content) - 1)


def test_placements_are_the_chained_index_tuples():
    radius, order, far = 1, 4, 7
    found: dict = {}
    line = Positions()
    for rest in itertools.product(range(-far, far + 1), repeat=order - 1):
        places = (0, *rest)
        gaps = [b - a for a, b in zip(sorted(places), sorted(places)[1:], strict=False)]
        if max(gaps) <= 2 * radius:
            kind = line.canonical((p, (places.count(p),)) for p in set(places))
            found[kind] = found.get(kind, 0) + 1
    assert line.placements((order,), radius) == found


# ------------------------------------------------------------------ what is made of the results


def test_large_rings_obey_the_central_limit():
    net = sw.GraphConv(RING) >> quadratic("alpha") >> sw.Mean(RING)
    out = net.propagate(sw.iid(laws.Normal(0, 1), RING), 3)
    for r in (1, 2, 3):
        ((_, term),) = out.large_n(r).items()
        assert term.power == 1 - r
        assert same(term.coefficient * N ** (1 - r), out[r])


def test_recursion_names_finitely_many_cumulants_and_closes():
    net = fixed() >> quadratic() >> sw.Mean(RING)
    recursion = net.recursion(2)
    named = [str(e.lhs) for e in recursion.layers[0].indices]
    assert named == ["kappa__z1_0", "kappa__z1_0,0", "kappa__z1_0,1", "kappa__z1_0,2"]
    out = net.propagate(sw.iid(LAW, RING), 2)
    system = net.system(2)
    for (key, polynomial), r in zip(system.expand().items(), (1, 2), strict=True):
        assert same(polynomial.expr, out[r]), key


def test_recursion_of_a_convolution_reads_as_it_is_defined():
    (equations,) = [layer.indices for layer in sw.GraphConv(RING).recursion(2).layers]
    u, w = sp.symbols("U W")
    mean, variance = sp.Symbol("kappa__x_0"), sp.Symbol("kappa__x_0,0")
    right = {str(e.lhs): e.rhs for e in equations}
    assert same(right["kappa__z1_0"], (u + 2 * w) * mean)
    assert same(right["kappa__z1_0,0"], (u**2 + 2 * w**2) * variance)
    assert same(right["kappa__z1_0,1"], 2 * u * w * variance)
    assert same(right["kappa__z1_0,2"], w**2 * variance)


def test_derivation_verifies():
    net = fixed() >> quadratic() >> sw.Mean(RING)
    out = net.propagate(sw.iid(LAW, RING), 2)
    derivation = out.derivation
    assert "verified" in str(derivation.verify())
    assert "n >= 5" in derivation.hypotheses
    for step in derivation.steps:
        for k, e in enumerate(step.statement):
            if e.order == 2:
                wrong = [*step.statement]
                wrong[k] = Equation(e.lhs, e.rhs + sp.Rational(1, 7), e.order)
                with pytest.raises(VerificationError):
                    step.check(replace(step, statement=tuple(wrong)), random.Random(0))



def test_what_a_ring_cannot_do_says_so():
    with pytest.raises(DomainError, match="at least 3 nodes"):
        sw.cycle(2)
    out = fixed().propagate(sw.iid(LAW, RING), 2)
    with pytest.raises(DomainError, match="at least 3 nodes"):
        out.subs(n=2)
    with pytest.raises(DomainError, match="not all exchangeable"):
        sw.Linear(RING)
    with pytest.raises(DomainError, match="no local map"):
        RING.operator("all")
    with pytest.raises(UnknownNameError, match="operator"):
        RING.operator("laplacian")
    with pytest.raises(ShapeError, match="position from 0"):
        sw.Readout(RING, "hub")
    with pytest.raises(ShapeError, match="one position per index"):
        out.type("i", "j")
    assert out.type(0, 9) == 0
