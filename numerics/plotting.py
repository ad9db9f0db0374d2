"""Figures; Matplotlib is imported only when one is drawn."""

from typing import TYPE_CHECKING, Any

import numpy as np

from cumulant_theory.arguments import explained
from cumulant_theory.errors import ShapeError

from .canvas import COLOURS, MARKERS, blank, plain, tiled

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from numerics.comparison import Comparison
    from numerics.convergence import WidthScaling
    from numerics.densities import DensityNetwork, SelfConvolution
    from numerics.training import SymmetryBreaking
    from numerics.transfer import OrderTransfer

_Z_CAP = 40.0


@explained
def comparison_figure(comparison: "Comparison") -> "Figure":
    """Predicted against measured cumulants (left), z-scores by layer (right).

    Parameters
    ----------
    comparison : Comparison
        Result of `compare`.

    Returns
    -------
    matplotlib.figure.Figure
        Not attached to pyplot. Marker shapes tell the order, colours the verdict. The dashed
        line on the right is the |z| that Holm's first step asks of the smallest p-value; |z|
        above 40 is drawn at 40.

    Raises
    ------
    MissingDependencyError
        Matplotlib is not installed.

    Examples
    --------
    >>> from numerics.comparison import Measurement, Prediction, compare
    >>> one = lambda value: {"input": {(1,): value}}
    >>> m = Measurement(("input",), one(0.1), one(0.2), one(0.0), one(False), 200)
    >>> len(comparison_figure(compare(Prediction(("input",), one(0.0)), m)).axes)
    2
    """
    figure = blank(11, 4.6)
    from matplotlib.lines import Line2D
    from scipy import stats

    c = comparison.columns
    left, right = figure.subplots(1, 2, width_ratios=(1, 1.25))
    shapes = np.array([MARKERS.get(int(r), "P") for r in c["order"]])
    layers = list(comparison.predicted.layers)
    row_of = {name: k for k, name in enumerate(layers)}
    height = np.array([row_of[name] for name in c["layer"]], dtype=float)
    height += 0.62 * (_spread(c["layer"]) - 0.5)
    z = np.clip(c["z"], -_Z_CAP, _Z_CAP)
    for verdict, colour in COLOURS.items():
        for shape in dict.fromkeys(shapes):
            here = (c["verdict"] == verdict) & (shapes == shape)
            if not here.any():
                continue
            style = {"color": colour, "alpha": 0.75, "markeredgecolor": "white",
                     "markeredgewidth": 0.4, "linestyle": "none", "marker": shape}  # fmt: skip
            left.errorbar(c["predicted"][here], c["measured"][here],
                          yerr=c["standard_error"][here], markersize=5.5, elinewidth=0.9,
                          **style)  # fmt: skip
            right.plot(z[here], height[here], markersize=4.5, **style)

    values = np.concatenate([c["predicted"], c["measured"]])
    positive = np.abs(values[np.abs(values) > 1e-12])
    linear = float(np.clip(np.quantile(positive, 0.1), 1e-6, 1)) if positive.size else 1.0
    left.set_xscale("symlog", linthresh=linear)
    left.set_yscale("symlog", linthresh=linear)
    ends = np.array([values.min(), values.max()])
    left.plot(ends, ends, color="0.35", linewidth=0.9, zorder=0)
    left.set_xlabel("predicted cumulant")
    left.set_ylabel("measured cumulant")
    handles = [
        Line2D([], [], color="0.3", marker=MARKERS.get(r, "P"), linestyle="none", label=f"order {r}"
               if r <= 4 else "order > 4")
        for r in sorted({min(int(r), 5) for r in c["order"]})
    ]  # fmt: skip
    left.legend(handles=handles, frameon=False, fontsize="small")

    decided = max(1, len(comparison) - comparison.count("undecided"))
    threshold = stats.t.isf(comparison.level / (2 * decided), c["batches"].min() - 1)
    right.axvline(0, color="0.35", linewidth=0.9, zorder=0)
    for sign in (-1, 1):
        right.axvline(sign * threshold, color="0.35", linewidth=0.9, linestyle="--", zorder=0)
    right.set_yticks(range(len(layers)), layers)
    right.set_ylim(len(layers) - 0.5, -0.5)
    reach = max(1.25 * threshold, 1.1 * float(np.abs(z).max()))
    right.set_xlim(-reach, reach)
    right.set_xlabel(f"z    (dashed: Holm, level {comparison.level:g})")
    handles = [
        Line2D([], [], color=colour, marker="o", linestyle="none",
               label=f"{verdict} ({comparison.count(verdict)})")
        for verdict, colour in COLOURS.items() if comparison.count(verdict)
    ]  # fmt: skip
    figure.legend(handles=handles, loc="outside upper right", ncols=3, frameon=False)
    if comparison.measured.law:
        figure.suptitle(comparison.measured.law, x=0.01, ha="left")
    return plain(figure)


@explained
def transfer_figure(transfer: "OrderTransfer") -> "Figure":
    """Error of each output order by input orders kept (left), predicted against measured (right).

    Parameters
    ----------
    transfer : OrderTransfer
        Result of `order_transfer`.

    Returns
    -------
    matplotlib.figure.Figure
        Not attached to pyplot. The right panels show distinct entries of all classes, one panel
        for each output order, with the most and the fewest input orders kept.

    Raises
    ------
    MissingDependencyError
        Matplotlib is not installed.

    Examples
    --------
    >>> from numerics import order_transfer
    >>> from numerics.chain import Affine, Chain
    >>> table = order_transfer(Chain([Affine([[1.0, 1.0]])]), [[0.0, 0.0], [1.0, 0.0], [0.0, 4.0]])
    >>> len(transfer_figure(table).axes)
    4
    """
    orders = transfer.output_orders
    figure = blank(3.2 * (1 + len(orders)), 3.4)
    left, *panels = figure.subplots(1, 1 + len(orders))
    for order in orders:
        errors = [max(transfer.error(k, order), 1e-16) for k in transfer.kept]
        left.plot(transfer.kept, errors, marker=MARKERS.get(order, "P"), label=f"output {order}")
    left.set_yscale("log")
    left.set_xticks(transfer.kept)
    left.set_xlabel("highest input order kept")
    left.set_ylabel("relative error")
    left.legend(frameon=False, fontsize="small")
    ends = {min(transfer.kept): "disagree", max(transfer.kept): "agree"}
    for axes, order in zip(panels, orders, strict=True):
        for kept, colour in ends.items():
            pairs = np.concatenate([
                np.stack([transfer.measured[c][order].ravel(),
                          transfer.predicted[c, kept][order].ravel()], 1)
                for c in transfer.classes
            ])
            axes.plot(*np.unique(pairs, axis=0).T, ".", color=COLOURS[colour], markersize=3,
                      alpha=0.6, label=f"inputs to {kept}")
        low, high = axes.get_xlim()
        axes.plot([low, high], [low, high], color="0.35", linewidth=0.9, zorder=0)
        axes.set_title(f"output order {order}", fontsize="medium")
        axes.set_xlabel("measured")
    panels[0].set_ylabel("predicted")
    panels[0].legend(frameon=False, fontsize="small")
    return plain(figure)


@explained
def convergence_figure(scaling: "WidthScaling") -> "Figure":
    """Squared error of the mean output against the width of random networks, for each K.

    Parameters
    ----------
    scaling : WidthScaling
        Result of `width_scaling`.

    Returns
    -------
    matplotlib.figure.Figure
        Not attached to pyplot. Error bars are one standard error over networks, lines the fitted
        power laws. Hollow points are not used by the fits. The grey line is the squared sampling
        error that was subtracted; errors that are negative then are left out.

    Raises
    ------
    MissingDependencyError
        Matplotlib is not installed.

    Examples
    --------
    >>> from numerics import width_scaling
    >>> found = width_scaling("relu", (4, 8), (1,), networks=2, samples=100)
    >>> len(convergence_figure(found).axes)
    1
    """
    figure = blank(8, 4)
    axes = figure.subplots()
    slopes = scaling.slopes
    for k, order in enumerate(scaling.orders):
        widths = np.array(scaling.widths(order))
        errors, spreads = np.array([scaling.error(order, n) for n in widths]).T
        used = scaling.resolved(order)
        used = np.array([n in used for n in widths])
        label = f"K = {order}"
        if order in slopes:
            slope = slopes[order]
            label += f": slope {slope.value:.2f} ± {slope.standard_error:.2f}"
            x, y = widths[used], errors[used]
            middle = np.mean(np.log(y) - slope.value * np.log(x))
            axes.plot(x, np.exp(middle) * x**slope.value, color=f"C{k}", linewidth=0.9)
        for shown, fill in ((used, "full"), (~used & (errors > 0), "none")):
            axes.errorbar(widths[shown], errors[shown], yerr=spreads[shown], color=f"C{k}",
                          marker=MARKERS[order], markersize=5, linestyle="none", fillstyle=fill,
                          label=label if fill == "full" else None)  # fmt: skip
    floor = {n: values.mean() for n, values in sorted(scaling.sampling.items())}
    axes.plot(list(floor), list(floor.values()), color="0.6", linestyle="--", linewidth=0.9,
              label="sampling, subtracted")
    axes.set_xscale("log", base=2)
    axes.set_yscale("log")
    axes.set_xticks(list(floor), [str(n) for n in floor])
    axes.set_xlabel("width $n$")
    axes.set_ylabel("squared error of the mean")
    figure.legend(loc="outside right upper", frameon=False, fontsize="small")
    return plain(figure)


@explained
def density_figure(
    module: "DensityNetwork", target: "SelfConvolution", densities: Any, steps: int = 4
) -> "Figure":
    """One row per density: input, exact and learned image (left), both flows (right).

    Parameters
    ----------
    module : DensityNetwork
        All networks of an ensemble are drawn.
    target : SelfConvolution
        The exact map.
    densities : array (points,) or (n, points), or mapping
        A mapping gives a title to each.
    steps : int
        Applications on the right, drawn above each other.

    Returns
    -------
    matplotlib.figure.Figure
        Not attached to pyplot. Exact densities are dark lines, learned ones coloured.

    Raises
    ------
    ShapeError
        If steps is no positive integer or the densities do not fit the grid.
    MissingDependencyError
        Matplotlib is not installed.

    Examples
    --------
    >>> from cumulant_theory import laws, layers
    >>> from numerics.densities import DensityNetwork, Grid, SelfConvolution, density
    >>> from numerics.networks import build
    >>> grid = Grid(32, 5)
    >>> module = DensityNetwork(build(layers.Linear(32, 32), seeds=range(2)), grid)
    >>> p = density(laws.Uniform(-2, 2), grid)
    >>> len(density_figure(module, SelfConvolution(grid, 2), {"uniform": p}, steps=2).axes)
    2
    """
    if not isinstance(steps, int) or isinstance(steps, bool) or steps < 1:
        raise ShapeError(f"density_figure: steps is {steps!r}; give a positive integer")
    titles: list[Any] = []
    if isinstance(densities, dict):
        titles, densities = list(densities), list(densities.values())
    rows = np.atleast_2d(target.grid.checked(densities))
    if rows.ndim != 2:
        raise ShapeError(f"density_figure: densities of shape {rows.shape}; give (n, points)")
    titles = titles or [""] * len(rows)
    exact = target.flow(rows, steps)
    learned = module.flow(rows, steps).cpu().double().numpy()
    if module.seeds is None:
        learned = learned[:, None]
    figure = blank(9, 2.6 * len(rows))
    panels = figure.subplots(len(rows), 2, squeeze=False, sharex=True)
    x = target.grid.x
    for k, (title, (left, right)) in enumerate(zip(titles, panels, strict=True)):
        left.plot(x, rows[k], color="0.6", linestyle=":", label="input $p$")
        left.plot(x, exact[1, k], color="0.15", linewidth=1.8, label="exact $R[p]$")
        for s, one in enumerate(learned[1]):
            left.plot(x, one[k], color=COLOURS["agree"], linewidth=0.9, alpha=0.8,
                      label=None if s else "learned")
        left.set_ylabel("density")
        left.set_title(title, loc="left", fontsize="medium")
        height = 1.1 * max(exact[:, k].max(), learned[:, :, k].max())
        for t in range(steps + 1):
            right.plot(x, exact[t, k] + t * height, color="0.15", linewidth=1.6)
            for one in learned[t]:
                right.plot(x, one[k] + t * height, color=COLOURS["agree"], linewidth=0.9)
        right.set_yticks(height * np.arange(steps + 1), [str(t) for t in range(steps + 1)])
        right.set_ylabel("steps")
    for axes in panels[-1]:
        axes.set_xlabel("$x$")
    panels[0, 0].legend(frameon=False, fontsize="small")
    return plain(figure)


@explained
def breaking_figure(breaking: "SymmetryBreaking", relative: bool = False) -> "Figure":
    """Distances to symmetries against training steps, one panel for each symmetry.

    Parameters
    ----------
    breaking : SymmetryBreaking
        Of a training result.
    relative : bool
        Divide by the square of the parameters.

    Returns
    -------
    matplotlib.figure.Figure
        Not attached to pyplot. Lines are medians over the networks of an ensemble, bands reach
        from the lower to the upper quartile; distances that are exactly zero are left out.

    Raises
    ------
    MissingDependencyError
        Matplotlib is not installed.

    Examples
    --------
    >>> from numerics.training import SymmetryBreaking
    >>> keys = (("1 Linear", "Cyclic()"), ("1 Linear", "Free()"), ("3 Linear", "Free()"))
    >>> table = np.ones((3, 5, 4))
    >>> found = SymmetryBreaking(np.arange(5), keys, table, 0 * table, table, (0, 1, 2, 3))
    >>> len(breaking_figure(found).axes)
    2
    """
    symmetries = list(dict.fromkeys(symmetry for _, symmetry in breaking.keys))
    layers = list(dict.fromkeys(layer for layer, _ in breaking.keys))
    values = breaking.relative if relative else breaking.distance
    figure, panels = tiled(len(symmetries), 4, 3.4, margin=1, sharey=True)
    for (layer, symmetry), curve in zip(breaking.keys, values, strict=True):
        axes = panels[symmetries.index(symmetry)]
        networks = curve.reshape(len(breaking.steps), -1)
        networks = networks[:, np.isfinite(networks).any(axis=0)]
        shown = np.where(networks > 0, networks, np.nan)
        colour = f"C{layers.index(layer)}"
        low, middle, high = _quartiles(shown)
        axes.plot(breaking.steps, middle, color=colour, linewidth=1.2, label=layer)
        if networks.shape[1] > 1:
            axes.fill_between(breaking.steps, low, high, color=colour, alpha=0.2, linewidth=0)
    for axes, symmetry in zip(panels, symmetries, strict=True):
        axes.set_yscale("log")
        axes.set_xlabel("step")
        axes.set_title(symmetry, fontsize="medium")
        axes.legend(frameon=False, fontsize="small")
    distance = r"|\theta - P\theta|^2"
    for axes in panels[::3]:
        axes.set_ylabel(rf"${distance} / |\theta|^2$" if relative else rf"${distance}$")
    return plain(figure)


def _quartiles(values: np.ndarray) -> np.ndarray:
    """Lower quartile, median and upper quartile of each row; NaN where a row has no numbers."""
    found = np.full((3, len(values)), np.nan)
    used = np.isfinite(values).any(axis=1)
    found[:, used] = np.nanquantile(values[used], (0.25, 0.5, 0.75), axis=1)
    return found


def _spread(layers: np.ndarray) -> np.ndarray:
    """Place of each row among those of its layer, from 0 to 1; a single row sits at 1/2."""
    out = np.full(len(layers), 0.5)
    for name in set(layers):
        here = np.flatnonzero(layers == name)
        if len(here) > 1:
            out[here] = np.linspace(0, 1, len(here))
    return out
