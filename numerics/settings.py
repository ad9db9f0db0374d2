"""What is asked of settings: the fields of frozen dataclasses that were read from TOML."""

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import fields
from typing import Any

from cumulant_theory.errors import ConfigError, CumulantError
from cumulant_theory.parsing import parse_law

from .sampling import require_samplable

__all__ = [
    "check_known", "check_laws", "check_lists_of_integers", "check_lists_of_texts", "check_parsed",
    "check_positive", "check_scalars", "made",
]

Limits = Mapping[str, tuple[int, int]]  # name -> least and largest value


def made(kind: Any, data: Any, place: str = "") -> Any:
    """The dataclass with the settings of a table.

    Parameters
    ----------
    kind
        Dataclass.
    data
        Name -> value; what is left out is as in the dataclass.
    place
        Of the table in the file, for messages.

    Raises
    ------
    ConfigError
        If it is no table, holds an unknown setting or leaves out one that is needed.
    """
    if not isinstance(data, Mapping):
        raise ConfigError(f"{place} must be a table".strip())
    known = [f.name for f in fields(kind)]
    unknown = [k for k in data if k not in known]
    if unknown:
        raise ConfigError(
            f"{place} unknown setting {', '.join(unknown)}; known: {', '.join(known)}".strip()
        )
    try:
        return kind(**data)
    except TypeError as error:
        raise ConfigError(f"{place}: {error}" if place else str(error)) from None


def check_lists_of_texts(owner: Any, *names: str) -> None:
    """Raise ConfigError unless the fields are lists of different texts; they become tuples."""
    for name in names:
        found = getattr(owner, name)
        if not isinstance(found, (list, tuple)) or not found:
            raise ConfigError(f"{name} must be a list with at least one entry")
        if not all(isinstance(e, str) for e in found):
            raise ConfigError(f"{name} = {list(found)!r} must hold texts in quotes")
        _keep_distinct(owner, name, found)


def check_lists_of_integers(owner: Any, limits: Limits) -> None:
    """Raise ConfigError unless the fields are lists of different integers; they become tuples."""
    for name, (low, high) in limits.items():
        found = getattr(owner, name)
        if not isinstance(found, (list, tuple)) or not found:
            raise ConfigError(f"{name} must be a list with at least one integer")
        for value in found:
            _check_integer(value, name, low, high)
        _keep_distinct(owner, name, found)


def check_scalars(owner: Any, limits: Limits) -> None:
    """Raise ConfigError unless the fields are integers within their limits."""
    for name, (low, high) in limits.items():
        _check_integer(getattr(owner, name), name, low, high)


def check_positive(owner: Any, *names: str) -> None:
    """Raise ConfigError unless the fields are positive and finite; they become floats."""
    for name in names:
        value = getattr(owner, name)
        number = isinstance(value, (int, float)) and not isinstance(value, bool)
        if not number or not 0 < value < float("inf"):
            raise ConfigError(f"{name} = {value!r} must be a positive number")
        object.__setattr__(owner, name, float(value))


def check_known(kind: str, found: Iterable[str], names: Collection[str]) -> None:
    """Raise ConfigError unless all entries are among the names."""
    for entry in found:
        if entry not in names:
            raise ConfigError(f"{kind} '{entry}' is unknown; known: {', '.join(names)}")


def check_parsed(kind: str, parse: Callable[[str], Any], texts: Iterable[str]) -> None:
    """Raise ConfigError with the text in front where a parser refuses one."""
    for text in texts:
        try:
            parse(text)
        except CumulantError as error:
            raise ConfigError(f"{kind} '{text}': {error}") from None


def check_laws(texts: Iterable[str]) -> None:
    """Raise ConfigError unless the texts are laws that can be sampled."""
    check_parsed("law", lambda text: require_samplable(parse_law(text)), texts)


def _check_integer(value: Any, name: str, low: int, high: int) -> None:
    if not isinstance(value, int) or isinstance(value, bool):
        raise ConfigError(f"{name} = {value!r} must be an integer")
    if not low <= value <= high:
        raise ConfigError(f"{name} = {value} must lie in {low}..{high}")


def _keep_distinct(owner: Any, name: str, found: Any) -> None:
    if len(set(found)) != len(found):
        raise ConfigError(f"{name} = {list(found)!r} lists an entry twice")
    object.__setattr__(owner, name, tuple(found))
