"""What a layer is: a composition of affine and pointwise rules, and what follows from that."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import sympy as sp

from ..algebra import Polynomial, check_indices, check_order, check_size, exact, multi_indices
from ..arguments import brief, check_flag, explained
from ..claims import in_words
from ..closures import Closure, as_closure
from ..cumulants import CumulantSource, JointCumulants
from ..errors import DomainError, ShapeError
from ..orbits import Permutation
from ..recursion import Recursion, System
from ..symmetries import Free
from .closing import close_stages
from .effective import EffectiveMap
from .propagation import propagate_stages
from .rules import Rule, check_widths
from .stages import Stage, StateNames

if TYPE_CHECKING:
    from .sequential import Sequential


class Layer:
    """A map from ``in_features`` units to ``out_features`` units.

    Subclasses define :meth:`rules`; everything else follows. ``None`` as a width means that the
    layer takes any number of units.
    """

    in_features: Any = None
    out_features: Any = None

    def rules(self, units: int) -> tuple[Rule, ...]:
        """The affine and pointwise rules for an input of ``units`` units."""
        raise TypeError(f"{type(self).__name__} does not define rules(units)")

    @property
    def parameters(self) -> tuple[sp.Symbol, ...]:
        """Free symbols after tying, in a fixed order: weights, bias, coefficients."""
        return ()

    @property
    def hypotheses(self) -> tuple[str, ...]:
        """Conditions the layer adds, such as its weight symmetry."""
        return ()

    @property
    def layers(self) -> tuple["Layer", ...]:
        """The layers of a network; a single layer is a network of one."""
        return (self,)

    def numbered(self, position: Any) -> "Layer":
        """The same layer with its default parameter names numbered by position."""
        return self

    def subs(self, values: Mapping[Any, Any]) -> "Layer":
        """The same layer with parameters replaced by exact values.

        Parameters
        ----------
        values
            Symbol or symbol name -> exact value.
        """
        return self

    def input_permutations(self, units: int) -> Sequence[Permutation]:
        """Permutations of the inputs under which the layer is equivariant, as far as it knows.

        They are only proposals: propagation checks each against the law and every rule.
        """
        return ()

    @property
    def permutations_name(self) -> str:
        """What :meth:`input_permutations` are, in words."""
        return f"permutations of the inputs of the {self.words}"

    @property
    def words(self) -> str:
        """The layer or network in a sentence."""
        if len(self.layers) > 1:
            return ", ".join(layer.words for layer in self.layers)
        facts = []
        if self.in_features is not None:
            facts.append(f"{self.in_features} → {self.out_features}")
        symmetry = getattr(self, "symmetry", None)
        if symmetry is not None and not isinstance(symmetry, Free):
            facts.append(in_words(symmetry))
        named = in_words(getattr(self, "activation", None) or type(self).__name__)
        return f"{named} ({', '.join(facts)})" if facts else named

    def width_after(self, units: int) -> int:
        """Number of output units for ``units`` input units."""
        rules = self.rules(check_size(units, f"{type(self).__name__}: units"))
        return rules[-1].out_units if rules else units

    def __rshift__(self, other: "Layer") -> "Sequential":
        from .sequential import Sequential

        return Sequential(self, other)

    # ------------------------------------------------------------------ structure

    @explained
    def stages(self, units: int) -> tuple[Stage, ...]:
        """All rules in order, with the names of the states between them."""
        stages: list[Stage] = []
        names = StateNames()
        for position, layer in enumerate(self.layers):
            rules = layer.rules(units)
            try:
                check_widths(rules, units)
            except ShapeError as error:
                raise ShapeError(f"layer {position + 1}, {layer!r}: {error}") from None
            for rule in rules:
                label = f"{position + 1} {type(layer).__name__}"
                stages.append(Stage(position, label, rule, *names.around(rule.kind)))
                units = rule.out_units
        return tuple(stages)

    @explained
    def input_units(self, units: int | None = None) -> int:
        """Number of input units, given or the layer's own.

        Raises
        ------
        ShapeError
            If the layer takes any number and none is given, or the two differ.
        """
        if units is not None and not isinstance(units, sp.Expr):
            units = check_size(units, f"{self!r}: units")
        own = next((la.in_features for la in self.layers if la.in_features is not None), None)
        if own is None and units is None:
            raise ShapeError(
                f"{self!r} takes any number of units; say how many by the law, law.iid(n)"
            )
        if own is not None and units is not None and own != units:
            raise ShapeError(
                f"{self!r} takes {own} input units, but the input has {units}; use law.iid({own})"
            )
        chosen: Any = units if own is None else own
        if not isinstance(chosen, int):
            raise ShapeError(
                f"{self!r} has the symbolic width {chosen}; give it a value, or propagate "
                f"law.iid({chosen})"
            )
        return check_size(chosen, f"{self!r}: the number of input units")

    @explained
    def degree(self, units: int | None = None) -> int:
        """Degree of the network as a polynomial map."""
        degree = 1
        for stage in self.stages(self.input_units(units)):
            degree *= stage.rule.degree
        return degree

    @explained
    def input_order(self, order: int, units: int | None = None) -> int:
        """Input cumulant order that an output order needs."""
        return check_order(order) * self.degree(units)

    @explained
    def effective(self, units: int | None = None) -> EffectiveMap:
        """The network as one polynomial map with named coefficients."""
        units = self.input_units(units)
        return EffectiveMap([s.rule for s in self.stages(units)], units)

    @explained
    def forward(self, values: Sequence[Any]) -> list[sp.Expr]:
        """Output units at exact input values or symbols.

        Raises
        ------
        ShapeError
            If the number of values is wrong.

        Examples
        --------
        >>> from cumulant_theory import layers
        >>> layers.Mean(2).forward([1, 2])
        [3/2]
        """
        current: list[Any] = [exact(v, "input value") for v in values]
        for stage in self.stages(self.input_units(len(current))):
            current = stage.rule.forward(current, lambda e: e)
        return [sp.expand(v) for v in current]

    # ------------------------------------------------------------------ cumulants

    @explained
    def propagate(
        self, x: Any, order: int = 4, closure: Closure | None = None, orbits: bool = True
    ) -> JointCumulants:
        """Joint cumulants of the output units.

        Parameters
        ----------
        x
            A joint law or joint cumulants with one unit per input; a univariate law stands for
            independent copies.
        order
            Highest output order, at least 1.
        closure
            What to do where no exact answer exists: ``Exact()``, ``Neglect(K)`` or
            ``Diagrams(K)``; default ``Exact()``.
        orbits
            Compute one cumulant per orbit of multi-indices under the permutations of the units
            that leave both law and weights as they are. The values are the same without.

        Returns
        -------
        JointCumulants
            Evaluated on demand; ``.layers`` holds the state after each layer.

        Raises
        ------
        ShapeError
            If the widths do not fit.
        OrderError
            If the law has no cumulants of the order needed.
        NoClosedFormError
            If a layer has no exact rule under the closure. Behind a Gaussian law an activation
            that is no polynomial is exact for single units and for pairs.

        Examples
        --------
        >>> from cumulant_theory import activations, laws, layers
        >>> net = layers.Sum(2) >> layers.Pointwise(activations.Square())
        >>> net.propagate(laws.Normal(0, 1).iid(2), order=2)[1]
        2
        """
        order = check_order(order)
        closure = as_closure(closure)
        source = self.source(x)
        units = self.input_units(int(source.dim))
        stages = close_stages(self.stages(units), source, order, closure)
        return propagate_stages(self, stages, source, order, orbits, closure)

    def source(self, x: Any) -> CumulantSource:
        """The joint input law that an argument stands for."""
        if hasattr(x, "iid") and not isinstance(x, type):
            x = x.iid(self.input_units())
        if isinstance(x, type) or not isinstance(x, CumulantSource):
            raise DomainError(
                f"{brief(x)} is neither a law nor joint cumulants; use for example "
                "laws.Normal(0, 1).iid(2)"
            )
        return x

    @explained
    def recursion(
        self, order: int = 4, inputs: Any = "joint", closure: Closure | None = None
    ) -> Recursion:
        """Per-layer equations, in index notation and expanded; nothing is composed.

        Parameters
        ----------
        order
            Highest output order.
        inputs
            ``joint`` (no assumption on the input law), ``independent``, ``iid``, or a joint law.
        closure
            As for :meth:`propagate`.
        """
        from .equations import build_recursion

        order = check_order(order)
        return build_recursion(self, order, inputs, as_closure(closure))

    @explained
    def system(
        self, order: int = 4, inputs: Any = "iid", form: str = "auto",
        outputs: Sequence[Any] | None = None, closure: Closure | None = None,
    ) -> System:
        """The structured closed form: named definitions from input cumulants to outputs.

        Parameters
        ----------
        order
            Highest output order.
        inputs
            ``iid``, ``independent``, ``joint``, or a joint law.
        form
            ``effective`` (named coefficients of the polynomial map), ``layers`` (named joint
            cumulants of every layer), or ``auto`` (the smaller).
        outputs
            Multi-indices wanted; default: all up to ``order``.
        closure
            As for :meth:`propagate`.
        """
        from .equations import build_system

        order = check_order(order)
        return build_system(self, order, inputs, form, outputs, as_closure(closure))

    def __repr__(self) -> str:
        return f"{type(self).__name__}({'' if self.in_features is None else self.in_features})"

    def _repr_latex_(self) -> str:
        from ..latex import upright

        return rf"$\displaystyle {upright(repr(self))}$"

    def _repr_html_(self) -> str:
        from .display import layer_card

        return layer_card(self)


def check_bias(value: Any, what: str) -> None:
    """Raise DomainError unless the value is True or False: entries are given otherwise."""
    check_flag(value, what, "pass True or False, and exact entries as bias_values")


def all_multi_indices(dim: int, order: int) -> list[tuple[int, ...]]:
    """Multi-indices of orders 1 to ``order``.

    Raises
    ------
    ShapeError
        If they are too many to list.
    """
    check_indices([dim], order, f"cumulants of {dim} units")
    return [alpha for r in range(1, order + 1) for alpha in multi_indices(dim, r)]


__all__ = [
    "Layer",
    "Polynomial",
    "Stage",
    "all_multi_indices",
    "check_order",
    "propagate_stages",
]
