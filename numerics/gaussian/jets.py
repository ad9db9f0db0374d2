"""Derivatives of powers of activations, as polynomials in functions whose derivatives close.

sigmoid, for example, is a polynomial in y = sigmoid(z) and w = sigmoid(-z) with y' = y w and
w' = -y w. The coefficients are integers, and in each tail one term rules, so that nothing cancels.
"""

import math
from collections.abc import Callable, Sequence
from fractions import Fraction
from functools import lru_cache
from typing import Any

import numpy as np
import sympy as sp
from scipy.special import erf, expit, ndtr

from cumulant_theory import activations
from cumulant_theory.activations import Activation
from cumulant_theory.errors import DomainError

Array = np.ndarray
Terms = dict[tuple[int, ...], Fraction]
Jet = Callable[[Array], tuple[Array, Array]]  # value, sum of the sizes of its terms


class Closure:
    """Functions g_1, ..., g_n of z whose derivatives are polynomials in them."""

    def __init__(
        self, functions: Callable[[Array], Sequence[Array]], phi: Terms, *derivatives: Terms
    ) -> None:
        self.functions = functions
        self.phi = phi
        self.derivatives = derivatives

    def differentiate(self, terms: Terms) -> Terms:
        """Derivative of a polynomial in the functions."""
        result: Terms = {}
        for powers, c in terms.items():
            for i, n in enumerate(powers):
                if n:
                    rest = (*powers[:i], n - 1, *powers[i + 1 :])
                    for extra, d in self.derivatives[i].items():
                        key = tuple(a + b for a, b in zip(rest, extra, strict=True))
                        result[key] = result.get(key, Fraction(0)) + c * d * n
        return {k: c for k, c in result.items() if c}

    def power(self, p: int) -> Terms:
        """phi^p."""
        result: Terms = {(0,) * len(self.derivatives): Fraction(1)}
        for _ in range(p):
            product: Terms = {}
            for a, c in result.items():
                for b, d in self.phi.items():
                    key = tuple(x + y for x, y in zip(a, b, strict=True))
                    product[key] = product.get(key, Fraction(0)) + c * d
            result = product
        return result

    def jet(self, p: int, j: int) -> Jet:
        """The j-th derivative of phi^p."""
        terms = self.power(p)
        for _ in range(j):
            terms = self.differentiate(terms)
        return self._evaluator(terms)

    def _evaluator(self, terms: Terms) -> Jet:
        listed = [(float(c), powers) for powers, c in sorted(terms.items())]
        degrees = [max((k[i] for k in terms), default=0) for i in range(len(self.derivatives))]

        def evaluate(z: Array) -> tuple[Array, Array]:
            tables = []
            for g, degree in zip(self.functions(z), degrees, strict=True):
                table = [np.ones_like(z)]
                for _ in range(degree):
                    table.append(table[-1] * g)
                tables.append(table)
            value, size = np.zeros_like(z), np.zeros_like(z)
            for c, powers in listed:
                term: Any = c
                for table, n in zip(tables, powers, strict=True):
                    term = term * table[n] if n else term
                value += term
                size += np.abs(term)
            return value, size

        return evaluate


def _logistic(z: Array) -> tuple[Array, Array]:
    return expit(z), expit(-z)


def _tanh(z: Array) -> tuple[Array, Array]:
    e = np.exp(-2 * np.abs(z))
    return np.tanh(z), 4 * e / (1 + e) ** 2


def _softplus(z: Array) -> tuple[Array, ...]:
    return np.logaddexp(0, z), expit(z), expit(-z)


def _normal(z: Array) -> tuple[Array, ...]:
    return z, ndtr(z), np.exp(-0.5 * z * z) / math.sqrt(2 * math.pi)


def _error(z: Array) -> tuple[Array, ...]:
    return erf(z), np.exp(-z * z) * (2 / math.sqrt(math.pi)), z


def _of(*pairs: tuple[tuple[int, ...], int]) -> Terms:
    return {powers: Fraction(c) for powers, c in pairs}


_CLOSURES: dict[type[Activation], Closure] = {
    activations.Sigmoid: Closure(
        _logistic, _of(((1, 0), 1)), _of(((1, 1), 1)), _of(((1, 1), -1))
    ),
    activations.Tanh: Closure(
        _tanh, _of(((1, 0), 1)), _of(((0, 1), 1)), _of(((1, 1), -2))
    ),
    activations.Softplus: Closure(
        _softplus, _of(((1, 0, 0), 1)),
        _of(((0, 1, 0), 1)), _of(((0, 1, 1), 1)), _of(((0, 1, 1), -1)),
    ),
    activations.SiLU: Closure(
        lambda z: (z, *_logistic(z)), _of(((1, 1, 0), 1)),
        _of(((0, 0, 0), 1)), _of(((0, 1, 1), 1)), _of(((0, 1, 1), -1)),
    ),
    activations.GELU: Closure(
        _normal, _of(((1, 1, 0), 1)),
        _of(((0, 0, 0), 1)), _of(((0, 0, 1), 1)), _of(((1, 0, 1), -1)),
    ),
    activations.Erf: Closure(
        _error, _of(((1, 0, 0), 1)),
        _of(((0, 1, 0), 1)), _of(((0, 1, 1), -2)), _of(((0, 0, 0), 1)),
    ),
    activations.Sin: Closure(
        lambda z: (np.sin(z), np.cos(z)), _of(((1, 0), 1)), _of(((0, 1), 1)), _of(((1, 0), -1))
    ),
    activations.Cos: Closure(
        lambda z: (np.sin(z), np.cos(z)), _of(((0, 1), 1)), _of(((0, 1), 1)), _of(((1, 0), -1))
    ),
    activations.Exp: Closure(lambda z: (np.exp(z),), _of(((1,), 1)), _of(((1,), 1))),
}


@lru_cache(maxsize=4096)
def jets(activation: Activation, p: int, j: int) -> tuple[Jet, ...]:
    """The j-th derivative of phi^p between any two knots.

    Raises
    ------
    DomainError
        If the activation has free parameters.
    """
    if activation.parameters:
        raise DomainError(
            f"{activation!r} has the free parameters "
            f"{', '.join(map(str, activation.parameters))}; give them values"
        )
    if type(activation) in _CLOSURES:
        return (_CLOSURES[type(activation)].jet(p, j),)
    z = sp.Dummy("z", real=True)
    return tuple(_symbolic(f, z, p, j) for f in activation.pieces(z))


def _symbolic(f: sp.Expr, z: sp.Symbol, p: int, j: int) -> Jet:
    if f.is_polynomial(z):
        poly: Any = sp.Poly(f**p, z)
        for _ in range(j):
            poly = poly.diff(z)
        coefficients = {(int(n),): Fraction(float(c)) for (n,), c in poly.terms() if c}
        return Closure(lambda z: (z,), {}, {})._evaluator(coefficients)
    expression = sp.diff(f**p, z, j)
    function = sp.lambdify(z, expression, modules=["scipy", "numpy"], cse=True)

    def evaluate(points: Array) -> tuple[Array, Array]:
        value = np.asarray(function(points))
        if np.iscomplexobj(value) and not np.isreal(value).all():
            raise DomainError(f"the function {f} is not real at all points; take another one")
        value = np.broadcast_to(np.real(value).astype(float), points.shape)
        return value, 8 * np.abs(value)  # the code is SymPy's; a few roundings are allowed for

    return evaluate


def knots(activation: Activation) -> tuple[float, ...]:
    """Points where the activation is not smooth."""
    return tuple(float(c) for c in activation.knots)


@lru_cache(maxsize=4096)
def jumps(activation: Activation, p: int, i: int) -> tuple[float, ...]:
    """Jump of the i-th derivative of phi^p at each knot, exact before it is rounded."""
    if not activation.knots:
        return ()
    z = sp.Dummy("z", real=True)
    pieces = [sp.diff(f**p, z, i) for f in activation.pieces(z)]
    return tuple(
        float(sp.simplify((after - before).subs(z, c)))
        for c, before, after in zip(activation.knots, pieces, pieces[1:], strict=False)
    )
