"""The affine rule where nodes of one label are exchangeable; its cost does not depend on n."""

import operator
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple

import sympy as sp

from ...algebra import Ring
from ...latex.html import Record
from ..types import Content, Node, Type, Values, order_of, raised, sorted_type
from .base import Rule

if TYPE_CHECKING:
    from ..families.base import Family

Matrix = sp.ImmutableMatrix
Sums = tuple[int, ...]
Exponents = tuple[int, ...]


@dataclass(frozen=True)
class ClassAffineRule(Rule, Record):
    """z_v = D_k x_v + sum_l C_kl (sum of x_u over all nodes u of label l) + c_k, v of label k.

    kappa_t(z) is multilinear: every index keeps its node or moves to a sum; the cumulants with
    sums are those of :func:`sum_cumulants`.

    Parameters
    ----------
    diagonal
        D_k per output label, each (out_channels, in_channels).
    common
        C_kl, output label by input label.
    shift
        c_k, one entry per channel.
    anchors
        Input label of the node that an output node of each label sits on.
    target
        Family of the output nodes; None where they are the input nodes.

    References
    ----------
    Zaheer et al., Deep Sets, arXiv:1703.06114, Lemma 3; McCullagh (1987), section 2.4.
    """

    diagonal: tuple[Matrix, ...]
    common: tuple[tuple[Matrix, ...], ...]
    shift: tuple[tuple[Any, ...], ...]
    anchors: tuple[int, ...]
    letters: tuple[str, ...] = ("",)
    target: Any = None

    kind = "affine"

    @property
    def in_channels(self) -> int:
        """Channels per node before."""
        return int(self.diagonal[0].cols)

    @property
    def out_channels(self) -> int:
        """Channels per node after."""
        return int(self.diagonal[0].rows)

    @property
    def expressions(self) -> tuple[Any, ...]:
        """All entries, for building a ring."""
        matrices = [*self.diagonal, *(c for row in self.common for c in row)]
        entries: list[Any] = [e for matrix in matrices for e in matrix.flat()]
        return tuple(dict.fromkeys([*entries, *(c for row in self.shift for c in row)]))

    def out_family(self, family: "Family") -> "Family":
        """The input nodes, or the single node of a readout."""
        return self.target or family

    def highest_after(self, order: int | None) -> int | None:
        """The same, cumulants being multilinear; the shift is a mean."""
        return order

    def transfer(
        self, kappa: Values, family: Any, ring: Ring, highest: int | None = None
    ) -> Values:
        """Type -> cumulant of the output."""
        sizes = [int(s) if s.is_Integer else ring.element(s) for s in family.sizes]
        mixed = sum_cumulants(kappa, sizes, self.in_channels, ring)
        shift = [[ring.element(c) for c in row] for row in self.shift]
        form, entries = self._form
        weights = [ring.element(w) for w in entries]
        powers = [[ring.one] for _ in weights]
        monomials: dict[Exponents, Any] = {}

        def monomial(exponents: Exponents) -> Any:
            if exponents not in monomials:
                value = ring.one
                for known, w, e in zip(powers, weights, exponents, strict=True):
                    while len(known) <= e:
                        known.append(known[-1] * w)
                    if e:
                        value = value * known[e]
                monomials[exponents] = value
            return monomials[exponents]

        def cumulant(kind: Type) -> Any:
            total = ring.total(
                value * ring.total(count * monomial(exponents) for exponents, count in terms)
                for kept, sums, terms in expansion(kind, form, self.anchors)
                if (value := mixed(kept, sums)) != 0
            )
            if order_of(kind) == 1:
                ((label, content),) = kind
                total = total + shift[label][content.index(1)]
            return total

        return cumulant

    @property
    def _form(self) -> tuple["Form", list[Any]]:
        """Where an index of each output label and channel can go, and the weights of that."""
        entries: list[Any] = []
        rows = []
        for diagonal, common in zip(self.diagonal, self.common, strict=True):
            channels = []
            for channel in range(self.out_channels):
                places: list[tuple[int, int]] = []
                for source, matrix in enumerate((diagonal, *common), -1):
                    for c, w in enumerate(matrix.row(channel)):
                        if w != 0:
                            places.append((source, c))
                            entries.append(w)
                channels.append(tuple(places))
            rows.append(tuple(channels))
        return Form(tuple(rows), self.in_channels, len(self.common[0]), len(entries)), entries

    def lifted(self, carried: int) -> "ClassAffineRule":
        """The same rule next to ``carried`` channels that pass unchanged, those first."""
        eye, zero = sp.eye(carried), sp.zeros(carried, carried)
        return replace(
            self,
            diagonal=tuple(Matrix(sp.diag(eye, d)) for d in self.diagonal),
            common=tuple(tuple(Matrix(sp.diag(zero, c)) for c in row) for row in self.common),
            shift=tuple((sp.S.Zero,) * carried + row for row in self.shift),
        )

    def named(
        self, number: str, widths: Iterable[Any] = ()
    ) -> tuple["ClassAffineRule", tuple[tuple[Any, Any], ...]]:
        """Names lambda (own node), gamma (sums) and c for entries that are no single symbol."""
        found: dict[Any, Any] = {}
        free = set(widths)

        def name(value: Any, base: str, suffix: str) -> Any:
            if value.is_Symbol or value.free_symbols <= free:
                return value
            symbol = sp.Symbol(f"{base}__{number}" + (f"_{suffix}" if suffix else ""))
            found[symbol] = value
            return symbol

        return self._mapped(name), tuple(found.items())

    def _mapped(self, f: Callable[[Any, str, str], Any]) -> "ClassAffineRule":
        """The rule with every entry replaced; f gets the entry, its base name and its place."""
        single = self.in_channels == self.out_channels == 1

        def matrix(base: str, value: Any, where: str) -> Matrix:
            return Matrix(value.rows, value.cols, lambda i, j: f(
                value[i, j], base, where + ("" if single else f"{i + 1}{j + 1}")
            ))

        own, far = self.letters, self.letters
        if self.target is not None:
            own = ("",) * len(self.diagonal)
        base = "v" if self.target is not None else "gamma"
        return replace(
            self,
            diagonal=tuple(matrix("lambda", d, a) for d, a in zip(self.diagonal, own, strict=True)),
            common=tuple(
                tuple(matrix(base, c, a + b) for c, b in zip(row, far, strict=True))
                for row, a in zip(self.common, own, strict=True)
            ),
            shift=tuple(
                tuple(f(c, "c", a + ("" if len(row) == 1 else str(i + 1)))
                      for i, c in enumerate(row))
                for row, a in zip(self.shift, own, strict=True)
            ),
        )


class Form(NamedTuple):
    """Which entries of an affine rule are not zero.

    Attributes
    ----------
    places
        Output label -> output channel -> (-1 for the own node or a summed label, input channel).
    channels, labels
        Of the input.
    entries
        Number of places in all.
    """

    places: tuple[tuple[tuple[tuple[int, int], ...], ...], ...]
    channels: int
    labels: int
    entries: int


@lru_cache(maxsize=4096)
def expansion(
    kind: Type, form: Form, anchors: tuple[int, ...]
) -> list[tuple[Type, Sums, list[tuple[Exponents, int]]]]:
    """Every way in which the indices of a type stay on their nodes or move to sums.

    Returns
    -------
    list
        (type of those that stay, number of sums by place, [(exponents of the entries, count)]).
    """
    start = (0,) * (form.labels * form.channels)
    terms: dict[tuple[Type, Sums], dict[Exponents, int]] = {
        ((), start): {(0,) * form.entries: 1}
    }
    for node in kind:
        images = _images(node, form)
        anchor = anchors[node[0]]
        grown: dict[tuple[Type, Sums], dict[Exponents, int]] = {}
        for (kept, sums), factors in terms.items():
            for (content, moved), more in images.items():
                stays = sorted_type((*kept, (anchor, content))) if any(content) else kept
                found = grown.setdefault((stays, _added(sums, moved)), {})
                for a, m in factors.items():
                    for b, n in more.items():
                        exponents = _added(a, b)
                        found[exponents] = found.get(exponents, 0) + m * n
        terms = grown
    return [(kept, sums, list(factors.items())) for (kept, sums), factors in terms.items()]


@lru_cache(maxsize=4096)
def _images(node: Node, form: Form) -> dict[tuple[Content, Sums], dict[Exponents, int]]:
    """The same for the indices of one node."""
    label, content = node
    first = [
        [sum(len(c) for row in form.places[:la] for c in row) + sum(map(len, row[:k]))
         for k in range(len(row))]
        for la, row in enumerate(form.places)
    ]
    start = ((0,) * form.channels, (0,) * (form.labels * form.channels))
    terms: dict[tuple[Content, Sums], dict[Exponents, int]] = {start: {(0,) * form.entries: 1}}
    for channel, count in enumerate(content):
        for _ in range(count):
            grown: dict[tuple[Content, Sums], dict[Exponents, int]] = {}
            for (stays, sums), factors in terms.items():
                for e, (source, c) in enumerate(form.places[label][channel],
                                                first[label][channel]):
                    key = (
                        (raised(stays, c), sums) if source < 0
                        else (stays, raised(sums, source * form.channels + c))
                    )
                    found = grown.setdefault(key, {})
                    for exponents, m in factors.items():
                        more = raised(exponents, e)
                        found[more] = found.get(more, 0) + m
            terms = grown
    return terms


def _added(a: tuple[int, ...], b: tuple[int, ...]) -> tuple[int, ...]:
    return tuple(map(operator.add, a, b))


@lru_cache(maxsize=8192)
def grown(kind: Type, label: int, channel: int, channels: int) -> tuple[Any, int, Type]:
    """One more index of a label: on the nodes there already, how many these are, on a new one.

    Examples
    --------
    >>> grown(((0, (1,)), (0, (1,))), 0, 0, 1)
    ([(((0, (2,)), (0, (1,))), 2)], 2, ((0, (1,)), (0, (1,)), (0, (1,))))
    """
    found, occupied = [], 0
    for node, count in Counter(kind).items():
        if node[0] == label:
            occupied += count
            place = kind.index(node)
            more = (*kind[:place], (label, raised(node[1], channel)), *kind[place + 1 :])
            found.append((sorted_type(more), count))
    fresh = (label, raised((0,) * channels, channel))
    return found, occupied, sorted_type((*kind, fresh))


def sum_cumulants(
    kappa: Values, sizes: Sequence[Any], channels: int, ring: Ring
) -> Callable[[Type, Sums], Any]:
    """(t, g) -> joint cumulant of the nodes of type t and of g sums over all nodes of a label.

    A sum in place of one more index is that index summed: over the nodes there already, and over
    the others of its label, which all give the same.

    Parameters
    ----------
    kappa
        Type -> ring element.
    sizes
        Number of nodes per label, as ring elements or integers.
    channels
        Channels per node; sum number ``label * channels + channel`` is over that label's channel.
    ring
        Of the values.
    """
    memo: dict[tuple[Type, Sums], Any] = {}

    def value(kind: Type, sums: Sums) -> Any:
        place = next((s for s, count in enumerate(sums) if count), None)
        if place is None:
            return kappa(kind)
        key = (kind, sums)
        if key not in memo:
            label, channel = divmod(place, channels)
            rest = (*sums[:place], sums[place] - 1, *sums[place + 1 :])
            present, occupied, fresh = grown(kind, label, channel, channels)
            others = sizes[label] - occupied
            memo[key] = ring.total([
                *(count * value(more, rest) for more, count in present),
                *([others * value(fresh, rest)] if others != 0 else []),
            ])
        return memo[key]

    return value
