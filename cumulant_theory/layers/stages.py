"""The rules of a network with the states between them: their names, and the orders needed."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from ..algebra import check_input_order
from ..latex.html import Record
from .rules import Rule


@dataclass(frozen=True)
class Stage(Record):
    """One rule of a network with the names it is printed under.

    Attributes
    ----------
    layer
        Position of the layer it belongs to, from 0.
    label
        Printed name of that layer.
    rule
        Affine or pointwise rule.
    source, target
        Names of the states before and after.
    """

    layer: int
    label: str
    rule: Rule
    source: str
    target: str


class StateNames:
    """Names of the states: x, then z1, z2, ... after affine rules and y1, y2, ... after others.

    Examples
    --------
    >>> names = StateNames()
    >>> [names.around(kind) for kind in ("affine", "pointwise", "affine")]
    [('x', 'z1'), ('z1', 'y1'), ('y1', 'z2')]
    """

    def __init__(self) -> None:
        self._last = "x"
        self._counts: Counter[str] = Counter()

    def around(self, kind: str) -> tuple[str, str]:
        """Names of the states before and after the next rule."""
        letter = "z" if kind == "affine" else "y"
        self._counts[letter] += 1
        before, self._last = self._last, f"{letter}{self._counts[letter]}"
        return before, self._last


def needed_orders(stages: Sequence[Any], order: int) -> list[int]:
    """Cumulant order needed of every state, input first, for an output order."""
    orders = [order]
    for stage in reversed(stages):
        orders.insert(0, stage.rule.input_order(orders[0]))
        check_input_order(order, orders[0])
    return orders
