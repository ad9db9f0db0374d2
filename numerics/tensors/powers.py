"""The diagram rule in numbers: joint cumulants of powers of distinct units."""

from functools import cached_property, lru_cache
from typing import Any

from cumulant_theory.closures import Closure, Diagrams, Neglect
from cumulant_theory.diagrams import power_formula, table

from .maps import Pairs, PointwiseMap
from .state import State

Pattern = tuple[int, ...]


class Powers:
    """C_q, the joint cumulant of phi(z_a)^{q_a} of distinct units, and cumulants from these.

    Entries at repeated units have no meaning.

    Parameters
    ----------
    z : State
        Input of the map.
    phi : PointwiseMap
    closure : Closure
        Which diagrams are kept.
    gaussian_pairs : bool
        Take the Gaussian covariance of two powers to all orders, instead of by cost.
    """

    def __init__(self, z: State, phi: PointwiseMap, closure: Closure, gaussian_pairs: bool) -> None:
        self.xp, self.z, self.phi, self.closure = z.xp, z, phi, closure
        finite = phi.degree is not None and not isinstance(closure, Diagrams)
        self.degree = phi.degree if finite else None
        self.whole_pairs = not finite and (gaussian_pairs or closure == Neglect(2))
        self.omega = phi.omega(z.xp, z.mean, z.variance)
        self._found: dict[Pattern, Any] = {}

    @cached_property
    def gaussian(self) -> Pairs:
        """Correlations of the input."""
        return Pairs(self.xp, self.z.mean, self.z.covariance)

    def __call__(self, q: Pattern) -> Any:
        if q not in self._found:
            ordered = tuple(sorted(q, reverse=True))
            if q != ordered:
                axes = sorted(range(len(q)), key=lambda a: -q[a])
                back = tuple(axes.index(a) for a in range(len(q)))
                self._found[q] = self.xp.permute(self(ordered), back)
            else:
                self._found[q] = self._sum(q)
        return self._found[q]

    def _sum(self, q: Pattern) -> Any:
        units = len(q)
        total: Any = 0.0
        if units == 2 and self.whole_pairs:
            total = self.phi.covariance(q[0], q[1], self.omega, self.gaussian)
        for weight, blocks, k in _table(q, self.closure, self.degree):
            if units == 2 and self.whole_pairs and all(v == (1, 1) for v, _ in blocks):
                continue
            term = self._blocks(blocks, units)
            if term is None:
                continue
            for a in range(units):
                term = term * self._on(self.omega(k[a], q[a]), (a,), units)
            total = total + (term if weight == 1 else weight * term)
        return total if hasattr(total, "shape") else self.xp.zeros(*(self.z.width,) * units)

    def _blocks(self, blocks: Any, units: int) -> Any | None:
        term: Any = 1.0
        for v, c in blocks:
            support = tuple(a for a, e in enumerate(v) if e)
            value = self.z.block(tuple(v[a] for a in support))
            if value is None:
                return None
            value = self._on(value, support, units)
            term = term * (value if c == 1 else value**c)
        return term

    def _on(self, value: Any, axes: tuple[int, ...], units: int) -> Any:
        if len(axes) == units:
            return value
        return value[tuple(slice(None) if a in axes else None for a in range(units))]

    def cumulant(self, q: Pattern) -> Any:
        """kappa_q of the output over distinct units."""
        total: Any = 0.0
        for coefficient, factors in power_formula(q):
            term: Any = float(coefficient) if coefficient != 1 else 1.0
            for r, e in factors:
                support = tuple(a for a, p in enumerate(r) if p)
                value = self._on(self(tuple(r[a] for a in support)), support, len(q))
                term = term * (value if e == 1 else value**e)
            total = total + term
        return total


@lru_cache(maxsize=256)
def _table(q: Pattern, closure: Closure, degree: int | None) -> tuple[Any, ...]:
    rows = table(q, closure, degree)
    return tuple((float(weight), blocks, k) for weight, blocks, k in rows)

