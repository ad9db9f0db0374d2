"""Symmetries of the parameters as cards."""

from collections import Counter
from typing import TYPE_CHECKING, Any

import sympy as sp

from ..latex import latex
from ..latex._sizes import sized
from ..latex.html import Markup, card, count, equation, facts, folded, formula, joined, table
from ..latex.pictures import network
from ..layers.display import box, widths
from .permutations import Relabelling

if TYPE_CHECKING:
    from .generator import Reparametrisation
    from .symmetries import ParameterSymmetries

_CHANGES, _LISTED, _ROWS = 12, 6, 12  # of one generator, in a table; generators in a table
_TO = r"\mapsto"


def generator_card(generator: "Reparametrisation") -> str:
    """What becomes of each parameter."""
    lines = [
        f'<div style="margin:.35em 0">{equation(p, v, ".images", relation=_TO)}</div>'
        for p, v in [*generator.images.items()][:_CHANGES]
    ]
    left = len(generator.images) - _CHANGES
    lines += [f"<div>… {left} more; see .images</div>"] if left > 0 else []
    parameter = generator.parameter
    kind = f"{generator.kind[0].upper()}{generator.kind[1:]}"
    rows = [
        ("for all", None if parameter is None else formula(_domain(generator))),
        ("changes", count(len(generator.images), "parameter")),
    ]
    return card(f"{kind} of {', '.join(generator.layers)}", Markup("".join(lines)), facts(rows))


def _domain(generator: "Reparametrisation") -> str:
    """The parameter of a family with its condition, as LaTeX."""
    domain = generator.domain
    if not domain:
        return rf"{latex(generator.parameter)} \in \mathbb{{R}}"
    if ">" in domain:
        return domain
    return rf"{latex(sp.sympify(domain.removesuffix(' != 0')))} \neq 0"


def _changes(generator: "Reparametrisation") -> Markup:
    """In one line."""
    found = [
        formula(rf"{latex(p)} {_TO} {latex(sized(p, v))}")
        for p, v in [*generator.images.items()][:_LISTED]
    ]
    left = len(generator.images) - _LISTED
    return Markup(", ".join([*found, *([f"… {left} more"] if left > 0 else [])]))


def orbits(found: "ParameterSymmetries") -> list[list[sp.Symbol]]:
    """Parameters that permutations of units take into each other, up to signs.

    Examples
    --------
    >>> from cumulant_theory import activations, layers, parameter_symmetries
    >>> net = layers.Linear(1, 2) >> layers.Pointwise(activations.Tanh()) >> layers.Linear(2, 1)
    >>> orbits(parameter_symmetries(net))
    [[W__1_11, W__1_21], [W__2_11, W__2_12]]
    """
    place: dict[Any, list[Any]] = {p: [p] for p in found.structure.parameters}
    for generator in found.generators:
        if isinstance(generator.action, Relabelling):
            for p, (q, _) in generator.action.parameters.items():
                if place[p] is not place[q]:
                    both = [*place[p], *place[q]]
                    place.update(dict.fromkeys(both, both))
    distinct = {id(orbit): orbit for orbit in place.values()}
    return [sorted(orbit, key=found.structure.parameters.index) for orbit in distinct.values()]


def symmetries_card(found: "ParameterSymmetries") -> str:
    """Groups layer by layer, orbits of the parameters, and the generators."""
    layers = found.network.layers
    drawn = network([box(la) for la in layers], widths(layers))
    if not found.generators:
        return card("Symmetries of the parameters", drawn, "none")
    kinds = Counter(g.kind for g in found.generators)
    moved = [orbit for orbit in orbits(found) if len(orbit) > 1]
    families = sum(g.parameter is not None for g in found.generators)
    rows: list[tuple[str, Any]] = [
        (f"group of {', '.join(labels)}", formula(found.group(*labels)))
        for labels in found.layers[:_ROWS]
    ]
    rows += [
        ("generators", ", ".join(count(n, kind) for kind, n in kinds.items())),
        ("one-parameter families", families or None),
        ("orbits of the permutations", joined((_braced(o) for o in moved), len(moved))),
    ]
    table_rows = [
        (", ".join(g.layers), g.kind, _changes(g),
         formula(_domain(g)) if g.parameter is not None else "")
        for g in found.generators[:_ROWS]
    ]
    left = len(found.generators) - _ROWS
    more = f"<div>… {count(left, 'more generator')}; see .generators</div>" if left > 0 else ""
    head = ("units of", "kind", "change", "for all")
    return card(
        "Symmetries of the parameters", drawn, facts(rows),
        folded(count(len(found.generators), "generator"), table(head, table_rows) + more),
    )


def _braced(orbit: list[sp.Symbol]) -> Markup:
    left = len(orbit) - _LISTED
    listed = [latex(p) for p in orbit[:_LISTED]] + ([r"\dots"] if left > 0 else [])
    return formula(rf"\{{{', '.join(listed)}\}}")
