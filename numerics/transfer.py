"""Which cumulants of the data reach which cumulants of the output."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import reduce
from itertools import combinations_with_replacement
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from cumulant_theory.algebra import as_integer, check_seed
from cumulant_theory.arguments import brief, explained
from cumulant_theory.errors import DomainError, OrderError, ShapeError, UnknownNameError

from .backends.numpy import as_float64
from .chain import Chain
from .datasets import InputCumulants
from .tables import html_table, text_table
from .tensors import Propagation, propagate
from .tensors.carried import CarriedMap
from .tensors.maps import as_map

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Tensors = dict[int, NDArray[np.float64]]  # order -> tensor
Predictor = Callable[..., Tensors]

ORDERS = (1, 2, 3)
_NAMES = {1: "mean", 2: "covariance", 3: "third cumulants"}


@dataclass(frozen=True, repr=False)
class OrderTransfer:
    """Result of `order_transfer`.

    Parameters
    ----------
    classes : tuple
        Labels; (None,) for data without labels.
    kept : tuple of int
        Highest input order kept in each prediction.
    predicted : dict
        (class, kept) -> {output order: tensor}.
    measured : dict
        class -> {output order: tensor}, of the data that the input cumulants are from.
    tested : dict
        The same of the test data; empty without.
    errors : dict
        Standard errors of the difference of test and training data, class -> {order: tensor}; zero
        where a unit has one value at all points.
    findings : dict
        (class, kept) -> what the checks of the propagation found, see `Health`; where units were
        treated as Gaussian, part of the input orders was lost on the way.
    """

    classes: tuple[Any, ...]
    kept: tuple[int, ...]
    predicted: dict[tuple[Any, int], Tensors]
    measured: dict[Any, Tensors]
    tested: dict[Any, Tensors]
    errors: dict[Any, Tensors]
    findings: dict[tuple[Any, int], tuple[Any, ...]]

    @property
    def output_orders(self) -> tuple[int, ...]:
        """Output orders that were predicted."""
        return tuple(next(iter(self.predicted.values())))

    @explained
    def error(self, kept: int, order: int, label: Any = None) -> float:
        """Relative error of the cumulants of an output order.

        The Frobenius norm of predicted minus measured over that of measured; over all classes,
        sums of squares over both, unless a class is given. Infinite where the measured cumulants
        vanish and the predicted ones do not.

        Raises
        ------
        OrderError
            If the order was not kept or not predicted.
        UnknownNameError
            If there is no such class.

        Examples
        --------
        >>> from numerics.chain import Affine, Chain
        >>> x = [[0.0, 0.0], [1.0, 0.0], [0.0, 4.0]]
        >>> table = order_transfer(Chain([Affine([[1.0, 1.0]])]), x)
        >>> table.error(kept=1, order=2), table.error(kept=2, order=2) < 1e-12
        (1.0, True)
        """
        self._check(kept, order)
        if label is not None and (isinstance(label, np.ndarray) or label not in self.classes):
            raise UnknownNameError.of("class", label, map(str, self.classes))
        classes = self.classes if label is None else (label,)
        gap = sum(
            float(((self.predicted[c, kept][order] - self.measured[c][order]) ** 2).sum())
            for c in classes
        )
        size = sum(float((self.measured[c][order] ** 2).sum()) for c in classes)
        return float(np.sqrt(gap / size)) if size else (0.0 if not gap else np.inf)

    def _check(self, kept: int, order: int) -> None:
        if as_integer(kept) not in self.kept or as_integer(order) not in self.output_orders:
            raise OrderError(
                f"no prediction of output order {order} from input orders up to {kept}; kept "
                f"were {self.kept}, predicted {self.output_orders}"
            )

    @explained
    def z(self, kept: int, order: int) -> NDArray[np.float64]:
        """(predicted - test) / standard error, of all classes and distinct entries.

        The standard error is that of the difference between two finite data sets of one law, so
        |z| about 1 is what the finite data leave undecided. Entries that do not vary in the data,
        such as those of a unit that a ReLU never lets through, have none and are left out.

        Raises
        ------
        DomainError
            If there was no test data, or no entry varies in it.
        OrderError
            If the order was not kept or not predicted.
        """
        self._check(kept, order)
        if not self.tested:
            raise DomainError("z-scores need test data; pass test=(points, labels)")
        found = self._z(kept, order)
        if not found.size:
            raise DomainError(
                f"no entry of output order {order} varies in the data, so there is no standard "
                f"error; .error({kept}, {order}) is the relative error"
            )
        return found

    def _z(self, kept: int, order: int) -> NDArray[np.float64]:
        scores = []
        for c in self.classes:
            gap = self.predicted[c, kept][order] - self.tested[c][order]
            error = self.errors[c][order]
            for units in combinations_with_replacement(range(gap.shape[0]), order):
                if error[units] > 0:
                    scores.append(gap[units] / error[units])
        return np.array(scores)

    @property
    def table(self) -> list[dict[str, Any]]:
        """Rows: output order, kept input orders, relative error, and the r.m.s. z of a test.

        There is no z where no entry varies in the data.
        """
        rows = []
        for order in self.output_orders:
            for kept in self.kept:
                row = {"output": order, "kept": kept, "error": self.error(kept, order)}
                if self.tested and (z := self._z(kept, order)).size:
                    row["z"] = float(np.sqrt(np.mean(z**2)))
                rows.append(row)
        return rows

    def _cells(self) -> list[list[str]]:
        head = ["output", *(_range(k) for k in self.kept)]
        cells = [head]
        found = {(row["output"], row["kept"]): row for row in self.table}
        for order in self.output_orders:
            line = [_NAMES.get(order, f"order {order}")]
            for kept in self.kept:
                row = found[order, kept]
                z = f"  (z {row['z']:.3g})" if "z" in row else ""
                line.append(f"{row['error']:.2g}{z}")
            cells.append(line)
        return cells

    def _title(self) -> str:
        tested = "; in brackets r.m.s. z against test data" if self.tested else ""
        classes = "" if self.classes == (None,) else f", {len(self.classes)} classes"
        return f"relative error of the output cumulants, by input orders kept{classes}{tested}"

    def _notes(self) -> list[str]:
        found = [
            (kept, sum(bool(self.findings.get((c, kept))) for c in self.classes))
            for kept in self.kept
        ]
        return [
            f"{_range(kept)}: checks of the propagation failed in {count} of {len(self.classes)} "
            "predictions, which use less than was kept; see .findings"
            for kept, count in found if count
        ]

    def __repr__(self) -> str:
        return "\n".join([self._title(), *text_table(self._cells()), *self._notes()])

    def _repr_html_(self) -> str:
        return html_table(self._title(), self._cells(), " ".join(self._notes()))

    def plot(self) -> "Figure":
        """Errors by output order, and predicted against measured cumulants; see `plotting`."""
        from .plotting import transfer_figure

        return transfer_figure(self)


def _range(kept: int) -> str:
    return "order 1" if kept == 1 else f"orders 1-{kept}"


@explained
def order_transfer(
    chain: Chain,
    points: ArrayLike,
    labels: ArrayLike | None = None,
    *,
    kept: Sequence[int] = ORDERS,
    test: tuple[ArrayLike, ArrayLike | None] | None = None,
    predict: Predictor | None = None,
    resamples: int = 200,
    seed: int = 0,
) -> OrderTransfer:
    """Output cumulants of a network from those of its data, input order by input order.

    For each class the population cumulants of its points go in, those above an order left out, and
    the cumulants that come out are compared with the population cumulants of the network's values
    at the same points. No sampling enters: what differs is what the left-out input orders carry,
    and the truncation of the propagation.

    Parameters
    ----------
    chain : Chain
        The network, for example of `from_torch`.
    points : (N, in_features) array
    labels : (N,) array, optional
        Classes, treated one by one.
    kept : sequence of int
        Highest input orders kept.
    test : (points, labels), optional
        Other data of the same law: adds z-scores.
    predict : callable, optional
        predict(chain, mean=, cov=, kappa3=) -> {output order: tensor}; `propagated` by default.
    resamples : int
        Bootstrap resamples of the standard errors.
    seed : int
        Of the resamples.

    Returns
    -------
    OrderTransfer

    Raises
    ------
    ShapeError
        If labels do not fit the points, or a class of the data has no test points.
    OrderError
        If a kept order is not 1, 2 or 3.
    DomainError
        If the network is no `Chain`, points are no finite real numbers, resamples are too few, the
        seed is no integer from 0 up, or ``predict`` is no function.

    References
    ----------
    Fischer, Rene, Keup, Layer, Dahmen & Helias, Phys. Rev. Research 4, 043143 (2022): networks as
    maps between the correlation functions of data.
    """
    if not isinstance(chain, Chain):
        raise DomainError(f"order_transfer: {chain!r} is no Chain; pass from_torch(model)")
    if not isinstance(kept, (list, tuple)) or not kept or any(
        as_integer(k) not in ORDERS for k in kept
    ):
        raise OrderError(f"kept is {kept!r}; pass input orders from 1, 2, 3")
    groups = _classes(chain, points, labels)
    if test is not None and not (isinstance(test, (list, tuple)) and len(test) == 2):
        raise ShapeError("test is no pair; pass test=(points, labels), or (points, None)")
    if predict is not None and not callable(predict):
        raise DomainError(
            f"predict is {predict!r}; pass a function predict(chain, mean=, cov=, kappa3=), or "
            "leave it out"
        )
    seed = check_seed(seed, "order_transfer")
    if as_integer(resamples, 2) is None:
        raise DomainError(f"resamples={resamples!r}; a standard error needs an integer from 2 on")
    tests = _classes(chain, *test) if test is not None else {}
    predicted: dict[tuple[Any, int], Tensors] = {}
    measured, tested, errors, findings = {}, {}, {}, {}
    for k, (label, x) in enumerate(groups.items()):
        inputs = InputCumulants(max(kept)).update(x)
        for order in kept:
            given = inputs.to_order(order)
            if predict is not None:
                predicted[label, order] = predict(chain, **given)
            else:
                found = _propagate(chain, **given, order=3)
                predicted[label, order] = _tensors(found, 3)
                findings[label, order] = found.health.findings
        values = chain(x)
        measured[label] = _cumulants(values)
        if test is not None:
            if label not in tests:
                raise ShapeError(f"class {label!r} has no test points; give some of every class")
            others = chain(tests[label])
            tested[label] = _cumulants(others)
            rng = np.random.default_rng([seed, k])
            own, theirs = (_bootstrap(v, resamples, rng) for v in (values, others))
            varies = np.ptp(np.concatenate([values, others]), axis=0) > 0
            errors[label] = {
                r: np.sqrt(own[r] + theirs[r]) * reduce(np.multiply.outer, [varies] * r)
                for r in ORDERS
            }
    return OrderTransfer(tuple(groups), tuple(kept), predicted, measured, tested, errors, findings)


def propagated(chain: Chain, mean: Any, cov: Any, kappa3: Any = None, order: int = 3) -> Tensors:
    """Cumulants of the output of a chain from those of its input, without sampling.

    Parameters
    ----------
    chain : Chain
    mean, cov : arrays (n,) and (n, n)
    kappa3 : (n, n, n) array, optional
        Zero by default.
    order : int
        K = 2 or 3: which diagrams are kept, and the highest output order.

    Returns
    -------
    dict
        Output order -> tensor.

    Examples
    --------
    >>> from cumulant_theory import activations
    >>> from numerics.chain import Affine, Pointwise
    >>> square = Chain([Affine([[1.0, 0.0], [1.0, 2.0]]), Pointwise(activations.Square())])
    >>> propagated(square, np.zeros(2), np.eye(2), order=2)[2]
    array([[ 2.,  2.],
           [ 2., 50.]])
    """
    if order not in (2, 3):
        raise OrderError(f"order {order!r} is not 2 or 3")
    return _tensors(_propagate(chain, mean, cov, kappa3, order), order)


def _propagate(chain: Chain, mean: Any, cov: Any, kappa3: Any, order: int) -> Propagation:
    affine, pointwise = chain.alternating()
    maps = [as_map(stage.activation) for stage in pointwise]
    return propagate(
        [a.weight for a in affine], [a.bias for a in affine],
        [CarriedMap(s.carried, phi) if s.carried else phi
         for s, phi in zip(pointwise, maps, strict=True)],
        mean, cov, kappa3 if order > 2 else None, K=order,
        form="auto" if kappa3 is None else "dense", output_activation=len(maps) == len(affine),
    )


def _tensors(found: Propagation, order: int) -> Tensors:
    state = found.output
    tensors = {1: state.mean, 2: state.covariance}
    if order == 3:
        n = state.width
        tensors[3] = np.zeros((n, n, n)) if state.third is None else state.third.dense()
    return tensors


def _classes(chain: Chain, points: ArrayLike, labels: ArrayLike | None) -> dict[Any, NDArray]:
    x = as_float64(points, "points")
    if x.ndim < 2 or not len(x):
        raise ShapeError(f"points have shape {x.shape}; pass (N, {chain.in_features})")
    x = x.reshape(len(x), -1)
    if x.shape[1] != chain.in_features:
        raise ShapeError(f"points have {x.shape[1]} units, the chain takes {chain.in_features}")
    if labels is None:
        return {None: x}
    try:
        y = np.asarray(labels)
    except ValueError:
        raise ShapeError(f"labels are {brief(labels)}; pass one per point, ({len(x)},)") from None
    if y.shape != (len(x),):
        raise ShapeError(f"labels have shape {y.shape}; pass one per point, ({len(x)},)")
    if y.dtype.kind == "f" and np.isnan(y).any():
        raise ShapeError("labels have NaN entries; give every point a class")
    return {label.item(): x[y == label] for label in np.unique(y)}


def _cumulants(values: NDArray[np.float64]) -> Tensors:
    found = InputCumulants(3).update(values)
    return {r: found.cumulant(r) for r in ORDERS}


def _bootstrap(values: NDArray[np.float64], resamples: int, rng: np.random.Generator) -> Tensors:
    """Variances of the cumulants of a finite sample."""
    drawn = [_cumulants(values[rng.integers(len(values), size=len(values))])
             for _ in range(resamples)]
    return {r: np.var([d[r] for d in drawn], axis=0, ddof=1) for r in ORDERS}
