"""One call under a limit on time: what came out, and whether it may."""

import math
import signal
import traceback
from collections.abc import Iterator, Mapping, Sequence, Set
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import sympy as sp

from cumulant_theory.errors import CumulantError
from cumulant_theory.layers import Layer

PACKAGES = ("cumulant_theory", "numerics")
BAD = (sp.nan, sp.zoo, sp.oo, -sp.oo)


class Hang(BaseException):
    """The limit on time has passed; no ``except Exception`` catches it."""


class WrongError(Exception):
    """A result that must not be."""


@dataclass(frozen=True)
class Finding:
    """What went wrong, where."""

    target: str
    problem: str
    place: str
    call: str

    def __str__(self):
        return f"{self.target}: {self.problem}\n    at {self.place}\n    {self.call}"


@contextmanager
def at_most(seconds: float) -> Iterator[None]:
    """Limit the processor time of what runs inside, and the time on the clock to ten times it."""
    def stop(*_):
        raise Hang

    old = [signal.signal(s, stop) for s in (signal.SIGPROF, signal.SIGALRM)]
    signal.setitimer(signal.ITIMER_PROF, seconds)
    signal.setitimer(signal.ITIMER_REAL, 10 * seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.setitimer(signal.ITIMER_REAL, 0)
        for s, handler in zip((signal.SIGPROF, signal.SIGALRM), old, strict=True):
            signal.signal(s, handler)


def examine(value, depth: int = 0, nan: bool = False) -> None:
    """Raise WrongError at a number that is not finite; show what can be shown."""
    if depth > 4:
        return
    if isinstance(value, (float, complex, np.floating, np.complexfloating)):
        if not nan and not (math.isfinite(value.real) and math.isfinite(value.imag)):
            raise WrongError(f"the result holds {value!r}")
        return
    if isinstance(value, np.ndarray):
        if not nan and value.dtype.kind in "fc" and not np.isfinite(value).all():
            raise WrongError("the result is an array that is not finite")
        return
    if isinstance(value, (sp.Basic, sp.MatrixBase)):
        if value.has(*BAD):
            raise WrongError(f"the result is {str(value)[:80]}")
        return
    if isinstance(value, Mapping):
        for k, v in list(value.items())[:50]:
            examine(k, depth + 1, nan)
            examine(v, depth + 1, nan)
        return
    if isinstance(value, (Sequence, Set)) and not isinstance(value, (str, bytes)):
        for v in list(value)[:50]:
            examine(v, depth + 1, nan)
        return
    if type(value).__module__.startswith("torch"):
        examine(value.detach().numpy() if hasattr(value, "detach") else None, depth + 1, nan)
        return
    if type(value).__module__.split(".")[0] in PACKAGES and not isinstance(value, type):
        show(value)


def show(value) -> None:
    """Every way in which an object shows itself."""
    text = repr(value)
    if not isinstance(text, str) or not text:
        raise WrongError("repr is no text")
    for name in ("_repr_latex_", "_repr_html_"):
        method = getattr(value, name, None)
        if method is not None:
            with suppress(CumulantError):  # such as an order that does not exist
                shown = method()
                if shown is not None and not isinstance(shown, str):
                    raise WrongError(f"{name} gives {type(shown).__name__}")


def judge(name, call, told, probe=None, seconds=5.0, nan=False, allowed=()) -> Finding | None:
    """Call, examine and probe; None unless something is wrong.

    Parameters
    ----------
    name
        Of what is called.
    call
        Without arguments.
    told
        The call as text.
    probe
        Of the result, by the same rules.
    seconds
        Limit.
    nan
        Whether numbers that are not finite are an answer here.
    allowed
        Errors besides the own family.
    """
    try:
        with at_most(seconds):
            result = call()
            examine(result, nan=nan)
            if probe is not None:
                examine(probe(result), nan=nan)
    except (CumulantError, *allowed) as error:
        if not str(error).strip():
            return Finding(name, f"{type(error).__name__} without a message", "", told)
        if len(str(error)) > 4000:
            return Finding(name, f"a message of {len(str(error))} characters", _place(error), told)
    except Hang as error:
        return Finding(name, "does not end", _place(error), told)
    except Exception as error:
        short = " ".join(str(error).split())[:160]
        return Finding(name, f"{type(error).__name__}: {short}", _place(error), told)
    return None


def _place(error: BaseException) -> str:
    frames = [
        f for f in traceback.extract_tb(error.__traceback__)
        if any(f"/{p}/" in f.filename for p in PACKAGES) and "campaigns" not in f.filename
    ]
    return " < ".join(
        f"{'/'.join(Path(f.filename).parts[-3:])}:{f.lineno} {f.name}" for f in frames[:-4:-1]
    ) or "outside"


def distinct(findings: Sequence[Finding]) -> list[Finding]:
    """One finding for each kind of problem at each place."""
    kinds = {}
    for f in findings:
        kinds.setdefault((f.target, f.problem.split(":")[0], f.place.split(" < ")[0]), f)
    return list(kinds.values())


def is_layer(value) -> bool:
    """Whether a value is a layer with rules."""
    return isinstance(value, Layer) and type(value) is not Layer
