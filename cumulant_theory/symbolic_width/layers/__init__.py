"""Layers on the nodes of a family, named as in :mod:`cumulant_theory.layers`."""

from .base import Layer
from .convolutions import GCNConv, GINConv, GraphConv, SAGEConv
from .node import InvariantLinear, Linear, NodeLayer
from .pointwise import Pointwise, Residual
from .readout import Mean, Readout, Sum
from .sequential import Sequential

__all__ = [
    "GCNConv",
    "GINConv",
    "GraphConv",
    "InvariantLinear",
    "Layer",
    "Linear",
    "Mean",
    "NodeLayer",
    "Pointwise",
    "Readout",
    "Residual",
    "SAGEConv",
    "Sequential",
    "Sum",
]
