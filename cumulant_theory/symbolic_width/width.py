"""Expressions as functions of the width n: one reduced fraction per monomial, and n -> oo."""

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import sympy as sp

from ..algebra import Polynomial, exact, factored, sum_of_products
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

    def _repr_latex_(self) -> str:
        from ..latex import latex

        return rf"$\displaystyle {latex(self.coefficient)} \cdot n^{{{latex(self.power)}}}$"


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


def check_nodes(n: Any, what: str) -> Any:
    """A number of nodes: as :func:`check_width`, or an expression in symbols such as 2 n.

    Raises
    ------
    DomainError
        For anything else.
    """
    value = n if isinstance(n, (sp.Symbol, sp.Integer)) else exact(n, f"{what}: n")
    if value.is_number or value.is_Symbol:
        return check_width(value, what)
    return value


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
    groups, power = _by_monomial(polynomial, n)
    known: dict[Any, tuple[Any, tuple[Any, ...]]] = {}
    terms = []
    for outer, inner in groups.items():
        first = next(iter(inner.values()))
        shape = tuple((powers, c / first) for powers, c in inner.items())
        if shape not in known:
            content, primitive = _sum(shape, power).as_content_primitive()
            number, factors = reduced(primitive, n).as_coeff_mul()
            known[shape] = content * number, factors
        scale, factors = known[shape]
        scale = scale * sp.Rational(int(first.p), int(first.q))
        terms.append((scale, (*(power[f] for f in outer), *factors)))
    if all(a.is_Symbol for a in polynomial.atoms if not a.has(n)):
        return sum_of_products(terms)
    return sp.Add(*(sp.Mul(scale, *factors) for scale, factors in terms))


Powers = tuple[tuple[int, int], ...]  # (position of the atom, exponent)


def _by_monomial(
    polynomial: Polynomial, n: Any
) -> tuple[dict[Powers, dict[Powers, Any]], dict[tuple[int, int], Any]]:
    """Powers of other atoms -> powers of those of n -> coefficient; and what the powers are."""
    # an atom such as 1/(1 + w n) ties n to other symbols: then nothing can be split off
    tied = any(len(a.free_symbols) > 1 and a.has(n) for a in polynomial.atoms)
    used, atoms = set(polynomial.atoms), polynomial.ring.atoms
    inside = {i for i, a in enumerate(atoms) if a in used and (tied or a.has(n))}
    groups: dict[Powers, dict[Powers, Any]] = {}
    power: dict[tuple[int, int], Any] = {}
    for coefficient, powers in polynomial.ring.rows(polynomial.element):
        outer = tuple([f for f in powers if f[0] not in inside])
        groups.setdefault(outer, {})[tuple([f for f in powers if f[0] in inside])] = coefficient
        for f in powers:
            if f not in power:
                power[f] = atoms[f[0]] ** f[1]
    return groups, power


def _sum(terms: Iterable[tuple[Powers, Any]], power: Mapping[tuple[int, int], Any]) -> sp.Expr:
    return sp.Add(*(
        sp.Mul(sp.Rational(int(c.p), int(c.q)), *(power[f] for f in powers)) for powers, c in terms
    ))


def reduced(value: Any, n: Any) -> Any:
    """A function of n in lowest terms, factored."""
    if not value.has(n):
        return value
    root, q = _root(value, n)
    if q == 1:
        return factored(value)
    return factored(value.subs(n, root**q)).subs(root, n ** sp.Rational(1, q))


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
    groups, raised = _by_monomial(polynomial, n)
    for outer, inner in groups.items():
        monomial, coefficient = sp.Mul(*(raised[f] for f in outer)), _sum(inner.items(), raised)
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

