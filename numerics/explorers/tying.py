"""The symmetry explorer: how a group ties the weights of a layer, and how many cumulants are left.

A group that keeps the law of the units leaves as many independent joint cumulants of order r as it
has invariants among the symmetric tensors of that order.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from math import comb
from typing import TYPE_CHECKING, Any

import numpy as np
import sympy as sp
from sympy.polys.matrices import DomainMatrix

from cumulant_theory import symmetries
from cumulant_theory.algebra import check_order, multi_indices
from cumulant_theory.arguments import explained
from cumulant_theory.errors import CumulantError, DomainError, SymmetryError
from cumulant_theory.latex.html import Markup, card, shown, table
from cumulant_theory.orbits import Orbits
from cumulant_theory.parsing import parse_symmetry
from cumulant_theory.symmetries import Symmetry, Tying
from cumulant_theory.symmetries.actions import SignedPermutation
from cumulant_theory.symmetries.display import tying_card

from ..canvas import plain
from ..study.palette import ORANGE, SKY
from .layout import Explorer, View, control, panels

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = [
    "TiedLayer", "fitting", "independent_cumulants", "known_symmetries", "symmetry",
    "symmetry_data", "symmetry_figure",
]

_SIZES = range(1, 9)
_MOST_TENSORS = 500  # symmetric tensors that are counted


@dataclass(frozen=True, eq=False)
class TiedLayer:
    """A layer tied by a symmetry, and the cumulants that it leaves.

    Attributes
    ----------
    symmetry, tying
        The group, and what it does to the weights.
    projector
        Matrix of the orthogonal projector on the tied weights, array (out in, out in).
    rank
        Of the projector.
    burnside
        Dimension by Burnside's lemma, None where the group is too large or no permutation group.
    inputs, outputs
        Order -> (independent joint cumulants under the group, all of them), None where they are
        too many to be counted.
    """

    symmetry: Symmetry
    tying: Tying
    projector: np.ndarray
    rank: int
    burnside: int | None
    inputs: dict[int, tuple[int | None, int]]
    outputs: dict[int, tuple[int | None, int]]

    def __repr__(self) -> str:
        size = f"{self.tying.out_features} × {self.tying.in_features}"
        return f"TiedLayer({self.symmetry!r}, {size}, {self.rank} free)"

    def _repr_html_(self) -> str:
        return card(repr(self.symmetry), Markup(tying_card(self.tying)), _tables(self))


def known_symmetries() -> dict[str, Symmetry]:
    """One symmetry of every registered kind, by name.

    Examples
    --------
    >>> known_symmetries()["cyclic"]
    Cyclic()
    """
    found = {}
    for name in symmetries.catalogue():
        kind = symmetries.get(name)
        try:
            found[name] = kind()
        except (CumulantError, TypeError):  # it needs generators
            found[name] = kind.examples()[0][0]
    return found


@lru_cache(maxsize=256)
def fitting(symmetry: Symmetry, sizes: Sequence[int] = tuple(_SIZES)) -> dict[int, tuple[int, ...]]:
    """Number of inputs -> numbers of outputs for which a layer can have the symmetry.

    Examples
    --------
    >>> fitting(symmetries.Alternating(), (1, 2, 3))
    {2: (1, 2, 3)}
    """
    found = {}
    for inputs in sizes:
        fits = tuple(out for out in sizes if _fits(symmetry, out, inputs))
        if fits:
            found[inputs] = fits
    return found


def _fits(symmetry: Symmetry, outputs: int, inputs: int) -> bool:
    try:
        symmetry.tie(outputs, inputs)
    except SymmetryError:
        return False
    return True


def independent_cumulants(
    generators: Sequence[tuple[Any, bool]], units: int, order: int
) -> int:
    """Number of independent joint cumulants of an order of a law that a group keeps.

    Parameters
    ----------
    generators : sequence of (sympy Matrix, bool)
        On the units; the flag tells an element of a Lie algebra.
    units, order : int

    Returns
    -------
    int
        Dimension of the invariant symmetric tensors, from the null space of exact matrices.

    Examples
    --------
    >>> flip, turn = sp.Matrix([[1, 0], [0, -1]]), sp.Matrix([[0, -1], [1, 0]])
    >>> [independent_cumulants([(flip, False), (turn, True)], 2, r) for r in (1, 2, 3, 4)]
    [0, 1, 0, 1]
    """
    basis = list(multi_indices(units, order))
    places = {alpha: k for k, alpha in enumerate(basis)}
    rows: list[dict[int, Any]] = []
    for matrix, infinitesimal in generators:
        columns = [
            [(j, matrix[j, i]) for j in range(units) if matrix[j, i] != 0] for i in range(units)
        ]
        block: list[dict[int, Any]] = [{} for _ in basis]
        for k, alpha in enumerate(basis):
            image = _derived(alpha, columns) if infinitesimal else _moved(alpha, columns)
            if not infinitesimal:
                image[alpha] = image.get(alpha, sp.S.Zero) - 1
            for beta, value in image.items():
                value = sp.expand(value)
                if value != 0:
                    block[places[beta]][k] = value
        rows += [row for row in block if row]
    if not rows:
        return len(basis)
    dense = [[row.get(k, sp.S.Zero) for k in range(len(basis))] for row in rows]
    matrix = DomainMatrix.from_list_sympy(len(dense), len(basis), dense, extension=True)
    return len(basis) - matrix.to_field().to_sparse().rank()


def _moved(alpha: Sequence[int], columns: Any) -> dict[tuple[int, ...], Any]:
    """The monomial t^alpha with every t_i replaced by its image."""
    image: dict[tuple[int, ...], Any] = {(0,) * len(alpha): sp.S.One}
    for i, power in enumerate(alpha):
        for _ in range(power):
            grown: dict[tuple[int, ...], Any] = {}
            for beta, value in image.items():
                for j, factor in columns[i]:
                    key = (*beta[:j], beta[j] + 1, *beta[j + 1 :])
                    grown[key] = grown.get(key, sp.S.Zero) + value * factor
            image = grown
    return image


def _derived(alpha: Sequence[int], columns: Any) -> dict[tuple[int, ...], Any]:
    """The derivative of t^alpha along an element of a Lie algebra."""
    image: dict[tuple[int, ...], Any] = {}
    for i, power in enumerate(alpha):
        for j, factor in columns[i] if power else ():
            key = list(alpha)
            key[i] -= 1
            key[j] += 1
            image[tuple(key)] = image.get(tuple(key), sp.S.Zero) + power * factor
    return image


def _counts(tying: Tying, side: int, order: int) -> dict[int, tuple[int | None, int]]:
    """Of the outputs (0) or inputs (1)."""
    units = (tying.out_features, tying.in_features)[side]
    acting = [(a.out, a.inp)[side] for a in tying.actions]
    moves = [g for g in acting if isinstance(g, SignedPermutation) and min(g.signs) == 1]
    orbits = Orbits(units, [g.images for g in moves]) if len(moves) == len(acting) else None
    found: dict[int, tuple[int | None, int]] = {}
    for r in range(1, order + 1):
        total = comb(units + r - 1, r)
        if total > _MOST_TENSORS:
            found[r] = (None, total)
        elif orbits is not None:
            found[r] = (len(orbits.representatives(r)), total)
        else:
            matrices = [
                (pair[side], infinitesimal)
                for pair, infinitesimal in zip(tying.generators, tying.infinitesimal, strict=True)
            ]
            found[r] = (independent_cumulants(matrices, units, r), total)
    return found


@explained
@lru_cache(maxsize=256)
def symmetry_data(
    symmetry: Symmetry, out_features: int, in_features: int, order: int = 4
) -> TiedLayer:
    """A layer tied by a symmetry.

    Parameters
    ----------
    symmetry : Symmetry
    out_features, in_features : int
    order : int
        Highest order of the cumulants that are counted.

    Raises
    ------
    SymmetryError
        If the group does not fit a layer of that size.
    DomainError
        If the symmetry is none.

    Examples
    --------
    >>> found = symmetry_data(symmetries.Cyclic(), 3, 3)
    >>> found.tying.dimension, found.rank, found.burnside, found.inputs[2]
    (3, 3, 3, (2, 6))
    """
    if not isinstance(symmetry, Symmetry):
        raise DomainError(f"symmetry: {symmetry!r} is no symmetry; see symmetries.catalogue()")
    tying = symmetry.tie(out_features, in_features)
    projector = tying.projector()
    rank = DomainMatrix.from_Matrix(projector, extension=True).to_field().to_sparse().rank()
    order = check_order(order, "symmetry")
    try:
        burnside = int(tying.burnside_count(limit=2000))
    except SymmetryError:
        burnside = None
    return TiedLayer(
        symmetry, tying, np.array(projector.tolist(), dtype=float), int(rank), burnside,
        _counts(tying, 1, order), _counts(tying, 0, order),
    )


@explained
def symmetry_figure(data: TiedLayer) -> "Figure":
    """Projector on the tied weights (left), number of cumulants by order (right).

    Examples
    --------
    >>> len(symmetry_figure(symmetry_data(symmetries.Cyclic(), 3, 3)).axes)
    4
    """
    figure, ((left, *bars),) = panels(
        9.4, 3.3, 1, 3, left=0.4, top=0.6, wspace=0.45
    )
    size = len(data.projector)
    most = float(np.abs(data.projector).max())
    image = left.imshow(data.projector, cmap="RdBu_r", vmin=-most, vmax=most,
                        extent=(0.5, size + 0.5, size + 0.5, 0.5))
    left.set_title(f"projector, rank {data.rank} of {size}", loc="left", fontsize="medium")
    left.set_xlabel("weight (row by row)")
    for axis in (left.xaxis, left.yaxis):
        axis.get_major_locator().set_params(integer=True, min_n_ticks=1)
    figure.colorbar(image, ax=left, fraction=0.046)
    for axes, counts, name in zip(bars, (data.inputs, data.outputs), ("inputs", "outputs"),
                                  strict=True):
        orders = np.array(list(counts))
        axes.bar(orders - 0.2, [total for _, total in counts.values()], 0.38, color=SKY,
                 label="all")
        axes.bar(orders + 0.2, [few or 0 for few, _ in counts.values()], 0.38, color=ORANGE,
                 label="under the group")
        for r, (few, total) in counts.items():
            axes.text(r - 0.2, total, str(total), ha="center", va="bottom", fontsize="x-small")
            axes.text(r + 0.2, few or 0, "?" if few is None else str(few), ha="center",
                      va="bottom", fontsize="x-small")
        axes.set_title(f"joint cumulants of the {name}", loc="left", fontsize="medium")
        axes.set_xlabel("order $r$")
        axes.set_xticks(orders)
        axes.margins(y=0.12)
        axes.yaxis.get_major_locator().set_params(integer=True)
        axes.set_axisbelow(True)
    figure.legend(*bars[0].get_legend_handles_labels(), loc="upper right", ncols=2, frameon=False,
                  fontsize="small")
    plain(figure)
    left.grid(False)
    return figure


def _tables(data: TiedLayer) -> Markup:
    burnside = "–" if data.burnside is None else data.burnside
    size = data.tying.out_features * data.tying.in_features
    counted = table(
        ("order", "inputs, all", "under the group", "outputs, all", "under the group"),
        [(r, total, "–" if few is None else few, data.outputs[r][1],
          "–" if data.outputs[r][0] is None else data.outputs[r][0])
         for r, (few, total) in data.inputs.items()],
    )
    ways = table(
        ("weights", "free, by a basis", "rank of the projector", "by Burnside's lemma"),
        [(size, data.tying.dimension, data.rank, burnside)],
    )
    notes = [] if data.burnside is not None else [
        "Burnside's lemma: the group is too large, or not one of permutations"
    ]
    if any(few is None for by in (data.inputs, data.outputs) for few, _ in by.values()):
        notes.append(f"–: not counted, more than {_MOST_TENSORS} cumulants")
    return Markup(ways + counted + "".join(f"<div>{shown(note)}</div>" for note in notes))


def symmetry(
    group: Symmetry | str = "cyclic", outputs: int = 4, inputs: int = 4, order: int = 4,
    choices: Mapping[str, Symmetry] | None = None,
) -> Explorer:
    """Explore how a symmetry ties the weights of a layer.

    Parameters
    ----------
    group : Symmetry or str
        The one to begin with.
    outputs, inputs : int
        Units of the layer, 1 to 8.
    order : int
        Highest order of the cumulants counted, 2 to 5.
    choices : mapping, optional
        Name -> symmetry; by default one of every registered kind.

    Raises
    ------
    SymmetryError
        If the group does not fit a layer of that size.
    MissingDependencyError
        If ipywidgets or Matplotlib is not installed.

    Notes
    -----
    The sliders offer the sizes that the group fits. Where a size does not fit a group newly
    chosen, the nearest one that does is taken, and the explorer says so.

    Examples
    --------
    >>> explorer = symmetry("permutation_equivariant", 3, 3)
    >>> explorer.data.tying.dimension, explorer.data.inputs[3]
    (2, (3, 10))
    """
    first = parse_symmetry(group) if isinstance(group, str) else group
    symmetry_data(first, outputs, inputs, order)  # a size that does not fit raises here
    listed = dict(known_symmetries() if choices is None else choices)
    if first not in listed.values():
        listed[repr(first)] = first
    sizes = tuple(sorted({*_SIZES, outputs, inputs}))
    offered = fitting(first, sizes)
    controls = {
        "group": control("Dropdown", "group", value=first, options=[
            (name.replace("_", " "), one) for name, one in listed.items() if fitting(one, sizes)
        ]),
        "inputs": control("SelectionSlider", "inputs", options=list(offered), value=inputs),
        "outputs": control("SelectionSlider", "outputs", options=offered[inputs], value=outputs),
        "order": control("IntSlider", "highest order", min=2, max=5, value=order),
    }

    def view(group: Symmetry, inputs: int, outputs: int, order: int) -> View:
        data = symmetry_data(group, outputs, inputs, order)
        label = f"projector and numbers of cumulants of a layer with {group!r}"
        return View(data, symmetry_figure(data), label, above=tying_card(data.tying),
                    below=_tables(data))

    def adjust(explorer: Explorer, changed: str) -> str | None:
        own = explorer.controls
        chosen, asked = own["group"].value, (own["outputs"].value, own["inputs"].value)
        fits = fitting(chosen, sizes)
        taken = _offer(own["inputs"], tuple(fits), asked[1])
        got = (_offer(own["outputs"], fits[taken], asked[0]), taken)
        if got == asked:
            return None
        return (f"{chosen!r} does not fit {asked[0]} × {asked[1]} weights; "
                f"shown are {got[0]} × {got[1]}")

    return Explorer("Weights tied by a symmetry", controls, view, adjust)


def _offer(slider: Any, options: Sequence[int], asked: int) -> int:
    """Give a slider its valid values; the nearest to the one asked for is taken."""
    nearest = min(options, key=lambda k: (abs(k - asked), -k))
    if tuple(slider.options) != tuple(options):
        slider.options = options
    slider.value = nearest
    return nearest
