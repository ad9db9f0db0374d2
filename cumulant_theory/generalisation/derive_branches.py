"""Steps of a derivation on branches, test residuals on them, witnesses and the verdict."""

import random
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import sympy as sp

from ..derivation import Equation, Step
from ..errors import TimeLimitError, VerificationError
from ..varieties import Ideal, rationalised, time_limit
from .branches import Branch, Witness, residual_symbol
from .components import Component, real_components
from .enumeration import enumerated_residuals, random_values, same
from .equations import LawResiduals, Problem, split
from .points import real_point

if TYPE_CHECKING:
    from .analysis import Analysis

_DECISION, _POINTS = 10.0, 3  # seconds, number of points
_VERDICTS = {
    True: "The network generalises", False: "The network does not generalise",
    None: "Whether the network generalises is undecided",
}


def _stated_ideal(problem: Problem, step: Step, component: Component) -> Ideal:
    """The ideal of the stated equations, in the other engine where there is a choice."""
    rational, _ = rationalised([e.lhs - e.rhs for e in step.statement])
    return Ideal(
        [*rational, *problem.roots.values()], component.ideal.variables, engine="sympy"
    )


def _require_ideal(stated: Ideal, component: Component) -> None:
    if not (all(stated.contains(g) for g in component.ideal.generators)
            and all(component.ideal.contains(g) for g in stated.generators)):
        raise VerificationError("the stated equations are not those of the branch")


def branch_step(problem: Problem, branch: Branch, uses: int) -> Step:
    """The equations of a branch, which all solutions on it obey."""
    c = problem.coordinates

    def check(step: Step, rng: random.Random) -> None:
        stated = _stated_ideal(problem, step, branch.component)
        _require_ideal(stated, branch.component)
        for e in problem.equations:
            if not stated.contains(e):
                raise VerificationError(f"the training equation {e} = 0 does not hold on it")
        found = real_point(stated, c.unknowns, tuple(problem.roots), seed=rng.randrange(10**6))
        if found is not None:
            _vanish_at(problem, found[0], rng)

    return Step(
        rule=f"branch {branch.number}",
        text="On this irreducible real variety the training equations hold.",
        statement=branch.equations, check=check, uses=(uses,), reference="cox",
    )


def _vanish_at(problem: Problem, point: Mapping[Any, Any], rng: random.Random) -> None:
    for law in problem.train:
        values = random_values(law.symbols, rng) | dict(point)
        for r, e in law.residuals.items():
            same(sp.S.Zero, sp.simplify(e.xreplace(values)), f"rho_{r} at a point of the branch")


def part_step(
    problem: Problem, branch: Branch, part: Component, uses: tuple[int, ...]
) -> Step:
    """The equations of one of the parts into which a branch falls."""
    c = problem.coordinates

    def check(step: Step, rng: random.Random) -> None:
        stated = _stated_ideal(problem, step, part)
        _require_ideal(stated, part)
        for g in branch.ideal.generators:
            images = {x: stated.reduce(e) for x, e in c.values.items() if x in g.free_symbols}
            if stated.reduce(sp.expand(g.xreplace(images))) != 0:
                raise VerificationError(f"{g} = 0 does not hold for these parameters")

    scaled = ", ".join(map(str, part.fixed))
    return Step(
        rule=f"parameters of branch {branch.number}",
        text="These parameters give the coefficients of the branch."
        + (f" Scalings bring {scaled} to 1." if scaled else ""),
        statement=part.equations, check=check, uses=uses,
    )


def residuals_on_branch_step(problem: Problem, branch: Branch, uses: tuple[int, ...]) -> Step:
    """Several test laws follow one another in the statement, each with all its orders."""
    statement = tuple(Equation(residual_symbol(t.order), t.value, t.order) for t in branch.tests)
    residuals = {f.law: f for f in problem.test}

    def check(step: Step, rng: random.Random) -> None:
        found = real_point(
            branch.ideal, problem.coordinates.unknowns, tuple(problem.roots),
            seed=rng.randrange(10**6),
        )
        for e, t in zip(step.statement, branch.tests, strict=True):
            law = residuals[t.law]
            difference = law.residuals[t.order] - e.rhs
            parts, _ = rationalised(list(split(difference, law.symbols).values()))
            if any(branch.ideal.reduce(sp.expand(e)) != 0 for e in parts):
                raise VerificationError(f"{e.lhs} is not {e.rhs} on the branch")
            if found is not None:
                known = random_values(law.symbols, rng) | found[0]
                same(sp.simplify(difference.xreplace(known)), sp.S.Zero,
                      f"{e.lhs} at a point of the branch")

    return Step(
        rule=f"test residuals on branch {branch.number}",
        text="Normal forms of the test residuals modulo the ideal of the branch, which is real: a "
        "polynomial vanishes on the branch exactly where its normal form is 0.",
        statement=statement, check=check, uses=uses, reference="marshall",
    )


def completeness_step(analysis: "Analysis", uses: tuple[int, ...]) -> Step:
    """No real point of the training variety lies off all branches."""
    branches = analysis.branches
    union = r" \cup ".join(f"B_{{{b.number}}}" for b in branches)
    statement = (Equation(r"V_{\mathrm{train}}", union),)

    def check(step: Step, rng: random.Random) -> None:
        if step.statement != statement:
            raise VerificationError(f"the real branches are {union}")
        try:
            with time_limit(_DECISION):
                _require_nothing_else(analysis, rng)
        except TimeLimitError:
            _require_points_on_branches(analysis, rng)

    return Step(
        rule="no other branch",
        text="A product of polynomials, one that vanishes on each branch, vanishes at all real "
        "points of the training variety.",
        statement=statement, check=check, uses=uses, reference="marshall",
    )


def _require_nothing_else(analysis: "Analysis", rng: random.Random) -> None:
    """No real point of the training variety has a product of this kind different from 0."""
    problem, t, product = analysis.problem, sp.Dummy("t"), sp.S.One
    for b in analysis.branches:
        product *= sp.Add(*(rng.randint(1, 9) * g for g in b.component.generators))
    if real_components(
        [*problem.equations, sp.expand(1 - t * product)], [*problem.coordinates.unknowns, t],
        problem.roots, analysis.engine,
    ):
        raise VerificationError("a real point of the training variety lies on no branch")


def _require_points_on_branches(analysis: "Analysis", rng: random.Random) -> None:
    """Real points found without the branches lie on them: where the decision takes too long."""
    problem = analysis.problem
    roots, unknowns = problem.roots, problem.coordinates.unknowns
    whole = Ideal(
        [*problem.equations, *roots.values()], [*unknowns, *roots], engine=analysis.engine
    )
    for _ in range(_POINTS):
        found = real_point(whole, unknowns, tuple(roots), seed=rng.randrange(10**6))
        if found is not None and not any(
            all(found[1].contains(g) for g in b.component.generators) for b in analysis.branches
        ):
            raise VerificationError(f"{found[0]} fits the training laws but lies on no branch")


# ------------------------------------------------------------------------- witness and verdict


def witness_step(problem: Problem, witness: Witness, uses: tuple[int, ...]) -> Step:
    """A network that fits the training laws and misses a test law, with its residuals."""
    c = problem.coordinates
    failing = {key: e for key, e in witness.residuals.items() if e != 0}
    statement = (
        *(Equation(p, v) for p, v in witness.values.items()),
        *(Equation(residual_symbol(r), e, r) for (_, r), e in failing.items()),
    )

    def check(step: Step, rng: random.Random) -> None:
        own = {e.lhs: e.rhs for e in step.statement if e.order == 0}
        points = witness.ideal.real_points(positive=problem.roots)
        point = next((q for q in points if {p: q[p] for p in c.parameters} == own), None)
        if point is None:
            raise VerificationError("the stated parameters are no point of the maximal ideal")
        # the irrational coordinates stay symbols, and their relations act at the end
        rational = {p: v for p, v in own.items() if v.is_Rational}

        def at(law: LawResiduals, drawn: Mapping[Any, Any], order: int) -> dict[int, Any]:
            found = enumerated_residuals(
                problem.network, problem.target, law.source, order, rational | dict(drawn)
            )
            forms, _ = rationalised(list(found.values()))
            return {r: witness.ideal.reduce(e).xreplace(point)
                    for r, e in zip(found, forms, strict=True)}

        for law in problem.train:
            for r, e in at(law, random_values(law.symbols, rng), problem.order).items():
                same(e, sp.S.Zero, f"training residual {r} at the witness")
        stated = [e for e in step.statement if e.order]
        for law in problem.test:
            drawn = random_values(law.symbols, rng)
            found = at(law, drawn, problem.test_order)
            for (_, e) in [(k, e) for k, e in zip(failing, stated, strict=True)
                           if k[0] == law.law]:
                same(found[e.order], e.rhs.xreplace(drawn), f"{e.lhs} at the witness")

    return Step(
        rule=f"witness on branch {witness.branch}" if witness.branch else "witness",
        text="These parameters fit the training laws and fail on a test law.",
        statement=statement, check=check, uses=uses,
    )


def verdict_step(analysis: "Analysis", uses: tuple[int, ...]) -> Step:
    """The verdict that follows from the steps before, as a sentence."""
    def said(verdict: bool | None) -> str:
        return f"{_VERDICTS[verdict]}: {analysis.reason}."

    def check(step: Step, rng: random.Random) -> None:
        if step.text != said(_recomputed(analysis)):
            raise VerificationError("the verdict does not follow from the steps before")

    return Step(
        rule="verdict", text=said(analysis.generalises), statement=(), check=check, uses=uses,
    )


def _recomputed(analysis: "Analysis") -> bool | None:
    """The verdict from witnesses and from the residuals on the branches."""
    branches = analysis.branches
    if analysis.certified is not None or any(
        t.vanishes is False for b in branches for t in b.tests
    ):
        return False
    if not branches:
        return None if analysis.fits is None else False
    zero = all(b.tests and all(t.vanishes for t in b.tests) for b in branches)
    return True if zero and any(b.realised for b in branches) else None
