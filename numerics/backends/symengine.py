"""SymEngine: machine code from LLVM, one pass per point, float64.

A primitive cannot be part of the machine code. The source is run once on symbols, with primitives
that note their arguments and return a symbol of their own; then all arguments that are known at a
time are one piece of machine code, and the primitives are called on its values in between.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import symengine

from cumulant_theory.errors import MissingDependencyError

from ..program import Program
from .base import Evaluator, Shape, blocks, box_of
from .numpy import NumpyBackend, full_rank

BLOCK = 4096
FIXED = {"wick": 3, "pair": 4}  # activations and orders, before the arguments that are numbers


@dataclass(frozen=True)
class Call:
    """A call of a primitive: its value is a column of the table, its arguments expressions."""

    column: int
    primitive: Callable[..., Any]
    fixed: tuple[Any, ...]
    arguments: tuple[Any, ...]


class SymengineBackend(NumpyBackend):
    """Compiles the source's expressions by LLVM."""

    name = "symengine-llvm"

    def build(self, program: Program) -> Evaluator:
        """Return an evaluator that fills rows of arguments and calls machine code."""
        if not symengine.have_llvm:
            raise MissingDependencyError(
                "the installed symengine was built without LLVM; install a wheel that has it "
                "with: pip install 'cumulant-theory[llvm]'"
            )
        count = len(program.parameters) + len(program.inputs)
        # SymEngine calls its temporaries x0, x1, ..., even where an unused argument has that name.
        columns = [symengine.Symbol(f"argument_{i}") for i in range(count)]
        calls: list[Call] = []

        def noting(name: str, primitive: Callable[..., Any]) -> Callable[..., Any]:
            def note(*given: Any) -> Any:
                fixed, arguments = given[: FIXED[name]], given[FIXED[name] :]
                columns.append(symengine.Symbol(f"call_{len(calls)}"))
                calls.append(Call(
                    len(columns) - 1, primitive, fixed, tuple(map(symengine.sympify, arguments))
                ))
                return columns[-1]

            return note

        primitives = {name: noting(name, f) for name, f in self.primitives().items()}
        results = [symengine.sympify(r) for r in program.function(primitives)(*columns)]
        # Lambdify needs at least one argument.
        columns = columns or [symengine.Symbol("argument")]
        stages = [
            (_compiled(columns, [a for call in group for a in call.arguments]), group)
            for group in _groups(calls, columns)
        ]
        last = _compiled(columns, results)

        def evaluate(arguments: Sequence[np.ndarray], shape: Shape) -> list[np.ndarray]:
            out = np.empty((len(results), *shape))
            full = [full_rank(a, len(shape)) for a in arguments]
            if not out.size:
                return list(out)
            rows = np.zeros((0, len(columns)))
            for box in blocks(shape, BLOCK):
                target = out[(slice(None), *box)]
                size = target[0].size
                if len(rows) != size:
                    rows = np.zeros((size, len(columns)))
                    for column, a in zip(rows.T, full, strict=False):
                        if a.ndim == 0:
                            column[...] = a
                table = rows.T.reshape((len(columns), *target.shape[1:]))
                for i, a in enumerate(full):
                    if a.ndim:
                        table[i] = box_of(a, box)
                for compiled, group in stages:
                    _fill(rows, np.ascontiguousarray(compiled(rows).T), group)
                target[...] = last(rows).T.reshape(target.shape)
            return list(out)

        return evaluate


def _compiled(columns: Sequence[Any], expressions: Sequence[Any]) -> Callable[..., Any]:
    return symengine.Lambdify(columns, expressions, backend="llvm", cse=True)


def _groups(calls: Sequence[Call], columns: Sequence[Any]) -> list[list[Call]]:
    """The calls in rounds: those of a round need the values of earlier rounds alone."""
    rounds: dict[Any, int] = {}
    for call in calls:
        needed = set().union(*(a.free_symbols for a in call.arguments))
        rounds[columns[call.column]] = 1 + max((rounds.get(s, 0) for s in needed), default=0)
    groups: list[list[Call]] = [[] for _ in range(max(rounds.values(), default=0))]
    for call in calls:
        groups[rounds[columns[call.column]] - 1].append(call)
    return groups


def _fill(rows: np.ndarray, values: np.ndarray, group: Sequence[Call]) -> None:
    """Call the primitives of a round on the columns of its code, once where all is equal."""
    start = 0
    for call in group:
        stop = start + len(call.arguments)
        given = [v[0] if (v == v[0]).all() else v for v in values[start:stop]]
        rows[:, call.column] = call.primitive(*call.fixed, *given)
        start = stop


BACKEND = SymengineBackend()
