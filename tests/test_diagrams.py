"""The diagram rule against the exact polynomial rule, enumeration and Gaussian integrals."""

import itertools
import math
import random
from fractions import Fraction

import mpmath
import numpy as np
import pytest
import sympy as sp
from hypothesis import given, settings
from hypothesis import strategies as st

from cumulant_theory import Diagrams, Exact, Neglect, activations, diagrams, laws, layers
from cumulant_theory.algebra import (
    Ring,
    joint_cumulants,
    moments_from_cumulants,
    multi_indices,
    vector_partitions,
)
from cumulant_theory.closures import as_closure
from cumulant_theory.cumulants import GenericJoint, JointCumulants
from cumulant_theory.errors import DomainError, NoClosedFormError, OrderError, ShapeError
from cumulant_theory.layers import DiagramRule, PointwiseRule

R = sp.Rational
SHORT = [p for p in diagrams.patterns(4) if len(p) <= 3]


def alphas(dim, order):
    return [a for r in range(1, order + 1) for a in multi_indices(dim, r)]


def numeric_state(dim, order, seed, keep=lambda v: True, ring=None, weight=lambda v: 1):
    """Random rational joint cumulants, those that ``keep`` refuses zero."""
    rng = random.Random(seed)
    values = {a: R(rng.randint(-6, 6), rng.randint(1, 4)) for a in alphas(dim, order)}
    ring = ring or Ring([])
    return JointCumulants(
        dim, order, ring,
        lambda a: ring.element(values[a] * weight(a)) if keep(a) else ring.zero,
    )


def plain(state, order):
    values = {a: Fraction(int(v.p), int(v.q)) for a in alphas(state.dim, order)
              for v in [state.cumulant(a)]}
    return lambda a: values.get(a, Fraction(0))


# ---------------------------------------------------------------------------- enumeration


def test_number_of_diagrams_agrees_with_the_literature():
    # arXiv:2605.05179: mean and all index patterns with sum ceil(p_a / 2) <= K, |p|, |v| <= 4
    def count(k):
        closure = Diagrams(k)
        return sum(len(diagrams.rule(p, closure).diagrams) for p in diagrams.patterns(4, closure))

    assert count(3) == 40
    assert count(4) == 171
    for k in (3, 4):
        assert Diagrams(k).largest_block == 4


@pytest.mark.parametrize("degrees", [(4,), (3, 3), (4, 2), (2, 2, 2), (3, 2, 1)])
def test_diagrams_of_bounded_degree_are_vector_partitions(degrees):
    def allowed(v):
        return sum(1 for a in v if a) > 1 or sum(v) > 2

    def joined(parts, units):
        label = list(range(units))
        for v in parts:
            support = [a for a in range(units) if v[a]]
            low = {label[a] for a in support}
            label = [min(low) if x in low else x for x in label]
        return len(set(label)) == 1

    boxes = itertools.product(*(range(d + 1) for d in degrees))
    expected = {
        tuple(parts) for k in boxes for parts in vector_partitions(k)
        if all(map(allowed, parts)) and joined(parts, len(degrees))
    }
    found = diagrams.connected(len(degrees), degrees=degrees)
    assert {tuple(v for v, c in d.blocks for _ in range(c)) for d in found} == expected
    assert len(found) == len(expected)
    for d in found:
        parts = [v for v, c in d.blocks for _ in range(c)]
        ways = math.prod(math.factorial(a) for v in parts for a in v)
        repeats = math.prod(math.factorial(c) for _, c in d.blocks)
        assert d.weight == Fraction(1, ways * repeats)
        assert d.derivatives == tuple(map(sum, zip(*parts, strict=True))) or not parts
        assert d.cost == sum(sum(v) - 1 - all(a % 2 == 0 for a in v) for v in parts)


@pytest.mark.parametrize("k", [1, 2, 3, 4])
@pytest.mark.parametrize("units", [1, 2, 3])
def test_budget_selects_by_cost_alone(k, units):
    # a polynomial of high degree has every diagram of low cost
    every = diagrams.connected(units, degrees=(2 * k,) * units) if units * k <= 6 else None
    found = diagrams.connected(units, k - 1, Diagrams(k).largest_block)
    assert all(d.cost <= k - 1 for d in found)
    if every is not None:
        assert set(found) == {d for d in every if d.cost <= k - 1}


# ---------------------------------------------------------------------------- powers


@pytest.mark.parametrize("pattern", diagrams.patterns(5))
def test_power_formula_on_a_finite_law(pattern):
    rng = random.Random(sum(pattern))
    points = [([Fraction(rng.randint(-4, 4)) for _ in pattern], Fraction(rng.randint(1, 5)))
              for _ in range(5)]
    total = sum(w for _, w in points)

    def moment(q):
        values = (w * math.prod(x**e for x, e in zip(p, q, strict=True)) for p, w in points)
        return sum(values) / total

    def power(q):  # the variables are the powers themselves
        units = [a for a, e in enumerate(q) if e]

        def inner(chosen):
            return moment(tuple(
                sum(q[a] * chosen[units.index(a)] if a in units else 0 for _ in (0,))
                for a in range(len(q))
            ))

        return joint_cumulants(inner)((1,) * len(units))

    value = sum(
        c * math.prod(power(q) ** e for q, e in factors)
        for c, factors in diagrams.power_formula(pattern)
    )
    assert value == joint_cumulants(moment)(pattern)


# ---------------------------------------------------------------------------- polynomials


def exact_by_moments(coefficients, state, order):
    """Joint cumulants of polynomials through PointwiseRule."""
    rule = PointwiseRule(tuple(activations.Polynomial(c) for c in coefficients))
    return rule.transfer(state)


@pytest.mark.parametrize(
    ("dim", "order", "degree"), [(1, 4, 3), (2, 4, 2), (2, 3, 3), (3, 3, 2)]
)
def test_untruncated_sum_is_the_exact_rule(dim, order, degree):
    rng = random.Random(10 * dim + order)
    phis = tuple(
        activations.Polynomial([R(rng.randint(-3, 3), 2) for _ in range(degree)] + [R(1, 2)])
        for _ in range(dim)
    )
    state = numeric_state(dim, degree * order, 7)
    diagram = DiagramRule(phis, Diagrams(100), order=order).transfer(state)
    exact = PointwiseRule(phis).transfer(state)
    for alpha in alphas(dim, order):
        assert state.ring.expr(diagram(alpha)) == state.ring.expr(exact(alpha)), alpha


@pytest.mark.parametrize("pattern", [(1,), (2,), (1, 1), (2, 1), (1, 1, 1)])
def test_untruncated_sum_is_the_exact_rule_with_symbols(pattern):
    dim = len(pattern)
    phis = (activations.Polynomial(["a_0", "a_1", "a_2"]),) * dim
    source = GenericJoint(dim, "z")
    first = JointCumulants.from_source(source, 2 * sum(pattern))
    ring = Ring([*first.ring.atoms, *PointwiseRule(phis).expressions])
    state = JointCumulants.from_source(source, 2 * sum(pattern), ring)
    diagram = DiagramRule(phis, Diagrams(50)).transfer(state)(pattern)
    assert diagram == PointwiseRule(phis).transfer(state)(pattern)


@pytest.mark.parametrize("k", [1, 2, 3, 4])
@pytest.mark.parametrize("pattern", [(1, 1), (1, 1, 1), (1,)])
def test_cost_counts_powers_of_a_scaling(k, pattern):
    """kappa_v -> t^cost(v) kappa_v in the exact rule; truncation drops the powers from t^K on."""
    dim, degree = len(pattern), 3
    t = sp.Symbol("t")
    ring = Ring([t])

    def weight(v):
        single_low = sum(1 for a in v if a) == 1 and sum(v) <= 2
        return sp.S.One if single_low else t ** diagrams.cost(v)

    order = degree * dim
    state = numeric_state(dim, order, 3, ring=ring, weight=weight)
    phis = (activations.Polynomial([1, R(1, 2), -2, R(1, 3)]),) * dim
    exact = sp.Poly(ring.expr(PointwiseRule(phis).transfer(state)(pattern)), t)
    kept = sp.Poly(ring.expr(DiagramRule(phis, Diagrams(k)).transfer(state)(pattern)), t)
    low = {m: c for m, c in exact.terms() if m[0] <= k - 1 and c != 0}
    assert {m: c for m, c in kept.terms() if c != 0} == low


@pytest.mark.parametrize("k", [2, 3, 4])
def test_neglect_is_the_exact_rule_of_a_truncated_state(k):
    phis = (activations.Polynomial([1, -1, R(3, 2)]), activations.Cube())
    low = numeric_state(2, 9, 5, keep=lambda v: sum(v) <= k)
    full = numeric_state(2, 9, 5)
    found = DiagramRule(phis, Neglect(k), order=3).transfer(full)
    exact = PointwiseRule(phis).transfer(low)
    for alpha in alphas(2, 3):
        assert full.ring.expr(found(alpha)) == full.ring.expr(exact(alpha)), alpha


@settings(max_examples=15)
@given(
    st.lists(st.tuples(st.integers(-3, 3), st.integers(-3, 3), st.integers(1, 4)),
             min_size=2, max_size=5),
    st.lists(st.integers(-2, 2), min_size=2, max_size=3),
    st.sampled_from([p for p in SHORT if len(p) == 2]),
)
def test_brute_force_over_a_finite_law(points, coefficients, pattern):
    total = sum(w for *_, w in points)

    def moment_of(f):
        def moment(q):
            return sum(
                Fraction(w) * f(x) ** q[0] * f(y) ** q[1] for x, y, w in points
            ) / total
        return moment

    def phi(x):
        return sum((Fraction(c) * x**n for n, c in enumerate(coefficients)), Fraction(0))

    degree = len(coefficients) - 1
    kappa = joint_cumulants(moment_of(Fraction))

    def omega(p):
        def of(a, k):
            polynomial = sp.Poly(sum(c * sp.Symbol("x") ** n for n, c in enumerate(coefficients))
                                 ** p[a], sp.Symbol("x"))
            for _ in range(k):
                polynomial = polynomial.diff()
            first = [kappa((r, 0) if a == 0 else (0, r)) for r in (1, 2)]
            m = [1, *moments_from_cumulants(first + [Fraction(0)] * (degree * p[a]))]
            return sum((Fraction(int(c)) * m[n[0]] for n, c in polynomial.terms()), Fraction(0))
        return of

    def power(q):
        units = [a for a in (0, 1) if q[a]]
        p = [q[a] for a in units]
        rule = diagrams.rule(p, Exact(), degree=degree)
        lift = dict(enumerate(units))
        return rule.evaluate(
            lambda v: kappa(tuple(v[units.index(a)] if a in units else 0 for a in (0, 1))),
            lambda a, k: omega({a: q[a] for a in units})(lift[a], k),
        )

    value = sum(
        c * math.prod(power(q) ** e for q, e in factors)
        for c, factors in diagrams.power_formula(pattern)
    )
    assert value == joint_cumulants(moment_of(phi))(pattern)


# ---------------------------------------------------------------------------- Gaussian input


def mehler(phi, powers, means, variances, c, terms):
    """The series in the covariance, from Wick coefficients."""
    total = mpmath.mpf(0)
    for k in range(1, terms):
        factors = [
            phi.wick(k, p, mean=m, variance=v).expr.evalf(25)
            for p, m, v in zip(powers, means, variances, strict=True)
        ]
        total += mpmath.mpf(str(sp.N(c, 25))) ** k / mpmath.factorial(k) * mpmath.mpf(
            str(factors[0])) * mpmath.mpf(str(factors[1]))
    return total


@pytest.mark.parametrize(("name", "means"), [
    ("sin", (R(1, 3), R(1, 2))), ("exp", (R(-1, 3), 0)), ("cos", (0, R(1, 2))),
    ("erf", (0, 0)), ("relu", (0, 0)), ("step", (0, 0)), ("sign", (0, 0)),
])
def test_pair_closed_forms_equal_mehlers_series_and_the_integral(name, means):
    if name not in activations.catalogue():
        pytest.fail(f"{name} is no longer an activation")
    phi = activations.get(name)
    variances, c = (sp.Integer(1), R(3, 2)), R(1, 4)
    means = tuple(map(sp.sympify, means))
    found = diagrams.pair_cumulant((phi, phi), (1, 1), means, variances, c)
    assert found.exact
    z = sp.Symbol("z", real=True)
    f = sp.Lambda(z, phi.expr(z))
    integral = diagrams.PairIntegral(f, f, 1, 1, *means, *variances, c)
    assert abs(sp.N(found.expr - mehler(phi, (1, 1), means, variances, c, 20), 20)) < 1e-9
    assert abs(sp.N(found.expr, 20) - integral.evalf(12)) < 1e-9


@pytest.mark.parametrize(("powers", "means"), [
    ((1, 1), (R(1, 2), R(-1, 3))), ((2, 1), (0, 0)),
])
def test_pairs_of_relu_are_one_dimensional_integrals(powers, means):
    phi = activations.ReLU()
    means = tuple(map(sp.sympify, means))
    variances, c = (sp.Integer(1), sp.Integer(1)), R(1, 8)
    found = diagrams.pair_cumulant((phi, phi), powers, means, variances, c)
    assert not found.exact
    assert found.expr.dimension == 1
    series = mehler(phi, powers, means, variances, c, 14)
    assert abs(found.expr.evalf(15) - sp.Float(str(series), 20)) < 1e-12


def test_pairs_of_tanh_are_two_dimensional_integrals():
    phi = activations.Tanh()
    found = diagrams.pair_cumulant((phi, phi), (1, 1), (0, R(1, 4)), (1, 2), R(1, 2))
    assert not found.exact
    assert found.expr.dimension == 2
    x, w = np.polynomial.hermite_e.hermegauss(120)
    w = w / w.sum()
    first, second = x[:, None], x[None, :] * np.sqrt(2 - 1 / 4) + x[:, None] / 2 + 1 / 4
    weight = w[:, None] * w[None, :]
    product = (weight * np.tanh(first) * np.tanh(second)).sum()
    expected = product - (w * np.tanh(x)).sum() * (weight * np.tanh(second)).sum()
    assert abs(float(found.expr.evalf(12)) - expected) < 1e-10


def test_first_layer_of_a_gaussian_is_exact():
    net = layers.Linear(2, 2, bias=True) >> layers.Pointwise(activations.ReLU()) >> layers.Sum(2)
    out = net.propagate(laws.Normal(0, 1).iid(2), order=2)
    assert out.exact
    assert out.closure == "Exact()"
    assert out.first_neglected is None
    point = dict(zip(map(str, net.parameters), [1, 2, -1, 3, 0, 0], strict=True))
    number = net.subs(point).propagate(laws.Normal(0, 1).iid(2), order=2)
    s1, s2, c = sp.sqrt(5), sp.sqrt(10), 5
    mean = (s1 + s2) / sp.sqrt(2 * sp.pi)
    assert sp.simplify(number.explicit(1) - mean) == 0
    root = sp.sqrt(50 - c**2)
    angle = sp.acos(sp.Rational(c) / (s1 * s2))
    second = R(15, 2) + (root + (sp.pi - angle) * c) / sp.pi
    assert abs(sp.N(number.explicit(2) - (second - mean**2), 30)) < 1e-25
    substituted = out.subs(point)
    assert sp.simplify(substituted.explicit(2) - number.explicit(2)) == 0


def test_structured_system_equals_propagation():
    net = layers.Linear(2, 2) >> layers.Pointwise(activations.Quadratic("a")) >> layers.Linear(2, 1)
    law = laws.Generic("kappa").iid(2)
    for closure in (Diagrams(2), Diagrams(3), Neglect(2)):
        out = net.propagate(law, 3, closure=closure)
        system = net.system(3, law, closure=closure)
        for alpha, polynomial in system.expand().items():
            assert polynomial == out.polynomial(alpha), (closure, alpha)


def test_structured_system_of_an_activation_without_degree():
    net = (layers.Linear(2, 2) >> layers.Pointwise(activations.ReLU()) >> layers.Linear(2, 2)
           >> layers.Pointwise(activations.Erf()) >> layers.Linear(2, 1))
    point = {p: R(k % 5 - 2 or 3, 3) for k, p in enumerate(net.parameters)}
    law = laws.Uniform(-1, 2).iid(2)
    system = net.subs(point).system(2, law, closure=Diagrams(2))
    values = system.evalf({}, 30)
    out = net.subs(point).propagate(law, 2, closure=Diagrams(2))
    assert not out.exact
    named = {}
    for d in out.definitions:
        named[d.symbol] = sp.N(d.expr.subs(named), 30)
    flat = system.expand()
    for alpha in system.outputs:
        assert flat[alpha] == out.polynomial(alpha)
        assert abs(values[alpha] - out.cumulant(alpha).subs(named)) < 1e-20
    with pytest.raises(NoClosedFormError, match="Gaussian expectation"):
        system.evaluate({})
    with pytest.raises(NoClosedFormError, match="not a polynomial"):
        net.system(2, law, form="effective", closure=Diagrams(2))


def test_residual_keeps_its_copy_exact():
    # Cov(x, phi(x)) = omega' var(x): Stein's identity, and the identity has no second derivative
    net = layers.Residual(layers.Pointwise(activations.ReLU()))
    out = net.propagate(laws.Normal(0, 1).iid(1), order=2)
    assert out.exact
    assert sp.simplify(out.explicit(2) - (1 + R(1, 2) - 1 / (2 * sp.pi) + 1)) == 0


# ---------------------------------------------------------------------------- what results say


def test_exact_refuses_and_names_the_layer_and_the_next_call():
    net = layers.Linear(1, 1) >> layers.Pointwise(activations.ReLU())
    with pytest.raises(NoClosedFormError, match=r"layer 2 Pointwise: .*closure=Diagrams\(3\)"):
        net.propagate(laws.Uniform(-1, 1).iid(1), 2)
    deep = net >> layers.Linear(1, 1) >> layers.Pointwise(activations.ReLU())
    with pytest.raises(NoClosedFormError, match="layer 4 Pointwise"):
        deep.propagate(laws.Normal(0, 1).iid(1), 2)
    wide = layers.Linear(2, 3) >> layers.Pointwise(activations.ReLU())
    out = wide.propagate(laws.Normal(0, 1).iid(2), 3)
    with pytest.raises(NoClosedFormError, match="units 1, 2, 3"):
        out.cumulant((1, 1, 1))
    with pytest.raises(NoClosedFormError, match="infinitely many diagrams"):
        diagrams.rule((1, 1), Neglect(3))


def test_results_know_what_was_neglected():
    net = layers.Linear(2, 2) >> layers.Pointwise(activations.ReLU()) >> layers.Linear(2, 1)
    out = net.propagate(laws.Uniform(-1, 1).iid(2), 2, closure=Diagrams(3))
    assert not out.exact
    assert out.closure == "Diagrams(3)"
    assert "diagrams of cost 3 and above are neglected" in out.hypotheses
    neglected = out.first_neglected
    assert neglected.cost == 3
    assert neglected.layer == "2 Pointwise"
    for pattern, found in neglected.diagrams:
        every = diagrams.connected(len(pattern), 3)
        assert set(found) == {d for d in every if d.cost == 3}
    assert not out.layers[1].exact
    assert out.layers[0].exact
    gauss = net.propagate(laws.Uniform(-1, 1).iid(2), 2, closure=Neglect(2))
    assert "order 3 and above" in " ".join(gauss.hypotheses)
    assert gauss.first_neglected.cost == 2
    assert all(d.largest_block > 2 for _, f in gauss.first_neglected.diagrams for d in f)


def test_a_closure_that_drops_nothing_is_exact():
    net = layers.Linear(2, 2) >> layers.Pointwise(activations.Quadratic("a"))
    law = laws.Generic("kappa").iid(2)
    out, exact = net.propagate(law, 2, closure=Diagrams(6)), net.propagate(law, 2)
    assert out.exact
    for alpha in alphas(2, 2):
        assert out.polynomial(alpha) == exact.polynomial(alpha)
    assert not net.propagate(law, 2, closure=Diagrams(2)).exact
    gaussian = net.propagate(laws.Normal("m", "s").iid(2), 2, closure=Neglect(2))
    assert gaussian.exact
    for alpha in alphas(2, 2):
        assert gaussian.polynomial(alpha) == net.propagate(laws.Normal("m", "s").iid(2), 2)\
            .polynomial(alpha)


@pytest.mark.parametrize("make", [
    lambda: Neglect(1), lambda: Neglect("2"), lambda: Neglect(True), lambda: Neglect(2, cost=-1),
    lambda: Diagrams(0), lambda: Diagrams(2.5), lambda: as_closure("Exact"),
])
def test_closures_are_validated(make):
    with pytest.raises(DomainError):
        make()


def test_blocks_and_pairs_are_validated():
    with pytest.raises(ShapeError, match="non-negative entries"):
        diagrams.cost([1.5, float("nan")])
    with pytest.raises(ShapeError, match="does not fit 2 units"):
        diagrams.mehler_equations(())


@pytest.mark.parametrize("pattern", [(), (0,), (1, -1), (1.0,), (True, 1)])
def test_patterns_are_validated(pattern):
    with pytest.raises(OrderError, match="how often each distinct unit occurs"):
        diagrams.rule(pattern, Diagrams(3))


def test_latex_is_sorted_by_cost_and_katex_reads_it(katex, tmp_path):
    formulas = [diagrams.rule(p, Diagrams(3))._repr_latex_() for p in diagrams.patterns(4)[:8]]
    net = layers.Linear(2, 2) >> layers.Pointwise(activations.ReLU()) >> layers.Linear(2, 1)
    for closure in (Diagrams(3), Neglect(2)):
        recursion = net.recursion(2, closure=closure)
        formulas.append(recursion._repr_latex_())
        assert recursion.to_latex("expanded")
    katex([f.strip("$") for f in formulas], tmp_path)
    text = diagrams.rule((1, 1), Diagrams(4)).to_latex()
    places = [text.index(rf"C^{{(y,{c})}}_{{ij}} &=") for c in (1, 2, 3)]
    assert places == sorted(places)


@pytest.mark.parametrize("pattern", [3, 1.5, "ij", b"x", {1, 2}, None, (), (1, True), (0, 1)])
def test_a_pattern_is_a_list_of_positive_integers(pattern):
    with pytest.raises(OrderError, match="how often each distinct unit occurs"):
        diagrams.rule(pattern, Diagrams(3))


@pytest.mark.parametrize("degree", [True, -1, 1.5, "2"])
def test_the_degree_of_a_rule_is_a_number(degree):
    with pytest.raises(DomainError, match="leave it out"):
        diagrams.rule((1, 1), None, degree)


def test_parameters_of_an_activation_can_be_replaced_in_a_result():
    def net(slope):
        return layers.Linear(2, 2) >> layers.Pointwise(activations.LeakyReLU(slope))

    law, half = laws.Normal(0, 1).iid(2), sp.Rational(1, 2)
    given = net("a").propagate(law, order=2).subs({"a": half})
    direct = net(half).propagate(law, order=2)
    weights = dict(zip(net("a").layers[0].parameters, (1, 2, -1, 3), strict=True))
    for alpha in ((1, 0), (2, 0), (1, 1)):
        difference = given.explicit(alpha) - direct.explicit(alpha)
        assert abs(difference.subs(weights).evalf(30, chop=True)) < 1e-20
    with pytest.raises(DomainError, match=r"known: .*a"):
        net("a").propagate(law, order=2).subs({"b": 1})


def test_too_many_diagrams_are_refused_before_they_are_listed():
    for closure in (Diagrams(10**7), Diagrams(40), Neglect(30, cost=40), Neglect(2, cost=10**9)):
        with pytest.raises(OrderError, match="more than 100000 to list; take a closure"):
            diagrams.rule((1, 1), closure)
    with pytest.raises(OrderError, match="order 200"):
        diagrams.rule((10**7,), Diagrams(3))
    with pytest.raises(ShapeError, match="joint cumulants"):
        diagrams.power_formula((20, 20, 20))
    with pytest.raises(ShapeError, match="50 distinct units"):
        diagrams.rule((1,) * 50, Diagrams(3))
    with pytest.raises(ShapeError, match="index patterns to order 150"):
        diagrams.patterns(150)


@pytest.mark.parametrize(("units", "budget", "largest"), [
    (1, 5, None), (2, 5, None), (2, 6, 3), (3, 3, None), (3, 4, 2), (4, 3, 4),
])
def test_the_number_of_multisets_of_blocks_is_known_beforehand(units, budget, largest, monkeypatch):
    from cumulant_theory.diagrams import enumeration

    blocks = enumeration._blocks(units, budget, largest, None)
    count = sum(1 for _ in enumeration._multisets(blocks, budget, None))
    monkeypatch.setattr(enumeration, "DIAGRAM_LIMIT", count)
    enumeration._check_count(units, budget, largest)
    monkeypatch.setattr(enumeration, "DIAGRAM_LIMIT", count - 1)
    with pytest.raises(OrderError):
        enumeration._check_count(units, budget, largest)


def test_a_budget_too_small_to_join_all_units_leaves_no_diagram():
    for units in (3, 4, 5):
        assert diagrams.rule((1,) * units, Diagrams(units - 1)).diagrams == ()
        assert diagrams.rule((1,) * units, Diagrams(units)).diagrams
    assert repr(diagrams.rule((1,) * 12, Diagrams(3))) == (
        "PatternRule(ijklmnpqrstu: 0 diagrams, Diagrams(3))"
    )
