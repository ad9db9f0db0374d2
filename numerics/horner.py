"""Exact polynomials factored for evaluation: shared coefficients and greedy Horner schemes.

References
----------
M. Ceberio, V. Kreinovich, "Greedy algorithms for optimizing multivariate Horner schemes",
ACM SIGSAM Bulletin 38 (2004) 8.
"""

import math
from collections import Counter
from collections.abc import Iterable, Mapping
from fractions import Fraction
from typing import Any

import sympy as sp

from cumulant_theory.errors import DomainError

Coefficient = Any  # Fraction, or an exact SymPy number where radicals occur
Monomial = tuple[tuple[int, int], ...]  # (atom number, exponent), sorted
Polynomial = dict[Monomial, Coefficient]
Sum = tuple[tuple[Coefficient, Monomial], ...]

DEPTH = 24  # of the Horner recursion

INPUT, PARAMETER, MIXED = 0, 1, 2  # what an atom depends on


class Pool:
    """Numbered atoms: symbols, radicals and shared sums.

    Attributes
    ----------
    atoms : list
        Symbol, expression or :data:`Sum` of each number.
    index : dict
        The number of each atom.
    kind : list of int
        ``INPUT``, ``PARAMETER`` or ``MIXED``.
    """

    def __init__(self) -> None:
        self.atoms: list[Any] = []
        self.index: dict[Any, int] = {}
        self.kind: list[int] = []

    def add(self, atom: Any, kind: int) -> int:
        """Number a new atom."""
        self.index[atom] = number = len(self.atoms)
        self.atoms.append(atom)
        self.kind.append(kind)
        return number

    def share(self, total: Sum, kind: int) -> int:
        """Return the number of a sum, the same for equal sums."""
        return self.index[total] if total in self.index else self.add(total, kind)

    def join(self, numbers: Iterable[int]) -> int:
        """Return what an expression in these atoms depends on."""
        found = {self.kind[n] for n in numbers} or {INPUT}
        return found.pop() if len(found) == 1 else MIXED

    def factor(self, polynomial: Polynomial) -> Sum:
        """Factor a polynomial, coefficients that depend on the inputs alone taken out first.

        Examples
        --------
        ``x*y + x*z`` becomes ``x*(y + z)``:

        >>> pool = Pool()
        >>> x, y, z = (pool.add(name, PARAMETER) for name in "xyz")
        >>> ((one, ((_, _), (total, _))),) = pool.factor(
        ...     {((x, 1), (y, 1)): Fraction(1), ((x, 1), (z, 1)): Fraction(1)})
        >>> pool.atoms[total]
        ((Fraction(1, 1), ((1, 1),)), (Fraction(1, 1), ((2, 1),)))
        """
        return self._horner(self._split(polynomial))

    def _split(self, polynomial: Polynomial) -> Polynomial:
        groups: dict[Monomial, Polynomial] = {}
        for mono, value in polynomial.items():
            outer = tuple(f for f in mono if self.kind[f[0]] != INPUT)
            inner = tuple(f for f in mono if self.kind[f[0]] == INPUT)
            groups.setdefault(outer, {})[inner] = value
        if set(groups) <= {()}:
            return polynomial
        result: Polynomial = {}
        for outer, inner in groups.items():
            content, primitive = _content(inner)
            (mono, value), *more = primitive.items()
            if not more and len(mono) <= 1:
                content, shared = times(content, value), mono
            else:
                shared = ((self.share(self._horner(primitive), INPUT), 1),)
            result[tuple(sorted((*outer, *shared)))] = content
        return result

    def _horner(self, polynomial: Polynomial, depth: int = 0) -> Sum:
        result: list[tuple[Coefficient, Monomial]] = []
        rest = dict(polynomial)
        counts = Counter(atom for mono in rest for atom, _ in mono)
        while rest and depth < DEPTH:
            frequent = [a for a, n in counts.items() if n > 1]
            if not frequent:
                break
            # Input-only factors come last: as scalars they cost next to nothing.
            best = max(frequent, key=lambda a: (self.kind[a] != INPUT, counts[a], -a))
            group = {m: c for m, c in rest.items() if any(a == best for a, _ in m)}
            common = dict(next(iter(group)))
            for mono in group:
                del rest[mono]
                counts.subtract(atom for atom, _ in mono)
                powers = dict(mono)
                common = {a: min(e, powers[a]) for a, e in common.items() if a in powers}
            inner = {
                tuple((a, e - common.get(a, 0)) for a, e in mono if e > common.get(a, 0)): value
                for mono, value in group.items()
            }
            content, inner = _content(inner)
            total = self._horner(inner, depth + 1)
            if len(total) == 1:
                value, factors = total[0]
                result.append((times(content, value), _merge(factors, common)))
            else:
                kind = self.join(a for _, factors in total for a, _ in factors)
                result.append((content, _merge(((self.share(total, kind), 1),), common)))
        result.extend((value, mono) for mono, value in rest.items())
        # Scalars first, so that they are added before arrays are touched.
        return tuple(sorted(result, key=lambda s: any(self.kind[a] for a, _ in s[1])))


def literal(value: Coefficient, where: object = "") -> str:
    """Return the correctly rounded floating-point literal of an exact number.

    Raises
    ------
    DomainError
        The number is not real or overflows.

    Examples
    --------
    >>> literal(Fraction(1, 3)), literal(sp.sqrt(2))
    ('0.3333333333333333', '1.4142135623730951')
    """
    try:
        number = float(value if isinstance(value, Fraction) else sp.N(value, 40))
    except (OverflowError, TypeError):
        number = math.inf
    if not math.isfinite(number):
        raise DomainError(
            f"the coefficient {str(value)[:60]} of {where} has no finite real float64 value; "
            "rescale the system"
        )
    return repr(number)


def plus(left: Coefficient, right: Coefficient) -> Coefficient:
    """Add exact numbers."""
    if isinstance(left, Fraction) and isinstance(right, Fraction):
        return left + right
    return exact(symbolic(left) + symbolic(right))


def times(left: Coefficient, right: Coefficient) -> Coefficient:
    """Multiply exact numbers."""
    if isinstance(left, Fraction) and isinstance(right, Fraction):
        return left * right
    return exact(symbolic(left) * symbolic(right))


def symbolic(value: Coefficient) -> Any:
    """Return an exact number as a SymPy one."""
    return sp.Rational(value) if isinstance(value, Fraction) else value


def exact(value: Any) -> Coefficient:
    """Return a rational SymPy number as a Fraction, others unchanged."""
    return Fraction(int(value.p), int(value.q)) if isinstance(value, sp.Rational) else value


def _content(polynomial: Polynomial) -> tuple[Coefficient, Polynomial]:
    """Split off the greatest common rational factor, with the sign of the first term."""
    values = list(polynomial.values())
    if not all(isinstance(v, Fraction) for v in values):
        return Fraction(1), polynomial
    content = Fraction(
        math.gcd(*(v.numerator for v in values)), math.lcm(*(v.denominator for v in values))
    )
    if min(polynomial.items())[1] < 0:
        content = -content
    return content, {mono: value / content for mono, value in polynomial.items()}


def _merge(factors: Monomial, common: Mapping[int, int]) -> Monomial:
    powers = Counter(dict(factors))
    powers.update(common)
    return tuple(sorted(powers.items()))
