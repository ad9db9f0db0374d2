"""Parameters that fit the training laws and fail on a test law, proven to exist in a box."""

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import sympy as sp

from ..derivation import Equation, Step
from ..errors import VerificationError
from ..varieties import CertifiedPoint, PointSearch, search_points
from .enumeration import enumerated_residuals, random_values
from .equations import LawResiduals, Problem

Bounds = tuple[sp.Rational, sp.Rational]
_SHOWN, _FINE = 12, 60  # digits


@dataclass(frozen=True)
class CertifiedWitness:
    """Parameters in a box at which the network fits the training laws and fails on a test law.

    Attributes
    ----------
    values
        Parameter -> lower and upper bound.
    residuals
        (test law, order) -> function of the law's symbols -> bounds of its coefficient in the test
        residual, for those that are proven not to be 0.
    point
        The certified point, with the effective coefficients.
    """

    values: Mapping[sp.Symbol, Bounds]
    residuals: Mapping[tuple[Any, int], Mapping[sp.Expr, Bounds]]
    point: CertifiedPoint = field(repr=False)

    def decimals(self, digits: int = 15) -> dict[sp.Symbol, sp.Expr]:
        """Parameter -> its value to a number of digits."""
        found = self.point.decimals(digits)
        return {p: found[p] for p in self.values}

    def __repr__(self) -> str:
        values = ", ".join(f"{p} = {v}" for p, v in self.decimals().items())
        return f"CertifiedWitness({values})"

    def _repr_latex_(self) -> str:
        from ..latex import inline_display

        return inline_display(list(self.decimals().items()))

    def _repr_html_(self) -> str:
        from .display import certified_card

        return certified_card(self)


def certified_witness(
    problem: Problem, *, engine: str = "auto", seed: int = 0, seconds: float = 10
) -> tuple[CertifiedWitness | None, PointSearch]:
    """A witness from numbers with a proof, and what the search saw; None proves nothing.

    Examples
    --------
    >>> from cumulant_theory import laws, layers
    >>> problem = Problem(layers.Linear(2, 1, name="w"), layers.BlockSum(2),
    ...                   laws.Normal(0, "sigma"), laws.Generic(centred=True), 3, 3)
    >>> witness, search = certified_witness(problem)
    >>> witness.point.certified
    'all generators vanish at one real point within this box'
    >>> [list(by) for by in witness.residuals.values()]
    [[kappa_3]]
    """
    conditions = {
        (law.law, r, m): e
        for law, conditions in zip(problem.test, problem.conditions, strict=True)
        for r, by in conditions.items() for m, e in by.items()
    }
    if not conditions:
        return None, PointSearch()
    search = certified_search(
        problem, list(conditions.values()), engine=engine, seed=seed, seconds=seconds
    )
    if not search.points:
        return None, search
    point = search.points[0]
    residuals: dict[tuple[Any, int], dict[sp.Expr, Bounds]] = {}
    for (law, r, m), e in conditions.items():
        low, high = point.enclose(e)
        if low > 0 or high < 0:
            residuals.setdefault((law, r), {})[m] = (low, high)
    values = {p: point.box[p] for p in problem.coordinates.parameters}
    return CertifiedWitness(values, residuals, point), search


def certified_search(
    problem: Problem, off: Sequence[sp.Expr] | None = None, *, engine: str = "auto",
    seed: int = 0, seconds: float = 10,
) -> PointSearch:
    """Look for a certified point that fits the training laws, off some polynomials in the unknowns.

    The unknowns are variables beside the parameters, so that no large polynomial is written down.
    """
    c, roots = problem.coordinates, problem.roots
    graph = [x - e for x, e in c.values.items() if x != e]
    return search_points(
        [*problem.equations, *roots.values(), *graph],
        list(dict.fromkeys([*c.parameters, *c.unknowns, *roots])),
        avoid=off, positive=list(roots), seed=seed, seconds=seconds, engine=engine,
    )


def certified_step(problem: Problem, witness: CertifiedWitness, uses: tuple[int, ...]) -> Step:
    """The certified witness; the check enumerates finite laws at a rational point close to it."""
    statement = tuple(Equation(p, v) for p, v in witness.decimals(_SHOWN).items())

    def check(step: Step, rng: random.Random) -> None:
        point = witness.point.refine(_FINE).midpoint()
        values = {p: point[p] for p in witness.values}
        for e in step.statement:
            if abs(e.rhs - values[e.lhs]) > 10 * max(1, abs(e.rhs)) / sp.Integer(10) ** _SHOWN:
                raise VerificationError(f"{e.lhs} = {e.rhs} is not the certified value")

        def at(law: LawResiduals, order: int) -> dict[int, sp.Expr]:
            drawn = random_values(law.symbols, rng)
            found = enumerated_residuals(
                problem.network, problem.target, law.source, order, values | drawn
            )
            return {r: abs(sp.N(e, _FINE)) for r, e in found.items()}

        small = sp.Rational(1, 10 ** (_FINE // 2))
        for law in problem.train:
            for r, e in at(law, problem.order).items():
                if e > small:
                    raise VerificationError(f"training residual {r} is {e} at the certified point")
        failing = {
            (law.law, r) for law in problem.test
            for r, e in at(law, problem.test_order).items() if e > small
        }
        if not set(witness.residuals) <= failing:
            raise VerificationError("a test residual stated as non-zero is 0 at the point")

    return Step(
        rule="certified witness",
        text="One real point within a box about these numbers fits the training laws and fails on "
             "a test law; the test of Krawczyk proves it.",
        statement=statement, check=check, uses=uses,
    )
