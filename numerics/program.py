"""Generated source with the names that belong to it."""

from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass
from typing import Any

import sympy as sp

from cumulant_theory.activations import Activation


@dataclass(frozen=True)
class Program:
    """Generated source with the names that belong to it.

    Attributes
    ----------
    source : str
        Defines one function ``kernel(*parameters, *inputs)`` that returns a tuple: the outputs,
        then the guards. It uses ``+ - * / **`` and, where activations are no polynomials, the
        primitives ``wick`` and ``pair``; it needs no import.
    parameters, inputs : tuple of Symbol
        Arguments in order.
    outputs : tuple
        Keys of the first entries of the returned tuple.
    guards : tuple of Symbol
        Intermediates that are divided by; an overflow there must not turn into a silent zero.
    activations : tuple of (str, Activation)
        Names of the activations that the primitives are called with.
    """

    source: str
    parameters: tuple[sp.Symbol, ...]
    inputs: tuple[sp.Symbol, ...]
    outputs: tuple[Hashable, ...]
    guards: tuple[sp.Symbol, ...]
    activations: tuple[tuple[str, Activation], ...] = ()

    def function(self, primitives: Mapping[str, Any] | None = None) -> Callable[..., Any]:
        """Execute the source and return the function it defines.

        Parameters
        ----------
        primitives
            ``wick`` and ``pair``, if activations occur.
        """
        scope: dict[str, Any] = {"__builtins__": {}, **(primitives or {}), **dict(self.activations)}
        exec(compile(self.source, "<kernel>", "exec"), scope)
        return scope["kernel"]
