"""Constraints that hold every dependency at the lowest version pyproject.toml allows.

``python tests/lowest.py numerics torch > constraints.txt`` reads the core and the named extras with
all that these extras draw in; ``make test-lowest`` installs them and runs the tests.
"""

import re
import sys
import tomllib
from collections.abc import Iterable, Iterator
from pathlib import Path

PROJECT = tomllib.loads((Path(__file__).parents[1] / "pyproject.toml").read_text())["project"]
OWN = PROJECT["name"]


def requirements(extras: Iterable[str]) -> Iterator[str]:
    """Requirements of the core and of the extras, other packages than this one."""
    known = PROJECT["optional-dependencies"]
    yield from PROJECT["dependencies"]
    todo, done = list(extras), set()
    while todo:
        extra = todo.pop()
        if extra in done:
            continue
        if extra not in known:
            raise SystemExit(f"pyproject.toml has no extra {extra!r}; it has {', '.join(known)}")
        done.add(extra)
        for requirement in known[extra]:
            if found := re.fullmatch(rf"{OWN}\[(.*)\]", requirement):
                todo += found[1].split(",")
            else:
                yield requirement


def constraints(extras: Iterable[str]) -> list[str]:
    """``name==bound`` of each requirement, markers kept.

    Raises
    ------
    ValueError
        If a requirement has no lower bound.
    """
    lines = set()
    for requirement in requirements(extras):
        found = re.fullmatch(r"([\w.-]+)>=([\w.]+)\s*(;.*)?", requirement)
        if not found:
            raise ValueError(f"the requirement {requirement!r} is not of the form name>=bound")
        name, bound, marker = found.groups()
        lines.add(f"{name}=={bound}{marker or ''}")
    return sorted(lines)


if __name__ == "__main__":
    print("\n".join(constraints(sys.argv[1:])))
