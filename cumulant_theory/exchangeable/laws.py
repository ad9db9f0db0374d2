"""Input laws of exchangeable units."""

from collections.abc import Callable, Sequence
from typing import Any

import sympy as sp

from ..algebra import Ring, exact
from ..errors import DomainError, OrderError
from .rules import Type, type_of
from .state import ExchangeableCumulants, checked_type, explicit_width, type_symbol, types
from .width import check_width

_EXCHANGEABLE = "the units are exchangeable"


class ExchangeableLaw:
    """Input law of n exchangeable units, given by one cumulant per type.

    Parameters
    ----------
    n
        Positive integer or symbol.
    cumulant
        Type -> exact value.
    max_order
        Highest order that exists, None for all.
    hypotheses
        Conditions under which the cumulants hold.
    state
        Name of the units in printed formulas.
    independent
        Whether the units are independent; then mixed types are 0.

    Raises
    ------
    DomainError
        If n is no positive integer or symbol.

    References
    ----------
    Kallenberg, Probabilistic Symmetries and Invariance Principles (2005), chapter 1.

    Examples
    --------
    Gaussian units of equal covariance:

    >>> pair = ExchangeableLaw("n", lambda t: {(2,): 1, (1, 1): "rho"}.get(t, 0))
    >>> pair.type(1, 1), pair.explicit(3).cumulant((1, 0, 1))
    (rho, rho)

    >>> from cumulant_theory import laws
    >>> law = iid(laws.Normal(0, "sigma"), "n")
    >>> law.type(2), law.type(1, 1)
    (sigma**2, 0)
    """

    def __init__(
        self, n: Any, cumulant: Callable[[Type], Any], *, max_order: int | None = None,
        hypotheses: Sequence[str] = (), state: str = "x",
        independent: bool = False,
    ) -> None:
        self.n = check_width(n, "ExchangeableLaw")
        self.max_order = max_order
        self.state = state
        self.hypotheses = tuple(dict.fromkeys((*hypotheses, _EXCHANGEABLE)))
        self._cumulant = cumulant
        self.independent = independent

    def cumulant(self, kind: Type) -> sp.Expr:
        """Cumulant of a type."""
        kind = checked_type(kind, self.n)
        if self.max_order is not None and sum(kind) > self.max_order:
            raise OrderError(
                f"{self!r} has cumulants up to order {self.max_order}, and order {sum(kind)} is "
                "needed; lower the order or take a law with lighter tails"
            )
        if self.independent and len(kind) > 1:
            return sp.S.Zero
        return exact(self._cumulant(kind), f"cumulant of type {kind}")

    def type(self, *kind: int) -> sp.Expr:
        """Cumulant of a type: ``type(2, 1)`` is kappa_iij."""
        return self.cumulant(kind)

    def propagated(self, order: int, ring: Ring | None = None) -> "ExchangeableCumulants":
        """The law as a state up to an order."""
        values = {
            kind: self.cumulant(kind) for r in range(1, order + 1) for kind in types(r, self.n)
        }
        own = ring or Ring.of([self.n, *values.values()])
        return ExchangeableCumulants(
            self.n, order, own, lambda kind: own.element(values[kind]), width=self.n,
            state=self.state, hypotheses=self.hypotheses,
        )

    def explicit(self, n: int | None = None) -> Any:
        """The joint law of n units, unit by unit, as :mod:`cumulant_theory.layers` takes it.

        Raises
        ------
        DomainError
            If n is no positive integer.
        """
        return _Explicit(self, explicit_width(self.n, n))

    def __repr__(self) -> str:
        return f"ExchangeableLaw({self.n} units{', independent' if self.independent else ''})"

    def _repr_latex_(self) -> str:
        from ..latex import inline_display

        top = min(3, self.max_order or 3)
        return inline_display([
            (type_symbol(kind, self.state), self.cumulant(kind))
            for r in range(1, top + 1) for kind in types(r, self.n)
        ])


class _Explicit:
    """Unit-by-unit view of an exchangeable law."""

    def __init__(self, law: ExchangeableLaw, units: int) -> None:
        self._law = law
        self.dim = units
        together = (tuple(range(units)),)
        self.blocks = tuple((i,) for i in range(units)) if law.independent else together
        self.max_order = law.max_order
        self.hypotheses = law.hypotheses

    def cumulant(self, alpha: Sequence[int]) -> sp.Expr:
        """kappa_alpha by its type."""
        value: Any = self._law.cumulant(type_of(alpha))
        return value.subs(self._law.n, self.dim)


def iid(law: Any, n: Any) -> ExchangeableLaw:
    """n independent copies of one law: type (r) has kappa_r, mixed types vanish.

    Parameters
    ----------
    law
        A law of :mod:`cumulant_theory.laws` with one unit.
    n
        Positive integer or symbol.

    Raises
    ------
    DomainError
        If ``law`` is no law of one unit or n is no positive integer or symbol.

    Examples
    --------
    >>> from cumulant_theory import laws
    >>> iid(laws.Generic("kappa"), "n").type(3)
    kappa_3
    """
    if not hasattr(law, "iid") or not hasattr(law, "cumulant"):
        raise DomainError(f"iid: {law!r} is no law of one unit; use for example laws.Normal(0, 1)")
    return ExchangeableLaw(
        check_width(n, "iid"), lambda kind: law.cumulant(kind[0]),
        max_order=law.max_order, independent=True,
        hypotheses=(*law.hypotheses, "the input units are independent copies of one law"),
    )


def generic(n: Any, state: str = "x") -> ExchangeableLaw:
    """Any exchangeable law: a symbol per type.

    Examples
    --------
    >>> generic("n").type(2, 1)
    kappa__x_iij
    """
    return ExchangeableLaw(
        check_width(n, "generic"), lambda kind: type_symbol(kind, state), state=state
    )
