"""LaTeX and MathML: KaTeX and LaTeX themselves are the judges."""

import random
import re
import shutil
import subprocess
import sys
from fractions import Fraction
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest
import sympy as sp

from cumulant_theory import latex as lx
from cumulant_theory.errors import (
    DomainError,
    MissingDependencyError,
    OutputError,
    ParseError,
    UnknownNameError,
)

NAMES = (
    "x", "y", "b", "W__1_12", "W__2_1", "v_1", "kappa_4", "kappa__z2_112", "kappa__z2_1,12",
    "alpha", "sigma", "c__1_2", "rate", "xhat", "sigma2", "lambda", "kappa_13",
)

needs_tex = pytest.mark.skipif(
    shutil.which("latexmk") is None or shutil.which("pdflatex") is None,
    reason="latexmk or pdflatex is not installed",
)


def symbols(*names: str) -> list[sp.Symbol]:
    return [sp.Symbol(name) for name in names]


def index_sum() -> sp.Expr:
    i, j1, j2, n = sp.symbols("i j_1 j_2 n", integer=True)
    W, K = sp.IndexedBase("W__1"), sp.IndexedBase("kappa__x")
    inner = sp.Sum(W[i, j2] * K[j1, j2], (j2, 1, n))
    return sp.Sum(W[i, j1] * inner, (j1, 1, n))


def random_expression(rng: random.Random, depth: int = 3) -> sp.Expr:
    if depth == 0 or rng.random() < 0.2:
        leaf = sp.Symbol(rng.choice(NAMES)) ** rng.choice((1, 1, 2, 3))
        return leaf * sp.Rational(rng.randint(1, 30), rng.randint(1, 12)) * rng.choice((1, 1, -1))
    parts = [random_expression(rng, depth - 1) for _ in range(rng.randint(2, 3))]
    match rng.randrange(8):
        case 0 | 1 | 2:
            return sp.Add(*parts)
        case 3 | 4:
            return sp.Mul(*parts)
        case 5:
            return parts[0] / parts[1]
        case 6:
            return sp.sqrt(parts[0]) * sp.sqrt(2) / 2
        case _:
            return sp.Add(*parts) ** rng.choice((2, 3, -2, sp.Rational(-1, 2)))


def random_expressions(count: int, seed: int) -> list[sp.Expr]:
    rng = random.Random(seed)
    return [random_expression(rng) for _ in range(count)]


def long_polynomial(terms: int) -> sp.Expr:
    factors = symbols("W__1_12", "W__1_21", "v_1", "kappa__x_112", "kappa_4", "alpha", "b")
    rng = random.Random(5)
    out: dict[sp.Expr, sp.Rational] = {}
    while len(out) < terms:
        monomial = sp.Mul(*(rng.choice(factors) for _ in range(rng.randint(1, 7))))
        out[monomial] = sp.Rational(rng.randint(1, 99), rng.randint(1, 24)) * rng.choice((1, -1))
    return sp.Add(*(c * m for m, c in out.items()))


def hard_equations() -> list[lx.Equation]:
    x, y, b = sp.symbols("x y b")
    long, other = long_polynomial(300), long_polynomial(40)
    many = sum(sp.symbols("x1:60"))
    return [
        lx.Equation(sp.Symbol("kappa__y_1111"), long, "eq:long"),
        lx.Equation(sp.Symbol("kappa__y_11"), sp.Rational(1, 24) * x * sp.Mul(b, other), "eq:prod"),
        lx.Equation("f", other / (x + y) ** 2, "eq:fraction"),
        lx.Equation("g", (x + b) / other, "eq:denominator"),
        lx.Equation("h", other / long_polynomial(30) + sp.sqrt(many), "eq:both"),
        lx.Equation("r", (many + 1) ** 3 * (other - 2) * b, "eq:power"),
        lx.Equation("N", sp.Integer(7) ** 400 * x, "eq:digits"),
        lx.Equation("Q", sp.Integer(7) ** 300 / sp.Integer(3) ** 400 * x, "eq:ratio"),
        lx.Equation("p", sp.Mul(*sp.symbols("theta_1:80")), "eq:factors"),
        lx.Equation(sum(sp.symbols("y1:30")), many, "eq:wide-left"),
        lx.Equation("e", sp.exp(-many) * sp.erf(many) * sp.log(other), "eq:functions"),
        lx.Equation(None, many, "eq:bare"),
        lx.Equation(
            "c", f"{lx.latex(x + many)} = {lx.latex(other)} \\le {lx.latex(many)}", "eq:chain"
        ),
        lx.Equation("s", index_sum() * many, "eq:sum"),
    ]


def special_expressions() -> list[sp.Expr]:
    x, y, n = sp.symbols("x y n")
    kappa = sp.IndexedBase("kappa")
    return [
        sp.Symbol("W__1_12") ** 2,
        1 / sp.sqrt(x),
        x ** sp.Rational(-3, 2),
        sp.sqrt(2) / 2,
        2 * 3**x,
        x ** (1 - n * y),
        index_sum(),
        kappa[1, 12] ** 2,
        kappa[x] ** -1,
        sp.Matrix([[x, y], [1, sp.Rational(1, 2)]]),
        sp.Piecewise((x, x > 0), (0, True)),
        sp.exp(-(x**2) / 2),
        sp.erf(x) ** 2,
        sp.Abs(x),
        sp.Max(x, 0),
        sp.Eq(x, y),
        sp.pi / 4 * x,
        sp.Function("phi")(x),
        sp.Derivative(sp.Function("f")(x), x),
        sp.Symbol("σ_1"),
        sp.Symbol("p%q"),
        sp.Symbol(r"\theta_{1}"),
        sp.Symbol("x'"),
        sp.Float("1.5e-10") * x,
        sp.Integral(sp.exp(-(x**2)), (x, -sp.oo, sp.oo)),
        sp.binomial(n, 2),
        sp.factorial(n),
        sp.Tuple(x, y),
        sp.zoo,
        sp.I * x,
        sp.Mul(2, 3, x, evaluate=False),
        sp.gamma(n) / x,
        sp.Dummy("t") ** 2,
        sp.Product(x, (x, 1, n)),
        sp.StrictGreaterThan(x, 0),
        sp.Integer(0),
        sp.UnevaluatedExpr(x + y) * x,
        sp.Heaviside(x),
        sp.tanh(x) ** 2,
        x % 2,
    ]


@pytest.mark.parametrize(
    ("name", "tex"),
    [
        ("kappa_4", r"\kappa_{4}"),
        ("kappa__z2_112", r"\kappa^{(z_{2})}_{112}"),
        ("kappa__z2_1,12", r"\kappa^{(z_{2})}_{1,12}"),
        ("W__1_12", "W^{(1)}_{12}"),
        ("W__1_1,12", "W^{(1)}_{1,12}"),
        ("c__1_2", "c^{(1)}_{2}"),
        ("W_ij", "W_{ij}"),
        ("x1", "x_{1}"),
        ("κ_4", r"\kappa_{4}"),
        ("Σ", r"\Sigma"),
        ("lambda", r"\lambda"),
        ("xhat", r"\hat{x}"),
        ("rate", r"\mathrm{rate}"),
        (r"\theta_{1}", r"\theta_{1}"),
        ("50%", r"\text{50\%}"),
    ],
)
def test_names_of_symbols(name, tex):
    assert lx.latex(sp.Symbol(name)) == tex


def test_powers_and_coefficients():
    b, r, k, W = symbols("b", "r", "kappa_4", "W__1_12")
    assert lx.latex(W**2) == r"\left(W^{(1)}_{12}\right)^{2}"
    assert lx.latex(k / sp.sqrt(b)) == r"b^{-1/2} \, \kappa_{4}"
    assert lx.latex(b ** (1 - r / 2)) == "b^{1 - r/2}"
    assert lx.latex(sp.sqrt(2) * k / 2) == r"\frac{\sqrt{2}}{2} \, \kappa_{4}"
    assert lx.latex(-3 * W * k / 4) == r"- \frac{3}{4} \, W^{(1)}_{12} \, \kappa_{4}"
    assert lx.latex(k / (4 * b)) == r"\frac{\kappa_{4}}{4 \, b}"
    assert lx.latex(-(k + b) * W) in (
        r"W^{(1)}_{12} \, \left(- b - \kappa_{4}\right)",
        r"- W^{(1)}_{12} \, \left(b + \kappa_{4}\right)",
    )


def test_python_fractions_are_printed_as_rationals():
    assert lx.latex(Fraction(-7, 2)) == lx.latex(sp.Rational(-7, 2))
    assert lx.latex([Fraction(1, 1), 2]) == lx.latex([sp.Integer(1), 2])


def test_nested_sums_share_one_sign():
    assert lx.latex(index_sum()) == (
        r"\sum_{j_{1}, j_{2} = 1}^{n} W^{(1)}_{i j_{1}} \, W^{(1)}_{i j_{2}} \, "
        r"\kappa^{(x)}_{j_{1} j_{2}}"
    )
    i, j, n = sp.symbols("i j n", integer=True)
    x = sp.IndexedBase("x")
    triangle = sp.Sum(sp.Sum(x[i, j], (j, 1, i)), (i, 1, n))
    assert lx.latex(triangle) == r"\sum_{i = 1}^{n} \sum_{j = 1}^{i} x_{i j}"
    product = sp.Sum(x[i], (i, 1, n)) * sp.Sum(x[j], (j, 1, n))
    assert lx.latex(product).count(r"\left(\sum") == 1


def test_terms_are_in_reading_order():
    x, y = sp.symbols("x y")
    assert lx.split_terms(y**3 + x * y + 2 * x + y + 1) == [1, 2 * x, y, x * y, y**3]
    assert lx.split_terms(x - 1) == [x, -1]
    many = sp.symbols("x_1:13")
    assert lx.split_terms(sum(many)) == list(many)
    long = long_polynomial(100)
    assert sp.Add(*lx.split_terms(long)) == long


def test_katex_parses_everything(katex, tmp_path):
    formulas = [lx.latex(e) for e in special_expressions() + random_expressions(150, seed=1)]
    for equation in hard_equations():
        for width in (150, 455):
            shown = lx.inline_display([equation], width=width)
            assert shown.startswith("$")
            assert shown.endswith("$")
            formulas.append(shown.strip("$"))
    formulas.append(lx.inline_display([("x", "y"), sp.Eq(*sp.symbols("x y"))]).strip("$"))
    katex(formulas, tmp_path)


def test_katex_check_can_fail(katex, tmp_path):
    with pytest.raises(AssertionError, match="formula 1"):
        katex(["x", "W^{1}^{2}"], tmp_path)


@pytest.mark.parametrize("width", [120, 250, 455])
def test_no_line_is_wider_than_asked(width):
    for equation in hard_equations():
        lines = lx.break_equation(equation.lhs, equation.rhs, width)
        room = width - (
            lx.estimate_width(lx.latex(equation.lhs)) if equation.lhs is not None else 0
        )
        for line in lines:
            left, _, right = line.partition("&")
            assert lx.estimate_width(left) + lx.estimate_width(right) <= width, line
            if not lines[0].startswith("&"):
                assert lx.estimate_width(right) <= room, line


def brackets_cancel(tex: str) -> int:
    return len(re.findall(r"\\[bB]igl\(", tex)) - len(re.findall(r"\\[bB]igr\)", tex))


def test_breaking_keeps_every_term():
    long = long_polynomial(120)
    lines = lx.break_equation("f", long, 300)
    joined = re.sub(r"\s|&|\\quad", "", "".join(lines))
    assert joined == "f=" + re.sub(r"\s", "", lx.latex(long))
    assert all(re.match(r"&\\quad [+-] ", line) for line in lines[1:])
    for equation in hard_equations():
        assert brackets_cancel("".join(lx.break_equation(equation.lhs, equation.rhs, 200))) == 0


def test_a_wide_product_is_broken_inside_its_parentheses():
    lines = lx.break_equation("f", sp.Symbol("b") * sum(sp.symbols("x1:40")) / 3, 200)
    assert lines[0].startswith(r"f &= \frac{1}{3} \, b \, \bigl(x_{1} + x_{2}")
    assert lines[-1].endswith(r"x_{39}\bigr)")
    assert "times" not in "".join(lines)


def test_relations_of_a_chain_are_aligned():
    right = lx.latex(sum(sp.symbols("x1:30")))
    lines = lx.break_equation("f", f"{right} = {right} = 0", 300)
    assert sum(line.startswith("&= ") for line in lines) == 2


def test_display_numbers_one_line():
    text = lx.display("f", long_polynomial(60), "eq:f")
    lines = text.splitlines()
    assert lines[0] == r"\begin{align}"
    assert lines[-1] == r"\end{align}"
    assert all(r"\notag" in line for line in lines[1:-2])
    assert r"\notag" not in lines[-2]
    assert r"\label{eq:f}" in lines[-2]
    assert text.count(r"\label") == 1
    assert "align*" in lx.display("f", "x", number=False)
    assert r"\tag{A1}" in lx.display("f", "x", number="A1")


def test_bad_input_is_named():
    with pytest.raises(DomainError, match="line width 10"):
        lx.break_equation("f", "x", 10)
    for tex in ("{x", "x}", r"\left(x", "x^1^2", r"\frac{1}"):
        with pytest.raises(ParseError, match="check its braces"):
            lx.estimate_width(tex)
    step = lx.Step("rule", ("x", "y", "eq:a"), uses=["eq:b"])
    with pytest.raises(UnknownNameError, match="did you mean 'eq:a'"):
        lx.Article("t", blocks=[step]).to_tex()
    with pytest.raises(DomainError, match="'eq:a'"):
        lx.Article("t", blocks=[lx.Equation("x", "y", "eq:a")] * 2).to_tex()
    with pytest.raises(DomainError, match="1 cells under 2"):
        lx.Article("t", blocks=[lx.Table(["a", "b"], [[1]])]).to_tex()
    with pytest.raises(DomainError, match="level 4"):
        lx.Article("t", blocks=[lx.Heading(4, "deep")]).to_tex()
    with pytest.raises(DomainError, match="not an equation"):
        lx.Article("t", blocks=[lx.Step("rule", 3)]).to_tex()


@pytest.mark.parametrize(("block", "words"), [
    (lx.Paragraph(3), "Paragraph: text is 3; pass a text"),
    (lx.Heading("1", "Head"), "Heading: level is '1'"),
    (lx.Step([1], ("x", "y")), r"Step: rule is \[1\]"),
    (lx.Step("Rule", [3]), "not an equation"),
    (lx.Proof([lx.Step("Rule", ("x", "y"), hypotheses=4)]), "Step: hypotheses is 4"),
    (lx.Equation("x", []), r"Equation: rhs is \[\]"),
])
def test_fields_of_blocks_are_checked_in_an_article(block, words):
    with pytest.raises(DomainError, match=words):
        lx.Article("Title", blocks=[block]).body()
    with pytest.raises(DomainError, match="Article: title is 3"):
        lx.Article(3, blocks=[block]).body()


def test_arrays_are_sequences():
    step = lx.Step("Rule", hypotheses=np.array(["a > 0", "b > 0"]), uses=np.array([]))
    assert r"Assumed: a \textgreater{} 0; b" in lx.Article("Title", blocks=[step]).body()
    table = lx.Table(("a", "b"), np.array([[1, 2], [3, 4]]))
    assert "3 & 4" in lx.Article("Title", blocks=[table]).body()


def test_unwritable_folder(tmp_path):
    with pytest.raises(OutputError, match="cannot be written"):
        lx.write_project(lx.Article("t"), tmp_path / ("a" * 5000))
    with pytest.raises(OutputError, match=r"gone.article\.tex"):
        lx.Article("t").write(tmp_path / "gone" / "article.tex")


def test_missing_latexmk_names_the_packages(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(MissingDependencyError, match="texlive-latex-extra"):
        lx.Article("t", blocks=[lx.Paragraph("x")]).compile(tmp_path / "a.pdf")
    assert (tmp_path / "a.tex").exists()


@pytest.mark.parametrize(
    ("text", "tex"),
    [
        ("50% & $a_b$ #1", r"50\% \& $a_b$ \#1"),
        (r"a\b", r"a\textbackslash{}b"),
        ("a_b^c~{d}", r"a\_b\textasciicircum{}c\textasciitilde{}\{d\}"),
        (r"costs \$5", r"costs \$5"),
        ("one $ alone", r"one \$ alone"),
        ("σ < 1", r"$\sigma$ \textless{} 1"),
        ("see [[eq:a_1]] and [@Key, eq. 3]", r"see \cref{eq:a_1} and \cite[eq. 3]{Key}"),
        ("日", "[U+65E5]"),
        ('why?"x"', "why?{}``x''"),
        ('a "quoted" word', "a ``quoted'' word"),
    ],
)
def test_escaping(text, tex):
    assert lx.escape(text) == tex


def demonstration_article(picture: Path | None = None) -> lx.Article:
    x, y, b = sp.symbols("x y b")
    nasty = "".join(chr(c) for c in range(32, 127)) + " é ü ß Å ł σ → ² § … – “q” 日"
    blocks: list[lx.Block] = [
        lx.Heading(1, "Set-up of 50% & more_things", "sec:setup"),
        lx.Paragraph(
            "Affine and pointwise rules carry everything; see [[eq:long]], [[step:one]] "
            "and [@fischer]. With $z = W x + c$ the cumulants are multilinear in $W$."
        ),
        lx.Paragraph(nasty),
        lx.Step(
            "Multilinearity",
            lx.Equation(sp.Symbol("kappa__z_ij"), index_sum(), "eq:affine"),
            hypotheses=["the input has cumulants to order $4$", "units are independent"],
            reference="fischer, eq. (4)",
            label="step:one",
        ),
        lx.Step(
            "Pointwise rule",
            [("y", x + b * x**2, "eq:y"), (sp.Symbol("kappa__y_1"), x, "eq:m")],
            uses=["step:one", "eq:affine"],
            label="step:two",
            reference="by definition",
            text="The activation acts on every unit.",
        ),
        lx.Heading(2, "Hard equations"),
    ]
    for equation in hard_equations():
        blocks += [lx.Paragraph(f"Equation [[{equation.label}]]:"), equation]
    blocks += [
        lx.Equations([("a", 1 / b), ("bb", sum(sp.symbols("x1:60"))), ("c", y)]),
        lx.Equations([("a", "1"), ("b", "2")], number=False),
        lx.Table(
            ["order", "formula", "value & unit"],
            [[r, sp.Symbol(f"kappa_{r}") / b, -1.5e-7 * r] for r in range(1, 5)],
            "Predicted cumulants, 5 % level",
            "tab:one",
        ),
        lx.Table([f"column {k}" for k in range(25)], [[k * 1000 for k in range(25)]], "Wide table"),
        lx.Table(["seed", "verdict"], [[k, "agrees_with theory"] for k in range(60)], "Long table"),
        lx.Step("Conclusion", ("x", "y"), uses=["step:one", "step:two", "eq:y", "tab:one"]),
    ]
    if picture is not None:
        blocks.append(lx.Figure(picture, "A picture of $x_1$", "fig:one"))
    return lx.Article(
        "Cumulants of a network with 100% symmetry",
        abstract="What is derived, and under what $H_0$.",
        author="A. Author",
        blocks=blocks,
        references={"fischer": "Fischer et al., Phys. Rev. Research 4."},
    )


PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010802000000907753de0000000c4944415408d763f8cf"
    "c0000003010100c9fe92ef0000000049454e44ae426082"
)


@needs_tex
@pytest.mark.latex
def test_article_compiles_without_overfull_lines(tmp_path):
    picture = tmp_path / "a picture_1.png"
    picture.write_bytes(PNG)
    article = demonstration_article(picture)
    pdf = article.compile(tmp_path / "article.pdf")
    assert pdf.read_bytes().startswith(b"%PDF")
    log = lx.compile_tex(tmp_path / "article.tex", tmp_path / "again.pdf")
    assert [box for box in lx.overfull_boxes(log) if box[0] > 1.0] == []
    assert "undefined" not in log
    assert "Missing character" not in log
    assert {p.name for p in tmp_path.iterdir()} == {
        "a picture_1.png",
        "article.tex",
        "article.pdf",
        "again.pdf",
    }


@needs_tex
@pytest.mark.latex
def test_overfull_lines_and_errors_are_seen(tmp_path):
    source = tmp_path / "wide.tex"
    body = r"\documentclass{article}\begin{document}\[%s\]\end{document}"
    source.write_text(body % ("x" * 120))
    boxes = lx.overfull_boxes(lx.compile_tex(source, tmp_path / "wide.pdf"))
    assert len(boxes) == 1
    assert boxes[0][0] > 100
    source.write_text(body % r"\nonsense")
    with pytest.raises(OutputError, match="Undefined control sequence"):
        lx.compile_tex(source, tmp_path / "wide.pdf")
    endless = tmp_path / "endless.tex"
    endless.write_text(body % r"\loop\iftrue\repeat")
    with pytest.raises(OutputError, match="did not end within"):
        lx.compile_tex(endless, tmp_path / "endless.pdf", timeout=2)
    left = subprocess.run(["pgrep", "-f", endless.name], capture_output=True, text=True)
    assert left.stdout == "", "TeX runs on after its time limit"


@needs_tex
@pytest.mark.latex
def test_width_estimate_against_tex(tmp_path):
    formulas = [lx.latex(e) for e in special_expressions() + random_expressions(200, seed=2)]
    formulas = [f for f in formulas if "begin{" not in f]
    lines = [r"\documentclass{article}\usepackage{amsmath,amssymb}\newlength\w\begin{document}"]
    lines += [rf"\settowidth\w{{$\displaystyle {f}$}}\typeout{{@@\the\w}}" for f in formulas]
    source = tmp_path / "widths.tex"
    source.write_text("\n".join([*lines, r"x\end{document}"]))
    log = lx.compile_tex(source, tmp_path / "widths.pdf")
    measured = [float(w) for w in re.findall(r"@@([\d.]+)pt", log)]
    assert len(measured) == len(formulas)
    for formula, width in zip(formulas, measured, strict=True):
        # `break_equation` keeps a reserve for what the estimate may miss.
        estimate = lx.estimate_width(formula)
        assert 0.97 * width - 0.5 <= estimate <= 1.08 * width + 3, (formula, estimate, width)


def elements(xml: str) -> ElementTree.Element:
    return ElementTree.fromstring(xml)


MATH = "{http://www.w3.org/1998/Math/MathML}"
ARITY = {
    "mfrac": 2,
    "msub": 2,
    "msup": 2,
    "msubsup": 3,
    "munder": 2,
    "mover": 2,
    "munderover": 3,
    "mroot": 2,
}


def test_mathml_is_valid():
    texts = [lx.mathml(e) for e in special_expressions() + random_expressions(100, seed=3)]
    texts += [lx.mathml_equation(e.lhs, e.rhs) for e in hard_equations()]
    for text in texts:
        root = elements(text)
        assert root.tag == MATH + "math"
        for node in root.iter():
            name = node.tag.removeprefix(MATH)
            if name in ARITY:
                assert len(node) == ARITY[name], ElementTree.tostring(node)
            if name in ("mi", "mn", "mo"):
                assert len(node) == 0
                assert node.text, text
                assert not re.match(r"\\\w", node.text), text


def test_mathml_scripts_equal_those_of_latex():
    root = elements(lx.mathml(sp.Symbol("W__1_12") ** 2, block=True))
    assert root.get("display") == "block"
    power = root[0]
    assert power.tag == MATH + "msup"
    assert power[1].text == "2"
    name = power[0].find(f".//{MATH}msubsup")
    assert name is not None
    assert ["".join(part.itertext()) for part in name] == ["W", "12", "(1)"]
    kappa = elements(lx.mathml(sp.Symbol("kappa__z2_1,12")))[0]
    assert ["".join(part.itertext()) for part in kappa] == ["κ", "1,12", "(z2)"]


def test_mathml_breaks_long_sums():
    short = elements(lx.mathml_equation("y", sp.Symbol("x")))
    assert short.find(f".//{MATH}mtr") is None
    long = elements(lx.mathml_equation("y", long_polynomial(100)))
    rows = long.findall(f".//{MATH}mtr")
    assert len(rows) == len(lx.break_equation("y", long_polynomial(100)))
    assert long.get("display") == "block"


def test_imports_only_what_its_place_allows():
    code = (
        "import sys, cumulant_theory.latex; bad = [m for m in sys.modules if m.split('.')[0] in "
        "('numpy', 'torch', 'scipy', 'matplotlib', 'networkx')]; assert not bad, bad"
    )
    subprocess.run([sys.executable, "-c", code], check=True, cwd=Path(__file__).parents[1])


def test_the_layer_in_the_name_of_a_function_is_no_exponent():
    assert lx.latex(sp.Function("phi__1")(sp.Symbol("z"))).startswith(r"\phi^{(1)}")
    assert lx.latex(sp.Function("g")(sp.Symbol("z"))).startswith("g{")


def test_a_parenthesis_with_an_exponent_does_not_stretch():
    assert '<msup><mo stretchy="false">)</mo><mn>2</mn></msup>' in lx.mathml("(x + y)^2")
