"""The commands of the command line, read from their parser at build time, and run."""

import argparse
import io
import shlex
from contextlib import redirect_stdout
from typing import Any

from docutils import nodes
from registries import table
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

from numerics.cli import command_line, main


def subcommands() -> dict[str, tuple[str, argparse.ArgumentParser]]:
    """Name -> (its line in the list of commands, its parser)."""
    for action in command_line()._actions:
        if isinstance(action, argparse._SubParsersAction):
            lines = {line.dest: line.help or "" for line in action._choices_actions}
            return {name: (lines[name], parser) for name, parser in action.choices.items()}
    raise LookupError("the command line has no commands")


def options(parser: argparse.ArgumentParser) -> list[tuple[str, str]]:
    """What is written, and what it means, in the words of ``--help``."""
    formatter = parser._get_formatter()
    return [
        (formatter._format_action_invocation(action), formatter._expand_help(action))
        for action in parser._actions if action.dest != "help" and action.help
    ]


class CommandsDirective(SphinxDirective):
    """A section for each command."""

    def run(self) -> list[nodes.Node]:
        """Sections with description, usage, options and what follows them in ``--help``."""
        return [self.section(name, *found) for name, found in subcommands().items()]

    def section(self, name: str, line: str, parser: argparse.ArgumentParser) -> nodes.section:
        """The section of one command."""
        title = f"cumulants {name}"
        section = nodes.section("", ids=[nodes.make_id(title)], names=[title])
        section += nodes.title("", title)
        for part in (parser.description or line).split("\n\n"):
            section += nodes.paragraph("", part.replace("\n", " "))
        section += literal(parser.format_usage().removeprefix("usage: "))
        rows = [(nodes.literal("", left), nodes.Text(right)) for left, right in options(parser)]
        if rows:
            section += table(("option", "meaning"), rows, (35, 65))
        if parser.epilog:
            section += literal(parser.epilog % {"prog": parser.prog})
        return section


class CommandDirective(SphinxDirective):
    """A command as it is typed, and what it prints; a build with one that fails fails."""

    has_content = True

    def run(self) -> list[nodes.Node]:
        """One block of text."""
        typed = " \\\n    ".join(self.content)
        program, *arguments = shlex.split(" ".join(self.content))
        printed = io.StringIO()
        with redirect_stdout(printed):
            code = main(arguments)
        if program != "cumulants" or code:
            raise self.error(f"{typed} ended with exit code {code}")
        return [literal(f"$ {typed}\n{printed.getvalue()}")]


def literal(text: str) -> Any:
    """Text as it is typed or printed."""
    block = nodes.literal_block(text.rstrip(), text.rstrip())
    block["language"] = "none"
    return block


def setup(app: Sphinx) -> dict[str, bool]:
    """Add the directives ``commands`` and ``command``."""
    app.add_directive("command", CommandDirective)
    app.add_directive("commands", CommandsDirective)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
