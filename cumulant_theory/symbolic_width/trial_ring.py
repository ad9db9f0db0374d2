"""Random finite laws on a ring, on which the steps of a derivation are tried."""

import random
from collections.abc import Callable, Sequence
from itertools import product
from typing import Any

from ..oracle import FiniteLaw, random_finite_law, random_fraction

Numbers = Callable[[Any], Any]


class IndependentSum:
    """Law of a sum of independent finite laws and a constant, without their product.

    Parameters
    ----------
    terms
        Laws of the same units.
    constant
        One number per unit.
    """

    def __init__(self, terms: Sequence[FiniteLaw], constant: Sequence[Any]) -> None:
        self.terms: list[FiniteLaw] = list(terms)
        self.constant: list[Any] = list(constant)
        self.dim: int = len(self.constant)

    def push(self, f: Callable[[Sequence[Any]], Sequence[Any]]) -> "IndependentSum":
        """Law of f(x), f an affine map."""
        zero = [0 * c for c in self.terms[0].points[0]]
        start = f(zero)

        def linear(x: Sequence[Any]) -> list[Any]:
            return [a - b for a, b in zip(f(x), start, strict=True)]

        return IndependentSum([law.push(linear) for law in self.terms], f(self.constant))

    def cumulant(self, alpha: tuple[int, ...]) -> Any:
        """Cumulants of independent laws add up."""
        total = sum((law.cumulant(alpha) for law in self.terms[1:]), self.terms[0].cumulant(alpha))
        return total + self.constant[alpha.index(1)] if sum(alpha) == 1 else total


def ring_sums(
    nodes: int, radius: int, channels: int, rng: random.Random, numbers: Numbers
) -> IndependentSum:
    """A random vector on each arc of 2 radius + 1 nodes, independently in both directions.

    Invariant under rotations and reflections; nodes more than 2 radius edges apart are independent.

    Parameters
    ----------
    nodes
        Length of the ring.
    radius
        Half the edges of an arc.
    channels
        Channels per node; unit ``channel * nodes + node``.
    rng
        Of the points.
    numbers
        Arithmetic of the result.

    Examples
    --------
    >>> from fractions import Fraction
    >>> law = ring_sums(7, 1, 1, random.Random(0), Fraction)
    >>> law.cumulant((1, 0, 1, 0, 0, 0, 0)) == law.cumulant((1, 0, 0, 0, 0, 1, 0)) != 0
    True
    >>> law.cumulant((1, 0, 0, 1, 0, 0, 0))
    Fraction(0, 1)
    """
    arc = 2 * radius + 1
    burst = random_finite_law(rng, arc * channels, numbers)
    zero = numbers(0)

    def placed(start: int, sign: int) -> FiniteLaw:
        def spread(x: Sequence[Any]) -> list[Any]:
            values = [zero] * (nodes * channels)
            for k, value in enumerate(x):
                channel, step = divmod(k, arc)
                place = channel * nodes + (start + sign * step) % nodes
                values[place] = values[place] + value
            return values

        return burst.push(spread)

    return IndependentSum(
        [placed(v, sign) for v in range(nodes) for sign in (1, -1)], [zero] * (nodes * channels)
    )


def ring_law(
    nodes: int, radius: int, channels: int, rng: random.Random, numbers: Numbers
) -> FiniteLaw:
    """Law of a random local map of independent copies of a two-point law on the nodes.

    With the invariance and the independence of :func:`ring_sums`, as 2^nodes points.

    Examples
    --------
    >>> from fractions import Fraction
    >>> law = ring_law(5, 1, 1, random.Random(0), Fraction)
    >>> law.cumulant((1, 1, 0, 0, 0)) == law.cumulant((1, 0, 0, 0, 1)) != 0
    True
    """
    seed = random_finite_law(rng, channels, numbers, 2)
    weights = [
        [[numbers(random_fraction(rng, 5)) for _ in range(channels)] for _ in range(radius + 1)]
        for _ in range(channels)
    ]

    def local(arc: Sequence[Sequence[Any]], c: int) -> Any:
        """Value in the middle of an arc of inputs."""
        if not radius:
            return arc[0][c]
        return sum(
            (
                weights[c][d][source] * (arc[radius - d][source] + arc[radius + d][source])
                for d in range(radius + 1) for source in range(channels)
            ),
            arc[0][c] * arc[-1][c],
        )

    # a node takes few values, one for each choice of the inputs on its arc
    values = [
        {
            arc: local([seed.points[k] for k in arc], c)
            for arc in product(range(2), repeat=2 * radius + 1)
        }
        for c in range(channels)
    ]
    places = [[(v + d) % nodes for d in range(-radius, radius + 1)] for v in range(nodes)]
    low, high = seed.weights
    shares = [low ** (nodes - k) * high**k for k in range(nodes + 1)]
    choices = list(product(range(2), repeat=nodes))
    points = []
    for choice in choices:
        arcs = [tuple([choice[p] for p in arc]) for arc in places]
        points.append([value[arc] for value in values for arc in arcs])
    return FiniteLaw(points, [shares[sum(choice)] for choice in choices])
