"""All real points of a zero-dimensional ideal in boxes, found by msolve."""

from collections.abc import Iterable, Sequence
from fractions import Fraction
from typing import Any

import sympy as sp

from ..algebra.clock import time_limit
from ..algebra.expressions import exact
from ..arguments import explained
from ..errors import DomainError, EngineError
from . import _msolve
from ._certificates import CertifiedPoint, make_point
from ._intervals import Box, Polynomials
from ._newton import independent_places, newton, proven_box
from ._rings import element, make_ring

_BITS = 160


@explained
def real_boxes(
    generators: Iterable[Any], variables: Sequence[sp.Symbol], *,
    positive: Iterable[sp.Symbol] = (), seconds: float = 60,
) -> list[CertifiedPoint]:
    """All real points of a zero-dimensional ideal in boxes of rational numbers.

    msolve [1]_ finds the points, far faster than they are found exactly; that there are no others
    rests on it, and its modular methods are right with high probability. Each point is proven
    here again where the Jacobian matrix has full rank, see :attr:`CertifiedPoint.proven`.

    Parameters
    ----------
    generators
        Exact polynomials in the variables.
    variables
        All symbols of the generators.
    positive
        Variables that are positive.
    seconds
        Time limit.

    Raises
    ------
    DomainError
        If the ideal has parameters or positive dimension.
    MissingDependencyError
        If msolve is not installed.
    TimeLimitError
        If the time limit passes.
    EngineError
        If msolve fails or contradicts itself.

    References
    ----------
    .. [1] J. Berthomieu, C. Eder, M. Safey El Din, *msolve: A Library for Solving Polynomial
       Systems*, ISSAC (2021).
    """
    names = tuple(variables)
    given = [exact(g, "generator") for g in generators]
    extra = {s for g in given for s in g.free_symbols} - set(names)
    wanted = tuple(positive)
    if extra or not set(wanted) <= set(names):
        raise DomainError(
            f"symbols {sorted(map(str, extra or wanted))} beside the variables {names}; the real "
            "points depend on parameters, so give these values"
        )
    ring = make_ring(names, ())
    elements = [g for g in (element(ring, g) for g in given) if g]
    signs = [names.index(x) for x in wanted]
    if not elements:
        raise DomainError(f"no equation in {names}, so the real points are no finite list")
    with time_limit(seconds):
        boxes = _msolve.real_boxes(elements, ring, _BITS)
        for i in signs:
            boxes = _positive(boxes, i, elements, ring)
        return [_point(box, elements, ring) for box in boxes]


def _positive(boxes: list[Box], i: int, elements: Sequence[Any], ring: Any) -> list[Box]:
    """Boxes of points whose coordinate is positive; a box about 0 is that of a zero coordinate."""
    near = [box for box in boxes if box[i][0] <= 0 <= box[i][1]]
    if near:
        zero = _msolve.real_boxes([*elements, ring.gens[i]], ring, _BITS)
        if len(zero) != len(near):
            raise EngineError(
                f"msolve did not separate {ring.symbols[i]} from 0: {len(near)} boxes reach 0, but "
                f"{len(zero)} points have {ring.symbols[i]} = 0"
            )
    return [box for box in boxes if box[i][0] > 0]


def _point(box: Box, elements: Sequence[Any], ring: Any) -> CertifiedPoint:
    """The point of a box, with what is proven about it."""
    system = Polynomials(elements)
    middle = [(low + high) / 2 for low, high in box]
    rows, places = independent_places(system, middle, _BITS)
    if len(places) == ring.ngens:
        square = Polynomials([elements[i] for i in rows])
        near = newton(square, middle, places, _BITS)
        proven = None if near is None else proven_box(square, near, places, _BITS)
        if proven is not None and _agree(proven, box):
            return make_point(ring, proven, elements, rows, square, places, 2 * _BITS)
    return make_point(ring, box, elements, (), Polynomials([]), (), 2 * _BITS)


def _agree(first: Box, second: Box) -> bool:
    slack = Fraction(1, 1 << (_BITS // 2))
    return all(
        a <= d + slack and c <= b + slack
        for (a, b), (c, d) in zip(first, second, strict=True)
    )
