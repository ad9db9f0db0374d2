"""Affine rules on graphs without their dense matrix: sums over arcs and small channel matrices."""

from typing import Any

import sympy as sp
import torch
from torch import nn

from cumulant_theory.layers import Stage
from cumulant_theory.layers.kronecker import KroneckerRule

from .entries import Entries
from .plan import FactorTables, Table


class FactoredStage(nn.Module):
    """z = sum_k Theta_k (x) S_k x + c (x) 1, units numbered channel * places + place."""

    def __init__(self, stage: Stage, tables: FactorTables, one: int) -> None:
        super().__init__()
        rule: Any = stage.rule
        self.label: str = stage.label
        self.in_places: int = rule.terms[0][1].columns
        self.in_channels: int = rule.in_units // self.in_places
        self.parts: nn.ModuleList = nn.ModuleList(
            _Part(rule, k, tables.matrices[k], tables.values[k], one)
            for k in range(len(rule.terms))
        )
        self.shift: Entries = Entries(tables.shift, one)

    def forward(self, monomials: torch.Tensor, x: torch.Tensor) -> torch.Tensor:
        """z = sum_k (Theta_k (x) S_k) x + shift."""
        # places first: sums over arcs then run over whole slices
        nodes = x.unflatten(-1, (self.in_channels, self.in_places)).movedim(-1, 0).contiguous()
        total: Any = None
        for part in self.parts:
            value = part(monomials, nodes)
            total = value if total is None else _added(total, value)
        if not self.shift.is_zero:
            shift = self.shift(monomials)
            total = total + (shift if shift.ndim == 1 else shift.unsqueeze(-2))
        return total.movedim(0, -1).flatten(-2)


def _added(a: torch.Tensor, b: torch.Tensor) -> torch.Tensor:
    """Sum of parts of which one may be the same for all networks of an ensemble."""
    if a.ndim == b.ndim:
        return a + b
    return a + b.unsqueeze(1) if a.ndim > b.ndim else a.unsqueeze(1) + b


class _Part(nn.Module):
    """(Theta (x) S) x on arrays (places, ..., channels)."""

    source: torch.Tensor
    target: torch.Tensor

    def __init__(
        self, rule: KroneckerRule, k: int, matrix: Table, values: Table, one: int
    ) -> None:
        super().__init__()
        theta, operator = rule.terms[k]
        self.rows = operator.rows
        self.mixes_first = theta.rows < theta.cols
        self.matrix = None if theta == sp.eye(theta.rows) else Entries(matrix, one)
        self.values = None if all(s == 1 for _, _, s in operator.entries) else Entries(values, one)
        self.is_identity = operator.is_identity
        for name, place in (("target", 0), ("source", 1)):
            index = torch.tensor([entry[place] for entry in operator.entries], dtype=torch.long)
            self.register_buffer(name, index, persistent=False)

    def forward(self, monomials: torch.Tensor, x: torch.Tensor) -> torch.Tensor:
        if self.mixes_first:
            return self._sum(monomials, self._mix(monomials, x))
        return self._mix(monomials, self._sum(monomials, x))

    def _mix(self, monomials: torch.Tensor, x: torch.Tensor) -> torch.Tensor:
        """Theta on the channels; p, s, n count places, networks and samples."""
        if self.matrix is None:
            return x
        theta = self.matrix(monomials)
        if theta.ndim == 2:
            return x @ theta.mT
        return torch.einsum("pnc,soc->psno" if x.ndim == 3 else "psnc,soc->psno", x, theta)

    def _sum(self, monomials: torch.Tensor, x: torch.Tensor) -> torch.Tensor:
        """S on the places."""
        if self.is_identity:
            return x
        messages = x.index_select(0, self.source)
        if self.values is not None:
            values = self.values(monomials)
            if values.ndim == 2:
                values = values.mT[:, :, None, None]
                messages = messages.unsqueeze(1) if messages.ndim == 3 else messages
            else:
                values = values.reshape(-1, *[1] * (messages.ndim - 1))
            messages = messages * values
        start = messages.new_zeros(self.rows, *messages.shape[1:])
        return start.index_add(0, self.target, messages)
