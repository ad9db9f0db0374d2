"""The linearised map at a density, and a network that is the map itself."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import torch

from cumulant_theory import activations, layers
from cumulant_theory.algebra import check_order
from cumulant_theory.arguments import answer_of, brief, explained
from cumulant_theory.errors import DomainError, ShapeError
from numerics.networks import Network, build

from .grid import Grid, real_array
from .selfconvolution import SelfConvolution


@explained
def linearised_spectrum(
    map: Callable[[Any], Any], p: Any, count: int | None = None
) -> np.ndarray:
    """Eigenvalues of the derivative of a map at a density, largest modulus first.

    Parameters
    ----------
    map : callable
        Of tensors (points,), exact or learned.
    p : array or tensor (points,)
        A fixed point, for the eigenvalues to mean something.
    count : int, optional
        How many; default all.

    Returns
    -------
    array (count,), complex

    Notes
    -----
    The block sum at a centred normal law and s = 1/2 has b^{1 - r/2} with eigenfunctions
    He_r times the density: b for the mass (r = 0), sqrt(b) for the mean, 1 for the variance, and
    the irrelevant ones. A network of normalised output has 0 in place of b.

    Raises
    ------
    ShapeError
        If the density is no vector.

    References
    ----------
    G. Jona-Lasinio, Phys. Rep. 352, 439 (2001); J. P. Sethna, Entropy, Order Parameters, and
    Complexity (2021), chapter 12.

    Examples
    --------
    >>> target = SelfConvolution(Grid(64, 8), 2)
    >>> linearised_spectrum(target, hermite_direction(target.grid, 0), 4).real.round(4).tolist()
    [2.0, 1.4142, 1.0, 0.7071]
    """
    if isinstance(map, SelfConvolution):
        map = replace(map, limit=None)
    p = p if isinstance(p, torch.Tensor) else torch.as_tensor(
        real_array(p, "linearised_spectrum: the density"))
    if p.ndim != 1:
        raise ShapeError(f"linearised_spectrum: the density has shape {tuple(p.shape)}; give one")
    image, jacobian = answer_of(
        lambda p: (map(p), torch.func.jacrev(map)(p)), [p], f"linearised_spectrum of {brief(map)}",
        "pass a map of tensors that torch.func can trace",
    )
    if image.shape != p.shape:
        raise ShapeError(
            f"linearised_spectrum: the image has shape {tuple(image.shape)}, the density "
            f"{tuple(p.shape)}; pass a map of densities on one grid"
        )
    values = np.linalg.eigvals(jacobian.detach().cpu().numpy())
    return values[np.argsort(-np.abs(values), kind="stable")][:count]


@explained
def hermite_direction(grid: Grid, r: int, scale: float = 1.0) -> np.ndarray:
    """He_r(x / scale) times the density of N(0, scale^2), on a grid.

    Raises
    ------
    DomainError
        If the scale is not positive, or so far from the grid that the values are not finite.

    Examples
    --------
    >>> hermite_direction(Grid(5, 2), 1).round(3).tolist()
    [-0.108, -0.242, 0.0, 0.242, 0.108]
    """
    r = check_order(r, "hermite_direction", 0)
    if not 0 < float(scale) < np.inf:
        raise DomainError(f"hermite_direction: scale is {scale!r}; give a positive number")
    scale = float(scale)
    coefficients = np.zeros(r + 1)
    coefficients[r] = 1
    with np.errstate(all="ignore"):
        u = grid.x / scale
        normal = np.exp(-(u**2) / 2) / (scale * np.sqrt(2 * np.pi))
        found = np.polynomial.hermite_e.hermeval(u, coefficients) * normal
    if not np.isfinite(found).all():
        raise DomainError(
            f"hermite_direction: He_{r} at scale={scale:g} leaves the finite numbers on {grid!r}; "
            "take a scale between its spacing and its width"
        )
    return found


@explained
def power_network(target: SelfConvolution) -> Network:
    r"""Free linear, pointwise power b, free linear: the weights for which this is the map.

    Parameters
    ----------
    target : SelfConvolution
        On a grid of moderate size: there are some 2 b^2 points^2 weights.

    Returns
    -------
    Network
        Of 2 b hidden units for each frequency.

    Notes
    -----
    The first layer takes Fourier amplitudes $\hat p_k$ in rotated directions, the second one puts
    $\hat p_k^b$ together and interpolates: with $\alpha_m = \pi m / b$,

    .. math:: \mathrm{Re}\,z^b = \frac{2^{b-1}}{b} \sum_{m<b} (-1)^m
              \bigl(\mathrm{Re}(z\,e^{-i\alpha_m})\bigr)^b,

    and the imaginary part is the real one of $(z\,e^{-i\pi/2b})^b$. So one hidden layer can be the
    map for every block size, and what a tied or trained network lacks is no lack of depth.

    Examples
    --------
    >>> target = SelfConvolution(Grid(16, 4), 2)
    >>> network = power_network(target)
    >>> p = torch.as_tensor(hermite_direction(target.grid, 0))
    >>> bool(torch.allclose(network(p), target(p), atol=1e-14))
    True
    """
    grid, b = target.grid, target.b
    lookup = target.lookup
    k = np.arange(len(lookup.cos))
    angle = 2 * np.pi / lookup.period * np.mod(np.outer(k, np.arange(grid.points)), lookup.period)
    turns = np.pi / b * np.arange(b)
    # Re(p^_k e^{-i turn}) with p^_k = sum_j p_j e^{-i angle}
    real = np.cos(angle[:, None] + turns[:, None])
    imaginary = np.cos(angle[:, None] + (turns + np.pi / (2 * b))[:, None])
    first = np.concatenate([real, imaginary], axis=1).reshape(-1, grid.points)
    signs = 2.0 ** (b - 1) / b * (-1.0) ** np.arange(b)
    scale = target.dilation * grid.spacing ** (b - 1)
    parts = [scale * np.einsum("ki,m->ikm", t, signs) for t in (lookup.cos, -lookup.sin)]
    second = np.concatenate(parts, axis=2).reshape(grid.points, -1)
    net = (
        layers.Linear(grid.points, len(first))
        >> layers.Pointwise(activations.Polynomial([0] * b + [1]))
        >> layers.Linear(len(first), grid.points)
    )
    network = build(net)
    values = np.concatenate([first.ravel(), second.ravel()])
    with torch.no_grad():
        network.theta.copy_(torch.from_numpy(values))
    return network
