"""What a rule between the cumulants of two families is."""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from ...algebra import Ring
from ..types import Values

if TYPE_CHECKING:
    from ..families.base import Family


class Rule:
    """Output cumulants by type from input cumulants by type.

    Attributes
    ----------
    kind
        ``affine`` or ``pointwise``.
    in_channels, out_channels
        Channels per node before and after.
    expressions
        All parameters, for building a ring.
    """

    kind: str
    in_channels: int
    out_channels: int

    @property
    def expressions(self) -> tuple[Any, ...]:
        """All parameters, for building a ring."""
        raise TypeError(f"{type(self).__name__} does not define expressions")

    def input_order(self, order: int) -> int:
        """Input order that an output order needs."""
        return order

    def check_order(self, order: int, family: "Family") -> None:
        """Raise OrderError where an output of that order has too many input types to list."""

    def out_family(self, family: "Family") -> "Family":
        """The family of the output nodes, for input nodes of ``family``."""
        return family

    def highest_after(self, order: int | None) -> int | None:
        """Order above which the output cumulants vanish, if those of the input do above one."""
        return None

    def transfer(
        self, kappa: Values, family: "Family", ring: Ring, highest: int | None = None
    ) -> Values:
        """Type -> cumulant of the output.

        Parameters
        ----------
        kappa
            Canonical type of the input nodes -> ring element.
        family
            Of the input nodes.
        ring
            Of all values.
        highest
            Order above which the cumulants of the input vanish, if any.
        """
        raise TypeError(f"{type(self).__name__} does not define transfer(kappa, family, ring)")

    def lifted(self, carried: int) -> "Rule":
        """The same rule next to ``carried`` channels that pass unchanged, those first."""
        raise TypeError(f"{type(self).__name__} does not define lifted(carried)")

    def named(
        self, number: str, widths: Iterable[Any] = ()
    ) -> "tuple[Rule, tuple[tuple[Any, Any], ...]]":
        """The rule with names for its composite entries, and what the names stand for.

        Parameters
        ----------
        number
            Suffix of the names: the number of the state they lead to.
        widths
            Symbols of the number of nodes; entries in them alone need no name.
        """
        return self, ()
