"""What a kernel asks of an array library."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from itertools import product
from typing import Any

from cumulant_theory.errors import DomainError
from cumulant_theory.latex.html import card, facts

from ..program import Program

Shape = tuple[int, ...]
Evaluator = Callable[[Sequence[Any], Shape], list[Any]]


class Backend(ABC):
    """One array library.

    Attributes
    ----------
    name : str
        The name users give.
    """

    name: str

    def __repr__(self) -> str:
        return f"<backend {self.name}>"

    def _repr_html_(self) -> str:
        return card("Backend", facts([("name", self.name)]))

    @abstractmethod
    def arrays(self, values: Sequence[Any], names: Sequence[str]) -> list[Any]:
        """Convert real numbers or arrays to floating arrays of one type.

        Raises
        ------
        DomainError
            A value is not real.
        """

    @abstractmethod
    def build(self, program: Program) -> Evaluator:
        """Turn a program into ``evaluate(arguments, shape)``.

        The arguments are arrays broadcastable to ``shape``, parameters before inputs; the result
        is a list with one array of that shape per entry that the program returns.
        """

    def primitives(self) -> dict[str, Any]:
        """The functions ``wick`` and ``pair`` that generated source may call."""
        from ..gaussian.primitives import PRIMITIVES

        return PRIMITIVES

    @abstractmethod
    def finite(self, array: Any) -> bool:
        """Whether all entries are finite; True where tracing forbids to look."""

    @abstractmethod
    def stack(self, arrays: Sequence[Any]) -> Any:
        """Stack arrays of one shape along a new last axis."""


def blocks(shape: Shape, size: int) -> Iterator[tuple[slice, ...]]:
    """Cut an array of this shape into boxes of at most ``size`` points, in memory order.

    Examples
    --------
    >>> list(blocks((5,), 3))
    [(slice(0, 3, None),), (slice(3, 6, None),)]
    >>> list(blocks((2, 2), 8))
    [(slice(None, None, None), slice(None, None, None))]
    """
    axis, trailing = len(shape), 1
    while axis and trailing * shape[axis - 1] <= size:
        axis -= 1
        trailing *= shape[axis]
    whole = (slice(None),) * (len(shape) - axis)
    if axis == 0:
        yield whole
        return
    step = max(1, size // max(1, trailing))
    for lead in product(*map(range, shape[: axis - 1])):
        head = tuple(slice(i, i + 1) for i in lead)
        for start in range(0, shape[axis - 1], step):
            yield (*head, slice(start, start + step), *whole)


def box_of(array: Any, box: tuple[slice, ...]) -> Any:
    """Restrict an array of full rank to a box, leaving broadcast axes alone."""
    return array[tuple(slice(None) if n == 1 else s for n, s in zip(array.shape, box, strict=True))]


def not_real(name: str, value: Any) -> DomainError:
    """Say that an argument is not an array of real numbers."""
    return DomainError(
        f"the argument {name} is {type(value).__name__} and cannot be read as an array of real "
        "numbers; pass integers or floats"
    )
