"""Conformance over the registry of weight symmetries, Burnside, null space against orbits."""

import itertools
import math
import pickle
import random
import subprocess
import sys
from fractions import Fraction
from types import SimpleNamespace

import pytest
import sympy as sp
from hypothesis import given, settings
from hypothesis import strategies as st
from sympy.combinatorics import Permutation

from cumulant_theory import symmetries
from cumulant_theory.errors import DomainError, ShapeError, SymmetryError, UnknownNameError
from cumulant_theory.symmetries.actions import PermutationAction
from cumulant_theory.symmetries.graph import automorphism_generators
from cumulant_theory.symmetries.solve import (
    nullspace_basis,
    nullspace_bias_basis,
    orbit_basis,
    orbit_bias_basis,
)

CASES = [
    pytest.param(*example, id=f"{name}-{k}-{example[1]}x{example[2]}")
    for name in symmetries.catalogue()
    for k, example in enumerate(symmetries.get(name).examples())
]
conformance = pytest.mark.parametrize(("symmetry", "out", "inp"), CASES)


def rational_matrix(rows, cols, seed):
    rng = random.Random(seed)
    entry = lambda *_: sp.Rational(rng.randint(-9, 9), rng.randint(1, 5))  # noqa: E731
    return sp.Matrix(rows, cols, entry)


def commutes(tying, W):
    """Equivariance by matrix products with the generators, apart from the library's check."""
    for (out, inp), infinitesimal in zip(tying.generators, tying.infinitesimal, strict=True):
        moved = out * W - W * inp if infinitesimal else out * W * inp.inv() - W
        if not moved.applyfunc(sp.simplify).is_zero_matrix:
            return False
    return True


def moves_bias(tying, c):
    for (out, _), infinitesimal in zip(tying.generators, tying.infinitesimal, strict=True):
        moved = out * c if infinitesimal else out * c - c
        if not moved.applyfunc(sp.simplify).is_zero_matrix:
            return True
    return False


@conformance
def test_parametrised_matrix_commutes_with_the_generators(symmetry, out, inp):
    tying = symmetry.tie(out, inp)
    W, c = tying.matrix("w"), tying.bias("b")
    assert W.shape == (out, inp)
    assert c.shape == (out, 1)
    assert W.free_symbols == set(tying.symbols("w"))
    assert len(tying.symbols("w")) == tying.dimension == len(tying.basis)
    assert c.free_symbols == set(tying.bias_symbols("b"))
    assert len(tying.bias_symbols("b")) == tying.bias_dimension == len(tying.bias_basis)
    assert commutes(tying, W)
    assert not moves_bias(tying, c)
    assert tying.is_equivariant(W, c)
    assert tying.coefficients(W) == tying.symbols("w")
    assert not (W.atoms(sp.Float) | c.atoms(sp.Float))


@conformance
def test_no_equivariant_weight_or_bias_is_missed(symmetry, out, inp):
    """Rank of the equations by SymPy's dense Gaussian elimination on Kronecker products."""
    tying = symmetry.tie(out, inp)
    rows = [
        sp.kronecker_product(left, sp.eye(inp)) - sp.kronecker_product(sp.eye(out), right.T)
        for left, right in tying.generators
    ]
    rank = sp.Matrix.vstack(*rows).rank(simplify=True) if rows else 0
    assert tying.dimension == out * inp - rank
    rows = [
        sp.Matrix(left) if lie else left - sp.eye(out)
        for (left, _), lie in zip(tying.generators, tying.infinitesimal, strict=True)
    ]
    rank = sp.Matrix.vstack(*rows).rank(simplify=True) if rows else 0
    assert tying.bias_dimension == out - rank


@conformance
def test_projector(symmetry, out, inp):
    tying = symmetry.tie(out, inp)
    P = tying.projector()
    assert P == P.T
    assert (P * P - P).applyfunc(sp.simplify).is_zero_matrix
    assert sp.simplify(P.trace()) == tying.dimension
    W = rational_matrix(out, inp, 1)
    flat = P * sp.Matrix(out * inp, 1, list(W))
    nearest = tying.project(W)
    assert (flat - sp.Matrix(out * inp, 1, list(nearest))).applyfunc(sp.simplify).is_zero_matrix
    assert commutes(tying, nearest)
    for vector in tying.basis:
        residual = sum(value * (W - nearest)[place] for place, value in vector.items())
        assert sp.simplify(residual) == 0


@conformance
def test_breaking_distance_vanishes_exactly_on_equivariant_weights(symmetry, out, inp):
    tying = symmetry.tie(out, inp)
    W = rational_matrix(out, inp, 2)
    distance = sp.simplify(tying.breaking_distance(W))
    assert distance >= 0
    assert (distance == 0) == tying.is_equivariant(W) == commutes(tying, W)
    assert sp.simplify(tying.breaking_distance(tying.project(W))) == 0
    if tying.dimension < out * inp:
        assert distance > 0
        with pytest.raises(SymmetryError, match="does not commute"):
            tying.coefficients(W)
    c = rational_matrix(out, 1, 3)
    assert tying.is_equivariant(sp.zeros(out, inp), c) != moves_bias(tying, c)
    assert not moves_bias(tying, tying.project_bias(c))


@conformance
def test_orbit_route_equals_null_space_route(symmetry, out, inp):
    tying = symmetry.tie(out, inp)
    assert nullspace_basis((out, inp), tying.actions) == tying.weight_vectors
    assert nullspace_bias_basis(out, tying.actions) == tying.bias_vectors


@conformance
def test_burnside_counts_the_dimension(symmetry, out, inp):
    tying = symmetry.tie(out, inp)
    if all(isinstance(action, PermutationAction) for action in tying.actions):
        assert tying.burnside_count() == tying.dimension
    else:
        with pytest.raises(SymmetryError, match="use dimension"):
            tying.burnside_count()


@conformance
def test_value_semantics_and_display(symmetry, out, inp):
    tying = symmetry.tie(out, inp)
    assert symmetry.tie(out, inp) is tying
    copy = pickle.loads(pickle.dumps(symmetry))
    assert copy == symmetry
    assert hash(copy) == hash(symmetry)
    assert pickle.loads(pickle.dumps(tying)) == tying
    assert symmetry._repr_latex_() == f"${symmetry.latex}$"
    assert tying._repr_latex_().startswith("$\\displaystyle W = ")
    assert repr(symmetry).startswith(type(symmetry).__name__)
    assert type(symmetry) is symmetries.get(symmetry.name)
    assert all(isinstance(h, str) and "\\" not in h for h in tying.hypotheses)
    assert bool(tying.hypotheses) == (symmetry.name != "free")
    tying.basis[:1] and tying.basis[0].clear()
    assert all(tying.basis)


@st.composite
def generator_pairs(draw, signed):
    out, inp, count = draw(st.integers(1, 3)), draw(st.integers(1, 4)), draw(st.integers(1, 2))

    def side(n):
        images = [tuple(draw(st.permutations(range(n)))) for _ in range(count)]
        if not signed:
            return images
        sign = st.lists(st.sampled_from([1, -1]), min_size=n, max_size=n)
        return [(g, tuple(draw(sign))) for g in images]

    return out, inp, side(out), side(inp)


@settings(max_examples=40)
@given(generator_pairs(signed=False))
def test_burnside_for_any_permutation_group(data):
    out, inp, left, right = data
    tying = symmetries.Permutations(left, right).tie(out, inp)
    assert tying.burnside_count() == tying.dimension
    assert nullspace_basis((out, inp), tying.actions) == orbit_basis((out, inp), tying.actions)


@pytest.mark.slow
@settings(max_examples=40)
@given(generator_pairs(signed=True))
def test_character_product_for_any_signed_permutation_group(data):
    out, inp, left, right = data
    tying = symmetries.SignedPermutations(left, right).tie(out, inp)
    assert tying.burnside_count() == tying.dimension
    assert nullspace_basis((out, inp), tying.actions) == orbit_basis((out, inp), tying.actions)
    assert nullspace_bias_basis(out, tying.actions) == orbit_bias_basis(out, tying.actions)
    # the group average of any W is its projection, since signed permutations are orthogonal
    W = rational_matrix(out, inp, 4)
    assert group_average(tying, W) == tying.project(W)
    by_matrices = symmetries.MatrixGroup(
        [g for g, _ in tying.generators], [g for _, g in tying.generators]
    )
    assert by_matrices.tie(out, inp).weight_vectors == tying.weight_vectors


def group_average(tying, W):
    start = (sp.ImmutableMatrix(sp.eye(W.rows)), sp.ImmutableMatrix(sp.eye(W.cols)))
    group, queue = {start}, [start]
    while queue:
        left, right = queue.pop()
        for out, inp in tying.generators:
            element = (out * left, inp * right)
            if element not in group:
                group.add(element)
                queue.append(element)
    total = sp.zeros(*W.shape)
    for left, right in group:
        total += left * W * right.T
    return sp.ImmutableMatrix(total / len(group))


def test_wreath_product_and_dihedral_group_orders_and_averages():
    tying = symmetries.BlockPermutation(2, 2).tie(4, 4)
    W = rational_matrix(4, 4, 5)
    assert group_average(tying, W) == tying.project(W)
    assert tying.dimension == 3
    assert symmetries.BlockPermutation(3, 4).tie(1, 12).dimension == 1
    assert symmetries.BlockPermutation(3, 4).tie(3, 12).dimension == 2
    assert symmetries.Dihedral().tie(5, 5).dimension == 3
    assert symmetries.Cyclic().tie(5, 5).dimension == 5


@pytest.mark.parametrize("n", [2, 3, 4])
def test_subgroups_leave_more_freedom(n):
    chain = [symmetries.Free, symmetries.Cyclic, symmetries.Dihedral]
    chain += [symmetries.PermutationEquivariant, symmetries.Shared]
    tyings = [cls().tie(n, 2 * n if n > 1 else n) for cls in chain]
    for small, large in itertools.pairwise(tyings):
        assert small.is_equivariant(large.matrix(), large.bias())
        assert small.dimension >= large.dimension


def test_closed_forms_of_the_catalogue():
    lam, gamma = sp.symbols("lambda gamma")
    W = symmetries.PermutationEquivariant().tie(4, 4).matrix()
    expected = lam * sp.eye(4) + gamma * sp.ones(4, 4)
    assert W.subs({W[0, 0]: lam + gamma, W[0, 1]: gamma}) == expected
    equivariant = symmetries.PermutationEquivariant().tie(1, 4)
    assert equivariant.matrix() == symmetries.PermutationInvariant().tie(1, 4).matrix()
    w = sp.Symbol("w")
    assert list(symmetries.Alternating().tie(1, 4).matrix("w")) == [w, -w, w, -w]
    assert symmetries.Alternating().tie(3, 4).bias().is_zero_matrix
    assert symmetries.SignFlip().tie(2, 3).bias_dimension == 0
    a, b = sp.symbols("W_11 W_12")
    assert symmetries.SO2().tie(2, 2).matrix() == sp.Matrix([[a, b], [-b, a]])
    assert symmetries.Orthogonal().tie(3, 3).matrix("w") == w * sp.eye(3)
    assert symmetries.Shared().tie(2, 3).matrix("w") == w * sp.ones(2, 3)


@pytest.mark.parametrize(("k", "dimension"), [(3, 2), (5, 2), (8, 2)])
def test_rotation_by_roots_of_unity_is_solved_exactly(k, dimension):
    angle = 2 * sp.pi / k
    turn = sp.Matrix([[sp.cos(angle), -sp.sin(angle)], [sp.sin(angle), sp.cos(angle)]])
    tying = symmetries.MatrixGroup([turn], [turn]).tie(2, 2)
    assert tying.dimension == dimension
    a, b = sp.symbols("W_11 W_12")
    assert tying.matrix() == sp.Matrix([[a, b], [-b, a]])
    assert tying.bias_dimension == 0


def test_non_orthogonal_group_has_an_orthogonal_projector():
    """The nearest point found by calculus, where the Gram matrix is not diagonal."""
    third = [[0, -1], [1, -1]]
    tying = symmetries.MatrixGroup([third], [third]).tie(2, 2)
    W = sp.Matrix([[1, 2], [3, 5]])
    free = tying.symbols()
    squared = sum(e**2 for e in tying.matrix() - W)
    best = sp.solve([sp.diff(squared, s) for s in free], free, dict=True)[0]
    assert tying.matrix().subs(best) == tying.project(W)
    assert tying.breaking_distance(W) == squared.subs(best)


def test_names_of_parameters():
    names = lambda symbols: [s.name for s in symbols]  # noqa: E731
    assert names(symmetries.Free().tie(2, 2).symbols("W__1")) == [
        "W__1_11", "W__1_12", "W__1_21", "W__1_22",
    ]  # fmt: skip
    assert "W_1,12" in names(symmetries.Free().tie(1, 12).symbols())
    assert names(symmetries.Free().tie(1, 2).bias_symbols("c__1")) == ["c__1"]
    assert names(symmetries.Free().tie(2, 2).bias_symbols("c__1")) == ["c__1_1", "c__1_2"]
    assert names(symmetries.Shared().tie(3, 3).symbols("v")) == ["v"]
    assert sp.latex(symmetries.Free().tie(1, 12).symbols("W__1")[11]) == "W^{1}_{1,12}"


def test_hypotheses_name_the_group_of_the_layer():
    invariant = symmetries.PermutationInvariant().tie(2, 3)
    assert invariant.hypotheses[0] == (
        "weights of the layer commute with the action of S_3 on inputs"
    )
    assert "inputs and outputs" in symmetries.Cyclic().tie(3, 3).hypotheses[0]
    assert symmetries.BlockPermutation(3, 2).latex == r"S_{2} \wr S_{3}"
    assert symmetries.Cyclic().latex == "C_{n}"
    assert symmetries.Cyclic().tie(3, 3).group == "C_{3}"


def graph(n, edges, directed=False):
    return SimpleNamespace(nodes=range(n), edges=edges, is_directed=lambda: directed)


@settings(max_examples=30)
@given(st.data())
def test_graph_automorphisms_against_all_permutations(data):
    directed = data.draw(st.booleans())
    if data.draw(st.booleans()):
        # regular: no node stands out, so that only the edges themselves can decide
        n = data.draw(st.integers(4, 6))
        label = data.draw(st.permutations(range(n)))
        steps = data.draw(st.sets(st.integers(1, n // 2), min_size=1))
        edges = [(label[i], label[(i + step) % n]) for i in range(n) for step in steps]
        if not directed:
            edges = sorted({(min(edge), max(edge)) for edge in edges})
    else:
        n = data.draw(st.integers(1, 5))
        pairs = [(i, j) for i in range(n) for j in range(n) if directed or i <= j]
        edges = data.draw(st.lists(st.sampled_from(pairs), unique=True))
    linked = set(edges) | (set() if directed else {(j, i) for i, j in edges})
    everything = [
        g for g in itertools.permutations(range(n)) if {(g[i], g[j]) for i, j in linked} == linked
    ]
    found = automorphism_generators(graph(n, edges, directed))
    group = sp.combinatorics.PermutationGroup([Permutation(list(g)) for g in found])
    assert group.order() == len(everything)
    assert set(found) <= set(everything)


def test_direction_of_every_edge_counts():
    """Swapping nodes 0 and 1 keeps all edges but those from a node to a later one."""
    edges = [(0, 3), (1, 2), (2, 0), (2, 1), (3, 0), (3, 1)]
    moved = {(h[i], h[j]) for h in [(1, 0, 2, 3)] for i, j in edges}
    assert moved != set(edges)
    assert (1, 0, 2, 3) not in automorphism_generators(graph(4, edges, directed=True))
    assert (1, 0, 3, 2) in automorphism_generators(graph(4, edges, directed=True))


def test_graph_symmetry_commutes_with_the_adjacency_matrix():
    edges = [(k, (k + 1) % 6) for k in range(6)]
    ring = symmetries.GraphAutomorphism(graph(6, edges))
    assert ring.tie(6, 6).matrix() == symmetries.Dihedral().tie(6, 6).matrix()
    A = sp.Matrix(6, 6, lambda i, j: int((i, j) in edges or (j, i) in edges))
    assert ring.tie(6, 6).is_equivariant(A + 3 * A**2)
    cyclic = symmetries.GraphAutomorphism(graph(6, edges, directed=True))
    assert cyclic.tie(6, 6).matrix() == symmetries.Cyclic().tie(6, 6).matrix()
    networkx = pytest.importorskip("networkx")
    petersen = symmetries.GraphAutomorphism(networkx.petersen_graph())
    assert petersen.tie(10, 10).dimension == 3
    assert petersen.tie(10, 10).burnside_count() == 3
    star = symmetries.GraphAutomorphism(networkx.star_graph(3))
    assert star.tie(1, 4).dimension == 2


def test_permutations_are_accepted_in_both_forms_and_weights_in_all_exact_ones():
    forms = [[2, 0, 1], (2, 0, 1), Permutation([2, 0, 1])]
    assert len({symmetries.Permutations([f], [f]) for f in forms}) == 1
    tying = symmetries.PermutationInvariant().tie(1, 2)
    third = Fraction(1, 3)
    assert tying.breaking_distance([[third, third]]) == 0
    assert tying.breaking_distance([[0.5, 0.25]]) == sp.Rational(1, 32)
    assert not tying.project([[0.1, 0.3]]).atoms(sp.Float)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: symmetries.Cyclic().tie(2, 3), r"Cyclic\(\).*in_features=3.*out_features=1"),
        (lambda: symmetries.Cyclic(degree=4).tie(4, 6), "multiples of 4"),
        (lambda: symmetries.Cyclic(degree=0), "at least 1"),
        (lambda: symmetries.PermutationEquivariant().tie(3, 2), "multiple"),
        (lambda: symmetries.PermutationInvariant(degree=2).tie(1, 3), "in_features=2"),
        (lambda: symmetries.Alternating().tie(1, 3), "all weights would be zero.*even"),
        (lambda: symmetries.Alternating(degree=3), "odd"),
        (lambda: symmetries.Alternating(degree=4).tie(1, 6), "in_features=4"),
        (lambda: symmetries.BlockPermutation(2, 2).tie(3, 4), "4 .units., 2 .blocks. or 1"),
        (lambda: symmetries.BlockPermutation(2, 2).tie(1, 6), "in_features=4"),
        (lambda: symmetries.BlockPermutation(2, 2, output="x"), "'units'"),
        (lambda: symmetries.BlockPermutation(2, True), "size=True"),
        (lambda: symmetries.Orthogonal().tie(1, 3), "except zero; use out_features=3"),
        (lambda: symmetries.Orthogonal(n=3).tie(2, 3), "multiples of the vector length 3"),
        (lambda: symmetries.SO2().tie(1, 2), "even"),
        (lambda: symmetries.Permutations([[0, 0]], [[0]]), "rearrangement"),
        (lambda: symmetries.Permutations([[1, 0], [0]], [[0], [0]]), "degrees 2, 1"),
        (lambda: symmetries.Permutations([[1, 0]], []), "1 out_generators but 0"),
        (lambda: symmetries.Permutations([], []), "at least one"),
        (lambda: symmetries.Permutations([["a"]], [[0]]), "not a permutation"),
        (lambda: symmetries.Permutations([7], [[0]]), "not a permutation"),
        (lambda: symmetries.Permutations([[1, 0]], [[1, 0]]).tie(3, 2), "out_features=2"),
        (lambda: symmetries.SignedPermutations([[1, 0]], [[1, 0]]), "pair"),
        (lambda: symmetries.SignedPermutations([([0], [2])], [([0], [1])]), "pair"),
        (lambda: symmetries.SignedPermutations([([0], [])], [([0], [1])]), "signs"),
        (lambda: symmetries.MatrixGroup([[[1, 1], [1, 1]]], [[[1]]]), "not invertible"),
        (lambda: symmetries.MatrixGroup([[[1, 0]]], [[[1]]]), "square"),
        (lambda: symmetries.MatrixGroup([[[0.5]]], [[[1]]]), "exact"),
        (lambda: symmetries.MatrixGroup([[[sp.pi]]], [[[1]]]), "exact"),
        (lambda: symmetries.MatrixGroup([[[sp.I]]], [[[1]]]), "real"),
        (lambda: symmetries.MatrixGroup([[[sp.Symbol("a")]]], [[[1]]]), "exact"),
        (lambda: symmetries.LieAlgebra([3], [[[1]]]), "not a matrix"),
        (lambda: symmetries.GraphAutomorphism(), "either"),
        (lambda: symmetries.GraphAutomorphism(7), "no nodes"),
        (lambda: symmetries.GraphAutomorphism(graph(40, [])), "40 nodes"),
        (lambda: symmetries.GraphAutomorphism(graph(2, [(0, 5)])), "does not join"),
        (lambda: symmetries.GraphAutomorphism(generators=[]), "at least one"),
        (lambda: symmetries.GraphAutomorphism(generators=[[1, 0]]).tie(3, 3), "2 sites"),
        (lambda: symmetries.Shared().tie(9, 9).burnside_count(), "limit"),
    ],
)
def test_misfits_say_what_would_fit(make, message):
    with pytest.raises(SymmetryError, match=message):
        make()


@pytest.mark.parametrize("features", [0, -1, 2.0, True, "3"])
def test_features_must_be_positive_integers(features):
    with pytest.raises(ShapeError, match="at least 1"):
        symmetries.Free().tie(features, 2)


def test_weights_of_the_wrong_kind():
    tying = symmetries.Cyclic().tie(2, 2)
    with pytest.raises(ShapeError, match=r"shape \(1, 2\)"):
        tying.project([[1, 2]])
    with pytest.raises(ShapeError, match="not a matrix"):
        tying.project([[1, 2], [3]])
    with pytest.raises(ShapeError, match="bias has shape"):
        tying.is_equivariant(sp.zeros(2, 2), [1, 2, 3])
    for bad in (math.nan, math.inf, sp.oo):
        with pytest.raises(DomainError, match="NaN or infinite"):
            tying.breaking_distance([[bad, 0], [0, 0]])


def test_unknown_name():
    with pytest.raises(UnknownNameError, match="did you mean 'cyclic'"):
        symmetries.get("cyclik")
    assert {"free", "shared", "alternating", "graph_automorphism"} <= set(symmetries.catalogue())


def test_importing_needs_no_numeric_library():
    code = (
        "import sys, cumulant_theory.symmetries as s; s.SO2().tie(2, 2).matrix();"
        "print([m for m in ('numpy', 'torch', 'scipy', 'networkx', 'matplotlib')"
        " if m in sys.modules])"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert result.stdout.strip() == "[]", result.stderr
