"""Where the rules come from: one bibliography for docstrings, derivations, papers and the site."""

import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from .arguments import check_fields, explained
from .errors import DomainError, UnknownNameError

_ACCENTS = {
    "\N{COMBINING ACUTE ACCENT}": "'", "\N{COMBINING GRAVE ACCENT}": "`",
    "\N{COMBINING CIRCUMFLEX ACCENT}": "^", "\N{COMBINING TILDE}": "~",
    "\N{COMBINING DIAERESIS}": '"', "\N{COMBINING CARON}": "v ", "\N{COMBINING CEDILLA}": "c ",
}  # fmt: skip
Kind = Literal["article", "book", "inproceedings", "techreport", "misc"]


@dataclass(frozen=True)
class Reference:
    """An entry of the bibliography, in plain text without LaTeX.

    Parameters
    ----------
    kind
        BibTeX type of entry.
    authors
        "First Last" each.
    title
    year
    venue
        Journal, proceedings or publisher.
    volume, pages
        As printed.
    arxiv
        Identifier, without "arXiv:".
    place
        Sections or equations that are meant.
    edition
        In letters: second.

    Raises
    ------
    DomainError
        If a field is of another kind.

    Examples
    --------
    >>> print(REFERENCES["price"])
    R. Price, A useful theorem for nonlinear devices having Gaussian inputs, IRE Trans. Inf. \
Theory 4, 69 (1958)
    """

    kind: Kind
    authors: tuple[str, ...]
    title: str
    year: int
    venue: str = ""
    volume: str = ""
    pages: str = ""
    arxiv: str = ""
    place: str = ""
    edition: str = ""

    def __post_init__(self) -> None:
        check_fields(self)
        if not self.authors:
            raise DomainError("Reference: there are no authors; name one or more")

    def __str__(self) -> str:
        where = " ".join(part for part in (self.venue, self.volume) if part)
        where = ", ".join(part for part in (where, self.pages.split("-")[0]) if part)
        where = f"{where} ({self.year})" if where else f"({self.year})"
        edition = f", {self.edition} edition" if self.edition else ""
        text = f"{_listed(self.authors)}, {self.title}{edition}, {where}"
        text += f", arXiv:{self.arxiv}" if self.arxiv else ""
        return text + (f", {self.place}" if self.place else "")

    def bibtex(self, key: str) -> str:
        """As an entry of a BibTeX file.

        Examples
        --------
        >>> print(REFERENCES["speed"].bibtex("speed"))
        @article{speed,
          author = {T. P. Speed},
          title = {{Cumulants and partition lattices}},
          journal = {Austral. J. Statist.},
          volume = {25},
          pages = {378--388},
          year = {1983},
        }
        """
        home = {"article": "journal", "book": "publisher", "inproceedings": "booktitle",
                "techreport": "institution", "misc": "howpublished"}[self.kind]  # fmt: skip
        fields = {
            "author": " and ".join(self.authors), "title": f"{{{self.title}}}", home: self.venue,
            "volume": self.volume, "pages": self.pages.replace("-", "--"), "year": str(self.year),
            "eprint": self.arxiv, "archiveprefix": "arXiv" if self.arxiv else "",
            "edition": _capital(self.edition), "note": _capital(self.place),
        }  # fmt: skip
        lines = [
            f"  {name} = {{{_accented(_bibtex(value))}}},"
            for name, value in fields.items() if value
        ]
        return "\n".join((f"@{self.kind}{{{key},", *lines, "}"))


REFERENCES = {
    "mccullagh": Reference(
        "book", ("P. McCullagh",), "Tensor Methods in Statistics", 1987, "Chapman and Hall",
        place="sections 2.3, 2.4",
    ),
    "leonov-shiryaev": Reference(
        "article", ("V. P. Leonov", "A. N. Shiryaev"),
        "On a method of calculation of semi-invariants", 1959, "Theory Probab. Appl.", "4",
        "319-329",
    ),
    "speed": Reference(
        "article", ("T. P. Speed",), "Cumulants and partition lattices", 1983,
        "Austral. J. Statist.", "25", "378-388",
    ),
    "macdonald": Reference(
        "book", ("I. G. Macdonald",), "Symmetric Functions and Hall Polynomials", 1995,
        "Oxford University Press", place="eq. I.2.11'", edition="second",
    ),
    "hardy": Reference(
        "book", ("G. H. Hardy", "J. E. Littlewood", "G. Pólya"), "Inequalities", 1934,
        "Cambridge University Press", place="section 2.4",
    ),
    "marshall": Reference(
        "book", ("M. Marshall",), "Positive Polynomials and Sums of Squares", 2008,
        "American Mathematical Society", place="section 12.6",
    ),
    "cox": Reference(
        "book", ("D. Cox", "J. Little", "D. O'Shea"), "Ideals, Varieties, and Algorithms", 2015,
        "Springer",
    ),
    "price": Reference(
        "article", ("R. Price",), "A useful theorem for nonlinear devices having Gaussian inputs",
        1958, "IRE Trans. Inf. Theory", "4", "69-72",
    ),
    "jona-lasinio": Reference(
        "article", ("G. Jona-Lasinio",), "Renormalization group and probability theory", 2001,
        "Phys. Rep.", "352", "439-458",
    ),
    "calvo": Reference(
        "article", ("I. Calvo", "J. C. Cuchí", "J. G. Esteve", "F. Falceto"),
        "Generalized central limit theorem and renormalization group", 2010, "J. Stat. Phys.",
        "141", "409", "1009.2899",
    ),
    "sethna": Reference(
        "book", ("J. P. Sethna",), "Entropy, Order Parameters, and Complexity", 2021,
        "Oxford University Press", place="chapter 12", edition="second",
    ),
    "fischer": Reference(
        "article",
        ("K. Fischer", "A. René", "C. Keup", "M. Layer", "D. Dahmen", "M. Helias"),
        "Decomposing neural networks as mappings of correlation functions", 2022,
        "Phys. Rev. Res.", "4", "043143", "2202.04925",
    ),
    "ashworth": Reference(
        "misc", ("C. Ashworth", "P. Liò", "F. Caso"),
        "Symmetry and generalisation in neural approximations of renormalisation transformations",
        2025, arxiv="2510.16591",
    ),
    "ziyin": Reference(
        "misc", ("L. Ziyin", "Y. Xu", "T. Poggio", "I. Chuang"),
        "Parameter symmetry potentially unifies deep learning theory", 2025, arxiv="2502.05300",
    ),
    "kim": Reference(
        "inproceedings", ("H. Kim", "H. Lee", "H. Yang", "J. Lee"),
        "Regularizing towards soft equivariance under mixed symmetries", 2023, "ICML",
        arxiv="2306.00356",
    ),
    "wu": Reference(
        "misc",
        ("W. Wu", "V. Lecomte", "M. Winer", "G. Robinson", "J. Hilton", "P. Christiano"),
        "Estimating the expected output of wide random MLPs more efficiently than sampling", 2026,
        arxiv="2605.05179",
    ),
    "zaheer": Reference(
        "inproceedings",
        ("M. Zaheer", "S. Kottur", "S. Ravanbakhsh", "B. Póczos", "R. Salakhutdinov", "A. Smola"),
        "Deep sets", 2017, "NeurIPS", arxiv="1703.06114",
    ),
    "kipf": Reference(
        "inproceedings", ("T. N. Kipf", "M. Welling"),
        "Semi-supervised classification with graph convolutional networks", 2017, "ICLR",
        arxiv="1609.02907",
    ),
    "comon": Reference(
        "article", ("P. Comon",), "Independent component analysis, a new concept?", 1994,
        "Signal Process.", "36", "287-314",
    ),
    "cho-saul": Reference(
        "inproceedings", ("Y. Cho", "L. K. Saul"), "Kernel methods for deep learning", 2009,
        "NeurIPS", "22", "342-350",
    ),
}  # fmt: skip


@explained
def reference(key: str) -> Reference:
    """The entry of a key.

    Raises
    ------
    UnknownNameError
        If there is none.
    """
    if key not in REFERENCES:
        raise UnknownNameError.of("reference", key, REFERENCES)
    return REFERENCES[key]


@explained
def reference_text(key: str) -> str:
    """The entry of a key as one line of text.

    Raises
    ------
    UnknownNameError
        If there is none.
    """
    return str(reference(key))


@explained
def bibtex(keys: Iterable[str] | None = None) -> str:
    """The bibliography, or the entries of these keys, as the text of a BibTeX file.

    Raises
    ------
    UnknownNameError
        If a key is unknown.
    """
    chosen = REFERENCES if keys is None else dict.fromkeys(keys)
    return "\n\n".join(reference(key).bibtex(key) for key in chosen) + "\n"


def _listed(names: Sequence[str]) -> str:
    if len(names) > 3:
        return f"{names[0]} et al."
    *first, last = names
    return f"{', '.join(first)} and {last}" if first else last


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def _accented(text: str) -> str:
    """Accents as commands, which every BibTeX style sorts and prints."""
    out = ""
    for letter in text:
        base, *marks = unicodedata.normalize("NFD", letter)
        known = len(marks) == 1 and base.isascii() and marks[0] in _ACCENTS
        out += f"{{\\{_ACCENTS[marks[0]]}{base}}}" if known else letter
    return out


def _bibtex(text: str) -> str:
    return "".join("\\" + c if c in "&%$#_" else c for c in text)
