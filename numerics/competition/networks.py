"""Networks of any width and depth under a weight symmetry, or on a graph."""

from dataclasses import replace
from functools import lru_cache
from typing import Any

import numpy as np
import sympy as sp
from scipy.sparse.csgraph import connected_components

from cumulant_theory import layers
from cumulant_theory.layers import graphs
from cumulant_theory.parsing import parse_activation, parse_symmetry
from cumulant_theory.symmetries import Symmetry
from cumulant_theory.symmetries.base import SiteSymmetry

from ..study.architectures import convolution

__all__ = ["breaking", "channels", "degree", "first_weights", "network"]


@lru_cache(maxsize=256)
def network(symmetry: str, activation: str, b: int, width: int, depth: int) -> layers.Sequential:
    """A network of the competition: no biases but that of the readout.

    With a weight symmetry, ``depth`` times Linear >> Pointwise, then a linear readout. Where the
    symmetry acts on hidden units, it ties all layers by that action; where it acts on the inputs
    alone, the layers behind the first are free. With a convolution, ``depth`` times
    convolution >> Pointwise with ``width`` channels on the block as nodes of a graph, then the sum
    over the nodes and a linear readout.

    Parameters
    ----------
    symmetry
        Weight symmetry, or convolution with the name of a graph family.
    activation
        As in :func:`cumulant_theory.parsing.parse_activation`.
    b, width, depth
        Block size, hidden units or channels, hidden layers.

    Raises
    ------
    SymmetryError, ShapeError
        If the symmetry or the graph does not fit the widths.
    UnknownNameError
        If a name is unknown.

    Examples
    --------
    >>> len(network("permutation_invariant", "relu", 2, 4, 2).parameters)
    25
    >>> network("graph_conv(complete)", "identity", 2, 1, 1).parameters
    (U__1, W__1, W__2, c__2)
    """
    def pointwise() -> layers.Pointwise:
        return layers.Pointwise(parse_activation(activation))

    hidden: list[layers.Layer] = []
    found = convolution(symmetry)
    if found is not None:
        make, family = found
        graph = family(b)
        for k in range(depth):
            hidden += [make(graph, width if k else 1, width), pointwise()]
        return layers.Sequential(
            *hidden, graphs.Readout(graph, "sum", width), layers.Linear(width, 1, bias=True)
        )
    group = _group(symmetry, b)
    inner = group if _acts_on_hidden(symmetry, b, width) else None
    for k in range(depth):
        hidden += [layers.Linear(width if k else b, width, symmetry=inner if k else group),
                   pointwise()]
    return layers.Sequential(*hidden, layers.Linear(width, 1, symmetry=inner, bias=True))


def _group(symmetry: str, b: int) -> Symmetry:
    """The symmetry on blocks of b sites, so that wider layers have several channels."""
    group = parse_symmetry(symmetry)
    if isinstance(group, SiteSymmetry) and group.degree is None:
        return replace(group, degree=b)
    return group


def _acts_on_hidden(symmetry: str, b: int, width: int) -> bool:
    """Whether the group moves hidden units; a readout that changes sign would be no use."""
    group = _group(symmetry, b)
    if group.name == "alternating":
        return False
    return any(out != sp.eye(width) for out, _ in group.tie(width, b).generators)


def channels(symmetry: str, b: int, width: int) -> int:
    """Hidden units of the first layer whose weights are independent of each other.

    Examples
    --------
    >>> channels("free", 4, 8), channels("cyclic", 4, 8), channels("shared", 4, 8)
    (8, 2, 1)
    """
    if convolution(symmetry) is not None:
        return width
    group = _group(symmetry, b)
    moves = np.eye(width, dtype=bool)
    for out, _ in group.tie(width, b).generators:
        moves |= np.array(out.tolist(), dtype=float) != 0
    return int(connected_components(moves)[0])


def degree(activation: str) -> int:
    """Degree of a polynomial activation; 1 for what grows no faster than its argument.

    Examples
    --------
    >>> degree("cubic"), degree("relu")
    (3, 1)
    """
    coefficients = parse_activation(activation).coefficients
    return 1 if coefficients is None else max(1, len(coefficients) - 1)


def first_weights(module: Any) -> np.ndarray:
    """Weights of the first layer, (networks, units, b)."""
    label = module.labels[0]
    columns = module.forward_layers(np.eye(module.in_features))[label]
    return columns.detach().cpu().double().numpy().swapaxes(-1, -2)


def breaking(weights: np.ndarray) -> np.ndarray:
    """|W - P W|^2 / |W|^2, P the projection on permutation-invariant rows.

    Parameters
    ----------
    weights
        Shape (..., units, b).

    Examples
    --------
    >>> breaking(np.array([[[1.0, 1.0]], [[1.0, -1.0]]])).tolist()
    [0.0, 1.0]
    """
    off = weights - weights.mean(-1, keepdims=True)
    size = np.square(weights).sum((-1, -2))
    return np.square(off).sum((-1, -2)) / np.maximum(size, np.finfo(float).tiny)
