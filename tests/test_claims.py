"""Plain statements with their mathematics typeset: against SymPy's own printing, and in cards."""

import re

import pytest
import sympy as sp
from hypothesis import given
from hypothesis import strategies as st

from cumulant_theory import latex, laws, layers, rg, symmetries
from cumulant_theory.claims import claim_tex, claims, typeset_claim
from cumulant_theory.latex.html import prose

NAMES = ("kappa_2", "kappa__x_12", "sigma", "W__1_12", "s", "b", "l_11")
SIGNS = {">=": r"\ge", ">": ">", "<=": r"\le", "<": "<", "=": "=", "!=": r"\ne"}


def expressions():
    symbols = st.sampled_from(NAMES).map(sp.Symbol)
    numbers = st.fractions(-9, 9, max_denominator=6).map(
        lambda q: sp.Rational(q.numerator, q.denominator)
    )
    return st.recursive(symbols | numbers, lambda inner: st.one_of(
        st.builds(lambda a, b: a + b, inner, inner), st.builds(lambda a, b: a * b, inner, inner),
        st.builds(lambda a, n: a**n, symbols, st.sampled_from([-2, 2, 3, sp.Rational(1, 2)])),
    ), max_leaves=6)


@given(expressions(), expressions(), st.sampled_from(sorted(SIGNS)))
def test_relations_are_typeset_as_their_sides_are(left, right, sign):
    told = typeset_claim(f"{left} {sign} {right}")
    if not (left.free_symbols or right.free_symbols):
        assert told == f"{left} {sign} {right}"
        return
    assert told == f"${latex.latex(left)} {SIGNS[sign]} {latex.latex(right)}$"
    assert "math" in prose(told)


@given(expressions().filter(lambda e: e.free_symbols), st.sampled_from([
    "{} is not 0", "where {} is negative", "the law has {}, and no other",
]))
def test_expressions_among_words(value, sentence):
    assert typeset_claim(sentence.format(value)) == sentence.format(f"${latex.latex(value)}$")


@pytest.mark.parametrize("sentence", [
    "real weights", "a law of zero mean, of order 4 or less", "inputs and outputs (both)",
    "the input law is invariant under a group", "moments to order 2", "I know - or not",
    "zero-mean and/or symmetric", "the $x_i$ are independent copies", "",
])
def test_words_stay_words(sentence):
    assert typeset_claim(sentence) == sentence


@pytest.mark.parametrize(("sentence", "expected"), [
    ("df > 2", "$df > 2$"),
    ("0 <= p <= 1", r"$0 \le p \le 1$"),
    ("nu > r for every order r in use", r"$\nu > r$ for every order $r$ in use"),
    ("f(x) is even", r"$f{\left(x\right)}$ is even"),
    ("kappa_4 + 2 kappa_2^2 < kappa_3^2 / kappa_2 at the input",
     r"$\kappa_{4} + 2 \, \kappa_{2}^{2} < \frac{\kappa_{3}^{2}}{\kappa_{2}}$ at the input"),
    ("layer 2 Pointwise: cost 3 (ij: kappa_ij kappa_jjj)",
     r"layer 2 Pointwise: cost 3 (ij: $\kappa_{ij}$ $\kappa_{jjj}$)"),
    ("up to order 2 a law", "up to order 2 a law"),
    ("S_2-invariant", "$S_{2}$-invariant"),
    ("sigma > 0, tau (of S_2) is free", r"$\sigma > 0$, $\tau$ (of $S_{2}$) is free"),
])
def test_odd_sentences(sentence, expected):
    assert typeset_claim(sentence) == expected


def test_huge_powers_are_not_written_out():
    assert len(typeset_claim("2**(10**9) > x")) < 40
    assert typeset_claim("x**(10**9) > 1") == "$x^{1000000000} > 1$"


def stated():
    sigma = sp.Symbol("sigma")
    yield laws.Normal(0, sigma)
    yield laws.StudentT("nu")
    yield laws.CumulantSequence(sp.symbols("kappa_1:5"))
    yield symmetries.Cyclic()
    network = layers.Linear(2, 1, symmetry=symmetries.PermutationInvariant(), name="w")
    yield network
    yield rg.RGMap(network)


@pytest.mark.parametrize("thing", list(stated()), ids=lambda t: type(t).__name__)
def test_hypotheses_in_cards_are_typeset(thing):
    page = thing._repr_html_()
    plain = re.sub(r"<[^>]*>", "", re.sub(r"<annotation.*?</annotation>|<math.*?</math>", "", page,
                                          flags=re.S))
    assert not re.search(r"&gt;=|&lt;=|[<>]=|\*\*|\b(kappa|sigma|nu)\b|\w_\d", plain), plain
    for claim in getattr(thing, "hypotheses", ()):
        assert claims([claim])[0] in page


def test_reasons_inside_formulas():
    assert claim_tex("no law: kappa_2 = -1 is negative") == (
        r"\text{no law: }\kappa_{2} = -1\text{ is negative}"
    )
