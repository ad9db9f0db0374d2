"""Optimisers that train all networks of an ensemble at once."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch.func import jacfwd, jacrev, vmap

from cumulant_theory.errors import DivergenceError

Observer = Callable[[int, torch.Tensor, torch.Tensor], None]

ANGLE = 1e-8  # cosine between residual and tangent space that counts as stationary


@dataclass
class Progress:
    """What an optimiser hands back: parameters (S, P), losses per step (S,) and flags (S,)."""

    theta: torch.Tensor
    losses: list[torch.Tensor]
    converged: torch.Tensor
    diverged: torch.Tensor


def diverged(
    step: int, lost: torch.Tensor, last: torch.Tensor, seeds: Any, lr: float | None
) -> DivergenceError:
    """The error for members whose loss left the finite numbers."""
    members = torch.nonzero(lost).flatten().tolist()
    who = "the network" if seeds is None else (
        f"{len(members)} of {len(lost)} networks, "
        f"seed{'s' if len(members) > 1 else ''} {', '.join(str(seeds[k]) for k in members[:8])}"
        f"{', ...' if len(members) > 8 else ''},"
    )
    if step == 0:
        return DivergenceError(
            f"the loss of {who} is not finite before training; give smaller initial values by "
            "load_values"
        )
    values = ", ".join(f"{float(last[k]):.3g}" for k in members[:8])
    advice = "smaller initial values" if lr is None else f"a learning rate below lr={lr:g}"
    keep = "" if seeds is None else ", or on_divergence='keep' to go on with the others"
    return DivergenceError(
        f"the loss of {who} is not finite at step {step}; the last finite loss was {values}. "
        f"Parameters are back at the last finite ones; try {advice}{keep}"
    )


def _ignore(step: int, theta: torch.Tensor, lost: torch.Tensor) -> None:
    pass


def _same(theta: torch.Tensor) -> torch.Tensor:
    return theta


def first_order(
    parameter: torch.nn.Parameter,
    value: Callable[[torch.Tensor, int], torch.Tensor],
    *,
    steps: int,
    lr: float,
    optimizer: str,
    stop_below: float | None,
    keep: bool,
    seeds: Any,
    bar: Any,
    observe: Observer = _ignore,
) -> Progress:
    """Adam or plain gradient descent with the rate decaying to zero along a cosine.

    Members whose loss falls to ``stop_below`` stay as they are from then on, and so do diverged
    ones if ``keep``. Parameters are changed in place.
    """
    engines = {"adam": torch.optim.Adam, "sgd": torch.optim.SGD}
    engine = engines[optimizer]([parameter], lr=lr)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(engine, T_max=max(1, steps))
    size = parameter.shape[0] if parameter.ndim == 2 else 1
    lost = torch.zeros(size, dtype=torch.bool)
    done = torch.zeros(size, dtype=torch.bool)
    last = torch.full((size,), torch.nan, dtype=parameter.dtype)
    previous = parameter.detach().clone()
    history: list[torch.Tensor] = []
    for step in range(steps + 1):
        loss = value(parameter, step)
        current = loss.detach().reshape(-1)
        finite = torch.isfinite(current)
        held = lost | done
        fresh = ~finite & ~held
        if bool(fresh.any()):
            with torch.no_grad():
                rows = fresh if keep else torch.ones_like(fresh)
                parameter.copy_(torch.where(_rows(rows, parameter), previous, parameter))
            if not keep or bool((lost | fresh).all()):
                raise diverged(step, fresh, last, seeds, lr)
            lost = lost | fresh
        history.append(torch.where(lost, torch.nan, current))
        observe(step, parameter.detach(), lost)
        last = torch.where(finite, current, last)
        if stop_below is not None:
            done = done | (finite & ~lost & (current <= stop_below))
        held = lost | done
        if step == steps or bool(held.all()):
            break
        previous = parameter.detach().clone()
        engine.zero_grad()
        torch.where(torch.isfinite(loss), loss, torch.zeros_like(loss)).sum().backward()
        engine.step()
        schedule.step()
        if bool(held.any()):
            with torch.no_grad():
                parameter.copy_(torch.where(_rows(held, parameter), previous, parameter))
        bar.update()
        if step % 50 == 0:
            bar.set_postfix(loss=f"{float(current[~lost].median()):.3g}", refresh=False)
    return Progress(parameter.detach(), history, done, lost)


def _rows(mask: torch.Tensor, like: torch.Tensor) -> torch.Tensor:
    return mask.unsqueeze(-1) if like.ndim == 2 else mask


def levenberg_marquardt(
    residuals: Callable[[torch.Tensor], torch.Tensor],
    theta: torch.Tensor,
    *,
    steps: int,
    tol: float,
    keep: bool,
    seeds: Any,
    bar: Any,
    observe: Observer = _ignore,
    penalty: Any = None,
) -> Progress:
    """Minimise |residuals(theta)|^2 for every row of theta (S, P), damping each on its own.

    A penalty adds rows. The steps are then taken in coordinates in which it is not steeper than
    the unit sphere, so that strong penalties slow none down.

    References
    ----------
    K. Madsen, H. B. Nielsen, O. Tingleff, Methods for non-linear least squares problems (2004),
    algorithm 3.16.
    """
    theta = theta.detach().clone()
    back: Callable[[torch.Tensor], torch.Tensor] = _same
    extra: tuple[torch.Tensor, ...] = ()
    if penalty is not None:
        residuals, theta, extra, back = _penalised(residuals, theta, penalty)
    of_each = vmap(residuals)

    def function(theta: torch.Tensor) -> torch.Tensor:
        return of_each(theta, *extra)

    r = function(theta)
    count = theta.shape[-1]
    slopes = vmap(jacfwd(residuals) if count <= r.shape[-1] else jacrev(residuals))

    def derivative(theta: torch.Tensor) -> torch.Tensor:
        return slopes(theta, *extra)

    loss = r.square().sum(-1)
    lost = ~torch.isfinite(loss)
    if bool(lost.any()) and (not keep or bool(lost.all())):
        raise diverged(0, lost, loss, seeds, None)
    eye = torch.eye(count, dtype=theta.dtype)
    jacobian = derivative(theta)
    normal = jacobian.mT @ jacobian
    tiny = torch.finfo(theta.dtype).tiny
    damping = 1e-3 * normal.diagonal(dim1=-2, dim2=-1).amax(-1).clamp_min(tiny) if count else loss
    growth = torch.full_like(loss, 2.0)
    stuck = torch.zeros_like(lost)
    history = [torch.where(lost, torch.nan, loss)]
    observe(0, back(theta), lost)
    small = loss <= tol
    for _ in range(steps if count else 0):
        gradient = (jacobian.mT @ r.unsqueeze(-1)).squeeze(-1)
        columns = jacobian.square().sum(-2).sqrt() * loss.sqrt().unsqueeze(-1)
        angle = (gradient.abs() / columns.clamp_min(tiny)).amax(-1)
        small = (loss <= tol) | (angle <= ANGLE)
        active = ~(lost | small | stuck)
        if not bool(active.any()):
            break
        damped = normal + damping[:, None, None] * eye
        step, _ = torch.linalg.solve_ex(damped, -gradient)
        trial = theta + step
        r_trial = function(trial)
        loss_trial = r_trial.square().sum(-1)
        expected = (step * (damping.unsqueeze(-1) * step - gradient)).sum(-1)
        better = active & torch.isfinite(loss_trial) & (loss_trial < loss)
        ratio = (loss - loss_trial) / expected.clamp_min(tiny)
        relax = (1 - (2 * ratio.clamp(0, 1) - 1) ** 3).clamp_min(1 / 3)
        eps = torch.finfo(theta.dtype).eps
        stuck = stuck | (active & ~better & ~(expected > eps * loss))
        damping = torch.where(better, damping * relax, damping * growth)
        growth = torch.where(better, 2.0, growth * 2)
        if bool(better.any()):
            theta = torch.where(better.unsqueeze(-1), trial, theta)
            r = torch.where(better.unsqueeze(-1), r_trial, r)
            loss = torch.where(better, loss_trial, loss)
            jacobian = derivative(theta)
            normal = jacobian.mT @ jacobian
        history.append(torch.where(lost, torch.nan, loss))
        observe(len(history) - 1, back(theta), lost)
        bar.update()
        bar.set_postfix(loss=f"{float(loss[~lost].median()):.3g}", refresh=False)
    return Progress(back(theta), history, (small | stuck | (loss <= tol)) & ~lost, lost)


def _penalised(
    residuals: Callable[[torch.Tensor], torch.Tensor], theta: torch.Tensor, penalty: Any
) -> tuple[Any, torch.Tensor, tuple[torch.Tensor, ...], Any]:
    """Residuals with the rows of a penalty, in coordinates psi with theta = T psi.

    T^T (1 + J^T J) T = 1 for the derivative J of the rows at the start, which is the same
    everywhere for weights that are linear in the parameters.
    """
    roots = penalty.roots
    slopes = vmap(jacfwd(penalty.rows))(theta, roots)
    eye = torch.eye(theta.shape[-1], dtype=theta.dtype).expand(len(theta), -1, -1)
    upper = torch.linalg.qr(torch.cat((eye, slopes), dim=-2), mode="r").R
    change = torch.linalg.solve_triangular(upper, eye, upper=True)

    def rows(psi: torch.Tensor, change: torch.Tensor, roots: torch.Tensor) -> torch.Tensor:
        theta = change @ psi
        return torch.cat((residuals(theta), penalty.rows(theta, roots)))

    def back(psi: torch.Tensor) -> torch.Tensor:
        return (change @ psi.unsqueeze(-1)).squeeze(-1)

    return rows, (upper @ theta.unsqueeze(-1)).squeeze(-1), (change, roots), back
