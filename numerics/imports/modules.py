"""Modules of torch.nn as parts of a chain."""

import copy
from collections.abc import Callable
from fractions import Fraction
from typing import Any, TypeVar

import numpy as np

from cumulant_theory import activations
from cumulant_theory.errors import DomainError, ShapeError

from ..chain import Affine, Chain, Part, Pointwise, Residual
from .values import float_numbers, path_of, refuse_hooks

C = TypeVar("C", bound=Callable[[Any], Any])

_POINTS = 16
_SMALL = 1e-6  # far above rounding, far below any misreading
_converters: dict[type, Callable[[Any], Any]] = {}


def register(kind: type) -> Callable[[C], C]:
    """Decorator: tell how modules of a type are read.

    Parameters
    ----------
    kind
        A subclass of torch.nn.Module; its own subclasses are not read by it.

    Returns
    -------
    decorator
        Of a function from the module to what it computes: a module that can be read, an `Affine`,
        an activation of `cumulant_theory.activations`, a `Residual` of any of these, or a
        sequence of them, input side first.

    Raises
    ------
    DomainError
        If ``kind`` is no type.

    Notes
    -----
    `from_torch` compares the chain with the module at random points, so a wrong converter is
    noticed.

    Examples
    --------
    A residual block is told by its body:

    >>> import pytest
    >>> torch = pytest.importorskip("torch")
    >>> class Block(torch.nn.Module):
    ...     def __init__(self, width):
    ...         super().__init__()
    ...         self.body = torch.nn.Sequential(torch.nn.Linear(width, width), torch.nn.Tanh())
    ...     def forward(self, x):
    ...         return x + self.body(x)
    >>> @register(Block)
    ... def read(block):
    ...     return Residual(block.body)
    >>> from numerics import from_torch
    >>> from_torch(torch.nn.Sequential(Block(3), torch.nn.Linear(3, 1)))
    Chain(3 -> [x + 3 -> tanh] -> 1)
    """
    if not isinstance(kind, type):
        raise DomainError(f"register: {kind!r} is no type; pass the class of the module")

    def enter(converter: C) -> C:
        _converters[kind] = converter
        return converter

    return enter


def read_module(module: Any) -> Chain:
    """The chain that a module is; see `from_torch`."""
    if isinstance(module, type) or not hasattr(module, "named_modules"):
        raise DomainError(
            f"from_torch: {module!r} is no torch module; pass an instance of torch.nn.Module"
        )
    reader = _Reader({id(part): name for name, part in module.named_modules()})
    chain = Chain(reader.parts(module), reader.hypotheses)
    _check_values(module, chain)
    return chain


def _check_values(module: Any, chain: Chain) -> None:
    """Compare with the module in float64."""
    twin = copy.deepcopy(module).cpu().double()
    tensor = next(iter(twin.state_dict().values()), None)
    if tensor is None:
        return
    x = np.random.default_rng(0).standard_normal((_POINTS, chain.in_features))
    name = type(module).__name__
    try:
        found = np.asarray(twin(tensor.new_tensor(x.tolist())).detach().tolist())
    except (RuntimeError, ValueError, IndexError, TypeError) as error:
        raise DomainError(
            f"from_torch: {name} was read as {chain!r}, but does not take points of shape "
            f"({_POINTS}, {chain.in_features}): {error}; put torch.nn.Flatten or Unflatten into "
            "its forward, or change what its converter returns"
        ) from None
    expected = chain(x)
    far = _SMALL * max(1.0, float(np.abs(expected).max()))
    if found.shape != expected.shape or not np.abs(found - expected).max() <= far:
        gap = "" if found.shape != expected.shape else (
            f" (largest difference {np.abs(found - expected).max():.3g})"
        )
        raise DomainError(
            f"from_torch: {name} was read as {chain!r}, but its values at random points "
            f"differ{gap}; change what the registered converter returns"
        )


class _Reader:
    """Parts of modules, with the places of the modules in the model."""

    def __init__(self, places: dict[int, str]) -> None:
        self.places = places
        self.hypotheses: list[str] = []
        self.width: int | None = None
        self.open: list[Any] = []

    def where(self, module: Any) -> str:
        place = self.places.get(id(module))
        inside = f" at '{place}'" if place else ""
        return f"from_torch: {type(module).__name__}{inside}"

    def parts(self, given: Any) -> list[Part]:
        """Parts of a module, or of what a converter returned."""
        if isinstance(given, Affine):
            self.width = given.out_features
            return [given]
        if isinstance(given, activations.Activation):
            return [Pointwise(given)]
        if isinstance(given, Residual):
            return [Residual(tuple(self.parts(given.body)))]
        if isinstance(given, (list, tuple)):
            return [part for entry in given for part in self.parts(entry)]
        if not hasattr(given, "named_modules"):
            raise DomainError(
                f"from_torch: a converter returned {given!r}; return modules, Affine, Residual, "
                "activations, or a sequence of them"
            )
        refuse_hooks(given, self.where(given))
        if any(given is outer for outer in self.open):
            raise DomainError(
                f"{self.where(given)} contains itself, so reading it has no end; build it anew "
                "from modules that do not contain it"
            )
        self.open.append(given)
        found = self.read(given)
        self.open.pop()
        return found

    def read(self, module: Any) -> list[Part]:
        """Parts of a module by its converter or reader."""
        if type(module) in _converters:
            return self.parts(_converters[type(module)](module))
        read = _READERS.get(path_of(module))
        if read is None:
            raise self.unknown(module)
        return read(self, module)

    def unknown(self, module: Any) -> DomainError:
        path, name = path_of(module), type(module).__name__
        reason = _REFUSED.get(path.rpartition(".")[2] if path.startswith("torch.nn.") else "")
        if reason is None and path.startswith("torch_geometric."):
            reason = "is a graph module; pass the graph as second argument"
        if reason is None:
            reason = (
                "cannot be read; tell what it computes by @numerics.imports.register("
                f"{name}), for example as Residual(module.body) for x + body(x)"
            )
        return DomainError(f"{self.where(module)} {reason}")


# ---------------------------------------------------------------------- affine modules


def _sequential(reader: _Reader, module: Any) -> list[Part]:
    return reader.parts(list(module))  # unlike children(), with modules that stand twice


def _linear(reader: _Reader, module: Any) -> list[Part]:
    where = reader.where(module)
    bias = None if module.bias is None else float_numbers(where, module.bias, "bias")
    return reader.parts(Affine(float_numbers(where, module.weight, "weight"), bias))


def _batch_norm(reader: _Reader, module: Any) -> list[Part]:
    where = reader.where(module)
    if module.training:
        raise DomainError(
            f"{where} is in training mode, where it divides by the spread of each batch; call "
            "model.eval() first"
        )
    if module.running_var is None:
        raise DomainError(
            f"{where} has no running statistics and divides by the spread of each batch; build "
            "it with track_running_stats=True and train it"
        )
    spread = np.sqrt(float_numbers(where, module.running_var, "running_var") + module.eps)
    mean = float_numbers(where, module.running_mean, "running_mean")
    slope = np.ones_like(spread) if module.weight is None else (
        float_numbers(where, module.weight, "weight")
    )
    shift = np.zeros_like(spread) if module.bias is None else (
        float_numbers(where, module.bias, "bias")
    )
    slope = slope / spread
    return reader.parts(Affine(np.diag(slope), shift - slope * mean))


def _flatten(reader: _Reader, module: Any) -> list[Part]:
    if (module.start_dim, module.end_dim) != (1, -1):
        raise DomainError(
            f"{reader.where(module)} has start_dim={module.start_dim}, end_dim={module.end_dim}; "
            "units are all axes but the first, so build it with the defaults 1 and -1"
        )
    return []


def _dropout(reader: _Reader, module: Any) -> list[Part]:
    if module.training and module.p:
        raise DomainError(
            f"{reader.where(module)} is in training mode, where its output is random; call "
            "model.eval() first"
        )
    return []


# ---------------------------------------------------------------------- activations


def _activation(name: str, *arguments: Any) -> list[Part]:
    return [Pointwise(activations.get(name, *arguments))]


def _named(name: str) -> Callable[[_Reader, Any], list[Part]]:
    return lambda reader, module: _activation(name)


def _leaky_relu(reader: _Reader, module: Any) -> list[Part]:
    # the slope is written in the code as a decimal number, and meant as one
    return _activation("leaky_relu", Fraction(str(float(module.negative_slope))))


def _prelu(reader: _Reader, module: Any) -> list[Part]:
    slopes = float_numbers(reader.where(module), module.weight, "weight")
    if len(slopes) != 1:
        raise DomainError(
            f"{reader.where(module)} has a slope for each of {len(slopes)} channels; build it "
            "with num_parameters=1"
        )
    return _activation("leaky_relu", Fraction(float(slopes[0])))


def _gelu(reader: _Reader, module: Any) -> list[Part]:
    if module.approximate != "none":
        raise DomainError(
            f"{reader.where(module)} has approximate='{module.approximate}', whose Gaussian "
            "expectations have no closed form; build it with approximate='none', which is "
            "z Phi(z) itself and differs by less than 5e-4"
        )
    return _activation("gelu")


def _scaled(
    reader: _Reader, module: Any, name: str, inner: tuple[float, float], outer: tuple[float, float],
) -> list[Part]:
    """b phi(a z + s) + t on every unit, for inner (a, s) and outer (b, t)."""
    if reader.width is None:
        raise ShapeError(
            f"{reader.where(module)} stands before the first affine module, so its number of "
            "units is unknown; put torch.nn.Linear first"
        )
    before, after = (
        Affine(slope * np.eye(reader.width), np.full(reader.width, shift))
        for slope, shift in (inner, outer)
    )
    return [before, *_activation(name), after]


def _hard_tanh(reader: _Reader, module: Any) -> list[Part]:
    low, high = float(module.min_val), float(module.max_val)
    if (low, high) == (-1.0, 1.0):
        return _activation("hard_tanh")
    middle, half = (high + low) / 2, (high - low) / 2
    return _scaled(reader, module, "hard_tanh", (1 / half, -middle / half), (half, middle))


def _softplus(reader: _Reader, module: Any) -> list[Part]:
    beta, threshold = float(module.beta), float(module.threshold)
    gap = np.logaddexp(0, -threshold) / beta
    if gap > _SMALL:
        raise DomainError(
            f"{reader.where(module)} has threshold={threshold:g} and jumps there by {gap:.2g}; "
            "build it with the default threshold of 20"
        )
    reader.hypotheses.append(
        f"{reader.where(module).removeprefix('from_torch: ')} is read as log(1 + exp(beta z))/beta "
        f"for all z; torch returns z where beta z > {threshold:g}, which is less by up to {gap:.2g}"
    )
    if beta == 1:
        return _activation("softplus")
    return _scaled(reader, module, "softplus", (beta, 0.0), (1 / beta, 0.0))


_READERS: dict[str, Callable[[_Reader, Any], list[Part]]] = {
    f"torch.nn.modules.{home}": read for home, read in {
        "activation.GELU": _gelu,
        "activation.Hardtanh": _hard_tanh,
        "activation.LeakyReLU": _leaky_relu,
        "activation.PReLU": _prelu,
        "activation.ReLU": _named("relu"),
        "activation.ReLU6": _hard_tanh,
        "activation.SiLU": _named("silu"),
        "activation.Sigmoid": _named("sigmoid"),
        "activation.Softplus": _softplus,
        "activation.Tanh": _named("tanh"),
        "batchnorm.BatchNorm1d": _batch_norm,
        "container.Sequential": _sequential,
        "dropout.Dropout": _dropout,
        "flatten.Flatten": _flatten,
        "linear.Identity": lambda reader, module: [],
        "linear.Linear": _linear,
    }.items()
}
_READERS["torch_geometric.nn.dense.linear.Linear"] = _linear

_SOFTMAX = (
    "divides by a sum over the units, which no affine map or activation does; import the model "
    "without it: the cumulants are then those of the logits"
)
_NORMALISED = (
    "divides each sample by the spread of its own units, which no affine map or activation does; "
    "train with BatchNorm1d, which is affine in evaluation mode, or without normalisation"
)
_CONVOLUTION = (
    "acts on images, whose size the module does not know; write it as the Linear with the same "
    "matrix behind a Flatten"
)
_REFUSED = {
    **dict.fromkeys(("Softmax", "LogSoftmax", "Softmin"), _SOFTMAX),
    **dict.fromkeys(("LayerNorm", "RMSNorm", "GroupNorm", "InstanceNorm1d"), _NORMALISED),
    **dict.fromkeys(("Conv1d", "Conv2d", "Conv3d"), _CONVOLUTION),
}
