"""The two rules that carry everything: affine and pointwise.

Every layer is a composition of these. Joint cumulants are computed on demand, one multi-index at
a time, so that a wide state costs only what is asked of it.
"""

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import sympy as sp

from ..activations import Activation
from ..algebra import MultiIndex, Ring, exact
from ..arguments import brief, check_instance, entries
from ..cumulants import Blocks, JointCumulants
from ..errors import DomainError, NoClosedFormError, ShapeError
from ..latex.html import Record
from ..orbits import Orbits, Permutation
from .diagram_rule import DiagramRule, check_activations
from .polynomial_maps import (
    SparsePolynomial,
    add_multiple,
    coordinates,
    multiplied,
    polynomial_cumulants,
    without_zeros,
)


@dataclass(frozen=True)
class AffineRule(Record):
    """z = W x + c.

    kappa_{i1..ir}(z) = sum_j W_{i1 j1} ... W_{ir jr} kappa_{j1..jr}(x) + c_{i1} [r = 1].

    Parameters
    ----------
    weight
        Exact matrix, shape (out, in).
    shift
        One exact entry per output unit.

    Raises
    ------
    ShapeError
        If there is no shift for each row, or the rows of a matrix differ in length.
    DomainError
        If an entry is no exact expression.

    References
    ----------
    McCullagh, Tensor Methods in Statistics (1987), section 2.4: multilinearity.
    """

    weight: sp.ImmutableMatrix
    shift: tuple[sp.Expr, ...]

    kind = "affine"

    def __post_init__(self) -> None:
        check_instance(self.weight, sp.ImmutableDenseMatrix, "AffineRule: weight")
        check_instance(self.shift, tuple, "AffineRule: shift")
        if not all(isinstance(c, sp.Expr) for c in self.shift):
            raise DomainError(f"AffineRule: shift is {brief(self.shift)}; pass SymPy expressions")
        if not self.weight or len(self.shift) != self.weight.rows:
            raise ShapeError(
                f"AffineRule: a weight of {self.weight.rows} x {self.weight.cols} and "
                f"{len(self.shift)} entries of the shift; pass one for each row"
            )

    @classmethod
    def constant(cls, rows: Sequence[Sequence[Any]]) -> "AffineRule":
        """Rule of a matrix without shift."""
        listed = [
            [w if isinstance(w, sp.Expr) else exact(w) for w in entries(row, "rows")]
            for row in entries(rows, "rows", "a list of rows")
        ]
        if len(set(map(len, listed))) != 1 or not listed[0]:
            raise ShapeError(f"AffineRule: rows is {brief(rows)}; pass rows of one length")
        weight = sp.ImmutableMatrix(listed)
        return cls(weight, (sp.S.Zero,) * weight.rows)

    @property
    def in_units(self) -> int:
        """Number of input units."""
        return int(self.weight.cols)

    @property
    def out_units(self) -> int:
        """Number of output units."""
        return int(self.weight.rows)

    def input_order(self, order: int) -> int:
        """Input order that an output order needs."""
        return order

    @property
    def degree(self) -> int:
        """Degree as a polynomial map."""
        return 1

    @cached_property
    def expressions(self) -> tuple[Any, ...]:
        """All entries, for building a ring."""
        return tuple(dict.fromkeys((*self.weight, *self.shift)))

    def out_blocks(self, blocks: Blocks) -> Blocks:
        """Independent groups of outputs: those fed by disjoint groups of inputs."""
        groups: list[tuple[set[int], set[int]]] = []
        for i in range(self.out_units):
            sources = {
                b for b, block in enumerate(blocks) if any(self.weight[i, j] != 0 for j in block)
            }
            units = {i}
            separate = []
            for known_units, known_sources in groups:
                if known_sources & sources:
                    units |= known_units
                    sources |= known_sources
                else:
                    separate.append((known_units, known_sources))
            groups = [*separate, (units, sources)]
        return tuple(sorted(tuple(sorted(units)) for units, _ in groups))

    def transfer(
        self, source: JointCumulants, orbits: Orbits | None = None
    ) -> Callable[[MultiIndex], Any]:
        """alpha -> kappa_alpha(z) as an element of the ring of ``source``.

        One output index at a time is traded for input indices of one independent block; the mixed
        cumulants on the way are shared between all alpha.
        """
        ring = source.ring
        home = {j: b for b, block in enumerate(source.blocks) for j in block}
        rows: list[dict[int, list[tuple[int, Any]]]] = []  # block -> (unit, weight)
        for i in range(self.out_units):
            row: dict[int, list[tuple[int, Any]]] = {}
            for j, w in enumerate(self.weight.row(i)):
                if w != 0:
                    row.setdefault(home[j], []).append((j, ring.element(w)))
            rows.append(row)
        shift = [ring.element(c) for c in self.shift]
        memo: dict[tuple[MultiIndex, MultiIndex], Any] = {}

        def mixed(outputs: MultiIndex, inputs: MultiIndex, blocks: Iterable[int]) -> Any:
            i = next((k for k in reversed(range(len(outputs))) if outputs[k]), None)
            if i is None:
                return source.element(inputs)
            key = (outputs, inputs)
            if key not in memo:
                rest = (*outputs[:i], outputs[i] - 1, *outputs[i + 1 :])
                total = ring.zero
                for b in blocks:
                    for j, w in rows[i].get(b, ()):
                        value = mixed(rest, (*inputs[:j], inputs[j] + 1, *inputs[j + 1 :]), (b,))
                        if value != 0:
                            total = total + w * value
                memo[key] = total
            return memo[key]

        origin = (0,) * self.in_units
        everywhere = range(len(source.blocks))

        def cumulant(alpha: MultiIndex) -> Any:
            value = mixed(alpha, origin, everywhere)
            return value + shift[alpha.index(1)] if sum(alpha) == 1 else value

        return cumulant

    def push(self, p: Permutation) -> Permutation | None:
        """Permutation q of the outputs with W_{q(i) p(j)} = W_{ij} and c_{q(i)} = c_i, if any.

        If p leaves the input law as it is, q leaves the output law as it is.
        """
        places: dict[tuple[Any, ...], list[int]] = {}
        for i in range(self.out_units):
            places.setdefault((*self.weight.row(i), self.shift[i]), []).append(i)
        q = []
        for i in range(self.out_units):
            row: list[Any] = [None] * self.in_units
            for j in range(self.in_units):
                row[p[j]] = self.weight[i, j]
            candidates = places.get((*row, self.shift[i]))
            if not candidates:
                return None
            q.append(candidates.pop(0))
        return tuple(q)

    def compose(
        self, inner: list[SparsePolynomial], ring: Ring, variables: int
    ) -> list[SparsePolynomial]:
        """The map applied to polynomials in ``variables`` variables, one per input unit."""
        outputs = []
        for i in range(self.out_units):
            terms: SparsePolynomial = {}
            for j, w in enumerate(self.weight.row(i)):
                if w != 0:
                    add_multiple(terms, inner[j], ring.element(w))
            if self.shift[i] != 0:
                add_multiple(terms, {(0,) * variables: ring.one}, ring.element(self.shift[i]))
            outputs.append(without_zeros(terms))
        return outputs

    def forward(self, values: Sequence[Any], number: Callable[[sp.Expr], Any]) -> list[Any]:
        """The map at a point; ``number`` turns exact entries into the caller's numbers."""
        return [
            sum((number(w) * values[j] for j, w in row), start=number(c))
            for row, c in zip(self._entries, self.shift, strict=True)
        ]

    @cached_property
    def _entries(self) -> list[list[tuple[int, Any]]]:
        """(unit, weight) of the inputs of each output: matrices are slow to read."""
        return [
            [(j, w) for j, w in enumerate(row) if w != 0] for row in self.weight.tolist()
        ]

    def lifted(self, carried: int) -> "AffineRule":
        """The same rule next to ``carried`` units that pass unchanged, those first."""
        weight = sp.diag(sp.eye(carried), self.weight)
        return AffineRule(sp.ImmutableMatrix(weight), (sp.S.Zero,) * carried + self.shift)


@dataclass(frozen=True)
class PointwiseRule(Record):
    """y_i = phi_i(z_i), phi_i polynomials.

    The cumulant of the products is the Leonov-Shiryaev sum over partitions; it is computed here
    through joint moments, which is the same number at less cost.

    Parameters
    ----------
    activations
        One activation per unit.

    References
    ----------
    Leonov & Shiryaev, Theory Probab. Appl. 4, 319 (1959).
    """

    activations: tuple[Activation, ...]

    kind = "pointwise"

    def __post_init__(self) -> None:
        check_activations(self.activations, "PointwiseRule")
        for activation in self.activations:
            if activation.coefficients is None:
                raise NoClosedFormError(
                    f"{activation!r} is not a polynomial, so Pointwise has no exact finite "
                    "cumulant rule under the closure Exact(); replace it by a polynomial, for "
                    "example activations.Polynomial(coefficients)"
                )

    @property
    def coefficients(self) -> list[tuple[sp.Expr, ...]]:
        """Coefficients a_0..a_p of each unit."""
        return [a.coefficients or () for a in self.activations]

    @property
    def in_units(self) -> int:
        """Number of units."""
        return len(self.activations)

    @property
    def out_units(self) -> int:
        """Number of units."""
        return len(self.activations)

    @property
    def degree(self) -> int:
        """Highest degree among the units."""
        return max((max(len(c) - 1, 1) for c in self.coefficients), default=1)

    def input_order(self, order: int) -> int:
        """A degree-p activation needs input orders up to p times the output order."""
        return self.degree * order

    @cached_property
    def expressions(self) -> tuple[sp.Expr, ...]:
        """All coefficients, for building a ring."""
        return tuple(dict.fromkeys(a for unit in self.coefficients for a in unit))

    def out_blocks(self, blocks: Blocks) -> Blocks:
        """Independence is kept."""
        return blocks

    def transfer(
        self, source: JointCumulants, orbits: Orbits | None = None
    ) -> Callable[[MultiIndex], Any]:
        """alpha -> kappa_alpha(y) as an element of the ring of ``source``."""
        units = coordinates(self.in_units, source.ring)
        outputs = self.compose(units, source.ring, self.in_units)
        return polynomial_cumulants(outputs, source, orbits)

    def push(self, p: Permutation) -> Permutation | None:
        """p itself if units that it exchanges carry the same activation."""
        same = all(self.activations[i] == self.activations[k] for i, k in enumerate(p))
        return p if same else None

    def compose(
        self, inner: list[SparsePolynomial], ring: Ring, variables: int
    ) -> list[SparsePolynomial]:
        """The activations of polynomials in ``variables`` variables, by Horner's scheme."""
        origin = (0,) * variables
        outputs = []
        for z, unit in zip(inner, self.coefficients, strict=True):
            value: SparsePolynomial = {}
            for a in reversed(unit):
                value = multiplied(value, z)
                add_multiple(value, {origin: ring.one}, ring.element(a))
            outputs.append(without_zeros(value))
        return outputs

    def forward(self, values: Sequence[Any], number: Callable[[sp.Expr], Any]) -> list[Any]:
        """The map at a point."""
        outputs = []
        for z, unit in zip(values, self.coefficients, strict=True):
            value = number(sp.S.Zero)
            for a in reversed(unit):
                value = value * z + number(a)
            outputs.append(value)
        return outputs

    def lifted(self, carried: int) -> "PointwiseRule":
        """The same rule next to ``carried`` units that pass unchanged, those first."""
        from ..activations import Identity

        return PointwiseRule((Identity(),) * carried + self.activations)


Rule = AffineRule | PointwiseRule | DiagramRule


def check_widths(rules: Sequence[Rule], units: int) -> None:
    """Raise ShapeError where a rule does not accept the units before it."""
    for k, rule in enumerate(rules):
        if rule.in_units != units:
            raise ShapeError(f"rule {k + 1} takes {rule.in_units} units but gets {units}")
        units = rule.out_units


def monomials(variables: int, degree: int) -> int:
    """Number of monomials up to a degree: the cost measure of a route."""
    return math.comb(variables + degree, degree)


# expanding symbolic weights layer by layer swells between layers; named effective coefficients
# are expanded once, at the end
_SWELL = 64


def fused_is_cheaper(rules: Sequence[Rule], blocks: Blocks, order: int) -> bool:
    """Whether the effective polynomial map is the cheaper of the two exact routes.

    Parameters
    ----------
    rules
        The chain up to the state that is wanted.
    blocks
        Independent groups of input units.
    order
        Highest order of that state.
    """
    degree = math.prod(rule.degree for rule in rules)
    if degree == 1:
        return False
    units = rules[0].in_units
    layered, needed = 0, order
    for rule in reversed(rules):
        before = rule.input_order(needed)
        layered += monomials(rule.in_units if rule.kind == "pointwise" else rule.out_units, before)
        needed = before
    layered += sum(monomials(len(block), needed) for block in blocks)
    symbolic = any(not e.is_number for rule in rules for e in rule.expressions)
    fused = monomials(units, degree * order) * monomials(units, degree)
    return fused <= layered * (_SWELL if symbolic else 1)
