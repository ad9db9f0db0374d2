"""Multi-indices: tuples of non-negative integers, one entry per unit."""

import math
from collections.abc import Iterable, Iterator, Mapping, Set
from contextlib import suppress
from functools import lru_cache
from itertools import product
from numbers import Integral
from typing import Any

from ..arguments import brief
from ..errors import ShapeError
from .limits import as_integer

MultiIndex = tuple[int, ...]


def order_of(alpha: MultiIndex) -> int:
    """Order |alpha|: the sum of the entries."""
    return sum(alpha)


def factorial(alpha: MultiIndex) -> int:
    """alpha! = prod alpha_i!."""
    return math.prod(map(math.factorial, alpha))


def binomial(alpha: MultiIndex, beta: MultiIndex) -> int:
    """Product of binomials C(alpha_i, beta_i).

    Examples
    --------
    >>> binomial((2, 3), (1, 1))
    6
    """
    return math.prod(map(math.comb, alpha, beta))


def check_multi_index(alpha: Any, dim: int, what: str) -> MultiIndex:
    """A multi-index as a tuple of integers.

    Raises
    ------
    ShapeError
        Unless it has one non-negative integer for each of ``dim`` units.

    Examples
    --------
    >>> check_multi_index([2, 1], 2, "Generic")
    (2, 1)
    """
    numbers = None
    if not isinstance(alpha, (str, bytes, Mapping, Set)):
        with suppress(TypeError):  # nothing that can be listed
            numbers = tuple(as_integer(a) for a in alpha)
    if numbers is None or len(numbers) != dim or None in numbers:
        raise ShapeError(
            f"{what}: multi-index {brief(alpha)} does not fit {dim} units: it needs {dim} "
            "non-negative entries, integers"
        )
    return numbers  # type: ignore[return-value]


def multi_indices(dim: int, order: int) -> list[MultiIndex]:
    """All multi-indices over ``dim`` units of exactly ``order``, first unit heaviest first.

    Examples
    --------
    >>> multi_indices(2, 2)
    [(2, 0), (1, 1), (0, 2)]
    """
    return list(_multi_indices(dim, order))


@lru_cache(maxsize=1024)
def _multi_indices(dim: int, order: int) -> tuple[MultiIndex, ...]:
    if dim == 0:
        return ((),) if order == 0 else ()
    if dim == 1:
        return ((order,),)
    return tuple(
        (first, *rest)
        for first in range(order, -1, -1)
        for rest in _multi_indices(dim - 1, order - first)
    )


def sub_indices(alpha: MultiIndex) -> Iterator[MultiIndex]:
    """All beta with 0 <= beta <= alpha entry by entry, zero and alpha included."""
    return product(*(range(a + 1) for a in alpha))


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
    alpha = [0] * dim
    for i in indices:
        if not isinstance(i, Integral) or not 0 <= i < dim:
            raise ShapeError(f"unit index {i!r} lies outside 0..{dim - 1}: there are {dim} units")
        alpha[i] += 1
    return tuple(alpha)


def to_indices(alpha: MultiIndex) -> tuple[int, ...]:
    """Sorted unit indices of a multi-index, e.g. (2, 0, 1) -> (0, 0, 2)."""
    return tuple(i for i, a in enumerate(alpha) for _ in range(a))
