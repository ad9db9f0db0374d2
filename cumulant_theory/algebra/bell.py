"""Bell polynomials over any commutative ring."""

import math
from collections.abc import Sequence
from typing import Any


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


def complete_bell(n: int, x: Sequence[Any]) -> Any:
    """Complete exponential Bell polynomial B_n(x_1, ..., x_n): the n-th moment in cumulants.

    Examples
    --------
    >>> import sympy as sp
    >>> sp.expand(complete_bell(3, sp.symbols("x1:4")))
    x1**3 + 3*x1*x2 + x3
    """
    values: list[Any] = [1]
    for m in range(1, n + 1):
        values.append(
            sum((math.comb(m - 1, j - 1) * x[j - 1] * values[m - j] for j in range(1, m + 1)),
                start=0 * x[0])
        )
    return values[n]
