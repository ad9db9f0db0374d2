"""Wide propagation at any scale of the units: coefficients, pairs, gradients, whole networks."""

import functools
import itertools
import math
import time

import mpmath as mp
import numpy as np
import pytest
import sympy as sp

from cumulant_theory import activations
from cumulant_theory.closures import Diagrams
from cumulant_theory.errors import CumulantError, DomainError
from numerics import gaussian as nm
from numerics.gaussian import waves
from numerics.gaussian.pairs import PairFunction
from numerics.gaussian.panels import OwnRule, features
from numerics.gaussian.price import Pairs
from numerics.gaussian.tables import HermiteTable
from numerics.tensors import ExchangeableWeight, propagate
from numerics.tensors.arrays import get_arrays
from numerics.tensors.maps import as_map
from numerics.tensors.powers import Powers
from numerics.tensors.state import State

XP = get_arrays("numpy", "float64")
FUNCTIONS = {
    "tanh": mp.tanh,
    "sigmoid": lambda z: 1 / (1 + mp.exp(-z)),
    "softplus": lambda z: mp.log1p(mp.exp(-abs(z))) + max(z, 0),
    "gelu": lambda z: z * mp.ncdf(z),
    "cos": mp.cos,
    "exp": mp.exp,
    "relu": lambda z: max(z, mp.mpf(0)),
}
DIGITS = 60  # sigmoid(100) differs from 1 in the 44th
LIMITS = {"tanh": "sign", "erf": "sign", "sigmoid": "step",
          "softplus": "relu", "silu": "relu", "gelu": "relu"}  # fmt: skip
ORDERS = [(m, p) for m in range(5) for p in range(1, 5)]
MOMENTS = [(0, p) for p in range(1, 9)]


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
    """Taylor coefficients at x from differential equations."""
    if name == "relu":
        return [max(x, mp.mpf(0)), mp.mpf(x > 0), *[mp.mpf(0)] * (count - 2)]
    if name in ("cos", "exp"):
        turn = mp.pi / 2 if name == "cos" else 0
        value = FUNCTIONS[name]
        return [value(x + k * turn) / mp.factorial(k) for k in range(count)]
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
    if name in ("tanh", "sigmoid"):
        return y
    return [FUNCTIONS[name](x), *(y[k] / (k + 1) for k in range(count - 1))]


def exact(name, mean, scale, orders=(*ORDERS, *MOMENTS)):
    """E phi, and omega^(m) s^m / sqrt(m!) of (phi - E phi)^p.

    By panels around the bend, or by Taylor's series where the spread is small.
    """
    mean, scale = mp.mpf(mean), mp.mpf(scale)
    found = dict.fromkeys(orders, mp.mpf(0))
    if scale < 0.01 and (name != "relu" or mean > 20 * scale):
        t = series(name, mean)
        rise = sum(t[2 * k] * scale ** (2 * k) * mp.fac2(2 * k - 1) for k in range(1, 6))
        centre, power = t[0] + rise, [mp.mpf(1)] + [mp.mpf(0)] * (len(t) - 1)
        for p in range(1, 9):
            power = product(power, [-rise, *t[1:]])
            for m in range(5):
                if (m, p) in found:
                    found[m, p] = scale**m / mp.sqrt(mp.factorial(m)) * sum(
                        (scale**2 / 2) ** k / mp.factorial(k) * mp.factorial(m + 2 * k)
                        * power[m + 2 * k] for k in range((len(t) - m + 1) // 2)
                    )
        return centre, found
    bend = -mean / scale
    marks = {mp.mpf(k) for k in range(-18, 19, 2)} | {
        bend + sign * t / scale for t in (0, 1, 2, 4, 8, 16, 32, 64) for sign in (-1, 1)
    }
    edges, nodes = sorted(x for x in marks if abs(x) <= 18), []
    for a, b in itertools.pairwise(edges):
        for x, w in zip(*legendre(), strict=True):
            g = (a + b) / 2 + (b - a) / 2 * x
            nodes.append((g, (b - a) / 2 * w * mp.npdf(g), FUNCTIONS[name](mean + scale * g)))
    whole = sum(w for _, w, _ in nodes)
    centre = sum(w * v for _, w, v in nodes) / whole
    for g, weight, value in nodes:
        h = [mp.mpf(1), g]
        for k in range(2, 5):
            h.append((g * h[-1] - mp.sqrt(k - 1) * h[-2]) / mp.sqrt(k))
        power = weight / whole
        for p in range(1, 9):
            power *= value - centre
            for m in range(5):
                if (m, p) in found:
                    found[m, p] += power * h[m]
    return centre, found


def uncentred(centre, found):
    """The same of phi^p."""
    return {
        (m, p): sum(math.comb(p, a) * centre ** (p - a) * (found[m, a] if a else m == 0)
                    for a in range(p + 1))
        for m, p in found
    }  # fmt: skip


@pytest.mark.parametrize("scale", [1e-8, 1e-4, 1.0, 1e2, 1e8])
@pytest.mark.parametrize("name", ["gelu", "softplus", "tanh"])
def test_coefficients_at_any_scale(name, scale):
    """To 1e-10 of the deviation of the power, and the first one to 1e-10 of itself."""
    phi = activations.get(name)
    means = [r * scale for r in {"gelu": (-1, 10), "tanh": (0, 10)}.get(name, (1, -10))]
    table = HermiteTable(phi, np.array(means), np.full(2, scale))
    with mp.workdps(DIGITS):
        truth = [exact(name, mean, scale) for mean in means]
        plain = [uncentred(*row) for row in truth]
        for m, p in ORDERS:
            unit = mp.mpf(scale) ** m / mp.sqrt(mp.factorial(m))
            both = table.wick(m, p), nm.wick(phi, m, p, means, scale**2).values
            for values, rows in zip(both, ([row for _, row in truth], plain), strict=True):
                for i, row in enumerate(rows):
                    true = truth[i][0] if (m, p) == (0, 1) else row[m, p]
                    whole = mp.sqrt(row[0, 2 * p] - row[0, p] ** 2)
                    gap = abs(mp.mpf(float(values[i])) * unit - true)
                    assert gap <= 1e-10 * max(whole, abs(true)), (m, p, means[i])
                    if (m, p) == (1, 1):
                        assert gap <= 1e-10 * abs(true)


def test_small_spreads_around_any_mean():
    for name, mean, scale in (("tanh", 1.0, 1e-8), ("gelu", -0.7, 1e-4), ("softplus", 3.0, 1e-6)):
        phi = activations.get(name)
        with mp.workdps(40):
            centre, centred = exact(name, mean, scale)
            plain = uncentred(centre, centred)
        table = HermiteTable(phi, np.array([mean]), np.array([scale]))
        for m, p in ORDERS:
            unit = math.sqrt(math.factorial(m)) / mp.mpf(scale) ** m
            expected = float(plain[m, p] * unit)
            assert float(nm.wick(phi, m, p, mean, scale**2).values) == pytest.approx(
                expected, rel=1e-10
            )
            expected = float((centre if (m, p) == (0, 1) else centred[m, p]) * unit)
            size = float(abs(mp.sqrt(centred[0, 2]) ** p * unit)) if m < p else 0.0
            assert table.wick(m, p)[0] == pytest.approx(expected, rel=1e-10, abs=1e-12 * size)


def cumulants(name, mean, scale, xp=XP):
    """Mean and cumulants of phi(z), z normal."""
    z = State(xp, xp.asarray([mean]), lambda: xp.asarray([scale**2]))
    powers = Powers(z, as_map(name), Diagrams(4), True)
    return [powers.mean[0], *(powers.cumulant((r,))[0] for r in (2, 3, 4))]


@pytest.mark.parametrize("name", ["sigmoid", "softplus", "cos", "exp", "relu"])
def test_cumulants_of_a_unit_at_any_scale_and_mean(name):
    scales = {"cos": (1e-8, 1e-4, 1.0), "exp": (1e-8, 1e-4, 0.1)}.get(name, (1e-8, 1e-4, 1.0, 1e8))
    for mean in (0.0, 1.0, 100.0):
        for scale in scales:
            with mp.workdps(DIGITS):
                centre, row = exact(name, mean, scale, MOMENTS[:4])
                variance = row[0, 2]
                truth = [centre, variance, row[0, 3], row[0, 4] - 3 * variance**2]
                found = map(mp.mpf, map(float, cumulants(name, mean, scale)))
                for r, (one, two) in enumerate(zip(found, truth, strict=True), 1):
                    size = mp.sqrt(variance) ** r if r > 1 else abs(centre) + mp.sqrt(variance)
                    assert abs(one - two) <= 1e-9 * size, (mean, scale, r)


def covariance(name, p, q, mean, cov):
    phi = as_map(name)
    return phi.covariance(p, q, phi.omega(XP, mean, np.diag(cov)), Pairs(XP, mean, cov))[0, 1]


@pytest.mark.parametrize("rho", [0.4, -0.8, 0.9, -0.999, 1 - 1e-6, -1 + 1e-6])
@pytest.mark.parametrize("name", ["tanh", "sigmoid", "softplus"])
def test_pairs_reach_the_homogeneous_limit(name, rho):
    """Quadratically in 1 / s at distinct units: the bend carries no mass at a single point."""
    away = math.acos(rho)
    limit = {"sign": 2 / math.pi * math.asin(rho), "step": math.asin(rho) / (2 * math.pi),
             "relu": (math.sin(away) + (math.pi - away) * rho - 1) / (2 * math.pi)}  # fmt: skip
    for scale in (1e2, 1e4, 1e8):
        start = time.process_time()
        value = covariance(name, 1, 1, np.zeros(2), scale**2 * np.array([[1, rho], [rho, 1]]))
        assert time.process_time() - start < 1.0  # 0.05 s at most on one core
        if LIMITS[name] == "relu":
            value = value / scale / scale
        room = 6 / scale**2 / math.sqrt(1 - rho**2)  # the bends meet where units are nearly equal
        assert value == pytest.approx(limit[LIMITS[name]], abs=room + 1e-11)


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
    one, rest, plain, total = phi(mean[0] + s[0] * g), math.sqrt(1 - rho**2), 0.0, 0.0
    h, v = rule((bends - mean[1]) / s[1])
    centre = weight @ one, v @ phi(mean[1] + s[1] * h)
    value, centred = (x - weight @ x for x in (one**p, (one - centre[0]) ** p))
    for a, b, c, d in zip(g, weight, value, centred, strict=True):
        h, v = rule(((bends - mean[1]) / s[1] - rho * a) / rest)
        two = phi(mean[1] + s[1] * (rho * a + rest * h))
        plain += b * c * (v @ two**q)
        total += b * d * (v @ (two - centre[1]) ** q)
    assert covariance(name, p, q, mean, cov) == pytest.approx(total, rel=1e-9)
    other = nm.pair((activations.get(name),) * 2, (p, q), mean, s**2, cov[0, 1])
    assert float(other) == pytest.approx(plain, rel=1e-9)


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
    panels, closed = OwnRule(phi, mean, scale, 13.0), waves.Waves(phi, mean, scale)
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


SMOOTH = {  # phi and phi'
    "sigmoid": (lambda z: 1 / (1 + np.exp(-z)), lambda z: 0.25 / np.cosh(z / 2) ** 2),
    "softplus": (lambda z: np.logaddexp(0, z), lambda z: 1 / (1 + np.exp(-z))),
    "cos": (np.cos, lambda z: -np.sin(z)),
    "relu": (lambda z: np.maximum(z, 0), lambda z: (z > 0) * 1.0),
}


@pytest.mark.parametrize("scale", [1e-4, 1e-8])
@pytest.mark.parametrize("name", sorted(SMOOTH))
def test_cumulants_of_a_layer_are_linear_at_small_scales(name, scale):
    """kappa_r(phi(z)) = phi'^r kappa_r(z) up to O(s), from an input with all cumulants."""
    rng, n = np.random.default_rng(3), 4
    root, mean = rng.normal(size=(n, n)), rng.uniform(0.5, 1.5, n)
    given = {
        "mean": mean, "cov": scale**2 * root @ root.T,
        "kappa3": 0.3 * scale**3 * np.einsum("ai,bi,ci->abc", root, root, root),
        "kappa4": 0.2 * scale**4 * np.einsum("ai,bi,ci,di->abcd", root, root, root, root),
    }
    slope = SMOOTH[name][1](mean)
    for form in ("dense", "factored"):
        found = propagate([np.eye(n)], None, name, K=4, form=form, output_activation=True, **given)
        assert found.health.ok
        y = found.output
        for r, value in ((2, y.covariance), (3, y.third.dense()), (4, y.fourth.dense())):
            word = "abcd"[:r]
            expected = np.einsum(f"{','.join(word)},{word}->{word}", *[slope] * r,
                                 given["cov" if r == 2 else f"kappa{r}"])  # fmt: skip
            gap = abs(value - expected).max()
            assert gap <= (100 * scale + 1e-12) * abs(expected).max(), (form, r)


def linearised(name, matrices, biases):
    """Means and covariances of a network around the means."""
    value, slope = SMOOTH[name]
    mean, cov = np.zeros(matrices[0].shape[1]), np.eye(matrices[0].shape[1])
    for w, b in zip(matrices[:-1], biases[:-1], strict=True):
        z = w @ mean + b
        root = slope(z)[:, None] * w
        mean, cov = value(z), root @ cov @ root.T
    return matrices[-1] @ mean + biases[-1], matrices[-1] @ cov @ matrices[-1].T


@pytest.mark.parametrize("scale", [1e-4, 1e-8])
@pytest.mark.parametrize("name", sorted(SMOOTH))
def test_whole_networks_with_biases_are_linear_at_small_scales(name, scale):
    matrices = weights(scale, 16)
    biases = [np.random.default_rng(k).normal(size=16) for k in range(3)]
    mean, cov = linearised(name, matrices, biases)
    for K in (1, 2, 3, 4):
        found = propagate(matrices, biases, name, K=K)
        assert found.health.ok
        for state in found.states:
            assert np.isfinite(state.mean + state.variance).all()
            assert (state.variance >= 0).all()
        y = found.output
        assert y.mean == pytest.approx(mean, rel=10 * scale**2 + 1e-13)
        if K == 1:
            continue
        assert abs(y.covariance - cov).max() <= (100 * scale**2 + 1e-12) * abs(cov).max()
        for r, tensor in ((3, y.third), (4, y.fourth)):
            if tensor is not None:
                # of the order of the next one in the deviations, or rounding
                size = math.sqrt(cov.diagonal().max()) ** r
                held = tensor.dense() if K == 4 or r == 3 else tensor.block((4,))
                assert abs(held).max() <= (100 * scale ** (r - 2) + 1e-12) * size
    for K in (1, 2, 3):
        given = [[a.astype(np.float32) for a in some[:2]] for some in (matrices, biases)]
        if K == 3 and scale < 1e-6:  # 1e-16 to the fourth power
            with pytest.raises(DomainError, match="float64"):
                propagate(*given, name, K=K)
            continue
        one = propagate(*given, name, K=K).output
        two = linearised(name, matrices[:2], biases[:2])
        assert one.mean == pytest.approx(two[0], rel=1e-5, abs=1e-6)
        if K > 1:
            assert abs(one.covariance - two[1]).max() <= 1e-4 * abs(two[1]).max()


@pytest.mark.parametrize("scale", [1e2, 1e4, 1e8])
@pytest.mark.parametrize("name", ["sin", "cos"])
def test_whole_networks_of_waves_reach_uniform_phases(name, scale):
    """Independent phases: variance 1/2, kappa_4 = 3/8 - 3/4, all else zero."""
    for K in (1, 2, 3, 4):
        found = propagate(weights(scale, 16), None, name, K=K)
        for state in found.states[2::2]:
            assert state.variance == pytest.approx(np.full(16, 0.5), abs=1e-12)
            assert abs(state.mean).max() < 1e-12
            if K > 1:
                assert abs(state.covariance - np.eye(16) / 2).max() < 1e-12
            if K > 2:
                assert abs(state.third.dense()).max() < 1e-12
                assert state.fourth.block((4,)) == pytest.approx(np.full(16, -0.375), abs=1e-12)


@pytest.mark.parametrize("scale", [1e-8, 1e-4, 1e4, 1e8])
@pytest.mark.parametrize("name", ["tanh", "sigmoid", "relu", "sin"])
def test_units_alike_equal_the_dense_form_at_any_scale(name, scale):
    n, own, shared = 8, 0.9 * scale, 0.1 * scale
    matrix = own * np.eye(n) + shared
    bias = 0.3 if scale < 1 else None
    for K in (1, 2, 3, 4):
        one = propagate([ExchangeableWeight(own, shared, n)] * 3,
                        None if bias is None else [bias] * 3, name, K=K)
        two = propagate([matrix] * 3, None if bias is None else [np.full(n, bias)] * 3, name, K=K,
                        form="dense")
        assert (one.form, two.form) == ("exchangeable", "dense")
        for a, b in zip(one.states, two.states, strict=True):
            root = np.sqrt(b.variance[0])
            assert a.mean == pytest.approx(b.mean, rel=1e-12, abs=1e-12 * root)
            assert a.variance == pytest.approx(b.variance, rel=1e-11)
            tensors = [(a.covariance, b.covariance)] if K > 1 else []
            tensors += [(s.dense(), t.dense()) for s, t in ((a.third, b.third),
                                                            (a.fourth, b.fourth)) if t is not None]
            for x, y in tensors:
                assert abs(x - y).max() <= 1e-11 * root ** x.ndim


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
