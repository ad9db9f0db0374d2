"""Cumulant recursions as data: named quantities, one equation per order, never composed."""

from .layerwise import LayerEquations, Recursion
from .system import Definition, System

__all__ = ["Definition", "LayerEquations", "Recursion", "System"]
