"""Activations as cards: formula, degree, and the graph of the function."""

from typing import TYPE_CHECKING, Any

import sympy as sp

from ..claims import claim
from ..latex.html import card, equation, facts, joined
from ..latex.pictures import curve

if TYPE_CHECKING:
    from .base import Activation

_REACH, _POINTS = 3, 60


def points(activation: "Activation") -> list[tuple[float, float]]:
    """The function on [-3, 3] for a picture, symbols set to 1; a gap at every knot."""
    z = sp.Symbol("z")
    expr = activation.expr(z)
    expr = expr.subs(dict.fromkeys(expr.free_symbols - {z}, sp.S.One))
    places: set[Any] = {sp.Rational(k * _REACH, _POINTS // 2) - _REACH for k in range(_POINTS + 1)}
    knots = {k for k in activation.knots if k.is_number and abs(k) < _REACH}
    try:
        value = sp.lambdify(z, expr, "math")
    except NotImplementedError:  # an integral or a derivative that is left as it is
        return []
    found: list[tuple[float, float]] = []
    small = 1e-6
    for x in sorted(places | knots):
        if x in knots:
            around = (float(x) - small, float(x) + small)
            left, right = (_value(value, a) for a in around)
            found.append((around[0], left))
            if abs(left - right) > 1e-3:
                found.append((float(x), float("nan")))
            found.append((around[1], right))
        else:
            found.append((float(x), _value(value, float(x))))
    return found


def _value(function: Any, x: float) -> float:
    try:
        return float(function(x))
    except (ArithmeticError, ValueError, TypeError, NameError):
        return float("nan")


def activation_card(activation: "Activation") -> str:
    """Formula, degree, free symbols and a picture."""
    z = sp.Symbol("z")
    given = activation.coefficients
    symbols = activation.parameters
    rows = [
        ("function", equation(r"\phi(z)", activation.expr(z))),
        ("degree", None if given is None else len(given) - 1),
        ("kind", "not a polynomial" if given is None else "polynomial"),
        ("knots", joined(activation.knots) if activation.knots else None),
        ("free symbols", joined(symbols) if symbols else None),
    ]
    drawn = claim("drawn with " + ", ".join(f"{s} = 1" for s in symbols)) if symbols else ""
    return card(type(activation).__name__, facts(rows), curve(points(activation)), drawn)
