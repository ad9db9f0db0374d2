"""Training an ensemble at once against a plain torch loop over its networks.

Run as a script for a table; `rows()` for the numbers.
"""

import time

import numpy as np
import torch

from cumulant_theory import activations, laws, layers
from numerics.networks import build
from numerics.tasks import BlockSum
from numerics.training import train

SEEDS, STEPS, BATCH, HIDDEN, LR = 64, 200, 256, 4, 0.01


class Plain(torch.nn.Module):
    """The same network as one writes it in torch."""

    def __init__(self) -> None:
        super().__init__()
        self.first = torch.nn.Linear(2, HIDDEN, bias=False, dtype=torch.float64)
        self.alpha = torch.nn.Parameter(torch.zeros((), dtype=torch.float64))
        self.last = torch.nn.Linear(HIDDEN, 1, bias=False, dtype=torch.float64)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        z = self.first(x)
        return self.last(z + self.alpha * z * z)


def plain_loop(seed: int, batch: int, steps: int) -> float:
    """Train one plain network with Adam and the same rate decay; returns the last loss."""
    torch.manual_seed(seed)
    rng = np.random.default_rng(seed)
    model = Plain()
    optimizer = torch.optim.Adam(model.parameters(), lr=LR)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=steps)
    last = float("nan")
    for _ in range(steps):
        x = torch.from_numpy(rng.standard_normal((batch, 2)))
        y = x.sum(dim=1, keepdim=True) * 2**-0.5
        loss = (model(x) - y).square().mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        schedule.step()
        last = float(loss.detach())
    return last


def _time(function) -> float:
    start = time.perf_counter()
    function()
    return time.perf_counter() - start


def rows(steps: int = STEPS, repeats: int = 2) -> list[dict]:
    """Measure everything in this run, one thread for both sides.

    Returns
    -------
    list of dict
        Keys what, ours_s, peer, peer_s, ratio (peer over ours) and reach.
    """
    net = (
        layers.Linear(2, HIDDEN) >> layers.Pointwise(activations.Quadratic())
        >> layers.Linear(HIDDEN, 1)
    )
    task = BlockSum(2, laws.Normal(0, 1))
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    out = []
    try:
        train(build(net, seeds=range(2)), task, steps=2, progress=False)
        plain_loop(0, BATCH, 2)
        for batch in (BATCH, 4 * BATCH):
            ours = min(
                _time(lambda b=batch: train(
                    build(net, seeds=range(SEEDS)), task, steps=steps, batch=b, lr=LR,
                    progress=False,
                )) for _ in range(repeats)
            )
            peer = _time(lambda b=batch: [plain_loop(s, b, steps) for s in range(SEEDS)])
            out.append({
                "what": f"train {SEEDS} seeds of 2-{HIDDEN}-1, quadratic, {steps} steps, "
                        f"batch {batch}",
                "ours_s": ours, "peer": f"{SEEDS} plain torch loops", "peer_s": peer,
                "ratio": peer / ours, "reach": "at least 8",
            })
    finally:
        torch.set_num_threads(threads)
    return out


if __name__ == "__main__":
    for row in rows():
        print(f"{row['what']:<70} {row['ours_s']:8.3g} {row['peer']:<22} {row['peer_s']:8.3g} "
              f"{row['ratio']:8.3g}  {row['reach']}")  # fmt: skip
