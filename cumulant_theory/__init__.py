"""Exact joint cumulants carried through block sums, MLPs and their weight symmetries."""

from . import activations, algebra, exchangeable, generalisation, laws, layers, rg, symmetries
from .closures import Exact
from .cumulants import JointCumulants

__all__ = [
    "Exact",
    "JointCumulants",
    "activations",
    "algebra",
    "exchangeable",
    "generalisation",
    "laws",
    "layers",
    "rg",
    "symmetries",
]
