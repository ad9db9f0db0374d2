"""Linear RG maps: cumulants do not mix, and everything is exact at all orders."""

from collections.abc import Sequence
from typing import Any

import sympy as sp

from ..errors import NoClosedFormError
from ..layers import BlockSum, Layer
from .fixed_points import conditions_on
from .results import FixedPoint, law_name
from .spectrum import Eigenvalue, Spectrum, clt_eigenvalue, kind_of


def is_symbolic(layer: Layer) -> bool:
    """Whether it is a block sum of symbolic size."""
    return isinstance(layer, BlockSum) and layer.is_symbolic


def kind(layer: Layer, r: int, value: sp.Expr) -> str:
    """Relevant, marginal, irrelevant or undecided: the eigenvalue of order r."""
    if isinstance(layer, BlockSum) and layer.weights is None:
        return "marginal" if layer.b == 1 else kind_of(1 - r * layer.s)
    return kind_of(sp.Abs(value) - 1)


def linear_spectrum(
    layer: Layer, values: Sequence[sp.Expr], b: Any, gaussian: bool = True
) -> Spectrum:
    """The eigenvalues of a linear map, with Hermite eigenfunctions where it fixes Gaussians.

    Parameters
    ----------
    layer
        The map.
    values
        Its eigenvalues, order by order.
    b
        Block size.
    gaussian
        Whether the eigenvalue of order 2 is 1, so that the map fixes Gaussians.

    Examples
    --------
    >>> linear_spectrum(BlockSum(4), [sp.Integer(2), sp.Integer(1)], 4)[2].eigenfunction
    sqrt(2)*(x**2 - 1)*exp(-x**2/2)/(2*sqrt(pi))
    """
    x = sp.Symbol("x")
    density = sp.exp(-(x**2) / 2) / sp.sqrt(2 * sp.pi)
    found = []
    for r, value in enumerate(values, 1):
        hermite = sp.expand(2 ** sp.Rational(-r, 2) * sp.hermite(r, x / sp.sqrt(2)))
        found.append(Eigenvalue(
            r, value, kind(layer, r, value), hermite * density if gaussian else None,
            clt_eigenvalue(b, r),
        ))
    hypotheses = (f"{b} is an integer above 1",) if is_symbolic(layer) else ()
    return Spectrum(tuple(found), hypotheses, matrix=sp.ImmutableMatrix(sp.diag(*values)))


def linear_fixed_point(
    layer: Layer, values: Sequence[sp.Expr], images: Sequence[sp.Expr]
) -> FixedPoint:
    """The fixed law of a linear map, or the family of them.

    Parameters
    ----------
    layer
        The map.
    values
        Its eigenvalues, order by order.
    images
        kappa_r', order by order.

    Raises
    ------
    NoClosedFormError
        If there is none.
    """
    cumulants: dict[int, sp.Expr] = {}
    hypotheses: list[str] = []
    for r, (factor, image) in enumerate(zip(values, images, strict=True), 1):
        kappa = sp.Symbol(f"kappa_{r}")
        shift = sp.expand(image - factor * kappa)
        found = kind(layer, r, factor)
        is_one = sp.simplify(factor - 1) == 0  # a factor of -1 is marginal too
        if is_one and shift != 0:
            raise NoClosedFormError(
                f"RGMap({layer!r}) has no fixed point: kappa_{r}' = kappa_{r} + {shift}"
            )
        cumulants[r] = kappa if is_one else sp.simplify(shift / (1 - factor))
        if found == "undecided" and not is_one:
            hypotheses.append(f"{factor} is not 1")
    possible, reason, conditions = conditions_on(cumulants)
    return FixedPoint(
        cumulants, law_name(cumulants), (*hypotheses, *conditions), realisable=possible,
        reason=reason,
    )
