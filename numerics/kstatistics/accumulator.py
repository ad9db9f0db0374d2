"""Streaming accumulator of k-statistics with standard errors."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from cumulant_theory.algebra import as_integer, check_indices
from cumulant_theory.arguments import brief, explained
from cumulant_theory.errors import DomainError, OrderError, ShapeError
from cumulant_theory.latex.html import card, facts, table, with_error
from numerics.kstatistics.batches import heavy_threshold, scatter
from numerics.kstatistics.checks import checked_chunk, position_of
from numerics.kstatistics.formulas import check_order
from numerics.kstatistics.stream import Stream
from numerics.kstatistics.sums import Sums, kstatistics_of, layout, total_sums
from numerics.tables import spread

Value = Any  # float, or array (S,) when an ensemble is measured

_SHOWN = 20  # cumulants on display


class KStatistics:
    """Unbiased joint k-statistics of a stream of samples, with standard errors.

    Parameters
    ----------
    dim : int
        Number of units d, at least 1.
    order : int
        Highest order, 1 to 8. Joint cumulants go to min(order, 4), univariate ones to `order`.
    batch_size : int, optional
        Samples per batch for the standard errors, at least `order`. By default batches start at
        16 * order samples and double whenever there are 400, so that a long stream always has
        200 to 400 of them and a stream of any length takes bounded memory.

    Raises
    ------
    ShapeError
        `dim` below 1.
    OrderError
        `order` outside 1..8.
    DomainError
        `batch_size` below `order`.

    Shapes
    ------
    `update` takes (N,) or (N, d); or (S, N, d) for S independent networks at once, and then every
    result has shape (S,) instead of being a float.

    Notes
    -----
    *Accuracy.* Samples are shifted by the first one, centred in blocks, and blocks are merged by
    the exact formula for centred sums, so a mean of 1e6 standard deviations costs no digits.

    *Standard errors.* The stream is cut in batches by position, whatever the chunks were. Every
    batch has its own unbiased k-statistic k_b; with n_b samples per batch, B batches and n
    samples, SE^2 = sum_b n_b (k_b - kbar)^2 / ((B - 1) n), which is std(k_b)/sqrt(B) for equal
    batches. Batches with less than half the samples of the largest one (a last partial batch)
    are united with a neighbour. The value reported is the k-statistic of all n samples. It is a
    U-statistic, and n Var(U_n) never increases with n (Hoeffding), so SE^2 is not too
    small on average; SE is too large by a relative amount of order order^2 / batch size. (With
    heavy tails a typical SE is still small, a rare one huge: see `heavy`.)
    Delete-one jackknife or influence-function errors do not have that excess, but they collapse
    where the influence function vanishes (the variance of a Rademacher variable), and then
    report many sigma where there is nothing; the batch error stays safe there.

    References
    ----------
    A. Stuart, J. K. Ord, Kendall's Advanced Theory of Statistics 1, chs 12 and 13;
    W. Hoeffding, Ann. Math. Stat. 19 (1948) 293, theorem 5.2;
    P. Pebay, Sandia report SAND2008-6212 (2008).

    Examples
    --------
    >>> k = KStatistics(2, order=2, batch_size=2)
    >>> k.update([[0.0, 1.0], [2.0, 3.0]]).update([[1.0, 5.0], [5.0, 7.0]]).count
    4
    >>> k[2, 0], k[1, 1], k.joint(1)
    (4.666..., 4.666..., 4.0)
    >>> k.standard_error((1, 0))
    1.0
    """

    @explained
    def __init__(self, dim: int, order: int = 4, batch_size: int | None = None):
        if isinstance(dim, bool) or not hasattr(dim, "__index__") or dim < 1:
            raise ShapeError(f"dim = {dim!r} is not a number of units; give an integer from 1 up")
        self.dim: int = int(dim)
        self.order: int = check_order(order, 1)
        check_indices([self.dim], self.order, "KStatistics")
        if batch_size is not None and batch_size < self.order:
            raise DomainError(
                f"batch_size = {batch_size} is too small for k-statistics of order {self.order}; "
                f"give at least {self.order}"
            )
        self._tables = layout(self.dim, self.order)
        self._stream = Stream(self._tables, batch_size)
        self._cache: dict[str, NDArray[np.float64]] = {}

    def __repr__(self) -> str:
        size = f", networks={self.networks}" if self.networks is not None else ""
        return f"KStatistics(dim={self.dim}, order={self.order}, count={self.count}{size})"

    def _repr_html_(self) -> str:
        rows = [("units", self.dim), ("order", self.order), ("samples", self.count),
                ("networks", self.networks)]  # fmt: skip
        cells = []
        for alpha in self.alphas[:_SHOWN] if self.count > self.order else ():
            value = self.cumulant(alpha)
            error = self.standard_error(alpha) if self.batches > 1 else None
            single = np.ndim(value) == 0 and error is not None
            cells.append((
                "(" + ", ".join(map(str, alpha)) + ")", sum(alpha),
                with_error(float(value), float(error)) if single else spread(value),  # type: ignore[arg-type]
            ))  # fmt: skip
        left = len(self.alphas) - len(cells)
        parts = [table(("alpha", "order", "k-statistic"), cells)] if cells else []
        note = f"… {left} more; see .alphas" if cells and left else ""
        return card("k-statistics", facts(rows), *parts, note=note)

    @property
    def count(self) -> int:
        """Number of samples (per network)."""
        return self._stream.count

    @property
    def networks(self) -> int | None:
        """Size S of the ensemble axis; None when there is none."""
        return self._stream.networks

    @property
    def alphas(self) -> tuple[tuple[int, ...], ...]:
        """All multi-indices, by degree."""
        return self._tables.alphas

    @property
    def batches(self) -> int:
        """Number of batches the standard errors come from."""
        return len(self._grouped().counts)

    @explained
    def update(self, chunk: ArrayLike) -> "KStatistics":
        """Add samples.

        Parameters
        ----------
        chunk : array
            (N,) for one unit, (N, d), or (S, N, d) for an ensemble; converted to float64.

        Returns
        -------
        KStatistics
            Itself.

        Raises
        ------
        ShapeError
            Another number of units or networks than before.
        DomainError
            No samples, NaN or infinite entries, not real numbers, or power sums that overflow.
            The accumulator is then as it was before the call.
        """
        x, ensemble = checked_chunk(chunk, self.dim)
        pivot = self._stream.pivot
        if pivot is not None and (ensemble, len(x)) != (self._stream.ensemble, len(pivot)):
            was = f"{len(pivot)} networks" if self._stream.ensemble else "no ensemble axis"
            raise ShapeError(
                f"chunk of shape {np.shape(chunk)} does not continue a stream with {was}; "
                "keep one accumulator per ensemble"
            )
        self._stream.update(x, ensemble)
        self._cache.clear()
        return self

    def merge(self, other: "KStatistics") -> "KStatistics":
        """Add all samples of another accumulator.

        Batches are concatenated and open ones are closed as they are; merging is associative
        and the order of merging changes results by rounding only.

        Parameters
        ----------
        other : KStatistics
            Of the same dim, order and ensemble; left unchanged.

        Returns
        -------
        KStatistics
            Itself.

        Raises
        ------
        ShapeError
            Different dim, order or ensemble.

        Examples
        --------
        >>> a, b = KStatistics(1, order=2).update([1.0, 2.0]), KStatistics(1, order=2).update([6.0])
        >>> a.merge(b)[1], a[2]
        (3.0, 7.0)
        """
        if not isinstance(other, KStatistics):
            raise ShapeError(f"cannot merge a {type(other).__name__}; give a KStatistics")
        if (self.dim, self.order) != (other.dim, other.order):
            raise ShapeError(f"cannot merge {other!r} into {self!r}; dim and order must be equal")
        mine, theirs = self._stream.pivot, other._stream.pivot
        if theirs is None:
            return self
        if mine is not None and (
            self.networks != other.networks or mine.shape != theirs.shape
        ):
            raise ShapeError(f"cannot merge {other!r} into {self!r}; the ensembles differ")
        self._stream.append(other._stream)
        self._cache.clear()
        return self

    def _grouped(self) -> Sums:
        self._need(1)
        return self._stream.grouped()

    def _need(self, degree: int) -> None:
        count = self.count
        if count == 0:
            raise DomainError("the accumulator has no samples; call update first")
        if count < degree:
            raise OrderError(
                f"the k-statistic of order {degree} does not exist for {count} samples; "
                f"add samples until there are {degree}"
            )

    def _values(self) -> NDArray[np.float64]:
        if "values" not in self._cache:
            self._need(1)
            total = total_sums(self._stream.blocks(), self._tables)
            self._cache["values"] = self._stream.placed(kstatistics_of(total, self._tables)[0])
        return self._cache["values"]

    def _spread(self) -> None:
        """Standard error, skewness and largest share of every alpha, from the batches."""
        blocks = self._grouped()
        if len(blocks.counts) < 2:
            raise DomainError(
                f"{self.count} samples make {len(blocks.counts)} batch of {self._stream.batch}, "
                "but a standard error needs two; add samples or give a smaller batch_size"
            )
        values = kstatistics_of(blocks, self._tables)
        self._cache |= scatter(blocks.counts, values) | {"batch_values": values}

    def _pick(self, array: NDArray[np.float64], k: int) -> Value:
        return array[:, k].copy() if self._stream.ensemble else float(array[0, k])

    def cumulant(self, alpha: int | Sequence[int]) -> Value:
        """Unbiased estimate of kappa_alpha from all samples.

        Parameters
        ----------
        alpha : tuple of int, or int when dim is 1
            Multi-index, one exponent per unit.

        Returns
        -------
        float, or array (S,) for an ensemble

        Raises
        ------
        OrderError
            More than the order of the accumulator, or fewer samples than the order.
        ShapeError
            Not one exponent per unit.
        DomainError
            No samples.

        Examples
        --------
        >>> KStatistics(1, order=3).update([0.0, 1.0, 5.0]).cumulant(3)
        27.0
        """
        k = position_of(alpha, self._tables)
        self._need(sum(self.alphas[k]))
        return self._pick(self._values(), k)

    def __getitem__(self, alpha: int | Sequence[int]) -> Value:
        return self.cumulant(alpha)

    def joint(self, *indices: int) -> Value:
        """Joint k-statistic by unit indices: joint(0, 0, 1) is kappa_{001}.

        Raises
        ------
        ShapeError
            An index outside 0..dim-1.
        OrderError
            As for `cumulant`.

        Examples
        --------
        >>> KStatistics(2).update([[0, 0], [2, 4]]).joint(0, 1)
        4.0
        """
        units = [as_integer(i) for i in indices]
        if not units or any(i is None or i >= self.dim for i in units):
            raise ShapeError(
                f"unit indices {brief(indices)} must be integers from 0 to {self.dim - 1}"
            )
        return self.cumulant(tuple(units.count(i) for i in range(self.dim)))

    def _batch_quantity(self, name: str, alpha: int | Sequence[int]) -> Value:
        k = position_of(alpha, self._tables)
        self._need(sum(self.alphas[k]))
        if name not in self._cache:
            self._spread()
        return self._pick(self._cache[name], k)

    def standard_error(self, alpha: int | Sequence[int]) -> Value:
        """Standard error of `cumulant(alpha)` from the scatter of the batches.

        Raises
        ------
        DomainError
            Fewer than two batches.
        OrderError, ShapeError
            As for `cumulant`.

        Examples
        --------
        >>> KStatistics(1, order=1, batch_size=1).update([0.0, 2.0]).standard_error(1)
        1.0
        """
        return self._batch_quantity("errors", alpha)

    def skewness(self, alpha: int | Sequence[int]) -> Value:
        """Skewness of the batch values of `cumulant(alpha)`; raises as `standard_error`."""
        return self._batch_quantity("skewness", alpha)

    def largest_share(self, alpha: int | Sequence[int]) -> Value:
        """Largest single batch's share of the sum of squared deviations.

        Lindeberg's condition asks that it go to zero; a share near 1 says that one batch makes
        the standard error, and that the normal approximation is not to be trusted. Raises as
        `standard_error`.
        """
        return self._batch_quantity("share", alpha)

    def heavy(self, alpha: int | Sequence[int]) -> Value:
        """True where `largest_share` is above `heavy_threshold`; raises as `standard_error`."""
        return self.largest_share(alpha) > heavy_threshold(self.batches)

    def batch_values(self) -> NDArray[np.float64]:
        """K-statistics of the batches, (B, A) or (B, S, A), columns as `alphas`.

        Raises
        ------
        DomainError
            Fewer than two batches.
        """
        if "batch_values" not in self._cache:
            self._spread()
        values = self._stream.placed(self._cache["batch_values"].copy())
        return values if self._stream.ensemble else values[:, 0]

    def as_dict(self) -> dict[tuple[int, ...], Value]:
        """All cumulants that the number of samples allows, keyed by multi-index.

        Raises
        ------
        DomainError
            No samples.

        Examples
        --------
        >>> KStatistics(1, order=2).update([1.0, 3.0]).as_dict()
        {(1,): 2.0, (2,): 2.0}
        """
        self._need(1)
        return {a: self.cumulant(a) for a in self.alphas if sum(a) <= self.count}
