"""Symmetries of the parameters: exact checks, counts by unrelated routes, canonical networks."""

import itertools
import random
from copy import deepcopy

import numpy as np
import pytest
import sympy as sp
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from sympy.combinatorics import Permutation, PermutationGroup

import numerics as nm
from cumulant_theory import activations, laws, layers, parameter_symmetries, symmetries
from cumulant_theory.errors import (
    CumulantError,
    DomainError,
    SymmetryError,
    UnknownNameError,
    VerificationError,
)
from cumulant_theory.layers import graphs
from cumulant_theory.reparametrisations import (
    Flip,
    Mixing,
    Relabelling,
    Reparametrisation,
    Scaling,
)
from cumulant_theory.reparametrisations.elimination import null_space
from cumulant_theory.reparametrisations.permutations import exchanges
from cumulant_theory.reparametrisations.search import automorphisms
from numerics.networks import build
from numerics.tasks import BlockSum
from numerics.training import train

A, L, P = activations, layers.Linear, layers.Pointwise
SQUARE, RING = graphs.cycle(4), graphs.cycle(3)
TURN = symmetries.SignedPermutations([((1, 0), (1, -1))], [((1, 0), (1, -1))])
CHANNELS = {"symmetry": symmetries.PermutationEquivariant(), "bias": True}


def mlp(activation, n=2, hidden=3, bias=True, out_bias=False):
    return L(n, hidden, bias=bias) >> P(activation) >> L(hidden, 1, bias=out_bias)


# network, and its group layer by layer in plain text
NETWORKS = [
    (mlp(A.ReLU()), "1 Linear: R_>0^3 x| S_3"),
    (mlp(A.LeakyReLU("a")), "1 Linear: R_>0^3 x| S_3"),
    (mlp(A.Tanh()), "1 Linear: Z_2^3 x| S_3"),
    (mlp(A.Erf()), "1 Linear: Z_2^3 x| S_3"),
    (mlp(A.Sin()), "1 Linear: Z_2^3 x| S_3"),
    (mlp(A.HardTanh()), "1 Linear: Z_2^3 x| S_3"),
    (mlp(A.Cos()), "1 Linear: Z_2^3 x| S_3"),
    (mlp(A.GELU()), "1 Linear: S_3"),
    (mlp(A.Sigmoid()), "1 Linear: S_3"),
    (mlp(A.Sigmoid(), out_bias=True), "1 Linear: Z_2^3 x| S_3"),
    (mlp(A.Step(), out_bias=True), "1 Linear: (Z_2^3 x R_>0^3) x| S_3"),
    (mlp(A.Abs()), "1 Linear: (Z_2^3 x R_>0^3) x| S_3"),
    (mlp(A.Square()), "1 Linear: (Z_2^3 x R_>0^3) x| S_3"),
    (mlp(A.Cube()), "1 Linear: (Z_2^3 x R_>0^3) x| S_3"),
    (mlp(A.Exp()), "1 Linear: R_>0^3 x| S_3"),
    (mlp(A.Exp(), bias=False), "1 Linear: S_3"),
    (mlp(A.Cubic()), "1 Linear: (Z_2^3 x R_>0) x| S_3"),
    (mlp(A.Quadratic(), bias=False), "1 Linear: (Z_2 x R_>0) x| S_3"),
    (mlp(A.Quadratic()), "1 Linear: (Z_2^4 x R_>0) x| S_3"),
    (mlp(A.Quadratic(), out_bias=True), "1 Linear: (Z_2^4 x R_>0^4) x| S_3"),
    (mlp(A.Quadratic(1), out_bias=True), "1 Linear: (Z_2^3 x R_>0^3) x| S_3"),
    (mlp(A.Polynomial([1, "p", "q"])), "1 Linear: (Z_2^4 x R_>0) x| S_3"),
    (L(2, 3, bias=True) >> L(3, 2, bias=True), "1 Linear: R^3 x| GL_3(R)"),
    (mlp(A.Identity(), bias=False), "1 Linear: GL_3(R)"),
    (L(2, 2) >> P(A.Tanh()) >> L(2, 3) >> P(A.ReLU()) >> L(3, 1),
     "1 Linear: Z_2^2 x| S_2; 3 Linear: R_>0^3 x| S_3"),
    (L(3, 3, symmetry=symmetries.Cyclic()) >> P(A.Square()) >> layers.Mean(3),
     "1 Linear: Z_2 x| C_3"),
    (L(3, 3, symmetry=CHANNELS["symmetry"]) >> P(A.Tanh()) >> L(3, 1), "1 Linear: Z_2"),
    (L(3, 6, **CHANNELS) >> P(A.Tanh()) >> L(6, 1, symmetry=symmetries.PermutationInvariant(3)),
     "1 Linear: Z_2^2 x| S_2"),
    (L(2, 2, symmetry=TURN) >> P(A.Tanh()) >> L(2, 1), "1 Linear: C_4"),
    (L(3, 3, **CHANNELS) >> L(3, 3, **CHANNELS), "1 Linear: R x Z_2 x R_>0 x 1 mixing"),
    (layers.GraphConv(SQUARE, 1, 2, bias=True) >> P(A.Tanh()) >> layers.GraphConv(SQUARE, 2, 2)
     >> P(A.ReLU()) >> layers.Readout(SQUARE, "mean", 2) >> L(2, 1),
     "1 GraphConv: Z_2^2 x| S_2; 3 GraphConv, 5 Readout: R_>0^2 x| S_2"),
    (L(2, 2) >> layers.Residual(L(2, 2) >> P(A.ReLU()) >> L(2, 2)) >> L(2, 1),
     "1 Linear, 2 Residual: (Z_2^2 x R_>0^2) x| S_2; 2 Residual: R_>0^2 x| S_2"),
    (L(2, 2) >> P(A.Tanh()), "none"),
]  # fmt: skip
NAMES = [repr(net)[:60] for net, _ in NETWORKS]


@pytest.mark.parametrize(("net", "group"), NETWORKS, ids=NAMES)
def test_groups_are_named_and_every_generator_keeps_the_outputs(net, group):
    found = parameter_symmetries(net)
    assert repr(found) == f"ParameterSymmetries({net!r}: {group})"
    found.verify(seed=5)
    shown = found._repr_latex_()
    assert shown.count("{") == shown.count("}")
    for g in found:
        assert set(g.images) <= set(net.parameters)
        assert g._repr_latex_().startswith(r"$\displaystyle")


def test_formulas_parse(katex, tmp_path):
    shown = []
    for net in (mlp(A.Quadratic(), out_bias=True), mlp(A.Identity()), mlp(A.Exp(), hidden=13)):
        found = parameter_symmetries(net)
        shown += [item._repr_latex_().strip("$") for item in (found, *found)]
    katex(shown, tmp_path)


def images(net, kind):
    return [{str(p): str(v) for p, v in g.images.items()}
            for g in parameter_symmetries(net).of_kind(kind)]  # fmt: skip


def test_the_actions_are_the_known_ones():
    def one(activation, out_bias=True):
        return mlp(activation, 1, 1, out_bias=out_bias)

    assert images(one(A.ReLU()), "rescaling") == [
        {"W__1": "W__1*t", "c__1": "c__1*t", "W__2": "W__2/t"}
    ]
    assert images(one(A.Square()), "rescaling")[0]["W__2"] == "W__2/t**2"
    assert images(one(A.Sigmoid()), "sign flip") == [
        {"W__1": "-W__1", "c__1": "-c__1", "W__2": "-W__2", "c__2": "W__2 + c__2"}
    ]
    assert images(one(A.Quadratic(), False), "sign flip")[1] == {
        "W__1": "-W__1", "c__1": "-c__1 - 1/alpha__1"
    }
    assert images(one(A.Quadratic(), False), "rescaling") == [
        {"W__1": "W__1*t", "c__1": "c__1*t", "alpha__1": "alpha__1/t", "W__2": "W__2/t"}
    ]
    assert images(one(A.Exp()), "rescaling") == [{"c__1": "c__1 + log(t)", "W__2": "W__2/t"}]
    assert images(one(A.Abs()), "sign flip") == [{"W__1": "-W__1", "c__1": "-c__1"}]
    assert images(one(A.Identity()), "shift") == [{"c__1": "c__1 + s", "c__2": "-W__2*s + c__2"}]
    mixing = parameter_symmetries(L(1, 2) >> L(2, 1)).of_kind("mixing")[0]
    assert {str(p): str(v) for p, v in mixing.images.items()} == {
        "W__1_11": "W__1_11 + W__1_21*s", "W__2_12": "-W__2_11*s + W__2_12"
    }


def test_a_wrong_generator_is_caught():
    found = parameter_symmetries(mlp(A.ReLU(), 1, 2))
    w = sp.Symbol("W__1_11")
    wrong = Reparametrisation("sign flip", ("1 Linear",), Flip(frozenset({w}), frozenset()),
                              found.structure)  # fmt: skip
    broken = type(found)(found.network, found.structure, (*found.generators, wrong))
    with pytest.raises(VerificationError, match="sign flip of 1 Linear"):
        broken.verify()


ACTIVATIONS = st.sampled_from([
    A.ReLU(), A.Tanh(), A.Square(), A.Cubic("b"), A.Quadratic("a"), A.Abs(), A.Sigmoid(),
    A.Polynomial([0, 1, 1]), A.Polynomial([1, "u", 0, "v"]),
])  # fmt: skip


@settings(max_examples=15)
@given(st.data())
def test_random_networks_have_their_exchanges_and_pass_the_check(data):
    widths = data.draw(st.lists(st.integers(1, 3), min_size=3, max_size=4))
    net = None
    for k, (n, m) in enumerate(itertools.pairwise(widths)):
        layer = L(n, m, bias=data.draw(st.booleans()))
        net = layer if net is None else net >> layer
        if k < len(widths) - 2:
            net = net >> P(data.draw(ACTIVATIONS))
    found = parameter_symmetries(net)
    found.verify(seed=data.draw(st.integers(0, 100)))
    assert len(found.of_kind("permutation")) == sum(w - 1 for w in widths[1:-1])


# ---------------------------------------------------------------------------- unrelated counts


def fibre_dimension(net, seed=0):
    """Parameters less the rank of the outputs at many inputs, by exact derivatives."""
    rng = random.Random(seed)
    symbols = net.parameters
    values = {p: sp.Rational(rng.randint(1, 9), rng.randint(2, 9)) for p in symbols}
    units = net.input_units()
    rows = []
    for _ in range(len(symbols) + 2):
        x = [sp.Rational(rng.randint(-9, 9), 4) for _ in range(units)]
        for output in net.forward(x):
            rows.append([sp.diff(output, p).subs(values) for p in symbols])
    return len(symbols) - sp.Matrix(rows).rank()


@pytest.mark.parametrize("net", [
    mlp(A.Square(), 2, 1), mlp(A.Quadratic(), 2, 1), mlp(A.Quadratic(), 1, 1, out_bias=True),
    mlp(A.Quadratic(), 2, 1, bias=False), mlp(A.Quadratic(1), 2, 1, out_bias=True),
    mlp(A.Cubic(), 2, 2, bias=False), mlp(A.Cube(), 2, 2, bias=False),
    mlp(A.Polynomial([0, "p", "q"]), 1, 1),
    L(2, 2, bias=True) >> L(2, 2, bias=True), L(2, 1) >> P(A.Identity()) >> L(1, 2),
    L(3, 3, **CHANNELS) >> L(3, 3, **CHANNELS),
    L(1, 1, bias=True) >> P(A.Quadratic()) >> L(1, 1, bias=True) >> P(A.Square()),
])  # fmt: skip
def test_continuous_generators_span_the_generic_fibre(net):
    found = parameter_symmetries(net)
    continuous = [g for g in found if g.parameter is not None]
    tangents = []
    rng = random.Random(1)
    point = {p: sp.Rational(rng.randint(1, 9), rng.randint(2, 9)) for p in net.parameters}
    for g in continuous:
        start = 1 if isinstance(g.action, Scaling) else 0
        tangents.append([
            sp.diff(g.images.get(p, p), g.parameter).subs(g.parameter, start).subs(point)
            for p in net.parameters
        ])
    independent = sp.Matrix(tangents).rank() if tangents else 0
    assert independent == len(continuous) == fibre_dimension(net)


def group_order(net):
    """Order of the group that relabellings and flips make on units with signs."""
    actions = [g.action for g in parameter_symmetries(net)]
    moves = [a if isinstance(a, Relabelling) else Relabelling(
        {u: (u, -1) for u in a.units}, {p: (p, -1) for p in a.parameters})
        for a in actions if isinstance(a, Relabelling | Flip)]  # fmt: skip
    points = [(p, s) for p in net.parameters for s in (1, -1)]
    place = {point: k for k, point in enumerate(points)}
    forms = []
    for m in moves:
        image = [m.image(p) for p, _ in points]
        forms.append(Permutation([
            place[q, r * s] for (q, r), (_, s) in zip(image, points, strict=True)
        ]))
    return PermutationGroup(forms).order() if forms else 1


def brute_force_order(net, odd):
    """Signed permutations of one hidden layer that both tied weights can follow."""
    first, last = net.layers[0], net.layers[2]
    hidden = first.out_features
    generic = {p: sp.prime(k + 5) for k, p in enumerate(net.parameters)}
    weight, bias = first.weight.subs(generic), sp.Matrix(first.bias).subs(generic)
    rule = last.rules(hidden)[0]
    count = 0
    for images in itertools.permutations(range(hidden)):
        for signs in itertools.product((1, -1) if odd else (1,), repeat=hidden):
            move = sp.SparseMatrix(hidden, hidden, {
                (g, i): s for i, (g, s) in enumerate(zip(images, signs, strict=True))
            })
            before = first.tying.is_equivariant(move * weight, move * bias)
            after = rule.weight.subs(generic) * move.T
            fits = (
                last.tying.is_equivariant(after) if hasattr(last, "tying")
                else after == rule.weight
            )
            count += bool(before and fits)
    return count


@pytest.mark.parametrize(("net", "odd"), [
    (mlp(A.Tanh()), True), (mlp(A.ReLU()), False),
    (L(3, 3, symmetry=symmetries.Cyclic()) >> P(A.Tanh()) >> layers.Mean(3), True),
    (L(3, 3, symmetry=symmetries.Cyclic()) >> P(A.ReLU()) >> L(3, 1), False),
    (L(3, 3, **CHANNELS) >> P(A.Tanh()) >> L(3, 1), True),
    (L(2, 4, **CHANNELS) >> P(A.Tanh()) >> L(4, 2, **CHANNELS), True),
    (L(2, 4, **CHANNELS) >> P(A.ReLU()) >> L(4, 1), False),
    (L(4, 4, symmetry=symmetries.Dihedral()) >> P(A.ReLU()) >> layers.Sum(4), False),
    (L(2, 2, symmetry=TURN) >> P(A.Tanh()) >> L(2, 1), True),
    (L(2, 3, symmetry=symmetries.Alternating()) >> P(A.Tanh()) >> L(3, 1), True),
])  # fmt: skip
def test_orders_are_those_of_trying_all_signed_permutations(net, odd):
    assert group_order(net) == brute_force_order(net, odd)


def test_the_search_finds_what_exchanges_of_pairs_give():
    structure = parameter_symmetries(mlp(A.Tanh(), 1, 4)).structure
    pairs = exchanges(structure)
    found = automorphisms(structure, [])
    points = [(p, s) for p in structure.parameters for s in (1, -1)]
    place = {point: k for k, point in enumerate(points)}

    def order(moves):
        return PermutationGroup([
            Permutation([place[m.image(p)[0], m.image(p)[1] * s] for p, s in points]) for m in moves
        ]).order()

    assert order(pairs) == 24
    assert order(found) == 24 * 2**4
    assert automorphisms(structure, found) == []


def test_null_spaces_are_those_of_sympy():
    rng = random.Random(0)
    for _ in range(20):
        rows = [{j: rng.randint(-2, 2) for j in range(6)} for _ in range(rng.randint(0, 5))]
        matrix = sp.Matrix(len(rows), 6, lambda i, j, rows=rows: rows[i][j])
        basis = null_space(rows, range(6))
        assert len(basis) == 6 - (matrix.rank() if rows else 0)
        for vector in basis:
            column = sp.Matrix([sp.Rational(vector.get(j, 0)) for j in range(6)])
            assert not rows or (matrix * column).is_zero_matrix
        over_two = null_space(rows, range(6), modulus=2)
        solutions = [v for v in itertools.product((0, 1), repeat=6)
                     if all(sum(r[j] * v[j] for j in r) % 2 == 0 for r in rows)]  # fmt: skip
        assert 2 ** len(over_two) == len(solutions)


def test_fixed_parameters_stay():
    net = mlp(A.ReLU(), 2, 3)
    found = parameter_symmetries(net, fixed=["W__1_11"])
    assert [g.kind for g in found] == ["permutation", "rescaling", "rescaling"]
    assert not any(sp.Symbol("W__1_11") in g.images for g in found)
    weighted = graphs.Graph((3, [(0, 1, "a"), (1, 2, "a")]))
    net = layers.GCNConv(weighted, 1, 2) >> P(A.ReLU()) >> layers.Readout(weighted, "mean", 2)
    # edge weights stand under roots, and cannot be rescaled
    assert not any(sp.Symbol("a") in g.images for g in parameter_symmetries(net))


def test_generators_apply_and_look_up():
    found = parameter_symmetries(mlp(A.ReLU(), 1, 2, bias=False))
    values = dict(zip(found.structure.parameters, (1, 2, 3, 4), strict=True))
    swap, scale, _ = found
    assert list(swap.apply(values).values()) == [2, 1, 4, 3]
    assert list(scale.apply(values, at=sp.Rational(1, 2)).values()) == [sp.Rational(1, 2), 2, 6, 4]
    with pytest.raises(SymmetryError, match="t > 0"):
        scale.apply(values)
    with pytest.raises(DomainError, match="nan"):
        swap.apply({"a": float("nan")})
    with pytest.raises(SymmetryError, match="no value"):
        swap.apply(values, at=2)
    assert found["1 Linear"] == found.generators
    with pytest.raises(UnknownNameError, match="1 Linear"):
        found["2 Linear"]


@pytest.mark.parametrize("call", [
    lambda: parameter_symmetries("net"),
    lambda: parameter_symmetries(P(A.ReLU())),
    lambda: parameter_symmetries(L(1, 1), fixed=["V"]),
    lambda: parameter_symmetries(L(1, 1)).verify(seed=-1),
    lambda: parameter_symmetries(L(1, 1)).verify(seed=sp.Rational(1, 2)),
    lambda: nm.canonical("net"),
    lambda: nm.symmetry_distance(build(L(1, 1)), build(L(2, 1))),
    lambda: nm.canonical(build(L(3, 3, **CHANNELS) >> L(3, 3, **CHANNELS))),
    lambda: nm.canonical(build(L(2, 2, bias=True) >> L(2, 2))),
])  # fmt: skip
def test_wrong_calls_raise_the_family(call):
    with pytest.raises(CumulantError):
        call()


def test_infinite_parameters_have_no_representative():
    module = build(mlp(A.ReLU()))
    with torch.no_grad():
        module.theta[0] = torch.inf
    with pytest.raises(DomainError, match="not finite"):
        nm.canonical(module)


# ---------------------------------------------------------------------------- canonical networks


def moved(module, rng, count=12):
    """The module after random generators, by their formulas; one sequence for each network."""
    found = parameter_symmetries(module.theory, module.in_features, module.fixed_names)
    values = {p: np.atleast_1d(v).astype(float) for p, v in module.values().items()}
    size = len(next(iter(values.values())))
    if len(found):
        for k in range(size):
            for _ in range(count):
                g = found.generators[rng.integers(len(found))]
                at = None
                if g.parameter is not None:
                    scaling = isinstance(g.action, Scaling)
                    at = float(np.exp(rng.normal() / 2)) if scaling else rng.normal() / 2
                point = {p: sp.Float(v[k]) for p, v in values.items()}
                point |= {} if at is None else {g.parameter: sp.Float(at)}
                for p, v in g.images.items():
                    values[p][k] = float(v.xreplace(point))
    other = deepcopy(module)
    other.load_values({
        str(p): v if module.theta.ndim == 2 else v[0] for p, v in values.items()
        if str(p) in module.names
    })
    return other


CANONICAL = [
    net for net, _ in NETWORKS[::2]
    if all(m.action.is_free for m in parameter_symmetries(net) if isinstance(m.action, Mixing))
] + [
    L(2, 3, bias=True) >> L(3, 2, bias=True) >> P(A.ReLU()) >> L(2, 1),
    L(2, 3) >> P(A.Identity()) >> L(3, 2) >> L(2, 1) >> P(A.Tanh()) >> L(1, 1),
    L(2, 2, bias=True) >> P(A.Quadratic()) >> L(2, 2, bias=True) >> P(A.Quadratic())
    >> L(2, 1, bias=True),
    L(1, 4, bias=True) >> P(A.Tanh()) >> L(4, 4, bias=True) >> P(A.ReLU()) >> L(4, 1),
]  # fmt: skip


@pytest.mark.parametrize("net", CANONICAL, ids=lambda net: repr(net)[:60])
def test_canonical_networks_are_one_for_every_orbit(net):
    module = build(net, seeds=range(2))
    other = moved(module, np.random.default_rng(7))
    found, same = nm.canonical(module), nm.canonical(other)
    x = torch.linspace(-2, 2, 7 * module.in_features, dtype=torch.float64).reshape(7, -1)
    with torch.no_grad():
        torch.testing.assert_close(found(x), module(x), rtol=1e-11, atol=1e-12)
        torch.testing.assert_close(same(x), other(x), rtol=1e-9, atol=1e-10)
    torch.testing.assert_close(same.theta, found.theta, rtol=1e-8, atol=1e-9)
    torch.testing.assert_close(nm.canonical(found).theta, found.theta, rtol=1e-9, atol=1e-11)
    assert np.diag(nm.symmetry_distance(module, other)) == pytest.approx([0] * 2, abs=1e-8)
    assert nm.symmetry_distance(module[0], module[1]) > 1e-3
    assert torch.equal(build(net, seeds=range(2)).theta, module.theta)


def test_a_single_network_and_fixed_parameters():
    net = mlp(A.ReLU(), 2, 3, out_bias=True)
    module = build(net, seed=4, fixed={"W__1_11": 0.5, "c__2": -1})
    other = moved(module, np.random.default_rng(0))
    found, same = nm.canonical(module), nm.canonical(other)
    torch.testing.assert_close(found.theta, same.theta)
    assert found.values()[sp.Symbol("W__1_11")] == 0.5
    assert nm.symmetry_distance(module, other) == pytest.approx(0, abs=1e-12)


def test_rescalings_are_balanced():
    module = nm.canonical(build(mlp(A.ReLU(), 3, 4), seed=2))
    w, c, v = np.split(module.theta.detach().numpy(), [12, 16])
    assert (w.reshape(4, 3) ** 2).sum(1) + c**2 == pytest.approx(v**2, rel=1e-9)
    step = nm.canonical(build(mlp(A.Step(), 3, 4), seed=2)).theta.detach().numpy()
    assert (step[:12].reshape(4, 3) ** 2).sum(1) + step[12:16] ** 2 == pytest.approx([1] * 4)


def test_dead_units_go_to_the_limit_of_an_infinite_rescaling():
    values = {"W__1_11": 3, "W__1_21": 2, "W__2_11": 0, "W__2_12": 8}
    module = build(mlp(A.ReLU(), 1, 2, bias=False), values=values)
    assert nm.canonical(module).theta.tolist() == pytest.approx([4, 0, 4, 0], abs=1e-12)
    live = build(mlp(A.ReLU(), 1, 1, bias=False), values={"W__1": 0, "W__2": 0})
    assert nm.canonical(live).theta.tolist() == [0, 0]


def test_singular_values_are_shared_along_chains():
    module = build(L(3, 4) >> L(4, 2), seed=0)
    found = nm.canonical(module)
    first, last = (
        np.array(layer.weight.subs(found.values()).tolist(), dtype=float)
        for layer in found.theory.layers
    )
    assert first @ first.T == pytest.approx(last.T @ last, abs=1e-12)
    assert np.count_nonzero(np.abs(first).sum(axis=1) > 1e-12) == 2


def test_precision_is_kept():
    module = build(mlp(A.Tanh()), seeds=range(2), dtype=torch.float32)
    assert nm.canonical(module).theta.dtype == torch.float32


# ---------------------------------------------------------------------------- distances


def brute_force_distance(a, b, units, signs):
    """Over all permutations and signs of the units: arrays (units, r)."""
    best = np.inf
    for order in itertools.permutations(range(units)):
        for s in itertools.product(signs, repeat=units):
            image = np.array(s)[:, None] * b[list(order)]
            best = min(best, ((a - image) ** 2).sum())
    return best**0.5


@pytest.mark.parametrize(("activation", "signs"), [(A.Tanh(), (1, -1)), (A.GELU(), (1,))])
def test_distances_are_the_least_over_all_permutations_and_signs(activation, signs):
    ensemble = build(mlp(activation, 2, 4), seeds=range(5))
    theta = ensemble.theta.detach().numpy()
    units = np.concatenate(
        (theta[:, :8].reshape(5, 4, 2), theta[:, 8:12, None], theta[:, 12:, None]), axis=-1
    )
    found = nm.symmetry_distance(ensemble, ensemble)
    for i, j in itertools.product(range(5), repeat=2):
        expected = brute_force_distance(units[i], units[j], 4, signs)
        assert found[i, j] == pytest.approx(expected, rel=1e-9, abs=1e-9)


def test_distances_where_a_bias_takes_up_shifts():
    """sigmoid(-z) = 1 - sigmoid(z): the output bias counts from the middle, c + sum v / 2."""
    ensemble = build(mlp(A.Sigmoid(), 2, 3, out_bias=True), seeds=range(5))
    values = {str(p): v for p, v in ensemble.values().items()}
    units = np.stack([
        np.stack([values[name] for name in
                  (f"W__1_{k}1", f"W__1_{k}2", f"c__1_{k}", f"W__2_1{k}")], axis=-1)
        for k in (1, 2, 3)
    ], axis=1)  # fmt: skip
    middle = values["c__2"] + units[:, :, 3].sum(1) / 2
    found = nm.symmetry_distance(ensemble, ensemble)
    for i, j in itertools.product(range(5), repeat=2):
        near = brute_force_distance(units[i], units[j], 3, (1, -1))
        assert found[i, j] == pytest.approx(np.hypot(near, middle[i] - middle[j]), abs=1e-9)
    other = moved(ensemble, np.random.default_rng(4))
    assert nm.symmetry_distance(other, ensemble) == pytest.approx(found, abs=1e-8)


@pytest.mark.parametrize("activation", [A.Tanh(), A.Quadratic("a")])
def test_distances_are_the_same_in_both_directions(activation):
    net = L(2, 3) >> P(activation) >> L(3, 3, bias=True) >> P(A.Tanh()) >> L(3, 1)
    ensemble = build(net, seeds=range(6))
    gaps = nm.symmetry_distance(ensemble, ensemble)
    assert gaps == pytest.approx(gaps.T, abs=1e-12)


def test_distances_are_a_metric_between_orbits():
    net = mlp(A.ReLU(), 2, 3)
    ensemble = build(net, seeds=range(6))
    gaps = nm.symmetry_distance(ensemble, ensemble)
    assert gaps == pytest.approx(gaps.T, abs=1e-10)
    assert np.diag(gaps) == pytest.approx([0] * 6, abs=1e-10)
    assert (gaps[:, None] <= gaps[:, :, None] + gaps[None] + 1e-10).all()
    other = moved(ensemble, np.random.default_rng(3))
    assert nm.symmetry_distance(other, ensemble) == pytest.approx(gaps, abs=1e-8)
    row = nm.symmetry_distance(ensemble[2], ensemble)
    assert row == pytest.approx(gaps[2], abs=1e-12)


def test_solutions_are_counted_up_to_symmetry():
    net = L(2, 3, bias=True) >> P(A.Tanh()) >> L(3, 2, bias=True) >> P(A.ReLU()) >> L(2, 1)
    base = build(net, seeds=[0, 1, 2])
    rng = np.random.default_rng(5)
    choice = rng.integers(3, size=9)
    many = build(net, seeds=range(9))
    many.load_values({str(p): v[choice] for p, v in base.values().items()})
    labels = nm.distinct_solutions(moved(many, rng))
    first = {c: k for k, c in enumerate(dict.fromkeys(choice.tolist()))}
    assert labels.tolist() == [first[c] for c in choice]


def test_trained_networks_are_counted_by_their_minima():
    net = L(2, 1) >> P(A.Square()) >> L(1, 1, bias=True)
    ensemble = build(net, seeds=range(12))
    task = BlockSum(2, laws.Exponential(1))
    result = train(ensemble, task, exact=True, steps=200, progress=False)
    assert result.converged.all()
    levels = np.round(result.final_loss, 8).tolist()
    numbers = {level: k for k, level in enumerate(dict.fromkeys(levels))}
    assert nm.distinct_solutions(ensemble, 1e-5).tolist() == [numbers[v] for v in levels]
    assert len(numbers) == 3


def test_blocks_of_units_are_compared_as_wholes():
    net = (layers.GraphConv(RING, 1, 3) >> P(A.Tanh()) >> layers.Readout(RING, "mean", 3)
           >> L(3, 1))  # fmt: skip
    values = {"U__1_11": 1, "U__1_21": 1, "U__1_31": 2, "W__1_11": 0.5, "W__1_21": 0.5,
              "W__1_31": 0, "W__2_11": 3, "W__2_12": 3, "W__2_13": 1}  # fmt: skip
    found = nm.unit_distances(build(net, values=values))
    assert list(found) == ["1 GraphConv, 3 Readout"]
    table = found["1 GraphConv, 3 Readout"]
    assert table[0, 1] == 0
    assert table[0, 2] == pytest.approx((1 + 0.25 + 4) / 2)
