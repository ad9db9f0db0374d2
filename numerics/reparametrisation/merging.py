"""Chains of layers without activation between them as one layer, and back."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import sympy as sp

from cumulant_theory.errors import DomainError
from cumulant_theory.layers import Layer, Linear, Pointwise, Sequential
from cumulant_theory.reparametrisations import Mixing
from numerics.networks import build

from .coordinates import symmetries_of


@dataclass(frozen=True)
class Merged:
    """A module in which every chain is one layer.

    Attributes
    ----------
    module : Network or Ensemble
        The merged network.
    chains
        For each layer of the merged network the layers that it stands for.
    names : tuple of str
        Trainable parameters of the module that was merged.
    """

    module: Any
    chains: tuple[tuple[Layer, ...], ...]
    names: tuple[str, ...]

    def split(self, module: Any) -> np.ndarray:
        """Parameters of the chains whose product a merged module has: (P,) or (S, P)."""
        values = {str(p): np.asarray(v) for p, v in module.values().items()}
        found: dict[str, np.ndarray] = {}
        for layer, chain in zip(module.theory.layers, self.chains, strict=True):
            if len(chain) == 1:
                for old, new in zip(chain[0].parameters, layer.parameters, strict=True):
                    found[str(old)] = values[str(new)]
            else:
                found |= _split(layer, [la for la in chain if isinstance(la, Linear)], values)
        return np.stack([found[name] for name in self.names], axis=-1)


def merged(module: Any) -> Merged | None:
    """The module with its chains of linear layers multiplied out, or None if there are none.

    Raises
    ------
    DomainError
        If units are mixed in another way: tied weights, or a bias that the last layer lacks.
    """
    mixing = [g.action for g in symmetries_of(module) if isinstance(g.action, Mixing)]
    if not mixing:
        return None
    net = module.theory
    chains = _chains(module)
    inner = {la for chain in chains if len(chain) > 1 for la in chain}
    if not all(a.is_free for a in mixing) or not inner:
        labels = ", ".join(dict.fromkeys(a.layer.label for a in mixing))
        raise DomainError(
            f"canonical: the units of {labels} in {net!r} are mixed by a group of tied weights, "
            "which has no representative here; write the layers around them as one"
        )
    layers, values = [], {}
    known = {str(p): np.asarray(v) for p, v in module.values().items()}
    for chain in chains:
        first, last = chain[0], chain[-1]
        if len(chain) == 1:
            layers.append(first)
            continue
        linear = [la for la in chain if isinstance(la, Linear)]
        if any(la.has_bias for la in linear) and not linear[-1].has_bias:
            raise DomainError(
                f"canonical: {linear[-1]!r} ends a chain of layers with biases but has none; build "
                "it with bias=True"
            )
        layers.append(Linear(first.in_features, last.out_features, bias=linear[-1].has_bias))
    theory = Sequential(*layers)
    for layer, chain in zip(theory.layers, chains, strict=True):
        if len(chain) == 1:
            pairs = zip(chain[0].parameters, layer.parameters, strict=True)
            values |= {str(new): known[str(old)] for old, new in pairs}
        else:
            linear = [la for la in chain if isinstance(la, Linear)]
            values |= _product(layer, linear, known)
    fixed = {n: v for n, v in values.items() if _is_fixed(module, chains, theory, n)}
    options: dict[str, Any] = {"fixed": {n: float(np.ravel(v)[0]) for n, v in fixed.items()}}
    if module.theta.ndim == 2:
        options["seeds"] = module.seeds
    made = build(theory, units=module.in_features, dtype=module.theta.dtype, **options)
    made.load_values({n: v for n, v in values.items() if n not in fixed})
    return Merged(made, chains, tuple(module.names))


def _is_fixed(module: Any, chains: Any, theory: Layer, name: str) -> bool:
    for layer, chain in zip(theory.layers, chains, strict=True):
        if len(chain) == 1:
            for old, new in zip(chain[0].parameters, layer.parameters, strict=True):
                if str(new) == name:
                    return str(old) in module.fixed_names
    return False


def _chains(module: Any) -> tuple[tuple[Layer, ...], ...]:
    """The layers, those of a chain of free linear ones together."""
    layers = module.theory.layers
    fixed = set(module.fixed_names)
    free = {
        la for la in layers
        if _is_free(la) and layers.count(la) == 1 and not fixed & set(map(str, la.parameters))
    }
    found: list[list[Layer]] = []
    for layer in layers:
        identity = isinstance(layer, Pointwise) and layer.activation.name == "identity"
        if found and found[-1][0] in free and (identity or layer in free):
            found[-1].append(layer)
        else:
            found.append([layer])
    result: list[tuple[Layer, ...]] = []
    for chain in found:
        ends = [k for k, la in enumerate(chain) if isinstance(la, Linear)]
        last = ends[-1] + 1 if ends else 1
        result.append(tuple(chain[:last]))
        result += [(la,) for la in chain[last:]]
    return tuple(result)


def _is_free(layer: Layer) -> bool:
    """Whether every entry is a parameter of its own."""
    if not isinstance(layer, Linear):
        return False
    entries = [*layer.weight, *(layer.bias if layer.has_bias else ())]
    return all(isinstance(e, sp.Symbol) for e in entries) and len(set(entries)) == len(entries)


def _matrices(
    layer: Linear, values: dict[str, np.ndarray]
) -> tuple[np.ndarray, np.ndarray]:
    """Weight (..., out, in) and bias (..., out)."""
    rows = layer.weight.tolist()
    weight = np.stack([np.stack([values[str(w)] for w in row], -1) for row in rows], -2)
    if not layer.has_bias:
        return weight, np.zeros(weight.shape[:-1])
    return weight, np.stack([values[str(c)] for c in layer.bias], -1)


def _stored(layer: Any, weight: np.ndarray, bias: np.ndarray) -> dict[str, np.ndarray]:
    rows = layer.weight.tolist()
    found = {
        str(w): weight[..., i, j] for i, row in enumerate(rows) for j, w in enumerate(row)
    }
    if layer.has_bias:
        found |= {str(c): bias[..., i] for i, c in enumerate(layer.bias)}
    return found


def _product(
    layer: Any, chain: list[Linear], values: dict[str, np.ndarray]
) -> dict[str, np.ndarray]:
    weight, bias = _matrices(chain[0], values)
    for step in chain[1:]:
        w, c = _matrices(step, values)
        weight, bias = w @ weight, (w @ bias[..., None])[..., 0] + c
    return _stored(layer, weight, bias)


def _split(
    layer: Any, chain: list[Linear], values: dict[str, np.ndarray]
) -> dict[str, np.ndarray]:
    """Factors with equal singular values, the first weights of each direction positive."""
    weight, bias = _matrices(layer, values)
    left, sizes, right = np.linalg.svd(weight, full_matrices=False)
    scale = np.abs(right).max(axis=-1, keepdims=True)
    first = np.argmax(np.abs(right) > 1e-8 * scale, axis=-1)[..., None]
    sign = np.where(np.take_along_axis(right, first, -1) < 0, -1.0, 1.0)
    right, left = right * sign, left * np.swapaxes(sign, -1, -2)
    roots = sizes ** (1 / len(chain))
    found: dict[str, np.ndarray] = {}
    for k, step in enumerate(chain):
        shape = (*sizes.shape[:-1], step.out_features, step.in_features)
        matrix = np.zeros(shape)
        rank = min(sizes.shape[-1], *(la.out_features for la in chain[:-1]))
        if k == 0:
            matrix[..., :rank, :] = (roots[..., None] * right)[..., :rank, :]
        elif k == len(chain) - 1:
            matrix[..., :rank] = (left * roots[..., None, :])[..., :rank]
        else:
            matrix[..., range(rank), range(rank)] = roots[..., :rank]
        shift = bias if k == len(chain) - 1 else np.zeros(shape[:-1])
        found |= _stored(step, matrix, shift)
    return found
