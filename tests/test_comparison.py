"""Comparison: false alarms, detection, Holm, skewness, rounding, renderings, bad input."""

import re
import xml.etree.ElementTree as ET
from fractions import Fraction

import numpy as np
import pytest
from markup import bare
from scipy import stats

from cumulant_theory.errors import DomainError, ShapeError
from numerics.comparison import (
    Comparison,
    Measurement,
    Prediction,
    compare,
    holm,
    skewness_corrected_t,
)
from numerics.kstatistics import KStatistics

NORMAL = {(1,): 0.0, (2,): 1.0, (3,): 0.0, (4,): 0.0}


def _measure(data, **names):
    """Measurement of one layer per entry of a dict of arrays."""
    ks = {layer: KStatistics(x.shape[-1]).update(x) for layer, x in data.items()}
    tables = [
        {layer: {a: getattr(k, name)(a) for a in k.alphas} for layer, k in ks.items()}
        for name in ("cumulant", "standard_error", "skewness", "heavy")
    ]
    batches = {layer: k.batches for layer, k in ks.items()}
    return Measurement(tuple(data), *tables, batches=batches, **names)


def _one(value=0.0, se=0.1, skewness=0.0, heavy=False, alpha=(1,), batches=300):
    return Measurement(("y",), *({"y": {alpha: v}} for v in (value, se, skewness, heavy)), batches)


def _predict(value=0.0, alpha=(1,)):
    return Prediction(("y",), {"y": {alpha: value}})


def _slow_holm(p):
    """Step-down by the definition: reject the smallest while p (m - k) stays below the level."""
    out, worst, left = [None] * len(p), 0.0, list(range(len(p)))
    while left:
        smallest = min(left, key=lambda k: p[k])
        worst = max(worst, min(1.0, p[smallest] * len(left)))
        out[smallest] = worst
        left.remove(smallest)
    return out


def test_holm_equals_slow_reference():
    p = np.random.default_rng(0).uniform(size=40) ** 3
    p[5] = p[17]
    assert holm(p).tolist() == _slow_holm(list(p))
    assert holm(p.reshape(4, 10)).tolist() == holm(p).reshape(4, 10).tolist()
    assert holm([]).size == 0


def test_null_p_values_are_uniform_and_false_alarms_rare():
    """60 ensembles of 5 networks: at most as many alarms as 60 draws at 1 % allow."""
    x = np.random.default_rng(1).normal(size=(300, 8000, 1))
    alarms, p = 0, []
    for part in np.split(x, 60):
        result = compare(Prediction(("y",), {"y": NORMAL}), _measure({"y": part}))
        alarms += result.contradicts
        p.append(result.columns["p"].reshape(4, 5))
    assert stats.binom.sf(alarms - 1, 60, 0.01) > 1e-3
    for order in range(4):
        assert stats.kstest(np.concatenate([q[order] for q in p]), "uniform").pvalue > 1e-3


@pytest.mark.parametrize("order", [1, 2, 3, 4])
def test_planted_deviation_is_found_where_it_is(order):
    m = _measure({"y": np.random.default_rng(2).normal(size=(7, 8000, 1))})
    values = {a: np.full(7, v) for a, v in NORMAL.items()}
    values[order,][3] = m.values["y"][order,][3] - 6 * m.standard_errors["y"][order,][3]
    result = compare(Prediction(("y",), {"y": values}), m)
    found = [(r.alpha, r.network) for r in result.rows if r.verdict == "disagree"]
    assert found == [((order,), 3)]
    assert result.contradicts
    assert not result.agrees
    assert (result.worst.alpha, result.worst.network) == ((order,), 3)


def test_skewed_means_have_fair_tails():
    """Batches of 1 exponential each, 30 of them: plain t has lopsided tails, corrected less."""
    x = np.random.default_rng(3).exponential(size=(40_000, 30))
    t = (x.mean(axis=1) - 1) / (x.std(axis=1, ddof=1) / np.sqrt(30))
    corrected = skewness_corrected_t(t, stats.skew(x, axis=1), 30)
    cut = stats.t.isf(0.005, 29)
    plain_low, low = (t < -cut).sum(), (corrected < -cut).sum()
    excess = (plain_low - 200) / np.sqrt(200), (low - 200) / np.sqrt(200)
    assert excess[0] > 10
    assert excess[1] < excess[0] / 3


def test_skewness_correction_never_turns_back():
    t = np.linspace(-200, 200, 4001)
    for g in (-15.0, -1.0, 0.0, 2.0, 15.0):
        assert (np.diff(skewness_corrected_t(t, g, 250)) >= 0).all()
    assert compare(_predict(0.0), _one(-6.0, skewness=1.0, batches=390)).contradicts


def test_correction_reduces_to_johnson_near_zero():
    t, g, b = 0.3, 0.8, 200
    johnson = t + g / (6 * np.sqrt(b)) + g * t**2 / (3 * np.sqrt(b))
    cubic = (g / np.sqrt(b)) ** 2 * t**3 / 27
    assert float(skewness_corrected_t(t, g, b)) == pytest.approx(johnson + cubic, rel=1e-14)


def test_heavy_rows_are_neither_agreement_nor_rejection():
    for value in (0.0, 100.0):
        result = compare(_predict(0.0), _one(value, heavy=True))
        assert result.rows[0].verdict == "undecided"
        assert np.isnan(result.rows[0].p_holm)
        assert not result.agrees
        assert not result.contradicts


def test_student_tails_for_few_batches():
    result = compare(_predict(0.0), _one(0.4, se=0.1, batches=4))
    assert result.rows[0].p == pytest.approx(2 * stats.t.sf(4, 3))
    assert result.agrees


def test_constant_units():
    def run(predicted, measured):
        return compare(_predict(predicted), _one(measured, se=0.0)).rows[0]

    assert run(0.0, 0.0)[7:11] == (0.0, 1.0, 1.0, "agree")
    assert run(0.1 + 0.2, 0.3).verdict == "agree"
    row = run(0.3, 0.3 + 1e-9)
    assert (row.z, row.p, row.verdict) == (np.inf, 0.0, "disagree")
    assert run(0.3, 0.3 - 1e-9).z == -np.inf


def _samples(x, order, cumulants):
    """Prediction beside the measurement of samples (networks, n)."""
    k = KStatistics(1, order=order).update(x[..., None])
    tables = [
        {"y": {a: getattr(k, name)(a) for a in k.alphas}}
        for name in ("cumulant", "standard_error", "skewness", "heavy")
    ]
    law = {(r,): float(c) for r, c in enumerate(cumulants[:order], 1)}
    m = Measurement(("y",), *tables, batches=k.batches, samples=x.shape[-1])
    return compare(Prediction(("y",), {"y": law}), m)


@pytest.mark.parametrize("count", [3, 8])
def test_size_with_few_batches(count):
    """Against 1e-3 by the binomial law; the correction alone would be 3.6 and 2.3 times that."""
    repeats = 20_000
    x = np.random.default_rng(7).standard_normal((count, repeats))
    away = x - x.mean(0)
    second = (away**2).mean(0)
    m = _one(x.mean(0), np.sqrt(second / (count - 1)), (away**3).mean(0) / second**1.5,
             np.zeros(repeats, bool), batches=count)  # fmt: skip
    p = compare(_predict(0.0), m).columns["p"]
    assert stats.binomtest(int((p < 1e-3).sum()), repeats, 1e-3, "greater").pvalue > 1e-3


def test_batches_that_are_equal_by_chance():
    x = np.random.default_rng(8).choice([-1.0, 1.0], size=(400, 64))
    result = _samples(x, 2, [0, 1])
    equal = (result.columns["standard_error"] == 0) & (result.columns["measured"] != 0)
    equal &= np.array([a == (1,) for a in result.columns["alpha"]])
    assert result.columns["batches"][0] == 2
    assert equal.sum() > 20
    assert set(result.columns["verdict"][equal]) == {"undecided"}
    assert result.count("disagree") == 0


@pytest.mark.parametrize(("q", "verdict"), [(1e-4, "undecided"), (1e-2, "disagree")])
def test_rare_events_that_are_not_met(q, verdict):
    """An event of probability q is missed by n samples with probability (1 - q)^n."""
    n, v = 2000, q * (1 - q)
    law = [q, v, v * (1 - 2 * q), v * (1 - 6 * v)]
    for order in (2, 4):
        rows = _samples(np.zeros((1, n)), order, law).rows
        assert {r.verdict for r in rows} == {verdict}
        assert [r.p for r in rows] == pytest.approx([(1 - q) ** n] * order, rel=1e-9)


def test_constant_units_of_laws_that_scatter():
    assert _samples(np.full((1, 2000), 3.0), 4, [3, 0, 0, 0]).agrees
    assert _samples(np.full((1, 2000), 3.0), 4, [2, 0, 0, 0]).contradicts
    normal = _samples(np.full((1, 2000), 3.0), 4, [3, 1, 0, 0])
    assert [r.verdict for r in normal.rows] == ["agree", "disagree", "agree", "agree"]


def test_cancelling_unit_is_constant_to_rounding():
    """0.1 x + 0.2 x - 0.3 x leaves rounding noise with a mean many standard errors from 0."""
    x = np.random.default_rng(4).exponential(size=(20_000, 1))
    y = 0.1 * x + 0.2 * x - 0.3 * x
    m = _measure({"x": x, "y": y})
    assert m.standard_errors["y"][1,] > 0
    assert abs(m.values["y"][1,] / m.standard_errors["y"][1,]) > 6
    law = {(1,): 1.0, (2,): 1.0, (3,): 2.0, (4,): 6.0}
    result = compare(Prediction(("x", "y"), {"x": law, "y": dict.fromkeys(law, 0.0)}), m)
    assert [r.verdict for r in result.rows if r.layer == "y"] == ["agree"] * 4
    assert [r.z for r in result.rows if r.layer == "y"] == [0.0] * 4


def test_small_units_are_still_tested_after_large_ones():
    rng = np.random.default_rng(5)
    m = _measure({"x": 1e3 * rng.normal(size=(5000, 1)), "y": 1e-3 * rng.normal(size=(5000, 1))})
    wrong = {(1,): 0.0, (2,): 2e-6, (3,): 0.0, (4,): 0.0}
    right = {(1,): 0.0, (2,): 1e6, (3,): 0.0, (4,): 0.0}
    result = compare(Prediction(("x", "y"), {"x": right, "y": wrong}), m)
    assert [(r.layer, r.alpha) for r in result.rows if r.verdict == "disagree"] == [("y", (2,))]


def _joint_result(networks=3, law="N(0, 1) <&> 50%_a"):
    x = np.random.default_rng(6).normal(size=(networks, 4000, 2))
    m = _measure({"hidden_1": x, "out <1>": x[..., :1]}, law=law)
    values = {
        layer: {a: float(a in {(2, 0), (0, 2), (2,)}) for a in m.values[layer]}
        for layer in m.layers
    }
    return compare(Prediction(m.layers, values, law=law), m)


def test_rows_and_records():
    result = _joint_result()
    assert len(result) == len(result.rows) == 3 * (14 + 4)
    first = result.rows[0]
    assert (first.layer, first.alpha, first.order, first.network) == ("hidden_1", (1, 0), 1, 0)
    assert first.measured == result.measured.values["hidden_1"][1, 0][0]
    record = result.to_records()[-1]
    assert (record["layer"], record["alpha"], record["network"]) == ("out <1>", "4", 2)
    assert {type(v) for v in record.values()} == {str, int, float}


def test_text_html_and_latex_tables():
    result = _joint_result()
    text = str(result)
    assert text.count("\n") == 1 + 32 + 1 + 2
    assert "22 more rows" in text
    html = result._repr_html_()
    root = ET.fromstring(html)
    assert len(root.findall(".//tbody/tr")) == 32
    assert "22 more rows" in html
    latex = result.to_latex()
    assert latex.count(r"\\") == len(result) + 1
    assert r"hidden\_1" in latex
    assert not re.search(r"\d[eE][-+]?\d", latex)
    assert all(line.count("&") == 8 for line in latex.splitlines() if line.endswith(r" \\"))
    assert "13 rows" in result.to_latex(limit=41)
    worst = result.worst
    assert f"{worst.z:+.2f}" in text
    assert re.match(r"<Comparison: \d+ of 54 ", repr(result))


@pytest.mark.parametrize("networks", [1, 3])
def test_plot_draws_every_row(networks, tmp_path):
    result = _joint_result(networks)
    figure = result.plot()
    left, right = figure.axes
    drawn = sum(len(bar.lines[0].get_xdata()) for bar in left.containers)
    assert drawn == len(result)
    assert [t.get_text() for t in right.get_yticklabels()] == ["hidden_1", "out <1>"]
    threshold = max(max(line.get_xdata()) for line in right.lines if line.get_linestyle() == "--")
    assert threshold > stats.norm.isf(0.01 / 2 / len(result))
    figure.savefig(tmp_path / "c.png")
    assert (tmp_path / "c.png").stat().st_size > 10_000


def test_int_keys_and_iteration():
    p = Prediction(("y",), {"y": {1: 0.0, 2: 1.0}})
    assert list(p) == [("y", (1,), 0.0), ("y", (2,), 1.0)]
    pairs = ((0.0, 1.0), (0.1, 0.1), (0.0, 0.0), (False, False))
    m = Measurement(("y",), *({"y": {(1,): v, (2,): w}} for v, w in pairs), 100)
    assert list(m)[1] == ("y", (2,), 1.0, 0.1)
    assert isinstance(compare(p, m), Comparison)
    assert compare(p, m).agrees


BAD = [
    (Prediction(("z",), {"z": {(1,): 0.0}}), _one(), ShapeError, "measurement lacks layers z"),
    (Prediction(("y",), {"y": {(1,): 0.0, (2,): 1.0}}), _one(), ShapeError, r"'y'.*\(2,\)"),
    (Prediction(("y",), {"y": {}}), _one(), ShapeError, r"prediction lacks .*\(1,\)"),
    (Prediction((), {}), Measurement((), {}, {}, {}, {}, 3), ShapeError, "no layers"),
    (_predict(np.zeros(3)), _one(np.zeros(2), np.ones(2)), ShapeError, "numbers of networks"),
    (_predict(np.nan), _one(), DomainError, "predicted of layer 'y'"),
    (_predict(), _one(np.array([0.0, np.inf])), DomainError, "network 1"),
    (_predict(), _one(se=-1.0), DomainError, "negative"),
    (_predict(), _one(batches=1), DomainError, "at least 2"),
]


@pytest.mark.parametrize(("predicted", "measured", "error", "text"), BAD)
def test_bad_input(predicted, measured, error, text):
    with pytest.raises(error, match=text):
        compare(predicted, measured)


def test_bad_level_and_p():
    with pytest.raises(DomainError, match="level"):
        compare(_predict(), _one(), level=1.0)
    with pytest.raises(DomainError, match="p-values"):
        holm([0.5, np.nan])


def test_a_level_may_be_a_fraction():
    found, expected = (compare(_predict(), _one(0.4), level=x) for x in (Fraction(1, 50), 0.02))
    assert (found.level, repr(found)) == (0.02, repr(expected))


def test_compare_refuses_what_is_no_prediction_and_measurement():
    with pytest.raises(DomainError, match="a NoneType where a Prediction is needed"):
        compare(None, None)


def test_tables_show_themselves():
    values = {(1,): 0.5, (2,): np.array([1.0, 2.0])}
    p = Prediction(("y",), {"y": values}, closure="Diagrams(3)", truncated={"y": frozenset({(2,)})})
    lines = repr(p).splitlines()
    assert lines[0] == "predicted cumulants"
    assert lines[2].split() == ["y", "(1)", "0.5", "Exact()"]
    assert lines[3].split() == ["y", "(2)", "1", "to", "2", "Diagrams(3)"]
    assert "<td>Diagrams(3)</td>" in bare(p._repr_html_())
    tables = ({"y": {1: v}} for v in (0.5, 0.1, 0.0, True))
    m = Measurement(("y",), *tables, 100, samples=1000, law="Normal(0, 1)")
    assert repr(m).splitlines()[0] == "measured cumulants of Normal(0, 1), 1000 samples"
    assert repr(m).splitlines()[-1].split() == ["y", "(1)", "0.5", "0.1", "yes"]
    many = Prediction(("y",), {"y": {(k,): 0.0 for k in range(1, 100)}})
    assert repr(many).splitlines()[-1] == "... and 67 more rows; .rows() has all"
