"""One symmetry of the parameters: what it does, in formulas."""

from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import sympy as sp

from ..algebra import exact, substitution
from ..arguments import explained
from ..errors import SymmetryError
from ..latex import inline_display
from .diagonal import Flip, Scaling
from .linear import Mixing, Shift
from .permutations import Relabelling
from .structure import Affine, Structure

Action = Relabelling | Flip | Scaling | Shift | Mixing

SHOWN = 12  # changes of parameters that are printed

_POSITIVE, _REAL = sp.Symbol("t", positive=True), sp.Symbol("s", real=True)


@dataclass(frozen=True, eq=False)
class Reparametrisation:
    """A change of the parameters under which the map of the network stays the same.

    Attributes
    ----------
    kind
        ``permutation``, ``signed permutation``, ``sign flip``, ``rescaling``, ``shift`` or
        ``mixing``.
    layers
        Names of the layers whose units it moves or changes.
    action
        The same for the biases that take up centres and offsets of activations.

    Examples
    --------
    >>> from cumulant_theory import activations, layers, parameter_symmetries
    >>> net = layers.Linear(1, 1) >> layers.Pointwise(activations.ReLU()) >> layers.Linear(1, 1)
    >>> parameter_symmetries(net).generators
    (rescaling of 1 Linear: W__1 -> W__1*t, W__2 -> W__2/t for t > 0,)
    """

    kind: str
    layers: tuple[str, ...]
    action: Action
    structure: Structure = field(repr=False)

    @property
    def parameter(self) -> sp.Symbol | None:
        """t or s of a family, None for a single change."""
        if isinstance(self.action, Relabelling | Flip):
            return None
        return _POSITIVE if isinstance(self.action, Scaling) else _REAL

    @property
    def domain(self) -> str:
        """Values that the parameter of the family may have."""
        if isinstance(self.action, Scaling):
            return "t > 0"
        if isinstance(self.action, Mixing):
            determinant = sp.factor(_mixer(self.action).det())
            return "" if determinant == 1 else f"{determinant} != 0"
        return ""

    @cached_property
    def images(self) -> dict[sp.Symbol, Any]:
        """Parameter -> its new value, those that change."""
        moved = self._moved()
        known = moved.keys() | self.structure.offsets.keys()
        images: dict[sp.Symbol, Any] = {}
        for p in [p for p in self.structure.parameters if p in known]:
            before = self.structure.offsets.get(p, sp.S.Zero)
            value = moved.get(p, p + before)
            if before != 0:
                value = value - before.xreplace(
                    {q: moved[q] for q in before.free_symbols if q in moved}
                )
                value = sp.expand(value)
            if value != p:
                images[p] = value
        return images

    def _moved(self) -> dict[sp.Symbol, Any]:
        """New values, of biases with their shifts where they take up some."""
        offsets = self.structure.offsets

        def shifted(p: sp.Symbol) -> Any:
            return p + offsets.get(p, sp.S.Zero)

        action = self.action
        if isinstance(action, Relabelling):
            return {q: s * shifted(p) for p, (q, s) in action.parameters.items()}
        if isinstance(action, Flip):
            return {p: -shifted(p) for p in action.parameters}
        if isinstance(action, Scaling):
            found = {p: _POSITIVE**e * shifted(p) for p, e in action.exponents.items()}
            return found | {
                p: shifted(p) + factor * sp.log(_POSITIVE) for p, factor in action.logs.items()
            }
        if isinstance(action, Shift):
            return {p: shifted(p) + _REAL * change for p, change in action.changes.items()}
        return {p: v + offsets.get(p, sp.S.Zero) for p, v in _mixed(self.structure, action).items()}

    @explained
    def apply(self, values: dict[Any, Any], at: Any = None) -> dict[sp.Symbol, Any]:
        """New values of all parameters.

        Parameters
        ----------
        values
            Symbol -> value of every parameter that may change.
        at
            Value of t or s.

        Raises
        ------
        SymmetryError
            If a family gets no value of its parameter, or a single change gets one.
        DomainError
            If a value is not exact.
        """
        if (self.parameter is None) != (at is None):
            need = "takes no value" if self.parameter is None else f"needs a value of {self.domain}"
            raise SymmetryError(f"{self.kind} of {', '.join(self.layers)} {need}; at={at!r}")
        given = substitution(values)
        point = given if self.parameter is None else given | {self.parameter: exact(at, "at")}
        return given | {p: v.xreplace(point) for p, v in self.images.items()}

    def __repr__(self) -> str:
        shown = [f"{p} -> {v}" for p, v in [*self.images.items()][:SHOWN]]
        changes = ", ".join([*shown, *(["..."] if len(self.images) > SHOWN else [])])
        domain = f" for {self.domain}" if self.domain else ""
        return f"{self.kind} of {', '.join(self.layers)}: {changes}{domain}"

    def _repr_latex_(self) -> str:
        return inline_display(_Arrow(p, v) for p, v in [*self.images.items()][:SHOWN])

    def _repr_html_(self) -> str:
        from .display import generator_card

        return generator_card(self)


@dataclass(frozen=True)
class _Arrow:
    """p -> value, for display."""

    lhs: Any
    rhs: Any
    relation: str = r"\mapsto"
    label: str | None = None


def _mixer(action: Mixing) -> sp.ImmutableMatrix:
    h = action.layer.width
    entries = {k: _REAL * v for k, v in action.matrix.items()}
    return sp.ImmutableMatrix(sp.eye(h) + sp.SparseMatrix(h, h, entries))


def _mixed(structure: Structure, action: Mixing) -> dict[sp.Symbol, Any]:
    """W -> G W, c -> G c before the units and V -> V G^-1 after them, G = 1 + s X."""
    before: Any = structure.stages[action.layer.states[0] - 1]
    after: Any = structure.stages[action.layer.states[-1]]
    mixer = _mixer(action)
    inverse = mixer.inv().applyfunc(sp.cancel)
    h = action.layer.width
    images: dict[sp.Symbol, Any] = {}

    def read(terms: Any, value: Any) -> None:
        if len(terms) == 1 and terms[0].lone and terms[0].lone not in images:
            images[terms[0].lone] = sp.expand(value / terms[0].coefficient)

    stage: Affine
    for stage, of in ((before, 0), (after, 1)):
        for (i, j), terms in stage.terms.items():
            if of == 0:
                value = sp.Add(*(mixer[i, k] * stage.weight.get((k, j), 0) for k in range(h)))
            else:
                value = sp.Add(*(stage.weight.get((i, k), 0) * inverse[k, j] for k in range(h)))
            read(terms, value)
    for i, terms in before.shift_terms.items():
        read(terms, sp.Add(*(mixer[i, k] * before.shift.get(k, 0) for k in range(h))))
    return {p: v for p, v in images.items() if v != p}
