"""Equations per layer and systems: named cumulants of every state, nothing composed."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import sympy as sp

from ..algebra import Polynomial, Ring, factored
from ..derivation import Equation
from ..errors import DomainError
from ..laws import Generic
from ..layers.stages import needed_orders
from ..recursion import Definition, LayerEquations, Recursion, System
from .families import Family, complete
from .laws import FamilyLaw, generic, iid
from .layers.base import Layer
from .propagation import Stage, stages_of
from .rules import PolynomialRule, Rule, centred_cumulants
from .types import Type, order_of, unit
from .width import collected, reduced

Named = list[tuple[sp.Symbol, Any]]


def network_family(network: Layer) -> tuple[Family, int]:
    """The family and channels a network takes; n exchangeable nodes where it takes any."""
    return network.family or complete("n"), network.in_channels or 1


def all_types(family: Family, order: int, channels: int) -> list[Type]:
    """Types of orders 1 to ``order``."""
    return [kind for r in range(1, order + 1) for kind in family.types(r, channels)]


# ---------------------------------------------------------------------------- named cumulants


@dataclass(frozen=True)
class NamedStage:
    """A stage whose composite weights have names, and what the names stand for."""

    stage: Stage
    rule: Rule
    weights: tuple[tuple[sp.Symbol, Any], ...]

    def source_symbol(self, kind: Type) -> sp.Symbol:
        """Name of an input cumulant."""
        return self.stage.family.symbol(kind, self.stage.source, self.rule.in_channels)

    def target_symbol(self, kind: Type) -> sp.Symbol:
        """Name of an output cumulant."""
        return self.stage.out.symbol(kind, self.stage.target, self.rule.out_channels)

    def out_types(self, order: int) -> list[Type]:
        """Output types up to an order."""
        return all_types(self.stage.out, order, self.rule.out_channels)


def named_stages(network: Layer, stages: Sequence[Stage]) -> list[NamedStage]:
    """The stages with names for composite weights.

    Raises
    ------
    DomainError
        If a given symbol is the name of a weight that is defined here.
    """
    found = []
    given = set(network.parameters)
    for stage in stages:
        rule, weights = stage.rule.named(stage.target[1:], stage.family.symbols)
        clash = {s for s, _ in weights} & given
        if clash:
            raise DomainError(
                f"layer {stage.label}: the symbol {min(map(str, clash))} names a weight of this "
                "layer and is a parameter of another; give the parameter another name"
            )
        found.append(NamedStage(stage, rule, weights))
    return found


def _needed_types(named: NamedStage, order: int) -> list[Type]:
    """Input types that the output up to an order is made of."""
    rule, family = named.rule, named.stage.family
    if not isinstance(rule, PolynomialRule):
        return all_types(family, rule.input_order(order), rule.in_channels)
    ring = Ring.of([sp.Symbol("t")])
    seen: dict[Type, None] = {}

    def record(kind: Type) -> Any:
        seen[kind] = None
        return ring.one

    degrees = [len(a) for a in rule.coefficients]
    element = centred_cumulants(
        lambda label, channel: [ring.one] * degrees[channel], record, family, ring
    )
    for kind in named.out_types(order):
        element(kind)
    means = [family.canonical(unit(label, channel, rule.in_channels))
             for label in family.labels for channel in range(rule.in_channels)]
    return sorted(dict.fromkeys([*means, *seen]), key=order_of)


def _taylor(
    named: NamedStage, rule: PolynomialRule, inputs: Callable[[Type], Any]
) -> tuple[Callable[[int, int], list[Any]], Named]:
    """d_0, ..., d_p of the activation about the mean per node, and those that need a name."""
    family, channels = named.stage.family, rule.in_channels
    rows: dict[tuple[int, int], list[Any]] = {}
    found: Named = []
    for label in family.labels:
        for channel in range(channels):
            kind = unit(label, channel, channels)
            mean = inputs(family.canonical(kind))
            word = family.word(kind, channels)
            short = channels == 1 and len(family.labels) == 1
            row = rows[label, channel] = []
            for m, value in enumerate(rule.about(channel, mean)):
                if mean.is_Symbol and value.has(mean) and value != mean:
                    name = f"d__{named.stage.target}_{m}" + ("" if short else f"_{word}")
                    found.append((sp.Symbol(name), sp.expand(value)))
                    row.append(found[-1][0])
                else:
                    row.append(value)
    return lambda label, channel: rows[label, channel], found


def _values(
    named: NamedStage, before: Callable[[Type], Any], order: int
) -> tuple[Callable[[Type], Polynomial], Named]:
    """Type -> output cumulant in named input cumulants, and the definitions it uses."""
    rule, family = named.rule, named.stage.family
    inputs = {kind: before(kind) for kind in _needed_types(named, order)}
    if isinstance(rule, PolynomialRule):
        taylor, definitions = _taylor(named, rule, inputs.__getitem__)
        rows = {
            (label, channel): taylor(label, channel)
            for label in family.labels for channel in range(rule.in_channels)
        }
        ring = Ring.of([*(d for row in rows.values() for d in row), *inputs.values()])
        element = centred_cumulants(
            lambda label, channel: [ring.element(d) for d in rows[label, channel]],
            lambda kind: ring.element(inputs[kind]), family, ring,
        )
    else:
        definitions = list(named.weights)
        ring = Ring.of([family.n, *family.symbols, *rule.expressions, *inputs.values()])
        element = rule.transfer(lambda kind: ring.element(inputs[kind]), family, ring)
    return (lambda kind: Polynomial(ring, element(kind))), definitions


def _by_cumulant(value: Polynomial, known: set[Any], n: Any) -> sp.Expr:
    """A linear combination of cumulants with factored coefficients."""
    groups: dict[Any, list[Any]] = {}
    for c, factors in value.terms:
        key = sp.Mul(*(a**e for a, e in factors if a in known))
        rest = sp.Mul(*(a**e for a, e in factors if a not in known))
        groups.setdefault(key, []).append(sp.Rational(c.numerator, c.denominator) * rest)
    return sp.Add(*(k * _shorter(sp.Add(*terms), n) for k, terms in groups.items()))


def _shorter(value: Any, n: Any) -> Any:
    """Common factors in front or not; sums as one factored function of n per monomial."""
    if not value.is_Add:
        return value
    in_front = sp.Mul(*(
        collected(Polynomial.of(f), n) if f.is_Add else f for f in sp.Mul.make_args(factored(value))
    ))
    forms = [in_front, collected(Polynomial.of(value), n)]
    return min(forms, key=lambda e: int(sp.count_ops(e)))


def stage_equations(
    named: NamedStage, order: int
) -> tuple[tuple[Equation, ...], tuple[Equation, ...]]:
    """Definitions and cumulants of one stage."""
    n = named.stage.family.width
    value, names = _values(named, named.source_symbol, order)
    affine = named.rule.kind == "affine"
    equations = []
    for kind in named.out_types(order):
        polynomial = value(kind)
        if affine:
            inputs = named.stage.family.types(order_of(kind), named.rule.in_channels)
            rhs = _by_cumulant(polynomial, {named.source_symbol(t) for t in inputs}, n)
        else:
            rhs = polynomial.expr
        equations.append(Equation(named.target_symbol(kind), rhs, order_of(kind)))
    return tuple(Equation(s, reduced(v, n)) for s, v in names), tuple(equations)


def needs_of(stage: Stage, order: int) -> tuple[str, ...]:
    """What an equation between the states around a stage asks of the number of nodes."""
    nodes = max((stage.family, stage.out), key=lambda family: family.least(order))
    return nodes.needs(order, stage.family.n)


def build_recursion(network: Layer, order: int) -> Recursion:
    """See :meth:`Layer.recursion`."""
    family, channels = network_family(network)
    entries = []
    for named in named_stages(network, stages_of(network, family, channels)):
        definitions, equations = stage_equations(named, order)
        stage = named.stage
        entries.append(LayerEquations(
            label=stage.label, rule=stage.rule.kind, source=stage.source, target=stage.target,
            definitions=definitions, indices=equations, expand=lambda e=equations: e,
            hypotheses=(*stage.layer.hypotheses, *needs_of(stage, order)),
            notes=("Distinct letters are distinct nodes.",),
        ))
    needs = [h for entry in entries for h in entry.hypotheses]
    hypotheses = tuple(dict.fromkeys((family.hypothesis, *network.hypotheses, *needs)))
    return Recursion(tuple(entries), order, hypotheses, title=repr(network))


# ---------------------------------------------------------------------------- systems


def input_law(network: Layer, inputs: Any) -> FamilyLaw:
    """The input law that a keyword stands for.

    Raises
    ------
    DomainError
        If it is neither ``iid`` nor ``generic`` nor a law.
    """
    family, channels = network_family(network)
    if isinstance(inputs, str) and inputs == "iid":
        return iid(Generic("kappa"), family, channels)
    if isinstance(inputs, str) and inputs == "generic":
        return generic(family, channels)
    if not isinstance(inputs, FamilyLaw):
        raise DomainError(f"inputs={inputs!r} is unknown; use 'iid', 'generic' or a law")
    return inputs


def build_system(network: Layer, order: int, inputs: Any) -> System:
    """See :meth:`Layer.system`."""
    law = input_law(network, inputs)
    stages = named_stages(network, stages_of(network, law.family, law.channels))
    orders = needed_orders([s.stage for s in stages], order)
    parts: list[list[Definition]] = [[] for _ in stages]
    before: Callable[[Type], Any] = law.cumulant
    for k, stage in enumerate(stages):
        before = _defining(stage, before, orders[k + 1], parts[k])
    last = stages[-1]
    outputs: dict[Any, Any] = {}
    for kind in last.out_types(order):
        symbol = before(kind)
        if symbol == 0:
            symbol = last.target_symbol(kind)
            parts[-1].append(Definition(symbol, Polynomial.of(0), order_of(kind)))
        outputs[last.stage.out.key(kind, last.rule.out_channels)] = symbol
    definitions = _needed([d for part in parts for d in part], outputs.values())
    parameters = [*network.parameters, *law.family.symbols]
    symbols: dict[Any, None] = {}
    for kind in all_types(law.family, orders[0], law.channels):
        for symbol in sorted(law.cumulant(kind).free_symbols, key=str):
            if symbol not in parameters:
                symbols[symbol] = None
    return System(
        inputs=tuple(symbols), parameters=tuple(parameters), definitions=tuple(definitions),
        outputs=outputs, hypotheses=(
            *law.hypotheses, *network.hypotheses, *last.stage.out.needs(order, law.family.n),
        ),
    )


def _defining(
    named: NamedStage, before: Callable[[Type], Any], order: int, found: list[Definition]
) -> Callable[[Type], Any]:
    """Type -> symbol of the state after a stage, 0 where it vanishes; fills ``found``."""
    value, names = _values(named, before, order)
    found += [Definition(s, Polynomial.of(v)) for s, v in names]
    memo: dict[Type, Any] = {}

    def cumulant(kind: Type) -> Any:
        if kind not in memo:
            polynomial = value(kind)
            memo[kind] = sp.S.Zero
            if polynomial.element != 0:
                memo[kind] = named.target_symbol(kind)
                found.append(Definition(memo[kind], polynomial, order_of(kind)))
        return memo[kind]

    return cumulant


def _needed(definitions: Sequence[Definition], outputs: Iterable[Any]) -> list[Definition]:
    """Definitions that the outputs depend on, in the same order."""
    wanted = set(outputs)
    kept = []
    for definition in reversed(definitions):
        if definition.symbol in wanted:
            kept.append(definition)
            wanted |= {s for a in definition.polynomial.atoms for s in a.free_symbols}
    return kept[::-1]
