"""The cells of the grid: their networks, and what theory says of them beforehand."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import sympy as sp

from cumulant_theory.activations import Identity
from cumulant_theory.laws import Law
from cumulant_theory.parsing import parse_activation, parse_law

from .architectures import allowed_directions, architecture
from .config import StudyConfig

MUST_FAIL, MUST_GENERALISE, OPEN = "must fail", "must generalise", "open"


@dataclass(frozen=True)
class Cell:
    """One kind of network trained one way.

    Attributes
    ----------
    symmetry, activation, loss, train_law
        As in the configuration.
    """

    symmetry: str
    activation: str
    loss: str
    train_law: str

    @property
    def name(self) -> str:
        """File-name-safe identifier."""
        text = "-".join((self.symmetry, self.activation, self.loss, self.train_law))
        return "".join(c if c.isalnum() or c in "-_" else "_" for c in text).strip("_")


def cells(config: StudyConfig) -> Iterator[Cell]:
    """All cells in a fixed order."""
    for symmetry in config.symmetries:
        for activation in config.activations:
            for loss in config.losses:
                for law in config.train_laws:
                    yield Cell(symmetry, activation, loss, law)


def theory(config: StudyConfig) -> list[dict[str, Any]]:
    """One entry per architecture: its layers under ``net``, its parameters and their number.

    Raises
    ------
    SymmetryError
        If a symmetry does not fit the sizes.
    """
    entries = []
    for symmetry in config.symmetries:
        for activation in config.activations:
            net = architecture(symmetry, activation, config.b, config.hidden)
            free = architecture("free", activation, config.b, config.hidden)
            entries.append({
                "symmetry": symmetry, "activation": activation, "network": repr(net), "net": net,
                "parameters": [str(p) for p in net.parameters], "free": len(net.parameters),
                "unconstrained": len(free.parameters),
            })
    return entries


def _vanishing_power_sum(directions: sp.Matrix, r: int) -> bool:
    """Whether sum_i l_i^r = 0 for all allowed l, which are then multiples of one."""
    return directions.rank() == 1 and sum(v**r for v in directions.columnspace()[0]) == 0


def expectation(cell: Cell, b: int, match_order: int, test: Law, mirror: bool) -> str:
    """What theory says of a trained network that fits its training law, on a test law.

    Linear networks f = l.x + c only. Their output cumulants are kappa_r(f) = p_r(l) kappa_r for
    r > 1, p_r the power sums, so:

    - by pointwise risk any law of full support gives l = P(1, ..., 1)/sqrt(b), P the projection
      on the directions that the symmetry allows;
    - matching the law of centred Gaussians leaves the sphere |l| = 1, of which almost no point is
      right on other laws;
    - power sums of even order r > 2 are right for |l_i| = 1/sqrt(b) alone, those of odd order then
      for positive signs alone: without (1, ..., 1) laws with both kinds of cumulants are missed,
      and skewed ones already where the allowed odd power sums vanish;
    - a symmetry that makes all l_i equal leaves l = +-(1, ..., 1)/sqrt(b), and training laws whose
      odd cumulants vanish beyond the mean leave the sign open, as the bias takes up the mean: the
      mirror image is then right on such laws of the same mean;
    - alternating weights have vanishing odd cumulants, and the right even ones.

    Parameters
    ----------
    cell
        The kind of network.
    b, match_order
        Block size and orders matched.
    test
        Test law.
    mirror
        Whether the network at hand sits on the branch with the opposite sign.
    """
    if parse_activation(cell.activation) != Identity():
        return OPEN
    net = architecture(cell.symmetry, cell.activation, b, b)
    train = parse_law(cell.train_law)
    directions = allowed_directions(net, b)
    ones = sp.ones(b, 1)
    can_represent = directions.rank() == directions.row_join(ones).rank()
    equal_only = can_represent and directions.rank() == 1
    odd, even = (
        [r for r in range(k, max(match_order, 3) + 1, 2) if test.cumulant(r) != 0] for k in (3, 4)
    )
    if cell.loss == "pointwise":
        return MUST_GENERALISE if can_represent else MUST_FAIL
    gaussian = all(test.cumulant(r) == 0 for r in range(3, match_order + 1))
    train_gaussian = all(train.cumulant(r) == 0 for r in range(3, match_order + 1))
    centred = test.cumulant(1) == 0
    if equal_only and match_order >= 3:
        if any(train.cumulant(r) != 0 for r in range(3, match_order + 1, 2)):
            return MUST_GENERALISE
        moved = test.cumulant(1) != train.cumulant(1)
        return MUST_FAIL if mirror and (odd or moved) else MUST_GENERALISE
    if not can_represent and odd and (even or _vanishing_power_sum(directions, odd[0])):
        return MUST_FAIL
    if directions.rank() == 1 and train_gaussian and train.cumulant(1) == 0:
        equal_size = len({abs(v) for v in directions.columnspace()[0]}) == 1
        odd_vanish = all(test.cumulant(r) == 0 for r in range(1, match_order + 1, 2))
        if equal_size and odd_vanish:
            return MUST_GENERALISE
    if train_gaussian and train.cumulant(1) == 0 and directions.rank() == b > 1:
        return MUST_GENERALISE if gaussian and centred else MUST_FAIL
    return OPEN
