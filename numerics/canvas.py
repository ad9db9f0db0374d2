"""What figures are drawn on; Matplotlib is imported only when one is drawn."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

from cumulant_theory.errors import OutputError, optional

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

COLOURS = {"agree": "#2a6fbb", "undecided": "#d29922", "disagree": "#c0262d"}
MARKERS = {1: "o", 2: "s", 3: "^", 4: "D"}  # by order


def matplotlib() -> Any:
    """The package Matplotlib.

    Raises
    ------
    MissingDependencyError
        If it is not installed.
    """
    with optional("matplotlib", "figures", "numerics"):
        import matplotlib.figure
    return matplotlib


def blank(width: float, height: float) -> "Figure":
    """An empty figure, in inches, that is not attached to pyplot.

    Raises
    ------
    MissingDependencyError
        If Matplotlib is not installed.
    """
    return matplotlib().figure.Figure(figsize=(width, height), layout="constrained")


def tiled(
    count: int, width: float, height: float, margin: float = 0.0, **options: Any
) -> tuple["Figure", list[Any]]:
    """A figure of several panels, at most three in a row.

    Parameters
    ----------
    count
        Number of panels.
    width, height
        Of a panel, in inches.
    margin
        Added to the width of the figure.
    options
        Of ``Figure.subplots``.

    Raises
    ------
    MissingDependencyError
        If Matplotlib is not installed.

    Examples
    --------
    >>> figure, panels = tiled(5, 2, 1)
    >>> len(panels), figure.get_size_inches().tolist()
    (5, [6.0, 2.0])
    """
    columns = min(count, 3)
    rows = -(-count // columns)
    figure = blank(margin + width * columns, height * rows)
    panels = list(figure.subplots(rows, columns, squeeze=False, **options).ravel())
    for axes in panels[count:]:
        axes.remove()
    return figure, panels[:count]


def open_frame(axes: "Axes") -> None:
    """Without upper and right borders, with a faint grid."""
    axes.spines[["top", "right"]].set_visible(False)
    axes.grid(alpha=0.25, linewidth=0.6)


def plain(figure: "Figure") -> "Figure":
    """The figure with all its frames open."""
    for axes in figure.axes:
        open_frame(axes)
    return figure


def write_figure(figure: "Figure", path: Path, **options: Any) -> Path:
    """Write a figure; ``options`` are those of ``Figure.savefig``.

    Raises
    ------
    OutputError
        If the file cannot be written.
    """
    try:
        figure.savefig(path, **options)
    except OSError as error:
        raise OutputError(
            f"{path} cannot be written ({error.strerror}); choose another --out folder"
        ) from None
    return path
