"""Exchangeable layers in numbers: one cumulant per pattern of repeated units, for any width.

Weights lambda 1 + gamma 11^T and one bias keep all units alike, so that a state is eleven numbers
to order four, and n = 4 costs what n = 10^6 does.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import combinations
from math import prod
from typing import Any

import numpy as np

from cumulant_theory.closures import Diagrams
from cumulant_theory.diagrams import patterns, power_formula, rule
from cumulant_theory.errors import DomainError, OrderError, ShapeError

from ..gaussian.price import Pairs
from .arrays import get_arrays
from .health import KURTOSIS, SKEWNESS
from .maps import PointwiseMap, as_map

Pattern = tuple[int, ...]


@dataclass(frozen=True)
class ExchangeableWeight:
    """The weight own * 1 + shared * 11^T over any number of units.

    Attributes
    ----------
    own : float
        On the unit itself, besides the shared one.
    shared : float
        On every unit.
    """

    own: float
    shared: float


@dataclass(frozen=True)
class ExchangeableState:
    """Joint cumulants of alike units by how often each distinct unit occurs.

    Attributes
    ----------
    units : int
    blocks : mapping of tuple to float
        (2, 1) for kappa_iij; patterns that are absent are zero or neglected.
    order : int or None
        K of the pointwise layer that it is the output of; below the K asked for where a higher
        one gave means and covariances that no law has.
    """

    units: int
    blocks: Mapping[Pattern, float]
    order: int | None = None

    @property
    def possible(self) -> bool:
        """Whether the covariance matrix, of two distinct eigenvalues, is positive semidefinite."""
        variance, cov = self[(2,)], self[(1, 1)]
        room = 1e-10 * (abs(variance) + self[(1,)] ** 2)
        return variance - cov >= -room and variance + (self.units - 1) * cov >= -room * self.units

    def __getitem__(self, q: Sequence[int]) -> float:
        ordered = tuple(sorted((e for e in q if e), reverse=True))
        return self.blocks.get(ordered, 0.0) if len(ordered) <= self.units else 0.0

    def with_sums(self, q: Pattern, sums: int) -> float:
        """Joint cumulant of the units of a pattern and so many copies of the sum of all."""
        if not sums:
            return self[q]
        total = sum(
            self.with_sums((*q[:a], q[a] + 1, *q[a + 1 :]), sums - 1) for a in range(len(q))
        )
        rest = self.units - len(q)
        return total + (rest * self.with_sums((*q, 1), sums - 1) if rest > 0 else 0.0)

    def affine(self, weight: ExchangeableWeight, bias: float) -> "ExchangeableState":
        """Cumulants behind a layer."""
        found = {}
        for q in patterns(4):
            legs = [a for a, e in enumerate(q) for _ in range(e)]
            value = 0.0
            for count in range(len(legs) + 1):
                factor = weight.own ** (len(legs) - count) * weight.shared**count
                for through in combinations(range(len(legs)), count) if factor else ():
                    left = [a for k, a in enumerate(legs) if k not in through]
                    kept = tuple(left.count(a) for a in dict.fromkeys(left))
                    value += factor * self.with_sums(kept, count)
            found[q] = value
        found[(1,)] += bias
        return ExchangeableState(self.units, found)

    def applied(self, phi: PointwiseMap, order: int) -> "ExchangeableState":
        """Cumulants behind a pointwise layer under Diagrams(order)."""
        xp, closure = get_arrays("numpy", "float64"), Diagrams(order)
        mean, variance, cov = self[(1,)], self[(2,)], self[(1, 1)]
        means, cross = np.full(2, mean), np.array([[variance, cov], [cov, variance]])
        omega = phi.omega(xp, means, np.diag(cross))
        pairs = Pairs(xp, means, cross)
        held = set(_held(order))
        source = ExchangeableState(
            self.units, {q: v for q, v in self.blocks.items() if q in held}
        )

        @lru_cache(maxsize=64)
        def power(q: Pattern) -> float:
            total = 0.0
            if len(q) == 2:
                total = float(phi.covariance(q[0], q[1], omega, pairs)[0, 1])
            for weight, blocks, k in rule(q, closure).table:
                if len(q) == 2 and all(v == (1, 1) for v, _ in blocks):
                    continue
                term = float(weight) * prod(source[v] ** c for v, c in blocks)
                if term:
                    total += term * prod(float(omega(k[a], p)[0]) for a, p in enumerate(q))
            return total

        found = {}
        for q in _held(order):
            found[q] = sum(
                c * prod(power(tuple(e for e in r if e)) ** m for r, m in factors)
                for c, factors in power_formula(q)
            )
        return ExchangeableState(self.units, found, order)

    def advanced(self, phi: PointwiseMap, order: int) -> "ExchangeableState":
        """Behind a pointwise layer under the highest K that gives what a law can have."""
        near = self[(2,)] > 0 and (
            abs(self[(3,)]) <= SKEWNESS * self[(2,)] ** 1.5
            and self[(4,)] <= KURTOSIS * self[(2,)] ** 2
            and (self[(4,)] + 2 * self[(2,)] ** 2) * self[(2,)] >= self[(3,)] ** 2
        )
        for k in range(order if near else min(order, 2), 0, -1):
            result = self.applied(phi, k)
            low, high = phi.bounds
            if result.possible and low <= result[(1,)] <= high:
                return result
        raise DomainError(
            f"variance {self[(2,)]:.3g} and covariance {self[(1, 1)]:.3g} of {self.units} units in "
            f"front of {phi.name} belong to no law"
        )


def _held(order: int) -> list[Pattern]:
    """Patterns carried at K."""
    return {
        1: [(1,), (2,)],
        2: [(1,), (2,), (1, 1)],
        3: [*patterns(3), (2, 2), (4,)],
        4: patterns(4),
    }[order]


def propagate_exchangeable(
    weights: Sequence[ExchangeableWeight],
    biases: Sequence[float] | None,
    activation: Any,
    units: int,
    K: int = 3,
    blocks: Mapping[Pattern, float] | None = None,
    output_activation: bool = False,
) -> list[ExchangeableState]:
    """States of every layer of a network whose layers treat all units alike.

    Parameters
    ----------
    weights : sequence of ExchangeableWeight
    biases : sequence of float, optional
        One number per layer, on every unit.
    activation : Activation or str
    units : int
        Width; no cost depends on it.
    K : int
        Order of the closure ``Diagrams(K)``, 1 to 4.
    blocks : mapping, optional
        Cumulants of the input by pattern; standard normal by default.
    output_activation : bool
        Whether an activation follows the last weight.

    Returns
    -------
    list of ExchangeableState
        Input, then behind every linear and every pointwise layer.

    Raises
    ------
    OrderError
        If K is not one of 1 to 4.
    ShapeError
        If there is not one bias per weight, or no unit.
    DomainError
        If the input has variances and covariances that no law has.

    Examples
    --------
    >>> w = [ExchangeableWeight(1.0, 1e-6)] * 2
    >>> states = propagate_exchangeable(w, None, "relu", 10**6)
    >>> round(states[2][(1,)], 6)
    0.398943
    """
    if K not in (1, 2, 3, 4):
        raise OrderError(f"K = {K!r}: use 1, 2, 3 or 4")
    shifts = [0.0] * len(weights) if biases is None else list(biases)
    if len(shifts) != len(weights) or units < 1:
        raise ShapeError(
            f"{len(weights)} weights, {len(shifts)} biases, {units} units; give one bias per "
            "weight and at least one unit"
        )
    phi = as_map(activation)
    given = {(2,): 1.0} if blocks is None else dict(blocks)
    states = [ExchangeableState(units, given)]
    for k, (weight, bias) in enumerate(zip(weights, shifts, strict=True)):
        states.append(states[-1].affine(weight, bias))
        if k < len(weights) - (not output_activation):
            states.append(states[-1].advanced(phi, K))
    return states
