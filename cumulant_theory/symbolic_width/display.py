"""Networks and families of symbolic width as cards."""

from typing import TYPE_CHECKING, Any

import sympy as sp

from ..algebra import exact
from ..claims import claims
from ..errors import CumulantError
from ..latex.html import Markup, card, count, equation, equations, facts, folded, formula, joined
from ..latex.pictures import network
from ..layers.display import graph_picture

if TYPE_CHECKING:
    from .families import Family
    from .layers.base import Layer
    from .state import FamilyCumulants

_DRAWN = 6  # nodes of a family on display


def family_picture(family: "Family") -> Markup:
    """A member of the family with few nodes."""
    least = sum(a for a in sp.Add.make_args(exact(family.n)) if a.is_Integer)
    if least > 10 * _DRAWN:
        return Markup("")
    symbols = [s for s in getattr(family.n, "free_symbols", ()) if isinstance(s, sp.Symbol)]
    try:
        images = dict.fromkeys(symbols, sp.Integer(_DRAWN // max(len(symbols), 1)))
        return graph_picture(family.subs(images).explicit(), 80)
    except (CumulantError, TypeError):
        return Markup("")


def family_card(family: "Family") -> str:
    """Number of nodes and a small member."""
    return card(repr(family), facts([("nodes", exact(family.n))]), family_picture(family))


def layer_card(layer: "Layer") -> str:
    """Diagram, equations of the first orders, parameters and hypotheses."""
    layers = layer.layers
    channels: list[Any] = [layer.in_channels or 1]
    boxes = []
    for one in layers:
        boxes.append(_box(one))
        channels.append(getattr(getattr(one, "shared", None), "out_channels", channels[-1]))
    title = f"Network of {len(layers)} layers" if len(layers) > 1 else type(layer).__name__
    rows = [
        ("graphs", repr(layer.family) if layer.family is not None else "any"),
        ("nodes", exact(layer.n) if layer.n is not None else None),
        ("parameters", joined(layer.parameters) if layer.parameters else "none"),
        ("requires", claims(layer.hypotheses)),
    ]
    parts: list[str] = [network(boxes, [_channels(c) for c in channels])]
    if layer.family is not None:
        parts.append(family_picture(layer.family))
    parts.append(facts(rows))
    try:
        lines = [(e.lhs, e.rhs) for e in layer.equations(2)]
    except CumulantError:
        lines = []
    if lines:
        parts.append(folded("orders 1 and 2", equations(lines, ".recursion()")))
    return card(title, *parts)


def _channels(number: int) -> str:
    return "n" if number == 1 else f"n × {number}"


def _box(layer: "Layer") -> tuple[str, list[Any]]:
    own = count(len(layer.parameters), "parameter") if layer.parameters else ""
    name = type(layer).__name__
    if hasattr(layer, "activation"):
        given = layer.activation  # type: ignore[attr-defined]
        return name, [equation(r"\phi(z)", given.expr(sp.Symbol("z"))), own]
    if hasattr(layer, "inner"):
        return name, [formula("y = x + f(x)"), own]
    return name, [own]


def state_card(state: "FamilyCumulants") -> str:
    """One cumulant per type, order by order."""
    kinds = list(state._types(min(state.order, 4 if state.n == 1 else 3)))
    lines = []
    for kind in kinds[:13]:
        terms = len(state.polynomial(kind))
        value = state.cumulant(kind) if terms <= 40 else rf"\text{{{terms} terms}}"
        lines.append((state.symbol(kind), value))
    head = [
        ("nodes", exact(state.n)), ("graphs", repr(state.family)),
        ("channels", state.channels if state.channels > 1 else None), ("order", state.order),
        ("values", "exact" if state.exact else f"under {state.closure}"),
        ("requires", claims(state.hypotheses)),
    ]
    return card("Joint cumulants by type", facts(head), equations(lines, "[type]"))
