"""Algebraic sets over the rationals: ideals, their components, and exact real points."""

from ._radicals import rationalised
from .ideal import Ideal

__all__ = ["Ideal", "rationalised"]
