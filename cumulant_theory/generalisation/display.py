"""The table of branches as text, HTML and LaTeX."""

from collections.abc import Iterator
from itertools import zip_longest
from typing import TYPE_CHECKING, Any
from xml.sax.saxutils import escape as xml_escape

import sympy as sp

from ..derivation import Equation
from ..latex import Table, estimate_width, latex, mathml
from ..latex._floats import table_tex
from .branches import Branch, residual_symbol
from .components import shown

if TYPE_CHECKING:
    from .analysis import Analysis

_HEAD = ("branch", "equations", "dimension", "test residuals", "verdict")
_VERDICTS = {True: "generalises", False: "fails", None: "undecided"}
_COLOURS = {True: "#1a7f37", False: "#c0262d", None: "#8a6100"}
_WIDEST, _LONGEST = 200.0, 72  # points, characters


def summary(analysis: "Analysis") -> str:
    """Verdict and reason in one sentence."""
    verdict = {True: "generalises", False: "does not generalise", None: "undecided"}
    return f"{verdict[analysis.generalises]}: {analysis.reason}"


def _dimension(branch: Branch) -> str:
    if branch.dimension is None:
        return "undecided"
    if branch.dimension == branch.modulo_scalings:
        return str(branch.dimension)
    return f"{branch.dimension}, {branch.modulo_scalings} modulo scalings"


def _residuals(branch: Branch) -> list[Equation]:
    return [Equation(residual_symbol(t.order), t.value, t.order)
            for t in branch.tests if not t.vanishes]


def _rows(branch: Branch) -> Iterator[tuple[str, Any, str, Any, str]]:
    """Lines of one branch: the first has all cells, the others go on with the equations."""
    left = list(branch.equations) or ["no condition"]
    right = _residuals(branch) or ["all 0" if branch.tests else "undecided"]
    for k, (e, f) in enumerate(zip_longest(left, right, fillvalue="")):
        first = (str(branch.number), _dimension(branch), _VERDICTS[branch.generalises])
        number, dimension, verdict = first if k == 0 else ("", "", "")
        yield number, e, dimension, f, verdict


def text_table(analysis: "Analysis") -> str:
    """Plain text."""
    lines = [f"Analysis: {summary(analysis)}"]
    cells = [[c if isinstance(c, str) else _text(c) for c in row]
             for b in analysis.branches for row in _rows(b)]
    if cells:
        table = [list(_HEAD), *cells]
        widths = [max(len(row[j]) for row in table) for j in range(len(_HEAD))]
        lines += ["  ".join(c.ljust(w) for c, w in zip(row, widths, strict=True)).rstrip()
                  for row in table]
    return "\n".join(lines)


def _text(equation: Equation) -> str:
    """An equation, or how long it is."""
    text = shown(equation)
    return text if len(text) <= _LONGEST else f"{equation.lhs} = {_length(equation)}" if (
        equation.lhs.is_Symbol) else _length(equation)


def _length(equation: Equation) -> str:
    terms = max(len(sp.Add.make_args(sp.expand(s))) for s in (equation.lhs, equation.rhs))
    return f"a polynomial of {terms} terms"


def _formula(cell: Any) -> str:
    """LaTeX of an equation, or how long it is."""
    if isinstance(cell, str):
        return rf"\text{{{cell}}}" if cell else ""
    left, right = latex(cell.lhs), latex(cell.rhs)
    if estimate_width(left + right) <= _WIDEST:
        return f"{left} = {right}"
    long = rf"\text{{{_length(cell)}}}"
    return f"{left} = {long}" if cell.lhs.is_Symbol else long


def branch_table(analysis: "Analysis") -> str:
    r"""An ``array`` between dollar signs, for notebooks."""
    rows = [" & ".join(map(_formula, row)) for b in analysis.branches for row in _rows(b)]
    head = " & ".join(rf"\text{{{name}}}" for name in _HEAD)
    verdict = {True: "generalises", False: "does not generalise", None: "undecided"}
    title = rf"\text{{{verdict[analysis.generalises]}}}"
    if not rows:
        return rf"$\displaystyle {title}$"
    body = r" \\ ".join([head + r" \\ \hline " + rows[0], *rows[1:]])
    return (
        rf"$\displaystyle \begin{{array}}{{l}} {title} \\ "
        rf"\begin{{array}}{{rllll}} {body} \end{{array}} \end{{array}}$"
    )


def html_table(analysis: "Analysis") -> str:
    """HTML with MathML."""
    title = f"<p><b>{xml_escape(summary(analysis))}</b></p>"
    if not analysis.branches:
        return f"<div>{title}</div>"
    head = "".join(f"<th>{name}</th>" for name in _HEAD)
    body = "".join(map(_html_row, analysis.branches))
    return (
        f"<div>{title}<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>"
    )


def _html_row(branch: Branch) -> str:
    rows = list(_rows(branch))
    stacked = [
        "<br>".join(xml_escape(c) if isinstance(c, str) else mathml(_formula(c))
                    for c in (row[j] for row in rows) if c)
        for j in (1, 3)
    ]
    colour = _COLOURS[branch.generalises]
    cells = (rows[0][0], stacked[0], rows[0][2], stacked[1])
    return (
        "<tr>" + "".join(f"<td>{c}</td>" for c in cells)
        + f'<td style="color:{colour};font-weight:600">{rows[0][4]}</td></tr>'
    )


def latex_table(analysis: "Analysis") -> str:
    """Booktabs table."""
    rows = [
        [c if isinstance(c, str) else f"${_formula(c)}$" for c in row]
        for b in analysis.branches for row in _rows(b)
    ]
    return table_tex(Table(_HEAD, rows, caption=f"The network {summary(analysis)}."))
