"""The two rules as torch modules."""

from typing import Any

import numpy as np
import torch
from torch import nn

from cumulant_theory.layers import AffineRule, PointwiseRule
from cumulant_theory.layers.base import Stage

from .entries import Entries
from .factored import FactoredStage
from .plan import FactorTables


def stage_module(stage: Stage, tables: Any, one: int) -> nn.Module:
    """The module of a rule, in factors where the plan keeps them."""
    if isinstance(tables, FactorTables):
        return FactoredStage(stage, tables, one)
    return StageModule(stage, tables, one)


class StageModule(nn.Module):
    """One affine or pointwise rule."""

    def __init__(self, stage: Stage, tables: Any, one: int) -> None:
        super().__init__()
        self.label = stage.label
        self.affine = isinstance(stage.rule, AffineRule)
        self.entries = nn.ModuleList(Entries(t, one) for t in tables)
        self.identity = isinstance(stage.rule, PointwiseRule) and all(
            tuple(unit) == (0, 1) for unit in stage.rule.coefficients
        )
        self.present = [bool(row.any()) for row in np.moveaxis(tables[0][1], 1, 0)]

    def forward(self, monomials: torch.Tensor, x: torch.Tensor) -> torch.Tensor:
        if self.identity:
            return x
        values: list[Any] = [e(monomials) for e in self.entries]
        if self.affine:
            weight, shift = values
            if weight.ndim == 3 and x.ndim == 2:
                # one product for all networks, in place of one for each with x repeated
                product = (weight.flatten(0, 1) @ x.mT).unflatten(0, weight.shape[:2]).mT
            else:
                product = x @ weight.mT
            if self.entries[1].is_zero:
                return product
            return product + (shift if shift.ndim == 1 else shift.unsqueeze(-2))
        coefficients = values[0]
        result: Any = None
        for k in reversed(range(coefficients.shape[-2])):
            a = coefficients[..., k, :]
            a = a if a.ndim == 1 else a.unsqueeze(-2)
            if result is None:
                result = a
            else:
                result = result * x
                result = result + a if self.present[k] else result
        return result.expand(x.shape) if coefficients.shape[-2] == 1 else result
