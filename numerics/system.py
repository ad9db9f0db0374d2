"""What a system of definitions has to offer to be compiled."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Protocol

import sympy as sp


class Definition(Protocol):
    """A named polynomial: ``symbol = sum of coefficient * product of atom**exponent``.

    Where ``is_polynomial`` is there and false it is a Gaussian quantity with ``inputs`` in place
    of ``terms``: see :class:`cumulant_theory.layers.wick.GaussianDefinition`.
    """

    @property
    def symbol(self) -> sp.Symbol:
        """The defined symbol."""
        ...

    @property
    def terms(self) -> Iterable[tuple[Any, Iterable[tuple[Any, int]]]]:
        """Pairs of a rational coefficient and its factors ``(atom, exponent)``."""
        ...


class System(Protocol):
    """Polynomial definitions in the order in which they can be evaluated."""

    @property
    def inputs(self) -> Sequence[sp.Symbol]:
        """Input cumulants in array order."""
        ...

    @property
    def parameters(self) -> Sequence[sp.Symbol]:
        """Weights, biases and activation coefficients in array order."""
        ...

    @property
    def definitions(self) -> Sequence[Definition]:
        """Definitions, each in terms of inputs, parameters and earlier ones."""
        ...

    @property
    def outputs(self) -> Mapping[Any, sp.Symbol]:
        """Which symbols are asked for, under which keys."""
        ...
