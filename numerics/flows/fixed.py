"""Fixed points of maps of cumulants in floating-point numbers, and their stability."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import optimize

from cumulant_theory.rg import FixedPoint

from ._maps import FAR, CumulantMap

_MARGIN = 1e-6  # of |eigenvalue| - 1, the accuracy of central differences


@dataclass(frozen=True)
class NumericFixedPoint:
    """A fixed point of a map of cumulants in floating-point numbers.

    Attributes
    ----------
    kappa : array (K,)
    moduli : array (K,)
        |eigenvalues| of the Jacobian, largest first.
    """

    kappa: NDArray[np.float64]
    moduli: NDArray[np.float64]

    @property
    def stability(self) -> str:
        """``stable``, ``unstable``, ``saddle`` if moduli lie on both sides of 1.

        ``marginal`` where none is above 1 and some are 1.
        """
        above = int((self.moduli > 1 + _MARGIN).sum())
        below = int((self.moduli < 1 - _MARGIN).sum())
        if above == 0:
            return "stable" if below == len(self.moduli) else "marginal"
        return "saddle" if below else "unstable"


def search_fixed_points(
    map_: CumulantMap, starts: NDArray[np.float64]
) -> list[NumericFixedPoint]:
    """Fixed points that Newton's method (MINPACK hybrd) reaches from some starts.

    Parameters
    ----------
    map_ : CumulantMap
        Of one network.
    starts : array (n, K)

    Returns
    -------
    list of NumericFixedPoint
        Distinct ones; there may be others. All of them, exactly:
        :meth:`cumulant_theory.rg.RGMap.fixed_points`.

    Examples
    --------
    >>> from cumulant_theory import activations, layers
    >>> square = layers.Pointwise(activations.Square()) >> layers.Mean(2)
    >>> found = search_fixed_points(CumulantMap(square, 2), np.array([[0.1, 0.1], [0.9, 0.1]]))
    >>> sorted(p.stability for p in found)
    ['stable', 'unstable']
    """
    found: list[NumericFixedPoint] = []
    for start in starts:
        solution = optimize.root(
            lambda k: np.nan_to_num(map_.try_at(k) - k, nan=FAR), start, method="hybr", tol=1e-13
        )
        kappa = solution.x
        scale = 1 + np.abs(kappa).max()
        left = np.abs(map_.try_at(kappa) - kappa).max()
        if not left < 1e-9 * scale:
            continue
        if any(np.abs(kappa - p.kappa).max() < 1e-6 * scale for p in found):
            continue
        found.append(at_point(map_, kappa))
    return found


def at_point(map_: CumulantMap, kappa: NDArray[np.float64]) -> NumericFixedPoint:
    """A fixed point with the moduli of its eigenvalues."""
    moduli = np.abs(np.linalg.eigvals(map_.jacobian(kappa)))
    return NumericFixedPoint(kappa, np.sort(moduli)[::-1])


def given_points(
    map_: CumulantMap, fixed_points: Sequence[FixedPoint], *ranges: tuple[float, float]
) -> tuple[list[NumericFixedPoint], list[NDArray[np.float64]]]:
    """Fixed points of :class:`RGMap` in numbers.

    Parameters
    ----------
    map_ : CumulantMap
    fixed_points : sequence of FixedPoint
    *ranges : (low, high)
        Of the axes of a plane: how far families reach.

    Returns
    -------
    points : list of NumericFixedPoint
    lines : list of array (n, K)
        Families of one symbol. Others have no line and are left out.

    Examples
    --------
    >>> from cumulant_theory.layers import BlockSum
    >>> clt = CumulantMap(BlockSum(2), 4)
    >>> points, (line,) = given_points(clt, clt.rg.fixed_points(4), (0, 3))
    >>> points, line[-1]
    ([], array([0., 3., 0., 0.]))
    """
    points, lines = [], []
    for point in fixed_points:
        if point.equations or len(point.cumulants) < map_.order:
            continue
        values = [point.cumulants[r] for r in range(1, map_.order + 1)]
        symbols = sorted(point.free_symbols, key=str)
        if not symbols:
            decimals = point.evalf(20)
            kappa = np.array([decimals[r] for r in range(1, map_.order + 1)], dtype=np.float64)
            points.append(at_point(map_, kappa))
        elif len(symbols) == 1:
            reach = max(abs(v) for limits in ranges for v in limits)
            low = 0.0 if symbols[0].name == "kappa_2" else -reach
            lines.append(np.array([
                [v.subs(symbols[0], t) for v in values]
                for t in np.linspace(low, reach, 101)[1 if low == 0 else 0 :]
            ], dtype=np.float64))
    return points, lines
