"""The report of a study: one content, written as HTML and as LaTeX."""

from collections.abc import Iterable
from pathlib import Path

from cumulant_theory.arguments import explained
from cumulant_theory.errors import MissingDependencyError, OutputError
from cumulant_theory.latex import Article, Block, Heading, Paragraph, Table
from cumulant_theory.references import reference_text

from ..files import made_folder, write_text
from .figures import write_figures
from .html import page
from .recursions import theory_blocks
from .results import StudyResults
from .sections import FIGURES, chunks, comparison_blocks, outcome_blocks
from .tally import label, tallies, verdict

__all__ = ["ReportFiles", "build_article", "write_report"]


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
        self.notes: tuple[str, ...] = tuple(notes)


@explained
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
    out = made_folder(out_dir)
    figures = write_figures(results, out)
    article = build_article(results, figures)
    alternatives = {f"fig:{name}": text for name, (_, text) in FIGURES.items()}
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


@explained
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
        blocks += outcome_blocks(results, counted, figures)
    if results.comparisons:
        blocks += comparison_blocks(results, figures)
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
            "units, its weights obeying a symmetry, or a graph convolution on the block, "
            "pointwise, summed over the nodes, linear."
        ),
        Paragraph(
            "Two losses are compared: the pointwise risk $E (f_\\theta(x) - R(x))^2$, and law "
            "matching, which compares only the cumulants of the two output laws up to order "
            f"{c.get('match_order', order)}. Both are minimised in closed form, without samples. "
            f"Each kind of network has {s} seeds; each seed is the first of "
            f"{c.get('restarts', 'several')} random starts (at most {c.get('steps', 'all')} steps) "
            "that reaches the lowest loss among them. Then it meets laws that it never saw. "
            f"There, cumulants of every layer up to order {order} are predicted from the trained "
            "weights by the affine and the pointwise rule [@mccullagh] [@leonov-shiryaev] and "
            f"measured on {c.get('samples', 'many')} samples by unbiased k-statistics."
        ),
        Paragraph(
            "A comparison is judged by its z-score with Holm's correction over all comparisons of "
            f"the study at level {results.manifest.get('level', 0.01)}. It stays undecided where "
            "the tails are too heavy for the standard error to be trusted, or where samples that "
            "should scatter are all equal."
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
            f", apart from {n['unresolved']} that should fail by a residual too small for the "
            "number of samples to tell"
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
          for part, chunk in enumerate(chunks(rows))),
    ]
