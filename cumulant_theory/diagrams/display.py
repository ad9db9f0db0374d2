"""Rules of index patterns as cards."""

from typing import TYPE_CHECKING

from ..latex.html import Markup, card, count, equations, facts, folded, formula, table
from .rule import power_symbol, word

if TYPE_CHECKING:
    from .rule import PatternRule

_LISTED = 30


def rule_card(rule: "PatternRule") -> str:
    """The rule by cost, and its diagrams."""
    rows = [
        ("closure", repr(rule.closure)), ("diagrams", len(rule.diagrams)),
        ("input cumulants", f"to order {rule.input_order}"),
    ]
    drawn = [(formula(rule._term(d, "z", "y")), d.cost) for d in rule.diagrams]
    name = formula(power_symbol("y", word(rule.pattern)))
    return card(
        Markup(f"Rule of {name} by diagrams"),
        equations([(e.lhs, e.rhs) for e in rule.equations()], ".equations()"), facts(rows),
        folded(count(len(drawn), "diagram"),
               table(("diagram", "cost"), drawn, see=".diagrams", most=_LISTED)),
    )
