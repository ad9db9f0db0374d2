"""Layers: each one a composition of the affine and the pointwise rule."""

from .base import Layer, Stage
from .blocksum import BlockSum
from .constant import Mean, Residual, Sum
from .effective import EffectiveMap
from .linear import Linear
from .pointwise import Pointwise
from .rules import AffineRule, PointwiseRule
from .sequential import Sequential

__all__ = [
    "AffineRule",
    "BlockSum",
    "EffectiveMap",
    "Layer",
    "Linear",
    "Mean",
    "Pointwise",
    "PointwiseRule",
    "Residual",
    "Sequential",
    "Stage",
    "Sum",
]
