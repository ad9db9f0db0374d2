"""Counter-examples of the analysis as running networks, and the branches where training ends."""

import numpy as np
import pytest

import numerics as nm
from cumulant_theory import activations, laws, layers, symmetries
from cumulant_theory.errors import DomainError, ShapeError, UnknownNameError
from cumulant_theory.generalisation import analyse
from cumulant_theory.layers import graphs

GAUSSIAN, SKEWED = laws.Normal(0, 1), laws.Exponential(1)


def linear(b, symmetry=None):
    return layers.Linear(b, 1, symmetry=symmetry, bias=True)


def tied():
    return (
        layers.Linear(2, 1, symmetry=symmetries.PermutationInvariant(), name="w")
        >> layers.Pointwise(activations.Quadratic("a"))
        >> layers.Linear(1, 1, bias=True, name="v", bias_name="c")
    )


def star():
    graph = graphs.star(3)
    return graphs.GraphConv(graph) >> graphs.Readout(graph, "sum")


CASES = {
    "sphere": (linear(2), 2), "mirror": (linear(3, symmetries.PermutationInvariant()), 3),
    "tied": (tied(), 2), "star": (star(), 3),
}


@pytest.mark.parametrize("name", CASES)
def test_a_witness_passes_on_the_training_law_and_fails_on_another(name):
    net, b = CASES[name]
    target = layers.BlockSum(b)
    analysis = analyse(net, target, laws.Normal(0, "sigma"), laws.Generic(), order=4)
    assert analysis.generalises is False
    found = nm.confront(
        analysis.witness().network, target, {"trained": GAUSSIAN, "met": SKEWED}, samples=10**5
    )
    assert found.agrees("trained")
    assert not found.agrees("met")
    assert found.z("met") > 5
    assert "misses the target" in repr(found)
    assert "misses the target" in found._repr_html_()


def test_the_block_sum_itself_agrees_everywhere():
    found = nm.confront(layers.BlockSum(2), layers.BlockSum(2), [GAUSSIAN, SKEWED], samples=10**5)
    assert all(found.agrees(name) for name in found.comparisons)


def test_training_ends_on_both_mirror_images_of_the_tied_unit():
    analysis = analyse(
        tied(), layers.BlockSum(2), laws.Normal(0, "sigma"), laws.Generic(centred=True), order=4
    )
    found = nm.landing(analysis, GAUSSIAN, seeds=32, seed=1)
    assert found.counts.sum() + found.elsewhere == found.networks == 32
    assert (found.counts > 0).all()
    low, high = found.interval()
    assert low < found.failing < high
    on_branch = found.violations.min(axis=1) <= 1e-6
    assert (found.losses[on_branch] < 1e-8).all()
    assert np.isfinite(found.losses).all()
    assert "generalises" in repr(found)


def test_what_does_not_fit_is_refused():
    with pytest.raises(ShapeError, match="one output"):
        nm.confront(layers.Linear(2, 2, weight=[[1, 0], [0, 1]]), layers.BlockSum(2), [GAUSSIAN])
    with pytest.raises(DomainError, match="give every symbol a real number"):
        nm.confront(layers.BlockSum(2), layers.Linear(2, 1), [GAUSSIAN])
    found = nm.confront(layers.BlockSum(2), layers.BlockSum(2), {"a": GAUSSIAN}, 2, 1000)
    with pytest.raises(UnknownNameError, match="Known: a"):
        found.agrees("b")
    with pytest.raises(DomainError, match="cannot be sampled"):
        nm.confront(layers.BlockSum(2), layers.BlockSum(2), [laws.Generic()])
    alone = analyse(
        linear(2, symmetries.Alternating()), layers.BlockSum(2), SKEWED, laws.Generic(), order=3
    )
    assert alone.fits is False
    with pytest.raises(DomainError, match="no real branch"):
        nm.landing(alone, SKEWED)
    fitting = analyse(linear(2, symmetries.Shared()), layers.BlockSum(2), SKEWED, SKEWED, order=2)
    for seeds in (0, -1, 1.5, True, "8", [1, 2], 10**9):
        with pytest.raises(ShapeError, match="give the number of networks"):
            nm.landing(fitting, SKEWED, seeds=seeds)
