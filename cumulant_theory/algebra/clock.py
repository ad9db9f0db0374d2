"""A limit on time that long computations look at."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from numbers import Real

from ..arguments import brief
from ..errors import DomainError, TimeLimitError

_LONGEST = 10**6  # seconds, eleven days; timers take no more
_DEADLINE: ContextVar[tuple[float, float] | None] = ContextVar("deadline", default=None)


@contextmanager
def time_limit(seconds: float) -> Iterator[None]:
    """Limit what runs inside; an outer limit that ends earlier stays in force.

    Parameters
    ----------
    seconds
        Positive.

    Raises
    ------
    DomainError
        If it is not.
    TimeLimitError
        By what runs inside, soon after the limit.
    """
    if isinstance(seconds, bool) or not isinstance(seconds, Real) or not seconds > 0:
        raise DomainError(f"time limit of {brief(seconds)} seconds; give a positive number")
    seconds = float(min(seconds, _LONGEST))
    outer, end = _DEADLINE.get(), time.monotonic() + seconds
    token = _DEADLINE.set((end, seconds) if outer is None or end < outer[0] else outer)
    try:
        yield
    finally:
        _DEADLINE.reset(token)


def check_time() -> None:
    """Raise TimeLimitError when the limit has passed."""
    limit = _DEADLINE.get()
    if limit is not None and time.monotonic() > limit[0]:
        expired()


def remaining() -> float | None:
    """Seconds left, None without a limit."""
    limit = _DEADLINE.get()
    return None if limit is None else max(limit[0] - time.monotonic(), 0.001)


def expired() -> None:
    """Raise TimeLimitError."""
    limit = _DEADLINE.get()
    seconds = "" if limit is None else f" of {limit[1]:.2g} seconds"
    raise TimeLimitError(
        f"the computation did not end within its limit{seconds}; give a larger seconds=, "
        "fewer variables or a lower order, and work with Singular if it is missing (Debian package "
        "singular, or pip install --no-deps passagemath-singular)"
    )
