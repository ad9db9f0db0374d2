"""What an activation is, and the registry of all of them."""

from typing import Any, ClassVar

import sympy as sp

from ..algebra import symbols_in
from ..errors import UnknownNameError

_registry: dict[str, type["Activation"]] = {}


class Activation:
    """A function of one variable, applied to each unit.

    Subclasses set ``name`` (their key in the registry) and ``expr``; polynomial ones set
    ``coefficients`` (a_0, a_1, ..., a_p), exact.

    Attributes
    ----------
    coefficients
        Tuple of SymPy expressions if the activation is a polynomial, else None.
    """

    name: ClassVar[str]
    coefficients: tuple[sp.Expr, ...] | None = None

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if cls.name:
            _registry[cls.name] = cls

    def expr(self, z: sp.Expr) -> sp.Expr:
        """The activation of a SymPy expression."""
        raise TypeError(f"activation {type(self).__name__} does not define expr(z)")

    def __call__(self, z: Any) -> Any:
        return self.expr(z)

    @property
    def parameters(self) -> tuple[sp.Symbol, ...]:
        """Free symbols: parameters like weights, trainable or fixed in a network."""
        z = sp.Dummy("z")
        return symbols_in(self.expr(z), without=(z,))

    @property
    def is_odd(self) -> bool:
        """Whether phi(-z) = -phi(z)."""
        z = sp.Dummy("z")
        return sp.expand(self.expr(-z) + self.expr(z)) == 0

    def numbered(self, layer: int) -> "Activation":
        """The same activation with its default parameter names numbered by layer."""
        return self

    def _repr_latex_(self) -> str:
        z = sp.Symbol("z")
        return rf"$\displaystyle \phi(z) = {sp.latex(self.expr(z))}$"

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.expr(sp.Symbol('z'))})"

    def __eq__(self, other: object) -> bool:
        z = sp.Symbol("z")
        return isinstance(other, Activation) and self.expr(z) == other.expr(z)

    def __hash__(self) -> int:
        return hash(self.expr(sp.Symbol("z")))


def catalogue() -> list[str]:
    """Names of all known activations.

    Examples
    --------
    >>> catalogue()
    ['cube', 'cubic', 'identity', 'polynomial', 'quadratic', 'square']
    """
    return sorted(_registry)


def get(name: str, *args: Any, **kwargs: Any) -> Activation:
    """Activation by name.

    Raises
    ------
    UnknownNameError
        If there is none of that name; the message lists all.

    Examples
    --------
    >>> get("square")
    Square(z**2)
    """
    if name not in _registry:
        raise UnknownNameError.of("activation", name, _registry)
    return _registry[name](*args, **kwargs)
