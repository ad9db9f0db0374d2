"""Articles as folders: a LaTeX project that compiles by itself, or files for another paper."""

import re
import shutil
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from cumulant_theory.arguments import check_instance, explained
from cumulant_theory.errors import DomainError, OutputError
from cumulant_theory.latex._blocks import Figure, labels_of
from cumulant_theory.latex._classes import MACROS
from cumulant_theory.latex._document import Article
from cumulant_theory.latex._tex import compile_tex, escape
from cumulant_theory.references import Reference

__all__ = ["bibliography_file", "write_project", "write_snippet"]


@explained
def write_project(
    article: Article, folder: str | Path, *, name: str = "main", overwrite: bool = False,
    compile: bool = False, timeout: float = 180.0,
) -> list[Path]:
    r"""Write an article as a project: source, bibliography and figures in one folder.

    Parameters
    ----------
    article
        What to write.
    folder
        Made if it does not exist.
    name
        Of the source, without extension.
    overwrite
        Replace files that are there already.
    compile
        Run latexmk.
    timeout
        Its limit in seconds.

    Returns
    -------
    list of Path
        What was written: ``name.tex``, ``references.bib``, ``figures/*``, copies of the BibTeX
        files of the article, and ``name.pdf``.

    Raises
    ------
    OutputError
        If a file of other content exists already or one cannot be written, or LaTeX fails.
    MissingDependencyError
        If latexmk is not installed; all other files are written all the same.
    DomainError, UnknownNameError
        As `Article.to_tex`.

    Examples
    --------
    >>> from cumulant_theory import latex, theorems
    >>> paper = latex.Article("On mirror images", blocks=[theorems.get("mirror_image")])
    >>> latex.write_project(paper, "paper", compile=True)              # doctest: +SKIP
    """
    folder, figures = Path(folder), _figures(article)
    moved = _with_figures(article, figures)
    entries, own = _bibliography(article), _own_files(article)
    files = ",".join(Path(file).stem for file in (*entries, *own.values()))
    texts = {f"{name}.tex": moved.to_tex(bibliography=files)} | entries
    written = _write(folder, texts, figures | own, overwrite)
    if compile:
        target = folder / f"{name}.pdf"
        compile_tex(folder / f"{name}.tex", target, timeout)
        written.append(target)
    return written


@explained
def write_snippet(
    article: Article, folder: str | Path, *, name: str = "cumulants", prefix: str = "",
    overwrite: bool = False,
) -> list[Path]:
    r"""Write the body of an article for ``\input`` in a paper that exists.

    Parameters
    ----------
    article
        Its blocks are written; title, abstract and author are not.
    folder
        Of the paper.
    name
        Of the files, without extension.
    prefix
        Of the labels that the body sets, such as "cumulants:", to keep them apart from those of
        the paper and of other bodies in it.
    overwrite
        Replace files that are there already.

    Returns
    -------
    list of Path
        ``name.tex``, to be put where the text goes; ``name-preamble.tex``, to be put into the
        preamble; ``name.bib``, without the entries that the BibTeX files of the article have, and
        ``figures/*``.

    Raises
    ------
    OutputError
        If a file of other content exists already or one cannot be written.
    DomainError, UnknownNameError
        As `Article.body`.
    """
    folder, figures = Path(folder), _figures(article)
    body = _prefixed(_with_figures(article, figures).body(), labels_of(article.content), prefix)
    head = "\n".join((
        f"% \\input{{{name}-preamble}} behind the packages amsmath, amssymb, amsthm, mathtools,",
        "% booktabs, longtable, graphicx, hyperref and, last of all, cleveref.",
    ))
    # Long formulas in the running text need looser lines than a paper may allow.
    body = "\\begingroup\\emergencystretch=3em\n" + body + "\n\n\\par\\endgroup\n"
    texts = {f"{name}.tex": body, f"{name}-preamble.tex": f"{head}\n{MACROS}"}
    texts |= {f"{name}.bib": text for text in _bibliography(article).values()}
    return _write(folder, texts, figures, overwrite)


def bibliography_file(entries: Mapping[str, Any]) -> str:
    r"""The text of a BibTeX file.

    Parameters
    ----------
    entries
        Key -> `Reference`, or text, which becomes a note.

    Examples
    --------
    >>> print(bibliography_file({"own": "Our laboratory book & notes (2026)"}))
    @misc{own,
      note = {Our laboratory book \& notes (2026)},
    }
    <BLANKLINE>
    """
    texts = [
        entry.bibtex(key) if isinstance(entry, Reference)
        else f"@misc{{{key},\n  note = {{{escape(str(entry))}}},\n}}"
        for key, entry in entries.items()
    ]
    return "\n\n".join(texts) + "\n"


def _prefixed(body: str, labels: Iterable[str], prefix: str) -> str:
    known = set(labels)

    def named(match: re.Match[str]) -> str:
        names = (prefix + n if n in known else n for n in match[2].split(","))
        return rf"\{match[1]}{{{','.join(names)}}}"

    return re.sub(r"\\(label|cref)\{([^{}]*)\}", named, body) if prefix else body


def _own_files(article: Article) -> dict[Path, str]:
    """BibTeX file -> its place in the folder."""
    found = {Path(path).resolve(): Path(path).name for path in article.bibliography_files}
    for path, name in found.items():
        if list(found.values()).count(name) > 1 or name == "references.bib":
            raise DomainError(f"BibTeX file {path}: the name is taken in the folder; rename it")
    return found


def _bibliography(article: Article) -> dict[str, str]:
    entries = article.bibliography
    return {"references.bib": bibliography_file(entries)} if entries else {}


def _figures(article: Article) -> dict[Path, str]:
    """Picture -> its place in the folder, under a name that LaTeX reads and no other has."""
    check_instance(article, Article, "article")
    found: dict[Path, str] = {}
    for block in article.content:
        if isinstance(block, Figure):
            path = Path(block.path).resolve()
            if not path.is_file():
                raise DomainError(f"figure {block.path}: no such file; draw it first")
            stem = re.sub(r"[^A-Za-z0-9_.+-]+", "-", path.stem)
            name = f"figures/{stem}{path.suffix}"
            if path not in found and name in found.values():
                name = f"figures/{stem}-{len(found) + 1}{path.suffix}"
            found.setdefault(path, name)
    return found


def _with_figures(article: Article, places: Mapping[Path, str]) -> Article:
    blocks = [
        replace(b, path=places[Path(b.path).resolve()]) if isinstance(b, Figure) else b
        for b in article.blocks
    ]
    return replace(article, blocks=blocks)


def _holds_other(path: Path, what: bytes) -> bool:
    return path.exists() and not (path.is_file() and path.read_bytes() == what)


def _write(
    folder: Path, texts: Mapping[str, str], figures: Mapping[Path, str], overwrite: bool
) -> list[Path]:
    names = (*texts, *figures.values())
    try:
        wanted = {name: text.encode() for name, text in texts.items()}
        wanted |= {name: source.read_bytes() for source, name in figures.items()}
        there = [name for name, what in wanted.items() if _holds_other(folder / name, what)]
        if there and not overwrite:
            raise OutputError(
                f"{folder / there[0]} exists already; choose another folder, or allow to overwrite "
                "it (overwrite=True, --overwrite on the command line)"
            )
        (folder / "figures" if figures else folder).mkdir(parents=True, exist_ok=True)
        for name, text in texts.items():
            (folder / name).write_text(text, encoding="utf-8")
        for source, name in figures.items():
            if source != (folder / name).resolve():
                shutil.copyfile(source, folder / name)
    except OutputError:
        raise
    except (OSError, ValueError) as error:  # the latter where a name holds what no name may
        reason = getattr(error, "strerror", None) or error
        raise OutputError(
            f"{getattr(error, 'filename', None) or folder}: cannot be written ({reason}); choose a "
            "folder with write permission"
        ) from error
    return [folder / name for name in names]
