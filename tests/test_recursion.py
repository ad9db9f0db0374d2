"""Recursions in index notation and expanded, both against enumeration."""

import itertools
import random
from fractions import Fraction

import pytest
import sympy as sp

from cumulant_theory import activations, laws, layers, symmetries, testing
from cumulant_theory.algebra import multi_indices
from cumulant_theory.cumulants import GenericJoint, cumulant_symbol, index_name
from cumulant_theory.errors import DomainError

R = sp.Rational
LETTERS = "ijkl"


def network(units=2, hidden=3):
    net = (layers.Linear(units, hidden, bias=True) >> layers.Pointwise(activations.Quadratic())
           >> layers.Linear(hidden, 2, bias=True))
    rng = random.Random("recursion")
    return net, {p: R(rng.choice([-3, -2, -1, 1, 2, 3]), rng.randint(1, 3)) for p in net.parameters}


def rational(value):
    return sp.Rational(value.numerator, value.denominator)


def enumerated_states(net, law, order):
    """State name -> {alpha: cumulant}, by pushing every input combination through the network."""
    found = testing.enumerate_network(net, law, order)
    names = [stage.target for stage in net.stages(net.input_units(getattr(law, "dim", None)))]
    states = {"x": {
        alpha: rational(testing.enumerated(net.source(law)).cumulant(alpha))
        for r in range(1, order + 1) for alpha in multi_indices(net.source(law).dim, r)
    }}
    for name, cumulants in zip(names, found.values(), strict=True):
        states[name] = {alpha: rational(v) for alpha, v in cumulants.items()}
    return states


def joint_law(units):
    points = [[R(1), R(-2), R(1, 2)], [R(0), R(3), R(1)], [R(-1), R(1, 3), R(2)]]
    return laws.DiscreteJoint([p[:units] for p in points], [R(1, 2), R(1, 3), R(1, 6)])


# ---------------------------------------------------------------------------- pointwise


def by_letters(symbol):
    """kappa__z1_iij -> ("z1", "iij"); other names -> None."""
    parts = str(symbol).split("_")
    if parts[0] == "kappa" and set(parts[-1]) <= set(LETTERS):
        return parts[-2], parts[-1]
    return None


def value_at(expression, units, states, taylor):
    """An index statement at distinct units: letters are looked up, d^(m) are derivatives."""
    images = {}
    for symbol in expression.free_symbols:
        name = by_letters(symbol)
        if name is not None:
            state, word = name
            indices = [units[LETTERS.index(c)] for c in word]
            table = states[state]
            dim = len(next(iter(table)))
            images[symbol] = table[tuple(indices.count(i) for i in range(dim))]
        elif str(symbol).startswith("d__"):
            head, letter = str(symbol).rsplit("_", 1)
            images[symbol] = taylor(int(head.removeprefix("d__")), units[LETTERS.index(letter)])
    return expression.subs(images)


@pytest.mark.parametrize("phi", [
    activations.Quadratic(R(-2, 3)), activations.Square(), activations.Polynomial([1, R(1, 2), -2]),
    activations.Identity(), activations.Cubic(R(1, 2)),
], ids=repr)
def test_pointwise_indices_hold_at_distinct_units(phi):
    units, order = 3, 3 if phi.degree < 3 else 2
    net = layers.Linear(units, units, weight=[[1, 2, 0], [R(1, 2), -1, 1], [0, 1, 3]],
                        bias_values=[1, 0, R(-1, 2)]) >> layers.Pointwise(phi)
    law = joint_law(3)
    top = order * phi.degree
    states = enumerated_states(net, law, top)
    z = sp.Symbol("z")

    def taylor(m, unit):
        mean = states["z1"][tuple(int(i == unit) for i in range(units))]
        return sp.diff(phi(z), z, m).subs(z, mean) / sp.factorial(m)

    entry = net.recursion(order).layers[1]
    assert entry.rule == "pointwise"
    checked = set()
    for e in entry.indices:
        for chosen in itertools.permutations(range(units)):
            right = value_at(e.rhs, chosen, states, taylor)
            left = value_at(e.lhs, chosen, states, taylor)
            assert left == right, (e.lhs, chosen)
        if e.order:
            checked.add(by_letters(e.lhs)[1])
    wanted = {"i", "ii", "ij", "iii", "iij", "ijk"}
    assert checked == {w for w in wanted if len(w) <= order}


def test_order_four_patterns_hold():
    net = layers.Linear(2, 4, weight=[[1, 2], [R(1, 2), -1], [0, 1], [3, 1]]) >> layers.Pointwise(
        activations.Quadratic(1)
    )
    law = joint_law(2)
    states = {"z1": {}, "y1": {}}
    finite = testing.enumerated(law)
    rows = [[1, 2], [Fraction(1, 2), -1], [0, 1], [3, 1]]
    z1 = finite.push(lambda p: [sum(w * v for w, v in zip(row, p, strict=True)) for row in rows])
    y1 = z1.push(lambda p: [v + v * v for v in p])
    states = {"z1": _Lazy(z1), "y1": _Lazy(y1)}
    z = sp.Symbol("z")

    def taylor(m, unit):
        mean = states["z1"][tuple(int(i == unit) for i in range(4))]
        return sp.diff(z + z**2, z, m).subs(z, mean) / sp.factorial(m)

    found = set()
    for e in net.recursion(4).layers[1].indices:
        if e.order == 4:
            assert value_at(e.lhs, (2, 0, 3, 1), states, taylor) == value_at(
                e.rhs, (2, 0, 3, 1), states, taylor
            ), e.lhs
            found.add(by_letters(e.lhs)[1])
    assert found == {"iiii", "iiij", "iijj", "iijk", "ijkl"}


class _Lazy:
    """Cumulants of a finite law, computed where they are looked up."""

    def __init__(self, law):
        self.law, self.known = law, {}

    def __iter__(self):
        return iter([(0,) * self.law.dim])

    def __getitem__(self, alpha):
        if alpha not in self.known:
            self.known[alpha] = rational(self.law.cumulant(alpha))
        return self.known[alpha]


# ---------------------------------------------------------------------------- affine


@pytest.mark.parametrize("kind", ["joint", "independent", "iid"])
def test_affine_indices_hold_at_every_unit(kind):
    order = 3
    net, values = network()
    net = net.subs(values)
    law = joint_law(2) if kind == "joint" else laws.Discrete([-1, 0, 2], [R(1, 2), *[R(1, 4)] * 2])
    if kind == "independent":
        law = laws.Product([law, laws.Bernoulli(R(1, 3))])
    states = enumerated_states(net, law, order)
    entry = net.recursion(order, inputs=kind).layers[0]
    matrix = next(e.rhs for e in entry.definitions if str(e.lhs) == "M__1")
    shift = next(e.rhs for e in entry.definitions if str(e.lhs) == "t__1")
    assert sp.Matrix(matrix) == sp.Matrix(net[0].weight)

    def look_up(factor):
        if isinstance(factor, sp.Symbol):
            return states["x"][int(str(factor).rsplit("_", 1)[1]), 0]
        indices = [int(i) - 1 for i in factor.indices]
        if str(factor.base.label) == "M__1":
            return matrix[indices[0], indices[1]]
        if str(factor.base.label) == "t__1":
            return shift[indices[0]]
        return states["x"][tuple(indices.count(j) for j in range(2))]

    for e in entry.indices[:order]:
        for outputs in itertools.product(range(3), repeat=e.order):
            fixed = {i: u + 1 for i, u in zip(e.lhs.indices, outputs, strict=True)}
            summed = sp.expand(e.rhs.subs(fixed).doit())
            value = summed.subs({
                f: look_up(f) for f in summed.atoms(sp.Indexed) | {
                    s for s in summed.free_symbols if str(s).startswith("kappa_") and kind == "iid"
                }
            })
            alpha = tuple(outputs.count(i) for i in range(3))
            assert value == states["z1"][alpha], (e.lhs, outputs)


# ---------------------------------------------------------------------------- expanded


@pytest.mark.parametrize("inputs", ["joint", "independent", "iid"])
def test_expanded_equations_evaluate_to_enumeration(inputs):
    order = 2
    net, values = network(hidden=2)
    finite = joint_law(2) if inputs == "joint" else laws.Discrete([-1, 0, 2])
    if inputs == "independent":
        finite = laws.Product([finite, laws.Discrete([0, 1, 4])])
    concrete = net.subs(values)
    states = enumerated_states(concrete, finite, 2 * order)
    point = dict(values)
    for (first, second), value in states["x"].items():
        r = first + second
        if inputs == "joint":
            point[cumulant_symbol((first, second), "x")] = value
        elif inputs == "iid" and not second:
            point[sp.Symbol(f"kappa_{r}")] = value
        elif inputs == "independent" and not (first and second):
            point[sp.Symbol(f"kappa__{1 if first else 2}_{r}")] = value
    recursion = net.recursion(order, inputs=inputs)
    count = 0
    for layer in recursion.layers:
        for e in layer.expanded:
            value = e.rhs.subs(point)
            names = {cumulant_symbol(a, layer.target): v for a, v in states[layer.target].items()}
            assert value == names[e.lhs], e.lhs
            point[e.lhs] = value
            count += 1
    assert {cumulant_symbol(a, "z2") for r in (1, 2) for a in multi_indices(2, r)} <= set(point)
    assert count == sum(len(la.expanded) for la in recursion.layers) > 10


def test_expanded_equations_chain_to_propagation():
    net, _ = network(hidden=2)
    law = laws.Generic("kappa").iid(2)
    known = {}
    for layer in net.recursion(2, inputs=law).layers:
        known.update({e.lhs: sp.expand(e.rhs.subs(known)) for e in layer.expanded})
    out = net.propagate(law, 2)
    for alpha, value in out.items(2):
        assert sp.expand(known[cumulant_symbol(alpha, "z2")] - value) == 0


def test_input_laws_enter_expanded_equations():
    recursion = layers.Mean(2).recursion(2, inputs=laws.Normal("mu", 1).iid(2))
    assert [e.rhs for e in recursion.layers[0].expanded] == [sp.Symbol("mu"), R(1, 2)]


# ---------------------------------------------------------------------------- shape of the data


def test_labels_states_and_hypotheses():
    net = layers.Linear(2, 2, symmetry=symmetries.PermutationInvariant()) >> layers.Pointwise(
        activations.Square()
    ) >> layers.Residual(layers.Pointwise(activations.Square())) >> layers.Mean(2)
    recursion = net.recursion(2)
    assert [la.label for la in recursion.layers] == [
        "1 Linear", "2 Pointwise", "3 Residual", "3 Residual", "3 Residual", "4 Mean"
    ]
    states = [recursion.layers[0].source, *(la.target for la in recursion.layers)]
    assert states == ["x", "z1", "y1", "z2", "y2", "z3", "z4"]
    assert [la.rule for la in recursion.layers] == [
        "affine", "pointwise", "affine", "pointwise", "affine", "affine"
    ]
    assert any("S_2" in h for h in recursion.hypotheses)
    # the copies of a residual branch have different activations: no universal form
    assert recursion.layers[3].indices == ()
    assert recursion.layers[3].expanded
    assert "x -> z1 -> y1" in repr(recursion)


def test_index_notation_does_not_grow_with_the_width():
    def pointwise(width):
        net = layers.Linear(width, width) >> layers.Pointwise(activations.Quadratic("a"))
        return net.recursion(3).layers[1].indices

    assert pointwise(2) == pointwise(7)


def test_styles():
    recursion = network(hidden=2)[0].recursion(2)
    short, long = recursion.equations(), recursion.equations("expanded")
    assert short == recursion.equations("indices") != long
    assert len(long) > len(short)
    for call in (recursion.equations, recursion.to_latex):
        with pytest.raises(DomainError, match="style 'index' is unknown; use 'indices'"):
            call("index")


def test_latex_shows_every_layer():
    recursion = network(hidden=2)[0].recursion(2)
    for style in ("indices", "expanded"):
        text = recursion.to_latex(style)
        assert [line for line in text.splitlines() if line.startswith("% ")] == [
            "% 1 Linear: x -> z1", "% 2 Pointwise: z1 -> y1", "% 3 Linear: y1 -> z2"
        ]
    assert recursion._repr_latex_().startswith("$")


def test_values_of_a_system_are_rational_numbers():
    system = layers.Linear(1, 1).system(1, "iid")
    for value in ("x", sp.sqrt(2), None):
        with pytest.raises(DomainError):
            system.evaluate(dict.fromkeys((*system.inputs, *system.parameters), value))


def test_unknown_inputs():
    net = layers.Mean(2)
    with pytest.raises(DomainError, match="use 'iid', 'independent', 'joint' or a law"):
        net.recursion(2, inputs="copies")
    with pytest.raises(DomainError):
        net.recursion(2, inputs=3)


# ---------------------------------------------------------------------------- names


def test_names_of_cumulants():
    assert str(cumulant_symbol((2, 0, 1), "z1")) == "kappa__z1_113"
    assert str(cumulant_symbol((0,) * 9 + (2,), "y2")) == "kappa__y2_10,10"
    assert index_name((8,)) == "9"
    source = GenericJoint(3, "x", ((0, 2), (1,)))
    assert source.cumulant((1, 0, 1)) == cumulant_symbol((1, 0, 1), "x")
    assert source.cumulant((1, 1, 0)) == 0
