"""Trained networks rebuilt from their rows: cumulants layer by layer, effective coefficients."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from cumulant_theory.layers import BlockSum
from cumulant_theory.parsing import parse_law

from .networks import network
from .runner import Results

__all__ = ["Flow", "layer_flow", "rebuilt"]

_ORDER = 4


@dataclass(frozen=True)
class Flow:
    """Cumulants of a few networks of one kind after every layer.

    Attributes
    ----------
    name
        Of the symmetry.
    layers
        Labels.
    values
        Order -> (networks, layers): means over units.
    target
        Order -> cumulant of the block sum.
    """

    name: str
    layers: tuple[str, ...]
    values: Mapping[int, np.ndarray]
    target: Mapping[int, float]


def rebuilt(rows: Sequence[Mapping[str, Any]]) -> Any:
    """Ensemble of the networks of one cell with their trained weights.

    Parameters
    ----------
    rows
        Of the table ``networks``, all of one cell.
    """
    from ..networks import build

    first = rows[0]
    weights = "free" if first["soft"] else first["symmetry"]
    net = network(weights, first["activation"], first["b"], first["width"], first["depth"])
    ensemble = build(net, seeds=[row["seed"] for row in rows])
    ensemble.load_values({
        name: np.array([row["weights"][name] for row in rows]) for name in first["weights"]
    })
    return ensemble


def layer_flow(
    results: Results, symmetry: str, activation: str = "quadratic(1/2)", b: int = 2,
    law: str = "exponential(1)",
) -> Flow | None:
    """Cumulants of trained networks, predicted layer by layer on a law.

    Parameters
    ----------
    results
        Of a competition.
    symmetry, activation, b
        Kind of network; those of one hidden layer that matched cumulants exactly on Gaussian
        inputs, or on the first training law there is.
    law
        Text.

    Returns
    -------
    Flow or None
        None if there are none, or their cumulants have no closed form.
    """
    from ..prediction import predict

    rows = [
        r for r in results.networks
        if r["symmetry"] == symmetry and r["activation"] == activation and r["b"] == b
        and r["depth"] == 1 and r["method"] == "exact" and not r["diverged"]
    ]
    rows = [r for r in rows if r["loss"] == "law"] or rows
    if not rows:
        return None
    widest = max(r["width"] for r in rows)
    rows = [r for r in rows if r["width"] == widest]
    cell = next((r["cell"] for r in rows if r["train_law"] == "Gaussian"), rows[0]["cell"])
    ensemble = rebuilt([r for r in rows if r["cell"] == cell])
    given = parse_law(law)
    goal = BlockSum(b).propagate(given, order=_ORDER)
    scale = float(goal[2]) ** 0.5
    prediction = predict(ensemble, given, order=_ORDER)
    values = {}
    for r in range(1, _ORDER + 1):
        per_layer = []
        for layer in prediction.layers:
            table = prediction.values[layer]
            first = next(iter(table))
            size = 1 if isinstance(first, int) else len(first)
            units = [table[tuple(r if j == i else 0 for j in range(size))] for i in range(size)]
            mean = np.mean([np.broadcast_to(u, len(ensemble)) for u in units], axis=0)
            per_layer.append(mean / scale**r)
        values[r] = np.stack(per_layer, axis=-1)
    return Flow(symmetry, tuple(prediction.layers), values,
                {r: float(goal[r]) / scale**r for r in range(1, _ORDER + 1)})
