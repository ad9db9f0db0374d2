"""All real fixed points of a truncated RG map, and which of them a law can have."""

from collections.abc import Mapping
from typing import Any

import sympy as sp

from ..errors import DomainError
from ..laws.moment_problem import obstruction
from ..varieties import Ideal, rationalised, time_limit
from ..varieties.decimals import approximate, is_small, shown
from .results import FixedPoint, law_name
from .truncated import TruncatedMap

_NAMES = ("Gaussian", "point mass", "other")


def fixed_points(truncated: TruncatedMap, seconds: float = 60) -> list[FixedPoint]:
    """All real solutions of T(kappa) = kappa.

    Parameters
    ----------
    truncated
        Without parameters.
    seconds
        Time limit.

    Returns
    -------
    list of FixedPoint
        Isolated points exactly, sets of positive dimension as families: those that a law can have
        first, then by name and mean.

    Raises
    ------
    DomainError
        If the map has parameters.
    TimeLimitError
        If the time is up.

    Examples
    --------
    >>> from cumulant_theory import Neglect, activations, layers
    >>> square = layers.Sum(2) >> layers.Pointwise(activations.Square())
    >>> for point in fixed_points(TruncatedMap(square, Neglect(2))):
    ...     print(point)
    <Gaussian, Neglect(2): kappa_1 = -1/8 + sqrt(5)/8, kappa_2 = -1/4 + sqrt(5)/8>
    <point mass: kappa_1 = 0, kappa_2 = 0>
    <point mass: kappa_1 = 1/4, kappa_2 = 0>
    <other, Neglect(2), no law: kappa_1 = -sqrt(5)/8 - 1/8, kappa_2 = -sqrt(5)/8 - 1/4>
    """
    if truncated.parameters:
        names = ", ".join(map(str, truncated.parameters))
        raise DomainError(
            f"fixed points of {truncated!r} depend on the values of {names}; give them values by "
            ".subs({...}), or ask for .spectrum(at=...) at a point known to be fixed"
        )
    with time_limit(seconds):
        return sorted(_all(truncated, seconds), key=_place)


def _all(truncated: TruncatedMap, seconds: float) -> list[FixedPoint]:
    equations = [p - s for p, s in zip(
        truncated.polynomials.values(), truncated.symbols, strict=True
    )]
    rational, relations = rationalised(equations)
    roots = list(relations)
    # the highest cumulants first: lower ones determine them, and Groebner bases stay small
    ideal = Ideal(
        [*rational, *relations.values()], [*reversed(truncated.symbols), *roots], seconds=seconds
    )
    parts = ideal.real_components(positive=roots) if ideal.dimension > 0 else [ideal]
    found: list[FixedPoint] = []
    for part in parts:
        free, rest = _without_free(part)
        if rest.dimension > 0:
            found.append(_family(part, truncated, relations))
        else:
            found += [
                _point(truncated, rest, {**free, **p}) for p in rest.real_points(positive=roots)
            ]
    return found


def _without_free(part: Ideal) -> tuple[dict[sp.Symbol, sp.Symbol], Ideal]:
    """The variables that no equation knows, each its own value, and the ideal in the others."""
    basis = part.groebner() if part.dimension > 0 else part.generators
    known: set[Any] = set().union(*(g.free_symbols for g in basis))
    free = {x: x for x in part.variables if x not in known}
    if not free or len(free) == len(part.variables):
        return {}, part
    others = [x for x in part.variables if x in known]
    return free, Ideal(basis, others, seconds=part.seconds)


def _place(point: FixedPoint) -> tuple[Any, ...]:
    return (
        point.realisable is False, _NAMES.index(point.name),
        [0 if v.free_symbols else approximate(v) for v in point.cumulants.values()],
    )


def sign_at(expression: Any, values: Mapping[Any, Any], ideal: Ideal) -> int:
    """Exact sign of a real function of the coordinates at a point of a finite variety.

    Decimals tell all signs but zero. Zero is decided by the ideal: whether the point is among
    those at which the numerator vanishes too.
    """
    image = expression.xreplace(dict(values))
    if image.is_Rational:
        return int(sp.sign(image))
    number = approximate(image)
    if is_small(number) and _vanishes(sp.fraction(sp.together(expression))[0], values, ideal):
        return 0
    return 1 if number.real > 0 else -1


def _vanishes(f: Any, values: Mapping[Any, Any], ideal: Ideal) -> bool:
    (rational,), relations = rationalised([f])
    variables = list(dict.fromkeys((*ideal.variables, *relations)))
    joint = Ideal(
        [*ideal.generators, rational, *relations.values()], variables, seconds=ideal.seconds
    )
    here = {x: approximate(v) for x, v in values.items() if x in ideal.variables}
    return any(
        all(is_small(approximate(p[x]) - v, v) for x, v in here.items())
        for p in joint.real_points(positive=[x for x in variables if x.is_positive])
    )


def _point(truncated: TruncatedMap, ideal: Ideal, point: Mapping[Any, Any]) -> FixedPoint:
    values = {s: point[s] for s in truncated.symbols}
    cumulants = {r: values[s] for r, s in enumerate(truncated.symbols, 1)}
    name = law_name(cumulants)
    exact = name == "point mass"
    if any(v.free_symbols for r, v in cumulants.items() if r > 1):
        possible, reason, conditions = conditions_on(cumulants)
    else:
        reason, conditions = _why_not(truncated.symbols, values, ideal), ()
        possible = not reason
    return FixedPoint(
        cumulants, name, conditions, exact, "Exact()" if exact else repr(truncated.closure),
        possible, reason, _ideal=ideal,
    )


def _why_not(symbols: Any, values: Mapping[Any, Any], ideal: Ideal) -> str:
    """Why no law has these cumulants; empty if some law has them."""
    found = obstruction(symbols, lambda f: sign_at(f, values, ideal))
    if found is None:
        return ""
    value = {r: shown(values[s]) for r, s in enumerate(symbols, 1)}
    r = found.order
    if found.atoms is not None:
        atoms = "a constant" if found.atoms == 1 else f"a law with {found.atoms} atoms"
        return f"the cumulants below are those of {atoms}, which has another kappa_{r}"
    if r == 2:
        return f"kappa_2 = {value[2]} is negative"
    if r == 4:
        _, second, third, fourth = (values[s] for s in symbols[:4])
        left, right = shown(fourth + 2 * second**2), shown(third**2 / second)
        return (
            f"kappa_4 + 2*kappa_2**2 = {left} is below kappa_3**2/kappa_2 = {right} "
            "(Pearson's inequality)"
        )
    return f"the moment matrix to order {r} has a negative determinant"


def _family(part: Ideal, truncated: TruncatedMap, relations: Mapping[Any, Any]) -> FixedPoint:
    """A component of positive dimension: cumulants as functions of some, or as equations."""
    numbers = {s: sp.root(-f.subs(s, 0), sp.Poly(f, s).degree()) for s, f in relations.items()}
    left = [e for g in part.groebner("lex") if (e := sp.expand(g.xreplace(numbers))) != 0]
    values: dict[Any, sp.Expr] = {}
    hypotheses: list[str] = []
    for x in reversed(truncated.symbols):
        solvable = [
            (sp.Poly(e, x).degree(), i, e) for i, e in enumerate(left)
            if e.has(x) and not any(e.has(y) for y in truncated.symbols
                                    if truncated.symbols.index(y) > truncated.symbols.index(x))
        ]
        linear = next((e for degree, _, e in sorted(solvable, key=lambda s: s[:2])
                       if degree == 1), None)
        if linear is None:
            if solvable:
                return _implicit(left, truncated)
            values[x] = x
            continue
        factor, rest = linear.coeff(x, 1), linear.coeff(x, 0)
        values[x] = -rest / factor
        if factor.free_symbols:
            hypotheses.append(f"{factor} is not 0")
    cumulants: dict[int, Any] = {}
    for r, x in enumerate(truncated.symbols, 1):
        known = {s: cumulants[k] for k, s in enumerate(truncated.symbols[: r - 1], 1)}
        cumulants[r] = sp.cancel(values[x].xreplace(known)) if values[x] != x else x
    name = law_name(cumulants)
    exact = name == "point mass"
    possible, reason, conditions = conditions_on(cumulants)
    return FixedPoint(
        cumulants, name, (*hypotheses, *conditions), exact,
        "Exact()" if exact else repr(truncated.closure), possible, reason,
    )


def _implicit(equations: list[Any], truncated: TruncatedMap) -> FixedPoint:
    return FixedPoint(
        dict(enumerate(truncated.symbols, 1)), "other", exact=False,
        closure=repr(truncated.closure), realisable=None, equations=tuple(equations),
    )


def conditions_on(cumulants: Mapping[int, Any]) -> tuple[bool, str, tuple[str, ...]]:
    """Whether some law can have symbolic cumulants, why not, and under which conditions.

    Examples
    --------
    >>> k = sp.Symbol("kappa_2")
    >>> conditions_on({1: sp.S.Zero, 2: k, 3: sp.S.Zero, 4: sp.S.Zero})
    (True, '', ('kappa_2 >= 0',))
    """
    higher = {r: v for r, v in cumulants.items() if r > 2 and v != 0}
    variance = sp.sympify(cumulants.get(2, 0))
    if variance.is_negative:
        return False, f"kappa_2 = {shown(variance)} is negative", ()
    if variance == 0:
        if any(v.is_number for v in higher.values()):
            return False, "kappa_2 = 0 is a point mass, which has no higher cumulants", ()
        return True, "", tuple(f"{v} = 0" for v in higher.values())
    conditions = [] if variance.is_nonnegative else [f"{variance} >= 0"]
    if higher and 4 in cumulants:
        left = sp.expand(cumulants[4] + 2 * variance**2)
        right = sp.cancel(cumulants[3] ** 2 / variance)
        conditions.append(f"{left} >= {right}")
    if higher and max(cumulants) >= 6:
        top = max(cumulants) // 2 * 2
        conditions.append(f"the moment matrix to order {top} is positive semidefinite")
    return True, "", tuple(conditions)
