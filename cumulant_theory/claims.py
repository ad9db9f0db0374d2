"""Plain statements such as "kappa_4 >= 0" with their mathematics typeset, for cards and documents.

Hypotheses and reasons are kept as plain sentences in which expressions stand as SymPy prints them.
"""

import ast
import re
from collections.abc import Iterable, Sequence
from typing import Any

import sympy as sp

from .arguments import explained
from .errors import ParseError
from .latex import latex, typeset, upright
from .latex.html import Markup, prose, shown

__all__ = ["claim", "claim_tex", "claims", "in_words", "label_in_words", "typeset_claim"]

_TOKEN = re.compile(r"(?<=\w)'[a-z]+\b|[A-Za-z]\w*|\d+(?:\.\d+)?|\*\*|[<>!]=|[-+*/^<>=(),]|\S")
_SIGNS = {
    ast.Lt: "<", ast.LtE: r"\le", ast.Gt: ">", ast.GtE: r"\ge", ast.Eq: "=", ast.NotEq: r"\ne",
}
_JOINING = {"<", "<=", ">", ">=", "=", "!=", "+", "*", "**", "^"}  # what is beside them is no word
_OPERATORS = {*_JOINING, "-", "/"}
_ARTICLES = ("a", "A", "I")
_ARROW = re.compile(r"\b([A-Za-z]\w*|\d+) → ([A-Za-z]\w*|\d+)\b")
_FUNCTIONS = {"sqrt": sp.sqrt, "exp": sp.exp, "log": sp.log, "Abs": sp.Abs, "Max": sp.Max,
              "Min": sp.Min}  # fmt: skip
_HIGHEST = 10_000  # power that is written out


@explained
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
    >>> print(typeset_claim("linear (2 → n)"))
    linear ($2 \to n$)
    """
    text = _ARROW.sub(lambda m: rf"${_operand(m[1])} \to {_operand(m[2])}$", text)
    parts = re.split(r"(\$[^$]*\$)", text)
    return "".join(part if k % 2 else _typeset(part) for k, part in enumerate(parts))


@explained
def in_words(thing: Any) -> str:
    r"""What a law, a group, a graph, a layer or a network is called in a sentence.

    It is what the object says in ``words``, else the name of its class, which may be given by
    itself. Mathematics in it is between dollar signs or as SymPy prints it, for
    :func:`typeset_claim`.

    Examples
    --------
    >>> from cumulant_theory import activations, laws, layers
    >>> print(in_words(laws.Normal(0, "sigma")))
    the normal law $\mathcal{N}(0,\sigma^{2})$
    >>> print(in_words(layers.Linear(2, 3) >> layers.Mean(3)))
    linear (2 → 3), mean (3 → 1)
    >>> print(in_words(activations.get("square")), in_words(activations.get("relu")))
    square ReLU
    """
    if isinstance(thing, str):
        return _spelled(thing)
    name = getattr(thing, "words", "")
    return name if name and isinstance(name, str) else _spelled(type(thing).__name__)


@explained
def label_in_words(label: str) -> str:
    """A layer by its number and what it is.

    Examples
    --------
    >>> label_in_words("1 GraphConv"), label_in_words("2 GCNConv")
    ('1 (graph convolution)', '2 (GCNConv)')
    """
    number, _, name = label.partition(" ")
    return f"{number} ({_spelled(name)})"


def _spelled(name: str) -> str:
    """The name of a class in words; names such as ReLU stay."""
    if not re.fullmatch(r"(?:[A-Z][a-z]+)+", name):
        return name
    words = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name).lower()
    return re.sub(r"\bconv\b", "convolution", words)


@explained
def claim_tex(text: str) -> str:
    r"""A plain statement inside a formula.

    Examples
    --------
    >>> print(claim_tex("kappa_2 = -1 is negative"))
    \kappa_{2} = -1\text{ is negative}
    """
    parts = typeset_claim(text).split("$")
    return "".join(part if k % 2 else upright(part) for k, part in enumerate(parts) if part)


@explained
def claims(texts: Iterable[str]) -> list[Markup]:
    """Statements as HTML.

    Examples
    --------
    >>> [found] = claims(["kappa_2 >= 0"])
    >>> "<msub>" in found, "kappa" in found
    (True, False)
    """
    return list(map(claim, texts))


@explained
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
    return name[0].isalpha() and (len(name) == 1 or typeset(name) != name)


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


def _operand(name: str) -> str:
    return latex(_expression(ast.parse(name, mode="eval").body))


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
        case ast.BinOp(op=ast.Mult()):  # all factors at once: SymPy would distribute a number
            return sp.Mul(*map(_expression, _factors(node)))
        case ast.BinOp(left=left, op=op, right=right):
            a, b = _expression(left), _expression(right)
            match op:
                case ast.Add():
                    return a + b
                case ast.Sub():
                    return a - b
                case ast.Div():
                    return a / b
                case ast.Pow() if not (a.is_number and b.is_number and abs(b) > _HIGHEST):
                    return a**b
    raise ValueError("no expression")


def _factors(node: ast.expr) -> list[ast.expr]:
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mult):
        return [*_factors(node.left), node.right]
    return [node]
