"""Polynomial activations: identity, z + a z^2, z^2, z + a z^3, z^3, and any other."""

from collections.abc import Sequence
from typing import Any, ClassVar

import sympy as sp

from ..algebra import exact
from ..arguments import explained
from ..errors import DomainError
from .base import Activation
from .wick import coefficients_of, polynomial_wick


@explained
class Polynomial(Activation):
    """phi(z) = a_0 + a_1 z + ... + a_p z^p.

    Parameters
    ----------
    coefficients
        a_0, a_1, ..., a_p: exact numbers, symbols or symbol names.

    Raises
    ------
    DomainError
        If there is no list of coefficients, or one is not exact.

    Examples
    --------
    >>> Polynomial([0, 1, 0, "beta"])
    Polynomial(beta*z**3 + z)
    """

    name = "polynomial"

    def __init__(self, coefficients: Sequence[Any]) -> None:
        if isinstance(coefficients, (str, bytes)) or not isinstance(coefficients, Sequence):
            raise DomainError(
                f"the coefficients of a polynomial activation are {coefficients!r}; pass a list "
                "a_0, a_1, ..."
            )
        values = [exact(c, f"coefficient {k}") for k, c in enumerate(coefficients)]
        while len(values) > 1 and values[-1] == 0:
            values.pop()
        if not values:
            raise DomainError(
                "a polynomial activation needs coefficients a_0, a_1, ...; got none"
            )
        self.coefficients: tuple[sp.Expr, ...] | None = tuple(values)

    def expr(self, z: sp.Expr) -> sp.Expr:
        """a_0 + a_1 z + ... of a SymPy expression."""
        coefficients = self.coefficients or ()
        return sp.Add(*(a * z**k for k, a in enumerate(coefficients)))

    def _closed_form(self, m: int, p: int, mean: sp.Expr, variance: sp.Expr) -> sp.Expr:
        z = sp.Dummy("z")
        power = coefficients_of(self.expr(z) ** p, z)
        return sp.expand(polynomial_wick(power, m, mean, variance))

    @property
    def degree(self) -> int:
        """Degree p."""
        return len(self.coefficients or ()) - 1


class Identity(Polynomial):
    """phi(z) = z.

    Examples
    --------
    >>> Identity()(sp.Symbol("z"))
    z
    """

    name = "identity"

    def __init__(self) -> None:
        super().__init__([0, 1])


class _Perturbed(Polynomial):
    """phi(z) = z + alpha z^p, the coefficient named by layer in a network if left out."""

    name = ""
    power: ClassVar[int]

    def __init__(self, alpha: Any = None) -> None:
        self._default = alpha is None
        super().__init__([0, 1, *[0] * (self.power - 2), "alpha" if alpha is None else alpha])

    def numbered(self, layer: int) -> "_Perturbed":
        """With the default coefficient named after the layer."""
        if not self._default:
            return self
        copy = type(self)(f"alpha__{layer}")
        copy._default = True
        return copy


class Quadratic(_Perturbed):
    """phi(z) = z + alpha z^2.

    Parameters
    ----------
    alpha
        Exact number, symbol or name. Left out, it is ``alpha``, numbered by layer in a network.

    Examples
    --------
    >>> Quadratic("a")
    Quadratic(a*z**2 + z)
    """

    name = "quadratic"
    power = 2


class Square(Polynomial):
    """phi(z) = z^2.

    Examples
    --------
    >>> Square().degree
    2
    """

    name = "square"

    def __init__(self) -> None:
        super().__init__([0, 0, 1])


class Cubic(_Perturbed):
    """phi(z) = z + alpha z^3, an odd activation.

    Parameters
    ----------
    alpha
        Exact number, symbol or name. Left out, it is ``alpha``, numbered by layer in a network.

    Examples
    --------
    >>> Cubic("a"), Cubic("a").is_odd
    (Cubic(a*z**3 + z), True)
    """

    name = "cubic"
    power = 3


class Cube(Polynomial):
    """phi(z) = z^3.

    Examples
    --------
    >>> Cube().is_odd
    True
    """

    name = "cube"

    def __init__(self) -> None:
        super().__init__([0, 0, 0, 1])


class Quartic(_Perturbed):
    """phi(z) = z + alpha z^4.

    Parameters
    ----------
    alpha
        Exact number, symbol or name. Left out, it is ``alpha``, numbered by layer in a network.

    Examples
    --------
    >>> Quartic("a").degree, Quartic("a")
    (4, Quartic(a*z**4 + z))
    """

    name = "quartic"
    power = 4
