"""Joint cumulants of every state of a network, rule after rule, on demand."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from ..algebra import Ring, check_terms
from ..closures import Closure, as_closure
from ..cumulants import CumulantSource, JointCumulants
from .closing import Assumptions, chain_definitions
from .diagram_rule import DiagramRule
from .effective import EffectiveMap
from .invariance import Invariance, input_invariance
from .rules import PointwiseRule, Rule, fused_is_cheaper
from .stages import Stage, needed_orders

if TYPE_CHECKING:
    from .base import Layer


def input_state(stages: Sequence[Stage], source: CumulantSource, order: int) -> JointCumulants:
    """Input cumulants over the ring of all symbols of the law and of the stages."""
    first = JointCumulants.from_source(source, order)
    if any(isinstance(s.rule, PointwiseRule) and s.rule.degree > 1 for s in stages):
        single = [first.cumulant((r, *(0,) * (first.dim - 1))) for r in range(1, order + 1)]
        check_terms([int(k.is_Symbol) for k in single], " >> ".join(s.label for s in stages))
    ring = Ring([*first.ring.atoms, *(e for s in stages for e in s.rule.expressions)])
    return JointCumulants.from_source(source, order, ring)


def propagate_stages(
    network: "Layer", stages: Sequence[Stage], source: CumulantSource, order: int,
    orbits: bool = True, closure: Closure | None = None,
) -> JointCumulants:
    """Chain the rules; each state is evaluated by its cheaper exact route, on demand."""
    orders = needed_orders(stages, order)
    state = input_state(stages, source, orders[0])
    ring = state.ring
    states = [state]
    symmetry = input_invariance(network.layers, state) if orbits else Invariance(state.dim)
    closure = as_closure(closure)
    assumed = Assumptions(stages, source)
    hypotheses = list(state.hypotheses)
    for layer in network.layers:
        hypotheses.extend(layer.hypotheses)

    def derive() -> Any:
        if any(isinstance(s.rule, DiagramRule) for s in stages):
            from .derive_diagrams import derive_closed

            return derive_closed(network, stages, source, order, closure)
        from .derive import derive_network

        return derive_network(network, stages, source, order, states[1:])

    for k, stage in enumerate(stages):
        chain = [s.rule for s in stages[: k + 1]]
        symmetry = symmetry.pushed(stage.rule)
        group = symmetry.orbits(orders[k + 1])
        element = (
            _fused(chain, source, states[0], orders[k + 1])
            if not any(isinstance(rule, DiagramRule) for rule in chain)
            and fused_is_cheaper(chain, state.blocks, orders[k + 1])
            else stage.rule.transfer(states[-1], group)
        )
        is_last = k == len(stages) - 1
        ends = [j for j, s in enumerate(stages) if j + 1 == len(stages)
                or stages[j + 1].layer != s.layer]
        states.append(JointCumulants(
            stage.rule.out_units, orders[k + 1], ring, element, state=stage.target,
            blocks=stage.rule.out_blocks(states[-1].blocks),
            exact=state.exact and assumed.exact(k),
            closure=repr(closure) if state.exact else state.closure,
            hypotheses=(*hypotheses, *assumed.hypotheses(k)),
            first_neglected=assumed.first_neglected(k) or state.first_neglected,
            definitions=chain_definitions(stages[: k + 1], tuple(states)),
            layers=tuple(states[j + 1] for j in ends if j < k) if is_last else (),
            derive=derive if is_last else None, orbits=group,
        ))
    return states[-1] if stages else state


def _fused(
    rules: Sequence[Rule], source: CumulantSource, first: JointCumulants, order: int
) -> Any:
    """alpha -> element by the effective polynomial map, built at the first call."""
    built: list[Any] = []

    def element(alpha: tuple[int, ...]) -> Any:
        if not built:
            effective = EffectiveMap(rules, first.dim, first.ring)
            if effective.is_structured:
                inner = effective.structured(source, order)
                images = {d.symbol: d.polynomial.element for d in effective.definitions}
                built.append(
                    lambda a: first.ring.reduce(
                        inner.ring.compose(inner.element(a), images, first.ring)
                    )
                )
            else:
                built.append(effective.direct(first))
        return built[0](alpha)

    return element
