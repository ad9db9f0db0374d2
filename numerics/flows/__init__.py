"""Flows of trained maps: predicted, measured, and as diagrams with fixed points."""

from ._maps import CumulantMap
from .diagram import flow_diagram
from .result import FlowResult, flow

__all__ = ["CumulantMap", "FlowResult", "flow", "flow_diagram"]
