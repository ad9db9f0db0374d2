"""Moments of a normal law above a threshold, without cancellation in either tail."""

import numpy as np
from scipy.special import erf, erfcx, ndtr

Array = np.ndarray

def density(a: Array) -> Array:
    """Density of the standard normal law."""
    return np.exp(-0.5 * a * a) / np.sqrt(2 * np.pi)


def hermite(n: int, a: Array) -> tuple[Array, Array]:
    """He_n(a), and the rounding error of its recurrence in units of epsilon."""
    older, newer = np.zeros_like(a), np.ones_like(a)
    error_older, error = older, older
    size = np.abs(a)
    for k in range(n):
        up, down = a * newer, k * older
        error_older, error = (
            error, np.abs(up) + np.abs(down) + size * error + k * error_older
        )
        older, newer = newer, up - down
    return newer, error


def partial_moment(k: int, a: Array) -> Array:
    """M_k(a) = E[(a + g)_+^k].

    Forward recurrence where it is stable. In the lower tail M_k is its minimal solution: there
    the ratios M_k / (k M_{k-1}) run backwards (Miller), from M_0 = density * erfcx.
    """
    if k == 0:
        return ndtr(a)
    flat = np.atleast_1d(np.asarray(a, dtype=float))
    result = np.empty_like(flat)
    # from here on the forward recurrence loses no digit that matters
    forward = -1.0 if k <= 4 else -0.5
    right = flat >= forward
    x = flat[right]
    if x.size:
        older, newer = ndtr(x), x * ndtr(x) + density(x)
        for n in range(2, k + 1):
            older, newer = newer, x * newer + (n - 1) * older
        result[right] = newer
    for low, high in ((2.0, np.inf), (1.0, 2.0), (-forward, 1.0)):
        tail = ~right & (-flat >= low) & (-flat < high)
        x = -flat[tail]
        if x.size:
            # the error of the start falls as exp(-2 x sqrt(steps))
            steps = k + int(300 / low**2) + 4
            ratio = 2 / (x + np.sqrt(x * x + 4 * (steps + 1)))
            product = np.sqrt(np.pi / 2) * erfcx(x / np.sqrt(2))
            factors = []
            for n in range(steps, 0, -1):
                ratio = 1 / (x + (n + 1) * ratio)
                if n <= k:
                    factors.append(n * ratio)
            for factor in factors:
                product = product * factor
            result[tail] = product * density(x)
    return result.reshape(np.shape(a))


def signed_moment(k: int, a: Array) -> Array:
    """E[(a + g)^k sign(a + g)]: terms of one sign in its recurrence, so exact near zero too."""
    older = erf(a / np.sqrt(2))
    if k == 0:
        return older
    newer = a * older + 2 * density(a)
    for n in range(2, k + 1):
        older, newer = newer, a * newer + (n - 1) * older
    return newer


def full_moment(k: int, a: Array) -> Array:
    """E[(a + g)^k], terms of one sign."""
    older, newer = np.zeros_like(a), np.ones_like(a)
    for n in range(k):
        older, newer = newer, a * newer + n * older
    return newer
