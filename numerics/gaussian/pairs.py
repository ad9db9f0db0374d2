"""Covariances of functions of two jointly Gaussian units, and of their derivatives."""

from collections.abc import Mapping
from contextlib import suppress
from math import comb
from typing import Any, ClassVar

import numpy as np

from cumulant_theory.activations import Activation
from cumulant_theory.activations.growth import check_gaussian_mean
from cumulant_theory.arguments import brief, explained
from cumulant_theory.errors import DivergenceError, DomainError, ShapeError

from ..backends import get_backend
from ..backends.numpy import as_float64, is_tensor
from .coefficients import Coefficient, Estimate, closed_form, wick
from .jets import jets, jumps, knots
from .moments import density, hermite
from .quadrature import EPS, adapt, check_reach, first_panels, integral, nodes, origin
from .waves import SPREAD, covariance, is_wave

Array = np.ndarray
Activations = tuple[Activation, Activation]

# Correlations up to which the series in the covariance is short: with and without closed forms,
# since high derivatives of a function without one are dear.
_SMALL = {True: 0.1, False: 1e-3}
_TERMS = 60
_NARROW = 0.05  # deviations below which the series is short whatever the correlation,
_APART = 40.0  # unless a knot lies within so many of them
_CHUNK = 32  # elements at a time
# Edges around the image of a feature, in units of the width that is left given the other unit.
_NEAR = np.array([-8, -3, -1, 0, 1, 3, 8.0])


@explained
def pair(
    activations: Activations, powers: tuple[int, int], means: Any, variances: Any,
    covariance: Any, orders: tuple[int, int] = (0, 0),
) -> Any:
    """Cov(phi(x)^p, psi(y)^q) of jointly Gaussian x, y, in float64.

    With ``orders`` (a, b) its derivative of order a by the first mean and b by the second:
    E[(phi^p)^(a) (psi^q)^(b)] - E[(phi^p)^(a)] E[(psi^q)^(b)].

    Parameters
    ----------
    activations
        (phi, psi), without free parameters.
    powers
        (p, q), from 1 up.
    means, variances
        Pairs of numbers, arrays or torch tensors; all broadcast with the covariance.
    covariance
        Number, array or tensor.
    orders
        (a, b), from 0 up.

    Returns
    -------
    array or tensor
        A tensor if one was given; it can be differentiated any number of times.

    Raises
    ------
    DomainError
        If a variance is negative, the correlation is beyond 1, or a value is not finite.
    DivergenceError
        If the activations grow so fast that the covariance is infinite.

    Notes
    -----
    For small correlations Mehler's series; otherwise one function is averaged given the other
    unit, which leaves one adaptive integral. Derivatives beyond a kink are taken at the kink.

    References
    ----------
    Price, IRE Trans. Inf. Theory 4, 69 (1958): derivatives in the covariance.

    Examples
    --------
    >>> from cumulant_theory.activations import ReLU
    >>> round(float(pair((ReLU(), ReLU()), (1, 1), (0, 0), (1, 1), 0.5)), 6)
    0.145344
    """
    for value, what in ((means, "means"), (variances, "variances")):
        count = 0
        if not isinstance(value, (str, bytes, Mapping)):
            with suppress(TypeError):  # of what has no length
                count = len(value)
        if count != 2:
            raise ShapeError(f"pair: {what} is {brief(value)}; pass two, one for each unit")
    given = (*means, *variances, covariance)
    function = PairFunction(activations, powers, orders)
    if any(map(is_tensor, given)):
        backend: Any = get_backend("torch")
        return backend.smooth(function, given)[0]
    return function(*given)[0]


class PairFunction:
    """The covariance as a function of (mean, mean, variance, variance, covariance).

    Its derivatives are such functions again: see ``slopes``.
    """

    names: ClassVar[tuple[str, ...]] = ("mean", "mean", "variance", "variance", "covariance")

    def __init__(
        self, activations: Activations, powers: tuple[int, int], orders: tuple[int, int]
    ) -> None:
        self.activations: Activations = activations
        self.powers: tuple[int, int] = powers
        self.orders: tuple[int, int] = orders

    def __call__(self, *given: Any) -> tuple[Array, Array]:
        """The values, and estimates of their absolute errors."""
        arrays = [as_float64(x, name) for x, name in zip(given, self.names, strict=True)]
        try:
            arrays = np.broadcast_arrays(*arrays)
        except (ValueError, RuntimeError) as error:
            raise ShapeError(f"pair: the moments do not broadcast to one shape: {error}") from None
        m1, m2, v1, v2, c = (np.array(x, dtype=float).ravel() for x in arrays)
        phi, psi = self.activations
        if not all(np.isfinite(x).all() for x in (m1, m2, v1, v2, c)):
            raise DomainError(f"pair of {phi!r} and {psi!r}: a moment is not finite")
        lowest = min(v1.min(initial=0.0), v2.min(initial=0.0))
        if lowest < 0:
            raise DomainError(
                f"pair of {phi!r} and {psi!r}: the variance {lowest} is negative; pass one above 0"
            )
        with np.errstate(all="ignore"):
            limit = np.sqrt(v1) * np.sqrt(v2)
            beyond = np.abs(c) > limit * (1 + 1e-9)
            if beyond.any():
                raise DomainError(
                    f"pair of {phi!r} and {psi!r}: the covariance {c[beyond][0]} is beyond the "
                    f"product {limit[beyond][0]} of the standard deviations"
                )
            c = np.clip(c, -limit, limit)
            self._check_growth(m1, m2, v1, v2, c)
            values, errors = np.zeros_like(c), np.zeros_like(c)
            small = self._small(m1, m2, v1, v2, np.abs(c) / np.where(limit > 0, limit, 1.0))
            waves = np.zeros_like(small)
            if all(map(is_wave, self.activations)):
                waves = np.maximum(v1, v2) > SPREAD**2
            for part, route in (
                (waves, self._waves), (small & ~waves & (c != 0), self._series),
                (~small & ~waves, self._integral),
            ):
                places = np.flatnonzero(part)
                for k in range(0, len(places), _CHUNK):
                    at = places[k : k + _CHUNK]
                    values[at], errors[at] = route(m1[at], m2[at], v1[at], v2[at], c[at])
        if not np.isfinite(values).all():
            raise DomainError(
                f"the covariance of {phi!r} and {psi!r} leaves the finite float64 numbers; rescale "
                "the means or variances"
            )
        return values.reshape(arrays[0].shape), errors.reshape(arrays[0].shape)

    def _small(self, m1: Array, m2: Array, v1: Array, v2: Array, rho: Array) -> Array:
        """Where the series in the covariance is short."""
        closed = all(map(closed_form, self.activations, self.powers))
        narrow = np.ones_like(rho, dtype=bool)
        for f, mean, v in zip(self.activations, (m1, m2), (v1, v2), strict=True):
            s = np.sqrt(v)
            narrow &= s <= _NARROW
            for c in knots(f):
                narrow &= np.abs(c - mean) > _APART * s
        return narrow | (rho <= _SMALL[closed])

    def _check_growth(self, m1: Array, m2: Array, v1: Array, v2: Array, c: Array) -> None:
        """Raise unless E phi(x)^p psi(y)^q is finite and within the reach of the quadrature.

        Where the functions grow like exp(d x^2 / 2) and exp(e y^2 / 2), the integrand decays like
        the normal density of precision Sigma^-1 - diag(d, e), if that is positive definite.
        """
        phi, psi = self.activations
        d, e = (2 * p * f.growth for f, p in zip(self.activations, self.powers, strict=True))
        if not (d or e) or not (v1.any() or v2.any()):
            return
        what = f"{phi!r} and {psi!r}"
        for f, p, v in zip(self.activations, self.powers, (v1, v2), strict=True):
            check_gaussian_mean(f, p, v.max())
        determinant = (1 - d * v1) * (1 - e * v2) - d * e * c * c
        if (determinant <= 1e-6).any():
            raise DivergenceError(
                f"the mean of the product of {what} is infinite: both grow like exp(c z^2), and "
                "the units vary too much together; scale the weights down, or take functions "
                "that grow slower"
            )
        for b, m, n, v, w in ((e, m1, m2, v1, v2), (d, m2, m1, v2, v1)):
            centre = ((1 - b * w) * m + b * c * n) / determinant
            width = np.sqrt((v * (1 - b * w) + b * c * c) / determinant)
            check_reach(what, m, np.sqrt(v), centre, width)

    @property
    def slopes(self) -> Any:
        """By argument: sum of coefficient * product of (function, its arguments' positions)."""
        a, b = self.orders

        def moved(i: int, j: int) -> Any:
            return PairFunction(self.activations, self.powers, (a + i, b + j)), (0, 1, 2, 3, 4)

        one, two = (
            (Coefficient(f, k + 1, p), (i, i + 2))
            for i, (f, p, k) in enumerate(
                zip(self.activations, self.powers, self.orders, strict=True)
            )
        )
        return (
            ((1.0, (moved(1, 0),)),), ((1.0, (moved(0, 1),)),),
            ((0.5, (moved(2, 0),)),), ((0.5, (moved(0, 2),)),),
            ((1.0, (moved(1, 1),)), (1.0, (one, two))),
        )

    def _series(self, m1: Array, m2: Array, v1: Array, v2: Array, c: Array) -> Estimate:
        """sum_k c^k / k! omega^(a+k) omega^(b+k)."""
        (f, g), (p, q), (a, b) = self.activations, self.powers, self.orders
        total, factor, quiet = np.zeros_like(c), np.ones_like(c), 0
        size = np.zeros_like(c)
        for k in range(1, _TERMS + 1):
            factor = factor * c / k
            left, right = (
                np.asarray(wick(*order, mean, v).values) for order, mean, v in
                (((f, a + k, p), m1, v1), ((g, b + k, q), m2, v2))
            )
            term = factor * left * right
            total, size = total + term, size + np.abs(term)
            # every other term of an odd or even function is zero
            quiet = quiet + 1 if (np.abs(term) <= EPS / 4 * np.abs(total)).all() else 0
            if quiet == 2:
                return total, 64 * EPS * size
        return self._integral(m1, m2, v1, v2, c)

    def _waves(self, m1: Array, m2: Array, v1: Array, v2: Array, c: Array) -> Estimate:
        """Of sines and cosines, in closed form."""
        return covariance(self.activations, self.powers, self.orders, m1, m2, v1, v2, c)

    def _integral(self, m1: Array, m2: Array, v1: Array, v2: Array, c: Array) -> Estimate:
        """One function averaged given the other unit: the smoother one, if any."""
        (f, g), (p, q), (a, b) = self.activations, self.powers, self.orders
        peaks = _has_peaks(f, p, a), _has_peaks(g, q, b)
        if all(peaks) and (v1 * v2 - c * c <= 4 * EPS * v1 * v2).any():
            raise DomainError(
                f"the covariance of {f!r} and {g!r} has no such derivative at correlation 1; use "
                "weights that do not make two units equal"
            )
        closed = closed_form(f, p) is not None, closed_form(g, q) is not None
        swap = peaks[0] if peaks[0] != peaks[1] else a > b or (a == b and closed == (False, True))
        if swap:
            return _averaged(g, q, b, f, p, a, m2, m1, v2, v1, c)
        return _averaged(f, p, a, g, q, b, m1, m2, v1, v2, c)


def _has_peaks(f: Activation, p: int, a: int) -> bool:
    """Whether the a-th derivative of f^p has delta functions."""
    return any(any(jumps(f, p, i)) for i in range(a))


def _averaged(
    f: Activation, p: int, a: int, g: Activation, q: int, b: int,
    m1: Array, m2: Array, v1: Array, v2: Array, c: Array,
) -> Estimate:
    """E[(h(y) - E h) (g^q)^(b)(y)] with h(y) = E[(f^p)^(a)(x) | y], and its error."""
    slope, s = c / v2, np.sqrt(v2)
    start = origin(m2, s)
    rest = v1 - c * slope
    rest = np.where(rest > 4 * EPS * v1, rest, 0.0)
    overall = np.asarray(wick(f, a, p, m1, v1).values)

    def inner(j: int, y: Array, owner: Array, aside: bool = False) -> Array:
        """j-th derivative of h - E h; ``aside``: right of a kink where y is exactly on it."""
        mean = m1[owner] + slope[owner] * (y - m2[owner])
        if aside and a and knots(f) and not rest.all():
            mean = np.where(np.isin(mean, knots(f)), np.nextafter(mean, np.inf), mean)
        value = np.asarray(wick(f, a + j, p, mean, rest[owner]).values)
        return value - overall[owner] if j == 0 else value * slope[owner] ** j

    def rule(jet: Any, owner: Array, left: Array, right: Array) -> tuple[Array, ...]:
        half, y = nodes(left, right)
        owners = np.broadcast_to(owner[:, None], y.shape)
        x = (y - (m2 - start)[owners]) / s[owners]
        y = y + start[owners]
        value, size = (x.reshape(y.shape) for x in jet(y.ravel()))
        average = inner(0, y.ravel(), owners.ravel(), aside=True).reshape(y.shape)
        weight = density(x) * half / s[owners]
        value, size, average = (np.where(weight == 0, 0.0, u) for u in (value, size, average))
        found, wrong = integral(value * average * weight)
        large, _ = integral(size * (np.abs(average) + np.abs(overall[owners])) * weight)
        return found, wrong, large, 32 * EPS * large  # what the inner means are sure to

    # where the mean given y passes a feature of f
    width = np.sqrt(rest)[:, None] / np.abs(slope)[:, None] + np.zeros_like(_NEAR)
    extra = np.concatenate([
        m2[:, None] + ((k - m1) / slope)[:, None] + step
        for k in {0.0, *knots(f)}
        for step in (width * _NEAR, _NEAR[[1, 2, 4, 5]] / np.abs(slope)[:, None])
    ], axis=1)
    limits = (-np.inf, *knots(g), np.inf)
    panels = []
    for jet, low, high in zip(jets(g, q, b), limits, limits[1:], strict=False):
        owner, left, right = first_panels(m2, s, low, high, limits, extra)
        if owner.size:
            panels.append((jet, owner, left, right))
    total, error = adapt(panels, rule, len(c))
    everyone = np.arange(len(c))
    for place, k in enumerate(knots(g)):
        x = (k - m2) / s
        for i in range(b):
            jump, n = jumps(g, q, i)[place], b - 1 - i
            if not jump:
                continue
            for j in range(n + 1):
                smooth = (-1) ** (n - j) * hermite(n - j, x)[0] * density(x) / s ** (n - j + 1)
                h = inner(j, np.full_like(m2, k), everyone)
                total = total + (-1) ** n * jump * comb(n, j) * h * smooth
    return total, error

