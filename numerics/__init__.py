"""Numbers: kernels, torch networks, training, measurement and comparison.

Names are loaded at first use, so that ``import numerics`` needs neither torch nor matplotlib.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from cumulant_theory.errors import MissingDependencyError

if TYPE_CHECKING:
    from . import imports, sampling, tasks
    from .chain import Chain
    from .comparison import Comparison, Measurement, Prediction, compare
    from .convergence import WidthScaling, width_scaling
    from .datasets import InputCumulants, input_cumulants
    from .gaussian import WickValues, wick
    from .imports import from_torch
    from .kernels import Kernel, compile
    from .kstatistics import KStatistics
    from .measurement import measure
    from .networks import Ensemble, Network, build
    from .prediction import predict
    from .sampling import sample
    from .tensors import expected_activations, propagate
    from .training import TrainingResult, train
    from .transfer import OrderTransfer, order_transfer

_HOMES = {
    "Chain": "chain",
    "Comparison": "comparison",
    "Ensemble": "networks",
    "InputCumulants": "datasets",
    "KStatistics": "kstatistics",
    "Kernel": "kernels",
    "Measurement": "comparison",
    "Network": "networks",
    "OrderTransfer": "transfer",
    "Prediction": "comparison",
    "TrainingResult": "training",
    "WidthScaling": "convergence",
    "WickValues": "gaussian",
    "build": "networks",
    "compare": "comparison",
    "compile": "kernels",
    "expected_activations": "tensors",
    "from_torch": "imports",
    "input_cumulants": "datasets",
    "measure": "measurement",
    "order_transfer": "transfer",
    "predict": "prediction",
    "propagate": "tensors",
    "sample": "sampling",
    "train": "training",
    "wick": "gaussian",
    "width_scaling": "convergence",
}
_MODULES = ("imports", "sampling", "tasks")

__all__ = [
    "Chain",
    "Comparison",
    "Ensemble",
    "InputCumulants",
    "KStatistics",
    "Kernel",
    "Measurement",
    "Network",
    "OrderTransfer",
    "Prediction",
    "TrainingResult",
    "WickValues",
    "WidthScaling",
    "build",
    "compare",
    "compile",
    "expected_activations",
    "from_torch",
    "imports",
    "input_cumulants",
    "measure",
    "order_transfer",
    "predict",
    "propagate",
    "sample",
    "sampling",
    "tasks",
    "train",
    "wick",
    "width_scaling",
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
