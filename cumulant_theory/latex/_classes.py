"""Document classes: what an article looks like on paper."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from cumulant_theory.errors import DomainError, UnknownNameError
from cumulant_theory.latex._widths import TEXT_WIDTH

__all__ = ["CLASSES", "MACROS", "DocumentClass", "document_class"]


@dataclass(frozen=True)
class DocumentClass:
    """A LaTeX class with what an article needs in it.

    Parameters
    ----------
    name
        Of the class.
    options
        Of ``\\documentclass``, but the columns.
    widths
        Of a line of text in points, by the number of columns.
    style
        BibTeX style.
    layout
        Preamble of this class alone.
    abstract_first
        Whether the abstract comes before ``\\maketitle``.
    many_authors
        Whether each author has a command of their own.
    columns
        Of the page.
    """

    name: str
    options: str
    widths: Mapping[int, float]
    style: str
    layout: str = ""
    abstract_first: bool = False
    many_authors: bool = True
    columns: int = 1

    @property
    def width(self) -> float:
        """Width of a line of text in points."""
        return self.widths[self.columns]

    @property
    def page_width(self) -> float:
        """Width of all columns together in points."""
        return self.widths[1]

    def preamble(self) -> str:
        """From ``\\documentclass`` to the last definition."""
        packages = _PACKAGES
        if self.name == "article":
            packages = f"\\usepackage[utf8]{{inputenc}}\n{packages}"
        columns = "twocolumn" if self.columns == 2 else "onecolumn"
        return "\n".join((
            rf"\documentclass[{self.options},{columns}]{{{self.name}}}", packages.rstrip(),
            *([self.layout.strip()] if self.layout else []), MACROS.rstrip(),
        ))

    def title(self, title: str, authors: Sequence[str]) -> str:
        """Title and authors, both LaTeX."""
        if self.many_authors:
            named = [rf"\author{{{author}}}" for author in authors]
        else:
            named = ["\\author{" + r" \and ".join(authors) + "}"]
        date = [] if self.name == "revtex4-2" else [r"\date{}"]
        return "\n\n".join([rf"\title{{{title}}}", *named, *date])


_PACKAGES = r"""\usepackage{amsmath,amssymb,amsthm,mathtools}
\usepackage{booktabs,longtable,array}
\usepackage{graphicx}
\usepackage[expansion=false]{microtype}
\usepackage{xcolor}
\usepackage[colorlinks=true,linkcolor=blue!45!black,citecolor=blue!45!black,
  urlcolor=blue!45!black,bookmarksnumbered=true]{hyperref}
\usepackage[nameinlink]{cleveref}
\allowdisplaybreaks[3]
\setlength{\emergencystretch}{16em}
\setlength{\jot}{4pt}
\renewcommand{\arraystretch}{1.15}
\AtBeginDocument{\setlength{\LTcapwidth}{\linewidth}}
\crefname{equation}{eq.}{eqs.}
"""

# What the body needs beyond packages; a paper with theorems of its own keeps them, and several
# bodies in one paper share these.
MACROS = r"""\makeatletter
\@ifundefined{crefname}{\PackageError{cumulants}{Load the package cleveref first}{}}{}
\@ifundefined{theorem}{\theoremstyle{plain}\newtheorem{theorem}{Theorem}}{}
\@ifundefined{lemma}{\theoremstyle{plain}\newtheorem{lemma}[theorem]{Lemma}}{}
\@ifundefined{proposition}{\theoremstyle{plain}\newtheorem{proposition}[theorem]{Proposition}}{}
\@ifundefined{corollary}{\theoremstyle{plain}\newtheorem{corollary}[theorem]{Corollary}}{}
\@ifundefined{definition}{\theoremstyle{definition}\newtheorem{definition}[theorem]{Definition}}{}
\@ifundefined{c@derivationstep}{%
  \newcounter{derivationstep}\newsavebox{\fitbox}%
  \expandafter\newif\csname ifproofopens\endcsname}{}
\makeatother
\renewcommand{\thederivationstep}{\arabic{derivationstep}}
\crefname{derivationstep}{step}{steps}
\Crefname{derivationstep}{Step}{Steps}
\AtBeginDocument{\providecommand{\texorpdfstring}[2]{#1}}
% the first step of a proof stands behind the word
\providecommand{\derivationstep}[1]{%
  \ifproofopens\proofopensfalse\else\par\addvspace{1.2ex plus .4ex}\noindent\fi
  \refstepcounter{derivationstep}%
  \textbf{Step~\thederivationstep}~(#1).\enspace\ignorespaces}
\providecommand{\fitwidth}[1]{\sbox{\fitbox}{#1}%
  \ifdim\wd\fitbox>\linewidth\resizebox{\linewidth}{!}{\usebox{\fitbox}}%
  \else\usebox{\fitbox}\fi}
% a picture has the size it was drawn at, unless the page is smaller
\providecommand{\fitpicture}[1]{\sbox{\fitbox}{\includegraphics{#1}}%
  \ifdim\wd\fitbox>\linewidth\includegraphics[width=\linewidth,height=0.8\textheight,
    keepaspectratio]{#1}%
  \else\ifdim\ht\fitbox>0.8\textheight\includegraphics[height=0.8\textheight]{#1}%
  \else\usebox{\fitbox}\fi\fi}
"""

CLASSES = {
    c.name: c
    for c in (
        DocumentClass(
            "article", "10pt,a4paper", {1: TEXT_WIDTH, 2: 219.0}, "plain", r"""
\usepackage[textwidth=160mm,textheight=240mm,columnsep=6mm]{geometry}
\setlength{\belowcaptionskip}{6pt}
\setlength{\parindent}{0pt}
\setlength{\parskip}{0.6ex plus 0.3ex}
""", many_authors=False,
        ),
        DocumentClass("amsart", "10pt,a4paper,reqno", {1: 360.0}, "amsplain", abstract_first=True),
        DocumentClass(
            "revtex4-2", "aps,pre,10pt,superscriptaddress,longbibliography,floatfix",
            {1: 510.0, 2: 246.0}, "apsrev4-2", abstract_first=True,
        ),
    )
}


def document_class(name: str, columns: int = 1) -> DocumentClass:
    """The document class of that name.

    Raises
    ------
    UnknownNameError
        If it is not known.
    DomainError
        If it has not that many columns.
    """
    if name not in CLASSES:
        raise UnknownNameError.of("document class", name, CLASSES)
    found = CLASSES[name]
    if columns not in found.widths:
        known = " or ".join(map(str, found.widths))
        raise DomainError(f"columns {columns}: {name} has {known}; choose another class")
    return replace(found, columns=columns)
