"""Odd networks: parity of the output cumulants."""

import random
from typing import Any

import sympy as sp

from ..activations import Cubic
from ..derivation import Derivation, Step
from ..layers import Linear, Pointwise, Sequential
from ..oracle import random_fraction
from ..symmetries import SignFlip
from ._checks import K, R, image_cumulants, independent_copies, same, step, value_at
from .base import Theorem
from .mirror_image import ORDERS

PLUS: Any = sp.IndexedBase("f")
MINUS: Any = sp.IndexedBase("fbar")


def _odd_network(rng: random.Random) -> Sequential:
    net = Linear(2, 2, symmetry=SignFlip()) >> Pointwise(Cubic("a")) >> Linear(2, 1)
    return net.subs({str(p): random_fraction(rng, 5) for p in net.parameters})


def _parity_check(stated: Step, rng: random.Random) -> None:
    """Enumeration of a network with the sign symmetry and an odd activation."""
    net = _odd_network(rng)
    law = independent_copies(rng, 2)
    plain = image_cumulants(law, lambda x: net.forward(x)[0], ORDERS)
    mirrored = image_cumulants(law, lambda x: net.forward([-u for u in x])[0], ORDERS)
    for e in stated.statement:
        for r, a, m in zip(ORDERS, plain, mirrored, strict=True):
            sequences: Any = {PLUS: lambda _, a=a: a, MINUS: lambda _, m=m: m}
            left, right = (
                value_at(side, {R: sp.Integer(r)}, sequences) for side in (e.lhs, e.rhs)
            )
            same(left, right, f"order {r}")


def _vanishing_check(stated: Step, rng: random.Random) -> None:
    net = _odd_network(rng)
    law = independent_copies(rng, 2, symmetric=True)
    values = image_cumulants(law, lambda x: net.forward(x)[0], ORDERS)
    for e in stated.statement:
        point = {K: sp.Integer(rng.choice([1, 2]))}
        left, right = (value_at(side, point, {PLUS: values}) for side in (e.lhs, e.rhs))
        same(left, right, "an odd cumulant under a symmetric law")


def _prove() -> Derivation:
    steps = (
        step(
            "parity",
            "An odd network has $f(-x) = -f(x)$. Write $f_r$ for its cumulants under a law "
            "and $\\bar f_r$ for those under the mirrored law. They differ by the "
            "sign $(-1)^r$: the even ones do not move.",
            [(MINUS[R], (-1) ** R * PLUS[R])], _parity_check, reference="mccullagh",
        ),
        step(
            "symmetric laws",
            "A symmetric law is its own mirror image, so every odd cumulant of the output is 0.",
            [(PLUS[2 * K - 1], sp.S.Zero)], _vanishing_check, uses=(1,),
        ),
    )
    return Derivation("Parity of odd networks", steps)


THEOREM = Theorem(
    name="odd_networks",
    title="Odd networks cannot move even cumulants by a reflection",
    statement="A network with $f(-x) = -f(x)$ (no biases, odd activations) has the same even "
    "cumulants under a law and under its mirror image, and vanishing odd cumulants under every "
    "symmetric law. So no even order, and no order at all on symmetric laws, tells $f$ from $-f$; "
    "and no such network maps a symmetric law to a law that is not symmetric.",
    hypotheses=("moments to the orders compared",),
    prove=_prove,
)
