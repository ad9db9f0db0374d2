"""The whitelist parser: what it reads, and that nothing else gets through."""

import pytest
import sympy as sp
from hypothesis import given, settings
from hypothesis import strategies as st

from cumulant_theory import activations, laws, symmetries
from cumulant_theory.errors import CumulantError, ParseError, UnknownNameError
from cumulant_theory.parsing import parse_activation, parse_law, parse_number, parse_symmetry

R = sp.Rational


@pytest.mark.parametrize(("text", "value"), [
    ("1/4", R(1, 4)), ("0.1", R(1, 10)), ("-2.5e-3", R(-1, 400)), ("2**-3", R(1, 8)),
    ("sqrt(2)/2", sp.sqrt(2) / 2), ("+a*(b - 1)", sp.Symbol("a") * (sp.Symbol("b") - 1)),
    ("1_000", 1000), ("x**(1/2)", sp.sqrt(sp.Symbol("x"))),
])
def test_numbers_are_exact(text, value):
    assert sp.expand(parse_number(text) - value) == 0
    assert not parse_number(text).has(sp.Float)


@pytest.mark.parametrize("text", [
    "", "1 +", "f(x)", "x.y", "x[0]", "lambda: 0", "[1]", "'a'", "1 if 1 else 2", "a and b",
    "__import__('os')", "(1).__class__", "x := 1", "1j", "True", "2**x", "2**1000", "1/0",
    "0**-1", "9" * 50, "1e400", "a" * 500, "sqrt(1, 2)", "sqrt(x=1)", "x @ y", "~1", "\x00",
    "(" * 300 + ")" * 300,
])
def test_everything_else_is_refused(text):
    with pytest.raises(CumulantError):
        parse_number(text)


@settings(max_examples=300)
@given(st.text(alphabet="0123456789.+-*/()[]{},abcex_ '\"=:<>!%&|^~@\\\n", max_size=40))
def test_arbitrary_text_gives_an_expression_or_an_error_of_ours(text):
    for parse in (parse_number, parse_law, parse_activation, parse_symmetry):
        try:
            parse(text)
        except CumulantError:
            continue


def test_laws():
    assert parse_law("normal(0, sigma)") == laws.Normal(0, "sigma")
    assert parse_law("Student_T(5)") == laws.StudentT(5)
    assert parse_law("rademacher") == laws.Rademacher()
    assert parse_law("discrete([0, 1], [1/2, 1/2])") == laws.Discrete(
        [0, 1], [R(1, 2), R(1, 2)]
    )
    mixed = parse_law("mixture([1/4, 3/4], [normal(0, 1), laplace(scale=2)])")
    assert mixed.cumulant(2) == R(1, 4) + R(3, 4) * 8
    with pytest.raises(UnknownNameError, match="did you mean 'normal'"):
        parse_law("norml(0, 1)")
    with pytest.raises(CumulantError, match="too many positional arguments"):
        parse_law("normal(0, 1, 2, 3)")
    with pytest.raises(ParseError, match=r"\*\*"):
        parse_law("normal(**x)")


def test_activations_and_symmetries():
    assert parse_activation("polynomial([0, 1, 0, 1/3])") == activations.Polynomial(
        [0, 1, 0, R(1, 3)]
    )
    assert parse_activation("Quadratic(a)") == activations.Quadratic("a")
    assert parse_symmetry("PermutationInvariant") == (
        symmetries.PermutationInvariant()
    )
    assert parse_symmetry("cyclic(3)") == symmetries.Cyclic(3)
    assert parse_symmetry("block_permutation(2, 3)") == symmetries.BlockPermutation(2, 3)
    with pytest.raises(UnknownNameError, match="Known"):
        parse_symmetry("tied")
    with pytest.raises(CumulantError):
        parse_symmetry("cyclic(1/2)")
