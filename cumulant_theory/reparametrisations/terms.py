"""Entries of a network as sums of monomials in its parameters."""

from collections.abc import Iterable, Set
from dataclasses import dataclass
from typing import Any

import sympy as sp


@dataclass(frozen=True)
class Term:
    """sign * size * product of parameters to integer powers.

    Attributes
    ----------
    sign
        1 or -1.
    size
        The factor without parameters.
    powers
        Pairs of a parameter and its exponent, sorted by name.
    """

    sign: int
    size: Any
    powers: tuple[tuple[sp.Symbol, int], ...]

    @property
    def lone(self) -> sp.Symbol | None:
        """The parameter, where the term is a multiple of one."""
        if len(self.powers) == 1 and self.powers[0][1] == 1:
            return self.powers[0][0]
        return None

    @property
    def coefficient(self) -> Any:
        """The factor without parameters, with its sign."""
        return self.sign * self.size


Terms = tuple[Term, ...]


def read_terms(entry: Any, parameters: Set[sp.Symbol]) -> Terms:
    """The terms of an entry; powers that are no integers count as constants.

    Examples
    --------
    >>> a, b = sp.symbols("a b")
    >>> [(t.sign, t.size, t.powers) for t in read_terms(3 - a / b, {a, b})]
    [(1, 3, ()), (-1, 1, ((a, 1), (b, -1)))]
    """
    if entry in parameters:
        return (Term(1, sp.S.One, ((entry, 1),)),)
    found = []
    for product in sp.Add.make_args(sp.expand(entry)):
        powers: dict[Any, int] = {}
        constant: Any = sp.S.One
        for factor in sp.Mul.make_args(product):
            base, exponent = factor.as_base_exp()
            if base in parameters and exponent.is_Integer:
                powers[base] = powers.get(base, 0) + int(exponent)
            else:
                constant *= factor
        if constant != 0:
            sign = -1 if constant.could_extract_minus_sign() else 1
            found.append(Term(sign, sign * constant, tuple(sorted(powers.items(), key=_name))))
    return tuple(found)


def renamed(
    terms: Terms, sign: int, images: dict[sp.Symbol, tuple[sp.Symbol, int]]
) -> frozenset[Term]:
    """The terms times a sign, each parameter p put as s q for ``images[p] = (q, s)``."""
    found = set()
    for term in terms:
        factor = sign * term.sign
        powers = []
        for p, e in term.powers:
            q, s = images.get(p, (p, 1))
            powers.append((q, e))
            factor *= s if e % 2 else 1
        ordered = powers if len(powers) < 2 else sorted(powers, key=_name)
        found.add(Term(factor, term.size, tuple(ordered)))
    return frozenset(found)


def opaque_parameters(entries: Iterable[Any], parameters: Set[sp.Symbol]) -> set[sp.Symbol]:
    """Parameters that occur in other places than factors of monomials.

    Examples
    --------
    >>> a, b = sp.symbols("a b")
    >>> opaque_parameters([a * b, sp.sqrt(a)], {a, b})
    {a}
    """
    return {
        s for entry in entries if entry not in parameters
        for term in read_terms(entry, parameters) for s in term.size.free_symbols & parameters
    }


def _name(power: tuple[sp.Symbol, int]) -> str:
    return str(power[0])
