"""Plain statements such as "kappa_4 >= 0" with their mathematics typeset, for cards and documents.

Hypotheses and reasons are kept as plain sentences in which expressions stand as SymPy prints them.
"""

import ast
import re
from collections.abc import Iterable, Sequence

import sympy as sp

from .errors import ParseError
from .latex import latex, typeset, upright
from .latex.html import Markup, prose, shown

__all__ = ["claim", "claim_tex", "claims", "typeset_claim"]

_TOKEN = re.compile(r"[A-Za-z]\w*|\d+(?:\.\d+)?|\*\*|[<>!]=|[-+*/^<>=(),]|\S")
_SIGNS = {
    ast.Lt: "<", ast.LtE: r"\le", ast.Gt: ">", ast.GtE: r"\ge", ast.Eq: "=", ast.NotEq: r"\ne",
}
_JOINING = {"<", "<=", ">", ">=", "=", "!=", "+", "*", "**", "^"}  # what is beside them is no word
_OPERATORS = {*_JOINING, "-", "/"}
_ARTICLES = ("a", "A", "I")
_FUNCTIONS = {"sqrt": sp.sqrt, "exp": sp.exp, "log": sp.log, "Abs": sp.Abs, "Max": sp.Max,
              "Min": sp.Min}  # fmt: skip
_HIGHEST = 10_000  # power that is written out


def typeset_claim(text: str) -> str:
    r"""Put the mathematics of a plain statement between dollar signs.

    Parameters
    ----------
    text
        A sentence; expressions in it stand as SymPy prints them. What is between dollar signs
        already is left as it is.

    Examples
    --------
    >>> print(typeset_claim("kappa_4 + 2*kappa_2**2 >= kappa_3**2/kappa_2 under S_2"))
    $\kappa_{4} + 2 \, \kappa_{2}^{2} \ge \frac{\kappa_{3}^{2}}{\kappa_{2}}$ under $S_{2}$
    >>> print(typeset_claim("b is an integer above 1"), typeset_claim("a law of zero mean"))
    $b$ is an integer above 1 a law of zero mean
    """
    parts = re.split(r"(\$[^$]*\$)", text)
    return "".join(part if k % 2 else _typeset(part) for k, part in enumerate(parts))


def claim_tex(text: str) -> str:
    r"""A plain statement inside a formula.

    Examples
    --------
    >>> print(claim_tex("kappa_2 = -1 is negative"))
    \kappa_{2} = -1\text{ is negative}
    """
    parts = typeset_claim(text).split("$")
    return "".join(part if k % 2 else upright(part) for k, part in enumerate(parts) if part)


def claims(texts: Iterable[str]) -> list[Markup]:
    """Statements as HTML.

    Examples
    --------
    >>> [found] = claims(["kappa_2 >= 0"])
    >>> "<msub>" in found, "kappa" in found
    (True, False)
    """
    return list(map(claim, texts))


def claim(text: str) -> Markup:
    """A statement as HTML, as it stands where its LaTeX is not known.

    Examples
    --------
    >>> print(claim("a < b or not"))  # doctest: +ELLIPSIS
    <span><math...</math> or not</span>
    """
    try:
        return prose(typeset_claim(text))
    except ParseError:
        return shown(text)


def _typeset(text: str) -> str:
    tokens = list(_TOKEN.finditer(text))
    out, end, k = "", 0, 0
    while k < len(tokens):
        stop, tex = _longest(text, tokens, k)
        if stop > k:
            out += text[end : tokens[k].start()] + tex
            end = tokens[stop - 1].end()
        k = max(stop, k + 1)
    return out + text[end:]


def _longest(text: str, tokens: Sequence[re.Match[str]], k: int) -> tuple[int, str]:
    """The end of the longest expression that begins at a token, and its LaTeX."""
    stop = k
    while stop < len(tokens) and _mathematical(tokens, stop, k):
        stop += 1
    while stop > k:
        run = text[tokens[k].start() : tokens[stop - 1].end()]
        symbols = [t.group() for t in tokens[k:stop] if t.group()[0].isalpha()]
        if symbols and not (stop == k + 1 and symbols[0] in _ARTICLES):
            tex = _tex(run)
            if tex:
                return stop, tex
        stop -= 1
    return k, ""


def _mathematical(tokens: Sequence[re.Match[str]], k: int, first: int) -> bool:
    """Whether a token may go on with an expression that begins at the token ``first``."""
    token = tokens[k].group()
    if token in _OPERATORS or token in "(),":
        return k > first or token in "(-"
    operand = token[0].isdigit() or _symbolic(token)
    if not operand and token[0].isalpha():
        around = (tokens[j].group() for j in (k - 1, k + 1) if 0 <= j < len(tokens))
        operand = token in _FUNCTIONS or any(t in _JOINING for t in around)
    before = tokens[k - 1].group()[-1] if k > first else ""
    return operand and (not before.isalnum() or (before.isdigit() and "_" in token
                                                 and tokens[k - 1].group()[0].isdigit()))


def _symbolic(name: str) -> bool:
    if not name[0].isalpha():
        return False
    return len(name) == 1 or "_" in name or typeset(name) != name


def _tex(run: str) -> str:
    """LaTeX of an expression or of relations between expressions, "" where it is none."""
    try:
        python = re.sub(r"(?<![<>!=])=(?!=)", "==", run).replace("^", "**")
        python = re.sub(r"(?<![\w.])(\d+) +(?=[A-Za-z])", r"\1*", python)  # 2 kappa_2
        node = ast.parse(python, mode="eval").body
        if node.col_offset:  # brackets around it are those of the sentence
            return ""
        if not isinstance(node, ast.Compare):
            return f"${latex(_expression(node))}$"
        sides = [latex(_expression(side)) for side in (node.left, *node.comparators)]
        signs = [_SIGNS[type(op)] for op in node.ops]
    except (SyntaxError, KeyError, ValueError, TypeError, ZeroDivisionError):
        return ""
    said = "".join(f" {sign} {side}" for sign, side in zip(signs, sides[1:], strict=True))
    return f"${sides[0]}{said}$"


def _expression(node: ast.expr) -> sp.Expr:
    match node:
        case ast.Name(id=name):
            return sp.pi if name == "pi" else sp.Symbol(name)
        case ast.Constant(value=int() | float() as value):
            return sp.Rational(str(value))
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            return -_expression(operand)
        case ast.Call(func=ast.Name(id=name), args=[_, *_] as args, keywords=[]):
            applied = _FUNCTIONS.get(name) or sp.Function(name)
            return applied(*map(_expression, args))
        case ast.BinOp(left=left, op=op, right=right):
            a, b = _expression(left), _expression(right)
            match op:
                case ast.Add():
                    return a + b
                case ast.Sub():
                    return a - b
                case ast.Mult():
                    return a * b
                case ast.Div():
                    return a / b
                case ast.Pow() if not (a.is_number and b.is_number and abs(b) > _HIGHEST):
                    return a**b
    raise ValueError("no expression")
