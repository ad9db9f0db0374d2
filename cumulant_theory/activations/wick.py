"""Gaussian Wick coefficients omega^(m) = d^m/dmu^m E phi(N(mu, v))^p as exact expressions."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import mpmath
import sympy as sp
from sympy.core.function import ArgumentIndexError

from ..algebra.limits import check_digits
from ..arguments import explained
from ..errors import DivergenceError, DomainError
from ..latex import latex
from ..special import NormalPartialMoment, pdf_derivative
from .growth import check_gaussian_mean

_WIDENINGS = 30

if TYPE_CHECKING:
    from .base import Activation


@dataclass(frozen=True)
class WickCoefficient:
    """Wick coefficient of a power of an activation.

    Parameters
    ----------
    activation, m, p
        The activation, the number of derivatives and the power.
    mean, variance
        Of the Gaussian.
    expr
        Closed form, or a :class:`WickIntegral` where none is known.
    exact
        Whether ``expr`` is a closed form.
    """

    activation: "Activation"
    m: int
    p: int
    mean: sp.Expr
    variance: sp.Expr
    expr: sp.Expr
    exact: bool

    @explained
    def evalf(self, digits: int = 15) -> sp.Expr:
        """Numeric value to any number of digits; mean and variance must be numbers."""
        return self.expr.evalf(check_digits(digits, "evalf"))

    def _repr_latex_(self) -> str:
        mean, variance, name = latex(self.mean), latex(self.variance), self.activation.latex
        left = wick_tex(name, self.m, self.p, mean, variance)
        right = latex(self.expr)
        if isinstance(self.expr, WickIntegral):
            phi = name if self.p == 1 else f"{name}^{{{self.p}}}"
            derivative = rf"\partial_\mu^{{{self.m}}} \, " if self.m else ""
            right = rf"{derivative}E \, {phi}(z), \quad z \sim N({mean}, {variance})"
        return rf"$\displaystyle {left} = {right}$"


def wick_tex(name: str, m: Any, p: Any, mean: str, variance: str) -> str:
    """Name of a Wick coefficient in LaTeX."""
    power = "" if str(p) == "1" else f"^{{{p}}}"
    return rf"\omega^{{({m})}}_{{{name}{power}}}\left({mean}, {variance}\right)"


class WickIntegral(sp.Function):
    """omega^(m) of phi^p as an unevaluated integral: E d^m/dz^m phi(N(mean, variance))^p.

    Parameters
    ----------
    phi
        ``sympy.Lambda``; its free symbols are those of the integral.
    m, p
        Number of derivatives and power.
    mean, variance
        Of the Gaussian.

    Notes
    -----
    The derivative by the mean raises m by one, that by the variance by two with a factor 1/2.
    ``evalf`` integrates to any precision.
    """

    nargs = 5
    args: Any

    def __new__(cls, *arguments: Any, **options: Any) -> Any:
        """An unevaluated integral."""
        return super().__new__(cls, *arguments, **options)

    @classmethod
    def eval(cls, *arguments: Any) -> None:
        """Never evaluated on its own."""

    @property
    def activation(self) -> "Activation":
        """The activation of the catalogue with this function, or a custom one."""
        from .custom import recognise

        phi = self.args[0]
        return recognise(phi.expr, phi.variables[0])

    @property
    def free_symbols(self) -> set[Any]:
        """Symbols of the function, the mean and the variance."""
        return set().union(*(a.free_symbols for a in self.args))

    def fdiff(self, argindex: int = 1) -> sp.Expr:
        """Derivative by the mean or the variance."""
        phi, m, p, mean, variance = self.args
        if argindex == 4:
            return WickIntegral(phi, m + 1, p, mean, variance)
        if argindex == 5:
            return WickIntegral(phi, m + 2, p, mean, variance) / 2
        raise ArgumentIndexError(self, argindex)

    def _eval_derivative(self, s: Any) -> sp.Expr:
        phi, m, p, mean, variance = self.args
        total = self.fdiff(4) * sp.diff(mean, s) + self.fdiff(5) * sp.diff(variance, s)
        if s in phi.free_symbols:
            z = phi.variables[0]
            inner = sp.Lambda(z, sp.diff(phi.expr**p, s))
            total += WickIntegral(inner, m, sp.S.One, mean, variance)
        return total

    def _eval_is_extended_real(self) -> bool | None:
        mean, variance = self.args[3:]
        return True if mean.is_extended_real and variance.is_nonnegative else None

    def _latex(self, printer: Any, exp: str | None = None) -> str:
        text = wick_tex(self.activation.latex, *map(printer._print, self.args[1:]))
        return text if exp is None else rf"\left({text}\right)^{{{exp}}}"

    def _eval_evalf(self, prec: int) -> Any:
        phi, m, p, mean, variance = self.args
        if not (mean.is_number and variance.is_number) or phi.free_symbols:
            return None
        # E phi^p He_m loses about m log2(m / sigma) bits and, in a tail, half the square of
        # the distance; the rule below is run with these bits to spare.
        check_gaussian_mean(self.activation, p, variance)
        scale = sp.sqrt(variance)._to_mpmath(53)
        offset = abs(mean._to_mpmath(53)) / scale
        lost = 0.75 * float(min(offset, 60)) ** 2 + abs(float(mpmath.log(scale, 2)))
        spare = int(60 + 8 * m + lost)
        knots = self.activation.knots
        with mpmath.workprec(prec + spare):
            value = _expectation(phi, int(m), int(p), mean, variance, knots, prec + spare)
        return sp.Expr._from_mpmath(value, prec)


def _expectation(
    phi: sp.Lambda, m: int, p: int, mean: sp.Expr, variance: sp.Expr, knots: Any, prec: int
) -> Any:
    """E[phi^p He_m] / sigma^m by mpmath; panels split where phi or the density changes."""
    mu, s = mean._to_mpmath(prec), sp.sqrt(variance)._to_mpmath(prec)
    f = sp.lambdify(phi.variables, phi.expr, modules="mpmath")

    def integrand(g: Any) -> Any:
        older, newer = mpmath.mpf(0), mpmath.mpf(1)
        for k in range(m):
            older, newer = newer, g * newer - k * older
        return f(mu + s * g) ** p * newer * mpmath.npdf(g)

    reach = mpmath.sqrt(2 * prec * mpmath.log(2)) + 2
    for _ in range(_WIDENINGS):  # a function that grows nearly as exp(c z^2) has its mean far out
        grid = [reach * n / 8 for n in range(-8, 9)]
        sizes = [abs(integrand(g)) for g in grid]
        if max(sizes[0], sizes[-1]) <= mpmath.ldexp(max(sizes), -prec):
            break
        reach *= 1.5
    else:
        raise DivergenceError(
            f"the mean of {phi.expr} over a normal law of variance {variance} is not found to be "
            "finite; take a function that grows slower"
        )
    ends = {(c._to_mpmath(prec) - mu) / s for c in knots}
    ends |= {-mu / s + mpmath.mpf(n) / s for n in (-16, -8, -4, -2, -1, 0, 1, 2, 4, 8, 16)}
    inside = sorted(e for e in {*ends, *grid} if abs(e) <= reach)
    return mpmath.quad(integrand, inside, method="gauss-legendre") / s**m


def gaussian_power(n: int, mean: sp.Expr, variance: sp.Expr) -> sp.Expr:
    """E z^n for z normal.

    Examples
    --------
    >>> gaussian_power(3, *sp.symbols("mu v"))
    mu**3 + 3*mu*v
    """
    return sp.Add(*(
        sp.factorial(n) / (sp.factorial(j) * sp.factorial(n - 2 * j) * 2**j)
        * mean ** (n - 2 * j) * variance**j
        for j in range(n // 2 + 1)
    ))


def polynomial_wick(
    coefficients: tuple[sp.Expr, ...], m: int, mean: sp.Expr, variance: sp.Expr
) -> sp.Expr:
    """E of the m-th derivative of a polynomial with coefficients a_0, a_1, ..."""
    return sp.Add(*(
        a * sp.ff(k, m) * gaussian_power(k - m, mean, variance)
        for k, a in enumerate(coefficients) if k >= m
    ))


def coefficients_of(expr: sp.Expr, z: sp.Symbol) -> tuple[sp.Expr, ...]:
    """a_0, a_1, ... of a polynomial in z."""
    return tuple(reversed(sp.Poly(expr, z).all_coeffs()))


def piecewise_wick(
    knots: tuple[sp.Expr, ...], pieces: tuple[sp.Expr, ...], z: sp.Symbol, m: int,
    mean: sp.Expr, variance: sp.Expr,
) -> sp.Expr:
    """Closed form for a piecewise polynomial.

    A jump sum_k d_k (z - c)^k at the knot c adds sum_k d_k sigma^k M_k((mu - c) / sigma), and the
    m-th derivative of that is known for every m. One knot is written from both sides.
    """
    sigma = sp.sqrt(variance)

    def moment(k: int, c: sp.Expr, side: int) -> sp.Expr:
        partial = NormalPartialMoment(k - m, side * (mean - c) / sigma)
        return sp.ff(k, m) * sigma ** (k - m) * partial

    t = sp.Dummy("t")
    total = polynomial_wick(coefficients_of(pieces[0], z), m, mean, variance)
    both_sides = len(knots) == 1 and pieces[0] != 0
    if both_sides and sp.expand(pieces[1] - pieces[0]) != 0:
        left = coefficients_of(sp.expand(pieces[0].subs(z, t + knots[0])), t)
        total = sp.Add(*(
            (-1) ** (k + m) * d * moment(k, knots[0], -1) for k, d in enumerate(left) if k >= m
        ))
    for c, before, after in zip(knots, pieces, pieces[1:], strict=False):
        jump = coefficients_of(sp.expand((after - before).subs(z, t + c)), t)
        if not any(jump):
            continue
        right = coefficients_of(sp.expand(after.subs(z, t + c)), t) if both_sides else jump
        total += sp.Add(*(d * moment(k, c, 1) for k, d in enumerate(right) if k >= m))
        total += sp.Add(*(
            d * sp.factorial(k) * sigma ** (k - m)
            * pdf_derivative(m - 1 - k, (mean - c) / sigma)
            for k, d in enumerate(jump) if k < m
        ))
    return total


def derivative_at(
    knots: tuple[sp.Expr, ...], pieces: tuple[sp.Expr, ...], z: sp.Symbol, m: int, mean: sp.Expr,
    what: str,
) -> sp.Expr:
    """m-th derivative of a piecewise smooth function at a point.

    Raises
    ------
    DomainError
        If the point is a knot without that derivative, or may be one.
    """
    below = 0
    for i, c in enumerate(knots):
        gap = sp.expand(mean - c)
        if gap.is_zero:
            both = [
                [sp.simplify(sp.diff(f, z, k).subs(z, c)) for k in range(m + 1)]
                for f in pieces[i : i + 2]
            ]
            if both[0] != both[1]:
                raise DomainError(
                    f"{what} at variance 0: there is no derivative of order {m} at {c}; "
                    "give a positive variance or another mean"
                )
            return both[0][m]
        if gap.is_positive:
            below += 1
        elif not gap.is_negative:
            raise DomainError(
                f"{what} at variance 0: the mean {mean} may be the point {c}, where the function "
                "is not smooth; give the symbol a sign, a number, or a positive variance"
            )
    return sp.diff(pieces[below], z, m).subs(z, mean)
