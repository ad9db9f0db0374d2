"""Densities on a grid: the central-limit map on them, and networks that learn it.

What needs torch is loaded at first use.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from cumulant_theory.errors import MissingDependencyError

from .cumulants import cumulants
from .discretise import density, grid_mass
from .families import (
    FAMILIES,
    TEST,
    TRAIN,
    Family,
    Gammas,
    Gaussians,
    Laplaces,
    RandomDensities,
    SkewedMixtures,
    StudentTs,
    SymmetricMixtures,
    Uniforms,
)
from .grid import Grid
from .metrics import METRICS, DensityLoss, cumulant_mismatch, kl, l2, wasserstein
from .selfconvolution import SelfConvolution, affine_image, self_convolution
from .symmetry import equivariance_defect, symmetry_defects

if TYPE_CHECKING:
    from .evaluation import DensityErrors, density_error
    from .linearisation import hermite_direction, linearised_spectrum, power_network
    from .network import DensityNetwork
    from .tasks import DensityBlockSum

_HOMES = {
    "DensityBlockSum": "tasks",
    "DensityErrors": "evaluation",
    "DensityNetwork": "network",
    "density_error": "evaluation",
    "hermite_direction": "linearisation",
    "linearised_spectrum": "linearisation",
    "power_network": "linearisation",
}

__all__ = [
    "FAMILIES",
    "METRICS",
    "TEST",
    "TRAIN",
    "DensityBlockSum",
    "DensityErrors",
    "DensityLoss",
    "DensityNetwork",
    "Family",
    "Gammas",
    "Gaussians",
    "Grid",
    "Laplaces",
    "RandomDensities",
    "SelfConvolution",
    "SkewedMixtures",
    "StudentTs",
    "SymmetricMixtures",
    "Uniforms",
    "affine_image",
    "cumulant_mismatch",
    "cumulants",
    "density",
    "density_error",
    "equivariance_defect",
    "grid_mass",
    "hermite_direction",
    "kl",
    "l2",
    "linearised_spectrum",
    "power_network",
    "self_convolution",
    "symmetry_defects",
    "wasserstein",
]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module '{__name__}' has no attribute '{name}'")
    try:
        home = import_module(f".{_HOMES[name]}", __name__)
    except ModuleNotFoundError as error:
        if error.name != "torch":
            raise
        raise MissingDependencyError(
            f"numerics.densities.{name} needs torch, which is not installed; "
            "pip install 'cumulant-theory[torch]'"
        ) from None
    return getattr(home, name)


def __dir__() -> list[str]:
    return __all__
