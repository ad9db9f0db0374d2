"""How well a network acts as the central-limit map, family by family, also iterated."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from cumulant_theory.algebra import as_integer
from cumulant_theory.arguments import answer_of, brief, entries, explained
from cumulant_theory.errors import DomainError, UnknownNameError
from numerics.tables import html_table, text_table

from .families import LIMIT, TEST, TRAIN, RandomDensities, Source
from .metrics import metric
from .network import DensityNetwork
from .selfconvolution import SelfConvolution


@dataclass(frozen=True)
class DensityErrors:
    """Errors of a learned map by family and metric.

    Attributes
    ----------
    mean : mapping
        (family, metric) -> means over random densities, shape (steps,), for an ensemble
        (S, steps); entry t - 1 is after t applications.
    standard_error : mapping
        Of these means, from the spread over densities.
    identity : mapping
        (family, metric) -> the same of the identity, shape (steps,): what doing nothing costs.
    samples : int
        Densities in each mean.
    """

    mean: Mapping[tuple[str, str], np.ndarray]
    standard_error: Mapping[tuple[str, str], np.ndarray]
    identity: Mapping[tuple[str, str], np.ndarray]
    samples: int

    @property
    def families(self) -> tuple[str, ...]:
        """Labels of the families."""
        return tuple(dict.fromkeys(family for family, _ in self.mean))

    @property
    def metrics(self) -> tuple[str, ...]:
        """Names of the metrics."""
        return tuple(dict.fromkeys(name for _, name in self.mean))

    @explained
    def relative(self, family: str, metric: str, step: int = 1) -> Any:
        """Error over that of the identity after some steps; below one it beats doing nothing.

        At a family of fixed points the identity is right and this has no meaning.

        Raises
        ------
        UnknownNameError
            If the family or the metric was not looked at.
        DomainError
            If the step was not.
        """
        for kind, name, known in (
            ("family", family, self.families), ("metric", metric, self.metrics)
        ):
            if name not in known:
                raise UnknownNameError.of(kind, name, known)
        steps = len(self.identity[family, metric])
        if as_integer(step, 1) is None or step > steps:
            raise DomainError(f"relative: step is {brief(step)}; give an integer from 1 to {steps}")
        return self.mean[family, metric][..., step - 1] / self.identity[family, metric][step - 1]

    def _cells(self) -> list[list[str]]:
        rows = [["family", "metric", "steps", "error", "standard error", "identity"]]
        for key, values in self.mean.items():
            for t in range(values.shape[-1]):
                # of an ensemble the network in the middle
                one = np.median(values[..., t])
                spread = np.median(self.standard_error[key][..., t])
                rows.append([
                    *key, str(t + 1), f"{one:.3g}", f"{spread:.2g}", f"{self.identity[key][t]:.3g}"
                ])
        return rows

    def __repr__(self) -> str:
        return "\n".join(text_table(self._cells(), left=(0, 1)))

    def _repr_html_(self) -> str:
        return html_table(f"{self.samples} densities per family", self._cells())


@explained
def density_error(
    module: DensityNetwork | Callable[[Any], Any],
    target: SelfConvolution,
    families: Source | Sequence[Source] = (*TRAIN, *TEST),
    metrics: Sequence[str] = ("l2", "wasserstein"),
    steps: int = 1,
    samples: int = 256,
    seed: int = 0,
    limit: float = LIMIT,
) -> DensityErrors:
    """Errors of a learned map against the exact one, once and iterated.

    Parameters
    ----------
    module : DensityNetwork or callable
        Maps densities (..., points) to such.
    target : SelfConvolution
        The exact map.
    families : str, Family, Law, or a sequence of them
        Each is looked at on its own.
    metrics : sequence of str
        Names in ``METRICS``.
    steps : int
        t-fold application of the network is compared with that of the exact map, t = 1..steps.
    samples : int
        Random densities per family.
    seed : int
        Of the densities.
    limit : float
        Largest share of a law off the grid.

    Returns
    -------
    DensityErrors

    Raises
    ------
    UnknownNameError
        If a family or metric is not known.
    DomainError
        If a density or its exact image leaves the grid.

    Examples
    --------
    >>> from .grid import Grid
    >>> target = SelfConvolution(Grid(64, 6), 2)
    >>> found = density_error(lambda p: p, target, "uniforms", ["l2"], samples=32)
    >>> float(found.relative("uniforms", "l2"))
    1.0
    """
    if isinstance(families, str) or not isinstance(families, Sequence):
        families = [families]
    measures = {name: metric(name) for name in entries(metrics, "metrics", "a list of names")}
    for name, value, least in (("steps", steps, 1), ("samples", samples, 2)):
        if as_integer(value, least) is None:
            raise DomainError(
                f"density_error: {name} is {brief(value)}; give an integer from {least} up"
            )
    steps, samples = int(steps), int(samples)
    mean, error, identity = {}, {}, {}
    for source in families:
        inputs = RandomDensities(source, target.grid, limit)
        p = inputs.sample(samples, seed)
        exact = target.flow(p, steps)
        learned = _learned(module, p, steps)
        for name, distance in measures.items():
            key = (inputs.label, name)
            values = np.stack([
                distance(learned[t], exact[t], target.grid) for t in range(1, steps + 1)
            ], axis=-1)
            mean[key] = values.mean(-2)
            error[key] = values.std(-2, ddof=1) / np.sqrt(samples)
            identity[key] = np.stack([
                distance(p, exact[t], target.grid).mean() for t in range(1, steps + 1)
            ])
    return DensityErrors(mean, error, identity, samples)


def _learned(module: Any, p: np.ndarray, steps: int) -> list[np.ndarray]:
    if isinstance(module, DensityNetwork):
        return list(module.flow(p, steps).cpu().double().numpy())
    states = [p]
    for _ in range(steps):
        image = answer_of(module, [states[-1]], "density_error", "pass a map of densities")
        states.append(image.detach().cpu().numpy() if hasattr(image, "detach") else image)
    return states
