"""Networks that treat all units alike, read from matrices or from a few numbers."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from cumulant_theory.diagrams import patterns
from cumulant_theory.errors import CumulantError, DomainError, ShapeError

from .exchangeable import (
    FEW,
    ExchangeableState,
    ExchangeableTensor,
    ExchangeableWeight,
    Pattern,
    few_entries,
    few_state,
    spread,
)
from .forms import DenseTensor
from .maps import PointwiseMap

Alike = tuple[list[ExchangeableWeight], list[Any], ExchangeableState]


def alike(
    xp: Any, weights: Sequence[Any], biases: Sequence[Any], given: Any,
    maps: Sequence[PointwiseMap], order: int, form: str,
) -> Alike | None:  # fmt: skip
    """Weights, biases and input of a network as numbers, None where it is to be dense or factored.

    Under "auto" only exact equality counts, only beyond the units that a state holds anyway, and
    only without gradients to single entries.

    Raises
    ------
    CumulantError
        If the exchangeable form is asked for, by its name or by an argument that no other form
        takes, and something differs between units.
    """
    own = [w for w in weights if isinstance(w, ExchangeableWeight)]
    asked = bool(own) or any(isinstance(v, Mapping) for v in given)
    if form in ("dense", "factored"):
        if asked:
            raise DomainError(
                f"form={form!r} takes no ExchangeableWeight and no numbers by pattern; give "
                "arrays, or form='exchangeable'"
            )
        return None
    asked = asked or form == "exchangeable"
    arrays = [a for a in (*weights, *biases, *given) if not isinstance(a, ExchangeableWeight)]
    if not asked and (
        max(max(w.shape) for w in weights) <= FEW
        or any(getattr(a, "requires_grad", False) for a in arrays)
    ):
        return None
    try:
        mixed = next((m.name for m in maps if not m.alike), None)
        if mixed is not None:
            raise DomainError(
                f"{mixed} next to units that pass unchanged does not treat all units alike"
            )
        found = [as_exchangeable(w, f"weight {k}", xp) for k, w in enumerate(weights)]
        shifts = [
            None if b is None else as_shift(b, w.shape[0], f"bias {k}", xp)
            for k, (w, b) in enumerate(zip(found, biases, strict=True))
        ]
        return found, shifts, exchangeable_input(xp, found[0].units, given, order)
    except CumulantError:
        if asked:
            raise
        return None


def as_exchangeable(weight: Any, name: str, xp: Any) -> ExchangeableWeight:
    """A matrix that treats all units alike, as two numbers.

    Raises
    ------
    DomainError
        If it does not, or if it wants gradients: they would reach two of its entries alone.
    """
    if isinstance(weight, ExchangeableWeight):
        own, shared = xp.asarray(weight.own), xp.asarray(weight.shared)
        if not np.isfinite(xp.detached(own)) or not np.isfinite(xp.detached(shared)):
            raise DomainError(f"{name} has entries that are not finite")
        return ExchangeableWeight(own, shared, *weight.shape[::-1])
    if getattr(weight, "requires_grad", False):
        raise DomainError(
            f"{name} wants gradients, which form='exchangeable' would give to two of its entries; "
            "give ExchangeableWeight(own, shared, units) with tensors, or form='dense'"
        )
    plain, (out, n) = xp.detached(weight), weight.shape
    square = out == n > 1
    own, shared = plain[0, 0], plain[0, 1] if square else plain[0, 0]
    same = plain[-1, 0] == shared  # tells random matrices at once
    if same and square:
        others = n if own != shared else 0
        same = bool((np.diagonal(plain) == own).all()) and int((plain != shared).sum()) == others
    elif same:
        same = bool((plain == own).all())
    if not same:
        raise DomainError(
            f"{name} does not treat all units alike: it is no own * 1 + shared * 11^T; use "
            "form='dense' or 'factored'"
        )
    return ExchangeableWeight(weight[0, 0] - shared if square else 0 * own, weight[0, -1], n, out)


def as_shift(bias: Any, out: int, name: str, xp: Any) -> Any:
    """A bias that is the same for all units, as an array of one number.

    Raises
    ------
    ShapeError, DomainError
        If its length does not fit, or it differs between units.
    """
    if len(bias) not in (1, out):
        raise ShapeError(f"{name} has {len(bias)} entries in front of {out} units")
    if not (xp.detached(bias) == xp.detached(bias)[0]).all():
        raise DomainError(f"{name} differs between units; use form='dense' or 'factored'")
    if getattr(bias, "requires_grad", False) and len(bias) > 1:
        raise DomainError(
            f"{name} wants gradients, which form='exchangeable' would give to its first entry; "
            "give one number"
        )
    return bias[:1]


def exchangeable_input(xp: Any, n: int, given: Any, order: int) -> ExchangeableState:
    """The input of so many units, standard normal unless given.

    Parameters
    ----------
    given : tuple
        Mean, cov, kappa3 and kappa4, each None, an array, or numbers by pattern.

    Raises
    ------
    ShapeError, DomainError
        If one does not fit, differs between units, or no law has it.
    """
    names = ("mean", "cov", "kappa3", "kappa4")
    found = [
        None if value is None else _numbers(xp, value, rank, n, name)
        for rank, (name, value) in enumerate(zip(names, given, strict=True), 1)
    ]
    mean = 0.0 if found[0] is None else found[0][(1,)]
    second = {(2,): 1.0, (1, 1): 0.0} if found[1] is None else found[1]
    split, whole = second[(2,)] - second[(1, 1)], second[(2,)] + (n - 1) * second[(1, 1)]
    lowest = min(float(xp.detached(e)) for e in ((whole,) if n == 1 else (split, whole)))
    if lowest < -1e-5 * abs(float(xp.detached(second[(2,)]))):
        raise DomainError(
            f"cov has the eigenvalue {lowest:.3g}; a covariance matrix has none below zero"
        )
    if order == 1:
        second = {(2,): second[(2,)]}
    third, fourth = (
        None if values is None or order < 3
        else ExchangeableTensor(DenseTensor(xp, few_entries(xp, values, rank, n)), n)
        for rank, values in enumerate(found[2:], 3)
    )
    return few_state(xp, mean, second, third, fourth, n)


def _numbers(xp: Any, value: Any, rank: int, n: int, name: str) -> dict[Pattern, Any]:
    """One number per pattern of an order."""
    wanted = [q for q in patterns(rank) if sum(q) == rank]
    if isinstance(value, Mapping) or np.ndim(value) == 0:
        value = value if isinstance(value, Mapping) else {wanted[0]: value}
        if not set(value) <= set(wanted) or (rank == 2 and (2,) not in value):
            raise DomainError(
                f"{name} has the patterns {sorted(value)}; give numbers by "
                f"{', '.join(map(str, wanted))}"
            )
        found = {q: xp.asarray(value.get(q, 0.0)) for q in wanted}
    else:
        array = xp.asarray(value)
        if tuple(array.shape) != (n,) * rank:
            raise ShapeError(f"{name} has shape {tuple(array.shape)}; the input has {n} units")
        m = min(n, FEW)
        few = array[(slice(m),) * rank]
        if not np.array_equal(spread(xp.detached(few), n), xp.detached(array)):
            raise DomainError(
                f"{name} does not treat all units alike; use form='dense' or 'factored'"
            )
        if getattr(value, "requires_grad", False):
            raise DomainError(f"{name} wants gradients; give it as numbers by pattern")
        found = {
            q: array[tuple(a for a, e in enumerate(q) for _ in range(e))] if len(q) <= m else 0.0
            for q in wanted
        }
    if not all(np.isfinite(xp.detached(v)).all() for v in found.values()):
        raise DomainError(f"{name} has entries that are not finite")
    return found
