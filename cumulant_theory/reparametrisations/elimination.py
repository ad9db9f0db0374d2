"""Null spaces of sparse systems over the rationals and over the field of two elements."""

from collections.abc import Hashable, Iterable, Sequence
from fractions import Fraction
from typing import Any

Row = dict[Any, Any]


def null_space(
    equations: Iterable[Row], unknowns: Sequence[Hashable], modulus: int | None = None
) -> list[Row]:
    """Basis of the solutions of homogeneous linear equations.

    Each member owns one unknown in which it is 1 and all others are 0; these lie as late among
    the unknowns as possible.

    Parameters
    ----------
    equations
        Unknown -> coefficient; coefficients are integers or fractions.
    unknowns
        All of them, in order.
    modulus
        2, or None for the rationals.

    Returns
    -------
    list of dict
        Unknown -> value, zeros left out.

    Examples
    --------
    >>> null_space([{"a": 2, "b": 1, "c": -1}], "abc")
    [{'a': Fraction(-1, 2), 'b': Fraction(1, 1)}, {'a': Fraction(1, 2), 'c': Fraction(1, 1)}]
    >>> null_space([{"a": 1, "b": 1}], "ab", modulus=2)
    [{'a': 1, 'b': 1}]
    """
    place = {u: k for k, u in enumerate(unknowns)}
    number = Fraction if modulus is None else lambda v: int(v) % modulus
    pivots: dict[Any, Row] = {}
    users: dict[Any, set[Any]] = {}
    for equation in equations:
        row = {u: number(v) for u, v in equation.items() if number(v)}
        for u in [u for u in row if u in pivots]:
            _subtract(row, row[u], pivots[u], modulus)
        if not row:
            continue
        lead = min(row, key=place.__getitem__)
        row = _scaled(row, row[lead], modulus)
        for other in users.pop(lead, set()):
            before = set(pivots[other])
            _subtract(pivots[other], pivots[other][lead], row, modulus)
            _register(users, other, before, set(pivots[other]))
        pivots[lead] = row
        _register(users, lead, set(), set(row) - {lead})
    basis: dict[Any, Row] = {u: {u: number(1)} for u in unknowns if u not in pivots}
    for lead, row in pivots.items():
        for u, v in row.items():
            if u != lead:
                basis[u][lead] = number(-v)
    return [dict(sorted(b.items(), key=lambda e: place[e[0]])) for b in basis.values()]


def _register(users: dict[Any, set[Any]], lead: Any, before: set[Any], after: set[Any]) -> None:
    """Keep for every unknown the pivot rows in which it occurs."""
    for u in before - after:
        users.get(u, set()).discard(lead)
    for u in after - before - {lead}:
        users.setdefault(u, set()).add(lead)


def _subtract(row: Row, factor: Any, other: Row, modulus: int | None) -> None:
    for u, v in other.items():
        value = row.get(u, 0) - factor * v
        value = value if modulus is None else value % modulus
        if value:
            row[u] = value
        else:
            row.pop(u, None)


def _scaled(row: Row, factor: Any, modulus: int | None) -> Row:
    return row if modulus is not None else {u: v / factor for u, v in row.items()}
