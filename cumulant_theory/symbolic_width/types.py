"""Types: joint indices up to the symmetry of a graph, free of the number of nodes.

A joint cumulant of alike nodes depends only on which of its indices sit on one node, and on how
these nodes lie in the graph. Its *type* lists the nodes that occur, one (label, content) pair
each: the label says what kind of node it is, the content how often each of its channels occurs.
On the complete graph with one channel ((0, (3,)), (0, (1,))) is kappa_{iiij}, i and j distinct.
"""

import math
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache
from typing import Any

from ..algebra import sub_indices

Content = tuple[int, ...]
Node = tuple[int, Content]
Type = tuple[Node, ...]
Values = Callable[[Type], Any]
Canonical = Callable[[Iterable[Node]], Type]


def order_of(kind: Type) -> int:
    """Number of indices of a type.

    Examples
    --------
    >>> order_of(((0, (2, 1)), (1, (0, 1))))
    4
    """
    return sum(sum(content) for _, content in kind)


def sorted_type(nodes: Iterable[Node]) -> Type:
    """Canonical type where nodes of one label are exchangeable; the labels say all.

    Examples
    --------
    >>> sorted_type([(0, (1,)), (0, (3,))])
    ((0, (3,)), (0, (1,)))
    """
    return tuple(sorted(nodes, reverse=True))


def unit(label: int, channel: int, channels: int) -> Type:
    """The type of a single index.

    Examples
    --------
    >>> unit(0, 1, 2)
    ((0, (0, 1)),)
    """
    return ((label, raised((0,) * channels, channel)),)


def raised(content: Content, channel: int) -> Content:
    """The content with one more index of a channel."""
    return (*content[:channel], content[channel] + 1, *content[channel + 1 :])


def indices_of(kind: Type) -> Iterator[tuple[int, int]]:
    """(position of the node in the type, channel), once per index.

    Examples
    --------
    >>> list(indices_of(((0, (2, 0)), (0, (0, 1)))))
    [(0, 0), (0, 0), (1, 1)]
    """
    for position, (_, content) in enumerate(kind):
        for channel, count in enumerate(content):
            for _ in range(count):
                yield position, channel


@lru_cache(maxsize=8192)
def splits(
    kind: Type, canonical: Canonical, gathered: Canonical = tuple, highest: int | None = None,
    reach: int | None = None,
) -> tuple[tuple[Type, Type, int], ...]:
    """(a, b, c) with mu_kind = sum c kappa_a mu_b, moments and cumulants named by type.

    One index of the first node stays in the cumulant; equal splits are counted, not repeated.
    Nodes are never merged, so this holds for every family of graphs.

    Parameters
    ----------
    kind
        A type that is not empty.
    canonical
        Brings (label, content) pairs into the canonical form of the family.
    gathered
        The same for pairs that others still join, so that equal parts are counted early.
    highest
        Order above which the cumulants are left out; None for none.
    reach
        Labels are positions, increasing, and cumulants with a wider gap are left out.

    References
    ----------
    McCullagh, Tensor Methods in Statistics (1987), section 2.3.

    Examples
    --------
    >>> splits(((0, (1,)), (0, (1,))), sorted_type)
    ((((0, (1,)),), ((0, (1,)),), 1), (((0, (1,)), (0, (1,))), (), 1))
    """
    chosen = (
        _merged_splits(kind, gathered, highest) if reach is None
        else _line_splits(kind, highest, reach)
    )
    found: Counter[tuple[Type, Type]] = Counter()
    for a, b, c in chosen:
        found[canonical(a), canonical(b)] += c
    return tuple((a, b, c) for (a, b), c in found.items())


def _merged_splits(
    kind: Type, gathered: Canonical, highest: int | None
) -> Iterator[tuple[Type, Type, int]]:
    """The splits, those of equal parts counted after every node."""
    terms: dict[tuple[int, Type, Type], int] = {(0, (), ()): 1}
    for position, (label, content) in enumerate(kind):
        grown: Counter[tuple[int, Type, Type]] = Counter()
        for inner, outer, count in _shares(content, position == 0):
            order, others = sum(inner), any(outer)
            for (size, a, b), c in terms.items():
                if highest is not None and size + order > highest:
                    continue
                left = gathered((*a, (label, inner))) if order else a
                right = gathered((*b, (label, outer))) if others else b
                grown[size + order, left, right] += c * count
        terms = grown
    for (_, a, b), c in terms.items():
        yield a, b, c


def _line_splits(
    kind: Type, highest: int | None, reach: int
) -> Iterator[tuple[Type, Type, int]]:
    """The splits at increasing positions, where no two parts are equal."""
    waiting: list[tuple[int, Type, Type, int, int]] = [(0, (), (), 0, 1)]
    while waiting:
        position, a, b, size, c = waiting.pop()
        if position == len(kind) or size == highest or (
            a and kind[position][0] - a[-1][0] > reach
        ):
            yield a, b + kind[position:], c
            continue
        label, content = kind[position]
        for inner, outer, count in _shares(content, position == 0):
            order = sum(inner)
            if highest is None or size + order <= highest:
                left = (*a, (label, inner)) if order else a
                right = (*b, (label, outer)) if any(outer) else b
                waiting.append((position + 1, left, right, size + order, c * count))


@lru_cache(maxsize=8192)
def _shares(content: Content, first: bool) -> list[tuple[Content, Content, int]]:
    """(inside, outside, count) of a content; an index of the first node is always inside."""
    kept = next(k for k, count in enumerate(content) if count) if first else -1
    free = tuple(count - (k == kept) for k, count in enumerate(content))
    return [
        (
            raised(beta, kept) if first else beta,
            tuple(f - b for f, b in zip(free, beta, strict=True)),
            math.prod(math.comb(f, b) for f, b in zip(free, beta, strict=True)),
        )
        for beta in sub_indices(free)
    ]


@lru_cache(maxsize=8192)
def central_splits(
    kind: Type, canonical: Canonical, gathered: Canonical = tuple, highest: int | None = None,
    reach: int | None = None,
) -> tuple[tuple[Type, Type, int], ...]:
    """The same for central moments: the cumulant is not a mean."""
    found = splits(kind, canonical, gathered, highest, reach)
    return tuple(s for s in found if order_of(s[0]) > 1)
