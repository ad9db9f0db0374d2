"""Networks: layers one after the other."""

from collections.abc import Mapping
from typing import Any

import sympy as sp

from ...errors import ShapeError
from ...layers.sequential import number_layers
from ..families import Family
from ..rules import Rule
from .base import Layer


class Sequential(Layer):
    """Layers one after the other; also written ``layer >> layer``.

    Default names are numbered as by :class:`cumulant_theory.layers.Sequential`; the same layer
    object used twice shares its parameters.

    Parameters
    ----------
    *layers
        Layers or networks, input side first; nested networks are flattened.

    Raises
    ------
    ShapeError
        If there is no layer, or the nodes or channels differ.

    Examples
    --------
    >>> from cumulant_theory import activations
    >>> from cumulant_theory.symbolic_width import Linear, Mean, Pointwise
    >>> net = Linear("n") >> Pointwise(activations.Square()) >> Linear("n") >> Mean("n")
    >>> net.parameters
    (lambda__1, gamma__1, lambda__2, gamma__2)
    """

    def __init__(self, *layers: Layer, prefix: str = "") -> None:
        flat: list[Any] = []
        for layer in layers:
            if not isinstance(layer, Layer):
                raise ShapeError(
                    f"Sequential: {layer!r} is no layer of cumulant_theory.symbolic_width"
                )
            flat.extend(layer.given if isinstance(layer, Sequential) else layer.layers)
        if not flat:
            raise ShapeError("Sequential: a network needs at least one layer")
        self.given: tuple[Layer, ...] = tuple(flat)
        numbered: Any = number_layers(flat, prefix)
        self._layers: tuple[Layer, ...] = numbered
        self._check()

    def _check(self) -> None:
        self.family: Family | None = next(
            (la.family for la in self._layers if la.family is not None), None
        )
        self.in_channels: int | None = next(
            (la.in_channels for la in self._layers if la.in_channels is not None), None
        )
        if self.family is None:
            return
        family, channels = self.family, self.in_channels or 1
        for k, layer in enumerate(self._layers):
            try:
                layer.checked_input(family, channels)
                for rule in layer.rules(family, channels):
                    family, channels = rule.out_family(family), rule.out_channels
            except ShapeError as error:
                raise ShapeError(f"layer {k + 1}: {error}") from None

    @property
    def layers(self) -> tuple[Layer, ...]:
        """The layers, input side first."""
        return self._layers

    @property
    def parameters(self) -> tuple[sp.Symbol, ...]:
        """Free symbols of all layers but the width."""
        widths = () if self.family is None else self.family.symbols
        found = dict.fromkeys(p for layer in self._layers for p in layer.parameters)
        return tuple(p for p in found if p not in widths)

    @property
    def hypotheses(self) -> tuple[str, ...]:
        """Those of all layers."""
        return tuple(dict.fromkeys(h for layer in self._layers for h in layer.hypotheses))

    def rules(self, family: Family, channels: int) -> tuple[Rule, ...]:
        """The rules of all layers, input side first."""
        found: list[Rule] = []
        for layer in self._layers:
            for rule in layer.rules(family, channels):
                found.append(rule)
                family, channels = rule.out_family(family), rule.out_channels
        return tuple(found)

    def _replaced(self, images: Mapping[Any, Any]) -> "Layer":
        replaced = {id(layer): layer._replaced(images) for layer in self._layers}
        copy = object.__new__(Sequential)
        copy._layers = copy.given = tuple(replaced[id(layer)] for layer in self._layers)
        copy._check()
        return copy

    def __repr__(self) -> str:
        return " >> ".join(map(repr, self._layers))
