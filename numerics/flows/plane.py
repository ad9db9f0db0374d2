"""Planes in the space of cumulants."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cumulant_theory.errors import DomainError, OrderError


class Plane:
    """Two coordinates of the space of cumulants, the others held.

    Parameters
    ----------
    plane : pair of int, or "standardised"
        Orders of two cumulants; or skewness and excess kurtosis.
    size : int
        Number K of cumulants.
    at : mapping
        Order -> value of the cumulants held.

    Raises
    ------
    DomainError
        If the plane is neither, or a value is no number.
    OrderError
        If an order is above K.

    Examples
    --------
    >>> plane = Plane("standardised", 4, {2: 4.0})
    >>> plane.lift(np.array([1.0, 2.0])), plane.project(np.array([0.0, 4.0, 8.0, 32.0]))
    (array([ 0.,  4.,  8., 32.]), array([1., 2.]))
    """

    def __init__(self, plane: Any, size: int, at: Mapping[int, float]) -> None:
        self.standardised: bool = plane == "standardised"
        pair = (3, 4) if self.standardised else plane
        if not isinstance(pair, (tuple, list)) or len(pair) != 2 or pair[0] == pair[1]:
            raise DomainError(
                f"flow_diagram: the plane {plane!r} is neither two orders such as (2, 4) nor "
                "'standardised'"
            )
        for r in (*pair, *at):
            if isinstance(r, bool) or not isinstance(r, int) or not 1 <= r <= size:
                raise OrderError(
                    f"flow_diagram: order {r!r} of the plane or of at=; {size} cumulants are "
                    "followed, so give orders from 1 up to that, or a higher order="
                )
        self.pair: tuple[int, int] = (int(pair[0]), int(pair[1]))
        self.base: NDArray[np.float64] = np.zeros(size)
        self.base[1] = 1.0
        for r, value in at.items():
            self.base[r - 1] = float(value)
        if self.standardised and self.base[1] <= 0:
            raise DomainError(f"flow_diagram: kappa_2 is held at {self.base[1]}; give at={{2: 1}}")

    @property
    def names(self) -> tuple[str, str]:
        """Labels of the axes."""
        if self.standardised:
            return r"skewness $\kappa_3/\kappa_2^{3/2}$", r"excess kurtosis $\kappa_4/\kappa_2^2$"
        return rf"$\kappa_{self.pair[0]}$", rf"$\kappa_{self.pair[1]}$"

    @property
    def window(self) -> tuple[tuple[float, float], tuple[float, float]]:
        """Default range of both axes."""
        if self.standardised:
            return (-2.5, 2.5), (-2.5, 6.0)
        first, second = ((0.0, 2.0) if r == 2 else (-2.0, 2.0) for r in self.pair)
        return first, second

    def lift(self, points: NDArray[np.float64]) -> NDArray[np.float64]:
        """Cumulants (..., K) of points (..., 2)."""
        kappa = np.broadcast_to(self.base, (*points.shape[:-1], len(self.base))).copy()
        scale = self.base[1] ** np.array([1.5, 2.0]) if self.standardised else np.ones(2)
        kappa[..., [r - 1 for r in self.pair]] = points * scale
        return kappa

    def project(self, kappa: NDArray[np.float64]) -> NDArray[np.float64]:
        """Points (..., 2) of cumulants (..., K), NaN without a variance where one is divided by."""
        values = kappa[..., [r - 1 for r in self.pair]]
        if not self.standardised:
            return values
        variance = np.where(kappa[..., 1] > 0, kappa[..., 1], np.nan)
        return values / variance[..., None] ** np.array([1.5, 2.0])


def possible(kappa: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Whether a law can have the first four of the cumulants (..., K): Pearson's inequality.

    Examples
    --------
    >>> possible(np.array([[0.0, 1.0, 0.0, -2.0], [0.0, 1.0, 1.0, -2.0]]))
    array([ True, False])
    """
    variance = kappa[..., 1]
    if kappa.shape[-1] < 4:
        return variance >= 0
    third, fourth = kappa[..., 2], kappa[..., 3]
    return (variance >= 0) & (variance * (fourth + 2 * variance**2) >= third**2)
