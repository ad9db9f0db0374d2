"""What follows from the rules: states, equations per layer, and systems."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import sympy as sp

from ..algebra import Polynomial, Ring
from ..derivation import Equation
from ..errors import DomainError, ShapeError
from ..laws import Generic
from ..recursion import Definition, LayerEquations, Recursion, System
from .base import Layer
from .laws import ExchangeableLaw, generic, iid
from .rules import (
    EquivariantRule,
    InvariantRule,
    PolynomialRule,
    Rule,
    Type,
    centred_cumulants,
)
from .state import ExchangeableCumulants, type_symbol, types
from .width import check_width, collected, reduced


@dataclass(frozen=True)
class _Stage:
    """One layer with the names of the states around it; ``n`` units in, ``out`` units out."""

    layer: Layer
    rule: Rule
    label: str
    source: str
    target: str
    n: Any
    out: Any


def _stages(network: Layer, n: Any) -> list[_Stage]:
    stages: list[_Stage] = []
    source, affine, pointwise = "x", 0, 0
    for k, layer in enumerate(network.layers):
        if layer.n is not None and layer.n != n:
            raise ShapeError(f"{layer!r} takes {layer.n} units, but the input has {n}")
        rule = layer.rule()
        if isinstance(rule, PolynomialRule):
            pointwise += 1
            target = f"y{pointwise}"
        else:
            affine += 1
            target = f"z{affine}"
        out = sp.S.One if layer.readout else n
        label = f"{k + 1} {type(layer).__name__}"
        stages.append(_Stage(layer, rule, label, source, target, n, out))
        source, n = target, out
    return stages


def _orders(stages: list[_Stage], order: int) -> list[int]:
    orders = [order]
    for stage in reversed(stages):
        orders.insert(0, stage.rule.input_order(orders[0]))
    return orders


def propagate_layers(network: Layer, x: Any, order: int) -> ExchangeableCumulants:
    """See :meth:`Layer.propagate`."""
    if not isinstance(x, (ExchangeableLaw, ExchangeableCumulants)):
        raise DomainError(
            f"{x!r} is no exchangeable law; use exchangeable.iid(law, n) or generic(n)"
        )
    stages = _stages(network, x.n)
    orders = _orders(stages, order)
    extra = [e for s in stages for e in s.rule.expressions]
    if isinstance(x, ExchangeableLaw):
        first = x.propagated(orders[0])
        width: Any = x.n
        ring = Ring([width, *first.ring.atoms, *extra])
        state = x.propagated(orders[0], ring)
    else:
        if x.order < orders[0]:
            x.polynomial((orders[0],))
        width = x.width
        old, ring = x, Ring([width, *x.ring.atoms, *extra])
        state = ExchangeableCumulants(
            old.n, orders[0], ring, lambda t: old.ring.compose(old.element(t), {}, ring),
            width=width, state=old.state, exact=old.exact, closure=old.closure,
            hypotheses=old.hypotheses,
        )
    states = [state]
    for k, stage in enumerate(stages):
        states.append(ExchangeableCumulants(
            stage.out, orders[k + 1], ring, stage.rule.transfer(states[-1].element, ring),
            width=width, state=stage.target, exact=state.exact, closure=state.closure,
            hypotheses=(*states[-1].hypotheses, *stage.layer.hypotheses),
            layers=tuple(states[1:]) if k == len(stages) - 1 else (),
        ))
    return states[-1]


# ---------------------------------------------------------------------------- named cumulants


@dataclass(frozen=True)
class _Named:
    """A rule whose parameters are names, and what the names stand for."""

    rule: Rule
    definitions: tuple[tuple[sp.Symbol, Any], ...]


def _named(stage: _Stage) -> _Named:
    """Weights that are neither symbols nor functions of n alone get the name of their place."""
    rule, number = stage.rule, stage.target[1:]
    found: list[tuple[sp.Symbol, Any]] = []
    if isinstance(rule, PolynomialRule):
        return _Named(rule, ())
    width = rule.n.free_symbols

    def name(value: Any, base: str) -> Any:
        if value.is_Symbol or value.free_symbols <= width:
            return value
        found.append((sp.Symbol(f"{base}__{number}"), value))
        return found[-1][0]

    if isinstance(rule, EquivariantRule):
        rule = EquivariantRule(
            rule.n, name(rule.diagonal, "lambda"), name(rule.common, "gamma"),
            name(rule.shift, "c"),
        )
    else:
        rule = InvariantRule(rule.n, name(rule.weight, "v"), name(rule.shift, "c"))
    return _Named(rule, tuple(found))


def _check_names(network: Layer, stages: list[_Stage]) -> None:
    """Raise DomainError where a given symbol is the name of a weight that is defined here."""
    for stage in stages:
        clash = {s for s, _ in _named(stage).definitions} & set(network.parameters)
        if clash:
            raise DomainError(
                f"layer {stage.label}: the symbol {min(map(str, clash))} names a weight of this "
                "layer and is a parameter of another; give the parameter another name"
            )


def _taylor(stage: _Stage, mean: Any) -> tuple[list[Any], list[tuple[sp.Symbol, Any]]]:
    """d_0..d_p of the activation about the mean, and those that need a name."""
    if not isinstance(stage.rule, PolynomialRule):
        return [], []
    values, named = [], []
    for m, value in enumerate(stage.rule.about(mean)):
        if mean.is_Symbol and value.has(mean):
            named.append((sp.Symbol(f"d__{stage.target}_{m}"), sp.expand(value)))
            values.append(named[-1][0])
        else:
            values.append(value)
    return values, named


def _values(
    stage: _Stage, named: _Named, before: Callable[[Type], Any], order: int
) -> tuple[Callable[[Type], Polynomial], list[tuple[sp.Symbol, Any]]]:
    """Type -> output cumulant in named input cumulants, and the definitions it uses."""
    inner = stage.rule.input_order(order)
    inputs = {t: before(t) for r in range(1, inner + 1) for t in types(r, stage.n)}
    if isinstance(stage.rule, PolynomialRule):
        d, definitions = _taylor(stage, inputs[1,])
        ring = Ring.of([*d, *inputs.values()])
        element = centred_cumulants(
            [ring.element(v) for v in d], lambda t: ring.element(inputs[t]), ring
        )
    else:
        definitions = list(named.definitions)
        ring = Ring.of([*named.rule.expressions, *inputs.values()])
        element = named.rule.transfer(lambda t: ring.element(inputs[t]), ring)
    return (lambda t: Polynomial(ring, element(t))), definitions


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
    factored: Any = sp.factor(value)
    in_front = sp.Mul(*(
        collected(Polynomial.of(f), n) if f.is_Add else f for f in sp.Mul.make_args(factored)
    ))
    forms = [in_front, collected(Polynomial.of(value), n)]
    return min(forms, key=lambda e: int(sp.count_ops(e)))


def build_recursion(network: Layer, order: int) -> Recursion:
    """See :meth:`Layer.recursion`."""
    n = check_width("n", "recursion") if network.n is None else network.n
    entries = []
    stages = _stages(network, n)
    _check_names(network, stages)
    for stage in stages:
        named = _named(stage)
        value, names = _values(stage, named, lambda t, s=stage: type_symbol(t, s.source), order)
        equations = []
        affine = not isinstance(stage.rule, PolynomialRule)
        for kind in (t for r in range(1, order + 1) for t in types(r, stage.out)):
            polynomial = value(kind)
            known = {type_symbol(t, stage.source) for t in types(sum(kind), stage.n)}
            rhs = _by_cumulant(polynomial, known, n) if affine else polynomial.expr
            equations.append(Equation(type_symbol(kind, stage.target), rhs, sum(kind)))
        definitions = tuple(Equation(s, reduced(v, n)) for s, v in names)
        indices = tuple(equations)
        entries.append(LayerEquations(
            label=stage.label, rule=stage.rule.kind, source=stage.source, target=stage.target,
            definitions=definitions, indices=indices, expand=lambda e=indices: e,
            hypotheses=stage.layer.hypotheses,
        ))
    return Recursion(
        tuple(entries), order, ("the units are exchangeable", *network.hypotheses),
        title=repr(network),
    )


def input_law(network: Layer, inputs: Any) -> ExchangeableLaw:
    """The input law that a keyword stands for.

    Raises
    ------
    DomainError
        If it is neither ``iid`` nor ``generic`` nor an exchangeable law.
    """
    n = check_width("n", "system") if network.n is None else network.n
    if isinstance(inputs, str) and inputs in ("iid", "generic"):
        return iid(Generic("kappa"), n) if inputs == "iid" else generic(n)
    if not isinstance(inputs, ExchangeableLaw):
        raise DomainError(
            f"inputs={inputs!r} is unknown; use 'iid', 'generic' or an exchangeable law"
        )
    return inputs


def build_system(network: Layer, order: int, inputs: Any) -> System:
    """See :meth:`Layer.system`."""
    law = input_law(network, inputs)
    stages = _stages(network, law.n)
    _check_names(network, stages)
    orders = _orders(stages, order)
    parts: list[list[Definition]] = [[] for _ in stages]
    before: Callable[[Type], Any] = law.cumulant
    for k, stage in enumerate(stages):
        before = _defining(stage, before, orders[k + 1], parts[k])
    outputs = {}
    for kind in (t for r in range(1, order + 1) for t in types(r, stages[-1].out)):
        symbol = before(kind)
        if symbol == 0:
            symbol = type_symbol(kind, stages[-1].target)
            parts[-1].append(Definition(symbol, Polynomial.of(0), sum(kind)))
        outputs[kind] = symbol
    definitions = _needed([d for part in parts for d in part], set(outputs.values()))
    parameters = [*network.parameters]
    if law.n.is_Symbol:
        parameters.append(law.n)
    symbols: dict[Any, None] = {}
    for kind in (t for r in range(1, orders[0] + 1) for t in types(r, law.n)):
        for symbol in sorted(law.cumulant(kind).free_symbols, key=str):
            if symbol not in parameters:
                symbols[symbol] = None
    return System(
        inputs=tuple(symbols), parameters=tuple(parameters), definitions=tuple(definitions),
        outputs=outputs, hypotheses=(*law.hypotheses, *network.hypotheses),
    )


def _defining(
    stage: _Stage, before: Callable[[Type], Any], order: int, found: list[Definition]
) -> Callable[[Type], Any]:
    """Type -> symbol of the state after a stage, 0 where it vanishes; fills ``found``."""
    value, names = _values(stage, _named(stage), before, order)
    found += [Definition(s, Polynomial.of(v)) for s, v in names]
    memo: dict[Type, Any] = {}

    def cumulant(kind: Type) -> Any:
        if kind not in memo:
            polynomial = value(kind)
            memo[kind] = sp.S.Zero
            if polynomial.element != 0:
                memo[kind] = type_symbol(kind, stage.target)
                found.append(Definition(memo[kind], polynomial, sum(kind)))
        return memo[kind]

    return cumulant


def _needed(definitions: list[Definition], wanted: set[Any]) -> list[Definition]:
    """Definitions that the wanted symbols depend on, in the same order."""
    kept = []
    for definition in reversed(definitions):
        if definition.symbol in wanted:
            kept.insert(0, definition)
            wanted |= {s for a in definition.polynomial.atoms for s in a.free_symbols}
    return kept
