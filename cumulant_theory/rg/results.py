"""What a fixed point of an RG map is."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import mpmath
import sympy as sp

from ..algebra import check_digits
from ..arguments import brief, explained
from ..claims import claim_tex
from ..errors import OrderError
from ..latex import inline_display
from ..varieties.decimals import approximate, is_long, shown, shown_latex


class _Row(NamedTuple):
    """One displayed equation."""

    lhs: Any
    rhs: Any
    relation: str = "="


@dataclass(frozen=True, repr=False)
class FixedPoint:
    """Cumulants with kappa' = kappa.

    Attributes
    ----------
    cumulants
        Order -> value; a symbol where the fixed points form a family.
    name
        ``Gaussian``, ``point mass``, or ``other``.
    hypotheses
        Conditions on the symbols: where they hold, some law has these cumulants.
    exact
        A law with these cumulants is fixed by the map itself, with all its cumulants: no closure
        is used. Otherwise it is a fixed point of the truncated map.
    closure
        Name of the closure.
    realisable
        Whether some law has these cumulants (the ones above not looked at): False for a fixed
        point of the truncated map alone, None where the family is given by equations.
    reason
        Why it is not realisable.
    equations
        Polynomials that vanish on a family without a parametrisation.
    """

    cumulants: dict[int, sp.Expr]
    name: str
    hypotheses: tuple[str, ...] = ()
    exact: bool = True
    closure: str = "Exact()"
    realisable: bool | None = True
    reason: str = ""
    equations: tuple[sp.Expr, ...] = ()
    _ideal: Any = field(default=None, compare=False)
    _map: Any = field(default=None, compare=False)

    @explained
    def __getitem__(self, order: int) -> sp.Expr:
        if order not in self.cumulants:
            raise OrderError(f"{brief(order)} is none of the orders {list(self.cumulants)}")
        return self.cumulants[order]

    @property
    def free_symbols(self) -> set[sp.Symbol]:
        """Symbols of a family."""
        found: set[Any] = set().union(*(v.free_symbols for v in self.cumulants.values()))
        return found

    def evalf(self, digits: int = 15) -> dict[int, sp.Expr]:
        """Decimals of the cumulants, symbols left.

        Examples
        --------
        >>> FixedPoint({1: sp.sqrt(2), 2: sp.S.Zero}, "point mass").evalf(5)
        {1: 1.4142, 2: 0}
        """
        digits = check_digits(digits, "evalf")
        return {
            r: v if v.free_symbols or v.is_Rational else
            sp.Float(mpmath.nstr(approximate(v, digits + 5), digits + 5), digits)
            for r, v in self.cumulants.items()
        }

    def __repr__(self) -> str:
        values = ", ".join(
            f"kappa_{r} free" if v == sp.Symbol(f"kappa_{r}") else f"kappa_{r} = {shown(v)}"
            for r, v in self.cumulants.items()
        )
        notes = [] if self.exact else [self.closure]
        if self.realisable is False:
            notes.append("no law")
        if self.equations:
            notes.append(f"{len(self.equations)} equations")
        return f"<{', '.join([self.name, *notes])}: {values}>"

    def _repr_latex_(self) -> str:
        rows: list[Any] = [
            _Row(sp.Symbol(f"kappa_{r}"), shown_latex(v), r"\approx" if is_long(v) else "=")
            for r, v in self.cumulants.items()
            if not (self.equations and v == sp.Symbol(f"kappa_{r}"))
        ]
        rows += [_Row(sp.S.Zero, e) for e in self.equations]
        text = inline_display(rows)
        if self.realisable is not False:
            return text
        return rf"{text[:-1]}\quad{claim_tex('no law: ' + self.reason)}$"

    def _repr_html_(self) -> str:
        from .display import fixed_point_card

        return fixed_point_card(self)


def law_name(values: Mapping[int, sp.Expr]) -> str:
    """``Gaussian``, ``point mass`` or ``other``, by which cumulants vanish."""
    if any(v != 0 for r, v in values.items() if r > 2):
        return "other"
    variance = values.get(2, sp.S.Zero)
    if variance == 0:
        return "point mass"
    return "other" if not variance.free_symbols and approximate(variance) < 0 else "Gaussian"
