"""Joint cumulants of functions of two Gaussian units: Mehler's series summed."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import mpmath
import sympy as sp

from ..activations import Activation
from ..activations.custom import recognise
from ..algebra import exact
from ..arguments import explained
from ..latex.html import Record
from ..special import NormalCDF


@dataclass(frozen=True)
class PairCumulant(Record):
    """Joint cumulant of phi(z_i)^p and psi(z_j)^q.

    Attributes
    ----------
    expr
        Closed form, or a :class:`PairIntegral` where none is known.
    exact
        Whether ``expr`` is a closed form.
    """

    expr: sp.Expr
    exact: bool


class PairIntegral(sp.Function):
    """Cov(phi(z_i)^p, psi(z_j)^q) of jointly Gaussian z_i, z_j as an unevaluated integral.

    Arguments: ``Lambda`` phi, ``Lambda`` psi, the powers, means, variances, the covariance. With
    phi averaged over z_i given z_j it is a one-dimensional integral over z_j wherever one of the
    two functions has Wick coefficients in closed form; :attr:`dimension` says so. ``evalf``
    integrates.
    """

    nargs = 9

    @classmethod
    def eval(cls, *arguments: Any) -> sp.Expr | None:
        """Zero at covariance zero."""
        return sp.S.Zero if arguments[8].is_zero else None

    @property
    def activations(self) -> tuple[Activation, Activation]:
        """phi and psi, of the catalogue or custom."""
        functions: Any = self.args[:2]
        first, second = (recognise(f.expr, f.variables[0]) for f in functions)
        return first, second

    @property
    def free_symbols(self) -> set[Any]:
        """Symbols of the functions and of the moments."""
        return set().union(*(a.free_symbols for a in self.args))

    @property
    def dimension(self) -> int:
        """1 where one function can be averaged in closed form, else 2."""
        powers: Any = self.args[2:4]
        return 1 if any(
            a.wick(0, int(p)).exact for a, p in zip(self.activations, powers, strict=True)
        ) else 2

    def _latex(self, printer: Any, exp: str | None = None) -> str:
        p, q, *rest = self.args[2:]
        left, right = (
            a.latex + (f"^{{{n}}}" if n != 1 else "")
            for a, n in zip(self.activations, (p, q), strict=True)
        )
        arguments = ", ".join(printer._print(a) for a in rest)
        power = "" if exp is None else f"^{{{exp}}}"
        return rf"\mathrm{{Cov}}_{{{left},{right}}}{power}\left({arguments}\right)"

    def _eval_evalf(self, prec: int) -> Any:
        arguments: Any = self.args
        f, g, p, q, *moments = arguments
        if not all(a.is_number for a in moments) or f.free_symbols or g.free_symbols:
            return None
        first, second = self.activations
        bits = prec + 30
        with mpmath.workprec(bits):
            numbers = [a._to_mpmath(bits) for a in moments]
            swapped = [numbers[k] for k in (1, 0, 3, 2, 4)]
            if first.wick(0, int(p)).exact:
                value = _one_dimensional(first, second, int(p), int(q), numbers)
            elif second.wick(0, int(q)).exact:
                value = _one_dimensional(second, first, int(q), int(p), swapped)
            else:
                value = _two_dimensional(first, second, int(p), int(q), numbers, prec)
        return None if value is None else sp.Expr._from_mpmath(value, prec)


_NORMAL = {"NormalCDF": mpmath.ncdf, "NormalPDF": mpmath.npdf}


def _one_dimensional(
    phi: Activation, psi: Activation, p: int, q: int, numbers: Sequence[Any]
) -> Any:
    """E[(E[phi^p | z_j] - E phi^p) psi^q] over z_j, the inner mean in closed form."""
    m1, m2, v1, v2, c = numbers
    mu, s = sp.Symbol("mu", real=True), sp.Symbol("s", positive=True)
    closed = phi.wick(0, p, mean=mu, variance=s**2).expr.rewrite(NormalCDF)
    inner = sp.lambdify((mu, s), closed, modules=[_NORMAL, "mpmath"])
    z = sp.Symbol("z", real=True)
    outer = sp.lambdify(z, psi.expr(z) ** q, modules="mpmath")
    prec = mpmath.mp.prec
    left, width = _rest(v1, v2, c), mpmath.sqrt(v2)
    overall = inner(m1, mpmath.sqrt(v1))
    sharp = sp.lambdify(z, phi.expr(z) ** p, modules="mpmath")

    def integrand(x: Any) -> Any:
        mean = m1 + c * x / width
        average = inner(mean, left) if left else sharp(mean)
        return (average - overall) * outer(m2 + width * x) * mpmath.npdf(x)

    reach = mpmath.sqrt(2 * prec * mpmath.log(2)) + 1
    knots = [(sp.sympify(k)._to_mpmath(prec) - m2) / width for k in psi.knots]
    if not left:
        knots += [(sp.sympify(k)._to_mpmath(prec) - m1) * width / c for k in phi.knots]
    ends = {reach * k / 6 for k in range(-6, 7)} | {x for x in knots if abs(x) < reach}
    return mpmath.quad(integrand, sorted(ends), method="gauss-legendre")


def _rest(v1: Any, v2: Any, c: Any) -> Any:
    """Standard deviation that is left given the other unit; zero where only rounding is."""
    rest = v1 - c * c / v2
    return mpmath.sqrt(rest) if rest > mpmath.ldexp(v1, 8 - mpmath.mp.prec) else mpmath.mpf(0)


def _two_dimensional(
    phi: Activation, psi: Activation, p: int, q: int, numbers: Sequence[Any], prec: int
) -> Any:
    """The trapezoidal rule for smooth functions, halved until it settles; None if it does not."""
    m1, m2, v1, v2, c = numbers
    z = sp.Symbol("z", real=True)
    f, g = (
        sp.lambdify(z, a.expr(z) ** n, modules="mpmath") for a, n in ((phi, p), (psi, q))
    )
    s1, s2 = mpmath.sqrt(v1), mpmath.sqrt(v2)
    slope, left = c / s2, _rest(v1, v2, c)
    reach = mpmath.sqrt(2 * prec * mpmath.log(2))

    def rule(step: Any) -> Any:
        count = int(reach / step) + 1
        nodes = [step * k for k in range(-count, count + 1)]
        weights = [step * mpmath.npdf(x) for x in nodes]
        overall = mpmath.fsum(w * f(m1 + s1 * x) for w, x in zip(weights, nodes, strict=True))
        return mpmath.fsum(
            w * g(m2 + s2 * x) * (mpmath.fsum(
                u * f(m1 + slope * x + left * y) for u, y in zip(weights, nodes, strict=True)
            ) - overall)
            for w, x in zip(weights, nodes, strict=True)
        )

    step = mpmath.mpf(1) / 2
    before = rule(step)
    for _ in range(3):
        step /= 2
        after = rule(step)
        if abs(after - before) <= mpmath.ldexp(1 + abs(after), -prec // 2):
            return after  # the error of the rule squares with every halving
        before = after
    return None


@explained
def pair_cumulant(
    activations: tuple[Activation, Activation],
    powers: Sequence[int],
    means: Sequence[sp.Expr],
    variances: Sequence[sp.Expr],
    covariance: sp.Expr,
) -> PairCumulant:
    """sum_{k>=1} c^k/k! omega_i^(k) omega_j^(k) for a Gaussian pair, in closed form if known.

    Closed forms: sums of exponentials (exp, sin, cos and their powers) at any means; relu, step,
    sign, erf at means zero, where the kernels are those of arc sine and arc cosine.

    Parameters
    ----------
    activations, powers
        (phi, psi) and (p, q).
    means, variances, covariance
        Of the two Gaussian units.

    References
    ----------
    Price, IRE Trans. Inf. Theory 4, 69 (1958); Williams, Neural Comput. 10, 1203 (1998);
    Cho & Saul, NIPS 22 (2009).

    Examples
    --------
    >>> from cumulant_theory.activations import Square
    >>> r = sp.Symbol("r")
    >>> pair_cumulant((Square(), Square()), (1, 1), (0, 0), (1, 1), r).expr
    2*r**2
    """
    m, v = [exact(x, "mean") for x in means], [exact(x, "variance") for x in variances]
    c = exact(covariance, "covariance")
    z = sp.Dummy("z", real=True)
    functions = [sp.sympify(a.expr(z)) ** p for a, p in zip(activations, powers, strict=True)]
    if any(a.coefficients is not None for a in activations):
        return PairCumulant(_mehler(activations, powers, m, v, c), True)
    closed = _exponentials(functions, z, m, v, c)
    if closed is None and tuple(powers) == (1, 1) and all(x == 0 for x in m):
        names = tuple(sorted(str(a.name) for a in activations))
        closed = _centred(names, v, c)
    if closed is not None:
        return PairCumulant(closed, True)
    x = sp.Symbol("z", real=True)
    images: list[Any] = [a.expr(x) for a in activations]
    f, g = (sp.Lambda(x, image) for image in images)
    integral: Any = PairIntegral(f, g, *powers, *m, *v, c)
    return PairCumulant(integral, False)


def _mehler(
    activations: Sequence[Activation], powers: Sequence[int], m: Sequence[Any],
    v: Sequence[Any], c: Any,
) -> sp.Expr:
    """The finite series where one function is a polynomial."""
    top = min(
        (len(a.coefficients) - 1) * p for a, p in zip(activations, powers, strict=True)
        if a.coefficients is not None
    )
    total: Any = sp.S.Zero
    for k in range(1, top + 1):
        omegas = [
            a.wick(k, p, mean=mu, variance=s).expr
            for a, p, mu, s in zip(activations, powers, m, v, strict=True)
        ]
        total += c**k / sp.factorial(k) * sp.Mul(*omegas)
    return sp.expand(total)


def _exponents(f: sp.Expr, z: sp.Symbol) -> list[tuple[sp.Expr, sp.Expr]] | None:
    """(coefficient, lambda) with f = sum coefficient exp(lambda z), if it is such a sum."""
    found = []
    for term in sp.Add.make_args(sp.expand(f.rewrite(sp.exp))):
        coefficient, rest = term.as_independent(z)
        exponents: list[Any] = [
            e.exp if isinstance(e, sp.exp) else None for e in sp.Mul.make_args(rest)
        ]
        if rest == 1:
            found.append((coefficient, sp.S.Zero))
            continue
        if None in exponents:
            return None
        rate = sp.expand(sp.Add(*exponents) / z)
        if rate.has(z):
            return None
        found.append((coefficient, rate))
    return found


def _exponentials(
    functions: Sequence[sp.Expr], z: sp.Symbol, m: Sequence[Any], v: Sequence[Any], c: Any
) -> sp.Expr | None:
    """sum of a b E[e^(l z_i + n z_j) - ...] as real parts; means and variances are real."""
    first, second = (_exponents(f, z) for f in functions)
    if first is None or second is None:
        return None
    total: Any = sp.S.Zero
    for a, lam in first:
        for b, nu in second:
            if lam == 0 or nu == 0:
                continue
            common = lam * m[0] + nu * m[1] + lam**2 * v[0] / 2 + nu**2 * v[1] / 2
            for sign, exponent in ((1, common + lam * nu * c), (-1, common)):
                real, imaginary = _parts(exponent)
                re, im = sp.expand(a * b).as_real_imag()
                total += sign * sp.exp(real) * (re * sp.cos(imaginary) - im * sp.sin(imaginary))
    return sp.expand(total)


def _parts(exponent: sp.Expr) -> tuple[sp.Expr, sp.Expr]:
    """Real and imaginary part of an expression in real quantities."""
    expanded = sp.expand(exponent)
    imaginary = expanded.coeff(sp.I)
    return sp.expand(expanded - sp.I * imaginary), imaginary


def _centred(names: tuple[str, ...], v: Sequence[Any], c: Any) -> sp.Expr | None:
    """Arc-sine and arc-cosine kernels, less the product of the means."""
    scale = sp.sqrt(v[0]) * sp.sqrt(v[1])
    angle = sp.asin(c / scale)
    if names == ("step", "step"):
        return angle / (2 * sp.pi)
    if names == ("sign", "sign"):
        return 2 * angle / sp.pi
    if names == ("sign", "step"):
        return angle / sp.pi
    if names == ("erf", "erf"):
        return 2 / sp.pi * sp.asin(2 * c / (sp.sqrt(1 + 2 * v[0]) * sp.sqrt(1 + 2 * v[1])))
    if names == ("relu", "relu"):
        root = sp.sqrt(v[0] * v[1] - c**2)
        return (root + c * (sp.pi / 2 + angle) - scale) / (2 * sp.pi)
    return None
