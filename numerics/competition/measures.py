"""How far trained networks are from the block sum on a law."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from cumulant_theory.laws import Law
from cumulant_theory.parsing import parse_law

from ..sampling import sample
from ..sweeps import entropy

__all__ = ["LOST", "OnLaw", "cumulant_residuals", "exists", "on_law", "outcome", "wasserstein"]

LOST = 6.0  # logarithm of the error of a network that diverged, and the largest of any
_ORDERS = 4


def exists(law: Law, order: int) -> bool:
    """Whether the law has moments to an order.

    Examples
    --------
    >>> exists(parse_law("student_t(5)"), 4), exists(parse_law("student_t(5)"), 6)
    (True, False)
    """
    return law.max_order is None or order <= law.max_order


def wasserstein(f: np.ndarray, r: np.ndarray) -> np.ndarray:
    """Wasserstein-1 distance of samples of equal size: (..., n), (n,) -> (...).

    Examples
    --------
    >>> float(wasserstein(np.array([0.0, 2.0]), np.array([3.0, 1.0])))
    1.0
    """
    return np.abs(np.sort(f, axis=-1) - np.sort(r)).mean(-1)


def cumulant_residuals(f: np.ndarray, r: np.ndarray, scale: float) -> np.ndarray:
    """(kappa_k(f) - kappa_k(r)) / scale^k for k = 1..4: (..., n), (n,) -> (..., 4)."""
    powers = scale ** np.arange(1, _ORDERS + 1)
    return (_cumulants(f) - _cumulants(r)) / powers


def _cumulants(values: np.ndarray) -> np.ndarray:
    mean = values.mean(-1)
    centred = values - mean[..., None]
    square = centred * centred  # powers of arrays are ten times slower
    second, third, fourth = (p.mean(-1) for p in (square, square * centred, square * square))
    return np.stack([mean, second, third, fourth - 3 * second**2], axis=-1)


def outcome(error: float | None, margin: float | None, threshold: float) -> str:
    """``fails`` above a threshold by more than a margin, ``generalises`` below it, else undecided.

    Parameters
    ----------
    error
        None is undecided, infinity fails.
    margin
        Three standard errors; for distances of empirical laws twice that of two samples of R. By
        the triangle inequality the error is that of f and of R together, so this is enough where
        samples resolve the law of f about as well as that of R, not where f has heavier tails.
    threshold
        What counts as failure.

    Examples
    --------
    >>> outcome(0.2, 0.1, 0.05), outcome(0.0, 0.04, 0.05), outcome(0.06, 0.02, 0.05)
    ('fails', 'generalises', 'undecided')
    """
    if error is None or margin is None:
        return "fails" if error == np.inf else "undecided"
    if error - margin > threshold:
        return "fails"
    return "generalises" if error + margin < threshold else "undecided"


@dataclass(frozen=True)
class OnLaw:
    """Errors of S networks on one law.

    Attributes
    ----------
    risk, risk_error
        E (f - R)^2 / Var R and its standard error, (S,); None where the law has too few moments.
    law
        Wasserstein distance of the laws of f(x) and R(x) over the standard deviation of R, (S,).
    resolution
        The same for two samples of R: what the number of samples resolves.
    residuals
        Cumulants of f less those of R in units of the standard deviation of R, (S, 4), NaN where
        they do not exist.
    covariance
        Of f and R over the variance of R, (S,); negative for mirror images.
    """

    risk: np.ndarray | None
    risk_error: np.ndarray | None
    law: np.ndarray
    resolution: float
    residuals: np.ndarray
    covariance: np.ndarray


def on_law(module: Any, b: int, degree: int, text: str, samples: int, seed: int) -> OnLaw:
    """Errors on the same blocks for all networks of one block size.

    Parameters
    ----------
    module
        Ensemble.
    b
        Block size.
    degree
        Of the networks as polynomials; decides which moments exist.
    text
        Law.
    samples, seed
        Blocks, and the seed of everything random.
    """
    law = parse_law(text)
    streams = np.random.SeedSequence(entropy(seed, f"test {b} {text}")).spawn(2)
    first, second = (sample(law.iid(b), samples, s) for s in streams)
    r, other = first.sum(1) / np.sqrt(b), second.sum(1) / np.sqrt(b)
    variance = float(law.cumulant(2))
    scale = np.sqrt(variance)
    with np.errstate(over="ignore", invalid="ignore"):
        f = module(first).detach().cpu().double().numpy()[..., 0]
        square = (f - r) ** 2 / variance
        residuals = cumulant_residuals(f, r, scale)
        residuals[:, [not exists(law, k * degree) for k in range(1, _ORDERS + 1)]] = np.nan
        centred = f - f.mean(-1, keepdims=True)
        finite = exists(law, 2 * degree)
        return OnLaw(
            square.mean(-1) if finite else None,
            square.std(-1, ddof=1) / np.sqrt(samples) if finite else None,
            wasserstein(f, r) / scale, float(wasserstein(other, r)) / scale, residuals,
            (centred * (r - r.mean())).mean(-1) / variance,
        )
