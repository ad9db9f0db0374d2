"""Networks with any activation: build, train, predict, measure, compare, derive."""

import copy
import pickle
from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest
import sympy as sp

import numerics as nm
from cumulant_theory import activations, laws, layers, symmetries
from cumulant_theory.closures import Diagrams, Neglect
from cumulant_theory.derivation import Equation
from cumulant_theory.diagrams import pair_cumulant
from cumulant_theory.errors import (
    DomainError,
    NoClosedFormError,
    ParseError,
    VerificationError,
)
from cumulant_theory.parsing import parse_closure
from numerics.cli import main
from numerics.gaussian import pair

torch = pytest.importorskip("torch")
A, L, P = activations, layers.Linear, layers.Pointwise
EPS = float(np.finfo(float).eps)
z, a = sp.Symbol("z"), sp.Symbol("a")
ELU = A.Custom(sp.Piecewise((a * sp.exp(z) - a, z < 0), (z, True)), z)
R = sp.Rational


def two_layers(phi, units=2, hidden=2):
    return L(units, hidden, bias=True) >> P(phi) >> L(hidden, hidden, bias=True) >> P(phi)


# ---------------------------------------------------------------------------- networks


@pytest.mark.parametrize("name", [n for n in A.catalogue() if n not in ("custom", "polynomial")])
def test_forward_is_the_exact_map(name):
    net = L(2, 2, bias=True) >> P(A.get(name)) >> L(2, 1)
    module = nm.build(net, seed=1)
    x = [Fraction(n, 7) for n in (-3, 5)]
    values = {p: sp.Rational(v) for p, v in module.values().items()}
    (expected,) = (float(e.subs(values).evalf(20)) for e in net.forward(x))
    (found,) = module(torch.tensor([float(v) for v in x], dtype=torch.float64)).tolist()
    assert abs(found - expected) <= 64 * EPS * max(1, abs(expected))


MIXED = {
    "relu": L(2, 3, bias=True) >> P(A.ReLU()) >> L(3, 1),
    "residual": L(2, 2) >> layers.Residual(L(2, 2, name="U") >> P(A.GELU())) >> L(2, 1),
    "slope": L(2, 3) >> P(A.LeakyReLU("a")) >> L(3, 1, bias=True),
    "custom": L(2, 2) >> layers.Residual(L(2, 2, name="U") >> P(ELU)) >> L(2, 1),
    "polynomial and not": L(2, 2) >> P(A.Quadratic("b")) >> P(A.Tanh()) >> L(2, 1),
}


@pytest.mark.parametrize("name", MIXED)
def test_networks_learn_alone_and_together(name):
    net = MIXED[name]
    alone, together = nm.build(net, seed=1), nm.build(net, seeds=range(3))
    x = torch.from_numpy(np.random.default_rng(0).normal(size=(5, 2)))
    assert torch.autograd.gradcheck(lambda theta: alone.evaluate(theta, x), (alone.theta,))
    assert torch.allclose(together(x)[1], alone(x), rtol=0, atol=1e-14)
    assert torch.equal(pickle.loads(pickle.dumps(together))(x), together(x))
    assert torch.equal(copy.deepcopy(alone)(x), alone(x))
    task = nm.tasks.BlockSum(2, laws.Normal(0, 1))
    before = alone.theta.detach().clone()
    result = nm.train(together, task, steps=30, batch=128, progress=False)
    assert (result.final_loss < result.losses[0]).all()
    nm.train(alone, task, steps=30, batch=128, progress=False)
    assert torch.allclose(together.theta[1], alone.theta, rtol=0, atol=1e-9)
    assert (alone.theta != before).all()


def test_training_on_the_closed_form_of_the_output_law():
    task = nm.tasks.BlockSum(2, laws.Normal(0, 1))
    module = nm.build(L(2, 2, bias=True) >> P(A.ReLU()) >> L(2, 1, bias=True), seeds=[0, 1])
    result = nm.train(module, task, loss="law", exact=True, order=2, steps=40, progress=False)
    assert result.converged.all()
    output = nm.predict(module, laws.Normal(0, 1), order=2, layers="output").values["3 Linear"]
    assert np.allclose(output[(1,)], 0, atol=1e-11)
    assert np.allclose(output[(2,)], 1)
    with pytest.raises(NoClosedFormError, match="exact=False"):
        nm.train(module, task, exact=True, progress=False)
    with pytest.raises(DomainError, match="loss='law', exact=True"):
        nm.train(module, task, closure=Diagrams(3), progress=False)


# ---------------------------------------------------------------------------- Gaussian pairs

MOMENTS = [
    ((R(1, 5), R(-1, 3)), (R(3, 2), R(2, 3)), R(1, 2)),
    ((R(1, 5), R(-1, 3)), (1, 1), R(-999, 1000)),
    ((0, 0), (1, 2), R(1, 40)),
]
PAIRS = [
    (A.ReLU(), A.ReLU(), 1, 1), (A.ReLU(), A.GELU(), 2, 1), (A.Tanh(), A.ReLU(), 1, 2),
    (A.Tanh(), A.Tanh(), 1, 1), (A.Exp(), A.Sin(), 1, 1), (A.HardTanh(), A.Step(), 1, 1),
]  # fmt: skip


@pytest.mark.parametrize("case", PAIRS, ids=lambda c: f"{c[0].name}-{c[1].name}")
def test_pairs_are_those_of_arbitrary_precision(case):
    phi, psi, p, q = case
    for means, variances, c in MOMENTS:
        expected = float(pair_cumulant((phi, psi), (p, q), means, variances, c).expr.evalf(20))
        mu, v = [float(x) for x in means], [float(x) for x in variances]
        found = pair((phi, psi), (p, q), mu, v, float(c))
        scale = float(nm.wick(phi, 0, 2 * p, mu[0], v[0]).values
                      * nm.wick(psi, 0, 2 * q, mu[1], v[1]).values) ** 0.5
        assert abs(float(found) - expected) <= 1e-13 * scale


def test_the_covariance_of_a_unit_with_itself_is_its_variance():
    for phi in (A.ReLU(), A.GELU(), A.Step(), A.Tanh()):
        mean, variance = np.array([0.3, 0.0, -2.0]), np.array([1.2, 1.0, 0.4])
        second, first = (nm.wick(phi, 0, p, mean, variance).values for p in (2, 1))
        found = pair((phi, phi), (1, 1), (mean, mean), (variance, variance), variance)
        assert np.allclose(found, second - first**2, rtol=1e-12)


def test_pairs_agree_with_the_arc_cosine_kernel_in_batches():
    rho = np.linspace(-1, 1, 41)
    expected = (np.sqrt(1 - rho**2) + rho * (np.pi / 2 + np.arcsin(rho)) - 1) / (2 * np.pi)
    found = pair((A.ReLU(), A.ReLU()), (1, 1), (0.0, 0.0), (1.0, 1.0), rho)
    assert np.abs(found - expected).max() < 1e-15


def test_pairs_are_differentiable_as_often_as_wanted():
    for c, second in ((0.5, True), (0.95, False), (0.0005, True), (1.0, False)):
        point = [torch.tensor(v, dtype=torch.float64, requires_grad=True)
                 for v in (0.2, -0.3, 1.1, 1.0, c)]  # fmt: skip

        def value(m1, m2, v1, v2, c):
            return pair((A.ReLU(), A.ReLU()), (2, 1), (m1, m2), (v1, v2), c)

        assert torch.autograd.gradcheck(value, point)
        assert not second or torch.autograd.gradgradcheck(value, point)


def test_wick_coefficients_and_pairs_pass_through_torch_func():
    def value(x):
        gamma = pair((A.ReLU(), A.GELU()), (1, 1), (x[0], 0.1), (x[1] ** 2 + 1, 1.0), 0.5 * x[1])
        return gamma + nm.wick(A.ReLU(), 1, 1, x[0], x[1] ** 2).values

    x = torch.from_numpy(np.random.default_rng(3).normal(size=(4, 2)))
    func = torch.func
    assert torch.equal(func.vmap(value)(x), torch.stack([value(row) for row in x]))
    forward, back = (func.vmap(d(value))(x) for d in (func.jacfwd, func.jacrev))
    assert torch.allclose(forward, back, rtol=1e-13)


def test_pairs_refuse_what_no_law_has():
    relu = (A.ReLU(), A.ReLU())
    with pytest.raises(DomainError, match="beyond the product"):
        pair(relu, (1, 1), (0, 0), (1, 1), 1.1)
    with pytest.raises(DomainError, match="negative"):
        pair(relu, (1, 1), (0, 0), (-1, 1), 0)


# ---------------------------------------------------------------------------- kernels

NORMAL = laws.Normal(0, 1)
KERNELS = {
    "pair": (L(2, 2, bias=True) >> P(A.ReLU()) >> L(2, 1), NORMAL, None, 2),
    "smooth pair": (L(2, 2, bias=True) >> P(A.Tanh()) >> L(2, 1), NORMAL, None, 2),
    "diagrams": (two_layers(A.ReLU()), "iid", Diagrams(3), 3),
    "smooth diagrams": (two_layers(A.GELU()), laws.Uniform(-1, 1), Diagrams(2), 2),
    "gaussian": (two_layers(A.ReLU()), "iid", Neglect(2), 2),
    "tied": (L(2, 2, symmetry=symmetries.PermutationInvariant()) >> P(A.ReLU()), NORMAL, None, 2),
}


@pytest.mark.parametrize("name", KERNELS)
def test_kernels_equal_the_system_in_arbitrary_precision(name):
    net, inputs, closure, order = KERNELS[name]
    system = net.system(order, inputs=inputs, closure=closure)
    rng = np.random.default_rng(4)
    point = {p: Fraction(int(rng.integers(-20, 20)) or 1, 23) for p in system.parameters}
    point |= {p: Fraction(int(rng.integers(1, 9)), 10) for p in system.inputs}
    expected = np.array([float(v) for v in system.evalf(point, 25).values()])
    numbers = {s: float(v) for s, v in point.items()}
    for backend in ("numpy", "torch"):
        kernel = nm.compile(net, order, backend, inputs=inputs, closure=closure)
        weights = torch.tensor([numbers[p] for p in kernel.parameters], dtype=torch.float64)
        moments = torch.tensor([numbers[p] for p in kernel.inputs], dtype=torch.float64)
        arrays = [x.numpy() if backend == "numpy" else x for x in (weights, moments)]
        found = np.asarray(kernel.stacked(*arrays))
        assert np.abs(found - expected).max() <= 1e-10 * np.abs(expected).max()
    assert "wick(" in kernel.source

    def total(w):
        return kernel.stacked(w, moments).sum()

    (slope,) = torch.autograd.grad(total(w := weights.requires_grad_()), w)
    step = torch.from_numpy(rng.normal(size=len(weights)))
    with torch.no_grad():
        by_difference = (total(w + 1e-5 * step) - total(w - 1e-5 * step)) / 2e-5
    assert abs(float(slope @ step - by_difference)) <= 1e-6 * (1 + abs(float(by_difference)))


def test_kernels_broadcast_over_weights_and_pickle():
    kernel = nm.compile(two_layers(A.ReLU()), 2, closure=Diagrams(2))
    rng = np.random.default_rng(0)
    weights = rng.normal(size=(3, len(kernel.parameters)))
    moments = np.abs(rng.normal(size=(2, 1, len(kernel.inputs))))
    together = kernel.stacked(weights, moments)
    assert together.shape == (2, 3, len(kernel.outputs))
    again = pickle.loads(pickle.dumps(kernel)).stacked(weights[1], moments[0, 0])
    assert np.allclose(together[0, 1], again, rtol=1e-12)


def test_what_cannot_be_compiled_says_why():
    net = L(2, 2) >> P(A.ReLU())
    with pytest.raises(NoClosedFormError, match=r"closure=Diagrams\(3\)"):
        nm.compile(net, 2)
    with pytest.raises(DomainError, match="free parameters a; give them values by subs"):
        nm.compile(L(2, 2) >> P(A.LeakyReLU("a")), 1, inputs=NORMAL)
    fixed = (L(2, 2) >> P(A.LeakyReLU("a"))).subs({"a": Fraction(1, 10)})
    assert fixed.parameters == L(2, 2, name="W__1").parameters
    assert nm.compile(fixed, 1, inputs=NORMAL).parameters == fixed.parameters


@pytest.mark.parametrize(("net", "order", "options"), [
    (two_layers(A.ReLU()), 2, {"closure": Diagrams(2)}),
    (two_layers(A.Tanh()), 3, {"closure": Diagrams(3)}),
    (two_layers(A.GELU()), 2, {"closure": Neglect(2)}),
    (MIXED["residual"], 2, {"inputs": laws.Normal(R(1, 3), 1)}),
    (MIXED["polynomial and not"], 2, {"closure": Diagrams(2)}),
    (L(2, 1, bias=True) >> P(A.Sin()) >> P(A.Softplus()), 2, {"closure": Neglect(2)}),
])
def test_machine_code_between_gaussian_means_gives_the_values_of_numpy(net, order, options):
    pytest.importorskip("symengine")
    plain, fast = (nm.compile(net, order, b, **options) for b in ("numpy", "symengine-llvm"))
    assert fast.source == plain.source
    assert "wick(" in fast.source
    rng = np.random.default_rng(2)
    scale = [1e-3 if int(s.name[-1]) > 2 else 1.0 for s in plain.inputs]  # nearly Gaussian
    moments = np.abs(rng.normal(size=(5, 1, len(plain.inputs)))) * scale
    weights = rng.normal(size=(3, len(plain.parameters))) / 3
    expected = plain.stacked(weights, moments)
    found = pickle.loads(pickle.dumps(fast)).stacked(weights, moments)
    assert found.shape == expected.shape == (5, 3, len(plain.outputs))
    size = np.abs(expected).max()
    assert np.abs(found - expected).max() <= 1e-12 * size
    single = fast.stacked(weights[1], moments[2, 0])
    assert np.abs(single - expected[2, 1]).max() <= 1e-12 * size


def test_machine_code_has_a_stage_for_every_round_of_gaussian_means(monkeypatch):
    pytest.importorskip("symengine")
    from numerics.backends import symengine

    calls = []
    compiled = symengine._compiled
    monkeypatch.setattr(symengine, "_compiled", lambda columns, expressions: (
        calls.append(len(expressions)), compiled(columns, expressions))[1])
    kernel = nm.compile(two_layers(A.ReLU()), 1, "symengine-llvm", closure=Diagrams(2))
    assert len(calls) == 3  # before the first layer, before the second, outputs
    assert calls[-1] == len(kernel.outputs)


def test_cumulants_that_no_law_has_are_named():
    kernel = nm.compile(two_layers(A.ReLU()), 1, closure=Diagrams(3))
    weights = {p: float(p.name.startswith("W")) for p in kernel.parameters}
    moments = {s: {"kappa_2": 1.0, "kappa_4": -60.0}.get(s.name, 0.0) for s in kernel.inputs}
    with pytest.raises(DomainError, match="cut off are those of no law"):
        kernel(weights, moments)


# ---------------------------------------------------------------------------- prediction


@pytest.mark.parametrize("phi", [A.ReLU(), A.Tanh(), A.GELU()])
def test_the_first_layer_behind_a_gaussian_is_exact(phi):
    module = nm.build(L(2, 2, bias=True) >> P(phi) >> L(2, 2), seeds=[0, 1])
    law = laws.Normal(Fraction(1, 3), 1)
    predicted = nm.predict(module, law, order=2)
    assert predicted.exact
    assert not predicted.truncated
    comparison = nm.compare(predicted, nm.measure(module, law, order=2, samples=10**5, seed=5))
    assert not comparison.contradicts, comparison.summary()
    assert "closure" not in str(comparison)


def _quadrature(module, order=2, nodes=60):
    """Mean and covariance of the output for two standard normal inputs."""
    x, w = np.polynomial.hermite_e.hermegauss(nodes)
    w = w / w.sum()
    grid = np.stack(np.meshgrid(x, x, indexing="ij"), axis=-1).reshape(-1, 2)
    weight = np.outer(w, w).ravel()
    y = module(torch.from_numpy(grid)).detach().numpy()
    mean = weight @ y
    centred = y - mean
    return {(1, 0): mean[0], (0, 1): mean[1], (1, 1): weight @ (centred[:, 0] * centred[:, 1]),
            (2, 0): weight @ centred[:, 0] ** 2, (0, 2): weight @ centred[:, 1] ** 2}  # fmt: skip


def test_the_error_of_the_second_layer_shrinks_with_the_closure():
    net = two_layers(A.Tanh())
    errors = {2: [], 3: [], 4: []}
    for seed in range(4):
        module = nm.build(net, seed=seed)
        truth = _quadrature(module)
        for k, found in errors.items():
            predicted = nm.predict(module, NORMAL, order=2, closure=Diagrams(k), layers="output")
            table = predicted.values["4 Pointwise"]
            assert set(table) == set(truth)
            found.append(max(abs(table[alpha] - v) for alpha, v in truth.items()))
    typical = {k: np.exp(np.mean(np.log(v))) for k, v in errors.items()}
    assert typical[4] < typical[3] < typical[2], typical


def test_uniform_inputs_agree_once_the_closure_keeps_enough():
    module = nm.build(L(4, 2, bias=True) >> P(A.Tanh()) >> L(2, 1), seed=1)
    law, layer = laws.Uniform(-1, 1), ["2 Pointwise"]
    measured = nm.measure(module, law, order=2, samples=4 * 10**5, seed=2, layers=layer)
    coarse, fine = (
        nm.compare(nm.predict(module, law, 2, layer, closure=Diagrams(k)), measured)
        for k in (2, 5)
    )
    assert coarse.beyond_closure
    assert not coarse.contradicts
    assert not coarse.agrees
    assert fine.agrees, fine.summary()
    for text in (str(coarse), coarse.to_latex(), coarse._repr_html_(), coarse.summary()):
        assert "Diagrams(2)" in text
    assert {row.closure for row in coarse.rows} == {"Diagrams(2)"}


def test_a_prediction_says_what_is_exact():
    net = L(2, 3) >> P(A.ReLU()) >> L(3, 2)
    module = nm.build(net, seed=0)
    with pytest.raises(NoClosedFormError, match=r"predict\(\.\.\., closure=Diagrams\(3\)\)"):
        nm.predict(module, NORMAL, order=3)
    predicted = nm.predict(module, NORMAL, order=3, closure=Diagrams(3))
    assert not predicted.exact
    assert predicted.closure == "Diagrams(3)"
    assert predicted.truncated["2 Pointwise"] == {(1, 1, 1)}
    assert predicted.closure_of("1 Linear") == "Exact()"
    assert predicted.closure_of("3 Linear", (2, 0)) == "Exact()"
    assert predicted.closure_of("3 Linear", (2, 1)) == "Diagrams(3)"
    assert any("cost 3" in h for h in predicted.hypotheses)
    exact = nm.predict(module, NORMAL, order=2)
    for layer in exact.layers:
        for alpha, value in exact.values[layer].items():
            assert predicted.values[layer][alpha] == pytest.approx(value, rel=1e-12)


def test_a_closure_leaves_polynomial_networks_exact():
    module = nm.build(L(2, 2) >> P(A.Quadratic(1)) >> L(2, 1), seed=0)
    plain, closed = (
        nm.predict(module, laws.Exponential(1), 2, closure=c) for c in (None, Diagrams(2))
    )
    assert closed.exact
    assert plain.values == closed.values


# ---------------------------------------------------------------------------- derivations

DERIVED = {
    "exact": (L(2, 2) >> P(A.ReLU()) >> L(2, 1), NORMAL, None, 2),
    "diagrams": (L(2, 2) >> P(A.ReLU()) >> L(2, 1), laws.Uniform(-1, 1), Diagrams(3), 2),
    "deep": (two_layers(A.Tanh()), laws.Exponential(1), Diagrams(2), 3),
    "gaussian": (L(2, 2) >> P(A.ReLU()) >> L(2, 1), laws.Exponential(1), Neglect(2), 2),
    "neglect": (L(2, 2) >> P(A.Tanh()) >> L(2, 1), laws.Exponential(1), Neglect(3, cost=2), 2),
    "polynomial": (L(2, 2) >> P(A.Quadratic("a")), laws.Exponential(1), Diagrams(2), 2),
    "residual": (
        layers.Residual(L(2, 2) >> P(A.ReLU())) >> L(2, 1), laws.Uniform(-1, 1), Diagrams(2), 2,
    ),
}  # fmt: skip


def _wrong(e: Equation) -> Equation:
    if e.rhs.is_Add:
        return Equation(e.lhs, e.rhs - e.rhs.args[-1] / 3, e.order)
    return Equation(e.lhs, 2 * e.rhs if e.rhs != 0 else sp.S.One, e.order)


@pytest.mark.parametrize("name", DERIVED)
def test_derivations_hold_and_changed_statements_are_refuted(name):
    net, law, closure, order = DERIVED[name]
    derivation = net.propagate(law, order, closure=closure).derivation
    assert derivation.verify(points=1)
    rules = [step.rule for step in derivation.steps]
    assert "diagram rule" in rules
    rng = np.random.default_rng(0)
    for step in derivation.steps:
        places = [k for k, e in enumerate(step.statement) if isinstance(e.rhs, sp.Expr)]
        for place in rng.choice(places, size=min(2, len(places)), replace=False):
            changed = list(step.statement)
            changed[place] = _wrong(changed[place])
            alone = replace(derivation, steps=(replace(step, statement=tuple(changed)),))
            with pytest.raises(VerificationError):
                alone.verify(points=1)
    hypotheses = [h for step in derivation.steps for h in step.hypotheses]
    named = closure.hypothesis if closure else "the units of z_1 are jointly Gaussian"
    assert named in hypotheses


# ---------------------------------------------------------------------------- command line


def test_closures_are_read_from_text():
    assert parse_closure("diagrams:3") == Diagrams(3)
    assert parse_closure(" Neglect:3:4 ") == Neglect(3, cost=4)
    assert parse_closure("exact").is_exact
    for text in ("diagrams", "neglect:-1", "diagrams:x", "exact:2", "", "diagrams:1:2"):
        with pytest.raises(ParseError, match="is no closure"):
            parse_closure(text)


def test_the_command_line_derives_any_activation(capsys, tmp_path):
    network = ["derive", "--order", "2", "--layers", "linear(2, 2) | relu | linear(2, 1)"]
    assert main([*network, "--law", "normal(0, 1)", "--verify"]) == 0
    out = capsys.readouterr().out
    assert "verified" in out
    assert "omega__y1__k_i" in out
    assert main(network) == 2
    assert "--closure diagrams:3" in capsys.readouterr().err
    assert main([*network, "--closure", "diagrams:3", "--style", "expanded"]) == 0
    assert "diagrams of cost 3 and above are neglected" in capsys.readouterr().out
    assert main([*network, "--closure", "neglect:2", "--out", str(tmp_path / "d.tex")]) == 0
    assert "diagram rule" in (tmp_path / "d.tex").read_text().lower()
    assert main([*network, "--closure", "diagrams:2", "--style", "effective"]) == 2


def test_the_study_refuses_what_it_cannot_do_in_closed_form(capsys, tmp_path):
    config = tmp_path / "study.toml"
    config.write_text('activations = ["relu"]\n')
    assert main(["study", "--config", str(config), "--out", str(tmp_path)]) == 2
    assert "takes polynomials" in capsys.readouterr().err
