"""How much larger the pointwise risk is on the test law than on the training law."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sympy as sp

from ..algebra import symbols_in
from ..arguments import explained
from ..derivation import Equation
from ..latex.html import Record
from ..layers import Layer
from ..varieties import rationalised
from .components import with_radicals
from .equations import split
from .landscape import StationaryFamily, StationaryPoint, stationary_points
from .losses import check_symbols, gradient
from .risk import risk


@explained
def risk_gap(network: Layer, target: Layer, train: Any, test: Any) -> sp.Expr:
    """Test risk minus training risk, E_test (f - R)^2 - E_train (f - R)^2.

    Parameters
    ----------
    network, target
        f and R, with the same number of input units and one output unit.
    train, test
        Input laws. A symbol in both is one number: name their symbols apart where they differ.

    Returns
    -------
    sympy.Expr
        Exact, a polynomial in the parameters and the cumulants of both laws.

    Raises
    ------
    ShapeError
        If the widths do not fit.
    DomainError
        If a parameter of the network occurs in a law or the target.

    Examples
    --------
    >>> from cumulant_theory import laws, layers
    >>> unit = layers.Linear(2, 1, weight=[["w", "w"]])
    >>> train, test = (laws.Generic(k, centred=True) for k in ("kappa", "lambda"))
    >>> sp.factor(risk_gap(unit, layers.Sum(2), train, test))
    -2*(kappa_2 - lambda_2)*(w - 1)**2
    """
    difference = sp.expand(risk(network, target, test) - risk(network, target, train))
    for law in (train, test):
        check_symbols(network, target, law, 2)
    return difference


@dataclass(frozen=True)
class GapAtMinimum(Record):
    """Minimisers of the training risk and the gap there.

    Attributes
    ----------
    equations
        They define the minimisers in the parameters.
    train_risk
        Training risk there.
    gap
        Test risk minus training risk there. It holds parameters where it is not constant on the
        minimisers.
    proved
        Whether it is proved that the training risk has its minimum there. Otherwise these are the
        stationary points of least risk, and a smaller risk could be approached at infinity alone.
    """

    equations: tuple[Equation, ...]
    train_risk: sp.Expr
    gap: sp.Expr
    proved: bool

    @property
    def test_risk(self) -> sp.Expr:
        """Test risk there."""
        return self.train_risk + self.gap


@explained
def gap_at_minimum(
    network: Layer, target: Layer, train: Any, test: Any, *, seconds: float = 30,
    engine: str = "auto",
) -> list[GapAtMinimum]:
    """The gap at the minimisers of the training risk.

    Parameters
    ----------
    network, target
        f and R, with the same number of input units and one output unit.
    train, test
        Input laws. Where the risk has degree two in the parameters (a linear unit), they may have
        symbols, and the answer holds for generic values of these. Otherwise the training law and
        the target need numbers.
    seconds, engine
        As for :func:`~cumulant_theory.generalisation.stationary_points`.

    Returns
    -------
    list of GapAtMinimum
        One entry per isolated minimiser or family of minimisers, none without stationary points.

    Raises
    ------
    ShapeError, DomainError, TimeLimitError
        As :func:`risk_gap` and :func:`~cumulant_theory.generalisation.stationary_points`.

    Notes
    -----
    For a linear unit whose weights are tied to a subspace with orthogonal projection P, a linear
    target r . x and centred independent inputs the gap is
    (sigma_test^2 - sigma_train^2) |r - P r|^2.

    Examples
    --------
    >>> from cumulant_theory import laws, layers
    >>> unit = layers.Linear(2, 1, weight=[["w", "w"]])
    >>> r = layers.Linear(2, 1, weight=[[1, 3]])
    >>> (found,) = gap_at_minimum(unit, r, laws.Normal(0, "sigma"), laws.Normal(0, "tau"))
    >>> found.equations[0].eq, sp.expand(found.gap)
    (Eq(w, 2), -2*sigma**2 + 2*tau**2)
    """
    difference = risk_gap(network, target, train, test)
    loss = risk(network, target, train)
    parameters = network.parameters
    slopes = gradient(loss, parameters)
    if loss.is_polynomial(*parameters) and sp.Poly(loss, *parameters).total_degree() <= 2:
        return [_of_linear(loss, difference, list(slopes.values()), parameters)]
    landscape = stationary_points(
        loss, parameters, seconds=seconds, engine=engine, radicals=[difference]
    )
    found = []
    for part in landscape.least:
        gap = _on(part, difference)
        found.append(GapAtMinimum(part.equations, part.loss, gap, part.loss == 0))
    return found


def _of_linear(
    loss: sp.Expr, difference: sp.Expr, slopes: Sequence[sp.Expr], parameters: Sequence[sp.Symbol]
) -> GapAtMinimum:
    # a square is bounded below, so that its normal equations have a solution
    solutions: Any = sp.linsolve(slopes, *parameters)
    (solution,) = solutions
    values: Mapping[Any, Any] = {
        p: sp.simplify(e) for p, e in zip(parameters, solution, strict=True) if p != e
    }
    least, gap = (
        sp.factor(sp.simplify(sp.expand(e.xreplace(dict(values))))) for e in (loss, difference)
    )
    return GapAtMinimum(tuple(Equation(p, e) for p, e in values.items()), least, gap, True)


def _on(part: StationaryPoint | StationaryFamily, f: sp.Expr) -> sp.Expr:
    """A polynomial on stationary points, each coefficient as simple as their ideal makes it."""
    radicals = dict(part.component.radicals)
    own = {*part.component.ideal.variables}
    by = split(f, [s for s in symbols_in(f) if s not in own])
    inside, _ = rationalised([*by.values(), *radicals.values()])
    total = sp.S.Zero
    for function, e in zip(by, inside, strict=False):
        rest = part.component.ideal.reduce(e)
        if isinstance(part, StationaryPoint):
            rest = sp.simplify(sp.expand(rest.xreplace(dict(part.values))))
        total += function * sp.expand(with_radicals(rest, radicals))
    return total
