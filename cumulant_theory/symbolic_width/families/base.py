"""What a family of graphs is: which nodes are alike, whatever their number."""

import re
from collections.abc import Mapping, Sequence
from itertools import groupby
from typing import Any

import sympy as sp

from ...algebra import exact
from ...arguments import brief
from ...errors import DomainError, ShapeError
from ...layers.graphs import Graph
from ...layers.graphs.graph import graph_words
from ..rules.base import Rule
from ..types import Node, Type, indices_of

_TOKEN = re.compile(r"([A-Za-z])(\d*)")


class Family:
    """Graphs of one kind with a symbolic number of nodes.

    A new family defines the methods that raise here, in a file of its own. Everything on moments,
    activations, equations and derivations is written once, on (label, content) pairs.

    Attributes
    ----------
    n
        Number of nodes: a symbol, a positive integer, or an expression in symbols.
    """

    n: Any

    def _repr_html_(self) -> str:
        from ..display import family_card

        return family_card(self)

    # ------------------------------------------------------------------ which nodes are alike

    def canonical(self, nodes: Any) -> Type:
        """The type of (label, content) pairs, contents not zero.

        The same function object (or an equal bound method) at every call: results are cached.
        """
        raise TypeError(f"{type(self).__name__} does not define canonical(nodes)")

    def gathered(self, nodes: Any) -> tuple[Node, ...]:
        """Part of a type, other nodes still to come: equal parts should look the same."""
        return tuple(nodes)

    def types(self, order: int, channels: int = 1) -> list[Type]:
        """Types of one order, those of few distinct nodes first; impossible ones left out."""
        raise TypeError(f"{type(self).__name__} does not define types(order, channels)")

    def checked(self, kind: Type) -> Type:
        """The canonical type, or ShapeError where there are no such distinct nodes."""
        return self.canonical(kind)

    def node(self, position: int) -> int:
        """Label of a node of the explicit graph, by its position."""
        raise TypeError(f"{type(self).__name__} does not define node(position)")

    def type_of(self, alpha: Sequence[int], channels: int = 1) -> Type:
        """Type of a multi-index of the explicit units, numbered channel * nodes + node."""
        nodes = len(alpha) // channels
        found = [(self.node(v), tuple(alpha[v::nodes])) for v in range(nodes)]
        return self.canonical(pair for pair in found if any(pair[1]))

    def alike(self, label: int) -> int:
        """The label that stands for all nodes with the same law of their own."""
        return label

    @property
    def reach(self) -> int | None:
        """Where labels are positions on a line: the widest gap in a cumulant that is not 0."""
        return None

    def vanishes(self, kind: Type) -> bool:
        """Whether the joint cumulant of a type is known to be 0."""
        return False

    def opened(self, kind: Type) -> Type:
        """The type of a member with a number of nodes as one of a symbolic number."""
        return kind

    def least(self, order: int) -> int:
        """Number of nodes from which cumulants up to an order are those of a symbolic number."""
        return 1

    def needs(self, order: int, n: Any) -> tuple[str, ...]:
        """What the cumulants up to an order ask of the symbolic number of nodes n."""
        return ()

    def activated(self, degree: int) -> "Family":
        """The nodes after an activation of that degree."""
        return self

    @property
    def base(self) -> "Family":
        """The family alone, without what a state knows of the reach of its dependence."""
        return self

    # ------------------------------------------------------------------ numbers of nodes

    @property
    def width(self) -> Any:
        """The symbol that closed forms are sorted by, or the number of nodes."""
        return self.symbols[-1] if self.symbols else self.n

    @property
    def symbols(self) -> tuple[Any, ...]:
        """Symbols of the number of nodes."""
        return tuple(sorted(self.n.free_symbols, key=str))

    def subs(self, images: Mapping[Any, Any]) -> "Family":
        """The family with symbols of its size replaced."""
        raise TypeError(f"{type(self).__name__} does not define subs(images)")

    def images(self, n: int | None) -> dict[Any, Any]:
        """Symbol -> number, for the member with n nodes.

        Raises
        ------
        DomainError
            If n is needed and not given, is no positive integer, or contradicts the family.
        """
        value = None if n is None else exact(n, f"{self!r}: n")
        wanted = value is not None and value.is_Integer and value > 0
        if not self.symbols and (value is None or value == self.n):
            return {}
        if len(self.symbols) == 1 and wanted:
            (symbol,) = self.symbols
            return {symbol: value - (self.n - symbol)}
        raise DomainError(
            f"explicit({'' if n is None else n}): the width is {self.n}; give a positive "
            "integer, equal to the width where that is a number"
        )

    def explicit(self, k: int | None = None) -> Graph:
        """The graph with k nodes as :mod:`cumulant_theory.layers.graphs` writes it.

        Raises
        ------
        DomainError
            As :meth:`images`.
        """
        return self.subs(self.images(k))._graph()

    def _graph(self) -> Graph:
        """The graph itself, n a number."""
        raise TypeError(f"{type(self).__name__} does not define _graph()")

    def small(self, nodes: int = 3) -> "Family":
        """A member of this kind, n a number, in which ``nodes`` distinct nodes of any label fit."""
        raise TypeError(f"{type(self).__name__} does not define small(nodes)")

    def pattern(self) -> Graph:
        """A small member that prints as the family: what parameters are made for."""
        graph = self.small()._graph()
        return Graph((len(graph), [(u, v) for u, v, _ in graph.edges]), label=repr(self))

    def trial_images(self, nodes: int, order: int) -> list[dict[Any, Any]]:
        """Symbol -> number, for small members on which a derivation to an order is checked.

        All types of ``nodes`` distinct nodes exist on them; they differ in size.

        Raises
        ------
        DomainError
            If n is a number too large to write the graph out.
        """
        small = int(self.small(nodes).n)
        if self.symbols:
            return [self.images(small), self.images(small + 1)]
        if self.n > max(small + 1, 5):
            raise DomainError(
                f"a derivation is checked on small graphs, and {self!r} is a fixed one; derive "
                "with a symbol for the number of nodes, it holds for every number"
            )
        return [{}]

    def affine_trial_law(self, channels: int, rng: Any, numbers: Any) -> Any:
        """The same for affine maps, where a cheaper law may do."""
        return self.trial_law(channels, rng, numbers)

    def trial_law(self, channels: int, rng: Any, numbers: Any) -> Any:
        """A random finite law on the explicit units with the symmetry of the family."""
        from .trial import symmetrised_law

        return symmetrised_law(self, channels, rng, numbers)

    def places(self, kind: Type) -> tuple[int, ...]:
        """Positions of distinct nodes of the explicit graph, one for each node of a type."""
        raise TypeError(f"{type(self).__name__} does not define places(kind)")

    def alpha(self, kind: Type, channels: int = 1) -> tuple[int, ...]:
        """A multi-index of the explicit units that has a type: what :meth:`type_of` undoes."""
        nodes = int(self.n)
        alpha = [0] * (nodes * channels)
        for place, (_, content) in zip(self.places(kind), kind, strict=True):
            alpha[place::nodes] = content
        return tuple(alpha)

    def permutations(self) -> list[tuple[int, ...]]:
        """The automorphisms that make nodes alike, on the nodes of the explicit graph."""
        raise TypeError(f"{type(self).__name__} does not define permutations()")

    # ------------------------------------------------------------------ rules

    def operator(self, name: str) -> Any:
        """A fixed linear map between the nodes.

        Parameters
        ----------
        name
            ``identity``; ``all`` (the sum over all nodes); ``sum``, ``mean``, ``symmetric``
            (neighbours, aggregated as by :class:`~cumulant_theory.layers.GraphConv`); ``gcn``.

        Raises
        ------
        DomainError
            If it does not exist, such as a mean over no neighbours.
        """
        raise TypeError(f"{type(self).__name__} does not define operator(name)")

    def conditions(self, name: str) -> tuple[str, ...]:
        """What an operator asks of a symbolic number of nodes, such as ``n >= 2``."""
        return ()

    def affine(
        self, terms: Sequence[tuple[sp.ImmutableMatrix, Any]], shift: Sequence[Any]
    ) -> Rule:
        """z = (sum_k Theta_k (x) S_k) x + shift, by pairs (Theta_k, S_k) of matrix and operator."""
        raise TypeError(f"{type(self).__name__} does not define affine(terms, shift)")

    def readout(self, kind: Any, weight: sp.ImmutableMatrix, shift: Sequence[Any]) -> Rule:
        """z = weight r + shift, r the ``sum``, the ``mean`` or the value of one node, per channel.

        Raises
        ------
        ShapeError
            If there is no such node.
        """
        raise TypeError(f"{type(self).__name__} does not define readout(kind, weight, shift)")

    def position(self, kind: Any) -> int:
        """Position of a node in the explicit graph.

        Raises
        ------
        ShapeError
            If there is no such node.
        """
        fits = isinstance(kind, int) and not isinstance(kind, bool) and kind >= 0
        if not fits or (self.n.is_Integer and kind >= self.n):
            raise ShapeError(
                f"Readout: kind {kind!r} is neither 'mean' nor 'sum' nor a node of {self!r}; a "
                "node is named by its position from 0"
            )
        return kind

    # ------------------------------------------------------------------ names

    def letters(self, label: int) -> str:
        """Letters for the nodes of a label, in the order of their use."""
        return "ijklmnpqrs"

    def word(self, kind: Type, channels: int = 1) -> str:
        """Index word of a type: ``iij``, with several channels ``i1i1j2``.

        Examples
        --------
        >>> from cumulant_theory.symbolic_width import star
        >>> star("n").word(((0, (2,)), (1, (1,))))
        'hhi'
        """
        shown = sorted(kind, key=lambda node: node[0])
        names: list[str] = []
        for label, group in groupby(shown, key=lambda node: node[0]):
            nodes = list(group)
            letters = self.letters(label)
            if len(nodes) > len(letters):
                return ",".join(
                    f"{''.join(letters[:1]) if label else ''}{'.'.join(map(str, content))}"
                    for label, content in shown
                )
            names += letters[: len(nodes)]
        return "".join(
            names[position] if channels == 1 else f"{names[position]}{channel + 1}"
            for position, channel in indices_of(tuple(shown))
        )

    def symbol(self, kind: Type, state: str = "x", channels: int = 1) -> sp.Symbol:
        """Symbol of the cumulant of a type, such as ``kappa__z1_iij``."""
        return sp.Symbol(f"kappa__{state}_{self.word(kind, channels)}")

    def key(self, kind: Type, channels: int = 1) -> Any:
        """Short name of a type in mappings: the index word."""
        return self.word(kind, channels)

    def read(self, given: Any, channels: int = 1) -> Type:
        """The type that a word, a :data:`Type` or a short form names.

        Raises
        ------
        ShapeError
            If it names none, or more distinct nodes than there are.
        """
        if isinstance(given, str):
            return self.checked(self._parsed(given, channels))
        nodes = tuple(given) if isinstance(given, (tuple, list)) else (given,)
        if not nodes or not all(_is_node(node, channels) for node in nodes):
            raise ShapeError(
                f"type {brief(given)} of {self!r} with {channels} channel(s): give an index word "
                f"such as {self.word(self.types(2, channels)[0], channels)!r}, or (label, content) "
                "pairs"
            )
        return self.checked(self.canonical(nodes))

    def _parsed(self, word: str, channels: int) -> Type:
        labels = {letter: label for label in self.labels for letter in self.letters(label)}
        contents: dict[str, list[int]] = {}
        tokens = _TOKEN.findall(word)
        fits = bool(tokens) and "".join(a + b for a, b in tokens) == word.replace(" ", "")
        for letter, digits in tokens:
            channel = int(digits or (1 if channels == 1 else 0))
            fits = fits and letter in labels and 1 <= channel <= channels
            if fits:
                contents.setdefault(letter, [0] * channels)[channel - 1] += 1
        if not fits:
            wanted = "a letter" if channels == 1 else f"a letter and a channel 1 to {channels}"
            raise ShapeError(
                f"type {word!r} of {self!r}: an index word has {wanted} per index, one letter per "
                f"distinct node ({', '.join(self.letters(la) for la in self.labels)})"
            )
        return self.canonical((labels[a], tuple(c)) for a, c in contents.items())

    @property
    def labels(self) -> tuple[int, ...]:
        """Labels that index words can name."""
        return (0,)

    @property
    def words(self) -> str:
        """The graph in a sentence."""
        return graph_words(repr(self))

    @property
    def hypothesis(self) -> str:
        """What is assumed of the joint law of the nodes, in words."""
        return f"the joint law of the nodes is invariant under the automorphisms of {self.words}"


def _is_node(node: Any, channels: int) -> bool:
    return (
        isinstance(node, tuple) and len(node) == 2 and isinstance(node[0], int)
        and isinstance(node[1], tuple) and len(node[1]) == channels
        and all(isinstance(a, int) and a >= 0 for a in node[1]) and any(node[1])
    )


__all__ = ["Family", "Node"]
