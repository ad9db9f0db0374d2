"""The report of a competition: tables, figures and the answer, as one HTML page."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from cumulant_theory.arguments import explained
from cumulant_theory.latex import Article, Block, Figure, Heading, Paragraph, Table
from cumulant_theory.references import reference_text

from ..files import made_folder, write_text
from ..study.html import page
from ..study.sections import chunks
from .analysis import (
    MARGIN,
    SUMMARIES,
    Agreement,
    Claim,
    Contrast,
    agreement,
    claims,
    contrasts,
    scores,
)
from .figures import CAPTIONS, write_figures
from .runner import Results

__all__ = ["build_article", "summary", "write_report"]


@explained
def write_report(results: Results, out: str | Path) -> list[Path]:
    """Write the figures and ``report.html``.

    Parameters
    ----------
    results
        Of a competition.
    out
        Folder; made if it does not exist.

    Raises
    ------
    OutputError
        If a file cannot be written.
    MissingDependencyError
        If Matplotlib is not installed.
    """
    out = made_folder(out)
    figures = write_figures(results, out)
    alternatives = {f"fig:{name}": text for name, (_, text) in CAPTIONS.items()}
    article = build_article(results, figures)
    return [*figures.values(), write_text(out / "report.html", page(article, alternatives))]


@explained
def build_article(results: Results, figures: dict[str, Path]) -> Article:
    """The content of the report.

    Parameters
    ----------
    results
        Of a competition.
    figures
        As `write_figures` gives them.
    """
    tables = {over: contrasts(scores(results.errors, over)) for over in SUMMARIES}
    answers, counted = claims(tables["median"]), agreement(results.errors)
    blocks: list[Block] = [
        Heading(1, "What was done", "sec:done"),
        Paragraph(_done(results)),
        Heading(1, "Does symmetry compete with expressivity?", "sec:claims"),
        Paragraph(
            "In each place two contrasts are taken: over-constrained minus matched networks, and "
            "under-constrained minus matched ones, seed by seed and averaged over activations. "
            "The error is $\\log_{10}$ of the median, or the largest, over the laws that a network "
            "was not trained on, so 1 stands for a factor of ten, and positive numbers mean "
            "that leaving the matched symmetry is worse. Brackets hold 95 % confidence intervals. "
            f"A contrast fails where its interval ends below {MARGIN:g}; p-values are corrected "
            f"over all {len(tables['median'])} contrasts by Holm's method."
        ),
        *(
            table for over, found in tables.items() for table in _tables(
                ("level", "loss", "method", "trained on", "b", "depth", "over - matched",
                 "under - matched", "claim"),
                [_claim_row(c) for c in claims(found)], f"The claim by place, {over} law",
                f"tab:claims-{over}",
            )
        ),
        *_figures(figures, "competition", "width", "depth", "softness"),
        Heading(1, "All contrasts", "sec:contrasts"),
        *(table for over, found in tables.items() for table in _tables(
            ("contrast", "level", "loss", "method", "trained on", "b", "depth", "estimate",
             "p (Holm)", "networks", "verdict"),
            [(c.what, c.level, c.loss, c.method, c.train_law, _any(c.b), _any(c.depth), _span(c),
              f"{c.p_holm:.2g}", c.networks, c.verdict) for c in found],
            f"Contrasts in decades of error, {over} law", f"tab:contrasts-{over}",
        )),
        Heading(1, "Predicted and observed failure", "sec:agreement"),
        Paragraph(
            "Predicted from closed forms before any training. That a network generalises is "
            "predicted of one that fits its training law, and counted for those."
        ),
        *_tables(
            ("level", "loss", "method", "predicted", "observed", "networks times laws"),
            [(*key, n) for key, n in sorted(counted.counts.items())],
            "Predictions and outcomes", "tab:agreement",
        ),
        *_tables(
            ("level", "loss", "method", "why", "networks times laws"),
            [(*key, n) for key, n in sorted(counted.left_open.items())],
            "Left open by the algebra of the training variety", "tab:open",
        ),
        *_tables(
            ("symmetry", "activation", "b", "loss", "method", "trained on", "test law", "seed",
             "predicted", "observed", "error"),
            [(r["symmetry"], r["activation"], r["b"], r["loss"], r["method"], r["train_law"],
              r["test_law"], r["seed"], r["predicted"], r["outcome"],
              None if r["error"] is None else f"{r['error']:.3g}")
             for r in counted.exceptions[:100]],
            "Exceptions, the first hundred", "tab:exceptions",
        ),
        *_figures(figures, "plane", "flow", "breaking"),
    ]
    return Article(
        title=results.config.title or "Symmetry against expressivity",
        abstract=" ".join(_answer(answers, counted)), blocks=blocks,
        references={key: reference_text(key) for key in ("jona-lasinio", "fischer")},
    )


def _done(results: Results) -> str:
    lost = sum(bool(n["diverged"]) for n in results.networks)
    return (
        f"{len(results.networks)} networks of {results.cells} kinds learned the block sum "
        "$R(x) = b^{-1/2} (x_1 + \\cdots + x_b)$ [@jona-lasinio], or its action on densities, and "
        "met laws that they never saw. An architecture is over-constrained if none of its maps "
        "comes near R, matched if R is among them and all are permutation invariant as R is, and "
        "under-constrained if some are not; all three are derived from the constraints, for every "
        "activation, width and depth. Losses are exact where the method says so, by "
        "Levenberg-Marquardt, else sampled, by Adam with the same number of steps everywhere. "
        f"{lost} networks diverged. Processor time: {results.cpu_seconds:.0f} seconds."
    )


def _figures(figures: dict[str, Path], *names: str) -> list[Block]:
    return [Figure(figures[n], CAPTIONS[n][0], f"fig:{n}") for n in names if n in figures]


def _tables(
    header: tuple[str, ...], rows: Sequence[tuple[Any, ...]], caption: str, label: str
) -> list[Block]:
    return [
        Table(header, chunk, caption + (", continued." if k else "."), f"{label}-{k + 1}")
        for k, chunk in enumerate(chunks(rows))
    ]


def _any(value: Any) -> str:
    return "all" if value is None else str(value)


def _span(c: Contrast | None) -> str:
    """As ``0.51 [0.32, 0.78] holds``."""
    return "-" if c is None else f"{c.estimate:+.2f} [{c.low:+.2f}, {c.high:+.2f}]"


def _claim_row(c: Claim) -> tuple[Any, ...]:
    return (c.level, c.loss, c.method, c.train_law, _any(c.b), _any(c.depth),
            *(f"{_span(x)} {x.verdict}" if x else "-" for x in (c.over, c.under)), c.verdict)


def _answer(answers: Sequence[Claim], counted: Agreement) -> list[str]:
    def count(kind: str, which: str) -> int:
        return sum(c is not None and c.verdict == which
                   for c in (getattr(a, kind) for a in answers))

    verdicts = [a.verdict for a in answers]
    right = sum(counted.total(v, v) for v in ("fails", "generalises"))
    wrong = len(counted.exceptions)
    return [
        f"Over-constrained networks generalise worse than matched ones in {count('over', 'holds')} "
        f"of {sum(a.over is not None for a in answers)} places, under-constrained ones in "
        f"{count('under', 'holds')} of {sum(a.under is not None for a in answers)}.",
        f"Both at once: {verdicts.count('holds')} places; not so: {verdicts.count('fails')}; "
        f"undecided: {verdicts.count('undecided')}.",
        f"Of the outcomes that theory decides beforehand and samples resolve, {right} of "
        f"{right + wrong} came out as predicted.",
    ]


@explained
def summary(results: Results) -> str:
    """A short table for the terminal."""
    counted = agreement(results.errors)
    lines = ["differences of log10 of the error on laws not trained on, with 95 % intervals"]
    for over in SUMMARIES:
        answers = claims(contrasts(scores(results.errors, over)))
        rows = [("level", "loss", "method", "trained on", "b", "depth", "over - matched",
                 "under - matched", "claim"), *(tuple(map(str, _claim_row(c))) for c in answers)]
        widths = [max(len(row[k]) for row in rows) for k in range(len(rows[0]))]
        table = ["  ".join(c.ljust(w) for c, w in zip(row, widths, strict=True)).rstrip()
                 for row in rows]
        rule = "-" * max(map(len, table))
        lines += ["", f"{over} law", table[0], rule, *table[1:], *_answer(answers, counted)]
    return "\n".join([
        *lines,
        f"{len(results.networks)} networks, {results.cpu_seconds:.0f} seconds of processor time",
    ])
