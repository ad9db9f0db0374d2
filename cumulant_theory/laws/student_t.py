"""Student's t law."""

from typing import Any, ClassVar

import sympy as sp

from ..algebra import cumulants_from_moments
from .base import Law, Sampling
from .domains import is_zero, positive, real
from .registry import register


@register
class StudentT(Law):
    """Student's t law with ``df`` degrees of freedom, shifted and scaled.

    Moments exist at orders below ``df`` only.

    Parameters
    ----------
    df
        Degrees of freedom, positive; if symbolic, every order r adds the hypothesis df > r.
    loc, scale
        Location, and positive scale.

    Raises
    ------
    DomainError
        If df <= 0 or scale <= 0.

    References
    ----------
    Johnson, Kotz & Balakrishnan, Continuous Univariate Distributions 2 (1995), chapter 28.

    Examples
    --------
    >>> StudentT(5).cumulant(4), StudentT(5).max_order
    (50/3, 4)
    >>> StudentT("nu").cumulant(2), StudentT("nu").hypotheses_to(2)
    (nu/(nu - 2), ('nu > 0', 'nu > 2'))
    """

    name = "student_t"
    examples: ClassVar[tuple[dict[str, Any], ...]] = (
        {"df": 5}, {"df": sp.Rational(25, 2), "loc": 1, "scale": sp.Rational(1, 2)},
    )

    def __init__(self, df: Any, loc: Any = 0, scale: Any = 1) -> None:
        parameters = {
            "df": real(df, "StudentT df"),
            "loc": real(loc, "StudentT loc"),
            "scale": real(scale, "StudentT scale"),
        }
        super().__init__(parameters, (
            *positive(parameters["df"], "StudentT df"),
            *positive(parameters["scale"], "StudentT scale"),
        ))

    @property
    def max_order(self) -> int | None:
        df = self.parameters["df"]
        return int(sp.ceiling(df)) - 1 if df.is_number else None

    @property
    def hypotheses(self) -> tuple[str, ...]:
        df = self.parameters["df"]
        extra = () if df.is_number else (f"{df} > r for every order r in use",)
        return (*self._hypotheses, *extra)

    def hypotheses_to(self, order: int) -> tuple[str, ...]:
        df = self.parameters["df"]
        return self._hypotheses if df.is_number else (*self._hypotheses, f"{df} > {order}")

    def _central(self, r: int) -> sp.Expr:
        if r % 2:
            return sp.S.Zero
        df, scale = self.parameters["df"], self.parameters["scale"]
        return (scale**2 * df) ** (r // 2) * sp.prod(
            (2 * i - 1) / (df - 2 * i) for i in range(1, r // 2 + 1)
        )

    def _cumulant(self, r: int) -> sp.Expr:
        if r == 1:
            return self.parameters["loc"]
        if r % 2:
            return sp.S.Zero
        kappa = cumulants_from_moments([self._central(k) for k in range(1, r + 1)])[-1]
        result: Any = sp.factor(sp.together(kappa))
        return result

    def _moment(self, r: int) -> sp.Expr:
        loc = self.parameters["loc"]
        return sp.Add(*(
            sp.binomial(r, k) * self._central(k) * loc ** (r - k) for k in range(r + 1)
        ))

    @property
    def is_symmetric(self) -> bool | None:
        return is_zero(self.parameters["loc"])

    @property
    def sampling(self) -> Sampling:
        return ("scipy", "t", dict(self.parameters))

    @property
    def latex(self) -> str:
        df, loc, scale = (self.parameters[k] for k in ("df", "loc", "scale"))
        name = rf"t_{{{sp.latex(df)}}}"
        return name if (loc, scale) == (0, 1) else rf"{name}({sp.latex(loc)},{sp.latex(scale)})"
