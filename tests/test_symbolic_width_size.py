"""Long closed forms: right where they are made, refused ahead of time where they are not."""

import itertools
import random
from collections import Counter
from fractions import Fraction
from typing import Any

import pytest
import sympy as sp
from hypothesis import given, settings
from hypothesis import strategies as st

from cumulant_theory import activations, laws
from cumulant_theory import symbolic_width as sw
from cumulant_theory.algebra import Polynomial, Ring
from cumulant_theory.errors import OrderError
from cumulant_theory.oracle import FiniteLaw
from cumulant_theory.symbolic_width import size
from cumulant_theory.symbolic_width.positions import Positions
from cumulant_theory.symbolic_width.types import splits

N = sp.Symbol("n")
STAR = sw.star(N)


def rational(seed: Any) -> Any:
    rng = random.Random(str(seed))
    return sp.Rational(rng.choice([-3, -2, -1, 1, 2, 3]), rng.choice([1, 2, 3]))


def residual_block(family: Any = STAR) -> Any:
    return (
        sw.GraphConv(family, 1, 2, bias=True) >> sw.Pointwise(activations.Quadratic())
        >> sw.Residual(sw.GCNConv(family, 2, 2)) >> sw.Readout(family, 0, 2)
    )


@pytest.fixture(scope="module")
def block():
    return residual_block().propagate(sw.generic(STAR), 3)


# ------------------------------------------------------------------ right


@pytest.mark.parametrize("k", [2, 3, 4])
def test_a_residual_block_on_a_star_is_the_explicit_network(block, k):
    """All symbols at one random point: weights, shifts and the cumulants of a generic law."""
    network, law = residual_block(), sw.generic(STAR)
    weights = {p: rational(p) for p in network.parameters}
    source = sw.FamilyLaw(STAR, lambda word: rational(("law", word)))
    inputs = {s: source.cumulant(t) for t, s in law.values(6).items()}
    assert set(inputs) & block.free_symbols
    explicit = network.subs(weights).explicit(k).propagate(source.explicit(k), 3)
    closed = block.subs({**weights, **inputs, N: k})
    for word in ("i1", "i2", "i1i1", "i1i2", "i2i2", "i1i1i1"):
        alpha = tuple(word.count(c) for c in "12")
        assert sp.expand(closed.cumulant(word) - explicit.cumulant(alpha)) == 0, word


@pytest.mark.parametrize("k", [2, 3])
def test_all_terms_of_order_two_are_those_of_the_explicit_network(block, k):
    law = sw.iid(laws.Generic("kappa"), STAR)
    closed = residual_block().propagate(law, 2).subs(n=k)
    explicit = residual_block().explicit(k).propagate(law.explicit(k), 2)
    for word, alpha in (("i1i1", (2, 0)), ("i1i2", (1, 1))):
        assert closed.polynomial(word) == Polynomial.of(explicit.cumulant(alpha))


# ------------------------------------------------------------------ refused


@pytest.mark.parametrize("word", ["i1i1", "i1i2", "i1i1i1", "i1i1i2"])
def test_estimates_are_near_the_number_of_terms(block, word):
    kind = block.family.read(word, 2)
    estimate = size.estimated_terms(kind, block.family, lambda t: len(block.polynomial(t)))
    assert estimate is not None
    assert len(block.polynomial(kind)) / 2 < estimate < 3 * len(block.polynomial(kind))


@pytest.mark.parametrize(("family", "order"), [(sw.complete(N), 3), (STAR, 3)])
def test_estimates_of_other_networks(family, order):
    net = sw.GraphConv(family) >> sw.Pointwise(activations.Quadratic()) >> sw.Sum(family)
    out = net.propagate(sw.generic(family), order)
    terms = [len(out.polynomial(r)) for r in range(1, order + 1)]
    estimate = size.estimated_terms(out.family.read(order), out.family, out._terms)
    assert estimate is not None
    assert terms[-1] / 3 < estimate < 3 * terms[-1]


def test_a_closed_form_of_millions_of_terms_is_refused_ahead_of_time(block):
    out = residual_block().propagate(sw.iid(laws.Generic("kappa"), STAR), 5)
    with pytest.raises(OrderError, match=r"about \d{7,} terms, more than the 1000000 .*recursion"):
        out.polynomial("i1i1i1i1i1")
    assert max(map(len, out._memo.values())) < size.POLYNOMIAL_LIMIT
    assert len(out.polynomial("i1i1i1")) == 14669
    assert residual_block().system(2).definitions


def test_orders_that_no_ring_can_list_are_refused_before_lower_ones_are_made():
    ring = sw.cycle(N)
    net = sw.GraphConv(ring) >> sw.Pointwise(activations.Quadratic()) >> sw.Sum(ring)
    out = (net >> sw.Pointwise(activations.Square())).propagate(
        sw.iid(laws.Generic("kappa"), ring), 20
    )
    for state in (out, out.subs({N: 400})):
        with pytest.raises(OrderError, match="types of cumulants of order 40"):
            state.polynomial(20)
        assert not state._memo


def test_numbers_are_not_put_into_a_closed_form_that_is_too_long(monkeypatch):
    out = residual_block().propagate(sw.iid(laws.Generic("kappa"), STAR), 2)
    fixed = out.subs({s: rational(s) for s in out.free_symbols - {N}})
    monkeypatch.setattr(size, "POLYNOMIAL_LIMIT", 1000)
    with pytest.raises(OrderError, match="cumulant i1i2 of z5: about"):
        fixed.polynomial("i1i2")


def test_a_long_polynomial_is_not_written_as_one_expression(block):
    with pytest.raises(OrderError, match="cumulant i1i1i1 of z5: 212464 terms") as caught:
        block.cumulant("i1i1i1")
    assert ".polynomial(type)" in str(caught.value)
    assert len(block.cumulant("i1").args) > 50
    assert block.polynomial("i1i1i1").evaluate(
        dict.fromkeys(block.ring.atoms, Fraction(1, 2))
    ) != 0


@pytest.mark.parametrize("more", [-1, 0])
def test_both_sides_of_a_limit(monkeypatch, more):
    out = residual_block().propagate(sw.iid(laws.Generic("kappa"), STAR), 2)
    kind = out.family.read("i1i2", 2)
    estimate = size.estimated_terms(kind, out.family, out._terms)
    monkeypatch.setattr(size, "POLYNOMIAL_LIMIT", estimate + more)
    monkeypatch.setattr(size, "EXPRESSION_LIMIT", 1530 + more)
    if more:
        with pytest.raises(OrderError, match=f"about {estimate} terms"):
            out.polynomial(kind)
        monkeypatch.undo()
        monkeypatch.setattr(size, "EXPRESSION_LIMIT", 1530 + more)
        with pytest.raises(OrderError, match="1530 terms"):
            out.cumulant(kind)
    else:
        assert len(out.polynomial(kind)) == 1530
        assert out.cumulant(kind) != 0


def test_no_estimate_where_a_lower_order_vanishes():
    out = sw.Mean(N).propagate(sw.iid(laws.Normal(0, 1), N), 3)
    assert size.estimated_terms(out.family.read(2), out.family, out._terms) is None
    assert out.polynomial(2).expr == 1 / N


# ------------------------------------------------------------------ what makes it fast


def reduced_term_by_term(ring: Ring, element: Any) -> Counter:
    """Monomials with sqrt(n) n^(-1/2) = 1 and sqrt(2)^2 = 2, one term after the other."""
    root, inverse, two = (ring.atoms.index(a) for a in (sp.sqrt(N), 1 / sp.sqrt(N), sp.sqrt(2)))
    found: Counter = Counter()
    for monomial, c in element.to_dict().items():
        powers, value = list(map(int, monomial)), Fraction(int(c.p), int(c.q))
        common = min(powers[root], powers[inverse])
        powers[root] -= common
        powers[inverse] -= common
        value *= 2 ** (powers[two] // 2)
        powers[two] %= 2
        found[tuple(powers)] += value
    return Counter({m: c for m, c in found.items() if c})


@settings(max_examples=80)
@given(st.lists(
    st.tuples(*[st.integers(0, 9)] * 4, st.integers(-5, 5).filter(bool)), min_size=1, max_size=12,
))
def test_reduction_by_division_is_that_of_every_term(terms):
    x = sp.Symbol("x")
    ring = Ring([sp.sqrt(N), 1 / sp.sqrt(N), sp.sqrt(2), x])
    atoms = [ring.element(a) for a in (sp.sqrt(N), 1 / sp.sqrt(N), sp.sqrt(2), x)]
    element = ring.zero
    for *powers, c in terms:
        product = ring.one * c
        for atom, k in zip(atoms, powers, strict=True):
            product = product * atom**k
        element = element + product
    found = {
        tuple(map(int, m)): Fraction(int(c.p), int(c.q))
        for m, c in ring.reduce(element).to_dict().items()
    }
    assert found == reduced_term_by_term(ring, element)


@settings(max_examples=60)
@given(
    st.lists(st.tuples(st.integers(1, 3), st.integers(1, 2)), min_size=1, max_size=4),
    st.sampled_from([None, 2, 3]),
)
def test_splits_on_the_line_are_all_splits_without_wide_gaps(steps, highest):
    position, nodes = 0, []
    for gap, content in steps:
        nodes.append((position, (content,)))
        position += gap
    canonical = Positions().canonical
    for reach in (1, 2, 100):
        plain = [
            (a, b, c) for a, b, c in splits(tuple(nodes), tuple, tuple, highest)
            if all(q[0] - p[0] <= reach for p, q in itertools.pairwise(a))
        ]
        expected: Counter = Counter()
        for a, b, c in plain:
            expected[canonical(a), canonical(b)] += c
        found = splits(tuple(nodes), canonical, tuple, highest, reach)
        assert {(a, b): c for a, b, c in found} == expected


def test_laws_of_many_points_by_their_definition():
    """Equal points taken together, and a map of single units, change no moment."""
    rng = random.Random(3)
    points = [[Fraction(rng.randint(-2, 2), 3) for _ in range(3)] for _ in range(1500)]
    weights = [Fraction(1, 1500)] * 1500
    law = FiniteLaw(points, weights)
    square = law.push_units(lambda x: [v * v + k for k, v in enumerate(x)])
    assert square.points == law.push(lambda x: [v * v + k for k, v in enumerate(x)]).points
    for alpha in ((2, 0, 1), (1, 1, 1), (0, 3, 0)):
        expected = sum(
            w * sp.prod([v**a for v, a in zip(p, alpha, strict=True)])
            for p, w in zip(square.points, weights, strict=True)
        )
        assert square.moment(alpha) == expected


def test_two_quadratic_layers_on_a_ring_verify():
    ring = sw.cycle(N)
    fixed = sw.GraphConv(ring, weights=[[[2]], [[-1]]], bias_values=[1])
    square = sw.Pointwise(activations.Quadratic(sp.Rational(1, 2)))
    net = fixed >> square >> sw.GCNConv(ring, weights=[[[1]]]) >> square >> sw.Mean(ring)
    derivation = net.propagate(sw.iid(laws.Normal(0, 1), ring), 2).derivation
    assert derivation.verify(points=1)
