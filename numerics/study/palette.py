"""Colours and the look that the figures of a study share."""

from typing import TYPE_CHECKING

from ..canvas import open_frame

if TYPE_CHECKING:
    from matplotlib.axes import Axes

# Okabe and Ito's palette, distinct under all common colour-vision deficiencies.
BLUE, SKY, GREEN, ORANGE, RED, PURPLE = (
    "#0072B2", "#56B4E9", "#009E73", "#E69F00", "#D55E00", "#CC79A7"
)
INK = "#1c2430"


def clean(axes: "Axes") -> None:
    """Light grid, no frame at the top and at the right."""
    open_frame(axes)
    axes.set_axisbelow(True)


def loss_label(loss: str) -> str:
    """Name of a loss as it is printed."""
    return {"pointwise": "pointwise risk", "law": "law matching"}.get(loss, loss)
