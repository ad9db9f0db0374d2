"""Distances of the layers of a network to symmetries, as functions of its parameters."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from cumulant_theory.arguments import check_instance
from cumulant_theory.errors import DomainError, SymmetryError, UnknownNameError
from cumulant_theory.layers import AffineRule, Layer
from cumulant_theory.layers.kronecker import KroneckerRule
from cumulant_theory.reparametrisations import ParameterSymmetries
from cumulant_theory.symmetries import Symmetry
from cumulant_theory.symmetries.vectors import dual_vectors
from numerics.networks import Ensemble, Network

Triple = tuple[torch.Tensor, torch.Tensor, torch.Tensor]


class Entries:
    """Entries that are polynomials in the parameters, as a function of theta."""

    def __init__(self, network: Network | Ensemble, entries: Sequence[Any], owner: Layer) -> None:
        plan = network._plan
        self.network = network
        self.size: int = len(entries)
        terms = [(k, c, f) for k, e in enumerate(entries) for c, f in plan.terms(e, owner)]
        monomials = list(dict.fromkeys(f for _, _, f in terms))
        place = {f: k for k, f in enumerate(monomials)}
        width = max([1, *map(len, monomials)])
        padded = [[*f, *[plan.one] * (width - len(f))] for f in monomials]
        self.factors: torch.Tensor = torch.tensor(padded, dtype=torch.long).reshape(
            len(monomials), width
        )
        self.monomial: torch.Tensor = torch.tensor(
            [place[f] for _, _, f in terms], dtype=torch.long
        )
        self.target: torch.Tensor = torch.tensor([k for k, _, _ in terms], dtype=torch.long)
        self.coefficient: torch.Tensor = torch.tensor(
            [c for _, c, _ in terms], dtype=network.theta.dtype
        )

    def __call__(self, theta: torch.Tensor) -> torch.Tensor:
        """theta (..., P) -> entries (..., n)."""
        lead = theta.shape[:-1]
        constants = (self.network.fixed_values.expand(*lead, -1), theta.new_ones(*lead, 1))
        base = torch.cat((theta, *constants), dim=-1)
        values = base.index_select(-1, self.factors[:, 0])
        for column in self.factors.T[1:]:
            values = values * base.index_select(-1, column)
        parts = values.index_select(-1, self.monomial) * self.coefficient
        return theta.new_zeros(*lead, self.size).index_add(-1, self.target, parts)


class Complement:
    """1 - P for the orthogonal projector P on a span of vectors."""

    def __init__(self, vectors: Sequence[Sequence[tuple[int, Any]]], like: torch.Tensor) -> None:
        pairs = tuple(tuple(((i, 0), v) for i, v in vector) for vector in vectors)
        self.count: int = len(pairs)
        self.basis: Triple = _triples(pairs, like)
        self.dual: Triple = _triples(dual_vectors(pairs), like)

    def __call__(self, values: torch.Tensor) -> torch.Tensor:
        """Values (..., n) without their part in the span."""
        row, place, factor = self.dual
        products = values.index_select(-1, place) * factor
        lead = values.shape[:-1]
        coordinates = values.new_zeros(*lead, self.count).index_add(-1, row, products)
        row, place, factor = self.basis
        return values.index_add(-1, place, -coordinates.index_select(-1, row) * factor)


def _triples(vectors: Any, like: torch.Tensor) -> Triple:
    rows = [k for k, vector in enumerate(vectors) for _ in vector]
    places = [i for vector in vectors for (i, _), _ in vector]
    factors = [float(v) for vector in vectors for _, v in vector]
    return (
        torch.tensor(rows, dtype=torch.long), torch.tensor(places, dtype=torch.long),
        torch.tensor(factors, dtype=like.dtype),
    )


@dataclass(frozen=True)
class Distance:
    """theta - P theta of one layer and one symmetry.

    Attributes
    ----------
    layer, symmetry
        Names.
    weights, biases
        Functions theta (..., P) -> pairs of all entries (..., n) and of theta - P theta.
    """

    layer: str
    symmetry: str
    weights: Any
    biases: Any

    def rows(self, theta: torch.Tensor) -> torch.Tensor:
        """Vector of which the square is the distance."""
        return torch.cat((self.weights(theta)[1], self.biases(theta)[1]), dim=-1)

    def parts(self, theta: torch.Tensor) -> torch.Tensor:
        """Distances of weights and biases and the square of both: (..., 3)."""
        (w, broken), (c, shifted) = self.weights(theta), self.biases(theta)
        squares = [v.square().sum(-1) for v in (broken, shifted, torch.cat((w, c), dim=-1))]
        return torch.stack(squares, dim=-1)


def linear_layers(net: Layer, prefix: str = "") -> Iterator[tuple[str, Any, AffineRule]]:
    """Name, layer and rule of the affine layers with parameters, those in residuals too.

    Examples
    --------
    >>> from cumulant_theory import layers
    >>> net = layers.Linear(2, 2) >> layers.Residual(layers.Linear(2, 2)) >> layers.Mean(2)
    >>> [name for name, _, _ in linear_layers(net)]
    ['1 Linear', '2 Residual / 1 Linear']
    """
    seen: set[int] = set()
    for k, layer in enumerate(net.layers):
        name = f"{prefix}{k + 1} {type(layer).__name__}"
        inner = getattr(layer, "inner", None)
        if id(layer) in seen:
            continue
        seen.add(id(layer))
        if isinstance(inner, Layer):
            yield from linear_layers(inner, f"{name} / ")
        elif layer.parameters and isinstance(layer.in_features, int):
            rules = layer.rules(layer.in_features)
            if len(rules) == 1 and isinstance(rules[0], AffineRule):
                yield name, layer, rules[0]


def distances(
    network: Network | Ensemble, symmetry: Any, layers: Sequence[str] | str | None = None
) -> list[Distance]:
    """The distances of the layers named, or of all affine ones that the symmetry fits.

    Parameters
    ----------
    network : Network or Ensemble
    symmetry : Symmetry
        Or :class:`cumulant_theory.reparametrisations.ParameterSymmetries` of the network.
    layers : names, optional

    Raises
    ------
    UnknownNameError
        If there is no affine layer with parameters of that name.
    SymmetryError
        If the symmetry does not fit.
    DomainError
        If it is no symmetry.
    """
    if isinstance(symmetry, ParameterSymmetries):
        from numerics.training.units import parameter_distances

        return parameter_distances(network, symmetry, layers)
    if not isinstance(symmetry, Symmetry):
        raise DomainError(
            f"{symmetry!r} is no symmetry; pass an instance such as symmetries.Cyclic(), or "
            "parameter_symmetries(network)"
        )
    known = {name: (layer, rule) for name, layer, rule in linear_layers(network.theory)}
    if layers is None:
        found = [
            made for name, (layer, rule) in known.items()
            if (made := _fitting(network, symmetry, name, layer, rule)) is not None
        ]
        if not found:
            raise SymmetryError(
                f"{symmetry!r} fits none of the layers {', '.join(known) or 'with parameters'}"
            )
        return found
    names = [layers] if isinstance(layers, str) else list(layers)
    for name in names:
        check_instance(name, str, "the name of a linear layer")
        if name not in known:
            raise UnknownNameError.of("linear layer", name, known)
    return [_distance(network, symmetry, name, *known[name]) for name in names]


def _fitting(
    network: Network | Ensemble, symmetry: Symmetry, name: str, layer: Layer, rule: AffineRule
) -> Distance | None:
    try:
        symmetry.tie(rule.out_units, rule.in_units)
    except SymmetryError:
        return None
    return _distance(network, symmetry, name, layer, rule)


def _distance(
    network: Network | Ensemble, symmetry: Symmetry, name: str, layer: Layer, rule: AffineRule
) -> Distance:
    tying = symmetry.tie(rule.out_units, rule.in_units)
    cols = rule.in_units
    flat = [[(i * cols + j, v) for (i, j), v in vector] for vector in tying.weight_vectors]
    shift = [[(i, v) for (i, _), v in vector] for vector in tying.bias_vectors]
    has_bias = any(c != 0 for c in (
        rule.channel_shift if isinstance(rule, KroneckerRule) else rule.shift
    ))  # fmt: skip
    return Distance(
        name, repr(symmetry),
        _Part(Entries(network, rule.weight.flat(), layer), Complement(flat, network.theta)),
        _Part(
            Entries(network, rule.shift if has_bias else (), layer),
            Complement(shift if has_bias else (), network.theta),
        ),
    )


@dataclass(frozen=True)
class _Part:
    """Entries, and what is left of them without their symmetric part."""

    entries: Any
    complement: Any

    def __call__(self, theta: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        values = self.entries(theta)
        return values, self.complement(values)


def as_numbers(values: Any, what: str) -> np.ndarray:
    """Finite numbers from 0 up.

    Raises
    ------
    DomainError
        If there are others.
    """
    try:
        found = np.asarray(values, dtype=np.float64)
    except (TypeError, ValueError):
        raise DomainError(f"{what} is {values!r}; give numbers from 0 up") from None
    if not (np.isfinite(found).all() and (found >= 0).all()):
        raise DomainError(f"{what} is {values!r}; give finite numbers from 0 up")
    return found


__all__ = ["Complement", "Distance", "Entries", "as_numbers", "distances", "linear_layers"]
