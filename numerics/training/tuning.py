"""Strengths of soft symmetries chosen by the loss on data that were not trained on."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import product
from numbers import Real
from typing import Any

import numpy as np
import torch

from cumulant_theory.algebra import check_seed
from cumulant_theory.arguments import brief, entries, explained
from cumulant_theory.errors import DomainError, ShapeError, UnknownNameError
from cumulant_theory.latex.html import Record
from cumulant_theory.layers import Layer
from numerics.backends.torch import as_tensor
from numerics.networks import Network, build
from numerics.tables import html_table, text_table
from numerics.training import TrainingResult, train
from numerics.training.losses import (
    law_residuals,
    order_weights,
    pointwise_residuals,
    sampled_loss,
    squared_error,
)
from numerics.training.symmetry import SoftSymmetry

STRENGTHS = (0.0, 1e-4, 1e-3, 1e-2, 1e-1, 1.0, 10.0, 100.0)
LARGEST = 4096  # networks that are trained at once
ROUNDS = 10  # through all symmetries, one after the other


@dataclass(frozen=True)
class Trial(Record):
    """One choice of strengths.

    Attributes
    ----------
    strengths : tuple of float
        One for each soft symmetry.
    loss : array (S,)
        Training loss without the penalties, of each seed.
    score : array (S,)
        Loss on the validation data; NaN where training diverged.
    breaking : array (K, S)
        Distance |theta - P theta|^2 of each soft symmetry, summed over its layers.
    """

    strengths: tuple[float, ...]
    loss: np.ndarray
    score: np.ndarray
    breaking: np.ndarray

    @property
    def median(self) -> float:
        """Median score over the seeds; infinite if more than half of them diverged."""
        return float(np.median(np.where(np.isfinite(self.score), self.score, np.inf)))


@dataclass(frozen=True)
class SoftSymmetryTuning:
    """What :func:`tune_soft_symmetry` has found.

    Attributes
    ----------
    symmetries : tuple
        One for each strength.
    trials : tuple of Trial
        All choices tried, the first strengths slowest.
    best : Trial
        That of least median score; the weaker strengths if several are, or are at most ``tol``
        in closed form.
    module : Network
        The network with the least score among those of the best trial.
    """

    symmetries: tuple[Any, ...]
    trials: tuple[Trial, ...]
    best: Trial
    module: Network = field(repr=False)

    @property
    def strengths(self) -> dict[str, float]:
        """Symmetry -> its best strength, ready to print."""
        names = [repr(s) for s in self.symmetries]
        return dict(zip(names, self.best.strengths, strict=True))

    @property
    def soft(self) -> tuple[SoftSymmetry, ...]:
        """The best strengths as arguments for :func:`numerics.train`."""
        pairs = zip(self.symmetries, self.best.strengths, strict=True)
        return tuple(SoftSymmetry(s, strength) for s, strength in pairs)

    def _cells(self) -> list[list[str]]:
        names = [repr(s) for s in self.symmetries]
        head = [*names, "training loss", "validation", "lower", "upper",
                *(f"distance to {n}" for n in names)]  # fmt: skip
        rows = [head]
        for trial in self.trials:
            low, high = np.nanquantile(trial.score, (0.25, 0.75)) if np.isfinite(
                trial.score).any() else (np.nan, np.nan)  # fmt: skip
            numbers = [*trial.strengths, np.nanmedian(trial.loss), trial.median, low, high]
            distances = np.nanmedian(trial.breaking, axis=1)
            mark = " *" if trial is self.best else ""
            rows.append([*(f"{v:.3g}" for v in numbers[:-1]), f"{numbers[-1]:.3g}",
                         *(f"{v:.2g}" for v in distances)])  # fmt: skip
            rows[-1][0] += mark
        return rows

    def __repr__(self) -> str:
        return "\n".join([*text_table(self._cells(), left=()), "* least median validation loss"])

    def _repr_html_(self) -> str:
        seeds = len(self.best.score)
        return html_table(
            "soft symmetries", self._cells(),
            f"* least median validation loss; medians and quartiles over {seeds} seeds",
        )


@explained
def tune_soft_symmetry(
    net: Layer,
    task: Any,
    symmetries: Sequence[Any],
    validation: Any,
    strengths: Any = STRENGTHS,
    method: str = "grid",
    seeds: Iterable[int] = range(8),
    samples: int = 2**14,
    layers: Sequence[Any] | None = None,
    fixed: Mapping[Any, Any] | Sequence[Any] = (),
    **options: Any,
) -> SoftSymmetryTuning:
    """Train networks with soft symmetries of many strengths at once and validate them.

    Parameters
    ----------
    net : Layer
        The network without the symmetries.
    task : tasks.BlockSum
        To train on.
    symmetries : sequence of Symmetry
        Each gets a strength of its own.
    validation : task, or pair of arrays (x, y)
        Data that score the trained networks: a task, such as the same block sum of another law, or
        a sample (n, in), (n, out). A task is scored in closed form where training is exact.
    strengths : sequence of float, or sequence of such sequences
        Tried for every symmetry, or for each on its own.
    method : {"grid", "coordinate"}
        All combinations, trained at once; or one symmetry after the other with the others at
        their best, beginning with the weakest, until nothing changes.
    seeds : iterable of int
        Of the initial values; every combination starts from the same ones.
    samples : int
        Of a sampled validation.
    layers : sequence, optional
        For each symmetry the names of its layers, or None for all that it fits.
    fixed : mapping
        Parameters that are not trained.
    **options
        Of :func:`numerics.train`.

    Returns
    -------
    SoftSymmetryTuning

    Raises
    ------
    ShapeError
        If the arguments have different lengths, or the grid needs more than 4096 networks.
    UnknownNameError
        Unknown method.
    DomainError
        As :func:`numerics.train`.

    References
    ----------
    Kim et al., ICML 2023, arXiv:2306.00356.

    Examples
    --------
    >>> from cumulant_theory import layers, laws, symmetries
    >>> from numerics import tasks
    >>> found = tune_soft_symmetry(
    ...     layers.Linear(2, 1), tasks.BlockSum(2, laws.Normal(0, 1)),
    ...     [symmetries.PermutationInvariant()], tasks.BlockSum(2, laws.Laplace(0, 1)),
    ...     strengths=(0, 1), seeds=range(4), loss="law", exact=True)
    >>> found.best.strengths, found.best.median < 1e-20
    ((1.0,), True)
    """
    chosen = list(symmetries)
    grids = _grids(strengths, len(chosen))
    places = [None] * len(chosen) if layers is None else list(layers)
    if len(places) != len(chosen):
        raise ShapeError(
            f"tune_soft_symmetry: {len(places)} entries of layers for {len(chosen)} symmetries; "
            "give one for each, None for all layers"
        )
    if method not in ("grid", "coordinate"):
        raise UnknownNameError.of("method", method, ("grid", "coordinate"))
    for given, what in ((task, "task"), (validation, "validation")):
        pair = isinstance(given, (tuple, list)) and len(given) == 2
        if not pair and not hasattr(given, "target"):
            raise DomainError(
                f"tune_soft_symmetry: {what} is {brief(given)}; pass a task, such as "
                "tasks.BlockSum(2, law), or a pair of samples (x, y)"
            )
    numbers = [check_seed(n, "tune_soft_symmetry") for n in seeds]
    search = _Search(net, task, chosen, places, validation, numbers, samples, fixed, options)
    if method == "grid":
        search.run(list(product(*grids)))
    else:
        current = tuple(grid[0] for grid in grids)
        for _ in range(ROUNDS):
            before = current
            for k, grid in enumerate(grids):
                line = [(*current[:k], value, *current[k + 1 :]) for value in grid]
                search.run(line)
                current = min(line, key=search.rank)
            if current == before:
                break
    return search.result()


def _grids(strengths: Any, count: int) -> list[list[float]]:
    if not count:
        raise ShapeError("tune_soft_symmetry: no symmetry is given; pass at least one")
    rows = entries(strengths, "tune_soft_symmetry: strengths", "numbers")
    if not rows or not all(np.ndim(row) == np.ndim(rows[0]) for row in rows):
        raise ShapeError("tune_soft_symmetry: strengths are empty or of different depths")
    grids = [rows] * count if np.ndim(rows[0]) == 0 else [list(row) for row in rows]
    if len(grids) != count or not all(grids):
        raise ShapeError(
            f"tune_soft_symmetry: {len(grids)} lists of strengths for {count} symmetries; give "
            "one for all, or one for each"
        )
    wrong = [
        v for grid in grids for v in grid
        if not isinstance(v, Real) or not 0 <= float(v) < np.inf
    ]
    if wrong:
        raise DomainError(
            f"tune_soft_symmetry: the strength {brief(wrong[0])} is no finite number from 0 up"
        )
    return [sorted({float(v) for v in grid}) for grid in grids]


class _Search:
    """Trials by strengths, and the best network of each."""

    def __init__(
        self, net: Layer, task: Any, symmetries: list[Any], layers: list[Any], validation: Any,
        seeds: list[int], samples: int, fixed: Any, options: dict[str, Any],
    ) -> None:
        self.net, self.task, self.symmetries, self.layers = net, task, symmetries, layers
        self.validation, self.seeds, self.samples = validation, seeds, samples
        self.fixed = fixed
        self.options = {"progress": False, "on_divergence": "keep"} | options
        if "soft" in self.options:
            raise DomainError("tune_soft_symmetry: soft symmetries are named by symmetries=")
        self.exact = bool(options.get("exact"))
        self.tolerance = float(options.get("tol", 1e-24))
        self.trials: dict[tuple[float, ...], Trial] = {}
        self.networks: dict[tuple[float, ...], Network] = {}

    def run(self, choices: list[tuple[float, ...]]) -> None:
        """Train all new choices of strengths at once."""
        choices = [c for c in choices if c not in self.trials]
        count = len(self.seeds)
        if len(choices) * count > LARGEST:
            raise ShapeError(
                f"tune_soft_symmetry: {len(choices)} choices of strengths for {count} seeds are "
                f"more than {LARGEST} networks; give fewer, or method='coordinate'"
            )
        if not choices:
            return
        ensemble = build(self.net, seeds=self.seeds * len(choices), fixed=self.fixed)
        table = np.repeat(np.array(choices), count, axis=0)  # (networks, K)
        soft = [
            SoftSymmetry(s, table[:, k], layers)
            for k, (s, layers) in enumerate(zip(self.symmetries, self.layers, strict=True))
        ]
        result = train(ensemble, self.task, soft=soft, **self.options)
        score = self._score(ensemble, result)
        with torch.no_grad():
            gaps = np.stack([
                sum(d.parts(ensemble.theta)[..., :2].sum(-1).double().numpy()
                    for d, _ in item.terms(ensemble)) for item in soft
            ])  # fmt: skip
        for k, choice in enumerate(choices):
            part = slice(k * count, (k + 1) * count)
            self.trials[choice] = Trial(
                choice, result.final_risk[part], score[part], gaps[:, part]
            )
            known = np.where(np.isfinite(score[part]), score[part], np.inf)
            self.networks[choice] = ensemble[k * count + int(known.argmin())]

    def _score(self, ensemble: Any, result: TrainingResult) -> np.ndarray:
        settings = result.settings
        theta = ensemble.theta.detach()
        if isinstance(self.validation, tuple | list):
            x, y = (
                as_tensor(v, f"validation: {name}").to(theta)
                for name, v in zip("xy", self.validation, strict=True)
            )
            with torch.no_grad():
                score = squared_error(ensemble.evaluate(theta, x), y)
        elif settings["exact"]:
            if settings["loss"] == "pointwise":
                residuals = pointwise_residuals(ensemble, self.validation)
            else:
                weights = order_weights(settings["weights"], settings["order"])
                closure = self.options.get("closure")
                residuals = law_residuals(
                    ensemble, self.validation, settings["order"], weights, closure
                )
            score = torch.func.vmap(residuals)(theta).square().sum(-1)
        else:
            # draws of their own, not those of the training
            held_out = {**settings, "seed": settings["seed"] + 1}
            with torch.no_grad():
                score = sampled_loss(ensemble, self.validation, held_out)(theta, -1, self.samples)
        found = score.reshape(-1).cpu().double().numpy()
        return np.where(result.diverged, np.nan, found)

    def rank(self, choice: tuple[float, ...]) -> tuple[float, tuple[float, ...]]:
        """Score for comparison; differences below the tolerance are those of rounding."""
        median = self.trials[choice].median
        return (max(median, self.tolerance) if self.exact else median), choice

    def result(self) -> SoftSymmetryTuning:
        """All trials in order, and the best."""
        order = sorted(self.trials)
        chosen = min(order, key=self.rank)
        if not np.isfinite(self.trials[chosen].median):
            raise DomainError(
                "tune_soft_symmetry: most networks diverged at every strength; lower lr or the "
                "strengths"
            )
        trials = tuple(self.trials[c] for c in order)
        return SoftSymmetryTuning(
            tuple(self.symmetries), trials, self.trials[chosen], self.networks[chosen]
        )
