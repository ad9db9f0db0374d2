"""The study: train architectures under weight symmetries, predict, measure, compare, report."""

from ..sweeps import failure_text
from .config import DEFAULT_TOML, StudyConfig, default_config, load_config
from .results import StudyResults
from .runner import run_study

__all__ = [
    "DEFAULT_TOML",
    "StudyConfig",
    "StudyResults",
    "default_config",
    "failure_text",
    "load_config",
    "run_study",
]
