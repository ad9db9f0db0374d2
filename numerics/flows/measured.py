"""Measured cumulants along a flow: trees of networks over independent inputs."""

from dataclasses import dataclass
from typing import Any

from tqdm import tqdm

from cumulant_theory.errors import DivergenceError, DomainError, ShapeError
from cumulant_theory.laws import Law

from ..comparison import Measurement
from ..kstatistics import KStatistics
from ..networks import Ensemble, Network
from ..sampling import sample_chunks
from ._negentropy import estimated_negentropy

_LEAVES = 2**16


@dataclass(frozen=True)
class MeasuredFlow:
    """What trees of networks show.

    Attributes
    ----------
    measurement : Measurement
        One layer ``step t`` for each step.
    negentropy : tuple of (value, standard error)
        Leading terms at every step, floats or arrays (S,); empty below order 4.
    """

    measurement: Measurement
    negentropy: tuple[tuple[Any, Any], ...]


def measure_flow(
    module: Network | Ensemble, law: Law, steps: int, order: int = 4, samples: int = 2**13,
    seed: int = 0, progress: bool = False,
) -> MeasuredFlow:
    """Cumulants of the outputs at every level of trees of b^steps independent inputs.

    A level takes the outputs of the level below in disjoint blocks of b, so the values of each
    level are independent, and the law of step t is sampled without any closure. Those of different
    levels are not: they come from the same inputs.

    Parameters
    ----------
    module : Network or Ensemble
        All networks of an ensemble see the same inputs.
    law : Law
        Of one input.
    steps, order : int
        Levels; highest order, to 8.
    samples : int
        Number of trees, so that step t has samples * b^(steps - t) values.
    seed : int
    progress : bool
        Bar on stderr.

    Raises
    ------
    DivergenceError
        If values leave the finite numbers.
    DomainError
        If the law cannot be sampled or the module is none.

    Examples
    --------
    >>> from cumulant_theory import laws, layers
    >>> from numerics import build
    >>> found = measure_flow(build(layers.BlockSum(2)), laws.Rademacher(), 2, samples=4096)
    >>> m = found.measurement
    >>> abs(m.values["step 2"][(4,)] + 0.5) < 5 * m.standard_errors["step 2"][(4,)]
    True
    """
    if not isinstance(module, (Network, Ensemble)):
        raise DomainError(f"flow: {type(module).__name__} is no network; use build(net)")
    if not isinstance(law, Law):
        raise DomainError(f"flow: {law!r} is no univariate law, of which copies could be taken")
    b = module.in_features
    if isinstance(samples, bool) or not isinstance(samples, int) or samples < 1:
        raise ShapeError(f"flow: samples is {samples!r}; pass a positive number of trees")
    leaves = b**steps
    trees = max(1, _LEAVES // leaves)
    levels = [KStatistics(1, order=order) for _ in range(steps + 1)]
    with tqdm(total=samples, desc="flow", disable=not progress, leave=False) as bar:
        for x in sample_chunks(law, samples * leaves, trees * leaves, seed):
            state = x
            levels[0].update(state[:, None])
            for t in range(1, steps + 1):
                inputs = state.reshape(*state.shape[:-1], -1, b)
                state = module(inputs).detach().double().cpu().numpy()[..., 0]
                try:
                    levels[t].update(state[..., None])
                except DomainError as error:
                    raise DivergenceError(
                        f"flow: the values at step {t} cannot be measured; follow fewer steps. "
                        f"{error}"
                    ) from None
            bar.update(len(x) // leaves)
    tables: dict[str, dict[str, dict[Any, Any]]] = {
        name: {} for name in ("cumulant", "standard_error", "skewness", "heavy")
    }
    for t, level in enumerate(levels):
        for name, table in tables.items():
            read = getattr(level, name)
            table[f"step {t}"] = {(r,): read(r) for r in range(1, order + 1)}
    names = tuple(f"step {t}" for t in range(steps + 1))
    return MeasuredFlow(
        Measurement(
            names, tables["cumulant"], tables["standard_error"], tables["skewness"],
            tables["heavy"], {n: k.batches for n, k in zip(names, levels, strict=True)},
            samples=samples, seed=seed, law=law.label,
        ),
        tuple(estimated_negentropy(level) for level in levels) if order >= 4 else (),
    )
