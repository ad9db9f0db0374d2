"""Presentation MathML of the same LaTeX, for reports that open without a network."""

from collections.abc import Sequence
from xml.sax.saxutils import escape as xml_escape

from sympy.printing.pretty.pretty_symbology import greek_unicode

from cumulant_theory.arguments import check_flag, explained
from cumulant_theory.errors import ParseError
from cumulant_theory.latex import _tree as tree
from cumulant_theory.latex._breaking import Side, break_equation
from cumulant_theory.latex._commands import FUNCTIONS
from cumulant_theory.latex._printing import latex
from cumulant_theory.latex._widths import TEXT_WIDTH

__all__ = ["mathml", "mathml_equation"]

_NAMESPACE = 'xmlns="http://www.w3.org/1998/Math/MathML"'
_IDENTIFIERS = {
    r"\ell": "ℓ",
    r"\infty": "∞",
    r"\partial": "∂",
    r"\hbar": "ℏ",
    r"\emptyset": "∅",
    r"\varepsilon": "ε",
    r"\epsilon": "ϵ",
    r"\vartheta": "ϑ",
    r"\varphi": "φ",
    r"\phi": "ϕ",
    r"\varrho": "ϱ",
    r"\varsigma": "ς",
    r"\nabla": "∇",
    r"\top": "⊤",
    r"\bot": "⊥",
}
_OPERATORS = {
    "-": "−",
    "*": "∗",
    r"\cdot": "⋅",
    r"\times": "×",
    r"\pm": "±",
    r"\mp": "∓",
    r"\circ": "∘",
    r"\oplus": "⊕",
    r"\otimes": "⊗",
    r"\wedge": "∧",
    r"\wr": "≀",
    r"\rtimes": "⋊",
    r"\ltimes": "⋉",
    r"\vee": "∨",
    r"\cup": "∪",
    r"\cap": "∩",
    r"\le": "≤",
    r"\leq": "≤",
    r"\ge": "≥",
    r"\geq": "≥",
    r"\ne": "≠",
    r"\neq": "≠",
    r"\approx": "≈",
    r"\equiv": "≡",
    r"\sim": "∼",
    r"\simeq": "≃",
    r"\to": "→",
    r"\rightarrow": "→",
    r"\Rightarrow": "⇒",
    r"\Leftrightarrow": "⇔",
    r"\mapsto": "↦",
    r"\in": "∈",
    r"\notin": "∉",
    r"\mid": "∣",
    r"\subset": "⊂",
    r"\propto": "∝",
    r"\coloneqq": "≔",
    r"\sum": "∑",
    r"\prod": "∏",
    r"\int": "∫",
    r"\bigcup": "⋃",
    r"\bigcap": "⋂",
    r"\dots": "…",
    r"\ldots": "…",
    r"\cdots": "⋯",
    r"\prime": "′",
    r"\forall": "∀",
    r"\exists": "∃",
    r"\langle": "⟨",
    r"\rangle": "⟩",
    r"\{": "{",
    r"\}": "}",
    r"\lbrace": "{",
    r"\rbrace": "}",
    r"\lfloor": "⌊",
    r"\rfloor": "⌋",
    r"\lceil": "⌈",
    r"\rceil": "⌉",
    r"\lvert": "|",
    r"\rvert": "|",
    r"\backslash": "\\",
    r"\%": "%",
    r"\&": "&",
    r"\#": "#",
    r"\_": "_",
    r"\$": "$",
    r"\neg": "¬",
    r"\surd": "√",
    r"\|": "‖",
}
_SPACES = {
    r"\,": "0.167em",
    r"\:": "0.222em",
    r"\;": "0.278em",
    r"\ ": "0.333em",
    "~": "0.333em",
    r"\quad": "1em",
    r"\qquad": "2em",
}
_ACCENTS = {
    r"\hat": "^",
    r"\widehat": "^",
    r"\tilde": "~",
    r"\widetilde": "~",
    r"\dot": "˙",
    r"\ddot": "¨",
    r"\bar": "¯",
    r"\overline": "¯",
    r"\vec": "→",
    r"\check": "ˇ",
    r"\breve": "˘",
    r"\acute": "´",
    r"\grave": "`",
    r"\mathring": "˚",
    r"\dddot": "⃛",
    r"\ddddot": "⃜",
}
_VARIANTS = {r"\mathrm": 0, r"\mathsf": 0, r"\mathtt": 0, r"\mathit": 0}
_DOUBLE_STRUCK = {"C": "ℂ", "H": "ℍ", "N": "ℕ", "P": "ℙ", "Q": "ℚ", "R": "ℝ", "Z": "ℤ"}


def mathml(expr: object, *, block: bool = False) -> str:
    """Presentation MathML of an expression or a LaTeX string.

    Parameters
    ----------
    expr
        What `latex` accepts.
    block
        Set on a line of its own instead of in the text.

    Returns
    -------
    str
        A ``math`` element.

    Raises
    ------
    ParseError
        If a LaTeX string does not parse.

    Examples
    --------
    >>> import sympy as sp
    >>> print(mathml(sp.Symbol("kappa_4")))
    <math xmlns="http://www.w3.org/1998/Math/MathML"><msub><mi>κ</mi><mn>4</mn></msub></math>
    """
    check_flag(block, "mathml: block")
    mode = ' display="block"' if block else ""
    return f"<math {_NAMESPACE}{mode}>{_row(tree.parse(latex(expr)))}</math>"


@explained
def mathml_equation(lhs: Side, rhs: Side, width: float = TEXT_WIDTH, *, relation: str = "=") -> str:
    """Display MathML of an equation, long sums in the lines of `break_equation`.

    Parameters
    ----------
    lhs, rhs
        Expressions or LaTeX strings; `lhs` may be None.
    width
        Line width in points.
    relation
        LaTeX of the relation sign.

    Returns
    -------
    str
        A ``math`` element with ``display="block"``.

    Raises
    ------
    DomainError, ParseError
        As `break_equation`.

    Examples
    --------
    >>> mathml_equation("y", "x").count("<mo>=</mo>")
    1
    >>> mathml_equation("A", r"\\begin{matrix} a & b \\end{matrix}").count("<mtd>")
    2
    """
    lines = break_equation(lhs, rhs, width, relation=relation)
    if len(lines) == 1:
        mark, sign = ("& ", "") if lhs is None else (f"&{relation}", relation)
        content = _row(tree.parse(lines[0].replace(mark, sign, 1)))
    else:
        rows = []
        for line in lines:
            left, _, right = line.partition("&")
            right = _row((*tree.parse(""), *tree.parse(right)), continued=True)
            rows.append(
                f'<mtr><mtd style="text-align: right">{_row(tree.parse(left))}</mtd>'
                f'<mtd style="text-align: left; padding-left: 0">{right}</mtd></mtr>'
            )
        content = f'<mtable displaystyle="true" columnalign="right left">{"".join(rows)}</mtable>'
    return f'<math {_NAMESPACE} display="block">{content}</math>'


def _row(nodes: Sequence[tree.Node], *, continued: bool = False) -> str:
    roles = tree.kinds(nodes)
    if continued:
        first = next((k for k, role in enumerate(roles) if role != "space"), None)
        if first is not None and tree.kind(nodes[first]) == "bin":
            roles[first] = "bin"
    parts = [_element(node, role) for node, role in zip(nodes, roles, strict=True)]
    parts = [p for p in parts if p]
    return parts[0] if len(parts) == 1 else f"<mrow>{''.join(parts)}</mrow>"


def _element(node: tree.Node, role: str = "ord") -> str:
    match node:
        case tree.Atom(tex):
            spaced = tex if tex in _SPACES else tex.strip()
            return _atom(spaced.removesuffix(r"\limits"), role)
        case tree.Group(body):
            return _row(body)
        case tree.Fraction(command, top, bottom):
            if command == r"\binom":
                inner = f'<mfrac linethickness="0">{_row(top)}{_row(bottom)}</mfrac>'
                return f"<mrow><mo>(</mo>{inner}<mo>)</mo></mrow>"
            return f"<mfrac>{_row(top)}{_row(bottom)}</mfrac>"
        case tree.Root(body, degree):
            if degree:
                return f"<mroot>{_row(body)}{_row(degree)}</mroot>"
            return f"<msqrt>{_row(body)}</msqrt>"
        case tree.Scripts(base, sub, sup):
            limits = tree.has_limits(base)
            names = ("munder", "mover", "munderover") if limits else ("msub", "msup", "msubsup")
            core = _element(base, tree.kind(base))
            if sup is None:
                return f"<{names[0]}>{core}{_row(sub or ())}</{names[0]}>"
            if sub is None:
                return f"<{names[1]}>{core}{_row(sup)}</{names[1]}>"
            return f"<{names[2]}>{core}{_row(sub)}{_row(sup)}</{names[2]}>"
        case tree.Delimited(left, body, right):
            return f"<mrow>{_fence(left)}{_row(body)}{_fence(right)}</mrow>"
        case tree.Sized(command, delimiter):
            size = {"big": 1.2, "Big": 1.8, "bigg": 2.4, "Bigg": 3.0}[command[1:].rstrip("lr")]
            return _fence(delimiter, f' minsize="{size}em" maxsize="{size}em"')
        case tree.Styled(command, body, text):
            return _styled(command, body, text)
        case tree.Environment(name, rows):
            return _environment(name, rows)


def _fence(delimiter: str, size: str = "") -> str:
    if delimiter == ".":
        return ""
    shown = xml_escape(_OPERATORS.get(delimiter, delimiter))
    return f'<mo fence="true" stretchy="true"{size}>{shown}</mo>'


def _atom(tex: str, role: str) -> str:
    if tex == r"\!":
        return ""
    if tex in _SPACES:
        return f'<mspace width="{_SPACES[tex]}"/>'
    if tex[0].isdigit():
        return f"<mn>{tex}</mn>"
    if tex.isalpha():
        return f"<mi>{tex}</mi>"
    if tex == r"\bmod":
        return '<mo lspace="0.222em" rspace="0.222em">mod</mo>'
    if tex in FUNCTIONS or tex in (r"\lim", r"\max", r"\min", r"\sup", r"\inf"):
        return f"<mi>{tex[1:]}</mi>"
    if tex in _IDENTIFIERS:
        return f"<mi>{_IDENTIFIERS[tex]}</mi>"
    if tex.startswith("\\") and tex[1:] in greek_unicode:
        return f"<mi>{greek_unicode[tex[1:]]}</mi>"
    if tex in _OPERATORS or not tex.startswith("\\"):
        shown = xml_escape(_OPERATORS.get(tex, tex))
        form = ' form="prefix"' if role == "ord" and tex in ("+", "-") else ""
        form = ' form="infix"' if role == "bin" else form
        flat = ' stretchy="false"' if role in ("open", "close") or tex == "|" else ""
        if role == "bin" and tex not in ("+", "-"):
            form = ""
        return f"<mo{form}{flat}>{shown}</mo>"
    raise ParseError(
        f"LaTeX command {tex}: has no MathML counterpart here; write the expression in SymPy or "
        "with standard commands"
    )


def _styled(command: str, body: Sequence[tree.Node], text: str | None) -> str:
    if text is not None:
        tag = "mi" if command == r"\operatorname" else "mtext"
        plain = text.replace("\\", "") if tag == "mtext" else text
        return f"<{tag}>{xml_escape(plain)}</{tag}>"
    if command in _ACCENTS:
        return f'<mover accent="true">{_row(body)}<mo>{xml_escape(_ACCENTS[command])}</mo></mover>'
    if command == r"\underline":
        return f"<munder>{_row(body)}<mo>_</mo></munder>"
    word = tree.to_tex(body)
    if command == r"\mathbb" and len(word) == 1 and word.isalpha():
        return f"<mi>{_DOUBLE_STRUCK.get(word, chr(0x1D538 + ord(word) - 65))}</mi>"
    if command in _VARIANTS and word.isalnum():
        return f'<mi mathvariant="normal">{word}</mi>'
    if command in (r"\mathbf", r"\boldsymbol"):
        return f'<mrow style="font-weight: bold">{_row(body)}</mrow>'
    return _row(body)


def _environment(name: str, rows: Sequence[Sequence[Sequence[tree.Node]]]) -> str:
    table = "".join(
        "<mtr>" + "".join(f"<mtd>{_row(cell)}</mtd>" for cell in row) + "</mtr>"
        for row in rows
    )
    left, right = {
        "pmatrix": ("(", ")"),
        "bmatrix": ("[", "]"),
        "vmatrix": ("|", "|"),
        "cases": ("{", ""),
    }.get(name, ("", ""))
    fences = [f"<mo>{side}</mo>" if side else "" for side in (left, right)]
    align = ' columnalign="left"' if name == "cases" else ""
    return f"<mrow>{fences[0]}<mtable{align}>{table}</mtable>{fences[1]}</mrow>"
