"""The exchangeable form: a few numbers for units that are all alike, equal to the dense form."""

import tracemalloc

import numpy as np
import pytest

import numerics as nm
from cumulant_theory.closures import Neglect
from cumulant_theory.errors import CumulantError, DomainError, ShapeError
from numerics.tensors import ExchangeableState, ExchangeableWeight
from numerics.tensors.arrays import get_arrays
from numerics.tensors.exchangeable import FEW, spread
from numerics.tensors.maps import as_map

WORDS = [(0, 0, 0), (0, 0, 1), (0, 1, 2), (0, 0, 0, 0), (0, 0, 0, 1), (0, 0, 1, 1), (0, 0, 1, 2),
         (0, 1, 2, 3)]  # fmt: skip


def matrix(n, own, shared, out=None):
    return own * np.eye(n) + shared if out is None else np.full((out, n), shared)


def assert_same(one, two, near=1e-12):
    """Two propagations agree in everything that either knows, in units of the deviation."""
    assert [str(f.check) for f in one.health.findings] == [f.check for f in two.health.findings]
    for a, b in zip(one.states, two.states, strict=True):
        size = np.sqrt(b.variance.max()) + abs(b.mean).max()
        assert abs(a.mean - b.mean).max() < near * size
        assert abs(a.covariance - b.covariance).max() < near * size**2
        for s, t in ((a.third, b.third), (a.fourth, b.fourth)):
            assert (s is None) == (t is None)
            if s is not None:
                assert abs(s.dense() - t.dense()).max() < near * size**s.order


@pytest.mark.parametrize("order", [1, 2, 3, 4])
@pytest.mark.parametrize("activation", ["relu", "tanh"])
@pytest.mark.parametrize("n", [1, 2, 3, 6])
def test_exchangeable_form_equals_dense_form(order, activation, n):
    weights = [matrix(n, 0.7, 0.2 / n), matrix(n, -0.4, 0.5 / n), matrix(n, 0, 0.3, 3)]
    biases = [np.full(n, 0.3), np.full(n, -0.2), np.full(3, 0.1)]
    numbers, dense = (
        nm.propagate(weights, biases, activation, K=order, form=form)
        for form in ("exchangeable", "dense")
    )
    assert numbers.form == "exchangeable"
    assert_same(numbers, dense)


def test_single_cumulants_are_the_entries():
    n = 5
    weights, biases = [matrix(n, 0.7, 0.2), matrix(n, -0.4, 0.3)], [0.3, -0.2]
    few = nm.propagate(weights, biases, "tanh", K=4).output
    dense = nm.propagate(weights, [np.full(n, b) for b in biases], "tanh", K=4, form="dense").output
    assert isinstance(few, ExchangeableState)
    assert (few[1], few[2]) == pytest.approx((dense.mean[0], dense.variance[0]), abs=1e-13)
    assert few[1, 1] == pytest.approx(dense.covariance[0, 1], abs=1e-13)
    for word in WORDS:
        tensor = {3: dense.third, 4: dense.fourth}[len(word)].dense()
        q = tuple(word.count(a) for a in sorted(set(word)))
        assert few[q] == pytest.approx(tensor[word], abs=1e-13), word
        assert few[q[::-1]] == few[q]
    for q in [(2, 1), (1, 2), (2, 2), (3, 1), (2, 1, 1), (1, 1, 1), (4,)]:
        tensor = {3: (few.third, dense.third), 4: (few.fourth, dense.fourth)}[sum(q)]
        assert tensor[0].block(q) == pytest.approx(tensor[1].block(q), abs=1e-13), q
    assert few[1, 1, 1, 1, 1] == 0
    assert nm.propagate(weights, biases, "tanh", K=2).output[2, 1] == 0


def test_given_cumulants_as_arrays_and_as_numbers():
    n, rng = 6, np.random.default_rng(0)
    shared = rng.gamma(1.0, size=200_000)  # x_i = e_i + g: alike, with third and fourth cumulants
    third, fourth = ((shared - shared.mean()) ** k for k in (3, 4))
    k3, k4 = third.mean(), fourth.mean() - 3 * shared.var() ** 2
    arrays = {"mean": np.full(n, 0.2), "cov": np.eye(n) + 0.1, "kappa3": np.full((n,) * 3, k3 / 9),
              "kappa4": np.full((n,) * 4, k4 / 90)}  # fmt: skip
    arrays["kappa3"][np.arange(n), np.arange(n), np.arange(n)] += 0.3
    numbers = {"mean": 0.2, "cov": {(2,): 1.1, (1, 1): 0.1},
               "kappa3": {(3,): k3 / 9 + 0.3, (2, 1): k3 / 9, (1, 1, 1): k3 / 9},
               "kappa4": dict.fromkeys([(4,), (3, 1), (2, 2), (2, 1, 1), (1, 1, 1, 1)], k4 / 90),
               }  # fmt: skip
    weights = [matrix(n, 0.8, 0.1), matrix(n, 0.5, -0.1)]
    for order in (1, 2, 3, 4):
        dense = nm.propagate(weights, None, "relu", K=order, form="dense", **arrays)
        for given in (arrays, numbers):
            assert_same(nm.propagate(weights, None, "relu", K=order, **given), dense)


def test_auto_chooses_it_only_where_everything_is_alike():
    n = FEW + 2
    alike = {"weights": [matrix(n, 0.8, 0.1)] * 2, "biases": [np.full(n, 0.1)] * 2}

    def form(**other):
        options = {**alike, "activation": "relu", "K": 3, **other}
        return nm.propagate(**options).form

    assert form() == "exchangeable"
    assert form(closure=Neglect(2)) == "exchangeable"
    near = alike["weights"][0].copy()
    for place in ((0, 0), (n - 1, 0), (2, 3), (0, 1)):
        other = near.copy()
        other[place] += 1e-15
        assert form(weights=[near, other]) == "factored", place
    bias = np.full(n, 0.1)
    bias[-1] = np.nextafter(0.1, 1)
    assert form(biases=[bias, None]) == "factored"
    assert form(mean=np.arange(n) * 1.0) == "factored"
    assert form(cov=np.diag(np.arange(n) + 1.0)) == "factored"
    assert form(weights=[near[:FEW, :FEW]] * 2, biases=None) == "factored"
    assert form(form="dense") == "dense"


def test_auto_leaves_gradients_of_single_entries_to_the_other_forms():
    torch = pytest.importorskip("torch")
    weight = torch.tensor(matrix(6, 0.8, 0.1), requires_grad=True)
    found = nm.propagate([weight, np.ones((1, 6))], None, "relu", backend="torch")
    assert found.form == "factored"
    found.output.mean[0].backward()
    assert abs(weight.grad).max() > 0
    with pytest.raises(DomainError, match="gradients"):
        nm.propagate([weight], None, "relu", backend="torch", form="exchangeable")


@pytest.mark.parametrize("order", [2, 3, 4])
def test_gradients_flow_to_the_numbers(order):
    torch = pytest.importorskip("torch")
    start = [0.8, 0.02, 0.1, 1.1, 0.1, 0.2]
    leaves = [torch.tensor(v, dtype=torch.float64, requires_grad=True) for v in start]

    def value(own, shared, bias, variance, cov, third):
        weights = [ExchangeableWeight(own, shared, 50), ExchangeableWeight(0.6, shared, 50)]
        given = {"cov": {(2,): variance, (1, 1): cov}, "kappa3": {(3,): third}}
        out = nm.propagate(
            weights, [bias, None], "tanh", K=order, backend="torch", **given
        ).output
        return out[1] + out[2] + 5 * out[1, 1]

    value(*leaves).backward()
    for k, leaf in enumerate(leaves):
        if order == 2 and k == 5:
            assert leaf.grad is None
            continue
        with torch.no_grad():
            ends = [float(value(*start[:k], start[k] + h, *start[k + 1 :]))
                    for h in (1e-5, -1e-5)]  # fmt: skip
        assert float(leaf.grad) == pytest.approx((ends[0] - ends[1]) / 2e-5, rel=1e-6, abs=1e-9), k


def test_torch_and_single_precision_agree():
    pytest.importorskip("torch")
    weights = [ExchangeableWeight(0.8, 1e-3, 1000)] * 2
    plain = nm.propagate(weights, [0.1, 0.2], "relu", K=4)
    other = nm.propagate(weights, [0.1, 0.2], "relu", K=4, backend="torch")
    single = nm.propagate(weights, [0.1, 0.2], "relu", K=4, dtype="float32")
    assert single.output.mean.dtype == np.float32
    for q in [1, 2, (1, 1), (3,), (2, 1), (2, 2)]:
        assert float(other.output[q]) == pytest.approx(float(plain.output[q]), abs=1e-14)
        assert float(single.output[q]) == pytest.approx(float(plain.output[q]), rel=1e-4)


@pytest.mark.slow
def test_width_does_not_count_and_approaches_mean_field():
    xp, phi = get_arrays("numpy", "float64"), as_map("relu")
    mean, variance = 0.0, 1.0  # independent units that see themselves and the mean of all
    for _ in range(2):
        omega = phi.omega(xp, np.array([2 * mean]), np.array([variance]))
        mean, variance = float(omega(0, 1)[0]), float(omega(0, 2)[0])
    for order in (2, 3, 4):
        near, far = (
            nm.propagate([ExchangeableWeight(1.0, 1 / n, n)] * 3, None, "relu", K=order).output
            for n in (10**6, 10**9)
        )
        assert near[1] == pytest.approx(far[1], rel=1e-5)
        if order == 2:
            assert far[1] == pytest.approx(2 * mean, rel=1e-6)


def test_a_million_units_need_no_array_of_a_million():
    weights = [ExchangeableWeight(1.0, 1e-6, 10**6)] * 3
    nm.propagate(weights, [0.1] * 3, "relu", K=3)
    tracemalloc.start()
    nm.propagate(weights, [0.1] * 3, "relu", K=3)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 10**6


def test_large_arrays_are_refused_and_single_cumulants_are_not():
    out = nm.propagate([ExchangeableWeight(1.0, 1e-6, 10**6)] * 2, None, "relu", K=4).output
    assert len(out.mean) == len(out.variance) == out.width == 10**6
    assert out[2, 1] != 0
    for ask in (lambda: out.covariance, lambda: out.third.dense(), lambda: out.block((2, 1))):
        with pytest.raises(DomainError, match=r"state\[2, 1\]"):
            ask()
    assert "1000000 units" in repr(out)


@pytest.mark.parametrize(("order", "n"), [(3, 6), (4, 4), (4, 7)])
def test_failures_are_those_of_the_dense_form(order, n):
    weights = [matrix(n, 0.5, 1.0 / n)] * 12
    numbers, dense = (
        nm.propagate(weights, None, "relu", K=order, form=form)
        for form in ("exchangeable", "dense")
    )
    assert numbers.health.findings
    assert numbers.health.gaussian_units == dense.health.gaussian_units
    assert all(f.units == () for f in numbers.health.findings)
    assert_same(numbers, dense, 1e-10)
    for state in numbers.states[1:]:
        low = np.linalg.eigvalsh(state.covariance)[0]
        assert low > -1e-12 * state[2]


def test_covariance_of_many_units_is_made_possible():
    n = 12
    weight = matrix(n, 1.0, -0.999 / n)  # the sum of all units is nearly constant
    numbers, dense = (
        nm.propagate([weight] * 6, None, "relu", K=4, form=form)
        for form in ("exchangeable", "dense")
    )
    assert_same(numbers, dense, 1e-10)


def test_expected_activations_and_sums_of_alike_units():
    weights = [ExchangeableWeight(1.0, 0.0, 400), ExchangeableWeight(0.0, 1 / 400, 400, 1)]
    means = nm.expected_activations(weights, None, "relu", K=3)
    assert [len(m) for m in means] == [400, 1]
    middle = nm.propagate(weights, None, "relu", K=4).output  # the mean of 400 independent units
    variance = 0.5 - 1 / (2 * np.pi)
    assert middle[1] == pytest.approx(1 / np.sqrt(2 * np.pi))
    assert middle[2] == pytest.approx(variance / 400)
    third = 2 / np.sqrt(2 * np.pi) - 1.5 / np.sqrt(2 * np.pi) + 2 / np.sqrt(2 * np.pi) ** 3
    assert middle[3] == pytest.approx(third / 400**2)


def test_other_weights_behind_alike_units():
    n, rng = 6, np.random.default_rng(1)
    state = nm.propagate([matrix(n, 0.8, 0.1)] * 2, None, "relu", K=4).states[2]
    dense = nm.propagate([matrix(n, 0.8, 0.1)] * 2, None, "relu", K=4, form="dense").states[2]
    weight, keep = rng.normal(size=(3, n)), np.array([1.0, 1, 0, 1, 1, 0])
    for a, b in ((state.affine(weight, None), dense.affine(weight, None)),
                 (state.masked(keep), dense.masked(keep)),
                 (state.lowered(3), dense.lowered(3))):  # fmt: skip
        assert a.covariance == pytest.approx(b.covariance, abs=1e-13)
        assert a.third.dense() == pytest.approx(b.third.dense(), abs=1e-13)
        assert a.fourth.dense() == pytest.approx(b.fourth.dense(), abs=1e-13)


def test_spread_repeats_what_the_agreement_of_indices_says():
    few = np.random.default_rng(2).normal(size=(4, 4, 4))
    whole = spread(few, 7)
    for i, j, k in np.ndindex(7, 7, 7):
        seen = list(dict.fromkeys((i, j, k)))
        assert whole[i, j, k] == few[tuple(seen.index(a) for a in (i, j, k))]


@pytest.mark.parametrize(("weights", "options", "error", "words"), [
    ([np.arange(36.0).reshape(6, 6)], {}, DomainError, "weight 0 does not treat"),
    ([np.eye(6)], {"biases": [np.arange(6.0)]}, DomainError, "bias 0 differs"),
    ([np.eye(6)], {"biases": [np.zeros(5)]}, ShapeError, "5 entries"),
    ([np.eye(6)], {"mean": np.arange(6.0)}, DomainError, "mean does not treat"),
    ([np.eye(6)], {"kappa3": {(2,): 1.0}}, DomainError, r"give numbers by \(3,\)"),
    ([np.eye(6)], {"cov": {(1, 1): 1.0}}, DomainError, "patterns"),
    ([np.eye(6)], {"cov": {(2,): 1.0, (1, 1): -0.5}}, DomainError, "eigenvalue -1.5"),
    ([np.eye(6)], {"cov": {(2,): np.inf}}, DomainError, "not finite"),
    ([np.eye(6), np.eye(5)], {}, ShapeError, "behind 6 units"),
    ([ExchangeableWeight(np.nan, 0.0, 6)], {}, DomainError, "not finite"),
    ([ExchangeableWeight(1.0, 0.0, 6)], {"form": "dense"}, DomainError, "ExchangeableWeight"),
    ([np.eye(6)], {"cov": {(2,): 1.0}, "form": "factored"}, DomainError, "by pattern"),
])  # fmt: skip
def test_what_differs_between_units_is_named(weights, options, error, words):
    with pytest.raises(error, match=words) as caught:
        nm.propagate(weights, **{"biases": None, "activation": "relu", "form": "exchangeable",
                                 **options})  # fmt: skip
    assert isinstance(caught.value, CumulantError)


def test_own_part_between_different_numbers_of_units_is_refused():
    with pytest.raises(ShapeError, match="unless own = 0"):
        ExchangeableWeight(1.0, 0.1, 6, 3)
