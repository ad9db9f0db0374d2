"""Joint cumulants with repeated units from joint cumulants of powers of distinct units."""

import math
from collections.abc import Callable
from functools import lru_cache
from itertools import combinations
from typing import Any

import sympy as sp

from ..algebra import MultiIndex, Ring, check_multi_index, joint_cumulants
from ..algebra.limits import check_at_most
from ..algebra.transforms import check_unit
from ..arguments import answer_of, brief, explained
from .enumeration import check_pattern

PowerFormula = tuple[tuple[int, tuple[tuple[MultiIndex, int], ...]], ...]


def power_moments(
    power: Callable[[MultiIndex], Any], one: Any
) -> Callable[[MultiIndex], Any]:
    """q -> E prod_a y_a^{q_a} from the joint cumulants of the powers y_a^{q_a}.

    Parameters
    ----------
    power
        q -> joint cumulant of y_a^{q_a} over the units with q_a > 0, each power taken once.
    one
        Unit of the ring.

    Examples
    --------
    >>> C = {(2, 0): 3, (0, 1): 5, (2, 1): 7}
    >>> power_moments(C.get, 1)((2, 1))
    22
    """
    check_unit(one, "power_moments")
    memo: dict[MultiIndex, Any] = {}

    def moment(q: MultiIndex) -> Any:
        support = [a for a, e in enumerate(check_multi_index(q, None, "power_moments")) if e]
        if not support:
            return one
        if q not in memo:
            value: Any = 0 * one
            for size in range(len(support)):
                for others in combinations(support[1:], size):
                    chosen = {support[0], *others}
                    factor = power(tuple(e if a in chosen else 0 for a, e in enumerate(q)))
                    if factor != 0:
                        rest = tuple(0 if a in chosen else e for a, e in enumerate(q))
                        value = value + factor * moment(rest)
            memo[q] = value
        return memo[q]

    return lambda q: answer_of(
        moment, (q,), "power_moments", "pass a function from multi-indices to numbers, SymPy "
        "expressions or elements of one ring",
    )


_MOST_NAMES = 1024


@explained
@lru_cache(maxsize=1024)
def power_formula(pattern: MultiIndex) -> PowerFormula:
    """kappa_p in the joint cumulants C_q of powers: ((coefficient, ((q, exponent), ...)), ...).

    The Leonov-Shiryaev relation read backwards: moments are sums over partitions of the distinct
    units, cumulants the Moebius inversion over all factors.

    Parameters
    ----------
    pattern
        How often each distinct unit occurs.

    References
    ----------
    Leonov & Shiryaev, Theory Probab. Appl. 4, 319 (1959).

    Examples
    --------
    >>> power_formula((2, 1))                   # C_iij - 2 C_i C_ij
    ((1, (((2, 1), 1),)), (-2, (((1, 1), 1), ((1, 0), 1))))
    >>> power_formula((1, 1, 1))
    ((1, (((1, 1, 1), 1),)),)
    """
    check_pattern(pattern)
    check_at_most(
        math.prod(p + 1 for p in pattern), _MOST_NAMES, f"power_formula: pattern {brief(pattern)}",
        "joint cumulants", "lower the exponents, or take fewer units",
    )
    names: dict[MultiIndex, sp.Symbol] = {}

    def name(q: MultiIndex) -> sp.Symbol:
        return names.setdefault(q, sp.Symbol("C_" + "_".join(map(str, q))))

    boxes: list[MultiIndex] = [()]
    for p in pattern:
        boxes = [(*q, e) for q in boxes for e in range(p + 1)]
    ring = Ring([name(q) for q in boxes if any(q)])
    back = {symbol: q for q, symbol in names.items()}
    moment = power_moments(lambda q: ring.element(name(q)), ring.one)
    value = joint_cumulants(moment)(pattern)
    terms = (
        (int(c), tuple(sorted(((back[s], e) for s, e in monomial if s in back), reverse=True)))  # type: ignore[index]
        for c, monomial in ring.terms(value)
    )
    return tuple(sorted(
        terms, key=lambda t: (sum(e for _, e in t[1]), [(-sum(q), q) for q, _ in t[1]])
    ))
