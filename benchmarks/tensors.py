"""Wide networks: mean of the last layer by cumulants beside plain sampling of the same duration.

The networks: 4 layers of equal width, He weights without biases, relu behind every layer, standard
normal input; 3 networks per width, seeds 0, 1, 2. The error is the mean square over units and
networks, less the noise of the reference; behind +- stands the standard error that this noise
leaves. Times are the least of repeats; sampling has the time that propagation takes. One thread
(OMP_NUM_THREADS=1) suits matrices of this size.

The reference. Without biases f(x) = |x| f(x / |x|), and the mean of |x| is known. Directions are
the rows of random orthogonal matrices and their opposites: over each such frame the parts of f of
degree 1 to 3 in the direction sum to zero, which leaves a quarter of the variance of antithetic
pairs. A frame is the product of one matrix of each of two pools; any two frames are independent, so
that their average has the variance of one frame over their number.

The peer at width 128 is the factored propagation of arXiv:2605.05179 (its public code, the kind
"simple"), measured elsewhere on the very networks of this table, against 2e7 directions each:
2.3e-5, (9.57 +- 0.05)e-7 and (4.03 +- 0.11)e-8 for K = 2, 3, 4, where this library had 2.2e-5,
(5.89 +- 0.04)e-7 and (4.05 +- 0.11)e-8. In one process with it this library took a quarter of its
time at K = 3 and a third at K = 4; the times of the table are not of this run. Both keep the same
diagrams. At K = 4 they differ only in Gaussian pairs, which the peer cuts at the same cost, so that
the ratio to expect is 1 within the noise; single networks range from 3.0e-8 to 5.2e-8, and without
the last relu from 2.0e-8 to 3.9e-8 (2.9e-8 on average over six, for both). At K = 3 the peer holds
one number of the fourth cumulant and this library the matrix kappa_iijj. More diagrams of cost 4 on
one or two units do not lower the error at K = 4, as long as kappa_5 and kappa_6 of the same cost
are neglected.

Run ``python -m benchmarks tensors``.
"""

import math
import time
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import torch

from numerics.tensors import ExchangeableWeight, expected_activations, propagate

LAYERS = 4
SEEDS = (0, 1, 2)
# width: orders K, and directions of each reference
WIDTHS = {
    32: ((1, 2, 3, 4), 1_000_000),
    64: ((1, 2, 3, 4), 3_000_000),
    128: ((1, 2, 3, 4), 10_000_000),
    256: ((1, 2, 3, 4), 8_000_000),
}
CHUNK = 8192
# measured elsewhere at width 128: seconds, and error on these networks
KPROP = {2: (4.5e-3, 2.3e-5), 3: (15e-3, 9.6e-7), 4: (2.4, 4.0e-8)}


class Known(NamedTuple):
    """A network with the means of its last layer and the covariance of their noise."""

    weights: list[np.ndarray]
    tensors: list[torch.Tensor]
    mean: np.ndarray
    noise: np.ndarray


def network(width: int, seed: int) -> list[np.ndarray]:
    """Weights with unit variance of the first and He variance of the later sums."""
    rng = np.random.default_rng(seed)
    return [
        (rng.normal(size=(width, width)) * math.sqrt((2 if k else 1) / width)).astype(np.float32)
        for k in range(LAYERS)
    ]


def timed(run: Callable[[], Any], repeats: int) -> tuple[Any, float]:
    """Result, and least seconds over one run and the repeats."""
    result, times = None, []
    for _ in range(1 + repeats):
        start = time.perf_counter()
        result = run()
        times.append(time.perf_counter() - start)
    return result, min(times)


def orthogonal(count: int, width: int, generator: Any) -> torch.Tensor:
    """Random orthogonal matrices of uniform law."""
    normal = torch.randn(count, width, width, generator=generator, dtype=torch.float64)
    q, r = torch.linalg.qr(normal)
    return q * torch.sign(torch.diagonal(r, dim1=1, dim2=2))[:, None, :]


def reference(
    weights: list[torch.Tensor], directions: int, generator: Any
) -> tuple[np.ndarray, np.ndarray]:
    """Means of the last layer and the covariance of their noise, see above."""
    width = weights[0].shape[1]
    pool = math.ceil(math.sqrt(directions / (2 * width)))
    radius = math.sqrt(2) * math.exp(math.lgamma((width + 1) / 2) - math.lgamma(width / 2))
    left = (radius * orthogonal(pool, width, generator)).float()
    right = (orthogonal(pool, width, generator) @ weights[0].T.double()).float()
    total = torch.zeros(len(weights[-1]), dtype=torch.float64)
    square = torch.outer(total, total)
    for last in right:
        for rows in left.split(max(1, CHUNK // (4 * width))):
            x = rows.reshape(-1, width) @ last
            x = torch.relu_(torch.cat([x, -x]))
            for w in weights[1:]:
                x = torch.relu_(x @ w.T)
            frames = x.reshape(2, len(rows), width, -1).double().mean((0, 2))
            total, square = total + frames.sum(0), square + frames.T @ frames
    mean, count = total / pool**2, pool**2
    return mean.numpy(), ((square / count - torch.outer(mean, mean)) / (count - 1)).numpy()


def known(width: int, seed: int, directions: int) -> Known:
    """One network with its reference."""
    weights = network(width, seed)
    tensors = [torch.from_numpy(w) for w in weights]
    found = reference(tensors, directions, torch.Generator().manual_seed(seed))
    return Known(weights, tensors, *found)


def sampled(weights: list[torch.Tensor], generator: Any) -> torch.Tensor:
    """Last activations of some inputs."""
    x = torch.randn(CHUNK, weights[0].shape[1], generator=generator)
    for w in weights:
        x = torch.relu_(x @ w.T)
    return x


def measured(width: int, order: int, networks: list[Known]) -> tuple[float, float, float, float]:
    """Seconds, mean square error and its standard error, and that of sampling for as long."""
    ours, each, errors, unsure, spread = [], [], [], [], []
    repeats = 30 if order < 4 else 2 if width <= 128 else 0
    generator = torch.Generator().manual_seed(width)
    for net in networks:
        means, seconds = timed(
            lambda w=net.weights: expected_activations(w, None, "relu", K=order), repeats
        )
        ours.append(seconds)
        error = means[-1] - net.mean
        errors.append((error @ error - np.trace(net.noise)) / width)
        # of |bias + noise|^2, where error @ noise @ error has one part of the noise itself
        alone = 2 * (net.noise**2).sum()
        unsure.append(max(4 * error @ net.noise @ error - alone, alone) / width**2)
        last, seconds = timed(lambda t=net.tensors: sampled(t, generator), 5)
        each.append(seconds / CHUNK)
        spread.append(float(last.var(0).mean()))
    return (min(ours), float(np.mean(errors)), math.sqrt(sum(unsure)) / len(unsure),
            float(np.mean(spread)) * min(each) / min(ours))  # fmt: skip


def rows() -> list[dict[str, Any]]:
    """Measure everything in this run.

    Returns
    -------
    list of dict
        Keys what, ours_s, noise, peer, peer_s, ratio (peer over ours), reach, quantity.
    """
    found = []
    for width, (orders, directions) in WIDTHS.items():
        networks = [known(width, seed, directions) for seed in SEEDS]
        for order in orders:
            seconds, error, unsure, sampling = measured(width, order, networks)
            label = f"width {width}, K = {order}"
            there, wrong = KPROP.get(order, (None, None)) if width == 128 else (None, None)
            found.append({
                "what": f"{label}: time", "ours_s": seconds,
                "peer": "kprop, elsewhere" if there else "-", "peer_s": there,
                "ratio": there / seconds if there else None, "reach": "at least 2" if there else "",
            })  # fmt: skip
            wanted = {"kprop, these networks": (wrong, "1 within the noise, or more"),
                      "sampling as long": (sampling, "at least 100" if order == 3 else "")}
            found += [
                {"what": f"{label}: mean square error", "ours_s": error, "noise": unsure,
                 "peer": peer, "peer_s": value, "ratio": value / error, "reach": reach,
                 "quantity": "error"}
                for peer, (value, reach) in wanted.items() if value
            ]  # fmt: skip
    return [*found, *exchangeable_rows()]


def exchangeable_rows() -> list[dict[str, Any]]:
    """A million alike units beside four."""
    networks = [[ExchangeableWeight(1.0, 1 / n, n)] * LAYERS for n in (10**6, 4)]
    found = []
    for order in (2, 3, 4):
        seconds = [
            timed(lambda w=w, k=order: propagate(w, [0.1] * LAYERS, "relu", K=k), 30)[1]
            for w in networks
        ]
        found.append({
            "what": f"exchangeable, 10^6 units, K = {order}: time", "ours_s": seconds[0],
            "peer": "4 units", "peer_s": seconds[1], "ratio": seconds[1] / seconds[0],
            "reach": "at least 0.67",
        })  # fmt: skip
    return found
