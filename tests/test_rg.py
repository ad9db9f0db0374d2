"""RG maps on laws: recursion, fixed points, spectrum, semigroup, flow, negentropy."""

import contextlib
import itertools
import random
import sys
import time
from fractions import Fraction

import mpmath
import numpy as np
import pytest
import sympy as sp
from hypothesis import given, settings
from hypothesis import strategies as st

from cumulant_theory import Diagrams, Neglect, activations, laws, layers, rg, symmetries
from cumulant_theory.errors import (
    DomainError,
    NoClosedFormError,
    OrderError,
    ShapeError,
    TimeLimitError,
)
from cumulant_theory.oracle import enumerated
from cumulant_theory.rg.eigenvalues import EigenvalueOf, blocks, eigenvalues, eigenvector
from cumulant_theory.rg.fixed_points import sign_at
from cumulant_theory.varieties import Ideal
from cumulant_theory.varieties.decimals import approximate

fixed_points_module = sys.modules["cumulant_theory.rg.fixed_points"]
X = sp.Symbol("x")
b, s, c = sp.symbols("b s c")
CLT = rg.RGMap(layers.BlockSum(b))


def test_recursion_of_the_block_sum_with_symbolic_size_and_exponent():
    for r, e in enumerate(rg.RGMap(layers.BlockSum(b, s)).recursion(6), 1):
        assert sp.simplify(e.rhs - b ** (1 - r * s) * sp.Symbol(f"kappa_{r}")) == 0
        assert e.order == r
    assert CLT.derivation(6).verify()


@pytest.mark.parametrize("size", [1, 2, 3])
def test_recursion_equals_enumeration(size):
    coin = laws.Discrete([0, 1, 3], [Fraction(1, 2), Fraction(1, 3), Fraction(1, 6)])
    block = enumerated(coin.iid(size)).push(lambda p: [sum(p)])
    out = rg.RGMap(layers.BlockSum(size, s=0))(coin, 5)
    for r in range(1, 6):
        assert Fraction(int(out[r].p), int(out[r].q)) == block.cumulant((r,))


def test_spectrum_names_relevant_marginal_and_irrelevant_directions():
    spectrum = CLT.spectrum(order=6)
    assert [e.kind for e in spectrum] == ["relevant", "marginal"] + ["irrelevant"] * 4
    for e in spectrum:
        assert sp.simplify(e.value - b ** (1 - sp.Rational(e.order, 2))) == 0
    assert [e.order for e in spectrum.of_kind("irrelevant")] == [3, 4, 5, 6]
    assert spectrum[2].order == 2
    large = rg.RGMap(layers.BlockSum(b, 1)).spectrum(3)
    assert [e.kind for e in large] == ["marginal", "irrelevant", "irrelevant"]
    assert {e.kind for e in rg.RGMap(layers.BlockSum(b, s)).spectrum(3)} == {"undecided"}


@pytest.mark.parametrize("r", [1, 2, 3, 4])
def test_eigenfunctions_under_the_linearised_convolution(r):
    """Replace the density of one of two summands by the perturbation and convolve."""
    x, y = sp.symbols("x y", real=True)
    found = rg.RGMap(layers.BlockSum(2)).spectrum(r)[r]
    perturbation = found.eigenfunction.subs(sp.Symbol("x"), x)
    gaussian = sp.exp(-((sp.sqrt(2) * y - x) ** 2) / 2) / sp.sqrt(2 * sp.pi)
    image = sp.integrate(sp.expand(2 * sp.sqrt(2) * perturbation * gaussian), (x, -sp.oo, sp.oo))
    expected = found.value * found.eigenfunction.subs(sp.Symbol("x"), y)
    assert sp.simplify(image - expected) == 0


def test_eigenfunctions_are_told_where_gaussians_are_fixed():
    """At other exponents the normal density is no fixed point, so He_r times it is none either."""
    for order in (1, 3):
        for off in (layers.BlockSum(b, 1), layers.BlockSum(b, s),
                    layers.Linear(2, 1, weight=[[1, 1]])):
            spectrum = rg.RGMap(off).spectrum(order)
            assert all(e.eigenfunction is None for e in spectrum)
            assert "eigenfunction" not in spectrum._repr_latex_() + spectrum._repr_html_()
        fixed = layers.Linear(2, 1, weight=[[R(3, 5), R(-4, 5)]])
        spectrum = rg.RGMap(fixed).spectrum(order)
        assert all(e.eigenfunction is not None for e in spectrum)
        assert "eigenfunction" in spectrum._repr_latex_()
        assert "eigenfunction" in spectrum._repr_html_()


def test_a_factor_of_minus_one_leaves_no_cumulant_free():
    """kappa_1' = -kappa_1 keeps 0 alone, however the weights are given."""
    half = R(-1, 2)
    for layer in (layers.BlockSum(2, weights=[half, half]),
                  layers.Linear(2, 1, weight=[[half, half]])):
        (point,) = rg.RGMap(layer).fixed_points(3)
        assert point.cumulants == {1: 0, 2: 0, 3: 0}
        assert rg.RGMap(layer)(laws.Discrete([point[1]], [1]), 1)[1] == point[1]
        assert rg.RGMap(layer).spectrum(3)[1].kind == "marginal"
    (point,) = rg.RGMap(layers.BlockSum(1, weights=[-1])).fixed_points(4)
    kappa = sp.symbols("kappa_1:5")
    assert point.cumulants == {1: 0, 2: kappa[1], 3: 0, 4: kappa[3]}


def test_gaussians_are_the_fixed_points_of_the_central_limit_theorem():
    (point,) = CLT.fixed_points(order=6)
    assert point.name == "Gaussian"
    assert point.cumulants == {1: 0, 2: sp.Symbol("kappa_2"), 3: 0, 4: 0, 5: 0, 6: 0}
    assert "kappa_2 >= 0" in point.hypotheses
    law = laws.Normal(0, "sigma")
    assert all(CLT(law, 6)[r] == law.cumulant(r) for r in range(1, 7))


def test_the_law_of_large_numbers_fixes_point_masses():
    (point,) = rg.RGMap(layers.BlockSum(b, 1)).fixed_points(order=3)
    assert point.cumulants == {1: sp.Symbol("kappa_1"), 2: 0, 3: 0}
    assert point.name == "point mass"


def test_block_sums_form_a_semigroup():
    assert CLT @ rg.RGMap(layers.BlockSum(c)) == rg.RGMap(layers.BlockSum(b * c))
    twice = rg.RGMap(layers.BlockSum(2)).flow(laws.Exponential(1), 2, order=5)[2]
    once = rg.RGMap(layers.BlockSum(4))(laws.Exponential(1), 5)
    assert all(sp.simplify(twice[r] - once[r]) == 0 for r in range(1, 6))
    with pytest.raises(DomainError, match="exponent"):
        CLT @ rg.RGMap(layers.BlockSum(c, 1))
    with pytest.raises(NoClosedFormError, match=r"flow"):
        CLT @ rg.RGMap(layers.Linear(2, 1))


def test_a_learned_linear_map_has_power_sums_for_eigenvalues():
    learned = rg.RGMap(layers.Linear(2, 1, weight=[["u", "v"]]))
    u, v = sp.symbols("u v")
    for r, value in enumerate(learned.eigenvalues(4), 1):
        assert sp.expand(value - u**r - v**r) == 0
    half = sp.sqrt(2) / 2
    same = rg.RGMap(layers.Linear(2, 1, weight=[[half, half]]))
    assert [e.kind for e in same.spectrum(3)] == ["relevant", "marginal", "irrelevant"]
    assert same.fixed_points(4)[0].name == "Gaussian"
    mirror = rg.RGMap(layers.Linear(2, 1, weight=[[-half, -half]]))
    assert mirror.fixed_points(4)[0].name == "Gaussian"
    shifted = rg.RGMap(layers.Linear(2, 1, weight=[[1, 0]], bias_values=["t"]))
    with pytest.raises(NoClosedFormError, match="no fixed point"):
        shifted.fixed_points(2)
    moved = rg.RGMap(layers.Linear(2, 1, weight=[
        [sp.Rational(1, 4), 0]], bias_values=[3]))
    assert moved.fixed_points(2)[0][1] == 4


def test_flow_of_a_quadratic_network_is_exact():
    unit = (
        layers.Linear(2, 1, symmetry=symmetries.PermutationInvariant(), name="w")
        >> layers.Pointwise(activations.Quadratic(sp.Rational(1, 2)))
    ).subs({"w": 1})
    flow = rg.RGMap(unit).flow(laws.Rademacher(), steps=2, order=2)
    phi = lambda z: z + z * z / 2  # noqa: E731
    law = enumerated(laws.Rademacher().iid(4))
    image = law.push(lambda p: [phi(phi(p[0] + p[1]) + phi(p[2] + p[3]))])
    assert [Fraction(int(flow[2][r].p), int(flow[2][r].q)) for r in (1, 2)] == [
        image.cumulant((1,)), image.cumulant((2,)),
    ]
    assert len(flow) == 3
    assert flow[0] == {1: 0, 2: 1}


def test_what_does_not_close_is_refused():
    quadratic = rg.RGMap(layers.Linear(2, 1) >> layers.Pointwise(activations.Square()))
    for call in (quadratic.spectrum, quadratic.fixed_points):
        with pytest.raises(NoClosedFormError, match=r"\.flow"):
            call(order=4)
    with pytest.raises(OrderError, match="order 4"):
        rg.RGMap(layers.BlockSum(2)).flow(laws.StudentT(4), 1, order=4)
    with pytest.raises(DomainError, match="negative"):
        CLT.flow(laws.Normal(0, 1), -1)
    with pytest.raises(ShapeError, match="3 output units"):
        rg.RGMap(layers.Linear(2, 3))
    with pytest.raises(OrderError, match="positive"):
        CLT.spectrum(0)


# ---------------------------------------------------------------- maps that are not linear


def R(p, q=1):  # noqa: N802
    return sp.Rational(p, q)


KAPPA = sp.symbols("kappa_1:9")


def tied(w, a, v=1, c=0):
    """y = v (z + a z^2) + c, z = w (x_1 + x_2)."""
    return (
        layers.Linear(2, 1, symmetry=symmetries.PermutationInvariant(), name="w")
        >> layers.Pointwise(activations.Quadratic("a"))
        >> layers.Linear(1, 1, bias=True, name="v", bias_name="c")
    ).subs({"w": w, "a": a, "v": v, "c": c})


def centred_squares(quarters=1):
    """y = c x_1 + (1 - c) x_2 + ((x_1 - x_2)^2 - (x_3 - x_4)^2) / 2: keeps every mean."""
    c, a = R(quarters, 4), R(1, 2)
    rows = [[c, 1 - c, 0, 0], [1, -1, 0, 0], [0, 0, 1, -1]]
    rows = [[s * w for w in row] for row in rows for s in (1, -1)]
    half = R(1, 2)
    return (
        layers.Linear(4, 6, weight=rows)
        >> layers.Pointwise(activations.Quadratic(a))
        >> layers.Linear(6, 1, weight=[[half, -half, half, half, -half, -half]])
    )


def dropped(net, order):
    """kappa' by the exact recursion with the cumulants above the order put to zero."""
    gone = dict.fromkeys(KAPPA[order:], 0)
    return [e.rhs.subs(gone) for e in rg.RGMap(net).recursion(order)]


def decimals(value, digits=40):
    return approximate(sp.sympify(value), digits)


MAPS = {
    "unit": (tied(R(2, 5), R(1, 3)), 3),
    "irrational weights": (tied(1 / sp.sqrt(2), R(1, 3)), 2),
    "bias": (tied(R(1, 2), R(1, 2), R(5, 4), R(-1, 8)), 2),
    "centred squares": (centred_squares(), 3),
}


@pytest.fixture(scope="module", params=MAPS)
def cut(request):
    net, order = MAPS[request.param]
    return net, order, rg.RGMap(net).fixed_points(order, Neglect(order))


def test_fixed_points_are_fixed_by_substitution(cut):
    net, order, points = cut
    for point in points:
        values = dict(zip(KAPPA, point.cumulants.values(), strict=False))
        for image, kappa in zip(dropped(net, order), values, strict=False):
            left = sp.expand((image - kappa).subs(values))
            with mpmath.workdps(40):
                assert left == 0 or abs(decimals(left)) < mpmath.mpf(10) ** -35


def test_fixed_points_are_all_that_newton_finds(cut):
    """Newton's method in floating-point numbers from many starts; every point is reached too."""
    net, order, points = cut
    assert len(points) >= 3
    unknowns = KAPPA[:order]
    left = [image - k for image, k in zip(dropped(net, order), unknowns, strict=True)]
    f = sp.lambdify(unknowns, left)
    jacobian = sp.lambdify(unknowns, sp.Matrix(left).jacobian(unknowns))
    flat = [[None if v.free_symbols else float(v) for v in p.evalf().values()] for p in points]
    reached = set()
    rng = random.Random(3)
    for start in range(400):
        x = [rng.gauss(0, 1) * rng.choice([0.2, 1, 4, 40, 400]) for _ in unknowns]
        if start < 8 * len(flat):
            x = [rng.gauss(0, 1) if v is None else v + rng.gauss(0, 0.01) * (1 + abs(v))
                 for v in flat[start % len(flat)]]
        with contextlib.suppress(np.linalg.LinAlgError, OverflowError):
            for _ in range(60):
                step = np.linalg.lstsq(np.array(jacobian(*x), float), np.array(f(*x), float),
                                       rcond=1e-13)[0]
                x = [a - b for a, b in zip(x, step, strict=True)]
                if max(map(abs, x)) > 1e8:
                    break
        size = 1 + max(map(abs, x))
        if size > 1e7 or max(map(abs, f(*x))) > 1e-9 * size:
            continue
        near = [k for k, p in enumerate(flat) if all(
            v is None or abs(v - y) < 1e-5 * size for v, y in zip(p, x, strict=True)
        )]
        assert near, f"Newton found {x}, which is not listed"
        reached.update(near)
    assert reached == set(range(len(points)))


def test_what_is_exact_and_what_no_law_has(cut):
    net, order, points = cut
    for point in points:
        values = [None, *point.cumulants.values()]
        assert point.exact == (point.name == "point mass") == (not any(values[2:]))
        assert point.closure == ("Exact()" if point.exact else f"Neglect({order})")
        if point.exact and not point.free_symbols:
            assert sp.simplify(net.forward([point[1]] * net.input_units())[0] - point[1]) == 0
        variance = float(point.evalf()[2])
        assert point.realisable == (variance >= 0)
        assert ("negative" in point.reason) == (variance < 0)
        assert not point.hypotheses
    assert [p.realisable for p in points] == sorted((p.realisable for p in points), reverse=True)


def test_pearsons_inequality_by_the_moment_matrix():
    points = rg.RGMap(centred_squares()).fixed_points(4, Neglect(4))
    assert {p.realisable for p in points} == {True, False}
    reasons = []
    for point in points:
        second, third, fourth = (float(point.evalf()[r]) for r in (2, 3, 4))
        hankel = np.array([[1, 0, second], [0, second, third],
                           [second, third, fourth + 3 * second**2]])
        least = np.linalg.eigvalsh(hankel).min()
        assert point.realisable == (least > -1e-12)
        reasons.append(point.reason)
    assert any("Pearson" in r for r in reasons)
    assert any("negative" in r for r in reasons)
    assert points[0].cumulants[1] == KAPPA[0]
    assert point.equations == ()


def test_signs_at_algebraic_points_decide_zero_exactly():
    """Zero by the ideal, and signs of what is far smaller than the decimals kept."""
    root = sp.CRootOf(X**3 - X - 1, 0)
    ideal = Ideal([X**3 - X - 1], [X])
    assert sign_at(X**5 - X**4 - 1, {X: root}, ideal) == 0  # = (x^3 - x - 1)(x^2 - x + 1)
    assert sign_at(X**3 - X - 1 + R(1, 10**30), {X: root}, ideal) == 1
    assert sign_at(X**3 - X - 1 - R(1, 10**30), {X: root}, ideal) == -1


def test_families_of_fixed_points():
    k = KAPPA
    gaussian, masses = rg.RGMap(centred_squares()).fixed_points(2, Neglect(2))
    assert gaussian.name == "Gaussian"
    assert gaussian.cumulants == {1: k[0], 2: R(3, 32)}
    assert not gaussian.exact
    assert masses.exact
    assert masses.cumulants == {1: k[0], 2: 0}
    masses, other = rg.RGMap(centred_squares(0)).fixed_points(2, Neglect(3))
    assert (masses.name, masses.exact) == ("point mass", True)
    assert other.cumulants == {1: k[0], 2: R(1, 8), 3: R(-1, 16)}
    assert other.free_symbols == {k[0]}
    # effectively linear: the squares of two units cancel
    half = 1 / (2 * sp.sqrt(2))
    linear = rg.RGMap(
        layers.Linear(2, 2, weight=[[1, 1], [-1, -1]])
        >> layers.Pointwise(activations.Quadratic(3))
        >> layers.Linear(2, 1, weight=[[half, -half]])
    )
    (line,) = linear.fixed_points(4)
    assert line.cumulants == {1: 0, 2: k[1], 3: 0, 4: 0}
    assert line.exact
    assert line.hypotheses == ("kappa_2 >= 0",)
    assert [e.kind for e in linear.spectrum(3)] == ["relevant", "marginal", "irrelevant"]


def test_components_as_functions_and_as_equations():
    """Families in the coordinates of a polynomial map, by hand."""
    truncated = rg.TruncatedMap(centred_squares(), Neglect(3))
    one, two, three = truncated.symbols
    solved = fixed_points_module._family(
        Ideal([two * one - 1, three - 2 * two**2], [three, two, one]), truncated, {}
    )
    assert solved.cumulants == {1: one, 2: 1 / one, 3: 2 / one**2}
    assert "kappa_1 is not 0" in solved.hypotheses
    implicit = fixed_points_module._family(
        Ideal([two**2 + one**2 - 1, three - two], [three, two, one]), truncated, {}
    )
    assert implicit.realisable is None
    assert {sp.expand(e) for e in implicit.equations} >= {one**2 + two**2 - 1}
    with pytest.raises(DomainError, match="name a point"):
        rg.RGMap(centred_squares()).spectrum(3, Neglect(3), at=implicit)


def test_iteration_runs_into_a_stable_fixed_point():
    """An attracting point mass of irrational position, found by iterating numbers."""
    net = tied(R(1, 4), 1, 1, R(1, 8))
    points = rg.RGMap(net).fixed_points(2, Neglect(2))
    spectra = [rg.RGMap(net).spectrum(2, Neglect(2), at=p) for p in points]
    (stable,) = [p for p, s in zip(points, spectra, strict=True)
                 if {e.kind for e in s} == {"irrelevant"}]
    step = sp.lambdify(KAPPA[:2], dropped(net, 2))
    kappa = [0.3, 0.05]
    for _ in range(200):
        kappa = step(*kappa)
    assert kappa == pytest.approx([float(stable[1].evalf()), float(stable[2].evalf())], abs=1e-12)
    assert stable.exact


def exact_derivative(f, order, at, s):
    """d f / d kappa_s by central differences that are exact for polynomials of degree 6."""
    total = [Fraction(0)] * order
    for h, weight in ((1, Fraction(3, 4)), (2, Fraction(-3, 20)), (3, Fraction(1, 60))):
        for sign in (1, -1):
            moved = list(at)
            moved[s] += sign * h
            total = [t + sign * weight * v for t, v in zip(total, f(moved), strict=True)]
    return total


@pytest.mark.parametrize("net", [tied(R(1, 2), R(1, 3), R(2, 3), R(1, 5)), centred_squares()])
def test_jacobian_against_finite_differences_of_the_exact_recursion(net):
    order = 3
    truncated = rg.RGMap(net).truncated(Neglect(order))
    rng = random.Random(1)
    at = [Fraction(rng.randint(-9, 9), rng.randint(1, 5)) for _ in range(order)]

    def image(values):
        law = laws.Generic("kappa", values={
            r: sp.Rational(v) for r, v in enumerate([*values, *[0] * 3], 1) if r != 2
        })
        out = rg.RGMap(net)(law, order)
        found = [out[r].subs(KAPPA[1], sp.Rational(values[1])) for r in range(1, order + 1)]
        return [Fraction(int(v.p), int(v.q)) for v in found]

    point = {s: sp.Rational(v) for s, v in zip(truncated.symbols, at, strict=True)}
    matrix = truncated.jacobian.subs(point)
    for s in range(order):
        column = [Fraction(int(v.p), int(v.q)) for v in matrix.col(s)]
        assert column == exact_derivative(image, order, at, s)


def test_spectrum_at_point_masses_is_the_power_sums_of_the_gradient():
    net = (
        layers.Linear(3, 2, weight=[[1, R(1, 2), R(-1, 3)], [R(1, 4), 1, R(2, 5)]])
        >> layers.Pointwise(activations.Quadratic(R(1, 3)))
        >> layers.Linear(2, 1, weight=[[R(1, 2), R(1, 5)]])
    )
    map_ = rg.RGMap(net)
    masses = [p for p in map_.fixed_points(2, Neglect(2)) if p.name == "point mass"]
    assert len(masses) == 2
    for point in masses:
        at = {r: point[1] if r == 1 else 0 for r in range(1, 5)}
        spectrum = map_.spectrum(4, Neglect(4), at=at)
        assert spectrum.exact
        x = sp.symbols("x_1:4")
        (f,) = net.forward(list(x))
        gradient = [sp.diff(f, v).subs(dict.fromkeys(x, point[1])) for v in x]
        for r, e in enumerate(spectrum, 1):
            assert sp.simplify(e.value - sum(g**r for g in gradient)) == 0
            assert e.clt == 3 ** (1 - R(r, 2))
            assert e.eigenfunction is None
        matrix = spectrum.matrix
        assert all(matrix[i, j] == 0 for i in range(4) for j in range(i))
        for r in range(1, 5):
            right, left = sp.Matrix(spectrum.right(r)), sp.Matrix(spectrum.left(r))
            for vector, of in ((right, matrix), (left, matrix.T)):
                rest = of * vector - spectrum[r].value * vector
                assert rest.applyfunc(sp.simplify).is_zero_matrix
            assert not any(right[r:])


def test_spectrum_at_other_points(cut):
    net, order, points = cut
    other = [p for p in points if not p.exact]
    assert other
    for point in other:
        spectrum = rg.RGMap(net).spectrum(order, Neglect(order), at=point)
        assert (spectrum.exact, spectrum.closure) == (False, f"Neglect({order})")
        matrix = mpmath.matrix([[decimals(e) for e in spectrum.matrix.row(i)]
                                for i in range(order)])
        numbers = [decimals(e.value) for e in spectrum]
        expected, _ = mpmath.eig(matrix)
        assert sorted(map(abs, numbers)) == pytest.approx(sorted(map(abs, expected)), rel=1e-12)
        for e, number in zip(spectrum, numbers, strict=True):
            assert e.kind == ("relevant" if abs(number) > 1 + 1e-9 else
                              "irrelevant" if abs(number) < 1 - 1e-9 else "marginal")
        for r, number in enumerate(numbers, 1):
            for vector, of in ((spectrum.right(r), matrix), (spectrum.left(r), matrix.T)):
                v = mpmath.matrix([decimals(c) for c in vector])
                assert mpmath.norm(of * v - number * v, mpmath.inf) < 1e-12 * (1 + abs(number))
                assert max(map(abs, v)) == pytest.approx(1)


def test_eigenvalues_of_blocks():
    a = sp.Symbol("a")
    matrix = sp.Matrix([[a, 1, 2, 3], [0, 0, 1, 5], [0, 0, 0, 1], [0, 2, 1, 0]])
    assert blocks(matrix) == [(0,), (1, 2, 3)]
    first, *rest = eigenvalues(matrix)
    assert first == a
    with mpmath.workdps(40):
        product = mpmath.fprod(decimals(v) for v in rest)
        assert abs(product - int(matrix[1:, 1:].det())) < mpmath.mpf(10) ** -35
    golden = EigenvalueOf(sp.ImmutableMatrix([[1, 1], [1, 0]]), 0)
    with mpmath.workdps(40):
        assert abs(decimals(golden) - mpmath.phi) < mpmath.mpf(10) ** -38
    assert golden.evalf(20) == sp.GoldenRatio.evalf(20)
    with pytest.raises(NoClosedFormError, match="more than one eigenvector"):
        eigenvector(sp.eye(2), 1)


def test_the_clt_column_beside_a_learned_map_and_the_gaussian_line():
    for size in (2, 4, b):
        map_ = rg.RGMap(layers.BlockSum(size))
        for e in map_.spectrum(6, at=map_.fixed_points(6)[0]):
            assert sp.simplify(e.value - e.clt) == 0
        assert map_.spectrum(6).exact
        assert map_.spectrum(3).right(2) == map_.spectrum(3).left(2) == (0, 1, 0)
    unit = tied("w", "a", "v")
    spectrum = rg.RGMap(unit).spectrum(4, Neglect(4), at=dict.fromkeys(range(1, 5), 0))
    v, w = sp.symbols("v w")
    assert [sp.expand(e.value - 2 * (v * w) ** e.order) for e in spectrum] == [0] * 4
    learned = [e.value.subs(v, 1 / (sp.sqrt(2) * w)) for e in spectrum]
    assert learned == [e.clt for e in spectrum]


def test_flow_under_a_closure_and_exact_steps():
    net = tied(R(1, 2), R(1, 3))
    map_, law = rg.RGMap(net), laws.Exponential(1)
    exact = map_.flow(law, 2, order=3)
    cut = map_.flow(law, 2, order=2, closure=Neglect(3))
    assert exact.exact == (True, True, True)
    assert cut.exact == (True, False, False)
    assert cut.closure == "Neglect(3)"
    values = {r: law.cumulant(r) for r in range(1, 4)}
    for t in (1, 2):
        point = dict(zip(KAPPA, values.values(), strict=False))
        values = {r: e.subs(point) for r, e in enumerate(dropped(net, 3), 1)}
        assert cut[t] == {r: values[r] for r in (1, 2)}
    mixed = map_.flow(law, 2, order=2, closure=Neglect(3), exact_steps=1)
    assert mixed[1] == {r: exact[1][r] for r in (1, 2)}
    assert mixed[2] == {r: map_.truncated(Neglect(3))(exact[1])[r] for r in (1, 2)}
    assert mixed[2][2] != exact[2][2]
    assert map_.flow(law, 2, order=2, closure=Neglect(3), exact_steps=5) == map_.flow(law, 2, 2)
    linear = CLT.flow(law, 2, order=2, closure=Neglect(2))
    assert linear.exact == (True, True, True)


def test_maps_that_are_cut_say_what_they_need():
    unit = rg.RGMap(tied("w", 1))
    with pytest.raises(NoClosedFormError, match=r"closure=Neglect\(4\).*\.flow"):
        unit.fixed_points(4)
    with pytest.raises(DomainError, match="depend on the values of w"):
        unit.fixed_points(2, Neglect(2))
    with pytest.raises(DomainError, match=r"at="):
        unit.spectrum(2, Neglect(2))
    with pytest.raises(DomainError, match="not fixed"):
        unit.spectrum(2, Neglect(2), at=laws.Normal(1, 1))
    with pytest.raises(OrderError, match=r"Neglect\(3\)"):
        unit.fixed_points(3, Neglect(2))
    with pytest.raises(OrderError, match="missing"):
        unit.spectrum(3, Neglect(3), at={1: 0})
    with pytest.raises(DomainError, match="Diagrams"):
        unit.fixed_points(3, Diagrams(3))
    smooth = rg.RGMap(layers.Sum(2) >> layers.Pointwise(activations.get("tanh")))
    for call in (smooth.fixed_points, smooth.spectrum,
                 lambda: smooth.flow(laws.Normal(0, 1), 1)):
        with pytest.raises(NoClosedFormError, match=r"no polynomial.*numerics"):
            call()
    with pytest.raises(NoClosedFormError, match="Gaussian expectations"):
        smooth.fixed_points(2, Neglect(2))


# ---------------------------------------------------------------- negentropy


def entropy_and_cumulants(log_density):
    """Negentropy and cumulants 2 to 4 of a density by quadrature."""
    with mpmath.workdps(30):
        ends = [-14, -7, -3, 0, 3, 7, 14]

        def integral(f):
            return mpmath.quad(lambda x: f(x) * mpmath.exp(log_density(x)), ends)

        size = integral(lambda x: 1)
        mean = integral(lambda x: x) / size
        m = {r: integral(lambda x, r=r: (x - mean) ** r) / size for r in (2, 3, 4)}
        entropy = mpmath.log(size) - integral(log_density) / size
        gaussian = mpmath.log(2 * mpmath.pi * mpmath.e * m[2]) / 2
        return gaussian - entropy, {2: m[2], 3: m[3], 4: m[4] - 3 * m[2] ** 2}


@pytest.mark.parametrize("order", [3, 4])
def test_negentropy_by_quadrature(order):
    """exp(-x^2/2) times a small Hermite perturbation: J tends to the leading term, quadratically.

    With size eps the leading term is of order eps^2 and the rest at least one order smaller in
    eps for He_4, two for He_3.
    """
    def log_density(eps):
        if order == 4:
            return lambda x: -x * x / 2 - eps * (x**4 - 6 * x * x + 3)
        return lambda x: -x * x / 2 + eps * (x**3 - 3 * x) - eps**2 * x**4

    errors = []
    for eps in (mpmath.mpf(1) / 400, mpmath.mpf(1) / 800, mpmath.mpf(1) / 1600):
        exact, kappa = entropy_and_cumulants(log_density(eps))
        rational = {r: sp.Rational(str(v)) for r, v in kappa.items()}
        errors.append(abs(decimals(rg.negentropy(rational)) / exact - 1))
    for coarse, fine in itertools.pairwise(errors):
        assert coarse / fine > 1.8
    assert errors[-1] < 0.05


def test_negentropy_of_sums_of_exponentials():
    """Gamma(n): J by the digamma function; the series leaves out terms of order n^-3."""
    left = []
    for n in (50, 100, 200):
        law = laws.Gamma(n, 1)
        with mpmath.workdps(40):
            entropy = n + mpmath.loggamma(n) + (1 - n) * mpmath.digamma(n)
            exact = mpmath.log(2 * mpmath.pi * mpmath.e * n) / 2 - entropy
        series = rg.negentropy(law, next_order=True)
        left.append(abs(mpmath.mpf(int(series.p)) / int(series.q) - exact))
    for coarse, fine in itertools.pairwise(left):
        assert coarse / fine == pytest.approx(8, rel=0.05)


RATIONALS = st.fractions(min_value=-5, max_value=5, max_denominator=7)


@settings(max_examples=30)
@given(RATIONALS.filter(bool), RATIONALS, RATIONALS, st.fractions(1, 5, max_denominator=7))
def test_negentropy_does_not_change_with_scale(scale, third, fourth, second):
    kappa = {2: second, 3: third, 4: fourth}
    scaled = {r: scale**r * v for r, v in kappa.items()}
    for next_order in (False, True):
        assert rg.negentropy(scaled, next_order) == rg.negentropy(kappa, next_order)
    assert rg.negentropy(kappa) >= 0


@settings(max_examples=15)
@given(*[st.fractions(-2, 2, max_denominator=4).filter(bool)] * 2, RATIONALS)
def test_fixed_points_of_random_units(w, a, c):
    """Each is fixed, and the point masses are the real roots of x = f(x, x)."""
    net = tied(sp.Rational(w), sp.Rational(a), 1, sp.Rational(c))
    points = rg.RGMap(net).fixed_points(2, Neglect(2))
    truncated = rg.RGMap(net).truncated(Neglect(2))
    for point in points:
        image = truncated(point.cumulants)
        for r, v in image.items():
            with mpmath.workdps(40):
                assert abs(decimals(v - point[r])) < mpmath.mpf(10) ** -35
    masses = {sp.expand(p[1]) for p in points if p.exact}
    roots = sp.Poly(net.forward([X, X])[0] - X, X).real_roots(multiple=False)
    assert masses == {sp.expand(r) for r, _ in roots}


def unit_with_all_digits(seed):
    """A quadratic unit whose weights are floating-point numbers, taken exactly."""
    rng = random.Random(seed)
    w1, w2, c0, c1, c2 = (R(*rng.gauss(0.7, 0.1).as_integer_ratio()) for _ in range(5))
    activation = layers.Pointwise(activations.Polynomial([c0, c1, c2]))
    return rg.RGMap(layers.Linear(2, 1, weight=[[w1, w2]]) >> activation)


@pytest.mark.slow
def test_fixed_points_of_weights_with_all_their_digits():
    """Against Newton's method from many starts, and by substitution to 40 digits."""
    unit = unit_with_all_digits(3)
    points = unit.fixed_points(4, Neglect(4))
    truncated = unit.truncated(Neglect(4))
    symbols, images = truncated.symbols, list(truncated.polynomials.values())
    with mpmath.workdps(60):
        image = sp.lambdify(symbols, images, "mpmath")
        for point in points:
            values = [decimals(v) for v in point.cumulants.values()]
            for value, moved in zip(values, image(*values), strict=True):
                assert abs(moved - value) < mpmath.mpf(10) ** -30 * (1 + abs(value))
    f = sp.lambdify(symbols, [p - s for p, s in zip(images, symbols, strict=True)])
    jacobian = sp.lambdify(symbols, truncated.jacobian - sp.eye(4))
    flat = [[float(v) for v in p.evalf().values()] for p in points]
    reached, rng = set(), np.random.default_rng(0)
    for x in rng.normal(size=(60, 4)) * [2, 5, 15, 100]:
        for _ in range(40):
            with contextlib.suppress(np.linalg.LinAlgError, OverflowError):
                x = x - np.linalg.solve(np.array(jacobian(*x), float), np.array(f(*x), float))
        if np.isfinite(x).all() and np.abs(f(*x)).max() < 1e-9:
            near = [k for k, p in enumerate(flat) if np.allclose(x, p, rtol=1e-6)]
            assert near, x
            reached.update(near)
    assert reached == set(range(len(points)))


@pytest.mark.parametrize("engine", ["auto", "sympy"])
def test_the_time_limit_of_fixed_points_holds(engine, monkeypatch):
    def ideal(*arguments, **options):
        return Ideal(*arguments, **options, engine=engine)

    monkeypatch.setattr(fixed_points_module, "Ideal", ideal)
    start = time.process_time()
    with pytest.raises(TimeLimitError, match="seconds="):
        unit_with_all_digits(4).fixed_points(6, Neglect(6), seconds=1)
    assert time.process_time() - start < 2


def test_negentropy_along_flows_and_what_has_none():
    flow = rg.RGMap(layers.BlockSum(2)).flow(laws.Exponential(1), 3)
    first, second = R(4, 12), R(36, 48)
    assert list(flow.negentropy()) == [first / 2**t + second / 4**t for t in range(4)]
    state = layers.BlockSum(2).propagate(laws.Exponential(1), 4)
    assert rg.negentropy(state) == flow.negentropy()[1]
    shifted = laws.Exponential("rate")
    assert sp.simplify(rg.negentropy(shifted) - first - second) == 0
    with pytest.raises(DomainError, match="variance"):
        rg.negentropy({1: 1, 2: 0, 3: 0, 4: 0})
    with pytest.raises(OrderError, match=r"\[4\]"):
        rg.negentropy({2: 1, 3: 0})
    with pytest.raises(ShapeError, match="single unit"):
        rg.negentropy(layers.Linear(2, 2).propagate(laws.Normal(0, 1), 4))
    with pytest.raises(DomainError, match="law, a state"):
        rg.negentropy(3)
