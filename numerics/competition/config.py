"""Settings of a competition, read from TOML; expressions go through the whitelist parser."""

import json
import tomllib
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any

import sympy as sp

from cumulant_theory.arguments import explained
from cumulant_theory.errors import ConfigError
from cumulant_theory.latex.html import Record, folded, record, table
from cumulant_theory.parsing import parse_activation, parse_number

from ..densities.families import FAMILIES
from ..files import read_toml
from ..settings import (
    check_known,
    check_laws,
    check_lists_of_integers,
    check_lists_of_texts,
    check_parsed,
    check_positive,
    check_scalars,
    made,
)
from ..study.architectures import check_architecture
from .defaults import DEFAULT_TOML

__all__ = ["Competition", "DensityGrid", "Grid", "default_config", "from_mapping", "load_config",
           "soft_strength"]

LOSSES = ("pointwise", "law")
METHODS = ("exact", "sampled")
NORMALISATIONS = ("square", "softmax", "none")


def soft_strength(text: str) -> float | None:
    """lambda of ``soft(lambda)``; None if the text is another symmetry.

    Examples
    --------
    >>> soft_strength("soft(1/10)"), soft_strength("free")
    (0.1, None)
    """
    text = text.strip()
    if not (text.startswith("soft(") and text.endswith(")")):
        return None
    value = parse_number(text[5:-1])
    if not (isinstance(value, sp.Rational) and value > 0):
        raise ConfigError(f"'{text}': the strength must be a positive number, as in soft(1/10)")
    return float(value)


@dataclass(frozen=True)
class Grid(Record):
    """A full factorial; a competition is the union of several.

    Parameters
    ----------
    symmetries
        Weight symmetries, convolutions such as ``gcn_conv(cycle)``, or ``soft(lambda)``: free
        weights with the penalty lambda |W - P W|^2 on the first layer, P the projection on
        permutation-invariant ones.
    activations
        As in :func:`cumulant_theory.parsing.parse_activation`; free symbols are trained.
    blocks, widths, depths
        Block sizes, hidden units or channels, hidden layers.
    losses
        ``pointwise``: E (f - R)^2; ``law``: only the law of the output counts.
    methods
        ``exact``: closed forms by Levenberg-Marquardt, the law by its cumulants; ``sampled``:
        Adam on fresh samples, the law by energy distance.
    train_laws
        Names.

    Raises
    ------
    ConfigError
        If an entry is of the wrong kind or out of range.
    """

    symmetries: tuple[str, ...]
    activations: tuple[str, ...]
    train_laws: tuple[str, ...]
    blocks: tuple[int, ...] = (2,)
    widths: tuple[int, ...] = (4,)
    depths: tuple[int, ...] = (1,)
    losses: tuple[str, ...] = LOSSES
    methods: tuple[str, ...] = ("sampled",)

    def __post_init__(self) -> None:
        check_lists_of_texts(self, "symmetries", "activations", "train_laws", "losses", "methods")
        check_lists_of_integers(self, {"blocks": (2, 16), "widths": (1, 64), "depths": (1, 4)})
        check_known("loss", self.losses, LOSSES)
        check_known("method", self.methods, METHODS)
        check_parsed("symmetry", _architecture, self.symmetries)
        check_parsed("activation", parse_activation, self.activations)


@dataclass(frozen=True)
class DensityGrid(Record):
    """A factorial of networks on densities; without symmetries there is none.

    Parameters
    ----------
    symmetries, activations, widths
        As in a grid; layers are Linear(points, width) >> Pointwise >> Linear(width, points) with
        biases, both under the symmetry. With a convolution the width is the number of channels
        times the number of points.
    points, half_width, b
        Grid of the densities, and block size.
    train, test
        Families of densities, as in :mod:`numerics.densities`.
    normalise
        How outputs are made densities.
    seeds, steps, batch, samples
        Networks of each kind, optimiser steps, densities per step and per test family.
    rate
        Of Adam's first step.
    """

    symmetries: tuple[str, ...] = ()
    activations: tuple[str, ...] = ()
    widths: tuple[int, ...] = (32,)
    points: int = 32
    half_width: float = 6.0
    b: int = 2
    train: tuple[str, ...] = ("gaussians", "symmetric_mixtures")
    test: tuple[str, ...] = ("skewed_mixtures",)
    normalise: str = "none"
    seeds: int = 8
    steps: int = 400
    batch: int = 64
    samples: int = 256
    rate: float = 0.01

    def __post_init__(self) -> None:
        if isinstance(self.symmetries, (list, tuple)) and not self.symmetries:
            return
        check_lists_of_texts(self, "symmetries", "activations", "train", "test")
        check_lists_of_integers(self, {"widths": (1, 1024)})
        check_scalars(self, {
            "points": (4, 512), "b": (2, 16), "seeds": (2, 4096), "steps": (1, 10**6),
            "batch": (2, 10**6), "samples": (2, 10**6),
        })
        check_positive(self, "half_width", "rate")
        check_known("family", (*self.train, *self.test), FAMILIES)
        check_known("normalisation", (str(self.normalise),), NORMALISATIONS)
        check_parsed("symmetry", check_architecture, self.symmetries)
        check_parsed("activation", parse_activation, self.activations)


@dataclass(frozen=True)
class Competition(Record):
    """What a competition runs over. Laws, symmetries and activations are kept as the text given.

    Parameters
    ----------
    train_laws, test_laws
        Name -> text. A network meets all test laws, and its training law.
    grid
        Factorials; their union is trained.
    density
        The same on densities.
    seeds
        Networks of each kind.
    restarts
        Random starts of a network under an exact loss; the first that comes lowest is kept.
    exact_steps, steps, batch, rate
        Steps of Levenberg-Marquardt at most; steps of Adam, blocks in each, rate of the first.
    match_order
        Cumulants compared by the exact law loss.
    samples
        Blocks per test law.
    fails_above
        Errors above count as failures: pointwise risk over the variance of R, and Wasserstein
        distance of the laws over its standard deviation.
    floor
        Relative risks below count as equally good.
    curves
        Record the symmetry breaking along the training.
    seed
        Of everything random.

    Raises
    ------
    ConfigError
        If a value is missing, of the wrong type or out of range, or a text names nothing known.
    """

    title: str = ""
    train_laws: dict[str, str] = field(default_factory=dict)
    test_laws: dict[str, str] = field(default_factory=dict)
    grid: tuple[Grid, ...] = ()
    density: DensityGrid = field(default_factory=DensityGrid)
    seeds: int = 8
    restarts: int = 4
    exact_steps: int = 300
    steps: int = 800
    batch: int = 256
    rate: float = 0.02
    match_order: int = 4
    samples: int = 20_000
    fails_above: dict[str, float] = field(default_factory=dict)
    floor: float = 1e-6
    seed: int = 2026
    curves: bool = True

    def _repr_html_(self) -> str:
        names = [f.name for f in fields(Grid)]
        grids = table([n.replace("_", " ") for n in names],
                      [[getattr(g, n) for n in names] for g in self.grid])  # fmt: skip
        settings = record(self, self.title or "Competition", title=None, grid=None, density=None)
        densities = folded("densities", self.density._repr_html_())
        return f"<div>{settings}{folded('grids', grids)}{densities}</div>"

    def __repr__(self) -> str:
        return (
            f"Competition({self.title!r}: {len(self.grid)} grids, {len(self.train_laws)} training "
            f"laws, {len(self.test_laws)} test laws, {self.seeds} seeds)"
        )

    def __post_init__(self) -> None:
        if not isinstance(self.title, str) or not isinstance(self.curves, bool):
            raise ConfigError("title must be text in quotes, curves true or false")
        check_scalars(self, {
            "seeds": (2, 4096), "restarts": (1, 1024), "exact_steps": (1, 10**6),
            "steps": (1, 10**7), "batch": (4, 10**7), "match_order": (1, 6),
            "samples": (100, 10**8), "seed": (0, 2**31),
        })
        check_positive(self, "rate", "floor")
        for name in ("train_laws", "test_laws"):
            laws = getattr(self, name)
            if not isinstance(laws, Mapping) or not laws:
                raise ConfigError(f'[{name}] must give at least one law, as in G = "normal(0, 1)"')
            check_laws(laws.values())
        above = self.fails_above
        if not isinstance(above, Mapping) or set(above) != set(LOSSES) or not all(
            isinstance(v, (int, float)) and not isinstance(v, bool) and v > 0
            for v in above.values()
        ):
            raise ConfigError("[fails_above] must give positive numbers, pointwise = and law =")
        if not isinstance(self.grid, (list, tuple)) or not all(
            isinstance(one, Grid) for one in self.grid
        ) or not isinstance(self.density, DensityGrid):
            raise ConfigError("grid must be a list of Grid, and density a DensityGrid")
        object.__setattr__(self, "grid", tuple(self.grid))
        for one in self.grid:
            unknown = [law for law in one.train_laws if law not in self.train_laws]
            if unknown:
                raise ConfigError(
                    f"the training law '{unknown[0]}' is unknown; [train_laws] has "
                    f"{', '.join(self.train_laws)}"
                )
        if not self.grid and not self.density.symmetries:
            raise ConfigError("nothing to train: give a [[grid]], or symmetries in [density]")

    def as_dict(self) -> dict[str, Any]:
        """Plain data for JSON."""
        return json.loads(json.dumps(asdict(self)))


def _architecture(text: str) -> None:
    if soft_strength(text) is None:
        check_architecture(text)


def default_config() -> Competition:
    """The built-in competition."""
    return from_mapping(tomllib.loads(DEFAULT_TOML), "built-in default")


@explained
def load_config(path: str | Path) -> Competition:
    """Settings from a TOML file; what it leaves out is as in the default, tables as wholes.

    Raises
    ------
    ConfigError
        If the file cannot be read, is no TOML, or holds unknown or wrong settings.
    """
    return from_mapping(tomllib.loads(DEFAULT_TOML) | read_toml(path), str(path))


def from_mapping(data: Mapping[str, Any], where: str) -> Competition:
    """Settings from plain data.

    Parameters
    ----------
    data
        Settings by name.
    where
        They come from, for messages.

    Raises
    ------
    ConfigError
        If it holds unknown or wrong settings.
    """
    try:
        data = dict(data)
        grids = data.get("grid", [])
        if not isinstance(grids, (list, tuple)):
            raise ConfigError("grid must be a list of tables: write [[grid]]")
        data["grid"] = tuple(made(Grid, g, "[[grid]]") for g in grids)
        data["density"] = made(DensityGrid, data.get("density", {}), "[density]")
        return made(Competition, data)
    except ConfigError as error:
        raise ConfigError(f"{where}: {error}") from None
