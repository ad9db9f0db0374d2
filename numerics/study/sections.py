"""The sections of a report on the outcomes of a study and on its comparisons."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from cumulant_theory.latex import Block, Figure, Heading, Paragraph, Table

from .results import StudyResults
from .tally import Tally, label

__all__ = ["FIGURES", "chunks", "comparison_blocks", "outcome_blocks"]

_WORST = 30
_MOST_ROWS = 38
FIGURES = {
    "generalisation": (
        "Networks that act as the block sum, of all networks of a kind. A network counts as such "
        "if no measured output cumulant up to the highest order differs from the target's (Holm "
        "correction). Mirror: networks that fail because all odd cumulants have the opposite sign. "
        "Frames show what theory decides beforehand.",
        "Heat map: rows are weight symmetry and activation, columns test laws, panels loss and "
        "training law; the numbers are those of the table of outcomes.",
    ),
    "agreement": (
        "Left: predicted and measured cumulants of every layer, network and test law (at most "
        "2000 points per layer are drawn). Right: z-scores of all decided comparisons, the "
        "standard normal density, and the |z| that Holm's first step asks for.",
        "Scatter plot of measured against predicted cumulants along the diagonal, and a "
        "histogram of z-scores with the standard normal curve.",
    ),
    "mirror": (
        "Third output cumulant of each network on the most skewed test law, for the kinds of "
        "network that have mirror images. Training on a symmetric law leaves the sign of the "
        "map open; training on a skewed law fixes it.",
        "Markers lie on two lines, at plus and minus the third cumulant of the target.",
    ),
}


def outcome_blocks(
    results: StudyResults, counted: Sequence[Tally], figures: dict[str, Path]
) -> list[Block]:
    """The section on generalisation: outcomes by test law, expectations, mirror images."""
    laws = list(dict.fromkeys(t.test_law for t in counted))
    blocks: list[Block] = [
        Heading(1, "Generalisation", "sec:generalisation"),
        Paragraph(
            "Entries count the networks that act as the block sum on a test law, of those trained; "
            "m counts mirror images among those that fail. F: theory says that all must fail; "
            "G: all must generalise; B: the sign of the branch that training reached decides. "
            "An exclamation mark: some network contradicts theory. A tilde: some network must "
            "fail, but by a residual below the resolution of the samples."
        ),
    ]
    by_cell: dict[str, dict[str, Tally]] = {}
    for t in counted:
        by_cell.setdefault(t.cell, {})[t.test_law] = t
    for loss in dict.fromkeys(t.loss for t in counted):
        rows = []
        for cell in by_cell.values():
            first = next(iter(cell.values()))
            if first.loss == loss:
                rows.append((
                    label(first.symmetry, rich=True), label(first.activation), first.train_law,
                    *(_entry(cell[law]) if law in cell else None for law in laws),
                ))
        for part, chunk in enumerate(chunks(rows)):
            blocks.append(Table(
                ("symmetry", "activation", "trained on", *laws), chunk,
                f"Outcomes by test law, loss: {loss}" + (", continued." if part else "."),
                f"tab:outcomes-{loss}" + (f"-{part + 1}" if part else ""),
            ))
    blocks += [*_figure("generalisation", figures), *_expectations(counted),
               *_figure("mirror", figures), *_mirror_table(results)]
    return blocks


def _entry(t: Tally) -> str:
    mark = {"fail": " F", "generalise": " G", "split": " B"}.get(t.mark, "")
    mirror = f" {t.mirror}m" if t.mirror else ""
    return f"{t.generalises}/{t.seeds}{mirror}{mark}{t.flag and f' {t.flag}'}"


def _expectations(counted: Sequence[Tally]) -> list[Block]:
    groups: dict[tuple[str, ...], list[Tally]] = {}
    for t in counted:
        if t.mark:
            key = (t.symmetry, t.activation, t.loss, t.train_law, t.mark)
            groups.setdefault(key, []).append(t)
    everywhere = list(dict.fromkeys(t.test_law for t in counted))
    names = {"fail": "must fail", "generalise": "must generalise", "split": "branch decides"}
    rows = [
        (
            label(key[0], rich=True), label(key[1]), key[2], key[3], names[key[4]],
            _listed([t.test_law for t in ts], everywhere),
            sum(t.decided for t in ts), sum(t.as_expected for t in ts),
            sum(t.mirror for t in ts), "yes" if all(t.holds for t in ts) else "no",
        )
        for key, ts in groups.items()
    ]
    header = ("symmetry", "activation", "loss", "trained on", "theory", "test laws", "decided",
              "came out so", "mirror", "holds")
    return [
        Table(header, chunk, "What theory decides beforehand, and what came out, in networks times "
              "test laws" + (", continued." if part else "."),
              "tab:expected" + (f"-{part + 1}" if part else ""))
        for part, chunk in enumerate(chunks(rows))
    ]


def _listed(laws: Sequence[str], everywhere: Sequence[str]) -> str:
    """The laws by name, or by the one or two that are missing where that is shorter."""
    missing = [law for law in everywhere if law not in laws]
    if not missing:
        return "all"
    if len(missing) < len(laws):
        return f"all but {', '.join(missing)}"
    return ", ".join(laws)


def _mirror_table(results: StudyResults) -> list[Block]:
    cells: dict[str, dict[str, Any]] = {}
    mirrored: dict[str, set[int]] = {}
    seeds: dict[str, set[int]] = {}
    for o in results.outcomes:
        cells.setdefault(o["cell"], o)
        seeds.setdefault(o["cell"], set()).add(o["seed"])
        if o["mirror"]:
            mirrored.setdefault(o["cell"], set()).add(o["seed"])
    rows = [
        (label(cells[c]["symmetry"], rich=True), label(cells[c]["activation"]), cells[c]["loss"],
         cells[c]["train_law"], len(seeds[c]), len(found),
         ", ".join(map(str, sorted(found)[:16])) + (" ..." if len(found) > 16 else ""))
        for c, found in mirrored.items()
    ]
    if not rows:
        return [Paragraph("No network is a mirror image of the block sum.")]
    header = ("symmetry", "activation", "loss", "trained on", "networks", "mirror images", "seeds")
    return [
        Table(header, chunk, "Mirror images" + (", continued." if part else "."),
              "tab:mirror" + (f"-{part + 1}" if part else ""))
        for part, chunk in enumerate(chunks(rows))
    ]


def _figure(name: str, figures: dict[str, Path]) -> list[Block]:
    if name not in figures:
        return []
    return [Figure(figures[name], FIGURES[name][0], f"fig:{name}")]


def chunks(rows: Sequence[Any]) -> list[Sequence[Any]]:
    """Rows in lots that fit on a page."""
    return [rows[k : k + _MOST_ROWS] for k in range(0, len(rows), _MOST_ROWS)]


def comparison_blocks(results: StudyResults, figures: dict[str, Path]) -> list[Block]:
    """The section on predicted and measured cumulants."""
    rows = results.comparisons
    decided = [r for r in rows if r["verdict"] != "undecided"]
    counts: dict[tuple[str, str], list[dict[str, Any]]] = {}
    for r in rows:
        counts.setdefault((r["layer"], r["test_law"]), []).append(r)
    by_layer = [
        (
            layer, law, len(found),
            *(sum(r["verdict"] == v for r in found) for v in ("agree", "undecided", "disagree")),
            _number(max((abs(r["z"]) for r in found if r["verdict"] != "undecided"), default=None)),
        )
        for (layer, law), found in sorted(counts.items())
    ]
    worst = sorted(decided, key=lambda r: (r["p_holm"], r["p"], -abs(r["z"])))[:_WORST]
    blocks: list[Block] = [
        Heading(1, "Predicted and measured cumulants", "sec:comparison"),
        Paragraph(
            "Each cumulant of each layer is compared on each law: all in the figure, counted "
            "by layer and law in the first table, and one by one where they lie farthest apart in "
            "the last."
        ),
        *_figure("agreement", figures),
    ]
    blocks += [
        Table(("layer", "test law", "comparisons", "agree", "undecided", "disagree", "largest |z|"),
              chunk, "Comparisons by layer and test law" + (", continued." if part else "."),
              "tab:layers" + (f"-{part + 1}" if part else ""))
        for part, chunk in enumerate(chunks(by_layer))
    ]
    blocks.append(Table(
        ("symmetry", "activation", "loss", "trained on", "seed", "test law", "layer", "index",
         "predicted", "measured", "std. error", "z", "p (Holm)", "verdict"),
        [
            (label(r["symmetry"], rich=True), label(r["activation"]), r["loss"], r["train_law"],
             r["seed"], r["test_law"], r["layer"], r["alpha"], *(
                 _number(r[k]) for k in ("predicted", "measured", "standard_error", "z", "p_holm")
             ), r["verdict"])
            for r in worst
        ],
        f"The {len(worst)} comparisons farthest from agreement; all are in results.csv. The index "
        "counts how often each unit occurs in the cumulant.", "tab:worst",
    ))
    return blocks


def _number(value: Any) -> str | None:
    return None if value is None else f"{float(value):.4g}"
