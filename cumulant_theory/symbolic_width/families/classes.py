"""Families where nodes of one class are exchangeable: complete multipartite and complete graphs."""

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, ClassVar

import sympy as sp

from ...algebra import check_types, multi_indices, partition_count, vector_partitions
from ...arguments import explained
from ...errors import DomainError, ShapeError, UnknownNameError
from ...latex.html import Record
from ...layers.graphs import Graph
from ...oracle import FiniteLaw
from ..rules import ClassAffineRule, Rule
from ..types import Content, Node, Type, sorted_type
from .base import Family
from .trial import mixture_law

Matrix = sp.ImmutableMatrix


@dataclass(frozen=True)
class ClassOperator(Record):
    """S = sum_k diagonal_k I_k + sum_kl common_kl 1_k 1_l^T, classes k and l of nodes."""

    diagonal: tuple[Any, ...]
    common: tuple[tuple[Any, ...], ...]


class ClassFamily(Family):
    """Classes of exchangeable nodes, two classes joined completely or not at all.

    Attributes
    ----------
    sizes
        Number of nodes per class.
    joined
        Whether nodes of two classes are neighbours; on the diagonal, the nodes of one class.
    """

    sizes: tuple[Any, ...] = ()
    joined: ClassVar[tuple[tuple[int, ...], ...]] = ()

    @property
    def labels(self) -> tuple[int, ...]:
        """One label per class."""
        return tuple(range(len(self.sizes)))

    # ------------------------------------------------------------------ which nodes are alike

    canonical: "ClassVar[staticmethod[[Any], Type]]" = staticmethod(sorted_type)
    gathered: "ClassVar[staticmethod[[Any], tuple[Node, ...]]]" = staticmethod(sorted_type)

    @explained
    def types(self, order: int, channels: int = 1) -> list[Type]:
        """Types of one order, those of few distinct nodes first; impossible ones left out."""
        unbounded = sum(1 for s in self.sizes if not s.is_Integer)
        check_types(partition_count(order, unbounded, channels), repr(self), order, channels)
        bounds = tuple(int(s) if s.is_Integer else order for s in self.sizes)
        return list(_types(order, channels, bounds))

    def checked(self, kind: Type) -> Type:
        """The canonical type.

        Raises
        ------
        ShapeError
            If it needs more distinct nodes than a class has.
        """
        for label, size in enumerate(self.sizes):
            count = sum(1 for k, _ in kind if k == label)
            if size.is_Integer and count > size:
                what = "" if len(self.sizes) == 1 else f" {self.letters(label)[0]}"
                raise ShapeError(
                    f"type {self.word(kind, len(kind[0][1]))} of {self!r} needs {count} distinct "
                    f"units{what}, but there are {size}"
                )
        if any(not 0 <= k < len(self.sizes) for k, _ in kind):
            raise ShapeError(f"type {kind}: {self!r} has labels 0 to {len(self.sizes) - 1}")
        return self.canonical(kind)

    def node(self, position: int) -> int:
        """Label of a node of the explicit graph, classes one after the other."""
        for label, size in enumerate(self.sizes):
            if not size.is_Integer or position < size:
                return label
            position -= int(size)
        raise ShapeError(f"{self!r} has no node {position}")

    def places(self, kind: Type) -> tuple[int, ...]:
        """The first nodes of each class."""
        starts = [sum(map(int, self.sizes[:label])) for label in self.labels]
        found = []
        for label, _ in kind:
            found.append(starts[label])
            starts[label] += 1
        return tuple(found)

    # ------------------------------------------------------------------ graphs

    def _graph(self) -> Graph:
        """Nodes class by class, joined where the classes are."""
        n = int(self.n)
        nodes = range(n)
        edges = [
            (u, v) for u, v in itertools.combinations(nodes, 2)
            if self.joined[self.node(u)][self.node(v)]
        ]
        return Graph((n, edges), label=repr(self))

    def permutations(self) -> list[tuple[int, ...]]:
        """All permutations within the classes."""
        groups, start = [], 0
        for size in map(int, self.sizes):
            groups.append(list(itertools.permutations(range(start, start + size))))
            start += size
        return [tuple(itertools.chain(*parts)) for parts in itertools.product(*groups)]

    def trial_law(self, channels: int, rng: Any, numbers: Any) -> FiniteLaw:
        """A mixture of two laws of independent nodes, alike within the classes."""
        return mixture_law(tuple(map(int, self.sizes)), channels, rng, numbers)

    # ------------------------------------------------------------------ rules

    def operator(self, name: str) -> ClassOperator:
        """See :meth:`Family.operator`."""
        size = len(self.sizes)
        none = ((sp.S.Zero,) * size,) * size
        if name == "identity":
            return ClassOperator((sp.S.One,) * size, none)
        if name == "all":
            return ClassOperator((sp.S.Zero,) * size, ((sp.S.One,) * size,) * size)
        if name == "sum":
            return self._neighbours(0, lambda a, b: sp.S.One)
        if name == "gcn":
            roots = [sp.sqrt(d + 1) for d in self._degrees]
            return self._neighbours(1, lambda a, b: 1 / (roots[a] * roots[b]))
        if name not in ("mean", "symmetric"):
            known = ("identity", "all", "sum", "mean", "symmetric", "gcn")
            raise UnknownNameError.of("operator", name, known)
        if 0 in self._degrees:
            lonely = self.letters(self._degrees.index(0))[0]
            raise DomainError(
                f"{self!r}: node {lonely} has no neighbours to average; use more nodes, or the "
                "aggregation 'sum'"
            )
        if name == "mean":
            return self._neighbours(0, lambda a, b: 1 / self._degrees[a])
        roots = [sp.sqrt(d) for d in self._degrees]
        return self._neighbours(0, lambda a, b: 1 / (roots[a] * roots[b]))

    @property
    def _degrees(self) -> list[Any]:
        """Neighbours of a node of each class."""
        return [
            sp.Add(*(n * a for n, a in zip(self.sizes, row, strict=True))) - row[k]
            for k, row in enumerate(self.joined)
        ]

    def _neighbours(self, loop: int, scale: Any) -> ClassOperator:
        """(A + loop I) with the entries between classes k and l scaled."""
        classes = self.labels
        return ClassOperator(
            tuple((loop - self.joined[k][k]) * scale(k, k) for k in classes),
            tuple(tuple(self.joined[a][b] * scale(a, b) for b in classes) for a in classes),
        )

    def conditions(self, name: str) -> tuple[str, ...]:
        """What an operator asks of a symbolic number of nodes."""
        averages = name in ("mean", "symmetric")
        least = [d for d in self._degrees if averages and d.subs(self._ones) == 0]
        return (f"{self.n} >= 2",) if least else ()

    @property
    def _ones(self) -> dict[Any, int]:
        return dict.fromkeys(self.symbols, 1)

    def affine(
        self, terms: Sequence[tuple[Matrix, ClassOperator]], shift: Sequence[Any]
    ) -> Rule:
        """See :meth:`Family.affine`."""
        classes = self.labels
        zero: Any = sp.zeros(*terms[0][0].shape)
        return ClassAffineRule(
            diagonal=tuple(
                Matrix(sum((t * s.diagonal[k] for t, s in terms), zero)) for k in classes
            ),
            common=tuple(
                tuple(Matrix(sum((t * s.common[a][b] for t, s in terms), zero)) for b in classes)
                for a in classes
            ),
            shift=(tuple(shift),) * len(classes), anchors=classes, letters=self._suffixes,
        )

    def readout(self, kind: Any, weight: Matrix, shift: Sequence[Any]) -> Rule:
        """See :meth:`Family.readout`."""
        from .complete import complete

        zero = Matrix(sp.zeros(*weight.shape))
        own, common, anchor = zero, zero, 0
        if kind in ("sum", "mean"):
            common = weight if kind == "sum" else Matrix(weight / self.n)
        else:
            own, anchor = weight, self.label(kind)
        return ClassAffineRule(
            diagonal=(own,), common=((common,) * len(self.sizes),), shift=(tuple(shift),),
            anchors=(anchor,), letters=self._suffixes, target=complete(1),
        )

    @property
    def _suffixes(self) -> tuple[str, ...]:
        if len(self.sizes) == 1:
            return ("",)
        return tuple(self.letters(label)[0] for label in self.labels)

    def label(self, kind: Any) -> int:
        """Class of a node named by its position or in words."""
        return self.node(self.position(kind))

    def subs(self, images: Mapping[Any, Any]) -> Family:
        """The family with symbols of its size replaced."""
        raise TypeError(f"{type(self).__name__} does not define subs(images)")


@lru_cache(maxsize=512)
def _types(order: int, channels: int, bounds: tuple[int, ...]) -> tuple[Type, ...]:
    found = []
    for alpha in multi_indices(len(bounds) * channels, order):
        parts = [
            [p for p in vector_partitions(alpha[k * channels : (k + 1) * channels])
             if len(p) <= bound]
            for k, bound in enumerate(bounds)
        ]
        for choice in itertools.product(*parts):
            found.append(sorted_type(
                (k, part) for k, partition in enumerate(choice) for part in partition
            ))
    return tuple(sorted(found, key=_rank))


def _rank(kind: Type) -> tuple[int, list[tuple[int, Content]]]:
    """Few nodes first, then low classes and large contents first."""
    nodes: list[Node] = sorted(kind, key=lambda node: node[0])
    return len(kind), [(k, tuple(-a for a in content)) for k, content in nodes]


__all__ = ["ClassFamily", "ClassOperator"]
