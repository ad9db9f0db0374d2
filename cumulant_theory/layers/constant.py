"""Constant affine maps and what is built from them: sum, mean, residual branch."""

from collections.abc import Mapping
from typing import Any

import sympy as sp

from ..algebra import check_entries, check_size
from ..arguments import explained
from ..errors import ShapeError
from ..orbits import Permutation, symmetric_group
from .base import Layer
from .rules import AffineRule, Rule


class Sum(Layer):
    """y = x_1 + ... + x_n.

    Examples
    --------
    >>> Sum(3).forward([1, 2, 3])
    [6]
    """

    @explained
    def __init__(self, in_features: int) -> None:
        self.in_features: int = check_size(in_features, "Sum: the number of units")
        self.out_features = 1

    @explained
    def input_permutations(self, units: int) -> list[Permutation]:
        """All of them."""
        return symmetric_group(units)

    def rules(self, units: int) -> tuple[Rule, ...]:
        """One row of ones."""
        return (AffineRule.constant([[1] * self.in_features]),)


class Mean(Layer):
    """y = (x_1 + ... + x_n) / n.

    Examples
    --------
    >>> Mean(3).forward([1, 2, 6])
    [3]
    """

    @explained
    def __init__(self, in_features: int) -> None:
        self.in_features: int = check_size(in_features, "Mean: the number of units")
        self.out_features = 1

    @explained
    def input_permutations(self, units: int) -> list[Permutation]:
        """All of them."""
        return symmetric_group(units)

    def rules(self, units: int) -> tuple[Rule, ...]:
        """One row of entries 1/n."""
        n = self.in_features
        return (AffineRule.constant([[sp.Rational(1, n)] * n]),)


class Residual(Layer):
    """y = x + f(x) for a layer or network f that keeps the width.

    The input is copied by the constant affine map x -> (x, x), f acts on the second copy, and a
    second constant map adds the two: joint cumulants of x and f(x) are carried along exactly.

    Parameters
    ----------
    inner
        f, with equal input and output width.

    Raises
    ------
    ShapeError
        If f changes the width.

    Examples
    --------
    >>> from cumulant_theory import activations, layers
    >>> Residual(layers.Pointwise(activations.Square())).forward([3, 4])
    [12, 20]
    """

    @explained
    def __init__(self, inner: Layer) -> None:
        if not isinstance(inner, Layer):
            raise ShapeError(f"Residual: {inner!r} is no layer")
        first, last = inner.layers[0], inner.layers[-1]
        if first.in_features is not None and last.out_features is not None and (
            first.in_features != last.out_features
        ):
            raise ShapeError(
                f"Residual: {inner!r} maps {first.in_features} units to {last.out_features}; "
                "input and output must have equal width to be added"
            )
        self.inner = inner
        self.in_features: Any = next(
            (la.in_features for la in inner.layers if la.in_features is not None), None
        )
        self.out_features: Any = self.in_features

    @property
    def parameters(self) -> tuple[sp.Symbol, ...]:
        """Those of the inner network."""
        return self.inner.parameters

    @property
    def hypotheses(self) -> tuple[str, ...]:
        """Those of the inner network."""
        return tuple(h for layer in self.inner.layers for h in layer.hypotheses)

    @explained
    def rules(self, units: int) -> tuple[Rule, ...]:
        """Copy, act on one copy, add."""
        units = check_size(units, "Residual: units")
        check_entries(units, units, "Residual")
        eye = sp.eye(units)
        inner = [stage.rule for stage in self.inner.stages(units)]
        width = inner[-1].out_units if inner else units
        if width != units:
            raise ShapeError(f"{self!r}: the inner network maps {units} units to {width}")
        copy = AffineRule.constant(sp.Matrix.vstack(eye, eye).tolist())
        add = AffineRule.constant(sp.Matrix.hstack(eye, eye).tolist())
        return (copy, *(rule.lifted(units) for rule in inner), add)

    def width_after(self, units: int) -> int:
        """The width is kept."""
        return check_size(units, "Residual: units")

    def numbered(self, position: Any) -> "Residual":
        """The inner network, its names numbered ``r1``, or ``r1,1``, ``r1,2``, ..."""
        if len(self.inner.layers) == 1:
            return Residual(self.inner.numbered(f"r{position}"))
        from .sequential import Sequential

        return Residual(Sequential(self.inner, prefix=f"r{position},"))

    @explained
    def subs(self, values: Mapping[Any, Any]) -> "Residual":
        """With parameters of the inner network replaced."""
        known = {str(p) for p in self.parameters}
        return Residual(self.inner.subs({k: v for k, v in values.items() if str(k) in known}))

    @property
    def words(self) -> str:
        """The layer in a sentence."""
        return f"residual of {self.inner.words}"

    def __repr__(self) -> str:
        return f"Residual({self.inner!r})"
