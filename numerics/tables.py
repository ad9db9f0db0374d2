"""Small tables as text and as HTML: one home for how results show themselves."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from cumulant_theory.latex.html import Markup, card, number, table, verdict

Cells = Sequence[Sequence[str]]

_VERDICTS: Mapping[str, bool | None] = {
    "agree": True, "disagree": False, "undecided": None, "generalises": True, "fails": False,
    "as the target": True, "misses the target": False, "must generalise": True, "must fail": False,
    "converged": True, "not converged": None, "diverged": False,
}


def text_table(cells: Cells, left: Sequence[int] = (0,)) -> list[str]:
    """Lines of aligned columns, the first row being the head.

    Parameters
    ----------
    cells : sequence of rows
        All of the same length.
    left : sequence of int
        Columns flush left; the others are flush right.

    Examples
    --------
    >>> text_table([["layer", "mean"], ["1 Linear", "0.5"]])
    ['layer     mean', '1 Linear   0.5']
    """
    widths = [max(len(row[k]) for row in cells) for k in range(len(cells[0]))]
    return [
        "  ".join(
            c.ljust(w) if k in left else c.rjust(w)
            for k, (c, w) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in cells
    ]


def shortened(lines: Sequence[str], most: int = 36) -> list[str]:
    """Lines for a terminal: those beyond the most are counted.

    Examples
    --------
    >>> shortened(["a", "b", "c"], most=2)
    ['a', '... 2 more lines']
    """
    if len(lines) <= most:
        return list(lines)
    return [*lines[: most - 1], f"... {len(lines) - most + 1} more lines"]


def html_table(title: str, cells: Sequence[Sequence[Any]], notes: str = "") -> str:
    """The same as HTML, everything escaped but markup, and verdicts in their colour.

    Examples
    --------
    >>> "a &lt; b" in html_table("t", [["head"], ["a < b"]])
    True
    """
    head, *body = cells
    rows = [[verdict(c, _VERDICTS[c]) if c in _VERDICTS else c for c in row] for row in body]
    return card(title, table(head, rows), note=notes)


def z_score(z: float, good: bool | None) -> Markup:
    """A z-score in the colour of its verdict."""
    return verdict(f"{z:+.2f}".replace("-", "−"), good)


def spread(value: Any) -> str:
    """A number, or the least and the largest of several.

    Examples
    --------
    >>> spread(0.5), spread([1.0, 2.0])
    ('0.5', '1 to 2')
    """
    values = np.asarray(value, dtype=float).ravel()
    if not values.size:
        return "–"
    if values.size == 1:
        return number(float(values[0]))
    low, high = (number(float(v), 3) for v in (values.min(), values.max()))
    return low if low == high else f"{low} to {high}"
