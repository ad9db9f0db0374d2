"""Figures of flows, in the style of :mod:`numerics.plotting`."""

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ..canvas import COLOURS, blank, plain, tiled

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from .plane import Plane
    from .result import FlowResult

_BLUE, _RED = COLOURS["agree"], COLOURS["disagree"]
_STYLES: dict[str, Any] = {
    "stable": "full", "saddle": "left", "unstable": "none", "marginal": "full",
}


def flow_figure(result: "FlowResult") -> "Figure":
    """Cumulants and negentropy against steps: predicted lines, measured error bars.

    Parameters
    ----------
    result : FlowResult
        Result of `flow`.

    Returns
    -------
    matplotlib.figure.Figure
        Not attached to pyplot. Lines are solid while the prediction is exact and dashed under a
        closure; error bars are one standard error; grey is the block sum of the same b on the same
        law. One line and one set of bars for each network of an ensemble.

    Raises
    ------
    MissingDependencyError
        Matplotlib is not installed.

    Examples
    --------
    >>> from cumulant_theory import laws, layers
    >>> from numerics.flows import flow
    >>> len(flow_figure(flow(layers.BlockSum(2), laws.Exponential(1), 2, samples=0)).axes)
    5
    """
    orders = range(1, result.order + 1)
    with_entropy = result.order >= 4
    count = len(orders) + with_entropy
    figure, panels = tiled(count, 3.4, 2.7)
    time = np.arange(result.steps + 1)
    for r, axes in zip(orders, panels, strict=False):
        start = float(result.cumulant(r)[0].flat[0])
        reference = start * float(result.b) ** (time * (1 - r / 2))
        axes.plot(time, reference, color="0.7", linewidth=2.4, label=f"block sum of {result.b}")
        _lines(axes, time, result.cumulant(r), result.exact_steps)
        if result.measured is not None:
            _bars(axes, [
                (result.measured.values[n][r,], result.measured.standard_errors[n][r,])
                for n in result.measured.layers
            ])
        axes.set_ylabel(rf"$\kappa_{r}$")
        _scale(axes, np.concatenate([reference, result.cumulant(r).ravel()]))
    if with_entropy:
        axes = panels[len(orders)]
        _lines(axes, time, result.negentropy(), result.exact_steps)
        shown = [(v, e) for v, e in result.measured_negentropy]
        _bars(axes, shown)
        axes.set_ylabel("negentropy (leading)")
        if (result.negentropy() > 0).any():
            axes.set_yscale("log")
    for axes in panels:
        axes.set_xlabel("step $t$")
        axes.xaxis.get_major_locator().set_params(integer=True)
    handles, labels = panels[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside upper right", ncols=4, frameon=False)
    figure.suptitle(result.predicted.law, x=0.01, ha="left")
    return plain(figure)


def _lines(axes: Any, time: Any, values: NDArray[np.float64], exact_steps: int) -> None:
    """Predicted: solid to the last exact step, dashed after it."""
    values = values.reshape(len(time), -1)
    thin = {"color": _BLUE, "linewidth": 1.4 if values.shape[1] == 1 else 0.7}
    exact, cut = slice(0, exact_steps + 1), slice(exact_steps, None)
    for k, line in enumerate(values.T):
        axes.plot(time[exact], line[exact], label=None if k else "predicted", **thin)
        if exact_steps < len(time) - 1:
            axes.plot(time[cut], line[cut], linestyle="--",
                      label=None if k else "predicted under the closure", **thin)


def _bars(axes: Any, shown: list[tuple[Any, Any]]) -> None:
    for t, (values, errors) in enumerate(shown):
        values, errors = np.atleast_1d(values), np.atleast_1d(errors)
        axes.errorbar(np.full(len(values), t), values, yerr=errors, fmt="o", color="0.15",
                      markersize=3.5, elinewidth=0.9, capsize=2,
                      label=None if t else "measured")  # fmt: skip


def _scale(axes: Any, values: Any) -> None:
    sizes = np.abs(values[np.abs(values) > 1e-12])
    if sizes.size and sizes.max() > 1e3 * sizes.min():
        axes.set_yscale("symlog", linthresh=float(max(sizes.min(), 1e-3 * sizes.max())))


def diagram_figure(
    plane: "Plane", grid: NDArray[np.float64], panels: list[Any], window: Any, steps: int
) -> "Figure":
    """Vector fields side by side; the arguments are those that `flow_diagram` computes.

    Parameters
    ----------
    plane : Plane
    grid : array (n, 2)
        Feet of the arrows.
    panels : list of tuple
        (title, map, steps on the plane (n, 2), trajectories, fixed points, lines of them).
    window : ((x0, x1), (y0, y1))
    steps : int

    Returns
    -------
    matplotlib.figure.Figure
    """
    from matplotlib.lines import Line2D

    from .plane import possible

    figure = blank(5.2 * len(panels), 4.8)
    fine = np.stack(np.meshgrid(
        *(np.linspace(low, high, 240) for low, high in window)
    ), axis=-1)
    allowed = possible(plane.lift(fine))
    seen: set[str] = set()
    for axes, (name, map_, moved, paths, points, lines) in zip(
        np.atleast_1d(figure.subplots(1, len(panels))), panels, strict=True
    ):
        axes.contourf(fine[..., 0], fine[..., 1], allowed, levels=[-0.5, 0.5, 1.5],
                      colors=["0.88", "white"], zorder=0)  # fmt: skip
        arrows = _arrows(moved, window)
        axes.quiver(*grid.T, *arrows.T, angles="xy", scale_units="xy", scale=1, color="0.55",
                    width=0.0035, zorder=1)  # fmt: skip
        for path in paths:
            flat = plane.project(path)
            axes.plot(*flat.T, "-", color=_BLUE, linewidth=0.9, alpha=0.8, zorder=2)
            axes.plot(*flat.T, ".", color=_BLUE, markersize=3, zorder=2)
            axes.plot(*flat[0], "o", color=_BLUE, markersize=4, fillstyle="none", zorder=2)
        for line in lines:
            axes.plot(*plane.project(line).T, color=_RED, linewidth=2.2, zorder=3)
            flat = plane.project(line)
            if np.ptp(flat, axis=0).max() == 0:
                axes.plot(*flat[0], "D", color=_RED, markersize=7, zorder=4)
            seen.add("line")
        for point in points:
            flat, kind = plane.project(point.kappa), point.stability
            if not _inside(flat, window):
                continue
            seen.add(kind)
            axes.plot(*flat, "D" if kind == "marginal" else "o", color=_RED, markersize=8,
                      fillstyle=_STYLES[kind], markerfacecoloralt="white", clip_on=False,
                      zorder=4)  # fmt: skip
        axes.set_xlim(*window[0])
        axes.set_ylim(*window[1])
        axes.set_xlabel(plane.names[0])
        axes.set_ylabel(plane.names[1])
        axes.set_title(name if map_.exact else f"{name}, {map_.closure!r}", loc="left",
                       fontsize="medium")  # fmt: skip
    handles = [
        Line2D([], [], color=_RED, marker="D" if kind == "marginal" else "o", linestyle="none",
               fillstyle=style, markerfacecoloralt="white", label=kind)
        for kind, style in _STYLES.items() if kind in seen
    ]  # fmt: skip
    if "line" in seen:
        handles.append(Line2D([], [], color=_RED, linewidth=2.2, label="family of fixed points"))
    handles.append(Line2D([], [], color=_BLUE, marker=".", label=f"{steps} steps"))
    figure.legend(handles=handles, loc="outside lower center", ncols=6, frameon=False)
    return plain(figure)


def _arrows(moved: NDArray[np.float64], window: Any) -> NDArray[np.float64]:
    """Directions of the steps; lengths by the square root, so that slow parts are seen too."""
    spans = np.array([high - low for low, high in window])
    lengths = np.hypot(*(moved / spans).T)
    longest = np.nanquantile(lengths, 0.9) if np.isfinite(lengths).any() else 1.0
    with np.errstate(divide="ignore", invalid="ignore"):
        shrink = 0.06 * np.sqrt(np.minimum(lengths / longest, 1)) / lengths
    return np.nan_to_num(moved * shrink[:, None])


def _inside(point: NDArray[np.float64], window: Any) -> bool:
    """Whether a point lies in the window, up to the rounding of points on its edge."""
    return all(
        low - 1e-6 * (high - low) <= v <= high + 1e-6 * (high - low)
        for v, (low, high) in zip(point, window, strict=True)
    )
