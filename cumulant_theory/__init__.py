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
    "rg",
    "symbolic_width",
    "symmetries",
    "theorems",
]
