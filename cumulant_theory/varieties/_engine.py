"""Groebner bases and minimal primes by Singular where it is installed, by SymPy elsewhere."""

from collections.abc import Sequence
from typing import Any

from ..errors import EngineError, UnknownNameError
from . import _primes, _singular
from ._rings import sympy_basis
from ._zero_dimensional import maximal_ideals, quotient_size

_SMALL = 40  # complex points with multiplicity


class Engine:
    """One of the two engines; what Singular answers is checked by division in SymPy."""

    def __init__(self, name: str) -> None:
        if name not in ("auto", "singular", "sympy"):
            raise UnknownNameError.of("engine", name, ["auto", "singular", "sympy"])
        if name == "auto":
            name = "singular" if _singular.executable() else "sympy"
        if name == "singular":
            _singular.program()
        self.name = name

    def basis(self, generators: Sequence[Any], ring: Any) -> list[Any]:
        """Reduced Groebner basis in the order of the ring."""
        if self.name == "sympy":
            return sympy_basis(generators, ring)
        found = _singular.basis(generators, ring)
        _check(generators, [found], ring)
        return found

    def minimal_primes(self, generators: Sequence[Any], ring: Any) -> list[list[Any]]:
        """Reduced Groebner bases of the minimal primes, none for the whole ring."""
        if self.name == "sympy":
            return _primes.minimal_primes(generators, ring)
        found = [b for b in _singular.minimal_primes(generators, ring)
                 if not (b and b[0].is_ground)]
        _check(generators, found, ring)
        return _primes.irredundant(found)

    def maximal_ideals(
        self, generators: Sequence[Any], basis: Sequence[Any], ring: Any
    ) -> list[list[Any]]:
        """Bases of the maximal ideals above a zero-dimensional ideal with a Groebner basis.

        Linear algebra in a small quotient ring is faster than primary decomposition, by far where
        the coefficients are long.
        """
        if basis[0].is_ground or quotient_size(basis, ring) > _SMALL:
            return self.minimal_primes(generators, ring)
        found = maximal_ideals(basis, ring)
        return sorted(found, key=lambda b: [str(g) for g in b])

    def eliminate(
        self, generators: Sequence[Any], ring: Any, places: Sequence[int]
    ) -> list[Any]:
        """Generators of the ideal that are free of the variables at the places."""
        rest = [i for i in range(ring.ngens) if i not in places]
        basis = self.basis(generators, _primes.reorder(ring, (places, rest)))
        return [g for g in basis if not any(g.LM[i] for i in places)]


def _check(
    generators: Sequence[Any], bases: Sequence[Sequence[Any]], ring: Any
) -> None:
    for basis in bases:
        for g in generators:
            f = ring.from_dict(dict(g))
            if f and (not basis or f.rem(list(basis))):
                raise EngineError(f"Singular returned an ideal without its generator {g}")
