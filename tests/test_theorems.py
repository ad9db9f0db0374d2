"""Theorems: their proofs hold, fail when an equation is changed, and compile to one document."""

import shutil

import pytest
import sympy as sp

from cumulant_theory import generalisation, laws, layers, theorems
from cumulant_theory.derivation import Equation
from cumulant_theory.errors import UnknownNameError, VerificationError
from cumulant_theory.latex import overfull_boxes
from cumulant_theory.theorems._checks import WEIGHTS, B, K, R, value_at

NAMES = theorems.catalogue()
EQUATIONS = [
    (name, number, place)
    for name in NAMES
    for number, step in enumerate(theorems.get(name).derivation.steps, 1)
    for place in range(len(step.statement))
]


@pytest.mark.parametrize("name", NAMES)
def test_every_proof_holds_at_fresh_points(name):
    proof = theorems.get(name).derivation
    assert theorems.get(name).verify(points=3, seed=7).steps == len(proof)


@pytest.mark.parametrize(("name", "number", "place"), EQUATIONS)
def test_a_changed_equation_is_refuted(name, number, place):
    proof = theorems.get(name).derivation
    statement = list(proof.steps[number - 1].statement)
    e = statement[place]
    statement[place] = Equation(e.lhs, e.rhs + sp.Rational(1, 7), e.order)
    with pytest.raises(VerificationError, match=f"step {number}"):
        proof.with_step(number, statement=tuple(statement)).verify(points=1)


@pytest.mark.parametrize(("name", "number", "place", "changed"), [
    ("linear_units", 1, 1, lambda e: Equation(2 * e.lhs, e.rhs)),
    ("linear_units", 1, 1, lambda e: Equation(  # right at order 2 alone
        e.lhs, e.rhs.subs(B ** (1 - R / 2), B ** (2 - R)))),
    ("linear_units", 4, 0, lambda e: Equation(e.lhs.subs(K, K + 1), e.rhs)),
    ("mirror_image", 2, 0, lambda e: Equation(2 * e.lhs, e.rhs)),
    ("odd_networks", 1, 0, lambda e: Equation(2 * e.lhs, e.rhs)),
    ("odd_networks", 2, 0, lambda e: Equation(e.lhs.subs(K, K + sp.Rational(1, 2)), e.rhs)),
])
def test_a_changed_left_side_is_refuted(name, number, place, changed):
    proof = theorems.get(name).derivation
    statement = list(proof.steps[number - 1].statement)
    before = statement[place]
    statement[place] = changed(before)
    assert statement[place] != before
    with pytest.raises(VerificationError, match=f"step {number}"):
        proof.with_step(number, statement=tuple(statement)).verify(points=4)


def test_the_residuals_of_a_linear_unit_hold_at_high_order():
    general = theorems.get("linear_units").derivation.steps[0].statement[1].rhs
    unit = layers.Linear(2, 1, name="w")
    found = generalisation.residuals(unit, layers.BlockSum(2), laws.Generic("kappa"), order=7)
    stated = value_at(general, {B: 2, R: 7}, {
        WEIGHTS: unit.parameters, sp.IndexedBase("kappa"): lambda r: sp.Symbol(f"kappa_{r}"),
    })
    assert sp.expand(found[7] - stated) == 0


def test_the_document_lists_every_reference():
    source = theorems.article().to_tex()
    for author in ("McCullagh", "Macdonald", "Hardy", "Leonov"):
        assert author in source


def test_names_and_texts():
    assert len(NAMES) >= 8
    for name in NAMES:
        theorem = theorems.get(name)
        assert theorem.statement.count("$") % 2 == 0
        assert theorem.title in theorem._repr_markdown_()
    with pytest.raises(UnknownNameError, match="gaussian_sphere"):
        theorems.get("gaussian_spheres")


@pytest.mark.latex
@pytest.mark.skipif(shutil.which("latexmk") is None, reason="needs latexmk")
def test_all_theorems_in_one_document(tmp_path):
    document = theorems.article()
    pdf = document.compile(tmp_path / "theorems.pdf")
    assert pdf.stat().st_size > 10_000
    source = (tmp_path / "theorems.tex").read_text()
    assert source.count(r"\begin{theorem}") == source.count(r"\begin{proof}") == len(NAMES)
    logs = list(tmp_path.glob("*.log"))
    assert not any(overfull_boxes(log.read_text(errors="replace")) for log in logs)
