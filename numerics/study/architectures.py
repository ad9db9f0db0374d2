"""Text to network: a weight symmetry, or a graph convolution on the block."""

import re
from collections.abc import Callable
from typing import Any

import sympy as sp

from cumulant_theory import layers, symmetries
from cumulant_theory.errors import ParseError, UnknownNameError
from cumulant_theory.layers import graphs
from cumulant_theory.parsing import parse_activation, parse_symmetry

CONVOLUTIONS: dict[str, Callable[..., layers.Layer]] = {
    "gcn_conv": graphs.GCNConv,
    "gin_conv": graphs.GINConv,
    "graph_conv": graphs.GraphConv,
    "sage_conv": graphs.SAGEConv,
}
FAMILIES: dict[str, Callable[[int], graphs.Graph]] = {
    "complete": graphs.complete,
    "cycle": graphs.cycle,
    "path": graphs.path,
    "star": graphs.star,
}
_CONVOLUTION = re.compile(r"\s*(\w+_conv)\s*\(\s*(\w*)\s*\)\s*")


def architecture(text: str, activation: str, b: int, hidden: int) -> layers.Sequential:
    """The network of a study cell; the readout has a bias.

    A weight symmetry gives Linear(b, hidden) >> Pointwise >> Linear(hidden, 1). Where it acts on
    the hidden units too, it ties the readout by the same action; otherwise the readout is free.
    A convolution such as ``gcn_conv(cycle)`` sees the block as the nodes of a graph and gives
    convolution >> Pointwise >> Readout("sum") >> Linear(1, 1).

    Parameters
    ----------
    text
        Weight symmetry, or convolution with the name of a graph family.
    activation
        As in :func:`cumulant_theory.parsing.parse_activation`.
    b, hidden
        Block size and width of the hidden layer.

    Raises
    ------
    SymmetryError, ShapeError
        If the symmetry or the graph does not fit the widths.
    UnknownNameError
        If a name is unknown.

    Examples
    --------
    >>> architecture("graph_conv(complete)", "identity", 2, 2).parameters
    (U__1, W__1, W__2, c__2)
    """
    pointwise = layers.Pointwise(parse_activation(activation))
    found = convolution(text)
    if found is not None:
        make, family = found
        graph = family(b)
        return layers.Sequential(
            make(graph), pointwise, graphs.Readout(graph, "sum"), layers.Linear(1, 1, bias=True)
        )
    group = parse_symmetry(text)
    first = layers.Linear(b, hidden, symmetry=group)
    acts_on_hidden = any(out != sp.eye(hidden) for out, _ in first.tying.generators)
    keeps = acts_on_hidden and not isinstance(group, symmetries.Alternating)
    readout = layers.Linear(hidden, 1, symmetry=group if keeps else None, bias=True)
    return layers.Sequential(first, pointwise, readout)


def convolution(text: str) -> tuple[Callable[..., Any], Callable[[int], Any]] | None:
    """Layer and graph family of a text such as ``gcn_conv(cycle)``; None if it is no convolution.

    Raises
    ------
    ParseError
        If no graph is named.
    UnknownNameError
        If a name is unknown.
    """
    found = _CONVOLUTION.fullmatch(text)
    if found is None:
        return None
    name, family = found.groups()
    if name not in CONVOLUTIONS:
        raise UnknownNameError.of("convolution", name, CONVOLUTIONS)
    if not family:
        raise ParseError(f"'{text}': name a graph, for example {name}(complete)")
    if family not in FAMILIES:
        raise UnknownNameError.of("graph family", family, FAMILIES)
    return CONVOLUTIONS[name], FAMILIES[family]


def check_architecture(text: str) -> None:
    """Raise a CumulantError if the text names no architecture."""
    if convolution(text) is None:
        parse_symmetry(text)


def allowed_directions(net: layers.Layer, b: int) -> sp.Matrix:
    """Columns that span the linear coefficients l of f = l.x + c that a linear network allows."""
    effective = net.effective(b)
    polynomial = effective.polynomials[0]
    columns: dict[tuple[int, ...], list[sp.Expr]] = {}
    for k in range(b):
        unit = tuple(1 if j == k else 0 for j in range(b))
        if unit not in polynomial:
            continue
        entry = sp.Poly(effective.ring.expr(polynomial[unit]), *net.parameters)
        for monomial, coefficient in entry.terms():
            columns.setdefault(monomial, [sp.S.Zero] * b)[k] = coefficient
    return sp.Matrix(list(columns.values())).T
