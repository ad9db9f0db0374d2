"""Constraint spaces that do not hold the vector of ones."""

import random
from fractions import Fraction

import sympy as sp

from ..derivation import Derivation, Step
from ..errors import VerificationError
from ..generalisation import risk
from ..laws import Discrete
from ..layers import BlockSum, Linear
from ..oracle import random_fraction
from ._checks import (
    INDEX,
    SIGMA,
    WEIGHTS,
    B,
    J,
    identities,
    pairs,
    power_sum,
    rational,
    same,
    step,
    value_at,
)
from .base import Theorem
from .linear_units import residual_step

MEAN, SHIFT, OVERLAP = sp.symbols("mu c q")


def _random_law(rng: random.Random) -> Discrete:
    points = sorted({random_fraction(rng, 9) for _ in range(3)})
    weights = [rng.randint(1, 4) for _ in points]
    return Discrete(points, [Fraction(w, sum(weights)) for w in weights])


def _risk_check(stated: Step, rng: random.Random) -> None:
    """The exact risk of a linear layer with these weights."""
    size = rng.randint(1, 4)
    law = _random_law(rng)
    weights = [rational(random_fraction(rng, 9)) for _ in range(size)]
    shift = rational(random_fraction(rng, 9))
    net = Linear(size, 1, weight=[weights], bias_values=[shift])
    point = {
        B: sp.Integer(size), MEAN: law.cumulant(1), SIGMA: sp.sqrt(law.cumulant(2)), SHIFT: shift,
    }
    (e,) = stated.statement
    same(risk(net, BlockSum(size), law), value_at(e.rhs, point, {WEIGHTS: weights}),
         f"risk at b = {size}")


def _projector(rng: random.Random, size: int) -> sp.Matrix:
    """On a random subspace that does not hold the vector of ones."""
    while True:
        count = rng.randint(1, size - 1)
        basis = sp.Matrix(size, count, lambda i, j: rng.randint(-3, 3))
        held = basis.rank() == count
        if held and basis.row_join(sp.ones(size, 1)).rank() > count:
            return basis * (basis.T * basis).inv() * basis.T


def _minimum_check(stated: Step, rng: random.Random) -> None:
    """The least distance from the subspace, by the normal equations in other coordinates."""
    size = rng.randint(2, 5)
    projector = _projector(rng, size)
    ones = sp.ones(size, 1)
    overlap = (ones.T * projector * ones)[0]
    columns = sp.Matrix.hstack(*projector.columnspace())
    goal = ones / sp.sqrt(size)
    solution = (columns.T * columns).LUsolve(columns.T * goal)
    rest = goal - columns * solution
    (e,) = stated.statement
    same(SIGMA**2 * (rest.T * rest)[0], e.rhs.subs({B: size, OVERLAP: overlap}),
         f"least risk at b = {size}")
    if not overlap < size:
        raise VerificationError(f"q = {overlap} is not below b = {size}")


def _prove() -> Derivation:
    distance = sp.Sum((WEIGHTS[INDEX] - 1 / sp.sqrt(B)) ** 2, (INDEX, 1, B))
    drift = SHIFT + MEAN * (power_sum(1) - sp.sqrt(B))
    steps = (
        step(
            "risk",
            "Mean squared error of $f = l \\cdot x + c$ against the block sum, for independent "
            "copies of mean $\\mu$ and variance $\\sigma^2$.",
            [(sp.Symbol("R"), SIGMA**2 * distance + drift**2)], _risk_check,
        ),
        step(
            "projection",
            "Let $P$ project orthogonally on the weights that the symmetry allows and $q = "
            "\\mathbf{1}^T P \\mathbf{1}$ with the vector of ones $\\mathbf{1}$. The bias removes "
            "the second term, and the point of the space nearest to $b^{-1/2} \\mathbf{1}$ is "
            "$b^{-1/2} P \\mathbf{1}$. If $\\mathbf{1}$ is not in the space, $q < b$.",
            [(sp.Symbol("R_min"), SIGMA**2 * (1 - OVERLAP / B))], _minimum_check, uses=(1,),
        ),
        residual_step(),
        step(
            "matching of the law",
            "On laws with free $\\kappa_1$ and $\\kappa_2$ a solution has $p_1 = b^{1/2}$ and "
            "$p_2 = 1$; then the left side is 0 and the real weights are all equal, which the "
            "space does not hold. So there is no solution at order 2 already.",
            [(B * power_sum(2) - power_sum(1) ** 2, pairs((WEIGHTS[INDEX] - WEIGHTS[J]) ** 2))],
            identities(), reference="hardy", uses=(3,),
        ),
    )
    return Derivation("A constraint space without the vector of ones", steps)


THEOREM = Theorem(
    name="missing_direction",
    title="A symmetry whose weights miss the vector of ones cannot represent the map",
    statement="Let a weight symmetry confine the weights of a linear unit with free bias to a "
    "space that does not hold $(1, \\dots, 1)$, let $P$ be its orthogonal projector and $q = "
    "\\mathbf{1}^T P \\mathbf{1}$. Then the risk is at least $\\sigma^2 (1 - q/b) > 0$ on every "
    "law of variance $\\sigma^2 > 0$, reached at $l = b^{-1/2} P \\mathbf{1}$ with a bias that "
    "fits the mean, and no real weights match the cumulants of orders 1 and 2 on the laws with "
    "free $\\kappa_1$ and $\\kappa_2$.",
    hypotheses=("real weights", "the $x_i$ are independent copies"),
    prove=_prove,
)
