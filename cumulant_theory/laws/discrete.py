"""Laws with finite support."""

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

import sympy as sp

from ..arguments import brief
from ..errors import ShapeError
from .base import MomentLaw, Sampling, Support
from .domains import probabilities, probability, real, reals
from .registry import register


def merge(points: Sequence[Any], probs: Sequence[sp.Expr]) -> dict[Any, sp.Expr]:
    """Total probability of each distinct point, impossible points left out."""
    total: dict[Any, sp.Expr] = {}
    for point, p in zip(points, probs, strict=True):
        total[point] = total.get(point, sp.S.Zero) + p
    return {point: p for point, p in total.items() if p != 0}


class FiniteLaw(MomentLaw):
    """Law with finite support, defined by ``support``."""

    @abstractmethod
    def support(self) -> Support: ...

    def _moment(self, r: int) -> sp.Expr:
        return sp.expand(sp.Add(*(p * x**r for x, p in self.support())))

    @property
    def is_symmetric(self) -> bool | None:
        law = {sp.expand(x): sp.expand(p) for x, p in self.support()}
        if law == {sp.expand(-x): p for x, p in law.items()}:
            return True
        return None if self.free_symbols else False

    @property
    def sampling(self) -> Sampling:
        points, probs = zip(*self.support(), strict=True)
        return ("discrete", points, probs)


@register
class Bernoulli(FiniteLaw):
    """Law on {0, 1} with P(1) = ``probs``.

    Parameters
    ----------
    probs
        Probability of 1.

    Raises
    ------
    DomainError
        If probs lies outside [0, 1].

    Examples
    --------
    >>> Bernoulli("p").cumulant(3)
    2*p**3 - 3*p**2 + p
    """

    name = "bernoulli"
    examples: ClassVar[tuple[dict[str, Any], ...]] = ({}, {"probs": sp.Rational(1, 5)})

    def __init__(self, probs: Any = sp.S.Half) -> None:
        probs = real(probs, "Bernoulli probs")
        super().__init__({"probs": probs}, probability(probs, "Bernoulli probs"))

    def support(self) -> Support:
        p = self.parameters["probs"]
        return tuple(merge((sp.S.Zero, sp.S.One), (1 - p, p)).items())


@register
class Rademacher(FiniteLaw):
    """Fair sign: -1 or 1 with probability 1/2 each.

    Examples
    --------
    >>> [Rademacher().cumulant(r) for r in (2, 3, 4)]
    [1, 0, -2]
    """

    name = "rademacher"
    examples: ClassVar[tuple[dict[str, Any], ...]] = ({},)

    def __init__(self) -> None:
        super().__init__({})

    def support(self) -> Support:
        return ((sp.S.NegativeOne, sp.S.Half), (sp.S.One, sp.S.Half))


@register
class Discrete(FiniteLaw):
    """Law on finitely many points.

    Parameters
    ----------
    points
        Exact real numbers or symbols, or a mapping from them to probabilities; repeated points are
        merged.
    probs
        One probability per point, summing to one; equal ones by default.

    Raises
    ------
    ShapeError
        If the lengths differ or are zero, or probabilities are given twice.
    DomainError
        If a probability is negative or they do not sum to one.

    Examples
    --------
    >>> law = Discrete([0, 1, 3], [sp.Rational(1, 2), sp.Rational(1, 4), sp.Rational(1, 4)])
    >>> law.moment(2), law.cumulant(2)
    (5/2, 3/2)
    >>> Discrete({0: sp.Rational(1, 2), 1: sp.Rational(1, 2)}).cumulant(2)
    1/4
    """

    name = "discrete"
    examples: ClassVar[tuple[dict[str, Any], ...]] = (
        {"points": (-2, 0, 1), "probs": (sp.Rational(1, 6), sp.Rational(1, 3), sp.S.Half)},
        {"points": (sp.Rational(1, 2), -1, 4)},
        {"points": (3,)},
    )

    def __init__(self, points: Any, probs: Any = None) -> None:
        if isinstance(points, Mapping):
            if probs is not None:
                raise ShapeError(
                    f"Discrete points {brief(points)} have probabilities; leave probs out"
                )
            points, probs = list(points), list(points.values())
        values = reals(points, "Discrete points")
        if probs is None:
            probs = (sp.Rational(1, len(values)),) * len(values)
        weights = reals(probs, "Discrete probs")
        if len(values) != len(weights):
            raise ShapeError(
                f"Discrete has {len(values)} points but {len(weights)} probs; pass one per point"
            )
        hypotheses = probabilities(weights, "Discrete probs")
        law = merge(values, weights)
        super().__init__({"points": tuple(law), "probs": tuple(law.values())}, hypotheses)

    def support(self) -> Support:
        return tuple(zip(self.parameters["points"], self.parameters["probs"], strict=True))

    @property
    def latex(self) -> str:
        terms = (
            rf"{_factor(p)}\delta_{{{sp.latex(x)}}}" for x, p in self.support()
        )
        return " + ".join(terms)


def _factor(p: sp.Expr) -> str:
    if p == 1:
        return ""
    text = sp.latex(p)
    return rf"\left({text}\right)\," if p.is_Add else rf"{text}\,"
