"""Vector fields of RG maps on planes of cumulants, with trajectories and fixed points."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from cumulant_theory.algebra import as_integer
from cumulant_theory.arguments import brief, explained
from cumulant_theory.closures import Closure
from cumulant_theory.errors import DomainError
from cumulant_theory.laws import Law
from cumulant_theory.layers import BlockSum
from cumulant_theory.rg import FixedPoint

from ._maps import FAR, CumulantMap
from .fixed import given_points, search_fixed_points
from .plane import Plane, possible

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_SEEDS = 9
_MOST_STEPS = 10**6


@explained
def flow_diagram(
    source: Any, plane: tuple[int, int] | str = (2, 4), order: int = 4, *,
    closure: Closure | None = None, at: Mapping[int, float] | None = None,
    window: tuple[tuple[float, float], tuple[float, float]] | None = None,
    starts: Sequence[Law | Mapping[int, float]] = (), steps: int = 12,
    fixed_points: Sequence[FixedPoint] | None = None, beside: bool = True, arrows: int = 15,
) -> "Figure":
    """Vector field, trajectories and fixed points of an RG map on a plane of cumulants.

    Parameters
    ----------
    source : Network, Layer or RGMap
        Without parameters that have no value; one network of an ensemble is ``ensemble[k]``.
    plane : pair of int, or "standardised"
        Orders of two cumulants, or skewness and excess kurtosis.
    order : int
        Number K of cumulants that are followed.
    closure : Closure, optional
        Default: as for `flow`.
    at : mapping, optional
        Order -> value of the cumulants held on the plane; default kappa_2 = 1, others 0. The
        arrows are steps from there, projected; trajectories move in all K cumulants.
    window : ((x0, x1), (y0, y1)), optional
    starts : sequence of Law or mapping
        Where trajectories start; default: a few points of the plane that a law can have.
    steps : int
        Length of the trajectories.
    fixed_points : sequence of FixedPoint, optional
        Such as those of ``RGMap.fixed_points``, all of them and exact. Default: those that Newton's
        method finds from points of the plane.
    beside : bool
        Draw the block sum of the same b in a second panel.
    arrows : int
        Arrows per axis.

    Returns
    -------
    matplotlib.figure.Figure
        Not attached to pyplot. Fixed points are full where stable, hollow where unstable, half
        full for saddles, and diamonds or lines where marginal. Grey: no law has these cumulants.

    Raises
    ------
    DomainError
        If the source, the plane or a start does not fit.
    OrderError
        If an order is above K.
    MissingDependencyError
        Matplotlib is not installed.

    Examples
    --------
    >>> from cumulant_theory import activations, layers
    >>> net = layers.Sum(2) >> layers.Pointwise(activations.Quadratic(1))
    >>> len(flow_diagram(net, "standardised").axes)
    2
    """
    from .figures import diagram_figure

    number = as_integer(steps)
    if number is None or number > _MOST_STEPS:
        raise DomainError(
            f"flow_diagram: steps is {brief(steps)}; give an integer up to {_MOST_STEPS}"
        )

    maps = {"this map": CumulantMap(source, order, closure)}
    first = maps["this map"]
    if first.networks is not None:
        raise DomainError("flow_diagram draws one network; pass ensemble[k]")
    if beside:
        maps[f"block sum of {first.b}"] = CumulantMap(BlockSum(first.b), first.order)
    chosen = Plane(plane, first.order, dict(at or {}))
    (x0, x1), (y0, y1) = window or chosen.window
    grid = np.stack(np.meshgrid(
        np.linspace(x0, x1, arrows), np.linspace(y0, y1, arrows)
    ), axis=-1).reshape(-1, 2)
    beginnings = _starts(starts, chosen, first.order, grid)
    panels = []
    for name, map_ in maps.items():
        lifted = chosen.lift(grid)
        moved = chosen.project(map_.try_at(lifted)) - grid
        paths = [_path(map_, k, number) for k in beginnings]
        if fixed_points is not None and map_ is first:
            points, lines = given_points(map_, fixed_points, (x0, x1), (y0, y1))
        elif map_.exact:
            points, lines = given_points(
                map_, map_.rg.fixed_points(map_.order), (x0, x1), (y0, y1)
            )
        else:
            points, lines = search_fixed_points(map_, _seeds(map_, lifted)), []
        panels.append((name, map_, moved, paths, points, lines))
    return diagram_figure(chosen, grid, panels, ((x0, x1), (y0, y1)), steps)


def _starts(
    starts: Sequence[Any], plane: Plane, order: int, grid: NDArray[np.float64]
) -> list[NDArray[np.float64]]:
    if starts is None or not len(starts):
        inside = plane.lift(grid)
        inside = inside[possible(inside) & (inside[:, 1] > 0)]
        picked = np.linspace(0, len(inside) - 1, min(_SEEDS, len(inside))).astype(int)
        return list(inside[picked])
    found = []
    for start in starts:
        if isinstance(start, Law):
            found.append(np.array([float(start.cumulant(r)) for r in range(1, order + 1)]))
        elif isinstance(start, Mapping) and all(r in range(1, order + 1) for r in start):
            found.append(plane.base.copy())
            for r, value in start.items():
                found[-1][r - 1] = float(value)
        else:
            raise DomainError(
                f"flow_diagram: the start {start!r} is neither a law nor {{order: cumulant}} with "
                f"orders up to {order}"
            )
    return found


def _path(map_: CumulantMap, kappa: NDArray[np.float64], steps: int) -> NDArray[np.float64]:
    path = [kappa]
    for _ in range(steps):
        new = map_.try_at(path[-1])
        if not np.isfinite(new).all() or np.abs(new).max() > FAR:
            break
        path.append(new)
    return np.array(path)


def _seeds(map_: CumulantMap, lifted: NDArray[np.float64]) -> NDArray[np.float64]:
    """Starts of Newton's method: points of the plane, with their images, and point masses."""
    some = lifted[:: max(1, len(lifted) // 60)]
    images = map_.try_at(some)
    masses = np.zeros((9, map_.order))
    masses[:, 0] = np.linspace(-2, 2, 9)
    rows = np.concatenate([masses, some, images[np.isfinite(images).all(axis=1)]])
    return rows[np.abs(rows).max(axis=1) < FAR]
