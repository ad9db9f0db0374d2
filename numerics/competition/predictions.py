"""What theory says of a network beforehand, on a law that it was not trained on."""

from collections.abc import Mapping
from functools import lru_cache

from cumulant_theory.laws import Law
from cumulant_theory.parsing import parse_activation, parse_law

from ..study.cells import MUST_FAIL, MUST_GENERALISE, expectation
from ..study.cells import Cell as StudyCell
from .algebra import FAILS, GENERALISES
from .cells import Cell
from .roles import representable

__all__ = ["FAILS", "GENERALISES", "determined", "predicted"]

_WORDS = {MUST_FAIL: FAILS, MUST_GENERALISE: GENERALISES}


def predicted(cell: Cell, laws: Mapping[str, str], test: str, match_order: int,
              mirror: bool) -> str | None:
    """``fails``, ``generalises``, or None where theory leaves it open.

    By pointwise risk a network that cannot be the block sum fails; one that can, and that fits its
    training law, is the block sum if the law determines it. By its law a linear network is decided
    by the power sums of its coefficients, see :func:`numerics.study.cells.expectation`. For other
    polynomial networks see :func:`numerics.competition.algebra.verdicts`.

    Parameters
    ----------
    cell
        The kind of network.
    laws
        Training laws by name.
    test
        Text of the test law.
    match_order
        Cumulants that the exact loss compares.
    mirror
        Whether the network at hand has the sign of the mirror image.

    Examples
    --------
    >>> laws = {"G": "normal(0, 1)"}
    >>> shared = Cell("shared", "relu", 2, 4, 1, "pointwise", "sampled", "G")
    >>> free = Cell("free", "relu", 2, 4, 1, "pointwise", "sampled", "G")
    >>> predicted(shared, laws, "laplace()", 4, False), predicted(free, laws, "laplace()", 4, False)
    ('fails', 'generalises')
    """
    train = laws[cell.train_law]
    if cell.loss == "pointwise":
        able = representable(cell.weights, cell.activation, cell.b, cell.width)
        if able == "no":
            return FAILS
        settled = able == "exact" and not cell.soft and determined(cell.activation, train)
        return GENERALISES if settled else None
    if cell.soft or cell.activation != "identity" or cell.depth > 1:
        return None
    order = match_order if cell.method == "exact" else 4
    kind = StudyCell(cell.symmetry, cell.activation, "law", train)
    return _WORDS.get(_expectation(kind, cell.b, order, test, mirror))


@lru_cache(maxsize=4096)
def _expectation(kind: StudyCell, b: int, order: int, test: str, mirror: bool) -> str:
    return expectation(kind, b, order, parse_law(test), mirror)


def determined(activation: str, law: str) -> bool:
    """Whether a network equal to the block sum on the support of a law equals it everywhere.

    Polynomials do as soon as the support is infinite, other analytic maps where there is a density,
    piecewise ones where there is one on the whole line.

    Examples
    --------
    >>> determined("quadratic", "exponential(1)"), determined("relu", "exponential(1)")
    (True, False)
    >>> determined("quadratic", "rademacher"), determined("identity", "rademacher")
    (False, True)
    """
    phi, given = parse_activation(activation), parse_law(law)
    if phi.coefficients is not None and len(phi.coefficients) <= 2:
        return True
    if phi.coefficients is not None:
        return given.support() is None
    return any(map(_continuous if phi.knots == () else _everywhere, _parts(given)))


def _parts(law: Law) -> list[Law]:
    """The components of a mixture that are drawn at all, else the law itself."""
    if law.name != "mixture":
        return [law]
    pairs = zip(law.parameters["weights"], law.parameters["components"], strict=True)
    return [part for weight, law in pairs if weight != 0 for part in _parts(law)]


def _continuous(law: Law) -> bool:
    """Whether a law has a density, as far as its kind tells."""
    return law.support() is None and law.name != "poisson"


def _everywhere(law: Law) -> bool:
    """Whether a law has a density on the whole line, as far as its kind tells."""
    return law.name in ("normal", "laplace", "logistic", "student_t")
