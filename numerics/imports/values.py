"""What is read of every module: its type by name, its numbers, and what may change its output."""

from fractions import Fraction
from typing import Any

import numpy as np

from cumulant_theory.errors import DomainError


def path_of(module: Any) -> str:
    """Module and name of the type, so that torch need not be imported to know it."""
    return f"{type(module).__module__}.{type(module).__qualname__}"


def refuse_hooks(module: Any, where: str = "") -> None:
    """Raise DomainError if the module has hooks, which may change what it computes.

    A lazy module before its first call has hooks of its own, and is refused as such.
    """
    if any(map(_is_lazy, (*module._parameters.values(), *module._buffers.values()))):
        raise DomainError(
            f"{where or repr(module)} is not initialised: it takes its number of inputs from its "
            "first call; call the model once on data, or build it with that number"
        )
    hooked = [k for k, v in vars(module).items() if k.endswith("_hooks") and v and "state" not in k]
    if hooked:
        raise DomainError(
            f"{where or repr(module)} has {hooked[0].strip('_').replace('_', ' ')}, which may "
            "change what it computes; remove them"
        )


def _is_lazy(tensor: Any) -> bool:
    return type(tensor).__name__.startswith("Uninitialized")


def _real(owner: Any, tensor: Any, what: str) -> Any:
    if _is_lazy(tensor):
        raise DomainError(
            f"{owner}: {what} has no values yet; call the module once, or give in_channels a number"
        )
    if tensor.is_meta or tensor.is_complex():
        kind = "complex" if tensor.is_complex() else "without values, on the device meta"
        raise DomainError(f"{owner}: {what} is {kind}; give it real numbers first")
    return tensor.detach().cpu().double()


def _not_finite(owner: Any, what: str, entry: float) -> DomainError:
    return DomainError(f"{owner}: {what} has the entry {entry}; train it to finite values first")


def exact_numbers(module: Any, tensor: Any, what: str) -> Any:
    """Entries of a tensor as the rationals that its floating-point numbers are."""

    def exactly(entry: Any) -> Any:
        if isinstance(entry, list):
            return [exactly(e) for e in entry]
        try:
            return Fraction(entry)
        except (ValueError, OverflowError):
            raise _not_finite(repr(module), what, entry) from None

    return exactly(_real(repr(module), tensor, what).tolist())


def float_numbers(owner: str, tensor: Any, what: str) -> Any:
    """Entries of a tensor as a float64 array, each the number that it was."""
    values = np.asarray(_real(owner, tensor, what).tolist(), dtype=np.float64)
    wrong = values[~np.isfinite(values)]
    if wrong.size:
        raise _not_finite(owner, what, float(wrong.flat[0]))
    return values
