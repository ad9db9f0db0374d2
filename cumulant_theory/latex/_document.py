"""Articles: standalone files, projects with a bibliography, and snippets for other papers."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from cumulant_theory.arguments import check_fields, explained
from cumulant_theory.errors import DomainError, OutputError, UnknownNameError
from cumulant_theory.latex._blocks import Block, content, labels_of, steps_of, texts_of
from cumulant_theory.latex._classes import DocumentClass, document_class
from cumulant_theory.latex._notation import Notation
from cumulant_theory.latex._tex import compile_tex, escape, heading_tex, marks
from cumulant_theory.latex._writer import Writer
from cumulant_theory.references import REFERENCES

__all__ = ["Article"]

_ENTRY = re.compile(r"(?m)^\s*@(\w+)\s*[{(]\s*([^,\s]+)\s*,")
_NO_ENTRY = ("comment", "preamble", "string")


@dataclass
class Article:
    r"""Article, alone or as part of a paper.

    Parameters
    ----------
    title, abstract
        Plain text; see `escape`.
    author
        Plain text, or a list of authors.
    blocks
        Content in order: blocks, and objects that have some (derivations, recursions, theorems,
        comparisons, analyses).
    references
        Bibliography: key to entry. Those of the objects are added, and those of
        `cumulant_theory.references` that a text cites.
    document_class
        "article", "amsart" or "revtex4-2".
    notation
        How symbols are printed.
    columns
        1, or 2 for "article" and "revtex4-2".
    width
        Of a line of text in points, for a body that goes into a paper of another size; that of the
        document class, if it is left out.
    bibliography_files
        BibTeX files of your own: their keys may be cited, and an entry of theirs stands in for one
        of the same key. They need a folder; see `write_project` and `write_snippet`.

    Examples
    --------
    >>> from cumulant_theory.latex import Equation, Step
    >>> article = Article("Title", blocks=[Step("Linearity", Equation("y", "2x", "eq:y"))])
    >>> print(article.body())
    \derivationstep{Linearity}
    \begin{align}
    y &= 2x. \label{eq:y}
    \end{align}
    """

    title: str
    abstract: str = ""
    author: str | Sequence[str] = ""
    blocks: Sequence[Any] = ()
    references: Mapping[str, Any] = field(default_factory=dict)
    document_class: str = "article"
    notation: Notation = field(default_factory=Notation)
    columns: int = 1
    width: float | None = None
    bibliography_files: Sequence[str | Path] = ()

    @property
    def paper(self) -> DocumentClass:
        """The document class.

        Raises
        ------
        UnknownNameError
            If it is not known.
        DomainError
            If it has not that many columns.
        """
        found = document_class(self.document_class, self.columns)
        if self.width is None:
            return found
        widths = {**found.widths, self.columns: self.width}
        return replace(found, widths={**widths, 1: max(widths[1], self.columns * self.width)})

    @property
    def authors(self) -> list[str]:
        """One text per author."""
        named = [self.author] if isinstance(self.author, str) else self.author
        return [author for author in named if author.strip()]

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
        """Key -> entry, those that objects refer to and texts cite included.

        Raises
        ------
        OutputError
            If a BibTeX file cannot be read.
        DomainError
            If a key has characters that LaTeX does not take.
        """
        check_fields(self)
        found = dict(self.references)
        for block in self.blocks:
            if not isinstance(block, Block) and hasattr(block, "references"):
                found |= block.references()
        _, cited = self._marks()
        found |= {key: REFERENCES[key] for key in cited if key in REFERENCES and key not in found}
        _check_names("key", found)
        theirs = self.keys
        return {key: entry for key, entry in found.items() if key not in theirs}

    @property
    def keys(self) -> set[str]:
        """Keys of the entries in `bibliography_files`.

        Raises
        ------
        OutputError
            If one of them cannot be read.
        """
        found: set[str] = set()
        for path in self.bibliography_files:
            try:
                text = Path(path).read_text("utf-8", "replace")
            except OSError as error:
                raise OutputError(
                    f"BibTeX file {path}: cannot be read ({error.strerror}); check its name"
                ) from error
            found |= {key for kind, key in _ENTRY.findall(text) if kind.lower() not in _NO_ENTRY}
        return found

    def _marks(self) -> tuple[set[str], set[str]]:
        """Labels and keys that the texts given refer to."""
        own = content([b for b in self.blocks if isinstance(b, Block)])
        return marks([self.abstract, *texts_of(own)])

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
            If a label is used twice or has characters that LaTeX does not take, a heading level
            does not exist or a row does not fit.
        UnknownNameError
            If a step uses a label that no block has.
        """
        blocks = self.content
        labels = _labels(blocks)
        for step in steps_of(blocks):
            for name in step.uses:
                if name not in labels:
                    raise UnknownNameError.of("label", name, labels)
        return Writer({*self.bibliography, *self.keys}, self.paper, folder).body(blocks)

    @explained
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
            As `body`; if the document class is unknown, or a text refers to a label or a key that
            nothing has.
        """
        check_fields(self)
        paper, entries = self.paper, self.bibliography
        self._check_marks(entries)
        front_matter = paper.title(
            heading_tex(self.notation.text(self.title)), list(map(escape, self.authors))
        )
        abstract = self.abstract and (
            "\\begin{abstract}\n" + escape(self.notation.text(self.abstract)) + "\n\\end{abstract}"
        )
        front = [abstract, r"\maketitle"] if paper.abstract_first else [r"\maketitle", abstract]
        parts = [
            paper.preamble(), r"\begin{document}", front_matter, *front, self.body(folder),
        ]
        if len(self.bibliography_files) and not bibliography:
            raise DomainError(
                "the article has BibTeX files of its own, which need a folder; use write_project"
            )
        if bibliography:
            parts += [rf"\bibliographystyle{{{paper.style}}}", rf"\bibliography{{{bibliography}}}"]
        elif entries:
            items = "\n".join(
                rf"\bibitem{{{key}}} {escape(str(entry))}" for key, entry in entries.items()
            )
            parts.append(f"\\begin{{thebibliography}}{{99}}\n{items}\n\\end{{thebibliography}}")
        parts.append("\\end{document}\n")
        return "\n\n".join(part for part in parts if part)

    def _check_marks(self, entries: Iterable[str]) -> None:
        labels, keys = self._marks()
        known, citable = set(labels_of(self.content)), {*entries, *self.keys}
        for name in sorted(labels - known):
            raise UnknownNameError.of("label", name, known)
        for name in sorted(keys - citable):
            raise UnknownNameError.of("key of the bibliography", name, citable)

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
    _check_names("label", labels_of(blocks))
    for label in labels_of(blocks):
        if label in seen:
            raise DomainError(
                f"label '{label}': used by two blocks of the article; rename one of them"
            )
        seen.add(label)
    return seen


def _check_names(kind: str, names: Iterable[str]) -> None:
    for name in names:
        if not name.isprintable() or re.search(r"[\s%#{}\\~,$&^\[\]]", name):
            raise DomainError(
                f"{kind} '{name}': LaTeX does not take all of its characters; use letters, digits "
                "and : - _ . /"
            )
