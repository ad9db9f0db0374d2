"""Orbits of multi-indices under permutations of the units: one cumulant per orbit is enough.

If a permutation p of the units leaves their joint law as it is, then kappa_{p alpha} =
kappa_alpha. Only one representative per orbit is computed and stored.
"""

from collections.abc import Iterable, Sequence

from .algebra import MultiIndex, multi_indices
from .errors import ShapeError, SymmetryError

Permutation = tuple[int, ...]


def moved(alpha: MultiIndex, p: Permutation) -> MultiIndex:
    """p alpha: entry i goes to place p[i].

    Examples
    --------
    >>> moved((2, 1, 0), (1, 2, 0))
    (0, 2, 1)
    """
    image = [0] * len(alpha)
    for i, a in enumerate(alpha):
        image[p[i]] = a
    return tuple(image)


class Orbits:
    """Multi-indices up to a group of permutations of the units.

    Parameters
    ----------
    dim
        Number of units.
    generators
        Permutations in array form: p[i] is the image of unit i.

    Raises
    ------
    SymmetryError
        If a generator is no permutation of the units.

    Examples
    --------
    >>> ring = Orbits(4, [(1, 2, 3, 0)])
    >>> ring.canonical((0, 1, 0, 1)), ring.representatives(2)
    ((1, 0, 1, 0), {(2, 0, 0, 0): 4, (1, 1, 0, 0): 4, (1, 0, 1, 0): 2})
    """

    def __init__(self, dim: int, generators: Iterable[Sequence[int]] = ()) -> None:
        identity = tuple(range(dim))
        found = dict.fromkeys(tuple(int(i) for i in p) for p in generators)
        for p in found:
            if sorted(p) != list(identity):
                raise SymmetryError(f"{p} is no permutation of the units 0..{dim - 1}")
        self.dim = dim
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
        if not self.generators:
            return alpha
        if alpha not in self._canonical:
            orbit = self.orbit(alpha)
            largest = max(orbit)
            for beta in orbit:
                self._canonical[beta] = largest
        return self._canonical[alpha]

    def orbit(self, alpha: MultiIndex) -> set[MultiIndex]:
        """All images of ``alpha``."""
        if len(alpha) != self.dim:
            raise ShapeError(f"multi-index {alpha} does not fit {self.dim} units")
        orbit, fresh = {alpha}, [alpha]
        while fresh:
            beta = fresh.pop()
            for p in self.generators:
                image = moved(beta, p)
                if image not in orbit:
                    orbit.add(image)
                    fresh.append(image)
        return orbit

    def representatives(self, order: int) -> dict[MultiIndex, int]:
        """Representative -> size of its orbit, for all multi-indices of an order."""
        sizes: dict[MultiIndex, int] = {}
        for alpha in multi_indices(self.dim, order):
            key = self.canonical(alpha)
            sizes[key] = sizes.get(key, 0) + 1
        return sizes

    def __repr__(self) -> str:
        return f"Orbits({self.dim} units, {len(self.generators)} generators)"


def on_channels(p: Sequence[int], channels: int) -> Permutation:
    """A permutation of sites acting on units numbered channel * sites + site.

    Examples
    --------
    >>> on_channels((1, 0), 2)
    (1, 0, 3, 2)
    """
    return tuple(c * len(p) + i for c in range(channels) for i in p)


def symmetric_group(n: int) -> list[Permutation]:
    """Generators of all permutations of n units.

    Examples
    --------
    >>> symmetric_group(3)
    [(1, 0, 2), (1, 2, 0)]
    """
    if n < 2:
        return []
    swap = (1, 0, *range(2, n))
    cycle = (*range(1, n), 0)
    return list(dict.fromkeys([swap, cycle]))
