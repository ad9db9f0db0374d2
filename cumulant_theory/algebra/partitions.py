"""Integer, set and vector partitions."""

from collections.abc import Hashable, Iterator, Sequence
from functools import lru_cache
from typing import Any, TypeVar

from sympy.utilities.iterables import multiset_partitions, partitions

from .multiindices import MultiIndex, sub_indices

T = TypeVar("T", bound=Hashable)


def integer_partitions(n: int) -> list[tuple[int, ...]]:
    """Partitions of ``n`` with parts in decreasing order.

    Examples
    --------
    >>> integer_partitions(4)
    [(4,), (3, 1), (2, 2), (2, 1, 1), (1, 1, 1, 1)]
    """
    if n == 0:
        return [()]
    found: Any = partitions(n, size=False)
    return [tuple(part for part in sorted(p, reverse=True) for _ in range(p[part])) for p in found]


def set_partitions(items: Sequence[T]) -> Iterator[list[list[T]]]:
    """All partitions of a sequence of distinct positions into blocks.

    Equal items at different positions count as different.

    Examples
    --------
    >>> sum(1 for _ in set_partitions("abcd"))
    15
    """
    if not items:
        yield []
        return
    blocks: Any
    for blocks in multiset_partitions(list(range(len(items)))):
        yield [[items[i] for i in block] for block in blocks]


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
    return [
        blocks
        for blocks in set_partitions(range(len(groups)))
        if _joins_everything(blocks, groups)
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


@lru_cache(maxsize=4096)
def vector_partitions(alpha: MultiIndex) -> tuple[tuple[MultiIndex, ...], ...]:
    """Multisets of non-zero multi-indices that add up to ``alpha``, parts in decreasing order.

    Examples
    --------
    >>> vector_partitions((1, 1))
    (((1, 1),), ((1, 0), (0, 1)))
    """
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
