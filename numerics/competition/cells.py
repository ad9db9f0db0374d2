"""The cells of a competition: one kind of network, trained one way."""

from collections.abc import Iterator
from dataclasses import dataclass

from cumulant_theory.errors import CumulantError
from cumulant_theory.parsing import parse_activation

from ..study.architectures import convolution
from .config import Competition, Grid, soft_strength
from .networks import degree, network

__all__ = ["Cell", "DensityCell", "cells"]

EXACT_DEGREE = 4  # of the whole network: closed forms of higher ones cost more than samples


@dataclass(frozen=True)
class Cell:
    """One kind of network trained one way on samples.

    Attributes
    ----------
    symmetry, activation, b, width, depth, loss, method, train_law
        As in the settings; the law by its name.
    """

    symmetry: str
    activation: str
    b: int
    width: int
    depth: int
    loss: str
    method: str
    train_law: str

    level = "sample"

    @property
    def name(self) -> str:
        """Of its own in a competition."""
        return " ".join((self.start, self.symmetry if self.soft else "", self.loss, self.method,
                         self.train_law)).replace("  ", " ")

    @property
    def soft(self) -> float:
        """Strength of the penalty."""
        return soft_strength(self.symmetry) or 0.0

    @property
    def weights(self) -> str:
        """The hard symmetry of the weights."""
        return "free" if self.soft else self.symmetry

    @property
    def start(self) -> str:
        """Names the initial values: networks of one architecture start alike in all cells."""
        return f"{self.weights} {self.activation} b={self.b} w={self.width} d={self.depth}"


@dataclass(frozen=True)
class DensityCell:
    """One kind of network on densities.

    Attributes
    ----------
    symmetry, activation, width
        As in the settings.
    """

    symmetry: str
    activation: str
    width: int

    level = "density"

    @property
    def name(self) -> str:
        """Of its own in a competition."""
        return f"density {self.symmetry} {self.activation} w={self.width}"


def cells(config: Competition) -> list[Cell | DensityCell]:
    """All cells in a fixed order, each once.

    Left out are combinations that are no network (a cycle of two nodes, five channels of two
    sites), sign-equivariant ones whose activation is not odd, and exact losses of networks of a
    degree above four, without closed form, or with a soft symmetry.
    """
    found = dict.fromkeys(cell for grid in config.grid for cell in _factorial(grid))
    density = config.density
    on_densities = [
        DensityCell(s, a, w)
        for s in density.symmetries for a in density.activations for w in density.widths
        if w % density.points == 0 or (convolution(s) is None and s == "free")
    ]
    return [*found, *on_densities]


def _factorial(grid: Grid) -> Iterator[Cell]:
    for symmetry in grid.symmetries:
        for activation in grid.activations:
            for b in grid.blocks:
                for width in grid.widths:
                    for depth in grid.depths:
                        for loss in grid.losses:
                            for method in grid.methods:
                                for law in grid.train_laws:
                                    cell = Cell(symmetry, activation, b, width, depth, loss,
                                                method, law)
                                    if _possible(cell):
                                        yield cell


def _possible(cell: Cell) -> bool:
    activation = parse_activation(cell.activation)
    if cell.symmetry == "sign_flip" and not activation.is_odd:
        return False
    if cell.method == "exact" and (
        cell.soft or activation.coefficients is None
        or degree(cell.activation) ** cell.depth > EXACT_DEGREE
    ):
        return False
    try:
        network(cell.weights, cell.activation, cell.b, cell.width, cell.depth)
    except CumulantError:
        return False
    return True
