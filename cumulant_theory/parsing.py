"""Text to laws, activations, symmetries and exact numbers, by a whitelist.

Configuration files and command lines hold expressions. They are read as Python syntax trees and
rebuilt node by node from the few node types below; nothing is ever evaluated as code.
"""

import ast
import warnings
from collections.abc import Callable, Iterable
from fractions import Fraction
from typing import Any

import sympy as sp

from . import activations, laws, symmetries
from .algebra import exact
from .arguments import brief, check_instance
from .closures import Closure, Diagrams, Exact, Neglect
from .errors import CumulantError, DomainError, ParseError

_MAX_LENGTH = 400
_MAX_DIGITS = 40
_MAX_EXPONENT = 32
_OPERATORS: dict[type, Callable[[Any, Any], Any]] = {
    ast.Add: lambda a, b: a + b,
    ast.Sub: lambda a, b: a - b,
    ast.Mult: lambda a, b: a * b,
    ast.Div: lambda a, b: a / b,
}
_GRAMMAR = "numbers, names, + - * / **, parentheses, lists and sqrt(...)"


def parse_number(text: str) -> sp.Expr:
    """Exact expression of a text; decimals are read as the fractions they write.

    Parameters
    ----------
    text
        For example ``1/4``, ``0.25``, ``alpha``, ``2*sqrt(2)``.

    Raises
    ------
    ParseError
        If the text is anything else than an arithmetic expression.

    Examples
    --------
    >>> parse_number("0.25 + a**2"), parse_number("sqrt(2)/2")
    (a**2 + 1/4, sqrt(2)/2)
    """
    return _number(_tree(text), text)


def as_number(value: Any, what: str) -> sp.Expr:
    """Exact number of a text, of a float by the shortest fraction near it, or as it is.

    Raises
    ------
    ParseError
        If a text is no arithmetic expression.
    DomainError
        If it is no finite number.

    Examples
    --------
    >>> as_number("1/4", "s"), as_number(0.25, "s"), as_number(sp.sqrt(2), "s")
    (1/4, 1/4, sqrt(2))
    """
    if isinstance(value, str):
        found = parse_number(value)
    elif isinstance(value, float):
        if value != value or value in (float("inf"), -float("inf")):
            raise DomainError(f"{what} is {value}; pass a finite number")
        found: sp.Expr = sp.nsimplify(value, rational=True)
    else:
        found = exact(value, what)
    if not found.is_number:
        raise DomainError(f"{what} = {brief(found)} is no number")
    return found


def parse_law(text: str) -> laws.Law:
    """Law of a text such as ``normal(0, 1)`` or ``mixture([1/2, 1/2], [normal(0, 1), laplace()])``.

    Raises
    ------
    ParseError
        If the text is no call of a known form.
    UnknownNameError
        If there is no such law.

    Examples
    --------
    >>> parse_law("uniform(-1, 1)"), parse_law("Exponential(rate=2)")
    (Uniform(low=-1, high=1), Exponential(rate=2))
    """
    name, arguments, keywords = _call(_tree(text), text)
    return _build("law", laws.get, laws.catalogue(), name, arguments, keywords, text)


def parse_activation(text: str) -> activations.Activation:
    """Activation of a text such as ``identity``, ``quadratic(1/4)`` or ``polynomial([0, 1, a])``.

    Examples
    --------
    >>> parse_activation("quadratic(a)")
    Quadratic(a*z**2 + z)
    """
    name, arguments, keywords = _call(_tree(text), text)
    known = activations.catalogue()
    return _build("activation", activations.get, known, name, arguments, keywords, text)


def parse_symmetry(text: str) -> symmetries.Symmetry:
    """Weight symmetry of a text such as ``cyclic`` or ``block_permutation(2, 2)``.

    Examples
    --------
    >>> parse_symmetry("alternating")
    Alternating()
    """
    name, arguments, keywords = _call(_tree(text), text)
    def make(key: str, *args: Any, **kwargs: Any) -> symmetries.Symmetry:
        integers = [int(a) if getattr(a, "is_Integer", False) else a for a in args]
        named = {k: int(v) if getattr(v, "is_Integer", False) else v for k, v in kwargs.items()}
        return symmetries.get(key)(*integers, **named)

    known = symmetries.catalogue()
    return _build("symmetry", make, known, name, arguments, keywords, text)


def parse_closure(text: str) -> Closure:
    """Closure of a text: ``exact``, ``diagrams:K``, ``neglect:K`` or ``neglect:K:COST``.

    Raises
    ------
    ParseError
        If the text is none of these.
    DomainError
        If a number is out of range.

    Examples
    --------
    >>> parse_closure("diagrams:3"), parse_closure("neglect:3:4")
    (Diagrams(3), Neglect(3, cost=4))
    """
    name, *numbers = str(text).strip().lower().split(":")
    known: dict[tuple[str, int], Callable[..., Closure]] = {
        ("exact", 0): Exact, ("diagrams", 1): Diagrams, ("neglect", 1): Neglect,
        ("neglect", 2): Neglect,
    }
    if (name, len(numbers)) not in known or not all(n.isdecimal() for n in numbers):
        raise ParseError(
            f"'{text}' is no closure; write exact, diagrams:3, neglect:2 or neglect:3:4"
        )
    return known[name, len(numbers)](*map(int, numbers))


def _build(
    kind: str, make: Callable[..., Any], known: Iterable[str], name: str, arguments: list[Any],
    keywords: dict[str, Any], text: str,
) -> Any:
    plain = {k.replace("_", "").lower(): k for k in known}
    key = plain.get(name.replace("_", "").replace("-", "").lower(), name)
    try:
        return make(key, *arguments, **keywords)
    except CumulantError:
        raise
    except TypeError as error:  # another number of arguments, or an unknown keyword
        raise ParseError(
            f"{kind} '{text}': wrong arguments ({error}); see the documentation of {key}"
        ) from None


def _tree(text: Any) -> ast.expr:
    if not isinstance(text, str):
        raise ParseError(f"{text!r} is no text; write the expression in quotes")
    if len(text) > _MAX_LENGTH:
        raise ParseError(f"expression of {len(text)} characters; at most {_MAX_LENGTH} are read")
    try:
        return syntax_tree(text.strip())
    except ParseError:
        raise ParseError(f"'{text}' is no expression; allowed are {_GRAMMAR}") from None


def syntax_tree(text: str) -> ast.expr:
    """Syntax tree of one expression; Python's own warnings about it are nobody's concern.

    Raises
    ------
    ParseError
        If it is no expression of Python.
    """
    check_instance(text, str, "syntax_tree: text")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return ast.parse(text, mode="eval").body
    except (SyntaxError, ValueError, MemoryError, RecursionError):
        raise ParseError(f"{brief(text)} is no expression") from None


def _call(node: ast.expr, text: str) -> tuple[str, list[Any], dict[str, Any]]:
    if isinstance(node, ast.Name):
        return node.id, [], {}
    if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Name):
        raise ParseError(f"'{text}' is no name and no call such as normal(0, 1)")
    keywords = {}
    for keyword in node.keywords:
        if keyword.arg is None:
            raise ParseError(f"'{text}': ** is not allowed in a call")
        keywords[keyword.arg] = _argument(keyword.value, text)
    return node.func.id, [_argument(a, text) for a in node.args], keywords


def _argument(node: ast.expr, text: str) -> Any:
    if isinstance(node, (ast.List, ast.Tuple)):
        return [_argument(e, text) for e in node.elts]
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id != "sqrt":
        name, arguments, keywords = _call(node, text)
        return _build("law", laws.get, laws.catalogue(), name, arguments, keywords, text)
    return _number(node, text)


def _number(node: ast.expr, text: str) -> sp.Expr:
    if isinstance(node, ast.Constant) and type(node.value) in (int, float):
        literal = ast.get_source_segment(text.strip(), node) or str(node.value)
        return _literal(literal, text)
    if isinstance(node, ast.Name):
        return sp.Symbol(node.id)
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, (ast.USub, ast.UAdd)):
        value = _number(node.operand, text)
        return -value if isinstance(node.op, ast.USub) else value
    if isinstance(node, ast.BinOp):
        left, right = _number(node.left, text), _number(node.right, text)
        if isinstance(node.op, ast.Pow):
            if not (right.is_Rational and abs(right) <= _MAX_EXPONENT):
                raise ParseError(f"'{text}': exponents are numbers up to {_MAX_EXPONENT}")
            return _finite(sp.Pow(left, right), text)
        if type(node.op) in _OPERATORS:
            if isinstance(node.op, ast.Div) and right == 0:
                raise ParseError(f"'{text}': division by zero")
            return _finite(_OPERATORS[type(node.op)](left, right), text)
    if (isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "sqrt"
            and len(node.args) == 1 and not node.keywords):
        return sp.sqrt(_number(node.args[0], text))
    raise ParseError(f"'{text}': {type(node).__name__} is not allowed; allowed are {_GRAMMAR}")


def _literal(literal: str, text: str) -> sp.Expr:
    if len(literal) > _MAX_DIGITS:
        raise ParseError(f"'{text}': a number of {len(literal)} digits; at most {_MAX_DIGITS}")
    try:
        mantissa, _, exponent = literal.lower().partition("e")
        if exponent and abs(int(exponent)) > 300:
            raise ParseError(f"'{text}': {literal} is out of range")
        value = Fraction(literal.replace("_", "")) if mantissa else Fraction(0)
    except ValueError:
        raise ParseError(f"'{text}': {literal} is no decimal number") from None
    return sp.Rational(value.numerator, value.denominator)


def _finite(value: sp.Expr, text: str) -> sp.Expr:
    if value.has(sp.zoo, sp.oo, sp.nan):
        raise DomainError(f"'{text}' is not finite")
    return value
