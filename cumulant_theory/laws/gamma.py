"""Gamma and exponential laws."""

from typing import Any, ClassVar

import sympy as sp

from .base import Law, Sampling
from .domains import positive, real
from .registry import register


@register
class Gamma(Law):
    """Gamma law with density proportional to x^(concentration - 1) exp(-rate x) on x > 0.

    Parameters
    ----------
    concentration, rate
        Positive.

    Raises
    ------
    DomainError
        If a parameter is not positive.

    Notes
    -----
    kappa_r = concentration (r - 1)! / rate^r.

    Examples
    --------
    >>> Gamma("alpha", 2).cumulant(3)
    alpha/4
    """

    name = "gamma"
    examples: ClassVar[tuple[dict[str, Any], ...]] = (
        {"concentration": sp.Rational(3, 2), "rate": 2}, {"concentration": 4, "rate": 1},
    )

    def __init__(self, concentration: Any, rate: Any = 1) -> None:
        parameters = {
            "concentration": real(concentration, "Gamma concentration"),
            "rate": real(rate, "Gamma rate"),
        }
        super().__init__(
            parameters, [h for k, v in parameters.items() for h in positive(v, f"Gamma {k}")]
        )

    def _cumulant(self, r: int) -> sp.Expr:
        shape, rate = self.parameters["concentration"], self.parameters["rate"]
        return shape * sp.factorial(r - 1) / rate**r

    def _moment(self, r: int) -> sp.Expr:
        shape, rate = self.parameters["concentration"], self.parameters["rate"]
        return sp.Mul(*(shape + k for k in range(r))) / rate**r

    @property
    def is_symmetric(self) -> bool | None:
        return False

    @property
    def sampling(self) -> Sampling:
        shape, rate = self.parameters["concentration"], self.parameters["rate"]
        return ("scipy", "gamma", {"a": shape, "scale": 1 / rate})


@register
class Exponential(Law):
    """Exponential law with mean 1 / rate.

    Parameters
    ----------
    rate
        Positive.

    Raises
    ------
    DomainError
        If rate <= 0.

    Notes
    -----
    kappa_r = (r - 1)! / rate^r.

    Examples
    --------
    >>> Exponential("lambda").cumulant(3)
    2/lambda**3
    """

    name = "exponential"
    examples: ClassVar[tuple[dict[str, Any], ...]] = ({}, {"rate": sp.Rational(3, 2)})

    def __init__(self, rate: Any = 1) -> None:
        rate = real(rate, "Exponential rate")
        super().__init__({"rate": rate}, positive(rate, "Exponential rate"))

    def _cumulant(self, r: int) -> sp.Expr:
        return sp.factorial(r - 1) / self.parameters["rate"] ** r

    def _moment(self, r: int) -> sp.Expr:
        return sp.factorial(r) / self.parameters["rate"] ** r

    @property
    def is_symmetric(self) -> bool | None:
        return False

    @property
    def sampling(self) -> Sampling:
        return ("scipy", "expon", {"scale": 1 / self.parameters["rate"]})
