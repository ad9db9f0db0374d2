"""Errors of wide-network propagation against width and K, judged by the spread over networks."""

from itertools import pairwise

import numpy as np
import pytest
from scipy import stats

import numerics as nm
from cumulant_theory import activations
from cumulant_theory.errors import DomainError, OrderError, UnknownNameError


@pytest.fixture(scope="module")
def relu():
    return nm.width_scaling("relu", (16, 32), (1, 2, 3), networks=24, samples=2**14, seed=2)


def critical(comparisons, networks, level=0.01):
    """One-sided quantile of Student's t, by Bonferroni."""
    return stats.t.isf(level / comparisons, networks - 1)


def power_law(exponent, scatter, widths=(8, 16, 32)):
    """A result whose averages follow a power law, with a known relative spread."""
    spread = scatter * np.array([-1.0, 1.0])  # average 0, standard error `scatter`
    squares = {(2, n): float(n) ** exponent * (1 + spread) for n in widths}
    return nm.WidthScaling(
        activations.get("relu"), 3, 100, squares, {n: np.full(2, 1e-9) for n in widths},
        dict.fromkeys(squares, 0.0),
    )  # fmt: skip


def test_error_falls_with_each_order(relu):
    limit = critical(4, relu.networks)
    for width in relu.widths(1):
        for low, high in pairwise(relu.orders):
            gain = relu.gain(high, width)
            assert gain.value > limit * gain.standard_error, (low, width)


def test_error_falls_with_width(relu):
    limit = critical(3, relu.networks)
    for order in relu.orders:
        slope = relu.slopes[order]
        assert slope.value < -limit * slope.standard_error, order


@pytest.mark.parametrize("activation", ["relu", "gelu"])
def test_where_the_propagation_is_exact_only_noise_is_left(activation):
    # a single layer of normal input: every K has the exact means, and the subtracted noise
    # leaves an average of zero
    found = nm.width_scaling(
        activation, (6, 9), (1, 2), layers=1, networks=30, samples=1000, gain=1.3
    )
    values = np.array(list(found.squares.values()))
    assert values[0] == pytest.approx(values[1], abs=1e-14)  # K = 1 and 2 at one width
    errors = [found.error(1, n) for n in (6, 9)]
    limit = stats.t.isf(0.01 / (2 * len(errors)), found.networks - 1)
    assert all(abs(e.value) < limit * e.standard_error for e in errors)
    assert all(values.min() > 0 for values in found.sampling.values())
    assert not any(k in found.slopes for k in (1, 2) if found.error(k, 6).value < 0)


def test_sampling_error_is_that_of_repeated_samples():
    few, many = (
        nm.width_scaling("relu", (8,), (1,), networks=20, samples=s, seed=1) for s in (400, 6400)
    )
    # squared sampling errors go with 1 / samples; twenty networks know them to a few per cent
    assert few.sampling[8].mean() / many.sampling[8].mean() == pytest.approx(16, rel=0.15)


def test_slope_of_a_power_law():
    slope = power_law(-3.0, 0.1).slopes[2]
    assert slope.value == pytest.approx(-3)
    # weights -1/2, 0, 1/2 over log 2
    assert slope.standard_error == pytest.approx(0.1 / np.sqrt(2) / np.log(2))


def test_unresolved_errors_have_no_slope():
    noisy = power_law(-3.0, 0.6)
    assert noisy.resolved(2) == ()
    assert noisy.slopes == {}
    assert noisy.plot().axes[0].get_xscale() == "log"


def test_a_width_does_not_depend_on_the_others(relu):
    alone = nm.width_scaling("relu", (16,), (2,), networks=24, samples=2**14, seed=2)
    assert np.array_equal(alone.squares[2, 16], relu.squares[2, 16])
    assert alone.slopes == {}


def test_largest_width_of_an_order():
    found = nm.width_scaling(
        "gelu", (4, 6), (1, 2), largest={2: 4}, networks=2, samples=100, gain=1.0
    )
    assert (found.widths(1), found.widths(2)) == ((4, 6), (4,))
    with pytest.raises(OrderError, match="K = 2 was not measured at width 6"):
        found.error(2, 6)


def test_table_and_display(relu):
    assert [(row["K"], row["width"]) for row in relu.table] == [
        (k, n) for k in (1, 2, 3) for n in (16, 32)
    ]
    text, html = repr(relu), relu._repr_html_()
    slope = relu.slopes[3]
    shown = f"{slope.value:.2f} ± {slope.standard_error:.2f}"
    assert shown in text
    assert shown in html
    assert "treated as Gaussian" in text or not any(relu.gaussian.values())


def test_figure(relu):
    figure = relu.plot()
    axes = figure.axes[0]
    assert (axes.get_xscale(), axes.get_yscale()) == ("log", "log")
    assert len(figure.legends[0].get_texts()) == 4  # three K and the sampling error
    x, y = axes.get_lines()[0].get_data()
    fitted = np.log(y[-1] / y[0]) / np.log(x[-1] / x[0])
    assert fitted == pytest.approx(relu.slopes[1].value)


@pytest.mark.parametrize(("arguments", "error"), [
    ({"orders": (5,)}, OrderError),
    ({"orders": ()}, OrderError),
    ({"widths": ()}, DomainError),
    ({"widths": (0,)}, DomainError),
    ({"networks": 1}, DomainError),
    ({"networks": 10**30}, DomainError),
    ({"samples": 3}, DomainError),
    ({"layers": 0}, DomainError),
    ({"gain": 0.0}, DomainError),
    ({"activation": "tanh"}, DomainError),
    ({"activation": "rleu"}, UnknownNameError),
])  # fmt: skip
def test_wrong_arguments_are_named(arguments, error):
    options = {"widths": (4,), "orders": (1,), "networks": 2, "samples": 100, **arguments}
    with pytest.raises(error):
        nm.width_scaling(**options)


@pytest.mark.parametrize("wrong", [
    {"activation": None}, {"widths": 4}, {"widths": (True,)}, {"orders": 2}, {"largest": 4},
    {"seed": -1}, {"gain": "a"},
])
def test_wrong_arguments_are_refused(wrong):
    with pytest.raises(DomainError, match=next(iter(wrong)) + "|no activation"):
        nm.width_scaling(**{"widths": (4,), "networks": 2, "samples": 200, **wrong})


def test_samples_that_overflow_are_refused():
    with pytest.raises(DomainError, match="smaller gain"):
        nm.width_scaling("square", (4,), (1,), networks=2, samples=200, layers=6, gain=100.0)
