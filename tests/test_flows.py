"""Flows of trained maps: predicted, measured, compared, and drawn."""

from fractions import Fraction

import numpy as np
import pytest
import sympy as sp

import numerics as nm
from cumulant_theory import Exact, Neglect, activations, laws, layers, rg, symmetries
from cumulant_theory.errors import (
    DivergenceError,
    DomainError,
    NoClosedFormError,
    OrderError,
    ShapeError,
)
from cumulant_theory.oracle import enumerated
from numerics.flows import CumulantMap
from numerics.flows._negentropy import estimated_negentropy, negentropy_of
from numerics.flows.fixed import search_fixed_points
from numerics.flows.measured import measure_flow
from numerics.flows.plane import Plane, possible
from numerics.kstatistics import KStatistics
from numerics.sampling import sample_chunks

L, P, Q = layers.Linear, layers.Pointwise, activations.Quadratic
R = sp.Rational
SKEWED = laws.Discrete([-1, 0, 2], [R(1, 2), R(1, 3), R(1, 6)])
UNIT = (
    L(2, 1, symmetry=symmetries.PermutationInvariant(), name="w") >> P(Q("a"))
    >> L(1, 1, bias=True, name="v", bias_name="c")
)
VALUES = {"w": 0.625, "a": 0.25, "v": 0.75, "c": -0.125}
EXACT = {name: R(Fraction(value)) for name, value in VALUES.items()}


@pytest.fixture(scope="module")
def quadratic():
    """A unit that learned the block sum from few steps, so that its square is still there."""
    module = nm.build(UNIT, values=VALUES)
    task = nm.tasks.BlockSum(2, laws.Exponential(1))
    nm.train(module, task, loss="pointwise", steps=5, batch=64, seed=2, progress=False)
    assert abs(module.values()[sp.Symbol("a")]) > 0.01
    return module


@pytest.fixture(scope="module")
def linear():
    module = nm.build(L(2, 1), seed=3)
    nm.train(module, nm.tasks.BlockSum(2, laws.Normal(0, 1)), loss="pointwise", exact=True,
             progress=False)
    return module


# ---------------------------------------------------------------- predicted


def test_prediction_is_the_enumerated_one_for_two_steps():
    found = nm.flow(nm.build(UNIT, values=VALUES), SKEWED, 2, order=4, samples=0)
    w, a, v, c = (Fraction(VALUES[n]) for n in "wavc")

    def unit(x, y):
        z = w * (x + y)
        return v * (z + a * z * z) + c

    law = enumerated(SKEWED.iid(4))
    levels = [
        law.push(lambda p: [p[0]]),
        law.push(lambda p: [unit(p[0], p[1])]),
        law.push(lambda p: [unit(unit(p[0], p[1]), unit(p[2], p[3]))]),
    ]
    assert found.exact_steps == 2
    assert found.predicted.exact
    for r in range(1, 5):
        expected = [float(level.cumulant((r,))) for level in levels]
        assert found.cumulant(r) == pytest.approx(expected, rel=1e-13)


def test_steps_that_are_not_affordable_are_under_the_closure():
    found = nm.flow(nm.build(UNIT, values=VALUES), SKEWED, 4, order=3, samples=0, exact_order=12)
    assert found.exact_steps == 2
    assert set(found.predicted.truncated) == {"step 3", "step 4"}
    assert found.predicted.closure == "Neglect(3)"
    assert any("from step 3 on" in h for h in found.predicted.hypotheses)
    expected = rg.RGMap(UNIT.subs(EXACT)).flow(
        SKEWED, 4, order=3, closure=Neglect(3), exact_steps=2
    )
    for r in range(1, 4):
        assert found.cumulant(r) == pytest.approx([float(s[r]) for s in expected.steps], rel=1e-12)
    # a closure of higher order carries more than it shows, and needs more of the law
    wide = nm.flow(rg.RGMap(UNIT.subs(EXACT)), SKEWED, 3, order=2, samples=0, exact_order=8,
                   closure=Neglect(4))
    assert wide.exact_steps == 1
    expected = rg.RGMap(UNIT.subs(EXACT)).flow(
        SKEWED, 3, order=2, closure=Neglect(4), exact_steps=1
    )
    assert wide.cumulant(2) == pytest.approx([float(s[2]) for s in expected.steps], rel=1e-12)


def test_linear_maps_are_exact_at_every_step():
    found = nm.flow(layers.BlockSum(3), laws.Logistic(0, 1), 12, order=4, samples=0)
    assert found.exact_steps == 12
    fourth = float(laws.Logistic(0, 1).cumulant(4))
    assert found.cumulant(4) == pytest.approx(fourth * 3.0 ** -np.arange(13.0), rel=1e-13)
    assert found.negentropy() == pytest.approx(found.negentropy()[0] / 9.0 ** np.arange(13))
    assert found.negentropy(next_order=True) == pytest.approx(found.negentropy())


def test_ensembles_are_their_networks():
    net = L(2, 2, bias=True) >> P(Q("a")) >> L(2, 1)
    ensemble = nm.build(net, seeds=range(3))
    found = nm.flow(ensemble, laws.Exponential(1), 3, order=3, exact_order=12, samples=256, seed=4)
    assert found.cumulant(2).shape == (4, 3)
    for k in range(3):
        one = nm.flow(ensemble[k], laws.Exponential(1), 3, order=3, exact_order=12, samples=256,
                      seed=4)
        for r in range(1, 4):
            assert found.cumulant(r)[:, k] == pytest.approx(one.cumulant(r), rel=1e-12)
        for name in ("step 1", "step 3"):
            assert found.measured.values[name][2,][k] == pytest.approx(
                one.measured.values[name][2,], rel=1e-12
            )
    assert "to" in repr(found)
    assert len(found.comparison) == 3 * 3 * 3


# ---------------------------------------------------------------- measured


def test_trees_by_hand(quadratic):
    """Disjoint blocks of the level below, from the samples of the law in their order."""
    found = measure_flow(quadratic, laws.Exponential(1), 3, order=4, samples=9000, seed=5)
    x = np.concatenate(list(sample_chunks(laws.Exponential(1), 9000 * 8, 2**16, 5)))
    w, a, v, c = (float(quadratic.values()[sp.Symbol(n)]) for n in "wavc")
    for t in range(4):
        statistics = KStatistics(1, order=4).update(x[:, None])
        for r in range(1, 5):
            name = f"step {t}"
            assert found.measurement.values[name][r,] == pytest.approx(statistics[r], rel=1e-9)
            assert found.measurement.standard_errors[name][r,] == pytest.approx(
                statistics.standard_error(r), rel=1e-9
            )
        z = w * x.reshape(-1, 2).sum(axis=1)
        x = v * (z + a * z * z) + c
    assert found.measurement.samples == 9000


@pytest.mark.parametrize("law", [laws.Normal(0, R(1, 2)), laws.Uniform(0, 1), SKEWED])
def test_measured_agrees_with_predicted(law, linear, quadratic):
    for module in (linear, quadratic):
        found = nm.flow(module, law, 3, order=3, exact_order=24, samples=4096, seed=11)
        assert found.exact_steps == 3
        assert found.comparison.count("disagree") == 0
        assert found.comparison.count("agree") >= 6
        assert {row.layer for row in found.comparison.rows} == {"step 1", "step 2", "step 3"}


def test_a_map_that_is_not_the_predicted_one_is_found_out(quadratic):
    """The comparison can fail: the block sum is not what the quadratic unit does."""
    law = laws.Exponential(1)
    wrong = nm.flow(layers.BlockSum(2), law, 3, samples=0)
    right = nm.flow(quadratic, law, 3, samples=4096, exact_order=32)
    names = right.measured.layers
    assert nm.compare(wrong.predicted, right.measured).contradicts
    assert not nm.compare(right.predicted, right.measured).contradicts
    assert names == wrong.predicted.layers


def test_what_the_closure_leaves_out_shows_as_that():
    net = nm.build(L(2, 3) >> P(activations.get("tanh")) >> L(3, 1), seed=1)
    found = nm.flow(net, laws.Exponential(1), 2, order=2, samples=4096)
    assert found.predicted.closure == "Diagrams(3)"
    assert found.exact_steps == 0
    assert found.comparison.beyond_closure > 0
    assert not found.comparison.contradicts
    gaussian = nm.flow(net, laws.Normal(0, 1), 1, order=2, samples=4096, closure=Neglect(2))
    # the first layer of a Gaussian is exact to order two, so nothing shows
    assert gaussian.comparison.count("disagree") == 0


def test_steps_beyond_the_measured_ones(quadratic):
    found = nm.flow(quadratic, laws.Uniform(0, 1), 5, order=2, measured_steps=2, samples=512)
    assert found.measured.layers == ("step 0", "step 1", "step 2")
    assert len(found.comparison) == 4
    assert found.steps == 5
    html = found._repr_html_()
    assert "verdict" in html
    assert "Neglect(2)" in html
    assert repr(found).count("\n") >= 12
    none = nm.flow(quadratic, laws.Uniform(0, 1), 2, measured_steps=0, samples=512)
    assert none.comparison is None
    assert none.measured.layers == ("step 0",)
    assert nm.flow(quadratic, laws.Uniform(0, 1), 0, samples=512).steps == 0


def estimates(draw, repeats):
    """Plug-in values, estimates and their errors of many samples."""
    rows = []
    for _ in range(repeats):
        statistics = KStatistics(1).update(draw())
        plain = negentropy_of(np.array([statistics[r] for r in (2, 3, 4)]))
        rows.append([plain, *estimated_negentropy(statistics)])
    return np.array(rows).T


def test_negentropy_from_gaussian_samples_has_no_bias():
    """All of it is noise of second order: the plug-in value is positive on average."""
    rng = np.random.default_rng(7)
    plain, found, errors = estimates(lambda: 2 + 3 * rng.standard_normal(2**12), 300)
    spread = np.std(found, ddof=1) / np.sqrt(300)
    assert abs(found.mean()) < 4 * spread
    assert plain.mean() > 10 * spread
    assert (errors**2).mean() > found.var()


def test_networks_without_variance_leave_the_negentropy_of_others_alone():
    x = np.random.default_rng(2).normal(size=(3, 4000, 1))
    others = estimated_negentropy(KStatistics(1).update(x[[0, 2]]))
    x[1] = 2.0
    for found, expected in zip(estimated_negentropy(KStatistics(1).update(x)), others, strict=True):
        assert np.isnan(found[1])
        assert found[[0, 2]] == pytest.approx(expected, rel=1e-12)


def test_negentropy_from_skewed_samples_has_the_error_it_says():
    rng = np.random.default_rng(8)
    _, found, errors = estimates(lambda: rng.gamma(16, size=2**13), 300)
    spread = np.std(found, ddof=1) / np.sqrt(300)
    exact = float(rg.negentropy(laws.Gamma(16, 1)))
    assert abs(found.mean() - exact) < 4 * spread
    fourth = np.mean((found - found.mean()) ** 4) / found.var() ** 2
    ratio = (errors**2).mean() / found.var(ddof=1)
    assert abs(np.log(ratio)) < 4 * np.sqrt((fourth - 1) / 300)


# ---------------------------------------------------------------- maps in numbers, diagrams


def test_the_numeric_map_is_the_truncated_one():
    map_ = CumulantMap(nm.build(UNIT, values=VALUES), 3)
    truncated = rg.RGMap(UNIT.subs(EXACT)).truncated(Neglect(3))
    kappa = np.array([[0.5, 1.25, -0.75], [-2.0, 0.5, 3.0]])
    for row, image in zip(kappa, map_(kappa), strict=True):
        exact = truncated({r: R(Fraction(v)) for r, v in enumerate(row, 1)})
        assert image == pytest.approx([float(v) for v in exact.values()], rel=1e-13)
        point = {s: R(Fraction(v)) for s, v in zip(truncated.symbols, row, strict=True)}
        jacobian = np.array(truncated.jacobian.subs(point), dtype=float)
        assert map_.jacobian(row) == pytest.approx(jacobian, rel=1e-7, abs=1e-7)
    far = map_.try_at(np.array([[1e200, 1.0, 0.0], [0.0, 1.0, 0.0]]))
    assert np.isnan(far).any(axis=1).tolist() == [True, False]


def test_newton_finds_exact_fixed_points_with_their_stability():
    net = UNIT.subs({"w": R(1, 2), "a": R(1, 2), "v": R(5, 4), "c": R(-1, 8)})
    map_ = CumulantMap(net, 2)
    exact = rg.RGMap(net).fixed_points(2, Neglect(2))
    rng = np.random.default_rng(0)
    found = search_fixed_points(map_, rng.normal(size=(80, 2)) * [3, 8])
    listed = np.array([[float(p.evalf()[r]) for r in (1, 2)] for p in exact])
    assert len(found) == len(exact) >= 3
    for point in found:
        (k,) = np.flatnonzero(np.abs(listed - point.kappa).max(axis=1) < 1e-6)
        kinds = {e.kind for e in rg.RGMap(net).spectrum(2, Neglect(2), at=exact[k])}
        assert point.stability == {
            frozenset({"irrelevant"}): "stable", frozenset({"relevant"}): "unstable",
            frozenset({"relevant", "irrelevant"}): "saddle",
        }[frozenset(kinds)]
    assert {p.stability for p in search_fixed_points(CumulantMap(layers.BlockSum(1), 2),
                                                     np.ones((1, 2)))} == {"marginal"}


def lines(axes, colour):
    return [line for line in axes.get_lines() if line.get_color() == colour]


def test_diagrams_show_paths_fixed_points_and_what_no_law_has():
    net = UNIT.subs({"w": R(1, 4), "a": 1, "v": 1, "c": R(1, 8)})
    exact = rg.RGMap(net).fixed_points(3, Neglect(3))
    start = laws.Uniform(0, 1)
    figure = nm.flow_diagram(net, (1, 2), 3, starts=[start], steps=5, fixed_points=exact,
                             window=((-1, 3), (0, 1)), arrows=5)
    left, right = figure.axes
    path = lines(left, "#2a6fbb")[0].get_xydata()
    flow = rg.RGMap(net).flow(start, 5, order=3, closure=Neglect(3))
    assert path == pytest.approx(np.array([[float(s[1]), float(s[2])] for s in flow.steps]))
    drawn = {tuple(np.round(line.get_xydata()[0], 9)) for line in lines(left, "#c0262d")}
    inside = {
        (round(x, 9), round(y, 9)) for p in exact
        for x, y in [(float(p.evalf()[1]), float(p.evalf()[2]))] if -1 <= x <= 3 and 0 <= y <= 1
    }
    assert drawn == inside
    assert len(inside) >= 2
    # the Gaussian line of the block sum
    (line,) = lines(right, "#c0262d")
    assert (line.get_xdata() == 0).all()
    own = nm.flow_diagram(net, (1, 2), 3, steps=5, window=((-1, 3), (0, 1)), arrows=5, beside=False)
    assert {tuple(np.round(line.get_xydata()[0], 6)) for line in lines(own.axes[0], "#c0262d")} \
        == {(round(x, 6), round(y, 6)) for x, y in inside}


def test_standardised_planes():
    figure = nm.flow_diagram(layers.BlockSum(4), "standardised", starts=[laws.Exponential(2)],
                             steps=3, beside=False)
    (axes,) = figure.axes
    path = lines(axes, "#2a6fbb")[0].get_xydata()
    t = np.arange(4.0)
    assert path == pytest.approx(np.stack([2 * 2**-t, 6 * 4**-t], axis=1))
    (marker,) = [m for m in lines(axes, "#c0262d") if m.get_marker() == "D"]
    assert marker.get_xydata().tolist() == [[0, 0]]
    plane = Plane("standardised", 4, {2: 4})
    points = np.array([[0.0, -2.0], [1.0, -0.99], [1.0, -1.01], [2.0, 2.0]])
    assert possible(plane.lift(points)).tolist() == [True, True, False, True]
    assert plane.project(plane.lift(points)) == pytest.approx(points)
    assert np.isnan(plane.project(np.zeros(4))).all()
    held = {1: 0.5, 2: 2}
    assert len(nm.flow_diagram(UNIT.subs(EXACT), (3, 4), at=held, arrows=5, steps=2).axes) == 2
    own, none = (len(nm.flow_diagram(layers.BlockSum(2), arrows=5, steps=2, **more).axes[0].lines)
                 for more in ({}, {"starts": []}))
    assert own == none > 0


def test_figures_of_flows(quadratic):
    found = nm.flow(quadratic, laws.Exponential(1), 3, samples=512)
    figure = found.plot()
    assert len(figure.axes) == 5
    solid, dashed = lines(figure.axes[1], "#2a6fbb")
    assert solid.get_ydata() == pytest.approx(found.cumulant(2)[:3])
    assert dashed.get_ydata() == pytest.approx(found.cumulant(2)[2:])
    assert len(nm.flow(quadratic, laws.Exponential(1), 2, order=2, samples=0).plot().axes) == 2


def test_what_cannot_be_followed_is_refused(quadratic):
    law = laws.Exponential(1)
    with pytest.raises(DomainError, match="no value for w, a"):
        nm.flow(UNIT, law, 1)
    with pytest.raises(DomainError, match="steps is 1000"):
        nm.flow_diagram(layers.BlockSum(2), (1, 2), steps=10**30)
    with pytest.raises(DomainError, match="no value for b"):
        nm.flow(layers.BlockSum("b"), law, 1)
    with pytest.raises(DomainError, match="no network"):
        nm.flow("net", law, 1)
    with pytest.raises(DomainError, match="univariate"):
        nm.flow(quadratic, law.iid(2), 1)
    with pytest.raises(DomainError, match="symbols rate"):
        nm.flow(quadratic, laws.Exponential("rate"), 1)
    with pytest.raises(DomainError, match="steps is -1"):
        nm.flow(quadratic, law, -1)
    with pytest.raises(ShapeError, match="flow: more than"):
        nm.flow(layers.BlockSum(2), laws.Exponential(1), steps=10**30)
    with pytest.raises(DomainError, match="measured_steps"):
        nm.flow(quadratic, law, 1, measured_steps=2)
    with pytest.raises(DomainError, match="known by its cumulants"):
        nm.flow(layers.BlockSum(2), laws.CumulantSequence([0, 1, 0, 1]), 1)
    with pytest.raises(OrderError, match="order 3"):
        nm.flow(quadratic, laws.StudentT(3), 1)
    with pytest.raises(ShapeError, match="output units"):
        nm.flow(nm.build(L(2, 2)), law, 1)
    big = nm.build(UNIT, values={"w": 10, "a": 10})
    with pytest.raises(DivergenceError, match="step"):
        nm.flow(big, law, 12, samples=0)
    with pytest.raises(DivergenceError, match="step"):
        nm.flow(big, law, 8, order=1, samples=8, exact_order=2, closure=Neglect(2))
    with pytest.raises(NoClosedFormError, match="leave out the closure"):
        CumulantMap(UNIT.subs(EXACT), 3, Exact())
    short = nm.flow(quadratic, law, 1, order=2, samples=0)
    with pytest.raises(OrderError, match="orders 1 to 2"):
        short.cumulant(3)
    with pytest.raises(OrderError, match="needs order 4"):
        short.negentropy()
    with pytest.raises(DomainError, match=r"ensemble\[k\]"):
        nm.flow_diagram(nm.build(UNIT, seeds=range(2)))
    for plane in ("skew", (2, 2), (2,)):
        with pytest.raises(DomainError, match="plane"):
            nm.flow_diagram(quadratic, plane)
    with pytest.raises(OrderError, match="order 5"):
        nm.flow_diagram(quadratic, (2, 5))
    with pytest.raises(DomainError, match="kappa_2 is held"):
        nm.flow_diagram(quadratic, "standardised", at={2: 0})
    with pytest.raises(DomainError, match="neither a law"):
        nm.flow_diagram(quadratic, starts=[{7: 1}])
