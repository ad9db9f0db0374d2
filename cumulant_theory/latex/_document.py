"""Articles: standalone files, projects with a bibliography, and snippets for other papers."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cumulant_theory.arguments import check_fields, explained
from cumulant_theory.errors import DomainError, OutputError, UnknownNameError
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
    content,
    labels_of,
    statement_equations,
    steps_of,
)
from cumulant_theory.latex._classes import DocumentClass, document_class
from cumulant_theory.latex._display import display_group
from cumulant_theory.latex._floats import figure_tex, label_tex, table_tex
from cumulant_theory.latex._notation import Notation
from cumulant_theory.latex._tex import compile_tex, escape

__all__ = ["Article"]

_KINDS = ("theorem", "lemma", "proposition", "corollary", "definition")
_RESTART = "\\setcounter{derivationstep}{0}"
_HEADINGS = (r"\section", r"\subsection", r"\subsubsection")


@dataclass
class Article:
    r"""Article, alone or as part of a paper.

    Parameters
    ----------
    title, abstract, author
        Plain text; see `escape`.
    blocks
        Content in order: blocks, and objects that have some (derivations, recursions, theorems,
        comparisons, analyses).
    references
        Bibliography: key to entry. Those of the objects are added.
    document_class
        "article", "amsart" or "revtex4-2".
    notation
        How symbols are printed.

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
    blocks: Sequence[Any] = ()
    references: Mapping[str, Any] = field(default_factory=dict)
    document_class: str = "article"
    notation: Notation = field(default_factory=Notation)

    @property
    def paper(self) -> DocumentClass:
        """The document class.

        Raises
        ------
        UnknownNameError
            If it is not known.
        """
        return document_class(self.document_class)

    @property
    def content(self) -> list[Block]:
        """All blocks, those of objects among them, in the notation of the article.

        Raises
        ------
        DomainError
            If something is no block and has none, or the notation is ambiguous.
        """
        check_fields(self)
        return self.notation.applied(content(self.blocks))

    @property
    def bibliography(self) -> dict[str, Any]:
        """Key -> entry, those that the objects among the blocks refer to included."""
        check_fields(self)
        found = dict(self.references)
        for block in self.blocks:
            if not isinstance(block, Block) and hasattr(block, "references"):
                found |= block.references()
        return found

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
        blocks = self.content
        labels = _labels(blocks)
        for step in steps_of(blocks):
            for name in step.uses:
                if name not in labels:
                    raise UnknownNameError.of("label", name, labels)
        writer = _Writer(self.bibliography, self.paper.width, folder)
        parts = [
            (_RESTART if _starts(block, before) else "") + writer.block(block)
            for before, block in zip([None, *blocks], blocks, strict=False)
        ]
        body = ""
        for block, part in zip(blocks, parts, strict=True):
            # A blank line before a display would open a paragraph of its own.
            gap = "\n" if isinstance(block, Equation | Equations) else "\n\n"
            body += (gap if body and part else "") + part
        return body

    def to_tex(self, folder: str | Path | None = None, bibliography: str = "") -> str:
        r"""Write the whole article.

        Parameters
        ----------
        folder
            Folder of the LaTeX file; picture paths are written relative to it.
        bibliography
            Name of a BibTeX file; without one the entries are set in the article itself.

        Returns
        -------
        str
            Source from ``\documentclass`` to ``\end{document}``.

        Raises
        ------
        DomainError, UnknownNameError
            As `body`, or if the document class is unknown.
        """
        check_fields(self)
        paper = self.paper
        shown = {"title": escape(self.notation.text(self.title)), "author": escape(self.author)}
        abstract = self.abstract and (
            "\\begin{abstract}\n" + escape(self.notation.text(self.abstract)) + "\n\\end{abstract}"
        )
        front = [abstract, r"\maketitle"] if paper.abstract_first else [r"\maketitle", abstract]
        parts = [
            paper.preamble(), r"\begin{document}", paper.title.format(**shown), *front,
            self.body(folder),
        ]
        entries = self.bibliography
        if entries and bibliography:
            parts += [rf"\bibliographystyle{{{paper.style}}}", rf"\bibliography{{{bibliography}}}"]
        elif entries:
            items = "\n".join(
                rf"\bibitem{{{key}}} {escape(str(entry))}" for key, entry in entries.items()
            )
            parts.append(f"\\begin{{thebibliography}}{{99}}\n{items}\n\\end{{thebibliography}}")
        parts.append("\\end{document}\n")
        return "\n\n".join(part for part in parts if part)

    @explained
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
        except (OSError, ValueError) as error:  # the latter where a name holds what no name may
            reason = getattr(error, "strerror", None) or error
            raise OutputError(
                f"{path}: the article cannot be written ({reason}); choose an existing "
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


def _labels(blocks: Sequence[Block]) -> set[str]:
    seen: set[str] = set()
    for label in labels_of(blocks):
        if label in seen:
            raise DomainError(
                f"label '{label}': used by two blocks of the article; rename one of them"
            )
        seen.add(label)
    return seen


def _starts(block: Block, before: Block | None) -> bool:
    """Whether a step is the first of a derivation behind another one."""
    return isinstance(block, Step) and isinstance(before, Heading | Proof | Statement)


@dataclass(frozen=True)
class _Writer:
    """Puts blocks into LaTeX."""

    references: Mapping[str, Any]
    width: float
    folder: str | Path | None

    def block(self, block: Block) -> str:
        match block:
            case Paragraph(text):
                return escape(text.strip())
            case Heading(level, text, label):
                if level not in (1, 2, 3):
                    raise DomainError(f"heading '{text}': level {level} is none of 1, 2, 3")
                return rf"{_HEADINGS[level - 1]}{{{escape(text)}}}" + label_tex(label)
            case Equation():
                return display_group([block], width=self.width)
            case Equations(equations, number):
                return display_group(equations, number=number, width=self.width)
            case Table():
                return table_tex(block, self.width)
            case Figure():
                return figure_tex(block, self.folder)
            case Step():
                return self._step(block)
            case Statement():
                return _statement_tex(block)
            case Proof(steps):
                inner = "\n\n".join(self._step(s) for s in steps)
                return "\n".join((
                    r"\begin{proof}", _RESTART + r"\proofopenstrue", inner,
                    r"\end{proof}",
                ))

    def _step(self, step: Step) -> str:
        head = rf"\derivationstep{{{escape(step.rule.rstrip('.'))}}}" + label_tex(step.label)
        notes = [escape(step.text)] if step.text else []
        if len(step.hypotheses):
            notes.append("Assumed: " + "; ".join(escape(h) for h in step.hypotheses) + ".")
        source = []
        if len(step.uses):
            source.append(rf"by~\cref{{{','.join(step.uses)}}}")
        if step.reference:
            source.append(self._cite(step.reference))
        if source:
            notes.append("(" + "; ".join(source) + ")")
        equations = statement_equations(step.statement)
        lines = [head, *notes]
        if equations:
            lines.append(display_group(equations, width=self.width))
        return "\n".join(lines)

    def _cite(self, reference: str) -> str:
        key, _, place = reference.partition(",")
        if key.strip() not in self.references:
            return escape(reference)
        note = f"[{escape(place.strip())}]" if place.strip() else ""
        return rf"see~\cite{note}{{{key.strip()}}}"


def _statement_tex(block: Statement) -> str:
    if block.kind not in _KINDS:
        raise UnknownNameError.of("kind of statement", block.kind, _KINDS)
    head = rf"\begin{{{block.kind}}}[{{{escape(block.title)}}}]" + label_tex(block.label)
    return "\n".join((head, escape(block.text), rf"\end{{{block.kind}}}"))
