"""What a network is asked: pointwise risk or matching of the output law, sampled or exact."""

import itertools
import math
from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from typing import Any

import numpy as np
import sympy as sp
import torch

from cumulant_theory.algebra import joint_moments, multi_indices
from cumulant_theory.arguments import brief, entries
from cumulant_theory.closures import Closure
from cumulant_theory.cumulants import CumulantSource, blocks_of
from cumulant_theory.errors import DomainError, NoClosedFormError, OrderError, ShapeError
from numerics.backends.numpy import rounded
from numerics.kernels import compile_system
from numerics.kstatistics import kstatistic_coefficients
from numerics.networks import build

LARGEST = 4000  # monomials of an exact risk
Residuals = Callable[[torch.Tensor], torch.Tensor]


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
    net, inputs = module.theory, task.inputs
    _check(module, task)
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
    nodes, form = _quadrature(inputs, units, degree)
    like = module.theta
    points = torch.as_tensor(nodes).to(like)
    matrix = torch.as_tensor(form).to(like)
    with torch.no_grad():
        goal = build(task.target, dtype=torch.float64)(nodes).to(like)

    def residuals(theta: torch.Tensor) -> torch.Tensor:
        return (matrix @ (module.evaluate(theta, points) - goal)).flatten()

    return residuals


def _quadrature(law: CumulantSource, units: int, degree: int) -> tuple[np.ndarray, np.ndarray]:
    """Nodes (M, units) and matrix B with E p(x)^2 = |B p(nodes)|^2 for p of that degree."""
    axes = np.eye(units, dtype=int)
    cumulant = _numbers(law)
    mean = [cumulant(tuple(a)) for a in axes]
    deviation = [math.sqrt(abs(float(cumulant(tuple(2 * a))))) or 1.0 for a in axes]
    scale = [Fraction(s).limit_denominator(10**6) or Fraction(s) for s in deviation]

    def standardised(alpha: tuple[int, ...]) -> Fraction:
        if sum(alpha) == 1:
            return Fraction(0)
        return cumulant(alpha) / math.prod(
            (s**a for s, a in zip(scale, alpha, strict=True)), start=Fraction(1)
        )

    within = joint_moments(standardised, Fraction(1))

    def moment(alpha: tuple[int, ...]) -> float:
        parts = (within(p) for p in blocks_of(alpha, law.blocks))
        return float(math.prod(parts, start=Fraction(1)))

    powers = [a for r in range(degree + 1) for a in multi_indices(units, r)]
    table = {
        a: moment(a) for a in {
            tuple(map(sum, zip(p, q, strict=True)))
            for p, q in itertools.combinations_with_replacement(powers, 2)
        }
    }
    gram = np.array([
        [table[tuple(map(sum, zip(p, q, strict=True)))] for q in powers] for p in powers
    ])
    line = _leja(degree + 1)
    lattice = line[np.array(powers)]
    vandermonde = np.prod(lattice[:, None, :] ** np.array(powers)[None], axis=-1)
    size = np.sqrt(np.diag(gram))
    values, vectors = np.linalg.eigh(gram / np.outer(size, size))
    keep = values > len(powers) * np.finfo(float).eps * values[-1]
    root = vectors[:, keep] * np.sqrt(values[keep]) * size[:, None]
    form = np.linalg.solve(vandermonde.T, root).T
    shift, width = np.array([float(m) for m in mean]), np.array([float(s) for s in scale])
    return shift + width * lattice, form


def _leja(count: int) -> np.ndarray:
    """Distinct points of [-2, 2], each far from those before it."""
    candidates = 2 * np.cos(np.pi * np.arange(4 * count + 1) / (4 * count))
    chosen = [0.0]
    while len(chosen) < count:
        distance = np.prod([np.abs(candidates - c) for c in chosen], axis=0)
        chosen.append(float(candidates[np.argmax(distance)]))
    return np.array(chosen)


def _numbers(law: CumulantSource) -> Callable[[tuple[int, ...]], Fraction]:
    """Cumulants as fractions, irrational ones to 40 digits."""

    def number(alpha: tuple[int, ...]) -> Fraction:
        value: Any = law.cumulant(alpha)
        if not value.is_Rational:
            value = sp.Rational(str(value.evalf(40)))
        return Fraction(int(value.p), int(value.q))

    return number


def _check(module: Any, task: Any) -> None:
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
    net = module.theory
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
    criterion: Any = settings["loss"] if callable(settings["loss"]) else squared_error
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


def squared_error(output: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
    """Mean over the batch of |f(x) - y|^2: (..., n, out) -> (...)."""
    return (output - y).square().sum(-1).mean(-1)


def kstatistics(sample: torch.Tensor, order: int) -> torch.Tensor:
    """Unbiased, differentiable k-statistics of one unit: (..., n) -> (..., order).

    Examples
    --------
    >>> kstatistics(torch.tensor([0.0, 1.0, 5.0]), 3)
    tensor([ 2.,  7., 27.])
    """
    n = sample.shape[-1]
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


def cumulant_distance(
    output: torch.Tensor, target: torch.Tensor, weights: Sequence[float]
) -> torch.Tensor:
    """Unbiased estimate of sum_r w_r (kappa_r(f) - kappa_r(R))^2: (..., n), (n,) -> (...).

    The product of the differences in two independent halves of the batch, so it may be negative.
    """
    half = output.shape[-1] // 2
    order = len(weights)
    first, second = (
        kstatistics(output[..., part], order) - kstatistics(target[..., part], order)
        for part in (slice(0, half), slice(half, 2 * half))
    )
    return (first * second * output.new_tensor(weights)).sum(-1)


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
    n, m = output.shape[-1], target.shape[-1]
    inner, outer = _pair_sum(output), _pair_sum(target)
    target = target.expand(*output.shape[:-1], m)
    cross = _pair_sum(torch.cat((output, target), dim=-1)) - inner - outer
    return 2 * cross / (n * m) - 2 * inner / (n * (n - 1)) - 2 * outer / (m * (m - 1))


def _pair_sum(sample: torch.Tensor) -> torch.Tensor:
    """Sum over pairs i < j of |x_i - x_j|."""
    n = sample.shape[-1]
    rank = 2 * torch.arange(n, dtype=sample.dtype, device=sample.device) - (n - 1)
    return (sample.sort(dim=-1).values * rank).sum(-1)
