"""Newton's identities: matching every law forces the block sum."""

import random
from math import comb
from typing import Any

import sympy as sp

from ..derivation import Derivation, Step
from ._checks import (
    INDEX,
    LARGEST,
    POWER_SUM,
    WEIGHTS,
    B,
    K,
    R,
    identities,
    image_cumulants,
    independent_copies,
    power_sum,
    same,
    step,
    value_at,
)
from .base import Theorem

ELEMENTARY: Any = sp.IndexedBase("e")
RHO: Any = sp.IndexedBase("rho")
KAPPA: Any = sp.IndexedBase("kappa")
SHIFT, T = sp.Symbol("c"), sp.Symbol("t")
ORDER = 5  # highest order of the check


def residual_step() -> Step:
    """rho_r = (p_r - b^(1 - r/2)) kappa_r + c [r = 1] for f = l.x + c."""
    orders = range(1, ORDER + 1)
    statement = [
        (RHO[1], (power_sum(1) - sp.sqrt(B)) * KAPPA[1] + SHIFT),
        (RHO[R], (power_sum(R) - B ** (1 - R / 2)) * KAPPA[R]),
    ]

    def check(stated: Step, rng: random.Random) -> None:
        first, general = stated.statement
        size = rng.randint(1, 3)
        law = independent_copies(rng, size)
        weights = [sp.Rational(rng.randint(-9, 9), rng.randint(1, 9)) for _ in range(size)]
        shift = sp.Rational(rng.randint(-9, 9), 7)
        ours = image_cumulants(
            law, lambda p: sum((w * x for w, x in zip(weights, p, strict=True)), shift), orders
        )
        summed = image_cumulants(law, sum, orders)
        single = image_cumulants(law, lambda p: p[0], orders)
        point = {B: sp.Integer(size), SHIFT: shift}
        sequences: Any = {
            WEIGHTS: weights, KAPPA: single,
            RHO: [left - total / sp.sqrt(size) ** r
                  for r, left, total in zip(orders, ours, summed, strict=True)],
        }
        for r in orders:
            e = first if r == 1 else general
            left, right = (
                value_at(side, {R: sp.Integer(r), **point}, sequences) for side in (e.lhs, e.rhs)
            )
            same(left, right, f"rho_{r} at b = {size}")

    return step(
        "residuals",
        "Cumulants add over independent units and are homogeneous, so those of $f = l \\cdot x + "
        "c$ less those of the block sum are as follows, the second for all $r \\ge 2$.",
        statement, check, reference="mccullagh",
        hypotheses=("the x_i are independent copies",),
    )


def _newton() -> Step:
    return step(
        "Newton's identities",
        "Power sums $p_r$ of the weights determine their elementary symmetric polynomials $e_k$, "
        "$k = 1, \\dots, b$.",
        [(K * ELEMENTARY[K],
          sp.Sum((-1) ** (INDEX - 1) * ELEMENTARY[K - INDEX] * POWER_SUM[INDEX], (INDEX, 1, K)))],
        _newton_check, reference="macdonald",
    )


def _newton_check(stated: Step, rng: random.Random) -> None:
    size = rng.randint(1, LARGEST)
    weights = [sp.Integer(rng.randint(-5, 5)) for _ in range(size)]
    product = sp.Poly(sp.prod([1 + w * T for w in weights]), T)
    order = rng.randint(1, size)
    sequences = {
        ELEMENTARY: lambda k: product.coeff_monomial(T**k),
        POWER_SUM: lambda r: sp.Add(*(w**r for w in weights)),
    }
    for e in stated.statement:
        point = {K: sp.Integer(order)}
        same(value_at(e.lhs, point, sequences), value_at(e.rhs, point, sequences), f"e_{order}")


def _elementary_check(stated: Step, rng: random.Random) -> None:
    """The recursion itself, run at a random b."""
    size = rng.randint(1, LARGEST + 2)
    found: list[Any] = [sp.S.One]
    for k in range(1, size + 1):
        found.append(sp.expand(sum(
            (-1) ** (i - 1) * found[k - i] * sp.Integer(size) ** (1 - sp.Rational(i, 2))
            for i in range(1, k + 1)
        ) / k))
    for e in stated.statement:
        for k in range(1, size + 1):
            point = {B: sp.Integer(size), K: sp.Integer(k)}
            same(value_at(e.lhs, point, {ELEMENTARY: lambda i: found[i]}),
                 value_at(e.rhs, point), f"e_{k} at b = {size}")


def _product_check(stated: Step, rng: random.Random) -> None:
    size = rng.randint(1, LARGEST)
    root = 1 / sp.sqrt(size)
    by_roots = sp.expand(sp.prod([T - root] * size))
    by_coefficients = sum(
        (-1) ** k * comb(size, k) * root**k * T ** (size - k) for k in range(size + 1)
    )
    for e in stated.statement:
        for side in (e.lhs, e.rhs):
            value = value_at(side, {B: sp.Integer(size)})
            same(by_roots, value, f"product at b = {size}")
            same(by_coefficients, value, f"product at b = {size}")


def _prove() -> Derivation:
    steps = (
        residual_step(),
        step(
            "free symbols",
            "The cumulants $\\kappa_1, \\kappa_2, \\dots$ of all laws are independent of one "
            "another, so every coefficient vanishes: $c = 0$, and for $r = 1, \\dots, b$ the "
            "power sums are those of the block sum.",
            [(B ** (1 - R / 2), sp.Sum((1 / sp.sqrt(B)) ** R, (INDEX, 1, B)))],
            identities(), uses=(1,),
        ),
        _newton(),
        step(
            "elementary symmetric polynomials",
            "Newton's recursion with the power sums $p_i = b^{1 - i/2}$ and $e_0 = 1$.",
            [(ELEMENTARY[K], sp.binomial(B, K) * B ** (-K / 2))],
            _elementary_check, uses=(2, 3),
        ),
        step(
            "roots",
            "The weights are the roots of $\\prod_i (t - l_i) = \\sum_k (-1)^k e_k t^{b-k}$, and "
            "that polynomial has a single root of multiplicity $b$: every $l_i = b^{-1/2}$. The "
            "converse is the sum in step 2. Nothing here asks the weights to be real.",
            [(sp.Sum((-1) ** K * sp.binomial(B, K) * B ** (-K / 2) * T ** (B - K), (K, 0, B)),
              (T - 1 / sp.sqrt(B)) ** B)],
            _product_check, uses=(4,),
        ),
    )
    return Derivation("A linear unit that matches every law", steps)


THEOREM = Theorem(
    name="linear_units",
    title="A linear unit that matches the block sum for every law is the block sum",
    statement="A unit $f = l_1 x_1 + \\dots + l_b x_b + c$ has the cumulants of the block sum "
    "$b^{-1/2} (x_1 + \\dots + x_b)$ to order $b$ for every law of the independent copies $x_i$ if "
    "and only if $c = 0$ and every $l_i = b^{-1/2}$. This holds over the complex numbers too.",
    hypotheses=("the law ranges over all laws with moments to order $b$",),
    prove=_prove,
)
