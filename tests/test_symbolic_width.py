"""Symbolic width: closed forms against unit-by-unit calculation."""

import random
from fractions import Fraction

import pytest
import sympy as sp

from cumulant_theory import activations, laws, layers
from cumulant_theory import symbolic_width as sw
from cumulant_theory.algebra import integer_partitions, multi_indices, partition_count
from cumulant_theory.derivation import Equation
from cumulant_theory.errors import (
    DomainError,
    NoClosedFormError,
    OrderError,
    ShapeError,
    UnknownNameError,
    VerificationError,
)
from cumulant_theory.symbolic_width.rules.affine import Form, expansion
from cumulant_theory.symbolic_width.types import order_of, sorted_type, splits

N, G = sp.symbols("n gamma")
LAW = laws.Generic("kappa", values={1: sp.Rational(1, 3), 2: 2, 3: -1, 4: 3})
FAMILIES = {
    "complete": sw.complete(N), "star": sw.star(N), "bipartite": sw.complete_bipartite(2, N),
}
SQUARE = sw.Pointwise(activations.Square())


def rational(rng, *shape):
    """Rational numbers in nested lists."""
    if not shape:
        return sp.Rational(rng.choice([-3, -2, -1, 1, 2, 3]), rng.choice([1, 2, 3]))
    return [rational(rng, *shape[1:]) for _ in range(shape[0])]


def convolution(kind, family, inputs=1, outputs=None, bias=True, **options):
    """A convolution, its weights symbols with one channel and rational numbers with several."""
    outputs = outputs or inputs
    if inputs * outputs > 1:
        rng = random.Random(f"{kind.__name__}{inputs}{outputs}")
        matrices = 2 if kind in (sw.GraphConv, sw.SAGEConv) else 1
        options["weights"] = rational(rng, matrices, outputs, inputs)
        options["bias_values"] = rational(rng, outputs) if bias else None
    elif bias:
        options["bias"] = True
    return kind(family, inputs, outputs, **options)


LAYERS = {
    "GraphConv": lambda f, c: convolution(sw.GraphConv, f, c),
    "GraphConv mean": lambda f, c: convolution(sw.GraphConv, f, c, aggregation="mean"),
    "GraphConv symmetric": lambda f, c: convolution(sw.GraphConv, f, c, aggregation="symmetric"),
    "GCNConv": lambda f, c: convolution(sw.GCNConv, f, c, bias=False),
    "SAGEConv": lambda f, c: convolution(sw.SAGEConv, f, c, 3 - c if c == 2 else 1),
    "GINConv": lambda f, c: convolution(sw.GINConv, f, c, eps="epsilon"),
    "InvariantLinear": lambda f, c: sw.InvariantLinear(f, bias=True, in_features=c),
    "Sum": sw.Sum,
    "Mean": sw.Mean,
    "Readout sum": lambda f, c: sw.Readout(f, "sum", c),
    "Readout node": lambda f, c: sw.Readout(f, 0, c),
    "Readout second": lambda f, c: sw.Readout(f, 1, c),
}
COMPLETE = {
    "linear": sw.Linear(N, bias=True),
    "scaled": sw.Linear(N, "lambda", sp.Symbol("gamma") / N),
    "root": sw.Linear(N, 0, sp.Symbol("w") / sp.sqrt(N)),
    "scaled convolution": sw.GraphConv(N, weights=[[["u"]], [[sp.Symbol("w") / N]]]),
    "channels": sw.Linear(N, [[1, "a"], [2, 0]], [[0, "b"], [1, 1 / N]], bias=[1, "c"],
                          in_features=2, out_features=2),
}


def some_law(family, channels, seed=0):
    """A law with a rational cumulant, of its own, for every type."""
    return sw.FamilyLaw(
        family, lambda t: rational(random.Random(f"{seed}{t}")), channels=channels
    )


def assert_same(state, explicit, order):
    """Every multi-index of the explicit result equals the cumulant of its type."""
    values = {}
    for r in range(1, order + 1):
        for alpha in multi_indices(explicit.dim, r):
            kind = state.family.type_of(alpha, state.channels)
            value, expected = state.ring.expr(state.element(kind)), explicit.cumulant(alpha)
            assert value == expected or sp.expand(value - expected) == 0, alpha
            values[state.family.key(kind, state.channels)] = expected
    assert set(values) == {key for key, _ in state.items(order)}


def check(network, source, order, k):
    """The closed form at k nodes is the explicit network on the graph of k nodes."""
    closed = network.propagate(source, order).subs(n=k if not isinstance(
        source.family, type(FAMILIES["bipartite"])) else k - 2)
    assert_same(closed, network.explicit(k).propagate(source.explicit(k), order), order)


@pytest.mark.parametrize("k", [2, 3, 4, 5])
@pytest.mark.parametrize("family", ["complete", "star"])
@pytest.mark.parametrize("name", LAYERS)
def test_symbolic_number_of_nodes_is_the_explicit_result(name, family, k):
    family = FAMILIES[family]
    for channels, order in ((1, 4 if k < 5 else 3), (2, 3 if k < 4 else 2)):
        check(LAYERS[name](family, channels), some_law(family, channels), order, k)


@pytest.mark.parametrize("name", LAYERS)
def test_bipartite_graphs(name):
    family = FAMILIES["bipartite"]
    for k in (3, 4):
        check(LAYERS[name](family, 1), some_law(family, 1), 3, k)
    free = sw.complete_bipartite("m", "n")
    if name in ("Readout node", "Readout second"):
        with pytest.raises(ShapeError, match="'left' or 'right'"):
            LAYERS[name](free, 1)
        for side, letter in (("left", "i"), ("right", "u")):
            layer = sw.Readout(free, side)
            assert layer.equations(1)[-1].rhs == sp.Symbol(f"kappa__x_{letter}")
            assert layer.explicit((2, 3)).kind == (0 if side == "left" else 2)
        return
    closed = LAYERS[name](free, 1).propagate(some_law(free, 1), 2)
    explicit = LAYERS[name](free, 1).explicit((2, 3))
    assert_same(closed.subs(m=2, n=3), explicit.propagate(some_law(free, 1).explicit((2, 3)), 2), 2)


@pytest.mark.parametrize("k", [2, 3, 4, 5])
@pytest.mark.parametrize("name", COMPLETE)
def test_layers_on_exchangeable_nodes(name, k):
    layer = COMPLETE[name]
    check(layer, some_law(N, layer.in_channels), 4 if k < 5 and layer.in_channels == 1 else 2, k)


@pytest.mark.parametrize("k", [2, 3])
@pytest.mark.parametrize("family", ["complete", "star"])
def test_generic_input_with_symbolic_weights(family, k):
    family = FAMILIES[family]
    for layer, channels in ((sw.GraphConv(family, bias=True), 1), (sw.SAGEConv(family, 2, 1), 2)):
        check(layer, sw.generic(family, channels), 2, k)


@pytest.mark.parametrize("family", ["complete", "star"])
@pytest.mark.parametrize(("activation", "channels", "order", "k"), [
    (activations.Quadratic("alpha"), 1, 3, 3), (activations.Quadratic("alpha"), 1, 4, 2),
    (activations.Quadratic("alpha"), 2, 2, 3), (activations.Quadratic("alpha"), 2, 3, 2),
    (activations.Polynomial(["a", 2, "b"]), 1, 2, 5), (activations.Cube(), 1, 2, 4),
    (activations.Polynomial([3]), 1, 2, 2),
], ids=str)
def test_pointwise_is_the_explicit_result(family, activation, channels, order, k):
    family = FAMILIES[family]
    check(sw.Pointwise(activation), some_law(family, channels), order, k)


def deep(family, channels):
    """Two graph layers with quadratic activations, and a readout."""
    quadratic = sw.Pointwise(activations.Quadratic(sp.Rational(1, 5)))
    first = convolution(sw.GCNConv, family, channels, bias=False)
    second = convolution(sw.SAGEConv, family, channels, channels)
    if channels == 1:
        first, second = first.subs(W=2), second.subs(U=-1, W=sp.Rational(3, 2), c=1)
    return first >> quadratic >> second >> quadratic >> sw.Mean(family, channels)


@pytest.mark.parametrize("family", ["complete", "star"])
@pytest.mark.parametrize(("channels", "order", "k"), [
    (1, 3, 2), (1, 2, 3), (1, 2, 4), (1, 1, 5), (2, 1, 2), (2, 1, 3), (2, 1, 4),
])
def test_two_quadratic_layers_with_channels(family, channels, order, k):
    family = FAMILIES[family]
    source = sw.iid(laws.Normal(sp.Rational(1, 2), 2), family, channels)
    check(deep(family, channels), source, order, k)


@pytest.mark.parametrize("family", ["complete", "star"])
@pytest.mark.parametrize(("order", "k"), [(3, 2), (2, 3)])
def test_two_layers_with_channels(family, order, k):
    family = FAMILIES[family]
    net = convolution(sw.SAGEConv, family, 1, 2) >> SQUARE >> convolution(sw.GINConv, family, 2, 1)
    check(net >> sw.Readout(family, 1), some_law(family, 1), order, k)


@pytest.mark.parametrize("family", ["complete", "star"])
@pytest.mark.parametrize(("channels", "order", "k"), [
    (1, 3, 2), (1, 2, 3), (1, 2, 4), (1, 1, 5), (2, 2, 2), (2, 1, 3),
])
def test_residual_blocks(family, channels, order, k):
    family = FAMILIES[family]
    block = sw.Residual(convolution(sw.GraphConv, family, channels) >> SQUARE)
    if channels == 1:
        block = block.subs(U__1=2, W__1=-1, c__1=sp.Rational(1, 3))
    source = some_law(family, channels)
    check(block, source, order, k)
    check(block >> sw.Sum(family, channels), source, order, k)


def test_a_joint_law_on_every_node():
    pair = laws.MultivariateNormal([1, 0], [[2, 1], [1, 3]])
    source = sw.iid(pair, sw.star(N))
    assert (source.type("h1i1"), source.type("i1i2"), source.type("h2")) == (0, 1, 0)
    net = convolution(sw.GraphConv, sw.star(N), 2) >> SQUARE
    check(net, source, 2, 3)
    with pytest.raises(DomainError, match="3 channels"):
        sw.iid(pair, N, channels=3)


def test_names_of_parameters_are_those_of_the_explicit_network():
    star = sw.star(N)
    closed = (
        sw.GraphConv(star, 1, 2, bias=True) >> sw.Pointwise(activations.Quadratic())
        >> sw.Residual(sw.GCNConv(star, 2, 2)) >> sw.Readout(star, "hub", 2)
    )
    graph = layers.graphs.star(4)
    explicit = (
        layers.GraphConv(graph, 1, 2, bias=True) >> layers.Pointwise(activations.Quadratic())
        >> layers.Residual(layers.GCNConv(graph, 2, 2)) >> layers.Readout(graph, 0, 2)
    )
    assert closed.parameters == explicit.parameters
    out = closed.explicit(4).propagate(laws.Generic("kappa").iid(4), 1)
    assert out.cumulant((1, 0)) == explicit.propagate(laws.Generic("kappa").iid(4), 1)[1, 0]


# ---------------------------------------------------------------------------- derivations


def derivations():
    """Name, result, of all families and layers."""
    for name, family in FAMILIES.items():
        net = sw.GCNConv(family, bias=True) >> sw.Pointwise(activations.Quadratic("a"))
        yield f"{name} convolution", net >> sw.Mean(family), sw.generic(family), 2
        yield f"{name} channels", sw.SAGEConv(family, 2, 1), sw.generic(family, 2), 2
        block = sw.Residual(sw.GINConv(family, eps="e") >> SQUARE)
        yield f"{name} residual", block, sw.generic(family), 1
    net = sw.Linear(N, 1, G / sp.sqrt(N)) >> sw.Pointwise(activations.Cube()) >> sw.Sum(N)
    yield "linear", net, sw.iid(laws.Generic("kappa"), N), 2
    yield "order 4", sw.GraphConv(sw.star(N)), sw.generic(sw.star(N)), 4
    yield "a number", sw.SAGEConv(3) >> SQUARE >> sw.Readout(3, 1), sw.generic(3), 2


@pytest.mark.parametrize(("net", "source", "order"), [d[1:] for d in derivations()],
                         ids=[d[0] for d in derivations()])
def test_derivations_verify(net, source, order):
    derivation = net.propagate(source, order).derivation
    assert len(derivation) == len(net.rules(source.family, source.channels))
    assert derivation.verify(points=1)
    stated = [(e.lhs, e.rhs) for step in derivation.steps for e in step.statement]
    assert stated == [(e.lhs, e.rhs) for e in net.equations(order)]


def test_every_changed_statement_is_caught():
    star = sw.star(N)
    net = sw.GCNConv(star, bias=True) >> sw.Pointwise(activations.Quadratic("a")) >> sw.Sum(star)
    derivation = net.propagate(sw.generic(star), 2).derivation
    changes = 0
    for number, step in enumerate(derivation.steps, 1):
        for k, e in enumerate(step.statement):
            for rhs in (e.rhs + sp.Rational(1, 9), e.rhs.subs(N, 4), e.rhs.subs(N, 3)):
                if rhs == e.rhs:
                    continue
                statement = (*step.statement[:k], Equation(e.lhs, rhs, e.order),
                             *step.statement[k + 1 :])
                with pytest.raises(VerificationError, match=f"step {number} "):
                    derivation.with_step(number, statement=statement).verify(points=1)
                changes += 1
    assert changes > 30
    wrong = (Equation(sp.Symbol("kappa__z1_hhhhh"), 0, 5),)
    with pytest.raises(VerificationError, match="no cumulant of layer"):
        derivation.with_step(1, statement=wrong).verify()


def test_derivations_of_large_graphs_ask_for_a_symbol():
    out = sw.GCNConv(10**6).propagate(sw.generic(10**6), 2)
    with pytest.raises(DomainError, match="with a symbol"):
        out.derivation  # noqa: B018
    with pytest.raises(DomainError, match="given, not derived"):
        out.subs(W=1).derivation  # noqa: B018


def test_derivation_as_an_article():
    out = sw.GraphConv(sw.star(N), 2, 2).propagate(sw.generic(sw.star(N), 2), 2)
    text = out.derivation.to_latex()
    assert r"\kappa^{(z_{1})}_{h_{1}i_{2}}" in text
    assert r"\kappa^{(z_{1})}_{hij}" in sw.GraphConv(sw.star(N)).recursion(3).to_latex()


# ---------------------------------------------------------------------------- one channel


def two_layers(*weights):
    l1, g1, l2, g2, a = weights
    return (
        sw.Linear(N, l1, g1) >> sw.Pointwise(activations.Quadratic(a))
        >> sw.Linear(N, l2, g2 / N, bias=1) >> sw.Pointwise(activations.Quadratic(a)) >> sw.Mean(N)
    )


WEIGHTS = [sp.Rational(*w) for w in ((1, 2), (-1, 3), (2, 1), (3, 4), (1, 5))]


@pytest.mark.parametrize(("n", "order"), [(2, 3), (3, 4), (4, 3), (5, 3)])
def test_two_quadratic_layers_and_a_mean_are_the_explicit_result(n, order):
    net = two_layers(*WEIGHTS)
    source = sw.iid(laws.Normal(sp.Rational(1, 2), 2), N)
    closed = net.propagate(source, order).subs(n=n)
    explicit = net.explicit(n).propagate(laws.Normal(sp.Rational(1, 2), 2).iid(n), order)
    for r in range(1, order + 1):
        assert closed[r] == explicit[r]


@pytest.mark.parametrize("n", [2, 3, 4, 5])
def test_two_quadratic_layers_with_symbolic_weights(n):
    net = two_layers("p", "q", "r", sp.Symbol("s"), "t")
    source = sw.iid(laws.Normal(0, 1), N)
    closed = net.propagate(source, 1).subs(n=n)
    explicit = net.explicit(n).propagate(laws.Normal(0, 1).iid(n), 1)
    assert sp.expand(closed[1] - explicit[1]) == 0


@pytest.mark.parametrize("n", [2, 3, 5])
def test_convolutions_are_those_of_the_definition(n):
    x = sp.symbols(f"x:{n}")
    u, w, e = sp.symbols("U W e")
    expected = {
        sw.GraphConv(N): lambda i, others: u * x[i] + w * others,
        sw.GCNConv(N): lambda i, others: w * sum(x) / n,
        sw.SAGEConv(N): lambda i, others: u * x[i] + w * others / (n - 1),
        sw.GINConv(N, eps=e): lambda i, others: w * ((1 + e) * x[i] + others),
    }
    for layer, value in expected.items():
        out = layer.explicit(n).forward(x)
        for i in range(n):
            assert sp.expand(out[i] - value(i, sum(x) - x[i])) == 0


def test_values_are_reduced_fractions_in_the_width():
    out = sw.SAGEConv(N, weights=[[[0]], [[1]]]).propagate(
        sw.iid(laws.Generic("kappa"), N), 2
    )
    assert out[2] == sp.Symbol("kappa_2") / (N - 1)
    assert sp.cancel(out[1, 1] - sp.Symbol("kappa_2") * (N - 2) / (N - 1) ** 2) == 0
    assert sp.factor(out[1, 1]) == out[1, 1]


def test_width_as_number_and_as_symbol_agree():
    source = laws.Generic("kappa")
    for n in (1, 2, 4, 10**6):
        number = sw.Linear(n, "p", "q") >> sw.Pointwise(activations.Square()) >> sw.Mean(n)
        symbol = sw.Linear(N, "p", "q") >> sw.Pointwise(activations.Square()) >> sw.Mean(N)
        left = number.propagate(sw.iid(source, n), 2)[2]
        right = symbol.propagate(sw.iid(source, N), 2).subs(n=n)[2]
        assert sp.expand(left - right) == 0


def test_states_of_all_layers_and_propagation_from_a_state():
    net = sw.Linear(N) >> sw.Pointwise(activations.Square()) >> sw.Sum(N)
    out = net.propagate(sw.iid(laws.Normal(0, 1), N), 2)
    assert [s.state for s in (*out.layers, out)] == ["z1", "y1", "z2"]
    middle = net.layers[0].propagate(sw.iid(laws.Normal(0, 1), N), 4)
    rest = sw.Sequential(*net.layers[1:]).propagate(middle, 2)
    assert sp.expand(rest[2] - out[2]) == 0
    with pytest.raises(OrderError, match="order=8"):
        sw.Pointwise(activations.Square()).propagate(middle, 4)


# ---------------------------------------------------------------------------- equations


def evaluated(equations, values):
    """Evaluate equations in turn, as a reader would."""
    known = dict(values)
    for e in equations:
        known[e.lhs] = sp.nsimplify(sp.sympify(e.rhs).subs(known))
        assert not known[e.lhs].free_symbols, (e.lhs, known[e.lhs].free_symbols)
    return known


def test_equations_of_a_network_evaluate_to_the_explicit_result():
    net = sw.SAGEConv(N, weights=[[[3]], [["w"]]]) >> sw.Linear(N, 1, "g")
    n, values = 4, {N: 4, sp.Symbol("w"): 5, sp.Symbol("g"): sp.Rational(1, 7)}
    inputs = {
        sw.type_symbol(t): sp.Rational(k + 2, sum(t) + 1)
        for k, t in enumerate(t for r in range(1, 5) for t in integer_partitions(r))
    }
    known = evaluated(net.equations(4), {**values, **inputs})
    state = net.propagate(sw.generic(N), 4).subs(
        {**values, **inputs}
    )
    explicit_input = {
        alpha: inputs[sw.type_symbol(tuple(sorted((a for a in alpha if a), reverse=True)))]
        for r in range(1, 5) for alpha in multi_indices(n, r)
    }
    source = sw.FamilyLaw(n, lambda t: inputs[sw.type_symbol(t)])
    joint = source.explicit()
    assert all(joint.cumulant(a) == v for a, v in explicit_input.items())
    explicit = net.explicit(n).subs({"w": 5, "g": sp.Rational(1, 7)}).propagate(joint, 4)
    for t in (t for r in range(1, 5) for t in integer_partitions(r)):
        value = explicit.cumulant(t + (0,) * (n - len(t)))
        assert known[sw.type_symbol(t, "z2")] == value == state.cumulant(t)


def test_equations_do_not_grow_with_the_layers_before():
    net = sw.Linear(N) >> sw.Linear(N) >> sw.Linear(N)
    first, _, third = net.recursion(3).layers
    shape = [sp.count_ops(e.rhs) for e in first.indices]
    assert shape == [sp.count_ops(e.rhs) for e in third.indices]
    assert [str(e.lhs) for e in first.indices][:4] == [
        "kappa__z1_i", "kappa__z1_ii", "kappa__z1_ij", "kappa__z1_iii",
    ]


def test_readout_equations_are_falling_factorials():
    (mean, variance) = sw.Sum(N).equations(2)
    assert mean.rhs == N * sp.Symbol("kappa__x_i")
    expected = N * sp.Symbol("kappa__x_ii") + N * (N - 1) * sp.Symbol("kappa__x_ij")
    assert sp.expand(variance.rhs - expected) == 0


def test_pointwise_equations_do_not_hold_the_width():
    equations = sw.Pointwise(activations.Quadratic("alpha")).equations(4)
    assert not any(e.rhs.has(N) for e in equations)
    by_name = {str(e.lhs): e.rhs for e in equations}
    k = {w: sp.Symbol(f"kappa__x_{w}") for w in ("ij", "iij", "iijj")}
    a, d = sp.symbols("alpha d__y1_1")
    expected = d**2 * k["ij"] + 2 * a * d * k["iij"] + a**2 * (k["iijj"] + 2 * k["ij"] ** 2)
    assert sp.expand(by_name["kappa__y1_ij"] - expected) == 0


def test_latex_of_state_equations_and_layers():
    net = sw.Linear(N) >> sw.Pointwise(activations.Square()) >> sw.Mean(N)
    text = net.recursion(2).to_latex()
    assert r"\kappa^{(z_{1})}_{ij}" in text
    assert r"\lambda^{(1)}" in text
    assert r"\begin{aligned}" in net.propagate(sw.generic(N), 1)._repr_latex_()
    assert r"\kappa^{(x)}_{ij}" in sw.Mean(N)._repr_latex_()
    assert r"\section" in net.recursion(2).article().to_tex()


# ---------------------------------------------------------------------------- systems


@pytest.mark.parametrize("inputs", ["iid", "generic"])
def test_system_with_the_width_as_parameter(inputs):
    net = sw.Linear(N, "p", "q") >> sw.Pointwise(activations.Quadratic("a")) >> sw.Sum(N)
    system = net.system(2, inputs)
    assert N in system.parameters
    values = {s: Fraction(k + 2, 3) for k, s in enumerate((*system.inputs, *system.parameters))}
    values[N] = Fraction(3)
    found = system.evaluate(values)
    source = sw.generic(N) if inputs == "generic" else sw.iid(laws.Generic("kappa"), N)
    exact = net.propagate(source, 2).subs({s: sp.Rational(v) for s, v in values.items()
                                           if s in net.propagate(source, 2).free_symbols})
    assert {t: sp.Rational(v) for t, v in found.items()} == {
        (1,): exact[1], (2,): exact[2]
    }


@pytest.mark.parametrize("n", [4, 10**6])
def test_kernel_at_numeric_widths(n):
    kernels = pytest.importorskip("numerics.kernels")
    net = (
        sw.SAGEConv(N, name=("u", "w"))
        >> sw.Pointwise(activations.Quadratic("a")) >> sw.Mean(N)
    )
    law = sw.iid(laws.Normal(0, "sigma"), N)
    kernel = kernels.compile(net, 4, inputs=law)
    values = {"u": sp.Rational(1, 2), "w": sp.Rational(3, 4), "a": sp.Rational(1, 8)}
    found = kernel({**{k: float(v) for k, v in values.items()}, "n": float(n)}, {"sigma": 1.25})
    exact = net.propagate(law, 4).subs({**values, "n": n, "sigma": sp.Rational(5, 4)})
    for r in range(1, 5):
        # rounding of some hundred operations; falling factorials cancel by 50 at n = 4
        assert found[r,] == pytest.approx(float(exact[r]), rel=1e3 * 2**-52)


def test_system_does_not_depend_on_the_width_and_stays_small():
    net = two_layers("p", "q", "r", sp.Symbol("s"), "t")
    system = net.system(3, sw.iid(laws.Normal(0, 1), N))
    flat = net.propagate(sw.iid(laws.Normal(0, 1), N), 3)
    assert system.terms < sum(len(flat.polynomial((r,))) for r in (1, 2, 3))
    assert {t: str(s) for t, s in system.outputs.items()} == {
        (1,): "kappa__z3_i", (2,): "kappa__z3_ii", (3,): "kappa__z3_iii",
    }


def test_system_of_vanishing_outputs():
    system = sw.Sum(N).system(3, sw.iid(laws.Normal(0, 1), N))
    assert system.evaluate({N: 5}) == {(1,): 0, (2,): 5, (3,): 0}
    with pytest.raises(DomainError, match="unknown"):
        sw.Mean(N).system(2, "joint")


# ---------------------------------------------------------------------------- large n


def test_law_of_large_numbers():
    for r in range(1, 5):
        out = sw.Mean(N).propagate(sw.iid(laws.Generic("kappa"), N), 4)
        assert out.large_n(r) == {(r,): (1 - r, sp.Symbol(f"kappa_{r}"))}


@pytest.mark.parametrize("common", [
    sp.Symbol("g"), sp.Symbol("g") / N, sp.Symbol("g") / sp.sqrt(N), sp.Symbol("g") / (N - 1),
], ids=str)
def test_leading_powers_are_the_limits_of_the_exact_form(common):
    net = sw.Linear(N, 1, common) >> sw.Pointwise(activations.Quadratic(sp.Rational(1, 2)))
    out = net.propagate(sw.iid(laws.Normal(1, 1), N), 3)
    positive = sp.Symbol("m", positive=True)
    for r in (1, 2, 3):
        terms = out.large_n(r)
        assert set(terms) == set(sw.types(r))
        for kind, term in terms.items():
            scaled = sp.expand((out.cumulant(kind) / N**term.power).subs(N, positive**2))
            assert sp.expand(sp.limit(scaled, positive, sp.oo) - term.coefficient) == 0


def test_large_n_where_a_weight_ties_the_width_to_other_symbols():
    w = sp.Symbol("w")
    out = sw.Linear(N, 0, 1 / (1 + w * N)).propagate(sw.iid(laws.Normal(0, 1), N), 2)
    assert out.large_n(2) == {(2,): (-1, w**-2), (1, 1): (-1, w**-2)}


def test_large_n_of_a_power_that_is_no_rational_function():
    out = sw.Linear(N, 1, 1 / sp.sqrt(N - 1)).propagate(sw.iid(laws.Normal(0, 1), N), 2)
    with pytest.raises(NoClosedFormError, match="root of n"):
        out.large_n(2)
    with pytest.raises(DomainError, match="symbol"):
        out.subs(n=3).large_n(2)


# ---------------------------------------------------------------------------- combinatorics


@pytest.mark.parametrize("order", range(1, 6))
@pytest.mark.parametrize("channels", [1, 2])
def test_splits_count_bell_and_binomials(order, channels):
    # all cumulants 1 make moments the Bell numbers, whatever the pattern
    def moment(kind):
        return 1 if not kind else sum(c * moment(b) for _, b, c in splits(kind, sorted_type))

    own_and_sum = tuple(((-1, c), (0, c)) for c in range(channels))
    form = Form((own_and_sum,), channels, 1, 2 * channels)
    for kind in sw.complete(N).types(order, channels):
        assert moment(kind) == sp.bell(order)
        assert splits(kind, sorted_type, sorted_type) == splits(kind, sorted_type)
        found = expansion(kind, form, (0,))
        assert sum(count for _, _, terms in found for _, count in terms) == 2**order
        assert all(order_of(kept) + sum(sums) == order for kept, sums, _ in found)


def test_types_of_other_families():
    star = sw.star(N)
    assert sw.types(2, star) == ["hh", "ii", "hi", "ij"]
    assert sw.types(3, sw.star(2)) == ["hhh", "iii", "hhi", "hii"]
    assert sw.types(1, N, 2) == ["i1", "i2"]
    for family, channels in ((star, 1), (star, 2), (sw.complete(N), 3)):
        for kind in family.types(3, channels):
            assert family.read(family.word(kind, channels), channels) == kind
    assert str(sw.type_symbol("jih", family=star)) == "kappa__x_hij"


def test_types_of_few_units():
    assert sw.types(3) == [(3,), (2, 1), (1, 1, 1)]
    assert sw.types(3, 2) == [(3,), (2, 1)]
    assert sw.types(3, N) == sw.types(3)
    assert len(sw.types(8)) == 22
    assert str(sw.type_symbol((1,) * 11, "y1")).endswith("1,1,1")


# ---------------------------------------------------------------------------- errors


@pytest.mark.parametrize("n", [0, -2, sp.Rational(1, 2), 1.5, None, sp.Symbol("m", negative=True)])
def test_impossible_widths(n):
    for make in (sw.Linear, sw.Sum, sw.Mean, sw.GraphConv, sw.star, sw.generic):
        with pytest.raises(DomainError):
            make(n)
    with pytest.raises(DomainError):
        sw.iid(laws.Normal(0, 1), n)


def test_types_that_do_not_fit():
    out = sw.Linear(2).propagate(sw.iid(laws.Generic("kappa"), 2), 3)
    with pytest.raises(ShapeError, match="3 distinct units"):
        out.type(1, 1, 1)
    for bad in ((), (0, 1), (-1,), (1.0,), (True,)):
        with pytest.raises(ShapeError, match="positive integers"):
            out.type(*bad)
    with pytest.raises(OrderError, match="order=4"):
        out.type(4)
    assert out.type(1, 2) == out.type(2, 1)
    star = sw.GCNConv(sw.star(N), 1, 2).propagate(sw.generic(sw.star(N)), 2)
    assert star["h1i2"] == star[(1, (0, 1)), (0, (1, 0))]
    for bad in ("h1i", "z1", "h3", "h1 i2!", "", (1, 1), ((0, (1,)),)):
        with pytest.raises(ShapeError, match="index word"):
            star[bad]
    with pytest.raises(ShapeError, match="needs 2 distinct units h"):
        star[(0, (1, 0)), (0, (0, 1))]
    readout = sw.Sum(N).propagate(sw.generic(N), 2)
    with pytest.raises(ShapeError, match="there are 1"):
        readout.type(1, 1)


@pytest.mark.parametrize("order", [0, -1, 1.5, True])
def test_orders_that_are_none(order):
    with pytest.raises(OrderError):
        sw.Mean(N).propagate(sw.generic(N), order)
    with pytest.raises(OrderError):
        sw.Mean(N).equations(order)
    out = sw.Mean(N).propagate(sw.generic(N), 2)
    with pytest.raises(OrderError):
        list(out.items(order))
    with pytest.raises(OrderError):
        out.large_n(order)


class Tanh(activations.Activation):
    """No polynomial."""

    name = ""

    def expr(self, z):
        """The activation of an expression."""
        return sp.tanh(z)


def test_layers_and_laws_that_do_not_fit():
    with pytest.raises(NoClosedFormError, match="not a polynomial"):
        sw.Pointwise(Tanh())
    with pytest.raises(DomainError, match="no activation"):
        sw.Pointwise("square")
    with pytest.raises(ShapeError, match=r"layer 2: .* takes the nodes of complete"):
        sw.Sum(N) >> sw.Linear(N)
    with pytest.raises(ShapeError, match="takes the nodes of star"):
        sw.Linear(N) >> sw.GCNConv(sw.star(N))
    with pytest.raises(ShapeError, match="takes 1 channels per node, but gets 2"):
        sw.GCNConv(N, 1, 2) >> sw.GCNConv(N)
    with pytest.raises(ShapeError, match="must keep them"):
        sw.Residual(sw.GCNConv(N, 1, 2))
    with pytest.raises(ShapeError, match="must keep them"):
        sw.Residual(sw.Pointwise(activations.Square()) >> sw.Mean(N))
    with pytest.raises(DomainError, match="not all exchangeable"):
        sw.Linear(sw.star(N))
    with pytest.raises(ShapeError, match="1 x 2"):
        sw.Linear(N, [[1]], in_features=2)
    for kind in ("middle", -1, 7, True):
        with pytest.raises(ShapeError, match="nor a node"):
            sw.Readout(sw.star(4), kind)
    with pytest.raises(ShapeError, match="no layer"):
        sw.Linear(N) >> layers.Mean(3)
    with pytest.raises(ShapeError, match="gets those of complete"):
        sw.Linear(3).propagate(sw.generic(4), 1)
    with pytest.raises(DomainError, match="no law on the nodes"):
        sw.Linear(3).propagate(laws.Normal(0, 1), 1)
    with pytest.raises(DomainError, match="no law of one unit"):
        sw.iid(3, N)
    with pytest.raises(DomainError, match="inexact"):
        sw.Linear(N, 0.5)
    with pytest.raises(DomainError, match="use one sympy"):
        sw.Linear(N, 1 / sp.Symbol("n", positive=True))
    with pytest.raises(UnknownNameError, match="symmetric"):
        sw.GraphConv(N, aggregation="max")
    with pytest.raises(DomainError, match="neighbours"):
        sw.SAGEConv(1)
    with pytest.raises(DomainError, match="neighbours"):
        sw.GraphConv(sw.star(1), aggregation="symmetric")
    sage = sw.SAGEConv(N)
    with pytest.raises(DomainError):
        sage.subs(n=1)
    with pytest.raises(DomainError):
        sage.propagate(sw.generic(N), 1).subs(n=1)
    with pytest.raises(DomainError, match="no symbol q"):
        sage.subs(q=1)
    with pytest.raises(DomainError, match="the width is 3"):
        sw.Linear(3).explicit(4)
    with pytest.raises(DomainError, match="positive integer"):
        sw.Linear(N).explicit()


def test_heavy_tails_stop_at_their_order():
    source = sw.iid(laws.StudentT(5), N)
    assert sw.Mean(N).propagate(source, 4)[2] == sp.Rational(5, 3) / N
    with pytest.raises(OrderError, match="lighter tails"):
        sw.Pointwise(activations.Square()).propagate(source, 3)


def test_a_law_that_depends_on_the_width():
    source = sw.iid(laws.Normal(0, 1 / sp.sqrt(N)), N)
    out = sw.Sum(N).propagate(source, 2)
    assert out[2] == 1
    assert layers.Sum(4).propagate(source.explicit(4), 2)[2] == 1
    assert r"\kappa^{(x)}_{ii}" in source._repr_latex_()


def test_equal_covariances():
    pair = sw.FamilyLaw(N, lambda t: {(2,): 1, (1, 1): "rho"}.get(t, 0))
    out = sw.Mean(N).propagate(pair, 3)
    rho = sp.Symbol("rho")
    assert sp.expand(out[2] - (1 + (N - 1) * rho) / N) == 0
    assert out.large_n(2) == {(2,): (0, rho)}
    assert out.large_n(3) == {}


def test_hypotheses_travel():
    out = sw.SAGEConv(N).propagate(sw.iid(laws.Normal(0, 1), N), 1)
    assert out.exact
    assert out.closure == "Exact()"
    assert "n >= 2" in out.hypotheses
    assert "the units are exchangeable" in out.hypotheses


def test_a_given_symbol_that_is_the_name_of_a_weight():
    net = sw.SAGEConv(N) >> sw.Linear(N, "lambda__1", 1)
    for build in (net.system, net.recursion):
        with pytest.raises(DomainError, match="another name"):
            build(1)


def test_conversion_back_to_joint_cumulants():
    state = sw.Linear(N, 1, "gamma").propagate(sw.iid(laws.Normal(0, 1), N), 3)
    joint = state.explicit(3)
    assert joint.dim == 3
    assert joint.covariance == sp.Matrix(
        3, 3, lambda i, j: sp.expand(3 * G**2 + 2 * G + (1 if i == j else 0))
    )
    chained = layers.Mean(3).propagate(joint, 2)
    direct = (sw.Linear(N, 1, "gamma") >> sw.Mean(N)).propagate(
        sw.iid(laws.Normal(0, 1), N), 2
    ).subs(n=3)
    assert sp.expand(chained[2] - direct[2]) == 0


def test_numbering_and_sharing():
    shared = sw.Linear(N)
    net = shared >> sw.Pointwise(activations.Quadratic()) >> shared
    assert sorted(map(str, net.parameters)) == ["alpha__1", "gamma__1", "lambda__1"]
    fixed = net.subs(lambda__1=1, gamma__1=0, alpha__1=0)
    out = fixed.propagate(sw.iid(laws.Generic("kappa"), N), 2)
    assert out[2] == sp.Symbol("kappa_2")
    assert out[1, 1] == 0


# ---------------------------------------------------------------------------- other families


def test_large_stars():
    star = sw.star(N)
    out = sw.GCNConv(star).propagate(sw.iid(laws.Normal(0, 1), star), 2)
    w = sp.Symbol("W")
    assert out.large_n(2) == {
        "hh": (0, w**2 / 2), "ii": (0, w**2 / 4), "hi": (sp.Rational(-1, 2), sp.sqrt(2) * w**2 / 4),
        "ij": (-1, w**2 / 2),
    }
    total = (sw.GraphConv(star) >> sw.Sum(star)).propagate(sw.iid(laws.Generic("k"), star), 3)
    assert total.large_n(3)[3,] == (3, sp.Symbol("W__1") ** 3 * sp.Symbol("k_3"))


@pytest.mark.parametrize("family", ["star", "bipartite"])
def test_systems_and_kernels_of_other_families(family):
    kernels = pytest.importorskip("numerics.kernels")
    family = FAMILIES[family]
    net = sw.GCNConv(family, 1, 2) >> sw.Pointwise(activations.Quadratic("a")) >> sw.Mean(family, 2)
    law = sw.iid(laws.Normal(1, "sigma"), family)
    values = {"W__1_11": sp.Rational(1, 2), "W__1_21": -2, "a": sp.Rational(1, 8)}
    kernel = kernels.compile(net, 2, inputs=law)
    found = kernel({**{k: float(v) for k, v in values.items()}, "n": 7.0}, {"sigma": 1.25})
    exact = net.propagate(law, 2).subs({**values, "n": 7, "sigma": sp.Rational(5, 4)})
    assert set(found) == {"i1", "i2", "i1i1", "i1i2", "i2i2"}
    for word, value in found.items():
        # rounding of some hundred operations
        assert value == pytest.approx(float(exact[word]), rel=1e3 * 2**-52)


@pytest.mark.parametrize("n", [2, 3, 10**6])
def test_numbers_and_symbols_of_nodes_agree_on_stars(n):
    values = []
    for family in (sw.star(n), sw.star(N)):
        net = sw.SAGEConv(family, 1, 2, weights=[[[1], ["u"]], [[2], [1]]]) >> SQUARE
        out = (net >> sw.Readout(family, "leaf", 2)).propagate(
            sw.iid(laws.Generic("kappa"), family), 1
        )
        values.append(out if family.n == n else out.subs(n=n))
    for word in ("i1", "i2"):
        assert sp.expand(values[0][word] - values[1][word]) == 0


def test_display_of_other_families():
    star = sw.star(N)
    out = (sw.GraphConv(star, 1, 2) >> SQUARE).propagate(sw.iid(laws.Normal(0, 1), star), 1)
    assert r"\kappa^{(y_{1})}_{h_{2}}" in out._repr_latex_()
    assert "star(n), 2 channels" in repr(out)
    assert r"\kappa^{(x)}_{hi}" in sw.Sum(star)._repr_latex_()
    assert r"\kappa^{(x)}_{hi}" in sw.generic(star)._repr_latex_()
    assert [s.state for s in (*out.layers, out)] == ["z1", "y1"]


@pytest.mark.parametrize(("make", "error", "words"), [
    (lambda: sw.Linear(N, (1, 2)), ShapeError, "lambda must be 1 x 1"),
    (lambda: sw.InvariantLinear(N, (1, 2)), ShapeError, "v must be 1 x 1"),
    (lambda: sw.Readout(sw.star(N), []), ShapeError, "neither 'mean' nor 'sum'"),
    (lambda: sw.FamilyLaw(N, {(1,): 2}), DomainError, "pass a function"),
    (lambda: sw.generic(N, 1, 1.5), DomainError, "pass a name"),
    (lambda: sw.FamilyLaw(N, lambda kind: 0, max_order="2"), OrderError, "positive integers"),
    (lambda: sw.generic(N, 0), ShapeError, "must be a positive integer"),
    (lambda: sw.iid(laws.Normal(0, 1), N, 0), ShapeError, "must be a positive integer"),
    (lambda: sw.Linear(N).subs(2), DomainError, "is no mapping"),
    (lambda: sw.Mean(N).propagate(sw.generic(N), 1).subs(2), DomainError, "is no mapping"),
    (lambda: sw.types(1.5), OrderError, "positive integers"),
    (lambda: sw.types(-1), OrderError, "positive integers"),
    (lambda: sw.types(2, N, "2"), ShapeError, "must be a positive integer"),
    (lambda: sw.GraphConv(sw.star(N), bias=3), DomainError, "bias_values"),
    (lambda: sw.GraphConv(N, 1, 2) >> sw.Readout(N), ShapeError, "as the layer before"),
    (lambda: sw.iid(laws.Normal, N), DomainError, "the class Normal"),
    (lambda: sw.FamilyLaw(N, {}.__getitem__).cumulant(2), DomainError, "fails"),
    (lambda: sw.type_symbol(10**30), OrderError, "order 200"),
    (lambda: sw.generic(N).cumulant(10**30), OrderError, "order 200"),
])
def test_wrong_arguments_name_the_way_out(make, error, words):
    with pytest.raises(error, match=words):
        make()


@pytest.mark.parametrize("call", [
    lambda: sw.Mean("n").propagate(sw.generic("n"), order=10**7),
    lambda: sw.Mean("n").propagate(sw.generic("n"), order=150),
    lambda: sw.Mean("n").recursion(order=120),
    lambda: sw.types(100, sw.star("n")),
    lambda: sw.types(30, channels=2),
    lambda: (sw.GraphConv(sw.cycle("n")) >> sw.Readout(sw.cycle("n"))).propagate(
        sw.generic(sw.cycle("n")), order=40)[40],
])
def test_absurd_orders_are_refused_at_once(call):
    with pytest.raises(OrderError, match=r"order 200; ask|types of cumulants"):
        call()


def test_absurd_numbers_of_channels_and_nodes_are_refused_at_once():
    for call in (
        lambda: sw.GraphConv(sw.complete("n"), 10**9, 1),
        lambda: sw.GraphConv(sw.complete("n")).explicit(10**9),
        lambda: sw.generic("n", channels=10**9),
    ):
        with pytest.raises(ShapeError, match="more than the"):
            call()


@pytest.mark.parametrize(("family", "classes"), [
    (sw.complete("n"), 1), (sw.complete_bipartite("m", "n"), 2),
])
@pytest.mark.parametrize(("order", "channels"), [(1, 1), (4, 1), (6, 1), (3, 2), (2, 3)])
def test_types_are_counted_without_listing_them(family, classes, order, channels):
    assert partition_count(order, classes, channels) == len(family.types(order, channels))


def test_cumulants_that_were_not_derived_say_so():
    out = sw.Mean("n").propagate(sw.generic("n"), order=2)
    with pytest.raises(DomainError, match=r"given, not derived; call \.derivation on the result"):
        _ = out.subs(n=3).derivation
