"""The layer language: what it builds, and that it reads nothing else."""

import pytest
import sympy as sp

from cumulant_theory import activations, layers, symmetries
from cumulant_theory.errors import (
    CumulantError,
    ParseError,
    ShapeError,
    SymmetryError,
    UnknownNameError,
)
from cumulant_theory.network_language import known_layers, parse_network

a, s = sp.symbols("a s")


@pytest.mark.parametrize(("text", "network"), [
    ("linear(2, 3)", layers.Linear(2, 3)),
    ("linear(2, 3, bias, permutation_invariant)",
     layers.Linear(2, 3, symmetry=symmetries.PermutationInvariant(), bias=True)),
    ("linear(4, 4, symmetry=block_permutation(2, 2), bias=false)",
     layers.Linear(4, 4, symmetry=symmetries.BlockPermutation(2, 2))),
    ("linear(2, 1, weight=[[1/2, -a]], bias_values=[3])",
     layers.Linear(2, 1, weight=[[sp.Rational(1, 2), -a]], bias_values=[3])),
    ("linear(1, 1, name=V)", layers.Linear(1, 1, name="V")),
    ("mean(3)", layers.Mean(3)),
    ("sum(3)", layers.Sum(3)),
    ("blocksum(2)", layers.BlockSum(2)),
    ("block_sum(3, 1/3)", layers.BlockSum(3, sp.Rational(1, 3))),
    ("blocksum(2, weights=[1, a])", layers.BlockSum(2, weights=[1, a])),
    ("linear(2, 3) | quadratic(a) | linear(3, 1)",
     layers.Linear(2, 3) >> layers.Pointwise(activations.Quadratic("a")) >> layers.Linear(3, 1)),
    ("linear(2, 3) >> pointwise(polynomial([0, 1, a])) | (linear(3, 1) >> square)",
     layers.Linear(2, 3) >> layers.Pointwise(activations.Polynomial([0, 1, "a"]))
     >> layers.Linear(3, 1) >> layers.Pointwise(activations.Square())),
    ("residual(linear(2, 2) | cube) | sum(2)",
     layers.Residual(layers.Linear(2, 2) >> layers.Pointwise(activations.Cube()))
     >> layers.Sum(2)),
])
def test_text_and_objects_are_the_same_map(text, network):
    parsed = parse_network(text)
    assert parsed.parameters == network.parameters
    assert [repr(la) for la in parsed.layers] == [repr(la) for la in network.layers]
    x = sp.symbols(f"x1:{parsed.input_units() + 1}")
    assert parsed.forward(x) == network.forward(x)


def test_symbolic_block_sum():
    parsed = parse_network("blocksum(b, s)")
    assert (parsed.b, parsed.s) == (sp.Symbol("b"), s)


@pytest.mark.parametrize("name", [
    n for n in activations.catalogue() if n not in ("polynomial", "custom")
])
def test_every_activation_is_a_layer(name):
    assert parse_network(name).activation == activations.get(name)
    assert name in known_layers()


@pytest.mark.parametrize(("text", "error", "words"), [
    ("linear(2, 3) | mish", UnknownNameError, "quadratic"),
    ("linaer(2, 3)", UnknownNameError, "did you mean 'linear'"),
    ("linear(2, 3, cyclik)", UnknownNameError, "did you mean 'cyclic'"),
    ("linear(2, 3, tied=1)", UnknownNameError, "symmetry"),
    ("linear(2)", ParseError, "2 to 4"),
    ("linear(2, x)", ParseError, "out_features is 'x'"),
    ("linear(2, 1.5)", ParseError, "positive integer"),
    ("linear(2, 3, free, cyclic)", ParseError, "two weight symmetries"),
    ("linear(2, 3, bias, bias)", ParseError, "twice"),
    ("linear(2, 3, bias=1)", ParseError, "bias=true"),
    ("linear(10**6, 1)", ParseError, "at most"),
    ("linear(2, 2, **x)", ParseError, "not allowed"),
    ("linear(*x)", ParseError, "not allowed"),
    ("blocksum(2, 1, s=1)", ParseError, "twice"),
    ("blocksum(2, weights=3)", ShapeError, "one number per unit"),
    ("square + square", ParseError, "no layer"),
    ("linear(2, 3) |", ParseError, "no network"),
    ("", ParseError, "no network"),
    ("x" * 3000, ParseError, "at most 2000"),
    ("(" * 900 + "square" + ")" * 900, ParseError, "no network"),
    ("__import__('os').system('true')", ParseError, "no layer"),
    ("[square for _ in x]", ParseError, "no layer"),
    ("linear(2, __import__('os'))", ParseError, "not allowed"),
    ("linear(2, 3) | linear(4, 1)", ShapeError, "layer 2"),
    ("sum(0)", ShapeError, "positive integer"),
    ("linear(3, 3, alternating)", SymmetryError, "does not fit"),
])
def test_what_is_wrong_is_said(text, error, words):
    with pytest.raises(error) as caught:
        parse_network(text)
    assert words in str(caught.value)


def test_nothing_is_evaluated(tmp_path):
    target = tmp_path / "made"
    for text in (f"open('{target}', 'w')", f"linear(2, open('{target}', 'w'))",
                 f"quadratic(open('{target}', 'w'))", f"linear(2, 2, open('{target}', 'w'))"):
        with pytest.raises(CumulantError):
            parse_network(text)
    assert not target.exists()
    with pytest.raises(ParseError, match="no text"):
        parse_network(3)
