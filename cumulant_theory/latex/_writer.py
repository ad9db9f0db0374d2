"""Blocks as LaTeX: sentences, displays with their punctuation, steps, theorems and floats."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cumulant_theory.errors import DomainError, UnknownNameError
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
from cumulant_theory.latex._classes import DocumentClass
from cumulant_theory.latex._display import display_group
from cumulant_theory.latex._floats import figure_tex, label_tex, table_tex
from cumulant_theory.latex._tex import escape, heading_tex

__all__ = ["Writer", "joined", "sourced"]

_KINDS = ("theorem", "lemma", "proposition", "corollary", "definition")
_RESTART = "\\setcounter{derivationstep}{0}"
_HEADINGS = (r"\section", r"\subsection", r"\subsubsection")


@dataclass(frozen=True)
class Writer:
    """Puts blocks into LaTeX.

    Parameters
    ----------
    keys
        Of the bibliography.
    paper
        The document class.
    folder
        Of the LaTeX file; picture paths are written relative to it.
    """

    keys: set[str]
    paper: DocumentClass
    folder: str | Path | None

    def body(self, blocks: Sequence[Block]) -> str:
        """All blocks of an article."""
        blocks = joined(blocks)
        body = ""
        for before, block, behind in zip(
            [None, *blocks], blocks, [*blocks[1:], None], strict=False
        ):
            part = (_RESTART if _starts(block, before) else "") + self.block(block, behind)
            # A blank line before a display would open a paragraph of its own.
            gap = "\n" if isinstance(block, Equations) else "\n\n"
            body += (gap if body and part else "") + part
        return body

    def block(self, block: Block, behind: Block | None = None) -> str:
        """A block; the one behind it tells whether its last sentence goes on."""
        goes_on = isinstance(behind, Paragraph) and behind.text.lstrip()[:1].islower()
        end = "," if goes_on else "."
        match block:
            case Paragraph(text):
                return escape(text.strip())
            case Heading(level, text, label):
                if level not in (1, 2, 3):
                    raise DomainError(f"heading '{text}': level {level} is none of 1, 2, 3")
                return rf"{_HEADINGS[level - 1]}{{{heading_tex(text)}}}" + label_tex(label)
            case Equation():
                return self._display([block], end=end)
            case Equations(equations, number):
                return self._display(equations, number, end)
            case Table():
                return table_tex(block, self.paper.width, self.paper.page_width)
            case Figure():
                return figure_tex(block, self.folder)
            case Step():
                return self._step(block, end)
            case Statement():
                return _statement_tex(block)
            case Proof(steps):
                inner = _ended("\n\n".join(self._step(s) for s in steps))
                return "\n".join((
                    r"\begin{proof}", _RESTART + r"\proofopenstrue", inner,
                    r"\end{proof}",
                ))

    def _display(self, equations: Sequence[Any], number: bool = True, end: str = ".") -> str:
        return display_group(equations, number=number, width=self.paper.width, end=end)

    def _step(self, step: Step, end: str = ".") -> str:
        head = rf"\derivationstep{{{escape(step.rule.rstrip('.'))}}}" + label_tex(step.label)
        source = []
        if len(step.uses):
            source.append(rf"by~\cref{{{','.join(step.uses)}}}")
        if step.reference:
            source.append(self._cite(step.reference))
        notes = [sourced(escape(step.text.strip()), "; ".join(source))]
        if len(step.hypotheses):
            if notes[0] and notes[0][-1] not in ".:;,!?":
                notes[0] += "."
            notes.append("Assumed: " + "; ".join(escape(h) for h in step.hypotheses) + ".")
        equations = statement_equations(step.statement)
        lines = [head, *filter(None, notes)]
        if equations:
            lines.append(self._display(equations, end=end))
        return "\n".join(lines)

    def _cite(self, reference: str) -> str:
        key, _, place = reference.partition(",")
        if key.strip() not in self.keys:
            return escape(reference)
        note = f"[{escape(place.strip())}]" if place.strip() else ""
        return rf"see~\cite{note}{{{key.strip()}}}"


def sourced(text: str, source: str) -> str:
    """A text with its source before the full stop."""
    if not source:
        return text
    if not text:
        return source[0].upper() + source[1:] + "."
    end = text[-1] if text[-1] in ".:;," else ""
    return f"{text.removesuffix(end)} ({source}){end}"


def _ended(proof: str) -> str:
    """A proof that ends with a display has its box there, in place of a number nobody refers to."""
    end = "\n\\end{align}"
    last = proof.rpartition("\n\\begin{align}")[2].removesuffix(end).rpartition("\\\\\n")[2]
    if not proof.endswith(end) or r"\label{" in last:
        return proof
    return proof.removesuffix(end) + r" \qedhere" + end


def _statement_tex(block: Statement) -> str:
    if block.kind not in _KINDS:
        raise UnknownNameError.of("kind of statement", block.kind, _KINDS)
    head = rf"\begin{{{block.kind}}}[{{{escape(block.title)}}}]" + label_tex(block.label)
    return "\n".join((head, escape(block.text), rf"\end{{{block.kind}}}"))


def joined(blocks: Sequence[Block]) -> list[Block]:
    """Equations that follow each other as one display."""
    out: list[Block] = []
    for block in blocks:
        last = out[-1] if out else None
        if isinstance(block, Equation) and isinstance(last, Equations) and last.number:
            out[-1] = Equations((*last.equations, block))
        else:
            out.append(Equations((block,)) if isinstance(block, Equation) else block)
    return out


def _starts(block: Block, before: Block | None) -> bool:
    """Whether a step is the first of a derivation behind another one."""
    return isinstance(block, Step) and isinstance(before, Heading | Proof | Statement)
