"""Entries of every rule as sums of monomials in the parameters: what a module is built from."""

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import sympy as sp

from cumulant_theory.activations import Activation
from cumulant_theory.algebra import Polynomial
from cumulant_theory.errors import DomainError, ShapeError
from cumulant_theory.layers import AffineRule, Layer, Stage
from cumulant_theory.layers.kronecker import KroneckerRule

Factors = tuple[int, ...]  # positions of the parameters in a monomial, repeated
Terms = list[tuple[float, Factors]]
Table = tuple[np.ndarray, np.ndarray]

# one large product of matrices runs faster than gathers and sums of as many numbers
_DENSE_SPEED = 12


@dataclass(frozen=True)
class FactorTables:
    """Entries of (sum_k Theta_k (x) S_k) x + c (x) 1 in factors.

    Attributes
    ----------
    matrices, values
        One table per Theta_k, shape (out_channels, in_channels), and per S_k, shape (entries,).
    shift
        Table of c, shape (out_channels,).
    """

    matrices: list[Table]
    values: list[Table]
    shift: Table


@dataclass(frozen=True)
class PointwiseTables:
    """A pointwise rule with units whose activation is no polynomial.

    Attributes
    ----------
    groups
        Units of one activation with the places of its parameters among the monomials, one group
        per distinct activation.
    polynomial
        Units of polynomials, and the table of their coefficients, shape (degree + 1, units).
    """

    groups: list[tuple[tuple[int, ...], Activation, dict[sp.Symbol, int]]]
    polynomial: tuple[tuple[int, ...], Table]


def keeps_factors(rule: AffineRule) -> bool:
    """Whether a rule runs over the arcs of its graph and not as one dense matrix.

    It does where the dense matrix takes more than 12 times the multiplications of the factors.
    """
    if not isinstance(rule, KroneckerRule):
        return False
    work = 0
    for theta, operator in rule.terms:
        channels = min(theta.shape)
        work += len(operator.entries) * channels + max(operator.rows, operator.columns) * len(theta)
    return rule.in_units * rule.out_units > _DENSE_SPEED * work


class Plan:
    """Entries of every stage as sums of multiples of monomials in the parameters.

    The monomials are the free parameters, the fixed ones, 1, and then products of these.
    """

    def __init__(self, net: Layer, constants: Mapping[str, float], units: int | None) -> None:
        for layer in net.layers:
            if getattr(layer, "is_symbolic", False):
                raise ShapeError(
                    f"{layer!r} has the symbolic size {layer.in_features}; give it a number by subs"
                )
        self.units: int = net.input_units(units)
        self.names: tuple[str, ...] = tuple(
            str(p) for p in net.parameters if str(p) not in constants
        )
        self.order: tuple[str, ...] = (*self.names, *constants)
        places = {name: k for k, name in enumerate(self.order)}
        self.position: dict[Any, int] = {p: places[str(p)] for p in net.parameters}
        self.one: int = len(self.order)
        self.products: dict[Factors, int] = {}
        self.bounds: dict[str, float] = {}
        self._known: dict[Any, Terms] = {}
        self.stages: list[Stage] = list(net.stages(self.units))
        self.tables: list[list[Table] | FactorTables | PointwiseTables] = [
            self._stage(s, net) for s in self.stages
        ]
        self.out_units: int = self.stages[-1].rule.out_units if self.stages else self.units

    def _stage(self, stage: Stage, net: Layer) -> list[Table] | FactorTables | PointwiseTables:
        rule = stage.rule
        owner = net.layers[stage.layer]
        if isinstance(rule, KroneckerRule) and keeps_factors(rule):
            return self._factors(rule, owner)
        if isinstance(rule, AffineRule):
            rows = rule.weight.tolist()
            terms = [[self.terms(w, owner) for w in row] for row in rows]
            shift = [self.terms(c, owner) for c in rule.shift]
            fan_in = [max(1, sum(w != 0 for w in row)) for row in rows]
            for row, bias, fan in zip(terms, shift, fan_in, strict=True):
                self._bound([t for entry in (*row, bias) for t in entry], fan)
            flat = [entry for row in terms for entry in row]
            return [
                self._table(flat, (rule.out_units, rule.in_units)),
                self._table(shift, (rule.out_units,)),
            ]
        units: dict[Activation, list[int]] = {}
        for i, activation in enumerate(rule.activations):
            units.setdefault(activation, []).append(i)
        others = [phi for phi in units if phi.coefficients is None]
        kept = tuple(i for i, phi in enumerate(rule.activations) if phi not in others)
        table = self._coefficients([rule.activations[i].coefficients for i in kept], owner)
        if not others:
            return [table]
        groups = [
            (tuple(units[phi]), phi, {p: self.position[p] for p in phi.parameters})
            for phi in others
        ]
        return PointwiseTables(groups, (kept, table))

    def _coefficients(self, coefficients: Sequence[Any], owner: Layer) -> Table:
        degree = max((len(unit) for unit in coefficients), default=0)
        padded = [
            unit[k] if k < len(unit) else sp.S.Zero
            for k in range(degree) for unit in coefficients
        ]
        return self._table([self.terms(a, owner) for a in padded], (degree, len(coefficients)))

    def _bound(self, terms: Iterable[tuple[float, Factors]], fan_in: int) -> None:
        for coefficient, factors in terms:
            if len(factors) == 1 and factors[0] < self.one and coefficient:
                name = self.order[factors[0]]
                bound = 1 / (math.sqrt(fan_in) * abs(coefficient))
                self.bounds[name] = min(bound, self.bounds.get(name, bound))

    def _factors(self, rule: KroneckerRule, owner: Layer) -> FactorTables:
        thetas = [
            [[self.terms(w, owner) for w in row] for row in theta.tolist()]
            for theta, _ in rule.terms
        ]
        shift = [self.terms(c, owner) for c in rule.channel_shift]
        self._bound_factors(rule, thetas, shift, owner)
        return FactorTables(
            [
                self._table([w for row in theta for w in row], (len(theta), len(theta[0])))
                for theta in thetas
            ],
            [
                self._table(
                    [self.terms(s, owner) for _, _, s in operator.entries],
                    (len(operator.entries),),
                )
                for _, operator in rule.terms
            ],
            self._table(shift, (len(shift),)),
        )

    def _bound_factors(
        self, rule: KroneckerRule, thetas: list[list[list[Terms]]], shift: list[Terms],
        owner: Layer,
    ) -> None:
        """The bounds that the rows of the dense matrix give, equal rows taken once."""
        rows: list[dict[int, list[tuple[int, sp.Expr]]]] = [{} for _ in range(
            rule.terms[0][1].rows)]
        for k, (_, operator) in enumerate(rule.terms):
            for v, u, s in operator.entries:
                rows[v].setdefault(u, []).append((k, s))
        kinds = {frozenset(Counter(map(tuple, row.values())).items()) for row in rows}
        for i, bias in enumerate(shift):
            known: dict[Any, list[Terms]] = {}
            for kind in kinds:
                for found, _ in kind:
                    if found not in known:
                        known[found] = [
                            _product([(thetas[k][i][j], self.terms(s, owner)) for k, s in found])
                            for j in range(len(thetas[0][i]))
                        ]
                fan_in = sum(n * sum(map(bool, known[found])) for found, n in kind)
                terms = (t for found, _ in kind for entry in known[found] for t in entry)
                self._bound([*terms, *bias], max(1, fan_in))

    def terms(self, entry: sp.Expr, owner: Layer) -> Terms:
        """Coefficients and monomials of an entry."""
        if entry not in self._known:
            if entry in self.position:
                self._known[entry] = [(1.0, (self.position[entry],))]
            else:
                self._known[entry] = [
                    self._term(sp.Rational(c.numerator, c.denominator), atoms, entry, owner)
                    for c, atoms in Polynomial.of(entry).terms
                ]
        return self._known[entry]

    def _term(
        self, coefficient: sp.Expr, atoms: Any, entry: sp.Expr, owner: Layer
    ) -> tuple[float, Factors]:
        factors: list[int] = []
        for atom, exponent in atoms:
            if atom in self.position:
                factors += [self.position[atom]] * exponent
            elif atom.free_symbols:
                raise DomainError(
                    f"{owner!r} has the entry {entry}, which is no polynomial in its parameters; "
                    f"give {', '.join(sorted(map(str, atom.free_symbols)))} a value by subs "
                    "before build"
                )
            else:
                coefficient = coefficient * atom**exponent
        number = complex(coefficient.evalf(30))
        if number.imag or not math.isfinite(number.real):
            raise DomainError(f"{owner!r} has the entry {entry}, which is no finite real number")
        return number.real, tuple(sorted(factors))

    def _place(self, factors: Factors) -> int:
        if not factors:
            return self.one
        if len(factors) == 1:
            return factors[0]
        return self.products.setdefault(factors, self.one + 1 + len(self.products))

    def _table(self, entries: Sequence[Terms], shape: tuple[int, ...]) -> Table:
        """Positions and coefficients, (terms, *shape), padded with zero times one."""
        width = max([1, *map(len, entries)])
        places = np.full((width, len(entries)), self.one)
        factors = np.zeros((width, len(entries)))
        for k, terms in enumerate(entries):
            for t, (coefficient, monomial) in enumerate(terms):
                places[t, k] = self._place(monomial)
                factors[t, k] = coefficient
        return places.reshape(width, *shape), factors.reshape(width, *shape)


def _product(factors: Sequence[tuple[Terms, Terms]]) -> Terms:
    """Sum of products of two entries each."""
    total: dict[Factors, float] = {}
    for left, right in factors:
        for a, f in left:
            for b, g in right:
                key = tuple(sorted(f + g))
                total[key] = total.get(key, 0.0) + a * b
    return [(c, f) for f, c in total.items() if c]
