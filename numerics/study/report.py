"""The report of a study: one content, written as HTML and as LaTeX."""

import re
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import sympy as sp

from cumulant_theory.errors import CumulantError, MissingDependencyError, OutputError
from cumulant_theory.latex import (
    Article,
    Block,
    Equation,
    Equations,
    Figure,
    Heading,
    Paragraph,
    Table,
    latex,
)
from cumulant_theory.layers import BlockSum, Layer
from cumulant_theory.references import reference_text

from .figures import write_figures
from .html import page
from .results import StudyResults, write_text
from .tally import Tally, label, tallies, verdict

__all__ = ["ReportFiles", "build_article", "write_report"]

_MOST_TERMS = 40
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
        blocks += _theory(results)
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
            "renormalisation-group map of the central limit theorem [@jona-lasinio]. On independent "
            "copies its cumulants are $\\kappa_r(R) = b^{1 - r/2} \\kappa_r$. Each network is "
            f"linear, pointwise, linear, with {c.get('hidden', 'several')} hidden units; the "
            "weights obey a symmetry."
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
    against = (n["must_fail"] - n["failed"]) + (n["must_generalise"] - n["generalised"])
    came = "all came out so" if not against else f"{against} came out otherwise"
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
            "An exclamation mark: some network contradicts theory."
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
    return f"{t.generalises}/{t.seeds}{mirror}{mark}{'' if t.holds else '!'}"


def _expectations(counted: Sequence[Tally]) -> list[Block]:
    groups: dict[tuple[str, ...], list[Tally]] = {}
    for t in counted:
        if t.mark:
            key = (t.symmetry, t.activation, t.loss, t.train_law, t.mark)
            groups.setdefault(key, []).append(t)
    everywhere = len({t.test_law for t in counted})
    names = {"fail": "must fail", "generalise": "must generalise", "split": "branch decides"}
    rows = [
        (
            label(key[0], rich=True), label(key[1]), key[2], key[3], names[key[4]],
            "all" if len(ts) == everywhere else ", ".join(t.test_law for t in ts),
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


# ---------------------------------------------------------------------- theory


def _theory(results: StudyResults) -> list[Block]:
    order = int(results.config.get("order", 4))
    blocks: list[Block] = [
        Heading(1, "Recursions", "sec:recursions"),
        Paragraph(
            "Every network is a chain of two rules [@fischer]. In index notation the equations are "
            "the same for all weight symmetries; $i$, $j$, $\\ldots$ stand for distinct units. The "
            "symmetry enters through the weight matrices alone."
        ),
        Table(
            ("symmetry", "activation", "free parameters", "without symmetry"),
            [(label(t["symmetry"], rich=True), label(t["activation"]),
              t.get("free", len(t["parameters"])), t.get("unconstrained")) for t in results.theory],
            "Parameters of each architecture.", "tab:parameters",
        ),
    ]
    seen: set[str] = set()
    for entry in results.theory:
        if entry["activation"] not in seen:
            seen.add(entry["activation"])
            blocks += _recursion(entry, order)
    for entry in results.theory:
        blocks += _architecture(entry, order, results.config)
    return blocks


def _recursion(entry: dict[str, Any], order: int) -> list[Block]:
    net: Layer = entry["net"]
    blocks: list[Block] = [Heading(2, f"Recursion with {label(entry['activation'])} activation")]
    for layer in net.recursion(order, inputs="iid").layers:
        scalar = [
            e for e in (*layer.definitions, *layer.indices)
            if not isinstance(e.rhs, sp.MatrixBase)
        ]
        shown = [Equation(e.lhs, e.rhs) for e in scalar if _terms(e.rhs) <= _MOST_TERMS]
        long = [f"${latex(e.lhs)}$ ({_terms(e.rhs)} terms)" for e in scalar
                if _terms(e.rhs) > _MOST_TERMS]
        name, states = layer.label, f"${_state(layer.source)} \\to {_state(layer.target)}$"
        blocks.append(Paragraph(f"Layer {name}, {layer.rule} rule, {states}:"))
        if shown:
            blocks.append(Equations(shown, number=False))
        if long:
            blocks.append(Paragraph(
                f"Too long to print: {', '.join(long)}; cumulants derive --style indices shows "
                "them."
            ))
    return blocks


def _terms(expr: Any) -> int:
    return len(sp.Add.make_args(expr)) if isinstance(expr, sp.Expr) else 1


def _state(name: str) -> str:
    match = re.fullmatch(r"([a-z]+)(\d*)", name)
    return f"{match[1]}_{{{match[2]}}}" if match and match[2] else name


def _architecture(entry: dict[str, Any], order: int, config: dict[str, Any]) -> list[Block]:
    net: Layer = entry["net"]
    name = f"{label(entry['symmetry'], rich=True)}, {label(entry['activation'])}"
    blocks: list[Block] = [Heading(2, f"Architecture: {name}")]
    weights = [
        Equation(e.lhs, e.rhs) for layer in net.recursion(1, inputs="iid").layers
        for e in layer.definitions if isinstance(e.rhs, sp.MatrixBase)
    ]
    blocks.append(Equations(weights, number=False))
    try:
        system = net.system(order, inputs="iid", form="effective")
    except CumulantError as error:
        return [*blocks, Paragraph(f"No closed form of the effective coefficients: {error}.")]
    effective = [Equation(d.symbol, d.expr) for d in system.definitions if not d.order]
    blocks += [
        Paragraph("As one polynomial map, in effective coefficients (constant, linear, quadratic, "
                  "and so on):"),
        Equations(effective, number=False),
    ]
    b = int(config.get("b", net.input_units()))
    residuals, long = [], []
    for alpha, symbol in system.outputs.items():
        r = sum(alpha)
        definition = next(d for d in system.definitions if d.symbol == symbol)
        if len(definition.terms) > _MOST_TERMS:
            long.append(f"{len(definition.terms)} terms at order {r}")
            continue
        target = BlockSum(b).eigenvalue(r) * sp.Symbol(f"kappa_{r}")
        residuals.append(Equation(f"\\rho_{{{r}}}", definition.expr - target))
    if residuals:
        blocks += [
            Paragraph("Residuals $\\rho_r = \\kappa_r(f_\\theta) - \\kappa_r(R)$ on independent "
                      "copies of a law with cumulants $\\kappa_r$:"),
            Equations(residuals, number=False),
        ]
    if long:
        blocks.append(Paragraph(
            f"Too long to print: {', '.join(long)}; cumulants derive --style effective shows them."
        ))
    return blocks


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
