"""All signed permutations of hidden units: automorphisms of the graph of a network's terms."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any

from ..errors import ShapeError
from .permutations import Relabelling, is_symmetry
from .structure import Affine, Structure
from .terms import Term

LARGEST = 40_000  # vertices of the graph of terms

Point = tuple[Any, int]  # unit or parameter, sign
Colours = list[int]


def needs_search(structure: Structure, known: Sequence[Relabelling]) -> bool:
    """Whether exchanges and flips of single units may not be all there is.

    They are where all units of every hidden layer are exchanged, and every parameter stands alone
    at some place, so that it goes where its units go.
    """
    swapped = Counter(
        state for move in known for state in {state for state, _ in move.units}
    )
    alone = {
        terms[0].lone for stage in structure.stages if isinstance(stage, Affine)
        for terms in stage.all_terms if len(terms) == 1
    }
    alone |= {p for stage in structure.stages if isinstance(stage, tuple)
              for form in stage for p in form.parameters}  # fmt: skip
    return not alone >= set(structure.parameters) or any(
        swapped[state] < layer.width - 1 for layer in structure.hidden for state in layer.states
    )


@dataclass
class _Graph:
    """Coloured vertices, the points first, and coloured edges."""

    points: list[Point]
    colours: list[Any]
    edges: list[list[tuple[int, Any]]]

    def join(self, colour: Any, ends: Sequence[tuple[int, Any]]) -> None:
        """A vertex for a term, next to the points that it holds."""
        vertex = len(self.edges)
        self.colours.append(("term", *colour))
        self.edges.append([])
        for end, role in ends:
            self.edges[vertex].append((end, role))
            self.edges[end].append((vertex, role))


def _graph(structure: Structure) -> _Graph:
    signs = (1, -1) if _has_signs(structure) else (1,)
    last = len(structure.stages)
    held = {p for s in structure.stages if isinstance(s, tuple)
            for f in s if f.parity is not None for p in f.parameters}  # fmt: skip
    points: list[Point] = []
    colours: list[Any] = []
    for state, width in enumerate(structure.widths):
        for i, s in product(range(width), signs):
            points.append(((state, i), s))
            colours.append(("unit", state, i, s) if state in (0, last) else ("unit", state))
    for p, s in product(structure.parameters, signs):
        points.append((p, s))
        colours.append(("parameter", str(p), s) if p in held else ("parameter",))
    graph = _Graph(points, colours, [[] for _ in points])
    place = {point: k for k, point in enumerate(points)}
    if len(signs) == 2:
        for k in range(0, len(points), 2):
            graph.edges[k].append((k + 1, "antipode"))
            graph.edges[k + 1].append((k, "antipode"))

    def add(colour: Any, term: Term, out: Any, inner: Any = None, power: int = 1) -> None:
        """All signs with sign(out) = sign(term) sign(inner)^power, times those of parameters."""
        factors = [(p, e) for p, e in term.powers]
        units = [(inner, power)] if inner is not None else []
        for chosen in product(signs, repeat=len(units) + len(factors)):
            sign = term.sign if len(signs) == 2 else 1
            ends = []
            for (what, e), s in zip([*units, *factors], chosen, strict=True):
                sign *= s if e % 2 else 1
                ends.append((place[what, s], f"{'in' if what is inner else 'power'} {e}"))
            mark = (*colour, str(term.size), 0 if len(signs) == 2 else term.sign)
            graph.join(mark, [(place[out, sign], "out"), *ends])
        if len(graph.edges) > LARGEST:
            raise ShapeError(
                f"the permutations of {structure.network!r} are searched up to {LARGEST} terms; "
                "pass search=False for exchanges of pairs of units and sign flips alone"
            )

    for k, stage in enumerate(structure.stages):
        if isinstance(stage, Affine):
            for (i, j), terms in stage.terms.items():
                for term in terms:
                    add(("weight", k), term, (k + 1, i), (k, j))
            for i, terms in stage.shift_terms.items():
                for term in terms:
                    add(("bias", k), term, (k + 1, i))
            continue
        for i, form in enumerate(stage):
            name = ("activation", k, str(form.activation))
            for s, r in product(signs, repeat=2):
                linked = _linked(form.parity, s, r)
                if linked:
                    mark = (*name, linked)
                    graph.join(mark, [(place[(k + 1, i), s], "out"), (place[(k, i), r], "in")])
            if form.parity is None:
                for power, terms in form.monomials or ():
                    for term in terms:
                        add(name, term, (k + 1, i), (k, i), power)
    return graph


def _linked(parity: int | None, value: int, argument: int) -> str:
    """Whether the two signs belong together."""
    if parity is None:
        return "unit"
    if parity == -1:
        return "odd" if value == argument else ""
    if parity == 1:
        return "even" if value == 1 else ""
    return "plain" if value == argument == 1 else ""


def _has_signs(structure: Structure) -> bool:
    """Whether any unit can change its sign."""
    for k, stage in enumerate(structure.stages):
        if isinstance(stage, Affine):
            if k and isinstance(structure.stages[k - 1], Affine):
                return True
        elif any(form.parity != 0 for form in stage):
            return True
    return False


def _refined(graph: _Graph, colours: Sequence[Any]) -> Colours:
    """The coarsest finer colouring in which vertices of one colour have alike neighbours."""
    ranks = {c: k for k, c in enumerate(sorted(set(colours), key=_order))}
    current = [ranks[c] for c in colours]
    count = len(ranks)
    while True:
        marks = [
            (current[v], tuple(sorted([(role, current[w]) for w, role in near])))
            for v, near in enumerate(graph.edges)
        ]
        ranks = {m: k for k, m in enumerate(sorted(set(marks)))}
        current = [ranks[m] for m in marks]
        if len(ranks) == count:
            return current
        count = len(ranks)


def _order(colour: Any) -> Any:
    return colour if isinstance(colour, int) else str(colour)


def _singled(graph: _Graph, colours: Colours, vertex: int) -> Colours:
    """With one vertex in a colour of its own."""
    return _refined(graph, [*colours[:vertex], len(colours), *colours[vertex + 1 :]])


def automorphisms(structure: Structure, known: Sequence[Relabelling]) -> list[Relabelling]:
    """Relabellings that, with those known, generate all symmetries of the terms.

    Parameters
    ----------
    structure
        Of the network.
    known
        Symmetries found before; they spare most of the search.

    References
    ----------
    B. D. McKay, A. Piperno, J. Symb. Comput. 60, 94 (2014): refinement and individualisation.
    """
    graph = _graph(structure)
    size = len(graph.points)
    place = {point: k for k, point in enumerate(graph.points)}
    levels: list[tuple[int, Colours, Colours]] = []
    colours = _refined(graph, graph.colours)
    while True:
        counts = Counter(colours[:size])
        vertex = next((v for v in range(size) if counts[colours[v]] > 1), None)
        if vertex is None:
            break
        finer = _singled(graph, colours, vertex)
        levels.append((vertex, colours, finer))
        colours = finer
    moves = list(known)
    for depth in reversed(range(len(levels))):
        vertex, before, _ = levels[depth]
        fixed = [graph.points[levels[d][0]] for d in range(depth)]
        for other in [v for v in range(size) if before[v] == before[vertex]]:
            keeping = [m for m in moves if all(_moved(m, p) == p for p in fixed)]
            orbit = _orbit(graph.points[vertex], keeping)
            if graph.points[other] in orbit:
                continue
            for image in _matches(graph, levels, depth, before, other):
                move = _read(graph, colours, image, place)
                if move is not None and is_symmetry(structure, move):
                    moves.append(move)
                    break
    return moves[len(known):]


def _matches(
    graph: _Graph, levels: Sequence[tuple[int, Colours, Colours]], depth: int, before: Colours,
    vertex: int,
) -> Iterator[Colours]:
    """Colourings like the finest one, with the vertex in place of the one singled out there."""
    mine = _singled(graph, before, vertex)
    if Counter(mine) != Counter(levels[depth][2]):
        return
    if depth + 1 == len(levels):
        yield mine
        return
    target, left, _ = levels[depth + 1]
    cell = [v for v in range(len(graph.points)) if mine[v] == left[target]]
    for choice in sorted(cell, key=lambda v: (v != target, v)):
        yield from _matches(graph, levels, depth + 1, mine, choice)


def _read(
    graph: _Graph, colours: Colours, image: Colours, place: dict[Point, int]
) -> Relabelling | None:
    """The relabelling that takes the first colouring to the second."""
    target = {image[v]: v for v in range(len(graph.points))}
    move = Relabelling()
    for (what, sign), v in place.items():
        if sign == 1:
            there = target.get(colours[v])
            if there is None:
                return None
            if there != v:
                table: dict[Any, Any] = move.units if isinstance(what, tuple) else move.parameters
                table[what] = graph.points[there]
    return move


def _moved(move: Relabelling, point: Point) -> Point:
    what, sign = move.image(point[0])
    return what, sign * point[1]


def _orbit(point: Point, moves: Sequence[Relabelling]) -> set[Point]:
    found, fresh = {point}, [point]
    while fresh:
        here = fresh.pop()
        for move in moves:
            there = _moved(move, here)
            if there not in found:
                found.add(there)
                fresh.append(there)
    return found
