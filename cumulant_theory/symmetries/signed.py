"""Symmetries that change signs: odd networks and antisymmetric weights."""

from dataclasses import dataclass

from cumulant_theory.errors import SymmetryError
from cumulant_theory.symmetries.actions import PermutationAction, SignedPermutation, cycle
from cumulant_theory.symmetries.base import Symmetry, positive
from cumulant_theory.symmetries.tying import Tying


@dataclass(frozen=True, repr=False)
class SignFlip(Symmetry, name="sign_flip"):
    """x -> -x on both sides: weights free, the bias forced to zero.

    With odd activations the whole network is an odd function.

    Examples
    --------
    >>> SignFlip().tie(2, 2).dimension, SignFlip().tie(2, 2).bias_dimension
    (4, 0)
    """

    @property
    def latex(self) -> str:
        """LaTeX name of the group."""
        return r"\mathbb{Z}_{2}"

    @classmethod
    def examples(cls) -> tuple[tuple[Symmetry, int, int], ...]:
        """Any shape fits."""
        return ((cls(), 1, 1), (cls(), 2, 3))

    def _hypotheses(self, group: str, units: str) -> tuple[str, ...]:
        return (
            "the layer commutes with the sign flip x -> -x of inputs and outputs",
            "bias of the layer is zero",
        )

    def _tie(self, out_features: int, in_features: int) -> Tying:
        flip = PermutationAction(
            SignedPermutation.identity(out_features, -1),
            SignedPermutation.identity(in_features, -1),
        )
        return self._assemble((out_features, in_features), [flip], self.latex)


@dataclass(frozen=True, repr=False)
class Alternating(Symmetry, name="alternating"):
    """The shift of the inputs acts as -1 on every output: weights w, -w, w, -w, ...

    The outputs carry the alternating sign representation of C_n, n even; the bias is forced to
    zero. For two inputs this is the sign representation of S_2 (for S_n with n > 2 that
    representation does not occur in R^n, and all weights would vanish).

    Parameters
    ----------
    degree : int, optional
        Number of sites n, even; by default in_features. A multiple of it makes input channels.

    Raises
    ------
    SymmetryError
        If degree is not a positive even integer.

    Examples
    --------
    >>> Alternating().tie(2, 2).matrix()
    Matrix([
    [W_11, -W_11],
    [W_21, -W_21]])
    """

    degree: int | None = None

    def __post_init__(self) -> None:
        if self.degree is not None:
            degree = positive(self.degree, "Alternating: degree")
            object.__setattr__(self, "degree", degree)
            if degree % 2:
                raise SymmetryError(
                    f"Alternating: degree={degree} is odd, and the {degree}-fold shift would force "
                    "all weights to zero; give an even degree"
                )

    @property
    def latex(self) -> str:
        """LaTeX name of the group."""
        return f"C_{{{'n' if self.degree is None else self.degree}}}"

    @classmethod
    def examples(cls) -> tuple[tuple[Symmetry, int, int], ...]:
        """Any number of outputs, an even number of inputs."""
        return ((cls(), 1, 2), (cls(), 3, 4), (cls(degree=2), 2, 4))

    def _hypotheses(self, group: str, units: str) -> tuple[str, ...]:
        return (
            f"the shift of {group} on the inputs changes the sign of every output of the layer",
            "bias of the layer is zero",
        )

    def _tie(self, out_features: int, in_features: int) -> Tying:
        n = in_features if self.degree is None else self.degree
        if n % 2:
            raise self._misfit(
                out_features,
                in_features,
                f"shifting {n} inputs {n} times, an odd number, is the identity but would change "
                f"the sign of the outputs, so all weights would be zero; use an even in_features "
                f"such as {n + 1}",
            )
        if in_features % n:
            raise self._misfit(
                out_features, in_features, f"C_{n} acts on {n} sites; use in_features={n} or 2*{n}"
            )
        shift = PermutationAction(
            SignedPermutation.identity(out_features, -1),
            SignedPermutation(cycle(n)).channels(in_features // n),
        )
        return self._assemble((out_features, in_features), [shift], f"C_{{{n}}}")
