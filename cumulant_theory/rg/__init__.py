"""Renormalisation-group maps on laws: recursion, fixed points, spectrum, flow, negentropy."""

from .flow import Flow
from .maps import RGMap
from .negentropy import negentropy
from .results import FixedPoint
from .spectrum import Eigenvalue, Spectrum
from .truncated import TruncatedMap

__all__ = [
    "Eigenvalue",
    "FixedPoint",
    "Flow",
    "RGMap",
    "Spectrum",
    "TruncatedMap",
    "negentropy",
]
