"""Sentences beside the equations of a layer: what its symbols are, and what is not listed."""

from collections.abc import Iterable, Mapping, Sequence
from math import comb
from typing import Any

import sympy as sp

from ..algebra import multi_indices
from ..claims import in_words
from ..cumulants import CumulantSource, blocks_of, cumulant_symbol, is_identical
from ..derivation import Equation
from ..diagrams import PairIntegral
from ..latex import latex, symbol_tex
from ..laws import JointLaw
from ..special import NormalCDF, NormalPartialMoment, NormalPDF, OwenT
from .diagram_rule import DiagramRule
from .rules import AffineRule
from .stages import Stage
from .wick import PairDefinition, WickDefinition

WRITTEN = 4  # highest order of a rule in index notation
_LOOKED_AT, _LONGEST = 100, 600  # input cumulants, and letters of a sentence with them
_LETTERS = "Different letters stand for different units."
_FUNCTIONS = (
    ((NormalCDF, NormalPDF),
     r"$\varphi$ and $\Phi$ are the density and the distribution function of the standard normal "
     "law."),
    ((NormalPartialMoment,),
     r"$M_k(a) = \mathbb{E}\,\max(0, a + g)^k$ with a standard normal $g$."),
    ((OwenT,), r"$T$ is Owen's function, $T(h, a) = \frac{1}{2\pi} \int_0^a "
     r"e^{-h^2 (1 + x^2)/2} \, \frac{dx}{1 + x^2}$."),
    ((PairIntegral,),
     r"$\mathrm{Cov}$ is the covariance of the two functions in its index under a normal pair; "
     "its arguments are the means, the variances and the covariance of the pair."),
)  # fmt: skip


def input_text(source: CumulantSource, order: int, joint: bool) -> str:
    """What is said of the cumulants of the inputs where they are listed."""
    if is_identical(source):
        listed = "Joint cumulants" if joint else "Cumulants of each"
        return (
            f"The inputs are {in_words(source)}. {listed} to order {order}; those not listed are "
            "zero."
        )
    named = f"The inputs have {in_words(source)}. " if isinstance(source, JointLaw) else ""
    return f"{named}Joint cumulants of the inputs to order {order}; those not listed are zero."


def input_notes(source: CumulantSource, stage: Stage, order: int) -> tuple[str, ...]:
    """What the cumulants in front of the first layer are."""
    affine = isinstance(stage.rule, AffineRule)
    if is_identical(source):
        first = (
            f"The inputs are {in_words(source)}, so joint cumulants of different inputs are zero; "
            r"$\kappa_r$ is the cumulant of order $r$ of each"
        )
        first += "" if affine else r", which is $\kappa^{(x)}_{i \dots i}$ with $r$ indices"
    else:
        first = r"$\kappa^{(x)}_{i_1 \dots i_r}$ are the joint cumulants of the inputs"
        if all(len(block) == 1 for block in source.blocks):
            first += "; as the inputs are independent, they are zero unless all indices are equal"
        elif len(source.blocks) > 1:
            first += "; those between independent blocks of inputs are zero"
    order = min(order, source.max_order or order)
    return (f"{first}.", *_values(_named_inputs(source, order), order))


def _named_inputs(source: Any, order: int) -> dict[Any, Any]:
    """Symbol -> value of few input cumulants of a law, none of many."""
    if is_identical(source):
        return {sp.Symbol(f"kappa_{r}"): source.law.cumulant(r) for r in range(1, order + 1)}
    number = sum(comb(len(block) + order, order) - 1 for block in source.blocks)
    if not isinstance(source, JointLaw) or number > _LOOKED_AT:
        return {}
    return {
        cumulant_symbol(alpha, "x"): source.cumulant(alpha)
        for r in range(1, order + 1) for alpha in multi_indices(int(source.dim), r)
        if len(blocks_of(alpha, source.blocks)) == 1
    }


def _values(names: Mapping[Any, Any], order: int) -> tuple[str, ...]:
    """A sentence with the values that are not the symbols themselves, if it is short."""
    known = [f"${latex(s)} = {latex(v)}$" for s, v in names.items() if v not in (0, s)]
    zero = [f"${latex(s)} = 0$" for s, v in names.items() if v == 0]
    if all(v.is_Symbol for v in names.values()) or len(", ".join(known or zero)) > _LONGEST:
        return ()
    if not known:
        return (f"Of these {', '.join(zero)}.",)
    rest = "; those not listed are zero" if zero else ""
    return (f"To order {order}: {', '.join(known)}{rest}.",)


def pointwise_notes(stage: Stage, order: int, indices: Sequence[Equation]) -> tuple[str, ...]:
    """What the letters and the named quantities of a pointwise layer are."""
    if not indices:
        return (
            "The units have different activations, so no rule holds for any unit $i$; the "
            "expanded form has the equations of each unit.",
        )
    found = [_LETTERS]
    rule = stage.rule
    if isinstance(rule, DiagramRule):
        found += _diagram_notes(stage, rule, indices)
    if order > WRITTEN:
        found.append(
            f"The rule is written to order {WRITTEN}; the expanded form has all orders to {order}."
        )
    return tuple(found)


def _diagram_notes(
    stage: Stage, rule: DiagramRule, indices: Sequence[Equation]
) -> list[str]:
    target, z = symbol_tex(stage.target), symbol_tex(stage.source)
    names, phi = {str(e.lhs) for e in indices}, rf"\phi^{{({stage.target[1:]})}}"
    found = []
    if any(name.startswith("C__") for name in names):
        found.append(
            rf"$C^{{({target})}}$ are joint cumulants of powers of distinct units of ${z}$, such "
            rf"as that of ${phi}(z_i)^2$ and ${phi}(z_j)$ for the index $iij$."
        )
    if any(name.count("__") == 2 and name.startswith("C__") for name in names):
        found.append(
            rf"$C^{{({target},c)}}$ are their diagrams of cost $c$, the sum of $|v| - 1$ over the "
            "blocks $v$, less one for each block with every unit an even number of times."
        )
    if rule.degrees[0] is None and rule.kept.budget is None and rule.in_units > 2:
        found.append(
            "Joint cumulants of three or more distinct units are infinite sums without closed "
            "form, and none is listed."
        )
    return found


def gaussian_notes(stage: Stage, named: Iterable[Any]) -> str:
    """What the Gaussian quantities of a layer, and the functions in their values, are."""
    named, target = list(named), symbol_tex(stage.target)
    phi = rf"\phi^{{({stage.target[1:]})}}"
    found = []
    if any(isinstance(d, WickDefinition) for d in named):
        found.append(
            rf"$\omega^{{({target},k)}}_{{i \dots i}}$ with $p$ indices is the $k$-th derivative "
            rf"with respect to the mean of $\mathbb{{E}}\,{phi}(z)^p$ for a normal $z$ with the "
            f"mean and the variance of unit $i$ of ${symbol_tex(stage.source)}$."
        )
    if any(isinstance(d, PairDefinition) for d in named):
        found.append(
            rf"$\gamma^{{({target})}}_{{i \dots i j \dots j}}$ with $p$ indices $i$ and $q$ "
            rf"indices $j$ is the covariance of ${phi}(z_i)^p$ and ${phi}(z_j)^q$ for a normal "
            "pair."
        )
    used = [sp.sympify(d.expr) for d in named]
    found += [text for functions, text in _FUNCTIONS if any(e.has(*functions) for e in used)]
    return " ".join(found)
