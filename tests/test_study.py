"""The study: what theory says must fail or generalise comes out so; nothing finished is lost."""

import dataclasses
import json
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import pyarrow as pa
import pytest
import sympy as sp

from cumulant_theory import laws, layers
from cumulant_theory.errors import (
    ConfigError,
    CumulantError,
    DivergenceError,
    OutputError,
    SweepError,
    SymmetryError,
)
from cumulant_theory.generalisation import residuals
from cumulant_theory.parsing import parse_law
from numerics.study import (
    DEFAULT_TOML,
    StudyConfig,
    StudyResults,
    default_config,
    load_config,
    run_study,
)
from numerics.study.architectures import allowed_directions, architecture
from numerics.study.cells import Cell, cells, expectation
from numerics.study.results import TABLES
from numerics.study.runner import _corrected

TINY = dataclasses.replace(
    default_config(), symmetries=("free", "shared"), activations=("identity",), losses=("law",),
    train_laws=("normal(0, 1)",), test_laws={"coin": "rademacher", "waiting": "exponential(1)"},
    seeds=2, restarts=2, samples=20_000, steps=100,
)


@pytest.fixture(scope="module")
def claims(tmp_path_factory):
    config = dataclasses.replace(
        default_config(), symmetries=("free", "permutation_invariant", "alternating"),
        activations=("identity",), samples=200_000,
    )
    return run_study(config, tmp_path_factory.mktemp("claims"), progress=False)


def _outcomes(results, **wanted):
    found = [o for o in results.outcomes if all(o[k] == v for k, v in wanted.items())]
    assert found
    return found


def test_prediction_and_measurement_agree_everywhere(claims):
    assert claims.count("disagree") == 0
    assert claims.count("agree") > 0.9 * len(claims.comparisons)


def test_no_outcome_contradicts_theory(claims):
    assert claims.unexpected() == []
    expected = Counter(o["expected"] for o in claims.outcomes)
    assert expected["must fail"] >= 8 * 10
    assert expected["must generalise"] >= 8 * 10


def test_free_weights_matched_by_law_to_gaussians_fail_on_every_other_law(claims):
    cell = {"symmetry": "free", "loss": "law", "train_law": "normal(0, 1)"}
    assert all(o["generalises"] for o in _outcomes(claims, test_law="Gaussian", **cell))
    for law in ("uniform", "exponential", "Rademacher"):
        assert not any(o["generalises"] for o in _outcomes(claims, test_law=law, **cell))


def test_alternating_weights_fail_on_skewed_laws(claims):
    rows = _outcomes(claims, symmetry="alternating", test_law="exponential")
    assert not any(o["generalises"] for o in rows)


def test_symmetric_training_law_leaves_mirror_images(claims):
    cell = {"symmetry": "permutation_invariant", "loss": "law", "train_law": "normal(0, 1)"}
    rows = _outcomes(claims, test_law="exponential", **cell)
    mirrored = [o for o in rows if o["mirror"]]
    assert 0 < len(mirrored) < len(rows)
    assert all(o["generalises"] != o["mirror"] for o in rows)
    for law in ("Gaussian", "uniform", "Rademacher", "Laplace"):
        assert all(o["generalises"] for o in _outcomes(claims, test_law=law, **cell))


def test_invariant_weights_matched_on_a_skewed_law_generalise(claims):
    rows = _outcomes(
        claims, symmetry="permutation_invariant", loss="law", train_law="exponential(1)"
    )
    assert len({o["seed"] for o in rows}) >= 8
    assert all(o["generalises"] and not o["mirror"] for o in rows)


def test_expectations_follow_from_the_law_classes():
    skewed, coin = parse_law("exponential(1)"), parse_law("rademacher")
    free = Cell("free", "identity", "law", "normal(0, 1)")
    tied = Cell("permutation_invariant", "identity", "law", "normal(0, 1)")
    assert expectation(free, 2, 4, coin, False) == "must fail"
    assert expectation(tied, 2, 4, skewed, True) == "must fail"
    assert expectation(tied, 2, 4, skewed, False) == "must generalise"
    assert expectation(tied, 2, 4, coin, True) == "must generalise"
    assert expectation(tied, 2, 2, skewed, False) == "open"
    quadratic = dataclasses.replace(tied, activation="quadratic")
    assert expectation(quadratic, 2, 4, skewed, False) == "open"
    fifth = laws.CumulantSequence([0, 1, 0, 1, 1])
    assert expectation(tied, 2, 5, fifth, True) == "must fail"
    assert expectation(tied, 2, 4, fifth, True) == "must generalise"


def test_alternating_weights_miss_every_skewed_law():
    cell = Cell("alternating", "identity", "law", "normal(0, 1)")
    for test in (parse_law("exponential(1)"), laws.CumulantSequence([0, 1, 1, 0])):
        assert expectation(cell, 2, 4, test, False) == "must fail"
    assert expectation(cell, 2, 4, parse_law("uniform(-1, 1)"), False) == "must generalise"


@pytest.mark.parametrize("sign", [1, -1])
def test_expectations_of_the_two_points_behind_training_laws_with_a_mean(sign):
    """The unit that fits the training law, by its own cumulants on the test law."""
    clt = layers.BlockSum(2)
    weight = sign / sp.sqrt(2)
    for train in ("normal(0, 1)", "normal(1, 2)", "uniform(0, 4)"):
        bias = (sp.sqrt(2) - 2 * weight) * parse_law(train).cumulant(1)
        unit = layers.Linear(2, 1, weight=[[weight, weight]], bias_values=[bias])
        cell = Cell("permutation_invariant", "identity", "law", train)
        assert set(residuals(unit, clt, parse_law(train), order=4).values()) == {0}
        for test in ("rademacher", "normal(1, 1)", "uniform(-1, 3)", "uniform(0, 4)",
                     "exponential(1)"):
            right = set(residuals(unit, clt, parse_law(test), order=4).values()) == {0}
            told = expectation(cell, 2, 4, parse_law(test), sign < 0)
            assert told == ("must generalise" if right else "must fail")


def test_a_difference_without_scatter_is_no_agreement_of_the_study():
    """What one cell rejects without scatter, and the study as a whole does not, stays open."""
    table = pa.table({
        "p": [0.0, 0.005, 0.005, 0.5], "p_holm": [0.0, 0.005, 0.005, 0.5],
        "z": [9.0, float("inf"), 2.9, 0.1],
        "verdict": ["disagree", "disagree", "disagree", "undecided"],
    })
    found = _corrected(table)["verdict"]
    assert list(found) == ["disagree", "undecided", "agree", "undecided"]


def test_cell_names_are_distinct_and_safe():
    names = [c.name for c in cells(default_config())]
    assert len(set(names)) == len(names) == 56
    assert all(c.isalnum() or c in "-_" for name in names for c in name)


def test_readout_shares_what_the_symmetry_shares():
    assert len(architecture("shared", "identity", 2, 3).parameters) == 3
    assert len(architecture("permutation_invariant", "identity", 2, 3).parameters) == 7
    with pytest.raises(SymmetryError, match="3"):
        architecture("cyclic", "identity", 2, 3)


@pytest.mark.parametrize("text", ["graph_conv(complete)", "sage_conv(cycle)", "gin_conv(path)",
                                  "gcn_conv(star)"])
def test_graph_architectures_have_the_directions_of_their_graph(text):
    net = architecture(text, "identity", 4, 2)
    directions = allowed_directions(net, 4)
    forward = net.forward(["x_1", "x_2", "x_3", "x_4"])[0]
    ones = sp.ones(4, 1)
    regular = "star" not in text and "path" not in text
    assert (directions.rank() == 1) == (regular or text.startswith(("gin", "gcn")))
    if regular:
        assert directions.rank() == directions.row_join(ones).rank()
        swap = {sp.Symbol("x_1"): sp.Symbol("x_2"), sp.Symbol("x_2"): sp.Symbol("x_1")}
        assert sp.expand(forward.subs(swap, simultaneous=True) - forward) == 0
    with pytest.raises(CumulantError, match="cycle"):
        architecture("graph_conv(cycle)", "identity", 2, 2)


def test_the_documented_configuration_loads(tmp_path):
    text = (Path(__file__).parents[1] / "docs" / "study.md").read_text(encoding="utf-8")
    path = tmp_path / "graphs.toml"
    path.write_text(text.split("```toml\n")[1].split("```")[0], encoding="utf-8")
    config = load_config(path)
    assert config.b == 4
    families = {t.split("(")[1].rstrip(")") for t in config.symmetries if "_conv" in t}
    assert families == {"complete", "cycle", "star", "path"}
    for text in config.symmetries:
        assert architecture(text, config.activations[0], config.b, config.hidden).parameters


# ---------------------------------------------------------------------------- running


@pytest.mark.slow
def test_resume_repeats_nothing_and_gives_the_same_tables(tmp_path):
    first = run_study(TINY, tmp_path, progress=False, jobs=1)
    names = [f"{name}.{kind}" for name in TABLES for kind in ("csv", "parquet")]
    tables = {name: (tmp_path / name).read_bytes() for name in names}
    kept, lost = sorted((tmp_path / "cells").iterdir())
    lost.unlink()
    stamp = kept.stat().st_mtime_ns
    again = run_study(TINY, tmp_path, resume=True, progress=False, jobs=1)
    assert kept.stat().st_mtime_ns == stamp
    assert again.manifest["cells_run"] == 1
    assert {name: (tmp_path / name).read_bytes() for name in names} == tables
    read = StudyResults.read(tmp_path)
    for name in ("config", "comparisons", "outcomes", "networks", "failures"):
        shown = [repr(getattr(r, name)) for r in (read, first, again)]  # with NaN
        assert len(set(shown)) == 1, name
    assert read.manifest == again.manifest
    assert [t["parameters"] for t in read.theory] == [t["parameters"] for t in first.theory]
    manifest = json.loads((tmp_path / "manifest.json").read_text())
    assert manifest["config"]["seeds"] == 2
    assert manifest["versions"]["torch"]


@pytest.mark.slow
def test_a_folder_in_use_or_of_another_study_is_refused(tmp_path):
    run_study(TINY, tmp_path, progress=False, jobs=1)
    with pytest.raises(OutputError, match="--resume"):
        run_study(TINY, tmp_path, progress=False)
    other = dataclasses.replace(TINY, seed=1)
    with pytest.raises(ConfigError, match=r"other settings \(seed\)"):
        run_study(other, tmp_path, resume=True, progress=False)
    victim = next((tmp_path / "cells").iterdir())
    victim.write_bytes(victim.read_bytes()[:-100])
    with pytest.raises(OutputError, match="damaged"):
        run_study(TINY, tmp_path, resume=True, progress=False)


def test_two_studies_in_one_folder_are_refused(tmp_path):
    import fcntl

    with (tmp_path / ".lock").open("w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        with pytest.raises(OutputError, match="another sweep"):
            run_study(TINY, tmp_path, progress=False)


def test_a_file_in_the_place_of_the_folder_is_refused(tmp_path):
    (tmp_path / "taken").write_text("")
    with pytest.raises(OutputError, match="cannot be written"):
        run_study(TINY, tmp_path / "taken", progress=False)


def test_a_cell_that_fails_leaves_the_others(tmp_path, monkeypatch):
    from numerics.study import cellwork

    run_cell = cellwork.run_cell

    def run(config, cell):
        if cell.symmetry == "free":
            raise DivergenceError("all starts diverged")
        return run_cell(config, cell)

    monkeypatch.setattr(cellwork, "run_cell", run)
    with pytest.raises(SweepError, match=r"1 of 2 cells failed: free-identity-law.*diverged"):
        run_study(TINY, tmp_path, progress=False, jobs=0)
    results = StudyResults.read(tmp_path)
    assert [f["error"] for f in results.failures] == ["DivergenceError"]
    assert {o["symmetry"] for o in results.outcomes} == {"shared"}
    assert results.manifest["cells_failed"] == 1
    monkeypatch.setattr(cellwork, "run_cell", run_cell)
    whole = run_study(TINY, tmp_path, resume=True, progress=False, jobs=0)
    assert whole.manifest["cells_run"] == 1
    assert not whole.failures
    assert {o["symmetry"] for o in whole.outcomes} == {"free", "shared"}


@pytest.mark.slow
def test_an_interrupted_study_keeps_what_was_finished(tmp_path):
    config = tmp_path / "study.toml"
    config.write_text(
        'symmetries = ["free", "shared", "cyclic"]\nactivations = ["identity"]\n'
        'losses = ["law"]\nseeds = 2\nrestarts = 2\nsamples = 200000\n'
    )
    out = tmp_path / "out"
    command = [sys.executable, "-m", "numerics", "study", "--config", str(config), "--out",
               str(out), "--jobs", "1", "--no-progress", "--no-report"]
    # a shell's background jobs ignore the interrupt, and so would what they start
    process = subprocess.Popen(
        command, stderr=subprocess.PIPE, text=True, start_new_session=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline and not list(out.glob("cells/*.parquet")):
        time.sleep(0.05)
    os.killpg(process.pid, signal.SIGINT)
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 130, errors
    assert "--resume" in errors
    assert "Traceback" not in errors
    finished = {p: p.stat().st_mtime_ns for p in out.glob("cells/*.parquet")}
    assert finished
    done = subprocess.run([*command, "--resume"], capture_output=True, text=True, timeout=240)
    assert done.returncode == 0, done.stderr
    assert len(list(out.glob("cells/*.parquet"))) == 6
    assert all(p.stat().st_mtime_ns == stamp for p, stamp in finished.items())


# ---------------------------------------------------------------------------- configuration


def test_the_printed_default_is_the_default(tmp_path):
    path = tmp_path / "default.toml"
    path.write_text(DEFAULT_TOML)
    assert load_config(path) == default_config()


@pytest.mark.parametrize(("text", "message"), [
    ("seeds = ", "not valid TOML"),
    ("sedes = 3", "unknown setting sedes"),
    ("seeds = 0", "seeds = 0 must lie in"),
    ("seeds = 1.5", "must be an integer"),
    ("seeds = true", "must be an integer"),
    ('symmetries = "free"', "must be a list"),
    ("symmetries = []", "at least one entry"),
    ('symmetries = ["free", "free"]', "twice"),
    ('symmetries = ["fre"]', "did you mean 'free'"),
    ('symmetries = ["gat_conv(cycle)"]', "unknown convolution"),
    ('symmetries = ["gcn_conv(circle)"]', "unknown graph family"),
    ('symmetries = ["gcn_conv()"]', "name a graph"),
    ('activations = ["quadratik"]', "did you mean 'quadratic'"),
    ('losses = ["both"]', "known: pointwise, law"),
    ('train_laws = ["normal(0, -1)"]', "scale"),
    ('train_laws = ["generic"]', "sampled"),
    ('train_laws = ["__import__(\'os\').system(\'true\')"]', "no name and no call"),
    ('train_laws = ["normal(0, 9**9**9)"]', "exponents"),
    ("test_laws = {}", "at least one law"),
    ("samples = 10", "samples = 10 must lie in"),
])
def test_bad_configurations_say_what_is_wrong(tmp_path, text, message):
    path = tmp_path / "study.toml"
    path.write_text(text)
    with pytest.raises(ConfigError) as error:
        load_config(path)
    assert message in str(error.value)
    assert str(path) in str(error.value)


def test_unreadable_configurations(tmp_path):
    with pytest.raises(ConfigError, match="cannot be read"):
        load_config(tmp_path / "missing.toml")
    binary = tmp_path / "binary.toml"
    binary.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ConfigError, match="UTF-8"):
        load_config(binary)
    with pytest.raises(ConfigError):
        StudyConfig()
