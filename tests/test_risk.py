"""Losses, their gradients, stationary points and the gap, against enumeration and known answers."""

import random
from fractions import Fraction
from itertools import product

import pytest
import sympy as sp
from hypothesis import given, settings
from hypothesis import strategies as st

from cumulant_theory import activations, laws, layers, symmetries
from cumulant_theory.errors import DomainError, OrderError, ShapeError, TimeLimitError
from cumulant_theory.generalisation import (
    cumulant_loss,
    gap_at_minimum,
    gradient,
    risk,
    risk_gap,
    stationary_points,
)
from cumulant_theory.oracle import enumerated

v, w, x, y, z = sp.symbols("v w x y z")
ROOT = sp.sqrt(2)
PRODUCT = layers.Linear(2, 1, weight=[[w, w]]) >> layers.Linear(1, 1, weight=[[v]])
LAW = laws.Discrete([-1, 0, 2], [Fraction(1, 4), Fraction(1, 4), Fraction(1, 2)])
OTHER = laws.Discrete([-2, 1], [Fraction(1, 3), Fraction(2, 3)])
MEAN = layers.BlockSum(2, s=1)


def _fraction(e):
    e = sp.sympify(e)
    return Fraction(int(e.p), int(e.q))


def _quadratic_unit():
    return (
        layers.Linear(2, 1) >> layers.Pointwise(activations.Quadratic())
        >> layers.Linear(1, 1, bias=True)
    )


def _by_hand(net, law, order, weights):
    """Loss and risk with the target (x_1 + x_2)/2, over all points of a finite law."""
    finite = enumerated(law.iid(2))
    pairs = finite.push(lambda p: [_fraction(net.forward(p)[0]), (p[0] + p[1]) / 2])
    loss = sum(
        c * (pairs.cumulant((r, 0)) - pairs.cumulant((0, r))) ** 2
        for r, c in zip(range(1, order + 1), weights, strict=True)
    )
    return loss, pairs.push(lambda p: [(p[0] - p[1]) ** 2]).moment((1,))


def _values(net, seed):
    rng = random.Random(seed)
    return {p: sp.Rational(rng.randint(-4, 4), rng.randint(1, 3)) for p in net.parameters}


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_loss_and_gap_equal_enumeration(seed):
    net = _quadratic_unit()
    values = _values(net, seed)
    fixed = net.subs({str(p): e for p, e in values.items()})
    weights = [Fraction(1, 2), 3, Fraction(2, 7)]
    loss, train = _by_hand(fixed, LAW, 3, weights)
    _, test = _by_hand(fixed, OTHER, 1, [1])
    assert _fraction(cumulant_loss(net, MEAN, LAW, 3, weights).xreplace(values)) == loss
    assert _fraction(risk_gap(net, MEAN, LAW, OTHER).xreplace(values)) == test - train


def _slope(values):
    """Derivative at 0 of the polynomial with values[k] at the points 0, 1, -1, 2, -2, ..."""
    places = [(k + 1) // 2 * (1 if k % 2 else -1) for k in range(len(values))]
    total = Fraction(0)
    for a, value in zip(places, values, strict=True):
        others = [b for b in places if b != a]
        below = Fraction(1)
        for b in others:
            below *= a - b
        slope = Fraction(0)
        for left_out in others:
            term = Fraction(1)
            for b in others:
                term *= 1 if b == left_out else -b
            slope += term
        total += value * slope / below
    return total


def test_gradient_equals_exact_differences_of_the_enumerated_loss():
    net = _quadratic_unit()
    values = _values(net, 4)
    weights = [1, Fraction(1, 3)]
    exact = [gradient(cumulant_loss(net, MEAN, LAW, 2, weights), net),
             gradient(risk(net, MEAN, LAW), net)]
    assert [set(g) for g in exact] == [set(net.parameters)] * 2
    for p in net.parameters:
        # the loss has degree at most 8 in one parameter: a weight w enters f as w^2
        along = []
        for k in range(9):
            moved = {**values, p: values[p] + (k + 1) // 2 * (1 if k % 2 else -1)}
            along.append(_by_hand(net.subs({str(q): e for q, e in moved.items()}), LAW, 2, weights))
        for part, slopes in zip(zip(*along, strict=True), exact, strict=True):
            assert _fraction(slopes[p].xreplace(values)) == _slope(part)


def test_gradient_of_a_loss_stays_structured():
    loss = cumulant_loss(PRODUCT, layers.BlockSum(2), laws.Normal(0, 1), order=2)
    assert gradient(loss, PRODUCT)[v] == 8 * v * w**2 * (2 * v**2 * w**2 - 1)
    assert gradient(loss, [x]) == {x: 0}


def test_wrong_losses():
    target, law = layers.BlockSum(2), laws.Normal(0, 1)
    with pytest.raises(ShapeError, match="3 weights"):
        cumulant_loss(PRODUCT, target, law, 2, [1, 1, 1])
    with pytest.raises(OrderError, match="order 3"):
        cumulant_loss(PRODUCT, target, law, 2, {3: 1})
    with pytest.raises(DomainError, match="not negative"):
        cumulant_loss(PRODUCT, target, law, 2, {1: -1})
    with pytest.raises(DomainError, match="w: symbols of"):
        cumulant_loss(PRODUCT, target, laws.Normal(0, "w"), 2)
    net = layers.Linear(2, 1, weight=[["kappa_2", 1]])
    with pytest.raises(DomainError, match="kappa_2: symbols of"):
        risk_gap(net, target, laws.Generic(), law)
    with pytest.raises(DomainError, match="no free parameters"):
        gradient(v, layers.Mean(2))


def test_the_free_linear_unit_has_one_minimum_at_the_block_sum():
    net = layers.Linear(2, 1, weight=[[x, y]], bias_values=[z])
    found = stationary_points(risk(net, layers.BlockSum(2), laws.Exponential(1)), [x, y, z])
    (point,) = found.points
    assert not found.families
    assert point.values == {x: ROOT / 2, y: ROOT / 2, z: 0}
    assert (point.loss, point.inertia, point.kind) == (0, (3, 0, 0), "minimum")


def test_gaussian_cumulant_loss_of_the_tied_unit():
    loss = cumulant_loss(PRODUCT, layers.BlockSum(2), laws.Normal(0, 1), order=2)
    rational = stationary_points(loss, [v, w])
    assert [(f.kind, f.dimension, f.loss) for f in rational.families] == [
        ("minimum", 1, 0), ("maximum", 1, 1), ("maximum", 1, 1),
    ]
    assert not rational.points
    # the correct map and its mirror image, which only sqrt(2) tells apart
    found = stationary_points(loss, [v, w], radicals=[ROOT])
    minima = [f.equations[0].eq for f in found.least]
    assert set(minima) == {sp.Eq(v * w, ROOT / 2), sp.Eq(v * w, -ROOT / 2)}
    assert {f.equations[0].eq for f in found.families} - {*minima} == {sp.Eq(v, 0), sp.Eq(w, 0)}
    for family in found.families:
        assert family.point is not None
        assert sp.expand(loss.xreplace(family.point) - family.loss) == 0


def test_risk_of_the_tied_unit_has_a_saddle_at_zero():
    loss = risk(PRODUCT, layers.BlockSum(2), laws.Uniform(-1, 1))
    found = stationary_points(loss, [v, w])
    (point,), (family,) = found.points, found.families
    assert point.values == {v: 0, w: 0}
    assert (point.kind, point.loss, point.inertia) == ("saddle", sp.Rational(1, 3), (1, 1, 0))
    assert (family.kind, family.loss, family.equations[0].eq) == (
        "minimum", 0, sp.Eq(v * w, ROOT / 2))


roots = st.lists(st.integers(-3, 3), min_size=1, max_size=3, unique=True).filter(
    lambda r: len(r) != 2)
matrices = st.sampled_from([[[1, 0], [0, 1]], [[1, 1], [0, 1]], [[2, 1], [1, -1]]])


@settings(max_examples=5)
@given(roots, roots, matrices, st.sampled_from([1, -1]))
def test_separable_losses_in_linear_coordinates(first, second, rows, sign):
    """Stationary points of P(a) + s Q(b), a and b linear in x and y, are pairs of roots."""
    t = sp.Symbol("t")
    single = [
        sp.integrate(sp.expand(sp.prod([t - r for r in rs])), t) * s
        for rs, s in ((first, 1), (second, sign))
    ]
    forms = [p * x + q * y for p, q in rows]
    loss = sum(e.subs(t, f) for e, f in zip(single, forms, strict=True))
    found = stationary_points(loss, [x, y])
    expected = {}
    for a, b in product(first, second):
        bends = [sp.diff(e, t, 2).xreplace({t: sp.Integer(r)})
                 for e, r in zip(single, (a, b), strict=True)]
        inertia = tuple(sum(sp.sign(c) == s for c in bends) for s in (1, -1, 0))
        place = sp.Matrix(rows).solve(sp.Matrix([a, b]))
        expected[tuple(place)] = (sum(e.subs(t, r) for e, r in zip(single, (a, b), strict=True)),
                                  inertia)
    assert not found.families
    assert {tuple(p.values.values()): (p.loss, p.inertia) for p in found.points} == expected


def test_signs_of_the_hessian_matrix_by_directions():
    """Second differences along rational directions have the signs that the inertia allows."""
    loss = x * y * z + x**2 + 2 * y**2 + 3 * z**2
    found = stationary_points(loss, [x, y, z])
    rng = random.Random(7)
    assert [p.kind for p in found.points] == ["minimum"] + ["saddle"] * 4
    for p in found.points:
        seen = set()
        for _ in range(40):
            step = {s: sp.Rational(rng.randint(-9, 9)) for s in (x, y, z)}
            t = sp.Symbol("t")
            line = loss.xreplace({s: p.values[s] + t * d for s, d in step.items()})
            bend = sp.Poly(sp.expand(line), t).coeff_monomial(t**2)
            seen.add(int(sp.sign(sp.N(bend, 30))))
        assert (1 in seen) == (p.inertia[0] > 0)
        assert (-1 in seen) == (p.inertia[1] > 0)
        assert sum(p.inertia) == 3


def test_points_where_order_two_does_not_decide():
    monkey = stationary_points(x**3 - 3 * x * y**2, [x, y])
    assert [(p.kind, p.inertia) for p in monkey.points] == [("degenerate", (0, 0, 2))]
    (flat,) = stationary_points(x**4 + y**2, [x, y]).points
    assert (flat.kind, flat.inertia) == ("degenerate", (1, 0, 1))
    (family,) = stationary_points(x**4, [x, y]).families
    assert family.kind == "degenerate"


def test_a_family_that_falls_into_parts_of_different_loss():
    found = stationary_points(x**3 - 6 * x, [x, y])
    assert [(f.kind, f.loss) for f in found.families] == [
        ("minimum", -4 * ROOT), ("maximum", 4 * ROOT)]
    assert {len(f.equations) for f in found.families} == {2}
    assert [f.point for f in found.families] == [{x: e, y: 0} for e in (ROOT, -ROOT)]
    # one real root of three: a single family
    (alone,) = stationary_points(x**4 / 4 - 2 * x, [x, y]).families
    assert alone.level is None
    assert sp.minimal_polynomial(alone.loss, z) == 4 * z**3 + 27
    assert alone.kind == "minimum"


def test_roots_of_high_degree_are_exact():
    found = stationary_points(x**6 / 6 - x**2 / 2 - x, [x])
    (point,) = found.points
    assert point.values[x] == sp.CRootOf(x**5 - x - 1, 0)
    assert (point.kind, found.least) == ("minimum", (point,))


def test_losses_without_answer():
    with pytest.raises(TimeLimitError, match="degree 4 in v, w"):
        stationary_points((v * w - 1)**2, [v, w], seconds=1e-6)
    with pytest.raises(DomainError, match="values of w"):
        stationary_points(v * w, [v])
    with pytest.raises(DomainError, match="constant"):
        stationary_points(3, [v])
    s = sp.Symbol("s", positive=True)
    with pytest.raises(DomainError, match="sign"):
        stationary_points(s**2, [s])
    with pytest.raises(DomainError, match="polynomial"):
        stationary_points(v + 1 / v, [v])
    nothing = stationary_points(x + y**2, [x, y])
    assert nothing.points == nothing.families == nothing.least == ()


def test_shown():
    found = stationary_points((v * w - 1)**2, [v, w])
    assert repr(found).startswith("Landscape: 1 isolated point, 1 family\nsaddle")
    html = found._repr_html_()
    assert html.count("<tr") == 3
    assert html.count("<math") == 5


def test_gap_of_tied_linear_units_is_what_the_projection_leaves():
    """(sigma_test^2 - sigma_train^2) |r - P r|^2, P onto the weights that the symmetry leaves."""
    s, t = sp.symbols("kappa_2 lambda_2")
    train, test = (laws.Generic(k, centred=True) for k in ("kappa", "lambda"))
    r = sp.Matrix([1, 3, -2, sp.Rational(1, 2)])
    target = layers.Linear(4, 1, weight=r.T)
    for weight in ([x, x, y, y], [x, y, x, y], [x, -x, 2 * y, y], [x, x, x, x]):
        net = layers.Linear(4, 1, weight=[weight])
        basis = sp.Matrix([[sp.diff(e, p) for p in net.parameters] for e in weight])
        left = r - basis * (basis.T * basis).inv() * basis.T * r
        (found,) = gap_at_minimum(net, target, train, test)
        assert found.proved
        assert sp.expand(found.gap - (t - s) * left.dot(left)) == 0
        assert sp.expand(found.test_risk - t * left.dot(left)) == 0


def test_gap_with_means_against_enumeration():
    net = layers.Linear(2, 1, weight=[[x, x]], bias_values=[z])
    target = layers.Linear(2, 1, weight=[[1, 3]])
    (found,) = gap_at_minimum(net, target, LAW, OTHER)
    values = {e.lhs: e.rhs for e in found.equations}

    def mean_square(law, at):
        finite = enumerated(law.iid(2))
        point = {k: _fraction(e) for k, e in at.items()}
        return finite.push(lambda p: [
            (point[x] * (p[0] + p[1]) + point[z] - p[0] - 3 * p[1]) ** 2]).moment((1,))

    least = mean_square(LAW, values)
    assert _fraction(found.train_risk) == least
    assert _fraction(found.test_risk) == mean_square(OTHER, values)
    for step in product((-1, 0, 1), repeat=2):
        if any(step):
            moved = {k: e + d for (k, e), d in zip(values.items(), step, strict=True)}
            assert mean_square(LAW, moved) > least


def test_gap_vanishes_at_the_minimiser_of_a_network_that_can_be_the_target():
    test = laws.Generic("lambda")
    (product_unit,) = gap_at_minimum(PRODUCT, layers.BlockSum(2), laws.Exponential(1), test)
    assert (product_unit.train_risk, product_unit.gap, product_unit.proved) == (0, 0, True)
    quadratic = (
        layers.Linear(2, 1, symmetry=symmetries.PermutationInvariant(), name="w")
        >> layers.Pointwise(activations.Quadratic("a"))
    )
    (free,) = gap_at_minimum(quadratic, layers.BlockSum(2), laws.Uniform(-1, 1), test)
    assert (free.gap, free.proved) == (0, True)


def test_gap_of_a_network_that_cannot_be_the_target():
    target = layers.Linear(2, 1, weight=[[1, 3]])
    (found,) = gap_at_minimum(PRODUCT, target, laws.Normal(0, 1), laws.Normal(0, "tau"))
    assert sp.expand(found.gap - 2 * (sp.Symbol("tau")**2 - 1)) == 0
    assert (found.train_risk, found.proved) == (2, False)
    # a square: two minimisers w, -w, and a test law whose cumulants are no polynomials
    b = sp.Symbol("b")
    square = layers.Linear(2, 1, weight=[[w, w]]) >> layers.Pointwise(activations.Square())
    both = gap_at_minimum(square, target, laws.Exponential(1), laws.Exponential("b"))
    at = [{e.lhs: e.rhs for e in part.equations} for part in both]
    direct = risk_gap(square, target, laws.Exponential(1), laws.Exponential("b"))
    assert sorted(sp.sign(e[w]) for e in at) == [-1, 1]
    for part, e in zip(both, at, strict=True):
        assert sp.simplify((part.gap - direct.xreplace(e)).subs(b, 3)) == 0
    with pytest.raises(DomainError, match="sigma"):
        gap_at_minimum(PRODUCT, target, laws.Normal(0, "sigma"), laws.Normal(0, 1))
