"""Names of the groups that symmetries of parameters make up."""

import math
from collections.abc import Iterable, Sequence
from typing import Any

from sympy.combinatorics import Permutation, PermutationGroup

from .diagonal import Flip, Scaling
from .generator import Action
from .linear import Mixing, Shift
from .permutations import Relabelling, as_relabelling

LARGEST_GROUP = 400  # points that a group of unknown structure is counted on


def group_name(actions: Sequence[Action]) -> str:
    """LaTeX of N x| P with N the flips, scalings and shifts, and P the permutations."""
    free = [a for a in actions if isinstance(a, Mixing) and a.is_free]
    number = sum(isinstance(a, Shift) for a in actions)
    moved = [_power(r"\mathbb{R}", number)] if number else []
    if free:
        linear = rf"\mathrm{{GL}}_{{{free[0].layer.width}}}(\mathbb{{R}})"
        return r" \rtimes ".join([*moved, linear])
    kinds = {
        r"\mathbb{Z}_{2}": sum(isinstance(a, Flip) for a in actions),
        r"\mathbb{R}_{>0}": sum(isinstance(a, Scaling) for a in actions),
    }
    moves = [a for a in actions if isinstance(a, Relabelling)]
    signed = not all(a.keeps_signs for a in moves)
    if signed:
        kinds.pop(r"\mathbb{Z}_{2}")
        moves += [as_relabelling(a) for a in actions if isinstance(a, Flip)]
    normal = moved + [_power(name, n) for name, n in kinds.items() if n]
    mixing = sum(isinstance(a, Mixing) for a in actions)
    if mixing:
        normal.append(rf"\text{{{mixing} mixing{'s' if mixing > 1 else ''}}}")
    joined = r" \times ".join(normal)
    if not moves:
        return joined
    permuting = _permuting(moves)
    if not normal:
        return permuting
    return rf"{f'({joined})' if len(normal) > 1 else joined} \rtimes {permuting}"


def _power(name: str, n: int) -> str:
    return name if n == 1 else f"{name}^{{{n}}}"


def _permuting(moves: list[Relabelling]) -> str:
    """S_n for exchanges of n units, or of n blocks of them; else the order."""
    pairs = [_pair(move) for move in moves]
    if all(pairs):
        return r" \times ".join(f"S_{{{len(b)}}}" for b in _joined(pairs))
    points = sorted({(u, s) for m in moves for u in (*m.units, *m.parameters) for s in (1, -1)},
                    key=str)  # fmt: skip
    if len(points) > LARGEST_GROUP:
        return rf"\langle {len(moves)} \text{{ permutations}} \rangle"
    place = {point: k for k, point in enumerate(points)}
    forms = []
    for m in moves:
        images = ((*m.image(u), s) for u, s in points)
        forms.append(Permutation([place[v, r * s] for v, r, s in images]))
    group = PermutationGroup(forms)
    order, largest = int(group.order()), max(map(len, group.orbits()))
    if order == math.factorial(largest):
        return f"S_{{{largest}}}"
    return f"C_{{{order}}}" if group.is_cyclic else rf"\text{{a group of order }} {order}"


def _joined(pairs: Iterable[Any]) -> list[set[Any]]:
    """What pairs connect."""
    blocks: list[set[Any]] = []
    for pair in pairs:
        joined = {*pair}.union(*(b for b in blocks if b & {*pair}))
        blocks = [*(b for b in blocks if not b & joined), joined]
    return blocks


def _pair(move: Relabelling) -> tuple[Any, Any] | None:
    """The units of the first state that it exchanges, where they are two."""
    state = min(s for s, _ in move.units) if move.units else None
    units = sorted(u for u in move.units if u[0] == state)
    exchanged = len(units) == 2 and move.keeps_signs and all(
        move.image(move.image(p)[0])[0] == p for p in (*move.units, *move.parameters)
    )
    return (units[0], units[1]) if exchanged else None


def plain_name(latex: str) -> str:
    """The same in plain text."""
    for old, new in (
        (r"\mathbb{Z}_{2}", "Z_2"), (r"\mathbb{R}", "R"), (r"\mathrm{GL}", "GL"),
        (r"\rtimes", "x|"), (r"\times", "x"), (r"\langle ", "<"), (r" \rangle", ">"),
    ):  # fmt: skip
        latex = latex.replace(old, new)
    for head in (r"\text{", "{"):
        while head in latex:
            start, rest = latex.split(head, 1)
            latex = start + rest.replace("}", "", 1)
    return latex
