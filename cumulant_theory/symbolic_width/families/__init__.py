"""Families of graphs with a symbolic number of nodes."""

from .base import Family
from .bipartite import CompleteBipartite, complete_bipartite
from .classes import ClassFamily, ClassOperator
from .complete import Complete, complete, family_of
from .cycle import Cycle, RingReadout, cycle
from .star import Star, star

__all__ = [
    "ClassFamily",
    "ClassOperator",
    "Complete",
    "CompleteBipartite",
    "Cycle",
    "Family",
    "RingReadout",
    "Star",
    "complete",
    "complete_bipartite",
    "cycle",
    "family_of",
    "star",
]
