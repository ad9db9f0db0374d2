"""Tensor propagation: trace formulas, one form against the other, differences, samples."""

import math
from fractions import Fraction
from itertools import pairwise, permutations

import numpy as np
import pytest

import numerics as nm
from cumulant_theory import activations
from cumulant_theory.closures import Diagrams, Exact, Neglect
from cumulant_theory.errors import (
    CumulantError,
    DomainError,
    NoClosedFormError,
    OrderError,
    ShapeError,
    UnknownNameError,
)
from numerics.gaussian import price
from numerics.gaussian.price import Pairs
from numerics.tensors import ExchangeableWeight, State
from numerics.tensors.arrays import get_arrays
from numerics.tensors.forms import DenseTensor, distinct
from numerics.tensors.general import GeneralMap
from numerics.tensors.health import repaired
from numerics.tensors.maps import as_map
from numerics.tensors.orders import orders
from numerics.tensors.steps import Layer

BLOCKS = [(1, 1), (3,), (2, 1), (4,), (3, 1), (2, 2), (2, 1, 1)]


def network(dims, seed, gain=1.0):
    rng = np.random.default_rng(seed)
    shapes = list(zip(dims[1:], dims[:-1], strict=True))
    weights = [rng.normal(size=s) * gain / np.sqrt(s[1]) for s in shapes]
    return weights, [0.2 * rng.normal(size=s[0]) for s in shapes]


def differences(a, b):
    """Largest absolute difference of everything both states know."""
    found = [abs(a.mean - b.mean).max(), abs(a.covariance - b.covariance).max()]
    for s, t in ((a.third, b.third), (a.fourth, b.fourth)):
        assert (s is None) == (t is None)
        if s is not None:
            found.append(abs(s.dense() - t.dense()).max())
    return max(found)


def quadratic_cumulant(weight, bias, rows, a, indices):
    """Joint cumulant of V (z + a z^2), z = W x + b with x standard normal, by traces."""
    forms = [weight.T @ np.diag(v * a) @ weight for v in rows]
    slopes = [weight.T @ (v * (1 + 2 * a * bias)) for v in rows]
    r, total = len(indices), 0.0
    for order in permutations(indices):
        product = np.eye(weight.shape[1])
        for i in order:
            product = product @ (2 * forms[i])
        total += np.trace(product) / (2 * r)
        inner = np.eye(weight.shape[1])
        for i in order[1:-1]:
            inner = inner @ (2 * forms[i])
        total += slopes[order[0]] @ inner @ slopes[order[-1]] / 2
    return total


def test_polynomial_network_is_exact_where_nothing_is_truncated():
    weights, biases = network([4, 5, 3], 0)
    phi = activations.Quadratic(Fraction(1, 2))
    out = nm.propagate(weights, biases, phi, closure=Neglect(4)).output
    for indices in [(0, 1), (2, 2), (0, 1, 2), (1, 1, 1), (0, 0, 2, 1), (1, 1, 1, 1)]:
        expected = quadratic_cumulant(weights[0], biases[0], weights[1], 0.5, indices)
        value = {2: out.covariance, 3: out.third, 4: out.fourth}[len(indices)]
        value = value if len(indices) == 2 else value.dense()
        assert value[indices] == pytest.approx(expected, rel=1e-12, abs=1e-13)


@pytest.mark.parametrize(
    "activation", ["relu", "tanh", "step", activations.Quadratic(Fraction(1, 3))]
)
@pytest.mark.parametrize("order", [3, 4])
def test_factored_form_equals_dense_form(activation, order):
    weights, biases = network([5, 7, 6, 4], 1)
    dense, factored = (
        nm.propagate(weights, biases, activation, K=order, form=form)
        for form in ("dense", "factored")
    )
    for a, b in zip(dense.states, factored.states, strict=True):
        assert differences(a, b) < 1e-12


@pytest.mark.parametrize("order", [3, 4])
def test_factored_slices_equal_those_of_all_entries(order):
    weights, biases = network([5, 7, 6], 2)
    state = nm.propagate(weights, biases, "relu", K=order, form="factored").output
    for q in BLOCKS[1:]:
        tensor = {3: state.third, 4: state.fourth}[sum(q)]
        value = tensor.block(q)
        if value is not None:
            word = "".join("ijk"[a] * e for a, e in enumerate(q))
            entries = np.einsum(f"{word}->{'ijk'[: len(q)]}", tensor.dense())
            mask = distinct(state.width, len(q)) if order == 3 and len(q) > 1 else 1.0
            assert abs((value - entries) * mask).max() < 1e-13, q


def test_given_higher_cumulants_enter_both_forms_alike():
    rng = np.random.default_rng(3)
    a = 0.3 * rng.normal(size=(4, 6))
    given = {"mean": rng.normal(size=4), "cov": np.eye(4) + 2 * a @ a.T,
             "kappa3": 2 * np.einsum("ir,jr,kr->ijk", a, a, a),
             "kappa4": 6 * np.einsum("ir,jr,kr,lr->ijkl", a, a, a, a)}  # fmt: skip
    weights, biases = network([4, 5, 3], 3)
    for order in (3, 4):
        one, two = (
            nm.propagate(weights, biases, "relu", K=order, form=form, **given)
            for form in ("dense", "factored")
        )
        assert differences(one.output, two.output) < 1e-12
    linear = nm.propagate(weights[:1], None, "relu", **given).output
    assert linear.third.dense() == pytest.approx(
        np.einsum("ai,bj,ck,ijk->abc", *weights[:1] * 3, given["kappa3"])
    )


@pytest.mark.parametrize(("p", "q"), [(1, 1), (2, 1), (1, 2), (2, 2), (3, 1)])
@pytest.mark.parametrize("name", ["relu", "leaky_relu", "abs", "step", "sign"])
def test_gaussian_pairs_by_prices_theorem_equal_the_mehler_series(name, p, q):
    xp = get_arrays("numpy", "float64")
    mean = np.array([0.0, 0.4, -0.8])
    cov = np.array([[1.0, 0.3, -0.2], [0.3, 0.8, 0.25], [-0.2, 0.25, 1.3]])
    found = []
    for phi in (as_map(name), GeneralMap(activations.get(name))):
        omega, pairs = phi.omega(xp, mean, np.diag(cov)), Pairs(xp, mean, cov)
        found.append(phi.covariance(p, q, omega, pairs) * distinct(3, 2))
    assert found[0] == pytest.approx(found[1], abs=1e-11)


def test_gaussian_pairs_near_perfect_correlation():
    xp = get_arrays("numpy", "float64")
    phi = as_map("relu")
    for rho in (0.79, 0.81, 0.99, 1.0, -0.99, -1.0):
        mean, cov = np.zeros(2), np.array([[1.0, rho], [rho, 1.0]])
        value = phi.covariance(1, 1, phi.omega(xp, mean, np.ones(2)), Pairs(xp, mean, cov))
        angle = np.arccos(rho)
        expected = (np.sin(angle) + (np.pi - angle) * rho - 1) / (2 * np.pi)  # Cho and Saul
        assert value[0, 1] == pytest.approx(expected, abs=1e-12)


def layer_of_pairs(n, top, spread, seed=0):
    """Means and a covariance whose largest correlation is top."""
    rng = np.random.default_rng(seed)
    rho = rng.uniform(-top, top, size=(n, n))
    rho = np.triu(rho, 1)
    rho[0, 1] = top
    scale = np.exp(0.3 * rng.normal(size=n))
    cov = (rho + rho.T + np.eye(n)) * scale[:, None] * scale
    return spread * scale * rng.normal(size=n), cov


@pytest.mark.parametrize("spread", [0.0, 1.0, 4.0])
@pytest.mark.parametrize("top", [0.01, 0.1, 0.4, 0.79])
def test_few_nodes_suffice_for_small_correlations(top, spread, monkeypatch):
    keys = [(0, 0), (1, 0), (2, 0), (2, 1), (3, 2)]
    mean, cov = layer_of_pairs(30, top, spread)
    few = {}
    for dtype in ("float32", "float64"):
        pairs = Pairs(get_arrays("numpy", dtype), mean, cov)
        few[dtype] = [price.remainder(pairs, key, keys) for key in keys]
    monkeypatch.setattr(price, "_count", lambda *_: 60)
    pairs = Pairs(get_arrays("numpy", "float64"), mean, cov)
    s = pairs.scale
    for dtype, goal in (("float32", 5e-7), ("float64", 1e-15)):
        for (k, d), value in zip(keys, few[dtype], strict=True):
            size = s[:, None] ** k * s ** (k - d)
            many = price.remainder(pairs, (k, d))
            assert abs((value - many) / size).max() < 2 * np.pi * goal, (dtype, k, d)


def test_rows_in_parts_equal_all_rows_at_once(monkeypatch):
    for top in (0.3, 0.95):
        mean, cov = layer_of_pairs(13, top, 1.0)
        found = []
        for chunk in (10**6, 200):
            monkeypatch.setattr(price, "CHUNK", chunk)
            found.append(price.remainder(Pairs(get_arrays("numpy", "float64"), mean, cov), (2, 1)))
        assert found[0] == pytest.approx(found[1], abs=1e-15)


@pytest.mark.parametrize(("p", "q"), [(1, 1), (2, 1), (2, 2)])
def test_strongly_correlated_pairs_of_any_activation(p, q):
    xp = get_arrays("numpy", "float64")
    mean = np.array([0.3, 0.1, -0.5, 0.2])
    root = np.array([[1.0, 0.0, 0.0], [0.98, 0.2, 0.0], [-0.9, 0.1, 0.1], [0.1, 0.0, 1.0]])
    cov = root @ root.T
    off = distinct(4, 2)
    found = []
    for phi in (as_map("relu"), GeneralMap(activations.get("relu"))):
        omega, pairs = phi.omega(xp, mean, np.diag(cov)), Pairs(xp, mean, cov)
        found.append(phi.covariance(p, q, omega, pairs) * off)
    assert found[0] == pytest.approx(found[1], abs=1e-9)
    sharp = activations.Tanh()
    phi, mean, cov = GeneralMap(sharp), np.array([0.5, -0.2]), np.array([[9.0, 5.95], [5.95, 4.0]])
    pairs = Pairs(xp, mean, cov)
    value = phi.covariance(p, q, phi.omega(xp, mean, np.diag(cov)), pairs)[0, 1]
    x, w = np.polynomial.legendre.leggauss(400)  # x sigma on [-9, 9]
    x, w = 9 * x, 9 * w * np.exp(-0.5 * (9 * x) ** 2) / np.sqrt(2 * np.pi)
    rho = 5.95 / 6
    centre = w @ np.tanh(0.5 + 3 * x), w @ np.tanh(-0.2 + 2 * x)
    one = (np.tanh(0.5 + 3 * x) - centre[0]) ** p
    two = (np.tanh(-0.2 + 2 * (rho * x[:, None] + np.sqrt(1 - rho**2) * x)) - centre[1]) ** q
    expected = (w * one) @ two @ w - (w @ one) * (w @ two @ w)
    assert value == pytest.approx(expected, abs=1e-9)


def test_equal_units_of_any_activation_propagate_with_gradients():
    torch = pytest.importorskip("torch")
    weight = torch.tensor([[1.0, 0.4], [0.98, 0.5], [1.0, 0.4]], dtype=torch.float64)
    weight.requires_grad_()

    def value(w):
        out = nm.propagate([w, np.ones((1, 3))], None, "tanh", K=2, backend="torch").output
        return out.variance[0]

    total = value(weight)
    total.backward()
    d = torch.tensor([[0.3, -0.2], [0.1, 0.5], [0.2, 0.2]], dtype=torch.float64)
    with torch.no_grad():
        ends = [float(value(weight + s * d)) for s in (1e-5, -1e-5)]
    assert float((weight.grad * d).sum()) == pytest.approx((ends[0] - ends[1]) / 2e-5, rel=1e-6)
    plain = nm.propagate([weight.detach().numpy(), np.ones((1, 3))], None, "tanh", K=2).output
    assert total.item() == pytest.approx(plain.variance[0], abs=1e-13)
    x = np.random.default_rng(0).normal(size=(400_000, 2)) @ weight.detach().numpy().T
    y = np.tanh(x).sum(1)
    assert abs(plain.variance[0] - y.var()) < 4 * ((y - y.mean()) ** 2).std() / np.sqrt(len(y))


@pytest.mark.parametrize(
    ("order", "form"),
    [(1, "auto"), (2, "auto"), (3, "dense"), (3, "factored"), (4, "dense"), (4, "factored")],
)
@pytest.mark.parametrize("activation", ["relu", "tanh"])
def test_gradients_equal_differences(order, form, activation):
    torch = pytest.importorskip("torch")
    weights, biases = network([4, 6, 5, 3], 5)
    leaves = [torch.tensor(a, requires_grad=True) for a in (*weights, *biases)]
    cov = torch.tensor(np.eye(4) + 0.1, requires_grad=True)

    def value(given, c):
        result = nm.propagate(given[:3], given[3:], activation, cov=c, K=order, form=form,
                              backend="torch")  # fmt: skip
        out = result.output
        total = out.mean.sum() + 0.7 * out.variance.sum()
        if order > 1:
            total = total + (out.covariance**2).sum()
        if order > 2:
            total = total + out.third.dense().sum() + (out.fourth.block((2, 2)) ** 2).sum()
        return total

    value(leaves, cov).backward()
    generator = torch.Generator().manual_seed(0)
    h = 1e-5
    for k, leaf in enumerate([*leaves, cov]):
        d = torch.randn(leaf.shape, dtype=leaf.dtype, generator=generator)
        d = d + d.T if leaf is cov else d
        with torch.no_grad():
            ends = [
                value([a + s * d if j == k else a for j, a in enumerate(leaves)],
                      cov + s * d if leaf is cov else cov)
                for s in (h, -h)
            ]  # fmt: skip
            along = float((leaf.grad * d).sum())
        assert along == pytest.approx(float(ends[0] - ends[1]) / (2 * h), rel=2e-6, abs=1e-7)


@pytest.mark.parametrize(
    ("order", "form"), [(2, "auto"), (3, "dense"), (3, "factored"), (4, "dense"), (4, "factored")]
)
@pytest.mark.parametrize("activation", ["relu", "tanh"])
def test_gradients_in_the_cumulants_of_the_input_equal_differences(order, form, activation):
    torch = pytest.importorskip("torch")
    weights, biases = network([3, 5, 4], 21)
    rng = np.random.default_rng(21)
    a = 0.4 * rng.normal(size=(3, 5))
    given = {
        "mean": rng.normal(size=3), "cov": np.eye(3) + 2 * a @ a.T,
        "kappa3": np.einsum("ir,jr,kr->ijk", a, a, a),
        "kappa4": 3 * np.einsum("ir,jr,kr,lr->ijkl", a, a, a, a),
    }  # fmt: skip
    leaves = {name: torch.tensor(v, requires_grad=True) for name, v in given.items()}

    def value(options):
        out = nm.propagate(weights, biases, activation, K=order, form=form, backend="torch",
                           **options).output  # fmt: skip
        total = out.mean.sum() + (out.covariance**2).sum()
        return total + out.third.dense().sum() if order > 2 else total

    value(leaves).backward()
    h = 1e-5
    for name, leaf in leaves.items():
        v = rng.normal(size=3)
        d = v  # a symmetric direction
        for _ in range(leaf.ndim - 1):
            d = np.multiply.outer(d, v)
        with torch.no_grad():
            ends = [value({**leaves, name: leaf + s * torch.tensor(d)}) for s in (h, -h)]
        if order == 2 and name.startswith("kappa"):
            assert leaf.grad is None
            continue
        along = float((leaf.grad * torch.tensor(d)).sum())
        assert abs(along) > 1e-6, name
        assert along == pytest.approx(float(ends[0] - ends[1]) / (2 * h), rel=2e-6), name


@pytest.mark.parametrize("order", [1, 2, 3, 4])
def test_torch_equals_numpy_and_single_precision_is_close(order):
    pytest.importorskip("torch")
    weights, biases = network([6, 9, 7], 6)
    plain = nm.propagate(weights, biases, "relu", K=order)
    other = nm.propagate(weights, biases, "relu", K=order, backend="torch")
    single = nm.propagate(weights, biases, "relu", K=order, dtype="float32")
    assert single.output.mean.dtype == np.float32
    assert other.output.mean.numpy() == pytest.approx(plain.output.mean, abs=1e-13)
    assert other.output.covariance.numpy() == pytest.approx(plain.output.covariance, abs=1e-13)
    assert single.output.mean == pytest.approx(plain.output.mean, abs=1e-5)
    assert single.output.covariance == pytest.approx(plain.output.covariance, abs=1e-5)


@pytest.mark.parametrize("order", [1, 2, 3])
def test_input_is_standard_normal_unless_given(order):
    weights, biases = network([4, 6, 5], 22)
    given = nm.propagate(weights, biases, "relu", mean=np.zeros(4), cov=np.eye(4), K=order)
    for a, b in zip(nm.propagate(weights, biases, "relu", K=order).states, given.states,
                    strict=True):  # fmt: skip
        assert a.mean == pytest.approx(b.mean, abs=1e-14)
        assert a.covariance == pytest.approx(b.covariance, abs=1e-14)


def test_hidden_units_may_be_permuted():
    weights, biases = network([5, 24, 24, 3], 7)
    rng = np.random.default_rng(7)
    p, q = rng.permutation(24), rng.permutation(24)
    moved = [weights[0][p], weights[1][q][:, p], weights[2][:, q]]
    shifted = [biases[0][p], biases[1][q], biases[2]]
    for order in (2, 3, 4):
        one = nm.propagate(weights, biases, "relu", K=order).output
        two = nm.propagate(moved, shifted, "relu", K=order).output
        assert two.mean == pytest.approx(one.mean, abs=1e-12)
        assert two.covariance == pytest.approx(one.covariance, abs=1e-12)


def test_higher_orders_approach_samples():
    errors: list = [[], [], [], []]
    variances = []
    for seed in (8, 9, 10):
        weights, biases = network([24, 24, 24, 24], seed, gain=1.3)
        rng = np.random.default_rng(seed)
        total, square, count = np.zeros(24), np.zeros(24), 0
        for _ in range(25):
            x = rng.normal(size=(20_000, 24))
            for w, b in zip(weights, biases, strict=True):
                x = np.maximum(x @ w.T + b, 0)
            total, square, count = total + x.sum(0), square + (x * x).sum(0), count + len(x)
        mean = total / count
        variances.append((square / count - mean**2) / count)
        for k, found in enumerate(errors):
            found.append(nm.expected_activations(weights, biases, "relu", K=k + 1)[-1] - mean)
    variance = np.concatenate(variances)
    for worse, better in pairwise(np.concatenate(e) for e in errors):
        # the noise of the samples enters both errors alike
        gain = (worse**2 - 1.5 * better**2 + 0.5 * variance).sum()
        noise = (4 * (worse - 1.5 * better) ** 2 * variance + variance**2).sum()
        assert gain > 5 * np.sqrt(noise)
    first = nm.expected_activations(weights[:1], biases[:1], "relu", K=2)[0]
    x = rng.normal(size=(200_000, 24))
    y = np.maximum(x @ weights[0].T + biases[0], 0)
    exact = (first - y.mean(0)) / (y.std(0) / np.sqrt(len(y)))
    assert abs(exact).max() < 4.5  # 24 units


def test_last_layer_of_means_equals_the_whole_propagation():
    weights, biases = network([6, 24, 24], 9)
    for order in (1, 2, 3, 4):
        whole = nm.propagate(weights, biases, "relu", K=order, output_activation=True)
        assert nm.expected_activations(weights, biases, "relu", K=order)[-1] == pytest.approx(
            whole.output.mean, abs=1e-13
        )


def he_network(width, seed, depth=32):
    rng = np.random.default_rng(seed)
    return [rng.normal(size=(width, width)) * np.sqrt(2 / width) for _ in range(depth)]


@pytest.mark.parametrize(("width", "order"), [(16, 3), (16, 4), (64, 3)])
def test_deep_narrow_networks_stay_finite_and_are_flagged(width, order):
    weights = he_network(width, width)
    result = nm.propagate(weights, None, "relu", K=order, output_activation=True)
    low = nm.propagate(weights, None, "relu", K=2, output_activation=True)
    assert low.health.ok
    given_up = [f for f in result.health.findings if f.action.endswith("there and behind")]
    assert [f.action[:5] for f in given_up][-1] == "K = 2"
    assert list(result.health.orders) == sorted(result.health.orders, reverse=True)
    assert max(result.health.errors) <= np.sqrt(0.5)
    first = result.health.orders.index(2)
    assert first == given_up[-1].layer - 1 > 1
    assert result.health.gaussian_units[first:] == ((width, width),) * (32 - first)
    for state, other in zip(result.states[2 + 2 * first :], low.states[2 + 2 * first :],
                            strict=True):  # fmt: skip
        assert state.mean == pytest.approx(other.mean, rel=1e-12, abs=1e-13)
        assert state.covariance == pytest.approx(other.covariance, rel=1e-10, abs=1e-13)
        assert state.third is not None
    for state in result.states:
        assert np.isfinite(state.mean).all()
        assert np.isfinite(state.covariance).all()
        assert (state.variance >= -1e-12).all()
    for state in result.states[2::2]:
        assert (state.mean >= -1e-12).all()


@pytest.mark.parametrize("order", [3, 4])
def test_layers_of_a_higher_order_are_better_than_those_of_two_and_estimate_their_error(order):
    estimated, measured = [], []
    for seed in range(5):
        weights = he_network(16, [1, seed], 8)
        found, low = (
            nm.propagate(weights, None, "relu", K=k, output_activation=True) for k in (order, 2)
        )
        used = sum(k > 2 for k in found.health.orders)
        x = np.random.default_rng(seed).normal(size=(100_000, 16)).astype(np.float32)
        x = np.concatenate([x, -x])
        for k, w in enumerate(weights[:used]):
            x = np.maximum(x @ w.T.astype(np.float32), 0)
            if k:
                wrong = (abs(s.states[2 * k + 2].mean - x.mean(0)) for s in (found, low))
                measured.append(np.divide(*(np.sqrt((e**2).mean()) for e in wrong)))
                estimated.append(found.health.errors[k])
    assert len(measured) > 5
    assert np.exp(np.mean(np.log(measured))) < 0.6
    assert 1 / 3 < np.exp(np.mean(np.log(np.divide(measured, estimated)))) < 3


def test_orders_are_those_of_a_square():
    z = State(get_arrays("numpy", "float64"), np.array([0.5, 0.0]), lambda: np.array([2.0, 1.0]),
              None, DenseTensor(None, np.zeros((2, 2, 2))), DenseTensor(None, np.zeros((2,) * 4)))
    z.third.xp = z.fourth.xp = z.xp
    z.third.entries[0, 0, 0], z.fourth.entries[0, 0, 0, 0] = 0.3, 0.7
    z.third.entries[1, 1, 1] = 1.5
    layer = Layer(as_map("square"), Diagrams(4), "dense", True, 4)
    found = orders(layer.powers(z))
    # Var z^2 = 4 mu^2 v + 2 v^2 for a Gaussian; kappa_4 + 4 mu kappa_3 beyond it, and no more
    gaussian = np.mean([4 * 0.25 * 2 + 2 * 4, 2.0])
    assert found.kept == pytest.approx([((0.7 + 4 * 0.5 * 0.3) / gaussian) ** 2, 0.0])
    # the second unit lacks a fourth cumulant, all of which E z^4 would see
    assert found.lacking == pytest.approx([0, 1.5**2 - 2])
    assert found.neglected == pytest.approx([0.0, ((1.5**2 - 2) / gaussian) ** 2])


def test_a_fourth_cumulant_that_is_not_given_does_not_take_the_third_one_with_it():
    # a unit of a gamma law of skewness 1.6, next to others of skewness 0.4
    n, c = 6, 1.3  # width, mean
    third = np.zeros((n,) * 3)
    third[range(n), range(n), range(n)] = [1.6, *[0.4] * (n - 1)]
    mean = np.full(n, c)
    found, low = (
        nm.propagate([np.eye(n)], None, "relu", mean=mean, kappa3=third, K=k, form=form,
                     output_activation=True)
        for k, form in ((3, "dense"), (2, "auto"))
    )  # fmt: skip
    (finding,) = (f for f in found.health.findings if "kappa_3^2" in f.check)
    assert finding.units == (0,)
    assert found.health.orders == (3,)
    k = 4 / 1.6**2  # of the gamma law, scaled to unit variance
    shift = c - np.sqrt(k)
    x = np.linspace(0, 40, 400_001)
    density = x ** (k - 1) * np.exp(-x) / math.gamma(k)
    exact = np.trapezoid(np.maximum(x / np.sqrt(k) + shift, 0) * density, x)
    assert abs(found.output.mean[0] - exact) < 0.5 * abs(low.output.mean[0] - exact)


@pytest.mark.parametrize(("order", "seed"), [(3, 18), (4, 18)])
def test_gradients_under_every_fallback_equal_differences(order, seed):
    torch = pytest.importorskip("torch")
    weights, biases = network([7] * 6, seed, 1.4)
    leaves = [torch.tensor(a, requires_grad=True) for a in (*weights, *biases)]

    def value(given):
        result = nm.propagate(given[:5], given[5:], "relu", K=order, backend="torch")
        total = sum((s.mean**2).sum() + (s.covariance**2).sum() for s in result.states[1:])
        return total, [(f.layer, f.check, f.units, f.action) for f in result.health.findings]

    total, findings = value(leaves)
    actions = " ".join(action for *_, action in findings)
    for done in ("nearest", "variance of K = 2", "treated as Gaussian", "K = 2 from the input on"):
        assert done in actions
    total.backward()
    generator = torch.Generator().manual_seed(0)
    h = 1e-6
    for k in (0, 2, 6):
        leaf = leaves[k]
        d = torch.randn(leaf.shape, dtype=leaf.dtype, generator=generator)
        with torch.no_grad():
            ends = [value([a + s * d if j == k else a for j, a in enumerate(leaves)])
                    for s in (h, -h)]
        assert ends[0][1] == ends[1][1] == findings  # no switching point in between
        along = float((leaf.grad * d).sum())
        assert along == pytest.approx(float(ends[0][0] - ends[1][0]) / (2 * h), rel=1e-5, abs=1e-6)


def test_gradient_of_the_nearest_covariance_with_equal_eigenvalues():
    torch = pytest.importorskip("torch")
    rng = np.random.default_rng(0)
    frame, d = np.linalg.qr(rng.normal(size=(5, 5)))[0], rng.normal(size=(5, 5))
    d = torch.tensor(d + d.T)
    cov = torch.tensor(frame @ np.diag([2.0, 2.0, 2.0, -0.5, -0.5]) @ frame.T, requires_grad=True)
    weight = torch.tensor(rng.normal(size=(5, 5)))

    def value(c):
        y = State(get_arrays("torch", "float64"), c[0], lambda: torch.diagonal(c), lambda: c)
        y, lowest = repaired(y)
        assert lowest < -0.4
        assert np.linalg.eigvalsh(y.covariance.detach().numpy())[0] > -1e-12
        return (y.covariance * weight).sum() + (y.covariance**3).sum()

    value(cov).backward()
    with torch.no_grad():
        ends = [float(value(cov + s * d)) for s in (1e-5, -1e-5)]
    assert float((cov.grad * d).sum()) == pytest.approx((ends[0] - ends[1]) / 2e-5, rel=1e-7)


@pytest.mark.parametrize("order", [1, 2, 3, 4])
@pytest.mark.parametrize("backend", ["numpy", "torch"])
def test_products_below_the_range_of_single_precision_are_named(order, backend):
    pytest.importorskip("torch")
    weights, _ = network([4, 5, 3], 1)
    options = {"K": order, "backend": backend, "output_activation": True}
    for scales in ((1e-30, 1e30), (1e-16, 1e-16)):
        small = [w * s for w, s in zip(weights, scales, strict=True)]
        with pytest.raises(DomainError, match="dtype='float64'"):
            nm.propagate(small, None, "relu", dtype="float32", **options)
        with pytest.raises(DomainError, match="dtype='float64'"):
            nm.propagate(small, [[1e-30] * 5, None], "tanh", dtype="float32", **options)
    small = [weights[0] * 1e-16, weights[1] * 1e16]
    plain = nm.propagate(weights, None, "relu", dtype="float64", **options).output
    tiny = nm.propagate(small, None, "relu", dtype="float64", **options).output
    assert np.asarray(tiny.mean) == pytest.approx(np.asarray(plain.mean))
    assert np.asarray(tiny.variance) == pytest.approx(np.asarray(plain.variance))


def test_small_units_next_to_others_are_no_failure_in_single_precision():
    weights, _ = network([4, 5, 3], 1)
    weights[0][2] *= 1e-30
    weights[0][3] = 0
    plain = nm.propagate(weights, None, "relu", K=3).output
    single = nm.propagate(weights, None, "relu", K=3, dtype="float32").output
    assert single.variance == pytest.approx(plain.variance, rel=1e-5)
    alike = [ExchangeableWeight(np.float32(1e-30), np.float32(1e-31), 8)] * 2
    with pytest.raises(DomainError, match="dtype='float64'"):
        nm.propagate(alike, None, "relu", dtype="float32")


def test_impossible_cumulants_are_reported_and_left_out():
    third = np.zeros((2, 2, 2))
    third[0, 0, 0] = 9.0  # with kappa_4 = 0 no law has it
    given = nm.propagate([np.eye(2)], None, "relu", kappa3=third, output_activation=True)
    finding = given.health.findings[0]
    assert (finding.layer, finding.units) == (1, (0,))
    assert "kappa_3^2" in finding.check
    assert given.health.gaussian_units == ((2, 2),)  # half of the units is too many to go on
    plain = nm.propagate([np.eye(2)], None, "relu", K=2, output_activation=True)
    assert given.output.mean == pytest.approx(plain.output.mean)
    assert "treated as Gaussian" in repr(given.health)


def test_negative_variance_behind_a_layer_is_that_of_the_gaussian_step():
    weights, biases = network([40, 40], 10)
    biases[0][:] = -4.0  # rarely active, so that small errors show
    a = np.random.default_rng(0).normal(size=(40, 40)) / np.sqrt(40)
    third = -0.6 * np.einsum("ir,jr,kr->ijk", a, a, a)
    fourth = 0.3 * np.einsum("ir,jr,kr,lr->ijkl", a, a, a, a)
    result = nm.propagate(weights, biases, "relu", cov=a @ a.T, kappa3=third, kappa4=fourth,
                          output_activation=True)  # fmt: skip
    low = nm.propagate(weights, biases, "relu", cov=a @ a.T, K=2, output_activation=True)
    replaced = [f for f in result.health.findings if f.check == "variance below zero"]
    assert replaced
    unit = replaced[0].units[0]
    assert (result.output.variance >= 0).all()
    assert result.output.variance[unit] == pytest.approx(low.output.variance[unit], rel=0.2)


def test_singular_laws_are_no_failure():
    weights = [np.array([[1.0, 0.0], [1.0, 0.0], [0.0, 0.0]]), np.ones((2, 3))]
    biases = [np.array([0.0, 0.0, -1.0]), np.zeros(2)]
    for order in (1, 2, 3, 4):
        out = nm.propagate(weights, biases, "relu", K=order).output
        assert np.isfinite(out.mean).all()
        assert out.mean[0] == pytest.approx(2 / np.sqrt(2 * np.pi))
    assert nm.propagate(weights, biases, "relu", K=2).output.variance[0] == pytest.approx(
        4 * (0.5 - 1 / (2 * np.pi))
    )


def test_affine_networks_are_exact_and_the_rest_says_it_is_not():
    weights, biases = network([3, 4, 2], 11)
    assert nm.propagate(weights, biases, "identity", closure=Exact()).exact
    result = nm.propagate(weights, biases, "relu")
    assert not result.exact
    assert result.closure == Diagrams(3)
    assert result["2 relu"] is result.states[2]
    assert "Diagrams(3), factored" in repr(result)


@pytest.mark.parametrize("activation", ["relu", "tanh"])
def test_gaussian_closure_is_that_of_two_orders(activation):
    weights, biases = network([4, 6, 5, 3], 12)
    gaussian = nm.propagate(weights, biases, activation, closure=Neglect(2))
    whole = nm.propagate(weights, biases, activation, K=2)
    assert differences(gaussian.output, whole.output) == 0
    assert repr(gaussian.closure) == "Neglect(2)"


@pytest.mark.parametrize(("arguments", "error"), [
    (([np.eye(2)], [np.zeros(3)], "relu"), ShapeError),
    (([np.eye(2), np.eye(3)], None, "relu"), ShapeError),
    (([np.eye(2)], None, ["relu", "relu"]), ShapeError),
    (([np.eye(2) * np.nan], None, "relu"), DomainError),
    (([np.eye(2)], None, "rellu"), UnknownNameError),
    (([np.eye(2)], None, 3), DomainError), (([np.eye(2)] * 2, None, [[1]]), DomainError),
])  # fmt: skip
def test_wrong_input_is_named(arguments, error):
    with pytest.raises(error):
        nm.propagate(*arguments)


@pytest.mark.parametrize(("options", "error"), [
    ({"K": 5}, OrderError),
    ({"closure": Neglect(3)}, NoClosedFormError),
    ({"closure": Exact()}, NoClosedFormError),
    ({"cov": -np.eye(2)}, DomainError),
    ({"cov": np.array([[1.0, 0.5], [0.0, 1.0]])}, DomainError),
    ({"form": "tall"}, UnknownNameError),
    ({"form": "factored", "K": 2}, DomainError),
    ({"backend": "jax"}, UnknownNameError),
    ({"dtype": "float16"}, DomainError),
])  # fmt: skip
def test_wrong_options_are_named(options, error):
    with pytest.raises(error) as caught:
        nm.propagate([np.eye(2), np.eye(2)], None, "relu", **options)
    assert isinstance(caught.value, CumulantError)


def test_what_is_no_list_of_real_matrices_is_refused():
    for weights, biases in ((3, None), ([[[1.0]]], 5)):
        with pytest.raises(ShapeError, match="give a sequence"):
            nm.propagate(weights, biases, "relu")
    with pytest.raises(DomainError, match="weight 0 has complex entries"):
        nm.propagate([np.ones((2, 2)) * 1j], None, "relu")
    with pytest.raises(ShapeError, match="none of length 0"):
        nm.propagate([np.ones((2, 0))], None, "relu")
    with pytest.raises(UnknownNameError, match="option of expected_activations 'clousre'"):
        nm.expected_activations([[[1.0]]], None, "relu", clousre=None)


def test_torch_keeps_all_digits_of_plain_numbers():
    pytest.importorskip("torch")
    found = nm.propagate([[[0.1, 0.7]]], [[0.3]], "relu", backend="torch").output
    assert float(found.variance[0]) == pytest.approx(0.5, abs=1e-15)
    assert float(found.mean[0]) == 0.3


def test_sparse_tensors_are_refused():
    torch = pytest.importorskip("torch")
    with pytest.raises(ShapeError, match="to_dense"):
        nm.propagate([torch.eye(2).to_sparse()], None, "relu", backend="torch")


def test_third_cumulants_that_vanish_up_to_rounding_count_as_symmetric():
    noise = np.random.default_rng(0).uniform(-1, 1, (2, 2, 2))
    cov = 1e6 * np.eye(2)
    found = nm.propagate([np.eye(2)], None, "relu", cov=cov, kappa3=1e-6 * noise)
    assert np.allclose(found.output.third.dense(), 0, atol=1e-5)
    with pytest.raises(DomainError, match="kappa3 is not symmetric"):
        nm.propagate([np.eye(2)], None, "relu", cov=cov, kappa3=noise)


@pytest.mark.parametrize("backend", ["numpy", "torch"])
@pytest.mark.parametrize(("name", "middle"), [("step", 0.5), ("sign", 0.0)])
def test_constant_units_at_a_jump(name, middle, backend):
    if backend == "torch":
        pytest.importorskip("torch")
    for k in (1, 2, 3, 4):
        weights = [[[0.0, 0.0], [0.0, 1.0], [0.0, 0.0]]]
        y = nm.propagate(weights, [[0.0, 0.0, 0.3]], name, K=k, backend=backend,
                         output_activation=True).output  # fmt: skip
        assert [float(v) for v in y.mean] == pytest.approx([middle, middle, 1.0], abs=1e-15)
        spread = 0.25 if name == "step" else 1.0
        assert [float(v) for v in y.variance] == pytest.approx([0.0, spread, 0.0], abs=1e-15)
