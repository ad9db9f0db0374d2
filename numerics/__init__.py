"""Numbers: kernels, torch networks, training, measurement and comparison.

Names are loaded at first use, so that ``import numerics`` needs neither torch nor matplotlib.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from . import sampling, tasks
    from .comparison import Comparison, Measurement, Prediction, compare
    from .kernels import Kernel, compile
    from .kstatistics import KStatistics
    from .measurement import measure
    from .networks import Ensemble, Network, build
    from .prediction import predict
    from .sampling import sample
    from .training import TrainingResult, train

_HOMES = {
    "Comparison": "comparison",
    "Ensemble": "networks",
    "KStatistics": "kstatistics",
    "Kernel": "kernels",
    "Measurement": "comparison",
    "Network": "networks",
    "Prediction": "comparison",
    "TrainingResult": "training",
    "build": "networks",
    "compare": "comparison",
    "compile": "kernels",
    "measure": "measurement",
    "predict": "prediction",
    "sample": "sampling",
    "train": "training",
}
_MODULES = ("sampling", "tasks")

__all__ = [
    "Comparison",
    "Ensemble",
    "KStatistics",
    "Kernel",
    "Measurement",
    "Network",
    "Prediction",
    "TrainingResult",
    "build",
    "compare",
    "compile",
    "measure",
    "predict",
    "sample",
    "sampling",
    "tasks",
    "train",
]


def __getattr__(name: str) -> Any:
    if name in _MODULES:
        return import_module(f".{name}", __name__)
    if name in _HOMES:
        return getattr(import_module(f".{_HOMES[name]}", __name__), name)
    raise AttributeError(f"module '{__name__}' has no attribute '{name}'")


def __dir__() -> list[str]:
    return __all__
