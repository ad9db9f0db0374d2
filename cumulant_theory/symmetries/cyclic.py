"""Sites on a ring or on a line: cyclic, dihedral and reflection symmetry."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from cumulant_theory.symmetries.actions import cycle
from cumulant_theory.symmetries.base import SiteSymmetry


@dataclass(frozen=True, repr=False)
class Cyclic(SiteSymmetry, name="cyclic"):
    """The shift of n sites on a ring: circulant blocks, one per pair of channels.

    Unit index = channel * degree + site; a side of one unit is left alone.

    Parameters
    ----------
    degree : int, optional
        Number of sites n; by default read off the layer (see `SiteSymmetry`).

    Raises
    ------
    SymmetryError
        If degree is not a positive integer.

    Examples
    --------
    >>> Cyclic().tie(3, 3).matrix()
    Matrix([
    [W_11, W_12, W_13],
    [W_13, W_11, W_12],
    [W_12, W_13, W_11]])
    """

    def _group(self, degree: object) -> str:
        return f"C_{{{degree}}}"

    def _site_generators(self, degree: int) -> Iterable[Sequence[int]]:
        return [cycle(degree)]


@dataclass(frozen=True, repr=False)
class Dihedral(SiteSymmetry, name="dihedral"):
    """Shifts and reflections of n sites on a ring: symmetric circulant blocks.

    Unit index = channel * degree + site; a side of one unit is left alone.

    Parameters
    ----------
    degree : int, optional
        Number of sites n; by default read off the layer (see `SiteSymmetry`). The group is
        that of the n-gon (of 2 n elements for n >= 3).

    Raises
    ------
    SymmetryError
        If degree is not a positive integer.

    Examples
    --------
    >>> Dihedral().tie(3, 3).matrix()
    Matrix([
    [W_11, W_12, W_12],
    [W_12, W_11, W_12],
    [W_12, W_12, W_11]])
    """

    def _group(self, degree: object) -> str:
        return f"D_{{{degree}}}"

    def _site_generators(self, degree: int) -> Iterable[Sequence[int]]:
        return [cycle(degree), tuple(-i % degree for i in range(degree))]


@dataclass(frozen=True, repr=False)
class Reflection(SiteSymmetry, name="reflection"):
    """The reversal of n sites on a line: centrosymmetric blocks.

    Unit index = channel * degree + site; a side of one unit is left alone.

    Parameters
    ----------
    degree : int, optional
        Number of sites n; by default read off the layer (see `SiteSymmetry`).

    Raises
    ------
    SymmetryError
        If degree is not a positive integer.

    Examples
    --------
    >>> Reflection().tie(1, 3).matrix()
    Matrix([[W_11, W_12, W_11]])
    """

    def _group(self, degree: object) -> str:
        return r"\mathbb{Z}_{2}"

    def _site_generators(self, degree: int) -> Iterable[Sequence[int]]:
        return [tuple(range(degree - 1, -1, -1))]
