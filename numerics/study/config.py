"""Configuration of a study, read from TOML; expressions go through the whitelist parser."""

import json
import tomllib
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any

from cumulant_theory.errors import ConfigError, CumulantError
from cumulant_theory.latex.html import Record
from cumulant_theory.parsing import parse_activation, parse_law

from ..files import read_toml
from ..sampling import require_samplable
from .architectures import check_architecture

LOSSES = ("pointwise", "law")
_SCALARS = {"b": 1, "hidden": 1, "order": 1, "match_order": 1, "seeds": 1, "restarts": 1,
            "samples": 100, "steps": 1, "seed": 0}
_LIMITS = {"b": 16, "hidden": 64, "order": 4, "match_order": 8, "seeds": 4096, "restarts": 1024,
           "samples": 10**9, "steps": 10**7, "seed": 2**31}

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
        for name, least in _SCALARS.items():
            value = getattr(self, name)
            if not isinstance(value, int) or isinstance(value, bool):
                raise ConfigError(f"{name} = {value!r} must be an integer")
            if not least <= value <= _LIMITS[name]:
                raise ConfigError(f"{name} = {value} must lie in {least}..{_LIMITS[name]}")
        if not isinstance(self.title, str):
            raise ConfigError(f"title = {self.title!r} must be text in quotes")
        for name in ("symmetries", "activations", "losses", "train_laws"):
            entries = getattr(self, name)
            if not isinstance(entries, (list, tuple)) or not entries:
                raise ConfigError(f"{name} must be a list with at least one entry")
            if not all(isinstance(e, str) for e in entries):
                raise ConfigError(f"{name} = {list(entries)!r} must hold texts in quotes")
            if len(set(entries)) != len(entries):
                raise ConfigError(f"{name} = {list(entries)!r} lists an entry twice")
            object.__setattr__(self, name, tuple(entries))
        if not isinstance(self.test_laws, dict) or not self.test_laws:
            raise ConfigError('[test_laws] must give at least one law, such as G = "normal(0, 1)"')
        for loss in self.losses:
            if loss not in LOSSES:
                raise ConfigError(f"loss '{loss}' is unknown; known: {', '.join(LOSSES)}")
        self._parse("symmetry", check_architecture, self.symmetries)
        self._parse("activation", _polynomial, self.activations)
        self._parse("law", _samplable, (*self.train_laws, *self.test_laws.values()))

    @staticmethod
    def _parse(kind: str, parse: Any, texts: Any) -> None:
        for text in texts:
            try:
                parse(text)
            except CumulantError as error:
                raise ConfigError(f"{kind} '{text}': {error}") from None

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


def _samplable(text: str) -> Any:
    law = parse_law(text)
    require_samplable(law)
    return law


def default_config() -> StudyConfig:
    """The built-in study."""
    return from_mapping(tomllib.loads(DEFAULT_TOML), "built-in default")


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
    known = [f.name for f in fields(StudyConfig)]
    unknown = [k for k in data if k not in known]
    if unknown:
        raise ConfigError(
            f"{where}: unknown setting {', '.join(unknown)}; known: {', '.join(known)}"
        )
    try:
        return StudyConfig(**data)
    except ConfigError as error:
        raise ConfigError(f"{where}: {error}") from None
