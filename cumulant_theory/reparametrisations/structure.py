"""A network as what reparametrisations act on: units, monomials, biases that take up shifts."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import product
from typing import Any

import sympy as sp

from ..errors import UnknownNameError
from ..latex.html import Record, card, facts, joined
from ..layers import Layer
from ..layers.stages import Stage
from .forms import Form, forms_of
from .terms import Terms, opaque_parameters, read_terms

Unit = tuple[int, int]  # state, place in it


@dataclass(frozen=True)
class Affine(Record):
    """An affine stage by its entries that are not zero.

    Attributes
    ----------
    weight, shift
        Place -> entry.
    terms, shift_terms
        Place -> the same in monomials.
    """

    weight: dict[tuple[int, int], Any]
    shift: dict[int, Any]
    terms: dict[tuple[int, int], Terms]
    shift_terms: dict[int, Terms]

    @cached_property
    def rows(self) -> dict[int, list[int]]:
        """Output unit -> input units that it sees."""
        found: dict[int, list[int]] = {}
        for i, j in self.weight:
            found.setdefault(i, []).append(j)
        return found

    @property
    def all_terms(self) -> Iterable[Terms]:
        """Those of weights, then those of biases."""
        return (*self.terms.values(), *self.shift_terms.values())


@dataclass(frozen=True)
class Hidden:
    """Units that pointwise maps carry on: one layer of hidden units.

    Attributes
    ----------
    label
        Name of the layer of the network that makes them.
    states
        Positions of the states, first to last; state 0 is the input.
    width
        Number of units.
    """

    label: str
    states: tuple[int, ...]
    width: int


class Structure:
    """The stages of a network in monomials of the parameters that may change.

    Activations are taken apart into offset + psi(z - centre) where biases take up the shifts; the
    equations then hold for the biases p + offsets[p] in place of p.

    Parameters
    ----------
    network
        Layers with numbers of units.
    units
        Number of inputs of a network that takes any number.
    fixed
        Parameters that must stay as they are.

    Attributes
    ----------
    stages
        Affine stages, and tuples of one form per unit.
    parameters
        Those that may change, in the order of the network.
    offsets
        Bias -> shift.
    centres
        Bias -> the part of its shift that is due to the centre of the activation behind it.
    """

    def __init__(self, network: Layer, units: int | None = None, fixed: Iterable[Any] = ()) -> None:
        self.network = network
        names = {str(p): p for p in network.parameters}
        for name in map(str, fixed):
            if name not in names:
                raise UnknownNameError.of("parameter", name, names)
        self.units: int = network.input_units(units)
        stages = network.stages(self.units)
        fixed_names = set(map(str, fixed))
        moving = {p for p in network.parameters if str(p) not in fixed_names}
        moving -= opaque_parameters(_entries(stages), moving)
        self.parameters: tuple[sp.Symbol, ...] = tuple(p for p in network.parameters if p in moving)
        self._moving = frozenset(moving)
        self.widths: list[int] = [self.units, *(s.rule.out_units for s in stages)]
        self.labels: list[str] = ["input", *(s.label for s in stages)]
        self.stages: list[Affine | tuple[Form, ...]] = [
            self._affine(s) if s.rule.kind == "affine" else () for s in stages
        ]
        self.offsets: dict[sp.Symbol, Any] = {}
        self.centres: dict[sp.Symbol, Any] = {}
        for k, stage in enumerate(stages):
            if stage.rule.kind != "affine":
                self.stages[k] = self._forms(k, stage)

    def __repr__(self) -> str:
        return f"Structure({self.network!r}, {len(self.parameters)} parameters)"

    def _repr_html_(self) -> str:
        rows = [
            ("network", repr(self.network)), ("parameters", joined(self.parameters)),
            ("widths", " → ".join(map(str, self.widths))), ("offsets", self.offsets),
        ]
        return card("Stages of a network", facts(rows))

    def _affine(self, stage: Stage) -> Affine:
        rule: Any = stage.rule
        weight = {(int(i), int(j)): w for (i, j), w in rule.weight.todok().items() if w != 0}
        shift = {i: c for i, c in enumerate(rule.shift) if c != 0}
        return Affine(
            weight, shift, {k: read_terms(w, self._moving) for k, w in weight.items()},
            {k: read_terms(c, self._moving) for k, c in shift.items()},
        )

    def _forms(self, k: int, stage: Stage) -> tuple[Form, ...]:
        rule: Any = stage.rule
        before = self.stages[k - 1] if k else None
        after = self.stages[k + 1] if k + 1 < len(self.stages) else None
        best: tuple[int, tuple[Form, ...], tuple[dict[Any, Any], ...]] | None = None
        for moves in product((False, True), repeat=2):
            made = {a: forms_of(a, self._moving, *moves) for a in dict.fromkeys(rule.activations)}
            forms = tuple(made[a] for a in rule.activations)
            taken = self._taken_up(forms, before, after)
            freedom = sum(form.freedom for form in forms)
            if taken is not None and (best is None or freedom > best[0]):
                best = (freedom, forms, taken)
        if best is None:
            return ()
        self.centres |= best[2][0]
        for taken in best[2]:
            for p, shift in taken.items():
                self.offsets[p] = self.offsets.get(p, sp.S.Zero) + shift
        return best[1]

    def _taken_up(
        self, forms: Sequence[Form], before: Any, after: Any
    ) -> tuple[dict[sp.Symbol, Any], ...] | None:
        """Changes of the biases that take up centres and offsets, if there are such."""
        centres = self.absorbed(before, {i: -f.centre for i, f in enumerate(forms)})
        values: dict[int, Any] = {}
        for (i, j), w in after.weight.items() if isinstance(after, Affine) else ():
            values[i] = values.get(i, sp.S.Zero) + w * forms[j].offset
        if any(f.offset != 0 for f in forms) and not isinstance(after, Affine):
            return None
        offsets = self.absorbed(after, {i: sp.expand(v) for i, v in values.items()})
        return None if centres is None or offsets is None else (centres, offsets)

    def absorbed(self, stage: Any, change: dict[int, Any]) -> dict[sp.Symbol, Any] | None:
        """Changes of biases that change the shift of an affine stage by a vector, if any."""
        change = {i: v for i, v in change.items() if v != 0}
        if not isinstance(stage, Affine):
            return None if change else {}
        found: dict[sp.Symbol, Any] = {}
        for i, value in change.items():
            terms = stage.shift_terms.get(i, ())
            p = terms[0].lone if len(terms) == 1 else None
            if p is None or p not in self.pure_biases:
                return None
            found[p] = sp.expand(value / terms[0].coefficient)
        for i, terms in stage.shift_terms.items():
            for p in {q for t in terms for q, _ in t.powers} & set(found):
                if sp.expand(terms[0].coefficient * found[p] - change.get(i, 0)) != 0:
                    return None
        return found

    @cached_property
    def coefficients(self) -> frozenset[sp.Symbol]:
        """Parameters of activations."""
        rules: list[Any] = [s.rule for s in self.network.stages(self.units)]
        return frozenset(
            p for rule in rules if rule.kind != "affine"
            for a in rule.activations for p in a.parameters
        )

    @cached_property
    def pure_biases(self) -> frozenset[sp.Symbol]:
        """Parameters that stand alone in biases of one affine stage and nowhere else."""
        affine = [s for s in self.stages if isinstance(s, Affine)]
        elsewhere = {p for s in affine for ts in s.terms.values() for t in ts for p, _ in t.powers}
        elsewhere |= self.coefficients
        owners: dict[sp.Symbol, set[int]] = {}
        for k, stage in enumerate(affine):
            for terms in stage.shift_terms.values():
                for term in terms:
                    if len(terms) > 1 or term.lone is None:
                        elsewhere |= {p for p, _ in term.powers}
                    elif term.lone is not None:
                        owners.setdefault(term.lone, set()).add(k)
        return frozenset(p for p, ks in owners.items() if len(ks) == 1 and p not in elsewhere)

    @cached_property
    def chains(self) -> tuple[Hidden, ...]:
        """Runs of states that pointwise maps join; the first holds the input, the last the output.
        """
        chains: list[list[int]] = [[0]]
        for k, stage in enumerate(self.stages):
            if isinstance(stage, Affine):
                chains.append([k + 1])
            else:
                chains[-1].append(k + 1)
        return tuple(
            Hidden(self.labels[c[0]], tuple(c), self.widths[c[0]]) for c in chains
        )

    @property
    def hidden(self) -> tuple[Hidden, ...]:
        """The layers of hidden units, input side first."""
        return self.chains[1:-1]

    @cached_property
    def inner_units(self) -> tuple[Unit, ...]:
        """Units of all states but input and output, in each run the last state first."""
        last = len(self.stages)
        return tuple(
            (state, i) for layer in self.chains for state in reversed(layer.states)
            if state not in (0, last) for i in range(layer.width)
        )

    def label(self, state: int) -> str:
        """Name of the layer of units that a state belongs to."""
        layer = next(c for c in self.chains if state in c.states)
        return self.labels[state] if layer.states[0] == 0 else layer.label


def _entries(stages: Iterable[Stage]) -> list[Any]:
    found: list[Any] = []
    for stage in stages:
        rule: Any = stage.rule
        if rule.kind == "affine":
            found += dict.fromkeys((*rule.weight.todok().values(), *rule.shift))
        else:
            for activation in dict.fromkeys(rule.activations):
                z = sp.Dummy("z")
                coefficients = activation.coefficients
                found += coefficients if coefficients is not None else _own(activation, z)
    return found


def _own(activation: Any, z: sp.Symbol) -> list[Any]:
    """Coefficients of the pieces, or each parameter under a root: it cannot change then."""
    pieces = activation.pieces(z)
    if activation.knots == (0,) and all(f.is_polynomial(z) for f in pieces):
        return [c for f in pieces for c in sp.Poly(f, z).all_coeffs()]
    return [sp.sqrt(p) for p in activation.parameters]
