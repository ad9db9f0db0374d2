"""Learning the central-limit map from densities."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import sympy as sp
import torch

from cumulant_theory.arguments import explained
from cumulant_theory.latex.html import card, facts

from .families import LIMIT, TRAIN, RandomDensities, Source
from .grid import Grid
from .selfconvolution import SelfConvolution

GRID = Grid(64, 6)
_HALF = sp.Rational(1, 2)


class DensityBlockSum:
    """Learn R[p], the density of b^{-s} (x_1 + ... + x_b), from pairs of random p and R[p].

    Parameters
    ----------
    b : int
        Block size.
    sources : str, Family, Law, or a sequence of them
        Where the densities come from; see :class:`RandomDensities`. Default: Gaussians of any
        variance and symmetric mixtures.
    grid : Grid
    s : number
        Exponent; 1/2 is the central limit theorem.
    limit : float
        Largest share of a law off the grid.

    Attributes
    ----------
    target : SelfConvolution
        The map R.
    inputs : RandomDensities
        The law of p.

    Raises
    ------
    DomainError
        If b or s is out of range, or a law or its image does not fit the grid.
    UnknownNameError
        If a family is not known.

    Examples
    --------
    >>> task = DensityBlockSum(2, "gaussians", Grid(64, 6))
    >>> p, image = task.sample(3, seed=0)
    >>> p.shape, bool(torch.allclose(p, image, atol=1e-6))
    (torch.Size([3, 64]), True)
    """

    @explained
    def __init__(
        self, b: int, sources: Source | Sequence[Source] = TRAIN, grid: Grid = GRID,
        s: Any = _HALF, limit: float = LIMIT,
    ) -> None:
        self.target: SelfConvolution = SelfConvolution(grid, b, s, limit)
        self.inputs: RandomDensities = RandomDensities(sources, grid, limit)
        self.target(self.inputs.corners())  # raises where an image leaves the grid

    @property
    def grid(self) -> Grid:
        """Of the densities."""
        return self.target.grid

    def sample(self, n: int, seed: Any = None) -> tuple[torch.Tensor, torch.Tensor]:
        """Random densities and their images.

        Parameters
        ----------
        n : int
        seed : int, numpy SeedSequence or Generator, torch.Generator or None
            A generator is advanced.

        Returns
        -------
        p, image : tensor (n, points), float64
        """
        if isinstance(seed, torch.Generator):
            seed = np.random.default_rng(int(torch.randint(2**62, (), generator=seed)))
        p = self.inputs.sample(n, seed)
        return torch.from_numpy(p), torch.from_numpy(self.target(p))

    def __repr__(self) -> str:
        exponent = "" if self.target.s == _HALF else f", s={self.target.s}"
        return f"DensityBlockSum({self.target.b}, {self.inputs.label}, {self.grid!r}{exponent})"

    def _repr_html_(self) -> str:
        return card("Task: block sum of densities", facts([
            ("b", self.target.b), ("s", self.target.s), ("densities", self.inputs.label),
            ("grid", repr(self.grid)),
        ]))
