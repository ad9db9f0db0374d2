"""Which finite sequences of cumulants belong to a law on the line."""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import sympy as sp

from ..algebra import moments_from_cumulants
from .domains import sign


class Obstruction(NamedTuple):
    """Why no law has a sequence of cumulants.

    Attributes
    ----------
    order
        Order of the cumulant at fault.
    determinant
        Negative determinant of the moment matrix to that order; None where it is a singular matrix
        that fixes the cumulant otherwise.
    atoms
        Number of points of the law that the lower cumulants have, where the matrix is singular.
    """

    order: int
    determinant: sp.Expr | None = None
    atoms: int | None = None


def obstruction(
    kappa: Sequence[Any], sign: Callable[[sp.Expr], int | None] = sign
) -> Obstruction | None:
    """What keeps kappa_1..kappa_n from being the cumulants of a law; None if some law has them.

    The truncated Hamburger moment problem of m_0..m_n has a solution iff the leading principal
    minors of the Hankel matrix (m_{i+j}) are positive, or positive up to a first zero minor of
    size k + 1 after which all moments follow the recurrence of a law with k atoms.

    Parameters
    ----------
    kappa
        Cumulants, first order first; the mean is not looked at.
    sign
        Sign of a polynomial or rational function of them.

    References
    ----------
    Curto & Fialkow, Houston J. Math. 17, 603 (1991), theorems 3.1 and 3.9.

    Examples
    --------
    >>> obstruction([0, 1, 0, -2]), obstruction([0, 1, 0, -3])
    (None, Obstruction(order=4, determinant=-1, atoms=None))
    """
    m = [sp.S.One, *moments_from_cumulants([sp.Integer(0), *kappa[1:]])]
    for k in range(1, (len(m) - 1) // 2 + 1):
        hankel = sp.Matrix([[sp.expand(m[i + j]) for j in range(k + 1)] for i in range(k + 1)])
        determinant: Any = sp.expand(hankel.det(method="berkowitz"))
        s = sign(determinant)
        if s == 1:
            continue
        if s != 0:
            return Obstruction(2 * k, determinant)
        rule = hankel.extract(range(k), range(k)).LUsolve(sp.Matrix(m[k : 2 * k]))
        for r in range(2 * k + 1, len(m)):
            follows = sum(rule[i] * m[r - k + i] for i in range(k))
            if sign(sp.expand(m[r] - follows)) not in (0, None):
                return Obstruction(r, atoms=k)
        return None
    return None
