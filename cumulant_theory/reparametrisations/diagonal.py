"""Scalings and sign flips: every parameter and every unit by a factor of its own."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from fractions import Fraction
from math import lcm
from typing import Any

import sympy as sp

from ..latex.html import Record
from .elimination import null_space
from .structure import Affine, Structure, Unit
from .terms import read_terms


@dataclass(frozen=True)
class Scaling(Record):
    """theta_p -> t^{exponents[p]} theta_p + logs[p] log t, for t > 0.

    Attributes
    ----------
    exponents, logs
        Parameter -> integer, zeros left out; of the biases that take up shifts as they are then.
    units
        Unit -> exponent of its factor.
    """

    exponents: dict[sp.Symbol, int]
    units: dict[Unit, int]
    logs: dict[sp.Symbol, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Flip(Record):
    """theta_p -> -theta_p for the parameters named.

    Attributes
    ----------
    parameters
        Those that change sign.
    units
        Units that change sign.
    """

    parameters: frozenset[sp.Symbol]
    units: frozenset[Unit]


@dataclass(frozen=True)
class _Log:
    """The shift of a bias by log t, as an unknown."""

    bias: sp.Symbol


def scalings(
    structure: Structure, keeps_centres: bool = False, fixed: Iterable[sp.Symbol] = ()
) -> list[Scaling]:
    """A basis of all scalings, each of as few units as possible.

    Parameters
    ----------
    structure
        Of the network.
    keeps_centres
        Only those under which biases that take up centres are multiplied as they stand.
    fixed
        Parameters that keep their values.

    Examples
    --------
    >>> from cumulant_theory import activations, layers
    >>> net = layers.Linear(1, 1) >> layers.Pointwise(activations.ReLU()) >> layers.Linear(1, 1)
    >>> scalings(Structure(net))[0].exponents
    {W__1: 1, W__2: -1}
    """
    found = []
    for vector in _basis(structure, None, keeps_centres, fixed):
        scale: Any = lcm(*(v.denominator for v in vector.values()))
        units = {u: v for u, v in vector.items() if isinstance(u, tuple)}
        if sum(units.values() or vector.values()) < 0:
            scale = -scale
        vector = {u: int(v * scale) for u, v in vector.items()}
        found.append(Scaling(
            {u: v for u, v in vector.items() if isinstance(u, sp.Symbol)},
            {u: v for u, v in vector.items() if isinstance(u, tuple)},
            {u.bias: v for u, v in vector.items() if isinstance(u, _Log)},
        ))  # fmt: skip
    return found


def flips(
    structure: Structure, keeps_centres: bool = False, fixed: Iterable[sp.Symbol] = ()
) -> list[Flip]:
    """A basis of all sign flips, each of as few units as possible.

    Parameters
    ----------
    structure
        Of the network.
    keeps_centres, fixed
        As for :func:`scalings`.
    """
    return [
        Flip(
            frozenset(u for u in vector if isinstance(u, sp.Symbol)),
            frozenset(u for u in vector if isinstance(u, tuple)),
        )
        for vector in _basis(structure, 2, keeps_centres, fixed)
    ]


def _basis(
    structure: Structure, modulus: int | None, keeps_centres: bool, fixed: Iterable[Any] = ()
) -> list[dict[Any, Any]]:
    """Solutions that change parameters; those first that keep shifts, then those of one unit."""
    equations = [*_equations(structure, modulus), *({p: 1} for p in fixed)]
    unknowns = _ordered(structure, modulus)
    if keeps_centres:
        equations += _kept(structure, structure.centres)
    kept = _kept(structure, structure.offsets)
    pure = _changing(null_space([*equations, *kept], unknowns, modulus))
    if not kept:
        return pure
    others = _changing(null_space(equations, unknowns, modulus))
    coefficients = structure.coefficients
    others.sort(key=lambda v: (bool(coefficients & v.keys()), len(v)))
    return _independent([*pure, *others], unknowns, modulus)


def _changing(vectors: list[dict[Any, Any]]) -> list[dict[Any, Any]]:
    return [v for v in vectors if any(not isinstance(u, tuple) for u in v)]


def _independent(
    vectors: list[dict[Any, Any]], unknowns: list[Any], modulus: int | None
) -> list[dict[Any, Any]]:
    """The vectors that are no combinations of those before them."""
    columns: dict[Any, dict[int, Any]] = {}
    for k, vector in enumerate(vectors):
        for u, v in vector.items():
            columns.setdefault(u, {})[k] = v
    # each relation owns the last of the vectors that it relates
    relations = null_space(columns.values(), range(len(vectors)), modulus)
    dependent = {max(relation) for relation in relations}
    return [v for k, v in enumerate(vectors) if k not in dependent]


def _ordered(structure: Structure, modulus: int | None) -> list[Any]:
    """All unknowns, those that may own a basis vector last: units, then coefficients."""
    biases = structure.pure_biases if modulus is None else frozenset()
    logs = [_Log(p) for p in structure.parameters if p in biases]
    weights = [p for p in structure.parameters if p not in structure.coefficients]
    own = [p for p in structure.parameters if p in structure.coefficients]
    return [*weights, *logs, *structure.inner_units, *own]


def _equations(structure: Structure, modulus: int | None) -> list[dict[Any, Any]]:
    ends = (0, len(structure.stages))

    def unit(state: int, i: int, factor: int) -> dict[Any, int]:
        return {} if state in ends else {(state, i): factor}

    rows: list[dict[Any, Any]] = []
    logs: dict[sp.Symbol, list[tuple[Unit, Any]]] = {}
    for k, stage in enumerate(structure.stages):
        if isinstance(stage, Affine):
            for (i, j), terms in stage.terms.items():
                sides = unit(k + 1, i, -1) | unit(k, j, 1)
                rows += [dict(t.powers) | sides for t in terms]
            for i, terms in stage.shift_terms.items():
                rows += [dict(t.powers) | unit(k + 1, i, -1) for t in terms]
                bias = terms[0].lone
                if bias is not None and bias in structure.pure_biases:
                    logs.setdefault(bias, []).append(((k + 1, i), terms[0].coefficient))
            continue
        for i, form in enumerate(stage):
            sides = [("in", i), ("out", i)]
            ends_of = {sides[0]: unit(k, i, 1), sides[1]: unit(k + 1, i, 1)}
            equations = (form.scalings if modulus is None else form.flips)(*sides)
            rows += [_placed(row, ends_of) for row in equations]
    return rows + _shifts(structure, logs) if modulus is None else rows


def _placed(row: dict[Any, int], places: dict[Any, dict[Any, int]]) -> dict[Any, int]:
    """An equation of a form with its two sides put at the units; fixed ones drop out."""
    found: dict[Any, int] = {}
    for u, v in row.items():
        for place, factor in places.get(u, {u: 1}).items():
            found[place] = found.get(place, 0) + v * factor
    return found


def _shifts(
    structure: Structure, logs: dict[sp.Symbol, list[tuple[Unit, Any]]]
) -> list[dict[Any, Any]]:
    """Behind a bias that is shifted by log t stand exponentials, and their values take up t."""
    rows: list[dict[Any, Any]] = []
    shifted: set[Unit] = set()
    last = len(structure.stages)
    for p, places in logs.items():
        usable = all(_is_exponential(structure, u) and c.is_Rational for u, c in places)
        if not usable:
            rows.append({_Log(p): 1})
            continue
        for (state, i), coefficient in places:
            value = {} if state + 1 == last else {(state + 1, i): -1}
            shifted.add((state, i))
            rows.append({_Log(p): Fraction(int(coefficient.p), int(coefficient.q)), **value})
    for k, stage in enumerate(structure.stages):
        if not isinstance(stage, Affine):
            rows += [
                {(k + 1, i): 1} for i, form in enumerate(stage)
                if form.is_exponential and (k, i) not in shifted and k + 1 != last
            ]
    return rows


def _is_exponential(structure: Structure, unit: Unit) -> bool:
    state, i = unit
    stage = structure.stages[state] if state < len(structure.stages) else None
    return isinstance(stage, tuple) and bool(stage) and stage[i].is_exponential


def _kept(structure: Structure, shifts: dict[sp.Symbol, Any]) -> list[dict[Any, Any]]:
    """The shift of a bias is scaled as the bias is."""
    return [
        dict(term.powers) | {p: -1}
        for p, shift in shifts.items()
        for term in read_terms(shift, frozenset(structure.parameters))
    ]
