"""Modules of torch.nn as chains: same values, exact weights, refusals that name the module."""

from fractions import Fraction

import numpy as np
import pytest
import sympy as sp

import numerics as nm
from cumulant_theory import activations, laws, layers
from cumulant_theory.errors import DomainError, ShapeError
from cumulant_theory.testing import check_against_enumeration
from numerics.chain import Affine, Chain, Pointwise, evaluate

torch = pytest.importorskip("torch")
nn = torch.nn
imports = nm.imports

ACTIVATIONS = {
    "relu": nn.ReLU(),
    "relu6": nn.ReLU6(),
    "leaky_relu": nn.LeakyReLU(0.2),
    "prelu": nn.PReLU(),
    "sigmoid": nn.Sigmoid(),
    "tanh": nn.Tanh(),
    "gelu": nn.GELU(),
    "silu": nn.SiLU(),
    "softplus": nn.Softplus(),
    "softplus beta": nn.Softplus(beta=3.0),
    "hard_tanh": nn.Hardtanh(),
    "hard_tanh bounds": nn.Hardtanh(-0.25, 2.0),
    "identity": nn.Identity(),
}


def normed(width):
    norm = nn.BatchNorm1d(width)
    with torch.no_grad():
        for tensor in (norm.running_mean, norm.weight, norm.bias):
            tensor.normal_()
        norm.running_var.uniform_(0.2, 3)
    return norm


def deep(activation):
    return nn.Sequential(
        nn.Flatten(),
        nn.Sequential(nn.Linear(6, 9), normed(9), activation, nn.Dropout(0.3)),
        nn.Sequential(nn.Linear(9, 5, bias=False), nn.Sequential(activation)),
        nn.Linear(5, 3),
    )


@pytest.mark.parametrize(("dtype", "bound"), [(torch.float32, 1e-6), (torch.float64, 1e-12)])
@pytest.mark.parametrize("name", ACTIVATIONS)
def test_values_are_those_of_the_module(name, dtype, bound):
    torch.manual_seed(len(name))
    model = deep(ACTIVATIONS[name]).to(dtype).eval()
    chain = nm.from_torch(model)
    x = torch.randn(200, 2, 3).to(dtype)
    expected = model(x).detach().double().numpy()
    found = chain(x.reshape(200, 6).numpy())
    assert np.abs(found - expected).max() <= bound * np.abs(expected).max()
    assert (chain.in_features, chain.out_features) == (6, 3)


def test_stages_alternate_and_are_the_same_map():
    torch.manual_seed(0)
    model = deep(nn.Hardtanh(-1, 3)).double().eval()
    chain = nm.from_torch(model)
    kinds = [type(stage) for stage in chain.stages]
    assert kinds == [Affine, Pointwise] * 2 + [Affine]
    x = np.random.default_rng(0).normal(size=(50, 6))
    value = x
    for stage in chain.stages:
        value = stage(value)
    np.testing.assert_allclose(value, chain(x), rtol=1e-12)


def test_weights_are_the_rationals_of_the_floats():
    model = nn.Sequential(nn.Linear(2, 3), nn.ReLU(), nn.Linear(3, 1, bias=False))
    layer = nm.from_torch(model).layer
    first, _, last = layer.layers
    for got, module in ((first, model[0]), (last, model[2])):
        rows = module.weight.detach().double().tolist()
        assert got.weight == sp.Matrix([[sp.Rational(*w.as_integer_ratio()) for w in r]
                                        for r in rows])
    bias = model[0].bias.detach().double().tolist()
    assert list(first.bias) == [sp.Rational(*c.as_integer_ratio()) for c in bias]
    assert not last.has_bias
    assert layer.parameters == ()
    assert layer.layers[1].activation == activations.ReLU()
    assert nm.from_torch(nn.Linear(1, 1)).layer.layers[0].in_features == 1


class Block(nn.Module):
    def __init__(self, width, hidden):
        super().__init__()
        self.up, self.act, self.down = nn.Linear(width, hidden), nn.Tanh(), nn.Linear(hidden, width)

    def forward(self, x):
        return x + self.down(self.act(self.up(x)))


class Squared(nn.Module):
    def forward(self, x):
        return x * x


class Outer(nn.Module):
    def __init__(self):
        super().__init__()
        self.inner = Block(3, 4)

    def forward(self, x):
        return torch.relu(x + self.inner(x))


@pytest.fixture
def blocks(monkeypatch):
    from numerics.imports import modules

    monkeypatch.setattr(modules, "_converters", {})
    imports.register(Block)(lambda b: imports.Residual([b.up, b.act, b.down]))
    imports.register(Squared)(lambda _: activations.Square())
    imports.register(Outer)(lambda b: [imports.Residual(b.inner), nn.ReLU()])


def test_registered_blocks_become_residual_layers(blocks):
    torch.manual_seed(1)
    model = nn.Sequential(Outer(), nn.Linear(3, 2), Block(2, 5), Squared()).double()
    chain = nm.from_torch(model)
    assert repr(chain) == (
        "Chain(3 -> [x + [x + 4 -> tanh -> 3]] -> relu -> 2 -> [x + 5 -> tanh -> 2] -> square)"
    )
    x = torch.randn(40, 3, dtype=torch.float64)
    expected = model(x).detach().numpy()
    np.testing.assert_allclose(chain(x.numpy()), expected, rtol=1e-12, atol=1e-13)
    value = x.numpy()
    for stage in chain.stages:
        value = stage(value)
    np.testing.assert_allclose(value, expected, rtol=1e-11, atol=1e-12)


def test_polynomial_chains_propagate_exactly(blocks):
    torch.manual_seed(2)
    model = nn.Sequential(nn.Linear(2, 2), Squared(), nn.Linear(2, 1))
    with torch.no_grad():
        for p in model.parameters():
            p.copy_(torch.round(4 * p) / 4)
    layer = nm.from_torch(model).layer
    data = laws.Empirical([[0, 1], ["0.5", 2], [-1, 0], [3, "0.25"]])
    check_against_enumeration(layer, data, order=3)


def test_a_wrong_converter_is_noticed(blocks):
    imports.register(Block)(lambda b: [b.up, b.act, b.down])
    with pytest.raises(DomainError, match="values at random points differ"):
        nm.from_torch(nn.Sequential(nn.Linear(2, 3), Block(3, 3)))
    imports.register(Block)(lambda b: 3)
    with pytest.raises(DomainError, match="a converter returned 3"):
        nm.from_torch(Block(3, 3))
    with pytest.raises(DomainError, match="no type"):
        imports.register("Block")


def hooked():
    model = nn.Sequential(nn.Linear(1, 1))
    model[0].register_forward_hook(lambda module, inputs, output: 2 * output)
    return model


def infinite():
    model = nn.Sequential(nn.Linear(1, 1))
    model[0].weight.data.fill_(float("nan"))
    return model


def nested():
    """A module that contains the one it stands in."""
    outer, inner = nn.Sequential(), nn.Sequential(nn.Linear(1, 1))
    outer.append(inner)
    inner.append(nn.Sequential(outer))
    return outer


class Odd(nn.Sequential):
    def forward(self, x):
        return -super().forward(x)


@pytest.mark.parametrize(("model", "words"), [
    (nn.Sequential(nn.Linear(2, 2), nn.Sequential(nn.LayerNorm(2))),
     ["LayerNorm at '1.0'", "BatchNorm1d"]),
    (nn.Sequential(nn.Linear(2, 2), nn.Dropout(0.1)), ["Dropout at '1'", "model.eval()"]),
    (nn.Sequential(nn.Linear(2, 2), nn.BatchNorm1d(2)), ["BatchNorm1d at '1'", "model.eval()"]),
    (nn.Sequential(nn.Linear(2, 2), nn.BatchNorm1d(2, track_running_stats=False)).eval(),
     ["track_running_stats=True"]),
    (nn.Sequential(nn.Linear(2, 2), nn.GELU(approximate="tanh")), ["GELU at '1'", "'none'"]),
    (nn.Sequential(nn.Linear(2, 2), nn.Softmax(dim=1)), ["Softmax at '1'", "logits"]),
    (nn.Sequential(nn.Linear(2, 2), nn.PReLU(2)), ["PReLU at '1'", "num_parameters=1"]),
    (nn.Sequential(nn.Conv2d(1, 1, 3)), ["Conv2d at '0'", "Linear"]),
    (nn.Sequential(nn.Flatten(0), nn.Linear(2, 2)), ["Flatten at '0'", "start_dim=0"]),
    (nn.Sequential(nn.Linear(2, 2), nn.ELU()), ["ELU at '1'", "register(ELU)"]),
    (nn.Sequential(Odd(nn.Linear(2, 2))), ["Odd at '0'", "register(Odd)"]),
    (nn.Sequential(nn.LazyLinear(2)), ["LazyLinear at '0' is not initialised", "first call"]),
    (nn.Sequential(nn.Linear(2, 2), nn.LazyBatchNorm1d()).eval(),
     ["LazyBatchNorm1d at '1' is not initialised"]),
    (nested(), ["Sequential contains itself"]),
    (hooked(), ["Linear at '0'", "forward hooks"]),
    (infinite(), ["Linear at '0'", "entry nan"]),
    (3, ["no torch module"]),
])
def test_what_cannot_be_read_is_refused_by_name(model, words):
    with pytest.raises(DomainError) as caught:
        nm.from_torch(model)
    for word in words:
        assert word in str(caught.value)


@pytest.mark.parametrize(("model", "words"), [
    (nn.Sequential(nn.ReLU()), "no number of units"),
    (nn.Sequential(nn.Linear(2, 3), nn.Linear(2, 1)), "takes 2 units, but gets 3"),
    (nn.Sequential(nn.ReLU6(), nn.Linear(2, 3)), "ReLU6 at '0'"),
])
def test_widths_that_do_not_fit(model, words):
    with pytest.raises(ShapeError, match=words):
        nm.from_torch(model)


def test_softplus_says_where_torch_differs():
    chain = nm.from_torch(nn.Sequential(nn.Linear(1, 1), nn.Softplus()))
    (statement,) = chain.hypotheses
    assert "beta z > 20" in statement
    assert "2.1e-09" in statement
    with pytest.raises(DomainError, match=r"threshold=5 and jumps there by 0\.0067"):
        nm.from_torch(nn.Sequential(nn.Linear(1, 1), nn.Softplus(threshold=5)))


def test_evaluate_agrees_with_the_symbolic_function():
    points = np.array([-60.5, -2.25, -1, -0.5, 0, 0.75, 1, 1.5, 40.25])
    known = [activations.get(n) for n in activations.catalogue()
             if n not in {"polynomial", "custom", "quadratic", "cubic", "quartic"}]
    known += [activations.LeakyReLU(Fraction(1, 8)), activations.Cubic(2)]
    for activation in known:
        exact = [float(activation(sp.Rational(p)).evalf(40)) for p in points.tolist()]
        np.testing.assert_allclose(evaluate(activation, points), exact, rtol=1e-12, atol=1e-14)
    with pytest.raises(DomainError, match="free parameters a"):
        evaluate(activations.Cubic("a"), points)
    assert evaluate(activations.get("softplus"), [-1e4, 1e4]).tolist() == [0.0, 1e4]


def test_chains_are_checked():
    with pytest.raises(ShapeError, match="does not keep"):
        Chain([imports.Residual((Affine([[1.0], [2.0]]),))])
    with pytest.raises(DomainError, match="not finite"):
        Affine([[np.inf]])
    for wrong in ([1.0], [[]]):
        with pytest.raises(ShapeError, match="matrix"):
            Affine(wrong)
    with pytest.raises(ShapeError, match="bias"):
        Affine([[1.0]], [1.0, 2.0])
    with pytest.raises(ShapeError, match="do not end in 1"):
        Chain([Affine([[1.0]])])([[1.0, 2.0]])
    chain = Chain([Pointwise(activations.Square()), Affine([[1.0, 1.0]])])
    assert chain.layer.forward([1, 2]) == [5]
    assert isinstance(chain.layer, layers.Sequential)


def test_a_module_may_stand_twice_in_a_sequential():
    torch.manual_seed(0)
    linear, tanh = torch.nn.Linear(3, 3), torch.nn.Tanh()
    chain = nm.from_torch(torch.nn.Sequential(linear, tanh, linear, tanh))
    assert repr(chain) == "Chain(3 -> 3 -> tanh -> 3 -> tanh)"


def test_what_is_no_module_part_or_point_is_refused():
    with pytest.raises(DomainError, match="pass an instance"):
        nm.from_torch(torch.nn.Linear)
    eye = Affine(np.eye(2))
    for wrong in ([eye, activations.ReLU()], [imports.Residual(eye)], 3):
        with pytest.raises(DomainError, match="a chain cannot have the part"):
            Chain(wrong)
    with pytest.raises(DomainError, match="no activation"):
        Pointwise("relu")
    for values, words in (
        ("abc", "array of real numbers"), (np.ones((1, 2)) * 1j, "array of real numbers"),
        (torch.ones(1, 2, requires_grad=True), "pass .detach()"),
    ):
        with pytest.raises(DomainError, match=words):
            Chain([eye])(values)
        with pytest.raises(DomainError, match=words):
            Affine(values)
    assert Chain([eye])(torch.ones(1, 2, dtype=torch.bfloat16)).tolist() == [[1.0, 1.0]]


def test_a_module_that_contains_itself_or_its_converter_returns_it_is_refused(blocks):
    model = nn.Sequential(nn.Linear(2, 2))
    model.append(model)
    with pytest.raises(DomainError, match="contains itself"):
        nm.from_torch(model)
    imports.register(Block)(lambda block: [block])
    with pytest.raises(DomainError, match="contains itself"):
        nm.from_torch(Block(2, 2))
