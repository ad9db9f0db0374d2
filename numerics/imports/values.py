"""What is read of every module: its type by name, its numbers, and what may change its output."""

from fractions import Fraction
from typing import Any

import numpy as np

from cumulant_theory.errors import DomainError


def path_of(module: Any) -> str:
    """Module and name of the type, so that torch need not be imported to know it."""
    return f"{type(module).__module__}.{type(module).__qualname__}"


def refuse_hooks(module: Any, where: str = "") -> None:
    """Raise DomainError if the module has hooks, which may change what it computes."""
    hooked = [k for k, v in vars(module).items() if k.endswith("_hooks") and v and "state" not in k]
    if hooked:
        raise DomainError(
            f"{where or repr(module)} has {hooked[0].strip('_').replace('_', ' ')}, which may "
            "change what it computes; remove them"
        )


def _real(owner: Any, tensor: Any, what: str) -> Any:
    lazy = type(tensor).__name__.startswith("Uninitialized")
    if lazy or tensor.is_meta or tensor.is_complex():
        raise DomainError(
            f"{owner}: {what} has no real values"
            + ("; call the module once, or give in_channels a number" if lazy else "")
        )
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
