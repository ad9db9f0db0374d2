"""Small works for sweeps, in a module that new processes load quickly."""

import os
import signal
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from numerics.sweeps import entropy

TABLES = {
    "draws": {
        "k": int, "x": float, "missing": float, "tags": list[str], "weights": dict[str, float],
    },
    "counts": {"n": int, "even": bool},
}


@dataclass(frozen=True)
class Cell:
    k: int

    @property
    def name(self):
        return f"cell {self.k}"


CELLS = [Cell(k) for k in range(7)]
SETTINGS = {"seed": 5, "scale": 2.0}


def draws(given, cell):
    """Random rows, of another number in each cell."""
    rng = np.random.default_rng(entropy(given["seed"], cell.name))
    return {
        "draws": [
            {"k": cell.k, "x": given["scale"] * rng.normal(), "tags": ["a"] * i,
             "weights": {"w": rng.normal()}}
            for i in range(cell.k % 3)
        ],
        "counts": [{"n": cell.k, "even": cell.k % 2 == 0}],
    }


def fails(given, cell):
    """As draws, but cells with a file of their number in the folder fail."""
    if (Path(given["broken"]) / str(cell.k)).exists():
        raise ArithmeticError(f"no {cell.k}")
    return draws(given, cell)


def dies(given, cell):
    """As draws, but processes die: once of cell 1, always of cell 2."""
    marker = Path(given["folder"]) / f"{cell.k}-{os.getpid()}"
    if cell.k == 2 or (cell.k == 1 and not list(marker.parent.glob("1-*"))):
        marker.touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return draws(given, cell)


def notes(given, cell):
    """As draws, but every run leaves a line with the number of its process, and early cells take
    longer."""
    with (Path(given["folder"]) / "log").open("a") as log:
        log.write(f"{cell.k} {os.getpid()} {os.environ.get('OMP_NUM_THREADS')}\n")
    time.sleep(given["sleep"] / (1 + cell.k))
    return draws(given, cell)
