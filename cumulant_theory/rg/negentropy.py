"""How far a law is from the Gaussian fixed point: negentropy by its Edgeworth series."""

from collections.abc import Mapping
from typing import Any

import sympy as sp

from ..algebra import exact
from ..arguments import explained
from ..cumulants import JointCumulants
from ..errors import DomainError, OrderError, ShapeError
from ..laws import Law


@explained
def negentropy(source: Any, next_order: bool = False) -> sp.Expr:
    r"""Leading terms of the negentropy J = H(Gaussian of the same variance) - H, in nats.

    .. math:: J \approx \frac{\kappa_3^2}{12\,\kappa_2^3} + \frac{\kappa_4^2}{48\,\kappa_2^4}

    J is zero for Gaussians alone, and does not change with location and scale. Along the block
    sum the skewness falls as b^{-1/2} and the excess kurtosis as b^{-1}: the first term falls as
    b^{-1}, the second as b^{-2}.

    Parameters
    ----------
    source
        A law, joint cumulants of a single unit, or a mapping order -> cumulant, such as a step of
        a flow or a fixed point; with orders 2, 3 and 4.
    next_order
        Add the terms that are of the order of the second one for sums of n independent copies,
        n^{-2}: 7/48 skewness^4 - 1/8 skewness^2 kurtosis. Without them the sum is positive, but for
        skewed laws right to order n^{-1} only.

    Returns
    -------
    sympy.Expr
        Exact function of the cumulants.

    Raises
    ------
    DomainError
        If the variance is not positive, or the source is none of these.
    OrderError
        If there are fewer than four cumulants.
    ShapeError
        If the state has several units.

    References
    ----------
    P. Comon, Independent component analysis, a new concept?, Signal Processing 36, 287 (1994).

    Examples
    --------
    >>> from cumulant_theory import laws
    >>> negentropy(laws.Generic("kappa"))
    kappa_3**2/(12*kappa_2**3) + kappa_4**2/(48*kappa_2**4)
    >>> alpha = sp.Symbol("alpha", positive=True)
    >>> negentropy(laws.Gamma(alpha, 1), next_order=True)
    1/(3*alpha) + 1/(12*alpha**2)
    """
    variance, third, fourth = _cumulants(source)
    if variance.is_zero or variance.is_negative:
        raise DomainError(
            f"negentropy: the variance is {variance}; only a positive one has a Gaussian to be "
            "compared with"
        )
    leading = third**2 / (12 * variance**3) + fourth**2 / (48 * variance**4)
    if not next_order:
        return sp.sympify(leading)
    return sp.expand(
        leading + sp.Rational(7, 48) * third**4 / variance**6
        - third**2 * fourth / (8 * variance**5)
    )


def _cumulants(source: Any) -> tuple[sp.Expr, ...]:
    if isinstance(source, (Law, JointCumulants)):
        if getattr(source, "dim", 1) != 1:
            raise ShapeError(f"negentropy of {source!r}: give the state of a single unit")
        return tuple(source.cumulant(r) for r in (2, 3, 4))
    values = getattr(source, "cumulants", source)
    if not isinstance(values, Mapping):
        raise DomainError(
            f"negentropy of {source!r}: give a law, a state, or cumulants {{order: value}}"
        )
    missing = [r for r in (2, 3, 4) if r not in values]
    if missing:
        raise OrderError(
            f"negentropy needs the cumulants of orders 2, 3 and 4; {missing} are missing, so "
            "propagate to order 4"
        )
    return tuple(exact(values[r], f"kappa_{r}") for r in (2, 3, 4))
