"""The rules of a network one after the other."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from ..algebra import Ring
from ..errors import DomainError
from ..layers.stages import StateNames, needed_orders
from .families import Family
from .laws import FamilyLaw
from .layers.base import Layer
from .rules import Rule
from .state import FamilyCumulants


@dataclass(frozen=True)
class Stage:
    """One rule of a network with the names and nodes of the states around it.

    Attributes
    ----------
    position
        Of its layer, from 0.
    layer, rule
        The layer, and one of its rules.
    source, target
        Names of the states before and after.
    family, out
        Families of the nodes before and after.
    """

    position: int
    layer: Layer
    rule: Rule
    source: str
    target: str
    family: Family
    out: Family

    @property
    def label(self) -> str:
        """Printed name of the layer."""
        return f"{self.position + 1} {type(self.layer).__name__}"


def stages_of(network: Layer, family: Family, channels: int) -> list[Stage]:
    """All rules in order, with the names of the states between them.

    Raises
    ------
    ShapeError
        If a layer does not take the nodes or channels it gets.
    """
    stages: list[Stage] = []
    names = StateNames()
    for position, layer in enumerate(network.layers):
        layer.checked_input(family, channels)
        for rule in layer.rules(family, channels):
            out = rule.out_family(family)
            stages.append(Stage(position, layer, rule, *names.around(rule.kind), family, out))
            family, channels = out, rule.out_channels
    return stages


def propagate_layers(network: Layer, x: Any, order: int) -> FamilyCumulants:
    """See :meth:`Layer.propagate`."""
    if not isinstance(x, (FamilyLaw, FamilyCumulants)):
        raise DomainError(
            f"{x!r} is no law on the nodes of a family; use symbolic_width.iid(law, family) or "
            "generic(family)"
        )
    stages = stages_of(network, x.family, x.channels)
    orders = needed_orders(stages, order)
    base = x.family if isinstance(x, FamilyLaw) else x.network
    extra = [base.n, *base.symbols, *(e for s in stages for e in s.rule.expressions)]
    if isinstance(x, FamilyLaw):
        first = x.propagated(orders[0])
        ring = Ring([*first.ring.atoms, *extra])
        state = x.propagated(orders[0], ring)
    else:
        if x.order < orders[0]:
            x.polynomial(x.family.types(orders[0], x.channels)[0])
        old, ring = x, Ring([*x.ring.atoms, *extra])
        state = FamilyCumulants(
            old.family, orders[0], ring,
            lambda t: old.ring.compose(old.element(t), {}, ring),
            channels=old.channels, network=base, state=old.state, exact=old.exact,
            closure=old.closure, hypotheses=old.hypotheses, highest=old.highest,
            check=old.check_order,
        )

    def derive() -> Any:
        from .derive import derive_network

        return derive_network(network, stages, order)

    def again(layer: int) -> Callable[[Mapping[Any, Any]], FamilyCumulants]:
        def remade(images: Mapping[Any, Any]) -> FamilyCumulants:
            source = x.on(images) if isinstance(x, FamilyLaw) else x.subs(images)
            found = propagate_layers(network._replaced(images), source, order)
            return (*found.layers, found)[layer]

        return remade

    states, highest = [state], state.highest
    assumed = list(state.hypotheses)
    ends = [k for k, s in enumerate(stages[:-1]) if stages[k + 1].position != s.position]
    for k, stage in enumerate(stages):
        last = k == len(stages) - 1
        assumed += stage.layer.hypotheses
        states.append(FamilyCumulants(
            stage.out, orders[k + 1], ring,
            stage.rule.transfer(states[-1].element, stage.family, ring, highest),
            channels=stage.rule.out_channels, network=base, state=stage.target,
            exact=state.exact, closure=state.closure,
            hypotheses=(*assumed, *stage.out.needs(orders[k + 1], base.n)),
            layers=tuple(states[j + 1] for j in ends) if last else (),
            derive=derive if last else None, again=again(stage.position),
            highest=(highest := stage.rule.highest_after(highest)),
            check=_check(stage, states[-1]),
        ))
    return states[-1]


def _check(stage: Stage, before: FamilyCumulants) -> Callable[[int], None]:
    """Whether the cumulants of an order behind a stage can be listed."""

    def check(order: int) -> None:
        stage.rule.check_order(order, stage.family)
        before.check_order(stage.rule.input_order(order))

    return check
