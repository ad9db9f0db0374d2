"""The complete graph on n nodes: all of them exchangeable."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from ...algebra import substitution
from ...errors import ShapeError
from ...layers import graphs
from ...layers.graphs import Graph
from ..types import Type
from ..width import check_nodes, check_width
from .base import Family
from .classes import ClassFamily


@dataclass(frozen=True, repr=False)
class Complete(ClassFamily):
    """See :func:`complete`."""

    n: Any

    def __post_init__(self) -> None:
        object.__setattr__(self, "n", check_nodes(self.n, "complete"))

    joined: ClassVar[tuple[tuple[int, ...], ...]] = ((1,),)

    @property
    def sizes(self) -> tuple[Any, ...]:  # type: ignore[override]
        """One class."""
        return (self.n,)

    def _graph(self) -> Graph:
        return graphs.complete(int(self.n))

    def small(self, nodes: int = 3) -> "Complete":
        """n = ``nodes``."""
        return complete(nodes)

    def subs(self, images: Mapping[Any, Any]) -> "Complete":
        """With n replaced."""
        return complete(self.n.subs(substitution(images)))

    def key(self, kind: Type, channels: int = 1) -> Any:
        """With one channel, how often each distinct node occurs: (2, 1) for iij."""
        if channels > 1:
            return self.word(kind, channels)
        return tuple(content[0] for _, content in kind)

    def read(self, given: Any, channels: int = 1) -> Type:
        """The type of a word, of a :data:`Type`, or of contents: (2, 1), or ((1, 1), (0, 1)).

        Raises
        ------
        ShapeError
            As :meth:`Family.read`.
        """
        if isinstance(given, str):
            return super().read(given, channels)
        if not isinstance(given, (tuple, list, int)):
            return super().read(given, channels)
        nodes = tuple(given) if isinstance(given, Sequence) else (given,)
        if not any(isinstance(a, tuple) and a and isinstance(a[-1], tuple) for a in nodes):
            nodes = tuple((0, a if isinstance(a, tuple) else (a,)) for a in nodes)
            good = nodes and all(
                len(c) == channels
                and all(isinstance(a, int) and not isinstance(a, bool) and a >= 0 for a in c)
                and any(c) for _, c in nodes
            )
            if not good:
                raise ShapeError(
                    f"type {given!r} with {channels} channel(s): a type lists how often each "
                    "distinct unit occurs, positive integers such as (3, 1) for kappa_iiij; with "
                    "several channels give an index word such as 'i1i2j1'"
                )
        return super().read(nodes, channels)

    @property
    def hypothesis(self) -> str:
        """Exchangeability."""
        return "the units are exchangeable"

    def __repr__(self) -> str:
        return f"complete({self.n})"


def complete(n: Any) -> Complete:
    """Every node joined to every other: n exchangeable nodes, n a symbol or positive integer.

    References
    ----------
    Kallenberg, Probabilistic Symmetries and Invariance Principles (2005), chapter 1.

    Examples
    --------
    >>> complete("n"), complete("n").explicit(3)
    (complete(n), complete(3))
    """
    return Complete(check_width(n, "complete"))


def family_of(value: Any, what: str) -> Family:
    """The family that an argument stands for; a number or symbol n is ``complete(n)``.

    Raises
    ------
    DomainError
        If it is neither.
    """
    return value if isinstance(value, Family) else Complete(check_width(value, what))
