"""Distances between networks up to the symmetries of their parameters."""

from collections.abc import Sequence
from itertools import product
from typing import Any

import numpy as np

from cumulant_theory.arguments import brief, explained
from cumulant_theory.errors import DomainError, ShapeError

from .canonical import canonical_values
from .coordinates import Coordinates, Signed
from .factors import Factor, FiniteGroup, finite_group
from .merging import merged

ROUNDS = 50  # of matching layer after layer
STARTS = 4  # random arrangements that the matching begins with, next to the canonical one
LARGEST_SIGNS = 10  # sign flips of which all products are tried


@explained
def symmetry_distance(a: Any, b: Any) -> Any:
    """Least Euclidean distance of balanced parameters over permutations and signs of units.

    Parameters
    ----------
    a, b : Network or Ensemble
        Of the same layers and fixed parameters.

    Returns
    -------
    float or array
        (S,), (T,) or (S, T) for ensembles.

    Raises
    ------
    ShapeError
        If the networks have different parameters.
    DomainError
        As :func:`canonical`.

    Notes
    -----
    Zero if and only if a symmetry leads from one network to the other, up to the limits of
    infinite rescalings. The units of one layer are matched by the Hungarian method, which is exact
    for one hidden layer; several are matched in turn, from the canonical order and from four
    random ones, so that the result may be too large: the smaller one of the two directions is
    taken, but the triangle inequality need not hold. Chains of layers without activation count by
    their product.

    Biases that take up shifts where units change sign, such as that behind sigmoids, count from
    the middle of the two: there permutations and signs are isometries. Where the middle is a
    quotient of parameters, which may be infinite, they count as they stand; then nothing but zeros
    is exact.

    References
    ----------
    S. K. Ainsworth, J. Hayase, S. Srinivasa, arXiv:2209.04836: matching of units by layers in turn.

    Examples
    --------
    >>> from cumulant_theory import activations, layers
    >>> from numerics.networks import build
    >>> net = layers.Linear(2, 3) >> layers.Pointwise(activations.Tanh()) >> layers.Linear(3, 1)
    >>> a = build(net, seed=0)
    >>> swapped = {"W__1_11": "W__1_21", "W__1_12": "W__1_22", "W__2_11": "W__2_12"}
    >>> old = {str(p): v for p, v in a.values().items()}
    >>> new = {p: old[q] for p, q in swapped.items()} | {q: -old[p] for p, q in swapped.items()}
    >>> round(symmetry_distance(a, build(net, values=old | new)), 12)
    0.0
    """
    for module in (a, b):
        if not hasattr(module, "theory") or not hasattr(module, "names"):
            raise DomainError(
                f"symmetry_distance: {brief(module)}; pass networks that numerics.build has made"
            )
    if tuple(a.names) != tuple(b.names) or repr(a.theory) != repr(b.theory):
        raise ShapeError(
            f"symmetry_distance: {a.theory!r} and {b.theory!r} have different parameters; compare "
            "networks of the same layers"
        )
    chains = [merged(m) for m in (a, b)]
    a, b = (m if chain is None else chain.module for m, chain in zip((a, b), chains, strict=True))
    coordinates = Coordinates(a)
    group = finite_group(a, coordinates)
    left, right = (np.atleast_2d(canonical_values(m)) for m in (a, b))
    if all((powers >= 0).all() for _, _, powers in coordinates.offsets):
        left, right = (rows + coordinates.values(rows, coordinates.offsets)
                       for rows in (left, right))  # fmt: skip
        coordinates.offsets = []
    found = np.array([[_distance(coordinates, group, x, y) for y in right] for x in left])
    if _several(group) or coordinates.offsets:
        back = np.array([[_distance(coordinates, group, y, x) for y in right] for x in left])
        found = np.minimum(found, back)
    shape = [len(m.theta) for m in (a, b) if m.theta.ndim == 2]
    return found.reshape(shape) if shape else float(found[0, 0])


@explained
def distinct_solutions(ensemble: Any, tolerance: float = 1e-6) -> np.ndarray:
    """Number of the solution that each network of an ensemble has found, counted from 0.

    Networks have the same solution if their :func:`symmetry_distance` is at most ``tolerance``
    times the norm of their balanced parameters, or if others lead from one to the other so.

    Parameters
    ----------
    ensemble : Ensemble
    tolerance : float

    Returns
    -------
    array (S,) of int
        Numbered by first occurrence.

    Examples
    --------
    >>> from cumulant_theory import activations, layers
    >>> from numerics.networks import build
    >>> net = layers.Linear(1, 1) >> layers.Pointwise(activations.Tanh()) >> layers.Linear(1, 1)
    >>> values = {"W__1": [1, -1, 2], "W__2": [3, -3, 3]}
    >>> distinct_solutions(build(net, seeds=range(3), values=values)).tolist()
    [0, 0, 1]
    """
    gaps = symmetry_distance(ensemble, ensemble)
    chain = merged(ensemble)
    rows = canonical_values(ensemble if chain is None else chain.module)
    norms = np.linalg.norm(rows, axis=-1)
    near = gaps <= tolerance * np.maximum(norms[:, None], norms[None])
    labels = -np.ones(len(rows), dtype=int)
    for k in range(len(rows)):
        if labels[k] < 0:
            fresh = [k]
            labels[k] = number = int(labels.max()) + 1
            while fresh:
                here = fresh.pop()
                for j in np.flatnonzero(near[here] & (labels < 0)):
                    labels[j] = number
                    fresh.append(int(j))
    return labels


@explained
def unit_distances(module: Any) -> dict[str, np.ndarray]:
    """|theta - P theta|^2 for the exchange of each pair of units: zero where both are equal.

    Parameters
    ----------
    module : Network or Ensemble

    Returns
    -------
    dict
        Label of the layer -> array (n, n) or (S, n, n) over its n units, or blocks of units that
        move together.

    References
    ----------
    Ziyin et al., arXiv:2502.05300.

    Examples
    --------
    >>> from cumulant_theory import activations, layers
    >>> from numerics.networks import build
    >>> net = layers.Linear(1, 2) >> layers.Pointwise(activations.Tanh()) >> layers.Linear(2, 1)
    >>> values = {"W__1_11": 1, "W__1_21": 1, "W__2_11": 3, "W__2_12": 5}
    >>> unit_distances(build(net, values=values))["1 Linear"].tolist()
    [[0.0, 2.0], [2.0, 0.0]]
    """
    coordinates = Coordinates(module)
    theta = module.theta.detach().cpu().double().numpy()
    size = theta.shape[-1]
    found = {}
    for factor in finite_group(module, coordinates).factors:
        n = len(factor)
        table = np.zeros((*theta.shape[:-1], n, n))
        for i in range(n):
            for j in range(i):
                order = [j if k == i else i if k == j else k for k in range(n)]
                moved = factor.arranged(order, size)(theta)
                # the distance to the fixed space of a reflection is half that to the image
                table[..., i, j] = table[..., j, i] = ((theta - moved) ** 2).sum(-1) / 4
        found[factor.label] = table
    return found


def _several(group: FiniteGroup) -> bool:
    """Whether matching one layer of units moves parameters of another."""
    return len(group.factors) > 1 or any(f.shared for f in group.factors)


def _distance(
    coordinates: Coordinates, group: FiniteGroup, x: np.ndarray, y: np.ndarray
) -> float:
    rng = np.random.default_rng(0)
    best = np.inf
    for start in range(1 + (STARTS if _several(group) else 0)):
        z = y
        for factor in group.factors if start else ():
            order = rng.permutation(len(factor)).tolist()
            z = coordinates.relabel(z, factor.arranged(order, len(z)))
        best = min(best, _matched(coordinates, group, x, z))
    return float(np.sqrt(best))


def _matched(
    coordinates: Coordinates, group: FiniteGroup, x: np.ndarray, y: np.ndarray
) -> float:
    """Squared distance after matching letters, signs and other groups in turn."""
    best = float(np.sum((x - y) ** 2))
    for _ in range(ROUNDS):
        before = best
        for factor in group.factors:
            z = _assigned(coordinates, factor, x, y)
            best, y = _closer(x, y, [z], best)
        for chosen in _combinations(group.flips):
            z = y
            for flip in chosen:
                z = coordinates.relabel(z, flip)
            for factor in group.factors:
                z = _assigned(coordinates, factor, x, z)
            best, y = _closer(x, y, [z], best)
        for elements in group.rest:
            best, y = _closer(x, y, [coordinates.relabel(y, e) for e in elements], best)
        if best >= before:
            break
    return best


def _closer(
    x: np.ndarray, y: np.ndarray, others: list[np.ndarray], best: float
) -> tuple[float, np.ndarray]:
    for z in others:
        gap = float(np.sum((x - z) ** 2))
        if gap < best:
            best, y = gap, z
    return best, y


def _combinations(flips: Sequence[Signed]) -> list[list[Signed]]:
    """All products of sign flips, or the flips one by one where there are many."""
    if len(flips) > LARGEST_SIGNS:
        return [[flip] for flip in flips]
    chosen = product((False, True), repeat=len(flips))
    return [[f for f, use in zip(flips, c, strict=True) if use] for c in chosen]


def _assigned(
    coordinates: Coordinates, factor: Factor, x: np.ndarray, y: np.ndarray
) -> np.ndarray:
    """y with the letters of a factor turned and arranged to be closest to those of x."""
    from scipy.optimize import linear_sum_assignment

    goal = x[factor.table]  # (n, r)
    turned = factor.turns * y[factor.table][:, None]  # (n, turns, r)
    costs = ((goal[:, None, None] - turned[None]) ** 2).sum(-1)
    _, order = linear_sum_assignment(costs.min(-1))
    choice = [0] * len(factor)
    for i, j in enumerate(order):
        choice[j] = int(costs[i, j].argmin())
    y = coordinates.relabel(y, factor.turned(choice, len(y)))
    return coordinates.relabel(y, factor.arranged([int(j) for j in order], len(y)))



