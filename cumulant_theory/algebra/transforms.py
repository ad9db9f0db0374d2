"""Moment-cumulant maps, univariate and joint, over any commutative ring.

The recursions need additions, products and integer multiples only, so they serve integers,
fractions, SymPy expressions, polynomial-ring elements and arrays alike.
"""

import math
from collections import Counter
from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any

import sympy as sp

from ..arguments import answer_of, brief, explained
from ..errors import CumulantError, DomainError
from .clock import check_time
from .limits import check_at_most, check_order, check_partitions, same_arithmetic
from .multiindices import MultiIndex, binomial, check_multi_index, sub_indices
from .partitions import set_partitions
from .polynomial import Polynomial, Ring

_MOST_SPLITS = 2**20
_FAILURES = (TypeError, ValueError, AttributeError, LookupError, ArithmeticError)


@same_arithmetic
def moments_from_cumulants(kappa: Sequence[Any]) -> list[Any]:
    """Raw moments m_1..m_n of a law with cumulants kappa_1..kappa_n.

    References
    ----------
    P. J. Smith, The American Statistician 49, 217 (1995), equation (4).

    Examples
    --------
    >>> moments_from_cumulants([1, 1, 1, 1])     # Poisson(1): Bell numbers
    [1, 2, 5, 15]
    """
    m: list[Any] = [1]
    for n in range(1, len(kappa) + 1):
        value = kappa[n - 1]
        for k in range(1, n):
            value = value + math.comb(n - 1, k - 1) * (kappa[k - 1] * m[n - k])
        m.append(value)
    return m[1:]


@same_arithmetic
def cumulants_from_moments(moments: Sequence[Any]) -> list[Any]:
    """Cumulants kappa_1..kappa_n of a law with raw moments m_1..m_n.

    Examples
    --------
    >>> cumulants_from_moments([1, 2, 5, 15])
    [1, 1, 1, 1]
    """
    kappa: list[Any] = []
    for n in range(1, len(moments) + 1):
        value = moments[n - 1]
        for k in range(1, n):
            value = value - math.comb(n - 1, k - 1) * (kappa[k - 1] * moments[n - k - 1])
        kappa.append(value)
    return kappa


@lru_cache(maxsize=64)
def _formula(order: int, letter: str, solve: Callable[[Sequence[Any]], list[Any]]) -> Polynomial:
    symbols = [sp.Symbol(f"{letter}_{r}") for r in range(1, order + 1)]
    ring = Ring(symbols)
    return Polynomial(ring, solve([ring.element(s) for s in symbols])[-1])


def cumulant_formula(order: int) -> Polynomial:
    """kappa_order as a polynomial in the raw moments m_1..m_order.

    Raises
    ------
    OrderError
        If ``order`` is below 1.

    Examples
    --------
    >>> cumulant_formula(3).expr
    2*m_1**3 - 3*m_1*m_2 + m_3
    """
    return _formula(check_order(order), "m", cumulants_from_moments)


def moment_formula(order: int) -> Polynomial:
    """m_order as a polynomial in the cumulants kappa_1..kappa_order.

    Examples
    --------
    >>> moment_formula(2).expr
    kappa_1**2 + kappa_2
    """
    return _formula(check_order(order), "kappa", moments_from_cumulants)


def _first(alpha: MultiIndex) -> MultiIndex:
    i = next(k for k, a in enumerate(alpha) if a)
    return tuple(1 if k == i else 0 for k in range(len(alpha)))


@lru_cache(maxsize=65536)
def _splits(alpha: MultiIndex) -> tuple[tuple[int, MultiIndex, MultiIndex], ...]:
    """(weight, beta, alpha - beta) over beta <= alpha that contain the first unit of alpha."""
    alpha = check_multi_index(alpha, None, "joint moments and cumulants")
    check_order(sum(alpha))
    check_at_most(
        math.prod(a + 1 for a in alpha), _MOST_SPLITS, f"multi-index {brief(alpha)}",
        "multi-indices below it", "lower the order, or take fewer units",
    )
    first = _first(alpha)
    below = tuple(a - f for a, f in zip(alpha, first, strict=True))
    return tuple(
        (
            binomial(below, rest),
            tuple(r + f for r, f in zip(rest, first, strict=True)),
            tuple(b - r for b, r in zip(below, rest, strict=True)),
        )
        for rest in sub_indices(below)
    )


def _same(alpha: MultiIndex) -> MultiIndex:
    return alpha


def check_unit(one: Any, what: str) -> None:
    """Raise DomainError where a number is no unit of a ring, such as one that is not finite."""
    if isinstance(one, (float, complex, sp.Expr)) and (0 * one != 0 or one * one != one):
        raise DomainError(f"{what}: one is {brief(one)}; pass the unit of the ring")


def _failure(name: str, function: Any, alpha: Any, error: Exception) -> CumulantError:
    """What to raise where a recursion over values of somebody's function fails."""
    try:
        check_multi_index(alpha, None, name)
    except CumulantError as wrong:
        return wrong
    return DomainError(
        f"{name}: the values of {brief(function)} cannot be had, added and multiplied "
        f"({type(error).__name__}: {brief(error)}); pass a function from multi-indices to numbers, "
        "SymPy expressions or elements of one ring"
    )


@explained
def joint_moments(
    cumulant: Callable[[MultiIndex], Any], one: Any = 1,
    canonical: Callable[[MultiIndex], MultiIndex] = _same,
) -> Callable[[MultiIndex], Any]:
    """Joint raw moments from joint cumulants, on demand and memoised.

    Parameters
    ----------
    cumulant
        alpha -> kappa_alpha; zeros are skipped.
    one
        The unit of the ring, returned for alpha = 0.
    canonical
        Representative of a multi-index among those with the same moment.

    Returns
    -------
    Callable
        alpha -> E prod x_i^{alpha_i}.

    Examples
    --------
    >>> m = joint_moments({(1, 0): 2, (0, 1): 3, (1, 1): 5, (2, 0): 1, (0, 2): 1}.get)
    >>> m((1, 1))
    11
    """
    check_unit(one, "joint_moments")
    memo: dict[MultiIndex, Any] = {}

    def moment(alpha: MultiIndex) -> Any:
        try:
            if not any(alpha):
                return one
            alpha = canonical(alpha)
            if alpha not in memo:
                value: Any = 0 * one
                for weight, beta, rest in _splits(alpha):
                    kappa = cumulant(beta)
                    if kappa is not None and kappa != 0:
                        check_time()
                        value = value + weight * (kappa * moment(rest))
                memo[alpha] = value
            return memo[alpha]
        except CumulantError:
            raise
        except _FAILURES as error:
            raise _failure("joint_moments", cumulant, alpha, error) from error

    return moment


@explained
def joint_cumulants(
    moment: Callable[[MultiIndex], Any],
    canonical: Callable[[MultiIndex], MultiIndex] = _same,
) -> Callable[[MultiIndex], Any]:
    """Joint cumulants from joint raw moments, on demand and memoised.

    Parameters
    ----------
    moment
        alpha -> E prod x_i^{alpha_i}.
    canonical
        Representative of a multi-index among those with the same cumulant.

    Examples
    --------
    >>> kappa = joint_cumulants({(1, 0): 2, (0, 1): 3, (1, 1): 11}.get)
    >>> kappa((1, 1))
    5
    """
    memo: dict[MultiIndex, Any] = {}

    def cumulant(alpha: MultiIndex) -> Any:
        try:
            alpha = canonical(alpha)
            if alpha not in memo:
                value = moment(alpha)
                for weight, beta, rest in _splits(alpha):
                    if any(rest):
                        check_time()
                        value = value - weight * (cumulant(beta) * moment(rest))
                memo[alpha] = value
            return memo[alpha]
        except CumulantError:
            raise
        except _FAILURES as error:
            raise _failure("joint_cumulants", moment, alpha, error) from error

    return cumulant


@same_arithmetic
def joint_cumulant_by_partitions(
    expectation: Callable[[Sequence[int]], Any], variables: Sequence[int]
) -> Any:
    """Joint cumulant as the signed sum over all set partitions: the definition, slow.

    Independent of :func:`joint_cumulants`; the verifier and the oracle use it.

    Parameters
    ----------
    expectation
        Maps a list of variable labels to the expectation of their product.
    variables
        Labels, repeats allowed.

    References
    ----------
    Speed, Austral. J. Statist. 25, 378 (1983).

    Examples
    --------
    >>> joint_cumulant_by_partitions(lambda labels: {1: 1, 2: 2, 3: 5}[len(labels)], [0, 0, 0])
    1
    """
    check_partitions(len(variables), "joint_cumulant_by_partitions")
    labels = list(dict.fromkeys(variables))
    total: Any = 0
    for term, blocks in _partition_terms(tuple(map(labels.index, variables))):
        for block in sorted(blocks, key=len):  # a single variable may have mean zero
            found = [labels[k] for k in block]
            term = term * answer_of(
                expectation, (found,), "joint_cumulant_by_partitions: expectation",
                "pass a function of a list of labels",
            )
            if term == 0:
                break
        else:
            total = total + term
    return total


@lru_cache(maxsize=4096)
def _partition_terms(
    pattern: tuple[int, ...],
) -> tuple[tuple[Any, tuple[tuple[int, ...], ...]], ...]:
    """(signed weight, blocks) of all set partitions, those alike for repeated labels counted."""
    counts: Counter[tuple[tuple[int, ...], ...]] = Counter()
    for blocks in set_partitions(range(len(pattern))):
        counts[tuple(sorted(tuple(sorted(pattern[i] for i in b)) for b in blocks))] += 1
    return tuple(
        (count * (-1) ** (len(blocks) - 1) * math.factorial(len(blocks) - 1), blocks)
        for blocks, count in counts.items()
    )
