"""Pointwise maps. Polynomial activations carry cumulants exactly."""

from .base import Activation, catalogue, get
from .polynomial import Cube, Cubic, Identity, Polynomial, Quadratic, Square

__all__ = [
    "Activation",
    "Cube",
    "Cubic",
    "Identity",
    "Polynomial",
    "Quadratic",
    "Square",
    "catalogue",
    "get",
]
