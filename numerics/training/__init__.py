"""Training of networks and of whole ensembles, reproducible from a seed."""

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from tqdm import tqdm

from cumulant_theory.closures import Closure, as_closure
from cumulant_theory.errors import DomainError, OrderError, ShapeError, UnknownNameError
from numerics.networks import Ensemble, Network
from numerics.training.losses import (
    cumulant_distance,
    energy_distance,
    kstatistics,
    law_residuals,
    order_weights,
    pointwise_residuals,
    squared_error,
)
from numerics.training.optimizers import Progress, first_order, levenberg_marquardt

__all__ = [
    "TrainingResult",
    "cumulant_distance",
    "energy_distance",
    "kstatistics",
    "law_residuals",
    "pointwise_residuals",
    "squared_error",
    "train",
]

FINAL_SAMPLE = 2**14
SMALL = 2**20  # numbers per state that one thread handles best


@dataclass(frozen=True)
class TrainingResult:
    """What came of a training.

    Attributes
    ----------
    losses : array (T,) or (T, S)
        Loss before each step; NaN from the step on at which a network diverged.
    final_loss : float or array (S,)
        Of the trained parameters; for sampled losses on 16384 fresh samples.
    converged : bool or array (S,)
        Loss at most ``tol`` or, with Levenberg-Marquardt, a stationary point. With Adam on a
        sampled loss: the last tenth of the steps is not lower on average than the tenth before
        by more than two standard errors; runs of less than 200 steps are too short to tell.
    diverged : bool or array (S,)
        Networks left at their last finite parameters.
    seconds : float
        Wall time.
    settings : mapping
        Arguments of :func:`train` after defaults.
    seeds : tuple of int or None
        Of the networks of an ensemble.
    """

    losses: np.ndarray
    final_loss: Any
    converged: Any
    diverged: Any
    seconds: float
    settings: Mapping[str, Any] = field(default_factory=dict)
    seeds: tuple[int, ...] | None = None

    @property
    def steps(self) -> int:
        """Number of steps taken."""
        return len(self.losses) - 1

    def plot(self, ax: Any = None) -> Any:
        """Losses against steps; returns the matplotlib axes."""
        import matplotlib.pyplot as plt

        ax = ax or plt.subplots()[1]
        ax.plot(np.arange(len(self.losses)), np.abs(self.losses), lw=0.8)
        ax.set(xlabel="step", ylabel=f"{self.settings.get('loss', '')} loss", yscale="log")
        return ax

    def __repr__(self) -> str:
        head = f"{self.steps} steps of {self.settings.get('optimizer')} in {self.seconds:.2g} s"
        if self.seeds is None:
            state = "diverged" if self.diverged else (
                "converged" if self.converged else "not converged"
            )
            return f"TrainingResult({head}: loss {self.final_loss:.3g}, {state})"
        finite = np.asarray(self.final_loss)[~self.diverged]
        return (
            f"TrainingResult({head}: {len(self.seeds)} networks, median loss "
            f"{np.median(finite):.3g}, {int(np.sum(self.converged))} converged, "
            f"{int(np.sum(self.diverged))} diverged)"
        )


def train(
    module: Network | Ensemble,
    task: Any,
    steps: int = 2000,
    loss: str = "pointwise",
    exact: bool = False,
    order: int = 4,
    weights: Any = None,
    distance: str = "cumulants",
    batch: int = 1024,
    lr: float = 0.01,
    optimizer: str | None = None,
    seed: int = 0,
    tol: float = 1e-24,
    on_divergence: str = "raise",
    progress: bool = True,
    closure: Closure | None = None,
) -> TrainingResult:
    """Train a network, or all networks of an ensemble at once, in place.

    Parameters
    ----------
    module : Network or Ensemble
        From :func:`numerics.build`.
    task : tasks.BlockSum
        Or anything with ``target`` (a layer), ``inputs`` (its joint law) and ``sample(n, seed)``.
    steps : int
        Most steps.
    loss : {"pointwise", "law"}
        E |f(x) - R(x)|^2, or a distance between the laws of f(x) and R(x).
    exact : bool
        Closed form in the cumulants of the law, in place of samples.
    order : int
        Of the law loss: cumulants to this order are compared.
    weights : sequence or mapping, optional
        w_1..w_order of the law loss; default 1 each.
    distance : {"cumulants", "energy"}
        Of the law loss: sum_r w_r (kappa_r(f) - kappa_r(R))^2, or the energy distance (sampled
        only).
    batch : int
        Samples per step.
    lr : float
        Rate of the first step of Adam and gradient descent; it decays to zero along a cosine.
    optimizer : {"lm", "adam", "sgd"}, optional
        Default ``lm`` (Levenberg-Marquardt) for exact losses and ``adam`` for sampled ones.
    seed : int
        Of the samples. All networks of an ensemble see the same samples, so that each trains as
        it would alone.
    tol : float
        A network is left alone once its loss is at most this (not for sampled law losses, whose
        unbiased estimates may be negative).
    on_divergence : {"raise", "keep"}
        With ``keep`` the diverged networks of an ensemble stay at their last finite parameters
        and the others go on.
    progress : bool
        Bar on stderr.
    closure : Closure, optional
        Of the closed-form law loss, for activations that are no polynomials. Behind a Gaussian law
        one layer of them needs none to order 2.

    Returns
    -------
    TrainingResult

    Raises
    ------
    NoClosedFormError
        If a closed form is asked for that does not exist.
    DivergenceError
        If a loss leaves the finite numbers; all parameters are then those before that step.
    UnknownNameError
        Unknown loss, distance or optimizer.
    DomainError, ShapeError, OrderError
        Arguments that do not fit together.

    Notes
    -----
    In a sampled law loss the targets come from samples of their own, and the loss is an unbiased
    estimate of the exact one: cumulants by k-statistics, squares as products over two halves of
    the batch.

    Examples
    --------
    >>> from cumulant_theory import laws, layers
    >>> from numerics import networks, tasks
    >>> module = networks.build(layers.Linear(2, 1), seed=0)
    >>> task = tasks.BlockSum(2, laws.Normal(0, 1))
    >>> result = train(module, task, exact=True, progress=False)
    >>> bool(result.converged), result.final_loss < 1e-20
    (True, True)
    >>> {str(p): round(v, 6) for p, v in module.values().items()}
    {'W_11': 0.707107, 'W_12': 0.707107}
    """
    optimizer = optimizer or ("lm" if exact else "adam")
    settings = {
        "loss": loss, "exact": exact, "order": order, "weights": weights, "distance": distance,
        "batch": batch, "lr": lr, "optimizer": optimizer, "seed": seed, "tol": tol,
        "steps": steps, "on_divergence": on_divergence, "task": repr(task),
        "closure": repr(as_closure(closure)),
    }  # fmt: skip
    _check_arguments(module, settings)
    if closure is not None and not (exact and loss == "law"):
        raise DomainError(
            f"train: closure={closure!r} is for closed forms; set loss='law', exact=True"
        )
    seeds = None if isinstance(module, Network) else module.seeds
    started = time.perf_counter()
    with _threads(module, batch):
        done, value = _run(module, task, settings, seeds, progress, closure)
        return _result(module, done, value, settings, time.perf_counter() - started, seeds)


@contextmanager
def _threads(module: Any, batch: int) -> Iterator[None]:
    """One thread where tensors are so small that sharing them out costs more than it saves."""
    widest = max(stage.rule.out_units for stage in module.theory.stages(module.in_features))
    before = torch.get_num_threads()
    networks = len(module) if isinstance(module, Ensemble) else 1
    try:
        if networks * batch * widest <= SMALL:
            torch.set_num_threads(1)
        yield
    finally:
        torch.set_num_threads(before)


def _run(
    module: Any, task: Any, settings: dict[str, Any], seeds: Any, progress: bool,
    closure: Closure | None,
) -> tuple[Progress, Any]:
    single = module.theta.ndim == 1
    exact, loss, order = settings["exact"], settings["loss"], settings["order"]
    steps, tol, optimizer = settings["steps"], settings["tol"], settings["optimizer"]
    keep = settings["on_divergence"] == "keep"
    residuals = value = None
    if exact:
        residuals = (
            pointwise_residuals(module, task) if loss == "pointwise"
            else law_residuals(
                module, task, order, order_weights(settings["weights"], order), closure
            )
        )
    else:
        value = _sampled(module, task, settings)
    options: dict[str, Any] = {"steps": steps, "keep": keep, "seeds": seeds}
    with tqdm(total=steps, desc="train", disable=not progress, leave=False) as bar:
        if optimizer == "lm" and residuals is not None:
            start = module.theta.unsqueeze(0) if single else module.theta
            done = levenberg_marquardt(residuals, start, tol=tol, bar=bar, **options)
            with torch.no_grad():
                module.theta.copy_(done.theta[0] if single else done.theta)
        else:
            rate = {"lr": settings["lr"], "optimizer": optimizer, "bar": bar}
            stop = tol if exact or loss == "pointwise" else None
            loss_of = value or _total(residuals, single)
            done = first_order(module.theta, loss_of, stop_below=stop, **rate, **options)
            module.theta.grad = None
    return done, value


def _check_arguments(module: Any, settings: Mapping[str, Any]) -> None:
    if not isinstance(module, (Network, Ensemble)):
        raise DomainError(f"train: {type(module).__name__} is no network; make one by build(net)")
    known = {
        "loss": ("pointwise", "law"), "distance": ("cumulants", "energy"),
        "optimizer": ("lm", "adam", "sgd"), "on_divergence": ("raise", "keep"),
    }  # fmt: skip
    for what, names in known.items():
        if settings[what] not in names:
            raise UnknownNameError.of(what, settings[what], names)
    exact, energy = settings["exact"], settings["distance"] == "energy"
    if settings["optimizer"] == "lm" and not exact:
        raise DomainError("train: optimizer='lm' needs residuals without noise; set exact=True")
    if energy and (exact or settings["loss"] != "law"):
        raise DomainError("train: distance='energy' is a sampled law loss; set loss='law'")
    for what, least in (("steps", 0), ("batch", 2), ("order", 1)):
        number = settings[what]
        if not isinstance(number, int) or isinstance(number, bool) or number < least:
            kind = OrderError if what == "order" else ShapeError
            raise kind(f"train: {what} is {number!r}; give an integer of at least {least}")
    for what in ("lr", "tol"):
        if not (np.isfinite(settings[what]) and settings[what] >= 0):
            raise DomainError(f"train: {what} is {settings[what]!r}; give a number from 0 up")
    if settings["loss"] == "law" and not exact and not energy:
        if settings["order"] > 8:
            raise OrderError("train: k-statistics go to order 8; lower order or set exact=True")
        if settings["batch"] < 2 * settings["order"]:
            raise ShapeError(
                f"train: batch={settings['batch']} is too small for k-statistics of order "
                f"{settings['order']} in two halves; give at least {2 * settings['order']}"
            )


def _total(residuals: Any, single: bool) -> Callable[[torch.Tensor, int], torch.Tensor]:
    def value(theta: torch.Tensor, step: int) -> torch.Tensor:
        rows = theta.unsqueeze(0) if single else theta
        return torch.func.vmap(residuals)(rows).square().sum(-1)

    return value


def _sampled(
    module: Any, task: Any, settings: Mapping[str, Any]
) -> Callable[..., torch.Tensor]:
    """(theta, step, number of samples) -> losses of all networks on fresh samples."""
    rng = np.random.default_rng([settings["seed"], 0])
    law = settings["loss"] == "law"
    weights = order_weights(settings["weights"], settings["order"]) if law else []
    outputs = task.target.width_after(int(task.inputs.dim))
    if module.in_features != task.inputs.dim or module.out_features != outputs:
        raise ShapeError(
            f"the network maps {module.in_features} units to {module.out_features}, but {task!r} "
            f"maps {task.inputs.dim} to {outputs}; build a network of these widths"
        )
    if law and outputs != 1:
        raise ShapeError(
            f"the sampled law loss compares one output and {task!r} has {outputs}; set exact=True"
        )

    def value(theta: torch.Tensor, step: int, n: int = settings["batch"]) -> torch.Tensor:
        x, y = task.sample(n, rng)
        output = module.evaluate(theta, x.to(theta))
        if not law:
            return squared_error(output, y.to(theta))
        goal = task.sample(n, rng)[1][:, 0].to(theta)
        if settings["distance"] == "energy":
            return energy_distance(output[..., 0], goal)
        return cumulant_distance(output[..., 0], goal, weights)

    return value


def _result(
    module: Any, done: Progress, value: Any, settings: Mapping[str, Any], seconds: float,
    seeds: tuple[int, ...] | None,
) -> TrainingResult:
    losses = torch.stack(done.losses).cpu().double().numpy()
    final, converged = losses[-1], done.converged.numpy()
    if value is not None:
        with torch.no_grad():
            final = value(module.theta, -1, max(FINAL_SAMPLE, settings["batch"]))
        final = final.reshape(-1).cpu().double().numpy()
        converged = (converged | _settled(losses)) & ~done.diverged.numpy()
    flags = (final, converged, done.diverged.numpy())
    if seeds is None:
        losses = losses[:, 0]
        flags = (float(final[0]), bool(converged[0]), bool(done.diverged[0]))
    return TrainingResult(losses, *flags, seconds, settings, seeds)


def _settled(losses: np.ndarray) -> np.ndarray:
    """Whether the last tenth of the steps is no lower than the tenth before, within noise."""
    n = len(losses) // 10
    if n < 20:
        return np.zeros(losses.shape[1], dtype=bool)
    last, before = losses[-n:], losses[-2 * n : -n]
    error = np.sqrt((last.var(axis=0) + before.var(axis=0)) / n)
    return before.mean(axis=0) - last.mean(axis=0) <= 2 * error
