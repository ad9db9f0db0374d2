"""Equations with the same real zeros as given ones, without sums of squares where these are seen.

At the real zeros of a sum of squares its gradient vanishes, so that no test with derivatives works
there; the squares themselves can have independent gradients.
"""

from collections.abc import Sequence
from typing import Any

from ..algebra.clock import check_time
from ._rings import sympy_basis


def definite_parts(elements: Sequence[Any], ring: Any) -> list[Any]:
    """Polynomials with the same real zeros.

    Sums of even monomials of one sign and semidefinite polynomials of degree two are replaced by
    what vanishes where they do; then linear equations are solved and put into the others. The
    result is [1] where some equation has one sign.
    """
    left = [g for g in elements if g]
    while True:
        check_time()
        parts = [h for g in left for h in (_even(g) or _semidefinite(g, ring) or [g])]
        linear = sympy_basis([g for g in parts if _degree(g) <= 1], ring)
        if linear and linear[0].is_ground:
            return [ring.one]
        rest = [g.rem(linear) if linear else g for g in parts if _degree(g) > 1]
        found = [*linear, *dict.fromkeys(g.monic() for g in rest if g)]
        if found == left:
            return found
        left = found


def _degree(g: Any) -> int:
    return max(sum(m) for m in g)


def _even(g: Any) -> list[Any] | None:
    """The square roots of the monomials where all are squares with coefficients of one sign."""
    signs = {c > 0 for c in g.values()}
    if len(signs) > 1 or any(k % 2 for m in g for k in m):
        return None
    return [g.ring.from_dict({tuple(min(k, 1) for k in m): g.ring.domain.one}) for m in g]


def _semidefinite(g: Any, ring: Any) -> list[Any] | None:
    """The linear forms of which a semidefinite polynomial of degree two is a sum of squares."""
    if _degree(g) != 2:
        return None
    field, size = ring.domain, ring.ngens + 1
    half = field.one / field(2)
    gram = [[field.zero] * size for _ in range(size)]
    for m, c in g.items():
        i, j = ([k for k, power in enumerate(m) for _ in range(power)] + [size - 1] * 2)[:2]
        gram[i][j] += c * half
        gram[j][i] += c * half
    forms, sign = [], None
    for i in range(size):
        pivot = gram[i][i]
        if not pivot:
            if any(gram[i][j] for j in range(i, size)):
                return None
            continue
        if sign is not None and (pivot > 0) != sign:
            return None
        sign = pivot > 0
        row = [c / pivot for c in gram[i]]
        forms.append(sum(
            (x * c for x, c in zip((*ring.gens, ring.one), row, strict=True)), ring.zero
        ))
        for j in range(i + 1, size):
            for k in range(i + 1, size):
                gram[j][k] -= gram[i][j] * row[k]
        for j in range(i + 1, size):
            gram[j][i] = field.zero
    return forms
