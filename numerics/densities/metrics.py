"""Distances between densities on a grid, as errors and as losses."""

import math
from collections.abc import Callable, Mapping
from typing import Any

from cumulant_theory.arguments import explained
from cumulant_theory.errors import DomainError, ShapeError, UnknownNameError
from cumulant_theory.latex.html import card, facts

from .cumulants import cumulants
from .grid import Grid, namespace

FLOOR = 1e-12


@explained
def l2(f: Any, r: Any, grid: Grid) -> Any:
    """Integral of (f - r)^2: (..., points), (..., points) -> (...).

    Examples
    --------
    >>> import numpy as np
    >>> float(l2(np.array([1.0, 0.0, 0.0]), np.array([0.0, 0.0, 1.0]), Grid(3, 1)))
    2.0
    """
    f, r = grid.checked(f), grid.checked(r)
    return ((f - r) ** 2).sum(-1) * grid.spacing


@explained
def kl(f: Any, r: Any, grid: Grid) -> Any:
    """Kullback-Leibler divergence of f from r, the integral of r log(r / f).

    Values of f below 1e-12 count as 1e-12, and where r is not positive nothing is added: exact
    maps of laws with jumps have small negative values.

    Examples
    --------
    >>> import numpy as np
    >>> round(float(kl(np.array([0.5, 0.5]), np.array([1.0, 0.0]), Grid(2, 0.5))), 6)
    0.693147
    """
    f, r = grid.checked(f), grid.checked(r)
    xp = namespace(r)
    positive = r > 0
    safe = xp.where(positive, r, xp.ones_like(r))
    ratio = xp.log(safe) - xp.log(_at_least(f, FLOOR))
    return xp.where(positive, r * ratio, xp.zeros_like(ratio)).sum(-1) * grid.spacing


@explained
def wasserstein(f: Any, r: Any, grid: Grid) -> Any:
    """Wasserstein-1 distance, the integral of the difference of the distribution functions.

    Examples
    --------
    >>> import numpy as np
    >>> float(wasserstein(np.array([1.0, 0.0, 0.0]), np.array([0.0, 0.0, 1.0]), Grid(3, 1)))
    2.0
    """
    f, r = grid.checked(f), grid.checked(r)
    return abs((f - r).cumsum(-1)).sum(-1) * grid.spacing**2


@explained
def cumulant_mismatch(f: Any, r: Any, grid: Grid, order: int = 4) -> Any:
    """Sum over k to an order of (kappa_k(f) - kappa_k(r))^2 / kappa_2(r)^k.

    Examples
    --------
    >>> import numpy as np
    >>> f, r = np.array([0.0, 1.0, 0.0]), np.array([0.5, 0.0, 0.5])
    >>> float(cumulant_mismatch(f, r, Grid(3, 1), 2))
    1.0
    """
    mine = cumulants(f, grid, order)
    theirs = cumulants(r, grid, max(order, 2))
    gaps = mine - theirs[..., :order]
    return sum(gaps[..., k - 1] ** 2 / theirs[..., 1] ** k for k in range(1, order + 1))


def _at_least(f: Any, floor: float) -> Any:
    return namespace(f).clip(f, floor, math.inf)


Metric = Callable[[Any, Any, Grid], Any]
METRICS: dict[str, Metric] = {
    "l2": l2, "kl": kl, "wasserstein": wasserstein, "cumulants": cumulant_mismatch
}


class DensityLoss:
    """What a network on densities is trained for: a weighted sum of distances.

    Parameters
    ----------
    grid : Grid
    weights : str or mapping
        A name in ``METRICS``, or name -> weight.

    Raises
    ------
    UnknownNameError
        If a metric is not known.
    DomainError
        If a weight is negative or not finite, or all are zero.

    Shapes
    ------
    Called with outputs (..., n, points) and targets (n, points): the mean over n, (...).

    Examples
    --------
    >>> DensityLoss(Grid(64, 6), {"l2": 1, "cumulants": 0.1})
    DensityLoss(l2 + 0.1 cumulants)
    """

    @explained
    def __init__(self, grid: Grid, weights: str | Mapping[str, float] = "l2") -> None:
        if isinstance(weights, str):
            weights = {weights: 1.0}
        for name, weight in weights.items():
            metric(name)
            if not (math.isfinite(weight) and weight >= 0):
                raise DomainError(f"DensityLoss: the weight {weight!r} of {name} is no number >= 0")
        self.grid = grid
        self.weights: dict[str, float] = {name: float(w) for name, w in weights.items() if w}
        if not self.weights:
            raise DomainError("DensityLoss: all weights are zero; at least one must count")

    def __call__(self, output: Any, target: Any) -> Any:
        output, target = self.grid.checked(output), self.grid.checked(target)
        if output.ndim < 2 or target.shape != output.shape[-2:]:
            raise ShapeError(
                f"DensityLoss: outputs {tuple(output.shape)} and targets {tuple(target.shape)}; "
                "give (..., n, points) and (n, points)"
            )
        return sum(
            w * METRICS[name](output, target, self.grid).mean(-1)
            for name, w in self.weights.items()
        )

    def __repr__(self) -> str:
        terms = (name if w == 1 else f"{w:g} {name}" for name, w in self.weights.items())
        return f"DensityLoss({' + '.join(terms)})"

    def _repr_html_(self) -> str:
        rows = [("grid", repr(self.grid)), ("weights", dict(self.weights))]
        return card("Loss between densities", facts(rows))


def metric(name: str) -> Metric:
    """The metric of that name.

    Raises
    ------
    UnknownNameError
        If none is called so.
    """
    if name not in METRICS:
        raise UnknownNameError.of("metric of densities", name, METRICS)
    return METRICS[name]
