"""Detection of cumulants that no law has or that the expansion does not know, and what is done then.

Behind a pointwise layer a closure with K > 2 expands around Gaussian units. The expansion is
asymptotic: units that are almost never active and deep narrow networks take it past its smallest
term. Its error is estimated from the orders of every unit's mean and variance (`orders`), D what
third and fourth cumulants add to them and E what is neglected first:

- a layer knows what it adds up to the relative error q, q^2 = sum E^2 / sum D^2 over its units. The
  cumulants behind it inherit this; errors of independent layers add in squares, u^2 = sum q^2;
- of the square of what is added, D^2, the part u^2 D^2 is then error and (1 - u^2) D^2 what K = 2
  lacks. So third and fourth cumulants help as long as u^2 < 1/2;
- where a layer would go beyond that, its units with E > D, whose series diverges, are treated as
  Gaussian in that layer: their joint third and fourth cumulants are neglected. Each counts as an
  error as large as what it loses, at most what the other units add on average;
- where that is not enough, the expansion is given up: from there on the results are those of K = 2
  from the input on. To go on with K = 2 from the cumulants found so far is better or worse from
  one network to another.

Two more checks, at every K > 2: a mean or variance behind a layer that no law has is replaced by
that of K = 2, and a covariance matrix with negative eigenvalues by the nearest one without. Whatever
is done is a `Finding`.

References
----------
Barton & Dennis, Biometrika 39, 425 (1952), on the expansion; Dingle, Asymptotic Expansions (1973),
on truncation at the smallest term.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from scipy.linalg.lapack import get_lapack_funcs

from cumulant_theory.closures import Closure, Diagrams
from cumulant_theory.errors import DivergenceError, DomainError

from .maps import PointwiseMap
from .orders import Orders, orders
from .state import State

LIMIT = 0.5  # of u^2
DIVERGES = "first neglected order beyond the last kept one"
GIVEN_UP = "K = 2 from the input on, there and in all layers behind"
LACKING = "kappa_4 + 2 kappa_2^2 < kappa_3^2 / kappa_2 at the input"


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
    errors : tuple of float
        Per pointwise layer, the estimated relative error of what third and fourth cumulants add to
        means and variances, 0 where there are none. Beyond the root of 1/2 it is not used.
    """

    findings: tuple[Finding, ...]
    gaussian_units: tuple[tuple[int, int], ...]
    errors: tuple[float, ...]

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


class Layer(NamedTuple):
    """A pointwise layer as the checks see it.

    Attributes
    ----------
    phi : PointwiseMap
    closure : Closure
    step : callable
        State to state.
    gaussian : callable
        The same without third and fourth cumulants in front.
    means : callable
        State to the means and variances of K = 2.
    """

    phi: PointwiseMap
    closure: Closure
    step: Callable[[State], State]
    gaussian: Callable[[State], State]
    means: Callable[[State], State]


class Monitor:
    """Runs pointwise layers under the checks and keeps the findings."""

    def __init__(self) -> None:
        self.findings: list[Finding] = []
        self.counts: list[tuple[int, int]] = []
        self.squares: list[float] = []  # u^2
        self.spent = False

    @property
    def health(self) -> Health:
        """What was found so far."""
        errors = tuple(math.sqrt(u) for u in self.squares)
        return Health(tuple(self.findings), tuple(self.counts), errors)

    def advance(
        self, z: State, layer: Layer, again: Callable[[], State]
    ) -> tuple[State, State]:
        """A pointwise layer whose output means and covariance are possible.

        Parameters
        ----------
        z : State
            In front of it.
        layer : Layer
        again : callable
            The state in front under K = 2 from the input on.

        Returns
        -------
        (State, State)
            In front, another state than before where the expansion is given up here; and behind.

        Raises
        ------
        DivergenceError
            If the Gaussian step itself leaves the finite numbers.
        """
        self.counts.append((0, z.width))
        self.squares.append(self.squares[-1] if self.squares else 0.0)
        self.check_input(self.few(z))
        higher = not self.spent and (z.third is not None or z.fourth is not None)
        used = self._judged(z, layer) if higher else z
        y = None if used is None else self._behind(used, layer, higher)
        if y is None:
            self.spent, z = True, again()
            y = self._behind(z, layer, False)
        if self.spent:
            self.counts[-1] = (z.width, z.width)
        if y is None or not _finite(self.few(y)):
            raise DivergenceError(
                f"layer {len(self.counts)}: the Gaussian step leaves the finite numbers; rescale "
                "the weights or use dtype='float64'"
            )
        return z, y

    def few(self, z: State) -> State:
        """The units that stand for all."""
        return z

    def applied(self, z: State, step: Callable[[State], State]) -> State:
        """A step from the units that stand for all to all."""
        return step(z)

    def repaired(self, y: State) -> tuple[State, float | None]:
        """See `repaired`."""
        return repaired(y)

    def _judged(self, z: State, layer: Layer) -> State | None:
        """What the layer may use; None where the expansion is to be given up."""
        if layer.phi.degree is not None and not isinstance(layer.closure, Diagrams):
            return z  # the sum over diagrams ends by itself
        found = orders(self.few(z), layer.phi, layer.closure)
        kept, neglected = found.kept, found.neglected
        wrong = ~(neglected <= kept)
        square = self.squares[-1] + _ratio(neglected.sum(), kept.sum())
        if square <= LIMIT:
            self.squares[-1] = square
            return z
        others = kept[~wrong]
        lost = np.minimum(kept[wrong], others.mean() if others.size else math.inf).sum()
        rest = _ratio(neglected[~wrong].sum() + lost, others.sum() + lost)
        self.squares[-1] += rest
        for check, units, worst in (
            (LACKING, wrong & (found.lacking > 0), found.lacking),
            (DIVERGES, wrong & ~(found.lacking > 0), np.sqrt(_ratio(neglected, kept))),
        ):
            if units.any():
                places = tuple(int(u) for u in np.flatnonzero(units))
                self._report(check, places, float(worst[units].max()))
        if not self.squares[-1] <= LIMIT:
            error = math.sqrt(self.squares[-1])
            self._report("estimated error of the expansion", (), error, GIVEN_UP)
            return None
        self.counts[-1] = (int(wrong.sum()), z.width)
        return z.masked(z.xp.asarray((~wrong).astype(float)))

    def _report(
        self, check: str, units: tuple[int, ...], worst: float, action: str = Finding.action
    ) -> None:
        self.findings.append(Finding(len(self.counts), check, units, worst, action))

    def _behind(self, z: State, layer: Layer, higher: bool) -> State | None:
        """The state behind the layer, made possible; None where it is not finite."""
        if not higher:
            return self.applied(z, layer.gaussian if self.spent else layer.step)
        wild = []

        def checked(few: State) -> State:
            y = layer.step(few)
            wild.append(not _finite(y))
            return y if wild[0] else self._patched(y, lambda: layer.means(few), layer.phi.bounds)

        y = self.applied(z, checked)
        if wild[0]:
            self._report("expansion not finite", (), math.inf, GIVEN_UP)
            return None
        y, lowest = self.repaired(y)
        if lowest is not None:
            self._report("covariance not positive semidefinite", (), lowest,
                         "replaced by the nearest that is")
        return y

    def _patched(
        self, y: State, gaussian: Callable[[], State], bounds: tuple[float, float]
    ) -> State:
        """Means and variances that no law has, replaced by those of the Gaussian step."""
        xp, wrong = y.xp, impossible(y, bounds)
        if not wrong:
            return y
        low, values = gaussian(), {"mean": y.mean, "variance": y.variance}
        for check, quantity, bad, worst in wrong:
            units = tuple(int(u) for u in np.flatnonzero(bad))
            self._report(check, units, worst, f"{quantity} of K = 2 there")
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


def _ratio(above: Any, below: Any) -> Any:
    """The ratio, 0 where nothing stands above."""
    with np.errstate(all="ignore"):
        return np.where(above == 0, 0.0, above / np.where(above == 0, 1.0, below))[()]


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
