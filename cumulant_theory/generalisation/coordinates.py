"""The unknowns of the equations: effective coefficients of the network, or its parameters."""

from collections.abc import Mapping, Sequence
from itertools import combinations
from random import Random
from typing import Any

import sympy as sp
from sympy.polys.matrices import DomainMatrix

from ..algebra import Ring
from ..algebra.clock import check_time
from ..errors import DomainError
from ..layers import EffectiveMap, Layer

Monomial = tuple[int, ...]


class Coordinates:
    """Coordinates in which the equations of a network are small.

    The output law depends on the parameters through the effective coefficients c, l_i, Q_ij, ...
    alone. Those that depend linearly on others are left out. Where the coefficients of a single
    hidden unit, monomials, obey further relations, the fewer parameters are the unknowns.

    Parameters
    ----------
    network
        Polynomial network onto one unit.

    Attributes
    ----------
    parameters
        Weights, biases and activation coefficients.
    unknowns
        The symbols in which equations are written.
    values
        Unknown -> its polynomial in the parameters.
    images
        Effective coefficient -> its expression in the unknowns.
    dominant
        Whether the parameters reach almost all values of the unknowns over the complex numbers.

    Raises
    ------
    DomainError
        If there is no parameter, or the network is no polynomial in them.

    Examples
    --------
    >>> from cumulant_theory import activations, layers, symmetries
    >>> unit = layers.Linear(2, 1, symmetry=symmetries.PermutationInvariant(), name="w") >> (
    ...     layers.Pointwise(activations.Quadratic("a"))) >> layers.Linear(1, 1, name="v")
    >>> found = Coordinates(unit)
    >>> found.values, found.images[sp.Symbol("Q_12")], found.dominant
    ({l_1: v*w, Q_11: a*v*w**2}, 2*Q_11, True)
    """

    def __init__(self, network: Layer) -> None:
        self.effective: EffectiveMap = network.effective()
        self.parameters: tuple[sp.Symbol, ...] = _parameters(network)
        own = {d.symbol: d.expr for d in self.effective.definitions}
        # a coefficient that is a parameter keeps the name of the parameter
        names: dict[Any, Any] = {s: e if e in self.parameters else s for s, e in own.items()}
        terms = {names[s]: _terms(e, self.parameters) for s, e in own.items()}
        linear = _linear_relations(terms)
        free = tuple(s for s in terms if s not in linear)
        values = {names[s]: e for s, e in own.items() if names[s] in free}
        rank = _rank([terms[s] for s in free], len(self.parameters))
        alone = all(len(t) == 1 for t in terms.values())
        self.direct: bool = rank < len(free) and len(self.parameters) < len(free) and alone
        self.dominant: bool = rank == len(free) or self.direct
        if self.direct:
            self.unknowns: tuple[Any, ...] = self.parameters
            self.values: dict[Any, sp.Expr] = {p: p for p in self.parameters}
            self.images = dict(own)
        else:
            self.unknowns = free
            self.values = values
            self.images: dict[Any, Any] = {s: linear.get(names[s], names[s]) for s in own}
        self._monomials = {m for t in terms.values() for m in t}

    def pulled(self, expression: Any) -> sp.Expr:
        """An expression in the unknowns as one in the parameters."""
        check_time()
        e = sp.sympify(expression)
        given, ring = Ring.of([e]), Ring.of([e, *self.values.values()])
        images = {x: ring.element(value) for x, value in self.values.items()}
        return ring.expr(given.compose(given.element(e), images, ring))

    def scalings(self, zero: Sequence[sp.Symbol] = ()) -> list[dict[sp.Symbol, int]]:
        """Weights d of the scalings p -> t^d p of the parameters that leave the map as it is.

        Parameters
        ----------
        zero
            Parameters that are 0; they are left out.
        """
        kept = [i for i, p in enumerate(self.parameters) if p not in zero]
        gone = [i for i, p in enumerate(self.parameters) if p in zero]
        rows = [[m[i] for i in kept] for m in self._monomials if not any(m[i] for i in gone)]
        vectors = sp.Matrix(rows or [[0] * len(kept)]).nullspace() if kept else []
        found = []
        for vector in vectors:
            scale = sp.ilcm(1, *(e.q for e in vector))
            found.append({
                self.parameters[i]: int(e * scale) for i, e in zip(kept, vector, strict=True) if e
            })
        return found


    def brings_to_one(self, parameters: Sequence[sp.Symbol]) -> bool:
        """Whether real scalings turn any non-zero values of some parameters into ones.

        That is so where the weights of these parameters have a minor of determinant one.
        """
        rows = sp.Matrix([[d.get(p, 0) for p in parameters] for d in self.scalings()] or [[0]])
        size = len(parameters)
        return rows.rows >= size == rows.cols and any(
            abs(rows.extract(list(some), list(range(size))).det()) == 1
            for some in combinations(range(rows.rows), size)
        )


def _parameters(network: Layer) -> tuple[sp.Symbol, ...]:
    parameters = network.parameters
    if not parameters:
        raise DomainError(
            f"{network!r} has no free parameter, so there is nothing to train; compare it with "
            "generalisation.residuals"
        )
    for p in parameters:
        if any(getattr(p, f"is_{kind}") is not None
               for kind in ("positive", "negative", "zero", "rational")):
            given = ", ".join(k for k, v in p._assumptions_orig.items() if v)
            raise DomainError(
                f"parameter {p} is assumed to be {given}, but parameters range over all real "
                f"numbers; use the plain symbol '{p}'"
            )
    names = [str(p) for p in parameters]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise DomainError(
            f"{network!r} has different parameters of one name: {', '.join(twice)}; give them "
            "different names or the same assumptions"
        )
    return parameters


def _terms(expression: sp.Expr, parameters: Sequence[sp.Symbol]) -> dict[Monomial, sp.Expr]:
    """Monomial in the parameters -> number."""
    ring, found = Ring.of([expression]), {}
    for coefficient, factors in ring.terms(ring.element(expression)):
        powers, number = [0] * len(parameters), sp.Rational(coefficient)
        for atom, k in factors:
            if atom in parameters:
                powers[parameters.index(atom)] = k
            elif atom.free_symbols:
                raise DomainError(
                    f"the network is no polynomial in its parameters: {atom} occurs; give that "
                    "entry a symbol of its own"
                )
            else:
                number *= atom**k
        key = tuple(powers)
        found[key] = found.get(key, sp.S.Zero) + number
    return found


def _matrix(rows: Sequence[Sequence[Any]]) -> DomainMatrix:
    return DomainMatrix.from_list_sympy(
        len(rows), len(rows[0]), rows, extension=True
    ).to_field()


def _linear_relations(
    terms: Mapping[sp.Symbol, Mapping[Monomial, sp.Expr]]
) -> dict[sp.Symbol, sp.Expr]:
    """Coefficients that are affine functions of those before them."""
    size = len(next(iter(next(iter(terms.values())))))
    one = (0,) * size
    monomials = sorted({one, *(m for t in terms.values() for m in t)})
    columns: list[Mapping[Monomial, Any]] = [{one: sp.S.One}, *terms.values()]
    names = [sp.S.One, *terms]
    matrix = _matrix([[t.get(m, sp.S.Zero) for t in columns] for m in monomials])
    reduced, pivots = matrix.rref()
    rows = reduced.to_Matrix()
    return {
        names[j]: sp.Add(*(rows[i, j] * names[p] for i, p in enumerate(pivots)))
        for j in range(len(names)) if j not in pivots
    }


def _rank(terms: Sequence[Mapping[Monomial, sp.Expr]], size: int) -> int:
    """Rank of the Jacobian matrix at a random point, the generic one."""
    if not terms:
        return 0
    random = Random(0)
    point = [sp.Rational(random.randint(1, 10**4), random.randint(1, 10**2)) for _ in range(size)]

    def derivative(polynomial: Mapping[Monomial, sp.Expr], j: int) -> sp.Expr:
        return sp.Add(*(
            c * m[j] * sp.Mul(*(
                x ** (k - (i == j)) for i, (x, k) in enumerate(zip(point, m, strict=True))
            ))
            for m, c in polynomial.items() if m[j]
        ))

    return _matrix([[derivative(t, j) for j in range(size)] for t in terms]).rank()
