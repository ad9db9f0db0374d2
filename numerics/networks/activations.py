"""Activations as torch functions."""

import math
from collections.abc import Callable
from functools import reduce
from operator import mul
from typing import Any

import sympy as sp
import torch
from torch.nn import functional

from cumulant_theory import activations
from cumulant_theory.activations import Activation
from cumulant_theory.errors import DomainError

Function = Callable[..., torch.Tensor]


def _step(z: torch.Tensor) -> torch.Tensor:
    return (torch.sign(z) + 1) / 2


_FUNCTIONS: dict[type[Activation], Function] = {
    activations.Abs: torch.abs,
    activations.Cos: torch.cos,
    activations.Erf: torch.erf,
    activations.Exp: torch.exp,
    activations.GELU: functional.gelu,
    activations.HardTanh: functional.hardtanh,
    activations.Identity: lambda z: z,
    activations.ReLU: torch.relu,
    activations.SiLU: functional.silu,
    activations.Sigmoid: torch.sigmoid,
    activations.Sign: torch.sign,
    activations.Sin: torch.sin,
    # torch's own softplus is linear above a threshold
    activations.Softplus: lambda z: torch.logaddexp(z, torch.zeros_like(z)),
    activations.Step: _step,
    activations.Tanh: torch.tanh,
}


def torch_function(activation: Activation) -> Function:
    """The activation on tensors, elementwise and differentiable.

    Parameters
    ----------
    activation
        Any.

    Returns
    -------
    callable
        Of z, and of the values of the free parameters in the order of ``activation.parameters``.

    Raises
    ------
    DomainError
        If a custom one uses a function that is not known here.

    Examples
    --------
    >>> torch_function(activations.ReLU())(torch.tensor([-1.0, 2.0]))
    tensor([0., 2.])
    >>> torch_function(activations.LeakyReLU("a"))(torch.tensor([-1.0, 2.0]), 0.5)
    tensor([-0.5000,  2.0000])
    """
    if type(activation) in _FUNCTIONS:
        return _FUNCTIONS[type(activation)]
    if activation.parameters:
        return _compiled(activation)
    if isinstance(activation, activations.LeakyReLU):
        slope = float(activation.negative_slope)
        return lambda z: functional.leaky_relu(z, slope)
    if activation.coefficients is not None:
        coefficients = [float(c) for c in reversed(activation.coefficients)]
        return lambda z: _horner(coefficients, z)
    return _compiled(activation)


def _horner(coefficients: list[float], z: torch.Tensor) -> torch.Tensor:
    result = torch.full_like(z, coefficients[0])
    for c in coefficients[1:]:
        result = result * z + c
    return result


def _compiled(activation: Activation) -> Function:
    """Function made of the smooth pieces of the activation, each kept to its own interval."""
    z = sp.Dummy("z", real=True)
    symbols = (z, *activation.parameters)
    pieces = [_tree(f, symbols, activation) for f in activation.pieces(z)]
    if not activation.knots:
        return lambda x, *values: pieces[0](x, *values) + torch.zeros_like(x)
    knots = [float(c) for c in activation.knots]
    # values at jumps, which belong to neither side
    at = [
        _tree(activation.expr(c), symbols, activation)
        if sp.simplify(activation.expr(c) - right.subs(z, c)) != 0 else None
        for c, right in zip(activation.knots, activation.pieces(z)[1:], strict=True)
    ]

    def apply(x: torch.Tensor, *values: Any) -> torch.Tensor:
        # outside its interval a piece may not be finite, and its gradient would spoil the rest
        result = pieces[0](x.clamp(max=knots[0]), *values) + torch.zeros_like(x)
        for k, piece in enumerate(pieces[1:]):
            high = knots[k + 1] if k + 1 < len(knots) else None
            inside = piece(x.clamp(min=knots[k], max=high), *values)
            result = torch.where(x >= knots[k], inside, result)
        for c, value in zip(knots, at, strict=True):
            if value is not None:
                result = torch.where(x == c, value(x, *values) + torch.zeros_like(x), result)
        return result

    return apply


_OPERATIONS: dict[Any, Callable[..., Any]] = {
    sp.Add: lambda *xs: sum(xs[1:], start=xs[0]),
    sp.Mul: lambda *xs: reduce(mul, xs),
    sp.Pow: lambda x, n: x**n,
    sp.exp: torch.exp,
    sp.log: torch.log,
    sp.sin: torch.sin,
    sp.cos: torch.cos,
    sp.tan: torch.tan,
    sp.asin: torch.asin,
    sp.acos: torch.acos,
    sp.atan: torch.atan,
    sp.sinh: torch.sinh,
    sp.cosh: torch.cosh,
    sp.tanh: torch.tanh,
    sp.asinh: torch.asinh,
    sp.acosh: torch.acosh,
    sp.atanh: torch.atanh,
    sp.sech: lambda x: 1 / torch.cosh(x),
    sp.erf: torch.erf,
    sp.erfc: torch.erfc,
    sp.loggamma: torch.lgamma,
    sp.sinc: lambda x: torch.sinc(x / math.pi),
}


def _tree(expression: Any, symbols: tuple[Any, ...], activation: Activation) -> Function:
    """Evaluator of an expression tree at values of the symbols, the first of them a tensor."""
    if expression in symbols:
        place = symbols.index(expression)
        return lambda *xs: xs[place]
    if not expression.free_symbols:
        constant = float(expression)
        return lambda *xs: constant  # type: ignore[return-value]
    operation = _OPERATIONS.get(expression.func)
    if operation is None:
        raise DomainError(
            f"{activation!r} holds {expression.func.__name__}, for which torch has no function "
            f"here; known: {', '.join(sorted(f.__name__ for f in _OPERATIONS))}"
        )
    parts = [_tree(a, symbols, activation) for a in expression.args]
    if expression.func is sp.Pow and expression.args[0].is_number:
        base = math.log(float(expression.args[0]))
        return lambda *xs: torch.exp(parts[1](*xs) * base)
    if expression.func in (sp.Add, sp.Mul, sp.Pow):
        return lambda *xs: operation(*(part(*xs) for part in parts))

    def apply(*xs: Any) -> torch.Tensor:
        values = [torch.as_tensor(part(*xs), dtype=xs[0].dtype) for part in parts]
        return operation(*values)

    return apply
