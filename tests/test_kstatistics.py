"""k-statistics: exact enumeration, other routes to the same number, streaming, standard errors."""

from fractions import Fraction
from functools import cache, reduce
from itertools import combinations_with_replacement, product
from math import comb, prod

import numpy as np
import pytest
from scipy import stats

from cumulant_theory.errors import CumulantError, DomainError, OrderError, ShapeError
from numerics.kstatistics import (
    KStatistics,
    cumulants,
    exact_kstatistic,
    kstatistic,
    kstatistic_coefficients,
)


def _moment(points, indices):
    return sum((w * prod((x[i] for i in indices), start=Fraction(1)) for x, w in points),
               Fraction(0))  # fmt: skip


@cache
def _exact_cumulant(points, indices):
    """Joint cumulant by the recursion over subsets that hold the first index."""
    first, rest = indices[0], indices[1:]
    total = _moment(points, indices)
    for mask in range(2 ** len(rest) - 1):
        inside = tuple(i for k, i in enumerate(rest) if mask >> k & 1)
        outside = tuple(i for k, i in enumerate(rest) if not mask >> k & 1)
        total -= _exact_cumulant(points, (first, *inside)) * _moment(points, outside)
    return total


def _average(points, indices, n):
    """Mean of the k-statistic over all ordered samples of size n."""
    total = Fraction(0)
    for sample in product(points, repeat=n):
        weight = prod((w for _, w in sample), start=Fraction(1))
        total += weight * exact_kstatistic([x for x, _ in sample], *indices)
    return total


COIN = (((Fraction(-1),), Fraction(1, 3)), ((Fraction(2),), Fraction(2, 3)))
PAIR = (
    ((Fraction(0), Fraction(1)), Fraction(1, 2)),
    ((Fraction(1), Fraction(-1)), Fraction(1, 3)),
    ((Fraction(3), Fraction(2)), Fraction(1, 6)),
)


@pytest.mark.parametrize("order", range(1, 9))
def test_univariate_unbiased_by_enumeration(order):
    """Every sample of size order + 1 of a two-point law, by number of heads."""
    n, (low, high) = order + 1, COIN
    mean = sum(
        comb(n, k) * high[1] ** k * low[1] ** (n - k)
        * exact_kstatistic([high[0][0]] * k + [low[0][0]] * (n - k), *(0,) * order)
        for k in range(n + 1)
    )  # fmt: skip
    assert mean == _exact_cumulant(COIN, (0,) * order)


@pytest.mark.parametrize("indices", [(0, 1), (0, 0, 1), (0, 1, 1, 1), (0, 0, 1, 1)])
def test_joint_unbiased_by_enumeration(indices):
    assert _average(PAIR, indices, len(indices)) == _exact_cumulant(PAIR, indices)


def test_published_fourth_coefficients():
    """Stuart and Ord, eq. 12.29."""
    n = 11
    d = Fraction(n * (n - 1) * (n - 2) * (n - 3))
    assert kstatistic_coefficients(4, n) == {
        (4,): Fraction(n**3 + n**2) / d,
        (3, 1): -4 * Fraction(n**2 + n) / d,
        (2, 2): -3 * Fraction(n**2 - n) / d,
        (2, 1, 1): 12 * n / d,
        (1, 1, 1, 1): -6 / d,
    }


@pytest.mark.parametrize("order", range(1, 9))
def test_streaming_floats_equal_exact_rationals(order):
    x = np.random.default_rng(order).integers(-4, 9, size=37) / 4
    exact = exact_kstatistic(x, *(0,) * order)
    scale = np.std(x) ** order
    assert abs(Fraction(kstatistic(x, order)) - exact) < 1e-11 * scale


def test_joint_floats_equal_exact_rationals():
    x = np.random.default_rng(3).exponential(size=(60, 3))
    k = KStatistics(3, batch_size=7).update(x)
    spread = x.std(axis=0)
    for r in range(1, 5):
        for ix in combinations_with_replacement(range(3), r):
            error = abs(Fraction(k.joint(*ix)) - exact_kstatistic(x, *ix))
            assert error < 1e-12 * (np.prod(spread[list(ix)]) + abs(k.joint(*ix)))


@pytest.mark.parametrize("order", [1, 2, 3, 4])
def test_scipy_kstat(order):
    x = np.random.default_rng(0).gamma(2.0, size=5000)
    assert kstatistic(x, order) == pytest.approx(stats.kstat(x, order), rel=1e-11)


@pytest.mark.parametrize("order", [2, 3, 4])
@pytest.mark.parametrize("split", [1, 5])
def test_mean_of_a_million_standard_deviations(order, split):
    x = np.random.default_rng(order).exponential(size=800) + 1e6
    k = reduce(
        KStatistics.merge, [KStatistics(1, batch_size=50).update(c) for c in np.split(x, split)]
    )
    exact = exact_kstatistic(x, *(0,) * order)
    assert abs(Fraction(k[order]) / exact - 1) < 1e-11


def test_outlying_pivot():
    """The pivot is the first sample, here ten thousand standard deviations out."""
    x = np.random.default_rng(8).exponential(size=500)
    far = KStatistics(1, batch_size=50).update([1e4]).update(x)
    exact = exact_kstatistic(np.append(1e4, x), 0, 0, 0)
    assert abs(Fraction(far[3]) / exact - 1) < 1e-11


@pytest.mark.parametrize(("dim", "order"), [(1, 8), (3, 4), (2, 6), (2, 1), (2, 2), (2, 3)])
@pytest.mark.parametrize("batch_size", [None, 50])
def test_chunks_do_not_matter(dim, order, batch_size):
    rng = np.random.default_rng(dim)
    x = rng.exponential(size=(9000, dim))
    whole = KStatistics(dim, order, batch_size).update(x)
    parts = KStatistics(dim, order, batch_size)
    for chunk in np.split(x, np.sort(rng.integers(1, 9000, size=40))):
        if len(chunk):
            parts.update(chunk)
    assert (parts.count, parts.batches) == (9000, whole.batches)
    for a in whole.alphas:
        assert parts[a] == pytest.approx(whole[a], rel=1e-9, abs=1e-9)
        assert parts.standard_error(a) == pytest.approx(whole.standard_error(a), rel=1e-7)


def test_long_streams_keep_few_batches():
    k, x = KStatistics(1, order=2), np.random.default_rng(5).normal(size=200_000)
    k.update(x)
    pieces = KStatistics(1, order=2)
    for chunk in np.array_split(x, 13):
        pieces.update(chunk)
    assert 200 <= k.batches <= 400
    assert k.batches == pieces.batches
    assert k[2] == pytest.approx(x.var(ddof=1), rel=1e-12)
    assert k.standard_error(2) == pytest.approx(pieces.standard_error(2), rel=1e-9)


def test_merge_is_associative_and_equals_one_stream():
    x = np.random.default_rng(6).exponential(size=(1900, 2)) * [1, 50] + [0, 1e5]
    cuts = np.split(x, [700, 1350])

    def make(c):
        return KStatistics(2).update(c)

    left = make(cuts[0]).merge(make(cuts[1])).merge(make(cuts[2]))
    right = make(cuts[0]).merge(make(cuts[1]).merge(make(cuts[2])))
    whole = make(x)
    assert left.batches == right.batches
    for a in left.alphas:
        assert left[a] == pytest.approx(right[a], rel=1e-12)
        assert left[a] == pytest.approx(whole[a], rel=1e-10)
        assert left.standard_error(a) == pytest.approx(right.standard_error(a), rel=1e-9)
    empty = KStatistics(2).merge(left)
    assert empty.count == 1900
    assert empty[1, 1] == pytest.approx(left[1, 1], rel=1e-14)
    empty.update(x[:5])
    assert (empty.count, left.count) == (1905, 1900)


def test_ensemble_axis_is_a_loop():
    x = np.random.default_rng(7).exponential(size=(5, 1500, 2)) * np.arange(1, 6)[:, None, None]
    together = KStatistics(2)
    for chunk in np.split(x, [200, 900], axis=1):
        together.update(chunk)
    together.merge(KStatistics(2).update(x[:, :300]))
    for s, net in enumerate(x):
        alone = KStatistics(2).update(net).merge(KStatistics(2).update(net[:300]))
        for a in alone.alphas:
            assert together[a].shape == (5,)
            assert together[a][s] == pytest.approx(alone[a], rel=1e-10)
            for name in ("standard_error", "skewness", "largest_share"):
                assert getattr(together, name)(a)[s] == pytest.approx(
                    getattr(alone, name)(a), rel=1e-8
                )


def test_joint_is_symmetric_and_univariate_on_the_diagonal():
    x = np.random.default_rng(9).exponential(size=(400, 3))
    k = KStatistics(3, order=4).update(x)
    swapped = KStatistics(3, order=4).update(x[:, ::-1])
    assert k.joint(0, 2, 1, 0) == k.joint(2, 0, 0, 1) == k[2, 1, 1]
    for a in k.alphas:
        assert swapped[a[::-1]] == pytest.approx(k[a], rel=1e-9, abs=1e-12)
    for order in range(1, 5):
        assert k.joint(*(1,) * order) == pytest.approx(kstatistic(x[:, 1], order), rel=1e-11)


def test_standard_error_formula_for_equal_batches():
    x = np.random.default_rng(10).normal(size=600)
    k = KStatistics(1, order=3, batch_size=60).update(x)
    batches = np.array([stats.kstat(b, 3) for b in np.split(x, 10)])
    assert k.batch_values()[:, 2] == pytest.approx(batches)
    assert k.standard_error(3) == pytest.approx(batches.std(ddof=1) / np.sqrt(10))
    assert k.skewness(3) == pytest.approx(stats.skew(batches))
    squares = (batches - batches.mean()) ** 2
    assert k.largest_share(3) == pytest.approx(squares.max() / squares.sum())


@pytest.mark.parametrize(("law", "truth"), [
    ("normal", [0, 1, 0, 0]), ("uniform", [0.5, 1 / 12, 0, -1 / 120]),
])  # fmt: skip
def test_standard_errors_cover(law, truth):
    """Sum of squared z over independent networks: chi-square with the variance of Student's t."""
    draw = getattr(np.random.default_rng(11), law)
    k = KStatistics(1, batch_size=400).update(draw(size=(300, 20_000, 1)))
    for order, value in enumerate(truth, start=1):
        z = (k[order] - value) / k.standard_error(order)
        p = 2 * stats.chi2.sf((z**2).sum() * (k.batches - 3) / (k.batches - 1), 300)
        assert 1e-3 < p < 2 - 1e-3
        assert stats.kstest(z, stats.t(k.batches - 1).cdf).pvalue > 1e-3


def test_degenerate_influence_function_is_no_false_alarm():
    """Rademacher: the variance has no first-order fluctuation; errors must stay above it."""
    x = np.random.default_rng(12).choice([-1.0, 1.0], size=(300, 4000, 1))
    k = KStatistics(1).update(x)
    assert np.abs((k[2] - 1) / k.standard_error(2)).max() < 3


def test_heavy_tails_are_flagged_and_light_ones_not():
    rng = np.random.default_rng(13)
    cauchy_like = KStatistics(1).update(rng.standard_t(1.5, size=20_000))
    assert cauchy_like.heavy(4)
    normal = KStatistics(1).update(rng.normal(size=20_000))
    assert not any(normal.heavy(r) for r in range(1, 5))


def test_constant_data():
    k = KStatistics(1, batch_size=10).update(np.full(100, 0.3))
    assert k.as_dict() == {(1,): 0.3, (2,): 0, (3,): 0, (4,): 0}
    assert k.standard_error(2) == 0
    assert not k.heavy(2)


BAD = [
    (lambda: KStatistics(0), ShapeError, "dim = 0"),
    (lambda: KStatistics(2, order=9), OrderError, "1 to 8"),
    (lambda: KStatistics(1, batch_size=3), DomainError, "at least 4"),
    (lambda: KStatistics(1).update([]), DomainError, "no samples"),
    (lambda: KStatistics(2).update([1.0, 2.0]), ShapeError, r"\(N, 2\)"),
    (lambda: KStatistics(2).update([[1, 2], [3, np.nan]]), DomainError, "sample 1, unit 1"),
    (lambda: KStatistics(1).update([[[1.0]], [[np.inf]]]), DomainError, "network 1, sample 0"),
    (lambda: KStatistics(1).update(["a"]), DomainError, "real numbers"),
    (lambda: KStatistics(1).update([0, 1e200]), DomainError, "overflow"),
    (lambda: KStatistics(1)[1], DomainError, "no samples"),
    (lambda: KStatistics(1).update([1, 2, 3])[4], OrderError, "3 samples"),
    (lambda: KStatistics(1).update([1, 2, 3])[5], OrderError, "goes to 4"),
    (lambda: KStatistics(2, order=8).update([[1, 2]]).joint(0, 0, 1, 1, 1), OrderError, "1 to 4"),
    (lambda: KStatistics(2).update([[1, 2]]).joint(2), ShapeError, "0 to 1"),
    (lambda: KStatistics(2).update([[1, 2]])[1], ShapeError, "2 units"),
    (lambda: KStatistics(1).update([1, 2, 3]).standard_error(1), DomainError, "needs two"),
    (lambda: KStatistics(1).merge(KStatistics(2)), ShapeError, "cannot merge"),
    (lambda: KStatistics(1).update([1]).update(np.ones((2, 3, 1))), ShapeError, "ensemble"),
    (lambda: cumulants([1.0, 2.0], 3), OrderError, "2 samples"),
    (lambda: exact_kstatistic([1, np.nan], 0), DomainError, "NaN"),
    (lambda: exact_kstatistic(np.ones((2, 3, 4)), 0), DomainError, "no numbers"),
    (lambda: exact_kstatistic([1, 2], 1), ShapeError, "sample 0"),
    (lambda: kstatistic_coefficients(3, 2), OrderError, "2 samples"),
]


@pytest.mark.parametrize(("call", "error", "text"), BAD)
def test_bad_input(call, error, text):
    with pytest.raises(error, match=text) as caught:
        call()
    assert isinstance(caught.value, CumulantError)


def test_rejected_chunk_leaves_the_accumulator_alone():
    k = KStatistics(1, batch_size=4).update(np.arange(6.0))
    before = k.as_dict()
    with pytest.raises(DomainError):
        k.update(np.append(np.ones(9), 1e200))
    assert (k.count, k.as_dict()) == (6, before)
