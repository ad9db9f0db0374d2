"""Exact coefficients of k-statistics and exact k-statistics of rational data."""

from collections.abc import Iterator, Sequence
from fractions import Fraction
from functools import cache, lru_cache
from itertools import product
from math import comb, factorial, perm, prod
from numbers import Rational
from typing import Any

from cumulant_theory.arguments import explained
from cumulant_theory.errors import DomainError, OrderError, ShapeError

MAX_ORDER = 8
MAX_JOINT_ORDER = 4


def integer_partitions(total: int, largest: int | None = None) -> Iterator[tuple[int, ...]]:
    """Yield the partitions of `total`, parts in descending order.

    Parameters
    ----------
    total : int
        Number to partition, at least 0.
    largest : int, optional
        Upper bound of the parts.

    Yields
    ------
    tuple of int

    Examples
    --------
    >>> list(integer_partitions(4))
    [(4,), (3, 1), (2, 2), (2, 1, 1), (1, 1, 1, 1)]
    """
    if total == 0:
        yield ()
        return
    for part in range(min(total, largest or total), 0, -1):
        for rest in integer_partitions(total - part, part):
            yield (part, *rest)


@cache
def stirling2(n: int, k: int) -> int:
    """Number of partitions of an n-set into k blocks.

    Examples
    --------
    >>> stirling2(4, 2)
    7
    """
    if n == 0 or k == 0:
        return int(n == k)
    return k * stirling2(n - 1, k) + stirling2(n - 1, k - 1)


@lru_cache(maxsize=65536)
def set_partition_coefficient(parts: tuple[int, ...], n: int) -> Fraction:
    """Coefficient of a product of power sums in a k-statistic.

    The k-statistic of x_1..x_r is the sum over set partitions tau of {1..r} of
    c_n(block sizes of tau) prod_B s_B, where s_B is the sum over samples of prod_{i in B} x_i.

    Parameters
    ----------
    parts : tuple of int
        Block sizes of tau; their sum is the order.
    n : int
        Number of samples, at least the order.

    Returns
    -------
    Fraction

    Notes
    -----
    kappa is the sum over partitions sigma of (-1)^{|sigma|-1} (|sigma|-1)! times a product of
    moments; the sum over distinct samples divided by the falling factorial (n)_{|sigma|}
    estimates that product without bias; Moebius inversion on the partitions coarser than sigma
    writes the sum over distinct samples in power sums.

    References
    ----------
    A. Stuart, J. K. Ord, Kendall's Advanced Theory of Statistics 1, ch. 12;
    G. S. James, Sankhya 20 (1958) 1-30; P. McCullagh, Tensor Methods in Statistics, ch. 4.

    Examples
    --------
    >>> set_partition_coefficient((2,), 5), set_partition_coefficient((1, 1), 5)
    (Fraction(1, 4), Fraction(-1, 20))
    """
    total = Fraction(0)
    for splits in product(*(range(1, p + 1) for p in parts)):
        size = sum(splits)
        inner = prod(
            stirling2(p, b) * (-1) ** (b - 1) * factorial(b - 1)
            for p, b in zip(parts, splits, strict=True)
        )
        total += Fraction((-1) ** (size - 1) * factorial(size - 1) * inner, perm(n, size))
    return total


@cache
def block_multiplicity(parts: tuple[int, ...]) -> int:
    """Number of set partitions with the given block sizes.

    Examples
    --------
    >>> block_multiplicity((2, 2))
    3
    """
    repeats = prod(factorial(parts.count(p)) for p in set(parts))
    return factorial(sum(parts)) // (prod(factorial(p) for p in parts) * repeats)


@explained
def kstatistic_coefficients(order: int, n: int) -> dict[tuple[int, ...], Fraction]:
    """Coefficients of the univariate k-statistic in products of power sums.

    Parameters
    ----------
    order : int
        1 to 8.
    n : int
        Number of samples, at least `order`.

    Returns
    -------
    dict
        Maps an integer partition (p_1, p_2, ...) of the order to the coefficient of
        s_{p_1} s_{p_2} ..., with s_p the sum over samples of x^p.

    Raises
    ------
    OrderError
        Order outside 1..8, or more than the number of samples.

    References
    ----------
    A. Stuart, J. K. Ord, Kendall's Advanced Theory of Statistics 1, section 12.7.

    Examples
    --------
    >>> kstatistic_coefficients(2, 10)
    {(2,): Fraction(1, 9), (1, 1): Fraction(-1, 90)}
    """
    check_order(order, 1)
    if n < order:
        raise OrderError(
            f"the k-statistic of order {order} does not exist for {n} samples; "
            f"give at least {order} samples or lower the order"
        )
    return {
        parts: block_multiplicity(parts) * set_partition_coefficient(parts, n)
        for parts in integer_partitions(order)
    }


def check_order(order: object, units: int) -> int:
    """Return `order` if it is a k-statistic order this package has; raise OrderError otherwise.

    Parameters
    ----------
    order : int
        Order asked for.
    units : int
        Number of different units in the multi-index; joint orders end at 4, univariate at 8.

    Examples
    --------
    >>> check_order(8, 1)
    8
    """
    limit = MAX_ORDER if units <= 1 else MAX_JOINT_ORDER
    if isinstance(order, bool) or not hasattr(order, "__index__"):
        raise OrderError(f"order {order!r} is not an integer; give an integer from 1 to {limit}")
    order = int(order)  # pyright: ignore[reportArgumentType]
    if not 1 <= order <= limit:
        kind = "univariate" if units <= 1 else "joint"
        raise OrderError(
            f"{kind} k-statistic of order {order} does not exist here; orders 1 to {limit} do"
        )
    return order


def set_partitions(items: Sequence[int]) -> Iterator[list[tuple[int, ...]]]:
    """Yield all partitions of a sequence into blocks, equal items kept distinct.

    Examples
    --------
    >>> sum(1 for _ in set_partitions((0, 1, 2, 3)))
    15
    """
    if not items:
        yield []
        return
    head, tail = items[0], items[1:]
    for blocks in set_partitions(tail):
        yield [(head,), *blocks]
        for i, block in enumerate(blocks):
            yield [*blocks[:i], (head, *block), *blocks[i + 1 :]]


@explained
def exact_kstatistic(data: Sequence[Any], *indices: int) -> Fraction:
    """k-statistic in rational arithmetic; floats are taken as the binary fractions they are.

    Parameters
    ----------
    data : sequence
        Samples, shape (N,), or rows of units, shape (N, d); rational numbers or floats.
    *indices : int
        Unit indices, one per factor: (0, 0, 1) for kappa_{001}. For plain numbers the unit
        is 0, so that order 3 is (0, 0, 0).

    Returns
    -------
    Fraction

    Raises
    ------
    OrderError
        Order outside 1..8 (1..4 for different units), or fewer samples than the order.
    ShapeError
        An index that the rows do not have.
    DomainError
        NaN or infinite entries.

    Examples
    --------
    >>> exact_kstatistic([1, 2, 4], 0, 0)
    Fraction(7, 3)
    """
    order = check_order(len(indices), len(set(indices)))
    rows = [tuple(row) if hasattr(row, "__len__") else (row,) for row in data]
    if len(rows) < order:
        raise OrderError(
            f"the k-statistic of order {order} does not exist for {len(rows)} samples; "
            f"give at least {order} samples or lower the order"
        )
    for row_number, row in enumerate(rows):
        if not 0 <= min(indices) <= max(indices) < len(row):
            raise ShapeError(
                f"sample {row_number} has {len(row)} units but the indices are {indices}; "
                f"use indices 0 to {len(row) - 1}"
            )
    columns: dict[int, list[Fraction]] = {}
    for i in set(indices):
        try:
            columns[i] = [
                Fraction(x if isinstance(x, Rational) else float(x)) for x in (r[i] for r in rows)
            ]
        except (OverflowError, TypeError, ValueError):
            raise DomainError(
                f"unit {i} of the data has entries that are NaN, infinite or no numbers; remove "
                "these samples"
            ) from None
    n = len(rows)

    @cache
    def power_sum(block: tuple[int, ...]) -> Fraction:
        return sum(
            (prod((columns[i][s] for i in block), start=Fraction(1)) for s in range(n)),
            Fraction(0),
        )

    if len(set(indices)) == 1:
        return sum(
            (
                c * prod(power_sum(indices[:p]) for p in parts)
                for parts, c in kstatistic_coefficients(order, n).items()
            ),
            Fraction(0),
        )
    return sum(
        (
            set_partition_coefficient(tuple(sorted(map(len, blocks))), n)
            * prod(power_sum(tuple(sorted(block))) for block in blocks)
            for blocks in set_partitions(indices)
        ),
        Fraction(0),
    )


def multi_index_binomial(alpha: Sequence[int], beta: Sequence[int]) -> int:
    """Product of binomial coefficients, one per unit.

    Examples
    --------
    >>> multi_index_binomial((2, 1), (1, 1))
    2
    """
    return prod(comb(a, b) for a, b in zip(alpha, beta, strict=True))
