"""The figure of the mirror images: which branch each network is on."""

from typing import TYPE_CHECKING, Any

import numpy as np

from ..canvas import blank
from .palette import BLUE, RED, clean, loss_label
from .results import StudyResults
from .tally import label

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["mirror_data", "mirror_figure", "mirror_panel"]


def mirror_figure(results: StudyResults) -> "Figure | None":
    """Third output cumulant of each seed on the most skewed test law, beside the target.

    Shown are the kinds of network with mirror images, each beside the same kind trained on the
    other laws. None if no test law is skewed.
    """
    data = mirror_data(results)
    if data is None:
        return None
    figure = blank(max(7.5, 1.2 + 1.0 * len(data["groups"])), 4.8)
    axes = figure.subplots()
    mirror_panel(axes, data)
    return figure


def mirror_data(results: StudyResults, most: int = 12) -> dict[str, Any] | None:
    """What the panel shows: test law, target value, and per cell its networks.

    Parameters
    ----------
    results
        Of a study.
    most
        Number of cells shown at most.
    """
    outputs: dict[str, str] = {}
    for r in results.comparisons:
        outputs[r["cell"]] = max(outputs.get(r["cell"], r["layer"]), r["layer"], key=_layer_number)
    measured: dict[tuple[str, int, str], dict[str, Any]] = {
        (r["cell"], r["seed"], r["test_law"]): r for r in results.comparisons
        if r["layer"] == outputs[r["cell"]] and r["alpha"] == "3"
    }
    points = []
    for o in results.outcomes:
        row = measured.get((o["cell"], o["seed"], o["test_law"]))
        if row is not None and o["residual_3"] is not None:
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


def mirror_panel(axes: "Axes", data: dict[str, Any]) -> None:
    """Draw what `mirror_data` gives; values off the scale become arrows at its end."""
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
            label(first["symmetry"], rich=True).replace("(", "\n("),
            label(first["activation"]), first["train_law"],
            *([loss_label(first["loss"])] if len(losses) > 1 else []),
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
    method = f" ({loss_label(next(iter(losses)))})" if len(losses) == 1 else ""
    axes.set_xlabel(f"symmetry, activation, training law{method}")
    axes.set_xlim(-0.6, len(names) - 0.4)
    axes.set_ylim(-limit, limit)
    axes.set_ylabel(r"measured $\kappa_3$ of the output")
    axes.set_title(f"the block sum and its mirror image on {data['law']} input", loc="left")
    axes.legend(frameon=False, loc="upper center", ncols=2)
    clean(axes)
    axes.grid(False, axis="x")
    axes.tick_params(axis="x", length=0)
