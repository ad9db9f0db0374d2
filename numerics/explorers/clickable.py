"""A page of HTML in whose figure a click picks a point.

The widget lays a transparent rectangle over the axes, so that their place on the screen is known to
the browser whatever the width of the page; anywidget carries it and is imported when one is made.
"""

from functools import lru_cache
from typing import TYPE_CHECKING, Any

from cumulant_theory.errors import optional

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["clickable", "place_of"]

_CODE = """
const SVG = "http://www.w3.org/2000/svg";

function render({model, el}) {
  const draw = () => {
    el.innerHTML = model.get("value");
    const svg = el.querySelector(".cumulant-figure svg");
    if (svg === null) return;
    const {x, y, width, height} = svg.viewBox.baseVal;
    const [left, top, wide, high] = model.get("place");
    const plane = document.createElementNS(SVG, "rect");
    for (const [name, number] of Object.entries({
      x: x + left * width, y: y + top * height, width: wide * width, height: high * height,
    })) plane.setAttribute(name, number);
    plane.setAttribute("class", "cumulant-plane");
    plane.setAttribute("fill", "transparent");
    plane.style.cursor = "crosshair";
    plane.addEventListener("click", event => {
      const box = plane.getBoundingClientRect();
      const [west, east, south, north] = model.get("limits");
      const across = (event.clientX - box.left) / box.width;
      const up = (box.bottom - event.clientY) / box.height;
      model.set("point", [west + across * (east - west), south + up * (north - south)]);
      model.save_changes();
    });
    svg.append(plane);
  };
  model.on("change:value", draw);
  draw();
}
export default {render};
"""


@lru_cache(maxsize=1)
def _kind() -> Any:
    with optional("anywidget", "a figure to click into", "notebooks"):
        import anywidget
    from traitlets import Float, Tuple, Unicode

    class Clickable(anywidget.AnyWidget):
        _esm = _CODE
        value = Unicode().tag(sync=True)
        place = Tuple(*[Float()] * 4, default_value=(0.0, 0.0, 1.0, 1.0)).tag(sync=True)
        limits = Tuple(*[Float()] * 4, default_value=(0.0, 1.0, 0.0, 1.0)).tag(sync=True)
        point = Tuple(Float(), Float(), default_value=(0.0, 0.0)).tag(sync=True)

    return Clickable


def clickable() -> Any:
    """A widget with the traits ``value`` (HTML with one figure), ``place``, ``limits``, ``point``.

    Place and limits are those of :func:`place_of`; a click within sets the point.

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
