"""A graph convolution over the arcs of its graph against its dense matrix."""

import random
import time
from collections.abc import Callable
from typing import Any

import torch

from cumulant_theory import layers
from cumulant_theory.layers import graphs
from numerics.networks import build

CHANNELS, BATCH, SIZES = 4, 64, (12, 200, 2000)


def random_graph(nodes: int) -> graphs.Graph:
    """Three edges per node."""
    rng = random.Random(0)
    edges: set[tuple[int, int]] = set()
    while len(edges) < 3 * nodes:
        u, v = sorted(rng.sample(range(nodes), 2))
        edges.add((u, v))
    return graphs.Graph((nodes, sorted(edges)))


def _once(function: Callable[[], Any]) -> tuple[float, Any]:
    start = time.perf_counter()
    found = function()
    return time.perf_counter() - start, found


def _repeated(function: Callable[[], Any], seconds: float = 0.3) -> float:
    function()
    times = []
    while sum(times) < seconds:
        times.append(_once(function)[0])
    return min(times)


def _forward(module: Any, x: torch.Tensor) -> Callable[[], torch.Tensor]:
    def run() -> torch.Tensor:
        with torch.no_grad():
            return module(x)

    return run


class Dense(torch.nn.Module):
    """The same map by the matrix U (x) I + W (x) A, made anew from U and W at every call."""

    def __init__(self, graph: graphs.Graph, u: torch.Tensor, w: torch.Tensor) -> None:
        super().__init__()
        self.u, self.w = u, w
        self.adjacency = torch.zeros(len(graph), len(graph), dtype=u.dtype)
        for source, target, weight in graph.arcs:
            self.adjacency[target, source] = float(weight)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        eye = torch.eye(len(self.adjacency), dtype=x.dtype)
        return x @ (torch.kron(self.u, eye) + torch.kron(self.w, self.adjacency)).mT


def rows() -> list[dict[str, Any]]:
    """Times to build and to evaluate, one thread; both maps are checked to be the same."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        return [row for nodes in SIZES for row in _rows(nodes)]
    finally:
        torch.set_num_threads(threads)


def _rows(nodes: int) -> list[dict[str, Any]]:
    graph = random_graph(nodes)
    made, layer = _once(lambda: layers.GraphConv(graph, CHANNELS, CHANNELS))
    built, module = _once(lambda: build(layer))
    theta = module.theta.detach().reshape(2, CHANNELS, CHANNELS)
    dense = Dense(graph, theta[0], theta[1])
    x = torch.randn(BATCH, layer.in_features, dtype=torch.float64)
    if not torch.allclose(_forward(dense, x)(), _forward(module, x)()):
        raise ArithmeticError("the two routes differ")
    ours = _repeated(_forward(module, x))
    peer = _repeated(_forward(dense, x))
    what = f"GraphConv {CHANNELS} -> {CHANNELS}, {nodes} nodes, {len(graph.edges)} edges"
    found = [{"what": f"{what}: batch {BATCH}", "ours_s": ours, "peer": "dense matrix in torch",
              "peer_s": peer, "ratio": peer / ours, "reach": ""}]
    matrix = nodes <= 200
    slow = _once(lambda: build(layers.Linear(
        layer.in_features, layer.out_features, weight=layer.weight
    )))[0] if matrix else None
    found.append({
        "what": f"{what}: build", "ours_s": made + built, "peer": "Linear with the same weight",
        "peer_s": slow, "ratio": slow / (made + built) if slow else None,
        "reach": "" if matrix else "milliseconds",
    })
    return found
