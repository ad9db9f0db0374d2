"""Layers and the two rules: routes of the library against one another, and bad input."""

import functools
import itertools
import math
import operator
from fractions import Fraction

import numpy as np
import pytest
import sympy as sp
from hypothesis import given, settings
from hypothesis import strategies as st

from cumulant_theory import Neglect, activations, laws, layers, symmetries, testing
from cumulant_theory.algebra import Ring, multi_indices, set_partitions_connected_with, to_indices
from cumulant_theory.cumulants import GenericJoint, JointCumulants, cumulant_symbol
from cumulant_theory.errors import (
    DomainError,
    NoClosedFormError,
    OrderError,
    ShapeError,
    SymmetryError,
    UnknownNameError,
)
from cumulant_theory.layers.derive import layerwise

R = sp.Rational


def alphas(dim, order):
    return [a for r in range(1, order + 1) for a in multi_indices(dim, r)]


def two_layer(units, hidden, a="a", **options):
    return (layers.Linear(units, hidden, **options) >> layers.Pointwise(activations.Quadratic(a))
            >> layers.Linear(hidden, 1))


# ---------------------------------------------------------------------------- routes agree


NETWORKS = {
    "free": (two_layer(2, 2, bias=True), laws.Generic("kappa").iid(2), 3),
    "circulant": (
        layers.Linear(3, 3, symmetry=symmetries.Cyclic()) >> layers.Pointwise(activations.Square())
        >> layers.Mean(3), laws.Generic("kappa").iid(3), 3,
    ),
    "alternating": (
        two_layer(2, 2, symmetry=symmetries.Alternating()), laws.Laplace("m", "beta").iid(2), 3
    ),
    "joint": (two_layer(2, 1), GenericJoint(2, "x"), 2),
    "independent": (
        two_layer(2, 2), laws.Product([laws.Normal("m", "s"), laws.Gamma(2, "r")]), 2
    ),
    "two-hidden": (
        layers.Linear(2, 2, symmetry=symmetries.PermutationEquivariant())
        >> layers.Pointwise(activations.Quadratic()) >> layers.Linear(2, 1)
        >> layers.Pointwise(activations.Quadratic()), laws.Generic("kappa", centred=True).iid(2), 2,
    ),
    "two-outputs": (
        layers.Linear(2, 2) >> layers.Pointwise(activations.Cubic("a")),
        laws.Normal(0, "sigma").iid(2), 2,
    ),
    "residual": (
        layers.Linear(2, 2) >> layers.Residual(layers.Pointwise(activations.Square()))
        >> layers.Sum(2), laws.Generic("kappa").iid(2), 2,
    ),
    "roots": (
        layers.BlockSum(2) >> layers.Pointwise(activations.Quadratic("a")) >> layers.Linear(1, 2),
        laws.Generic("kappa").iid(2), 3,
    ),
}


def same(a, b):
    ring = Ring.of([a, b])
    return ring.reduce(ring.element(a) - ring.element(b)) == 0


@pytest.mark.parametrize("name", NETWORKS)
def test_layer_by_layer_equals_fused_equals_structured(name):
    net, law, order = NETWORKS[name]
    fused = net.propagate(law, order)
    ruled = layerwise(net.stages(law.dim), law, order)
    effective = net.effective(law.dim)
    source = JointCumulants.from_source(law, net.input_order(order, law.dim))
    ring = Ring([*source.ring.atoms, *effective.ring.atoms])
    direct = type(effective)([s.rule for s in net.stages(law.dim)], law.dim, ring).direct(
        JointCumulants.from_source(law, net.input_order(order, law.dim), ring)
    )
    systems = {form: net.system(order, law, form=form).expand() for form in ("effective", "layers")}
    for alpha in alphas(fused.dim, order):
        assert same(fused[alpha], ruled[alpha]), alpha
        assert same(fused[alpha], ring.expr(direct(alpha))), alpha
        for form, expanded in systems.items():
            assert same(fused[alpha], expanded[alpha].expr), (form, alpha)


@pytest.mark.parametrize("name", ["free", "circulant", "joint", "two-hidden", "residual"])
def test_systems_evaluate_to_the_expanded_polynomial(name):
    net, law, order = NETWORKS[name]
    for form in ("effective", "layers", "auto"):
        system = net.system(order, law, form=form)
        names = (*system.inputs, *system.parameters)
        point = {s: Fraction(2 * k + 1, k % 4 + 1) * (-1) ** k for k, s in enumerate(names)}
        values = system.evaluate(point)
        fused = net.propagate(law, order)
        for alpha, value in values.items():
            assert value == fused.polynomial(alpha).evaluate(point), (form, alpha)
        assert system.evaluate({str(s): v for s, v in point.items()}) == values
        with pytest.raises(DomainError, match=f"no value for {names[0]}"):
            system.evaluate({s: v for s, v in point.items() if s != names[0]})


@settings(max_examples=15)
@given(st.data())
def test_routes_agree_on_random_rational_networks(data):
    net = data.draw(testing.rational_networks(max_layers=2, max_width=2))
    law = data.draw(testing.joint_laws(net.input_units()))
    fused, ruled = net.propagate(law, 3), layerwise(net.stages(law.dim), law, 3)
    effective = net.system(3, law, form="effective").evaluate({})
    by_layers = net.system(3, law, form="layers").evaluate({})
    for alpha in alphas(fused.dim, 3):
        assert fused[alpha] == ruled[alpha] == effective[alpha] == by_layers[alpha]


def test_intermediate_states_are_those_of_the_prefixes():
    net, law, _ = NETWORKS["two-hidden"]
    out = net.propagate(law, 2)
    assert [s.state for s in (*out.layers, out)] == ["z1", "y1", "z2", "y2"]
    for k, state in enumerate(out.layers, 1):
        prefix = layers.Sequential(*net.layers[:k]).propagate(law, 2)
        for alpha in alphas(prefix.dim, 2):
            assert same(state[alpha], prefix[alpha])


# ---------------------------------------------------------------------------- Leonov-Shiryaev


def leonov_shiryaev(polynomials, alpha, source):
    """Joint cumulant of polynomials by the sum over partitions pi with pi v sigma = 1."""
    factors = to_indices(alpha)
    total = sp.S.Zero
    for powers in itertools.product(*(range(len(polynomials[i])) for i in factors)):
        weight = sp.Mul(*(polynomials[i][k] for i, k in zip(factors, powers, strict=True)))
        groups = [g for g, k in enumerate(powers) for _ in range(k)]
        if len(set(groups)) < len(factors):
            # a constant factor: its cumulant is itself at first order and zero above
            total += weight if len(factors) == 1 else 0
            continue
        for blocks in set_partitions_connected_with(groups):
            term = weight
            for block in blocks:
                units = [factors[groups[i]] for i in block]
                term *= source.cumulant(tuple(units.count(u) for u in range(source.dim)))
            total += term
    return sp.expand(total)


@pytest.mark.parametrize(("coefficients", "dim", "order"), [
    ([0, 1, "a"], 1, 3),
    ([0, 1, "a"], 2, 2),
    ([0, 0, 1], 3, 3),
    (["c", "u", "v"], 2, 2),
    ([0, 1, 0, "a"], 1, 2),
    ([0, 1, 0, "a"], 2, 2),
    ([1, -2, 3], 3, 2),
])
def test_pointwise_rule_is_the_sum_over_connected_partitions(coefficients, dim, order):
    phi = activations.Polynomial(coefficients)
    source = GenericJoint(dim, "x")
    out = layers.Pointwise(phi).propagate(source, order)
    for alpha in alphas(dim, order):
        assert out[alpha] == leonov_shiryaev([phi.coefficients] * dim, alpha, source)


def test_different_activations_per_unit():
    phis = (activations.Square(), activations.Polynomial(["c", "u", 1]))
    rule = layers.PointwiseRule(phis)
    source = GenericJoint(2, "x")
    ring = Ring.of([*(cumulant_symbol(a, "x") for a in alphas(2, 4)), *rule.expressions])
    state = JointCumulants.from_source(source, 4, ring)
    value = rule.transfer(state)
    for alpha in alphas(2, 2):
        assert ring.expr(value(alpha)) == leonov_shiryaev(
            [p.coefficients for p in phis], alpha, source
        )


# ---------------------------------------------------------------------------- structured form


def test_sizes_of_the_structured_form():
    system = two_layer(2, 2).system(6)
    by_order = {d.order: len(d.polynomial) for d in system.definitions if d.order}
    named = [d for d in system.definitions if not d.order]
    assert len(named) == 5
    assert [str(d.symbol) for d in named] == ["l_1", "l_2", "Q_11", "Q_12", "Q_22"]
    assert by_order[4] == 293
    assert by_order[6] == 2915
    assert system.terms == sum(by_order.values()) + sum(len(d.polynomial) for d in named)


def test_size_of_the_flattened_form():
    # every weight and hidden bias a symbol: 4228 terms at kappa_4
    assert len(two_layer(2, 2, bias=True).system(4, outputs=[4]).expand()[4,]) == 4228


@pytest.mark.parametrize(("symmetry", "units", "terms"), [
    (symmetries.PermutationEquivariant(), 3, 574), (symmetries.PermutationEquivariant(), 4, 574),
    (symmetries.Cyclic(), 3, 2439), (symmetries.Shared(), 3, 78), (symmetries.Shared(), 4, 78),
], ids=repr)
def test_symmetry_shrinks_the_flattened_form(symmetry, units, terms):
    net = (layers.Linear(units, units, symmetry=symmetry, bias=True)
           >> layers.Pointwise(activations.Quadratic("a"))
           >> layers.Linear(units, 1, symmetry=symmetries.PermutationInvariant()))
    assert len(net.propagate(laws.Generic("kappa").iid(units), 4).polynomial(4)) == terms


def test_chosen_outputs_and_names():
    net = layers.Linear(2, 2) >> layers.Pointwise(activations.Square())
    system = net.system(2, outputs=[(1, 1)])
    assert list(system.outputs) == [(1, 1)]
    assert system.outputs[1, 1] == cumulant_symbol((1, 1), "y1")
    joint = net.system(1, "joint")
    assert str(joint.inputs[0]) == "kappa__x_1"
    assert {str(s) for s in net.system(1, "independent").inputs} == {
        "kappa__1_1", "kappa__1_2", "kappa__2_1", "kappa__2_2"
    }


# ---------------------------------------------------------------------------- block sums


@pytest.mark.parametrize("exponent", [None, "s", R(1, 3)])
def test_block_sum_with_symbolic_size(exponent):
    b = sp.Symbol("b")
    s = R(1, 2) if exponent is None else sp.sympify(exponent) if exponent != "s" else sp.Symbol("s")
    clt = layers.BlockSum(b) if exponent is None else layers.BlockSum(b, exponent)
    out = clt.propagate(laws.Generic("kappa").iid(b), order=6)
    for r in range(1, 7):
        expected = b ** (1 - r * s) * sp.Symbol(f"kappa_{r}")
        assert sp.simplify(out[r] / expected) == 1
        # and at integer sizes, by the weight matrix
        for size in (1, 2, 5):
            concrete = layers.BlockSum(size, s).propagate(laws.Generic("kappa").iid(size), order=r)
            assert sp.simplify(concrete[r] - out[r].subs(b, size)) == 0
    assert out.exact
    assert any("independent copies" in h for h in out.hypotheses)


def test_block_sum_with_weights_gives_power_sums():
    w = sp.symbols("w1:4")
    out = layers.BlockSum(3, weights=w).propagate(laws.Generic("kappa").iid(3), 5)
    for r in range(1, 6):
        assert out[r] == sp.expand(sum(v**r for v in w) * sp.Symbol(f"kappa_{r}"))


def test_block_sum_bad_input():
    for b in (0, -1, R(1, 2)):
        with pytest.raises(ShapeError, match="positive integer or a symbol"):
            layers.BlockSum(b)
    with pytest.raises(DomainError, match="inexact"):
        layers.BlockSum(2, 0.5)
    with pytest.raises(ShapeError, match="2 weights do not fit"):
        layers.BlockSum(3, weights=[1, 2])
    with pytest.raises(ShapeError, match=r"law\.iid\(b\)"):
        layers.BlockSum("b").propagate(laws.Normal(0, 1).iid(3))
    with pytest.raises(ShapeError, match="no weight matrix"):
        layers.BlockSum("b").rules(2)


# ---------------------------------------------------------------------------- networks


def test_the_design_example():
    clt = layers.BlockSum(2)
    assert clt.propagate(laws.Generic("kappa").iid(2), order=4)[4] == sp.Symbol("kappa_4") / 2
    net = layers.Sequential(
        layers.Linear(2, 3, symmetry=symmetries.PermutationInvariant(), bias=True),
        layers.Pointwise(activations.Quadratic("alpha")),
        layers.Linear(3, 1),
    )
    out = net.propagate(laws.Generic("kappa").iid(2), order=2)
    assert out.joint(0, 0) == out[2]
    assert [str(p) for p in net.parameters] == [
        "W__1_11", "W__1_21", "W__1_31", "c__1_1", "c__1_2", "c__1_3", "alpha",
        "W__2_11", "W__2_12", "W__2_13",
    ]
    assert out.exact
    assert out.closure == "Exact()"


def test_forward_is_the_map():
    net = layers.Linear(2, 2, weight=[[1, 2], [3, 4]], bias_values=[1, -1]) >> layers.Pointwise(
        activations.Quadratic("a")
    ) >> layers.Linear(2, 1, weight=[[1, R(1, 2)]])
    a, x, y = sp.symbols("a x y")
    z1, z2 = x + 2 * y + 1, 3 * x + 4 * y - 1
    expected = z1 + a * z1**2 + (z2 + a * z2**2) / 2
    assert net.forward([x, y]) == [sp.expand(expected)]
    with pytest.raises(ShapeError, match="takes 2 input units, but the input has 3"):
        net.forward([1, 2, 3])
    with pytest.raises(DomainError, match="input value"):
        net.forward([0.5, 1])


@pytest.mark.parametrize("chain", [
    lambda *parts: layers.Sequential(*parts),
    lambda first, *rest: functools.reduce(operator.rshift, rest, first),
], ids=["Sequential", ">>"])
def test_shared_layers_share_parameters(chain):
    layer = layers.Linear(2, 2)
    net = chain(layer, layers.Pointwise(activations.Square()), layer)
    assert len(net.parameters) == 4
    x, y = sp.symbols("x y")
    inner = layers.Linear(2, 2, name="W__1").forward([x, y])
    assert net.forward([x, y]) == [
        sp.expand(e) for e in layers.Linear(2, 2, name="W__1").forward([z**2 for z in inner])
    ]


def test_substitution_commutes_with_propagation():
    net, law, order = NETWORKS["free"]
    values = {p: R(k - 3, k + 1) for k, p in enumerate(net.parameters)}
    symbolic = net.propagate(law, order)
    concrete = net.subs(values).propagate(law, order)
    for r in range(1, order + 1):
        assert sp.expand(symbolic[r].subs(values)) == concrete[r]
    assert net.subs({str(k): v for k, v in values.items()}).parameters == ()
    with pytest.raises(ShapeError, match="Z: no such parameter; known: W__1_11"):
        net.subs({"Z": 1})


def test_degrees_and_input_orders():
    net = NETWORKS["two-hidden"][0]
    assert net.degree() == 4
    assert net.input_order(3) == 12
    assert layers.Pointwise(activations.Cube()).degree(2) == 3
    law = laws.StudentT(12)
    assert two_layer(2, 1).propagate(law, 5).order == 5
    with pytest.raises(OrderError, match="order 12 is needed"):
        two_layer(2, 1).propagate(law, 6)


# ---------------------------------------------------------------------------- bad input


def test_wrong_dimensions():
    net = two_layer(2, 2)
    with pytest.raises(ShapeError, match=r"use law\.iid\(2\)"):
        net.propagate(laws.Normal(0, 1).iid(3))
    with pytest.raises(ShapeError, match="takes 2 units, but layer 1 gives 3; change in_features"):
        layers.Linear(2, 3) >> layers.Linear(2, 1)
    with pytest.raises(ShapeError, match="takes any number"):
        layers.Pointwise(activations.Square()).propagate(laws.Normal(0, 1))
    for bad in (0, -1, 1.0, True, "2"):
        with pytest.raises(ShapeError, match="positive integer"):
            layers.Linear(bad, 1)
        with pytest.raises(ShapeError, match="positive integer"):
            layers.Mean(bad)
    with pytest.raises(ShapeError, match=r"weight is 1 x 2, but must be 1 x 3"):
        layers.Linear(3, 1, weight=[[1, 2]])
    with pytest.raises(ShapeError, match="bias_values is 1 x 1"):
        layers.Linear(2, 2, bias_values=[1])
    with pytest.raises(ShapeError, match="at least one layer"):
        layers.Sequential()
    with pytest.raises(ShapeError, match="is no layer"):
        layers.Sequential(activations.Square())
    with pytest.raises(ShapeError, match="equal width"):
        layers.Residual(layers.Linear(2, 3))
    with pytest.raises(ShapeError, match="is no layer"):
        layers.Residual(3)


@pytest.mark.parametrize("order", [0, -2, 1.0, True, None, "4"])
def test_orders_that_are_none(order):
    net = two_layer(2, 2)
    for call in (lambda: net.propagate(laws.Normal(0, 1), order), lambda: net.system(order),
                 lambda: net.recursion(order)):
        with pytest.raises(OrderError, match="positive integers"):
            call()


def test_orders_and_indices_that_do_not_exist():
    out = layers.Linear(2, 2).propagate(laws.Generic("kappa").iid(2), order=2)
    with pytest.raises(OrderError, match=r"propagate\(\.\.\., order=3\)"):
        _ = out[2, 1]
    with pytest.raises(OrderError):
        _ = out[0, 0]
    with pytest.raises(ShapeError, match="does not name a cumulant of 2 units"):
        _ = out[2]
    for alpha in ((1, 0, 0), (2, -1), ()):
        with pytest.raises(ShapeError, match="does not fit 2 units"):
            _ = out[alpha]
    with pytest.raises(ShapeError, match="unit index 2"):
        out.joint(0, 2)
    with pytest.raises(ShapeError, match="is no multi-index of 1 units"):
        two_layer(2, 2).system(2, outputs=[3])


def test_inexact_numbers_are_refused():
    with pytest.raises(DomainError, match="inexact"):
        layers.Linear(1, 1, weight=[[0.5]])
    with pytest.raises(DomainError, match="inexact"):
        layers.Linear(1, 1, bias_values=[1.5])
    with pytest.raises(DomainError, match="inexact"):
        activations.Quadratic(0.1)
    with pytest.raises(DomainError):
        two_layer(1, 1).subs({"a": 0.5})
    out = two_layer(1, 1).propagate(laws.Generic("kappa"), 2)
    with pytest.raises(DomainError, match="inexact"):
        out.subs({"a": 0.5})
    with pytest.raises(DomainError, match="no symbol q"):
        out.subs({"q": 1})


def test_name_collisions():
    with pytest.raises(SymmetryError, match="give the layers different names"):
        layers.Linear(1, 1, name="W") >> layers.Linear(1, 1, name="W")
    net = layers.Linear(1, 1, name="V") >> layers.Linear(1, 1, name="W")
    assert [str(p) for p in net.parameters] == ["V", "W"]
    # coefficients of the effective map do not take the name of a parameter
    net = layers.Linear(2, 1, weight=[["l_1", "Q_11"]]) >> layers.Pointwise(
        activations.Quadratic("c")
    )
    assert not {d.symbol for d in net.effective().definitions} & set(net.parameters)
    law = laws.Generic("kappa").iid(2)
    fused, ruled = net.propagate(law, 2), layerwise(net.stages(2), law, 2)
    assert all(same(fused[r], ruled[r]) for r in (1, 2))


def test_cumulant_names_that_collide_with_weights():
    # a weight called like an input cumulant is the same symbol, in every route
    net = layers.Linear(1, 1, weight=[["kappa_2"]])
    kappa_2 = sp.Symbol("kappa_2")
    assert net.propagate(laws.Generic("kappa"), 2)[2] == kappa_2**3


def test_closures_and_activations():
    net = two_layer(1, 1)
    with pytest.raises(DomainError, match=r"closure .* is not known; use Exact\(\)"):
        net.propagate(laws.Normal(0, 1), 2, closure="Exact")

    class Sine(activations.Activation):
        name = "sine"

        def expr(self, z):
            return sp.sin(z)

    try:
        with pytest.raises(NoClosedFormError, match="not a polynomial"):
            layers.Pointwise(Sine()).propagate(laws.Uniform(0, 1).iid(1), 2)
    finally:
        from cumulant_theory.activations import base
        del base._registry["sine"]
    with pytest.raises(UnknownNameError, match="did you mean 'quadratic'"):
        activations.get("quadratik")
    with pytest.raises(DomainError, match="is no activation"):
        layers.Pointwise(sp.sin)
    with pytest.raises(DomainError, match="needs coefficients"):
        activations.Polynomial([])
    with pytest.raises(DomainError, match="neither a law nor joint cumulants"):
        net.propagate(3)
    with pytest.raises(DomainError, match=r"inputs='idd' is unknown"):
        net.system(2, "idd")
    with pytest.raises(DomainError, match=r"form='flat' is unknown"):
        net.system(2, form="flat")


def test_symmetries_that_do_not_fit():
    with pytest.raises(SymmetryError, match="does not fit"):
        layers.Linear(3, 2, symmetry=symmetries.Cyclic())
    with pytest.raises(SymmetryError, match="pass an instance"):
        layers.Linear(2, 2, symmetry=symmetries.Cyclic)
    with pytest.raises(SymmetryError, match="not equivariant"):
        layers.Linear(2, 2, symmetry=symmetries.Cyclic(), weight=[[1, 2], [3, 1]])


# ---------------------------------------------------------------------------- activations


POLYNOMIALS = [
    activations.Cube(), activations.Cubic(), activations.Identity(), activations.Quadratic("a"),
    activations.Polynomial([1, R(1, 2), -1]), activations.Square(),
]


@pytest.mark.parametrize("phi", POLYNOMIALS, ids=repr)
def test_every_polynomial_activation(phi):
    z = sp.Symbol("z")
    assert sp.expand(sum(a * z**k for k, a in enumerate(phi.coefficients)) - phi(z)) == 0
    assert phi.degree == sp.degree(phi(z), z)
    assert phi.is_odd == (sp.expand(phi(-z) + phi(z)) == 0)
    assert set(phi.parameters) == phi(z).free_symbols - {z}
    moments = [1, 0, 1, 0, 3, 0, 15, 0, 105, 0, 945, 0, 10395]
    out = layers.Pointwise(phi).propagate(laws.Normal(0, 1).iid(1), 2)
    first = sum(a * moments[k] for k, a in enumerate(phi.coefficients))
    second = sum(a * b * moments[j + k] for (j, a), (k, b) in itertools.product(
        enumerate(phi.coefficients), repeat=2))
    assert out[1] == first
    assert sp.expand(out[2] - second + first**2) == 0


def test_leading_zeros_are_dropped():
    assert activations.Polynomial([1, 2, 0, 0]).degree == 1
    assert activations.Polynomial([0]).degree == 0
    assert activations.Quadratic("a") == activations.Polynomial([0, 1, "a"])
    assert math.prod([activations.Cubic().degree, activations.Square().degree]) == 6


@pytest.mark.parametrize("bias", [3, [1, 2], "c", None, 0.5])
def test_values_given_as_the_bias_flag_are_not_lost(bias):
    with pytest.raises(DomainError, match="bias_values"):
        layers.Linear(2, 2, bias=bias)
    with pytest.raises(DomainError, match="bias_values"):
        layers.GraphConv(layers.graphs.path(3), bias=bias)


HUGE, WIDE = 10**7, 10**9
QUADRATIC = layers.Linear(2, 1) >> layers.Pointwise(activations.Quadratic("a"))


@pytest.mark.parametrize("call", [
    lambda: layers.Mean(2).propagate(laws.Normal(0, 1), order=HUGE),
    lambda: QUADRATIC.recursion(order=HUGE),
    lambda: QUADRATIC.system(order=HUGE),
    lambda: QUADRATIC.propagate(laws.Normal(0, 1), order=150),
    lambda: QUADRATIC.propagate(laws.Generic(), order=60),
    lambda: layers.BlockSum("b").propagate(laws.Generic().iid("b"), order=HUGE),
    lambda: layers.Pointwise(activations.Tanh()).propagate(
        laws.Normal(0, 1).iid(2), 2, Neglect(HUGE)),
    lambda: laws.Exponential(1).cumulant(HUGE),
    lambda: laws.Uniform(-1, 1).moment(HUGE),
])
def test_absurd_orders_are_refused_at_once(call):
    with pytest.raises(OrderError, match=r"order 200; ask|monomials or more; ask"):
        call()


@pytest.mark.parametrize("call", [
    lambda: layers.Linear(WIDE, 1),
    lambda: layers.Linear(1, WIDE, symmetry=symmetries.Shared()),
    lambda: layers.Linear(2**12, 2**12, symmetry=symmetries.PermutationEquivariant()),
    lambda: symmetries.Cyclic().tie(WIDE, WIDE),
    lambda: layers.Mean(WIDE),
    lambda: layers.BlockSum(WIDE).propagate(laws.Normal(0, 1), order=2),
    lambda: layers.Pointwise(activations.Square()).propagate(laws.Normal(0, 1).iid(WIDE), order=1),
    lambda: layers.GraphConv(layers.graphs.path(2), WIDE, 1),
    lambda: layers.graphs.complete(2**12),
    lambda: layers.graphs.cycle(WIDE),
    lambda: layers.graphs.Graph((WIDE, [])),
    lambda: layers.Readout(WIDE),
    lambda: layers.Mean(2**14).propagate(laws.Normal(0, 1), order=4),
    lambda: layers.Linear(100, 100).system(order=4),
])
def test_absurd_widths_are_refused_at_once(call):
    with pytest.raises(ShapeError, match=r"more than|too many to list.*symbolic_width"):
        call()


def test_rings_of_too_many_symbols_are_refused():
    with pytest.raises(ShapeError, match="31000 symbols, more than the 30000"):
        Ring(sp.symbols("x:31000"))


def test_orders_and_widths_are_integers_of_any_type():
    net = layers.Linear(sp.Integer(2), np.int64(1))
    out = net.propagate(laws.Generic(), order=np.int64(3))
    assert out[3] == layers.Linear(2, 1).propagate(laws.Generic(), order=3)[3]
    assert type(net.in_features) is type(out.order) is int
    assert layers.graphs.cycle(np.int64(3)).edges == layers.graphs.cycle(3).edges


def test_affine_rules_on_many_independent_units_visit_one_block_at_a_time():
    n = 60
    weight = [[sp.Rational(1, k + 1) for k in range(n)], [sp.Integer(k % 3 - 1) for k in range(n)]]
    out = layers.Linear(n, 2, weight=weight).propagate(laws.Exponential(1), order=3)
    for alpha in ((3, 0), (2, 1), (1, 2), (0, 2), (1, 1)):
        r = sum(alpha)
        expected = sum(
            weight[0][k] ** alpha[0] * weight[1][k] ** alpha[1] for k in range(n)
        ) * sp.factorial(r - 1)
        assert out[alpha] == expected


def test_system_inputs_are_those_of_the_law_lowest_order_first():
    law = laws.Product([laws.Generic("a"), laws.Generic("b")])
    system = layers.Mean(2).system(order=2, inputs=law)
    assert list(map(str, system.inputs)) == ["a_1", "b_1", "a_2", "b_2"]


@pytest.mark.parametrize("state", [
    JointCumulants.from_source(laws.Normal(0, 1).iid(2), 2),
    layers.Mean(2).propagate(laws.Generic(), order=2).subs({"kappa_1": 0}),
])
def test_cumulants_that_were_not_derived_say_so(state):
    with pytest.raises(DomainError, match=r"given, not derived; call \.derivation on the result"):
        _ = state.derivation


def test_states_of_many_units_show_themselves_at_once():
    wide = layers.Pointwise(activations.Square()).propagate(laws.Normal(0, 1).iid(1000), 2)
    assert "1000 units" in wide._repr_latex_()
    assert wide._repr_html_().count("<math") > 4
    narrow = layers.Pointwise(activations.Square()).propagate(laws.Normal(0, 1).iid(2), 2)
    assert "kappa" in narrow._repr_latex_()


def test_moments_go_as_far_as_the_cumulants():
    state = JointCumulants.from_source(laws.Exponential(1).iid(1), 2)
    assert [state.moment(r) for r in (0, 1, 2)] == [1, 1, 2]
    for wanted in (lambda: state.moment(3), lambda: state.element((3,))):
        with pytest.raises(OrderError, match="order 3 of x"):
            wanted()
    square = layers.Pointwise(activations.Square()).propagate(laws.Generic().iid(1), 2)
    assert square.moment(2) == sp.expand(square[2] + square[1] ** 2)
    with pytest.raises(OrderError, match=r"moment of order 3 .* propagate\(\.\.\., order=3\)"):
        square.moment((3,))
