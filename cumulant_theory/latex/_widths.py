"""Estimated widths of typeset mathematics, from the metrics of Computer Modern at 10 pt."""

from collections.abc import Sequence

from cumulant_theory.arguments import explained
from cumulant_theory.latex._commands import FUNCTIONS, LARGE, SPACES
from cumulant_theory.latex._tree import (
    Atom,
    Delimited,
    Environment,
    Fraction,
    Group,
    Node,
    Root,
    Scripts,
    Sized,
    Styled,
    has_limits,
    kinds,
    parse,
)

__all__ = ["TEXT_WIDTH", "estimate_width", "height", "nodes_width"]

TEXT_WIDTH = 455.0
"""Width of a line in points: A4 paper with a text block of 160 mm."""

_LETTERS = dict(
    zip(
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ",
        (
            5.29,
            4.30,
            4.33,
            5.21,
            4.66,
            5.98,
            5.13,
            5.77,
            3.45,
            4.70,
            5.53,
            3.19,
            8.79,
            6.01,
            4.85,
            5.04,
            4.83,
            4.79,
            4.69,
            3.62,
            5.73,
            5.21,
            7.43,
            5.72,
            5.27,
            5.10,
            7.51,
            8.09,
            7.87,
            8.56,
            7.96,
            7.82,
            7.87,
            9.13,
            5.19,
            6.51,
            9.21,
            6.81,
            10.80,
            9.13,
            7.91,
            7.81,
            7.91,
            7.68,
            6.71,
            7.24,
            7.92,
            8.06,
            10.84,
            9.07,
            8.03,
            7.55,
        ),
        strict=True,
    )
)
_COMMANDS = {
    r"\alpha": 6.44,
    r"\beta": 6.19,
    r"\gamma": 5.74,
    r"\delta": 4.83,
    r"\epsilon": 4.06,
    r"\varepsilon": 4.67,
    r"\zeta": 5.12,
    r"\eta": 5.33,
    r"\theta": 4.98,
    r"\vartheta": 5.92,
    r"\iota": 3.54,
    r"\kappa": 5.77,
    r"\lambda": 5.84,
    r"\mu": 6.03,
    r"\nu": 5.58,
    r"\xi": 4.84,
    r"\pi": 6.06,
    r"\rho": 5.18,
    r"\sigma": 6.08,
    r"\tau": 5.51,
    r"\upsilon": 5.77,
    r"\phi": 5.96,
    r"\varphi": 6.55,
    r"\chi": 6.26,
    r"\psi": 6.88,
    r"\omega": 6.59,
    r"\Gamma": 6.25,
    r"\Delta": 8.34,
    r"\Theta": 7.78,
    r"\Lambda": 6.95,
    r"\Xi": 6.67,
    r"\Pi": 7.50,
    r"\Sigma": 7.23,
    r"\Upsilon": 7.78,
    r"\Phi": 7.23,
    r"\Psi": 7.78,
    r"\Omega": 7.23,
    r"\ell": 4.17,
    r"\infty": 10.0,
    r"\partial": 5.87,
    r"\hbar": 5.41,
    r"\prime": 2.75,
    r"\dots": 13.4,
    r"\ldots": 11.7,
    r"\cdots": 13.4,
    r"\cdot": 2.78,
    r"\to": 10.0,
    r"\mapsto": 10.0,
    r"\rightarrow": 10.0,
    r"\Rightarrow": 10.0,
    r"\Leftrightarrow": 10.0,
    r"\in": 6.67,
    r"\mid": 2.78,
    r"\forall": 5.56,
    r"\emptyset": 5.0,
    r"\langle": 3.89,
    r"\rangle": 3.89,
    r"\{": 5.0,
    r"\}": 5.0,
    r"\sum": 10.56,
    r"\prod": 9.45,
    r"\int": 6.67,
    r"\limits": 0.0,
    r"\bmod": 23.9,
    r"\backslash": 5.0,
    r"\%": 8.34,
    r"\&": 7.78,
    r"\#": 8.34,
    r"\_": 5.0,
    r"\$": 5.0,
}
_CHARACTERS = {
    "(": 3.89,
    ")": 3.89,
    "[": 2.78,
    "]": 2.78,
    "|": 2.78,
    ",": 2.78,
    ".": 2.78,
    ";": 2.78,
    ":": 2.78,
    "!": 2.78,
    "/": 5.0,
    "+": 7.78,
    "-": 7.78,
    "=": 7.78,
    "<": 7.78,
    ">": 7.78,
    "*": 5.0,
    "?": 4.73,
}
_DISPLAY_LARGE = {r"\sum": 14.45, r"\prod": 12.78, r"\int": 10.0}
_FIXED_SIZES = {"big": 4.59, "Big": 5.98, "bigg": 7.37, "Bigg": 7.92}
# The 7 pt and 5 pt design sizes are cut wider than a scaled 10 pt font.
_STYLE_SCALE = (1.0, 1.0, 0.825, 0.74)
_SCRIPT_STYLE = (2, 2, 3, 3)
_FRACTION_STYLE = (1, 2, 3, 3)
_THIN, _MEDIUM, _THICK = 1.667, 2.223, 2.778
_ROMAN = dict(
    zip(
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ 0123456789",
        (5.0, 5.56, 4.45, 5.56, 4.45, 3.06, 5.0, 5.56, 2.78, 3.06, 5.28, 2.78, 8.34, 5.56, 5.0,
         5.56, 5.28, 3.92, 3.95, 3.89, 5.56, 5.28, 7.23, 5.28, 5.28, 4.45, 7.5, 7.09, 7.23, 7.64,
         6.81, 6.53, 7.85, 7.5, 3.62, 5.14, 7.78, 6.25, 9.17, 7.5, 7.78, 6.81, 7.78, 7.37, 5.56,
         7.23, 7.5, 7.5, 10.28, 7.5, 7.5, 6.12, 3.34, *[5.01] * 10),
        strict=True,
    )
)


@explained
def estimate_width(tex: str) -> float:
    r"""Estimate the width in points of LaTeX mathematics in display style at 10 pt.

    The estimate is made to be on the wide side by a few per cent.

    Parameters
    ----------
    tex
        LaTeX without dollar signs; ``\quad`` and the like count, ``&`` does not.

    Returns
    -------
    float
        Width in points.

    Raises
    ------
    ParseError
        If the braces or delimiters do not match.

    Examples
    --------
    >>> round(estimate_width("a + b"))
    22
    """
    return nodes_width(parse(tex.replace("&", "")))


def nodes_width(nodes: Sequence[Node], style: int = 0) -> float:
    """Width of parsed nodes; style 0 is display, 1 text, 2 script, 3 scriptscript."""
    total, previous = 0.0, None
    for node, role in zip(nodes, kinds(nodes), strict=True):
        total += _node_width(node, style)
        if role == "space":
            continue
        total += _space(previous, role, style)
        previous = role
    return total


def _space(left: str | None, right: str, style: int) -> float:
    if left is None:
        return 0.0
    if "op" in (left, right):
        if left in ("open",) or right in ("close", "punct"):
            return 0.0
        if not (left == "op" and right == "open") and not {left, right} & {"rel", "bin"}:
            return _THIN
    if style >= 2:
        return 0.0
    if "rel" in (left, right):
        return 0.0 if left == right or left == "open" or right == "close" else _THICK
    if "bin" in (left, right):
        return _MEDIUM
    if left == "punct":
        return _THIN
    if "inner" in (left, right):
        return 0.0 if left == "open" or right == "close" else _THIN
    return 0.0


def height(nodes: Sequence[Node]) -> int:
    """Coarse height: 0 plain, 1 scripts, 2 both scripts raised, 3 fractions, 4 sums and stacks."""
    level = 0
    for node in nodes:
        match node:
            case Scripts(base, sub, sup):
                if isinstance(base, Atom) and base.tex in LARGE:
                    here = 4
                else:
                    here = max(height((base,)), 1)
                    if (sup is not None and height(sup) >= 1) or height((base,)) in (1, 2):
                        here = max(here, 2)
                    if sub is not None and sup is not None and len(sup) > 1:
                        here = max(here, 2)
            case Fraction(_, numerator, denominator):
                here = 3 if max(height(numerator), height(denominator)) < 3 else 4
            case Environment():
                here = 4
            case Root(body):
                here = max(1, height(body))
            case Group(body) | Delimited(_, body) | Styled(_, body):
                here = height(body)
            case Atom(tex):
                here = 4 if tex in LARGE else 0
            case _:
                here = 0
        level = max(level, here)
    return level


def _node_width(node: Node, style: int) -> float:
    scale = _STYLE_SCALE[style]
    match node:
        case Atom(tex):
            return _atom_width(tex.strip().removesuffix(r"\limits"), style)
        case Group(body):
            return nodes_width(body, style)
        case Fraction(command, numerator, denominator):
            inner = 1 if command == r"\dfrac" else 2 if command == r"\tfrac" else None
            inner = _FRACTION_STYLE[style] if inner is None else inner
            bars = 2.4 if command != r"\binom" else 2 * 7.37
            return max(nodes_width(numerator, inner), nodes_width(denominator, inner)) + bars
        case Root(body, degree):
            sign = (8.34 if height(body) == 0 else 10.0) * scale
            return nodes_width(body, style) + sign + max(0.0, nodes_width(degree, 3) - 5.0)
        case Scripts(base, sub, sup):
            inner = _SCRIPT_STYLE[style]
            widths = [nodes_width(s, inner) for s in (sub, sup) if s is not None]
            if style == 0 and has_limits(base):
                return max(_node_width(base, style), *widths)
            return _node_width(base, style) + max(widths) + 0.5
        case Delimited(left, body, right):
            size = (1.0, 1.18, 1.54, 1.9, 2.26)[height(body)] if style < 2 else 1.1
            sides = sum(
                1.2
                if d == "."
                else _CHARACTERS.get(d, _COMMANDS.get(d, 4.5)) * (1.0 if d == "|" else size)
                for d in (left, right)
            )
            return nodes_width(body, style) + sides * (scale if style > 1 else 1.0)
        case Sized(command, delimiter):
            size = _FIXED_SIZES[command.strip("\\").rstrip("lr")]
            return size if delimiter != "." else 0.0
        case Styled(command, body, text):
            if text is not None:
                return _text_width(text) * scale
            if command in (r"\mathrm", r"\mathbf", r"\mathtt", r"\mathsf", r"\mathit"):
                roman = sum(_roman(n.tex, style) for n in body if isinstance(n, Atom))
                rest = nodes_width([n for n in body if not isinstance(n, Atom)], style)
                return (roman + rest) * (1.15 if command == r"\mathbf" else 1.0)
            return nodes_width(body, style) * (1.15 if command == r"\boldsymbol" else 1.0)
        case Environment(_, rows):
            columns = max(len(row) for row in rows)
            cells = [
                max(nodes_width(row[j], 1) if j < len(row) else 0.0 for row in rows)
                for j in range(columns)
            ]
            return sum(cells) + 10.0 * columns


def _roman(tex: str, style: int) -> float:
    if tex.isalpha():
        return _text_width(tex) * _STYLE_SCALE[style]
    return _atom_width(tex, style)


def _text_width(text: str) -> float:
    return sum(_ROMAN.get(c, _CHARACTERS.get(c, 5.56)) for c in text)


def _atom_width(tex: str, style: int) -> float:
    scale = _STYLE_SCALE[style]
    if tex in SPACES:
        return SPACES[tex] * (scale if tex not in (r"\quad", r"\qquad") else 1.0)
    if tex[0].isdigit():
        return 5.01 * len(tex) * (1.0 if style < 2 else 0.8 if style == 2 else 0.69)
    if style == 0 and tex in _DISPLAY_LARGE:
        return _DISPLAY_LARGE[tex]
    if tex in FUNCTIONS or (tex in LARGE and tex not in _COMMANDS):
        return _text_width(tex[1:]) * scale
    if tex in _COMMANDS:
        return _COMMANDS[tex] * scale
    if tex.startswith("\\"):
        return (7.78 if len(tex) < 7 else 10.0) * scale
    return _LETTERS.get(tex, _CHARACTERS.get(tex, 7.0)) * scale
