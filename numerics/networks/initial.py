"""Numbers that the parameters of a network start from, or keep."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import sympy as sp

from cumulant_theory.arguments import brief
from cumulant_theory.errors import DomainError, UnknownNameError
from cumulant_theory.layers import Layer

from .plan import Plan


def constants_of(net: Layer, fixed: Mapping[Any, Any] | Sequence[Any]) -> dict[str, float]:
    """Name -> number of the parameters that are not trained.

    Raises
    ------
    DomainError
        If a value is no finite real number, or two parameters have one name.
    UnknownNameError
        If a name is no parameter.
    """
    names = [str(p) for p in net.parameters]
    if len(set(names)) != len(names):
        twice = sorted({n for n in names if names.count(n) > 1})
        raise DomainError(
            f"{net!r} has different symbols of one name: {', '.join(twice)}; rename one of them"
        )
    if not isinstance(fixed, Mapping):
        pairs = list(fixed)
        if not all(isinstance(p, (tuple, list)) and len(p) == 2 for p in pairs):
            raise DomainError(f"build: fixed is {brief(fixed)}; pass a mapping name -> number")
        fixed = dict(pairs)
    found = {}
    for key, value in fixed.items():
        if str(key) not in names:
            raise UnknownNameError.of("parameter", key, names)
        found[str(key)] = _finite(value, str(key))
    return found


def _finite(value: Any, name: str) -> float:
    try:
        number = float(value)
    except (TypeError, ValueError):
        raise DomainError(f"the value {value!r} of {name} is no real number") from None
    if not math.isfinite(number):
        raise DomainError(f"the value {value!r} of {name} is not finite")
    return number


def initial_values(plan: Plan, parameters: Sequence[sp.Symbol], seed: int) -> np.ndarray:
    """One draw per parameter of the network, fixed ones included."""
    rng = np.random.default_rng(seed)
    uniform = rng.uniform(-1, 1, len(parameters))
    normal = 0.1 * rng.standard_normal(len(parameters))
    return np.array([
        uniform[k] * plan.bounds[str(p)] if str(p) in plan.bounds else normal[k]
        for k, p in enumerate(parameters)
    ])
