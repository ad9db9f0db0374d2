"""Files written whole or not at all; settings and folders with errors that say what to do."""

import os
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

from cumulant_theory.arguments import explained
from cumulant_theory.errors import ConfigError, OutputError

__all__ = ["PARTIAL", "made_folder", "read_toml", "replaced", "told", "write_bytes", "write_text"]

PARTIAL = ".part"
_LONGEST = 1000  # of a path in a message


@contextmanager
def replaced(path: Path) -> Iterator[BinaryIO]:
    """A file to write to that takes its place once it is complete and on the disk.

    Whatever happens before that, a loss of power included, leaves the old file, or none.

    Parameters
    ----------
    path : Path
        In a folder that exists.

    Raises
    ------
    OutputError
        If it cannot be written.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as name:
    ...     path = Path(name) / "table"
    ...     with replaced(path) as handle:
    ...         _ = handle.write(b"1 2 3")
    ...         early = path.exists()
    ...     early, path.read_bytes()
    (False, b'1 2 3')
    """
    partial = path.with_name(f".{path.name}.{os.getpid()}{PARTIAL}")
    try:
        with partial.open("wb") as handle:
            yield handle
            handle.flush()
            os.fsync(handle.fileno())
        partial.replace(path)
        _keep_entry(path.parent)
    except BaseException as error:
        _drop(partial)
        if isinstance(error, OSError) and not isinstance(error, OutputError):
            raise OutputError(
                f"{told(path)} cannot be written ({error.strerror or error}); make room, or "
                "choose another --out folder"
            ) from None
        raise


def told(path: str | Path) -> str:
    """A path in a message, cut where it is very long.

    Examples
    --------
    >>> told(Path("a", "b"))
    'a/b'
    """
    text = str(path)
    return text if len(text) < _LONGEST else f"{text[:_LONGEST]}..."


def _keep_entry(folder: Path) -> None:
    """The name of a new file is on the disk only when its folder is."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _drop(path: Path) -> None:
    try:
        path.unlink()
    except OSError:
        return


@explained
def write_bytes(path: Path, data: bytes) -> Path:
    """Write a file whole or not at all.

    Raises
    ------
    OutputError
        If it cannot be written.
    """
    with replaced(path) as handle:
        handle.write(data)
    return path


@explained
def write_text(path: Path, text: str) -> Path:
    """The same for text, as UTF-8.

    Raises
    ------
    OutputError
        If it cannot be written.
    """
    return write_bytes(path, text.encode("utf-8"))


@explained
def made_folder(path: str | Path) -> Path:
    """A folder, made if it does not exist.

    Raises
    ------
    OutputError
        If it cannot be made.
    """
    out = Path(path)
    try:
        out.mkdir(parents=True, exist_ok=True)
    except (OSError, ValueError) as error:  # the latter for names that hold a zero byte
        why = getattr(error, "strerror", error)
        raise OutputError(
            f"{told(path)} cannot be made ({why}); choose another --out folder"
        ) from None
    return out


@explained
def read_toml(path: str | Path) -> dict[str, Any]:
    """What a TOML file holds.

    Raises
    ------
    ConfigError
        If it cannot be read or is no TOML.
    """
    path = Path(path)
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except UnicodeDecodeError:
        raise ConfigError(f"{path} is not UTF-8 text") from None
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{path} is not valid TOML: {error}") from None
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", error)
        raise ConfigError(f"{told(path)} cannot be read: {why}") from None
