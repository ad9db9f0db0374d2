"""What a layer on exchangeable units is, and what follows from its rule."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import sympy as sp

from ..algebra import symbols_in
from ..derivation import Equation
from ..layers.base import check_order
from ..recursion import Recursion, System
from .rules import Rule
from .state import ExchangeableCumulants, explicit_width, images_of
from .width import check_width

if TYPE_CHECKING:
    from .sequential import Sequential


class Layer:
    """A map of n exchangeable units to n exchangeable units, or to one.

    Attributes
    ----------
    n
        Width: a symbol or a positive integer; None where the layer takes any.
    readout
        Whether there is one output unit.
    """

    n: Any = None
    readout: bool = False

    def rule(self) -> Rule:
        """The rule between cumulants."""
        raise TypeError(f"{type(self).__name__} does not define rule()")

    @property
    def layers(self) -> tuple["Layer", ...]:
        """The layers of a network; a single layer is a network of one."""
        return (self,)

    @property
    def parameters(self) -> tuple[sp.Symbol, ...]:
        """Free symbols but the width: weights, shift, coefficients."""
        return symbols_in(*self.rule().expressions, without=(self.n,))

    @property
    def hypotheses(self) -> tuple[str, ...]:
        """Conditions the layer adds."""
        return ()

    def numbered(self, position: int) -> "Layer":
        """The same layer with default parameter names numbered."""
        return self

    def subs(self, values: Mapping[Any, Any] | None = None, **named: Any) -> "Layer":
        """The same layer with parameters, or the width, replaced by exact values.

        Raises
        ------
        DomainError
            If a symbol is unknown or a value does not exist.

        Examples
        --------
        >>> from cumulant_theory.exchangeable import Linear
        >>> Linear("n", bias=True).subs(n=3, c=0)
        Linear(3, diagonal=lambda, common=gamma, bias=0)
        """
        known = (*self.parameters, *(self.n.free_symbols if self.n is not None else ()))
        return self._replaced(images_of(values, named, known))

    def _replaced(self, images: Mapping[Any, Any]) -> "Layer":
        raise TypeError(f"{type(self).__name__} does not define _replaced(images)")

    def _written(self, units: int) -> Any:
        raise TypeError(f"{type(self).__name__} does not define _written(units)")

    def explicit(self, n: int | None = None) -> Any:
        """The same map as ordinary :mod:`cumulant_theory.layers`, unit by unit.

        Parameters
        ----------
        n
            Number of units; needed where the width is a symbol or any.

        Raises
        ------
        DomainError
            If n is no positive integer, or contradicts the width.

        Examples
        --------
        >>> from cumulant_theory.exchangeable import Linear
        >>> Linear("n").explicit(2).weight
        Matrix([
        [gamma + lambda,          gamma],
        [         gamma, gamma + lambda]])
        """
        width = self.n
        if width is None:
            width = check_width("n" if n is None else n, "explicit")
        units = explicit_width(width, n)
        written: list[Any] = []
        for layer in self.layers:
            fixed = layer if layer.n is None else layer._replaced({layer.n: sp.Integer(units)})
            written.append(fixed._written(units))
        network = written[0]
        for layer in written[1:]:
            network = network >> layer
        return network

    def propagate(self, x: Any, order: int = 4) -> ExchangeableCumulants:
        """Cumulants of the output by type; the cost does not depend on n.

        Parameters
        ----------
        x
            :func:`iid`, :func:`generic`, another exchangeable law, or a state.
        order
            Highest output order, at least 1.

        Returns
        -------
        ExchangeableCumulants
            Evaluated on demand; ``.layers`` holds the state after each layer.

        Raises
        ------
        ShapeError
            If the widths differ.
        OrderError
            If the law has no cumulants of the order needed.

        Examples
        --------
        >>> from cumulant_theory.exchangeable import Mean, generic
        >>> Mean("n").propagate(generic("n"), order=2)[2]
        kappa__x_ii/n + kappa__x_ij*(n - 1)/n
        """
        from .propagation import propagate_layers

        check_order(order)
        return propagate_layers(self, x, order)

    def recursion(self, order: int = 4) -> Recursion:
        """Per-layer equations in named cumulants of the state before; nothing is composed."""
        from .propagation import build_recursion

        check_order(order)
        return build_recursion(self, order)

    def equations(self, order: int = 4) -> list[Equation]:
        """The equations of :meth:`recursion` as one list.

        Examples
        --------
        >>> from cumulant_theory.exchangeable import Linear
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
            ``iid`` (symbols kappa_r), ``generic`` (a symbol per type), or an exchangeable law.

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
        >>> from cumulant_theory.exchangeable import Mean
        >>> n = sp.Symbol("n")
        >>> system = Mean(n).system(2)
        >>> system.evaluate({n: 4, 1 / n: sp.Rational(1, 4), "kappa_1": 3, "kappa_2": 2})
        {(1,): Fraction(3, 1), (2,): Fraction(1, 2)}
        """
        from .propagation import build_system

        check_order(order)
        return build_system(self, order, inputs)

    def __rshift__(self, other: "Layer") -> "Sequential":
        from .sequential import Sequential

        return Sequential(self, other)

    def _repr_latex_(self) -> str:
        from ..latex import inline_display

        return inline_display([(e.lhs, e.rhs) for e in self.equations(2)])
