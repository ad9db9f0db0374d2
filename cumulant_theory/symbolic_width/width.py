"""Expressions as functions of the width n: one reduced fraction per monomial, and n -> oo."""

import math
from collections.abc import Sequence
from typing import Any, NamedTuple

import sympy as sp

from ..algebra import Polynomial, exact
from ..errors import DomainError, NoClosedFormError


class LeadingTerm(NamedTuple):
    """coefficient * n**power, the leading behaviour of a cumulant as n -> oo.

    Attributes
    ----------
    power
        Exponent of n, an exact rational.
    coefficient
        Exact, free of n, not zero.
    """

    power: Any
    coefficient: Any


def check_width(n: Any, what: str) -> Any:
    """The width: a symbol or a positive integer.

    Raises
    ------
    DomainError
        For anything else.

    Examples
    --------
    >>> check_width("n", "star"), check_width(3, "star")
    (n, 3)
    """
    value = exact(n, f"{what}: n")
    if value.is_Integer and value > 0:
        return value
    if value.is_Symbol and value.is_positive is not False and value.is_integer is not False:
        return value
    raise DomainError(f"{what}: n is {n!r}; pass a positive integer or a symbol such as 'n'")


def check_same_symbol(values: Sequence[Any], n: Any, what: str) -> None:
    """Raise DomainError where a weight holds another symbol that prints like the width."""
    for value in values:
        if any(str(s) == str(n) and s != n for s in value.free_symbols):
            raise DomainError(
                f"{what}: {value} holds a symbol {n} with other assumptions than the width; "
                "use one sympy.Symbol for both"
            )


def collected(polynomial: Polynomial, n: Any) -> sp.Expr:
    """The value with one factored function of n per monomial in all other symbols."""
    if n.is_Integer:
        return polynomial.expr
    known: dict[Any, Any] = {}
    terms = []
    for monomial, coefficient in _by_monomial(polynomial, n):
        content, primitive = coefficient.as_content_primitive()
        if primitive not in known:
            known[primitive] = reduced(primitive, n)
        terms.append(monomial * content * known[primitive])
    return sp.Add(*terms)


def _by_monomial(polynomial: Polynomial, n: Any) -> list[tuple[sp.Expr, sp.Expr]]:
    # an atom such as 1/(1 + w n) ties n to other symbols: then nothing can be split off
    tied = any(len(a.free_symbols) > 1 and a.has(n) for a in polynomial.atoms)
    groups: dict[sp.Expr, list[sp.Expr]] = {}
    for coefficient, factors in polynomial.terms:
        inside = [a**e for a, e in factors if tied or a.has(n)]
        outside = sp.Mul(*(a**e for a, e in factors if not (tied or a.has(n))))
        groups.setdefault(outside, []).append(
            sp.Mul(sp.Rational(coefficient.numerator, coefficient.denominator), *inside)
        )
    return [(m, sp.Add(*terms)) for m, terms in groups.items()]


def reduced(value: Any, n: Any) -> Any:
    """A function of n in lowest terms, factored."""
    if not value.has(n):
        return value
    root, q = _root(value, n)
    if q == 1:
        return sp.factor(value)
    factored: Any = sp.factor(value.subs(n, root**q))
    return factored.subs(root, n ** sp.Rational(1, q))


def _root(value: Any, n: Any) -> tuple[Any, int]:
    """m and q with value rational in m = n**(1/q), as far as powers of n itself go."""
    exponents = [p.exp.q for p in value.atoms(sp.Pow) if p.base == n and p.exp.is_Rational]
    return sp.Dummy("m", positive=True), math.lcm(1, *map(int, exponents))


def leading_term(polynomial: Polynomial, n: Any) -> LeadingTerm | None:
    """Leading behaviour as n -> oo; None for zero.

    Raises
    ------
    NoClosedFormError
        If the value is not rational in a root of n.
    """
    found: list[tuple[Any, Any]] = []
    for monomial, coefficient in _by_monomial(polynomial, n):
        root, q = _root(coefficient, n)
        rewritten: Any = coefficient.subs(n, root**q)
        parts = sp.fraction(sp.cancel(rewritten))
        if not all(part.is_polynomial(root) for part in parts):
            raise NoClosedFormError(
                f"the expansion at large {n} needs values rational in a root of {n}, and "
                f"{coefficient} is not; scale the weights by powers of {n}"
            )
        numerator, denominator = (sp.Poly(part, root) for part in parts)
        if not numerator.is_zero:
            power = sp.Rational(int(numerator.degree() - denominator.degree()), q)
            found.append((power, monomial * numerator.LC() / denominator.LC()))
    if not found:
        return None
    top = max(power for power, _ in found)
    return LeadingTerm(top, sp.Add(*(c for power, c in found if power == top)))

