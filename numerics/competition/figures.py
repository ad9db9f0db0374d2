"""Figures of a competition. Matplotlib is imported only when one is drawn."""

from collections import defaultdict
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ..canvas import blank, write_figure
from ..study.palette import BLUE, GREEN, INK, ORANGE, PURPLE, RED, SKY, clean, loss_label
from .analysis import Score, base_width, scores
from .planes import failure_planes
from .runner import Results

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["CAPTIONS", "write_figures"]

_COLOURS = (BLUE, ORANGE, GREEN, PURPLE, SKY, RED, INK)
_ORDER = ("free", "permutation_invariant", "shared", "alternating")
CAPTIONS: dict[str, tuple[str, str]] = {
    "competition": (
        "Generalisation error: the median over laws that a network was not trained on of the "
        "logarithm of its error, then over seeds. Rows from the fewest constraints to the most; "
        "O over-constrained, M matched, U under-constrained.",
        "Heat maps of the generalisation error over symmetry and activation for every loss.",
    ),
    "width": ("Generalisation error against width; bands: quartiles over seeds.",
              "Curves of error against width."),
    "depth": ("Generalisation error against depth; bands: quartiles over seeds.",
              "Curves of error against depth."),
    "softness": (
        "Generalisation error against the strength of a soft permutation symmetry; bands: "
        "quartiles over seeds. Lines at the left end: free weights; at the right end: the hard "
        "symmetry.", "Curves of error against the strength of the penalty.",
    ),
    "plane": (
        "Where fitting the training law leaves failure open. Curves: the weights that match the "
        "law of the block sum on Gaussian inputs. Colour: residual on the exponential law. "
        "Points: trained networks. Left: the linear unit f = l_1 x_1 + l_2 x_2; right: the tied "
        "unit f = l s + q s^2 + c with s = x_1 + x_2, c matched.",
        "Two planes of weights with the training variety and the residual on another law.",
    ),
    "flow": (
        "Cumulants of the units after every layer, in units of the standard deviation of the block "
        "sum, predicted from the trained weights on exponential inputs; dashed: the block sum. "
        "Units of one layer are averaged.",
        "Cumulants layer by layer of a matched, an over-constrained and a free network.",
    ),
    "breaking": (
        "Symmetry breaking |W - P W|^2 / |W|^2 of the first layer along the training, free and "
        "softly tied weights; bands: quartiles over seeds.",
        "Curves of the symmetry breaking against training steps.",
    ),
}


def write_figures(results: Results, out: Path) -> dict[str, Path]:
    """Draw and write the figures that the results have data for.

    Parameters
    ----------
    results
        Of a competition.
    out
        Folder, which must exist.

    Returns
    -------
    dict
        Name in ``CAPTIONS`` -> PNG file.

    Raises
    ------
    MissingDependencyError
        If Matplotlib is not installed.
    OutputError
        If a file cannot be written.
    """
    found = [s for s in scores(results.errors) if s.away is not None]
    base, smallest = base_width(found), min((s.key["b"] for s in found), default=2)
    drawn: dict[str, Figure | None] = {
        "competition": competition_map(found),
        "width": _axis(found, "width", lambda s: _plain(s, depth=1, b=smallest)),
        "depth": _axis(found, "depth", lambda s: _plain(s, width=base, b=smallest)),
        "softness": _softness(found),
        "plane": failure_planes(results),
        "flow": flow_figure(results),
        "breaking": _breaking(results),
    }
    paths = {}
    for name, figure in drawn.items():
        if figure is None:
            continue
        paths[name] = write_figure(figure, out / f"{name}.png", dpi=140)
    return paths


def _plain(s: Score, **fixed: Any) -> bool:
    k = s.key
    return (k["level"] == "sample" and k["method"] == "sampled" and not k["soft"]
            and all(k[name] == value for name, value in fixed.items()))


def competition_map(found: Sequence[Score]) -> "Figure | None":
    """Heat map of the generalisation error over symmetry and activation, a panel for each place."""
    base = base_width(found)
    panels: dict[tuple[Any, ...], dict[tuple[str, str], list[Score]]] = defaultdict(
        lambda: defaultdict(list))
    for s in found:
        k = s.key
        if k["depth"] != 1 or (k["level"] == "sample" and k["width"] != base):
            continue
        where = k["level"], k["loss"], k["method"], k["train_law"], k["b"]
        panels[where][k["symmetry"], k["activation"]].append(s)
    # places that were looked at along one axis only would be nearly empty
    most = max((len(p) for p in panels.values()), default=0)
    wanted = [w for w in sorted(panels) if len(panels[w]) > max(1, most / 3)]
    if not wanted:
        return None
    columns = 4
    rows = -(-len(wanted) // columns)
    figure = blank(4.6 * columns, 4.2 * rows)
    axes = figure.subplots(rows, columns, squeeze=False).ravel()
    for ax, where in zip(axes, wanted, strict=False):
        cells = panels[where]
        names = _ranked(cells)
        kinds = list(dict.fromkeys(a for _, a in cells))
        grid = np.full((len(names), len(kinds)), np.nan)
        for (symmetry, activation), group in cells.items():
            at = names.index(symmetry), kinds.index(activation)
            grid[at] = np.median([float(s.away or 0.0) for s in group])
            ax.text(at[1], at[0], f"{grid[at]:.1f} {_letter(group[0])}", ha="center",
                    va="center", fontsize=7.5, color="white" if grid[at] < -3 else INK)
        image = ax.imshow(grid, cmap="viridis", vmin=-6, vmax=1, aspect="auto")
        ax.set_xticks(range(len(kinds)), kinds, rotation=30, ha="right", fontsize=8)
        ax.set_yticks(range(len(names)), names, fontsize=8)
        level, loss, method, law, b = where
        head = "densities" if level == "density" else f"{loss_label(loss)}, {method}, {law}"
        ax.set_title(f"{head}, b = {b}", loc="left", fontsize=9)
        figure.colorbar(image, ax=ax, shrink=0.7)
    for ax in axes[len(wanted):]:
        ax.set_axis_off()
    return figure


def _ranked(cells: dict[tuple[str, str], list[Score]]) -> list[str]:
    """Symmetries by their number of parameters, most first."""
    size: dict[str, list[int]] = defaultdict(list)
    for (symmetry, _), group in cells.items():
        # softly tied weights come after free ones, in the order of their strength
        size[symmetry] += [s.key["parameters"] - 1e-6 * s.key["soft"] for s in group]
    return sorted(size, key=lambda name: -float(np.mean(size[name])))


def _letter(s: Score) -> str:
    return {"over-constrained": "O", "matched": "M", "under-constrained": "U"}.get(
        s.key["role"], "")


def _axis(found: Sequence[Score], axis: str, use: Callable[[Score], bool]) -> "Figure | None":
    """Error against one axis, a row for each loss and law, a column for each activation."""
    chosen = [s for s in found if use(s) and s.key["symmetry"] in _ORDER]
    spans: dict[tuple[Any, ...], set[int]] = defaultdict(set)
    for s in chosen:
        spans[_curve_key(s)].add(s.key[axis])
    chosen = [s for s in chosen if len(spans[_curve_key(s)]) > 2]
    return _curves(chosen, lambda s: s.key[axis], axis,
                   lambda s: s.key["symmetry"], "log" if axis == "width" else "linear")


def _curve_key(s: Score) -> tuple[Any, ...]:
    k = s.key
    return k["loss"], k["train_law"], k["activation"], k["symmetry"]


def _softness(found: Sequence[Score]) -> "Figure | None":
    base = base_width(found)
    use = [s for s in found if s.key["level"] == "sample" and s.key["method"] == "sampled"
           and s.key["width"] == base and s.key["depth"] == 1 and s.key["train_law"] == "Gaussian"]
    strengths = sorted({s.key["soft"] for s in use if s.key["soft"]})
    if len(strengths) < 3:
        return None
    ends = {"free": strengths[0] / 10, "permutation_invariant": strengths[-1] * 10}
    chosen = [s for s in use if s.key["soft"] or s.key["symmetry"] in ends]
    both = {(s.key["activation"], s.key["b"]) for s in chosen if s.key["soft"]}
    chosen = [s for s in chosen if (s.key["activation"], s.key["b"]) in both]
    return _curves(chosen, lambda s: s.key["soft"] or ends[s.key["symmetry"]],
                   "strength (free at the left end, hard at the right)",
                   lambda s: f"b = {s.key['b']}", "log")


def _curves(
    chosen: Sequence[Score], x: Callable[[Score], float], label: str,
    name: Callable[[Score], str], scale: str,
) -> "Figure | None":
    if not chosen:
        return None
    rows = list(dict.fromkeys((s.key["loss"], s.key["train_law"]) for s in chosen))
    columns = list(dict.fromkeys(s.key["activation"] for s in chosen))
    names = list(dict.fromkeys(map(name, chosen)))
    figure = blank(3.2 * len(columns), 2.6 * len(rows))
    axes = figure.subplots(len(rows), len(columns), squeeze=False, sharex=True, sharey="row")
    for i, (loss, law) in enumerate(rows):
        for j, activation in enumerate(columns):
            ax = axes[i, j]
            for colour, one in zip(_COLOURS, names, strict=False):
                lines: dict[float, list[float]] = defaultdict(list)
                for s in chosen:
                    k = s.key
                    if (k["loss"], k["train_law"], k["activation"]) == (loss, law, activation) and (
                        name(s) == one
                    ):
                        lines[x(s)].append(float(s.away or 0.0))
                if lines:
                    _band(ax, lines, colour, one)
            ax.set_xscale(scale)
            ax.set_title(f"{activation}; {loss_label(loss)}, {law}", loc="left", fontsize=8)
            clean(ax)
        axes[i, 0].set_ylabel("$\\log_{10}$ error")
    for ax in axes[-1]:
        ax.set_xlabel(label, fontsize=8)
    _legend(axes)
    return figure


def _legend(axes: np.ndarray) -> None:
    """Where the most curves are."""
    fullest = max(axes.ravel(), key=lambda ax: len(ax.get_legend_handles_labels()[0]))
    fullest.legend(frameon=False, fontsize=7)


def _band(ax: Any, lines: dict[float, list[float]], colour: str, name: str) -> None:
    points = sorted(lines)
    quartiles = np.array([np.quantile(lines[p], [0.25, 0.5, 0.75]) for p in points]).T
    ax.fill_between(points, quartiles[0], quartiles[2], color=colour, alpha=0.18, linewidth=0)
    ax.plot(points, quartiles[1], color=colour, marker="o", markersize=3, linewidth=1.3, label=name)


def _breaking(results: Results) -> "Figure | None":
    if not results.curves:
        return None
    rows = list(dict.fromkeys((r["loss"], r["train_law"]) for r in results.curves))[:4]
    columns = list(dict.fromkeys(r["activation"] for r in results.curves))
    strengths = sorted({r["soft"] for r in results.curves})
    figure = blank(3.2 * len(columns), 2.6 * len(rows))
    axes = figure.subplots(len(rows), len(columns), squeeze=False, sharex=True, sharey=True)
    curves: dict[tuple[Any, ...], dict[float, list[float]]] = defaultdict(
        lambda: defaultdict(list))
    for r in results.curves:
        if r["breaking"] is not None:
            key = r["loss"], r["train_law"], r["activation"], r["soft"]
            curves[key][r["step"]].append(r["breaking"])
    for i, (loss, law) in enumerate(rows):
        for j, activation in enumerate(columns):
            ax = axes[i, j]
            for colour, strength in zip(_COLOURS, strengths, strict=False):
                lines = curves[loss, law, activation, strength]
                if lines:
                    _band(ax, {k: np.maximum(v, 1e-12).tolist() for k, v in lines.items()}, colour,
                          f"soft {strength:g}" if strength else "free")
            ax.set_yscale("log")
            ax.set_title(f"{activation}; {loss_label(loss)}, {law}", loc="left", fontsize=8)
            clean(ax)
        axes[i, 0].set_ylabel("breaking")
    for ax in axes[-1]:
        ax.set_xlabel("step")
    _legend(axes)
    return figure


def flow_figure(results: Results) -> "Figure | None":
    """Cumulants layer by layer on exponential inputs: matched, over-constrained, free."""
    from .flow import layer_flow

    flows = [
        flow for name in ("permutation_invariant", "alternating", "free")
        if (flow := layer_flow(results, name, "quadratic(1/2)")) is not None
    ]
    if not flows:
        return None
    orders = (1, 2, 3, 4)
    figure = blank(3.1 * len(orders), 2.6 * len(flows))
    axes = figure.subplots(len(flows), len(orders), squeeze=False, sharex="row")
    for i, flow in enumerate(flows):
        for j, r in enumerate(orders):
            ax = axes[i, j]
            for values in flow.values[r]:
                ax.plot(range(len(flow.layers)), values, color=BLUE, alpha=0.6, linewidth=1,
                        marker="o", markersize=3)
            ax.axhline(flow.target[r], color=INK, linestyle="--", linewidth=1)
            ax.set_xticks(range(len(flow.layers)), flow.layers, rotation=30, ha="right",
                          fontsize=7)
            ax.set_title(f"{flow.name}: $\\kappa_{r}$", loc="left", fontsize=9)
            ax.set_yscale("symlog", linthresh=1.0)
            clean(ax)
    return figure
