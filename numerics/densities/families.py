"""Random densities: families of laws with random parameters, and their densities on a grid."""

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from itertools import product
from typing import Any, ClassVar

import numpy as np

from cumulant_theory.arguments import explained
from cumulant_theory.errors import DomainError, ShapeError, UnknownNameError
from cumulant_theory.latex.html import Record, card, facts
from cumulant_theory.laws import Law

from ..sampling import generator, whole_count
from .discretise import density, require_mass, values_of
from .grid import Grid

LIMIT = 1e-2  # share of a random law that may be off the grid: room for heavy tails
Component = tuple[Any, str, Mapping[str, Any]]  # weights (n,), name in scipy.stats, its parameters


@dataclass(frozen=True)
class Family(ABC, Record):
    """Centred laws of one kind, their standard deviation log-uniform between two values.

    Subclasses are frozen dataclasses whose fields are ranges of parameters; they set the class
    attributes and define :meth:`components`, and are listed in ``FAMILIES``.

    Parameters
    ----------
    scale : (float, float)
        Smallest and largest standard deviation.

    Attributes
    ----------
    name : str
        In ``FAMILIES``.
    shapes : int
        Number of random parameters besides the standard deviation.
    symmetric : bool
        Whether all of its laws are symmetric about zero.
    smooth : bool
        Whether densities are given by values, in place of cell means.

    Raises
    ------
    DomainError
        If a range is no pair of increasing positive numbers.
    """

    scale: tuple[float, float] = (0.5, 1.2)
    name: ClassVar[str]
    shapes: ClassVar[int] = 0
    symmetric: ClassVar[bool] = True
    smooth: ClassVar[bool] = True

    def __post_init__(self) -> None:
        for entry in fields(self):
            value = getattr(self, entry.name)
            try:
                low, high = map(float, value)
            except (TypeError, ValueError):
                low, high = 0.0, 0.0
            if not 0 < low <= high < np.inf:
                raise DomainError(
                    f"{type(self).__name__}: {entry.name} is {value!r}; give a pair of positive "
                    "numbers, the smaller one first"
                )
            object.__setattr__(self, entry.name, (low, high))

    @abstractmethod
    def components(self, std: np.ndarray, u: np.ndarray) -> list[Component]:
        """Mixture components of the laws with standard deviations ``std`` (n,).

        The other parameters are functions of the uniform variables u (shapes, n).
        """

    def densities(self, u: np.ndarray, grid: Grid) -> np.ndarray:
        """Densities (n, points), not normalised, of uniform variables u (shapes + 1, n)."""
        parts = self.components(_between(self.scale, u[0]), u[1:])
        return np.sum([
            np.asarray(w)[..., None] * values_of(name, parameters, grid, not self.smooth)
            for w, name, parameters in parts
        ], axis=0)  # fmt: skip

    def draw(self, n: int, grid: Grid, rng: np.random.Generator) -> np.ndarray:
        """Densities of n random laws."""
        return self.densities(rng.random((self.shapes + 1, n)), grid)

    def corners(self, grid: Grid) -> np.ndarray:
        """Densities of the laws with every parameter at an end of its range."""
        u = np.array(list(product((0.0, 1.0), repeat=self.shapes + 1))).T
        return self.densities(u, grid)


def _between(ends: tuple[float, float], u: np.ndarray) -> np.ndarray:
    low, high = ends
    return low * (high / low) ** u


def _along(ends: tuple[float, float], u: np.ndarray) -> np.ndarray:
    low, high = ends
    return low + (high - low) * u


@dataclass(frozen=True)
class Gaussians(Family):
    """N(0, sigma^2): fixed points of the map at s = 1/2, which the identity fits as well."""

    name = "gaussians"

    def components(self, std: np.ndarray, u: np.ndarray) -> list[Component]:
        """One."""
        return [(1.0, "norm", {"scale": std})]


@dataclass(frozen=True)
class SymmetricMixtures(Family):
    """Equal mixtures of N(-m, v) and N(m, v).

    Parameters
    ----------
    scale : (float, float)
    distance : (float, float)
        Of m, as a share of the standard deviation, below one.
    """

    distance: tuple[float, float] = (0.1, 0.9)
    name = "symmetric_mixtures"
    shapes = 1

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.distance[1] >= 1:
            raise DomainError(
                f"SymmetricMixtures: distance is {self.distance}; m is below one standard deviation"
            )

    def components(self, std: np.ndarray, u: np.ndarray) -> list[Component]:
        """Two."""
        share = _along(self.distance, u[0])
        inner = std * np.sqrt(1 - share**2)
        return [
            (0.5, "norm", {"loc": sign * share * std, "scale": inner}) for sign in (-1, 1)
        ]


@dataclass(frozen=True)
class SkewedMixtures(Family):
    """Mixtures of two normal laws of one variance and unequal weights, skewed to either side.

    Parameters
    ----------
    scale : (float, float)
    weight : (float, float)
        Of the lighter component, below 1/2.
    distance : (float, float)
        Square root of the share of the variance that the distance of the components makes.
    """

    weight: tuple[float, float] = (0.15, 0.4)
    distance: tuple[float, float] = (0.5, 0.85)
    name = "skewed_mixtures"
    shapes = 3
    symmetric = False

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.weight[1] >= 0.5 or self.distance[1] >= 1:
            raise DomainError(
                f"{self!r}: the weight of the lighter component is below 1/2, and the distance "
                "below one standard deviation"
            )

    def components(self, std: np.ndarray, u: np.ndarray) -> list[Component]:
        """Two."""
        w, share = _along(self.weight, u[0]), _along(self.distance, u[1])
        side = np.where(u[2] < 0.5, -share, share) * std
        inner = std * np.sqrt(1 - share**2)
        return [
            (w, "norm", {"loc": side * np.sqrt((1 - w) / w), "scale": inner}),
            (1 - w, "norm", {"loc": -side * np.sqrt(w / (1 - w)), "scale": inner}),
        ]


@dataclass(frozen=True)
class Gammas(Family):
    """Gamma laws moved to mean zero, skewed to the right.

    Parameters
    ----------
    scale : (float, float)
    concentration : (float, float)
        Skewness is 2 / sqrt(concentration).
    """

    concentration: tuple[float, float] = (2.0, 12.0)
    name = "gammas"
    shapes = 1
    symmetric = False
    smooth = False

    def components(self, std: np.ndarray, u: np.ndarray) -> list[Component]:
        """One."""
        a = _between(self.concentration, u[0])
        unit = std / np.sqrt(a)
        return [(1.0, "gamma", {"a": a, "loc": -a * unit, "scale": unit})]


@dataclass(frozen=True)
class Laplaces(Family):
    """Laplace laws: fourth cumulant 3 in units of the standard deviation."""

    name = "laplaces"
    smooth = False

    def components(self, std: np.ndarray, u: np.ndarray) -> list[Component]:
        """One."""
        return [(1.0, "laplace", {"scale": std / np.sqrt(2)})]


@dataclass(frozen=True)
class StudentTs(Family):
    """Student t laws, cut off at the ends of the grid.

    Parameters
    ----------
    scale : (float, float)
    df : (float, float)
        Degrees of freedom, above 2.
    """

    df: tuple[float, float] = (3.0, 8.0)
    name = "student_ts"
    shapes = 1

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.df[0] <= 2:
            raise DomainError(f"StudentTs: df is {self.df}; a variance exists above 2")

    def components(self, std: np.ndarray, u: np.ndarray) -> list[Component]:
        """One."""
        df = _between(self.df, u[0])
        return [(1.0, "t", {"df": df, "scale": std * np.sqrt((df - 2) / df)})]


@dataclass(frozen=True)
class Uniforms(Family):
    """Uniform laws on intervals about zero."""

    name = "uniforms"
    smooth = False

    def components(self, std: np.ndarray, u: np.ndarray) -> list[Component]:
        """One."""
        width = np.sqrt(12) * std
        return [(1.0, "uniform", {"loc": -width / 2, "scale": width})]


FAMILIES: dict[str, type[Family]] = {
    kind.name: kind
    for kind in (
        Gaussians, SymmetricMixtures, SkewedMixtures, Gammas, Laplaces, StudentTs, Uniforms
    )
}
TRAIN = ("gaussians", "symmetric_mixtures")
TEST = ("skewed_mixtures", "gammas", "laplaces", "student_ts", "uniforms")
Source = str | Family | Law


class RandomDensities:
    """The law of the densities that a map takes in: each from a random member of a list.

    Parameters
    ----------
    sources : str, Family, Law, or a sequence of them
        Names are those in ``FAMILIES``; a law of ``cumulant_theory.laws`` is always the same
        density. Each is as likely as the others.
    grid : Grid
    limit : float
        Largest share of a law that may be off the grid, or between its points.

    Raises
    ------
    UnknownNameError
        If a family is not known.
    ShapeError
        If the list is empty.
    DomainError
        If a law does not fit the grid; of a family those at the ends of its ranges are tried.

    Examples
    --------
    >>> inputs = RandomDensities(["gaussians", Gammas(scale=(1, 1))], Grid(64, 6))
    >>> inputs.dim, inputs.sample(3, seed=0).shape
    (64, (3, 64))
    """

    @explained
    def __init__(
        self, sources: Source | Sequence[Source], grid: Grid, limit: float = LIMIT
    ) -> None:
        if isinstance(sources, (str, Family, Law)) or not isinstance(sources, Iterable):
            sources = [sources]
        self.sources: tuple[Family | Law, ...] = tuple(map(_source, sources))
        if not self.sources:
            raise ShapeError("RandomDensities: no source of densities; give a family or a law")
        self.grid = grid
        self.limit = limit
        self.dim: int = grid.points
        ends = []
        for source in self.sources:
            if isinstance(source, Law):
                ends.append(density(source, grid, limit=limit)[None])
                continue
            p = source.corners(grid)
            mass = grid.mass(p)
            worst = float(mass[np.argmax(np.abs(1 - mass))])
            require_mass(worst, grid, limit, f"a law of {source!r}")
            ends.append(p / mass[:, None])
        self._ends = ends

    @property
    def label(self) -> str:
        """Names of the sources, for tables."""
        return " + ".join(s.name if isinstance(s, Family) else s.label for s in self.sources)

    def corners(self) -> np.ndarray:
        """The densities at the ends of all ranges of parameters, (n, points)."""
        return np.concatenate(self._ends)

    @explained
    def sample(self, n: int, seed: Any = None) -> np.ndarray:
        """Densities (n, points) of mass one; a generator is advanced.

        Raises
        ------
        ShapeError
            If n is no positive integer.
        DomainError
            If there is no such seed.
        """
        rng, n = generator(seed), whole_count(n, "n")
        counts = rng.multinomial(n, np.full(len(self.sources), 1 / len(self.sources)))
        p = np.concatenate([
            source.draw(int(m), self.grid, rng) if isinstance(source, Family)
            else np.repeat(end, m, axis=0)
            for source, end, m in zip(self.sources, self._ends, counts, strict=True)
        ])
        p /= self.grid.mass(p)[:, None]
        return p if len(self.sources) == 1 else rng.permutation(p)

    def __repr__(self) -> str:
        return f"RandomDensities({list(self.sources)}, {self.grid!r})"

    def _repr_html_(self) -> str:
        return card("Random densities", facts([
            ("drawn from", [repr(s) for s in self.sources]), ("grid", repr(self.grid)),
        ]))


def _source(given: Any) -> Family | Law:
    if isinstance(given, (Family, Law)):
        return given
    if not isinstance(given, str):
        raise DomainError(
            f"{given!r} is no family of densities; give a Family, one of the names "
            f"{', '.join(FAMILIES)}, or a law"
        )
    if given not in FAMILIES:
        raise UnknownNameError.of("family of densities", given, FAMILIES)
    return FAMILIES[given]()
