"""Derivations: the equations of every rule, each checked by enumeration on small graphs."""

import random
from collections.abc import Mapping, Sequence
from typing import Any

import sympy as sp

from ..claims import label_in_words
from ..derivation import Check, Derivation, Equation, Step
from ..errors import VerificationError
from ..layers.checks import LateCumulant, random_point, require_same, stated_value
from ..oracle import Numbers
from .equations import NamedStage, all_types, named_stages, needs_of, stage_equations
from .families import Family
from .layers.base import Layer
from .propagation import Stage

_RULES = {
    "affine": ("affine rule", "mccullagh", "cumulants are multilinear"),
    "pointwise": ("pointwise rule", "leonov-shiryaev", "cumulants of polynomials"),
}


def derive_network(network: Layer, stages: Sequence[Stage], order: int) -> Derivation:
    """One step per rule: its equations from the cumulants before to those after.

    Raises
    ------
    DomainError
        If the number of nodes is a number too large to write the graph out.
    """
    steps = []
    for k, named in enumerate(named_stages(network, stages)):
        definitions, equations = stage_equations(named, order)
        rule, reference, what = _RULES[named.stage.rule.kind]
        steps.append(Step(
            rule=rule, text=f"Layer {label_in_words(named.stage.label)}: {what}; distinct letters "
            "are distinct nodes.", statement=(*definitions, *equations),
            check=_check(named, stages, order),
            hypotheses=(*named.stage.layer.hypotheses, *needs_of(named.stage, order)),
            reference=reference, uses=(k,) if k else (),
        ))
    return Derivation(
        f"Cumulants on {stages[0].family.words}: {network.words}", tuple(steps),
        tuple(dict.fromkeys((
            stages[0].family.hypothesis, *network.hypotheses,
            *stages[-1].out.needs(order, stages[0].family.n),
        ))),
    )


def _check(named: NamedStage, stages: Sequence[Stage], order: int) -> Check:
    """Push a random law through the explicit layer on a small graph, and read every equation."""
    stage, rule = named.stage, named.rule
    needed = rule.input_order(order)
    outputs = {named.target_symbol(t): t for t in named.out_types(order)}
    inputs = all_types(stage.family, order, rule.in_channels)
    distinct = max(2, *(len(t) for t in (*inputs, *outputs.values())))
    sized = [f for f in (stages[0].family, stage.family, stage.out) if f.symbols]
    widest = max(sized, key=lambda f: f.least(order), default=stages[0].family)
    members = widest.trial_images(distinct, order)

    # what the points of one member have in common, for as long as the statement is the same
    known: dict[int, tuple[Any, list[Equation], Any]] = {}

    def check(step: Step, rng: random.Random) -> None:
        for k, images in enumerate(members):
            if k not in known or known[k][0] != step.statement:
                known[k] = step.statement, [
                    Equation(e.lhs, sp.sympify(e.rhs).subs(images), e.order)
                    for e in step.statement
                ], _explicit_rule(stage, stages, images)
            on_member(rng, images, *known[k][1:])

    def on_member(
        rng: random.Random, images: Mapping[Any, Any], stated: Sequence[Equation], explicit: Any
    ) -> None:
        source, target = stage.family.subs(images), stage.out.subs(images)
        numbers, point = _numbers(explicit, stated, rng)
        trial = source.affine_trial_law if rule.kind == "affine" else source.trial_law
        law = trial(rule.in_channels, rng, numbers)
        push = law.push if rule.kind == "affine" else law.push_units
        image = push(lambda p: explicit.forward(p, numbers))
        values: dict[Any, Any] = {s: numbers(v) for s, v in point.items()}
        for t in all_types(stage.family, needed, rule.in_channels):
            if len(t) <= distinct:
                alpha = source.alpha(t, rule.in_channels)
                values[named.source_symbol(t)] = LateCumulant(law, alpha)
        where = ", ".join(f"{s} = {v}" for s, v in images.items()) or repr(source)
        for e in stated:
            value = stated_value(e.rhs, values, numbers)
            if e.order == 0:
                values[e.lhs] = value
            elif e.lhs not in outputs:
                raise VerificationError(f"{e.lhs} is no cumulant of layer {stage.label}")
            else:
                alpha = target.alpha(outputs[e.lhs], rule.out_channels)
                require_same(numbers, image.cumulant(alpha), value, f"{e.lhs} at {where}")

    return check


def _explicit_rule(stage: Stage, stages: Sequence[Stage], images: Mapping[Any, Any]) -> Any:
    """The rule of a stage as :mod:`cumulant_theory.layers` writes it on a small graph."""
    same = [s for s in stages if s.position == stage.position]
    family: Family = same[0].family.subs(images)
    channels = same[0].rule.in_channels
    layer = stage.layer._replaced(images) if images else stage.layer
    written = layer._written(family, channels)
    return written.stages(int(family.n) * channels)[same.index(stage)].rule


def _numbers(
    explicit: Any, stated: Sequence[Equation], rng: random.Random
) -> tuple[Numbers, dict[Any, Any]]:
    """Arithmetic with the roots of the layer and of the statement, and a point for its symbols."""
    roots = {a for e in stated for a in e.rhs.atoms(sp.Pow) if a.is_number and not a.is_Rational}
    parameters = {s for e in explicit.expressions for s in e.free_symbols}
    point = random_point(list(parameters), rng)
    return Numbers([*explicit.expressions, *sorted(roots, key=str)], point), point
