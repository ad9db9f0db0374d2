"""Fourth cumulants of wide layers at K = 4, as sums of vector pairs times matrices.

kappa_abcd = sum_r of A_ab B_cd over the six ways to share four indices between A and B, with
A_ab = U_ar V_br + V_ar U_br and B_cd = B_cdr. Every tree of three light edges has an outer edge
(i, j); A holds that edge at the inner unit r = j and B the rest of the tree. Entries with repeated
units are put right by A = e_r e_r.
"""

from functools import cached_property
from typing import Any

from .forms import DenseTensor, PairTensor, Tensor
from .powers import Powers
from .state import State


class FactoredFourth(Tensor):
    """A sum of parts (U, V, B), arrays (n, R), (n, R) and (n, n, R)."""

    xp: Any
    parts: list["Part"]
    order = 4

    def __init__(self, xp: Any, parts: list["Part"]) -> None:
        self.xp, self.parts = xp, parts

    @cached_property
    def _slice(self) -> Any:
        """kappa_aabc as array [a, b, c]."""
        return sum(part.slice() for part in self.parts)

    @cached_property
    def _diagonal(self) -> Any:
        return sum(part.diagonal() for part in self.parts)

    def block(self, q: tuple[int, ...]) -> Any:
        xp = self.xp
        if q == (4,):
            return self._diagonal
        if max(q) == 1:
            return self.dense()
        if len(q) == 3:  # the doubled unit leads in the slice
            first = q.index(2)
            axes = [first, *(a for a in range(3) if a != first)]
            return xp.permute(self._slice, tuple(axes.index(a) for a in range(3)))
        word = "abb->ab" if q[0] == q[1] else "aab->ab" if q[0] > q[1] else "bba->ab"
        return xp.einsum(word, self._slice)

    def affine(self, weight: Any) -> "FactoredFourth":
        return FactoredFourth(self.xp, [part.mapped(weight) for part in self.parts])

    def masked(self, keep: Any) -> "FactoredFourth":
        return FactoredFourth(self.xp, [part.scaled(keep) for part in self.parts])

    def scaled(self, scale: Any) -> "FactoredFourth":
        """Every index times a vector."""
        return FactoredFourth(self.xp, [part.scaled(scale) for part in self.parts])

    def pairs(self) -> PairTensor:
        return PairTensor(self.xp, self.block((2, 2)))

    def dense(self) -> Any:
        xp, total = self.xp, 0.0
        for part in self.parts:
            one = xp.einsum("abr,cdr->abcd", part.outer(), part.b)
            both = one + xp.permute(one, (2, 3, 0, 1))
            total = total + both + xp.permute(both, (0, 2, 1, 3)) + xp.permute(both, (0, 3, 2, 1))
        return total

    def __repr__(self) -> str:
        return f"factored, rank {sum(p.u.shape[1] for p in self.parts)}"


class Part:
    """U, V and B of one group of terms."""

    xp: Any
    u: Any
    v: Any

    def __init__(self, xp: Any, u: Any, v: Any, b: Any) -> None:
        self.xp, self.u, self.v = xp, u, v
        self.b = b

    def mapped(self, weight: Any) -> "Part":
        """Behind a linear map."""
        return _MappedPart(self.xp, weight @ self.u, weight @ self.v, self.b, weight)

    def scaled(self, scale: Any) -> "Part":
        """Every index times a vector."""
        c = scale[:, None]
        return Part(self.xp, self.u * c, self.v * c, self.b * (c * scale)[:, :, None])

    def outer(self) -> Any:
        """A as array [a, b, r]."""
        one = self.u[:, None, :] * self.v[None, :, :]
        return one + self.xp.permute(one, (1, 0, 2))

    def ends(self) -> Any:
        """B_aa as array [a, r]."""
        return self.xp.einsum("aar->ar", self.b)

    def diagonal(self) -> Any:
        """kappa_aaaa."""
        return 12 * (self.u * self.v * self.ends()).sum(1)

    def slice(self) -> Any:
        """kappa_aabc = A_aa B_bc + A_bc B_aa + 2 A_ab B_ac + 2 A_ac B_ab."""
        xp, n = self.xp, len(self.u)
        a, b = self.outer(), self.b
        rank = a.shape[2]
        left = (2 * self.u * self.v) @ xp.permute(b.reshape(n * n, rank), (1, 0))
        left += self.ends() @ xp.permute(a.reshape(n * n, rank), (1, 0))
        inner = xp.matmul(2 * a, xp.permute(b, (0, 2, 1)))
        result = left.reshape(n, n, n) + inner
        result += xp.permute(inner, (0, 2, 1))
        return result


class _MappedPart(Part):
    """B behind a linear map, its diagonal without the rest where that is enough."""

    def __init__(self, xp: Any, u: Any, v: Any, source: Any, weight: Any) -> None:
        self.xp, self.u, self.v = xp, u, v
        self.source, self.weight = source, weight

    @cached_property
    def _half(self) -> Any:
        return self.xp.matmul(self.weight, self.source)

    @cached_property
    def b(self) -> Any:  # type: ignore[override]
        """W B W^T for every r."""
        n, m, rank = self._half.shape
        return (self.weight @ self._half.reshape(n, m * rank)).reshape(len(self.weight), m, rank)

    def ends(self) -> Any:
        if "b" in self.__dict__:
            return super().ends()
        return (self._half * self.weight.T[:, :, None]).sum(0)


def factor(tensor: Tensor) -> FactoredFourth:
    """A given fourth cumulant in factored form."""
    if isinstance(tensor, FactoredFourth):
        return tensor
    xp, t = tensor.xp, tensor.dense()  # type: ignore[attr-defined]
    n = t.shape[0]
    eye = xp.eye(n)
    rows = [(i, j) for i in range(n) for j in range(i + 1)]
    u = xp.concat([eye[:, i : i + 1] for i, _ in rows], 1)
    v = xp.concat([eye[:, j : j + 1] * (0.5 if i == j else 1.0) for i, j in rows], 1)
    b = xp.concat([t[i, j][:, :, None] / 6 for i, j in rows], 2)
    return FactoredFourth(xp, [Part(xp, u, v, b)])


def third_and_fourth(z: State, powers: Powers) -> tuple[DenseTensor, FactoredFourth]:
    """Third and fourth cumulants behind a pointwise map at K = 4."""
    xp, w, n = powers.xp, powers.omega, z.width
    old = None if z.fourth is None else factor(z.fourth)
    first, second = w(1, 1), w(2, 1)
    light = xp.with_diagonal(z.covariance, 0.0)
    edges = first[:, None] * light
    triple = _triples(z, powers, 1, old)
    pair, single = powers.cumulant((2, 1)), powers.cumulant((3,))
    third = triple
    for plane in ((1, 2), (0, 2), (0, 1)):
        third = xp.with_plane(third, plane, xp.with_diagonal(pair, single))

    # B of the tree behind the outer edge (i, j): paths and stars, then a third cumulant
    inner = 0.5 * light * second[:, None] * second
    star = edges * (w(3, 1) * (1 / 6))
    b = inner[:, None, :] * edges.T[:, :, None] + star[:, None, :] * edges[None, :, :]
    b = b + xp.permute(b, (1, 0, 2))
    if z.third is not None:
        b = b + z.third.dense() * (first[:, None] * first)[:, :, None] * second
    ends = xp.einsum("aar->ar", b)
    # kappa_aabc of these terms, A_ab = edges_ar for b = r
    cross = xp.permute(b, (0, 2, 1)) * edges[:, :, None]
    cross += edges.T[:, :, None] * xp.einsum("aca->ac", b)[:, None, :]
    cross = 2 * cross
    cross += edges[None, :, :] * ends[:, None, :]
    held = cross + xp.permute(cross, (0, 2, 1))
    parts = [Part(xp, edges, xp.eye(n), b)]
    if old is not None:
        scaled = old.scaled(first)
        held += old.block((2, 1, 1)) * ((first * first)[:, None, None] * (first[:, None] * first))
        parts = [*scaled.parts, *parts]

    mean, cov = powers((1,)), xp.with_diagonal(powers((1, 1)), 0.0)
    lacking = _triples(z, powers, 2, old)
    lacking -= (2 * mean)[:, None, None] * triple
    lacking -= (2 * cov)[:, :, None] * cov[:, None, :]
    lacking -= held
    three = (powers.cumulant((3, 1)) - xp.einsum("aab->ab", held)) * (1 / 3)
    two = (powers.cumulant((2, 2)) - xp.einsum("abb->ab", held)) * 0.5
    four = (powers.cumulant((4,)) - xp.einsum("aaa->a", held)) * (1 / 6)
    lacking = xp.with_plane(lacking, (0, 1), three)
    lacking = xp.with_plane(lacking, (0, 2), three)
    lacking = xp.with_plane(lacking, (1, 2), xp.with_diagonal(two, four).T)
    eye = xp.eye(n)
    parts.append(Part(xp, eye * 0.5, eye, xp.permute(lacking, (1, 2, 0))))
    return DenseTensor(xp, third), FactoredFourth(xp, parts)


def _triples(z: State, powers: Powers, p: int, fourth: FactoredFourth | None) -> Any:
    """C_(p,1,1) over distinct units to cost 3, as array [i, j, k] with unit i to the power p.

    Two legs at a centre, one of them light; three units joined by a third cumulant, alone or with
    one more covariance; the triangle of covariances; and kappa_iijk.
    """
    xp, w = powers.xp, powers.omega
    light = xp.with_diagonal(z.covariance, 0.0)
    third = None if z.third is None else z.third.dense()
    heavy = None if z.third is None else z.third.block((2, 1))
    twice = light * light * 0.5
    if fourth is not None:
        twice = twice + 0.25 * fourth.block((2, 2))

    def legs(power: int) -> tuple[Any, Any, Any]:
        """[leaf, centre]: light, one end at the centre and two at the leaf, two at the centre."""
        a, b = w(1, power)[:, None], w(2, power)[:, None]
        one = 0 * light if heavy is None else b * heavy * 0.5
        two = b * twice if heavy is None else b * twice + a * heavy.T * 0.5
        return a * light, one, two

    def centre(power: int, left: Any, right: Any) -> Any:
        """[left leaf, centre, right leaf]."""
        b, c = w(2, power), w(3, power)
        whole = b * (right[0] + right[1]) + c * right[2]
        rest = b * left[1] + c * left[2]
        result = left[0][:, :, None] * whole.T
        result += rest[:, :, None] * right[0].T
        return result

    own, plain = legs(p), legs(1)
    path = centre(1, own, plain)
    total = path + xp.permute(path, (0, 2, 1))
    total += xp.permute(centre(p, plain, plain), (1, 0, 2))
    a1, a2, b1, b2 = w(1, p), w(2, p), w(1, 1), w(2, 1)
    edge = a2[:, None] * light * b2
    total += (edge[:, :, None] * light[:, None, :]) * (light * b2)
    if third is not None:
        weights = (a1[:, None] * b1 + edge)[:, :, None] * b1
        weights += edge[:, None, :] * b1[:, None]
        weights += a1[:, None, None] * (b2[:, None] * light * b2)
        total += third * weights
    if fourth is not None:
        double = fourth.block((2, 1, 1))
        total += double * ((0.5 * a2[:, None] * b1)[:, :, None] * b1)
        side = (0.5 * a1[:, None] * b2)[:, :, None] * b1
        side = xp.permute(double, (1, 0, 2)) * side  # [i, j, k] of kappa_jjik
        total += side
        total += xp.permute(side, (0, 2, 1))
    return total
