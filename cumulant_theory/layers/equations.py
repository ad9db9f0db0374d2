"""Structured closed forms of a network: its layer-by-layer recursion and its system."""

from collections.abc import Callable, Sequence
from functools import cache
from typing import Any

import sympy as sp

from ..activations import Activation
from ..activations import Polynomial as PolynomialActivation
from ..algebra import MultiIndex, Polynomial, check_multi_index, integer_partitions
from ..arguments import entries
from ..closures import Closure, as_closure
from ..cumulants import (
    Blocks,
    CumulantSource,
    GenericJoint,
    JointCumulants,
    cumulant_symbol,
    independence,
    is_identical,
    source_values,
)
from ..derivation import Equation
from ..diagrams import mehler_equations, wick_equations
from ..diagrams import rule as diagram_rule
from ..diagrams.enumeration import LETTERS
from ..errors import DomainError, ShapeError
from ..laws import Generic, Product
from ..recursion import Definition, LayerEquations, Recursion, System
from .base import Layer, all_multi_indices
from .closing import Assumptions, close_stages
from .diagram_rule import DiagramRule
from .effective import EffectiveMap
from .notes import WRITTEN, input_notes, pointwise_notes
from .propagation import input_state
from .rules import AffineRule, PointwiseRule, fused_is_cheaper
from .stages import Stage, needed_orders
from .wick import GaussianDefinition


def input_source(network: Layer, inputs: Any) -> CumulantSource:
    """The input law that a keyword stands for.

    Parameters
    ----------
    inputs
        ``iid``: cumulants kappa_r; ``independent``: kappa^(j)_r of unit j; ``joint``:
        kappa_{ij...}; or a law.

    Raises
    ------
    DomainError
        If the keyword is unknown.
    """
    if not isinstance(inputs, str):
        return network.source(inputs)
    units = network.input_units()
    if inputs == "iid":
        return Generic("kappa").iid(units)
    if inputs == "independent":
        return Product([Generic(f"kappa__{j + 1}") for j in range(units)])
    if inputs == "joint":
        return GenericJoint(units, "x")
    raise DomainError(f"inputs='{inputs}' is unknown; use 'iid', 'independent', 'joint' or a law")


# ---------------------------------------------------------------------------- systems


def build_system(
    network: Layer, order: int, inputs: Any, form: str, outputs: Sequence[Any] | None,
    closure: Closure | None = None,
) -> System:
    """See :meth:`Layer.system`."""
    source = input_source(network, inputs)
    units = network.input_units(int(source.dim))
    stages = close_stages(network.stages(units), source, order, as_closure(closure))
    wanted = _wanted(stages[-1].rule.out_units, order, outputs)
    if form == "auto":
        chain = [s.rule for s in stages]
        diagrams = any(isinstance(rule, DiagramRule) for rule in chain)
        fused = not diagrams and fused_is_cheaper(chain, source.blocks, order)
        form = "effective" if fused else "layers"
    if form == "effective":
        definitions, symbols = _effective_definitions(stages, source, order, wanted)
    elif form == "layers":
        groups, symbols = layer_definitions(stages, source, order, wanted)
        definitions = [d for group in groups for d in group]
    else:
        raise DomainError(f"form='{form}' is unknown; use 'effective', 'layers' or 'auto'")
    first = JointCumulants.from_source(source, needed_orders(stages, order)[0])
    return System(
        inputs=_input_symbols(first, source),
        parameters=network.parameters,
        definitions=tuple(definitions),
        outputs=symbols,
        hypotheses=(
            *source.hypotheses, *independence(source), *network.hypotheses,
            *Assumptions(stages, source).hypotheses(len(stages)),
        ),
    )


def _wanted(dim: int, order: int, outputs: Sequence[Any] | None) -> list[MultiIndex]:
    if outputs is None:
        return all_multi_indices(dim, order)
    wanted = [
        check_multi_index((o,) if isinstance(o, int) else o, dim, "outputs")
        for o in entries(outputs, "outputs", "a list of multi-indices")
    ]
    for alpha in wanted:
        if not 1 <= sum(alpha) <= order:
            raise ShapeError(f"output {alpha} is no multi-index of {dim} units up to order {order}")
    return wanted


def _input_symbols(first: JointCumulants, source: CumulantSource) -> tuple[sp.Symbol, ...]:
    """Free symbols of the input cumulants, lowest order first."""
    values = source_values(source, first.order)
    found: dict[Any, None] = {}
    for alpha in sorted(values, key=lambda alpha: (sum(alpha), [-a for a in alpha])):
        found.update(dict.fromkeys(sorted(values[alpha].free_symbols, key=str)))
    return tuple(found)


def _effective_definitions(
    stages: Sequence[Stage], source: CumulantSource, order: int, wanted: list[MultiIndex]
) -> tuple[list[Definition], dict[MultiIndex, sp.Symbol]]:
    effective = EffectiveMap([s.rule for s in stages], int(source.dim))
    out = effective.structured(source, order)
    target = stages[-1].target
    symbols = {alpha: cumulant_symbol(alpha, target) for alpha in wanted}
    definitions = list(effective.definitions)
    definitions += [Definition(symbols[a], out.polynomial(a), sum(a)) for a in wanted]
    return definitions, symbols


def layer_definitions(
    stages: Sequence[Stage], source: CumulantSource, order: int, wanted: list[MultiIndex]
) -> tuple[list[list[Definition]], dict[MultiIndex, sp.Symbol]]:
    """Definitions of the joint cumulants of every state, only those that the outputs need."""
    orders = needed_orders(stages, order)
    blocks: list[Blocks] = [source.blocks]
    for stage in stages:
        blocks.append(stage.rule.out_blocks(blocks[-1]))
    symbols = {alpha: cumulant_symbol(alpha, stages[-1].target) for alpha in wanted}
    groups: list[list[Definition]] = []
    needed = list(wanted)
    for k in reversed(range(len(stages))):
        stage = stages[k]
        before: CumulantSource = source if k == 0 else GenericJoint(
            stage.rule.in_units, stage.source, blocks[k]
        )
        group = stage_definitions(stage, before, orders[k + 1], needed)
        groups.insert(0, group)
        used = {atom for d in group for atom in d.polynomial.atoms} | {
            symbol for d in group if isinstance(d, GaussianDefinition)
            for e in d.inputs for symbol in e.free_symbols
        }
        needed = [] if k == 0 else [
            a for a in all_multi_indices(stage.rule.in_units, orders[k])
            if before.cumulant(a) in used
        ]
    return groups, symbols


def stage_definitions(
    stage: Stage, before: CumulantSource, order: int, wanted: Sequence[MultiIndex]
) -> list[Any]:
    """Definitions of cumulants after one rule, and of the quantities named on the way."""
    rule = stage.rule
    if not isinstance(rule, DiagramRule):
        values = stage_values(stage, before, order, wanted)
        return [Definition(cumulant_symbol(a, stage.target), values[a], sum(a)) for a in wanted]
    inner = input_state([stage], before, rule.input_order(order))
    found = rule.structured(inner, wanted)
    used = {atom for d in found for atom in d.polynomial.atoms}
    return [*rule.gaussian_definitions(used, inner.cumulant), *found]


def stage_values(
    stage: Stage, before: CumulantSource, order: int, wanted: Sequence[MultiIndex]
) -> dict[MultiIndex, Polynomial]:
    """Cumulants after one rule in terms of the symbols of the state before it."""
    inner = input_state([stage], before, stage.rule.input_order(order))
    element = stage.rule.transfer(inner)
    return {alpha: Polynomial(inner.ring, element(alpha)) for alpha in wanted}


# ---------------------------------------------------------------------------- recursions


def build_recursion(
    network: Layer, order: int, inputs: Any, closure: Closure | None = None
) -> Recursion:
    """See :meth:`Layer.recursion`."""
    source = input_source(network, inputs)
    units = network.input_units(int(source.dim))
    stages = close_stages(network.stages(units), source, order, as_closure(closure))
    orders = needed_orders(stages, order)

    @cache
    def groups() -> list[list[Definition]]:
        wanted = all_multi_indices(stages[-1].rule.out_units, order)
        return layer_definitions(stages, source, order, wanted)[0]

    def expand(k: int) -> Callable[[], tuple[Equation, ...]]:
        return lambda: tuple(Equation(d.symbol, d.expr, d.order) for d in groups()[k])

    separate = all(len(block) == 1 for block in source.blocks)
    kind = "iid" if is_identical(source) else "independent" if separate else "joint"
    entries = []
    for k, stage in enumerate(stages):
        affine = isinstance(stage.rule, AffineRule)
        indices = (
            affine_indices(stage, orders[k + 1], kind if k == 0 else "joint")
            if affine else diagram_indices(stage, order) or pointwise_indices(stage, order)
        )
        entries.append(LayerEquations(
            label=stage.label, rule=stage.rule.kind, source=stage.source, target=stage.target,
            definitions=rule_definitions(stage, network),
            indices=indices, expand=expand(k),
            hypotheses=network.layers[stage.layer].hypotheses,
            notes=(
                *(input_notes(source, stage, orders[0]) if k == 0 else ()),
                *(() if affine else pointwise_notes(stage, order, indices)),
            ),
        ))
    return Recursion(
        tuple(entries), order,
        (*source.hypotheses, *independence(source), *network.hypotheses,
         *Assumptions(stages, source).hypotheses(len(stages))),
        title=repr(network),
    )


def affine_names(stage: Stage) -> tuple[sp.Symbol, sp.Symbol]:
    """Printed names of the matrix and the shift of an affine stage, unlike any parameter's."""
    number = stage.target[1:]
    return sp.Symbol(f"M__{number}"), sp.Symbol(f"t__{number}")


def rule_definitions(stage: Stage, network: Layer) -> tuple[Equation, ...]:
    """What the symbols of a stage stand for."""
    if isinstance(stage.rule, AffineRule):
        weight, shift = affine_names(stage)
        found = [Equation(weight, stage.rule.weight)]
        if any(c != 0 for c in stage.rule.shift):
            found.append(Equation(shift, sp.ImmutableMatrix(stage.rule.shift)))
        return tuple(found)
    z = sp.Symbol("z")
    name = sp.Symbol(f"phi__{stage.target[1:]}")
    distinct = dict.fromkeys(stage.rule.activations)
    return tuple(Equation(sp.Function(str(name))(z), a.expr(z)) for a in distinct)


def _indexed(name: Any) -> Any:
    return sp.IndexedBase(sp.Symbol(str(name)))


def affine_indices(stage: Stage, order: int, kind: str) -> tuple[Equation, ...]:
    """The affine rule in index notation, one equation per order."""
    rule = stage.rule
    if not isinstance(rule, AffineRule):
        return ()
    weight_name, shift_name = affine_names(stage)
    weight, shift, target, source = (
        _indexed(name) for name in (
            weight_name, shift_name, f"kappa__{stage.target}", f"kappa__{stage.source}"
        )
    )
    n = rule.in_units
    equations = []
    for r in range(1, order + 1):
        out = [sp.Symbol(f"i_{k + 1}" if r > 1 else "i", integer=True) for k in range(r)]
        if kind == "joint":
            summed = [sp.Symbol(f"j_{k + 1}" if r > 1 else "j", integer=True) for k in range(r)]
            inner: Any = source[tuple(summed)]
        else:
            summed = [sp.Symbol("j", integer=True)] * r
            inner = sp.Symbol(f"kappa_{r}") if kind == "iid" else source[tuple(summed)]
        factors: list[Any] = [weight[i, j] for i, j in zip(out, summed, strict=True)]
        product = sp.Mul(*factors, inner)
        limits = [(j, 1, n) for j in dict.fromkeys(summed)]
        rhs = sp.Sum(product, *limits)
        if r == 1 and any(c != 0 for c in rule.shift):
            rhs = rhs + shift[out[0]]
        equations.append(Equation(target[tuple(out)], rhs, r))
    return tuple(equations)


def index_patterns(order: int) -> list[tuple[int, ...]]:
    """Multiplicities of distinct letters in an index of each order: (2, 1) stands for iij."""
    return [p for r in range(1, order + 1) for p in integer_partitions(r)]


def pattern_symbol(pattern: Sequence[int], state: str) -> sp.Symbol:
    """Symbol such as kappa__y1_iij."""
    word = "".join(LETTERS[k] * a for k, a in enumerate(pattern))
    return sp.Symbol(f"kappa__{state}_{word}")


class _Lettered(GenericJoint):
    """Joint cumulants named by letters instead of numbers, of units with mean zero."""

    def cumulant(self, alpha: MultiIndex) -> sp.Expr:
        return sp.S.Zero if sum(alpha) == 1 else pattern_symbol(alpha, self.state)


def diagram_indices(stage: Stage, order: int) -> tuple[Equation, ...]:
    """The diagram rule for any distinct units i, j, ..., by total cost of the diagrams.

    ``omega__y1__k_ii`` is the k-th Wick coefficient of phi_i^2 at the mean and variance of unit i,
    ``C__y1_iij`` the joint cumulant of phi_i^2 and phi_j.
    """
    rule = stage.rule
    if not isinstance(rule, DiagramRule) or len(dict.fromkeys(rule.activations)) != 1:
        return ()
    patterns = [p for p in index_patterns(min(order, WRITTEN)) if len(p) <= rule.in_units]
    powers = sorted({e for p in patterns for e in p})
    equations = wick_equations(rule.activations[0], stage.source, stage.target, powers)
    degree = rule.degrees[0]
    for pattern in patterns:
        if degree is None and rule.kept.budget is None and len(pattern) > 1:
            if len(pattern) == 2 and rule.kept.largest_block == 2:
                equations += mehler_equations(pattern, stage.source, stage.target)
            continue
        found = diagram_rule(pattern, rule.kept, degree)
        equations += found.equations(stage.source, stage.target)
    return tuple(dict.fromkeys(equations))


def pointwise_indices(stage: Stage, order: int) -> tuple[Equation, ...]:
    """The pointwise rule for any distinct units i, j, ..., one equation per index pattern.

    The activation is expanded about the mean of each unit, phi(z) = sum_m d^(m) (z - kappa)^m, so
    that means occur in the coefficients d^(m) alone. Stages whose units carry different
    activations (the copy of a residual branch beside the branch itself) have no universal form;
    their rule is given unit by unit only.
    """
    rule = stage.rule
    if not isinstance(rule, PointwiseRule) or len(dict.fromkeys(rule.activations)) != 1:
        return ()
    top = min(order, WRITTEN)
    equations = taylor_coefficients(rule.activations[0], stage.source)
    for pattern in index_patterns(top):
        expansions = [_expansion(rule.activations[0], k, stage.source) for k in range(len(pattern))]
        letters = PointwiseRule(tuple(
            PolynomialActivation([0, *(e.lhs if _is_named(e) else e.rhs for e in x[1:])])
            for x in expansions
        ))
        local = Stage(stage.layer, stage.label, letters, stage.source, stage.target)
        before = _Lettered(len(pattern), stage.source)
        value = stage_values(local, before, sum(pattern), [pattern])[pattern].expr
        if pattern == (1,):
            constant = expansions[0][0]
            value = value + (constant.lhs if _is_named(constant) else constant.rhs)
        equations.append(Equation(pattern_symbol(pattern, stage.target), value, sum(pattern)))
    return tuple(equations)


def _expansion(activation: Activation, letter: int, source: str) -> list[Equation]:
    """d^(m) = phi^(m)(kappa_i) / m! for one unit."""
    z = sp.Dummy("z")
    mean = pattern_symbol([0] * letter + [1], source)
    coefficients = activation.coefficients or ()
    return [
        Equation(
            sp.Symbol(f"d__{m}_{LETTERS[letter]}"),
            sp.expand(sp.diff(activation.expr(z), z, m).subs(z, mean) / sp.factorial(m)),
        )
        for m in range(len(coefficients))
    ]


def taylor_coefficients(activation: Activation, source: str) -> list[Equation]:
    """The d^(m) of unit i that depend on its mean."""
    return [e for e in _expansion(activation, 0, source) if _is_named(e)]


def _is_named(coefficient: Equation) -> bool:
    """Whether a Taylor coefficient depends on the mean, and so gets a name."""
    return any(str(s).startswith("kappa__") for s in coefficient.rhs.free_symbols)
