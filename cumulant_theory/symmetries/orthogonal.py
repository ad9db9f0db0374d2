"""Continuous groups: O(n) on n-vectors, SO(2) on the plane."""

from dataclasses import dataclass

import sympy as sp

from cumulant_theory.symmetries.actions import Action, MatrixAction
from cumulant_theory.symmetries.base import Symmetry, plain, positive
from cumulant_theory.symmetries.tying import Tying


@dataclass(frozen=True, repr=False)
class Orthogonal(Symmetry, name="orthogonal"):
    """O(n) on n-vectors: A (x) I_n, one weight per pair of channels, no bias (none for n = 1).

    Unit index = channel * n + component. The generators are the plane rotations of so(n), as
    Lie-algebra elements, and one reflection.

    Parameters
    ----------
    n : int, optional
        Length of the vectors; by default the smaller of in_features and out_features, of which
        the other must be a multiple. O(n) maps no vector to a scalar linearly except by zero.

    Raises
    ------
    SymmetryError
        If n is not a positive integer.

    References
    ----------
    Villar et al., Scalars are universal, arXiv:2106.06610.

    Examples
    --------
    >>> Orthogonal().tie(4, 2).matrix()
    Matrix([
    [W_11,    0],
    [   0, W_11],
    [W_31,    0],
    [   0, W_31]])
    """

    n: int | None = None

    def __post_init__(self) -> None:
        if self.n is not None:
            object.__setattr__(self, "n", positive(self.n, "Orthogonal: n"))

    @property
    def latex(self) -> str:
        """LaTeX name of the group."""
        return f"O({'n' if self.n is None else self.n})"

    @classmethod
    def examples(cls) -> tuple[tuple[Symmetry, int, int], ...]:
        """One vector to one, and channels."""
        return ((cls(), 3, 3), (cls(), 4, 2), (cls(n=2), 4, 6), (cls(n=1), 2, 3))

    def _tie(self, out_features: int, in_features: int) -> Tying:
        small, large = sorted((out_features, in_features))
        n = small if self.n is None else self.n
        if (self.n is None and n == 1 < large) or out_features % n or in_features % n:
            wanted = self.n or large
            raise self._misfit(
                out_features,
                in_features,
                f"both must be multiples of the vector length {wanted}, since no linear map from "
                "vectors to scalars commutes with rotations except zero; use "
                f"out_features={wanted * max(1, out_features // wanted)}, "
                f"in_features={wanted * max(1, in_features // wanted)}",
            )
        actions: list[Action] = []
        for k in range(n - 1):
            actions.append(_on_channels(_rotation(n, k), out_features, in_features, True))
        mirror = sp.diag(-1, *[1] * (n - 1))
        actions.append(_on_channels(mirror, out_features, in_features, False))
        # Schur: R^n is absolutely irreducible, so its endomorphisms are the multiples of I_n
        basis = tuple(
            tuple(((p * n + k, q * n + k), sp.S.One) for k in range(n))
            for p in range(out_features // n)
            for q in range(in_features // n)
        )
        return self._assemble((out_features, in_features), actions, f"O({n})", basis)


@dataclass(frozen=True, repr=False)
class SO2(Symmetry, name="so2"):
    """Rotations of the plane: a I + b J for every pair of channels, J the quarter turn; no bias.

    Unit index = channel * 2 + component. The generator is the Lie-algebra element J.

    Examples
    --------
    >>> SO2().tie(2, 2).matrix()
    Matrix([
    [ W_11, W_12],
    [-W_12, W_11]])
    """

    @property
    def latex(self) -> str:
        """LaTeX name of the group."""
        return r"\mathrm{SO}(2)"

    @classmethod
    def examples(cls) -> tuple[tuple[Symmetry, int, int], ...]:
        """One vector to one, and channels."""
        return ((cls(), 2, 2), (cls(), 4, 2), (cls(), 2, 4))

    def _tie(self, out_features: int, in_features: int) -> Tying:
        if out_features % 2 or in_features % 2:
            raise self._misfit(
                out_features,
                in_features,
                f"{plain(self.latex)} acts on pairs of units, and no linear map from them to a "
                "scalar commutes with it except zero; use even in_features and out_features",
            )
        turn = _on_channels(_rotation(2, 0), out_features, in_features, True)
        return self._assemble((out_features, in_features), [turn], self.latex)


def _rotation(n: int, k: int) -> sp.Matrix:
    """The element of so(n) that turns axis k into axis k + 1."""
    return sp.Matrix(sp.SparseMatrix(n, n, {(k + 1, k): 1, (k, k + 1): -1}))


def _on_channels(
    matrix: sp.MatrixBase, out_features: int, in_features: int, infinitesimal: bool
) -> MatrixAction:
    n = matrix.rows
    return MatrixAction(
        sp.ImmutableMatrix(sp.diag(*[matrix] * (out_features // n))),
        sp.ImmutableMatrix(sp.diag(*[matrix] * (in_features // n))),
        infinitesimal,
    )
