"""Exact joint cumulants carried through block sums, MLPs and their weight symmetries."""

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
