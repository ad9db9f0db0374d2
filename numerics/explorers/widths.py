"""The wide-network explorer: the error of truncated propagation against the truth of samples.

A random network of equal widths; the truth are means over samples in batches, so that the error of
a prediction is estimated without bias, and its standard error by leaving out one batch at a time.
"""

import math
import time
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from numbers import Integral
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from cumulant_theory import activations
from cumulant_theory.algebra import check_order
from cumulant_theory.arguments import explained
from cumulant_theory.errors import DomainError, OrderError
from cumulant_theory.latex.html import Markup, card, count, number, table, with_error

from ..activations import evaluate
from ..canvas import MARKERS, plain
from ..study.palette import BLUE, GREEN, ORANGE, RED
from ..tensors import expected_activations
from .layout import Explorer, View, control, panels, widgets

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["WideErrors", "wide", "wide_data", "wide_figure"]

_BATCHES, _CHUNK, _KEPT = 32, 2**18, 32
_BIAS = 0.2  # standard deviation of the biases: without any, odd activations have no means
_TIMED = 0.02  # seconds: what is shorter is measured again
_COLOURS = {1: BLUE, 2: ORANGE, 3: GREEN, 4: RED}
_USUAL = ("relu", "leaky_relu", "gelu", "silu", "softplus", "abs", "tanh", "erf", "sigmoid",
          "hard_tanh", "sin", "cos")  # fmt: skip
_truths: "OrderedDict[tuple[Any, ...], list[NDArray[np.float64]]]" = OrderedDict()

Progress = Callable[[float, str], None]


@dataclass(frozen=True, eq=False)
class WideErrors:
    """Errors of predicted means of all units, layer by layer.

    Attributes
    ----------
    width, depth, activation, seed, samples
        As they were given.
    orders
        K of each prediction.
    squares, standard_errors
        Mean over the units of a layer of the squared error, without the sampling error, and its
        standard error: arrays (K, layers). An estimate may be negative.
    sampling
        Root mean square of the standard errors of the sampled means: array (layers,).
    seconds
        Time of each prediction, the best of several where it is short.
    """

    width: int
    depth: int
    activation: str
    seed: int
    samples: int
    orders: tuple[int, ...]
    squares: NDArray[np.float64]
    standard_errors: NDArray[np.float64]
    sampling: NDArray[np.float64]
    seconds: tuple[float, ...]

    @property
    def resolved(self) -> NDArray[np.bool_]:
        """Whether an error is more than two standard errors: array (K, layers)."""
        return self.squares > 2 * self.standard_errors

    @property
    def distance(self) -> NDArray[np.float64]:
        """Root mean square error; where it is not resolved, an upper limit: array (K, layers)."""
        limit = np.maximum(self.squares, 0) + 2 * self.standard_errors
        return np.sqrt(np.where(self.resolved, self.squares, limit))

    @property
    def spread(self) -> NDArray[np.float64]:
        """Standard error of :attr:`distance`; 0 for upper limits."""
        found = self.standard_errors / (2 * np.maximum(self.distance, 1e-300))
        return np.where(self.resolved, found, 0.0)

    def __repr__(self) -> str:
        return (f"WideErrors({count(self.depth, 'layer')} of {self.width}, {self.activation}, "
                f"K={self.orders}, {self.samples} samples)")

    def _repr_html_(self) -> str:
        title = f"{count(self.depth, 'layer')} of {count(self.width, 'unit')}, {self.activation}"
        return card(title, _tables(self))


@lru_cache(maxsize=64)
def _network(width: int, depth: int, seed: int) -> tuple[Any, Any]:
    rng = np.random.default_rng([seed, width, depth])
    scale = np.sqrt(2 / width)
    weights = [scale * rng.standard_normal((width, width)) for _ in range(depth)]
    return weights, [_BIAS * rng.standard_normal(width) for _ in range(depth)]


@lru_cache(maxsize=256)
def _warm(activation: str, K: int) -> None:
    """What is loaded and prepared at the first call is not timed."""
    expected_activations(*_network(4, 2, 0), activation, K=K)


@lru_cache(maxsize=256)
def _predicted(width: int, depth: int, activation: str, seed: int, K: int) -> tuple[Any, float]:
    weights, biases = _network(width, depth, seed)
    _warm(activation, K)
    best, spent = float("inf"), 0.0
    while True:
        start = time.perf_counter()
        means = expected_activations(weights, biases, activation, K=K)
        taken = time.perf_counter() - start
        best, spent = min(best, taken), spent + taken
        if spent > _TIMED:
            return means, best


def _truth(
    width: int, depth: int, activation: str, seed: int, samples: int, progress: Progress
) -> list[NDArray[np.float64]]:
    """Means of every batch behind every layer: arrays (batches, units)."""
    key = width, depth, activation, seed, samples
    if key not in _truths:
        weights, biases = _network(width, depth, seed)
        phi: Any = activations.get(activation)
        rng = np.random.default_rng([seed, width, depth, samples])
        size = samples // _BATCHES
        rows = max(1, _CHUNK // width)
        found = [np.zeros((_BATCHES, width)) for _ in range(depth)]
        for batch in range(_BATCHES):
            progress(batch / _BATCHES, f"sampling, {_spaced(samples)} inputs")
            for start in range(0, size, rows):
                x = rng.standard_normal((min(rows, size - start), width))
                for k, (w, c) in enumerate(zip(weights, biases, strict=True)):
                    x = evaluate(phi, x @ w.T + c)
                    found[k][batch] += x.sum(0) / size
        _truths[key] = found
        while len(_truths) > _KEPT:
            _truths.popitem(last=False)
    return _truths[key]


def _spaced(value: float) -> str:
    return f"{value:,.0f}".replace(",", " ")


def _error(
    predicted: NDArray[np.float64], means: NDArray[np.float64]
) -> tuple[float, float, float]:
    """Squared error over units without bias, its standard error, and the squared sampling error."""
    count = len(means)
    total = means.sum(0)

    def square(mean: Any, variance: Any, n: int) -> Any:
        return ((predicted - mean) ** 2 - variance / n).mean(-1)

    value = square(total / count, means.var(0, ddof=1), count)
    less = (total - means) / (count - 1)
    squares = ((means**2).sum(0) - means**2) / (count - 1) - less**2
    without = square(less, squares * (count - 1) / (count - 2), count - 1)
    spread = np.sqrt((count - 1) * without.var())
    return float(value), float(spread), float(means.var(0, ddof=1).mean() / count)


@explained
def wide_data(
    width: int = 32, depth: int = 3, activation: str = "relu", K: int | Sequence[int] = 3,
    seed: int = 0, samples: int = 10**5, progress: Progress | None = None,
) -> WideErrors:
    """Errors of ``expected_activations`` on one random network.

    Weights are normal of variance 2 / width, biases of standard deviation 0.2, the input is
    standard normal. Samples and predictions are kept for the next call.

    Parameters
    ----------
    width, depth : int
        Units per layer and number of layers.
    activation : str
        Name of a registered activation without parameters.
    K : int or sequence of int
        Orders of propagation, 1 to 4; an integer means all up to it.
    seed : int
    samples : int
        At least 64.
    progress : callable, optional
        Called with the share done and what is being done.

    Raises
    ------
    DomainError
        If a number is out of range.
    OrderError
        If a K is not one of 1, 2, 3, 4.
    UnknownNameError
        If there is no such activation.

    Examples
    --------
    >>> found = wide_data(8, 2, "relu", 2, samples=2**15)
    >>> found.distance.shape, bool(found.distance[1, 1] < found.distance[0, 1])
    ((2, 2), True)
    """
    for name, value, least, most in (
        ("width", width, 1, 2**12), ("depth", depth, 1, 2**10), ("seed", seed, 0, math.inf),
        ("samples", samples, 64, 2**40),
    ):
        if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
            raise DomainError(
                f"wide: {name} is {value!r}; give an integer from {least} to {most}"
            )
    highest = check_order(K, "wide: K") if isinstance(K, Integral) else None
    orders = tuple(K) if highest is None else tuple(range(1, highest + 1))  # type: ignore[arg-type]
    if not orders or any(k not in (1, 2, 3, 4) for k in orders):
        raise OrderError(f"wide: K is {K!r}; give orders from 1, 2, 3, 4")
    tell = progress or (lambda share, what: None)
    means = _truth(width, depth, activation, seed, samples, tell)
    rows, seconds = [], []
    for k in orders:
        tell(1.0, f"propagating, K = {k}")
        predicted, took = _predicted(width, depth, activation, seed, k)
        rows.append([_error(p, m) for p, m in zip(predicted, means, strict=True)])
        seconds.append(took)
    tell(1.0, "")
    found = np.array(rows)
    return WideErrors(
        width, depth, activation, seed, samples, orders, found[..., 0], found[..., 1],
        np.sqrt(found[0, :, 2]), tuple(seconds),
    )


@explained
def wide_figure(data: WideErrors) -> "Figure":
    """Error layer by layer (left), of the last layer against K (middle), and time (right).

    Parameters
    ----------
    data : WideErrors

    Returns
    -------
    matplotlib.figure.Figure
        Not attached to pyplot. Error bars are one standard error; arrows are upper limits, where
        the samples do not resolve the error. The grey line is the sampling error of a mean.

    Examples
    --------
    >>> len(wide_figure(wide_data(8, 2, "relu", 2, samples=2**12)).axes)
    3
    """
    figure, ((left, middle, right),) = panels(
        9.4, 3.6, 1, 3, width_ratios=(1.5, 1, 1), wspace=0.38, top=0.7, left=0.9
    )
    from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

    layers = np.arange(1, data.depth + 1)
    for k, order in enumerate(data.orders):
        style = {"color": _COLOURS[order], "marker": MARKERS[order], "markersize": 5}
        sure = data.resolved[k]
        left.errorbar(layers[sure], data.distance[k][sure], yerr=data.spread[k][sure],
                      linewidth=1.4, capsize=3, label=f"K = {order}", **style)
        left.errorbar(layers[~sure], data.distance[k][~sure], yerr=data.distance[k][~sure] * 0.35,
                      uplims=True, linestyle="none", fillstyle="none", **style)
        last, here = data.distance[k, -1], bool(sure[-1])
        middle.errorbar([order], [last], yerr=[data.spread[k, -1] if here else 0.35 * last],
                        uplims=not here, fillstyle="full" if here else "none", capsize=3, **style)
        right.bar(order, 1e3 * data.seconds[k], 0.6, color=_COLOURS[order])
    left.plot(layers, data.sampling, "--", color="0.5", linewidth=1, label="sampling error")
    middle.axhline(data.sampling[-1], linestyle="--", color="0.5", linewidth=1)
    left.set_title("error of the means, layer by layer", loc="left", fontsize="medium")
    left.set_xlabel("layer")
    left.set_ylabel("r.m.s. error over units")
    left.set_xticks(layers)
    left.set_xlim(0.6, data.depth + 0.4)
    figure.legend(*left.get_legend_handles_labels(), loc="upper left", ncols=5, frameon=False,
                  fontsize="small", bbox_to_anchor=(0.08, 1.0))
    middle.set_title("last layer", loc="left", fontsize="medium")
    right.set_title("time in ms", loc="left", fontsize="medium")
    for axes in (left, middle, right):
        axes.set_yscale("log")
        axes.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5), numticks=20))
        axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
        axes.yaxis.set_minor_formatter(NullFormatter())
    for axes in (middle, right):
        axes.set_xlabel("$K$")
        axes.set_xticks(data.orders)
        axes.set_xlim(min(data.orders) - 0.6, max(data.orders) + 0.6)
        axes.set_axisbelow(True)
    return plain(figure)


def _tables(data: WideErrors) -> Markup:
    rows = []
    for k, order in enumerate(data.orders):
        last = data.distance[k, -1]
        told = with_error(float(last), float(data.spread[k, -1])) if data.resolved[k, -1] else (
            f"below {number(float(last), 2)}")
        alike = data.samples * (data.sampling[-1] / last) ** 2
        rows.append((order, told, _spaced(alike),
                     number(1e3 * data.seconds[k], 3)))
    head = ("K", "r.m.s. error of the last layer", "like that of so many samples", "time in ms")
    notes = [f"sampling error of a mean {number(float(data.sampling[-1]), 2)}"]
    notes += [
        f"K = {data.orders[k]} gives what K = {data.orders[k - 1]} gives in the last layer: where "
        "checks of propagate fail, a lower order stands in"
        for k in range(1, len(data.orders))
        if data.depth > 1 and data.squares[k, -1] == data.squares[k - 1, -1]
    ]
    return Markup(table(head, rows) + "".join(f"<div>{note}</div>" for note in notes))


def wide(
    width: int = 32, depth: int = 3, activation: str = "relu", K: int = 3, seed: int = 0,
    samples: int = 10**5, widths: Sequence[int] = (8, 16, 32, 64),
    choices: Sequence[str] = _USUAL,
) -> Explorer:
    """Explore the error of truncated propagation through random networks.

    Parameters
    ----------
    width, depth, activation, K, seed, samples
        As for :func:`wide_data`, to begin with.
    widths : sequence of int
        To choose from; K = 4 takes n^4 operations at width n.
    choices : sequence of str
        Activations to choose from.

    Raises
    ------
    MissingDependencyError
        If ipywidgets or Matplotlib is not installed.

    Examples
    --------
    >>> explorer = wide(8, 2, K=1, samples=10**4)
    >>> explorer.set(K=2)
    >>> explorer.data.orders
    (1, 2)
    """
    w = widgets()
    late = {"continuous_update": False}
    counts = sorted({samples, *(10**k for k in (4, 5, 6))})
    controls = {
        "width": control("SelectionSlider", "width", value=width,
                         options=sorted({width, *widths}), **late),
        "depth": control("IntSlider", "layers", min=1, max=max(6, depth), value=depth, **late),
        "activation": control("Dropdown", "activation", value=activation,
                              options=list(dict.fromkeys([*choices, activation]))),
        "K": control("IntSlider", "K up to", min=1, max=4, value=K, **late),
        "seed": control("IntSlider", "seed", min=0, max=max(9, seed), value=seed, **late),
        "samples": control("SelectionSlider", "samples", value=samples,
                           options=[(_spaced(n), n) for n in counts], **late),
    }  # fmt: skip
    bar = w.FloatProgress(min=0, max=1, layout=w.Layout(width="24em", visibility="hidden"))
    doing = w.Label()

    def progress(share: float, what: str) -> None:
        bar.value, doing.value = share, what
        bar.layout.visibility = "visible" if what else "hidden"

    def view(
        width: int, depth: int, activation: str, K: int, seed: int, samples: int
    ) -> View:
        try:
            data = wide_data(width, depth, activation, K, seed, samples, progress)
        finally:
            progress(0.0, "")
        label = f"error of the means of {count(depth, 'layer')} of {width} units for K up to {K}"
        return View(data, wide_figure(data), label, below=_tables(data))

    return Explorer("Wide random networks", controls, view, buttons=[bar, doing])
