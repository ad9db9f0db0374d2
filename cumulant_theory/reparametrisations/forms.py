"""What scalings, signs and shifts of its argument an activation passes on to its value."""

from collections.abc import Set
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import sympy as sp

from ..activations import Activation, Exp, Identity
from .elimination import null_space
from .terms import Term, Terms, read_terms

_IN, _OUT = "argument", "value"


@dataclass(frozen=True)
class Form:
    """An activation phi(z) = offset + psi(z - centre) by what psi does under z -> s z.

    Attributes
    ----------
    activation
        phi.
    monomials
        (k, terms of the coefficient of u^k) over all pieces, where psi(u) is a polynomial, or one
        polynomial on each side of zero; else None.
    parity
        1 where psi is even, -1 where it is odd, 0 where neither; None for a polynomial, of which
        the coefficients may change sign too.
    centre, offset
        Exact expressions in the parameters of phi.
    """

    activation: Activation
    monomials: tuple[tuple[int, Terms], ...] | None
    parity: int | None
    parameters: frozenset[sp.Symbol] = field(repr=False)
    centre: Any = sp.S.Zero
    offset: Any = sp.S.Zero

    @cached_property
    def is_identity(self) -> bool:
        """Whether phi(z) = z."""
        return self.activation == Identity()

    @cached_property
    def is_exponential(self) -> bool:
        """Whether phi(z + s) = exp(s) phi(z)."""
        return self.activation == Exp()

    def scalings(self, argument: Any, value: Any) -> list[dict[Any, int]]:
        """Equations for the exponents of t in psi(t^argument u) = t^value psi(u)."""
        if self.monomials is None:
            rows = [{argument: 1}, *({p: 1} for p in self.parameters)]
            return rows if self.is_exponential else [*rows, {value: 1}]
        return [
            _row(term, {argument: k, value: -1}) for k, terms in self.monomials for term in terms
        ]

    def flips(self, argument: Any, value: Any) -> list[dict[Any, int]]:
        """The same for signs, modulo 2."""
        if self.parity is None:
            return self.scalings(argument, value)
        rows: list[dict[Any, int]] = [{p: 1} for p in self.parameters]
        if self.parity == -1:
            return [*rows, {argument: 1, value: 1}]
        return [*rows, {value: 1}] if self.parity else [*rows, {argument: 1}, {value: 1}]

    @cached_property
    def freedom(self) -> int:
        """Number of independent scalings and flips of a unit on its own."""
        unknowns = [*sorted(self.parameters, key=str), _IN, _OUT]
        return len(null_space(self.scalings(_IN, _OUT), unknowns)) + len(
            null_space(self.flips(_IN, _OUT), unknowns, modulus=2)
        )


def _row(term: Term, row: dict[Any, int]) -> dict[Any, int]:
    return row | dict(term.powers)


def forms_of(
    activation: Activation, parameters: Set[sp.Symbol], moves_argument: bool, moves_value: bool
) -> Form:
    """The form with most freedom among those that shift argument and value as allowed.

    Parameters
    ----------
    activation
        Any.
    parameters
        Those of the network that may change.
    moves_argument, moves_value
        Whether biases take up a shift of the argument, and of the value.

    Examples
    --------
    >>> from cumulant_theory.activations import Quadratic, Sigmoid
    >>> a = sp.Symbol("a")
    >>> form = forms_of(Quadratic("a"), {a}, True, False)
    >>> form.centre, form.freedom, forms_of(Quadratic("a"), {a}, False, False).freedom
    (-1/(2*a), 3, 2)
    >>> forms_of(Sigmoid(), set(), True, True).offset
    1/2
    """
    candidates = _candidates(activation, parameters, moves_argument, moves_value)
    return max(candidates, key=lambda form: form.freedom)


def _candidates(
    activation: Activation, parameters: Set[sp.Symbol], moves_argument: bool, moves_value: bool
) -> list[Form]:
    own = frozenset(parameters) & set(activation.parameters)
    z = sp.Dummy("z", real=True)
    pieces = activation.pieces(z)
    if activation.coefficients is not None:
        return [
            Form(activation, _monomials([psi], own), None, own, centre, offset)
            for centre, psi, offset in _shifted(
                activation.coefficients, own, moves_argument, moves_value
            )
        ]
    offsets: list[Any] = [sp.S.Zero]
    middle = sp.sympify(activation.expr(sp.S.Zero))
    if moves_value and middle != 0 and not middle.free_symbols:
        offsets.append(middle)
    found = []
    for offset in offsets:
        monomials = None
        if activation.knots == (0,) and all(f.is_polynomial(z) for f in pieces):
            sides = [_coefficients(f - offset, z) for f in pieces]
            monomials = _monomials([*sides, (sp.expand(middle - offset),)], own)
        parity = _parity(activation, offset)
        found.append(Form(activation, monomials, parity, own, offset=offset))
    return found


def _monomials(
    polynomials: list[tuple[Any, ...]], parameters: Set[sp.Symbol]
) -> tuple[tuple[int, Terms], ...]:
    return tuple(
        (k, read_terms(a, parameters)) for coefficients in polynomials
        for k, a in enumerate(coefficients) if a != 0
    )


def _coefficients(polynomial: Any, z: sp.Symbol) -> tuple[Any, ...]:
    return tuple(reversed(sp.Poly(polynomial, z).all_coeffs()))


def _shifted(
    coefficients: tuple[Any, ...], parameters: Set[sp.Symbol], moves_argument: bool,
    moves_value: bool,
) -> list[tuple[Any, tuple[Any, ...], Any]]:
    """(centre, coefficients of psi, offset), the polynomial as it stands first."""
    ways = [(sp.S.Zero, coefficients)]
    degree = len(coefficients) - 1
    if moves_argument and degree > 1 and coefficients[-2] != 0:
        leading = read_terms(coefficients[-1], parameters)
        if len(leading) == 1:
            z = sp.Dummy("z")
            centre = sp.expand(-coefficients[-2] / (degree * coefficients[-1]))
            moved = sp.Add(*(a * (z + centre) ** k for k, a in enumerate(coefficients)))
            ways.append((centre, tuple(map(sp.expand, _coefficients(sp.expand(moved), z)))))
    found = [(centre, psi, sp.S.Zero) for centre, psi in ways]
    if moves_value:
        found += [(c, (sp.S.Zero, *psi[1:]), psi[0]) for c, psi in ways if psi[0] != 0]
    return found


def _parity(activation: Activation, offset: Any) -> int:
    """-1 or 1 where phi - offset is odd or even, else 0."""
    z = sp.Dummy("z", real=True)
    knots = activation.knots
    if knots != tuple(-c for c in reversed(knots)):
        return 0
    there = [f - offset for f in activation.pieces(z)]
    back = [f - offset for f in reversed(activation.pieces(-z))]
    jumps = [activation.expr(c) - offset for c in knots]
    for sign in (-1, 1):
        pairs = [*zip(there, back, strict=True), *zip(jumps, reversed(jumps), strict=True)]
        if all(_vanishes(f - sign * g) for f, g in pairs):
            return sign
    return 0


def _vanishes(expression: Any) -> bool:
    expanded = sp.expand(expression)
    return expanded == 0 or sp.simplify(expanded) == 0
