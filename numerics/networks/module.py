"""Layers as torch modules whose free parameters are the free symbols of the theory."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import sympy as sp
import torch
from torch import nn

from cumulant_theory.algebra import as_integer, check_seed
from cumulant_theory.arguments import brief, check_instance, explained
from cumulant_theory.errors import DomainError, ShapeError, UnknownNameError
from cumulant_theory.latex.html import Markup, card, facts, joined
from cumulant_theory.layers import Layer

from ..backends.torch import as_tensor
from .counting import symmetries_of, unconstrained_count
from .initial import constants_of, initial_values
from .plan import Plan
from .stages import stage_module

__all__ = ["Ensemble", "Network", "build"]

@explained
def build(
    net: Layer,
    seed: int = 0,
    dtype: torch.dtype = torch.float64,
    values: Mapping[Any, Any] | None = None,
    fixed: Mapping[Any, Any] | Sequence[Any] = (),
    seeds: Iterable[int] | None = None,
    units: int | None = None,
) -> Any:
    """Torch module of a network; its trainable numbers are ``net.parameters``, no more.

    Parameters
    ----------
    net : Layer
        Layers with numeric sizes and any activations.
    seed : int
        Of the initial values. The global random state is neither read nor changed.
    dtype : torch.dtype
        Floating type.
    values : mapping, optional
        Symbol or name -> initial value, a number or for an ensemble an array (S,); the others
        are drawn.
    fixed : mapping
        Symbol or name -> constant value, not trained.
    seeds : iterable of int, optional
        One network per seed, evaluated and trained at once.
    units : int, optional
        Number of inputs of a network that takes any number.

    Returns
    -------
    Network or Ensemble
        :class:`Ensemble` if ``seeds`` is given.

    Raises
    ------
    DomainError
        If an entry is no polynomial in the parameters, torch has no function for an activation, a
        value is not finite, or a seed is negative.
    ShapeError
        If sizes are symbols, or the number of inputs is not known.
    UnknownNameError
        If a name is no parameter.

    Notes
    -----
    Weights start uniform in +-1/sqrt(fan_in) as those of torch.nn.Linear, fan_in the number of
    non-zero entries in a row; where an entry is a multiple of a parameter, the largest multiple
    is. Parameters of activations start normal with standard deviation 0.1. Fixing a parameter
    leaves the initial values of the others as they are.

    Examples
    --------
    >>> from cumulant_theory import activations, layers, symmetries
    >>> net = (layers.Linear(2, 2, symmetry=symmetries.PermutationEquivariant())
    ...        >> layers.Pointwise(activations.Quadratic()) >> layers.Linear(2, 1))
    >>> module = build(net, seed=0)
    >>> sorted(map(str, module.values()))
    ['W__1_11', 'W__1_12', 'W__2_11', 'W__2_12', 'alpha__1']
    >>> module(torch.zeros(5, 2)).shape
    torch.Size([5, 1])
    >>> build(net, seeds=range(3))(torch.zeros(5, 2)).shape
    torch.Size([3, 5, 1])
    """
    if not isinstance(net, Layer):
        raise DomainError(f"build: {net!r} is no layer; pass one of cumulant_theory.layers")
    numbers = [seed] if seeds is None else list(seeds)
    if not numbers:
        raise ShapeError("build: seeds is empty; give at least one seed")
    numbers = [check_seed(number, "build") for number in numbers]
    if not isinstance(dtype, torch.dtype) or not dtype.is_floating_point:
        raise DomainError(f"build: dtype {dtype!r} is no floating type; pass torch.float64")
    constants = constants_of(net, fixed)
    plan = Plan(net, constants, units)
    drawn = np.stack([initial_values(plan, net.parameters, n) for n in numbers])
    trained = set(plan.names)
    keep = [k for k, p in enumerate(net.parameters) if str(p) in trained]
    theta = torch.tensor(drawn[:, keep], dtype=dtype)
    module = (
        Network(net, plan, theta[0], constants) if seeds is None
        else Ensemble(net, plan, theta, constants, tuple(numbers))
    )
    module.to(dtype)
    if values:
        module.load_values(values)
    return module


class _Module(nn.Module):
    """What a single network and an ensemble share."""

    fixed_values: torch.Tensor
    products: torch.Tensor

    def __init__(
        self, theory: Layer, plan: Plan, theta: torch.Tensor, fixed: Mapping[str, float]
    ) -> None:
        super().__init__()
        self.theory = theory
        self.names: tuple[str, ...] = plan.names
        self.fixed_names: tuple[str, ...] = tuple(fixed)
        self.in_features: int = plan.units
        self.out_features: int = plan.out_units
        self._plan = plan
        self.theta: nn.Parameter = nn.Parameter(theta.clone())
        self.register_buffer("fixed_values", torch.tensor(list(fixed.values()), dtype=theta.dtype))
        width = max([0, *map(len, plan.products)])
        rows = [[*f, *[plan.one] * (width - len(f))] for f in plan.products]
        table = torch.tensor(rows, dtype=torch.long).reshape(len(rows), width)
        self.register_buffer("products", table, persistent=False)
        self.stages: nn.ModuleList = nn.ModuleList(
            stage_module(s, t, plan.one) for s, t in zip(plan.stages, plan.tables, strict=True)
        )

    def _monomials(self, theta: torch.Tensor) -> torch.Tensor:
        lead = theta.shape[:-1]
        constants = (self.fixed_values.expand(*lead, -1), theta.new_ones(*lead, 1))
        base = torch.cat((theta, *constants), dim=-1)
        if not len(self.products):
            return base
        value = base.index_select(-1, self.products[:, 0])
        for column in self.products.T[1:]:
            value = value * base.index_select(-1, column)
        return torch.cat((base, value), dim=-1)

    def full(self, theta: torch.Tensor | None = None) -> torch.Tensor:
        """Values of all ``theory.parameters``, fixed ones included, shape (..., len(parameters)).

        Parameters
        ----------
        theta : tensor (..., P), optional
            Trainable values; default: the module's own.
        """
        theta = self.theta if theta is None else theta
        check_instance(theta, torch.Tensor, "full: theta")
        if theta.shape[-1:] != (len(self.names),):
            raise ShapeError(
                f"theta has shape {tuple(theta.shape)}; its last axis has {len(self.names)} "
                "trainable parameters"
            )
        order = [str(p) for p in self.theory.parameters]
        known = (*self.names, *self.fixed_names)
        index = torch.tensor([known.index(n) for n in order], dtype=torch.long)
        both = torch.cat((theta, self.fixed_values.expand(*theta.shape[:-1], -1)), dim=-1)
        return both.index_select(-1, index.to(theta.device))

    def evaluate_layers(self, theta: torch.Tensor, x: torch.Tensor) -> dict[str, torch.Tensor]:
        """As :meth:`evaluate`, the state after each layer."""
        self._check(theta, x)
        monomials = self._monomials(theta)
        states = {}
        for stage in self.stages:
            x = stage(monomials, x)
            states[stage.label] = x
        return states

    def _check(self, theta: torch.Tensor, x: torch.Tensor) -> None:
        for name, value in (("theta", theta), ("x", x)):
            check_instance(value, torch.Tensor, f"evaluate: {name}")
            if not value.is_floating_point():
                raise DomainError(f"evaluate: {name} has type {value.dtype}; give floating numbers")
        if theta.ndim not in (1, 2) or theta.shape[-1] != len(self.names):
            raise ShapeError(
                f"theta has shape {tuple(theta.shape)}, but {self.theory!r} has {len(self.names)} "
                "trainable parameters on the last axis"
            )
        if x.shape[-1:] != (self.in_features,):
            raise ShapeError(
                f"the input has shape {tuple(x.shape)}, but {self.theory!r} takes "
                f"{self.in_features} units on the last axis"
            )
        several = theta.ndim == 2
        if several and not (x.ndim == 2 or (x.ndim == 3 and len(x) == len(theta))):
            raise ShapeError(
                f"the input of {len(theta)} networks has shape {tuple(x.shape)}; give "
                f"(n, {self.in_features}) or ({len(theta)}, n, {self.in_features})"
            )

    def evaluate(self, theta: torch.Tensor, x: torch.Tensor) -> torch.Tensor:
        """The map as a pure function of its parameters, for torch.func.

        Parameters
        ----------
        theta : tensor (P,) or (S, P)
            Values in the order of :attr:`names`.
        x : tensor (..., in_features)
            For theta (S, P): (n, in) for all networks, or (S, n, in).

        Returns
        -------
        tensor (..., out_features) or (S, n, out_features)

        Raises
        ------
        ShapeError
            If the last axis of x has another size.
        """
        return list(self.evaluate_layers(theta, x).values())[-1]

    def _input(self, x: Any) -> torch.Tensor:
        return as_tensor(x, "the input").to(device=self.theta.device, dtype=self.theta.dtype)

    def forward(self, x: Any) -> torch.Tensor:
        """Outputs at x (..., in_features); see :meth:`evaluate` for ensembles."""
        return self.evaluate(self.theta, self._input(x))

    def forward_layers(self, x: Any) -> dict[str, torch.Tensor]:
        """Label -> activations at the end of every layer, labels as in predictions."""
        return self.evaluate_layers(self.theta, self._input(x))

    @property
    def labels(self) -> tuple[str, ...]:
        """Names of the layers, such as ``2 Pointwise``."""
        return tuple(dict.fromkeys(str(s.label) for s in self.stages))

    def load_values(self, values: Mapping[Any, Any]) -> None:
        """Set parameters in place; those left out stay.

        Parameters
        ----------
        values : mapping
            Symbol or name -> number, or array (S,) for an ensemble.

        Raises
        ------
        UnknownNameError
            If a name is no trainable parameter.
        DomainError, ShapeError
            If a value is not finite, or of another shape.
        """
        check_instance(values, Mapping, "load_values: values")
        target = self.theta.detach().clone()
        for key, value in values.items():
            name = str(key)
            if name in self.fixed_names:
                raise DomainError(f"{name} is fixed; build the network again with another value")
            if name not in self.names:
                raise UnknownNameError.of("parameter", name, self.names)
            try:
                array = np.asarray(value, dtype=np.float64)
            except (TypeError, ValueError):
                raise DomainError(f"the value {value!r} of {name} is no real number") from None
            if not np.isfinite(array).all():
                raise DomainError(f"the value {value!r} of {name} is not finite")
            place = target[..., self.names.index(name)]
            if array.shape not in ((), tuple(place.shape)):
                raise ShapeError(
                    f"the value of {name} has shape {array.shape}; give a number"
                    + (f" or an array of shape {tuple(place.shape)}" if place.ndim else "")
                )
            place.copy_(torch.as_tensor(array))
        with torch.no_grad():
            self.theta.copy_(target)

    def _values(self) -> dict[sp.Symbol, Any]:
        full = self.full().detach().cpu().double().numpy()
        return {p: full[..., k] for k, p in enumerate(self.theory.parameters)}

    def _describe(self, head: str) -> str:
        symmetries = dict.fromkeys(symmetries_of(self.theory))
        lines = [f"{head}: {self.theory!r}"]
        if symmetries:
            lines.append(f"  symmetry: {', '.join(symmetries)}")
        count = f"{len(self.names)} free"
        if self.fixed_names:
            count += f", {len(self.fixed_names)} fixed"
        lines.append(f"  parameters: {count}, {unconstrained_count(self.theory)} without symmetry")
        return "\n".join(lines)

    def _repr_html_(self) -> str:
        seeds: Any = getattr(self, "seeds", None)
        rows = [
            ("networks", None if seeds is None else len(seeds)),
            ("free parameters", f"{len(self.names)}, {unconstrained_count(self.theory)} without "
                                "symmetry"),
            ("fixed", joined(self.fixed_names) if self.fixed_names else None),
            ("values", f"{str(self.theta.dtype).removeprefix('torch.')} on {self.theta.device}"),
        ]
        head = type(self).__name__
        return card(head, facts(rows), Markup(self.theory._repr_html_()))


class Network(_Module):
    """A network with numbers, made by :func:`build`.

    Attributes
    ----------
    theory : Layer
        The layers it was built from.
    theta : torch.nn.Parameter
        Trainable values, shape (P,), in the order of ``names``.
    names : tuple of str
        Trainable parameters.
    fixed_names : tuple of str
        Parameters held constant.

    Shapes
    ------
    ``forward``: (..., in_features) -> (..., out_features).
    """

    def values(self) -> dict[sp.Symbol, Any]:
        """Symbol -> value of every parameter, fixed ones included.

        Examples
        --------
        >>> from cumulant_theory import layers
        >>> build(layers.Linear(1, 1), values={"W": 2}).values()
        {W: 2.0}
        """
        return {p: float(v) for p, v in self._values().items()}

    def __repr__(self) -> str:
        return self._describe("Network")


class Ensemble(_Module):
    """Independent networks of one architecture, one per seed, evaluated at once.

    Attributes
    ----------
    theory : Layer
        The layers it was built from.
    theta : torch.nn.Parameter
        Trainable values, shape (S, P).
    names : tuple of str
        Trainable parameters.
    seeds : tuple of int
        Of the initial values.

    Shapes
    ------
    ``forward``: (n, in_features) or (S, n, in_features) -> (S, n, out_features).
    """

    def __init__(
        self, theory: Layer, plan: Plan, theta: torch.Tensor, fixed: Mapping[str, float],
        seeds: tuple[int, ...],
    ) -> None:
        super().__init__(theory, plan, theta, fixed)
        self.seeds = seeds

    def __len__(self) -> int:
        return len(self.seeds)

    def __getitem__(self, k: int) -> Network:
        """Network k, with its own copy of the values.

        Raises
        ------
        ShapeError
            If there is no network k.
        """
        number = as_integer(k, -len(self))
        if number is None or number >= len(self):
            raise ShapeError(f"network {brief(k)}: there are {len(self)}, counted from 0")
        fixed = dict(zip(self.fixed_names, self.fixed_values.tolist(), strict=True))
        theta = self.theta[number].detach()
        return Network(self.theory, self._plan, theta, fixed).to(theta.dtype)

    def __iter__(self) -> Iterator[Network]:
        return (self[k] for k in range(len(self)))

    def values(self) -> dict[sp.Symbol, np.ndarray]:
        """Symbol -> values (S,) of every parameter, fixed ones included."""
        return self._values()

    def __repr__(self) -> str:
        return self._describe(f"Ensemble of {len(self)}")
