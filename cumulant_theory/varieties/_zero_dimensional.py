"""Finite quotient rings: minimal polynomials, splitting into maximal ideals, exact real points."""

from collections.abc import Iterable, Iterator, Sequence
from fractions import Fraction
from itertools import count
from typing import Any

import sympy as sp
from sympy.polys.matrices import DomainMatrix
from sympy.polys.matrices.exceptions import DMNonInvertibleMatrixError

from ..algebra import real_roots
from ..algebra.clock import check_time
from ..errors import EngineError
from ._intervals import Interval
from ._rings import factors, sympy_basis

_Y, _ROOT = sp.Dummy("y"), sp.Symbol("x")
_BITS = 128


def quotient_size(basis: Sequence[Any], ring: Any) -> int:
    """Number of standard monomials of a zero-dimensional ideal."""
    return len(_standard(basis, ring))


def _standard(basis: Sequence[Any], ring: Any) -> list[Any]:
    """Standard monomials of a zero-dimensional ideal."""
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
    return sorted(seen)


def _columns(elements: Iterable[Any], basis: Sequence[Any], monomials: Sequence[Any]) -> Any:
    """Matrix whose columns are the remainders of elements in the standard monomials."""
    rows = []
    for f in elements:
        check_time()
        rest = f.rem(basis)
        rows.append([rest.get(m, f.ring.domain.zero) for m in monomials])
    field = basis[0].ring.domain
    return DomainMatrix(rows, (len(rows), len(monomials)), field).transpose().to_dense()


def _norm(g: Any, basis: Sequence[Any], ring: Any, monomials: Sequence[Any]) -> list[Any]:
    """Characteristic polynomial of the multiplication by an element, high powers first.

    Its irreducible factors are those of the minimal polynomial.
    """
    units = [ring.from_dict({m: ring.domain.one}) for m in monomials]
    found = _columns([g * u for u in units], basis, monomials).charpoly()
    check_time()
    return found


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
    its points, so the search ends. The factors are read off characteristic polynomials.
    """
    basis = sympy_basis(generators, ring)
    if basis and basis[0].is_ground:
        return []
    monomials = _standard(basis, ring)
    line = ring.clone(symbols=(_Y,), order=sp.polys.orderings.lex)
    for form in _forms(ring):
        norm = _norm(form, basis, ring, monomials)
        found = factors(line.from_dict({(k,): c for k, c in enumerate(reversed(norm)) if c}))
        values = [
            _evaluate([f.get((k,), ring.domain.zero) for k in range(f.degree() + 1)], form, basis)
            for f in found
        ]
        if len(found) > 1 or values[0]:
            return [prime for value in values for prime in maximal_ideals([*basis, value], ring)]
        if found[0].degree() == len(monomials):
            return [basis]
    raise AssertionError("unreachable")


def real_points(basis: Sequence[Any], ring: Any) -> list[dict[sp.Symbol, sp.Expr]]:
    """Real points of a maximal ideal of Q[x], exact.

    Every coordinate is a polynomial in one primitive element; interval arithmetic picks the root of
    the coordinate's own minimal polynomial.
    """
    monomials = _standard(basis, ring)
    for form in _forms(ring):
        powers = [ring.one]
        for _ in monomials:
            check_time()
            powers.append((powers[-1] * form).rem(basis))
        *first, last = powers
        try:
            known = _columns(first, basis, monomials).lu_solve(
                _columns([last, *ring.gens], basis, monomials)
            )
        except DMNonInvertibleMatrixError:
            continue
        break
    check_time()
    relation, *used_by = known.transpose().to_list()
    primitive = _poly([*(-c for c in relation), ring.domain.one])
    if not primitive.is_irreducible:
        raise EngineError(f"the ideal of {[str(g) for g in basis]} is not maximal")
    norms = [_poly(_norm(g, basis, ring, monomials)[::-1]) for g in ring.gens]
    coordinates = [
        (g.as_expr(), [_fraction(c) for c in used], norm.sqf_part())
        for g, used, norm in zip(ring.gens, used_by, norms, strict=True)
    ]
    roots = len(_roots(primitive, _BITS))
    return [
        {x: _root(primitive, k, used, own) for x, used, own in coordinates} for k in range(roots)
    ]


def _fraction(c: Any) -> Fraction:
    return Fraction(int(c.numerator), int(c.denominator))


def _rational(c: Fraction) -> Any:
    return sp.Rational(c.numerator, c.denominator)


def _poly(relation: Sequence[Any]) -> sp.Poly:
    whole = [_rational(_fraction(c)) for c in reversed(relation)]
    return sp.Poly(whole, _ROOT, domain="QQ").clear_denoms(convert=True)[1]


def _roots(poly: sp.Poly, bits: int) -> list[tuple[Fraction, Fraction]]:
    """Intervals about the real roots."""
    check_time()
    return real_roots([int(c) for c in reversed(poly.all_coeffs())], bits)


def _root(primitive: sp.Poly, k: int, used: Sequence[Fraction], own: sp.Poly) -> sp.Expr:
    """The root of a coordinate's own polynomial that its value at the k-th root lies next to."""
    bits = _BITS
    while True:
        at = Interval.of(*_roots(primitive, bits)[k], bits)
        value = Interval(0, 0, bits)
        for c in reversed(used):
            value = value * at + Interval.of(c, c, bits)
        low, high = value.ends()
        near = [i for i, (a, b) in enumerate(_roots(own, bits)) if a <= high and low <= b]
        if not near:
            raise EngineError("no real root of a minimal polynomial at a real point")
        if len(near) == 1:
            return _exact_root(own, near[0])
        bits *= 2


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
