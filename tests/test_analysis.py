"""Failure to generalise, derived: branches, failure conditions and witnesses."""

import shutil
import time
from dataclasses import replace
from fractions import Fraction

import pytest
import sympy as sp
from hypothesis import given, settings
from hypothesis import strategies as st

from cumulant_theory import activations, generalisation, laws, layers, symmetries
from cumulant_theory.algebra import Ring
from cumulant_theory.derivation import Equation
from cumulant_theory.errors import (
    DomainError,
    NoClosedFormError,
    OrderError,
    ShapeError,
    TimeLimitError,
    UnknownNameError,
    VerificationError,
)
from cumulant_theory.generalisation.components import readable
from cumulant_theory.generalisation.coordinates import Coordinates
from cumulant_theory.generalisation.enumeration import enumerated_residuals, nodes_and_weights
from cumulant_theory.generalisation.finder import BranchFinder
from cumulant_theory.generalisation.points import real_point
from cumulant_theory.latex import compile_tex, mathml, overfull_boxes
from cumulant_theory.layers import graphs
from cumulant_theory.oracle import FiniteLaw
from cumulant_theory.varieties import Ideal, _singular

SINGULAR = pytest.param("singular", marks=pytest.mark.skipif(
    _singular.executable() is None, reason="Singular is not installed"
))
CLT = layers.BlockSum(2)
GAUSSIANS = laws.Normal(0, "sigma")
CENTRED = laws.Generic(centred=True)
v, w, a, c = sp.symbols("v w a c")
l_1, l_2, q_11, q_12, q_22 = sp.symbols("l_1 l_2 Q_11 Q_12 Q_22")
kappa2, kappa3, kappa4 = sp.symbols("kappa_2:5")
HALF = sp.sqrt(2) / 2


@pytest.fixture(params=["sympy", SINGULAR])
def engine(request):
    return request.param


def unit(activation, inputs=2):
    """y = v phi(w (x_1 + ...)) + c."""
    return (
        layers.Linear(inputs, 1, symmetry=symmetries.PermutationInvariant(), name="w")
        >> layers.Pointwise(activation)
        >> layers.Linear(1, 1, bias=True, name="v", bias_name="c")
    )


TIED = unit(activations.Quadratic("a"))
# all quadratic maps of two inputs
GENERAL = (
    layers.Linear(2, 5, weight=[[1, 0], [-1, 0], [0, 1], [0, -1], [1, 1]])
    >> layers.Pointwise(activations.Quadratic(1))
    >> layers.Linear(5, 1, weight=[sp.symbols("u1:6")], bias=True, bias_name="c")
)


def analyse(network, train, test=CENTRED, order=4, target=CLT, engine="sympy", **options):
    return generalisation.analyse(network, target, train, test, order, engine=engine, **options)


def solved(branch):
    return {e.lhs: e.rhs for e in branch.equations}


def check_witness(report):
    """The residuals of the substituted network, by propagation, at the exact point."""
    witness = report.witness()
    problem = report.problem
    for law in problem.train:
        found = generalisation.residuals(witness.network, report.target, law.law, problem.order)
        assert {sp.simplify(e) for e in found.values()} == {0}
    for (law, r), value in witness.residuals.items():
        found = generalisation.residuals(witness.network, report.target, law, r)[r]
        assert sp.simplify(sp.expand(found - value)) == 0
    assert any(value != 0 for value in witness.residuals.values())
    return witness


# The tied unit of the theory


def test_every_variance_leaves_the_map_and_its_mirror_image(engine):
    report = analyse(TIED, GAUSSIANS, engine=engine)
    right, mirror = report.branches
    assert solved(right) == {c: 0, l_1: HALF, q_11: 0}
    assert solved(mirror) == {c: 0, l_1: -HALF, q_11: 0}
    assert report.definitions == {l_1: v * w, q_11: a * v * w**2}
    for branch, product in ((right, HALF), (mirror, -HALF)):
        (part,) = branch.parts
        assert {e.lhs: e.rhs for e in part.equations} == {a: 0, c: 0, v * w: product}
        assert (branch.dimension, branch.modulo_scalings) == (1, 0)
        assert [t.order for t in branch.tests] == [1, 2, 3, 4]
    assert [t.value for t in right.tests] == [0, 0, 0, 0]
    assert [t.value for t in mirror.tests] == [0, 0, -sp.sqrt(2) * kappa3, 0]
    assert (right.generalises, mirror.generalises) == (True, False)
    assert (report.generalises, report.fits, report.exact) == (False, True, True)
    (failure,) = report.failure_conditions
    assert (failure.branch, failure.order, failure.conditions) == (2, 3, (-sp.sqrt(2),))
    assert report.complex_branches == ()
    assert any("Zariski dense" in h for h in report.hypotheses)
    witness = check_witness(report)
    assert sp.expand(witness.values[v] * witness.values[w]) == -HALF
    assert witness.residuals[CENTRED, 3] == -sp.sqrt(2) * kappa3


def test_symmetric_laws_cannot_show_the_mirror_image():
    report = analyse(TIED, GAUSSIANS, laws.Generic(symmetric=True))
    assert report.generalises is True
    assert len(report.branches) == 2
    assert report.failure_conditions == ()
    with pytest.raises(DomainError, match="no witness"):
        report.witness()


def test_one_variance_to_order_two_leaves_a_curve_of_nonlinear_maps(engine):
    report = analyse(TIED, laws.Normal(0, 1), order=2, engine=engine)
    (branch,) = report.branches
    assert solved(branch) == {c: -2 * q_11, 4 * q_11**2 + l_1**2: sp.Rational(1, 2)}
    assert (branch.component.dimension, branch.dimension, branch.modulo_scalings) == (1, 2, 1)
    assert report.generalises is False
    first = branch.tests[0]
    assert sp.expand(first.value - 2 * q_11 * (kappa2 - 1)) == 0
    witness = check_witness(report)
    assert witness.values[a] != 0


def test_one_variance_to_order_three_leaves_it_over_the_complex_numbers_alone():
    report = analyse(TIED, laws.Normal(0, 1), order=3)
    assert [solved(b) for b in report.branches] == [
        {c: 0, l_1: HALF, q_11: 0}, {c: 0, l_1: -HALF, q_11: 0}
    ]
    (rest,) = report.complex_branches
    assert rest.dimension == 0
    assert rest.ideal.contains(2 * c**2 - 3)
    assert rest.ideal.contains(l_1**2 + 1)
    assert {e.lhs: e.rhs for e in rest.equations}[l_1**2] == -1
    check_witness(report)


def test_one_variance_to_order_four_leaves_linear_maps():
    report = analyse(TIED, laws.Normal(0, 1))
    assert [solved(b)[l_1] for b in report.branches] == [HALF, -HALF]
    assert report.complex_branches == ()


def test_a_skewed_family_is_enough():
    for law in (laws.Exponential("rate"), laws.Generic(), laws.Gamma("k", "theta")):
        report = analyse(TIED, law, laws.Generic(), order=3)
        assert report.generalises is True
        assert [solved(b) for b in report.branches] == [{c: 0, l_1: HALF, q_11: 0}]


# Linear units


@pytest.mark.parametrize("b", [2, 3])
def test_gaussians_leave_the_sphere_of_linear_maps(b):
    report = analyse(layers.Linear(b, 1, name="w"), GAUSSIANS, target=layers.BlockSum(b))
    weights = report.network.parameters
    (branch,) = report.branches
    assert solved(branch) == {sum(x**2 for x in weights): 1}
    assert branch.dimension == branch.modulo_scalings == b - 1
    third, fourth = (t for t in branch.tests if not t.vanishes)
    assert sp.expand(third.value - kappa3 * (sum(x**3 for x in weights) - 1 / sp.sqrt(b))) == 0
    on_sphere = branch.ideal.reduce(sum(x**4 for x in weights) - sp.Rational(1, b))
    assert branch.ideal.reduce(sp.expand(fourth.value / kappa4) - on_sphere) == 0
    check_witness(report)


def test_the_symmetric_group_leaves_two_points_of_the_sphere():
    for b in (2, 3):
        network = layers.Linear(b, 1, symmetry=symmetries.PermutationInvariant(), name="w")
        report = analyse(network, GAUSSIANS, target=layers.BlockSum(b))
        assert [solved(x) for x in report.branches] == [{w: 1 / sp.sqrt(b)}, {w: -1 / sp.sqrt(b)}]
        assert [x.dimension for x in report.branches] == [0, 0]
        assert report.failure_conditions[0].value == -2 / sp.sqrt(b) * kappa3
        even = analyse(network, GAUSSIANS, laws.Generic(symmetric=True), target=layers.BlockSum(b))
        assert even.generalises is True


def test_free_weights_fail_even_on_symmetric_laws():
    report = analyse(layers.Linear(2, 1, name="w"), GAUSSIANS, laws.Generic(symmetric=True))
    assert [t.order for t in report.failure_conditions] == [4]


def test_antisymmetric_weights_fit_gaussians_and_no_skewed_law():
    network = layers.Linear(2, 1, symmetry=symmetries.Alternating(), name="w")
    report = analyse(network, GAUSSIANS)
    assert {b.generalises for b in report.branches} == {False}
    assert {t.value for t in report.failure_conditions} == {-HALF * kappa3}
    skewed = analyse(network, CENTRED, order=3)
    assert (skewed.generalises, skewed.fits, skewed.branches) == (False, False, ())
    assert "no real parameters fit" in skewed.reason
    assert skewed.derivation.verify(points=1)


def test_an_exponent_with_a_rational_target():
    network = layers.Linear(2, 1, symmetry=symmetries.PermutationInvariant(), name="w")
    report = analyse(network, GAUSSIANS, target=layers.BlockSum(2, s=1))
    assert report.problem.roots == {}
    assert [solved(b) for b in report.branches] == [
        {w: sp.Rational(1, 2)}, {w: -sp.Rational(1, 2)}
    ]
    assert report.failure_conditions[0].value == -kappa3 / 2


def test_an_exponent_with_a_cube_root():
    network = layers.Linear(2, 1, symmetry=symmetries.PermutationInvariant(), name="w")
    report = analyse(network, GAUSSIANS, target=layers.BlockSum(2, s=sp.Rational(1, 3)))
    root = sp.Integer(2) ** sp.Rational(-1, 3)
    assert [solved(b) for b in report.branches] == [{w: root}, {w: -root}]
    assert report.failure_conditions[0].value == -2 * kappa3


def test_graph_convolutions_are_the_same_unit():
    graph = graphs.complete(2)
    network = graphs.GraphConv(graph) >> graphs.Readout(graph)
    report = analyse(network, GAUSSIANS)
    assert [solved(b) for b in report.branches] == [{l_1: HALF}, {l_1: -HALF}]
    assert [b.dimension for b in report.branches] == [1, 1]
    assert report.failure_conditions[0].value == -sp.sqrt(2) * kappa3
    check_witness(report)


def test_several_training_laws_together():
    network = layers.Linear(2, 1, name="w")
    for law in (laws.Normal(0, 1), laws.Rademacher()):
        assert analyse(network, law, order=3).generalises is False
    skewed = laws.Exponential(1)
    both = analyse(network, [laws.Normal(0, 1), skewed], [CENTRED, laws.Uniform(-1, 1)], order=3)
    assert both.generalises is True
    assert [(t.law, t.order) for t in both.branches[0].tests] == [
        (law, r) for law in (CENTRED, laws.Uniform(-1, 1)) for r in (1, 2, 3)
    ]


def test_correlated_gaussians():
    joint = laws.MultivariateNormal([0, 0], [[1, "rho"], ["rho", 1]])
    report = analyse(layers.Linear(2, 1, name="w"), joint, laws.Generic(symmetric=True), order=2)
    assert [set(solved(b).values()) for b in report.branches] == [{-HALF}, {HALF}]
    assert report.derivation.verify(points=1)


# Nonlinear networks


def test_all_quadratic_maps_leave_the_sphere(engine):
    report = analyse(GENERAL, GAUSSIANS, engine=engine)
    (branch,) = report.branches
    assert solved(branch) == {c: 0, q_11: 0, q_12: 0, q_22: 0, l_1**2 + l_2**2: 1}
    assert branch.dimension == 1
    assert report.failure_conditions[0].order == 3
    check_witness(report)


def test_two_equivariant_hidden_units_leave_two_points():
    network = (
        layers.Linear(2, 2, symmetry=symmetries.PermutationEquivariant())
        >> layers.Pointwise(activations.Quadratic())
        >> layers.Linear(2, 1, symmetry=symmetries.PermutationInvariant(), bias=True)
    )
    report = analyse(network, GAUSSIANS)
    assert [solved(b)[l_1] for b in report.branches] == [HALF, -HALF]
    for branch in report.branches:
        assert {e.rhs for e in branch.equations if e.lhs != l_1} == {0}
        (part,) = branch.parts
        assert sp.Symbol("alpha__1") in part.zero
        assert (part.dimension, part.modulo_scalings) == (2, 1)
    check_witness(report)


def test_free_hidden_units_leave_the_sphere_too():
    network = (
        layers.Linear(2, 1, name="w") >> layers.Pointwise(activations.Quadratic("a"))
        >> layers.Linear(1, 1, name="v", bias=True, bias_name="c")
    )
    report = analyse(network, GAUSSIANS)
    (branch,) = report.branches
    # a single unit has monomials for coefficients, so its parameters are the unknowns
    assert report.definitions == {}
    w1, w2 = sp.symbols("w_11 w_12")
    assert solved(branch) == {a: 0, c: 0, v**2 * (w1**2 + w2**2): 1}
    assert (branch.dimension, branch.modulo_scalings) == (2, 1)
    check_witness(report)


def test_a_cubic_unit():
    report = analyse(unit(activations.Cubic("a")), GAUSSIANS)
    cubic = sp.Symbol("T3_111")
    assert [solved(b) for b in report.branches] == [
        {c: 0, l_1: HALF, cubic: 0}, {c: 0, l_1: -HALF, cubic: 0}
    ]
    assert report.failure_conditions[0].value == -sp.sqrt(2) * kappa3


def test_odd_networks_are_right_on_symmetric_laws_and_mirrored_on_others():
    odd = (
        layers.Linear(2, 1, symmetry=symmetries.PermutationInvariant(), name="w")
        >> layers.Pointwise(activations.Cubic("a")) >> layers.Linear(1, 1, name="v")
    )
    symmetric = laws.Generic(symmetric=True)
    assert analyse(odd, symmetric, symmetric).generalises is True
    report = analyse(odd, symmetric, laws.Generic(), order=3)
    assert [solved(b)[l_1] for b in report.branches] == [HALF, -HALF]
    # the mirror image has the wrong mean and the wrong third cumulant
    assert [t.order for t in report.failure_conditions] == [1, 3]
    check_witness(report)


def test_real_weights_may_not_reach_a_real_branch():
    """v (w x)^2 with v = 1: no map with a negative coefficient is reached."""
    square = layers.Linear(1, 1, name="w") >> layers.Pointwise(activations.Square())
    positive = layers.Linear(1, 1, weight=[[2]]) >> layers.Pointwise(activations.Square())
    negative = positive >> layers.Linear(1, 1, weight=[[-1]])
    report = analyse(square, laws.Normal(0, 1), order=1, target=negative, test=laws.Normal(0, 2))
    assert (report.fits, report.generalises) == (False, False)
    report = analyse(square, laws.Normal(0, 1), laws.Normal(0, 3), order=2, target=positive)
    assert report.generalises is True
    assert {p.equations[0].rhs for b in report.branches for p in b.parts} == {-2, 2}


@settings(max_examples=6)
@given(st.fractions(-2, 2, max_denominator=3).filter(bool),
       st.fractions(-2, 2, max_denominator=3).filter(bool))
def test_a_learned_linear_map_is_found_among_its_branches(p, q):
    """Trained on a generic law, the weights are found up to their order."""
    target = layers.BlockSum(2, weights=[p, q])
    report = analyse(layers.Linear(2, 1, name="w"), laws.Generic(), laws.Generic(), order=3,
                     target=target)
    found = {tuple(e.rhs for e in b.equations) for b in report.branches}
    p, q = sp.Rational(p), sp.Rational(q)
    assert found == {(p, q), (q, p)}
    assert report.generalises is True


# Unusual input


def test_only_layers_are_compared():
    with pytest.raises(DomainError, match="network 3 is no layer"):
        analyse(3, GAUSSIANS)
    with pytest.raises(DomainError, match="target 'x' is no layer"):
        analyse(TIED, GAUSSIANS, target="x")


@pytest.mark.parametrize("kind", ["integer", "rational", "positive", "nonnegative"])
def test_parameters_range_over_all_real_numbers(kind):
    p = sp.Symbol("p", **{kind: True})
    with pytest.raises(DomainError, match=f"assumed to be {kind}"):
        analyse(layers.Linear(2, 1, weight=[[p, p]]), GAUSSIANS)


def test_complex_entries_are_refused():
    with pytest.raises(DomainError, match="the imaginary unit occurs"):
        analyse(layers.Linear(2, 1, weight=[[sp.I, "t"]]), GAUSSIANS)


def test_real_parameters_are_welcome():
    p = sp.Symbol("p", real=True)
    report = analyse(layers.Linear(2, 1, weight=[[p, p]]), GAUSSIANS)
    assert [solved(b) for b in report.branches] == [{p: HALF}, {p: -HALF}]


def test_symbols_that_print_alike_are_refused():
    x, y = sp.Symbol("x"), sp.Symbol("x", real=True)
    with pytest.raises(DomainError, match="different parameters of one name: x"):
        analyse(layers.Linear(2, 1, weight=[[x, y]]), GAUSSIANS)
    scale = laws.Normal(0, sp.Symbol("sigma", positive=True))
    with pytest.raises(DomainError, match="sigma: symbols of"):
        analyse(layers.Linear(2, 1, weight=[["sigma", "sigma"]]), scale)


def test_a_single_input_unit():
    report = analyse(layers.Linear(1, 1, name="w"), GAUSSIANS, target=layers.BlockSum(1))
    assert [solved(x) for x in report.branches] == [{w: 1}, {w: -1}]
    assert report.failure_conditions[0].value == -2 * kappa3
    assert report.derivation.verify()


@pytest.mark.parametrize(("network", "train", "test"), [
    (layers.Linear(2, 1, name="w"), laws.Rademacher(), CENTRED),  # odd cumulants are zero
    (layers.Linear(2, 1, name="w"), laws.Discrete([2], [1]), CENTRED),  # and all from order 2
    # rational functions of the symbol, with poles at integers
    (layers.Linear(2, 1, name="w"), GAUSSIANS, laws.StudentT("nu")),
])
def test_derivations_on_unusual_laws(network, train, test):
    report = analyse(network, train, test)
    assert report.generalises is False
    check_witness(report)
    for seed in range(5):
        assert report.derivation.verify(points=1, seed=seed)


def test_enumeration_keeps_its_arithmetic_where_cumulants_vanish():
    ring = Ring([sp.sqrt(2)])
    coin = FiniteLaw(
        [(ring.element(-sp.sqrt(2)),), (ring.element(sp.sqrt(2)),)],
        [ring.element(sp.Rational(1, 2))] * 2,
    )
    assert [ring.expr(coin.cumulant((r,))) for r in (1, 2, 3, 4, 7)] == [0, 2, 0, -8, 0]


# The derivation


@pytest.fixture(scope="module")
def derived():
    return analyse(TIED, GAUSSIANS)


def test_every_step_of_the_derivation_holds_and_says_what_it_does(derived):
    derivation = derived.derivation
    assert derivation.verify()
    rules = [s.rule for s in derivation.steps]
    assert rules == [
        "effective coefficients", "training residuals", "training equations", "test residuals",
        "branch 1", "parameters of branch 1", "test residuals on branch 1",
        "branch 2", "parameters of branch 2", "test residuals on branch 2",
        "no other branch", "witness on branch 2", "verdict",
    ]


def test_a_changed_statement_is_caught(derived):
    derivation = derived.derivation
    for step in derivation.steps:
        alone = replace(derivation, steps=(replace(step, uses=()),))
        for k, e in enumerate(step.statement):
            wrong = f"{e.rhs}x" if isinstance(e.rhs, str) else e.rhs + 1
            changed = list(step.statement)
            changed[k] = Equation(e.lhs, wrong, e.order)
            with pytest.raises(VerificationError, match=step.rule):
                alone.with_step(1, statement=tuple(changed)).verify(points=1)


def test_a_missing_branch_is_caught(derived):
    shorter = replace(derived, branches=derived.branches[:1])
    with pytest.raises(VerificationError, match="no branch"):
        shorter.derivation.verify(points=1)


@pytest.mark.parametrize(("network", "train", "order"), [
    (GENERAL, GAUSSIANS, 2), (TIED, laws.Normal(0, 1), 1),
])
def test_derivations_of_other_cases(network, train, order):
    report = analyse(network, train, order=order, test_order=2)
    assert report.generalises is (order == 2)
    assert report.derivation.verify(points=1)


@pytest.mark.latex
@pytest.mark.skipif(shutil.which("latexmk") is None, reason="latexmk is not installed")
def test_the_derivation_and_the_table_compile(derived, tmp_path):
    source = derived.derivation.write_tex(tmp_path / "analysis.tex")
    end = r"\end{document}"
    source.write_text(source.read_text().replace(end, f"{derived.to_latex()}\n{end}"))
    log = compile_tex(source, tmp_path / "analysis.pdf")
    assert [box for box in overfull_boxes(log) if box[0] > 1] == []
    assert "undefined" not in log.lower()


def test_finite_laws_with_given_moments():
    law = laws.Normal(1, 2)
    atoms = nodes_and_weights([law.moment(k) for k in range(7)])
    finite = FiniteLaw([(Fraction(x),) for x, _ in atoms],
                       [Fraction(int(p.p), int(p.q)) for _, p in atoms])
    assert [finite.cumulant((r,)) for r in range(1, 7)] == [1, 4, 0, 0, 0, 0]


@pytest.mark.parametrize("law", [laws.Exponential(2), laws.Uniform(-1, 3), laws.Laplace(0, 1)])
def test_enumerated_residuals_equal_propagated_ones(law):
    values = {v: sp.Rational(2, 3), w: sp.Rational(-1, 2), a: sp.Integer(3), c: sp.Integer(1)}
    found = enumerated_residuals(TIED, CLT, law.iid(2), 3, values)
    expected = generalisation.residuals(TIED.subs(values), CLT, law, 3)
    assert all(sp.expand(found[r] - expected[r]) == 0 for r in (1, 2, 3))


# Parts of the machinery


def test_coordinates_know_relations_and_scalings():
    known = Coordinates(TIED)
    assert known.unknowns == (c, l_1, q_11)
    assert known.images[q_12] == 2 * q_11
    assert known.dominant
    (scaling,) = known.scalings()
    assert {abs(d) for d in scaling.values()} == {1}
    assert scaling[v] == -scaling[w] == scaling[a]
    assert len(known.scalings(zero=[a, v])) == 1
    # a constant entry
    assert Coordinates(layers.Linear(2, 1, weight=[["p", 1]])).unknowns == (sp.Symbol("p"),)


def test_equations_are_readable():
    x, y, s = sp.symbols("x y s")
    radicals = {s: sp.sqrt(3)}
    assert readable(3 * x - s * y, [x, y], radicals) == Equation(x, sp.sqrt(3) * y / 3)
    assert readable(6 * x * y - s, [x, y], radicals) == Equation(x * y, sp.sqrt(3) / 6)
    assert readable(-2 * x**2 - 2 * y**2 + 1, [x, y], radicals) == Equation(
        x**2 + y**2, sp.Rational(1, 2)
    )


def test_points_are_exact_and_accepted():
    x, y = sp.symbols("x y")
    curve = Ideal([x**2 - 2 * y**2 - 1], [x, y], engine="sympy")
    point, maximal = real_point(curve, [x, y], [], lambda m: not m.contains(y))
    assert point[y] != 0
    assert sp.expand(point[x] ** 2 - 2 * point[y] ** 2) == 1
    assert maximal.contains(curve.generators[0])
    assert real_point(Ideal([x**2 + y**2 + 1], [x, y], engine="sympy"), [x, y], []) is None


def test_tables(derived):
    text = repr(derived)
    assert "does not generalise" in text
    assert "rho_3 = -sqrt(2)*kappa_3" in text
    assert "1, 0 modulo scalings" in text
    html = derived._repr_html_()
    assert html.count("<tr") == 3
    assert mathml(sp.Symbol("kappa_3"))[-40:-7] in html
    assert derived.to_latex().count(r"\\") == 7
    assert r"\rho_{3} = - \sqrt{2} \, \kappa_{3}" in derived._repr_latex_()
    assert r"\kappa_{3}" in derived.failure_conditions[0]._repr_latex_()
    assert r"\rho_{3}" in derived.witness()._repr_latex_()


def test_katex_accepts_the_table(derived, katex, tmp_path):
    shown = (derived, derived.witness(), derived.failure_conditions[0])
    katex([x._repr_latex_().strip("$") for x in shown], tmp_path)


# Limits and refusals


def test_a_time_limit_gives_no_verdict(engine):
    report = analyse(TIED, GAUSSIANS, engine=engine, seconds=Fraction(1, 1000))
    assert (report.generalises, report.fits, report.exact) == (None, None, False)
    assert "limit" in report.reason
    assert "undecided" in repr(report)
    assert report.derivation.verify(points=1)
    with pytest.raises(DomainError, match="no witness"):
        report.witness()


FREE = (
    layers.Linear(2, 2, name="w") >> layers.Pointwise(activations.Quadratic("a"))
    >> layers.Linear(2, 1, name="v", bias=True)
)


@pytest.mark.parametrize("order", [12, 40])
def test_the_residuals_are_written_down_within_the_time_limit(order):
    start = time.process_time()
    with pytest.raises(TimeLimitError, match=r"residuals|effective coefficients"):
        analyse(FREE if order == 12 else TIED, laws.Normal(0, "s"), order=order, seconds=1)
    assert time.process_time() - start < 5  # two seconds are always allowed


def test_a_variety_too_large_for_the_time_limit_is_not_waited_for(engine):
    start = time.process_time()
    report = analyse(FREE, laws.Normal(0, "s"), order=5, seconds=1, engine=engine)
    assert time.process_time() - start < 6
    if report.generalises is None:
        assert "limit" in report.reason
    else:  # a fast machine finds a certified point in what is left of the second
        assert report.generalises is False
        assert report.certified is not None


def test_a_witness_is_found_where_the_variety_is_not_decomposed(monkeypatch):
    def late(self):
        raise TimeLimitError("late")

    monkeypatch.setattr(BranchFinder, "real", late)
    report = analyse(TIED, GAUSSIANS)
    assert (report.generalises, report.fits, report.branches) == (False, True, ())
    check_witness(report)
    assert report.derivation.verify(points=1)


def test_what_does_not_fit_is_refused():
    with pytest.raises(DomainError, match="rename"):
        analyse(TIED, laws.Normal(0, "a"))
    with pytest.raises(DomainError, match="rename"):
        analyse(TIED, laws.Generic("l"))
    with pytest.raises(DomainError, match=r"target\.subs"):
        analyse(TIED, GAUSSIANS, target=layers.BlockSum(2, "s"))
    with pytest.raises(DomainError, match="no free parameter"):
        analyse(layers.Mean(2), GAUSSIANS)
    with pytest.raises(DomainError, match="empty"):
        analyse(TIED, [])
    with pytest.raises(DomainError, match="pi occurs"):
        analyse(TIED, laws.Logistic(0, 1), order=2)
    with pytest.raises(DomainError, match="plain symbol"):
        analyse(unit(activations.Quadratic(sp.Symbol("a", positive=True))), GAUSSIANS)
    with pytest.raises(DomainError, match="no polynomial in its parameters"):
        analyse(layers.Linear(2, 1, weight=[[sp.sqrt(a), 1]]), GAUSSIANS)
    with pytest.raises(NoClosedFormError):
        analyse(unit(activations.ReLU()), GAUSSIANS)
    with pytest.raises(OrderError, match="StudentT"):
        analyse(TIED, laws.StudentT(5))
    with pytest.raises(ShapeError, match=r"BlockSum\(2\)"):
        analyse(TIED, GAUSSIANS, target=layers.BlockSum(3))
    with pytest.raises(UnknownNameError, match="sympy"):
        analyse(TIED, GAUSSIANS, engine="magma")
    with pytest.raises(OrderError, match="positive"):
        analyse(TIED, GAUSSIANS, test_order=0)
