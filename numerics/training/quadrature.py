"""Mean squares of polynomials from their values at as many points as there are monomials."""

import itertools
import math
from collections.abc import Callable
from fractions import Fraction
from typing import Any

import numpy as np
import sympy as sp

from cumulant_theory.algebra import joint_moments, multi_indices
from cumulant_theory.cumulants import CumulantSource, blocks_of


def quadrature(law: CumulantSource, units: int, degree: int) -> tuple[np.ndarray, np.ndarray]:
    """Nodes (M, units) and matrix B with E p(x)^2 = |B p(nodes)|^2 for p of that degree."""
    axes = np.eye(units, dtype=int)
    cumulant = _numbers(law)
    mean = [cumulant(tuple(a)) for a in axes]
    deviation = [math.sqrt(abs(float(cumulant(tuple(2 * a))))) or 1.0 for a in axes]
    scale = [Fraction(s).limit_denominator(10**6) or Fraction(s) for s in deviation]

    def standardised(alpha: tuple[int, ...]) -> Fraction:
        if sum(alpha) == 1:
            return Fraction(0)
        return cumulant(alpha) / math.prod(
            (s**a for s, a in zip(scale, alpha, strict=True)), start=Fraction(1)
        )

    within = joint_moments(standardised, Fraction(1))

    def moment(alpha: tuple[int, ...]) -> float:
        parts = (within(p) for p in blocks_of(alpha, law.blocks))
        return float(math.prod(parts, start=Fraction(1)))

    powers = [a for r in range(degree + 1) for a in multi_indices(units, r)]
    table = {
        a: moment(a) for a in {
            tuple(map(sum, zip(p, q, strict=True)))
            for p, q in itertools.combinations_with_replacement(powers, 2)
        }
    }
    gram = np.array([
        [table[tuple(map(sum, zip(p, q, strict=True)))] for q in powers] for p in powers
    ])
    line = _leja(degree + 1)
    lattice = line[np.array(powers)]
    vandermonde = np.prod(lattice[:, None, :] ** np.array(powers)[None], axis=-1)
    size = np.sqrt(np.diag(gram))
    values, vectors = np.linalg.eigh(gram / np.outer(size, size))
    keep = values > len(powers) * np.finfo(float).eps * values[-1]
    root = vectors[:, keep] * np.sqrt(values[keep]) * size[:, None]
    form = np.linalg.solve(vandermonde.T, root).T
    shift, width = np.array([float(m) for m in mean]), np.array([float(s) for s in scale])
    return shift + width * lattice, form


def _leja(count: int) -> np.ndarray:
    """Distinct points of [-2, 2], each far from those before it."""
    candidates = 2 * np.cos(np.pi * np.arange(4 * count + 1) / (4 * count))
    chosen = [0.0]
    while len(chosen) < count:
        distance = np.prod([np.abs(candidates - c) for c in chosen], axis=0)
        chosen.append(float(candidates[np.argmax(distance)]))
    return np.array(chosen)


def _numbers(law: CumulantSource) -> Callable[[tuple[int, ...]], Fraction]:
    """Cumulants as fractions, irrational ones to 40 digits."""

    def number(alpha: tuple[int, ...]) -> Fraction:
        value: Any = law.cumulant(alpha)
        if not value.is_Rational:
            value = sp.Rational(str(value.evalf(40)))
        return Fraction(int(value.p), int(value.q))

    return number
