"""A grid of cells: the same tables wherever, whenever and in whichever order the cells ran."""

import fcntl
import math
import os
import resource
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sweep_work import CELLS, SETTINGS, TABLES, Cell, dies, draws, fails, notes

from cumulant_theory.errors import (
    ConfigError,
    CumulantError,
    EngineError,
    OutputError,
    SweepError,
)
from numerics.sweeps import cluster, failure_text, local, read_sweep, sweep


def run(out, work=draws, cells=CELLS, given=SETTINGS, tables=TABLES, **options):
    here = {} if "scheduler" in options else {"jobs": 0}
    return sweep(work, cells, out, tables=tables, settings=given,
                 **({"progress": False} | here | options))


def contents(out):
    return {name: (Path(out) / f"{name}.parquet").read_bytes() for name in TABLES}


def cell_files(out):
    return {p.name: p.stat().st_mtime_ns for p in (Path(out) / "cells").glob("*.parquet")}


@pytest.fixture(scope="module")
def reference(tmp_path_factory):
    out = tmp_path_factory.mktemp("reference")
    run(out)
    return contents(out)


# ---------------------------------------------------------------------------- order and place


def test_rows_are_those_of_the_work_in_the_order_of_the_grid(tmp_path):
    done = run(tmp_path)
    expected = [
        {"cell": cell.name, "missing": None, **row} for cell in CELLS
        for row in draws(SETTINGS, cell)["draws"]
    ]
    assert done.rows("draws") == expected
    assert [r["cell"] for r in done.rows("timings")] == [c.name for c in CELLS]
    assert all(r["seconds"] >= 0 for r in done.rows("timings"))
    assert done.failures == []
    assert (done.cells, done.ran, done.settings) == (7, 7, SETTINGS)
    again = read_sweep(tmp_path)
    assert (again.rows("draws"), again.settings, again.cells) == (expected, SETTINGS, 7)


def test_processes_give_the_same_tables(tmp_path, reference):
    given = SETTINGS | {"folder": str(tmp_path), "sleep": 0.3}
    before = dict(os.environ)
    run(tmp_path / "out", notes, given=given, jobs=2)
    assert dict(os.environ) == before
    assert contents(tmp_path / "out") == reference
    log = [line.split() for line in (tmp_path / "log").read_text().splitlines()]
    assert sorted(int(k) for k, _, _ in log) == list(range(7))
    assert str(os.getpid()) not in {process for _, process, _ in log}
    assert {threads for _, _, threads in log} == {"1"}


@settings(max_examples=6)
@given(st.sets(st.integers(0, 6)), st.sets(st.integers(0, 6)), st.permutations(CELLS))
def test_any_order_of_finishing_gives_the_same_tables(reference, first, second, order):
    """Some cells fail at first, some of them again, then all are there: as if in one go."""
    with tempfile.TemporaryDirectory() as name:
        broken, out = Path(name, "broken"), Path(name, "out")
        broken.mkdir()
        for k in first | second:
            (broken / str(k)).touch()
        given = SETTINGS | {"broken": str(broken)}
        done = run(out, fails, order, given, on_failure="keep")
        assert {r["cell"] for r in done.failures} == {f"cell {k}" for k in first | second}
        kept = cell_files(out)
        for k in first:
            (broken / str(k)).unlink()
        done = run(out, fails, order, given, on_failure="keep", resume=True)
        assert done.ran == len(first | second)
        assert [r["cell"] for r in done.failures] == [
            c.name for c in order if c.k in second - first]
        for k in second - first:
            (broken / str(k)).unlink()
        run(out, fails, CELLS, given, resume=True)
        assert kept.items() <= cell_files(out).items()
        assert contents(out) == reference


@pytest.mark.slow
def test_a_cluster_gives_the_same_tables(tmp_path, reference, caplog):
    distributed = pytest.importorskip("distributed")
    broken = tmp_path / "broken"
    broken.mkdir()
    (broken / "3").touch()
    given = {**SETTINGS, "broken": str(broken), "folder": str(tmp_path)}
    with distributed.LocalCluster(
        n_workers=2, threads_per_worker=2, processes=True, dashboard_address=None,
        silence_logs=50,
    ) as workers:
        address = workers.scheduler_address
        with pytest.raises(SweepError, match=r"1 of 7 .*: cell 3 \(ArithmeticError: no 3"):
            run(tmp_path / "out", fails, given=given, scheduler=address)
        (broken / "3").unlink()
        assert run(tmp_path / "out", fails, given=given, scheduler=address, resume=True).ran == 1
        cells = [CELLS[0], CELLS[1], CELLS[3]]
        assert run(tmp_path / "dead", dies, cells, given, scheduler=address).ran == 3
        assert len(list(tmp_path.glob("1-*"))) == 1
    assert contents(tmp_path / "out") == reference
    run(tmp_path / "few", cells=cells)
    assert contents(tmp_path / "dead") == contents(tmp_path / "few")


def test_a_scheduler_that_does_not_answer(tmp_path, monkeypatch):
    pytest.importorskip("distributed")
    monkeypatch.setattr(cluster, "_PATIENCE", 0.3)
    with pytest.raises(EngineError, match=r"no Dask scheduler answers at tcp://127\.0\.0\.1:9"):
        run(tmp_path, scheduler="tcp://127.0.0.1:9")
    with pytest.raises(ConfigError, match="one of the two"):
        run(tmp_path, scheduler="tcp://127.0.0.1:9", jobs=2)


# ---------------------------------------------------------------------------- kills


KILLS = """
import os, random, signal, sys, time
from pathlib import Path
import test_sweeps as t
out, rng, kept, late = Path(sys.argv[1]), random.Random(1), {}, 5
cells = [t.Cell(k) for k in range(14)]
given = t.SETTINGS | {"folder": sys.argv[2], "sleep": 0.001}
for attempt in range(100):
    child = os.fork()
    if not child:
        t.run(out, t.notes, cells, given, resume=True)
        os._exit(0)
    if late:
        wanted = min(len(kept) + rng.randrange(4), 14)
        while len(t.cell_files(out)) < wanted:
            time.sleep(0.001)
        time.sleep(rng.uniform(0, 0.02 if len(kept) < 14 else 0.2))
        os.kill(child, signal.SIGKILL)
    _, status = os.waitpid(child, 0)
    now = t.cell_files(out)
    assert kept.items() <= now.items(), "a finished cell was lost or repeated"
    kept = now
    for name in now:
        t.pq.ParquetFile(out / "cells" / name, page_checksum_verification=True).read()
    if not late:
        assert status == 0
        break
    late -= len(kept) == 14  # the last kills come while the tables are written
print(attempt)
"""


def test_kills_at_any_moment_lose_and_repeat_nothing(tmp_path):
    out = tmp_path / "out"
    done = subprocess.run(
        [sys.executable, "-c", KILLS, str(out), str(tmp_path)], capture_output=True, text=True,
        timeout=300, cwd=Path(__file__).parent, check=False,
    )
    assert done.returncode == 0, done.stderr
    kills = int(done.stdout)
    assert kills >= 5
    log = [int(line.split()[0]) for line in (tmp_path / "log").read_text().splitlines()]
    assert sorted(set(log)) == list(range(14))
    assert len(log) <= 14 + kills  # only what was under way is run again
    assert not list(out.rglob(".*.part"))
    given = SETTINGS | {"folder": str(tmp_path), "sleep": 0.0}
    run(tmp_path / "whole", notes, [Cell(k) for k in range(14)], given)
    assert contents(out) == contents(tmp_path / "whole")


@pytest.mark.slow
def test_processes_end_with_a_sweep_that_is_killed(tmp_path):
    code = (
        "import sys, sweep_work as w; from numerics.sweeps import sweep\n"
        "given = w.SETTINGS | {'folder': sys.argv[1], 'sleep': 60.0}\n"
        "sweep(w.notes, w.CELLS, sys.argv[2], tables=w.TABLES, settings=given, jobs=1)"
    )
    process = subprocess.Popen([sys.executable, "-c", code, str(tmp_path), str(tmp_path / "out")],
                               cwd=Path(__file__).parent)
    deadline = time.monotonic() + 60
    log = tmp_path / "log"
    while time.monotonic() < deadline and not (log.exists() and log.read_text().endswith("\n")):
        time.sleep(0.02)
    worker = int(log.read_text().split()[1])
    os.kill(worker, 0)
    process.kill()
    process.wait()
    while time.monotonic() < deadline and Path(f"/proc/{worker}").exists():
        time.sleep(0.02)
    with pytest.raises(ProcessLookupError):
        os.kill(worker, 0)
    with pytest.raises(OutputError, match="interrupted"):
        read_sweep(tmp_path / "out")


def test_a_process_that_dies_is_replaced(tmp_path, monkeypatch):
    monkeypatch.setattr(local, "ATTEMPTS", 2)
    given = SETTINGS | {"folder": str(tmp_path)}
    with pytest.raises(SweepError, match=r"1 of 5 cells failed: cell 2 .*2 times.*SIGKILL"):
        run(tmp_path / "out", dies, CELLS[:5], given, jobs=2)
    assert len(list(tmp_path.glob("1-*"))) == 1
    assert len(list(tmp_path.glob("2-*"))) == 2
    assert [r["n"] for r in read_sweep(tmp_path / "out").rows("counts")] == [0, 1, 3, 4]


# ---------------------------------------------------------------------------- failures


def test_failures_of_one_kind_are_named_together():
    rows = [{"cell": f"c{k}", "error": "E", "message": "a\n b"} for k in range(7)]
    text = failure_text([*rows, {"cell": "d", "error": "F", "message": "x" * 999}], 9)
    assert text.startswith("8 of 9 cells failed: c0, c1, c2, c3, c4 and 2 more (E: a b); d (F: xxx")
    assert len(text) < 500


def test_a_cell_that_fails_stops_no_other(tmp_path):
    given = SETTINGS | {"broken": str(tmp_path)}
    for k in (1, 4):
        (tmp_path / str(k)).touch()
    out = tmp_path / "out"
    with pytest.raises(SweepError, match=r"2 of 7 .*cell 1 \(Arith.*no 1\); cell 4 .*--resume"):
        run(out, fails, given=given)
    found = read_sweep(out)
    assert [(r["cell"], r["error"], r["message"]) for r in found.failures] == [
        ("cell 1", "ArithmeticError", "no 1"), ("cell 4", "ArithmeticError", "no 4")]
    assert all("in fails" in r["traceback"] for r in found.failures)
    assert [r["n"] for r in found.rows("counts")] == [0, 2, 3, 5, 6]


@pytest.mark.parametrize(("row", "message"), [
    ({"n": 1.5}, "column 'n': 1.5 is no int"),
    ({"n": True}, "column 'n': True is no int"),
    ({"n": 2**70}, "column 'n'"),
    ({"n": sys}, "column 'n': <module"),
    ({"x": "1"}, "column 'x': '1' is no float"),
    ({"tags": "abc"}, r"column 'tags': 'abc' is no list\[str\]"),
    ({"tags": [1]}, r"column 'tags': \[1\] is no list\[str\]"),
    ({"weights": [("w", 1.0)]}, r"column 'weights'.* is no dict\[str, float\]"),
    ({"even": 1}, "column 'even': 1 is no bool"),
    ({"m": 1}, "no column 'm'"),
])
def test_rows_of_another_type_are_a_failure(tmp_path, row, message):
    tables = {"t": {**TABLES["draws"], **TABLES["counts"]}}
    with pytest.raises(SweepError, match=message):
        run(tmp_path, lambda given, cell: {"t": [row]}, CELLS[:1], tables=tables)


@pytest.mark.parametrize("rows", [{}, {"t": [], "u": []}, [], None])
def test_other_tables_than_declared_are_a_failure(tmp_path, rows):
    with pytest.raises(SweepError, match="must give the tables t"):
        run(tmp_path, lambda given, cell: rows, CELLS[:1], tables={"t": {"n": int}})


# ---------------------------------------------------------------------------- Parquet


def test_types_are_kept(tmp_path):
    values = [
        {"n": np.int32(3), "x": np.float32(0.1), "even": np.bool_(True), "tags": ("a", None)},
        {"n": 2**60, "x": 2, "weights": {"w": math.nan}, "tags": []},
        {"n": None, "x": -math.inf},
        {},
    ]
    tables = {"t": {"n": int, "x": float, "even": bool, "tags": list[str],
                    "weights": dict[str, float], "unused": list[dict[str, int]]}}
    done = run(tmp_path, lambda given, cell: {"t": values}, CELLS[:1], tables=tables)
    first, second, third, empty = done.rows("t")
    assert (first["n"], first["x"], first["even"]) == (3, float(np.float32(0.1)), True)
    assert type(first["n"]) is int
    assert first["tags"] == ["a", None]
    assert (second["n"], second["x"], second["tags"]) == (2**60, 2.0, [])
    assert type(second["x"]) is float
    assert math.isnan(second["weights"]["w"])
    assert (third["n"], third["x"], third["weights"]) == (None, -math.inf, None)
    assert set(empty.values()) == {"cell 0", None}
    expected = pa.schema([
        ("cell", pa.string()), ("n", pa.int64()), ("x", pa.float64()), ("even", pa.bool_()),
        ("tags", pa.list_(pa.string())), ("weights", pa.map_(pa.string(), pa.float64())),
        ("unused", pa.list_(pa.map_(pa.string(), pa.int64()))),
    ])
    assert done.table("t").schema.equals(expected)
    (cell,) = (tmp_path / "cells").iterdir()
    assert pq.read_table(cell).num_rows == 1


def test_a_table_without_rows_has_its_columns(tmp_path):
    done = run(tmp_path, lambda given, cell: {"t": []}, CELLS[:2], tables={"t": {"n": int}})
    assert done.table("t").schema.field("n").type == pa.int64()
    assert done.rows("t") == []


def test_corrections_see_the_whole_table(tmp_path):
    def ranks(table):
        x = table["x"].to_numpy()
        return {"missing": np.argsort(np.argsort(x)).astype(float)}

    rows = run(tmp_path, finish={"draws": ranks}).rows("draws")
    found = [row["missing"] for row in sorted(rows, key=lambda r: r["x"])]
    assert found == [float(k) for k in range(len(rows))]
    with pytest.raises(ConfigError, match="'k' cannot be replaced"):
        run(tmp_path, finish={"draws": lambda t: {"k": [0.5] * len(t)}}, resume=True)
    with pytest.raises(ConfigError, match="'other'"):
        run(tmp_path, finish={"other": ranks}, resume=True)


# ---------------------------------------------------------------------------- folders


def test_results_of_other_settings_are_never_mixed_in(tmp_path):
    run(tmp_path)
    with pytest.raises(OutputError, match=r"holds a sweep already; .*--resume"):
        run(tmp_path)
    with pytest.raises(ConfigError, match=r"other settings \(scale\)"):
        run(tmp_path, given=SETTINGS | {"scale": 3.0}, resume=True)
    with pytest.raises(ConfigError, match="other tables"):
        run(tmp_path, tables={"counts": TABLES["counts"]}, resume=True)
    with pytest.raises(ConfigError, match="other work"):
        run(tmp_path, fails, resume=True)
    other = tmp_path / "other"
    (other / "cells").mkdir(parents=True)
    for file in (tmp_path / "cells").iterdir():
        (other / "cells" / file.name).write_bytes(file.read_bytes())
    with pytest.raises(ConfigError, match="'cell 0' of other settings"):
        run(other, given=SETTINGS | {"scale": 3.0})


def test_a_grid_may_grow(tmp_path, reference):
    run(tmp_path, cells=CELLS[2:5])
    kept = cell_files(tmp_path)
    assert run(tmp_path, resume=True).ran == 4
    assert kept.items() <= cell_files(tmp_path).items()
    assert contents(tmp_path) == reference


def test_two_sweeps_in_one_folder_are_refused(tmp_path):
    with (tmp_path / ".lock").open("w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        with pytest.raises(OutputError, match="another sweep is running"):
            run(tmp_path)
    run(tmp_path)


@pytest.mark.parametrize("harm", ["cut", "empty", "changed", "renamed", "text"])
def test_a_damaged_cell_is_found(tmp_path, harm, reference):
    run(tmp_path)
    victim = next(p for p in (tmp_path / "cells").iterdir() if p.name.startswith("cell_5"))
    data = bytearray(victim.read_bytes())
    whole = bytes(data)
    data[len(data) // 8] ^= 1  # in the pages, which the footer follows
    victim.write_bytes({
        "cut": whole[:-20], "empty": b"", "changed": data, "text": b"{}",
        "renamed": whole.replace(b"draws", b"drawn"),
    }[harm])
    with pytest.raises(OutputError, match=f"{victim.name} is damaged .*delete it"):
        run(tmp_path, resume=True)
    victim.unlink()
    assert run(tmp_path, resume=True).ran == 1
    assert contents(tmp_path) == reference


def test_a_damaged_table_is_found_and_made_again(tmp_path, reference):
    run(tmp_path)
    (tmp_path / "draws.parquet").write_bytes(reference["draws"][:-9])
    with pytest.raises(OutputError, match=r"draws\.parquet is damaged"):
        read_sweep(tmp_path).rows("draws")
    assert run(tmp_path, resume=True).ran == 0
    assert contents(tmp_path) == reference


def test_a_folder_that_cannot_be_written(tmp_path):
    (tmp_path / "taken").touch()
    for out in (tmp_path / "taken", tmp_path / "taken" / "below"):
        with pytest.raises(OutputError, match=r"taken.* cannot be written"):
            run(out)
    with pytest.raises(OutputError, match="no sweep"):
        read_sweep(tmp_path)


def test_a_full_disk_keeps_what_was_finished(tmp_path, reference):
    """A limit on the size of files stands for the disk; the first cells fit below it."""
    def long(given, cell):
        rows = draws(given, cell)
        if cell.k == 4 and given["seed"] == 5 and not list(tmp_path.glob("roomy")):
            rows["draws"] = [{"tags": [str(i) for i in range(20_000)]}]
        return rows

    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, limits[1]))
    try:
        with pytest.raises(OutputError, match=r"cell_4.* cannot be written .*make room"):
            run(tmp_path / "out", long)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert len(cell_files(tmp_path / "out")) == 4
    (tmp_path / "roomy").touch()
    assert run(tmp_path / "out", long, resume=True).ran == 3
    assert contents(tmp_path / "out") == reference


# ---------------------------------------------------------------------------- wrong calls


@dataclass(frozen=True)
class Named:
    name: object
    value: object = 0


@pytest.mark.parametrize(("options", "message"), [
    ({"cells": []}, "no cells"),
    ({"cells": [Named("a"), Named("a")]}, "same name"),
    ({"cells": [Named("a"), Named("A")]}, "case alone"),
    ({"cells": [Named(3)]}, "needs a name"),
    ({"cells": [Named("a", {1, 2})]}, "the cell 'a' must be plain data"),
    ({"given": {"law": sys}}, "settings must be plain data"),
    ({"tables": {}}, "at least one table"),
    ({"tables": {"failures": {"n": int}}}, "'failures' is taken"),
    ({"tables": {"a/b": {"n": int}}}, "'a/b' is no name"),
    ({"tables": {"t": {"n": complex}}}, "column 'n': .*complex.* is no type"),
    ({"tables": {"t": {"cell": str}}}, "'cell' already"),
    ({"work": lambda given, cell: {}, "jobs": 1}, "a function of a module"),
    ({"jobs": -1}, "jobs = -1"),
    ({"scheduler": 8786}, "scheduler is 8786; pass an address"),
    ({"on_failure": "ignore"}, "on_failure 'ignore'"),
])
def test_wrong_calls_are_refused(tmp_path, options, message):
    with pytest.raises(CumulantError, match=message):
        run(tmp_path, **options)
    assert not cell_files(tmp_path)


def test_names_of_cells_are_any_text(tmp_path):
    names = ["a/b", "a_b", "ä", "x" * 300, "..", "a b=c", "-", "x" * 299]
    done = run(tmp_path, lambda given, cell: {"t": [{"n": 1}]}, [Named(n) for n in names],
               tables={"t": {"n": int}})
    assert [r["cell"] for r in done.rows("t")] == names
    assert len(cell_files(tmp_path)) == len(names)
