"""Minimal primes by localisation at a maximal independent set (Gianni, Trager, Zacharias)."""

from collections.abc import Sequence
from typing import Any

import sympy as sp

from ..algebra.clock import check_time
from ._rings import (
    factors,
    independent_set,
    make_ring,
    parameters_of,
    polynomial_part,
    recast,
    reorder,
    sympy_basis,
    without_first,
)
from ._zero_dimensional import maximal_ideals


def minimal_primes(generators: Sequence[Any], ring: Any) -> list[list[Any]]:
    """Reduced Groebner bases of the minimal primes over an ideal."""
    return irredundant(_split(generators, ring))


def irredundant(bases: Sequence[Sequence[Any]]) -> list[list[Any]]:
    """Those prime ideals that contain no other of the list, each once."""
    found: list[list[Any]] = []
    for basis in sorted(bases, key=len):
        if any(_inside(other, basis) for other in found):
            continue
        found = [other for other in found if not _inside(basis, other)] + [list(basis)]
    return sorted(found, key=lambda b: [str(g) for g in b])


def _inside(smaller: Sequence[Any], basis: Sequence[Any]) -> bool:
    return not any(g.rem(list(basis)) if basis else g for g in smaller)


def _split(generators: Sequence[Any], ring: Any) -> list[list[Any]]:
    check_time()
    basis = sympy_basis(generators, ring)
    for g in basis:
        parts = factors(g)
        if not g.is_ground and (len(parts) > 1 or parts[0].monic() != g):
            return [p for f in parts for p in _split([*basis, f], ring)]
    free = independent_set(basis, ring)
    if free is None:
        return []
    if not free:
        return maximal_ideals(basis, ring)
    return _localised(basis, ring, free)


def _localised(basis: Sequence[Any], ring: Any, free: tuple[int, ...]) -> list[list[Any]]:
    bound = [i for i in range(ring.ngens) if i not in free]
    parameters = parameters_of(ring)
    if not bound:
        return [[]]
    local = make_ring(
        [ring.symbols[i] for i in bound], (*parameters, *(ring.symbols[i] for i in free))
    )
    blocks = sympy_basis(basis, reorder(ring, (bound, free)))
    leading = _leading_product([recast(g, local) for g in blocks], ring)
    found = []
    for prime in maximal_ideals([recast(g, local) for g in blocks], local):
        cleared = [polynomial_part(g) for g in prime]
        found.append(
            saturated([recast(g, ring) for g in cleared], _leading_product(cleared, ring), ring)
        )
    for f in factors(leading):
        found.extend(_split([*basis, f], ring))
    return found


def _leading_product(basis: Sequence[Any], ring: Any) -> Any:
    """Squarefree product of the leading coefficients, as an element of the whole ring."""
    distinct: dict[Any, None] = {}
    for g in basis:
        coefficient = ring.from_expr(g.ring.domain.to_sympy(polynomial_part(g).LC))
        distinct.update(dict.fromkeys(f.monic() for f in factors(coefficient)))
    product = ring.one
    for f in distinct:
        product = product * f
    return product


def saturated(generators: Sequence[Any], f: Any, ring: Any) -> list[Any]:
    """Groebner basis of I : f^oo through 1 - t f."""
    if f.is_ground:
        return sympy_basis(generators, ring)
    extra, first, rest = with_inverse(generators, f, ring)
    basis = sympy_basis(extra, reorder(first, ((0,), rest)))
    return sympy_basis(without_first((g for g in basis if not g.LM[0]), ring), ring)


def with_inverse(
    generators: Sequence[Any], f: Any, ring: Any
) -> tuple[list[Any], Any, range]:
    """I + (1 - t f) in a ring with t in front, and the places of the other variables."""
    t = sp.Dummy("t")
    larger = make_ring((t, *ring.symbols), parameters_of(ring))
    extra = [recast(g, larger) for g in generators]
    extra.append(larger.one - larger.gens[0] * recast(f, larger))
    return extra, larger, range(1, larger.ngens)
