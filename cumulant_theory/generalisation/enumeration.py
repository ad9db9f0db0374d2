"""Residuals by enumeration of finite laws with the moments of a law: the unrelated route.

Nodes are small integers and their weights, not all positive, solve for the moments. Cumulants up
to the order that these moments determine are those of the law itself.
"""

import random
from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Any

import sympy as sp

from ..algebra import Ring
from ..cumulants import CumulantSource
from ..errors import VerificationError
from ..laws import Law
from ..layers import Layer
from ..layers.derive import layerwise
from ..oracle import FiniteLaw

_MOST_POINTS = 3000
_NUMERATORS = (1, 7, 11, 13, 17, 19, 23, 29, 31)  # coprime to 2, 3, 4 and 5


def nodes_and_weights(moments: Sequence[Any]) -> list[tuple[int, Any]]:
    """Integers and weights with given moments m_0, m_1, ..., as many nodes as moments.

    Examples
    --------
    >>> nodes_and_weights([1, 0, 1])
    [(-1, 1/2), (0, 0), (1, 1/2)]
    """
    size = len(moments)
    nodes = [k - size // 2 for k in range(size)]
    found = []
    for x in nodes:
        # coefficients of the Lagrange polynomial that is one at x
        polynomial = [Fraction(1)]
        for other in nodes:
            if other != x:
                shifted = [Fraction(0), *polynomial]
                lower = [*(c * other for c in polynomial), Fraction(0)]
                polynomial = [(a - b) / (x - other)
                              for a, b in zip(shifted, lower, strict=True)]
        weight = sp.Add(*(
            sp.Rational(c.numerator, c.denominator) * m
            for c, m in zip(polynomial, moments, strict=True)
        ))
        found.append((x, sp.expand(weight)))
    return found


def enumerated_residuals(
    network: Layer, target: Layer, source: CumulantSource, order: int,
    values: Mapping[sp.Symbol, sp.Expr],
) -> dict[int, sp.Expr]:
    """rho_r at values of the law's symbols and of some or all parameters.

    Every point of a finite law with the same moments goes through the two maps. Where there are
    too many, or the units depend on each other, cumulants go through layer by layer instead.
    """
    needed = max(network.input_order(order), target.input_order(order))
    components = getattr(source, "components", ())
    points = (needed + 1) ** len(components)
    if not components or not all(isinstance(c, Law) for c in components) or points > _MOST_POINTS:
        return _layer_by_layer(network, target, source, order, values)
    laws = [
        nodes_and_weights([c.moment(k).xreplace(dict(values)) for k in range(needed + 1)])
        for c in components
    ]
    units = len(components)
    rules = [[s.rule for s in f.stages(units)] for f in (network, target)]
    entries = {e: e.xreplace(dict(values)) for chain in rules for rule in chain
               for e in rule.expressions}
    ring = Ring.of([*entries.values(), *(w for law in laws for _, w in law)])

    def number(e: Any) -> Any:
        return ring.element(entries.get(e, e))

    whole: FiniteLaw | None = None
    for law in laws:
        single = FiniteLaw(
            [(ring.element(sp.Integer(x)),) for x, _ in law], [number(w) for _, w in law]
        )
        whole = single if whole is None else whole.times(single)
    assert whole is not None
    images = []
    for chain in rules:
        image = whole
        for rule in chain:
            image = image.push(lambda p, rule=rule: rule.forward(p, number))
        images.append(image)
    return {
        r: ring.expr(images[0].cumulant((r,)) - images[1].cumulant((r,)))
        for r in range(1, order + 1)
    }


def random_values(symbols: Sequence[Any], rng: random.Random) -> dict[sp.Symbol, sp.Expr]:
    """Random rational values: squares, so that square roots of the symbols are rational.

    None is an integer: moments such as those of StudentT have poles at integers.
    """
    return {s: sp.Rational(rng.choice(_NUMERATORS), rng.randint(2, 5)) ** 2 for s in symbols}


def same(left: Any, right: Any, what: str) -> None:
    """Raise VerificationError unless two exact numbers or polynomials are the same."""
    difference = sp.expand(left - right)
    if difference != 0 and sp.radsimp(difference) != 0:
        raise VerificationError(f"{what}: the statement gives {right}, the other route {left}")


def _layer_by_layer(
    network: Layer, target: Layer, source: CumulantSource, order: int,
    values: Mapping[sp.Symbol, sp.Expr],
) -> dict[int, sp.Expr]:
    units = int(source.dim)
    own = {p: values[p] for p in network.parameters if p in values}
    ours = layerwise(network.subs(own).stages(units), source, order)
    theirs = layerwise(target.stages(units), source, order)
    return {
        r: sp.expand((ours[r] - theirs[r]).xreplace(dict(values))) for r in range(1, order + 1)
    }
