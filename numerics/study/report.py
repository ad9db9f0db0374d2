"""The report of a study: one content, written as HTML and as LaTeX."""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from cumulant_theory.errors import MissingDependencyError, OutputError
from cumulant_theory.latex import Article, Block, Figure, Heading, Paragraph, Table
from cumulant_theory.references import reference_text

from .figures import write_figures
from .html import page
from .recursions import theory_blocks
from .results import StudyResults, write_text
from .tally import Tally, label, tallies, verdict

__all__ = ["ReportFiles", "build_article", "write_report"]

_WORST = 30
_MOST_ROWS = 38
_FIGURES = {
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


class ReportFiles(list[Path]):
    """Paths of a written report, with notes on what was left out.

    Attributes
    ----------
    notes
        Such as why there is no PDF.

    Examples
    --------
    >>> files = ReportFiles([Path("report.html")], notes=["report.pdf is left out"])
    >>> len(files), files.notes
    (1, ('report.pdf is left out',))
    """

    def __init__(self, paths: Iterable[Path] = (), notes: Iterable[str] = ()) -> None:
        super().__init__(paths)
        self.notes = tuple(notes)


def write_report(results: StudyResults, out_dir: str | Path) -> ReportFiles:
    """Write the figures, ``report.html``, ``report.tex`` and, with latexmk, ``report.pdf``.

    Parameters
    ----------
    results
        Of a study.
    out_dir
        Folder; made if it does not exist.

    Returns
    -------
    ReportFiles
        A list of the files written. Its ``notes`` say why there is no PDF, if so.

    Raises
    ------
    OutputError
        If a file cannot be written.
    MissingDependencyError
        If Matplotlib is not installed.
    """
    out = Path(out_dir)
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(
            f"{out} cannot be made ({error.strerror}); choose another --out folder"
        ) from None
    figures = write_figures(results, out)
    article = build_article(results, figures)
    alternatives = {f"fig:{name}": text for name, (_, text) in _FIGURES.items()}
    paths = [
        *figures.values(),
        write_text(out / "report.html", page(article, alternatives)),
        article.write(out / "report.tex"),
    ]
    notes = []
    try:
        paths.append(article.compile(out / "report.tex"))
    except (MissingDependencyError, OutputError) as error:
        notes.append(f"report.pdf is left out: {error}")
    return ReportFiles(paths, notes)


def build_article(results: StudyResults, figures: dict[str, Path]) -> Article:
    """The content of the report.

    Parameters
    ----------
    results
        Of a study.
    figures
        As `write_figures` gives them.

    Examples
    --------
    >>> empty = StudyResults({"title": "Study"}, [], [], [])
    >>> [b.text for b in build_article(empty, {}).blocks if isinstance(b, Heading)]
    ['What was done', 'Verdict', 'Reproducibility']
    """
    counted = tallies(results)
    blocks: list[Block] = [*_what_was_done(results), *_verdict(results)]
    if counted:
        blocks += _outcomes(results, counted, figures)
    if results.comparisons:
        blocks += _comparisons(results, figures)
    if results.theory:
        blocks += theory_blocks(results)
    blocks += _reproducibility(results)
    keys = ("mccullagh", "leonov-shiryaev", "jona-lasinio", "fischer")
    return Article(
        title=results.config.get("title") or "Cumulants of networks that learn the block sum",
        abstract=_abstract(results),
        blocks=blocks,
        references={key: reference_text(key) for key in keys},
    )


def _abstract(results: StudyResults) -> str:
    n = verdict(results)
    agreement = "agree in every decided case" if not n["disagree"] else (
        f"disagree in {n['disagree']} cases")
    return (
        f"{n['networks']} networks of {n['cells']} kinds were trained to act as the block sum of "
        "the central limit theorem. Their joint cumulants, predicted from the trained weights by "
        f"exact recursions, and {n['comparisons']} measured cumulants {agreement}. "
        f"Of the outcomes that theory decides beforehand, {n['failed']} of {n['must_fail']} "
        f"failures and {n['generalised']} of {n['must_generalise']} generalisations came out so."
    )


def _what_was_done(results: StudyResults) -> list[Block]:
    c = results.config
    b, s = c.get("b", "b"), c.get("seeds", "several")
    order = c.get("order", 4)
    return [
        Heading(1, "What was done", "sec:done"),
        Paragraph(
            f"A network $f_\\theta$ sees blocks of $b = {b}$ independent samples of a law and "
            "should act as the block sum $R(x) = b^{-1/2} (x_1 + \\cdots + x_b)$, the "
            "renormalisation-group map of the central limit theorem [@jona-lasinio]. On "
            "independent copies its cumulants are $\\kappa_r(R) = b^{1 - r/2} \\kappa_r$. Each "
            f"network is linear, pointwise, linear, with {c.get('hidden', 'several')} hidden "
            "units; the weights obey a symmetry."
        ),
        Paragraph(
            "Two losses are compared: the pointwise risk $E (f_\\theta(x) - R(x))^2$, and law "
            "matching, which compares only the cumulants of the two output laws up to order "
            f"{c.get('match_order', order)}. Each kind of network is trained from {s} seeds "
            f"(at most {c.get('steps', 'all')} steps each) and then meets laws that it never saw. "
            f"There, cumulants of every layer up to order {order} are predicted from the trained "
            "weights by the affine and the pointwise rule [@mccullagh] [@leonov-shiryaev] and "
            f"measured on {c.get('samples', 'many')} samples by unbiased k-statistics."
        ),
        Paragraph(
            "A comparison is judged by its z-score with Holm's correction over all comparisons of "
            f"the study at level {results.manifest.get('level', 0.01)}. It stays undecided where "
            "the tails are too heavy for the standard error to be trusted."
        ),
        *([Table(
            ("setting", "values"),
            [
                ("symmetries", ", ".join(label(x, rich=True) for x in c["symmetries"])),
                ("activations", ", ".join(label(x) for x in c["activations"])),
                ("losses", ", ".join(c["losses"])),
                ("training laws", "; ".join(c["train_laws"])),
                ("test laws", "; ".join(f"{k} = {v}" for k, v in c["test_laws"].items())),
            ],
            "The grid of the study.", "tab:grid",
        )] if "symmetries" in c else []),
    ]


def _verdict(results: StudyResults) -> list[Block]:
    n = verdict(results)
    sentence = (
        "Prediction and measurement agree: no comparison contradicts the theory."
        if not n["disagree"] else
        f"Prediction and measurement disagree in {n['disagree']} comparisons; see [[tab:worst]]."
    )
    against = (
        n["must_fail"] - n["failed"] - n["unresolved"] + n["must_generalise"] - n["generalised"]
    )
    came = "all came out so" if not against else f"{against} came out otherwise"
    if n["unresolved"]:
        came += (
            f", apart from {n['unresolved']} failures by residuals too small for the number of "
            "samples to tell"
        )
    return [
        Heading(1, "Verdict", "sec:verdict"),
        Paragraph(
            f"{sentence} Of {n['comparisons']} comparisons {n['agree']} agree, {n['undecided']} "
            f"are undecided and {n['disagree']} disagree. {n['converged']} of {n['networks']} "
            f"networks converged. Theory decides {n['must_fail'] + n['must_generalise']} outcomes "
            f"beforehand, {n['must_fail']} failures and {n['must_generalise']} generalisations; "
            f"{came} ({n['failed']} failures, {n['generalised']} generalisations). "
            f"{n['mirror']} networks are mirror images of the block sum: right on symmetric laws, "
            "with the opposite sign of every odd cumulant on skewed ones."
        ),
    ]


# ---------------------------------------------------------------------- outcomes


def _outcomes(
    results: StudyResults, counted: Sequence[Tally], figures: dict[str, Path]
) -> list[Block]:
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
        for part, chunk in enumerate(_chunks(rows)):
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
        for part, chunk in enumerate(_chunks(rows))
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
        for part, chunk in enumerate(_chunks(rows))
    ]


def _figure(name: str, figures: dict[str, Path]) -> list[Block]:
    if name not in figures:
        return []
    return [Figure(figures[name], _FIGURES[name][0], f"fig:{name}")]


def _chunks(rows: Sequence[Any]) -> list[Sequence[Any]]:
    return [rows[k : k + _MOST_ROWS] for k in range(0, len(rows), _MOST_ROWS)]


# ---------------------------------------------------------------------- comparisons


def _comparisons(results: StudyResults, figures: dict[str, Path]) -> list[Block]:
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
        *_figure("agreement", figures),
    ]
    blocks += [
        Table(("layer", "test law", "comparisons", "agree", "undecided", "disagree", "largest |z|"),
              chunk, "Comparisons by layer and test law" + (", continued." if part else "."),
              "tab:layers" + (f"-{part + 1}" if part else ""))
        for part, chunk in enumerate(_chunks(by_layer))
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


# ---------------------------------------------------------------------- reproducibility


def _reproducibility(results: StudyResults) -> list[Block]:
    m = results.manifest
    rows: list[tuple[str, str]] = [(f"version of {k}", str(v)) for k, v in sorted(
        m.get("versions", {}).items())]
    rows += [(k.replace("_", " "), str(m[k])) for k in sorted(m)
             if k not in ("versions", "config") and not isinstance(m[k], dict | list)]
    rows += [(f"setting {k}", str(v)) for k, v in sorted(results.config.items())
             if not isinstance(v, dict | list | tuple) and v != ""]
    return [
        Heading(1, "Reproducibility", "sec:reproducibility"),
        Paragraph(
            "The same settings and seed give the same networks and the same samples; "
            "manifest.json holds all of them, networks.csv the trained parameters."
        ),
        *(Table(("item", "value"), chunk, "Versions, seed and settings" + (
            ", continued." if part else "."), "tab:manifest" + (f"-{part + 1}" if part else ""))
          for part, chunk in enumerate(_chunks(rows))),
    ]
