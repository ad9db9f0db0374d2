"""Location-scale laws: normal, Laplace, logistic."""

from abc import abstractmethod
from typing import Any, ClassVar

import sympy as sp

from .base import Law, Sampling
from .domains import is_zero, positive, real
from .registry import register

_CONSTANT = ", or write a constant c as Discrete([c], [1])"


class LocationScale(Law):
    """Law of loc + scale * s with s symmetric about 0."""

    scipy_name: str

    def __init__(self, loc: Any = 0, scale: Any = 1) -> None:
        owner = type(self).__name__
        parameters = {"loc": real(loc, f"{owner} loc"), "scale": real(scale, f"{owner} scale")}
        super().__init__(
            parameters, positive(parameters["scale"], f"{owner} scale", _CONSTANT)
        )

    @abstractmethod
    def _even(self, r: int) -> sp.Expr:
        """Even cumulants of the standard law."""

    @abstractmethod
    def _even_moment(self, r: int) -> sp.Expr:
        """Even moments of the standard law, not by way of its cumulants."""

    def _cumulant(self, r: int) -> sp.Expr:
        if r % 2:
            return self.parameters["loc"] if r == 1 else sp.S.Zero
        return self._even(r) * self.parameters["scale"] ** r

    def _moment(self, r: int) -> sp.Expr:
        loc, scale = self.parameters["loc"], self.parameters["scale"]
        return sp.Add(*(
            sp.binomial(r, k) * loc ** (r - k) * scale**k * (self._even_moment(k) if k else 1)
            for k in range(0, r + 1, 2)
        ))

    @property
    def is_symmetric(self) -> bool | None:
        return is_zero(self.parameters["loc"])

    @property
    def sampling(self) -> Sampling:
        return ("scipy", self.scipy_name, dict(self.parameters))


@register
class Normal(LocationScale):
    """Normal law with mean ``loc`` and standard deviation ``scale``.

    Parameters
    ----------
    loc
        Mean, real.
    scale
        Standard deviation, positive.

    Raises
    ------
    DomainError
        If scale <= 0 or a parameter is inexact.

    Examples
    --------
    >>> law = Normal("mu", "sigma")
    >>> [law.cumulant(r) for r in (1, 2, 3)], law.latex
    ([mu, sigma**2, 0], '\\\\mathcal{N}(\\\\mu,\\\\sigma^{2})')
    """

    name = "normal"
    scipy_name = "norm"
    examples: ClassVar[tuple[dict[str, Any], ...]] = (
        {}, {"loc": sp.Rational(-1, 2), "scale": sp.Rational(3, 2)},
    )

    def _even(self, r: int) -> sp.Expr:
        return sp.S.One if r == 2 else sp.S.Zero

    def _even_moment(self, r: int) -> sp.Expr:
        return sp.factorial2(r - 1)

    @property
    def latex(self) -> str:
        loc, variance = sp.latex(self.parameters["loc"]), sp.latex(self.parameters["scale"] ** 2)
        return rf"\mathcal{{N}}({loc},{variance})"

    @property
    def words(self) -> str:
        return f"the normal law ${self.latex}$"


@register
class Laplace(LocationScale):
    """Laplace law with density exp(-|x - loc| / scale) / (2 scale).

    Parameters
    ----------
    loc
        Mean, real.
    scale
        Positive; the variance is 2 scale^2.

    Notes
    -----
    K(t) = loc t - log(1 - scale^2 t^2), so kappa_r = 2 (r - 1)! scale^r for even r.

    Examples
    --------
    >>> Laplace(0, 1).cumulant(4)
    12
    """

    name = "laplace"
    scipy_name = "laplace"
    examples: ClassVar[tuple[dict[str, Any], ...]] = ({}, {"loc": 1, "scale": sp.Rational(2, 3)})

    def _even(self, r: int) -> sp.Expr:
        return 2 * sp.factorial(r - 1)

    def _even_moment(self, r: int) -> sp.Expr:
        return sp.factorial(r)


@register
class Logistic(LocationScale):
    """Logistic law with distribution function 1 / (1 + exp(-(x - loc) / scale)).

    Parameters
    ----------
    loc
        Mean, real.
    scale
        Positive; the variance is pi^2 scale^2 / 3.

    Notes
    -----
    K(t) = loc t + log Gamma(1 + scale t) + log Gamma(1 - scale t), so
    kappa_r = 2 (r - 1)! zeta(r) scale^r for even r.

    References
    ----------
    Johnson, Kotz & Balakrishnan, Continuous Univariate Distributions 2 (1995), chapter 23.

    Examples
    --------
    >>> Logistic(0, 1).cumulant(4)
    2*pi**4/15
    """

    name = "logistic"
    scipy_name = "logistic"
    examples: ClassVar[tuple[dict[str, Any], ...]] = (
        {}, {"loc": sp.Rational(1, 3), "scale": sp.Rational(1, 2)},
    )

    def _even(self, r: int) -> sp.Expr:
        return 2 * sp.factorial(r - 1) * sp.zeta(r)

    def _even_moment(self, r: int) -> sp.Expr:
        return 2 * (1 - sp.Integer(2) ** (1 - r)) * sp.zeta(r) * sp.factorial(r)
