"""What generated kernels call: Wick coefficients and Gaussian covariances of arrays or tensors."""

from typing import Any

import numpy as np

from cumulant_theory.activations import Activation
from cumulant_theory.errors import DomainError

from .coefficients import wick
from .pairs import pair


def _wick(phi: Activation, m: int, p: int, mean: Any, variance: Any) -> Any:
    """omega^(m) of phi^p."""
    _check(phi, variance)
    return _plain(wick(phi, m, p, mean, variance).values)


def _pair(
    phi: Activation, psi: Activation, p: int, q: int, mean_1: Any, mean_2: Any, variance_1: Any,
    variance_2: Any, covariance: Any,
) -> Any:
    """Cov(phi(x)^p, psi(y)^q)."""
    variances = variance_1, variance_2
    for variance in variances:
        _check(phi, variance)
    return _plain(pair((phi, psi), (p, q), (mean_1, mean_2), variances, covariance))


def _plain(value: Any) -> Any:
    return value[()] if isinstance(value, np.ndarray) else value


def _check(phi: Activation, variance: Any) -> None:
    try:
        plain = variance.detach() if hasattr(variance, "detach") else np.asarray(variance)
        lowest = float(plain.min()) if plain.shape else float(plain)
    except RuntimeError:  # inside vmap torch forbids to look
        return
    if lowest < 0:
        raise DomainError(
            f"a variance before {phi!r} is {lowest:.3g} at these weights: cumulants that are cut "
            "off are those of no law there; use a closure that keeps more, Diagrams of higher "
            "order, or Neglect(2), whose covariances are always those of a law"
        )


PRIMITIVES = {"wick": _wick, "pair": _pair}
