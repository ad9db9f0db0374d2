"""Parse tree of the LaTeX mathematics that this toolkit writes.

Width estimates, line breaking and MathML all work on this tree, so that the three agree for
expressions and for LaTeX strings alike.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from cumulant_theory.errors import ParseError
from cumulant_theory.latex._commands import (
    BINARY,
    CLOSING,
    FUNCTIONS,
    LARGE,
    OPENING,
    RAW_TEXT,
    RELATIONS,
    SIZED,
    SPACES,
    STYLE_SWITCHES,
    STYLED,
)

__all__ = [
    "Atom",
    "Delimited",
    "Environment",
    "Fraction",
    "Group",
    "Node",
    "Root",
    "Scripts",
    "Sized",
    "Styled",
    "has_limits",
    "kind",
    "kinds",
    "parse",
    "to_tex",
]

TOKEN = re.compile(r"\\[A-Za-z]+|\\.|\d+(?:\.\d+)?|\s+|.", re.DOTALL)


@dataclass(frozen=True)
class Atom:
    """One character, number or control word."""

    tex: str


@dataclass(frozen=True)
class Group:
    """A braced list."""

    body: tuple["Node", ...]


@dataclass(frozen=True)
class Fraction:
    """A fraction (or binomial) built by `command`."""

    command: str
    numerator: tuple["Node", ...]
    denominator: tuple["Node", ...]


@dataclass(frozen=True)
class Root:
    """A square root, or the root of the degree given."""

    body: tuple["Node", ...]
    degree: tuple["Node", ...] = ()


@dataclass(frozen=True)
class Scripts:
    """A nucleus with a subscript, a superscript or both."""

    base: "Node"
    sub: tuple["Node", ...] | None = None
    sup: tuple["Node", ...] | None = None


@dataclass(frozen=True)
class Delimited:
    r"""``\left``, body, ``\right``."""

    left: str
    body: tuple["Node", ...]
    right: str


@dataclass(frozen=True)
class Sized:
    r"""A delimiter of fixed size such as ``\bigl(``, not necessarily balanced."""

    command: str
    delimiter: str


@dataclass(frozen=True)
class Styled:
    r"""A font or accent command with one argument; `text` is the raw argument of ``\text``."""

    command: str
    body: tuple["Node", ...]
    text: str | None = None


@dataclass(frozen=True)
class Environment:
    """Rows of cells: matrices and cases."""

    name: str
    rows: tuple[tuple[tuple["Node", ...], ...], ...]
    columns: str = ""


Node = Atom | Group | Fraction | Root | Scripts | Delimited | Sized | Styled | Environment


class _Parser:
    def __init__(self, tex: str) -> None:
        self.tex = tex
        self.tokens = [t for t in TOKEN.findall(tex) if not t.isspace()]
        self.raw = TOKEN.findall(tex)
        self.position = 0
        self.starts = [m.span() for m in TOKEN.finditer(tex) if not m.group().isspace()]

    def fail(self, what: str) -> ParseError:
        shown = self.tex if len(self.tex) < 80 else self.tex[:77] + "..."
        return ParseError(f"LaTeX '{shown}': {what}; check its braces and delimiters")

    def peek(self) -> str | None:
        return self.tokens[self.position] if self.position < len(self.tokens) else None

    def next(self) -> str:
        token = self.peek()
        if token is None:
            raise self.fail("it ends too early")
        self.position += 1
        return token

    def raw_argument(self) -> str:
        if self.next() != "{":
            raise self.fail("a braced argument is missing")
        start, depth = self.starts[self.position - 1][1], 1
        while depth:
            token = self.next()
            depth += (token == "{") - (token == "}")
        return self.tex[start : self.starts[self.position - 1][0]]

    def argument(self) -> tuple[Node, ...]:
        token = self.peek()
        if token == "{":
            self.next()
            return self.list("}")
        if token is not None and token[0].isdigit() and len(token) > 1:
            self.tokens[self.position : self.position + 1] = list(token)
            start = self.starts[self.position][0]
            self.starts[self.position : self.position + 1] = [
                (start + k, start + k + 1) for k in range(len(token))
            ]
        return (self.node(self.next()),)

    def list(self, *stops: str) -> tuple[Node, ...]:
        out: list[Node] = []
        while True:
            token = self.peek()
            if token is None:
                if stops:
                    raise self.fail(f"'{stops[0]}' is missing")
                return tuple(out)
            if token in stops:
                self.next()
                return tuple(out)
            self.next()
            if token in ("^", "_", "'"):
                base = out.pop() if out else Group(())
                script = (Atom(r"\prime"),) if token == "'" else self.argument()
                scripts = base if isinstance(base, Scripts) else Scripts(base)
                if token == "_":
                    if scripts.sub is not None:
                        raise self.fail("double subscript")
                    out.append(Scripts(scripts.base, script, scripts.sup))
                else:
                    if scripts.sup is not None:
                        raise self.fail("double superscript")
                    out.append(Scripts(scripts.base, scripts.sub, script))
            elif token == r"\limits" and out and isinstance(out[-1], Atom):
                out[-1] = Atom(out[-1].tex + token)
            elif token not in STYLE_SWITCHES:
                out.append(self.node(token))

    def rows(self, name: str) -> tuple[tuple[tuple[Node, ...], ...], ...]:
        rows, cells = [], []
        while True:
            cells.append(self.list("&", r"\\", r"\end"))
            stop = self.tokens[self.position - 1]
            if stop == "&":
                continue
            rows.append(tuple(cells))
            cells = []
            if stop == r"\end":
                if self.raw_argument() != name:
                    raise self.fail(f"environment {name} is not closed")
                return tuple(rows)

    def node(self, token: str) -> Node:
        if token == "{":
            return Group(self.list("}"))
        if token in ("}", r"\right", r"\end", "&", r"\\"):
            raise self.fail(f"unexpected '{token}'")
        if token in (r"\frac", r"\tfrac", r"\dfrac", r"\binom"):
            return Fraction(token, self.argument(), self.argument())
        if token == r"\sqrt":
            degree: tuple[Node, ...] = ()
            if self.peek() == "[":
                self.next()
                degree = self.list("]")
            return Root(self.argument(), degree)
        if token == r"\left":
            left = self.next()
            body = self.list(r"\right")
            return Delimited(left, body, self.next())
        if token in SIZED:
            return Sized(token, self.next())
        if token in RAW_TEXT:
            return Styled(token, (), self.raw_argument())
        if token in STYLED:
            return Styled(token, self.argument())
        if token == r"\begin":
            name = self.raw_argument()
            columns = self.raw_argument() if name == "array" else ""
            return Environment(name, self.rows(name), columns)
        return Atom(token)


def parse(tex: str) -> tuple[Node, ...]:
    """Parse LaTeX mathematics.

    Parameters
    ----------
    tex
        LaTeX without dollar signs.

    Returns
    -------
    tuple of Node
        The list of nodes in order.

    Raises
    ------
    ParseError
        For unbalanced braces or delimiters and double scripts.

    Examples
    --------
    >>> len(parse(r"x_{1} + \\frac{1}{2}"))
    3
    """
    return _Parser(tex).list()


def to_tex(nodes: Node | Sequence[Node]) -> str:
    r"""Write nodes back as LaTeX.

    Examples
    --------
    >>> print(to_tex(parse(r"\alpha x+\frac{1}{2}")))
    \alpha x + \frac{1}{2}
    """
    if not isinstance(nodes, Sequence):
        nodes = (nodes,)
    out = ""
    for node, role in zip(nodes, kinds(nodes), strict=True):
        text = _tex(node)
        if role in ("bin", "rel", "space") and text.strip():
            text = f" {text} "
        if out and text[:1].isalpha() and re.search(r"\\[A-Za-z]+$", out):
            out += " "
        out += text
    return re.sub(r" {2,}", " ", out).strip() if "\\ " not in out else out.strip(" ")


def _tex(node: Node) -> str:
    match node:
        case Atom(tex):
            return tex
        case Group(body):
            return "{" + to_tex(body) + "}"
        case Fraction(command, numerator, denominator):
            return f"{command}{{{to_tex(numerator)}}}{{{to_tex(denominator)}}}"
        case Root(body, degree):
            index = f"[{to_tex(degree)}]" if degree else ""
            return rf"\sqrt{index}{{{to_tex(body)}}}"
        case Scripts(base, sub, sup):
            lower = "" if sub is None else f"_{{{to_tex(sub)}}}"
            upper = "" if sup is None else f"^{{{to_tex(sup)}}}"
            # A superscript in parentheses belongs to the name and comes first, as in `latex`.
            return to_tex(base) + (upper + lower if upper.startswith("^{(") else lower + upper)
        case Delimited(left, body, right):
            inner = to_tex(body)
            gap = " " if inner[:1].isalpha() and left[-1:].isalpha() else ""
            return rf"\left{left}{gap}{inner}\right{right}"
        case Sized(command, delimiter):
            return command + delimiter
        case Styled(command, body, text):
            return f"{command}{{{to_tex(body) if text is None else text}}}"
        case Environment(name, rows, columns):
            lines = r" \\ ".join(" & ".join(to_tex(cell) for cell in row) for row in rows)
            head = f"{{{columns}}}" if columns else ""
            return rf"\begin{{{name}}}{head}{lines}\end{{{name}}}"


def kind(node: Node) -> str:
    """Return TeX's atom class of one node: ord, op, bin, rel, open, close, punct, inner, space."""
    match node:
        case Scripts(base):
            return kind(base)
        case Delimited():
            return "inner"
        case Sized(command):
            return "open" if command.endswith("l") else "close" if command.endswith("r") else "ord"
        case Styled(r"\operatorname"):
            return "op"
        case Atom(tex):
            tex = tex.strip().removesuffix(r"\limits")
            for role, members in (
                ("space", SPACES),
                ("rel", RELATIONS),
                ("bin", BINARY),
                ("op", LARGE),
                ("op", FUNCTIONS),
                ("open", OPENING),
                ("close", CLOSING),
                ("punct", (",", ";")),
            ):
                if tex in members:
                    return role
    return "ord"


def has_limits(node: Node) -> bool:
    """Whether scripts stand above and below this operator in display style."""
    return isinstance(node, Atom) and (
        node.tex.endswith(r"\limits") or (node.tex in LARGE and node.tex != r"\int")
    )


def kinds(nodes: Sequence[Node]) -> list[str]:
    """Atom classes of a list, a binary sign without a left operand being ordinary."""
    out: list[str] = []
    previous = "open"
    for node in nodes:
        role = kind(node)
        if role == "bin" and previous in ("open", "bin", "rel", "op", "punct"):
            role = "ord"
        out.append(role)
        if role != "space":
            previous = role
    return out
