"""Repeated application of a trained map: predicted against measured, step by step."""

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from cumulant_theory.algebra import as_integer, check_at_most
from cumulant_theory.arguments import brief, check_flag, explained
from cumulant_theory.closures import Closure
from cumulant_theory.errors import DomainError, OrderError
from cumulant_theory.laws import Law
from cumulant_theory.layers import Layer
from cumulant_theory.rg import RGMap

from ..comparison import Comparison, Measurement, Prediction, compare
from ..tables import html_table, text_table
from ._maps import theory_of
from ._negentropy import negentropy_of
from .predicted import predict_flow

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_MOST_LEAVES = 2**24


@dataclass(frozen=True, repr=False)
class FlowResult:
    """Result of `flow`.

    Parameters
    ----------
    predicted : Prediction
        One layer ``step t`` for each step from 0; ``truncated`` holds the steps under a closure.
    measured : Measurement or None
        The same for the steps that were measured.
    comparison : Comparison or None
        z-scores and verdicts of the measured steps but step 0, with Holm's correction over all.
    b : int
        Block size.
    order : int
        Highest order.
    measured_negentropy : tuple of (value, standard error)
        At every measured step.
    """

    predicted: Prediction
    measured: Measurement | None
    comparison: Comparison | None
    b: int
    order: int
    measured_negentropy: tuple[tuple[Any, Any], ...] = ()

    @property
    def steps(self) -> int:
        """Number of applications."""
        return len(self.predicted.layers) - 1

    @property
    def exact_steps(self) -> int:
        """Number of steps at the start whose prediction neglects nothing."""
        return self.steps - len(self.predicted.truncated)

    @explained
    def cumulant(self, order: int) -> NDArray[np.float64]:
        """Predicted kappa_r along the flow, shape (steps + 1,), or (steps + 1, S).

        Raises
        ------
        OrderError
            If the order was not followed.

        Examples
        --------
        >>> from cumulant_theory import laws, layers
        >>> flow(layers.BlockSum(4), laws.Exponential(1), steps=2, samples=0).cumulant(3)
        array([2. , 1. , 0.5])
        """
        if as_integer(order, 1) is None or order > self.order:
            raise OrderError(f"kappa_{brief(order)}: orders 1 to {self.order} were followed")
        values = [self.predicted.values[n][order,] for n in self.predicted.layers]
        return np.stack(np.broadcast_arrays(*values))

    @explained
    def negentropy(self, next_order: bool = False) -> NDArray[np.float64]:
        """Leading terms of the predicted negentropy, shape (steps + 1,), or (steps + 1, S).

        NaN where the variance is not positive.

        Raises
        ------
        OrderError
            If fewer than four cumulants were followed.
        """
        check_flag(next_order, "negentropy: next_order")
        if self.order < 4:
            raise OrderError(f"negentropy needs order 4; {self.order} cumulants were followed")
        return negentropy_of(np.stack([self.cumulant(r) for r in (2, 3, 4)], axis=-1), next_order)

    def _cells(self) -> list[list[str]]:
        head = ["step", "order", "predicted", "closure"]
        measured = self.measured
        if measured is not None:
            head += ["measured", "std. error", "largest |z|", "verdict"]
        cells = [head]
        rows = self.comparison.rows if self.comparison is not None else []
        for t, name in enumerate(self.predicted.layers):
            for r in range(1, self.order + 1):
                row = [str(t), str(r), _range(self.predicted.values[name][r,]),
                       self.predicted.closure_of(name, (r,))]
                if measured is not None:
                    row += _measured_cells(measured, rows, name, (r,))
                cells.append(row)
        return cells

    def _title(self) -> str:
        text = f"{self.steps} steps of a map of {self.b} units to one, from {self.predicted.law}"
        if self.measured is not None:
            text += f"; {self.measured.samples} trees"
        return text

    def __repr__(self) -> str:
        lines = [self._title(), *text_table(self._cells(), left=(3, 7))]
        return "\n".join([*lines, *([self.comparison.summary()] if self.comparison else [])])

    def _repr_html_(self) -> str:
        notes = self.comparison.summary() if self.comparison else ""
        return html_table(self._title(), self._cells(), notes)

    def plot(self) -> "Figure":
        """Cumulants and negentropy against steps; see `flow_figure`."""
        from .figures import flow_figure

        return flow_figure(self)


@explained
def flow(
    module: Any, law: Law, steps: int, order: int = 4, *, closure: Closure | None = None,
    exact_order: int = 16, measured_steps: int | None = None, samples: int = 2**13, seed: int = 0,
    level: float = 0.01, progress: bool = False,
) -> FlowResult:
    """Apply a trained map t times: how the cumulants flow, predicted and measured.

    Parameters
    ----------
    module : Network, Ensemble, Layer or RGMap
        Onto one unit; a layer or RG map without parameters is built for the measurement.
    law : Law
        Of one input, without symbols.
    steps : int
        Number of applications t.
    order : int
        Highest order, to 8.
    closure : Closure, optional
        For the steps that are not exact. Default: ``Neglect(max(order, 2))`` for polynomial
        activations, ``Diagrams(3)`` for others.
    exact_order : int
        Highest cumulant of the initial law that exact steps may need: t steps of a map of degree p
        need order * p^t. Linear maps are always exact.
    measured_steps : int, optional
        Default: as many as need at most 2^24 inputs.
    samples : int
        Number of trees of b^t independent inputs; 0 measures nothing.
    seed : int
        Of the inputs.
    level : float
        Family-wise error rate of the verdicts.
    progress : bool
        Bar on stderr.

    Returns
    -------
    FlowResult

    Raises
    ------
    DomainError
        If the law or the map has symbols, the law cannot be sampled, or a number is out of range.
    DivergenceError
        If cumulants or values leave the finite numbers.
    OrderError
        If the law lacks cumulants.
    ShapeError
        If the map has several output units.

    Notes
    -----
    Exact steps are exact in the rationals that the weights are, and then rounded. Where a step
    is under a closure, a disagreement is the neglected terms showing; the comparison counts it in
    ``beyond_closure``.

    Examples
    --------
    >>> from cumulant_theory import laws, layers
    >>> found = flow(layers.BlockSum(2), laws.Exponential(1), steps=2, samples=2**12)
    >>> found.exact_steps, found.comparison.contradicts
    (2, False)
    """
    for name, value in (("steps", steps), ("exact_order", exact_order), ("samples", samples)):
        if isinstance(value, bool) or not isinstance(value, int) or value < 0:
            raise DomainError(f"flow: {name} is {value!r}; pass an integer from 0 up")
    check_at_most(steps, 1000, "flow", "steps", "take fewer")
    if not isinstance(law, Law):
        raise DomainError(f"flow: {law!r} is no univariate law, of which copies could be taken")
    rg_map, _ = theory_of(module, "flow")
    predicted = predict_flow(module, law, steps, order, closure, exact_order)
    if not samples:
        return FlowResult(predicted, None, None, rg_map.b, order)
    if measured_steps is None:
        measured_steps = next(
            t for t in range(steps, -1, -1) if samples * rg_map.b**t <= _MOST_LEAVES or t == 0
        )
    if not 0 <= measured_steps <= steps:
        raise DomainError(
            f"flow: measured_steps is {measured_steps!r}; pass an integer from 0 to {steps}"
        )
    from ..networks import build
    from .measured import measure_flow

    if isinstance(module, (Layer, RGMap)):
        module = build(rg_map.layer)
    found = measure_flow(module, law, measured_steps, order, samples, seed, progress)
    comparison = None
    if measured_steps:
        names = tuple(n for n in found.measurement.layers if n != "step 0")
        comparison = compare(
            replace(predicted, layers=names), replace(found.measurement, layers=names), level
        )
    return FlowResult(
        predicted, found.measurement, comparison, rg_map.b, order, found.negentropy
    )


def _range(value: Any) -> str:
    values = np.atleast_1d(np.asarray(value, dtype=float))
    if values.size == 1:
        return f"{values[0]:.6g}"
    return f"{values.min():.4g} to {values.max():.4g}"


def _measured_cells(
    measured: Measurement, rows: list[Any], name: str, alpha: tuple[int, ...]
) -> list[str]:
    if name not in measured.layers:
        return ["", "", "", ""]
    cells = [_range(measured.values[name][alpha]), _range(measured.standard_errors[name][alpha])]
    here = [row for row in rows if (row.layer, row.alpha) == (name, alpha)]
    if not here:
        return [*cells, "", ""]
    worst = max(abs(row.z) for row in here)
    verdicts = [row.verdict for row in here]
    text = verdicts[0] if len(set(verdicts)) == 1 else ", ".join(
        f"{verdicts.count(v)} {v}" for v in dict.fromkeys(verdicts)
    )
    return [*cells, f"{worst:.2f}", text]
