"""Real points of algebraic sets that are proven to lie in a small box."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

import sympy as sp

from ..algebra.expressions import exact
from ..algebra.limits import check_digits
from ..arguments import explained
from ..errors import EngineError
from ._intervals import Box, Polynomials, enclosure, terms_of
from ._newton import newton, proven_box
from ._rings import element

_GUARD = 64


@dataclass(frozen=True)
class Square:
    """The square system behind a box: polynomials, and the places of the variables solved for."""

    system: Polynomials
    places: tuple[int, ...]
    ring: Any


@dataclass(frozen=True)
class CertifiedPoint:
    """A real point of an algebraic set, enclosed in a box of rational numbers.

    Attributes
    ----------
    box
        Variable -> lower and upper bound. Where both agree the variable has this value.
    proven
        Polynomials that vanish at the point, by proof.
    unproven
        Polynomial -> bound of its modulus on the box: small, but not known to be 0.
    """

    box: Mapping[sp.Symbol, tuple[sp.Rational, sp.Rational]]
    proven: tuple[sp.Expr, ...]
    unproven: Mapping[sp.Expr, sp.Rational]
    _square: Square = field(repr=False, compare=False)

    @property
    def complete(self) -> bool:
        """Whether all polynomials vanish at the point, by proof."""
        return not self.unproven

    @property
    def exact(self) -> bool:
        """Whether all coordinates are known rational numbers."""
        return all(low == high for low, high in self.box.values())

    @property
    def fixed(self) -> dict[sp.Symbol, sp.Rational]:
        """Variables whose value is a known rational number."""
        return {x: low for x, (low, high) in self.box.items() if low == high}

    @property
    def certified(self) -> str:
        """What is proven."""
        place = "at this rational point" if self.exact else "at one real point within this box"
        what = f"{len(self.proven)} of {len(self.proven) + len(self.unproven)} generators"
        if not self.unproven:
            return f"all generators vanish {place}"
        bound = _power_of_ten(max(self.unproven.values()))
        return (
            f"{what} are proven to vanish {place}; the others stay below {bound} there, which is "
            "no proof that they vanish"
        )

    def midpoint(self) -> dict[sp.Symbol, sp.Rational]:
        """Variable -> rational middle of its interval."""
        return {x: (low + high) / 2 for x, (low, high) in self.box.items()}

    @explained
    def decimals(self, digits: int = 15) -> dict[sp.Symbol, sp.Expr]:
        """Variable -> its value to a number of digits, for display."""
        digits = check_digits(digits, "decimals")
        point = self if self.width * 10 ** (digits + 2) < 1 else self.refine(digits + 2)
        return {x: sp.N(value, digits) for x, value in point.midpoint().items()}

    @property
    def width(self) -> sp.Rational:
        """Length of the longest side of the box."""
        return _rational(max(high - low for low, high in self._fractions()))

    def enclose(self, polynomial: Any) -> tuple[sp.Rational, sp.Rational]:
        """Proven bounds of the value of a polynomial at the point.

        Examples
        --------
        >>> from cumulant_theory.varieties import find_certified_points
        >>> x = sp.symbols("x")
        >>> (point,) = find_certified_points([x**2 - 2], [x], positive=[x])
        >>> low, high = point.enclose(x**4)
        >>> low < 4 < high, high - low < sp.Rational(1, 10**50)
        (True, True)
        """
        square = self._square
        terms = terms_of(element(square.ring, exact(polynomial, "polynomial")))
        low, high = enclosure(terms, self._fractions(), _bits(self.width))
        return _rational(low), _rational(high)

    @explained
    def refine(self, digits: int) -> "CertifiedPoint":
        """The same point in a box with sides below 10^-digits.

        Raises
        ------
        EngineError
            If no smaller box is found.

        Examples
        --------
        >>> from cumulant_theory.varieties import find_certified_points
        >>> x = sp.symbols("x")
        >>> (point,) = find_certified_points([x**3 - 2], [x])
        >>> fine = point.refine(200)
        >>> fine.width < sp.Rational(1, 10**200), fine.decimals(30)[x]
        (True, 1.25992104989487316476721060728)
        """
        digits = check_digits(digits, "refine")
        if self.width * 10**digits < 1:
            return self
        square, old = self._square, self._fractions()
        bits = digits * 10 // 3 + _GUARD
        middle = [(low + high) / 2 for low, high in old]
        if not square.places:
            raise EngineError(f"no equations are known that prove {self!r}, so it is not refined")
        near = newton(square.system, middle, square.places, bits)
        box = None if near is None else proven_box(square.system, near, square.places, bits)
        if box is None or any(
            a > low or high > b for (a, b), (low, high) in zip(old, box, strict=True)
        ):
            raise EngineError(
                f"{self!r} is not refined to {digits} digits; its Jacobian matrix is too close to "
                "singular"
            )
        bounds = {
            g: _bound(enclosure(terms_of(element(square.ring, g)), box, 2 * bits))
            for g in self.unproven
        }
        return CertifiedPoint(as_rationals(square.ring, box), self.proven, bounds, square)

    def _fractions(self) -> Box:
        return tuple(
            (Fraction(int(low.p), int(low.q)), Fraction(int(high.p), int(high.q)))
            for low, high in self.box.values()
        )

    def __repr__(self) -> str:
        values = ", ".join(f"{x} = {v}" for x, v in self._shown())
        return f"CertifiedPoint({values})"

    def _repr_latex_(self) -> str:
        from ..latex import inline_display

        return inline_display(self._shown())

    def _repr_html_(self) -> str:
        from .display import point_card

        return point_card(self)

    def _shown(self) -> list[tuple[sp.Symbol, sp.Expr]]:
        near = self.decimals(15)
        return [(x, self.fixed.get(x, near[x])) for x in self.box]


def make_point(
    ring: Any, box: Box, generators: Sequence[Any], proven: Iterable[int],
    system: Polynomials, places: Sequence[int], bits: int,
) -> CertifiedPoint:
    """A point from a box; of the generators those at the places ``proven`` vanish there.

    At a rational point values are exact, so that no other proof is needed.
    """
    sure = set(proven)
    if all(low == high for low, high in box):
        values = Polynomials(generators).values([low for low, _ in box], Fraction)
        sure |= {i for i, value in enumerate(values) if not value}
    return CertifiedPoint(
        as_rationals(ring, box),
        tuple(g.as_expr() for i, g in enumerate(generators) if i in sure),
        {g.as_expr(): _bound(enclosure(terms_of(g), box, bits))
         for i, g in enumerate(generators) if i not in sure},
        Square(system, tuple(places), ring),
    )


def as_rationals(ring: Any, box: Box) -> dict[sp.Symbol, tuple[Any, Any]]:
    """Variable -> lower and upper bound as SymPy numbers."""
    return {
        x: (_rational(low), _rational(high))
        for x, (low, high) in zip(ring.symbols, box, strict=True)
    }


def _rational(c: Fraction) -> Any:
    return sp.Rational(c.numerator, c.denominator)


def _bound(ends: tuple[Fraction, Fraction]) -> Any:
    return _rational(max(abs(ends[0]), abs(ends[1])))


def _bits(width: sp.Rational) -> int:
    """Working precision at which rounding is small beside a width."""
    return 2 * _GUARD if width == 0 else 2 * (int(width.q).bit_length() + _GUARD)


def _power_of_ten(bound: sp.Rational) -> str:
    digits = len(str(int(bound.q) // max(int(bound.p), 1))) - 1
    return f"1e-{digits}"
