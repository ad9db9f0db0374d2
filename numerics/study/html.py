"""Blocks of an article as one HTML page that opens offline."""

import base64
import re
from collections.abc import Mapping, Sequence
from html import escape
from pathlib import Path
from typing import Any

import sympy as sp

from cumulant_theory.latex import (
    Article,
    Equation,
    Equations,
    Figure,
    Heading,
    Paragraph,
    Table,
    mathml,
    mathml_equation,
)

__all__ = ["page"]

_MARKED = re.compile(
    r"(?<!\\)\$(?P<math>(?:\\.|[^$\\])+)\$|\[\[(?P<label>[^\[\]\s]+)\]\]|\[@(?P<key>[^\[\]\s,]+)\]"
)
_CLASSES = {
    "agree": "good", "disagree": "bad", "undecided": "open", "yes": "good", "no": "bad",
    "must generalise": "good", "must fail": "bad",
}
_CSS = """
:root { --ink: #1c2430; --soft: #586273; --line: #d5dae1; --page: #ffffff; --band: #f4f6f9;
  --good: #00694d; --bad: #a3380a; --link: #0b5cad; color-scheme: light; }
* { box-sizing: border-box; }
body { margin: 0; background: var(--page); color: var(--ink);
  font: 16px/1.6 system-ui, -apple-system, "Segoe UI", Roboto, Arial, sans-serif; }
main, header, nav { max-width: 62rem; margin: 0 auto; padding: 0 1.25rem; }
header { padding-top: 2.5rem; }
h1 { font-size: 2rem; line-height: 1.2; margin: 0 0 .5rem; }
h2 { font-size: 1.4rem; margin: 2.75rem 0 .75rem; border-bottom: 1px solid var(--line); }
h3 { font-size: 1.1rem; margin: 2rem 0 .5rem; }
.abstract { color: var(--soft); font-size: 1.05rem; max-width: 48rem; }
nav ol { columns: 2; padding-left: 1.25rem; font-size: .95rem; }
a { color: var(--link); }
p { max-width: 48rem; }
.scroll { overflow-x: auto; margin: 1rem 0 1.5rem; }
table { border-collapse: collapse; font-size: .88rem; font-variant-numeric: tabular-nums; }
caption { text-align: left; color: var(--soft); padding-bottom: .4rem; }
th, td { padding: .28rem .7rem; text-align: left; white-space: nowrap; vertical-align: top; }
td.wrap { white-space: normal; overflow-wrap: anywhere; max-width: 40rem; }
thead th { border-top: 2px solid var(--ink); border-bottom: 1px solid var(--ink); }
tbody tr:last-child > * { border-bottom: 2px solid var(--ink); }
tbody tr:nth-child(even) { background: var(--band); }
td.number { text-align: right; }
td.good { color: var(--good); font-weight: 600; }
td.bad { color: var(--bad); font-weight: 600; }
td.open { color: var(--soft); }
figure { margin: 1.5rem 0; }
figure img { max-width: 100%; height: auto; border: 1px solid var(--line); }
figcaption { color: var(--soft); font-size: .9rem; max-width: 52rem; }
.equations { overflow-x: auto; padding: .25rem 0 .25rem 1rem; border-left: 3px solid var(--line);
  margin: .75rem 0; }
.equations math { margin: .4rem 0; display: block; text-align: left; }
details summary { cursor: pointer; color: var(--link); }
.skip { position: absolute; left: -999px; } .skip:focus { left: 1rem; top: 1rem; }
footer { max-width: 62rem; margin: 3rem auto 2rem; padding: 0 1.25rem; color: var(--soft);
  font-size: .85rem; }
@media print { nav { display: none; } .scroll { overflow: visible; } }
"""


def page(article: Article, alternatives: Mapping[str, str] | None = None) -> str:
    """A complete HTML document: style inline, pictures embedded, formulas as MathML.

    Parameters
    ----------
    article
        Its blocks may be anything but derivation steps.
    alternatives
        Label of a figure -> what it shows, for those who cannot see it; default: the caption.

    Returns
    -------
    str
        HTML that is also well-formed XML in its body.

    Examples
    --------
    >>> text = page(Article("Title", blocks=[Heading(1, "Start"), Paragraph("With $x_1$.")]))
    >>> "<h2" in text and "<msub>" in text
    True
    """
    writer = _Writer(article, alternatives or {})
    body = "\n".join(writer.block(b) for b in article.blocks)
    contents = "".join(
        f'<li><a href="#{anchor}">{text}</a></li>' for level, anchor, text in writer.headings
        if level == 1
    )
    abstract = f'<p class="abstract">{writer.text(article.abstract)}</p>' if (
        article.abstract) else ""
    references = "".join(
        f'<li id="ref-{escape(key)}">{writer.text(str(text))}</li>'
        for key, text in article.references.items()
    )
    if references:
        body += f'\n<h2 id="references">References</h2>\n<ol>{references}</ol>'
    return "\n".join([
        "<!DOCTYPE html>",
        '<html lang="en">',
        '<head><meta charset="utf-8"/>',
        '<meta name="viewport" content="width=device-width, initial-scale=1"/>',
        f"<title>{escape(article.title)}</title>",
        f"<style>{_CSS}</style></head>",
        "<body>",
        '<a class="skip" href="#content">Skip to content</a>',
        f"<header><h1>{writer.text(article.title)}</h1>{abstract}</header>",
        f'<nav aria-label="Contents"><ol>{contents}</ol></nav>',
        f'<main id="content">\n{body}\n</main>',
        f"<footer>{escape(', '.join(article.authors))}</footer>" if article.authors else "",
        "</body></html>\n",
    ])


class _Writer:
    def __init__(self, article: Article, alternatives: Mapping[str, str]) -> None:
        self.alternatives = alternatives
        self.headings: list[tuple[int, str, str]] = []
        self.numbers: dict[str, str] = {}
        counts = {"Table": 0, "Figure": 0}
        for block in article.blocks:
            kind = type(block).__name__
            if kind in counts:
                counts[kind] += 1
                if block.label:  # type: ignore[union-attr]
                    self.numbers[block.label] = f"{kind} {counts[kind]}"  # type: ignore[union-attr]
        self.shown = {"Table": 0, "Figure": 0}

    def text(self, source: str) -> str:
        out, end = [], 0
        for match in _MARKED.finditer(source):
            out.append(escape(source[end : match.start()].replace(r"\$", "$"), quote=False))
            if match["math"]:
                out.append(mathml(match["math"]))
            elif match["label"]:
                name = self.numbers.get(match["label"], match["label"])
                out.append(f'<a href="#{escape(match["label"])}">{escape(name)}</a>')
            else:
                out.append(f'<a href="#ref-{escape(match["key"])}">[{escape(match["key"])}]</a>')
            end = match.end()
        return "".join(out) + escape(source[end:].replace(r"\$", "$"), quote=False)

    def block(self, block: Any) -> str:
        match block:
            case Paragraph(text):
                return f"<p>{self.text(text)}</p>"
            case Heading(level, text, label):
                anchor = label or f"section-{len(self.headings) + 1}"
                shown = self.text(text)
                self.headings.append((level, anchor, shown))
                return f'<h{level + 1} id="{escape(anchor)}">{shown}</h{level + 1}>'
            case Equation(lhs, rhs, _, relation):
                formula = mathml_equation(lhs, rhs, relation=relation)
                return f'<div class="equations">{formula}</div>'
            case Equations(equations):
                return f'<div class="equations">{"".join(map(_equation, equations))}</div>'
            case Table():
                return self.table(block)
            case Figure():
                return self.figure(block)
        raise TypeError(f"{type(block).__name__} has no HTML form; use paragraphs and equations")

    def table(self, table: Table) -> str:
        self.shown["Table"] += 1
        head = "".join(f'<th scope="col">{self.cell(c)}</th>' for c in table.header)
        rows = "\n".join(
            "<tr>" + "".join(self.data(c) for c in row) + "</tr>" for row in table.rows
        )
        anchor = f' id="{escape(table.label)}"' if table.label else ""
        title = f"Table {self.shown['Table']}. {self.text(table.caption)}"
        return (
            f'<div class="scroll" tabindex="0" role="region" aria-label="Table '
            f'{self.shown["Table"]}"><table{anchor}><caption>{title}</caption>'
            f"<thead><tr>{head}</tr></thead>\n<tbody>{rows}</tbody></table></div>"
        )

    def cell(self, cell: Any) -> str:
        if isinstance(cell, sp.Basic | sp.MatrixBase):
            return mathml(cell)
        return "–" if cell is None else self.text(str(cell))

    def data(self, cell: Any) -> str:
        text = str(cell)
        names = [_CLASSES[text]] if text in _CLASSES else []
        if re.fullmatch(r"[-+]?[\d.]+(e[-+]?\d+)?", text):
            names.append("number")
        if len(text) > 60:
            names.append("wrap")
        kind = f' class="{" ".join(names)}"' if names else ""
        return f"<td{kind}>{self.cell(cell)}</td>"

    def figure(self, figure: Figure) -> str:
        self.shown["Figure"] += 1
        label = figure.label or f"figure-{self.shown['Figure']}"
        data = base64.b64encode(Path(figure.path).read_bytes()).decode()
        alternative = self.alternatives.get(label, figure.caption).replace("$", "")
        return (
            f'<figure id="{escape(label)}"><img alt="{escape(alternative)}" '
            f'src="data:image/png;base64,{data}"/><figcaption>Figure {self.shown["Figure"]}. '
            f"{self.text(figure.caption)}</figcaption></figure>"
        )


def _equation(equation: Any) -> str:
    if isinstance(equation, Sequence):
        return mathml_equation(equation[0], equation[1])
    return mathml_equation(equation.lhs, equation.rhs, relation=equation.relation)
