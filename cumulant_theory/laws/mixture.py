"""Mixtures of laws."""

from typing import Any, ClassVar

import sympy as sp

from ..arguments import entries
from ..errors import DomainError, ShapeError
from .base import Law, MomentLaw, Sampling, Support
from .discrete import _factor, merge
from .domains import is_zero, probabilities, reals
from .location_scale import Normal
from .registry import register
from .uniform import Uniform


@register
class Mixture(MomentLaw):
    """Law that draws component k with probability weights[k], then samples it.

    Parameters
    ----------
    weights
        Probabilities, summing to one.
    components
        One :class:`Law` per weight.

    Raises
    ------
    ShapeError
        If the lengths differ.
    DomainError
        If the weights are no probabilities or a component is no univariate law.

    Examples
    --------
    >>> half = sp.Rational(1, 2)
    >>> Mixture([half, half], [Normal(0, 1), Normal(0, 2)]).cumulant(4)
    27/4
    """

    name = "mixture"
    examples: ClassVar[tuple[dict[str, Any], ...]] = (
        {
            "weights": (sp.Rational(1, 3), sp.Rational(2, 3)),
            "components": (Normal(-1, sp.S.Half), Normal(1, 2)),
        },
        {
            "weights": (sp.S.Half, sp.S.Half),
            "components": (Normal(0, 1), Uniform(-1, 3)),
        },
    )

    def __init__(self, weights: Any, components: Any) -> None:
        probs = reals(weights, "Mixture weights")
        parts = tuple(entries(components, "Mixture components", "a sequence of laws"))
        if len(parts) != len(probs):
            raise ShapeError(
                f"Mixture has {len(probs)} weights but {len(parts)} components; pass one per law"
            )
        for i, part in enumerate(parts):
            if not isinstance(part, Law):
                raise DomainError(
                    f"Mixture components[{i}] is {part!r}, which is no univariate law"
                )
        super().__init__(
            {"weights": probs, "components": parts},
            [*probabilities(probs, "Mixture weights"), *(h for c in parts for h in c.hypotheses)],
        )

    @property
    def _parts(self) -> tuple[tuple[sp.Expr, Law], ...]:
        return tuple(zip(self.parameters["weights"], self.parameters["components"], strict=True))

    @property
    def max_order(self) -> int | None:
        limits = [c.max_order for w, c in self._parts if w != 0 and c.max_order is not None]
        return min(limits, default=None)

    def hypotheses_to(self, order: int) -> tuple[str, ...]:
        general = {h for _, c in self._parts for h in c.hypotheses}
        own = [h for h in self._hypotheses if h not in general]
        return tuple(dict.fromkeys(
            [*own, *(h for _, c in self._parts for h in c.hypotheses_to(order))]
        ))

    def _moment(self, r: int) -> sp.Expr:
        return sp.expand(sp.Add(*(w * c.moment(r) for w, c in self._parts if w != 0)))

    def support(self) -> Support | None:
        points: list[sp.Expr] = []
        probs: list[sp.Expr] = []
        for w, c in self._parts:
            part = c.support()
            if part is None:
                return None
            points += [x for x, _ in part]
            probs += [w * p for _, p in part]
        return tuple(merge(points, probs).items())

    @property
    def is_symmetric(self) -> bool | None:
        if all(c.is_symmetric for w, c in self._parts if w != 0):
            return True
        limit = 5 if self.max_order is None else self.max_order
        if any(is_zero(self.cumulant(r)) is False for r in (1, 3, 5) if r <= limit):
            return False
        return None

    @property
    def sampling(self) -> Sampling:
        if any(c.sampling is None for _, c in self._parts):
            return None
        return ("mixture", self.parameters["weights"], self.parameters["components"])

    @property
    def latex(self) -> str:
        return " + ".join(f"{_factor(w)}{c.latex}" for w, c in self._parts)
