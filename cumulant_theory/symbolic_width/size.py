"""How long a closed form becomes, told from its lower orders before it is made."""

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from ..algebra import check_terms_at_most
from .types import Type, indices_of, raised

if TYPE_CHECKING:
    from .families import Family

POLYNOMIAL_LIMIT = 10**6
"""Terms of a cumulant as a polynomial."""

EXPRESSION_LIMIT = 10**5
"""Terms of a cumulant as one expression, which takes some hundred times longer to build."""

_WAY_OUT = (
    "ask for a lower order, take fewer channels, give weights numbers or a name that they share, "
    "or keep the cumulants of every layer as named intermediates: network.recursion(order) and "
    "network.system(order, inputs)"
)


def estimated_terms(kind: Type, family: "Family", terms: Callable[[Type], int]) -> int | None:
    """Terms of a cumulant, from those of the cumulants without its first or last index.

    The numbers of terms grow nearly geometrically with the order: with a and b the first and the
    last index, T(a w b) is close to T(a w) T(w b) / T(w).

    Parameters
    ----------
    kind
        A type.
    family
        Of the nodes.
    terms
        Type of lower order -> number of terms.

    Returns
    -------
    int or None
        None at order 1, and where a cumulant of lower order vanishes.

    Examples
    --------
    >>> from cumulant_theory.symbolic_width import star
    >>> nodes = star("n")
    >>> counts = {nodes.read("hh"): 50, nodes.read("hi"): 60, nodes.read("h"): 10}
    >>> estimated_terms(nodes.read("hhi"), nodes, counts.__getitem__)
    300
    """
    word = list(indices_of(kind))
    if len(word) == 1:
        return None
    left, right = (terms(_part(kind, part, family)) for part in (word[:-1], word[1:]))
    middle = terms(_part(kind, word[1:-1], family)) if len(word) > 2 else 1
    return left * right // middle if left and right and middle else None


def check_polynomial(
    kind: Type, family: "Family", what: str, terms: Callable[[Type], int]
) -> None:
    """Refuse a cumulant that would be too long, before it is made.

    Parameters
    ----------
    kind, family, terms
        As for :func:`estimated_terms`; ``terms`` is asked for low orders first.
    what
        Whose cumulant it is.

    Raises
    ------
    OrderError
        If it has more than ``POLYNOMIAL_LIMIT`` terms by :func:`estimated_terms`.
    """
    for part in _parts(kind, family):
        count = estimated_terms(part, family, terms)
        if count is not None:
            check_terms_at_most(count, POLYNOMIAL_LIMIT, f"{what}: about", _WAY_OUT)


def check_expression(count: int, what: str) -> None:
    """Refuse to write a long polynomial as an expression.

    Raises
    ------
    OrderError
        If it has more than ``EXPRESSION_LIMIT`` terms.
    """
    check_terms_at_most(
        count, EXPRESSION_LIMIT, f"{what}:",
        f"take .polynomial(type), which can be evaluated; or {_WAY_OUT}",
    )


def _parts(kind: Type, family: "Family") -> Iterator[Type]:
    """The type and those of its connected runs of indices, low orders first."""
    word = list(indices_of(kind))
    for length in range(2, len(word) + 1):
        runs = (word[k : k + length] for k in range(len(word) - length + 1))
        yield from dict.fromkeys(_part(kind, run, family) for run in runs)


def _part(kind: Type, word: list[tuple[int, int]], family: "Family") -> Type:
    nodes: dict[int, tuple[int, ...]] = {}
    for position, channel in word:
        empty = (0,) * len(kind[position][1])
        nodes[position] = raised(nodes.get(position, empty), channel)
    return family.canonical((kind[p][0], content) for p, content in nodes.items())
