"""Cumulants of a law under repeated application of an RG map."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import sympy as sp

from ..arguments import entry_at
from ..latex import latex
from ..laws import CumulantSequence, Law
from .negentropy import negentropy
from .truncated import TruncatedMap


@dataclass(frozen=True)
class Flow:
    """Cumulants of a law along repeated application of a map.

    Attributes
    ----------
    steps
        One dict order -> cumulant per step, the initial law first.
    order
        Highest order followed.
    exact
        For every step whether nothing was neglected.
    closure
        Name of the closure of the other steps.
    """

    steps: tuple[dict[int, sp.Expr], ...]
    order: int
    exact: tuple[bool, ...] = ()
    closure: str = "Exact()"

    def __getitem__(self, step: int) -> dict[int, sp.Expr]:
        return entry_at(self.steps, step, "steps of the flow")

    def __iter__(self) -> Iterator[dict[int, sp.Expr]]:
        return iter(self.steps)

    def __len__(self) -> int:
        return len(self.steps)

    def negentropy(self, next_order: bool = False) -> tuple[sp.Expr, ...]:
        """Leading terms of the negentropy at every step; see :func:`negentropy`.

        Examples
        --------
        >>> from cumulant_theory import laws, layers, rg
        >>> rg.RGMap(layers.BlockSum(2)).flow(laws.Laplace(0, 1), 2).negentropy()
        (3/16, 3/64, 3/256)
        """
        return tuple(negentropy(step, next_order) for step in self.steps)

    def _repr_latex_(self) -> str:
        head = " & ".join(rf"\kappa_{{{r}}}" for r in range(1, self.order + 1))
        rows = r" \\ ".join(
            f"{t} & " + " & ".join(latex(v) for v in step.values())
            for t, step in enumerate(self.steps)
        )
        columns = "r|" + "c" * self.order
        return (
            rf"$\displaystyle \begin{{array}}{{{columns}}} t & {head} \\ \hline {rows} "
            r"\end{array}$"
        )

    def _repr_html_(self) -> str:
        from .display import flow_card

        return flow_card(self)


class Sequence(CumulantSequence):
    """Cumulants on the way along a flow; they come from a law, so they need no check."""

    name = "flow"

    def __init__(self, values: dict[int, sp.Expr]) -> None:
        Law.__init__(self, {"values": tuple(values.values())})
        self._values = values

    @property
    def max_order(self) -> int:
        return len(self._values)

    def _cumulant(self, r: int) -> sp.Expr:
        return self._values[r]


def follow(
    image: Callable[[Law, int], Any], degree: int, law: Law, steps: int, order: int,
    truncated: TruncatedMap | None = None, exact_steps: int = 0,
) -> Flow:
    """Exact steps, each of which needs ``degree`` times the cumulants of the next, then truncated
    ones.

    Parameters
    ----------
    image
        (law, order) -> cumulants of its image.
    degree
        Degree of the map.
    law, steps, order
        Initial law, number of steps, highest order kept.
    truncated
        The map of the steps that are not exact; None where all are.
    exact_steps
        Number of exact steps before those.

    Raises
    ------
    OrderError
        If the law has too few cumulants.
    """
    kept = order if truncated is None else truncated.order
    first = steps if truncated is None else min(exact_steps, steps)
    needed = [kept * degree**k for k in range(first, -1, -1)]
    values = {r: law.cumulant(r) for r in range(1, needed[0] + 1)}
    found = [values]
    for highest in needed[1:]:
        state = image(Sequence(values), highest)
        values = {r: state[r] for r in range(1, highest + 1)}
        found.append(values)
    if truncated is not None:
        for _ in range(steps - first):
            found.append(truncated(found[-1]))
    exact = tuple(t <= first for t in range(steps + 1))
    return Flow(
        tuple({r: v[r] for r in range(1, order + 1)} for v in found), order, exact,
        "Exact()" if truncated is None or all(exact) else repr(truncated.closure),
    )
