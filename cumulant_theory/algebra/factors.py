"""Factors of exact expressions."""

import math
from fractions import Fraction
from typing import Any

import sympy as sp
from sympy.core.mul import _keep_coeff
from sympy.polys.polyutils import _sort_gens

from .polynomial import Ring


def factored(value: Any) -> Any:
    """What :func:`sympy.factor` makes of an expression, by the exact engine.

    Expressions with roots or functions are left to SymPy.

    Examples
    --------
    >>> x, n = sp.symbols("x n")
    >>> factored(x**2 / 2 - x / (2 * n))
    x*(n*x - 1)/(2*n)
    """
    ring = Ring.of([value])
    if not ring.atoms:
        return value
    if not all(a.is_Symbol or (1 / a).is_Symbol for a in ring.atoms):
        return sp.factor(value)
    element = ring.reduce(ring.element(value))
    if element == 0:
        return sp.S.Zero
    parts: list[Any] = []
    atom: Any
    for atom, degree in zip(ring.atoms, element.degrees(), strict=True):
        if not atom.is_Symbol and degree:  # the common denominator in front
            element = ring.reduce(element * ring.element(atom.base ** int(degree)))
            parts.append(atom ** int(degree))
    content, found = ring.factors(element)
    order = _sort_gens({s for a in ring.atoms for s in a.free_symbols})
    for factor, multiplicity in found:
        terms: list[Any] = [(c, dict(powers)) for c, powers in ring.terms(factor)]
        first = max(terms, key=lambda term: [term[1].get(s, 0) for s in order])[0]
        scale = Fraction(
            math.lcm(*(c.denominator for c, _ in terms)),
            math.gcd(*(c.numerator for c, _ in terms)),
        ) * (1 if first > 0 else -1)
        content /= scale**multiplicity
        parts.append(sp.Add(*(
            sp.Mul(int(c * scale), *(s**k for s, k in powers.items())) for c, powers in terms
        )) ** multiplicity)
    return _keep_coeff(sp.Rational(content.numerator, content.denominator), sp.Mul(*parts))
