"""Exact scalar expressions: what is accepted as one, substitutions, free symbols."""

import re
from collections.abc import Iterable, Mapping
from fractions import Fraction
from typing import Any

import sympy as sp

from ..arguments import brief, explained
from ..errors import DomainError

_SYMBOL_NAME = re.compile(r"[^\W\d]\w*(,\w+)*")


def exact(value: Any, what: str = "value") -> sp.Expr:
    """The exact SymPy form of a number, symbol, expression or symbol name.

    Strings become plain symbols; they are never parsed.

    Raises
    ------
    DomainError
        For floats, NaN, infinities and anything that is no scalar expression.

    Examples
    --------
    >>> exact("sigma"), exact(Fraction(1, 3))
    (sigma, 1/3)
    """
    if isinstance(value, str):
        if not _SYMBOL_NAME.fullmatch(value):
            raise DomainError(
                f"{what}: {brief(value)} is no symbol name; pass a number or a SymPy expression"
            )
        return sp.Symbol(value)
    if isinstance(value, bool) or not isinstance(value, (int, Fraction, sp.Expr)):
        if isinstance(value, (float, complex)):
            raise DomainError(
                f"{what} is the inexact number {value!r}; pass an exact one, for example "
                "sympy.Rational(1, 3) or fractions.Fraction"
            )
        raise DomainError(f"{what} is {brief(value)}, which is no exact scalar expression")
    result = sp.Rational(value.numerator, value.denominator) if isinstance(value, Fraction) else (
        sp.sympify(value)
    )
    if result.has(sp.Float):
        raise DomainError(f"{what} = {result} holds a floating-point number; use exact rationals")
    if isinstance(result, (sp.MatrixExpr, sp.Lambda)) or any(
        s.is_commutative is False for s in result.free_symbols
    ):
        raise DomainError(f"{what} = {brief(result)} is no scalar that commutes; pass one")
    if result.has(sp.nan, sp.oo, -sp.oo, sp.zoo):
        raise DomainError(f"{what} = {result} is not finite")
    return result


def substitution(values: Mapping[Any, Any]) -> dict[Any, Any]:
    """Symbols or their names -> exact values, ready for ``subs``.

    Raises
    ------
    DomainError
        If it is no mapping, a key is no symbol name or a value is not exact.

    Examples
    --------
    >>> substitution({"a": Fraction(1, 2)})
    {a: 1/2}
    """
    if not isinstance(values, Mapping):
        raise DomainError(
            f"substitution: {brief(values)} is no mapping; pass for example {{'a': 1}}"
        )
    return {exact(k, "symbol"): exact(v, f"value of {k}") for k, v in values.items()}


@explained
def symbols_in(*expressions: Any, without: Iterable[sp.Expr] = ()) -> tuple[sp.Symbol, ...]:
    """Free symbols of expressions and matrices, sorted by name.

    Examples
    --------
    >>> symbols_in(sp.Symbol("b") + sp.Symbol("a"))
    (a, b)
    """
    found: set[Any] = set()
    for e in expressions:
        if not hasattr(e, "free_symbols"):
            raise DomainError(f"symbols_in: {brief(e)} is no expression; pass SymPy expressions")
        found |= e.free_symbols
    found -= set(without)
    return tuple(sorted(found, key=str))
