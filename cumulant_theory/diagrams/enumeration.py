"""Connected diagrams over a few distinct units, enumerated once."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache

from ..algebra import (
    MultiIndex,
    as_integer,
    check_multi_index,
    check_order,
    check_size,
    factorial,
    integer_partitions,
    multi_indices,
    sub_indices,
)
from ..algebra.limits import (
    DIAGRAM_LIMIT,
    ORDER_LIMIT,
    TYPE_LIMIT,
    check_at_most,
    multiset_counts,
    partition_count,
)
from ..arguments import brief, explained
from ..closures import Closure, Diagrams
from ..errors import DomainError, NoClosedFormError, OrderError
from ..latex.html import Record

Pattern = tuple[int, ...]

LETTERS = "ijklmnpqrstuvwxyzabcdefgh"  # of distinct units


@explained
def cost(v: MultiIndex) -> int:
    """Cost |v| - 1 - [all entries even] of a block.

    Behind a wide random layer, as :class:`~cumulant_theory.closures.Diagrams` means it, kappa_v is
    of order n^(-cost/2).

    Examples
    --------
    >>> [cost(v) for v in [(1, 1), (2, 1), (3,), (2, 2), (1, 1, 1, 1)]]
    [1, 2, 2, 2, 3]
    """
    block = check_multi_index(v, len(v), "cost")
    return sum(block) - 1 - all(a % 2 == 0 for a in block)


@dataclass(frozen=True)
class Diagram(Record):
    """One term of the expansion: a multiset of cumulant blocks over distinct units.

    Attributes
    ----------
    blocks
        ((v, multiplicity c_v), ...), v multi-indices over the units, in decreasing order.
    weight
        1 / prod_v c_v! (v!)^c_v.
    derivatives
        k = sum_v c_v v: the order of the Wick coefficient of each unit.
    cost
        Sum of the costs of the blocks.
    """

    blocks: tuple[tuple[MultiIndex, int], ...]
    weight: Fraction
    derivatives: MultiIndex
    cost: int

    @classmethod
    def of(cls, blocks: Sequence[tuple[MultiIndex, int]], units: int) -> "Diagram":
        """The diagram of some blocks.

        Examples
        --------
        >>> Diagram.of([((1, 1), 2)], 2)
        Diagram(2 x (1, 1); weight 1/2, k = (2, 2), cost 2)
        """
        ordered = tuple(sorted(blocks, reverse=True))
        weight = Fraction(1, math.prod(math.factorial(c) * factorial(v) ** c for v, c in ordered))
        k = tuple(sum(c * v[a] for v, c in ordered) for a in range(units))
        return cls(ordered, weight, k, sum(c * cost(v) for v, c in ordered))

    @property
    def order(self) -> int:
        """|k|: how many legs the blocks have together."""
        return sum(self.derivatives)

    @property
    def largest_block(self) -> int:
        """Highest order of a cumulant in it, 0 without blocks."""
        return max((sum(v) for v, _ in self.blocks), default=0)

    @property
    def is_connected(self) -> bool:
        """Whether the blocks join all units; a single unit always counts as joined."""
        units = len(self.derivatives)
        reached, grown = {0}, True
        while grown and len(reached) < units:
            grown = False
            for v, _ in self.blocks:
                support = {a for a, e in enumerate(v) if e}
                if support & reached and not support <= reached:
                    reached |= support
                    grown = True
        return len(reached) == units

    @explained
    def kept(self, closure: Closure) -> bool:
        """Whether a closure keeps it."""
        within = closure.budget is None or self.cost <= closure.budget
        return within and (
            closure.largest_block is None or self.largest_block <= closure.largest_block
        )

    def __repr__(self) -> str:
        shown = ", ".join(f"{c} x {v}" if c > 1 else f"{v}" for v, c in self.blocks) or "no block"
        return f"Diagram({shown}; weight {self.weight}, k = {self.derivatives}, cost {self.cost})"


@explained
@lru_cache(maxsize=4096)
def connected(
    units: int, budget: int | None = None, largest_block: int | None = None,
    degrees: MultiIndex | None = None,
) -> tuple[Diagram, ...]:
    """All connected diagrams over distinct units within the limits, cheapest first.

    No block sits on a single unit with order up to 2: mean and variance are in the Wick
    coefficients.

    Parameters
    ----------
    units
        Number of units, at least 1.
    budget
        Largest total cost.
    largest_block
        Highest order of a block.
    degrees
        Degree of the function of each unit, where these are polynomials: higher Wick
        coefficients vanish.

    Raises
    ------
    NoClosedFormError
        If neither a budget nor degrees make the number of diagrams finite.

    Examples
    --------
    >>> connected(2, budget=1)
    (Diagram((1, 1); weight 1, k = (1, 1), cost 1),)
    >>> len(connected(2, budget=2)), len(connected(2, budget=3))
    (5, 15)
    """
    units = check_size(units, "connected: units")
    for value, what in ((budget, "budget"), (largest_block, "largest_block")):
        if value is not None and as_integer(value) is None:
            raise DomainError(f"connected: {what} is {brief(value)}; give an integer from 0 on")
    if budget is not None and budget < units - 1:
        return ()  # a block that joins s units costs s - 1 or more
    if budget is None and degrees is None:
        raise NoClosedFormError(
            "infinitely many diagrams: the activation is no polynomial and the closure bounds "
            "no cost; use Diagrams(K) or Neglect(K, cost=C)"
        )
    if budget is not None and degrees is None:
        _check_count(units, budget, largest_block)
    found = (
        Diagram.of(blocks, units)
        for blocks in _multisets(_blocks(units, budget, largest_block, degrees), budget, degrees)
    )
    return tuple(sorted(
        (d for d in found if d.is_connected), key=lambda d: (d.cost, d.order, _reading(d))
    ))


def _check_count(units: int, budget: int, largest: int | None) -> None:
    """Raise OrderError where the diagrams of a budget, connected or not, are too many to list."""
    top = min(budget + 2, budget + 2 if largest is None else largest)
    kinds = [0] * (min(budget, ORDER_LIMIT) + 3)  # number of blocks by cost
    for r in range(2, min(top, ORDER_LIMIT + 2) + 1):
        even = 0 if r % 2 else math.comb(units + r // 2 - 1, r // 2)
        kinds[r - 1] += math.comb(units + r - 1, r) - even
        kinds[r - 2] += even
    counts = multiset_counts(kinds[1 : min(budget, ORDER_LIMIT) + 1])
    if budget > ORDER_LIMIT or sum(counts) > DIAGRAM_LIMIT:
        raise OrderError(
            f"diagrams of {units} distinct units to total cost {budget}: more than "
            f"{DIAGRAM_LIMIT} to list; take a closure of lower order, such as Diagrams(3)"
        )


def _reading(diagram: Diagram) -> list[tuple[int, tuple[int, ...], int]]:
    return [(sum(v), tuple(-a for a in v), c) for v, c in diagram.blocks]


def _blocks(
    units: int, budget: int | None, largest: int | None, degrees: MultiIndex | None
) -> list[MultiIndex]:
    if degrees is not None:
        candidates = list(sub_indices(degrees))
    else:
        top = (budget or 0) + 2
        top = top if largest is None else min(top, largest)
        candidates = [v for r in range(2, top + 1) for v in multi_indices(units, r)]
    return [
        v for v in candidates
        if any(v) and not (sum(1 for a in v if a) == 1 and sum(v) <= 2)
        and (budget is None or cost(v) <= budget) and (largest is None or sum(v) <= largest)
    ]


def _multisets(
    blocks: Sequence[MultiIndex], budget: int | None, degrees: MultiIndex | None, start: int = 0
) -> Iterator[tuple[tuple[MultiIndex, int], ...]]:
    yield ()
    for position in range(start, len(blocks)):
        v = blocks[position]
        count, left, room = 1, budget, degrees
        while True:
            left = None if left is None else left - cost(v)
            room = None if room is None else tuple(r - a for r, a in zip(room, v, strict=True))
            if (left is not None and left < 0) or (room is not None and min(room) < 0):
                break
            for rest in _multisets(blocks, left, room, position + 1):
                yield ((v, count), *rest)
            count += 1


def check_pattern(pattern: Sequence[int]) -> Pattern:
    """An index pattern: how often each distinct unit occurs, (2, 1) for iij.

    Raises
    ------
    OrderError
        If an entry is no positive integer, or there is none.
    """
    found = [as_integer(p, 1) for p in pattern] if isinstance(pattern, (list, tuple)) else []
    if not found or None in found:
        raise OrderError(
            f"pattern {pattern!r}: say how often each distinct unit occurs, for example (2, 1) "
            "for kappa_iij"
        )
    checked = tuple(p for p in found if p is not None)
    check_at_most(
        len(checked), len(LETTERS), "pattern", "distinct units", "take a pattern of fewer units"
    )
    check_order(sum(checked), f"pattern of {len(checked)} distinct units")
    return checked


@explained
def patterns(order: int, closure: Closure | None = None) -> list[Pattern]:
    """Index patterns (p_1 >= p_2 >= ...) up to an order.

    Under ``Diagrams(K)`` only those with sum_a ceil(p_a / 2) <= K: the ones that the next wide
    layer needs.

    Examples
    --------
    >>> from cumulant_theory.closures import Diagrams
    >>> patterns(3)
    [(1,), (2,), (1, 1), (3,), (2, 1), (1, 1, 1)]
    >>> patterns(3, Diagrams(2))
    [(1,), (2,), (1, 1), (3,), (2, 1)]
    """
    order = check_order(order)
    check_at_most(
        partition_count(order), TYPE_LIMIT, f"index patterns to order {order}", "patterns",
        "ask for a lower order",
    )
    found = [p for r in range(1, order + 1) for p in integer_partitions(r)]
    if not isinstance(closure, Diagrams):
        return found
    return [p for p in found if sum((a + 1) // 2 for a in p) <= closure.order]
