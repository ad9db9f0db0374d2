"""Multi-indices: tuples of non-negative integers, one entry per unit."""

import math
from collections.abc import Iterable, Iterator, Mapping, Set
from contextlib import suppress
from functools import lru_cache
from itertools import combinations_with_replacement, product
from numbers import Integral
from typing import Any

from ..arguments import brief, explained
from ..errors import ShapeError
from .limits import INDEX_LIMIT, UNIT_LIMIT, as_integer, check_at_most, check_order

MultiIndex = tuple[int, ...]
_INTEGERS = {int}


def order_of(alpha: MultiIndex) -> int:
    """Order |alpha|: the sum of the entries.

    Raises
    ------
    ShapeError
        If ``alpha`` is no multi-index.
    """
    return sum(check_multi_index(alpha, None, "order_of"))


def factorial(alpha: MultiIndex) -> int:
    """alpha! = prod alpha_i!.

    Raises
    ------
    ShapeError, OrderError
        If ``alpha`` is no multi-index, or of an order beyond that of exact cumulants.
    """
    check_order(order_of(alpha), "factorial", 0)
    return math.prod(map(math.factorial, alpha))


def binomial(alpha: MultiIndex, beta: MultiIndex) -> int:
    """Product of binomials C(alpha_i, beta_i).

    Raises
    ------
    ShapeError
        Unless both are multi-indices over the same units.

    Examples
    --------
    >>> binomial((2, 3), (1, 1))
    6
    """
    try:
        if len(alpha) == len(beta):
            return math.prod(map(math.comb, alpha, beta))
    except (TypeError, ValueError, KeyError):  # said by the checks
        pass
    first = check_multi_index(alpha, None, "binomial")
    return binomial(first, check_multi_index(beta, len(first), "binomial"))


def check_multi_index(alpha: Any, dim: int | None, what: str) -> MultiIndex:
    """A multi-index as a tuple of integers.

    Raises
    ------
    ShapeError
        Unless it has one non-negative integer for each of ``dim`` units, of any number of them
        where ``dim`` is None.

    Examples
    --------
    >>> check_multi_index([2, 1], 2, "Generic")
    (2, 1)
    """
    if (
        type(alpha) is tuple and set(map(type, alpha)) <= _INTEGERS
        and dim in (None, len(alpha)) and min(alpha, default=0) >= 0
    ):
        return alpha  # nearly always, and quick
    numbers = None
    if not isinstance(alpha, (str, bytes, Mapping, Set)):
        with suppress(TypeError):  # nothing that can be listed
            numbers = tuple(as_integer(a) for a in alpha)
    if numbers is None or dim not in (None, len(numbers)) or None in numbers:
        fit = "is none" if dim is None else f"does not fit {dim} units"
        raise ShapeError(
            f"{what}: multi-index {brief(alpha)} {fit}: it needs "
            f"{'' if dim is None else f'{dim} '}non-negative entries, integers"
        )
    return numbers  # type: ignore[return-value]


def multi_indices(dim: int, order: int) -> list[MultiIndex]:
    """All multi-indices over ``dim`` units of exactly ``order``, first unit heaviest first.

    Raises
    ------
    ShapeError, OrderError
        If there are too many, or ``dim`` or ``order`` is no number of units or order.

    Examples
    --------
    >>> multi_indices(2, 2)
    [(2, 0), (1, 1), (0, 2)]
    """
    units, order = as_integer(dim), check_order(order, "multi_indices", 0)
    if units is None:
        raise ShapeError(f"multi_indices: dim is {brief(dim)}; pass a number of units")
    check_at_most(
        units * math.comb(units + order, order), INDEX_LIMIT, "multi_indices", "entries",
        "lower the order, or take fewer units",
    )
    return list(_multi_indices(units, order))


@lru_cache(maxsize=1024)
def _multi_indices(dim: int, order: int) -> tuple[MultiIndex, ...]:
    found = []
    for units in combinations_with_replacement(range(dim), order):
        alpha = [0] * dim
        for i in units:
            alpha[i] += 1
        found.append(tuple(alpha))
    return tuple(found)


def sub_indices(alpha: MultiIndex) -> Iterator[MultiIndex]:
    """All beta with 0 <= beta <= alpha entry by entry, zero and alpha included.

    Raises
    ------
    ShapeError
        If ``alpha`` is no multi-index.
    """
    return product(*(range(a + 1) for a in check_multi_index(alpha, None, "sub_indices")))


@explained
def from_indices(indices: Iterable[int], dim: int) -> MultiIndex:
    """Multi-index of a list of unit indices, e.g. (0, 0, 2) -> (2, 0, 1).

    Raises
    ------
    ShapeError
        If a unit index lies outside 0..dim-1.

    Examples
    --------
    >>> from_indices((0, 2, 0), 3)
    (2, 0, 1)
    """
    if as_integer(dim) is None or dim > UNIT_LIMIT:
        raise ShapeError(f"from_indices: dim is {brief(dim)}; pass 0 to {UNIT_LIMIT} units")
    alpha = [0] * int(dim)
    for i in indices:
        if not isinstance(i, Integral) or not 0 <= i < dim:
            raise ShapeError(f"unit index {i!r} lies outside 0..{dim - 1}: there are {dim} units")
        alpha[i] += 1
    return tuple(alpha)


def to_indices(alpha: MultiIndex) -> tuple[int, ...]:
    """Sorted unit indices of a multi-index, e.g. (2, 0, 1) -> (0, 0, 2).

    Raises
    ------
    ShapeError
        If ``alpha`` is no multi-index.
    """
    checked = check_multi_index(alpha, None, "to_indices")
    return tuple([i for i, a in enumerate(checked) for _ in range(a)])
