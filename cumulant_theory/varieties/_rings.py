"""Polynomial rings with block orders, under a time limit.

The monomial order looks at the clock whenever it compares, so every Groebner computation in a ring
made here stops soon after its limit.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import sympy as sp
from sympy.polys import rings
from sympy.polys.groebnertools import groebner
from sympy.polys.polyerrors import BasePolynomialError

from ..algebra.clock import check_time
from ..algebra.expressions import exact
from ..errors import DomainError

_PolyRing: Any = rings.PolyRing

@dataclass(frozen=True)
class BlockOrder:
    """Degree reverse lexicographic inside each block of variables, blocks compared in turn."""

    blocks: tuple[tuple[int, ...], ...]

    def __call__(self, monomial: tuple[int, ...]) -> tuple[Any, ...]:
        check_time()
        key: list[int] = []
        for block in self.blocks:
            powers = [monomial[i] for i in block]
            key.append(sum(powers))
            key.extend(-k for k in reversed(powers))
        return tuple(key)


def make_ring(
    variables: Sequence[Any], parameters: Sequence[Any],
    blocks: Sequence[Sequence[int]] | None = None,
) -> Any:
    """Q(parameters)[variables] with a block order, graded reverse lexicographic by default."""
    domain = sp.QQ.frac_field(*parameters) if parameters else sp.QQ
    chosen = (range(len(variables)),) if blocks is None else blocks
    return _PolyRing(tuple(variables), domain, BlockOrder(tuple(tuple(b) for b in chosen if b)))


def reorder(ring: Any, blocks: Sequence[Sequence[int]]) -> Any:
    """The same ring under another block order."""
    return _PolyRing(ring.symbols, ring.domain, BlockOrder(tuple(tuple(b) for b in blocks if b)))


def parameters_of(ring: Any) -> tuple[sp.Symbol, ...]:
    """Symbols of the coefficients."""
    return tuple(ring.domain.symbols) if ring.domain.is_Composite else ()


def element(ring: Any, expression: Any) -> Any:
    """An exact polynomial of the ring, or a DomainError that says why it is none."""
    e = exact(expression, "polynomial")
    roots = [p for p in e.atoms(sp.Pow) if p.base.is_Rational and not p.exp.is_Integer]
    if roots:
        raise DomainError(
            f"{roots[0]} in {e} is irrational; varieties.rationalised writes it as a symbol with "
            "its minimal polynomial"
        )
    try:
        return ring.from_expr(e)
    except (BasePolynomialError, ValueError, ZeroDivisionError) as error:
        raise DomainError(
            f"{e} is no polynomial in {', '.join(map(str, ring.symbols))} over the rationals and "
            f"the parameters: {error}"
        ) from error


def coefficients(ring: Any, f: Any) -> list[tuple[Any, Any]]:
    """(monomial, coefficient in the ring) of f in the symbols that the ring does not have."""
    e = exact(f, "polynomial")
    extra: list[Any] = sorted(
        e.free_symbols - set(ring.symbols) - set(parameters_of(ring)), key=lambda s: s.sort_key()
    )
    if not extra:
        return [(sp.S.One, element(ring, e))]
    try:
        terms = sp.Poly(sp.expand(e), *extra).terms()
    except sp.PolynomialError as error:
        raise DomainError(f"{e} is no polynomial in {extra}: {error}") from error
    return [
        (sp.Mul(*(x**k for x, k in zip(extra, m, strict=True))), element(ring, c))
        for m, c in terms
    ]


def expression(f: Any) -> sp.Expr:
    """The SymPy form of a multiple of f without denominators."""
    whole = polynomial_part(f).as_expr()
    return whole * sp.ilcm(1, *(c.q for c in sp.Poly(whole).coeffs())) if whole.free_symbols \
        else whole


def without_first(elements: Iterable[Any], ring: Any) -> list[Any]:
    """Elements free of the first variable, in the ring without it."""
    return [ring.from_dict({m[1:]: c for m, c in g.items()}) for g in elements]


def recast(f: Any, ring: Any) -> Any:
    """The same polynomial in a ring that divides its symbols otherwise."""
    if f.ring.domain == ring.domain:
        if f.ring.symbols == ring.symbols:
            return ring.from_dict(dict(f))
        if set(f.ring.symbols) <= set(ring.symbols):
            place = [ring.symbols.index(s) for s in f.ring.symbols]
            found = {}
            for monomial, coefficient in f.items():
                powers = [0] * len(ring.symbols)
                for i, k in zip(place, monomial, strict=True):
                    powers[i] = k
                found[tuple(powers)] = coefficient
            return ring.from_dict(found)
    return ring.from_expr(f.as_expr())


def polynomial_part(f: Any) -> Any:
    """f times the common denominator of its coefficients in the parameters."""
    if not f.ring.domain.is_Composite or not f:
        return f
    common = f.ring.domain.one.denom
    for c in f.values():
        common = common.lcm(c.denom)
    return f.mul_ground(f.ring.domain(common))


def sympy_basis(generators: Iterable[Any], ring: Any) -> list[Any]:
    """Reduced Groebner basis by Buchberger's algorithm."""
    check_time()
    given = [recast(g, ring) for g in generators if g]
    return ordered(groebner(given, ring)) if given else []


def ordered(basis: Iterable[Any]) -> list[Any]:
    """Monic, by falling leading monomials."""
    return sorted((g.monic() for g in basis), key=lambda g: g.ring.order(g.LM), reverse=True)


def factors(f: Any) -> list[Any]:
    """Distinct irreducible factors of positive degree."""
    check_time()
    plain = f.ring.clone(order=sp.polys.orderings.lex)
    return [f.ring.from_dict(dict(g)) for g, _ in plain.from_dict(dict(f)).factor_list()[1]]


def independent_sets(basis: Sequence[Any], ring: Any) -> list[tuple[int, ...]]:
    """The largest sets of variables in which no leading monomial lies; none for the whole ring."""
    supports = {frozenset(i for i, k in enumerate(g.LM) if k) for g in basis}
    if frozenset() in supports:
        return []
    best: dict[frozenset[int], None] = {frozenset(range(ring.ngens)): None}

    def cover(chosen: frozenset[int], left: list[frozenset[int]]) -> None:
        check_time()
        size = len(next(iter(best)))
        if len(chosen) > size or (left and len(chosen) == size):
            return
        if not left:
            if len(chosen) < size:
                best.clear()
            best[chosen] = None
            return
        for i in sorted(min(left, key=lambda s: (len(s), sorted(s)))):
            cover(chosen | {i}, [s for s in left if i not in s])

    cover(frozenset(), list(supports))
    return sorted(tuple(i for i in range(ring.ngens) if i not in c) for c in best)


def independent_set(basis: Sequence[Any], ring: Any) -> tuple[int, ...] | None:
    """One of the largest independent sets; None for the whole ring."""
    return next(iter(independent_sets(basis, ring)), None)
