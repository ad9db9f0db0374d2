"""Predicted cumulants along a flow: exact as long as that is affordable, then under a closure."""

from typing import Any

import numpy as np
import sympy as sp
from numpy.typing import NDArray

from cumulant_theory.closures import Closure
from cumulant_theory.errors import CumulantError, DivergenceError, DomainError
from cumulant_theory.laws import Generic, Law

from ..comparison import Prediction
from ._maps import CumulantMap, is_polynomial, with_numbers

_DIGITS = 40


def predict_flow(
    module: Any, law: Law, steps: int, order: int, closure: Closure | None, exact_order: int
) -> Prediction:
    """Cumulants 1 to ``order`` after 0, ..., ``steps`` applications, a layer ``step t`` for each.

    Parameters
    ----------
    module : Network, Ensemble, Layer or RGMap
    law : Law
        Initial law, without symbols.
    steps, order : int
    closure : Closure, optional
        Of the steps that are not exact.
    exact_order : int
        Highest order of a cumulant of the initial law that the exact steps may need.

    Raises
    ------
    DivergenceError
        If the cumulants leave the finite numbers.
    DomainError
        If the law or the network has symbols without a value.
    OrderError
        If the law has not even the cumulants of the closure.

    Examples
    --------
    >>> from cumulant_theory import laws, layers
    >>> found = predict_flow(layers.BlockSum(4), laws.Exponential(1), 2, 3, None, 16)
    >>> found.values["step 2"], found.exact
    ({(1,): 4.0, (2,): 1.0, (3,): 0.5}, True)
    """
    if law.free_symbols:
        names = ", ".join(sorted(map(str, law.free_symbols)))
        raise DomainError(f"flow: {law!r} has the symbols {names}; give them values by subs")
    cut = CumulantMap(module, order, closure)
    first, carried = _exact_steps(cut, law, steps, order, exact_order)
    known = {r: _rational(law.cumulant(r)) for r in range(1, carried + 1)}
    kept = order if first == steps else cut.order
    start = Generic("known", values=known)
    names = list(cut.values)
    rows = np.stack([cut.values[n] for n in names], axis=-1) if names else np.zeros((1, 0))
    networks = [dict(zip(names, row, strict=True)) for row in np.atleast_2d(rows)]
    exact = np.stack([_exact(cut, values, start, first, kept) for values in networks], axis=1)
    if cut.networks is None:
        exact = exact[:, 0]
    path = list(exact)
    for step in range(first + 1, steps + 1):
        try:
            path.append(cut(path[-1]))
        except DomainError as error:
            raise DivergenceError(
                f"flow of {cut.rg!r}: the cumulants leave the finite numbers at step {step} under "
                f"{cut.closure!r}; follow fewer steps. {error}"
            ) from None
    values: dict[str, dict[Any, Any]] = {
        f"step {t}": {(r,): _plain(k[..., r - 1]) for r in range(1, order + 1)}
        for t, k in enumerate(path)
    }
    values["step 0"] = {a: _plain(np.ravel(v)[0]) for a, v in values["step 0"].items()}
    truncated = {f"step {t}": frozenset(values[f"step {t}"]) for t in range(first + 1, steps + 1)}
    hypotheses = [*law.hypotheses, *cut.rg.layer.hypotheses]
    if truncated:
        hypotheses.append(f"from step {first + 1} on cumulants above order {cut.order} are "
                          f"neglected; {cut.closure.hypothesis}")
    return Prediction(
        tuple(values), values, exact=not truncated,
        closure=repr(cut.closure) if truncated else "Exact()",
        hypotheses=tuple(dict.fromkeys(hypotheses)), law=law.label, truncated=truncated,
    )


def _exact_steps(
    cut: CumulantMap, law: Law, steps: int, order: int, exact_order: int
) -> tuple[int, int]:
    """How many steps at the start are exact, and the order of the initial law they need."""
    if cut.exact:
        return steps, order
    if not is_polynomial(cut.rg):
        return 0, cut.order
    degree = cut.rg.degree
    limit = min(exact_order, law.max_order or exact_order)
    if order * degree**steps <= limit:
        return steps, order * degree**steps
    first = 0
    while first < steps and cut.order * degree ** (first + 1) <= limit:
        first += 1
    return first, cut.order * degree**first


def _exact(
    cut: CumulantMap, values: dict[str, Any], law: Law, steps: int, order: int
) -> NDArray[np.float64]:
    if not steps:
        return np.array([[float(law.cumulant(r)) for r in range(1, order + 1)]])
    flow = with_numbers(cut.rg, values).flow(law, steps, order)
    try:
        return np.array([[float(v) for v in step.values()] for step in flow.steps])
    except (CumulantError, OverflowError) as error:
        raise DivergenceError(
            f"flow of {cut.rg!r}: the cumulants leave the finite numbers within {steps} steps; "
            f"follow fewer. {error}"
        ) from None


def _rational(value: Any) -> sp.Expr:
    """Itself, or its first 40 digits: far below the rounding of the result."""
    return value if value.is_Rational else sp.Rational(str(value.evalf(_DIGITS)))


def _plain(value: Any) -> Any:
    return float(value) if np.ndim(value) == 0 else np.array(value)
