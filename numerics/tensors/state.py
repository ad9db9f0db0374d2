"""Cumulants of all units of one layer, each computed when first asked for."""

from collections.abc import Callable
from functools import cached_property
from typing import Any

from cumulant_theory.algebra import check_order
from cumulant_theory.diagrams.enumeration import check_pattern

from .forms import Tensor


class State:
    """Joint cumulants of one layer's units, orders one to four.

    Attributes
    ----------
    mean : array (n,)
    variance : array (n,)
        Diagonal of the covariance; cheaper than all of it.
    covariance : array (n, n)
    third, fourth : Tensor or None
        What is known of the higher cumulants, None where they vanish or are neglected.
    white : bool
        Whether the covariance is known to be the identity, which saves a product.
    """

    third: Tensor | None
    fourth: Tensor | None

    def __init__(
        self,
        xp: Any,
        mean: Any,
        variance: Callable[[], Any],
        covariance: Callable[[], Any] | None = None,
        third: Tensor | None = None,
        fourth: Tensor | None = None,
        white: bool = False,
    ) -> None:
        self.xp = xp
        self.mean = mean
        self._variance, self._covariance = variance, covariance
        self.third, self.fourth = third, fourth
        self.white = white

    @property
    def width(self) -> int:
        """Number of units."""
        return len(self.mean)

    @cached_property
    def variance(self) -> Any:
        """Variances."""
        if "covariance" in self.__dict__:
            return self.xp.diagonal(self.covariance)
        return self._variance()

    @cached_property
    def covariance(self) -> Any:
        """Covariance matrix; under K = 1 the diagonal one of the variances."""
        if self._covariance is None:
            return self.xp.eye(self.width) * self.variance
        return self._covariance()

    @property
    def diagonal_covariance(self) -> bool:
        """Whether covariances of distinct units are neglected."""
        return self._covariance is None

    def block(self, q: tuple[int, ...]) -> Any | None:
        """Joint cumulant with these multiplicities of distinct units, (2, 1) for kappa_iij.

        None where it is neglected or not known.
        """
        q = check_pattern(q)
        if q == (1, 1):
            return self.covariance
        tensor = {3: self.third, 4: self.fourth}.get(sum(q))
        return None if tensor is None else tensor.block(q)

    def lowered(self, order: int) -> "State":
        """The same without what a lower K does not use."""
        order = check_order(order, "lowered")
        if order >= 3:
            fourth = self.fourth.pairs() if order == 3 and self.fourth is not None else self.fourth
            return State(self.xp, self.mean, lambda: self.variance, lambda: self.covariance,
                         self.third, fourth)
        covariance = None if order == 1 or self._covariance is None else lambda: self.covariance
        return State(self.xp, self.mean, lambda: self.variance, covariance)

    def masked(self, keep: Any) -> "State":
        """The same, third and fourth cumulants neglected at units with keep = 0."""
        third = None if self.third is None else self.third.masked(keep)
        fourth = None if self.fourth is None else self.fourth.masked(keep)
        covariance = None if self._covariance is None else lambda: self.covariance
        return State(self.xp, self.mean, lambda: self.variance, covariance, third, fourth)

    def affine(self, weight: Any, bias: Any | None) -> "State":
        """Cumulants of W y + c."""
        xp = self.xp
        mean = weight @ self.mean
        mean = mean if bias is None else mean + bias
        third = None if self.third is None else self.third.affine(weight)
        fourth = None if self.fourth is None else self.fourth.affine(weight)
        if self.diagonal_covariance:
            return State(xp, mean, lambda: weight**2 @ self.variance)

        half = [weight] if self.white else []

        def covariances() -> Any:  # of W y with y
            if not half:
                half.append(weight @ self.covariance)
            return half[0]

        def full() -> Any:
            c = covariances() @ weight.T
            return (c + c.T) * 0.5

        return State(xp, mean, lambda: (covariances() * weight).sum(1), full, third, fourth)

    def __repr__(self) -> str:
        known = ["mean", "variance" if self.diagonal_covariance else "covariance"]
        known += [f"{name} {t!r}" for name, t in (("third", self.third), ("fourth", self.fourth))
                  if t is not None]  # fmt: skip
        return f"State({self.width} units: {', '.join(known)})"

    def _repr_html_(self) -> str:
        from .display import state_card

        return state_card(self)
