"""What an author sees of an article: sentences, tables, figures, citations, and two columns."""

import re
import shutil
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import pytest
import sympy as sp

from cumulant_theory import latex, laws, layers, theorems
from cumulant_theory.errors import DomainError, OutputError, ParseError, UnknownNameError
from cumulant_theory.latex import Notation
from cumulant_theory.references import Reference
from numerics.cli import main
from numerics.study.html import page

PICTURE = Path(__file__).parent.parent / "docs" / "images" / "demo.png"
OWN = """@comment{none, }
@string{jj = "J"}
@article{own, author = {Own, A.}, title = {Ours}, journal = jj, year = {2001}}
@Book{mccullagh,
  author = {McCullagh, P.}, title = {Ours too}, publisher = {P}, year = {1987}}
"""
needs_tex = pytest.mark.skipif(
    not (shutil.which("latexmk") and shutil.which("pdflatex")), reason="latexmk is not installed"
)


def body(*blocks, **changes):
    return latex.Article("T", blocks=blocks, **changes).body()


# ------------------------------------------------------------------------------- sentences


@pytest.mark.parametrize(("behind", "end"), [
    ((), "."), ((latex.Paragraph("where $b$ counts."),), ","), ((latex.Paragraph("So."),), "."),
    ((latex.Heading(2, "then"),), "."),
])  # fmt: skip
def test_displays_are_part_of_their_sentence(behind, end):
    shown = body(latex.Equation("y", "x", "eq:y"), *behind)
    assert f"y &= x{end} \\label{{eq:y}}" in shown
    step = latex.Step("rule", latex.Equation("y", "x", "eq:y"))
    assert f"y &= x{end} \\label{{eq:y}}" in body(step, *behind)


@pytest.mark.parametrize("end", [".", ",", ";"])
def test_punctuation_of_the_author_stays(end):
    shown = body(latex.Equations([("a", f"1{end}"), ("b", "2;")]))
    assert f"a &= 1{end} \\notag" in shown or f"a &= 1{end} \\\\" in shown
    assert "b &= 2;\n" in shown


def test_equations_that_follow_each_other_are_one_display():
    a, b, c = (latex.Equation(name, "1", f"eq:{name}") for name in "abc")
    shown = body(a, b, latex.Paragraph("And"), c, latex.Equations([("d", "2")], number=False))
    assert shown.count(r"\begin{align}") == 2
    assert shown.count(r"\begin{align*}") == 1
    assert r"a &= 1, \label{eq:a} \\" in shown
    assert re.findall(r"label\{eq:(.)\}", shown) == ["a", "b", "c"]


@pytest.mark.parametrize(("text", "shown"), [
    ("It is linear.", r"It is linear (by~\cref{step:one}; see~\cite{price})."),
    ("It is", r"It is (by~\cref{step:one}; see~\cite{price})"),
    ("", r"By~\cref{step:one}; see~\cite{price}."),
])  # fmt: skip
def test_the_source_of_a_step_stands_in_its_sentence(text, shown):
    first = latex.Step("rule", ("x", "y"), label="step:one")
    second = latex.Step("rule", ("x", "y"), uses=["step:one"], reference="price", text=text)
    references = {"price": "Price"}
    assert f"\n{shown}\n" in body(first, second, references=references)
    assumed = body(first, replace(second, hypotheses=["$x > 0$"]), references=references)
    assert f"{shown.removesuffix('.')}.\nAssumed: $x > 0$." in assumed


def test_headings_have_a_plain_text_for_bookmarks():
    shown = body(latex.Heading(1, r"On $\kappa_{3}$ & $x \to z$", "sec:k"))
    assert shown == (
        r"\section{\texorpdfstring{On $\kappa_{3}$ \& $x \to z$}{On kappa3 \& x to z}}"
        r"\label{sec:k}"
    )
    assert body(latex.Heading(1, "Plain")) == r"\section{Plain}"


@pytest.mark.parametrize(("text", "tex"), [
    ("z = -1.77", "z = $-$1.77"), ("(-2)", "($-$2)"), ("1-2 and a-3", "1-2 and a-3"),
    ("κ₃² in ℝ", r"$\kappa$${}_{3}$${}^{2}$ in $\mathbb{R}$"),
])  # fmt: skip
def test_typed_mathematics(text, tex):
    assert latex.escape(text) == tex


def test_matrices_are_sides_of_equations():
    assert r"M &= \left[\begin{matrix}1 & 2\end{matrix}\right]." in body(
        latex.Equation("M", sp.Matrix([[1, 2]])))


def test_authors_have_a_command_each():
    paper = latex.Article("T", author=["A. One", "B. Two"])
    assert r"\author{A. One \and B. Two}" in paper.to_tex()
    assert "<footer>A. One, B. Two</footer>" in page(paper)
    for name in ("revtex4-2", "amsart"):
        source = replace(paper, document_class=name).to_tex()
        assert "\\author{A. One}\n\n\\author{B. Two}" in source


# ------------------------------------------------------------------------- tables, figures


@pytest.mark.parametrize(("cell", "shown"), [
    ("-0.5", "$-0.5$"), ("+0.47", "$+0.47$"), ("−3", "$-3$"), (-0.0, "0.0"), ("12", "12"),
    ("-1.5e-07", r"$-1.5 \times 10^{-7}$"), (2e20, r"$2 \times 10^{20}$"), ("-", "--"),
    (None, "--"), ("a-1", "a-1"), ("nan", "nan"), (sp.Rational(1, 2), r"$\frac{1}{2}$"),
    ("2 Linear", "2 Linear"), ("1.2.3", "1.2.3"), (Fraction(1, 2), "1/2"),
])  # fmt: skip
def test_numbers_in_tables(cell, shown):
    assert f"\nx & {shown} \\\\\n" in body(latex.Table(["a", "b"], [["x", cell]]))


def test_columns_of_numbers_with_gaps_are_flush_right():
    rows = [["a", "-1", "-", sp.sqrt(2), ""], ["2", None, "3.5", 1, "-"]]
    assert r"\begin{tabular}{@{}lrrrl@{}}" in body(latex.Table(list("abcde"), rows))


def test_fractions_in_tables_have_room():
    table = latex.Table(["a"], [[sp.Rational(1, 2)]])
    assert r"\arraystretch}{1.5}" in body(table)
    assert r"\arraystretch" not in body(latex.Table(["a"], [[sp.Integer(1)]]))


@pytest.mark.parametrize(("block", "message"), [
    (latex.Table([], []), "no columns"),
    (latex.Table(["a"], [], "", "tab:a"), "no caption and so no number"),
    (latex.Figure(PICTURE, "", "fig:a"), "no caption and so no number"),
    (latex.Figure("50%.png"), "cannot read a file of that name"),
    (latex.Equation("x", "y", "eq:50%"), "label 'eq:50%'"),
    (latex.Heading(1, "x", "a b"), "label 'a b'"),
])  # fmt: skip
def test_what_latex_cannot_set_is_refused(block, message):
    with pytest.raises(DomainError, match=message):
        body(block)


def test_copies_of_pictures_have_names_that_latex_reads(tmp_path):
    pictures = [tmp_path / "error in 50% #1.png", tmp_path / "error in 50% #2.png"]
    for picture in pictures:
        shutil.copyfile(PICTURE, picture)
    paper = latex.Article("T", blocks=[latex.Figure(p, "Of %.") for p in pictures])
    written = latex.write_project(paper, tmp_path / "out")
    names = [p.name for p in written if p.parent.name == "figures"]
    assert names == ["error-in-50-1.png", "error-in-50-2.png"]
    assert all(f"{{figures/{name}}}" in written[0].read_text() for name in names)


def test_two_columns_let_wide_blocks_cross():
    wide = latex.Table([f"column {k}" for k in range(9)], [[1000] * 9], "Wide.", "tab:w")
    narrow = latex.Table(["a"], [[k] for k in range(95)], "Long.", "tab:l")
    figure = latex.Figure("a.png", wide=True)
    two = body(wide, narrow, figure, columns=2)
    assert two.count(r"\begin{table*}") == 1
    assert two.count(r"\begin{table}") == 3
    assert two.count("(Continued.)") == two.count(r"\addtocounter{table}{-1}") == 2
    assert two.count(r"\label{tab:l}") == 1
    assert r"\begin{figure*}" in two
    assert "longtable" not in two
    assert "longtable" in body(narrow)


def test_lines_are_as_wide_as_the_column():
    long = latex.Equation("y", sum(sp.symbols("x1:60")))
    counts = [body(long, document_class="revtex4-2", **size).count(r"\\")
              for size in ({}, {"columns": 2}, {"width": 120})]  # fmt: skip
    assert counts == sorted(set(counts))
    with pytest.raises(DomainError, match="amsart has 1"):
        body(long, document_class="amsart", columns=2)


# ------------------------------------------------------------------------------ citations


def test_what_a_text_cites_is_found_or_named(tmp_path):
    paper = latex.Article("T", blocks=[latex.Paragraph("See [@price, eq. 3] and [[sec:a]].")])
    with pytest.raises(UnknownNameError, match="label 'sec:a'"):
        paper.to_tex()
    blocks = (*paper.blocks, latex.Heading(1, "A", "sec:a"))
    latex.write_project(replace(paper, blocks=blocks), tmp_path)
    assert "@article{price," in (tmp_path / "references.bib").read_text()
    with pytest.raises(UnknownNameError, match="key of the bibliography 'nobody'"):
        replace(paper, blocks=[latex.Paragraph("[@nobody]")]).to_tex()
    assert r"\cref{sec:a}" in paper.body()  # in a paper that may have this label


def test_bibliographies_of_text_are_escaped(tmp_path):
    paper = latex.Article("T", references={"a_b": "A & B, 100% of a_b"})
    latex.write_project(paper, tmp_path)
    assert r"note = {A \& B, 100\% of a\_b}" in (tmp_path / "references.bib").read_text()
    with pytest.raises(DomainError, match="key 'a%b'"):
        replace(paper, references={"a%b": "A"}).to_tex()
    book = Reference("book", ("A. B",), "100 % of a_1", 2020, "Wiley & Sons")
    latex.write_project(replace(paper, references={"b": book}), tmp_path, overwrite=True)
    entry = (tmp_path / "references.bib").read_text()
    assert r"title = {{100 \% of a\_1}}".replace(r"\\", "\\") in entry
    assert r"publisher = {Wiley \& Sons}" in entry


def test_bibtex_files_of_the_author_go_first(tmp_path):
    own = tmp_path / "own.bib"
    own.write_text(OWN)
    paper = latex.Article(
        "T", blocks=[latex.Paragraph("[@own]"), theorems.get("gaussian_sphere")],
        bibliography_files=[own],
    )
    assert paper.keys == {"own", "mccullagh"}
    written = latex.write_project(paper, tmp_path / "paper")
    assert [p.name for p in written] == ["main.tex", "own.bib"]
    assert r"\bibliography{own}" in written[0].read_text()
    with pytest.raises(DomainError, match="need a folder"):
        paper.to_tex()
    with pytest.raises(OutputError, match="cannot be read"):
        replace(paper, bibliography_files=["none.bib"]).body()


# -------------------------------------------------------------------------------- notation


@pytest.mark.parametrize(("symbols", "given", "shown"), [
    ({"kappa_2": r"\sigma^2"}, r"\kappa_{2}^{3} + \kappa_{3}",
     r"\left(\sigma^{2}\right)^{3} + \kappa_{3}"),
    ({"kappa_2": "v", "kappa": "c"}, r"\kappa_{2}^{2} \kappa_{3}", "v^{2}c_{3}"),
    ({"W__1": "A"}, "W^{(1)}_{12} + W^{(2)}_{12}", "A_{12} + W^{(2)}_{12}"),
    ({"Q": "Omega_2"}, "Q_{11}", r"{\Omega_{2}}_{11}"),
    ({"Q": "Omega_2"}, "Q^{2}", r"\Omega_{2}^{2}"),
    ({"W": r"W^{\mathrm{eff}}"}, "W^{(1)}_{12} W^{2}",
     r"{W^{\mathrm{eff}}}^{(1)}_{12}\left(W^{\mathrm{eff}}\right)^{2}"),
    ({"x_1": "y", "1": "a"}, "x_{1}^{1}", "y^{a}"),
])  # fmt: skip
def test_names_with_scripts(symbols, given, shown):
    assert Notation(symbols).math(given) == Notation().math(shown)


def test_two_symbols_never_become_one():
    blocks = [latex.Equation("y", "W_{ij} x_{j}")]
    with pytest.raises(DomainError, match="'i' and 'j' would both become 'a'"):
        Notation({"i": "a", "j": "a"}).applied(blocks)
    Notation({"i": "a", "k": "a"}).applied(blocks)
    with pytest.raises(DomainError, match="already stands for"):
        Notation({"x_j": "y"}).applied(blocks)


def test_names_that_occur_nowhere():
    blocks = [latex.Equation("y", sp.Symbol("kappa_3")), latex.Paragraph("on $W^{(1)}_{12}$")]
    names = ("kappa", "kappa_3", "kappa_2", "W", "W__1", "W__2", "on")
    assert Notation(dict.fromkeys(names, "A")).unused(blocks) == ["kappa_2", "W__2", "on"]


# -------------------------------------------------------------------------- files, command


def test_a_file_that_exists_is_named_once(tmp_path):
    latex.write_snippet(latex.Article("T"), tmp_path)
    latex.write_snippet(latex.Article("T"), tmp_path)  # nothing would change
    with pytest.raises(OutputError) as error:
        latex.write_snippet(latex.Article("T", blocks=[latex.Paragraph("New.")]), tmp_path)
    assert str(error.value).count("exists already") == 1
    assert "--overwrite" in str(error.value)
    assert "permission" not in str(error.value)


def test_labels_of_a_snippet_keep_apart(tmp_path):
    law = laws.Generic("kappa").iid(2)
    blocks = [layers.BlockSum(2).propagate(law, order=2).derivation,
              latex.Paragraph("See [[step:1]] and [[eq:theirs]].")]  # fmt: skip
    latex.write_snippet(latex.Article("T", blocks=blocks), tmp_path, prefix="ct:")
    text = (tmp_path / "cumulants.tex").read_text()
    assert r"\label{ct:step:1}" in text
    assert r"See \cref{ct:step:1} and \cref{eq:theirs}." in text
    assert not re.search(r"\\(label|cref)\{step:", text)


@pytest.mark.latex
@needs_tex
def test_two_snippets_in_a_paper_with_its_own_style(tmp_path):
    (tmp_path / "own.bib").write_text(OWN)
    law = laws.Generic("kappa").iid(2)
    figure = latex.Figure(PICTURE, "Out.", "fig:out")
    for name, block in (("one", theorems.get("gaussian_sphere")),
                        ("two", layers.BlockSum(2).propagate(law, order=3).derivation)):
        paper = latex.Article("T", blocks=[latex.Heading(1, "On $x$"), block, figure],
                              bibliography_files=[tmp_path / "own.bib"], width=345)
        latex.write_snippet(paper, tmp_path, name=name, prefix=f"{name}:")
    host = tmp_path / "host.tex"
    host.write_text("\n".join((
        r"\documentclass{article}",
        r"\usepackage{amsmath,amssymb,amsthm,mathtools,booktabs,longtable,graphicx,hyperref}",
        r"\usepackage[capitalise]{cleveref}\crefname{equation}{Equation}{Equations}",
        r"\newtheorem{theorem}{Result}", r"\input{one-preamble}\input{two-preamble}",
        r"\begin{document}\section{Ours}\label{step:1}",
        r"\begin{equation}1 = 1\label{eq:1}\end{equation}",
        r"See \cref{eq:1,one:fig:out,two:step:1} and \cite{own}.", r"\input{one}\input{two}",
        r"\typeout{@@\csname cref@equation@name\endcsname}",
        r"\bibliographystyle{plain}\bibliography{own,two}", r"\end{document}",
    )))  # fmt: skip
    log = latex.compile_tex(host, tmp_path / "host.pdf")
    assert "undefined" not in log
    assert "multiply" not in log
    assert "@@Equation" in log
    assert not latex.overfull_boxes(log)


@pytest.mark.slow
@pytest.mark.latex
@needs_tex
@pytest.mark.parametrize("name", ["article", "revtex4-2"])
def test_two_columns_compile(tmp_path, name):
    rows = [[k, "agrees", -1.5 * k] for k in range(60)]
    paper = latex.Article(
        "On $\\sigma$", "An abstract.", ["A. One", "B. Two"], document_class=name, columns=2,
        blocks=[
            latex.Heading(1, "On $x \\to z$"), latex.Paragraph("See [[tab:a]] of [@price]."),
            theorems.get("linear_units"), latex.Table(["a", "b", "c"], rows, "Long.", "tab:a"),
            latex.Figure(PICTURE, "Wide.", wide=True), latex.Figure(PICTURE, "Narrow."),
        ],
    )
    written = latex.write_project(paper, tmp_path)
    try:
        log = latex.compile_tex(written[0], tmp_path / "main.pdf")
    except OutputError as error:
        if f"`{name}.cls' not found" in str(error):
            pytest.skip(f"needs {name}.cls")
        raise
    assert "undefined" not in log
    assert "Token not allowed" not in log
    assert not [box for box in latex.overfull_boxes(log) if box[0] > 1]


@pytest.mark.parametrize(("arguments", "error", "message"), [
    (["--rename", "kapa=G"], UnknownNameError, "'kapa' occurs nowhere"),
    (["--prefix", "a:"], ParseError, "--prefix is for a snippet"),
    (["--width", "300"], ParseError, "--width is for a snippet"),
    (["--bib", "none.bib"], OutputError, "cannot be read"),
    (["--class", "amsart", "--columns", "2"], DomainError, "amsart has 1"),
])  # fmt: skip
def test_command_line_errors(tmp_path, capsys, arguments, error, message):
    given = ["paper", "--out", str(tmp_path / "p"), "--no-pdf", "--theorems", "mirror_image"]
    assert main([*given, *arguments]) == 2
    assert message in capsys.readouterr().err
    assert not (tmp_path / "p").exists()


def test_command_line_writes_for_a_column(tmp_path):
    own = tmp_path / "own.bib"
    own.write_text(OWN)
    assert main([
        "paper", "--out", str(tmp_path / "p"), "--no-pdf", "--theorems", "mirror_image",
        "--class", "revtex4-2", "--columns", "2", "--author", "A", "--author", "B", "--bib",
        str(own), "--rename", "kappa_r=c",
    ]) == 0  # fmt: skip
    source = (tmp_path / "p" / "main.tex").read_text()
    assert "twocolumn]{revtex4-2}" in source
    assert "\\author{A}\n\n\\author{B}" in source
    assert r"\bibliography{own}" in source
    assert r"\kappa" not in source
