"""Matrices given by their nonzero entries: duals, inner products, linear combinations."""

from collections.abc import Iterable, Mapping
from typing import Any

import sympy as sp

from cumulant_theory.algebra import exact
from cumulant_theory.errors import DomainError, ShapeError
from cumulant_theory.symmetries.solve import Vector


def dual_vectors(vectors: tuple[Vector, ...]) -> tuple[Vector, ...]:
    """The members D_k of the span with <D_k, B_l> = delta_kl."""
    tables = [dict(vector) for vector in vectors]
    if sum(map(len, tables)) == len(set().union(*tables)):
        norms = [sp.Add(*(v**2 for v in table.values())) for table in tables]
        return tuple(
            tuple((place, value / norm) for place, value in vector)
            for vector, norm in zip(vectors, norms, strict=True)
        )
    gram = sp.Matrix(len(tables), len(tables), lambda k, m: _overlap(tables[k], tables[m]))
    inverse = gram.inv(method="DM").applyfunc(lambda e: sp.radsimp(sp.expand(e)))
    duals = []
    for k in range(len(tables)):
        table: dict[tuple[int, int], sp.Expr] = {}
        for m, other in enumerate(tables):
            for place, value in other.items():
                table[place] = table.get(place, sp.S.Zero) + inverse[k, m] * value
        duals.append(tuple(sorted((p, sp.expand(v)) for p, v in table.items())))
    return tuple(duals)


def _overlap(left: Mapping, right: Mapping) -> sp.Expr:
    return sp.expand(sp.Add(*(v * right[place] for place, v in left.items() if place in right)))


def inner_products(vectors: Iterable[Vector], W: sp.MatrixBase) -> tuple[sp.Expr, ...]:
    """The entrywise inner product of a matrix with each vector."""
    return tuple(sp.Add(*(v * W[place] for place, v in vector)) for vector in vectors)


def combination(
    coefficients: Iterable[sp.Expr], vectors: Iterable[Vector], shape: tuple[int, int]
) -> sp.ImmutableMatrix:
    """The matrix with these coefficients in the vectors."""
    terms: dict[tuple[int, int], list[sp.Expr]] = {}
    for coefficient, vector in zip(coefficients, vectors, strict=True):
        for place, value in vector:
            terms.setdefault(place, []).append(coefficient * value)
    entries = {place: sp.Add(*values) for place, values in terms.items()}
    return sp.ImmutableMatrix(sp.SparseMatrix(*shape, entries))


def _entry(value: Any, what: str) -> Any:
    return exact(value, f"entry of {what}") if isinstance(value, str) else value


def exact_entries(matrix: Any, shape: tuple[int, int], what: str) -> sp.ImmutableMatrix:
    """The matrix given, of this shape and with floats as the rationals they are.

    Raises
    ------
    ShapeError
        No matrix, or one of another shape; `what` names it.
    DomainError
        An entry that is NaN or infinite.
    """
    if not isinstance(matrix, sp.MatrixBase):
        try:
            # no text reaches SymPy, which would run it
            rows = matrix.tolist() if hasattr(matrix, "tolist") else list(matrix)
            matrix = sp.ImmutableMatrix([
                [_entry(e, what) for e in row] if isinstance(row, (list, tuple))
                else [_entry(row, what)] for row in rows
            ])
        except (TypeError, ValueError) as error:
            raise ShapeError(
                f"{what} is not a matrix; give a sympy Matrix or a list of rows of shape {shape}"
            ) from error
    if matrix.shape != shape:
        raise ShapeError(
            f"{what} has shape {matrix.shape}, the layer has {shape} = (out_features, "
            f"{'in_features' if what == 'W' else '1'}); give it in that shape"
        )
    if not all(isinstance(e, sp.Expr) for e in matrix):
        raise DomainError(f"{what} has an entry that is no number or expression")
    if any(e.has(sp.nan, sp.oo, -sp.oo, sp.zoo) for e in matrix):
        raise DomainError(f"{what} has an entry that is NaN or infinite; give finite numbers")
    return sp.ImmutableMatrix(
        matrix.applyfunc(lambda e: e.replace(lambda x: x.is_Float, lambda x: sp.Rational(x)))
    )
