"""Symmetries in training: penalties on their breaking, and their distances step by step."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from cumulant_theory.arguments import check_instance, explained
from cumulant_theory.errors import DomainError, ShapeError, UnknownNameError
from cumulant_theory.latex.html import Record
from numerics.networks import Ensemble, Network
from numerics.training.breaking import SymmetryBreaking
from numerics.training.distances import Distance, as_numbers, distances


@dataclass(frozen=True)
class SoftSymmetry(Record):
    """A penalty strength * |theta - P_G theta|^2 on the layers of a network.

    Parameters
    ----------
    symmetry : Symmetry
        Of :mod:`cumulant_theory.symmetries`; weights and biases are to commute with it.
    strength : float, array (S,) or mapping
        lambda, from 0 up; one for each network of an ensemble if an array. A mapping gives a
        layer name its own.
    layers : name or sequence of names, optional
        Such as ``1 Linear``; default: those of the mapping, else all affine layers that the
        symmetry fits.

    Raises
    ------
    DomainError
        If a strength is negative or not finite, or no layer is named.

    Notes
    -----
    Large weights behind a layer can make up for a small distance, so that a strong penalty need
    not lead to the risk of the tied network unless these weights are bounded.

    References
    ----------
    Kim et al., ICML 2023, arXiv:2306.00356: projection-based regularisers for mixed symmetries.

    Examples
    --------
    >>> from cumulant_theory import layers, laws, symmetries
    >>> from numerics import networks, tasks, train
    >>> module = networks.build(layers.Linear(2, 2) >> layers.Linear(2, 1), seed=0)
    >>> task = tasks.BlockSum(2, laws.Normal(0, 1))
    >>> swap = SoftSymmetry(symmetries.PermutationEquivariant(), 100.0, layers="1 Linear")
    >>> result = train(module, task, exact=True, soft=[swap], watch=swap.symmetry, progress=False)
    >>> bool(result.breaking["1 Linear"][-1] < 1e-12 < result.breaking["1 Linear"][0])
    True
    """

    symmetry: Any
    strength: Any
    layers: Sequence[str] | str | None = None

    def __post_init__(self) -> None:
        values = self.strength.values() if isinstance(self.strength, Mapping) else [self.strength]
        for value in values:
            as_numbers(value, f"the strength of SoftSymmetry({self.symmetry!r})")
        if isinstance(self.strength, Mapping) and self.layers is not None:
            raise DomainError(
                "SoftSymmetry: name the layers by the mapping of strengths, or by layers="
            )
        check_instance(self.layers, (str, Sequence, type(None)), "SoftSymmetry: layers")
        named = self.strength if isinstance(self.strength, Mapping) else self.layers
        if named is not None and not named:
            raise DomainError("SoftSymmetry: no layer is named; leave layers out for all that fit")

    @explained
    def terms(self, network: Any) -> list[tuple[Distance, np.ndarray]]:
        """Distances and their strengths, () or (S,).

        Raises
        ------
        ShapeError
            If an array of strengths does not have one entry for each network.
        UnknownNameError, SymmetryError
            If there is no such layer or the symmetry does not fit it.
        """
        check_instance(network, (Network, Ensemble), "SoftSymmetry.terms: network")
        networks = network.theta.shape[0] if network.theta.ndim == 2 else None
        if isinstance(self.strength, Mapping):
            pairs = [
                (d, value) for layer, value in self.strength.items()
                for d in distances(network, self.symmetry, layer)
            ]
        else:
            pairs = [(d, self.strength) for d in distances(network, self.symmetry, self.layers)]
        found = []
        for distance, value in pairs:
            if not hasattr(distance, "rows"):
                raise DomainError(
                    "SoftSymmetry: pass one of cumulant_theory.symmetries, not symmetries of the "
                    "parameters"
                )
            strength = as_numbers(value, "strength")
            if strength.shape not in ((), (networks,)):
                raise ShapeError(
                    f"SoftSymmetry: strength has shape {strength.shape}; give a number"
                    + (f" or one for each of the {networks} networks" if networks else "")
                )
            found.append((distance, strength))
        return found


class Penalty:
    """The sum of all soft symmetries of a network."""

    def __init__(self, network: Any, soft: Sequence[SoftSymmetry]) -> None:
        for item in soft:
            if not isinstance(item, SoftSymmetry):
                raise DomainError(f"train: soft={item!r}; give a list of SoftSymmetry(...)")
        pairs = [pair for item in soft for pair in item.terms(network)]
        self.distances: list[Distance] = [d for d, _ in pairs]
        lead = network.theta.shape[:-1]
        self.strengths: list[torch.Tensor] = [
            torch.as_tensor(s).to(network.theta).expand(lead) for _, s in pairs
        ]  # fmt: skip

    def value(self, theta: torch.Tensor) -> torch.Tensor:
        """Penalties (...) at theta (..., P)."""
        total = theta.new_zeros(theta.shape[:-1])
        for distance, strength in zip(self.distances, self.strengths, strict=True):
            total = total + strength * distance.rows(theta).square().sum(-1)
        return total

    @property
    def roots(self) -> torch.Tensor:
        """Square roots of the strengths (S, K)."""
        return torch.stack([s.reshape(-1) for s in self.strengths], dim=-1).sqrt()

    def rows(self, theta: torch.Tensor, roots: torch.Tensor) -> torch.Tensor:
        """Vector of which the square is the penalty of one network: theta (P,), roots (K,)."""
        return torch.cat([
            roots[k] * distance.rows(theta) for k, distance in enumerate(self.distances)
        ])


class Watch:
    """Records distances in the course of a training.

    Parameters
    ----------
    network : Network or Ensemble
    watched : Symmetry, ParameterSymmetries, sequence of these, or mapping
        A mapping gives a layer name one symmetry or several.
    every : int
        Steps between two records.

    Raises
    ------
    ShapeError
        If `every` is no positive integer.
    """

    def __init__(self, network: Any, watched: Any, every: int) -> None:
        if not isinstance(every, int) or isinstance(every, bool) or every < 1:
            raise ShapeError(f"train: watch_every is {every!r}; give an integer of at least 1")
        pairs = [(None, watched)]
        if isinstance(watched, Mapping):
            pairs = [(layer, item) for layer, items in watched.items() for item in _listed(items)]
        elif isinstance(watched, list | tuple):
            pairs = [(None, item) for item in watched]
        self.distances: list[Distance] = [
            d for layer, item in pairs for d in distances(network, item, layer)
        ]
        keys = [(d.layer, d.symmetry) for d in self.distances]
        if not keys or len(set(keys)) != len(keys):
            raise UnknownNameError(
                "train: watch names no symmetry, or the same symmetry of a layer twice"
            )
        self.keys: tuple[tuple[str, str], ...] = tuple(keys)
        self.every = every
        self.steps: list[int] = []
        self.records: list[torch.Tensor] = []

    def __call__(
        self, step: int, theta: torch.Tensor, lost: torch.Tensor, last: bool = False
    ) -> None:
        """Record the distances of the parameters before a step, and of the last ones."""
        if (step % self.every and not last) or (self.steps and self.steps[-1] == step):
            return
        with torch.no_grad():
            parts = torch.stack([d.parts(theta) for d in self.distances])
            mask = lost.reshape(parts.shape[1:-1])[..., None]
            self.records.append(torch.where(mask, torch.nan, parts))
        self.steps.append(step)

    def result(self, seeds: tuple[int, ...] | None) -> SymmetryBreaking:
        """All records."""
        table = torch.stack(self.records, dim=1).cpu().double().numpy()  # (K, T, [S,] 3)
        weight, bias, norm = np.moveaxis(table, -1, 0)
        return SymmetryBreaking(np.array(self.steps), self.keys, weight, bias, norm, seeds)


def _listed(items: Any) -> list[Any]:
    return list(items) if isinstance(items, list | tuple) else [items]
