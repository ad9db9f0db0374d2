"""Exchangeable closed forms: symbolic width against unit-by-unit calculation."""

from fractions import Fraction

import pytest
import sympy as sp

from cumulant_theory import activations, laws, layers
from cumulant_theory import exchangeable as ex
from cumulant_theory.algebra import integer_partitions, multi_indices
from cumulant_theory.errors import (
    DomainError,
    NoClosedFormError,
    OrderError,
    ShapeError,
    UnknownNameError,
)
from cumulant_theory.exchangeable.rules import splits, staying, type_of

N, G = sp.symbols("n gamma")
LAW = laws.Generic("kappa", values={1: sp.Rational(1, 3), 2: 2, 3: -1, 4: 3})

LAYERS = {
    "linear": ex.Linear(N, bias=True),
    "scaled": ex.Linear(N, "lambda", sp.Symbol("gamma") / N),
    "root": ex.Linear(N, 0, sp.Symbol("w") / sp.sqrt(N)),
    "invariant": ex.InvariantLinear(N, bias=True),
    "sum": ex.Sum(N),
    "mean": ex.Mean(N),
    "graph": ex.CompleteGraphConv(N, "GraphConv", bias=True),
    "gcn": ex.CompleteGraphConv(N, "GCNConv"),
    "sage": ex.CompleteGraphConv(N, "SAGEConv"),
    "gin": ex.CompleteGraphConv(N, "GINConv", bias="b"),
}


def assert_same(state, explicit, order):
    """Every multi-index of the explicit result equals the cumulant of its type."""
    values = dict(state.items(order))
    assert len(values) == sum(len(ex.types(r, explicit.dim)) for r in range(1, order + 1))
    for r in range(1, order + 1):
        for alpha in multi_indices(explicit.dim, r):
            value, expected = values[type_of(alpha)], explicit.cumulant(alpha)
            assert value == expected or sp.expand(value - expected) == 0, alpha


@pytest.mark.parametrize("n", [2, 3, 4, 5])
@pytest.mark.parametrize("name", LAYERS)
def test_symbolic_width_is_the_explicit_result(name, n):
    layer = LAYERS[name]
    order = 4
    for source in (ex.iid(laws.Generic("kappa"), N), ex.generic(N)):
        closed = layer.propagate(source, order).subs(n=n)
        assert_same(closed, layer.explicit(n).propagate(source.explicit(n), order), order)


@pytest.mark.parametrize("n", [2, 3, 4, 5])
@pytest.mark.parametrize("activation", [
    activations.Quadratic("alpha"), activations.Polynomial(["a", 2, "b"]), activations.Cube(),
], ids=str)
def test_pointwise_is_the_explicit_result(activation, n):
    order = 2 if len(activation.coefficients) > 3 else 3 if n > 3 else 4
    source = ex.generic(N)
    closed = ex.Pointwise(activation).propagate(source, order).subs(n=n)
    explicit = layers.Pointwise(activation).propagate(source.explicit(n), order)
    assert_same(closed, explicit, order)


@pytest.mark.parametrize("n", [2, 3])
def test_pointwise_to_order_four_of_iid_units_behind_a_mixing_layer(n):
    net = ex.Linear(N, 1, "gamma") >> ex.Pointwise(activations.Quadratic(sp.Rational(1, 2)))
    source = ex.iid(LAW, N)
    closed = net.propagate(source, 4).subs(n=n)
    explicit = net.explicit(n).propagate(source.explicit(n), 4)
    for alpha in [(4,), (3, 1), (2, 2), (2, 1, 1)]:
        if len(alpha) <= n:
            full = alpha + (0,) * (n - len(alpha))
            assert sp.expand(closed.cumulant(alpha) - explicit.cumulant(full)) == 0


@pytest.mark.parametrize("order", [5, 6])
def test_higher_orders_on_demand(order):
    source = ex.iid(laws.Generic("kappa"), N)
    for layer in (ex.Linear(N, "p", "q"), ex.InvariantLinear(N, "v")):
        closed = layer.propagate(source, order).subs(n=3)
        explicit = layer.explicit(3).propagate(source.explicit(3), order)
        for kind in ex.types(order, closed.n):
            full = kind + (0,) * (explicit.dim - len(kind))
            assert sp.expand(closed.cumulant(kind) - explicit.cumulant(full)) == 0


def test_width_symbol_with_assumptions():
    width = sp.Symbol("n", positive=True, integer=True)
    out = ex.Linear(width, 1, "gamma").propagate(ex.iid(laws.Normal(0, 1), width), 2)
    plain = ex.Linear(N, 1, "gamma").propagate(ex.iid(laws.Normal(0, 1), N), 2)
    assert out.subs(n=4)[2] == plain.subs(n=4)[2] == sp.expand(1 + 2 * G + 4 * G**2)
    assert out.large_n(2)[2,] == (1, G**2)


def two_layers(*weights):
    l1, g1, l2, g2, a = weights
    return (
        ex.Linear(N, l1, g1) >> ex.Pointwise(activations.Quadratic(a))
        >> ex.Linear(N, l2, g2 / N, bias=1) >> ex.Pointwise(activations.Quadratic(a)) >> ex.Mean(N)
    )


WEIGHTS = [sp.Rational(*w) for w in ((1, 2), (-1, 3), (2, 1), (3, 4), (1, 5))]


@pytest.mark.parametrize(("n", "order"), [(2, 4), (3, 4), (4, 3), (5, 3)])
def test_two_quadratic_layers_and_a_mean_are_the_explicit_result(n, order):
    net = two_layers(*WEIGHTS)
    source = ex.iid(laws.Normal(sp.Rational(1, 2), 2), N)
    closed = net.propagate(source, order).subs(n=n)
    explicit = net.explicit(n).propagate(laws.Normal(sp.Rational(1, 2), 2).iid(n), order)
    for r in range(1, order + 1):
        assert closed[r] == explicit[r]


@pytest.mark.parametrize("n", [2, 3, 4, 5])
def test_two_quadratic_layers_with_symbolic_weights(n):
    net = two_layers("p", "q", "r", sp.Symbol("s"), "t")
    source = ex.iid(laws.Normal(0, 1), N)
    closed = net.propagate(source, 1).subs(n=n)
    explicit = net.explicit(n).propagate(laws.Normal(0, 1).iid(n), 1)
    assert sp.expand(closed[1] - explicit[1]) == 0


@pytest.mark.parametrize("kind", ["GraphConv", "GCNConv", "SAGEConv", "GINConv"])
@pytest.mark.parametrize("n", [2, 3, 5])
def test_complete_graph_convolutions_are_those_of_the_definition(kind, n):
    weights = dict(zip(("weight", "root", "eps"), sp.symbols("w u e"), strict=True))
    own = {"GraphConv": ("weight", "root"), "GCNConv": ("weight",), "SAGEConv": ("weight", "root"),
           "GINConv": ("weight", "eps")}[kind]
    layer = ex.CompleteGraphConv(N, kind, **{k: weights[k] for k in own})
    x = sp.symbols(f"x:{n}")
    w, u, e = sp.symbols("w u e")
    out = layer.explicit(n).forward(x)
    for i in range(n):
        others = sum(x) - x[i]
        expected = {"GraphConv": u * x[i] + w * others, "GCNConv": w * sum(x) / n,
                    "SAGEConv": u * x[i] + w * others / (n - 1),
                    "GINConv": w * ((1 + e) * x[i] + others)}[kind]
        assert sp.expand(out[i] - expected) == 0


def test_values_are_reduced_fractions_in_the_width():
    out = ex.CompleteGraphConv(N, "SAGEConv", root=0, weight=1).propagate(
        ex.iid(laws.Generic("kappa"), N), 2
    )
    assert out[2] == sp.Symbol("kappa_2") / (N - 1)
    assert sp.cancel(out[1, 1] - sp.Symbol("kappa_2") * (N - 2) / (N - 1) ** 2) == 0
    assert sp.factor(out[1, 1]) == out[1, 1]


def test_width_as_number_and_as_symbol_agree():
    source = laws.Generic("kappa")
    for n in (1, 2, 4, 10**6):
        number = ex.Linear(n, "p", "q") >> ex.Pointwise(activations.Square()) >> ex.Mean(n)
        symbol = ex.Linear(N, "p", "q") >> ex.Pointwise(activations.Square()) >> ex.Mean(N)
        left = number.propagate(ex.iid(source, n), 2)[2]
        right = symbol.propagate(ex.iid(source, N), 2).subs(n=n)[2]
        assert sp.expand(left - right) == 0


def test_states_of_all_layers_and_propagation_from_a_state():
    net = ex.Linear(N) >> ex.Pointwise(activations.Square()) >> ex.Sum(N)
    out = net.propagate(ex.iid(laws.Normal(0, 1), N), 2)
    assert [s.state for s in (*out.layers, out)] == ["z1", "y1", "z2"]
    middle = net.layers[0].propagate(ex.iid(laws.Normal(0, 1), N), 4)
    rest = ex.Sequential(*net.layers[1:]).propagate(middle, 2)
    assert sp.expand(rest[2] - out[2]) == 0
    with pytest.raises(OrderError, match="order=8"):
        ex.Pointwise(activations.Square()).propagate(middle, 4)


# ---------------------------------------------------------------------------- equations


def evaluated(equations, values):
    """Evaluate equations in turn, as a reader would."""
    known = dict(values)
    for e in equations:
        known[e.lhs] = sp.nsimplify(sp.sympify(e.rhs).subs(known))
        assert not known[e.lhs].free_symbols, (e.lhs, known[e.lhs].free_symbols)
    return known


def test_equations_of_a_network_evaluate_to_the_explicit_result():
    net = ex.CompleteGraphConv(N, "SAGEConv", root=3, weight="w") >> ex.Linear(N, 1, "g")
    n, values = 4, {N: 4, sp.Symbol("w"): 5, sp.Symbol("g"): sp.Rational(1, 7)}
    inputs = {
        ex.type_symbol(t): sp.Rational(k + 2, sum(t) + 1)
        for k, t in enumerate(t for r in range(1, 5) for t in integer_partitions(r))
    }
    known = evaluated(net.equations(4), {**values, **inputs})
    state = net.propagate(ex.generic(N), 4).subs(
        {**values, **inputs}
    )
    explicit_input = {
        alpha: inputs[ex.type_symbol(type_of(alpha))]
        for r in range(1, 5) for alpha in multi_indices(n, r)
    }
    source = ex.ExchangeableLaw(n, lambda t: inputs[ex.type_symbol(t)])
    joint = source.explicit()
    assert all(joint.cumulant(a) == v for a, v in explicit_input.items())
    explicit = net.explicit(n).subs({"w": 5, "g": sp.Rational(1, 7)}).propagate(joint, 4)
    for t in (t for r in range(1, 5) for t in integer_partitions(r)):
        value = explicit.cumulant(t + (0,) * (n - len(t)))
        assert known[ex.type_symbol(t, "z2")] == value == state.cumulant(t)


def test_equations_do_not_grow_with_the_layers_before():
    net = ex.Linear(N) >> ex.Linear(N) >> ex.Linear(N)
    first, _, third = net.recursion(4).layers
    shape = [sp.count_ops(e.rhs) for e in first.indices]
    assert shape == [sp.count_ops(e.rhs) for e in third.indices]
    assert [str(e.lhs) for e in first.indices][:4] == [
        "kappa__z1_i", "kappa__z1_ii", "kappa__z1_ij", "kappa__z1_iii",
    ]


def test_readout_equations_are_falling_factorials():
    (mean, variance) = ex.Sum(N).equations(2)
    assert mean.rhs == N * sp.Symbol("kappa__x_i")
    expected = N * sp.Symbol("kappa__x_ii") + N * (N - 1) * sp.Symbol("kappa__x_ij")
    assert sp.expand(variance.rhs - expected) == 0


def test_pointwise_equations_do_not_hold_the_width():
    equations = ex.Pointwise(activations.Quadratic("alpha")).equations(4)
    assert not any(e.rhs.has(N) for e in equations)
    by_name = {str(e.lhs): e.rhs for e in equations}
    k = {w: sp.Symbol(f"kappa__x_{w}") for w in ("ij", "iij", "iijj")}
    a, d = sp.symbols("alpha d__y1_1")
    expected = d**2 * k["ij"] + 2 * a * d * k["iij"] + a**2 * (k["iijj"] + 2 * k["ij"] ** 2)
    assert sp.expand(by_name["kappa__y1_ij"] - expected) == 0


def test_latex_of_state_equations_and_layers():
    net = ex.Linear(N) >> ex.Pointwise(activations.Square()) >> ex.Mean(N)
    text = net.recursion(2).to_latex()
    assert r"\kappa^{(z_{1})}_{ij}" in text
    assert r"\lambda^{(1)}" in text
    assert r"\begin{aligned}" in net.propagate(ex.generic(N), 1)._repr_latex_()
    assert r"\kappa^{(x)}_{ij}" in ex.Mean(N)._repr_latex_()
    assert r"\section" in net.recursion(2).article().to_tex()


# ---------------------------------------------------------------------------- systems


@pytest.mark.parametrize("inputs", ["iid", "generic"])
def test_system_with_the_width_as_parameter(inputs):
    net = ex.Linear(N, "p", "q") >> ex.Pointwise(activations.Quadratic("a")) >> ex.Sum(N)
    system = net.system(2, inputs)
    assert N in system.parameters
    values = {s: Fraction(k + 2, 3) for k, s in enumerate((*system.inputs, *system.parameters))}
    values[N] = Fraction(3)
    found = system.evaluate(values)
    source = ex.generic(N) if inputs == "generic" else ex.iid(laws.Generic("kappa"), N)
    exact = net.propagate(source, 2).subs({s: sp.Rational(v) for s, v in values.items()
                                           if s in net.propagate(source, 2).free_symbols})
    assert {t: sp.Rational(v) for t, v in found.items()} == {
        (1,): exact[1], (2,): exact[2]
    }


@pytest.mark.parametrize("n", [4, 10**6])
def test_kernel_at_numeric_widths(n):
    kernels = pytest.importorskip("numerics.kernels")
    net = (
        ex.CompleteGraphConv(N, "SAGEConv", root="u", weight="w")
        >> ex.Pointwise(activations.Quadratic("a")) >> ex.Mean(N)
    )
    law = ex.iid(laws.Normal(0, "sigma"), N)
    kernel = kernels.compile(net, 4, inputs=law)
    values = {"u": sp.Rational(1, 2), "w": sp.Rational(3, 4), "a": sp.Rational(1, 8)}
    found = kernel({**{k: float(v) for k, v in values.items()}, "n": float(n)}, {"sigma": 1.25})
    exact = net.propagate(law, 4).subs({**values, "n": n, "sigma": sp.Rational(5, 4)})
    for r in range(1, 5):
        # rounding of some hundred operations; falling factorials cancel by 50 at n = 4
        assert found[r,] == pytest.approx(float(exact[r]), rel=1e3 * 2**-52)


def test_system_does_not_depend_on_the_width_and_stays_small():
    net = two_layers("p", "q", "r", sp.Symbol("s"), "t")
    system = net.system(3, ex.iid(laws.Normal(0, 1), N))
    flat = net.propagate(ex.iid(laws.Normal(0, 1), N), 3)
    assert system.terms < sum(len(flat.polynomial((r,))) for r in (1, 2, 3))
    assert {t: str(s) for t, s in system.outputs.items()} == {
        (1,): "kappa__z3_i", (2,): "kappa__z3_ii", (3,): "kappa__z3_iii",
    }


def test_system_of_vanishing_outputs():
    system = ex.Sum(N).system(3, ex.iid(laws.Normal(0, 1), N))
    assert system.evaluate({N: 5}) == {(1,): 0, (2,): 5, (3,): 0}
    with pytest.raises(DomainError, match="unknown"):
        ex.Mean(N).system(2, "joint")


# ---------------------------------------------------------------------------- large n


def test_law_of_large_numbers():
    for r in range(1, 5):
        out = ex.Mean(N).propagate(ex.iid(laws.Generic("kappa"), N), 4)
        assert out.large_n(r) == {(r,): (1 - r, sp.Symbol(f"kappa_{r}"))}


@pytest.mark.parametrize("common", [
    sp.Symbol("g"), sp.Symbol("g") / N, sp.Symbol("g") / sp.sqrt(N), sp.Symbol("g") / (N - 1),
], ids=str)
def test_leading_powers_are_the_limits_of_the_exact_form(common):
    net = ex.Linear(N, 1, common) >> ex.Pointwise(activations.Quadratic(sp.Rational(1, 2)))
    out = net.propagate(ex.iid(laws.Normal(1, 1), N), 3)
    positive = sp.Symbol("m", positive=True)
    for r in (1, 2, 3):
        terms = out.large_n(r)
        assert set(terms) == set(ex.types(r))
        for kind, term in terms.items():
            scaled = sp.expand((out.cumulant(kind) / N**term.power).subs(N, positive**2))
            assert sp.expand(sp.limit(scaled, positive, sp.oo) - term.coefficient) == 0


def test_large_n_where_a_weight_ties_the_width_to_other_symbols():
    w = sp.Symbol("w")
    out = ex.Linear(N, 0, 1 / (1 + w * N)).propagate(ex.iid(laws.Normal(0, 1), N), 2)
    assert out.large_n(2) == {(2,): (-1, w**-2), (1, 1): (-1, w**-2)}


def test_large_n_of_a_power_that_is_no_rational_function():
    out = ex.Linear(N, 1, 1 / sp.sqrt(N - 1)).propagate(ex.iid(laws.Normal(0, 1), N), 2)
    with pytest.raises(NoClosedFormError, match="root of n"):
        out.large_n(2)
    with pytest.raises(DomainError, match="symbol"):
        out.subs(n=3).large_n(2)


# ---------------------------------------------------------------------------- combinatorics


@pytest.mark.parametrize("order", range(1, 7))
def test_splits_count_bell_and_binomials(order):
    # all cumulants 1 make moments the Bell numbers, whatever the pattern
    def moment(kind):
        return 1 if not kind else sum(c * moment(b) for _, b, c in splits(kind))

    for kind in ex.types(order):
        assert moment(kind) == sp.bell(order)
        assert sum(c for _, c in staying(kind)) == 2**order


def test_types_of_few_units():
    assert ex.types(3) == [(3,), (2, 1), (1, 1, 1)]
    assert ex.types(3, 2) == [(3,), (2, 1)]
    assert ex.types(3, N) == ex.types(3)
    assert len(ex.types(8)) == 22
    assert str(ex.type_symbol((1,) * 11, "y1")).endswith("1,1,1")


# ---------------------------------------------------------------------------- errors


@pytest.mark.parametrize("n", [0, -2, sp.Rational(1, 2), 1.5, None, sp.Symbol("m", negative=True)])
def test_impossible_widths(n):
    for make in (ex.Linear, ex.Sum, ex.Mean, ex.CompleteGraphConv, ex.generic):
        with pytest.raises(DomainError):
            make(n)
    with pytest.raises(DomainError):
        ex.iid(laws.Normal(0, 1), n)


def test_types_that_do_not_fit():
    out = ex.Linear(2).propagate(ex.iid(laws.Generic("kappa"), 2), 3)
    with pytest.raises(ShapeError, match="3 distinct units"):
        out.type(1, 1, 1)
    for bad in ((), (0, 1), (-1,), (1.0,), (True,)):
        with pytest.raises(ShapeError, match="positive integers"):
            out.type(*bad)
    with pytest.raises(OrderError, match="order=4"):
        out.type(4)
    assert out.type(1, 2) == out.type(2, 1)
    readout = ex.Sum(N).propagate(ex.generic(N), 2)
    with pytest.raises(ShapeError, match="there are 1"):
        readout.type(1, 1)


@pytest.mark.parametrize("order", [0, -1, 1.5, True])
def test_orders_that_are_none(order):
    with pytest.raises(OrderError):
        ex.Mean(N).propagate(ex.generic(N), order)
    with pytest.raises(OrderError):
        ex.Mean(N).equations(order)
    out = ex.Mean(N).propagate(ex.generic(N), 2)
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
        ex.Pointwise(Tanh())
    with pytest.raises(DomainError, match="no activation"):
        ex.Pointwise("square")
    with pytest.raises(ShapeError, match="takes n units"):
        ex.Sum(N) >> ex.Linear(N)
    with pytest.raises(ShapeError, match="no layer"):
        ex.Linear(N) >> layers.Mean(3)
    with pytest.raises(ShapeError, match="input has 4"):
        ex.Linear(3).propagate(ex.generic(4), 1)
    with pytest.raises(DomainError, match="no exchangeable law"):
        ex.Linear(3).propagate(laws.Normal(0, 1), 1)
    with pytest.raises(DomainError, match="no law of one unit"):
        ex.iid(3, N)
    with pytest.raises(DomainError, match="inexact"):
        ex.Linear(N, 0.5)
    with pytest.raises(DomainError, match="use one sympy"):
        ex.Linear(N, 1 / sp.Symbol("n", positive=True))
    with pytest.raises(UnknownNameError, match="SAGEConv"):
        ex.CompleteGraphConv(N, "SageConv")
    with pytest.raises(DomainError, match="no parameter eps"):
        ex.CompleteGraphConv(N, "GCNConv", eps=1)
    with pytest.raises(DomainError, match="neighbours"):
        ex.CompleteGraphConv(1, "SAGEConv")
    sage = ex.CompleteGraphConv(N, "SAGEConv")
    with pytest.raises(DomainError):
        sage.subs(n=1)
    with pytest.raises(DomainError):
        sage.propagate(ex.generic(N), 1).subs(n=1)
    with pytest.raises(DomainError, match="no symbol q"):
        sage.subs(q=1)
    with pytest.raises(DomainError, match="the width is 3"):
        ex.Linear(3).explicit(4)
    with pytest.raises(DomainError, match="positive integer"):
        ex.Linear(N).explicit()


def test_heavy_tails_stop_at_their_order():
    source = ex.iid(laws.StudentT(5), N)
    assert ex.Mean(N).propagate(source, 4)[2] == sp.Rational(5, 3) / N
    with pytest.raises(OrderError, match="lighter tails"):
        ex.Pointwise(activations.Square()).propagate(source, 3)


def test_a_law_that_depends_on_the_width():
    source = ex.iid(laws.Normal(0, 1 / sp.sqrt(N)), N)
    out = ex.Sum(N).propagate(source, 2)
    assert out[2] == 1
    assert layers.Sum(4).propagate(source.explicit(4), 2)[2] == 1
    assert r"\kappa^{(x)}_{ii}" in source._repr_latex_()


def test_equal_covariances():
    pair = ex.ExchangeableLaw(N, lambda t: {(2,): 1, (1, 1): "rho"}.get(t, 0))
    out = ex.Mean(N).propagate(pair, 3)
    rho = sp.Symbol("rho")
    assert sp.expand(out[2] - (1 + (N - 1) * rho) / N) == 0
    assert out.large_n(2) == {(2,): (0, rho)}
    assert out.large_n(3) == {}


def test_hypotheses_travel():
    out = ex.CompleteGraphConv(N, "SAGEConv").propagate(ex.iid(laws.Normal(0, 1), N), 1)
    assert out.exact
    assert out.closure == "Exact()"
    assert "n >= 2" in out.hypotheses
    assert "the units are exchangeable" in out.hypotheses


def test_a_given_symbol_that_is_the_name_of_a_weight():
    net = ex.CompleteGraphConv(N, "SAGEConv") >> ex.Linear(N, "lambda__1", 1)
    for build in (net.system, net.recursion):
        with pytest.raises(DomainError, match="another name"):
            build(1)


def test_conversion_back_to_joint_cumulants():
    state = ex.Linear(N, 1, "gamma").propagate(ex.iid(laws.Normal(0, 1), N), 3)
    joint = state.explicit(3)
    assert joint.dim == 3
    assert joint.covariance == sp.Matrix(
        3, 3, lambda i, j: sp.expand(3 * G**2 + 2 * G + (1 if i == j else 0))
    )
    chained = layers.Mean(3).propagate(joint, 2)
    direct = (ex.Linear(N, 1, "gamma") >> ex.Mean(N)).propagate(
        ex.iid(laws.Normal(0, 1), N), 2
    ).subs(n=3)
    assert sp.expand(chained[2] - direct[2]) == 0


def test_numbering_and_sharing():
    shared = ex.Linear(N)
    net = shared >> ex.Pointwise(activations.Quadratic()) >> shared
    assert [str(p) for p in net.parameters] == ["alpha__1", "gamma__1", "lambda__1"]
    fixed = net.subs(lambda__1=1, gamma__1=0, alpha__1=0)
    out = fixed.propagate(ex.iid(laws.Generic("kappa"), N), 2)
    assert out[2] == sp.Symbol("kappa_2")
    assert out[1, 1] == 0
