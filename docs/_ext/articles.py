"""Directives that print derivations, recursions and theorems of the toolkit, verified first.

``derivation`` runs its content; the last line is an expression. An object that can verify itself
does so, and a build with a step that does not hold fails.
"""

import ast
import re
from typing import Any

from docutils import nodes
from docutils.parsers.rst import directives
from docutils.statemachine import StringList
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

from cumulant_theory import latex, theorems
from cumulant_theory.latex._writer import joined, sourced

_MATH = re.compile(r"(?<!\\)\$((?:\\.|[^$\\])+)\$")
_SPECIAL = re.compile(r"([\\`*_{}\[\]<>#|])")
_FENCE = "```"
_WIDTH = 385  # points of a line of formulas on a page, by its type size


def words(text: str) -> str:
    """Text of an article as Markdown: everything but mathematics taken literally."""
    out, end = "", 0
    for match in _MATH.finditer(text):
        out += _SPECIAL.sub(r"\\\1", text[end : match.start()]) + match.group()
        end = match.end()
    return out + _SPECIAL.sub(r"\\\1", text[end:])


def display(equations: Any) -> list[str]:
    """Equations as one display."""
    return [f"{_FENCE}{{math}}", latex.display_group(equations, number=False, width=_WIDTH),
            _FENCE, ""]


def step(block: Any, number: int, prefix: str, cited: set[str]) -> list[str]:
    """A step of a derivation."""
    label = f"{prefix}-{number}"
    notes = [words(block.text)] if block.text else []
    if block.hypotheses:
        notes.append("Assumed: " + "; ".join(map(words, block.hypotheses)) + ".")
    sources = []
    if block.uses:
        numbers = [use.rpartition(":")[2] for use in block.uses]
        sources.append("by " + ", ".join(f"[step {n}](#{prefix}-{n})" for n in numbers))
    if block.reference:
        key, _, place = block.reference.partition(",")
        cite = f"{{cite}}`{key}`" if key in cited else words(key)
        sources.append(f"see {cite}" + (f", {words(place.strip())}" if place else ""))
    told = sourced(" ".join(notes), "; ".join(sources))
    lines = [f"({label})=", f"**{number}. {words(block.rule.rstrip('.'))}.** {told}", ""]
    equations = list(block.statement)
    return lines + (display(equations) if equations else [])


def markdown(article: Any, prefix: str) -> list[str]:
    """The blocks of an article as lines of MyST."""
    lines: list[str] = []
    number = 0
    for block in joined(article.blocks):
        match block:
            case latex.Paragraph(text):
                lines += [words(text), ""]
            case latex.Heading(_, text):
                lines += [f"{_FENCE}{{rubric}} {words(text)}", _FENCE, ""]
            case latex.Equations(equations):
                lines += display(equations)
            case latex.Step():
                number += 1
                lines += step(block, number, prefix, set(article.references))
            case latex.Proof(steps):
                for k, inner in enumerate(steps, 1):
                    lines += step(inner, k, prefix, set(article.references))
            case _:
                raise TypeError(f"{type(block).__name__} has no form on a page")
    return lines


class _Printed(SphinxDirective):
    def parsed(self, lines: list[str]) -> list[nodes.Node]:
        """Nodes of lines of MyST."""
        container = nodes.container(classes=["derivation"])
        source = self.get_source_info()[0]
        self.state.nested_parse(StringList(lines, source), self.content_offset, container)
        return [container]

    def prefix(self, name: str) -> str:
        """A label that no other directive of the page has."""
        page = self.env.docname.replace("/", "-")
        return f"{page}-{name}-{self.env.new_serialno('article')}"


class DerivationDirective(_Printed):
    """Run code and print the derivation or recursion that its last line gives."""

    has_content = True
    option_spec = {"style": directives.unchanged, "hide": directives.flag}

    def run(self) -> list[nodes.Node]:
        """Code, verification, steps."""
        code = "\n".join(self.content)
        found = value_of(code)
        style = self.options.get("style")
        article = found.article(style) if style else found.article()
        shown: list[nodes.Node] = []
        if "hide" not in self.options:
            block = nodes.literal_block(code, code, language="python")
            shown.append(block)
        lines = markdown(article, self.prefix("step"))
        if hasattr(found, "verify"):
            lines += [f"*{str(found.verify()).capitalize()}.*", ""]
        return shown + self.parsed(lines)


class TheoremsDirective(_Printed):
    """Statement and proof of every theorem of the registry."""

    def run(self) -> list[nodes.Node]:
        """One section per theorem."""
        sections: list[nodes.Node] = []
        for name in theorems.catalogue():
            theorem = theorems.get(name)
            proof = theorem.derivation
            label = f"theorem-{name}"
            section = nodes.section(ids=[nodes.make_id(label)], names=[label])
            self.state.document.note_explicit_target(section)
            title = nodes.title()
            title += nodes.Text(theorem.title)
            section += title
            section += self.parsed([
                f"*Theorem* (`{name}`). {words(theorem.statement)}", "",
                f"*Hypotheses:* {words('; '.join(theorem.hypotheses))}.", "",
                "*Proof.*", "", *markdown(proof.article(), self.prefix(name)),
                f"*{str(proof.verify()).capitalize()}.*", "",
            ])
            sections.append(section)
        return sections


def value_of(code: str) -> Any:
    """Run code and return the value of its last expression."""
    tree = ast.parse(code)
    if not tree.body or not isinstance(tree.body[-1], ast.Expr):
        raise SyntaxError("the last line of the directive must be an expression")
    last = ast.Expression(tree.body.pop().value)
    names: dict[str, Any] = {}
    exec(compile(tree, "<page>", "exec"), names)
    return eval(compile(last, "<page>", "eval"), names)


def setup(app: Sphinx) -> dict[str, Any]:
    """Register the directives."""
    app.add_directive("derivation", DerivationDirective)
    app.add_directive("theorems", TheoremsDirective)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
