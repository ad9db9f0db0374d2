"""Algebraic sets over the rationals: ideals, their components, and exact real points."""

from ..algebra.clock import time_limit
from ._certificates import CertifiedPoint
from ._radicals import rationalised
from .certified import PointSearch, find_certified_points, search_points
from .ideal import Ideal
from .isolation import real_boxes

__all__ = [
    "CertifiedPoint",
    "Ideal",
    "PointSearch",
    "find_certified_points",
    "rationalised",
    "real_boxes",
    "search_points",
    "time_limit",
]
