"""What the graph layers with weights share: one small matrix per fixed node operator."""

from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any

import sympy as sp

from ...algebra import check_entries, check_size, exact, symbols_in
from ...arguments import check_name, entries, explained
from ...claims import in_words
from ...errors import MissingDependencyError, ShapeError, SymmetryError
from ...orbits import Permutation, on_channels
from ...symmetries import Free
from ..base import Layer, check_bias
from ..kronecker import KroneckerRule, Operator
from ..linear import Linear
from ..rules import Rule
from .graph import Graph

_NAMED = ("matrices", "rule", "own_parameters")


class NodeShared(Layer):
    """z = (sum_k Theta_k (x) S_k) x + c (x) 1, with Theta_k and c shared by all nodes.

    Units are numbered channel * nodes + node. Subclasses name the operators S_k, which are fixed
    by the graph, in :meth:`_operators`.
    """

    base_names: tuple[str, ...] = ("W",)
    places = "nodes"
    numbered_with: type[Layer] = Linear

    def __init__(
        self, graph: Any, in_features: int, out_features: int, bias: bool, name: Any,
        bias_name: str | None, weights: Any, bias_values: Any, places: tuple[int, int],
    ) -> None:
        in_features = check_size(in_features, f"{self._kind}: in_features")
        out_features = check_size(out_features, f"{self._kind}: out_features")
        check_entries(out_features, in_features, self._kind)
        self.graph: Graph = graph
        self.in_channels: int = in_features
        self.out_channels: int = out_features
        self.in_features: int = in_features * places[0]
        self.out_features: int = out_features * places[1]
        check_bias(bias, f"{self._kind}: bias")
        self.has_bias: bool = bias or bias_values is not None
        if bias_name is not None:
            check_name(bias_name, f"{self._kind}: bias_name")
        self._names = (*self._named(name), bias_name)
        self._position: Any = None
        self._matrices = self._fixed_matrices(weights)
        self._bias = self._fixed_bias(bias_values)
        self._check_names()

    @property
    def _kind(self) -> str:
        return type(self).__name__

    @explained
    def input_permutations(self, units: int) -> list[Permutation]:
        """Automorphisms of the graph, acting on the nodes of every channel; needs igraph."""
        if units != self.in_channels * len(self.graph):
            return []
        try:
            automorphisms = self.graph.automorphisms()
        except MissingDependencyError:
            return []
        return [on_channels(p, self.in_channels) for p in automorphisms]

    @property
    def permutations_name(self) -> str:
        """The group of the graph."""
        return f"automorphisms of {self.graph.words}"

    def _operators(self) -> tuple[Operator, ...]:
        raise TypeError(f"{self._kind} does not define _operators()")

    def _named(self, name: Any) -> tuple[str | None, ...]:
        wanted = len(self.base_names)
        names = (name,) if name is None or isinstance(name, str) else tuple(
            entries(name, f"{self._kind}: name"))
        if len(names) == 1 and names[0] is None:
            names = (None,) * wanted
        for given in names:
            if given is not None:
                check_name(given, f"{self._kind}: name")
        if len(names) != wanted or len({n for n in names if n}) != len([n for n in names if n]):
            raise ShapeError(
                f"{self._kind}: name is {name!r}; it needs {wanted} different base names, such as "
                f"{self.base_names if wanted > 1 else self.base_names[0]!r}"
            )
        return names

    def _fixed_matrices(self, weights: Any) -> tuple[sp.ImmutableMatrix, ...] | None:
        if weights is None:
            return None
        given = entries(weights, f"{self._kind}: weights")
        if len(given) != len(self.base_names):
            raise ShapeError(
                f"{self._kind}: {len(given)} weights are given; it takes {len(self.base_names)}, "
                f"one matrix for each of {', '.join(self.base_names)}"
            )
        shape = (self.out_channels, self.in_channels)
        found = []
        for base, value in zip(self.base_names, given, strict=True):
            what = f"{self._kind}: weight {base}"
            rows = [entries(r, what) for r in entries(value, what)]
            if len(rows) != shape[0] or any(len(row) != shape[1] for row in rows):
                raise ShapeError(
                    f"{self._kind}: the weight {base} must be {shape[0]} x {shape[1]} = "
                    f"(out_features, in_features), not {rows}"
                )
            found.append(sp.ImmutableMatrix(
                [[exact(w, f"{self._kind}: weight {base}") for w in row] for row in rows]
            ))
        return tuple(found)

    def _fixed_bias(self, values: Any) -> tuple[sp.Expr, ...] | None:
        if values is None:
            return None
        found = tuple(exact(c, f"{self._kind}: bias") for c in entries(
            values, f"{self._kind}: bias_values"))
        if len(found) != self.out_channels:
            raise ShapeError(
                f"{self._kind}: {len(found)} bias values are given; give one for each of the "
                f"{self.out_channels} features"
            )
        return found

    def _check_names(self) -> None:
        """The symbols that are made here must be different, also from those of graph and eps."""
        bases = [*self.base_names, *(["c"] if self.has_bias else [])]
        names = [self._name(k, base) for k, base in enumerate(bases)]
        taken = {str(s) for s in symbols_in(*self._coefficients(), *self.operators)}
        taken &= {str(s) for s in self.own_parameters} if self._matrices is None else set()
        twice = sorted({n for n in names if names.count(n) > 1} | taken)
        if twice:
            raise SymmetryError(
                f"{self!r}: the name {', '.join(twice)} stands for two different parameters; "
                "choose other names by name= and bias_name=, or rename the symbols of the graph"
            )

    def _name(self, index: int, base: str) -> str:
        given = self._names[index]
        if given is not None:
            return given
        return base if self._position is None else f"{base}__{self._position}"

    # ------------------------------------------------------------------ numbers and symbols

    @cached_property
    def operators(self) -> tuple[Operator, ...]:
        """The fixed operators S_k between nodes (or edges), one per weight matrix."""
        return self._operators()

    @cached_property
    def matrices(self) -> tuple[sp.ImmutableMatrix, ...]:
        """The weight matrices Theta_k, each of shape (out_channels, in_channels)."""
        if self._matrices is not None:
            return self._matrices
        tying = Free().tie(self.out_channels, self.in_channels)
        return tuple(
            tying.matrix(self._name(k, base)) for k, base in enumerate(self.base_names)
        )

    @cached_property
    def rule(self) -> KroneckerRule:
        """The affine rule in factors: matrices, operators and one bias per channel."""
        return KroneckerRule(zip(self.matrices, self.operators, strict=True), self._channel_bias)

    @property
    def weight(self) -> sp.ImmutableMatrix:
        """W = sum_k Theta_k (x) S_k, shape (out_features, in_features)."""
        return self.rule.weight

    @property
    def bias(self) -> tuple[Any, ...]:
        """c, one entry per output unit, equal on all nodes; zeros without bias."""
        return self.rule.shift

    @property
    def _channel_bias(self) -> tuple[Any, ...]:
        if not self.has_bias:
            return (sp.S.Zero,) * self.out_channels
        if self._bias is not None:
            return self._bias
        tying = Free().tie(self.out_channels, self.in_channels)
        return tying.bias_symbols(self._name(len(self.base_names), "c"))

    @cached_property
    def own_parameters(self) -> tuple[sp.Symbol, ...]:
        """Symbols of weights and bias, those of edges and coefficients apart."""
        entries = [w for theta in self.matrices for w in theta.flat()] + [*self._channel_bias]
        return tuple(dict.fromkeys(s for entry in entries for s in symbols_in(entry)))

    @property
    def parameters(self) -> tuple[sp.Symbol, ...]:
        """Free symbols: weights, bias, coefficients, edge weights."""
        rest = symbols_in(*self._coefficients(), *self.operators)
        return tuple(dict.fromkeys((*self.own_parameters, *rest)))

    def _coefficients(self) -> tuple[sp.Expr, ...]:
        return ()

    @property
    def hypotheses(self) -> tuple[str, ...]:
        """That the nodes share their weights, and what follows for automorphisms."""
        shared = "weights and bias" if self.has_bias else "weights"
        return (
            f"{shared} of the {in_words(self._kind)} are shared by all {self.places} of "
            f"{self.graph.words}, so it commutes with the automorphisms of the graph",
        )

    def rules(self, units: int) -> tuple[Rule, ...]:
        """One affine rule on channels times nodes."""
        return (self.rule,)

    # ------------------------------------------------------------------ copies

    def _changed(self, **changes: Any) -> Any:
        copy = object.__new__(type(self))
        copy.__dict__.update({k: v for k, v in self.__dict__.items() if k not in _NAMED})
        copy.__dict__.update(changes)
        return copy

    def numbered(self, position: Any) -> Layer:
        """A copy whose default names carry the number of the layer."""
        copy = self._changed(_position=position)
        copy._check_names()
        return copy

    @explained
    def subs(self, values: Mapping[Any, Any]) -> Layer:
        """A copy with parameters, edge weights included, replaced by exact values."""
        images = {
            p: exact(values[k], f"value of {p}")
            for p in self.parameters for k in (p, str(p)) if k in values
        }
        if not images:
            return self
        copy = self._changed(
            graph=self.graph.subs(images),
            _matrices=tuple(theta.subs(images) for theta in self.matrices),
            _bias=tuple(c.subs(images) for c in self._channel_bias) if self.has_bias else None,
            **self._substituted(images),
        )
        copy.__dict__.pop("operators", None)
        copy.operators  # noqa: B018  the values may make a normalisation divide by zero
        return copy

    def _substituted(self, images: Mapping[Any, Any]) -> dict[str, Any]:
        return {}

    def _options(self) -> Sequence[str]:
        return ()

    def __repr__(self) -> str:
        options = [*self._options(), *(["bias=True"] if self.has_bias else [])]
        parts = [repr(self.graph), str(self.in_channels), str(self.out_channels), *options]
        return f"{self._kind}({', '.join(parts)})"

    def _repr_latex_(self) -> str:
        from ..display import affine_tex

        return rf"$\displaystyle {affine_tex(self.weight, self.bias if self.has_bias else None)}$"
