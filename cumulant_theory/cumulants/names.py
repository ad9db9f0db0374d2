"""Printed names of joint cumulants."""

from collections.abc import Sequence

import sympy as sp

from ..algebra import MultiIndex, to_indices
from ..arguments import explained


@explained
def index_name(indices: Sequence[int]) -> str:
    """Printed unit indices, 1-based; comma separated from the tenth unit on.

    Examples
    --------
    >>> index_name((0, 0, 2)), index_name((0, 11))
    ('113', '1,12')
    """
    separator = "," if any(i >= 9 for i in indices) else ""
    return separator.join(str(i + 1) for i in indices)


@explained
def cumulant_symbol(alpha: MultiIndex, state: str = "", name: str = "kappa") -> sp.Symbol:
    """Symbol of kappa_alpha of a named state, e.g. ``kappa__z1_112``.

    Examples
    --------
    >>> cumulant_symbol((2, 1), "z1")
    kappa__z1_112
    """
    head = f"{name}__{state}" if state else name
    return sp.Symbol(f"{head}_{index_name(to_indices(alpha))}")
