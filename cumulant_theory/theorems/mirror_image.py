"""Symmetric training laws cannot tell a map from its mirror image."""

import random
from collections.abc import Callable, Sequence
from itertools import product
from typing import Any

import sympy as sp

from ..derivation import Derivation, Step
from ..oracle import random_fraction
from ._checks import B, R, image_cumulants, independent_copies, rational, same, step, value_at
from .base import Theorem

ORDERS = (1, 2, 3, 4)
KAPPA: Any = sp.IndexedBase("kappa")
RHO: Any = sp.IndexedBase("rho")
MIRRORED: Any = sp.IndexedBase("rhobar")


def random_polynomial(
    rng: random.Random, units: int, degree: int, odd: bool = False
) -> Callable[[Sequence[Any]], Any]:
    """A random polynomial map of the units; of odd degrees alone where asked."""
    terms = [
        (powers, rational(random_fraction(rng, 5)))
        for powers in product(range(degree + 1), repeat=units)
        if sum(powers) <= degree and not (odd and sum(powers) % 2 == 0)
    ]

    def f(x: Sequence[Any]) -> Any:
        return sum((c * sp.Mul(*(u**k for u, k in zip(x, p, strict=True))) for p, c in terms),
                   sp.S.Zero)

    return f


def _at(side: sp.Expr, r: int, values: dict[Any, Any]) -> sp.Expr:
    return value_at(side, {R: sp.Integer(r)}, {k: lambda _, v=v: v for k, v in values.items()})


def _same_law(stated: Step, rng: random.Random) -> None:
    law = independent_copies(rng, 2, symmetric=True)
    f = random_polynomial(rng, 2, 2)
    target = random_polynomial(rng, 2, 1, odd=True)
    ours, mirrored, wanted = (image_cumulants(law, g, ORDERS) for g in (
        f, lambda x: f([-u for u in x]), target,
    ))
    for e in stated.statement:
        for r, a, m, w in zip(ORDERS, ours, mirrored, wanted, strict=True):
            values = {RHO: a - w, MIRRORED: m - w}
            same(_at(e.lhs, r, values), _at(e.rhs, r, values), f"order {r}")


def _mirror_check(stated: Step, rng: random.Random) -> None:
    size = rng.randint(1, 3)
    law = independent_copies(rng, size)
    root = sp.sqrt(size)
    wanted = image_cumulants(law, lambda x: sum(x) / root, ORDERS)
    mirrored = image_cumulants(law, lambda x: -sum(x) / root, ORDERS)
    single = image_cumulants(law, lambda x: x[0], ORDERS)
    for e in stated.statement:
        for r, w, m, k in zip(ORDERS, wanted, mirrored, single, strict=True):
            values = {KAPPA: k, MIRRORED: m - w}
            left, right = (_at(side.subs(B, size), r, values) for side in (e.lhs, e.rhs))
            same(left, right, f"order {r} at b = {size}")


def _prove() -> Derivation:
    steps = (
        step(
            "reflection of the law",
            "Let $\\bar f(x) = f(-x)$, with residuals $\\bar\\rho_r$. Under a symmetric law $x$ "
            "and $-x$ have one law, so $f(x)$ and $\\bar f(x)$ have one too.",
            [(MIRRORED[R], RHO[R])], _same_law,
            hypotheses=("the x_i are independent copies of a symmetric law",),
        ),
        step(
            "another law",
            "Let $f$ be the block sum itself. The cumulants of $-y$ are $(-1)^r$ times those of "
            "$y$, so the residuals of its mirror image on any law are",
            [(MIRRORED[R], ((-1) ** R - 1) * B ** (1 - R / 2) * KAPPA[R])],
            _mirror_check, reference="mccullagh",
        ),
    )
    return Derivation("A map and its mirror image", steps)


THEOREM = Theorem(
    name="mirror_image",
    title="Symmetric training laws leave the sign free",
    statement="Let a family of maps contain $\\bar f(x) = f(-x)$ with every $f$, as networks with "
    "free weights in the first layer do, whatever their activations. On symmetric laws $f$ and "
    "$\\bar f$ have the same residuals to every order. If the family contains the block sum, it "
    "contains a second solution whose residual on other laws is $-2 b^{1-r/2} \\kappa_r$ for every "
    "odd $r$ and 0 for every even $r$.",
    hypotheses=(
        "the $x_i$ are independent copies", "the training laws are symmetric",
        "moments to the orders compared",
    ),
    prove=_prove,
)
