r"""A law under block sums: its cumulants and density step by step, and a learned map beside it.

kappa_r after t steps is b^{t (1 - r s)} kappa_r; over kappa_2^{r/2} the exponent s drops out.
"""

from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np
import sympy as sp
from numpy.typing import NDArray

from cumulant_theory import laws
from cumulant_theory.algebra import check_at_most, check_order
from cumulant_theory.arguments import explained
from cumulant_theory.errors import CumulantError, DomainError, OrderError
from cumulant_theory.latex.html import card
from cumulant_theory.laws import Law
from cumulant_theory.layers import BlockSum
from cumulant_theory.parsing import as_number
from cumulant_theory.rg import RGMap

from ..densities import Grid, SelfConvolution, affine_image, density

if TYPE_CHECKING:
    from cumulant_theory.layers import Layer

    from ..flows import FlowResult
    from ..networks import Ensemble, Network

__all__ = ["RGFlow", "known_laws", "rg_flow_data"]

_REACH, _FINE, _ATOM = 10.0, 20, 0.15  # in standard deviations: half width, points per one, blur
_MOST_POINTS = 2000
_RINGS = 0.01  # depth of a density below zero, of its height, that is not drawn
_HALF = sp.Rational(1, 2)


@dataclass(frozen=True, eq=False)
class RGFlow:
    """A law under repeated block sums.

    Attributes
    ----------
    law, b, s, steps, order
        As they were given.
    start
        kappa_1, ..., kappa_order of the law, exact.
    spectrum
        Of the block sum.
    cumulants
        After 0, ..., steps applications: array (steps + 1, order).
    x, densities
        Points, and the density of the centred variable over its standard deviation: array
        (steps + 1, points). None where there is none on a grid; ``why`` says what is missing.
    learned
        The flow of a network on the same law, or None.
    """

    law: Law
    b: int
    s: sp.Expr
    steps: int
    order: int
    start: tuple[sp.Expr, ...]
    spectrum: Any
    cumulants: NDArray[np.float64]
    x: NDArray[np.float64] | None
    densities: NDArray[np.float64] | None
    why: str
    learned: "FlowResult | None"

    @property
    def standardised(self) -> NDArray[np.float64]:
        """kappa_r / kappa_2^{r/2} after every step: array (steps + 1, order)."""
        powers = np.arange(1, self.order + 1) / 2
        return self.cumulants / self.cumulants[:, 1:2] ** powers

    def closed_form(self, r: int) -> sp.Expr:
        """kappa_r / kappa_2^{r/2} after t steps: its value for the law times b^{t (1 - r/2)}."""
        r = check_order(r, "closed_form")
        if r > self.order:
            raise OrderError(f"closed_form: order {r}; orders 1 to {self.order} were followed")
        value = sp.radsimp(self.start[r - 1] / self.start[1] ** sp.Rational(r, 2))
        factor = sp.Integer(self.b) ** (sp.Symbol("t") * (1 - sp.Rational(r, 2)))
        if 1 in (value, factor) or value == 0:
            return value * factor
        return sp.Mul(value, factor, evaluate=False)  # as written, powers of b not collected

    def __repr__(self) -> str:
        return (f"RGFlow({self.law!r}, b={self.b}, s={self.s}, steps={self.steps}, "
                f"order={self.order})")

    def _repr_html_(self) -> str:
        from .flows import tables

        return card(f"{self.law.label} under sums of {self.b}", tables(self))


def known_laws(order: int = 4) -> dict[str, Law]:
    """One law of every registered kind that has numbers as cumulants, by label.

    Examples
    --------
    >>> known_laws()["Exponential(1)"]
    Exponential(rate=1)
    """
    order, found = check_order(order, "known_laws"), {}
    for kind in laws.catalogue().values():
        law = kind(**kind.examples[0])
        if not law.free_symbols and law.sampling is not None and (
            law.max_order is None or law.max_order >= order
        ):
            found[law.label] = law
    return dict(sorted(found.items()))


@explained
@lru_cache(maxsize=64)
def rg_flow_data(
    law: Law, b: int = 2, s: float | Fraction | str | sp.Expr = _HALF, steps: int = 6,
    order: int = 4, network: "Network | Ensemble | Layer | RGMap | None" = None,
) -> RGFlow:
    """The flow of a law under the sum of b copies over b^s.

    Parameters
    ----------
    law : Law
        Without symbols, not a point mass.
    b : int, at least 2
    s : rational number
    steps : int, at least 1
    order : int, at least 2
    network : Network, Layer or RGMap, optional
        A learned map; b is then its number of inputs.

    Raises
    ------
    DomainError
        If a number is out of range, or the law has symbols or no variance.
    OrderError
        If the law lacks cumulants.

    Examples
    --------
    >>> found = rg_flow_data(laws.Exponential(1), steps=2)
    >>> found.standardised[:, 3].tolist(), found.closed_form(4)
    ([6.0, 3.0, 1.5], 6/2**t)
    """
    if not isinstance(law, Law) or law.free_symbols:
        raise DomainError(f"rg_flow: {law!r} is no law of one variable with numbers as parameters")
    learned = None if network is None else _learned(network, law, steps, order)
    if learned is not None:
        b = learned.b
    exponent = as_number(s, "rg_flow: s")
    if not exponent.is_real:
        raise DomainError(f"rg_flow: s is {exponent}; give a real number")
    for name, value, least in (("b", b, 2), ("steps", steps, 1), ("order", order, 2)):
        if not isinstance(value, int) or isinstance(value, bool) or value < least:
            raise DomainError(f"rg_flow: {name} is {value!r}; give an integer of at least {least}")
    check_at_most(steps, 1000, "rg_flow", "steps", "take fewer")
    start = tuple(law.cumulant(r) for r in range(1, order + 1))
    if not start[1].is_positive:
        raise DomainError(f"rg_flow: {law!r} has variance {start[1]}; take one with a spread")
    spectrum = RGMap(BlockSum(b, exponent)).spectrum(order)
    factors = np.array([float(e.value) for e in spectrum])
    times = np.arange(steps + 1)[:, None]
    cumulants: Any = np.array([float(k) for k in start]) * factors**times
    try:
        x, densities = _densities(law, float(start[0]), float(start[1]) ** 0.5, b, steps)
        why = ""
    except CumulantError as error:
        x, densities, why = None, None, str(error)
    return RGFlow(law, b, exponent, steps, order, start, spectrum, cumulants, x, densities, why,
                  learned)  # fmt: skip


def _learned(network: Any, law: Law, steps: int, order: int) -> "FlowResult":
    from ..flows import flow

    return flow(network, law, steps, order, samples=0)


def _densities(
    law: Law, mean: float, deviation: float, b: int, steps: int
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Densities of the centred variable at s = 1/2, which keeps its variance."""
    spacing = deviation / _FINE
    whole = round(abs(mean) / spacing)
    if whole:  # the mean is then a number of points, and a jump of the density is not blurred
        spacing = abs(mean) / whole
    half = int((abs(mean) + _REACH * deviation) / spacing) + 1
    if 2 * half + 1 > _MOST_POINTS:
        raise DomainError(f"the density of {law!r} is too narrow for its distance from zero")
    wide = Grid(2 * half + 1, half * spacing)
    p = density(law, wide, smoothing=_ATOM * deviation, limit=0.02)
    if whole:
        p = np.roll(p, -int(np.sign(mean)) * whole)
    elif mean:
        p = affine_image(p, wide, shift=-mean)
    near = int(_REACH * deviation / spacing) + 1
    near = min(near, half)
    grid = Grid(2 * near + 1, near * spacing)
    p = p[half - near : half + near + 1]
    step = SelfConvolution(grid, b, limit=None)
    flow = [grid.normalised(p)]
    for _ in range(steps):  # mass and mean are relevant: what the grid does to them would grow
        p = grid.normalised(step(flow[-1]))
        p = affine_image(p, grid, shift=-float(grid.mass(grid.x * p)))
        flow.append(grid.normalised(p))
    if any(p.min() < -_RINGS * p.max() for p in flow):
        raise DomainError(f"the density of {law!r} is too peaked for a grid: sums ring below zero")
    return grid.x / deviation, np.stack(flow) * deviation
