r"""Which symmetries the central-limit map has on densities, and how far any map is from them.

With translations $(\tau_a p)(x) = p(x - a)$, dilations $(D_c p)(x) = p(x / c) / |c|$ and
$\hat p(t) = E\,e^{itx}$, the map is $\widehat{R[p]}(t) = \hat p(t\,b^{-s})^b$. So

- $R D_c = D_c R$ for every $c \ne 0$; $c = -1$ is the reflection, a permutation of the grid;
- $\widehat{\tau_a p} = e^{ita} \hat p$ gives $R\,\tau_a = \tau_{b^{1-s} a} R$: shifts grow, and $R$
  is translation equivariant at $s = 1$ alone;
- permutations of the grid points other than the reflection are no symmetry, as a sum of two points
  is not kept;
- $R[m p] = m^b R[p]$: a homogeneous polynomial of degree $b$ in the values of $p$.

A circulant network $f$ commutes with cyclic translations, so its errors on $p$ and on $\tau_a p$
add up to $|\tau_a R[p] - R[\tau_a p]|$ at least, not zero at $s \ne 1$; centred laws alone do not
show it. Nor does a pointwise square between circulant layers give the convolution $p * p$, which
is $\hat p(t)^2$: a product at each point is a convolution in Fourier space. The square has to act
on Fourier amplitudes, which are free linear layers; see :func:`numerics.densities.power_network`.

What training leaves open: with $E p = (p + D_{-1} p) / 2$ the map $R \circ E$ commutes with the
reflection and is $R$ on every symmetric law, but it makes every skewed law symmetric. And the
identity is $R$ on centred normal laws at $s = 1/2$. So neither family alone determines the map.
"""

from collections.abc import Callable
from typing import Any

import numpy as np

from cumulant_theory.arguments import answer_of, explained
from cumulant_theory.errors import DomainError, ShapeError

from ..sampling import generator
from .grid import Grid
from .selfconvolution import SelfConvolution, affine_image

Map = Callable[[Any], Any]


@explained
def equivariance_defect(
    map: Map, p: Any, grid: Grid, before: Map, after: Map | None = None
) -> float:
    """Largest |map(before(p)) - after(map(p))| / |map(p)| over the densities, in L2.

    Parameters
    ----------
    map : callable
        Of densities, exact or learned.
    p : array or tensor (..., points)
    grid : Grid
    before : callable
        Action of a group element on the densities that go in.
    after : callable, optional
        Its action on those that come out; default the same.

    Returns
    -------
    float

    Raises
    ------
    ShapeError
        If the map gives something else than densities on the grid.
    DomainError
        If it gives zero or NaN.

    Examples
    --------
    >>> grid = Grid(65, 8)
    >>> p = np.exp(-(grid.x - 0.5) ** 2)
    >>> target = SelfConvolution(grid, 2)
    >>> equivariance_defect(target, p, grid, lambda p: affine_image(p, grid, -1)) < 1e-12
    True
    """
    after = after or before
    def image(action: Map, q: Any) -> Any:
        return grid.checked(answer_of(action, [q], "equivariance_defect", "pass maps of densities"))

    p = grid.checked(p)
    plain, moved = image(map, p), image(map, image(before, p))
    if plain.shape != moved.shape:
        raise ShapeError(f"the map gives the shapes {tuple(plain.shape)} and {tuple(moved.shape)}")
    turned = image(after, plain)
    gap, size = ((moved - turned) ** 2).sum(-1), (plain**2).sum(-1)
    if not (size.min().item() > 0 and np.isfinite(gap.max().item())):
        raise DomainError("the map sends a density to zero, or to values that are not finite")
    return (gap / size).max().item() ** 0.5


@explained
def symmetry_defects(
    target: SelfConvolution, p: Any, map: Map | None = None, *, shift: int = 1,
    scale: float = 1.1, seed: int = 0,
) -> dict[str, float]:
    """Defects of a map under the symmetries in question.

    Parameters
    ----------
    target : SelfConvolution
        The exact map: its grid, b and s.
    p : array or tensor (..., points)
        Densities that stay on the grid when shifted and dilated.
    map : callable, optional
        The map looked at; default the exact one.
    shift : int
        Of the translation, in grid points.
    scale : float
        Of the dilation.
    seed : int
        Of the permutation of grid points.

    Returns
    -------
    dict
        ``reflection``, ``dilation``, ``translation``, ``stretched translation`` (a before,
        b^{1-s} a after), ``permutation``; zero for a symmetry.

    Raises
    ------
    DomainError
        If the shift is no integer or a density leaves the grid.

    Examples
    --------
    >>> target = SelfConvolution(Grid(65, 8), 2)
    >>> p = np.exp(-target.grid.x**2 / 2) * (1 + 0.3 * np.sin(target.grid.x))
    >>> {name: defect < 1e-9 for name, defect in symmetry_defects(target, p).items()}
    {'reflection': True, 'dilation': True, 'translation': False, 'stretched translation': True, \
'permutation': False}
    """
    if not isinstance(shift, int) or isinstance(shift, bool) or not shift:
        raise DomainError(f"symmetry_defects: shift is {shift!r}; give an integer other than 0")
    grid = target.grid
    distance = shift * grid.spacing
    growth = target.b / target.dilation
    order = generator(seed).permutation(grid.points)

    def image(**options: float) -> Map:
        return lambda q: affine_image(q, grid, **options)

    pairs: dict[str, tuple[Map, Map | None]] = {
        "reflection": (lambda q: q[..., grid.points - 1 - np.arange(grid.points)], None),
        "dilation": (image(scale=scale), None),
        "translation": (image(shift=distance), None),
        "stretched translation": (image(shift=distance), image(shift=growth * distance)),
        "permutation": (lambda q: q[..., order], None),
    }
    if map is None:
        map = SelfConvolution(grid, target.b, target.s, limit=None)  # permuted ones leave the grid
    return {
        name: equivariance_defect(map, p, grid, before, after)
        for name, (before, after) in pairs.items()
    }
