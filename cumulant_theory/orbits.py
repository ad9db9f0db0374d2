"""Orbits of multi-indices under permutations of the units: one cumulant per orbit is enough.

If a permutation p of the units leaves their joint law as it is, then kappa_{p alpha} =
kappa_alpha. Only one representative per orbit is computed and stored.
"""

import math
from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache
from typing import Any

from .algebra import (
    MultiIndex,
    as_integer,
    check_multi_index,
    check_order,
    check_size,
    multi_indices,
)
from .arguments import answer_of, brief, check_instance, entries, explained
from .errors import ShapeError, SymmetryError
from .latex.html import card, table

Permutation = tuple[int, ...]

# more multi-indices than this are not counted for display, more elements of a group not listed
_SHOWN = 20_000
_LISTED = 720


def _permutation(p: Any, dim: int) -> Permutation:
    found = [as_integer(i) for i in entries(p, "permutation", "the images of the units")]
    if None in found or sorted(found) != list(range(dim)):  # type: ignore[type-var]
        raise SymmetryError(f"{brief(p)} is no permutation of the units 0..{dim - 1}")
    return tuple(found)  # type: ignore[arg-type]


_known_permutation = lru_cache(maxsize=4096)(_permutation)


def moved(alpha: MultiIndex, p: Permutation) -> MultiIndex:
    """p alpha: entry i goes to place p[i].

    Raises
    ------
    ShapeError, SymmetryError
        If ``alpha`` is no multi-index, or p no permutation of its entries.

    Examples
    --------
    >>> moved((2, 1, 0), (1, 2, 0))
    (0, 2, 1)
    """
    alpha = check_multi_index(alpha, None, "moved")
    try:
        return _moved(alpha, _known_permutation(p, len(alpha)))
    except TypeError:  # nothing that can be hashed
        return _moved(alpha, _permutation(p, len(alpha)))


def _moved(alpha: MultiIndex, p: Permutation) -> MultiIndex:
    image = [0] * len(alpha)
    for i, a in enumerate(alpha):
        image[p[i]] = a
    return tuple(image)


@explained
class Orbits:
    """Multi-indices up to a group of permutations of the units.

    Parameters
    ----------
    dim
        Number of units.
    generators
        Permutations in array form: p[i] is the image of unit i.
    name
        What the permutations are, in words, such as ``automorphisms of cycle(4)``.
    order
        Highest order of the multi-indices that are shown.

    Raises
    ------
    SymmetryError
        If a generator is no permutation of the units.

    Examples
    --------
    >>> ring = Orbits(4, [(1, 2, 3, 0)])
    >>> ring.canonical((0, 1, 0, 1)), ring.representatives(2)
    ((1, 0, 1, 0), {(2, 0, 0, 0): 4, (1, 1, 0, 0): 4, (1, 0, 1, 0): 2})
    >>> Orbits(4, [(1, 2, 3, 0)], "rotations", 3)
    Orbits(4 units, rotations: 1, 3, 5 orbits of 4, 10, 20 multi-indices of orders 1 to 3)
    """

    def __init__(
        self, dim: int, generators: Iterable[Sequence[int]] = (), name: str = "", order: int = 2
    ) -> None:
        dim, order = check_size(dim, "Orbits: dim"), check_order(order, "Orbits")
        identity = tuple(range(dim))
        found = dict.fromkeys(_permutation(p, dim) for p in generators)
        check_instance(name, str, "Orbits: name")
        self.dim = dim
        self.name = name
        self.order = order
        self.generators: tuple[Permutation, ...] = tuple(p for p in found if p != identity)
        self._canonical: dict[MultiIndex, MultiIndex] = {}

    @property
    def is_trivial(self) -> bool:
        """Whether every orbit is a single multi-index."""
        return not self.generators

    def canonical(self, alpha: MultiIndex) -> MultiIndex:
        """The representative of the orbit of ``alpha``: its largest element.

        Raises
        ------
        ShapeError
            If ``alpha`` does not have one entry per unit.
        """
        if not self.generators and type(alpha) is tuple and len(alpha) == self.dim:
            return alpha
        try:
            return self._canonical[alpha]
        except (KeyError, TypeError):  # not asked before, or nothing that can be hashed
            alpha = check_multi_index(alpha, self.dim, repr(self.name or "orbits"))
        orbit = self.orbit(alpha)
        largest = max(orbit)
        for beta in orbit:
            self._canonical[beta] = largest
        return largest

    @explained
    def orbit(self, alpha: MultiIndex) -> set[MultiIndex]:
        """All images of ``alpha``."""
        if len(alpha) != self.dim:
            raise ShapeError(f"multi-index {alpha} does not fit {self.dim} units")
        orbit, fresh = {alpha}, [alpha]
        while fresh:
            beta = fresh.pop()
            for p in self.generators:
                image = _moved(beta, p)
                if image not in orbit:
                    orbit.add(image)
                    fresh.append(image)
        return orbit

    @explained
    def representatives(self, order: int) -> dict[MultiIndex, int]:
        """Representative -> size of its orbit, for all multi-indices of an order."""
        sizes: dict[MultiIndex, int] = {}
        for alpha in multi_indices(self.dim, order):
            key = self.canonical(alpha)
            sizes[key] = sizes.get(key, 0) + 1
        return sizes

    @explained
    def counts(self, order: int | None = None) -> dict[int, tuple[int, int]]:
        """Order -> numbers of orbits and of multi-indices, for orders 1 to ``order``.

        Examples
        --------
        >>> Orbits(4, symmetric_group(4)).counts(3)
        {1: (1, 4), 2: (2, 10), 3: (3, 20)}
        """
        order = self.order if order is None else check_order(order, "counts")
        return {
            r: (len(self.representatives(r)), math.comb(self.dim + r - 1, r))
            for r in range(1, order + 1)
        }

    @property
    def is_small(self) -> bool:
        """Whether the multi-indices are few enough to be counted for display."""
        return math.comb(self.dim + self.order, self.order) <= _SHOWN

    @property
    def _group(self) -> str:
        number = len(self.generators)
        return self.name or f"{number} generator{'' if number == 1 else 's'}"

    def __repr__(self) -> str:
        head = f"Orbits({self.dim} units"
        if self.is_trivial:
            return f"{head}, no symmetry: every multi-index alone)"
        if not self.is_small:
            return f"{head}, {self._group})"
        counts = self.counts().values()
        orbits, indices = (", ".join(map(str, n)) for n in zip(*counts, strict=True))
        orders = f"orders 1 to {self.order}" if self.order > 1 else "order 1"
        return f"{head}, {self._group}: {orbits} orbits of {indices} multi-indices of {orders})"

    def _repr_html_(self) -> str:
        """Table of representatives and the sizes of their orbits, order by order."""
        if self.is_trivial or not self.is_small:
            return card(repr(self))
        rows = []
        for r, (orbits, indices) in self.counts().items():
            listed = [f"{alpha}: {size}" for alpha, size in self.representatives(r).items()]
            more = ["…"] if len(listed) > 12 else []
            rows.append((r, orbits, indices, "; ".join([*listed[:12], *more])))
        columns = ("order", "orbits", "multi-indices", "representative: size of its orbit")
        return card(f"{self.dim} units, {self._group}", table(columns, rows))


@explained
def kept(
    generators: Sequence[Permutation], keeps: Callable[[Permutation], bool]
) -> list[Permutation]:
    """Generators of the subgroup of elements that keep something.

    Parameters
    ----------
    generators
        Of the group.
    keeps
        Whether an element does; those that do must form a group.

    Notes
    -----
    Of a group with more than 720 elements only the generators are tried, so that the subgroup
    found may be too small; it is never too large.

    Examples
    --------
    >>> kept(symmetric_group(3), lambda p: p[0] == 0)
    [(0, 2, 1)]
    """
    def passes(p: Permutation) -> bool:
        return bool(answer_of(keeps, (p,), "kept: keeps", "pass a function of permutations"))

    passing = [p for p in dict.fromkeys(generators) if passes(p)]
    if len(passing) == len(set(generators)):
        return passing
    elements = _elements(generators, _LISTED)
    if elements is None:
        return passing
    found: list[Permutation] = []
    covered = _elements([tuple(range(len(generators[0])))], _LISTED) or set()
    for p in [*passing, *sorted(elements)]:
        if p not in covered and passes(p):
            found.append(p)
            covered = _elements(found, _LISTED) or covered
    return found


def _elements(generators: Sequence[Permutation], limit: int) -> set[Permutation] | None:
    """All elements of a group, or None if there are more than ``limit``."""
    identity = tuple(range(len(generators[0])))
    found, fresh = {identity}, [identity]
    while fresh:
        p = fresh.pop()
        for g in generators:
            image = tuple(g[i] for i in p)
            if image not in found:
                found.add(image)
                fresh.append(image)
        if len(found) > limit:
            return None
    return found


@explained
def on_channels(p: Sequence[int], channels: int) -> Permutation:
    """A permutation of sites acting on units numbered channel * sites + site.

    Examples
    --------
    >>> on_channels((1, 0), 2)
    (1, 0, 3, 2)
    """
    sites = _permutation(p, len(p))
    units = range(check_size(channels, "on_channels: channels"))
    return tuple(c * len(sites) + i for c in units for i in sites)


@explained
def symmetric_group(n: int) -> list[Permutation]:
    """Generators of all permutations of n units.

    Examples
    --------
    >>> symmetric_group(3)
    [(1, 0, 2), (1, 2, 0)]
    """
    if check_size(n, "symmetric_group: n") < 2:
        return []
    swap = (1, 0, *range(2, n))
    cycle = (*range(1, n), 0)
    return list(dict.fromkeys([swap, cycle]))
