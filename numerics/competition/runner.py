"""Run a competition: its cells as a sweep, and its tables read back."""

import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cumulant_theory.arguments import explained
from cumulant_theory.errors import ConfigError, SweepError
from cumulant_theory.latex.html import card, facts

from ..sweeps import failure_text, read_sweep, sweep
from .cells import Cell, DensityCell, cells
from .config import Competition, from_mapping

__all__ = ["TABLES", "Results", "load", "run_competition"]

_LABELS = {
    "level": str, "symmetry": str, "soft": float, "activation": str, "b": int, "width": int,
    "depth": int, "loss": str, "method": str, "train_law": str,
}
_KIND = {"role": str, "representable": str, "parameters": int, "seed": int}
TABLES: dict[str, dict[str, Any]] = {
    "networks": {
        **_LABELS, **_KIND, "train_loss": float, "steps": int, "converged": bool,
        "diverged": bool, "fitted": bool, "mirror": bool, "breaking_start": float,
        "breaking_end": float, "cpu_seconds": float, "weights": dict[str, float],
    },
    "errors": {
        **_LABELS, **_KIND, "test_law": str, "in_distribution": bool, "fitted": bool,
        "diverged": bool, "risk": float, "risk_error": float, "law_distance": float,
        "resolution": float, "error": float, "log_error": float, "outcome": str,
        "predicted": str, "algebra": str, "residual_1": float, "residual_2": float,
        "residual_3": float, "residual_4": float,
    },
    "curves": {**_LABELS, "seed": int, "step": int, "breaking": float},
}


@dataclass(frozen=True)
class Results:
    """Tables of a competition.

    Attributes
    ----------
    config
        Settings.
    networks
        One row per trained network.
    errors
        One row per network and test law.
    curves
        One row per network and recorded step: symmetry breaking of the first layer.
    failures
        One row per cell that failed.
    cells, seconds
        Number of cells; wall time of this call.
    """

    config: Competition
    networks: list[dict[str, Any]]
    errors: list[dict[str, Any]]
    curves: list[dict[str, Any]] = field(default_factory=list)
    failures: list[dict[str, Any]] = field(default_factory=list)
    cells: int = 0
    seconds: float = 0.0

    def __repr__(self) -> str:
        return (
            f"Results({self.config.title!r}: {len(self.networks)} networks, "
            f"{len(self.errors)} errors, {len(self.failures)} failures)"
        )

    def _repr_html_(self) -> str:
        rows = [
            ("cells", self.cells), ("networks", len(self.networks)),
            ("networks on a law", len(self.errors)), ("failures", len(self.failures)),
            ("seconds", self.seconds or None),
        ]
        return card(self.config.title or "Competition", facts(rows))

    @property
    def cpu_seconds(self) -> float:
        """Processor time of all cells."""
        return sum(row["cpu_seconds"] for row in self.networks)


@explained
def run_competition(
    config: Competition,
    out: str | Path,
    resume: bool = False,
    progress: bool = True,
    jobs: int | None = None,
    scheduler: str | None = None,
    on_failure: str = "raise",
) -> Results:
    """Train every network, let it meet every law, write the tables.

    Parameters
    ----------
    config
        What to run.
    out
        Folder for ``networks``, ``errors`` and ``curves`` as Parquet, and what
        :func:`numerics.sweeps.sweep` keeps there.
    resume
        Go on with a folder that holds finished cells of the same settings.
    progress
        Show a progress bar.
    jobs
        Processes; default: one per core; 0: this one.
    scheduler
        Address of a Dask scheduler; default: processes on this machine.
    on_failure : {"raise", "keep"}
        What to do about cells that failed, once everything else is written. If all of them did,
        it is raised. Networks that diverge are no failures, but rows.

    Raises
    ------
    SweepError
        If cells failed.
    ConfigError
        If no combination of the settings is a network, or the folder holds other settings.
    OutputError, EngineError, MissingDependencyError
        As :func:`numerics.sweeps.sweep`.
    """
    start = time.perf_counter()
    grid = cells(config)
    if not grid:
        raise ConfigError("no combination of the settings is a network; see the widths and blocks")
    done = sweep(
        _work, grid, out, tables=TABLES, settings=config, scheduler=scheduler,
        jobs=jobs, resume=resume, progress=progress, on_failure="keep", label="competition",
    )
    failures = done.failures
    if failures and (on_failure == "raise" or len(failures) == done.cells):
        raise SweepError(failure_text(failures, done.cells))
    return _results(done, config, time.perf_counter() - start)


@explained
def load(out: str | Path) -> Results:
    """A competition that was run to its end.

    Raises
    ------
    OutputError
        If the folder holds none.
    ConfigError
        If it holds the sweep of something else.
    """
    done = read_sweep(out)
    return _results(done, from_mapping(done.settings, str(out)), 0.0)


def _results(done: Any, config: Competition, seconds: float) -> Results:
    return Results(
        config, done.rows("networks"), done.rows("errors"), done.rows("curves"), done.failures,
        done.cells, round(seconds, 2),
    )


def _work(config: Competition, cell: Cell | DensityCell) -> dict[str, list[dict[str, Any]]]:
    # torch is loaded by the processes that need it, not by this one
    from .work import run

    return run(config, cell)
