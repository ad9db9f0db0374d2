"""Layers and networks as diagrams: boxes with symmetry, shape and number of parameters."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import sympy as sp

from ..claims import claims
from ..latex import latex
from ..latex.html import Markup, card, count, equation, facts, formula
from ..latex.pictures import graph, network
from ..symmetries.display import picture, tying_card

if TYPE_CHECKING:
    from .base import Layer
    from .graphs import Graph

_WRITTEN, _DRAWN = 6, 8  # rows of a matrix in figures, and drawn in a box

_FORMULAS = {"Mean": r"y = \frac{1}{n} \sum_{i=1}^{n} x_{i}", "Sum": r"y = \sum_{i=1}^{n} x_{i}"}


def widths(layers: Sequence["Layer"]) -> list[Any]:
    """Units before the first layer and after each, None where any number fits."""
    found: list[Any] = [next((la.in_features for la in layers if la.in_features is not None), None)]
    for layer in layers:
        found.append(layer.out_features if layer.out_features is not None else found[-1])
    return found


def box(layer: "Layer") -> tuple[str, list[Any]]:
    """Name of a layer and the lines in its box."""
    own = f"{count(len(layer.parameters), 'parameter')}" if layer.parameters else ""
    if hasattr(layer, "tying"):
        return "Linear", _linear(layer, own)
    if hasattr(layer, "activation"):
        given = layer.activation  # type: ignore[attr-defined]
        return "Pointwise", [equation(r"\phi(z)", given.expr(sp.Symbol("z"))), own]
    if hasattr(layer, "inner"):
        inner = layer.inner.layers  # type: ignore[attr-defined]
        return "Residual", [formula("y = x + f(x)"), network([box(la) for la in inner],
                                                             widths(inner)), own]
    if hasattr(layer, "graph"):
        kind = str(getattr(layer, "kind", ""))
        drawn = graph_picture(layer.graph)  # type: ignore[attr-defined]
        return type(layer).__name__, [drawn, kind, *_channels(layer), own]
    return type(layer).__name__, [*_written(layer), own]


def _linear(layer: Any, own: str) -> list[Any]:
    tied, fixed = layer.tying, layer._weight is not None
    lines: list[Any] = []
    if fixed and max(tied.out_features, tied.in_features) <= _WRITTEN:
        lines.append(equation("W", sp.ImmutableMatrix(layer.weight)))
    elif not fixed:
        lines.append(picture(tied, layer.has_bias, 9.0, _DRAWN))
    lines.append(layer.symmetry.name.replace("_", " "))
    total = tied.out_features * tied.in_features
    lines.append("" if fixed else f"{tied.dimension} of {total} free")
    lines.append(own)
    return lines


def _channels(layer: Any) -> list[str]:
    if hasattr(layer, "in_channels"):
        return [f"channels {layer.in_channels} → {layer.out_channels}"]
    return []


def _written(layer: "Layer") -> list[Any]:
    """What a constant layer does, by its formula or its arguments."""
    if type(layer).__name__ in _FORMULAS:
        return [formula(_FORMULAS[type(layer).__name__])]
    own = layer._repr_latex_().strip("$").removeprefix(r"\displaystyle ")
    if not own.startswith(r"\text"):
        return [formula(own)]
    text = repr(layer)
    inside = text.partition("(")[2].removesuffix(")")
    return [inside] if inside and len(inside) <= 60 else []


def graph_picture(given: "Graph", size: float = 90) -> Markup:
    """Nodes on a circle, joined as the graph says."""
    place = {v: k for k, v in enumerate(given.nodes)}
    pairs = [(place[u], place[v]) for u, v, _ in given.edges]
    return graph(len(given), pairs, given.is_directed(), size)


def graph_card(given: "Graph") -> str:
    """Picture and counts."""
    kind = "directed" if given.is_directed() else "undirected"
    rows = [("nodes", len(given)), ("edges", len(given.edges)), ("kind", kind)]
    return card(repr(given), facts(rows), graph_picture(given, 140))


def layer_card(layer: "Layer") -> str:
    """Diagram, parameters and hypotheses of a layer or network."""
    layers: tuple[Any, ...] = layer.layers
    size = widths(layers)
    named = len(layers) > 1
    title = f"Network of {len(layers)} layers" if named else type(layer).__name__
    rows: list[tuple[str, Any]] = [
        ("units", " → ".join("n" if w is None else str(w) for w in (size[0], size[-1]))),
        ("parameters", _parameters(layer)),
        ("requires", claims(layer.hypotheses)),
    ]
    parts = [network([box(la) for la in layers], size), facts(rows)]
    only = layers[0]
    if not named and hasattr(only, "tying") and only._weight is None:
        parts.append(Markup(tying_card(only.tying, only.has_bias)))
    return card(title, *parts)


def _parameters(layer: "Layer") -> Any:
    found = layer.parameters
    if not found:
        return "none"
    first = "".join(str(formula(s)) + ("" if k == min(len(found), 6) - 1 else ", ")
                    for k, s in enumerate(found[:6]))
    return Markup(f"{len(found)}: {first}" + (", …" if len(found) > 6 else ""))


def affine_tex(weight: Any, bias: Sequence[Any] | None) -> str:
    """z = W x + c as LaTeX; large matrices by their shape."""
    if max(weight.shape) > 12:
        rows, columns = weight.shape
        shift = " + c" if bias is not None else ""
        return rf"z = W x{shift},\ W \in \mathbb{{R}}^{{{rows} \times {columns}}}"
    shift = f" + {latex(sp.Matrix(bias))}" if bias is not None else ""
    return rf"z = {latex(weight)}\, x{shift}"
