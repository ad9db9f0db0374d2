"""What a layer on the nodes of a family is, and what follows from its rules."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import sympy as sp

from ...algebra import check_order, symbols_in
from ...claims import in_words
from ...derivation import Equation
from ...errors import ShapeError
from ...recursion import Recursion, System
from ..families import Family, complete
from ..rules import Rule
from ..state import FamilyCumulants, images_of

if TYPE_CHECKING:
    from .sequential import Sequential


class Layer:
    """A map of the channels of all nodes of a family, to such nodes or to a single one.

    Attributes
    ----------
    family
        Family of the input nodes; None where the layer takes any.
    in_channels
        Channels per input node; None where the layer takes any number.
    """

    family: Family | None = None
    in_channels: int | None = None

    def rules(self, family: Family, channels: int) -> tuple[Rule, ...]:
        """The rules between cumulants, for input nodes of ``family``."""
        raise TypeError(f"{type(self).__name__} does not define rules(family, channels)")

    @property
    def n(self) -> Any:
        """Number of input nodes, None where the layer takes any."""
        return None if self.family is None else self.family.n

    @property
    def layers(self) -> tuple["Layer", ...]:
        """The layers of a network; a single layer is a network of one."""
        return (self,)

    @property
    def parameters(self) -> tuple[sp.Symbol, ...]:
        """Free symbols but the width: weights, shift, coefficients."""
        return ()

    @property
    def hypotheses(self) -> tuple[str, ...]:
        """Conditions the layer adds."""
        return ()

    @property
    def words(self) -> str:
        """The layer or network in a sentence, without its graph."""
        if len(self.layers) > 1:
            return ", ".join(layer.words for layer in self.layers)
        return in_words(getattr(self, "activation", None) or type(self).__name__)

    def numbered(self, position: Any) -> "Layer":
        """The same layer with default parameter names numbered."""
        return self

    def checked_input(self, family: Family, channels: int) -> None:
        """Raise ShapeError where the layer does not take such nodes."""
        if self.family is not None and self.family.base != family.base:
            raise ShapeError(
                f"{self!r} takes the nodes of {self.family!r}, but gets those of {family!r}; use "
                "one family in a network, and complete(1) behind a readout"
            )
        if self.in_channels is not None and self.in_channels != channels:
            raise ShapeError(
                f"{self!r} takes {self.in_channels} channels per node, but gets {channels}; "
                "give it as many as the layer before puts out"
            )

    def subs(self, values: Mapping[Any, Any] | None = None, **named: Any) -> "Layer":
        """The same layer with parameters, or the width, replaced by exact values.

        Raises
        ------
        DomainError
            If a symbol is unknown or a value does not exist.

        Examples
        --------
        >>> from cumulant_theory.symbolic_width import Linear
        >>> Linear("n", bias=True).subs(n=3, c=0)
        Linear(3, diagonal=lambda, common=gamma, bias=0)
        """
        known = (*self.parameters, *(self.family.symbols if self.family else ()))
        return self._replaced(images_of(values, named, known))

    def _replaced(self, images: Mapping[Any, Any]) -> "Layer":
        raise TypeError(f"{type(self).__name__} does not define _replaced(images)")

    def _written(self, family: Family, channels: int) -> Any:
        """The explicit layer on a member of the family with a number of nodes."""
        raise TypeError(f"{type(self).__name__} does not define _written(family, channels)")

    def explicit(self, n: int | None = None) -> Any:
        """The same map as ordinary :mod:`cumulant_theory.layers`, unit by unit.

        Parameters
        ----------
        n
            Number of nodes; needed where it is a symbol or any. Units are numbered
            channel * nodes + node.

        Raises
        ------
        DomainError
            If n is no positive integer, or contradicts the family.

        Examples
        --------
        >>> from cumulant_theory.symbolic_width import Linear
        >>> Linear("n").explicit(2).weight
        Matrix([
        [gamma + lambda,          gamma],
        [         gamma, gamma + lambda]])
        """
        family = complete("n" if n is None else n) if self.family is None else self.family
        images = family.images(n)
        return explicit_network(self, family.subs(images), self.in_channels or 1, images)

    def propagate(self, x: Any, order: int = 4) -> FamilyCumulants:
        """Cumulants of the output by type; the cost does not depend on n.

        Parameters
        ----------
        x
            :func:`~cumulant_theory.symbolic_width.iid`, ``generic``, another law or a state on
            the nodes of the family.
        order
            Highest output order, at least 1.

        Returns
        -------
        FamilyCumulants
            Evaluated on demand; ``.layers`` holds the state after each layer.

        Raises
        ------
        ShapeError
            If the nodes or their channels differ.
        OrderError
            If the law has no cumulants of the order needed.

        Examples
        --------
        >>> from cumulant_theory.symbolic_width import Mean, generic
        >>> Mean("n").propagate(generic("n"), order=2)[2]
        kappa__x_ii/n + kappa__x_ij*(n - 1)/n
        """
        from ..propagation import propagate_layers

        order = check_order(order)
        return propagate_layers(self, x, order)

    def recursion(self, order: int = 4) -> Recursion:
        """Per-layer equations in named cumulants of the state before; nothing is composed."""
        from ..equations import build_recursion

        order = check_order(order)
        return build_recursion(self, order)

    def equations(self, order: int = 4) -> list[Equation]:
        """The equations of :meth:`recursion` as one list.

        Examples
        --------
        >>> from cumulant_theory.symbolic_width import Linear
        >>> for e in Linear("n", 1, "gamma").equations(1):
        ...     print(e.lhs, "=", e.rhs)
        kappa__z1_i = kappa__x_i*(gamma*n + 1)
        """
        return self.recursion(order).equations()

    def system(self, order: int = 4, inputs: Any = "iid") -> System:
        """The structured closed form; a symbolic n is one of its parameters.

        Parameters
        ----------
        order
            Highest output order.
        inputs
            ``iid`` (symbols kappa_r), ``generic`` (a symbol per type), or a law.

        Raises
        ------
        DomainError
            If the keyword is unknown.

        Notes
        -----
        The system compiles to numbers with :func:`numerics.kernels.compile_system`; evaluation
        costs the same at every n. Its own exact ``evaluate`` takes inverses such as 1/n by value.

        Examples
        --------
        >>> from cumulant_theory.symbolic_width import Mean
        >>> n = sp.Symbol("n")
        >>> system = Mean(n).system(2)
        >>> system.evaluate({n: 4, 1 / n: sp.Rational(1, 4), "kappa_1": 3, "kappa_2": 2})
        {(1,): Fraction(3, 1), (2,): Fraction(1, 2)}
        """
        from ..equations import build_system

        order = check_order(order)
        return build_system(self, order, inputs)

    def __rshift__(self, other: "Layer") -> "Sequential":
        from .sequential import Sequential

        return Sequential(self, other)

    def _repr_latex_(self) -> str:
        from ...latex import inline_display

        return inline_display([(e.lhs, e.rhs) for e in self.equations(2)])

    def _repr_html_(self) -> str:
        from ..display import layer_card

        return layer_card(self)


def explicit_network(
    network: Layer, family: Family, channels: int, images: Mapping[Any, Any]
) -> Any:
    """The layers of a network unit by unit; a layer that occurs twice stays one object."""
    written: dict[int, Any] = {}
    result = None
    for layer in network.layers:
        fixed = layer._replaced(images) if images else layer
        if id(layer) not in written:
            written[id(layer)] = fixed._written(family, channels)
        for rule in fixed.rules(family, channels):
            family, channels = rule.out_family(family), rule.out_channels
        one = written[id(layer)]
        result = one if result is None else result >> one
    return result


def expressions_of(rules: tuple[Rule, ...], family: Family | None) -> tuple[sp.Symbol, ...]:
    """Free symbols of rules but those of the width."""
    without = () if family is None else family.symbols
    return symbols_in(*(e for rule in rules for e in rule.expressions), without=without)
