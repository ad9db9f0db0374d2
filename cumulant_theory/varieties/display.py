"""Certified points as cards."""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import sympy as sp

from ..latex.html import Markup, card, facts, formula, table, verdict

if TYPE_CHECKING:
    from ._certificates import CertifiedPoint

_LISTED = 24


def interval(low: sp.Rational, high: sp.Rational, digits: int = 15) -> tuple[Markup, Markup]:
    """The middle of an interval in decimals, and a power of ten above its length.

    Examples
    --------
    >>> _, within = interval(sp.Rational(1, 3), sp.Rational(1, 3) + sp.Rational(2, 10**9))
    >>> "8" in within, interval(sp.Rational(1, 2), sp.Rational(1, 2))[1]
    (True, 'exact')
    """
    if low == high:
        return formula(low), Markup("exact")
    length: Any = high - low
    power = len(str(length.p)) - len(str(length.q)) + 1  # length < 10^power
    return formula(sp.N((low + high) / 2, digits)), formula(rf"< 10^{{{power}}}")


def intervals(
    points: Iterable[tuple[Any, tuple[sp.Rational, sp.Rational]]], name: str = "variable"
) -> Markup:
    """Table of what is known of each coordinate."""
    rows = [(formula(x), *interval(*bounds)) for x, bounds in points]
    return table((name, "value", "width of the interval"), rows, see=".box", most=_LISTED)


def point_card(point: "CertifiedPoint") -> str:
    """Coordinates, and what is proven."""
    proven = verdict(point.certified, True if point.complete else None)
    return card("Certified point", intervals(point.box.items()), facts([("certificate", proven)]))
