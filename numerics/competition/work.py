"""The work of one cell: train its networks, and meet every law."""

import time
from typing import Any

import numpy as np

from cumulant_theory.errors import DivergenceError
from cumulant_theory.parsing import parse_law
from cumulant_theory.symmetries import PermutationInvariant

from ..networks import Ensemble, build
from ..sweeps import entropy
from ..tasks import BlockSum
from ..training import SoftSymmetry, train
from .algebra import concerns, verdicts
from .cells import Cell, DensityCell
from .config import Competition
from .density_work import run_density_cell
from .measures import LOST, OnLaw, on_law, outcome
from .networks import breaking, degree, first_weights, network
from .predictions import predicted
from .roles import representable, role

__all__ = ["run"]

_CURVE = 40



def run(config: Competition, cell: Cell | DensityCell) -> dict[str, list[dict[str, Any]]]:
    """Rows of all tables for one cell: ``networks``, ``errors`` and ``curves``."""
    start = time.process_time()
    rows = run_cell(config, cell) if isinstance(cell, Cell) else run_density_cell(config, cell)
    spent = (time.process_time() - start) / max(1, len(rows["networks"]))
    for row in rows["networks"]:
        row["cpu_seconds"] = spent
    return rows


def run_cell(config: Competition, cell: Cell) -> dict[str, list[dict[str, Any]]]:
    """The same for a cell on samples, without its time."""
    trained = _trained(config, cell)
    module = trained["module"]
    power = degree(cell.activation) ** cell.depth
    labels = {
        "level": cell.level, "symmetry": cell.symmetry, "soft": cell.soft,
        "activation": cell.activation, "b": cell.b, "width": cell.width, "depth": cell.depth,
        "loss": cell.loss, "method": cell.method, "train_law": cell.train_law,
    }
    kind = {
        "role": "soft" if cell.soft else role(
            cell.weights, cell.activation, cell.b, cell.width, cell.depth),
        "representable": representable(cell.weights, cell.activation, cell.b, cell.width),
        "parameters": len(module.names),
    }
    tests = {text: name for name, text in config.test_laws.items()}
    home = config.train_laws[cell.train_law]
    tests.setdefault(home, cell.train_law)
    found = {text: on_law(module, cell.b, power, text, config.samples, config.seed)
             for text in tests}
    mirror = found[home].covariance < 0
    errors: list[dict[str, Any]] = []
    fitted = np.zeros(config.seeds, dtype=bool)
    for text, name in tests.items():
        said = _said(config, cell, text, module, mirror)
        for k in range(config.seeds):
            row = _row(config, cell, found[text], k)
            if text == home:
                fitted[k] = row["outcome"] == "generalises"
            errors.append(labels | kind | row | {
                "seed": k, "test_law": name, "in_distribution": text == home,
                "diverged": bool(trained["diverged"][k]),
                "predicted": said[k][0], "algebra": said[k][1],
            })
    for row in errors:
        row["fitted"] = bool(fitted[row["seed"]])
    networks = [
        labels | kind | {
            "seed": k, "train_loss": _number(trained["losses"][k]), "steps": trained["steps"],
            "converged": bool(trained["converged"][k]), "diverged": bool(trained["diverged"][k]),
            "fitted": bool(fitted[k]), "mirror": bool(mirror[k]),
            "breaking_start": _number(trained["before"][k]),
            "breaking_end": _number(trained["after"][k]),
            "weights": {str(s): float(v[k]) for s, v in module.values().items()},
        }
        for k in range(config.seeds)
    ]
    curves = [labels | row for row in trained["curves"]]
    return {"networks": networks, "errors": errors, "curves": curves}


def _said(
    config: Competition, cell: Cell, test: str, module: Ensemble, mirror: np.ndarray
) -> list[tuple[str | None, str | None]]:
    """For every network its prediction on a law, and where algebra is asked, what it answered."""
    home = config.train_laws[cell.train_law]
    if concerns(cell) and test != home:
        found = verdicts(cell, home, test, config.match_order, module.values(), config.seeds)
        return list(zip(found.predicted, found.algebra, strict=True))
    return [
        (predicted(cell, config.train_laws, test, config.match_order, bool(m)), None)
        for m in mirror
    ]


def _row(config: Competition, cell: Cell, found: OnLaw, k: int) -> dict[str, Any]:
    """Errors of network k on one law; the error that counts is the one that was trained for."""
    law = _number(found.law[k])
    risk = None if found.risk is None else _number(found.risk[k])
    risk_error = None if found.risk_error is None else _number(found.risk_error[k])
    if cell.loss == "pointwise":
        error, floor = risk, config.floor
        margin = None if risk_error is None else 3 * risk_error
        infinite = found.risk is not None and error is None
    else:
        error, floor, margin = law, found.resolution, 2 * found.resolution
        infinite = error is None
    return {
        "risk": risk, "risk_error": risk_error, "law_distance": law,
        "resolution": found.resolution, "error": error,
        "log_error": LOST if infinite else (
            None if error is None else float(np.log10(np.clip(error, floor, 10**LOST)))),
        "outcome": outcome(np.inf if infinite else error, margin, config.fails_above[cell.loss]),
        **{f"residual_{r}": _number(found.residuals[k, r - 1]) for r in range(1, 5)},
    }


def _number(value: Any) -> float | None:
    """As a float; None if it is not finite."""
    value = float(value)
    return value if np.isfinite(value) else None


def _trained(config: Competition, cell: Cell) -> dict[str, Any]:
    net = network(cell.weights, cell.activation, cell.b, cell.width, cell.depth)
    exact = cell.method == "exact"
    restarts = config.restarts if exact else 1
    states = np.random.SeedSequence(entropy(config.seed, cell.start)).generate_state(
        config.seeds * config.restarts).reshape(config.seeds, config.restarts)
    seeds = [int(s) for s in states[:, :restarts].ravel()]
    everything = build(net, seeds=seeds)
    before = breaking(first_weights(everything))
    task = BlockSum(cell.b, parse_law(config.train_laws[cell.train_law]))
    first = everything.labels[0]
    options: dict[str, Any] = {"steps": config.exact_steps} if exact else {
        "steps": config.steps, "batch": config.batch, "lr": config.rate, "distance": (
            "energy" if cell.loss == "law" else "cumulants"),
        "seed": _seed(config.seed, f"blocks {cell.b} {cell.train_law}"),
    }
    if cell.soft:
        options["soft"] = [SoftSymmetry(PermutationInvariant(), cell.soft, layers=[first])]
    watched = config.curves and _has_curve(cell)
    if watched:
        options["watch"] = {first: PermutationInvariant()}
        options["watch_every"] = max(1, config.steps // _CURVE)
    found: dict[str, Any] = {"curves": []}
    try:
        result = train(
            everything, task, loss=cell.loss, exact=exact, order=config.match_order,
            progress=False, on_divergence="keep", **options,
        )
    except DivergenceError:  # of every network
        lost = np.ones(len(seeds), dtype=bool)
        found |= {"losses": np.full(len(seeds), np.nan), "converged": ~lost, "diverged": lost,
                  "steps": 0}
    else:
        found |= {
            "losses": np.asarray(result.final_loss, dtype=float),
            "converged": np.asarray(result.converged, dtype=bool),
            "diverged": np.asarray(result.diverged, dtype=bool), "steps": result.steps,
        }
        if watched:
            found["curves"] = _curve(result.breaking)
    return _kept(everything, net, seeds, restarts, config.seeds, before, found)


def _has_curve(cell: Cell) -> bool:
    """Free weights in the smallest setting, where nothing else breaks or restores the symmetry."""
    return (cell.weights == "free" and cell.method == "sampled" and cell.depth == 1
            and cell.b == 2 and cell.width == 4)


def _curve(watched: Any) -> list[dict[str, Any]]:
    """Relative breaking at every recorded step, for every network."""
    return [
        {"seed": seed, "step": int(step), "breaking": _number(value)}
        for step, values in zip(watched.steps, watched.relative[0], strict=True)
        for seed, value in enumerate(values)
    ]


def _seed(seed: int, name: str) -> int:
    return int(np.random.SeedSequence(entropy(seed, name)).generate_state(1)[0])


def _kept(
    everything: Ensemble, net: Any, seeds: list[int], restarts: int, count: int,
    before: np.ndarray, found: dict[str, Any],
) -> dict[str, Any]:
    """Of the starts of each network the first that comes lowest."""
    losses = found["losses"].reshape(count, restarts)
    lowest = np.nanmin(np.where(np.isfinite(losses), losses, np.inf), axis=1, keepdims=True)
    # starts on one branch end at losses that differ by rounding alone; the first of them is taken,
    # so that the choice prefers no branch
    with np.errstate(invalid="ignore"):
        chosen = np.argmax(losses <= lowest * (1 + 1e-6) + 1e-12, axis=1)
    index = np.arange(count) * restarts + chosen
    kept = build(net, seeds=[seeds[i] for i in index])
    kept.load_values({s: np.asarray(v)[index] for s, v in everything.values().items()})
    return found | {
        "module": kept, "losses": found["losses"][index], "converged": found["converged"][index],
        "diverged": found["diverged"][index], "before": before[index],
        "after": breaking(first_weights(kept)),
    }
