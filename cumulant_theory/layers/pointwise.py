"""The pointwise layer: one activation on every unit."""

from collections.abc import Mapping
from typing import Any

import sympy as sp

from ..activations import Activation
from ..algebra import check_size, substitution
from ..arguments import explained
from ..errors import DomainError
from .base import Layer
from .diagram_rule import DiagramRule
from .rules import PointwiseRule, Rule


class Pointwise(Layer):
    """y_i = phi(z_i) for every unit.

    Parameters
    ----------
    activation
        An activation. Exact propagation needs a polynomial one or a Gaussian input; any other
        needs a closure.

    Raises
    ------
    DomainError
        If the argument is no activation.

    Examples
    --------
    >>> from cumulant_theory import activations
    >>> Pointwise(activations.Quadratic("a")).forward([3])
    [9*a + 3]
    """

    @explained
    def __init__(self, activation: Activation) -> None:
        if not isinstance(activation, Activation):
            raise DomainError(
                f"Pointwise: {activation!r} is no activation; pass for example "
                "activations.Quadratic('alpha')"
            )
        self.activation = activation

    @property
    def parameters(self) -> tuple[sp.Symbol, ...]:
        """Coefficients given as symbols."""
        return self.activation.parameters

    @explained
    def rules(self, units: int) -> tuple[Rule, ...]:
        """One pointwise rule."""
        units = check_size(units, "Pointwise: units")
        kind = DiagramRule if self.activation.coefficients is None else PointwiseRule
        return (kind((self.activation,) * units),)

    @explained
    def width_after(self, units: int) -> int:
        """The width is kept."""
        return check_size(units, "Pointwise: units")

    def numbered(self, position: Any) -> "Pointwise":
        """With default coefficient names numbered by layer."""
        return Pointwise(self.activation.numbered(position))

    def subs(self, values: Mapping[Any, Any]) -> "Pointwise":
        """With coefficients replaced by exact values."""
        activation = self.activation.subs(substitution(values))
        return self if activation is self.activation else Pointwise(activation)

    def __repr__(self) -> str:
        return f"Pointwise({self.activation!r})"

    def _repr_latex_(self) -> str:
        return self.activation._repr_latex_()
