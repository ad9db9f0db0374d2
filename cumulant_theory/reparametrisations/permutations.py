"""Signed permutations of hidden units with what they do to the parameters."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import sympy as sp

from ..latex.html import Record
from .diagonal import Flip
from .structure import Affine, Hidden, Structure, Unit
from .terms import renamed

Image = tuple[Any, int]


@dataclass(frozen=True)
class Relabelling(Record):
    """Unit or parameter u goes to the place v with the sign s: ``images[u] = (v, s)``.

    The new value at v is s times the old value at u.

    Attributes
    ----------
    units
        Unit -> (unit, sign); those left out stay.
    parameters
        Parameter -> (parameter, sign); those left out stay.
    """

    units: dict[Unit, Image] = field(default_factory=dict)
    parameters: dict[sp.Symbol, Image] = field(default_factory=dict)

    def image(self, point: Any) -> Image:
        """Where a unit or a parameter goes."""
        table: dict[Any, Image] = self.units if isinstance(point, tuple) else self.parameters
        return table.get(point, (point, 1))

    @property
    def keeps_places(self) -> bool:
        """Whether only signs change."""
        return all(u == v for u, (v, _) in (*self.units.items(), *self.parameters.items()))

    @property
    def keeps_signs(self) -> bool:
        """Whether only places change."""
        return all(s == 1 for _, s in (*self.units.values(), *self.parameters.values()))


def as_relabelling(flip: Flip) -> Relabelling:
    """A flip of signs as a relabelling."""
    return Relabelling({u: (u, -1) for u in flip.units}, {p: (p, -1) for p in flip.parameters})


def is_symmetry(structure: Structure, move: Relabelling, checked: Iterable[int] = ()) -> bool:
    """Whether a relabelling leaves every rule of the network as it is."""
    for k in checked or range(len(structure.stages)):
        stage = structure.stages[k]
        if isinstance(stage, Affine):
            if not _keeps_affine(k, stage, move):
                return False
        elif not all(_keeps_form(stage, move, k, i) for i in range(len(stage))):
            return False
    return True


def _keeps_affine(k: int, stage: Affine, move: Relabelling) -> bool:
    for (i, j), terms in stage.terms.items():
        (_, a), s = move.image((k + 1, i))
        (_, b), r = move.image((k, j))
        if frozenset(stage.terms.get((a, b), ())) != renamed(terms, s * r, move.parameters):
            return False
    for i, terms in stage.shift_terms.items():
        (_, a), s = move.image((k + 1, i))
        if frozenset(stage.shift_terms.get(a, ())) != renamed(terms, s, move.parameters):
            return False
    return True


def _keeps_form(stage: tuple[Any, ...], move: Relabelling, k: int, i: int) -> bool:
    (_, a), r = move.image((k, i))
    (_, b), s = move.image((k + 1, i))
    form, other = stage[i], stage[a]
    if a != b or form.activation != other.activation:
        return False
    if form.parity is None:
        there = dict(other.monomials)
        return all(
            renamed(terms, s * r**power, move.parameters) == frozenset(there.get(power, ()))
            for power, terms in form.monomials
        )
    fixed = all(move.image(p) == (p, 1) for p in form.parameters)
    return fixed and s == (form.parity if r == -1 else 1)


def exchange(structure: Structure, layer: Hidden, i: int, j: int) -> Relabelling | None:
    """The exchange of two units of a layer, if parameters can make up for it."""
    units: dict[Unit, Image] = {}
    for state in layer.states:
        units[state, i] = ((state, j), 1)
        units[state, j] = ((state, i), 1)
    parameters: dict[sp.Symbol, Image] = {}
    for k, stage in enumerate(structure.stages):
        if isinstance(stage, Affine) and not _follow(k, stage, units, parameters):
            return None
    move = Relabelling(units, {p: q for p, q in parameters.items() if q != (p, 1)})
    return move if is_symmetry(structure, move) else None


def _follow(
    k: int, stage: Affine, units: dict[Unit, Image], parameters: dict[sp.Symbol, Image]
) -> bool:
    """Images of the parameters that stand alone at the places of moved units."""
    pairs = []
    for (i, j), terms in stage.terms.items():
        if (k + 1, i) in units or (k, j) in units:
            a = units.get((k + 1, i), ((k + 1, i), 1))[0][1]
            b = units.get((k, j), ((k, j), 1))[0][1]
            pairs.append((terms, stage.terms.get((a, b), ())))
    for i, terms in stage.shift_terms.items():
        if (k + 1, i) in units:
            pairs.append((terms, stage.shift_terms.get(units[k + 1, i][0][1], ())))
    for terms, there in pairs:
        if len(terms) != len(there):
            return False
        if len(terms) == 1 and terms[0].lone and there[0].lone:
            image = (there[0].lone, terms[0].sign * there[0].sign)
            if parameters.setdefault(terms[0].lone, image) != image:
                return False
    return True


def exchanges(structure: Structure) -> list[Relabelling]:
    """Exchanges of hidden units that generate all of them: neighbours among those alike."""
    found = []
    for layer in structure.hidden:
        last: list[int] = []
        for i in range(layer.width):
            for n, j in enumerate(last):
                move = exchange(structure, layer, j, i)
                if move is not None:
                    found.append(move)
                    last[n] = i
                    break
            else:
                last.append(i)
    return found
