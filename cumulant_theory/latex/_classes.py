"""Document classes: what an article looks like on paper."""

from dataclasses import dataclass

from cumulant_theory.errors import UnknownNameError
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
        Of ``\\documentclass``.
    width
        Of a line of text, in points.
    style
        BibTeX style.
    layout
        Lines of the preamble that are its own.
    abstract_first
        Whether the abstract stands before ``\\maketitle``.
    title
        Commands of the front matter, with places {title} and {author}.
    """

    name: str
    options: str
    width: float
    style: str
    layout: str = ""
    abstract_first: bool = False
    title: str = "\\title{{{title}}}\n\n\\author{{{author}}}\n\n\\date{{}}"

    def preamble(self) -> str:
        """From ``\\documentclass`` to the last definition."""
        packages = _PACKAGES
        if self.name == "article":
            packages = f"\\usepackage[utf8]{{inputenc}}\n{packages}"
        return "\n".join((
            rf"\documentclass[{self.options}]{{{self.name}}}", packages.rstrip(),
            *([self.layout.strip()] if self.layout else []), MACROS.rstrip(),
        ))


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
\setlength{\LTcapwidth}{\linewidth}
"""

# What the body needs beyond packages; a paper with theorems of its own keeps them.
MACROS = r"""\makeatletter
\@ifundefined{theorem}{\theoremstyle{plain}\newtheorem{theorem}{Theorem}}{}
\@ifundefined{lemma}{\theoremstyle{plain}\newtheorem{lemma}[theorem]{Lemma}}{}
\@ifundefined{proposition}{\theoremstyle{plain}\newtheorem{proposition}[theorem]{Proposition}}{}
\@ifundefined{corollary}{\theoremstyle{plain}\newtheorem{corollary}[theorem]{Corollary}}{}
\@ifundefined{definition}{\theoremstyle{definition}\newtheorem{definition}[theorem]{Definition}}{}
\makeatother
\newcounter{derivationstep}
\renewcommand{\thederivationstep}{\arabic{derivationstep}}
\crefname{derivationstep}{step}{steps}
\Crefname{derivationstep}{Step}{Steps}
\crefname{equation}{eq.}{eqs.}
\newif\ifproofopens % the first step of a proof stands behind the word
\newcommand{\derivationstep}[1]{%
  \ifproofopens\proofopensfalse\else\par\addvspace{1.2ex plus .4ex}\noindent\fi
  \refstepcounter{derivationstep}%
  \textbf{Step~\thederivationstep}\enspace\emph{#1.}\enspace\ignorespaces}
\newsavebox{\fitbox}
\newcommand{\fitwidth}[1]{\sbox{\fitbox}{#1}%
  \ifdim\wd\fitbox>\linewidth\resizebox{\linewidth}{!}{\usebox{\fitbox}}%
  \else\usebox{\fitbox}\fi}
"""

CLASSES = {
    c.name: c
    for c in (
        DocumentClass(
            "article", "10pt,a4paper", TEXT_WIDTH, "plain", r"""
\usepackage[textwidth=160mm,textheight=240mm]{geometry}
\setlength{\belowcaptionskip}{6pt}
\setlength{\parindent}{0pt}
\setlength{\parskip}{0.6ex plus 0.3ex}
""",
        ),
        DocumentClass("amsart", "10pt,a4paper", 360.0, "amsplain", abstract_first=True),
        DocumentClass(
            "revtex4-2", "aps,pre,onecolumn,superscriptaddress,longbibliography", 510.0,
            "apsrev4-2", abstract_first=True,
            title="\\title{{{title}}}\n\n\\author{{{author}}}",
        ),
    )
}


def document_class(name: str) -> DocumentClass:
    """The document class of that name.

    Raises
    ------
    UnknownNameError
        If it is not known.
    """
    if name not in CLASSES:
        raise UnknownNameError.of("document class", name, CLASSES)
    return CLASSES[name]
