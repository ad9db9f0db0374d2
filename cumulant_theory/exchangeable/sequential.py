"""The pointwise layer on exchangeable units, and networks of layers."""

from collections.abc import Mapping
from typing import Any

import sympy as sp

from .. import layers as explicit_layers
from ..activations import Activation, Polynomial
from ..errors import DomainError, NoClosedFormError, ShapeError
from .base import Layer
from .linear import Weighted
from .rules import PolynomialRule, Rule


class Pointwise(Layer):
    """y_i = phi(z_i) for every unit, phi a polynomial.

    Parameters
    ----------
    activation
        A polynomial activation.

    Raises
    ------
    DomainError
        If the argument is no activation.
    NoClosedFormError
        If the activation is no polynomial.

    Examples
    --------
    >>> from cumulant_theory import activations
    >>> for e in Pointwise(activations.Square()).equations(1):
    ...     print(e.lhs, "=", e.rhs)
    d__y1_0 = kappa__x_i**2
    d__y1_1 = 2*kappa__x_i
    kappa__y1_i = d__y1_0 + kappa__x_ii
    """

    def __init__(self, activation: Activation) -> None:
        if not isinstance(activation, Activation):
            raise DomainError(
                f"Pointwise: {activation!r} is no activation; pass for example "
                "activations.Quadratic('alpha')"
            )
        if activation.coefficients is None:
            raise NoClosedFormError(
                f"{activation!r} is not a polynomial, so Pointwise has no exact finite cumulant "
                "rule; replace it, for example by activations.Polynomial(coefficients)"
            )
        self.activation = activation

    def rule(self) -> Rule:
        """The polynomial rule."""
        return PolynomialRule(self.activation.coefficients or ())

    def numbered(self, position: int) -> "Pointwise":
        """With default coefficient names numbered by layer."""
        return Pointwise(self.activation.numbered(position))

    def _replaced(self, images: Mapping[Any, Any]) -> "Layer":
        if not set(images) & set(self.parameters):
            return self
        return Pointwise(Polynomial([a.subs(images) for a in self.activation.coefficients or ()]))

    def _written(self, units: int) -> Any:
        return explicit_layers.Pointwise(self.activation)

    def __repr__(self) -> str:
        return f"Pointwise({self.activation!r})"


class Sequential(Layer):
    """Layers one after the other; also written ``layer >> layer``.

    Parameters
    ----------
    *layers
        Layers or networks, input side first; nested networks are flattened.

    Raises
    ------
    ShapeError
        If there is no layer, or the widths differ.

    Examples
    --------
    >>> from cumulant_theory import activations
    >>> from cumulant_theory.exchangeable import Linear, Mean
    >>> net = Linear("n") >> Pointwise(activations.Square()) >> Linear("n") >> Mean("n")
    >>> net.parameters
    (gamma__1, gamma__2, lambda__1, lambda__2)
    """

    def __init__(self, *layers: Layer) -> None:
        flat: list[Layer] = []
        for layer in layers:
            if not isinstance(layer, Layer):
                raise ShapeError(
                    f"Sequential: {layer!r} is no layer of cumulant_theory.exchangeable"
                )
            flat.extend(layer.given if isinstance(layer, Sequential) else layer.layers)
        if not flat:
            raise ShapeError("Sequential: a network needs at least one layer")
        self.given: tuple[Layer, ...] = tuple(flat)
        self._layers: tuple[Layer, ...] = _number(flat)
        self._check()

    def _check(self) -> None:
        width: Any = None
        for k, layer in enumerate(self._layers):
            if width is not None and layer.n is not None and layer.n != width:
                raise ShapeError(
                    f"layer {k + 1}, {layer!r}, takes {layer.n} units, but gets {width}; use one "
                    "width, and 1 behind a readout"
                )
            width = sp.S.One if layer.readout else layer.n if layer.n is not None else width
        self.n = next((la.n for la in self._layers if la.n is not None), None)
        self.readout = any(la.readout for la in self._layers)

    @property
    def layers(self) -> tuple[Layer, ...]:
        """The layers, input side first."""
        return self._layers

    @property
    def parameters(self) -> tuple[sp.Symbol, ...]:
        """Free symbols of all layers but the width."""
        found = {p for layer in self._layers for p in layer.parameters} - {self.n}
        return tuple(sorted(found, key=str))

    @property
    def hypotheses(self) -> tuple[str, ...]:
        """Those of all layers."""
        return tuple(dict.fromkeys(h for layer in self._layers for h in layer.hypotheses))

    def rule(self) -> Rule:
        """A network has one rule per layer.

        Raises
        ------
        ShapeError
            Always, unless there is a single layer.
        """
        first, *rest = self._layers
        if rest:
            raise ShapeError(f"{self!r} has {len(self._layers)} rules; ask its layers")
        return first.rule()

    def _replaced(self, images: Mapping[Any, Any]) -> "Layer":
        copy = object.__new__(Sequential)
        copy._layers = copy.given = tuple(layer._replaced(images) for layer in self._layers)
        copy._check()
        return copy

    def _written(self, units: int) -> Any:
        return self.explicit(units)

    def __repr__(self) -> str:
        return " >> ".join(map(repr, self._layers))


def _number(layers: list[Layer]) -> tuple[Layer, ...]:
    """Number default names like the states z1, z2, ..., y1, ... that the layers make."""
    counts = {True: 0, False: 0}
    done: dict[int, Layer] = {}
    for layer in layers:
        linear = isinstance(layer, Weighted)
        counts[linear] += 1
        if id(layer) not in done:
            done[id(layer)] = layer.numbered(counts[linear])
    return tuple(done[id(layer)] for layer in layers)
