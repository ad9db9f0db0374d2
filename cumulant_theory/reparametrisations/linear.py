"""Hidden units with the identity as activation: shifts, and mixing of units."""

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import sympy as sp

from ..errors import ShapeError
from ..latex.html import Record
from .elimination import null_space
from .structure import Affine, Hidden, Structure
from .terms import Terms

LARGEST = 5000  # unknowns of the equations for tied weights


@dataclass(frozen=True)
class Shift(Record):
    """x_i -> x_i + s values[i] on a layer of units, taken up by biases before and after it.

    Attributes
    ----------
    layer
        The hidden units.
    values
        Place of a unit -> its shift for s = 1.
    changes
        Bias -> its change for s = 1, in the parameters.
    """

    layer: Hidden
    values: dict[int, Any]
    changes: dict[sp.Symbol, Any]


@dataclass(frozen=True)
class Mixing(Record):
    """x -> (1 + t X) x on a layer of units, taken up by the weights before and after it.

    Attributes
    ----------
    layer
        The hidden units.
    matrix
        (i, j) -> X_ij.
    is_free
        Whether any X would do, so that the group is the general linear one.
    """

    layer: Hidden
    matrix: dict[tuple[int, int], Any]
    is_free: bool


def linear_layers(structure: Structure) -> Iterator[tuple[Hidden, Affine, Affine]]:
    """Hidden layers without activation, with the affine stages before and after."""
    for layer in structure.hidden:
        between = [structure.stages[state] for state in layer.states[:-1]]
        if all(isinstance(s, tuple) and all(f.is_identity for f in s) for s in between):
            before = structure.stages[layer.states[0] - 1]
            after = structure.stages[layer.states[-1]]
            if isinstance(before, Affine) and isinstance(after, Affine):
                yield layer, before, after


def shifts(structure: Structure) -> list[Shift]:
    """Shifts along single biases before the units."""
    found = []
    for layer, before, after in linear_layers(structure):
        biases = dict.fromkeys(
            p for ts in before.shift_terms.values() for p in [ts[0].lone]
            if p is not None and p in structure.pure_biases
        )
        for p in biases:
            values = {
                i: ts[0].coefficient for i, ts in before.shift_terms.items() if ts[0].lone == p
            }
            moved: dict[int, Any] = {}
            for (i, j), w in after.weight.items():
                if j in values:
                    moved[i] = moved.get(i, sp.S.Zero) - w * values[j]
            taken = structure.absorbed(after, {i: sp.expand(v) for i, v in moved.items()})
            if taken is not None:
                found.append(Shift(layer, values, {p: sp.S.One} | taken))
    return found


def mixings(structure: Structure, search: bool = True) -> list[Mixing]:
    """Generators of the mixings that are no rescalings.

    Raises
    ------
    ShapeError
        If tied weights lead to more than 5000 unknowns.
    """
    found = []
    for layer, before, after in linear_layers(structure):
        owned = _owned(structure, before, after)
        if owned and _is_free(before, layer.width, 0) and _is_free(after, layer.width, 1):
            found += [
                Mixing(layer, {(i, j): sp.S.One}, True)
                for i in range(layer.width) for j in range(layer.width) if i != j
            ]
        elif owned and search:
            found += [
                Mixing(layer, matrix, False)
                for matrix in _commuting(structure, layer, before, after)
                if any(i != j for i, j in matrix)
            ]
    return found


def _owned(structure: Structure, before: Affine, after: Affine) -> bool:
    """Whether the entries of both stages are linear in parameters that occur nowhere else."""
    def symbols(stage: Affine) -> set[sp.Symbol]:
        return {p for ts in stage.all_terms for t in ts for p, _ in t.powers}

    others: set[sp.Symbol] = set()
    for stage in structure.stages:
        if isinstance(stage, Affine):
            others |= symbols(stage) if stage is not before and stage is not after else set()
        else:
            others |= {p for form in stage for p in form.parameters}
    mine = (symbols(before), symbols(after))
    if mine[0] & mine[1] or (mine[0] | mine[1]) & others:
        return False
    return all(
        (not t.powers or t.lone) and t.size.is_Rational
        for stage in (before, after) for ts in stage.all_terms for t in ts
    )


def _is_free(stage: Affine, width: int, axis: int) -> bool:
    """Whether rows (axis 0) or columns of hidden units may be replaced by any others."""
    entries: list[Terms] = list(stage.terms.values())
    sizes = {k[1 - axis] for k in stage.terms}
    full = len(stage.terms) == width * len(sizes)
    if axis == 0:
        shifts = list(stage.shift_terms.values())
        full = full and len(shifts) in (0, width)
        entries += shifts
    alone = [ts[0].lone for ts in entries if len(ts) == 1 and ts[0].lone]
    return full and len(alone) == len(entries) == len(set(alone))


def _commuting(
    structure: Structure, layer: Hidden, before: Affine, after: Affine
) -> list[dict[tuple[int, int], Any]]:
    """Basis of all X with X W and V X among the weights that the parameters can give."""
    rows = [_directions(before, with_shift=True), _directions(after, with_shift=False)]
    h = layer.width
    unknowns: list[Any] = [
        (side, p, q) for side, table in enumerate(rows) for p in table for q in table
        if q is not None
    ]
    unknowns += [(i, j) for i in range(h) for j in range(h)]
    if len(unknowns) > LARGEST:
        raise ShapeError(
            f"the mixings of the units of {layer.label!r} in {structure.network!r} have "
            f"{len(unknowns)} unknowns, more than {LARGEST}; pass search=False to leave them out"
        )
    equations: list[dict[Any, Any]] = []
    for side, table in enumerate(rows):
        for p, matrix in table.items():
            system: dict[tuple[int, int], dict[Any, Any]] = {}
            for (i, j), v in matrix.items():
                for k in range(h):
                    place, unknown = ((k, j), (k, i)) if side == 0 else ((i, k), (j, k))
                    row = system.setdefault(place, {})
                    row[unknown] = row.get(unknown, 0) + v
            for q, other in table.items():
                for place, v in other.items() if q is not None else ():
                    system.setdefault(place, {})[side, p, q] = -v
            equations += system.values()
    found = []
    for vector in null_space(equations, unknowns):
        matrix = {u: sp.Rational(v.numerator, v.denominator) for u, v in vector.items()
                  if len(u) == 2}  # fmt: skip
        if matrix:
            found.append(matrix)
    return found


def _directions(
    stage: Affine, with_shift: bool
) -> dict[sp.Symbol | None, dict[tuple[int, int], Fraction]]:
    """Parameter (None: no parameter) -> entries of its matrix, the shift as column -1."""
    entries = dict(stage.terms)
    if with_shift:
        entries |= {(i, -1): ts for i, ts in stage.shift_terms.items()}
    found: dict[Any, dict[tuple[int, int], Fraction]] = {}
    for place, terms in entries.items():
        for t in terms:
            value = Fraction(int(t.coefficient.p), int(t.coefficient.q))
            found.setdefault(t.lone, {})[place] = value
    return found
