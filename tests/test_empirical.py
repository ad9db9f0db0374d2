"""The law of a data set, and cumulant tensors of data: exact and streamed."""

import itertools
import math
import pickle
from decimal import Decimal
from fractions import Fraction

import hypothesis.strategies as st
import numpy as np
import pytest
import sympy as sp
from hypothesis import given, settings

import numerics as nm
from cumulant_theory import activations, laws, layers
from cumulant_theory.errors import DomainError, OrderError, ShapeError
from cumulant_theory.testing import check_against_enumeration

entries = st.fractions(-3, 3, max_denominator=4)


@st.composite
def data_sets(draw, units=3):
    d = draw(st.integers(1, units))
    rows = draw(st.lists(st.tuples(*[entries] * d), min_size=1, max_size=5))
    weights = draw(st.lists(st.integers(0, 4), min_size=len(rows), max_size=len(rows)).filter(any))
    return rows, weights


def central(rows, weights, units):
    """E of the product of centred entries, in Fractions."""
    total = sum(weights)
    mean = [sum(w * row[i] for w, row in zip(weights, rows, strict=True)) / total
            for i in range(len(rows[0]))]
    products = (w * math.prod(row[i] - mean[i] for i in units)
                for w, row in zip(weights, rows, strict=True))
    return sum(products, Fraction(0)) / total


@given(data_sets())
@settings(max_examples=40)
def test_cumulants_by_centred_sums(data):
    rows, weights = data
    law = laws.Empirical(rows, weights)
    for units in itertools.combinations_with_replacement(range(law.dim), 3):
        assert law.joint(*units) == sp.Rational(central(rows, weights, units))
        assert law.joint(*units[:2]) == sp.Rational(central(rows, weights, units[:2]))
    u = (0, 0, law.dim - 1, law.dim - 1)
    c = lambda *units: central(rows, weights, units)  # noqa: E731
    fourth = c(*u) - c(u[0], u[1]) * c(u[2], u[3]) - 2 * c(u[0], u[2]) ** 2
    assert law.joint(*u) == sp.Rational(fourth)


@given(data_sets())
@settings(max_examples=25)
def test_the_same_law_as_points_with_probabilities(data):
    rows, weights = data
    law = laws.Empirical(rows, weights)
    other = laws.DiscreteJoint(rows, [Fraction(w, sum(weights)) for w in weights])
    assert law.support() == other.support()
    for alpha in itertools.product(range(3), repeat=law.dim):
        assert law.moment(alpha) == other.moment(alpha)
        if any(alpha):
            assert law.cumulant(alpha) == other.cumulant(alpha)
    assert law.marginal(0).cumulant(3) == law.joint(0, 0, 0)


def test_entries_are_taken_exactly():
    law = laws.Empirical([[1, Fraction(1, 3), sp.Rational(2, 7)],
                          ["0.1", Decimal("0.2"), "-3/4"], [0.1, 0.5, 2]])
    assert law.rows == (
        (1, Fraction(1, 3), Fraction(2, 7)),
        (Fraction(1, 10), Fraction(1, 5), Fraction(-3, 4)),
        (Fraction(3602879701896397, 36028797018963968), Fraction(1, 2), 2),
    )
    array = np.array([[0.1, 2], [3, 4]], dtype=np.float32)
    rows = laws.Empirical(array).rows
    assert rows[0][0] == Fraction(13421773, 134217728)
    assert laws.Empirical(list(array)).rows == rows
    assert laws.Empirical([list(row) for row in array]).rows == rows
    assert laws.Empirical(sp.Matrix([[1, sp.Rational(1, 2)]])).rows == ((1, Fraction(1, 2)),)
    assert laws.Empirical(row for row in ([1, 2], [3, 4])).dim == 2
    assert laws.Empirical([1, 2, 4]).cumulant((3,)) == laws.Discrete([1, 2, 4]).cumulant(3)


def test_tensors_are_read():
    torch = pytest.importorskip("torch")
    tensor = torch.tensor([[0.5, 1], [2, 3]], requires_grad=True)
    assert laws.Empirical(tensor) == laws.Empirical([[0.5, 1], [2, 3]])
    assert laws.Empirical(list(tensor), weights=torch.tensor([1, 3])).joint(0) == sp.Rational(13, 8)


def test_equality_order_and_printing():
    law = laws.Empirical([[0, 1], [2, 3]], [1, 2])
    assert law == laws.Empirical([[0.0, "1"], [2, 3]], ["1", 2.0])
    assert law != laws.Empirical([[0, 1], [2, 3]])
    assert hash(pickle.loads(pickle.dumps(law))) == hash(law)
    assert str(law) == "Empirical(2 weighted rows of 2 units)"
    assert laws.get("empirical", data=[[1, 2]]).joint(0, 1) == 0


def test_networks_take_data():
    data = laws.Empirical([[0, 1], ["0.5", 2], [-1, 0], [3, "0.25"]], [1, 1, 2, 3])
    net = layers.Linear(2, 2, weight=[[1, 2], [0, -1]]) >> layers.Pointwise(
        activations.Polynomial([0, 1, Fraction(1, 2)]))
    check_against_enumeration(net, data, order=3)
    x = nm.sample(data, 4000, seed=1)
    assert {tuple(row) for row in x} == {(0, 1), (0.5, 2), (-1, 0), (3, 0.25)}


def test_large_data_sets_are_fast_and_exact():
    x = np.random.default_rng(0).normal(size=(500, 30))
    law = laws.Empirical(x)
    y = x - x.mean(axis=0)
    for units in [(0, 1), (3, 3, 29), (7, 8, 9)]:
        product = np.prod([y[:, i] for i in units], axis=0)
        assert float(law.joint(*units)) == pytest.approx(product.mean(), abs=1e-13)


@pytest.mark.parametrize(("arguments", "error", "words"), [
    (([[1, math.nan]],), DomainError, r"data\[0\]\[1\] is nan"),
    (([[math.inf]],), DomainError, r"data\[0\]\[0\]"),
    (([["x"]],), DomainError, "no rational number"),
    (([[None]],), DomainError, "missing values"),
    (([[True]],), DomainError, "True"),
    (([[sp.sqrt(2)]],), DomainError, "sqrt"),
    (([[1], [2]], [-1, 2]), DomainError, "weight 0 is -1"),
    (([[1], [2]], [0, 0]), DomainError, "all weights are 0"),
    (([],), ShapeError, "no entries"),
    (([[]],), ShapeError, "no entries"),
    (([[1, 2], [3]],), ShapeError, r"data\[1\] has 1 entries"),
    (("12",), ShapeError, "rows of numbers"),
    ((3,), ShapeError, "rows of numbers"),
    (([[1], [2]], [1]), ShapeError, "2 rows but 1 weights"),
    (([[1]], 1), ShapeError, "one number per row"),
])
def test_what_is_no_data_is_refused(arguments, error, words):
    with pytest.raises(error, match=words):
        laws.Empirical(*arguments)


def test_marginals_are_checked():
    with pytest.raises(ShapeError, match="no unit 1"):
        laws.Empirical([1, 2]).marginal(1)


# cumulant tensors of data


def random_data(n=400, d=4, seed=0):
    draw = np.random.default_rng(seed)
    return draw.gamma(1.5, size=(n, d)) @ draw.normal(size=(d, d)) + 1e3


def test_tensors_are_those_of_the_exact_law():
    x = np.round(4 * random_data(60, 3)) / 4
    law, found = laws.Empirical(x), nm.input_cumulants(x)
    for i, j, k in itertools.product(range(3), repeat=3):
        assert found.mean[i] == pytest.approx(float(law.joint(i)), rel=1e-14)
        assert found.cov[i, j] == pytest.approx(float(law.joint(i, j)), rel=1e-11)
        assert found.kappa3[i, j, k] == pytest.approx(float(law.joint(i, j, k)), rel=1e-9)


def test_unbiased_tensors_are_kstatistics():
    x = random_data(50, 3)
    found = nm.input_cumulants(x, unbiased=True)
    reference = nm.KStatistics(3, order=3).update(x)
    for units in itertools.product(range(3), repeat=3):
        assert found.kappa3[units] == pytest.approx(reference.joint(*units), rel=1e-9)
        assert found.cov[units[:2]] == pytest.approx(reference.joint(*units[:2]), rel=1e-11)


def test_means_that_are_large_next_to_the_deviations():
    x = 1e8 + 1e-2 * np.random.default_rng(6).exponential(size=(3000, 2))
    rows = [tuple(map(Fraction, row)) for row in x.tolist()]
    found = nm.InputCumulants().update(x)
    for units in ((0, 0), (0, 1), (0, 0, 1), (1, 1, 1)):
        exact = central(rows, [1] * len(rows), units)
        scale = float(central(rows, [1] * len(rows), (0, 0))) ** (len(units) / 2)
        assert abs(found.cumulant(len(units))[units] - float(exact)) < 1e-13 * scale


def test_the_chunks_do_not_matter():
    x = random_data(300)
    whole = nm.InputCumulants().update(x)
    parts = [x[:7], x[7:8], x[8:200], x[200:]]
    streamed = nm.input_cumulants(parts)
    merged = nm.InputCumulants().update(x[:90]).merge(nm.InputCumulants().update(x[90:]))
    for r in (1, 2, 3):
        scale = np.abs(whole.cumulant(r)).max()
        for other in (streamed, merged, nm.input_cumulants(x), nm.input_cumulants(x.tolist())):
            np.testing.assert_allclose(other.cumulant(r), whole.cumulant(r), atol=1e-11 * scale)
    assert merged.count == streamed.count == 300


def test_standard_errors_follow_the_scatter_of_the_batches():
    batches = [random_data(100, 2, seed) for seed in range(12)]
    found = nm.input_cumulants(batches)
    for r in (1, 2, 3):
        values = [nm.input_cumulants([b], unbiased=True).cumulant(r) for b in batches]
        np.testing.assert_allclose(
            found.standard_error(r), np.std(values, axis=0, ddof=1) / math.sqrt(12), rtol=1e-8
        )
    halves = nm.input_cumulants(batches[:5]).merge(nm.input_cumulants(batches[5:]))
    for r in (1, 2, 3):
        np.testing.assert_allclose(halves.standard_error(r), found.standard_error(r), rtol=1e-8)


def test_standard_errors_are_the_scatter_of_estimates():
    draw = np.random.default_rng(5)
    # z of k-statistics of an exponential law, true cumulants 1, 1, 2
    z = []
    for _ in range(150):
        found = nm.input_cumulants(draw.exponential(size=(8000, 1)), unbiased=True)
        z.append([(found.cumulant(r).item() - math.factorial(r - 1))
                  / found.standard_error(r).item() for r in (1, 2, 3)])
    spread = np.mean(np.square(z), axis=0)
    # SE^2 is too large by up to about 2 order^2 / rows per batch, here 2 r^2 / 200
    excess = 2 * np.array([1, 4, 9]) / 200
    assert (np.abs(spread - 1) < 5 * np.std(np.square(z), axis=0) / math.sqrt(150) + excess).all()


def test_classes_of_arrays_and_of_loaders_agree():
    torch = pytest.importorskip("torch")
    x, y = random_data(500), np.random.default_rng(1).integers(0, 3, 500)
    tensors = torch.as_tensor(x).reshape(500, 2, 2), torch.as_tensor(y)
    loader = torch.utils.data.DataLoader(
        torch.utils.data.TensorDataset(*tensors), batch_size=33)
    by_array = nm.input_cumulants(x, y)
    by_loader = nm.input_cumulants(loader, labels=True, device="cpu")
    assert list(by_array) == list(by_loader) == [0, 1, 2]
    for label in by_array:
        direct = nm.InputCumulants().update(x[y == label])
        assert isinstance(by_loader[label].kappa3, torch.Tensor)
        for r in (1, 2, 3):
            scale = np.abs(direct.cumulant(r)).max()
            for other in (by_array[label], by_loader[label]):
                np.testing.assert_allclose(
                    other.cumulant(r), direct.cumulant(r), atol=1e-11 * scale)
    pooled = nm.input_cumulants(loader)
    np.testing.assert_allclose(pooled.kappa3, nm.input_cumulants(x).kappa3, rtol=1e-8, atol=1e-8)


def test_orders_that_are_left_out():
    found = nm.input_cumulants(random_data())
    first, second, third = (found.to_order(k) for k in (1, 2, 3))
    assert not first["cov"].any()
    assert first["kappa3"] is None
    assert second["kappa3"] is None
    np.testing.assert_array_equal(second["cov"], found.cov)
    np.testing.assert_array_equal(third["kappa3"], found.kappa3)
    assert nm.input_cumulants(random_data(), order=1).cov is None


@pytest.mark.parametrize(("ask", "error", "words"), [
    (lambda: nm.InputCumulants(4), OrderError, "1, 2 or 3"),
    (lambda: nm.InputCumulants().mean, DomainError, "too few"),
    (lambda: nm.InputCumulants(unbiased=True).update([[1.0], [2.0]]).kappa3, DomainError,
     "too few"),
    (lambda: nm.InputCumulants(2).update([[1.0]]).cumulant(3), OrderError, "orders are 1 to 2"),
    (lambda: nm.InputCumulants().update([[1.0]]).standard_error(1), DomainError, "needs two"),
    (lambda: nm.InputCumulants().update([[math.nan]]), DomainError, "NaN"),
    (lambda: nm.InputCumulants().update([1.0]), ShapeError, "pass"),
    (lambda: nm.InputCumulants().update([[1.0]]).update([[1.0, 2.0]]), ShapeError, "2 units"),
    (lambda: nm.InputCumulants().merge(nm.InputCumulants(2)), ShapeError, "orders"),
    (lambda: nm.input_cumulants([[1.0], [2.0]], [0]), ShapeError, "1 labels"),
    (lambda: nm.input_cumulants([[1.0], [2.0]], True), ShapeError, "one per row"),
    (lambda: nm.input_cumulants([np.ones((2, 1))], True), ShapeError, "pairs"),
    (lambda: nm.input_cumulants([]), ShapeError, "no points"),
    (lambda: nm.input_cumulants(np.ones((2, 1)), device="cpu"), DomainError, "tensors"),
])
def test_what_has_no_cumulants_is_refused(ask, error, words):
    with pytest.raises(error, match=words):
        ask()
