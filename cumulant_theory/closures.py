"""Closures: what is done where the cumulant hierarchy does not end by itself."""

from dataclasses import dataclass
from typing import Any

from .arguments import brief
from .errors import DomainError


class Closure:
    """Which diagrams of a pointwise layer are kept.

    Attributes
    ----------
    is_exact
        Nothing is neglected.
    budget
        Largest total cost of a diagram that is kept, None for no limit.
    largest_block
        Highest order of a joint cumulant that may occur, None for no limit.
    hypothesis
        What is neglected, in words; empty for none.
    """

    is_exact = False
    budget: int | None = None
    largest_block: int | None = None
    hypothesis = ""

    @property
    def words(self) -> str:
        """What is neglected, behind the name of a network."""
        return f"without {self.hypothesis.replace(' are neglected', '')}" if self.hypothesis else ""

    def _repr_latex_(self) -> str:
        told = self.hypothesis or "nothing is neglected"
        return rf"$\displaystyle \text{{{self!r}: {told}}}$"


@dataclass(frozen=True)
class Exact(Closure):
    """Neglect nothing; refuse where no exact answer exists. The default.

    Examples
    --------
    >>> Exact()
    Exact()
    """

    is_exact = True


@dataclass(frozen=True)
class Neglect(Closure):
    """Neglect joint cumulants above an order at the input of every pointwise layer.

    ``Neglect(2)`` is the Gaussian closure. Under a polynomial activation the rest is a finite sum.
    Under any other activation the covariance of two units takes every power, an infinite sum:
    under ``Neglect(2)`` it is taken as one Gaussian covariance, by Price's theorem; otherwise
    ``cost`` must say where the sum stops.

    Parameters
    ----------
    order
        Highest order K that is kept, at least 2.
    cost
        Largest total cost of a diagram, as in :class:`Diagrams`; None for no limit.

    Raises
    ------
    DomainError
        If the order is no integer from 2 on, or the cost no integer from 0 on.

    Examples
    --------
    >>> Neglect(2), Neglect(3, cost=4)
    (Neglect(2), Neglect(3, cost=4))
    """

    order: int
    cost: int | None = None

    def __post_init__(self) -> None:
        if not _is_integer(self.order, 2):
            raise DomainError(
                f"Neglect({brief(self.order)}): the order must be an integer from 2 on, since "
                "means and variances are always kept; use Neglect(2) for the Gaussian closure"
            )
        if self.cost is not None and not _is_integer(self.cost, 0):
            raise DomainError(
                f"Neglect({self.order}, cost={brief(self.cost)}): the cost must be None or an "
                "integer from 0 on"
            )

    @property
    def budget(self) -> int | None:  # type: ignore[override]
        """The cost given."""
        return self.cost

    @property
    def largest_block(self) -> int:  # type: ignore[override]
        """K."""
        return self.order

    @property
    def hypothesis(self) -> str:  # type: ignore[override]
        """Cumulants dropped, in words."""
        text = (
            f"joint cumulants of order {self.order + 1} and above are neglected before every "
            "pointwise layer"
        )
        return text if self.cost is None else (
            f"{text}, and diagrams of cost {self.cost + 1} and above"
        )

    @property
    def words(self) -> str:
        """What is neglected, behind the name of a network."""
        return super().words.replace(" before every pointwise layer", "")

    def __repr__(self) -> str:
        tail = "" if self.cost is None else f", cost={self.cost}"
        return f"Neglect({self.order}{tail})"


@dataclass(frozen=True)
class Diagrams(Closure):
    """Keep diagrams of total cost up to K - 1: the counting of wide networks.

    A block v costs |v| - 1 - [all entries even]. Behind a layer of n inputs a joint cumulant of
    cost c is of order n^(-c/2), so the terms neglected are of order n^(-K/2) or less, if

    - the weights are independent of one another and of the inputs, of mean 0 and variance of
      order 1/n, and n is large while the orders and the number of layers are fixed;
    - the inputs are independent, or come from another such layer.

    The first layer of a network of few inputs, inputs with common factors, and trained weights of
    low rank have no such counting; measure there.

    Parameters
    ----------
    order
        K, at least 1.

    Raises
    ------
    DomainError
        If K is no positive integer.

    References
    ----------
    arXiv:2605.05179: the counting.

    Examples
    --------
    >>> Diagrams(3), Diagrams(3).budget, Diagrams(3).largest_block
    (Diagrams(3), 2, 4)
    """

    order: int

    def __post_init__(self) -> None:
        if not _is_integer(self.order, 1):
            raise DomainError(
                f"Diagrams({brief(self.order)}): K must be a positive integer, for example "
                "Diagrams(3)"
            )

    @property
    def budget(self) -> int:  # type: ignore[override]
        """K - 1."""
        return self.order - 1

    @property
    def largest_block(self) -> int:  # type: ignore[override]
        """K, or K + 1 where that is even: a block with even entries is one cheaper."""
        return self.order + self.order % 2

    @property
    def hypothesis(self) -> str:  # type: ignore[override]
        """Diagrams dropped, in words."""
        return f"diagrams of cost {self.order} and above are neglected"

    def __repr__(self) -> str:
        return f"Diagrams({self.order})"


def as_closure(value: Any) -> Closure:
    """The closure that an argument stands for, None for the default.

    Raises
    ------
    DomainError
        If it is no closure.

    Examples
    --------
    >>> as_closure(None)
    Exact()
    """
    if value is None:
        return Exact()
    if not isinstance(value, Closure):
        raise DomainError(
            f"closure {brief(value)} is not known; use Exact(), Neglect(K) or Diagrams(K)"
        )
    return value


def _is_integer(value: Any, least: int) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= least
