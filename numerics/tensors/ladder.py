"""A network layer by layer under an order K, and under lower ones where that is given up."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from cumulant_theory.closures import Closure, Diagrams
from cumulant_theory.errors import ShapeError

from .exchangeable import ExchangeableWeight
from .health import Monitor, check_underflow
from .maps import PointwiseMap
from .state import State
from .steps import Layer, order_of


@dataclass(frozen=True)
class Network:
    """Arrays of a network and how its layers are to be taken.

    Attributes
    ----------
    matrices, vectors : sequence of array, or of array or None
        Weights, and biases where there are some.
    maps : sequence of PointwiseMap
        Behind the weights, in turn; the last weight may have none.
    given : State
        The input.
    monitor : callable
        Of an order K; the checks to run.
    form : {"dense", "factored"}
    gaussian_pairs : bool
    means_only : bool
        Whether only means and variances are wanted of the last layer.
    """

    matrices: Sequence[Any]
    vectors: Sequence[Any]
    maps: Sequence[PointwiseMap]
    given: State
    monitor: Callable[[int], Monitor]
    form: str
    gaussian_pairs: bool
    means_only: bool


def climb_down(network: Network, closure: Closure) -> tuple[list[State], Monitor]:
    """States of the input and behind every layer, and the checks that ran.

    Raises
    ------
    ShapeError
        If a weight does not fit what is in front of it.
    """
    return _states(network, closure, order_of(closure))


def _states(network: Network, closure: Closure, order: int) -> tuple[list[State], Monitor]:
    """The same under a closure that uses cumulants up to some order."""
    states, monitor = [network.given], network.monitor(order)
    for k, (w, b) in enumerate(zip(network.matrices, network.vectors, strict=True)):
        state = states[-1]
        alike = isinstance(w, ExchangeableWeight)
        short = b is not None and not alike and len(b) != w.shape[0]
        if w.shape[1] != state.width or short:
            raise ShapeError(
                f"weight {k} has shape {tuple(w.shape)}"
                + ("" if b is None else f" and bias {k} has {len(b)} entries")
                + f", behind {state.width} units; weights are (out, in) as in torch.nn.Linear"
            )
        states.append(state.affine(w, b))
        check_underflow(states[-1], state, w, b, k)
        if k == len(network.maps):
            break
        last = network.means_only and k == len(network.matrices) - 1
        layer = Layer(network.maps[k], closure, network.form, network.gaussian_pairs, order, last)
        y = monitor.advance(states[-1], layer)
        if y is None:
            # Diagrams(3) without cumulants in front is K = 2, and says what is beyond behind it
            low, below = _states(network, Diagrams(max(order - 1, 3)), order - 1)
            monitor.continued(below)
            return states + low[len(states) :], monitor
        states.append(y)
    return states, monitor
