"""From predicted and measured cumulants to z, Holm-corrected p-values and verdicts."""

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import stats

from cumulant_theory.arguments import brief, explained
from cumulant_theory.errors import DomainError, ShapeError
from numerics.backends.numpy import as_float64
from numerics.comparison.records import VERDICTS, Measurement, Prediction, Table, key_of
from numerics.comparison.result import Comparison

ROUNDING = 256 * float(np.finfo(float).eps)
FEW = 40  # batches below which the far tail of the skewness correction is mostly noise


@explained
def holm(p: ArrayLike) -> NDArray[np.float64]:
    """Holm's step-down adjusted p-values.

    Parameters
    ----------
    p : array
        p-values, any shape; the correction runs over all of them.

    Returns
    -------
    array of the same shape
        Rejecting where it is below a level keeps the family-wise error below that level,
        whatever the dependence.

    Raises
    ------
    DomainError
        Values outside [0, 1] or NaN.

    References
    ----------
    S. Holm, Scand. J. Stat. 6 (1979) 65-70.

    Examples
    --------
    >>> holm([0.01, 0.04, 0.03]).tolist()
    [0.03, 0.06, 0.06]
    """
    try:
        values = np.asarray(p, dtype=float)
    except (TypeError, ValueError):
        raise DomainError(f"holm: {brief(p)} are no p-values; pass an array of numbers") from None
    if not ((values >= 0) & (values <= 1)).all():
        raise DomainError("p-values must lie in [0, 1]; check them for NaN")
    flat = values.ravel()
    order = np.argsort(flat, kind="stable")
    stepped = np.maximum.accumulate(flat[order] * np.arange(flat.size, 0, -1))
    out = np.empty_like(flat)
    out[order] = np.minimum(stepped, 1.0)
    return out.reshape(values.shape)


@explained
def skewness_corrected_t(t: ArrayLike, skewness: ArrayLike, batches: ArrayLike) -> NDArray[Any]:
    """Student's t statistic corrected for the skewness of the observations.

    Parameters
    ----------
    t : array
        (mean - hypothesis) / standard error.
    skewness : array
        Sample skewness g of the observations.
    batches : array
        Number of observations B.

    Returns
    -------
    array
        t + a t^2 / 3 + a^2 t^3 / 27 + a / 6 with a = g / sqrt(B).

    Notes
    -----
    Johnson's statistic is the part without the cubic term. It is not monotone: at t = -3/a it
    is back near zero and would call a huge deviation an agreement. Hall's cubic term makes the
    derivative (1 + a t / 3)^2, never negative.

    References
    ----------
    N. J. Johnson, J. Am. Stat. Assoc. 73 (1978) 536-544, eq. 2.5;
    P. Hall, J. R. Stat. Soc. B 54 (1992) 221-228.

    Examples
    --------
    >>> float(skewness_corrected_t(2.0, 0.0, 100))
    2.0
    """
    t, skewness, batches = (
        as_float64(v, f"skewness_corrected_t: {name}")
        for name, v in (("t", t), ("skewness", skewness), ("batches", batches))
    )
    shapes = (t.shape, skewness.shape, batches.shape)
    if not (batches > 0).all():
        raise DomainError(f"skewness_corrected_t: batches is {brief(batches)}; give positive")
    try:
        np.broadcast_shapes(*shapes)
    except (ValueError, RuntimeError):  # the latter for too many axes
        raise ShapeError(
            f"skewness_corrected_t: the shapes {brief(shapes)} do not fit together"
        ) from None
    a = skewness / np.sqrt(batches)
    return t + a * t**2 / 3 + a**2 * t**3 / 27 + a / 6


@explained
def compare(predicted: Prediction, measured: Measurement, level: float = 0.01) -> Comparison:
    """Test every predicted cumulant against its measurement.

    Parameters
    ----------
    predicted : Prediction
    measured : Measurement
        With the same layers and multi-indices. A prediction without network axis is set against
        every measured network.
    level : float
        Family-wise error rate of the verdicts, between 0 and 1.

    Returns
    -------
    Comparison

    Raises
    ------
    ShapeError
        Layers, multi-indices or numbers of networks that do not fit together.
    DomainError
        NaN or infinite numbers, negative standard errors, fewer than two batches, bad level.

    Notes
    -----
    z is the skewness-corrected t statistic of (measured - predicted) / standard error, p its
    two-sided Student p-value with B - 1 degrees of freedom, p_holm Holm's correction over all
    rows that are not heavy-tailed. Verdicts: "disagree" where p_holm < level; "undecided" where
    the tails are too heavy for the test, whatever z is: such a row is neither agreement nor
    rejection; "agree" otherwise.

    With less than 40 batches the sample skewness is noise itself, and z is the correction only
    where that brings it closer to zero: of normal batches, the correction has p < 1e-3 in 3.6, 2.3
    and 1.4 of 1000 cases for B = 3, 8 and 20. Tails are hardly seen in so few batches: of the
    orders 1 to 4 of an exponential law, at level 0.01, one is wrongly rejected in 3 of 100 cases
    with 200 to 2000 samples (B = 3 to 31), and in 6 of 1000 with 20000 (B = 313).

    A prediction that neglects terms under a closure is tested like any other, but where it
    disagrees it is the neglected terms that show, not the theory that fails: the table names the
    closure, and `Comparison.contradicts` speaks of exact predictions alone.

    Rounding is no disagreement. Unit values may be what cancellation leaves of numbers of size M,
    the largest scale (|mean| or standard deviation) met up to this layer, so each carries an error
    of up to delta = 256 eps M; a measured cumulant of units with scales s_i is then off by up to
    prod_i (s_i + delta)^{alpha_i} - prod_i s_i^{alpha_i}, however many samples there are, since
    sums are blocked, and a predicted one, a sum of terms of size M^{|alpha|}, by up to
    256 eps M^{|alpha|}. The bound is their sum. Differences are reduced by this bound before
    they are tested; without scatter (standard error 0) a difference within the bound is agreement
    with z = 0 and a larger one has z = +-inf. That is disagreement if the unit should be constant,
    or its variance is not known. If it should scatter but n samples are all equal to c, p is the
    bound (1 - q)^n on the probability of that under the predicted cumulants, q the larger of
    (mu - c)^2 / E (x - c)^2 and [E (x - c)^2]^2 / E (x - c)^4 (Cauchy-Schwarz): a rare event may
    not have been met. If samples differ and the batches are equal by chance, p is 1. Both are
    undecided where p_holm >= level.

    Examples
    --------
    >>> one = lambda value: {"input": {(1,): value, (2,): value}}
    >>> m = Measurement(("input",), one(1.0), one(0.1), one(0.0), one(False), 200)
    >>> print(compare(Prediction(("input",), {"input": {(1,): 1.1, (2,): 2.0}}), m).summary())
    1 of 2 cumulants agree, 1 disagree, 0 undecided (Holm, level 0.01);
    worst: input (2,), z = -10
    """
    if not 0 < level < 1:
        raise DomainError(f"level = {level!r} is not between 0 and 1; 0.01 is usual")
    columns = _columns(predicted, measured)
    p_value, m_value, se = columns["predicted"], columns["measured"], columns["standard_error"]
    batches = columns["batches"]
    difference = m_value - p_value
    bound = columns["bound"]
    limited = se <= bound
    excess = np.maximum(np.abs(difference) - bound, 0.0)
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        t = np.where(excess > 0, np.copysign(excess / se, difference), 0.0)
        z = np.where(limited, t, skewness_corrected_t(t, columns["skewness"], batches))
        noise = np.isnan(z) | ((batches < FEW) & (np.abs(z) > np.abs(t)))
        z = np.where(noise, t, z)
    alike = ~np.isnan(columns["unseen"]) & (excess > 0)
    p = np.where(alike, columns["unseen"], 2 * stats.t.sf(np.abs(z), batches - 1))
    undecided = columns["heavy"] & ~limited
    p_holm = p.copy()
    p_holm[~undecided] = holm(p[~undecided])
    p_holm[undecided] = np.nan
    code = np.where(undecided, 2, np.where(p_holm < level, 1, np.where(alike, 2, 0)))
    del columns["unseen"]
    columns |= {"z": z, "p": p, "p_holm": p_holm, "verdict": np.array(VERDICTS)[code]}
    return Comparison(predicted, measured, float(level), columns)


def _lookup(table: Table, layer: str) -> dict[tuple[int, ...], Any]:
    return {key_of(a): v for a, v in table.get(layer, {}).items()}


def _same_names(what: str, left, right) -> None:
    """Raise ShapeError naming what one side has and the other lacks."""
    for one, other, side in ((left, right, "measurement"), (right, left, "prediction")):
        missing = [str(name) for name in one if name not in other]
        if missing:
            raise ShapeError(
                f"the {side} lacks {what} {', '.join(missing[:8])}"
                f"{', ...' if len(missing) > 8 else ''}; predict and measure the same ones"
            )


def _columns(predicted: Prediction, measured: Measurement) -> dict[str, NDArray]:
    for given, kind in ((predicted, Prediction), (measured, Measurement)):
        if not isinstance(given, kind):
            raise DomainError(
                f"compare: a {type(given).__name__} where a {kind.__name__} is needed; call "
                "compare(predict(...), measure(...))"
            )
    _same_names("layers", predicted.layers, measured.layers)
    parts: dict[str, list] = {}
    largest: Any = 0.0
    for layer in predicted.layers:
        tables = {
            "predicted": _lookup(predicted.values, layer),
            "measured": _lookup(measured.values, layer),
            "standard_error": _lookup(measured.standard_errors, layer),
            "skewness": _lookup(measured.skewness, layer),
            "heavy": _lookup(measured.heavy, layer),
        }
        _same_names(f"at layer {layer!r} the multi-indices", tables["predicted"],
                    tables["measured"])  # fmt: skip
        for name in ("standard_error", "skewness", "heavy"):
            _same_names(f"at layer {layer!r} the {name} of", tables["measured"], tables[name])
        alphas = list(tables["predicted"])
        if not alphas:
            raise ShapeError(f"layer {layer!r} has no cumulants; predict at least one")
        try:
            shape = np.broadcast_shapes(
                *(np.shape(tables[n][a]) for n in ("predicted", "measured") for a in alphas), (1,)
            )
            block = {
                name: np.stack([np.broadcast_to(np.asarray(table[a]), shape) for a in alphas])
                for name, table in tables.items()
            }
        except ValueError:
            raise ShapeError(
                f"layer {layer!r}: the numbers of networks of prediction and measurement differ; "
                "give floats or arrays (S,) with one S"
            ) from None
        if block["predicted"].ndim != 2:
            raise ShapeError(f"layer {layer!r}: values must be floats or arrays (S,)")
        _check(layer, alphas, block)
        count = measured.batches if isinstance(measured.batches, int) else measured.batches[layer]
        if count < 2:
            raise DomainError(
                f"layer {layer!r} has standard errors from {count} batch; measure with at least 2"
            )
        bound, largest = _rounding_bound(alphas, block, largest)
        networks = shape[0]
        block |= {
            "bound": bound,
            "unseen": _unseen(alphas, block, bound, measured.samples or count),
            "layer": np.full(bound.shape, layer, dtype=object),
            "alpha": np.repeat(np.arange(len(alphas)), networks).reshape(bound.shape),
            "network": np.tile(np.arange(networks), (len(alphas), 1)),
            "batches": np.full(bound.shape, float(count)),
            "closure": np.repeat(
                np.array([predicted.closure_of(layer, a) for a in alphas], dtype=object), networks
            ).reshape(bound.shape),
        }
        lookup = np.empty(len(alphas), dtype=object)
        lookup[:] = alphas
        block["alpha"] = lookup[block["alpha"]]
        for name, values in block.items():
            parts.setdefault(name, []).append(values.ravel())
    if not parts:
        raise ShapeError("the prediction has no layers; predict at least one")
    columns = {name: np.concatenate(values) for name, values in parts.items()}
    columns["heavy"] = columns["heavy"].astype(bool)
    columns["order"] = np.array([sum(a) for a in columns["alpha"]])
    return columns


def _check(layer: str, alphas: list, block: dict[str, NDArray]) -> None:
    for name in ("predicted", "measured", "standard_error", "skewness"):
        values = block[name] = block[name].astype(float)
        bad = np.argwhere(~np.isfinite(values))
        if len(bad):
            raise DomainError(
                f"{name.replace('_', ' ')} of layer {layer!r} at {alphas[bad[0][0]]}, network "
                f"{bad[0][1]} is {values[tuple(bad[0])]}; {len(bad)} such entries: find what "
                "diverged before comparing"
            )
    if (block["standard_error"] < 0).any():
        raise DomainError(f"layer {layer!r} has negative standard errors; they must be >= 0")


def _unseen(alphas: list, block: dict[str, NDArray], bound: NDArray, samples: int) -> NDArray:
    """Bound on the probability of batches that are all equal, see `compare`; NaN where they differ.

    Also NaN where the variance of a unit is not among the cumulants.
    """
    dim, place = len(alphas[0]), {a: k for k, a in enumerate(alphas)}
    missing = np.full(bound.shape[1], np.nan)

    def known(name: str, unit: int, r: int) -> NDArray:
        k = place.get(tuple(r if i == unit else 0 for i in range(dim)))
        return missing if k is None else (bound if name == "bound" else block[name])[k]

    scatter, chance = [], []
    with np.errstate(all="ignore"):
        for unit in range(dim):
            _, variance, third, fourth = (known("predicted", unit, r) for r in range(1, 5))
            gap = known("predicted", unit, 1) - known("measured", unit, 1)
            spread = np.maximum(known("measured", unit, 2), 0.0)
            second = variance + gap**2
            power = fourth + 3 * variance**2 + (4 * third + (6 * variance + gap**2) * gap) * gap
            q = np.fmax(gap**2 / second, second**2 / power)
            q = np.where(variance > known("bound", unit, 2), np.clip(q, 0.0, 1.0), 1.0)
            scatter.append(np.sqrt(spread))
            chance.append(np.where(spread > 0, 1.0, np.exp(samples * np.log1p(-q))))
        own = np.array([
            np.prod([s**a for s, a in zip(scatter, alpha, strict=True) if a], axis=0)
            for alpha in alphas
        ])  # fmt: skip
        least = np.array([
            np.min([c for c, a in zip(chance, alpha, strict=True) if a], axis=0)
            for alpha in alphas
        ])  # fmt: skip
        return np.where(block["standard_error"] <= ROUNDING * own, least, np.nan)


def _rounding_bound(alphas: list, block: dict[str, NDArray], largest: Any) -> tuple[NDArray, Any]:
    """Bound of `compare` for each (alpha, network), and the largest scale so far."""
    dim, networks = len(alphas[0]), block["measured"].shape[1]
    place = {a: k for k, a in enumerate(alphas)}
    size = np.maximum(np.abs(block["predicted"]), np.abs(block["measured"]))
    zero = np.zeros(networks)
    scales = []
    for unit in range(dim):
        first, second = (
            place.get(tuple(r if i == unit else 0 for i in range(dim))) for r in (1, 2)
        )
        known = np.sqrt(size[second]) if second is not None else zero
        scales.append(np.maximum(size[first] if first is not None else zero, known))
    scale = np.array(scales)
    largest = np.maximum(largest, scale.max(axis=0))
    delta = ROUNDING * largest
    exponents = [np.array(a)[:, None] for a in alphas]
    plain = np.array([np.prod(scale**e, axis=0) for e in exponents])
    moved = np.array([np.prod((scale + delta) ** e, axis=0) for e in exponents])
    terms = np.array([largest ** sum(a) for a in alphas])
    terms = np.maximum(terms, size * (block["standard_error"] == 0))
    return moved - plain + ROUNDING * terms, largest
