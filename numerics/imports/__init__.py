"""Trained modules of other libraries as layers and chains with exact weights."""

from typing import TYPE_CHECKING, Any, overload

from ..chain import Affine, Chain, Residual
from .convolutions import read_convolution
from .modules import read_module, register

if TYPE_CHECKING:
    from cumulant_theory.layers import Layer

__all__ = ["Affine", "Chain", "Residual", "from_torch", "register"]


@overload
def from_torch(module: Any, graph: None = None) -> Chain: ...
@overload
def from_torch(module: Any, graph: Any) -> "Layer": ...
def from_torch(module: Any, graph: Any = None) -> Any:
    """A trained torch module, its weights kept exactly.

    Parameters
    ----------
    module
        Without a graph: Linear, BatchNorm1d, an activation, or any nesting of Sequential with
        these, Identity, Dropout and Flatten; other modules once `register` has told how to read
        them. Activations: ReLU, ReLU6, LeakyReLU, PReLU with one slope, Sigmoid, Tanh, GELU, SiLU,
        Softplus, Hardtanh. Dropout and BatchNorm1d must be in evaluation mode.
        With a graph: GCNConv, GraphConv, SAGEConv or GINConv of ``torch_geometric.nn``; the ``nn``
        of a GINConv must be affine: Linear, Identity, or a Sequential of these.
    graph
        NetworkX graph, `Graph`, or (nodes, edges). Its nodes in their order are the rows of the
        features, its messages (u, v) the columns of ``edge_index``; weights become
        ``edge_weight``.

    Returns
    -------
    Chain or Layer
        Without a graph a `Chain`: numeric weights in ``chain.stages`` for wide networks, exact
        symbolic layers in ``chain.layer`` for small ones, values by ``chain(x)``. Inputs are
        points of R^n; further axes are flattened in their order.
        With a graph a layer of the same name where the options allow; `GraphConv` for SAGEConv
        with sums, GINConv with means, and GCNConv without self-loops or without normalisation.
        Its weights are the exact rationals that the floating-point numbers of the module are.
        Units: channel * nodes + node.

    Raises
    ------
    DomainError
        If a module cannot be read, is in training mode where that matters, has hooks, or has
        weights that are not finite; the message names it and its place. If the values of the chain
        at random points are not those of the module. On a graph: for an option that no layer of
        this toolkit has; if a mean or normalisation divides by zero, where PyTorch Geometric
        returns 0; if the graph has weights and the module ignores them.
    ShapeError
        If widths do not fit, or no module tells the number of units. If the graph has no nodes,
        or sources and targets have different numbers of features.
    MissingDependencyError
        If a convolution is asked for and torch_geometric is not installed.

    Notes
    -----
    BatchNorm1d in evaluation mode is the affine map with slope weight / sqrt(running_var + eps),
    rounded to float64. Softplus of slope beta and Hardtanh of other bounds than -1 and 1 become
    the standard ones between affine maps. Torch replaces Softplus by z where beta z exceeds its
    threshold; the chain does not, and says so in ``hypotheses``.

    References
    ----------
    Fey & Lenssen, ICLR Workshop on Representation Learning on Graphs 2019, arXiv:1903.02428.

    Examples
    --------
    >>> import pytest
    >>> torch = pytest.importorskip("torch")
    >>> model = torch.nn.Sequential(torch.nn.Linear(3, 4), torch.nn.ReLU(), torch.nn.Linear(4, 1))
    >>> from_torch(model)
    Chain(3 -> 4 -> relu -> 1)

    >>> nn = pytest.importorskip("torch_geometric.nn")
    >>> from cumulant_theory.layers import graphs
    >>> module = nn.GCNConv(1, 1)
    >>> _ = module.lin.weight.data.fill_(0.75)
    >>> from_torch(module, graphs.path(2)).weight
    Matrix([
    [3/8, 3/8],
    [3/8, 3/8]])
    """
    return read_module(module) if graph is None else read_convolution(module, graph)
