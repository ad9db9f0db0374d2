"""Exchangeable units: closed forms whose cost does not depend on the width n, n a symbol too."""

from .base import Layer
from .laws import ExchangeableLaw, generic, iid
from .linear import CompleteGraphConv, InvariantLinear, Linear, Mean, Sum
from .sequential import Pointwise, Sequential
from .state import ExchangeableCumulants, type_symbol, types
from .width import LeadingTerm

__all__ = [
    "CompleteGraphConv",
    "ExchangeableCumulants",
    "ExchangeableLaw",
    "InvariantLinear",
    "Layer",
    "LeadingTerm",
    "Linear",
    "Mean",
    "Pointwise",
    "Sequential",
    "Sum",
    "generic",
    "iid",
    "type_symbol",
    "types",
]
