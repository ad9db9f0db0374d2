"""Forms in which third and fourth cumulant tensors are held."""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from functools import cached_property, lru_cache
from typing import Any, NamedTuple

import numpy as np

from cumulant_theory.latex.html import card, facts

Blocks = Mapping[tuple[int, ...], Any]


class Tensor(ABC):
    """A symmetric cumulant tensor over the units of one layer.

    Attributes
    ----------
    order : int
        3 or 4.
    """

    order: int

    def _repr_html_(self) -> str:
        return card(f"Joint cumulants of order {self.order}", facts([("held as", repr(self))]))

    @abstractmethod
    def block(self, q: tuple[int, ...]) -> Any | None:
        """Entries with these multiplicities: (2, 1) gives kappa_iij as array [i, j]."""

    @abstractmethod
    def affine(self, weight: Any) -> "Tensor":
        """The tensor of W y."""

    @abstractmethod
    def dense(self) -> Any:
        """All entries."""

    @abstractmethod
    def masked(self, keep: Any) -> "Tensor":
        """Entries of units with keep = 0 neglected; keep is an array of zeros and ones."""

    def pairs(self) -> "PairTensor":
        """What K = 3 uses of a fourth cumulant."""
        raise TypeError(f"{type(self).__name__} does not define pairs()")


class DenseTensor(Tensor):
    """All entries of a symmetric tensor."""

    xp: Any
    entries: Any
    order: int

    def __init__(self, xp: Any, entries: Any) -> None:
        self.xp, self.entries = xp, entries
        self.order = entries.ndim

    def block(self, q: tuple[int, ...]) -> Any:
        if max(q) == 1:
            return self.entries
        letters = "".join("ijkl"[a] * e for a, e in enumerate(q))
        return self.xp.einsum(f"{letters}->{'ijkl'[: len(q)]}", self.entries)

    def affine(self, weight: Any) -> "DenseTensor":
        return _MappedDense(self, weight)

    def dense(self) -> Any:
        return self.entries

    def masked(self, keep: Any) -> "DenseTensor":
        result = self.entries
        for k in range(self.order):
            result = result * keep.reshape((-1,) + (1,) * (self.order - 1 - k))
        return DenseTensor(self.xp, result)

    def pairs(self) -> "PairTensor":
        return PairTensor(self.xp, self.block((2, 2)))

    def __repr__(self) -> str:
        return f"dense {' x '.join(map(str, self.entries.shape))}"


class _MappedDense(DenseTensor):
    """A dense tensor behind a linear map, the diagonal without the rest where that is enough."""

    def __init__(self, source: DenseTensor, weight: Any) -> None:
        self.xp, self.source, self.weight = source.xp, source.entries, weight
        self.order = source.order

    @cached_property
    def _first(self) -> Any:
        return self.source @ self.weight.T

    @cached_property
    def entries(self) -> Any:  # type: ignore[override]
        """All entries."""
        n, axes = self.weight.shape[1], (self.order - 1, *range(self.order - 1))
        result = self.xp.permute(self._first, axes)  # the axes take turns in being the last
        for _ in range(self.order - 1):
            shape = result.shape
            result = (result.reshape(-1, n) @ self.weight.T).reshape(*shape[:-1], -1)
            result = self.xp.permute(result, axes)
        return result

    def block(self, q: tuple[int, ...]) -> Any:
        if len(q) > 1 or "entries" in self.__dict__:
            return super().block(q)
        result = self._first
        for _ in range(self.order - 1):
            middle = (1,) * (result.ndim - 2)
            result = (result * self.weight.T.reshape(-1, *middle, len(self.weight))).sum(0)
        return result


class PairTensor(Tensor):
    """A fourth cumulant of which only kappa_iijj and kappa_iiii are held, as a matrix.

    Under W the entries kappa_aabb collect W_ai^2 W_bj^2 kappa_iijj; on the diagonal the three
    pairings agree. What is dropped is of higher cost: the pairings W_ai W_bi W_aj W_bj of
    distinct units, and the entries of cost 3 and above.
    """

    xp: Any
    matrix: Any
    order = 4

    def __init__(self, xp: Any, matrix: Any) -> None:
        self.xp, self.matrix = xp, matrix

    def block(self, q: tuple[int, ...]) -> Any | None:
        if q == (2, 2):
            return self.matrix
        return self.xp.diagonal(self.matrix) if q == (4,) else None

    def affine(self, weight: Any) -> "PairTensor":
        return _MappedPairs(self, weight)

    def pairs(self) -> "PairTensor":
        return self

    def masked(self, keep: Any) -> "PairTensor":
        return PairTensor(self.xp, self.matrix * keep[:, None] * keep)

    def dense(self) -> Any:
        xp = self.xp
        off = xp.with_diagonal(self.matrix, 0.0)
        return assemble(xp, {(2, 2): off, (4,): xp.diagonal(self.matrix)}, len(off), 4)

    def __repr__(self) -> str:
        return "pairs iijj"


class _MappedPairs(PairTensor):
    """Pairs behind a linear map, the diagonal without the rest where that is enough."""

    def __init__(self, source: PairTensor, weight: Any) -> None:
        self.xp, self.source = source.xp, source
        self.square = weight**2

    @cached_property
    def _half(self) -> Any:
        return self.square @ self.source.matrix

    @cached_property
    def _single(self) -> Any:
        return self.square**2 @ self.xp.diagonal(self.source.matrix)

    @cached_property
    def matrix(self) -> Any:  # type: ignore[override]
        """kappa_aabb, and kappa_aaaa on the diagonal."""
        full = self._half @ self.square.T
        return self.xp.with_diagonal(full, 3 * self.xp.diagonal(full) - 2 * self._single)

    def block(self, q: tuple[int, ...]) -> Any | None:
        if q == (4,) and "matrix" not in self.__dict__:
            return 3 * (self._half * self.square).sum(1) - 2 * self._single
        return super().block(q)


class Part(NamedTuple):
    """sym(L L C) + sym(E E S) with S = L scaled by the centres, each array (n, R).

    sym(P P S)_ijk = sum_r P_ir P_jr S_kr + P_ir S_jr P_kr + S_ir P_jr P_kr. The second half is
    absent where E is None.
    """

    left: Any
    corrections: Any
    edges: Any = None
    centres: Any = None

    def mapped(self, weight: Any) -> "Part":
        """Behind a linear map."""
        edges = None if self.edges is None else weight @ self.edges
        return Part(weight @ self.left, weight @ self.corrections, edges, self.centres)

    def scaled(self, scale: Any) -> "Part":
        """Every index times a vector."""
        c = scale[:, None]
        edges = None if self.edges is None else c * self.edges
        return Part(c * self.left, c * self.corrections, edges, self.centres)

    def diagonal(self) -> Any:
        """kappa_iii."""
        inner = self.left * self.corrections
        if self.edges is not None:
            inner = inner + self.edges * self.edges * self.centres
        return 3 * (inner * self.left).sum(1)

    def slice(self) -> Any:
        """kappa_iik as array [i, k]."""
        left, edges = self.left, self.edges
        inner = 2 * left * self.corrections
        outer = (left * left) @ self.corrections.T
        if edges is not None:
            inner = inner + edges * edges * self.centres
            outer = outer + (2 * self.centres * left * edges) @ edges.T
        return outer + inner @ left.T


class FactoredThird(Tensor):
    """A sum of parts; on top of it nothing is held entry by entry."""

    xp: Any
    order = 3

    def __init__(self, xp: Any, parts: Sequence[Part]) -> None:
        self.xp, self._parts = xp, tuple(parts)

    @property
    def parts(self) -> tuple[Part, ...]:
        """The parts."""
        return self._parts

    @property
    def rank(self) -> int:
        """Number of terms P P S."""
        return sum(p.left.shape[1] * (1 if p.edges is None else 2) for p in self.parts)

    @cached_property
    def _diagonal(self) -> Any:
        return sum(part.diagonal() for part in self.parts)

    @cached_property
    def _slice(self) -> Any:
        return sum(part.slice() for part in self.parts)

    def block(self, q: tuple[int, ...]) -> Any:
        if q == (3,):
            return self._diagonal
        if q == (2, 1):
            return self._slice
        return self._slice.T if q == (1, 2) else self.dense()

    def affine(self, weight: Any) -> "FactoredThird":
        return FactoredThird(self.xp, [part.mapped(weight) for part in self.parts])

    def masked(self, keep: Any) -> "FactoredThird":
        return FactoredThird(self.xp, [part.scaled(keep) for part in self.parts])

    def dense(self) -> Any:
        xp, p, s = self.xp, [], []
        for part in self.parts:
            p.append(part.left)
            s.append(part.corrections)
            if part.edges is not None:
                p.append(part.edges)
                s.append(part.left * part.centres)
        p = xp.concat(p, 1)
        one = xp.einsum("ir,jr,kr->ijk", p, p, xp.concat(s, 1))
        return one + xp.permute(one, (0, 2, 1)) + xp.permute(one, (2, 1, 0))

    def __repr__(self) -> str:
        return f"factored, rank {self.rank}"


class PathThird(FactoredThird):
    """Third cumulant behind a pointwise map: scaled old parts, paths, and repeated units.

    The newest part has L = 1, which is never multiplied out.

    Parameters
    ----------
    old : FactoredThird or None
        The third cumulant at the input of the map.
    scale : array (n,)
        First Wick coefficients.
    edges : array (n, n)
        Edge from the outer unit i to the centre r.
    centres : array (n,)
        Second Wick coefficients.
    corrections : array (n, n)
        What [i, k] lacks for kappa_iik; a third of that on the diagonal.
    """

    xp: Any
    scale: Any
    old: tuple[Part, ...]
    edges: Any
    centres: Any
    corrections: Any

    def __init__(
        self, xp: Any, old: FactoredThird | None, scale: Any, edges: Any, centres: Any,
        corrections: Any,
    ) -> None:
        self.xp, self.scale = xp, scale
        self.old = () if old is None else old.parts
        self.edges, self.centres, self.corrections = edges, centres, corrections

    @cached_property
    def parts(self) -> tuple[Part, ...]:  # type: ignore[override]
        """The parts."""
        newest = Part(self.xp.eye(len(self.scale)), self.corrections.T, self.edges, self.centres)
        return (*(part.scaled(self.scale) for part in self.old), newest)

    def affine(self, weight: Any) -> FactoredThird:
        scaled = weight * self.scale
        newest = Part(weight, weight @ self.corrections.T, weight @ self.edges, self.centres)
        return FactoredThird(self.xp, [*(part.mapped(scaled) for part in self.old), newest])


def assemble(xp: Any, blocks: Blocks, n: int, order: int) -> Any:
    """The symmetric tensor with these entries, by multiplicities of distinct units.

    Entries of a block at repeated units must be zero.
    """
    flat = xp.zeros(n**order)
    for partition in _set_partitions(order):
        ordered = sorted(partition, key=lambda part: -len(part))
        q = tuple(len(part) for part in ordered)
        if blocks.get(q) is None:
            continue
        owner = {place: a for a, part in enumerate(ordered) for place in part}
        grid = np.indices((n,) * len(q), sparse=True)
        places = sum(grid[owner[k]] * n ** (order - 1 - k) for k in range(order))
        flat = xp.scatter(flat, np.asarray(places), blocks[q])
    return flat.reshape((n,) * order)


@lru_cache(maxsize=8)
def distinct(n: int, units: int) -> np.ndarray:
    """Where all indices differ, as zeros and ones."""
    grid = np.indices((n,) * units, sparse=True)
    mask = np.ones((n,) * units)
    for a in range(units):
        for b in range(a):
            mask = mask * (grid[a] != grid[b])
    return mask


@lru_cache(maxsize=8)
def _set_partitions(order: int) -> tuple[tuple[tuple[int, ...], ...], ...]:
    found: list[list[list[int]]] = [[]]
    for k in range(order):
        grown = []
        for partition in found:
            for a in range(len(partition)):
                grown.append([[*p, k] if b == a else p for b, p in enumerate(partition)])
            grown.append([*partition, [k]])
        found = grown
    return tuple(tuple(map(tuple, p)) for p in found)

