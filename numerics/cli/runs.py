"""What each command does with its arguments; returns the exit code."""

import argparse
import inspect
import sys
from collections.abc import Callable, Sequence
from dataclasses import replace
from importlib import import_module
from pathlib import Path
from typing import Any

from cumulant_theory.errors import MissingDependencyError


def fail(message: object) -> int:
    """Say on one line what is wrong."""
    print(f"cumulants: error: {' '.join(str(message).split())}", file=sys.stderr)
    return 2


def study(arguments: argparse.Namespace) -> int:
    """``cumulants study``."""
    home = _home("study")
    changes = {k: v for k in ("seeds", "samples") if (v := getattr(arguments, k)) is not None}

    def run(out: Path, options: dict[str, Any]) -> Any:
        config = home.load_config(arguments.config) if arguments.config else home.default_config()
        return home.run_study(replace(config, **changes), out, **options)

    tables = ("results", "outcomes", "networks")
    names = [
        *(f"{t}.csv" for t in tables), "manifest.json",
        *(f"{t}.parquet" for t in (*tables, "failures", "timings")),
    ]
    return _grid(arguments, home, run, names, "study.tally", "study.report")


def competition(arguments: argparse.Namespace) -> int:
    """``cumulants competition``."""
    home = _home("competition")

    def run(out: Path, options: dict[str, Any]) -> Any:
        config = home.load_config(arguments.config) if arguments.config else home.default_config()
        return home.run_competition(config, out, **options)

    names = [f"{t}.parquet" for t in (*home.TABLES, "failures", "timings")]
    return _grid(arguments, home, run, names, "competition.report", "competition.report")


def derive(arguments: argparse.Namespace) -> int:
    """``cumulants derive``."""
    from .derive import derive

    return derive(
        arguments.layers, arguments.law, arguments.order, arguments.style, arguments.format,
        arguments.out, arguments.pdf, arguments.verify, arguments.closure,
    )


def theorems(arguments: argparse.Namespace) -> int:
    """``cumulants theorems``."""
    from .theorems import export

    return export(arguments.names, arguments.out, arguments.verify)


def paper(arguments: argparse.Namespace) -> int:
    """``cumulants paper``."""
    from .paper import Choice, paper

    choice = Choice(
        arguments.theorems, arguments.layers, arguments.derivations, arguments.law,
        arguments.order, arguments.closure, arguments.tables, arguments.figures,
    )
    return paper(
        choice, arguments.out, title=arguments.title, author=arguments.author,
        abstract=arguments.abstract, document_class=arguments.document_class,
        columns=arguments.columns, width=arguments.width, bib=arguments.bib,
        prefix=arguments.prefix, rename=arguments.rename,
        order_superscript=arguments.order_superscript,
        snippet=arguments.snippet, pdf=not arguments.no_pdf, overwrite=arguments.overwrite,
    )


def listing(arguments: argparse.Namespace) -> int:
    """``cumulants laws``, ``symmetries`` and ``activations``."""
    rows = list(_catalogue(arguments.kind))
    width = max(len(name) for name, _ in rows)
    for name, text in rows:
        print(f"{name:<{width}}  {text}")
    return 0


def _home(name: str) -> Any:
    try:
        return import_module(f"numerics.{name}")
    except ImportError as error:
        raise MissingDependencyError(
            f"the {name} needs {error.name}, which is not installed; "
            "pip install 'cumulant-theory[torch]'"
        ) from None


def _grid(
    arguments: argparse.Namespace, home: Any, run: Callable[[Path, dict[str, Any]], Any],
    names: Sequence[str], summary: str, report: str,
) -> int:
    """Run a grid of cells, report, and list what was written."""
    if arguments.print_config:
        print(home.DEFAULT_TOML, end="")
        return 0
    if arguments.out is None:
        return fail(f"{home.__name__.split('.')[-1]}: --out DIR is missing; name a folder for the "
                    "results")
    options = {
        "resume": arguments.resume, "progress": not arguments.no_progress,
        "jobs": arguments.jobs, "scheduler": arguments.scheduler, "on_failure": "keep",
    }
    try:
        results = run(arguments.out, options)
        written = [arguments.out / name for name in names]
        notes: Sequence[str] = ()
        if not arguments.no_report:
            files = import_module(f"numerics.{report}").write_report(results, arguments.out)
            written += files
            notes = getattr(files, "notes", ())
    except KeyboardInterrupt:
        print(
            f"\ncumulants: interrupted; finished cells are kept in {arguments.out}, the same "
            "command with --resume continues",
            file=sys.stderr,
        )
        return 130
    print(import_module(f"numerics.{summary}").summary(results))
    print("\nwritten:")
    for path in written:
        print(f"  {path}")
    for note in notes:
        print(f"note: {note}")
    if results.failures:
        from ..sweeps import failure_text

        return fail(failure_text(results.failures, results.cells))
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
