"""The complete bipartite graph: two classes of exchangeable nodes."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import sympy as sp

from ...algebra import substitution
from ...arguments import explained
from ...errors import DomainError, ShapeError
from ..width import check_nodes, check_width
from .classes import ClassFamily


@dataclass(frozen=True, repr=False)
class CompleteBipartite(ClassFamily):
    """See :func:`complete_bipartite`."""

    left: Any
    right: Any

    def __post_init__(self) -> None:
        for side in ("left", "right"):
            object.__setattr__(self, side, check_nodes(getattr(self, side), "complete_bipartite"))

    joined: ClassVar[tuple[tuple[int, ...], ...]] = ((0, 1), (1, 0))

    @property
    def sizes(self) -> tuple[Any, ...]:  # type: ignore[override]
        """Both sides."""
        return (self.left, self.right)

    @property
    def n(self) -> Any:  # type: ignore[override]
        """Number of nodes."""
        return self.left + self.right

    def small(self, nodes: int = 3) -> "CompleteBipartite":
        """With ``nodes`` nodes on each side."""
        return complete_bipartite(nodes, nodes)

    def label(self, kind: Any) -> int:
        """Of ``left`` or ``right``, or of a position where the size of the left is a number."""
        sides = {"left": 0, "right": 1}
        if kind in sides:
            return sides[kind]
        if not self.left.is_Integer:
            raise ShapeError(
                f"Readout: node {kind!r} of {self!r} is on the left or on the right, depending on "
                f"{self.left}; use 'left' or 'right'"
            )
        return super().label(kind)

    def position(self, kind: Any) -> int:
        """The first node of a side, or the position itself."""
        sides = {"left": 0, "right": self.left}
        return int(sides[kind]) if kind in sides else super().position(kind)

    def images(self, n: Any) -> dict[Any, Any]:
        """For a number of nodes where one side is a symbol, or for a pair of both sides."""
        if not isinstance(n, tuple):
            return super().images(n)
        left, right = complete_bipartite(*n).sizes
        found = {self.left: left, self.right: right}
        if any(not a.is_Symbol and a != b for a, b in found.items()):
            raise DomainError(f"{self!r} has no member with {n} nodes on the two sides")
        return {a: b for a, b in found.items() if a.is_Symbol}

    def trial_images(self, nodes: int, order: int) -> list[dict[Any, Any]]:
        """Both sides large enough, one of them larger in turn."""
        if not self.symbols:
            return super().trial_images(nodes, order)
        sizes = [
            {self.left: nodes, self.right: nodes + 1}, {self.left: nodes + 1, self.right: nodes}
        ]
        return [{a: sp.Integer(b) for a, b in s.items() if a.is_Symbol} for s in sizes]

    @explained
    def subs(self, images: Mapping[Any, Any]) -> "CompleteBipartite":
        """With the sizes replaced."""
        images = substitution(images)
        return complete_bipartite(self.left.subs(images), self.right.subs(images))

    def letters(self, label: int) -> str:
        """i, j, ... on the left; u, v, ... on the right."""
        return "uvwxyabcde" if label else super().letters(label)

    def __repr__(self) -> str:
        return f"complete_bipartite({self.left}, {self.right})"


def complete_bipartite(m: Any, n: Any) -> CompleteBipartite:
    """m nodes on the left, each joined to n on the right: symbols or positive integers.

    Examples
    --------
    >>> family = complete_bipartite(2, "n")
    >>> family.explicit(5).edges[:2], [family.word(t) for t in family.types(2)]
    (((0, 2, 1), (0, 3, 1)), ['ii', 'uu', 'ij', 'iu', 'uv'])
    """
    return CompleteBipartite(
        check_width(m, "complete_bipartite"), check_width(n, "complete_bipartite")
    )
