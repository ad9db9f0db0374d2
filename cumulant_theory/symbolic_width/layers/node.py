"""Affine layers whose matrices are shared by all nodes."""

from collections.abc import Mapping
from functools import cached_property
from typing import Any, ClassVar

import sympy as sp
from sympy.matrices import kronecker_product

from ... import layers as explicit_layers
from ...algebra import check_size, exact
from ...errors import DomainError, ShapeError
from ...layers.graphs import Graph
from ...layers.graphs.base import NodeShared
from ...layers.kronecker import Operator
from ...symmetries import Free, PermutationEquivariant
from ..families import Complete, Family, family_of
from ..rules import Rule
from ..width import check_same_symbol
from .base import Layer


class NodeLayer(Layer):
    """z = (sum_k Theta_k (x) S_k) x + c on the nodes of a family.

    Parameters
    ----------
    family
        Of the nodes.
    shared
        The matrices Theta_k and the shift c: an explicit layer on a small graph, whose
        parameters do not depend on the graph.
    """

    numbered_with: type[Layer]

    def __init__(self, family: Family, shared: NodeShared) -> None:
        self.family: Family | None = family
        self.shared = shared
        self.in_channels: int = shared.in_channels
        self.out_channels: int = shared.out_channels
        values = [*(w for theta in shared.matrices for w in theta.flat()), *self.shift]
        for symbol in family.symbols:
            check_same_symbol(values, symbol, type(self).__name__)
        self.rules(family, self.in_channels)

    @property
    def operators(self) -> tuple[str, ...]:
        """Names of the maps S_k, see :meth:`Family.operator`."""
        raise TypeError(f"{type(self).__name__} does not define operators")

    @property
    def matrices(self) -> tuple[sp.ImmutableMatrix, ...]:
        """Theta_k, each of shape (out_channels, in_channels)."""
        return self.shared.matrices

    @property
    def shift(self) -> tuple[Any, ...]:
        """c, one entry per channel."""
        copies = self.shared.out_features // self.shared.out_channels
        return self.shared.bias[::copies]

    @property
    def parameters(self) -> tuple[sp.Symbol, ...]:
        """Free symbols of the weights, the shift and coefficients; those of the width apart."""
        widths = self.family.symbols if self.family else ()
        return tuple(p for p in self.shared.parameters if p not in widths)

    @property
    def hypotheses(self) -> tuple[str, ...]:
        """That the nodes share their weights, and what the maps need of the width."""
        family = self.family
        needs = [c for name in self.operators for c in family.conditions(name)] if family else []
        return (*self.shared.hypotheses, *dict.fromkeys(needs))

    def terms(self, family: Family) -> list[tuple[sp.ImmutableMatrix, Any]]:
        """Pairs (Theta_k, S_k)."""
        return [
            (theta, family.operator(name))
            for theta, name in zip(self.matrices, self.operators, strict=True)
        ]

    def rules(self, family: Family, channels: int) -> tuple[Rule, ...]:
        """One affine rule."""
        return (family.affine(self.terms(family), self.shift),)

    def _changed(self, family: Family | None, shared: Any) -> "NodeLayer":
        copy = object.__new__(type(self))
        copy.__dict__.update(self.__dict__)
        copy.family, copy.shared = family, shared
        return copy

    def numbered(self, position: Any) -> "NodeLayer":
        """With default names numbered: U__1, W__1, c__1."""
        return self._changed(self.family, self.shared.numbered(position))

    def _replaced(self, images: Mapping[Any, Any]) -> "NodeLayer":
        family = self.family.subs(images) if self.family else None
        copy = self._changed(family, self.shared.subs(images))
        if family is not None:
            copy.rules(family, copy.shared.in_channels)
        return copy

    def _written(self, family: Family, channels: int) -> Any:
        """The explicit layer with this layer's weights as given values."""
        shift = [*self.shift] if self.shared.has_bias else None
        return self._on(family.explicit(), list(self.matrices), shift)

    def _linear(self, weight: Any, copies: int, symmetry: Any = None) -> Any:
        """An explicit linear layer with the shift on ``copies`` nodes."""
        shift = [c for c in self.shift for _ in range(copies)] if self.shared.has_bias else None
        return explicit_layers.Linear(
            weight.cols, weight.rows, symmetry, weight=weight, bias_values=shift
        )

    def _on(self, graph: Graph, weights: Any, shift: Any) -> Any:
        raise TypeError(f"{type(self).__name__} does not define _on(graph, weights, shift)")

    def __repr__(self) -> str:
        return repr(self.shared)


NodeLayer.numbered_with = NodeLayer


class _Given(NodeShared):
    """Matrices that are given one by one; those left out are symbols."""

    def __init__(self, family: Family, weights: Any, bias: Any, inputs: int, outputs: int) -> None:
        graph = family.pattern()
        outputs = check_size(outputs, "out_features")
        super().__init__(
            graph, inputs, outputs, bias is True, None, None, weights,
            None if isinstance(bias, bool) else _vector(bias, outputs),
            (len(graph), len(graph)),
        )

    def _operators(self) -> tuple[Operator, ...]:
        return (Operator.identity(len(self.graph)),) * len(self.base_names)

    def _fixed_matrices(self, weights: Any) -> Any:
        return tuple(
            None if value is None else self._matrix(base, value)
            for base, value in zip(self.base_names, weights, strict=True)
        )

    def _matrix(self, base: str, value: Any) -> sp.ImmutableMatrix:
        """A number stands for a matrix of shape 1 x 1."""
        shape = (self.out_channels, self.in_channels)
        if not isinstance(value, (list, tuple, sp.MatrixBase)):
            value = [[value]]
        rows = value.tolist() if isinstance(value, sp.MatrixBase) else [
            list(r) if isinstance(r, (list, tuple)) else r for r in value
        ]
        if len(rows) != shape[0] or any(
            not isinstance(row, list) or len(row) != shape[1] for row in rows
        ):
            raise ShapeError(
                f"{self._kind}: {base} must be {shape[0]} x {shape[1]} = (out_features, "
                f"in_features), not {rows}"
            )
        return sp.ImmutableMatrix([[exact(w, f"{self._kind}: {base}") for w in r] for r in rows])

    @cached_property
    def matrices(self) -> tuple[sp.ImmutableMatrix, ...]:
        """Those given, and symbols for the others."""
        tying = Free().tie(self.out_channels, self.in_channels)
        given: Any = self._matrices
        return tuple(
            tying.matrix(self._name(k, base)) if given[k] is None else given[k]
            for k, base in enumerate(self.base_names)
        )


def _vector(bias: Any, outputs: int) -> Any:
    return bias if isinstance(bias, (list, tuple, sp.MatrixBase)) else [bias] * outputs


class _Equivariant(_Given):
    base_names: ClassVar[tuple[str, ...]] = ("lambda", "gamma")

    @property
    def _kind(self) -> str:
        return "Linear"


class _Invariant(_Given):
    base_names: ClassVar[tuple[str, ...]] = ("v",)

    @property
    def _kind(self) -> str:
        return "InvariantLinear"


class Linear(NodeLayer):
    """z_i = diagonal x_i + common (x_1 + ... + x_n) + bias on n exchangeable nodes.

    Parameters
    ----------
    n
        Number of nodes: positive integer or symbol.
    diagonal, common
        Exact weights, functions of n too, with several channels matrices of shape (out_features,
        in_features); left out, they are lambda and gamma, numbered by layer in a network.
    bias
        False, True (a symbol c), or exact values, one per output channel.
    in_features, out_features
        Channels per node.

    Raises
    ------
    DomainError
        If n is no positive integer or symbol, or a weight is not exact.
    ShapeError
        If the matrices do not fit the channels.

    References
    ----------
    Zaheer et al., Deep Sets, arXiv:1703.06114, Lemma 3 and equation 4.

    Examples
    --------
    >>> from cumulant_theory import laws
    >>> from cumulant_theory.symbolic_width import iid
    >>> z = Linear("n").propagate(iid(laws.Generic("kappa"), "n"), order=2)
    >>> z.type(1, 1)
    gamma**2*kappa_2*n + 2*gamma*kappa_2*lambda
    """

    def __init__(
        self, n: Any, diagonal: Any = None, common: Any = None, bias: Any = False, *,
        in_features: int = 1, out_features: int = 1,
    ) -> None:
        family = family_of(n, "Linear")
        if not isinstance(family, Complete):
            raise DomainError(
                f"Linear: the nodes of {family!r} are not all exchangeable; use GraphConv, or "
                "give their number"
            )
        super().__init__(
            family, _Equivariant(family, (diagonal, common), bias, in_features, out_features)
        )

    @property
    def operators(self) -> tuple[str, ...]:
        """Own features and the sum over all nodes."""
        return ("identity", "all")

    @property
    def hypotheses(self) -> tuple[str, ...]:
        """None beyond the form of the layer."""
        return ()

    def _written(self, family: Family, channels: int) -> Any:
        n = int(family.n)
        own, common = self.matrices
        weight = kronecker_product(own, sp.eye(n)) + kronecker_product(common, sp.ones(n, n))
        single = own.shape == (1, 1)
        return self._linear(weight, n, PermutationEquivariant() if single else None)

    def __repr__(self) -> str:
        single = self.in_channels == self.out_channels == 1
        diagonal, common = (m[0, 0] if single else m.tolist() for m in self.matrices)
        shown = [str(self.n), f"diagonal={diagonal}", f"common={common}"]
        if self.shared.has_bias:
            shown.append(f"bias={self.shift[0] if single else list(self.shift)}")
        return f"Linear({', '.join(shown)})"


class InvariantLinear(NodeLayer):
    """z = weight (sum of x over all nodes) + bias, one output node.

    Parameters
    ----------
    family
        Family of graphs; a positive integer or symbol n stands for ``complete(n)``.
    weight
        Exact weight, with several channels a matrix; left out, a symbol v.
    bias
        False, True (a symbol c), or exact values, one per output channel.
    in_features, out_features
        Channels per node.

    Examples
    --------
    >>> from cumulant_theory.symbolic_width import generic
    >>> InvariantLinear("n", bias=1).propagate(generic("n"), order=1)[1]
    kappa__x_i*n*v + 1
    """

    def __init__(
        self, family: Any, weight: Any = None, bias: Any = False, *, in_features: int = 1,
        out_features: int = 1,
    ) -> None:
        family = family_of(family, "InvariantLinear")
        super().__init__(
            family, _Invariant(family, (weight,), bias, in_features, out_features)
        )

    @property
    def operators(self) -> tuple[str, ...]:
        """The sum over all nodes."""
        return ("all",)

    @property
    def hypotheses(self) -> tuple[str, ...]:
        """None beyond the form of the layer."""
        return ()

    def rules(self, family: Family, channels: int) -> tuple[Rule, ...]:
        """One affine rule to a single node."""
        return (family.readout("sum", self.matrices[0], self.shift),)

    def _written(self, family: Family, channels: int) -> Any:
        return self._linear(kronecker_product(self.matrices[0], sp.ones(1, int(family.n))), 1)

    def __repr__(self) -> str:
        single = self.in_channels == self.out_channels == 1
        (weight,) = self.matrices
        shown = [_shown(self.family), f"weight={weight[0, 0] if single else weight.tolist()}"]
        if self.shared.has_bias:
            shown.append(f"bias={self.shift[0] if single else list(self.shift)}")
        return f"InvariantLinear({', '.join(shown)})"


def _shown(family: Family | None) -> str:
    return str(family.n) if isinstance(family, Complete) else repr(family)
