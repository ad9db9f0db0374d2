"""Wide networks: mean of the last layer by cumulants beside plain sampling of the same duration.

The networks: 4 layers of equal width, He weights without biases, relu behind every layer, standard
normal input; 3 networks per width, seeds 0, 1, 2. The error is the mean square over units, less
that of the reference, a long antithetic sampling. Times are the least of repeats; sampling has the
time that propagation takes. One thread (OMP_NUM_THREADS=1) suits matrices of this size.

Run ``python -m benchmarks tensors``.
"""

import math
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import torch

from numerics.tensors import expected_activations

LAYERS = 4
SEEDS = (0, 1, 2)
WIDTHS = {32: (1, 2, 3, 4), 64: (1, 2, 3, 4), 128: (1, 2, 3, 4), 256: (1, 2, 3)}
REFERENCE = 1.2e11  # multiplications spent on each reference
CHUNK = 8192
# measured elsewhere at width 128: seconds and error at each K (arXiv:2605.05179, its code)
KPROP = {2: (4.5e-3, 3.6e-5), 3: (15e-3, 7.0e-7), 4: (2.4, 2.7e-8)}


def network(width: int, seed: int) -> list[np.ndarray]:
    """Weights with unit variance of the first and He variance of the later sums."""
    rng = np.random.default_rng(seed)
    return [
        (rng.normal(size=(width, width)) * math.sqrt((2 if k else 1) / width)).astype(np.float32)
        for k in range(LAYERS)
    ]


def fastest(run: Callable[[], Any], repeats: int) -> float:
    """Least seconds, the first run not counted."""
    run()
    times = []
    for _ in range(repeats):
        start = time.perf_counter()
        run()
        times.append(time.perf_counter() - start)
    return min(times)


def sampled(weights: list[torch.Tensor], count: int, generator: Any) -> torch.Tensor:
    """Last activations of so many inputs."""
    x = torch.randn(count, weights[0].shape[1], generator=generator)
    for w in weights:
        x = torch.relu_(x @ w.T)
    return x


def reference(weights: list[torch.Tensor], generator: Any) -> tuple[np.ndarray, np.ndarray]:
    """Means of the last layer over antithetic pairs, and their variances."""
    width = weights[0].shape[1]
    rounds = max(4, int(REFERENCE / (LAYERS * width**2 * CHUNK)))
    total = square = torch.zeros(width, dtype=torch.float64)
    for _ in range(rounds):
        half = torch.randn(CHUNK // 2, width, generator=generator)
        x = torch.cat([half, -half])
        for w in weights:
            x = torch.relu_(x @ w.T)
        pair = (x[: CHUNK // 2] + x[CHUNK // 2 :]).double() / 2
        total, square = total + pair.sum(0), square + (pair * pair).sum(0)
    count = rounds * CHUNK // 2
    mean = total / count
    return mean.numpy(), ((square / count - mean**2) / count).numpy()


def measured(width: int, order: int, known: list[Any]) -> tuple[float, float, float, float]:
    """Seconds, mean square error and its standard error, and that of sampling for as long."""
    ours, each, errors, noise, spread = [], [], [], [], []
    for weights, tensors, generator, mean, variance in known:
        error = expected_activations(weights, None, "relu", K=order)[-1] - mean
        errors.append((error**2 - variance).mean())
        noise.append((4 * error**2 * variance + 2 * variance**2).sum() / width**2)
        ours.append(fastest(
            lambda w=weights: expected_activations(w, None, "relu", K=order),
            30 if order < 4 else 2,
        ))
        each.append(fastest(lambda t=tensors, g=generator: sampled(t, CHUNK, g).mean(0), 5) / CHUNK)
        spread.append(float(sampled(tensors, CHUNK, generator).var(0).mean()))
    seconds = min(ours)
    return (seconds, float(np.mean(errors)), math.sqrt(sum(noise)) / len(noise),
            float(np.mean(spread)) * min(each) / seconds)  # fmt: skip


def rows() -> list[dict[str, Any]]:
    """Measure everything in this run.

    Returns
    -------
    list of dict
        Keys what, ours_s, peer, peer_s, ratio (peer over ours), reach, quantity.
    """
    found = []
    for width, orders in WIDTHS.items():
        known = []
        for seed in SEEDS:
            weights = network(width, seed)
            tensors = [torch.from_numpy(w) for w in weights]
            generator = torch.Generator().manual_seed(seed)
            known.append((weights, tensors, generator, *reference(tensors, generator)))
        for order in orders:
            seconds, error, unsure, sampling = measured(width, order, known)
            label = f"width {width}, K = {order}"
            there, wrong = KPROP.get(order, (None, None)) if width == 128 else (None, None)
            found.append({
                "what": f"{label}: time", "ours_s": seconds,
                "peer": "kprop, elsewhere" if there else "-", "peer_s": there,
                "ratio": there / seconds if there else None, "reach": "at least 2" if there else "",
            })  # fmt: skip
            if wrong:
                found.append({
                    "what": f"{label}: mean square error", "ours_s": error,
                    "peer": "kprop, elsewhere", "peer_s": wrong, "ratio": wrong / error,
                    "reach": "at least 1", "quantity": "error",
                })  # fmt: skip
            found.append({
                "what": f"{label}: mean square error (+- {unsure:.0e})", "ours_s": error,
                "peer": "sampling as long", "peer_s": sampling, "ratio": sampling / error,
                "reach": "at least 100" if order == 3 else "", "quantity": "error",
            })  # fmt: skip
    return found
