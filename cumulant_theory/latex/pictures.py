"""Small pictures as inline SVG and HTML: tied matrices, functions, graphs, networks.

They take numbers and text, scale with the font, and are drawn in the colour of the text.
"""

import math
from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

from cumulant_theory.latex.html import Markup, shown

__all__ = ["curve", "graph", "network", "tying"]

MOST_CELLS, MOST_NODES, MOST_EDGES, MOST_LAYERS = 20, 40, 160, 12
_INK = "currentColor"

Entry = tuple[tuple[int, str], ...]


def _svg(width: float, height: float, body: str, label: str) -> Markup:
    return Markup(
        f'<svg xmlns="http://www.w3.org/2000/svg" role="img" width="{width:g}" '
        f'height="{height:g}" viewBox="0 0 {width:g} {height:g}" font-size="10" '
        f'font-family="sans-serif" style="vertical-align:middle;background:transparent">'
        f"<title>{escape(label, quote=False)}</title>{body}</svg>"
    )


def _colour(parameter: int) -> str:
    """One hue per parameter, neighbours far apart, lightness in the middle for any theme."""
    return f"hsl({(parameter * 137.508 + 210) % 360:.0f},62%,{(52, 44, 60)[parameter % 3]}%)"


def tying(
    shape: tuple[int, int], entries: Mapping[tuple[int, int], Entry],
    bias: Mapping[int, Entry] | None = None, size: float = 0.0, most: int = MOST_CELLS,
) -> Markup:
    """A tied weight matrix: one colour per free parameter, zeros blank, signs and factors written.

    Parameters
    ----------
    shape
        Rows and columns.
    entries
        (row, column) -> ((parameter, factor), ...), the factors as text; zeros left out.
    bias
        Row -> the same; a column beside the matrix.
    size
        Side of a cell in pixels; by default it shrinks with the matrix.
    most
        Rows and columns drawn; of larger matrices an even choice.

    Examples
    --------
    >>> picture = tying((1, 2), {(0, 0): ((0, "1"),), (0, 1): ((0, "-1"),)})
    >>> picture.count("<path"), "−" in picture
    (1, True)
    """
    rows, columns = _kept(shape[0], most), _kept(shape[1], most)
    cell = size or max(9.0, min(20.0, 150.0 / max(len(rows), len(columns))))
    blocks = [
        (x * cell, y * cell, entries[i, j])
        for y, i in enumerate(rows) for x, j in enumerate(columns) if (i, j) in entries
    ]
    frames = _frame(len(columns), len(rows), cell, 0.0)
    width = len(columns) * cell
    if bias is not None:
        left = width + 0.6 * cell
        width = left + cell
        frames += _frame(1, len(rows), cell, left)
        blocks += [(left, y * cell, bias[i]) for y, i in enumerate(rows) if i in bias]
    label = f"weights {shape[0]} × {shape[1]}" + (", bias" if bias is not None else "")
    picture = _svg(
        width + 2, len(rows) * cell + 2,
        f'<g transform="translate(1,1)">{frames}{_filled(blocks, cell)}</g>', label,
    )
    if len(rows) < shape[0] or len(columns) < shape[1]:
        return Markup(
            f'{picture}<div style="opacity:.75;font-size:.85em">{len(rows)} of {shape[0]} rows, '
            f"{len(columns)} of {shape[1]} columns</div>"
        )
    return picture


def _kept(total: int, most: int) -> list[int]:
    if total <= most:
        return list(range(total))
    return [k * total // most for k in range(most)]


def _frame(columns: int, rows: int, cell: float, left: float) -> str:
    return (
        f'<rect x="{left:g}" y="0" width="{columns * cell:g}" height="{rows * cell:g}" '
        f'fill="none" stroke="{_INK}" stroke-opacity=".4"/>'
    )


def _filled(blocks: Sequence[tuple[float, float, Entry]], cell: float) -> str:
    """Cells as one path per parameter; one that mixes parameters is striped in their colours."""
    paths: dict[int, list[str]] = {}
    signs = []
    for x, y, entry in blocks:
        part = cell / len(entry)
        for k, (parameter, _) in enumerate(entry):
            paths.setdefault(parameter, []).append(
                f"M{x + k * part:.4g},{y:.4g}h{part:.3g}v{cell:.3g}h-{part:.3g}z"
            )
        factor = entry[0][1].replace("-", "−")
        text = "" if factor == "1" else "−" if factor == "−1" else factor
        if len(entry) == 1 and text and cell >= 8 and len(text) * 5 <= cell + 4:
            signs.append(
                f'<text x="{x + cell / 2:.4g}" y="{y + cell / 2:.4g}">'
                f"{escape(text, quote=False)}</text>"
            )
    filled = "".join(
        f'<path fill="{_colour(p)}" d="{"".join(places)}"/>' for p, places in paths.items()
    )
    if not signs:
        return filled
    return (
        f'{filled}<g text-anchor="middle" dominant-baseline="central" fill="#fff">'
        f'{"".join(signs)}</g>'
    )


def curve(points: Sequence[tuple[float, float]], width: float = 150, height: float = 90) -> Markup:
    """A function through its points; a gap where a value is not finite.

    Examples
    --------
    >>> "<polyline" in curve([(-1.0, 1.0), (0.0, 0.0), (1.0, 1.0)])
    True
    """
    finite = [(x, y) for x, y in points if math.isfinite(y)]
    if not finite:
        return Markup("")
    left, right = min(x for x, _ in finite), max(x for x, _ in finite)
    low, high = min(0.0, *(y for _, y in finite)), max(0.0, *(y for _, y in finite))
    across, up = (width - 8) / ((right - left) or 1.0), (height - 8) / ((high - low) or 1.0)

    def place(x: float, y: float) -> tuple[float, float]:
        return 4 + (x - left) * across, height - 4 - (y - low) * up

    runs: list[list[str]] = [[]]
    for x, y in points:
        if math.isfinite(y):
            runs[-1].append("{:.1f},{:.1f}".format(*place(x, y)))
        else:
            runs.append([])
    lines = "".join(
        f'<polyline fill="none" stroke="{_colour(0)}" stroke-width="1.8" points="{" ".join(run)}"/>'
        for run in runs if len(run) > 1
    )
    (x0, y0), (x1, _) = place(left, 0.0), place(right, 0.0)
    axes = f'<path d="M{x0:.1f},{y0:.1f}H{x1:.1f}'
    if left < 0 < right:
        axes += f'M{place(0.0, 0.0)[0]:.1f},4V{height - 4:.1f}'
    return _svg(
        width, height, f'{axes}" stroke="{_INK}" stroke-opacity=".35" fill="none"/>{lines}',
        f"function on [{left:g}, {right:g}], values {low:.3g} to {high:.3g}",
    )


def graph(
    nodes: int, edges: Sequence[tuple[int, int]], directed: bool = False, size: float = 110
) -> Markup:
    """A graph with its nodes on a circle; a large one by its counts.

    Parameters
    ----------
    nodes
        Number of nodes.
    edges
        Pairs of positions.

    Examples
    --------
    >>> graph(3, [(0, 1), (1, 2)]).count("<circle")
    3
    """
    label = f"graph with {nodes} nodes and {len(edges)} edges"
    if nodes > MOST_NODES or len(edges) > MOST_EDGES:
        return Markup(escape(label))
    radius = size / 2 - 7
    places = [
        (size / 2 + radius * math.sin(t), size / 2 - radius * math.cos(t))
        for t in (2 * math.pi * k / nodes for k in range(nodes))
    ]
    dot = 4.0 if nodes <= 16 else 2.5
    body = "".join(_edge(places[u], places[v], directed, dot) for u, v in edges)
    body += "".join(
        f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{dot:g}" fill="{_colour(0)}"/>' for x, y in places
    )
    return _svg(size, size, body, label)


def _edge(
    start: tuple[float, float], end: tuple[float, float], directed: bool, dot: float
) -> str:
    style = f'stroke="{_INK}" stroke-opacity=".55" fill="none"'
    (x0, y0), (x1, y1) = start, end
    far = math.hypot(x1 - x0, y1 - y0)
    if far == 0:
        return f'<circle cx="{x0:.1f}" cy="{y0 - 4:.1f}" r="4" {style}/>'
    line = f'<path d="M{x0:.1f},{y0:.1f}L{x1:.1f},{y1:.1f}" {style}/>'
    if not directed:
        return line
    dx, dy = (x1 - x0) / far, (y1 - y0) / far
    tip = (x1 - dx * (dot + 1), y1 - dy * (dot + 1))
    wing = [(tip[0] - 5 * dx - s * 2.5 * dy, tip[1] - 5 * dy + s * 2.5 * dx) for s in (1, -1)]
    corners = " ".join(f"{x:.1f},{y:.1f}" for x, y in (tip, *wing))
    return f'{line}<polygon points="{corners}" fill="{_INK}" fill-opacity=".55"/>'


def network(layers: Sequence[tuple[str, Sequence[Any]]], widths: Sequence[Any]) -> Markup:
    """Layers as boxes from left to right, the number of units on the arrows between them.

    Parameters
    ----------
    layers
        Per layer its name and lines of text, mathematics or pictures.
    widths
        Units before the first layer and after each; None for any number.

    Examples
    --------
    >>> picture = network([("Linear", ["free"]), ("Mean", [])], [2, 3, 1])
    >>> picture.count("<svg"), picture.count("Mean")
    (3, 1)
    """
    parts = [_arrow(widths[0])]
    cut = len(layers) > MOST_LAYERS
    kept = [*range(MOST_LAYERS // 2), *range(len(layers) - MOST_LAYERS // 2, len(layers))] if (
        cut) else range(len(layers))
    last = -1
    for k in kept:
        if k > last + 1:
            parts += [f"<div>… {k - last - 1} more layers …</div>", _arrow(widths[k])]
        parts += [_box(*layers[k]), _arrow(widths[k + 1])]
        last = k
    return Markup(
        '<div style="display:flex;flex-wrap:wrap;align-items:center;gap:.3em 0;margin:.4em 0">'
        + "".join(parts) + "</div>"
    )


def _arrow(width: Any) -> str:
    text = "n" if width is None else str(width)
    room = max(30.0, 7.0 * len(text) + 12)
    return _svg(
        room, 30,
        f'<text x="{room / 2 - 2:g}" y="9" text-anchor="middle" fill="{_INK}">'
        f'{escape(text, quote=False)}</text><path d="M2,16H{room - 8:g}" stroke="{_INK}"/>'
        f'<polygon points="{room - 2:g},16 {room - 9:g},12.5 {room - 9:g},19.5" fill="{_INK}"/>',
        f"{text} units",
    )


def _box(name: str, lines: Sequence[Any]) -> str:
    inside = "".join(
        f'<div style="font-size:.85em">{shown(line)}</div>' for line in lines if line
    )
    return (
        '<div style="border:1px solid rgba(128,128,128,.6);border-radius:6px;padding:.35em .6em;'
        'background:rgba(128,128,128,.08);text-align:center;max-width:36em;overflow-x:auto">'
        f'<div style="font-weight:600">{escape(name, quote=False)}</div>{inside}</div>'
    )
