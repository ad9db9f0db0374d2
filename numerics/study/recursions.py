"""The recursions, effective coefficients and residuals of the architectures of a study."""

from typing import Any

import sympy as sp

from cumulant_theory.claims import label_in_words, typeset_claim
from cumulant_theory.errors import CumulantError
from cumulant_theory.latex import (
    Block,
    Equation,
    Equations,
    Heading,
    Paragraph,
    Table,
    latex,
    symbol_tex,
)
from cumulant_theory.layers import BlockSum, Layer

from .results import StudyResults
from .tally import label

__all__ = ["theory_blocks"]

_MOST_TERMS = 40


def theory_blocks(results: StudyResults) -> list[Block]:
    """The section on theory: recursions, effective coefficients, residuals.

    Parameters
    ----------
    results
        Of a study, with its architectures.

    Returns
    -------
    list of Block
        Equations of more than 40 terms are counted, not printed.

    Examples
    --------
    >>> from cumulant_theory import layers
    >>> entry = {"symmetry": "free", "activation": "identity", "net": layers.Linear(2, 1)}
    >>> blocks = theory_blocks(StudyResults({"order": 2}, [], [], [], [entry]))
    >>> [b.text for b in blocks if isinstance(b, Heading)]
    ['Recursions', 'Recursion with linear activation', 'Architecture: free, linear']
    """
    order = int(results.config.get("order", 4))
    blocks: list[Block] = [
        Heading(1, "Recursions", "sec:recursions"),
        Paragraph(
            "Every network is a chain of two rules [@fischer]. In index notation the equations are "
            "the same for all weight symmetries and graphs; $i$, $j$, $\\ldots$ stand for distinct "
            "units. The symmetry enters through the weight matrices alone."
        ),
        Table(
            ("symmetry", "activation", "free parameters", "without symmetry"),
            [(label(t["symmetry"], rich=True), label(t["activation"]),
              t.get("free", len(t["net"].parameters)), t.get("unconstrained"))
             for t in results.theory],
            "Parameters of each architecture.", "tab:parameters",
        ),
    ]
    seen: dict[str, list[str]] = {}
    for entry in results.theory:
        net: Layer = entry["net"]
        chain = ", ".join(s.rule.kind for s in net.stages(net.input_units()))
        chains = seen.setdefault(entry["activation"], [])
        if chain not in chains:
            blocks += _recursion(entry, order, f" ({chain})" if chains else "")
            chains.append(chain)
    for entry in results.theory:
        blocks += _architecture(entry, order, results.config)
    return blocks


def _recursion(entry: dict[str, Any], order: int, chain: str) -> list[Block]:
    net: Layer = entry["net"]
    title = f"Recursion with {label(entry['activation'])} activation{chain}"
    blocks: list[Block] = [Heading(2, title)]
    for layer in net.recursion(order, inputs="iid").layers:
        scalar = [
            e for e in (*layer.definitions, *layer.indices)
            if not isinstance(e.rhs, sp.MatrixBase)
        ]
        shown = [Equation(e.lhs, e.rhs) for e in scalar if _terms(e.rhs) <= _MOST_TERMS]
        long = [f"${latex(e.lhs)}$ ({_terms(e.rhs)} terms)" for e in scalar
                if _terms(e.rhs) > _MOST_TERMS]
        states = rf"${symbol_tex(layer.source)} \to {symbol_tex(layer.target)}$"
        named = f"Layer {label_in_words(layer.label)}, {layer.rule} rule, {states}."
        blocks.append(Paragraph(" ".join((named, *map(typeset_claim, layer.notes)))))
        if shown:
            blocks.append(Equations(shown, number=False))
        if long:
            blocks.append(Paragraph(
                f"Too long to print: {', '.join(long)}; cumulants derive --style indices shows "
                "them."
            ))
    return blocks


def _terms(expr: Any) -> int:
    return len(sp.Add.make_args(expr)) if isinstance(expr, sp.Expr) else 1


def _architecture(entry: dict[str, Any], order: int, config: dict[str, Any]) -> list[Block]:
    net: Layer = entry["net"]
    name = f"{label(entry['symmetry'], rich=True)}, {label(entry['activation'])}"
    blocks: list[Block] = [Heading(2, f"Architecture: {name}")]
    weights = [
        Equation(e.lhs, latex(e.rhs)) for layer in net.recursion(1, inputs="iid").layers
        for e in layer.definitions if isinstance(e.rhs, sp.MatrixBase)
    ]
    blocks.append(Equations(weights, number=False))
    try:
        system = net.system(order, inputs="iid", form="effective")
    except CumulantError as error:
        return [*blocks, Paragraph(f"No closed form of the effective coefficients: {error}.")]
    effective = [Equation(d.symbol, d.expr) for d in system.definitions if not d.order]
    blocks += [
        Paragraph("As one polynomial map, in effective coefficients (constant, linear, quadratic, "
                  "and so on):"),
        Equations(effective, number=False),
    ]
    b = int(config.get("b", net.input_units()))
    residuals, long = [], []
    for alpha, symbol in system.outputs.items():
        r = sum(alpha)
        definition = next(d for d in system.definitions if d.symbol == symbol)
        if len(definition.terms) > _MOST_TERMS:
            long.append(f"{len(definition.terms)} terms at order {r}")
            continue
        target = BlockSum(b).eigenvalue(r) * sp.Symbol(f"kappa_{r}")
        residuals.append(Equation(f"\\rho_{{{r}}}", definition.expr - target))
    if residuals:
        blocks += [
            Paragraph("Residuals $\\rho_r = \\kappa_r(f_\\theta) - \\kappa_r(R)$ on independent "
                      "copies of a law with cumulants $\\kappa_r$:"),
            Equations(residuals, number=False),
        ]
    if long:
        blocks.append(Paragraph(
            f"Too long to print: {', '.join(long)}; cumulants derive --style effective shows them."
        ))
    return blocks
