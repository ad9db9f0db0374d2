"""Permutation-invariant weights: two mirror points of the sphere."""

import random
from typing import Any

import sympy as sp

from ..derivation import Derivation, Step
from ..generalisation import residuals
from ..laws import Generic, Normal
from ..layers import BlockSum, Linear
from ..symmetries import PermutationInvariant
from ._checks import B, same, step
from .base import Theorem

WEIGHT = sp.Symbol("w")
KAPPA = [sp.Symbol(f"kappa_{r}") for r in range(5)]
MIRROR = [-2 * B ** (1 - sp.Rational(r, 2)) * KAPPA[r] if r % 2 else sp.S.Zero for r in range(5)]


def _unit(size: int) -> Linear:
    return Linear(size, 1, symmetry=PermutationInvariant(), name="w")


def _residual_check(stated: Step, rng: random.Random) -> None:
    size = rng.randint(1, 5)
    (parameter,) = _unit(size).parameters
    found = residuals(_unit(size), BlockSum(size), Normal(0, "sigma"), order=2)
    (e,) = stated.statement
    same(found[2].subs(parameter, WEIGHT), e.rhs.subs({B: size}), f"rho_2 at b = {size}")


def _points_check(stated: Step, rng: random.Random) -> None:
    """Residuals of the two networks themselves on a law with free cumulants."""
    size = rng.randint(1, 5)
    for sign, equations in ((1, stated.statement[:4]), (-1, stated.statement[4:])):
        net = _unit(size)
        found = residuals(net, BlockSum(size), Generic("kappa"), order=4)
        value: Any = {net.parameters[0]: sign / sp.sqrt(size)}
        for r, e in enumerate(equations, 1):
            same(found[r].subs(value), e.rhs.subs(B, size), f"rho_{r} at b = {size}")


def _prove() -> Derivation:
    sigma = sp.Symbol("sigma")
    steps = (
        step(
            "one weight",
            "The linear forms that all permutations of the inputs keep are the multiples "
            "$l = w (1, \\dots, 1)$. On centred Gaussians the residual of order 2 is all there is.",
            [(sp.Symbol("rho_2"), sigma**2 * (B * WEIGHT**2 - 1))], _residual_check,
            reference="mccullagh",
        ),
        step(
            "two points",
            "The roots are $w = b^{-1/2}$ and $w = -b^{-1/2}$. Their residuals on a law with "
            "cumulants $\\kappa_r$, orders 1 to 4, first those of the one and then those of the "
            "other. At every order $r$ the latter are $((-1)^r - 1) b^{1-r/2} \\kappa_r$, as for "
            "every mirror image of the block sum. So the second does not fit where $\\kappa_1$ or "
            "$\\kappa_3$ is not 0.",
            [*((sp.Symbol(f"rho_{r}"), sp.S.Zero) for r in range(1, 5)),
             *((sp.Symbol(f"rhobar_{r}"), MIRROR[r]) for r in range(1, 5))],
            _points_check, uses=(1,),
        ),
    )
    return Derivation("Permutation-invariant weights", steps)


THEOREM = Theorem(
    name="invariant_weights",
    title="Invariance under permutations reduces the sphere to two mirror points",
    statement="A linear unit without bias whose weights are invariant under all permutations of "
    "its inputs, matched to the block sum on centred Gaussians, is $b^{-1/2} (x_1 + \\dots + "
    "x_b)$ or its negative. The first is the block sum; the second is right on every symmetric "
    "law and wrong by $-2 b^{1-r/2} \\kappa_r$ at every odd order $r$. A training law with "
    "$\\kappa_1$ or $\\kappa_3$ not 0, matched to order 3, leaves the first alone.",
    hypotheses=("the $x_i$ are independent copies",),
    prove=_prove,
)
