"""The folder of a sweep: one file per finished cell, and the tables made of them."""

import fcntl
import hashlib
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pyarrow as pa

from cumulant_theory.errors import ConfigError, OutputError

from ..files import PARTIAL, told, write_text
from .job import Failure, Task
from .tables import Columns, Finish, schema, table_file, unpack

__all__ = [
    "OWN_TABLES", "assemble", "cell_file", "finished", "locked", "prepare", "read_stamp", "stamp",
]

OWN_TABLES: dict[str, dict[str, Any]] = {
    "failures": {"error": str, "message": str, "traceback": str},
    "timings": {"seconds": float},
}
_STAMP = "sweep.json"
_LONGEST = 120


@contextmanager
def locked(out: Path) -> Iterator[None]:
    """Refuse a second sweep in the same folder; the lock ends with the process.

    Raises
    ------
    OutputError
        If the folder cannot be written, or is in use.
    """
    try:
        (out / "cells").mkdir(parents=True, exist_ok=True)
        handle = (out / ".lock").open("w")
    except (OSError, ValueError) as error:  # the latter for names that hold a zero byte
        why = getattr(error, "strerror", error)
        raise OutputError(
            f"{told(out)} cannot be written ({why}); choose another --out folder"
        ) from None
    with handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise OutputError(
                f"another sweep is running in {out}; wait for it, or choose another folder"
            ) from None
        yield


def prepare(out: Path, identity: Mapping[str, Any], resume: bool) -> None:
    """Check that the folder is new, or holds the same sweep, and mark it as unfinished.

    Parameters
    ----------
    out
        Folder, locked.
    identity
        What the results depend on: the settings, the tables, the name of the work.
    resume
        Go on with finished cells.

    Raises
    ------
    OutputError
        If the folder holds a sweep and ``resume`` is off, or its stamp is damaged.
    ConfigError
        If it holds another sweep.
    """
    known = read_stamp(out)
    if known is not None and not resume:
        raise OutputError(
            f"{out} holds a sweep already; go on with it by --resume (resume=True), or choose "
            "another folder"
        )
    if known is not None:
        other = [key for key in identity if known.get(key) != identity[key]]
        if other:
            raise ConfigError(
                f"{out} holds a sweep of other {' and '.join(other)}"
                f"{_differences(known.get('settings'), identity['settings'])}; choose another "
                "--out folder, or give what it was started with"
            )
    stamp(out, identity, finished=False)
    try:
        for partial in (*out.glob(f".*{PARTIAL}"), *(out / "cells").glob(f".*{PARTIAL}")):
            partial.unlink()
    except OSError as error:
        raise OutputError(f"{error.filename} cannot be removed ({error.strerror})") from None


def _differences(old: Any, new: Any) -> str:
    if not isinstance(old, dict) or not isinstance(new, dict) or old == new:
        return ""
    names = [k for k in {**old, **new} if old.get(k) != new.get(k)]
    return f" ({', '.join(names)})"


def stamp(out: Path, identity: Mapping[str, Any], **more: Any) -> None:
    """Write what the sweep is, and whether it is finished."""
    write_text(out / _STAMP, json.dumps({**identity, **more}, indent=2))


def read_stamp(out: Path) -> dict[str, Any] | None:
    """What a sweep is; None if the folder holds none.

    Raises
    ------
    OutputError
        If that cannot be read.
    """
    try:
        found = json.loads((out / _STAMP).read_text(encoding="utf-8"))
        if not isinstance(found, dict):
            raise ValueError("no mapping")
        return found
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as error:
        raise OutputError(
            f"{out / _STAMP} cannot be read ({error}); choose another --out folder"
        ) from None


def cell_file(out: Path, name: str) -> Path:
    """Where a finished cell is kept.

    Examples
    --------
    >>> cell_file(Path("out"), "free-law").as_posix()
    'out/cells/free-law.parquet'
    >>> cell_file(Path("out"), "a/b").as_posix()
    'out/cells/a_b-c14cddc033f6.parquet'
    """
    safe = re.sub(r"[^A-Za-z0-9_+=,()-]", "_", name)[:_LONGEST]
    if safe != name:
        safe += "-" + hashlib.sha256(name.encode()).hexdigest()[:12]
    return out / "cells" / f"{safe}.parquet"


def _load(
    path: Path, task: Task, forms: Mapping[str, pa.Schema]
) -> tuple[dict[str, pa.Table], dict[str, str]] | None:
    try:
        tables, notes = unpack(path.read_bytes())
    except FileNotFoundError:
        return None
    except (OSError, ValueError, pa.ArrowException) as error:
        raise _damaged(path, error) from None
    if (notes.get("cell"), notes.get("stamp")) != (task.name, task.stamp):
        raise ConfigError(
            f"{path} holds the cell '{notes.get('cell')}' of other settings; choose another --out "
            "folder, or delete it, and resuming computes it again"
        )
    if {name: table.schema for name, table in tables.items()} != forms:
        raise _damaged(path, "its columns are not those of its settings")
    return tables, notes


def _damaged(path: Path, why: object) -> OutputError:
    return OutputError(
        f"{path} is damaged ({' '.join(str(why).split())}); delete it, and resuming computes it "
        "again"
    )


def finished(out: Path, task: Task, tables: Mapping[str, Columns]) -> bool:
    """Whether a cell is there, whole and of these settings.

    Raises
    ------
    OutputError
        If its file is damaged.
    ConfigError
        If its file holds something else.
    """
    return _load(cell_file(out, task.name), task, _forms(tables)) is not None


def _forms(tables: Mapping[str, Columns]) -> dict[str, pa.Schema]:
    return {name: schema(columns) for name, columns in tables.items()}


def assemble(
    out: Path, tasks: Sequence[Task], tables: Mapping[str, Columns],
    finish: Mapping[str, Finish], failures: Mapping[str, Failure],
) -> None:
    """Write every table, rows in the order of the grid. None takes its place before all
    cells were read.

    Raises
    ------
    OutputError
        If a table cannot be written, or the file of a cell is damaged.
    """
    cells, forms = _forms(tables), _forms({**tables, **OWN_TABLES})
    with ExitStack() as stack:
        add = {
            name: stack.enter_context(table_file(out / f"{name}.parquet", form, finish.get(name)))
            for name, form in forms.items()
        }
        for task in tasks:
            found = _load(cell_file(out, task.name), task, cells)
            if found is not None:
                parts, notes = found
                row = {"cell": task.name, "seconds": float(notes["seconds"])}
                parts["timings"] = pa.Table.from_pylist([row], forms["timings"])
            elif (failure := failures.get(task.name)) is not None:
                row = {"cell": task.name, **vars(failure)}
                parts = {"failures": pa.Table.from_pylist([row], forms["failures"])}
            else:
                raise OutputError(
                    f"{cell_file(out, task.name)} is gone; resuming computes it again"
                )
            for name, part in parts.items():
                add[name](part)
