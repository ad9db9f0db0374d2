"""Run a grid of cells; what is finished is kept, and never computed twice."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
from tqdm import tqdm

from cumulant_theory.arguments import brief, explained
from cumulant_theory.errors import (
    ConfigError,
    DomainError,
    OutputError,
    SweepError,
    UnknownNameError,
)
from cumulant_theory.latex.html import Record

from ..files import write_bytes
from .cluster import on_cluster
from .folder import OWN_TABLES, assemble, cell_file, finished, locked, prepare, read_stamp, stamp
from .job import Cell, Failure, Job, Outcome, Task, Work, fingerprint, plain
from .local import cores, on_this_machine
from .tables import Columns, Finish, read_table, schema

__all__ = ["Sweep", "failure_text", "read_sweep", "sweep"]

_NAMED, _SHOWN = 5, 300


@dataclass(frozen=True)
class Sweep(Record):
    """Tables of a finished sweep, read when asked for.

    Attributes
    ----------
    out
        Folder.
    settings
        As plain data.
    cells
        Number of cells of the grid.
    ran
        How many of them this call computed or tried.
    """

    out: Path
    settings: Any
    cells: int
    ran: int = 0

    @explained
    def table(self, name: str) -> pa.Table:
        """A table; besides those of the work there are ``failures`` and ``timings``.

        Raises
        ------
        OutputError
            If there is none of this name, or it is damaged.
        """
        return read_table(self.out / f"{name}.parquet")

    def rows(self, name: str) -> list[dict[str, Any]]:
        """The same as plain rows."""
        return self.table(name).to_pylist(maps_as_pydicts="strict")

    @property
    def failures(self) -> list[dict[str, Any]]:
        """One row per cell that failed: ``cell``, ``error``, ``message``, ``traceback``."""
        return self.rows("failures")


@explained
def sweep(
    work: Work,
    cells: Sequence[Cell],
    out: str | Path,
    *,
    tables: Mapping[str, Columns],
    settings: Any = None,
    finish: Mapping[str, Finish] | None = None,
    scheduler: str | None = None,
    jobs: int | None = None,
    resume: bool = False,
    progress: bool = True,
    on_failure: str = "raise",
    label: str = "sweep",
) -> Sweep:
    """Run the work on every cell and write its tables as Parquet.

    The tables do not depend on where and in which order the cells ran, provided that the work
    depends on its two arguments alone; `entropy` seeds by names. Floats agree to the last bit on
    processors and libraries of the same kind.

    Parameters
    ----------
    work
        ``work(settings, cell)``, a function of a module, gives the rows of every table: name ->
        list of mappings column -> value. A missing value is null. The name of the cell is put in
        front of every row.
    cells
        The grid. Each has a ``name`` of its own and is plain data, such as a dataclass.
    out
        Folder for one ``NAME.parquet`` per table, rows in the order of the grid;
        ``failures.parquet``, ``timings.parquet``; ``sweep.json``, the settings; and ``cells/``, one
        file per finished cell.
    tables
        Name -> column -> ``str``, ``int``, ``float``, ``bool``, ``list[...]`` or
        ``dict[str, ...]`` of these.
    settings
        Plain data, such as a dataclass. Results of other settings are never mixed in.
    finish
        Table name -> function of the whole Arrow table that gives the columns to be replaced, name
        -> values, for what needs the whole grid.
    scheduler
        Address of a Dask scheduler; default: processes on this machine.
    jobs
        Processes on this machine, with one thread each; default: one per core; 0: none, everything
        runs in this process.
    resume
        Go on with a folder that holds finished cells. The grid may have grown since.
    progress
        Show a progress bar.
    on_failure : {"raise", "keep"}
        A cell that raises does not stop the others. In the end the failures are raised, or only
        kept in the table of that name. Resuming tries these cells again.
    label
        Name of the progress bar.

    Raises
    ------
    SweepError
        If cells failed; the tables of the others are written.
    OutputError
        If the folder cannot be written, is in use, holds a sweep and ``resume`` is off, or the file
        of a cell is damaged.
    ConfigError
        If the folder holds a sweep of other settings, two cells share a name, or the work, cells,
        settings or tables cannot be used.
    EngineError
        If the processes do not start, or the scheduler is out of reach.
    MissingDependencyError
        If a scheduler is given and Dask is not installed.

    Examples
    --------
    >>> import tempfile
    >>> from collections import namedtuple
    >>> Power = namedtuple("Power", "name n")
    >>> def work(settings, cell):
    ...     return {"values": [{"n": cell.n, "value": settings["base"] ** cell.n}]}
    >>> with tempfile.TemporaryDirectory() as out:
    ...     done = sweep(work, [Power("square", 2), Power("cube", 3)], out, settings={"base": 2.0},
    ...                  tables={"values": {"n": int, "value": float}}, jobs=0, progress=False)
    ...     done.rows("values")
    [{'cell': 'square', 'n': 2, 'value': 4.0}, {'cell': 'cube', 'n': 3, 'value': 8.0}]
    """
    if on_failure not in ("raise", "keep"):
        raise UnknownNameError.of("on_failure", on_failure, ("raise", "keep"))
    if scheduler is not None and not isinstance(scheduler, str):
        raise ConfigError(
            f"scheduler is {brief(scheduler)}; pass an address such as 'tcp://192.168.0.2:8786'"
        )
    if scheduler is not None and jobs is not None:
        raise ConfigError(
            f"jobs = {jobs} counts processes on this machine, and the scheduler {scheduler} has "
            "workers of its own; give one of the two"
        )
    if jobs is not None and jobs < 0:
        raise ConfigError(f"jobs = {jobs} must be 0 or more")
    out = Path(out)
    finish = finish or {}
    identity = _identity(work, settings, tables, finish)
    tasks = _tasks(cells, identity, out)
    job = Job(work, settings, {name: dict(columns) for name, columns in tables.items()})
    with locked(out):
        prepare(out, identity, resume)
        todo = [task for task in tasks if not finished(out, task, tables)]
        outcomes = (
            on_cluster(job, todo, scheduler) if scheduler is not None
            else on_this_machine(job, todo, cores() if jobs is None else jobs)
        )
        failures = _collect(outcomes if todo else iter(()), out, len(tasks), len(todo),
                            progress, label)
        assemble(out, tasks, tables, finish, failures)
        stamp(out, identity, finished=True, cells=len(tasks))
    done = Sweep(out, identity["settings"], len(tasks), len(todo))
    if failures and on_failure == "raise":
        raise SweepError(failure_text(done.failures, len(tasks)))
    return done


@explained
def read_sweep(out: str | Path) -> Sweep:
    """The tables of a finished sweep.

    Raises
    ------
    OutputError
        If the folder holds none, or one that was interrupted.
    """
    out = Path(out)
    known = read_stamp(out)
    if known is None:
        raise OutputError(f"{out} holds no sweep; run one there first")
    if not known.get("finished"):
        raise OutputError(f"the sweep in {out} was interrupted; resuming it writes the tables")
    return Sweep(out, known.get("settings"), known.get("cells", 0))


@explained
def failure_text(failures: Sequence[Mapping[str, Any]], cells: int) -> str:
    """Which cells failed, and what to do.

    Examples
    --------
    >>> failure_text([{"cell": "a", "error": "DomainError", "message": "n = 0"}], 4)
    '1 of 4 cells failed: a (DomainError: n = 0); the others are kept, --resume (...) tries again'
    """
    alike: dict[str, list[str]] = {}
    for f in failures:
        if not {"cell", "error", "message"} <= set(f):
            raise DomainError(
                f"failure_text: {brief(f)}; pass rows with the columns cell, error and message"
            )
        why = " ".join(f"{f['error']}: {f['message']}".split())
        alike.setdefault(why[:_SHOWN] + "..." * (len(why) > _SHOWN), []).append(f["cell"])
    shown = [f"{_some(names)} ({why})" for why, names in list(alike.items())[:_NAMED]]
    more = ", and others, see failures.parquet" if len(alike) > _NAMED else ""
    return (
        f"{len(failures)} of {cells} cells failed: {'; '.join(shown)}{more}; the others are kept, "
        "--resume (resume=True) tries again"
    )


def _some(names: Sequence[str]) -> str:
    more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    return ", ".join(names[:_NAMED]) + more


def _identity(
    work: Work, settings: Any, tables: Mapping[str, Columns], finish: Mapping[str, Finish]
) -> dict[str, Any]:
    if not tables:
        raise ConfigError("tables must name at least one table and its columns")
    taken = [name for name in tables if name in OWN_TABLES]
    if taken:
        raise ConfigError(f"the table name '{taken[0]}' is taken; choose another")
    bad = [name for name in tables if not name.isidentifier()]
    if bad:
        raise ConfigError(f"the table name {bad[0]!r} is no name; use letters, digits and _")
    strange = [name for name in finish if name not in tables]
    if strange:
        raise ConfigError(f"finish names the table '{strange[0]}', which tables do not declare")
    return {
        "settings": plain(settings, "settings"),
        "tables": {
            name: {f.name: str(f.type) for f in schema(columns)}
            for name, columns in tables.items()
        },
        "work": getattr(work, "__qualname__", type(work).__qualname__),
    }


def _tasks(cells: Sequence[Cell], identity: Mapping[str, Any], out: Path) -> list[Task]:
    base = fingerprint(identity)
    tasks, seen = [], {}
    for cell in cells:
        name = getattr(cell, "name", None)
        if not isinstance(name, str) or not name:
            raise ConfigError(f"the cell {cell!r} needs a name, a text of its own")
        place = cell_file(out, name).name.casefold()
        if place in seen:
            raise ConfigError(
                f"the cells '{seen[place]}' and '{name}' have the same name, or names that differ "
                "by case alone; name every cell differently"
            )
        seen[place] = name
        tasks.append(Task(name, fingerprint([base, plain(cell, f"the cell '{name}'")]), cell))
    if not tasks:
        raise ConfigError("the grid has no cells")
    return tasks


def _collect(
    outcomes: Iterator[tuple[Task, Outcome]], out: Path, total: int, left: int, progress: bool,
    label: str,
) -> dict[str, Failure]:
    """Write what comes; give back what failed."""
    failures: dict[str, Failure] = {}
    with tqdm(total=total, initial=total - left, desc=label, unit="cell",
              disable=not progress) as bar:
        try:
            for task, outcome in outcomes:
                if isinstance(outcome, Failure):
                    failures[task.name] = outcome
                    bar.set_postfix(failed=len(failures), refresh=False)
                else:
                    write_bytes(cell_file(out, task.name), outcome)
                bar.update()
        finally:
            close = getattr(outcomes, "close", None)
            if close is not None:
                close()
    return failures
