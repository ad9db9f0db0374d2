"""NumPy: blocks that stay in the cache, float64."""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import sympy as sp

from cumulant_theory.arguments import brief
from cumulant_theory.errors import DomainError

from ..program import Program
from .base import Backend, Evaluator, Shape, blocks, box_of, not_real

BLOCK = 4096


class NumpyBackend(Backend):
    """Vectorised evaluation, block by block."""

    name = "numpy"

    def arrays(self, values: Sequence[Any], names: Sequence[str]) -> list[np.ndarray]:
        """Convert to float64 arrays."""
        return [as_float64(value, name) for value, name in zip(values, names, strict=True)]

    def build(self, program: Program) -> Evaluator:
        """Return an evaluator that runs the source on blocks of points."""
        function = program.function(self.primitives())

        def evaluate(arguments: Sequence[np.ndarray], shape: Shape) -> list[np.ndarray]:
            count = len(program.outputs) + len(program.guards)
            out = np.empty((count, *shape))
            full = [full_rank(a, len(shape)) for a in arguments]
            with np.errstate(over="raise", invalid="raise", divide="raise", under="ignore"):
                for box in blocks(shape, BLOCK):
                    parts = [a if a.ndim == 0 else _part(a, box) for a in full]
                    # Scalars of NumPy, since Python's own would not obey errstate.
                    parts = [p[()] if p.ndim == 0 else p for p in parts]
                    try:
                        results = function(*parts)
                    except FloatingPointError as error:
                        raise overflow(program, function, parts) from error
                    for i, result in enumerate(results):
                        out[(i, *box)] = result
            return list(out)

        return evaluate

    def finite(self, array: np.ndarray) -> bool:
        """Whether all entries are finite."""
        return bool(np.isfinite(array).all())

    def stack(self, arrays: Sequence[np.ndarray]) -> np.ndarray:
        """Stack along a new last axis."""
        return np.stack(arrays, axis=-1)


def rounded(value: sp.Expr, what: str) -> float:
    """The float64 next to an exact number.

    Raises
    ------
    DomainError
        If it holds symbols, is not real, or too large.

    Examples
    --------
    >>> rounded(sp.sqrt(2), "s")
    1.4142135623730951
    """
    try:
        number = float(value.evalf(30))
    except (TypeError, OverflowError):
        number = math.nan
    if not math.isfinite(number):
        raise DomainError(
            f"{what} is {brief(value)}, no finite real number; give every symbol a real number, "
            "with subs"
        )
    return number


def is_tensor(value: Any) -> bool:
    """Whether a value is of torch, which need not be installed.

    Examples
    --------
    >>> is_tensor(np.zeros(2))
    False
    """
    return str(type(value).__module__).split(".")[0] == "torch"


def as_float64(value: Any, name: str) -> np.ndarray:
    """Convert a real number, array or tensor to float64.

    Raises
    ------
    DomainError
        If it is none of these, or a tensor with a gradient, which an array would lose.
    """
    array = plain_array(value, name)
    try:
        if array.dtype.kind in "biuf" or (array.dtype.kind == "O" and None not in array.ravel()):
            return array.astype(np.float64, copy=False)
    except (TypeError, ValueError, OverflowError, RuntimeError) as error:
        raise not_real(name, value) from error
    raise not_real(name, value)


def plain_array(value: Any, name: str) -> np.ndarray:
    """Anything that NumPy reads as an array, and tensors of any type and device.

    Raises
    ------
    DomainError
        If it cannot be read, or needs a gradient.
    """
    try:
        if hasattr(value, "requires_grad") and not value.requires_grad:
            value = value.cpu()
            value = value.double() if value.is_floating_point() else value
        return np.asarray(value)
    except Exception as error:  # whatever the object's own methods raise
        if _needs_gradient(value):
            raise DomainError(
                f"the argument {name} is a tensor with a gradient, which NumPy arrays do not "
                "carry; pass .detach() of it, or keep the gradient by backend='torch' where "
                "there is a choice"
            ) from None
        raise not_real(name, value) from error


def _needs_gradient(value: Any) -> bool:
    if isinstance(value, (list, tuple)):
        return any(map(_needs_gradient, value))
    return getattr(value, "requires_grad", False) is True


def full_rank(array: np.ndarray, rank: int) -> np.ndarray:
    """Give an array the rank of the batch, or rank zero if it holds one number."""
    if array.size == 1:
        return array.reshape(())
    return array.reshape((1,) * (rank - array.ndim) + array.shape)


def _part(array: np.ndarray, box: tuple[slice, ...]) -> np.ndarray:
    part = box_of(array, box)
    return part if part.flags.c_contiguous else np.ascontiguousarray(part)


def overflow(program: Program, function: Any, parts: Sequence[Any]) -> DomainError:
    """Name the outputs that leave the finite numbers."""
    with np.errstate(all="ignore"):
        try:
            results = function(*parts)
        except ArithmeticError:
            results = ()
    names = [*program.outputs, *program.guards]
    bad = [str(n) for n, r in zip(names, results, strict=False) if not np.isfinite(r).all()]
    return DomainError(
        f"the kernel leaves the finite float64 numbers in {', '.join(bad) or 'an intermediate'}; "
        "rescale the weights or cumulants, or keep them inside the domain of the roots"
    )


BACKEND = NumpyBackend()
