"""Exact real points of a variety with small coordinates."""

from collections.abc import Callable, Iterator, Sequence
from random import Random
from typing import Any

import sympy as sp

from ..errors import TimeLimitError
from ..varieties import Ideal, time_limit

Point = dict[sp.Symbol, sp.Expr]
Accept = Callable[[Ideal], bool]
Part = Callable[[Random | None], Ideal | None]

_VALUES = (0, 1, -1, 2, sp.Rational(1, 2), -2, 3)
_DIVES = 8


def real_point(
    ideal: Ideal, parameters: Sequence[sp.Symbol], roots: Sequence[sp.Symbol],
    accept: Accept | None = None, part: Part | None = None, *, seed: int = 0, seconds: float = 5,
) -> tuple[Point, Ideal] | None:
    """A real point that suits, with its maximal ideal, found by trial; None proves nothing.

    Small numbers are given to one parameter after the other until finitely many points are left.

    Parameters
    ----------
    ideal
        In the parameters and the roots.
    roots
        Variables that are positive.
    accept
        Whether a point, given by its maximal ideal, suits.
    part
        Makes smaller ideals in which to look as well.
    seed
        Of the choices.
    seconds
        That the trials may take together.

    Examples
    --------
    >>> x, y = sp.symbols("x y")
    >>> real_point(Ideal([x**2 + 2 * y**2 - 1], [x, y]), [x, y], [])[0]
    {x: 0, y: sqrt(2)/2}
    """
    random = Random(seed)
    try:
        with time_limit(seconds):
            for attempt in range(_DIVES):
                choice = random if attempt > 1 else None
                found = _attempt(ideal, parameters, roots, accept,
                                 part if attempt % 2 else None, choice, seconds / 3)
                if found is not None:
                    return found
    except TimeLimitError:
        pass
    return None


def _attempt(
    ideal: Ideal, parameters: Sequence[sp.Symbol], roots: Sequence[sp.Symbol],
    accept: Accept | None, part: Part | None, random: Random | None, seconds: float,
) -> tuple[Point, Ideal] | None:
    try:
        with time_limit(seconds):
            place = ideal if part is None else part(random)
            return None if place is None else dive(place, parameters, roots, accept, random)
    except TimeLimitError:
        return None


def dive(
    ideal: Ideal, parameters: Sequence[sp.Symbol], roots: Sequence[sp.Symbol],
    accept: Accept | None, random: Random | None,
) -> tuple[Point, Ideal] | None:
    """Fix parameters one by one while points are left; the simplest real point that remains."""
    order = list(parameters)
    if random:
        random.shuffle(order)
    for x in order:
        if ideal.dimension == 0:
            break
        values = list(_VALUES)
        if random:
            random.shuffle(values)
        for value in values:
            cut = ideal.add(x - value)
            if cut.dimension >= 0:
                ideal = cut
                break
    if ideal.dimension != 0:
        return None
    return min(_points(ideal, roots, accept), key=lambda found: _size(found[0]), default=None)


def _points(
    ideal: Ideal, roots: Sequence[sp.Symbol], accept: Accept | None
) -> Iterator[tuple[Point, Ideal]]:
    for prime in ideal.minimal_primes():
        if accept is not None and not accept(prime):
            continue
        for point in prime.real_points(positive=roots):
            yield point, prime


def any_point(
    ideal: Ideal, roots: Sequence[sp.Symbol], off: Sequence[Any], *, engine: str, seed: int = 0
) -> tuple[Point, Ideal] | None:
    """A real point where some polynomial of ``off`` does not vanish; None if there is none.

    Raises
    ------
    TimeLimitError
        If the decision does not end in time.

    Examples
    --------
    >>> x, y = sp.symbols("x y")
    >>> any_point(Ideal([x**2 + y**2], [x, y]), [], [x], engine="sympy") is None
    True
    """
    t = sp.Dummy("t")
    for f in off:
        away = Ideal([*ideal.generators, 1 - t * f], [*ideal.variables, t], engine=engine)
        if away.has_real_points(positive=roots):
            point = away.sample_real_point(seed, positive=roots)
            point.pop(t)
            return point, _maximal(ideal, point)
    return None


def _maximal(ideal: Ideal, point: Point) -> Ideal:
    """The maximal ideal of an algebraic point of the variety."""
    finite = ideal.add(*(sp.minimal_polynomial(value, x) for x, value in point.items()))
    return next(prime for prime in finite.minimal_primes() if point in prime.real_points())


def _size(point: Point) -> tuple[int, int, int]:
    irrational = [v for v in point.values() if not v.is_Rational]
    return (
        sum(v.has(sp.CRootOf) for v in irrational), len(irrational),
        len("".join(map(str, point.values()))),
    )
