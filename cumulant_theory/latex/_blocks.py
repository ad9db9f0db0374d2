"""What articles are made of: plain data, put into LaTeX by `Article` and into HTML by reports."""

from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any

import sympy as sp

from cumulant_theory.arguments import brief, check_fields
from cumulant_theory.errors import DomainError
from cumulant_theory.latex._breaking import Side
from cumulant_theory.latex._floats import Figure, Table

__all__ = [
    "Block",
    "Equation",
    "Equations",
    "Figure",
    "Heading",
    "Paragraph",
    "Proof",
    "Statement",
    "Step",
    "Table",
    "block_labels",
    "content",
    "labels_of",
    "relabelled",
    "statement_equations",
    "steps_of",
    "texts_of",
]


@dataclass(frozen=True)
class Paragraph:
    """Running text; see `escape` for its mathematics, cross-references and citations."""

    text: str


@dataclass(frozen=True)
class Heading:
    """Section heading of level 1 to 3."""

    level: int
    text: str
    label: str | None = None


@dataclass(frozen=True)
class Equation:
    """``lhs relation rhs``; sides are expressions or LaTeX strings, `lhs` may be None.

    `order` is that of the cumulant on the left, where it is one.
    """

    lhs: Side
    rhs: Side
    label: str | None = None
    relation: str = "="
    order: int = 0


@dataclass(frozen=True)
class Equations:
    """Equations aligned at their relation signs; `number` False leaves the numbers out."""

    equations: Sequence[Equation | tuple[Any, ...]]
    number: bool = True


@dataclass(frozen=True)
class Step:
    """Numbered step of a derivation.

    Parameters
    ----------
    rule
        Name of the rule applied.
    statement
        `Equation`, tuple (lhs, rhs[, label]), sympy.Eq, or a sequence of these.
    hypotheses
        What is assumed, as text.
    reference
        Text, or a key of the bibliography, optionally followed by a comma and the place.
    label
        Label of the step.
    uses
        Labels of the steps and equations it rests on.
    text
        Explanation set before the statement.
    """

    rule: str
    statement: object = ()
    hypotheses: Sequence[str] = ()
    reference: str | None = None
    label: str | None = None
    uses: Sequence[str] = ()
    text: str = ""


@dataclass(frozen=True)
class Statement:
    """Theorem, or a statement of another kind: lemma, proposition, corollary, definition."""

    title: str
    text: str
    label: str | None = None
    kind: str = "theorem"


@dataclass(frozen=True)
class Proof:
    """Proof made of steps, whose numbers begin anew."""

    steps: Sequence[Step]


Block = Paragraph | Heading | Equation | Equations | Table | Figure | Step | Statement | Proof


def content(blocks: Iterable[Any]) -> list[Block]:
    """The blocks, with objects that know their own (``latex_blocks``) replaced by them.

    Labels of such an object that are taken already get its position as a prefix, and its headings
    go below the last one given.

    Raises
    ------
    DomainError
        If something is no block and has none.
    """
    out: list[Block] = []
    seen: set[str] = set()
    level = 0
    for position, block in enumerate(blocks, 1):
        if isinstance(block, Block):
            check_fields(block)
            for step in block.steps if isinstance(block, Proof) else ():
                check_fields(step)
            new: list[Block] = [block]
            level = block.level if isinstance(block, Heading) else level
        elif hasattr(block, "latex_blocks"):
            new = [
                replace(b, level=min(b.level + level, 3)) if isinstance(b, Heading) else b
                for b in block.latex_blocks()
            ]
            if seen & set(labels_of(new)):
                new = [relabelled(b, f"{position}:") for b in new]
        else:
            raise DomainError(
                f"{brief(block)}: not a block of an article and without latex_blocks(); give a "
                "Paragraph, Equation, Table, Figure, a derivation, a recursion or a theorem"
            )
        out += new
        seen |= set(labels_of(new))
    return out


def labels_of(blocks: Iterable[Block]) -> list[str]:
    """Labels that blocks set."""
    return [label for block in blocks for label in block_labels(block)]


def relabelled(block: Block, prefix: str) -> Block:
    """The block with a prefix to its labels and to those that its steps use."""

    def named(label: str | None) -> str | None:
        return label and prefix + label

    def equation(given: Any) -> Any:
        if isinstance(given, Equation):
            return replace(given, label=named(given.label))
        return (*given[:2], prefix + given[2]) if isinstance(given, tuple) and len(
            given) > 2 else given

    match block:
        case Paragraph():
            return block
        case Equation():
            return equation(block)
        case Equations(equations):
            return replace(block, equations=tuple(map(equation, equations)))
        case Proof(steps):
            return Proof(tuple(relabelled(s, prefix) for s in steps))  # type: ignore[misc]
        case Step():
            return replace(
                block, label=named(block.label), uses=tuple(prefix + u for u in block.uses),
                statement=tuple(map(equation, statement_equations(block.statement))),
            )
    return replace(block, label=named(block.label))


def steps_of(blocks: Iterable[Block]) -> list[Step]:
    """All steps, those of proofs among them."""
    return [
        step for block in blocks
        for step in (block.steps if isinstance(block, Proof) else [block])
        if isinstance(step, Step)
    ]  # fmt: skip


def texts_of(blocks: Iterable[Block]) -> list[str]:
    """Running text in blocks."""
    found: list[str] = []
    for block in blocks:
        match block:
            case Paragraph(text) | Heading(_, text):
                found.append(text)
            case Table():
                found += [c for row in (block.header, *block.rows) for c in row
                          if isinstance(c, str)]
                found.append(block.caption)
            case Figure():
                found.append(block.caption)
            case Statement():
                found += [block.title, block.text]
            case Step():
                found += [block.text, *block.hypotheses]
            case Proof(steps):
                found += texts_of(steps)
    return found


def statement_equations(statement: object) -> list[object]:
    """The equations that a step states.

    Raises
    ------
    DomainError
        If it states none.
    """
    if isinstance(statement, Equation | sp.Equality):
        return [statement]
    nested = isinstance(statement, tuple) and any(
        isinstance(s, Equation | tuple | sp.Equality) for s in statement
    )
    if isinstance(statement, tuple) and len(statement) in (2, 3) and not nested:
        return [statement]
    if isinstance(statement, Iterable) and not isinstance(statement, str):
        with suppress(TypeError):  # of expressions that say they can be listed
            found = list(statement)
            if all(isinstance(s, Equation | tuple | sp.Equality) for s in found):
                return found
    raise DomainError(
        f"step statement {brief(statement)}: not an equation; give Equation(lhs, rhs) or a list "
        "of them"
    )


def block_labels(block: Block) -> list[str]:
    """Labels that a block sets."""
    match block:
        case Paragraph():
            return []
        case Equations(equations):
            found = [_equation_label(e) for e in equations]
        case Step():
            stated = statement_equations(block.statement)
            found = [block.label, *(_equation_label(e) for e in stated)]
        case Proof(steps):
            found = [label for step in steps for label in block_labels(step)]
        case _:
            found = [block.label]
    return [label for label in found if label]


def _equation_label(equation: object) -> str | None:
    if isinstance(equation, tuple):
        return equation[2] if len(equation) > 2 else None
    return getattr(equation, "label", None)
