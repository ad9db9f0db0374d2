"""Activations at points, with their values at the knots."""

from collections.abc import Callable
from functools import lru_cache, partial
from typing import Any

import numpy as np
import sympy as sp
from numpy.typing import ArrayLike, NDArray

from cumulant_theory.activations import Activation, PiecewisePolynomial

from .gaussian.jets import jets, knots

Array = NDArray[np.float64]


def evaluate(activation: Activation, z: ArrayLike) -> Array:
    """An activation at points, in float32 where they are of that type, else in float64.

    Parameters
    ----------
    activation : Activation
        Without free symbols.
    z : array

    Raises
    ------
    DomainError
        If the activation has free symbols.

    Examples
    --------
    >>> from cumulant_theory import activations
    >>> evaluate(activations.Cubic(2), [1.0, 2.0])
    array([ 3., 18.])
    """
    points: Any = np.asarray(z)
    points = points if points.dtype == np.float32 else points.astype(np.float64)
    first, *rest = _pieces(activation)
    found = first(points)
    for kink, exact, piece in zip(knots(activation), activation.knots, rest, strict=True):
        found = np.where(points <= kink, found, piece(points))
        at = points == kink
        if at.any():
            found = np.where(at, float(activation(exact)), found)
    return found


@lru_cache(maxsize=256)
def _pieces(activation: Activation) -> list[Callable[[Array], Any]]:
    """The activation between its knots; polynomials by Horner's rule, which is much faster."""
    z = sp.Dummy("z", real=True)
    general = jets(activation, 1, 0)
    if not isinstance(activation, PiecewisePolynomial):
        return [lambda x, jet=jet: jet(x)[0] for jet in general]
    return [
        partial(_horner, [float(c) for c in sp.Poly(piece, z).all_coeffs()])
        for piece in activation.pieces(z)
    ]


def _horner(coefficients: list[float], x: Array) -> Any:
    result: Any = coefficients[0]
    for c in coefficients[1:]:
        result = result * x + c
    return result
