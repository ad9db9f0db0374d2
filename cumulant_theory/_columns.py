"""Moments of columns of numbers: integers over common denominators where they are fractions."""

import math
import operator
from collections.abc import Callable, Sequence
from fractions import Fraction
from typing import Any

from .algebra import MultiIndex

_MANY = 1024  # points from which it pays to look for equal ones


class Columns:
    """Values of every unit at the points of a law: integers over one denominator each.

    Numbers that are no fractions, such as those with roots, stay as they are.
    """

    def __init__(
        self, columns: Sequence[Sequence[Any]], weights: Sequence[Any], scales: Sequence[int],
        total: int,
    ) -> None:
        self.columns, self.weights = columns, weights
        self.scales, self.total = scales, total
        self._marginals: dict[tuple[int, ...], Any] = {}

    @classmethod
    def of(cls, columns: Sequence[Sequence[Any]], weights: Sequence[Any]) -> "Columns":
        """The columns as integers where they are fractions."""
        every = [weights, *columns]
        distinct = [{id(x): x for x in column}.values() for column in every]
        if not all(isinstance(x, (Fraction, int)) for values in distinct for x in values):
            return cls(columns, weights, [1] * len(columns), 1)
        scales = [math.lcm(*(x.denominator for x in values)) for values in distinct]
        total, *rest = (
            each(column, lambda x, scale=scale: x.numerator * (scale // x.denominator))
            for column, scale in zip(every, scales, strict=True)
        )
        return cls(rest, total, scales[1:], scales[0])

    def moment(self, alpha: MultiIndex) -> Any:
        """Weighted sum of the products."""
        units = tuple([i for i, a in enumerate(alpha) if a])
        terms, columns = self._marginal(units)
        scale = self.total
        for i, column in zip(units, columns, strict=True):
            for _ in range(alpha[i]):
                terms = list(map(operator.mul, terms, column))
            scale *= self.scales[i] ** alpha[i]
        found = sum(terms[1:], terms[0])
        return Fraction(found, scale) if isinstance(found, int) else found

    def _marginal(self, units: tuple[int, ...]) -> tuple[Sequence[Any], Sequence[Sequence[Any]]]:
        """Weights and columns of some units, points where they are the same taken together."""
        columns = [self.columns[i] for i in units]
        if len(self.weights) < _MANY or not isinstance(self.weights[0], int):
            return self.weights, columns
        if units not in self._marginals:
            joined: dict[Any, Any] = {}
            for weight, *row in zip(self.weights, *columns, strict=True):
                key = tuple(row)
                joined[key] = joined.get(key, 0) + weight
            few = 2 * len(joined) < len(self.weights)
            self._marginals[units] = (
                (list(joined.values()), list(zip(*joined, strict=True))) if few
                else (self.weights, columns)
            )
        return self._marginals[units]

    def is_zero(self, unit: int) -> bool:
        """Whether a unit is 0 at all points."""
        return all(x == 0 for x in self.columns[unit])


def each(column: Sequence[Any], f: Callable[[Any], Any]) -> list[Any]:
    """f of all numbers; an object that occurs often is mapped once."""
    images = {k: f(x) for k, x in {id(x): x for x in column}.items()}
    return [images[id(x)] for x in column]
