"""The work of one cell on the level of densities."""

from typing import Any

import numpy as np

from cumulant_theory import layers
from cumulant_theory.errors import DivergenceError
from cumulant_theory.parsing import parse_activation, parse_symmetry

from ..densities import (
    DensityBlockSum,
    DensityLoss,
    DensityNetwork,
    Grid,
    density_error,
    symmetry_defects,
)
from ..networks import build
from ..study.architectures import convolution
from ..sweeps import entropy
from ..training import train
from .cells import DensityCell
from .config import Competition, DensityGrid
from .measures import LOST, outcome
from .roles import MATCHED, OVER, UNDER

__all__ = ["density_network", "density_role", "run_density_cell"]

_SAME = 1e-6


def density_network(cell: DensityCell, points: int) -> layers.Sequential:
    """Linear(points, width) >> Pointwise >> Linear(width, points), tied and with biases.

    With a convolution: two of them, on the points as nodes, with width / points channels.

    Examples
    --------
    >>> density_network(DensityCell("reflection", "relu", 8), 8).layers[0]
    Linear(8, 8, symmetry=Reflection(degree=8), bias=True)
    """
    pointwise = layers.Pointwise(parse_activation(cell.activation))
    found = convolution(cell.symmetry)
    if found is not None:
        make, family = found
        graph, inner = family(points), cell.width // points
        return layers.Sequential(
            make(graph, 1, inner, bias=True), pointwise, make(graph, inner, 1, bias=True)
        )
    group = parse_symmetry(cell.symmetry)
    if hasattr(group, "degree"):
        group = type(group)(degree=points)  # pyright: ignore[reportCallIssue]
    return layers.Sequential(
        layers.Linear(points, cell.width, symmetry=group, bias=True), pointwise,
        layers.Linear(cell.width, points, symmetry=group, bias=True),
    )


def density_role(symmetry: str, target: Any, densities: np.ndarray) -> str:
    """Which symmetries of the grid a network has that the exact map has not.

    A network that commutes with the translations or the permutations of the grid points, or that
    sees near neighbours alone, cannot be the map; one that commutes with the reflection does
    as the map does; free weights do not.

    Parameters
    ----------
    symmetry
        Of the layers.
    target
        The exact map.
    densities
        On which the symmetries of the exact map are measured.
    """
    defects = symmetry_defects(target, densities)
    if convolution(symmetry) is not None:
        return OVER  # values of the image depend on the density at every point
    if symmetry == "free":
        return UNDER
    needed = {"reflection": ["reflection"], "cyclic": ["translation"],
              "dihedral": ["translation", "reflection"],
              "permutation_equivariant": ["permutation"]}.get(symmetry, ["permutation"])
    return MATCHED if all(defects[name] < _SAME for name in needed) else OVER


def run_density_cell(config: Competition, cell: DensityCell) -> dict[str, list[dict[str, Any]]]:
    """Rows of all tables for one cell on densities, without its time."""
    grid = config.density
    module, task, result = _trained(config, cell)
    seed = int(np.random.SeedSequence(entropy(config.seed, "density test")).generate_state(1)[0])
    families = tuple(dict.fromkeys((*grid.train, *grid.test)))
    errors = density_error(module, task.target, families, ("wasserstein", "l2"),
                           samples=grid.samples, seed=seed)
    tried = task.inputs.sample(8, seed)
    kind = {
        "role": density_role(cell.symmetry, task.target, tried), "representable": None,
        "parameters": len(module.names),
    }
    labels = {
        "level": cell.level, "symmetry": cell.symmetry, "soft": 0.0,
        "activation": cell.activation, "b": grid.b, "width": cell.width, "depth": 1,
        "loss": "density", "method": "sampled", "train_law": " + ".join(grid.train),
    }
    threshold = config.fails_above["law"]
    rows: list[dict[str, Any]] = []
    homes = np.zeros((len(grid.train), grid.seeds), dtype=bool)
    for family in families:
        mean = errors.mean[family, "wasserstein"][:, 0]
        spread = errors.standard_error[family, "wasserstein"][:, 0]
        for k in range(grid.seeds):
            error = float(mean[k]) if np.isfinite(mean[k]) else None
            seen = outcome(np.inf if error is None else error, 3 * float(spread[k]), threshold)
            if family in grid.train:
                homes[grid.train.index(family), k] = seen == "generalises"
            rows.append(labels | kind | {
                "seed": k, "test_law": family, "in_distribution": family in grid.train,
                "risk": None, "risk_error": None, "law_distance": error, "error": error,
                "resolution": float(spread[k]) if np.isfinite(spread[k]) else None,
                "log_error": LOST if error is None else float(np.log10(
                    np.clip(error, config.floor, 10**LOST))),
                "outcome": seen, "diverged": bool(result["diverged"][k]),
                "predicted": "fails" if kind["role"] == OVER and family in grid.test else None,
                "algebra": None,
            })
    fitted = [bool(homes[:, k].all()) for k in range(grid.seeds)]
    for row in rows:
        row["fitted"] = fitted[row["seed"]]
    networks = [
        labels | kind | {
            "seed": k, "steps": result["steps"], "diverged": bool(result["diverged"][k]),
            "converged": bool(result["converged"][k]), "fitted": fitted[k],
            "train_loss": (float(result["losses"][k]) if np.isfinite(result["losses"][k])
                           else None),
            "mirror": False, "breaking_start": None, "breaking_end": None, "weights": {},
        }
        for k in range(grid.seeds)
    ]
    return {"networks": networks, "errors": rows, "curves": []}


def _trained(config: Competition, cell: DensityCell) -> tuple[Any, Any, dict[str, Any]]:
    chosen: DensityGrid = config.density
    grid = Grid(chosen.points, chosen.half_width)
    task = DensityBlockSum(chosen.b, chosen.train, grid)
    seeds = np.random.SeedSequence(entropy(config.seed, cell.name)).generate_state(chosen.seeds)
    module = DensityNetwork(
        build(density_network(cell, chosen.points), seeds=[int(s) for s in seeds]), grid,
        chosen.normalise,
    )
    try:
        result = train(
            module, task, steps=chosen.steps, loss=DensityLoss(grid, "l2"), batch=chosen.batch,
            lr=chosen.rate, seed=config.seed, progress=False, on_divergence="keep",
        )
    except DivergenceError:
        lost = np.ones(chosen.seeds, dtype=bool)
        return module, task, {"diverged": lost, "converged": ~lost, "steps": 0,
                              "losses": np.full(chosen.seeds, np.nan)}
    return module, task, {
        "diverged": np.atleast_1d(result.diverged), "converged": np.atleast_1d(result.converged),
        "steps": result.steps, "losses": np.asarray(result.final_loss, dtype=float),
    }
