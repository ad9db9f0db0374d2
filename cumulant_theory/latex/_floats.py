"""Tables and figures."""

import os
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import sympy as sp

from cumulant_theory.errors import DomainError
from cumulant_theory.latex._printing import latex
from cumulant_theory.latex._tex import escape
from cumulant_theory.latex._widths import TEXT_WIDTH

__all__ = ["Figure", "Table", "figure_tex", "label_tex", "table_tex"]

_LONG_TABLE = 40


@dataclass(frozen=True)
class Table:
    """Table with rules; a cell is text, a number or an expression."""

    header: Sequence[object]
    rows: Sequence[Sequence[object]]
    caption: str = ""
    label: str | None = None


@dataclass(frozen=True)
class Figure:
    """Picture file (PNG, PDF or JPEG) with a caption."""

    path: str | Path
    caption: str = ""
    label: str | None = None


def label_tex(label: str | None) -> str:
    r"""Write the ``\label`` command, or nothing without a label.

    Examples
    --------
    >>> print(label_tex("eq:sum"))
    \label{eq:sum}
    """
    return rf"\label{{{label}}}" if label else ""


def _cell(cell: object) -> str:
    if isinstance(cell, str):
        return escape(cell)
    if isinstance(cell, sp.Basic | sp.MatrixBase):
        return f"${latex(cell)}$"
    if cell is None:
        return "--"
    text = escape(str(cell))
    power = re.fullmatch(r"(-?[\d.]+)e([+-]?)0*(\d+)", text)
    if power:
        return rf"${power[1]} \times 10^{{{power[2].replace('+', '')}{power[3]}}}$"
    return f"${text}$" if re.fullmatch(r"-[\d.]+", text) else text


def _is_number(cell: object) -> bool:
    text = cell if isinstance(cell, str) else str(cell)
    return cell is None or re.fullmatch(r"\s*[-+]?[\d.]+(e[-+]?\d+)?\s*", text) is not None


def table_tex(table: Table, width: float = TEXT_WIDTH) -> str:
    r"""Write a table, as a ``longtable`` of smaller type from 41 rows on.

    Parameters
    ----------
    table
        Columns of numbers are flush right, all others flush left.
    width
        Of a line of text in points.

    Returns
    -------
    str
        The environment, for a document with the packages of `Article`.

    Raises
    ------
    DomainError
        If a row has not one cell per column.

    Examples
    --------
    >>> print(table_tex(Table(("law", "b"), [("normal", 2)])).splitlines()[4])
    \begin{tabular}{@{}lr@{}}
    """
    columns = len(table.header)
    for row in table.rows:
        if len(row) != columns:
            raise DomainError(
                f"table '{table.caption}': a row has {len(row)} cells under {columns} headings; "
                "give every row one cell per column"
            )
    align = "".join(
        "r" if len(table.rows) and all(_is_number(row[j]) for row in table.rows) else "l"
        for j in range(columns)
    )
    head = " & ".join(_cell(c) for c in table.header) + r" \\"
    rows = [" & ".join(_cell(c) for c in row) + r" \\" for row in table.rows]
    caption = rf"\caption{{{escape(table.caption)}}}" if table.caption else ""
    caption += label_tex(table.label) if caption else ""
    if len(rows) > _LONG_TABLE:
        longest = [
            max(len(str(row[j])) for row in (table.header, *table.rows)) for j in range(columns)
        ]
        fits = width / (5.2 * sum(longest) + 12.0 * columns)
        size = next(
            (
                s
                for s, scale in ((r"\small", 0.9), (r"\footnotesize", 0.8), (r"\scriptsize", 0.7))
                if scale <= fits
            ),
            r"\tiny",
        )
        first = [caption + r"\\"] if caption else []
        return "\n".join(
            [
                "{" + size,
                rf"\begin{{longtable}}{{@{{}}{align}@{{}}}}",
                *first,
                r"\toprule",
                head,
                r"\midrule",
                r"\endfirsthead",
                r"\toprule",
                head,
                r"\midrule",
                r"\endhead",
                r"\bottomrule",
                r"\endfoot",
                *rows,
                r"\end{longtable}}",
            ]
        )
    lines = [
        r"\begin{table}[htbp]",
        r"\centering",
        *([caption] if caption else []),
        r"\small",
        r"\fitwidth{%",
        rf"\begin{{tabular}}{{@{{}}{align}@{{}}}}",
        r"\toprule",
        head,
        r"\midrule",
        *rows,
        r"\bottomrule",
        r"\end{tabular}}",
        r"\end{table}",
    ]
    return "\n".join(lines)


def figure_tex(figure: Figure, folder: str | Path | None) -> str:
    r"""Write a figure, as wide as the text allows.

    Parameters
    ----------
    figure
        The picture with its caption.
    folder
        Folder of the document, which the path is made relative to; None keeps the path.

    Returns
    -------
    str
        The ``figure`` environment.

    Examples
    --------
    >>> print(figure_tex(Figure("law.png", "A law."), None).splitlines()[3])
    \caption{A law.}
    """
    path = Path(figure.path)
    if folder is not None:
        path = Path(os.path.relpath(path.resolve(), Path(folder).resolve()))
    caption = rf"\caption{{{escape(figure.caption)}}}" if figure.caption else ""
    caption += label_tex(figure.label) if caption else ""
    lines = [
        r"\begin{figure}[htbp]",
        r"\centering",
        r"\includegraphics[width=0.92\linewidth,height=0.8\textheight,keepaspectratio]"
        rf"{{\detokenize{{{path.as_posix()}}}}}",
        *([caption] if caption else []),
        r"\end{figure}",
    ]
    return "\n".join(lines)
