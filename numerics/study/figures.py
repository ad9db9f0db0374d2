"""Figures of a study. Matplotlib is imported only when one is drawn."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from cumulant_theory.errors import MissingDependencyError, OutputError

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

# Okabe and Ito's palette, distinct under all common colour-vision deficiencies.
BLUE, SKY, GREEN, ORANGE, RED, PURPLE = (
    "#0072B2", "#56B4E9", "#009E73", "#E69F00", "#D55E00", "#CC79A7"
)
_LAYERS = (BLUE, ORANGE, GREEN, PURPLE, SKY, RED)
_INK = "#1c2430"
_SHOWN_POINTS = 2000
_Z_RANGE = 8.0
_STYLE = {
    "font.size": 10, "axes.titlesize": 10.5, "axes.labelsize": 10, "xtick.labelsize": 9,
    "ytick.labelsize": 9, "legend.fontsize": 9, "axes.edgecolor": "#586273",
    "text.color": _INK, "axes.labelcolor": _INK, "xtick.color": _INK, "ytick.color": _INK,
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
    try:
        import matplotlib as mpl
    except ImportError:
        raise MissingDependencyError(
            "the figures need Matplotlib, which is not installed; "
            "pip install 'cumulant-theory[numerics]'"
        ) from None
    drawings = {
        "generalisation": generalisation_map, "agreement": agreement_figure,
        "mirror": mirror_figure, "demo": demo_figure,
    }
    written = {}
    with mpl.rc_context(_STYLE):
        for name, draw in drawings.items():
            figure = draw(results)
            if figure is None:
                continue
            path = out / f"{name}.png"
            try:
                figure.savefig(path, dpi=150, metadata={"Software": None})
            except OSError as error:
                raise OutputError(
                    f"{path} cannot be written ({error.strerror}); choose another --out folder"
                ) from None
            written[name] = path
    return written


# ---------------------------------------------------------------------- generalisation map


def generalisation_map(results: StudyResults) -> "Figure":
    """Fraction of seeds that act as the target map, per kind of network and test law.

    Rows are symmetry and activation, columns test laws, panels loss and training law. A frame
    marks what theory decides beforehand.
    """
    from matplotlib.figure import Figure

    counted = tallies(results)
    rows, columns = _rows(counted), _ordered(t.test_law for t in counted)
    losses, laws = _ordered(t.loss for t in counted), _ordered(t.train_law for t in counted)
    width = 2.3 + len(laws) * (0.4 + 0.92 * len(columns)) + 0.9
    height = 1.5 + len(losses) * (0.75 + 0.44 * len(rows))
    figure = Figure(figsize=(width, height), layout="constrained")
    figure.get_layout_engine().set(h_pad=0.08, w_pad=0.08)  # type: ignore[union-attr]
    axes = figure.subplots(len(losses), len(laws), squeeze=False)
    image = None
    for i, loss in enumerate(losses):
        for j, law in enumerate(laws):
            here = [t for t in counted if (t.loss, t.train_law) == (loss, law)]
            image = _panel(axes[i, j], here, rows, columns)
            axes[i, j].set_title(f"{_loss(loss)}, trained on {law}", loc="left", pad=7)
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


def _loss(loss: str) -> str:
    return {"pointwise": "pointwise risk", "law": "law matching"}.get(loss, loss)


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
        ink = "white" if grid[k, c] > 0.6 else _INK
        lines = f"{t.generalises}/{t.seeds}" + ("" if t.holds else " !")
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
    if not all(t.holds for t in counted):
        handles.append(Line2D([], [], linestyle="none", marker="$!$", color=_INK,
                              label="against theory"))
    return handles


# ---------------------------------------------------------------------- agreement


def agreement_figure(results: StudyResults) -> "Figure":
    """Predicted against measured cumulants, and the z-scores with the normal curve."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(10.6, 4.7), layout="constrained")
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
    linear = 10 ** np.round(np.log10(np.clip(np.quantile(positive, 0.1), 1e-4, 1)) if (
        positive.size) else 0)
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
    _clean(axes)


def _no_ticks() -> Any:
    from matplotlib.ticker import NullLocator

    return NullLocator()


def _histogram(axes: "Axes", results: StudyResults) -> None:
    from scipy import stats

    c = _columns(results)
    used = (c["verdict"] != "undecided") & np.isfinite(c["z"]) & (c["z"] != 0)
    z = np.clip(c["z"][used], -_Z_RANGE, _Z_RANGE)
    edges = np.arange(-_Z_RANGE, _Z_RANGE + 0.251, 0.25)
    axes.hist(z, edges, color=SKY, edgecolor="white", linewidth=0.4,
              label=f"{len(z)} comparisons")
    grid = np.linspace(-_Z_RANGE, _Z_RANGE, 400)
    axes.plot(grid, 0.25 * len(z) * stats.norm.pdf(grid), color=_INK, linewidth=1.4,
              label="standard normal")
    level = float(results.manifest.get("level", 0.01))
    threshold = stats.norm.isf(level / (2 * max(1, int(used.sum()))))
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
    _clean(axes)


def _clean(axes: "Axes") -> None:
    axes.spines[["top", "right"]].set_visible(False)
    axes.grid(alpha=0.25, linewidth=0.6)
    axes.set_axisbelow(True)


# ---------------------------------------------------------------------- mirror images


def mirror_figure(results: StudyResults) -> "Figure | None":
    """Third output cumulant of each seed on the most skewed test law, beside the target.

    Shown are the kinds of network with mirror images, each beside the same kind trained on the
    other laws. None if no test law is skewed.
    """
    from matplotlib.figure import Figure

    data = _mirror_data(results)
    if data is None:
        return None
    figure = Figure(figsize=(max(7.5, 1.2 + 1.0 * len(data["groups"])), 4.8),
                    layout="constrained")
    axes = figure.subplots()
    _mirror_panel(axes, data)
    return figure


def _mirror_data(results: StudyResults, most: int = 12) -> dict[str, Any] | None:
    output = max((r["layer"] for r in results.comparisons), key=_layer_number, default=None)
    measured: dict[tuple[str, int, str], dict[str, Any]] = {
        (r["cell"], r["seed"], r["test_law"]): r for r in results.comparisons
        if r["layer"] == output and r["alpha"] == "3"
    }
    points = []
    for o in results.outcomes:
        row = measured.get((o["cell"], o["seed"], o["test_law"]))
        if row is not None and o["residual_3"] != "":
            points.append((o, row, row["predicted"] - o["residual_3"]))
    skewness: dict[str, float] = {}
    for o, _, target in points:
        skewness.setdefault(o["test_law"], abs(target))
    if not skewness or max(skewness.values()) < 1e-9:
        return None
    law = max(skewness, key=lambda name: skewness[name])
    points = [p for p in points if p[0]["test_law"] == law]
    kinds = {(o["symmetry"], o["activation"], o["loss"]) for o, _, _ in points
             if o["mirror"] and not o["generalises"]}
    if not kinds:
        kinds = {(o["symmetry"], o["activation"], o["loss"]) for o, _, _ in points}
    groups: dict[str, list[Any]] = {}
    for p in points:
        o = p[0]
        if (o["symmetry"], o["activation"], o["loss"]) in kinds:
            groups.setdefault(o["cell"], []).append(p)
    # Whole kinds, so that each stands beside its likes trained on the other laws.
    order = sorted(groups, key=lambda g: (
        groups[g][0][0]["symmetry"] != "permutation_invariant",
        groups[g][0][0]["activation"] != "identity",
    ))
    kept = set(order[:most])
    return {"law": law, "target": points[0][2],
            "groups": {g: v for g, v in groups.items() if g in kept}}


def _layer_number(name: str) -> int:
    head = name.split()[0]
    return int(head) if head.isdigit() else 0


_KINDS = (
    ("acts as the block sum", BLUE, "o"),
    ("mirror image", RED, "^"),
    ("neither", "#7a828e", "x"),
)


def _mirror_panel(axes: "Axes", data: dict[str, Any]) -> None:
    target = data["target"]
    limit, reach = 2.6 * abs(target), 1.75 * abs(target)
    losses = {points[0][0]["loss"] for points in data["groups"].values()}
    axes.axhline(target, color=BLUE, linewidth=1.3, zorder=1, label="target")
    axes.axhline(-target, color=RED, linewidth=1.3, linestyle="--", zorder=1,
                 label="its mirror image")
    axes.axhline(0, color="0.7", linewidth=0.7, zorder=0)
    seen: set[str] = set()
    names = []
    for k, points in enumerate(data["groups"].values()):
        first = points[0][0]
        names.append("\n".join([
            label(first["symmetry"], rich=True), label(first["activation"]), first["train_law"],
            *([_loss(first["loss"])] if len(losses) > 1 else []),
        ]))
        if k % 2:
            axes.axvspan(k - 0.5, k + 0.5, color="#f4f6f9", zorder=0)
        spread = np.linspace(-0.33, 0.33, len(points)) if len(points) > 1 else [0.0]
        for x, (o, row, _) in zip(spread, points, strict=True):
            kind = 0 if o["generalises"] else 1 if o["mirror"] else 2
            text, colour, marker = _KINDS[kind]
            value = float(row["measured"])
            inside = abs(value) <= reach
            axes.errorbar(
                k + x, np.clip(value, -reach, reach),
                yerr=row["standard_error"] if inside else 0, color=colour,
                marker=marker if inside else ("$↑$" if value > 0 else "$↓$"),
                markersize=5.5, elinewidth=0.9, linestyle="none", zorder=3,
                label=None if text in seen or not inside else text,
            )
            if inside:
                seen.add(text)
    axes.set_xticks(range(len(names)), names, fontsize=8)
    method = f" ({_loss(next(iter(losses)))})" if len(losses) == 1 else ""
    axes.set_xlabel(f"symmetry, activation, training law{method}")
    axes.set_xlim(-0.6, len(names) - 0.4)
    axes.set_ylim(-limit, limit)
    axes.set_ylabel(r"measured $\kappa_3$ of the output")
    axes.set_title(f"the block sum and its mirror image on {data['law']} input", loc="left")
    axes.legend(frameon=False, loc="upper center", ncols=2)
    _clean(axes)
    axes.grid(False, axis="x")
    axes.tick_params(axis="x", length=0)


# ---------------------------------------------------------------------- the picture in the README


def demo_figure(results: StudyResults) -> "Figure":
    """The most telling panels in one picture."""
    from matplotlib.figure import Figure

    counted = tallies(results)
    rows, columns = _rows(counted), _ordered(t.test_law for t in counted)
    loss = "law" if any(t.loss == "law" for t in counted) else counted[0].loss
    law = max(_ordered(t.train_law for t in counted), key=lambda name: sum(
        t.mirror + t.decided for t in counted if (t.loss, t.train_law) == (loss, name)))
    figure = Figure(figsize=(13.2, 7.6), layout="constrained")
    figure.get_layout_engine().set(w_pad=0.12, h_pad=0.1)  # type: ignore[union-attr]
    grid = figure.add_gridspec(2, 2, width_ratios=(1, 1.05), height_ratios=(1, 0.9))
    whole = figure.add_subplot(grid[:, 0])
    _panel(whole, [t for t in counted if (t.loss, t.train_law) == (loss, law)], rows, columns)
    whole.set_title(f"networks that act as the block sum\n{_loss(loss)}, trained on {law}",
                    loc="left", pad=8)
    whole.legend(handles=_frame_handles(counted), loc="upper left", bbox_to_anchor=(-0.35, -0.09),
                 ncols=1, frameon=False)
    _scatter(figure.add_subplot(grid[0, 1]), results)
    lower = figure.add_subplot(grid[1, 1])
    data = _mirror_data(results, most=4)
    if data is None:
        _histogram(lower, results)
    else:
        _mirror_panel(lower, data)
    return figure
