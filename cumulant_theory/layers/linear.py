"""The linear layer, its weights tied by a symmetry."""

from collections.abc import Mapping
from functools import cached_property
from typing import Any

import sympy as sp

from ..algebra import check_entries, check_size, exact, substitution, symbols_in
from ..arguments import check_name, entries, explained
from ..errors import ShapeError, SymmetryError
from ..orbits import Permutation
from ..symmetries import Free, Symmetry, Tying
from ..symmetries.base import plain
from .base import Layer, check_bias
from .rules import AffineRule, Rule


class Linear(Layer):
    """z = W x + c with W and c equivariant under a symmetry.

    Parameters
    ----------
    in_features, out_features
        Positive integers.
    symmetry
        Ties the weights; default :class:`~cumulant_theory.symmetries.Free`.
    bias
        Whether there is a shift c.
    weight
        Exact matrix, shape (out_features, in_features), in place of free symbols.
    bias_values
        Exact entries of c, in place of free symbols; implies ``bias``.
    name, bias_name
        Base names of the symbols. Left out, they are W and c, numbered by layer in a network:
        ``W__1_12`` is entry (1, 2) of the first linear layer.

    Raises
    ------
    ShapeError
        If the widths are no positive integers or the matrix does not fit.
    SymmetryError
        If the symmetry does not fit the widths, or given weights break it.

    Examples
    --------
    >>> from cumulant_theory import symmetries
    >>> layer = Linear(2, 2, symmetry=symmetries.PermutationEquivariant())
    >>> layer.weight, layer.parameters
    (Matrix([
    [W_11, W_12],
    [W_12, W_11]]), (W_11, W_12))
    """

    @explained
    def __init__(
        self,
        in_features: int,
        out_features: int,
        symmetry: Symmetry | None = None,
        bias: bool = False,
        *,
        weight: Any = None,
        bias_values: Any = None,
        name: str | None = None,
        bias_name: str | None = None,
    ) -> None:
        in_features = check_size(in_features, "Linear: in_features")
        out_features = check_size(out_features, "Linear: out_features")
        check_entries(out_features, in_features, "Linear")
        if symmetry is not None and not isinstance(symmetry, Symmetry):
            raise SymmetryError(
                f"Linear: symmetry is {symmetry!r}; pass an instance such as symmetries.Cyclic()"
            )
        self.in_features = in_features
        self.out_features = out_features
        self.symmetry: Symmetry = symmetry or Free()
        check_bias(bias, "Linear: bias")
        self.has_bias: bool = bias or bias_values is not None
        for given, what in ((name, "name"), (bias_name, "bias_name")):
            if given is not None:
                check_name(given, f"Linear: {what}")
        self._names = (name, bias_name)
        self._position: int | None = None
        self._weight = self._fixed(weight, (out_features, in_features), "weight")
        self._bias = self._fixed(bias_values, (out_features, 1), "bias_values")
        self.tying: Tying = self.symmetry.tie(out_features, in_features)
        if (self._weight is not None and not self._weight.free_symbols
                and not self.tying.is_equivariant(self._weight)):
            raise SymmetryError(
                f"Linear({in_features}, {out_features}): the given weight {self._weight.tolist()} "
                f"is not equivariant under {self.symmetry!r}; project it with "
                "symmetry.tie(out, in).project(weight)"
            )

    @staticmethod
    def _fixed(value: Any, shape: tuple[int, int], what: str) -> sp.ImmutableMatrix | None:
        if value is None:
            return None
        rows = entries(value, f"Linear: {what}", "a matrix, row by row")
        rows = [row if isinstance(row, (list, tuple)) else [row] for row in rows]
        if len(rows) != shape[0] or any(len(row) != shape[1] for row in rows):
            got = f"{len(rows)} x {len(rows[0]) if rows else 0}"
            raise ShapeError(f"Linear: {what} is {got}, but must be {shape[0]} x {shape[1]}")
        return sp.ImmutableMatrix([[exact(v, what) for v in row] for row in rows])

    def _named(self, index: int, default: str) -> str:
        given = self._names[index]
        if given is not None:
            return given
        return default if self._position is None else f"{default}__{self._position}"

    @cached_property
    def weight(self) -> sp.ImmutableMatrix:
        """W, shape (out_features, in_features)."""
        if self._weight is not None:
            return self._weight
        return sp.ImmutableMatrix(self.tying.matrix(self._named(0, "W")))

    @cached_property
    def bias(self) -> tuple[Any, ...]:
        """c, one entry per output unit; zeros without bias."""
        if not self.has_bias:
            return (sp.S.Zero,) * self.out_features
        if self._bias is not None:
            return tuple(self._bias[i, 0] for i in range(self.out_features))
        column = self.tying.bias(self._named(1, "c"))
        return tuple(column[i, 0] for i in range(self.out_features))

    @cached_property
    def parameters(self) -> tuple[sp.Symbol, ...]:
        """Free symbols: weights, then bias, in the order of the tying."""
        symbols: list[sp.Symbol] = []
        if self._weight is None:
            symbols.extend(self.tying.symbols(self._named(0, "W")))
        else:
            symbols.extend(symbols_in(self._weight))
        if self.has_bias and self._bias is None:
            symbols.extend(self.tying.bias_symbols(self._named(1, "c")))
        elif self._bias is not None:
            symbols.extend(symbols_in(self._bias))
        return tuple(dict.fromkeys(symbols))

    @property
    def hypotheses(self) -> tuple[str, ...]:
        """What the symmetry says of the weights, and of the bias where there is one."""
        return tuple(
            h for h in self.tying.hypotheses if self.has_bias or not h.startswith("bias")
        )

    def input_permutations(self, units: int) -> list[Permutation]:
        """Those of the symmetry's generators that permute the inputs."""
        found = []
        generators = zip(self.tying.generators, self.tying.infinitesimal, strict=True)
        for (_, rho), infinitesimal in generators:
            images = [[i for i in range(rho.rows) if rho[i, j] != 0] for j in range(rho.cols)]
            if not infinitesimal and all(len(i) == 1 and rho[i[0], j] == 1
                                         for j, i in enumerate(images)):
                found.append(tuple(i[0] for i in images))
        return found

    @property
    def permutations_name(self) -> str:
        """The symmetry of the weights."""
        return f"permutations in {plain(self.tying.group)}"

    def rules(self, units: int) -> tuple[Rule, ...]:
        """One affine rule."""
        return (AffineRule(self.weight, self.bias),)

    def _copy(self, **changes: Any) -> "Linear":
        arguments: dict[str, Any] = {
            "symmetry": self.symmetry, "bias": self.has_bias, "weight": self._weight,
            "bias_values": self._bias, "name": self._names[0], "bias_name": self._names[1],
        } | changes
        copy = Linear(self.in_features, self.out_features, **arguments)
        copy._position = self._position
        return copy

    def numbered(self, position: Any) -> "Linear":
        """A copy whose default names carry the number of the layer."""
        copy = self._copy()
        copy._position = position
        return copy

    @explained
    def subs(self, values: Mapping[Any, Any]) -> "Linear":
        """A copy with parameters replaced by exact values."""
        images = substitution(values)
        bias = sp.Matrix(self.bias).subs(images) if self.has_bias else None
        return self._copy(weight=self.weight.subs(images), bias_values=bias)

    def __repr__(self) -> str:
        extra = "" if isinstance(self.symmetry, Free) else f", symmetry={self.symmetry!r}"
        extra += ", bias=True" if self.has_bias else ""
        return f"Linear({self.in_features}, {self.out_features}{extra})"

    def _repr_latex_(self) -> str:
        from .display import affine_tex

        return rf"$\displaystyle {affine_tex(self.weight, self.bias if self.has_bias else None)}$"
