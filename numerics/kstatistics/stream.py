"""A stream of samples cut in batches by position, as centred power sums."""

import numpy as np
from numpy.typing import NDArray

from cumulant_theory.errors import DomainError
from numerics.kstatistics.batches import unite_small
from numerics.kstatistics.sums import (
    Layout,
    Sums,
    block_sums,
    collapse_pairs,
    concatenate,
    merge_sums,
)

MAX_BATCHES = 400
_MEMORY = 1 << 25


class Stream:
    """Power sums of the batches of a stream, whatever the chunks were.

    Parameters
    ----------
    tables : Layout
        Which sums are kept.
    batch_size : int, optional
        Samples per batch; by default 16 * order, doubled whenever there are 400 batches.

    Attributes
    ----------
    batch : int
        Samples per batch now.
    pivot : (S, d) array
        The first sample of every network, which all means are relative to; None before it.
    ensemble : bool
        Whether samples came with an ensemble axis.
    """

    pivot: NDArray[np.float64] | None

    def __init__(self, tables: Layout, batch_size: int | None = None) -> None:
        self.tables = tables
        self.batch: int = int(batch_size or 16 * tables.order)
        self.pivot = None
        self.ensemble: bool = False
        self._adaptive = batch_size is None
        self._closed: list[Sums] = []
        self._closed_batches = 0
        self._open: Sums | None = None

    @property
    def count(self) -> int:
        """Number of samples (per network)."""
        return int(sum(part.counts.sum() for part in self._parts()))

    @property
    def networks(self) -> int | None:
        """Size S of the ensemble axis; None when there is none."""
        return self.pivot.shape[0] if self.ensemble and self.pivot is not None else None

    def blocks(self) -> Sums:
        """All batches, the open one last."""
        return concatenate(self._parts())

    def grouped(self) -> Sums:
        """Batches, those with less than half the largest count united with neighbours."""
        blocks = self.blocks()
        if self._adaptive and len(blocks.counts) < 2 * MAX_BATCHES and self._open is None:
            self._closed = [blocks]
        return unite_small(blocks, self.tables.order, self.tables)

    def placed(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """K-statistics (..., S, A) with their means no longer relative to the pivot, in place."""
        if self.pivot is not None:
            values[..., : self.tables.dim] += self.pivot
        return values

    def update(self, x: NDArray[np.float64], ensemble: bool) -> None:
        """Add samples of shape (S, N, d).

        Raises
        ------
        DomainError
            If power sums overflow; the stream is then as it was before the call.
        """
        pivot = x[:, 0].copy() if self.pivot is None else self.pivot
        state = (self._closed, self._closed_batches, self._open, self.batch)
        try:
            with np.errstate(over="ignore", invalid="ignore"):
                self._closed = list(self._closed)
                self._absorb(x, pivot)
                self._check_overflow()
        except BaseException:
            self._closed, self._closed_batches, self._open, self.batch = state
            raise
        self.pivot, self.ensemble = pivot, ensemble

    def append(self, other: "Stream") -> None:
        """Add the batches of another stream that has samples; open ones are closed as they are."""
        assert other.pivot is not None
        incoming = other.blocks()
        if self.pivot is None:
            self.pivot, self.ensemble = other.pivot.copy(), other.ensemble
        if self._open is not None:
            self._close(self._open)
            self._open = None
        self._close(incoming._replace(means=incoming.means + (other.pivot - self.pivot)))
        self.batch = max(self.batch, other.batch) if self._adaptive else self.batch

    def _parts(self) -> list[Sums]:
        return self._closed + ([self._open] if self._open is not None else [])

    def _absorb(self, x: NDArray[np.float64], pivot: NDArray[np.float64]) -> None:
        total, at = x.shape[1], 0
        room = _MEMORY // (len(self.tables.alphas) * len(x))
        most = min(MAX_BATCHES, max(64, room // 2 * 2))
        while at < total:
            self._collapse(most)
            filled = int(self._open.counts[0]) if self._open is not None else 0
            if filled or total - at < self.batch:
                rows = min(self.batch - filled, total - at)
                piece = block_sums(x[:, None, at : at + rows], pivot, self.tables)
                whole = merge_sums([self._open, piece], self.tables) if self._open else piece
                self._open = None if filled + rows >= self.batch else whole
                if self._open is None:
                    self._close(whole)
            else:
                fit = (total - at) // self.batch
                if self._adaptive:
                    fit = min(fit, most - self._closed_batches)
                rows = fit * self.batch
                blocks = x[:, at : at + rows].reshape(len(x), fit, self.batch, self.tables.dim)
                self._close(block_sums(blocks, pivot, self.tables))
            at += rows
        self._collapse(most)

    def _close(self, blocks: Sums) -> None:
        self._closed.append(blocks)
        self._closed_batches += len(blocks.counts)

    def _collapse(self, most: int) -> None:
        while self._adaptive and self._closed_batches >= most and self._open is None:
            self._closed = [collapse_pairs(concatenate(self._closed), self.tables)]
            self._closed_batches = len(self._closed[0].counts)
            self.batch *= 2

    def _check_overflow(self) -> None:
        fresh = self._closed[-1:] + ([self._open] if self._open is not None else [])
        if not all(np.isfinite(p.centred).all() and np.isfinite(p.means).all() for p in fresh):
            raise DomainError(
                f"power sums of order {self.tables.order} overflow float64; rescale the data"
            )
