"""Propagation with one cumulant per orbit against all of them: a ring of twelve nodes."""

import time
from typing import Any

import sympy as sp

from cumulant_theory import activations, laws, layers
from cumulant_theory.layers import graphs
from cumulant_theory.layers.base import all_multi_indices

NODES, ORDER = 12, 4


def ring_network() -> layers.Sequential:
    """Own feature plus those of both neighbours, then z + z^2 / 5."""
    convolution = graphs.GraphConv(
        graphs.cycle(NODES), weights=[[[sp.Rational(1, 2)]], [[sp.Rational(1, 3)]]]
    )
    return convolution >> layers.Pointwise(activations.Quadratic(sp.Rational(1, 5)))


def rows() -> list[dict[str, Any]]:
    """Times and numbers of stored cumulants, both checked to give the same values."""
    network, law = ring_network(), laws.Exponential(1)
    indices = all_multi_indices(NODES, ORDER)
    seconds, stored, values = [], [], []
    for orbits in (True, False):
        start = time.perf_counter()
        out = network.propagate(law, order=ORDER, orbits=orbits)
        values.append([out.element(alpha) for alpha in indices])
        seconds.append(time.perf_counter() - start)
        stored.append(len(out.stored))
    if values[0] != values[1]:
        raise ArithmeticError("orbits change the cumulants")
    what = f"GraphConv(cycle({NODES})), quadratic, order {ORDER}, one cumulant per orbit"
    return [
        {"what": what, "ours_s": seconds[0], "peer": "ours, without orbits",
         "peer_s": seconds[1], "ratio": seconds[1] / seconds[0], "reach": ""},
        {"what": what, "ours_s": stored[0], "peer": "ours, without orbits", "peer_s": stored[1],
         "ratio": stored[1] / stored[0], "reach": "", "quantity": "cumulants"},
    ]
