"""Cumulants of data: what goes into the propagation of laws that are known by samples."""

from .accumulator import InputCumulants
from .stream import input_cumulants

__all__ = ["InputCumulants", "input_cumulants"]
