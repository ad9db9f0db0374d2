"""Networks whose number of nodes n is a symbol: closed forms on families of graphs."""

from .families import Family, complete, complete_bipartite, cycle, star
from .laws import FamilyLaw, generic, iid
from .layers import (
    GCNConv,
    GINConv,
    GraphConv,
    InvariantLinear,
    Layer,
    Linear,
    Mean,
    Pointwise,
    Readout,
    Residual,
    SAGEConv,
    Sequential,
    Sum,
)
from .state import FamilyCumulants, type_symbol, types
from .width import LeadingTerm

__all__ = [
    "Family",
    "FamilyCumulants",
    "FamilyLaw",
    "GCNConv",
    "GINConv",
    "GraphConv",
    "InvariantLinear",
    "Layer",
    "LeadingTerm",
    "Linear",
    "Mean",
    "Pointwise",
    "Readout",
    "Residual",
    "SAGEConv",
    "Sequential",
    "Sum",
    "complete",
    "complete_bipartite",
    "cycle",
    "generic",
    "iid",
    "star",
    "type_symbol",
    "types",
]
