"""Symbolic width: the cost at 4 nodes beside that at a million, and beside unit by unit.

The network: SAGEConv on the complete graph, a quadratic activation, the mean over nodes, iid
inputs of any law, output orders 1 to 4. Types with more distinct nodes than exist are left out:
at 4 nodes that saves some of the work.

Run ``python -m benchmarks symbolic_width``.
"""

import math
import time
from collections.abc import Callable
from typing import Any

import numpy as np

from cumulant_theory import activations, laws, symbolic_width
from numerics.kernels import compile_system

SMALL, LARGE = 4, 10**6
ORDER = 4
DRAWS = 10_000


def network(n: Any) -> symbolic_width.Layer:
    """The network at a width."""
    return (
        symbolic_width.SAGEConv(symbolic_width.complete(n), name=("u", "w"))
        >> symbolic_width.Pointwise(activations.Quadratic("a"))
        >> symbolic_width.Mean(n)
    )


def fastest(*runs: Callable[[], Any], repeats: int = 15) -> list[float]:
    """Least seconds of each, taken in turns, the first round not counted."""
    times: list[list[float]] = [[] for _ in runs]
    for _ in range(repeats + 1):
        for run, found in zip(runs, times, strict=True):
            start = time.perf_counter()
            run()
            found.append(time.perf_counter() - start)
    return [min(found[1:]) for found in times]


def propagated(n: int) -> list[Any]:
    """Output cumulants as polynomials in u, w, a and the input cumulants."""
    law = symbolic_width.iid(laws.Generic("kappa"), n)
    out = network(n).propagate(law, ORDER)
    return [out.polynomial(r).element for r in range(1, ORDER + 1)]


def unit_by_unit(n: int) -> list[Any]:
    """The same by the joint cumulants of all units."""
    out = network(n).explicit().propagate(laws.Generic("kappa").iid(n), ORDER)
    return [out.element((r,)) for r in range(1, ORDER + 1)]


def row(what: str, ours: float, peer: str, peer_s: float, reach: str) -> dict[str, Any]:
    """One row of the table."""
    return {"what": what, "ours_s": ours, "peer": peer, "peer_s": peer_s,
            "ratio": peer_s / ours, "reach": reach}  # fmt: skip


def rows() -> list[dict[str, Any]]:
    """Measure everything in this run.

    Returns
    -------
    list of dict
        Keys what, ours_s, peer, peer_s, ratio (peer over ours), reach.
    """
    small, large, explicit = fastest(
        lambda: propagated(SMALL), lambda: propagated(LARGE), lambda: unit_by_unit(SMALL)
    )
    kernel = compile_system(network("n").system(ORDER))
    rng = np.random.default_rng(0)
    weights = {str(p): rng.normal(size=DRAWS) for p in kernel.parameters}
    cumulants = {str(s): 1 / math.factorial(k) for k, s in enumerate(kernel.inputs, 1)}
    few, many = fastest(
        lambda: kernel({**weights, "n": float(SMALL)}, cumulants),
        lambda: kernel({**weights, "n": float(LARGE)}, cumulants),
    )
    return [
        row(f"symbolic width, exact, order {ORDER}, n = {SMALL}", small,
            f"n = {LARGE}", large, "at most 1.5"),
        row(f"symbolic width, {DRAWS} weight draws, n = {SMALL}", few,
            f"n = {LARGE}", many, "at most 1.5"),
        row(f"symbolic width, exact, order {ORDER}, n = {SMALL}", small,
            "unit by unit", explicit, "any n"),
    ]  # fmt: skip
