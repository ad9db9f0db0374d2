"""Arrays whose entries are linear in the monomials of the parameters."""

from typing import Any

import numpy as np
import torch
from torch import nn


class Entries(nn.Module):
    """An array whose entries are linear in the monomials."""

    places: torch.Tensor
    factors: torch.Tensor
    constant: torch.Tensor

    def __init__(self, table: tuple[np.ndarray, np.ndarray], one: int) -> None:
        super().__init__()
        places, factors = table
        self.shape: tuple[int, ...] = places.shape[1:]
        self.is_constant: bool = bool((places == one).all())
        self.is_zero: bool = self.is_constant and not factors.any()
        self.is_plain: bool = len(places) == 1 and bool((factors == 1).all())
        buffers = {
            "places": torch.as_tensor(places.reshape(len(places), -1)),
            "factors": torch.as_tensor(factors.reshape(len(places), -1)),
            "constant": torch.as_tensor(factors.sum(axis=0)),
        }
        for name, tensor in buffers.items():
            self.register_buffer(name, tensor, persistent=False)

    def forward(self, monomials: torch.Tensor) -> torch.Tensor:
        """The entries at these monomials."""
        if self.is_constant:
            return self.constant
        total: Any = None
        for places, factors in zip(self.places, self.factors, strict=True):
            part = monomials.index_select(-1, places)
            part = part if self.is_plain else part * factors
            total = part if total is None else total + part
        return total.reshape(*monomials.shape[:-1], *self.shape)
