"""House style of symbols: one place that renames what formulas and running text print."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Any

import sympy as sp

from cumulant_theory.arguments import check_fields, explained
from cumulant_theory.errors import DomainError
from cumulant_theory.latex import _tree as tree
from cumulant_theory.latex._blocks import (
    Block,
    Equation,
    Equations,
    Figure,
    Heading,
    Paragraph,
    Proof,
    Statement,
    Step,
    Table,
    statement_equations,
)
from cumulant_theory.latex._names import symbol_tex
from cumulant_theory.latex._printing import latex
from cumulant_theory.latex._tex import MATH

__all__ = ["Notation"]

_KAPPA = tree.Atom(r"\kappa")
_ORDERS = "rnNmM"  # letters that stand for an order, not for a unit


@dataclass(frozen=True)
class Notation:
    r"""How symbols are printed.

    Parameters
    ----------
    symbols
        Name -> new name, of letters (``"W": "J"``), words (``"kappa": "G"``), indices
        (``"i": "a"``) and symbols with their scripts (``"kappa_2": "v"``, ``"W__1": "A"``), which
        go before those of letters. New names may be LaTeX.
    order
        Whether a cumulant carries its order as a superscript, :math:`G^{(3)}_{112}`; the layer it
        belongs to moves into the subscript. Where the order cannot be read off, as in
        :math:`\kappa_{i_1 \dots i_r}`, only the letter changes.
    layer
        How the number or name of a layer is written as a superscript.

    Examples
    --------
    >>> field_theory = Notation({"kappa": "G", "W": "J"}, order=True)
    >>> print(field_theory.math(r"\kappa_{3} \, W^{(1)}_{12} \, \kappa^{(z_{1})}_{112}"))
    G^{(3)} \, J^{(1)}_{12} \, G^{(3)}_{z_{1};112}
    >>> print(Notation(layer="[{}]").text("the weights $W^{(2)}_{ij}$"))
    the weights $W_{ij}^{[2]}$
    >>> print(Notation({"kappa_2": r"\sigma^2", "W__1": "A"}).math(r"\kappa_{2}^{3} W^{(1)}_{12}"))
    \left(\sigma^{2}\right)^{3}A_{12}
    """

    symbols: Mapping[str, str] = field(default_factory=dict)
    order: bool = False
    layer: str = "({})"
    single: frozenset[str] = frozenset()  # states of one unit, whose subscripts are orders

    def __post_init__(self) -> None:
        check_fields(self)
        for name in (*self.symbols, *self.symbols.values()):
            if not isinstance(name, str) or not name.strip():
                raise DomainError(f"Notation: {name!r} is no name of a symbol; give non-empty text")
        if self.layer.count("{}") != 1:
            raise DomainError(
                f"Notation(layer={self.layer!r}): give the place of the number as {{}}, once"
            )
        for new in self.symbols.values():
            tree.parse(symbol_tex(new))

    def __bool__(self) -> bool:
        return bool(self.symbols) or self.order or self.layer != "({})"

    @explained
    def math(self, given: Any) -> str:
        """LaTeX of an expression, or of LaTeX, in this notation."""
        return tree.to_tex(self._list(tree.parse(latex(given))))

    @explained
    def text(self, text: str) -> str:
        """Text with mathematics between dollar signs."""
        return MATH.sub(lambda match: f"${self.math(match[1])}$", text)

    def block(self, block: Block) -> Block:
        """A block of an article in this notation."""
        match block:
            case Paragraph(text):
                return Paragraph(self.text(text))
            case Heading():
                return replace(block, text=self.text(block.text))
            case Equation():
                return self._equation(block)
            case Equations(equations):
                return replace(block, equations=tuple(map(self._equation, equations)))
            case Table():
                return replace(
                    block, header=[self._cell(c) for c in block.header],
                    rows=[[self._cell(c) for c in row] for row in block.rows],
                    caption=self.text(block.caption),
                )
            case Figure():
                return replace(block, caption=self.text(block.caption))
            case Step():
                stated = statement_equations(block.statement)
                return replace(
                    block, statement=tuple(map(self._equation, stated)),
                    hypotheses=tuple(map(self.text, block.hypotheses)), text=self.text(block.text),
                )
            case Statement():
                return replace(block, title=self.text(block.title), text=self.text(block.text))
            case Proof(steps):
                return Proof(tuple(self.block(s) for s in steps))  # type: ignore[misc]

    @explained
    def applied(self, blocks: Sequence[Block]) -> list[Block]:
        """Blocks in this notation.

        Raises
        ------
        DomainError
            If a new name is already that of something else in them.
        """
        if not self:
            return list(blocks)
        self._check(_occurring(blocks))
        known = replace(self, single=self.single | _single_states(blocks))
        return [known.block(block) for block in blocks]

    @explained
    def unused(self, blocks: Sequence[Block]) -> list[str]:
        """Names to be changed that occur nowhere in the blocks.

        Examples
        --------
        >>> from cumulant_theory.latex import Equation
        >>> Notation({"kappa": "G", "kapa": "G"}).unused([Equation("y", r"\\kappa_{2}")])
        ['kapa']
        """
        taken = _occurring(blocks)
        return [name for name in self.symbols if _normal(name) not in taken]

    def _check(self, taken: set[str]) -> None:
        old = {_normal(name) for name in self.symbols}
        used: dict[str, str] = {}
        for name, new in self.symbols.items():
            if _normal(name) not in taken:
                continue
            first = used.setdefault(_normal(new), name)
            if first != name:
                raise DomainError(
                    f"Notation: {first!r} and {name!r} would both become {new!r}, and both occur "
                    "in this article; choose two names"
                )
            if _normal(new) in taken - old:
                raise DomainError(
                    f"Notation: {name!r} would become {new!r}, which already stands for something "
                    "else in this article; rename that too, or choose another name"
                )

    def _equation(self, given: Any) -> Any:
        if isinstance(given, sp.Equality):
            given = Equation(given.lhs, given.rhs)
        elif isinstance(given, tuple):
            given = Equation(*given)
        sides = [None if side is None else self.math(side) for side in (given.lhs, given.rhs)]
        return replace(given, lhs=sides[0], rhs=sides[1])

    def _cell(self, cell: object) -> object:
        if isinstance(cell, sp.Basic | sp.MatrixBase):
            return f"${self.math(cell)}$"
        return self.text(cell) if isinstance(cell, str) else cell

    def _list(self, nodes: Sequence[tree.Node]) -> tuple[tree.Node, ...]:
        return tuple(new for node in nodes for new in self._node(node))

    def _node(self, node: tree.Node) -> tuple[tree.Node, ...]:
        renamed = self._renamed(node)
        if renamed is not None:
            return renamed
        match node:
            case tree.Group(body):
                return (tree.Group(self._list(body)),)
            case tree.Fraction():
                return (replace(
                    node, numerator=self._list(node.numerator),
                    denominator=self._list(node.denominator),
                ),)
            case tree.Root():
                return (replace(node, body=self._list(node.body), degree=self._list(node.degree)),)
            case tree.Scripts():
                return (self._scripts(node),)
            case tree.Delimited():
                return (replace(node, body=self._list(node.body)),)
            case tree.Styled() if node.text is None and node.command not in (r"\mathrm",):
                return (replace(node, body=self._list(node.body)),)
            case tree.Environment():
                rows = tuple(tuple(map(self._list, row)) for row in node.rows)
                return (replace(node, rows=rows),)
        return (node,)

    def _renamed(self, node: tree.Node) -> tuple[tree.Node, ...] | None:
        if not isinstance(node, tree.Atom | tree.Styled):
            return None
        return self._new(node)

    def _new(self, node: tree.Node) -> tuple[tree.Node, ...] | None:
        tex = tree.to_tex(node)
        new = next((n for old, n in self.symbols.items() if _normal(old) == tex), None)
        return None if new is None else tree.parse(symbol_tex(new))

    def _with_scripts(self, node: tree.Scripts) -> tree.Node | None:
        """A symbol that is renamed with its scripts, and with those that stay."""
        parts = ((None, None), (None, node.sup), (node.sub, None))  # what is no part of the name
        for sub, sup in parts:
            name = replace(
                node, sub=None if sub else node.sub, sup=None if sup else node.sup)
            if (name.sub, name.sup) == (None, None):
                continue
            new = self._new(name)
            if new is not None:
                sub, sup = (s if s is None else self._list(s) for s in (sub, sup))
                return _scripted(new, sub, sup) if sub or sup else _nucleus(new)
        return None

    def _scripts(self, node: tree.Scripts) -> tree.Node:
        whole = self._with_scripts(node)
        if whole is not None:
            return whole
        named = _named(node.sup)
        if node.base == _KAPPA and self.order and node.sub is not None:
            order = self._order(node.sub, named)
            if order is not None and (named is not None or node.sup is None):
                return self._ordered(node, named, *order)
        base = self._list((node.base,))
        sub = None if node.sub is None else self._list(node.sub)
        sup = None if node.sup is None else self._list(node.sup)
        if named is not None:
            sup = tree.parse(self.layer.format(tree.to_tex(self._list(named))))
        return _scripted(base, sub, sup)

    def _ordered(
        self, node: tree.Scripts, state: tuple[tree.Node, ...] | None, order: str, indexed: bool
    ) -> tree.Node:
        base = self._list((node.base,))
        below = "" if state is None else tree.to_tex(self._list(state))
        if indexed and node.sub is not None:
            below += (";" if below else "") + tree.to_tex(self._list(node.sub))
        return _scripted(base, tree.parse(below) if below else None, tree.parse(f"({order})"))

    def _order(
        self, sub: tuple[tree.Node, ...], state: tuple[tree.Node, ...] | None
    ) -> tuple[str, bool] | None:
        """The order of a cumulant as text, and whether its subscript tells units."""
        tex = tree.to_tex(sub)
        if r"\dots" in tex:
            return None
        name = "" if state is None else tree.to_tex(state)
        alone = tex.isdigit() or (len(sub) == 1 and tex in _ORDERS)
        single = state is None or name.isdigit() or name in self.single
        if alone and single and (state is not None or len(tex) == 1 or int(tex) < 11):
            return tex, False
        if not re.fullmatch(r"[\dA-Za-z_{}, ]+", tex) or tex in _ORDERS:
            return None
        count = tex.count(",") + 1 if "," in tex else _count(sub)
        return str(count), True


@lru_cache(maxsize=4096)
def _normal(name: str) -> str:
    """A name as it stands in parsed LaTeX."""
    return tree.to_tex(tree.parse(symbol_tex(name)))


def _nucleus(nodes: tuple[tree.Node, ...]) -> tree.Node:
    return nodes[0] if len(nodes) == 1 else tree.Group(nodes)


def _scripted(
    base: tuple[tree.Node, ...], sub: tuple[tree.Node, ...] | None,
    sup: tuple[tree.Node, ...] | None,
) -> tree.Scripts:
    """Scripts on a name that may have some itself; a power goes around it."""
    nucleus = _nucleus(base)
    if isinstance(nucleus, tree.Scripts):
        if not ((nucleus.sub and sub) or (nucleus.sup and sup)):
            return tree.Scripts(nucleus.base, nucleus.sub or sub, nucleus.sup or sup)
        power = sup is not None and _named(sup) is None
        nucleus = tree.Delimited("(", base, ")") if power else tree.Group(base)
    return tree.Scripts(nucleus, sub, sup)


def _count(sub: Iterable[tree.Node]) -> int:
    return sum(
        len(n.tex) if isinstance(n, tree.Atom) and n.tex.isdigit() else 1
        for n in sub if tree.kind(n) != "space"
    )  # fmt: skip


def _named(sup: tuple[tree.Node, ...] | None) -> tuple[tree.Node, ...] | None:
    """What stands between parentheses, where a superscript is a name and no exponent."""
    if sup and len(sup) > 2 and (sup[0], sup[-1]) == (tree.Atom("("), tree.Atom(")")):
        return sup[1:-1]
    return None


def _single_states(blocks: Iterable[Block]) -> frozenset[str]:
    """States whose cumulants of known order show it in place of units."""
    found = set()
    for block in blocks:
        stated: Iterable[Any] = ()
        match block:
            case Equation():
                stated = (block,)
            case Equations(equations):
                stated = equations
            case Step():
                stated = statement_equations(block.statement)
            case Proof(steps):
                found |= _single_states(steps)
        for equation in stated:
            if not isinstance(equation, Equation) or equation.order < 2:
                continue
            for node in tree.parse(latex(equation.lhs))[:1]:
                if isinstance(node, tree.Scripts) and node.base == _KAPPA and node.sub:
                    state = _named(node.sup)
                    if state and tree.to_tex(node.sub) == str(equation.order):
                        found.add(tree.to_tex(state))
    return frozenset(found)


def _mathematics(block: Block) -> list[str]:
    """All formulas of a block whose expressions are LaTeX."""
    match block:
        case Equation():
            return [str(side) for side in (block.lhs, block.rhs) if side is not None]
        case Equations(equations):
            return [tex for e in equations for tex in _mathematics(e)]  # type: ignore[arg-type]
        case Proof(steps):
            return [tex for step in steps for tex in _mathematics(step)]
        case Step():
            stated = [tex for e in statement_equations(block.statement) for tex in _mathematics(e)]  # type: ignore[arg-type]
            texts = [block.text, *block.hypotheses]
        case Table():
            stated, texts = [], [str(c) for row in (block.header, *block.rows) for c in row]
        case Figure():
            stated, texts = [], [block.caption]
        case Statement():
            stated, texts = [], [block.title, block.text]
        case _:
            stated, texts = [], [block.text]
    return stated + [match[1] for text in texts for match in MATH.finditer(text)]


def _occurring(blocks: Sequence[Block]) -> set[str]:
    """Names in the mathematics of blocks."""
    taken: set[str] = set()
    for block in map(Notation().block, blocks):
        for tex in _mathematics(block):
            taken |= _names(tree.parse(tex))
    return taken


def _names(nodes: Iterable[tree.Node]) -> set[str]:
    """Letters and words that occur, and symbols with scripts, as LaTeX."""
    found: set[str] = set()
    for node in nodes:
        match node:
            case tree.Atom(tex):
                found.add(tex)
            case tree.Styled(text=None):
                found |= {tree.to_tex(node)} if node.command == r"\mathrm" else _names(node.body)
            case tree.Group(body) | tree.Delimited(body=body):
                found |= _names(body)
            case tree.Root():
                found |= _names((*node.body, *node.degree))
            case tree.Fraction():
                found |= _names((*node.numerator, *node.denominator))
            case tree.Scripts(base, sub, sup):
                parts = (node, tree.Scripts(base, sub), tree.Scripts(base, None, sup))
                found |= {tree.to_tex(part) for part in parts}
                found |= _names((base, *(sub or ()), *(sup or ())))
            case tree.Environment():
                for row in node.rows:
                    for cell in row:
                        found |= _names(cell)
    return found
