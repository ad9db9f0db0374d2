"""Independent checks of the two rules: enumeration of random finite laws, exact."""

import random
from collections.abc import Mapping, Sequence
from fractions import Fraction
from functools import lru_cache
from typing import Any

import sympy as sp

from ..algebra import Ring
from ..derivation import Check, Equation, Step
from ..errors import VerificationError
from ..oracle import FiniteLaw, Numbers, random_finite_law, random_fraction, random_law_of_blocks
from .base import Layer, all_multi_indices
from .equations import affine_names, index_patterns, pattern_symbol, rule_definitions
from .rules import AffineRule, PointwiseRule
from .stages import Stage


def random_point(symbols: Sequence[Any], rng: random.Random) -> dict[Any, Fraction]:
    """Random rational values; squares, so that square roots of parameters stay rational."""
    return {s: random_fraction(rng) ** 2 for s in sorted(symbols, key=str)}


def affine_check(stage: Stage, kind: str) -> Check:
    """Push a random finite law through the affine map and compare index by index."""
    rule = stage.rule
    weight_name, shift_name = affine_names(stage)
    trusted = rule_definitions(stage, Layer())

    def check(step: Step, rng: random.Random) -> None:
        if not isinstance(rule, AffineRule):
            raise VerificationError("the step is affine but its rule is not")
        _require_definitions(step, trusted)
        point = random_point(
            list({s for e in rule.expressions for s in e.free_symbols}), rng
        )
        numbers = Numbers(rule.expressions, point)
        n = rule.in_units
        blocks = tuple((j,) for j in range(n)) if kind == "iid" else (tuple(range(n)),)
        atoms = 2 if n <= 6 else 1
        law = random_law_of_blocks(rng, blocks, kind == "iid", numbers, 1 if n > 10 else atoms + 1
                                   if n <= 3 else atoms)
        image = law.push(lambda p: rule.forward(p, numbers))
        for e in step.statement[len(trusted):]:
            units = [rng.randrange(rule.out_units) for _ in e.lhs.indices]
            alpha = tuple(units.count(i) for i in range(rule.out_units))
            fixed = {i: u + 1 for i, u in zip(e.lhs.indices, units, strict=True)}
            value = _contract(e.rhs.subs(fixed), rule, law, numbers, (weight_name, shift_name))
            require_same(numbers, image.cumulant(alpha), value, f"{e.lhs} at units {fixed}")

    return check


def _contract(
    expression: sp.Expr, rule: AffineRule, law: FiniteLaw, numbers: Numbers,
    names: tuple[sp.Symbol, sp.Symbol],
) -> Any:
    """Value of an index statement: sums done term by term, entries looked up."""
    def entry(atom: Any) -> Any:
        if isinstance(atom, sp.Indexed):
            base: Any = atom.base
            indices = [int(str(i)) - 1 for i in atom.indices]
            if base.label == names[0]:
                return numbers(rule.weight[indices[0], indices[1]])
            if base.label == names[1]:
                return numbers(rule.shift[indices[0]])
            return law.cumulant(tuple(indices.count(j) for j in range(law.dim)))
        if isinstance(atom, sp.Symbol):
            order = int(str(atom).rsplit("_", 1)[1])
            return law.cumulant((order,) + (0,) * (law.dim - 1))
        return numbers(atom)

    total = numbers(0)
    for term in sp.Add.make_args(sp.expand(expression.doit())):
        value = numbers(1)
        for factor in sp.Mul.make_args(term):
            base, exponent = factor.as_base_exp()
            if not exponent.is_Integer:
                base, exponent = factor, sp.S.One
            value = value * entry(base) ** int(exponent)
        total = total + value
    return total


def _require_definitions(step: Step, trusted: Sequence[Equation]) -> None:
    for found, known in zip(step.statement, trusted, strict=False):
        if (found.lhs, found.rhs) != (known.lhs, known.rhs):
            raise VerificationError(f"{found.lhs} = {found.rhs} is not what the layer computes")


def pointwise_check(stage: Stage, network: Layer, order: int) -> Check:
    """Push a random law of dependent units through the activation, pattern by pattern."""
    trusted = rule_definitions(stage, network)

    def check(step: Step, rng: random.Random) -> None:
        _require_definitions(step, trusted)
        equations = step.statement[len(trusted):]
        if not equations:
            return
        rule = stage.rule
        if not isinstance(rule, PointwiseRule):
            raise VerificationError("the step is pointwise but its rule is not")
        phi = rule.activations[0]
        units = max(len(p) for p in index_patterns(min(order, 4)))
        local = PointwiseRule((phi,) * units)
        point = random_point(list(phi.parameters), rng)
        numbers = Numbers(local.expressions, point)
        law = random_finite_law(rng, units, numbers, 4)
        image = law.push(lambda p: local.forward(p, numbers))
        values: dict[Any, Any] = {s: numbers(v) for s, v in point.items()}
        for alpha in all_multi_indices(units, rule.input_order(min(order, 4))):
            values[pattern_symbol(alpha, stage.source)] = LateCumulant(law, alpha)
        values.update(_taylor_values(equations, values, units, numbers))
        by_name = {pattern_symbol(p, stage.target): p for p in index_patterns(min(order, 4))}
        for e in equations:
            if e.lhs in by_name:
                pattern = by_name[e.lhs]
                alpha = pattern + (0,) * (units - len(pattern))
                stated = stated_value(e.rhs, values, numbers)
                require_same(numbers, image.cumulant(alpha), stated, str(e.lhs))

    return check


def _taylor_values(
    equations: Sequence[Equation], values: Mapping[Any, Any], units: int, numbers: Numbers
) -> dict[Any, Any]:
    """The stated Taylor coefficients of unit i, read for each of the units i, j, ..."""
    found = {}
    for e in equations:
        if e.order == 0:
            head = str(e.lhs).rsplit("_", 1)[0]
            (own,) = (s for s in e.rhs.free_symbols if str(s).startswith("kappa__"))
            for letter in "ijklmnpqrs"[:units]:
                other = sp.Symbol(str(own).rsplit("_", 1)[0] + f"_{letter}")
                found[sp.Symbol(f"{head}_{letter}")] = stated_value(
                    e.rhs.subs(own, other), values, numbers
                )
    return found


class LateCumulant:
    """A cumulant that is computed only where a statement mentions it."""

    def __init__(self, law: FiniteLaw, alpha: tuple[int, ...]) -> None:
        self.law: FiniteLaw = law
        self.alpha: tuple[int, ...] = alpha

    def get(self) -> Any:
        """The number."""
        return self.law.cumulant(self.alpha)


def stated_value(expression: Any, values: Mapping[Any, Any], numbers: Numbers) -> Any:
    """Exact value of an expression; the independent evaluator used on every statement."""
    total = numbers(0)
    for coefficient, factors in _terms(expression):
        value = numbers(coefficient)
        for atom, k in factors:
            if atom in values:
                known = values[atom]
                number = known.get() if isinstance(known, LateCumulant) else known
            else:
                number = numbers(atom)
            value = value * number**k
        total = total + value
    return total


@lru_cache(maxsize=4096)
def _terms(expression: Any) -> Any:
    ring = Ring.of([expression])
    return ring.terms(ring.element(expression))


def require_same(numbers: Numbers, expected: Any, stated: Any, what: str) -> None:
    """Raise VerificationError unless the two numbers are the same."""
    if not numbers.equal(expected, stated):
        raise VerificationError(
            f"{what}: the statement gives {numbers.show(stated)}, enumeration gives "
            f"{numbers.show(expected)}"
        )
