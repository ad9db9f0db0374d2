"""Centred Gaussians see the length of the weights and nothing else."""

import random
from itertools import product
from typing import Any

import sympy as sp

from ..derivation import Derivation, Step
from ..oracle import random_fraction
from ._checks import INDEX, SIGMA, B, J, rational, same, step
from .base import Theorem

SHIFT = sp.Symbol("c")
LINEAR: Any = sp.IndexedBase("l")
QUADRATIC: Any = sp.IndexedBase("Q")


def _double(term: Any) -> Any:
    return sp.Sum(term, (J, 1, B), (INDEX, 1, B))


def _random_map(rng: random.Random) -> tuple[int, Any, list[Any], Any]:
    size = rng.randint(1, 3)
    linear = [rational(random_fraction(rng, 9)) for _ in range(size)]
    entries = {(i, j): rational(random_fraction(rng, 9)) for i in range(size) for j in range(i + 1)}
    quadratic = sp.Matrix(size, size, lambda i, j: entries[max(i, j), min(i, j)])
    return size, rational(random_fraction(rng, 9)), linear, quadratic


def _evaluated(
    expression: Any, size: int, linear: list[Any], quadratic: Any
) -> Any:
    def entry(atom: Any) -> Any:
        places = [int(i) - 1 for i in atom.indices]
        return linear[places[0]] if atom.base == LINEAR else quadratic[places[0], places[1]]

    sums = expression.subs(B, size).doit()
    return sums.replace(lambda e: isinstance(e, sp.Indexed), entry)


def gaussian_moment(polynomial: sp.Poly) -> sp.Expr:
    """E of a polynomial of independent standard normal variables."""
    return sp.Add(*(
        c * sp.Mul(*(0 if k % 2 else sp.factorial2(k - 1) for k in powers))
        for powers, c in polynomial.terms()
    ))


def _cumulant_check(stated: Step, rng: random.Random) -> None:
    """Moments of the polynomial, monomial by monomial."""
    size, shift, linear, quadratic = _random_map(rng)
    scale = rational(random_fraction(rng, 9) ** 2)
    x = sp.symbols(f"x1:{size + 1}")
    f = shift + scale * sum(a * s for a, s in zip(linear, x, strict=True))
    f += scale**2 * sum(quadratic[i, j] * x[i] * x[j] for i, j in product(range(size), repeat=2))
    polynomial = sp.Poly(f, *x)
    mean = gaussian_moment(polynomial)
    values = (mean, gaussian_moment(polynomial**2) - mean**2)
    for e, value in zip(stated.statement, values, strict=True):
        here = _evaluated(e.rhs, size, linear, quadratic).subs({SIGMA: scale, SHIFT: shift})
        same(value, here, f"{e.lhs} at b = {size}")


def _squares_check(stated: Step, rng: random.Random) -> None:
    size, _, linear, quadratic = _random_map(rng)
    for e in stated.statement:
        same((quadratic * quadratic).trace(), _evaluated(e.lhs, size, linear, quadratic), "tr Q^2")
        same((quadratic * quadratic).trace(), _evaluated(e.rhs, size, linear, quadratic), "tr Q^2")


def _coefficients_check(stated: Step, rng: random.Random) -> None:
    """The stated coefficients rebuild the first two residuals for every sigma."""
    size, shift, linear, quadratic = _random_map(rng)
    values = [
        _evaluated(e.rhs, size, linear, quadratic).subs(SHIFT, shift) for e in stated.statement
    ]
    mean = shift + SIGMA**2 * quadratic.trace()
    variance = SIGMA**2 * sum(a * a for a in linear) + 2 * SIGMA**4 * (quadratic**2).trace()
    same(mean, values[0] + values[1] * SIGMA**2, "rho_1")
    same(variance - SIGMA**2, values[2] * SIGMA**2 + values[3] * SIGMA**4, "rho_2")


def _prove() -> Derivation:
    trace = sp.Sum(QUADRATIC[INDEX, INDEX], (INDEX, 1, B))
    trace_square = _double(QUADRATIC[INDEX, J] * QUADRATIC[J, INDEX])
    length: Any = sp.Sum(LINEAR[INDEX] ** 2, (INDEX, 1, B))
    rho = [[sp.Symbol(f"rho_{r}{k}") for k in range(2)] for r in (1, 2)]
    steps = (
        step(
            "cumulants of a quadratic form",
            "Mean and variance of $f = c + l \\cdot x + x^T Q x$, $Q$ symmetric, for independent "
            "normal $x_i$ of variance $\\sigma^2$.",
            [(sp.Symbol("kappa_1"), SHIFT + SIGMA**2 * trace),
             (sp.Symbol("kappa_2"), SIGMA**2 * length + 2 * SIGMA**4 * trace_square)],
            _cumulant_check, reference="mccullagh",
        ),
        step(
            "every variance",
            "The residuals $\\kappa_1 = \\rho_{10} + \\rho_{11} \\sigma^2$ and $\\kappa_2 - "
            "\\sigma^2 = \\rho_{20} \\sigma^2 + \\rho_{21} \\sigma^4$ vanish for every variance "
            "only if their coefficients do.",
            [(rho[0][0], SHIFT), (rho[0][1], trace), (rho[1][0], length - 1),
             (rho[1][1], 2 * trace_square)],
            _coefficients_check, uses=(1,),
        ),
        step(
            "a sum of squares",
            "$Q$ is symmetric and real, so $\\rho_{21} = 0$ gives $Q = 0$; there remain $c = 0$ "
            "and the sphere $|l| = 1$, of dimension $b - 1$. On it $f$ is normal with the right "
            "variance, so no higher order adds a condition.",
            [(trace_square, _double(QUADRATIC[INDEX, J] ** 2))],
            _squares_check, uses=(2,),
        ),
    )
    return Derivation("Quadratic maps matched on centred Gaussians", steps)


THEOREM = Theorem(
    name="gaussian_sphere",
    title="Centred Gaussians leave a sphere of solutions",
    statement="A real map $f = c + l \\cdot x + x^T Q x$ of $b$ units, $Q$ symmetric, has the law "
    "of the block sum for centred Gaussians of every variance if and only if $c = 0$, $Q = 0$ and "
    "$|l| = 1$; orders 1 and 2 are enough to see it. Of this sphere of dimension $b - 1$ a single "
    "point is the block sum.",
    hypotheses=("real coefficients", "the $x_i$ are independent copies"),
    prove=_prove,
)
