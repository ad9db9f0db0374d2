"""What one cell is made of, wherever it runs."""

import hashlib
import json
import time
import traceback
import zlib
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, is_dataclass
from typing import Any, Protocol

from cumulant_theory.algebra import as_integer
from cumulant_theory.arguments import brief, explained
from cumulant_theory.errors import ConfigError, DomainError

from .tables import Columns, pack

__all__ = ["Cell", "Failure", "Job", "Outcome", "Task", "Work", "entropy", "fingerprint", "plain"]

_LONGEST = 20_000


class Cell(Protocol):
    """A point of the grid: a dataclass, named tuple or the like of plain data.

    Attributes
    ----------
    name
        Unlike that of any other cell of the grid.
    """

    @property
    def name(self) -> str: ...


Work = Callable[[Any, Any], Mapping[str, Any]]


@dataclass(frozen=True)
class Task:
    """A cell that is to be computed; ``stamp`` changes with anything that its results depend on."""

    name: str
    stamp: str
    cell: Any


@dataclass(frozen=True)
class Failure:
    """Why a cell has no results."""

    error: str
    message: str
    traceback: str = ""


Outcome = bytes | Failure


@dataclass(frozen=True)
class Job:
    """The work, its settings and the tables that it fills."""

    work: Work
    settings: Any
    tables: Mapping[str, Columns]

    def run(self, task: Task) -> Outcome:
        """The packed tables of a cell, or why there are none."""
        start = time.perf_counter()
        try:
            rows = self.work(self.settings, task.cell)
            seconds = time.perf_counter() - start
            return pack(task.name, self.tables, rows, {
                "cell": task.name, "stamp": task.stamp, "seconds": repr(seconds),
            })
        except (Exception, SystemExit) as error:
            return Failure(
                type(error).__name__, str(error),
                "".join(traceback.format_exception(error))[-_LONGEST:],
            )


def plain(value: Any, what: str) -> Any:
    """Settings or a cell as plain data.

    Raises
    ------
    ConfigError
        If they hold anything but numbers, text, lists and mappings.

    Examples
    --------
    >>> plain({"widths": (2, 3)}, "settings")
    {'widths': [2, 3]}
    """
    if is_dataclass(value) and not isinstance(value, type):
        value = asdict(value)
    try:
        return json.loads(json.dumps(value))
    except (TypeError, ValueError) as error:
        raise ConfigError(
            f"{what} must be plain data, numbers, text, lists and mappings of these: {error}"
        ) from None


def fingerprint(value: Any) -> str:
    """Changes with any entry of plain data.

    Examples
    --------
    >>> fingerprint({"a": 1, "b": 2}) == fingerprint({"b": 2, "a": 1})
    True
    """
    text = json.dumps(plain(value, "settings"), sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


@explained
def entropy(seed: int, *names: str) -> list[int]:
    """Seed of something named, for ``numpy.random.SeedSequence`` and ``default_rng``.

    What is seeded by its name does not depend on the worker that runs it, nor on what ran before.

    Parameters
    ----------
    seed
        Of the whole sweep.
    names
        Of the cell, and of a part of it.

    Examples
    --------
    >>> entropy(2026, "free-identity", "Gaussian")
    [2026, 56097405, 1715911877]
    """
    if as_integer(seed) is None:
        raise DomainError(f"entropy: seed is {brief(seed)}; pass an integer from 0 up")
    return [seed, *(zlib.crc32(name.encode()) for name in names)]
