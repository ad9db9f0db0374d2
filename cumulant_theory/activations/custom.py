"""Any function of one variable as an activation."""

from functools import cached_property
from itertools import pairwise
from typing import Any

import sympy as sp
from sympy.calculus.util import continuous_domain
from sympy.core.function import AppliedUndef

from ..algebra import exact
from ..algebra.limits import ORDER_LIMIT
from ..arguments import check_instance, explained
from ..errors import CumulantError, DomainError, OrderError
from .base import Activation, _registry
from .growth import growth, singular_point
from .wick import coefficients_of, piecewise_wick, polynomial_wick

_KINKED = (sp.Abs, sp.sign, sp.Heaviside, sp.Max, sp.Min, sp.Piecewise)
# their singular points, and those of their inverses, are found symbolically
_SMOOTH = {sp.exp, sp.log, sp.sin, sp.cos, sp.sinh, sp.cosh, sp.tanh, sp.atan, sp.asinh, sp.sinc}
_JUMPING = (sp.floor, sp.ceiling, sp.frac, sp.DiracDelta, sp.arg)
# how SymPy gives up: NotImplementedError on parameters and periodic functions, TypeError and
# ValueError on complex numbers that it would compare, AttributeError on conditions inside
# conditions, RecursionError on sums and integrals
_UNSOLVED = (NotImplementedError, ValueError, TypeError, AttributeError, RecursionError)


@explained
class Custom(Activation):
    """A function given as an expression of one variable.

    Parameters
    ----------
    expression
        Exact SymPy expression. Kinks and jumps may come from ``Abs``, ``sign``, ``Heaviside``,
        ``Max``, ``Min`` and ``Piecewise`` at points that are numbers.
    z
        The variable, a symbol or its name; left out, the only free symbol. All other symbols are
        parameters.

    Raises
    ------
    DomainError
        If the expression is not exact, has no such variable or a function of which nothing is
        known, is known to be not real or not finite somewhere, or if its kinks cannot be found.
    OrderError
        If it is a polynomial of absurd degree.

    Notes
    -----
    Means over normal laws need a function that grows slower than exp(z^2 / (2 variance)); where
    one is asked for that is infinite, a DivergenceError says up to which variance it is finite.

    Examples
    --------
    >>> z = sp.Symbol("z")
    >>> Custom(z**2 / (1 + z**2), z).is_even
    True
    >>> Custom(sp.Max(z - 1, 0), z).wick(0).expr
    sigma*NormalPartialMoment(1, (mu - 1)/sigma)
    """

    coefficients: tuple[sp.Expr, ...] | None
    knots: tuple[sp.Expr, ...]
    name = "custom"

    def __init__(self, expression: Any, z: Any = None) -> None:
        given = exact(expression, "activation")
        if z is None:
            if len(given.free_symbols) != 1:
                raise DomainError(
                    f"activation {given} has the symbols {sorted(map(str, given.free_symbols))}; "
                    "name its variable: Custom(expression, z)"
                )
            z = next(iter(given.free_symbols))
        variable = exact(z, "variable")
        if not isinstance(variable, sp.Symbol):
            raise DomainError(f"the variable {variable} of activation {given} is no symbol")
        unknown = sorted(map(str, given.atoms(AppliedUndef)))
        if unknown:
            raise DomainError(
                f"activation {given} has {unknown[0]}, a function of which nothing is known; write "
                "it out"
            )
        if given.has(*_JUMPING):
            raise DomainError(
                f"activation {given} has floor, ceiling, frac, arg or DiracDelta; write its "
                "pieces by Piecewise"
            )
        self._z = sp.Dummy("z", real=True)
        self._expr = given.subs(variable, self._z)
        if self._expr.has(sp.I) or self._expr.is_extended_real is False:
            raise DomainError(f"activation {given} is not real")
        if _degree(self._expr, self._z) > ORDER_LIMIT:
            raise OrderError(
                f"activation {given}: a polynomial of degree above {ORDER_LIMIT} needs cumulants "
                "of that order at order 1; take a lower degree"
            )
        self.knots, self._pieces = _smooth_pieces(self._expr, self._z)
        limits = pairwise((-sp.oo, *self.knots, sp.oo))
        for piece, (left, right) in zip(self._pieces, limits, strict=True):
            interval = sp.Interval(left, right)
            poles = [p for p in _poles(piece, self._z) if interval.contains(p) == True]  # noqa: E712
            if poles:
                raise DomainError(
                    f"activation {given} is not finite at {', '.join(map(str, poles))}"
                )
            if not _is_defined(piece, self._z, interval):
                raise DomainError(
                    f"activation {given} is not real and finite on all of {interval}; write what "
                    "it is elsewhere by Piecewise"
                )
            point = _singular_point(piece, self._z, interval)
            if point is not None:
                raise DomainError(
                    f"activation {given} is not real and finite at {point}; write what it is "
                    "there by Piecewise, or take another function"
                )
        if not self.knots and self._expr.is_polynomial(self._z):
            self.coefficients = coefficients_of(sp.expand(self._expr), self._z)

    def expr(self, z: sp.Expr) -> sp.Expr:
        """The expression at z."""
        return self._expr.subs(self._z, z)

    @cached_property
    def growth(self) -> float:  # type: ignore[override]
        """c, where the function grows like exp(c z^2); 0 while it has parameters."""
        if self.parameters:
            return 0.0
        z = sp.Symbol("z", real=True)
        pieces = self.pieces(z)
        return max(growth(pieces[0], z, -1), growth(pieces[-1], z, 1))

    def pieces(self, z: sp.Expr) -> tuple[sp.Expr, ...]:
        """Smooth expressions between the knots."""
        return tuple(f.subs(self._z, z) for f in self._pieces)

    def _closed_form(
        self, m: int, p: int, mean: sp.Expr, variance: sp.Expr
    ) -> sp.Expr | None:
        powers = tuple(sp.expand(f**p) for f in self._pieces)
        if not all(f.is_polynomial(self._z) for f in powers):
            return None
        if not self.knots:
            coefficients = coefficients_of(powers[0], self._z)
            return sp.expand(polynomial_wick(coefficients, m, mean, variance))
        return piecewise_wick(self.knots, powers, self._z, m, mean, variance)


def _degree(expr: Any, z: sp.Symbol) -> int:
    """A bound on the degree of a polynomial, without expanding it; 0 for other functions."""
    if expr == z:
        return 1
    parts = [_degree(a, z) for a in expr.args]
    if expr.is_Add:
        return max(parts)
    if expr.is_Mul:
        return sum(parts)
    return parts[0] * int(expr.exp) if expr.is_Pow and expr.exp.is_Integer and expr.exp > 0 else 0


def _smooth_pieces(
    expr: sp.Expr, z: sp.Symbol
) -> tuple[tuple[sp.Expr, ...], tuple[sp.Expr, ...]]:
    if not expr.has(*_KINKED):
        return (), (expr,)
    advice = "write it by Piecewise with numbers as limits, or give its parameters values"
    try:
        folded: Any = sp.piecewise_fold(expr.rewrite(sp.Piecewise))
        parts = list(folded.as_expr_set_pairs(sp.S.Reals))
    except _UNSOLVED as error:
        raise DomainError(f"the kinks of activation {expr} cannot be found; {advice}") from error
    intervals = []
    for piece, domain in parts:
        for part in domain.args if isinstance(domain, sp.Union) else (domain,):
            if isinstance(part, sp.FiniteSet):
                continue
            if not isinstance(part, sp.Interval) or piece.has(*_KINKED):
                raise DomainError(f"the kinks of activation {expr} cannot be found; {advice}")
            intervals.append((part.start, part.end, piece))
    intervals.sort(key=lambda interval: interval[0])
    covered = intervals and intervals[0][0] is -sp.oo and intervals[-1][1] is sp.oo and all(
        left[1] == right[0] for left, right in pairwise(intervals)
    )
    if not covered:
        raise DomainError(f"activation {expr} is not defined on the whole real line; {advice}")
    knots: list[sp.Expr] = []
    pieces = [intervals[0][2]]
    for start, _, piece in intervals[1:]:
        if sp.simplify(piece - pieces[-1]) != 0:
            knots.append(start)
            pieces.append(piece)
    return tuple(knots), tuple(pieces)


def _poles(piece: sp.Expr, z: sp.Symbol) -> list[Any]:
    """Real zeros of denominators that do not depend on parameters, where they can be found."""
    denominator = sp.denom(sp.together(piece))
    if denominator.free_symbols != {z} or not denominator.is_polynomial(z):
        return []
    try:
        return list(sp.Poly(denominator, z).real_roots())
    except NotImplementedError:  # coefficients beyond the rationals
        return []


def _is_defined(piece: sp.Expr, z: sp.Symbol, interval: Any) -> bool:
    """False where a piece without parameters is known to be not real or not finite."""
    if piece.free_symbols != {z} or piece.is_polynomial(z):
        return True
    points = (p for p in (interval.start - 1, interval.end + 1, -3, 3) if p in interval)
    if any(piece.subs(z, p).is_extended_real is False for p in points):
        return False
    try:
        return continuous_domain(piece, z, interval) == interval
    except _UNSOLVED:
        return True


def _singular_point(piece: sp.Expr, z: sp.Symbol, interval: Any) -> Any:
    """Of a piece without parameters whose functions are not all known to be smooth."""
    kinds = {type(f) for f in piece.atoms(sp.Function)}
    if piece.free_symbols != {z} or kinds <= _SMOOTH:
        return None
    plain = sp.Symbol("z", real=True)
    inside = interval.intersect(sp.Interval.open(interval.start, interval.end))
    return singular_point(piece.subs(z, plain), plain, inside)


@explained
def recognise(expr: sp.Expr, z: sp.Symbol) -> Activation:
    """The activation of the catalogue with this expression, else a custom one.

    Examples
    --------
    >>> z = sp.Symbol("z")
    >>> recognise(sp.tanh(z), z).name, recognise(sp.tanh(2*z), z).name
    ('tanh', 'custom')
    """
    expr = exact(expr, "recognise: expr")
    check_instance(z, sp.Symbol, "recognise: z")
    exact(z, "recognise: z")
    for name in sorted(_registry):
        try:
            known = _registry[name]()
        except (TypeError, CumulantError):
            continue
        if known.expr(z) == expr:
            return known
    return Custom(expr, z)
