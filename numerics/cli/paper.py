"""``cumulants paper``: theorems, recursions, tables and figures as one LaTeX project."""

import csv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from cumulant_theory import theorems
from cumulant_theory.claims import typeset_claim
from cumulant_theory.errors import DomainError, OutputError, ParseError, UnknownNameError
from cumulant_theory.latex import (
    Article,
    Figure,
    Heading,
    Notation,
    Paragraph,
    Table,
    write_project,
    write_snippet,
)

from .networks import advised, read_question

_PICTURES = (".png", ".pdf", ".jpg", ".jpeg")


@dataclass(frozen=True)
class Choice:
    """What goes into a paper; the arguments of the command line.

    Parameters
    ----------
    theorems : sequence of str
        Names, or "all".
    layers : sequence of str
        Networks whose recursions are wanted, in the language of ``cumulants derive``.
    proofs : bool
        Their derivations as well.
    law, order, closure
        Of the recursions.
    tables, figures : sequence of Path
        CSV files with a header, and pictures.
    """

    theorems: Sequence[str] = ()
    layers: Sequence[str] = ()
    proofs: bool = False
    law: str = "generic"
    order: int = 3
    closure: str = "exact"
    tables: Sequence[Path] = ()
    figures: Sequence[Path] = ()


def paper(
    choice: Choice, out: Path, *, title: str, author: Sequence[str] = (), abstract: str = "",
    document_class: str = "article", columns: int = 1, width: float | None = None,
    bib: Sequence[Path] = (), prefix: str = "", rename: Sequence[str] = (),
    order_superscript: bool = False, snippet: bool = False, pdf: bool = True,
    overwrite: bool = False,
) -> int:
    """Write a paper; returns the exit code.

    Raises
    ------
    UnknownNameError, ParseError, DomainError
        If a name, a network, a renaming or a file is not understood.
    OutputError
        If a file exists already or cannot be written.
    MissingDependencyError
        If no LaTeX is installed; the source is written all the same.
    """
    blocks = [*_theorems(choice), *_recursions(choice), *_floats(choice)]
    if not blocks:
        raise ParseError(
            "the paper would be empty; name --theorems (or all), --layers, --tables or --figures"
        )
    for option, given in (("--prefix", bool(prefix)), ("--width", width is not None)):
        if given and not snippet:
            raise ParseError(f"{option} is for a snippet; add --snippet, or leave it out")
    notation = Notation(dict(map(_renaming, rename)), order=order_superscript)
    article = Article(
        title, abstract, author, blocks, document_class=document_class, notation=notation,
        columns=columns, width=width, bibliography_files=bib,
    )
    missing = notation.unused(replace(article, notation=Notation()).content)
    if missing:
        raise UnknownNameError(
            f"--rename: {', '.join(map(repr, missing))} occurs nowhere in this paper; names are "
            "those of the symbols, as in kappa, W, z or kappa_2"
        )
    if snippet:
        written = write_snippet(article, out, prefix=prefix, overwrite=overwrite)
    else:
        written = write_project(article, out, overwrite=overwrite, compile=pdf)
    for path in written:
        print(f"written: {path}")
    return 0


def _theorems(choice: Choice) -> list[Any]:
    names = theorems.catalogue() if "all" in choice.theorems else choice.theorems
    found = [theorems.get(name) for name in names]
    return [Heading(1, "Theorems"), *found] if found else []


def _recursions(choice: Choice) -> list[Any]:
    blocks: list[Any] = []
    for number, text in enumerate(choice.layers, 1):
        asked = read_question(text, choice.law, choice.order, choice.closure)
        title = f"Cumulants of a network: {typeset_claim(asked.network.words)}"
        text = f"Joint cumulants of the units, up to order {asked.order} at the output."
        blocks += [Heading(1, title, f"sec:network{number}"), Paragraph(text)]
        prefix, shown = f"network{number}:layer", {}
        with advised():
            if not asked.symbolic:
                recursion = asked.recursion()
                shown = recursion.shown(prefix)
                blocks.append(_Part(recursion.latex_blocks(prefix=prefix)))
            if choice.proofs or asked.symbolic:
                derivation = asked.derivation()
                steps = derivation.latex_blocks(f"network{number}:step", shown)
                blocks += [Heading(2, "Derivation"), _Part(steps, derivation.references())]
    return blocks


@dataclass(frozen=True)
class _Part:
    """Blocks below the heading before them, and what they refer to."""

    blocks: Sequence[Any]
    entries: Mapping[str, Any] = field(default_factory=dict)

    def latex_blocks(self) -> Sequence[Any]:
        return self.blocks

    def references(self) -> Mapping[str, Any]:
        return self.entries


def _floats(choice: Choice) -> list[Any]:
    blocks: list[Any] = [_table(path) for path in choice.tables]
    for path in choice.figures:
        if path.suffix.lower() not in _PICTURES:
            raise DomainError(f"figure {path}: give a file that ends in {', '.join(_PICTURES)}")
        blocks.append(Figure(path, _caption(path), f"fig:{path.stem}"))
    return blocks


def _table(path: Path) -> Table:
    try:
        with path.open(newline="", encoding="utf-8") as file:
            header, *rows = csv.reader(file)
    except OSError as error:
        raise OutputError(f"table {path} cannot be read ({error.strerror})") from None
    except (ValueError, csv.Error) as error:
        raise DomainError(f"table {path}: not a CSV file with a header ({error})") from None
    return Table(header, rows, _caption(path), f"tab:{path.stem}")


def _caption(path: Path) -> str:
    words = path.stem.replace("_", " ").replace("-", " ")
    return words[:1].upper() + words[1:] + "."


def _renaming(text: str) -> tuple[str, str]:
    old, sign, new = text.partition("=")
    if not (old and sign and new):
        raise ParseError(f"--rename {text!r}: write OLD=NEW, as in kappa=G")
    return old, new
