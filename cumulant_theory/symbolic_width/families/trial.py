"""Random finite laws with the symmetry of a family: what derivations are checked on."""

import random
from collections.abc import Sequence
from fractions import Fraction
from itertools import product
from typing import TYPE_CHECKING, Any

from ...oracle import FiniteLaw, Numbers, random_fraction
from ...orbits import on_channels

if TYPE_CHECKING:
    from .base import Family

_ATOMS = 2


def symmetrised_law(
    family: "Family", channels: int, rng: random.Random, numbers: Numbers
) -> FiniteLaw:
    """A few random points of all units and all their images under the permutations of the nodes.

    Examples
    --------
    >>> from cumulant_theory.symbolic_width import complete
    >>> law = symmetrised_law(complete(2), 1, random.Random(0), Numbers([], {}))
    >>> law.cumulant((2, 1)) == law.cumulant((1, 2))
    True
    """
    moves = [on_channels(p, channels) for p in family.permutations()]
    weights = [rng.randint(1, 4) for _ in range(_ATOMS)]
    points: list[list[Any]] = []
    shares: list[Any] = []
    for weight in weights:
        point = [numbers(random_fraction(rng, 19)) for _ in range(channels * int(family.n))]
        points += [[point[k] for k in move] for move in moves]
        shares += [numbers(Fraction(weight, sum(weights) * len(moves)))] * len(moves)
    return FiniteLaw(points, shares)


def mixture_law(
    sizes: Sequence[int], channels: int, rng: random.Random, numbers: Numbers
) -> FiniteLaw:
    """A mixture of two joint laws, in each the nodes independent and alike within a class.

    By de Finetti's theorem all laws of infinitely many exchangeable nodes are such mixtures.

    Parameters
    ----------
    sizes
        Nodes per class; the units are numbered channel * nodes + node.

    Examples
    --------
    >>> law = mixture_law([2], 1, random.Random(0), Numbers([], {}))
    >>> law.cumulant((2, 1)) == law.cumulant((1, 2)) != 0
    True
    """
    classes = [k for k, size in enumerate(sizes) for _ in range(size)]
    points: list[list[Any]] = []
    shares: list[Any] = []
    for share in (Fraction(1, 3), Fraction(2, 3)):
        atoms = [
            [[numbers(random_fraction(rng, 19)) for _ in range(channels)] for _ in range(_ATOMS)]
            for _ in sizes
        ]
        for choice in product(range(_ATOMS), repeat=len(classes)):
            nodes = [atoms[k][a] for k, a in zip(classes, choice, strict=True)]
            points.append([node[c] for c in range(channels) for node in nodes])
            shares.append(numbers(share / _ATOMS ** len(classes)))
    return FiniteLaw(points, shares)
