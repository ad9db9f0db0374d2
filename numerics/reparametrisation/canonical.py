"""One network for every orbit of the symmetries of its parameters."""

from collections.abc import Sequence
from copy import deepcopy
from itertools import product
from typing import Any, TypeVar

import numpy as np

from cumulant_theory.arguments import brief, explained
from cumulant_theory.errors import DomainError

from .coordinates import Coordinates, Signed
from .factors import Factor, FiniteGroup, finite_group
from .merging import merged
from .rescaling import balanced, centred

DIGITS = 8  # to which numbers are compared, relative to the largest
LARGEST_SIGNS = 10  # independent sign flips of permuted units as a whole

Module = TypeVar("Module")


@explained
def canonical(module: Module) -> Module:
    """The representative of each network among those that its symmetries give.

    Rescalings are balanced (the sum of squares is the least possible), hidden units are sorted,
    signs are such that the first weights are positive, and chains of layers without activation
    share the singular values of their product. The map of the network stays the same.

    Parameters
    ----------
    module : Network or Ensemble
        Left as it is.

    Returns
    -------
    Network or Ensemble
        With the same layers and fixed parameters.

    Raises
    ------
    DomainError
        If it is no network, has values that are not finite, or symmetries of a kind that has no
        representative here: mixing of tied units, or too large groups of permutations.

    Notes
    -----
    The symmetries are those of :func:`cumulant_theory.parameter_symmetries`. Numbers that differ
    by less than 1e-8 of the largest count as equal when units are compared.

    References
    ----------
    Ziyin et al., arXiv:2502.05300: symmetries of the parameters.

    Examples
    --------
    >>> from cumulant_theory import activations, layers
    >>> from numerics.networks import build
    >>> net = layers.Linear(1, 2) >> layers.Pointwise(activations.ReLU()) >> layers.Linear(2, 1)
    >>> values = {"W__1_11": 1, "W__1_21": 8, "W__2_11": 4, "W__2_12": -2}
    >>> found = canonical(build(net, values=values)).values()
    >>> {str(p): round(v, 12) for p, v in found.items()}
    {'W__1_11': 4.0, 'W__1_21': 2.0, 'W__2_11': -4.0, 'W__2_12': 2.0}
    """
    if not hasattr(module, "theory"):
        raise DomainError(
            f"canonical: {brief(module)}; pass a network that numerics.build has made"
        )
    result = deepcopy(module)
    chain = merged(module)
    if chain is not None:
        inner: Any = canonical(chain.module)
        _store(result, chain.split(inner))
        return result
    _store(result, canonical_values(module))
    return result


def _store(module: Any, theta: np.ndarray) -> None:
    module.load_values({name: theta[..., k] for k, name in enumerate(module.names)})


def canonical_values(module: Any) -> np.ndarray:
    """Canonical parameters of a network without chains of layers to merge, (P,) or (S, P).

    Raises
    ------
    DomainError
        If a value is not finite.
    """
    coordinates = Coordinates(module)
    theta = module.theta.detach().cpu().double().numpy()
    if not np.isfinite(theta).all():
        raise DomainError("canonical: the network has parameters that are not finite")
    rows = theta.reshape(-1, theta.shape[-1])
    rows = balanced(coordinates, centred(coordinates, rows))
    group = finite_group(module, coordinates)
    return np.stack([ordered(coordinates, group, row) for row in rows]).reshape(theta.shape)


def ordered(coordinates: Coordinates, group: FiniteGroup, theta: np.ndarray) -> np.ndarray:
    """One set of parameters (P,) put in order by permutations and signs."""
    theta, left = _positive(coordinates, group, theta)
    if len(left) > LARGEST_SIGNS:
        raise DomainError(
            f"canonical: {coordinates.structure.network!r} has {len(left)} sign flips of permuted "
            f"units that belong to no single one, more than {LARGEST_SIGNS}"
        )
    found = []
    for chosen in product((False, True), repeat=len(left)):
        turned = theta
        for flip, use in zip(left, chosen, strict=True):
            turned = coordinates.relabel(turned, flip) if use else turned
        found.append(_sorted(coordinates, group, turned, left))
    return max(found, key=lambda row: tuple(_rounded(row)))


def _rounded(values: np.ndarray, scale: float | None = None) -> np.ndarray:
    scale = float(np.abs(values).max(initial=0.0)) if scale is None else scale
    return np.round(values / (scale or 1.0), DIGITS) + 0.0


def _positive(
    coordinates: Coordinates, group: FiniteGroup, theta: np.ndarray
) -> tuple[np.ndarray, list[Signed]]:
    """Flips of no letter made by the first parameters that no permutation moves; those left."""
    left = list(group.flips)
    scale = float(np.abs(theta).max(initial=0.0))
    for p in [p for p in range(len(theta)) if p not in group.permuted]:
        users = [f for f in left if f.signs[p] < 0]
        if not users or _rounded(theta[p], scale) == 0:
            continue
        pivot, *others = users
        if theta[p] < 0:
            theta = coordinates.relabel(theta, pivot)
        kept = [f for f in left if f.signs[p] > 0]
        left = kept + [Signed(f.places, f.signs * pivot.signs) for f in others]
    return theta, left


def _sorted(
    coordinates: Coordinates, group: FiniteGroup, theta: np.ndarray, left: Sequence[Signed]
) -> np.ndarray:
    """Letters turned and sorted layer by layer, as far as the flips that are left allow."""
    size = len(theta)
    rest = {p for elements in group.rest for e in elements for p in e.moved}
    rest |= {p for f in left for p in f.moved if p in group.permuted}
    for k, factor in enumerate(group.factors):
        later = rest.union(*(f.places for f in group.factors[k + 1 :]))
        choice, order = _arranged(factor, theta, later)
        theta = coordinates.relabel(theta, factor.turned(choice, size))
        theta = coordinates.relabel(theta, factor.arranged(order, size))
    for elements in group.rest:
        images = [coordinates.relabel(theta, e) for e in elements]
        theta = max(images, key=lambda row: tuple(_rounded(row)))
    return theta


def _arranged(
    factor: Factor, theta: np.ndarray, later: set[int]
) -> tuple[list[int], list[int]]:
    """Flips of every letter and the order of the letters, the largest first."""
    scale = float(np.abs(theta).max(initial=0.0))
    settled = np.array([p not in later for p in factor.table[0]], dtype=bool)
    choice, keys = [], []
    for row, turns in zip(factor.table, factor.turns, strict=True):
        values = theta[row]
        ways = [tuple(_rounded((values * turn)[settled], scale)) for turn in turns]
        best = max(range(len(ways)), key=ways.__getitem__)
        choice.append(best)
        open_values = np.sort(np.abs(values[~settled]))
        keys.append((ways[best], tuple(_rounded(open_values, scale))))
    return choice, sorted(range(len(keys)), key=keys.__getitem__, reverse=True)



