"""Tables and figures."""

import os
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import sympy as sp

from cumulant_theory.errors import DomainError
from cumulant_theory.latex._printing import latex
from cumulant_theory.latex._tex import MATH, escape
from cumulant_theory.latex._widths import TEXT_WIDTH, estimate_width

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
    """Picture file (PNG, PDF or JPEG) with a caption; `wide` spans both columns of a page."""

    path: str | Path
    caption: str = ""
    label: str | None = None
    wide: bool = False


def label_tex(label: str | None) -> str:
    r"""Write the ``\label`` command, or nothing without a label.

    Examples
    --------
    >>> print(label_tex("eq:sum"))
    \label{eq:sum}
    """
    return rf"\label{{{label}}}" if label else ""


_NUMBER = re.compile(r"([-+−]?)(\d+\.?\d*|\.\d+)(?:[eE]([-+]?)0*(\d+))?")


def _cell(cell: object) -> str:
    if isinstance(cell, sp.Basic | sp.MatrixBase):
        return f"${latex(cell)}$"
    text = "" if cell is None else str(cell).strip()
    if cell is None or text in ("-", "–", "—"):
        return "--"
    number = _NUMBER.fullmatch(text)
    if number is None:
        return escape(text)
    sign, mantissa, exponent_sign, exponent = number.groups()
    sign = sign.replace("−", "-") if float(mantissa) else ""
    if exponent is None:
        return f"${sign}{mantissa}$" if sign else mantissa
    return rf"${sign}{mantissa} \times 10^{{{exponent_sign.replace('+', '')}{exponent}}}$"


def _is_number(cell: object) -> bool:
    if isinstance(cell, sp.Basic):
        return bool(cell.is_number)
    return _NUMBER.fullmatch(str(cell).strip()) is not None


def _alignment(column: Sequence[object]) -> str:
    """Flush right for numbers, between which a cell may be empty."""
    told = [c for c in column if c is not None and str(c).strip() not in ("", "-", "–", "—")]
    return "r" if told and all(map(_is_number, told)) else "l"


def _width(cell: str) -> float:
    """About the width of a cell of 10 pt type."""
    width = sum(estimate_width(match[1]) for match in MATH.finditer(cell))
    plain = re.sub(r"\\[a-z]*\{?|\}", "", MATH.sub("", cell))
    return width + 5.0 * len(plain)


def table_tex(
    table: Table, width: float = TEXT_WIDTH, page_width: float | None = None
) -> str:
    r"""Write a table, as a ``longtable`` of smaller type from 41 rows on.

    On a page of two columns, a table that is wider than one of them goes across both, and a long
    one is cut into tables that say that they go on.

    Parameters
    ----------
    table
        Columns of numbers are flush right, all others flush left.
    width
        Of a line of text in points.
    page_width
        Of all columns of the page together; that of a line, if it is left out.

    Returns
    -------
    str
        The environment, for a document with the packages of `Article`.

    Raises
    ------
    DomainError
        If there are no columns, a row has not one cell per column, or there is a label without a
        caption, which would have no number to refer to.

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
    if not columns:
        raise DomainError(f"table '{table.caption}': there are no columns; give a header")
    caption = _caption(table, "table")
    align = "".join(_alignment([row[j] for row in table.rows]) for j in range(columns))
    cells = [[_cell(c) for c in row] for row in (table.header, *table.rows)]
    head, *rows = (" & ".join(line) + r" \\" for line in cells)
    needed = sum(max(_width(line[j]) for line in cells) + 12.0 for j in range(columns))
    fractions = any(r"\frac" in row for row in rows)
    stretch = [r"\renewcommand{\arraystretch}{1.5}"] if fractions else []
    if page_width is None or page_width <= width:
        if len(rows) > _LONG_TABLE:
            return _long_table(caption, align, head, rows, width / needed, stretch)
        return _float("table", caption, align, head, rows, stretch)
    name = "table*" if 0.9 * needed > width else "table"
    parts = [rows[k : k + _LONG_TABLE] for k in range(0, len(rows), _LONG_TABLE)] or [[]]
    again = r"\addtocounter{table}{-1}\caption{(Continued.)}"
    return "\n".join(
        _float(name, caption if part is parts[0] else again, align, head, part, stretch)
        for part in parts
    )


def _caption(block: Table | Figure, kind: str) -> str:
    if block.label and not block.caption:
        raise DomainError(
            f"{kind} with label '{block.label}': it has no caption and so no number; give it a "
            "caption, or no label"
        )
    caption = rf"\caption{{{escape(block.caption)}}}" if block.caption else ""
    return caption + label_tex(block.label)


def _float(
    name: str, caption: str, align: str, head: str, rows: Sequence[str], stretch: Sequence[str]
) -> str:
    return "\n".join([
        rf"\begin{{{name}}}[{'tp' if name.endswith('*') else 'htbp'}]", r"\centering",
        *([caption] if caption else []),
        r"\small\setlength{\tabcolsep}{6pt}", *stretch, r"\fitwidth{%",
        rf"\begin{{tabular}}{{@{{}}{align}@{{}}}}", r"\toprule", head, r"\midrule", *rows,
        r"\bottomrule", r"\end{tabular}}", rf"\end{{{name}}}",
    ])  # fmt: skip


def _long_table(
    caption: str, align: str, head: str, rows: Sequence[str], fits: float, stretch: Sequence[str]
) -> str:
    sizes = ((r"\small", 0.9), (r"\footnotesize", 0.8), (r"\scriptsize", 0.7))
    size = next((s for s, scale in sizes if scale <= fits), r"\tiny")
    return "\n".join([
        "{" + size + r"\setlength{\tabcolsep}{6pt}", *stretch,
        rf"\begin{{longtable}}{{@{{}}{align}@{{}}}}",
        *([caption + r"\\"] if caption else []),
        r"\toprule", head, r"\midrule", r"\endfirsthead",
        r"\toprule", head, r"\midrule", r"\endhead",
        r"\bottomrule", r"\endfoot", *rows, r"\end{longtable}}",
    ])  # fmt: skip


def figure_tex(figure: Figure, folder: str | Path | None) -> str:
    r"""Write a figure, at the size of its picture unless the page is smaller.

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

    Raises
    ------
    DomainError
        If LaTeX cannot read a file of that name, or there is a label without a caption.

    Examples
    --------
    >>> print(figure_tex(Figure("law.png", "A law."), None).splitlines()[3])
    \caption{A law.}
    """
    path = Path(figure.path)
    if folder is not None:
        path = Path(os.path.relpath(path.resolve(), Path(folder).resolve()))
    if not path.as_posix().isprintable() or set(path.as_posix()) & set("%#{}\\~\""):
        raise DomainError(
            f"figure {path}: LaTeX cannot read a file of that name; rename it, or use "
            "write_project, which copies it under another name"
        )
    caption = _caption(figure, "figure")
    name = "figure*" if figure.wide else "figure"
    lines = [
        rf"\begin{{{name}}}[{'tp' if figure.wide else 'htbp'}]",
        r"\centering",
        rf"\fitpicture{{\detokenize{{{path.as_posix()}}}}}",
        *([caption] if caption else []),
        rf"\end{{{name}}}",
    ]
    return "\n".join(lines)
