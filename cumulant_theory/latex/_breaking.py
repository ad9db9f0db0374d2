"""Equations broken into lines that fit, at terms and inside long parentheses."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import sympy as sp

from cumulant_theory.arguments import explained
from cumulant_theory.errors import DomainError
from cumulant_theory.latex import _tree as tree
from cumulant_theory.latex._commands import RELATIONS
from cumulant_theory.latex._printing import latex
from cumulant_theory.latex._widths import TEXT_WIDTH, estimate_width, height, nodes_width

__all__ = ["Side", "break_equation"]

Side = sp.Basic | sp.MatrixBase | str | int | None

_QUAD = 10.0
_MARGIN = 4.0
_SMALLEST_WIDTH = 60.0
_SIGNS = ("+", "-", r"\pm", r"\mp")


@dataclass(frozen=True)
class _Piece:
    r"""Stretch of a line: `op` is +, -, a relation, ``\cdot`` (shown after a break only) or ""."""

    op: str
    nodes: tuple[tree.Node, ...]


@explained
def break_equation(
    lhs: Side,
    rhs: Side,
    width: float = TEXT_WIDTH,
    *,
    relation: str = "=",
    lhs_width: float | None = None,
) -> list[str]:
    r"""Break ``lhs = rhs`` into lines no wider than `width`.

    Breaks come before a plus, a minus or a relation; where a single term is too wide, inside the
    parentheses, the fraction or the root it contains, and last between its factors.

    Parameters
    ----------
    lhs, rhs
        Expressions or LaTeX strings; `lhs` may be None.
    width
        Width available in points at 10 pt type.
    relation
        LaTeX of the relation sign.
    lhs_width
        Width to reserve for the left side when several equations are aligned.

    Returns
    -------
    list of str
        Rows of an ``align`` environment with one ``&`` each and no ``\\``.

    Raises
    ------
    DomainError
        If `width` is below 60 points.
    ParseError
        If a LaTeX string does not parse.

    Examples
    --------
    >>> x, y = sp.symbols("x y")
    >>> for line in break_equation("f", (x + y)**2, 200): print(line)
    f &= \left(x + y\right)^{2}
    >>> for line in break_equation("f", sum(sp.symbols("x1:9")), 100): print(line)
    f &= x_{1} + x_{2} + x_{3}
    &\quad + x_{4} + x_{5} + x_{6}
    &\quad + x_{7} + x_{8}
    """
    if width < _SMALLEST_WIDTH:
        raise DomainError(
            f"line width {width}: equations need at least {_SMALLEST_WIDTH:.0f} pt; widen the line"
        )
    width = 0.99 * width - _MARGIN
    left = latex(lhs) if lhs is not None else ""
    left_width = estimate_width(left) if lhs_width is None else lhs_width
    relation_width = 7.78 + 2 * 2.78
    right = tree.parse(latex(rhs))
    head = f"{left} &{relation} " if lhs is not None else "& "
    start = relation_width if lhs is not None else 0.0
    lines: list[str] = []
    offset = left_width
    if left_width > 0.3 * width and left_width + relation_width + nodes_width(right) > width:
        lines = [f"&{line}" for line in _fill(tree.parse(left), width, 0.0, 0.0)]
        head, offset, start = rf"&\quad {relation} ", 0.0, relation_width + _QUAD
    rows = _fill(right, width - offset, start, start if lines else _QUAD)
    first, *rest = rows
    # Continuation lines stand one step further in when the relation itself is indented.
    pad = r"&\quad" if lines else "&"
    lines.append(head + first)
    lines.extend(row if row.startswith("&") else pad + row for row in rest)
    return lines


def _fill(nodes: Sequence[tree.Node], width: float, first: float, later: float) -> list[str]:
    r"""Rows of text: the first bare, the others starting with ``\quad``."""
    if first + nodes_width(nodes) <= width:
        return [tree.to_tex(nodes)]
    limit = width - max(first, later + 3 * _QUAD) - 16.0
    pieces = [p for piece in _split(nodes) for p in _explode(piece, max(limit, 30.0))]
    rows: list[str] = []
    line: list[tree.Node] = []
    used, depth, indent = first, 0, ""
    for piece in pieces:
        gap = _operator_nodes(piece.op, soft=bool(line))
        extra = nodes_width([tree.Group(()), *gap, *piece.nodes])
        chained = depth == 0 and piece.op in RELATIONS
        if line and (used + extra > width or chained):
            rows.append(indent + tree.to_tex(line))
            steps = 0 if chained else 1 + min(depth, 2)
            indent = r"\quad" * steps + " " * bool(steps)
            line, used = [], later + _QUAD * max(0, steps - 1)
            gap = _operator_nodes(piece.op, soft=False)
            extra = nodes_width([tree.Group(()), *gap, *piece.nodes])
        line += [*gap, *piece.nodes]
        used += extra
        depth = max(0, depth + _balance(piece.nodes))
    rows.append(indent + tree.to_tex(line))
    return rows


def _operator_nodes(op: str, soft: bool) -> list[tree.Node]:
    if op == r"\cdot" and soft:
        return [tree.Atom(r"\,")]
    if op == "digits" or not op:
        return []
    return [tree.Atom(op)] if soft else [tree.Atom(op + " ")]


def _balance(nodes: Iterable[tree.Node]) -> int:
    out = 0
    for node in nodes:
        core = node.base if isinstance(node, tree.Scripts) else node
        if isinstance(core, tree.Sized):
            out += 1 if core.command.endswith("l") else -1
    return out


def _split(nodes: Sequence[tree.Node]) -> list[_Piece]:
    pieces: list[_Piece] = []
    op, current = "", []
    for node, role in zip(nodes, tree.kinds(nodes), strict=True):
        breaks = role == "rel" or (role == "bin" and tree.to_tex(node) in _SIGNS)
        if breaks and (current or not pieces):
            pieces.append(_Piece(op, tuple(current)))
            op, current = tree.to_tex(node), []
        else:
            current.append(node)
    pieces.append(_Piece(op, tuple(current)))
    return [p for p in pieces if p.nodes or p.op]


def _explode(piece: _Piece, limit: float) -> list[_Piece]:
    if nodes_width(piece.nodes) <= limit:
        return [piece]
    order = sorted(range(len(piece.nodes)), key=lambda k: -nodes_width((piece.nodes[k],)))
    for k in order:
        flat = _flatten(piece.nodes[k], limit)
        if flat is None:
            continue
        nodes = (*piece.nodes[:k], *flat, *piece.nodes[k + 1 :])
        first, *rest = _split(nodes)
        if first.op:
            first = _Piece(piece.op, (tree.Atom(first.op), *first.nodes))
        else:
            first = _Piece(piece.op, first.nodes)
        return [p for part in (first, *rest) for p in _explode(part, limit)]
    return _factors(piece, limit)


def _flatten(node: tree.Node, limit: float) -> tuple[tree.Node, ...] | None:
    """Spell a node out as a list that can be broken, or return None."""
    match node:
        case tree.Delimited(left, body, right) if body:
            return (
                _opening(left, body),
                *body,
                _closing(right, body),
            )
        case tree.Scripts(tree.Delimited(left, body, right), sub, sup):
            closing = tree.Scripts(_closing(right, body), sub, sup)
            return (_opening(left, body), *body, closing)
        case tree.Group(body) if body:
            return body
        case tree.Scripts(tree.Group((inner,)), sub, sup) if isinstance(inner, tree.Delimited):
            return _flatten(tree.Scripts(inner, sub, sup), limit)
        case tree.Scripts(tree.Atom("e"), None, sup) if sup:
            return (
                tree.Atom(r"\exp"),
                _opening("(", sup),
                *sup,
                _closing(")", sup),
            )
        case tree.Root(body, degree):
            index = tree.parse(f"1/{tree.to_tex(degree) if degree else 2}")
            closing = tree.Scripts(_closing(")", body), None, index)
            return (_opening("(", body), *body, closing)
        case tree.Fraction(command, numerator, denominator) if command != r"\binom":
            one = (tree.Atom("1"),)
            if nodes_width(denominator, 1) > limit / 2:
                closing = tree.Scripts(_closing(")", denominator), None, tree.parse("-1"))
                inverse = (_opening("(", denominator), *denominator, closing)
                if tree.to_tex(numerator) == "1":
                    return inverse
                return (*_wrapped(numerator), tree.Atom(r"\,"), *inverse)
            if tree.to_tex(numerator) == "1":
                return None
            front = tree.Fraction(command, one, denominator)
            return (front, tree.Atom(r"\,"), *_wrapped(numerator))
    return None


def _opening(delimiter: str, body: Sequence[tree.Node]) -> tree.Sized:
    return tree.Sized(r"\Bigl" if height(body) >= 3 else r"\bigl", delimiter)


def _closing(delimiter: str, body: Sequence[tree.Node]) -> tree.Sized:
    return tree.Sized(r"\Bigr" if height(body) >= 3 else r"\bigr", delimiter)


def _wrapped(nodes: tuple[tree.Node, ...]) -> tuple[tree.Node, ...]:
    if len(_split(nodes)) == 1:
        return nodes
    return (_opening("(", nodes), *nodes, _closing(")", nodes))


def _factors(piece: _Piece, limit: float) -> list[_Piece]:
    r"""Break a product at its thin spaces, a long integer between digits."""
    parts: list[list[tree.Node]] = [[]]
    for node in piece.nodes:
        if node == tree.Atom(r"\,") and parts[-1]:
            parts.append([])
        else:
            parts[-1].append(node)
    out: list[_Piece] = []
    for k, part in enumerate(p for p in parts if p):
        op = piece.op if k == 0 else r"\cdot"
        out.extend(_digits(_Piece(op, tuple(part)), limit))
    return out


def _digits(piece: _Piece, limit: float) -> list[_Piece]:
    out: list[_Piece] = []
    op = piece.op
    current: list[tree.Node] = []
    for node in piece.nodes:
        if isinstance(node, tree.Atom) and node.tex.isdigit() and nodes_width((node,)) > limit:
            room = max(8, int(limit / 5.1) - 4)
            chunks = [node.tex[i : i + room] for i in range(0, len(node.tex), room)]
            for chunk in chunks[:-1]:
                out.append(_Piece(op, (*current, tree.Atom(chunk), tree.Atom(r"\backslash"))))
                op, current = "digits", []
            current = [tree.Atom(chunks[-1])]
        else:
            current.append(node)
    return [*out, _Piece(op, tuple(current))]
