"""Poisson law."""

from typing import Any, ClassVar

import sympy as sp
from sympy.functions.combinatorial.numbers import stirling

from .base import Law, Sampling
from .domains import positive, real
from .registry import register


@register
class Poisson(Law):
    """Poisson law; every cumulant equals ``rate``.

    Parameters
    ----------
    rate
        Positive.

    Raises
    ------
    DomainError
        If rate <= 0.

    Examples
    --------
    >>> Poisson("lambda").cumulant(7), Poisson(1).moment(4)
    (lambda, 15)
    """

    name = "poisson"
    examples: ClassVar[tuple[dict[str, Any], ...]] = ({}, {"rate": sp.Rational(5, 2)})

    def __init__(self, rate: Any = 1) -> None:
        rate = real(rate, "Poisson rate")
        super().__init__({"rate": rate}, positive(rate, "Poisson rate"))

    def _cumulant(self, r: int) -> sp.Expr:
        return self.parameters["rate"]

    def _moment(self, r: int) -> sp.Expr:
        rate = self.parameters["rate"]
        return sp.Add(*(stirling(r, k) * rate**k for k in range(1, r + 1)))

    @property
    def is_symmetric(self) -> bool | None:
        return False

    @property
    def sampling(self) -> Sampling:
        return ("scipy", "poisson", {"mu": self.parameters["rate"]})
