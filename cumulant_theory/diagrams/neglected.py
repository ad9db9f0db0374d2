"""What a closure leaves out first."""

from collections.abc import Sequence
from dataclasses import dataclass

from ..algebra import check_order
from ..arguments import explained
from ..claims import claim
from ..closures import Closure
from ..latex.html import card
from .enumeration import Diagram, Pattern, check_pattern, connected, patterns
from .rule import word


@dataclass(frozen=True)
class Neglected:
    """The cheapest diagrams that a closure leaves out.

    Attributes
    ----------
    cost
        Their total cost: behind a wide random layer they are of order n^(-cost/2).
    diagrams
        (pattern, diagrams of that cost that are left out) for every pattern that has some.
    layer
        Printed name of the layer, empty for a pattern alone.
    """

    cost: int
    diagrams: tuple[tuple[Pattern, tuple[Diagram, ...]], ...]
    layer: str = ""

    def __repr__(self) -> str:
        return f"Neglected({self})"

    def _repr_html_(self) -> str:
        return card("First neglected", claim(str(self)))

    def __str__(self) -> str:
        listed = "; ".join(
            f"{word(p)}: " + ", ".join(_product(d) for d in found[:3])
            + (f" and {len(found) - 3} more" if len(found) > 3 else "")
            for p, found in self.diagrams
        )
        where = f"layer {self.layer}: " if self.layer else ""
        return f"{where}diagrams of cost {self.cost} ({listed})"


def _product(diagram: Diagram) -> str:
    return " ".join(
        f"kappa_{word(v)}" + (f"^{c}" if c > 1 else "") for v, c in diagram.blocks
    )


@explained
def first_neglected(
    pattern: Sequence[int] | int, closure: Closure, degree: int | None = None,
    units: int | None = None,
) -> Neglected | None:
    """The cheapest diagrams that a closure leaves out of a pattern, or of all up to an order.

    Parameters
    ----------
    pattern
        Index pattern, or an order for all patterns up to it.
    closure
        A closure.
    degree
        Degree of the activation if it is a polynomial.
    units
        Number of units, where patterns of more do not occur.

    Returns
    -------
    Neglected or None
        None where nothing is left out.

    Examples
    --------
    >>> from cumulant_theory.closures import Diagrams, Neglect
    >>> print(first_neglected((1,), Diagrams(2)))
    diagrams of cost 2 (i: kappa_iii, kappa_iiii)
    >>> first_neglected((1,), Neglect(2), degree=2) is None
    True
    """
    if closure.budget is None and closure.largest_block is None:
        return None
    if degree:
        check_order(degree, "degree of the activation")
    wanted = patterns(pattern) if isinstance(pattern, int) else [check_pattern(pattern)]
    wanted = [p for p in wanted if units is None or len(p) <= units]
    best: Neglected | None = None
    for p in wanted:
        degrees = None if degree is None else tuple(degree * a for a in p)
        total = sum(degrees) if degrees is not None else None
        limit = 0
        while (total is None or limit < total) and (best is None or limit <= best.cost):
            found = tuple(
                d for d in connected(len(p), limit, None, degrees)
                if d.cost == limit and not d.kept(closure)
            )
            if found:
                keep = best.diagrams if best is not None and best.cost == limit else ()
                best = Neglected(limit, (*keep, (p, found)))
                break
            limit += 1
    return best
