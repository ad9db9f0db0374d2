"""Checks shared by the proofs: sums of symbolic length at random sizes and exact points."""

import random
from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from typing import Any

import sympy as sp

from ..derivation import Check, Equation, Step
from ..errors import VerificationError
from ..oracle import FiniteLaw, random_finite_law, random_fraction

B = sp.Symbol("b", integer=True, positive=True)
INDEX, J, K, R = sp.symbols("i j k r", integer=True, positive=True)
WEIGHTS: Any = sp.IndexedBase("l")
POWER_SUM: Any = sp.IndexedBase("p")
SIGMA = sp.Symbol("sigma", positive=True)
LARGEST = 6

Sequences = Mapping[Any, Sequence[Any] | Callable[[int], Any]]


def power_sum(exponent: Any) -> Any:
    """sum_i l_i^exponent, of length b."""
    return sp.Sum(WEIGHTS[INDEX] ** exponent, (INDEX, 1, B))


def pairs(term: Any) -> Any:
    """sum over i < j of a term."""
    return sp.Sum(term, (J, INDEX + 1, B), (INDEX, 1, B))


def rational(value: Fraction) -> Any:
    """The same number for SymPy."""
    return sp.Rational(value.numerator, value.denominator)


def value_at(
    expression: Any, point: Mapping[sp.Symbol, Any], sequences: Sequences | None = None
) -> sp.Expr:
    """Value of an expression with sums and indexed quantities, b among the symbols of the point."""
    known = sequences or {}

    def entry(atom: Any) -> Any:
        source = known[atom.base]
        index = int(atom.indices[0])
        return source(index) if callable(source) else source[index - 1]

    terms = _without_sums(expression.subs(dict(point)))
    return sp.expand(terms.replace(lambda e: isinstance(e, sp.Indexed), entry))


def _without_sums(expression: Any) -> Any:
    """Sums of integer limits written out, the outermost limit first."""
    if isinstance(expression, sp.Sum):
        *inner, (index, low, high) = expression.limits
        rest = sp.Sum(expression.function, *inner) if inner else expression.function
        return sp.Add(*(
            _without_sums(rest.subs(index, k)) for k in range(int(low), int(high) + 1)
        ))
    if not expression.has(sp.Sum):
        return expression
    return expression.func(*(_without_sums(a) for a in expression.args))


def same(left: Any, right: Any, what: str) -> None:
    """Raise VerificationError unless two exact numbers or expressions are equal."""
    if sp.simplify(sp.expand(left - right)) != 0:
        raise VerificationError(f"{what}: the statement gives {right}, the check {left}")


def identities(least: int = 1, largest: int = LARGEST) -> Check:
    """Both sides at a random b, random rational weights l and random values of all symbols."""
    def check(step: Step, rng: random.Random) -> None:
        size = rng.randint(least, largest)
        weights = [rational(random_fraction(rng)) for _ in range(size)]
        sequences: Sequences = {
            WEIGHTS: weights, POWER_SUM: lambda r: sp.Add(*(w**r for w in weights)),
        }
        free = sorted(
            {s for e in step.statement for side in (e.lhs, e.rhs) for s in side.free_symbols
             if isinstance(s, sp.Symbol)} - {B, INDEX, J, WEIGHTS.label, POWER_SUM.label}, key=str,
        )
        point: dict[sp.Symbol, Any] = {s: rational(random_fraction(rng) ** 2) for s in free}
        point[B] = sp.Integer(size)
        for e in step.statement:
            same(value_at(e.lhs, point, sequences), value_at(e.rhs, point, sequences),
                 f"{e.lhs} at b = {size}")

    return check


def image_cumulants(
    law: FiniteLaw, f: Callable[[Sequence[Any]], Any], orders: Sequence[int]
) -> list[sp.Expr]:
    """kappa_r of f(x) by enumeration."""
    image = law.push(lambda p: [f(p)])
    return [sp.sympify(image.cumulant((r,))) for r in orders]


def independent_copies(rng: random.Random, size: int, symmetric: bool = False) -> FiniteLaw:
    """``size`` independent copies of a random finite law."""
    law = random_finite_law(rng, 1, rational, atoms=2)
    if symmetric:
        law = FiniteLaw(
            [*law.points, *(tuple(-x for x in p) for p in law.points)],
            [w / 2 for w in (*law.weights, *law.weights)],
        )
    total = law
    for _ in range(size - 1):
        total = total.times(law)
    return total


def step(
    rule: str, text: str, statement: Sequence[tuple[Any, Any]], check: Check, *,
    uses: tuple[int, ...] = (), hypotheses: tuple[str, ...] = (), reference: str = "",
) -> Step:
    """A step whose equations are given as pairs."""
    return Step(
        rule=rule, text=text, statement=tuple(Equation(a, sp.sympify(b)) for a, b in statement),
        check=check, uses=uses, hypotheses=hypotheses, reference=reference,
    )
