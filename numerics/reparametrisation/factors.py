"""The finite group of a network: exchanges of hidden units, or of blocks of them, and signs."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import product
from typing import Any

import numpy as np

from cumulant_theory.errors import DomainError
from cumulant_theory.reparametrisations import Affine, Flip, Relabelling, flips

from .coordinates import Coordinates, Signed, symmetries_of

LARGEST_GROUP = 5000  # elements of a group that are gone through

Unit = tuple[int, int]
Units = dict[Unit, int]


@dataclass(frozen=True)
class Factor:
    """All permutations of some letters: hidden units, or blocks of them that move together.

    Attributes
    ----------
    label
        Layers of the units.
    table : int array (n, r)
        Places of the parameters that belong to each of the n letters, in the same order.
    flips
        Sign flips of each letter, as many for all.
    shared
        Places of the parameters that move with more than one letter.
    swaps
        Letters a, b and the exchange of the two.
    """

    label: str
    table: np.ndarray
    flips: tuple[tuple[Signed, ...], ...]
    shared: tuple[int, ...]
    swaps: tuple[tuple[int, int, Signed], ...]

    def __len__(self) -> int:
        return len(self.table)

    @property
    def places(self) -> set[int]:
        """All parameters that permutations or flips of letters change."""
        turned = {p for letter in self.flips for f in letter for p in f.moved}
        return {*self.table.ravel().tolist(), *self.shared} | turned

    @cached_property
    def turns(self) -> np.ndarray:
        """Signs (n, turns, r) that all combinations of the flips of a letter give its row."""
        return np.array([
            [
                np.prod([np.ones(len(row)), *(f.signs[row] for f in chosen)], axis=0)
                for chosen in _subsets(letter)
            ]
            for row, letter in zip(self.table, self.flips, strict=True)
        ])

    def turned(self, choice: Sequence[int], size: int) -> Signed:
        """The flips of each letter by their number among the combinations."""
        signs = np.ones(size)
        for letter, k in zip(self.flips, choice, strict=True):
            for flip in _subsets(letter)[k]:
                signs = signs * flip.signs
        return Signed(np.arange(size), signs)

    def arranged(self, order: Sequence[int], size: int) -> Signed:
        """The permutation that puts letter order[i] at place i."""
        total = Signed(np.arange(size), np.ones(size))
        if not self.shared:
            for i, j in enumerate(order):
                total.places[self.table[i]] = self.table[j]
            return total
        current = list(range(len(self)))
        for i, j in enumerate(order):
            k = current.index(j)
            if k != i:
                total = self._exchange(i, k).after(total)
                current[i], current[k] = current[k], current[i]
        return total

    def _exchange(self, a: int, b: int) -> Signed:
        """Exchange of two letters by the exchanges along a path between them."""
        paths = {a: [a]}
        fresh = [a]
        while b not in paths:
            here = fresh.pop(0)
            for x, y, _ in self.swaps:
                for u, v in ((x, y), (y, x)):
                    if u == here and v not in paths:
                        paths[v] = [*paths[u], v]
                        fresh.append(v)
        path = paths[b]
        found = self._swap(path[-2], path[-1])
        for u, v in zip(reversed(path[:-2]), reversed(path[1:-1]), strict=True):
            step = self._swap(u, v)
            found = step.after(found).after(step)
        return found

    def _swap(self, a: int, b: int) -> Signed:
        return next(m for x, y, m in self.swaps if {x, y} == {a, b})


def _subsets(flips: Sequence[Signed]) -> list[list[Signed]]:
    chosen = product((False, True), repeat=len(flips))
    return [[f for f, c in zip(flips, c, strict=True) if c] for c in chosen]


@dataclass(frozen=True)
class FiniteGroup:
    """Permutations and sign flips that keep biases on their side of the centres.

    Attributes
    ----------
    factors
        Input side first.
    flips
        Sign flips that belong to no letter.
    rest
        Other groups of permutations, all elements of each.
    """

    factors: tuple[Factor, ...]
    flips: tuple[Signed, ...]
    rest: tuple[tuple[Signed, ...], ...]

    @cached_property
    def permuted(self) -> set[int]:
        """Places of parameters that permutations move."""
        found = {p for f in self.factors for p in (*f.table.ravel().tolist(), *f.shared)}
        return found | {p for elements in self.rest for e in elements for p in e.moved}


def finite_group(module: Any, coordinates: Coordinates) -> FiniteGroup:
    """The group of a network or an ensemble, taken apart.

    Raises
    ------
    DomainError
        If a group of permutations that are no exchanges has more than 5000 elements.
    """
    structure = coordinates.structure
    moves = [g.action for g in symmetries_of(module) if isinstance(g.action, Relabelling)]
    left = flips(structure, keeps_centres=True)
    touched = _touched(coordinates)
    factors, rest = [], []
    for component in _components(moves):
        letters = _letters(component)
        factor = letters and _factor(coordinates, component, letters, left, touched)
        if not factor:
            generators = [coordinates.signed(m) for m in component]
            rest.append(_elements(generators, repr(structure.network)))
            continue
        first, made, used = factor
        factors.append((first, made))
        left = [f for f in left if f not in used]
    factors.sort(key=lambda pair: pair[0])
    return FiniteGroup(
        tuple(f for _, f in factors), tuple(coordinates.signed(f) for f in left), tuple(rest)
    )


def _components(moves: Sequence[Relabelling]) -> list[list[Relabelling]]:
    """Generators that move common units, or common parameters alone, together."""
    found: list[tuple[set[Any], list[Relabelling]]] = []
    for move in moves:
        points: set[Any] = set(move.units) or set(move.parameters)
        members, apart = [move], []
        for known, others in found:
            if known & points:
                points |= known
                members = others + members
            else:
                apart.append((known, others))
        found = [*apart, (points, members)]
    return [members for _, members in found]


def _letters(component: Sequence[Relabelling]) -> Units | None:
    """Unit -> letter, where every generator is the exchange of two letters."""
    units = {u for m in component for u in m.units}
    if not units or not all(m.keeps_signs for m in component):
        return None
    letter: Units = {}
    count = None
    for unit in sorted(units):
        if unit not in letter:
            orbit, fresh = {unit}, [unit]
            while fresh:
                here = fresh.pop()
                for m in component:
                    there = m.image(here)[0]
                    if there not in orbit:
                        orbit.add(there)
                        fresh.append(there)
            letter |= {u: k for k, u in enumerate(sorted(orbit))}
            count = count or len(orbit)
            if len(orbit) != count:
                return None
    for m in component:
        exchanged = {(letter[u], letter[v]) for u, (v, _) in m.units.items()}
        back = all(m.image(m.image(p)[0])[0] == p for p in (*m.units, *m.parameters))
        if not back or len(exchanged) != 2 or len({*next(iter(exchanged))}) != 2:
            return None
        (a, b), *_ = exchanged
        if exchanged != {(a, b), (b, a)}:
            return None
    return letter


def _factor(
    coordinates: Coordinates, component: Sequence[Relabelling], letter: Units,
    signs: Sequence[Flip], touched: dict[int, set[Unit]],
) -> tuple[Unit, Factor, list[Flip]] | None:
    swaps = []
    for m in component:
        u, (v, _) = next(iter(m.units.items()))
        swaps.append((letter[u], letter[v], coordinates.signed(m)))
    moved = {p for _, _, m in swaps for p in m.moved}
    owner = {p: {letter[u] for u in touched[p] if u in letter} for p in moved}
    rows: dict[int, list[int]] = {0: sorted(p for p in moved if owner[p] == {0})}
    fresh = [0]
    while fresh:
        here = fresh.pop()
        for a, b, m in swaps:
            for x, y in ((a, b), (b, a)):
                if x == here and y not in rows:
                    rows[y] = m.places[rows[x]].tolist()
                    fresh.append(y)
    table = np.array([rows[k] for k in range(len(rows))], dtype=np.intp)
    for a, b, m in swaps:
        kept = [k for k in rows if k not in (a, b)]
        if (m.places[table[a]] != table[b]).any() or (m.places[table[kept]] != table[kept]).any():
            return None
    shared = tuple(sorted(moved - {*table.ravel().tolist()}))
    blocks = [{u for u, k in letter.items() if k == n} for n in rows]
    own = [[f for f in signs if f.units and f.units <= block] for block in blocks]
    used = [f for flips in own for f in flips] if len({*map(len, own)}) == 1 else []
    turns = tuple(
        tuple(coordinates.signed(f) for f in flips) if used else () for flips in own
    )
    states = sorted({state for state, _ in letter})
    label = ", ".join(dict.fromkeys(map(coordinates.structure.label, states)))
    return min(letter), Factor(label, table, turns, shared, tuple(swaps)), used


def _touched(coordinates: Coordinates) -> dict[int, set[Unit]]:
    """Place of a parameter -> the units whose weights it makes up."""
    found: dict[int, set[Unit]] = {k: set() for k in range(len(coordinates.names))}
    for k, stage in enumerate(coordinates.structure.stages):
        if not isinstance(stage, Affine):
            continue
        for (i, j), terms in stage.terms.items():
            for p in coordinates.places(p for t in terms for p, _ in t.powers):
                found[p] |= {(k + 1, i), (k, j)}
        for i, terms in stage.shift_terms.items():
            for p in coordinates.places(p for t in terms for p, _ in t.powers):
                found[p].add((k + 1, i))
    return found


def _elements(generators: Sequence[Signed], owner: str) -> tuple[Signed, ...]:
    """The whole group."""
    size = len(generators[0].places)
    one = Signed(np.arange(size), np.ones(size))
    found, fresh = {one.key: one}, [one]
    while fresh:
        element = fresh.pop()
        for g in generators:
            image = g.after(element)
            if image.key not in found:
                found[image.key] = image
                fresh.append(image)
        if len(found) > LARGEST_GROUP:
            raise DomainError(
                f"{owner}: a group of permutations that are no exchanges of units or blocks has "
                f"more than {LARGEST_GROUP} elements, too many to compare all"
            )
    return tuple(found.values())
