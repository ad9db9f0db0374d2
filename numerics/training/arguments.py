"""Checks of the arguments of a training."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from cumulant_theory.algebra import check_order
from cumulant_theory.errors import DomainError, OrderError, ShapeError, UnknownNameError
from numerics.networks import Ensemble, Network


def check_arguments(module: Any, settings: Mapping[str, Any]) -> None:
    """Raise an error of the CumulantError family for arguments that do not fit together."""
    if not isinstance(getattr(module, "network", module), (Network, Ensemble)):
        raise DomainError(f"train: {type(module).__name__} is no network; make one by build(net)")
    if settings["exact"] and (callable(settings["loss"]) or hasattr(module, "network")):
        raise DomainError(
            "train: exact=True is for the losses 'pointwise' and 'law' of a network by build(net), "
            f"not for loss={settings['loss']!r} of a {type(module).__name__}; set exact=False"
        )
    known = {
        "loss": ("pointwise", "law"), "distance": ("cumulants", "energy"),
        "optimizer": ("lm", "adam", "sgd"), "on_divergence": ("raise", "keep"),
    }  # fmt: skip
    for what, names in known.items():
        if settings[what] not in names and not (what == "loss" and callable(settings[what])):
            raise UnknownNameError.of(what, settings[what], names)
    exact, energy = settings["exact"], settings["distance"] == "energy"
    if settings["optimizer"] == "lm" and not exact:
        raise DomainError("train: optimizer='lm' needs residuals without noise; set exact=True")
    if energy and (exact or settings["loss"] != "law"):
        raise DomainError("train: distance='energy' is a sampled law loss; set loss='law'")
    for what, least in (("steps", 0), ("batch", 2), ("order", 1)):
        number = settings[what]
        if not isinstance(number, int) or isinstance(number, bool) or number < least:
            kind = OrderError if what == "order" else ShapeError
            raise kind(f"train: {what} is {number!r}; give an integer of at least {least}")
    check_order(settings["order"])
    for what in ("lr", "tol"):
        number = settings[what]
        if not isinstance(number, (int, float, np.number)) or not 0 <= number < np.inf:
            raise DomainError(f"train: {what} is {number!r}; give a float from 0 up")
    if settings["loss"] == "law" and not exact and not energy:
        if settings["order"] > 8:
            raise OrderError("train: k-statistics go to order 8; lower order or set exact=True")
        if settings["batch"] < 2 * settings["order"]:
            raise ShapeError(
                f"train: batch={settings['batch']} is too small for k-statistics of order "
                f"{settings['order']} in two halves; give at least {2 * settings['order']}"
            )


def check_task(task: Any, exact: bool) -> None:
    """Raise DomainError for a task that lacks what the training needs."""
    needed = ("target", "inputs") if exact else ("target", "inputs", "sample")
    missing = [name for name in needed if not hasattr(task, name)]
    if missing:
        raise DomainError(
            f"train: the task {task!r} has no {', '.join(missing)}; pass "
            "numerics.tasks.BlockSum(b, law), or an object with target (a layer), inputs (its "
            "joint law) and sample(n, seed)"
        )
