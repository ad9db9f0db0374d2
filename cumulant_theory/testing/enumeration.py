"""Exact enumeration of whole networks, by plain loops that share nothing with the rules."""

from collections.abc import Callable, Iterable, Sequence
from fractions import Fraction
from typing import Any

import sympy as sp

from ..algebra import MultiIndex, Ring, check_order, exact, multi_indices
from ..arguments import answer_of, brief, check_instance, explained
from ..errors import DomainError, VerificationError
from ..layers import AffineRule, BlockSum, Layer, Linear, Mean, Pointwise, Residual, Sum
from ..oracle import FiniteLaw, enumerated
from .message_passing import GRAPH_LAYERS, graph_entries, node_map


class _Arithmetic:
    """Fractions; with irrational entries, ring elements that are shown as expressions."""

    def __init__(self, values: Iterable[Any]) -> None:
        irrational = [v for v in dict.fromkeys(values) if not v.is_Rational]
        symbols = sorted({str(s) for v in irrational for s in v.free_symbols})
        if symbols:
            raise DomainError(
                f"enumeration needs numbers, but {', '.join(symbols)} have no value; replace them "
                "by net.subs or law.subs"
            )
        self._ring = Ring.of(irrational) if irrational else None

    def number(self, value: Any) -> Any:
        """Number of an exact expression."""
        if self._ring is not None:
            return self._ring.element(value)
        value = sp.sympify(value)
        return Fraction(int(value.p), int(value.q))

    def shown(self, number: Any) -> Any:
        """Fraction, or the expression of an irrational number."""
        if self._ring is None:
            return number
        value: Any = self._ring.expr(number)
        return Fraction(int(value.p), int(value.q)) if value.is_Rational else value


def _entries(layer: Layer) -> list[Any]:
    if isinstance(layer, Linear):
        return [*layer.weight, *layer.bias]
    if isinstance(layer, Pointwise):
        return list(layer.activation.coefficients or ())
    if isinstance(layer, BlockSum):
        return list(_block_weights(layer))
    if isinstance(layer, Residual):
        return [e for inner in layer.inner.layers for e in _entries(inner)]
    if isinstance(layer, (Sum, Mean)):
        return []
    if isinstance(layer, GRAPH_LAYERS):
        return graph_entries(layer)
    if len(layer.layers) > 1:
        return [e for inner in layer.layers for e in _entries(inner)]
    return [e for rule in layer.rules(layer.input_units()) for e in rule.expressions]


def _block_weights(layer: BlockSum) -> tuple[sp.Expr, ...]:
    if layer.is_symbolic:
        raise DomainError(f"{layer!r} cannot be enumerated while b is a symbol; give b a value")
    return layer.weights or (sp.Pow(layer.b, -layer.s),) * int(layer.b)


def _affine(rows: Sequence[Sequence[Any]], shift: Sequence[Any], x: Sequence[Any]) -> list[Any]:
    result = []
    for row, start in zip(rows, shift, strict=True):
        total = start
        for weight, value in zip(row, x, strict=True):
            total = total + weight * value
        result.append(total)
    return result


def _polynomial(coefficients: Sequence[Any], z: Any) -> Any:
    total = 0 * z
    for power, a in enumerate(coefficients):
        total = total + a * z**power
    return total


def _map(layer: Layer, number: Callable[[Any], Any]) -> Callable[[Sequence[Any]], list[Any]]:
    """The layer as a plain function of a point, its entries turned into numbers once."""
    if isinstance(layer, Linear):
        rows = [[number(w) for w in row] for row in layer.weight.tolist()]
        shift = [number(c) for c in layer.bias]
        return lambda x: _affine(rows, shift, x)
    if isinstance(layer, Pointwise):
        coefficients = layer.activation.coefficients
        if coefficients is None:
            raise DomainError(f"{layer!r} is no polynomial, so exact enumeration cannot apply it")
        values = [number(a) for a in coefficients]
        return lambda x: [_polynomial(values, z) for z in x]
    if isinstance(layer, BlockSum):
        weights = [number(w) for w in _block_weights(layer)]
        return lambda x: _affine([weights], [number(0)], x)
    if isinstance(layer, Sum):
        return lambda x: [sum(x, start=number(0))]
    if isinstance(layer, Mean):
        share = number(sp.Rational(1, layer.in_features))
        return lambda x: [share * sum(x, start=number(0))]
    if isinstance(layer, Residual):
        inner = _chain(layer.inner.layers, number)
        return lambda x: [a + b for a, b in zip(x, inner(x), strict=True)]
    if isinstance(layer, GRAPH_LAYERS):
        return node_map(layer, number)
    if len(layer.layers) > 1:
        return _chain(layer.layers, number)
    return lambda x: _by_rules(layer, x, number)


def _by_rules(layer: Layer, x: Sequence[Any], number: Callable[[Any], Any]) -> list[Any]:
    values = list(x)
    for rule in layer.rules(len(values)):
        if isinstance(rule, AffineRule):
            rows = [[number(w) for w in row] for row in rule.weight.tolist()]
            values = _affine(rows, [number(c) for c in rule.shift], values)
        else:
            values = [
                _polynomial([number(a) for a in unit], z)
                for unit, z in zip(rule.coefficients, values, strict=True)
            ]
    return values


def _chain(
    layers: Sequence[Layer], number: Callable[[Any], Any]
) -> Callable[[Sequence[Any]], list[Any]]:
    maps = [_map(layer, number) for layer in layers]

    def apply(x: Sequence[Any]) -> list[Any]:
        values = list(x)
        for f in maps:
            values = f(values)
        return values

    return apply


def enumerate_network(
    net: Layer, law: Any, order: int = 4
) -> dict[str, dict[MultiIndex, Any]]:
    """Joint cumulants of every layer, by pushing each input combination through the network.

    Fractions and plain loops over the weights; the cumulants come from their definition as a
    signed sum over set partitions of moments. Nothing is shared with the rules of the library.

    Parameters
    ----------
    net
        Network without free symbols.
    law
        Law with finite support: univariate (taken as independent copies) or joint.
    order
        Highest order.

    Returns
    -------
    dict
        Layer label such as ``"1 Linear"`` -> {multi-index: Fraction}; an irrational cumulant is a
        SymPy expression.

    Raises
    ------
    DomainError
        If the support is infinite, or a symbol has no value.
    ShapeError
        If the law does not have one unit per input.

    Examples
    --------
    >>> from cumulant_theory import activations, laws, layers
    >>> net = layers.Sum(2) >> layers.Pointwise(activations.Square())
    >>> enumerate_network(net, laws.Rademacher(), order=2)["2 Pointwise"]
    {(1,): Fraction(2, 1), (2,): Fraction(4, 1)}
    """
    check_instance(net, Layer, "enumerate_network: net")
    order = check_order(order, "enumerate_network")
    source: Any = net.source(law)
    support = getattr(source, "support", lambda: None)()
    if support is None:
        raise DomainError(f"{source!r} has no finite support; use laws.Discrete, for example")
    net.input_units(int(source.dim))
    atoms = [c for p, w in support for c in (*p, w)]
    arithmetic = _Arithmetic([*atoms, *(e for layer in net.layers for e in _entries(layer))])
    state: FiniteLaw = enumerated(source, arithmetic.number)
    found: dict[str, dict[MultiIndex, Any]] = {}
    for position, layer in enumerate(net.layers, 1):
        state = state.push(_map(layer, arithmetic.number))
        found[f"{position} {type(layer).__name__}"] = {
            alpha: arithmetic.shown(state.cumulant(alpha))
            for r in range(1, order + 1) for alpha in multi_indices(state.dim, r)
        }
    return found


@explained
def check_against_enumeration(
    net: Layer, law: Any, order: int = 4, propagate: Callable[..., Any] | None = None
) -> None:
    """Compare propagated cumulants of the output and of every layer with enumeration, exactly.

    Parameters
    ----------
    net, law, order
        As for :func:`enumerate_network`.
    propagate
        Called as ``propagate(net, law, order)``, to check code of your own; it returns joint
        cumulants whose ``.layers`` hold the states of the layers before. Default:
        ``net.propagate(law, order)``.

    Raises
    ------
    VerificationError
        Naming the layer, the multi-index and both values, at the first difference.
    DomainError, ShapeError
        As :func:`enumerate_network`.

    Examples
    --------
    >>> from cumulant_theory import activations, laws, layers
    >>> net = layers.Mean(2) >> layers.Pointwise(activations.Quadratic(3))
    >>> check_against_enumeration(net, laws.Bernoulli(), order=4)
    """
    expected = enumerate_network(net, law, order)
    out: Any = net.propagate(law, order) if propagate is None else answer_of(
        propagate, (net, law, order), "check_against_enumeration: propagate",
        "pass a function of a network, a law and an order",
    )
    if not hasattr(out, "layers") or not hasattr(out, "cumulant"):
        raise DomainError(
            f"check_against_enumeration: propagate gave {brief(out)}; return joint cumulants with "
            "their layers"
        )
    states = (*out.layers, out)
    if len(states) != len(expected):
        raise VerificationError(
            f"{net!r} has {len(expected)} layers, but {len(states)} states were propagated"
        )
    for (label, cumulants), state in zip(expected.items(), states, strict=True):
        for alpha, value in cumulants.items():
            require_same(state.cumulant(alpha), value, f"layer {label}, multi-index {alpha}",
                         "propagation", "enumeration")


@explained
def require_same(left: Any, right: Any, what: str, first: str, second: str) -> None:
    """Raise VerificationError unless two exact values agree as expressions.

    Examples
    --------
    >>> require_same(sp.sqrt(2) * sp.sqrt(3), sp.sqrt(6), "root", "left", "right")
    """
    a, b = exact(left, f"{what}: {first}"), exact(right, f"{what}: {second}")
    if a == b:
        return
    if not (a.is_Rational and b.is_Rational):
        ring = Ring.of([a, b])
        if ring.reduce(ring.element(a) - ring.element(b)) == 0 or sp.simplify(a - b) == 0:
            return
    raise VerificationError(f"{what}: {first} gives {a}, {second} gives {b}")
