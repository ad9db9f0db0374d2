"""The diagram rule of one index pattern: as data, as numbers, as LaTeX."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import sympy as sp

from ..algebra import MultiIndex, check_multi_index, check_order
from ..arguments import explained
from ..closures import Closure, as_closure
from ..derivation import Equation
from ..errors import DomainError
from .enumeration import LETTERS, Diagram, Pattern, check_pattern, connected
from .powers import power_formula

Row = tuple[Fraction, tuple[tuple[MultiIndex, int], ...], MultiIndex]


def word(q: Sequence[int]) -> str:
    """Letters of an index pattern: (2, 0, 1) -> iik."""
    return "".join(LETTERS[a] * e for a, e in enumerate(q))


def embed(q: Sequence[int], places: Sequence[int], units: int) -> MultiIndex:
    """A multi-index over some units as one over all units.

    Examples
    --------
    >>> embed((2, 1), (3, 0), 4)
    (1, 0, 0, 2)
    """
    alpha = [0] * units
    for a, e in zip(places, q, strict=True):
        alpha[a] += e
    return tuple(alpha)


def wick_letter(target: str, k: Any, letters: str) -> sp.Symbol:
    """Symbol of the k-th Wick coefficient of phi_i, or of phi_i^2 for letters ii."""
    return sp.Symbol(f"omega__{target}__{k}_{letters}")


def power_symbol(target: str, letters: str, total_cost: int | None = None) -> sp.Symbol:
    """Symbol of the joint cumulant of powers, or of its diagrams of one cost.

    Where no unit is repeated it is the cumulant itself.
    """
    if total_cost is not None:
        return sp.Symbol(f"C__{target}__{total_cost}_{letters}")
    head = "kappa" if len(set(letters)) == len(letters) else "C"
    return sp.Symbol(f"{head}__{target}_{letters}")


def power_equation(pattern: Pattern, target: str = "y") -> Equation:
    """kappa_iij in the joint cumulants of powers.

    Examples
    --------
    >>> power_equation((2, 1)).rhs
    C__y_iij - 2*kappa__y_i*kappa__y_ij
    """
    value = sp.Add(*(
        c * sp.Mul(*(power_symbol(target, word(q)) ** e for q, e in factors))
        for c, factors in power_formula(pattern)
    ))
    return Equation(sp.Symbol(f"kappa__{target}_{word(pattern)}"), value, sum(pattern))


@explained
def wick_equations(
    activation: Any, source: str, target: str, powers: Sequence[int] = (1,)
) -> list[Equation]:
    """What the Wick coefficients of the powers of unit i stand for, for any order k."""
    mean, variance = (sp.Symbol(f"kappa__{source}_{w}") for w in ("i", "ii"))
    z, k = sp.Symbol("z"), sp.Symbol("k", integer=True)
    density = sp.exp(-((z - mean) ** 2) / (2 * variance)) / sp.sqrt(2 * sp.pi * variance)
    phi = sp.Symbol("phi__" + target[1:])
    values = {
        p: sp.Integral(sp.Function(str(phi))(z) ** p * density, (z, -sp.oo, sp.oo)) for p in powers
    }
    return [
        Equation(wick_letter(target, "k", "i" * p), sp.Derivative(value, (mean, k)))
        for p, value in values.items()
    ]


@explained
def mehler_equations(pattern: Pattern, source: str = "z", target: str = "y") -> list[Equation]:
    """The joint cumulant of powers of a Gaussian pair as the series in its covariance.

    References
    ----------
    Mehler, J. reine angew. Math. 66, 161 (1866).
    """
    check_multi_index(pattern, 2, "mehler_equations")
    k = sp.Symbol("k", integer=True, positive=True)
    covariance = sp.Symbol(f"kappa__{source}_ij")
    first, second = (
        wick_letter(target, "k", letter * p) for letter, p in zip("ij", pattern, strict=True)
    )
    series = sp.Sum(covariance**k / sp.factorial(k) * first * second, (k, 1, sp.oo))
    repeated = [] if max(pattern) == 1 else [power_equation(pattern, target)]
    return [
        Equation(power_symbol(target, word(pattern)), series, sum(pattern)), *repeated,
    ]


@dataclass(frozen=True)
class PatternRule:
    """The joint cumulant of powers phi(z_a)^{p_a} of distinct units, as a sum over diagrams.

    C_p = sum over connected diagrams of w prod_v kappa_v^{c_v} prod_a omega_a^{(k_a)}, where
    omega_a^{(k)} is the k-th Gaussian Wick coefficient of phi^{p_a} at the mean and variance of
    unit a.

    Attributes
    ----------
    pattern
        p, how often each distinct unit occurs.
    diagrams
        Those kept, cheapest first.
    closure
        Which ones were kept.
    """

    pattern: Pattern
    diagrams: tuple[Diagram, ...]
    closure: Closure

    @property
    def table(self) -> list[Row]:
        """(weight, ((v, multiplicity), ...), k) per diagram."""
        return [(d.weight, d.blocks, d.derivatives) for d in self.diagrams]

    @property
    def input_order(self) -> int:
        """Highest order of an input cumulant that occurs, at least 2 for the variance."""
        return max((d.largest_block for d in self.diagrams), default=2)

    def evaluate(
        self,
        kappa: Callable[[MultiIndex], Any],
        omega: Callable[[int, int], Any],
        number: Callable[[Fraction], Any] = Fraction,
    ) -> Any:
        """The sum, over any commutative ring.

        Parameters
        ----------
        kappa
            v -> input cumulant over the units of the pattern.
        omega
            (unit a, k) -> k-th Wick coefficient of phi^{p_a}.
        number
            Turns a weight into an element of the ring.

        Examples
        --------
        >>> from cumulant_theory.closures import Diagrams
        >>> rule((1, 1), Diagrams(2)).evaluate({(1, 1): 2}.get, lambda a, k: 5)
        Fraction(50, 1)
        """
        total = number(Fraction(0))
        for diagram in self.diagrams:
            term = number(diagram.weight)
            for v, c in diagram.blocks:
                value = kappa(v)
                if value == 0:
                    break
                term = term * value**c
            else:
                for a, k in enumerate(diagram.derivatives):
                    term = term * omega(a, k)
                total = total + term
        return total

    # ------------------------------------------------------------------ display

    def equations(self, source: str = "z", target: str = "y") -> tuple[Equation, ...]:
        """The rule in letters i, j, ... for distinct units: diagrams by cost, then the cumulant.

        ``omega__y__k_ii`` is the k-th Wick coefficient of phi_i^2, ``C__y_iij`` the joint cumulant
        of phi_i^2 and phi_j, ``C__y__2_iij`` its diagrams of cost 2.
        """
        name, order = word(self.pattern), sum(self.pattern)
        total = power_symbol(target, name)
        found = []
        costs = sorted({d.cost for d in self.diagrams})
        parts = [power_symbol(target, name, c) for c in costs]
        for c, part in zip(costs, parts, strict=True):
            value = sp.Add(*(self._term(d, source, target) for d in self.diagrams if d.cost == c))
            found.append(Equation(part if len(costs) > 1 else total, value, order))
        if len(costs) != 1:
            found.append(Equation(total, sp.Add(*parts), order))
        repeated = [] if max(self.pattern) == 1 else [power_equation(self.pattern, target)]
        return (*found, *repeated)

    def _term(self, diagram: Diagram, source: str, target: str) -> sp.Expr:
        weight = sp.Rational(diagram.weight.numerator, diagram.weight.denominator)
        return sp.Mul(
            weight,
            *(sp.Symbol(f"kappa__{source}_{word(v)}") ** c for v, c in diagram.blocks),
            *(wick_letter(target, k, LETTERS[a] * p)
              for a, (p, k) in enumerate(zip(self.pattern, diagram.derivatives, strict=True))),
        )

    def to_latex(self) -> str:
        """The rule as LaTeX, one equation per total cost."""
        from ..latex import display_group

        return display_group([(e.lhs, e.rhs) for e in self.equations()], number=False)

    def _repr_latex_(self) -> str:
        from ..latex import inline_display

        return inline_display([(e.lhs, e.rhs) for e in self.equations()])

    def _repr_html_(self) -> str:
        from .display import rule_card

        return rule_card(self)

    def __repr__(self) -> str:
        return (
            f"PatternRule({word(self.pattern)}: {len(self.diagrams)} diagrams, {self.closure!r})"
        )


@explained
def rule(
    pattern: Sequence[int], closure: Closure | None = None, degree: int | None = None
) -> PatternRule:
    """The diagram rule of an index pattern.

    Parameters
    ----------
    pattern
        How often each distinct unit occurs: (2, 1) for kappa_iij.
    closure
        Which diagrams are kept; default all of them.
    degree
        Degree of the activation if it is a polynomial: the sum is then finite under any closure.

    Raises
    ------
    OrderError
        If the pattern is not one of positive integers.
    NoClosedFormError
        If infinitely many diagrams would be kept.

    References
    ----------
    Leonov & Shiryaev, Theory Probab. Appl. 4, 319 (1959); arXiv:2605.05179: the counting.

    Examples
    --------
    >>> from cumulant_theory.closures import Diagrams
    >>> rule((1, 1), Diagrams(3))
    PatternRule(ij: 5 diagrams, Diagrams(3))
    >>> [str(w) for w, blocks, k in rule((1, 1), Diagrams(3)).table]
    ['1', '1/2', '1/2', '1/2', '1/4']
    """
    pattern = check_pattern(pattern)
    closure = as_closure(closure)
    if degree is not None and (
        not isinstance(degree, int) or isinstance(degree, bool) or degree < 0
    ):
        raise DomainError(
            f"degree {degree!r} of the activation is no non-negative integer; leave it out where "
            "the activation is no polynomial"
        )
    if degree:
        check_order(degree, "degree of the activation")
    degrees = None if degree is None else tuple(degree * p for p in pattern)
    if degrees is None and len(pattern) == 1 and closure.largest_block == 2:
        return PatternRule(pattern, connected(1, 0), closure)  # E phi^p of a Gaussian
    found = connected(len(pattern), closure.budget, closure.largest_block, degrees)
    return PatternRule(pattern, found, closure)


@explained
def table(
    pattern: Sequence[int], closure: Closure | None = None, degree: int | None = None
) -> list[Row]:
    """The diagrams of a pattern as plain data: (weight, ((v, multiplicity), ...), k).

    Parameters
    ----------
    pattern, closure, degree
        As for :func:`rule`.

    Examples
    --------
    >>> from cumulant_theory.closures import Diagrams
    >>> table((1, 1), Diagrams(2))
    [(Fraction(1, 1), (((1, 1), 1),), (1, 1))]
    """
    return rule(pattern, closure, degree).table
