"""Training of networks and of whole ensembles, reproducible from a seed."""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np
import torch
from tqdm import tqdm

from cumulant_theory.algebra import check_seed
from cumulant_theory.arguments import explained
from cumulant_theory.closures import Closure, as_closure
from cumulant_theory.errors import DomainError
from numerics.training.arguments import check_arguments, check_task
from numerics.training.breaking import SymmetryBreaking
from numerics.training.losses import (
    cumulant_distance,
    energy_distance,
    kstatistics,
    law_residuals,
    order_weights,
    pointwise_residuals,
    sampled_loss,
    squared_error,
)
from numerics.training.optimizers import Progress, first_order, levenberg_marquardt
from numerics.training.result import TrainingResult
from numerics.training.symmetry import Penalty, SoftSymmetry, Watch

__all__ = [
    "SoftSymmetry",
    "SymmetryBreaking",
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


@explained
def train(
    module: Any,
    task: Any,
    steps: int = 2000,
    loss: str | Callable[[torch.Tensor, torch.Tensor], torch.Tensor] = "pointwise",
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
    soft: Sequence[SoftSymmetry] = (),
    watch: Any = None,
    watch_every: int = 1,
) -> TrainingResult:
    """Train a network, or all networks of an ensemble at once, in place.

    Parameters
    ----------
    module : Network or Ensemble
        From :func:`numerics.build`, or a :class:`numerics.densities.DensityNetwork` around one.
    task : tasks.BlockSum
        Or anything with ``target`` (a layer), ``inputs`` (its joint law) and ``sample(n, seed)``.
    steps : int
        Most steps.
    loss : {"pointwise", "law"} or callable
        E |f(x) - R(x)|^2, or a distance between the laws of f(x) and R(x), or a function of
        outputs (..., n, out) and targets (n, out) with values (...) that is averaged over n.
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
    soft : sequence of SoftSymmetry
        Penalties on the distance of layers to symmetries, added to the loss.
    watch : Symmetry, ParameterSymmetries, sequence of these, or mapping, optional
        Symmetries of which the breaking distance is recorded: of all affine layers that they fit,
        or by a mapping from layer names to one or several of them.
    watch_every : int
        Steps between two records.

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
    SymmetryError
        If a symmetry fits none of the layers, or not the one named.

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
    settings["seed"] = check_seed(seed, "train")
    check_arguments(module, settings)
    if closure is not None and not (exact and loss == "law"):
        raise DomainError(
            f"train: closure={closure!r} is for closed forms; set loss='law', exact=True"
        )
    check_task(task, exact)
    seeds = module.seeds if module.theta.ndim == 2 else None
    network = getattr(module, "network", module)
    penalty = Penalty(network, soft) if soft else None
    records = None if watch is None else Watch(network, watch, watch_every)
    started = time.perf_counter()
    with _threads(module, batch):
        run = _Run(module, task, settings, seeds, penalty, records)
        done = run.train(progress, closure)
        return run.result(done, time.perf_counter() - started)


@contextmanager
def _threads(module: Any, batch: int) -> Iterator[None]:
    """One thread where tensors are so small that sharing them out costs more than it saves."""
    widest = max(stage.rule.out_units for stage in module.theory.stages(module.in_features))
    before = torch.get_num_threads()
    networks = len(module.seeds) if module.theta.ndim == 2 else 1
    try:
        if networks * batch * widest <= SMALL:
            torch.set_num_threads(1)
        yield
    finally:
        torch.set_num_threads(before)


class _Run:
    """One training: the loss, what is added to it, and what is recorded on the way."""

    def __init__(
        self, module: Any, task: Any, settings: dict[str, Any], seeds: Any,
        penalty: Penalty | None, watch: Watch | None,
    ) -> None:
        self.module, self.task, self.settings, self.seeds = module, task, settings, seeds
        self.penalty, self.watch = penalty, watch
        self.penalties: list[torch.Tensor] = []
        self.value: Any = None if settings["exact"] else sampled_loss(module, task, settings)

    def observe(
        self, step: int, theta: torch.Tensor, lost: torch.Tensor, last: bool = False
    ) -> None:
        """Note penalty and distances of the parameters before a step."""
        theta = theta.reshape(self.module.theta.shape)
        if self.penalty is not None and len(self.penalties) == step:
            with torch.no_grad():
                value = self.penalty.value(theta).reshape(-1)
                self.penalties.append(torch.where(lost, torch.nan, value))
        if self.watch is not None:
            self.watch(step, theta, lost, last)

    def train(self, progress: bool, closure: Closure | None) -> Progress:
        """Change the parameters of the module."""
        settings, theta = self.settings, self.module.theta
        residuals = self._residuals(closure) if settings["exact"] else None
        steps, tol, optimizer = settings["steps"], settings["tol"], settings["optimizer"]
        keep = settings["on_divergence"] == "keep"
        options: dict[str, Any] = {
            "steps": steps, "keep": keep, "seeds": self.seeds, "observe": self.observe
        }
        with tqdm(total=steps, desc="train", disable=not progress, leave=False) as bar:
            if optimizer == "lm" and residuals is not None:
                start = theta.unsqueeze(0) if theta.ndim == 1 else theta
                done = levenberg_marquardt(
                    residuals, start, tol=tol, bar=bar, penalty=self.penalty, **options
                )
                with torch.no_grad():
                    theta.copy_(done.theta.reshape(theta.shape))
            else:
                rate = {"lr": settings["lr"], "optimizer": optimizer, "bar": bar}
                stop = tol if settings["exact"] or settings["loss"] == "pointwise" else None
                loss = self.value or _total(residuals, theta.ndim == 1)
                done = first_order(
                    theta, self._penalised(loss), stop_below=stop, **rate, **options
                )
                theta.grad = None
        self.observe(len(done.losses) - 1, theta.detach(), done.diverged, last=True)
        return done

    def _penalised(self, loss: Any) -> Callable[[torch.Tensor, int], torch.Tensor]:
        penalty = self.penalty
        if penalty is None:
            return loss
        return lambda theta, step: loss(theta, step) + penalty.value(theta)

    def _residuals(self, closure: Closure | None) -> Any:
        settings = self.settings
        if settings["loss"] == "pointwise":
            return pointwise_residuals(self.module, self.task)
        weights = order_weights(settings["weights"], settings["order"])
        return law_residuals(self.module, self.task, settings["order"], weights, closure)

    def result(self, done: Progress, seconds: float) -> TrainingResult:
        """What came of it."""
        theta = self.module.theta
        losses = torch.stack(done.losses).cpu().double().numpy()
        final, converged = losses[-1], done.converged.numpy()
        added = np.zeros_like(final)
        penalties = None
        if self.penalty is not None:
            penalties = torch.stack(self.penalties).cpu().double().numpy()
            added = self.penalty.value(theta.detach()).reshape(-1).cpu().double().numpy()
        if self.value is not None:
            with torch.no_grad():
                final = self.value(theta, -1, max(FINAL_SAMPLE, self.settings["batch"]))
            final = final.reshape(-1).cpu().double().numpy() + added
            converged = (converged | _settled(losses)) & ~done.diverged.numpy()
        flags = (final, converged, done.diverged.numpy())
        if self.seeds is None:
            losses = losses[:, 0]
            penalties = None if penalties is None else penalties[:, 0]
            flags = (float(final[0]), bool(converged[0]), bool(done.diverged[0]))
            added = float(added[0])
        breaking = None if self.watch is None else self.watch.result(self.seeds)
        return TrainingResult(
            losses, *flags, seconds, self.settings, self.seeds, penalties, added, breaking
        )


def _total(residuals: Any, single: bool) -> Callable[[torch.Tensor, int], torch.Tensor]:
    def value(theta: torch.Tensor, step: int) -> torch.Tensor:
        rows = theta.unsqueeze(0) if single else theta
        return torch.func.vmap(residuals)(rows).square().sum(-1)

    return value


def _settled(losses: np.ndarray) -> np.ndarray:
    """Whether the last tenth of the steps is no lower than the tenth before, within noise."""
    n = len(losses) // 10
    if n < 20:
        return np.zeros(losses.shape[1], dtype=bool)
    last, before = losses[-n:], losses[-2 * n : -n]
    error = np.sqrt((last.var(axis=0) + before.var(axis=0)) / n)
    return before.mean(axis=0) - last.mean(axis=0) <= 2 * error
