"""Layers: each one a composition of the affine and the pointwise rule."""

from . import graphs
from .base import Layer
from .blocksum import BlockSum
from .constant import Mean, Residual, Sum
from .diagram_rule import DiagramRule
from .effective import EffectiveMap
from .graphs import EdgeLift, EdgeSum, GCNConv, GINConv, Graph, GraphConv, Readout, SAGEConv
from .linear import Linear
from .pointwise import Pointwise
from .rules import AffineRule, PointwiseRule
from .sequential import Sequential
from .stages import Stage

__all__ = [
    "AffineRule",
    "BlockSum",
    "DiagramRule",
    "EdgeLift",
    "EdgeSum",
    "EffectiveMap",
    "GCNConv",
    "GINConv",
    "Graph",
    "GraphConv",
    "Layer",
    "Linear",
    "Mean",
    "Pointwise",
    "PointwiseRule",
    "Readout",
    "Residual",
    "SAGEConv",
    "Sequential",
    "Stage",
    "Sum",
    "graphs",
]
