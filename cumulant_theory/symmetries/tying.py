"""The exact weight tying that a symmetry imposes on one affine layer."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any, cast

import sympy as sp
from sympy.combinatorics import Permutation, PermutationGroup

from cumulant_theory.arguments import check_name, explained
from cumulant_theory.errors import SymmetryError
from cumulant_theory.symmetries.actions import Action, PermutationAction
from cumulant_theory.symmetries.solve import Vector
from cumulant_theory.symmetries.vectors import (
    combination,
    dual_vectors,
    exact_entries,
    inner_products,
)


@dataclass(frozen=True)
class Tying:
    """The linear space of weights W and biases c that commute with a group.

    W obeys rho_out(g) W rho_in(g)^-1 = W and c obeys rho_out(g) c = c for all g. The object is
    immutable and exact; make it with :meth:`Symmetry.tie`.

    Parameters
    ----------
    out_features, in_features : int
    weight_vectors, bias_vectors : tuple
        Basis members as sorted tuples ((i, j), coefficient); each owns its first pair, where its
        coefficient is 1 and every other member vanishes.
    actions : tuple of PermutationAction or MatrixAction
        Generators of the group.
    group : str
        LaTeX name of the group.
    hypotheses : tuple of str
        What a derivation that uses the tying assumes.

    Notes
    -----
    Parameter k of the weights is the entry of W at the first pair of basis member k.

    References
    ----------
    Ziyin et al., arXiv:2502.05300: the breaking distance \\|theta - P_G theta\\|^2.

    Examples
    --------
    >>> from cumulant_theory.symmetries import PermutationEquivariant
    >>> tying = PermutationEquivariant().tie(2, 2)
    >>> tying.matrix()
    Matrix([
    [W_11, W_12],
    [W_12, W_11]])
    >>> tying.breaking_distance([[1, 0], [0, 0]])
    1/2
    """

    out_features: int
    in_features: int
    weight_vectors: tuple[Vector, ...]
    bias_vectors: tuple[Vector, ...]
    actions: tuple[Action, ...]
    group: str = ""
    hypotheses: tuple[str, ...] = ()

    def __repr__(self) -> str:
        return (
            f"<Tying {self.out_features} x {self.in_features}, group {self.group}: "
            f"{self.dimension} weight and {self.bias_dimension} bias parameters>"
        )

    def _repr_latex_(self) -> str:
        from .display import matrix_tex

        return rf"$\displaystyle {matrix_tex(self)}$"

    def _repr_html_(self) -> str:
        from .display import tying_card

        return tying_card(self)

    @property
    def basis(self) -> tuple[dict[tuple[int, int], sp.Expr], ...]:
        """Basis of the weights, one {(i, j): coefficient} per parameter."""
        return tuple(dict(vector) for vector in self.weight_vectors)

    @property
    def bias_basis(self) -> tuple[dict[int, sp.Expr], ...]:
        """Basis of the bias, one {i: coefficient} per parameter."""
        return tuple({i: value for (i, _), value in vector} for vector in self.bias_vectors)

    @property
    def dimension(self) -> int:
        """Number of free weights."""
        return len(self.weight_vectors)

    @property
    def bias_dimension(self) -> int:
        """Number of free biases."""
        return len(self.bias_vectors)

    @property
    def generators(self) -> tuple[tuple[sp.ImmutableMatrix, sp.ImmutableMatrix], ...]:
        """The pairs (rho_out, rho_in) of the generators; see :attr:`infinitesimal`."""
        return tuple(action.matrices for action in self.actions)

    @property
    def infinitesimal(self) -> tuple[bool, ...]:
        """For each generator, whether it is a Lie-algebra element."""
        return tuple(action.infinitesimal for action in self.actions)

    @explained
    def symbols(self, name: str = "W") -> tuple[sp.Symbol, ...]:
        """Weight parameters, named by the first entry in which they stand.

        Parameters
        ----------
        name : str
            Base name; the parameter itself is called so when it is the only one.

        Returns
        -------
        tuple of sympy.Symbol
            name_ij, 1-based; name_i,j from 10 units on.

        Examples
        --------
        >>> from cumulant_theory.symmetries import Cyclic, Shared
        >>> Cyclic().tie(3, 3).symbols(), Shared().tie(3, 3).symbols("v")
        ((W_11, W_12, W_13), (v,))
        """
        check_name(name, "weights: name")
        if self.dimension == 1:
            return (sp.Symbol(name),)
        comma = "," if max(self.out_features, self.in_features) >= 10 else ""
        firsts = (vector[0][0] for vector in self.weight_vectors)
        return tuple(sp.Symbol(f"{name}_{i + 1}{comma}{j + 1}") for i, j in firsts)

    @explained
    def bias_symbols(self, name: str = "c") -> tuple[sp.Symbol, ...]:
        """Bias parameters, named as in :meth:`symbols` with one index.

        Examples
        --------
        >>> from cumulant_theory.symmetries import Free
        >>> Free().tie(2, 3).bias_symbols()
        (c_1, c_2)
        """
        check_name(name, "bias: name")
        if self.bias_dimension == 1:
            return (sp.Symbol(name),)
        return tuple(sp.Symbol(f"{name}_{vector[0][0][0] + 1}") for vector in self.bias_vectors)

    def matrix(self, name: str = "W") -> sp.ImmutableMatrix:
        """The parametrised weight matrix, shape (out_features, in_features).

        Examples
        --------
        >>> from cumulant_theory.symmetries import Alternating
        >>> Alternating().tie(1, 2).matrix("w")
        Matrix([[w, -w]])
        """
        shape = (self.out_features, self.in_features)
        return combination(self.symbols(name), self.weight_vectors, shape)

    def bias(self, name: str = "c") -> sp.ImmutableMatrix:
        """The parametrised bias column, shape (out_features, 1).

        Examples
        --------
        >>> from cumulant_theory.symmetries import SignFlip
        >>> SignFlip().tie(1, 2).bias()
        Matrix([[0]])
        """
        return combination(self.bias_symbols(name), self.bias_vectors, (self.out_features, 1))

    @explained
    def project(self, W: Any) -> sp.ImmutableMatrix:
        """The nearest equivariant matrix P_G W in the Frobenius norm, exactly.

        Parameters
        ----------
        W : sympy Matrix or list of rows, shape (out_features, in_features)
            Numbers or symbols. Binary floats are taken at their exact rational value.

        Returns
        -------
        sympy.ImmutableMatrix

        Raises
        ------
        ShapeError
            If the shape is not that of the layer.
        DomainError
            If an entry is NaN or infinite.

        Examples
        --------
        >>> from cumulant_theory.symmetries import PermutationInvariant
        >>> PermutationInvariant().tie(1, 3).project([[1, 2, 6]])
        Matrix([[3, 3, 3]])
        """
        shape = (self.out_features, self.in_features)
        W = exact_entries(W, shape, "W")
        return combination(inner_products(self._dual, W), self.weight_vectors, shape)

    @explained
    def project_bias(self, c: Any) -> sp.ImmutableMatrix:
        """The nearest admissible bias, shape (out_features, 1); errors as in :meth:`project`.

        Examples
        --------
        >>> from cumulant_theory.symmetries import PermutationEquivariant
        >>> PermutationEquivariant().tie(2, 2).project_bias([1, 2])
        Matrix([
        [3/2],
        [3/2]])
        """
        shape = (self.out_features, 1)
        c = exact_entries(c, shape, "bias")
        products = inner_products(dual_vectors(self.bias_vectors), c)
        return combination(products, self.bias_vectors, shape)

    def projector(self) -> sp.ImmutableMatrix:
        """The matrix of P_G on row-major vec(W), side out_features * in_features.

        Examples
        --------
        >>> from cumulant_theory.symmetries import Shared
        >>> Shared().tie(1, 2).projector()
        Matrix([
        [1/2, 1/2],
        [1/2, 1/2]])
        """
        cols, size = self.in_features, self.out_features * self.in_features
        entries: dict[tuple[int, int], sp.Expr] = {}
        for vector, dual in zip(self.weight_vectors, self._dual, strict=True):
            for (i, j), left in vector:
                for (k, m), right in dual:
                    place = (i * cols + j, k * cols + m)
                    entries[place] = entries.get(place, sp.S.Zero) + left * right
        entries = {place: sp.radsimp(sp.expand(value)) for place, value in entries.items()}
        return sp.ImmutableMatrix(sp.SparseMatrix(size, size, entries))

    @explained
    def breaking_distance(self, W: Any) -> sp.Expr:
        r"""The squared distance \|W - P_G W\|^2, exactly; parameters and errors of `project`.

        References
        ----------
        Ziyin et al., arXiv:2502.05300.

        Examples
        --------
        >>> from cumulant_theory.symmetries import PermutationInvariant
        >>> PermutationInvariant().tie(1, 2).breaking_distance([["a", "b"]]).expand()
        a**2/2 - a*b + b**2/2
        """
        W = exact_entries(W, (self.out_features, self.in_features), "W")
        return sp.Add(*(entry**2 for entry in W - self.project(W)))

    @explained
    def is_equivariant(self, W: Any, bias: Any = None) -> bool:
        """Whether W (and the bias) commute with every generator; the basis is not used.

        Parameters
        ----------
        W : sympy Matrix or list of rows, shape (out_features, in_features)
        bias : sequence or column of length out_features, optional

        Returns
        -------
        bool

        Raises
        ------
        ShapeError, DomainError
            As :meth:`project`.

        Examples
        --------
        >>> from cumulant_theory.symmetries import Cyclic
        >>> Cyclic().tie(3, 3).is_equivariant([[1, 2, 3], [3, 1, 2], [2, 3, 1]])
        True
        """
        W = exact_entries(W, (self.out_features, self.in_features), "W")
        if not all(action.fixes(W) for action in self.actions):
            return False
        if bias is None:
            return True
        c = exact_entries(bias, (self.out_features, 1), "bias")
        return all(action.fixes_bias(c) for action in self.actions)

    @explained
    def coefficients(self, W: Any) -> tuple[sp.Expr, ...]:
        """Coordinates of an equivariant W in the basis, in the order of :meth:`symbols`.

        Raises
        ------
        SymmetryError
            If W is not equivariant.
        ShapeError, DomainError
            As :meth:`project`.

        Examples
        --------
        >>> from cumulant_theory.symmetries import PermutationEquivariant
        >>> PermutationEquivariant().tie(2, 2).coefficients([[5, 3], [3, 5]])
        (5, 3)
        """
        W = exact_entries(W, (self.out_features, self.in_features), "W")
        if not self.is_equivariant(W):
            raise SymmetryError(
                f"the {self.out_features} x {self.in_features} matrix W does not commute with "
                f"{self.group}; take coefficients(project(W))"
            )
        return tuple(W[vector[0][0]] for vector in self.weight_vectors)

    @explained
    def burnside_count(self, limit: int = 100_000) -> sp.Expr:
        """Dimension by Burnside's lemma, (1/|G|) sum_g tr rho_out(g) tr rho_in(g).

        Parameters
        ----------
        limit : int
            Largest group order that is summed over.

        Returns
        -------
        sympy.Rational
            Equal to :attr:`dimension`.

        Raises
        ------
        SymmetryError
            If the generators are not signed permutations or the group is larger than `limit`.

        Examples
        --------
        >>> from cumulant_theory.symmetries import Dihedral
        >>> Dihedral().tie(4, 4).burnside_count()
        3
        """
        out, inp = self.out_features, self.in_features
        permutations = []
        for action in self.actions:
            if not isinstance(action, PermutationAction):
                raise SymmetryError(
                    f"{self.group} does not act by signed permutations, so orbits cannot be "
                    "counted; use dimension, which solves the linear equations"
                )
            # unit k stands as the two points +k and -k, so that a sign is a swap of them
            images = [*action.out.images, *(out + g for g in action.inp.images)]
            signs = [*action.out.signs, *action.inp.signs]
            points = ((2 * g, 2 * g + 1)[:: int(s)] for g, s in zip(images, signs, strict=True))
            permutations.append(Permutation([point for pair in points for point in pair]))
        if not permutations:
            return sp.Integer(out * inp)
        group = PermutationGroup(permutations)
        order = int(group.order())
        if order > limit:
            raise SymmetryError(
                f"the group {self.group} has {order} elements, more than limit={limit}; raise the "
                "limit or use dimension, which walks the orbits"
            )
        total = 0
        for element in group.generate():
            form: list[int] = cast(Permutation, element).array_form
            fixed = [(form[2 * k] == 2 * k) - (form[2 * k] == 2 * k + 1) for k in range(out + inp)]
            total += sum(fixed[:out]) * sum(fixed[out:])
        return sp.Rational(total, order)

    @cached_property
    def _dual(self) -> tuple[Vector, ...]:
        return dual_vectors(self.weight_vectors)
