"""The command ``cumulants``: run the study, derive a recursion, list what is known."""

import argparse
import inspect
import sys
from collections.abc import Sequence
from dataclasses import replace
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from cumulant_theory.errors import CumulantError, MissingDependencyError

__all__ = ["main"]

_EPILOG = """\
examples:
  cumulants study --out results                    the built-in study, in one to three minutes
  cumulants study --print-config > my.toml         its settings, to be edited
  cumulants study --config my.toml --out results
  cumulants competition --out competition          symmetry against expressivity, in some minutes
  cumulants derive --layers "blocksum(b)"
  cumulants derive --layers "linear(2, 3, permutation_invariant) | quadratic(a) | linear(3, 1)"
  cumulants laws

Every command has its own --help. Errors end with exit code 2 and say what to do.
"""
_STUDY = """\
Trains networks under several weight symmetries on the block sum of the central limit theorem,
predicts the cumulants of every layer from the trained weights, measures them on laws that the
networks never saw, and reports where the two agree and which networks act as the block sum."""
_STUDY_EPILOG = """\
written to DIR:
  results.csv     one row per network, test law, layer and cumulant: predicted beside measured
  outcomes.csv    one row per network and test law: does it act as the block sum?
  networks.csv    trained parameters          manifest.json  versions, seeds, settings
  *.parquet       the same tables with types; failures and wall times of the cells
  *.png           figures                     report.html    opens offline
  report.tex and, where latexmk is installed, report.pdf

An interrupted study keeps what was finished; the same command with --resume goes on. A cell that
fails stops no other; --resume tries it again.
"""
_COMPETITION = """\
Trains networks from over-constrained to free and from linear to deep on the block sum, on samples
and on densities, lets them meet laws that they never saw, and reports with confidence intervals
whether leaving the matched symmetry, to either side, makes them generalise worse."""
_COMPETITION_EPILOG = """\
written to DIR:
  networks.parquet  one row per trained network
  errors.parquet    one row per network and test law, with the outcome that theory predicts
  curves.parquet    symmetry breaking along the training
  failures.parquet, timings.parquet, sweep.json, cells/
  *.png             figures                     report.html    opens offline

An interrupted run keeps what was finished; the same command with --resume goes on.
"""
_DERIVE = """\
Prints the cumulant recursion of a network, layer by layer, or writes it as an article."""
_DERIVE_EPILOG = """\
layers, input side first, separated by | or >>:
  linear(in, out)                    then, in any order, a weight symmetry and the word bias:
                                     linear(2, 3, cyclic), linear(2, 3, block_permutation(2, 1))
                                     keywords: weight=[[1, a]], bias_values=[c], name=W
  identity  quadratic(alpha)  square  cubic  cube  polynomial([0, 1, a])
  relu  gelu  tanh  erf  leaky_relu(1/10)  ...      cumulants activations lists all
  mean(n)  sum(n)  residual(NETWORK)
  blocksum(b)  blocksum(b, s)        b^{-s} (x_1 + ... + x_b); b and s may be symbols

styles:
  indices     for any width: i, j, ... stand for distinct units
  expanded    unit by unit
  effective   the network as one polynomial map with named coefficients

closures, where activations are no polynomials:
  exact         behind a Gaussian law the first of them, for one or two units
  diagrams:K    diagrams of cost up to K - 1, the counting of wide networks
  neglect:K     joint cumulants to order K, neglect:2 is Gaussian; neglect:K:C to cost C

examples:
  cumulants derive --layers "blocksum(b)" --order 6 --verify
  cumulants derive --layers "linear(2, 2, cyclic) | quadratic(a) | sum(2)" --style effective
  cumulants derive --layers "linear(2, 1) | square" --law "exponential(1)" --out derivation.tex
  cumulants derive --layers "linear(2, 2) | relu | linear(2, 1)" --order 2 --closure diagrams:3
"""


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line.

    Parameters
    ----------
    argv
        Arguments without the name of the program; default: those of the process.

    Returns
    -------
    int
        0 if all went well, 2 after an error (one line on stderr, never a traceback), 130 if
        interrupted.

    Examples
    --------
    >>> main(["derive", "--layers", "blocksum(b)", "--order", "2"])
    BlockSum(b)
      input law   generic, independent copies
    <BLANKLINE>
    BlockSum(b): x -> R
      kappa__R_1 = sqrt(b)*kappa_1
      kappa__R_2 = kappa_2
    0
    """
    try:
        arguments = _parser().parse_args(argv)
        return arguments.run(arguments)
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else 0 if end.code is None else 2
    except CumulantError as error:
        return _fail(error)
    except KeyboardInterrupt:
        print("\ncumulants: interrupted", file=sys.stderr)
        return 130
    except BrokenPipeError:
        # The reader has gone; Python would complain once more while closing stdout.
        sys.stdout = None  # type: ignore[assignment]
        return 0
    except MemoryError:
        return _fail("out of memory; lower --order, the widths or --samples")
    except OSError as error:
        return _fail(f"{error.filename or 'input or output'}: {error.strerror or error}")


def _fail(message: object) -> int:
    print(f"cumulants: error: {' '.join(str(message).split())}", file=sys.stderr)
    return 2


def _parser() -> argparse.ArgumentParser:
    raw = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser(
        "cumulants", formatter_class=raw, epilog=_EPILOG, allow_abbrev=False,
        description="Exact cumulants of networks that learn the central limit theorem.",
    )
    parser.add_argument("--version", action="version", version=f"cumulants {_version()}")
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)

    study = commands.add_parser(
        "study", help="train, predict, measure, compare, report", formatter_class=raw,
        description=_STUDY, epilog=_STUDY_EPILOG, allow_abbrev=False,
    )
    study.add_argument("--config", metavar="FILE", type=Path, help="TOML; default: built in")
    study.add_argument("--out", metavar="DIR", type=Path, help="folder for the results")
    study.add_argument("--resume", action="store_true", help="go on with an interrupted study")
    study.add_argument("--seeds", metavar="N", type=_positive, help="networks of each kind")
    study.add_argument("--samples", metavar="N", type=_positive, help="samples per network and law")
    study.add_argument("--jobs", metavar="N", type=_positive, help="processes; default: one a core")
    study.add_argument("--scheduler", metavar="ADDRESS",
                       help="run on the workers of a Dask scheduler, such as tcp://host:8786")
    study.add_argument("--no-progress", action="store_true", help="no progress bar")
    study.add_argument("--no-report", action="store_true", help="tables only")
    study.add_argument("--print-config", action="store_true", help="print the built-in TOML")
    study.set_defaults(run=_study)

    competition = commands.add_parser(
        "competition", help="symmetry against expressivity: which networks generalise?",
        formatter_class=raw, description=_COMPETITION, epilog=_COMPETITION_EPILOG,
        allow_abbrev=False,
    )
    competition.add_argument("--config", metavar="FILE", type=Path, help="TOML; default: built in")
    competition.add_argument("--out", metavar="DIR", type=Path, help="folder for the results")
    competition.add_argument("--resume", action="store_true", help="go on with an interrupted run")
    competition.add_argument("--jobs", metavar="N", type=_positive,
                             help="processes; default: one a core")
    competition.add_argument("--scheduler", metavar="ADDRESS",
                             help="run on the workers of a Dask scheduler")
    competition.add_argument("--no-progress", action="store_true", help="no progress bar")
    competition.add_argument("--no-report", action="store_true", help="tables only")
    competition.add_argument("--print-config", action="store_true", help="print the built-in TOML")
    competition.set_defaults(run=_competition)

    derive = commands.add_parser(
        "derive", help="print or write the cumulant recursion of a network", formatter_class=raw,
        description=_DERIVE, epilog=_DERIVE_EPILOG, allow_abbrev=False,
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
    derive.set_defaults(run=_derive)

    named = commands.add_parser(
        "theorems", help="list, verify or export the theorems with their proofs",
        description="Lists the named theorems, or writes them with their proofs as one article.",
        allow_abbrev=False,
    )
    named.add_argument("names", nargs="*", metavar="NAME", help="which; default: all")
    named.add_argument("--out", metavar="FILE", type=Path, help="article; .tex, or .pdf to compile")
    named.add_argument("--verify", action="store_true", help="re-check every step of the proofs")
    named.set_defaults(run=_theorems)

    for name, what in (("laws", "input laws"), ("symmetries", "weight symmetries"),
                       ("activations", "activations")):
        listing = commands.add_parser(name, help=f"list the {what}",
                                      description=f"Lists the {what} by name.")
        listing.set_defaults(run=_list, kind=name)
    return parser


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


def _study(arguments: argparse.Namespace) -> int:
    try:
        from . import study
    except ImportError as error:
        raise MissingDependencyError(
            f"the study needs {error.name}, which is not installed; "
            "pip install 'cumulant-theory[torch]'"
        ) from None
    if arguments.print_config:
        print(study.DEFAULT_TOML, end="")
        return 0
    if arguments.out is None:
        return _fail("study: --out DIR is missing; name a folder for the results")
    config = study.load_config(arguments.config) if arguments.config else study.default_config()
    changes: dict[str, Any] = {
        key: value for key in ("seeds", "samples")
        if (value := getattr(arguments, key)) is not None
    }
    try:
        results = study.run_study(
            replace(config, **changes), arguments.out, resume=arguments.resume,
            progress=not arguments.no_progress, jobs=arguments.jobs,
            scheduler=arguments.scheduler, on_failure="keep",
        )
        from .study.tally import summary

        written = [arguments.out / name for name in (
            "results.csv", "outcomes.csv", "networks.csv", "manifest.json", "results.parquet",
            "outcomes.parquet", "networks.parquet", "failures.parquet", "timings.parquet",
        )]
        notes: Sequence[str] = ()
        if not arguments.no_report:
            from .study.report import write_report

            report = write_report(results, arguments.out)
            written += report
            notes = report.notes
    except KeyboardInterrupt:
        print(
            f"\ncumulants: interrupted; finished cells are kept in {arguments.out}, the same "
            "command with --resume continues",
            file=sys.stderr,
        )
        return 130
    print(summary(results))
    print("\nwritten:")
    for path in written:
        print(f"  {path}")
    for note in notes:
        print(f"note: {note}")
    if results.failures:
        return _fail(study.failure_text(results.failures, results.manifest["cells"]))
    return 0


def _competition(arguments: argparse.Namespace) -> int:
    try:
        from . import competition
    except ImportError as error:
        raise MissingDependencyError(
            f"the competition needs {error.name}, which is not installed; "
            "pip install 'cumulant-theory[torch]'"
        ) from None
    if arguments.print_config:
        print(competition.DEFAULT_TOML, end="")
        return 0
    if arguments.out is None:
        return _fail("competition: --out DIR is missing; name a folder for the results")
    config = (competition.load_config(arguments.config) if arguments.config
              else competition.default_config())
    try:
        results = competition.run_competition(
            config, arguments.out, resume=arguments.resume, progress=not arguments.no_progress,
            jobs=arguments.jobs, scheduler=arguments.scheduler, on_failure="keep",
        )
        from .competition.report import summary, write_report

        written = [arguments.out / f"{name}.parquet" for name in (*competition.TABLES, "failures",
                                                                  "timings")]
        if not arguments.no_report:
            written += write_report(results, arguments.out)
    except KeyboardInterrupt:
        print(
            f"\ncumulants: interrupted; finished cells are kept in {arguments.out}, the same "
            "command with --resume continues",
            file=sys.stderr,
        )
        return 130
    print(summary(results))
    print("\nwritten:")
    for path in written:
        print(f"  {path}")
    if results.failures:
        from .sweeps import failure_text

        return _fail(failure_text(results.failures, results.cells))
    return 0


def _derive(arguments: argparse.Namespace) -> int:
    from .cli_derive import derive

    return derive(
        arguments.layers, arguments.law, arguments.order, arguments.style, arguments.format,
        arguments.out, arguments.pdf, arguments.verify, arguments.closure,
    )


def _theorems(arguments: argparse.Namespace) -> int:
    from .cli_theorems import export

    return export(arguments.names, arguments.out, arguments.verify)


def _list(arguments: argparse.Namespace) -> int:
    rows = list(_catalogue(arguments.kind))
    width = max(len(name) for name, _ in rows)
    for name, text in rows:
        print(f"{name:<{width}}  {text}")
    return 0


def _catalogue(kind: str) -> list[tuple[str, str]]:
    """(how it is written, first line of its documentation) per entry, sorted."""
    from cumulant_theory import activations, laws, symmetries

    classes: dict[str, type]
    if kind == "laws":
        classes = laws.catalogue()
    elif kind == "symmetries":
        classes = {name: symmetries.get(name) for name in symmetries.catalogue()}
    else:
        exported = (getattr(activations, name) for name in activations.__all__)
        classes = {c.name: c for c in exported if getattr(c, "name", None)}
    rows = []
    for name, entry in sorted(classes.items()):
        text = (inspect.getdoc(entry) or "").split("\n\n")[0]
        rows.append((name + _arguments(entry), " ".join(text.split())))
    return rows


def _arguments(entry: type) -> str:
    shown = []
    for parameter in inspect.signature(entry).parameters.values():
        if parameter.default is inspect.Parameter.empty:
            shown.append(parameter.name)
        elif parameter.default is None:
            shown.append(f"[{parameter.name}]")
        else:
            default = str(parameter.default).replace(" ", "").lower()
            shown.append(f"{parameter.name}={default}")
    return f"({', '.join(shown)})" if shown else ""


if __name__ == "__main__":
    sys.exit(main())
