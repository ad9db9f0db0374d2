"""What a campaign calls, and the list of it."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Target:
    """Something public.

    Attributes
    ----------
    name
        Under which it is found.
    call
        Takes the arguments by name.
    arguments
        Name -> values that are right.
    probe
        Of the result.
    seconds
        Limit on processor time.
    nan
        Whether numbers that are not finite are an answer.
    covers
        Public names that the call and the probe reach besides, as `fuzz_names` has them.
    """

    name: str
    call: Any
    arguments: dict[str, list[Any]] = field(default_factory=dict)
    probe: Any = None
    seconds: float = 5.0
    nan: bool = False
    covers: tuple[str, ...] = ()


TARGETS: list[Target] = []  # of the symbolic core


def target(name, call, probe=None, seconds=5.0, nan=False, covers: Sequence[str] = (), /,
           **arguments):
    """Add a target."""
    TARGETS.append(Target(name, call, arguments, probe, seconds, nan, tuple(covers)))
