"""How objects show themselves in notebooks: titled cards of facts, tables and formulas.

Everything is escaped unless it is `Markup`. Styles are inline, colours follow the theme of the
notebook, and nothing is loaded from outside. Pictures are in `cumulant_theory.latex.pictures`.
"""

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import fields, is_dataclass
from typing import Any
from xml.sax.saxutils import escape

import sympy as sp

from cumulant_theory.errors import ParseError
from cumulant_theory.latex._breaking import Side
from cumulant_theory.latex._mathml import mathml, mathml_equation
from cumulant_theory.latex._printing import latex
from cumulant_theory.latex._sizes import is_long, length, sized

__all__ = [
    "Markup", "Record", "card", "code", "count", "equation", "equations", "facts", "folded",
    "formula", "joined", "number", "prose", "record", "shown", "table", "verdict", "with_error",
]

MOST_ITEMS, MOST_ROWS, LONGEST = 8, 60, 160
ROOM = 24_000  # characters of the equations of one object
_COLOURS = {
    True: "var(--jp-success-color1,#2e9148)", False: "var(--jp-error-color1,#d64545)",
    None: "var(--jp-warn-color1,#b7791f)",
}
_LINE = "1px solid rgba(128,128,128,.35)"
_CELL = "padding:.2em .7em;vertical-align:top;white-space:normal;background:transparent"
_LEFT, _RIGHT = f"{_CELL};text-align:left", f"{_CELL};text-align:right"
_NAME = f"{_LEFT};font-weight:normal;opacity:.75;white-space:nowrap"
_DIGITS = set("0123456789+-.e()∞ ")


class Markup(str):
    """Text that is HTML already."""

    __slots__ = ()


class Record:
    """A dataclass that shows its fields as a table.

    Examples
    --------
    >>> from dataclasses import dataclass
    >>> @dataclass
    ... class Pair(Record):
    ...     left: int
    >>> "<th" in Pair(3)._repr_html_()
    True
    """

    def _repr_html_(self) -> str:
        return record(self)


def shown(value: Any) -> Markup:
    """Any plain value as HTML: text escaped, mathematics typeset, long collections cut.

    Examples
    --------
    >>> shown("a < b"), shown(None), shown([1, 2])
    ('a &lt; b', '–', '1, 2')
    """
    if isinstance(value, Markup):
        return value
    if value is None:
        return Markup("–")
    if isinstance(value, bool):
        return Markup("yes" if value else "no")
    if isinstance(value, (sp.Basic, sp.MatrixBase)):
        return formula(value)
    if isinstance(value, float):
        return Markup(number(value))
    if hasattr(value, "lhs") and hasattr(value, "rhs"):
        return equation(value.lhs, value.rhs)
    if isinstance(value, Mapping):
        pairs = (Markup(f"{_bracketed(k)}: {_bracketed(v)}") for k, v in value.items())
        return joined(pairs, len(value))
    if isinstance(value, (list, tuple, set, frozenset)) and not hasattr(value, "_repr_html_"):
        inside = [_bracketed(v) if isinstance(v, tuple) else v for v in value]
        return joined(inside, len(value))
    if isinstance(value, str):
        return Markup(escape(_cut(value, 4 * LONGEST)).replace("\n", "<br/>"))
    return Markup(escape(_cut(_representation(value))))


def _bracketed(value: Any) -> Markup:
    return Markup(f"({shown(value)})") if isinstance(value, tuple) else shown(value)


def _representation(value: Any) -> str:
    shape = getattr(value, "shape", None)
    if isinstance(shape, tuple) and hasattr(value, "dtype"):
        sizes = " × ".join(map(str, shape))
        if math.prod(shape) <= MOST_ITEMS and len(shape) < 2:
            items = value.tolist() if shape else [value.item()]
            return ", ".join(
                number(float(v)) if isinstance(v, (int, float)) else _representation(v)
                for v in items
            )
        return f"array {sizes}"
    if hasattr(value, "__fspath__"):
        return str(value)
    text = repr(value)
    return type(value).__name__ if " object at 0x" in text or text.startswith("<function") else text


def _cut(text: str, most: int = LONGEST) -> str:
    return text if len(text) <= most else f"{text[: most - 2]} …"


def joined(values: Iterable[Any], total: int | None = None, most: int = MOST_ITEMS) -> Markup:
    """Values one after the other, the number of those left out named.

    Examples
    --------
    >>> joined(range(20), most=3)
    '0, 1, 2, … 17 more'
    """
    listed = list(values)
    total = len(listed) if total is None else total
    parts = [shown(v) for v in listed[:most]]
    if total > most:
        return Markup(", ".join(parts) + f", … {total - most} more")
    return Markup(", ".join(parts) or "–")


def count(value: int, noun: str, plural: str = "") -> str:
    """A number with its noun.

    Examples
    --------
    >>> count(1, "unit"), count(3, "unit"), count(2, "symmetry", "symmetries")
    ('1 unit', '3 units', '2 symmetries')
    """
    return f"{value} {noun if value == 1 else plural or noun + 's'}"


def formula(value: Any) -> Markup:
    """LaTeX or an expression as MathML; a long one by its length.

    Examples
    --------
    >>> "<msub>" in formula("x_1")
    True
    """
    if isinstance(value, (sp.Basic, sp.MatrixBase)) and is_long(None, value):
        return Markup(escape(length(value)))
    try:
        return Markup(mathml(value))
    except ParseError:  # left to the typesetter of the notebook
        return Markup(escape(f"${latex(value)}$"))


def equation(lhs: Side, rhs: Side, see: str = "", *, relation: str = "=") -> Markup:
    """lhs = rhs as MathML, its sum wrapped; a long right side by its length."""
    block = mathml_equation(lhs, sized(lhs, rhs, see), relation=relation)
    return Markup(block.replace(' display="block"', ' displaystyle="true"'))  # flush left


def equations(
    pairs: Sequence[tuple[Side, Side]], see: str = "", most: int = 12, room: int = ROOM
) -> Markup:
    """Equations below each other; those beyond ``most``, or ``room`` characters, are counted.

    Examples
    --------
    >>> text = equations([("x", "1"), ("y", "2")], ".equations()", most=1)
    >>> "1 more equation; see .equations()" in text
    True
    """
    lines: list[str] = []
    for pair in pairs[:most]:
        line = f'<div style="margin:.35em 0">{equation(*pair, see=see)}</div>'
        if lines and sum(map(len, lines)) + len(line) > room:
            break
        lines.append(line)
    left = len(pairs) - len(lines)
    if left > 0:
        told = f"… {count(left, 'more equation')}" + (f"; see {see}" if see else "")
        lines.append(f"<div>{escape(told)}</div>")
    return Markup(f'<div style="overflow-x:auto">{"".join(lines)}</div>')


def table(
    head: Sequence[Any], rows: Sequence[Sequence[Any]], *, see: str = "", most: int = MOST_ROWS
) -> Markup:
    """A table; cells that are numbers are flush right, rows beyond ``most`` are counted.

    Examples
    --------
    >>> "a &lt; b" in table(["head"], [["a < b"]])
    True
    """
    cells = [[shown(c) for c in row] for row in rows[:most]]
    right = [
        bool(cells) and all(_is_number(row[k]) for row in cells)
        for k in range(len(head))
    ]
    top = "".join(
        f'<th scope="col" style="{_RIGHT if r else _LEFT};border-bottom:{_LINE}">{shown(h)}</th>'
        for h, r in zip(head, right, strict=True)
    )
    body = "".join(
        '<tr style="background:transparent">'
        + "".join(_cell(c, r) for c, r in zip(row, right, strict=True)) + "</tr>"
        for row in cells
    )
    left = len(rows) - most
    note = f"… {count(left, 'more row')}" + (f"; see {see}" if see else "") if left > 0 else ""
    below = f"<div>{escape(note)}</div>" if note else ""
    return Markup(
        '<div style="overflow-x:auto"><table style="border-collapse:collapse;margin:.3em 0;'
        f'font-variant-numeric:tabular-nums"><thead><tr style="background:transparent">{top}</tr>'
        f"</thead><tbody>{body}</tbody></table>{below}</div>"
    )


def _is_number(cell: str) -> bool:
    text = cell.replace("−", "-")
    if "<span" in text:
        text = text.partition(">")[2].partition("<")[0]
    return text in ("", "–", "inf", "nan") or (text[-1:] in "0123456789)" and set(text) <= _DIGITS)


def _cell(cell: str, right: bool) -> str:
    return f'<td style="{_RIGHT if right else _LEFT}">{cell}</td>'


def facts(rows: Iterable[tuple[str, Any]]) -> Markup:
    """Names and values in two columns; values that are None or empty are left out.

    Examples
    --------
    >>> facts([("order", 4), ("closure", None)]).count("<tr")
    1
    """
    lines = "".join(
        f'<tr style="background:transparent"><th scope="row" style="{_NAME}">'
        f'{escape(name)}</th><td style="{_LEFT}">{shown(value)}</td></tr>'
        for name, value in rows if value is not None and not _is_empty(value)
    )
    if not lines:
        return Markup("")
    return Markup(
        '<table style="border-collapse:collapse;margin:.3em 0">'
        f"<tbody>{lines}</tbody></table>"
    )


def _is_empty(value: Any) -> bool:
    return isinstance(value, (str, list, tuple, dict, frozenset, set)) and len(value) == 0


def prose(text: str) -> Markup:
    r"""Text with mathematics between dollar signs.

    Examples
    --------
    >>> prose("a < b and $x_1$").startswith("<span>a &lt; b and <math")
    True
    """
    parts = re.split(r"(?<!\\)\$((?:\\.|[^$\\])+)\$", text)
    shown_parts = [
        mathml(part) if k % 2 else escape(part.replace(r"\$", "$"))
        for k, part in enumerate(parts)
    ]
    return Markup(f"<span>{''.join(shown_parts)}</span>")


def folded(summary: str, body: str) -> Markup:
    """What opens at a click.

    Examples
    --------
    >>> folded("source", code("x < 1"))  # doctest: +ELLIPSIS
    '<details ...><summary ...>source</summary><pre ...>x &lt; 1</pre></details>'
    """
    return Markup(
        f'<details style="margin:.3em 0"><summary style="cursor:pointer">'
        f"{escape(summary)}</summary>{body}</details>"
    )


def code(source: str, most: int = 400) -> Markup:
    """Source text as it stands; lines beyond ``most`` are counted."""
    lines = source.splitlines()
    cut = lines[:most]
    while cut and sum(map(len, cut)) > 30000:
        cut = cut[: len(cut) // 2]
    if len(cut) < len(lines):
        cut.append(f"... {len(lines) - len(cut)} more lines")
    text = escape("\n".join(_cut(line, 2000) for line in cut))
    return Markup(
        '<pre style="text-align:left;overflow:auto;max-height:30em;margin:.3em 0">'
        f"{text}</pre>"
    )


def verdict(text: Any, good: bool | None) -> Markup:
    """Text in the colour of a verdict: good, bad, or undecided."""
    return Markup(f'<span style="color:{_COLOURS[good]};font-weight:600">{shown(text)}</span>')


def card(title: Any, *parts: str, note: str = "") -> str:
    """A title, parts below each other, and a note.

    Examples
    --------
    >>> card("a < b", facts([("order", 2)])).startswith("<div")
    True
    """
    body = "".join(p if isinstance(p, Markup) else f"<div>{shown(p)}</div>" for p in parts if p)
    below = (
        f'<div style="opacity:.75;font-size:.9em">{escape(note)}</div>' if note else ""
    )
    return (
        '<div style="text-align:left;line-height:1.45"><div style="font-weight:600">'
        f"{shown(title)}</div>{body}{below}</div>"
    )


def record(value: Any, heading: str = "", **more: Any) -> str:
    """A dataclass or named tuple as a card of its fields; ``more`` replaces fields or adds some.

    Examples
    --------
    >>> from collections import namedtuple
    >>> "order" in record(namedtuple("Row", "order")(2))
    True
    """
    names = [f.name for f in fields(value) if f.repr] if is_dataclass(value) else value._fields
    values = {n: getattr(value, n) for n in names if not n.startswith("_")} | more
    rows = [(name.replace("_", " "), v) for name, v in values.items()]
    return card(heading or type(value).__name__, facts(rows))


def number(value: float, digits: int = 5) -> str:
    """A number with so many significant digits.

    Examples
    --------
    >>> number(0.123456789), number(1234567.0), number(float("inf"))
    ('0.12346', '1.2346e6', 'inf')
    """
    if not math.isfinite(value):
        return str(value)
    mantissa, _, exponent = f"{value:.{digits}g}".partition("e")
    return f"{mantissa}e{int(exponent)}" if exponent else mantissa


def with_error(value: float, error: float) -> str:
    """A value with its standard error in brackets, in units of the last two digits.

    Parameters
    ----------
    value, error
        Error at least 0.

    Examples
    --------
    >>> with_error(0.123456, 0.00123), with_error(-1.5e-7, 2.3e-9), with_error(12.0, 0.0)
    ('0.1235(12)', '-1.500(23)e-7', '12')
    >>> with_error(1234567.0, 890.0), with_error(2.0, 35.0)
    ('1.23457(89)e6', '2(35)')
    """
    if not (math.isfinite(value) and math.isfinite(error)) or error <= 0:
        return number(value) if error == 0 else f"{number(value)} ± {number(error, 2)}"
    last = math.floor(math.log10(error)) - 1
    if round(error / 10.0**last) >= 100:
        last += 1
    size = math.floor(math.log10(max(abs(value), error)))
    power = size if size < -3 or last > 0 else 0
    text = f"{value / 10.0**power:.{power - last}f}({round(error / 10.0**last)})"
    return f"{text}e{power}" if power else text
