"""The pointwise rule: it never merges nodes, so it is the same for every family."""

import itertools
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import sympy as sp

from ...algebra import Ring
from ...latex.html import Record
from ..types import Content, Node, Type, Values, central_splits, order_of, splits, unit
from .base import Rule

if TYPE_CHECKING:
    from ..families.base import Family

_IDENTITY = (sp.S.Zero, sp.S.One)


@dataclass(frozen=True)
class PolynomialRule(Rule, Record):
    """y_vc = a_c0 + a_c1 z_vc + ... + a_cp z_vc^p for every node v and channel c.

    Parameters
    ----------
    coefficients
        a_c0, ..., a_cp per channel.

    References
    ----------
    Leonov & Shiryaev, Theory Probab. Appl. 4, 319 (1959).
    """

    coefficients: tuple[tuple[Any, ...], ...]

    kind = "pointwise"

    @property
    def in_channels(self) -> int:
        """Channels per node."""
        return len(self.coefficients)

    @property
    def out_channels(self) -> int:
        """Channels per node."""
        return len(self.coefficients)

    @property
    def degree(self) -> int:
        """Degree as a polynomial map, at least 1."""
        return max(1, *(len(a) - 1 for a in self.coefficients))

    def input_order(self, order: int) -> int:
        """A degree-p activation needs input orders up to p times the output order."""
        return self.degree * order

    @property
    def expressions(self) -> tuple[Any, ...]:
        """All coefficients, for building a ring."""
        return tuple(dict.fromkeys(a for row in self.coefficients for a in row))

    def about(self, channel: int, mean: Any) -> list[Any]:
        """d_m with phi(z) = sum_m d_m (z - mean)^m."""
        a = self.coefficients[channel]
        return [
            sp.Add(*(math.comb(k, m) * a[k] * mean ** (k - m) for k in range(m, len(a))))
            for m in range(len(a))
        ]

    def out_family(self, family: "Family") -> "Family":
        """The same nodes."""
        return family.activated(self.degree)

    def transfer(
        self, kappa: Values, family: "Family", ring: Ring, highest: int | None = None
    ) -> Values:
        """Type -> cumulant of the output."""
        rows = [[ring.element(c) for c in a] for a in self.coefficients]

        def centred(label: int, channel: int) -> list[Any]:
            a = rows[channel]
            mean = kappa(family.canonical(unit(label, channel, len(rows))))
            return [
                sum(
                    (math.comb(k, m) * a[k] * mean ** (k - m) for k in range(m, len(a))),
                    ring.zero,
                )
                for m in range(len(a))
            ]

        return centred_cumulants(centred, kappa, family, ring, highest)

    def lifted(self, carried: int) -> "PolynomialRule":
        """The same rule next to ``carried`` channels that pass unchanged, those first."""
        return PolynomialRule((_IDENTITY,) * carried + self.coefficients)



def centred_cumulants(
    taylor: Callable[[int, int], Sequence[Any]], kappa: Values, family: "Family", ring: Ring,
    highest: int | None = None,
) -> Values:
    """Type -> cumulant of y_vc = sum_m d_m (z_vc - mean)^m, means of z left out of ``kappa``.

    The cumulants pass through central moments; both are kept per type.

    Parameters
    ----------
    taylor
        (label, channel) -> ring elements d_0, ..., d_p.
    kappa
        Type -> cumulant of z; order 1 is not asked.
    family
        Of the nodes.
    ring
        Of all of them.
    highest
        Order above which all cumulants of z vanish, if any.
    """
    canonical, gathered, reach = family.canonical, family.gathered, family.reach
    central: dict[Type, Any] = {(): ring.one}
    moments: dict[Type, Any] = {(): ring.one}
    cumulants: dict[Type, Any] = {}
    powers: dict[tuple[int, int], list[dict[int, Any]]] = {}
    images: dict[Node, list[tuple[Content, Any]]] = {}
    constants: dict[tuple[int, int], Any] = {}
    slopes: dict[tuple[int, int], list[tuple[int, Any]]] = {}

    def central_moment(kind: Type) -> Any:
        if kind not in central:
            order = order_of(kind)
            # Gaussian moments of odd order vanish
            zero = order == 1 or (highest == 2 and order % 2)
            central[kind] = ring.zero if zero else ring.total(
                c * value * central_moment(b)
                for a, b, c in central_splits(kind, canonical, gathered, highest, reach)
                if not family.vanishes(a) and (value := kappa(a)) != 0
            )
        return central[kind]

    def power(label: int, channel: int, k: int) -> dict[int, Any]:
        place = (label, channel)
        if place not in powers:
            constant, *rest = (*taylor(label, channel), ring.zero)
            constants[place] = constant
            slopes[place] = [(m, d) for m, d in enumerate(rest, 1) if d != 0]
            powers[place] = [{0: ring.one}]
        while len(powers[place]) <= k:
            product: dict[int, Any] = {}
            for (e, a), (m, b) in itertools.product(powers[place][-1].items(), slopes[place]):
                product[e + m] = product.get(e + m, ring.zero) + a * b
            powers[place].append(product)
        return powers[place][k]

    def image(node: Node) -> list[tuple[Content, Any]]:
        """(content, factor) of the powers of z that the powers of y on a node stand for."""
        label, content = node = (family.alike(node[0]), node[1])
        if node not in images:
            terms: list[tuple[Content, Any]] = [((), ring.one)]
            for channel, count in enumerate(content):
                terms = [
                    ((*c, e), a * b) for c, a in terms
                    for e, b in power(label, channel, count).items()
                ]
            images[node] = terms
        return images[node]

    def moment(kind: Type) -> Any:
        if kind not in moments:
            terms: dict[tuple[Node, ...], Any] = {(): ring.one}
            for node in kind:
                grown: dict[tuple[Node, ...], Any] = {}
                for nodes, a in terms.items():
                    for content, b in image(node):
                        key = gathered((*nodes, (node[0], content)))
                        grown[key] = grown[key] + a * b if key in grown else a * b
                terms = grown
            moments[kind] = ring.total(
                c * central_moment(canonical(nodes)) for nodes, c in terms.items()
            )
        return moments[kind]

    def shifted(kind: Type) -> Any:
        if kind not in cumulants:
            cumulants[kind] = ring.total([moment(kind), *(
                -c * value * moment(b)
                for a, b, c in splits(kind, canonical, gathered, None, reach)
                if b and not family.vanishes(a) and (value := shifted(a)) != 0
            )])
        return cumulants[kind]

    def cumulant(kind: Type) -> Any:
        if family.vanishes(kind):
            return ring.zero
        value = shifted(kind)
        if order_of(kind) == 1:
            ((label, content),) = kind
            power(label, content.index(1), 0)
            value = value + constants[label, content.index(1)]
        return value

    return cumulant
