"""The diagram rule: joint cumulants of any pointwise map on Gaussian Wick coefficients."""

from .enumeration import Diagram, connected, cost, patterns
from .neglected import Neglected, first_neglected
from .pairs import PairCumulant, PairIntegral, pair_cumulant
from .powers import power_formula, power_moments
from .rule import PatternRule, mehler_equations, rule, table, wick_equations

__all__ = [
    "Diagram",
    "Neglected",
    "PairCumulant",
    "PairIntegral",
    "PatternRule",
    "connected",
    "cost",
    "first_neglected",
    "mehler_equations",
    "pair_cumulant",
    "patterns",
    "power_formula",
    "power_moments",
    "rule",
    "table",
    "wick_equations",
]
