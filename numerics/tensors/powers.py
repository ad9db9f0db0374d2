"""The diagram rule in numbers: joint cumulants of powers of distinct units."""

from functools import cache, cached_property, lru_cache
from typing import Any

from cumulant_theory.closures import Closure, Diagrams, Neglect
from cumulant_theory.diagrams import power_formula, table

from ..gaussian.price import Pairs
from .maps import Omega, PointwiseMap, fixed
from .state import State

Pattern = tuple[int, ...]


class Powers:
    """C_q, joint cumulants of (phi(z_a) - c_a)^{q_a} of distinct units, and cumulants from these.

    The constants c are the Gaussian means, so that powers lose no digit where phi varies little
    around a large mean. Entries at repeated units have no meaning.

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

    xp: Any
    z: State
    phi: PointwiseMap

    def __init__(self, z: State, phi: PointwiseMap, closure: Closure, gaussian_pairs: bool) -> None:
        self.xp, self.z, self.phi = z.xp, z, phi
        finite = phi.degree is not None and not isinstance(closure, Diagrams)
        # only Gaussian pairs are left, whose infinite sum is one integral
        self.closure: Closure = Diagrams(2) if closure == Neglect(2) and not finite else closure
        self.degree: int | None = phi.degree if finite else None
        self.whole_pairs: bool = not finite and (gaussian_pairs or closure == Neglect(2))
        self.omega: Omega = phi.omega(z.xp, z.mean, z.variance)
        self._found: dict[Pattern, Any] = {}
        self._joint: dict[Any, Any] = {}

    @cached_property
    def gaussian(self) -> Pairs:
        """Correlations of the input."""
        order = getattr(self.closure, "order", 4)
        wanted = [(1, 1), (2, 1), (2, 2), (3, 1)][: {2: 1, 3: 3}.get(order, 4)]
        return Pairs(self.xp, self.z.mean, self.z.covariance, tuple(wanted))

    @cached_property
    def mean(self) -> Any:
        """E phi(z)."""
        return fixed(self.xp, self.omega(0, 1)) + self((1,))

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
        units, omega = len(q), self.omega
        total: Any = 0.0
        if units == 2 and self.whole_pairs:
            total = self.phi.covariance(q[0], q[1], omega, self.gaussian)
        whole = units == 2 and self.whole_pairs
        for k, key, rows in _table(q, self.closure, self.degree, whole):
            if units > 2:  # too large to keep
                term = self._rows(rows)
            else:
                if key not in self._joint:
                    self._joint[key] = self._rows(rows)
                term = self._joint[key]
            if term is None:
                continue
            for order, power, index in zip(k, q, _units(units), strict=True):
                value = omega(order, power)
                if (order, power) == (0, 1):  # zero, with its gradients
                    value = value - fixed(self.xp, value)
                term = term * (value if units == 1 else value[index])
            total = total + term
        return total if hasattr(total, "shape") else self.xp.zeros(*(self.z.width,) * units)

    def _rows(self, rows: Any) -> Any | None:
        """Sum of weight * blocks, which powers of the same units share; None if neglected."""
        total = None
        for weight, blocks in rows:
            term: Any = None if weight == 1 and blocks else weight
            for q, index, c in blocks:
                value = self.z.block(q)
                if value is None:
                    break
                value = value if index is None else value[index]
                value = value if c == 1 else value**c
                term = value if term is None else term * value
            else:
                total = term if total is None else total + term
        return total

    @cached_property
    def _centred(self) -> bool:
        """Whether means vanish, and gradients are not asked for."""
        return self.xp.name == "numpy" and not self((1,)).any()

    def cumulant(self, q: Pattern) -> Any:
        """kappa_q of the output over distinct units."""
        total: Any = None
        for coefficient, factors in _formula(q):
            if self._centred and any(r == (1,) for r, _, _ in factors):
                continue
            term: Any = None if coefficient == 1 else coefficient
            for r, index, e in factors:
                value = self(r)
                value = value if index is None else value[index]
                value = value if e == 1 else value**e
                term = value if term is None else term * value
            total = term if total is None else total + term
        return total


@lru_cache(maxsize=256)
def _table(
    q: Pattern, closure: Closure, degree: int | None, whole_pairs: bool
) -> tuple[Any, ...]:
    """Rows (weight, blocks) by the orders k of their coefficients, without Gaussian pairs.

    Between k and rows stands a key for the latter. Each block is its own pattern, the index that
    aligns it with all units, and its power.
    """
    found: dict[Pattern, list[Any]] = {}
    for weight, blocks, k in table(q, closure, degree):
        if not (whole_pairs and all(v == (1, 1) for v, _ in blocks)):
            found.setdefault(k, []).append((float(weight), blocks))
    return tuple(
        (k, tuple(rows), tuple(
            (weight, tuple((*_support(v), c) for v, c in blocks)) for weight, blocks in rows
        ))
        for k, rows in found.items()
    )  # fmt: skip


@lru_cache(maxsize=256)
def _formula(q: Pattern) -> tuple[Any, ...]:
    """`power_formula` with aligning indices, factors of few units first."""
    return tuple(
        (float(c), tuple(sorted(((*_support(r), e) for r, e in factors), key=lambda f: len(f[0]))))
        for c, factors in power_formula(q)
    )


def _support(v: Pattern) -> tuple[Pattern, tuple[Any, ...] | None]:
    """The pattern over the units that occur, and the index that aligns these with all."""
    if all(v):
        return v, None
    return tuple(e for e in v if e), tuple(slice(None) if e else None for e in v)


@cache
def _units(count: int) -> tuple[tuple[Any, ...], ...]:
    return tuple(tuple(slice(None) if a == b else None for b in range(count)) for a in range(count))
