"""Numbers: kernels, torch networks, training, measurement and comparison.

Names are loaded at first use, so that ``import numerics`` needs neither torch nor matplotlib.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from cumulant_theory.errors import MissingDependencyError

if TYPE_CHECKING:
    from . import sampling, tasks
    from .comparison import Comparison, Measurement, Prediction, compare
    from .imports import from_torch
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
    "from_torch": "imports",
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
    "from_torch",
    "measure",
    "predict",
    "sample",
    "sampling",
    "tasks",
    "train",
]


_EXTRAS = {"numpy": "numerics", "scipy": "numerics", "tqdm": "numerics",
           "matplotlib": "numerics", "torch": "torch", "symengine": "llvm"}


def __getattr__(name: str) -> Any:
    if name not in _MODULES and name not in _HOMES:
        raise AttributeError(f"module '{__name__}' has no attribute '{name}'")
    try:
        home = import_module(f".{_HOMES.get(name, name)}", __name__)
    except ModuleNotFoundError as error:
        if error.name not in _EXTRAS:
            raise
        raise MissingDependencyError(
            f"numerics.{name} needs {error.name}, which is not installed; "
            f"pip install 'cumulant-theory[{_EXTRAS[error.name]}]'"
        ) from None
    return getattr(home, name) if name in _HOMES else home


def __dir__() -> list[str]:
    return __all__
