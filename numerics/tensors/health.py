"""Cumulants that no law has or that the expansion does not know: detection, and what is done.

Behind a pointwise layer a closure with K > 2 expands around Gaussian units. The expansion is
asymptotic, and is stopped where its orders no longer fall. For every unit D is what third and
fourth cumulants add to its mean and variance, and E what they add in the first order neglected
(`orders`):

- a layer knows what it adds up to the relative error q, q^2 = sum E^2 / sum D^2 over its units. The
  cumulants behind it inherit this; errors of the layers add in squares, u^2 = sum q^2;
- of the square of what was added, D^2, the part u^2 D^2 is then error and (1 - u^2) D^2 what K = 2
  lacks: the expansion helps as long as u^2 < 1/2, which is the one bound that is set here;
- where a layer would go beyond that, its units with E >= D, whose orders do not fall, are treated
  as Gaussian in that layer: their third and fourth cumulants are neglected, as under K = 2. Each
  loses D, so that q^2 = sum min(D, E)^2 / sum D^2;
- where that is not enough, the order K is given up: behind that layer the results are those of
  K - 1 from the input on, under the same checks, and at last those of K = 2, which needs none.
  Third cumulants are then those that Gaussian units in front leave behind.

What no law has is certain, whatever the estimate: units with kappa_4 + 2 kappa_2^2 <
kappa_3^2 / kappa_2 in front of a layer, which count what kappa_4 lacks in E, take mean and variance
from K = 2 if E >= D; a mean or variance behind the layer that no law has is replaced by that of
K = 2, which is the exact one of a Gaussian input; a covariance matrix with negative eigenvalues by
the nearest one without. Whatever is found and done is a `Finding`.

How far this goes, in errors of the means of a layer over those of K = 2, on random networks that
were not used to choose it, without biases and against a million samples. He relu networks of depth
32 and width 16 give K = 3 up behind 4 layers and K = 4 behind 5 (medians of 12), at width 64 behind
16 and 10 (of 4 and 2): at the end the ratio is 1 in all. In the layers before, its geometric mean
is 0.41 and 0.23 at width 16, 0.37 and 0.17 at width 64; it is above 1 in 1 of 41, none of 52, 3 of
55 and 2 of 23 layers, at most 1.20, 1.40 and 1.04. So single layers in front of where the order is
given up can be worse than K = 2: the estimate is right to about a factor of two. Errors of
variances are above those of K = 2 in 3 of the 41 layers, up to 2.6 times, and in none of the
others. Not seen is what the covariances of different units lack: tanh networks with gain 1.3,
depth 16 and width 64 keep K = 3, with errors of variances 0.84 times those of K = 2 on average and
1.1 to 1.3 times at the end.

References
----------
Dingle, Asymptotic Expansions (1973): truncation at the smallest term.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from scipy.linalg.lapack import get_lapack_funcs

from cumulant_theory.claims import claim
from cumulant_theory.errors import DivergenceError, DomainError
from cumulant_theory.latex.html import Record, record

from .display import health_card
from .orders import Orders, orders
from .powers import Powers
from .state import State
from .steps import Layer

LIMIT = 0.5  # of u^2
LACKING = "kappa_4 + 2 kappa_2^2 < kappa_3^2 / kappa_2 at the input"
RISING = "first neglected order not below the one kept"
USED = "used; what kappa_4 lacks is in the estimated error"
ALONE = "mean and variance of K = 2 there"
GAUSSIAN = "treated as Gaussian there"


@dataclass(frozen=True)
class Finding(Record):
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
    action: str

    def _repr_html_(self) -> str:
        return record(self, check=claim(self.check), action=claim(self.action))

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
        Per pointwise layer, the number of units treated as Gaussian for what was found, all where
        K = 2 stands behind it, and the width.
    orders : tuple of int
        Per pointwise layer, the K whose results stand behind it.
    errors : tuple of float
        Per pointwise layer, the estimated relative error u of what third and fourth cumulants add
        to means and variances, 0 where they add nothing.
    """

    findings: tuple[Finding, ...]
    gaussian_units: tuple[tuple[int, int], ...]
    orders: tuple[int, ...]
    errors: tuple[float, ...]

    @property
    def ok(self) -> bool:
        """Whether every check passed; K = 1 and 2 need none, whatever their error."""
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

    def _repr_html_(self) -> str:
        return health_card(self)


class Monitor:
    """Runs the pointwise layers of one order K under the checks and keeps the findings."""

    def __init__(self, order: int) -> None:
        self.order = order
        self.findings: list[Finding] = []
        self.counts: list[tuple[int, int]] = []
        self.orders: list[int] = []
        self.squares: list[float] = []  # u^2

    @property
    def health(self) -> Health:
        """What was found so far."""
        errors = tuple(math.sqrt(u) for u in self.squares)
        return Health(tuple(self.findings), tuple(self.counts), tuple(self.orders), errors)

    def advance(self, z: State, layer: Layer) -> State | None:
        """A pointwise layer whose output means and covariance are possible.

        None where the order is given up: the results behind are then to be taken from a lower one,
        see `continued`.

        Raises
        ------
        DivergenceError
            If the Gaussian step itself leaves the finite numbers.
        """
        self.counts.append((0, z.width))
        self.orders.append(self.order)
        self.squares.append(self.squares[-1] if self.squares else 0.0)
        few = self.few(z)
        self.check_input(few)
        powers = layer.powers(few)
        higher = powers.z.third is not None or powers.z.fourth is not None
        if not higher:
            y = self.spread(layer.step(powers), z)
            if not _finite(self.few(y)):
                raise DivergenceError(
                    f"layer {len(self.counts)}: the Gaussian step leaves the finite numbers; "
                    "rescale the weights or use dtype='float64'"
                )
            return y
        alone = np.zeros(few.width, bool)
        if layer.endless:
            used, alone = self._judged(powers)
            if used is None:
                return None
            powers = powers if used.all() else layer.powers(
                few.masked(few.xp.asarray(used.astype(float)))
            )
        y = layer.step(powers)
        if not _finite(y):
            self._report("expansion not finite", None, math.inf)
            return None
        y = self._patched(y, lambda: layer.gaussian(few), layer.phi.bounds, alone)
        y, lowest = self.repaired(self.spread(y, z))
        if lowest is not None:
            self._report("covariance not positive semidefinite", None, lowest,
                         "replaced by the nearest that is")
        return y

    def continued(self, below: "Monitor") -> None:
        """Take over what a lower order found from the layer on where this one was given up."""
        layer = len(self.counts)
        given_up = f"K = {below.orders[layer - 1]} from the input on, there and behind"
        self.findings[-1] = replace(self.findings[-1], action=given_up)
        self.findings += [f for f in below.findings if f.layer >= layer]
        for name in ("counts", "orders", "squares"):
            getattr(self, name)[layer - 1 :] = getattr(below, name)[layer - 1 :]
        behind = zip(self.counts, self.orders, strict=True)
        self.counts = [(n if k == 2 else some, n) for (some, n), k in behind]

    def few(self, z: State) -> State:
        """The units that stand for all."""
        return z

    def spread(self, few: State, z: State) -> State:
        """The units that stand for all, made as many as in front."""
        return few

    def repaired(self, y: State) -> tuple[State, float | None]:
        """See `repaired`."""
        return repaired(y)

    def _judged(self, powers: Powers) -> tuple[np.ndarray | None, np.ndarray]:
        """Units whose third and fourth cumulants may be used, and units to be replaced alone.

        The former is None where the order is to be given up.
        """
        found = orders(powers)
        kept, neglected = found.kept, found.neglected
        lacking, rising = found.lacking > 0, (neglected >= kept) & (neglected > 0)
        before, used = self.squares[-1], np.ones(len(kept), bool)
        square, alone = before + _ratio(neglected.sum(), kept.sum()), lacking & rising
        within = square <= LIMIT
        if not within:
            used, alone = ~rising, alone & False
            square = before + _ratio(np.minimum(kept, neglected).sum(), kept.sum())
        self.squares[-1] = square
        self._report_units(found, lacking & ~rising, LACKING, USED)
        self._report_units(found, lacking & rising, LACKING, ALONE if within else GAUSSIAN)
        if not within:
            self._report_units(found, rising & ~lacking, RISING, GAUSSIAN)
        if square > LIMIT:
            self._report("estimated relative error of the expansion", None, math.sqrt(square))
            return None, alone
        self.counts[-1] = (int((~used).sum()), self.counts[-1][1])
        return used, alone

    def _report_units(self, found: Orders, units: np.ndarray, check: str, action: str) -> None:
        if units.any():
            worst = found.lacking if check == LACKING else _ratio(found.neglected, found.kept)
            self._report(check, units, worst[units].max(), action)

    def _report(self, check: str, units: Any, worst: Any, action: str = "") -> None:
        places = () if units is None else tuple(int(u) for u in np.flatnonzero(units))
        self.findings.append(Finding(len(self.counts), check, places, float(worst), action))

    def _patched(
        self, y: State, gaussian: Callable[[], State], bounds: tuple[float, float],
        alone: np.ndarray,
    ) -> State:  # fmt: skip
        """Means and variances that no law has, and those of given units, replaced by K = 2."""
        xp, wrong = y.xp, impossible(y, bounds)
        if not wrong and not alone.any():
            return y
        low, values = gaussian(), {"mean": y.mean, "variance": y.variance}
        wrong += [("", name, alone, 0.0) for name in values if alone.any()]
        for check, quantity, bad, worst in wrong:
            if check:
                self._report(check, bad, worst, f"{quantity} of K = 2 there")
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
        found = np.where(above == 0, 0.0, above / np.where(above == 0, 1.0, below))
    return np.where(np.isnan(found), math.inf, found)[()]


def impossible(
    y: State, bounds: tuple[float, float]
) -> list[tuple[str, str, np.ndarray, float]]:
    """Means and variances behind a layer that no law has."""
    xp = y.xp
    mean, variance = xp.detached(y.mean).astype(float), xp.detached(y.variance).astype(float)
    spread, size = variance.clip(0), variance.clip(0) + mean**2
    room = 1e3 * xp.epsilon * (spread + spread.mean())
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
    values, vectors = np.linalg.eigh(xp.detached(y.covariance).astype(float))
    lowest = float(values[0])
    if lowest >= -room:
        return y, None
    # divided differences of x -> max(x, 0), so that gradients need none of single eigenvectors
    top = values.clip(0)
    gap = values[:, None] - values
    slope = np.where(gap == 0, values > 0, (top[:, None] - top) / np.where(gap == 0, 1.0, gap))
    frame = xp.asarray(vectors)
    nearest = frame @ (xp.asarray(slope) * (frame.T @ y.covariance @ frame)) @ frame.T
    variance = xp.diagonal(nearest)
    return State(xp, y.mean, lambda: variance, lambda: nearest, y.third, y.fourth), lowest


def check_underflow(y: State, z: State, weight: Any, bias: Any, place: int) -> None:
    """Products in front of a pointwise layer must stay within the range of the floating type.

    A unit counts if it is not below rounding next to the others; its cumulants are those of its
    deviation to the power of their order.

    Raises
    ------
    DomainError
        If cumulants of such a unit vanish only because they are too small.
    """
    xp = y.xp
    order = 4 if z.fourth is not None else 3 if z.third is not None else 2
    kind = "float32" if xp.epsilon > 1e-10 else "float64"
    smallest = float(np.finfo(kind).tiny)
    alike = hasattr(weight, "own")  # a matrix that treats all units alike, so one stands for all
    variance = xp.detached(y.variance[:1] if alike else y.variance)
    if max(float(variance.min()), 0.0) ** (order / 2) >= smallest:
        return
    if alike:
        w = np.array([[float(weight.own + weight.shared), float(weight.shared)]])
    else:
        w = xp.detached(weight).astype(float)
    mean, spread = (abs(xp.detached(a).astype(float)) for a in (z.mean, z.variance))
    w = abs(w)
    deviations = (w * np.sqrt(spread[: w.shape[1]])).max(1)
    means = (w * mean[: w.shape[1]]).max(1)
    shift = 0.0 if bias is None else float(abs(xp.detached(bias)).max())
    size = max(deviations.max(), means.max(), shift)
    for what, value, power, largest in (
        ("variance or higher cumulants", deviations, order, deviations.max()),
        ("mean", means, 1, size),
    ):
        bad = (value > xp.epsilon * largest) & (value**power < smallest)
        if bad.any():
            at = int(np.argmax(bad))
            raise DomainError(
                f"weight {place}: the {what} of unit {at} behind it, of deviation about "
                f"{deviations[at]:.1e}, are too small for {kind}; use dtype='float64' or "
                "rescale the weights"
            )
