"""Studies that are killed, crowded out or denied their disk keep what they have."""

import errno
import os
import random
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import psutil
import pyarrow.parquet as pq
import pytest

from cumulant_theory.errors import OutputError
from numerics import files
from numerics.study import StudyConfig, run_study
from numerics.study.results import TABLES

TINY = """
title = "tiny"
symmetries = ["free", "shared", "permutation_invariant", "alternating"]
activations = ["identity", "quadratic(1/4)"]
losses = ["pointwise", "law"]
train_laws = ["normal(0, 1)"]
seeds = 2
restarts = 1
steps = 10
samples = 20000
order = 2
match_order = 2
[test_laws]
Gaussian = "normal(0, 1)"
exponential = "exponential(1)"
"""
KEPT = [f"{name}.{kind}" for name in TABLES for kind in ("parquet", "csv")]
SMALL = StudyConfig(
    symmetries=("free", "shared"), activations=("identity",), losses=("law",),
    train_laws=("normal(0, 1)",), test_laws={"G": "normal(0, 1)"}, seeds=2, restarts=1, steps=5,
    samples=1000, order=2, match_order=2,
)


def command(config, out):
    return [sys.executable, "-m", "numerics", "study", "--config", str(config), "--out", str(out),
            "--jobs", "2", "--no-progress", "--no-report", "--resume"]


def start(config, out):
    return subprocess.Popen(
        command(config, out), start_new_session=True, stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE, text=True,
    )


def tables(out):
    return {name: (out / name).read_bytes() for name in KEPT}


def finished(out):
    return {p.name: p.read_bytes() for p in out.glob("cells/*.parquet")}


def ended(group):
    """Wait until no process of a group is left."""
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        left = [p for p in psutil.process_iter(["status"])
                if p.info["status"] != psutil.STATUS_ZOMBIE and _group(p) == group]
        if not left:
            return
        time.sleep(0.05)
    pytest.fail(f"still running: {left}")


def _group(process):
    with suppress(OSError, psutil.Error):
        return os.getpgid(process.pid)
    return None


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory):
    """A configuration, its tables, its cells, and how long it takes."""
    folder = tmp_path_factory.mktemp("whole")
    config = folder / "study.toml"
    config.write_text(TINY)
    begun = time.monotonic()
    process = start(config, folder / "out")
    _, errors = process.communicate(timeout=300)
    assert process.returncode == 0, errors
    return config, folder / "out", time.monotonic() - begun


@pytest.mark.slow
@pytest.mark.campaign
@pytest.mark.parametrize("kills", [20])
def test_kills_of_the_whole_group(undisturbed, tmp_path, kills):
    """Each attempt is killed at a random moment of what an undisturbed run takes from there."""
    config, whole, seconds = undisturbed
    rng, out, kept, done = random.Random(kills), tmp_path / "out", {}, 0
    for _ in range(10 * kills):
        if done == kills:
            break
        process = start(config, out)
        # most of the time goes by before the first cell, so half of the kills wait for one
        if rng.random() < 0.5:
            deadline = time.monotonic() + 120
            while (time.monotonic() < deadline and process.poll() is None
                   and len(finished(out)) <= len(kept)):
                time.sleep(0.005)
            time.sleep(rng.uniform(0, 0.3))
        else:
            with suppress(subprocess.TimeoutExpired):
                process.wait(timeout=rng.uniform(0, 1.1 * seconds))
        done += process.poll() is None
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.communicate()
        ended(process.pid)
        now = finished(out)
        assert kept.items() <= now.items(), "a finished cell was lost or written again"
        for name in now:
            pq.ParquetFile(out / "cells" / name, page_checksum_verification=True).read()
        kept = now
        if len(kept) == len(finished(whole)) and done < kills:
            # everything is there; the next kills begin anew in a folder of their own
            check_whole(config, out, whole)
            out, kept = tmp_path / f"out{done}", {}
    assert done == kills
    check_whole(config, out, whole)


def check_whole(config, out, whole):
    """Resume to the end; everything is as in the undisturbed run."""
    process = start(config, out)
    _, errors = process.communicate(timeout=300)
    assert process.returncode == 0, errors
    assert tables(out) == tables(whole)
    assert finished(out).keys() == finished(whole).keys()
    assert not list(out.rglob("*.part"))
    rows = pq.read_table(out / "networks.parquet").column("cell").to_pylist()
    assert set(rows) == set(pq.read_table(whole / "networks.parquet").column("cell").to_pylist())


@pytest.mark.slow
@pytest.mark.campaign
def test_a_worker_that_is_killed_is_replaced(undisturbed, tmp_path):
    config, whole, _ = undisturbed
    process = start(config, tmp_path / "out")
    deadline, killed = time.monotonic() + 120, 0
    while time.monotonic() < deadline and process.poll() is None and killed < 2:
        workers = [p for p in psutil.Process(process.pid).children(recursive=True)
                   if "resource_tracker" not in " ".join(_line(p))]
        if len(workers) > 1 and len(finished(tmp_path / "out")) > killed:
            with suppress(psutil.Error):
                workers[-1].send_signal(signal.SIGKILL)
                killed += 1
        time.sleep(0.02)
    _, errors = process.communicate(timeout=300)
    assert killed
    assert process.returncode == 0, errors
    assert tables(tmp_path / "out") == tables(whole)


def _line(process):
    with suppress(psutil.Error):
        return process.cmdline()
    return []


@pytest.mark.slow
@pytest.mark.campaign
def test_two_studies_in_one_folder(undisturbed, tmp_path):
    config, whole, _ = undisturbed
    first = start(config, tmp_path / "out")
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline and not (tmp_path / "out" / "sweep.json").exists():
        time.sleep(0.02)
    second = subprocess.run(command(config, tmp_path / "out"), capture_output=True, text=True,
                            timeout=120, check=False)
    assert (second.returncode, second.stderr.count("\n")) == (2, 1), second.stderr
    assert "another sweep is running" in second.stderr
    _, errors = first.communicate(timeout=300)
    assert first.returncode == 0, errors
    assert tables(tmp_path / "out") == tables(whole)


# ------------------------------------------------------------------ the disk


@pytest.mark.parametrize("moment", ["open", "write", "fsync", "replace"])
@pytest.mark.parametrize("after", [0, 1, 3, 6])
def test_a_full_disk_at_any_moment(tmp_path, monkeypatch, moment, after):
    """The n-th file that is written finds no room, at each step of writing it."""
    config, count = SMALL, [0]

    def full(*_, **__):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    replaced, fsync = files.replaced, os.fsync
    with monkeypatch.context() as patch:
        if moment == "fsync":
            def limited(handle):
                count[0] += 1
                return full() if count[0] > 2 * after else fsync(handle)

            patch.setattr(files.os, "fsync", limited)
        elif moment == "replace":
            move = Path.replace

            def limited(path, to):
                count[0] += path.name.endswith(files.PARTIAL)
                return full() if count[0] > after else move(path, to)

            patch.setattr(Path, "replace", limited)
        else:
            opened = Path.open

            def limited(path, mode="r", *args, **options):
                partial = path.name.endswith(files.PARTIAL)
                count[0] += partial
                if not partial or count[0] <= after:
                    return opened(path, mode, *args, **options)
                return full() if moment == "open" else _Full(opened(path, mode, *args, **options))

            patch.setattr(Path, "open", limited)
        with pytest.raises(OutputError, match="cannot be written") as error:
            run_study(config, tmp_path / "out", progress=False, jobs=0, resume=True)
        assert "\n" not in str(error.value)
        assert "No space left" in str(error.value)
    assert files.replaced is replaced
    assert not list((tmp_path / "out").rglob("*.part"))
    kept = finished(tmp_path / "out")
    run_study(config, tmp_path / "out", progress=False, jobs=0, resume=True)
    assert kept.items() <= finished(tmp_path / "out").items()
    run_study(config, tmp_path / "whole", progress=False, jobs=0)
    assert tables(tmp_path / "out") == tables(tmp_path / "whole")


class _Full:
    """A file that cannot grow."""

    def __init__(self, handle):
        self.handle = handle

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.handle.close()

    def __getattr__(self, name):
        return getattr(self.handle, name)

    def write(self, _):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def test_a_folder_that_may_not_be_written(tmp_path, monkeypatch):
    """Root may write everywhere, so the refusal is that of the system call."""
    def refused(*_, **__):
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))

    monkeypatch.setattr(Path, "mkdir", refused)
    with pytest.raises(OutputError, match=r"cannot be written .*Permission denied"):
        run_study(SMALL, tmp_path / "out", progress=False, jobs=0)


@pytest.mark.parametrize("below", ["", "/below"])
def test_a_file_in_the_place_of_the_folder(tmp_path, capsys, below):
    from numerics.cli import main

    (tmp_path / "taken").write_text("mine")
    assert main(["study", "--out", f"{tmp_path}/taken{below}", "--no-progress"]) == 2
    shown = capsys.readouterr().err
    assert (shown.count("\n"), "cannot be written" in shown) == (1, True)
    assert (tmp_path / "taken").read_text() == "mine"
