"""Papers: notation, projects that compile, snippets, and the command that writes them."""

import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest
import sympy as sp

from cumulant_theory import activations, latex, laws, layers, symmetries, theorems
from cumulant_theory.errors import DomainError, OutputError, UnknownNameError
from cumulant_theory.latex import Notation
from cumulant_theory.references import REFERENCES, bibtex
from numerics.cli import main

PICTURE = Path(__file__).parent.parent / "docs" / "images" / "demo.png"
FIELD = Notation({"kappa": "G", "W": "J"}, order=True)


def network():
    return (
        layers.Linear(2, 2, symmetry=symmetries.PermutationInvariant())
        >> layers.Pointwise(activations.Quadratic("alpha")) >> layers.Linear(2, 1)
    )  # fmt: skip


def article(**changes):
    law = laws.Generic("kappa").iid(2)
    return latex.Article(
        "Cumulants", "Of $\\kappa_3$.", "A. Author",
        blocks=[
            latex.Heading(1, "Theorems"), theorems.get("mirror_image"),
            latex.Heading(1, "Recursion"), network().recursion(order=2),
            latex.Heading(1, "Derivation"), layers.BlockSum(2).propagate(law, order=3).derivation,
            network().propagate(law, order=2).derivation,
            latex.Figure(PICTURE, "What came out.", "fig:out"),
        ],
        **changes,
    )  # fmt: skip


def has_class(name):
    found = shutil.which("kpsewhich") and subprocess.run(
        ["kpsewhich", f"{name}.cls"], capture_output=True).returncode == 0
    return bool(found and shutil.which("latexmk"))


# ------------------------------------------------------------------------------- notation


@pytest.mark.parametrize(("given", "shown"), [
    (r"\kappa_{3}", "G^{(3)}"),
    (r"\kappa_{r}", "G^{(r)}"),
    (r"\kappa_{ij}", "G^{(2)}_{ij}"),
    (r"\kappa^{(z_{1})}_{112}", "G^{(3)}_{z_{1};112}"),
    (r"\kappa^{(z_{1})}_{1,12}", "G^{(2)}_{z_{1};1,12}"),
    (r"\kappa^{(2)}_{3}", "G^{(3)}_{2}"),
    (r"\kappa_{i_1 \dots i_r}", r"G_{i_{1} \dots i_{r}}"),
    (r"\frac{W^{(1)}_{12}}{2} \left(\kappa_{2}\right)^{2}",
     r"\frac{J^{(1)}_{12}}{2} \left(G^{(2)}\right)^{2}"),
    (r"\sqrt{\kappa_{2}} \, \hat{W}", r"\sqrt{G^{(2)}} \, \hat{J}"),
])  # fmt: skip
def test_field_theory_notation(given, shown):
    plain = Notation()
    assert FIELD.math(given) == plain.math(shown)


def test_new_names_do_not_follow_each_other():
    swap = Notation({"a": "b", "b": "a"})
    a, b = sp.symbols("a b")
    assert swap.math(a / b) == latex.latex(b / a)


def test_units_of_one_state_tell_its_order():
    blocks = [
        latex.Equation(sp.Symbol("kappa__R_2"), sp.Symbol("kappa_2"), order=2),
        latex.Equation("y", sp.Symbol("kappa__R_3")),
        latex.Equation(sp.Symbol("kappa__z1_2"), sp.Symbol("t"), order=1),
    ]
    first, second, third = map(vars, FIELD.applied(blocks))
    assert (first["lhs"], second["rhs"]) == ("G^{(2)}_{R}", "G^{(3)}_{R}")
    assert third["lhs"] == "G^{(1)}_{z_{1};2}"


def test_a_name_that_is_taken_is_refused():
    blocks = [latex.Equation("J", sp.Symbol("W__1_12"))]
    with pytest.raises(DomainError, match="'W' would become 'J'"):
        Notation({"W": "J"}).applied(blocks)
    (shown,) = Notation({"W": "J", "J": "K"}).applied(blocks)
    assert vars(shown)["lhs"] == "K"


@pytest.mark.parametrize("make", [
    lambda: Notation({"": "G"}), lambda: Notation({"kappa": " "}), lambda: Notation(layer="()"),
])  # fmt: skip
def test_a_senseless_notation_is_refused(make):
    with pytest.raises(DomainError, match="Notation"):
        make()


def test_notation_reaches_every_kind_of_block():
    table = latex.Table(["law", sp.Symbol("kappa_3")], [["normal", sp.Symbol("W")]], "Of $W$.")
    blocks = [
        latex.Paragraph("on $W$"), latex.Heading(1, "on $W$"), latex.Equations([("y", "W")]),
        table, latex.Figure("a.png", "of $W$"), latex.Statement("on $W$", "all $W$"),
        latex.Proof([latex.Step("rule", ("y", "W"), ["$W$ real"], text="by $W$")]),
    ]
    text = latex.Article("T", blocks=blocks, notation=FIELD).body()
    assert "W" not in text
    assert text.count("J") == 12  # twice in the heading, whose text goes into the bookmarks too
    assert "G^{(3)}" in text


# ------------------------------------------------------------------------------ assembling


def test_objects_become_blocks_with_labels_of_their_own():
    body = article().body()
    assert body.count(r"\begin{theorem}") == body.count(r"\begin{proof}") == 1
    assert r"\subsection{\texorpdfstring{Layer" in body  # below the heading that was given
    labels = [part.split("}")[0] for part in body.split(r"\label{")[1:]]
    assert len(labels) == len(set(labels))


def test_steps_are_numbered_anew_in_every_derivation():
    body = article().body()
    last = body.index(r"\section{Derivation}")
    assert r"\setcounter{derivationstep}{0}\derivationstep" in body[last:]


def test_what_is_no_block_is_refused():
    with pytest.raises(DomainError, match="not a block"):
        latex.Article("T", blocks=[3]).body()


def test_an_unknown_class_lists_those_known():
    with pytest.raises(UnknownNameError, match="revtex4-2"):
        latex.Article("T", document_class="revtex").to_tex()


def test_the_bibliography_holds_what_the_steps_refer_to(tmp_path):
    latex.write_project(article(), tmp_path)
    entries = (tmp_path / "references.bib").read_text()
    source = (tmp_path / "main.tex").read_text()
    cited = {c.split("}")[0] for c in source.replace("]", "").split(r"\cite{")[1:]}
    assert cited
    assert all(f"{{{key}," in entries for key in cited)


def test_every_reference_is_complete_and_escaped():
    text = bibtex()
    assert text.count("author = {") == text.count("year = {") == len(REFERENCES)
    for entry in REFERENCES.values():
        assert entry.venue or entry.arxiv
        assert str(entry.year) in str(entry)


# -------------------------------------------------------------------------------- projects


@pytest.mark.slow
@pytest.mark.latex
@pytest.mark.parametrize("notation", [Notation(), FIELD], ids=["plain", "field"])
@pytest.mark.parametrize("name", ["article", "amsart", "revtex4-2"])
def test_projects_compile(tmp_path, name, notation):
    if not has_class(name):
        pytest.skip(f"needs latexmk and {name}.cls")
    paper = article(document_class=name, notation=notation)
    written = latex.write_project(paper, tmp_path / "paper", compile=True)
    assert [p.name for p in written] == ["main.tex", "references.bib", "demo.png", "main.pdf"]
    log = latex.compile_tex(written[0], written[-1])
    assert "undefined" not in log
    assert not [box for box in latex.overfull_boxes(log) if box[0] > 2]


@pytest.mark.latex
def test_a_snippet_compiles_in_a_paper_with_theorems_of_its_own(tmp_path):
    if not has_class("article"):
        pytest.skip("needs latexmk")
    latex.write_snippet(article(), tmp_path)
    packages = "amsmath,amssymb,amsthm,mathtools,booktabs,longtable,graphicx,hyperref,cleveref"
    host = tmp_path / "host.tex"
    host.write_text("\n".join((
        r"\documentclass{article}", rf"\usepackage{{{packages}}}",
        r"\newtheorem{theorem}{Result}", r"\input{cumulants-preamble}", r"\begin{document}",
        r"\begin{theorem}Ours.\end{theorem}", r"\input{cumulants}",
        r"\bibliographystyle{plain}\bibliography{cumulants}", r"\end{document}",
    )))
    log = latex.compile_tex(host, tmp_path / "host.pdf")
    assert "undefined" not in log


def test_nothing_is_overwritten_unless_asked(tmp_path):
    latex.write_project(article(), tmp_path)
    (tmp_path / "main.tex").write_text("my changes")
    with pytest.raises(OutputError, match="exists already"):
        latex.write_project(article(), tmp_path)
    assert (tmp_path / "main.tex").read_text() == "my changes"
    latex.write_project(article(), tmp_path, overwrite=True)
    assert (tmp_path / "main.tex").read_text() != "my changes"


def test_pictures_of_the_same_name_keep_apart(tmp_path):
    other = tmp_path / "other" / "demo.png"
    other.parent.mkdir()
    shutil.copyfile(PICTURE, other)
    paper = latex.Article("T", blocks=[latex.Figure(PICTURE), latex.Figure(other)])
    latex.write_project(paper, tmp_path / "paper")
    assert len(list((tmp_path / "paper" / "figures").iterdir())) == 2
    missing = replace(paper, blocks=[latex.Figure("none.png")])
    with pytest.raises(DomainError, match="no such file"):
        latex.write_project(missing, tmp_path / "missing")


# -------------------------------------------------------------------------------- command


def test_command_line(tmp_path, capsys):
    table = tmp_path / "errors.csv"
    table.write_text("law,error\nnormal,0.25\n")
    assert main([
        "paper", "--out", str(tmp_path / "paper"), "--theorems", "mirror_image", "--layers",
        "linear(2, 2) | quadratic(a) | linear(2, 1)", "--derivations", "--order", "2", "--tables",
        str(table), "--figures", str(PICTURE), "--rename", "kappa=G", "--order-superscript",
        "--class", "amsart", "--no-pdf",
    ]) == 0  # fmt: skip
    source = (tmp_path / "paper" / "main.tex").read_text()
    assert r"\documentclass[10pt,a4paper,reqno,onecolumn]{amsart}" in source
    assert r"linear ($2 \to 2$), quadratic, linear ($2 \to 1$)" in source
    assert "Quadratic(" not in source
    assert "G^{(2)}" in source
    assert r"\kappa" not in source
    assert "0.25" in source
    assert "written:" in capsys.readouterr().out


def test_command_line_takes_the_networks_of_derive(tmp_path):
    assert main([
        "paper", "--out", str(tmp_path), "--no-pdf", "--order", "2", "--layers", "blocksum(b)",
        "--layers", "linear(2, 2) | relu | linear(2, 1)", "--closure", "diagrams:2",
    ]) == 0  # fmt: skip
    source = (tmp_path / "main.tex").read_text()
    assert source.count(r"\label{sec:network") == 2
    assert r"Cumulants of a network: block sum ($b \to 1$)" in source
    assert r"\kappa_{2}" in source
    assert "diagrams of cost 2" in source


@pytest.mark.parametrize(("arguments", "message"), [
    ([], "would be empty"),
    (["--layers", "linear(2, 2) | relu"], "--closure diagrams:3"),
    (["--layers", "blocksum(2)", "--order", "99"], "at most 12"),
    (["--theorems", "mirror"], "did you mean 'mirror_image'"),
    (["--theorems", "all", "--rename", "kappa"], "OLD=NEW"),
    (["--tables", "none.csv"], "cannot be read"),
    (["--figures", "plot.svg"], "ends in .png"),
])  # fmt: skip
def test_command_line_errors(tmp_path, capsys, arguments, message):
    assert main(["paper", "--out", str(tmp_path / "p"), "--no-pdf", *arguments]) == 2
    assert message in capsys.readouterr().err
    assert not (tmp_path / "p").exists()
