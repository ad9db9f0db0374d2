"""Irrational radicals as symbols with their minimal polynomials."""

from collections.abc import Iterable
from typing import Any

import sympy as sp

from ..algebra.expressions import exact
from ..arguments import explained


@explained
def rationalised(
    expressions: Iterable[Any], prefix: str = "root"
) -> tuple[list[sp.Expr], dict[sp.Symbol, sp.Expr]]:
    """Write roots of primes as symbols, so that expressions have rational coefficients.

    Parameters
    ----------
    expressions
        Exact expressions; radicals of positive rationals are replaced.
    prefix
        Start of the names: the q-th root of p is called prefix_q_p.

    Returns
    -------
    tuple
        The expressions, and symbol -> minimal polynomial. The symbols stand for the positive
        roots: add the minimal polynomials to the generators, the symbols to the variables, and
        name the symbols in ``positive=`` where real points are asked for.

    Examples
    --------
    >>> import sympy as sp
    >>> x = sp.Symbol("x")
    >>> rationalised([x - 1 / sp.sqrt(2)])
    ([-root_2_2/2 + x], {root_2_2: root_2_2**2 - 2})
    """
    given = [exact(e, "polynomial") for e in expressions]
    powers: set[Any] = {
        p for e in given for p in e.atoms(sp.Pow)
        if p.base.is_Rational and p.base.is_positive and p.exp.is_Rational
        and not p.exp.is_Integer
    }
    factored: Any = sp.factorrat
    shares = {
        p: {prime: k * p.exp for prime, k in factored(p.base).items()} for p in powers
    }
    index: dict[Any, Any] = {}
    for exponents in shares.values():
        for prime, exponent in exponents.items():
            index[prime] = sp.ilcm(index.get(prime, 1), exponent.q)
    symbols = {
        prime: sp.Symbol(f"{prefix}_{q}_{prime}", positive=True)
        for prime, q in index.items() if q > 1
    }

    def power(prime: Any, exponent: Any) -> sp.Expr:
        whole = sp.floor(exponent)
        rest = (exponent - whole) * index[prime]
        return sp.Integer(prime) ** whole * (symbols[prime] ** rest if rest else 1)

    images = {
        p: sp.Mul(*(power(prime, e) for prime, e in exponents.items()))
        for p, exponents in shares.items()
    }
    relations = {s: s ** index[prime] - prime for prime, s in sorted(symbols.items())}
    return [sp.expand(e.xreplace(images)) for e in given], relations
