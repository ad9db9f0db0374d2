"""Putting a closure to work: every pointwise stage gets the rule that it asks for."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import cache
from typing import TYPE_CHECKING, Any

from ..closures import Closure
from ..cumulants import CumulantSource, JointCumulants, cumulant_symbol
from ..diagrams import Neglected, first_neglected, patterns
from ..errors import NoClosedFormError
from ..laws import MultivariateNormal, Normal
from ..recursion import Definition
from .diagram_rule import DiagramRule
from .rules import PointwiseRule

if TYPE_CHECKING:
    from .stages import Stage


def is_gaussian(source: Any) -> bool:
    """Whether a law is known to be jointly Gaussian.

    Examples
    --------
    >>> from cumulant_theory import laws
    >>> is_gaussian(laws.Normal(0, 1).iid(3)), is_gaussian(laws.Uniform(0, 1).iid(3))
    (True, False)
    """
    parts = getattr(source, "components", None)
    if parts is not None:
        return all(map(is_gaussian, parts))
    return isinstance(source, (Normal, MultivariateNormal))


def close_stages(
    stages: Sequence["Stage"], source: CumulantSource, order: int, closure: Closure
) -> tuple["Stage", ...]:
    """The stages with their rules under a closure, each knowing the order asked of it.

    Raises
    ------
    NoClosedFormError
        If a stage has no exact rule and the closure is ``Exact()``.
    """
    gaussian, known = is_gaussian(source), []
    for stage in stages:
        known.append(gaussian)
        gaussian = gaussian and (stage.rule.kind == "affine" or _is_identity(stage))
    closed: list[Stage] = []
    for stage, before in zip(reversed(stages), reversed(known), strict=True):
        rule: Any = stage.rule
        if isinstance(rule, DiagramRule) and closure.is_exact and not before:
            phi = next(a for a in rule.activations if a.coefficients is None)
            raise NoClosedFormError(
                f"layer {stage.label}: {phi!r} is not a polynomial and its input {stage.source} "
                "is not known to be Gaussian, so it has no exact finite cumulant rule under the "
                "closure Exact(); call propagate(..., closure=Diagrams(3)) or closure=Neglect(2)"
            )
        if rule.kind != "affine" and not _is_identity(stage) and (
            isinstance(rule, DiagramRule) or not closure.is_exact
        ):
            rule = DiagramRule(rule.activations, closure, stage.target, order)
        closed.insert(0, replace(stage, rule=rule))
        order = rule.input_order(order)
    return tuple(closed)


def _is_identity(stage: "Stage") -> bool:
    rule = stage.rule
    return isinstance(rule, PointwiseRule) and rule.degree <= 1


def neglects(stage: "Stage", gaussian: bool) -> bool:
    """Whether the rule of a stage leaves anything out."""
    rule = stage.rule
    if not isinstance(rule, DiagramRule) or rule.closure.is_exact:
        return False
    if gaussian and rule.closure.budget is None:
        return False
    degree = max(d or 0 for d in rule.degrees) if rule.is_polynomial else None
    return degree is None or any(
        first_neglected(p, rule.closure, degree) is not None
        for p in patterns(rule.order) if len(p) <= rule.in_units
    )


def left_out(stage: "Stage", order: int) -> Neglected | None:
    """The cheapest diagrams that a stage leaves out of output orders up to ``order``."""
    rule = stage.rule
    if not isinstance(rule, DiagramRule):
        return None
    degree = max(d or 0 for d in rule.degrees) if rule.is_polynomial else None
    found = first_neglected(order, rule.closure, degree, rule.in_units)
    return None if found is None else replace(found, layer=stage.label)


class Assumptions:
    """What a chain of closed stages neglects up to each state."""

    def __init__(self, stages: Sequence["Stage"], source: CumulantSource) -> None:
        self.stages = stages
        gaussian = is_gaussian(source)
        self.inexact: list[bool] = []
        for stage in stages:
            self.inexact.append(neglects(stage, gaussian))
            gaussian = gaussian and (stage.rule.kind == "affine" or _is_identity(stage))

    def exact(self, k: int) -> bool:
        """Whether nothing is neglected up to stage k."""
        return not any(self.inexact[: k + 1])

    def hypotheses(self, k: int) -> tuple[str, ...]:
        """What is neglected up to stage k, in words."""
        found = (
            s.rule.closure.hypothesis
            for s, inexact in zip(self.stages[: k + 1], self.inexact, strict=False)
            if inexact and isinstance(s.rule, DiagramRule)
        )
        return tuple(dict.fromkeys(found))

    def first_neglected(self, k: int) -> Callable[[], Neglected | None] | None:
        """The first term left out up to stage k, made when asked for."""
        for stage, inexact in zip(self.stages[: k + 1], self.inexact, strict=False):
            rule = stage.rule
            if inexact and isinstance(rule, DiagramRule):
                return cache(lambda s=stage, r=rule: left_out(s, min(r.order, 3)))
        return None


def chain_definitions(
    stages: Sequence["Stage"], states: Sequence[JointCumulants]
) -> Callable[[], tuple[Any, ...]]:
    """Definitions of all named Gaussian quantities up to the last state, and of what they need."""
    @cache
    def definitions() -> tuple[Any, ...]:
        found: list[Any] = []
        for stage, state in zip(stages, states, strict=False):
            rule = stage.rule
            if not isinstance(rule, DiagramRule):
                continue
            moments: dict[Any, Definition] = {}

            def moment(alpha: Any, state: Any = state, moments: Any = moments) -> Any:
                alpha = state.orbits.canonical(alpha)
                polynomial = state.polynomial(alpha)
                if len(polynomial) <= 1 and (
                    polynomial.expr.is_number or polynomial.expr.is_Symbol
                ):
                    return polynomial.expr
                symbol = cumulant_symbol(alpha, state.state)
                moments[symbol] = Definition(symbol, polynomial, sum(alpha))
                return symbol

            gaussian = rule.gaussian_definitions(set(rule.expressions), moment)
            found += [*moments.values(), *gaussian]
        return tuple(found)

    return definitions
