"""All symmetries of the parameters of a network that are found, and their check."""

import random
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import sympy as sp

from ..algebra.limits import check_seed
from ..arguments import check_instance, explained
from ..errors import DomainError, UnknownNameError, VerificationError
from ..latex import latex, upright
from ..layers import Layer
from .diagonal import Flip, Scaling, flips, scalings
from .generator import SHOWN, Action, Reparametrisation
from .linear import Mixing, Shift, mixings, shifts
from .names import group_name, plain_name
from .permutations import Relabelling, as_relabelling, exchanges
from .search import automorphisms, needs_search
from .structure import Structure

DIGITS = 60


@dataclass(frozen=True, eq=False)
class ParameterSymmetries:
    """Generators of the symmetries of the parameters, made by :func:`parameter_symmetries`.

    Attributes
    ----------
    network
        The layers.
    structure
        Its units and monomials.
    generators
        All of them, layer by layer.
    """

    network: Layer
    structure: Structure = field(repr=False)
    generators: tuple[Reparametrisation, ...] = field(repr=False)

    def __iter__(self) -> Iterator[Reparametrisation]:
        return iter(self.generators)

    def __len__(self) -> int:
        return len(self.generators)

    @cached_property
    def layers(self) -> tuple[tuple[str, ...], ...]:
        """The layers of units that are changed together, most often one by one."""
        return tuple(dict.fromkeys(g.layers for g in self.generators))

    @explained
    def __getitem__(self, layer: str) -> tuple[Reparametrisation, ...]:
        """The generators that change the units of a layer.

        Raises
        ------
        UnknownNameError
            If there are none.
        """
        found = tuple(g for g in self.generators if layer in g.layers)
        if not found:
            known = {label for g in self.generators for label in g.layers}
            raise UnknownNameError.of("layer with parameter symmetries", layer, known)
        return found

    def of_kind(self, kind: str) -> tuple[Reparametrisation, ...]:
        """The generators of a kind, such as ``sign flip``."""
        check_instance(kind, str, "of_kind: kind")
        return tuple(g for g in self.generators if g.kind == kind)

    def group(self, *layers: str) -> str:
        r"""LaTeX name of the group that the generators of these layers make up.

        Examples
        --------
        >>> from cumulant_theory import activations, layers
        >>> net = layers.Linear(2, 3) >> layers.Pointwise(activations.Tanh()) >> layers.Linear(3, 1)
        >>> parameter_symmetries(net).group("1 Linear")
        '\\mathbb{Z}_{2}^{3} \\rtimes S_{3}'
        """
        for layer in layers:
            check_instance(layer, str, "group: layer")
        return group_name([g.action for g in self.generators if g.layers == layers])

    @explained
    def verify(self, seed: int = 0) -> None:
        """Compare outputs before and after each generator at random exact points.

        Networks with other activations than piecewise polynomials are evaluated to 60 digits.

        Raises
        ------
        VerificationError
            If an output changes.
        DomainError
            If the seed is no integer from 0 up.
        """
        seed = check_seed(seed, "ParameterSymmetries.verify")
        for generator in self.generators:
            _check(self.structure, [generator], random.Random(seed))

    def __repr__(self) -> str:
        if not self.generators:
            return f"ParameterSymmetries({self.network!r}: none)"
        parts = [
            f"{', '.join(labels)}: {plain_name(self.group(*labels))}" for labels in self.layers
        ]
        return f"ParameterSymmetries({self.network!r}: {'; '.join(parts)})"

    def _repr_latex_(self) -> str:
        if not self.generators:
            return rf"$\displaystyle {upright(repr(self))}$"
        rows = []
        for labels in self.layers:
            shown = [g for g in self.generators if g.layers == labels]
            name = upright(", ".join(labels))
            rows.append(rf"{name} & {self.group(*labels)}")
            rows += [row for g in shown[:SHOWN] for row in _rows(g)]
            if len(shown) > SHOWN:
                rows.append(rf"& \text{{and {len(shown) - SHOWN} more}}")
        body = r" \\ ".join(rows)
        return rf"$\displaystyle \begin{{array}}{{ll}} {body} \end{{array}}$"

    def _repr_html_(self) -> str:
        from .display import symmetries_card

        return symmetries_card(self)


def _rows(generator: Reparametrisation) -> list[str]:
    """Lines of a table with the changes of the parameters."""
    changes = [rf"{latex(p)} \mapsto {latex(v)}" for p, v in [*generator.images.items()][:SHOWN]]
    if len(generator.images) > SHOWN:
        changes.append(r"\dots")
    lines = [r",\ ".join(changes[k : k + 4]) for k in range(0, len(changes), 4)]
    return [rf"\text{{{generator.kind if k == 0 else ''}}} & {line}"
            for k, line in enumerate(lines)]  # fmt: skip


@explained
def parameter_symmetries(
    network: Layer, units: int | None = None, fixed: Iterable[Any] = (), search: bool = True
) -> ParameterSymmetries:
    """Permutations, sign flips, rescalings, shifts and mixings of hidden units.

    Found are all changes under which hidden units keep their values up to places and signs, all
    rescalings of units by positive factors, and, where units have no activation, shifts along
    single biases and linear mixing. Weights that are tied stay tied. An activation counts by
    what it does around its centre: z + alpha z^2 is even about -1 / (2 alpha) where a bias can
    take up the shift, and the sigmoid is odd up to 1/2. Periods of sin and cos are not looked at,
    nor is the mixing of units that quadratic activations allow: a quadratic form is a sum of
    squares in many ways.

    Parameters
    ----------
    network
        Layers with numbers of units.
    units
        Number of inputs of a network that takes any number.
    fixed
        Parameters, or their names, that must stay as they are.
    search
        Whether to look for all permutations where the exchanges of single pairs of units are not
        enough, and for mixing of tied units.

    Returns
    -------
    ParameterSymmetries
        Checked at one random exact point.

    Raises
    ------
    ShapeError
        If the number of units is not known, or the search is too large.
    UnknownNameError
        If a name is no parameter.
    DomainError
        If the network is no layer.

    References
    ----------
    A. M. Chen, H. Lu, R. Hecht-Nielsen, Neural Comput. 5, 910 (1993): permutations and sign flips;
    Ziyin et al., arXiv:2502.05300: rescalings and mirror symmetries of the parameters.

    Examples
    --------
    >>> from cumulant_theory import activations, layers
    >>> found = parameter_symmetries(
    ...     layers.Linear(1, 2) >> layers.Pointwise(activations.ReLU()) >> layers.Linear(2, 1))
    >>> [g.kind for g in found]
    ['permutation', 'rescaling', 'rescaling']
    >>> found.of_kind("permutation")[0].images
    {W__1_11: W__1_21, W__1_21: W__1_11, W__2_11: W__2_12, W__2_12: W__2_11}
    """
    if not isinstance(network, Layer):
        raise DomainError(
            f"parameter_symmetries: {network!r} is no layer; of a module pass module.theory"
        )
    structure = Structure(network, units, fixed)
    diagonal = flips(structure)
    pairs = exchanges(structure)
    moves = list(pairs)
    if search and needs_search(structure, pairs):
        moves += automorphisms(structure, [*pairs, *map(as_relabelling, diagonal)])
    actions: list[Action] = [
        *moves, *diagonal, *scalings(structure), *shifts(structure), *mixings(structure, search),
    ]
    made = [Reparametrisation(_kind(a), _layers(structure, a), a, structure) for a in actions]
    order = {layer.label: k for k, layer in enumerate(structure.chains)}
    made.sort(key=lambda g: [order.get(label, 0) for label in g.layers])
    found = ParameterSymmetries(network, structure, tuple(g for g in made if g.images))
    _check(structure, found.generators, random.Random(0))
    return found


def _kind(action: Action) -> str:
    if isinstance(action, Relabelling):
        return "permutation" if action.keeps_signs else "signed permutation"
    return {Flip: "sign flip", Scaling: "rescaling", Shift: "shift", Mixing: "mixing"}[type(action)]


def _layers(structure: Structure, action: Action) -> tuple[str, ...]:
    if isinstance(action, Shift | Mixing):
        return (action.layer.label,)
    units = sorted(action.units)
    return tuple(dict.fromkeys(structure.label(state) for state, _ in units)) or ("parameters",)


# ---------------------------------------------------------------------------- checks


def _check(
    structure: Structure, generators: Iterable[Reparametrisation], rng: random.Random
) -> None:
    """Raise VerificationError if the generators, one after the other, change the outputs."""
    network = structure.network
    values: dict[Any, Any] = {p: _random(rng) for p in network.parameters}
    x = [_random(rng) for _ in range(structure.units)]
    before = _outputs(structure, values, x)
    names = []
    for g in generators:
        at = None
        if g.parameter is not None:
            at = abs(_random(rng)) if isinstance(g.action, Scaling) else _random(rng) / 97
        values = g.apply(values, at)
        names.append(f"{g.kind} of {', '.join(g.layers)}")
    after = _outputs(structure, values, x)
    if not all(_equal(a, b) for a, b in zip(before, after, strict=True)):
        raise VerificationError(
            f"{network!r}: the outputs change under {'; '.join(dict.fromkeys(names))}"
        )


def _random(rng: random.Random) -> Any:
    return sp.Rational(rng.choice((-1, 1)) * rng.randint(3, 12), rng.choice((5, 7, 11)))


def _outputs(structure: Structure, values: dict[Any, Any], x: list[Any]) -> list[Any]:
    """Outputs as rationals, or to 60 digits where an activation is no piecewise polynomial."""
    forms = {f for s in structure.stages if isinstance(s, tuple) for f in s}
    exact = all(f.activation.coefficients is not None or f.monomials is not None for f in forms)

    def number(entry: Any) -> Any:
        value = sp.sympify(entry).xreplace(values)
        return value if exact else value.evalf(DIGITS)

    current = [number(v) for v in x]
    for stage in structure.network.stages(structure.units):
        current = [number(v) for v in stage.rule.forward(current, number)]
    return current


def _equal(a: Any, b: Any) -> bool:
    if a.is_Rational and b.is_Rational:
        return a == b
    left, right = a.evalf(DIGITS), b.evalf(DIGITS)
    return bool(abs(left - right) <= sp.Float(10, DIGITS) ** (12 - DIGITS) * (1 + abs(left)))
