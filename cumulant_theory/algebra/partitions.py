"""Integer, set and vector partitions."""

from collections.abc import Hashable, Iterator, Sequence
from functools import lru_cache
from typing import Any, TypeVar

from sympy.utilities.iterables import multiset_partitions, partitions

from ..arguments import brief, check_instance, entries, explained
from ..errors import OrderError
from .limits import (
    DIAGRAM_LIMIT,
    ORDER_LIMIT,
    TERM_LIMIT,
    as_integer,
    check_at_most,
    check_order,
    check_partitions,
    partition_count,
)
from .multiindices import MultiIndex, check_multi_index, sub_indices

T = TypeVar("T", bound=Hashable)


@explained
def integer_partitions(n: int) -> list[tuple[int, ...]]:
    """Partitions of ``n`` with parts in decreasing order.

    Examples
    --------
    >>> integer_partitions(4)
    [(4,), (3, 1), (2, 2), (2, 1, 1), (1, 1, 1, 1)]
    """
    size = as_integer(n)
    if size is None or partition_count(min(size, ORDER_LIMIT)) > DIAGRAM_LIMIT:
        raise OrderError(
            f"integer_partitions: n is {brief(n)}; pass a non-negative integer with at most "
            f"{DIAGRAM_LIMIT} partitions"
        )
    if size == 0:
        return [()]
    found: Any = partitions(size, size=False)
    return [tuple(part for part in sorted(p, reverse=True) for _ in range(p[part])) for p in found]


def set_partitions(items: Sequence[T]) -> Iterator[list[list[T]]]:
    """All partitions of a sequence of distinct positions into blocks.

    Equal items at different positions count as different.

    Examples
    --------
    >>> sum(1 for _ in set_partitions("abcd"))
    15
    """
    check_instance(items, (Sequence, range), "set_partitions: items")
    return _set_partitions(items)


def _set_partitions(items: Sequence[T]) -> Iterator[list[list[T]]]:
    if not items:
        yield []
        return
    blocks: Any
    for blocks in multiset_partitions(list(range(len(items)))):
        yield [[items[i] for i in block] for block in blocks]


@explained
def set_partitions_connected_with(groups: Sequence[int]) -> list[list[list[int]]]:
    """Set partitions pi of the positions with pi v sigma = 1, sigma given by group labels.

    These are the partitions in the Leonov-Shiryaev formula for the joint cumulant of products,
    ``groups[k]`` naming the product that factor k belongs to.

    References
    ----------
    Leonov & Shiryaev, Theory Probab. Appl. 4, 319 (1959); McCullagh, Tensor Methods in
    Statistics (1987), section 3.2.

    Examples
    --------
    >>> set_partitions_connected_with([0, 0, 1])
    [[[0, 1, 2]], [[0, 2], [1]], [[0], [1, 2]]]
    """
    groups = entries(groups, "set_partitions_connected_with: groups", "a label for each factor")
    check_partitions(len(groups), "set_partitions_connected_with")
    known = list(dict.fromkeys(groups))
    products = [known.index(g) for g in groups]
    return [
        blocks
        for blocks in set_partitions(range(len(groups)))
        if _joins_everything(blocks, products)
    ]


def _joins_everything(blocks: list[list[int]], groups: Sequence[int]) -> bool:
    label = {g: g for g in groups}

    def root(g: int) -> int:
        while label[g] != g:
            g = label[g]
        return g

    for block in blocks:
        first = root(groups[block[0]])
        for position in block[1:]:
            label[root(groups[position])] = first
    return len({root(g) for g in groups}) <= 1


@explained
@lru_cache(maxsize=4096)
def vector_partitions(alpha: MultiIndex) -> tuple[tuple[MultiIndex, ...], ...]:
    """Multisets of non-zero multi-indices that add up to ``alpha``, parts in decreasing order.

    Examples
    --------
    >>> vector_partitions((1, 1))
    (((1, 1),), ((1, 0), (0, 1)))
    """
    parts = [a for a in check_multi_index(alpha, len(alpha), "vector_partitions") if a]
    order = check_order(sum(parts), "vector_partitions", 0)
    check_at_most(
        partition_count(order, channels=max(1, len(parts))), TERM_LIMIT,
        f"vector_partitions: {brief(alpha)} has too many", "partitions of its order",
        "take a lower one",
    )
    return tuple(_vector_partitions(alpha, alpha))


def _vector_partitions(
    alpha: MultiIndex, largest: MultiIndex
) -> Iterator[tuple[MultiIndex, ...]]:
    if not any(alpha):
        yield ()
        return
    for part in reversed(list(sub_indices(alpha))):
        if any(part) and part <= largest:
            rest = tuple(a - p for a, p in zip(alpha, part, strict=True))
            for tail in _vector_partitions(rest, part):
                yield (part, *tail)
