"""``cumulants derive``: one recursion as text, LaTeX, JSON or article."""

import json
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cumulant_theory.derivation import Derivation, Equation
from cumulant_theory.errors import OutputError, ParseError
from cumulant_theory.latex import display, latex
from cumulant_theory.layers import Layer
from cumulant_theory.rg import RGMap

from .networks import Question, advised, read_question

_FORMATS = {".tex": "tex", ".pdf": "tex", ".json": "json", ".txt": "text"}


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
    form = form or (_FORMATS.get(out.suffix.lower(), "text") if out else "text")
    if pdf and (out is None or form != "tex"):
        raise ParseError("--pdf compiles an article; add --out FILE.tex")
    asked = read_question(layers, law, order, closure)
    derivation = None
    with advised():
        if verify or form == "tex":
            derivation = asked.derivation()
        sections, hypotheses = _sections(asked, style)
    if verify and derivation is not None:
        print(derivation.verify(), file=sys.stdout if out or form == "text" else sys.stderr)
    if form == "tex" and derivation is not None:
        return _article(derivation, out, pdf or (out is not None and out.suffix == ".pdf"))
    text = _WRITERS[form](asked.network, asked.law, order, style, sections, hypotheses)
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


def _article(derivation: Derivation, out: Path | None, pdf: bool) -> int:
    if out is None:
        print(derivation.to_latex())
        return 0
    source = derivation.write_tex(out.with_suffix(".tex"))
    print(f"written: {source}")
    if pdf:
        print(f"written: {derivation.article().compile(source)}")
    return 0


def _sections(asked: Question, style: str) -> tuple[list[_Section], tuple[str, ...]]:
    network, order = asked.network, asked.order
    if asked.symbolic:
        out = network.propagate(asked.inputs, order=order)
        names = [e.lhs for e in RGMap(network).recursion(order)]
        equations = tuple(Equation(name, out[r], r) for r, name in enumerate(names, 1))
        return [_Section(f"{network!r}: x -> R", equations)], tuple(out.hypotheses)
    if style == "effective":
        system = network.system(
            order, inputs=asked.inputs, form="effective", closure=asked.closure
        )
        named = [Equation(d.symbol, d.expr, d.order) for d in system.definitions]
        return [
            _Section("effective coefficients", tuple(e for e in named if not e.order)),
            _Section("output cumulants", tuple(e for e in named if e.order)),
        ], tuple(system.hypotheses)
    recursion = asked.recursion()
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
