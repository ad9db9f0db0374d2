"""Whole numbers, and the sizes beyond which an exact calculation is refused at once."""

import cmath
import math
from collections.abc import Iterable, Sequence
from functools import wraps
from numbers import Integral
from typing import Any, TypeVar, cast

import sympy as sp

from ..arguments import brief, explained
from ..errors import CumulantError, DomainError, OrderError, ShapeError

T = TypeVar("T")

ORDER_LIMIT = 200  # recursions over orders nest as deep as the order
ENTRY_LIMIT = 2**20  # of an explicit weight matrix
UNIT_LIMIT = 2**16  # of an explicit layer
EDGE_LIMIT = 2**20  # nodes and edges of an explicit graph
INDEX_LIMIT = 2 * 10**7  # entries of all multi-indices that are listed at once
TYPE_LIMIT = 10**4  # types of cumulants of alike nodes
DIAGRAM_LIMIT = 10**5
DIGIT_LIMIT = 1000  # of numbers
PARTITION_LIMIT = 10  # elements of a set whose partitions are gone through: 115 975 of them
TERM_LIMIT = 10**7  # monomials in the input cumulants of one output cumulant
SYMBOL_LIMIT = 30_000  # of one polynomial ring, whose monomials have an exponent for each

_WIDE = (
    "cumulant_theory.symbolic_width keeps the width a symbol, and numerics.propagate carries "
    "arrays of numbers"
)


def as_integer(value: Any, least: int = 0) -> int | None:
    """The integer that a value is, of whatever integral type; None for all else, bool too.

    Examples
    --------
    >>> import sympy as sp
    >>> as_integer(sp.Integer(2)), as_integer(2.0), as_integer(True), as_integer(0, least=1)
    (2, None, None, None)
    """
    if isinstance(value, bool) or not isinstance(value, Integral) or value < least:
        return None
    return int(value)


def same_arithmetic(function: T) -> T:
    """Decorator: entries that cannot be added and multiplied give a DomainError.

    So does a number in the result that is not finite; arrays are left to the caller.
    """
    target: Any = explained(function)

    @wraps(target)
    def call(*args: Any, **kwargs: Any) -> Any:
        try:
            result = target(*args, **kwargs)
        except CumulantError:
            raise
        except (TypeError, ValueError, ArithmeticError) as error:
            raise DomainError(
                f"{target.__name__}: the entries cannot be added and multiplied ({error}); pass "
                "numbers, SymPy expressions or elements of one ring"
            ) from error
        for value in result if isinstance(result, list) else (result,):
            if not _is_finite(value):
                raise DomainError(
                    f"{target.__name__}: the result holds {value}; pass finite numbers that do "
                    "not overflow, or exact ones"
                )
        return result

    return cast(T, call)


def _is_finite(value: Any) -> bool:
    if isinstance(value, sp.Expr):
        return not value.has(sp.nan, sp.oo, -sp.oo, sp.zoo)
    return not isinstance(value, (float, complex)) or cmath.isfinite(value)


def check_order(order: Any, owner: str = "", least: int = 1) -> int:
    """An order as an integer.

    Raises
    ------
    OrderError
        Unless it is an integer from ``least`` to ``ORDER_LIMIT``.

    Examples
    --------
    >>> check_order(3)
    3
    >>> check_order(10**7)
    Traceback (most recent call last):
    cumulant_theory.errors.OrderError: order 10000000: exact cumulants go to order 200; ask ...
    """
    head = f"{owner}: order" if owner else "order"
    number = as_integer(order, least)
    if number is None:
        kind = "positive" if least else "non-negative"
        raise OrderError(f"{head} {brief(order)}: cumulant orders are {kind} integers")
    if number > ORDER_LIMIT:
        raise OrderError(
            f"{head} {number}: exact cumulants go to order {ORDER_LIMIT}; ask for a lower order"
        )
    return number


def check_digits(digits: Any, owner: str) -> int:
    """A number of decimal digits as an integer.

    Raises
    ------
    DomainError
        Unless it is an integer from 1 to ``DIGIT_LIMIT``.
    """
    number = as_integer(digits, 1)
    if number is None or number > DIGIT_LIMIT:
        raise DomainError(
            f"{owner}: digits is {brief(digits)}; pass a number of digits, 1 to {DIGIT_LIMIT}"
        )
    return number


def check_seed(seed: Any, owner: str) -> int:
    """The seed of random numbers as an integer.

    Raises
    ------
    DomainError
        Unless it is one from 0 up.

    Examples
    --------
    >>> check_seed(3, "build")
    3
    """
    number = as_integer(seed)
    if number is None:
        raise DomainError(f"{owner}: seed is {brief(seed)}; pass an integer from 0 up")
    return number


def check_partitions(count: int, what: str) -> None:
    """Raise OrderError where a set of this size has too many partitions to go through."""
    if count > PARTITION_LIMIT:
        raise OrderError(
            f"{what}: {count} elements have too many set partitions to go through; at most "
            f"{PARTITION_LIMIT} can be done"
        )


def check_input_order(order: int, needed: int) -> None:
    """Raise OrderError where an output order needs input cumulants beyond ``ORDER_LIMIT``."""
    if needed > ORDER_LIMIT:
        raise OrderError(
            f"output order {order} needs input cumulants of order {needed}, and exact cumulants "
            f"go to order {ORDER_LIMIT}; ask for a lower order, or a closure that keeps less"
        )


def check_size(value: Any, what: str) -> int:
    """A number of units as an integer.

    Raises
    ------
    ShapeError
        Unless it is a positive integer up to ``UNIT_LIMIT``.
    """
    number = as_integer(value, 1)
    if number is None:
        raise ShapeError(f"{what} is {brief(value)}; it must be a positive integer")
    check_at_most(number, UNIT_LIMIT, f"{what} is too large", "units", _WIDE)
    return number


def check_entries(rows: int, columns: int, what: str) -> None:
    """Raise ShapeError where a weight matrix has more than ``ENTRY_LIMIT`` entries."""
    check_at_most(
        rows * columns, ENTRY_LIMIT, f"{what}: a weight of {rows} x {columns}", "entries", _WIDE
    )


def check_edges(count: int, what: str) -> None:
    """Raise ShapeError where a graph has more than ``EDGE_LIMIT`` nodes or edges."""
    check_at_most(count, EDGE_LIMIT, what, "nodes or edges", _WIDE)


def check_types(count: int, what: str, order: int, channels: int) -> None:
    """Raise OrderError where a family has too many types of cumulants of an order."""
    if count > TYPE_LIMIT:
        raise OrderError(
            f"{what} with {channels} channel(s) has {_short(count)} or more types of cumulants of "
            f"order {order}, too many to list; ask for a lower order, or fewer channels"
        )


def check_indices(sizes: Iterable[int], order: int, what: str) -> None:
    """Raise ShapeError where all cumulants of independent groups of units are too many to list.

    Parameters
    ----------
    sizes
        Units of each group.
    order
        Highest order.
    what
        Whose cumulants they are.
    """
    groups = list(sizes)
    count = sum(math.comb(size + order, order) - 1 for size in groups)
    if count * sum(groups) > INDEX_LIMIT:
        raise ShapeError(
            f"{what}: {sum(groups)} units have {_short(count)} joint cumulants to order {order}, "
            f"too many to list; lower the order, or take fewer units: {_WIDE}"
        )


def check_terms(named: Sequence[int], what: str) -> None:
    """Raise OrderError where a moment of the top order has too many monomials.

    Parameters
    ----------
    named
        Numbers of cumulants of orders 1, 2, ... of one unit that are symbols of their own.
    what
        What the moment is needed for.
    """
    count = multiset_counts(named)[-1]
    if count > TERM_LIMIT:
        raise OrderError(
            f"{what} needs input cumulants to order {len(named)}, whose products have "
            f"{_short(count)} monomials or more; ask for a lower order, or give the law numbers"
        )


def check_terms_at_most(count: int, limit: int, what: str, way_out: str) -> None:
    """Raise OrderError where a polynomial has more terms than a limit."""
    if count > limit:
        raise OrderError(
            f"{what} {_short(count)} terms, more than the {limit} of a closed form; {way_out}"
        )


def check_at_most(count: int, limit: int, what: str, things: str, way_out: str) -> None:
    """Raise ShapeError where there are more things than a limit."""
    if count > limit:
        raise ShapeError(
            f"{what}: {_short(count)} {things}, more than the {limit} of an exact calculation; "
            f"{way_out}"
        )


@explained
def partition_count(order: int, colours: int = 1, channels: int = 1) -> int:
    """Types of an order: multisets of nodes of ``colours`` classes with ``channels`` each.

    Examples
    --------
    >>> partition_count(5), partition_count(2, colours=2), partition_count(2, channels=2)
    (7, 5, 6)
    """
    order = check_order(order, "partition_count", 0)
    if as_integer(colours) is None or as_integer(channels, 1) is None:
        raise ShapeError(
            f"partition_count: colours is {brief(colours)}, channels {brief(channels)}; pass "
            "numbers of classes and of channels"
        )
    sizes = range(1, order + 1)
    kinds = [colours * math.comb(size + channels - 1, channels - 1) for size in sizes]
    return multiset_counts(kinds)[order]


def multiset_counts(kinds: Sequence[int]) -> list[int]:
    """Numbers of multisets by total size, from the numbers of kinds of pieces of size 1, 2, ...

    Examples
    --------
    >>> multiset_counts([1, 1, 1, 1])
    [1, 1, 2, 3, 5]
    """
    top = len(kinds)
    counts = [1] + [0] * top
    for size, kind in enumerate(kinds, 1):
        # multiply the generating function by (1 - x^size)^(-kind)
        factor = {j * size: math.comb(kind + j - 1, j) for j in range(top // size + 1) if kind}
        if factor:
            counts = [
                sum(c * counts[n - k] for k, c in factor.items() if k <= n)
                for n in range(top + 1)
            ]
    return counts


def _short(count: int) -> str:
    return str(count) if count < 10**12 else f"more than 10^{len(str(count)) - 1}"
