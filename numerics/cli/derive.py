"""``cumulants derive``: one recursion as text, LaTeX, JSON or article."""

import json
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cumulant_theory.closures import Closure
from cumulant_theory.derivation import Derivation, Equation
from cumulant_theory.errors import (
    NoClosedFormError,
    OrderError,
    OutputError,
    ParseError,
    ShapeError,
)
from cumulant_theory.latex import display, latex
from cumulant_theory.layers import BlockSum, Layer
from cumulant_theory.layers.diagram_rule import DiagramRule
from cumulant_theory.network_language import parse_network
from cumulant_theory.parsing import parse_closure, parse_law
from cumulant_theory.rg import RGMap

_FORMATS = {".tex": "tex", ".pdf": "tex", ".json": "json", ".txt": "text"}
_HIGHEST_ORDER = 12


@dataclass(frozen=True)
class _Section:
    title: str
    equations: tuple[Equation, ...]


def derive(
    layers: str, law: str = "generic", order: int = 4, style: str = "indices",
    form: str | None = None, out: Path | None = None, pdf: bool = False, verify: bool = False,
    closure: str = "exact",
) -> int:
    """Print or write the recursion of a network; the arguments are those of the command line.

    Raises
    ------
    ParseError, UnknownNameError
        If the network, the law or the closure is no text of its language.
    NoClosedFormError
        If an activation is no polynomial and the closure leaves no answer.
    OrderError
        If the order is above 12.
    OutputError
        If the file cannot be written.
    """
    if order > _HIGHEST_ORDER:
        raise OrderError(f"order {order}: the command line derives at most {_HIGHEST_ORDER}")
    network, input_law = parse_network(layers), parse_law(law)
    form = form or (_FORMATS.get(out.suffix.lower(), "text") if out else "text")
    if pdf and (out is None or form != "tex"):
        raise ParseError("--pdf compiles an article; add --out FILE.tex")
    inputs = inputs_of(network, input_law, order)
    closed = parse_closure(closure)
    derivation = None
    try:
        if verify or form == "tex":
            derivation = network.propagate(inputs, order=order, closure=closed).derivation
        sections, hypotheses = _sections(network, inputs, order, style, closed)
    except NoClosedFormError as error:
        raise NoClosedFormError(
            f"{error}. On the command line: --closure diagrams:3 or --closure neglect:2, with "
            "--style indices or expanded"
        ) from None
    if verify and derivation is not None:
        print(derivation.verify(), file=sys.stdout if out or form == "text" else sys.stderr)
    if form == "tex" and derivation is not None:
        return _article(derivation, out, pdf or (out is not None and out.suffix == ".pdf"))
    described = law + (", independent copies" if hasattr(input_law, "iid") else "")
    text = _WRITERS[form](network, described, order, style, sections, hypotheses)
    if out is None:
        print(text)
        return 0
    try:
        out.write_text(text + "\n", encoding="utf-8")
    except OSError as error:
        raise OutputError(
            f"{out} cannot be written ({error.strerror}); choose an existing folder with write "
            "permission"
        ) from None
    print(f"written: {out}")
    return 0


def inputs_of(network: Layer, law: Any, order: int) -> Any:
    """The joint input law: independent copies of a univariate one."""
    if not hasattr(law, "iid"):
        return law
    if _is_symbolic(network):
        return law.iid(network.b)  # type: ignore[attr-defined]
    widths = [layer.in_features for layer in network.layers]
    if all(w is None for w in widths):
        raise ShapeError(
            f"{network!r} takes any number of units; begin with a layer that says how many, such "
            "as linear(2, 3) or residual(linear(2, 2) | square)"
        )
    if any(isinstance(layer, BlockSum) and layer.is_symbolic for layer in network.layers):
        raise ShapeError(
            f"{network!r}: blocksum with a symbol for b stands alone; give b a number inside a "
            "network"
        )
    inputs = law.iid(network.input_units(None))
    rules = (stage.rule for stage in network.stages(int(inputs.dim)))
    if not any(isinstance(rule, DiagramRule) for rule in rules):
        law.cumulant(network.input_order(order))  # An order that does not exist is said here.
    return inputs


def _is_symbolic(network: Layer) -> bool:
    return isinstance(network, BlockSum) and network.is_symbolic


def _article(derivation: Derivation, out: Path | None, pdf: bool) -> int:
    if out is None:
        print(derivation.to_latex())
        return 0
    source = derivation.write_tex(out.with_suffix(".tex"))
    print(f"written: {source}")
    if pdf:
        print(f"written: {derivation.article().compile(source)}")
    return 0


def _sections(
    network: Layer, inputs: Any, order: int, style: str, closure: Closure
) -> tuple[list[_Section], tuple[str, ...]]:
    if _is_symbolic(network):
        out = network.propagate(inputs, order=order)
        names = [e.lhs for e in RGMap(network).recursion(order)]
        equations = tuple(Equation(name, out[r], r) for r, name in enumerate(names, 1))
        return [_Section(f"{network!r}: x -> R", equations)], tuple(out.hypotheses)
    if style == "effective":
        system = network.system(order, inputs=inputs, form="effective", closure=closure)
        named = [Equation(d.symbol, d.expr, d.order) for d in system.definitions]
        return [
            _Section("effective coefficients", tuple(e for e in named if not e.order)),
            _Section("output cumulants", tuple(e for e in named if e.order)),
        ], tuple(system.hypotheses)
    recursion = network.recursion(order, inputs=inputs, closure=closure)
    return [
        _Section(
            f"{layer.label} ({layer.rule}): {layer.source} -> {layer.target}",
            (*layer.definitions, *getattr(layer, style)),
        )
        for layer in recursion.layers
    ], tuple(recursion.hypotheses)


def _text(
    network: Layer, law: str, order: int, style: str, sections: list[_Section],
    hypotheses: tuple[str, ...],
) -> str:
    lines = [repr(network), f"  input law   {law}"]
    told = [h for h in dict.fromkeys(hypotheses) if "independent copies" not in h]
    lines += [f"  {'hypotheses' if k == 0 else '':<12}{h}" for k, h in enumerate(told)]
    for section in sections:
        lines += ["", section.title]
        lines += [f"  {e.lhs} = {_one_line(e.rhs)}" for e in section.equations]
    return "\n".join(lines)


def _one_line(value: Any) -> str:
    return str(value.tolist()) if hasattr(value, "tolist") else str(value)


def _latex(
    network: Layer, law: str, order: int, style: str, sections: list[_Section],
    hypotheses: tuple[str, ...],
) -> str:
    lines = [f"% {network!r}", f"% input law {law}"]
    for section in sections:
        lines.append(f"% {section.title}")
        lines += [display(e.lhs, e.rhs) for e in section.equations]
    return "\n".join(lines)


def _json(
    network: Layer, law: str, order: int, style: str, sections: list[_Section],
    hypotheses: tuple[str, ...],
) -> str:
    return json.dumps({
        "network": repr(network),
        "law": law,
        "order": order,
        "style": style,
        "parameters": [str(p) for p in network.parameters],
        "hypotheses": list(dict.fromkeys(hypotheses)),
        "sections": [
            {
                "title": section.title,
                "equations": [
                    {"lhs": str(e.lhs), "rhs": _one_line(e.rhs), "order": e.order,
                     "latex": f"{latex(e.lhs)} = {latex(e.rhs)}"}
                    for e in section.equations
                ],
            }
            for section in sections
        ],
    }, indent=2)


_WRITERS = {"text": _text, "latex": _latex, "json": _json}
