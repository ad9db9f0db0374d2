"""Errors of the closures on random networks, measured against samples.

The networks: layers of equal width, independent normal weights of variance gain^2 / width (gain^2
is 2 for relu and gelu, 1 for tanh), normal biases of deviation 0.3, an activation behind every
layer. The inputs are independent, of mean 0 and variance 1, normal or exponential. Errors are those
of means and variances behind the last activation: squared, averaged over units, less the squared
sampling error, over the average variance or the average squared variance of the units; then
averaged over networks. A standard error is that of the average over networks.

``python -m benchmarks validity`` measures and prints; ``python -m benchmarks.validity FILE``
measures and writes the table that the documentation shows, ``docs/_data/validity.json``.
"""

import json
import sys
from collections.abc import Iterator
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np

from cumulant_theory import activations
from cumulant_theory.closures import Closure, Diagrams, Neglect
from numerics.activations import evaluate
from numerics.tensors import propagate

ACTIVATIONS = {"relu": 2**0.5, "gelu": 2**0.5, "tanh": 1.0}  # with gains
LAWS = {"normal": (8, 16, 32, 64), "exponential": (8, 16, 32)}  # with widths
DEPTHS = (2, 6)
CLOSURES: tuple[Closure, ...] = (
    Diagrams(1), Neglect(2), Neglect(3, cost=2), Diagrams(3), Diagrams(4),
)
GAUSSIAN = repr(Neglect(2))
BIAS = 0.3
NETWORKS = 6
SAMPLES = 2**17
CHUNK = 2**13
SEED = 20


def cumulants(law: str, width: int, order: int) -> dict[str, Any]:
    """Third and fourth joint cumulants of the inputs, as far as a closure keeps them."""
    found: dict[str, Any] = {}
    for r, name, value in ((3, "kappa3", 2.0), (4, "kappa4", 6.0)):
        if law == "exponential" and r <= order:
            array = np.zeros((width,) * r)
            array[(np.arange(width),) * r] = value
            found[name] = array
    return found


def network(activation: str, depth: int, width: int, index: int) -> tuple[list[Any], list[Any]]:
    """Weights and biases; the same for every law."""
    rng = np.random.default_rng([SEED, depth, width, index])
    scale = ACTIVATIONS[activation] / np.sqrt(width)
    weights = [scale * rng.standard_normal((width, width)) for _ in range(depth)]
    return weights, [BIAS * rng.standard_normal(width) for _ in range(depth)]


def sampled(
    weights: list[Any], biases: list[Any], activation: str, law: str, index: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Mean, variance and fourth central moment of every output unit."""
    phi = activations.get(activation)
    width = len(biases[0])
    rng = np.random.default_rng([SEED, len(weights), width, index, list(LAWS).index(law)])
    single = [(w.T.astype(np.float32), b.astype(np.float32)) for w, b in zip(weights, biases,
                                                                             strict=True)]
    values = np.empty((SAMPLES, width), np.float32)
    for start in range(0, SAMPLES, CHUNK):
        if law == "normal":
            x = rng.standard_normal((CHUNK, width), dtype=np.float32)
        else:
            x = rng.standard_exponential((CHUNK, width), dtype=np.float32) - 1
        for w, b in single:
            x = np.asarray(evaluate(phi, x @ w + b), np.float32)
        values[start : start + CHUNK] = x
    mean = values.mean(0, dtype=float)
    centred = values - mean
    square = centred * centred
    return mean, square.mean(0, dtype=float), (square * square).mean(0, dtype=float)


def squared_errors(
    found: Any, mean: np.ndarray, variance: np.ndarray, fourth: np.ndarray
) -> tuple[float, float]:
    """Squared errors of means and variances in units of the truth, sampling error subtracted."""
    of_mean = (found.output.mean - mean) ** 2 - variance / SAMPLES
    of_variance = (found.output.variance - variance) ** 2 - (fourth - variance**2) / SAMPLES
    return float(of_mean.mean() / variance.mean()), float(of_variance.mean() / (variance**2).mean())


def cell(activation: str, law: str, depth: int, width: int) -> Iterator[dict[str, Any]]:
    """One row per closure."""
    errors: dict[str, list[tuple[float, float]]] = {repr(c): [] for c in CLOSURES}
    replaced: dict[str, list[float]] = {repr(c): [] for c in CLOSURES}
    for index in range(NETWORKS):
        weights, biases = network(activation, depth, width, index)
        truth = sampled(weights, biases, activation, law, index)
        for closure in CLOSURES:
            kept = cumulants(law, width, closure.largest_block or 4)
            with np.errstate(all="ignore"):
                found = propagate(
                    weights, biases, activation, closure=closure, output_activation=True, **kept
                )
            errors[repr(closure)].append(squared_errors(found, *truth))
            units = np.sum(found.health.gaussian_units, axis=0)
            replaced[repr(closure)].append(float(units[0] / units[1]))
    for name, values in errors.items():
        average = np.mean(values, axis=0)
        spread = np.std(values, axis=0, ddof=1) / np.sqrt(NETWORKS)
        yield {
            "activation": activation, "law": law, "depth": depth, "width": width, "closure": name,
            **{key: float(f"{x:.3g}") for key, x in (
                ("mean", average[0]), ("mean_se", spread[0]), ("variance", average[1]),
                ("variance_se", spread[1]), ("gaussian_units", np.mean(replaced[name])),
            )},
        }


def measure() -> list[dict[str, Any]]:
    """All rows, squared errors with their standard errors."""
    return [
        row for activation, law, depth in product(ACTIVATIONS, LAWS, DEPTHS)
        for width in LAWS[law] for row in cell(activation, law, depth, width)
    ]


def rows() -> list[dict[str, Any]]:
    """Error of the means under each closure beside that of the Gaussian one."""
    table, gaussian = [], {}
    for row in measure():
        what = "{activation}, {law} inputs, {depth} layers of {width}".format(**row)
        if row["closure"] == GAUSSIAN:
            gaussian[what] = row["mean"]
        elif row["closure"] != repr(Diagrams(1)):
            table.append({
                "what": f"{what}: {row['closure']}", "ours_s": row["mean"], "peer": GAUSSIAN,
                "peer_s": gaussian[what], "ratio": gaussian[what] / row["mean"],
                "noise": row["mean_se"], "quantity": "error", "reach": "squared, of the means",
            })
    return table


def main(path: str) -> None:
    """Measure and write."""
    settings = {
        "networks": NETWORKS, "samples": SAMPLES, "seed": SEED, "bias": BIAS,
        "gains": {name: round(g * g, 12) for name, g in ACTIVATIONS.items()},
        "command": "python -m benchmarks.validity docs/_data/validity.json",
    }
    lines = ",\n  ".join(json.dumps(row) for row in measure())
    text = f'{{"settings": {json.dumps(settings)},\n "rows": [\n  {lines}\n ]}}\n'
    Path(path).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1])
