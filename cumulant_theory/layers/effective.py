"""A network of polynomial layers as one polynomial map with named coefficients.

y = c + sum_i l_i x_i + sum_{i<=j} Q_ij x_i x_j + ...: the output law is a function of these
effective coefficients alone, and there are far fewer of them than of products of weights.
"""

import math
from collections.abc import Sequence
from typing import Any

import sympy as sp

from ..algebra import MultiIndex, Polynomial, Ring, to_indices
from ..cumulants import CumulantSource, JointCumulants, index_name
from ..recursion import Definition
from .polynomial_maps import SparsePolynomial, coordinates, polynomial_cumulants
from .rules import Rule

_LETTERS = {0: "c", 1: "l", 2: "Q"}


class EffectiveMap:
    """Effective coefficients of a chain of rules.

    Parameters
    ----------
    rules
        The two rules in order of application.
    units
        Number of input units.
    ring
        Ring of the parameters; made from the rules when left out.

    Examples
    --------
    >>> from cumulant_theory import activations, layers
    >>> net = layers.Linear(2, 1) >> layers.Pointwise(activations.Quadratic("a"))
    >>> effective = EffectiveMap(net.rules(2), 2)
    >>> [(d.symbol, d.expr) for d in effective.definitions][2:4]
    [(Q_11, W__1_11**2*a), (Q_12, 2*W__1_11*W__1_12*a)]
    """

    definitions: tuple[Definition, ...]
    named: list[dict[MultiIndex, sp.Symbol]]

    def __init__(
        self, rules: Sequence[Rule], units: int, ring: Ring | None = None
    ) -> None:
        self.units = units
        self.degree: int = math.prod(rule.degree for rule in rules)
        self.ring: Ring = ring or Ring.of(e for rule in rules for e in rule.expressions)
        polynomials = coordinates(units, self.ring)
        for rule in rules:
            polynomials = rule.compose(polynomials, self.ring, units)
        self.polynomials: list[SparsePolynomial] = polynomials
        self.definitions, self.named = self._name()

    def __repr__(self) -> str:
        return (
            f"EffectiveMap({self.units} units, degree {self.degree}, "
            f"{len(self.definitions)} coefficients)"
        )

    def _repr_latex_(self) -> str:
        from ..latex import inline_display

        return inline_display([(d.symbol, d.expr) for d in self.definitions], see=".definitions")

    def _name(self) -> tuple[tuple[Definition, ...], list[dict[MultiIndex, sp.Symbol]]]:
        """One symbol per distinct coefficient; equal coefficients share it."""
        known: dict[Any, sp.Symbol] = {}
        definitions: list[Definition] = []
        named: list[dict[MultiIndex, sp.Symbol]] = []
        several = len(self.polynomials) > 1
        taken = {str(s) for a in self.ring.atoms for s in a.free_symbols}
        for unit, polynomial in enumerate(self.polynomials):
            names: dict[MultiIndex, sp.Symbol] = {}
            for k in sorted(polynomial, key=lambda k: (sum(k), [-e for e in k])):
                value = Polynomial(self.ring, polynomial[k])
                if value not in known:
                    name = _coefficient_name(k, unit if several else None)
                    while name in taken:
                        name = f"{name[0]}eff{name[1:]}" if "eff" not in name else f"{name}x"
                    taken.add(name)
                    known[value] = sp.Symbol(name)
                    definitions.append(Definition(known[value], value))
                names[k] = known[value]
            named.append(names)
        return tuple(definitions), named

    @property
    def is_structured(self) -> bool:
        """Whether names pay: some coefficient is a sum or a product of parameters."""
        return any(len(d.terms) > 1 for d in self.definitions)

    def structured(self, source: CumulantSource, order: int) -> JointCumulants:
        """Output cumulants over the ring of effective coefficients and input cumulants."""
        needed = order * self.degree
        inner = JointCumulants.from_source(source, needed)
        ring = Ring([*inner.ring.atoms, *(d.symbol for d in self.definitions)])
        inner = JointCumulants.from_source(source, needed, ring)
        outputs: list[SparsePolynomial] = [
            {k: ring.element(symbol) for k, symbol in names.items()} for names in self.named
        ]
        return JointCumulants(len(outputs), order, ring, polynomial_cumulants(outputs, inner))

    def direct(self, source: JointCumulants) -> Any:
        """alpha -> output cumulant in the ring of ``source``, without names."""
        return polynomial_cumulants(self.polynomials, source)


def _coefficient_name(k: MultiIndex, unit: int | None) -> str:
    degree = sum(k)
    letter = _LETTERS.get(degree, f"T{degree}")
    head = letter if unit is None else f"{letter}__{unit + 1}"
    return f"{head}_{index_name(to_indices(k))}" if degree else head
