"""How the error of a propagation falls with the width of random networks."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from numbers import Real
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from cumulant_theory import activations
from cumulant_theory.activations import Activation
from cumulant_theory.algebra import as_integer
from cumulant_theory.arguments import brief, explained
from cumulant_theory.errors import DomainError, OrderError

from .activations import evaluate
from .tables import html_table, text_table
from .tensors import propagate

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_CHUNK = 2**16  # numbers per layer at a time, so few that they stay in the cache
_PRODUCT = 2**18  # multiplications of one matrix product, so few that BLAS does not split it
_DEEPEST, _MOST = 1000, 2**48  # layers; networks or samples


class Estimate(NamedTuple):
    """A number with its standard error."""

    value: float
    standard_error: float


@dataclass(frozen=True, repr=False)
class WidthScaling:
    """Result of `width_scaling`.

    Parameters
    ----------
    activation : Activation
    layers, samples : int
    squares : dict
        (K, width) -> one number per network: the mean over output units of the squared error of
        their means, less the squared sampling error.
    sampling : dict
        width -> one number per network, the squared sampling error subtracted.
    gaussian : dict
        (K, width) -> share of the units that the checks of the propagation treated as Gaussian.
    """

    activation: Activation
    layers: int
    samples: int
    squares: dict[tuple[int, int], NDArray[np.float64]]
    sampling: dict[int, NDArray[np.float64]]
    gaussian: dict[tuple[int, int], float]

    @property
    def orders(self) -> tuple[int, ...]:
        """K of each propagation."""
        return tuple(sorted({k for k, _ in self.squares}))

    @property
    def networks(self) -> int:
        """Number of networks per width."""
        return len(next(iter(self.sampling.values())))

    @explained
    def widths(self, order: int) -> tuple[int, ...]:
        """Widths at which a K was measured."""
        return tuple(sorted(n for k, n in self.squares if k == order))

    @explained
    def error(self, order: int, width: int) -> Estimate:
        """Squared error, averaged over networks.

        Raises
        ------
        OrderError
            If it was not measured.
        """
        if (as_integer(order), as_integer(width)) not in self.squares:
            raise OrderError(
                f"K = {order} was not measured at width {width}; measured were "
                f"{sorted(self.squares)}"
            )
        return _average(self.squares[order, width])

    @explained
    def gain(self, order: int, width: int) -> Estimate:
        """By how much the squared error falls from K - 1 to K, on the same networks."""
        for k in (order - 1, order):
            self.error(k, width)  # raises where one is missing
        return _average(self.squares[order - 1, width] - self.squares[order, width])

    @explained
    def resolved(self, order: int) -> tuple[int, ...]:
        """Widths at which the average error of a K is more than two standard errors."""
        errors = {n: self.error(order, n) for n in self.widths(order)}
        return tuple(n for n, e in errors.items() if e.value > 2 * e.standard_error)

    @property
    def slopes(self) -> dict[int, Estimate]:
        """K -> d log(squared error) / d log(width), which the counting puts at -K or below.

        Diagrams of a single unit have even costs, so it is -K - 1 for odd K and one layer.

        The least-squares line through the logarithms of the averages; its standard error is that
        which the spread over networks gives. Only the widths of :meth:`resolved` are used, and a K
        with fewer than two of them has no slope.
        """
        found = {}
        for order in self.orders:
            widths = self.resolved(order)
            if len(widths) < 2:
                continue
            x = np.log(widths)
            values, spreads = np.array([self.error(order, n) for n in widths]).T
            weights = (x - x.mean()) / ((x - x.mean()) ** 2).sum()
            found[order] = Estimate(
                float(weights @ np.log(values)),
                float(np.sqrt(weights**2 @ (spreads / values) ** 2)),
            )
        return found

    @property
    def table(self) -> list[dict[str, Any]]:
        """Rows: K, width, squared error with its standard error, share of Gaussian units."""
        return [
            {"K": k, "width": n, "error": self.error(k, n).value,
             "standard_error": self.error(k, n).standard_error, "gaussian": self.gaussian[k, n]}
            for k in self.orders for n in self.widths(k)
        ]  # fmt: skip

    def _cells(self) -> list[list[str]]:
        widths = sorted(self.sampling)
        cells = [["", *(f"width {n}" for n in widths), "slope"]]
        slopes = self.slopes
        for k in self.orders:
            row = [f"K = {k}"]
            for n in widths:
                row.append(_text(self.error(k, n), ".1e") if (k, n) in self.squares else "-")
            cells.append([*row, _text(slopes[k], ".2f") if k in slopes else "-"])
        floor = [_text(_average(self.sampling[n]), ".1e") for n in widths]
        return [*cells, ["sampling, subtracted", *floor, ""]]

    def _title(self) -> str:
        return (
            f"squared error of the mean output, {self.networks} random networks per width, "
            f"{self.layers} layers, {self.activation.name}, {self.samples} samples"
        )

    def _notes(self) -> list[str]:
        return [
            f"K = {k}, width {n}: {share:.1%} of the units treated as Gaussian"
            for (k, n), share in sorted(self.gaussian.items()) if share
        ]

    def __repr__(self) -> str:
        return "\n".join([self._title(), *text_table(self._cells()), *self._notes()])

    def _repr_html_(self) -> str:
        return html_table(self._title(), self._cells(), "; ".join(self._notes()))

    def plot(self) -> "Figure":
        """Errors against the width, with the fitted power laws; see `plotting`."""
        from .plotting import convergence_figure

        return convergence_figure(self)


def _average(values: NDArray[np.float64]) -> Estimate:
    return Estimate(float(values.mean()), float(values.std(ddof=1) / np.sqrt(len(values))))


def _text(estimate: Estimate, form: str) -> str:
    error = f"{estimate.standard_error:{'.0e' if 'e' in form else form}}"
    return f"{estimate.value:{form}} ± {error}"


@explained
def width_scaling(
    activation: Activation | str = "relu",
    widths: Sequence[int] = (16, 32, 64),
    orders: Sequence[int] = (1, 2, 3),
    *,
    largest: Mapping[int, int] | None = None,
    layers: int = 3,
    networks: int = 8,
    samples: int = 2**17,
    gain: float = 2**0.5,
    seed: int = 0,
) -> WidthScaling:
    """Error of ``propagate(..., K=K)`` on random networks against their width.

    The networks have layers of equal width without biases, independent normal weights of variance
    gain^2 / width, an activation behind every weight, and standard normal input. The error is that
    of the means behind the last activation. The truth comes from antithetic samples; the square of
    their sampling error is estimated and subtracted, so that the errors are unbiased and may
    come out negative where the samples are too few.

    Parameters
    ----------
    activation : Activation or str
    widths : sequence of int
    orders : sequence of int
        K, from 1 to 4.
    largest : mapping, optional
        K -> largest width at which it is run; K = 4 takes n^4 operations at width n.
    layers : int
        Weights per network.
    networks : int
        Networks per width, at least 2.
    samples : int
        Per network.
    gain : float
        sqrt(2), that of He, keeps the scale of relu networks.
    seed : int
        Of weights and samples.

    Returns
    -------
    WidthScaling

    Raises
    ------
    DomainError
        If a number is out of range, or the activation odd, so that all means vanish.
    OrderError
        If a K is not one of 1, 2, 3, 4.

    References
    ----------
    arXiv:2605.05179: the counting, by which the squared error is of order n^(-K). He et al., ICCV
    2015: the variance of the weights.

    Examples
    --------
    >>> found = width_scaling("relu", (4, 8), (1, 2), networks=3, samples=2000, seed=1)
    >>> found.orders, found.widths(2), found.error(2, 8).value < found.error(1, 8).value
    ((1, 2), (4, 8), True)
    """
    phi = activations.get(activation) if isinstance(activation, str) else activation
    if not isinstance(phi, Activation):
        raise DomainError(
            f"width_scaling: {activation!r} is no activation; pass one of "
            "cumulant_theory.activations or its name"
        )
    for name, given in (("widths", widths), ("orders", orders)):
        if not isinstance(given, (list, tuple, range)):
            raise DomainError(f"{name} is {given!r}; pass a sequence of integers")
    if largest is not None and not isinstance(largest, Mapping):
        raise DomainError(f"largest is {largest!r}; pass a mapping of K to a width")
    if not orders or any(k not in (1, 2, 3, 4) for k in orders):
        raise OrderError(f"orders is {orders!r}; pass K from 1, 2, 3, 4")
    for name, values, least, most in (
        ("widths", tuple(widths), 1, _MOST), ("layers", (layers,), 1, _DEEPEST),
        ("networks", (networks,), 2, _MOST), ("samples", (samples,), 4, _MOST),
        ("seed", (seed,), 0, np.inf),
    ):
        if not values or not all(
            (number := as_integer(v, least)) is not None and number <= most for v in values
        ):
            upper = f" and at most {most}" if most < np.inf else ""
            raise DomainError(
                f"{name}: {brief(values)}; pass integers of at least {least}{upper}"
            )
    layers, networks, samples, seed = map(int, (layers, networks, samples, seed))
    if phi.is_odd:
        raise DomainError(
            f"{phi!r} is odd, so all means are zero in a network without biases, and so are the "
            "errors of every K; take an activation that is not odd"
        )
    if not (isinstance(gain, Real) and 0 < gain < 1e100):
        raise DomainError(f"gain {brief(gain)} is no positive number")
    bounds = largest or {}
    squares: dict[tuple[int, int], list[float]] = {}
    gaussian: dict[tuple[int, int], list[float]] = {}
    sampling: dict[int, list[float]] = {int(n): [] for n in widths}
    for n in sampling:
        here = [k for k in dict.fromkeys(orders) if n <= bounds.get(k, n)]
        for index in range(networks):
            rng = np.random.default_rng([seed, n, index])
            weights = [gain / np.sqrt(n) * rng.standard_normal((n, n)) for _ in range(layers)]
            with np.errstate(all="ignore"):
                mean, variance = _sampled(weights, phi, samples, rng)
            if not (np.isfinite(mean).all() and np.isfinite(variance).all()):
                raise DomainError(
                    f"width {n}: samples of the network leave the finite float32 numbers; take a "
                    "smaller gain or fewer layers"
                )
            sampling[n].append(float(variance.mean()))
            for k in here:
                found = propagate(weights, None, phi, K=k, output_activation=True)
                error = float(((found.output.mean - mean) ** 2).mean() - variance.mean())
                squares.setdefault((k, n), []).append(error)
                counts = np.sum(found.health.gaussian_units, axis=0)
                gaussian.setdefault((k, n), []).append(counts[0] / counts[1])
    return WidthScaling(
        phi, layers, samples,
        {key: np.array(v) for key, v in squares.items()},
        {n: np.array(v) for n, v in sampling.items()},
        {key: float(np.mean(v)) for key, v in gaussian.items()},
    )


def _sampled(
    weights: Sequence[NDArray[np.float64]], phi: Activation, samples: int, rng: np.random.Generator
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Mean output over pairs of opposite inputs, and the squared standard error of each unit.

    In single precision, whose rounding is far below the sampling error, with sums in double.
    """
    single = [w.astype(np.float32) for w in weights]

    def forward(x: Any) -> Any:
        for w in single:
            x = evaluate(phi, x @ w.T)
        return x

    n, pairs = len(weights[0]), samples // 2
    rows = max(_PRODUCT // n**2, 8)
    chunk = rows * max(_CHUNK // (n * rows), 1)
    first: Any = None
    total, square = np.zeros(n), np.zeros(n)
    for start in range(0, pairs, chunk):
        count = min(chunk, pairs - start)
        shape = (count, n) if count % rows else (count // rows, rows, n)
        x = rng.standard_normal(shape, dtype=np.float32)
        y = ((forward(x) + forward(-x)) / 2).reshape(count, n)
        first = y.mean(0, dtype=float) if first is None else first
        y = y - first
        total, square = total + y.sum(0), square + (y * y).sum(0)
    mean = total / pairs
    return first + mean, (square / pairs - mean**2) / (pairs - 1)
