"""Articles, formulas, derivations, references and checks, with arguments that are right."""

import random
from fractions import Fraction
from pathlib import Path
from tempfile import mkdtemp

import sympy as sp
from fuzz_judge import WrongError
from fuzz_layers import NET
from fuzz_targets import target

from cumulant_theory import (
    activations,
    claims,
    latex,
    laws,
    layers,
    references,
    symmetries,
    testing,
    theorems,
)

_x = sp.Symbol("kappa_3")
_sum = _x + sp.sqrt(2) * sp.Symbol("a") ** 2 / 3
_sides = {"lhs": ["y", _x, None], "rhs": ["2", _sum]}
_equations = {"equations": [[("x", "1"), ("y", _sum, "eq:y")], [sp.Eq(_x, 1, evaluate=False)]]}


# ------------------------------------------------------------------ formulas


def probe_text(text):
    """LaTeX and MathML are texts."""
    if not isinstance(text, str):
        raise WrongError(f"{type(text).__name__} where a text is expected")
    return [text]


target("latex.latex", latex.latex, probe_text, expr=[_sum, sp.Eq(_x, 1, evaluate=False)])
target("latex.mathml", latex.mathml, probe_text, expr=[_sum], block=[False, True])
target("latex.mathml_equation", latex.mathml_equation, probe_text, **_sides, width=[300.0],
       relation=["=", r"\le"])
target("latex.break_equation", latex.break_equation, None, **_sides, width=[300.0],
       relation=["="], lhs_width=[None, 20.0])
target("latex.display", latex.display, probe_text, **_sides, label=[None, "eq:x"],
       number=[True, False, "A"], relation=["="], width=[300.0])
target("latex.display_group", latex.display_group, probe_text, **_equations, number=[True, False],
       width=[300.0], end=["", "."])
target("latex.inline_display", latex.inline_display, probe_text, **_equations, width=[300.0],
       see=["", ".terms"], most=[40, 1])
target("latex.escape", latex.escape, probe_text, text=["50 % of a_1"])
target("latex.upright", latex.upright, probe_text, text=["a_1 > b"])
target("latex.typeset", latex.typeset, probe_text, sentence=["kappa_2 >= 0 and x^2 = 1"])
target("claims.typeset_claim", claims.typeset_claim, probe_text, text=["kappa_4 >= 0 for all n"])
target("claims.claim_tex", claims.claim_tex, probe_text, text=["kappa_2 = -1 is negative"])
target("claims.claim", claims.claim, probe_text, text=["kappa_4 >= 0 for all n"])
target("claims.claims", claims.claims, None, texts=[["a < b"]])
target("claims.in_words", claims.in_words, probe_text, thing=["GraphConv", laws.Generic(), NET])
target("claims.label_in_words", claims.label_in_words, probe_text, label=["1 GraphConv"])
target("latex.symbol_tex", latex.symbol_tex, probe_text, name=["kappa_3", "W__1_11"])
target("latex.estimate_width", latex.estimate_width, None, tex=[r"\frac{1}{2} x"])
target("latex.overfull_boxes", latex.overfull_boxes, None,
       log=["Overfull \\hbox (3.0pt too wide) in paragraph at lines 1--2\n\n"])
_notation = {"symbols": [{}, {"kappa": "c"}], "order": [False, True], "layer": ["({})"],
             "single": [frozenset(), frozenset({"kappa"})]}
target("latex.Notation", latex.Notation, lambda n: [n.math(_sum), n.text("kappa_3 = 0")],
       **_notation)
_plain = latex.Notation({"kappa": "c"})
target("Notation.math", _plain.math, probe_text, given=[_sum, "x"])
target("Notation.text", _plain.text, probe_text, text=["kappa_3 = 0"])
target("Notation.block", _plain.block, None, block=[latex.Paragraph("x")])
target("Notation.unused", _plain.unused, None, blocks=[[latex.Equation("x", _x)]])
target("Notation.applied", _plain.applied, None, blocks=[[latex.Equation("x", _x)]])


# ------------------------------------------------------------------ articles


def fresh():
    """A folder of its own for each call: nothing there is overwritten."""
    return Path(mkdtemp(dir="."))


def article():
    """A short one."""
    return latex.Article("Title", blocks=[latex.Step("Linearity", latex.Equation("y", _sum))])


def probe_block(block):
    """What an article makes of it."""
    return [latex.Article("Title", blocks=[block]).to_tex()]


target("latex.Article", latex.Article, lambda a: [a.to_tex(), a.body()], title=["Title"],
       abstract=[""], author=["A. Author"],
       blocks=[[latex.Paragraph("Text.")], [theorems.get("graph_degrees")]],
       references=[{}, {"key": "A book"}], document_class=["article", "amsart"],
       notation=[_plain], columns=[1, 2], width=[None, 246.0], bibliography_files=[()])
target("latex.Paragraph", latex.Paragraph, probe_block, text=["Text."])
target("latex.Heading", latex.Heading, probe_block, level=[1, 3], text=["Head"], label=[None, "h"])
target("latex.Equation", latex.Equation, probe_block, **_sides, label=[None, "eq:1"],
       relation=["="], order=[0, 2])
target("latex.Equations", latex.Equations, probe_block, **_equations, number=[True, False])
target("latex.Figure", latex.Figure, probe_block, path=["figure.pdf"], caption=["Figure"],
       label=[None, "fig:1"], wide=[False, True])
target("latex.Table", latex.Table, probe_block, header=[["a", "b"]], rows=[[["1", _x], [1, 2]]],
       caption=["Table"], label=[None, "tab:1"])
target("latex.Step", latex.Step, probe_block, rule=["Rule"], statement=[("x", "y"), ()],
       hypotheses=[(), ["a > 0"]], reference=[None, "speed"], label=[None, "s"], uses=[()],
       text=["", "Words."])
target("latex.Statement", latex.Statement, probe_block, title=["Sums"], text=["They add."],
       label=[None, "th:1"], kind=["theorem", "lemma"])
target("latex.Proof", latex.Proof, probe_block, steps=[[latex.Step("Rule", ("x", "y"))]])
target("Article.body", lambda folder: article().body(folder), probe_text, folder=[None, "a"])
target("Article.to_tex", lambda folder, bibliography: article().to_tex(folder, bibliography),
       probe_text, folder=[None], bibliography=["", "references"])
target("Article.write", lambda name: article().write(
    fresh() / name if isinstance(name, str) else name), None, name=["a.tex"])
for _write, _own in ((latex.write_project, {}), (latex.write_snippet, {"prefix": ["", "ct:"]})):
    target(f"latex.{_write.__name__}", lambda folder, w=_write, **k: w(
        folder=fresh() if folder is None else folder, **k), None, folder=[None],
        article=[article()], name=["main"], overwrite=[False, True], **_own)


# ------------------------------------------------------------------ references, proofs


target("references.reference", references.reference, lambda r: [str(r)], key=["speed"])
target("references.reference_text", references.reference_text, probe_text, key=["speed"])
target("references.bibtex", references.bibtex, probe_text, keys=[None, ["speed", "price"]])
target("Reference.bibtex", references.reference("speed").bibtex, probe_text, key=["speed"])
target("theorems.get", theorems.get, None, name=["graph_degrees"])
target("theorems.article", theorems.article, None, names=[["lowest_order"]], title=[""])
target("Theorem.verify", theorems.get("graph_degrees").verify, None, points=[1], seed=[0])


def proof():
    """Three steps."""
    return theorems.get("linear_units").derivation


target("Derivation.verify", lambda **k: proof().verify(**k), None, 10.0, points=[1], seed=[0])
target("Derivation.latex_blocks", lambda prefix: proof().latex_blocks(prefix), None,
       prefix=["step:"])
target("Derivation.with_step", lambda number, **k: proof().with_step(number, **k), None,
       number=[1], rule=["Rule"], text=["Words."])
target("Derivation.__getitem__", lambda number: proof()[number], None, number=[0])
target("Derivation.write_tex", lambda name: proof().write_tex(
    fresh() / name if isinstance(name, str) else name), None, name=["a.tex"])
target("Recursion.latex_blocks", NET.recursion(2).latex_blocks, None,
       style=["indices", "expanded"], prefix=["layer:"])
for _style in ("to_latex", "equations", "article"):
    target(f"Recursion.{_style}", getattr(NET.recursion(2), _style), None,
           style=["indices", "expanded"])
target("Recursion.shown", NET.recursion(2).shown, None, prefix=["layer:"], style=["indices"])
target("Recursion.write_tex", lambda name, style: NET.recursion(2).write_tex(
    fresh() / name if isinstance(name, str) else name, style), None, name=["a.tex"],
    style=["indices"])
_system = (layers.Linear(2, 1) >> layers.Pointwise(activations.Square())).system(1, "iid")
_values = {str(s): Fraction(1, 2) for s in (*_system.inputs, *_system.parameters)}
target("System.evaluate", _system.evaluate, None, values=[_values])
target("System.evalf", _system.evalf, None, values=[_values], digits=[15, 30])
target("Definition.subs", _system.definitions[0].subs, None, values=[{"w": 1}, _values])


# ------------------------------------------------------------------ checks for anybody's code


_law = {"law": [laws.Exponential(1), laws.DiscreteJoint([(0, 0), (1, 2)])]}
_finite = {"law": [laws.Rademacher()]}
_net = layers.Mean(2) >> layers.Pointwise(activations.Quadratic(3))
target("testing.check_additivity", testing.check_additivity, None, first=[laws.Poisson(2)],
       second=[laws.Uniform(-1, 1)], order=[2])
target("testing.check_against_enumeration", testing.check_against_enumeration, None, net=[_net],
       **_finite, order=[2], propagate=[None])
target("testing.check_block_sum_semigroup", testing.check_block_sum_semigroup, None,
       law=[laws.Exponential(1)], b=[2], c=[2, 3], s=[Fraction(1, 2)], order=[2])
target("testing.check_equivariance", testing.check_equivariance, None,
       layer=[layers.Linear(2, 2, symmetry=symmetries.Cyclic())], law=[laws.Exponential(1)],
       order=[2], generators=[None, [([[0, 1], [1, 0]], [[0, 1], [1, 0]])]])
target("testing.check_gaussian_fixed_point", testing.check_gaussian_fixed_point, None,
       layer=[layers.BlockSum(2)], order=[2])
target("testing.check_independence", testing.check_independence, None,
       source=[laws.Normal(0, 1).iid(2)], order=[2])
target("testing.check_index_symmetry", testing.check_index_symmetry, None,
       state=[laws.Normal(0, 1).iid(2)], order=[2])
target("testing.check_moment_cumulant_round_trip", testing.check_moment_cumulant_round_trip, None,
       **_law, order=[2])
target("testing.check_multilinearity", testing.check_multilinearity, None,
       law=[laws.DiscreteJoint([(0, 0), (1, 2)])], weight=[[[1, 2], [0, "w"]]], order=[2])
target("testing.check_shift_and_scale", testing.check_shift_and_scale, None, **_law,
       scale=["a"], shift=["c", 1], order=[2])
target("testing.enumerate_network", testing.enumerate_network, None, net=[_net], **_finite,
       order=[2])
target("testing.require_same", testing.require_same, None, left=[_sum], right=[_sum],
       what=["sum"], first=["left"], second=["right"])
target("testing.fitting_shapes", testing.fitting_shapes, None, symmetry=[symmetries.Cyclic()],
       max_width=[3])
target("testing.symmetric_chain", testing.symmetric_chain, None, symmetry=[symmetries.Cyclic()],
       depth=[2], max_width=[3])


def drawn(strategy):
    """One example."""
    from hypothesis import Phase, find, settings

    quick = settings(max_examples=1, phases=[Phase.generate], database=None, deadline=None)
    return [find(strategy, lambda _: True, settings=quick, random=random.Random(0))]


target("testing.cumulant_sequences", testing.cumulant_sequences, drawn, order=[3])
target("testing.joint_laws", testing.joint_laws, drawn, dim=[2], atoms=[3])
target("testing.laws_finite", testing.laws_finite, drawn, atoms=[3])
target("testing.polynomial_activations", testing.polynomial_activations, drawn, max_degree=[2])
target("testing.rational_networks", testing.rational_networks, drawn, max_layers=[1],
       max_width=[2], max_degree=[2])
target("testing.rationals", testing.rationals, drawn, size=[4], zero=[True, False])
target("testing.symmetric_layers", testing.symmetric_layers, drawn, max_width=[2], bias=[None])
target("testing.univariate_laws", testing.univariate_laws, drawn, order=[3])
