"""Networks as chains of affine maps and activations with numeric weights."""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from typing import Any

import numpy as np
import sympy as sp
from numpy.typing import ArrayLike

from cumulant_theory import layers
from cumulant_theory.activations import Activation
from cumulant_theory.arguments import explained
from cumulant_theory.errors import DomainError, ShapeError
from cumulant_theory.latex.html import card, formula, joined
from cumulant_theory.latex.pictures import network

from .activations import Array, evaluate
from .backends.numpy import as_float64


@dataclass(frozen=True, eq=False)
class Affine:
    """z = W x + c.

    Parameters
    ----------
    weight : (out, in) array
    bias : (out,) array, optional
        Zeros by default.

    Raises
    ------
    ShapeError
        If the shapes do not fit.
    DomainError
        If an entry is no finite real number.

    Examples
    --------
    >>> Affine([[1.0, 2.0]]).bias
    array([0.])
    """

    weight: Any
    bias: Any = None

    def __post_init__(self) -> None:
        weight = np.array(as_float64(self.weight, "weight of Affine"))
        if weight.ndim != 2 or not weight.size:
            raise ShapeError(f"Affine: weight has shape {weight.shape}; give an (out, in) matrix")
        bias = np.zeros(len(weight)) if self.bias is None else (
            np.array(as_float64(self.bias, "bias of Affine"))
        )
        if bias.shape != weight.shape[:1]:
            raise ShapeError(
                f"Affine: bias has shape {bias.shape}, but the weight has {len(weight)} rows"
            )
        for name, values in (("weight", weight), ("bias", bias)):
            if not np.isfinite(values).all():
                raise DomainError(f"Affine: {name} has entries that are not finite")
            values.setflags(write=False)
            object.__setattr__(self, name, values)

    @property
    def in_features(self) -> int:
        """Number of input units."""
        return self.weight.shape[1]

    @property
    def out_features(self) -> int:
        """Number of output units."""
        return self.weight.shape[0]

    def __call__(self, x: Array) -> Array:
        points = as_float64(x, "x")
        if points.shape[-1:] != (self.in_features,):
            raise ShapeError(
                f"Affine: points of shape {points.shape} do not end in {self.in_features} units"
            )
        return points @ self.weight.T + self.bias

    @explained
    def after(self, first: "Affine") -> "Affine":
        """This map after another one."""
        return Affine(self.weight @ first.weight, self.weight @ first.bias + self.bias)

    def __repr__(self) -> str:
        return f"Affine({self.in_features}, {self.out_features})"

    def _repr_html_(self) -> str:
        return _chain_card("Affine map", (self,), self.in_features)


@dataclass(frozen=True)
class Pointwise:
    """y_i = phi(z_i), the first ``carried`` units passing unchanged.

    Parameters
    ----------
    activation : Activation
    carried : int
        Number of units that pass; positive only inside a lowered residual block.
    """

    activation: Activation
    carried: int = 0

    def __post_init__(self) -> None:
        if not isinstance(self.activation, Activation):
            raise DomainError(
                f"Pointwise: {self.activation!r} is no activation; pass one of "
                "cumulant_theory.activations"
            )

    def __call__(self, z: Array) -> Array:
        image = evaluate(self.activation, z[..., self.carried :])
        return np.concatenate([z[..., : self.carried], image], -1) if self.carried else image

    def __repr__(self) -> str:
        extra = f", carried={self.carried}" if self.carried else ""
        return f"Pointwise({self.activation.name}{extra})"

    def _repr_html_(self) -> str:
        return _chain_card("Pointwise map", (self,), None)


@dataclass(frozen=True, eq=False)
class Residual:
    """y = x + f(x).

    Parameters
    ----------
    body
        f: anything that can be read as parts, such as a torch module or a list of them.
    """

    body: Any

    def __repr__(self) -> str:
        return f"Residual({self.body!r})"

    def _repr_html_(self) -> str:
        return _chain_card("Residual block", (self,), None)


Part = Affine | Pointwise | Residual
Stage = Affine | Pointwise


class Chain:
    """Affine maps, activations and residual blocks, one after the other.

    Parameters
    ----------
    parts : sequence of Affine, Pointwise and Residual
        Input side first. The body of a Residual is again a sequence of parts.
    hypotheses : sequence of str
        Under which conditions this is the network that was imported.

    Raises
    ------
    ShapeError
        If widths do not fit, or no part is affine, so that the number of units is unknown.
    DomainError
        If something else is among the parts.

    Examples
    --------
    >>> from cumulant_theory import activations
    >>> chain = Chain([Affine([[1.0, 2.0]], [0.5]), Pointwise(activations.Square())])
    >>> chain, chain([[1.0, 1.0]])
    (Chain(2 -> 1 -> square), array([[12.25]]))
    >>> chain.layer.forward([1, 1])
    [49/4]
    """

    @explained
    def __init__(self, parts: Sequence[Part], hypotheses: Sequence[str] = ()) -> None:
        self.parts: tuple[Part, ...] = _checked(parts)
        self.hypotheses: tuple[str, ...] = tuple(dict.fromkeys(hypotheses))
        width = _first_width(self.parts)
        if width is None:
            raise ShapeError(
                "a chain without affine maps has no number of units; put an identity matrix first"
            )
        self.in_features = width
        self.out_features: int = _last_width(self.parts, width)

    def __call__(self, x: ArrayLike) -> Array:
        """The network at points (N, in_features).

        Raises
        ------
        ShapeError
            If the points do not have that shape.
        DomainError
            If they are no real numbers.
        """
        points = as_float64(x, "x")
        if points.shape[-1:] != (self.in_features,):
            raise ShapeError(
                f"points of shape {points.shape} do not end in {self.in_features} units"
            )
        return _run(self.parts, points)

    @cached_property
    def layer(self) -> layers.Layer:
        """The same network as exact symbolic layers, for small widths.

        Weights are the rationals that the floating-point numbers are.
        """
        return _layer(self.parts)

    @cached_property
    def stages(self) -> tuple[Stage, ...]:
        """The same map by affine and pointwise stages alone, neighbouring affine maps multiplied.

        A residual block of n units copies its input by the constant map x -> (x, x), acts on the
        second copy, and adds the two; its stages carry the first n units along.
        """
        merged: list[Stage] = []
        for stage in _lowered(self.parts, 0, self.in_features):
            last = merged[-1] if merged else None
            if isinstance(stage, Affine) and isinstance(last, Affine):
                merged[-1] = stage.after(last)
            else:
                merged.append(stage)
        return tuple(merged)

    def alternating(self) -> tuple[list[Affine], list[Pointwise]]:
        """Affine maps, and the pointwise stages behind each of them but perhaps the last.

        An identity map stands where a pointwise stage has no affine map before it.
        """
        affine: list[Affine] = []
        pointwise: list[Pointwise] = []
        width = self.in_features
        for stage in self.stages:
            if isinstance(stage, Affine):
                affine.append(stage)
                width = stage.out_features
                continue
            if len(affine) == len(pointwise):
                affine.append(Affine(np.eye(width)))
            pointwise.append(stage)
        return affine, pointwise

    def __repr__(self) -> str:
        return f"Chain({self.in_features} -> {_text(self.parts)})"

    def _repr_html_(self) -> str:
        return _chain_card(f"Chain of {len(self.parts)} parts", self.parts, self.in_features)


def _chain_card(title: str, parts: Sequence[Part], width: int | None) -> str:
    widths: list[Any] = [width]
    for part in parts:
        widths.append(part.out_features if isinstance(part, Affine) else widths[-1])
    return card(title, network([_box(p) for p in parts], widths))


def _box(part: Part) -> tuple[str, list[Any]]:
    if isinstance(part, Affine):
        size = float(np.sqrt(np.mean(part.weight**2)))
        return "Affine", [f"{part.out_features} × {part.in_features}", f"r.m.s. weight {size:.3g}"]
    if isinstance(part, Pointwise):
        return "Pointwise", [formula(part.activation.expr(sp.Symbol("z")))]
    inner = part.body if isinstance(part.body, (list, tuple)) else [part.body]
    return "Residual", [formula("y = x + f(x)"), joined([repr(p) for p in inner], most=4)]


def _checked(parts: Any) -> tuple[Part, ...]:
    found = tuple(parts) if isinstance(parts, (list, tuple)) else (parts,)
    for part in found:
        if isinstance(part, Residual) and isinstance(part.body, (list, tuple)):
            _checked(part.body)
        elif not isinstance(part, (Affine, Pointwise)):
            raise DomainError(
                f"a chain cannot have the part {part!r}; give a sequence of Affine, "
                "Pointwise(activation), and Residual of such a sequence"
            )
    return found


def _first_width(parts: Sequence[Part]) -> int | None:
    """Units at the input: activations and residual blocks keep the width."""
    for part in parts:
        if isinstance(part, Affine):
            return part.in_features
        width = _first_width(part.body) if isinstance(part, Residual) else None
        if width is not None:
            return width
    return None


def _last_width(parts: Sequence[Part], width: int) -> int:
    for k, part in enumerate(parts):
        if isinstance(part, Affine):
            if part.in_features != width:
                raise ShapeError(
                    f"part {k + 1} of the chain, {part!r}, takes {part.in_features} units, but "
                    f"gets {width}; inputs with more than one axis must be flattened before the "
                    "first affine map"
                )
            width = part.out_features
        elif isinstance(part, Residual) and _last_width(part.body, width) != width:
            raise ShapeError(
                f"part {k + 1} of the chain, {part!r}, does not keep its {width} units, so its "
                "output cannot be added to its input"
            )
    return width


def _run(parts: Sequence[Part], x: Array) -> Array:
    for part in parts:
        x = x + _run(part.body, x) if isinstance(part, Residual) else part(x)
    return x


def _lowered(parts: Sequence[Part], carried: int, width: int) -> list[Stage]:
    stages: list[Stage] = []
    for part in parts:
        if isinstance(part, Pointwise):
            stages.append(Pointwise(part.activation, carried))
        elif isinstance(part, Affine):
            stages.append(_beside(carried, part.weight, part.bias))
            width = part.out_features
        else:
            eye = np.eye(width)
            stages.append(_beside(carried, np.vstack([eye, eye])))
            stages.extend(_lowered(part.body, carried + width, width))
            stages.append(_beside(carried, np.hstack([eye, eye])))
    return stages


def _beside(carried: int, weight: Array, bias: Array | None = None) -> Affine:
    """An affine map next to units that pass unchanged."""
    rows, columns = weight.shape
    whole = np.zeros((carried + rows, carried + columns))
    whole[:carried, :carried] = np.eye(carried)
    whole[carried:, carried:] = weight
    shift = np.zeros(carried + rows)
    shift[carried:] = 0 if bias is None else bias
    return Affine(whole, shift)


def _layer(parts: Sequence[Part]) -> layers.Layer:
    return layers.Sequential(*map(_exact, parts))


def _exact(part: Part) -> layers.Layer:
    if isinstance(part, Pointwise):
        return layers.Pointwise(part.activation)
    if isinstance(part, Residual):
        return layers.Residual(_layer(part.body))
    weight = [[Fraction(w) for w in row] for row in part.weight.tolist()]
    bias = [Fraction(c) for c in part.bias.tolist()] if part.bias.any() else None
    return layers.Linear(part.in_features, part.out_features, weight=weight, bias_values=bias)


def _text(parts: Sequence[Part]) -> str:
    words = []
    for part in parts:
        if isinstance(part, Affine):
            words.append(str(part.out_features))
        elif isinstance(part, Pointwise):
            words.append(part.activation.name)
        else:
            words.append(f"[x + {_text(part.body)}]")
    return " -> ".join(words)
