"""Any group from its generators: permutations, signed permutations, matrices, Lie algebras."""

from abc import abstractmethod
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

import sympy as sp

from cumulant_theory.arguments import check_name, explained
from cumulant_theory.errors import SymmetryError
from cumulant_theory.symmetries.actions import (
    Action,
    MatrixAction,
    PermutationAction,
    SignedPermutation,
    as_images,
    exact_matrix,
    is_zero,
)
from cumulant_theory.symmetries.base import Symmetry
from cumulant_theory.symmetries.tying import Tying


@dataclass(frozen=True, repr=False)
class FromGenerators(Symmetry):
    """Generator k acts on the outputs by out_generators[k], on the inputs by in_generators[k].

    The group is the one that these pairs generate, so the two lists need not agree in any
    other way than in their length. Degrees of the layer must be those of the generators.
    """

    out_generators: tuple[Any, ...]
    in_generators: tuple[Any, ...]
    group: str = field(default="G", repr=False)

    @explained
    def __post_init__(self) -> None:
        owner = type(self).__name__
        check_name(self.group, f"{owner}: group")
        sides = []
        for label in ("out_generators", "in_generators"):
            given = getattr(self, label)
            if not isinstance(given, Iterable):
                raise SymmetryError(f"{owner}: {label}={given!r}; give a list of generators")
            elements = tuple(self._read(g) for g in given)
            if len({self._degree(g) for g in elements}) > 1:
                degrees = ", ".join(str(self._degree(g)) for g in elements)
                raise SymmetryError(
                    f"{owner}: {label} have the degrees {degrees}; give all the same, fixed "
                    "units included"
                )
            object.__setattr__(self, label, elements)
            sides.append(elements)
        if len(sides[0]) != len(sides[1]) or not sides[0]:
            raise SymmetryError(
                f"{owner}: {len(sides[0])} out_generators but {len(sides[1])} in_generators; give "
                "at least one, and each its partner on the other side (the identity where it "
                "does nothing)"
            )

    @abstractmethod
    def _read(self, generator: Any) -> Any:
        """Bring one generator into its exact hashable form."""

    @abstractmethod
    def _degree(self, generator: Any) -> int:
        """Number of units that it acts on."""

    @abstractmethod
    def _action(self, out: Any, inp: Any) -> Action:
        """The action of one pair."""

    @property
    def latex(self) -> str:
        """LaTeX name of the group."""
        return self.group

    def _tie(self, out_features: int, in_features: int) -> Tying:
        wanted = (self._degree(self.out_generators[0]), self._degree(self.in_generators[0]))
        if (out_features, in_features) != wanted:
            raise self._misfit(
                out_features,
                in_features,
                f"the generators act on out_features={wanted[0]} and in_features={wanted[1]}",
            )
        pairs = zip(self.out_generators, self.in_generators, strict=True)
        actions = [self._action(out, inp) for out, inp in pairs]
        return self._assemble(wanted, actions, self.group)


@explained
@dataclass(frozen=True, repr=False)
class Permutations(FromGenerators, name="permutations"):
    """A permutation group given by generators: one weight per orbit on (output, input) pairs.

    Parameters
    ----------
    out_generators, in_generators : list of sympy Permutation or array form
    group : str
        LaTeX name, for display.

    Raises
    ------
    SymmetryError
        If a generator is no permutation, or degrees or lengths differ.

    Examples
    --------
    >>> Permutations([[1, 0]], [[1, 0, 3, 2]]).tie(2, 4).matrix()
    Matrix([
    [W_11, W_12, W_13, W_14],
    [W_12, W_11, W_14, W_13]])
    """

    @classmethod
    def examples(cls) -> tuple[tuple[Symmetry, int, int], ...]:
        """A double swap; an intransitive group."""
        return (
            (cls(((1, 0),), ((1, 0, 3, 2),)), 2, 4),
            (cls(((0, 1, 2), (1, 2, 0)), ((1, 0, 2, 3), (0, 1, 3, 2))), 3, 4),
        )

    def _read(self, generator: Any) -> tuple[int, ...]:
        return SignedPermutation(as_images(generator, "Permutations")).images

    def _degree(self, generator: Any) -> int:
        return len(generator)

    def _action(self, out: Any, inp: Any) -> Action:
        return PermutationAction(SignedPermutation(out), SignedPermutation(inp))


@explained
@dataclass(frozen=True, repr=False)
class SignedPermutations(FromGenerators, name="signed_permutations"):
    """A group of signed permutations e_i -> signs[i] e_images[i]; signs can force zeros.

    Parameters
    ----------
    out_generators, in_generators : list of pairs (images, signs)
        images a sympy Permutation or array form, signs a list of 1 and -1.
    group : str
        LaTeX name, for display.

    Raises
    ------
    SymmetryError
        If a generator is no signed permutation, or degrees or lengths differ.

    Examples
    --------
    >>> SignedPermutations([([0], [-1])], [([1, 0], [1, 1])]).tie(1, 2).matrix("w")
    Matrix([[w, -w]])
    """

    @classmethod
    def examples(cls) -> tuple[tuple[Symmetry, int, int], ...]:
        """Antisymmetric weights; the quarter turn; one that forces all weights to zero."""
        turn = ((1, 0), (1, -1))
        return (
            (cls((((0,), (-1,)),), (((1, 0), (1, 1)),)), 1, 2),
            (cls((turn,), (turn,)), 2, 2),
            (cls((((0,), (1,)),), (turn,)), 1, 2),
        )

    def _read(self, generator: Any) -> tuple[tuple[int, ...], tuple[int, ...]]:
        if isinstance(generator, Sequence) and len(generator) == 2:
            images, signs = generator
            if isinstance(signs, Sequence) and all(s in (1, -1) for s in signs):
                read = as_images(images, "SignedPermutations")
                signed = SignedPermutation(read, tuple(int(s) for s in signs) or (0,))
                return signed.images, signed.signs
        raise SymmetryError(
            f"SignedPermutations: {generator!r} is not a pair (images, signs); give for instance "
            "([1, 0], [1, -1])"
        )

    def _degree(self, generator: Any) -> int:
        return len(generator[0])

    def _action(self, out: Any, inp: Any) -> Action:
        return PermutationAction(SignedPermutation(*out), SignedPermutation(*inp))


@explained
@dataclass(frozen=True, repr=False)
class MatrixGroup(FromGenerators, name="matrix_group"):
    """A group of invertible exact matrices: rho_out W = W rho_in by null space.

    Parameters
    ----------
    out_generators, in_generators : list of square matrices
        Entries real algebraic numbers (ints, Fractions, sympy Rationals, roots); no floats.
    group : str
        LaTeX name, for display.

    Raises
    ------
    SymmetryError
        If a matrix is not square, not exact or not invertible, or degrees or lengths differ.

    Examples
    --------
    >>> third = [[0, -1], [1, -1]]
    >>> MatrixGroup([third], [third]).tie(2, 2).matrix()
    Matrix([
    [ W_11,        W_12],
    [-W_12, W_11 + W_12]])
    """

    @classmethod
    def examples(cls) -> tuple[tuple[Symmetry, int, int], ...]:
        """A rational turn of order 3; the same between other bases; one with roots."""
        third = ((0, -1), (1, -1))
        other = ((-1, 1), (-1, 0))
        half = sp.Rational(1, 2)
        sixth = ((half, -sp.sqrt(3) / 2), (sp.sqrt(3) / 2, half))
        return (
            (cls((third,), (third,)), 2, 2),
            (cls((third,), (other,)), 2, 2),
            (cls((sixth,), (sixth,)), 2, 2),
            (cls((sixth,), (((0, -1), (1, 1)),)), 2, 2),
        )

    def _read(self, generator: Any) -> sp.ImmutableMatrix:
        matrix = exact_matrix(generator, "MatrixGroup")
        if is_zero(sp.expand(matrix.det())):
            raise SymmetryError(
                f"MatrixGroup: {matrix} is not invertible, so it is no group element; for "
                "infinitesimal generators use LieAlgebra"
            )
        return matrix

    def _degree(self, generator: Any) -> int:
        return generator.rows

    def _action(self, out: Any, inp: Any) -> Action:
        return MatrixAction(out, inp)


@explained
@dataclass(frozen=True, repr=False)
class LieAlgebra(FromGenerators, name="lie_algebra"):
    """A connected Lie group by its Lie algebra: drho_out(X) W = W drho_in(X), drho_out(X) c = 0.

    Parameters
    ----------
    out_generators, in_generators : list of square matrices
        Entries real algebraic numbers (ints, Fractions, sympy Rationals, roots); no floats.
    group : str
        LaTeX name, for display.

    Raises
    ------
    SymmetryError
        If a matrix is not square or not exact, or degrees or lengths differ.

    References
    ----------
    Finzi, Welling, Wilson, arXiv:2104.09459, eq. (4).

    Examples
    --------
    >>> J = [[0, -1], [1, 0]]
    >>> LieAlgebra([J], [J]).tie(2, 2).dimension
    2
    """

    @classmethod
    def examples(cls) -> tuple[tuple[Symmetry, int, int], ...]:
        """Rotations; shear; translation-like invariance onto a scalar."""
        turn = ((0, -1), (1, 0))
        shear = ((0, 1), (0, 0))
        return (
            (cls((turn,), (turn,)), 2, 2),
            (cls((shear,), (shear,)), 2, 2),
            (cls((((0,),),), (((1, -1, 0), (0, 1, -1), (-1, 0, 1)),)), 1, 3),
        )

    def _read(self, generator: Any) -> sp.ImmutableMatrix:
        return exact_matrix(generator, "LieAlgebra")

    def _degree(self, generator: Any) -> int:
        return generator.rows

    def _action(self, out: Any, inp: Any) -> Action:
        return MatrixAction(out, inp, infinitesimal=True)
