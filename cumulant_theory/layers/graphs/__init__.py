"""Graph layers: affine maps whose weights are shared by the nodes of a graph.

NetworkX graphs are read directly; automorphisms need igraph. Both come with
``pip install 'cumulant-theory[graphs]'``. Units are numbered channel * nodes + node.
"""

from . import families
from .automorphisms import is_automorphism
from .conv import GCNConv, GINConv, GraphConv, SAGEConv
from .edges import EdgeLift, EdgeSum
from .families import complete, cycle, path, star
from .graph import Graph
from .readout import Readout

__all__ = [
    "EdgeLift",
    "EdgeSum",
    "GCNConv",
    "GINConv",
    "Graph",
    "GraphConv",
    "Readout",
    "SAGEConv",
    "complete",
    "cycle",
    "families",
    "is_automorphism",
    "path",
    "star",
]
