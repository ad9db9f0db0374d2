"""Uniform law on an interval."""

from typing import Any, ClassVar

import sympy as sp

from .base import Law, Sampling
from .domains import is_zero, less, real
from .registry import register


@register
class Uniform(Law):
    """Uniform law on [low, high].

    Parameters
    ----------
    low, high
        Ends of the interval, low < high.

    Raises
    ------
    DomainError
        If low >= high.

    Notes
    -----
    kappa_r = B_r (high - low)^r / r for r >= 2, B_r the Bernoulli numbers.

    Examples
    --------
    >>> [Uniform(-1, 1).cumulant(r) for r in (1, 2, 3, 4)]
    [0, 1/3, 0, -2/15]
    """

    name = "uniform"
    examples: ClassVar[tuple[dict[str, Any], ...]] = (
        {}, {"low": -1, "high": 1}, {"low": sp.Rational(1, 3), "high": 2},
    )

    def __init__(self, low: Any = 0, high: Any = 1) -> None:
        parameters = {"low": real(low, "Uniform low"), "high": real(high, "Uniform high")}
        super().__init__(parameters, less(parameters["low"], parameters["high"], "Uniform"))

    def _cumulant(self, r: int) -> sp.Expr:
        low, high = self.parameters["low"], self.parameters["high"]
        if r == 1:
            return (low + high) / 2
        return sp.bernoulli(r) * (high - low) ** r / r

    def _moment(self, r: int) -> sp.Expr:
        low, high = self.parameters["low"], self.parameters["high"]
        return sp.Add(*(low**k * high ** (r - k) for k in range(r + 1))) / (r + 1)

    @property
    def is_symmetric(self) -> bool | None:
        return is_zero(self.parameters["low"] + self.parameters["high"])

    @property
    def sampling(self) -> Sampling:
        low, high = self.parameters["low"], self.parameters["high"]
        return ("scipy", "uniform", {"loc": low, "scale": high - low})
