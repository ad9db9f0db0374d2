"""The state of exchangeable units: one cumulant per type, the width a symbol or a number."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import sympy as sp

from ..algebra import Polynomial, Ring, integer_partitions, substitution
from ..cumulants import JointCumulants
from ..errors import DomainError, OrderError, ShapeError
from .rules import Type, type_of
from .width import LeadingTerm, check_width, collected, leading_term

_LETTERS = "ijklmnpqrs"


def type_symbol(kind: Sequence[int], state: str = "x") -> sp.Symbol:
    """Symbol of the cumulant of a type: one letter per distinct unit.

    Examples
    --------
    >>> type_symbol((2, 1), "z1")
    kappa__z1_iij
    """
    if len(kind) > len(_LETTERS):
        return sp.Symbol(f"kappa__{state}_{','.join(map(str, kind))}")
    word = "".join(letter * part for letter, part in zip(_LETTERS, kind, strict=False))
    return sp.Symbol(f"kappa__{state}_{word}")


def types(order: int, n: Any = None) -> list[Type]:
    """Types of one order, those of few distinct units first.

    Parameters
    ----------
    order
        Cumulant order.
    n
        Width; a number leaves out the types with more than n distinct units.

    Examples
    --------
    >>> types(4), types(4, 2)
    ([(4,), (3, 1), (2, 2), (2, 1, 1), (1, 1, 1, 1)], [(4,), (3, 1), (2, 2)])
    """
    bound = int(n) if n is not None and sp.sympify(n).is_Integer else order
    return [kind for kind in integer_partitions(order) if len(kind) <= bound]


def checked_type(kind: Sequence[Any], n: Any) -> Type:
    """The type in decreasing order.

    Raises
    ------
    ShapeError
        If the entries are not positive integers or more than n distinct units are asked for.
    """
    given = tuple(kind)
    if not given or any(not isinstance(a, int) or isinstance(a, bool) or a < 1 for a in given):
        raise ShapeError(
            f"type {given}: a type lists how often each distinct unit occurs, positive integers "
            "such as (3, 1) for kappa_iiij"
        )
    if n.is_Integer and len(given) > int(n):
        raise ShapeError(f"type {given} needs {len(given)} distinct units, but there are {n}")
    return type_of(given)


def images_of(values: Mapping[Any, Any] | None, named: Mapping[str, Any], known: Any) -> dict:
    """Symbols -> exact values, symbols found by name whatever their assumptions.

    Raises
    ------
    DomainError
        If a symbol is unknown, or a value is not exact.
    """
    by_name = {str(s): s for s in known}
    images = {}
    for symbol, value in substitution({**(values or {}), **named}).items():
        if str(symbol) not in by_name:
            names = ", ".join(sorted(by_name)) or "none"
            raise DomainError(f"no symbol {symbol} here; known: {names}")
        images[by_name[str(symbol)]] = value
    return images


def explicit_width(own: Any, given: Any) -> int:
    """The number of units to write out.

    Raises
    ------
    DomainError
        If it is not known, or differs from the width.
    """
    width = own if given is None else check_width(given, "explicit")
    if not width.is_Integer or (own.is_Integer and own != width):
        raise DomainError(
            f"explicit({'' if given is None else given}): the width is {own}; give a positive "
            "integer, equal to the width where that is a number"
        )
    return int(width)


class ExchangeableCumulants:
    """Exact cumulants of n exchangeable units, one per type, computed on demand; immutable.

    Parameters
    ----------
    n
        Number of units: positive integer or symbol.
    order
        Highest order that may be asked for.
    ring
        Ring of the values.
    element
        Type -> ring element.
    width
        The n of the network; differs from the number of units behind a readout.
    state
        Name of the units in printed formulas.
    exact, closure, hypotheses
        Under which assumptions the values hold.
    layers
        States after the layers before this one, input first.

    Examples
    --------
    >>> from cumulant_theory import laws
    >>> from cumulant_theory.exchangeable import Linear, Sum, iid
    >>> net = Linear("n", 0, "gamma") >> Sum("n")
    >>> out = net.propagate(iid(laws.Generic("kappa"), "n"), order=3)
    >>> out.type(2), out[3]
    (gamma**2*kappa_2*n**3, gamma**3*kappa_3*n**4)
    """

    def __init__(
        self, n: Any, order: int, ring: Ring, element: Callable[[Type], Any], *,
        width: Any = None, state: str = "x", exact: bool = True, closure: str = "Exact()",
        hypotheses: Sequence[str] = (), layers: Sequence["ExchangeableCumulants"] = (),
    ) -> None:
        self.n = check_width(n, "ExchangeableCumulants")
        self.width = self.n if width is None else width
        self.order = order
        self.ring = ring
        self.state = state
        self.exact = exact
        self.closure = closure
        self.hypotheses = tuple(dict.fromkeys(hypotheses))
        self.layers = tuple(layers)
        self._element = element
        self._memo: dict[Type, Polynomial] = {}

    @property
    def max_order(self) -> int:
        """Highest order available, as laws say it."""
        return self.order

    def element(self, kind: Type) -> Any:
        """Ring element of the cumulant of a type."""
        known = self._memo.get(kind)
        return (known or self.polynomial(kind)).element

    def polynomial(self, kind: Sequence[int] | int) -> Polynomial:
        """Cumulant of a type as an exact polynomial; inverses such as 1/n are atoms of it."""
        kind = checked_type((kind,) if isinstance(kind, int) else kind, self.n)
        if sum(kind) > self.order:
            raise OrderError(
                f"cumulant of order {sum(kind)} of {self.state}: orders 1 to {self.order} were "
                f"propagated; call propagate(..., order={sum(kind)})"
            )
        if kind not in self._memo:
            self._memo[kind] = Polynomial(self.ring, self._element(kind))
        return self._memo[kind]

    def type(self, *kind: int) -> sp.Expr:
        """Cumulant of a type: ``type(2, 1)`` is kappa_iij.

        Returns
        -------
        Expr
            Exact, one factored rational function of n per monomial in the other symbols.

        Raises
        ------
        ShapeError
            If the type needs more distinct units than there are.
        OrderError
            If that order was not propagated.
        """
        return collected(self.polynomial(kind), self.width)

    def cumulant(self, kind: Sequence[int] | int) -> sp.Expr:
        """Cumulant of a type given as a tuple, or as the order for kappa_i...i."""
        return self.type(*((kind,) if isinstance(kind, int) else kind))

    __getitem__ = cumulant

    def items(self, order: int | None = None) -> Iterator[tuple[Type, sp.Expr]]:
        """(type, cumulant) for all types up to ``order``, or of the whole state.

        Raises
        ------
        OrderError
            If that order was not propagated.
        """
        for r in range(1, (self.order if order is None else self._order(order)) + 1):
            for kind in types(r, self.n):
                yield kind, self.type(*kind)

    def _order(self, order: Any) -> int:
        if not isinstance(order, int) or isinstance(order, bool) or not 1 <= order <= self.order:
            raise OrderError(f"order {order!r}: orders 1 to {self.order} were propagated")
        return order

    @property
    def free_symbols(self) -> set[Any]:
        """Symbols of the ring the values live in, the width among them."""
        return {s for a in (self.n, self.width, *self.ring.atoms) for s in a.free_symbols}

    def large_n(self, order: int) -> dict[Type, LeadingTerm]:
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
        >>> from cumulant_theory.exchangeable import Mean, iid
        >>> out = Mean("n").propagate(iid(laws.Generic("kappa"), "n"), order=3)
        >>> out.large_n(3)
        {(3,): LeadingTerm(power=-2, coefficient=kappa_3)}
        """
        if self.width.is_Integer:
            raise DomainError(f"large_n: the width is the number {self.width}; make it a symbol")
        found = {
            kind: leading_term(self.polynomial(kind), self.width)
            for kind in types(self._order(order), self.n)
        }
        return {kind: term for kind, term in found.items() if term is not None}

    def subs(
        self, values: Mapping[Any, Any] | None = None, **named: Any
    ) -> "ExchangeableCumulants":
        """The same cumulants with symbols replaced by exact values, ``subs(n=3)`` too.

        Raises
        ------
        DomainError
            If a symbol is unknown, or a value does not exist, such as 1/(n - 1) at n = 1.
        """
        images = images_of(values, named, self.free_symbols)
        n = check_width(self.n.subs(images), "subs")
        width = check_width(self.width.subs(images), "subs")
        atoms = [a.subs(images) for a in self.ring.atoms]
        ring = Ring.of([width, *atoms])
        mapped = {a: ring.element(b) for a, b in zip(self.ring.atoms, atoms, strict=True)}
        return ExchangeableCumulants(
            n, self.order, ring, lambda t: self.ring.compose(self.element(t), mapped, ring),
            width=width, state=self.state, exact=self.exact, closure=self.closure,
            hypotheses=self.hypotheses,
        )

    def explicit(self, n: int | None = None) -> JointCumulants:
        """Joint cumulants unit by unit; ``n`` is needed where the width is a symbol.

        Raises
        ------
        DomainError
            If n is no positive integer.
        """
        units = explicit_width(self.width, n)
        state = self if self.width.is_Integer else self.subs({self.width: units})
        return JointCumulants(
            int(state.n), state.order, state.ring, lambda alpha: state.element(type_of(alpha)),
            state=state.state, exact=state.exact, closure=state.closure,
            hypotheses=state.hypotheses,
        )

    def __repr__(self) -> str:
        how = "exact" if self.exact else f"closure {self.closure}"
        return f"ExchangeableCumulants({self.state}: {self.n} units, order {self.order}, {how})"

    def _repr_latex_(self) -> str:
        from ..latex import inline_display

        lines = []
        for r in range(1, min(self.order, 4 if self.n == 1 else 3) + 1):
            for kind in types(r, self.n):
                if len(self.polynomial(kind)) <= 40:
                    lines.append((type_symbol(kind, self.state), self.type(*kind)))
        return inline_display(lines)
