"""Numeric Wick coefficients: accurate in both tails, differentiable, honest about their error."""

import functools
import random

import mpmath
import numpy as np
import pytest
import sympy as sp
from hypothesis import given, settings
from hypothesis import strategies as st

import numerics as nm
from cumulant_theory import activations
from cumulant_theory.activations import Custom
from cumulant_theory.errors import DivergenceError, DomainError, OrderError, ShapeError
from numerics.gaussian import pair
from numerics.gaussian.jets import _symbolic, jumps
from numerics.gaussian.moments import full_moment, partial_moment, signed_moment
from numerics.gaussian.quadrature import integrate

R = sp.Rational
z = sp.Symbol("z", real=True)
ARGUMENTS = {"polynomial": ([1, R(-1, 2), 0, 2],), "custom": (sp.atan(z), z)}
CATALOGUE = [activations.get(n, *ARGUMENTS.get(n, ())) for n in activations.catalogue()]
NUMERIC = [
    *(a for a in CATALOGUE if not a.parameters),
    activations.Quadratic(R(1, 3)), activations.LeakyReLU(R(99, 100)),
    Custom(sp.Max(z - 1, 0) + sp.Abs(z + R(1, 2)) / 3, z),
    Custom(sp.Piecewise((sp.exp(z) - 1, z < 0), (z, True)), z),
]
OFFSETS = (-30.0, -8.0, -2.0, -0.3, 0.0, 1.0, 5.0, 30.0)
SCALES = (0.1, 1.0, 5.0)

everything = pytest.mark.parametrize(
    "activation", NUMERIC, ids=lambda a: f"{a.name}-{a.expr(z)}"[:40]
)


def reference(activation, m, p, mean, variance):
    """The coefficient at the floats given.

    A closed form, which the tests of the symbolic side set against integrals, or the trapezoidal
    rule for E[phi^p He_m] with digits enough for what cancels in a tail.
    """
    exact = [R(x) for x in (mean, variance)]
    closed = activation.wick(m, p, *exact)
    if closed.exact:
        return closed.expr.evalf(25, maxn=700)
    if activation.knots:  # the trapezoidal rule does not see a kink; panels that end there do
        return closed.evalf(25)
    digits = 45 + int(mean**2 / variance / 4.6) + m
    with mpmath.workdps(digits):
        f = sp.lambdify(z, activation.expr(z), "mpmath")
        centre, s = mpmath.mpf(mean), mpmath.sqrt(mpmath.mpf(variance))
        h = mpmath.mpf(3) / 20 * min(1, 1 / s)
        reach = mpmath.sqrt(2 * digits * mpmath.log(10)) + 3
        total, count = mpmath.mpf(0), int(reach / h)
        for k in range(-count, count + 1):
            g = k * h
            older, newer = mpmath.mpf(0), mpmath.mpf(1)
            for i in range(m):
                older, newer = newer, g * newer - i * older
            total += f(centre + s * g) ** p * newer * mpmath.exp(-g * g / 2)
        return sp.Float(mpmath.nstr(total * h / mpmath.sqrt(2 * mpmath.pi) / s**m, 30), 30)


@everything
def test_relative_accuracy_in_both_tails(activation):
    draw = random.Random(str(activation.expr(z)))
    for _ in range(6 if activation.wick(0, 3).exact else 2):
        m, p = draw.randint(0, 8), draw.randint(1, 4)
        offset, scale = draw.choice(OFFSETS), draw.choice(SCALES)
        expected = reference(activation, m, p, offset * scale, scale**2)
        if abs(expected) > sp.Float("1e308"):
            with pytest.raises(DomainError, match="finite"):
                nm.wick(activation, m, p, offset * scale, scale**2)
            continue
        found = nm.wick(activation, m, p, offset * scale, scale**2)
        value, error = float(found.values), float(found.error)
        if abs(expected) < sp.Float("1e-290"):
            assert abs(value) < 1e-290 or error > 1e-3
            continue
        around = nm.wick(
            activation, m, p, (offset + np.array([-0.5, 0.5])) * scale, scale**2
        ).values
        crossing = abs(expected) < 1e-6 * np.abs(around).max()
        assert error < 1e-10 or crossing
        assert abs(value - expected) <= (error + 1e-15) * abs(expected) or crossing


@settings(max_examples=40)
@given(
    st.sampled_from(NUMERIC), st.integers(0, 6), st.integers(1, 4), st.floats(-6, 6),
    st.floats(0.05, 4),
)
def test_closed_form_and_quadrature_agree(activation, m, p, mean, scale):
    found = nm.wick(activation, m, p, mean, scale**2)
    values, errors = integrate(activation, m, p, m, np.array([mean]), np.array([scale]))
    bound = errors[0] + float(found.error) * abs(float(found.values))
    if np.isfinite(bound):
        assert abs(values[0] - float(found.values)) <= bound + 1e-300


@everything
def test_derivatives_are_the_next_coefficients(activation):
    """Recurrence and heat equation by central differences, with what their error leaves."""
    for m, p, mean, variance in ((1, 2, -0.4, 1.3),):
        def at(mu, v, m=m, p=p):
            return float(nm.wick(activation, m, p, mu, v).values)

        h = 1e-4
        by_mean = (at(mean + h, variance) - at(mean - h, variance)) / (2 * h)
        by_variance = (at(mean, variance + h) - at(mean, variance - h)) / (2 * h)
        scale = sum(
            abs(float(nm.wick(activation, k, p, mean, variance).values)) for k in (m, m + 3, m + 6)
        )
        up = float(nm.wick(activation, m + 1, p, mean, variance).values)
        heat = float(nm.wick(activation, m + 2, p, mean, variance).values) / 2
        assert abs(by_mean - up) < 1e-6 * (scale + 1e-3)
        assert abs(by_variance - heat) < 1e-6 * (scale + 1e-3)


@everything
def test_arrays_broadcast_and_parity_is_exact(activation):
    mean, variance = np.linspace(-3, 3, 5), np.array([[0.5], [2.0]])
    for m, p in ((0, 1), (1, 2)):
        found = nm.wick(activation, m, p, mean, variance)
        assert found.values.shape == found.error.shape == (2, 5)
        single = [
            [float(nm.wick(activation, m, p, a, b).values) for a in mean] for (b,) in variance
        ]
        np.testing.assert_allclose(found.values, single, rtol=1e-13, atol=1e-15)
        sign = (-1) ** (m + p * activation.is_odd)
        if activation.is_odd or activation.is_even:
            np.testing.assert_allclose(found.values[:, ::-1], sign * found.values, rtol=1e-12)
            if sign == -1:
                assert not found.values[:, 2].any()


@everything
def test_variance_zero(activation):
    points = np.array([-1.7, 0.3, 2.5])
    for m, p in ((0, 1), (1, 1), (2, 3)):
        found = nm.wick(activation, m, p, points, 0.0)
        expected = [activation.wick(m, p, R(x), 0).evalf(20) for x in points.tolist()]
        np.testing.assert_allclose(found.values, np.array(expected, float), rtol=1e-12, atol=1e-15)
    mixed = nm.wick(activation, 1, 1, points, np.array([0.0, 1.0, 0.0]))
    assert mixed.values[0] == nm.wick(activation, 1, 1, points[0], 0).values
    assert mixed.values[1] == nm.wick(activation, 1, 1, points[1], 1).values


def test_partial_moments_in_the_tails():
    with mpmath.workdps(30):
        for k in range(9):
            for a in (-37.0, -12.5, -3.0, -2.0, -1.999, -1.0, -0.999, 0.0, 0.4, 9.0):
                exact = (
                    mpmath.factorial(k) * mpmath.exp(-mpmath.mpf(a) ** 2 / 4)
                    * mpmath.pcfd(-k - 1, -a) / mpmath.sqrt(2 * mpmath.pi)
                )
                found = float(partial_moment(k, np.array([a]))[0])
                assert abs(found / exact - 1) < 4e-16 * (16 + 4 * k + a * a)
    a = np.array([-4.0, -1e-9, 0.0, 1e-9, 0.5, 3.0])
    for k in range(6):
        left, right = partial_moment(k, -a), partial_moment(k, a)
        np.testing.assert_allclose(right + (-1) ** k * left, full_moment(k, a), atol=1e-13)
        np.testing.assert_allclose(right - (-1) ** k * left, signed_moment(k, a), atol=1e-13)


@pytest.mark.parametrize("mean", [1e-3, 1e-9, -1e-14])
def test_small_means_cost_no_digit(mean):
    """Odd coefficients are the mean times the next coefficient at zero, up to its cube."""
    cases = [(activations.Tanh(), 0, 1), (activations.Tanh(), 3, 2), (activations.Erf(), 0, 3),
             (activations.Abs(), 1, 1), (activations.Sin(), 2, 3), (activations.HardTanh(), 0, 1)]
    for activation, m, p in cases:
        for scale in SCALES:
            found = nm.wick(activation, m, p, mean, scale**2)
            first, third = (
                nm.wick(activation, m + k, p, 0.0, scale**2).values for k in (1, 3)
            )
            expected = mean * (first + mean**2 / 6 * third)
            assert found.values == pytest.approx(expected, rel=1e-10 + (mean / scale)**4)


def test_underflow_is_zero_and_overflow_an_error():
    assert nm.wick(activations.ReLU(), 0, 1, -50.0, 1.0).values == 0
    assert nm.wick(activations.Step(), 3, 1, 80.0, 1.0).values == 0
    with pytest.raises(DomainError, match="finite"):
        nm.wick(activations.Exp(), 0, 4, 150.0, 25.0)


@pytest.mark.parametrize(("call", "error", "words"), [
    (lambda: nm.wick(activations.ReLU(), 0, 1, 0.0, -1.0), DomainError, "negative"),
    (lambda: nm.wick(activations.ReLU(), 0, 1, np.nan, 1.0), DomainError, "not finite"),
    (lambda: nm.wick(activations.LeakyReLU("a"), 0), DomainError, "free parameters a"),
    (lambda: nm.wick(activations.ReLU(), 1, 1, 0.0, 0.0), DomainError, "no derivative"),
    (lambda: nm.wick(activations.ReLU(), -1), OrderError, "m = -1"),
    (lambda: nm.wick(activations.ReLU(), 0, 0), OrderError, "p = 0"),
    (lambda: nm.wick(activations.ReLU(), 0, mean=sp.IndexedBase("q")[1]), DomainError, "mean"),
    (lambda: nm.wick(activations.ReLU(), 0, mean=[[1], [1, 2]]), DomainError, "mean is list"),
    (lambda: nm.wick(activations.ReLU(), 0, mean=functools.reduce(
        lambda inner, _: [inner], range(40), 0.5)), ShapeError, "do not broadcast"),
    (lambda: pair((activations.ReLU(),) * 2, (1, 1), np.array(2.0), (1, 1), 0), ShapeError, "two"),
    (lambda: pair((activations.ReLU(),) * 2, (1, 1), ([0, 0], 0), (1, 1), [0, 0, 0]), ShapeError,
     "broadcast"),
])
def test_errors(call, error, words):
    with pytest.raises(error, match=words):
        call()


def test_tensors_keep_their_graph():
    torch = pytest.importorskip("torch")
    mean = torch.tensor([0.3, -2.0], dtype=torch.float64, requires_grad=True)
    variance = torch.tensor(0.7, dtype=torch.float64, requires_grad=True)
    for activation in (activations.ReLU(), activations.Tanh()):
        def values(mu, v, activation=activation):
            return nm.wick(activation, 1, 2, mu, v).values

        assert torch.autograd.gradcheck(values, (mean, variance))
    assert torch.autograd.gradgradcheck(values, (mean, variance))
    single = nm.wick(activations.ReLU(), 0, 1, mean.detach().float(), 1.0)
    assert single.values.dtype == torch.float32
    assert single.exact is True


@everything
def test_torch_function_is_the_activation(activation):
    torch = pytest.importorskip("torch")
    from numerics.networks.activations import torch_function

    points = [R(k, 8) for k in range(-24, 25, 3)] + [R(c) for c in activation.knots]
    x = torch.tensor([float(c) for c in points], dtype=torch.float64, requires_grad=True)
    y = torch_function(activation)(x)
    expected = torch.tensor([float(activation(c)) for c in points], dtype=torch.float64)
    assert torch.allclose(y, expected, rtol=1e-13, atol=1e-14)
    y.sum().backward()
    assert torch.isfinite(x.grad).all()
    smooth = [i for i, c in enumerate(points) if c not in activation.knots]
    slopes = nm.wick(activation, 1, 1, x.detach().numpy()[smooth], 0.0).values
    assert torch.allclose(x.grad[smooth], torch.as_tensor(slopes), rtol=1e-12, atol=1e-13)


def test_torch_function_says_what_it_lacks():
    pytest.importorskip("torch")
    from numerics.networks.activations import torch_function

    with pytest.raises(DomainError, match="besselj"):
        torch_function(Custom(sp.besselj(0, z), z))


def test_what_is_no_activation_or_does_not_broadcast_is_refused():
    for wrong in ("relu", None, activations.ReLU):
        with pytest.raises(DomainError, match="is no activation"):
            nm.wick(wrong, 1)
    with pytest.raises(ShapeError, match="do not broadcast"):
        nm.wick(activations.ReLU(), 1, 1, [1.0, 2.0], [1.0, 2.0, 3.0])


def test_high_orders_of_smooth_activations_need_no_symbolic_derivatives():
    # the coefficients of sin are those of exp(i z)
    found = nm.wick(activations.Sin(), 41, mean=0.3, variance=0.5).values
    assert abs(found - np.cos(0.3) * np.exp(-0.25)) < 1e-12
    assert jumps(activations.Tanh(), 1, 40) == ()


def test_orders_are_integers_of_any_type():
    found = nm.wick(activations.Tanh(), np.int64(1), np.int32(2), mean=0.5)
    assert found.values == nm.wick(activations.Tanh(), 1, 2, mean=0.5).values
    for wrong in (True, 1.0, 10**7):
        with pytest.raises(OrderError, match="pass an integer from 0 to"):
            nm.wick(activations.Tanh(), wrong)


def test_functions_that_outgrow_a_gaussian_have_means_below_a_bound_alone():
    """E exp(z^2) = exp(mu^2 / (1 - 2v)) / sqrt(1 - 2v) for v < 1/2."""
    z = sp.Symbol("z")
    phi = Custom(sp.exp(z**2))
    mu, v = np.array([0.0, -0.5, 0.3]), np.array([0.05, 0.3, 0.44])
    left = 1 - 2 * v
    exact = np.exp(mu**2 / left) / np.sqrt(left)
    np.testing.assert_allclose(nm.wick(phi, 0, 1, mu, v).values, exact, rtol=1e-13)
    slope = 2 * mu / left * exact
    np.testing.assert_allclose(nm.wick(phi, 1, 1, mu, v).values, slope, rtol=1e-12)
    with pytest.raises(DivergenceError, match=r"below 0\.5 alone, and the variance is 0\.6"):
        nm.wick(phi, 0, 1, 0.0, [0.1, 0.6])
    with pytest.raises(DivergenceError, match=r"below 0\.25 alone"):
        nm.wick(phi, 0, 2, 0.0, 0.3)
    with pytest.raises(DomainError, match="too far for float64"):
        nm.wick(phi, 0, 1, 0.0, 0.499)
    far = nm.wick(Custom(sp.exp(sp.Abs(z) ** sp.Rational(3, 2))), 0, 1, 0.0, 4.0)
    assert far.values == pytest.approx(8.0139289969394e23, rel=1e-12)


@pytest.mark.parametrize(("mean", "cov"), [((0, 0), 0.001), ((0.3, -0.2), 0.05), ((0.1, 0), 0.1)])
def test_pairs_that_outgrow_a_gaussian_have_covariances_below_a_bound_alone(mean, cov):
    """E exp(x^2 + y^2) = exp(m^T ((1 - 2 S)^-1 - 1) S^-1 m / 2) / sqrt(det(1 - 2 S))."""
    phi = Custom(sp.exp(sp.Symbol("z") ** 2))
    v = 0.25
    s, m = np.array([[v, cov], [cov, v]]), np.array(mean)
    left = np.eye(2) - 2 * s
    product = np.exp(m @ np.linalg.solve(left, m)) / np.sqrt(np.linalg.det(left))
    single = np.exp(m**2 / (1 - 2 * v)) / np.sqrt(1 - 2 * v)
    found = pair((phi, phi), (1, 1), mean, (v, v), cov)
    assert found == pytest.approx(product - single.prod(), rel=1e-9)
    with pytest.raises(DivergenceError, match="vary too much together"):
        pair((phi, phi), (1, 1), mean, (v, v), 0.2500000001)
    with pytest.raises(DivergenceError, match="variance below"):
        pair((phi, phi), (2, 1), mean, (v, v), cov)


def test_functions_that_are_not_real_are_refused_not_cut():
    z = sp.Symbol("z", real=True)
    with pytest.raises(DomainError, match="not real at all points"):
        _symbolic(sp.sqrt(z), z, 1, 0)(np.array([1.0, -1.0]) + 0j)
