"""The argument of an analysis as a derivation, each step checked by an unrelated route."""

import random
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import sympy as sp
from sympy.polys.matrices import DomainMatrix

from ..claims import in_words
from ..derivation import Derivation, Equation, Step
from ..errors import VerificationError
from ..varieties import rationalised
from .branches import residual_symbol
from .certified import certified_step
from .derive_branches import (
    branch_step,
    completeness_step,
    part_step,
    residuals_on_branch_step,
    verdict_step,
    witness_step,
)
from .enumeration import enumerated_residuals, random_values, same
from .equations import LawResiduals, Problem

if TYPE_CHECKING:
    from .analysis import Analysis


def derive_analysis(analysis: "Analysis") -> Derivation:
    """Coefficients, residuals, equations, branches, test residuals on them, witnesses, verdict."""
    problem = analysis.problem
    steps: list[Step] = []

    def add(step: Step | None) -> int:
        if step is not None:
            steps.append(step)
        return len(steps)

    named = add(_coefficients_step(problem))
    basis = (named,) if named else ()
    trained = [add(_residual_step(problem, law, "training", basis)) for law in problem.train]
    equations = add(_equations_step(problem, tuple(trained)))
    tested = [
        add(_residual_step(problem, law, "test", basis, k if len(problem.test) > 1 else 0))
        for k, law in enumerate(problem.test, 1)
    ]
    places: list[int] = []
    for branch in analysis.branches:
        places.append(add(branch_step(problem, branch, equations)))
        for part in branch.parts or ():
            if not problem.coordinates.direct:
                add(part_step(problem, branch, part, (*basis, places[-1])))
        add(residuals_on_branch_step(problem, branch, (places[-1], *tested)))
    if analysis.branches:
        places.append(add(completeness_step(analysis, tuple(places))))
    for witness in analysis.witnesses:
        add(witness_step(problem, witness, (*basis, *trained, *tested)))
    if analysis.certified is not None:
        add(certified_step(problem, analysis.certified, (*basis, *trained, *tested)))
    add(verdict_step(analysis, tuple(range(1, len(steps) + 1))))
    return Derivation(
        f"The network {analysis.network.words} against {analysis.target.words}", tuple(steps),
        analysis.hypotheses,
    )


def _coefficients_step(problem: Problem) -> Step | None:
    c = problem.coordinates
    own = {d.symbol: d.expr for d in c.effective.definitions}
    statement = tuple(
        Equation(s, own[s] if image == s or c.direct else image)
        for s, image in c.images.items() if image == s or image not in c.parameters
    )
    if not statement:
        return None

    def check(step: Step, rng: random.Random) -> None:
        values = random_values(c.parameters, rng)
        known: dict[Any, Any] = dict(values)
        for s, image in c.images.items():
            if image in c.parameters:
                known[s] = known[image]
        for e in step.statement:
            known[e.lhs] = e.rhs.xreplace(known)
        inputs = [rng.choice([-1, 1]) * sp.Rational(rng.randint(1, 9), rng.randint(1, 5))
                  for _ in range(c.effective.units)]
        (names,) = c.effective.named
        stated = sp.Add(*(
            known[s] * sp.Mul(*(x**k for x, k in zip(inputs, m, strict=True)))
            for m, s in names.items()
        ))
        (out,) = problem.network.subs(values).forward(inputs)
        same(out, stated, "output at a random input")

    return Step(
        rule="effective coefficients",
        text="The network is one polynomial of its inputs; the output law depends on the "
        "parameters through its coefficients alone.",
        statement=statement, check=check, reference="fischer",
    )


def _unknown_values(problem: Problem, values: Mapping[Any, Any]) -> dict[Any, Any]:
    radicals = problem.radicals
    return {x: e.xreplace(radicals).xreplace(dict(values))
            for x, e in problem.coordinates.values.items()}


def _residual_step(
    problem: Problem, law: LawResiduals, kind: str, uses: tuple[int, ...], number: int = 0
) -> Step:
    statement = tuple(Equation(residual_symbol(r), e, r) for r, e in law.residuals.items())

    def check(step: Step, rng: random.Random) -> None:
        values = random_values((*problem.coordinates.parameters, *law.symbols), rng)
        expected = enumerated_residuals(
            problem.network, problem.target, law.source, len(statement), values
        )
        known = values | _unknown_values(problem, values)
        for e in step.statement:
            same(expected[e.order], e.rhs.xreplace(known), str(e.lhs))

    return Step(
        rule=f"{kind} residuals", text="Cumulants of the network less those of the target, on "
        + (f"test law {number}, " if number else "") + f"{in_words(law.law)}.",
        statement=statement, check=check, hypotheses=tuple(law.source.hypotheses),
        reference="speed", uses=uses,
    )


def _equations_step(problem: Problem, uses: tuple[int, ...]) -> Step:
    radicals = problem.radicals
    statement = tuple(
        Equation(sp.expand(e.xreplace(radicals)), sp.S.Zero) for e in problem.equations
    )

    def check(step: Step, rng: random.Random) -> None:
        """The residuals at sufficiently many values span the same space of polynomials."""
        stated = [e.lhs - e.rhs for e in step.statement]
        drawn = [
            e.xreplace(random_values(law.symbols, rng))
            for law in problem.train for e in law.residuals.values()
            for _ in range(len(stated) + 1)
        ]
        rational, _ = rationalised([*stated, *drawn])
        ours, theirs = rational[: len(stated)], rational[len(stated):]
        both = _span([*ours, *theirs])
        if not _span(ours) == both == _span(theirs):
            raise VerificationError(
                "the stated equations do not span what the residuals at random values of the "
                "free symbols span"
            )

    return Step(
        rule="training equations",
        text="The residuals vanish for all admissible values of the free symbols of the training "
        "laws exactly where their coefficients do.",
        statement=statement, check=check, uses=uses,
        hypotheses=("the admissible values are Zariski dense",) if any(
            law.symbols for law in problem.train) else (),
    )


def _span(polynomials: Sequence[sp.Expr]) -> int:
    """Dimension over Q of the space that polynomials span."""
    symbols = sorted(set().union(*(p.free_symbols for p in polynomials)), key=str)
    if not symbols:
        return int(any(polynomials))
    rows = [dict(sp.Poly(p, *symbols).terms()) for p in polynomials]
    monomials = sorted({m for row in rows for m in row})
    return DomainMatrix.from_list_sympy(
        len(rows), len(monomials), [[row.get(m, sp.S.Zero) for m in monomials] for row in rows]
    ).to_field().rank()
