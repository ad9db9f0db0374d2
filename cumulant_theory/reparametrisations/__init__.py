"""Symmetries of the parameters: changes of weights that leave the map of a network as it is.

Permutations and sign flips of hidden units, rescalings where an activation is homogeneous, shifts
and mixing of units without activation; those alone that the tying of the weights allows.
"""

from .diagonal import Flip, Scaling, flips, scalings
from .generator import Reparametrisation
from .linear import Mixing, Shift
from .permutations import Relabelling
from .structure import Affine, Structure
from .symmetries import ParameterSymmetries, parameter_symmetries
from .terms import read_terms

__all__ = [
    "Affine",
    "Flip",
    "Mixing",
    "ParameterSymmetries",
    "Relabelling",
    "Reparametrisation",
    "Scaling",
    "Shift",
    "Structure",
    "flips",
    "parameter_symmetries",
    "read_terms",
    "scalings",
]
