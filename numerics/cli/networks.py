"""A network with its input law, order and closure, read from the texts of a command line."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from cumulant_theory.closures import Closure
from cumulant_theory.derivation import Derivation
from cumulant_theory.errors import NoClosedFormError, OrderError, ShapeError
from cumulant_theory.layers import BlockSum, Layer
from cumulant_theory.layers.diagram_rule import DiagramRule
from cumulant_theory.network_language import parse_network
from cumulant_theory.parsing import parse_closure, parse_law
from cumulant_theory.recursion import Recursion

_HIGHEST_ORDER = 12


@dataclass(frozen=True)
class Question:
    """Which cumulants of which network are asked for.

    Parameters
    ----------
    network : Layer
    inputs
        The joint law of its inputs.
    law : str
        The same in words.
    order : int
        Highest order of the cumulants.
    closure : Closure
    """

    network: Layer
    inputs: Any
    law: str
    order: int
    closure: Closure

    @property
    def symbolic(self) -> bool:
        """Whether it is about the block sum of a symbolic number of units."""
        return _is_symbolic(self.network)

    def recursion(self) -> Recursion:
        """The equations of each layer."""
        return self.network.recursion(self.order, inputs=self.inputs, closure=self.closure)

    def derivation(self) -> Derivation:
        """The steps to the output cumulants."""
        out = self.network.propagate(self.inputs, order=self.order, closure=self.closure)
        return out.derivation


def read_question(layers: str, law: str, order: int, closure: str) -> Question:
    """Read a question; the arguments are those of the command line.

    Raises
    ------
    ParseError, UnknownNameError
        If the network, the law or the closure is no text of its language.
    ShapeError
        If the text leaves the number of units open.
    OrderError
        If the order is above 12.
    """
    if order > _HIGHEST_ORDER:
        raise OrderError(f"order {order}: the command line derives at most {_HIGHEST_ORDER}")
    network, input_law = parse_network(layers), parse_law(law)
    described = law + (", independent copies" if hasattr(input_law, "iid") else "")
    inputs = _inputs(network, input_law, order)
    return Question(network, inputs, described, order, parse_closure(closure))


@contextmanager
def advised() -> Iterator[None]:
    """Where no closed form exists, say how a closure is named on the command line."""
    try:
        yield
    except NoClosedFormError as error:
        raise NoClosedFormError(
            f"{error}. On the command line: --closure diagrams:3 or --closure neglect:2, with "
            "--style indices or expanded where a style is asked for"
        ) from None


def _inputs(network: Layer, law: Any, order: int) -> Any:
    """The joint input law: independent copies of a univariate one."""
    if not hasattr(law, "iid"):
        return law
    if _is_symbolic(network):
        return law.iid(network.b)  # type: ignore[attr-defined]
    widths = [layer.in_features for layer in network.layers]
    if all(w is None for w in widths):
        raise ShapeError(
            f"{network!r} takes any number of units; begin with a layer that says how many, such "
            "as linear(2, 3) or residual(linear(2, 2) | square)"
        )
    if any(isinstance(layer, BlockSum) and layer.is_symbolic for layer in network.layers):
        raise ShapeError(
            f"{network!r}: blocksum with a symbol for b stands alone; give b a number inside a "
            "network"
        )
    inputs = law.iid(network.input_units(None))
    rules = (stage.rule for stage in network.stages(int(inputs.dim)))
    if not any(isinstance(rule, DiagramRule) for rule in rules):
        law.cumulant(network.input_order(order))  # An order that does not exist is said here.
    return inputs


def _is_symbolic(network: Layer) -> bool:
    return isinstance(network, BlockSum) and network.is_symbolic
