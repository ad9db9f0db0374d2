"""Every activation of the catalogue: values, parity, Gaussian coefficients in closed form."""

import random

import mpmath
import numpy as np
import pytest
import sympy as sp
from hypothesis import given, settings
from hypothesis import strategies as st

from cumulant_theory import activations, latex, oracle, special, testing
from cumulant_theory.activations import Custom, WickIntegral, recognise
from cumulant_theory.errors import CumulantError, DivergenceError, DomainError, OrderError

R = sp.Rational
z = sp.Symbol("z", real=True)
mu = sp.Symbol("mu", real=True)
v = sp.Symbol("v", positive=True)
ARGUMENTS = {"polynomial": ([1, R(-1, 2), 0, 2],), "custom": (z / (1 + z**2), z)}
CATALOGUE = [activations.get(n, *ARGUMENTS.get(n, ())) for n in activations.catalogue()]
PLAIN = [
    *(a.numbered(0) for a in CATALOGUE if not a.parameters),
    activations.Quadratic(R(1, 3)), activations.LeakyReLU(R(1, 5)),
    Custom(sp.Piecewise((sp.exp(z) - 1, z < 0), (z, True)), z),
    Custom(sp.Max(z - 1, 0) + sp.Abs(z + R(1, 2)) / 3, z),
]
CLOSED = [a for a in PLAIN if a.wick(0).exact]


def name(activation):
    return f"{activation.name}-{activation.expr(sp.Symbol('z'))}"[:40]


everything = pytest.mark.parametrize("activation", PLAIN, ids=name)


def expectation(activation, m, p, mean, variance, digits=25):
    """E[phi^p He_m] / sigma^m by mpmath; the closed forms know nothing of it."""
    f = sp.lambdify(z, activation.expr(z), "mpmath")
    with mpmath.workdps(digits + 15):
        centre, s = mpmath.mpf(mean.p) / mean.q, mpmath.sqrt(mpmath.mpf(variance.p) / variance.q)
        he = [mpmath.mpf(c) for c in sp.Poly(special.hermite(m, z), z).all_coeffs()] if m else [1]
        kinks = [(mpmath.mpf(c.p) / c.q - centre) / s for c in activation.knots]
        ends = sorted([*range(-14, 15, 1), *kinks, -centre / s])
        value = mpmath.quad(
            lambda g: f(centre + s * g) ** p * mpmath.polyval(he, g) * mpmath.npdf(g), ends,
            method="gauss-legendre",
        )
        return sp.Float(mpmath.nstr(value / s**m, digits + 5), digits + 5)


def test_catalogue_has_the_usual_names():
    assert {
        "relu", "leaky_relu", "abs", "step", "sign", "erf", "gelu", "sin", "cos", "exp",
        "softplus", "sigmoid", "tanh", "silu", "hard_tanh", "custom", "polynomial",
    } <= set(activations.catalogue())


@everything
def test_conformance(activation):
    assert activation == activation.numbered(3)
    assert hash(activation) == hash(activation.numbered(3))
    assert repr(activation).startswith(type(activation).__name__)
    assert r"\phi(z) =" in activation._repr_latex_()
    assert activation.latex
    assert activation.parameters == ()
    points = [R(random.Random(5).randint(-40, 40), 7) + k for k in range(-4, 5)]
    for x in points:
        value = activation(x)
        assert not value.has(sp.Float)
        assert value.is_finite
        below = sum(bool(x > c) for c in activation.knots)
        if x not in activation.knots:
            assert abs(sp.N(activation.pieces(z)[below].subs(z, x) - value, 20)) < 1e-15
        for flag, sign in ((activation.is_odd, -1), (activation.is_even, 1)):
            if flag:
                assert abs(sp.N(activation(-x) - sign * value, 20)) < 1e-15
    mirrored = [sp.N(activation(-x), 20) for x in points]
    pairs = list(zip([sp.N(activation(x), 20) for x in points], mirrored, strict=True))
    assert activation.is_even == all(abs(a - b) < 1e-15 for a, b in pairs)
    assert activation.is_odd == all(abs(a + b) < 1e-15 for a, b in pairs)


@everything
def test_coefficient_is_the_integral(activation):
    draw = random.Random(name(activation))
    m, p = draw.randint(0, 6), draw.randint(1, 3)
    mean, variance = R(draw.randint(-9, 9), 4), R(draw.randint(1, 12), 5)
    found = activation.wick(m, p, mean, variance)
    expected = expectation(activation, m, p, mean, variance)
    assert abs(found.evalf(25) - expected) <= 1e-20 * (1 + abs(expected))
    assert not found.expr.has(sp.Float)


@everything
@pytest.mark.parametrize(("m", "p"), [(0, 1), (1, 2), (3, 1), (0, 3)])
def test_recurrence_and_heat_equation(activation, m, p):
    base = activation.wick(m, p, mu, v).expr
    at = {mu: R(2, 3), v: R(5, 4)}
    for derivative, higher in (
        (base.diff(mu), activation.wick(m + 1, p, mu, v).expr),
        (base.diff(v), activation.wick(m + 2, p, mu, v).expr / 2),
    ):
        if isinstance(base, WickIntegral):
            assert derivative == higher
        else:
            gap = sp.N((derivative - higher).subs(at), 30, chop=False)
            assert abs(gap) < 1e-24 * (1 + abs(sp.N(higher.subs(at), 30)))


@everything
def test_variance_zero_is_the_derivative(activation):
    x = R(3, 7)
    for m, p in ((0, 1), (1, 1), (2, 2)):
        found = activation.wick(m, p, x, 0)
        assert found.exact
        below = sum(bool(x > c) for c in activation.knots)
        piece = activation.pieces(z)[below]
        assert sp.N(found.expr - sp.diff(piece**p, z, m).subs(z, x), 20) == pytest.approx(0)
        if activation in CLOSED:
            near = activation.wick(m, p, x, R(1, 10**6)).evalf(20)
            assert float(near) == pytest.approx(float(found.expr), abs=1e-3)


@settings(max_examples=25)
@given(
    st.sampled_from([a for a in CLOSED if a.is_odd or a.is_even]), st.integers(0, 5),
    st.integers(1, 3), st.fractions(-3, 3, max_denominator=9), st.fractions(R(1, 9), 4),
)
def test_parity(activation, m, p, mean, variance):
    sign = (-1) ** (m + p * activation.is_odd)
    left = activation.wick(m, p, -mean, variance).evalf(30)
    right = activation.wick(m, p, mean, variance).evalf(30)
    assert abs(left - sign * right) <= 1e-22 * (1 + abs(right))


@settings(max_examples=25)
@given(
    st.integers(0, 6), st.integers(1, 4), st.fractions(-3, 3, max_denominator=9),
    st.fractions(R(1, 9), 4, max_denominator=20), st.fractions(R(1, 5), 5, max_denominator=20),
)
def test_relu_is_homogeneous(m, p, mean, variance, c):
    relu = activations.ReLU()
    scaled = relu.wick(m, p, c * mean, c**2 * variance).expr
    plain = relu.wick(m, p, mean, variance).expr
    assert abs(sp.N(scaled - R(c) ** (p - m) * plain, 30)) <= 1e-22 * (1 + abs(sp.N(plain)))


def test_closed_forms_that_are_expected():
    for n in ("relu", "leaky_relu", "abs", "step", "sign", "hard_tanh", "sin", "cos", "exp"):
        assert all(activations.get(n).wick(m, p).exact for m in (0, 1, 8) for p in range(1, 5))
    for n in ("erf", "gelu"):
        assert all(activations.get(n).wick(m, p).exact for m in (0, 1, 8) for p in (1, 2))
        assert not activations.get(n).wick(0, 3).exact
    assert not activations.Tanh().wick(2, 1).exact


def test_symbols_stay_symbols():
    relu = activations.LeakyReLU("a").wick(0, 2, "m", "v").expr
    a, m, w = sp.symbols("a m v")
    known = {a: R(1, 3), m: R(1, 2), w: R(2)}
    expected = activations.LeakyReLU(R(1, 3)).wick(0, 2, R(1, 2), 2).expr
    assert abs(sp.N(relu.subs(known) - expected, 30)) < 1e-25


def test_integrals_of_activations_with_parameters():
    a = sp.Symbol("a", positive=True)
    coefficient = Custom(sp.tanh(a * z), z).wick(1, 2, mu, v)
    assert not coefficient.exact
    assert a in coefficient.expr.free_symbols
    at = {mu: R(1, 3), v: R(1, 2)}
    filled = coefficient.expr.subs(a, R(3, 2)).subs(at)
    expected = Custom(sp.tanh(R(3, 2) * z), z).wick(1, 2, R(1, 3), R(1, 2))
    assert filled == expected.expr
    slope = coefficient.expr.diff(a).subs(a, 1).subs(at).evalf(20)
    step = R(1, 10**8)
    up, down = (
        Custom(sp.tanh(x * z), z).wick(1, 2, R(1, 3), R(1, 2)).evalf(30)
        for x in (1 + step, 1 - step)
    )
    assert abs((up - down) / (2 * step) - slope) < 1e-12
    one = coefficient.expr.subs(a, 1)
    assert one.activation == activations.Tanh()
    assert sp.latex(one) == r"\omega^{(1)}_{\tanh^{2}}\left(\mu, v\right)"
    assert recognise(sp.sin(z) ** 3, z).name == "custom"


def test_custom_finds_closed_forms():
    square = Custom((z + 1) ** 2, z)
    assert square.coefficients == (1, 2, 1)
    assert square.wick(0, 1, mu, v).expr == mu**2 + 2 * mu + v + 1
    hinge = Custom(sp.Max(0, z))
    relu = activations.ReLU()
    assert hinge.knots == (0,)
    assert all(hinge.wick(m, 2).expr == relu.wick(m, 2).expr for m in range(5))
    cut = Custom(sp.Piecewise((-1, z < -1), (1, z > 1), (z, True)), z)
    assert cut.knots == (-1, 1)
    hard = activations.HardTanh()
    assert all(sp.expand(cut.wick(m, 3).expr - hard.wick(m, 3).expr) == 0 for m in range(6))


@pytest.mark.parametrize(("make", "words"), [
    (lambda: Custom(0.5 * z, z), "inexact|floating"),
    (lambda: Custom(z * sp.Symbol("a")), "name its variable"),
    (lambda: Custom(1 / (z - 1), z), "not finite at 1"),
    (lambda: Custom(sp.floor(z), z), "Piecewise"),
    (lambda: Custom(sp.I * z, z), "not real"),
    (lambda: Custom(sp.Piecewise((z, z > 0)), z), "whole real line|kinks"),
    (lambda: Custom(sp.Max(z, sp.Symbol("a")), z), "kinks"),
    (lambda: activations.LeakyReLU(0.1), "inexact"),
    (lambda: activations.ReLU().wick(1, 1, 0, 0), "no derivative of order 1 at 0"),
    (lambda: activations.ReLU().wick(0, 1, sp.Symbol("m"), 0), "may be the point 0"),
    (lambda: activations.Tanh().wick(0, 1, 0, -1), "negative"),
])
def test_errors_name_the_way_out(make, words):
    with pytest.raises(DomainError, match=words):
        make()


@pytest.mark.parametrize(("m", "p"), [(-1, 1), (0, 0), (1.0, 1), (0, True)])
def test_orders_are_checked(m, p):
    with pytest.raises(OrderError, match="Wick coefficient"):
        activations.Tanh().wick(m, p)


def test_smooth_enough_powers_at_the_knot():
    assert activations.ReLU().wick(1, 2, 0, 0).expr == 0
    assert activations.ReLU().wick(0, 1, 0, 0).expr == 0
    assert activations.Abs().wick(2, 2, 0, 0).expr == 2
    assert activations.Step().wick(0, 1, 0, 0).expr == R(1, 2)


def test_opaque_functions_against_integrals():
    x, a = R(-7, 3), R(5, 4)
    with mpmath.workdps(40):
        density = [mpmath.npdf(mpmath.mpf(-7) / 3), mpmath.ncdf(mpmath.mpf(-7) / 3)]
        moment = mpmath.quad(lambda t: t**3 * mpmath.npdf(t + mpmath.mpf(7) / 3), range(16))
        owen = mpmath.quad(
            lambda t: mpmath.exp(-mpmath.mpf(49) / 18 * (1 + t * t)) / (1 + t * t), [0, 0.5, 1.25]
        ) / (2 * mpmath.pi)
    for found, expected in (
        (special.NormalPDF(x), density[0]), (special.NormalCDF(x), density[1]),
        (special.NormalPartialMoment(3, x), moment), (special.OwenT(x, a), owen),
    ):
        assert abs(found.evalf(30) / sp.Float(mpmath.nstr(expected, 36), 36) - 1) < 1e-28
    y = sp.Symbol("y", real=True)
    for f, other in (
        (special.NormalPDF(y), sp.exp), (special.NormalCDF(y), sp.erf),
        (special.NormalPartialMoment(4, y), special.NormalCDF),
    ):
        assert abs(sp.N((f - f.rewrite(other)).subs(y, R(6, 5)), 25)) < 1e-20
    h = sp.Symbol("h", positive=True)
    assert special.OwenT(h, sp.oo) == special.NormalCDF(-h) / 2
    assert abs(special.OwenT(R(2), R(999999, 10**6)).evalf(20)
               - special.OwenT(R(2), sp.S.One).evalf(20)) < 1e-7
    assert special.OwenT(0, 1) == R(1, 8)
    with pytest.raises(OrderError):
        special.NormalPartialMoment(-1, y)
    assert sp.latex(special.NormalPartialMoment(2, y)) == r"M_{2}\left(y\right)"


@pytest.mark.parametrize("make", [
    lambda: activations.Polynomial(3), lambda: activations.Polynomial("ab"),
    lambda: activations.Polynomial({1, 2}), lambda: activations.get(["relu"]),
    lambda: activations.LeakyReLU(sp.I), lambda: activations.ReLU().wick(0, mean=sp.I),
    lambda: activations.ReLU()("z"), lambda: activations.ReLU()(sp.I),
    lambda: activations.ReLU()(float("nan")), lambda: activations.Tanh()([1]),
    lambda: activations.Cube()(None),
])
def test_wrong_arguments_are_refused_before_they_reach_sympy(make):
    with pytest.raises(CumulantError):
        make()


NC, F = sp.Symbol("A", commutative=False), sp.Function("f")


@pytest.mark.parametrize(("expr", "variable", "words"), [
    (NC * z, z, "no scalar that commutes"), (sp.Abs(NC), z, "no scalar that commutes"),
    (sp.sin(z), NC, "no scalar that commutes"), (sp.Max(z, 0), NC, "no scalar that commutes"),
    (F(z), z, "nothing is known"), (sp.Heaviside(F(z).diff(z)), z, "nothing is known"),
])
def test_what_is_no_known_function_of_a_number_is_no_activation(expr, variable, words):
    for make in (recognise, Custom):
        with pytest.raises(DomainError, match=words):
            make(expr, variable)


@pytest.mark.parametrize(("call", "error", "words"), [
    (lambda: special.NormalCDF(sp.zoo), DomainError, "no argument of a function"),
    (lambda: special.OwenT(1, sp.zoo), DomainError, "no argument of a function"),
    (lambda: special.hermite(3, sp.ImmutableMatrix([[z, 0]])), DomainError, "no argument"),
    (lambda: special.NormalPartialMoment(10**30, 0), OrderError, "to 1000"),
    (lambda: activations.Cos().harmonics(10**7), OrderError, "order 200"),
    (lambda: activations.Sin().harmonics(sp.Integer(10) ** 30), OrderError, "order 200"),
])
def test_arguments_out_of_range(call, error, words):
    with pytest.raises(error, match=words):
        call()


def test_arguments_beyond_the_digits_of_mpmath():
    """With gmpy mpmath has exponents of any size; without it the argument is refused."""
    if mpmath.libmp.BACKEND == "gmpy":
        assert 0 < special.NormalCDF(-1e308) < sp.Float("1e-1000000")
    else:
        with pytest.raises(DomainError, match="pass it exactly"):
            special.NormalCDF(-1e308)


def test_a_number_is_an_expression():
    assert activations.Quadratic(3).expr(2) == 14
    assert activations.Square().expr(1e308) == sp.Float(1e308) ** 2


TEXT = "__import__('pathlib').Path('evaluated').touch()"


@pytest.mark.parametrize("call", [
    lambda: special.NormalPDF(TEXT), lambda: special.NormalPartialMoment(1, TEXT),
    lambda: special.OwenT(TEXT, 1), lambda: special.hermite(1, TEXT),
    lambda: special.pdf_derivative(1, TEXT), lambda: activations.HardTanh().pieces(TEXT),
    lambda: Custom(sp.sin(z), z).expr(TEXT), lambda: Custom(sp.Abs(z), z).pieces(TEXT),
    lambda: testing.require_same(TEXT, 1, "value", "left", "right"),
    lambda: testing.require_same([TEXT], 1, "value", "left", "right"),
    lambda: oracle.Numbers([TEXT], {}), lambda: latex.split_terms(TEXT),
])
def test_no_text_is_evaluated(call, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(CumulantError):
        call()
    assert not list(tmp_path.iterdir())


def test_growth_of_what_has_no_numbers_as_values():
    with pytest.raises(DomainError, match="no numbers as values"):
        Custom(sp.Integral(sp.exp(z), z), z).growth  # noqa: B018


@pytest.mark.parametrize("expr", [
    sp.log(z), sp.sqrt(z), sp.cbrt(z), sp.tan(z), 1 / sp.sin(z), 1 / (sp.exp(z) - 1), sp.asin(z),
    sp.Piecewise((0, z < -1), (sp.log(z), True)), sp.Piecewise((1 / z, z < 0), (1, True)),
])
def test_custom_functions_are_real_and_finite_everywhere(expr):
    with pytest.raises(DomainError, match=r"not finite|not real"):
        Custom(expr, z)


@pytest.mark.parametrize("expr", [
    sp.Piecewise((1 / z, z < -1), (-1, True)), sp.Piecewise((0, z < 0), (sp.sqrt(z), True)),
    sp.log(1 + sp.exp(z)), sp.sqrt(1 + z**2), sp.atan(z), 1 / sp.cosh(z), sp.log(sp.cosh(z)),
])
def test_custom_functions_may_have_singular_points_elsewhere(expr):
    assert Custom(expr, z).expr(z) == expr


@pytest.mark.parametrize("integer", [np.int64, np.uint8, sp.Integer])
def test_orders_of_wick_coefficients_are_integers_of_any_type(integer):
    for phi in (activations.Tanh(), activations.ReLU(), activations.Quadratic("a")):
        found = phi.wick(integer(1), integer(2))
        assert found == phi.wick(1, 2)
        assert (type(found.m), type(found.p)) == (int, int)
    for wrong in (True, 1.0, "1", -1, None, 10**7):
        with pytest.raises(OrderError, match="pass an integer from"):
            activations.ReLU().wick(wrong)
        with pytest.raises(OrderError, match="pass an integer from"):
            activations.ReLU().wick(0, wrong)


def test_polynomials_of_absurd_degree_are_refused_before_they_are_expanded():
    z = sp.Symbol("z")
    for expression in (z**10**7, (1 + z) ** 10**7 + z, z * ((z + 1) ** 50 * z) ** 4):
        with pytest.raises(OrderError, match="degree above 200"):
            Custom(expression)
    assert len(Custom((1 + z**2) ** 100).coefficients) == 201


@pytest.mark.parametrize(("function", "rate"), [
    (lambda z: sp.exp(z**2), 1), (lambda z: sp.exp(z**2 / 3 + z), sp.Rational(1, 3)),
    (lambda z: sp.exp(z**2 / 4 + sp.Abs(z) ** sp.Rational(19, 10)), sp.Rational(1, 4)),
    (lambda z: sp.sinh(2 * z**2) / (1 + z**4), 2), (lambda z: sp.exp(z**2) * sp.cos(z), 1),
    (lambda z: sp.Piecewise((0, z < 0), (sp.exp(z**2 / 2) - 1, True)), sp.Rational(1, 2)),
    (lambda z: sp.Piecewise((sp.exp(z**2 / 2) - 1, z < 0), (0, True)), sp.Rational(1, 2)),
    (lambda z: sp.erfi(z), 1), (lambda z: sp.exp(z**3), sp.oo), (lambda z: sp.exp(-(z**3)), sp.oo),
    (lambda z: sp.exp(sp.exp(z)), sp.oo), (lambda z: sp.gamma(z**2 + 1), sp.oo),
    (lambda z: sp.exp(50 * z), 0), (lambda z: sp.exp(sp.Abs(z) ** sp.Rational(3, 2)), 0),
    (lambda z: sp.exp(z**2 / sp.log(2 + z**2)), 0), (lambda z: sp.exp(-(z**2)), 0),
    (lambda z: z**7, 0), (lambda z: sp.tanh(z), 0), (lambda z: sp.log(1 + sp.exp(z)), 0),
])
def test_growth_is_that_of_the_gaussian_it_outgrows(function, rate):
    assert Custom(function(sp.Symbol("z"))).growth == pytest.approx(float(rate), rel=1e-4)


def test_means_that_are_infinite_are_refused_with_the_bound():
    z, v = sp.Symbol("z"), sp.Rational(1, 2)
    phi = Custom(sp.exp(z**2))
    for variance in (v, 1, 4):
        with pytest.raises(DivergenceError, match=r"variance below 0\.5 alone"):
            phi.wick(0, variance=variance)
    with pytest.raises(DivergenceError, match=r"variance below 0\.25 alone, and .* is 0\.333"):
        phi.wick(1, 2, variance=sp.Rational(1, 3))
    with pytest.raises(DivergenceError, match="every exp"):
        Custom(sp.exp(z**4)).wick(0, variance=sp.Rational(1, 100))
    assert phi.wick(0, mean=0, variance=0).expr == 1
    with pytest.raises(DivergenceError):
        phi.wick(0, 1, 0, "v").expr.subs("v", 1).evalf()
    assert Custom(sp.exp(z)).wick(0, 1, 0, 100).evalf(20) == pytest.approx(float(sp.exp(50)))
    assert not activations.Exp().growth


@pytest.mark.slow
@pytest.mark.parametrize("share", [sp.Rational(1, 4), sp.Rational(9, 10), sp.Rational(999, 1000)])
def test_means_below_the_bound_have_all_their_digits(share):
    """E exp(z^2) = exp(mu^2 / (1 - 2v)) / sqrt(1 - 2v)."""
    z, mu = sp.Symbol("z"), sp.Rational(1, 3)
    left = 1 - share
    exact = sp.exp(mu**2 / left) / sp.sqrt(left)
    found = Custom(sp.exp(z**2)).wick(0, 1, mu, share / 2).evalf(25)
    assert abs(found / exact - 1).evalf(30) < sp.Float("1e-24")


def test_slow_functions_with_a_far_mean_have_all_their_digits():
    z = sp.Symbol("z")
    found = Custom(sp.exp(sp.Abs(z) ** sp.Rational(3, 2))).wick(0, 1, 0, 4).evalf(15)
    with mpmath.workdps(30):
        exact = 2 * mpmath.quad(
            lambda x: mpmath.exp(x**1.5) * mpmath.npdf(x, 0, 2), [0, 5, 20, 36, 50, 90, 150]
        )
    assert abs(found - sp.Float(exact, 20)) < 1e-13 * exact


@pytest.mark.parametrize("function", [
    lambda z: sp.gamma(z**2), sp.zeta, sp.Ei, sp.Ci, sp.li, sp.loggamma, sp.erfinv,
    lambda z: 1 / sp.erf(z), lambda z: 1 / (sp.erf(z) - sp.Rational(1, 3)),
    lambda z: sp.besselk(0, z**2), lambda z: 1 / (sp.sqrt(2) * z + 1),
    lambda z: sp.Piecewise((sp.zeta(z), z > 0), (0, True)),
])
def test_functions_with_poles_are_refused(function):
    with pytest.raises(DomainError, match="not real and finite"):
        Custom(function(sp.Symbol("z")))


@pytest.mark.parametrize("function", [
    lambda z: sp.gamma(z**2 + 1), lambda z: 1 / (sp.erf(z) + 2), lambda z: sp.besselj(0, z),
    lambda z: sp.Piecewise((sp.zeta(z), z > 2), (0, True)), sp.airyai,
])
def test_special_functions_without_poles_are_taken(function):
    assert Custom(function(sp.Symbol("z"))).coefficients is None
