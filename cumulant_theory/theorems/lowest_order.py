"""The lowest order at which matching a law forces the block sum."""

import random

import sympy as sp

from ..derivation import Derivation, Step
from ._checks import (
    INDEX,
    WEIGHTS,
    B,
    J,
    identities,
    pairs,
    power_sum,
    same,
    step,
    value_at,
)
from .base import Theorem
from .linear_units import residual_step

SIGNS = sp.Symbol("m", integer=True, nonnegative=True)


def equal_weights() -> Step:
    """b p_2 - p_1^2 as a sum of squares."""
    return step(
        "Lagrange's identity",
        "Order 1 alone leaves the hyperplane $p_1 = b^{1/2}$. With $p_1 = b^{1/2}$ and $p_2 = 1$ "
        "the left side is 0, so real weights are all equal, and $p_1 > 0$ leaves $l_i = b^{-1/2}$ "
        "alone.",
        [(B * power_sum(2) - power_sum(1) ** 2, pairs((WEIGHTS[INDEX] - WEIGHTS[J]) ** 2))],
        identities(), reference="hardy", uses=(1,),
    )


def _signs_check(stated: Step, rng: random.Random) -> None:
    size = rng.randint(1, 6)
    negative = rng.randint(0, size)
    weights = [(-1 if k < negative else 1) / sp.sqrt(size) for k in range(size)]
    for e in stated.statement:
        point = {B: sp.Integer(size), SIGNS: sp.Integer(negative)}
        same(value_at(e.lhs, point, {WEIGHTS: weights}), value_at(e.rhs, point), f"{e.lhs}")


def _wrong_check(stated: Step, rng: random.Random) -> None:
    first, second = (e.rhs for e in stated.statement[:2])
    at = {B: sp.Integer(2)}
    values = {r: first**r + second**r for r in (2, 3)}
    for (r, value), e in zip(values.items(), stated.statement[2:], strict=True):
        same(value_at(e.lhs, at, {WEIGHTS: [first, second]}), value, f"p_{r}")
        same(value, e.rhs, f"p_{r}")
        same(value, sp.Integer(2) ** (1 - sp.Rational(r, 2)), f"p_{r} of the block sum")
    if sp.simplify(first - second) == 0:
        same(first, second + 1, "two different weights")


def _prove() -> Derivation:
    half = (sp.sqrt(6) - sp.sqrt(2)) / 4
    root = sp.root(3, 4) / 2
    steps = (
        residual_step(),
        equal_weights(),
        step(
            "squares of the weights",
            "For a centred law order 1 says $c = 0$ alone. With $p_2 = 1$ and $p_4 = 1/b$ the left "
            "side is 0, so all $l_i^2 = 1/b$.",
            [(B * power_sum(4) - power_sum(2) ** 2,
              pairs((WEIGHTS[INDEX] ** 2 - WEIGHTS[J] ** 2) ** 2))],
            identities(), reference="hardy", uses=(1,),
        ),
        step(
            "signs",
            "With $m$ negative weights of size $b^{-1/2}$ the third power sum is as follows; it is "
            "that of the block sum, $b^{-1/2}$, only for $m = 0$. Where $\\kappa_3 = 0$ too, all "
            "$2^b$ choices of sign fit to order 4, and for a symmetric law to every order.",
            [(power_sum(3), (B - 2 * SIGNS) * B ** sp.Rational(-3, 2))],
            _signs_check, uses=(3,),
        ),
        step(
            "order 3 is not enough",
            "On the sphere $p_2 = 1$ the continuous function $p_3$ goes from $1$ to $-1$ along "
            "every path from $(1, 0, \\dots, 0)$ to $(-1, 0, \\dots, 0)$. Some path avoids the "
            "equal weights, so $p_3$ takes the value $b^{-1/2}$ elsewhere too. For $b = 2$ it "
            "does so at these weights.",
            [(WEIGHTS[1], half + root), (WEIGHTS[2], half - root),
             (power_sum(2), sp.S.One), (power_sum(3), 1 / sp.sqrt(2))],
            _wrong_check, uses=(1,),
        ),
    )
    return Derivation("The lowest order that forces the block sum", steps)


THEOREM = Theorem(
    name="lowest_order",
    title="The lowest order that forces the block sum",
    statement="Let a linear unit $f = l \\cdot x + c$ with real weights, $b \\ge 2$, match the "
    "cumulants of the block sum to order $N$. On the laws with free $\\kappa_1$ and $\\kappa_2$ "
    "the lowest $N$ that forces $f$ to be the block sum is 2. On a centred law with $\\kappa_2, "
    "\\kappa_3, \\kappa_4 \\ne 0$ it is 4, and $N = 3$ leaves other solutions. On a symmetric law "
    "no order does.",
    hypotheses=("real weights", "the $x_i$ are independent copies"),
    prove=_prove,
)
