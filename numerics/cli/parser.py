"""The arguments of every command."""

import argparse
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from . import runs
from .texts import (
    COMPETITION,
    COMPETITION_EPILOG,
    DERIVE,
    DERIVE_EPILOG,
    EPILOG,
    PAPER,
    PAPER_EPILOG,
    STUDY,
    STUDY_EPILOG,
)

_RAW = argparse.RawDescriptionHelpFormatter


def command_line() -> argparse.ArgumentParser:
    """The parser of ``cumulants``; each command sets ``run``."""
    top = argparse.ArgumentParser(
        "cumulants", formatter_class=_RAW, epilog=EPILOG, allow_abbrev=False,
        description="Exact cumulants of networks that learn the central limit theorem.",
    )
    top.add_argument("--version", action="version", version=f"cumulants {_version()}")
    commands = top.add_subparsers(title="commands", metavar="COMMAND", required=True)
    for add in (_study, _competition, _derive, _theorems, _paper, _listings):
        add(commands)
    return top


def _study(commands: Any) -> None:
    study = commands.add_parser(
        "study", help="train, predict, measure, compare, report", formatter_class=_RAW,
        description=STUDY, epilog=STUDY_EPILOG, allow_abbrev=False,
    )
    _grid_options(study)
    study.add_argument("--seeds", metavar="N", type=_positive, help="networks of each kind")
    study.add_argument("--samples", metavar="N", type=_positive, help="samples per network and law")
    study.set_defaults(run=runs.study)


def _competition(commands: Any) -> None:
    competition = commands.add_parser(
        "competition", help="symmetry against expressivity: which networks generalise?",
        formatter_class=_RAW, description=COMPETITION, epilog=COMPETITION_EPILOG,
        allow_abbrev=False,
    )
    _grid_options(competition)
    competition.set_defaults(run=runs.competition)


def _grid_options(command: argparse.ArgumentParser) -> None:
    """What all commands that run a grid of cells have."""
    command.add_argument("--config", metavar="FILE", type=Path, help="TOML; default: built in")
    command.add_argument("--out", metavar="DIR", type=Path, help="folder for the results")
    command.add_argument("--resume", action="store_true", help="go on with an interrupted run")
    command.add_argument("--jobs", metavar="N", type=_positive,
                         help="processes; default: one a core")
    command.add_argument("--scheduler", metavar="ADDRESS",
                         help="run on the workers of a Dask scheduler, such as tcp://host:8786")
    command.add_argument("--no-progress", action="store_true", help="no progress bar")
    command.add_argument("--no-report", action="store_true", help="tables only")
    command.add_argument("--print-config", action="store_true", help="print the built-in TOML")


def _derive(commands: Any) -> None:
    derive = commands.add_parser(
        "derive", help="print or write the cumulant recursion of a network", formatter_class=_RAW,
        description=DERIVE, epilog=DERIVE_EPILOG, allow_abbrev=False,
    )
    derive.add_argument("--layers", required=True, metavar="NETWORK", help="see below")
    derive.add_argument("--law", default="generic", help="law of one input; default: %(default)s")
    derive.add_argument("--order", type=_positive, default=4, help="default: %(default)s")
    derive.add_argument("--style", choices=("indices", "expanded", "effective"), default="indices",
                        help="default: %(default)s")
    derive.add_argument("--closure", default="exact", metavar="CLOSURE",
                        help="see below; default: %(default)s")
    derive.add_argument("--format", choices=("text", "latex", "tex", "json"),
                        help="default: text, or what the ending of FILE says; tex is the "
                        "derivation as an article, each step with its rule and hypotheses")
    derive.add_argument("--out", metavar="FILE", type=Path, help="write to a file")
    derive.add_argument("--pdf", action="store_true", help="compile the article beside FILE")
    derive.add_argument("--verify", action="store_true",
                        help="re-check every step of the derivation by an independent exact route")
    derive.set_defaults(run=runs.derive)


def _theorems(commands: Any) -> None:
    named = commands.add_parser(
        "theorems", help="list, verify or export the theorems with their proofs",
        description="Lists the named theorems, or writes them with their proofs as one article.",
        allow_abbrev=False,
    )
    named.add_argument("names", nargs="*", metavar="NAME", help="which; default: all")
    named.add_argument("--out", metavar="FILE", type=Path, help="article; .tex, or .pdf to compile")
    named.add_argument("--verify", action="store_true", help="re-check every step of the proofs")
    named.set_defaults(run=runs.theorems)


def _paper(commands: Any) -> None:
    paper = commands.add_parser(
        "paper", help="theorems, recursions, tables and figures as a LaTeX project",
        formatter_class=_RAW, description=PAPER, epilog=PAPER_EPILOG, allow_abbrev=False,
    )
    paper.add_argument("--out", required=True, metavar="DIR", type=Path, help="folder")
    paper.add_argument("--theorems", nargs="+", default=(), metavar="NAME",
                       help="named theorems with their proofs, or all")
    paper.add_argument("--layers", action="append", default=[], metavar="NETWORK",
                       help="recursion of a network, as in cumulants derive; may be repeated")
    paper.add_argument("--derivations", action="store_true", help="of the networks as well")
    paper.add_argument("--law", default="generic", help="law of one input; default: %(default)s")
    paper.add_argument("--order", type=_positive, default=3, help="default: %(default)s")
    paper.add_argument("--closure", default="exact", metavar="CLOSURE",
                       help="as in cumulants derive; default: %(default)s")
    paper.add_argument("--tables", nargs="+", default=(), metavar="CSV", type=Path,
                       help="tables with a header")
    paper.add_argument("--figures", nargs="+", default=(), metavar="FILE", type=Path,
                       help="pictures")
    paper.add_argument("--title", default="Cumulants of neural networks", help="of the paper")
    paper.add_argument("--author", action="append", default=[],
                       help="of the paper; may be repeated")
    paper.add_argument("--abstract", default="", help="of the paper")
    paper.add_argument("--class", dest="document_class", default="article",
                       choices=("article", "amsart", "revtex4-2"), help="default: %(default)s")
    paper.add_argument("--columns", type=int, choices=(1, 2), default=1,
                       help="of the page; default: %(default)s")
    paper.add_argument("--width", type=float, metavar="POINTS",
                       help="of a line in the paper that a snippet goes into, \\the\\linewidth")
    paper.add_argument("--bib", nargs="+", default=(), metavar="FILE", type=Path,
                       help="BibTeX files of your own, whose entries stand in for ours")
    paper.add_argument("--rename", action="append", default=[], metavar="OLD=NEW",
                       help="print a symbol in another way; may be repeated")
    paper.add_argument("--order-superscript", action="store_true",
                       help="cumulants as G^{(3)}_{112}, with their order")
    paper.add_argument("--snippet", action="store_true",
                       help="files for \\input in a paper that exists")
    paper.add_argument("--prefix", default="", metavar="TEXT",
                       help="of the labels in a snippet, such as cumulants:")
    paper.add_argument("--no-pdf", action="store_true", help="do not run latexmk")
    paper.add_argument("--overwrite", action="store_true", help="replace files that are there")
    paper.set_defaults(run=runs.paper)


def _listings(commands: Any) -> None:
    for name, what in (("laws", "input laws"), ("symmetries", "weight symmetries"),
                       ("activations", "activations")):
        listing = commands.add_parser(name, help=f"list the {what}",
                                      description=f"Lists the {what} by name.")
        listing.set_defaults(run=runs.listing, kind=name)


def _positive(text: str) -> int:
    try:
        value = int(text.replace("_", ""))
    except ValueError:
        value = 0
    if value < 1:
        raise argparse.ArgumentTypeError(f"'{text}' is no positive integer")
    return value


def _version() -> str:
    try:
        return version("cumulant-theory")
    except PackageNotFoundError:
        return "(not installed)"
