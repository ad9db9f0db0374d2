"""Networks: layers one after the other."""

from collections.abc import Iterator, Mapping
from typing import Any

import sympy as sp

from ..arguments import check_name, entry_at, explained
from ..errors import ShapeError, SymmetryError
from .base import Layer
from .rules import AffineRule, Rule
from .stages import Stage


class Sequential(Layer):
    """Layers applied one after the other; also written ``layer >> layer``.

    Default parameter names are numbered by the position among the layers that have them. The
    same layer object used twice shares its parameters.

    Attributes
    ----------
    given
        The layer objects as they were passed in, before numbering.

    Parameters
    ----------
    *layers
        Layers or networks, input side first; nested networks are flattened.

    Raises
    ------
    ShapeError
        If there is no layer or two widths do not fit.

    Examples
    --------
    >>> from cumulant_theory import activations, layers
    >>> net = layers.Linear(2, 3) >> layers.Pointwise(activations.Identity()) >> layers.Mean(3)
    >>> len(net.parameters), net.in_features, net.out_features
    (6, 2, 1)
    """

    @explained
    def __init__(self, *layers: Layer, prefix: str = "") -> None:
        flat: list[Layer] = []
        for layer in layers:
            if not isinstance(layer, Layer):
                raise ShapeError(f"Sequential: {layer!r} is no layer")
            flat.extend(layer.given if isinstance(layer, Sequential) else layer.layers)
        if not flat:
            raise ShapeError("Sequential: a network needs at least one layer")
        self.given: tuple[Layer, ...] = tuple(flat)
        self._layers = number_layers(flat, prefix)
        self._check()
        self.in_features: Any = next(
            (la.in_features for la in self._layers if la.in_features is not None), None
        )
        self.out_features: Any = next(
            (la.out_features for la in reversed(self._layers) if la.out_features is not None), None
        )

    def _check(self) -> None:
        width: Any = None
        for k, layer in enumerate(self._layers):
            wanted = layer.in_features
            if width is not None and wanted is not None and wanted != width:
                raise ShapeError(
                    f"layer {k + 1}, {layer!r}, takes {wanted} units, but layer {k} gives {width}; "
                    f"change in_features to {width}"
                )
            width = layer.out_features if layer.out_features is not None else width
        names: dict[str, Layer] = {}
        for layer in dict.fromkeys(self._layers):
            for symbol in _weights(layer):
                if str(symbol) in names:
                    raise SymmetryError(
                        f"parameter {symbol} occurs in {names[str(symbol)]!r} and in {layer!r}; "
                        "give the layers different names, or use one layer object twice to share"
                    )
                names[str(symbol)] = layer

    def rules(self, units: int) -> tuple[Rule, ...]:
        """The rules of all layers, input side first."""
        return tuple(stage.rule for stage in self.stages(units))

    @property
    def layers(self) -> tuple[Layer, ...]:
        """The layers, input side first."""
        return self._layers

    @property
    def parameters(self) -> tuple[sp.Symbol, ...]:
        """Free symbols of all layers after tying."""
        return tuple(dict.fromkeys(p for layer in self._layers for p in layer.parameters))

    @property
    def hypotheses(self) -> tuple[str, ...]:
        """Those of all layers."""
        return tuple(dict.fromkeys(h for layer in self._layers for h in layer.hypotheses))

    @explained
    def subs(self, values: Mapping[Any, Any]) -> "Sequential":
        """The network with parameters replaced by exact values.

        Raises
        ------
        ShapeError
            If a name is no parameter of the network.
        """
        known = {str(p) for p in self.parameters}
        unknown = [str(k) for k in values if str(k) not in known]
        if unknown:
            raise ShapeError(
                f"{', '.join(unknown)}: no such parameter; known: {', '.join(sorted(known))}"
            )
        images = {p: values[k] for p in self.parameters for k in (p, str(p)) if k in values}
        replaced = {layer: layer.subs(images) for layer in dict.fromkeys(self._layers)}
        copy = object.__new__(Sequential)
        copy.__dict__.update(self.__dict__)
        copy._layers = tuple(replaced[layer] for layer in self._layers)
        return copy

    def __iter__(self) -> Iterator[Layer]:
        return iter(self._layers)

    def __len__(self) -> int:
        return len(self._layers)

    def __getitem__(self, position: int) -> Layer:
        return entry_at(self._layers, position, "layers")

    def __repr__(self) -> str:
        return " >> ".join(map(repr, self._layers))

    def _repr_latex_(self) -> str:
        from ..latex import inline_display

        if self.in_features is None:
            return super()._repr_latex_()
        return inline_display([
            (sp.Symbol(stage.target), _image(stage)) for stage in self.stages(self.input_units())
        ])


def _image(stage: Stage) -> Any:
    """What a stage makes of its source, for display."""
    source = sp.Symbol(stage.source)
    if isinstance(stage.rule, AffineRule) and max(stage.rule.weight.shape) > 12:
        from ..latex import symbol_tex

        return rf"W\, {symbol_tex(stage.source)} + c"
    if isinstance(stage.rule, AffineRule):
        product = sp.MatMul(stage.rule.weight, source, evaluate=False)
        if not any(c != 0 for c in stage.rule.shift):
            return product
        from ..latex import latex

        return f"{latex(product)} + {latex(sp.Matrix(stage.rule.shift))}"
    return stage.rule.activations[-1].expr(source)


def _weights(layer: Layer) -> set[sp.Symbol]:
    """Symbols of weights and biases: those two layers must not share by accident."""
    inner = getattr(layer, "inner", None)
    if inner is not None:
        return {s for la in inner.layers for s in _weights(la)}
    own = getattr(layer, "own_parameters", None)
    if own is not None:
        return set(own)
    return set(layer.parameters) if hasattr(layer, "weight") else set()


def number_layers(layers: list[Layer], prefix: str) -> tuple[Layer, ...]:
    """Number default names: weights count linear layers, coefficients count activations."""
    if not isinstance(prefix, str) or prefix:
        check_name(prefix, "Sequential: prefix")
    counts: dict[type, int] = {}
    renamed: dict[int, Layer] = {}
    for layer in layers:
        if id(layer) not in renamed:
            probe = layer.numbered(0)
            if probe is layer or not layer.parameters:
                renamed[id(layer)] = layer
                continue
            kind = getattr(layer, "numbered_with", type(layer))
            counts[kind] = counts.get(kind, 0) + 1
            number: Any = counts[kind]
            renamed[id(layer)] = layer.numbered(f"{prefix}{number}" if prefix else number)
    return tuple(renamed[id(layer)] for layer in layers)
