"""Propagated cumulants and their health as cards."""

from typing import TYPE_CHECKING, Any

import numpy as np

from cumulant_theory.claims import claim
from cumulant_theory.latex.html import Markup, card, count, facts, folded, table, verdict

from ..tables import spread

if TYPE_CHECKING:
    from .health import Health
    from .propagation import Propagation
    from .state import State

_FINDINGS = 20


def health_card(health: "Health") -> str:
    """What was found, layer by layer."""
    if health.ok:
        return card("Health", Markup(f"<div>{verdict('every check passed', True)}</div>"))
    rows = [
        (f.layer, claim(f.check), len(f.units) or "all", float(f.worst), claim(f.action))
        for f in health.findings
    ]
    shown = table(("layer", "check", "units", "worst", "action"), rows, most=_FINDINGS,
                  see=".findings")  # fmt: skip
    return card(verdict(f"Health: {count(len(rows), 'finding')}", None), shown)


def _numbers(xp: Any, value: Any) -> str:
    return spread(np.asarray(xp.detached(value), dtype=float))


def _row(state: "State") -> list[Any]:
    deviation = np.sqrt(np.asarray(state.xp.detached(state.variance), dtype=float))
    return [state.width, _numbers(state.xp, state.mean), spread(deviation)]


def state_card(state: "State") -> str:
    """What is known of the units of one layer."""
    width, mean, deviation = _row(state)
    rows = [
        ("units", width), ("mean", mean), ("standard deviation", deviation),
        ("covariance", "neglected" if state.diagonal_covariance else "kept"),
        ("third cumulants", None if state.third is None else repr(state.third)),
        ("fourth cumulants", None if state.fourth is None else repr(state.fourth)),
    ]  # fmt: skip
    return card(type(state).__name__, facts(rows))


def propagation_card(found: "Propagation") -> str:
    """One line per layer."""
    head = [
        ("closure", repr(found.closure)), ("tensors", found.form),
        ("values", "exact" if found.exact else "truncated"),
    ]
    rows = [[label, *_row(s)] for label, s in zip(found.labels, found.states, strict=True)]
    ok = found.health.ok
    told = "healthy" if ok else count(len(found.health.findings), "finding")
    title = verdict(told, ok or None)
    layers = table(("layer", "units", "mean", "deviation"), rows, most=24, see=".states")
    parts = [facts([*head, ("health", title)]), layers]
    if not ok:
        parts.append(folded("findings", found.health._repr_html_()))
    return card("Propagated cumulants", *parts)
