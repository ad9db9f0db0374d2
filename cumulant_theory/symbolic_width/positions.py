"""Nodes on a ring: configurations up to translation and reflection, and when nothing wraps around.

A configuration is a tuple of pairs (position, content), content the multiplicity of each channel
at that position. With independent copies of one law at the nodes and translation- and
reflection-invariant layers of finite radius, a joint cumulant depends on its configuration up to
translation and reflection, and on the length of the ring only where the configuration goes all
the way round it.
"""

import itertools
import math
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

from ..algebra import check_types
from .types import Content, Node, Type

SHORTEST = 3
"""Nodes of the shortest ring."""


def shortest_ring(radius: int, width: int) -> int:
    """Number of nodes from which a configuration of that width has the same cumulants for ever.

    Proof. The receptive fields of nodes within an arc of ``width`` edges lie within an arc of
    width + 2 radius + 1 nodes; if the ring has as many, the arc is cut out of the line, with the
    same independent copies on it. One node less and its two ends are one and the same input, so
    that a function which multiplies them has another mean.

    Parameters
    ----------
    radius
        Edges over which inputs reach a node.
    width
        Edges between the first and the last node of the configuration.

    Examples
    --------
    >>> shortest_ring(1, 0), shortest_ring(2, 3)
    (3, 8)
    """
    return max(SHORTEST, width + 2 * radius + 1)


def shortest_ring_of_order(radius: int, order: int) -> int:
    """Number of nodes from which all cumulants up to an order are those of the line: 2 R r + 1.

    Proof. Among r nodes on a ring of more than 2 R r, two neighbours are more than 2 R apart, so
    their receptive fields do not meet, and the ring may be cut there; where there are two such
    gaps, the cumulant vanishes on the ring and on the line. On 2 R r nodes, r nodes at equal
    distances 2 R each share one input with both neighbours, and a product of the two has a
    cumulant that goes round the ring, which no configuration on the line has.

    Parameters
    ----------
    radius
        Edges R over which inputs reach a node.
    order
        Cumulant order r.

    Examples
    --------
    >>> shortest_ring_of_order(1, 4), shortest_ring_of_order(0, 4)
    (9, 3)
    """
    return max(SHORTEST, 2 * radius * order + 1)


@dataclass(frozen=True)
class Positions:
    """Positions on a ring of ``length`` nodes; without length, one that never closes.

    Examples
    --------
    >>> pair = ((1, (1,)), (6, (2,)))
    >>> Positions().canonical(pair), Positions(7).canonical(pair)
    (((0, (1,)), (5, (2,))), ((0, (1,)), (2, (2,))))
    """

    length: int | None = None

    @staticmethod
    @lru_cache(maxsize=1024)
    def of(length: int | None) -> "Positions":
        """The one object of that length, whose methods caches may know."""
        return Positions(length)

    def canonical(self, nodes: Iterable[Node]) -> Type:
        """The representative under translations and reflections; its first position is 0."""
        kind = tuple(nodes)
        return _canonical(kind, self.length) if kind else kind

    def place(self, p: int) -> int:
        """The position p; on a closed ring one of 0, ..., length - 1."""
        return p if self.length is None else p % self.length

    def distance(self, p: int, q: int) -> int:
        """Edges between two positions."""
        if self.length is None:
            return abs(p - q)
        return min((p - q) % self.length, (q - p) % self.length)

    def parts(self, kind: Type, radii: Sequence[int]) -> list[Type]:
        """Groups of positions whose receptive fields, of the given radii, are chained."""
        groups: list[list[int]] = []
        for k, (p, _) in enumerate(kind):
            near = [
                g for g in groups
                if any(self.distance(p, kind[m][0]) <= radii[k] + radii[m] for m in g)
            ]
            groups = [g for g in groups if g not in near]
            groups.append(sorted([k, *itertools.chain.from_iterable(near)]))
        return [tuple(kind[k] for k in g) for g in groups]

    def joined(self, kind: Type, radii: Sequence[int]) -> bool:
        """Whether receptive fields of the given radii hang together."""
        if self.length is not None:
            return len(self.parts(kind, radii)) == 1
        ends = sorted((p - r, p + r) for (p, _), r in zip(kind, radii, strict=True))
        last = ends[0][1]
        for first, end in ends:
            if first > last:
                return False
            last = max(last, end)
        return True

    def chained(self, kind: Type, radius: int) -> bool:
        """Whether the receptive fields hang together; if not, the joint cumulant vanishes."""
        if self.length is None:
            places = sorted([p for p, _ in kind])
            return all(b - a <= 2 * radius for a, b in itertools.pairwise(places))
        return len(self.parts(kind, [radius] * len(kind))) == 1

    def opened(self, kind: Type) -> Type:
        """The type on the line, for a ring cut in the middle of its widest gap.

        Examples
        --------
        >>> Positions(9).opened(((0, (1,)), (4, (1,)), (7, (1,))))
        ((0, (1,)), (2, (1,)), (5, (1,)))
        """
        if self.length is None:
            return kind
        places = sorted(p for p, _ in kind)
        after = [*places[1:], places[0] + self.length]
        _, start = max((b - a, b) for a, b in zip(places, after, strict=True))
        return _canonical(tuple(((p - start) % self.length, c) for p, c in kind), None)

    @staticmethod
    def check_placements(order: int, channels: int, radius: int) -> None:
        """Raise OrderError where the placements of an order are too many to list."""
        # compositions of the order with gaps of up to 2 * radius edges, up to reflection
        check_types((1 + 2 * radius) ** (order - 1) // 2, "a ring", order, channels)

    def placements(self, content: Content, radius: int) -> dict[Type, int]:
        """Types of given content, with how often each occurs per node in a total.

        The joint cumulant of totals over all nodes is the number of nodes times the sum of these
        counts times the cumulants.

        Examples
        --------
        >>> Positions().placements((2,), 1)
        {((0, (1,)), (1, (1,))): 2, ((0, (1,)), (2, (1,))): 2, ((0, (2,)),): 1}
        """
        order = sum(content)
        self.check_placements(order, len(content), radius)
        long = self.length is not None and self.length > 2 * radius * order
        found = _placements(content, radius, None if long else self.length)
        if not long:
            return dict(found)
        counts: Counter[Type] = Counter()
        for kind, count in found:
            counts[self.canonical(kind)] += count
        return dict(counts)


@lru_cache(maxsize=1 << 18)
def _canonical(kind: Type, length: int | None) -> Type:
    if length is None:
        line = sorted(kind)
        first, last = line[0][0], line[-1][0]
        return min(
            tuple([(p - first, c) for p, c in line]),
            tuple([(last - p, c) for p, c in reversed(line)]),
        )
    return min(
        tuple(sorted((sign * (p - start) % length, c) for p, c in kind))
        for start, _ in kind for sign in (1, -1)
    )


@lru_cache(maxsize=4096)
def _placements(
    content: Content, radius: int, length: int | None
) -> tuple[tuple[Type, int], ...]:
    if radius == 0:
        return ((((0, content),), 1),)
    found: Counter[Type] = Counter()
    positions = Positions(length)
    ways = math.prod(math.factorial(m) for m in content)
    for contents in _ordered_partitions(content):
        count = ways // math.prod(math.factorial(m) for c in contents for m in c)
        for places in _places(len(contents), radius, length):
            kind = positions.canonical(zip(places, contents, strict=True))
            if length is None or positions.chained(kind, radius):
                found[kind] += count
    if length is None:
        return tuple(found.items())
    # on a closed ring each of the occupied nodes is once the one at 0
    return tuple((kind, count // len(kind)) for kind, count in found.items())


def _places(number: int, radius: int, length: int | None) -> Iterator[tuple[int, ...]]:
    """Increasing positions from 0: chained ones on the line, all on a closed ring."""
    if length is None:
        for gaps in itertools.product(range(1, 2 * radius + 1), repeat=number - 1):
            yield tuple(itertools.accumulate(gaps, initial=0))
    else:
        for rest in itertools.combinations(range(1, length), number - 1):
            yield (0, *rest)


@lru_cache(maxsize=4096)
def _ordered_partitions(content: Content) -> tuple[tuple[Content, ...], ...]:
    """Sequences of non-zero contents that add up to ``content``."""
    if not any(content):
        return ((),)
    found = []
    for first in itertools.product(*(range(m + 1) for m in content)):
        if any(first):
            rest = tuple(m - f for m, f in zip(content, first, strict=True))
            found += [(first, *tail) for tail in _ordered_partitions(rest)]
    return tuple(found)
