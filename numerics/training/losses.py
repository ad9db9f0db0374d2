"""What a network is asked: pointwise risk or matching of the output law, sampled or exact."""

import math
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np
import torch

from cumulant_theory.algebra import check_order, multi_indices
from cumulant_theory.arguments import answer_of, brief, check_instance, entries, explained
from cumulant_theory.closures import Closure
from cumulant_theory.errors import DomainError, NoClosedFormError, OrderError, ShapeError
from numerics.backends.numpy import rounded
from numerics.kernels import compile_system
from numerics.kstatistics import kstatistic_coefficients
from numerics.networks import Ensemble, Network, build
from numerics.training.arguments import check_task
from numerics.training.quadrature import quadrature

LARGEST = 4000  # monomials of an exact risk
Residuals = Callable[[torch.Tensor], torch.Tensor]


@explained
def pointwise_residuals(module: Any, task: Any) -> Residuals:
    """Vector whose squared length is the exact risk E |f(x) - R(x)|^2.

    The difference of two polynomial maps is known from its values at as many nodes as there are
    monomials, and its mean square is a quadratic form of the joint moments of the input law in
    these values. So no product of weights is ever expanded.

    Parameters
    ----------
    module : Network or Ensemble
    task : object with ``target`` and ``inputs``

    Returns
    -------
    callable
        theta (P,) -> residuals (R,); works under torch.func.

    Raises
    ------
    NoClosedFormError
        If an activation is no polynomial.
    OrderError
        If the law lacks moments of twice the degree.
    ShapeError
        If there are more than 4000 monomials, or widths differ.
    """
    _check(module, task)
    net, inputs = module.theory, task.inputs
    try:
        degree = max(net.degree(module.in_features), task.target.degree(module.in_features))
    except NoClosedFormError as error:
        raise NoClosedFormError(
            f"the exact risk is that of polynomial maps: {error}. Train with exact=False, or with "
            "loss='law', exact=True where the law of the output has a closed form"
        ) from None
    units = module.in_features
    if math.comb(units + degree, degree) > LARGEST:
        raise ShapeError(
            f"the exact risk of {net!r} has {math.comb(units + degree, degree)} monomials, more "
            f"than {LARGEST}; train with exact=False"
        )
    if inputs.max_order is not None and 2 * degree > inputs.max_order:
        raise OrderError(
            f"the exact risk of {net!r} needs moments of {inputs!r} to order {2 * degree}, which "
            f"exist to order {inputs.max_order}; train with exact=False or loss='law'"
        )
    nodes, form = quadrature(inputs, units, degree)
    like = module.theta
    points = torch.as_tensor(nodes).to(like)
    matrix = torch.as_tensor(form).to(like)
    with torch.no_grad():
        goal = build(task.target, dtype=torch.float64)(nodes).to(like)

    def residuals(theta: torch.Tensor) -> torch.Tensor:
        return (matrix @ (module.evaluate(theta, points) - goal)).flatten()

    return residuals


def _check(module: Any, task: Any) -> None:
    check_instance(module, (Network, Ensemble), "an exact loss: module")
    check_task(task, True)
    if not hasattr(task.inputs, "cumulant"):
        raise DomainError(f"{task!r} has no closed form, only samples; set exact=False")
    if task.inputs.free_symbols:
        names = ", ".join(sorted(map(str, task.inputs.free_symbols)))
        raise DomainError(f"{task!r}: the law has the symbols {names}; give them values by subs")
    units = int(task.inputs.dim)
    if module.in_features != units:
        raise ShapeError(
            f"the network takes {module.in_features} units but {task!r} gives {units}; build a "
            f"network with in_features={units}"
        )
    outputs = task.target.width_after(units)
    if module.out_features != outputs:
        raise ShapeError(
            f"the network has {module.out_features} outputs but the target of {task!r} has "
            f"{outputs}; end the network with a layer of {outputs} outputs"
        )


def order_weights(weights: Any, order: int) -> list[float]:
    """Weights w_1..w_order from a sequence, a mapping order -> weight, or None.

    Raises
    ------
    ShapeError
        If there is not one weight per order.
    DomainError
        If a weight is negative or not finite.
    """
    if weights is None:
        return [1.0] * order
    if isinstance(weights, Mapping):
        extra = [r for r in weights if r not in range(1, order + 1)]
        if extra:
            raise ShapeError(f"weights for the orders {extra}, but orders are 1 to {order}")
        weights = [weights.get(r, 0.0) for r in range(1, order + 1)]
    try:
        found = [float(w) for w in entries(weights, "weights", f"{order} numbers")]
    except (TypeError, ValueError, OverflowError) as error:
        raise DomainError(f"weights {brief(weights)}: {error}; give {order} numbers") from None
    if len(found) != order:
        raise ShapeError(f"{len(found)} weights for orders 1 to {order}; give {order}")
    if not all(math.isfinite(w) and w >= 0 for w in found):
        raise DomainError(f"weights {found} must be finite and not negative")
    return found


@explained
def law_residuals(
    module: Any, task: Any, order: int, weights: Sequence[float], closure: Closure | None = None
) -> Residuals:
    """Vector sqrt(w_r) (kappa_alpha(f) - kappa_alpha(R)), |alpha| = r <= order, in closed form.

    Parameters
    ----------
    module : Network or Ensemble
    task : object with ``target`` and ``inputs``
    order : int
    weights : sequence of float
        w_1..w_order; orders of weight zero are left out.
    closure : Closure, optional
        For the cumulants of the network, where they have no exact answer.

    Returns
    -------
    callable
        theta (P,) -> residuals (R,); works under torch.func.
    """
    _check(module, task)
    net, order = module.theory, check_order(order, "law_residuals")
    weights = order_weights(weights, order)
    used = [r for r in range(1, order + 1) if weights[r - 1]]
    if not used:
        raise DomainError("all weights are zero; at least one order must count")
    alphas = [a for r in used for a in multi_indices(module.out_features, r)]
    system = net.system(max(used), inputs=task.inputs, outputs=alphas, closure=closure)
    kernel = compile_system(system, "torch")
    state = task.target.propagate(task.inputs, max(used))
    like = module.theta
    goal = torch.as_tensor(np.array([
        rounded(state.cumulant(a), f"law_residuals: the target's cumulant {a}") for a in alphas
    ])).to(like)
    root = torch.as_tensor(np.sqrt([weights[sum(a) - 1] for a in alphas])).to(like)
    order_of = [str(p) for p in net.parameters]
    columns = torch.tensor([order_of.index(str(p)) for p in kernel.parameters], dtype=torch.long)
    place = [list(kernel.outputs).index(a) for a in alphas]

    def residuals(theta: torch.Tensor) -> torch.Tensor:
        weight = module.full(theta).index_select(-1, columns)
        return root * (kernel.stacked(weight, {})[..., place] - goal)

    return residuals


# ---------------------------------------------------------------------------- sampled


def sampled_loss(
    module: Any, task: Any, settings: Mapping[str, Any]
) -> Callable[..., torch.Tensor]:
    """Function (theta, step, number of samples) -> losses of all networks on fresh samples.

    Parameters
    ----------
    module : Network or Ensemble
    task : object with ``target``, ``inputs`` and ``sample``
    settings : mapping
        ``loss``, ``distance``, ``weights``, ``order``, ``batch`` and ``seed`` of a training.

    Raises
    ------
    ShapeError
        If widths differ.
    """
    rng = np.random.default_rng([settings["seed"], 0])
    law = settings["loss"] == "law"
    criterion: Any = squared_error
    if callable(settings["loss"]):
        criterion = partial(_given, settings["loss"])
    weights = order_weights(settings["weights"], settings["order"]) if law else []
    outputs = task.target.width_after(int(task.inputs.dim))
    if module.in_features != task.inputs.dim or module.out_features != outputs:
        raise ShapeError(
            f"the network maps {module.in_features} units to {module.out_features}, but {task!r} "
            f"maps {task.inputs.dim} to {outputs}; build a network of these widths"
        )
    if law and outputs != 1:
        raise ShapeError(
            f"the sampled law loss compares one output and {task!r} has {outputs}; set exact=True"
        )

    def value(theta: torch.Tensor, step: int, n: int = settings["batch"]) -> torch.Tensor:
        x, y = task.sample(n, rng)
        output = module.evaluate(theta, x.to(theta))
        if not law:
            return criterion(output, y.to(theta))
        goal = task.sample(n, rng)[1][:, 0].to(theta)
        if settings["distance"] == "energy":
            return energy_distance(output[..., 0], goal)
        return cumulant_distance(output[..., 0], goal, weights)

    return value


def _given(loss: Any, output: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
    """A loss that is passed as a function, one value for each network."""
    value = answer_of(
        loss, (output, y), "train: loss",
        f"pass a function of outputs {tuple(output.shape)} and targets {tuple(y.shape)}",
    )
    wanted = output.shape[:-2]
    if (
        not isinstance(value, torch.Tensor) or value.shape != wanted or value.is_complex()
        or value.requires_grad != output.requires_grad
    ):
        raise DomainError(
            f"train: loss={brief(loss)} gives {brief(value)}; the loss of outputs "
            f"{tuple(output.shape)} is a real tensor {tuple(wanted)} with a gradient"
        )
    return value


@explained
def squared_error(output: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
    """Mean over the batch of |f(x) - y|^2: (..., n, out) -> (...)."""
    _check_sample(output, "squared_error: output", 2)
    if y.shape != output.shape[-2:]:
        raise ShapeError(
            f"squared_error: y has shape {tuple(y.shape)}; give {tuple(output.shape[-2:])}"
        )
    return (output - y).square().sum(-1).mean(-1)


@explained
def kstatistics(sample: torch.Tensor, order: int) -> torch.Tensor:
    """Unbiased, differentiable k-statistics of one unit: (..., n) -> (..., order).

    Examples
    --------
    >>> kstatistics(torch.tensor([0.0, 1.0, 5.0]), 3)
    tensor([ 2.,  7., 27.])
    """
    _check_sample(sample, "kstatistics: sample")
    order, n = check_order(order, "kstatistics"), sample.shape[-1]
    mean = sample.mean(-1)
    centred = sample - mean.unsqueeze(-1)
    sums: dict[int, Any] = {}
    power = centred
    for r in range(2, order + 1):
        power = power * centred
        sums[r] = power.sum(-1)
    found = [mean]
    for r in range(2, order + 1):
        total = torch.zeros_like(mean)
        for parts, c in kstatistic_coefficients(r, n).items():
            if 1 not in parts:
                total = total + float(c) * math.prod(sums[p] for p in parts)
        found.append(total)
    return torch.stack(found, dim=-1)


@explained
def cumulant_distance(
    output: torch.Tensor, target: torch.Tensor, weights: Sequence[float]
) -> torch.Tensor:
    """Unbiased estimate of sum_r w_r (kappa_r(f) - kappa_r(R))^2: (..., n), (n,) -> (...).

    The product of the differences in two independent halves of the batch, so it may be negative.
    """
    _check_pair(output, target, "cumulant_distance")
    half = output.shape[-1] // 2
    order = len(weights)
    weights = order_weights(weights, order)
    first, second = (
        kstatistics(output[..., part], order) - kstatistics(target[..., part], order)
        for part in (slice(0, half), slice(half, 2 * half))
    )
    return (first * second * output.new_tensor(weights)).sum(-1)


@explained
def energy_distance(output: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
    """Unbiased 2 E|X - Y| - E|X - X'| - E|Y - Y'| of samples: (..., n), (m,) -> (...).

    References
    ----------
    G. J. Szekely, M. L. Rizzo, J. Stat. Plan. Inference 143 (2013) 1249-1272, eq. 5.

    Examples
    --------
    >>> energy_distance(torch.tensor([0.0, 2.0]), torch.tensor([1.0, 3.0]))
    tensor(-1.)
    """
    _check_pair(output, target, "energy_distance", 1)
    n, m = output.shape[-1], target.shape[-1]
    inner, outer = _pair_sum(output), _pair_sum(target)
    target = target.expand(*output.shape[:-1], m)
    cross = _pair_sum(torch.cat((output, target), dim=-1)) - inner - outer
    return 2 * cross / (n * m) - 2 * inner / (n * (n - 1)) - 2 * outer / (m * (m - 1))


def _check_sample(sample: torch.Tensor, what: str, axes: int = 1) -> None:
    if sample.ndim < axes or not sample.numel() or not sample.is_floating_point():
        raise ShapeError(
            f"{what} has shape {tuple(sample.shape)} and type {sample.dtype}; give floating-point "
            f"numbers on at least {axes} {'axis' if axes == 1 else 'axes'}"
        )


def _check_pair(output: torch.Tensor, target: torch.Tensor, what: str, least: int = 0) -> None:
    """Raise ShapeError unless these are samples of one unit, (..., n) and (m,)."""
    _check_sample(output, f"{what}: output")
    _check_sample(target, f"{what}: target")
    if target.ndim != 1 or min(output.shape[-1], len(target)) <= least:
        raise ShapeError(
            f"{what}: samples of shapes {tuple(output.shape)} and {tuple(target.shape)}; give "
            f"(..., n) and (m,) with more than {least} entries each"
        )


def _pair_sum(sample: torch.Tensor) -> torch.Tensor:
    """Sum over pairs i < j of |x_i - x_j|."""
    n = sample.shape[-1]
    rank = 2 * torch.arange(n, dtype=sample.dtype, device=sample.device) - (n - 1)
    return (sample.sort(dim=-1).values * rank).sum(-1)
