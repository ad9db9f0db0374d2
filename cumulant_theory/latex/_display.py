"""Displayed equations: broken lines as ``align`` environments and as notebook output."""

from collections.abc import Iterable
from typing import Any

import sympy as sp

from cumulant_theory.arguments import brief, explained
from cumulant_theory.errors import DomainError
from cumulant_theory.latex._breaking import Side, break_equation
from cumulant_theory.latex._printing import latex
from cumulant_theory.latex._sizes import sized
from cumulant_theory.latex._tex import escape
from cumulant_theory.latex._widths import TEXT_WIDTH, estimate_width

__all__ = ["display", "display_group", "inline_display", "upright"]

_TAG_WIDTH = 36.0
_END_WIDTH = 4.0


def _triple(equation: Any) -> tuple[Side, Side, str | None, str]:
    if isinstance(equation, sp.Equality):
        return equation.lhs, equation.rhs, None, "="
    if hasattr(equation, "rhs"):
        return (
            equation.lhs,
            equation.rhs,
            getattr(equation, "label", None),
            getattr(equation, "relation", "="),
        )
    if not isinstance(equation, tuple) or not 2 <= len(equation) <= 4:
        raise DomainError(
            f"{brief(equation)} is no equation; pass Equation(lhs, rhs), (lhs, rhs) or sympy.Eq"
        )
    lhs, rhs, *rest = equation
    return lhs, rhs, rest[0] if rest else None, rest[1] if len(rest) > 1 else "="


def _rows(equations: Iterable[object], width: float) -> list[tuple[list[str], str | None]]:
    triples = [_triple(e) for e in equations]
    widths = [estimate_width(latex(t[0])) if t[0] is not None else 0.0 for t in triples]
    shared = max((w for w in widths if w <= 0.3 * width), default=0.0)
    return [
        (
            break_equation(
                lhs,
                rhs,
                width,
                relation=relation,
                lhs_width=max(w, shared) if w <= 0.3 * width else w,
            ),
            label,
        )
        for (lhs, rhs, label, relation), w in zip(triples, widths, strict=True)
    ]


@explained
def display(
    lhs: Side,
    rhs: Side,
    label: str | None = None,
    *,
    number: bool | str = True,
    relation: str = "=",
    width: float = TEXT_WIDTH,
) -> str:
    r"""Write one equation as an ``align`` environment with one number.

    Parameters
    ----------
    lhs, rhs
        Expressions or LaTeX strings.
    label
        LaTeX label, set at the numbered (last) line.
    number
        True for the next number, False for none, or the text of a tag.
    relation
        LaTeX of the relation sign.
    width
        Line width in points.

    Returns
    -------
    str
        The environment, for use in a document with amsmath.

    Raises
    ------
    DomainError, ParseError
        As `break_equation`.

    Examples
    --------
    >>> print(display("y", sp.Symbol("kappa_4") / 2, "eq:half"))
    \begin{align}
    y &= \frac{1}{2} \, \kappa_{4} \label{eq:half}
    \end{align}
    """
    room = width - (_TAG_WIDTH if number else 0.0)
    lines = break_equation(lhs, rhs, room, relation=relation)
    return _align([(lines, label)], number)


@explained
def display_group(
    equations: Iterable[object], *, number: bool = True, width: float = TEXT_WIDTH,
    end: str = "",
) -> str:
    r"""Write several equations as one ``align`` environment, each with one number.

    Parameters
    ----------
    equations
        Objects with lhs, rhs, label; or tuples (lhs, rhs) or (lhs, rhs, label); or sympy.Eq.
    number
        False for none.
    width
        Line width in points.
    end
        Punctuation after the last equation; with one, commas stand after the others.

    Returns
    -------
    str
        The environment, empty for no equations.

    Raises
    ------
    DomainError, ParseError
        As `break_equation`.

    Examples
    --------
    >>> print(display_group([("x", "1"), ("y", "2")], number=False))
    \begin{align*}
    x &= 1 \\
    y &= 2
    \end{align*}
    >>> print(display_group([("x", "1"), ("y", "2")], number=False, end="."))
    \begin{align*}
    x &= 1, \\
    y &= 2.
    \end{align*}
    """
    rows = _rows(equations, width - (_TAG_WIDTH if number else _END_WIDTH if end else 0.0))
    if end:
        for lines, _ in rows:
            lines[-1] += "" if lines[-1].endswith((".", ",", ";", ":")) else ","
        last = rows[-1][0] if rows else [""]
        last[-1] = last[-1].removesuffix(",") + ("" if last[-1].endswith((".", ";", ":")) else end)
    return _align(rows, number) if rows else ""


def _align(rows: list[tuple[list[str], str | None]], number: bool | str) -> str:
    out: list[str] = []
    for lines, label in rows:
        if number:
            out += [rf"{line} \notag" for line in lines[:-1]]
            tag = rf" \tag{{{number}}}" if isinstance(number, str) else ""
            out.append(lines[-1] + tag + (rf" \label{{{label}}}" if label else ""))
        else:
            out += lines
    name = "align" if number else "align*"
    return f"\\begin{{{name}}}\n" + " \\\\\n".join(out) + f"\n\\end{{{name}}}"


@explained
def inline_display(
    equations: Iterable[object], width: float = TEXT_WIDTH, *, see: str = "", most: int = 40
) -> str:
    r"""Write equations as one string for ``_repr_latex_``, for MathJax and KaTeX.

    Sums that would fill many lines are shown by their number of terms.

    Parameters
    ----------
    equations
        As in `display_group`.
    width
        Line width in points.
    see
        Where the whole is found, as text.
    most
        Equations shown; the others are counted.

    Returns
    -------
    str
        Mathematics between dollar signs.

    Raises
    ------
    DomainError, ParseError
        As `break_equation`.

    Examples
    --------
    >>> print(inline_display([("x", "1"), ("y", "2")]))
    $\displaystyle \begin{aligned} x &= 1 \\ y &= 2 \end{aligned}$
    """
    given = list(equations)
    short = [
        (lhs, sized(lhs, rhs, see, width), label, relation)
        for lhs, rhs, label, relation in map(_triple, given[:most])
    ]
    lines = [line for rows, _ in _rows(short, width) for line in rows]
    if len(given) > most:
        told = f"and {len(given) - most} more equations" + (f"; see {see}" if see else "")
        lines.append(rf"& \text{{{told}}}")
    body = r" \\ ".join(lines)
    # KaTeX limits the number of macros it expands, and spaces such as \, are macros there.
    body = body.replace(r"\quad", r"\hskip1em ").replace(r" \, ", r"\mkern3mu ")
    return rf"$\displaystyle \begin{{aligned}} {body} \end{{aligned}}$"


@explained
def upright(text: str) -> str:
    r"""Plain text as upright letters inside a formula, for MathJax and KaTeX.

    Examples
    --------
    >>> upright("a_1 > b")
    '\\text{a\\_1 \\textgreater{} b}'
    """
    # break points in long words are for TeX alone
    return rf"\text{{{escape(text).replace(chr(92) + 'allowbreak{}', '')}}}"
