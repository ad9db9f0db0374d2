"""Caches that many threads, or many processes, use at once give what one alone gets."""

from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from multiprocessing import get_context

import numpy as np
import pytest
import sympy as sp

import numerics as nm
from cumulant_theory import Diagrams, activations, algebra, diagrams, laws, layers, rg, symmetries
from numerics.kstatistics import kstatistic_coefficients

NET = (layers.Linear(2, 3, symmetry=symmetries.PermutationInvariant(), bias=True)
       >> layers.Pointwise(activations.Quadratic("a")) >> layers.Linear(3, 1))
RELU = layers.Linear(2, 2) >> layers.Pointwise(activations.ReLU()) >> layers.Linear(2, 1)


def state(net=NET):
    return net.propagate(laws.Generic(), 3, closure=Diagrams(2))


def work(shared=None):
    """Everything that is remembered between calls, as text; on shared objects if there are some."""
    law, net, out, relu = shared or (laws.Generic(), NET, state(), state(RELU))
    kernel = nm.compile(CHEAP, order=3)
    weights = {p: 0.5 + k / 7 for k, p in enumerate(CHEAP.parameters)}
    numbers = nm.predict(CHEAP, laws.Exponential(1), order=3, values=weights)
    return [
        str(law.moment(6)), str([out[r] for r in (1, 2, 3)]), str(relu[2]), str(net.parameters),
        str(algebra.cumulant_formula(5).expr), str(diagrams.rule((2, 1), Diagrams(3)).diagrams),
        str(kstatistic_coefficients(4, 9)), kernel.source, repr(numbers.values),
        str(activations.Tanh().wick(2, 1, sp.Symbol("m"), 1).expr),
        repr(nm.wick(activations.Tanh(), 2, 1, 0.3, 1.2).values),
        str(symmetries.Cyclic().tie(4, 4).projector()), net._repr_html_(), out._repr_latex_(),
        str(rg.RGMap(layers.BlockSum(3)).spectrum(4)), out.derivation.to_latex(),
        repr(nm.propagate([np.eye(3)] * 3, None, "relu", K=3).states[-1].mean),
    ]


CHEAP = layers.Linear(2, 1) >> layers.Pointwise(activations.Square()) >> layers.Linear(1, 1)


@pytest.fixture(scope="module")
def alone():
    return work()


@pytest.mark.slow
def test_eight_threads_on_the_same_objects(alone):
    for _ in range(2):
        shared = (laws.Generic(), NET, state(), state(RELU))
        with ThreadPoolExecutor(8) as pool:
            found = list(pool.map(work, [shared] * 16))
        assert all(f == alone for f in found)


@pytest.mark.slow
def test_eight_threads_with_objects_of_their_own(alone):
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda _: work(), range(8)))
    assert all(f == alone for f in found)


def cold():
    """Eight threads in a process whose caches are all empty."""
    shared = (laws.Generic(), NET, state(), state(RELU))
    with ThreadPoolExecutor(8) as pool:
        return list(pool.map(work, [shared] * 8))


@pytest.mark.slow
@pytest.mark.campaign
def test_processes_with_empty_caches(alone):
    with ProcessPoolExecutor(2, mp_context=get_context("spawn")) as pool:
        found = [f for process in [pool.submit(cold) for _ in range(2)] for f in process.result()]
    assert len(found) == 16
    assert all(f == alone for f in found)

