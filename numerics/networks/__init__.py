"""Layers as torch modules whose free parameters are the free symbols of the theory."""

from .module import Ensemble, Network, build

__all__ = ["Ensemble", "Network", "build"]
