"""The words of recursions, derivations and papers: names, definitions before use, references."""

import re
from dataclasses import replace

import pytest
import sympy as sp

from cumulant_theory import activations, generalisation, laws, layers, symbolic_width, symmetries
from cumulant_theory.claims import in_words, typeset_claim
from cumulant_theory.closures import Diagrams, Neglect
from cumulant_theory.errors import VerificationError
from cumulant_theory.latex import Article, Equation, Proof, Step
from cumulant_theory.layers import graphs
from cumulant_theory.references import REFERENCES, bibtex
from numerics.cli import main

QUADRATIC = layers.Pointwise(activations.Quadratic("a"))
GAUSSIAN = laws.Normal(0, "sigma")
REPR = re.compile(r"\b[A-Z]\w*\\?_?\w*\((?:[\w=', .]*)\)|\b(?:star|complete|cycle)\(|>>|\w+=\w")


def plain(tex):
    """The text of an article without its mathematics and commands."""
    body = tex.split(r"\begin{document}")[1].split(r"\begin{thebibliography}")[0]
    body = re.sub(r"\\begin\{align\}.*?\\end\{align\}", "", body, flags=re.DOTALL)
    body = re.sub(r"\$[^$]*\$", "M", body).replace(r"\allowbreak{}", "").replace(r"\_", "_")
    return re.sub(r"\\(?:texorpdfstring\{[^{}]*\}|label|cref|cite)\{[^{}]*\}", "", body)


# ----------------------------------------------------------------------------------- names


@pytest.mark.parametrize(("thing", "words"), [
    (GAUSSIAN, r"the normal law $\mathcal{N}(0,\sigma^{2})$"),
    (laws.Uniform(0, 1).iid(3), r"independent copies of the law $\mathrm{Uniform}(0,1)$"),
    (laws.Generic("kappa", centred=True),
     r"a centred law with cumulants $\kappa_{2}, \kappa_{3}, \dots$"),
    (laws.Generic("c", symmetric=True, values={4: 1}),
     r"a symmetric law with cumulants $c_{2}, c_{6}, \dots$, with $c_{4} = 1$"),
    (laws.CumulantSequence([0, 1]), "the law with cumulants $0, 1$"),
    (laws.Empirical([[0, 1], [1, 0], [2, 2]]), "the empirical law of 3 points of 2 units"),
    (graphs.star(3), "the star graph on 3 nodes"),
    (graphs.Graph((3, [(0, 1)])), "the graph with 3 nodes and 1 edge"),
    (symbolic_width.complete_bipartite("m", "n"), "the complete bipartite graph on m + n nodes"),
    (symmetries.Cyclic(), "cyclic"),
    (layers.Linear(2, 3, symmetry=symmetries.Shared()) >> layers.Residual(QUADRATIC),
     "linear (2 → 3, shared), residual of quadratic"),
    (layers.BlockSum("b"), "block sum (b → 1)"),
], ids=str)  # fmt: skip
def test_names_in_sentences(thing, words):
    assert in_words(thing) == words


def test_arrows_and_words_are_typeset():
    assert typeset_claim("linear (b → 1)") == r"linear ($b \to 1$)"
    assert typeset_claim("a polynomial that vanishes") == "a polynomial that vanishes"
    assert typeset_claim("the permutations in S_3") == "the permutations in $S_{3}$"
    assert typeset_claim("Newton's sums, sigma's") == r"Newton's sums, $\sigma$'s"


def documents():
    net = layers.Linear(3, 3, symmetry=symmetries.Cyclic()) >> QUADRATIC >> layers.Mean(3)
    star = symbolic_width.star("n")
    sized = symbolic_width.GraphConv(star) >> symbolic_width.Pointwise(
        activations.Quadratic("a")) >> symbolic_width.Readout(star, "sum")
    graph = graphs.Graph((3, [(0, 1), (1, 2)]))
    convolution = layers.GraphConv(graph) >> QUADRATIC >> layers.Readout(graph, "sum")
    relu = layers.Linear(2, 2) >> layers.Pointwise(activations.ReLU()) >> layers.Linear(2, 1)
    return {
        "cyclic": net.propagate(GAUSSIAN, order=2).derivation,
        "recursion": net.recursion(2, inputs=GAUSSIAN.iid(3)),
        "graph": convolution.propagate(laws.Generic("kappa"), order=2).derivation,
        "size": sized.propagate(symbolic_width.iid(GAUSSIAN, star), order=2).derivation,
        "sized recursion": sized.recursion(2),
        "closure": relu.propagate(laws.Uniform(-1, 1), 2, closure=Diagrams(2)).derivation,
        "block sum": layers.BlockSum("b").propagate(GAUSSIAN, order=2).derivation,
        "analysis": analysed().derivation,
    }


def analysed():
    return generalisation.analyse(
        layers.Linear(2, 1), layers.BlockSum(2), train=GAUSSIAN,
        test=[laws.Generic("kappa"), laws.Exponential(1)], order=3, engine="sympy",
    )


@pytest.fixture(scope="module")
def written():
    return {name: found.article().to_tex() for name, found in documents().items()}


def test_no_text_shows_how_objects_are_written_in_python(written):
    for name, tex in written.items():
        assert not REPR.findall(plain(tex)), name
    assert r"law $\mathcal{N}(0,\sigma^{2})$" in written["cyclic"]
    assert r"the permutations in $C_{3}$" in written["cyclic"]
    assert "Of $z_{1}$ they are" in written["cyclic"]
    assert "the star graph on $n$ nodes" in written["size"]


def test_the_pattern_of_python_finds_it():
    for text in ("on Normal(0, sigma).", "permutations of Cyclic()", "star(3)", "a >> b",
                 "Generic(kappa, centred)"):
        assert REPR.search(text)


def test_a_verdict_is_a_sentence():
    report = analysed()
    step = report.derivation.steps[-1]
    assert step.statement == ()
    assert step.text == f"The network does not generalise: {report.reason}."
    assert "on test law 1" in step.text
    assert report.derivation.verify(points=1)
    for text in (step.text.replace("does not generalise", "generalises"), "It generalises."):
        alone = replace(report.derivation, steps=(replace(step, text=text, uses=()),))
        with pytest.raises(VerificationError, match="verdict"):
            alone.verify(points=1)


# ----------------------------------------------------------------------- definitions before use


def heads(e):
    """The named quantities of an expression, letters of units left out: omega of phi^2, C_iij."""
    named = (s for s in sp.sympify(e).free_symbols if re.match(r"(omega|C|kappa__y)", str(s)))
    found = set()
    for s in map(str, named):
        head, letters = s.rsplit("_", 1)
        head = re.sub(r"__[\dk]+$", "__k", head) if head.startswith("omega") else head
        pattern = sorted((letters.count(x) for x in set(letters)), reverse=True)
        found.add((head, tuple(pattern)))
    return found


@pytest.mark.parametrize("closure", [Diagrams(2), Diagrams(3), Neglect(2), Neglect(3, cost=2)],
                         ids=repr)
@pytest.mark.parametrize(("activation", "order"), [
    (activations.ReLU(), 3), (activations.Tanh(), 3), (activations.Quadratic("a"), 4),
], ids=["relu", "tanh", "quadratic"])
def test_what_a_recursion_uses_is_defined_before(closure, activation, order):
    net = layers.Linear(3, 3) >> layers.Pointwise(activation)
    known = set()
    for e in net.recursion(order, closure=closure).layers[1].indices:
        assert heads(e.rhs) <= known, e
        known |= heads(e.lhs)
    assert ("omega__y1__k", (2,)) in known


def notes(net, order=2, **options):
    return [" ".join(layer.notes) for layer in net.recursion(order, **options).layers]


def test_recursions_say_what_is_not_listed():
    net = layers.Linear(2, 2) >> QUADRATIC
    first, second = notes(net, inputs=GAUSSIAN.iid(2))
    assert "joint cumulants of different inputs are zero" in first
    assert r"To order 4: $\kappa_{2} = \sigma^{2}$; those not listed are zero." in first
    assert second == "Different letters stand for different units."
    assert "unless all indices are equal" in notes(net, inputs="independent")[0]
    assert notes(net) == [
        r"$\kappa^{(x)}_{i_1 \dots i_r}$ are the joint cumulants of the inputs.", second]
    assert "written to order 4" in notes(net, order=5)[1]
    joint = laws.MultivariateNormal([0, 1], [[1, 0], [0, 2]])
    assert r"$\kappa^{(x)}_{22} = 2$; those not" in notes(net, inputs=joint)[0]
    relu = layers.Linear(3, 3) >> layers.Pointwise(activations.ReLU())
    assert "none is listed" in notes(relu, closure=Neglect(2))[1]
    assert "diagrams of cost" in notes(relu, closure=Diagrams(3))[1]
    copied = layers.Linear(2, 2) >> layers.Residual(QUADRATIC)
    assert any("different activations" in text for text in notes(copied))


def test_notes_stand_in_article_and_card():
    recursion = (layers.Linear(2, 2) >> QUADRATIC).recursion(2, inputs=GAUSSIAN.iid(2))
    tex = recursion.article().to_tex()
    assert tex.index("those not listed are zero") < tex.index("M^{(1)} &=")
    assert "those not listed are zero" in recursion._repr_html_()


def test_functions_in_a_derivation_are_defined():
    net = layers.Linear(2, 2) >> layers.Pointwise(activations.ReLU())
    derivation = net.propagate(GAUSSIAN.iid(2), order=2).derivation
    (text,) = (s.text for s in derivation.steps if s.rule == "Gaussian means")
    for symbol in ("omega", "gamma", "M_k(a)", "mathrm{Cov}"):
        assert symbol in text
    assert "Owen" not in text


@pytest.mark.parametrize(("order", "said"), [
    (2, ""), (3, "Orders 5 and 6, which the result needs as well, follow the same rule."),
    (4, "Orders 5 to 8, which the result needs as well, follow the same rule."),
])
def test_a_rule_says_which_orders_are_not_written(order, said):
    derivation = (layers.Linear(1, 1) >> QUADRATIC).propagate(
        laws.Generic("kappa").iid(1), order=order).derivation
    step = derivation.steps[1]
    assert max(e.order for e in step.statement) == 4
    assert step.text == f"Layer 1 (linear): cumulants are multilinear. {said}".strip()


def test_the_symbols_of_the_input_law_are_those_of_the_rules():
    derivation = layers.Mean(2).propagate(GAUSSIAN, order=2).derivation
    assert derivation.steps[0].statement[0].lhs == sp.Symbol("kappa_2")
    assert sp.Symbol("kappa_2") in derivation.steps[1].statement[2].rhs.free_symbols


# -------------------------------------------------------------------------- papers, references


def test_a_derivation_refers_to_the_recursion_of_its_paper(tmp_path):
    assert main([
        "paper", "--out", str(tmp_path), "--no-pdf", "--order", "2", "--derivations",
        "--layers", "linear(2, 2) | quadratic(a) | linear(2, 1)", "--layers", "linear(2, 1)",
    ]) == 0  # fmt: skip
    tex = (tmp_path / "main.tex").read_text()
    assert tex.count("M^{(1)} &=") == 2  # once for each network
    assert tex.count(r"The equations are those of \cref{network1:layer") == 3
    assert r"The equations are those of \cref{network2:layer1}" in tex
    assert "generic" not in tex


def test_what_is_not_shown_elsewhere_is_shown():
    net = layers.Linear(2, 2) >> QUADRATIC
    derivation = net.propagate(laws.Generic("kappa").iid(2), order=2).derivation
    shown = net.recursion(2, inputs="joint").shown()
    first, second = derivation.latex_blocks(shown=shown)[1:3]
    assert first.statement  # the recursion has no copies of one law
    assert second.statement == ()
    assert "[[layer:2]]" in second.text


def proof(**last):
    return Article("A", blocks=[Proof([Step("one", [("x", "1")]), Step("two", **last)])]).to_tex()


def test_a_proof_ends_in_its_last_display():
    assert "y &= 1, \\\\\nz &= 2. \\qedhere\n\\end{align}\n\\end{proof}" in proof(
        statement=[("y", "1"), ("z", "2")])
    assert "qedhere" not in proof(statement=[Equation("y", "1", label="eq:y")])
    assert "qedhere" not in proof(text="So it is.")
    labelled = [Equation("y", "1", label="eq:y"), ("z", "2")]
    assert proof(statement=labelled).count(r"\qedhere") == 1


def test_entries_print_accents_and_ranges():
    assert "P{\\'o}lya" in bibtex(["hardy"])
    assert "G. Pólya" in str(REFERENCES["hardy"])
    assert "Li{\\`o}" in bibtex(["ashworth"])
    assert bibtex().isascii()
    assert "pages = {69--72}" in bibtex(["price"])
    assert "note = {Section 2.4}" in bibtex(["hardy"])
    assert "edition = {Second}" in bibtex(["sethna"])
    assert "second edition" in str(REFERENCES["sethna"])
    for key, entry in REFERENCES.items():
        (note,) = re.findall(r"note = \{(.)", entry.bibtex(key)) or ["A"]
        assert not note.islower(), key
