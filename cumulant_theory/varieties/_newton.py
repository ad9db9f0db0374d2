"""Iterations towards real zeros of polynomials, in floating point of any precision.

Nothing here is a proof: :func:`proven_box` hands what was found to the test of Krawczyk.
"""

from collections.abc import Sequence
from fractions import Fraction
from random import Random
from typing import Any

import mpmath

from ..algebra.clock import check_time
from ._intervals import Box, Polynomials, krawczyk

_STEPS, _FAR = 80, 10**8
_RANK = mpmath.mpf(10) ** -7  # of the size of the terms


def random_start(size: int, random: Random) -> list[Fraction]:
    """A point with coordinates of mixed sizes."""
    spread = random.choice((1, 1, 2, 5))
    return [Fraction(random.randint(-1000 * spread, 1000 * spread), 1000) for _ in range(size)]


def least_squares(
    system: Polynomials, start: Sequence[Fraction], bits: int, steps: int = _STEPS
) -> list[Fraction] | None:
    """A zero by the method of Levenberg and Marquardt, or None.

    With a damping of the size of the residual it converges quadratically on sets of zeros of any
    dimension where the residual grows like the distance [1]_.

    References
    ----------
    .. [1] J. Fan, Y. Yuan, *Computing* **74** (2005) 23.
    """
    places = range(len(start))
    with mpmath.workprec(bits + 16):
        small = mpmath.ldexp(1, -bits)
        x, weight = [_mpf(c) for c in start], mpmath.mpf(1)
        f = system.values(x, _mpf)
        norm = _square_norm(f)
        for _ in range(steps):
            check_time()
            if norm <= small**2:
                return [_dyadic(c, bits) for c in x]
            J = system.jacobian(x, places, _mpf)
            step = _damped(J, f, weight * mpmath.sqrt(norm))
            if step is None:
                return None
            tried = [a + b for a, b in zip(x, step, strict=True)]
            if max(map(abs, tried)) > _FAR:
                return None
            f_tried = system.values(tried, _mpf)
            norm_tried = _square_norm(f_tried)
            if norm_tried < norm:
                weight = weight / 4 if norm_tried < norm / 4 else weight
                x, f, norm = tried, f_tried, norm_tried
            else:
                weight *= 6
                if weight > 10**12:
                    return None
        return None


def _damped(J: list[list[Any]], f: list[Any], damping: Any) -> list[Any] | None:
    """The step -J^T (J J^T + damping)^-1 f, or its other form where J has fewer columns."""
    columns = list(zip(*J, strict=True))
    if len(J) <= len(columns):
        gram = _gram(J, damping)
        y = solve(gram, [-c for c in f])
        return None if y is None else [_dot(column, y) for column in columns]
    return solve(_gram(columns, damping), [-_dot(column, f) for column in columns])


def _gram(rows: Sequence[Sequence[Any]], damping: Any) -> list[list[Any]]:
    found = [[_dot(a, b) for b in rows[: i + 1]] for i, a in enumerate(rows)]
    for i, row in enumerate(found):
        row[i] += damping
        row += [below[i] for below in found[i + 1:]]
    return found


def independent_places(
    system: Polynomials, point: Sequence[Fraction], bits: int
) -> tuple[list[int], list[int]]:
    """Polynomials with independent gradients at a point, and variables that they determine.

    The rank is that of a numerical elimination with complete pivoting, after division of each
    polynomial by the size of its terms and of each variable by its own.
    """
    with mpmath.workprec(bits):
        sizes = [max(abs(_mpf(c)), mpmath.mpf(1)) for c in point]
        rows = system.jacobian([_mpf(c) for c in point], range(len(point)), _mpf)
        scales = system.values(sizes, lambda c: abs(_mpf(c)))
        J = [[c * size / scale for c, size in zip(row, sizes, strict=True)]
             for row, scale in zip(rows, scales, strict=True)]
        rows, columns = list(range(len(J))), list(range(len(point)))
        chosen: tuple[list[int], list[int]] = [], []
        while rows and columns:
            i, j = max(((i, j) for i in rows for j in columns), key=lambda p: abs(J[p[0]][p[1]]))
            pivot = J[i][j]
            if abs(pivot) < _RANK:
                break
            chosen[0].append(i)
            chosen[1].append(j)
            rows.remove(i)
            columns.remove(j)
            for k in rows:
                factor = J[k][j] / pivot
                for c in columns:
                    J[k][c] -= factor * J[i][c]
        return sorted(chosen[0]), sorted(chosen[1])


def newton(
    system: Polynomials, start: Sequence[Fraction], places: Sequence[int], bits: int
) -> list[Fraction] | None:
    """A zero near the start to about ``bits`` bits, the other variables held; None if lost."""
    x = list(start)
    if not places:
        return x
    with mpmath.workprec(2 * bits):
        point, last = [_mpf(c) for c in x], None
        goal = mpmath.ldexp(1, -bits)
        for _ in range(_STEPS):
            check_time()
            J = system.jacobian(point, places, _mpf)
            step = solve(J, [-c for c in system.values(point, _mpf)])
            if step is None:
                return None
            size = max(
                abs(d) / max(abs(point[i]), 1) for i, d in zip(places, step, strict=True)
            )
            if size > 1 or (last is not None and size > last):
                return None
            for i, d in zip(places, step, strict=True):
                point[i] += d
            if size < goal:
                for i in places:
                    x[i] = _dyadic(point[i], 2 * bits)
                return x
            last = size
    return None


def proven_box(
    system: Polynomials, middle: Sequence[Fraction], places: Sequence[int], bits: int,
    radius: Fraction | None = None,
) -> Box | None:
    """A small box with exactly one zero by the test of Krawczyk, or None.

    With a ``radius`` there is no other zero in the box of this radius about the middle.
    """
    if not places:
        return tuple((x, x) for x in middle)
    with mpmath.workprec(2 * bits):
        J = system.jacobian([_mpf(c) for c in middle], places, _mpf)
        size = len(places)
        columns = [solve(J, [int(i == k) for i in range(size)]) for k in range(size)]
        if any(column is None for column in columns):
            return None
        inverse = [[_dyadic(column[i], 2 * bits) for column in columns if column is not None]
                   for i in range(size)]
    tried = [Fraction(1, 1 << k) for k in (bits - 8, bits // 2, bits // 4)]
    for r in tried if radius is None else [radius]:
        box = krawczyk(system, middle, places, inverse, r, 2 * bits)
        if box is not None:
            return box
    return None


def solve(matrix: Sequence[Sequence[Any]], right: Sequence[Any]) -> list[Any] | None:
    """Solution of a square linear system by elimination with pivots; None where it is singular."""
    A = [[*row, b] for row, b in zip(matrix, right, strict=True)]
    n = len(A)
    for k in range(n):
        pivot = max(range(k, n), key=lambda i: abs(A[i][k]))
        if not A[pivot][k]:
            return None
        A[k], A[pivot] = A[pivot], A[k]
        for i in range(k + 1, n):
            factor = A[i][k] / A[k][k]
            if factor:
                A[i] = [a - factor * b for a, b in zip(A[i], A[k], strict=True)]
    found: list[Any] = [0] * n
    for k in reversed(range(n)):
        rest = A[k][n] - sum(A[k][j] * found[j] for j in range(k + 1, n))
        found[k] = rest / A[k][k]
    return found


def _mpf(c: Fraction) -> Any:
    return mpmath.mpf(c.numerator) / c.denominator


def _dyadic(x: Any, bits: int) -> Fraction:
    return Fraction(int(mpmath.nint(mpmath.ldexp(x, bits))), 1 << bits)


def _dot(a: Sequence[Any], b: Sequence[Any]) -> Any:
    return mpmath.fdot(zip(a, b, strict=True))


def _square_norm(f: Sequence[Any]) -> Any:
    return mpmath.fdot((c, c) for c in f)
