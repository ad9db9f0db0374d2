"""Expected activations in the outside benchmark WhestBench: its networks, its sampler, offline.

`CumulantEstimator` is an estimator as that package takes it. ``python -m benchmarks whest`` sets
our error beside that of its bundled estimators and of plain sampling at the same wall time.
"""

import time
import warnings
from typing import Any

import numpy as np
from whestbench.estimators import CovariancePropagationEstimator, MeanPropagationEstimator
from whestbench.scoring import ContestSpec, make_contest
from whestbench.sdk import BaseEstimator
from whestbench.simulation import run_mlp

from numerics import expected_activations

WIDTH, DEPTH, NETWORKS, SAMPLES, SEED = 64, 4, 3, 2**20, 2026
ORDERS = (1, 2, 3, 4)


class CumulantEstimator(BaseEstimator):
    """Per-layer means by cumulant propagation, for WhestBench.

    Parameters
    ----------
    order : int
        K of the closure ``Diagrams(K)``, 1 to 4.
    """

    def __init__(self, order: int = 3) -> None:
        self.order = order

    def predict(self, mlp: Any, budget: int) -> np.ndarray:
        """Means behind every layer, shape (depth, width); WhestBench weights are (in, out)."""
        weights = [np.asarray(w, dtype=float).T for w in mlp.weights]
        return np.stack(expected_activations(weights, None, "relu", K=self.order))


def _best_time(function: Any, repeats: int = 5) -> float:
    times = []
    for _ in range(repeats):
        start = time.perf_counter()
        function()
        times.append(time.perf_counter() - start)
    return min(times)


def _inputs(mlp: Any, samples: int, seed: int) -> np.ndarray:
    return np.random.default_rng(seed).standard_normal((samples, mlp.width), dtype=np.float32)


def _forward(mlp: Any, x: np.ndarray) -> np.ndarray:
    """The network in plain float32 NumPy."""
    for w in mlp.weights:
        x = np.maximum(x @ np.asarray(w), 0)
    return x


def _sampled(mlp: Any, samples: int, seed: int) -> np.ndarray:
    return _forward(mlp, _inputs(mlp, samples, seed)).mean(axis=0)


def contest(width: int = WIDTH, samples: int = SAMPLES, networks: int = NETWORKS) -> Any:
    """Random networks of WhestBench with reference means by its own sampler."""
    data = make_contest(ContestSpec(
        width=width, depth=DEPTH, n_mlps=networks, flop_budget=10**12,
        ground_truth_samples=samples, seed=SEED,
    ))  # fmt: skip
    mlp = data.mlps[0]
    theirs = run_mlp(mlp, _inputs(mlp, 8, 0))  # pyright: ignore[reportArgumentType]
    if not np.allclose(np.asarray(theirs), _forward(mlp, _inputs(mlp, 8, 0)), rtol=1e-4):
        raise RuntimeError("WhestBench evaluates its networks in another way than relu(x @ w)")
    return data


def error_of(estimator: Any, data: Any) -> tuple[float, float]:
    """Mean squared error of the final layer over all networks, and the time of one network."""
    squares = [
        np.mean((np.asarray(estimator.predict(mlp, 10**12))[-1] - np.asarray(target)) ** 2)
        for mlp, target in zip(data.mlps, data.final_targets, strict=True)
    ]
    seconds = _best_time(lambda: estimator.predict(data.mlps[0], 10**12))
    return float(np.mean(squares)), seconds


def rows(width: int = WIDTH, samples: int = SAMPLES, networks: int = NETWORKS) -> list[dict]:
    """Errors and times; the sampling error of the reference itself is a row of its own."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # flopscope reports symmetry it could have used
        data = contest(width, samples, networks)
        bundled = {
            "its mean propagation": error_of(MeanPropagationEstimator(), data),
            "its covariance propagation": error_of(CovariancePropagationEstimator(), data),
        }
        ours = {k: error_of(CumulantEstimator(k), data) for k in ORDERS}
    floor = float(np.mean(data.avg_variances)) / samples
    what = f"WhestBench, width {width}, {DEPTH} layers"
    found = [{
        "what": f"{what}, error of its reference", "ours_s": floor, "peer": f"{samples} samples",
        "peer_s": None, "ratio": None, "reach": "", "quantity": "error",
    }]
    for order, (mse, seconds) in ours.items():
        peers = {**bundled, f"sampling for {1e3 * seconds:.1f} ms": _sampling(data, seconds)}
        for peer, (other, _) in peers.items():
            found.append({
                "what": f"{what}, squared error, K = {order}, {1e3 * seconds:.1f} ms",
                "ours_s": mse, "peer": peer, "peer_s": other, "ratio": other / mse,
                "reach": "", "quantity": "error",
            })
    return found


def _sampling(data: Any, seconds: float) -> tuple[float, float]:
    """Squared error of as many samples as fit into the time."""
    mlp = data.mlps[0]
    chunk = 512
    rate = _best_time(lambda: _sampled(mlp, chunk, 0)) / chunk
    count = max(int(seconds / rate), 1)
    squares = [
        np.mean((_sampled(m, count, 7 + k) - np.asarray(t)) ** 2)
        for k, (m, t) in enumerate(zip(data.mlps, data.final_targets, strict=True))
    ]
    return float(np.mean(squares)), seconds


if __name__ == "__main__":
    for row in rows():
        print(row)
