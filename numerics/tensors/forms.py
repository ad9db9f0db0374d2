"""Forms in which third and fourth cumulant tensors are held."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from functools import cached_property, lru_cache
from typing import Any

import numpy as np

Blocks = Mapping[tuple[int, ...], Any]


class Tensor(ABC):
    """A symmetric cumulant tensor over the units of one layer.

    Attributes
    ----------
    order : int
        3 or 4.
    """

    order: int

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
        raise NotImplementedError(type(self).__name__)


class DenseTensor(Tensor):
    """All entries of a symmetric tensor."""

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


class FactoredThird(Tensor):
    """kappa_ijk = sum_r P_ir P_jr S_kr + P_ir S_jr P_kr + S_ir P_jr P_kr."""

    order = 3

    def __init__(self, xp: Any, p: Any, s: Any) -> None:
        self.xp, self.p, self.s = xp, p, s

    @cached_property
    def _half(self) -> Any:
        return self.p * self.p

    @cached_property
    def _slice(self) -> Any:
        return 2 * ((self.p * self.s) @ self.p.T) + self._half @ self.s.T

    def block(self, q: tuple[int, ...]) -> Any:
        if q == (3,):
            return 3 * (self._half * self.s).sum(1)
        if q == (2, 1):
            return self._slice
        return self._slice.T if q == (1, 2) else self.dense()

    def affine(self, weight: Any) -> "FactoredThird":
        return FactoredThird(self.xp, weight @ self.p, weight @ self.s)

    def masked(self, keep: Any) -> "FactoredThird":
        return FactoredThird(self.xp, self.p * keep[:, None], self.s * keep[:, None])

    def dense(self) -> Any:
        xp = self.xp
        one = xp.einsum("ir,jr,kr->ijk", self.p, self.p, self.s)
        return one + xp.permute(one, (0, 2, 1)) + xp.permute(one, (2, 1, 0))

    def __repr__(self) -> str:
        return f"factored, rank {self.p.shape[1]}"


class PathThird(FactoredThird):
    """Third cumulant behind a pointwise map: scaled old factors, paths, and repeated units.

    P = [scale P_old, edges, 1] and S = [scale S_old, centres, corrections^T]; the diagonal
    factors are never multiplied out.

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

    def __init__(
        self, xp: Any, old: FactoredThird | None, scale: Any, edges: Any, centres: Any,
        corrections: Any,
    ) -> None:
        self.xp, self.old, self.scale = xp, old, scale
        self.edges, self.centres, self.corrections = edges, centres, corrections

    @cached_property
    def p(self) -> Any:  # type: ignore[override]
        """P."""
        parts = [self.edges, self.xp.eye(len(self.scale))]
        return self.xp.concat(
            ([] if self.old is None else [self.scale[:, None] * self.old.p]) + parts, 1
        )

    @cached_property
    def s(self) -> Any:  # type: ignore[override]
        """S."""
        parts = [self.xp.eye(len(self.scale)) * self.centres, self.corrections.T]
        return self.xp.concat(
            ([] if self.old is None else [self.scale[:, None] * self.old.s]) + parts, 1
        )

    def affine(self, weight: Any) -> FactoredThird:
        xp = self.xp
        p, s = [weight @ self.edges, weight], [weight * self.centres, weight @ self.corrections.T]
        if self.old is not None:
            scaled = weight * self.scale
            p.insert(0, scaled @ self.old.p)
            s.insert(0, scaled @ self.old.s)
        return FactoredThird(xp, xp.concat(p, 1), xp.concat(s, 1))

    def __repr__(self) -> str:
        rank = 2 * len(self.scale) + (0 if self.old is None else self.old.p.shape[1])
        return f"factored, rank {rank}"


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

