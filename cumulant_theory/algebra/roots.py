"""Real roots of polynomials with integer coefficients, enclosed."""

from collections.abc import Sequence
from fractions import Fraction
from typing import Any

from flint import ctx, fmpz_poly

from ..arguments import brief, explained
from ..errors import DomainError
from .limits import as_integer

Interval = tuple[Fraction, Fraction]
_MOST_BITS = 10**6


@explained
def real_roots(coefficients: Sequence[Any], bits: int = 64) -> list[Interval]:
    """Disjoint intervals about the distinct real roots, in increasing order.

    Parameters
    ----------
    coefficients
        Integers, that of the lowest power first.
    bits
        Relative accuracy of the ends.

    References
    ----------
    F. Johansson, IEEE Trans. Comput. 66 (2017) 1281: the arithmetic of balls behind it.

    Examples
    --------
    >>> [round(float(low), 12) for low, high in real_roots([-2, 0, 1])]
    [-1.414213562373, 1.414213562373]
    """
    try:
        integers = [int(c) for c in coefficients]
        whole = all(i == c for i, c in zip(integers, coefficients, strict=True))
    except (TypeError, ValueError, OverflowError):
        integers, whole = [], False
    accuracy = as_integer(bits, 2)
    if not whole or accuracy is None or accuracy > _MOST_BITS:
        raise DomainError(
            f"real_roots: coefficients {brief(coefficients)}, bits {brief(bits)}; pass integers, "
            f"and 2 to {_MOST_BITS} bits"
        )
    polynomial = fmpz_poly(integers)
    before = ctx.prec
    ctx.prec = accuracy
    try:
        found: Any = polynomial.complex_roots()
        balls = [root.real for root, _ in found if root.imag == 0]
    finally:
        ctx.prec = before
    return sorted(map(_ends, balls))


def _ends(ball: Any) -> Interval:
    middle, radius = (_fraction(x) for x in (ball.mid(), ball.rad()))
    return middle - radius, middle + radius


def _fraction(x: Any) -> Fraction:
    mantissa, exponent = x.man_exp()
    return Fraction(int(mantissa)) * Fraction(2) ** int(exponent)
