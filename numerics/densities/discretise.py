"""Laws as densities on a grid."""

import math
from collections.abc import Mapping
from numbers import Real
from typing import Any

import numpy as np
from scipy import stats

from cumulant_theory.arguments import brief, explained
from cumulant_theory.errors import DomainError
from cumulant_theory.laws import Law
from numerics.sampling import require_samplable

from .grid import Grid
from .selfconvolution import LIMIT

SMOOTH = ("norm", "logistic", "t")  # densities with derivatives of all orders on the whole line
_LATTICE = ("poisson",)


@explained
def density(
    law: Law, grid: Grid, cells: bool | None = None, smoothing: float | None = None,
    limit: float = LIMIT,
) -> np.ndarray:
    """The density of a law at the points of a grid, of mass one.

    Parameters
    ----------
    law : Law
        Without free symbols.
    grid : Grid
    cells : bool, optional
        Means over the cells of width dx around the points, in place of values at the points. By
        default values for densities that are smooth everywhere and means for the others.
    smoothing : float, optional
        Standard deviation of the normal law that every atom becomes; laws with atoms need it.
    limit : float
        Largest share of mass that may be off the grid, or between its points.

    Returns
    -------
    array (points,)
        Divided by the mass found on the grid, which :func:`grid_mass` tells.

    Raises
    ------
    DomainError
        If the law is no univariate law with numbers and a density, if it has atoms and there is
        no ``smoothing``, or if more than ``limit`` of its mass is lost.

    Examples
    --------
    >>> from cumulant_theory import laws
    >>> grid = Grid(41, 5)
    >>> round(float(density(laws.Normal(0, 1), grid)[20]), 4)
    0.3989
    >>> density(laws.Rademacher(), grid)
    Traceback (most recent call last):
        ...
    cumulant_theory.errors.DomainError: Rademacher() has atoms and no density; give the width of \
the normal law that replaces each, such as smoothing=0.25
    """
    p = _values(law, grid, cells, smoothing)
    mass = float(grid.mass(p))
    require_mass(mass, grid, limit, repr(law))
    return p / mass


@explained
def grid_mass(
    law: Law, grid: Grid, cells: bool | None = None, smoothing: float | None = None
) -> float:
    """Mass that a law has on a grid, before it is normalised.

    Examples
    --------
    >>> from cumulant_theory import laws
    >>> round(1 - grid_mass(laws.StudentT(3), Grid(64, 8)), 4)
    0.0039
    """
    return float(grid.mass(_values(law, grid, cells, smoothing)))


def require_mass(mass: float, grid: Grid, limit: float, owner: str) -> None:
    """Raise :class:`DomainError` where a mass is further from one than ``limit``, or NaN."""
    if not abs(1 - mass) <= limit:
        raise DomainError(
            f"{owner} has the mass {mass:.6g} on {grid!r}, further from one than "
            f"limit={float(limit):g}; take a wider or finer grid, or a larger limit"
        )


def _values(law: Any, grid: Grid, cells: bool | None, smoothing: float | None) -> np.ndarray:
    if not isinstance(law, Law):
        raise DomainError(f"{law!r} is no univariate law; a grid holds laws of one variable")
    require_samplable(law)
    if smoothing is not None and not (
        isinstance(smoothing, Real) and 0 < smoothing < math.inf
    ):
        raise DomainError(f"density: smoothing is {brief(smoothing)}; give a positive number")
    sampling: Any = law.sampling
    kind, *data = sampling
    if kind == "mixture":
        weights, components = data
        return np.sum([
            float(w) * _values(c, grid, cells, smoothing)
            for w, c in zip(weights, components, strict=True)
        ], axis=0)
    if kind == "scipy" and data[0] not in _LATTICE:
        name, parameters = data
        numbers = {k: float(v) for k, v in parameters.items()}
        return values_of(name, numbers, grid, name not in SMOOTH if cells is None else cells)
    if smoothing is None:
        raise DomainError(
            f"{law!r} has atoms and no density; give the width of the normal law that replaces "
            f"each, such as smoothing={grid.spacing:.3g}"
        )
    points, probs = _atoms(kind, data, grid)
    parts = values_of("norm", {"loc": points, "scale": smoothing}, grid, bool(cells))
    return probs @ parts


def values_of(name: str, parameters: Mapping[str, Any], grid: Grid, cells: bool) -> np.ndarray:
    """Density of laws of scipy.stats, one per entry of the parameters: (..., points).

    Examples
    --------
    >>> values_of("uniform", {"loc": np.array([-1.0]), "scale": 2.0}, Grid(5, 2), True).tolist()
    [[0.0, 0.25, 0.5, 0.25, 0.0]]
    """
    law = getattr(stats, name)
    columns = {k: np.asarray(v)[..., None] for k, v in parameters.items()}
    if not cells:
        return law.pdf(grid.x, **columns)
    edges = np.append(grid.x, grid.x[-1] + grid.spacing) - grid.spacing / 2
    return np.diff(law.cdf(edges, **columns), axis=-1) / grid.spacing


def _atoms(kind: str, data: Any, grid: Grid) -> tuple[np.ndarray, np.ndarray]:
    if kind == "discrete":
        points, probs = data
        return np.array([float(x) for x in points]), np.array([float(w) for w in probs])
    name, parameters = data
    # atoms far off the grid leave nothing on it
    points = np.arange(max(1, int(2 * grid.half_width) + 1), dtype=float)
    return points, getattr(stats, name).pmf(points, **{k: float(v) for k, v in parameters.items()})
