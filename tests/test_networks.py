"""Torch modules against the exact layers they are built from."""

from fractions import Fraction

import numpy as np
import pytest
import sympy as sp
import torch

from cumulant_theory import activations, layers, symmetries
from cumulant_theory.errors import CumulantError, DomainError, ShapeError, UnknownNameError
from numerics.networks import Ensemble, Network, build

EPS = float(np.finfo(float).eps)
Q, L, P = activations.Quadratic, layers.Linear, layers.Pointwise

CATALOGUE = [
    (symmetry, out, inp)
    for name in symmetries.catalogue()
    for symmetry, out, inp in symmetries.get(name).examples()
    if out * inp <= 36
]


def nets():
    shared = L(2, 2, name="V")
    return {
        "mlp": L(2, 3, bias=True) >> P(Q()) >> L(3, 1),
        "cyclic": L(3, 3, symmetry=symmetries.Cyclic(), bias=True) >> P(activations.Cubic())
        >> layers.Mean(3),
        "rotation": L(2, 2, symmetry=symmetries.SO2()) >> P(Q("a")) >> layers.Sum(2),
        "residual": L(2, 2) >> layers.Residual(L(2, 2, name="U") >> P(Q("beta"))) >> L(2, 1),
        "shared": layers.Sequential(
            shared, P(activations.Polynomial(["c", 1, "a", "a"])), shared
        ),
        "products": L(2, 2, weight=[[sp.Symbol("p") * sp.Symbol("q"), sp.Symbol("p") ** 2 + 1],
                                    [sp.sqrt(2) * sp.Symbol("q"), sp.Rational(1, 3)]])
        >> P(activations.Square()),
        "constant": layers.Mean(3) >> P(activations.Cube()),
    }  # fmt: skip


@pytest.mark.parametrize("case", CATALOGUE, ids=lambda c: f"{c[0]!r}-{c[1]}x{c[2]}")
def test_free_parameters_are_those_of_the_tying(case):
    symmetry, out, inp = case
    layer = L(inp, out, symmetry=symmetry, bias=True)
    module = build(layer, seed=1)
    count = sum(p.numel() for p in module.parameters())
    assert count == layer.tying.dimension + layer.tying.bias_dimension == len(layer.parameters)
    weight = (module(torch.eye(inp)) - module(torch.zeros(1, inp))).detach().numpy().T
    for rho_out, rho_in in layer.tying.generators:
        left, right = (np.array(m.evalf().tolist(), dtype=float) for m in (rho_out, rho_in))
        if not any(layer.tying.infinitesimal):
            gap = np.abs(left @ weight - weight @ right).max()
            assert gap <= 64 * EPS * max(1, np.abs(weight).max()) * inp


@pytest.mark.parametrize("name", nets())
def test_forward_equals_the_exact_map_within_rounding(name):
    net = nets()[name]
    module = build(net, seed=3)
    rng = np.random.default_rng(0)
    values = {p: Fraction(int(rng.integers(-12, 13)), 8) for p in net.parameters}
    module.load_values({p: float(v) for p, v in values.items()})
    x = [Fraction(int(k), 4) for k in rng.integers(-8, 9, module.in_features)]
    exact = net.forward(x)
    exact = [e.subs({p: sp.Rational(v.numerator, v.denominator) for p, v in values.items()})
             for e in exact]  # fmt: skip
    # condition: the same map with every number replaced by its absolute value
    bound = [
        float(e.evalf(30)) for e in build_absolute(net, values, [abs(v) for v in x])
    ]
    got = module([float(v) for v in x]).tolist()
    for g, e, b in zip(got, exact, bound, strict=True):
        assert abs(g - float(e.evalf(30))) <= 100 * EPS * (b + 1)


def build_absolute(net, values, x):
    total = net.forward(x)
    magnitudes = {p: sp.Rational(abs(v).numerator, abs(v).denominator) for p, v in values.items()}
    return [
        sum(abs(t.subs(magnitudes)) for t in sp.Add.make_args(sp.expand(e))) for e in map(
            sp.sympify, total)
    ]


@pytest.mark.parametrize("name", nets())
def test_ensemble_is_its_members(name):
    net = nets()[name]
    ensemble = build(net, seeds=[4, 1, 7])
    assert isinstance(ensemble, Ensemble)
    x = torch.randn(5, ensemble.in_features, dtype=torch.float64,
                    generator=torch.Generator().manual_seed(0))  # fmt: skip
    out = ensemble(x)
    for k, seed in enumerate(ensemble.seeds):
        alone = build(net, seed=seed)
        assert isinstance(ensemble[k], Network)
        assert torch.equal(ensemble[k].theta, alone.theta)
        expected = alone(x)
        torch.testing.assert_close(out[k].expand_as(expected) if out.ndim == 3 else out, expected)
        own = x.expand(3, 5, -1)
        torch.testing.assert_close(ensemble(own)[k], expected)


def test_labels_and_layers():
    net = nets()["residual"]
    module = build(net)
    states = module.forward_layers(torch.ones(4, 2))
    assert list(states) == ["1 Linear", "2 Residual", "3 Linear"] == list(module.labels)
    assert torch.equal(states["3 Linear"], module(torch.ones(4, 2)))
    head = build(layers.Sequential(*net.layers[:2]), values={
        k: v for k, v in module.values().items() if not str(k).startswith("W__2")
    })  # fmt: skip
    assert torch.equal(head(torch.ones(4, 2)), states["2 Residual"])


def test_functional_form_under_vmap_and_jacobians():
    ensemble = build(nets()["cyclic"], seeds=range(4))
    x = torch.linspace(-1, 1, 15, dtype=torch.float64).reshape(5, 3)
    values = torch.func.vmap(lambda t: ensemble.evaluate(t, x))(ensemble.theta)
    torch.testing.assert_close(values, ensemble(x))
    forward, reverse = (
        torch.func.vmap(jac(lambda t: ensemble.evaluate(t, x)))(ensemble.theta)
        for jac in (torch.func.jacfwd, torch.func.jacrev)
    )
    torch.testing.assert_close(forward, reverse)
    assert torch.autograd.gradcheck(lambda t: ensemble.evaluate(t, x), ensemble.theta)


def test_initial_values_are_seeded_and_leave_the_global_state():
    net = nets()["mlp"]
    torch.manual_seed(5)
    before = torch.get_rng_state()
    first = build(net, seed=2)
    assert torch.equal(before, torch.get_rng_state())
    torch.manual_seed(6)
    assert torch.equal(first.theta, build(net, seed=2).theta)
    assert not torch.equal(first.theta, build(net, seed=3).theta)
    many = build(L(4, 50), seeds=range(20)).theta.detach()
    assert float(many.abs().max()) <= 0.5
    assert float(many.abs().max()) > 0.49


def test_values_and_state_dict_round_trip(tmp_path):
    net = nets()["mlp"]
    module = build(net, seed=0, values={"alpha__1": 0.25})
    assert module.values()[sp.Symbol("alpha__1")] == 0.25
    other = build(net, seed=9)
    other.load_values(module.values())
    assert torch.equal(other.theta, module.theta)
    torch.save(module.state_dict(), tmp_path / "m.pt")
    third = build(net, seed=8)
    third.load_state_dict(torch.load(tmp_path / "m.pt"))
    assert torch.equal(third.theta, module.theta)
    ensemble = build(net, seeds=[1, 2], values={"alpha__1": [0.5, -0.5]})
    assert ensemble.values()[sp.Symbol("alpha__1")].tolist() == [0.5, -0.5]


def test_fixed_symbols_are_constants():
    net = nets()["mlp"]
    free, held = build(net, seed=0), build(net, seed=0, fixed={"alpha__1": 0.3})
    assert len(held.theta) == len(net.parameters) - 1
    shared = {k: v for k, v in free.values().items() if str(k) != "alpha__1"}
    assert {k: v for k, v in held.values().items() if str(k) != "alpha__1"} == shared
    free.load_values({"alpha__1": 0.3})
    x = torch.ones(3, 2)
    assert torch.equal(free(x), held(x))
    assert torch.equal(held.full(), free.full())
    with pytest.raises(DomainError, match="fixed"):
        held.load_values({"alpha__1": 1.0})


def test_repr_says_what_is_tied():
    text = repr(build(nets()["cyclic"]))
    assert "Cyclic()" in text
    assert "5 free, 13 without symmetry" in text


def test_members_are_listed_and_lists_are_read_in_full_precision():
    ensemble = build(L(1, 1, bias=True), seeds=[4, 5])
    assert [m.values() for m in ensemble] == [ensemble[0].values(), ensemble[1].values()]
    assert build(L(1, 1), values={"W": 1})([0.1]).item() == 0.1


def test_float32_module():
    module = build(nets()["mlp"], dtype=torch.float32)
    assert module([1.0, 2.0]).dtype == torch.float32


@pytest.mark.parametrize(
    ("call", "error", "words"),
    [
        (lambda: build("net"), DomainError, "no layer"),
        (lambda: build(layers.BlockSum("b")), ShapeError, "b"),
        (lambda: build(layers.BlockSum(2, "s")), DomainError, "no polynomial"),
        (lambda: build(P(Q())), ShapeError, "any number"),
        (lambda: build(L(2, 1), seed=-1), DomainError, "seed"),
        (lambda: build(L(2, 1), seeds=[]), ShapeError, "seeds"),
        (lambda: build(L(2, 1), values={"W_13": 1}), UnknownNameError, "W_13"),
        (lambda: build(L(2, 1), values={"W_11": float("nan")}), DomainError, "not finite"),
        (lambda: build(L(2, 1), values={"W_11": [1, 2]}), ShapeError, "W_11"),
        (lambda: build(L(2, 1), fixed={"V": 1}), UnknownNameError, "V"),
        (lambda: build(L(2, 1))(torch.zeros(3, 4)), ShapeError, "2 units"),
        (lambda: build(L(2, 1))("a"), DomainError, "real numbers"),
        (lambda: build(L(2, 1)).evaluate(torch.zeros(3), torch.zeros(2)), ShapeError, "trainable"),
        (lambda: build(L(2, 1)).evaluate([0, 0], torch.zeros(2)), DomainError, "theta"),
        (lambda: build(L(2, 1), seeds=[0])[1], ShapeError, "there are 1"),
        (lambda: build(L(2, 1), seeds=[0])(torch.zeros(2)), ShapeError, "1 networks"),
    ],
)
def test_bad_input(call, error, words):
    with pytest.raises(error, match=words) as caught:
        call()
    assert isinstance(caught.value, CumulantError)
