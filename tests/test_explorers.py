"""The explorers without a browser: their data by other routes, and every value of every control."""

import subprocess
import sys
import threading
import time
from fractions import Fraction
from itertools import product
from math import comb

import numpy as np
import pytest
import sympy as sp
from scipy import stats

import numerics as nm
from cumulant_theory import activations, laws, layers, symmetries
from cumulant_theory.errors import (
    DomainError,
    MissingDependencyError,
    OrderError,
    SymmetryError,
    UnknownNameError,
)
from cumulant_theory.rg import RGMap
from numerics import explorers
from numerics.explorers import clickable, keeping, layout
from numerics.explorers.tying import fitting, independent_cumulants

pytest.importorskip("ipywidgets")
pytest.importorskip("anywidget")


def driven(explorer, most=5):
    """Every control through its values, one at a time, from where it stands."""
    for name, widget in explorer.controls.items():
        start = widget.value
        if hasattr(widget, "options"):
            values = [v[1] if isinstance(v, tuple) else v for v in widget.options]
        else:
            values = list(np.linspace(widget.min, widget.max, 5).tolist())
            if isinstance(widget.value, int):
                values = list(range(widget.min, widget.max + 1))
        dropdown = not hasattr(widget, "readout")
        for value in values if dropdown else values[:: max(1, len(values) // most)]:
            widget.value = value
            yield name, value
        if start in values or not hasattr(widget, "options"):
            widget.value = start


def enumerated(points, probs, b, order):
    """Cumulants of the sum of b copies of a finite law, from its moments, in fractions."""
    moments = [Fraction(0)] * (order + 1)
    for draw in product(range(len(points)), repeat=b):
        weight, total = Fraction(1), Fraction(0)
        for k in draw:
            weight, total = weight * probs[k], total + points[k]
        for r in range(order + 1):
            moments[r] += weight * total**r
    kappa = [Fraction(0)]
    for r in range(1, order + 1):
        kappa.append(moments[r] - sum(
            comb(r - 1, k - 1) * kappa[k] * moments[r - k] for k in range(1, r)
        ))
    return kappa[1:]


# ---------------------------------------------------------------------------- flow of a law


@pytest.mark.parametrize(("b", "steps", "s"), [(2, 2, "1/2"), (3, 1, "7/20"), (2, 2, "1")])
def test_flow_is_that_of_the_sums_enumerated(b, steps, s):
    points, probs = (-2, 0, 1), (Fraction(1, 6), Fraction(1, 3), Fraction(1, 2))
    law = laws.Discrete(points, [sp.Rational(p.numerator, p.denominator) for p in probs])
    data = explorers.rg_flow_data(law, b, s, steps, 5)
    kappa = np.array(enumerated(points, probs, b**steps, 5), dtype=float)
    scale = float(b) ** (-float(sp.Rational(s)) * steps * np.arange(1, 6))
    assert np.allclose(data.cumulants[-1], kappa * scale, rtol=1e-12)
    assert np.allclose(data.standardised[-1], kappa / kappa[1] ** (np.arange(1, 6) / 2))


@pytest.mark.parametrize("law", explorers.known_laws().values(), ids=str)
def test_flow_is_that_of_the_map_iterated(law):
    data = explorers.rg_flow_data(law, 3, "2/5", 3, 4)
    steps = RGMap(layers.BlockSum(3, sp.Rational(2, 5))).flow(law, 3, 4).steps
    expected = [[float(step[r]) for r in range(1, 5)] for step in steps]
    assert np.allclose(data.cumulants, expected, rtol=1e-12)
    for r in range(1, 5):
        closed = sp.lambdify(sp.Symbol("t"), data.closed_form(r))
        assert np.allclose(data.standardised[:, r - 1], [closed(t) for t in range(4)])


@pytest.mark.parametrize(("b", "steps"), [(2, 6), (3, 4), (8, 3)])
def test_density_of_sums_of_exponentials_is_a_gamma_density(b, steps):
    data = explorers.rg_flow_data(laws.Exponential(1), b, steps=steps)
    for t in range(1, steps + 1):
        n = b**t
        exact = stats.gamma.pdf(data.x * n**0.5 + n, n) * n**0.5
        step = data.x[1] - data.x[0]
        assert np.abs(exact - data.densities[t]).sum() * step < 0.01  # the grid resolves 1/20


def test_a_density_too_peaked_for_the_grid_is_not_drawn():
    data = explorers.rg_flow_data(laws.Gamma(sp.Rational(1, 10), 100), steps=3)
    assert data.densities is None
    assert "too peaked" in data.why
    assert "too peaked" in data._repr_html_()
    assert not explorers.rg_flow_figure(data).axes[2].lines
    for law in explorers.known_laws().values():
        assert explorers.rg_flow_data(law, 2, steps=3).densities is not None, law


@pytest.mark.parametrize("s", ["0", "1/20", "1/2", "1", "3/2"])
def test_no_legend_lies_on_an_eigenvalue(s):
    for order in (2, 5, 8):
        data = explorers.rg_flow_data(laws.Exponential(1), 8, s, 2, order)
        figure = explorers.rg_flow_figure(data)
        figure.canvas.draw()
        axes = figure.axes[3]
        box = axes.get_legend().get_window_extent()
        assert box.x0 >= axes.bbox.x0
        for line in axes.lines:
            if line.get_marker() == "o":
                ends = axes.transData.transform(line.get_xydata())
                assert not any(box.x0 <= x <= box.x1 and y >= box.y0 - 4 for x, y in ends)


def test_learned_map_is_drawn_beside_the_block_sum():
    mirror = layers.Linear(2, 1, weight=[[-sp.sqrt(2) / 2] * 2])
    explorer = explorers.rg_flow("exponential(1)", b=5, network=mirror)
    assert explorer.data.b == 2
    assert explorer.controls["b"].disabled
    third = np.ravel(explorer.data.learned.cumulant(3))
    assert np.allclose(third, 2 * (-(2**-0.5)) ** np.arange(7))
    assert np.allclose(explorer.data.cumulants[:, 2], np.abs(third))


def test_impossible_flows_say_what_to_do():
    with pytest.raises(OrderError, match="order 5"):
        explorers.rg_flow_data(laws.StudentT(5), order=5)
    with pytest.raises(DomainError, match="numbers as parameters"):
        explorers.rg_flow_data(laws.Normal(0, "sigma"))
    with pytest.raises(DomainError, match="variance 0"):
        explorers.rg_flow_data(laws.Discrete([3]))
    with pytest.raises(DomainError, match="b is 1"):
        explorers.rg_flow_data(laws.Exponential(1), b=1)
    explorer = explorers.rg_flow("student_t(5)")
    explorer.set(order=6)
    assert "no cumulant" in explorer.message
    assert explorer.data is None
    assert explorer.figure is None
    explorer.set(order=4)
    assert explorer.message == ""


# ---------------------------------------------------------------------------- tied weights


@pytest.mark.parametrize("name", symmetries.catalogue())
def test_dimension_by_basis_projector_and_burnside(name):
    group = explorers.known_symmetries()[name]
    for inputs, fits in fitting(group, (1, 2, 3, 4, 6)).items():
        data = explorers.symmetry_data(group, fits[-1], inputs, 2)
        p = data.projector
        assert np.allclose(p @ p, p)
        assert np.allclose(p, p.T)
        assert data.rank == data.tying.dimension == round(np.trace(p))
        assert data.burnside in (None, data.rank)


def permutation_matrices(generators):
    return [(sp.Matrix(len(g), len(g), lambda i, j, g=g: int(g[j] == i)), False)
            for g in generators]


@pytest.mark.parametrize("name", ["cyclic", "dihedral", "permutation_equivariant", "reflection"])
def test_orbits_and_invariant_tensors_are_as_many(name):
    data = explorers.symmetry_data(symmetries.get(name)(), 4, 4, 4)
    matrices = permutation_matrices([a.inp.images for a in data.tying.actions])
    assert {r: few for r, (few, _) in data.inputs.items()} == {
        r: independent_cumulants(matrices, 4, r) for r in range(1, 5)
    }


def test_independent_cumulants_by_molien_series():
    # cyclic group of order 3 on the plane: invariants |z|^2, Re z^3, Im z^3, so the series is
    # (1 + t^3) / ((1 - t^2) (1 - t^3))
    turn = sp.Matrix([[0, -1], [1, -1]])
    t = sp.Symbol("t")
    series = sp.series((1 + t**3) / ((1 - t**2) * (1 - t**3)), t, 0, 8).removeO()
    for r in range(1, 8):
        assert independent_cumulants([(turn, False)], 2, r) == series.coeff(t, r)


def test_a_rotation_keeps_powers_of_the_radius():
    spin = sp.Matrix([[0, -1, 0], [1, 0, 0], [0, 0, 0]])
    tip = sp.Matrix([[0, 0, 0], [0, 0, -1], [0, 1, 0]])
    for r in range(1, 6):
        assert independent_cumulants([(spin, True), (tip, True)], 3, r) == (r % 2 == 0)
    assert independent_cumulants([], 3, 4) == 15


def test_sizes_on_offer_are_those_that_fit():
    explorer = explorers.symmetry("cyclic", 3, 3)
    explorer.set(group="alternating")
    assert "does not fit 3 × 3" in explorer.message
    assert explorer.state["inputs"] == 4
    assert tuple(explorer.controls["inputs"].options) == (2, 4, 6, 8)
    for inputs in explorer.controls["inputs"].options:
        explorer.set(inputs=inputs)
        assert explorer.message == ""
        for outputs in explorer.controls["outputs"].options:
            assert explorers.symmetry_data(symmetries.Alternating(), outputs, inputs, 2).rank > 0
    with pytest.raises(SymmetryError, match="use an even in_features"):
        explorers.symmetry("alternating", 2, 3)
    with pytest.raises(SymmetryError, match="neither number is a multiple"):
        explorers.symmetry_data(symmetries.Cyclic(), 3, 4)


# ---------------------------------------------------------------------------- failure


def moments_of_output(unit, values, law, order):
    """Cumulants of a polynomial of x_1 + x_2 on a finite law, in fractions."""
    points, probs = zip(*law.support(), strict=True)
    outputs, weights = [], []
    for (x, p), (y, q) in product(zip(points, probs, strict=True), repeat=2):
        slope, quadratic, shift = values
        total = x + y
        outputs.append(slope * total + quadratic * total**2 + shift)
        weights.append(p * q)
    moments = [sum(w * o**r for w, o in zip(weights, outputs, strict=True))
               for r in range(order + 1)]
    kappa = [0]
    for r in range(1, order + 1):
        kappa.append(moments[r] - sum(
            comb(r - 1, k - 1) * kappa[k] * moments[r - k] for k in range(1, r)
        ))
    return np.array([float(k) for k in kappa[1:]])


def test_residuals_of_the_tied_unit_by_enumeration():
    test = laws.Discrete([-1, 0, 3], [sp.Rational(1, 2), sp.Rational(1, 4), sp.Rational(1, 4)])
    tied = explorers.usual_units()["tied, z + a z²"]
    data = explorers.failure_data(tied, test=test, seeds=0)
    slope, curve = sp.Rational(3, 5), sp.Rational(-1, 7)
    shift = -2 * curve  # zero mean on standard normal inputs: E (x_1 + x_2)^2 = 2
    assert data.others[sp.Symbol("c")].subs(sp.Symbol("Q_11"), curve) == shift
    ours = moments_of_output(tied, (slope, curve, shift), test, 4)
    target = np.array([float(test.cumulant(r)) * 2 ** (1 - r / 2) for r in range(1, 5)])
    found = data.residuals("test", float(slope), float(curve))
    assert np.allclose([found[r] for r in range(1, 5)], ours - target)


def test_trained_networks_lie_on_the_training_variety():
    for name, unit in explorers.usual_units().items():
        for order in (2, 3):
            data = explorers.failure_data(unit, order=order)
            assert len(data.networks) + data.left_out == 24
            assert len(data.networks) > 12
            missed = data.residuals("train", *data.networks.T)
            assert max(np.abs(missed[r]).max() for r in range(1, order + 1)) < 1e-8, name
            nearest = [min(data.violations(*p)) for p in data.networks]
            assert max(nearest) < 1e-5


def test_branches_of_the_tied_unit():
    data = explorers.failure_data(explorers.usual_units()["tied, z + a z²"], order=4, seeds=0)
    places = {number: (x, y) for number, x, y in data.isolated}
    assert np.allclose(places[1], (2**-0.5, 0))
    assert np.allclose(places[2], (-(2**-0.5), 0))
    assert [b.generalises for b in data.analysis.branches] == [True, False]
    right, mirror = (data.residuals("test", *places[k]) for k in (1, 2))
    assert max(abs(float(v)) for v in right.values()) < 1e-9
    assert np.isclose(mirror[3], -2 * 2**0.5)


def test_buttons_of_the_failure_explorer():
    explorer = explorers.failure(order=2)
    to_variety, to_network = explorer.buttons
    explorer.set(x=0.3, y=0.2)
    to_variety.click()
    x, y = explorer.state["x"], explorer.state["y"]
    assert min(explorer.data.violations(x, y)) < 1e-9
    assert "on branch 1" in explorer.shown.below
    to_network.click()
    assert np.allclose([explorer.state["x"], explorer.state["y"]], explorer.data.networks[0])
    explorer.set(network="free, linear")
    assert explorer.controls["x"].description == "$l_{11}$"
    assert explorer.message == ""


def test_a_place_wished_for_in_the_plane_moves_the_point():
    explorer = explorers.failure(seeds=0)
    page, views = explorer._body, []
    page.observe(lambda change: views.append(change.new), "value")
    left = explorer.figure.axes[0]
    west, east, south, north = page.limits
    assert (west, east, south, north) == (*left.get_xlim(), *left.get_ylim())
    page.wish = (0.3141, -0.2718, 1)  # what a click sends
    assert page.answered == 1
    assert (explorer.state["x"], explorer.state["y"]) == (0.31, -0.27)
    assert len(views) == 1
    star = explorer.figure.axes[0].lines[-1]
    assert np.allclose(star.get_xydata(), [[0.31, -0.27]])
    assert page.point == (0.31, -0.27)
    # the place on the screen that the browser takes for the point is where the star is drawn
    x, top, width, height = page.place
    seen = [x + width * (0.31 - west) / (east - west),
            1 - top - height * (north + 0.27) / (north - south)]
    drawn = explorer.figure.transFigure.inverted().transform(
        left.transData.transform((0.31, -0.27)))
    assert np.allclose(seen, drawn)
    page.wish = (99.0, -99.0, 2)
    assert explorer.state["x"] == explorer.controls["x"].max <= east
    assert explorer.state["y"] == explorer.controls["y"].min >= south
    explorer.set(network="free, linear")
    assert page.limits == (*explorer.figure.axes[0].get_xlim(), *explorer.figure.axes[0].get_ylim())
    assert page.point == (explorer.state["x"], explorer.state["y"])
    assert page.names == ("l11", "l12")
    assert page.steps == (0.01, 0.01)
    assert page.movable
    drawn = page.value.partition(f'id="{clickable.STAR}"')[2]
    assert drawn.index("<use ") < drawn.index("</g>")  # what the browser moves


def test_places_that_wait_are_passed_over_but_for_the_last():
    explorer = explorers.failure(seeds=0)
    own, seen = explorer.view, []

    def view(**state):
        seen.append((state["x"], state["y"]))
        return own(**state)

    explorer.view = view
    goals = [(round(0.1 * k, 2), round(-0.05 * k, 2), k) for k in range(1, 6)]
    waiting = []
    with explorer._lock:  # the kernel computes
        for goal in goals:
            waiting.append(threading.Thread(target=setattr, args=(explorer._body, "wish", goal)))
            waiting[-1].start()
            while explorer._body.wish != goal:
                time.sleep(0.001)
    for thread in waiting:
        thread.join(60)
    assert seen == [goals[-1][:2]]
    assert explorer._body.answered == 5
    assert (explorer.state["x"], explorer.state["y"]) == goals[-1][:2]


def test_work_is_told_until_it_ends_even_badly():
    explorer = explorers.failure(seeds=0)
    own, told = explorer.view, []

    def view(**state):
        told.append(explorer._body.busy)
        return own(**state)

    explorer.view = view
    assert not explorer._body.busy
    explorer.set(x=0.1)
    assert told == [True]
    assert not explorer._body.busy

    def broken(**state):
        raise ZeroDivisionError

    explorer.view = broken
    with pytest.raises(ZeroDivisionError):
        explorer.set(x=0.2)
    assert not explorer._body.busy


def test_the_notebook_keeps_what_was_shown_last(monkeypatch):
    import IPython.display

    shown, renewed = [], []
    monkeypatch.setattr(IPython.display, "display", lambda data, **how: shown.append((data, how)))
    monkeypatch.setattr(
        IPython.display, "update_display", lambda data, **how: renewed.append((data, how))
    )
    monkeypatch.setattr(keeping, "_PAUSE", 600)
    explorer = explorers.failure(seeds=0)
    explorer.set(x=0.1)
    assert renewed == []  # it is nowhere yet
    explorer._ipython_display_()
    (live, _), (kept, how) = shown
    name = how["display_id"]
    assert "application/vnd.jupyter.widget-view+json" in live
    assert live["text/html"] == ""
    assert name in explorer.box._dom_classes
    assert f"body:has(.{name}) .{name}-kept" in kept["text/html"]
    assert explorer.snapshot() in kept["text/html"]
    explorer.set(x=0.3)
    [(data, how)] = renewed
    assert explorer.snapshot() in data["text/html"]
    assert how["display_id"] == name
    for k in range(3):  # a drag
        explorer._body.wish = (0.1 * k, 0.0, k + 1)
        waiting = [one for one in threading.enumerate() if isinstance(one, threading.Timer)]
        assert [one for one in waiting if not one.finished.is_set()] == [explorer._kept._waits]
    assert len(renewed) == 1
    explorer._kept._waits.cancel()
    explorer._kept._waits.function()  # the time is over
    assert explorer.snapshot() in renewed[-1][0]["text/html"]


def test_a_slider_keeps_an_exact_value_that_the_browser_rounds():
    explorer = explorers.failure(seeds=0)
    slider = explorer.controls["x"]
    explorer.set(x=0.5**0.5)
    slider.set_state({"value": 0.71})  # what the browser answers
    assert slider.value == 0.5**0.5
    slider.set_state({"value": 0.72})
    assert slider.value == explorer.state["x"] == 0.72


def test_messages_at_once_are_answered_one_after_the_other():
    explorer = explorers.failure(seeds=0)
    own, together = explorer.view, []
    free = threading.Lock()

    def view(**state):
        together.append(not free.acquire(blocking=False))
        try:
            return own(**state)
        finally:
            if not together[-1]:
                free.release()

    explorer.view = view
    goals = [(0.1 * k, -0.05 * k) for k in range(4)]
    threads = [
        threading.Thread(target=lambda k=k: setattr(explorer._body, "wish", (*goals[k], k + 1)))
        for k in (0, 2)
    ] + [threading.Thread(target=lambda x=x: explorer.set(x=x)) for x, _ in goals[1::2]]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert not any(together)
    explorer.set(x=0.2, y=0.1)
    assert np.allclose(explorer.figure.axes[0].lines[-1].get_xydata(), [[0.2, 0.1]])
    explorer._body.wish = (-0.4, 0.2, 9)
    assert explorer.state["x"] == -0.4  # it still listens


def test_planes_that_are_not_determined_name_the_unknowns():
    wide = layers.Linear(3, 1, bias=True, name="l")
    with pytest.raises(DomainError, match="l_11, l_12, l_13; name two"):
        explorers.failure_data(wide, seeds=0)
    data = explorers.failure_data(wide, plane=("l_11", "l_13"), fixed={"l_12": "1/2"}, seeds=0)
    assert sp.expand(data.train[2] - sp.sympify("l_11**2 + l_13**2 - 3/4")) == 0
    with pytest.raises(DomainError, match="l_9 is no unknown"):
        explorers.failure_data(wide, plane=("l_11", "l_9"), seeds=0)
    with pytest.raises(DomainError, match=r"l_13 of .* is no shift"):
        explorers.failure_data(wide, plane=("l_11", "l_12"), seeds=0)


def test_a_family_is_drawn_at_one_member():
    unit = explorers.usual_units()["free, linear"]
    data = explorers.failure_data(
        unit, train=laws.Normal(0, "sigma"), test=laws.Gamma("alpha", 1),
        member={"sigma": 2, "alpha": 3}, seeds=0,
    )
    assert data.train_law == laws.Normal(0, 2)
    l1, l2 = data.axes
    assert sp.expand(data.train[2] - 4 * (l1**2 + l2**2 - 1)) == 0
    assert sp.expand(data.test[3] - (6 * (l1**3 + l2**3) - 3 * sp.sqrt(2))) == 0


# ---------------------------------------------------------------------------- wide networks


def test_errors_of_wide_networks_against_quadrature():
    # one layer: E relu(z + c) of a normal z in closed form, so the prediction is exact and the
    # unbiased estimate of its squared error is zero within its standard error
    found = explorers.wide_data(16, 1, "relu", 1, seed=3, samples=2**15)
    assert abs(found.squares[0, 0]) < 4 * found.standard_errors[0, 0]
    found = explorers.wide_data(16, 3, "relu", 3, seed=3, samples=2**16)
    assert (np.diff(found.squares[:, -1]) < 0).all()
    assert found.resolved[0, 1:].all()


def test_standard_errors_of_errors_are_right():
    first = [explorers.wide_data(6, 2, "tanh", (1,), seed=1, samples=n)
             for n in range(4096, 4096 + 32 * 40, 32)]
    values = np.array([f.squares[0, -1] for f in first])
    claimed = np.sqrt(np.mean([f.standard_errors[0, -1] ** 2 for f in first]))
    ratio = values.std(ddof=1) / claimed
    assert 0.65 < ratio < 1.5  # 40 repetitions: four standard errors are 0.45


def test_orders_that_stand_in_are_told():
    told, seen = "K = 4 gives what K = 3 gives in the last layer", set()
    for depth in (2, 6):
        found = explorers.wide_data(16, depth, "relu", 4, samples=2**12)
        rng = np.random.default_rng([0, 16, depth])  # the network of the explorer
        weights = [np.sqrt(2 / 16) * rng.standard_normal((16, 16)) for _ in range(depth)]
        biases = [0.2 * rng.standard_normal(16) for _ in range(depth)]
        behind = [
            nm.propagate(weights, biases, "relu", K=k, output_activation=True).health.orders[-1]
            for k in (3, 4)
        ]
        assert (told in found._repr_html_()) == (behind[0] == behind[1])
        seen.add(behind[0] == behind[1])
    assert seen == {True, False}


def test_truth_is_sampled_once_and_progress_is_told():
    told = []
    explorers.wide_data(5, 2, "gelu", 1, 7, 4096, lambda share, what: told.append((share, what)))
    assert told[0] == (0.0, "sampling, 4 096 inputs")
    shares = [share for share, _ in told]
    assert shares == sorted(shares)
    again = []
    explorers.wide_data(5, 2, "gelu", 1, 7, 4096, lambda share, what: again.append(what))
    assert not [what for what in again if what.startswith("sampling")]


def test_wrong_arguments_of_wide_networks():
    with pytest.raises(OrderError, match="K is 5"):
        explorers.wide_data(K=5)
    with pytest.raises(OrderError, match="-1"):
        explorers.wide_data(K=-1)
    for width in (0, 10**30):
        with pytest.raises(DomainError, match=f"width is {width}"):
            explorers.wide_data(width=width)
    with pytest.raises(UnknownNameError, match="rleu"):
        explorers.wide_data(activation="rleu")


# ---------------------------------------------------------------------------- the frame


@pytest.mark.parametrize(("make", "messages"), [
    (lambda: explorers.rg_flow("uniform(0, 1)", steps=2), {"no cumulant"}),
    (lambda: explorers.symmetry("cyclic", 2, 4), {"does not fit"}),
    (lambda: explorers.failure(seeds=0), set()),
    (lambda: explorers.wide(8, 2, K=2, samples=4096, widths=(8, 12)), set()),
], ids=["rg_flow", "symmetry", "failure", "wide"])
@pytest.mark.slow
def test_every_value_of_every_control(make, messages, monkeypatch):
    explorer = make()
    drawn, calls = layout.picture, []

    def now_and_then(figure, label):
        calls.append(label)
        return drawn(figure, label) if len(calls) % 10 == 0 else "<svg></svg>"

    monkeypatch.setattr(layout, "picture", now_and_then)  # most of the time goes into pictures
    seen = []
    if "samples" in explorer.controls:
        explorer.controls["samples"].options = [("4096", 4096), ("10 000", 10**4)]
    for name, value in driven(explorer):
        seen.append(name)
        told = explorer.message
        assert not told or any(m in told for m in messages), (name, value, told)
        assert explorer.shown is not None or told
    assert set(seen) == set(explorer.controls)
    monkeypatch.undo()
    page = explorer._repr_html_()
    assert page.count("<svg") >= 1
    assert page.count("<div") == page.count("</div>")


def test_pictures_take_the_colour_of_the_text():
    drawn = explorers.rg_flow("exponential(1)").snapshot()
    assert "currentColor" in drawn
    assert "#000000" not in drawn
    assert "<style" not in drawn
    assert drawn.count("<math") > 10


def test_a_snapshot_names_first_options_by_their_labels():
    told = explorers.wide(8, 1, K=1, samples=10**4).snapshot()
    assert "samples 10 000" in told
    named = {"the law": laws.Exponential(1)}
    law = explorers.rg_flow(laws.Exponential(1), steps=1, choices=named)
    assert "law Exponential(1)," in law.snapshot()


def test_unknown_controls_are_named():
    with pytest.raises(UnknownNameError, match="block"):
        explorers.rg_flow("exponential(1)").set(block=3)
    with pytest.raises(DomainError, match="inputs cannot be 3; it offers 2, 4, 6, 8"):
        explorers.symmetry("alternating", 1, 2).set(inputs=3)


def test_without_ipywidgets(monkeypatch):
    monkeypatch.setitem(sys.modules, "ipywidgets", None)
    with pytest.raises(MissingDependencyError, match=r"cumulant-theory\[notebooks\]"):
        layout.widgets()
    assert explorers.rg_flow_figure(explorers.rg_flow_data(laws.Exponential(1))).axes


def test_without_anywidget(monkeypatch):
    monkeypatch.setitem(sys.modules, "anywidget", None)
    clickable._kind.cache_clear()
    with pytest.raises(MissingDependencyError, match=r"cumulant-theory\[notebooks\]"):
        explorers.failure(seeds=0)
    assert explorers.symmetry("cyclic", 2, 2).message == ""


@pytest.mark.parametrize("place", range(2))
def test_no_legend_lies_on_a_curve_of_cumulants(place):
    mirror = layers.Linear(2, 1, weight=[[-sp.sqrt(2) / 2] * 2])
    for law, order in product((laws.Exponential(1), laws.Normal(0, 1)), (2, 5, 8)):
        data = explorers.rg_flow_data(law, 2, steps=5, order=order, network=(None, mirror)[place])
        figure = explorers.rg_flow_figure(data)
        figure.canvas.draw()
        (legend,) = figure.legends
        box = legend.get_window_extent()
        assert box.x1 <= figure.bbox.x1
        for axes in figure.axes:
            assert not box.overlaps(axes.title.get_window_extent())
            assert not box.overlaps(axes.get_window_extent())
        assert len(legend.texts) == order + place


def test_import_needs_no_widgets_and_no_matplotlib():
    code = (
        "import sys, numerics, numerics.explorers\n"
        "bad = {'anywidget', 'ipywidgets', 'matplotlib', 'torch'} & set(sys.modules)\n"
        "assert not bad, bad"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=120)


def test_explorers_are_public():
    assert nm.explorers is explorers
    assert activations.ReLU().name in explorers.wide(8, 1, K=1, samples=64).controls[
        "activation"].options
