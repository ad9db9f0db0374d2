"""Symmetry against expressivity: which networks generalise when they learn the block sum?"""

from .config import Competition, DensityGrid, Grid, default_config, load_config
from .defaults import DEFAULT_TOML
from .runner import TABLES, Results, load, run_competition

__all__ = [
    "DEFAULT_TOML",
    "TABLES",
    "Competition",
    "DensityGrid",
    "Grid",
    "Results",
    "default_config",
    "load",
    "load_config",
    "run_competition",
]
