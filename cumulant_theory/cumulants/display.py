"""Joint cumulants in a notebook."""

import math
from itertools import combinations_with_replacement, islice
from typing import Any

import sympy as sp

from ..algebra import MultiIndex, from_indices
from ..claims import claim, claims
from ..latex.html import Markup, card, equations, facts, table
from .joint import JointCumulants
from .names import cumulant_symbol

_LISTED = 4  # cumulants of one order on display
_TRIED = 10_000  # multi-indices gone through for them
_WHERE = "see .recursion() of the network"


def cumulants_card(state: JointCumulants) -> str:
    """Table by order, with what the values rest on."""
    head = [
        ("units", state.dim),
        ("state", sp.Symbol(state.state)),
        ("values", "exact" if state.exact else f"under {state.closure}"),
        ("first neglected", None if state.exact else claim(str(state.first_neglected))),
        ("requires", claims(state.hypotheses)),
    ]
    rows = [(r, math.comb(state.dim + r - 1, r), _formulas(state, r))
            for r in range(1, state.order + 1)]
    return card(
        f"Joint cumulants to order {state.order}", facts(head),
        table(("order", "number", "cumulants"), rows),
    )


def _formulas(state: JointCumulants, order: int) -> Any:
    """The cumulants of an order for display; those not asked for yet only where few."""
    if order > (4 if state.dim == 1 else 2) and not any(sum(a) == order for a in state.stored):
        return "on demand"
    distinct: dict[MultiIndex, None] = {}
    first = islice(combinations_with_replacement(range(state.dim), order), _TRIED)
    for alpha in (from_indices(indices, state.dim) for indices in first):
        distinct.setdefault(state.orbits.canonical(alpha))
        if len(distinct) > _LISTED:
            break
    lines = []
    for alpha in [*distinct][:_LISTED]:
        terms = len(polynomial := state.polynomial(alpha))
        value = polynomial.expr if terms <= 40 else rf"\text{{{terms} terms; {_WHERE}}}"
        lines.append((cumulant_symbol(alpha, state.state), value))
    more = "…" if len(distinct) > _LISTED else ""
    return Markup(equations(lines, _WHERE.removeprefix("see ")) + more)
