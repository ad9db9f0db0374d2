"""Weight symmetries of a network, and how many parameters it has without them."""

from typing import Any

from cumulant_theory.layers import AffineRule, Layer
from cumulant_theory.layers.kronecker import KroneckerRule


def _leaves(net: Layer) -> list[Layer]:
    found: list[Layer] = []
    for layer in net.layers:
        inner = getattr(layer, "inner", None)
        found += _leaves(inner) if isinstance(inner, Layer) else [layer]
    return list(dict.fromkeys(found))


def symmetries_of(net: Layer) -> list[str]:
    """Weight symmetries of the layers, in words."""
    return [repr(la.symmetry) for la in _leaves(net) if hasattr(la, "symmetry")]  # type: ignore[attr-defined]


def unconstrained_count(net: Layer) -> int:
    """Number of parameters that the same layers have without a symmetry."""
    total = 0
    for layer in _leaves(net):
        affine: Any = layer
        if not hasattr(layer, "has_bias"):
            total += len(layer.parameters)
            continue
        tying = getattr(layer, "tying", None)
        shift = {s for c in set(affine.bias) for s in c.free_symbols}
        if _has_free_weights(layer) or (tying is not None and tying.dimension == 0):
            total += layer.in_features * layer.out_features
        no_bias_allowed = tying is not None and tying.bias_dimension == 0
        if affine.has_bias and (shift or no_bias_allowed):
            total += layer.out_features
    return total


def _has_free_weights(layer: Layer) -> bool:
    (rule,) = layer.rules(layer.in_features)
    if isinstance(rule, KroneckerRule):
        return any(theta.free_symbols or s.free_symbols for theta, s in rule.terms)
    return isinstance(rule, AffineRule) and bool(rule.weight.free_symbols)
