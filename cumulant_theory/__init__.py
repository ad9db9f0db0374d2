"""Exact joint cumulants carried through block sums, MLPs and their weight symmetries."""

from . import activations, algebra, layers, laws, symmetries
from .closures import Exact
from .cumulants import JointCumulants

__all__ = ["Exact", "JointCumulants", "activations", "algebra", "layers", "laws", "symmetries"]
