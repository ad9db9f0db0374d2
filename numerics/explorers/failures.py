"""The failure explorer: what fitting the training law leaves open, and what it costs on another.

Curves are where the network matches a cumulant of the target on the training law, colour is the
residual on the test law, dots are trained networks.
"""

from collections.abc import Mapping
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np
import sympy as sp

from cumulant_theory import laws
from cumulant_theory.arguments import brief, explained
from cumulant_theory.errors import OrderError
from cumulant_theory.latex.html import Markup, equations, folded, formula, number, table, verdict
from cumulant_theory.layers import Layer

from ..canvas import plain
from ..study.palette import BLUE, GREEN, INK, ORANGE, PURPLE
from .blocksums import known_laws
from .clickable import STAR
from .layout import Explorer, View, control, panels, widgets
from .planes import FailurePlane, failure_data, usual_units

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["failure", "failure_figure"]

_POINTS, _ON, _STEP = 201, 1e-6, 0.01
_CURVES = {1: (PURPLE, "-."), 2: (INK, "-"), 3: (ORANGE, "--"), 4: (GREEN, ":")}


@explained
def failure_figure(
    data: FailurePlane, x: float, y: float, order: int = 3,
    window: tuple[float, float] | None = None,
) -> "Figure":
    """The plane with the point (left) and the residuals at the point by order (right).

    Parameters
    ----------
    data : FailurePlane
    x, y : float
        The point.
    order : int
        Of the residual on the test law that is the colour.
    window : pair of float, optional
        Half width and half height; by default those of the data.

    Examples
    --------
    >>> found = failure_data(usual_units()["free, linear"], seeds=0)
    >>> len(failure_figure(found, 0.5, 0.5).axes)
    3
    """
    if order not in data.test:
        raise OrderError(f"failure_figure: order {brief(order)}; there are {list(data.test)}")
    from matplotlib.colors import SymLogNorm
    from matplotlib.patheffects import withStroke

    halo = [withStroke(linewidth=3.4, foreground="white", alpha=0.6)]
    figure, ((left, right),) = panels(9.4, 4.6, 1, 2, width_ratios=(1.75, 1), top=0.6, wspace=0.3)
    width, height = window or data.window
    gx, gy, home, away = _grid(data, (width, height))
    values = away[order]
    most = float(np.clip(np.abs(values).max(), 1.0, 100.0))
    image = left.imshow(
        values, extent=(-width, width, -height, height), origin="lower", cmap="RdBu_r",
        norm=SymLogNorm(linthresh=0.5, vmin=-most, vmax=most), aspect="auto",
        interpolation="bilinear",
    )
    beyond = "both" if np.abs(values).max() > most else "neither"
    bar = figure.colorbar(image, ax=left, extend=beyond,
                          label=rf"residual $\rho_{order}$ on the test law")
    decades = [10.0**k for k in range(3) if 10.0**k <= most]
    ticks = [*(-d for d in reversed(decades)), 0, *decades]
    bar.set_ticks(ticks, labels=[f"{d:g}".replace("-", "−") for d in ticks])
    bar.minorticks_off()
    handles = []
    for r in range(1, data.order + 1):
        colour, style = _CURVES[r]
        flat = home[r]
        if np.ptp(np.sign(flat)) > 0 and data.train[r].free_symbols:
            left.contour(gx, gy, flat, levels=[0], colors=[colour], linestyles=[style],
                         linewidths=1.8).set(path_effects=halo)
            handles.append(_handle(colour, style, rf"fits $\kappa_{r}$"))
            handles[-1].set_path_effects(halo)
    if len(data.networks):
        left.plot(*data.networks.T, "o", color="white", markeredgecolor=INK, markersize=6,
                  linestyle="none")
        handles.append(_handle("white", "none", "trained", marker="o"))
    for branch, px, py in data.isolated:
        left.annotate(f"branch {branch}", (px, py), xytext=(-8 if px > 0 else 8, 9),
                      textcoords="offset points", ha="right" if px > 0 else "left",
                      color=INK, fontsize="small", path_effects=halo)
    left.plot(x, y, "*", color="#ffd43b", markeredgecolor=INK, markersize=16, zorder=5,
              clip_on=False, gid=STAR)
    handles.append(_handle("#ffd43b", "none", "the point", marker="*"))
    figure.legend(handles=handles, loc="upper left", bbox_to_anchor=(0.06, 1.0), ncols=5,
                  frameon=False, fontsize="small")
    left.set_xlim(-width, width)
    left.set_ylim(-height, height)
    left.set_xlabel(f"${sp.latex(data.axes[0])}$")
    left.set_ylabel(f"${sp.latex(data.axes[1])}$")
    _draw_point(right, data, x, y)
    plain(figure)
    left.grid(False)
    return figure


@lru_cache(maxsize=32)
def _grid(data: FailurePlane, window: tuple[float, float]) -> Any:
    gx, gy = np.meshgrid(*(np.linspace(-half, half, _POINTS) for half in window))
    return gx, gy, data.residuals("train", gx, gy), data.residuals("test", gx, gy)


def _handle(colour: str, style: Any, label: str, marker: str = "") -> Any:
    from matplotlib.lines import Line2D

    edge = INK if marker else colour
    return Line2D([], [], color=colour, linestyle=style, label=label, marker=marker,
                  markeredgecolor=edge, linewidth=1.8, markersize=10 if marker == "*" else 6)


def _draw_point(axes: Any, data: FailurePlane, x: float, y: float) -> None:
    orders = np.array(list(data.train))
    for kind, shift, colour in (("train", -0.2, BLUE), ("test", 0.2, ORANGE)):
        sizes = [abs(float(v)) for v in data.residuals(kind, x, y).values()]
        axes.bar(orders + shift, sizes, 0.38, color=colour,
                 label={"train": "training law", "test": "test law"}[kind])
    axes.set_yscale("symlog", linthresh=0.1)
    axes.set_ylim(0, max(10.0, 1.5 * max(p.get_height() for p in axes.patches)))
    axes.set_ylabel(r"$|\rho_r|$ at the point")
    axes.set_xlabel("order $r$")
    axes.set_xticks(orders)
    axes.set_axisbelow(True)
    axes.legend(frameon=False, fontsize="small", loc="lower left", bbox_to_anchor=(0, 1), ncols=2)


def _tables(data: FailurePlane, x: float, y: float) -> Markup:
    found = {kind: data.residuals(kind, x, y) for kind in ("train", "test")}
    rows = [
        (r, "yes" if r <= data.order else "no", _rounded(found["train"][r]),
         _rounded(found["test"][r])) for r in data.train
    ]
    head = ("order", "asked in training", f"residual on {data.train_law.label}",
            f"residual on {data.test_law.label}")
    off = data.violations(x, y)
    if off:
        k = int(np.argmin(off))
        branch = data.analysis.branches[k]
        good = branch.generalises
        says = {True: "generalises", False: "fails on the test law", None: "undecided"}[good]
        where = "on" if off[k] <= _ON else f"off by {number(off[k], 2)} from"
        told = Markup(f"<div>The point is {where} branch {branch.number} of {len(off)}, which "
                      f"{verdict(says, good)}: "
                      f"{', '.join(formula(e.eq) for e in branch.equations)}</div>")
    else:
        told = Markup("<div>No real parameters fit the training law.</div>")
    counted = f"{len(data.networks)} trained networks are drawn"
    if data.left_out:
        counted += f", {data.left_out} did not converge or lie off the plane"
    others = equations([(s, e) for s, e in data.others.items()]) if data.others else ""
    exact = [(rf"\rho_{{{r}}}", e) for r, e in data.train.items()]
    away = [(rf"\rho_{{{r}}}", e) for r, e in data.test.items()]
    return Markup(
        f"{told}{table(head, rows)}<div>{counted}.</div>"
        + folded("residuals on the training law", equations(exact))
        + folded("residuals on the test law", equations(away))
        + (folded("what is not on the plane", others) if others else "")
        + folded("all branches", data.analysis._repr_html_())
    )


def _algebraic(law: Any) -> bool:
    """Whether branches can be found: pi and the like have no place in ideals."""
    return all(law.cumulant(r).is_algebraic for r in range(1, 5))


def _whole(value: float) -> float:
    """The next multiple of a step below."""
    return round(int(value / _STEP + 1e-9) * _STEP, 12)


def _name(symbol: sp.Symbol) -> str:
    return f"${sp.latex(symbol)}$"  # typeset by the notebook


def _rounded(value: Any) -> str:
    return number(round(float(value), 12))


def failure(
    network: Layer | Mapping[str, Layer] | None = None, target: Layer | None = None,
    train: Any = None, test: Any = None, order: int = 2, *,
    plane: tuple[Any, Any] | None = None, fixed: Mapping[Any, Any] | None = None,
    member: Mapping[Any, Any] | None = None, seeds: int = 24,
    window: tuple[float, float] | None = None,
) -> Explorer:
    """Explore what networks that fit the training law do on another law.

    The star can be dragged; a click in the plane moves it there, arrow keys by a step.

    Parameters
    ----------
    network : Layer or mapping of name to Layer, optional
        By default the tied quadratic unit and the free linear one, to choose from.
    target, train, test, order, plane, fixed, member, seeds
        As for :func:`failure_data`; ``test`` is the law to begin with.
    window : pair of float, optional
        Half width and half height of the plane; by default it holds what fits the variance.

    Raises
    ------
    MissingDependencyError
        If ipywidgets, anywidget, Matplotlib or torch is not installed.
    DomainError
        If the unknowns do not come down to two.

    Examples
    --------
    >>> explorer = failure(seeds=0)
    >>> explorer.set(x=-(0.5**0.5), y=0)
    >>> [round(float(v), 3) for v in explorer.data.residuals("test", -(0.5**0.5), 0).values()]
    [-2.828, 0.0, -2.828, 0.0]
    """
    w = widgets()
    units = usual_units() if network is None else network
    named = dict(units) if isinstance(units, Mapping) else {"network": units}
    first = next(iter(named.values()))
    options = {"plane": plane, "fixed": fixed, "member": member, "seeds": seeds}
    begin = laws.Exponential(1) if test is None else test
    start = failure_data(first, target, train, begin, order, **options)
    tests = {name: law for name, law in known_laws(16).items() if _algebraic(law)}
    tests[begin.label] = begin

    def slider(axis: int) -> Any:
        half = _whole((window or start.window)[axis])
        return control("FloatSlider", _name(start.axes[axis]), min=-half, max=half,
                       value=_whole(half / 2), step=_STEP, readout_format=".2f")

    controls = {
        "network": control("Dropdown", "network", options=list(named.items()), value=first),
        "test": control("Dropdown", "test law", options=sorted(tests.items()), value=begin),
        "fits": control("IntSlider", "orders fitted", min=1, max=4, value=order),
        "colour": control("IntSlider", "colour: order", min=1, max=4, value=3),
        "x": slider(0),
        "y": slider(1),
    }

    def view(network: Layer, test: Any, fits: int, colour: int, x: float, y: float) -> View:
        data = failure_data(network, target, train, test, fits, **options)
        label = f"residual of order {colour} on {data.test_law.label} over a plane of two weights"
        return View(data, failure_figure(data, x, y, colour, window), label,
                    below=_tables(data, x, y))

    def adjust(explorer: Explorer, changed: str) -> None:
        if changed == "network":
            state = explorer.state
            data = failure_data(state["network"], target, train, state["test"], state["fits"],
                                **options)
            for name, symbol, half in zip("xy", data.axes, window or data.window, strict=True):
                own = controls[name]
                own.description, own.value = _name(symbol), 0.0
                own.min, own.max = -_whole(half), _whole(half)
                own.value = _whole(half / 2)

    variety = w.Button(description="fit the training law from here", layout={"width": "18em"})
    trained = w.Button(description="next trained network", layout={"width": "18em"})
    explorer = Explorer("Fitting one law, meeting another", controls, view, adjust,
                        buttons=[variety, trained], plane=("x", "y"))
    visited = [0]

    def to_variety(_: Any) -> None:
        if explorer.data is not None:
            x, y = explorer.data.fitted(controls["x"].value, controls["y"].value)
            explorer.set(x=x, y=y)

    def to_network(_: Any) -> None:
        if explorer.data is not None and len(explorer.data.networks):
            x, y = explorer.data.networks[visited[0] % len(explorer.data.networks)]
            visited[0] += 1
            explorer.set(x=float(x), y=float(y))

    variety.on_click(to_variety)
    trained.on_click(to_network)
    return explorer
