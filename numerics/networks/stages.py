"""The two rules as torch modules."""

from typing import Any

import numpy as np
import torch
from torch import nn

from cumulant_theory.activations import Activation
from cumulant_theory.layers import Stage

from .activations import Function, torch_function
from .entries import Entries
from .factored import FactoredStage
from .plan import FactorTables, PointwiseTables


def stage_module(stage: Stage, tables: Any, one: int) -> nn.Module:
    """The module of a rule, in factors where the plan keeps them."""
    if isinstance(tables, FactorTables):
        return FactoredStage(stage, tables, one)
    if isinstance(tables, PointwiseTables):
        return PointwiseStage(stage, tables, one)
    if stage.rule.kind == "affine":
        return AffineStage(stage, tables, one)
    return PolynomialStage(stage, tables[0], one)


class AffineStage(nn.Module):
    """z = W x + c as one dense matrix."""

    def __init__(self, stage: Stage, tables: Any, one: int) -> None:
        super().__init__()
        self.label: str = stage.label
        self.entries: nn.ModuleList = nn.ModuleList(Entries(t, one) for t in tables)

    def forward(self, monomials: torch.Tensor, x: torch.Tensor) -> torch.Tensor:
        """z = W x + c."""
        weight, shift = (e(monomials) for e in self.entries)
        if weight.ndim == 3 and x.ndim == 2:
            # one product for all networks, in place of one for each with x repeated
            product = (weight.flatten(0, 1) @ x.mT).unflatten(0, weight.shape[:2]).mT
        else:
            product = x @ weight.mT
        if self.entries[1].is_zero:
            return product
        return product + (shift if shift.ndim == 1 else shift.unsqueeze(-2))


class PolynomialStage(nn.Module):
    """y_i = phi_i(z_i), polynomials by Horner's scheme."""

    def __init__(self, stage: Stage, table: Any, one: int) -> None:
        super().__init__()
        self.label: str = stage.label
        self.entries: Entries = Entries(table, one)
        places, factors = table
        identity = np.zeros(factors.shape[1:])
        identity[1:2] = 1
        self.identity: bool = factors.shape[1] == 2 and bool(
            (places == one).all() and (factors.sum(axis=0) == identity).all()
        )
        self.present: list[bool] = [bool(row.any()) for row in np.moveaxis(factors, 1, 0)]

    def forward(self, monomials: torch.Tensor, x: torch.Tensor) -> torch.Tensor:
        """y_i = a_0 + a_1 z_i + ..., unit by unit."""
        if self.identity:
            return x
        coefficients = self.entries(monomials)
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


class PointwiseStage(nn.Module):
    """y_i = phi_i(z_i) for any activations, one call for all units of one activation."""

    order: torch.Tensor

    def __init__(self, stage: Stage, tables: PointwiseTables, one: int) -> None:
        super().__init__()
        self.label: str = stage.label
        kept, table = tables.polynomial
        self.polynomial: PolynomialStage | None = (
            PolynomialStage(stage, table, one) if kept else None
        )
        self.activations: list[Activation] = [phi for _, phi, _ in tables.groups]
        self.functions: list[Function] = [torch_function(phi) for phi in self.activations]
        self.places: list[tuple[int, ...]] = [
            tuple(places.values()) for _, _, places in tables.groups
        ]
        units = [*(g for g, _, _ in tables.groups), *([kept] if kept else [])]
        for k, group in enumerate(units):
            self.register_buffer(f"units_{k}", torch.tensor(group), persistent=False)
        self.count: int = len(units)
        order = torch.argsort(torch.tensor([i for group in units for i in group]))
        self.register_buffer("order", order, persistent=False)

    def __getstate__(self) -> dict[str, Any]:
        return self.__dict__ | {"functions": None}  # they hold closures, which cannot be pickled

    def __setstate__(self, state: dict[str, Any]) -> None:
        super().__setstate__(state)
        self.functions = [torch_function(phi) for phi in self.activations]

    def forward(self, monomials: torch.Tensor, x: torch.Tensor) -> torch.Tensor:
        """y_i = phi_i(z_i), unit by unit."""
        if self.count == 1:
            return self._value(0, monomials, x)
        parts = [
            self._value(k, monomials, x.index_select(-1, getattr(self, f"units_{k}")))
            for k in range(self.count)
        ]
        lead = torch.broadcast_shapes(*(part.shape[:-1] for part in parts))
        parts = [part.expand(*lead, part.shape[-1]) for part in parts]
        return torch.cat(parts, dim=-1).index_select(-1, self.order)

    def _value(self, k: int, monomials: torch.Tensor, x: torch.Tensor) -> torch.Tensor:
        if k == len(self.functions) and self.polynomial is not None:
            return self.polynomial(monomials, x)
        values = (monomials[..., place] for place in self.places[k])
        # one value per network of an ensemble, alike for its samples and units
        return self.functions[k](x, *(v[..., None, None] if v.ndim else v for v in values))
