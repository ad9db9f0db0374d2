"""The point of an orbit under scalings that has the smallest norm."""

from typing import Any

import numpy as np

from cumulant_theory.errors import DomainError
from cumulant_theory.reparametrisations import Affine, Flip, flips, scalings

from .coordinates import Coordinates

NEWTON = 200  # most steps


def centred(coordinates: Coordinates, theta: np.ndarray) -> np.ndarray:
    """Biases before activations with a centre on the side of zero, and zero where they can be.

    Layer by layer, theta (S, P): the units that are even or odd about a centre go to that of the
    two sides on which the bias is smaller, and where the activation is homogeneous about the
    centre, the scale of the unit makes the bias zero.

    Raises
    ------
    DomainError
        If one bias is scaled by several units on their own.
    """
    structure = coordinates.structure
    coefficients = structure.coefficients & set(structure.parameters)
    every = flips(structure, fixed=coefficients)
    powers, logs = coordinates.exponents(scalings(structure, fixed=coefficients))
    for stage in structure.stages:
        if isinstance(stage, Affine):
            own = {t.lone for terms in stage.shift_terms.values() for t in terms}
            biases = set(coordinates.places(p for p in structure.centres if p in own))
            theta = _oriented(coordinates, theta, every, biases)
            theta = _sliced(coordinates, theta, powers, logs, biases)
    return theta


def _oriented(
    coordinates: Coordinates, theta: np.ndarray, every: list[Flip], biases: set[int]
) -> np.ndarray:
    for flip in every:
        turned = _turned(coordinates, flip)
        if turned and set(turned) <= biases:
            away, towards = _split(coordinates, theta, turned)
            turn = np.sum(away * towards, axis=-1) > 0
            if turn.any():
                moved = coordinates.relabel(theta, coordinates.signed(flip))
                theta = np.where(turn[:, None], moved, theta)
    return theta


def _turned(coordinates: Coordinates, flip: Flip) -> list[int]:
    """Biases that change their side of the centre."""
    signs = coordinates.signed(flip).signs
    return sorted({
        p for p, _, e in coordinates.centres if np.prod(signs**e) != signs[p]
    })


def _split(
    coordinates: Coordinates, theta: np.ndarray, biases: list[int]
) -> tuple[np.ndarray, np.ndarray]:
    """Biases as their distance A from the centre and the centre B: p = A + B."""
    centre = -coordinates.values(theta, coordinates.centres)[..., biases]
    with np.errstate(invalid="ignore"):
        return theta[..., biases] - centre, centre


def _sliced(
    coordinates: Coordinates, theta: np.ndarray, powers: np.ndarray, logs: np.ndarray,
    own: set[int],
) -> np.ndarray:
    used: set[int] = set()
    for row, log in zip(powers, logs, strict=True):
        biases = [p for p in sorted(own) if row[p]]
        if not biases:
            continue
        if used & {*biases} or len({row[p] for p in biases}) > 1:
            names = ", ".join(coordinates.names[p] for p in biases)
            raise DomainError(
                f"canonical: {names} of {coordinates.structure.network!r} are scaled in several "
                "ways at once; give each layer of units biases of its own"
            )
        used |= {*biases}
        away, _ = _split(coordinates, theta, biases)
        with np.errstate(divide="ignore", invalid="ignore"):
            length = np.sum(away**2, axis=-1)
            change = -np.sum(away * theta[..., biases], axis=-1) / length
            t = np.log1p(change) / row[biases[0]]
        t = np.where(np.isfinite(t), t, 0.0)[:, None]
        theta = coordinates.scale(theta, t * row, t * log)
    return theta


def balanced(coordinates: Coordinates, theta: np.ndarray) -> np.ndarray:
    """Smallest sum of squares over the scalings that keep centres, theta (S, P).

    Where only the limit of an infinite scaling is smallest, it is taken: the network is the same.
    Units whose scale does not matter at all get parameters of length one.

    References
    ----------
    G. Kempf, L. Ness, The length of vectors in representation spaces, Lect. Notes Math. 732
    (1979): vectors of least length on orbits are unique up to a compact group.
    """
    powers, logs = coordinates.exponents(scalings(coordinates.structure, keeps_centres=True))
    if not len(powers):
        return theta
    # biases that take up other shifts do not scale as they stand
    counted = np.ones(theta.shape[-1], dtype=bool)
    for p, _, e in coordinates.offsets:
        counted[p] &= bool(np.all(powers @ e == powers[:, p]))
    active = counted & (powers.any(axis=0) | logs.any(axis=0))
    weight = np.where(active, theta, 0.0)
    one_sided = np.array([
        np.sign(row[active].sum()) if (row[active] >= 0).all() or (row[active] <= 0).all() else 0
        for row in powers
    ]) * ~logs.any(axis=1)
    weight, slope = _closed(weight, powers, logs, one_sided)
    theta = np.where(active, weight, theta)
    found = np.stack([
        _minimum(w, powers, logs * active, b) for w, b in zip(weight, slope, strict=True)
    ])
    return coordinates.scale(theta, found @ powers, found @ logs)


def _minimum(
    theta: np.ndarray, powers: np.ndarray, logs: np.ndarray, slope: np.ndarray
) -> np.ndarray:
    """tau with the least sum of (theta e^x + l)^2 / 2 - slope tau, x = tau powers, l = tau logs."""
    tau = np.zeros(len(powers))

    def parts(tau: np.ndarray) -> tuple[float, np.ndarray, np.ndarray]:
        with np.errstate(over="ignore", invalid="ignore"):
            scaled = theta * np.exp(tau @ powers)
            moved = scaled + tau @ logs
            rates = scaled * powers + logs
            value = float(np.sum(moved**2) / 2 - slope @ tau)
            curve = rates @ rates.T + (powers * (moved * scaled)) @ powers.T
            return value, rates @ moved - slope, curve

    value, gradient, curve = parts(tau)
    last_steps = 3
    for _ in range(NEWTON):
        step = -np.linalg.lstsq(curve, gradient, rcond=1e-14)[0]
        gain = -float(gradient @ step)
        size = 1.0
        # close to the end the decrease is lost in the rounding of the values
        close = gain <= 1e-9 * (1 + abs(value))
        while not (trial := parts(tau + size * step))[0] <= value - 1e-4 * size * gain:
            if close or size < 1e-12:
                break
            size /= 2
        tau = tau + size * step
        value, gradient, curve = trial
        last_steps -= close
        if last_steps == 0:
            break
    return tau


def _closed(
    theta: np.ndarray, powers: np.ndarray, logs: np.ndarray, one_sided: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Parameters that an infinite scaling takes to zero put there, and slopes (S, k)."""
    slopes = np.tile(one_sided.astype(float), (len(theta), 1))
    theta = theta.copy()
    for w, slope in zip(theta, slopes, strict=True):
        if (w[powers.any(axis=0)] != 0).all():
            continue
        while True:
            columns = np.flatnonzero((w != 0) & powers.any(axis=0))
            support = powers[:, columns]
            # directions without support leave the network as it is
            slope[:] = support @ np.linalg.pinv(support) @ slope if columns.size else 0.0
            gone = _vanishing(support, logs, slope)
            if not gone.any():
                break
            w[columns[gone]] = 0.0
    return theta, slopes


def _vanishing(support: np.ndarray, logs: np.ndarray, slope: np.ndarray) -> np.ndarray:
    """Columns that go to zero in a direction in which none grows, as many as possible."""
    from scipy.optimize import linprog

    k, n = support.shape
    if n == 0:
        return np.zeros(0, dtype=bool)
    shifts = logs[:, logs.any(axis=0)].T
    result: Any = linprog(
        np.concatenate([np.zeros(k), -np.ones(n)]),
        A_ub=np.block([
            [support.T, np.eye(n)], [-slope[None], np.zeros((1, n))],
        ]),
        b_ub=np.zeros(n + 1),
        A_eq=np.hstack([shifts, np.zeros((len(shifts), n))]) if len(shifts) else None,
        b_eq=np.zeros(len(shifts)) if len(shifts) else None,
        bounds=[(-n, n)] * k + [(0, 1)] * n,
    )
    return result.x[k:] > 1e-6
