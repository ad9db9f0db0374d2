"""Run a study cell by cell on several processes; finished cells are kept and never repeated."""

import fcntl
import json
import os
import platform
import signal
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from contextlib import contextmanager
from importlib.metadata import PackageNotFoundError, version
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from tqdm import tqdm

from cumulant_theory.errors import ConfigError, OutputError

from ..comparison import holm
from .architectures import architecture
from .cells import Cell, cells
from .config import StudyConfig
from .results import StudyResults, write_text

LEVEL = 0.01


def run_study(
    config: StudyConfig,
    out: str | Path,
    resume: bool = False,
    progress: bool = True,
    jobs: int | None = None,
) -> StudyResults:
    """Train, predict, measure and compare every cell; write the tables.

    Parameters
    ----------
    config
        What to run.
    out
        Folder for ``results.csv``, ``outcomes.csv``, ``networks.csv``, ``manifest.json`` and
        ``cells/``, one file per finished cell.
    resume
        Go on with a folder that holds finished cells of the same configuration.
    progress
        Show a progress bar.
    jobs
        Processes; default: one per core.

    Raises
    ------
    OutputError
        If the folder cannot be written, is in use, or holds a study and ``resume`` is off.
    ConfigError
        If the folder holds a study of another configuration, or a symmetry does not fit.
    """
    start = time.perf_counter()
    out = Path(out)
    grid = list(cells(config))
    theory = [_theory(config, s, a) for s in config.symmetries for a in config.activations]
    with _locked(out):
        folder = _prepare(config, out, resume)
        done = {c.name: r for c in grid if (r := _load(folder / f"{c.name}.json")) is not None}
        todo = [c for c in grid if c.name not in done]
        for cell, rows in _work(config, todo, folder, progress, jobs, len(grid)):
            done[cell.name] = rows
        tables: dict[str, list[dict[str, Any]]] = {
            key: [row for c in grid for row in done[c.name][key]]
            for key in ("comparisons", "outcomes", "networks")
        }
        _correct(tables["comparisons"])
        results = StudyResults(
            config=config.as_dict(), theory=theory,
            manifest=_manifest(config, time.perf_counter() - start, len(todo), len(grid)),
            **tables,
        )
        results.write(out)
    return results


def _theory(config: StudyConfig, symmetry: str, activation: str) -> dict[str, Any]:
    net = architecture(symmetry, activation, config.b, config.hidden)
    return {
        "symmetry": symmetry, "activation": activation, "network": repr(net), "net": net,
        "parameters": [str(p) for p in net.parameters], "free": len(net.parameters),
        "unconstrained": len(architecture("free", activation, config.b, config.hidden).parameters),
    }


def _work(
    config: StudyConfig, todo: list[Cell], folder: Path, progress: bool, jobs: int | None,
    total: int,
) -> Iterator[tuple[Cell, dict[str, Any]]]:
    if not todo:
        return
    workers = min(jobs or os.cpu_count() or 1, len(todo))
    bar = tqdm(total=total, initial=total - len(todo), desc="study", unit="cell",
               disable=not progress)
    # torch and its threads do not survive a fork
    pool = ProcessPoolExecutor(workers, mp_context=get_context("spawn"), initializer=_quiet)
    try:
        futures = {pool.submit(_run_and_save, config, c, folder): c for c in todo}
        for future in as_completed(futures):
            yield futures[future], future.result()
            bar.update()
    except BaseException:
        pool.shutdown(wait=False, cancel_futures=True)
        for process in list((getattr(pool, "_processes", None) or {}).values()):
            process.terminate()
        raise
    finally:
        bar.close()
    pool.shutdown()


def _quiet() -> None:
    """Workers leave Ctrl-C to the parent and use one thread each."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    for name in ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
        os.environ[name] = "1"


def _run_and_save(config: StudyConfig, cell: Cell, folder: Path) -> dict[str, Any]:
    from .cellwork import run_cell

    rows = run_cell(config, cell)
    write_text(folder / f"{cell.name}.json", json.dumps(rows))
    return rows


def _load(path: Path) -> dict[str, Any] | None:
    """A finished cell; None if there is none."""
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as error:
        raise OutputError(
            f"{path} is damaged ({error}); delete it, and --resume computes it again"
        ) from None


def _prepare(config: StudyConfig, out: Path, resume: bool) -> Path:
    folder = out / "cells"
    stamp = out / "study.json"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        known = json.loads(stamp.read_text(encoding="utf-8")) if stamp.exists() else None
    except (OSError, ValueError) as error:
        raise OutputError(f"{out} cannot be used ({error}); choose another --out folder") from None
    if known is not None and not resume:
        raise OutputError(
            f"{out} holds a study already; add --resume to go on with it, or choose another folder"
        )
    if known is not None and known.get("fingerprint") != config.fingerprint:
        raise ConfigError(
            f"{out} holds a study of another configuration; choose another --out folder, or give "
            "the configuration that it was started with"
        )
    write_text(stamp, json.dumps(
        {"fingerprint": config.fingerprint, "config": config.as_dict()}, indent=2
    ))
    return folder


@contextmanager
def _locked(out: Path) -> Iterator[None]:
    """Refuse a second study in the same folder; the lock ends with the process."""
    try:
        out.mkdir(parents=True, exist_ok=True)
        handle = (out / ".lock").open("w")
    except OSError as error:
        raise OutputError(
            f"{out} cannot be written ({error.strerror}); choose another --out folder"
        ) from None
    with handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise OutputError(
                f"another study is running in {out}; wait for it, or choose another folder"
            ) from None
        yield


def _correct(rows: list[dict[str, Any]]) -> None:
    """Holm's correction over all comparisons of the study at once."""
    decided = [row for row in rows if row["verdict"] != "undecided"]
    for row, p in zip(decided, holm([row["p"] for row in decided]), strict=True):
        row["p_holm"] = float(p)
        row["verdict"] = "disagree" if p < LEVEL else "agree"


def _manifest(config: StudyConfig, seconds: float, ran: int, total: int) -> dict[str, Any]:
    names = ("cumulant-theory", "sympy", "python-flint", "numpy", "scipy", "torch", "matplotlib")
    versions = {"python": platform.python_version()}
    for name in names:
        try:
            versions[name] = version(name)
        except PackageNotFoundError:
            versions[name] = "not installed"
    return {
        "versions": versions, "config": config.as_dict(), "fingerprint": config.fingerprint,
        "seed": config.seed, "seconds": round(seconds, 2), "cells": total, "cells_run": ran,
        "level": LEVEL, "platform": platform.system(),
    }
