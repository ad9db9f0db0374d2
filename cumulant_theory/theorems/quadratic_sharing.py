"""A quadratic activation under shared weights, order by order."""

import random

import sympy as sp

from ..derivation import Derivation, Step
from ..errors import VerificationError
from ..generalisation import residuals
from ..laws import Normal
from ..layers import BlockSum, Linear
from ..oracle import random_fraction
from ._checks import SIGMA, B, rational, same, step
from .base import Theorem
from .gaussian_sphere import gaussian_moment

SHIFT, LINEAR, QUADRATIC = sp.symbols("c lambda mu")


def cumulants_of_sum() -> list[sp.Expr]:
    """kappa_1..kappa_3 of c + lambda s + mu s^2, s normal of variance b sigma^2."""
    v = B * SIGMA**2
    return [
        SHIFT + QUADRATIC * v,
        LINEAR**2 * v + 2 * QUADRATIC**2 * v**2,
        6 * LINEAR**2 * QUADRATIC * v**2 + 8 * QUADRATIC**3 * v**3,
    ]


def _cumulant_check(stated: Step, rng: random.Random) -> None:
    """Moments of the polynomial in one standard normal variable."""
    g = sp.Symbol("g")
    size = rng.randint(1, 6)
    scale, shift, linear, quadratic = (rational(random_fraction(rng, 9)) for _ in range(4))
    s = sp.sqrt(size) * scale * g
    f = sp.Poly(sp.expand(shift + linear * s + quadratic * s**2), g)
    mean, second, third = (gaussian_moment(f**r) for r in (1, 2, 3))
    values = (mean, second - mean**2, third - 3 * mean * second + 2 * mean**3)
    point = {B: size, SIGMA: scale, SHIFT: shift, LINEAR: linear, QUADRATIC: quadratic}
    for e, value in zip(stated.statement, values, strict=True):
        same(value, e.rhs.subs(point), f"{e.lhs} at b = {size}")


def _linear_check(stated: Step, rng: random.Random) -> None:
    """A linear unit with shared weights, by its own residual."""
    size = rng.randint(1, 6)
    unit = Linear(size, 1, weight=[[LINEAR] * size])
    found = residuals(unit, BlockSum(size), Normal(0, SIGMA), order=2)
    (e,) = stated.statement
    same(found[2], e.rhs.subs(B, size), f"rho_2 at b = {size}")


def _branch_check(stated: Step, rng: random.Random) -> None:
    """Residuals of order 1 and 2 at variance 1 vanish, order 3 is as stated."""
    size = rng.randint(1, 6)
    values = {e.lhs: e.rhs for e in stated.statement}

    def on_branch(kappa: sp.Expr) -> sp.Expr:
        here = sp.expand(kappa.subs(SIGMA, 1)).subs(LINEAR**2, values[LINEAR**2])
        return here.subs(SHIFT, values[SHIFT]).subs(B, size)

    goals = (sp.S.Zero, sp.S.One, values[sp.Symbol("rho_3")].subs(B, size))
    for r, (kappa, goal) in enumerate(zip(cumulants_of_sum(), goals, strict=True), 1):
        same(on_branch(kappa), goal, f"kappa_{r} at b = {size}")


def _no_real_check(stated: Step, rng: random.Random) -> None:
    size = rng.randint(1, 6)
    values = {e.lhs: e.rhs.subs(B, size) for e in stated.statement}
    square = values[QUADRATIC**2]
    third = 2 * size * QUADRATIC * (3 - 2 * size**2 * QUADRATIC**2)
    same(third.subs(QUADRATIC, sp.sqrt(square)), sp.S.Zero, "rho_3 on the second branch")
    same((1 - 2 * size**2 * square) / size, values[LINEAR**2], "lambda^2")
    if not values[LINEAR**2] < 0:
        raise VerificationError(f"lambda^2 = {values[LINEAR**2]} is not negative")


def _prove() -> Derivation:
    kappas = cumulants_of_sum()
    names = [sp.Symbol(f"kappa_{r}") for r in (1, 2, 3)]
    square = (1 - 2 * B**2 * QUADRATIC**2) / B
    third = 2 * B * QUADRATIC * (3 - 2 * B**2 * QUADRATIC**2)
    steps = (
        step(
            "effective coefficients",
            "Hidden units, each with one weight for all inputs, see the sum $s = x_1 + \\dots + "
            "x_b$ alone, so however many there are, $f = c + \\lambda s + \\mu s^2$. Its "
            "cumulants for centred normal inputs of variance $\\sigma^2$ are as follows.",
            list(zip(names, kappas, strict=True)), _cumulant_check, reference="leonov-shiryaev",
        ),
        step(
            "every variance",
            "If orders 1 and 2 match for every $\\sigma$, then $\\mu = 0$ by the coefficient of "
            "$\\sigma^2$ in $\\kappa_1$, and $c = 0$; there remains the residual of order 2, "
            "which leaves $\\lambda = \\pm b^{-1/2}$.",
            [(sp.Symbol("rho_2"), SIGMA**2 * (B * LINEAR**2 - 1))], _linear_check, uses=(1,),
        ),
        step(
            "a single variance, orders 1 and 2",
            "Take the variance as the unit, $\\sigma = 1$. A branch of dimension 1 with $\\mu "
            "\\ne 0$ fits both orders; it is real for $\\mu^2 \\le 1/(2 b^2)$. The residual of "
            "order 3 on it comes last.",
            [(SHIFT, -B * QUADRATIC), (LINEAR**2, square), (sp.Symbol("rho_3"), third)],
            _branch_check, uses=(1,),
        ),
        step(
            "order 3",
            "It vanishes for $\\mu = 0$, where $c = 0$ and $\\lambda = \\pm b^{-1/2}$, and at the "
            "following values, of which no $\\lambda$ is real.",
            [(QUADRATIC**2, sp.Rational(3, 2) / B**2), (LINEAR**2, -2 / B)],
            _no_real_check, uses=(3,),
        ),
    )
    return Derivation("A quadratic activation under sharing", steps)


THEOREM = Theorem(
    name="quadratic_sharing",
    title="A quadratic activation under shared weights",
    statement="Let all hidden units of a network with one quadratic hidden layer share their "
    "weights over the inputs, $f = c + \\lambda s + \\mu s^2$ with $s = x_1 + \\dots + x_b$. "
    "Matched on centred Gaussians of every variance to order 2, it is the block sum or its mirror "
    "image. Matched at one variance to order 2, a curve of wrong non-linear networks fits as "
    "well; order 3 removes it from the real numbers (over the complex ones $b \\lambda^2 = -2$ "
    "remains) and leaves the same two points.",
    hypotheses=("real weights", "the $x_i$ are independent copies"),
    prove=_prove,
)
