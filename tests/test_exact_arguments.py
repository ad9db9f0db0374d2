"""What the exact engine and the oracle refuse, and what they say."""

import random
from fractions import Fraction

import pytest
import sympy as sp

from cumulant_theory import activations, algebra, layers, oracle, orbits, references
from cumulant_theory.derivation import Equation
from cumulant_theory.errors import CumulantError, DomainError, ShapeError, SymmetryError
from cumulant_theory.symbolic_width import families

HALF = Fraction(1, 2)
x, y = sp.symbols("x y")


@pytest.mark.parametrize("weights", [[HALF, 1], [2, -2], [sp.S.Half, sp.S.One], [0.5, 0.5]])
def test_weights_are_exact_and_add_up_to_one(weights):
    with pytest.raises(DomainError):
        oracle.FiniteLaw([(0,), (1,)], weights)


def test_signed_weights_have_cumulants():
    assert oracle.FiniteLaw([(0,), (1,)], [2, -1]).cumulant((2,)) == -2


def test_integers_of_any_type_are_exact_in_a_finite_law():
    np = pytest.importorskip("numpy")
    law = oracle.FiniteLaw([(np.int64(2**40),), (0,)], [HALF, HALF])
    assert law.moment((4,)) == Fraction(2**160, 2)


def test_a_symbolic_law_is_a_law():
    p = sp.Symbol("p")
    law = oracle.FiniteLaw([(x,), (y,)], [p, 1 - p])
    assert sp.expand(law.moment((1,)) - p * x - (1 - p) * y) == 0


def test_an_integer_in_the_place_of_a_symbol_is_no_point():
    with pytest.raises(DomainError, match="symbols"):
        oracle.Numbers([x + 1], {1: Fraction(2)})


@pytest.mark.parametrize("call", [
    lambda rng: oracle.random_finite_law(rng, 2, atoms=10**30),
    lambda rng: oracle.random_law_of_blocks(rng, [[0], [0]], False),
    lambda rng: oracle.random_law_of_blocks(rng, [[0], [1, 2]], True),
    lambda rng: oracle.random_law_of_blocks(rng, [[k] for k in range(30)], False),
])
def test_random_laws_refuse_what_is_none_or_too_large(call):
    with pytest.raises(ShapeError):
        call(random.Random(0))


@pytest.mark.parametrize("p", [(0, 0, 1), (0, 1), (-1, 0, 1), (0, 1, 3), [0, 1.5, 2], None])
def test_only_permutations_move(p):
    with pytest.raises((SymmetryError, ShapeError)):
        orbits.moved((2, 1, 0), p)


def test_a_binomial_over_other_units_is_none():
    with pytest.raises(ShapeError):
        algebra.binomial((2, 3), (1,))


@pytest.mark.parametrize("alpha", [(-1, 2), (1.5, 2), b"abc", [1, None], (0,), (1,) * 60])
def test_recursions_refuse_what_is_no_multi_index_of_a_cumulant(alpha):
    with pytest.raises(CumulantError):
        algebra.joint_cumulants(lambda beta: 1)(alpha)


def test_numbers_that_overflow_are_said():
    with pytest.raises(DomainError, match="finite"):
        algebra.moments_from_cumulants([1e308, 1e308])


def test_elements_of_another_ring_are_refused():
    ring, other = algebra.Ring([x]), algebra.Ring([x, y])
    with pytest.raises(DomainError, match="no element"):
        ring.expr(other.element(y))
    with pytest.raises(DomainError, match="no element"):
        algebra.Polynomial(ring, 3)


def test_no_text_in_a_weight_is_run(tmp_path):
    trace = tmp_path / "trace"
    with pytest.raises(DomainError):
        layers.AffineRule.constant([[f"open({str(trace)!r}, 'w').close()"]])
    assert not trace.exists()


@pytest.mark.parametrize("make", [
    lambda: layers.AffineRule(sp.ImmutableMatrix([[1, 2]]), ()),
    lambda: layers.AffineRule.constant([[1], [1, 2]]),
    lambda: layers.PointwiseRule(()),
    lambda: layers.DiagramRule((activations.ReLU(),), "all"),
    lambda: layers.Pointwise(activations.ReLU()).width_after(-1),
    lambda: references.Reference("note", ("A. Author",), "On", 2001),
    lambda: references.Reference("article", (), "On", 2001),
    lambda: Equation(None, x),
    lambda: families.Cycle(sp.Integer(2)),
    lambda: families.Cycle(sp.Symbol("n"), -1),
    lambda: families.Complete(sp.S.Half),
])
def test_constructors_refuse(make):
    with pytest.raises(CumulantError):
        make()
