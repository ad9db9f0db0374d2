"""Ideals, components and real points, by both engines; the tied unit of the theory in full."""

import subprocess
import time

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
    UnknownNameError,
)
from cumulant_theory.varieties import Ideal, _engine, _singular, rationalised

SINGULAR = pytest.param("singular", marks=pytest.mark.skipif(
    _singular.executable() is None, reason="Singular is not installed"
))
CLT = layers.BlockSum(2)
v, w, a, c, sigma = sp.symbols("v w a c sigma")
x, y, z, t, u = sp.symbols("x y z t u")


@pytest.fixture(params=["sympy", SINGULAR])
def engine(request):
    return request.param


@pytest.fixture(scope="module")
def tied():
    """y = v (z + a z^2) + c, z = w (x_1 + x_2)."""
    return (
        layers.Linear(2, 1, symmetry=symmetries.PermutationInvariant(), name="w")
        >> layers.Pointwise(activations.Quadratic("a"))
        >> layers.Linear(1, 1, bias=True, name="v", bias_name="c")
    )


def training(network, law, order, free=()):
    found = generalisation.residuals(network, CLT, law, order=order).values()
    return [e for f in found for e in (sp.Poly(f, *free).coeffs() if free else [f])]


def on(ideal, point):
    """Whether all generators vanish exactly at an algebraic point."""
    values = [sp.sympify(g).xreplace(point) for g in ideal.generators]
    return all(sp.minimal_polynomial(value, t) == t for value in values)


# The tied unit


def test_every_variance_forces_the_linear_map_up_to_sign(tied, engine):
    equations = training(tied, laws.Normal(0, "sigma"), 4, [sigma])
    ideal = Ideal(equations, [a, c, v, w], engine=engine)
    linear = Ideal([a, c, 2 * v**2 * w**2 - 1], [a, c, v, w], engine=engine)
    assert ideal == linear
    assert ideal.dimension == 1
    assert ideal.minimal_primes() == [linear] == ideal.real_components()
    assert on(ideal, ideal.sample_real_point(seed=2))


def test_order_three_of_a_skewed_law_separates_the_two_signs(tied, engine):
    equations = training(tied, laws.Normal(0, "sigma"), 4, [sigma])
    test = generalisation.residuals(tied, CLT, laws.Generic(centred=True), order=3)[3]
    (residual,), relations = rationalised([test])
    (s,) = relations
    assert relations[s] == s**2 - 2
    ideal = Ideal([*equations, relations[s]], [s, a, c, v, w], engine=engine)
    branches = ideal.real_components(positive=[s])
    kappa3 = sp.Symbol("kappa_3")
    assert len(branches) == 2
    assert {b.reduce(residual) for b in branches} == {0, -s * kappa3}
    (mirror,) = (b for b in branches if b.reduce(residual) != 0)
    assert mirror.contains(2 * v * w + s)
    witness = mirror.sample_real_point(positive=[s])
    assert sp.simplify(test.xreplace(witness) + sp.sqrt(2) * kappa3) == 0
    assert not ideal.in_radical(residual)


def test_single_variance_one_order_by_order(tied, engine):
    def branch(order):
        ideal = Ideal(training(tied, laws.Normal(0, 1), order), [a, c, v, w], engine=engine)
        return ideal, ideal.saturate(a)

    _, second = branch(2)
    assert second.dimension == 2
    point = second.sample_real_point(seed=1)
    assert point[a] != 0
    assert on(second, point)
    # up to the scaling z -> r z that no output sees, one parameter
    scaled = Ideal([*second.generators, w - 1], [a, c, v, w], engine=engine)
    assert scaled.dimension == 1
    third, complex_branch = branch(3)
    assert complex_branch.dimension == 1
    assert complex_branch.contains(2 * c**2 - 3)
    assert complex_branch.contains(v**2 * w**2 + 1)
    assert not complex_branch.has_real_points()
    assert len(third.minimal_primes()) == 2
    linear = Ideal([a, c, 2 * v**2 * w**2 - 1], [a, c, v, w], engine=engine)
    assert third.real_components() == [linear]
    assert third.real_radical() == linear
    _, fourth = branch(4)
    assert fourth.contains(1)
    assert fourth.dimension == -1


def test_all_quadratic_maps_leave_the_sphere_of_linear_ones(engine):
    """Order 2 sets a sum of squares to zero: the real radical, not the ideal, forgets Q."""
    weight = [[1, 0], [-1, 0], [0, 1], [0, -1], [1, 1]]
    network = (
        layers.Linear(2, 5, weight=weight) >> layers.Pointwise(activations.Quadratic(1))
        >> layers.Linear(5, 1, weight=[sp.symbols("u1:6")], bias=True, bias_name="c")
    )
    u1, u2, u3, u4, u5 = sp.symbols("u1:6")
    linear = [u1 - u2 + u5, u3 - u4 + u5]
    quadratic = [u1 + u2 + u5, u3 + u4 + u5, u5]
    names = [c, u1, u2, u3, u4, u5]
    ideal = Ideal(training(network, laws.Normal(0, "sigma"), 2, [sigma]), names, engine=engine)
    sphere = Ideal([c, *quadratic, sum(e**2 for e in linear) - 1], names, engine=engine)
    assert not any(ideal.in_radical(q) for q in quadratic)
    assert ideal.real_components() == [sphere]
    assert sphere.dimension == 1
    assert on(ideal, ideal.sample_real_point())


# The algebra


def test_membership_normal_form_and_elimination(engine):
    curve = Ideal([x - t**2, y - t**3], [t, x, y], engine=engine)
    assert curve.eliminate([t]) == Ideal([x**3 - y**2], [x, y], engine=engine)
    assert curve.contains(x**3 - y**2)
    assert curve.reduce(z * (x**3 - y**2) + z) == z
    double = Ideal([x**2 * y], [x, y], engine=engine)
    assert double.in_radical(x * y)
    assert not double.contains(x * y)
    assert double.saturate(x) == Ideal([y], [x, y], engine=engine)
    assert Ideal([], [x, y], engine=engine).dimension == 2
    assert Ideal([], [x, y], engine=engine).minimal_primes() == [Ideal([], [x, y])]
    assert Ideal([x, x - 1], [x], engine=engine).minimal_primes() == []


def test_lexicographic_basis_is_sympys(engine):
    equations = [x**2 + 3 * y * z - 1, y**2 - z / 7, x * z - 5]
    expected = sp.groebner(equations, x, y, z, order="lex").exprs
    found = Ideal(equations, [x, y, z], engine=engine).groebner("lex")
    assert [sp.Poly(f, x, y, z).monic() for f in found] == [
        sp.Poly(f, x, y, z).monic() for f in expected
    ]


def test_parameters_are_invertible_constants(engine):
    ideal = Ideal([t * x**2 - u**2 / t, (t - 1) * x * y - u / 3], [x, y], engine=engine)
    assert ideal.parameters == (t, u)
    primes = ideal.minimal_primes()
    assert len(primes) == 2
    assert {sp.factor(p.reduce(x)) for p in primes} == {u / t, -u / t}
    assert {sp.cancel(p.reduce(y) * 3 * (t - 1) / t) for p in primes} == {1, -1}
    assert all(p.contains(3 * (t - 1) * x * y - u) for p in primes)
    with pytest.raises(DomainError, match="parameters"):
        ideal.real_points()


def test_primes_of_different_dimension(engine):
    parts = [[x, y], [z, x**2 + y**2 - 2], [x - 1, y - 1, z - 1], [x - y, z**2 - x]]
    ideals = [Ideal(p, [x, y, z], engine=engine) for p in parts]
    whole = ideals[0]
    for part in ideals[1:]:
        whole = whole.intersect(part)
    found = whole.minimal_primes()
    # the point lies on the last curve
    assert len(found) == 3
    assert all(any(p == q for q in found) for p in (ideals[0], ideals[1], ideals[3]))


@settings(max_examples=15)
@given(st.sets(st.tuples(*[st.fractions(-3, 3, max_denominator=3)] * 2), min_size=1, max_size=4))
def test_the_ideal_of_finitely_many_points_gives_them_back(points):
    whole = Ideal([1], [x, y], engine="sympy")
    for p, q in points:
        whole = whole.intersect(Ideal(
            [x - sp.Rational(p), (y - sp.Rational(q)) * (y**2 + 1)], [x, y], engine="sympy"
        ))
    found = whole.real_points()
    assert {(f[x], f[y]) for f in found} == {(sp.Rational(p), sp.Rational(q)) for p, q in points}
    assert len(found) == len(points)
    assert len(whole.real_components()) == len(points)


@pytest.mark.skipif(_singular.executable() is None, reason="Singular is not installed")
def test_characteristic_sets_end_where_localisation_does_not():
    """A plane curve of degree 8 with one more variable; localisation alone takes minutes."""
    ideal = Ideal([
        4 * t**2 * (x**6 + 6 * x**5 * y - 9 * x**4 * y**2 + 36 * x**3 * y**3 - 9 * x**2 * y**4
                    + 6 * x * y**5 + y**6) - 3 * (x + y) ** 2,
        4 * t**2 * (x**4 + 6 * x**2 * y**2 + y**4) + 2 * (x + y) ** 2 - 1,
    ], [x, y, t], engine="singular")
    (prime,) = ideal.minimal_primes(seconds=20)
    assert prime.dimension == 1
    curve = prime.eliminate([t])
    assert [sp.Poly(g).total_degree() for g in curve.generators] == [8]


def test_smooth_points(engine):
    node = Ideal([y**2 - x**2 * (x + 1)], [x, y], engine=engine)
    origin = node.add(x, y)
    other = node.add(x - 3, y - 6)
    irrational = node.add(x - 1, y**2 - 2)
    assert [node.is_smooth_at(p) for p in (origin, other, irrational)] == [False, True, True]
    line = Ideal([z - x, y - x**2], [x, y, z], engine=engine)
    assert line.is_smooth_at(line.add(x - 2))


# Real points


def test_real_points_are_exact_and_complete(engine):
    ideal = Ideal([x**3 - 3 * x + 1, y**2 - x], [x, y], engine=engine)
    points = ideal.real_points()
    # three real x, two of them positive
    assert len(points) == 4
    assert all(on(ideal, p) for p in points)
    assert len(ideal.real_points(positive=[y])) == 2
    with pytest.raises(DomainError, match="dimension 1"):
        Ideal([x * y], [x, y], engine=engine).real_points()


@pytest.mark.parametrize(("equations", "real"), [
    ([x**2 + y**2 + 1], False),
    ([x**2 + x * y + y**2 + 1], False),
    ([(x - 5) ** 2 + (y + 7) ** 2 - sp.Rational(1, 10**6)], True),
    ([x**4 + y**4 - x**2 * y**2 - 2 * x + 3], False),
    ([x**4 + y**4 - x**2 * y**2 - 2 * x + 1], True),
    ([x * y - 1, x**2 * y**2 + z**2], False),
])
def test_real_points_exist_or_not(equations, real, engine):
    names = sorted(set().union(*(e.free_symbols for e in equations)), key=str)
    ideal = Ideal(equations, names, engine=engine)
    assert ideal.has_real_points() == real
    if real:
        assert on(ideal, ideal.sample_real_point(seed=5))
    else:
        assert ideal.real_components() == []
        with pytest.raises(DomainError, match="no real point"):
            ideal.sample_real_point()


@pytest.mark.parametrize(("equations", "expected"), [
    ([x**2 + y**2], [x, y]),
    ([x**2 + 2 * x * y + 2 * y**2], [x, y]),
    ([y**2 - x**3 + x**2], [y**2 - x**3 + x**2]),   # an isolated point, and a curve that is real
    ([x**2 - z * y**2 - 2 * y**2], [x**2 - z * y**2 - 2 * y**2]),
    ([x**2 + x * y**2 + y**4], [x, y]),
    ([x**3 - 2], [x**3 - 2]),
    ([x**2 * (x**4 + 1)], [x]),
])
def test_real_radicals(equations, expected, engine):
    names = sorted(set().union(*(e.free_symbols for e in equations)), key=str)
    ideal = Ideal(equations, names, engine=engine)
    assert ideal.real_radical() == Ideal(expected, names)
    if engine == "singular":
        ring = ideal._ring
        second = _singular.real_radical(ideal._elements, ring)
        assert Ideal([g.as_expr() for g in second], names) == Ideal(expected, names)


def test_positive_variables_choose_the_real_embedding(engine):
    (f,), relations = rationalised([x**2 + sp.sqrt(2)])
    (s,) = relations
    ideal = Ideal([f, *relations.values()], [x, s], engine=engine)
    assert ideal.has_real_points()
    assert not ideal.has_real_points(positive=[s])
    assert ideal.real_components(positive=[s]) == []
    assert ideal.real_points(positive=[s]) == []


def test_rationalised_keeps_the_value():
    value = sp.sqrt(6) / 3 + sp.root(12, 3) - sp.Rational(3, 2) ** sp.Rational(5, 4) + x
    (e,), relations = rationalised([value])
    roots = {s: sp.root(-r.subs(s, 0), sp.Poly(r, s).degree()) for s, r in relations.items()}
    assert all(sp.minimal_polynomial(roots[s], s) == r for s, r in relations.items())
    back = e.xreplace(roots)
    assert abs(sp.N(back - value, 30)) < sp.Float("1e-25")
    assert not any(p.base.is_Rational for p in e.atoms(sp.Pow))


# Refusals


def test_what_is_no_polynomial_over_the_rationals():
    with pytest.raises(DomainError, match="rationalised"):
        Ideal([x - sp.sqrt(2)], [x])
    with pytest.raises(DomainError, match="no polynomial"):
        Ideal([sp.sin(x)], [x])
    with pytest.raises(DomainError, match="no polynomial"):
        Ideal([1 / x], [x])
    with pytest.raises(DomainError):
        Ideal([0.5 * x], [x])
    with pytest.raises(DomainError, match="distinct"):
        Ideal([x], [x, x])
    with pytest.raises(UnknownNameError, match="sympy"):
        Ideal([x], [x], engine="magma")
    with pytest.raises(UnknownNameError, match="grevlex"):
        Ideal([x], [x]).groebner("degree")
    with pytest.raises(DomainError, match="positive"):
        Ideal([x], [x], seconds=0).groebner()


def test_a_limit_ends_the_computation(engine):
    names = sp.symbols("h0:9")
    cyclic = [
        sum(sp.Mul(*(names[(i + j) % 9] for j in range(k))) for i in range(9)) for k in range(1, 9)
    ]
    ideal = Ideal([*cyclic, sp.Mul(*names) - 1], names, engine=engine)
    start = time.monotonic()
    with pytest.raises(TimeLimitError, match=r"0\.5 seconds"):
        ideal.groebner("lex", seconds=0.5)
    assert time.monotonic() - start < 5


def test_missing_singular_names_the_packages(monkeypatch):
    monkeypatch.setattr(_singular, "executable", lambda: None)
    with pytest.raises(MissingDependencyError, match="passagemath-singular"):
        Ideal([x], [x], engine="singular")
    assert Ideal([x**2 - 1], [x]).real_points() == [{x: -1}, {x: 1}]


@pytest.mark.parametrize("answer", ["@x1+__import__", "@x1/x1", "@2**3", "@(x1", "@x1 x1", "@y1"])
def test_strange_answers_are_refused(monkeypatch, answer):
    monkeypatch.setattr(_singular, "_run", lambda script: f"@ideal\n{answer}\n@end\n")
    ideal = Ideal([x**2 - 1], [x], engine="sympy")
    with pytest.raises(EngineError, match="no polynomial"):
        _singular.basis(ideal._elements, ideal._ring)


def test_a_wrong_answer_is_caught(monkeypatch):
    monkeypatch.setattr(_singular, "executable", lambda: "Singular")
    monkeypatch.setattr(_singular, "_run", lambda script: "@ideal\n@x1^2-3\n@end\n")
    with pytest.raises(EngineError, match="without its generator"):
        Ideal([x**2 - 1], [x]).groebner()


def test_an_ideal_that_is_not_prime_is_caught(monkeypatch):
    monkeypatch.setattr(_singular, "executable", lambda: "Singular")
    monkeypatch.setattr(_singular, "_run", lambda script: "@ideal\n@x1^2-1\n@end\n")
    monkeypatch.setattr(_engine, "_SMALL", 0)  # small quotient rings need no program
    with pytest.raises(EngineError, match="not maximal"):
        Ideal([x**2 - 1], [x]).real_points()


def test_a_program_that_hangs_is_killed(monkeypatch, tmp_path):
    program, mark = tmp_path / "Singular", tmp_path / "pid"
    program.write_text(f"#!/bin/sh\necho $$ > {mark}\nsleep 60\n")
    program.chmod(0o755)
    monkeypatch.setattr(_singular, "executable", lambda: str(program))
    with pytest.raises(TimeLimitError):
        Ideal([x**2 - 1], [x]).groebner(seconds=0.5)
    listed = subprocess.run(["ps", "-o", "stat=", "-g", mark.read_text().strip()],
                            capture_output=True, text=True, check=False).stdout.split()
    assert all(state.startswith("Z") for state in listed)
