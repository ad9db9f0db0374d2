"""Plain text for LaTeX, and runs of latexmk."""

import os
import re
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterable
from pathlib import Path

from cumulant_theory.arguments import explained
from cumulant_theory.errors import DomainError, MissingDependencyError, OutputError
from cumulant_theory.latex._names import symbol_tex

__all__ = [
    "MATH", "compile_tex", "escape", "heading_tex", "marks", "overfull_boxes", "typeset",
]  # fmt: skip

_SPECIAL = {
    "\\": r"\textbackslash{}",
    "{": r"\{",
    "}": r"\}",
    "$": r"\$",
    "&": r"\&",
    "%": r"\%",
    "#": r"\#",
    "_": r"\_",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    "|": r"\textbar{}",
}
_SIGNS = {
    "×": r"\times",
    "≤": r"\le",
    "≥": r"\ge",
    "≠": r"\ne",
    "≈": r"\approx",
    "→": r"\to",
    "−": "-",
    "∞": r"\infty",
    "±": r"\pm",
    "·": r"\cdot",
    "∘": r"\circ",
    "∈": r"\in",
    "√": r"\surd",
    "∂": r"\partial",
    "²": "{}^{2}",
    "³": "{}^{3}",
    "½": r"\tfrac{1}{2}",
    "∑": r"\textstyle\sum",
    "⊗": r"\otimes",
    "⊕": r"\oplus",
    "°": r"{}^{\circ}",
    "∇": r"\nabla",
    "ℝ": r"\mathbb{R}",
    "ℂ": r"\mathbb{C}",
    "ℕ": r"\mathbb{N}",
    "ℤ": r"\mathbb{Z}",
    "𝔼": r"\mathbb{E}",
    "¹": "{}^{1}",
    "⁻": "{}^{-}",
    "⁰": "{}^{0}",
    **{character: f"{{}}_{{{digit}}}" for digit, character in enumerate("₀₁₂₃₄₅₆₇₈₉")},
    **{character: f"{{}}^{{{digit}}}" for digit, character in enumerate("⁴⁵⁶⁷⁸⁹", 4)},
}
_PUNCTUATION = {
    "\u2013": "--",
    "\u2014": "---",
    "\u2018": "`",
    "\u2019": "'",
    "\u201c": "``",
    "\u201d": "''",
    "\u2026": r"\dots{}",
    "\u00a0": "~",
    "\u202f": r"\,",
    "\u2009": r"\,",
    "ß": r"\ss{}",
    "æ": r"\ae{}",
    "ø": r"\o{}",
    "å": r"\aa{}",
    "Ø": r"\O{}",
    "Æ": r"\AE{}",
    "§": r"\S{}",
}
MATH = re.compile(r"(?<!\\)\$((?:\\.|[^$\\])+)\$")
_LONG_WORD = 20
_GREEK = re.compile(r"\\[A-Za-z]+(?:[_^]\{[^{}]*\})*")  # SymPy reads accents into "that", "local"
_REFERENCE = re.compile(r"\[\[([^\[\]\s]+)\]\]|\[@([^\[\]\s,]+)(?:,\s*([^\[\]]+))?\]")


@explained
def escape(text: str) -> str:
    r"""Escape a plain string for LaTeX, keeping mathematics between dollar signs.

    ``[[label]]`` becomes a cross-reference and ``[@key]`` or ``[@key, eq. 3]`` a citation; ``\$``
    is a dollar sign. Typed Greek letters and mathematical signs become mathematics, and a
    character that pdfLaTeX cannot set is written as its code point.

    Parameters
    ----------
    text
        Plain text.

    Returns
    -------
    str
        LaTeX text.

    Examples
    --------
    >>> print(escape("50% of a_b & $x_1$, see [[eq:one]]"))
    50\% of a\_b \& $x_1$, see \cref{eq:one}
    """
    out, end = "", 0
    for match in MATH.finditer(text):
        out += _escape_marked(text[end : match.start()]) + match.group()
        end = match.end()
    return out + _escape_marked(text[end:])


def heading_tex(text: str) -> str:
    r"""Text of a heading, with a plain version of its mathematics for the bookmarks of the PDF.

    Examples
    --------
    >>> print(heading_tex(r"Layer 1: $x \to z_{1}$"))
    \texorpdfstring{Layer 1: $x \to z_{1}$}{Layer 1: x to z1}
    """
    shown = escape(text)
    if "$" not in shown:
        return shown
    plain = MATH.sub(lambda match: _escape_plain(_spelled(match[1])), shown)
    return rf"\texorpdfstring{{{shown}}}{{{plain}}}"


def _spelled(tex: str) -> str:
    """Mathematics in plain letters."""
    signs = {"ge": ">=", "le": "<=", "ne": "!=", "times": "x", "cdot": " ", "infty": "oo"}
    words = re.sub(r"\\([A-Za-z]+)", lambda m: signs.get(m[1], m[1]), tex)
    return re.sub(r"\\.|[{}_]", "", words)


def marks(texts: Iterable[str]) -> tuple[set[str], set[str]]:
    """Labels and keys of the bibliography that texts refer to; see `escape`.

    Examples
    --------
    >>> marks(["see [[eq:one]] and [@key, eq. 3]"])
    ({'eq:one'}, {'key'})
    """
    found = [match for text in texts for match in _REFERENCE.finditer(MATH.sub("", text))]
    return {m[1] for m in found if m[1]}, {m[2] for m in found if m[2]}


@explained
def typeset(sentence: str) -> str:
    r"""Put the symbols of a plain sentence between dollar signs.

    Parameters
    ----------
    sentence
        Words with names such as ``sigma``, ``S_2`` and ``kappa_4 >= 0``.

    Returns
    -------
    str
        Text for `escape`.

    Examples
    --------
    >>> print(typeset("kappa_4 >= 0 under the action of S_2"))
    $\kappa_{4}$ $\ge$ 0 under the action of $S_{2}$
    >>> print(typeset("that local sigma"))
    that local $\sigma$
    """

    def word(match: re.Match[str]) -> str:
        name = match.group(0)
        tex = symbol_tex(name)
        return f"${tex}$" if "_" in name or _GREEK.fullmatch(tex) else name

    text = re.sub(r"[A-Za-z]\w*", word, sentence)
    return text.replace(">=", r"$\ge$").replace("<=", r"$\le$").replace(" > ", " $>$ ")


def _escape_marked(text: str) -> str:
    out, end = "", 0
    for match in _REFERENCE.finditer(text):
        label, key, place = match.groups()
        note = f"[{_escape_plain(place)}]" if place else ""
        mark = rf"\cref{{{label}}}" if label else rf"\cite{note}{{{key}}}"
        out += _escape_plain(text[end : match.start()]) + mark
        end = match.end()
    return out + _escape_plain(text[end:])


def _escape_plain(text: str) -> str:
    out: list[str] = []
    quotes = run = 0
    text = text.replace(r"\$", "$")
    for position, character in enumerate(text):
        run = 0 if character.isspace() else run + 1
        if (run > _LONG_WORD and not character.isalnum()) or run > 2 * _LONG_WORD:
            out.append(r"\allowbreak{}")
            run = 0
        if character in "`\"" and out and out[-1] in ("!", "?"):
            out.append("{}")  # An exclamation mark before ` is the ligature of an inverted one.
        if character == "-" and out and out[-1] == "-":
            out.append("{}")  # Two typed hyphens are no dash.
        if character == "-" and _is_minus(text, position):
            out.append("$-$")
        elif character == '"':
            out.append("''" if quotes % 2 else "``")
            quotes += 1
        elif character in _SPECIAL:
            out.append(_SPECIAL[character])
        elif character.isascii():
            out.append(character if character.isprintable() or character in "\n\t" else " ")
        elif character in _SIGNS:
            out.append(f"${_SIGNS[character]}$")
        elif character in _PUNCTUATION:
            out.append(_PUNCTUATION[character])
        elif (greek := symbol_tex(character)) != rf"\text{{{character}}}":
            out.append(f"${greek}$")
        elif character.isalpha() and ord(character) < 0x180 and character not in "ðÐþÞđĐŋŊĸ":
            out.append(character)
        else:
            out.append(f"[U+{ord(character):04X}]")
    return "".join(out)


def _is_minus(text: str, position: int) -> bool:
    """Whether a hyphen is the sign of a number."""
    before, after = text[max(position - 1, 0) : position], text[position + 1 : position + 2]
    return after.isdigit() and before in (" ", "\n", "(", "[", "=", ",")


def compile_tex(tex_path: str | Path, pdf_path: str | Path, timeout: float = 180.0) -> str:
    """Compile a LaTeX file by latexmk, leaving nothing behind but the PDF.

    Parameters
    ----------
    tex_path
        Existing file.
    pdf_path
        Where the PDF goes.
    timeout
        Limit in seconds for the whole run.

    Returns
    -------
    str
        The log of the last LaTeX run; see `overfull_boxes`.

    Raises
    ------
    MissingDependencyError
        If latexmk or pdflatex is not installed.
    OutputError
        If LaTeX reports an error, exceeds the time, or the PDF cannot be written.
    DomainError
        If `timeout` is not positive.

    Examples
    --------
    >>> compile_tex("article.tex", "article.pdf", timeout=0)
    Traceback (most recent call last):
    ...
    cumulant_theory.errors.DomainError: time limit 0: seconds must be positive; leave it out for 180
    """
    if not timeout > 0:
        raise DomainError(f"time limit {timeout}: seconds must be positive; leave it out for 180")
    missing = [tool for tool in ("latexmk", "pdflatex") if shutil.which(tool) is None]
    if missing:
        raise MissingDependencyError(
            f"{' and '.join(missing)}: not found on the PATH, so no PDF can be made; install the "
            "packages latexmk, texlive-latex-recommended and texlive-latex-extra (Debian names), "
            "or keep the .tex file"
        )
    source, target = Path(tex_path).resolve(), Path(pdf_path)
    with tempfile.TemporaryDirectory(prefix="latex-") as folder:
        command = [
            "latexmk",
            "-norc",
            "-pdf",
            "-interaction=nonstopmode",
            "-halt-on-error",
            "-file-line-error",
            f"-outdir={folder}",
            "-jobname=article",
            source.name,
        ]
        # its own session: a time limit must end pdflatex too, which latexmk starts
        run = subprocess.Popen(
            command, cwd=source.parent, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE, start_new_session=True,
        )
        try:
            _, errors = run.communicate(timeout=timeout)
        except subprocess.TimeoutExpired as error:
            raise OutputError(
                f"{source}: latexmk did not end within {timeout:g} s; raise the time limit or "
                "shorten the document"
            ) from error
        finally:
            if run.poll() is None:
                os.killpg(run.pid, signal.SIGKILL)
                run.communicate()
        log_path = Path(folder, "article.log")
        log = log_path.read_text("utf-8", "replace") if log_path.exists() else ""
        result = Path(folder, "article.pdf")
        if run.returncode or not result.exists():
            raise OutputError(f"{source}: LaTeX failed: {_first_error(log, errors)}")
        try:
            shutil.copyfile(result, target)
        except OSError as error:
            raise OutputError(
                f"{target}: the PDF cannot be written ({error.strerror}); choose another folder"
            ) from error
    return _unwrap(log)


def _unwrap(log: str) -> str:
    """Join the lines that TeX cuts at 79 characters."""
    return re.sub(r"(?m)^(.{79})\n", r"\1", log)


def _first_error(log: str, stderr: bytes) -> str:
    lines = _unwrap(log).splitlines()
    for k, line in enumerate(lines):
        if line.startswith("!") or re.match(r"\S*\.(tex|sty|cls):\d+: ", line):
            return " ".join(part.strip() for part in lines[k : k + 3])
    tail = stderr.decode("utf-8", "replace").strip().splitlines()
    return tail[-1] if tail else "no log was written; run latexmk by hand"


@explained
def overfull_boxes(log: str) -> list[tuple[float, str]]:
    """List the lines of a LaTeX log that stick out of the text block.

    Parameters
    ----------
    log
        Text of the log.

    Returns
    -------
    list of (float, str)
        Excess in points, and where: ``lines 12--14``.

    Examples
    --------
    >>> overfull_boxes(r"Overfull \\hbox (12.5pt too wide) in paragraph at lines 3--4")
    [(12.5, 'in paragraph at lines 3--4')]
    """
    found = re.findall(r"Overfull \\hbox \(([\d.]+)pt too wide\)\s*([^\n]*)", log)
    return [(float(excess), where.strip()) for excess, where in found]
