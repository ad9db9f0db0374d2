"""Derivations under a closure: each layer's equations in named Wick coefficients, with checks.

The diagram rule is checked with random polynomials in place of the activations. Their exact
cumulants come from moments, by no diagram at all; cumulants kappa_v of the input, scaled by
t^cost(v), sort the diagrams by their cost, so that what a closure keeps can be told from what it
leaves out.
"""

import random
from collections.abc import Sequence
from fractions import Fraction
from functools import cache
from itertools import product
from typing import Any

import sympy as sp

from ..activations import Activation, WickIntegral
from ..activations.wick import coefficients_of, polynomial_wick
from ..algebra import MultiIndex, Ring, joint_cumulants, joint_moments
from ..claims import label_in_words
from ..closures import Closure
from ..cumulants import (
    CumulantSource,
    GenericJoint,
    blocks_of,
    cumulant_symbol,
    is_identical,
    source_values,
)
from ..derivation import Check, Derivation, Equation, Step
from ..diagrams import PairIntegral, cost
from ..errors import VerificationError
from ..latex import symbol_tex
from ..oracle import random_fraction
from .base import Layer, all_multi_indices
from .closing import Assumptions
from .derive import input_step, law_check, rule_step
from .diagram_rule import DiagramRule
from .equations import layer_definitions, rule_definitions
from .notes import gaussian_notes, input_text
from .stages import Stage, needed_orders
from .wick import GaussianDefinition, PairDefinition, WickDefinition

_DIGITS = 20
_T = sp.Dummy("t")


def derive_closed(
    network: Layer, stages: Sequence[Stage], source: CumulantSource, order: int, closure: Closure
) -> Derivation:
    """Input law, then by layer: the affine rule, or Wick coefficients and the diagram rule.

    Parameters
    ----------
    network, stages
        The network and its stages under the closure.
    source
        Law of the input.
    order
        Highest output order.
    closure
        Under which the stages were made.
    """
    orders = needed_orders(stages, order)
    units = int(source.dim)
    generic = GenericJoint(units, "x", source.blocks)
    wanted = all_multi_indices(stages[-1].rule.out_units, order)
    groups, _ = layer_definitions(stages, generic, order, wanted)
    assumed = Assumptions(stages, source)
    copies = is_identical(source) and stages[0].rule.kind == "affine"
    steps = [(input_step if copies else _input_step)(source, orders[0])]
    blocks = source.blocks
    for k, (stage, group) in enumerate(zip(stages, groups, strict=True)):
        before = (len(steps),)
        rule = stage.rule
        if not isinstance(rule, DiagramRule):
            kind = "iid" if copies and k == 0 else "joint"
            steps.append(rule_step(network, stage, orders[k + 1], order, kind, before))
        else:
            hypotheses = [*network.layers[stage.layer].hypotheses]
            if rule.closure.is_exact and not rule.is_polynomial:
                state = f"{stage.source[0]}_{stage.source[1:]}".rstrip("_")
                hypotheses.append(f"the units of {state} are jointly Gaussian")
            elif assumed.inexact[k]:
                hypotheses.append(rule.closure.hypothesis)
            named = [d for d in group if isinstance(d, GaussianDefinition)]
            if named:
                steps.append(_wick_step(network, stage, named, before))
            steps.append(_diagram_step(network, stage, group, blocks, hypotheses, (
                *before, *((len(steps),) if named else ())
            )))
        blocks = rule.out_blocks(blocks)
    return Derivation(
        ", ".join(filter(None, (f"Joint cumulants of {network.words}", closure.words))),
        tuple(steps),
        (*source.hypotheses, *network.hypotheses, *assumed.hypotheses(len(stages))),
    )


def _input_step(source: CumulantSource, order: int) -> Step:
    shown = source_values(source, order)
    statement = tuple(Equation(cumulant_symbol(a, "x"), v, sum(a)) for a, v in shown.items())
    law = getattr(source, "law", None)

    def check(step: Step, rng: random.Random) -> None:
        _require(step, statement)
        if law is not None:
            single = tuple(
                Equation(e.lhs, e.rhs, e.order)
                for a, e in zip(shown, step.statement, strict=True) if a[0] == sum(a)
            )
            law_check(law, order)(Step("", "", single, check), rng)

    return Step(
        rule="input law", reference="mccullagh", statement=statement, check=check,
        text=input_text(source, order, True),
    )


def _require(step: Step, known: Sequence[Equation]) -> None:
    """Raise VerificationError unless the step states the known equations."""
    if len(step.statement) != len(known):
        raise VerificationError(f"{len(step.statement)} equations are stated, not {len(known)}")
    for e, right in zip(step.statement, known, strict=True):
        if (e.lhs, e.rhs) != (right.lhs, right.rhs):
            raise VerificationError(f"{e.lhs} = {e.rhs} is stated, not {right.lhs} = {right.rhs}")


# ---------------------------------------------------------------------- Wick coefficients


def _wick_step(
    network: Layer, stage: Stage, named: Sequence[Any], uses: tuple[int, ...]
) -> Step:
    trusted = rule_definitions(stage, network)
    return Step(
        rule="Gaussian means", reference="price", uses=uses,
        text=f"Layer {label_in_words(stage.label)}: the activation and its derivatives averaged "
        "over Gaussian units of the same means and variances. " + gaussian_notes(stage, named),
        statement=(*trusted, *(Equation(d.symbol, d.expr) for d in named)),
        check=_wick_check(trusted, named),
    )


def _wick_check(trusted: Sequence[Equation], named: Sequence[Any]) -> Check:
    """Closed forms against integrals at random points, once for each kind; the rest by form."""
    known = (*trusted, *(Equation(d.symbol, d.expr) for d in named))
    kinds: dict[Any, int] = {}
    for place, d in enumerate(named, len(trusted)):
        if d.exact and not any(a.parameters for a in _activations(d)):
            orders = (d.k, d.power) if isinstance(d, WickDefinition) else d.powers
            kinds.setdefault((type(d), _activations(d), orders), place)

    def check(step: Step, rng: random.Random) -> None:
        if len(step.statement) == len(known):
            for place in kinds.values():
                definition = named[place - len(trusted)]
                _integrate(definition, step.statement[place], rng)
        _require(step, known)

    return check


def _activations(d: Any) -> tuple[Activation, ...]:
    return (d.activation,) if isinstance(d, WickDefinition) else d.activations


def _integrate(d: Any, stated: Equation, rng: random.Random) -> None:
    """Compare a closed form with the integral that it stands for."""
    z = sp.Symbol("z", real=True)
    if isinstance(d, WickDefinition):
        mean, variance = _near(rng, -2, 2), _near(rng, 1, 3)
        values = dict(zip(d.inputs, _rationals(mean, variance), strict=True))
        phi = sp.Lambda(z, d.activation.expr(z))
        expected: Any = WickIntegral(phi, d.k, d.power, *values.values())
    else:
        m1, m2 = _near(rng, -2, 2), _near(rng, -2, 2)
        v1, v2, r = _near(rng, 1, 3), _near(rng, 1, 3), _near(rng, 0, 1)
        values = dict(zip(d.inputs, _rationals(m1, m2, v1 + r, v2 + r, r), strict=False))
        if len(values) < 5:
            return  # equal moments: the same unit of a tied layer
        f, g = (sp.Lambda(z, a.expr(z)) for a in d.activations)
        expected = PairIntegral(f, g, *d.powers, *values.values())
    value = stated.rhs.xreplace({k: v for k, v in values.items() if k.free_symbols})
    left, right = (sp.N(e, _DIGITS) for e in (value, expected))
    if not right.is_number or not left.is_number:
        raise VerificationError(f"{stated.lhs} has no number at {values}")
    if abs(left - right) > sp.Float(10) ** (4 - _DIGITS) * (1 + abs(right)):
        raise VerificationError(
            f"{stated.lhs} at {values}: the statement gives {left}, the integral {right}"
        )


def _near(rng: random.Random, low: int, high: int) -> Fraction:
    """A fraction between two integers, where integrals are cheap."""
    return low + (high - low) * Fraction(rng.randint(1, 88), 89)


def _rationals(*values: Fraction) -> tuple[Any, ...]:
    return tuple(sp.Rational(v.numerator, v.denominator) for v in values)


# ---------------------------------------------------------------------- the diagram rule


def _diagram_step(
    network: Layer, stage: Stage, group: Sequence[Any], blocks: Any, hypotheses: Sequence[str],
    uses: tuple[int, ...],
) -> Step:
    equations = tuple(
        Equation(d.symbol, d.expr, d.order) for d in group
        if not isinstance(d, GaussianDefinition)
    )
    return Step(
        rule="diagram rule", reference="leonov-shiryaev", uses=uses,
        text=f"Layer {label_in_words(stage.label)}: joint cumulants of powers of distinct units "
        "are sums over connected diagrams; those of repeated units follow from them."
        + _powers(stage, equations),
        statement=equations, hypotheses=tuple(hypotheses),
        check=_diagram_check(stage, group, blocks),
    )


def _powers(stage: Stage, equations: Sequence[Equation]) -> str:
    """What the joint cumulants of powers are called."""
    if not any(str(e.lhs).startswith("C__") for e in equations):
        return ""
    return rf" Those of powers are named $C^{{({symbol_tex(stage.target)})}}$, with each unit in " \
        "the index as often as its power."


def _diagram_check(stage: Stage, group: Sequence[Any], blocks: Any) -> Check:
    symbols = [d.symbol for d in group if not isinstance(d, GaussianDefinition)]

    def check(step: Step, rng: random.Random) -> None:
        if [e.lhs for e in step.statement] != symbols:
            raise VerificationError(f"the equations stated are not those of layer {stage.label}")
        trial = _Trial(stage, group, blocks, rng)
        for e in step.statement:
            expected, stated = trial.expected(e.lhs), trial.stated(e)
            if expected != stated:
                raise VerificationError(
                    f"{e.lhs}: with random polynomials the statement gives "
                    f"{trial.show(stated)}, their moments give {trial.show(expected)}"
                )

    return check


class _Trial:
    """A pointwise stage with random polynomials and random input cumulants.

    Values are polynomials in t, whose exponent is the cost of a diagram.
    """

    def __init__(
        self, stage: Stage, group: Sequence[Any], blocks: Any, rng: random.Random
    ) -> None:
        rule: Any = stage.rule
        self.rule, self.kept, units = rule, rule.kept, rule.in_units
        self.gaussian = {d.symbol: d for d in group if isinstance(d, GaussianDefinition)}
        free = {s for a in rule.activations for c in a.coefficients or () for s in c.free_symbols}
        self.point = {s: _rationals(random_fraction(rng))[0] for s in sorted(free, key=str)}
        chosen = {a: self._polynomial(a, rng) for a in dict.fromkeys(rule.activations)}
        self.polynomials = [chosen[a] for a in rule.activations]
        self.ring = Ring.of([_T, *(c for p in chosen.values() for c in p)])
        top = rule.input_order(rule.order)
        numbers: dict[MultiIndex, Any] = {}

        def kappa(v: MultiIndex) -> Any:
            limit = self.kept.largest_block
            if sum(v) > top or (limit is not None and sum(v) > limit):
                return self.ring.zero
            if len(blocks_of(v, blocks)) > 1:
                return self.ring.zero
            if v not in numbers:
                value = _rationals(random_fraction(rng, 9))[0]
                numbers[v] = self.ring.element(value * _T ** cost(v))
            return numbers[v]

        self.kappa = kappa
        self.moment = joint_moments(kappa, self.ring.one)
        self.power = cache(self._power)
        self.source = {
            cumulant_symbol(v, stage.source): v for v in all_multi_indices(units, top)
        }
        self.targets: dict[Any, tuple[str, MultiIndex]] = {}
        for alpha in all_multi_indices(units, rule.order):
            self.targets[cumulant_symbol(alpha, stage.target, "C")] = ("C", alpha)
            self.targets[cumulant_symbol(alpha, stage.target)] = ("kappa", alpha)

    def _polynomial(self, activation: Activation, rng: random.Random) -> list[Any]:
        """Coefficients: its own, or random ones that no Wick coefficient in use kills."""
        if activation.coefficients is not None:
            return [sp.sympify(c).xreplace(self.point) for c in activation.coefficients]
        orders = [
            -(-d.k // d.power) for d in self.gaussian.values() if isinstance(d, WickDefinition)
        ]
        return [_rationals(random_fraction(rng, 9))[0] for _ in range(max([2, *orders]) + 1)]

    def _product(self, unit: int, p: int) -> tuple[sp.Expr, ...]:
        z = sp.Dummy("z")
        phi = sp.Add(*(c * z**n for n, c in enumerate(self.polynomials[unit])))
        return coefficients_of(sp.expand(phi**p), z)

    def _power(self, q: MultiIndex) -> Any:
        """E prod_i phi_i^{q_i}."""
        units = [i for i, e in enumerate(q) if e]
        total = self.ring.zero
        for terms in product(*(list(enumerate(self._product(i, q[i]))) for i in units)):
            alpha = [0] * len(q)
            for i, (n, _) in zip(units, terms, strict=True):
                alpha[i] = n
            factor = sp.Mul(*(c for _, c in terms))
            if factor != 0:
                total = total + self.ring.element(factor) * self.moment(tuple(alpha))
        return total

    def exact(self, kind: str, alpha: MultiIndex) -> Any:
        """Joint cumulant of the units phi_i alpha_i times, or of the powers phi_i^alpha_i."""
        if kind == "kappa":
            return joint_cumulants(self.power)(alpha)

        def masked(chosen: MultiIndex) -> Any:
            return self.power(tuple(a * e for a, e in zip(alpha, chosen, strict=True)))

        return joint_cumulants(masked)(tuple(int(a > 0) for a in alpha))

    def expected(self, symbol: Any) -> Any:
        """The value that the closure keeps."""
        kind, alpha = self.targets[symbol]
        value = self.exact(kind, alpha)
        if (kind == "kappa" and max(alpha) > 1) or self.kept.budget is None:
            return value
        parts = (
            sp.Rational(c.numerator, c.denominator) * sp.Mul(*(a**e for a, e in atoms))
            for c, atoms in self.ring.terms(value)
            if dict(atoms).get(_T, 0) <= self.kept.budget
        )
        return self.ring.element(sp.Add(*parts))

    def stated(self, e: Equation) -> Any:
        """The right-hand side, evaluated."""
        total = self.ring.zero
        inner = Ring.of([e.rhs])
        for coefficient, atoms in inner.terms(inner.element(e.rhs)):
            term = self.ring.element(sp.Rational(coefficient.numerator, coefficient.denominator))
            for atom, n in atoms:
                term = term * self._value(atom) ** n
            total = total + term
        return total

    def _value(self, atom: Any) -> Any:
        if atom in self.source:
            return self.kappa(self.source[atom])
        if atom in self.targets:
            return self.exact(*self.targets[atom])
        d = self.gaussian.get(atom)
        if isinstance(d, WickDefinition):
            unit = self._unit(d.inputs)
            mean, variance = (self.ring.expr(self._value(x)) for x in d.inputs)
            return self.ring.element(sp.expand(
                polynomial_wick(self._product(unit, d.power), d.k, mean, variance)
            ))
        if isinstance(d, PairDefinition):
            alpha = [0] * self.rule.in_units
            for i, p in zip(self._pair(d), d.powers, strict=True):
                alpha[i] = p
            return self.exact("C", tuple(alpha))
        return self.ring.element(sp.sympify(atom).xreplace(self.point))

    def _unit(self, inputs: Sequence[Any]) -> int:
        return self.source[inputs[0]].index(1)

    def _pair(self, d: PairDefinition) -> tuple[int, int]:
        return self._unit(d.inputs[:1]), self._unit(d.inputs[1:2])

    def show(self, value: Any) -> str:
        """A value for messages."""
        return str(self.ring.expr(value).subs(_T, sp.Symbol("t")))
