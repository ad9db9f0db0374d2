"""The pointwise rule for any activation: connected diagrams on Gaussian Wick coefficients."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import combinations
from typing import Any, NoReturn

import sympy as sp

from ..activations import Activation, Identity
from ..algebra import MultiIndex, Polynomial, check_order, moments_from_cumulants
from ..arguments import brief, check_instance
from ..closures import Closure, Exact, Neglect
from ..cumulants import Blocks, JointCumulants, cumulant_symbol
from ..diagrams import connected, patterns, power_formula
from ..diagrams.rule import PatternRule, embed
from ..errors import DomainError, NoClosedFormError
from ..latex.html import Record
from ..orbits import Orbits, Permutation
from ..recursion import Definition
from .wick import GaussianDefinition, PairDefinition, WickDefinition, pair_symbol, wick_symbol

_EXACT = Exact()


def check_activations(value: Any, what: str) -> None:
    """Raise DomainError unless a value is a tuple of activations, one or more."""
    if not isinstance(value, tuple) or not value or not all(
        isinstance(a, Activation) for a in set(value)
    ):
        raise DomainError(
            f"{what}: activations is {brief(value)}; pass a tuple with an activation per unit"
        )


@dataclass(frozen=True)
class DiagramRule(Record):
    """y_i = phi_i(z_i) for any phi, under a closure.

    The joint cumulants of powers of distinct units are sums over connected diagrams; cumulants
    with repeated units follow from these without further neglect. Wick coefficients of
    polynomials are put in; those of other activations are named ``omega__y1__k_11`` and defined
    by :meth:`gaussian_definitions`. Where only pair blocks are left and their number has no bound,
    the sum is one Gaussian pair cumulant, named ``gamma__y1_12``.

    Parameters
    ----------
    activations
        One activation per unit.
    closure
        Which diagrams are kept. Under ``Exact()`` the input must be Gaussian.
    target
        Name of the state after the rule.
    order
        Highest output order that will be asked for.

    References
    ----------
    Leonov & Shiryaev, Theory Probab. Appl. 4, 319 (1959); arXiv:2605.05179.
    """

    activations: tuple[Activation, ...]
    closure: Closure = _EXACT
    target: str = "y"
    order: int = 4

    kind = "pointwise"

    def __post_init__(self) -> None:
        check_activations(self.activations, "DiagramRule")
        check_instance(self.closure, Closure, "DiagramRule: closure")
        check_instance(self.target, str, "DiagramRule: target")
        check_order(self.order, "DiagramRule")

    @property
    def in_units(self) -> int:
        """Number of units."""
        return len(self.activations)

    @property
    def out_units(self) -> int:
        """Number of units."""
        return len(self.activations)

    @cached_property
    def degrees(self) -> tuple[int | None, ...]:
        """Degree of each activation, None where it is no polynomial."""
        return tuple(
            None if a.coefficients is None else len(a.coefficients) - 1 for a in self.activations
        )

    @property
    def is_polynomial(self) -> bool:
        """Whether every activation is a polynomial."""
        return None not in self.degrees

    @property
    def kept(self) -> Closure:
        """What limits the diagrams: a Gaussian input has no cumulant above the second."""
        return Neglect(2) if self.closure.is_exact else self.closure

    @property
    def degree(self) -> int:
        """There is none: only polynomials have a degree."""
        self._refuse("degree")

    @property
    def coefficients(self) -> list[tuple[sp.Expr, ...]]:
        """There are none: only polynomials have coefficients."""
        self._refuse("coefficients")

    def compose(self, inner: Any, ring: Any, variables: int) -> Any:
        """Not possible: the composition is no polynomial map."""
        self._refuse("effective polynomial map")

    def _refuse(self, what: str) -> NoReturn:
        others = [a for a in dict.fromkeys(self.activations) if a.coefficients is None]
        raise NoClosedFormError(
            f"{others[0]!r} is not a polynomial, so a network with it has no {what}; propagate "
            "layer by layer, propagate(..., closure=Diagrams(3)), or use form='layers'"
        )

    def input_order(self, order: int) -> int:
        """The highest block that the closure keeps, or what a polynomial can need."""
        limits = [] if self.kept.largest_block is None else [max(self.kept.largest_block, 2)]
        if self.kept.budget is not None:
            limits.append(self.kept.budget + 2)
        if self.is_polynomial:
            limits.append(max(order * max((d or 0) for d in self.degrees), 2))
        return min(limits)

    def out_blocks(self, blocks: Blocks) -> Blocks:
        """Independence is kept."""
        return blocks

    def push(self, p: Permutation) -> Permutation | None:
        """p itself if units that it exchanges carry the same activation."""
        same = all(self.activations[i] == self.activations[k] for i, k in enumerate(p))
        return p if same else None

    def forward(self, values: Sequence[Any], number: Callable[[sp.Expr], Any]) -> list[Any]:
        """The map at a point."""
        return [a.expr(v) for a, v in zip(self.activations, values, strict=True)]

    def lifted(self, carried: int) -> "DiagramRule":
        """The same rule next to ``carried`` units that pass unchanged, those first."""
        return replace(self, activations=(Identity(),) * carried + self.activations)

    # ------------------------------------------------------------------ which names occur

    @cached_property
    def _wick_orders(self) -> tuple[tuple[int, int], ...]:
        """(power, k) of the Wick coefficients of units that are no polynomials."""
        if self.kept.budget is None:
            # pair blocks alone: k up to the degree of the polynomial at the other end
            top = self.order * max((d or 0 for d in self.degrees), default=0)
            return tuple(
                (p, k) for p in range(1, self.order + 1) for k in range(top + 1)
            )
        found = {
            (p, k)
            for pattern in patterns(self.order) if len(pattern) <= self.in_units
            for d in connected(len(pattern), self.kept.budget, self.kept.largest_block)
            for p, k in zip(pattern, d.derivatives, strict=True)
        }
        return tuple(sorted(found))

    def _pairs(self) -> Iterator[tuple[tuple[int, int], tuple[int, int]]]:
        if self.kept.budget is not None or self.kept.largest_block != 2:
            return
        others = [i for i, d in enumerate(self.degrees) if d is None]
        for units in combinations(others, 2):
            for p in range(1, self.order):
                for q in range(1, self.order - p + 1):
                    yield units, (p, q)

    @cached_property
    def expressions(self) -> tuple[sp.Expr, ...]:
        """Coefficients of polynomials and names of Gaussian quantities, for building a ring."""
        found: list[Any] = [c for a in self.activations for c in a.coefficients or ()]
        found += [
            wick_symbol(self.target, i, p, k) for i, d in enumerate(self.degrees) if d is None
            for p, k in self._wick_orders
        ]
        found += [pair_symbol(self.target, units, powers) for units, powers in self._pairs()]
        return tuple(dict.fromkeys(found))

    # ------------------------------------------------------------------ values

    def transfer(
        self, source: JointCumulants, orbits: Orbits | None = None
    ) -> Callable[[MultiIndex], Any]:
        """alpha -> kappa_alpha(y) as an element of the ring of ``source``.

        Raises
        ------
        NoClosedFormError
            From the result, where a cumulant has no finite sum under the closure.
        """
        ring = source.ring
        power = self._powers(source, orbits or Orbits(self.out_units))

        def cumulant(alpha: MultiIndex) -> Any:
            units = [i for i, a in enumerate(alpha) if a]
            total = ring.zero
            for c, factors in power_formula(tuple(alpha[i] for i in units)):
                term = ring.one * c
                for q, e in factors:
                    term = term * power(embed(q, units, self.in_units)) ** e
                total = total + term
            return total

        return cumulant

    def _powers(
        self, source: JointCumulants, orbits: Orbits
    ) -> Callable[[MultiIndex], Any]:
        """q -> joint cumulant of the powers phi(z_i)^q_i over the units with q_i > 0."""
        ring = source.ring
        omega = self._wick(source, orbits)
        memo: dict[MultiIndex, Any] = {}

        def compute(q: MultiIndex) -> Any:
            units = [i for i, a in enumerate(q) if a]
            if not self._can_join(units, source):
                return ring.zero
            pattern = tuple(q[i] for i in units)
            if self._is_pair(units):
                return ring.element(pair_symbol(self.target, (units[0], units[1]), pattern))
            rule = PatternRule(pattern, self._diagrams(units, pattern), self.closure)
            return rule.evaluate(
                lambda v: source.element(embed(v, units, self.in_units)),
                lambda a, k: omega(units[a], pattern[a], k),
                lambda w: ring.element(sp.Rational(w.numerator, w.denominator)),
            )

        def power(q: MultiIndex) -> Any:
            q = orbits.canonical(q)
            if q not in memo:
                memo[q] = compute(q)
            return memo[q]

        return power

    def _can_join(self, units: Sequence[int], source: JointCumulants) -> bool:
        """Whether cumulants that are kept can join the units: a cheap necessary condition."""
        if self.kept.largest_block != 2:
            return True
        reached, left = {units[0]}, set(units[1:])
        while left:
            near = {
                j for j in left for i in reached
                if source.element(embed((1, 1), (i, j), self.in_units)) != 0
            }
            if not near:
                return False
            reached, left = reached | near, left - near
        return True

    def _is_pair(self, units: Sequence[int]) -> bool:
        return (
            len(units) == 2 and self.kept.budget is None and self.kept.largest_block == 2
            and all(self.degrees[i] is None for i in units)
        )

    def _diagrams(self, units: Sequence[int], pattern: MultiIndex) -> Any:
        own = [self.degrees[i] for i in units]
        kept = self.kept
        known = [p * d for p, d in zip(pattern, own, strict=True) if d is not None]
        if len(known) == len(own):
            return connected(len(units), kept.budget, kept.largest_block, tuple(known))
        if kept.budget is not None:
            return tuple(
                x for x in connected(len(units), kept.budget, kept.largest_block)
                if all(d is None or k <= p * d
                       for k, p, d in zip(x.derivatives, pattern, own, strict=True))
            )
        if kept.largest_block == 2 and (len(units) == 1 or len(known) == len(own) - 1):
            # every pair block ends in a polynomial
            degrees = tuple(
                sum(known) if d is None else p * d for p, d in zip(pattern, own, strict=True)
            )
            return connected(len(units), None, 2, degrees)
        listed = ", ".join(str(i + 1) for i in units)
        raise NoClosedFormError(
            f"{self.target}: the joint cumulant of units {listed} of "
            f"{next(self.activations[i] for i in units if self.degrees[i] is None)!r} is an "
            f"infinite sum without closed form under {self.closure!r}; use closure=Diagrams(3) or "
            "Neglect(K, cost=C)"
        )

    def _wick(
        self, source: JointCumulants, orbits: Orbits
    ) -> Callable[[int, int, int], Any]:
        ring = source.ring
        memo: dict[tuple[int, int, int], Any] = {}

        def polynomial(unit: int, power: int, k: int) -> Any:
            coefficients: list[Any] = [ring.one]
            own = [ring.element(c) for c in self.activations[unit].coefficients or ()]
            for _ in range(power):
                product = [ring.zero] * (len(coefficients) + len(own) - 1)
                for a, x in enumerate(coefficients):
                    for b, y in enumerate(own):
                        product[a + b] = product[a + b] + x * y
                coefficients = product
            for _ in range(k):
                coefficients = [n * c for n, c in enumerate(coefficients)][1:]
            if not coefficients:
                return ring.zero
            first = [source.element(embed((r,), (unit,), self.in_units)) for r in (1, 2)]
            kappa = (first + [ring.zero] * len(coefficients))[: len(coefficients) - 1]
            moments = [ring.one, *moments_from_cumulants(kappa)]
            return sum((c * m for c, m in zip(coefficients, moments, strict=True)), ring.zero)

        def omega(unit: int, power: int, k: int) -> Any:
            unit = orbits.canonical(embed((1,), (unit,), self.in_units)).index(1)
            key = (unit, power, k)
            if key not in memo:
                memo[key] = (
                    polynomial(*key) if self.degrees[unit] is not None
                    else ring.element(wick_symbol(self.target, *key))
                )
            return memo[key]

        return omega

    # ------------------------------------------------------------------ definitions

    def gaussian_definitions(
        self, used: Any, moment: Callable[[MultiIndex], sp.Expr]
    ) -> list[GaussianDefinition]:
        """Definitions of the named Gaussian quantities among ``used``.

        Parameters
        ----------
        used
            Container of symbols.
        moment
            alpha of order 1 or 2 -> the mean or (co)variance before the rule, named or a value.
        """
        found: list[GaussianDefinition] = []

        def at(*units: int) -> sp.Expr:
            return moment(embed((1,) * len(units), units, self.in_units))

        for i, d in enumerate(self.degrees):
            for p, k in self._wick_orders if d is None else ():
                symbol = wick_symbol(self.target, i, p, k)
                if symbol in used:
                    found.append(
                        WickDefinition(symbol, self.activations[i], p, k, at(i), at(i, i))
                    )
        for (i, j), powers in self._pairs():
            symbol = pair_symbol(self.target, (i, j), powers)
            if symbol in used:
                found.append(PairDefinition(
                    symbol, (self.activations[i], self.activations[j]), powers,
                    (at(i), at(j)), (at(i, i), at(j, j)), at(i, j),
                ))
        return found

    def structured(
        self, source: JointCumulants, wanted: Sequence[MultiIndex]
    ) -> list[Definition]:
        """Cumulants after the rule, those of powers named ``C__y1_112``, in evaluation order."""
        power = self._powers(source, Orbits(self.out_units))
        named: dict[MultiIndex, Definition] = {}
        repeated: list[Definition] = []

        def name(q: MultiIndex) -> sp.Symbol:
            distinct = max(q) == 1
            symbol = cumulant_symbol(q, self.target, "kappa" if distinct else "C")
            if q not in named:
                named[q] = Definition(
                    symbol, Polynomial(source.ring, power(q)), sum(q) if distinct else 0
                )
            return symbol

        for alpha in wanted:
            if max(alpha) == 1:
                name(alpha)
                continue
            units = [i for i, a in enumerate(alpha) if a]
            value = sp.Add(*(
                c * sp.Mul(*(name(embed(q, units, self.in_units)) ** e for q, e in factors))
                for c, factors in power_formula(tuple(alpha[i] for i in units))
            ))
            repeated.append(Definition(
                cumulant_symbol(alpha, self.target), Polynomial.of(value), sum(alpha)
            ))
        ordered = sorted(named, key=lambda q: (sum(q), tuple(-a for a in q)))
        return [*(named[q] for q in ordered), *repeated]
