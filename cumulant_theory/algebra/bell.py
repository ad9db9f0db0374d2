"""Bell polynomials over any commutative ring."""

import math
from collections.abc import Sequence
from typing import Any

from ..errors import ShapeError
from .limits import check_order, same_arithmetic


@same_arithmetic
def partial_bell(n: int, k: int, x: Sequence[Any]) -> Any:
    """Partial exponential Bell polynomial B_{n,k}(x_1, ..., x_{n-k+1}).

    Parameters
    ----------
    n, k
        Non-negative integers, k <= n for a non-zero result.
    x
        x_1, x_2, ...: numbers, SymPy expressions or ring elements.

    References
    ----------
    Comtet, Advanced Combinatorics (1974), section 3.3, equation [3k].

    Examples
    --------
    >>> import sympy as sp
    >>> sp.expand(partial_bell(4, 2, sp.symbols("x1:5")))
    4*x1*x3 + 3*x2**2
    """
    n, k = check_order(n, "partial_bell: n", 0), check_order(k, "partial_bell: k", 0)
    if k > n:
        return 0
    row: list[Any] = [1] + [0] * n
    for _ in range(k):
        row = [0] + [
            sum(
                (math.comb(m - 1, j - 1) * x[j - 1] * row[m - j] for j in range(1, m + 1)
                 if j <= len(x)), start=0 * x[0] if x else 0,
            )
            for m in range(1, n + 1)
        ]
    # k ordered choices of "the block of the smallest element" count each set of blocks once
    return row[n]


@same_arithmetic
def complete_bell(n: int, x: Sequence[Any]) -> Any:
    """Complete exponential Bell polynomial B_n(x_1, ..., x_n): the n-th moment in cumulants.

    Examples
    --------
    >>> import sympy as sp
    >>> sp.expand(complete_bell(3, sp.symbols("x1:4")))
    x1**3 + 3*x1*x2 + x3
    """
    n = check_order(n, "complete_bell: n", 0)
    if len(x) < n:
        raise ShapeError(f"complete_bell: {len(x)} values for order {n}; pass x_1 to x_{n}")
    values: list[Any] = [1]
    for m in range(1, n + 1):
        values.append(
            sum((math.comb(m - 1, j - 1) * x[j - 1] * values[m - j] for j in range(1, m + 1)),
                start=0 * x[0])
        )
    return values[n]
