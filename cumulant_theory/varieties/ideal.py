"""Polynomial ideals over the rationals with parameters."""

from collections.abc import Iterable, Sequence
from contextlib import AbstractContextManager
from random import Random
from typing import Any

import sympy as sp

from ..algebra.clock import time_limit
from ..algebra.expressions import exact
from ..arguments import explained
from ..errors import DomainError, UnknownNameError
from ._engine import Engine
from ._positive import with_positive, without_roots
from ._primes import with_inverse
from ._real import RealSearch, is_smooth
from ._rings import (
    coefficients,
    element,
    expression,
    independent_set,
    make_ring,
    parameters_of,
    recast,
    reorder,
    without_first,
)
from ._zero_dimensional import real_points as points_of_maximal

_LONGEST = 100  # characters of an ideal printed in full


class Ideal:
    """An ideal of Q(parameters)[variables].

    Parameters
    ----------
    generators
        Exact polynomials. Irrational numbers are refused; see :func:`rationalised`.
    variables
        The unknowns. All further symbols are parameters: invertible constants without relations.
    seconds
        Time limit of every method; each takes its own ``seconds=`` too.
    engine
        "singular", "sympy", or "auto": Singular where it is installed.

    Raises
    ------
    DomainError
        If a generator is no exact polynomial.
    MissingDependencyError
        If engine="singular" and Singular is not installed.
    TimeLimitError
        By every method whose limit has passed.
    EngineError
        If Singular fails or its answer contradicts its input.

    References
    ----------
    .. [1] D. Cox, J. Little, D. O'Shea, *Ideals, Varieties, and Algorithms*, Springer (2015).
    .. [2] P. Gianni, B. Trager, G. Zacharias, *J. Symb. Comput.* **6** (1988) 149.

    Examples
    --------
    >>> import sympy as sp
    >>> x, y, t = sp.symbols("x y t")
    >>> I = Ideal([x**2 - t**2, x * y], [x, y], engine="sympy")
    >>> I.minimal_primes()
    [Ideal([t + x, y], [x, y]), Ideal([-t + x, y], [x, y])]
    >>> I.dimension, I.contains(y), I.reduce(x**3)
    (0, True, t**2*x)
    """

    seconds: float

    @explained
    def __init__(
        self, generators: Iterable[Any], variables: Sequence[sp.Symbol], *,
        seconds: float = 60, engine: str = "auto",
    ) -> None:
        unknowns = tuple(variables)
        if not unknowns or len(set(unknowns)) < len(unknowns) or any(
            not isinstance(x, sp.Symbol) for x in unknowns
        ):
            raise DomainError(f"variables {unknowns} of an ideal; give distinct symbols")
        given = [exact(g, "generator") for g in generators]
        free = {s for g in given for s in g.free_symbols} - set(unknowns)
        parameters = sorted(free, key=lambda s: s.sort_key())
        ring = make_ring(unknowns, parameters)
        self._set(ring, [element(ring, g) for g in given], seconds, Engine(engine))

    def _set(self, ring: Any, elements: Sequence[Any], seconds: float, engine: Engine) -> None:
        self._ring, self._engine, self.seconds = ring, engine, seconds
        self._elements = [g for g in elements if g]
        self._known: list[Any] | None = None

    def _other(self, elements: Sequence[Any], ring: Any | None = None) -> "Ideal":
        found = object.__new__(Ideal)
        ring = self._ring if ring is None else ring
        found._set(ring, [recast(g, ring) for g in elements], self.seconds, self._engine)
        return found

    def _prime(self, basis: Sequence[Any]) -> "Ideal":
        found = self._other(basis)
        found._known = list(found._elements)
        return found

    def _limit(self, seconds: float | None) -> AbstractContextManager[None]:
        return time_limit(self.seconds if seconds is None else seconds)

    def _basis(self) -> list[Any]:
        if self._known is None:
            self._known = self._engine.basis(self._elements, self._ring)
        return self._known

    @property
    def variables(self) -> tuple[sp.Symbol, ...]:
        """The unknowns."""
        return tuple(self._ring.symbols)

    @property
    def parameters(self) -> tuple[sp.Symbol, ...]:
        """Symbols of the coefficients."""
        return parameters_of(self._ring)

    @property
    def generators(self) -> list[sp.Expr]:
        """The generators, without denominators."""
        return [expression(g) for g in self._elements]

    def __repr__(self) -> str:
        listed = f"Ideal({self.generators}, {list(self.variables)})"
        if len(listed) <= _LONGEST:
            return listed
        return f"Ideal({len(self._elements)} generators, {len(self.variables)} variables)"

    def _repr_html_(self) -> str:
        from ..latex.html import card, equations, facts, joined

        rows = [("variables", joined(self.variables)),
                ("parameters", joined(self.parameters) if self.parameters else None)]
        lines = [("0", g) for g in self.generators]
        return card("Ideal", facts(rows), equations(lines, ".generators"))

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Ideal):
            return NotImplemented
        if set(self.variables) != set(other.variables):
            return False
        return all(self.contains(g) for g in other.generators) and all(
            other.contains(g) for g in self.generators
        )

    # Membership

    @explained
    def groebner(self, order: str = "grevlex", *, seconds: float | None = None) -> list[sp.Expr]:
        """Reduced Groebner basis, up to constant factors, in the order "grevlex" or "lex"."""
        if order not in ("grevlex", "lex"):
            raise UnknownNameError.of("monomial order", order, ["grevlex", "lex"])
        with self._limit(seconds):
            if order == "grevlex":
                return [expression(g) for g in self._basis()]
            ring = reorder(self._ring, [(i,) for i in range(self._ring.ngens)])
            return [expression(g) for g in self._engine.basis(self._elements, ring)]

    @explained
    def reduce(self, f: Any, *, seconds: float | None = None) -> sp.Expr:
        """Normal form modulo the ideal in the order grevlex.

        Symbols of f that the ideal does not know (cumulants of a test law) are free.
        """
        with self._limit(seconds):
            basis = self._basis()
            return sp.Add(*(
                m * (g.rem(basis) if basis else g).as_expr() for m, g in coefficients(self._ring, f)
            )).expand()

    @explained
    def contains(self, f: Any, *, seconds: float | None = None) -> bool:
        """Whether f lies in the ideal, for all values of symbols that the ideal does not know."""
        return self.reduce(f, seconds=seconds) == 0

    @explained
    def in_radical(self, f: Any, *, seconds: float | None = None) -> bool:
        """Whether a power of f lies in the ideal (Rabinowitsch)."""
        with self._limit(seconds):
            for _, g in coefficients(self._ring, f):
                extra, ring, _ = with_inverse(self._elements, g, self._ring)
                basis = self._engine.basis(extra, ring)
                if not (basis and basis[0].is_ground):
                    return False
            return True

    # Operations

    @explained
    def add(self, *generators: Any) -> "Ideal":
        """The ideal with further generators, polynomials in the same symbols."""
        return self._other([*self._elements, *(element(self._ring, g) for g in generators)])

    @explained
    def eliminate(
        self, variables: Iterable[sp.Symbol], *, seconds: float | None = None
    ) -> "Ideal":
        """The intersection with the polynomials in the other variables."""
        gone = set(variables)
        if not gone <= set(self.variables) or gone == set(self.variables):
            raise DomainError(
                f"eliminate({sorted(map(str, gone))}) from an ideal in {self.variables}; name some "
                "of its variables, not all"
            )
        kept = [x for x in self.variables if x not in gone]
        places = [i for i, x in enumerate(self.variables) if x in gone]
        with self._limit(seconds):
            left = self._engine.eliminate(self._elements, self._ring, places)
            return self._other(left, make_ring(kept, self.parameters))

    @explained
    def saturate(self, f: Any, *, seconds: float | None = None) -> "Ideal":
        """I : f^oo, the ideal of the points of the variety off f = 0."""
        with self._limit(seconds):
            extra, ring, _ = with_inverse(self._elements, element(self._ring, f), self._ring)
            return self._other(without_first(self._engine.eliminate(extra, ring, [0]), self._ring))

    @explained
    def intersect(self, other: "Ideal", *, seconds: float | None = None) -> "Ideal":
        """The intersection with an ideal in the same variables and parameters."""
        if (self.variables, self.parameters) != (other.variables, other.parameters):
            raise DomainError(f"{self!r} and {other!r} live in different rings")
        t = sp.Dummy("t")
        ring = make_ring((t, *self.variables), self.parameters)
        first = ring.gens[0]
        with self._limit(seconds):
            mixed = [first * recast(g, ring) for g in self._elements]
            mixed += [(1 - first) * recast(g, ring) for g in other._elements]
            return self._other(without_first(self._engine.eliminate(mixed, ring, [0]), self._ring))

    @property
    def dimension(self) -> int:
        """Dimension of the complex variety over generic parameters, -1 when it is empty."""
        with self._limit(None):
            free = independent_set(self._basis(), self._ring)
        return -1 if free is None else len(free)

    @explained
    def minimal_primes(self, *, seconds: float | None = None) -> list["Ideal"]:
        """Irreducible components over Q(parameters), none for the whole ring."""
        with self._limit(seconds):
            return [self._prime(b)
                    for b in self._engine.minimal_primes(self._elements, self._ring)]

    # Real points

    def _real(self, what: str) -> None:
        if self.parameters:
            raise DomainError(
                f"{what} of an ideal with parameters {self.parameters} depends on their values; "
                "substitute numbers, or make them variables"
            )

    def _places(self, positive: Iterable[sp.Symbol]) -> list[int]:
        names = tuple(positive)
        if not set(names) <= set(self.variables):
            raise DomainError(f"positive={names} names no variables among {self.variables}")
        return [self.variables.index(x) for x in names]

    @explained
    def real_components(
        self, *, positive: Iterable[sp.Symbol] = (), seconds: float | None = None
    ) -> list["Ideal"]:
        """Minimal primes of the real radical: the irreducible parts of the real variety.

        A prime ideal is kept when its variety has a smooth real point, and replaced by its
        singular locus otherwise [1]_.

        Parameters
        ----------
        positive
            Variables that are positive, such as those of :func:`rationalised`.

        Raises
        ------
        DomainError
            If the ideal has parameters.

        References
        ----------
        .. [1] M. Marshall, *Positive Polynomials and Sums of Squares*, AMS (2008), section 12.6.

        Examples
        --------
        >>> import sympy as sp
        >>> x, y, z = sp.symbols("x y z")
        >>> Ideal([(x**2 + y**2) * (z - 1)], [x, y, z], engine="sympy").real_components()
        [Ideal([x, y], [x, y, z]), Ideal([z - 1], [x, y, z])]
        """
        self._real("the real variety")
        with self._limit(seconds):
            places = self._places(positive)
            extra, ring = with_positive(self._elements, self._ring, places)
            found = RealSearch(self._engine).components(extra, ring)
            if places:
                found = without_roots(found, ring, self._ring, self._engine)
            return [self._prime(b) for b in found]

    @explained
    def is_smooth_at(self, point: "Ideal", *, seconds: float | None = None) -> bool:
        """Whether the variety of this prime ideal is smooth at a point given by a maximal ideal.

        Examples
        --------
        >>> import sympy as sp
        >>> x, y = sp.symbols("x y")
        >>> cusp = Ideal([x**2 - y**3], [x, y], engine="sympy")
        >>> [cusp.is_smooth_at(cusp.add(x - k, y - k)) for k in (0, 1)]
        [False, True]
        """
        with self._limit(seconds):
            basis = [recast(g, self._ring) for g in point._basis()]
            return is_smooth(self._basis(), basis, self._ring)

    @explained
    def real_radical(
        self, *, positive: Iterable[sp.Symbol] = (), seconds: float | None = None
    ) -> "Ideal":
        """All polynomials that vanish on the real points."""
        with self._limit(seconds):
            parts = self.real_components(positive=positive)
            if not parts:
                return self._other([self._ring.one])
            found = parts[0]
            for part in parts[1:]:
                found = found.intersect(part)
            return found

    @explained
    def real_points(
        self, *, positive: Iterable[sp.Symbol] = (), seconds: float | None = None
    ) -> list[dict[sp.Symbol, sp.Expr]]:
        """All real points of a zero-dimensional ideal.

        Returns
        -------
        list of dict
            Variable -> rational, quadratic radical or CRootOf.

        Raises
        ------
        DomainError
            If the ideal has parameters or positive dimension.

        Examples
        --------
        >>> import sympy as sp
        >>> x, y = sp.symbols("x y")
        >>> Ideal([x**2 - 2, x * y - 1], [x, y], engine="sympy").real_points(positive=[x])
        [{x: sqrt(2), y: sqrt(2)/2}]
        """
        self._real("the real variety")
        places = self._places(positive)
        with self._limit(seconds):
            if self.dimension > 0:
                raise DomainError(
                    f"{self!r} has dimension {self.dimension}, so its points are no finite list; "
                    "use sample_real_point or real_components"
                )
            points = [
                point
                for basis in self._engine.maximal_ideals(self._elements, self._basis(), self._ring)
                for point in points_of_maximal(basis, self._ring)
            ]
        return [p for p in points if all(p[self.variables[i]] > 0 for i in places)]

    @explained
    def has_real_points(
        self, *, positive: Iterable[sp.Symbol] = (), seconds: float | None = None
    ) -> bool:
        """Whether the variety has a real point."""
        return self._sample(positive, 0, seconds) is not None

    @explained
    def sample_real_point(
        self, seed: int = 0, *, positive: Iterable[sp.Symbol] = (), seconds: float | None = None
    ) -> dict[sp.Symbol, sp.Expr]:
        """An exact real point of the variety, of any dimension.

        Raises
        ------
        DomainError
            If there is none, or the ideal has parameters.

        Examples
        --------
        >>> import sympy as sp
        >>> x, y = sp.symbols("x y")
        >>> point = Ideal([x**2 + y**2 - 3], [x, y], engine="sympy").sample_real_point(seed=1)
        >>> sp.expand(point[x] ** 2 + point[y] ** 2)
        3
        """
        found = self._sample(positive, seed, seconds)
        if found is None:
            raise DomainError(f"{self!r} has no real point")
        return found

    def _sample(
        self, positive: Iterable[sp.Symbol], seed: int, seconds: float | None
    ) -> dict[sp.Symbol, sp.Expr] | None:
        self._real("the real variety")
        with self._limit(seconds):
            extra, ring = with_positive(self._elements, self._ring, self._places(positive))
            search = RealSearch(self._engine, Random(seed).getrandbits(32))
            found = search.first(extra, ring)
        return None if found is None else {x: found[1][x] for x in self.variables}
