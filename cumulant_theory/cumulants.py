"""Joint cumulants: the one state that flows through everything."""

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Protocol, runtime_checkable

import sympy as sp

from .algebra import (
    MultiIndex,
    Polynomial,
    Ring,
    check_indices,
    from_indices,
    joint_moments,
    multi_indices,
    substitution,
    to_indices,
)
from .derivation import Derivation, Derived
from .errors import DomainError, OrderError, ShapeError
from .orbits import Orbits

Blocks = tuple[tuple[int, ...], ...]


@runtime_checkable
class CumulantSource(Protocol):
    """What a layer needs of its input: laws and :class:`JointCumulants` both provide it."""

    @property
    def dim(self) -> Any:
        """Number of units."""
        ...

    @property
    def blocks(self) -> Blocks:
        """Mutually independent groups of units."""
        ...

    @property
    def max_order(self) -> int | None:
        """Highest order that exists, None for all."""
        ...

    @property
    def hypotheses(self) -> tuple[str, ...]:
        """Conditions under which the cumulants hold."""
        ...

    def cumulant(self, alpha: MultiIndex) -> sp.Expr:
        """kappa_alpha, exact."""
        ...


def index_name(indices: Sequence[int]) -> str:
    """Printed unit indices, 1-based; comma separated from the tenth unit on.

    Examples
    --------
    >>> index_name((0, 0, 2)), index_name((0, 11))
    ('113', '1,12')
    """
    separator = "," if any(i >= 9 for i in indices) else ""
    return separator.join(str(i + 1) for i in indices)


def cumulant_symbol(alpha: MultiIndex, state: str = "", name: str = "kappa") -> sp.Symbol:
    """Symbol of kappa_alpha of a named state, e.g. ``kappa__z1_112``.

    Examples
    --------
    >>> cumulant_symbol((2, 1), "z1")
    kappa__z1_112
    """
    head = f"{name}__{state}" if state else name
    return sp.Symbol(f"{head}_{index_name(to_indices(alpha))}")


def blocks_of(alpha: MultiIndex, blocks: Blocks) -> list[MultiIndex]:
    """Split a multi-index into its parts on independent blocks, zero parts left out."""
    parts = []
    for block in blocks:
        if any(alpha[i] for i in block):
            part = [0] * len(alpha)
            for i in block:
                part[i] = alpha[i]
            parts.append(tuple(part))
    return parts


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
        self.hypotheses = tuple(dict.fromkeys(hypotheses))
        self._first_neglected = first_neglected
        self._definitions = definitions
        self.layers: tuple[JointCumulants, ...] = tuple(layers)
        self._element = element
        self._memo: dict[MultiIndex, Any] = {}
        self._derive = derive
        self.orbits = orbits or Orbits(dim)

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
        if source.max_order is not None and order > source.max_order:
            raise OrderError(
                f"{source!r} has cumulants up to order {source.max_order}, and order {order} is "
                "needed; lower the order or take a law with lighter tails"
            )
        values = source_values(source, order)
        ring = ring or Ring.of(values.values())

        def element(alpha: MultiIndex) -> Any:
            value = values.get(alpha)
            return ring.zero if value is None else ring.element(value)

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

    def _checked(self, alpha: MultiIndex | int) -> MultiIndex:
        if isinstance(alpha, int):
            if self.dim != 1:
                raise ShapeError(
                    f"order {alpha} alone does not name a cumulant of {self.dim} units; give a "
                    f"multi-index with {self.dim} entries or use .joint(i, j, ...)"
                )
            alpha = (alpha,)
        alpha = tuple(alpha)
        if len(alpha) != self.dim or any(a < 0 for a in alpha):
            raise ShapeError(
                f"multi-index {alpha} does not fit {self.dim} units: it needs {self.dim} "
                "non-negative entries"
            )
        if not 1 <= sum(alpha) <= self.order:
            raise OrderError(
                f"cumulant of order {sum(alpha)} of {self.state}: orders 1 to {self.order} were "
                f"propagated; call propagate(..., order={max(sum(alpha), 1)})"
            )
        return alpha

    def items(self, order: int | None = None) -> Iterator[tuple[MultiIndex, sp.Expr]]:
        """(alpha, kappa_alpha) for all multi-indices up to ``order``, or of the whole state."""
        for r in range(1, (order or self.order) + 1):
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

    def moment(self, alpha: MultiIndex) -> sp.Expr:
        """Raw joint moment E prod x_i^alpha_i."""
        return self.ring.expr(moments_of(self)(alpha))

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
        from .latex import inline_display

        shown = min(self.order, 4 if self.dim == 1 else 2)
        lines = []
        for alpha, value in self.items(shown):
            polynomial = self.polynomial(alpha)
            if len(polynomial) <= 40:
                lines.append((cumulant_symbol(alpha, self.state), value))
        return inline_display(lines)

    def _repr_html_(self) -> str:
        from .latex.html import card, facts, table

        head = [
            ("units", self.dim),
            ("state", sp.Symbol(self.state)),
            ("values", "exact" if self.exact else f"under {self.closure}"),
            ("first neglected", None if self.exact else str(self.first_neglected)),
            ("requires", list(self.hypotheses)),
        ]
        rows = [(r, math.comb(self.dim + r - 1, r), self._formulas(r))
                for r in range(1, self.order + 1)]
        return card(
            f"Joint cumulants to order {self.order}", facts(head),
            table(("order", "number", "cumulants"), rows),
        )

    def _formulas(self, order: int) -> Any:
        """The cumulants of an order for display; those not asked for yet only where few."""
        from .latex.html import Markup, equations

        if order > (4 if self.dim == 1 else 2) and not any(sum(a) == order for a in self._memo):
            return "on demand"
        distinct: dict[MultiIndex, None] = {}
        for alpha in multi_indices(self.dim, order):
            distinct.setdefault(self.orbits.canonical(alpha))
            if len(distinct) > _LISTED:
                break
        lines = []
        for alpha in [*distinct][:_LISTED]:
            terms = len(polynomial := self.polynomial(alpha))
            value = polynomial.expr if terms <= 40 else rf"\text{{{terms} terms; {_WHERE}}}"
            lines.append((cumulant_symbol(alpha, self.state), value))
        more = "…" if len(distinct) > _LISTED else ""
        return Markup(equations(lines, _WHERE.removeprefix("see ")) + more)


_LISTED = 4  # cumulants of one order on display
_WHERE = "see .recursion() of the network"


class GenericJoint:
    """Joint cumulants that are all symbols: no assumption but independence between blocks.

    Parameters
    ----------
    dim
        Number of units.
    state
        Name of the units in the symbols.
    blocks
        Mutually independent groups; default: one group.

    Examples
    --------
    >>> GenericJoint(2, "z1").cumulant((1, 1))
    kappa__z1_12
    """

    max_order = None

    def __init__(self, dim: int, state: str = "x", blocks: Blocks | None = None) -> None:
        self.dim = dim
        self.state = state
        self.blocks: Blocks = blocks if blocks is not None else (tuple(range(dim)),)
        self.hypotheses: tuple[str, ...] = ()

    def cumulant(self, alpha: MultiIndex) -> sp.Expr:
        """Symbol of kappa_alpha; zero across independent blocks."""
        if len(blocks_of(alpha, self.blocks)) > 1:
            return sp.S.Zero
        return cumulant_symbol(alpha, self.state)

    def __repr__(self) -> str:
        return f"GenericJoint({self.dim}, '{self.state}')"

    def _repr_latex_(self) -> str:
        from .latex import latex

        first = latex(cumulant_symbol((1,) + (0,) * (self.dim - 1), self.state))
        return rf"$\displaystyle {first}, \dots \quad \text{{{self.dim} units}}$"


def is_identical(source: CumulantSource) -> bool:
    """Whether the units are independent copies of one law."""
    return getattr(source, "law", None) is not None


def independence(source: CumulantSource) -> tuple[str, ...]:
    """What a source assumes of the joint law of its units, in words."""
    if is_identical(source):
        return ("the input units are independent copies of one law",)
    if len(source.blocks) > 1:
        return ("the input units are independent between blocks",)
    return ()


def source_values(source: CumulantSource, order: int) -> dict[MultiIndex, sp.Expr]:
    """Non-zero cumulants of a source up to ``order``, zeros across independent blocks skipped."""
    dim = int(source.dim)
    check_indices(map(len, source.blocks), order, repr(source))
    values: dict[MultiIndex, sp.Expr] = {}
    for block in source.blocks:
        for r in range(1, order + 1):
            for local in multi_indices(len(block), r):
                alpha = [0] * dim
                for i, a in zip(block, local, strict=True):
                    alpha[i] = a
                value = source.cumulant(tuple(alpha))
                if value != 0:
                    values[tuple(alpha)] = value
    return values


def moments_of(state: JointCumulants) -> Callable[[MultiIndex], Any]:
    """Joint raw moments of a state as ring elements; they factorise over independent blocks."""
    within = joint_moments(state.element, state.ring.one, state.orbits.canonical)

    def moment(alpha: MultiIndex) -> Any:
        return math.prod((within(p) for p in blocks_of(alpha, state.blocks)), start=state.ring.one)

    return moment
