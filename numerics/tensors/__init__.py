"""Propagation of joint cumulants through wide networks with numeric weights."""

from .exchangeable import ExchangeableState, ExchangeableWeight
from .forms import Tensor
from .health import Finding, Health
from .propagation import Propagation, expected_activations, propagate
from .state import State

__all__ = [
    "ExchangeableState",
    "ExchangeableWeight",
    "Finding",
    "Health",
    "Propagation",
    "State",
    "Tensor",
    "expected_activations",
    "propagate",
]
