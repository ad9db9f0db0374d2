"""Figures of a study. Matplotlib is imported only when one is drawn."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ..canvas import blank, matplotlib, write_figure
from .mirror import mirror_data, mirror_figure, mirror_panel
from .palette import BLUE, GREEN, INK, ORANGE, PURPLE, RED, SKY, clean, loss_label
from .results import StudyResults
from .tally import Tally, label, tallies

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = [
    "agreement_figure",
    "demo_figure",
    "generalisation_map",
    "mirror_figure",
    "write_figures",
]

_LAYERS = (BLUE, ORANGE, GREEN, PURPLE, SKY, RED)
_SHOWN_POINTS = 2000
_Z_RANGE = 8.0
_STYLE = {
    "font.size": 10, "axes.titlesize": 10.5, "axes.labelsize": 10, "xtick.labelsize": 9,
    "ytick.labelsize": 9, "legend.fontsize": 9, "axes.edgecolor": "#586273",
    "text.color": INK, "axes.labelcolor": INK, "xtick.color": INK, "ytick.color": INK,
    "axes.titleweight": "bold", "mathtext.fontset": "dejavusans",
}


def write_figures(results: StudyResults, out: Path) -> dict[str, Path]:
    """Draw and write all figures.

    Parameters
    ----------
    results
        Of a study.
    out
        Folder, which must exist.

    Returns
    -------
    dict
        ``generalisation``, ``agreement``, ``mirror``, ``demo`` -> PNG file; ``mirror`` is left out
        if no test law is skewed.

    Raises
    ------
    MissingDependencyError
        If Matplotlib is not installed.
    OutputError
        If a file cannot be written.
    """
    drawings = {
        "generalisation": generalisation_map, "agreement": agreement_figure,
        "mirror": mirror_figure, "demo": demo_figure,
    }
    written = {}
    with matplotlib().rc_context(_STYLE):
        for name, draw in drawings.items():
            figure = draw(results)
            if figure is None:
                continue
            written[name] = write_figure(
                figure, out / f"{name}.png", dpi=150, metadata={"Software": None}
            )
    return written


# ---------------------------------------------------------------------- generalisation map


def generalisation_map(results: StudyResults) -> "Figure":
    """Fraction of seeds that act as the target map, per kind of network and test law.

    Rows are symmetry and activation, columns test laws, panels loss and training law. A frame
    marks what theory decides beforehand.
    """
    counted = tallies(results)
    rows, columns = _rows(counted), _ordered(t.test_law for t in counted)
    losses, laws = _ordered(t.loss for t in counted), _ordered(t.train_law for t in counted)
    width = 2.3 + len(laws) * (0.4 + 0.92 * len(columns)) + 0.9
    height = 1.5 + len(losses) * (0.75 + 0.44 * len(rows))
    figure = blank(width, height)
    figure.get_layout_engine().set(h_pad=0.08, w_pad=0.08)  # type: ignore[union-attr]
    axes = figure.subplots(len(losses), len(laws), squeeze=False)
    image: Any = None
    for i, loss in enumerate(losses):
        for j, law in enumerate(laws):
            here = [t for t in counted if (t.loss, t.train_law) == (loss, law)]
            image = _panel(axes[i, j], here, rows, columns)
            axes[i, j].set_title(f"{loss_label(loss)}, trained on {law}", loc="left", pad=7)
            if j:
                axes[i, j].set_yticklabels([])
            if i < len(losses) - 1:
                axes[i, j].set_xticklabels([])
    bar = figure.colorbar(image, ax=axes, shrink=min(1.0, 3.2 / height), pad=0.015, aspect=24)
    bar.set_label("fraction of networks that act as the block sum")
    bar.outline.set_visible(False)  # type: ignore[operator]
    figure.legend(handles=_frame_handles(counted), loc="outside lower center", ncols=4,
                  frameon=False)
    return figure


def _ordered(values: Any) -> list[str]:
    return list(dict.fromkeys(values))


def _rows(counted: Sequence[Tally]) -> list[tuple[str, str]]:
    activations = _ordered(t.activation for t in counted)
    return [(s, a) for a in activations for s in _ordered(t.symmetry for t in counted)]


def _row_label(row: tuple[str, str]) -> str:
    return f"{label(row[0], rich=True)}, {label(row[1])}"


def _panel(
    axes: "Axes", counted: Sequence[Tally], rows: list[tuple[str, str]], columns: list[str]
) -> Any:
    from matplotlib import colormaps
    from matplotlib.colors import LinearSegmentedColormap
    from matplotlib.patches import Rectangle
    from matplotlib.patheffects import withStroke

    blues = LinearSegmentedColormap.from_list("pale", colormaps["Blues"](np.linspace(0.02, 0.68)))
    grid = np.full((len(rows), len(columns)), np.nan)
    for t in counted:
        k, c = rows.index((t.symmetry, t.activation)), columns.index(t.test_law)
        grid[k, c] = t.generalises / t.seeds
        ink = "white" if grid[k, c] > 0.8 else INK
        lines = f"{t.generalises}/{t.seeds}" + (t.flag and f" {t.flag}")
        if t.mirror:
            lines += f"\n{t.mirror} mirror"
        axes.text(c, k, lines, ha="center", va="center", color=ink, linespacing=1.05,
                  fontsize=7.6 if t.mirror else 8.8, fontweight="normal" if t.holds else "bold")
        if t.mark:
            colour, style, _ = _FRAMES[t.mark]
            axes.add_patch(Rectangle((c - 0.445, k - 0.43), 0.89, 0.86, fill=False, zorder=3,
                                     edgecolor=colour, linestyle=style, linewidth=1.8,
                                     path_effects=[withStroke(linewidth=4, foreground="white")]))
    image = axes.imshow(grid, cmap=blues, vmin=0, vmax=1, aspect="auto")
    axes.set_xticks(range(len(columns)), columns, rotation=25, ha="right",
                    rotation_mode="anchor")
    axes.set_yticks(range(len(rows)), [_row_label(r) for r in rows])
    axes.set_xticks(np.arange(len(columns) + 1) - 0.5, minor=True)
    axes.set_yticks(np.arange(len(rows) + 1) - 0.5, minor=True)
    axes.grid(which="minor", color="white", linewidth=1.6)
    axes.tick_params(which="both", length=0)
    axes.spines[:].set_visible(False)
    symmetries = len({r[0] for r in rows})
    for k in range(symmetries, len(rows), symmetries):
        axes.axhline(k - 0.5, color="#586273", linewidth=0.9)
    return image


_FRAMES = {
    "fail": (RED, "-", "theory: must fail"),
    "generalise": (GREEN, "-", "theory: must generalise"),
    "split": (ORANGE, (0, (3, 1.5)), "theory: the sign of the branch decides"),
}


def _frame_handles(counted: Sequence[Tally]) -> list[Any]:
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch

    marks = {t.mark for t in counted}
    handles: list[Any] = [
        Patch(facecolor="none", edgecolor=colour, linestyle=style, linewidth=1.7, label=text)
        for mark, (colour, style, text) in _FRAMES.items() if mark in marks
    ]
    for flag, text in (("!", "against theory"), ("~", "too close to tell")):
        if any(t.flag == flag for t in counted):
            marker = {"!": "$!$", "~": r"$\sim$"}[flag]
            handles.append(
                Line2D([], [], linestyle="none", marker=marker, color=INK, label=text)
            )
    return handles


# ---------------------------------------------------------------------- agreement


def agreement_figure(results: StudyResults) -> "Figure":
    """Predicted against measured cumulants, and the z-scores with the normal curve."""
    figure = blank(10.6, 4.7)
    left, right = figure.subplots(1, 2, width_ratios=(1.05, 1))
    _scatter(left, results)
    _histogram(right, results)
    return figure


def _columns(results: StudyResults) -> dict[str, np.ndarray]:
    rows = results.comparisons
    return {
        "predicted": np.array([r["predicted"] for r in rows], dtype=float),
        "measured": np.array([r["measured"] for r in rows], dtype=float),
        "standard_error": np.array([r["standard_error"] for r in rows], dtype=float),
        "z": np.array([r["z"] for r in rows], dtype=float),
        "layer": np.array([r["layer"] for r in rows], dtype=str),
        "verdict": np.array([r["verdict"] for r in rows], dtype=str),
    }


def _scatter(axes: "Axes", results: StudyResults) -> None:
    c = _columns(results)
    finite = np.isfinite(c["predicted"]) & np.isfinite(c["measured"])
    values = np.concatenate([c["predicted"][finite], c["measured"][finite], [0.0]])
    positive = np.abs(values[np.abs(values) > 1e-12])
    noise = c["standard_error"][(np.abs(c["predicted"]) < 1e-9) & np.isfinite(c["standard_error"])]
    scale = max(
        float(np.quantile(positive, 0.1)) if positive.size else 1.0,
        3 * float(np.quantile(noise, 0.9)) if noise.size else 0.0,
    )
    linear = 10 ** float(np.round(np.log10(np.clip(scale, 1e-4, 1))))
    ends = np.array([values.min(), values.max()])
    reach = max(float(np.abs(ends).max()), float(linear)) * 2
    axes.plot([-reach, reach], [-reach, reach], color="0.35", linewidth=0.9, zorder=1)
    rng = np.random.default_rng(0)
    for k, layer in enumerate(sorted(set(c["layer"]))):
        here = np.flatnonzero(finite & (c["layer"] == layer))
        shown = here if len(here) <= _SHOWN_POINTS else rng.choice(
            here, _SHOWN_POINTS, replace=False)
        axes.errorbar(c["predicted"][shown], c["measured"][shown],
                      yerr=np.nan_to_num(c["standard_error"][shown], posinf=0.0),
                      linestyle="none", marker="osD^v"[k % 5], markersize=3.6, alpha=0.6,
                      color=_LAYERS[k % len(_LAYERS)], markeredgecolor="none", elinewidth=0.7,
                      rasterized=True, label=f"{layer} ({len(here)})", zorder=2)
    axes.set_xscale("symlog", linthresh=linear, linscale=0.6)
    axes.set_yscale("symlog", linthresh=linear, linscale=0.6)
    axes.set_xlim(-reach, reach)
    axes.set_ylim(-reach, reach)
    for axis in (axes.xaxis, axes.yaxis):
        ticks = axis.get_major_locator().tick_values(-reach, reach)
        if len(ticks) > 9:
            step = int(np.ceil(len([t for t in ticks if t > 0]) / 3))
            positive_ticks = [t for t in ticks if t > 0][::-1][::step]
            axis.set_ticks([*(-t for t in positive_ticks), 0.0, *positive_ticks])
        axis.set_minor_locator(_no_ticks())
    axes.set_xlabel("predicted cumulant")
    axes.set_ylabel("measured cumulant, with standard error")
    axes.set_title("predicted against measured", loc="left")
    handles, names = axes.get_legend_handles_labels()
    legend = axes.legend(handles, names, frameon=False, loc="upper left",
                         title="layer (comparisons)", alignment="left", title_fontsize=9)
    for handle in legend.legend_handles:
        if handle is not None:
            handle.set_alpha(1)
    clean(axes)


def _no_ticks() -> Any:
    from matplotlib.ticker import NullLocator

    return NullLocator()


def _histogram(axes: "Axes", results: StudyResults) -> None:
    from scipy import stats

    c = _columns(results)
    used = (c["verdict"] != "undecided") & np.isfinite(c["z"]) & (c["z"] != 0)
    z = np.clip(c["z"][used], -_Z_RANGE, _Z_RANGE)
    edges = np.arange(-_Z_RANGE, _Z_RANGE + 0.251, 0.25)
    axes.hist(z, edges.tolist(), color=SKY, edgecolor="white", linewidth=0.4,
              label=f"{len(z)} comparisons")
    grid = np.linspace(-_Z_RANGE, _Z_RANGE, 400)
    axes.plot(grid, 0.25 * len(z) * stats.norm.pdf(grid), color=INK, linewidth=1.4,
              label="standard normal")
    level = float(results.manifest.get("level", 0.01))
    threshold = float(stats.norm.isf(level / (2 * max(1, int(used.sum())))))
    for k, sign in enumerate((-1, 1)):
        axes.axvline(sign * threshold, color=RED, linestyle="--", linewidth=1.2,
                     label=None if k else f"Holm, level {level:g}: |z| = {threshold:.2f}")
    axes.set_yscale("log")
    axes.set_ylim(0.5, max(10.0, 0.25 * len(z)) * 12)
    axes.set_xlim(-_Z_RANGE, _Z_RANGE)
    axes.set_xlabel("z = (measured − predicted) / standard error")
    axes.set_ylabel("comparisons")
    axes.set_title("z-scores", loc="left")
    axes.legend(loc="upper center", ncols=1, frameon=True, framealpha=1, edgecolor="none")
    clean(axes)


# ---------------------------------------------------------------------- the picture in the README


def demo_figure(results: StudyResults) -> "Figure":
    """The most telling panels in one picture."""
    counted = tallies(results)
    rows, columns = _rows(counted), _ordered(t.test_law for t in counted)
    loss = "law" if any(t.loss == "law" for t in counted) else counted[0].loss
    law = max(_ordered(t.train_law for t in counted), key=lambda name: sum(
        t.mirror + t.decided for t in counted if (t.loss, t.train_law) == (loss, name)))
    figure = blank(13.2, 7.6)
    figure.get_layout_engine().set(w_pad=0.12, h_pad=0.1)  # type: ignore[union-attr]
    grid = figure.add_gridspec(2, 2, width_ratios=(1, 1.05), height_ratios=(1, 0.9))
    whole = figure.add_subplot(grid[:, 0])
    _panel(whole, [t for t in counted if (t.loss, t.train_law) == (loss, law)], rows, columns)
    whole.set_title(f"networks that act as the block sum\n{loss_label(loss)}, trained on {law}",
                    loc="left", pad=8)
    whole.legend(handles=_frame_handles(counted), loc="upper left", bbox_to_anchor=(-0.35, -0.09),
                 ncols=1, frameon=False)
    _scatter(figure.add_subplot(grid[0, 1]), results)
    lower = figure.add_subplot(grid[1, 1])
    data = mirror_data(results, most=4)
    if data is None:
        _histogram(lower, results)
    else:
        mirror_panel(lower, data)
    return figure
