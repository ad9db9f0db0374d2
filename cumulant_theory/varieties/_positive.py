"""Positive variables: s > 0 is s q^2 = 1 with a new variable q, which is real exactly then."""

from collections.abc import Sequence
from typing import Any

import sympy as sp

from ._engine import Engine
from ._primes import irredundant
from ._rings import make_ring, recast


def with_positive(
    generators: Sequence[Any], ring: Any, places: Sequence[int]
) -> tuple[list[Any], Any]:
    """Adds s q^2 = 1 for every variable s at the places, in a ring with all q behind."""
    roots = [sp.Dummy(f"q{i}") for i in places]
    larger = make_ring((*ring.symbols, *roots), ()) if roots else ring
    extra = [recast(g, larger) for g in generators]
    for k, i in enumerate(places):
        extra.append(larger.gens[i] * larger.gens[ring.ngens + k] ** 2 - 1)
    return extra, larger


def without_roots(
    primes: Sequence[Sequence[Any]], larger: Any, ring: Any, engine: Engine
) -> list[list[Any]]:
    """The prime ideals of the larger ring cut down to the ring without the variables q."""
    new = range(ring.ngens, larger.ngens)
    return irredundant([
        engine.basis(
            [ring.from_dict({m[: ring.ngens]: c for m, c in g.items()})
             for g in engine.eliminate(prime, larger, new)], ring,
        ) for prime in primes
    ])
