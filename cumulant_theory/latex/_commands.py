"""Control words and characters of LaTeX mathematics by their role."""

RELATIONS = frozenset(
    [
        "=", "<", ">", r"\le", r"\leq", r"\ge", r"\geq", r"\ne", r"\neq", r"\approx", r"\equiv",
        r"\sim", r"\simeq", r"\to", r"\mapsto", r"\in", r"\notin", r"\mid", r"\subset",
        r"\rightarrow", r"\Rightarrow", r"\propto", r"\coloneqq", r"\Leftrightarrow", ":",
    ]
)
BINARY = frozenset(
    [
        "+", "-", "*", r"\cdot", r"\times", r"\pm", r"\mp", r"\circ", r"\oplus", r"\otimes",
        r"\wedge", r"\vee", r"\cup", r"\cap",
    ]
)
LARGE = frozenset(
    [
        r"\sum", r"\prod", r"\int", r"\bigcup", r"\bigcap", r"\lim", r"\max", r"\min", r"\sup",
        r"\inf",
    ]
)
FUNCTIONS = frozenset(
    [
        r"\exp", r"\log", r"\ln", r"\sin", r"\cos", r"\tan", r"\sinh", r"\cosh", r"\tanh", r"\cot",
        r"\sec", r"\csc", r"\arcsin", r"\arccos", r"\arctan", r"\det", r"\dim", r"\ker", r"\gcd",
        r"\deg", r"\arg", r"\Pr", r"\coth",
    ]
)
OPENING = frozenset(
    [
        "(", "[", r"\{", r"\langle", r"\lfloor", r"\lceil", r"\lvert", r"\lbrace",
    ]
)
CLOSING = frozenset(
    [
        ")", "]", r"\}", r"\rangle", r"\rfloor", r"\rceil", r"\rvert", r"\rbrace", "!",
    ]
)
SPACES = {
    r"\,": 1.667,
    r"\:": 2.222,
    r"\;": 2.778,
    r"\!": -1.667,
    r"\ ": 3.333,
    "~": 3.333,
    r"\quad": 10.0,
    r"\qquad": 20.0,
}
STYLED = frozenset(
    [
        r"\mathrm", r"\mathbf", r"\mathit", r"\mathbb", r"\mathcal", r"\mathsf", r"\mathtt",
        r"\mathfrak", r"\boldsymbol", r"\operatorname", r"\text", r"\textrm", r"\textbf",
        r"\textit", r"\hat", r"\tilde", r"\dot", r"\ddot", r"\dddot", r"\ddddot", r"\bar", r"\vec",
        r"\check", r"\breve", r"\acute", r"\grave", r"\mathring", r"\overline", r"\underline",
        r"\widehat", r"\widetilde", r"\mathscr",
    ]
)
RAW_TEXT = frozenset(
    [
        r"\text", r"\textrm", r"\textbf", r"\textit", r"\operatorname",
    ]
)
SIZED = frozenset(
    [
        r"\bigl", r"\bigr", r"\Bigl", r"\Bigr", r"\biggl", r"\biggr", r"\Biggl", r"\Biggr", r"\big",
        r"\Big",
    ]
)
STYLE_SWITCHES = frozenset(
    [
        r"\displaystyle", r"\textstyle", r"\nolimits",
    ]
)
