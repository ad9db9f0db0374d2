"""Uniform grids, symmetric about zero, and the arrays that live on them."""

import math
import sys
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from cumulant_theory.algebra import as_integer, check_at_most
from cumulant_theory.arguments import brief
from cumulant_theory.errors import DomainError, ShapeError
from cumulant_theory.latex.html import Record

from ..backends.numpy import is_tensor

_MOST = 2**20


def real_array(values: Any, what: str) -> np.ndarray:
    """A floating array of finite numbers.

    Raises
    ------
    ShapeError
        If there is no array of real numbers.
    DomainError
        If one is not finite.

    Examples
    --------
    >>> real_array([1, 2], "the density")
    array([1., 2.])
    """
    try:
        found = np.asarray(values)
        if found.dtype.kind not in "fiuO":
            raise TypeError
        found = found if found.dtype.kind == "f" else found.astype(np.float64)
    except (TypeError, ValueError, OverflowError):
        raise ShapeError(f"{what} is {brief(values)}; pass an array of real numbers") from None
    if not np.isfinite(found).all():
        raise DomainError(f"{what} holds NaN or an infinity; pass finite numbers")
    return found


def namespace(array: Any) -> Any:
    """The library of an array: torch for its tensors, else NumPy.

    Examples
    --------
    >>> namespace(np.zeros(2)) is np
    True
    """
    return sys.modules["torch"] if is_tensor(array) else np


def like(constant: np.ndarray, array: Any) -> Any:
    """A constant as an array of the library, device and floating type of another."""
    xp = namespace(array)
    if xp is np:
        return constant.astype(array.dtype, copy=False)
    return xp.tensor(constant, dtype=array.dtype, device=array.device)


@dataclass(frozen=True)
class Grid(Record):
    """The points -L, ..., L at equal distances; reversing their order changes the sign of each.

    Parameters
    ----------
    points : int
        Number of points, 2 or more, odd or even.
    half_width : float
        L, positive.

    Raises
    ------
    ShapeError
        If the number of points is no integer from 2 up.
    DomainError
        If the half width is not positive and finite.

    Notes
    -----
    A discretised density p (..., points) stands for the point masses p_j dx at the grid points
    where sums are taken, and for the band-limited function through its values where it is wanted
    between them. Arrays of NumPy and tensors of torch are both taken.

    Examples
    --------
    >>> grid = Grid(5, 2)
    >>> grid.spacing, grid.x.tolist()
    (1.0, [-2.0, -1.0, 0.0, 1.0, 2.0])
    """

    points: int
    half_width: float

    def __post_init__(self) -> None:
        if as_integer(self.points, 2) is None:
            raise ShapeError(f"Grid: points is {brief(self.points)}; give an integer from 2 up")
        check_at_most(self.points, _MOST, "Grid: points", "points", "take fewer")
        try:
            width = float(self.half_width)
        except (TypeError, ValueError, OverflowError):
            width = math.nan
        if not (math.isfinite(width) and width > 0):
            raise DomainError(
                f"Grid: half_width is {brief(self.half_width)}; give a positive finite number"
            )
        object.__setattr__(self, "half_width", width)

    @property
    def spacing(self) -> float:
        """Distance dx of neighbours."""
        return 2 * self.half_width / (self.points - 1)

    @cached_property
    def x(self) -> np.ndarray:
        """The points, read-only."""
        line = self.spacing * (np.arange(self.points) - (self.points - 1) / 2)
        line.flags.writeable = False
        return line

    def checked(self, p: Any) -> Any:
        """A floating array with one entry per point on its last axis.

        Raises
        ------
        ShapeError
            If the last axis has another size, or it is no array of real numbers.
        DomainError
            If an array of NumPy holds NaN or an infinity. Tensors may, while they are trained.
        """
        if namespace(p) is np:
            p = real_array(p, "the density")
        if not p.shape or p.shape[-1] != self.points:
            raise ShapeError(
                f"the density has shape {tuple(p.shape)}, but {self!r} has {self.points} points "
                "for the last axis"
            )
        return p

    def mass(self, p: Any) -> Any:
        """sum_j p_j dx over the last axis.

        Examples
        --------
        >>> float(Grid(3, 1).mass([0.5, 0.0, 0.5]))
        1.0
        """
        return self.checked(p).sum(-1) * self.spacing

    def normalised(self, p: Any) -> Any:
        """p over its mass.

        Raises
        ------
        DomainError
            If a mass is not positive and finite.
        """
        p = self.checked(p)
        mass = self.mass(p)
        least = mass.min().item()
        if not (least > 0 and math.isfinite(mass.max().item())):
            raise DomainError(f"a density on {self!r} has the mass {least:g}; give positive ones")
        return p / mass[..., None]
