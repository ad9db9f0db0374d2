"""Articles made of paragraphs, equations, tables, figures and numbered derivation steps."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import sympy as sp

from cumulant_theory.errors import DomainError, OutputError, UnknownNameError
from cumulant_theory.latex._breaking import Side
from cumulant_theory.latex._display import display_group
from cumulant_theory.latex._floats import Figure, Table, figure_tex, label_tex, table_tex
from cumulant_theory.latex._tex import PREAMBLE, compile_tex, escape

__all__ = [
    "Article",
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
]

_KINDS = ("theorem", "lemma", "proposition", "corollary", "definition")
_HEADINGS = (r"\section", r"\subsection", r"\subsubsection")


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
    """``lhs relation rhs``; sides are expressions or LaTeX strings, `lhs` may be None."""

    lhs: Side
    rhs: Side
    label: str | None = None
    relation: str = "="


@dataclass(frozen=True)
class Equations:
    """Equations aligned at their relation signs; `number` False leaves the numbers out."""

    equations: Sequence[Equation | tuple]
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


@dataclass
class Article:
    r"""Standalone article.

    Parameters
    ----------
    title, abstract, author
        Plain text; see `escape`.
    blocks
        Content in order.
    references
        Bibliography: key to text.

    Examples
    --------
    >>> article = Article("Title", blocks=[Step("Linearity", Equation("y", "2x", "eq:y"))])
    >>> print(article.body())
    \derivationstep{Linearity}
    \begin{align}
    y &= 2x \label{eq:y}
    \end{align}
    """

    title: str
    abstract: str = ""
    author: str = ""
    blocks: Sequence[Block] = ()
    references: Mapping[str, str] = field(default_factory=dict)

    def body(self, folder: str | Path | None = None) -> str:
        """Write the blocks alone, without preamble and title.

        Parameters
        ----------
        folder
            Folder of the LaTeX file; picture paths are written relative to it.

        Returns
        -------
        str
            LaTeX.

        Raises
        ------
        DomainError
            If a label is used twice, a heading level does not exist or a row does not fit.
        UnknownNameError
            If a step uses a label that no block has.
        """
        labels = self._labels()
        for step in _steps(self.blocks):
            for name in step.uses:
                if name not in labels:
                    raise UnknownNameError.of("label", name, labels)
        parts = [self._block(block, folder) for block in self.blocks]
        body = ""
        for block, part in zip(self.blocks, parts, strict=True):
            # A blank line before a display would open a paragraph of its own.
            gap = "\n" if isinstance(block, Equation | Equations) else "\n\n"
            body += (gap if body and part else "") + part
        return body

    def to_tex(self, folder: str | Path | None = None) -> str:
        r"""Write the whole article.

        Parameters
        ----------
        folder
            Folder of the LaTeX file; picture paths are written relative to it.

        Returns
        -------
        str
            Source from ``\documentclass`` to ``\end{document}``.

        Raises
        ------
        DomainError, UnknownNameError
            As `body`.
        """
        parts = [
            PREAMBLE.rstrip(),
            rf"\title{{{escape(self.title)}}}",
            rf"\author{{{escape(self.author)}}}",
            r"\date{}",
            r"\begin{document}",
            r"\maketitle",
        ]
        if self.abstract:
            parts.append(f"\\begin{{abstract}}\n{escape(self.abstract)}\n\\end{{abstract}}")
        parts.append(self.body(folder))
        if self.references:
            entries = "\n".join(
                rf"\bibitem{{{key}}} {escape(text)}" for key, text in self.references.items()
            )
            parts.append(f"\\begin{{thebibliography}}{{99}}\n{entries}\n\\end{{thebibliography}}")
        parts.append("\\end{document}\n")
        return "\n\n".join(part for part in parts if part)

    def write(self, path: str | Path) -> Path:
        """Write the article to a file.

        Parameters
        ----------
        path
            File to write; its folder must exist.

        Returns
        -------
        Path
            The file.

        Raises
        ------
        OutputError
            If the file cannot be written.
        """
        path = Path(path)
        source = self.to_tex(path.parent)
        try:
            path.write_text(source, encoding="utf-8")
        except OSError as error:
            raise OutputError(
                f"{path}: the article cannot be written ({error.strerror}); choose an existing "
                "folder with write permission"
            ) from error
        return path

    def compile(self, path: str | Path, timeout: float = 180.0) -> Path:
        """Write the article and compile it by latexmk.

        Parameters
        ----------
        path
            The PDF, or the LaTeX file; both are written beside each other.
        timeout
            Limit in seconds.

        Returns
        -------
        Path
            The PDF.

        Raises
        ------
        MissingDependencyError
            If latexmk is not installed; the LaTeX file is written all the same.
        OutputError
            If a file cannot be written or LaTeX fails.
        """
        source = self.write(Path(path).with_suffix(".tex"))
        target = source.with_suffix(".pdf")
        compile_tex(source, target, timeout)
        return target

    def _labels(self) -> set[str]:
        seen: set[str] = set()
        for block in self.blocks:
            for label in _block_labels(block):
                if label in seen:
                    raise DomainError(
                        f"label '{label}': used by two blocks of the article; rename one of them"
                    )
                seen.add(label)
        return seen

    def _block(self, block: Block, folder: str | Path | None) -> str:
        match block:
            case Paragraph(text):
                return escape(text.strip())
            case Heading(level, text, label):
                if level not in (1, 2, 3):
                    raise DomainError(f"heading '{text}': level {level} is none of 1, 2, 3")
                return rf"{_HEADINGS[level - 1]}{{{escape(text)}}}" + label_tex(label)
            case Equation():
                return display_group([block])
            case Equations(equations, number):
                return display_group(equations, number=number)
            case Table():
                return table_tex(block)
            case Figure():
                return figure_tex(block, folder)
            case Step():
                return self._step(block)
            case Statement():
                return _statement_tex(block)
            case Proof(steps):
                inner = "\n\n".join(self._step(s) for s in steps)
                return "\n".join((
                    r"\begin{proof}", r"\setcounter{derivationstep}{0}\leavevmode", inner,
                    r"\end{proof}",
                ))

    def _step(self, step: Step) -> str:
        head = rf"\derivationstep{{{escape(step.rule.rstrip('.'))}}}" + label_tex(step.label)
        notes = [escape(step.text)] if step.text else []
        if step.hypotheses:
            notes.append("Assumed: " + "; ".join(escape(h) for h in step.hypotheses) + ".")
        source = []
        if step.uses:
            source.append(rf"by~\cref{{{','.join(step.uses)}}}")
        if step.reference:
            source.append(self._cite(step.reference))
        if source:
            notes.append("(" + "; ".join(source) + ")")
        equations = _statement(step.statement)
        lines = [head, *notes]
        if equations:
            lines.append(display_group(equations))
        return "\n".join(lines)

    def _cite(self, reference: str) -> str:
        key, _, place = reference.partition(",")
        if key.strip() not in self.references:
            return escape(reference)
        note = f"[{escape(place.strip())}]" if place.strip() else ""
        return rf"see~\cite{note}{{{key.strip()}}}"


def _steps(blocks: Iterable[Block]) -> Iterator[Step]:
    for block in blocks:
        if isinstance(block, Step):
            yield block
        elif isinstance(block, Proof):
            yield from block.steps


def _statement_tex(block: Statement) -> str:
    if block.kind not in _KINDS:
        raise UnknownNameError.of("kind of statement", block.kind, _KINDS)
    head = rf"\begin{{{block.kind}}}[{{{escape(block.title)}}}]" + label_tex(block.label)
    return "\n".join((head, escape(block.text), rf"\end{{{block.kind}}}"))


def _statement(statement: object) -> list[object]:
    if isinstance(statement, Equation | sp.Equality):
        return [statement]
    nested = isinstance(statement, tuple) and any(
        isinstance(s, Equation | tuple | sp.Equality) for s in statement
    )
    if isinstance(statement, tuple) and len(statement) in (2, 3) and not nested:
        return [statement]
    if isinstance(statement, Iterable) and not isinstance(statement, str):
        return list(statement)
    raise DomainError(
        f"step statement {statement!r}: not an equation; give Equation(lhs, rhs) or a list of them"
    )


def _block_labels(block: Block) -> list[str]:
    match block:
        case Paragraph():
            return []
        case Equations(equations):
            found = [_equation_label(e) for e in equations]
        case Step():
            found = [block.label, *(_equation_label(e) for e in _statement(block.statement))]
        case Proof(steps):
            found = [label for step in steps for label in _block_labels(step)]
        case _:
            found = [block.label]
    return [label for label in found if label]


def _equation_label(equation: object) -> str | None:
    if isinstance(equation, tuple):
        return equation[2] if len(equation) > 2 else None
    return getattr(equation, "label", None)
