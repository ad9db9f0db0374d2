"""Values that no caller should pass, and some that a caller may."""

import math
from fractions import Fraction

import hypothesis.strategies as st
import numpy as np
import sympy as sp

from cumulant_theory import Diagrams, Neglect, activations, laws, layers, symbolic_width, symmetries

SENTINEL = "fuzz_sentinel"
INJECTION = f"__import__('pathlib').Path('{SENTINEL}').touch()"


def _nested():
    value = [1]
    for _ in range(40):
        value = [value]
    return value


# each is built anew for every call, so that no call sees what another has changed
STRANGE = {
    "None": lambda: None, "True": lambda: True, "False": lambda: False,
    **{f"{n}": (lambda n=n: n) for n in (0, -1, 1, 2, 3, 7, -(10**30), 10**5, 10**7, 10**30)},
    **{f"{x!r}": (lambda x=x: x) for x in (
        math.nan, math.inf, -math.inf, -0.0, 0.5, 1.0, 1e308, -1e308, 5e-324, 1j)},
    "Fraction(1, 3)": lambda: Fraction(1, 3), "Fraction(-7, 2)": lambda: Fraction(-7, 2),
    **{f"np.{x.dtype}({x})": (lambda x=x: x) for x in (
        np.int64(2), np.int8(-1), np.float64("nan"), np.float32(0.5), np.bool_(True),
        np.complex128(1j))},
    "empty array": lambda: np.zeros(0), "array (2,)": lambda: np.array([0.5, 2.0]),
    "array (2, 2)": lambda: np.eye(2), "array (2, 3, 4)": lambda: np.ones((2, 3, 4)),
    "array of NaN": lambda: np.full((2, 2), np.nan),
    "complex array": lambda: np.array([[1j, 0], [0, 1]]),
    "object array": lambda: np.array([None, "a"], dtype=object),
    "text array": lambda: np.array(["a", "b"]),
    "integer array": lambda: np.array([[1, 2], [3, 4]]),
    "boolean array": lambda: np.array([True, False]), "array ()": lambda: np.array(2.0),
    **{f"sp.{e}": (lambda e=e: e) for e in (
        sp.Integer(2), sp.Integer(-1), sp.Rational(1, 2), sp.sqrt(2), sp.pi, sp.zoo, sp.nan,
        sp.oo, -sp.oo, sp.I, sp.Float(0.5), sp.true, sp.EmptySet, sp.Integer(10) ** 30)},
    "symbol": lambda: sp.Symbol("x"), "kappa_2": lambda: sp.Symbol("kappa_2"),
    "negative symbol": lambda: sp.Symbol("m", negative=True),
    "imaginary symbol": lambda: sp.Symbol("j", imaginary=True),
    "noncommutative symbol": lambda: sp.Symbol("A", commutative=False),
    "integer symbol": lambda: sp.Symbol("n", integer=True, positive=True),
    "undefined function": lambda: sp.Function("f")(sp.Symbol("x")),
    "undefined class": lambda: sp.Function("f"),
    "integral": lambda: sp.Integral(sp.exp(-sp.Symbol("t") ** 2), sp.Symbol("t")),
    "derivative": lambda: sp.Derivative(sp.Function("f")(sp.Symbol("x")), sp.Symbol("x")),
    "relation": lambda: sp.Symbol("x") > 0,
    "1/x": lambda: 1 / sp.Symbol("x"), "x**y": lambda: sp.Symbol("x") ** sp.Symbol("y"),
    "x**2 + a": lambda: sp.Symbol("x") ** 2 + sp.Symbol("a"),
    "piecewise": lambda: sp.Piecewise((1, sp.Symbol("x") > 0), (2, True)),
    "matrix": lambda: sp.Matrix([[1, 2], [3, 4]]), "empty matrix": lambda: sp.zeros(0, 0),
    "symbol matrix": lambda: sp.ImmutableMatrix([[sp.Symbol("a"), 0]]),
    "matrix symbol": lambda: sp.MatrixSymbol("M", 2, 2),
    "indexed": lambda: sp.IndexedBase("q")[1],
    "lambda": lambda: sp.Lambda(sp.Symbol("x"), sp.Symbol("x") ** 2),
    **{repr(t): (lambda t=t: t) for t in (
        "", " ", "a b", "kappa", "x", "1", "nan", "é", "\u202eabc", "a\nb", "\0", "{", "\\input{x}",
        INJECTION, "lambda: 0", "normal(0, 1)", "relu", "cyclic", "mean", "sum", "iid", "all",
        "a" * 5000)},
    "bytes": lambda: b"abc", "[]": list, "()": tuple, "{}": dict, "set": lambda: {1, 2},
    "[1, 2]": lambda: [1, 2], "(1, 2)": lambda: (1, 2), "(0, 0)": lambda: (0, 0),
    "[-1, 2]": lambda: [-1, 2], "[1.5, nan]": lambda: [1.5, math.nan], "[[1, 2]]": lambda: [[1, 2]],
    "[[1], [1, 2]]": lambda: [[1], [1, 2]], "[None]": lambda: [None],
    "['a', '']": lambda: ["a", ""],
    "[True]": lambda: [True], "[[]]": lambda: [[]], "40 lists": _nested,
    "{1: 2}": lambda: {1: 2}, "{1: 0}": lambda: {1: 0}, "{0: 'x'}": lambda: {0: "x"},
    "{'a': 1}": lambda: {"a": 1}, "{'a': nan}": lambda: {"a": math.nan}, "{None: None}":
    lambda: {None: None}, "{2: -1}": lambda: {2: -1},
    "{sp.x: 'y z'}": lambda: {sp.Symbol("x"): "y z"},
    "range": lambda: range(3), "generator": lambda: (k for k in (1, 2)),
    "object": object, "class": lambda: int, "function": lambda: lambda *a, **k: None,
    "raises": lambda: {}.__getitem__, "module": lambda: math, "exception": lambda: ValueError("x"),
    "Normal": lambda: laws.Normal(0, 1), "Generic": lambda: laws.Generic(),
    "StudentT(3)": lambda: laws.StudentT(3), "Generic.iid(2)": lambda: laws.Generic().iid(2),
    "Generic.iid(3)": lambda: laws.Generic().iid(3), "class Normal": lambda: laws.Normal,
    "MultivariateNormal": lambda: laws.MultivariateNormal([0, 0], [[1, 0], [0, 1]]),
    "Linear(2, 1)": lambda: layers.Linear(2, 1), "Linear(3, 2)": lambda: layers.Linear(3, 2),
    "BlockSum(2)": lambda: layers.BlockSum(2), "BlockSum(b)": lambda: layers.BlockSum("b"),
    "Pointwise(ReLU)": lambda: layers.Pointwise(activations.ReLU()),
    "network": lambda: layers.Linear(2, 2) >> layers.Pointwise(activations.Quadratic("a")),
    "class Linear": lambda: layers.Linear,
    "Cyclic": lambda: symmetries.Cyclic(), "class Cyclic": lambda: symmetries.Cyclic,
    "ReLU": lambda: activations.ReLU(), "Quadratic": lambda: activations.Quadratic("a"),
    "class ReLU": lambda: activations.ReLU, "Neglect(2)": lambda: Neglect(2),
    "Diagrams(3)": lambda: Diagrams(3), "Graph": lambda: layers.graphs.complete(3),
    "family": lambda: symbolic_width.star("n"), "state": lambda: layers.Mean(2).propagate(
        laws.Normal(0, 1), 2),
}


def drawn():
    """Numbers and texts that hypothesis finds by itself."""
    numbers = st.one_of(
        st.integers(-9, 9), st.floats(), st.fractions(max_denominator=9), st.text(max_size=8),
        st.sampled_from([sp.Symbol("x"), sp.sqrt(2), sp.I, sp.nan]),
    )
    return st.one_of(numbers, st.lists(numbers, max_size=3), st.lists(
        st.lists(numbers, min_size=2, max_size=2), min_size=2, max_size=2),
        st.dictionaries(st.one_of(st.integers(-1, 4), st.text(max_size=3)), numbers, max_size=2))
