"""RG maps on laws: recursion, fixed points, spectrum, semigroup, flow."""

from fractions import Fraction

import pytest
import sympy as sp

from cumulant_theory import activations, laws, layers, rg, symmetries
from cumulant_theory.errors import (
    DomainError,
    NoClosedFormError,
    OrderError,
    ShapeError,
)
from cumulant_theory.oracle import enumerated

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
