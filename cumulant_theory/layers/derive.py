"""Derivations of network cumulants, each step with its own independent check."""

import random
from collections.abc import Callable, Sequence
from fractions import Fraction
from typing import Any

import sympy as sp

from ..algebra import Ring, cumulants_from_moments
from ..claims import label_in_words
from ..cumulants import (
    CumulantSource,
    GenericJoint,
    JointCumulants,
    cumulant_symbol,
    independence,
    is_identical,
    source_values,
)
from ..derivation import Check, Derivation, Equation, Step, require_equal
from ..errors import VerificationError
from ..laws import Generic, Law, Product
from ..oracle import FiniteLaw, Numbers, random_finite_law, random_fraction, random_law_of_blocks
from .base import Layer, all_multi_indices
from .checks import (
    LateCumulant,
    affine_check,
    pointwise_check,
    random_point,
    require_same,
    stated_value,
)
from .equations import affine_indices, build_system, pointwise_indices, rule_definitions
from .invariance import symmetry_step
from .notes import WRITTEN, input_text
from .propagation import input_state
from .rules import AffineRule
from .stages import Stage, needed_orders


def derive_network(
    network: Layer, stages: Sequence[Stage], source: CumulantSource, order: int,
    states: Sequence[JointCumulants] = (),
) -> Derivation:
    """Law, rules, orbits, effective coefficients, result, and the law put in.

    ``states`` are those after each stage; their orbits are stated and checked.
    """
    kind = "iid" if is_identical(source) else "joint"
    orders = needed_orders(stages, order)
    steps = [input_step(source, orders[0])]
    for k, stage in enumerate(stages):
        kinds = kind if k == 0 else "joint"
        steps.append(rule_step(network, stage, orders[k + 1], order, kinds, (len(steps),)))
    rule_numbers = tuple(range(2, len(steps) + 1))
    folded = symmetry_step(
        states, lambda: layerwise_states(stages, source, order), (1, *rule_numbers)
    )
    steps += [folded] if folded else []
    system = build_system(network, order, generic_like(source), "auto", None)
    named = tuple(Equation(d.symbol, d.expr, d.order) for d in system.definitions if not d.order)
    results = tuple(Equation(d.symbol, d.expr, d.order) for d in system.definitions if d.order)
    end_to_end = _end_to_end_check(network, stages, source)
    uses = rule_numbers
    if named:
        steps.append(Step(
            rule="composition", text="The layers together are one polynomial map of the inputs; "
            "these are its coefficients.", statement=named,
            check=_coefficient_check(network, stages), uses=rule_numbers, reference="fischer",
        ))
        uses = (len(steps),)
    steps.append(Step(
        rule="moments to cumulants",
        text="Joint cumulants of the output units, order by order.",
        statement=results, check=end_to_end(named), hypotheses=independence(source),
        reference="speed", uses=uses,
    ))
    if not _is_generic(source):
        steps.append(_law_step(network, source, order, len(steps)))
    return Derivation(
        f"Joint cumulants of {network.words}", tuple(steps),
        (*source.hypotheses, *network.hypotheses),
    )


def derive_block_sum(layer: Any, law: Law, order: int) -> Derivation:
    """The block sum with symbolic size: additivity and homogeneity."""
    equations = tuple(
        Equation(cumulant_symbol((r,), "z1"), layer.eigenvalue(r) * law.cumulant(r), r)
        for r in range(1, order + 1)
    )
    copies = (f"the {layer.b} units are independent copies",)
    return Derivation(
        f"Cumulants of the {layer.words}",
        (Step(
            rule="block sum",
            text="Cumulants add over independent units and are homogeneous of degree $r$ under "
            "scaling.",
            statement=equations, check=_block_sum_check(layer, law), hypotheses=copies,
            reference="jona-lasinio",
        ),),
        (*law.hypotheses, *copies),
    )


# ---------------------------------------------------------------------------- sources


def _is_generic(source: CumulantSource) -> bool:
    law = getattr(source, "law", source)
    return isinstance(law, GenericJoint) or (isinstance(law, Generic) and not any(
        law.cumulant(r) == 0 or law.cumulant(r).is_number for r in range(1, 5)
    ))


def generic_like(source: CumulantSource) -> CumulantSource:
    """All-symbol law with the same independence as ``source``."""
    if _is_generic(source):
        return source
    if is_identical(source):
        return Generic("kappa").iid(int(source.dim))
    if all(len(block) == 1 for block in source.blocks):
        return Product([Generic(f"kappa__{j + 1}") for j in range(int(source.dim))])
    return GenericJoint(int(source.dim), "x", source.blocks)


def input_step(source: CumulantSource, order: int) -> Step:
    """The cumulants of the inputs, of one of them where they are copies of each other."""
    law = getattr(source, "law", None)
    check: Check
    if law is not None:
        values = {r: law.cumulant(r) for r in range(1, order + 1)}
        own = any(v == sp.Symbol(f"kappa_{r}") for r, v in values.items())
        name = "kappa__x" if own else "kappa"  # what the rules call them
        statement = tuple(
            Equation(sp.Symbol(f"{name}_{r}"), v, r) for r, v in values.items() if v != 0
        )
        check = law_check(law, order)
    else:
        shown = source_values(source, order)
        statement = tuple(Equation(cumulant_symbol(a, "x"), v, sum(a)) for a, v in shown.items())

        def compare(step: Step, rng: random.Random) -> None:
            for (alpha, value), e in zip(shown.items(), step.statement, strict=True):
                require_equal(value, e.rhs, f"kappa_{alpha} of the input law")

        check = compare

    return Step(
        rule="input law", text=input_text(source, order, law is None), statement=statement,
        check=check, hypotheses=independence(source), reference="mccullagh",
    )


def law_check(law: Law, order: int) -> Check:
    """Against an unrelated route of the law itself: its support, or its moments."""
    def check(step: Step, rng: random.Random) -> None:
        support = law.support()
        if support is None:
            moments = [law.moment(r) for r in range(1, order + 1)]
        else:
            moments = [sp.Add(*(p * sp.sympify(x) ** r for x, p in support))
                       for r in range(1, order + 1)]
        stated = {e.order: e.rhs for e in step.statement}
        for r, expected in enumerate(cumulants_from_moments(moments), 1):
            if sp.simplify(stated.get(r, sp.S.Zero) - expected) != 0:
                raise VerificationError(
                    f"kappa_{r} = {stated.get(r, 0)} is stated, but the moments of {law} give "
                    f"{sp.simplify(expected)}"
                )

    return check


# ---------------------------------------------------------------------------- rules


def rule_step(
    network: Layer, stage: Stage, needed: int, order: int, kind: str, uses: tuple[int, ...]
) -> Step:
    """The affine or the polynomial pointwise rule of a stage, in index notation."""
    definitions = rule_definitions(stage, network)
    hypotheses = network.layers[stage.layer].hypotheses
    label = label_in_words(stage.label)
    if isinstance(stage.rule, AffineRule):
        statement = affine_indices(stage, min(needed, WRITTEN), kind)
        return Step(
            rule="affine rule", reference="mccullagh", hypotheses=hypotheses,
            text=f"Layer {label}: cumulants are multilinear.{_unwritten(needed)}",
            statement=(*definitions, *statement),
            check=affine_check(stage, kind), uses=uses,
        )
    return Step(
        rule="pointwise rule", reference="leonov-shiryaev", hypotheses=hypotheses,
        text=(
            f"Layer {label}: cumulants of polynomials; different letters stand for different "
            f"units.{_unwritten(order)}"
        ),
        statement=(*definitions, *pointwise_indices(stage, order)),
        check=pointwise_check(stage, network, order), uses=uses,
    )


def _unwritten(order: int) -> str:
    """Which orders of a rule are left out where it is written to order 4."""
    if order <= WRITTEN:
        return ""
    if order == WRITTEN + 1:
        return f" Order {order}, which the result needs as well, follows the same rule."
    orders = f"{WRITTEN + 1} {'and' if order == WRITTEN + 2 else 'to'} {order}"
    return f" Orders {orders}, which the result needs as well, follow the same rule."


# ---------------------------------------------------------------------------- end to end


def _setting(
    stages: Sequence[Stage], rng: random.Random
) -> tuple[dict[Any, Fraction], Numbers]:
    expressions = [e for s in stages for e in s.rule.expressions]
    point = random_point(list({s for e in expressions for s in e.free_symbols}), rng)
    return point, Numbers(expressions, point)


def _forward(stages: Sequence[Stage], numbers: Numbers) -> Callable[[Sequence[Any]], list[Any]]:
    def f(p: Sequence[Any]) -> list[Any]:
        values = list(p)
        for stage in stages:
            values = stage.rule.forward(values, numbers)
        return values

    return f


def _coefficient_check(network: Layer, stages: Sequence[Stage]) -> Check:
    """The polynomial with the stated coefficients equals the network at random inputs."""
    effective = network.effective(stages[0].rule.in_units)

    def check(step: Step, rng: random.Random) -> None:
        point, numbers = _setting(stages, rng)
        values = {s: numbers(v) for s, v in point.items()}
        stated = {e.lhs: stated_value(e.rhs, values, numbers) for e in step.statement}
        inputs = [numbers(random_fraction(rng)) for _ in range(effective.units)]
        for expected, names in zip(
            _forward(stages, numbers)(inputs), effective.named, strict=True
        ):
            total = numbers(0)
            for k, symbol in names.items():
                value = stated[symbol]
                for x, a in zip(inputs, k, strict=True):
                    value = value * x**a
                total = total + value
            require_same(numbers, expected, total, "output at a random input")

    return check


def _end_to_end_check(
    network: Layer, stages: Sequence[Stage], source: CumulantSource
) -> Callable[[Sequence[Equation]], Check]:
    """Enumerate a random finite input law through the whole network."""
    def with_names(named: Sequence[Equation]) -> Check:
        def check(step: Step, rng: random.Random) -> None:
            point, numbers = _setting(stages, rng)
            law = random_law_of_blocks(
                rng, source.blocks, is_identical(source), numbers,
                3 if len(source.blocks) <= 4 else 2,
            )
            current = law
            states = {"x": law}
            for stage in stages:
                current = current.push(lambda p, rule=stage.rule: rule.forward(p, numbers))
                states[stage.target] = current
            values: dict[Any, Any] = {s: numbers(v) for s, v in point.items()}
            values.update(_input_values(source, law, network, step))
            for e in named:
                values[e.lhs] = stated_value(e.rhs, values, numbers)
            lookup = {
                cumulant_symbol(alpha, name): (name, alpha)
                for name, state in states.items() if name != "x"
                for alpha in all_multi_indices(state.dim, max(e.order for e in step.statement))
            }
            for e in step.statement:
                stated = stated_value(e.rhs, values, numbers)
                name, alpha = lookup[e.lhs]
                require_same(numbers, states[name].cumulant(alpha), stated, str(e.lhs))
                values[e.lhs] = stated

        return check

    return with_names


def _input_values(
    source: CumulantSource, law: FiniteLaw, network: Layer, step: Step
) -> dict[Any, Any]:
    """Input cumulant symbols of the generic twin of ``source`` -> cumulants of the finite law."""
    twin = generic_like(source)
    top = network.input_order(max(e.order for e in step.statement), law.dim)
    return {
        symbol: LateCumulant(law, alpha) for alpha, symbol in source_values(twin, top).items()
    }


def _law_step(network: Layer, source: CumulantSource, order: int, result: int) -> Step:
    """Put the law in; checked against propagation layer by layer."""
    out = network.propagate(source, order)
    statement = tuple(
        Equation(cumulant_symbol(alpha, out.state), out.polynomial(alpha).expr, sum(alpha))
        for alpha in all_multi_indices(out.dim, order)
    ) if order <= 4 and out.dim * order <= 8 else ()

    def check(step: Step, rng: random.Random) -> None:
        stages = network.stages(int(source.dim))
        expected = layerwise(stages, source, order)
        for e, alpha in zip(step.statement, all_multi_indices(out.dim, order), strict=False):
            ring = Ring.of([e.rhs, expected.cumulant(alpha)])
            difference = ring.reduce(ring.element(e.rhs) - ring.element(expected.cumulant(alpha)))
            if difference != 0:
                raise VerificationError(f"{e.lhs} differs from layer-by-layer propagation")

    return Step(
        rule="law put in", text="The cumulants of the input law, put into the result.",
        statement=statement, check=check, hypotheses=tuple(source.hypotheses),
        reference="mccullagh", uses=(1, result),
    )


def layerwise(stages: Sequence[Stage], source: CumulantSource, order: int) -> JointCumulants:
    """Output cumulants by the two rules one after the other, never by the effective map."""
    return layerwise_states(stages, source, order)[-1]


def layerwise_states(
    stages: Sequence[Stage], source: CumulantSource, order: int
) -> list[JointCumulants]:
    """The states after each stage, as :func:`layerwise`, all multi-indices on their own."""
    orders = needed_orders(stages, order)
    state = input_state(stages, source, orders[0])
    states = []
    for k, stage in enumerate(stages):
        state = JointCumulants(
            stage.rule.out_units, orders[k + 1], state.ring, stage.rule.transfer(state),
            state=stage.target, blocks=stage.rule.out_blocks(state.blocks),
        )
        states.append(state)
    return states


def _block_sum_check(layer: Any, law: Law) -> Check:
    """Enumerate blocks of sizes 1 to 4 of a random finite law."""
    def check(step: Step, rng: random.Random) -> None:
        size = rng.choice([1, 2, 3, 4])
        exponent = layer.s if layer.s.is_number else sp.Rational(rng.randint(0, 2), 2)
        concrete = {layer.b: size} | ({} if layer.s.is_number else {layer.s: exponent})
        factor = sp.Pow(size, -exponent)
        numbers = Numbers([factor, *(sp.sympify(size) ** (1 - r * exponent)
                                     for r in range(1, len(step.statement) + 1))], {})
        single = random_finite_law(rng, 1, numbers)
        block = single
        for _ in range(size - 1):
            block = block.times(single)
        image = block.push(lambda p: [numbers(factor) * sum(p, start=numbers(0))])
        for e in step.statement:
            symbol = law.cumulant(e.order)
            if symbol == 0:
                require_equal(sp.S.Zero, e.rhs, str(e.lhs))
                continue
            ratio = sp.powsimp(sp.simplify(e.rhs / symbol).subs(concrete))
            value = numbers(ratio) * single.cumulant((e.order,))
            require_same(numbers, image.cumulant((e.order,)), value, f"{e.lhs} for b = {size}")

    return check
