"""Cumulants of discretised densities."""

from typing import Any

from cumulant_theory.algebra import cumulants_from_moments
from cumulant_theory.arguments import explained
from cumulant_theory.errors import OrderError

from .grid import Grid, like, namespace

LARGEST = 12


@explained
def cumulants(p: Any, grid: Grid, order: int = 6) -> Any:
    """Cumulants kappa_1..kappa_order of the point masses p_j dx, divided by their sum.

    Parameters
    ----------
    p : array or tensor (..., points)
    grid : Grid
    order : int
        From 1 to 12.

    Returns
    -------
    array or tensor (..., order)

    Raises
    ------
    OrderError
        If the order is out of this range.
    ShapeError
        If the last axis does not fit the grid.

    Examples
    --------
    >>> cumulants([0.25, 0.5, 0.25], Grid(3, 1), 4).round(12).tolist()
    [0.0, 0.5, 0.0, -0.25]
    """
    if not isinstance(order, int) or isinstance(order, bool) or not 1 <= order <= LARGEST:
        raise OrderError(f"cumulants: order is {order!r}; give an integer from 1 to {LARGEST}")
    p = grid.checked(p)
    xp, x = namespace(p), like(grid.x, p)
    p = p / p.sum(-1)[..., None]
    mean = (p * x).sum(-1)
    # about the mean, so that large shifts cost no digits
    centred = x - mean[..., None]
    moments, power = [0 * mean], centred
    for _ in range(order - 1):
        power = power * centred
        moments.append((p * power).sum(-1))
    return xp.stack([mean, *cumulants_from_moments(moments)[1:]], -1)
