"""Leading terms of the negentropy in numbers, and from k-statistics with an error."""

from functools import cache
from typing import Any

import numpy as np
import sympy as sp
from numpy.typing import NDArray

from cumulant_theory.rg import negentropy

from ..kstatistics import KStatistics

_SYMBOLS = sp.symbols("kappa_2:5")


def negentropy_of(values: NDArray[np.float64], next_order: bool = False) -> NDArray[np.float64]:
    """Negentropy of cumulants kappa_2, kappa_3, kappa_4 on the last axis; NaN without variance.

    Examples
    --------
    >>> negentropy_of(np.array([[1.0, 0.0, 2.0], [0.0, 0.0, 0.0]]))
    array([0.08333333,        nan])
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        found = np.asarray(_formula(next_order)(*np.moveaxis(values, -1, 0)), dtype=np.float64)
    return np.where(values[..., 0] > 0, found, np.nan)


def estimated_negentropy(level: KStatistics) -> tuple[Any, Any]:
    """Negentropy from k-statistics with the bias of second order taken off, and its error.

    The covariance of the k-statistics is that of their batches; the error is that of the delta
    method to second order, which is what is left where the gradient vanishes, as at a Gaussian.

    Parameters
    ----------
    level : KStatistics
        Of one unit, to order 4 at least.

    Returns
    -------
    value, standard error : float or array (S,)
        NaN for networks without variance.

    Examples
    --------
    >>> x = np.random.default_rng(0).exponential(size=2**14)
    >>> value, error = estimated_negentropy(KStatistics(1).update(x))
    >>> abs(value - (4 / 12 + 36 / 48)) < 5 * error
    True
    """
    values = np.stack([np.atleast_1d(level[r]) for r in (2, 3, 4)], axis=-1)
    constant = values[:, 0] <= 0
    values[constant] = [1.0, 0.0, 0.0]  # any that have a derivative
    batches = level.batch_values()
    batches = batches[..., 1:4] if batches.ndim == 3 else batches[:, None, 1:4]
    away = batches - batches.mean(axis=0)
    count = len(batches)
    covariance = np.einsum("bsi,bsj->sij", away, away) / (count * (count - 1))
    gradient, hessian = (
        np.stack([np.array(f(*row), dtype=np.float64) for row in values]) for f in _derivatives()
    )
    curved = np.einsum("sij,sjk->sik", hessian, covariance)
    bias = np.einsum("sii->s", curved) / 2
    second = np.einsum("sij,sji->s", curved, curved) / 2
    first = np.einsum("si,sij,sj->s", gradient, covariance, gradient)
    # the gradient is noisy itself: where it vanishes the first is twice the second on average
    variance = np.maximum(first - second, second)
    value, error = (
        _like(level, np.where(constant, np.nan, found))
        for found in (negentropy_of(values) - bias, np.sqrt(variance))
    )
    return value, error


def _like(level: KStatistics, value: NDArray[np.float64]) -> Any:
    return value if level.networks is not None else float(value[0])


def _expression(next_order: bool = False) -> sp.Expr:
    return negentropy(dict(zip((2, 3, 4), _SYMBOLS, strict=True)), next_order)


@cache
def _formula(next_order: bool) -> Any:
    return sp.lambdify(_SYMBOLS, _expression(next_order), "numpy")


@cache
def _derivatives() -> tuple[Any, Any]:
    """Gradient and Hessian of the negentropy as functions of kappa_2, kappa_3, kappa_4."""
    gradient = [sp.diff(_expression(), s) for s in _SYMBOLS]
    hessian = [[sp.diff(g, s) for s in _SYMBOLS] for g in gradient]
    return tuple(sp.lambdify(_SYMBOLS, e, "numpy", cse=True) for e in (gradient, hessian))  # type: ignore[return-value]
