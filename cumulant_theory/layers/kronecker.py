"""Affine rules with one small matrix per fixed operator between places, such as nodes."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import sympy as sp

from ..latex.html import Record
from .rules import AffineRule


@dataclass(frozen=True)
class Operator:
    """A sparse matrix between places, shape (rows, columns).

    Attributes
    ----------
    rows, columns
        Numbers of places after and before.
    entries
        (row, column, value) of the entries that are not zero.

    Examples
    --------
    >>> Operator.of(2, 2, [(0, 1, sp.Integer(3)), (1, 0, sp.Integer(0))]).entries
    ((0, 1, 3),)
    """

    rows: int
    columns: int
    entries: tuple[tuple[int, int, Any], ...]

    @classmethod
    def of(cls, rows: int, columns: int, entries: Iterable[tuple[int, int, Any]]) -> "Operator":
        """Operator of entries, repeated places added up."""
        total: dict[tuple[int, int], Any] = {}
        for v, u, s in entries:
            total[v, u] = total[v, u] + s if (v, u) in total else s
        return cls(rows, columns, tuple((v, u, s) for (v, u), s in total.items() if s != 0))

    @classmethod
    def identity(cls, places: int) -> "Operator":
        """Every place to itself."""
        return cls(places, places, tuple((v, v, sp.S.One) for v in range(places)))

    @cached_property
    def is_identity(self) -> bool:
        """Whether it leaves everything in place."""
        return self == Operator.identity(self.rows)

    @cached_property
    def free_symbols(self) -> set[sp.Symbol]:
        """Symbols of the entries."""
        return {x for s in {s for _, _, s in self.entries} for x in s.free_symbols}

    @cached_property
    def matrix(self) -> sp.ImmutableMatrix:
        """All entries, zeros included."""
        entries = {(v, u): s for v, u, s in self.entries}
        return sp.ImmutableMatrix(sp.SparseMatrix(self.rows, self.columns, entries))


class KroneckerRule(AffineRule, Record):
    """z = (sum_k Theta_k (x) S_k) x + c (x) 1, units numbered channel * places + place.

    It keeps the factors; the matrix of the product is made when it is asked for.

    Parameters
    ----------
    terms
        Pairs of a matrix Theta_k, shape (out_channels, in_channels), and an operator S_k.
    channel_shift
        c, one exact entry per output channel.

    Examples
    --------
    >>> swap = Operator.of(2, 2, [(0, 1, sp.S.One), (1, 0, sp.S.One)])
    >>> rule = KroneckerRule([(sp.ImmutableMatrix([["a", "b"]]), swap)], [sp.S.Zero])
    >>> rule.weight
    Matrix([
    [0, a, 0, b],
    [a, 0, b, 0]])
    """

    def __init__(
        self, terms: Iterable[tuple[sp.ImmutableMatrix, Operator]], channel_shift: Sequence[Any]
    ) -> None:
        self.terms: tuple[tuple[Any, Operator], ...] = tuple(terms)
        self.channel_shift: tuple[sp.Expr, ...] = tuple(channel_shift)

    @classmethod
    def on_each_channel(cls, operator: Operator, channels: int) -> "KroneckerRule":
        """The same operator on every channel, without shift."""
        return cls([(sp.ImmutableMatrix(sp.eye(channels)), operator)], [sp.S.Zero] * channels)

    @property
    def in_units(self) -> int:
        """Number of input units."""
        theta, operator = self.terms[0]
        return int(theta.cols) * operator.columns

    @property
    def out_units(self) -> int:
        """Number of output units."""
        return len(self.channel_shift) * self.terms[0][1].rows

    @cached_property
    def weight(self) -> sp.ImmutableMatrix:  # type: ignore[override]
        """sum_k Theta_k (x) S_k, shape (out_units, in_units)."""
        entries: dict[tuple[int, int], Any] = {}
        for theta, operator in self.terms:
            for (i, j), w in theta.todok().items():
                for v, u, s in operator.entries:
                    place = (i * operator.rows + v, j * operator.columns + u)
                    entries[place] = entries.get(place, sp.S.Zero) + w * s
        return sp.ImmutableMatrix(sp.SparseMatrix(self.out_units, self.in_units, entries))

    @cached_property
    def shift(self) -> tuple[sp.Expr, ...]:  # type: ignore[override]
        """c, equal on all places."""
        return tuple(c for c in self.channel_shift for _ in range(self.terms[0][1].rows))
