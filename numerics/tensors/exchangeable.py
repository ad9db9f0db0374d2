"""Exchangeable layers: all units alike, so that a few of them tell the law of any number.

A joint cumulant depends only on how often each distinct unit occurs. Four units show every such
pattern up to order four, and a pointwise layer acts on them as on all. Only a linear layer, own 1 +
shared 11^T, needs to know how many units there are, and enters it as a number: n = 4 costs what
n = 10^6 does.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import reduce
from itertools import combinations
from typing import Any

import numpy as np

from cumulant_theory.algebra import as_integer
from cumulant_theory.arguments import brief
from cumulant_theory.diagrams import patterns
from cumulant_theory.diagrams.enumeration import check_pattern
from cumulant_theory.errors import DomainError, ShapeError
from cumulant_theory.latex.html import Record

from ..backends.numpy import as_float64, is_tensor
from .forms import DenseTensor, PairTensor, Tensor, assemble, distinct
from .health import Health, Monitor
from .state import State

Pattern = tuple[int, ...]
Entry = Callable[[Pattern], Any]  # joint cumulant of units that occur so often

FEW = 4  # as many units as a cumulant of order four can have
MEMORY = 2**31  # bytes of one array over all units


@dataclass(frozen=True)
class ExchangeableWeight(Record):
    """The weight own * 1 + shared * 11^T over any number of units.

    Attributes
    ----------
    own : float
        On the unit itself, besides the shared one.
    shared : float
        On every unit. Both may be tensors without axes, to which gradients flow.
    units : int
        Units in front.
    outputs : int, optional
        Units behind; other than in front only where ``own`` is 0, as in a readout.

    Raises
    ------
    ShapeError
        If there is no unit, or ``own`` meets two numbers of units.

    Examples
    --------
    >>> ExchangeableWeight(1.0, 1e-6, 10**6).shape
    (1000000, 1000000)
    """

    own: Any
    shared: Any
    units: int
    outputs: int | None = None

    def __post_init__(self) -> None:
        if None in (as_integer(size, 1) for size in self.shape):
            raise ShapeError(f"ExchangeableWeight: units {brief(self.shape)}; pass integers from 1")
        for name in ("own", "shared"):
            value = getattr(self, name)
            if (value if is_tensor(value) else as_float64(value, name)).ndim:
                raise DomainError(f"ExchangeableWeight: {name} is {brief(value)}; give one number")
        if self.shape[0] != self.shape[1] and bool(self.own != 0):
            raise ShapeError(f"{self!r} needs as many units behind as in front, unless own = 0")

    @property
    def shape(self) -> tuple[int, int]:
        """Of the matrix, (out, in)."""
        return (self.units if self.outputs is None else self.outputs, self.units)


class ExchangeableTensor(Tensor):
    """A third or fourth cumulant of units that are all alike, held for a few of them."""

    few: Tensor
    units: int
    order: int

    def __init__(self, few: Tensor, units: int) -> None:
        self.few, self.units, self.order = few, units, few.order

    def entry(self, q: Pattern) -> Any | None:
        """One joint cumulant by multiplicities of distinct units, None where neglected."""
        block = self.few.block(q)
        return None if block is None else block[tuple(range(len(q)))]

    def block(self, q: Pattern) -> Any | None:
        block = self.few.block(q)
        return None if block is None else spread(block, self.units)

    def dense(self) -> Any:
        return spread(self.few.dense(), self.units)

    def affine(self, weight: Any) -> Tensor:
        if not isinstance(weight, ExchangeableWeight):
            return self._whole().affine(weight)
        xp, (out, n) = self.few.xp, weight.shape  # type: ignore[attr-defined]
        if isinstance(self.few, DenseTensor):
            found = mapped(self.entry, self.order, weight)
            return ExchangeableTensor(DenseTensor(xp, few_entries(xp, found, self.order, out)), out)
        pair, single = self.entry((2, 2)) if n > 1 else 0.0, self.entry((4,))
        shared = weight.shared**2
        square = ExchangeableWeight((weight.own + weight.shared) ** 2 - shared, shared, n, out)
        found = mapped(lambda q: single if q == (2,) else pair, 2, square)
        alone = ((square.own + shared) ** 2 + (n - 1) * shared**2) * single
        matrix = few_entries(xp, {**found, (2,): 3 * found[(2,)] - 2 * alone}, 2, out)
        return ExchangeableTensor(PairTensor(xp, matrix), out)

    def masked(self, keep: Any) -> Tensor:
        return self._whole().masked(keep)

    def pairs(self) -> Any:
        return ExchangeableTensor(self.few.pairs(), self.units)

    def _whole(self) -> Tensor:
        xp = self.few.xp  # type: ignore[attr-defined]
        if isinstance(self.few, DenseTensor):
            return DenseTensor(xp, self.dense())
        return PairTensor(xp, self.block((2, 2)))

    def __repr__(self) -> str:
        return "of units that are all alike"


class ExchangeableState(State):
    """Joint cumulants of units that are all alike.

    ``state[2, 1]`` is kappa_iij for i != j, one number for any width. The arrays of `State` are
    there as well: mean and variance as views of one number, the others made when asked for.

    Attributes
    ----------
    few : State
        The law of as many of the units as a joint cumulant of order four can have.
    units : int
    """

    few: State
    units: int

    def __init__(self, few: State, units: int) -> None:
        self.few, self.units = few, units
        third, fourth = (
            None if t is None else ExchangeableTensor(t, units) for t in (few.third, few.fourth)
        )
        super().__init__(
            few.xp, few.xp.repeated(few.mean[0], units),
            lambda: few.xp.repeated(few.variance[0], units),
            None if few.diagonal_covariance else lambda: spread(few.covariance, units),
            third, fourth,
        )  # fmt: skip

    def __getitem__(self, q: Pattern | int) -> Any:
        """Joint cumulant by multiplicities of distinct units, 0 where it is neglected."""
        single = as_integer(q)
        pattern: Any = q if single is None else (single,)
        q = tuple(sorted(check_pattern(pattern), reverse=True))
        if len(q) > self.units or sum(q) > FEW:
            return 0.0
        if q == (1,):
            return self.few.mean[0]
        if q == (2,):
            return self.few.variance[0]
        if q == (1, 1):
            return 0.0 if self.diagonal_covariance else self.few.covariance[0, 1]
        tensor = {3: self.third, 4: self.fourth}.get(sum(q))
        value = tensor.entry(q) if isinstance(tensor, ExchangeableTensor) else None
        return 0.0 if value is None else value

    def affine(self, weight: Any, bias: Any | None) -> State:
        if not isinstance(weight, ExchangeableWeight):
            return super().affine(weight, bias)
        xp, (out, n) = self.xp, weight.shape
        mean = mapped(self.__getitem__, 1, weight)[(1,)]
        mean = mean if bias is None else mean + bias[0]
        third = None if self.third is None else self.third.affine(weight)
        fourth = None if self.fourth is None else self.fourth.affine(weight)
        if self.diagonal_covariance:
            own = (weight.own + weight.shared) ** 2
            second = {(2,): (own + (n - 1) * weight.shared**2) * self[2]}
        else:
            second = mapped(self.__getitem__, 2, weight)
        return few_state(xp, mean, second, third, fourth, out)


class ExchangeableMonitor(Monitor):
    """The checks on units that are all alike, so that all fail or none."""

    def few(self, z: Any) -> State:
        return z.few

    def spread(self, few: State, z: Any) -> ExchangeableState:
        return ExchangeableState(few, z.units)

    def repaired(self, y: Any) -> tuple[State, float | None]:
        """The nearest covariance without negative eigenvalues, of which there are two."""
        if y.diagonal_covariance:
            return y, None
        n, variance = y.units, y[2]
        cov = y[1, 1] if n > 1 else 0 * variance
        split, whole = variance - cov, variance + (n - 1) * cov
        split_, whole_, size = (float(y.xp.detached(e)) for e in (split, whole, variance))
        lowest = whole_ if n == 1 else min(split_, whole_)
        if lowest >= -10 * n * y.xp.epsilon * size:
            return y, None
        split = split if split_ > 0 else 0 * split
        whole = whole if whole_ > 0 else 0 * whole
        cov = (whole - split) / n
        second = {(2,): cov + split, (1, 1): cov}
        return few_state(y.xp, y[1], second, y.third, y.fourth, n), lowest

    @property
    def health(self) -> Health:
        """What was found so far."""
        found = super().health
        counts = tuple((n if some else 0, n) for some, n in found.gaussian_units)
        findings = tuple(replace(f, units=()) for f in found.findings)
        return replace(found, findings=findings, gaussian_units=counts)


def few_state(
    xp: Any, mean: Any, second: Mapping[Pattern, Any], third: Any, fourth: Any, units: int
) -> ExchangeableState:
    """The state of so many units from one number per pattern; no (1, 1) for a neglected one."""
    m = min(units, FEW)
    few_mean = xp.zeros(m) + mean
    variance = xp.zeros(m) + second[(2,)]
    matrix = few_entries(xp, second, 2, units) if (1, 1) in second else None
    third, fourth = (None if t is None else t.few for t in (third, fourth))
    few = State(
        xp, few_mean, lambda: variance, None if matrix is None else lambda: matrix, third, fourth
    )
    return ExchangeableState(few, units)


def mapped(entry: Entry, order: int, weight: ExchangeableWeight) -> dict[Pattern, Any]:
    """Joint cumulants of one order behind a linear layer, by pattern."""
    n, kept = weight.units, {}

    def with_sums(q: Pattern, sums: int) -> Any:
        """Of the units of a pattern and so many copies of the sum of all."""
        key = tuple(sorted(q, reverse=True)), sums
        if key not in kept:
            q = key[0]
            if not sums:
                kept[key] = entry(q) if len(q) <= n else 0.0
            else:
                near = (with_sums((*q[:a], e + 1, *q[a + 1 :]), sums - 1) for a, e in enumerate(q))
                total = sum(near, 0.0)
                rest = n - len(q)
                kept[key] = total + rest * with_sums((*q, 1), sums - 1) if rest > 0 else total
        return kept[key]

    found = {}
    for q in patterns(order):
        if sum(q) != order:
            continue
        legs = [a for a, e in enumerate(q) for _ in range(e)]
        value: Any = 0.0
        for count in range(order + 1):
            factor = weight.own ** (order - count) * weight.shared**count
            for through in combinations(range(order), count):
                left = [a for k, a in enumerate(legs) if k not in through]
                value = value + factor * with_sums(
                    tuple(left.count(a) for a in dict.fromkeys(left)), count
                )
        found[q] = value
    return found


def few_entries(xp: Any, values: Mapping[Pattern, Any], order: int, units: int) -> Any:
    """The symmetric array over a few of the units with these values."""
    m = min(units, FEW)
    blocks = {
        q: v * xp.asarray(distinct(m, len(q)) if len(q) > 1 else np.ones(m))
        for q, v in values.items() if len(q) <= m
    }
    return assemble(xp, blocks, m, order)


def spread(few: Any, units: int) -> Any:
    """The same for all units: entries depend only on which indices agree.

    Raises
    ------
    DomainError
        If the array does not fit into memory.
    """
    axes = few.ndim
    if len(few) >= units:
        return few
    if units**axes * few.itemsize > MEMORY:
        raise DomainError(
            f"an array with {axes} axes over {units} units takes "
            f"{units**axes * few.itemsize / 2**30:.3g} GiB; take single cumulants by the "
            "multiplicities of their units, state[2, 1] for kappa_iij"
        )
    grid = np.indices((units,) * axes, sparse=True)
    first = [np.zeros((1,) * axes, int)]
    for k in range(1, axes):
        unit = reduce(np.maximum, first) + 1
        for a in range(k):
            unit = np.where(grid[k] == grid[a], first[a], unit)
        first.append(unit)
    return few[tuple(np.broadcast_arrays(*first))] if axes > 1 else few[np.zeros(units, int)]
