"""Input laws on the nodes of a family."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import sympy as sp

from ..algebra import Ring, check_order, check_size, exact
from ..arguments import answer_of, explained
from ..errors import DomainError, OrderError
from .families import Family, family_of
from .state import FamilyCumulants, read_type
from .types import Type, order_of


@explained
class FamilyLaw:
    """Input law of the nodes of a family, given by one cumulant per type.

    Parameters
    ----------
    family
        Family of graphs; a positive integer or symbol n stands for ``complete(n)``.
    cumulant
        Type in short form -> exact value: (2, 1), or the index word ``"iij"`` on other families
        and with several channels.
    channels
        Channels per node.
    max_order
        Highest order that exists, None for all.
    hypotheses
        Conditions under which the cumulants hold.
    state
        Name of the nodes in printed formulas.

    Raises
    ------
    DomainError
        If the family is no family, positive integer or symbol, ``cumulant`` is no function, or
        the state no name.
    ShapeError
        If channels is no positive integer.
    OrderError
        If max_order is no positive integer.

    References
    ----------
    Kallenberg, Probabilistic Symmetries and Invariance Principles (2005), chapter 1.

    Examples
    --------
    Gaussian units of equal covariance:

    >>> pair = FamilyLaw("n", lambda t: {(2,): 1, (1, 1): "rho"}.get(t, 0))
    >>> pair.type(1, 1), pair.explicit(3).cumulant((1, 0, 1))
    (rho, rho)

    >>> from cumulant_theory import laws
    >>> from cumulant_theory.symbolic_width import star
    >>> law = iid(laws.Normal(0, "sigma"), star("n"))
    >>> law.type("hh"), law.type("hi")
    (sigma**2, 0)
    """

    def __init__(
        self, family: Any, cumulant: Callable[[Any], Any], *, channels: int = 1,
        max_order: int | None = None, hypotheses: Sequence[str] = (), state: str = "x",
    ) -> None:
        own = type(self).__name__
        if not callable(cumulant):
            raise DomainError(
                f"{own}: cumulant is {cumulant!r}; pass a function from a type to its cumulant, "
                "such as lambda t: {(2,): 1}.get(t, 0)"
            )
        if not isinstance(state, str) or not state.isidentifier():
            raise DomainError(f"{own}: state is {state!r}; pass a name such as 'x'")
        if max_order is not None:
            max_order = check_order(max_order)
        self.family: Family = family_of(family, own)
        self.channels: int = check_size(channels, f"{own}: channels")
        self.max_order = max_order
        self.state = state
        self.hypotheses: tuple[str, ...] = tuple(
            dict.fromkeys((*hypotheses, self.family.hypothesis))
        )
        self._cumulant = cumulant

    @property
    def n(self) -> Any:
        """Number of nodes."""
        return self.family.n

    def blocks(self, nodes: int) -> tuple[tuple[int, ...], ...]:
        """Mutually independent groups of the units channel * nodes + node."""
        return (tuple(range(nodes * self.channels)),)

    def cumulant(self, kind: Any) -> sp.Expr:
        """Cumulant of a type."""
        found = read_type(self.family, kind, self.channels, "cumulant")
        if self.max_order is not None and order_of(found) > self.max_order:
            raise OrderError(
                f"{self!r} has cumulants up to order {self.max_order}, and order "
                f"{order_of(found)} is needed; lower the order or take a law with lighter tails"
            )
        return self._checked(found)

    def _checked(self, kind: Type) -> sp.Expr:
        if self.family.vanishes(kind):
            return sp.S.Zero
        value = self._value(kind)
        if isinstance(value, sp.Expr) and not value.has(sp.Float):
            return value
        return exact(value, f"cumulant of type {self.family.word(kind, self.channels)}")

    def _value(self, kind: Type) -> Any:
        key = self.family.key(kind, self.channels)
        return answer_of(self._cumulant, (key,), f"{self!r}: cumulant", "pass a function of types")

    @explained
    def type(self, *kind: Any) -> sp.Expr:
        """Cumulant of a type: ``type("iij")``, or ``type(2, 1)`` in short form."""
        return self.cumulant(kind[0] if len(kind) == 1 and isinstance(kind[0], str) else kind)

    @explained
    def values(self, order: int) -> dict[Type, sp.Expr]:
        """Type -> cumulant up to an order."""
        order = check_order(order, "values")
        self.cumulant(self.family.types(order, self.channels)[0])
        return {
            kind: self._checked(kind)
            for r in range(1, order + 1) for kind in self.family.types(r, self.channels)
        }

    @explained
    def propagated(self, order: int, ring: Ring | None = None) -> FamilyCumulants:
        """The law as a state up to an order."""
        values = self.values(order)
        last = max((order_of(kind) for kind, value in values.items() if value != 0), default=0)
        own = ring or Ring.of([self.n, *values.values()])
        return FamilyCumulants(
            self.family, order, own, lambda kind: own.element(values.get(kind, 0)),
            channels=self.channels, state=self.state, hypotheses=self.hypotheses,
            highest=last if last < order else None,
        )

    def on(self, images: Mapping[Any, Any]) -> "FamilyLaw":
        """The law on the member of the family where symbols of its size have values."""
        copy = object.__new__(type(self))
        copy.__dict__.update(self.__dict__)
        copy.family = self.family.subs(images)
        given = self._cumulant
        copy._cumulant = lambda key: exact(given(key), "cumulant").subs(images)
        return copy

    def explicit(self, n: int | None = None) -> Any:
        """The joint law of all units as :mod:`cumulant_theory.layers` takes it.

        Raises
        ------
        DomainError
            If n is no positive integer.
        """
        return _Explicit(self, self.family.images(n))

    def __repr__(self) -> str:
        many = "" if self.channels == 1 else f", {self.channels} channels"
        return f"{type(self).__name__}({self.family!r}{many})"

    def _repr_latex_(self) -> str:
        from ..latex import inline_display

        return inline_display([
            (self.family.symbol(kind, self.state, self.channels), value)
            for kind, value in self.values(min(3, self.max_order or 3)).items()
        ])


class _Explicit:
    """Unit-by-unit view of a law on the nodes of a family."""

    def __init__(self, law: FamilyLaw, images: Any) -> None:
        self._law = law
        self._images = images
        self._family = law.family.subs(images)
        nodes = check_size(self._family.n, "explicit: n")
        self.dim = nodes * law.channels
        self.blocks = law.blocks(nodes)
        self.max_order = law.max_order
        self.hypotheses = law.hypotheses

    def cumulant(self, alpha: Sequence[int]) -> sp.Expr:
        """kappa_alpha by its type."""
        value: Any = self._law.cumulant(self._family.type_of(alpha, self._law.channels))
        return value.subs(self._images)


class IndependentNodes(FamilyLaw):
    """Independent copies of one law on all nodes: of one unit per channel, or of all channels.

    See :func:`iid`.
    """

    def __init__(self, law: Any, family: Any, channels: int) -> None:
        copies = "units" if hasattr(law, "iid") else "nodes"
        super().__init__(
            family, lambda key: 0, channels=channels, max_order=law.max_order,
            hypotheses=(*law.hypotheses, f"the input {copies} are independent copies of one law"),
        )
        self.law = law
        self.separate: bool = hasattr(law, "iid")

    def blocks(self, nodes: int) -> tuple[tuple[int, ...], ...]:
        """Every unit, or the channels of every node."""
        units = nodes * self.channels
        if self.separate:
            return tuple((i,) for i in range(units))
        return tuple(tuple(range(v, units, nodes)) for v in range(nodes))

    def _value(self, kind: Type) -> Any:
        if len(kind) > 1:
            return sp.S.Zero
        content = [count for _, content in kind for count in content]
        if not self.separate:
            return self.law.cumulant(tuple(content))
        orders = [a for a in content if a]
        return self.law.cumulant(orders[0]) if len(orders) == 1 else sp.S.Zero


class _Generic(FamilyLaw):
    def _value(self, kind: Type) -> Any:
        return self.family.symbol(kind, self.state, self.channels)


@explained
def iid(law: Any, family: Any, channels: int | None = None) -> FamilyLaw:
    """Independent copies of one law on all nodes, mixed types vanish.

    Parameters
    ----------
    law
        A law of :mod:`cumulant_theory.laws` with one unit, copied to all nodes and channels; or a
        joint law of the channels of a node, copied to all nodes.
    family
        Family of graphs; a positive integer or symbol n stands for ``complete(n)``.
    channels
        Channels per node; default 1, or the dimension of the joint law.

    Raises
    ------
    DomainError
        If ``law`` is no law, does not fit the channels, or the family is none.

    Examples
    --------
    >>> from cumulant_theory import laws
    >>> iid(laws.Generic("kappa"), "n").type(3)
    kappa_3
    >>> pair = laws.Product([laws.Normal(0, "s"), laws.Normal(0, "t")])
    >>> iid(pair, "n").type("i2i2"), iid(pair, "n").type("i1i2")
    (t**2, 0)
    """
    family = family_of(family, "iid")
    if hasattr(law, "iid") and hasattr(law, "cumulant"):
        return IndependentNodes(law, family, 1 if channels is None else channels)
    if not hasattr(law, "blocks") or not hasattr(law, "cumulant"):
        raise DomainError(
            f"iid: {law!r} is no law of one unit and no joint law of the channels of a node; use "
            "for example laws.Normal(0, 1)"
        )
    if channels is not None and channels != law.dim:
        raise DomainError(f"iid: {law!r} has {law.dim} units, but a node has {channels} channels")
    return IndependentNodes(law, family, int(law.dim))


def generic(family: Any, channels: int = 1, state: str = "x") -> FamilyLaw:
    """Any law with the symmetry of the family: a symbol per type.

    Examples
    --------
    >>> from cumulant_theory.symbolic_width import star
    >>> generic("n").type(2, 1), generic(star("n"), channels=2).type("h1h1i2")
    (kappa__x_iij, kappa__x_h1h1i2)
    """
    return _Generic(family, lambda key: 0, channels=channels, state=state)
