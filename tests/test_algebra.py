"""The exact engine: partitions, Bell polynomials, moment-cumulant maps, rings with roots."""

import math
from fractions import Fraction

import pytest
import sympy as sp
from hypothesis import given, settings
from hypothesis import strategies as st

from cumulant_theory import algebra
from cumulant_theory.algebra import Polynomial, Ring
from cumulant_theory.errors import DomainError, OrderError, ShapeError
from cumulant_theory.testing import cumulant_sequences, rationals

x, y, b, s, r, beta = sp.symbols("x y b s r beta")
quick = settings(max_examples=25)


# ---------------------------------------------------------------------------- partitions


@pytest.mark.parametrize("n", range(8))
def test_set_partitions_are_counted_by_bell_numbers(n):
    found = [tuple(sorted(tuple(block) for block in p)) for p in algebra.set_partitions(range(n))]
    assert len(found) == len(set(found)) == sp.bell(n)
    assert all(sorted(i for block in p for i in block) == list(range(n)) for p in found)


@pytest.mark.parametrize("n", range(12))
def test_integer_partitions_are_counted_by_p(n):
    found = algebra.integer_partitions(n)
    assert len(found) == len(set(found)) == sp.partition(n)
    assert all(sum(p) == n and list(p) == sorted(p, reverse=True) for p in found)


def vector_partition_count(alpha):
    """Coefficient of x^alpha in prod over non-zero v of 1 / (1 - x^v)."""
    series = {(0,) * len(alpha): 1}
    for v in algebra.sub_indices(alpha):
        if not any(v):
            continue
        grown = {}
        for exponents, count in series.items():
            current = exponents
            while all(c <= a for c, a in zip(current, alpha, strict=True)):
                grown[current] = grown.get(current, 0) + count
                current = tuple(c + w for c, w in zip(current, v, strict=True))
        series = grown
    return series[tuple(alpha)]


@pytest.mark.parametrize("alpha", [(1,), (4,), (2, 2), (3, 1), (1, 1, 1), (2, 1, 2), (0, 3)])
def test_vector_partitions(alpha):
    found = algebra.vector_partitions(alpha)
    assert len(found) == len(set(found)) == vector_partition_count(alpha)
    # each multiset stands for alpha! / prod (v!) / prod (multiplicity!) set partitions
    total = 0
    for parts in found:
        assert tuple(map(sum, zip(*parts, strict=True))) == alpha
        weight = Fraction(algebra.factorial(alpha))
        for v in set(parts):
            k = parts.count(v)
            weight /= math.factorial(k) * algebra.factorial(v) ** k
        total += weight
    assert total == sp.bell(sum(alpha))


@pytest.mark.parametrize("groups", [[0, 0, 1], [0, 0, 1, 1], [0, 1, 2], [0, 0, 0, 1, 2, 2]])
def test_connected_set_partitions(groups):
    def connected(blocks):
        reached, todo = set(), [groups[0]]
        while todo:
            g = todo.pop()
            reached.add(g)
            for block in blocks:
                touched = {groups[i] for i in block}
                if g in touched:
                    todo.extend(touched - reached)
        return reached == set(groups)

    found = algebra.set_partitions_connected_with(groups)
    expected = [p for p in algebra.set_partitions(range(len(groups))) if connected(p)]
    assert sorted(map(repr, found)) == sorted(map(repr, expected))


def test_all_partitions_are_connected_with_one_group():
    assert len(algebra.set_partitions_connected_with([0] * 5)) == 52
    assert algebra.set_partitions_connected_with([0, 1, 2]) == [[[0, 1, 2]]]


# ---------------------------------------------------------------------------- multi-indices


@pytest.mark.parametrize(("dim", "order"), [(1, 3), (2, 4), (3, 3), (4, 2), (0, 0)])
def test_multi_indices(dim, order):
    found = algebra.multi_indices(dim, order)
    assert len(set(found)) == len(found) == math.comb(dim + order - 1, order) if dim else 1
    assert all(algebra.order_of(a) == order for a in found)
    for alpha in found:
        assert algebra.from_indices(algebra.to_indices(alpha), dim) == alpha
    # the multinomial theorem at x = (1, ..., 1)
    assert sum(math.factorial(order) // algebra.factorial(a) for a in found) == dim**order


def test_sub_indices_and_binomials_obey_vandermonde():
    alpha = (3, 2, 1)
    below = list(algebra.sub_indices(alpha))
    assert len(set(below)) == 4 * 3 * 2
    assert sum(algebra.binomial(alpha, v) for v in below) == 2 ** sum(alpha)


def test_unit_index_outside_the_state():
    with pytest.raises(ShapeError, match=r"unit index 3 lies outside 0\.\.2"):
        algebra.from_indices((0, 3), 3)
    with pytest.raises(ShapeError):
        algebra.from_indices((-1,), 3)


# ---------------------------------------------------------------------------- Bell polynomials


@pytest.mark.parametrize("n", range(1, 8))
def test_bell_polynomials_match_sympy(n):
    symbols = sp.symbols(f"x1:{n + 1}")
    total = 0
    for k in range(1, n + 1):
        ours = sp.expand(algebra.partial_bell(n, k, symbols))
        assert ours == sp.expand(sp.bell(n, k, symbols[: n - k + 1]))
        total += ours
    assert sp.expand(algebra.complete_bell(n, symbols)) == sp.expand(total)
    assert algebra.partial_bell(n, n + 1, symbols) == 0


def test_bell_polynomials_at_the_edges():
    assert algebra.complete_bell(0, []) == 1
    assert algebra.partial_bell(0, 0, []) == 1
    assert algebra.complete_bell(6, [1] * 6) == sp.bell(6)


# ---------------------------------------------------------------------------- transforms


@quick
@given(cumulant_sequences(7))
def test_round_trip(kappa):
    moments = algebra.moments_from_cumulants(kappa)
    assert algebra.cumulants_from_moments(moments) == kappa
    assert algebra.moments_from_cumulants(algebra.cumulants_from_moments(kappa)) == kappa


@quick
@given(cumulant_sequences(6))
def test_moments_are_complete_bell_polynomials(kappa):
    n = len(kappa)
    assert algebra.moments_from_cumulants(kappa)[-1] == algebra.complete_bell(n, kappa)


@pytest.mark.parametrize("order", range(1, 8))
def test_formulas_match_the_set_partition_definition(order):
    symbols = {r: sp.Symbol(f"m_{r}") for r in range(1, order + 1)}
    definition = algebra.joint_cumulant_by_partitions(
        lambda labels: symbols[len(labels)], [0] * order
    )
    assert algebra.cumulant_formula(order).expr == sp.expand(definition)
    kappas = [sp.Symbol(f"kappa_{r}") for r in range(1, order + 1)]
    by_sets = sum(
        math.prod((kappas[len(block) - 1] for block in blocks), start=sp.Integer(1))
        for blocks in algebra.set_partitions(range(order))
    )
    assert algebra.moment_formula(order).expr == sp.expand(by_sets)
    assert len(algebra.moment_formula(order)) == sp.partition(order)


@pytest.mark.parametrize("order", [10, 12])
def test_formulas_of_two_digit_orders(order):
    # from order 10 on the names m_10, m_2 do not sort like the orders
    moments = [Fraction(k * k + 1, k + 2) for k in range(1, order + 1)]
    point = {sp.Symbol(f"m_{k}"): m for k, m in enumerate(moments, 1)}
    kappa = algebra.cumulant_formula(order).evaluate(point)
    assert kappa == algebra.cumulants_from_moments(moments)[-1]
    back = {sp.Symbol(f"kappa_{k}"): m for k, m in enumerate(moments, 1)}
    assert algebra.moment_formula(order).evaluate(back) == (
        algebra.moments_from_cumulants(moments)[-1]
    )


def test_formulas_through_the_generating_function():
    t = sp.Symbol("t")
    order = 5
    series = sum(sp.Symbol(f"m_{k}") * t**k / sp.factorial(k) for k in range(1, order + 1))
    log = sum((-1) ** (k + 1) * series**k / sp.Integer(k) for k in range(1, order + 1))
    coefficients = sp.Poly(sp.expand(log), t)
    for k in range(1, order + 1):
        found = sp.expand(coefficients.coeff_monomial(t**k) * sp.factorial(k))
        assert algebra.cumulant_formula(k).expr == found


@pytest.mark.parametrize("size", [10**30, 10**400])
def test_roots_of_polynomials_with_huge_coefficients(size):
    for coefficients, root in (([-size, 1], size), ([1, -size], Fraction(1, size))):
        ((low, high),) = algebra.real_roots(coefficients)
        assert low <= root <= high
        assert high - low <= Fraction(root) / 2**60


@pytest.mark.parametrize(("call", "error", "words"), [
    (lambda: algebra.multi_indices(10**7, 7), ShapeError, "more than the"),
    (lambda: algebra.multi_indices(2, 10**7), OrderError, "to order 200"),
    (lambda: algebra.multi_indices("x", 2), ShapeError, "number of units"),
    (lambda: algebra.integer_partitions(10**7), OrderError, "at most"),
    (lambda: algebra.integer_partitions(-1), OrderError, "non-negative"),
    (lambda: algebra.vector_partitions((30, 30, 30)), ShapeError, "too many"),
    (lambda: algebra.set_partitions(3), DomainError, "items"),
    (lambda: algebra.set_partitions_connected_with(range(40)), OrderError, "at most 10"),
    (lambda: algebra.complete_bell(3, [1]), ShapeError, "x_1 to x_3"),
    (lambda: algebra.partial_bell(2, -1, [1]), OrderError, "partial_bell: k"),
    (lambda: algebra.moments_from_cumulants(["a", "b"]), DomainError, "cannot be added"),
    (lambda: algebra.moments_from_cumulants([1, sp.nan]), DomainError, "pass finite numbers"),
    (lambda: algebra.joint_cumulant_by_partitions(len, range(40)), OrderError, "at most 10"),
    (lambda: algebra.joint_cumulant_by_partitions({}.__getitem__, [0]), DomainError, "fails"),
    (lambda: algebra.set_partitions_connected_with({1, 2}), ShapeError, "a label for each factor"),
])
def test_what_cannot_be_listed_is_refused_at_once(call, error, words):
    with pytest.raises(error, match=words):
        call()


def test_groups_of_factors_are_told_apart_by_position():
    nan = float("nan")
    assert algebra.set_partitions_connected_with([nan, nan, 1]) == (
        algebra.set_partitions_connected_with([0, 0, 1])
    )


def test_first_order_indices_of_many_units():
    found = algebra.multi_indices(3000, 1)
    assert len(found) == len(set(found)) == 3000
    assert {sum(alpha) for alpha in found} == {1}


def test_formula_of_no_order():
    with pytest.raises(OrderError, match="positive integers"):
        algebra.cumulant_formula(0)
    with pytest.raises(OrderError):
        algebra.moment_formula(-1)


@quick
@given(st.data())
def test_joint_transforms_match_the_definition(data):
    dim, order = 3, 4
    indices = [a for k in range(1, order + 1) for a in algebra.multi_indices(dim, k)]
    values = data.draw(st.lists(rationals(), min_size=len(indices), max_size=len(indices)))
    kappa = dict(zip(indices, values, strict=True))
    moment = algebra.joint_moments(kappa.get)
    back = algebra.joint_cumulants(moment)
    assert moment((0,) * dim) == 1

    def counted(labels):
        return tuple(list(labels).count(i) for i in range(dim))

    for alpha in [(4, 0, 0), (2, 1, 1), (1, 1, 1), (0, 2, 2), (0, 0, 1)]:
        labels = algebra.to_indices(alpha)
        by_sets = sum(
            math.prod((kappa[counted(block)] for block in blocks), start=sp.Integer(1))
            for blocks in algebra.set_partitions(labels)
        )
        assert moment(alpha) == by_sets
        assert back(alpha) == kappa[alpha]
        assert kappa[alpha] == algebra.joint_cumulant_by_partitions(
            lambda block: moment(counted(block)), labels
        )


# ---------------------------------------------------------------------------- rings


ROOTED = [
    sp.sqrt(2) * sp.sqrt(3),
    (sp.sqrt(2) + sp.sqrt(3)) ** 3,
    (x + sp.sqrt(6)) * (x - sp.sqrt(2) * sp.sqrt(3)),
    b ** sp.Rational(-1, 2) * (b + x) ** 2,
    (1 / beta + x) ** 3 * beta,
    b ** (1 - r * s),
    (b ** (-s) * x + b ** (1 - 2 * s)) ** 2,
    sp.Pow(2, sp.Rational(1, 3)) ** 4 + sp.Rational(3, 7),
    sp.sqrt(sp.Rational(1, 2)) * y + sp.sqrt(8) * y,
    sp.pi**2 * x / 3 + sp.zeta(3) * y,
]


@pytest.mark.parametrize("e", ROOTED, ids=str)
def test_rings_hold_radicals_and_inverses_exactly(e):
    ring = Ring.of([e])
    found = ring.expr(ring.element(e))
    difference = sp.powsimp(sp.expand(found - e))
    assert sp.simplify(difference) == 0
    # the canonical form of a difference is zero, and of a difference plus one is not
    element = ring.element(e)
    assert ring.reduce(element - ring.element(sp.expand(e))) == 0
    assert ring.reduce(element - ring.element(e) + ring.one) != 0


@quick
@given(st.lists(rationals(), min_size=6, max_size=6))
def test_ring_arithmetic_with_roots_matches_sympy(q):
    left = q[0] + q[1] * sp.sqrt(2) + q[2] * sp.sqrt(b)
    right = q[3] * sp.sqrt(6) + q[4] / sp.sqrt(b) + q[5] * sp.sqrt(3)
    ring = Ring.of([left, right, 1 / sp.sqrt(b), sp.sqrt(2), sp.sqrt(3)])
    product = ring.expr(ring.element(left) * ring.element(right))
    assert sp.expand(product - sp.expand(left * right)) == 0
    assert ring.expr(ring.element(left) + ring.element(right)) == sp.expand(left + right)


def test_equal_roots_written_differently_are_one_element():
    ring = Ring.of([sp.sqrt(6), sp.sqrt(2), sp.sqrt(3)])
    assert ring.element(sp.sqrt(6)) == ring.element(sp.sqrt(2)) * ring.element(sp.sqrt(3))
    assert ring.reduce(ring.element(sp.sqrt(2)) ** 2) == ring.element(2)
    assert ring.expr(ring.element(sp.sqrt(sp.Rational(2, 3)))) == sp.sqrt(6) / 3


def test_ring_refuses_what_is_not_in_it():
    ring = Ring([x, sp.sqrt(2)])
    for foreign in (y, 1 / x, sp.sqrt(x), sp.sqrt(3), sp.exp(x)):
        with pytest.raises(DomainError, match="not in the ring"):
            ring.element(foreign)


@pytest.mark.parametrize("bad", [
    0.5, 1j, float("nan"), sp.Float(1), x + 0.5, sp.oo, sp.nan, sp.zoo, True, None, [1], "a + b",
    "1.5*x",
], ids=repr)
def test_inexact_or_foreign_values_are_refused(bad):
    with pytest.raises(DomainError):
        algebra.exact(bad)


def test_exact_names_what_it_refuses():
    with pytest.raises(DomainError, match=r"weight is the inexact number 0\.5"):
        algebra.exact(0.5, "weight")
    assert algebra.exact("kappa_3") == sp.Symbol("kappa_3")
    assert algebra.exact(Fraction(2, 6)) == sp.Rational(1, 3)


def test_polynomials_evaluate_and_compare():
    p = Polynomial.of((x + y) ** 2)
    assert p.evaluate({x: Fraction(1, 2), y: Fraction(1, 3)}) == Fraction(25, 36)
    assert len(p) == 3
    assert p.atoms == (x, y)
    assert p == Polynomial.of(x**2 + 2 * x * y + y**2) != Polynomial.of(x**2 + y**2)
    assert hash(p) == hash(Polynomial.of(sp.expand((x + y) ** 2)))
    with pytest.raises(DomainError, match="no value given for y"):
        p.evaluate({x: Fraction(1)})


def test_terms_are_those_of_sympy():
    e = sp.expand((2 * x - y / 3 + 1) ** 3)
    rebuilt = sum(
        sp.Rational(c.numerator, c.denominator) * math.prod(a**k for a, k in factors)
        for c, factors in Polynomial.of(e).terms
    )
    assert rebuilt == e


@quick
@given(st.lists(rationals(), min_size=4, max_size=4))
def test_composition_is_substitution(q):
    source, target = Ring([x, y]), Ring([b, sp.sqrt(2)])
    e = q[0] + q[1] * x * y + x**3
    images = {x: q[2] * b + sp.sqrt(2), y: q[3] - b**2}
    found = source.compose(
        source.element(e), {k: target.element(v) for k, v in images.items()}, target
    )
    assert target.expr(found) == sp.expand(e.subs(images, simultaneous=True))


@pytest.mark.parametrize("index", [None, "0", 0.0, sp.I, sp.nan, (0,), Fraction(1, 2), -1, 2])
def test_unit_indices_are_integers_in_range(index):
    with pytest.raises(ShapeError, match="unit index"):
        algebra.from_indices([index], 2)


@pytest.mark.parametrize("values", [3, "a", [1], None])
def test_a_substitution_is_a_mapping(values):
    with pytest.raises(DomainError, match="no mapping"):
        algebra.substitution(values)
