"""Long sums of products as SymPy expressions, without SymPy's search for what to combine."""

from collections.abc import Iterable
from functools import cmp_to_key
from typing import Any

import sympy as sp
from sympy.core.basic import Basic

from ..arguments import brief, explained
from ..errors import DomainError

_ORDER = cmp_to_key(Basic.compare)


@explained
def sum_of_products(terms: Iterable[tuple[Any, tuple[Any, ...]]]) -> sp.Expr:
    """Sum of coefficient * product of factors, the same expression as by ``*`` and ``+``.

    Parameters
    ----------
    terms
        Rational coefficients with their factors. In one product no two factors have a common
        base, and none is a number, a product or, unless it stands alone, anything that SymPy
        would combine with another: symbols, their powers, and sums.

    Examples
    --------
    >>> x, y = sp.symbols("x y")
    >>> sum_of_products([(sp.Rational(1, 2), (y**2, x)), (sp.S.One, (x + y, y))])
    x*y**2/2 + y*(x + y)
    """
    listed = list(terms)
    try:
        found = {f for _, factors in listed for f in factors}
    except (TypeError, ValueError):
        raise DomainError(
            f"sum_of_products: terms is {brief(listed)}; pass pairs of a number and its factors"
        ) from None
    distinct = sorted(found, key=_ORDER)
    place = {f: k for k, f in enumerate(distinct)}
    products = []
    for coefficient, factors in listed:
        if len(factors) < 2:
            products.append(sp.Mul(coefficient, *factors))
            continue
        ordered = sorted(factors, key=place.__getitem__)
        if coefficient != 1:
            ordered.insert(0, coefficient)
        products.append(sp.Mul._from_args(ordered, is_commutative=True))
    return sp.Add(*products)
