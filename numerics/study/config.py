"""Configuration of a study, read from TOML; expressions go through the whitelist parser."""

import json
import tomllib
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from cumulant_theory.arguments import explained
from cumulant_theory.errors import ConfigError
from cumulant_theory.latex.html import Record
from cumulant_theory.parsing import parse_activation

from ..files import read_toml
from ..settings import (
    check_known,
    check_laws,
    check_lists_of_texts,
    check_parsed,
    check_scalars,
    made,
)
from .architectures import check_architecture

LOSSES = ("pointwise", "law")
_LIMITS = {
    "b": (1, 16), "hidden": (1, 64), "order": (1, 4), "match_order": (1, 8), "seeds": (1, 4096),
    "restarts": (1, 1024), "samples": (100, 10**9), "steps": (1, 10**7), "seed": (0, 2**31),
}

DEFAULT_TOML = """\
# Networks Linear(b, hidden) >> Pointwise >> Linear(hidden, 1) learn the block sum of the central
# limit theorem; then they meet laws that they never saw.
title = "Symmetry and the central limit theorem"

b = 2              # block size
hidden = 2         # width of the hidden layer
order = 4          # cumulant orders that are predicted, measured and compared
match_order = 4    # orders matched by the loss "law"

# weight symmetries, and graph convolutions that see the block as the nodes of a graph
symmetries = [
    "free", "shared", "permutation_invariant", "alternating", "cyclic",
    "graph_conv(complete)", "gcn_conv(complete)",
]
activations = ["identity", "quadratic"]
losses = ["pointwise", "law"]    # E (f - R)^2, or only the cumulants of the output law
train_laws = ["normal(0, 1)", "exponential(1)"]

seeds = 8          # networks of each kind
restarts = 12      # random starts per network; the first that converges is kept
steps = 300        # optimiser steps at most
samples = 1000000  # Monte Carlo samples per network and test law
seed = 2026        # of everything random

[test_laws]
Gaussian = "normal(0, 1)"
uniform = "uniform(-1, 1)"
exponential = "exponential(1)"
Rademacher = "rademacher"
Laplace = "laplace(0, 1)"
"""


@dataclass(frozen=True)
class StudyConfig(Record):
    """What a study runs over. Laws, symmetries and activations are kept as the text given.

    Parameters
    ----------
    b, hidden
        Block size and width of the hidden layer.
    order, match_order
        Orders compared; orders matched by the loss ``law``.
    symmetries, activations, losses, train_laws
        The grid.
    test_laws
        Name -> text.
    seeds, restarts, steps, samples, seed
        Networks of each kind, random starts per network, optimiser steps, samples per network and
        test law, and the seed of everything random.

    Raises
    ------
    ConfigError
        If a value is missing, of the wrong type or out of range, or a text names nothing known.
    """

    title: str = ""
    b: int = 2
    hidden: int = 2
    order: int = 4
    match_order: int = 4
    symmetries: tuple[str, ...] = ()
    activations: tuple[str, ...] = ()
    losses: tuple[str, ...] = LOSSES
    train_laws: tuple[str, ...] = ()
    test_laws: dict[str, str] = field(default_factory=dict)
    seeds: int = 8
    restarts: int = 12
    steps: int = 300
    samples: int = 1_000_000
    seed: int = 2026

    def __post_init__(self) -> None:
        check_scalars(self, _LIMITS)
        if not isinstance(self.title, str):
            raise ConfigError(f"title = {self.title!r} must be text in quotes")
        check_lists_of_texts(self, "symmetries", "activations", "losses", "train_laws")
        if not isinstance(self.test_laws, dict) or not self.test_laws:
            raise ConfigError('[test_laws] must give at least one law, such as G = "normal(0, 1)"')
        check_known("loss", self.losses, LOSSES)
        check_parsed("symmetry", check_architecture, self.symmetries)
        check_parsed("activation", _polynomial, self.activations)
        check_laws((*self.train_laws, *self.test_laws.values()))

    def as_dict(self) -> dict[str, Any]:
        """Plain data for JSON."""
        return json.loads(json.dumps(asdict(self)))


def _polynomial(text: str) -> Any:
    activation = parse_activation(text)
    if activation.coefficients is None:
        raise ConfigError(
            "the study trains, predicts and judges in closed form, which takes polynomials such as "
            "quadratic; for any other activation use numerics.train and "
            "numerics.predict(..., closure=Diagrams(3)) in Python"
        )
    return activation


def default_config() -> StudyConfig:
    """The built-in study."""
    return from_mapping(tomllib.loads(DEFAULT_TOML), "built-in default")


@explained
def load_config(path: str | Path) -> StudyConfig:
    """Configuration from a TOML file; what it leaves out is as in the default.

    Raises
    ------
    ConfigError
        If the file cannot be read, is no TOML, or holds unknown or wrong settings.
    """
    return from_mapping(tomllib.loads(DEFAULT_TOML) | read_toml(path), str(path))


def from_mapping(data: dict[str, Any], where: str) -> StudyConfig:
    """Configuration from plain data, complete or not.

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
        return made(StudyConfig, data)
    except ConfigError as error:
        raise ConfigError(f"{where}: {error}") from None
