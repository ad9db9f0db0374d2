"""Irreducible real parts of a variety over the rationals and the irrational numbers at hand."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import sympy as sp

from ..derivation import Equation
from ..errors import TimeLimitError
from ..latex.html import Record
from ..varieties import Ideal
from .points import real_point

Roots = Mapping[sp.Symbol, sp.Expr]
_SPLIT_SECONDS = 3


@dataclass(frozen=True)
class Component(Record):
    """An irreducible variety.

    Attributes
    ----------
    ideal
        Its prime ideal; irrational numbers such as sqrt(2) are variables with their relation.
    radicals
        Such a variable -> the number.
    scalings
        Number of independent scalings of the parameters that leave its points the same map.
    fixed
        Parameters that are 1 in the ideal: nowhere zero, they are brought to 1 by a scaling.
    """

    ideal: Ideal
    radicals: Mapping[sp.Symbol, sp.Expr]
    scalings: int = 0
    fixed: tuple[sp.Symbol, ...] = ()

    @cached_property
    def dimension(self) -> int:
        """Dimension, that of the scalings included."""
        return self.ideal.dimension + len(self.fixed)

    @property
    def modulo_scalings(self) -> int:
        """Dimension after division by the scalings."""
        return self.dimension - self.scalings

    @cached_property
    def generators(self) -> tuple[sp.Expr, ...]:
        """Polynomials that vanish on it, without the relations of the irrational numbers."""
        return tuple(g for g in self.ideal.generators if not g.free_symbols <= set(self.radicals))

    @cached_property
    def equations(self) -> tuple[Equation, ...]:
        """The same as equations: solved for a variable where it occurs linearly."""
        unknowns = [x for x in self.ideal.variables if x not in self.radicals]
        places = {x: k for k, x in enumerate(unknowns)}
        left, found = list(unknowns), []
        for g in sorted(self.generators, key=lambda g: len(sp.Add.make_args(g))):
            found.append(readable(g, unknowns, self.radicals, left))
            left = [x for x in left if x != found[-1].lhs]
        for e in sorted(found, key=lambda e: -sp.count_ops(e.lhs)):
            others = [f for f in found if f is not e]
            found = others if _follows(e, others) else found
        return tuple(sorted(found, key=lambda e: (e.lhs not in places, places.get(e.lhs, 0))))

    @property
    def zero(self) -> tuple[sp.Symbol, ...]:
        """Variables that are 0 everywhere on it."""
        return tuple(e.lhs for e in self.equations if e.lhs.is_Symbol and e.rhs == 0)

    def __repr__(self) -> str:
        return f"Component({', '.join(shown(e) for e in self.equations) or 'everything'})"


def _follows(equation: Equation, others: Sequence[Equation]) -> bool:
    """Whether the values of variables in other equations make an equation hold."""
    values = {e.lhs: e.rhs for e in others
              if e.lhs.is_Symbol and e.rhs.is_number}
    return bool(values) and sp.expand((equation.lhs - equation.rhs).xreplace(values)) == 0


def shown(equation: Equation) -> str:
    """An equation as plain text."""
    return f"{equation.lhs} = {equation.rhs}"


def readable(
    g: sp.Expr, unknowns: Sequence[sp.Symbol], radicals: Mapping[sp.Symbol, sp.Expr],
    solvable: Sequence[sp.Symbol] | None = None,
) -> Equation:
    """g = 0, solved for an unknown that occurs linearly alone, else with the constant on the right.

    ``solvable`` are the unknowns for which it may be solved, all when left out.

    Examples
    --------
    >>> x, y, s = sp.symbols("x y s")
    >>> readable(2 * x - s * y, [x, y], {s: sp.sqrt(2)}).eq
    Eq(x, sqrt(2)*y/2)
    >>> readable(2 * x**2 * y**2 + 2 * y**2 - s, [x, y], {s: sp.sqrt(2)}).eq
    Eq(y**2*(x**2 + 1), sqrt(2)/2)
    """
    polynomial = sp.Poly(g, *unknowns)
    terms = dict(polynomial.terms())
    for i, x in enumerate(unknowns):
        alone = tuple(int(j == i) for j in range(len(unknowns)))
        if solvable is not None and x not in solvable:
            continue
        if alone in terms and not any(m[i] for m in terms if m != alone):
            rest = -(g - terms[alone] * x) / terms[alone]
            return Equation(x, with_radicals(sp.factor(sp.expand(rest)), radicals))
    origin = (0,) * len(unknowns)
    constant = terms.pop(origin, sp.S.Zero)
    left = sp.Poly(g - constant, *unknowns, *radicals)
    scale = left.content() * (-1 if left.LC() < 0 else 1)
    return Equation(
        with_radicals(sp.factor(left.as_expr() / scale), radicals),
        with_radicals(-constant / scale, radicals),
    )


def with_radicals(e: Any, radicals: Mapping[sp.Symbol, sp.Expr]) -> Any:
    """Irrational numbers in place of their symbols, denominators rational."""
    if not e.free_symbols & set(radicals):
        return e
    value = e.xreplace(dict(radicals))
    return sp.radsimp(value) if not value.free_symbols else value


def real_components(
    equations: Iterable[Any], unknowns: Sequence[sp.Symbol], roots: Roots, engine: str
) -> list[Ideal]:
    """Irreducible real parts of the variety of some equations, roots positive.

    The equations are decomposed over the smallest field first; the other irrational numbers may
    split the parts further, and a part counts where it has real points at positive roots.

    Raises
    ------
    TimeLimitError
        If a time limit passes.
    """
    given = list(equations)
    used = [s for s in roots if any(s in e.free_symbols for e in given)]
    rest = [s for s in roots if s not in used]
    first = Ideal([*given, *(roots[s] for s in used)], [*unknowns, *used], engine=engine)
    found: list[Ideal] = []
    for part in first.real_components():
        primes = _adjoined(part, unknowns, roots, rest, engine) if rest else [part]
        if used or len(primes) > 1:
            primes = [real for prime in primes for real in _positive(prime, roots)]
        found += primes
    return irredundant(found)


def _adjoined(
    part: Ideal, unknowns: Sequence[sp.Symbol], roots: Roots, rest: Sequence[sp.Symbol],
    engine: str,
) -> list[Ideal]:
    """The parts that a variety falls into when roots are adjoined."""
    whole = Ideal(
        [*part.generators, *(roots[s] for s in rest)], [*unknowns, *roots], engine=engine
    )
    try:
        return whole.minimal_primes(seconds=_SPLIT_SECONDS)
    except TimeLimitError:
        if _stays_prime(part, unknowns, whole, engine):
            return [whole]
        return whole.minimal_primes()


def _stays_prime(
    part: Ideal, unknowns: Sequence[sp.Symbol], whole: Ideal, engine: str
) -> bool:
    """Whether a smooth point shows that a prime ideal stays prime.

    Constants algebraic over Q lie in the residue field of every smooth point; where the roots
    have degree as large over that field, they are new to the function field too.
    """
    def suits(point: Ideal) -> bool:
        if not part.is_smooth_at(point):
            return False
        over = Ideal([*whole.generators, *point.generators], whole.variables, engine=engine)
        return len(over.minimal_primes()) == 1

    free = [x for x in unknowns if x in part.variables]
    return real_point(part, free, (), suits, seconds=_SPLIT_SECONDS) is not None


def _positive(prime: Ideal, roots: Roots) -> list[Ideal]:
    if not roots:
        return [prime]
    if prime.dimension == 0:
        return [prime] if prime.real_points(positive=roots) else []
    return prime.real_components(positive=roots)


def irredundant(ideals: Sequence[Ideal]) -> list[Ideal]:
    """Those whose variety lies in no other of the list, each once."""
    kept: list[Ideal] = []
    for ideal in sorted(ideals, key=lambda i: -i.dimension):
        if not any(all(ideal.contains(g) for g in other.generators) for other in kept):
            kept.append(ideal)
    return kept
