"""Laws as cards: parameters, first cumulants, support and highest order."""

from typing import TYPE_CHECKING, Any

from ..claims import claims
from ..errors import CumulantError
from ..latex.html import Markup, card, equations, facts, folded, formula, shown, table

if TYPE_CHECKING:
    from .base import JointLaw, Law

_ORDERS, _POINTS = 4, 8


def law_card(law: "Law") -> str:
    """A law of one variable."""
    rows = [
        ("law", formula(law.latex) if len(law.latex) < 400 else law.label),
        *_parameters(law),
        ("cumulants", _first(law)),
        ("support", _support(law)),
        ("orders", "all" if law.max_order is None else f"1 to {law.max_order}"),
        ("requires", claims(law.hypotheses)),
    ]
    return card(type(law).__name__, facts(rows))


def joint_card(law: "JointLaw") -> str:
    """A law of several variables."""
    rows = [
        ("law", formula(law.latex) if len(law.latex) < 400 else law.label),
        ("units", law.dim),
        ("independent blocks", _blocks(law)),
        ("orders", "all" if law.max_order is None else f"1 to {law.max_order}"),
        ("requires", claims(law.hypotheses)),
    ]
    parts = [facts(rows)]
    one = getattr(law, "law", None)
    components = (one,) if one is not None else getattr(law, "components", ())
    distinct = list(dict.fromkeys(components))[:4]
    parts += [folded(repr(c)[:80], c._repr_html_()) for c in distinct]
    return card(type(law).__name__, *parts)


def _parameters(law: "Law") -> list[tuple[str, Any]]:
    return [(name.replace("_", " "), value) for name, value in law.parameters.items()]


def _first(law: "Law") -> Markup | None:
    top = _ORDERS if law.max_order is None else min(_ORDERS, law.max_order)
    lines = []
    for r in range(1, top + 1):
        try:
            lines.append((rf"\kappa_{{{r}}}", law.cumulant(r)))
        except CumulantError:
            break
    return equations(lines) if lines else None


def _support(law: "Law") -> Markup | None:
    points = law.support()
    if points is None:
        return None
    rows = [(x, p) for x, p in points[:_POINTS]]
    return table(("point", "probability"), rows) if len(points) <= _POINTS else shown(
        f"{len(points)} points")


def _blocks(law: "JointLaw") -> Any:
    try:
        return f"{len(law.blocks)}"
    except CumulantError:
        return None
