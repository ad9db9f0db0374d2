"""Cumulants of every layer of a running network, with standard errors."""

from collections.abc import Sequence
from typing import Any

import torch
from tqdm import tqdm

from cumulant_theory.arguments import explained
from cumulant_theory.errors import DomainError, ShapeError
from cumulant_theory.laws import JointLaw, Law

from .comparison import Measurement
from .kstatistics import KStatistics
from .networks import Ensemble, Network
from .prediction import measured_indices, select_layers
from .sampling import sample_chunks

__all__ = ["measure"]


@explained
def measure(
    module: Network | Ensemble,
    law: Law | JointLaw,
    order: int = 4,
    samples: int = 10**6,
    seed: int = 0,
    chunk: int = 2**14,
    layers: str | Sequence[str] = "all",
    progress: bool = False,
) -> Measurement:
    """Unbiased k-statistics of every layer's units, streamed in chunks.

    Parameters
    ----------
    module : Network or Ensemble
        All networks of an ensemble see the same samples.
    law : Law or JointLaw
        Of the input; a univariate law stands for independent copies.
    order : int
        Highest order, to 8; joint cumulants go to 4.
    samples : int
        Samples per network.
    seed : int
        Of the samples; the same seed and chunk give the same measurement.
    chunk : int
        Samples pushed through the network at once.
    layers : "all" or sequence of str
        Labels such as ``2 Pointwise``; ``"output"`` is the last one.
    progress : bool
        Bar on stderr.

    Returns
    -------
    Measurement
        Floats for one network, arrays (S,) for an ensemble.

    Raises
    ------
    DomainError
        If the law cannot be sampled, or activations leave the finite numbers.
    ShapeError
        If the law has another number of units.
    OrderError
        If the order is above 8 or above the number of samples.
    UnknownNameError
        If a layer is not known.

    Examples
    --------
    >>> from cumulant_theory import laws
    >>> from cumulant_theory.layers import BlockSum
    >>> from numerics.networks import build
    >>> m = measure(build(BlockSum(4)), laws.Rademacher(), samples=4096, order=2)
    >>> abs(m.values["1 BlockSum"][(2,)] - 1) < 5 * m.standard_errors["1 BlockSum"][(2,)]
    True
    """
    if not isinstance(module, (Network, Ensemble)):
        raise DomainError(f"measure: {type(module).__name__} is no network; use build(net)")
    if not isinstance(law, (Law, JointLaw)):
        raise DomainError(f"measure: {law!r} is no law; pass one of cumulant_theory.laws")
    joint = law.iid(module.in_features) if isinstance(law, Law) else law
    if joint.dim != module.in_features:
        raise ShapeError(
            f"measure: the law has {joint.dim} units but the network takes {module.in_features}"
        )
    chosen = select_layers(layers, module.labels)
    found: dict[str, KStatistics] = {}
    stream = sample_chunks(joint, samples, chunk, seed)
    with tqdm(total=samples, desc="measure", disable=not progress, leave=False) as bar:
        for x in stream:
            with torch.no_grad():
                states = module.forward_layers(torch.from_numpy(x))
            for label in chosen:
                state = states[label]
                statistics = found.setdefault(label, KStatistics(state.shape[-1], order=order))
                if state.ndim < module.theta.ndim + 1:  # before any weight, alike for all
                    state = state.expand(*module.theta.shape[:-1], *state.shape[-2:])
                try:
                    statistics.update(state.double().cpu().numpy())
                except DomainError as error:
                    raise DomainError(f"layer {label!r}: {error}") from None
            bar.update(len(x))
    tables: dict[str, dict[str, dict[Any, Any]]] = {
        name: {} for name in ("cumulant", "standard_error", "skewness", "heavy")
    }
    for label, statistics in found.items():
        for name, table in tables.items():
            read = getattr(statistics, name)
            table[label] = {a: read(a) for a in measured_indices(statistics.dim, order)}
    return Measurement(
        tuple(chosen), tables["cumulant"], tables["standard_error"], tables["skewness"],
        tables["heavy"], {label: k.batches for label, k in found.items()},
        samples=samples, seed=seed, law=law.label,
    )
