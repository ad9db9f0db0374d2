"""The ring: nodes 0, ..., n - 1, each joined to the next and to the one before."""

import string
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import sympy as sp

from ...algebra import as_integer, multi_indices, substitution
from ...arguments import brief, explained
from ...errors import DomainError, ShapeError, UnknownNameError
from ...layers import graphs
from ...layers.graphs import Graph
from ..positions import SHORTEST, Positions, shortest_ring, shortest_ring_of_order
from ..rules.base import Rule
from ..rules.convolution import ConvolutionRule, RingReadoutRule
from ..trial_ring import ring_law, ring_sums
from ..types import Type, raised
from ..width import check_nodes, check_width
from .base import Family
from .complete import Complete

Matrix = sp.ImmutableMatrix
Distances = Mapping[int, Any]

_OPERATORS: dict[str, Distances] = {
    "identity": {0: sp.S.One},
    "sum": {1: sp.S.One},
    "mean": {1: sp.S.Half},
    "symmetric": {1: sp.S.Half},
    "gcn": {0: sp.Rational(1, 3), 1: sp.Rational(1, 3)},
}


@dataclass(frozen=True, repr=False)
class Cycle(Family):
    """See :func:`cycle`.

    Attributes
    ----------
    radius
        Edges over which independent inputs reach a node.
    mixed
        The radius at the last activation that is not affine: what counts for totals.
    """

    n: Any
    radius: int = 0
    mixed: int = 0

    def __post_init__(self) -> None:
        object.__setattr__(self, "n", _ring_size(self.n))
        for name in ("radius", "mixed"):
            _check_count(getattr(self, name), f"cycle: {name}", 0)

    # ------------------------------------------------------------------ which nodes are alike

    @property
    def positions(self) -> Positions:
        """Where the nodes lie: on the line while their number is a symbol."""
        return Positions.of(int(self.n) if self.n.is_Integer else None)

    @property
    def canonical(self) -> Any:  # type: ignore[override]
        """(position, content) pairs up to translation and reflection."""
        return self.positions.canonical

    def alike(self, label: int) -> int:
        """All nodes have one law."""
        return 0

    @property
    def reach(self) -> int | None:
        """Both receptive fields, while the ring is cut open."""
        return None if self.n.is_Integer else 2 * self.radius

    def vanishes(self, kind: Type) -> bool:
        """Where the receptive fields are not chained."""
        return not self.positions.chained(kind, self.radius)

    def opened(self, kind: Type) -> Type:
        """The ring cut open at its widest gap between the nodes of the type."""
        return self.positions.opened(kind)

    @explained
    def types(self, order: int, channels: int = 1) -> list[Type]:
        """Types of one order with chained receptive fields; all others vanish."""
        found = {
            kind for content in multi_indices(channels, order)
            for kind in self.positions.placements(content, self.radius)
        }
        return sorted(found, key=lambda kind: (len(kind), [(p, _less(c)) for p, c in kind]))

    def node(self, position: int) -> int:
        """The position itself."""
        return position

    @property
    def base(self) -> "Cycle":
        """Without radius."""
        return Cycle(self.n)

    # ------------------------------------------------------------------ numbers of nodes

    @explained
    def subs(self, images: Mapping[Any, Any]) -> "Cycle":
        """With n replaced."""
        return replace(self, n=cycle(self.n.subs(substitution(images))).n)

    def least(self, order: int) -> int:
        """Number of nodes from which the cumulants up to an order are those of a symbolic n."""
        return shortest_ring_of_order(self.radius, order)

    def least_of(self, kind: Type) -> int:
        """Number of nodes from which the cumulant of this type is that of a symbolic n.

        Examples
        --------
        >>> from dataclasses import replace
        >>> nodes = replace(cycle("n"), radius=1)
        >>> nodes.least_of(nodes.read((0, 2))), nodes.least_of(nodes.read((0, 5)))
        (5, 8)
        """
        places = [p for p, _ in kind]
        return shortest_ring(self.radius, max(places) - min(places))

    def needs(self, order: int, n: Any) -> tuple[str, ...]:
        """Nothing may close round the ring."""
        if not self.symbols:
            return ()
        return (
            f"{n} >= {self.least(order)}",
            f"{n} >= d + {2 * self.radius + 1} where nodes d edges apart are asked for",
        )

    def _graph(self) -> Graph:
        return graphs.cycle(int(self.n))

    def small(self, nodes: int = 3) -> "Cycle":
        """Of ``nodes`` nodes, at least three."""
        return cycle(max(nodes, SHORTEST))

    def trial_images(self, nodes: int, order: int) -> list[dict[Any, Any]]:
        """The shortest rings on which all cumulants up to an order are those of a symbolic n.

        Raises
        ------
        DomainError
            If n is a number too large to enumerate a law on the ring.
        """
        if self.symbols:
            return [self.images(self.least(order) + more) for more in (0, 1)]
        if self.n > max(self.least(order), 5):
            raise DomainError(
                f"a derivation is checked on short rings, and {self!r} is a fixed one; derive with "
                "a symbol for the number of nodes, it holds for every ring that is long enough"
            )
        return [{}]

    def trial_law(self, channels: int, rng: Any, numbers: Any) -> Any:
        """Of local functions of independent inputs."""
        return ring_law(int(self.n), self.radius, channels, rng, numbers)

    def affine_trial_law(self, channels: int, rng: Any, numbers: Any) -> Any:
        """A sum over the arcs of the ring."""
        return ring_sums(int(self.n), self.radius, channels, rng, numbers)

    def places(self, kind: Type) -> tuple[int, ...]:
        """The positions."""
        return tuple(self.positions.place(p) for p, _ in kind)

    def permutations(self) -> list[tuple[int, ...]]:
        """Rotations and reflections."""
        n = int(self.n)
        return [
            tuple((sign * (v + start)) % n for v in range(n))
            for start in range(n) for sign in (1, -1)
        ]

    # ------------------------------------------------------------------ rules

    def operator(self, name: str) -> Distances:
        """Distance -> coefficient of the nodes at that distance."""
        if name == "all":
            raise DomainError(
                f"{self!r}: a sum over all nodes in every node is no local map; between the nodes "
                "of a ring use convolutions, and Readout for a sum or mean over all of them"
            )
        if name not in _OPERATORS:
            raise UnknownNameError.of("operator", name, _OPERATORS)
        return _OPERATORS[name]

    def affine(self, terms: Sequence[tuple[Matrix, Distances]], shift: Sequence[Any]) -> Rule:
        """See :meth:`Family.affine`."""
        zero: Any = sp.zeros(*terms[0][0].shape)
        reach = max(d for _, operator in terms for d in operator)
        return ConvolutionRule(
            tuple(
                Matrix(sum((theta * s.get(d, 0) for theta, s in terms), zero))
                for d in range(reach + 1)
            ),
            tuple(shift),
        )

    def readout(self, kind: Any, weight: Matrix, shift: Sequence[Any]) -> Rule:
        """See :meth:`Family.readout`."""
        if kind not in ("sum", "mean"):
            self.position(kind)
            kind = "node"
        return RingReadoutRule(kind, self.n, weight, tuple(shift))

    def reaching(self, edges: int) -> "Cycle":
        """The nodes after a map that reaches over so many edges."""
        return replace(self, radius=self.radius + edges)

    def activated(self, degree: int) -> "Cycle":
        """The nodes after an activation of that degree."""
        return replace(self, mixed=self.radius) if degree > 1 else self

    def read_out(self, kind: str) -> "RingReadout":
        """The single node behind a readout."""
        if kind == "node":
            return RingReadout(sp.S.One, shortest_ring(self.radius, 0), 0)
        return RingReadout(sp.S.One, SHORTEST, self.mixed)

    # ------------------------------------------------------------------ names

    def word(self, kind: Type, channels: int = 1) -> str:
        """Positions, one per index, with the channel as a letter where there are several.

        Examples
        --------
        >>> cycle("n").word(((0, (2,)), (1, (1,)))), cycle("n").word(((0, (1, 0)), (2, (0, 1))), 2)
        ('0,0,1', '0a,2b')
        """
        letters = [""] if channels == 1 else list(string.ascii_lowercase)
        if channels > len(letters):
            letters = [f"c{c + 1}" for c in range(channels)]
        return ",".join(
            f"{p}{letters[c]}" for p, content in kind for c, m in enumerate(content)
            for _ in range(m)
        )

    def read(self, given: Any, channels: int = 1) -> Type:
        """The type of positions such as (0, 0, 2), of a word such as '0,0,2', or of a Type.

        With several channels the positions carry the channel as a letter: '0a,2b'. A single
        integer r stands for r times the same node.

        Raises
        ------
        ShapeError
            If it is none of these.
        """
        if isinstance(given, (int, str)):
            single = not isinstance(given, str) and given > 0 and channels == 1
            given = (given,) if isinstance(given, str) else ((0, (given,)),) if single else ()
        pieces = [
            part for piece in given
            for part in (piece.split(",") if isinstance(piece, str) else (piece,))
        ]
        if pieces and all(isinstance(p, (int, str)) and not isinstance(p, bool) for p in pieces):
            return self._from_positions(pieces, channels)
        return super().read(given, channels)

    def _from_positions(self, given: Iterable[Any], channels: int) -> Type:
        contents: dict[int, tuple[int, ...]] = {}
        for piece in (str(p).strip() for p in given):
            digits = piece.rstrip(string.ascii_lowercase)
            letter = piece[len(digits):]
            number = digits.removeprefix("-")
            channel = string.ascii_lowercase.find(letter) if letter else 0
            if not number.isdecimal() or len(letter) > 1 or bool(letter) != (channels > 1) or (
                not 0 <= channel < channels
            ):
                wanted = "'0,0,1'" if channels == 1 else "'0a,0b,1a', the channel as a letter"
                raise ShapeError(
                    f"type {piece!r} of {self!r} with {channels} channel(s): give one position "
                    f"per index, such as {wanted}"
                )
            place = self.positions.place(int(digits))
            contents[place] = raised(contents.get(place, (0,) * channels), channel)
        return self.canonical(contents.items())

    @property
    def hypothesis(self) -> str:
        """What is assumed of the joint law of the nodes."""
        return (
            f"nodes of the ring more than {2 * self.radius} edges apart are independent, and their "
            "joint law is invariant under rotations and reflections"
            if self.radius else "the nodes of the ring are independent and have one law"
        )

    def __repr__(self) -> str:
        return f"cycle({self.n})"


@dataclass(frozen=True, repr=False)
class RingReadout(Complete):
    """One node behind a ring of n nodes.

    Attributes
    ----------
    ring
        Number of nodes of the ring from which a single node has the same law for ever.
    reach
        Radius behind a total over the nodes, times the degree of what follows.
    """

    ring: int = SHORTEST
    reach: int = 0

    def __post_init__(self) -> None:
        super().__post_init__()
        _check_count(self.ring, "RingReadout: ring", 1)
        _check_count(self.reach, "RingReadout: reach", 0)

    @property
    def base(self) -> Complete:
        """A single node."""
        return Complete(sp.S.One)

    @explained
    def subs(self, images: Mapping[Any, Any]) -> "RingReadout":
        """Itself."""
        return self

    def least(self, order: int) -> int:
        """Number of nodes from which the cumulants up to an order are those of a symbolic n."""
        return max(self.ring, shortest_ring_of_order(self.reach, order))

    def needs(self, order: int, n: Any) -> tuple[str, ...]:
        """Nothing may close round the ring."""
        return () if n.is_Integer else (f"{n} >= {self.least(order)}",)

    def activated(self, degree: int) -> "RingReadout":
        """The node after an activation of that degree."""
        return replace(self, reach=self.reach * degree)


def cycle(n: Any) -> Cycle:
    """A ring of n nodes.

    While n is a symbol, cumulants are those of rings that are long enough for the receptive fields
    not to close round them; the state says how long.

    Parameters
    ----------
    n
        Symbol or integer from 3 up.

    Raises
    ------
    DomainError
        If n is neither.

    Examples
    --------
    >>> cycle("n"), cycle("n").explicit(4)
    (cycle(n), cycle(4))
    """
    return Cycle(check_width(n, "cycle"))


def _ring_size(n: Any) -> Any:
    size = check_nodes(n, "cycle")
    if size.is_Integer and size < SHORTEST:
        raise DomainError(
            f"cycle({n}): a ring has at least {SHORTEST} nodes; two joined nodes are complete(2)"
        )
    return size


def _check_count(value: Any, what: str, least: int) -> None:
    if as_integer(value, least) is None:
        raise DomainError(f"{what} is {brief(value)}; pass an integer from {least} up")


def _less(content: Sequence[int]) -> tuple[int, ...]:
    return tuple(-m for m in content)


