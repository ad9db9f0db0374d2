"""Samplers against exact cumulants, by z-scores; reproducibility; bad input."""

import itertools
import math
from typing import ClassVar

import numpy as np
import pytest
import sympy as sp
from scipy import stats

from cumulant_theory import laws
from cumulant_theory.algebra import moments_from_cumulants
from cumulant_theory.errors import DomainError, ShapeError
from numerics import sampling
from numerics.sampling import sample, sample_chunks

SIZE = 100_000
# probability that a correct sampler fails anywhere in the whole table, Bonferroni
LEVEL = 1e-3


def _instances(kind):
    found = [
        cls(**kwargs) for cls in laws.catalogue(kind).values() for kwargs in cls.examples
    ]
    return [law for law in found if law.sampling is not None]


UNIVARIATE = [
    *_instances(laws.Law),
    laws.Mixture(
        [sp.Rational(1, 4), sp.Rational(3, 4)], [laws.Poisson(2), laws.Discrete([-1, 2])]
    ),
]
JOINT = [
    *_instances(laws.JointLaw),
    laws.Product([laws.Bernoulli(), laws.MultivariateNormal([0, 1], [[1, 1], [1, 1]])]),
]


def _statistics(law, draws):
    """(sample mean of a power, exact expectation, exact variance of one term) per order."""
    top = law.max_order or math.inf
    orders = [r for r in (1, 2, 3) if 2 * r <= top]
    kappa = [sp.S.Zero, *(law.cumulant(r) for r in range(2, 2 * orders[-1] + 1))]
    central = [1.0, *map(float, moments_from_cumulants(kappa))]
    centred = draws - float(law.cumulant(1))
    for r in orders:
        yield np.mean(centred**r), central[r], central[2 * r] - central[r] ** 2


def _joint_statistics(law, draws):
    for units in itertools.chain(
        *(itertools.combinations_with_replacement(range(law.dim), r) for r in (1, 2))
    ):
        alpha = [units.count(i) for i in range(law.dim)]
        expected = float(law.moment(alpha))
        variance = float(law.moment([2 * a for a in alpha])) - expected**2
        yield np.mean(np.prod(draws**alpha, axis=1)), expected, variance


def _z_scores(table, size):
    for label, mean, expected, variance in table:
        if variance == 0:
            assert mean == expected, label
        else:
            yield label, (mean - expected) / math.sqrt(variance / size)


def test_every_sampler_agrees_with_the_exact_moments():
    table = [
        (law.label, *row)
        for seed, law in enumerate(UNIVARIATE)
        for row in _statistics(law, sample(law, SIZE, seed))
    ] + [
        (law.label, *row)
        for seed, law in enumerate(JOINT)
        for row in _joint_statistics(law, sample(law, SIZE, 1000 + seed))
    ]
    scores = list(_z_scores(table, SIZE))
    assert len(scores) > 80
    threshold = stats.norm.isf(LEVEL / 2 / len(scores))
    assert [s for s in scores if abs(s[1]) > threshold] == []


def test_sizes_and_seeds_of_any_length():
    with pytest.raises(ShapeError, match="up to"):
        sample(laws.Poisson(2), sp.Integer(10**30))
    long = [sample(laws.Normal(), 3, seed=kind(10**30)) for kind in (int, sp.Integer)]
    assert (long[0] == long[1]).all()


def test_the_comparison_sees_a_wrong_law():
    draws = sample(laws.Laplace(0, 1), SIZE, 3)
    wrong = laws.Laplace(0, sp.Rational(102, 100))
    scores = list(_z_scores([("", *row) for row in _statistics(wrong, draws)], SIZE))
    assert max(abs(z) for _, z in scores) > stats.norm.isf(LEVEL / 2 / 100)


@pytest.mark.parametrize("law", [*UNIVARIATE, *JOINT], ids=lambda law: law.label)
def test_shape_type_and_reproducibility(law):
    draws = sample(law, 7, 5)
    shape = (7,) if isinstance(law, laws.Law) else (7, law.dim)
    assert (draws.shape, draws.dtype) == (shape, np.float64)
    np.random.seed(0)
    again = sample(law, 7, np.random.SeedSequence(5))
    np.testing.assert_array_equal(draws, again)
    chunks = list(sample_chunks(law, 7, 3, 5))
    assert [len(c) for c in chunks] == [3, 3, 1]
    np.testing.assert_array_equal(
        np.concatenate(chunks), np.concatenate(list(sample_chunks(law, 7, 3, 5)))
    )


def test_finite_laws_hit_their_points_only():
    law = laws.Discrete([sp.Rational(1, 3), -2, 5], [sp.Rational(k, 6) for k in (1, 2, 3)])
    assert set(sample(law, 200, 0)) == {1 / 3, -2.0, 5.0}
    joint = laws.DiscreteJoint([(0, 1), (2, 3)])
    assert {tuple(row) for row in sample(joint, 100, 0)} == {(0.0, 1.0), (2.0, 3.0)}


def test_samples_leave_the_global_state_alone():
    np.random.seed(1)
    before = np.random.get_state()[1].copy()
    sample(laws.Mixture([1], [laws.StudentT(5)]).iid(2), 10, None)
    assert (np.random.get_state()[1] == before).all()


def test_a_generator_is_advanced_and_a_seed_sequence_is_not():
    rng = np.random.default_rng(0)
    assert (sample(laws.Normal(), 5, rng) != sample(laws.Normal(), 5, rng)).all()
    first, second = (np.concatenate(list(sample_chunks(laws.Normal(), 5, 2, rng))) for _ in "ab")
    assert (first != second).all()
    root = np.random.SeedSequence(3)
    one, two = (np.concatenate(list(sample_chunks(laws.Normal(), 5, 2, root))) for _ in "ab")
    np.testing.assert_array_equal(one, two)
    assert root.n_children_spawned == 0


def test_chunks_of_a_longer_run_start_alike_and_differ_from_each_other():
    short = list(sample_chunks(laws.Normal(), 20, 10, 0))
    long = list(sample_chunks(laws.Normal(), 40, 10, 0))
    np.testing.assert_array_equal(short, long[:2])
    assert len({c[0] for c in long}) == 4


def test_a_scipy_law_without_a_shortcut_is_sampled_through_scipy():
    class Gumbel(laws.Law):
        name: ClassVar[str] = "gumbel"

        def _cumulant(self, r):
            return sp.EulerGamma if r == 1 else sp.factorial(r - 1) * sp.zeta(r)

        @property
        def sampling(self):
            return ("scipy", "gumbel_r", {"loc": sp.S.Zero, "scale": sp.S.One})

    law = Gumbel({})
    scores = list(_z_scores([("", *r) for r in _statistics(law, sample(law, SIZE, 0))], SIZE))
    assert max(abs(z) for _, z in scores) < stats.norm.isf(LEVEL / 2 / len(scores))


@pytest.mark.parametrize(("law", "message"), [
    (laws.Normal(0, "sigma"), r"sigma.*law\.subs"),
    (laws.Normal(0, 1).iid("b"), "before b has a number"),
    (laws.Product([laws.Uniform("a", 3), laws.Poisson("l")]), "before a, l has"),
    (laws.Generic(), "cumulants only"), (laws.Generic().iid(2), "cumulants only"),
    (laws.CumulantSequence([0, 1]), "cumulants only"),
    (laws.Mixture([1], [laws.Generic()]), "cumulants only"),
    (laws.Normal(0, sp.Integer(10) ** 400), "no finite float64"), (3, "is no law"),
])
def test_laws_that_cannot_be_sampled(law, message):
    with pytest.raises(DomainError, match=message):
        sample(law, 3, 0)
    with pytest.raises(DomainError, match=message):
        next(sample_chunks(law, 3, 2, 0))


@pytest.mark.parametrize("size", [0, -1, 2.0, "3", True, None, (2, 3)])
def test_sizes(size):
    for call in (
        lambda: sample(laws.Normal(), size, 0),
        lambda: sample_chunks(laws.Normal(), size, 2, 0),
        lambda: sample_chunks(laws.Normal(), 2, size, 0),
    ):
        with pytest.raises(ShapeError, match="positive integer"):
            call()
    assert sample(laws.Normal(), np.int64(3), 0).shape == (3,)


@pytest.mark.parametrize("seed", [-1, 1.5, "a", True, np.random.RandomState(0)])
def test_seeds(seed):
    with pytest.raises(DomainError, match="seed"):
        sample(laws.Normal(), 2, seed)
    with pytest.raises(DomainError, match="seed"):
        sample_chunks(laws.Normal(), 2, 2, seed)


def test_every_declared_sampler_is_known():
    every = [*_instances(laws.Law), *_instances(laws.JointLaw)]
    assert {law.sampling[0] for law in every} == set(sampling._KINDS)
