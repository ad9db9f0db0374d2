"""Numbers: kernels, torch networks, training, measurement and comparison.

Names are loaded at first use, so that ``import numerics`` needs neither torch nor matplotlib.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

import cumulant_theory
from cumulant_theory.errors import MissingDependencyError

if TYPE_CHECKING:
    from . import densities, explorers, imports, sampling, sweeps, tasks
    from .chain import Chain
    from .comparison import Comparison, Measurement, Prediction, compare
    from .convergence import WidthScaling, width_scaling
    from .datasets import InputCumulants, input_cumulants
    from .flows import FlowResult, flow, flow_diagram
    from .gaussian import WickValues, wick
    from .imports import from_torch
    from .kernels import Kernel, compile
    from .kstatistics import KStatistics
    from .measurement import measure
    from .networks import Ensemble, Network, build
    from .prediction import predict
    from .reparametrisation import (
        canonical,
        distinct_solutions,
        symmetry_distance,
        unit_distances,
    )
    from .sampling import sample
    from .tensors import expected_activations, propagate
    from .training import SoftSymmetry, SymmetryBreaking, TrainingResult, train
    from .training.tuning import SoftSymmetryTuning, tune_soft_symmetry
    from .transfer import OrderTransfer, order_transfer
    from .witnesses import Confrontation, Landing, confront, landing

    __version__: str

_HOMES = {
    "Chain": "chain",
    "Comparison": "comparison",
    "Confrontation": "witnesses",
    "Ensemble": "networks",
    "FlowResult": "flows",
    "InputCumulants": "datasets",
    "KStatistics": "kstatistics",
    "Kernel": "kernels",
    "Landing": "witnesses",
    "Measurement": "comparison",
    "Network": "networks",
    "OrderTransfer": "transfer",
    "Prediction": "comparison",
    "SoftSymmetry": "training",
    "SoftSymmetryTuning": "training.tuning",
    "SymmetryBreaking": "training",
    "TrainingResult": "training",
    "WickValues": "gaussian",
    "WidthScaling": "convergence",
    "build": "networks",
    "canonical": "reparametrisation",
    "compare": "comparison",
    "compile": "kernels",
    "confront": "witnesses",
    "distinct_solutions": "reparametrisation",
    "expected_activations": "tensors",
    "flow": "flows",
    "flow_diagram": "flows",
    "from_torch": "imports",
    "input_cumulants": "datasets",
    "landing": "witnesses",
    "measure": "measurement",
    "order_transfer": "transfer",
    "predict": "prediction",
    "propagate": "tensors",
    "sample": "sampling",
    "symmetry_distance": "reparametrisation",
    "train": "training",
    "tune_soft_symmetry": "training.tuning",
    "unit_distances": "reparametrisation",
    "wick": "gaussian",
    "width_scaling": "convergence",
}
_MODULES = ("densities", "explorers", "imports", "sampling", "sweeps", "tasks")

__all__ = [
    "Chain",
    "Comparison",
    "Confrontation",
    "Ensemble",
    "FlowResult",
    "InputCumulants",
    "KStatistics",
    "Kernel",
    "Landing",
    "Measurement",
    "Network",
    "OrderTransfer",
    "Prediction",
    "SoftSymmetry",
    "SoftSymmetryTuning",
    "SymmetryBreaking",
    "TrainingResult",
    "WickValues",
    "WidthScaling",
    "build",
    "canonical",
    "compare",
    "compile",
    "confront",
    "densities",
    "distinct_solutions",
    "expected_activations",
    "explorers",
    "flow",
    "flow_diagram",
    "from_torch",
    "imports",
    "input_cumulants",
    "landing",
    "measure",
    "order_transfer",
    "predict",
    "propagate",
    "sample",
    "sampling",
    "sweeps",
    "symmetry_distance",
    "tasks",
    "train",
    "tune_soft_symmetry",
    "unit_distances",
    "wick",
    "width_scaling",
]


_EXTRAS = {"numpy": "numerics", "scipy": "numerics", "tqdm": "numerics",
           "matplotlib": "numerics", "pyarrow": "numerics", "torch": "torch", "symengine": "llvm"}


def __getattr__(name: str) -> Any:
    if name == "__version__":
        return cumulant_theory.__version__
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
