"""A page of HTML that is redrawn in place, in whose figure a star can be dragged.

The widget lays a transparent frame over the figure, so that the place of the axes on the screen is
known to the browser whatever the width of the page. The star follows the pointer at once; its
places are sent to the kernel, which answers each by a new page. anywidget carries it and is
imported when one is made.
"""

from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cumulant_theory.errors import optional

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["STAR", "clickable", "place_of"]

STAR = "cumulant-star"  # id of the group of the star in the drawing
_BESIDE = Path(__file__)  # what runs in the browser lies next to this file


@lru_cache(maxsize=1)
def _kind() -> Any:
    with optional("anywidget", "a figure with a star to drag", "notebooks"):
        import anywidget
    from traitlets import Bool, Float, Int, Tuple, Unicode

    class Clickable(anywidget.AnyWidget):
        _esm = _BESIDE.with_suffix(".js").read_text("utf-8").replace("STAR", STAR)
        _css = _BESIDE.with_suffix(".css").read_text("utf-8")
        value = Unicode().tag(sync=True)
        busy = Bool(False).tag(sync=True)
        movable = Bool(False).tag(sync=True)
        place = Tuple(*[Float()] * 4, default_value=(0.0, 0.0, 1.0, 1.0)).tag(sync=True)
        limits = Tuple(*[Float()] * 4, default_value=(0.0, 1.0, 0.0, 1.0)).tag(sync=True)
        steps = Tuple(Float(), Float(), default_value=(0.01, 0.01)).tag(sync=True)
        names = Tuple(Unicode(), Unicode(), default_value=("x", "y")).tag(sync=True)
        point = Tuple(Float(), Float(), default_value=(0.0, 0.0)).tag(sync=True)
        wish = Tuple(Float(), Float(), Int(), default_value=(0.0, 0.0, 0)).tag(sync=True)
        answered = Int(0).tag(sync=True)

    return Clickable


def clickable() -> Any:
    """A widget for a page of HTML with one figure, in which a star can be dragged.

    Its traits are ``value``, the page; ``busy``, whether a new one is computed; and, where
    ``movable`` is true, ``place`` and ``limits`` of :func:`place_of`, ``steps`` of the arrow keys,
    ``names`` of the axes and ``point``, where the star is drawn, in a group with the id `STAR`.
    The browser sets ``wish``, a point and the number of the wish; ``answered`` is the number of the
    wish that the page shows.

    Raises
    ------
    MissingDependencyError
        If anywidget is not installed.
    """
    return _kind()()


def place_of(axes: "Axes") -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Left, top, width and height of linear axes as shares of the figure, and their limits.

    Examples
    --------
    >>> from numerics.explorers.layout import panels
    >>> axes = panels(4, 2, left=1, right=1, bottom=0.5, top=0.5)[1][0, 0]
    >>> place_of(axes)
    ((0.25, 0.25, 0.5, 0.5), (0.0, 1.0, 0.0, 1.0))
    """
    box = axes.get_position()
    place = tuple(map(float, (box.x0, 1 - box.y1, box.width, box.height)))
    return place, tuple(map(float, (*axes.get_xlim(), *axes.get_ylim())))
