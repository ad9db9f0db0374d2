"""What the branches of the training variety say of networks that match cumulants exactly."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np

from cumulant_theory.errors import DomainError, NoClosedFormError, OrderError, TimeLimitError
from cumulant_theory.generalisation import Analysis, analyse
from cumulant_theory.generalisation.coordinates import Coordinates
from cumulant_theory.layers import BlockSum
from cumulant_theory.parsing import parse_activation, parse_law

from ..witnesses import branch_of
from .cells import Cell
from .networks import degree, network

__all__ = ["DECIDED", "FAILS", "GENERALISES", "NO_FIT", "NO_MOMENTS", "OFF", "UNDECIDED",
           "Verdicts", "analysed", "concerns", "verdicts"]

FAILS, GENERALISES = "fails", "generalises"
DECIDED, UNDECIDED, NO_FIT = "decided", "undecided", "no parameters fit"
NO_MOMENTS, OFF = "too few moments", "on no branch"

# In more unknowns Groebner bases rarely end, and a limit on time alone would let the load of the
# machine decide what is predicted. What is tried ends in about a second.
_MOST_UNKNOWNS = 4
_SECONDS = 30
# of the equations of a branch; mirror images are further apart by three decades
_TOLERANCE = 1e-3


@dataclass(frozen=True)
class Verdicts:
    """Of the networks of one cell on one law.

    Attributes
    ----------
    predicted
        ``fails``, ``generalises`` or None, one per network.
    algebra
        One per network: ``decided``, or why there is no prediction: ``undecided`` (the algebra has
        too many unknowns or does not end), ``no parameters fit`` (the training law, so no branch
        says where training ends), ``too few moments`` (of the test law), ``on no branch`` (the
        branches differ and training ended on none).
    """

    predicted: tuple[str | None, ...]
    algebra: tuple[str, ...]


def concerns(cell: Cell) -> bool:
    """Whether a cell matches cumulants exactly with polynomials that linear theory leaves out.

    Examples
    --------
    >>> [concerns(Cell("shared", phi, 2, 1, 1, "law", "exact", "G"))
    ...  for phi in ("identity", "quadratic", "relu")]
    [False, True, False]
    """
    linear = cell.activation == "identity" and cell.depth == 1
    return (cell.loss == "law" and cell.method == "exact" and not cell.soft and not linear
            and parse_activation(cell.activation).coefficients is not None)


def analysed(cell: Cell, train: str, test: str, order: int) -> Analysis | None:
    """Branches of a cell's training variety and the test residuals on them, by SymPy alone.

    Parameters
    ----------
    cell
        The kind of network.
    train, test
        Texts of the laws.
    order
        Of the cumulants that are matched and compared.

    Returns
    -------
    Analysis or None
        None where there are too many unknowns, or the residuals have no rational closed form.

    Examples
    --------
    >>> cell = Cell("shared", "quadratic", 2, 1, 1, "law", "exact", "G")
    >>> found = analysed(cell, "normal(0, 1)", "exponential(1)", 4)
    >>> [branch.generalises for branch in found.branches]
    [True, False]
    """
    return _analysed(cell.weights, cell.activation, cell.b, cell.width, cell.depth, train, test,
                     order)


@lru_cache(maxsize=1024)
def _analysed(
    weights: str, activation: str, b: int, width: int, depth: int, train: str, test: str,
    order: int,
) -> Analysis | None:
    net = network(weights, activation, b, width, depth)
    if len(net.parameters) == 0 or len(Coordinates(net).unknowns) > _MOST_UNKNOWNS:
        return None
    try:
        return analyse(net, BlockSum(b), parse_law(train), parse_law(test), order,
                       seconds=_SECONDS, engine="sympy")
    except (DomainError, NoClosedFormError, OrderError, TimeLimitError):
        return None


def verdicts(
    cell: Cell, train: str, test: str, order: int, values: Mapping[Any, Any], networks: int
) -> Verdicts:
    """What theory says of trained networks on a test law.

    Where all branches agree the verdict holds for every network that fits; where they do not, the
    branch on which a network ended decides. A network is said to fail on a branch if a test
    residual does not vanish identically there, that is, at all points of it but a null set.

    Parameters
    ----------
    cell
        The kind of network; see :func:`concerns`.
    train, test
        Texts of the laws.
    order
        Of the cumulants that are matched and compared.
    values
        Parameter -> its values (S,) after training.
    networks
        S.

    Examples
    --------
    >>> cell = Cell("shared", "quadratic", 2, 1, 1, "law", "exact", "G")
    >>> found = network("shared", "quadratic", 2, 1, 1).parameters
    >>> found
    (W__1, alpha__1, W__2, c__2)
    >>> half = 2 ** -0.5
    >>> right_then_mirror = dict(zip(found, ([half, half], [0, 0], [1, -1], [0, 0])))
    >>> verdicts(cell, "normal(0, 1)", "exponential(1)", 4, right_then_mirror, 2).predicted
    ('generalises', 'fails')
    """
    limit = parse_law(test).max_order
    if limit is not None and limit < order * degree(cell.activation) ** cell.depth:
        return _all(None, NO_MOMENTS, networks)
    found = analysed(cell, train, test, order)
    if found is None:
        return _all(None, UNDECIDED, networks)
    if found.fits is False:
        return _all(None, NO_FIT, networks)
    words = {True: GENERALISES, False: FAILS, None: None}
    said = [None if b.realised is False else words[b.generalises] for b in found.branches]
    possible = {word for b, word in zip(found.branches, said, strict=True)
                if b.realised is not False}
    if not found.branches or None in possible:
        return _all(None, UNDECIDED, networks)
    if len(possible) == 1:
        return _all(possible.pop(), DECIDED, networks)
    ends = np.broadcast_to(branch_of(found, values, _TOLERANCE), (networks,))
    predicted = tuple(None if k < 0 else said[k] for k in ends)
    return Verdicts(predicted, tuple(OFF if word is None else DECIDED for word in predicted))


def _all(word: str | None, why: str, networks: int) -> Verdicts:
    return Verdicts((word,) * networks, (why,) * networks)
