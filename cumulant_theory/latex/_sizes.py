"""When a formula is too long to be shown, and what is shown in its place."""

from typing import Any

import sympy as sp

from cumulant_theory.latex._breaking import Side, break_equation
from cumulant_theory.latex._printing import latex
from cumulant_theory.latex._widths import TEXT_WIDTH, estimate_width

__all__ = ["is_long", "length", "sized"]

MOST_TERMS, MOST_LINES = 40, 6


def length(expr: Any) -> str:
    """How long an expression is, in words.

    Examples
    --------
    >>> length(sp.Symbol("x") + 1)
    '2 terms'
    """
    if isinstance(expr, sp.MatrixBase):
        return f"a matrix {expr.rows} × {expr.cols}"
    if not isinstance(expr, sp.Expr):
        return "a long formula"
    terms = len(sp.Add.make_args(expr))
    return f"{terms} terms" if terms > 1 else f"{sp.count_ops(expr)} operations"


def is_long(lhs: Side | None, rhs: Any, width: float = TEXT_WIDTH) -> bool:
    """Whether a right side would fill more than a few lines."""
    if isinstance(rhs, sp.MatrixBase):
        return max(rhs.shape) > 12 or estimate_width(latex(rhs)) > 2 * width
    if isinstance(rhs, sp.Expr):
        if len(sp.Add.make_args(rhs)) > MOST_TERMS:
            return True
        if sum(1 for _ in sp.preorder_traversal(rhs)) > 40 * MOST_TERMS:
            return True
    return len(break_equation(lhs or "y", rhs, width)) > MOST_LINES


def sized(lhs: Side | None, rhs: Any, see: str = "", width: float = TEXT_WIDTH) -> Any:
    """The right side as it is, or as LaTeX that says how long it is.

    Parameters
    ----------
    lhs, rhs
        Sides of an equation.
    see
        Where the whole is found, as text.

    Examples
    --------
    >>> x = sp.symbols("x:99")
    >>> sized("y", sum(x), ".recursion()"), sized("y", x[0])
    ('\\\\text{99 terms; see .recursion()}', x0)
    """
    if not is_long(lhs, rhs, width):
        return rhs
    told = length(rhs) + (f"; see {see}" if see else "")
    return rf"\text{{{_plain(told)}}}"


def _plain(text: str) -> str:
    return text.replace("×", "x").replace("_", r"\_")
