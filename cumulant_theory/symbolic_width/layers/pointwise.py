"""The pointwise layer and the residual block, for any family."""

from collections.abc import Mapping
from typing import Any

import sympy as sp

from ... import layers as explicit_layers
from ...activations import Activation, Polynomial
from ...errors import DomainError, NoClosedFormError, ShapeError
from ..families import Family
from ..rules import PolynomialRule, Rule
from .base import Layer, explicit_network


class Pointwise(Layer):
    """y_vc = phi(z_vc) for every node v and channel c, phi a polynomial.

    Parameters
    ----------
    activation
        A polynomial activation.

    Raises
    ------
    DomainError
        If the argument is no activation.
    NoClosedFormError
        If the activation is no polynomial.

    Examples
    --------
    >>> from cumulant_theory import activations
    >>> for e in Pointwise(activations.Square()).equations(1):
    ...     print(e.lhs, "=", e.rhs)
    d__y1_0 = kappa__x_i**2
    d__y1_1 = 2*kappa__x_i
    kappa__y1_i = d__y1_0 + kappa__x_ii
    """

    def __init__(self, activation: Activation) -> None:
        if not isinstance(activation, Activation):
            raise DomainError(
                f"Pointwise: {activation!r} is no activation; pass for example "
                "activations.Quadratic('alpha')"
            )
        if activation.coefficients is None:
            raise NoClosedFormError(
                f"{activation!r} is not a polynomial, so Pointwise has no exact finite cumulant "
                "rule; replace it, for example by activations.Polynomial(coefficients)"
            )
        self.activation = activation

    @property
    def parameters(self) -> tuple[sp.Symbol, ...]:
        """Coefficients given as symbols."""
        return self.activation.parameters

    def rules(self, family: Family, channels: int) -> tuple[Rule, ...]:
        """The polynomial rule, the same on all channels."""
        return (PolynomialRule((self.activation.coefficients or (),) * channels),)

    def numbered(self, position: Any) -> "Pointwise":
        """With default coefficient names numbered by layer."""
        return Pointwise(self.activation.numbered(position))

    def _replaced(self, images: Mapping[Any, Any]) -> "Layer":
        if not set(images) & set(self.parameters):
            return self
        return Pointwise(Polynomial([a.subs(images) for a in self.activation.coefficients or ()]))

    def _written(self, family: Family, channels: int) -> Any:
        return explicit_layers.Pointwise(self.activation)

    def __repr__(self) -> str:
        return f"Pointwise({self.activation!r})"


class Residual(Layer):
    """y = x + f(x) for a layer or network f that keeps nodes and channels.

    Every node carries its input as further channels while f acts, so that joint cumulants of x
    and f(x) are exact.

    Parameters
    ----------
    inner
        f.

    Raises
    ------
    ShapeError
        If f does not keep nodes and channels.

    Examples
    --------
    >>> from cumulant_theory import activations, laws
    >>> from cumulant_theory.symbolic_width import iid
    >>> block = Residual(Pointwise(activations.Square()))
    >>> block.propagate(iid(laws.Normal(0, 1), "n"), order=2).type(2)
    3
    """

    def __init__(self, inner: Layer) -> None:
        if not isinstance(inner, Layer):
            raise ShapeError(f"Residual: {inner!r} is no layer of cumulant_theory.symbolic_width")
        self.inner = inner
        self.family: Family | None = inner.family
        self.in_channels: int | None = inner.in_channels
        if self.family is not None and self.in_channels is not None:
            self.rules(self.family, self.in_channels)

    @property
    def parameters(self) -> tuple[sp.Symbol, ...]:
        """Those of f."""
        return self.inner.parameters

    @property
    def hypotheses(self) -> tuple[str, ...]:
        """Those of f."""
        return tuple(h for layer in self.inner.layers for h in layer.hypotheses)

    def rules(self, family: Family, channels: int) -> tuple[Rule, ...]:
        """Copy the channels, act on the second copy, add."""
        inner: list[Rule] = []
        current, width = family, channels
        for layer in self.inner.layers:
            layer.checked_input(current, width)
            for rule in layer.rules(current, width):
                inner.append(rule)
                current, width = rule.out_family(current), rule.out_channels
        if current.base != family.base or width != channels:
            raise ShapeError(
                f"{self!r}: the inner network maps {channels} channels of {family!r} to {width} of "
                f"{current!r}; it must keep them, so that input and output can be added"
            )
        one = family.operator("identity")
        eye = sp.eye(channels)
        none = (sp.S.Zero,) * channels
        copy = family.affine([(sp.ImmutableMatrix(sp.Matrix.vstack(eye, eye)), one)], none * 2)
        add = family.affine([(sp.ImmutableMatrix(sp.Matrix.hstack(eye, eye)), one)], none)
        return (copy, *(rule.lifted(channels) for rule in inner), add)

    def numbered(self, position: Any) -> "Residual":
        """The inner network, its names numbered ``r1``, or ``r1,1``, ``r1,2``, ..."""
        if len(self.inner.layers) == 1:
            return Residual(self.inner.numbered(f"r{position}"))
        from .sequential import Sequential

        return Residual(Sequential(self.inner, prefix=f"r{position},"))

    def _replaced(self, images: Mapping[Any, Any]) -> "Residual":
        return Residual(self.inner._replaced(images))

    def _written(self, family: Family, channels: int) -> Any:
        return explicit_layers.Residual(explicit_network(self.inner, family, channels, {}))

    @property
    def words(self) -> str:
        """The layer in a sentence."""
        return f"residual of {self.inner.words}"

    def __repr__(self) -> str:
        return f"Residual({self.inner!r})"
