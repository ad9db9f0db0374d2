"""Small tables as text and as HTML: one home for how results show themselves."""

from collections.abc import Sequence
from html import escape

Cells = Sequence[Sequence[str]]


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


def html_table(title: str, cells: Cells, notes: str = "") -> str:
    """The same as HTML, everything escaped.

    Examples
    --------
    >>> "<td>a &lt; b</td>" in html_table("t", [["head"], ["a < b"]])
    True
    """
    head, *body = cells
    top = "".join(f"<th>{escape(c)}</th>" for c in head)
    rows = "".join("<tr>" + "".join(f"<td>{escape(c)}</td>" for c in r) + "</tr>" for r in body)
    below = f"<p>{escape(notes)}</p>" if notes else ""
    return (
        f"<div><p><b>{escape(title)}</b></p><table><thead><tr>{top}</tr></thead>"
        f"<tbody>{rows}</tbody></table>{below}</div>"
    )
