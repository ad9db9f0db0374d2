"""Wide propagation at any scale of the units: coefficients, pairs, gradients, whole networks."""

import functools
import itertools
import math

import mpmath as mp
import numpy as np
import pytest
import sympy as sp

from cumulant_theory import activations
from cumulant_theory.errors import CumulantError, DomainError
from numerics import gaussian as nm
from numerics.gaussian import waves
from numerics.gaussian.pairs import PairFunction
from numerics.gaussian.price import Pairs
from numerics.gaussian.tables import HermiteTable, _Own, features
from numerics.tensors import propagate
from numerics.tensors.arrays import get_arrays
from numerics.tensors.maps import as_map

XP = get_arrays("numpy", "float64")
FUNCTIONS = {
    "tanh": mp.tanh,
    "softplus": lambda z: mp.log1p(mp.exp(-abs(z))) + max(z, 0),
    "gelu": lambda z: z * mp.ncdf(z),
}
LIMITS = {"tanh": "sign", "erf": "sign", "sigmoid": "step",
          "softplus": "relu", "silu": "relu", "gelu": "relu"}  # fmt: skip
ORDERS = [(m, p) for m in range(5) for p in range(1, 5)]


@functools.cache
def legendre(count=20):
    """Nodes to 30 digits by Newton's method."""
    x, w = [], []
    for start in np.polynomial.legendre.leggauss(count)[0]:
        z = mp.mpf(start)
        for _ in range(3):
            older, newer = mp.mpf(1), z
            for k in range(2, count + 1):
                older, newer = newer, ((2 * k - 1) * z * newer - (k - 1) * older) / k
            slope = count * (z * newer - older) / (z * z - 1)
            z -= newer / slope
        x.append(z)
        w.append(2 / ((1 - z * z) * slope**2))
    return x, w


def product(a, b):
    return [sum(a[i] * b[k - i] for i in range(k + 1)) for k in range(len(a))]


def series(name, x, count=11):
    """Taylor coefficients at x from y' = 1 - y^2, y' = y - y^2 or y'' = -x y'."""
    if name == "gelu":
        y = [mp.ncdf(x), mp.npdf(x)]
        for k in range(2, count):
            before = (k - 2) * y[k - 2] if k > 2 else 0
            y.append(-((k - 1) * x * y[k - 1] + before) / (k * (k - 1)))
        return [x * y[0], *(x * y[k] + y[k - 1] for k in range(1, count))]
    y = [mp.tanh(x) if name == "tanh" else 1 / (1 + mp.exp(-x))]
    for k in range(count - 1):
        first = (k == 0) if name == "tanh" else y[k]
        y.append((first - product(y, y)[k]) / (k + 1))
    if name == "tanh":
        return y
    return [FUNCTIONS[name](x), *(y[k] / (k + 1) for k in range(count - 1))]


def exact(name, mean, scale):
    """omega^(m) s^m / sqrt(m!) of phi^p, by panels around the bend, or by Taylor's series."""
    f, found = FUNCTIONS[name], dict.fromkeys(ORDERS, mp.mpf(0))
    mean, scale = mp.mpf(mean), mp.mpf(scale)
    if scale < 0.01:
        t = series(name, mean)
        power = [mp.mpf(1)] + [mp.mpf(0)] * (len(t) - 1)
        for p in range(1, 5):
            power = product(power, t)
            for m in range(5):
                found[m, p] = scale**m / mp.sqrt(mp.factorial(m)) * sum(
                    (scale**2 / 2) ** k / mp.factorial(k) * mp.factorial(m + 2 * k)
                    * power[m + 2 * k] for k in range(4)
                )
        return found
    bend = -mean / scale
    marks = {mp.mpf(k) for k in range(-18, 19, 2)} | {
        bend + sign * t / scale for t in (0, 1, 2, 4, 8, 16, 32, 64) for sign in (-1, 1)
    }
    edges = sorted(x for x in marks if abs(x) <= 18)
    for a, b in itertools.pairwise(edges):
        for x, w in zip(*legendre(), strict=True):
            g = (a + b) / 2 + (b - a) / 2 * x
            weight, value = (b - a) / 2 * w * mp.npdf(g), f(mean + scale * g)
            h = [mp.mpf(1), g]
            for k in range(2, 5):
                h.append((g * h[-1] - mp.sqrt(k - 1) * h[-2]) / mp.sqrt(k))
            for p in range(1, 5):
                weight *= value
                for m in range(5):
                    found[m, p] += weight * h[m]
    return found


@pytest.mark.parametrize("scale", [1e-8, 1e-4, 1.0, 1e2, 1e4, 1e8])
@pytest.mark.parametrize("name", sorted(FUNCTIONS))
def test_coefficients_at_any_scale(name, scale):
    phi = activations.get(name)
    means = [r * scale for r in {"gelu": (-1, 10), "tanh": (0, 10)}.get(name, (1, -10))]
    table = HermiteTable(phi, np.array(means), np.full(2, scale))
    with mp.workdps(30):
        truth = [exact(name, mean, scale) for mean in means]
    for m, p in ORDERS:
        found = table.wick(m, p), nm.wick(phi, m, p, means, scale**2).values
        for i, row in enumerate(truth):
            deviation = mp.sqrt(sum(row[k, p] ** 2 for k in range(1, 5)))
            if name == "tanh" and p % 2 == 0:  # most of it sits at high orders
                deviation = max(deviation, mp.sqrt(abs(row[0, 4] - row[0, 2] ** 2)))
            size = max(deviation, abs(row[m, p]))
            for value in found:
                standard = mp.mpf(float(value[i])) * mp.mpf(scale) ** m / mp.sqrt(mp.factorial(m))
                assert abs(standard - row[m, p]) <= 1e-10 * size + 1e-31, (m, p, means[i])
                if (m, p) == (1, 1) and abs(row[m, p]) > 1e-18:  # digits of the oracle are left
                    assert abs(standard - row[m, p]) <= 1e-10 * abs(row[m, p])


def test_small_spreads_around_any_mean():
    for name, mean, scale in (("tanh", 1.0, 1e-8), ("gelu", -0.7, 1e-4), ("softplus", 3.0, 1e-6)):
        phi = activations.get(name)
        with mp.workdps(40):
            truth = exact(name, mean, scale)
        for m, p in ORDERS:
            expected = float(truth[m, p] / mp.mpf(scale) ** m * mp.sqrt(mp.factorial(m)))
            table = HermiteTable(phi, np.array([mean]), np.array([scale]))
            assert table.wick(m, p)[0] == pytest.approx(expected, rel=1e-10)
            assert float(nm.wick(phi, m, p, mean, scale**2).values) == pytest.approx(
                expected, rel=1e-10
            )


def covariance(name, p, q, mean, cov):
    phi = as_map(name)
    return phi.covariance(p, q, phi.omega(XP, mean, np.diag(cov)), Pairs(XP, mean, cov))[0, 1]


@pytest.mark.parametrize("rho", [0.4, -0.8])
@pytest.mark.parametrize("name", ["tanh", "sigmoid", "softplus", "silu"])
def test_pairs_reach_the_homogeneous_limit(name, rho):
    """Quadratically in 1 / s at distinct units: the bend carries no mass at a single point."""
    away = math.acos(rho)
    limit = {"sign": 2 / math.pi * math.asin(rho), "step": math.asin(rho) / (2 * math.pi),
             "relu": (math.sin(away) + (math.pi - away) * rho - 1) / (2 * math.pi)}  # fmt: skip
    for scale in (1e2, 1e4, 1e8):
        value = covariance(name, 1, 1, np.zeros(2), scale**2 * np.array([[1, rho], [rho, 1]]))
        if LIMITS[name] == "relu":
            value = value / scale / scale
        assert value == pytest.approx(limit[LIMITS[name]], abs=6 / scale**2 + 1e-11)


@pytest.mark.parametrize(("p", "q"), [(1, 1), (2, 1), (3, 1)])
@pytest.mark.parametrize("name", ["tanh", "softplus"])
def test_pairs_at_intermediate_scales_equal_quadrature(name, p, q):
    mean, s, rho = np.array([10.0, -20.0]), np.array([30.0, 50.0]), 0.6
    cov = np.outer(s, s) * np.array([[1, rho], [rho, 1]])
    phi = {"tanh": np.tanh, "softplus": lambda z: np.logaddexp(0, z)}[name]
    x, w = np.polynomial.legendre.leggauss(20)

    def rule(marks):
        edges = np.unique(np.r_[np.linspace(-9, 9, 13), marks])
        half = np.diff(edges)[:, None] / 2
        g = ((edges[1:] + edges[:-1])[:, None] / 2 + half * x).ravel()
        return g, (half * w).ravel() * np.exp(-g * g / 2) / math.sqrt(2 * math.pi)

    bends = np.array([-40, -20, -10, -5, -2, 0, 2, 5, 10, 20, 40])
    g, weight = rule((bends - mean[0]) / s[0])
    value, rest, total = phi(mean[0] + s[0] * g) ** p, math.sqrt(1 - rho**2), 0.0
    value = value - weight @ value
    for a, b, c in zip(g, weight, value, strict=True):
        h, v = rule(((bends - mean[1]) / s[1] - rho * a) / rest)
        total += b * c * (v @ phi(mean[1] + s[1] * (rho * a + rest * h)) ** q)
    assert covariance(name, p, q, mean, cov) == pytest.approx(total, rel=1e-9)
    other = nm.pair((activations.get(name),) * 2, (p, q), mean, s**2, cov[0, 1])
    assert float(other) == pytest.approx(total, rel=1e-9)


def test_pairs_of_small_spread_are_linear_at_any_correlation():
    s, mean = 1e-8, np.array([0.5, -1.0])
    for rho in (0.3, 0.999):
        cov = s * s * np.array([[1, rho], [rho, 1]])
        expected = rho * s * s / np.prod(np.cosh(mean) ** 2)
        assert covariance("tanh", 1, 1, mean, cov) == pytest.approx(expected, rel=1e-11)
        tanh = (activations.Tanh(),) * 2
        value = nm.pair(tanh, (1, 1), mean, (s * s, s * s), rho * s * s)
        assert float(value) == pytest.approx(expected, rel=1e-11)


@pytest.mark.parametrize("name", ["sin", "cos"])
def test_waves_equal_quadrature_where_both_are_sure(name):
    phi = activations.get(name)
    mean, scale = np.array([0.3, -2.0]), np.array([3.5, 4.0])
    panels, closed = _Own(phi, mean, scale, 13.0), waves.Waves(phi, mean, scale)
    for p in (1, 2, 3):
        size = np.sqrt(panels.variance(p))
        for k in (1, 2, 7, 20):
            assert abs(panels.standard(k, p) - closed.standard(k, p)).max() < 1e-11 * size.min()
        for m in (0, 1, 4):
            gap = (panels.wick(m, p) - closed.wick(m, p)) * scale**m
            assert abs(gap).max() < 1e-11 * size.min()
        assert panels.slope(p) == pytest.approx(closed.slope(p), rel=1e-9)
        assert panels.variance(p) == pytest.approx(closed.variance(p), rel=1e-9)
    for p, q in ((1, 1), (2, 2), (3, 1)):
        for orders in ((0, 0), (1, 1)):
            given = tuple(np.array([x]) for x in (0.3, -2.0, 12.0, 16.0, 0.9 * math.sqrt(192)))
            value, error = waves.covariance((phi, phi), (p, q), orders, *given)
            other = PairFunction((phi, phi), (p, q), orders)._integral(*given)[0]
            assert max(abs(value - other)[0], error[0]) < 1e-12


def weights(scale, width=32, layers=3):
    rng = np.random.default_rng(5)
    return [scale * rng.normal(size=(width, width)) / math.sqrt(width) for _ in range(layers)]


@pytest.mark.parametrize("scale", [1e4, 1e8])
@pytest.mark.parametrize("name", ["tanh", "erf", "softplus", "silu"])
def test_whole_networks_reach_their_limit(name, scale):
    found = {K: propagate(weights(scale), None, name, K=K) for K in (1, 2, 3, 4)}
    for result in found.values():
        for state in result.states:
            assert np.isfinite(state.mean + state.variance).all()
    limit = propagate(weights(scale), None, LIMITS[name], K=2)
    # Var tanh is 1 - O(1 / s); softplus and relu differ by O(1 / s), times O(1 / s) mass
    order = 1 if LIMITS[name] == "sign" else 2
    for one, two in zip(found[2].states[1:], limit.states[1:], strict=True):
        size = two.variance.max()
        assert abs(one.covariance - two.covariance).max() < 10 * size * (scale**-order + 1e-13)
        assert abs(one.mean - two.mean).max() < 10 * math.sqrt(size) * (1 / scale + 1e-13)


def test_whole_networks_are_linear_at_small_scales():
    small = propagate(weights(1e-8), None, "tanh", K=2).output
    linear = propagate(weights(1e-8), None, "identity", K=2).output
    assert small.covariance == pytest.approx(linear.covariance, rel=1e-10, abs=0)


@pytest.mark.parametrize("name", ["tanh", "softplus", "relu"])
def test_single_precision_at_large_scales(name):
    given = [w.astype(np.float32) for w in weights(1e8, layers=2)]
    for K in (2, 3):
        one = propagate(given, None, name, K=K, dtype="float32").states[2]
        two = propagate(given, None, name, K=K, dtype="float64").states[2]
        assert abs(one.covariance - two.covariance).max() < 1e-5 * two.variance.max()


@pytest.mark.parametrize("scale", [1e-4, 1e4])
def test_gradients_at_any_scale(scale):
    torch = pytest.importorskip("torch")
    xp = get_arrays("torch", "float64")
    phi, unit = as_map("tanh"), scale if scale < 1 else 1.0

    def value(mean, root):
        mean, root = scale * mean, scale * root
        cov = root @ root.T
        omega, pairs = phi.omega(xp, mean, torch.diagonal(cov)), Pairs(xp, mean, cov)
        pair = phi.covariance(1, 1, omega, pairs)[0, 1] / unit**2
        return pair, *(omega(m, 1) * scale**m / unit for m in range(3))

    mean = torch.tensor([0.4, -0.3], dtype=torch.float64, requires_grad=True)
    root = torch.tensor([[1.0, 0.2], [0.7, 0.5]], dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(value, (mean, root), eps=1e-5, atol=1e-8, rtol=1e-5,
                                    fast_mode=True)


def test_features_of_an_expression():
    z = sp.Symbol("z", real=True)
    phi = activations.Custom(sp.tanh(100 * (z - 5)) + 1 / (1 + (z + 3) ** 2), z)
    for place, width in ((5.0, 0.01), (-3.0, 1.0)):
        assert any(abs(c - place) < 1e-9 and abs(w - width) < 1e-9 for c, w in features(phi))
    # a bump far out that a coarse grid would miss, E exp(-(z-c)^2) in closed form
    bump = activations.Custom(sp.exp(-((z - 700) ** 2)), z)
    for scale in (30.0, 1e3, 1e6):
        total = 1 + 2 * scale**2
        expected = math.exp(-(700**2) / total) / math.sqrt(total)
        table = HermiteTable(bump, np.zeros(1), np.array([scale]))
        assert table.wick(0, 1)[0] == pytest.approx(expected, rel=1e-9)


def test_what_cannot_be_resolved_says_so():
    z = sp.Symbol("z", real=True)
    rough = activations.Custom(sp.sin(z) + z / 2, z)
    with pytest.raises(DomainError, match="ten digits"):
        propagate(weights(1e5, 4, 2), None, rough, K=2)
    for scale in (30.0, 1e4):
        with pytest.raises(CumulantError):
            propagate(weights(scale, 4, 2), None, "exp", K=2)
