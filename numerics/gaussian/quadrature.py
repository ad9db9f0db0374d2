"""E of the j-th derivative of phi^p times He_{m-j}, by adaptive Gauss-Kronrod panels."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from cumulant_theory.activations import Activation
from cumulant_theory.errors import DomainError

from .jets import Jet, jets, jumps, knots
from .moments import density, hermite

Array = np.ndarray
Panel = tuple[Any, Array, Array, Array]  # function, owners, left and right ends

EPS = float(np.finfo(float).eps)
_REACH = 38.0  # standard deviations within which the density is not zero in float64
_CHUNK = 512  # elements at a time
_DEPTH = 30
_TINY = float(np.finfo(float).tiny)  # below, numbers lose digits, and no panel is ever exact
# The Kronrod rule of 15 points and the Gauss rule of 7 within it (QUADPACK, Piessens et al. 1983).
_NODES = np.array([
    0.991455371120812639206854697526329, 0.949107912342758524526189684047851,
    0.864864423359769072789712788640926, 0.741531185599394439863864773280788,
    0.586087235467691130294144691838259, 0.405845151377397166906606412076961,
    0.207784955007898467600689403773245, 0.0,
])
_KRONROD = np.array([
    0.022935322010529224963732008058970, 0.063092092629978553290700663189204,
    0.104790010322250183839876322541518, 0.140653259715525918745189590510238,
    0.169004726639267902826583426598550, 0.190350578064785409913256402421014,
    0.204432940075298892414161999234649, 0.209482141084727828012999174891714,
])
_GAUSS = np.array([
    0.0, 0.129484966168869693270611432679082, 0.0, 0.279705391489276667901467771423780,
    0.0, 0.381830050505118944950369775488975, 0.0, 0.417959183673469387755102040816327,
])
X = np.concatenate([-_NODES, _NODES[-2::-1]])
K = np.concatenate([_KRONROD, _KRONROD[-2::-1]])
G = np.concatenate([_GAUSS, _GAUSS[-2::-1]])

# Panels start at these distances from the mean, in standard deviations, and from features.
_SPREAD = np.array([0, 2, 4, 6, 8.5, 12, 18, 27, 40.0])
_FEATURE = np.array([0, 1, 3, 8, 20, 40.0])


def check_reach(what: str, mean: Array, scale: Array, centre: Array, width: Array) -> None:
    """Raise where an integrand that decays like another normal density leaves the panels.

    Parameters
    ----------
    what
        The function integrated.
    mean, scale
        Of the normal law, about which the panels lie.
    centre, width
        Of the density that the integrand decays like.

    Raises
    ------
    DomainError
        If part of the integrand lies where the density of the law is zero in float64.
    """
    far = (np.abs(centre - mean) + 9 * width > _REACH * scale) & (scale > 0)
    if far.any():
        m, s = mean[far][0], scale[far][0]
        raise DomainError(
            f"{what}: at mean {m:.6g} and variance {s * s:.6g} the integrand reaches too far for "
            "float64; take a smaller variance, or activation.wick(...).evalf()"
        )


def integrate(
    activation: Activation, m: int, p: int, j: int, mean: Array, scale: Array, odd: bool = False
) -> tuple[Array, Array]:
    """Wick coefficients through j derivatives, with a bound on their absolute error.

    omega^(m) = s^(j-m) E[(d^j phi^p)(mu + s g) He_{m-j}(g)] + sum over knots c and i < j of
    jump_i(c) s^(i-m) He_{m-1-i}((c - mu) / s) density((c - mu) / s).

    An ``odd`` function of the mean is integrated over z > 0 against the difference of the
    densities at z and -z, so that a small mean costs no digit; only j = m knows how.
    """
    values, errors = np.empty_like(mean), np.empty_like(mean)
    functions = jets(activation, p, j)
    limits = (-np.inf, *knots(activation), np.inf)
    odd = odd and not any(any(jumps(activation, p, i)) for i in range(j))
    sign = np.sign(mean) if odd else 1.0
    for start in range(0, len(mean), _CHUNK):
        part = slice(start, start + _CHUNK)
        mu, s = (np.abs(mean[part]) if odd else mean[part]), scale[part]
        values[part], errors[part] = _regular(functions, limits, m - j, mu, s, odd)
        values[part] *= s ** (j - m)
        errors[part] *= s ** (j - m)
    values *= sign
    for i in range(j):
        for c, jump in zip(knots(activation), jumps(activation, p, i), strict=True):
            if jump:
                g = (c - mean) / scale
                he, size = hermite(m - 1 - i, g)
                factor = jump * scale ** (i - m) * density(g)
                values += factor * he
                errors += EPS * np.abs(factor) * (size + np.abs(he) * (4 + g * g))
    return values, errors


def _regular(
    functions: Sequence[Jet], limits: Sequence[float], n: int, mu: Array, s: Array,
    odd: bool,
) -> tuple[Array, Array]:
    """The integral over all pieces, and its error."""
    panels = []
    for f, low, high in zip(functions, limits, limits[1:], strict=False):
        if odd:
            low = max(low, 0.0)
        if low >= high:
            continue
        owner, left, right = first_panels(mu, s, low, high, limits)
        if owner.size:
            panels.append((f, owner, left, right))

    def rule(f: Jet, owner: Array, left: Array, right: Array) -> tuple[Array, ...]:
        return _rule(f, n, mu[owner], s[owner], left, right, odd)

    return adapt(panels, rule, len(mu))


def adapt(
    panels: Sequence[Panel], rule: Callable[..., tuple[Array, ...]], count: int
) -> tuple[Array, Array]:
    """Integrals of ``count`` owners over their panels, halved where needed, and their errors.

    Parameters
    ----------
    panels
        (function, owner, left end, right end) with one owner per panel.
    rule
        Of the same arguments: integral, its error, integral of the size and rounding error.
    """
    total, error, size = (np.zeros(count) for _ in range(3))
    done: list[tuple[Array, Array, Array]] = []
    for depth in range(_DEPTH):
        waiting = []
        for f, owner, left, right in panels:
            value, wrong, large, rounding = rule(f, owner, left, right)
            waiting.append((f, owner, left, right, value, wrong, large, rounding))
            if depth == 0:
                size += np.bincount(owner, large, count)
        panels = []
        for f, owner, left, right, value, wrong, large, rounding in waiting:
            middle = (left + right) / 2
            split = (wrong > 1e-15 * size[owner]) & (wrong > 8 * EPS * large) & (wrong > rounding)
            split &= (wrong > _TINY) & (middle > left) & (middle < right) & (depth < _DEPTH - 1)
            keep = ~split
            done.append((owner[keep], value[keep], wrong[keep] + rounding[keep]))
            if split.any():
                o, a, b, c = owner[split], left[split], middle[split], right[split]
                panels.append((f, np.tile(o, 2), np.r_[a, b], np.r_[b, c]))
        if not panels:
            break
    for owner, value, wrong in done:
        total += np.bincount(owner, value, count)
        error += np.bincount(owner, wrong, count)
    return total, error


def origin(mu: Array, s: Array) -> Array:
    """Where panels have their zero, so that neither small spreads nor features round off."""
    return np.where((s >= 1) & (np.abs(mu) < 1e3 * s), 0.0, mu)


def first_panels(
    mu: Array, s: Array, low: float, high: float, limits: Sequence[float], extra: Any = None
) -> tuple[Array, Array, Array]:
    """Owner, left and right end of the panels of one piece, features at zero and the knots.

    Ends count from the `origin` of the owner. ``extra``: more edges, an array (owners, edges).
    """
    start = origin(mu, s)[:, None]
    around = np.concatenate([-_SPREAD[:0:-1], _SPREAD])
    features = np.concatenate([
        c + np.concatenate([-_FEATURE[:0:-1], _FEATURE])
        for c in (0.0, *(c for c in limits if np.isfinite(c)))
    ])
    edges = np.concatenate([
        (mu[:, None] - start) + s[:, None] * around, features - start,
        *(() if extra is None else (extra - start,)),
    ], axis=1)
    far, centre = _SPREAD[-1] * s[:, None], mu[:, None] - start
    edges = np.clip(edges, centre - far, centre + far)
    edges = np.sort(np.clip(edges, low - start, high - start), axis=1)
    owner, k = np.nonzero(edges[:, 1:] > edges[:, :-1])
    return owner, edges[owner, k], edges[owner, k + 1]


def nodes(left: Array, right: Array) -> tuple[Array, Array]:
    """Half widths of panels (P, 1) and the nodes on them (P, 15), from the origin of the owner."""
    half = (right - left)[:, None] / 2
    return half, (left + right)[:, None] / 2 + half * X


def integral(product: Array) -> tuple[Array, Array]:
    """Sums over nodes (P, 15) by the Kronrod rule, and their errors as QUADPACK has them."""
    kronrod = product @ K
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        wrong = np.abs(kronrod - product @ G)
        spread = np.abs(product - kronrod[:, None] / 2) @ K
        sharp = spread * np.minimum(1, (200 * wrong / spread) ** 1.5)
    return kronrod, np.where((spread > 0) & (wrong > 0), sharp, wrong)


def _rule(
    f: Jet, n: int, mu: Array, s: Array, left: Array, right: Array, odd: bool
) -> tuple[Array, Array, Array, Array]:
    """Integral, its error, integral of the size and rounding error on each panel."""
    half, z = nodes(left, right)
    start = origin(mu, s)
    g = (z - (mu - start)[:, None]) / s[:, None]
    z = z + start[:, None]
    value, size = f(z.ravel())
    value, size = value.reshape(z.shape), size.reshape(z.shape)
    weight = density(g) * half / s[:, None]
    # beyond the reach, where a function may overflow whose mean is finite
    value, size = (np.where(weight == 0, 0.0, x) for x in (value, size))
    if odd:
        weight = weight * -np.expm1(-2 * z * (mu / s**2)[:, None])
    he, he_size = hermite(n, g)
    kronrod, wrong = integral(value * he * weight)
    weight = np.abs(weight)
    magnitude = np.abs(value) * np.abs(he) * weight
    rounding = magnitude * (4 + g * g) + (size * np.abs(he) + np.abs(value) * he_size) * weight
    return kronrod, wrong, magnitude @ K, EPS * (rounding @ K)
