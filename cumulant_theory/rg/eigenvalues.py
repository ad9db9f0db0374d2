"""Exact eigenvalues and eigenvectors of small matrices, block by block."""

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import mpmath
import sympy as sp

from ..errors import DomainError, NoClosedFormError
from ..varieties.decimals import DIGITS, approximate, is_small


class EigenvalueOf(sp.Expr):
    """The k-th eigenvalue of an exact matrix, in decreasing modulus: a number without radicals.

    Parameters
    ----------
    matrix
        Square, with exact entries.
    k
        From 0; eigenvalues of one modulus by decreasing real, then imaginary part.

    Examples
    --------
    >>> EigenvalueOf(sp.ImmutableMatrix([[2, 1], [1, 1]]), 0).evalf(10)
    2.618033989
    """

    def __new__(cls, matrix: Any, k: Any) -> "EigenvalueOf":
        """An expression, not evaluated."""
        return sp.Expr.__new__(cls, sp.ImmutableMatrix(matrix), sp.Integer(k))

    @property
    def is_number(self) -> bool:  # type: ignore[override]
        """Whether the matrix has no symbols."""
        return not self.free_symbols

    def _eval_evalf(self, prec: int) -> Any:
        if self.free_symbols:
            return None
        matrix: Any = self.args[0]
        digits = int(prec / 3.3) + 1
        value = _decimals(matrix, digits)[int(self.args[1])]  # type: ignore[call-overload]
        return sp.Expr._from_mpmath(value, prec)

    def _sympystr(self, printer: Any) -> str:
        return f"EigenvalueOf({printer.doprint(self.args[0].tolist())}, {self.args[1]})"  # type: ignore[attr-defined]

    def _latex(self, printer: Any, exp: str | None = None) -> str:
        power = "" if exp is None else f"^{{{exp}}}"
        return rf"\lambda_{{{self.args[1] + 1}}}{power}"  # type: ignore[operator]


@lru_cache(maxsize=2**8)
def _decimals(matrix: Any, digits: int) -> list[Any]:
    """Eigenvalues by QR, with twice the digits, so that double ones keep those asked for."""
    working = 2 * digits
    entries = [[approximate(e, working) for e in matrix.row(i)] for i in range(matrix.rows)]
    with mpmath.workdps(working):
        values: Any = mpmath.eig(mpmath.matrix(entries), left=False, right=False)
        scale = mpmath.mpf(10) ** (digits // 2) / max(1, *(abs(v) for v in values))
        real = [mpmath.mpf(v.real) if abs(v.imag) * scale < 1e-3 else v for v in values]
        return sorted(real, key=lambda v: tuple(
            -mpmath.nint(p * scale) for p in (abs(v), mpmath.re(v), mpmath.im(v))
        ))


def blocks(matrix: Any) -> list[tuple[int, ...]]:
    """Sets of rows whose entries form irreducible diagonal blocks, after a permutation.

    The eigenvalues of the matrix are those of the blocks.

    Examples
    --------
    >>> blocks(sp.Matrix([[1, 2, 0], [0, 3, 4], [0, 5, 6]]))
    [(0,), (1, 2)]
    """
    n = matrix.rows
    reach = [[i == j or matrix[i, j] != 0 for j in range(n)] for i in range(n)]
    for k in range(n):
        for i in range(n):
            if reach[i][k]:
                reach[i] = [a or b for a, b in zip(reach[i], reach[k], strict=True)]
    return list(dict.fromkeys(
        tuple(j for j in range(n) if reach[i][j] and reach[j][i]) for i in range(n)
    ))


def eigenvalues(matrix: Any) -> list[sp.Expr]:
    """Eigenvalues with their multiplicity, exact.

    A single entry is its own eigenvalue; a rational block gives rationals, quadratic radicals and
    CRootOf; a block of 2 with symbols radicals; all others :class:`EigenvalueOf`. Those of one
    block are in decreasing modulus, on the places of its rows.

    Examples
    --------
    >>> eigenvalues(sp.Matrix([[sp.Symbol("a"), 2, 0], [0, 3, 4], [0, 5, 6]]))
    [a, 9/2 + sqrt(89)/2, 9/2 - sqrt(89)/2]
    """
    found: dict[int, sp.Expr] = {}
    for rows in blocks(matrix):
        block = matrix.extract(list(rows), list(rows))
        found |= dict(zip(rows, _of_block(block), strict=True))
    return [found[i] for i in range(matrix.rows)]


def _of_block(block: Any) -> list[sp.Expr]:
    if block.rows == 1:
        return [block[0, 0]]
    x = sp.Dummy("x")
    if all(e.is_Rational for e in block):
        factors: Any = block.charpoly(x).factor_list()[1]
        values = [v for f, count in factors for v in _roots(f) * count]
        return sorted(values, key=_decreasing)
    if block.rows == 2 and block.free_symbols:
        return _roots(sp.Poly(block.charpoly(x), x))
    return [EigenvalueOf(block, k) for k in range(block.rows)]


def _roots(f: Any) -> list[sp.Expr]:
    coefficients = f.all_coeffs()
    if f.degree() == 1:
        return [-coefficients[1] / coefficients[0]]
    if f.degree() == 2:
        a, b, c = coefficients
        root = sp.sqrt(sp.expand(b**2 - 4 * a * c))
        return [sp.expand((-b + s * root) / (2 * a)) for s in (1, -1)]
    return [sp.CRootOf(f.as_expr(), f.gen, k) for k in range(f.degree())]


def _decreasing(value: Any) -> tuple[Any, ...]:
    number = approximate(value)
    return tuple(-round(p, DIGITS // 2) for p in map(
        mpmath.mpf, (abs(number), mpmath.re(number), mpmath.im(number))
    ))


def eigenvector(matrix: Any, value: Any) -> tuple[sp.Expr, ...]:
    """A right eigenvector of a simple eigenvalue, its largest entry 1.

    Parameters
    ----------
    matrix
        Square, exact.
    value
        One of its eigenvalues.

    Raises
    ------
    NoClosedFormError
        If the eigenvalue has more than one eigenvector, or the entries have symbols that leave
        open whether a cofactor vanishes.
    DomainError
        If it is no eigenvalue.

    Examples
    --------
    >>> eigenvector(sp.Matrix([[2, 1], [0, 3]]), 3)
    (1, 1)
    """
    shifted = sp.Matrix(matrix) - value * sp.eye(matrix.rows)
    if all(e.is_Rational for e in shifted):
        vectors = shifted.nullspace()
        if not vectors:
            raise DomainError(f"{value} is no eigenvalue of {matrix}")
        if len(vectors) == 1:
            return _scaled([sp.sympify(e) for e in vectors[0]])
    else:
        columns = range(matrix.rows)
        for i in columns:
            others = [shifted.row(k) for k in columns if k != i]
            cofactors: list[Any] = [
                (-1) ** j * _determinant(others, tuple(k for k in columns if k != j))
                for j in columns
            ]
            if any(c.free_symbols and sp.expand(c) != 0 for c in cofactors):
                common: Any = sp.gcd_list(cofactors)
                return tuple(sp.cancel(c / common) for c in cofactors)
            if not all(c.free_symbols or is_small(approximate(c)) for c in cofactors):
                return _scaled(cofactors)
    raise NoClosedFormError(
        f"the eigenvalue {value} has more than one eigenvector; take a basis from the null space "
        "of spectrum.matrix - value"
    )


def _determinant(rows: Sequence[Any], columns: tuple[int, ...]) -> sp.Expr:
    """By the first row; nothing is expanded or simplified, since entries may be long."""
    if not columns:
        return sp.S.One
    first, *rest = rows
    total: Any = sp.Add(*(
        (-1) ** k * first[j] * _determinant(rest, (*columns[:k], *columns[k + 1:]))
        for k, j in enumerate(columns) if first[j] != 0
    ))
    return total


def _scaled(vector: Sequence[Any]) -> tuple[sp.Expr, ...]:
    sizes = [abs(approximate(e)) for e in vector]
    largest = vector[sizes.index(max(sizes))]
    return tuple(e / largest if e != 0 else sp.S.Zero for e in vector)
