"""Entries of every rule as sums of monomials in the parameters: what a module is built from."""

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import sympy as sp

from cumulant_theory.algebra import Polynomial
from cumulant_theory.errors import DomainError, ShapeError
from cumulant_theory.layers import AffineRule, Layer
from cumulant_theory.layers.base import Stage

Factors = tuple[int, ...]  # positions of the parameters in a monomial, repeated


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
        self.units = net.input_units(units)
        self.names = tuple(str(p) for p in net.parameters if str(p) not in constants)
        order = (*self.names, *constants)
        self.position: dict[Any, int] = {p: order.index(str(p)) for p in net.parameters}
        self.one = len(order)
        self.products: dict[Factors, int] = {}
        self.bounds: dict[str, float] = {}
        self._known: dict[Any, list[tuple[float, Factors]]] = {}
        self.stages: list[Stage] = list(net.stages(self.units))
        self.tables = [self._stage(s, net) for s in self.stages]
        self.out_units = self.stages[-1].rule.out_units if self.stages else self.units

    def _stage(self, stage: Stage, net: Layer) -> list[tuple[np.ndarray, np.ndarray]]:
        rule = stage.rule
        owner = net.layers[stage.layer]
        if isinstance(rule, AffineRule):
            rows = rule.weight.tolist()
            terms = [[self._terms(w, owner) for w in row] for row in rows]
            shift = [self._terms(c, owner) for c in rule.shift]
            fan_in = [max(1, sum(w != 0 for w in row)) for row in rows]
            for row, bias, fan in zip(terms, shift, fan_in, strict=True):
                self._bound([t for entry in (*row, bias) for t in entry], fan)
            flat = [entry for row in terms for entry in row]
            return [
                self._table(flat, (rule.out_units, rule.in_units)),
                self._table(shift, (rule.out_units,)),
            ]
        degree = max(len(unit) for unit in rule.coefficients)
        padded = [
            unit[k] if k < len(unit) else sp.S.Zero
            for k in range(degree) for unit in rule.coefficients
        ]
        return [self._table([self._terms(a, owner) for a in padded], (degree, rule.in_units))]

    def _bound(self, terms: Iterable[tuple[float, Factors]], fan_in: int) -> None:
        for coefficient, factors in terms:
            if len(factors) == 1 and factors[0] < self.one and coefficient:
                name = next(str(p) for p, k in self.position.items() if k == factors[0])
                bound = 1 / (math.sqrt(fan_in) * abs(coefficient))
                self.bounds[name] = min(bound, self.bounds.get(name, bound))

    def _terms(self, entry: sp.Expr, owner: Layer) -> list[tuple[float, Factors]]:
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

    def _table(
        self, entries: Sequence[list[tuple[float, Factors]]], shape: tuple[int, ...]
    ) -> tuple[np.ndarray, np.ndarray]:
        """Positions and coefficients, (terms, *shape), padded with zero times one."""
        width = max([1, *map(len, entries)])
        places = np.full((width, len(entries)), self.one)
        factors = np.zeros((width, len(entries)))
        for k, terms in enumerate(entries):
            for t, (coefficient, monomial) in enumerate(terms):
                places[t, k] = self._place(monomial)
                factors[t, k] = coefficient
        return places.reshape(width, *shape), factors.reshape(width, *shape)
