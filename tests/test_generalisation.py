"""Residuals and risk against enumeration, and the tied unit of the theory in full."""

from fractions import Fraction

import pytest
import sympy as sp

from cumulant_theory import activations, generalisation, laws, layers, symmetries
from cumulant_theory.errors import OrderError, ShapeError
from cumulant_theory.oracle import enumerated

CLT = layers.BlockSum(2)
v, w, a, c, sigma = sp.symbols("v w a c sigma")


@pytest.fixture(scope="module")
def tied():
    """y = v (z + a z^2) + c, z = w (x_1 + x_2)."""
    return (
        layers.Linear(2, 1, symmetry=symmetries.PermutationInvariant(), name="w")
        >> layers.Pointwise(activations.Quadratic("a"))
        >> layers.Linear(1, 1, bias=True, name="v", bias_name="c")
    )


def test_parameters_of_the_tied_unit(tied):
    assert set(tied.parameters) == {v, w, a, c}


def test_gaussians_of_every_variance_force_the_linear_map_up_to_sign(tied):
    residuals = generalisation.residuals(tied, CLT, laws.Normal(0, "sigma"), order=4)
    equations = [
        coefficient for value in residuals.values()
        for coefficient in sp.Poly(value, sigma).coeffs()
    ]
    on_branch = [e.subs({a: 0, c: 0}) for e in equations]
    assert {sp.factor(e) for e in on_branch} == {0, 2 * v**2 * w**2 - 1}
    basis = sp.groebner(equations, a, c, v, w, order="lex")
    for wanted in (a, c, 2 * v**2 * w**2 - 1):
        assert basis.contains(wanted)


def test_on_a_skewed_law_one_branch_is_right_and_its_mirror_image_is_not(tied):
    residuals = generalisation.residuals(tied, CLT, laws.Generic(centred=True), order=3)
    kappa3 = sp.Symbol("kappa_3")
    third = residuals[3].subs({a: 0, c: 0})
    assert sp.expand(third - kappa3 * (4 * v**3 * w**3 - sp.sqrt(2)) / 2) == 0
    product = sp.sqrt(2) / 2
    assert sp.simplify(third.subs(v, product / w)) == 0
    assert sp.simplify(third.subs(v, -product / w) + sp.sqrt(2) * kappa3) == 0


def test_the_single_variance_one_leaves_more_until_order_four(tied):
    residuals = generalisation.residuals(tied, CLT, laws.Normal(0, 1), order=4)
    point = {c: -2 * a * v * w**2}
    assert sp.expand(residuals[1].subs(point)) == 0
    # order 2: a real branch with a != 0, one parameter free
    real = {a: sp.Rational(1, 2), w: 1, v: sp.Rational(1, 2), c: -sp.Rational(1, 2)}
    assert [residuals[r].subs(real) for r in (1, 2)] == [0, 0]
    assert residuals[3].subs(real) != 0
    # order 3: only a complex branch, 2 c^2 = 3 and v^2 w^2 = -1
    third = sp.factor(residuals[3])
    factor = 8 * a**2 * w**2 + 3
    assert sp.rem(sp.expand(third), factor, a) == 0
    branch = sp.groebner(
        [residuals[1], residuals[2], factor, 1 - sp.Symbol("t") * a], sp.Symbol("t"), a, v, w, c
    )
    assert branch.contains(2 * c**2 - 3)
    assert branch.contains(v**2 * w**2 + 1)
    # order 4: gone
    assert sp.groebner([*branch.exprs, residuals[4]], sp.Symbol("t"), a, v, w, c).exprs == [1]


def _network():
    return (
        layers.Linear(2, 2) >> layers.Pointwise(activations.Quadratic())
        >> layers.Linear(2, 1, bias=True)
    )


def _number(e):
    return Fraction(int(e.p), int(e.q))


def test_risk_and_residuals_equal_enumeration():
    net = _network()
    net = net.subs({str(p): Fraction(k - 3, 2 + k % 3) for k, p in enumerate(net.parameters)})
    target = layers.BlockSum(2, s=1)
    law = laws.Discrete([-1, 0, 2], [Fraction(1, 4), Fraction(1, 4), Fraction(1, 2)])
    finite = enumerated(law.iid(2))
    pairs = finite.push(lambda p: [_number(net.forward(p)[0]), (p[0] + p[1]) / 2])
    squared = pairs.push(lambda p: [(p[0] - p[1]) ** 2])
    assert _number(generalisation.risk(net, target, law)) == squared.moment((1,))
    residuals = generalisation.residuals(net, target, law, order=4)
    for r, value in residuals.items():
        assert _number(value) == pairs.cumulant((r, 0)) - pairs.cumulant((0, r))


def test_risk_of_a_linear_unit_has_its_minimum_at_the_block_sum():
    net = layers.Linear(2, 1, weight=[["p", "q"]], bias_values=["t"])
    p, q, t = sp.symbols("p q t")
    risk = generalisation.risk(net, CLT, laws.Uniform(-1, 1))
    (point,) = sp.solve([sp.diff(risk, x) for x in (p, q, t)], [p, q, t], dict=True)
    assert point == {p: sp.sqrt(2) / 2, q: sp.sqrt(2) / 2, t: 0}
    assert sp.simplify(risk.subs(point)) == 0


def test_symbolic_weights_against_substituted_ones():
    net = _network()
    values = {str(p): Fraction(k + 1, 3) for k, p in enumerate(net.parameters)}
    law = laws.Exponential(1)
    general = generalisation.risk(net, CLT, law).subs(
        {sp.Symbol(k): sp.Rational(x.numerator, x.denominator) for k, x in values.items()}
    )
    assert sp.expand(general - generalisation.risk(net.subs(values), CLT, law)) == 0


def test_pairs_that_do_not_fit():
    with pytest.raises(ShapeError, match="3 output units"):
        generalisation.residuals(layers.Linear(2, 3), CLT, laws.Normal(0, 1))
    with pytest.raises(ShapeError, match=r"BlockSum\(3\)"):
        generalisation.risk(layers.Linear(3, 1), CLT, laws.Normal(0, 1))
    with pytest.raises(OrderError, match="positive"):
        generalisation.residuals(layers.Linear(2, 1), CLT, laws.Normal(0, 1), order=0)
    with pytest.raises(OrderError, match="StudentT"):
        generalisation.residuals(layers.Linear(2, 1), CLT, laws.StudentT(3), order=3)
