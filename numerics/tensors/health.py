"""Detection of cumulants that no law has, and what is done then.

Truncated expansions can leave the set of possible cumulants, above all at units that are almost
never active and in deep narrow networks. Three steps, each reported:

- a unit whose cumulants in front of a pointwise layer are impossible, or too far from Gaussian for
  an expansion around it, is treated as Gaussian in that layer: its joint third and fourth cumulants
  are neglected, as under K = 2; from the first layer on where that is more than a fifth of the
  units, all of them are;
- a mean or variance behind the layer that no law has is replaced by that of K = 2, which is the
  exact one of a Gaussian input;
- a covariance matrix with negative eigenvalues is replaced by the nearest one without.

The bound on the excess kurtosis is the largest for which a Gram-Charlier expansion is a density
(Barton & Dennis, Biometrika 39, 425 (1952)).
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.linalg.lapack import get_lapack_funcs

from cumulant_theory.errors import DivergenceError, DomainError

from .state import State

SKEWNESS = 2.0  # largest |kappa_3| / sigma^3 and
KURTOSIS = 4.0  # kappa_4 / sigma^4 that an expansion around a Gaussian may use
SHARE = 0.2  # share of such units beyond which all layers from there on are those of K = 2


@dataclass(frozen=True)
class Finding:
    """One check that failed.

    Attributes
    ----------
    layer : int
        Pointwise layer, from 1.
    check : str
        What failed.
    units : tuple of int
        Units that fail it; empty where it is about all of them.
    worst : float
        The number that is furthest off.
    action : str
        What was done.
    """

    layer: int
    check: str
    units: tuple[int, ...]
    worst: float
    action: str = "treated as Gaussian there"

    def __str__(self) -> str:
        where = f" at {len(self.units)} units" if self.units else ""
        return f"layer {self.layer}: {self.check}{where} (worst {self.worst:.3g}); {self.action}"


@dataclass(frozen=True)
class Health:
    """What was found wrong on the way, and where higher cumulants were neglected for it.

    Attributes
    ----------
    findings : tuple of Finding
    gaussian_units : tuple of (int, int)
        Per pointwise layer, the number of units treated as Gaussian and the width.
    """

    findings: tuple[Finding, ...]
    gaussian_units: tuple[tuple[int, int], ...]

    @property
    def ok(self) -> bool:
        """Whether every check passed."""
        return not self.findings

    @property
    def layers(self) -> tuple[int, ...]:
        """Pointwise layers with a finding."""
        return tuple(sorted({f.layer for f in self.findings}))

    def __repr__(self) -> str:
        if self.ok:
            return "Health(ok)"
        shown = [str(f) for f in self.findings[:8]]
        if len(self.findings) > 8:
            shown.append(f"... {len(self.findings) - 8} more")
        return "Health(\n  " + "\n  ".join(shown) + "\n)"


class Monitor:
    """Runs pointwise layers under the checks and keeps the findings."""

    def __init__(self) -> None:
        self.findings: list[Finding] = []
        self.counts: list[tuple[int, int]] = []
        self.spent = False

    @property
    def health(self) -> Health:
        """What was found so far."""
        return Health(tuple(self.findings), tuple(self.counts))

    def advance(
        self, z: State, step: Callable[[State], State], gaussian: Callable[[State], State],
        bounds: tuple[float, float], finite: bool = False,
    ) -> State:
        """A pointwise layer whose output means and covariance are possible.

        Parameters
        ----------
        z : State
            In front of it.
        step, gaussian : callable
            State to state, and to the means and variances of K = 2.
        bounds : (float, float)
            Range of the activation.
        finite : bool
            The sum over diagrams ends by itself, so that no distance from Gaussian is too far.

        Raises
        ------
        DivergenceError
            If the Gaussian step itself leaves the finite numbers.
        """
        layer, keep = len(self.counts) + 1, np.ones(z.width, bool)
        self.counts.append((0, z.width))
        self.check_input(z)
        higher = z.third is not None or z.fourth is not None
        if higher:
            z, keep = self._neglect(z, keep, implausible(z, finite), layer)
            if self.spent or (~keep).mean() > SHARE:
                self.spent = True
                rest = [("expansion given up", tuple(np.flatnonzero(keep)), (~keep).mean())]
                z, keep = self._neglect(z, keep, rest, layer)
        y = step(z)
        if higher and not _finite(y):
            everything = [("expansion not finite", tuple(np.flatnonzero(keep)), math.inf)]
            z, keep = self._neglect(z, keep, everything, layer)
            y = step(z)
        if higher:
            self.doubtful = ~keep
            y = self._patched(y, lambda: gaussian(z), layer, bounds)
            self.spent |= bool(self.doubtful.mean() > SHARE)
            y, lowest = repaired(y)
            if lowest is not None:
                self.findings.append(Finding(
                    layer, "covariance not positive semidefinite", (), lowest,
                    "replaced by the nearest that is",
                ))
        self.counts[-1] = (int((~keep).sum()), z.width)
        if not _finite(y):
            raise DivergenceError(
                f"layer {layer}: the Gaussian step leaves the finite numbers; rescale the weights "
                "or use dtype='float64'"
            )
        return y

    def _patched(
        self, y: State, gaussian: Callable[[], State], layer: int, bounds: tuple[float, float]
    ) -> State:
        """Means and variances that no law has, replaced by those of the Gaussian step."""
        xp, wrong = y.xp, impossible(y, bounds)
        if not wrong:
            return y
        low, values = gaussian(), {"mean": y.mean, "variance": y.variance}
        for check, quantity, bad, worst in wrong:
            self.doubtful |= bad
            units = tuple(int(u) for u in np.flatnonzero(bad))
            self.findings.append(Finding(layer, check, units, worst, f"{quantity} of K = 2 there"))
            values[quantity] = xp.where(xp.flags(bad), getattr(low, quantity), values[quantity])
        covariance = None if y.diagonal_covariance else (
            lambda: xp.with_diagonal(y.covariance, values["variance"])
        )
        return State(xp, values["mean"], lambda: values["variance"], covariance, y.third, y.fourth)

    def check_input(self, z: State) -> None:
        """Variances in front of a layer must be possible whatever the closure."""
        variance = z.xp.detached(z.variance)
        if not np.isfinite(variance).all() or not np.isfinite(z.xp.detached(z.mean)).all():
            raise DivergenceError(
                f"means or variances in front of pointwise layer {len(self.counts)} are not "
                "finite; rescale the weights or use dtype='float64'"
            )
        if (variance < 0).any():
            raise DomainError(
                f"unit {int(variance.argmin())} in front of pointwise layer {len(self.counts)} "
                f"has variance {variance.min():.3g}; the covariance given is not positive "
                "semidefinite"
            )

    def _neglect(self, z: State, keep: Any, wrong: Any, layer: int) -> tuple[State, Any]:
        if not wrong:
            return z, keep
        keep = keep.copy()
        for check, units, worst in wrong:
            new = tuple(int(u) for u in units if keep[u])
            self.findings.append(Finding(layer, check, new, worst))
            keep[list(units)] = False
        return z.masked(z.xp.asarray(keep.astype(float))), keep


def implausible(z: State, finite: bool = False) -> list[tuple[str, tuple[int, ...], float]]:
    """Units whose own cumulants no law has, or that are too far from Gaussian to expand."""
    blocks = [z.block((3,)), z.block((4,))]
    third, fourth = (0.0 if b is None else z.xp.detached(b).astype(float) for b in blocks)
    variance = z.xp.detached(z.variance).astype(float)
    safe = np.where(variance > 0, variance, 1.0)
    with np.errstate(all="ignore"):
        skewness = np.where(variance > 0, third / safe**1.5, 0.0)
        kurtosis = np.where(variance > 0, fourth / safe**2, 0.0)
        slack = kurtosis + 2 - skewness**2
    found = []
    for check, bad, value in (
        ("kappa_4 + 2 kappa_2^2 < kappa_3^2 / kappa_2 at the input", ~(slack >= -1e-6), slack),
        (f"skewness beyond {SKEWNESS:g}", ~(abs(skewness) <= SKEWNESS), -abs(skewness)),
        (f"excess kurtosis beyond {KURTOSIS:g}", ~(kurtosis <= KURTOSIS), -kurtosis),
    ):
        if bad.any() and not (finite and "beyond" in check):
            found.append((check, tuple(np.flatnonzero(bad)), float(abs(value[bad]).max())))
    return found


def impossible(
    y: State, bounds: tuple[float, float]
) -> list[tuple[str, str, np.ndarray, float]]:
    """Means and variances behind a layer that no law has."""
    xp = y.xp
    mean, variance = xp.detached(y.mean).astype(float), xp.detached(y.variance).astype(float)
    size = variance.clip(0) + mean**2
    room = 1e3 * xp.epsilon * (size + size.mean())
    slack = 1e3 * xp.epsilon * (abs(mean) + np.sqrt(size.mean()))
    found = []
    for check, quantity, bad, value in (
        ("variance below zero", "variance", ~(variance >= -room), variance),
        ("mean outside the range of the activation", "mean",
         ~((mean >= bounds[0] - slack) & (mean <= bounds[1] + slack)), mean),
    ):
        if bad.any():
            found.append((check, quantity, bad, float(value[bad].min())))
    return found


def _finite(y: State) -> bool:
    parts = [y.mean, y.variance] + ([] if y.diagonal_covariance else [y.covariance])
    return all(bool(np.isfinite(y.xp.detached(a)).all()) for a in parts)


def repaired(y: State) -> tuple[State, float | None]:
    """The state with the nearest positive semidefinite covariance, and the eigenvalue that fell.

    The second part is None where nothing had to be done.
    """
    if y.diagonal_covariance:
        return y, None
    xp = y.xp
    cov = xp.detached(y.covariance).copy()
    room = 10 * len(cov) * xp.epsilon * max(float(np.trace(cov)) / len(cov), 0.0)
    cov.ravel()[:: len(cov) + 1] += room
    (factor,) = get_lapack_funcs(("potrf",), (cov,))
    if factor(cov.T, overwrite_a=True, clean=False)[1] == 0:  # a Cholesky factor exists
        return y, None
    values, vectors = xp.eigh(y.covariance)
    lowest = float(xp.detached(values).min())
    if lowest >= -room:
        return y, None
    nearest = (vectors * xp.where(values > 0, values, 0 * values)) @ vectors.T
    variance = xp.diagonal(nearest)
    return State(xp, y.mean, lambda: variance, lambda: nearest, y.third, y.fourth), lowest
