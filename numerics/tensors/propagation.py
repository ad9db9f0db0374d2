"""Propagation of cumulants through networks with numeric weights."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from cumulant_theory.activations import Activation
from cumulant_theory.algebra import as_integer
from cumulant_theory.arguments import check_instance, explained
from cumulant_theory.closures import Closure, Diagrams, Exact, Neglect
from cumulant_theory.errors import (
    DomainError,
    NoClosedFormError,
    OrderError,
    ShapeError,
    UnknownNameError,
)

from ..tables import shortened
from .alike import alike
from .arrays import get_arrays
from .exchangeable import MEMORY, ExchangeableMonitor, ExchangeableWeight
from .forms import DenseTensor
from .health import Health, Monitor
from .ladder import Network, climb_down
from .maps import PointwiseMap, as_map
from .state import State
from .steps import order_of

FORMS = ("auto", "dense", "factored", "exchangeable")
DENSE_WIDTH = 20  # up to here the dense form is the faster one at K = 4


@dataclass(frozen=True)
class Propagation:
    """Cumulants of every layer.

    Attributes
    ----------
    labels : tuple of str
        "input", "1 Linear", "2 relu", ...
    states : tuple of State
        In the same order.
    closure : Closure
        What was neglected.
    form : str
        How third and fourth cumulants were held.
    exact : bool
        Whether nothing was neglected.
    health : Health
        Checks that failed, and what was done.
    """

    labels: tuple[str, ...]
    states: tuple[State, ...]
    closure: Closure
    form: str
    exact: bool
    health: Health

    @property
    def output(self) -> State:
        """The last layer."""
        return self.states[-1]

    @explained
    def __getitem__(self, key: str | int) -> State:
        """The state behind a layer, by its label or number.

        Raises
        ------
        UnknownNameError
            If there is no such layer.
        """
        if key in self.labels:
            return self.states[self.labels.index(str(key))]
        number = as_integer(key, -len(self.states))
        if number is None or number >= len(self.states):
            raise UnknownNameError.of("layer", key, self.labels)
        return self.states[number]

    def __iter__(self) -> Iterator[State]:
        return iter(self.states)

    def __repr__(self) -> str:
        lines = [f"Propagation({self.closure!r}, {self.form}, exact={self.exact}, "
                 f"{'healthy' if self.health.ok else f'{len(self.health.findings)} findings'})"]
        for label, state in zip(self.labels, self.states, strict=True):
            xp = state.xp
            mean, deviation = xp.detached(state.mean), np.sqrt(xp.detached(state.variance))
            lines.append(
                f"  {label:<12} {state.width:>6} units, mean {mean.min():.3g} to {mean.max():.3g}, "
                f"deviation {deviation.min():.3g} to {deviation.max():.3g}"
            )
        return "\n".join(shortened(lines))

    def _repr_html_(self) -> str:
        from .display import propagation_card

        return propagation_card(self)


@explained
def propagate(
    weights: Sequence[Any],
    biases: Sequence[Any] | None,
    activation: Any,
    mean: Any = None,
    cov: Any = None,
    kappa3: Any = None,
    kappa4: Any = None,
    closure: Closure | None = None,
    K: int = 3,
    form: str = "auto",
    backend: str = "numpy",
    dtype: Any = None,
    output_activation: bool = False,
    gaussian_pairs: bool = True,
) -> Propagation:
    """Mean, covariance, third and fourth cumulants of every layer of a network.

    Cost at width n per layer: K = 1 takes n^2, K = 2 and 3 take n^3, K = 4 takes n^4. The terms
    neglected are of order n^(-K/2) behind wide random layers.

    Parameters
    ----------
    weights : sequence of array (out, in) or ExchangeableWeight
        As in ``torch.nn.Linear``.
    biases : sequence of array (out,) or None, or None
        One number per layer where all units are alike.
    activation : Activation, str, or sequence of one per pointwise layer
    mean, cov : array (in,), array (in, in), optional
        Of the input; standard normal by default. Where all units are alike, a number and a mapping
        ``{(2,): variance, (1, 1): covariance}`` will do.
    kappa3, kappa4 : array (in, in, in), array (in, in, in, in), optional
        Higher joint cumulants of the input; zero by default. Where all units are alike, numbers by
        multiplicities of distinct units, as ``{(3,): 0.5, (2, 1): 0.1}``.
    closure : Closure, optional
        ``Diagrams(K)`` with K from 1 to 4 or ``Neglect(K)`` with K from 2 to 4; by default
        ``Diagrams(K)``.
    K : int
        Order of the default closure.
    form : {"auto", "dense", "factored", "exchangeable"}
        Of the cumulants of order three and four; the factored form is for wide layers. The
        exchangeable one is for networks that treat all units alike, weights own * 1 +
        shared * 11^T: states are a few numbers, and no cost depends on the width. It is chosen
        where the arrays given are exactly so, or are :class:`ExchangeableWeight`.
    backend : {"numpy", "torch"}
        With torch, gradients flow to weights, biases and input cumulants.
    dtype : optional
        "float32" or "float64"; by default that of the first weight.
    output_activation : bool
        Whether an activation follows the last weight.
    gaussian_pairs : bool
        Take the Gaussian covariance of two units to all orders in their covariance (default)
        instead of by cost.

    Returns
    -------
    Propagation

    Raises
    ------
    ShapeError
        If shapes do not fit.
    DomainError
        If a number is not finite, or the covariance is none.
    NoClosedFormError
        If ``Exact()`` is asked for and an activation is not affine.

    References
    ----------
    arXiv:2605.05179: the counting of diagrams for wide networks. Price, IRE Trans. Inf. Theory 4,
    69 (1958): Gaussian covariances.

    Examples
    --------
    >>> result = propagate([[[1.0, 1.0]], [[2.0]]], None, "relu", K=2)
    >>> [round(float(s.mean[0]), 6) for s in result.states], result.exact
    ([0.0, 0.0, 0.56419, 1.128379], False)

    Units that are all alike, in any number:

    >>> from numerics.tensors import ExchangeableWeight
    >>> alike = propagate([ExchangeableWeight(1.0, 1e-6, 10**6)] * 2, None, "relu", K=4)
    >>> alike.form, round(float(alike.output[1]), 6), round(float(alike.output[1, 1]) * 1e6, 4)
    ('exchangeable', 0.797886, 4.0225)
    """
    return _run(weights, biases, activation, (mean, cov, kappa3, kappa4), closure, K, form, backend,
                dtype, output_activation, gaussian_pairs, False)  # fmt: skip


@explained
def expected_activations(
    weights: Sequence[Any],
    biases: Sequence[Any] | None,
    activation: Any,
    K: int = 3,
    **options: Any,
) -> list[Any]:
    """Mean of every unit behind each activation, for standard normal input.

    Every weight is followed by an activation. The last layer costs less than in
    :func:`propagate`, since only its means are computed.

    Parameters
    ----------
    weights, biases, activation, K
        As in :func:`propagate`.
    **options
        Its other arguments.

    Returns
    -------
    list of array (out,)

    Examples
    --------
    >>> float(expected_activations([[[1.0, 1.0]]], None, "relu")[0].round(6)[0])
    0.56419
    """
    defaults = {"closure": None, "form": "auto", "backend": "numpy", "dtype": None,
                "gaussian_pairs": True, "mean": None, "cov": None, "kappa3": None, "kappa4": None}
    for name in options:
        if name not in defaults:
            raise UnknownNameError.of("option of expected_activations", name, defaults)
    options = {**defaults, **options}
    given = tuple(options.pop(name) for name in ("mean", "cov", "kappa3", "kappa4"))
    result = _run(weights, biases, activation, given, K=K, output_activation=True, means_only=True,
                  **options)  # fmt: skip
    return [state.mean for state in result.states[2::2]]


def _run(
    weights: Any, biases: Any, activation: Any, given: Any, closure: Any, K: int, form: str,
    backend: str, dtype: Any, output_activation: bool, gaussian_pairs: bool, means_only: bool,
) -> Propagation:  # fmt: skip
    weights = _listed(weights, "weights")
    biases = [None] * len(weights) if biases is None else _listed(biases, "biases")
    if not weights or len(biases) != len(weights):
        raise ShapeError(
            f"{len(weights)} weights and {len(biases)} biases; give one bias or None per weight"
        )
    maps = _maps(activation, len(weights) - (not output_activation))
    closure = _closure(closure, K, maps)
    xp = get_arrays(backend, dtype, (*weights, *biases, *given))
    if form not in FORMS:
        raise UnknownNameError.of("form", form, FORMS)
    matrices = [w if isinstance(w, ExchangeableWeight) else _array(xp, w, 2, f"weight {k}")
                for k, w in enumerate(weights)]  # fmt: skip
    vectors = [None if b is None else _bias(xp, b, f"bias {k}") for k, b in enumerate(biases)]
    order = order_of(closure)
    numbers = alike(xp, matrices, vectors, given, maps, order, form)
    held, monitor = form, Monitor
    if numbers is None:
        form = held = _form(form, closure, [matrices[0].shape[1], *(w.shape[0] for w in matrices)],
                            xp)  # fmt: skip
        state = _input(xp, matrices[0].shape[1], given, order)
    else:
        form, held, monitor = "exchangeable", "dense", ExchangeableMonitor
        matrices, vectors, state = numbers
    network = Network(matrices, vectors, maps, state, monitor, held, gaussian_pairs, means_only)
    states, checks = climb_down(network, closure)
    labels = ["input"]
    for k in range(len(matrices)):
        labels.append(f"{len(labels)} Linear")
        labels += [f"{len(labels)} {phi.name}" for phi in maps[k : k + 1]]
    exact = all(phi.degree is not None and phi.degree <= 1 for phi in maps)
    return Propagation(tuple(labels), tuple(states), closure, form, exact, checks.health)


def _maps(activation: Any, count: int) -> list[PointwiseMap]:
    if isinstance(activation, (list, tuple)):
        if len(activation) != count:
            raise ShapeError(
                f"{len(activation)} activations for {count} pointwise layers; give one for each, "
                "or a single one for all"
            )
        return [_map(a) for a in activation]
    return [_map(activation)] * count


def _map(activation: Any) -> PointwiseMap:
    check_instance(activation, (str, Activation, PointwiseMap), "propagate: activation")
    return as_map(activation)


def _closure(closure: Any, order: int, maps: list[PointwiseMap]) -> Closure:
    chosen = Diagrams(order) if closure is None else closure
    if isinstance(chosen, Exact):
        rough = next((m for m in maps if m.degree is None or m.degree > 1), None)
        if rough is not None:
            raise NoClosedFormError(
                f"Exact(): the activation {rough.name} makes every order depend on higher ones; "
                "use closure=Diagrams(3), Neglect(4), or cumulant_theory's layers for exact "
                "propagation of polynomial networks"
            )
        return chosen
    if not isinstance(chosen, (Diagrams, Neglect)):
        raise DomainError(f"closure {chosen!r} is not known; use Diagrams(K) or Neglect(K)")
    if chosen.order > 4:
        raise OrderError(f"{chosen!r}: tensors go to order 4; use K from 1 to 4")
    endless = isinstance(chosen, Neglect) and chosen.order > 2 and chosen.cost is None
    rough = next((m for m in maps if m.degree is None), None)
    if endless and rough is not None:
        raise NoClosedFormError(
            f"{chosen!r}: infinitely many diagrams, since {rough.name} is no polynomial; "
            f"use Diagrams({chosen.order}) or Neglect({chosen.order}, cost=C)"
        )
    return chosen


def _form(form: str, closure: Closure, widths: list[int], xp: Any) -> str:
    order = order_of(closure)
    if form == "factored" and not (isinstance(closure, Diagrams) and order >= 3):
        raise DomainError(f"form='factored' is for Diagrams(3) and Diagrams(4), not {closure!r}")
    if form == "auto":
        wide = isinstance(closure, Diagrams) and order >= 3
        form = "factored" if wide and (order == 3 or max(widths) > DENSE_WIDTH) else "dense"
    bytes_each = 4 if xp.epsilon > 1e-10 else 8
    if form == "dense" and order >= 3 and max(widths) ** order * bytes_each > MEMORY:
        raise DomainError(
            f"a dense tensor of order {order} over {max(widths)} units takes "
            f"{max(widths) ** order * bytes_each / 2**30:.0f} GiB; use Diagrams({order}) with "
            "form='factored', or a lower K"
        )
    return form


def _listed(given: Any, name: str) -> list[Any]:
    try:
        return list(given)
    except TypeError:
        raise ShapeError(
            f"{name} is {given!r}; give a sequence with one array per layer, which for a torch "
            "model comes from from_torch(model).alternating()"
        ) from None


def _bias(xp: Any, value: Any, name: str) -> Any:
    single = isinstance(value, (int, float)) or getattr(value, "ndim", 1) == 0
    return _array(xp, value, 0, name).reshape(1) if single else _array(xp, value, 1, name)


def _array(xp: Any, value: Any, rank: int, name: str) -> Any:
    if "complex" in str(getattr(value, "dtype", "")):
        raise DomainError(f"{name} has complex entries; give real numbers")
    try:
        array = xp.asarray(value)
        plain = xp.detached(array)
    except (TypeError, ValueError, RuntimeError) as error:
        raise ShapeError(f"{name} cannot be read as an array of numbers: {error}") from error
    if array.ndim != rank or 0 in array.shape:
        raise ShapeError(
            f"{name} has shape {tuple(array.shape)}; it must have {rank} axes, none of length 0"
        )
    if not np.isfinite(plain).all():
        raise DomainError(f"{name} has entries that are not finite")
    return array


def _input(xp: Any, n: int, given: Any, order: int) -> State:
    names = ("mean", "cov", "kappa3", "kappa4")
    arrays: list[Any] = []
    for rank, (name, value) in enumerate(zip(names, given, strict=True), 1):
        array = None if value is None else _array(xp, value, rank, name)
        if array is not None:
            if tuple(array.shape) != (n,) * rank:
                raise ShapeError(f"{name} has shape {tuple(array.shape)}; the input has {n} units")
            plain = xp.detached(array)
            # cumulants that vanish are known up to rounding of a power of the deviation
            near = 1e-5 * abs(plain).max()
            if rank > 2:
                spread = 1.0 if arrays[1] is None else float(abs(xp.detached(arrays[1])).max())
                near = max(near, 64 * xp.epsilon * spread ** (rank / 2))
            for a in range(rank - 1):
                if not np.allclose(plain, np.swapaxes(plain, a, a + 1), rtol=0, atol=near):
                    raise DomainError(f"{name} is not symmetric in its indices")
        arrays.append(array)
    mean, cov, third, fourth = arrays
    mean, white = xp.zeros(n) if mean is None else mean, cov is None
    if white:
        cov = xp.eye(n)
    else:
        plain = xp.detached(cov).astype(float)
        lowest = float(np.linalg.eigvalsh(plain)[0])
        if lowest < -1e-5 * max(float(abs(plain).max()), 1e-300):
            raise DomainError(
                f"cov has the eigenvalue {lowest:.3g}; a covariance matrix has none below zero"
            )
    variance = xp.diagonal(cov)
    return State(
        xp, mean, lambda: variance, None if order == 1 else lambda: cov,
        None if third is None or order < 3 else DenseTensor(xp, third),
        None if fourth is None or order < 3 else DenseTensor(xp, fourth),
        white and order > 1,
    )  # fmt: skip
