"""Live explorers for notebooks: sliders above a figure and its tables.

Each one is three plain steps, state -> data -> figure, that work without a notebook:
``rg_flow_data`` and ``rg_flow_figure``, and so on. The explorers themselves need ipywidgets and
anywidget.
"""

from .blocksums import RGFlow, known_laws, rg_flow_data
from .failures import failure, failure_figure
from .flows import rg_flow, rg_flow_figure
from .layout import Explorer, View
from .planes import FailurePlane, failure_data, usual_units
from .tying import TiedLayer, known_symmetries, symmetry, symmetry_data, symmetry_figure
from .widths import WideErrors, wide, wide_data, wide_figure

__all__ = [
    "Explorer", "FailurePlane", "RGFlow", "TiedLayer", "View", "WideErrors", "failure",
    "failure_data", "failure_figure", "known_laws", "known_symmetries", "rg_flow", "rg_flow_data",
    "rg_flow_figure", "symmetry", "symmetry_data", "symmetry_figure", "usual_units", "wide",
    "wide_data", "wide_figure",
]
