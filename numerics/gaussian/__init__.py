"""Gaussian means of activations and of their derivatives, accurate far into the tails."""

from .coefficients import WickValues, wick
from .pairs import pair

__all__ = ["WickValues", "pair", "wick"]
