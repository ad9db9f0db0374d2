"""What an activation is, and the registry of all of them."""

from collections.abc import Callable, Mapping
from fractions import Fraction
from functools import cached_property, wraps
from numbers import Number
from typing import Any, ClassVar

import sympy as sp

from ..algebra import as_integer, exact, symbols_in
from ..algebra.limits import ORDER_LIMIT
from ..arguments import brief, explained
from ..errors import DomainError, OrderError, UnknownNameError
from .growth import check_gaussian_mean
from .wick import WickCoefficient, WickIntegral, derivative_at

_MEAN = sp.Symbol("mu", real=True)
_VARIANCE = sp.Symbol("sigma", positive=True) ** 2

_NOT_FINITE = (sp.nan, sp.oo, -sp.oo, sp.zoo)
_registry: dict[str, type["Activation"]] = {}


def _of_no_text(expr: Callable[[Any, Any], sp.Expr]) -> Callable[[Any, Any], sp.Expr]:
    """SymPy would run a text as code, also one in a list."""
    @wraps(expr)
    def checked(self: Any, z: Any) -> sp.Expr:
        value = sp.sympify(z) if isinstance(z, Number) else z
        scalar = isinstance(value, sp.Expr) and value.is_commutative is not False
        if not scalar or value.has(*_NOT_FINITE) or value.is_extended_real is False:
            raise DomainError(f"{self!r} of {brief(z)}; pass a SymPy expression")
        return expr(self, value)

    return checked


class Activation:
    """A function of one variable, applied to each unit.

    Subclasses set ``name`` (their key in the registry) and ``expr``; polynomial ones set
    ``coefficients`` (a_0, a_1, ..., a_p), exact; those with kinks or jumps set ``knots`` and
    ``pieces``; those with a closed form for their Gaussian coefficients define ``_closed_form``.

    Attributes
    ----------
    coefficients
        Tuple of SymPy expressions if the activation is a polynomial, else None.
    knots
        Points where the activation is not smooth, increasing.
    latex
        Name in formulas.
    """

    name: ClassVar[str]
    latex: str = r"\phi"
    coefficients: tuple[sp.Expr, ...] | None = None
    knots: tuple[sp.Expr, ...] = ()

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if cls.name:
            _registry[cls.name] = cls
        for name in {"expr", "pieces"} & cls.__dict__.keys():
            setattr(cls, name, _of_no_text(cls.__dict__[name]))

    def expr(self, z: sp.Expr) -> sp.Expr:
        """The activation of a SymPy expression."""
        raise TypeError(f"activation {type(self).__name__} does not define expr(z)")

    def __call__(self, z: Any) -> Any:
        value = sp.sympify(z) if isinstance(z, (int, float, Fraction)) else z
        if not isinstance(value, sp.Expr) or value is sp.nan or value.is_extended_real is False:
            raise DomainError(f"{self!r} of {z!r}; pass a real number or a SymPy expression")
        return self.expr(value)

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

    @property
    def is_even(self) -> bool:
        """Whether phi(-z) = phi(z)."""
        z = sp.Dummy("z")
        return sp.expand(self.expr(-z) - self.expr(z)) == 0

    @property
    def growth(self) -> float:
        """c, where the function grows like exp(c z^2); 0 where it grows slower than all these."""
        return 0.0

    def pieces(self, z: sp.Expr) -> tuple[sp.Expr, ...]:
        """Smooth expressions left of, between and right of the knots."""
        return (self.expr(z),)

    @explained
    def wick(
        self, m: int, p: int = 1, mean: Any = _MEAN, variance: Any = _VARIANCE
    ) -> WickCoefficient:
        """Gaussian Wick coefficient omega^(m) of phi^p: d^m/dmu^m E phi(N(mu, v))^p.

        For a smooth phi it is the mean of the m-th derivative of phi^p, and always
        v^{-m/2} E[phi(mu + sqrt(v) g)^p He_m(g)].

        Parameters
        ----------
        m
            Number of derivatives, 0, 1, ...
        p
            Power, 1, 2, ...
        mean, variance
            Exact numbers, symbols or names; a variance of 0 gives the derivative at the mean.

        Raises
        ------
        OrderError
            If m or p is out of range.
        DomainError
            If the mean is not real, or the variance negative, or zero where the derivative does
            not exist.
        DivergenceError
            If the variance is a number and the mean is infinite at it.

        References
        ----------
        Price, IRE Trans. Inf. Theory 4, 69 (1958).

        Examples
        --------
        >>> from cumulant_theory.activations import ReLU
        >>> ReLU().wick(1).expr
        NormalCDF(mu/sigma)
        """
        m, p = check_wick_orders(self, m, p)
        mean, variance = exact(mean, "mean"), exact(variance, "variance")
        if variance.is_negative or variance.is_extended_real is False:
            raise DomainError(f"{self!r}: the variance {variance} is negative; pass one above 0")
        if mean.is_extended_real is False:
            raise DomainError(f"{self!r}: the mean {mean} is not real; pass a real one")
        if variance.is_number and not variance.is_zero:
            check_gaussian_mean(self, p, variance)
        z = sp.Dummy("z", real=True)
        if variance.is_zero:
            pieces = tuple(f**p for f in self.pieces(z))
            if m == 0 and any(sp.expand(mean - c).is_zero for c in self.knots):
                closed: sp.Expr | None = self.expr(mean) ** p
            else:
                closed = derivative_at(self.knots, pieces, z, m, mean, repr(self))
        else:
            closed = self._closed_form(m, p, mean, variance)
        if closed is not None:
            return WickCoefficient(self, m, p, mean, variance, closed, True)
        t = sp.Symbol("z", real=True)
        if t in self.parameters:
            t = z
        phi = sp.Lambda(t, self.expr(t))
        expr = WickIntegral(phi, sp.Integer(m), sp.Integer(p), mean, variance)
        return WickCoefficient(self, m, p, mean, variance, expr, False)

    @explained
    def subs(self, images: Mapping[Any, Any]) -> "Activation":
        """The same activation with parameters replaced by exact values, given symbol by symbol.

        Examples
        --------
        >>> from cumulant_theory.activations import Quadratic
        >>> Quadratic("a").subs({sp.Symbol("a"): 2})
        Polynomial(2*z**2 + z)
        """
        if any(isinstance(v, str) for v in images.values()):  # SymPy would run it as code
            raise DomainError(f"{self!r}: the values are {brief(images)}; pass exact expressions")
        if not set(images) & set(self.parameters):
            return self
        from .custom import recognise
        from .polynomial import Polynomial

        if self.coefficients is not None:
            return Polynomial([a.subs(images) for a in self.coefficients])
        z = sp.Symbol("z", real=True)
        return recognise(self.expr(z).subs(images), z)

    def _closed_form(
        self, m: int, p: int, mean: sp.Expr, variance: sp.Expr
    ) -> sp.Expr | None:
        """Closed form of omega^(m) of phi^p, or None."""
        return None

    def numbered(self, layer: int) -> "Activation":
        """The same activation with its default parameter names numbered by layer."""
        return self

    def _repr_latex_(self) -> str:
        z = sp.Symbol("z")
        return rf"$\displaystyle \phi(z) = {sp.latex(self.expr(z))}$"

    def _repr_html_(self) -> str:
        from .display import activation_card

        return activation_card(self)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.expr(sp.Symbol('z'))})"

    @cached_property
    def _key(self) -> sp.Expr:
        return self.expr(sp.Symbol("z"))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Activation) and self._key == other._key

    def __hash__(self) -> int:
        return hash(self._key)


def check_wick_orders(activation: Activation, m: Any, p: Any) -> tuple[int, int]:
    """m and p of a Wick coefficient as integers.

    Raises
    ------
    OrderError
        If m is no integer from 0, or p none from 1, to the highest order of exact cumulants.

    Examples
    --------
    >>> from cumulant_theory.activations import ReLU
    >>> check_wick_orders(ReLU(), sp.Integer(1), 1)
    (1, 1)
    """
    found = []
    for label, value, least in (("m", m, 0), ("p", p, 1)):
        number = as_integer(value, least)
        if number is None or number > ORDER_LIMIT:
            raise OrderError(
                f"{activation!r}: {label} = {value!r} in a Wick coefficient; pass an integer from "
                f"{least} to {ORDER_LIMIT}"
            )
        found.append(number)
    return found[0], found[1]


def catalogue() -> list[str]:
    """Names of all known activations.

    Examples
    --------
    >>> {"polynomial", "relu", "tanh"} <= set(catalogue())
    True
    """
    return sorted(_registry)


@explained
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
    if not isinstance(name, str) or name not in _registry:
        raise UnknownNameError.of("activation", name, _registry)
    return _registry[name](*args, **kwargs)
