"""Graph convolutions on families, named as in :mod:`cumulant_theory.layers.graphs`."""

from typing import Any, ClassVar

from ... import layers as explicit_layers
from ...algebra import exact
from ...layers.graphs import Graph
from ..families import Family, family_of
from .node import NodeLayer


class _Convolution(NodeLayer):
    """A graph convolution, by its explicit layer on small graphs."""

    _explicit: ClassVar[Any]
    _settings: tuple[str, ...] = ()

    def __init__(
        self, family: Any, in_features: int = 1, out_features: int = 1, bias: bool = False,
        **options: Any,
    ) -> None:
        family = family_of(family, type(self).__name__)
        super().__init__(family, type(self)._explicit(
            family.pattern(), in_features, out_features, bias=bias, **options
        ))

    def _on(self, graph: Graph, weights: Any, shift: Any) -> Any:
        settings = {name: getattr(self.shared, name) for name in self._settings}
        return type(self)._explicit(
            graph, self.in_channels, self.out_channels, weights=weights, bias_values=shift,
            **settings,
        )


class GraphConv(_Convolution):
    """z_v = U x_v + W sum_u x_u + c over the neighbours u of v.

    Parameters
    ----------
    family
        Family of graphs; a positive integer or symbol n stands for ``complete(n)``.
    in_features, out_features
        Channels per node.
    aggregation
        ``sum``; ``mean``, the sum over the number of neighbours; ``symmetric``,
        D^{-1/2} A D^{-1/2} with D the numbers of neighbours.
    bias
        Whether there is a shift, one entry per output channel.
    **options
        ``name``, ``bias_name``, ``weights`` (functions of n too), ``bias_values``, as for
        :class:`cumulant_theory.layers.GraphConv`.

    Raises
    ------
    DomainError
        If the family is none, a weight is not exact, or a mean is over no neighbours.
    ShapeError
        If the matrices do not fit.
    UnknownNameError
        If the aggregation is unknown.

    References
    ----------
    Morris et al., AAAI 2019, arXiv:1810.02244, equation 4.

    Examples
    --------
    >>> from cumulant_theory.symbolic_width import star
    >>> for e in GraphConv(star("n"), aggregation="mean").equations(1):
    ...     print(e.lhs, "=", e.rhs)
    gamma__1_hi = W/(n - 1)
    kappa__z1_h = U*kappa__x_h + gamma__1_hi*kappa__x_i*(n - 1)
    kappa__z1_i = U*kappa__x_i + W*kappa__x_h
    """

    _explicit = explicit_layers.GraphConv
    _settings = ("aggregation",)

    def __init__(
        self, family: Any, in_features: int = 1, out_features: int = 1,
        aggregation: str = "sum", bias: bool = False, **options: Any,
    ) -> None:
        super().__init__(
            family, in_features, out_features, bias, aggregation=aggregation, **options
        )

    @property
    def operators(self) -> tuple[str, ...]:
        """Own features, and those of the neighbours."""
        return ("identity", self.shared.aggregation)  # type: ignore[attr-defined]


class GCNConv(_Convolution):
    """z_v = W sum_u (D^{-1/2} (A + I) D^{-1/2})_vu x_u + c, D the row sums of A + I.

    Parameters
    ----------
    family, in_features, out_features, bias, **options
        As for :class:`GraphConv`; there is one matrix, W.

    References
    ----------
    Kipf & Welling, ICLR 2017, arXiv:1609.02907, equation 2.

    Examples
    --------
    >>> from cumulant_theory.symbolic_width import generic
    >>> GCNConv("n").propagate(generic("n"), order=1).type(1)
    W*kappa__x_i
    """

    _explicit = explicit_layers.GCNConv

    @property
    def operators(self) -> tuple[str, ...]:
        """The normalised neighbours with a loop."""
        return ("gcn",)


class SAGEConv(_Convolution):
    """z_v = U x_v + W (mean of x_u over the neighbours u of v) + c.

    Parameters
    ----------
    family, in_features, out_features, bias, **options
        As for :class:`GraphConv`.

    Raises
    ------
    DomainError
        If a node has no neighbours.

    References
    ----------
    Hamilton, Ying & Leskovec, NeurIPS 2017, arXiv:1706.02216, section 3.3.

    Examples
    --------
    >>> SAGEConv("n").hypotheses[-1]
    'n >= 2'
    """

    _explicit = explicit_layers.SAGEConv

    @property
    def operators(self) -> tuple[str, ...]:
        """Own features and the mean over the neighbours."""
        return ("identity", "mean")


class GINConv(_Convolution):
    """z_v = W ((1 + eps) x_v + sum_u x_u) + c over the neighbours u of v.

    Parameters
    ----------
    family, in_features, out_features, bias, **options
        As for :class:`GraphConv`; there is one matrix, W.
    eps
        Exact number, symbol or symbol name; a symbol is a parameter.

    References
    ----------
    Xu et al., ICLR 2019, arXiv:1810.00826, equation 4.1.

    Examples
    --------
    >>> GINConv("n", eps="epsilon").parameters
    (W, epsilon)
    """

    _explicit = explicit_layers.GINConv
    _settings = ("eps",)

    def __init__(
        self, family: Any, in_features: int = 1, out_features: int = 1, eps: Any = 0,
        bias: bool = False, **options: Any,
    ) -> None:
        super().__init__(
            family, in_features, out_features, bias, eps=exact(eps, "GINConv: eps"), **options
        )

    @property
    def operators(self) -> tuple[str, ...]:
        """Own features and the sum over the neighbours."""
        return ("identity", "sum")

    def terms(self, family: Family) -> list[tuple[Any, Any]]:
        """W (1 + eps) on the node, W on the neighbours."""
        (w,) = self.matrices
        eps = self.shared.eps  # type: ignore[attr-defined]
        return [(w * (1 + eps), family.operator("identity")), (w, family.operator("sum"))]
