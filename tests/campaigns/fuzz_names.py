"""What is public, and whether a target calls it.

A target bears the name of what it calls, ``densities.Grid`` or ``Grid.mass``, up to the first blank
and without what stands in brackets: ``nm.sample(Uniform)`` calls ``nm.sample``. Names that it calls
besides are in ``covers``. Left out is what has a reason by the same name.
"""

import inspect
import re
from collections.abc import Collection, Mapping, Sequence
from importlib import import_module
from pkgutil import iter_modules
from typing import Any

from fuzz_judge import PACKAGES

SHORT = {"numerics": "nm", "cumulant_theory": "ct"}
SPECIAL = ("__call__", "__getitem__")


def modules(package: str, *others: str) -> list[str]:
    """A package, what in it says by ``__all__`` what it offers, and others."""
    inner = [f"{package}.{m.name}" for m in iter_modules(import_module(package).__path__)
             if not m.name.startswith("_")]
    return [package, *(m for m in inner if hasattr(import_module(m), "__all__")), *others]


def offered(module: str) -> list[str]:
    """Names that a module offers."""
    home = import_module(module)
    if hasattr(home, "__all__"):
        return list(home.__all__)
    return [name for name, thing in vars(home).items()
            if not name.startswith("_") and getattr(thing, "__module__", None) == module]


def short(module: str, names: Sequence[str]) -> str:
    """The last part of the name of a module, or all below the package where two end alike."""
    last = [m.rpartition(".")[2] for m in names]
    own = module.rpartition(".")[2]
    return SHORT.get(module) or (own if last.count(own) == 1 else module.partition(".")[2])


def takes_arguments(thing: Any, bound: int = 0) -> bool:
    """Whether there is something that can be wrong."""
    try:
        return len(inspect.signature(thing).parameters) > bound
    except (TypeError, ValueError):
        return False


def public(names: Sequence[str]) -> list[set[str]]:
    """Of each callable of some modules the names under which it is met."""
    found: dict[Any, set[str]] = {}
    for module in names:
        home = import_module(module)
        for name in offered(module):
            thing = getattr(home, name)
            if inspect.isclass(thing) and issubclass(thing, BaseException):
                continue
            own = str(getattr(thing, "__module__", "")).split(".")[0] in PACKAGES
            if not (own and callable(thing)):
                continue
            if takes_arguments(thing):
                met = found.setdefault(thing, set())
                met.add(f"{short(module, names)}.{name}")
            for method in methods(thing) if inspect.isclass(thing) else ():
                code = inspect.unwrap(inspect.getattr_static(getattr(thing, method), "__func__",
                                                             getattr(thing, method)))
                found.setdefault(code, set()).add(f"{thing.__name__}.{method}")
    return list(found.values())


def methods(kind: type) -> list[str]:
    """Public methods with arguments that are defined in the packages."""
    found = []
    for name, static in inspect.getmembers_static(kind):
        thing = getattr(kind, name, None)
        private = name.startswith("_") and name not in SPECIAL
        if private or not inspect.isroutine(thing):
            continue
        own = str(getattr(thing, "__module__", "")).split(".")[0] in PACKAGES
        free = inspect.ismethod(thing) or isinstance(static, staticmethod)
        if own and takes_arguments(thing, 0 if free else 1):
            found.append(name)
    return found


def called(targets: Sequence[Any]) -> set[str]:
    """Names that the targets call."""
    return {
        name for t in targets
        for name in (re.sub(r"\([^)]*\)", "", t.name).split()[0], *t.covers)
    }


def uncalled(
    names: Sequence[str], targets: Sequence[Any], left_out: Mapping[str, str]
) -> tuple[list[str], list[str]]:
    """Public names without target or reason, and reasons of which there is no need."""
    groups, known = public(names), called(targets)
    missing = [min(met) for met in groups if met.isdisjoint(known) and met.isdisjoint(left_out)]
    needed: Collection[str] = set().union(*(met for met in groups if met.isdisjoint(known)))
    return sorted(missing), sorted(set(left_out) - set(needed))
