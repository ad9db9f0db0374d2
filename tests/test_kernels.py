"""Kernels against exact evaluation of the definitions, in every backend."""

import inspect
import math
import pickle
import re
import subprocess
import sys
from dataclasses import dataclass
from fractions import Fraction
from itertools import product
from typing import Any

import numpy as np
import pytest
import sympy as sp
from hypothesis import given, settings
from hypothesis import strategies as st
from markup import bare

from cumulant_theory.errors import (
    DomainError,
    MissingDependencyError,
    OrderError,
    ShapeError,
    UnknownNameError,
)
from numerics import backends
from numerics.backends.base import blocks
from numerics.codegen import generate
from numerics.horner import literal
from numerics.kernels import Kernel, compile, compile_system

torch = pytest.importorskip("torch")
pytest.importorskip("symengine")

BACKENDS = sorted(backends.REGISTRY)
UNIT = 2.0**-53


@dataclass(frozen=True)
class Definition:
    symbol: sp.Symbol
    terms: list[tuple[Any, tuple[tuple[Any, int], ...]]]

    @property
    def expr(self):
        return sp.Add(*(sp.Rational(c) * sp.Mul(*(a**e for a, e in f)) for c, f in self.terms))


@dataclass(frozen=True)
class System:
    inputs: tuple[sp.Symbol, ...]
    parameters: tuple[sp.Symbol, ...]
    definitions: tuple[Definition, ...]
    outputs: dict[Any, sp.Symbol]


def system_of(inputs, parameters, **definitions) -> System:
    """Build a system whose definitions are polynomials written as SymPy expressions."""
    result = []
    for name, expr in definitions.items():
        terms = []
        for term in sp.Add.make_args(sp.expand(expr)):
            coefficient, rest = term.as_coeff_Mul()
            factors = []
            for factor in sp.Mul.make_args(rest):
                if factor.is_Pow and factor.exp.is_Integer and factor.exp > 0:
                    factors.append((factor.base, int(factor.exp)))
                elif factor != 1:
                    factors.append((factor, 1))
            terms.append((Fraction(int(coefficient.p), int(coefficient.q)), tuple(factors)))
        result.append(Definition(sp.Symbol(name), terms))
    return System(
        sp.symbols(inputs, seq=True),
        sp.symbols(parameters, seq=True),
        tuple(result),
        {(i + 1,): d.symbol for i, d in enumerate(result)},
    )


def exact(system: System, point: dict) -> dict:
    """Evaluate the definitions one by one in the arithmetic of the values given."""
    values = dict(point)
    for d in system.definitions:
        values[d.symbol] = sum(
            (c * math.prod(values[a] ** e for a, e in f) for c, f in d.terms), Fraction(0)
        )
    return {key: values[s] for key, s in system.outputs.items()}


def bounds(system: System, point: dict) -> dict:
    """Bound the rounding errors: sum of |terms|, times the roundings on the longest path.

    A kernel only rearranges by associativity and distributivity, so each monomial of the result
    passes through at most one rounding per factor, per literal, and per partial sum.
    """
    size = {s: abs(v) for s, v in point.items()}
    depth = dict.fromkeys(point, 0)
    for d in system.definitions:
        size[d.symbol] = sum(
            (abs(c) * math.prod(size[a] ** e for a, e in f) for c, f in d.terms), Fraction(0)
        )
        longest = max(
            (sum(e * depth[a] for a, e in f) + 4 * sum(e for _, e in f) for _, f in d.terms),
            default=0,
        )
        depth[d.symbol] = longest + len(d.terms) + 4
    result = {}
    for key, s in system.outputs.items():
        error = depth[s] * Fraction(UNIT)
        result[key] = size[s] * error / (1 - error)
    return result


dyadic = st.integers(-24, 24).map(lambda n: Fraction(n, 8))


@st.composite
def systems(draw, coefficients=None):
    if coefficients is None:
        coefficients = st.fractions(-9, 9, max_denominator=12)
    inputs = sp.symbols(f"kappa_1:{draw(st.integers(1, 3)) + 1}", seq=True)
    parameters = sp.symbols(f"w_1:{draw(st.integers(1, 3)) + 1}", seq=True)
    known, definitions = [*inputs, *parameters], []
    # Degree 6 composed three times, at points in [1/8, 3], stays between 1e-250 and 1e200.
    for i in range(draw(st.integers(1, 3))):
        factor = st.tuples(st.sampled_from(known), st.integers(1, 2))
        term = st.tuples(coefficients, st.lists(factor, max_size=3).map(tuple))
        definitions.append(Definition(sp.Symbol(f"y_{i}"), draw(st.lists(term, max_size=14))))
        known.append(definitions[-1].symbol)
    outputs = {(i,): d.symbol for i, d in enumerate(definitions)}
    outputs[(9,)] = inputs[0]
    point = {s: draw(dyadic) for s in (*inputs, *parameters)}
    return System(inputs, parameters, tuple(definitions), outputs), point


def arguments(system: System, point: dict):
    return (
        {s.name: float(point[s]) for s in system.parameters},
        {s: float(point[s]) for s in system.inputs},
    )


@pytest.mark.parametrize("backend", BACKENDS)
@settings(max_examples=30)
@given(data=st.data())
def test_kernel_equals_exact_evaluation(backend, data):
    system, point = data.draw(systems())
    kernel = compile_system(system, backend)
    found, truth = kernel(*arguments(system, point)), exact(system, point)
    limit = bounds(system, point)
    assert found.keys() == truth.keys()
    for key, value in found.items():
        assert abs(Fraction(float(value)) - truth[key]) <= limit[key]


@settings(max_examples=50)
@given(systems(st.integers(-64, 64).map(lambda n: Fraction(n, 4))))
def test_source_is_exactly_the_definitions(case):
    """With its literals read as fractions, the source is exact arithmetic: no tolerance."""
    system, point = case
    text = re.sub(r"(?<![\w.])\d+\.\d+(e[+-]?\d+)?", r"F('\g<0>')", generate(system).source)
    scope: dict = {"F": Fraction}
    exec(text, scope)
    values = scope["kernel"](*(point[s] for s in (*system.parameters, *system.inputs)))
    assert dict(zip(system.outputs, values, strict=True)) == exact(system, point)


def quadratic() -> System:
    w1, w2, a, k1, k2, k3 = sp.symbols("w_1 w_2 a kappa_1 kappa_2 kappa_3")
    p, q = sp.symbols("p q")
    return system_of(
        "kappa_1:4",
        "w_1 w_2 a",
        p=w1 * k1 + w2 * k1 + 2 * a * k2,
        q=w1**2 * k2 + w2**2 * k2 + a * w1 * (k3 + 2 * k1 * k2) + a**2 * (k2**2 + 2 * k1**2 * k2),
        r=q * p**2 - sp.Rational(2, 3) * p * k3 + q**2 * a,
    )


def draws(shape, columns, seed=0):
    # Multiples of 1/8 are exact, so that the truth can be a fraction.
    return np.random.default_rng(seed).integers(-16, 17, size=(*shape, columns)) / 8


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize(
    ("first", "second"), [((), ()), ((4, 1), (3,)), ((2, 1, 3), (5, 1)), ((0,), ()), ((1,), ())]
)
def test_batches_broadcast(backend, first, second):
    system = quadratic()
    kernel = compile_system(system, backend)
    weights, cumulants = draws(first, 3), draws(second, 3, seed=1)
    shape = np.broadcast_shapes(first, second)
    result = kernel(weights, cumulants)
    stacked = kernel.stacked(weights, cumulants)
    assert tuple(stacked.shape) == (*shape, 3)
    wide = np.broadcast_to(weights, (*shape, 3))
    narrow = np.broadcast_to(cumulants, (*shape, 3))
    for index in product(*map(range, shape)):
        point = dict(zip(system.parameters, map(Fraction, wide[index]), strict=True))
        point |= dict(zip(system.inputs, map(Fraction, narrow[index]), strict=True))
        truth, limit = exact(system, point), bounds(system, point)
        for column, key in enumerate(system.outputs):
            assert tuple(result[key].shape) == shape
            value = float(result[key][index])
            assert abs(Fraction(value) - truth[key]) <= limit[key]
            assert value == float(stacked[(*index, column)])


@pytest.mark.parametrize("backend", BACKENDS)
def test_large_batches_are_cut_without_seams(backend):
    kernel = compile_system(quadratic(), backend)
    weights, cumulants = draws((3, 5001), 3), draws((5001,), 3, seed=1)
    whole = np.asarray(kernel.stacked(weights, cumulants))
    for piece in (slice(0, 700), slice(4000, 4200), slice(4990, 5001)):
        part = np.asarray(kernel.stacked(weights[:, piece], cumulants[piece]))
        assert np.array_equal(whole[:, piece], part)
    views = {s.name: weights[::-1, ::-1, i] for i, s in enumerate(kernel.parameters)}
    flipped = kernel(views, cumulants[::-1])
    for column, value in enumerate(flipped.values()):
        assert np.array_equal(np.asarray(value), whole[::-1, ::-1, column])


@given(st.lists(st.integers(0, 6), max_size=4).map(tuple), st.integers(1, 40))
def test_blocks_cover_every_point_once(shape, size):
    seen = np.zeros(shape, dtype=int)
    for box in blocks(shape, size):
        assert seen[box].size <= size
        seen[box] += 1
    assert (seen == 1).all()


@pytest.mark.parametrize("backend", BACKENDS)
def test_radicals_and_constants(backend):
    b, k, w = sp.symbols("b kappa_2 w_1")
    root = sp.sqrt(2)
    d = [
        Definition(
            sp.Symbol("u"),
            [
                (Fraction(1), ((sp.sqrt(b) ** -1, 3), (k, 1))),
                (Fraction(1, 3), ((root, 1), (w, 1))),
                (Fraction(5), ((w, 1),)),
            ],
        ),
        Definition(
            sp.Symbol("v"),
            [
                (Fraction(1, 2), ((sp.Symbol("u"), 2), (root, 3))),
                (Fraction(-1), ((1 / (b + 1), 1), (k, 1))),
                (Fraction(7), ()),
            ],
        ),
    ]
    system = System((k,), (b, w), tuple(d), {"u": d[0].symbol, "v": d[1].symbol})
    kernel = compile_system(system, backend)
    values = {b: sp.Rational(5, 2), k: sp.Rational(3, 4), w: sp.Rational(-7, 8)}
    found = kernel([2.5, -0.875], [0.75])
    u = d[0].expr.subs(values)
    v = d[1].expr.subs(values | {d[0].symbol: u})
    for key, truth in (("u", u), ("v", v)):
        # No term is larger than 40, and no path has more than 40 roundings.
        assert abs(sp.N(sp.Float(float(found[key]), 40) - truth, 40)) < 40 * 40 * UNIT
    with pytest.raises(DomainError):
        kernel([-1.0, 1.0], [1.0])
    with pytest.raises(DomainError):
        kernel([0.0, 1.0], [1.0])


def test_literals_are_correctly_rounded():
    assert literal(Fraction(1, 3)) == repr(1 / 3)
    assert float(literal(sp.sqrt(3))) == math.sqrt(3)
    hard = sp.sqrt(2) * 10**30 - sp.sqrt(3)
    found = float(literal(hard))
    assert abs(sp.N(hard - sp.Rational(found), 40)) <= math.ulp(found) / 2
    with pytest.raises(DomainError, match="rescale"):
        literal(Fraction(10) ** 400)
    with pytest.raises(DomainError, match="real"):
        literal(sp.sqrt(-2))


def gradients(system: System, point: dict, key) -> list:
    values: dict = {}
    for d in system.definitions:
        values[d.symbol] = d.expr.xreplace(values)
    expr = values[system.outputs[key]]
    return [sp.diff(expr, s).subs(point) for s in (*system.parameters, *system.inputs)]


def test_torch_gradients_equal_symbolic_derivatives():
    system = quadratic()
    kernel = compile_system(system, "torch")
    weights = torch.tensor(draws((), 3), requires_grad=True)
    cumulants = torch.tensor(draws((), 3, seed=1), requires_grad=True)
    symbols = (*system.parameters, *system.inputs)
    values = [*weights.tolist(), *cumulants.tolist()]
    point = {s: sp.Rational(v) for s, v in zip(symbols, values, strict=True)}
    absolute = System(
        system.inputs,
        system.parameters,
        tuple(Definition(d.symbol, [(abs(c), f) for c, f in d.terms]) for d in system.definitions),
        system.outputs,
    )
    for key in system.outputs:
        found = torch.autograd.grad(kernel(weights, cumulants)[key], (weights, cumulants))
        truth = gradients(system, point, key)
        # |terms| of the derivative; a path of at most 150 roundings forth and back.
        sizes = gradients(absolute, {s: abs(v) for s, v in point.items()}, key)
        for value, true, size in zip(torch.cat(found).tolist(), truth, sizes, strict=True):
            assert abs(sp.Rational(value) - true) <= 150 * sp.Rational(UNIT) * size
    assert torch.autograd.gradcheck(lambda w, k: kernel.stacked(w, k), (weights, cumulants))


def test_torch_transforms():
    kernel = compile_system(quadratic(), "torch")
    weights, cumulants = torch.tensor(draws((7,), 3)), torch.tensor(draws((7,), 3, seed=1))
    direct = kernel.stacked(weights, cumulants)
    mapped = torch.func.vmap(kernel.stacked)(weights, cumulants)
    assert torch.equal(mapped, direct)
    back = torch.func.vmap(torch.func.jacrev(kernel.stacked))(weights, cumulants)
    forth = torch.func.vmap(torch.func.jacfwd(kernel.stacked))(weights, cumulants)
    for i in range(7):
        leaf = weights[i].clone().requires_grad_()
        rows = [
            torch.autograd.grad(y, leaf, retain_graph=True)[0]
            for y in kernel.stacked(leaf, cumulants[i])
        ]
        torch.testing.assert_close(back[i], torch.stack(rows))
        torch.testing.assert_close(forth[i], torch.stack(rows))
    single = torch.func.jacrev(kernel.stacked)(weights[0], cumulants[0])
    torch.testing.assert_close(single, back[0])


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_torch_keeps_the_type(dtype):
    kernel = compile_system(quadratic(), "torch")
    weights = torch.ones(3, dtype=dtype, requires_grad=True)
    value = kernel(weights, {"kappa_1": 0, "kappa_2": 1, "kappa_3": 0.1})[(3,)]
    assert value.dtype == dtype
    assert value.requires_grad
    listed = kernel(list(weights.unbind()), [0, 1, 0.1])[(3,)]
    assert torch.equal(
        torch.autograd.grad(listed, weights)[0], torch.autograd.grad(value, weights)[0]
    )


def test_integers_become_float64():
    for backend in BACKENDS:
        kernel = compile_system(quadratic(), backend)
        value = kernel(np.array([[1, 2, 3]]), (1, 2, 3))[(1,)]
        assert str(value.dtype).endswith("float64")
        assert float(value[0]) == 1 + 2 + 2 * 3 * 2
        tenth = kernel([0.1, 0.0, 0.0], [[1.0, 0.0, 0.0]])[(1,)]
        assert float(tenth[0]) == 0.1
    for backend in ("numpy", "torch"):
        half = {"w_1": Fraction(1, 2), "w_2": sp.Rational(1, 4), "a": 0}
        assert compile_system(quadratic(), backend)(half, [1, 0, 0])[(1,)] == 0.75


@pytest.mark.parametrize("backend", BACKENDS)
def test_errors_name_what_is_wrong(backend):
    kernel = compile_system(quadratic(), backend)
    good = {"w_1": 1.0, "w_2": 2.0, "a": 3.0}
    with pytest.raises(ShapeError, match=r"shape \(2,\).*size 3: w_1, w_2, a"):
        kernel([1.0, 2.0], [1.0, 1.0, 1.0])
    with pytest.raises(ShapeError, match=r"cumulants have shape \(\).*kappa_1, kappa_2, kappa_3"):
        kernel(good, 1.0)
    with pytest.raises(ShapeError, match="lack 1 of 3 values: a;"):
        kernel({"w_1": 1.0, "w_2": 2.0}, [1.0, 1.0, 1.0])
    with pytest.raises(UnknownNameError, match="did you mean 'w_1'"):
        kernel(good | {"w1": 1.0}, [1.0, 1.0, 1.0])
    with pytest.raises(ShapeError, match="twice"):
        kernel(good | {sp.Symbol("a"): 1.0}, [1.0, 1.0, 1.0])
    with pytest.raises(ShapeError, match=r"shape \(3,\) of cumulants does not broadcast"):
        kernel(np.ones((2, 3)), np.ones((3, 3)))
    with pytest.raises(DomainError, match="given for a are not all finite"):
        kernel(good | {"a": math.nan}, [1.0, 1.0, 1.0])
    with pytest.raises(DomainError, match="cumulants"):
        kernel(good, [1.0, math.inf, 1.0])
    with pytest.raises(DomainError, match="w_1 is complex"):
        kernel(good | {"w_1": 1j}, [1.0, 1.0, 1.0])
    with pytest.raises(DomainError, match="real numbers"):
        kernel(good | {"w_1": "1"}, [1.0, 1.0, 1.0])
    with pytest.raises(DomainError, match=r"\(2,\), \(3,\)"):
        kernel(good | {"w_1": 1e200}, [0.0, 1.0, 1.0])


@pytest.mark.parametrize("backend", BACKENDS)
def test_an_overflow_that_is_divided_by_is_not_silent(backend):
    w, k, d = sp.symbols("w kappa_1 d")
    system = System(
        (k,),
        (w,),
        (Definition(d, [(1, ((w, 4),))]), Definition(sp.Symbol("y"), [(1, ((1 / d, 1), (k, 1)))])),
        {(1,): sp.Symbol("y")},
    )
    kernel = compile_system(system, backend)
    assert list(kernel([2.0], [3.0])) == [(1,)]
    assert float(kernel([2.0], [3.0])[(1,)]) == 3 / 16
    with pytest.raises(DomainError, match=r"in .*d"):
        kernel([1e100], [3.0])


def test_malformed_systems():
    k, w, y = sp.symbols("kappa_1 w y")

    def one(*terms, inputs=(k,), parameters=(w,), symbol=y):
        return System(inputs, parameters, (Definition(symbol, list(terms)),), {(1,): symbol})

    with pytest.raises(UnknownNameError, match="uses z"):
        compile_system(one((1, ((sp.Symbol("z"), 1),))))
    with pytest.raises(UnknownNameError, match="uses z"):
        compile_system(one((1, ((sp.Symbol("z") ** -1, 1),))))
    with pytest.raises(ShapeError, match="more than once"):
        compile_system(one((1, ((w, 1),)), parameters=(w, w)))
    with pytest.raises(ShapeError, match="already"):
        compile_system(one((1, ((w, 1),)), symbol=k))
    with pytest.raises(ShapeError, match="positive integers"):
        compile_system(one((1, ((w, -1),))))
    with pytest.raises(DomainError, match="no sum, product or rational"):
        compile_system(one((1, ((sp.sin(w), 1),))))
    with pytest.raises(DomainError, match="of y"):
        compile_system(one((Fraction(10) ** 400, ((w, 1),))))
    with pytest.raises(UnknownNameError, match="output symbol"):
        compile_system(System((k,), (w,), (), {(1,): y}))


def test_order_keeps_what_is_asked_for():
    system = quadratic()
    kernel = compile_system(system, order=2)
    assert kernel.outputs == ((1,), (2,))
    assert "r =" not in kernel.source
    with pytest.raises(OrderError, match="no output"):
        compile_system(system, order=0)

    class Network:
        def system(self, order, scale=1):
            return quadratic()

    assert compile(Network(), order=1, scale=2).outputs == ((1,),)
    assert compile(system, 2).outputs == ((1,), (2,))
    with pytest.raises(DomainError, match="options"):
        compile(system, scale=2)
    with pytest.raises(DomainError, match="int cannot be compiled"):
        compile(3)


def big(count: int) -> System:
    rng = np.random.default_rng(0)
    symbols = sp.symbols("x_1:9")
    rows = np.unique(rng.integers(0, 4, size=(2 * count, 8)), axis=0)[:count]
    terms = [
        (
            Fraction(int(rng.integers(1, 99)), 7),
            tuple((s, int(e)) for s, e in zip(symbols, row, strict=True) if e),
        )
        for row in rows
    ]
    y = sp.Symbol("y")
    return System(symbols[:4], symbols[4:], (Definition(y, terms),), {(1,): y})


@pytest.mark.parametrize("backend", BACKENDS)
def test_three_thousand_terms_stay_below_the_recursion_limit(backend):
    system = big(3000)
    assert len(system.definitions[0].terms) == 3000
    backends.get_backend(backend)
    old = sys.getrecursionlimit()
    sys.setrecursionlimit(len(inspect.stack()) + 250)
    try:
        kernel = compile_system(system, backend)
        found = kernel([0.5, -1.25, 2.0, 1.5], [0.25, -0.5, 3.0, 0.125])[(1,)]
    finally:
        sys.setrecursionlimit(old)
    values = map(Fraction, (0.25, -0.5, 3.0, 0.125, 0.5, -1.25, 2.0, 1.5))
    point = dict(zip((*system.inputs, *system.parameters), values, strict=True))
    assert abs(Fraction(float(found)) - exact(system, point)[(1,)]) <= bounds(system, point)[(1,)]
    nesting = max(
        statement.count("(") for statement in re.sub(r"\([^()]*\)", "", kernel.source).split("\n")
    )
    assert nesting < 20


@pytest.mark.parametrize("backend", BACKENDS)
def test_high_degree_and_long_chains(backend):
    x, w = sp.symbols("kappa_1 w")
    y = sp.Symbol("y")
    terms = [(Fraction(1, n + 1), ((x, n), (w, 1))) for n in range(1, 200)]
    previous, definitions = y, [Definition(y, terms)]
    for i in range(200):
        symbol = sp.Symbol(f"d_{i}")
        definitions.append(Definition(symbol, [(Fraction(1, 2), ((previous, 1),)), (1, ((w, 1),))]))
        previous = symbol
    system = System((x,), (w,), tuple(definitions), {(1,): y, (2,): previous})
    point = {x: Fraction(3, 4), w: Fraction(-5, 8)}
    found = compile_system(system, backend)([-0.625], [0.75])
    truth, limit = exact(system, point), bounds(system, point)
    for key, value in found.items():
        assert abs(Fraction(float(value)) - truth[key]) <= limit[key]


def test_source_is_readable_and_stands_alone():
    kernel = compile_system(quadratic())
    scope: dict = {"__builtins__": {}}
    exec(kernel.source, scope)
    assert scope["kernel"](1.0, 2.0, 0.5, 1.0, 0.0, 0.0)[0] == 3.0
    lines = kernel.source.splitlines()
    assert lines[0] == "def kernel(w_1, w_2, a, kappa_1, kappa_2, kappa_3):"
    assert max(map(len, lines)) <= 100
    assert "p for (1,), q for (2,), r for (3,)" in kernel.source
    for name in ("p", "q", "r"):
        assert re.search(rf"^    {name} = ", kernel.source, re.MULTILINE)
    w, k = sp.symbols("w kappa_1")
    powers = generate(system_of("kappa_1", "w", y=k + 1, z=w**3 * k + 1)).source
    assert -1 < powers.index("w_pow2 = w*w") < powers.index("w_pow3 = ") < powers.index("y = ")
    assert repr(kernel) == "Kernel(3 parameters, 3 inputs -> 3 outputs, backend='numpy')"
    html = bare(kernel._repr_html_())
    assert "<pre>def kernel(" in html
    assert "<msub><mi>w</mi><mn>1</mn></msub></math>, <math>" in html
    again = pickle.loads(pickle.dumps(kernel))
    assert again([1, 2, 0.5], [1, 0, 0])[(1,)] == 3.0


def test_names_never_become_code():
    names = ('x"""\nimport os #', "x = 1\ny", "lambda", "W__1_1,12", "2b", "κ", "kernel")
    evil = [sp.Symbol(name) for name in names]
    y = sp.Symbol("return")
    definition = Definition(y, [(2, ((s, 1),)) for s in evil])
    system = System(tuple(evil[:3]), tuple(evil[3:]), (definition,), {'"""': y})
    kernel = compile_system(system)
    assert kernel([1, 2, 3, 4], [5, 6, 7])['"""'] == 56
    assert "\nimport" not in kernel.source
    assert "W__1_1_12" in kernel.source


@pytest.mark.parametrize("backend", BACKENDS)
def test_shared_subexpressions_do_not_shadow_arguments(backend):
    """SymEngine names temporaries x0, x1, ... after arguments that are given but not used."""
    x = sp.symbols("x0:6")
    u, v = sp.symbols("u v")
    system = system_of(
        "x0 x1 x2",
        "x3 x4 x5",
        u=x[0] ** 2 * x[4] + x[1] * x[5],
        v=u**3 * x[4] ** 2 + u**2 * x[0] * x[5] + 7,
        w=v**3 * x[5] + u * v**2 * x[2] + x[0],
    )
    point = {s: Fraction(n, 8) for s, n in zip(x, (3, -5, 7, 9, -11, 13), strict=True)}
    truth, limit = exact(system, point), bounds(system, point)
    for key, value in compile_system(system, backend)(*arguments(system, point)).items():
        assert abs(Fraction(float(value)) - truth[key]) <= limit[key]


def test_equal_coefficients_are_computed_once():
    k = sp.symbols("kappa_1:5")
    w = sp.symbols("w_1:6")
    total = k[0] * k[1] + 3 * k[2] + k[3] ** 2
    system = system_of("kappa_1:5", "w_1:6", y=sum(2 * v**3 * total for v in w))
    assert generate(system).source.count("kappa_1*kappa_2") == 1


def test_registry_is_lazy():
    code = (
        "import sys, numerics.kernels; "
        "print([m for m in ('torch', 'symengine', 'scipy') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
    with pytest.raises(UnknownNameError, match=r"did you mean 'numpy'\? Known: numpy, sym"):
        compile_system(quadratic(), "nunpy")


@pytest.mark.parametrize(("backend", "extra"), [("torch", "torch"), ("symengine-llvm", "llvm")])
def test_missing_packages_name_the_extra(monkeypatch, backend, extra):
    module, package, _ = backends.REGISTRY[backend]
    monkeypatch.setitem(sys.modules, package, None)
    monkeypatch.delitem(sys.modules, f"numerics.backends.{module}", raising=False)
    with pytest.raises(MissingDependencyError, match=rf"cumulant-theory\[{extra}\]"):
        compile_system(quadratic(), backend)


def test_structured_kappa_4_in_every_backend():
    """The five-intermediate unit, by enumeration of a two-point law in fractions."""
    benchmark = pytest.importorskip("benchmarks.kernels")
    system = benchmark.quadratic_unit()
    assert len(system.definitions[-1].terms) == 293
    # x = 0 or 2 with probabilities 3/4 and 1/4
    support = ((Fraction(0), Fraction(3, 4)), (Fraction(2), Fraction(1, 4)))

    def cumulants(pairs, order):
        m = [sum(p * v**n for v, p in pairs) for n in range(order + 1)]
        k = [Fraction(0)]
        for n in range(1, order + 1):
            k.append(m[n] - sum(math.comb(n - 1, r - 1) * k[r] * m[n - r] for r in range(1, n)))
        return k[1:]

    v, w, a = (Fraction(1, 2), Fraction(-1)), ((1, 2), (Fraction(1, 4), -1)), Fraction(3, 4)
    images = []
    for (x1, p1), (x2, p2) in product(support, repeat=2):
        z = [row[0] * x1 + row[1] * x2 for row in w]
        images.append((sum(u * (s + a * s * s) for u, s in zip(v, z, strict=True)), p1 * p2))
    truth = cumulants(images, 4)
    inputs = cumulants(support, 8)
    values = [*v, *w[0], *w[1], a, *inputs]
    point = dict(zip((*system.parameters, *system.inputs), map(Fraction, values), strict=True))
    assert list(exact(system, point).values()) == truth
    limit = bounds(system, point)
    for backend in BACKENDS:
        kernel = Kernel(generate(system), backend)
        found = kernel([float(x) for x in values[:7]], [float(x) for x in inputs])
        for n, value in enumerate(found.values(), 1):
            assert abs(Fraction(float(value)) - truth[n - 1]) <= limit[(n,)]


def test_options_that_a_target_does_not_take_are_named():
    from cumulant_theory import laws, layers

    with pytest.raises(DomainError, match=r"no option law; .*inputs may be a law"):
        compile(layers.Mean(2), law=laws.Normal(0, 1))
    with pytest.raises(DomainError, match="no option degree"):
        compile(layers.Mean(2), degree=2)


@pytest.mark.parametrize("backend", [b for b in BACKENDS if b != "torch"])
def test_tensors_with_a_gradient_are_refused_with_the_way_out(backend):
    w, k = sp.symbols("w kappa_1")
    kernel = compile_system(system_of("kappa_1", "w", out=w * k), backend)
    weight = torch.ones(1, requires_grad=True)
    for weights in (weight, [weight[0]], {"w": weight}):
        with pytest.raises(DomainError, match=r"\.detach\(\).*backend='torch'"):
            kernel(weights, [2.0])
    for dtype in (torch.float32, torch.bfloat16, torch.int64):
        assert kernel(weight.detach().to(dtype), [2.0])[(1,)] == 2
    with pytest.raises(DomainError, match="array of real numbers"):
        kernel(None, [2.0])
