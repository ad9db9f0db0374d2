"""Laws: cumulants by unrelated routes over the whole registry, domains, identities."""

import itertools
import math
import pickle
from fractions import Fraction

import hypothesis.strategies as st
import numpy as np
import pytest
import sympy as sp
from hypothesis import given, settings
from scipy import stats

from cumulant_theory import laws
from cumulant_theory.algebra import (
    cumulants_from_moments,
    joint_cumulant_by_partitions,
    moments_from_cumulants,
)
from cumulant_theory.errors import (
    CumulantError,
    DomainError,
    OrderError,
    ShapeError,
    UnknownNameError,
)

x = sp.Symbol("x", real=True)
half = sp.S.Half
UNIVARIATE = [
    pytest.param(cls(**kwargs), id=f"{name}-{i}")
    for name, cls in laws.catalogue().items()
    for i, kwargs in enumerate(cls.examples)
]
JOINT = [
    pytest.param(cls(**kwargs), id=f"{name}-{i}")
    for name, cls in laws.catalogue(laws.JointLaw).items()
    for i, kwargs in enumerate(cls.examples)
]


# E x^r by definition, from the density or the support: no cumulant enters here

def _shifted(loc, scale, standard):
    return lambda r: sum(
        math.comb(r, k) * loc ** (r - k) * scale**k * standard(k) for k in range(r + 1)
    )


def _integral(density, low, high):
    return lambda r: sp.integrate(x**r * density, (x, low, high))


def _normal(loc, scale):
    return _shifted(loc, scale, _integral(sp.exp(-(x**2) / 2) / sp.sqrt(2 * sp.pi), -sp.oo, sp.oo))


def _laplace(loc, scale):
    side = _integral(sp.exp(-x) / 2, 0, sp.oo)
    return _shifted(loc, scale, lambda k: side(k) * (1 + (-1) ** k))


def _logistic(loc, scale):
    # integral of x^k e^-x / (1 + e^-x)^2 over the line, expanded in powers of e^-x
    def standard(k):
        if k % 2:
            return 0
        return 2 * sp.factorial(k) * sp.dirichlet_eta(k).rewrite(sp.zeta) if k else 1

    return _shifted(loc, scale, standard)


def _student(df, loc, scale):
    def standard(k):
        if k % 2:
            return 0
        beta = sp.gamma(sp.Rational(k + 1, 2)) * sp.gamma((df - k) / 2)
        return sp.gammasimp(df ** sp.Rational(k, 2) * beta / sp.sqrt(sp.pi) / sp.gamma(df / 2))

    return _shifted(loc, scale, standard)


def _finite(points, probs):
    return lambda r: sum(p * v**r for v, p in zip(points, probs, strict=True))


def _discrete(points, probs=None):
    return _finite(points, probs or [sp.Rational(1, len(points))] * len(points))


ROUTES = {
    "normal": lambda loc=0, scale=1: _normal(loc, scale),
    "laplace": lambda loc=0, scale=1: _laplace(loc, scale),
    "logistic": lambda loc=0, scale=1: _logistic(loc, scale),
    "student_t": lambda df, loc=0, scale=1: _student(sp.sympify(df), loc, scale),
    "uniform": lambda low=0, high=1: _integral(sp.S.One / (high - low), low, high),
    "exponential": lambda rate=1: _integral(rate * sp.exp(-rate * x), 0, sp.oo),
    "gamma": lambda concentration, rate: _integral(
        rate**concentration * x ** (concentration - 1) * sp.exp(-rate * x)
        / sp.gamma(concentration), 0, sp.oo,
    ),
    "bernoulli": lambda probs=half: _finite((0, 1), (1 - probs, probs)),
    "rademacher": lambda: _finite((-1, 1), (half, half)),
    "discrete": _discrete,
}
# not defined by a density: own tests below
ELSEWHERE = {"poisson", "mixture", "generic", "cumulant_sequence"}


def test_every_registered_law_has_an_independent_route():
    assert set(laws.catalogue()) == set(ROUTES) | ELSEWHERE


@pytest.mark.parametrize(
    ("law", "moment"),
    [
        pytest.param(laws.get(name, **kwargs), route(**kwargs), id=f"{name}-{i}")
        for name, route in ROUTES.items()
        for i, kwargs in enumerate(laws.catalogue()[name].examples)
    ],
)
def test_cumulants_follow_from_the_density(law, moment):
    order = 6 if law.max_order is None else min(6, law.max_order)
    moments = [sp.simplify(moment(r)) for r in range(1, order + 1)]
    expected = cumulants_from_moments(moments)
    for r in range(1, order + 1):
        assert sp.simplify(law.cumulant(r) - expected[r - 1]) == 0
        assert sp.simplify(law.moment(r) - moments[r - 1]) == 0


def test_poisson_moments_are_touchard_polynomials():
    rate = sp.Symbol("lambda")
    law = laws.Poisson(rate)
    for r in range(1, 9):
        assert sp.expand(law.moment(r) - sp.bell(r, rate)) == 0


@pytest.mark.parametrize("law", UNIVARIATE)
def test_generating_function_reproduces_cumulants(law):
    order = 8 if law.max_order is None else min(8, law.max_order)
    kappa = [law.cumulant(r) for r in range(1, order + 1)]
    moments = [law.moment(r) for r in range(order + 1)]
    t = sp.Symbol("t")
    series = sp.Poly([
        m / math.factorial(r) for r, m in reversed(list(enumerate(moments)))
    ], t)
    exponent = sp.Poly([*reversed([k / math.factorial(r) for r, k in enumerate(kappa, 1)]), 0], t)
    # M' = K' M up to the order
    difference = series.diff(t) - exponent.diff(t) * series
    low = [sp.simplify(difference.coeff_monomial(t**r)) for r in range(order)]
    assert low == [0] * order


@pytest.mark.parametrize("law", UNIVARIATE)
def test_scipy_agrees_where_the_sampler_names_a_scipy_law(law):
    if law.sampling is None or law.sampling[0] != "scipy":
        assert law.sampling is None or law.sampling[0] in {"discrete", "mixture"}
        return
    _, name, spec = law.sampling
    theirs = getattr(stats, name)(**{k: float(v) for k, v in spec.items()}).stats("mvsk")
    k1, k2, k3, k4 = (float(law.cumulant(r)) for r in (1, 2, 3, 4))
    assert [float(v) for v in theirs] == pytest.approx([k1, k2, k3 / k2**1.5, k4 / k2**2])


@pytest.mark.parametrize("law", UNIVARIATE)
def test_conformance(law):
    assert law == type(law)(**law.parameters)
    assert hash(law) == hash(type(law)(**law.parameters))
    assert pickle.loads(pickle.dumps(law)) == law
    assert law.subs({"nothing": 1}) == law
    assert law.moment(0) == 1
    assert law.latex
    assert law._repr_latex_() == f"${law.latex}$"
    assert type(law).__name__ in repr(law)
    assert law.hypotheses == ()
    top = 6 if law.max_order is None else law.max_order
    assert not any(law.cumulant(r).has(sp.Float) for r in range(1, top + 1))
    odd = [law.cumulant(r) == 0 for r in range(1, top + 1, 2)]
    if law.is_symmetric is True:
        assert all(odd)
    if law.is_symmetric is False:
        assert not all(odd)
    assert law.is_centred is (law.cumulant(1).is_zero)
    for wrong in (0, -1, 1.5, "2", True, None):
        with pytest.raises(OrderError):
            law.cumulant(wrong)
    if law.max_order is not None:
        with pytest.raises(OrderError, match=f"order {law.max_order + 1}"):
            law.cumulant(law.max_order + 1)
        with pytest.raises(OrderError):
            law.moment(law.max_order + 1)
    support = law.support()
    if support is not None:
        assert sum(p for _, p in support) == 1
        assert law.moment(5) == sum(p * v**5 for v, p in support)


@pytest.mark.parametrize("cls", [laws.Normal, laws.Laplace, laws.Logistic])
def test_loc_and_scale_act_affinely(cls):
    mu, s = sp.symbols("mu s")
    law = cls(mu, s)
    for r in range(1, 7):
        expected = s**r * cls(0, 1).cumulant(r) + (mu if r == 1 else 0)
        assert sp.expand(law.cumulant(r) - expected) == 0
    assert law.hypotheses == ("s > 0",)


def test_student_t_loc_and_scale_act_affinely():
    law, standard = laws.StudentT("nu", "mu", "s"), laws.StudentT("nu")
    mu, s = sp.symbols("mu s")
    for r in range(1, 7):
        expected = s**r * standard.cumulant(r) + (mu if r == 1 else 0)
        assert sp.simplify(law.cumulant(r) - expected) == 0
    assert law.subs({"nu": 7}).max_order == 6
    assert law.subs({"nu": 7, "s": 1}).cumulant(6) == standard.cumulant(6).subs("nu", 7)
    assert "nu > 6" in law.hypotheses_to(6)


def test_uniform_acts_affinely():
    a, h = sp.symbols("a h")
    law = laws.Uniform(a, a + h)
    for r in range(1, 8):
        expected = h**r * laws.Uniform().cumulant(r) + (a if r == 1 else 0)
        assert sp.expand(law.cumulant(r) - expected) == 0


def test_exponential_is_gamma_and_gamma_adds():
    a, c = sp.symbols("a c")
    for r in range(1, 6):
        assert laws.Exponential(a).cumulant(r) == laws.Gamma(1, a).cumulant(r)
        total = laws.Gamma(a, 3).cumulant(r) + laws.Gamma(c, 3).cumulant(r)
        assert sp.expand(laws.Gamma(a + c, 3).cumulant(r) - total) == 0


def test_bernoulli_cumulants_satisfy_the_derivative_recursion():
    p = sp.Symbol("p")
    law = laws.Bernoulli(p)
    for r in range(1, 8):
        step = p * (1 - p) * sp.diff(law.cumulant(r), p)
        assert sp.expand(law.cumulant(r + 1) - step) == 0


def test_laplace_is_a_difference_of_exponentials():
    e = laws.Exponential(1)
    for r in range(1, 9):
        assert laws.Laplace().cumulant(r) == e.cumulant(r) * (1 + (-1) ** r)


def test_generic():
    law = laws.Generic("c", symmetric=True)
    assert [law.cumulant(r) for r in (1, 2, 3)] == [0, sp.Symbol("c_2"), 0]
    assert laws.Generic(standardised=True).cumulant(2) == 1
    assert laws.Generic().is_symmetric is None
    changed = laws.Generic().subs({"kappa_3": "skew", "kappa_1": 0})
    assert (changed.cumulant(1), changed.cumulant(3)) == (0, sp.Symbol("skew"))
    assert changed.subs({"skew": 2}).cumulant(3) == 2
    assert changed.subs({"skew": 2}).is_symmetric is False
    assert changed.symbols_to(4) == set(sp.symbols("kappa_2 kappa_4 skew"))
    with pytest.raises(DomainError, match="contradicts"):
        laws.Generic(standardised=True, values={2: 3})
    with pytest.raises(DomainError, match="negative"):
        laws.Generic().subs({"kappa_2": -1})


# joint laws

@pytest.mark.parametrize("law", JOINT)
def test_joint_conformance(law):
    assert law == type(law)(**law.parameters)
    assert pickle.loads(pickle.dumps(law)) == law
    assert sorted(itertools.chain(*law.blocks)) == list(range(law.dim))
    block = {i: k for k, b in enumerate(law.blocks) for i in b}
    for order in (1, 2, 3):
        for units in itertools.combinations_with_replacement(range(law.dim), order):
            by_definition = joint_cumulant_by_partitions(
                lambda group: law.moment(tuple(group.count(i) for i in range(law.dim))), units
            )
            assert sp.expand(law.joint(*units) - by_definition) == 0
            if len({block[i] for i in units}) > 1:
                assert law.joint(*units) == 0
    for wrong in [(1,) * (law.dim + 1), (-1,) * law.dim, (0.5,) * law.dim, 2]:
        with pytest.raises(ShapeError):
            law.cumulant(wrong)
    with pytest.raises(OrderError):
        law.cumulant((0,) * law.dim)
    with pytest.raises(ShapeError):
        law.joint(law.dim)


def test_support_of_products_by_enumeration():
    law = laws.Product([
        laws.Bernoulli(Fraction(1, 3)), laws.DiscreteJoint([(0, 1), (2, 0), (2, 2)]),
        laws.Rademacher().iid(2),
    ])
    assert (law.dim, law.blocks) == (5, ((0,), (1, 2), (3,), (4,)))
    support = law.support()
    assert support is not None
    assert len(support) == 24
    assert sum(p for _, p in support) == 1
    for alpha in [(1, 2, 1, 0, 2), (0, 1, 1, 0, 0), (2, 0, 0, 2, 2)]:
        expected = sum(
            p * math.prod(v**a for v, a in zip(point, alpha, strict=True)) for point, p in support
        )
        assert law.moment(alpha) == expected
    assert laws.Product([laws.Normal(), laws.Rademacher()]).support() is None
    with pytest.raises(ShapeError, match="points of support"):
        laws.Rademacher().iid(40).support()


def test_iid():
    law = laws.Exponential(1).iid(3)
    assert (law.dim, law.blocks) == (3, ((0,), (1,), (2,)))
    assert (law.cumulant((0, 4, 0)), law.cumulant((1, 4, 0))) == (6, 0)
    symbolic = laws.Exponential("a").iid("b")
    assert symbolic.dim == sp.Symbol("b")
    for ask in (lambda: symbolic.cumulant((1, 1)), lambda: symbolic.blocks, symbolic.support,
                lambda: symbolic.joint(0), lambda: symbolic.moment((1,))):
        with pytest.raises(ShapeError, match="symbolic dimension b"):
            ask()
    assert symbolic.subs({"b": 3, "a": 1}) == law
    b = sp.Symbol("b", integer=True, positive=True)
    assert laws.Normal(0, 1).iid(b).hypotheses == ()
    for wrong in (0, -2, Fraction(3, 2)):
        with pytest.raises(ShapeError):
            laws.Normal().iid(wrong)
    with pytest.raises(DomainError):
        laws.Normal().iid(2.0)
    with pytest.raises(ShapeError, match="symbolic"):
        laws.Product([symbolic])


def test_product_orders_are_those_of_each_component():
    law = laws.Product([laws.Normal(0, 1), laws.StudentT(3)])
    assert (law.max_order, law.cumulant((6, 0))) == (2, 0)
    for alpha in ((0, 3), (1, 4)):
        with pytest.raises(OrderError, match="StudentT"):
            law.cumulant(alpha)


def test_multivariate_normal():
    law = laws.MultivariateNormal([1, 0, 2], [[2, 0, 1], [0, 3, 0], [1, 0, 1]])
    assert law.blocks == ((0, 2), (1,))
    # Isserlis
    assert laws.MultivariateNormal([0, 0], [["s", "r"], ["r", "q"]]).moment((2, 2)) == (
        sp.sympify("s*q + 2*r**2", locals={n: sp.Symbol(n) for n in "sqr"})
    )
    laws.MultivariateNormal([0, 0], [[1, 1], [1, 1]])
    laws.MultivariateNormal([0, 0], sp.Matrix([[sp.sqrt(2), 1], [1, sp.sqrt(2)]]))
    for cov in ([[1, 2], [2, 1]], [[-1, 0], [0, 1]], [[1, 1], [0, 1]], [["s", "r"], ["r", -1]],
                [[1, 0.5], [0.5, 1]], [[0, 1], [1, 0]]):
        with pytest.raises(DomainError):
            laws.MultivariateNormal([0, 0], cov)
    for cov in ([[1]], [[1, 0]], [], 3):
        with pytest.raises(ShapeError):
            laws.MultivariateNormal([0, 0], cov)
    with pytest.raises(DomainError, match="semidefinite"):
        laws.MultivariateNormal([0, 0], [["s", 2], [2, 1]]).subs({"s": 3})


# domains

nan, inf = float("nan"), float("inf")


@pytest.mark.parametrize(("cls", "kwargs"), [
    (laws.Normal, {"scale": -1}), (laws.Normal, {"scale": 0}), (laws.Normal, {"loc": nan}),
    (laws.Normal, {"scale": inf}), (laws.Normal, {"loc": 0.5}), (laws.Normal, {"scale": sp.oo}),
    (laws.Normal, {"loc": sp.nan}), (laws.Normal, {"loc": sp.I}), (laws.Normal, {"loc": None}),
    (laws.Normal, {"scale": sp.Symbol("s", negative=True)}), (laws.Normal, {"loc": sp.Float(1)}),
    (laws.Normal, {"scale": 1 - sp.sqrt(2)}), (laws.Normal, {"loc": True}),
    (laws.Uniform, {"low": 1, "high": 1}), (laws.Uniform, {"low": 2, "high": 1}),
    (laws.Uniform, {"low": sp.Symbol("a"), "high": sp.Symbol("a") - 1}),
    (laws.Laplace, {"scale": -1}), (laws.Logistic, {"scale": 0}), (laws.Exponential, {"rate": 0}),
    (laws.Gamma, {"concentration": -1}), (laws.Gamma, {"concentration": 1, "rate": -1}),
    (laws.Poisson, {"rate": -1}), (laws.StudentT, {"df": 0}), (laws.StudentT, {"df": -3}),
    (laws.StudentT, {"df": 3, "scale": -1}), (laws.Bernoulli, {"probs": 2}),
    (laws.Bernoulli, {"probs": -half}), (laws.Discrete, {"points": [0, 1], "probs": [half, 1]}),
    (laws.Discrete, {"points": [0, 1], "probs": [2, -1]}), (laws.Discrete, {"points": [nan]}),
    (laws.Discrete, {"points": [0, 1], "probs": [0.5, 0.5]}),
    (laws.DiscreteJoint, {"points": [(0, 1)], "probs": [half]}),
    (laws.Mixture, {"weights": [half, half], "components": [laws.Normal(), 3]}),
    (laws.Mixture, {"weights": [1, 1], "components": [laws.Normal(), laws.Normal()]}),
    (laws.Product, {"laws": [laws.Normal(), 0]}), (laws.IID, {"law": 1, "n": 2}),
    (laws.CumulantSequence, {"values": [0, -1]}),
    (laws.CumulantSequence, {"values": [1, 0, 0, 1]}),
    (laws.CumulantSequence, {"values": [0, 1, 2, 1]}),
    (laws.CumulantSequence, {"values": [0, 1, 0, -2, 0, 17]}),
    (laws.CumulantSequence, {"values": [0, 0.5]}), (laws.Generic, {"name": ""}),
])
def test_domain_errors(cls, kwargs):
    with pytest.raises(DomainError) as info:
        cls(**kwargs)
    assert cls.__name__ in str(info.value)


@pytest.mark.parametrize(("cls", "kwargs"), [
    (laws.Discrete, {"points": []}), (laws.Discrete, {"points": 3}),
    (laws.Discrete, {"points": [1, 2], "probs": [1]}),
    (laws.DiscreteJoint, {"points": [(0, 1), (1,)]}), (laws.DiscreteJoint, {"points": []}),
    (laws.DiscreteJoint, {"points": [(0, 1)], "probs": [half, half]}),
    (laws.Mixture, {"weights": [1], "components": []}),
    (laws.Mixture, {"weights": [1], "components": laws.Normal()}),
    (laws.Mixture, {"weights": [1], "components": np.array(2.0)}),
    (laws.Product, {"laws": []}), (laws.Product, {"laws": np.array(2.0)}),
    (laws.MultivariateNormal, {"mean": [0, 0], "cov": np.array(2.0)}),
    (laws.CumulantSequence, {"values": []}),
])
def test_shape_errors(cls, kwargs):
    with pytest.raises(ShapeError):
        cls(**kwargs)


def test_orders_of_student_t():
    assert [laws.StudentT(df).max_order for df in (1, 2, Fraction(5, 2))] == [0, 1, 2]
    with pytest.raises(OrderError, match=r"StudentT.*order 5.*orders 1 to 4 exist"):
        laws.StudentT(5).cumulant(5)
    with pytest.raises(OrderError, match="no moments at all"):
        laws.StudentT(1).cumulant(1)
    mixed = laws.Mixture([half, half], [laws.StudentT(4), laws.Normal()])
    assert mixed.max_order == 3
    with pytest.raises(OrderError):
        mixed.moment(4)


def test_hypotheses_of_symbols():
    assert laws.Uniform("a", "b").hypotheses == ("a < b",)
    assert laws.Bernoulli("p").hypotheses == ("0 <= p <= 1",)
    assert laws.Normal(0, sp.Symbol("s", positive=True)).hypotheses == ()
    assert laws.Discrete([0, 1], ["p", "q"]).hypotheses[-1] == "p + q = 1"
    assert laws.CumulantSequence([0, "v", 1]).hypotheses == ("v >= 0",)
    law = laws.Normal(0, "sigma")
    assert laws.Product([law, law.iid(2)]).hypotheses == ("sigma > 0",)
    with pytest.raises(DomainError):
        law.subs({"sigma": -1})
    with pytest.raises(DomainError):
        law.subs({"sigma": 0.5})
    assert law.subs({"sigma": Fraction(1, 2)}).cumulant(2) == sp.Rational(1, 4)
    # a name reaches symbols with assumptions too
    assert laws.Normal(0, sp.Symbol("s", positive=True)).subs({"s": 3}) == laws.Normal(0, 3)


def test_registry():
    assert laws.get("Student-T", df=5) == laws.StudentT(5)
    with pytest.raises(UnknownNameError, match="did you mean 'normal'"):
        laws.get("normol")
    with pytest.raises(UnknownNameError, match="scale"):
        laws.get("normal", sigma=1)
    with pytest.raises(DomainError, match="df"):
        laws.get("student_t")
    assert all(cls.examples for cls in laws.catalogue(object).values())


# properties

rationals = st.fractions(-4, 4, max_denominator=5)


@st.composite
def finite_laws(draw, most=4):
    points = draw(st.lists(rationals, min_size=1, max_size=most))
    weights = draw(st.lists(st.integers(1, 6), min_size=len(points), max_size=len(points)))
    return laws.Discrete(points, [Fraction(w, sum(weights)) for w in weights])


def _moments(law, order):
    return [
        sum(
            (Fraction(int(p.p), int(p.q)) * Fraction(int(v.p), int(v.q)) ** r
             for v, p in law.support()),
            Fraction(0),
        )
        for r in range(1, order + 1)
    ]


@given(finite_laws())
@settings(max_examples=40)
def test_discrete_by_enumeration(law):
    expected = cumulants_from_moments(_moments(law, 6))
    assert [law.cumulant(r) for r in range(1, 7)] == [sp.Rational(v) for v in expected]
    reflected = {-v: p for v, p in law.support()}
    assert law.is_symmetric is (reflected == dict(law.support()))


@given(finite_laws(3), finite_laws(3), st.integers(0, 5))
@settings(max_examples=30)
def test_mixture_of_finite_laws_is_the_pooled_finite_law(first, second, k):
    w = Fraction(k, 5)
    law = laws.Mixture([w, 1 - w], [first, second])
    pooled = laws.Discrete(*zip(*law.support(), strict=True))
    for r in range(1, 7):
        assert law.cumulant(r) == pooled.cumulant(r)
    mean = w * first.moment(1) + (1 - w) * second.moment(1)
    between = w * (first.moment(1) - mean) ** 2 + (1 - w) * (second.moment(1) - mean) ** 2
    within = w * first.cumulant(2) + (1 - w) * second.cumulant(2)
    assert law.cumulant(2) == between + within


@given(finite_laws(), st.integers(1, 9))
@settings(max_examples=40)
def test_cumulants_of_a_law_are_accepted_exactly(law, order):
    kappa = cumulants_from_moments(_moments(law, order))
    sequence = laws.CumulantSequence(kappa)
    assert [sequence.moment(r) for r in range(1, order + 1)] == [
        law.moment(r) for r in range(1, order + 1)
    ]


@given(finite_laws(), st.fractions(Fraction(1, 50), 3))
@settings(max_examples=40)
def test_a_moved_cumulant_of_a_finite_law_is_rejected(law, change):
    # a law with k atoms is fixed by its moments to order 2 k: none shares all but the next two
    k = len(law.support())
    kappa = cumulants_from_moments(_moments(law, 2 * k + 2))
    for r, step in ((2 * k, -change), (2 * k + 1, change), (2 * k + 2, -change)):
        moved = [*kappa[: r - 1], kappa[r - 1] + step, *kappa[r:]]
        with pytest.raises(DomainError, match="no law has these cumulants"):
            laws.CumulantSequence(moved)


@given(st.lists(rationals, min_size=1, max_size=7))
@settings(max_examples=60)
def test_cumulant_sequence_keeps_a_positive_moment_matrix(values):
    m = [Fraction(1), *moments_from_cumulants([Fraction(v) for v in values])]
    size = len(values) // 2 + 1
    hankel = sp.Matrix(size, size, lambda i, j: sp.Rational(m[i + j]))
    try:
        laws.CumulantSequence(values)
    except DomainError:
        if hankel.is_positive_definite:
            raise
    else:
        assert hankel.is_positive_semidefinite


def test_every_error_is_in_the_family():
    for error in (DomainError, OrderError, ShapeError, UnknownNameError):
        assert issubclass(error, CumulantError)
