"""Torch: plain tensor arithmetic, so that autograd and torch.func see all of it."""

from collections.abc import Sequence
from numbers import Real
from typing import Any

import numpy as np
import torch

from ..program import Program
from .base import Backend, Evaluator, Shape, not_real


class TorchBackend(Backend):
    """Keeps the floating type, the device and the graph of the given tensors."""

    name = "torch"

    def arrays(self, values: Sequence[Any], names: Sequence[str]) -> list[torch.Tensor]:
        """Convert to tensors of one floating type: that of the tensors given, else float64."""
        # Stacking keeps the graph of tensors in a list; as_tensor would cut it.
        values = [torch.stack(list(map(_tensor, v))) if _listed(v) else v for v in values]
        given = [v for v in values if isinstance(v, torch.Tensor)]
        floating = [v.dtype for v in given if v.dtype.is_floating_point]
        dtype = floating[0] if floating else torch.float64
        for other in floating[1:]:
            dtype = torch.promote_types(dtype, other)
        device = next((v.device for v in given if v.ndim), given[0].device if given else None)
        result = []
        for value, name in zip(values, names, strict=True):
            result.append(as_tensor(value, name).to(device=device, dtype=dtype))
        return result

    def build(self, program: Program) -> Evaluator:
        """Return an evaluator made of tensor operations only."""
        function = program.function(self.primitives())

        def evaluate(arguments: Sequence[torch.Tensor], shape: Shape) -> list[torch.Tensor]:
            like = arguments[0] if arguments else torch.zeros((), dtype=torch.float64)
            results = (
                r
                if isinstance(r, torch.Tensor)
                else torch.full((), r, dtype=like.dtype, device=like.device)
                for r in function(*arguments)
            )
            return [r.expand(shape) for r in results]

        return evaluate

    def finite(self, array: torch.Tensor) -> bool:
        """Whether all entries are finite; True inside vmap and compilation."""
        if torch.compiler.is_compiling():
            return True
        try:
            return bool(torch.isfinite(array.detach()).all())
        except RuntimeError as error:
            if "vmap" in str(error):
                return True
            raise

    def stack(self, arrays: Sequence[torch.Tensor]) -> torch.Tensor:
        """Stack along a new last axis."""
        return torch.stack(list(arrays), dim=-1)

    def smooth(self, function: Any, arguments: Sequence[Any]) -> tuple[torch.Tensor, ...]:
        """A function of arrays on tensors, differentiable any number of times.

        The work is done on the CPU in float64.

        Parameters
        ----------
        function
            From arrays to a tuple of arrays, of which the first is differentiated. ``names`` are
            those of its arguments; ``slopes`` holds by argument the terms of the derivative,
            (coefficient, ((function, positions of its arguments), ...)).
        """
        return Smooth.apply(function, *self.arrays(arguments, function.names))


class Smooth(torch.autograd.Function):
    """A function whose partial derivatives are sums of products of such functions.

    The first argument of ``apply`` is the function as `TorchBackend.smooth` describes it.
    """

    @staticmethod
    def forward(function: Any, *tensors: torch.Tensor) -> tuple[torch.Tensor, ...]:
        """Values of the function on NumPy arrays."""
        arrays = (x.detach().double().cpu().numpy() for x in tensors)
        like = tensors[0]
        return tuple(
            torch.as_tensor(x).to(device=like.device, dtype=None if x.dtype == bool else like.dtype)
            for x in map(np.asarray, function(*arrays))
        )

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Any, ...], output: Any) -> None:
        """Keep the inputs for derivatives."""
        ctx.function, *tensors = inputs
        ctx.save_for_backward(*tensors)
        ctx.save_for_forward(*tensors)
        ctx.mark_non_differentiable(*output[1:])
        ctx.beside = len(output) - 1

    @staticmethod
    def backward(ctx: Any, *grads: Any) -> Any:
        """Gradients, by the derivatives of the function."""
        tensors = ctx.saved_tensors
        return None, *(
            _summed(grads[0] * _slope(ctx.function, i, tensors), tensors[i].shape)
            if ctx.needs_input_grad[i + 1] else None for i in range(len(tensors))
        )

    @staticmethod
    def jvp(ctx: Any, _: Any, *tangents: Any) -> Any:
        """Directional derivative."""
        tensors = ctx.saved_tensors
        total = sum(
            t * _slope(ctx.function, i, tensors) for i, t in enumerate(tangents) if t is not None
        )
        return total, *(None,) * ctx.beside

    @staticmethod
    def vmap(info: Any, in_dims: tuple[Any, ...], function: Any, *tensors: torch.Tensor) -> Any:
        """One call for all elements of a batch."""
        rank = max(x.ndim - (d is not None) for x, d in zip(tensors, in_dims[1:], strict=True))
        rows = []
        for x, d in zip(tensors, in_dims[1:], strict=True):
            if d is not None:
                x = x.movedim(d, 0)
                x = x.reshape(x.shape[0], *(1,) * (rank + 1 - x.ndim), *x.shape[1:])
            rows.append(x)
        found = Smooth.apply(function, *rows)
        return found, tuple(0 if x.ndim == rank + 1 else None for x in found)


def _slope(function: Any, i: int, tensors: Sequence[torch.Tensor]) -> torch.Tensor:
    total: Any = 0.0
    for coefficient, factors in function.slopes[i]:
        term: Any = coefficient
        for inner, places in factors:
            term = term * Smooth.apply(inner, *(tensors[k] for k in places))[0]
        total = total + term
    return total


def _summed(gradient: torch.Tensor, shape: torch.Size) -> torch.Tensor:
    return gradient.sum_to_size(shape) if gradient.shape != shape else gradient


def _listed(value: Any) -> bool:
    return isinstance(value, (list, tuple)) and any(isinstance(v, torch.Tensor) for v in value)


def as_tensor(value: Any, name: str) -> torch.Tensor:
    """Convert real numbers to a tensor; tensors and arrays keep their type.

    Raises
    ------
    DomainError
        If it is no array of real numbers.

    Examples
    --------
    >>> as_tensor([1, 2.5], "x")
    tensor([1.0000, 2.5000], dtype=torch.float64)
    """
    try:
        tensor = _tensor(value)
    except Exception as error:  # whatever the object's own methods raise
        raise not_real(name, value) from error
    if tensor.dtype.is_complex:
        raise not_real(name, value)
    return tensor


def _tensor(value: Any) -> torch.Tensor:
    if isinstance(value, torch.Tensor):
        return value
    if isinstance(value, Real):
        return torch.tensor(float(value), dtype=torch.float64)
    if any(step < 0 for step in getattr(value, "strides", ())):
        value = value.copy()
    tensor = torch.as_tensor(value)
    if hasattr(value, "dtype") or tensor.is_complex():
        return tensor
    # Torch would read a list of floats as float32.
    return torch.as_tensor(value, dtype=torch.float64)


BACKEND = TorchBackend()
