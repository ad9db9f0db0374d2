"""The table of branches as text, HTML and LaTeX."""

from collections.abc import Iterator
from itertools import zip_longest
from typing import TYPE_CHECKING, Any

import sympy as sp

from ..claims import claim
from ..derivation import Equation
from ..latex import Table, estimate_width, latex, mathml
from ..latex._floats import table_tex
from ..latex.html import (
    Markup,
    card,
    equation,
    equations,
    facts,
    formula,
    table,
    verdict,
)
from ..latex.html import shown as shown_text
from ..varieties.decimals import shown_html
from ..varieties.display import interval, intervals
from .branches import Branch, TestResidual, Witness, residual_symbol
from .components import shown

if TYPE_CHECKING:
    from .analysis import Analysis
    from .certified import CertifiedWitness

_HEAD = ("branch", "equations", "dimension", "test residuals", "verdict")
_VERDICTS = {True: "generalises", False: "fails", None: "undecided"}
_WIDEST, _LONGEST = 200.0, 72  # points, characters
_CONDITIONS = 6


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
    rows = list(map(_html_row, analysis.branches))
    title = claim(summary(analysis))
    return card(title, table(_HEAD, rows, see=".branches") if rows else "")


def _html_row(branch: Branch) -> list[Any]:
    rows = list(_rows(branch))
    stacked = [
        Markup("".join(f"<div>{shown_text(c) if isinstance(c, str) else mathml(_formula(c))}</div>"
                       for c in (row[j] for row in rows) if c))
        for j in (1, 3)
    ]
    ok = verdict(rows[0][4], branch.generalises)
    return [rows[0][0], stacked[0], rows[0][2], stacked[1], ok]


def branch_card(branch: Branch) -> str:
    """One branch by itself."""
    tests = [(str(t.law), t.order, t.value,
              verdict("vanishes" if t.vanishes else "undecided" if t.vanishes is None else
                      "does not vanish", t.vanishes)) for t in branch.tests]
    lines = [(e.lhs, e.rhs) for e in branch.equations]
    rows = [
        ("dimension", _dimension(branch)),
        ("verdict", verdict(_VERDICTS[branch.generalises], branch.generalises)),
        ("witness", "see .witness" if branch.witness is not None else None),
    ]
    shown = equations(lines, ".equations") if lines else "no condition"
    parts = [shown, facts(rows)]
    if tests:
        parts.append(table(("test law", "order", "residual", ""), tests))
    return card(f"Branch {branch.number}", *parts)


def residual_card(test: TestResidual) -> str:
    """A test residual on a branch, and where it vanishes."""
    told = {True: "vanishes on the branch", False: "does not vanish", None: "undecided"}
    conditions: list[str] = [
        equation(e, "0", ".conditions") for e in test.conditions[:_CONDITIONS]
    ]
    left = len(test.conditions) - _CONDITIONS
    conditions += [f"… {left} more; see .conditions"] if left > 0 else []
    if any(e.is_number and e.is_zero is False for e in test.conditions):
        conditions = ["nowhere on the branch"]
    rows = [
        ("test law", str(test.law)),
        ("verdict", verdict(told[test.vanishes], test.vanishes)),
        ("vanishes where", Markup("".join(f"<div>{c}</div>" for c in conditions))),
    ]
    return card(
        f"Test residual of order {test.order} on branch {test.branch}",
        equations([(residual_symbol(test.order), test.value)], ".value"), facts(rows),
    )


def witness_card(witness: Witness) -> str:
    """Parameters, and the residuals on the test laws."""
    values = [(formula(p), shown_html(v)) for p, v in witness.values.items()]
    tests = [
        (str(law), r, shown_html(v), verdict("fails" if v != 0 else "right", v == 0))
        for (law, r), v in witness.residuals.items()
    ]
    fits = verdict("fits: all residuals are 0", True)
    return card(
        f"Witness on branch {witness.branch}", table(("parameter", "value"), values, see=".values"),
        facts([("training laws", fits)]), table(("test law", "order", "residual", ""), tests),
    )


def certified_card(witness: "CertifiedWitness") -> str:
    """Intervals of the parameters, of the residuals that are not 0, and what is proven."""
    tests = [
        (str(law), r, formula(m), *interval(*bounds, 6), verdict("is not 0", False))
        for (law, r), by in witness.residuals.items() for m, bounds in by.items()
    ]
    point = witness.point
    proven = verdict(point.certified, True if point.complete else None)
    head = ("test law", "order", "coefficient of", "in the residual", "width of the interval", "")
    return card(
        "Certified witness", intervals(witness.values.items(), "parameter"),
        facts([("training laws", proven)]), table(head, tests),
    )


def latex_table(analysis: "Analysis") -> str:
    """Booktabs table."""
    rows = [
        [c if isinstance(c, str) else f"${_formula(c)}$" for c in row]
        for b in analysis.branches for row in _rows(b)
    ]
    return table_tex(Table(_HEAD, rows, caption=f"The network {summary(analysis)}."))
