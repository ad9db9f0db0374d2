"""Rules between the cumulants of exchangeable units; their cost does not depend on the width.

Under S_n a joint cumulant of order r depends only on which of its indices coincide: its *type*
is a partition of r. (3, 1) stands for kappa_{iiij}, i and j distinct.
"""

import itertools
import math
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import sympy as sp

from ..algebra import Ring, sub_indices

Type = tuple[int, ...]
Values = Callable[[Type], Any]


def type_of(alpha: Sequence[int]) -> Type:
    """The type of a multi-index: its non-zero entries in decreasing order.

    Examples
    --------
    >>> type_of((0, 1, 3))
    (3, 1)
    """
    return tuple(sorted((a for a in alpha if a), reverse=True))


@lru_cache(maxsize=4096)
def splits(kind: Type) -> tuple[tuple[Type, Type, int], ...]:
    """(a, b, c) with mu_kind = sum c kappa_a mu_b, moments and cumulants named by type.

    One index of the first unit stays in the cumulant; equal splits are counted, not repeated.

    References
    ----------
    McCullagh, Tensor Methods in Statistics (1987), section 2.3.

    Examples
    --------
    >>> splits((1, 1))
    (((1,), (1,), 1), ((1, 1), (), 1))
    """
    rest = (kind[0] - 1, *kind[1:])
    found: Counter[tuple[Type, Type]] = Counter()
    for beta in sub_indices(rest):
        inner = (beta[0] + 1, *beta[1:])
        outer = tuple(r - b for r, b in zip(rest, beta, strict=True))
        found[type_of(inner), type_of(outer)] += math.prod(
            math.comb(r, b) for r, b in zip(rest, beta, strict=True)
        )
    return tuple((a, b, c) for (a, b), c in found.items())


def sum_cumulants(kappa: Values, n: Any, zero: Any) -> Callable[[Type, int], Any]:
    """(s, g) -> joint cumulant of the units of type s and g times the sum S of all n units.

    S in place of one more index is that index summed: over the units there already, and over the
    n - len(s) others, which all give the same.

    Parameters
    ----------
    kappa
        Type -> ring element.
    n
        Width as a ring element or an int.
    zero
        Zero of the ring.
    """
    memo: dict[tuple[Type, int], Any] = {}

    def value(kind: Type, g: int) -> Any:
        if not g:
            return kappa(kind)
        if (kind, g) not in memo:
            total = zero
            for part, count in Counter(kind).items():
                grown = list(kind)
                grown[kind.index(part)] += 1
                total = total + count * value(type_of(grown), g - 1)
            others = n - len(kind)
            if others != 0:
                total = total + others * value((*kind, 1), g - 1)
            memo[kind, g] = total
        return memo[kind, g]

    return value


@lru_cache(maxsize=4096)
def staying(kind: Type) -> tuple[tuple[Type, int], ...]:
    """(s, c): in how many ways the indices of type s are chosen from those of type ``kind``."""
    found: Counter[Type] = Counter()
    for chosen in itertools.product(*(range(part + 1) for part in kind)):
        found[type_of(chosen)] += math.prod(
            math.comb(t, s) for t, s in zip(kind, chosen, strict=True)
        )
    return tuple(found.items())


@dataclass(frozen=True)
class EquivariantRule:
    """z_i = diagonal x_i + common sum_j x_j + shift, the S_n-equivariant affine map.

    kappa_t(z) = sum_s C(t, s) diagonal^|s| common^(r - |s|) kappa(x^s, S^(r - |s|)).

    References
    ----------
    Zaheer et al., Deep Sets, arXiv:1703.06114, Lemma 3; McCullagh (1987), section 2.4.
    """

    n: Any
    diagonal: Any
    common: Any
    shift: Any = sp.S.Zero

    kind = "affine"

    def input_order(self, order: int) -> int:
        """Input order that an output order needs."""
        return order

    @property
    def expressions(self) -> tuple[Any, ...]:
        """All parameters, for building a ring."""
        return (self.n, self.diagonal, self.common, self.shift)

    def transfer(self, kappa: Values, ring: Ring) -> Values:
        """Type -> cumulant of the output."""
        n = int(self.n) if self.n.is_Integer else ring.element(self.n)
        diagonal, common = ring.element(self.diagonal), ring.element(self.common)
        mixed = sum_cumulants(kappa, n, ring.zero)

        def cumulant(kind: Type) -> Any:
            order = sum(kind)
            total = ring.element(self.shift) if order == 1 else ring.zero
            for kept, count in staying(kind):
                g = order - sum(kept)
                factor = count * diagonal ** (order - g) * common**g
                if factor != 0:
                    total = total + factor * mixed(kept, g)
            return total

        return cumulant


@dataclass(frozen=True)
class InvariantRule:
    """z = weight (x_1 + ... + x_n) + shift, one output unit."""

    n: Any
    weight: Any
    shift: Any = sp.S.Zero

    kind = "affine"

    def input_order(self, order: int) -> int:
        """Input order that an output order needs."""
        return order

    @property
    def expressions(self) -> tuple[Any, ...]:
        """All parameters, for building a ring."""
        return (self.n, self.weight, self.shift)

    def transfer(self, kappa: Values, ring: Ring) -> Values:
        """Type -> cumulant of the output."""
        n = int(self.n) if self.n.is_Integer else ring.element(self.n)
        weight = ring.element(self.weight)
        mixed = sum_cumulants(kappa, n, ring.zero)

        def cumulant(kind: Type) -> Any:
            order = sum(kind)
            value = weight**order * mixed((), order)
            return value + ring.element(self.shift) if order == 1 else value

        return cumulant


@dataclass(frozen=True)
class PolynomialRule:
    """y_i = a_0 + a_1 z_i + ... + a_p z_i^p for every unit; independent of the width.

    References
    ----------
    Leonov & Shiryaev, Theory Probab. Appl. 4, 319 (1959).
    """

    coefficients: tuple[Any, ...]

    kind = "pointwise"

    @property
    def degree(self) -> int:
        """Degree as a polynomial map, at least 1."""
        return max(len(self.coefficients) - 1, 1)

    def input_order(self, order: int) -> int:
        """A degree-p activation needs input orders up to p times the output order."""
        return self.degree * order

    @property
    def expressions(self) -> tuple[Any, ...]:
        """All coefficients, for building a ring."""
        return self.coefficients

    def about(self, mean: Any) -> list[Any]:
        """d_m with phi(z) = sum_m d_m (z - mean)^m."""
        a = self.coefficients
        return [
            sp.Add(*(math.comb(k, m) * a[k] * mean ** (k - m) for k in range(m, len(a))))
            for m in range(len(a))
        ]

    def transfer(self, kappa: Values, ring: Ring) -> Values:
        """Type -> cumulant of the output."""
        a = [ring.element(c) for c in self.coefficients]
        mean = kappa((1,))
        centred = [
            sum((math.comb(k, m) * a[k] * mean ** (k - m) for k in range(m, len(a))), ring.zero)
            for m in range(len(a))
        ]
        return centred_cumulants(centred, kappa, ring)


def centred_cumulants(d: Sequence[Any], kappa: Values, ring: Ring) -> Values:
    """Type -> cumulant of y_i = sum_m d_m (z_i - mean)^m, means of z left out of ``kappa``.

    The cumulants pass through central moments; both are kept per type.

    Parameters
    ----------
    d
        Ring elements d_0, ..., d_p.
    kappa
        Type -> cumulant of z; order 1 is never asked.
    ring
        Of all of them.
    """
    central: dict[Type, Any] = {(): ring.one, (1,): ring.zero}
    moments: dict[Type, Any] = {(): ring.one}
    cumulants: dict[Type, Any] = {}
    slope = {m: c for m, c in enumerate(d) if m and c != 0}
    powers: list[dict[int, Any]] = [{0: ring.one}]

    def central_moment(kind: Type) -> Any:
        if kind not in central:
            central[kind] = sum(
                (c * kappa(a) * central_moment(b) for a, b, c in splits(kind) if sum(a) > 1),
                ring.zero,
            )
        return central[kind]

    def power(k: int) -> dict[int, Any]:
        while len(powers) <= k:
            product: dict[int, Any] = {}
            for (e, a), (m, b) in itertools.product(powers[-1].items(), slope.items()):
                product[e + m] = product.get(e + m, ring.zero) + a * b
            powers.append(product)
        return powers[k]

    def moment(kind: Type) -> Any:
        if kind not in moments:
            terms: dict[Type, Any] = {(): ring.one}
            for part in kind:
                grown: dict[Type, Any] = {}
                for (units, a), (e, b) in itertools.product(terms.items(), power(part).items()):
                    key = type_of((*units, e))
                    grown[key] = grown.get(key, ring.zero) + a * b
                terms = grown
            moments[kind] = sum(
                (c * central_moment(units) for units, c in terms.items()), ring.zero
            )
        return moments[kind]

    def shifted(kind: Type) -> Any:
        if kind not in cumulants:
            cumulants[kind] = sum(
                (-c * shifted(a) * moment(b) for a, b, c in splits(kind) if b), moment(kind)
            )
        return cumulants[kind]

    def cumulant(kind: Type) -> Any:
        value = shifted(kind)
        return value + d[0] if kind == (1,) and d else value

    return cumulant


Rule = EquivariantRule | InvariantRule | PolynomialRule
