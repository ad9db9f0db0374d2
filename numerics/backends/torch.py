"""Torch: plain tensor arithmetic, so that autograd and torch.func see all of it."""

from collections.abc import Sequence
from numbers import Real
from typing import Any

import torch

from ..codegen import Program
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
            try:
                tensor = _tensor(value)
            except (TypeError, ValueError, RuntimeError, OverflowError) as error:
                raise not_real(name, value) from error
            if tensor.dtype.is_complex:
                raise not_real(name, value)
            result.append(tensor.to(device=device, dtype=dtype))
        return result

    def build(self, program: Program) -> Evaluator:
        """Return an evaluator made of tensor operations only."""
        function = program.function()

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


def _listed(value: Any) -> bool:
    return isinstance(value, (list, tuple)) and any(isinstance(v, torch.Tensor) for v in value)


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
