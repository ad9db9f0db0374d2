"""Finite quotient rings: minimal polynomials, splitting into maximal ideals, exact real points."""

from collections.abc import Iterator, Sequence
from fractions import Fraction
from itertools import count
from typing import Any

import sympy as sp

from ..errors import EngineError
from ._rings import check_time, factors, sympy_basis

_Y, _ROOT = sp.Dummy("y"), sp.Symbol("x")


class _Echelon:
    """Vectors reduced one after another, each with its combination of the vectors put in."""

    def __init__(self, field: Any) -> None:
        self.field = field
        self.rows: list[tuple[Any, dict[Any, Any], list[Any]]] = []
        self.size = 0

    def express(self, vector: Any) -> tuple[dict[Any, Any], list[Any]]:
        """Remainder, and the combination that was taken away."""
        rest, used = dict(vector), [self.field.zero] * self.size
        for pivot, row, combination in self.rows:
            c = rest.get(pivot)
            if c:
                for k, value in row.items():
                    left = rest.get(k, self.field.zero) - c * value
                    if left:
                        rest[k] = left
                    else:
                        rest.pop(k, None)
                for i, value in enumerate(combination):
                    used[i] += c * value
        return rest, used

    def insert(self, vector: Any) -> list[Any] | None:
        """None when the vector is new, else its combination of the vectors before."""
        rest, used = self.express(vector)
        if not rest:
            return used
        pivot = next(iter(rest))
        inverse = self.field.one / rest[pivot]
        combination = [-u * inverse for u in used] + [inverse]
        self.rows.append((pivot, {k: c * inverse for k, c in rest.items()}, combination))
        self.size += 1
        return None


def quotient_size(basis: Sequence[Any], ring: Any) -> int:
    """Number of standard monomials of a zero-dimensional ideal."""
    leading = [g.LM for g in basis]
    seen, front = set(), {ring.zero_monom}
    while front:
        check_time()
        front = {
            m for m in front
            if m not in seen and not any(ring.monomial_div(m, lead) for lead in leading)
        }
        seen |= front
        front = {
            tuple(k + (i == j) for j, k in enumerate(m)) for m in front for i in range(ring.ngens)
        }
    return len(seen)


def _relation(form: Any, basis: Sequence[Any]) -> tuple[list[Any], _Echelon]:
    """Monic minimal polynomial of a form, low powers first, and the space of its powers."""
    field = form.ring.domain
    space, power = _Echelon(field), form.ring.one
    while True:
        check_time()
        known = space.insert(power)
        if known is not None:
            return [*(-c for c in known), field.one], space
        power = (power * form).rem(basis)


def _forms(ring: Any) -> Iterator[Any]:
    yield from ring.gens
    for k in count(1):
        yield sum((g * k**i for i, g in enumerate(ring.gens)), ring.zero)


def _evaluate(coefficients: Sequence[Any], form: Any, basis: Sequence[Any]) -> Any:
    value = form.ring.zero
    for c in reversed(coefficients):
        value = (value * form).rem(basis) + form.ring.ground_new(c)
    return value


def maximal_ideals(generators: Sequence[Any], ring: Any) -> list[list[Any]]:
    """Groebner bases of the maximal ideals above a zero-dimensional ideal.

    Splits by the factors of minimal polynomials of linear forms. Once those of all variables are
    irreducible the ideal is radical (Seidenberg's lemma), and all but finitely many forms separate
    its points, so the search ends.
    """
    basis = sympy_basis(generators, ring)
    if basis and basis[0].is_ground:
        return []
    size = quotient_size(basis, ring)
    line = ring.clone(symbols=(_Y,), order=sp.polys.orderings.lex)
    for form in _forms(ring):
        relation, _ = _relation(form, basis)
        found = factors(line.from_dict({(k,): c for k, c in enumerate(relation) if c}))
        if len(found) > 1 or found[0].degree() < len(relation) - 1:
            return [
                prime
                for f in found
                for prime in maximal_ideals(
                    [*basis, _evaluate([f.get((k,), ring.domain.zero)
                                        for k in range(f.degree() + 1)], form, basis)], ring
                )
            ]
        if len(relation) - 1 == size:
            return [basis]
    raise AssertionError("unreachable")


def real_points(basis: Sequence[Any], ring: Any) -> list[dict[sp.Symbol, sp.Expr]]:
    """Real points of a maximal ideal of Q[x], exact.

    Every coordinate is a polynomial in one primitive element; interval arithmetic picks the root of
    the coordinate's own minimal polynomial.
    """
    size = quotient_size(basis, ring)
    for form in _forms(ring):
        relation, space = _relation(form, basis)
        if len(relation) - 1 == size:
            break
    primitive = _poly(relation)
    if not primitive.is_irreducible:
        raise EngineError(f"the ideal of {[str(g) for g in basis]} is not maximal")
    coordinates = []
    for g in ring.gens:
        rest, used = space.express(g.rem(basis))
        if rest:
            raise EngineError(f"{g} is no polynomial in the primitive element; ideal not maximal")
        coordinates.append((g.as_expr(), [_fraction(c) for c in used],
                            _poly(_relation(g, basis)[0])))
    found = []
    intervals: Any = primitive.intervals()
    for (low, high), _ in intervals:
        box = (_fraction(low), _fraction(high))
        found.append({x: _root(primitive, box, used, own) for x, used, own in coordinates})
    return found


def _fraction(c: Any) -> Fraction:
    return Fraction(int(c.numerator), int(c.denominator))


def _rational(c: Fraction) -> Any:
    return sp.Rational(c.numerator, c.denominator)


def _poly(relation: Sequence[Any]) -> sp.Poly:
    whole = [_rational(_fraction(c)) for c in reversed(relation)]
    return sp.Poly(whole, _ROOT, domain="QQ").clear_denoms(convert=True)[1]


def _refined(poly: sp.Poly, box: tuple[Fraction, Fraction]) -> tuple[Fraction, Fraction]:
    low, high = box
    if low == high:
        return box
    check_time()
    middle = (low + high) / 2
    at: list[Any] = [poly.eval(_rational(v)) for v in (low, middle)]
    if at[1] == 0:
        return (middle, middle)
    if at[0] == 0:
        return (low, low)
    return (low, middle) if at[0] * at[1] < 0 else (middle, high)


def _root(
    primitive: sp.Poly, box: tuple[Fraction, Fraction], used: Sequence[Fraction], own: sp.Poly
) -> sp.Expr:
    intervals: Any = own.intervals()
    boxes = [(_fraction(a), _fraction(b)) for (a, b), _ in intervals]
    while True:
        low = high = Fraction(0)
        for c in reversed(used):
            ends = [low * box[0], low * box[1], high * box[0], high * box[1]]
            low, high = min(ends) + c, max(ends) + c
        near = [k for k, (a, b) in enumerate(boxes) if a <= high and low <= b]
        if not near:
            raise EngineError("no real root of a minimal polynomial at a real point")
        if len(near) == 1:
            return _exact_root(own, near[0])
        box = _refined(primitive, box)
        boxes = [_refined(own, b) for b in boxes]


def _exact_root(own: sp.Poly, k: int) -> sp.Expr:
    if own.degree() == 1:
        a, b = own.all_coeffs()
        return -b / a
    if own.degree() == 2:
        a, b, c = own.all_coeffs()
        root = sp.sqrt(b**2 - 4 * a * c)
        sign = (1 if k else -1) * (1 if a > 0 else -1)
        return sp.expand((-b + sign * root) / (2 * a))
    return sp.CRootOf(own.as_expr(), _ROOT, k)
