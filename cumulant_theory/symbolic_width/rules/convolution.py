"""Rules on a ring: local affine maps of its nodes, and its readouts."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sympy as sp

from ...algebra import Ring
from ...latex.html import Record
from ..positions import Positions
from ..types import Type, Values, order_of, raised
from .base import Rule

Matrix = sp.ImmutableMatrix
Kernel = Mapping[int, Sequence[Sequence[Any]]]


@dataclass(frozen=True)
class ConvolutionRule(Rule, Record):
    """z_i = M_0 x_i + sum_d M_d (x_{i-d} + x_{i+d}) + shift on a ring.

    Parameters
    ----------
    matrices
        M_0, M_1, ..., each (out_channels, in_channels).
    shift
        One entry per output channel.

    References
    ----------
    McCullagh, Tensor Methods in Statistics (1987), section 2.4: multilinearity.
    """

    matrices: tuple[Matrix, ...]
    shift: tuple[Any, ...]

    kind = "affine"

    @property
    def in_channels(self) -> int:
        """Channels per node before."""
        return int(self.matrices[0].cols)

    @property
    def out_channels(self) -> int:
        """Channels per node after."""
        return int(self.matrices[0].rows)

    @property
    def expressions(self) -> tuple[Any, ...]:
        """All entries, for building a ring."""
        entries: list[Any] = [e for matrix in self.matrices for e in matrix.flat()]
        return tuple(dict.fromkeys([*entries, *self.shift]))

    def out_family(self, family: Any) -> Any:
        """The nodes, whose inputs now come from further off."""
        return family.reaching(len(self.matrices) - 1)

    def highest_after(self, order: int | None) -> int | None:
        """The same, cumulants being multilinear; the shift is a mean."""
        return order

    def transfer(
        self, kappa: Values, family: Any, ring: Ring, highest: int | None = None
    ) -> Values:
        """Type -> cumulant of the output."""
        rows = [[[ring.element(w) for w in m.row(c)] for c in range(m.rows)] for m in self.matrices]
        kernel = {sign * d: rows[d] for d in range(len(rows)) for sign in (1, -1)}
        shift = [ring.element(c) for c in self.shift]
        return convolved(kappa, kernel, shift, family.positions, family.radius, ring)

    def lifted(self, carried: int) -> "ConvolutionRule":
        """The same rule next to ``carried`` channels that pass unchanged, those first."""
        kept = [sp.eye(carried), *[sp.zeros(carried, carried)] * (len(self.matrices) - 1)]
        return ConvolutionRule(
            tuple(Matrix(sp.diag(k, m)) for k, m in zip(kept, self.matrices, strict=True)),
            (sp.S.Zero,) * carried + self.shift,
        )

    def named(
        self, number: str, widths: Iterable[Any] = ()
    ) -> tuple["ConvolutionRule", tuple[tuple[Any, Any], ...]]:
        """Names lambda (own node), gamma (neighbours) and c for entries that are sums."""
        return _named(self._mapped, number)

    def _mapped(self, f: Callable[[Any, str], Any]) -> "ConvolutionRule":
        bases = ["lambda", "gamma", *(f"gamma{d}" for d in range(2, len(self.matrices)))]
        return ConvolutionRule(
            tuple(_entries(m, b, f) for m, b in zip(self.matrices, bases, strict=False)),
            _shifts(self.shift, f),
        )


@dataclass(frozen=True)
class RingReadoutRule(Rule, Record):
    """z = weight r + shift, r per channel the sum, the mean or the value of one node of a ring.

    Totals have the cumulants kappa_r(sum) = n sum over chained configurations that start at 0.

    Parameters
    ----------
    what
        ``sum``, ``mean`` or ``node``.
    n
        Number of nodes.
    weight
        Exact matrix (out_channels, in_channels).
    shift
        One entry per output channel.
    """

    what: str
    n: Any
    weight: Matrix
    shift: tuple[Any, ...]

    kind = "affine"

    @property
    def in_channels(self) -> int:
        """Channels per node before."""
        return int(self.weight.cols)

    @property
    def out_channels(self) -> int:
        """Channels of the single node after."""
        return int(self.weight.rows)

    @property
    def expressions(self) -> tuple[Any, ...]:
        """All entries, for building a ring."""
        weights: list[Any] = list(self.weight.flat())
        sizes = {"sum": [self.n], "mean": [self.n, 1 / self.n], "node": []}[self.what]
        return tuple(dict.fromkeys([*sizes, *weights, *self.shift]))

    def check_order(self, order: int, family: Any) -> None:
        """A total is over all chained configurations."""
        if self.what != "node":
            family.positions.check_placements(order, self.in_channels, family.radius)

    def out_family(self, family: Any) -> Any:
        """The single node behind the readout."""
        return family.read_out(self.what)

    def highest_after(self, order: int | None) -> int | None:
        """The same, cumulants being multilinear; the shift is a mean."""
        return order

    def transfer(
        self, kappa: Values, family: Any, ring: Ring, highest: int | None = None
    ) -> Values:
        """Type -> cumulant of the output."""
        values = kappa if self.what == "node" else self._shared(kappa, family, ring)
        rows = [[ring.element(w) for w in self.weight.row(c)] for c in range(self.weight.rows)]
        shift = [ring.element(c) for c in self.shift]
        return convolved(values, {0: rows}, shift, Positions.of(None), 0, ring)

    def _shared(self, kappa: Values, family: Any, ring: Ring) -> Values:
        """Cumulants of the sum or mean per channel."""
        total = totalled(kappa, family.positions, family.radius, ring)
        n = ring.element(self.n)
        share = ring.one if self.what == "sum" else ring.element(1 / self.n)
        return lambda kind: ring.reduce(n * share ** order_of(kind)) * total(kind)

    def lifted(self, carried: int) -> "Rule":
        """Not for a map from many nodes to one."""
        raise TypeError("a readout has no nodes to carry along")

    def named(
        self, number: str, widths: Iterable[Any] = ()
    ) -> tuple["RingReadoutRule", tuple[tuple[Any, Any], ...]]:
        """Names v and c for entries that are sums."""
        return _named(lambda f: self._mapped(f, self.n), number)

    def _mapped(self, f: Callable[[Any, str], Any], n: Any) -> "RingReadoutRule":
        return RingReadoutRule(
            self.what, n, _entries(self.weight, "v", f), _shifts(self.shift, f)
        )


def _entries(matrix: Matrix, base: str, f: Callable[[Any, str], Any]) -> Matrix:
    """Entries replaced; f gets the entry and its name."""
    single = matrix.shape == (1, 1)
    return Matrix(matrix.rows, matrix.cols, lambda i, j: f(
        matrix[i, j], base if single else f"{base}_{i + 1}{j + 1}"
    ))


def _shifts(shift: Sequence[Any], f: Callable[[Any, str], Any]) -> tuple[Any, ...]:
    return tuple(f(c, "c" if len(shift) == 1 else f"c_{i + 1}") for i, c in enumerate(shift))


def _named(mapped: Callable[..., Any], number: str) -> tuple[Any, tuple[tuple[Any, Any], ...]]:
    found: dict[Any, Any] = {}

    def name(value: Any, base: str) -> Any:
        if not value.is_Add and not any(a.is_Add for a in sp.Mul.make_args(value)):
            return value
        head, _, place = base.partition("_")
        symbol = sp.Symbol(f"{head}__{number}" + (f"_{place}" if place else ""))
        found[symbol] = value
        return symbol

    return mapped(name), tuple(found.items())


def convolved(
    kappa: Values, kernel: Kernel, shift: Sequence[Any], positions: Positions, radius: int,
    ring: Ring,
) -> Values:
    """Type -> cumulant of z_{i,c} = sum_d sum_c' kernel[d][c][c'] x_{i+d,c'} + shift[c].

    One output index at a time is traded for input indices; the mixed cumulants on the way are
    shared up to translation and reflection, and those of separate receptive fields vanish.

    Parameters
    ----------
    kappa
        Canonical type of the inputs -> ring element.
    kernel
        Offset -> matrix of ring elements, shape (out channels, in channels); equal at d and -d.
    shift
        Ring element per output channel.
    positions
        Where the nodes lie.
    radius
        Edges over which independent inputs reach x.
    ring
        Of all values.
    """
    outs = len(shift)
    reach = max(kernel)
    rows = [
        [(d, j, w) for d, rows in kernel.items() for j, w in enumerate(rows[c]) if w != 0]
        for c in range(outs)
    ]
    memo: dict[Type, Any] = {}

    def mixed(kind: Type) -> Any:
        """Contents hold the output channels, then the input channels."""
        if kind not in memo:
            memo[kind] = traded(kind)
        return memo[kind]

    def traded(kind: Type) -> Any:
        radii = [radius + reach * any(content[:outs]) for _, content in kind]
        if not positions.joined(kind, radii):
            return ring.zero
        k = next((k for k, (_, content) in enumerate(kind) if any(content[:outs])), None)
        if k is None:
            return kappa(positions.canonical((p, content[outs:]) for p, content in kind))
        p, content = kind[k]
        c = next(c for c, count in enumerate(content) if count)
        left = dict(kind)
        left[p] = (*content[:c], content[c] - 1, *content[c + 1 :])
        empty = (0,) * len(content)
        total = ring.zero
        for d, j, w in rows[c]:
            grown = dict(left)
            q = positions.place(p + d)
            grown[q] = raised(grown.get(q, empty), outs + j)
            value = mixed(positions.canonical(node for node in grown.items() if any(node[1])))
            if value != 0:
                total = total + w * value
        return total

    ins = len(kernel[0][0])

    def cumulant(kind: Type) -> Any:
        value = mixed(positions.canonical((p, (*content, *(0,) * ins)) for p, content in kind))
        if len(kind) == 1 and sum(kind[0][1]) == 1:
            return value + shift[kind[0][1].index(1)]
        return value

    return cumulant


def totalled(kappa: Values, positions: Positions, radius: int, ring: Ring) -> Values:
    """Type at one node -> cumulant of sum_i x_{i,c}, divided by the number of nodes.

    Parameters
    ----------
    kappa
        Canonical type -> ring element.
    positions
        Where the nodes lie.
    radius
        Edges over which independent inputs reach x.
    ring
        Of all values.
    """

    def cumulant(kind: Type) -> Any:
        ((_, content),) = kind
        return sum(
            (c * kappa(placed) for placed, c in positions.placements(content, radius).items()),
            ring.zero,
        )

    return cumulant
