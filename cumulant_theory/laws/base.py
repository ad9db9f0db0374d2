"""Laws of one variable and of several, given by their exact cumulants."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

import sympy as sp

from ..algebra import (
    MultiIndex,
    Ring,
    check_multi_index,
    check_order,
    cumulants_from_moments,
    exact,
    from_indices,
    joint_moments,
    moments_from_cumulants,
    order_of,
)
from ..arguments import explained
from ..errors import DomainError, OrderError
from .domains import is_zero

if TYPE_CHECKING:
    from .joint import IID

Support = tuple[tuple[sp.Expr, sp.Expr], ...]
JointSupport = list[tuple[tuple[sp.Expr, ...], sp.Expr]]
Sampling = tuple[Any, ...] | None


def _symbols(value: Any) -> set[sp.Symbol]:
    if isinstance(value, (Law, JointLaw)):
        return value.free_symbols
    if isinstance(value, tuple):
        return set().union(*map(_symbols, value))
    if not isinstance(value, sp.Basic):
        return set()
    return {s for s in value.free_symbols if isinstance(s, sp.Symbol)}


def _substitute(value: Any, mapping: Mapping[sp.Symbol, sp.Expr]) -> Any:
    if isinstance(value, (Law, JointLaw)):
        return value.subs(mapping)
    if isinstance(value, tuple):
        return tuple(_substitute(v, mapping) for v in value)
    return value.xreplace(mapping) if isinstance(value, sp.Basic) else value


def _text(value: Any, show: Callable[[Any], str] = str) -> str:
    if isinstance(value, tuple):
        return "[" + ", ".join(_text(v, show) for v in value) + "]"
    return repr(value) if isinstance(value, str) else show(value)


class _Parametrised(ABC):
    """What univariate and joint laws share: parameters, substitution, identity, printing."""

    name: ClassVar[str]
    examples: ClassVar[tuple[dict[str, Any], ...]] = ()
    parameters: dict[str, Any]
    _hypotheses: tuple[str, ...]

    def __init__(self, parameters: dict[str, Any], hypotheses: Sequence[str] = ()) -> None:
        self.parameters = parameters
        self._hypotheses = tuple(dict.fromkeys(hypotheses))

    @property
    def hypotheses(self) -> tuple[str, ...]:
        """Conditions on symbolic parameters that could not be checked."""
        return self._hypotheses

    def hypotheses_to(self, order: int) -> tuple[str, ...]:
        """Hypotheses needed when cumulants to ``order`` are used."""
        return self.hypotheses

    @property
    def free_symbols(self) -> set[sp.Symbol]:
        """Symbols in the parameters."""
        return set().union(*map(_symbols, self.parameters.values()))

    def _replacements(self, mapping: Mapping[Any, Any]) -> dict[sp.Symbol, sp.Expr]:
        by_name: dict[str, list[sp.Symbol]] = {}
        for symbol in self.free_symbols:
            by_name.setdefault(symbol.name, []).append(symbol)
        result: dict[sp.Symbol, sp.Expr] = {}
        for key, value in mapping.items():
            if not isinstance(key, (str, sp.Symbol)):
                raise DomainError(f"{self!r}: {key!r} is no symbol or symbol name to replace")
            value = exact(value, f"value for {key}")
            keys = by_name.get(key, [sp.Symbol(key)]) if isinstance(key, str) else [key]
            result.update((k, value) for k in keys)
        return result

    @explained
    def subs(self, mapping: Mapping[Any, Any]) -> Any:
        """The law with symbols replaced; checks the domains again.

        Parameters
        ----------
        mapping
            Symbols, or their names, to exact values. Symbols the law does not hold are ignored.

        Raises
        ------
        DomainError
            If a value is inexact or leaves the domain of its parameter.
        """
        replacements = self._replacements(mapping)
        changed = {k: _substitute(v, replacements) for k, v in self.parameters.items()}
        return type(self)(**changed)

    @property
    def sampling(self) -> Sampling:
        """How to sample, as plain data; None if the law cannot be sampled."""
        return None

    @property
    def label(self) -> str:
        """Short plain-text name for tables and plots, e.g. ``Normal(0, 1)``."""
        values = ", ".join(map(_text, self.parameters.values()))
        return f"{type(self).__name__}({values})"

    @property
    def latex(self) -> str:
        """LaTeX name."""
        values = ",".join(sp.latex(v) for v in self.parameters.values())
        return rf"\mathrm{{{type(self).__name__}}}({values})"

    @property
    def words(self) -> str:
        """The law in a sentence, with mathematics between dollar signs."""
        return f"the law ${self.latex}$" if len(self.latex) < 400 else f"the law {self.label}"

    def _repr_latex_(self) -> str:
        return f"${self.latex}$"

    def __repr__(self) -> str:
        values = ", ".join(f"{k}={_text(v, repr)}" for k, v in self.parameters.items())
        return f"{type(self).__name__}({values})"

    def __str__(self) -> str:
        return self.label

    def __eq__(self, other: object) -> bool:
        if type(self) is not type(other):
            return NotImplemented
        return self.parameters == other.parameters  # type: ignore[attr-defined]

    def __hash__(self) -> int:
        return hash((type(self), tuple(self.parameters.items())))


class Law(_Parametrised):
    """Law of one real variable.

    Subclasses set ``name`` and ``examples``, pass their checked parameters to ``__init__`` and
    define ``_cumulant(r)``. Instances are immutable, hashable and equal when their class and
    parameters are.

    Attributes
    ----------
    name
        Name in the registry.
    examples
        Keyword arguments of rational instances; the conformance tests run over them.
    parameters
        Constructor arguments, exact.

    Examples
    --------
    >>> from cumulant_theory import laws
    >>> law = laws.Normal(0, "sigma")
    >>> law.cumulant(2), law.moment(4), law.hypotheses
    (sigma**2, 3*sigma**4, ('sigma > 0',))
    >>> law.subs({"sigma": 2}).cumulant(2)
    4
    """

    def __init__(self, parameters: dict[str, Any], hypotheses: Sequence[str] = ()) -> None:
        super().__init__(parameters, hypotheses)
        self._cumulants: dict[int, sp.Expr] = {}
        self._moments: dict[int, sp.Expr] = {}

    @abstractmethod
    def _cumulant(self, r: int) -> sp.Expr: ...

    def _moment(self, r: int) -> sp.Expr:
        kappa = [self.cumulant(k) for k in range(1, r + 1)]
        ring = Ring.of(kappa)
        return ring.expr(moments_from_cumulants([ring.element(k) for k in kappa])[-1])

    @property
    def max_order(self) -> int | None:
        """Highest order at which cumulants exist or are known; None if there is no limit."""
        return None

    def _existing(self, r: Any, least: int) -> int:
        r = check_order(r, repr(self), least)
        limit = self.max_order
        if limit is not None and r > limit:
            reach = f"orders 1 to {limit} exist" if limit else "it has no moments at all"
            raise OrderError(
                f"{self!r} has no cumulant or moment of order {r}: {reach}; "
                "ask for a lower order or choose a law with more moments"
            )
        return r

    def cumulant(self, r: int) -> sp.Expr:
        """Cumulant kappa_r, exact.

        Parameters
        ----------
        r
            Order, 1 or higher.

        Raises
        ------
        OrderError
            If the order is no positive integer or the law has no cumulant of that order.
        """
        r = self._existing(r, 1)
        if r not in self._cumulants:
            self._cumulants[r] = self._cumulant(r)
        return self._cumulants[r]

    def moment(self, r: int) -> sp.Expr:
        """Raw moment E x^r, exact; r = 0 gives 1.

        Raises
        ------
        OrderError
            If the order is no non-negative integer or the law has no moment of that order.
        """
        r = self._existing(r, 0)
        if r == 0:
            return sp.S.One
        if r not in self._moments:
            self._moments[r] = self._moment(r)
        return self._moments[r]

    def symbols_to(self, order: int) -> set[sp.Symbol]:
        """Symbols in the cumulants of orders 1 to ``order``."""
        found: set[sp.Symbol] = set()
        for r in range(1, check_order(order, repr(self)) + 1):
            found |= _symbols(self.cumulant(r))
        return found

    def support(self) -> Support | None:
        """((point, probability), ...) of a law with finite support, else None."""
        return None

    @property
    def is_symmetric(self) -> bool | None:
        """Symmetric about 0, so that all odd cumulants vanish; None if undecided."""
        return None

    @property
    def is_centred(self) -> bool | None:
        """Mean zero; None if undecided."""
        return is_zero(self.cumulant(1))

    def _repr_html_(self) -> str:
        from .display import law_card

        return law_card(self)

    def iid(self, n: Any) -> "IID":
        """Product law of n independent copies; n an int, a symbol or a symbol name.

        Examples
        --------
        >>> from cumulant_theory import laws
        >>> laws.Uniform(-1, 1).iid(3).cumulant((0, 2, 0))
        1/3
        """
        from .joint import IID

        return IID(self, n)


class MomentLaw(Law):
    """Law whose moments are the given quantity; cumulants follow from them."""

    @abstractmethod
    def _moment(self, r: int) -> sp.Expr: ...

    def _cumulant(self, r: int) -> sp.Expr:
        moments = [self.moment(k) for k in range(1, r + 1)]
        ring = Ring.of(moments)
        kappa = cumulants_from_moments([ring.element(m) for m in moments])
        return ring.expr(kappa[-1])


class JointLaw(_Parametrised):
    """Law of several real variables (units).

    Examples
    --------
    >>> from cumulant_theory import laws
    >>> law = laws.Product([laws.Exponential(1), laws.Normal(0, 1)])
    >>> law.dim, law.blocks, law.cumulant((3, 0)), law.joint(0, 1), law.moment((2, 2))
    (2, ((0,), (1,)), 2, 0, 2)
    """

    def __init__(self, parameters: dict[str, Any], hypotheses: Sequence[str] = ()) -> None:
        super().__init__(parameters, hypotheses)
        self._cumulants: dict[MultiIndex, sp.Expr] = {}
        self._recursion = joint_moments(self.cumulant, sp.S.One)

    def __getstate__(self) -> dict[str, Any]:
        return self.parameters

    def __setstate__(self, state: dict[str, Any]) -> None:
        type(self).__init__(self, **state)

    @property
    @abstractmethod
    def dim(self) -> Any:
        """Number of units; an expression where it is symbolic."""

    @abstractmethod
    def _cumulant(self, alpha: MultiIndex) -> sp.Expr: ...

    def _moment(self, alpha: MultiIndex) -> sp.Expr:
        return sp.expand(self._recursion(alpha))

    @property
    @abstractmethod
    def blocks(self) -> tuple[tuple[int, ...], ...]:
        """Mutually independent groups of units: mixed cumulants across groups vanish."""

    @property
    def max_order(self) -> int | None:
        """Highest order to which all joint cumulants exist; None if there is no limit."""
        return None

    def _size(self) -> int:
        return self.dim

    def _multi_index(self, alpha: Any) -> MultiIndex:
        return check_multi_index(alpha, self._size(), repr(self))

    def cumulant(self, alpha: Sequence[int]) -> sp.Expr:
        """Joint cumulant kappa_alpha, exact.

        Parameters
        ----------
        alpha
            Multi-index, one entry per unit, of order 1 or higher.

        Raises
        ------
        ShapeError
            If ``alpha`` does not have one non-negative integer per unit.
        OrderError
            If the order is 0 or the cumulant does not exist.
        """
        entries = self._multi_index(alpha)
        if order_of(entries) == 0:
            raise OrderError(f"{self!r}: the multi-index {entries} has order 0; ask for 1 or more")
        if entries not in self._cumulants:
            self._cumulants[entries] = self._cumulant(entries)
        return self._cumulants[entries]

    def moment(self, alpha: Sequence[int]) -> sp.Expr:
        """Joint raw moment E prod_i x_i^alpha_i, exact."""
        return self._moment(self._multi_index(alpha))

    def joint(self, *indices: int) -> sp.Expr:
        """Joint cumulant by unit indices, e.g. ``joint(0, 0, 1)``."""
        return self.cumulant(from_indices(indices, self._size()))

    def _repr_html_(self) -> str:
        from .display import joint_card

        return joint_card(self)

    def support(self) -> JointSupport | None:
        """[(point, probability), ...] of a law with finite support, else None."""
        return None
