"""The block sum of the central limit theorem: the target map of the whole study."""

from collections.abc import Mapping, Sequence
from typing import Any

import sympy as sp

from ..algebra import Ring, check_size, exact, substitution, symbols_in
from ..arguments import brief, entries, explained
from ..closures import Closure
from ..cumulants import JointCumulants
from ..errors import DomainError, ShapeError
from ..orbits import Permutation, symmetric_group
from .base import Layer, check_order
from .rules import AffineRule, Rule

_HALF = sp.Rational(1, 2)
_LARGEST = 10_000  # of the numbers in an exponent


class BlockSum(Layer):
    """R(x) = b^{-s} (x_1 + ... + x_b), or sum_i w_i x_i for general weights.

    On independent copies kappa_r(R x) = b^{1 - r s} kappa_r(x), in general p_r(w) kappa_r(x) with
    the power sum p_r. ``b`` and ``s`` may be symbols.

    Parameters
    ----------
    b
        Block size: an integer of at least 1, or a symbol.
    s
        Exponent; 1/2 is the central limit theorem, 1 the law of large numbers.
    weights
        Given, they replace b^{-s}.

    Raises
    ------
    ShapeError
        If b is no positive integer or symbol, or the weights do not fit.

    References
    ----------
    G. Jona-Lasinio, Phys. Rep. 352, 439 (2001); J. P. Sethna, Entropy, Order Parameters, and
    Complexity (2021), chapter 12; I. Calvo et al., arXiv:1009.2899.

    Examples
    --------
    >>> from cumulant_theory import laws
    >>> b = sp.Symbol("b")
    >>> BlockSum(b).propagate(laws.Generic("kappa").iid(b), order=4)[4]
    kappa_4/b
    """

    out_features = 1

    @explained
    def __init__(self, b: Any, s: Any = _HALF, weights: Sequence[Any] | None = None) -> None:
        self.b: sp.Expr = exact(b, "BlockSum: b")
        if self.b.is_number and not (self.b.is_Integer and self.b >= 1):
            raise ShapeError(f"BlockSum: b is {b}; it must be a positive integer or a symbol")
        self.s: sp.Expr = exact(s, "BlockSum: s")
        if isinstance(self.s, sp.Rational) and max(abs(self.s.p), self.s.q) > _LARGEST:
            raise DomainError(
                f"BlockSum: s is {brief(s)}; numerator and denominator go to {_LARGEST}"
            )
        self.in_features: int | sp.Expr = int(self.b) if self.b.is_Integer else self.b
        self.weights: tuple[sp.Expr, ...] | None = None
        if weights is not None:
            given = entries(weights, "BlockSum: weights", "one number per unit")
            self.weights = tuple(exact(w, "BlockSum: weight") for w in given)
            if len(self.weights) != self.in_features:
                raise ShapeError(
                    f"BlockSum: {len(self.weights)} weights do not fit blocks of {self.b}"
                )

    @property
    def is_symbolic(self) -> bool:
        """Whether the block size is a symbol."""
        return not self.b.is_Integer

    @property
    def parameters(self) -> tuple[sp.Symbol, ...]:
        """Symbols among b, s and the weights."""
        return symbols_in(*(self.weights or (self.b, self.s)))

    @explained
    def eigenvalue(self, r: int) -> sp.Expr:
        """Factor of kappa_r: b^{1 - r s}, or the power sum p_r of the weights.

        Examples
        --------
        >>> BlockSum("b").eigenvalue(3)
        1/sqrt(b)
        """
        order = exact(r, "eigenvalue: r")
        if self.weights is not None:
            return sp.Add(*(w**order for w in self.weights))
        return sp.Pow(self.b, sp.expand(1 - order * self.s))

    @explained
    def input_permutations(self, units: int) -> list[Permutation]:
        """All of them where the weights are equal."""
        return symmetric_group(units)

    def rules(self, units: int) -> tuple[Rule, ...]:
        """One constant row."""
        if self.is_symbolic:
            raise ShapeError(
                f"{self!r} has no weight matrix while b is a symbol; propagate "
                f"law.iid({self.b}), or give b a value"
            )
        check_size(self.b, f"{self!r}: b")
        weights = self.weights or (self.b ** (-self.s),) * int(self.b)
        return (AffineRule.constant([list(weights)]),)

    @explained
    def propagate(
        self, x: Any, order: int = 4, closure: Closure | None = None, orbits: bool = True
    ) -> JointCumulants:
        """Cumulants of the block sum; for symbolic b the input must be ``law.iid(b)``."""
        if not self.is_symbolic:
            return super().propagate(x, order, closure, orbits)
        order = check_order(order)
        law = x if hasattr(x, "iid") else getattr(x, "law", None)
        if law is None or (not hasattr(x, "iid") and exact(x.dim) != self.b):
            raise ShapeError(
                f"{self!r} with symbolic b needs b independent copies of one law: law.iid({self.b})"
            )
        values = {r: self.eigenvalue(r) * law.cumulant(r) for r in range(1, order + 1)}
        ring = Ring.of(values.values())

        def derive() -> Any:
            from .derive import derive_block_sum

            return derive_block_sum(self, law, order)

        return JointCumulants(
            1, order, ring, lambda alpha: ring.element(values[alpha[0]]), state="z1",
            hypotheses=(*law.hypotheses, f"the {self.b} units are independent copies"),
            derive=derive,
        )

    def subs(self, values: Mapping[Any, Any]) -> "BlockSum":
        """With symbols replaced by exact values."""
        images = substitution(values)
        weights = None if self.weights is None else [w.subs(images) for w in self.weights]
        return BlockSum(self.b.subs(images), self.s.subs(images), weights)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, BlockSum) and (self.b, self.s, self.weights) == (
            other.b, other.s, other.weights
        )

    def __hash__(self) -> int:
        return hash((self.b, self.s, self.weights))

    def __matmul__(self, other: "BlockSum") -> "BlockSum":
        """Block sums of block sums: R_b R_c = R_{bc}.

        Raises
        ------
        DomainError
            If the exponents differ or weights are given.
        """
        if not isinstance(other, BlockSum):
            return NotImplemented
        if self.s != other.s or self.weights or other.weights:
            raise DomainError(
                f"{self!r} and {other!r} compose to a block sum only for one exponent s and equal "
                "weights"
            )
        return BlockSum(self.b * other.b, self.s)

    def __repr__(self) -> str:
        if self.weights is not None:
            return f"BlockSum({self.b}, weights={list(self.weights)})"
        return f"BlockSum({self.b})" if self.s == _HALF else f"BlockSum({self.b}, s={self.s})"

    def _repr_latex_(self) -> str:
        from ..latex import latex

        factor = latex(sp.Pow(self.b, -self.s))
        return rf"$\displaystyle R(x) = {factor}\,\sum_{{i=1}}^{{{latex(self.b)}}} x_{{i}}$"
