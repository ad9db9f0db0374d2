"""The symmetric group on the inputs, and on inputs and outputs together."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from cumulant_theory.symmetries.actions import (
    PermutationAction,
    SignedPermutation,
    symmetric_group,
)
from cumulant_theory.symmetries.base import SiteSymmetry, Symmetry
from cumulant_theory.symmetries.tying import Tying


@dataclass(frozen=True, repr=False)
class PermutationEquivariant(SiteSymmetry, name="permutation_equivariant"):
    """S_n on inputs and outputs: lambda I + gamma 1 1^T for every pair of channels.

    Unit index = channel * degree + site; a side of one unit is left alone, so that a single
    output gives the permutation-invariant layer.

    Parameters
    ----------
    degree : int, optional
        Number of sites n; by default read off the layer (see `SiteSymmetry`).

    Raises
    ------
    SymmetryError
        If degree is not a positive integer.

    References
    ----------
    Zaheer et al., Deep Sets, arXiv:1703.06114, Lemma 3.

    Examples
    --------
    >>> PermutationEquivariant().tie(3, 3).matrix()
    Matrix([
    [W_11, W_12, W_12],
    [W_12, W_11, W_12],
    [W_12, W_12, W_11]])
    """

    def _group(self, degree: object) -> str:
        return f"S_{{{degree}}}"

    def _site_generators(self, degree: int) -> Iterable[Sequence[int]]:
        return symmetric_group(degree)


@dataclass(frozen=True, repr=False)
class PermutationInvariant(PermutationEquivariant, name="permutation_invariant"):
    """S_n on the inputs, nothing on the outputs: every row constant, the bias free.

    Parameters
    ----------
    degree : int, optional
        Number of sites n; by default in_features. A multiple of it makes input channels, and
        a row is constant on each.

    Raises
    ------
    SymmetryError
        If degree is not a positive integer.

    Examples
    --------
    >>> PermutationInvariant().tie(2, 3).matrix()
    Matrix([
    [W_11, W_11, W_11],
    [W_21, W_21, W_21]])
    """

    @classmethod
    def examples(cls) -> tuple[tuple[Symmetry, int, int], ...]:
        """Any number of outputs fits."""
        return ((cls(), 1, 2), (cls(), 3, 2), (cls(), 2, 1), (cls(degree=2), 3, 4))

    def _tie(self, out_features: int, in_features: int) -> Tying:
        n = in_features if self.degree is None else self.degree
        if in_features % n:
            raise self._misfit(
                out_features, in_features, f"S_{n} acts on {n} sites; use in_features={n} or 2*{n}"
            )
        fixed = SignedPermutation.identity(out_features)
        actions = [
            PermutationAction(fixed, SignedPermutation(g).channels(in_features // n))
            for g in symmetric_group(n)
        ]
        return self._assemble((out_features, in_features), actions, self._group(n))
