"""Maps on laws, their fixed points, spectra and flows as cards."""

from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import mpmath
import sympy as sp

from ..claims import claim, claims
from ..errors import NoClosedFormError
from ..latex import latex
from ..latex.html import Markup, card, count, equation, equations, facts, formula, prose, table
from ..latex.html import verdict as coloured
from ..latex.pictures import network
from ..layers.display import box, widths
from ..varieties.decimals import approximate, is_long, is_small, shown_html, shown_latex

if TYPE_CHECKING:
    from .flow import Flow
    from .maps import RGMap
    from .results import FixedPoint
    from .spectrum import Spectrum
    from .truncated import TruncatedMap

_STEPS, _ORDERS = 12, 8  # rows and columns of a flow
_KINDS = ("relevant", "marginal", "irrelevant", "undecided")


def _kappa(order: int) -> sp.Symbol:
    return sp.Symbol(f"kappa_{order}")


def _valid(exact: bool, closure: str) -> str:
    return "for the map itself" if exact else f"under {closure}, for the truncated map"


def map_card(rg_map: "RGMap") -> str:
    """The network, and what it does to the first cumulants of any law."""
    layer = rg_map.layer
    try:
        degree: Any = rg_map.degree
        lines = [(e.lhs, e.rhs) for e in rg_map.recursion(4 if degree == 1 else 2)]
        does = equations(lines, ".recursion()")
    except NoClosedFormError:
        degree, does = None, prose(
            "An activation is no polynomial, so $\\kappa_r'$ is no polynomial in the cumulants of "
            "the law; numerics.flow follows it."
        )
    rows = [("degree", degree), ("parameters", list(layer.parameters)),
            ("requires", claims(layer.hypotheses))]
    size = widths(layer.layers)
    title = prose(f"Map on laws, ${latex(rg_map.b)}$ units to one")
    return card(title, network([box(la) for la in layer.layers], size), does, facts(rows))


def truncated_card(truncated: "TruncatedMap") -> str:
    """The polynomials."""
    lines = [(sp.Symbol(f"kappa'_{r}"), p) for r, p in truncated.polynomials.items()]
    return card(f"Map on cumulants under {truncated.closure!r}", equations(lines, ".polynomials"))


def fixed_point_card(point: "FixedPoint") -> str:
    """Cumulants, whether a law has them, and where the linearised map leads near by."""
    family = {r: v for r, v in point.cumulants.items() if v == _kappa(r)}
    lines = [
        f'<div style="margin:.35em 0">'
        f"{equation(_kappa(r), shown_latex(v), relation=_sign(v))}</div>"
        for r, v in point.cumulants.items() if r not in family
    ]
    lines += [f'<div style="margin:.35em 0">{equation("0", e, ".equations")}</div>'
              for e in point.equations[:_ORDERS]]
    left = len(point.equations) - _ORDERS
    lines += [f"<div>… {count(left, 'more equation')}; see .equations</div>"] if left > 0 else []
    free = Markup(", ".join(str(formula(v)) for v in family.values()))
    possible = {True: "yes", False: claim(f"no: {point.reason}"),
                None: "not decided for the family"}
    kinds, values = directions(point)
    rows = [
        ("related by the equations" if point.equations else "free", free),
        ("fixed", _valid(point.exact, point.closure)),
        ("has a law", coloured(possible[point.realisable], point.realisable)),
        ("requires", claims(point.hypotheses)),
        ("stability", _stability(kinds)),
        ("eigenvalues", Markup(", ".join(map(str, values)))),
    ]
    title = point.name if point.name != "other" else "neither Gaussian nor a point mass"
    return card(f"Fixed point: {title}", Markup("".join(lines)), facts(rows))


def _sign(value: Any) -> str:
    return r"\approx" if is_long(value) else "="


def directions(point: "FixedPoint") -> tuple[list[str], list[Markup]]:
    """Kind and value of each eigenvalue of the linearised map; nothing where symbols are left.

    Decimals, but for linear maps and triangular matrices: exact eigenvalues may take long.
    """
    from .spectrum import kind_of
    from .truncated import TruncatedMap

    made_by = point._map
    if made_by is None or point.equations:
        return [], []
    if not isinstance(made_by, TruncatedMap):
        found = made_by.spectrum(max(point.cumulants))
        return [e.kind for e in found], [shown_html(e.value) for e in found]
    if point.free_symbols:
        return [], []
    matrix = made_by.jacobian.xreplace(made_by.at(point.cumulants)).applyfunc(sp.expand)
    if matrix.is_upper or matrix.is_lower:
        diagonal = list(matrix.diagonal())
        return [kind_of(sp.Abs(v) - 1) for v in diagonal], [shown_html(v) for v in diagonal]
    with mpmath.workdps(40):
        numbers = mpmath.matrix(matrix.shape[0])
        for i, j in ((i, j) for i in range(matrix.rows) for j in range(matrix.cols)):
            numbers[i, j] = approximate(matrix[i, j])
        roots = sorted(mpmath.eig(numbers, left=False, right=False), key=abs, reverse=True)
        gaps = [abs(v) - 1 for v in roots]
    kinds = ["undecided" if is_small(g) else "relevant" if g > 0 else "irrelevant" for g in gaps]
    return kinds, [formula(rf"\approx {_decimal(v)}") for v in roots]


def _decimal(value: Any) -> str:
    real, imaginary = (
        sp.Float(mpmath.nstr(p, 6), 6) if not is_small(p) else sp.S.Zero
        for p in (mpmath.re(value), mpmath.im(value))
    )
    return latex(real + imaginary * sp.I)


def _stability(kinds: Sequence[str]) -> str:
    """In words, from the kinds of all directions."""
    if not kinds:
        return ""
    found = Counter(kinds)
    head = (
        "unstable" if found["relevant"] else "undecided" if found["undecided"] else
        "marginal" if found["marginal"] else "stable"
    )
    told = ", ".join(f"{found[k]} {k}" for k in _KINDS if found[k])
    return f"{head}: {told} {'direction' if len(kinds) == 1 else 'directions'}"


def spectrum_card(spectrum: "Spectrum") -> str:
    """Table of eigenvalues; for linear maps that fix Gaussians with the eigenfunctions."""
    x = sp.Symbol("x")
    density = sp.exp(-(x**2) / 2) / sp.sqrt(2 * sp.pi)
    at = spectrum.at
    index = "r" if at is None else "k"
    head = [formula(index), formula(rf"\lambda_{index}"), "direction"]
    rows = [[e.order, shown_html(e.value), e.kind] for e in spectrum]
    if at is None:
        head.append(formula("b^{1-r/2}"))
        for row, e in zip(rows, spectrum, strict=True):
            row.append(shown_html(e.clt))
    if all(e.eigenfunction is not None for e in spectrum):
        head.append("eigenfunction over the normal density")
        for row, e in zip(rows, spectrum, strict=True):
            hermite: Any = sp.expand(e.eigenfunction / density)
            row.append(formula(latex(hermite)))
    rest = [
        ("at", None if at is None else Markup(", ".join(
            equation(_kappa(r), shown_latex(v), relation=_sign(v))
            for r, v in at.cumulants.items()
        ))),
        ("holds", _valid(spectrum.exact, spectrum.closure)),
        ("requires", claims(spectrum.hypotheses)),
    ]
    return card("Spectrum of the linearised map", table(head, rows), facts(rest))


def flow_card(flow: "Flow") -> str:
    """Cumulants step by step, the steps in the middle left out where there are many."""
    last = len(flow) - 1
    listed: list[int | None] = list(range(last + 1))
    if last >= _STEPS:
        listed = [*range(_STEPS - 2), None, last]
    orders = range(1, min(flow.order, _ORDERS) + 1)
    mixed = not all(flow.exact)
    rows = []
    for t in listed:
        if t is None:
            rows.append(["…"] * (1 + len(orders) + mixed))
            continue
        told = [("exact" if flow.exact[t] else flow.closure)] if mixed else []
        rows.append([t, *(shown_html(flow[t][r]) for r in orders), *told])
    head = ["step", *(formula(_kappa(r)) for r in orders), *(["closure"] if mixed else [])]
    note = "all steps and orders: .steps" if None in listed or flow.order > _ORDERS else ""
    title = f"Cumulants along {count(last, 'step')} of a map on laws"
    return card(title, table(head, rows), note=note)
