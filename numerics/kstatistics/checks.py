"""What is asked of the samples and multi-indices given to an accumulator."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from cumulant_theory.algebra import as_integer, check_multi_index
from cumulant_theory.errors import DomainError, OrderError, ShapeError
from numerics.backends.numpy import plain_array
from numerics.kstatistics.formulas import MAX_JOINT_ORDER, check_order
from numerics.kstatistics.sums import Layout


def checked_chunk(chunk: ArrayLike, dim: int) -> tuple[NDArray[np.float64], bool]:
    """Samples as float64 of shape (S, N, d), and whether they had an ensemble axis.

    Raises
    ------
    ShapeError
        Another shape than (N, d) or (S, N, d), or (N,) for one unit.
    DomainError
        No samples, NaN or infinite entries, or not real numbers.
    """
    given = plain_array(chunk, "chunk")
    if given.dtype.kind not in "fiub":
        raise DomainError(
            f"chunk has dtype {given.dtype}, not real numbers; convert it to float64"
        )
    x = given.astype(np.float64, copy=False)
    if x.ndim == 1 and dim == 1:
        x = x[:, None]
    if x.ndim not in (2, 3) or x.shape[-1] != dim:
        raise ShapeError(
            f"chunk has shape {given.shape}; with {dim} units give (N, {dim}) "
            f"or (networks, N, {dim})" + (" or (N,)" if dim == 1 else "")
        )
    if x.size == 0:
        raise DomainError(f"chunk of shape {given.shape} has no samples; give at least one")
    finite = np.isfinite(x)
    if not finite.all():
        bad = np.argwhere(~finite)
        axes = ("network", "sample", "unit")[3 - x.ndim :]
        where = ", ".join(f"{a} {k}" for a, k in zip(axes, bad[0], strict=True))
        raise DomainError(
            f"chunk has {len(bad)} NaN or infinite entries, the first at {where}; "
            "remove these samples or find what diverged"
        )
    ensemble = x.ndim == 3
    return (x if ensemble else x[None]), ensemble


def position_of(alpha: int | Sequence[int], tables: Layout) -> int:
    """Column of a multi-index.

    Raises
    ------
    ShapeError
        Not one non-negative exponent per unit.
    OrderError
        An order that does not exist or is not accumulated.
    """
    single = as_integer(alpha)
    key = check_multi_index(alpha if single is None else (single,), tables.dim, "KStatistics")
    if key not in tables.position:
        degree, units = sum(key), sum(a > 0 for a in key)
        check_order(degree, units)
        limit = tables.order if units == 1 else min(tables.order, MAX_JOINT_ORDER)
        raise OrderError(
            f"the k-statistic {alpha!r} has order {degree} but this accumulator goes to "
            f"{limit}; make one with order={degree}"
        )
    return tables.position[key]
