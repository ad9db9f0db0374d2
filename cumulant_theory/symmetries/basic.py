"""The two ends of the catalogue: free weights, and one weight for all."""

from dataclasses import dataclass

from cumulant_theory.symmetries.actions import (
    PermutationAction,
    SignedPermutation,
    symmetric_group,
)
from cumulant_theory.symmetries.base import Symmetry
from cumulant_theory.symmetries.tying import Tying


@dataclass(frozen=True, repr=False)
class Free(Symmetry, name="free"):
    """No constraint: the trivial group, every weight and bias a parameter.

    Examples
    --------
    >>> Free().tie(2, 2).matrix()
    Matrix([
    [W_11, W_12],
    [W_21, W_22]])
    """

    @property
    def latex(self) -> str:
        """LaTeX name of the trivial group."""
        return r"\{e\}"

    @classmethod
    def examples(cls) -> tuple[tuple[Symmetry, int, int], ...]:
        """Any shape fits."""
        return ((cls(), 1, 1), (cls(), 2, 3), (cls(), 3, 1))

    def _hypotheses(self, group: str, units: str) -> tuple[str, ...]:
        return ()

    def _tie(self, out_features: int, in_features: int) -> Tying:
        return self._assemble((out_features, in_features), (), self.latex)


@dataclass(frozen=True, repr=False)
class Shared(Symmetry, name="shared"):
    """All weights equal and all biases equal: S_out x S_in, each permuting its own side.

    Examples
    --------
    >>> Shared().tie(2, 2).matrix(), Shared().tie(2, 2).bias()
    (Matrix([
    [W, W],
    [W, W]]), Matrix([
    [c],
    [c]]))
    """

    @property
    def latex(self) -> str:
        """LaTeX name of the group."""
        return r"S_{m} \times S_{n}"

    @classmethod
    def examples(cls) -> tuple[tuple[Symmetry, int, int], ...]:
        """Any shape fits."""
        return ((cls(), 1, 1), (cls(), 2, 3), (cls(), 4, 1))

    def _hypotheses(self, group: str, units: str) -> tuple[str, ...]:
        return ("all weights of the layer are equal", "all biases of the layer are equal")

    def _tie(self, out_features: int, in_features: int) -> Tying:
        out_fixed = SignedPermutation.identity(out_features)
        in_fixed = SignedPermutation.identity(in_features)
        actions = [
            PermutationAction(SignedPermutation(g), in_fixed) for g in symmetric_group(out_features)
        ]
        actions += [
            PermutationAction(out_fixed, SignedPermutation(g)) for g in symmetric_group(in_features)
        ]
        group = rf"S_{{{out_features}}} \times S_{{{in_features}}}"
        return self._assemble((out_features, in_features), actions, group)
