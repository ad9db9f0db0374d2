"""SymEngine: machine code from LLVM, one pass per point, float64."""

from collections.abc import Sequence

import numpy as np
import symengine

from cumulant_theory.errors import DomainError, MissingDependencyError

from ..codegen import Program
from .base import Evaluator, Shape, blocks, box_of
from .numpy import NumpyBackend, full_rank

BLOCK = 4096


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
        if program.activations:
            named = ", ".join(repr(phi) for _, phi in program.activations)
            raise DomainError(
                f"the backend 'symengine-llvm' has no Gaussian means of {named}; use "
                "backend='numpy' or backend='torch'"
            )
        count = len(program.parameters) + len(program.inputs)
        # SymEngine calls its temporaries x0, x1, ..., even where an unused argument has that name.
        symbols = [symengine.Symbol(f"argument_{i}") for i in range(count)]
        results = [symengine.sympify(r) for r in program.function()(*symbols)]
        # Lambdify needs at least one argument.
        compiled = symengine.Lambdify(
            symbols or [symengine.Symbol("argument")], results, backend="llvm", cse=True
        )

        def evaluate(arguments: Sequence[np.ndarray], shape: Shape) -> list[np.ndarray]:
            out = np.empty((len(results), *shape))
            full = [full_rank(a, len(shape)) for a in arguments]
            if not out.size:
                return list(out)
            rows = np.zeros((0, max(1, count)))
            for box in blocks(shape, BLOCK):
                target = out[(slice(None), *box)]
                size = target[0].size
                if len(rows) != size:
                    rows = np.zeros((size, max(1, count)))
                    for column, a in zip(rows.T, full, strict=False):
                        if a.ndim == 0:
                            column[...] = a
                table = rows.T.reshape((max(1, count), *target.shape[1:]))
                for i, a in enumerate(full):
                    if a.ndim:
                        table[i] = box_of(a, box)
                target[...] = compiled(rows).T.reshape(target.shape)
            return list(out)

        return evaluate


BACKEND = SymengineBackend()
