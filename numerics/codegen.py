"""Straight-line Python source for systems of polynomial and Gaussian definitions.

The generator reads the terms of each definition directly and never builds a large SymPy
expression. Its steps, for every definition in turn:

1. Factors that depend on the input cumulants alone are split off, so that one set of
   cumulants with many weight draws costs scalar work for them; equal ones are shared.
2. A multivariate greedy Horner scheme factors out the most frequent atom, again and again.
3. Equal subsums get a name; sums that are long or deeply nested are cut into statements.

A definition that is no polynomial (``is_polynomial`` false) is one call of a primitive of the
backend: a Gaussian Wick coefficient or the covariance of a Gaussian pair.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

import sympy as sp

from cumulant_theory.errors import OrderError, ShapeError

from .program import Program
from .system import System
from .writer import Writer, is_polynomial


def generate(system: System, order: int | None = None) -> Program:
    """Write the source that evaluates a system.

    Parameters
    ----------
    system : System
        Polynomial definitions with their inputs, parameters and outputs.
    order : int, optional
        Keep only the outputs whose multi-index has at most this order.

    Returns
    -------
    Program
        The source and its argument names.

    Raises
    ------
    UnknownNameError
        A definition uses a symbol that is no input, parameter or earlier definition.
    ShapeError
        Two arguments have the same name, or an exponent is not a positive integer.
    OrderError
        No output is left at this order.
    DomainError
        A coefficient has no finite real floating-point value, or a factor is no power.

    Examples
    --------
    >>> import sympy as sp
    >>> from fractions import Fraction
    >>> from types import SimpleNamespace as Namespace
    >>> w, k = sp.symbols("w kappa_2")
    >>> out = Namespace(symbol=sp.Symbol("out"), terms=[(Fraction(1, 4), ((w, 2), (k, 1)))])
    >>> system = Namespace(inputs=(k,), parameters=(w,), definitions=(out,),
    ...                    outputs={(2,): out.symbol})
    >>> generate(system).function()(3.0, 2.0)
    (4.5,)
    """
    outputs = _select(system.outputs, order)
    arguments = (*system.parameters, *system.inputs)
    for group, symbols in (("parameters", system.parameters), ("inputs", system.inputs)):
        repeated = [n for n, c in Counter(s.name for s in symbols).items() if c > 1]
        if repeated or len(set(arguments)) < len(arguments):
            raise ShapeError(
                f"the {group} of the system name {', '.join(repeated) or 'a symbol'} more than "
                "once; give every argument its own name"
            )
    writer = Writer(system)
    needed = _needed(system, outputs.values())
    for definition in system.definitions:
        if definition.symbol in needed:
            writer.define(definition)
    returned = [writer.value(symbol) for symbol in outputs.values()]
    guards = tuple(writer.guards)
    returned += [writer.value(symbol) for symbol in guards]
    return Program(
        writer.source(outputs, returned),
        tuple(system.parameters),
        tuple(system.inputs),
        tuple(outputs),
        guards,
        tuple((name, phi) for phi, name in writer.activations.items()),
    )


def _select(outputs: Mapping[Any, sp.Symbol], order: int | None) -> dict[Any, sp.Symbol]:
    def within(key) -> bool:
        if order is None:
            return True
        if isinstance(key, int):
            return key <= order
        if isinstance(key, tuple) and all(isinstance(i, int) for i in key):
            return sum(key) <= order
        return True

    kept = {key: symbol for key, symbol in outputs.items() if within(key)}
    if not kept:
        raise OrderError(
            f"the system has no output up to order {order}; its outputs are "
            f"{', '.join(map(str, list(outputs)[:10])) or 'none'}"
        )
    return kept


def _needed(system: System, wanted: Iterable[sp.Symbol]) -> set[sp.Basic]:
    needed: set[sp.Basic] = set(wanted)
    for definition in reversed(system.definitions):
        if definition.symbol in needed and not is_polynomial(definition):
            needed |= {s for e in definition.inputs for s in e.free_symbols}  # type: ignore[attr-defined]
        elif definition.symbol in needed:
            for _, factors in definition.terms:
                for atom, _ in factors:
                    needed |= atom.free_symbols
    return needed
