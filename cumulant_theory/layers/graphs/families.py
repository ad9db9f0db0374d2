"""Families of graphs by their number of nodes."""

from typing import Any

from ...algebra import as_integer, check_edges
from ...errors import ShapeError
from .graph import Graph

__all__ = ["complete", "cycle", "path", "star"]


def complete(n: int) -> Graph:
    """Every node joined to every other.

    Raises
    ------
    ShapeError
        If n is no positive integer.

    Examples
    --------
    >>> complete(3), len(complete(3).edges)
    (complete(3), 3)
    """
    n = _size(n, "complete", 1)
    check_edges(n + n * (n - 1) // 2, f"complete({n})")
    return Graph((n, [(i, j) for i in range(n) for j in range(i + 1, n)]), label=f"complete({n})")


def cycle(n: int) -> Graph:
    """A ring of n nodes.

    Raises
    ------
    ShapeError
        If n is no integer from 3 up; two joined nodes are path(2).

    Examples
    --------
    >>> cycle(4).edges
    ((0, 1, 1), (1, 2, 1), (2, 3, 1), (3, 0, 1))
    """
    n = _size(n, "cycle", 3)
    return Graph((n, [(i, (i + 1) % n) for i in range(n)]), label=f"cycle({n})")


def path(n: int) -> Graph:
    """A chain of n nodes.

    Raises
    ------
    ShapeError
        If n is no positive integer.

    Examples
    --------
    >>> path(3).edges
    ((0, 1, 1), (1, 2, 1))
    """
    n = _size(n, "path", 1)
    return Graph((n, [(i, i + 1) for i in range(n - 1)]), label=f"path({n})")


def star(n: int) -> Graph:
    """n nodes, the centre 0 joined to the n - 1 others.

    Raises
    ------
    ShapeError
        If n is no positive integer.

    Examples
    --------
    >>> star(3).edges
    ((0, 1, 1), (0, 2, 1))
    """
    n = _size(n, "star", 1)
    return Graph((n, [(0, i) for i in range(1, n)]), label=f"star({n})")


def _size(n: Any, family: str, least: int) -> int:
    if isinstance(n, str) or getattr(n, "free_symbols", None):
        raise ShapeError(
            f"{family}({n}): a graph with nodes and edges needs an integer number of nodes; for a "
            "symbolic number see cumulant_theory.symbolic_width"
        )
    number = as_integer(n, least)
    if number is None:
        hint = "; two joined nodes are path(2)" if least > 1 else ""
        raise ShapeError(
            f"{family}({n!r}): the number of nodes must be an integer from {least} up{hint}"
        )
    check_edges(number, f"{family}({number})")
    return number
