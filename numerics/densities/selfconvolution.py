"""The central-limit map on discretised densities: b-fold self-convolution, then dilation."""

import math
from dataclasses import dataclass
from functools import cached_property, lru_cache
from numbers import Real
from typing import Any

import numpy as np
import sympy as sp
from scipy import fft

from cumulant_theory.algebra import check_at_most, check_order, check_size
from cumulant_theory.arguments import check_instance, explained
from cumulant_theory.errors import DomainError, ShapeError
from cumulant_theory.latex.html import Record

from .grid import Grid, like, namespace

LIMIT = 1e-3  # mass that may get lost
_HALF = sp.Rational(1, 2)


@explained
def self_convolution(
    p: Any, grid: Grid, b: int, s: Any = _HALF, limit: float | None = LIMIT
) -> Any:
    """Density R[p] of b^{-s} (x_1 + ... + x_b), the x_i independent with density p.

    Parameters
    ----------
    p : array or tensor (..., points)
        Densities on the grid; the result is differentiable in tensors.
    grid : Grid
    b : int
        Block size, 1 or more.
    s : number
        Exponent; 1/2 is the central limit theorem, 1 the law of large numbers.
    limit : float, optional
        Largest change of mass (the result leaves the grid, or is too narrow for it); None does
        not look, which vmap needs.

    Returns
    -------
    array or tensor (..., points)

    Raises
    ------
    ShapeError
        If the last axis does not fit the grid.
    DomainError
        If b is no positive integer, s no real number, or more mass than ``limit`` is lost.

    Notes
    -----
    In Fourier space R[p]^(t) = p^(t b^{-s})^b. The b-fold convolution is a product of discrete
    Fourier transforms on b times the grid, so nothing wraps around, and its trigonometric
    interpolant is evaluated at b^s x: for densities that the grid resolves the error is that of
    rounding. A jump or a kink of p costs dx^2, up to a logarithm, in L1.

    References
    ----------
    G. Jona-Lasinio, Phys. Rep. 352, 439 (2001).

    Examples
    --------
    >>> grid = Grid(65, 8)
    >>> normal = np.exp(-grid.x**2 / 2) / math.sqrt(2 * math.pi)
    >>> bool(np.abs(self_convolution(normal, grid, 2) - normal).max() < 1e-14)
    True
    """
    return SelfConvolution(grid, b, s, limit)(p)


_MOST = 2**24
_STEEPEST = 16
_FAR = 1e6  # grid widths


@explained
@dataclass(frozen=True)
class SelfConvolution(Record):
    """The map R of :func:`self_convolution`, as the target of a network.

    Parameters
    ----------
    grid : Grid
    b : int
    s : number
    limit : float, optional
        As for :func:`self_convolution`.

    Examples
    --------
    >>> target = SelfConvolution(Grid(65, 8), 2)
    >>> [round(target.eigenvalue(r), 4) for r in range(1, 5)]
    [1.4142, 1.0, 0.7071, 0.5]
    """

    grid: Grid
    b: int
    s: Any = _HALF
    limit: float | None = LIMIT

    def __post_init__(self) -> None:
        if not isinstance(self.b, int) or isinstance(self.b, bool) or self.b < 1:
            raise DomainError(f"SelfConvolution: b is {self.b!r}; give an integer from 1 up")
        check_instance(self.grid, Grid, "SelfConvolution: grid")
        check_at_most(
            self.b * self.grid.points, _MOST, "SelfConvolution: b copies", "points",
            "take a smaller b, or sum in steps",
        )
        if self.limit is not None:
            check_instance(self.limit, Real, "SelfConvolution: limit")
        try:
            exponent = float(self.s)
        except (TypeError, ValueError):
            exponent = math.nan
        if not abs(exponent) <= _STEEPEST:
            raise DomainError(
                f"SelfConvolution: s is {self.s!r}; give a real number up to {_STEEPEST}"
            )

    @property
    def dilation(self) -> float:
        """b^s, by which the sum is divided."""
        return float(self.b) ** float(self.s)

    @explained
    def eigenvalue(self, r: int) -> float:
        """Factor b^{1 - r s} of the cumulant of order r; r = 0 is the mass.

        Raises
        ------
        OrderError
            If r is no order.
        DomainError
            If the factor is no float.
        """
        r = check_order(r, "eigenvalue", 0)
        try:
            return float(self.b) ** (1 - r * float(self.s))
        except OverflowError:
            raise DomainError(f"{self!r}: the factor of order {r} is too large a number") from None

    @explained
    def width_after(self, units: int) -> int:
        """Number of values of the result, as many as go in."""
        return check_size(units, "SelfConvolution: units")

    @cached_property
    def lookup(self) -> "Interpolation":
        """Where the values of R[p] are found on the b-fold convolution."""
        edge = self.b * (self.grid.points - 1)
        step = self.dilation
        return interpolation(
            edge + 1, (edge - step * (self.grid.points - 1)) / 2, step, self.grid.points
        )

    def __call__(self, p: Any) -> Any:
        p = self.grid.checked(p)
        q = self.lookup.spectrum(p)
        # masses stay near one, whatever b
        q = _power(q * self.grid.spacing, self.b) * (self.dilation / self.grid.spacing)
        result = self.lookup.values(q)
        if self.limit is not None:
            self._check(p, result)
        return result

    def _check(self, p: Any, result: Any) -> None:
        kept = self.grid.mass(result) / self.grid.mass(p) ** self.b
        lost = abs(1 - kept).max().item()
        if not lost <= self.limit:  # type: ignore[operator]
            raise DomainError(
                f"the sum of {self.b} copies over {self.dilation:g} changes its mass by {lost:.2g} "
                f"on {self.grid!r}; centre the density, or take a wider or finer grid"
            )

    @explained
    def flow(self, p: Any, steps: int) -> Any:
        """p, R[p], R[R[p]], ..., stacked on a new first axis of size steps + 1.

        Examples
        --------
        >>> grid = Grid(33, 6)
        >>> SelfConvolution(grid, 2).flow(np.exp(-grid.x**2), 3).shape
        (4, 33)
        """
        if not isinstance(steps, int) or isinstance(steps, bool) or steps < 0:
            raise ShapeError(f"flow: steps is {steps!r}; give an integer from 0 up")
        states = [self.grid.checked(p)]
        for _ in range(steps):
            states.append(self(states[-1]))
        return namespace(p).stack(states)

    def __repr__(self) -> str:
        exponent = "" if self.s == _HALF else f", s={self.s}"
        return f"SelfConvolution({self.grid!r}, {self.b}{exponent})"


@explained
def affine_image(p: Any, grid: Grid, scale: float = 1.0, shift: float = 0.0) -> Any:
    """Density of scale * x + shift, from the trigonometric interpolant of p.

    Parameters
    ----------
    p : array or tensor (..., points)
    grid : Grid
    scale : float
        Not zero; -1 is the reflection.
    shift : float

    Returns
    -------
    array or tensor (..., points)

    Raises
    ------
    DomainError
        If the scale is zero or a number is not finite.

    Examples
    --------
    >>> grid = Grid(65, 8)
    >>> moved = affine_image(np.exp(-grid.x**2), grid, shift=0.5)
    >>> bool(np.abs(moved - np.exp(-(grid.x - 0.5) ** 2)).max() < 1e-12)
    True
    """
    p = grid.checked(p)
    scale, shift = float(scale), float(shift)
    step = float("inf") if scale == 0 else abs(1 / scale)
    if not (step < _FAR and abs(scale) < _FAR and abs(shift) < _FAR * grid.half_width):
        raise DomainError(f"affine_image: scale={scale!r} and shift={shift!r} give no density")
    last = grid.points - 1
    step = 1 / scale
    start = last / 2 * (1 - step) - shift / (scale * grid.spacing)
    lookup = interpolation(grid.points, start, step, grid.points)
    return lookup.values(lookup.spectrum(p)) / abs(scale)


@dataclass(frozen=True, eq=False)
class Interpolation:
    """Trigonometric interpolation of a zero-padded sequence at equidistant places.

    Attributes
    ----------
    period : int
        Length with the zeros.
    cos, sin : array (period // 2 + 1, places)
        Interpolant = Re(spectrum) @ cos - Im(spectrum) @ sin.
    """

    period: int
    cos: np.ndarray
    sin: np.ndarray

    def spectrum(self, p: Any) -> Any:
        """Discrete Fourier transform of a sequence, zeros appended."""
        return namespace(p).fft.rfft(p, self.period)

    def values(self, spectrum: Any) -> Any:
        """The interpolant of a spectrum at the places."""
        re, im = spectrum.real, spectrum.imag
        return re @ like(self.cos, re) - im @ like(self.sin, im)


@lru_cache(maxsize=16)
def interpolation(length: int, start: float, step: float, count: int) -> Interpolation:
    """Interpolation of ``length`` numbers at start + step i, i < count, in units of their spacing.

    Farther out than half their length the numbers count as zero.

    Examples
    --------
    >>> half = interpolation(3, 0.0, 1.0, 3)
    >>> half.values(half.spectrum(np.array([1.0, 2.0, 0.0]))).round(12).tolist()
    [1.0, 2.0, 0.0]
    """
    places = start + step * np.arange(count)
    span = max(length - 1, places.max()) - min(0, places.min())
    period: Any = fft.next_fast_len(min(math.ceil(span) + 1, 2 * length), real=True)
    k = np.arange(period // 2 + 1)
    weight = np.where((k == 0) | (2 * k == period), 1.0, 2.0) / period
    inside = (places >= -length / 2) & (places < 1.5 * length)
    weight = weight[:, None] * inside
    # whole turns are taken off first, where they are exact
    angle = 2 * np.pi / period * np.mod(k[:, None] * places, period)
    cos, sin = weight * np.cos(angle), weight * np.sin(angle)
    return Interpolation(period, cos, sin)


def _power(z: Any, b: int) -> Any:
    """z^b by repeated squaring: complex powers by logarithms have no derivative at zero."""
    result = None
    while b:
        if b & 1:
            result = z if result is None else result * z
        z = z * z if b > 1 else z
        b >>= 1
    return result
