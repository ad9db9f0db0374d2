"""The work of one cell: train, predict, measure, compare."""

from typing import Any

import numpy as np

from cumulant_theory.errors import DivergenceError
from cumulant_theory.laws import Law
from cumulant_theory.layers import BlockSum
from cumulant_theory.parsing import parse_law

from ..comparison import Comparison, Measurement, Prediction, compare
from ..measurement import measure
from ..networks import Ensemble, build
from ..prediction import predict
from ..sweeps import entropy
from ..tasks import BlockSum as BlockSumTask
from ..training import train
from .architectures import architecture
from .cells import Cell, expectation
from .config import StudyConfig


def run_cell(config: StudyConfig, cell: Cell) -> dict[str, Any]:
    """Train all networks of a cell and compare them with theory on every test law.

    Returns
    -------
    dict
        ``networks``, ``results`` and ``outcomes``: lists of plain rows. The Holm correction over
        the whole study is left to the caller.
    """
    ensemble, losses, converged, steps = _trained(config, cell)
    labels = {
        "symmetry": cell.symmetry, "activation": cell.activation,
        "loss": cell.loss, "train_law": cell.train_law,
    }
    values = ensemble.values()
    networks = [
        {
            "seed": k, "train_loss": float(losses[k]), "steps": int(steps),
            "converged": bool(converged[k]),
            "parameters": {str(s): float(v[k]) for s, v in values.items()},
        }
        for k in range(config.seeds)
    ]
    tests = {name: parse_law(text) for name, text in config.test_laws.items()}
    output = ensemble.labels[-1]
    comparisons: list[dict[str, Any]] = []
    verdicts: dict[str, tuple[Prediction, Comparison]] = {}
    mirrored = np.zeros(config.seeds, dtype=bool)
    for name, law in tests.items():
        prediction = predict(ensemble, law, order=config.order)
        measurement = measure(
            ensemble, law, order=config.order, samples=config.samples,
            seed=_law_seed(config.seed, cell.name, name),
        )
        comparisons += [
            labels | {
                "seed": row.network, "test_law": name, "layer": row.layer,
                "alpha": " ".join(map(str, row.alpha)), "order": row.order,
                "predicted": row.predicted, "measured": row.measured,
                "standard_error": row.standard_error, "z": row.z, "p": row.p,
                "p_holm": row.p_holm, "verdict": row.verdict,
            }
            for row in compare(prediction, measurement).rows
        ]
        target = target_cumulants(config, law)
        result = against(measurement, output, target, config.seeds)
        verdicts[name] = prediction, result
        if law.cumulant(3) != 0:
            flipped = {r: v * (-1) ** r for r, v in target.items()}
            mirrored |= ~_rejected(against(measurement, output, flipped, config.seeds),
                                   config.seeds) & _rejected(result, config.seeds)
    outcomes = []
    for name, (prediction, result) in verdicts.items():
        rejected = _rejected(result, config.seeds)
        target = target_cumulants(config, tests[name])
        for k in range(config.seeds):
            worst = max((r for r in result.rows if r.network == k), key=lambda r: abs(r.z))
            residuals = {
                f"residual_{r}": (
                    float(np.asarray(prediction.values[output][(r,)])[k] - target[r])
                    if r <= config.order else None
                )
                for r in range(1, 5)
            }
            outcomes.append(labels | residuals | {
                "seed": k, "test_law": name, "train_loss": float(losses[k]),
                "converged": bool(converged[k]), "generalises": bool(not rejected[k]),
                "mirror": bool(mirrored[k]), "worst_order": worst.order, "worst_z": worst.z,
                "resolution": resolution(result, k, prediction, output, target),
                "expected": expectation(
                    cell, config.b, config.match_order, tests[name], bool(mirrored[k])
                ) if converged[k] else "open",
            })
    return {"networks": networks, "results": comparisons, "outcomes": outcomes}


def _trained(
    config: StudyConfig, cell: Cell
) -> tuple[Ensemble, np.ndarray, np.ndarray, int]:
    """Best of several random starts per network: the first that reaches the lowest loss."""
    net = architecture(cell.symmetry, cell.activation, config.b, config.hidden)
    seed = np.random.SeedSequence(entropy(config.seed, cell.name))
    starts = seed.generate_state(config.seeds * config.restarts)
    everything = build(net, seeds=[int(s) for s in starts])
    result = train(
        everything, BlockSumTask(config.b, parse_law(cell.train_law)), loss=cell.loss, exact=True,
        order=config.match_order, steps=config.steps, progress=False, on_divergence="keep",
    )
    losses = np.asarray(result.final_loss, dtype=float).reshape(config.seeds, config.restarts)
    lost = np.flatnonzero(~np.isfinite(losses).any(axis=1))
    if len(lost):
        raise DivergenceError(
            f"cell {cell.name}: all {config.restarts} starts of network {lost[0]} diverged; raise "
            "restarts, or take a training law with lighter tails"
        )
    lowest = np.nanmin(losses, axis=1, keepdims=True)
    # starts on one branch end at losses that differ by rounding alone; the first of them is taken,
    # so that the choice prefers no branch
    chosen = np.argmax(losses <= lowest * (1 + 1e-6) + 1e-12, axis=1)
    index = np.arange(config.seeds) * config.restarts + chosen
    values = {s: np.asarray(v)[index] for s, v in everything.values().items()}
    kept = build(net, seeds=[int(starts[i]) for i in index])
    kept.load_values(values)
    converged = np.asarray(result.converged, dtype=bool)[index]
    return kept, losses[np.arange(config.seeds), chosen], converged, config.steps


def _law_seed(seed: int, *names: str) -> int:
    return int(np.random.SeedSequence(entropy(seed, *names)).generate_state(1)[0])


def target_cumulants(config: StudyConfig, law: Law) -> dict[int, float]:
    """Cumulants of the block sum of a law."""
    out = BlockSum(config.b).propagate(law, order=config.order)
    return {r: float(out[r]) for r in range(1, config.order + 1)}


def against(
    measurement: Measurement, output: str, target: dict[int, float], networks: int
) -> Comparison:
    """Compare the measured output cumulants with those of a target map."""
    def only(table: Any) -> dict[str, Any]:
        return {output: table[output]}

    restricted = Measurement(
        (output,), only(measurement.values), only(measurement.standard_errors),
        only(measurement.skewness), only(measurement.heavy),
        measurement.batches if isinstance(measurement.batches, int) else {
            output: measurement.batches[output]
        },
        measurement.samples, measurement.seed, measurement.law,
    )
    wanted: dict[Any, Any] = {(r,): np.full(networks, v) for r, v in target.items()}
    return compare(Prediction((output,), {output: wanted}), restricted)


def resolution(
    result: Comparison, network: int, prediction: Prediction, output: str, target: dict[int, float]
) -> float:
    """Largest |predicted residual| / standard error: what the samples could resolve at best."""
    found = 0.0
    for row in result.rows:
        if row.network == network and row.standard_error > 0 and row.verdict != "undecided":
            predicted = float(np.asarray(prediction.values[output][row.alpha])[network])
            found = max(found, abs(predicted - target[row.order]) / row.standard_error)
    return found


def _rejected(result: Comparison, networks: int) -> np.ndarray:
    rejected = np.zeros(networks, dtype=bool)
    for row in result.rows:
        rejected[row.network] |= row.verdict == "disagree"
    return rejected
