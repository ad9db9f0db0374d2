"""Joint cumulants: the one state that flows through everything."""

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import sympy as sp

from ..algebra import (
    MultiIndex,
    Polynomial,
    Ring,
    as_integer,
    check_multi_index,
    check_order,
    from_indices,
    joint_moments,
    multi_indices,
    substitution,
)
from ..arguments import brief, explained
from ..derivation import Derivation, Derived
from ..errors import DomainError, OrderError, ShapeError
from ..orbits import Orbits
from .names import cumulant_symbol
from .sources import Blocks, CumulantSource, blocks_of, independence, source_values

_DISPLAYED = 2000  # cumulants beyond which a formula would only list a few of them


class JointCumulants(Derived):
    """Exact joint cumulants of a group of units, computed on demand; immutable.

    Parameters
    ----------
    dim
        Number of units.
    order
        Highest order that may be asked for.
    ring
        Ring of the values.
    element
        alpha -> ring element, called once per multi-index.
    state
        Name of the units in printed formulas, such as ``x`` or ``z1``.
    blocks
        Mutually independent groups of units; default: one group.
    exact, closure, hypotheses, first_neglected
        Under which assumptions the values hold. An exact result neglects nothing.
    layers
        Joint cumulants of the layers before this one, input first.
    derive
        Called for :attr:`derivation`.
    orbits
        Permutations of the units that leave their joint law as it is: one cumulant per orbit of
        multi-indices is computed and stored.
    definitions
        Called for :attr:`definitions`.

    Examples
    --------
    >>> from cumulant_theory import laws, layers
    >>> out = layers.Mean(2).propagate(laws.Generic("kappa").iid(2), order=3)
    >>> out[2], out.exact
    (kappa_2/2, True)
    """

    def __init__(
        self,
        dim: int,
        order: int,
        ring: Ring,
        element: Callable[[MultiIndex], Any],
        *,
        state: str = "x",
        blocks: Blocks | None = None,
        exact: bool = True,
        closure: str = "Exact()",
        hypotheses: Sequence[str] = (),
        first_neglected: Any = None,
        layers: Sequence["JointCumulants"] = (),
        derive: Callable[[], Derivation] | None = None,
        orbits: Orbits | None = None,
        definitions: Callable[[], Sequence[Any]] | None = None,
    ) -> None:
        self.dim = dim
        self.order = order
        self.ring = ring
        self.state = state
        self.blocks: Blocks = blocks if blocks is not None else (tuple(range(dim)),)
        self.exact = exact
        self.closure = closure
        self.hypotheses: tuple[str, ...] = tuple(dict.fromkeys(hypotheses))
        self._first_neglected = first_neglected
        self._definitions = definitions
        self.layers: tuple[JointCumulants, ...] = tuple(layers)
        self._element = element
        self._memo: dict[MultiIndex, Any] = {}
        self._derive = derive
        self.orbits: Orbits = orbits or Orbits(dim)

    @classmethod
    def from_source(
        cls, source: CumulantSource, order: int, ring: Ring | None = None, state: str = "x"
    ) -> "JointCumulants":
        """Joint cumulants of a law, up to ``order``.

        Raises
        ------
        OrderError
            If the law has no cumulants of that order.
        """
        if not isinstance(source, CumulantSource):
            raise DomainError(
                f"{brief(source)} has no joint cumulants; pass a joint law such as law.iid(2)"
            )
        order = check_order(order)
        if source.max_order is not None and order > source.max_order:
            raise OrderError(
                f"{source!r} has cumulants up to order {source.max_order}, and order {order} is "
                "needed; lower the order or take a law with lighter tails"
            )
        values = source_values(source, order)
        ring = ring or Ring.of(values.values())

        def element(alpha: MultiIndex) -> Any:
            if alpha in values:
                return ring.element(values[alpha])
            if sum(alpha) > order:
                raise OrderError(
                    f"cumulant of order {sum(alpha)} of {state}: orders up to {order} were taken"
                )
            return ring.zero

        return cls(
            int(source.dim), order, ring, element, state=state, blocks=source.blocks,
            hypotheses=(*source.hypotheses, *independence(source)),
            exact=getattr(source, "exact", True), closure=getattr(source, "closure", "Exact()"),
        )

    @property
    def max_order(self) -> int:
        """Highest order available, as laws say it."""
        return self.order

    def element(self, alpha: MultiIndex) -> Any:
        """Ring element of kappa_alpha."""
        alpha = self.orbits.canonical(alpha)
        if alpha not in self._memo:
            spread = len(blocks_of(alpha, self.blocks)) > 1
            self._memo[alpha] = self.ring.zero if spread else self._element(alpha)
        return self._memo[alpha]

    @property
    def first_neglected(self) -> Any:
        """The first term neglected: its place in the counting and its diagrams; None if exact."""
        return self._first_neglected() if callable(self._first_neglected) else self._first_neglected

    @property
    def definitions(self) -> tuple[Any, ...]:
        """Definitions, in evaluation order, of the named Gaussian quantities in the values.

        Empty where the values are polynomials in weights and input cumulants.
        """
        return tuple(self._definitions()) if self._definitions is not None else ()

    def explicit(self, alpha: MultiIndex | int) -> sp.Expr:
        """kappa_alpha with all named quantities put in, not expanded.

        Examples
        --------
        >>> from cumulant_theory import activations, laws, layers
        >>> relu = layers.Pointwise(activations.get("relu"))
        >>> relu.propagate(laws.Normal(0, 1).iid(1), order=1).explicit(1)
        sqrt(2)/(2*sqrt(pi))
        """
        value = self.cumulant(alpha)
        for definition in reversed(self.definitions):
            if value.has(definition.symbol):
                value = value.subs(definition.symbol, definition.expr)
        return value

    @property
    def stored(self) -> tuple[MultiIndex, ...]:
        """Multi-indices computed so far, one per orbit."""
        return tuple(self._memo)

    def polynomial(self, alpha: MultiIndex | int) -> Polynomial:
        """kappa_alpha as an exact polynomial."""
        return Polynomial(self.ring, self.element(self._checked(alpha)))

    def cumulant(self, alpha: MultiIndex | int) -> sp.Expr:
        """kappa_alpha as a SymPy expression, expanded.

        Parameters
        ----------
        alpha
            Multi-index with one entry per unit, or the order when there is a single unit.

        Raises
        ------
        OrderError
            If the order is below 1 or was not propagated.
        ShapeError
            If the multi-index does not have one entry per unit.
        """
        return self.polynomial(alpha).expr

    __getitem__ = cumulant

    def joint(self, *indices: int) -> sp.Expr:
        """Joint cumulant of the listed units, repeats allowed: ``joint(0, 0)`` is a variance."""
        return self.cumulant(from_indices(indices, self.dim))

    def _checked(
        self, alpha: MultiIndex | int, what: str = "cumulant", least: int = 1
    ) -> MultiIndex:
        if (order := as_integer(alpha)) is not None:
            if self.dim != 1:
                raise ShapeError(
                    f"order {alpha} alone does not name a {what} of {self.dim} units; give a "
                    f"multi-index with {self.dim} entries or use .joint(i, j, ...)"
                )
            alpha = (order,)
        alpha = check_multi_index(alpha, self.dim, self.state)
        if not least <= sum(alpha) <= self.order:
            raise OrderError(
                f"{what} of order {sum(alpha)} of {self.state}: orders {least} to {self.order} "
                f"were propagated; call propagate(..., order={max(sum(alpha), 1)})"
            )
        return alpha

    def items(self, order: int | None = None) -> Iterator[tuple[MultiIndex, sp.Expr]]:
        """(alpha, kappa_alpha) for all multi-indices up to ``order``, or of the whole state."""
        for r in range(1, (self.order if order is None else check_order(order)) + 1):
            for alpha in multi_indices(self.dim, r):
                yield alpha, self.cumulant(alpha)

    @property
    def mean(self) -> sp.Matrix:
        """Column of first cumulants."""
        return sp.Matrix([self.joint(i) for i in range(self.dim)])

    @property
    def covariance(self) -> sp.Matrix:
        """Matrix of second cumulants."""
        return sp.Matrix(self.dim, self.dim, lambda i, j: self.joint(int(i), int(j)))

    @property
    def free_symbols(self) -> set[sp.Symbol]:
        """Symbols of the ring the values live in."""
        return {s for a in self.ring.atoms for s in a.free_symbols if isinstance(s, sp.Symbol)}

    def moment(self, alpha: MultiIndex | int) -> sp.Expr:
        """Raw joint moment E prod x_i^alpha_i, or the moment of this order of a single unit.

        Raises
        ------
        OrderError
            If its order was not propagated.
        ShapeError
            If the multi-index does not have one entry per unit.
        """
        return self.ring.expr(moments_of(self)(self._checked(alpha, "moment", least=0)))

    def subs(self, values: Mapping[Any, Any]) -> "JointCumulants":
        """The same cumulants with symbols (or symbol names) replaced by exact values.

        Raises
        ------
        DomainError
            If a name is none of the symbols, or a value is not exact.
        """
        images = substitution(values)
        own = self.free_symbols
        if not own.issuperset(images):
            own = own.union(*(d.expr.free_symbols for d in self.definitions))
        unknown = [str(k) for k in images if k not in own]
        if unknown:
            known = ", ".join(sorted(map(str, own))) or "none"
            raise DomainError(f"no symbol {', '.join(unknown)} in these cumulants; known: {known}")
        atoms = [a.subs(images) for a in self.ring.atoms]
        ring = Ring.of(atoms)
        named = self._definitions
        mapped = {
            atom: ring.element(image) for atom, image in zip(self.ring.atoms, atoms, strict=True)
        }
        return JointCumulants(
            self.dim, self.order, ring,
            lambda alpha: self.ring.compose(self.element(alpha), mapped, ring),
            state=self.state, blocks=self.blocks, exact=self.exact, closure=self.closure,
            hypotheses=self.hypotheses, first_neglected=self._first_neglected, orbits=self.orbits,
            definitions=None if named is None else lambda: [d.subs(images) for d in named()],
        )

    def __repr__(self) -> str:
        how = "exact" if self.exact else f"closure {self.closure}"
        return f"JointCumulants({self.state}: {self.dim} units, order {self.order}, {how})"

    def _repr_latex_(self) -> str:
        from ..latex import inline_display, upright

        shown = min(self.order, 4 if self.dim == 1 else 2)
        if math.comb(self.dim + shown, shown) > _DISPLAYED:
            return rf"$\displaystyle {upright(repr(self))}$"
        lines = []
        for alpha, value in self.items(shown):
            polynomial = self.polynomial(alpha)
            if len(polynomial) <= 40:
                lines.append((cumulant_symbol(alpha, self.state), value))
        return inline_display(lines)

    def _repr_html_(self) -> str:
        from .display import cumulants_card

        return cumulants_card(self)


@explained
def moments_of(state: JointCumulants) -> Callable[[MultiIndex], Any]:
    """Joint raw moments of a state as ring elements; they factorise over independent blocks."""
    within = joint_moments(state.element, state.ring.one, state.orbits.canonical)

    def moment(alpha: MultiIndex) -> Any:
        alpha = check_multi_index(alpha, state.dim, state.state)
        return math.prod((within(p) for p in blocks_of(alpha, state.blocks)), start=state.ring.one)

    return moment
