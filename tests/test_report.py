"""The report of a study: HTML that opens offline, LaTeX that compiles, figures, numbers."""

import base64
import re
import shutil
from dataclasses import replace
from html.parser import HTMLParser
from itertools import pairwise
from xml.etree import ElementTree

import matplotlib as mpl
import pytest
import study_data
from matplotlib.backends.backend_agg import FigureCanvasAgg

from cumulant_theory import latex as lx
from cumulant_theory.errors import MissingDependencyError, OutputError
from numerics.study import figures, tally
from numerics.study.html import page
from numerics.study.report import build_article, write_report

needs_tex = pytest.mark.skipif(shutil.which("latexmk") is None, reason="latexmk is not installed")
VOID = {"meta", "img", "br", "link", "input", "hr"}


@pytest.fixture(scope="module")
def results():
    """A grid with every kind of outcome."""
    return study_data.synthetic(
        ("free", "permutation_invariant", "alternating"), ("identity", "quadratic"),
        ("pointwise", "law"), ("normal(0, 1)", "exponential(1)"),
        ("Gaussian", "exponential"), seeds=4,
    )


@pytest.fixture(scope="module")
def written(results, tmp_path_factory):
    out = tmp_path_factory.mktemp("study") / "new folder"
    return out, write_report(results, out)


class Outline(HTMLParser):
    """Tags that are open, headings, images, tables and where anything points to."""

    def __init__(self):
        super().__init__()
        self.open, self.ids, self.links, self.images, self.headings = [], [], [], [], []
        self.sources, self.scopes, self.formulas = [], [], 0

    def handle_starttag(self, tag, attrs):
        values = dict(attrs)
        if tag not in VOID:
            self.open.append(tag)
        if "id" in values:
            self.ids.append(values["id"])
        if tag == "a":
            self.links.append(values["href"])
        if tag == "img":
            self.images.append(values)
        if re.fullmatch(r"h\d", tag):
            self.headings.append(int(tag[1]))
        if tag == "th":
            self.scopes.append(values.get("scope"))
        self.formulas += tag == "math"
        self.sources += [v for k, v in attrs if k in ("src", "href", "srcset", "data")]

    def handle_startendtag(self, tag, attrs):
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self.open.pop()

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


def test_everything_is_written(written):
    out, files = written
    names = {"generalisation.png", "agreement.png", "mirror.png", "demo.png", "report.html",
             "report.tex"}
    assert names <= {p.name for p in files} <= names | {"report.pdf"}
    assert all(p.parent == out and p.stat().st_size > 0 for p in files)
    assert (out / "report.pdf" in files) is (files.notes == ())


def test_html_is_sound_accessible_and_offline(written):
    text = (written[0] / "report.html").read_text(encoding="utf-8")
    outline = Outline()
    outline.feed(text)
    outline.close()
    assert outline.open == []
    assert len(outline.ids) == len(set(outline.ids))
    assert outline.headings[0] == 1
    assert outline.headings.count(1) == 1
    assert all(b - a <= 1 for a, b in pairwise(outline.headings))
    assert outline.scopes
    assert set(outline.scopes) == {"col"}
    assert {link[1:] for link in outline.links} <= set(outline.ids)
    assert all(s.startswith(("#", "data:image/png;base64,")) for s in outline.sources)
    assert "<script" not in text
    assert "@import" not in text
    assert not re.search(r"url\(", text)
    assert len(outline.images) == 3
    assert all(len(image["alt"]) > 20 for image in outline.images)
    assert all(base64.b64decode(image["src"].partition(",")[2]).startswith(b"\x89PNG")
               for image in outline.images)
    ElementTree.fromstring(text.partition("\n")[2])
    assert "$" not in re.sub(r"data:[^\"]*", "", text)


def test_formulas_are_mathml_of_the_theory(written, results):
    text = (written[0] / "report.html").read_text(encoding="utf-8")
    found = re.findall(r"<math.*?</math>", text, re.DOTALL)
    assert len(found) > 50
    for formula in found:
        ElementTree.fromstring(formula)
    assert lx.mathml(r"R(x) = b^{-1/2} (x_1 + \cdots + x_b)") in found
    for entry in results.theory:
        effective = entry["net"].effective()
        for d in effective.definitions:
            assert lx.mathml_equation(d.symbol, d.expr) in found


def test_text_is_escaped():
    article = lx.Article("<b> & co", blocks=[lx.Paragraph("a < b & $x < y$, [[tab:t]]"), lx.Table(
        ("<i>",), [("<script>alert(1)</script>",)], "1 < 2", "tab:t")])
    text = page(article)
    assert "<script>" not in text
    assert "<i>" not in text
    assert "<h1>&lt;b&gt; &amp; co</h1>" in text
    assert '<a href="#tab:t">Table 1</a>' in text
    ElementTree.fromstring(text.partition("\n")[2])


def test_tallies_count_seeds_and_mirror_images(results):
    counted = {(t.symmetry, t.activation, t.loss, t.train_law, t.test_law): t
               for t in tally.tallies(results)}
    assert len(counted) == 3 * 2 * 2 * 2 * 2
    branch = counted["permutation_invariant", "identity", "law", "normal(0, 1)", "exponential"]
    assert (branch.text, branch.mark, branch.holds) == ("2/4, 2 mirror", "split", True)
    symmetric = counted["permutation_invariant", "identity", "law", "normal(0, 1)", "Gaussian"]
    assert (symmetric.text, symmetric.mark) == ("4/4", "generalise")
    failing = counted["alternating", "identity", "pointwise", "normal(0, 1)", "Gaussian"]
    assert (failing.text, failing.mark) == ("0/4", "fail")
    assert counted["free", "quadratic", "law", "normal(0, 1)", "exponential"].mark == ""


def test_verdict_adds_up(results):
    n = tally.verdict(results)
    assert n["agree"] + n["disagree"] + n["undecided"] == n["comparisons"] == len(
        results.comparisons)
    assert n["failed"] == n["must_fail"] > 0
    assert n["generalised"] == n["must_generalise"] > 0
    assert n["mirror"] == 2 * 2
    assert n["networks"] == 3 * 2 * 2 * 2 * 4


def test_contradictions_are_shown(results):
    outcomes = [o | {"generalises": True} if o["expected"] == "must fail"
                and o["symmetry"] == "alternating" else o for o in results.outcomes]
    comparisons = [dict(r) for r in results.comparisons]
    comparisons[5] |= {"verdict": "disagree", "z": 12.0, "p": 1e-30, "p_holm": 1e-26}
    wrong = replace(results, outcomes=outcomes, comparisons=comparisons)
    text = tally.summary(wrong)
    assert "4/4 !" in text
    assert "1 disagree" in text
    assert "4/4 !" not in tally.summary(results)
    article = build_article(wrong, {})
    tables = {b.label: b for b in article.blocks if isinstance(b, lx.Table)}
    assert tables["tab:worst"].rows[0][-1] == "disagree"
    assert any(row[-1] == "no" for row in tables["tab:expected"].rows)
    paragraphs = " ".join(b.text for b in article.blocks if isinstance(b, lx.Paragraph))
    assert "disagree in 1 comparisons" in paragraphs
    assert "came out otherwise" in paragraphs


def test_failures_below_the_resolution_are_no_contradiction(results):
    def close(o):
        hit = o["expected"] == "must fail" and o["symmetry"] == "alternating" and o["seed"] == 0
        return o | {"generalises": True, "resolution": 2.0} if hit else o

    changed = replace(results, outcomes=[close(o) for o in results.outcomes])
    assert all(t.holds for t in tally.tallies(changed))
    assert tally.verdict(changed)["unresolved"] == len(changed.below_resolution()) > 0
    assert "1/4 ~" in tally.summary(changed)
    assert "!" not in tally.summary(changed).split("theory)")[1]
    paragraphs = " ".join(
        b.text for b in build_article(changed, {}).blocks if isinstance(b, lx.Paragraph))
    assert "all came out so, apart from" in paragraphs


def test_worst_comparisons_come_first_and_none_is_lost(results):
    tables = {b.label: b for b in build_article(results, {}).blocks if isinstance(b, lx.Table)}
    worst = tables["tab:worst"]
    assert len(worst.rows) == 30
    largest = max(abs(r["z"]) for r in results.comparisons if r["verdict"] != "undecided")
    shown = [abs(float(row[worst.header.index("z")])) for row in worst.rows]
    assert shown[0] == float(f"{largest:.4g}")
    assert shown == sorted(shown, reverse=True)
    column = tables["tab:layers"].header.index("comparisons")
    assert sum(row[column] for row in tables["tab:layers"].rows) == len(results.comparisons)


@pytest.mark.parametrize(("change", "lost"), [
    ({"theory": []}, "Recursions"),
    ({"comparisons": []}, "Predicted and measured cumulants"),
])
def test_parts_without_data_are_left_out(results, change, lost):
    def titles(r):
        return {b.text for b in build_article(r, {}).blocks if isinstance(b, lx.Heading)}

    assert lost in titles(results)
    assert lost not in titles(replace(results, **change))


def test_no_skewed_law_no_mirror_figure(tmp_path):
    symmetric = study_data.synthetic(("free",), ("identity",), ("law",), ("normal(0, 1)",),
                                     ("Gaussian", "Rademacher"), seeds=2)
    assert set(figures.write_figures(symmetric, tmp_path)) == {
        "generalisation", "agreement", "demo"}


def test_values_that_are_not_finite_and_orders_left_out(tmp_path, results):
    comparisons = [dict(r) for r in results.comparisons[:200]]
    comparisons[0] |= {"measured": float("inf"), "z": float("inf"), "verdict": "undecided"}
    comparisons[1] |= {"standard_error": float("inf"), "z": 0.0, "verdict": "undecided"}
    outcomes = [o | {"residual_3": None, "residual_4": None} for o in results.outcomes]
    drawn = figures.write_figures(
        replace(results, comparisons=comparisons, outcomes=outcomes), tmp_path)
    assert "mirror" not in drawn


def test_text_in_the_figures_does_not_overlap(results):
    with mpl.rc_context(figures._STYLE):
        for draw in (figures.generalisation_map, figures.agreement_figure,
                     figures.mirror_figure, figures.demo_figure):
            figure = draw(results)
            canvas = FigureCanvasAgg(figure)
            figure.draw_without_rendering()
            renderer = canvas.get_renderer()
            whole = figure.bbox
            for axes in figure.axes:
                # Rotated labels have wide boxes that cross without touching.
                labels = [t for t in axes.get_xticklabels() if t.get_text()
                          and not t.get_rotation() and whole.contains(
                              *t.get_window_extent(renderer).min)]
                boxes = [t.get_window_extent(renderer) for t in labels]
                assert not any(a.x1 > b.x0 for a, b in pairwise(boxes))
                for text in (axes.xaxis.label, axes.title):
                    box = text.get_window_extent(renderer)
                    assert whole.x0 <= box.x0
                    assert box.x1 <= whole.x1


def test_without_latexmk_the_report_says_so(monkeypatch, results, tmp_path):
    def missing(*_, **__):
        raise MissingDependencyError("latexmk is not installed")

    monkeypatch.setattr(lx.Article, "compile", missing)
    files = write_report(results, tmp_path)
    assert "report.pdf" not in {p.name for p in files}
    assert files.notes == ("report.pdf is left out: latexmk is not installed",)


def test_folder_that_cannot_be_made(results, tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError, match="--out"):
        write_report(results, tmp_path / "file" / "out")


@pytest.mark.slow
@pytest.mark.latex
@needs_tex
def test_article_has_no_overfull_lines(tmp_path):
    full = study_data.synthetic(tests=("Gaussian", "uniform", "exponential", "Rademacher"),
                                seeds=2)
    drawn = figures.write_figures(full, tmp_path)
    source = build_article(full, drawn).write(tmp_path / "report.tex")
    log = lx.compile_tex(source, tmp_path / "report.pdf")
    assert [box for box in lx.overfull_boxes(log) if box[0] > 1.0] == []
    assert "undefined" not in log.lower()
