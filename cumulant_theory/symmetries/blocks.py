"""The hierarchical block symmetry of the renormalisation group."""

from dataclasses import dataclass

from cumulant_theory.arguments import brief
from cumulant_theory.errors import SymmetryError
from cumulant_theory.symmetries.actions import (
    PermutationAction,
    SignedPermutation,
    symmetric_group,
)
from cumulant_theory.symmetries.base import Symmetry, positive
from cumulant_theory.symmetries.tying import Tying


@dataclass(frozen=True, repr=False)
class BlockPermutation(Symmetry, name="block_permutation"):
    r"""The wreath product S_b wr S_m: m blocks of b units, permuted inside and as wholes.

    Input unit = block * b + place. Multiples of m b are channels.

    Parameters
    ----------
    blocks : int
        m, the number of blocks.
    size : int
        b, the number of units in a block.
    output : {"units", "blocks", "trivial"}, optional
        What the outputs are: m b units like the inputs, m blocks permuted by S_m (a coarse
        graining), or units left alone. By default the first of these that out_features fits,
        "trivial" only for one output.

    Raises
    ------
    SymmetryError
        If an argument is out of its domain.

    Examples
    --------
    >>> BlockPermutation(blocks=2, size=2).tie(2, 4).matrix()
    Matrix([
    [W_11, W_11, W_13, W_13],
    [W_13, W_13, W_11, W_11]])
    >>> BlockPermutation(blocks=2, size=2).tie(4, 4).dimension
    3
    """

    blocks: int = 2
    size: int = 2
    output: str | None = None

    def __post_init__(self) -> None:
        for label in ("blocks", "size"):
            value = positive(getattr(self, label), f"BlockPermutation: {label}")
            object.__setattr__(self, label, value)
        known = (None, "units", "blocks", "trivial")
        if not isinstance(self.output, str | None) or self.output not in known:
            raise SymmetryError(
                f"BlockPermutation: output={brief(self.output)}; give 'units', 'blocks' or "
                "'trivial'"
            )

    @property
    def latex(self) -> str:
        """LaTeX name of the group."""
        return rf"S_{{{self.size}}} \wr S_{{{self.blocks}}}"

    @classmethod
    def examples(cls) -> tuple[tuple[Symmetry, int, int], ...]:
        """Units to units, to blocks, to one unit, and in channels."""
        return (
            (cls(2, 2), 4, 4),
            (cls(3, 2), 3, 6),
            (cls(2, 3), 1, 6),
            (cls(2, 2), 2, 8),
            (cls(2, 2, output="blocks"), 4, 4),
            (cls(2, 2, output="trivial"), 3, 4),
        )

    def _tie(self, out_features: int, in_features: int) -> Tying:
        m, b = self.blocks, self.size
        output = self.output or self._fitting_output(out_features)
        needed = {"units": m * b, "blocks": m, "trivial": 1}.get(output, 0)
        if in_features % (m * b) or not needed or out_features % needed:
            raise self._misfit(
                out_features,
                in_features,
                f"{m} blocks of {b} units need in_features={m * b} (or a multiple) and "
                f"out_features={m * b} (units), {m} (blocks) or 1",
            )
        # inside: permute the first block; between: permute whole blocks
        inside = [((*g, *range(b, m * b)), tuple(range(m))) for g in symmetric_group(b)]
        between = [
            (tuple(g[k] * b + place for k in range(m) for place in range(b)), g)
            for g in symmetric_group(m)
        ]
        actions = []
        for units, block in inside + between:
            acting = {
                "units": SignedPermutation(units),
                "blocks": SignedPermutation(block),
                "trivial": SignedPermutation.identity(1),
            }
            actions.append(
                PermutationAction(
                    acting[output].channels(out_features // needed),
                    acting["units"].channels(in_features // (m * b)),
                )
            )
        return self._assemble((out_features, in_features), actions, self.latex)

    def _fitting_output(self, out_features: int) -> str:
        if out_features % (self.blocks * self.size) == 0:
            return "units"
        if out_features % self.blocks == 0:
            return "blocks"
        return "trivial" if out_features == 1 else "none"
