"""Linearisation of RG maps at fixed points, beside that of the central limit theorem."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import mpmath
import sympy as sp

from ..algebra import as_integer, exact
from ..arguments import brief, check_instance, explained
from ..derivation import Equation
from ..errors import DomainError, OrderError
from ..latex import latex
from ..latex.html import Record
from ..laws import Law
from ..varieties.decimals import approximate, is_small, shown, shown_latex
from .eigenvalues import eigenvalues, eigenvector
from .fixed_points import sign_at
from .results import FixedPoint, law_name
from .truncated import TruncatedMap


@dataclass(frozen=True)
class Eigenvalue(Record):
    """How a perturbation of one cumulant grows under the map.

    Attributes
    ----------
    order
        r, of the cumulant that is perturbed; where cumulants mix, the place by decreasing modulus.
    value
        lambda_r.
    kind
        ``relevant`` (|lambda| > 1), ``marginal`` (= 1), ``irrelevant`` (< 1), or ``undecided``
        where symbols leave it open.
    eigenfunction
        Perturbation of the standard normal density: He_r(x) times the density, x counted from the
        mean of the fixed Gaussian in its standard deviations. None for a map that is not linear,
        and for one that fixes no Gaussian, as the eigenvalue of order 2 is not 1.
    clt
        b^{1 - r/2}, the eigenvalue of the central limit theorem for the same block size.
    """

    order: int
    value: sp.Expr
    kind: str
    eigenfunction: sp.Expr | None = None
    clt: sp.Expr | None = None


@dataclass(frozen=True)
class Spectrum:
    """Eigenvalues of the linearised map, order by order.

    Attributes
    ----------
    eigenvalues
        One per order.
    hypotheses
        Conditions on symbols.
    exact
        Whether the eigenvalues are those of the map itself; otherwise of the truncated one.
    closure
        Name of the closure.
    matrix
        d kappa_r' / d kappa_s at the fixed point, shape (orders, orders).
    at
        The fixed point; None for linear maps, whose linearisation is the same at all of them.

    Examples
    --------
    >>> from cumulant_theory import layers, rg
    >>> [e.kind for e in rg.RGMap(layers.BlockSum("b")).spectrum(order=4)]
    ['relevant', 'marginal', 'irrelevant', 'irrelevant']
    """

    eigenvalues: tuple[Eigenvalue, ...]
    hypotheses: tuple[str, ...] = ()
    exact: bool = True
    closure: str = "Exact()"
    matrix: Any = field(default=None, compare=False)
    at: FixedPoint | None = None

    def __iter__(self) -> Iterator[Eigenvalue]:
        return iter(self.eigenvalues)

    def __len__(self) -> int:
        return len(self.eigenvalues)

    @explained
    def __getitem__(self, order: int) -> Eigenvalue:
        last = len(self.eigenvalues)
        if (found := as_integer(order, 1)) is None or found > last:
            raise OrderError(f"{brief(order)} is none of the orders 1 to {last} of this spectrum")
        return self.eigenvalues[found - 1]

    def __repr__(self) -> str:
        tail = "" if self.exact else f"; {self.closure}"
        return "Spectrum(" + ", ".join(
            f"{shown(e.value)} {e.kind}" for e in self.eigenvalues
        ) + tail + ")"

    def of_kind(self, kind: str) -> list[Eigenvalue]:
        """Those that are relevant, marginal, irrelevant or undecided."""
        check_instance(kind, str, "of_kind: kind")
        return [e for e in self.eigenvalues if e.kind == kind]

    @explained
    def right(self, order: int) -> tuple[sp.Expr, ...]:
        """Right eigenvector, a direction in the space of cumulants; its largest entry is 1.

        Under the linearised map a perturbation of the cumulants along it is multiplied by the
        eigenvalue.

        Raises
        ------
        NoClosedFormError
            If the eigenvalue has more than one.

        Examples
        --------
        >>> from cumulant_theory import layers, rg
        >>> rg.RGMap(layers.BlockSum(2)).spectrum(order=3).right(2)
        (0, 1, 0)
        """
        return eigenvector(self.matrix, self[order].value)

    @explained
    def left(self, order: int) -> tuple[sp.Expr, ...]:
        """Left eigenvector, the scaling field: a linear function of the perturbation that is
        multiplied by the eigenvalue; its largest entry is 1.

        Raises
        ------
        NoClosedFormError
            If the eigenvalue has more than one.
        """
        return eigenvector(self.matrix.T, self[order].value)

    def _repr_latex_(self) -> str:
        rows = r" \\ ".join(self._row(e) for e in self.eigenvalues)
        linear = all(e.eigenfunction is not None for e in self.eigenvalues)
        last = r" & \text{eigenfunction}" if linear else ""
        return (
            r"$\displaystyle \begin{array}{rllll} r & \lambda_r & & b^{1-r/2}"
            rf"{last} \\ \hline {rows} \end{{array}}$"
        )

    def _repr_html_(self) -> str:
        from .display import spectrum_card

        return spectrum_card(self)

    def _row(self, e: Eigenvalue) -> str:
        cells = [str(e.order), shown_latex(e.value), rf"\text{{{e.kind}}}", latex(e.clt)]
        return " & ".join(cells if e.eigenfunction is None else [*cells, latex(e.eigenfunction)])


def clt_eigenvalue(b: Any, r: int) -> sp.Expr:
    """b^{1 - r/2}: the block sum at its Gaussian fixed points.

    Examples
    --------
    >>> clt_eigenvalue(4, 3)
    1/2
    """
    return sp.Pow(sp.sympify(b), 1 - sp.Rational(r, 2))


def kind_of(distance: Any) -> str:
    """Name of the sign of |lambda| - 1, or of what has its sign."""
    for test, kind in (("is_zero", "marginal"), ("is_positive", "relevant"),
                       ("is_negative", "irrelevant")):
        if getattr(distance, test):
            return kind
    return "undecided"


def truncated_spectrum(truncated: TruncatedMap, at: Any, b: Any) -> Spectrum:
    """Spectrum of the Jacobian of a truncated map at a fixed point.

    Parameters
    ----------
    truncated
        The map of R^K.
    at
        Fixed point, law, or order -> cumulant.
    b
        Block size.

    Raises
    ------
    DomainError
        If the point is not fixed.
    OrderError
        If it has fewer than K cumulants.

    Examples
    --------
    >>> from cumulant_theory import Neglect, activations, layers
    >>> square = layers.Pointwise(activations.Square()) >> layers.Mean(2)
    >>> truncated_spectrum(TruncatedMap(square, Neglect(2)), {1: 1, 2: 0}, 2)
    Spectrum(2 relevant, 2 relevant)
    """
    point = _fixed_point(truncated, at)
    values = truncated.at(point.cumulants)
    matrix = sp.ImmutableMatrix(truncated.jacobian.xreplace(values).applyfunc(sp.expand))
    found = [
        Eigenvalue(r, value, _kind(value, truncated, values, point),
                   clt=clt_eigenvalue(b, r))
        for r, value in enumerate(eigenvalues(matrix), 1)
    ]
    return Spectrum(
        tuple(found), point.hypotheses, point.exact, point.closure, matrix, point
    )


def _fixed_point(truncated: TruncatedMap, at: Any) -> FixedPoint:
    if isinstance(at, FixedPoint):
        if at.equations:
            raise DomainError(
                f"{at!r} is a family without a parametrisation; name a point of it, order -> value"
            )
        if max(at.cumulants) != truncated.order:
            raise OrderError(
                f"{at!r} has {max(at.cumulants)} cumulants, {truncated!r} needs {truncated.order}; "
                "find fixed points and spectrum under one closure"
            )
        if at._ideal is not None or at.free_symbols:
            return at
    cumulants = _cumulants_at(at, truncated.order)
    _require_fixed(cumulants, truncated(cumulants))
    name = law_name(cumulants)
    is_exact = name == "point mass"
    return FixedPoint(
        cumulants, name, exact=is_exact, closure="Exact()" if is_exact else repr(truncated.closure)
    )


def require_fixed_by_linear(recursion: Sequence[Equation], at: Any) -> None:
    """Raise DomainError unless a linear map keeps a point.

    Parameters
    ----------
    recursion
        kappa_r' in the symbols kappa_1, kappa_2, ..., order by order.
    at
        Fixed point, law, or order -> cumulant.
    """
    cumulants = _cumulants_at(at, len(recursion))
    values = {sp.Symbol(f"kappa_{r}"): v for r, v in cumulants.items()}
    _require_fixed(
        cumulants, {r: e.rhs.subs(values, simultaneous=True) for r, e in enumerate(recursion, 1)}
    )


def _cumulants_at(at: Any, order: int) -> dict[int, sp.Expr]:
    if isinstance(at, Law):
        return {r: at.cumulant(r) for r in range(1, order + 1)}
    if not isinstance(at, (Mapping, FixedPoint)):
        raise DomainError(
            f"spectrum at {brief(at)}: give one of .fixed_points(...), a law, or "
            "{order: cumulant}"
        )
    given = at.cumulants if isinstance(at, FixedPoint) else at
    missing = [r for r in range(1, order + 1) if r not in given]
    if missing:
        raise OrderError(
            f"spectrum at {brief(at)}: the cumulants of orders {missing} are missing; give 1 to "
            f"{order}, or ask for a lower order"
        )
    return {r: exact(given[r], f"spectrum: kappa_{r}") for r in range(1, order + 1)}


def _require_fixed(cumulants: Mapping[int, sp.Expr], image: Mapping[int, sp.Expr]) -> None:
    for r, v in image.items():
        if sp.simplify(v - cumulants[r]) != 0:
            raise DomainError(
                f"the point {cumulants} is not fixed: kappa_{r}' = {shown(v)}, not "
                f"{shown(cumulants[r])}; use one of .fixed_points(...)"
            )


def _kind(value: Any, truncated: TruncatedMap, values: Any, point: FixedPoint) -> str:
    if value.free_symbols:
        return kind_of(sp.Abs(value) - 1)
    number = approximate(value)
    distance = abs(number) - 1
    if not is_small(distance):
        return "relevant" if distance > 0 else "irrelevant"
    if value.is_Rational:
        return kind_of(sp.Abs(value) - 1)
    if mpmath.im(number) == 0 and point._ideal is not None and not point.free_symbols:
        unit = sp.eye(truncated.order) * (1 if number > 0 else -1)
        polynomial: Any = sp.expand((truncated.jacobian - unit).det(method="berkowitz"))
        if sign_at(polynomial, values, point._ideal) == 0:
            return "marginal"
    elif sp.simplify(sp.Abs(value) - 1) == 0:
        return "marginal"
    return "undecided"
