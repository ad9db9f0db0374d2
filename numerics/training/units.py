"""Distances of networks to the fixed points of the symmetries of their own parameters."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from cumulant_theory.errors import DomainError, SymmetryError, UnknownNameError
from cumulant_theory.reparametrisations import (
    Flip,
    ParameterSymmetries,
    Relabelling,
    Reparametrisation,
    Scaling,
)
from numerics.reparametrisation.coordinates import Coordinates, Signed
from numerics.reparametrisation.factors import Factor, finite_group
from numerics.training.distances import Complement, Distance

NAMES = {Relabelling: "permutations", Flip: "sign flips", Scaling: "rescalings"}
NEAREST = "nearest exchange"


def parameter_distances(
    network: Any, symmetries: ParameterSymmetries, layers: Sequence[str] | str | None = None
) -> list[Any]:
    """Distances to the parameters that all permutations, flips or rescalings of a layer fix.

    Those of permutations vanish where all units that they exchange are alike, those of flips and
    rescalings where the units vanish. The nearest exchange is the smallest distance to two units
    that are alike. Biases count with the shifts that they take up.

    Raises
    ------
    DomainError
        If the symmetries are those of another network.
    UnknownNameError
        If a layer has none.
    SymmetryError
        If there are none at all.
    """
    coordinates = Coordinates(network)
    own = {str(p) for p in symmetries.structure.parameters}
    if symmetries.network is not network.theory or not own <= set(network.names):
        raise DomainError(
            "the symmetries are those of another network; make them by "
            "parameter_symmetries(module.theory, fixed=module.fixed_names)"
        )
    wanted = None if layers is None else [layers] if isinstance(layers, str) else list(layers)
    groups = {", ".join(labels): labels for labels in symmetries.layers}
    for name in wanted or ():
        if name not in groups:
            raise UnknownNameError.of("layer with parameter symmetries", name, groups)
    found: list[Any] = []
    factors = finite_group(network, coordinates).factors
    for name, labels in groups.items():
        if wanted is not None and name not in wanted:
            continue
        mine = [g for g in symmetries if g.layers == labels]
        for kind, title in NAMES.items():
            of_kind = [g for g in mine if isinstance(g.action, kind)]
            if of_kind:
                found.append(_distance(coordinates, name, title, of_kind, network.theta))
        found += [
            NearestExchange(name, NEAREST, _pairs(f, len(coordinates.names)))
            for f in factors if f.label == name and len(f) > 1
        ]
    if not found:
        raise SymmetryError(f"{symmetries!r}: there is nothing to watch")
    return found


def _distance(
    coordinates: Coordinates, name: str, title: str, generators: Sequence[Reparametrisation],
    like: torch.Tensor,
) -> Distance:
    moves = [coordinates.signed(g.action) for g in generators
             if isinstance(g.action, Relabelling | Flip)]  # fmt: skip
    moved = {p for m in moves for p in m.moved}
    for g in generators:
        if isinstance(g.action, Scaling):
            moved |= {*coordinates.places([*g.action.exponents, *g.action.logs])}
    biases = sorted(moved & {*coordinates.biases})
    weights = sorted(moved - {*biases})
    scaled = not moves
    return Distance(
        name, title, *(
            _Part(coordinates, places, Complement(
                [] if scaled else _fixed(moves, places), like
            )) for places in (weights, biases)
        ),
    )


def _fixed(moves: Sequence[Signed], places: Sequence[int]) -> list[list[tuple[int, Any]]]:
    """Basis of the fixed vectors: one for every orbit that comes back with its sign."""
    local = {p: k for k, p in enumerate(places)}
    vectors, seen = [], set()
    for start in places:
        if start in seen:
            continue
        signs, fresh, consistent = {start: 1}, [start], True
        while fresh:
            here = fresh.pop()
            for m in moves:
                there = int(np.flatnonzero(m.places == here)[0])
                sign = signs[here] * int(m.signs[there])
                if there not in signs:
                    signs[there] = sign
                    fresh.append(there)
                elif signs[there] != sign:
                    consistent = False
        seen |= {*signs}
        if consistent:
            vectors.append([(local[p], s) for p, s in sorted(signs.items())])
    return vectors


@dataclass(frozen=True)
class _Part:
    """Some parameters, biases with their shifts, and what is left without the fixed part."""

    coordinates: Coordinates
    places: list[int]
    complement: Complement

    def __call__(self, theta: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        columns = [theta[..., p] for p in self.places]
        for p, c, exponents in self.coordinates.offsets:
            if p in self.places:
                used = np.flatnonzero(exponents)
                powers = (theta[..., k] ** int(exponents[k]) for k in used)
                value = theta.new_tensor(c)
                for factor in powers:
                    value = value * factor
                k = self.places.index(p)
                columns[k] = columns[k] + value
        if not columns:
            values = theta.new_zeros(*theta.shape[:-1], 0)
        else:
            values = torch.stack(columns, dim=-1)
        return values, self.complement(values)


def _pairs(factor: Factor, size: int) -> list[Signed]:
    n = len(factor)
    orders = [
        [j if k == i else i if k == j else k for k in range(n)] for i in range(n) for j in range(i)
    ]
    return [factor.arranged(order, size) for order in orders]


@dataclass(frozen=True)
class NearestExchange:
    """The smallest distance to parameters that the exchange of two units fixes."""

    layer: str
    symmetry: str
    moves: list[Signed]

    def parts(self, theta: torch.Tensor) -> torch.Tensor:
        """That distance, zero, and the squares of the parameters it moves: (..., 3)."""
        found = []
        for m in self.moves:
            moved = theta.new_tensor(m.signs) * theta[..., torch.as_tensor(m.places)]
            places = torch.tensor(sorted(m.moved))
            gap = (theta - moved).square().sum(-1) / 4
            norm = theta.index_select(-1, places).square().sum(-1)
            found.append(torch.stack((gap, torch.zeros_like(gap), norm), dim=-1))
        table = torch.stack(found, dim=-2)
        best = table[..., 0].argmin(-1)
        return table.gather(-2, best[..., None, None].expand(*best.shape, 1, 3)).squeeze(-2)
