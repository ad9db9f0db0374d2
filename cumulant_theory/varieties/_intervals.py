"""Polynomials on intervals with rational ends, and the test of Krawczyk for a zero in a box."""

from collections.abc import Iterable, Sequence
from fractions import Fraction
from typing import Any

from ..algebra.clock import check_time

Term = tuple[Fraction, tuple[tuple[int, int], ...]]
Box = tuple[tuple[Fraction, Fraction], ...]


class Interval:
    """Ends are integers in units of 2^-bits; results are rounded outwards."""

    __slots__ = ("bits", "high", "low")

    def __init__(self, low: int, high: int, bits: int) -> None:
        self.low, self.high, self.bits = low, high, bits

    @classmethod
    def of(cls, low: Fraction, high: Fraction, bits: int) -> "Interval":
        """The smallest interval that contains two rational ends."""
        scale = 1 << bits
        return cls(
            low.numerator * scale // low.denominator,
            -(-high.numerator * scale // high.denominator), bits,
        )

    def __add__(self, other: "Interval") -> "Interval":
        return Interval(self.low + other.low, self.high + other.high, self.bits)

    def __sub__(self, other: "Interval") -> "Interval":
        return Interval(self.low - other.high, self.high - other.low, self.bits)

    def __mul__(self, other: "Interval") -> "Interval":
        a, b, c, d = self.low, self.high, other.low, other.high
        ends = (a * c, a * d, b * c, b * d)
        return Interval(min(ends) >> self.bits, -(-max(ends) >> self.bits), self.bits)

    def ends(self) -> tuple[Fraction, Fraction]:
        """Both ends as fractions."""
        scale = 1 << self.bits
        return Fraction(self.low, scale), Fraction(self.high, scale)


class Polynomials:
    """Polynomials of one ring as lists of terms, for values in any kind of number."""

    def __init__(self, elements: Iterable[Any]) -> None:
        self.terms = [terms_of(g) for g in elements]
        self._slopes: dict[tuple[int, int], list[Term]] = {}

    def values(self, point: Sequence[Any], number: Any) -> list[Any]:
        """Values at a point; ``number`` turns a fraction into the kind of number."""
        powers = _Powers(point)
        return [powers.value(terms, number) for terms in self.terms]

    def jacobian(self, point: Sequence[Any], places: Sequence[int], number: Any) -> list[list[Any]]:
        """Derivatives in the variables at the places."""
        powers, found = _Powers(point), []
        for i in range(len(self.terms)):
            check_time()
            found.append([powers.value(self._slope(i, j), number) for j in places])
        return found

    def _slope(self, i: int, j: int) -> list[Term]:
        if (i, j) not in self._slopes:
            self._slopes[i, j] = _derivative(self.terms[i], j)
        return self._slopes[i, j]


class _Powers:
    def __init__(self, point: Sequence[Any]) -> None:
        self.tables = [[x] for x in point]

    def value(self, terms: Sequence[Term], number: Any) -> Any:
        total = number(Fraction(0))
        for c, factors in terms:
            part = number(c)
            for i, k in factors:
                table = self.tables[i]
                while len(table) < k:
                    table.append(table[-1] * table[0])
                part = part * table[k - 1]
            total = total + part
        return total


def terms_of(g: Any) -> list[Term]:
    """Coefficient, and (variable, power) of each term."""
    return [
        (fraction(c), tuple((i, k) for i, k in enumerate(m) if k)) for m, c in g.items()
    ]


def fraction(c: Any) -> Fraction:
    """A rational number of any kind."""
    return Fraction(int(c.numerator), int(c.denominator))


def _derivative(terms: Sequence[Term], j: int) -> list[Term]:
    found = []
    for c, factors in terms:
        for i, k in factors:
            if i == j:
                rest = tuple((a, b - (a == j)) for a, b in factors if a != j or b > 1)
                found.append((c * k, rest))
    return found


def enclosure(terms: Sequence[Term], box: Box, bits: int) -> tuple[Fraction, Fraction]:
    """Rational bounds of a polynomial on a box."""
    point = [Interval.of(low, high, bits) for low, high in box]
    return _Powers(point).value(terms, lambda c: Interval.of(c, c, bits)).ends()


def krawczyk(
    system: Polynomials, middle: Sequence[Fraction], places: Sequence[int],
    inverse: Sequence[Sequence[Fraction]], radius: Fraction, bits: int,
) -> Box | None:
    """A box with exactly one zero of a square system, or None where the test fails.

    Variables outside ``places`` keep their values. With X the box of a radius about m, Y close to
    the inverse Jacobian matrix and K = m - Y f(m) + (1 - Y f'(X)) (X - m), K inside X proves one
    zero in X and that it lies in K [1]_.

    References
    ----------
    .. [1] R. Krawczyk, *Computing* **4** (1969) 187; R. Moore, R. Kearfott, M. Cloud,
       *Introduction to Interval Analysis*, SIAM (2009), theorem 8.2.
    """
    def number(c: Fraction) -> Interval:
        return Interval.of(c, c, bits)

    size = len(places)
    at = system.values([number(x) for x in middle], number)
    wide = [
        Interval.of(x - radius, x + radius, bits) if i in places else number(x)
        for i, x in enumerate(middle)
    ]
    slopes = system.jacobian(wide, places, number)
    rows = [[number(c) for c in row] for row in inverse]
    ball, zero, one = Interval.of(-radius, radius, bits), number(Fraction(0)), number(Fraction(1))
    box = [(x, x) for x in middle]
    for a, i in enumerate(places):
        check_time()
        image = number(middle[i])
        for k in range(size):
            image = image - rows[a][k] * at[k]
            left = one if a == k else zero
            for b in range(size):
                left = left - rows[a][b] * slopes[b][k]
            image = image + left * ball
        low, high = image.ends()
        if not middle[i] - radius < low <= high < middle[i] + radius:
            return None
        box[i] = (low, high)
    return tuple(box)
