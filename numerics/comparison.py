"""Predicted against measured cumulants: z-scores, Holm correction, verdicts."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import stats

from cumulant_theory.errors import DomainError, ShapeError

if TYPE_CHECKING:
    from matplotlib.figure import Figure

ROUNDING = 256 * float(np.finfo(float).eps)
MAX_ROWS_SHOWN = 40
VERDICTS = ("agree", "disagree", "undecided")
_HEADER = ("layer", "alpha", "network", "predicted", "measured", "std. error", "z", "p (Holm)")
Alpha = tuple[int, ...] | int
Table = Mapping[str, Mapping[Alpha, Any]]


@dataclass(frozen=True)
class Prediction:
    """Cumulants of every layer as theory has them.

    Parameters
    ----------
    layers : tuple of str
        Names in network order.
    values : mapping
        values[layer][alpha] is a float, or an array (S,) over networks.
    exact : bool
        No closure was needed.
    closure : str
        Name of the closure.
    hypotheses : tuple of str
        What the prediction assumes.
    law : str
        Name of the input law.

    Examples
    --------
    >>> Prediction(("input",), {"input": {(1,): 0.0}}).rows()
    [('input', (1,), 0.0)]
    """

    layers: tuple[str, ...]
    values: Table
    exact: bool = True
    closure: str = "Exact()"
    hypotheses: tuple[str, ...] = ()
    law: str = ""

    def rows(self) -> list[tuple[str, tuple[int, ...], Any]]:
        """Rows (layer, alpha, value)."""
        return [(la, _key(a), v) for la in self.layers for a, v in self.values[la].items()]

    def __iter__(self) -> Iterator[tuple[str, tuple[int, ...], Any]]:
        return iter(self.rows())


@dataclass(frozen=True)
class Measurement:
    """Cumulants of every layer as measured, with standard errors.

    Parameters
    ----------
    layers : tuple of str
        Names in network order.
    values, standard_errors : mapping
        [layer][alpha] is a float, or an array (S,) over networks.
    skewness : mapping
        Skewness of the batch values behind each standard error.
    heavy : mapping
        True where the tails are too heavy for the normal approximation.
    batches : int or mapping
        Number of batches B behind the standard errors, at least 2: one number, or batches[layer].
    samples : int
        Samples per network.
    seed : int or None
    law : str

    Examples
    --------
    >>> one = lambda value: {"input": {(1,): value}}
    >>> m = Measurement(("input",), one(0.1), one(0.2), one(0.0), one(False), 200)
    >>> m.rows()
    [('input', (1,), 0.1, 0.2)]
    """

    layers: tuple[str, ...]
    values: Table
    standard_errors: Table
    skewness: Table
    heavy: Table
    batches: int | Mapping[str, int]
    samples: int = 0
    seed: int | None = None
    law: str = ""

    def rows(self) -> list[tuple[str, tuple[int, ...], Any, Any]]:
        """Rows (layer, alpha, value, standard error)."""
        return [
            (la, _key(a), v, self.standard_errors[la][a])
            for la in self.layers
            for a, v in self.values[la].items()
        ]

    def __iter__(self) -> Iterator[tuple[str, tuple[int, ...], Any, Any]]:
        return iter(self.rows())


class Row(NamedTuple):
    """One comparison; `network` is the index in the ensemble, 0 when there is none."""

    layer: str
    alpha: tuple[int, ...]
    order: int
    network: int
    predicted: float
    measured: float
    standard_error: float
    z: float
    p: float
    p_holm: float
    verdict: str


def _key(alpha: Alpha) -> tuple[int, ...]:
    return (alpha,) if isinstance(alpha, int) else tuple(alpha)


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
    values = np.asarray(p, dtype=float)
    if not ((values >= 0) & (values <= 1)).all():
        raise DomainError("p-values must lie in [0, 1]; check them for NaN")
    flat = values.ravel()
    order = np.argsort(flat, kind="stable")
    stepped = np.maximum.accumulate(flat[order] * np.arange(flat.size, 0, -1))
    out = np.empty_like(flat)
    out[order] = np.minimum(stepped, 1.0)
    return out.reshape(values.shape)


def skewness_corrected_t(t: ArrayLike, skewness: ArrayLike, batches: ArrayLike) -> NDArray:
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
    t = np.asarray(t, dtype=float)
    a = np.asarray(skewness, dtype=float) / np.sqrt(np.asarray(batches, dtype=float))
    return t + a * t**2 / 3 + a**2 * t**3 / 27 + a / 6


def compare(predicted: Prediction, measured: Measurement, level: float = 0.01) -> "Comparison":
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

    Where the scatter is no more than rounding, no test applies. Bound:
    256 eps prod_i scale_i^{alpha_i}, scale_i = max(|mean|, standard deviation) of unit i,
    predicted or measured; a unit whose standard deviation is below 256 eps times the largest
    scale M met up to this layer is constant, and its scale is M, since what is left of it may be
    a cancellation of numbers of size M. A k-statistic of order r <= 8 of data with relative
    rounding error a few eps (dot products over the fan-in) is off by some r times that, however
    many samples there are, since sums are blocked. With a standard error within the bound, a
    difference within it is agreement with z = 0 and a larger one disagreement with z = +-inf.

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
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        t = np.where(limited, 0.0, difference / np.where(limited, 1.0, se))
        z = skewness_corrected_t(t, columns["skewness"], batches)
        z = np.where(np.isnan(z), t, z)
    exceeds = np.abs(difference) > bound
    z = np.where(limited, np.where(exceeds, np.copysign(np.inf, difference), 0.0), z)
    p = 2 * stats.t.sf(np.abs(z), batches - 1)
    undecided = columns["heavy"] & ~limited
    p_holm = p.copy()
    p_holm[~undecided] = holm(p[~undecided])
    p_holm[undecided] = np.nan
    code = np.where(undecided, 2, np.where(p_holm < level, 1, 0))
    columns |= {"z": z, "p": p, "p_holm": p_holm, "verdict": np.array(VERDICTS)[code]}
    return Comparison(predicted, measured, level, columns)


def _lookup(table: Table, layer: str) -> dict[tuple[int, ...], Any]:
    return {_key(a): v for a, v in table.get(layer, {}).items()}


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
            "layer": np.full(bound.shape, layer, dtype=object),
            "alpha": np.repeat(np.arange(len(alphas)), networks).reshape(bound.shape),
            "network": np.tile(np.arange(networks), (len(alphas), 1)),
            "batches": np.full(bound.shape, float(count)),
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


def _rounding_bound(alphas: list, block: dict[str, NDArray], largest: Any) -> tuple[NDArray, Any]:
    """Bound of `compare` for each (alpha, network), and the largest scale so far."""
    dim, networks = len(alphas[0]), block["measured"].shape[1]
    place = {a: k for k, a in enumerate(alphas)}
    size = np.maximum(np.abs(block["predicted"]), np.abs(block["measured"]))
    zero = np.zeros(networks)
    scales, spreads = [], []
    for unit in range(dim):
        first, second = (
            place.get(tuple(r if i == unit else 0 for i in range(dim))) for r in (1, 2)
        )
        spread = np.sqrt(np.abs(block["measured"][second])) if second is not None else None
        known = np.sqrt(size[second]) if second is not None else zero
        scales.append(np.maximum(size[first] if first is not None else zero, known))
        spreads.append(np.inf * np.ones(networks) if spread is None else spread)
    scale = np.array(scales)
    largest = np.maximum(largest, scale.max(axis=0))
    scale = np.where(np.array(spreads) <= ROUNDING * largest, largest, scale)
    bound = np.array([np.prod(scale ** np.array(a)[:, None], axis=0) for a in alphas])
    return ROUNDING * np.maximum(bound, size * (block["standard_error"] == 0)), largest


@dataclass(frozen=True, repr=False)
class Comparison:
    """Result of `compare`: a table of rows, verdicts, and its renderings.

    Parameters
    ----------
    predicted : Prediction
    measured : Measurement
    level : float
    columns : dict of arrays
        layer, alpha, order, network, predicted, measured, standard_error, skewness, heavy,
        batches, bound, z, p, p_holm, verdict; all of one length.

    Examples
    --------
    >>> one = lambda value: {"input": {(1,): value}}
    >>> m = Measurement(("input",), one(0.1), one(0.2), one(0.0), one(False), 200)
    >>> c = compare(Prediction(("input",), one(0.0)), m)
    >>> c.agrees, c.rows[0].verdict, c.rows[0].z
    (True, 'agree', 0.5)
    """

    predicted: Prediction
    measured: Measurement
    level: float
    columns: dict[str, NDArray]

    def __len__(self) -> int:
        return len(self.columns["z"])

    def _row(self, k: int) -> Row:
        values = {n: self.columns[n][k] for n in Row._fields}
        for name in ("predicted", "measured", "standard_error", "z", "p", "p_holm"):
            values[name] = float(values[name])
        for name in ("order", "network"):
            values[name] = int(values[name])
        return Row(**values | {"verdict": str(values["verdict"])})

    @property
    def rows(self) -> list[Row]:
        """All rows in network order."""
        return [self._row(k) for k in range(len(self))]

    def count(self, verdict: str) -> int:
        """Number of rows with this verdict: "agree", "disagree" or "undecided"."""
        return int((self.columns["verdict"] == verdict).sum())

    @property
    def agrees(self) -> bool:
        """Every row agrees; an undecided row is not agreement (see `contradicts`)."""
        return self.count("agree") == len(self)

    @property
    def contradicts(self) -> bool:
        """Some row disagrees."""
        return self.count("disagree") > 0

    @property
    def worst(self) -> Row:
        """The decided row with the smallest p-value, largest |z| among equals."""
        undecided = self.columns["verdict"] == "undecided"
        keys = (-np.abs(self.columns["z"]), self.columns["p"], undecided)
        return self._row(int(np.lexsort(keys)[0]))

    def summary(self) -> str:
        """Two lines: how many rows agree, and which one is worst."""
        worst = self.worst
        place = f", network {worst.network}" if self.columns["network"].any() else ""
        return (
            f"{self.count('agree')} of {len(self)} cumulants agree, {self.count('disagree')} "
            f"disagree, {self.count('undecided')} undecided (Holm, level {self.level:g});\n"
            f"worst: {worst.layer} {worst.alpha}{place}, z = {worst.z:.3g}"
        )

    def to_records(self) -> list[dict[str, Any]]:
        """Rows as dictionaries of plain Python values; alpha as a string such as "2,1"."""
        return [
            row._asdict() | {"alpha": ",".join(map(str, row.alpha))} for row in self.rows
        ]

    def _cells(self, limit: int | None) -> tuple[list[list[str]], int]:
        """Text cells; beyond the limit the rows with the smallest p stay, in their order."""
        keep = np.arange(len(self))
        if limit is not None and len(self) > limit:
            order = np.lexsort((-np.abs(self.columns["z"]), self.columns["p"]))
            keep = np.sort(order[:limit])
        cells = []
        for row in map(self._row, keep):
            cells.append([
                row.layer, "(" + ", ".join(map(str, row.alpha)) + ")", str(row.network),
                f"{row.predicted:.6g}", f"{row.measured:.6g}", f"{row.standard_error:.2g}",
                f"{row.z:+.2f}", "-" if np.isnan(row.p_holm) else f"{row.p_holm:.2g}", row.verdict,
            ])  # fmt: skip
        return cells, len(self) - len(keep)

    def __str__(self) -> str:
        cells, left = self._cells(MAX_ROWS_SHOWN)
        table = [[*_HEADER, "verdict"], *cells]
        widths = [max(len(row[k]) for row in table) for k in range(len(table[0]))]
        lines = [
            "  ".join(
                c.ljust(w) if k in (0, 1, 8) else c.rjust(w)
                for k, (c, w) in enumerate(zip(row, widths, strict=True))
            ).rstrip()
            for row in table
        ]
        lines.insert(1, "-" * max(map(len, lines)))
        note = [f"... and {left} more rows with larger p"] if left else []
        return "\n".join([*lines, *note, self.summary()])

    def __repr__(self) -> str:
        return f"<Comparison: {self.summary()}>".replace("\n", " ")

    def _repr_html_(self) -> str:
        cells, left = self._cells(MAX_ROWS_SHOWN)
        colours = dict(zip(VERDICTS, ("#1a7f37", "#c0262d", "#8a6100"), strict=True))
        head = "".join(f"<th>{escape(name)}</th>" for name in (*_HEADER, "verdict"))
        body = "".join(
            "<tr>"
            + "".join(f"<td>{escape(cell)}</td>" for cell in row[:-1])
            + f'<td style="color:{colours[row[-1]]};font-weight:600">{row[-1]}</td></tr>'
            for row in cells
        )
        note = f"<p>{left} more rows with larger p are not shown.</p>" if left else ""
        title = escape(self.summary()).replace("\n", "<br>")
        return (
            f"<div><p><b>{title}</b></p><table><thead><tr>{head}</tr></thead>"
            f"<tbody>{body}</tbody></table>{note}</div>"
        )

    def to_latex(self, limit: int | None = None) -> str:
        r"""Booktabs table; needs \usepackage{booktabs}.

        Parameters
        ----------
        limit : int, optional
            Keep this many rows, those with the smallest p. All by default.
        """
        cells, left = self._cells(limit)
        head = ["layer", r"$\alpha$", "network", "predicted", "measured", "std.\\ error", "$z$",
                r"$p_{\mathrm{Holm}}$", "verdict"]  # fmt: skip
        body = [
            " & ".join([_tex(row[0]), f"${row[1]}$", row[2], *map(_tex_number, row[3:8]), row[8]])
            for row in cells
        ]
        note = [rf"% {left} rows with larger p left out"] if left else []
        return "\n".join([
            r"\begin{tabular}{llrrrrrrl}", r"\toprule", " & ".join(head) + r" \\", r"\midrule",
            *(line + r" \\" for line in body), r"\bottomrule", r"\end{tabular}", *note,
        ])  # fmt: skip

    def plot(self) -> "Figure":
        """Predicted against measured with error bars, and z by layer; see `plotting`."""
        from numerics.plotting import comparison_figure

        return comparison_figure(self)


def _tex(text: str) -> str:
    table = {c: "\\" + c for c in "&%$#_{}"}
    table |= {"\\": r"\textbackslash{}", "~": r"\textasciitilde{}", "^": r"\textasciicircum{}"}
    return "".join(table.get(c, c) for c in text)


def _tex_number(text: str) -> str:
    if "inf" in text:
        return "$" + text.replace("inf", r"\infty") + "$"
    mantissa, _, exponent = text.partition("e")
    if exponent:
        return rf"${mantissa} \times 10^{{{int(exponent)}}}$"
    return "--" if text == "-" else f"${text}$"
