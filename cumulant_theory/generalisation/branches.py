"""Branches of the training variety, what the test residuals are on them, and witnesses."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import sympy as sp

from ..derivation import Equation
from ..layers import Layer
from ..varieties import Ideal
from .components import Component


def residual_symbol(r: int) -> sp.Symbol:
    """Symbol of the r-th residual."""
    return sp.Symbol(f"rho_{r}")


@dataclass(frozen=True)
class TestResidual:
    """A test residual on one branch.

    Attributes
    ----------
    branch
        Number of the branch, from 1.
    law
        Test law.
    order
        Order r.
    value
        rho_r on the branch, factorised.
    conditions
        Coefficients of the free symbols of the law that do not vanish everywhere on the branch:
        the network is right on the test law where all of them are 0.
    vanishes
        Whether it is 0 for all parameters of the branch; None if undecided.
    """

    branch: int
    law: Any
    order: int
    value: sp.Expr
    conditions: tuple[sp.Expr, ...]
    vanishes: bool | None

    __test__ = False  # pytest would collect it by its name

    def __repr__(self) -> str:
        return f"branch {self.branch}: rho_{self.order} = {self.value} on {self.law!r}"

    def _repr_latex_(self) -> str:
        from ..latex import inline_display

        return inline_display([(residual_symbol(self.order), self.value)])

    def _repr_html_(self) -> str:
        from .display import residual_card

        return residual_card(self)


@dataclass(frozen=True)
class Witness:
    """Parameters at which the network fits the training law and fails on a test law.

    Attributes
    ----------
    branch
        Number of the branch, from 1.
    values
        Parameter -> exact number.
    residuals
        (test law, order) -> test residual at these parameters.
    ideal
        The maximal ideal of the point.
    """

    branch: int
    values: dict[sp.Symbol, sp.Expr]
    residuals: dict[tuple[Any, int], sp.Expr]
    ideal: Ideal = field(repr=False)
    _network: Layer = field(repr=False)

    @cached_property
    def network(self) -> Layer:
        """The network with these parameters."""
        return self._network.subs(self.values)

    def _repr_latex_(self) -> str:
        from ..latex import inline_display

        lines: list[tuple[Any, Any]] = list(self.values.items())
        lines += [(residual_symbol(r), v) for (_, r), v in self.residuals.items() if v != 0]
        return inline_display(lines)

    def _repr_html_(self) -> str:
        from .display import witness_card

        return witness_card(self)


@dataclass(frozen=True)
class Branch:
    """An irreducible real part of the training variety.

    Attributes
    ----------
    number
        From 1.
    component
        The branch in the effective coefficients (or in the parameters, where these are the
        unknowns).
    parts
        Its real components in the parameters; None where the time limit passed before.
    tests
        Test residuals on it.
    realised
        Whether some real parameters lie on it; None if undecided.
    witness
        Parameters on it that fail on a test law, or None.
    """

    number: int
    component: Component
    parts: tuple[Component, ...] | None
    tests: tuple[TestResidual, ...]
    realised: bool | None
    witness: Witness | None

    @property
    def ideal(self) -> Ideal:
        """Prime ideal of the branch."""
        return self.component.ideal

    @property
    def equations(self) -> tuple[Equation, ...]:
        """Its equations in the effective coefficients."""
        return self.component.equations

    @property
    def dimension(self) -> int | None:
        """Dimension in the parameters; None where undecided."""
        return None if self.parts is None else max(p.dimension for p in self.parts)

    @property
    def modulo_scalings(self) -> int | None:
        """Dimension in the parameters, those that differ by a scaling counted once."""
        return None if self.parts is None else max(p.modulo_scalings for p in self.parts)

    @property
    def generalises(self) -> bool | None:
        """Whether all test residuals vanish on it; None if undecided."""
        found = [t.vanishes for t in self.tests]
        return False if False in found else None if None in found or not found else True

    def __repr__(self) -> str:
        return f"Branch({self.number}: {self.component!r})"

    def _repr_html_(self) -> str:
        from .display import branch_card

        return branch_card(self)


def numbered(branches: Sequence[Branch]) -> tuple[Branch, ...]:
    """Those that generalise first, numbered from 1."""
    def key(branch: Branch) -> Any:
        rank = {True: 0, None: 1, False: 2}[branch.generalises]
        return rank, -branch.component.dimension, str(branch.equations)

    return tuple(
        replace(
            b, number=k, tests=tuple(replace(t, branch=k) for t in b.tests),
            witness=None if b.witness is None else replace(b.witness, branch=k),
        )
        for k, b in enumerate(sorted(branches, key=key), 1)
    )
