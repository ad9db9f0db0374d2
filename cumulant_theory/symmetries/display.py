"""Symmetries and tied matrices as cards with a picture of the tying."""

from typing import TYPE_CHECKING, Any

import sympy as sp

from ..claims import claims
from ..errors import CumulantError
from ..latex import latex
from ..latex.html import Markup, card, count, equation, facts, folded, formula
from ..latex.pictures import MOST_CELLS, tying

if TYPE_CHECKING:
    from .base import Symmetry
    from .tying import Tying

_WRITTEN, _DRAWN = 6, 4
_SIZES = (_DRAWN, 3, 6, 2, 5, *range(7, 13))


def picture(
    tied: "Tying", bias: bool = True, size: float = 0.0, most: int = MOST_CELLS
) -> Markup:
    """The pattern of the weights, one colour per parameter, and beside it that of the bias."""
    weights = _entries(tied.weight_vectors)
    shifts = {i: e for (i, _), e in _entries(tied.bias_vectors, tied.dimension).items()}
    return tying((tied.out_features, tied.in_features), weights,
                  shifts if bias else None, size, most)  # fmt: skip


def _entries(vectors: Any, first: int = 0) -> dict[tuple[int, int], tuple[tuple[int, str], ...]]:
    found: dict[tuple[int, int], list[tuple[int, str]]] = {}
    for k, vector in enumerate(vectors):
        for place, factor in vector:
            found.setdefault(place, []).append((first + k, str(factor)))
    return {place: tuple(entry) for place, entry in found.items()}


def tying_facts(tied: "Tying", bias: bool = True) -> list[tuple[str, Any]]:
    """Group, dimensions and bias."""
    total = tied.out_features * tied.in_features
    rows: list[tuple[str, Any]] = [
        ("group", formula(tied.group) if tied.group else None),
        ("weights", f"{tied.dimension} free of {total}"),
    ]
    if bias:
        rows.append(("bias", f"{tied.bias_dimension} free of {tied.out_features}"))
    return rows


def generators(tied: "Tying") -> Markup:
    """Matrices of the generators on outputs and inputs, as far as they are small."""
    number = len(tied.actions)
    if not number or max(tied.out_features, tied.in_features) > _WRITTEN:
        return Markup("")
    lines = []
    for k, (out, inner) in enumerate(tied.generators[:4], 1):
        for side, rho in (("out", out), ("in", inner)):
            algebra = r"d\rho" if tied.infinitesimal[k - 1] else r"\rho"
            left = rf"{algebra}_{{\mathrm{{{side}}}}}(g_{{{k}}})"
            lines.append(f'<span style="margin-right:1.5em">{equation(left, rho)}</span>')
    more = f"<div>… {number - 4} more</div>" if number > 4 else ""
    return folded(count(number, "generator"), f"<div>{''.join(lines)}</div>{more}")


def tying_card(tied: "Tying", bias: bool = True) -> str:
    """Picture, matrix, dimensions, generators."""
    small = max(tied.out_features, tied.in_features) <= _WRITTEN
    matrix = equation("W", sp.ImmutableMatrix(tied.matrix())) if small else Markup("")
    if small and bias and tied.bias_dimension:
        matrix = Markup(f'{matrix} <span style="margin-left:1em"></span>'
                        f'{equation("c", sp.ImmutableMatrix(tied.bias()))}')
    beside = (
        '<div style="display:flex;flex-wrap:wrap;gap:.5em 2em;align-items:center">'
        f"<div>{picture(tied, bias)}</div><div>{matrix}</div></div>"
    )
    return card(
        f"Tied weights, {tied.out_features} × {tied.in_features}",
        facts(tying_facts(tied, bias)), Markup(beside), generators(tied),
    )


def matrix_tex(tied: "Tying") -> str:
    """W as LaTeX, a large one by its shape and the number of free entries."""
    if max(tied.out_features, tied.in_features) <= 12:
        return f"W = {latex(sp.Matrix(tied.matrix()))}"
    return (
        rf"W \in \mathbb{{R}}^{{{tied.out_features} \times {tied.in_features}}},\ "
        rf"\text{{{tied.dimension} free parameters}}"
    )


def usual(symmetry: "Symmetry") -> "Tying | None":
    """The tying at the size at which a symmetry is drawn; None if it fits no small layer."""
    pairs = [(k, k) for k in _SIZES]
    pairs += [(i, j) for i in range(1, 13) for j in range(1, 13) if i != j]
    for out, inner in pairs:
        try:
            return symmetry.tie(out, inner)
        except CumulantError:
            continue
    return None


def symmetry_card(symmetry: "Symmetry") -> str:
    """Group, and the tying of a layer of usual size."""
    head: list[tuple[str, Any]] = [
        ("group", formula(symmetry.latex)), ("requires", claims(symmetry.hypotheses)),
    ]
    tied = usual(symmetry)
    if tied is None:
        return card(repr(symmetry), facts(head))
    drawn = [(f"at {tied.out_features} × {tied.in_features}", picture(tied))]
    return card(repr(symmetry), facts([*head, *drawn, *tying_facts(tied)[1:]]), generators(tied))
