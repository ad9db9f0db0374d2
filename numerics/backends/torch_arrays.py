"""The array operations of tensor propagation in torch, differentiable throughout."""

from collections.abc import Callable
from typing import Any, ClassVar

import numpy as np
import torch

from .torch import Smooth


class TorchArrays:
    """Torch tensors of one floating type on one device.

    Parameters
    ----------
    dtype : str
        "float32" or "float64".
    device : torch.device or None
        None for the default one.
    """

    name = "torch"

    exp: ClassVar[Callable[..., torch.Tensor]] = staticmethod(torch.exp)
    sqrt: ClassVar[Callable[..., torch.Tensor]] = staticmethod(torch.sqrt)
    sin: ClassVar[Callable[..., torch.Tensor]] = staticmethod(torch.sin)
    arcsin: ClassVar[Callable[..., torch.Tensor]] = staticmethod(torch.arcsin)
    ndtr: ClassVar[Callable[..., torch.Tensor]] = staticmethod(torch.special.ndtr)
    where: ClassVar[Callable[..., Any]] = staticmethod(torch.where)
    einsum: ClassVar[Callable[..., torch.Tensor]] = staticmethod(torch.einsum)
    matmul: ClassVar[Callable[..., torch.Tensor]] = staticmethod(torch.matmul)
    eigh: ClassVar[Callable[..., Any]] = staticmethod(torch.linalg.eigh)

    def __init__(self, dtype: str, device: Any = None) -> None:
        self.dtype: torch.dtype = getattr(torch, dtype)
        self.device = device
        self.epsilon: float = float(torch.finfo(self.dtype).eps)

    def asarray(self, value: Any) -> torch.Tensor:
        """A tensor of the floating type on the device; keeps the graph of a tensor."""
        return torch.as_tensor(value, dtype=self.dtype, device=self.device)

    def zeros(self, *shape: int) -> torch.Tensor:
        """Zeros."""
        return torch.zeros(shape, dtype=self.dtype, device=self.device)

    def eye(self, n: int) -> torch.Tensor:
        """Identity matrix."""
        return torch.eye(n, dtype=self.dtype, device=self.device)

    def concat(self, arrays: list[torch.Tensor], axis: int) -> torch.Tensor:
        """Join along an axis."""
        return torch.cat(arrays, axis)

    def repeated(self, value: torch.Tensor, n: int) -> torch.Tensor:
        """A view of one number as a vector, not to be written to."""
        return value.expand(n)

    def diagonal(self, a: torch.Tensor) -> torch.Tensor:
        """Diagonal of a square matrix."""
        return torch.diagonal(a)

    def permute(self, a: torch.Tensor, axes: tuple[int, ...]) -> torch.Tensor:
        """Axes in another order."""
        return a.permute(axes)

    def with_diagonal(self, a: torch.Tensor, d: Any) -> torch.Tensor:
        """A copy of a square matrix with another diagonal."""
        source = torch.as_tensor(d, dtype=a.dtype, device=a.device).expand(a.shape[0])
        return torch.diagonal_scatter(a, source)

    def with_plane(
        self, a: torch.Tensor, axes: tuple[int, int], values: torch.Tensor
    ) -> torch.Tensor:
        """A copy of a cube with values [i, k] where both axes are i and the third one k."""
        return torch.diagonal_scatter(a, values.T, 0, *axes)

    def scatter(
        self, target: torch.Tensor, places: np.ndarray, values: torch.Tensor
    ) -> torch.Tensor:
        """A copy of a flat array with values added at distinct places."""
        index = torch.as_tensor(places.ravel(), device=target.device)
        return target.index_put((index,), values.reshape(-1), accumulate=True)

    def flags(self, a: np.ndarray) -> torch.Tensor:
        """Booleans for `where`."""
        return torch.as_tensor(a, device=self.device)

    def detached(self, a: Any) -> np.ndarray:
        """As a NumPy array, for inspection."""
        return torch.as_tensor(a).detach().cpu().numpy()

    def smooth(self, function: Any, *arguments: torch.Tensor) -> tuple[torch.Tensor, ...]:
        """A function of float64 arrays, as in `TorchBackend.smooth`, with its derivatives."""
        return Smooth.apply(function, *arguments)
