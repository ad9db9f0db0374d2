"""Exact joint cumulants carried through block sums, MLPs and their weight symmetries."""

from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING, Any

from . import (
    activations,
    algebra,
    generalisation,
    laws,
    layers,
    rg,
    symbolic_width,
    symmetries,
    theorems,
)
from .closures import Diagrams, Exact, Neglect
from .cumulants import JointCumulants
from .reparametrisations import parameter_symmetries

__all__ = [
    "Diagrams",
    "Exact",
    "JointCumulants",
    "Neglect",
    "activations",
    "algebra",
    "generalisation",
    "laws",
    "layers",
    "parameter_symmetries",
    "rg",
    "symbolic_width",
    "symmetries",
    "theorems",
]

if TYPE_CHECKING:
    __version__: str
else:

    def __getattr__(name: str) -> Any:
        if name != "__version__":
            raise AttributeError(f"module '{__name__}' has no attribute '{name}'")
        try:
            return version("cumulant-theory")
        except PackageNotFoundError:
            raise AttributeError(
                "the version is that of the installed distribution, and cumulant-theory is not "
                "installed; pip install cumulant-theory"
            ) from None
