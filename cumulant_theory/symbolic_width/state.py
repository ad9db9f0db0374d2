"""The state of alike nodes: one cumulant per type, the number of nodes a symbol or a number."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import sympy as sp

from ..algebra import Polynomial, Ring, as_integer, check_order, check_size, substitution
from ..arguments import explained
from ..cumulants import JointCumulants
from ..derivation import Derivation, Derived
from ..errors import DomainError, OrderError
from .families import Family, complete, family_of
from .size import check_expression, check_polynomial
from .types import Type, order_of
from .width import LeadingTerm, check_width, collected, leading_term


def type_symbol(kind: Any, state: str = "x", family: Any = None, channels: int = 1) -> sp.Symbol:
    """Symbol of the cumulant of a type: one letter per distinct node.

    Parameters
    ----------
    kind
        Index word, short form, or :data:`~.types.Type`.
    state
        Name of the nodes in printed formulas.
    family
        Of the nodes; left out, nodes that are all exchangeable.
    channels
        Channels per node.

    Examples
    --------
    >>> from cumulant_theory.symbolic_width import star
    >>> type_symbol((2, 1), "z1"), type_symbol("hij", family=star("n"))
    (kappa__z1_iij, kappa__x_hij)
    """
    family = complete("n") if family is None else family_of(family, "type_symbol")
    channels = check_size(channels, "type_symbol: channels")
    return family.symbol(read_type(family, kind, channels, "type_symbol"), state, channels)


def read_type(family: Family, kind: Any, channels: int, owner: str) -> Type:
    """The type that somebody names, of an order that there is."""
    found = family.read(kind, channels)
    check_order(order_of(found), owner)
    return found


def types(order: int, family: Any = None, channels: int = 1) -> list[Any]:
    """Types of one order in short form, those of few distinct nodes first.

    Parameters
    ----------
    order
        Cumulant order.
    family
        Of the nodes, or a width; a number leaves out types with more distinct nodes than exist.
    channels
        Channels per node.

    Raises
    ------
    OrderError, ShapeError
        If the order, or the channels, are no positive integer.

    Examples
    --------
    >>> from cumulant_theory.symbolic_width import star
    >>> types(3), types(3, 2), types(2, star("n"))
    ([(3,), (2, 1), (1, 1, 1)], [(3,), (2, 1)], ['hh', 'ii', 'hi', 'ij'])
    """
    family = complete("n") if family is None else family_of(family, "types")
    order = check_order(order)
    channels = check_size(channels, "types: channels")
    return [family.key(kind, channels) for kind in family.types(order, channels)]


def images_of(
    values: Mapping[Any, Any] | None, named: Mapping[str, Any], known: Any
) -> dict[Any, Any]:
    """Symbols -> exact values, symbols found by name whatever their assumptions.

    Raises
    ------
    DomainError
        If a symbol is unknown, or a value is not exact.
    """
    by_name = {str(s): s for s in known}
    images = {}
    for symbol, value in {
        **substitution({} if values is None else values), **substitution(named)
    }.items():
        if str(symbol) not in by_name:
            names = ", ".join(sorted(by_name)) or "none"
            raise DomainError(f"no symbol {symbol} here; known: {names}")
        images[by_name[str(symbol)]] = value
    return images


class FamilyCumulants(Derived):
    """Exact cumulants of the nodes of a family, one per type, computed on demand; immutable.

    A type is named by an index word: ``"iij"`` is kappa_iij, i and j any two distinct nodes (on
    a star ``h`` is the hub); with several channels every letter carries its channel, ``"i1i2j1"``.
    Where all nodes are exchangeable and have one channel, (2, 1) is short for ``"iij"``.

    Parameters
    ----------
    family
        Of the nodes.
    order
        Highest order that may be asked for.
    ring
        Ring of the values.
    element
        Type -> ring element.
    channels
        Channels per node.
    network
        Family of the network; differs from the family of the nodes behind a readout.
    state
        Name of the nodes in printed formulas.
    exact, closure, hypotheses
        Under which assumptions the values hold.
    layers
        States after the layers before this one, input first.
    derive
        Called for :attr:`derivation`.
    again
        Size symbols -> numbers; propagates anew on a graph too small for the closed form.
    highest
        Order above which the cumulants are known to vanish, 2 for Gaussians; None if none is.
    check
        Refuses an order that takes too many cumulants of the states before.

    Examples
    --------
    >>> from cumulant_theory import laws
    >>> from cumulant_theory.symbolic_width import GraphConv, Linear, Sum, iid, star
    >>> net = Linear("n", 0, "gamma") >> Sum("n")
    >>> out = net.propagate(iid(laws.Generic("kappa"), "n"), order=3)
    >>> out.type(2), out[3]
    (gamma**2*kappa_2*n**3, gamma**3*kappa_3*n**4)

    >>> out = GraphConv(star("n")).propagate(iid(laws.Generic("kappa"), star("n")), order=2)
    >>> out.type("hh"), out["ij"]
    (U**2*kappa_2 + W**2*kappa_2*(n - 1), W**2*kappa_2)
    """

    def __init__(
        self, family: Any, order: int, ring: Ring, element: Callable[[Type], Any], *,
        channels: int = 1, network: Family | None = None, state: str = "x", exact: bool = True,
        closure: str = "Exact()", hypotheses: Sequence[str] = (),
        layers: Sequence["FamilyCumulants"] = (), derive: Callable[[], Derivation] | None = None,
        again: Callable[[Mapping[Any, Any]], "FamilyCumulants"] | None = None,
        highest: int | None = None, check: Callable[[int], None] | None = None,
    ) -> None:
        self.family: Family = family_of(family, "FamilyCumulants")
        self.network: Family = network or self.family
        self.channels = channels
        self.order = order
        self.ring = ring
        self.state = state
        self.exact = exact
        self.closure = closure
        self.hypotheses: tuple[str, ...] = tuple(dict.fromkeys(hypotheses))
        self.layers: tuple[FamilyCumulants, ...] = tuple(layers)
        self._element = element
        self._derive = derive
        self._again = again
        self.highest = highest
        self._check = check
        self._memo: dict[Type, Polynomial] = {}

    @property
    def n(self) -> Any:
        """Number of nodes."""
        return self.family.n

    @property
    def max_order(self) -> int:
        """Highest order available, as laws say it."""
        return self.order

    def element(self, kind: Type) -> Any:
        """Ring element of the cumulant of a canonical type."""
        known = self._memo.get(kind)
        if known is None:
            known = self._memo[kind] = Polynomial(self.ring, self._element(kind))
        return known.element

    def polynomial(self, kind: Any) -> Polynomial:
        """Cumulant of a type as an exact polynomial; inverses such as 1/n are atoms of it.

        Raises
        ------
        OrderError
            If that order was not propagated, or the polynomial would have too many terms.
        """
        found = self.family.read(kind, self.channels)
        if order_of(found) > self.order:
            raise OrderError(
                f"cumulant of order {order_of(found)} of {self.state}: orders 1 to {self.order} "
                f"were propagated; call propagate(..., order={order_of(found)})"
            )
        if found not in self._memo:
            self.check_order(order_of(found))
            check_polynomial(found, self.family, self._named(found), self._terms)
        self.element(found)
        return self._memo[found]

    def check_order(self, order: int) -> None:
        """Raise OrderError where that order takes too many cumulants of the states before."""
        if self._check is not None:
            self._check(order)

    def _terms(self, kind: Type) -> int:
        self.element(kind)
        return len(self._memo[kind])

    def _named(self, kind: Type) -> str:
        return f"cumulant {self.family.word(kind, self.channels)} of {self.state}"

    def _collected(self, kind: Any) -> sp.Expr:
        polynomial = self.polynomial(kind)
        check_expression(
            len(polynomial), self._named(self.family.read(kind, self.channels))
        )
        return collected(polynomial, self.network.width)

    @explained
    def type(self, *kind: Any) -> sp.Expr:
        """Cumulant of a type: ``type("iij")``, or ``type(2, 1)`` in short form.

        Returns
        -------
        Expr
            Exact, one factored rational function of n per monomial in the other symbols.

        Raises
        ------
        ShapeError
            If it is no type, or needs more distinct nodes than there are.
        OrderError
            If that order was not propagated, or the value has too many terms.
        """
        given = kind[0] if len(kind) == 1 and isinstance(kind[0], str) else kind
        return self._collected(given)

    def cumulant(self, kind: Any) -> sp.Expr:
        """Cumulant of a type given as a word or tuple, or as the order for kappa_i...i."""
        return self._collected(kind)

    __getitem__ = cumulant

    def symbol(self, kind: Any) -> sp.Symbol:
        """Symbol that names the cumulant of a type in equations."""
        found = read_type(self.family, kind, self.channels, "symbol")
        return self.family.symbol(found, self.state, self.channels)

    def _types(self, order: int) -> Iterator[Type]:
        for r in range(1, order + 1):
            yield from self.family.types(r, self.channels)

    def items(self, order: int | None = None) -> Iterator[tuple[Any, sp.Expr]]:
        """(type in short form, cumulant) for all types up to ``order``, or of the whole state.

        Raises
        ------
        OrderError
            If that order was not propagated.
        """
        for kind in self._types(self.order if order is None else self._order(order)):
            yield self.family.key(kind, self.channels), self.cumulant(kind)

    def _order(self, order: Any) -> int:
        number = as_integer(order, 1)
        if number is None or number > self.order:
            raise OrderError(f"order {order!r}: orders 1 to {self.order} were propagated")
        return number

    @property
    def free_symbols(self) -> set[Any]:
        """Symbols of the ring the values live in, those of the width among them."""
        own = {*self.family.symbols, *self.network.symbols}
        return own | {s for a in self.ring.atoms for s in a.free_symbols}

    def large_n(self, order: int) -> dict[Any, LeadingTerm]:
        """Leading behaviour of each type of one order as n -> oo; vanishing cumulants left out.

        Weights that scale with the width are given so: ``Linear(n, 0, gamma / n)``.

        Raises
        ------
        DomainError
            If the width is a number.
        NoClosedFormError
            If a value is not rational in a root of n.

        Examples
        --------
        >>> from cumulant_theory import laws
        >>> from cumulant_theory.symbolic_width import Mean, iid
        >>> out = Mean("n").propagate(iid(laws.Generic("kappa"), "n"), order=3)
        >>> out.large_n(3)
        {(3,): LeadingTerm(power=-2, coefficient=kappa_3)}
        """
        width = self.network.width
        if width.is_Integer:
            raise DomainError(f"large_n: the width is the number {width}; make it a symbol")
        found = {}
        for kind in self.family.types(self._order(order), self.channels):
            term = leading_term(self.polynomial(kind), width)
            if term is not None:
                found[self.family.key(kind, self.channels)] = term
        return found

    def subs(
        self, values: Mapping[Any, Any] | None = None, **named: Any
    ) -> "FamilyCumulants":
        """The same cumulants with symbols replaced by exact values, ``subs(n=3)`` too.

        Raises
        ------
        DomainError
            If a symbol is unknown, or a value does not exist, such as 1/(n - 1) at n = 1.
        """
        images = images_of(values, named, self.free_symbols)
        for symbol in self.network.symbols:
            check_width(symbol.subs(images), "subs")
        family, network = self.family.subs(images), self.network.subs(images)
        if network.n.is_Integer and network.n < family.least(self.order) and self.network.symbols:
            return self._small(images, family)
        opened = family.opened if self.network != network else lambda kind: kind
        atoms = [a.subs(images) for a in self.ring.atoms]
        ring = Ring.of([*network.symbols, network.n, *atoms])
        mapped = {a: ring.element(b) for a, b in zip(self.ring.atoms, atoms, strict=True)}
        return FamilyCumulants(
            family, self.order, ring,
            lambda t: self.ring.compose(self.polynomial(opened(t)).element, mapped, ring),
            channels=self.channels, network=network, state=self.state, exact=self.exact,
            closure=self.closure, hypotheses=self.hypotheses, check=self.check_order,
        )

    def _small(self, images: Mapping[Any, Any], family: Family) -> "FamilyCumulants":
        """Where the closed form does not hold: the same calculation with that number of nodes."""
        if self._again is None:
            raise DomainError(
                f"the cumulants of {self.state} to order {self.order} hold for {self.network.n} "
                f">= {family.least(self.order)}; for smaller graphs put the number into the "
                "network and the law before propagate()"
            )
        width = {s: images[s] for s in self.network.symbols if s in images}
        rest = {s: v for s, v in images.items() if s not in width}
        state = self._again(width)
        return state.subs(rest) if rest else state

    def explicit(self, n: int | None = None) -> JointCumulants:
        """Joint cumulants unit by unit, numbered channel * nodes + node.

        Parameters
        ----------
        n
            Number of nodes of the network; needed where it is a symbol.

        Raises
        ------
        DomainError
            If n is no positive integer.
        """
        images = self.network.images(n)
        state = self.subs(images) if images else self
        family, channels = state.family, state.channels
        return JointCumulants(
            check_size(int(state.n) * channels, "explicit: units"), state.order, state.ring,
            lambda alpha: state.element(family.type_of(alpha, channels)),
            state=state.state, exact=state.exact, closure=state.closure,
            hypotheses=state.hypotheses,
        )

    def __repr__(self) -> str:
        how = "exact" if self.exact else f"closure {self.closure}"
        many = "" if self.channels == 1 else f", {self.channels} channels"
        return (
            f"FamilyCumulants({self.state}: {self.family!r}{many}, order {self.order}, {how})"
        )

    def _repr_latex_(self) -> str:
        from ..latex import inline_display

        top = min(self.order, 4 if self.n == 1 else 3)
        return inline_display([
            (self.symbol(kind), self.cumulant(kind))
            for kind in self._types(top) if len(self.polynomial(kind)) <= 40
        ])

    def _repr_html_(self) -> str:
        from .display import state_card

        return state_card(self)
