"""Graph convolutions of PyTorch Geometric as layers with exact weights."""

from collections.abc import Callable
from fractions import Fraction
from importlib.util import find_spec
from typing import Any

from cumulant_theory.errors import DomainError, MissingDependencyError, ShapeError
from cumulant_theory.layers import Layer, graphs

from .values import exact_numbers, path_of, refuse_hooks

Matrix = list[list[Fraction]]

_AGGREGATIONS = {"SumAggregation": "sum", "MeanAggregation": "mean"}
_LINEAR = ("torch.nn.modules.linear.Linear", "torch_geometric.nn.dense.linear.Linear")
_IDENTITY = "torch.nn.modules.linear.Identity"
_SEQUENTIAL = "torch.nn.modules.container.Sequential"


def read_convolution(module: Any, graph: Any) -> Layer:
    """The layer that a graph convolution of PyTorch Geometric is on one graph; see `from_torch`."""
    read = _READERS.get(path_of(module))
    if read is None:
        raise _unknown(module)
    _check_message_passing(module)
    found = graphs.Graph.of(graph)
    if module.flow != "source_to_target" and not _is_symmetric(found):
        raise DomainError(
            f"{module!r}: flow={module.flow!r} sends messages against the edges of {found!r}; "
            "reverse the edges of the graph and build the module with the default flow"
        )
    return read(module, found)


def _unknown(module: Any) -> Exception:
    if find_spec("torch_geometric") is None:
        return MissingDependencyError(
            f"from_torch reads convolutions of PyTorch Geometric, not {type(module).__name__}, and "
            "torch_geometric is not installed; pip install 'cumulant-theory[pyg]'"
        )
    if path_of(module).startswith("torch.nn."):
        return DomainError(
            f"from_torch: {type(module).__name__} acts on units, not on the nodes of a graph; "
            "leave the graph out, or import the convolutions of the model one by one"
        )
    return DomainError(
        f"from_torch: {type(module).__name__} of {type(module).__module__} cannot be read as a "
        "layer; it reads GCNConv, GINConv, GraphConv and SAGEConv of torch_geometric.nn, not "
        "their subclasses"
    )


# ---------------------------------------------------------------------- the four convolutions


def _graph_conv(module: Any, graph: graphs.Graph) -> Layer:
    own, others = _matrix(module, "lin_root"), _matrix(module, "lin_rel")
    return _two_matrices(
        module, graph, own, others, _aggregation(module), _vector(module, module.lin_rel.bias)
    )


def _sage_conv(module: Any, graph: graphs.Graph) -> Layer:
    _refuse_set(module, {
        "normalize": "the length of the output features is not polynomial; build the module with "
                     "normalize=False",
        "project": "the features pass through a ReLU; build the module with project=False, or "
                   "compose layers with Pointwise(activations.ReLU())",
    })
    _check_unweighted(module, graph)
    others = _matrix(module, "lin_l")
    own = _matrix(module, "lin_r") if module.root_weight else _zeros(others)
    return _two_matrices(
        module, graph, own, others, _aggregation(module), _vector(module, module.lin_l.bias),
        mean=graphs.SAGEConv,
    )


def _gcn_conv(module: Any, graph: graphs.Graph) -> Layer:
    _refuse_set(module, {
        "improved": "self-loops would weigh 2; give the nodes without a loop one of weight 2 in "
                    "the graph and build the module with improved=False",
    })
    if module._cached_edge_index is not None or module._cached_adj_t is not None:
        raise DomainError(
            f"{module!r}: cached=True has stored the normalisation of an earlier graph, which "
            "may differ; build the module with cached=False, or import it before its first call"
        )
    if _aggregation(module) != "sum":
        raise DomainError(
            f"{module!r}: aggr={module.aggr!r} has no counterpart; build the module with aggr='add'"
        )
    matrix, bias = _matrix(module, "lin"), _vector(module, module.bias)
    if module.normalize and module.add_self_loops:
        return graphs.GCNConv(
            graph, len(matrix[0]), len(matrix), weights=[matrix], bias_values=bias
        )
    kind = "symmetric" if module.normalize else "sum"
    return _two_matrices(module, graph, _zeros(matrix), matrix, kind, bias)


def _gin_conv(module: Any, graph: graphs.Graph) -> Layer:
    _check_unweighted(module, graph)
    matrix, bias = _affine(module, module.nn)
    eps = exact_numbers(module, module.eps.reshape(-1), "eps")[0]
    if _aggregation(module) == "sum":
        return graphs.GINConv(
            graph, len(matrix[0]), len(matrix), eps=eps, weights=[matrix], bias_values=bias
        )
    own = [[(1 + eps) * w for w in row] for row in matrix]
    return _two_matrices(module, graph, own, matrix, "mean", bias)


_READERS: dict[str, Callable[[Any, graphs.Graph], Layer]] = {
    f"torch_geometric.nn.conv.{home}": read for home, read in {
        "gcn_conv.GCNConv": _gcn_conv,
        "gin_conv.GINConv": _gin_conv,
        "graph_conv.GraphConv": _graph_conv,
        "sage_conv.SAGEConv": _sage_conv,
    }.items()
}


def _two_matrices(
    module: Any, graph: graphs.Graph, own: Matrix, others: Matrix, aggregation: str,
    bias: list[Fraction] | None, mean: Any = None,
) -> Layer:
    """GraphConv, or the class given for means, with the matrices of own and other features."""
    if len(own[0]) != len(others[0]):
        raise ShapeError(
            f"{module!r}: in_channels={module.in_channels!r} has different numbers of features for "
            "sources and targets; on one graph they are the same nodes, so they must agree"
        )
    sizes = (graph, len(own[0]), len(own))
    if mean is not None and aggregation == "mean":
        return mean(*sizes, weights=[own, others], bias_values=bias)
    return graphs.GraphConv(*sizes, aggregation, weights=[own, others], bias_values=bias)


# ---------------------------------------------------------------------- what a module may be


def _check_message_passing(module: Any) -> None:
    refuse_hooks(module)
    if module.node_dim not in (-2, 0):
        raise DomainError(
            f"{module!r}: node_dim={module.node_dim} is not read; build it with the default -2"
        )
    if getattr(module, "_explain", None):
        raise DomainError(f"{module!r}: explain={module._explain} masks messages; set it to None")


def _refuse_set(module: Any, reasons: dict[str, str]) -> None:
    for option, reason in reasons.items():
        if getattr(module, option):
            raise DomainError(f"{module!r}: {option}=True is not supported: {reason}")


def _aggregation(module: Any) -> str:
    kind = type(module.aggr_module).__name__
    known = type(module.aggr_module).__module__.startswith("torch_geometric.")
    if not known or kind not in _AGGREGATIONS:
        raise DomainError(
            f"{module!r}: aggr={module.aggr!r} is not linear or has no layer here; supported are "
            "'add' ('sum') and 'mean'"
        )
    return _AGGREGATIONS[kind]


def _is_symmetric(graph: graphs.Graph) -> bool:
    return graph.adjacency == graph.adjacency.T


def _check_unweighted(module: Any, graph: graphs.Graph) -> None:
    for u, v, w in graph.edges:
        if w != 1:
            raise DomainError(
                f"{module!r} takes no edge weights, but the edge ({u!r}, {v!r}) of {graph!r} "
                f"weighs {w}; drop the weights of the graph"
            )


def _affine(module: Any, nn: Any) -> tuple[Matrix, list[Fraction] | None]:
    """Matrix and shift of an affine torch module."""
    path = path_of(nn)
    parts = [p for p in (nn if path == _SEQUENTIAL else [nn]) if path_of(p) != _IDENTITY]
    wrong = [p for p in parts if path_of(p) not in _LINEAR]
    if wrong or not parts:
        what = f"contains {wrong[0]!r}" if wrong else "has no Linear"
        raise DomainError(
            f"{module!r}: nn {what}, but only Linear, Identity and a Sequential of these are read; "
            "import the convolution with the first Linear as nn and compose the rest as layers, "
            "such as Pointwise(activations.ReLU())"
        )
    matrix, bias = None, None
    for part in parts:
        w, c = exact_numbers(module, part.weight, "nn weight"), _vector(module, part.bias)
        shift = [sum((a * b for a, b in zip(row, bias, strict=True)), Fraction(0)) for row in w
                 ] if bias is not None else None
        matrix = w if matrix is None else [
            [sum((a * b for a, b in zip(row, column, strict=True)), Fraction(0))
             for column in zip(*matrix, strict=True)] for row in w
        ]
        bias = c if shift is None else shift if c is None else [
            a + b for a, b in zip(shift, c, strict=True)
        ]
    return matrix or [], bias


# ---------------------------------------------------------------------- exact numbers


def _matrix(module: Any, name: str) -> Matrix:
    return exact_numbers(module, getattr(module, name).weight, f"{name}.weight")


def _vector(module: Any, tensor: Any) -> list[Fraction] | None:
    return None if tensor is None else exact_numbers(module, tensor, "bias")


def _zeros(matrix: Matrix) -> Matrix:
    return [[Fraction(0)] * len(row) for row in matrix]
