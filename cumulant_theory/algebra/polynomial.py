"""Exact polynomials over the rationals: the one place that knows python-flint.

A :class:`Ring` has *atoms* as generators: symbols, and whatever else an exact expression holds
that is not a polynomial in symbols. Powers are put over a common root, so that sqrt(2),
b**(-1/2), 1/beta or b**(-s) stay exact: a base with exponents in (1/n)Z becomes the generator
base**(1/n) and, if negative exponents occur, a second one base**(-1/n). Monomials are reduced by
base**(1/n) * base**(-1/n) = 1, and p**(1/n)**n = p for integers p, at the boundary.
"""

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from fractions import Fraction
from typing import Any

import sympy as sp
from flint import Ordering, fmpq, fmpq_mpoly, fmpq_mpoly_ctx

from ..arguments import brief, explained
from ..errors import DomainError
from .clock import check_time
from .expressions import exact
from .limits import SYMBOL_LIMIT, check_at_most
from .products import sum_of_products


def is_element(value: Any) -> bool:
    """Whether a value is an element of some ring."""
    return isinstance(value, fmpq_mpoly)


@explained
class Ring:
    """Polynomial ring Q[atoms] with python-flint arithmetic.

    Parameters
    ----------
    atoms
        Expressions whose atoms (symbols, roots, inverses, opaque constants) become generators.

    Examples
    --------
    >>> x, b = sp.symbols("x b")
    >>> ring = Ring([x, b ** sp.Rational(-1, 2), sp.sqrt(2)])
    >>> p = ring.element((sp.sqrt(2) * x + b ** sp.Rational(-1, 2)) ** 2)
    >>> ring.expr(p)
    2*x**2 + 1/b + 2*sqrt(2)*x/sqrt(b)
    """

    def __init__(self, atoms: Iterable[sp.Expr]) -> None:
        denominators: dict[sp.Expr, int] = {}
        inverted: set[sp.Expr] = set()
        for expression in atoms:
            base: Any
            given = expression if isinstance(expression, sp.Expr) else exact(expression)
            for base, exponent in _powers(given):
                denominators[base] = math.lcm(denominators.get(base, 1), int(exponent.q))
                if exponent < 0 and not base.is_Integer:
                    inverted.add(base)
        self._roots: dict[sp.Expr, tuple[int, int, int | None]] = {}
        self.atoms: list[sp.Expr] = []
        for base in sorted(denominators, key=sp.default_sort_key):
            if not (base.is_Symbol and base.is_commutative):
                exact(base, "Ring: atom")
            n = denominators[base]
            self.atoms.append(sp.Pow(base, sp.Rational(1, n)))
            position = len(self.atoms) - 1
            inverse = None
            if base in inverted:
                self.atoms.append(sp.Pow(base, sp.Rational(-1, n)))
                inverse = position + 1
            self._roots[base] = (n, position, inverse)
        check_at_most(
            len(self.atoms), SYMBOL_LIMIT, "polynomials", "symbols",
            "lower the order, take fewer or independent units, or a symmetric law",
        )
        names = [f"g{i}" for i in range(len(self.atoms))]
        self._context = fmpq_mpoly_ctx.get(names, Ordering.degrevlex)
        self._gens: tuple[Any, ...] = self._context.gens()
        self.one: Any = self._context.constant(1)
        self.zero: Any = self._context.constant(0)
        self._cache: dict[sp.Expr, Any] = {}
        # b and b**s are separate generators; printed terms join them to b**(1 + s)
        self._joins = any(b.is_Pow and b.args[0] in denominators for b in denominators)
        self._relations = [
            (base, *root)
            for base, root in self._roots.items()
            if root[2] is not None or (base.is_Integer and root[0] > 1)
        ]

    @classmethod
    @explained
    def of(cls, expressions: Iterable[Any]) -> "Ring":
        """The smallest ring that holds all the given expressions."""
        return cls(exact(e) for e in expressions)

    def element(self, expression: Any) -> Any:
        """Ring element of an exact expression.

        Raises
        ------
        DomainError
            If the expression holds an atom that is not in the ring.
        """
        expression = exact(expression)
        if expression not in self._cache:
            self._cache[expression] = self._convert(expression)
        return self._cache[expression]

    def _convert(self, e: Any) -> Any:
        if e.is_Rational:
            return self._context.constant(fmpq(int(e.p), int(e.q)))
        if e.is_Add:
            return sum((self._convert(a) for a in e.args), self.zero)
        if e.is_Mul:
            return math.prod((self._convert(a) for a in e.args), start=self.one)
        if e.is_Pow and e.exp.is_Integer and e.exp > 0:
            return self._convert(e.base) ** int(e.exp)
        return math.prod((self._power(b, q) for b, q in _powers(e)), start=self.one)

    def _power(self, base: Any, exponent: Any) -> Any:
        try:
            n, position, inverse = self._roots[base]
        except KeyError:
            raise DomainError(f"{base} is not in the ring of {self.atoms}") from None
        k: Any = exponent * n
        if not k.is_Integer:
            raise DomainError(f"{base}**({exponent}) is not in the ring of {self.atoms}")
        if k >= 0:
            return self._gens[position] ** int(k)
        if base.is_Integer:
            whole = -int(k // n)
            return self._gens[position] ** int(k + n * whole) * fmpq(1, int(base) ** whole)
        if inverse is None:
            raise DomainError(f"1/{base} is not in the ring of {self.atoms}")
        return self._gens[inverse] ** int(-k)

    def check(self, element: Any) -> Any:
        """The element itself.

        Raises
        ------
        DomainError
            If it is none of this ring.
        """
        if not isinstance(element, fmpq_mpoly) or element.context() is not self._context:
            raise DomainError(
                f"{brief(element)} is no element of {self!r}; pass what its element(expression) "
                "gives, or arithmetic of these"
            )
        return element

    @explained
    def total(self, elements: Iterable[Any]) -> Any:
        """Sum of elements, those of alike size first: adding few terms to many copies the many.

        Examples
        --------
        >>> x = sp.Symbol("x")
        >>> ring = Ring([x])
        >>> ring.expr(ring.total(ring.element(x**k) for k in range(3)))
        x**2 + x + 1
        """
        waiting: list[Any] = []  # the k-th is the sum of 2^k elements or None
        for element in elements:
            check_time()
            place = 0
            while place < len(waiting) and waiting[place] is not None:
                try:
                    element, waiting[place] = waiting[place] + element, None
                except (TypeError, ValueError):  # of something else, or of another ring
                    self.check(element)
                    self.check(waiting[place])
                    raise
                place += 1
            if place == len(waiting):
                waiting.append(None)
            waiting[place] = element
        found = self.zero
        for part in waiting:
            found = found if part is None else found + self.check(part)
        return self.check(found)

    def reduce(self, element: Any) -> Any:
        """Canonical form modulo the relations between roots and inverses."""
        if self._relations:
            self.check(element)
        for base, n, position, inverse in self._relations:
            degrees = element.degrees()
            if inverse is None:
                power, whole = self._gens[position] ** n, int(base)
                most = degrees[position] // n
            else:
                power, whole = self._gens[position] * self._gens[inverse], 1
                most = min(degrees[position], degrees[inverse])
            # remainders on division, high powers first: term by term in Python takes far longer
            for k in reversed(range(int(most).bit_length())):
                _, element = divmod(element, power ** 2**k - whole ** 2**k)
        return element

    def expr(self, element: Any) -> sp.Expr:
        """SymPy form of an element, expanded."""
        powers: dict[tuple[int, int], Any] = {}
        join = sp.powsimp if self._joins else sp.sympify

        def power(i: int, k: int) -> sp.Expr:
            if (i, k) not in powers:
                powers[i, k] = self.atoms[i] ** k
            return powers[i, k]

        if all(base.is_Symbol for base in self._roots) and not self._joins:
            return sum_of_products(
                (
                    sp.Rational(int(c.p), int(c.q)),
                    tuple(power(i, int(k)) for i, k in enumerate(monomial) if k),
                )
                for monomial, c in self.reduce(self.check(element)).to_dict().items()
            )
        return sp.Add(*(
            join(sp.Mul(
                sp.Rational(int(c.p), int(c.q)),
                *(power(i, int(k)) for i, k in enumerate(monomial) if k),
            ))
            for monomial, c in self.reduce(self.check(element)).to_dict().items()
        ))

    def factors(self, element: Any) -> tuple[Fraction, list[tuple[Any, int]]]:
        """(rational content, [(irreducible element, multiplicity)]) of an element."""
        content, found = self.check(element).factor()
        return Fraction(int(content.p), int(content.q)), [(f, int(k)) for f, k in found]

    def terms(self, element: Any) -> list[tuple[Fraction, tuple[tuple[sp.Expr, int], ...]]]:
        """(coefficient, ((atom, exponent), ...)) for every term of the reduced element."""
        atoms = self.atoms
        return [
            (Fraction(int(c.p), int(c.q)), tuple([(atoms[i], k) for i, k in powers]))
            for c, powers in self.rows(element)
        ]

    def rows(self, element: Any) -> list[tuple[Any, tuple[tuple[int, int], ...]]]:
        """(rational, ((position of the atom, exponent), ...)) per term of the reduced element."""
        return [
            (c, tuple([(i, int(k)) for i, k in enumerate(monomial) if k]))
            for monomial, c in self.reduce(self.check(element)).to_dict().items()
        ]

    @explained
    def compose(self, element: Any, images: Mapping[Any, Any], target: "Ring") -> Any:
        """Element of ``target`` got by sending atoms to elements of ``target``.

        Atoms that occur and have no image must be atoms of ``target`` too.
        """
        check_time()
        self.check(element)
        if not self.atoms:
            return target.element(self.expr(element))
        values = [
            images[atom] if atom in images else target.element(atom) if degree else target.zero
            for atom, degree in zip(self.atoms, element.degrees(), strict=True)
        ]
        return element.compose(*map(target.check, values), ctx=target._context)

    @explained
    def evaluate(self, element: Any, point: Mapping[sp.Expr, Fraction]) -> Fraction:
        """Value at rational values of all atoms.

        Raises
        ------
        DomainError
            If an atom of the element has no value.
        """
        degrees = self.check(element).degrees()
        missing = [a for a, d in zip(self.atoms, degrees, strict=True) if d and a not in point]
        if missing:
            raise DomainError(f"no value given for {', '.join(map(str, missing))}")
        values = [Fraction(point.get(a, 0)) for a in self.atoms]
        if not values:
            c = element.leading_coefficient() if element != 0 else fmpq(0)
        else:
            c = fmpq(0) + element(*(fmpq(v.numerator, v.denominator) for v in values))
        return Fraction(int(c.p), int(c.q))

    def __repr__(self) -> str:
        left = len(self.atoms) - 12
        more = f", ... {left} more" if left > 0 else ""
        return f"Ring(QQ; {', '.join(map(str, self.atoms[:12]))}{more})"

    def _repr_latex_(self) -> str:
        left = len(self.atoms) - 12
        names = [sp.latex(a) for a in self.atoms[:12]] + [r"\dots"] * (left > 0)
        return rf"$\displaystyle \mathbb{{Q}}[{', '.join(names)}]$"


def _powers(e: Any) -> Iterator[tuple[Any, Any]]:
    """Bases with rational exponents out of which ``e`` is a polynomial."""
    if e.is_Rational:
        return
    if e.is_Add or e.is_Mul:
        for a in e.args:
            yield from _powers(a)
    elif e.is_Pow:
        if e.exp.is_Integer and e.exp > 0:
            yield from _powers(e.base)
        else:
            for term in sp.Add.make_args(sp.expand(e.exp)):
                rational, rest = term.as_coeff_Mul()
                if not rational.is_Rational:
                    rational, rest = sp.S.One, term
                if rest == 1 and e.base.is_Rational:
                    yield from _rational_root(e.base, rational)
                elif rest == 1:
                    yield from _base_power(e.base, rational)
                else:
                    yield sp.Pow(e.base, rest), rational
    else:
        yield e, sp.S.One


def _base_power(base: Any, exponent: Any) -> Iterator[tuple[Any, Any]]:
    if base.is_Pow and exponent.is_Integer:
        for inner, q in _powers(base):
            yield inner, q * exponent
    elif base.is_Mul and exponent.is_Integer:
        for factor in base.args:
            if factor.is_Rational:
                continue
            yield from _base_power(factor, exponent)
    else:
        yield base, exponent


def _rational_root(base: Any, exponent: Any) -> Iterator[tuple[Any, Any]]:
    if base < 0:
        yield sp.Integer(-1), exponent
        base = -base
    for sign, n in ((1, base.p), (-1, base.q)):
        for prime, multiplicity in sp.factorint(n).items():
            yield sp.Integer(prime), sign * multiplicity * exponent


class Polynomial:
    """An exact polynomial together with its ring; immutable.

    Examples
    --------
    >>> x = sp.Symbol("x")
    >>> p = Polynomial.of((x + 1) ** 2)
    >>> p.expr, len(p), p.evaluate({x: Fraction(1, 2)})
    (x**2 + 2*x + 1, 3, Fraction(9, 4))
    """

    __slots__ = ("_expr", "element", "ring")

    def __init__(self, ring: Ring, element: Any) -> None:
        try:
            self.element: Any = ring.reduce(ring.check(element))
        except AttributeError:
            raise DomainError(f"Polynomial: ring is {brief(ring)}; pass a Ring") from None
        self.ring: Ring = ring
        self._expr: sp.Expr | None = None

    @classmethod
    @explained
    def of(cls, expression: Any) -> "Polynomial":
        """Polynomial of an exact expression over its own atoms."""
        ring = Ring.of([expression])
        return cls(ring, ring.element(expression))

    @property
    def expr(self) -> sp.Expr:
        """SymPy form, expanded; made once."""
        if self._expr is None:
            self._expr = self.ring.expr(self.element)
        return self._expr

    @property
    def terms(self) -> list[tuple[Fraction, tuple[tuple[sp.Expr, int], ...]]]:
        """Terms as (coefficient, ((atom, exponent), ...))."""
        return self.ring.terms(self.element)

    @property
    def atoms(self) -> tuple[sp.Expr, ...]:
        """Atoms that occur."""
        degrees: Sequence[int] = self.element.degrees() if self.ring.atoms else ()
        return tuple(a for a, d in zip(self.ring.atoms, degrees, strict=True) if d)

    @explained
    def evaluate(self, point: Mapping[sp.Expr, Fraction]) -> Fraction:
        """Exact value at rational values of the atoms."""
        return self.ring.evaluate(self.element, point)

    def __len__(self) -> int:
        return len(self.element)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Polynomial):
            return NotImplemented
        return {m: c for c, m in self.terms} == {m: c for c, m in other.terms}

    def __hash__(self) -> int:
        return hash(frozenset(self.terms))

    def __repr__(self) -> str:
        return f"Polynomial({self.expr})" if len(self) <= 20 else f"Polynomial({len(self)} terms)"

    def _repr_latex_(self) -> str:
        if len(self) > 20:
            return rf"$\displaystyle \text{{a polynomial of {len(self)} terms}}$"
        return rf"$\displaystyle {sp.latex(self.expr)}$"
