"""Symmetries of the parameters as arrays: scalings, signs, and the shifts that biases take up."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any

import numpy as np
import sympy as sp

from cumulant_theory.errors import DomainError
from cumulant_theory.reparametrisations import (
    Flip,
    ParameterSymmetries,
    Relabelling,
    Scaling,
    Structure,
    parameter_symmetries,
    read_terms,
)

Monomial = tuple[int, float, np.ndarray]

_found = lru_cache(maxsize=64)(parameter_symmetries)


def symmetries_of(module: Any) -> ParameterSymmetries:
    """The symmetries of the trainable parameters of a network or an ensemble.

    Raises
    ------
    DomainError
        If it is neither.
    """
    if not hasattr(module, "theory") or not hasattr(module, "fixed_names"):
        raise DomainError(f"{type(module).__name__} is no network; make one by build(net)")
    return _found(module.theory, module.in_features, tuple(module.fixed_names))


@dataclass(frozen=True)
class Signed:
    """theta -> signs * theta[places], of biases with the shifts that they take up.

    Attributes
    ----------
    places, signs : array (P,)
    """

    places: np.ndarray
    signs: np.ndarray

    def __call__(self, theta: np.ndarray) -> np.ndarray:
        """theta (..., P) -> (..., P)."""
        return self.signs * theta[..., self.places]

    def after(self, other: "Signed") -> "Signed":
        """First the other, then this one."""
        return Signed(other.places[self.places], self.signs * other.signs[self.places])

    @property
    def moved(self) -> frozenset[int]:
        """Places that get another value."""
        stays = (self.places == np.arange(len(self.places))) & (self.signs == 1)
        return frozenset(np.flatnonzero(~stays).tolist())

    @property
    def key(self) -> tuple[bytes, bytes]:
        """For comparison."""
        return self.places.tobytes(), self.signs.tobytes()


class Coordinates:
    """The parameters of a module in the order of its names, and how symmetries act on them.

    Parameters
    ----------
    module : Network or Ensemble

    Attributes
    ----------
    structure
        Units and monomials of the layers.
    names
        Trainable parameters.
    """

    def __init__(self, module: Any) -> None:
        self.structure: Structure = symmetries_of(module).structure
        self.names: tuple[str, ...] = tuple(module.names)
        self.place: dict[str, int] = {name: k for k, name in enumerate(self.names)}
        fixed = {s: v for s, v in module.values().items() if str(s) in module.fixed_names}
        self.constants: dict[sp.Symbol, float] = {
            s: float(np.ravel(v)[0]) for s, v in fixed.items()
        }
        self.offsets: list[Monomial] = self._monomials(self.structure.offsets)
        self.centres: list[Monomial] = self._monomials(self.structure.centres)

    def _monomials(self, shifts: dict[sp.Symbol, Any]) -> list[Monomial]:
        """(place of the bias, coefficient, exponents of the parameters) of the terms of shifts."""
        found = []
        for p, shift in shifts.items():
            for term in read_terms(shift, frozenset(self.structure.parameters)):
                value = float(sp.sympify(term.coefficient).subs(self.constants))
                found.append((self.place[str(p)], value, self.vector(dict(term.powers))))
        return found

    def vector(self, table: dict[sp.Symbol, Any]) -> np.ndarray:
        """Values of some parameters as an array (P,)."""
        found = np.zeros(len(self.names))
        for p, v in table.items():
            found[self.place[str(p)]] = v
        return found

    def places(self, symbols: Iterable[sp.Symbol]) -> list[int]:
        """Places of parameters."""
        return [self.place[str(p)] for p in symbols]

    def values(
        self, theta: np.ndarray, monomials: Sequence[tuple[int, float, np.ndarray]]
    ) -> np.ndarray:
        """Shifts (..., P) of all parameters; those of a coefficient that vanishes are infinite."""
        found = np.zeros_like(theta)
        with np.errstate(divide="ignore", invalid="ignore"):
            for p, c, exponents in monomials:
                used = np.flatnonzero(exponents)
                found[..., p] += c * np.prod(theta[..., used] ** exponents[used], axis=-1)
        return found

    # ------------------------------------------------------------------ actions

    def signed(self, move: Relabelling | Flip) -> Signed:
        """A relabelling or a flip as arrays."""
        size = len(self.names)
        places, signs = np.arange(size), np.ones(size)
        if isinstance(move, Flip):
            signs[self.places(move.parameters)] = -1
        else:
            for p, (q, s) in move.parameters.items():
                there = self.place[str(q)]
                places[there], signs[there] = self.place[str(p)], s
        return Signed(places, signs)

    def relabel(self, theta: np.ndarray, move: Signed) -> np.ndarray:
        """The parameters (..., P) after a permutation with signs."""
        new = move(theta)
        if not self.offsets or self.is_pure(move):
            return new
        old, now = self.values(theta, self.offsets), self.values(new, self.offsets)
        biases = sorted({p for p, _, _ in self.offsets})
        new[..., biases] += (move(old) - now)[..., biases]
        return new

    def is_pure(self, move: Signed) -> bool:
        """Whether biases change as they stand, since the shifts change as the biases do."""
        table = {(p, _key(e)): c for p, c, e in self.offsets}
        inverse = np.argsort(move.places)
        for p, c, e in self.offsets:
            there = int(inverse[p])
            sign = float(np.prod(move.signs[inverse] ** e))
            if table.get((there, _key(e[move.places]))) != move.signs[there] * sign * c:
                return False
        return True

    def scale(self, theta: np.ndarray, exponents: np.ndarray, logs: np.ndarray) -> np.ndarray:
        """The parameters after theta_p -> e^{x_p} theta_p + logs_p; arrays (..., P) of all."""
        new = np.exp(exponents) * theta + logs
        for p, c, powers in self.offsets:
            used = np.flatnonzero(powers)
            with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
                value = c * np.prod(theta[..., used] ** powers[used], axis=-1)
                x = exponents @ powers
                # differences of shifts that may be much larger than the biases themselves
                change = value * np.exp(x) * np.expm1(exponents[..., p] - x)
            new[..., p] += np.where(exponents[..., p] == x, 0.0, change)
        return new

    def exponents(self, scalings: Sequence[Scaling]) -> tuple[np.ndarray, np.ndarray]:
        """Exponents and shifts by log t of a list of scalings: (k, P) each."""
        shape = (len(scalings), len(self.names))
        powers = np.array([self.vector(s.exponents) for s in scalings]).reshape(shape)
        logs = np.array([self.vector(s.logs) for s in scalings]).reshape(shape)
        return powers, logs

    @cached_property
    def biases(self) -> list[int]:
        """Places of the biases."""
        return self.places(p for p in self.structure.parameters if p in self.structure.pure_biases)


def _key(exponents: np.ndarray) -> bytes:
    return exponents.astype(np.int64).tobytes()
