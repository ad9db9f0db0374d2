"""The central-limit map on densities by unrelated routes, and networks that learn it."""

import math
from collections import Counter
from fractions import Fraction
from functools import cache, reduce

import numpy as np
import pytest
import sympy as sp
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

import numerics as nm
from cumulant_theory import activations, laws, layers, symmetries
from cumulant_theory.algebra import cumulants_from_moments
from cumulant_theory.errors import CumulantError, DomainError, ShapeError, UnknownNameError
from cumulant_theory.layers import graphs
from numerics.densities import (
    FAMILIES,
    METRICS,
    TEST,
    TRAIN,
    DensityLoss,
    DensityNetwork,
    Gammas,
    Gaussians,
    Grid,
    RandomDensities,
    SelfConvolution,
    StudentTs,
    SymmetricMixtures,
    affine_image,
    cumulants,
    density,
    density_error,
    equivariance_defect,
    grid_mass,
    hermite_direction,
    linearised_spectrum,
    power_network,
    self_convolution,
    symmetry_defects,
)

L, P = layers.Linear, layers.Pointwise
GRID = Grid(64, 6)
HALF = sp.Rational(1, 2)


def normal(x, mean=0.0, std=1.0):
    return np.exp(-(((x - mean) / std) ** 2) / 2) / (std * math.sqrt(2 * math.pi))


def normals(x, parts):
    return sum(w * normal(x, m, v) for w, m, v in parts)


def mlp(n, symmetry=None, activation=None, bias=True):
    tied = {"symmetry": symmetry, "bias": bias}
    return L(n, n, **tied) >> P(activation or activations.Square()) >> L(n, n, **tied)


# ------------------------------------------------------------------------- the map


@pytest.mark.parametrize("b", [1, 2, 3, 5, 8])
@pytest.mark.parametrize("points", [64, 65])
def test_centred_normal_law_is_fixed(b, points):
    grid = Grid(points, 8)
    p = normal(grid.x)
    assert np.abs(self_convolution(p, grid, b) - p).max() < 1e-13


@given(
    parts=st.lists(
        st.tuples(st.floats(0.1, 1), st.floats(-1.5, 1.5), st.floats(0.6, 1.2)),
        min_size=1, max_size=3,
    ),
    b=st.integers(2, 4), s=st.sampled_from([0.4, HALF, 0.8, 1]),
)  # fmt: skip
@settings(max_examples=40)
def test_mixtures_of_normals_give_mixtures(parts, b, s):
    total = sum(w for w, _, _ in parts)
    parts = [(w / total, m, v) for w, m, v in parts]
    grid = Grid(257, 24)
    sums = [(1.0, 0.0, 0.0)]
    for _ in range(b):
        sums = [
            (w * u, m + n, math.hypot(v, k)) for w, m, v in sums for u, n, k in parts
        ]
    scale = b ** -float(s)
    exact = normals(grid.x, [(w, scale * m, scale * v) for w, m, v in sums])
    found = self_convolution(normals(grid.x, parts), grid, b, s)
    assert np.abs(found - exact).max() < 1e-11


@pytest.mark.parametrize(("b", "s", "stretch"), [(2, 0, 1), (3, 0, 1), (4, HALF, 2), (2, 1, 2)])
def test_places_on_the_lattice_are_plain_convolutions(b, s, stretch):
    """Where b^s x falls on grid points nothing is interpolated, for any sequence of values."""
    grid = Grid(33, 4)
    p = np.random.default_rng(0).random((2, 33))
    found = self_convolution(p, grid, b, s, limit=None)
    for row, image in zip(p, found, strict=True):
        whole = reduce(np.convolve, [row] * b) * grid.spacing ** (b - 1)
        middle = b * 16
        places = middle + stretch * np.arange(-16, 17)
        exact = stretch * np.where(places >= 0, whole[np.clip(places, 0, 2 * middle)], 0)
        np.testing.assert_allclose(image, exact, atol=1e-12)


def irwin_hall(x, n):
    """Density of the sum of n uniform variables on (0, 1)."""
    terms = [(-1) ** k * math.comb(n, k) * np.maximum(x - k, 0) ** (n - 1) for k in range(n + 1)]
    return np.where((x > 0) & (x < n), sum(terms), 0) / math.factorial(n - 1)


CASES = {
    "uniform, b = 2": (laws.Uniform(-2, 2), 2, lambda y: irwin_hall(y / 4 + 1, 2) / 4),
    "uniform, b = 4": (laws.Uniform(-2, 2), 4, lambda y: irwin_hall(y / 4 + 2, 4) / 4),
    "laplace, b = 2": (laws.Laplace(0, HALF), 2,
                       lambda y: (1 + 2 * np.abs(y)) * np.exp(-2 * np.abs(y)) / 2),
    "gamma, b = 2": (laws.Gamma(2, 4), 2, stats.gamma(4, scale=0.25).pdf),
    "gamma, b = 3": (laws.Gamma(2, 4), 3, stats.gamma(6, scale=0.25).pdf),
    "exponential, b = 2": (laws.Exponential(2), 2, stats.gamma(2, scale=0.5).pdf),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_laws_with_kinks_converge_at_second_order(case):
    law, b, exact_sum = case
    spacings, errors = [], []
    for points in range(100, 760, 60):
        grid = Grid(points, 10)
        scale = math.sqrt(b)
        gap = self_convolution(density(law, grid), grid, b) - scale * exact_sum(scale * grid.x)
        spacings.append(grid.spacing)
        errors.append(np.abs(gap).sum() * grid.spacing)
    # the place of a kink between two points moves the constant, and the ringing adds a logarithm
    constants = np.array(errors) / np.square(spacings)
    assert constants.max() < 2 * constants.min()
    assert constants.max() < 4


@pytest.mark.parametrize("s", [HALF, 0.75, 1])
def test_semigroup(s):
    grid = Grid(513, 16)
    p = normals(grid.x, [(0.3, -1, 1), (0.7, 0.5, 1.2)])
    first, second, both = (SelfConvolution(grid, b, s) for b in (2, 3, 6))
    np.testing.assert_allclose(second(first(p)), both(p), atol=1e-12)
    np.testing.assert_allclose(first(second(p)), both(p), atol=1e-12)


@pytest.mark.parametrize(("b", "s"), [(2, HALF), (3, HALF), (2, 0.6)])
def test_cumulants_are_multiplied(b, s):
    grid = Grid(256, 12)
    target = SelfConvolution(grid, b, s)
    p = normals(grid.x, [(0.4, -0.7, 0.7), (0.6, 0.9, 0.9)])
    before, after = cumulants(p, grid, 6), cumulants(target(p), grid, 6)
    factors = [target.eigenvalue(r) for r in range(1, 7)]
    np.testing.assert_allclose(after, before * factors, rtol=1e-8, atol=1e-9)


def test_arrays_of_both_libraries_and_derivatives():
    p = RandomDensities("gaussians", GRID).sample(3, 0)
    target = SelfConvolution(GRID, 3, limit=None)
    both = torch.from_numpy(p)
    np.testing.assert_allclose(target(both).numpy(), target(p), atol=1e-15)
    assert target(both.float()).dtype == torch.float32
    assert target(p.astype(np.float32)).dtype == np.float32
    np.testing.assert_allclose(target(both.float()).numpy(), target(p), atol=1e-5)
    np.testing.assert_allclose(torch.func.vmap(target)(both).numpy(), target(p), atol=1e-15)
    assert torch.autograd.gradcheck(target, (both[:1].clone().requires_grad_(),))
    silent = torch.zeros(64, dtype=torch.float64, requires_grad=True)
    target(silent).sum().backward()
    assert bool(torch.isfinite(silent.grad).all())


@pytest.mark.slow
def test_sums_of_very_many_copies_are_finite():
    p = nm.densities.density(laws.Normal(), GRID)
    assert np.isfinite(nm.densities.self_convolution(p, GRID, 10**4, limit=None)).all()


def test_the_mismatch_of_means_alone():
    f, r = np.array([0.0, 0.0, 1.0]), np.array([0.5, 0.0, 0.5])
    assert float(nm.densities.cumulant_mismatch(f, r, nm.densities.Grid(3, 1), 1)) == 1


def test_mass_that_leaves_the_grid_is_refused():
    target = SelfConvolution(GRID, 2)
    with pytest.raises(DomainError, match="changes its mass"):
        target(normal(GRID.x, 4.5))
    with pytest.raises(DomainError, match="holds NaN"):
        target(np.full(64, np.nan))
    flow = target.flow(normal(GRID.x), 3)
    assert flow.shape == (4, 64)


@given(scale=st.sampled_from([-1.3, -1.0, 0.8, 1.2]), shift=st.floats(-1, 1))
@settings(max_examples=20)
def test_affine_images(scale, shift):
    grid = Grid(128, 10)
    parts = [(0.3, -1, 0.8), (0.7, 0.5, 1.0)]
    found = affine_image(normals(grid.x, parts), grid, scale, shift)
    exact = normals(grid.x, [(w, scale * m + shift, abs(scale) * v) for w, m, v in parts])
    assert np.abs(found - exact).max() < 1e-9


# ------------------------------------------------------------------- laws on a grid


@pytest.mark.parametrize("kind", [k for n, k in laws.catalogue().items()])
def test_every_law_becomes_a_density_or_says_why(kind):
    grid = Grid(801, 20)
    for example in kind.examples:
        law = kind(**example)
        if law.sampling is None or law.free_symbols:
            with pytest.raises(DomainError):
                density(law, grid)
            continue
        try:
            p, width = density(law, grid), 0.0
        except DomainError as error:
            assert "smoothing" in str(error)  # noqa: PT017
            width = 0.2
            p = density(law, grid, smoothing=width)
        assert grid.mass(p) == pytest.approx(1, abs=1e-12)
        assert p.min() >= 0
        if law.max_order is not None and law.max_order < 4:
            continue  # the tails beyond the grid matter
        kappa = cumulants(p, grid, 2)
        assert kappa[0] == pytest.approx(float(law.cumulant(1)), abs=2e-3)
        assert kappa[1] == pytest.approx(float(law.cumulant(2)) + width**2, rel=1e-2)


def test_mass_off_the_grid_is_told_and_refused():
    law = laws.StudentT(3)
    outside = 2 * stats.t.sf(6, 3)
    assert 1 - grid_mass(law, GRID) == pytest.approx(outside, rel=0.1)
    with pytest.raises(DomainError, match=r"limit=0\.001"):
        density(law, GRID)
    assert GRID.mass(density(law, GRID, limit=0.02)) == pytest.approx(1)
    with pytest.raises(DomainError, match="wider or finer"):  # narrower than the spacing
        density(laws.Normal(0, sp.Rational(1, 50)), GRID)


@given(
    masses=st.lists(st.integers(0, 9), min_size=5, max_size=9).filter(sum),
    order=st.integers(1, 8),
)
@settings(max_examples=40)
def test_cumulants_are_those_of_the_point_masses(masses, order):
    grid = Grid(len(masses), (len(masses) - 1) / 2)
    points = [Fraction(2 * k - len(masses) + 1, 2) for k in range(len(masses))]
    total = sum(masses)
    moments = [
        sum(Fraction(m, total) * x**r for m, x in zip(masses, points, strict=True))
        for r in range(1, order + 1)
    ]
    exact = [float(k) for k in cumulants_from_moments(moments)]
    p = np.array(masses, dtype=float)
    np.testing.assert_allclose(cumulants(p, grid, order), exact, rtol=1e-9, atol=1e-8)
    np.testing.assert_allclose(cumulants(torch.tensor(p), grid, order).numpy(), exact,
                               rtol=1e-9, atol=1e-8)  # fmt: skip


# --------------------------------------------------------------------- random densities


@pytest.mark.parametrize("name", FAMILIES)
def test_families_are_centred_and_of_the_scale_they_say(name):
    grid = Grid(512, 12)
    family = FAMILIES[name](scale=(0.6, 1.1))
    p = RandomDensities(family, grid).sample(64, seed=3)
    kappa = cumulants(p, grid, 3)
    heavy = name == "student_ts"
    np.testing.assert_allclose(grid.mass(p), 1)
    assert np.abs(kappa[:, 0]).max() < 1e-3
    std = np.sqrt(kappa[:, 1])
    assert std.min() > 0.6 * (0.9 if heavy else 0.999)
    assert std.max() < 1.1 * 1.001
    assert std.std() > 0.05
    mirrored = np.abs(p - p[:, ::-1]).max() < 1e-12
    assert mirrored == family.symmetric
    assert (np.abs(kappa[:, 2]).max() < 1e-9) == family.symmetric


def test_random_densities_mix_their_sources_and_repeat():
    inputs = RandomDensities(["gaussians", laws.Uniform(-2, 2)], GRID)
    p = inputs.sample(400, seed=1)
    fixed = density(laws.Uniform(-2, 2), GRID)
    share = Counter(bool(np.array_equal(row, fixed)) for row in p)[True] / 400
    assert abs(share - 0.5) < 4 * 0.5 / 20
    np.testing.assert_array_equal(p, inputs.sample(400, seed=1))
    assert not np.array_equal(p, inputs.sample(400, seed=2))


# ------------------------------------------------------------------ symmetry and spectrum


@pytest.mark.parametrize("s", [HALF, 1])
def test_symmetries_of_the_exact_map(s):
    grid = Grid(128, 10)
    p = normals(grid.x, [(0.3, -1, 0.9), (0.7, 0.5, 1.1)])
    found = symmetry_defects(SelfConvolution(grid, 2, s), p, shift=2)
    exact = {"reflection", "dilation", "stretched translation"}
    exact |= {"translation"} if s == 1 else set()
    assert {name for name, defect in found.items() if defect < 1e-8} == exact
    assert found["permutation"] > 0.1


def test_symmetries_of_tied_networks():
    p = torch.tensor(RandomDensities("skewed_mixtures", GRID).sample(4, 0))

    def roll(q):
        return q.roll(3, -1)

    circulant = DensityNetwork(nm.build(mlp(64, symmetries.Cyclic()), seed=0), GRID)
    reflected = DensityNetwork(nm.build(mlp(64, symmetries.Reflection()), seed=0), GRID, "softmax")
    ring = graphs.cycle(64)
    network = nm.build(graphs.GraphConv(ring, 1, 2) >> P(activations.Tanh())
                       >> graphs.GraphConv(ring, 2, 1), seed=0)  # fmt: skip
    for module in (circulant, DensityNetwork(network, GRID, "none")):
        assert equivariance_defect(module, p, GRID, roll) < 1e-12
    assert equivariance_defect(reflected, p, GRID, lambda q: q.flip(-1)) < 1e-12
    assert equivariance_defect(reflected, p, GRID, roll) > 1e-3
    # so errors at a density and at its translate add up to the defect of the exact map
    target = SelfConvolution(GRID, 2)
    gaps = [torch.linalg.norm(circulant(q) - target(q), dim=-1) for q in (p, roll(p))]
    least = torch.linalg.norm(roll(target(p)) - target(roll(p)), dim=-1)
    assert bool((sum(gaps) >= least).all())
    assert float(least.min()) > 0.1


@pytest.mark.parametrize("b", [2, 3])
def test_hermite_functions_are_eigenvectors(b):
    grid = Grid(64, 8)
    target = SelfConvolution(grid, b)
    p = hermite_direction(grid, 0)
    exact = [b ** (1 - r / 2) for r in range(6)]
    np.testing.assert_allclose(linearised_spectrum(target, p, 6), exact, atol=1e-4)
    plain = SelfConvolution(grid, b, limit=None)
    for r, eigenvalue in enumerate(exact):
        h, eps = hermite_direction(grid, r), 1e-4
        slope = (plain(p + eps * h) - plain(p - eps * h)) / (2 * eps)
        assert np.abs(slope - eigenvalue * h).max() < 1e-6


@pytest.mark.parametrize(("b", "s"), [(1, HALF), (2, HALF), (3, 0.4), (2, 1)])
def test_one_hidden_layer_of_powers_is_the_map(b, s):
    grid = Grid(18, 3)
    target = SelfConvolution(grid, b, s, limit=None)
    p = np.random.default_rng(1).random((4, 18))  # for any values, not for densities alone
    network = power_network(target)
    np.testing.assert_allclose(network(p).detach().numpy(), target(p), atol=1e-11)


def test_what_training_laws_leave_open():
    """The identity fits normal laws, and the map after symmetrisation fits symmetric ones."""
    target = SelfConvolution(GRID, 2)
    nothing = density_error(lambda p: p, target, metrics=["wasserstein"], samples=32, steps=2)
    mirror = density_error(
        lambda p: target((p + p[..., ::-1]) / 2), target, metrics=["wasserstein"], samples=32
    )
    for name, kind in FAMILIES.items():
        key = (name, "wasserstein")
        if name == "gaussians":
            assert nothing.mean[key].max() < 1e-5
        else:
            assert nothing.mean[key].min() > 1e-3
            np.testing.assert_allclose(nothing.mean[key], nothing.identity[key])
        if kind.symmetric:
            assert mirror.mean[key].max() < 1e-12
        else:
            assert mirror.mean[key].min() > 1e-2


# ---------------------------------------------------------------------- metrics and losses


@given(seed=st.integers(0, 2**16))
@settings(max_examples=20)
def test_metrics_are_those_of_scipy(seed):
    rng = np.random.default_rng(seed)
    grid = Grid(17, 2)
    f, r = (grid.normalised(rng.random((3, 17)) + 0.01) for _ in range(2))
    for k in range(3):
        weights = {"u_weights": f[k], "v_weights": r[k]}
        assert METRICS["wasserstein"](f, r, grid)[k] == pytest.approx(
            stats.wasserstein_distance(grid.x, grid.x, **weights), rel=1e-9
        )
        assert METRICS["kl"](f, r, grid)[k] == pytest.approx(stats.entropy(r[k], f[k]), rel=1e-9)
    for metric in METRICS.values():
        np.testing.assert_allclose(metric(r, r, grid), 0, atol=1e-12)
        tensors = (torch.from_numpy(f), torch.from_numpy(r))
        np.testing.assert_allclose(metric(*tensors, grid), metric(f, r, grid), rtol=1e-9)


@pytest.mark.parametrize("name", METRICS)
def test_metrics_have_gradients(name):
    grid = Grid(9, 2)
    f, r = (torch.tensor(normal(grid.x, m) + 0.05)[None] for m in (0.3, -0.2))
    assert torch.autograd.gradcheck(lambda y: METRICS[name](y, r, grid), (f.requires_grad_(),))


def test_losses_sum_metrics_and_stay_finite_at_zero():
    p, r = (torch.from_numpy(RandomDensities(n, GRID).sample(5, 0)) for n in ("gammas", "uniforms"))
    loss = DensityLoss(GRID, {"l2": 2, "kl": 0.5, "wasserstein": 0})
    both = [(METRICS[n](p, r, GRID)).mean() for n in ("l2", "kl")]
    assert float(loss(p, r)) == pytest.approx(float(2 * both[0] + both[1] / 2))
    assert loss(p.expand(3, 5, 64), r).shape == (3,)
    silent = torch.zeros(2, 64, dtype=torch.float64, requires_grad=True)
    DensityLoss(GRID, "kl")(silent, r[:2]).backward()
    assert bool(torch.isfinite(silent.grad).all())


# -------------------------------------------------------------------------- training


@pytest.mark.parametrize("normalise", ["none", "square", "softmax"])
@pytest.mark.parametrize("loss", METRICS)
def test_training_lowers_every_loss(normalise, loss):
    grid = Grid(24, 4)
    family = SymmetricMixtures(distance=(0.2, 0.7), scale=(0.5, 0.9))
    task = nm.tasks.DensityBlockSum(2, family, grid)
    module = DensityNetwork(nm.build(mlp(24), seeds=range(2)), grid, normalise)
    if normalise == "none":  # the sum of the outputs has to stay off zero for their cumulants
        module.network.load_values({n: 0.3 for n in module.names if n.startswith("c__")})
    before = density_error(module, task.target, family, [loss], samples=64)
    result = nm.train(module, task, steps=120, loss=DensityLoss(grid, loss), batch=32,
                      progress=False)  # fmt: skip
    after = density_error(module, task.target, family, [loss], samples=64)
    key = ("symmetric_mixtures", loss)
    assert (after.mean[key] < 0.3 * before.mean[key]).all()
    assert result.losses.shape == (121, 2)
    assert np.isfinite(result.final_loss).all()


def test_an_ensemble_trains_as_its_members_do_and_fails_on_skewed_laws():
    task = nm.tasks.DensityBlockSum(2, TRAIN, GRID)
    net = mlp(64, symmetries.Reflection())
    options = {"loss": DensityLoss(GRID), "batch": 64, "lr": 0.005, "progress": False}
    both = DensityNetwork(nm.build(net, seeds=(3, 4)), GRID)
    alone = DensityNetwork(nm.build(net, seed=4), GRID)
    nm.train(both, task, steps=250, **options)
    nm.train(alone, task, steps=250, **options)
    np.testing.assert_allclose(both[1].theta.detach(), alone.theta.detach(), atol=1e-7)
    errors = density_error(both, task.target, metrics=["l2"], samples=64, steps=3)
    assert errors.mean["gammas", "l2"].shape == (2, 3)
    assert (errors.relative("symmetric_mixtures", "l2") < 0.1).all()
    assert (errors.relative("gammas", "l2") > 1).all()
    spread = errors.standard_error["gammas", "l2"]
    seen, unseen = (errors.mean[n, "l2"][:, 0] for n in ("symmetric_mixtures", "gammas"))
    assert (unseen - seen > 5 * spread[:, 0]).all()
    assert set(errors.families) == {*TRAIN, *TEST}
    assert "student_ts" in repr(errors)
    assert "<table" in errors._repr_html_()
    # even directions of the linearised map are learned, odd ones were never seen
    p = hermite_direction(GRID, 0)
    jacobian = torch.func.jacrev(alone)(torch.tensor(p)).detach().numpy()
    directions = [hermite_direction(GRID, r) for r in range(4)]
    slopes = [h @ jacobian @ h / (h @ h) for h in directions]
    assert abs(slopes[2] - 1) < 0.15
    assert max(abs(slopes[1] - math.sqrt(2)), abs(slopes[3] - math.sqrt(0.5))) > 0.3
    figure = both.plot(task.target, {"uniform": density(laws.Uniform(-2, 2), GRID)}, steps=2)
    assert len(figure.axes) == 2


def test_a_plain_network_and_a_plain_function_train_too():
    grid = Grid(16, 5)
    task = nm.tasks.DensityBlockSum(2, "gaussians", grid)
    for loss in ("pointwise", lambda y, t: (y - t).abs().sum(-1).mean(-1)):
        module = nm.build(L(16, 16), seed=0)
        result = nm.train(module, task, steps=200, loss=loss, batch=32, progress=False)
        assert result.final_loss < 0.1 * result.losses[0]
    again = nm.tasks.BlockSum(2, laws.Normal(0, 1))
    module = nm.build(L(2, 1), seed=0)
    nm.train(module, again, steps=300, loss=lambda y, t: (y - t).square().mean((-1, -2)),
             lr=0.05, progress=False)  # fmt: skip
    np.testing.assert_allclose(module.theta.detach(), math.sqrt(0.5), atol=1e-3)


def test_graph_networks_run_on_a_path():
    line = graphs.path(64)
    net = (graphs.GraphConv(line, 1, 3, bias=True) >> P(activations.Tanh())
           >> graphs.GraphConv(line, 3, 1, bias=True))  # fmt: skip
    module = DensityNetwork(nm.build(net, seed=0), GRID, "softmax")
    q = module(RandomDensities("gammas", GRID).sample(3, 0)).detach().numpy()
    np.testing.assert_allclose(GRID.mass(q), 1)
    assert q.min() > 0


# ---------------------------------------------------------------------------- errors


@cache
def _network(n=16):
    return nm.build(L(n, n), seed=0)


WRONG = {
    "one point": (lambda: Grid(1, 2), ShapeError),
    "no points": (lambda: Grid(2.5, 2), ShapeError),
    "no width": (lambda: Grid(8, 0), DomainError),
    "infinite width": (lambda: Grid(8, math.inf), DomainError),
    "other grid": (lambda: self_convolution(np.ones(8), Grid(9, 2), 2), ShapeError),
    "no blocks": (lambda: SelfConvolution(GRID, 0), DomainError),
    "symbolic s": (lambda: SelfConvolution(GRID, 2, sp.Symbol("s")), DomainError),
    "negative steps": (lambda: SelfConvolution(GRID, 2).flow(np.ones(64), -1), ShapeError),
    "scale zero": (lambda: affine_image(np.ones(64), GRID, 0.0), DomainError),
    "order": (lambda: cumulants(np.ones(64), GRID, 0), CumulantError),
    "no mass": (lambda: GRID.normalised(np.zeros(64)), DomainError),
    "joint law": (lambda: density(laws.Normal().iid(2), GRID), DomainError),
    "symbolic law": (lambda: density(laws.Normal(0, "sigma"), GRID), DomainError),
    "cumulants only": (lambda: density(laws.Generic("kappa"), GRID), DomainError),
    "smoothing": (lambda: density(laws.Rademacher(), GRID, smoothing=-1), DomainError),
    "family": (lambda: RandomDensities("gausians", GRID), UnknownNameError),
    "no family": (lambda: RandomDensities([], GRID), ShapeError),
    "number as family": (lambda: RandomDensities([3], GRID), DomainError),
    "wide family": (lambda: RandomDensities(Gaussians((9, 9)), GRID).sample(1), DomainError),
    "range": (lambda: Gammas(scale=(2, 1)), DomainError),
    "modes too far": (lambda: SymmetricMixtures(distance=(0.5, 1.0)), DomainError),
    "no variance": (lambda: StudentTs(df=(1.5, 3)), DomainError),
    "metric": (lambda: DensityLoss(GRID, "l3"), UnknownNameError),
    "weights": (lambda: DensityLoss(GRID, {"l2": 0}), DomainError),
    "negative weight": (lambda: DensityLoss(GRID, {"l2": -1}), DomainError),
    "no network": (lambda: DensityNetwork(torch.nn.Identity(), GRID), DomainError),
    "widths": (lambda: DensityNetwork(_network(), GRID), ShapeError),
    "normalisation": (lambda: DensityNetwork(_network(), Grid(16, 4), "l1"), UnknownNameError),
    "no members": (lambda: DensityNetwork(_network(), Grid(16, 4))[0], ShapeError),
    "map to zero": (
        lambda: equivariance_defect(np.zeros_like, np.ones(64), GRID, np.flip), DomainError,
    ),
    "map elsewhere": (
        lambda: equivariance_defect(lambda p: p[:9], np.ones(64), GRID, np.flip), ShapeError,
    ),
    "shift": (
        lambda: symmetry_defects(SelfConvolution(GRID, 2), np.ones(64), shift=0), DomainError,
    ),
    "batch at fixed point": (lambda: linearised_spectrum(lambda p: p, np.ones((2, 4))), ShapeError),
    "exact": (lambda: nm.train(_network(64), nm.tasks.DensityBlockSum(2), exact=True), DomainError),
    "exact wrapper": (
        lambda: nm.train(DensityNetwork(_network(64), GRID), nm.tasks.DensityBlockSum(2),
                         exact=True), DomainError,
    ),
    "exact function": (
        lambda: nm.train(_network(64), nm.tasks.DensityBlockSum(2), exact=True,
                         loss=DensityLoss(GRID)), DomainError,
    ),
    "other widths": (
        lambda: nm.train(_network(), nm.tasks.DensityBlockSum(2), progress=False), ShapeError,
    ),
    "a value that is no array": (
        lambda: nm.densities.cumulants(sp.Function("f"), GRID, 2), ShapeError,
    ),
    "a limit below zero": (
        lambda: nm.densities.density(laws.Normal(), GRID, limit=sp.Integer(-1)), DomainError,
    ),
    "a map that fails": (
        lambda: nm.densities.linearised_spectrum({}.__getitem__, np.ones(4)), DomainError,
    ),
    "a scale below all numbers": (
        lambda: nm.densities.hermite_direction(GRID, 2, 5e-324), DomainError,
    ),
    "nothing to train": (lambda: nm.train(3, nm.tasks.DensityBlockSum(2)), DomainError),
}  # fmt: skip


@pytest.mark.parametrize("case", WRONG.values(), ids=WRONG)
def test_wrong_arguments_are_named(case):
    call, kind = case
    with pytest.raises(kind) as caught:
        call()
    assert isinstance(caught.value, CumulantError)
    assert len(str(caught.value)) > 20
