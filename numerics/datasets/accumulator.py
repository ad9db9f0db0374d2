"""Streaming accumulator of mean, covariance and third cumulants."""

from collections.abc import Sequence
from math import isfinite
from typing import Any

import numpy as np

from cumulant_theory.algebra import as_integer
from cumulant_theory.arguments import brief, check_flag
from cumulant_theory.errors import DomainError, OrderError, ShapeError

from ..tables import html_table
from .sums import as_points, centred_sums, kstatistics, merged_sums

ROWS_PER_ORDER = 16  # least rows of a batch for standard errors, as in KStatistics
UNITS_SHOWN = 20
_NAMES = ("mean", "variance", "third cumulant")


class InputCumulants:
    """Cumulant tensors of a stream of points, to order 3.

    Parameters
    ----------
    order : int
        Highest order, 1 to 3.
    unbiased : bool
        False: population cumulants, the exact cumulants of the law that draws a row of the data.
        True: k-statistics, unbiased for the law from which the rows were drawn independently;
        they need as many rows as the order.

    Raises
    ------
    OrderError
        If the order is not 1, 2 or 3.

    Notes
    -----
    Batches are centred at their own mean and merged by the exact formula for centred sums; the
    sums of order 3 are products of matrices. Standard errors come from the scatter of the
    k-statistics of the batches, as in `KStatistics`: rows must come in random order, and the
    errors are too large by a relative amount of order order^2 / rows per batch.

    Tensors of another library than NumPy stay on their device, in float64.

    References
    ----------
    P. Pebay, Sandia report SAND2008-6212 (2008).

    Examples
    --------
    >>> cumulants = InputCumulants(order=2).update([[0.0, 1.0], [2.0, 5.0]])
    >>> cumulants.mean, cumulants.cov
    (array([1., 3.]), array([[1., 2.],
           [2., 4.]]))
    """

    count: int

    def __init__(self, order: int = 3, unbiased: bool = False) -> None:
        number = as_integer(order)
        if number not in (1, 2, 3):
            raise OrderError(
                f"InputCumulants: order {brief(order)} is not 1, 2 or 3; single joint cumulants to "
                "order 4 are in KStatistics"
            )
        self.order: int = number
        check_flag(unbiased, "InputCumulants: unbiased")
        self.unbiased = unbiased
        self.count = 0
        self._sums: list[Any] = []  # mean, and centred sums of orders 2 and 3
        self._scatter: list[Any] | None = None
        self._batches = 0
        self._weight = 0

    @property
    def dim(self) -> int:
        """Number of units.

        Raises
        ------
        DomainError
            If there are no points yet.
        """
        self._need(1)
        return int(self._sums[0].shape[0])

    def update(self, points: Any) -> "InputCumulants":
        """Add points.

        Parameters
        ----------
        points : (N, ...) array or tensor
            Axes after the first are flattened.

        Returns
        -------
        InputCumulants
            Itself.

        Raises
        ------
        ShapeError
            Without a first axis of points, or with another number of units than before.
        DomainError
            If entries are no finite real numbers, or so large that their cumulants are not finite.
        """
        x = as_points(points)
        if self.count and x.shape[1] != self.dim:
            raise ShapeError(f"points have {x.shape[1]} units, those before had {self.dim}")
        with np.errstate(all="ignore"):
            sums = centred_sums(x, self.order)
        if not all(isfinite(float(end)) for s in sums for end in (s.max(), s.min())):
            raise DomainError(
                f"cumulants of order {self.order} of the points leave the finite float64 numbers; "
                "rescale the points"
            )
        self._merge(len(x), sums)
        if len(x) >= ROWS_PER_ORDER * self.order:
            self._spread(len(x), kstatistics(len(x), sums))
        return self

    def _merge(self, count: int, sums: list[Any]) -> None:
        self._sums = merged_sums(self.count, self._sums, count, sums) if self.count else sums
        self.count += count

    def _spread(self, count: int, values: list[Any]) -> None:
        """Weighted sums of the k-statistics of batches about those of the first batch."""
        if self._scatter is None:
            self._pivot = values
            self._scatter = [[v * 0, v * 0] for v in values]
        for (first, second), value, pivot in zip(self._scatter, values, self._pivot, strict=True):
            first += count * (value - pivot)
            second += count * (value - pivot) ** 2
        self._batches += 1
        self._weight += count

    def _need(self, rows: int) -> None:
        if self.count < rows:
            raise DomainError(
                f"{self.count} points are too few: {rows} are needed; call update with more"
            )

    def cumulant(self, r: int) -> Any:
        """Tensor of the cumulants of order r, shape (dim,) * r.

        Raises
        ------
        OrderError
            If the order was not accumulated.
        DomainError
            If there are too few points.
        """
        r = self._order(r)
        self._need(r if self.unbiased else 1)
        return self._values(self._sums[:r])[-1]

    def _order(self, r: int) -> int:
        number = as_integer(r, 1)
        if number is None or number > self.order:
            raise OrderError(f"order {brief(r)} was not accumulated; orders are 1 to {self.order}")
        return number

    def _values(self, sums: list[Any]) -> list[Any]:
        """Cumulants of all orders there are points for, of the entries whose sums are given."""
        if self.unbiased:
            return kstatistics(self.count, sums)
        return [sums[0], *(s / self.count for s in sums[1:])]

    @property
    def mean(self) -> Any:
        """Mean, (dim,)."""
        return self.cumulant(1)

    @property
    def cov(self) -> Any:
        """Covariance, (dim, dim); None if the order is 1."""
        return self.cumulant(2) if self.order >= 2 else None

    @property
    def kappa3(self) -> Any:
        """Third cumulants, (dim, dim, dim); None if the order is below 3."""
        return self.cumulant(3) if self.order >= 3 else None

    def standard_error(self, r: int) -> Any:
        """Standard errors of the k-statistics of order r, shape (dim,) * r.

        Raises
        ------
        DomainError
            With fewer than two batches of at least 16 * order points.
        OrderError
            If the order was not accumulated.
        """
        r = self._order(r)
        if self._scatter is None or self._batches < 2:
            raise DomainError(
                f"{self._batches} batches of at least {ROWS_PER_ORDER * self.order} points, but "
                "a standard error needs two; add points in larger batches"
            )
        return self._error(*self._scatter[r - 1])

    def _error(self, first: Any, second: Any) -> Any:
        squares = second - first**2 / self._weight
        return (squares.clip(0) / ((self._batches - 1) * self._weight)) ** 0.5

    def merge(self, other: "InputCumulants") -> "InputCumulants":
        """Add all points of another accumulator; standard errors count its batches too.

        Raises
        ------
        ShapeError
            If units or orders differ.
        """
        if not isinstance(other, InputCumulants) or other.order != self.order:
            raise ShapeError(f"cannot merge {other!r} into {self!r}; the orders must be equal")
        if not other.count:
            return self
        if self.count and other.dim != self.dim:
            raise ShapeError(f"cannot merge {other!r} into {self!r}; the units must be equal")
        self._merge(other.count, other._sums)
        if other._scatter is not None:
            if self._scatter is None:
                self._pivot = other._pivot
                self._scatter = [[v * 0, v * 0] for v in other._pivot]
            pairs = zip(self._scatter, other._scatter, other._pivot, self._pivot, strict=True)
            for (first, second), (theirs, squares), pivot, own in pairs:
                gap = pivot - own
                second += squares + 2 * gap * theirs + other._weight * gap**2
                first += theirs + other._weight * gap
            self._batches += other._batches
            self._weight += other._weight
        return self

    def to_order(self, order: int) -> dict[str, Any]:
        """Arguments ``mean``, ``cov``, ``kappa3`` with the cumulants above ``order`` left out.

        Left out, a covariance is zero and third cumulants are None.

        Raises
        ------
        OrderError
            If the order was not accumulated.
        """
        order = self._order(order)
        mean = self.cumulant(1)
        zero = mean[:, None] * mean[None, :] * 0
        return {
            "mean": mean,
            "cov": self.cumulant(2) if order > 1 else zero,
            "kappa3": self.cumulant(3) if order > 2 else None,
        }

    def __repr__(self) -> str:
        size = f", dim={self.dim}" if self.count else ""
        return f"InputCumulants(order={self.order}, count={self.count}{size})"

    def _repr_html_(self) -> str:
        title = f"{'unbiased ' if self.unbiased else ''}cumulants of {self.count} points"
        if not self.count:
            return html_table(title, [["unit"]], "no points yet; call update")
        shown = list(range(min(self.dim, UNITS_SHOWN)))

        def single(tensors: Sequence[Any]) -> list[Any]:
            """Their entries of one unit alone, without a copy of the rest."""
            return [t[(shown,) * t.ndim] for t in tensors]

        columns: list[tuple[str, Any]] = []
        for r, value in enumerate(self._values(single(self._sums)), 1):
            columns.append((_NAMES[r - 1], value))
            if self._scatter is not None and self._batches > 1:
                columns.append(("std. error", self._error(*single(self._scatter[r - 1]))))
        rows = [[str(k), *(f"{float(c[k]):.6g}" for _, c in columns)] for k in shown]
        more = self.dim - len(shown)
        note = f"... and {more} more units; mean, cov and kappa3 have all" if more else ""
        head = ["unit", *(name for name, _ in columns)]
        return html_table(f"{title} of {self.dim} units", [head, *rows], note)
