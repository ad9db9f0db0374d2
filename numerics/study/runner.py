"""Run a study: its cells as a sweep, then the tables for people."""

import platform
import time
from collections.abc import Mapping
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import numpy as np

from cumulant_theory.arguments import explained
from cumulant_theory.errors import SweepError

from ..comparison import holm
from ..sweeps import failure_text, fingerprint, sweep
from .cells import Cell, cells, theory
from .config import StudyConfig
from .results import TABLES, StudyResults

LEVEL = 0.01


@explained
def run_study(
    config: StudyConfig,
    out: str | Path,
    resume: bool = False,
    progress: bool = True,
    jobs: int | None = None,
    scheduler: str | None = None,
    on_failure: str = "raise",
) -> StudyResults:
    """Train, predict, measure and compare every cell; write the tables.

    Parameters
    ----------
    config
        What to run.
    out
        Folder for ``results``, ``outcomes`` and ``networks``, each as Parquet and as CSV,
        ``failures.parquet``, ``timings.parquet``, ``manifest.json``, ``sweep.json`` and ``cells/``,
        one file per finished cell.
    resume
        Go on with a folder that holds finished cells of the same configuration.
    progress
        Show a progress bar.
    jobs
        Processes; default: one per core.
    scheduler
        Address of a Dask scheduler; default: processes on this machine.
    on_failure : {"raise", "keep"}
        What to do about cells that failed, once everything else is written. If all of them did,
        it is raised.

    Raises
    ------
    SweepError
        If cells failed.
    OutputError
        If the folder cannot be written, is in use, or holds a study and ``resume`` is off.
    ConfigError
        If the folder holds a study of another configuration, or a symmetry does not fit.
    EngineError
        If the processes do not start, or the scheduler is out of reach.
    MissingDependencyError
        If a scheduler is given and Dask is not installed.
    """
    start = time.perf_counter()
    out = Path(out)
    known = theory(config)
    done = sweep(
        _work, list(cells(config)), out, tables=TABLES, settings=config,
        finish={"results": _corrected}, scheduler=scheduler, jobs=jobs, resume=resume,
        progress=progress, on_failure="keep", label="study",
    )
    failures = done.failures
    if len(failures) == done.cells:
        raise SweepError(failure_text(failures, done.cells))
    results = StudyResults(
        config=config.as_dict(), comparisons=done.rows("results"), outcomes=done.rows("outcomes"),
        networks=done.rows("networks"), theory=known, failures=failures,
        manifest=_manifest(config, {
            "seconds": round(time.perf_counter() - start, 2), "cells": done.cells,
            "cells_run": done.ran, "cells_failed": len(failures),
        }),
    )
    results.write(out)
    if failures and on_failure == "raise":
        raise SweepError(failure_text(failures, done.cells))
    return results


def _work(config: StudyConfig, cell: Cell) -> dict[str, list[dict[str, Any]]]:
    # torch is loaded by the processes that need it, not by this one
    from .cellwork import run_cell

    return run_cell(config, cell)


def _corrected(table: Any) -> dict[str, np.ndarray]:
    """Holm's correction over all comparisons of the study at once."""
    p, p_holm, verdict, z = (
        table[name].to_numpy().copy() for name in ("p", "p_holm", "verdict", "z")
    )
    decided = verdict != "undecided"
    p_holm[decided] = holm(p[decided])
    agreed = np.where(np.isfinite(z[decided]), "agree", "undecided")  # a difference without scatter
    verdict[decided] = np.where(p_holm[decided] < LEVEL, "disagree", agreed)
    return {"p_holm": p_holm, "verdict": verdict}


def _manifest(config: StudyConfig, counted: Mapping[str, Any]) -> dict[str, Any]:
    names = (
        "cumulant-theory", "sympy", "python-flint", "numpy", "scipy", "torch", "matplotlib",
        "pyarrow",
    )
    versions = {"python": platform.python_version()}
    for name in names:
        try:
            versions[name] = version(name)
        except PackageNotFoundError:
            versions[name] = "not installed"
    return {
        "versions": versions, "config": config.as_dict(), "fingerprint": fingerprint(config),
        "seed": config.seed, "level": LEVEL, "platform": platform.system(), **counted,
    }
