"""How one group element acts on the units of a layer: signed permutations and exact matrices."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from numbers import Integral
from typing import Any

import sympy as sp
from sympy.combinatorics import Permutation

from cumulant_theory.errors import SymmetryError


def is_zero(expression: sp.Expr) -> bool:
    """Tell exactly whether a number or a symbolic expression vanishes.

    Parameters
    ----------
    expression : sympy.Expr

    Returns
    -------
    bool

    Examples
    --------
    >>> is_zero((1 + sp.sqrt(2)) ** 2 - 3 - 2 * sp.sqrt(2))
    True
    """
    expanded = sp.expand(expression)
    if expanded.is_Rational:
        return expanded == 0
    return bool(sp.simplify(expanded).equals(0))


@dataclass(frozen=True)
class SignedPermutation:
    """The map e_i -> signs[i] e_images[i] of unit vectors.

    Parameters
    ----------
    images : tuple of int
        A permutation of 0..n-1 in array form.
    signs : tuple of int, optional
        n entries 1 or -1; all 1 when left out.

    Raises
    ------
    SymmetryError
        If `images` is no permutation or `signs` does not belong to it.

    Examples
    --------
    >>> SignedPermutation((1, 0), (1, -1)).matrix
    Matrix([
    [0, -1],
    [1,  0]])
    """

    images: tuple[int, ...]
    signs: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        if not self.signs:
            object.__setattr__(self, "signs", (1,) * len(self.images))
        if not self.images or sorted(self.images) != list(range(len(self.images))):
            raise SymmetryError(
                f"permutation {list(self.images)} is not a rearrangement of 0..n-1 with n >= 1; "
                "give it in array form, each index from 0 once"
            )
        if len(self.signs) != len(self.images) or any(s not in (1, -1) for s in self.signs):
            raise SymmetryError(
                f"signs {list(self.signs)} do not belong to the permutation {list(self.images)}; "
                f"give {len(self.images)} entries, each 1 or -1"
            )

    @classmethod
    def identity(cls, degree: int, sign: int = 1) -> "SignedPermutation":
        """Plus or minus the identity on `degree` units.

        Examples
        --------
        >>> SignedPermutation.identity(2, -1)
        SignedPermutation(images=(0, 1), signs=(-1, -1))
        """
        return cls(tuple(range(degree)), (sign,) * degree)

    @property
    def degree(self) -> int:
        """Number of units acted on."""
        return len(self.images)

    @property
    def is_identity(self) -> bool:
        """Whether every unit stays where it is, with its sign."""
        return self == SignedPermutation.identity(self.degree)

    def channels(self, count: int) -> "SignedPermutation":
        """Repeat the action on `count` channels; unit index = channel * degree + site.

        Examples
        --------
        >>> SignedPermutation((1, 0)).channels(2).images
        (1, 0, 3, 2)
        """
        n = self.degree
        return SignedPermutation(
            tuple(c * n + image for c in range(count) for image in self.images), self.signs * count
        )

    @property
    def matrix(self) -> sp.ImmutableMatrix:
        """The matrix rho with rho e_i = signs[i] e_images[i], shape (n, n)."""
        entries = {(g, i): s for i, (g, s) in enumerate(zip(self.images, self.signs, strict=True))}
        return sp.ImmutableMatrix(sp.SparseMatrix(self.degree, self.degree, entries))


@dataclass(frozen=True)
class PermutationAction:
    """One group element acting by signed permutations on outputs and inputs.

    Parameters
    ----------
    out, inp : SignedPermutation

    Examples
    --------
    >>> swap = SignedPermutation((1, 0))
    >>> PermutationAction(swap, swap).fixes(sp.Matrix([[1, 2], [2, 1]]))
    True
    """

    out: SignedPermutation
    inp: SignedPermutation
    infinitesimal = False

    @cached_property
    def matrices(self) -> tuple[sp.ImmutableMatrix, sp.ImmutableMatrix]:
        """The pair (rho_out, rho_in)."""
        return self.out.matrix, self.inp.matrix

    def fixes(self, W: sp.MatrixBase) -> bool:
        """Whether rho_out W rho_in^-1 = W, entry by entry."""
        for i, (gi, si) in enumerate(zip(self.out.images, self.out.signs, strict=True)):
            for j, (gj, sj) in enumerate(zip(self.inp.images, self.inp.signs, strict=True)):
                moved, here = W[gi, gj], si * sj * W[i, j]
                if moved != here and not is_zero(moved - here):
                    return False
        return True

    def fixes_bias(self, c: sp.MatrixBase) -> bool:
        """Whether rho_out c = c."""
        pairs = enumerate(zip(self.out.images, self.out.signs, strict=True))
        return all(is_zero(c[g, 0] - s * c[i, 0]) for i, (g, s) in pairs)


@dataclass(frozen=True)
class MatrixAction:
    """One group element, or one Lie-algebra element, acting by exact matrices.

    Parameters
    ----------
    out, inp : sympy.ImmutableMatrix
        rho_out and rho_in; drho_out and drho_in when `infinitesimal`.
    infinitesimal : bool

    Examples
    --------
    >>> J = sp.ImmutableMatrix([[0, -1], [1, 0]])
    >>> MatrixAction(J, J, infinitesimal=True).fixes(sp.Matrix([[2, -3], [3, 2]]))
    True
    """

    out: sp.ImmutableMatrix
    inp: sp.ImmutableMatrix
    infinitesimal: bool = False

    @property
    def matrices(self) -> tuple[sp.ImmutableMatrix, sp.ImmutableMatrix]:
        """The pair (rho_out, rho_in), or (drho_out, drho_in)."""
        return self.out, self.inp

    def fixes(self, W: sp.MatrixBase) -> bool:
        """Whether rho_out W = W rho_in; the same equation holds at Lie-algebra level."""
        return all(is_zero(entry) for entry in self.out * W - W * self.inp)

    def fixes_bias(self, c: sp.MatrixBase) -> bool:
        """Whether rho_out c = c, or drho_out c = 0."""
        moved = self.out * c
        return all(is_zero(entry) for entry in (moved if self.infinitesimal else moved - c))


Action = PermutationAction | MatrixAction


def as_images(permutation: Permutation | Sequence[int], owner: str) -> tuple[int, ...]:
    """Read a SymPy Permutation or an array form as a tuple of images.

    Parameters
    ----------
    permutation : sympy.combinatorics.Permutation or sequence of int
    owner : str
        Who asks; begins the error message.

    Returns
    -------
    tuple of int

    Raises
    ------
    SymmetryError
        If it is neither of the two.

    Examples
    --------
    >>> as_images(Permutation(0, 1, 2), "example")
    (1, 2, 0)
    """
    if isinstance(permutation, Permutation):
        return tuple(permutation.array_form)
    try:
        entries = list(permutation)
    except TypeError:
        entries = None
    if entries is None or not all(
        isinstance(entry, Integral | sp.Integer) and not isinstance(entry, bool)
        for entry in entries
    ):
        raise SymmetryError(
            f"{owner}: {permutation!r} is not a permutation; give a sympy Permutation or an array "
            "form such as [1, 2, 0]"
        )
    return tuple(int(entry) for entry in entries)


def exact_matrix(matrix: Any, owner: str) -> sp.ImmutableMatrix:
    """Read a square matrix of real algebraic numbers; floats are refused.

    Parameters
    ----------
    matrix : sympy Matrix or nested sequence
    owner : str
        Who asks; begins the error message.

    Returns
    -------
    sympy.ImmutableMatrix

    Raises
    ------
    SymmetryError
        If it is not square or an entry is not an exact real algebraic number.

    Examples
    --------
    >>> exact_matrix([[0, -1], [1, 0]], "example")
    Matrix([
    [0, -1],
    [1,  0]])
    """
    try:
        rows = matrix.tolist() if hasattr(matrix, "tolist") else [list(row) for row in matrix]
        result = sp.ImmutableMatrix([[_exact_number(entry, owner) for entry in r] for r in rows])
    except (TypeError, ValueError) as error:
        if isinstance(error, SymmetryError):
            raise
        raise SymmetryError(
            f"{owner}: {matrix!r} is not a matrix; give a sympy Matrix or a list of rows"
        ) from error
    if result.rows != result.cols or result.rows == 0:
        raise SymmetryError(
            f"{owner}: a generator has shape {result.rows} x {result.cols}; group elements act by "
            "square matrices"
        )
    return result


def _exact_number(entry: Any, owner: str) -> sp.Expr:
    if isinstance(entry, Fraction):
        return sp.Rational(entry.numerator, entry.denominator)
    if isinstance(entry, Integral) and not isinstance(entry, bool):
        return sp.Integer(int(entry))
    if isinstance(entry, sp.Expr) and not entry.has(sp.Float) and entry.is_algebraic:
        real = entry.is_real
        if real is None:
            real = is_zero(sp.im(entry))
        if real:
            return entry
    raise SymmetryError(
        f"{owner}: entry {entry!r} is not an exact real algebraic number; write it with ints, "
        "Fractions, sympy Rationals or roots (floats would blur the group)"
    )


def symmetric_group(n: int) -> tuple[tuple[int, ...], ...]:
    """Generators of S_n in array form: a transposition and the n-cycle.

    Examples
    --------
    >>> symmetric_group(3)
    ((1, 0, 2), (1, 2, 0))
    >>> symmetric_group(1)
    ()
    """
    if n == 1:
        return ()
    swap = (1, 0, *range(2, n))
    return (swap,) if n == 2 else (swap, cycle(n))


def cycle(n: int) -> tuple[int, ...]:
    """The shift i -> i + 1 modulo n in array form.

    Examples
    --------
    >>> cycle(4)
    (1, 2, 3, 0)
    """
    return tuple((i + 1) % n for i in range(n))


def same_action(
    generators: Iterable[Sequence[int]], out_channels: int, in_channels: int
) -> list[PermutationAction]:
    """Let site permutations act on the channels of both sides; 0 channels: one fixed unit.

    Examples
    --------
    >>> [(a.out.images, a.inp.images) for a in same_action([(1, 0)], 0, 2)]
    [((0,), (1, 0, 3, 2))]
    """
    one = SignedPermutation.identity(1)
    sites = [SignedPermutation(tuple(g)) for g in generators]
    return [
        PermutationAction(
            g.channels(out_channels) if out_channels else one,
            g.channels(in_channels) if in_channels else one,
        )
        for g in sites
    ]
