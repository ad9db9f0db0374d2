"""Domain checks for exact parameters.

Each check raises :class:`DomainError` on a value that is certainly wrong, returns the statement as
a hypothesis when symbols leave it open, and returns nothing when it certainly holds.
"""

from collections.abc import Iterable, Sequence

import sympy as sp

from ..algebra import exact
from ..arguments import entries
from ..errors import DomainError, ShapeError


def sign(value: sp.Expr) -> int | None:
    """Sign of an exact real expression, None if symbols leave it open.

    Examples
    --------
    >>> sign(sp.sqrt(2) - 1), sign(sp.Symbol("x")), sign(sp.Symbol("x", negative=True))
    (1, None, -1)
    """
    known = _known_sign(value)
    if known is None and value.is_number:
        known = 0 if value.equals(0) else _known_sign(sp.simplify(value))
    return known


def _known_sign(value: sp.Expr) -> int | None:
    if value.is_positive:
        return 1
    if value.is_negative:
        return -1
    return 0 if value.is_zero else None


def is_zero(value: sp.Expr) -> bool | None:
    """Whether an exact expression vanishes, None if symbols leave it open."""
    expanded = sp.expand(value)
    known = expanded.is_zero
    if known is None and expanded.is_number:
        return expanded.equals(0)
    return known


def real(value: object, what: str) -> sp.Expr:
    """Exact form of a value that must be real."""
    result = exact(value, what)
    if result.is_extended_real is False:
        raise DomainError(f"{what} = {result} is not real; pass a real exact number or a symbol")
    return result


def positive(value: sp.Expr, what: str, hint: str = "") -> tuple[str, ...]:
    """Check value > 0."""
    s = sign(value)
    if s is None and value.is_positive is not False:
        return (f"{value} > 0",)
    if s != 1:
        raise DomainError(f"{what} = {value} is not positive; pass a value above 0{hint}")
    return ()


def less(low: sp.Expr, high: sp.Expr, what: str) -> tuple[str, ...]:
    """Check low < high."""
    gap = sp.expand(high - low)
    s = sign(gap)
    if s is None and gap.is_positive is not False:
        return (f"{low} < {high}",)
    if s != 1:
        raise DomainError(f"{what}: low = {low} is not below high = {high}; swap or change them")
    return ()


def probability(value: sp.Expr, what: str) -> tuple[str, ...]:
    """Check 0 <= value <= 1."""
    below, above = sign(value), sign(sp.expand(1 - value))
    if below == -1 or above == -1 or value.is_extended_real is False:
        raise DomainError(f"{what} = {value} is no probability; pass a value between 0 and 1")
    if below is None or above is None:
        return (f"0 <= {value} <= 1",)
    return ()


def probabilities(values: Sequence[sp.Expr], what: str) -> tuple[str, ...]:
    """Check that values are probabilities that sum to one."""
    found = [h for i, p in enumerate(values) for h in probability(p, f"{what}[{i}]")]
    total = sp.expand(sp.Add(*values))
    difference = is_zero(total - 1)
    if difference is None and sp.simplify(total - 1) != 0:
        found.append(f"{total} = 1")
    if difference is False:
        raise DomainError(f"{what} sum to {total}, not to 1; divide them by their sum")
    return tuple(found)


def reals(values: object, what: str) -> tuple[sp.Expr, ...]:
    """Exact forms of a non-empty sequence of real values."""
    values = entries(values, what, "a sequence of exact numbers")
    result = tuple(real(v, f"{what}[{i}]") for i, v in enumerate(values))
    if not result:
        raise ShapeError(f"{what} is empty; pass at least one entry")
    return result


def unique(statements: Iterable[str]) -> tuple[str, ...]:
    """The statements without repetition, in order."""
    return tuple(dict.fromkeys(statements))
