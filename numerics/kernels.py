"""Fast numeric evaluation of systems, vectorised over weights and cumulants."""

from collections.abc import Hashable, Mapping, Sequence
from inspect import signature
from typing import Any

import sympy as sp

from cumulant_theory.arguments import brief, explained
from cumulant_theory.errors import DomainError, ShapeError, UnknownNameError
from cumulant_theory.latex.html import card, code, facts, folded, joined

from .backends import Backend, get_backend
from .codegen import generate
from .program import Program
from .system import System

__all__ = ["Kernel", "compile", "compile_system"]

_PARTS = ("inputs", "parameters", "definitions", "outputs")
LISTED = 12  # names in a message


class Kernel:
    """Compiled function from weights and input cumulants to output cumulants.

    Built by :func:`compile` or :func:`compile_system`.

    Parameters
    ----------
    program : Program
        Generated source with its argument names.
    backend : str
        Name of the backend.

    Attributes
    ----------
    source : str
        Python source of the straight-line function; it runs on its own where all activations are
        polynomials, and otherwise calls ``wick`` and ``pair``.
    parameters, inputs : tuple of Symbol
        Weights and input cumulants in array order.
    outputs : tuple
        Keys of the result.
    backend : str
        Name of the backend.

    Raises
    ------
    UnknownNameError, MissingDependencyError
        The backend does not exist or is not installed.
    """

    def __init__(self, program: Program, backend: str = "numpy") -> None:
        self._program = program
        self._backend: Backend = get_backend(backend)
        self._evaluate = self._backend.build(program)

    @property
    def source(self) -> str:
        """Generated Python source; ``exec`` defines one function ``kernel``."""
        return self._program.source

    @property
    def parameters(self) -> tuple[sp.Symbol, ...]:
        """Weights, biases and activation coefficients in array order."""
        return self._program.parameters

    @property
    def inputs(self) -> tuple[sp.Symbol, ...]:
        """Input cumulants in array order."""
        return self._program.inputs

    @property
    def outputs(self) -> tuple[Hashable, ...]:
        """Keys of the result."""
        return self._program.outputs

    @property
    def backend(self) -> str:
        """Name of the backend."""
        return self._backend.name

    def __call__(self, weights: Any, cumulants: Any) -> dict[Any, Any]:
        """Evaluate all outputs.

        Parameters
        ----------
        weights : mapping or array
            From parameter names or symbols to numbers or arrays that broadcast together; or one
            array of shape ``(..., len(parameters))``.
        cumulants : mapping or array
            The same for :attr:`inputs`. Its batch shape broadcasts with that of the weights.

        Returns
        -------
        dict
            From output key to an array of the broadcast batch shape, float64 unless torch tensors
            of another floating type were given.

        Raises
        ------
        ShapeError
            Sizes or batch shapes that do not fit, or missing values.
        UnknownNameError
            A name that is no argument of the kernel.
        DomainError
            Values that are not real or not finite, going in or coming out. The torch backend does
            not look inside ``vmap`` and compilation.
        """
        return dict(zip(self.outputs, self._run(weights, cumulants), strict=True))

    def stacked(self, weights: Any, cumulants: Any) -> Any:
        """Evaluate into one array of shape ``(..., len(outputs))``.

        Parameters and errors are those of calling the kernel.
        """
        return self._backend.stack(self._run(weights, cumulants))

    def _run(self, weights: Any, cumulants: Any) -> list[Any]:
        groups = (
            (weights, self.parameters, "weights"),
            (cumulants, self.inputs, "cumulants"),
        )
        values: list[Any] = []
        labels: list[str] = []
        for given, symbols, what in groups:
            if isinstance(given, Mapping):
                values += _ordered(given, symbols, what)
                labels += [s.name for s in symbols]
            else:
                values.append(given)
                labels.append(what)
        arrays = self._backend.arrays(values, labels)
        for array, label in zip(arrays, labels, strict=True):
            if not self._backend.finite(array):
                raise DomainError(
                    f"the values given for {label} are not all finite; remove NaN and infinity "
                    "before calling the kernel"
                )
        arguments, shapes, rest = [], [], iter(arrays)
        for given, symbols, what in groups:
            if isinstance(given, Mapping):
                arguments += (columns := [next(rest) for _ in symbols])
                shapes += [tuple(c.shape) for c in columns]
            else:
                arguments += _columns(array := next(rest), symbols, what)
                shapes.append(tuple(array.shape[:-1]))
        shape = _batch_shape(shapes, labels)
        results = self._evaluate(arguments, shape)
        keys = [*self.outputs, *self._program.guards]
        bad = [str(k) for k, r in zip(keys, results, strict=True) if not self._backend.finite(r)]
        if bad:
            raise DomainError(
                f"the kernel leaves the finite numbers in {_listing(bad)}; rescale the weights or "
                "cumulants, or keep them inside the domain of the roots"
            )
        return results[: len(self.outputs)]

    def __reduce__(self) -> tuple[Any, ...]:
        return Kernel, (self._program, self.backend)

    def __repr__(self) -> str:
        return (
            f"Kernel({len(self.parameters)} parameters, {len(self.inputs)} inputs -> "
            f"{len(self.outputs)} outputs, backend={self.backend!r})"
        )

    def _repr_html_(self) -> str:
        rows = (
            ("backend", self.backend),
            ("call", "kernel(weights, cumulants)"),
            ("weights", joined(self.parameters) if self.parameters else "none"),
            ("as array", f"(..., {len(self.parameters)})"),
            ("cumulants", joined(self.inputs) if self.inputs else "none"),
            ("as array ", f"(..., {len(self.inputs)})"),
            ("outputs", ", ".join(map(str, self.outputs)) if len(self.outputs) <= 8 else
             f"{len(self.outputs)} multi-indices"),
        )
        lines = len(self.source.splitlines())
        return card("Kernel", facts(rows), folded(f"source, {lines} lines", code(self.source)))


@explained
def compile_system(system: System, backend: str = "numpy", order: int | None = None) -> Kernel:
    """Compile definitions into a kernel.

    Parameters
    ----------
    system : System
        Object with ``inputs``, ``parameters``, ``definitions`` and ``outputs``.
    backend : {"numpy", "torch", "symengine-llvm"}
        Library that evaluates.
    order : int, optional
        Keep only the outputs whose multi-index has at most this order.

    Returns
    -------
    Kernel
        Callable as ``kernel(weights, cumulants)``.

    Raises
    ------
    UnknownNameError
        No such backend, or a definition uses an unknown symbol.
    MissingDependencyError
        The backend's package is not installed.
    ShapeError, OrderError, DomainError
        The system is malformed; see :func:`numerics.codegen.generate`.

    Examples
    --------
    >>> import sympy as sp
    >>> from types import SimpleNamespace as Namespace
    >>> w, k = sp.symbols("w kappa_2")
    >>> out = Namespace(symbol=sp.Symbol("out"), terms=[(1, ((w, 2), (k, 1)))])
    >>> system = Namespace(inputs=(k,), parameters=(w,), definitions=(out,),
    ...                    outputs={(2,): out.symbol})
    >>> kernel = compile_system(system)
    >>> kernel
    Kernel(1 parameters, 1 inputs -> 1 outputs, backend='numpy')
    >>> kernel({"w": [1.0, 2.0]}, {"kappa_2": 3.0})[(2,)]
    array([ 3., 12.])
    """
    missing = [name for name in _PARTS if not hasattr(system, name)]
    if missing:
        raise DomainError(
            f"compile_system: {brief(system)} has no {', '.join(missing)}; pass a system, such as "
            "net.system(order), or a network to compile"
        )
    return Kernel(generate(system, order), backend)


@explained
def compile(target: Any, order: int = 4, backend: str = "numpy", **options: Any) -> Kernel:
    """Compile a system, or whatever makes one, into a kernel.

    Parameters
    ----------
    target : System, or object with ``system(order, **options)``
        For example a network or a recursion.
    order : int
        Highest order of the output cumulants.
    backend : {"numpy", "torch", "symengine-llvm"}
        Library that evaluates.
    **options
        Passed to ``target.system``: ``inputs``, ``outputs``, ``form``, and ``closure`` where an
        activation is no polynomial.

    Returns
    -------
    Kernel
        Callable as ``kernel(weights, cumulants)``.

    Raises
    ------
    DomainError
        The target makes no system, or an option is unknown or given with a finished one.
    NoClosedFormError
        No exact answer exists and no closure is given.
    UnknownNameError, MissingDependencyError, ShapeError, OrderError
        As :func:`compile_system`.
    """
    if all(hasattr(target, name) for name in _PARTS):
        if options:
            raise DomainError(
                f"a finished system takes no options such as {', '.join(options)}; pass them "
                "where the system is made"
            )
        return compile_system(target, backend, order)
    if isinstance(target, type) or not callable(getattr(target, "system", None)):
        raise DomainError(
            f"{type(target).__name__} cannot be compiled; pass a network, a recursion or a system "
            "with .definitions"
        )
    _check_options(target, options)
    return compile_system(target.system(order, **options), backend, order)


def _check_options(target: Any, options: Mapping[str, Any]) -> None:
    known = signature(target.system).parameters
    taken = [name for name in known if name != "order"]
    wrong = [name for name in options if name not in taken]
    if wrong and not any(p.kind is p.VAR_KEYWORD for p in known.values()):
        raise DomainError(
            f"compile: a {type(target).__name__} takes no option {', '.join(wrong)}; its options "
            f"are {', '.join(taken) or 'none'}" + (
                ", where inputs may be a law" if "inputs" in taken else ""
            )
        )


def _columns(array: Any, symbols: Sequence[sp.Symbol], what: str) -> list[Any]:
    shape = tuple(array.shape)
    if not shape or shape[-1] != len(symbols):
        raise ShapeError(
            f"the {what} have shape {shape}, but their last axis must have size {len(symbols)}: "
            f"{_listing([s.name for s in symbols]) or 'none'}"
        )
    return [array[..., i] for i in range(len(symbols))]


def _ordered(given: Mapping[Any, Any], symbols: Sequence[sp.Symbol], what: str) -> list[Any]:
    names = {s.name: s for s in symbols}
    found: dict[sp.Symbol, Any] = {}
    for key, value in given.items():
        symbol = key if key in symbols else names.get(getattr(key, "name", key))
        if symbol is None:
            raise UnknownNameError.of(f"name in the {what}", key, names)
        if symbol in found:
            raise ShapeError(f"the {what} give {symbol} twice, by name and by symbol; drop one")
        found[symbol] = value
    missing = [s.name for s in symbols if s not in found]
    if missing:
        raise ShapeError(
            f"the {what} lack {len(missing)} of {len(symbols)} values: {_listing(missing)}; "
            "every name needs a number or an array"
        )
    return [found[s] for s in symbols]


def _batch_shape(shapes: Sequence[tuple[int, ...]], names: Sequence[str]) -> tuple[int, ...]:
    shape: tuple[int, ...] = ()
    for new, name in zip(shapes, names, strict=True):
        rank = max(len(shape), len(new))
        left = (1,) * (rank - len(shape)) + shape
        right = (1,) * (rank - len(new)) + new
        if any(a != b and 1 not in (a, b) for a, b in zip(left, right, strict=True)):
            raise ShapeError(
                f"the batch shape {new} of {name} does not broadcast with {shape} of the "
                f"arguments before it; sizes must be equal or 1. In order: {_listing(names)}"
            )
        shape = tuple(b if a == 1 else a for a, b in zip(left, right, strict=True))
    return shape


def _listing(names: Sequence[str]) -> str:
    more = f" and {len(names) - LISTED} more" if len(names) > LISTED else ""
    return ", ".join(names[:LISTED]) + more
