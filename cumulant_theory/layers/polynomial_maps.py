"""Polynomials in the units of a state: their arithmetic and their joint cumulants."""

from collections.abc import Callable
from typing import Any

from ..algebra import MultiIndex, Ring, joint_cumulants
from ..cumulants import JointCumulants, moments_of
from ..orbits import Orbits

SparsePolynomial = dict[MultiIndex, Any]  # exponents over the units -> ring element


def polynomial_cumulants(
    outputs: list[SparsePolynomial], source: JointCumulants, orbits: Orbits | None = None
) -> Callable[[MultiIndex], Any]:
    """Joint cumulants of polynomials in the units of ``source``, on demand.

    Parameters
    ----------
    outputs
        One polynomial per output unit: exponents over the units of ``source`` -> ring element.
    orbits
        Permutations of the outputs that leave their joint law as it is.
    """
    ring = source.ring
    canonical = (orbits or Orbits(len(outputs))).canonical
    moment = moments_of(source)
    origin = (0,) * source.dim
    constants = [p.get(origin, ring.zero) for p in outputs]
    centred = [{k: c for k, c in p.items() if k != origin} for p in outputs]
    powers: dict[MultiIndex, SparsePolynomial] = {(0,) * len(outputs): {origin: ring.one}}

    def power(alpha: MultiIndex) -> SparsePolynomial:
        if alpha not in powers:
            i = next(k for k, a in enumerate(alpha) if a)
            rest = (*alpha[:i], alpha[i] - 1, *alpha[i + 1 :])
            powers[alpha] = multiplied(power(rest), centred[i])
        return powers[alpha]

    memo: dict[MultiIndex, Any] = {}

    def expectation(alpha: MultiIndex) -> Any:
        alpha = canonical(alpha)
        if alpha not in memo:
            memo[alpha] = sum(
                (c * moment(k) for k, c in power(alpha).items()), start=ring.zero
            )
        return memo[alpha]

    shifted = joint_cumulants(expectation, canonical)

    def cumulant(alpha: MultiIndex) -> Any:
        value = shifted(alpha)
        return value + constants[alpha.index(1)] if sum(alpha) == 1 else value

    return cumulant


def coordinates(units: int, ring: Ring) -> list[SparsePolynomial]:
    """The units themselves as polynomials."""
    return [
        {tuple(1 if k == i else 0 for k in range(units)): ring.one} for i in range(units)
    ]


def multiplied(p: SparsePolynomial, q: SparsePolynomial) -> SparsePolynomial:
    """The product of two polynomials."""
    product: SparsePolynomial = {}
    for k, a in p.items():
        for m, b in q.items():
            key = tuple(x + y for x, y in zip(k, m, strict=True))
            value = a * b
            product[key] = product[key] + value if key in product else value
    return product


def add_multiple(total: SparsePolynomial, p: SparsePolynomial, factor: Any) -> None:
    """Add a multiple of a polynomial in place."""
    for k, c in p.items():
        total[k] = total[k] + factor * c if k in total else factor * c


def without_zeros(p: SparsePolynomial) -> SparsePolynomial:
    """The terms whose coefficient is not zero."""
    return {k: c for k, c in p.items() if c != 0}
