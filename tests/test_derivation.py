"""Derivations: verified as they stand, refuted when any statement is changed."""

import functools
import shutil

import pytest
import sympy as sp

from cumulant_theory import activations, laws, layers, symmetries
from cumulant_theory.cumulants import GenericJoint
from cumulant_theory.derivation import Derivation, Equation
from cumulant_theory.errors import DomainError, UnknownNameError, VerificationError
from cumulant_theory.latex import compile_tex, overfull_boxes
from cumulant_theory.references import REFERENCES, reference_text

R = sp.Rational
QUADRATIC = layers.Pointwise(activations.Quadratic())


def one_hidden(symmetry=None, bias=False):
    return layers.Linear(2, 2, symmetry=symmetry, bias=bias) >> QUADRATIC >> layers.Linear(2, 1)


CASES = {
    "generic-iid": (one_hidden(), laws.Generic("kappa").iid(2), 3),
    "invariant-bias": (
        one_hidden(symmetries.PermutationInvariant(), bias=True), laws.Uniform(-1, 1).iid(2), 3
    ),
    "alternating": (one_hidden(symmetries.Alternating()), laws.Exponential("lam").iid(2), 2),
    "cyclic-two-outputs": (
        layers.Linear(2, 2, symmetry=symmetries.Cyclic()) >> QUADRATIC, laws.Rademacher().iid(2), 2
    ),
    "joint": (
        layers.Linear(2, 2) >> layers.Pointwise(activations.Square()), GenericJoint(2, "x"), 2
    ),
    "independent": (
        layers.Linear(2, 1, bias=True) >> layers.Pointwise(activations.Quadratic("a")),
        laws.Product([laws.Normal(0, "sigma"), laws.Poisson(2)]), 3,
    ),
    "correlated": (
        layers.Sum(2) >> layers.Pointwise(activations.Quadratic("a")),
        laws.MultivariateNormal([0, 1], [[1, "rho"], ["rho", 2]]), 3,
    ),
    "cubic": (
        layers.Linear(2, 1) >> layers.Pointwise(activations.Cubic("a")), laws.Normal(0, 1).iid(2), 2
    ),
    "residual": (
        layers.Residual(layers.Pointwise(activations.Quadratic("a"))) >> layers.Mean(2),
        laws.Generic("kappa").iid(2), 2,
    ),
    "two-hidden": (
        layers.Linear(2, 1) >> QUADRATIC >> layers.Linear(1, 1)
        >> layers.Pointwise(activations.Quadratic()), laws.Generic("kappa", centred=True).iid(2), 2
    ),
    "block-sum": (layers.BlockSum(3), laws.Generic("kappa").iid(3), 4),
    "block-sum-weights": (
        layers.BlockSum(2, weights=["u", "v"]), laws.Generic("kappa").iid(2), 4
    ),
    "symbolic-b": (layers.BlockSum("b"), laws.Generic("kappa").iid("b"), 5),
    "symbolic-b-and-s": (layers.BlockSum("b", "s"), laws.Generic("kappa").iid("b"), 4),
    "symbolic-b-law": (layers.BlockSum("b"), laws.Exponential(2).iid("b"), 4),
}


@functools.cache
def derivation(case):
    net, law, order = CASES[case]
    return net.propagate(law, order=order).derivation


@pytest.mark.parametrize("case", CASES)
def test_derivations_verify(case):
    d = derivation(case)
    result = d.verify(points=2, seed=3)
    assert result
    assert result.steps == len(d) >= 1
    assert result.equations == sum(len(step.statement) for step in d.steps)
    assert "seed 3" in str(result)


def tampered(equation):
    """rhs * 2 + 1, entry by entry for a matrix."""
    rhs = equation.rhs
    if isinstance(rhs, sp.MatrixBase):
        return Equation(equation.lhs, sp.ImmutableMatrix(rhs.applyfunc(lambda e: 2 * e + 1)),
                        equation.order)
    return Equation(equation.lhs, 2 * rhs + 1, equation.order)


def refutation(d):
    """What verification says against a derivation, nothing if it passes."""
    try:
        d.verify()
    except VerificationError as error:
        return str(error)
    return ""


@pytest.mark.slow
@pytest.mark.parametrize("case", CASES)
def test_every_changed_statement_is_refuted_at_its_step(case):
    d = derivation(case)
    survivors = []
    for number, step in enumerate(d.steps, 1):
        for k, equation in enumerate(step.statement):
            statement = (*step.statement[:k], tampered(equation), *step.statement[k + 1:])
            message = refutation(d.with_step(number, statement=statement))
            if f"step {number} ({step.rule})" not in message:
                survivors.append((number, step.rule, equation.lhs, message))
    assert survivors == []
    assert sum(len(step.statement) for step in d.steps) > 0


@pytest.mark.parametrize("case", ["generic-iid", "independent", "residual", "block-sum"])
def test_small_changes_are_refuted(case):
    d = derivation(case)
    number, step = max(
        ((n, s) for n, s in enumerate(d.steps, 1) if s.rule in ("moments to cumulants",)),
    )
    last = step.statement[-1]
    for changed in (last.rhs + R(1, 10**6), last.rhs * R(1001, 1000)):
        statement = (*step.statement[:-1], Equation(last.lhs, changed, last.order))
        with pytest.raises(VerificationError, match=f"step {number} "):
            d.with_step(number, statement=statement).verify(points=1)


def test_swapped_orders_of_a_block_sum_are_refuted():
    d = derivation("symbolic-b")
    first, second, *rest = d[0].statement
    swapped = (Equation(first.lhs, second.rhs, 1), Equation(second.lhs, first.rhs, 2), *rest)
    with pytest.raises(VerificationError):
        d.with_step(1, statement=swapped).verify(points=1)


def test_symbolic_block_sum_states_the_eigenvalues():
    b = sp.Symbol("b")
    for e in derivation("symbolic-b")[0].statement:
        assert sp.powsimp(e.rhs - b ** (1 - R(e.order, 2)) * sp.Symbol(f"kappa_{e.order}")) == 0
    assert "independent copies" in " ".join(derivation("symbolic-b").hypotheses)


def test_steps_name_rules_references_and_hypotheses():
    d = derivation("invariant-bias")
    assert [s.rule for s in d.steps] == [
        "input law", "affine rule", "pointwise rule", "affine rule", "composition",
        "moments to cumulants", "law put in",
    ]
    for number, step in enumerate(d.steps, 1):
        assert step.reference in REFERENCES
        assert all(1 <= used < number for used in step.uses)
    assert any("S_2" in h for h in d.hypotheses)
    assert len({s.text for s in d.steps}) == len(d)


def test_given_cumulants_have_no_derivation():
    out = layers.Mean(2).propagate(laws.Normal(0, "s").iid(2), order=2)
    assert isinstance(out.derivation, Derivation)
    with pytest.raises(DomainError, match="given, not derived"):
        _ = out.subs({"s": 1}).derivation


def test_bad_arguments():
    d = derivation("block-sum")
    with pytest.raises(DomainError, match="points=0"):
        d.verify(points=0)
    for number in (0, len(d) + 1):
        with pytest.raises(DomainError, match=f"step {number}"):
            d.with_step(number, text="x")
    with pytest.raises(UnknownNameError, match="leonov-shiryaev"):
        reference_text("leonov-shiryaef")



def test_equations_stay_unevaluated():
    e = Equation(sp.Symbol("a"), sp.Symbol("a"))
    assert isinstance(e.eq, sp.Eq)
    assert e.eq.lhs == e.eq.rhs


@pytest.mark.slow
@pytest.mark.latex
@pytest.mark.skipif(shutil.which("latexmk") is None, reason="latexmk is not installed")
def test_derivations_and_recursions_compile_without_overfull_lines(tmp_path):
    net = (
        layers.Linear(2, 3, symmetry=symmetries.PermutationInvariant(), bias=True)
        >> layers.Pointwise(activations.Quadratic("alpha"))
        >> layers.Linear(3, 1)
    )
    derivation = net.propagate(laws.Normal(0, "sigma"), order=4).derivation
    written = [derivation.write_tex(tmp_path / "derivation.tex")]
    for style in ("indices", "expanded"):
        recursion = net.recursion(order=2, inputs="independent")
        written.append(recursion.write_tex(tmp_path / f"{style}.tex", style=style))
    for source in written:
        log = compile_tex(source, source.with_suffix(".pdf"))
        assert [box for box in overfull_boxes(log) if box[0] > 1] == []
        assert "undefined" not in log.lower()
        assert source.with_suffix(".pdf").stat().st_size > 10_000
    text = written[0].read_text()
    assert r"\cref{step:1}" in text
    assert text.count(r"\label{step:") == len(derivation)
