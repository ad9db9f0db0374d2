"""Networks from densities to densities."""

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import torch
from torch import nn

from cumulant_theory.arguments import explained
from cumulant_theory.errors import DomainError, ShapeError, UnknownNameError
from cumulant_theory.latex.html import Markup, card, facts
from cumulant_theory.layers import Layer
from numerics.backends.torch import as_tensor
from numerics.networks import Ensemble, Network

from .grid import Grid
from .selfconvolution import SelfConvolution

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def _square(y: torch.Tensor, grid: Grid) -> torch.Tensor:
    y = y.square()
    # an output that is zero everywhere stays so, in place of NaN
    return y / (y.sum(-1, keepdim=True) * grid.spacing).clamp_min(torch.finfo(y.dtype).tiny)


def _softmax(y: torch.Tensor, grid: Grid) -> torch.Tensor:
    return y.softmax(-1) / grid.spacing


NORMALISATIONS: dict[str, Callable[[torch.Tensor, Grid], torch.Tensor]] = {
    "none": lambda y, grid: y, "square": _square, "softmax": _softmax
}


class DensityNetwork(nn.Module):
    """A network, or an ensemble, that takes the values of densities and gives values of densities.

    Parameters
    ----------
    network : Network or Ensemble
        From :func:`numerics.build`, as many inputs and outputs as the grid has points.
    grid : Grid
    normalise : {"square", "softmax", "none"}
        Output y^2 or exp(y) over its mass: not negative and of mass one; or y as it is, a
        polynomial map if the activations are polynomials.

    Raises
    ------
    DomainError
        If there is no network.
    ShapeError
        If the widths are not the number of points.
    UnknownNameError
        If the normalisation is not known.

    Shapes
    ------
    ``forward``: (..., points) -> (..., points), for an ensemble (n, points) -> (S, n, points).

    Notes
    -----
    Any weight symmetry and activation of the layers will do, graph layers on a path or a cycle of
    grid points included: units are numbered channel * points + point. The outputs transform as
    the network does, both normalisations commute with permutations of the points.

    Examples
    --------
    >>> from cumulant_theory import activations, layers, symmetries
    >>> from numerics.networks import build
    >>> tied = {"symmetry": symmetries.Reflection(), "bias": True}
    >>> net = (layers.Linear(16, 16, **tied) >> layers.Pointwise(activations.Quadratic())
    ...        >> layers.Linear(16, 16, **tied))
    >>> module = DensityNetwork(build(net, seed=0), Grid(16, 4))
    >>> p = module(torch.rand(5, 16))
    >>> p.shape, bool(torch.allclose(module.grid.mass(p), p.new_ones(5)))
    (torch.Size([5, 16]), True)
    """

    @explained
    def __init__(self, network: Network | Ensemble, grid: Grid, normalise: str = "square") -> None:
        super().__init__()
        if not isinstance(network, (Network, Ensemble)):
            raise DomainError(
                f"DensityNetwork: {type(network).__name__} is no network; make one by build(net)"
            )
        if (network.in_features, network.out_features) != (grid.points, grid.points):
            raise ShapeError(
                f"DensityNetwork: the network maps {network.in_features} units to "
                f"{network.out_features}, but {grid!r} has {grid.points} points"
            )
        if normalise not in NORMALISATIONS:
            raise UnknownNameError.of("normalisation", normalise, NORMALISATIONS)
        self.network = network
        self.grid = grid
        self.normalise = normalise
        self.in_features: int = grid.points
        self.out_features: int = grid.points

    @property
    def theory(self) -> Layer:
        """The layers."""
        return self.network.theory

    @property
    def theta(self) -> nn.Parameter:
        """Trainable values."""
        return self.network.theta

    @property
    def names(self) -> tuple[str, ...]:
        """Trainable parameters."""
        return self.network.names

    @property
    def seeds(self) -> tuple[int, ...] | None:
        """Of an ensemble; None for a single network."""
        return self.network.seeds if isinstance(self.network, Ensemble) else None

    @explained
    def __getitem__(self, k: int) -> "DensityNetwork":
        """Network k of an ensemble, with its own copy of the values.

        Raises
        ------
        ShapeError
            If it is a single network.
        """
        if not isinstance(self.network, Ensemble):
            raise ShapeError("a single network has no members; build it with seeds=range(n)")
        return DensityNetwork(self.network[k], self.grid, self.normalise)

    def __iter__(self) -> Iterator["DensityNetwork"]:
        return (self[k] for k in range(len(self.seeds or ())))

    def evaluate(self, theta: torch.Tensor, p: torch.Tensor) -> torch.Tensor:
        """The map as a pure function of its parameters, for torch.func."""
        return NORMALISATIONS[self.normalise](self.network.evaluate(theta, p), self.grid)

    def forward(self, p: Any) -> torch.Tensor:
        """Densities from densities."""
        return NORMALISATIONS[self.normalise](self.network(p), self.grid)

    @torch.no_grad()
    @explained
    def flow(self, p: Any, steps: int) -> torch.Tensor:
        """p, f(p), f(f(p)), ..., stacked on a new first axis of size steps + 1.

        For an ensemble the states are (S, n, points) from the start.

        Raises
        ------
        ShapeError
            If steps is no integer from 0 up.
        """
        if not isinstance(steps, int) or isinstance(steps, bool) or steps < 0:
            raise ShapeError(f"flow: steps is {steps!r}; give an integer from 0 up")
        p = as_tensor(p, "flow: p").to(self.theta)
        if self.seeds is not None:
            if p.ndim not in (2, 3):
                raise ShapeError(
                    f"flow: p has shape {tuple(p.shape)}; an ensemble takes (n, points)"
                )
            p = p.expand(len(self.seeds), *p.shape[-2:])
        states = [p]
        for _ in range(steps):
            states.append(self(states[-1]))
        return torch.stack(states)

    def plot(self, target: SelfConvolution, densities: Any, steps: int = 4) -> "Figure":
        """Learned and exact densities, once and iterated; see `plotting.density_figure`."""
        from numerics.plotting import density_figure

        return density_figure(self, target, densities, steps)

    def __repr__(self) -> str:
        first, *rest = repr(self.network).split("\n")
        head = f"DensityNetwork on {self.grid!r}, normalise={self.normalise!r}"
        return "\n".join([head, f"  {first}", *rest])

    def _repr_html_(self) -> str:
        rows = [("grid", repr(self.grid)), ("normalise", self.normalise)]
        return card("Network of densities", facts(rows), Markup(self.network._repr_html_()))
