"""The renormalisation-group explorer: figure, tables and controls of a law under block sums."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import sympy as sp
from numpy.typing import NDArray

from cumulant_theory.arguments import explained
from cumulant_theory.latex import latex
from cumulant_theory.latex.html import Markup, equations, folded, formula, number, shown, table
from cumulant_theory.laws import Law
from cumulant_theory.parsing import as_number, parse_law

from ..canvas import plain
from ..flows._maps import theory_of
from ..study.palette import BLUE, GREEN, ORANGE, PURPLE, RED, SKY
from .blocksums import RGFlow, known_laws, rg_flow_data
from .layout import Explorer, View, control, panels

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["rg_flow", "rg_flow_figure", "tables"]

_COLOURS = (BLUE, SKY, ORANGE, GREEN, PURPLE, RED)
_KINDS = {"relevant": RED, "marginal": ORANGE, "irrelevant": BLUE, "undecided": "0.5"}


@explained
def rg_flow_figure(data: RGFlow) -> "Figure":
    """Standardised cumulants, cumulants, density and eigenvalues.

    Parameters
    ----------
    data : RGFlow

    Returns
    -------
    matplotlib.figure.Figure
        Not attached to pyplot. Lines with dots are the closed form; crosses, where there is a
        network, are its prediction.

    Examples
    --------
    >>> from cumulant_theory import laws
    >>> len(rg_flow_figure(rg_flow_data(laws.Exponential(1))).axes)
    4
    """
    from matplotlib.lines import Line2D

    figure, axes = panels(9.4, 6.6, 2, 2, left=0.9, wspace=0.28, top=0.6)
    left, right, below, corner = axes.ravel()
    time = np.arange(data.steps + 1)
    learned = None if data.learned is None else np.stack([
        np.ravel(data.learned.cumulant(r)) for r in range(1, data.order + 1)
    ], axis=1)
    for axes, values, first, name in (
        (left, data.standardised, 3, r"\kappa_r / \kappa_2^{r/2}"),
        (right, data.cumulants, 1, r"\kappa_r"),
    ):
        drawn = [values[:, first - 1 :]]
        for r in range(first, data.order + 1):
            colour = _COLOURS[(r - 1) % len(_COLOURS)]
            axes.plot(time, values[:, r - 1], "-", marker="os"[(r - 1) // len(_COLOURS) % 2],
                      color=colour, markersize=4, linewidth=1.4,
                      label=f"$r = {r}$" if np.any(values[:, r - 1]) else f"$r = {r}$: zero")
            if learned is not None:
                own = learned[:, r - 1]
                if first == 3:
                    own = own / np.maximum(learned[:, 1], 1e-300) ** (r / 2)
                axes.plot(time, own, "x--", color=colour, markersize=6, linewidth=0.9)
                drawn.append(own)
        axes.set_xlabel("step $t$")
        axes.set_ylabel(f"${name}$")
        axes.xaxis.get_major_locator().set_params(integer=True)
        _scale(axes, np.concatenate([np.ravel(d) for d in drawn]))
        axes.margins(y=0.1)
    left.set_title("standardised: the same for every $s$", loc="left", fontsize="medium")
    right.set_title(f"as they are, $s = {sp.latex(data.s)}$", loc="left", fontsize="medium")
    handles, labels = right.get_legend_handles_labels()  # all orders, in colours of both panels
    if learned is not None:
        handles.append(Line2D([], [], color="0.5", marker="x", linestyle="--", linewidth=0.9))
        labels.append("learned")
    figure.legend(handles, labels, loc="upper left", bbox_to_anchor=(0.08, 1.0), ncols=len(labels),
                  frameon=False, fontsize="small", columnspacing=1.1, handlelength=1.6)
    _draw_density(below, data)
    _draw_eigenvalues(corner, data)
    return plain(figure)


def _scale(axes: Any, values: NDArray[np.float64]) -> None:
    """Logarithmic where the values need it, with a line at zero where they have both signs."""
    sizes = np.abs(values[np.abs(values) > 1e-12])
    if not sizes.size:  # rounding errors are not to be looked at
        axes.set_ylim(-1, 1)
    wide = sizes.size and sizes.max() > 50 * sizes.min()
    if wide and (values > -1e-12).all():
        axes.set_yscale("log")
        return
    if wide:
        near = np.log10(max(sizes.min(), 1e-2 * sizes.max()))
        axes.set_yscale("symlog", linthresh=10.0 ** np.ceil(near))
    axes.axhline(0, color="0.5", linewidth=0.8, zorder=0)


def _draw_density(axes: Any, data: RGFlow) -> None:
    axes.set_title("density", loc="left", fontsize="medium")
    axes.set_xlabel(r"$(x - \kappa_1) / \sqrt{\kappa_2}$")
    axes.set_yticks([])
    axes.set_xlim(-4, 4)
    if data.densities is None or data.x is None:
        axes.text(0.5, 0.5, "no density on a grid", ha="center", transform=axes.transAxes)
        return
    from matplotlib import colormaps

    for t, values in enumerate(data.densities):
        axes.plot(data.x, values, color=colormaps["viridis"](0.3 + 0.55 * t / data.steps),
                  linewidth=1.4, label=f"$t = {t}$" if t in (0, 1, data.steps) else None)
    axes.plot(data.x, np.exp(-data.x**2 / 2) / np.sqrt(2 * np.pi), color="k", linestyle=":",
              linewidth=1.4, label="Gaussian")
    axes.set_ylim(0, 1.08 * max(0.4, min(float(data.densities.max()), 1.2)))
    axes.legend(frameon=False, fontsize="small")


def _draw_eigenvalues(axes: Any, data: RGFlow) -> None:
    axes.set_title(rf"eigenvalues $\lambda_r = b^{{1 - r s}}$, $b = {data.b}$", loc="left",
                   fontsize="medium")
    seen = set()
    for e in data.spectrum:
        axes.vlines(e.order, 1, float(e.value), color=_KINDS[e.kind], linewidth=1.2)
        axes.plot(e.order, float(e.value), "o", color=_KINDS[e.kind], markersize=6,
                  label=None if e.kind in seen else e.kind)
        seen.add(e.kind)
    axes.axhline(1, color="0.5", linewidth=0.8, zorder=0)
    axes.set_yscale("log", base=data.b)
    axes.set_xlabel("order $r$")
    axes.set_ylabel(r"$\lambda_r$")
    axes.set_xticks(range(1, data.order + 1))
    axes.set_xlim(0.5, data.order + 0.5)
    ends = np.log([1.0, *(float(e.value) for e in data.spectrum)])
    low, high = ends.min(), ends.max()
    pad = 0.12 * (high - low)
    axes.set_ylim(np.exp(low - pad), np.exp(high + 2.5 * pad))  # room for the legend
    axes.legend(frameon=False, fontsize="small", loc="upper right", ncols=3, borderaxespad=0,
                columnspacing=1.2, handletextpad=0.2)


def tables(data: RGFlow) -> Markup:
    """Closed form, and the cumulants of every order at the last step."""
    general = equations([
        (r"\kappa_r^{(t)}", rf"{data.b}^{{t (1 - r s)}} \kappa_r"),
        (r"\kappa_r^{(t)} / (\kappa_2^{(t)})^{r/2}",
         rf"{data.b}^{{t (1 - r/2)}} \kappa_r / \kappa_2^{{r/2}}"),
    ])
    rows = []
    for e in data.spectrum:
        written = formula(data.closed_form(e.order))
        end = data.standardised[-1, e.order - 1]
        eigenvalue = formula(_power(data.b, 1 - e.order * data.s))
        rows.append((e.order, formula(data.start[e.order - 1]), eigenvalue, e.kind, written,
                     number(float(end), 4)))  # fmt: skip
    head = ("r", formula(r"\kappa_r"), formula(r"\lambda_r"), "direction",
            formula(r"\kappa_r^{(t)} / (\kappa_2^{(t)})^{r/2}"), f"at t = {data.steps}")
    parts = [general, table(head, rows)]
    if data.why:
        parts.append(Markup(f"<div>{shown(data.why)}</div>"))
    if data.learned is not None:
        parts.append(folded("the learned map, crosses", data.learned._repr_html_()))
    return Markup("".join(parts))


def _power(base: int, exponent: sp.Expr) -> Any:
    return sp.Integer(base) ** exponent if exponent.is_Integer else f"{base}^{{{latex(exponent)}}}"


def _label(exponent: sp.Expr) -> str:
    return str(exponent) if (6 * exponent).is_Integer else f"{float(exponent):.3g}"


def rg_flow(
    law: Law | str = "exponential(1)", b: int = 2, s: Any = sp.S.Half, steps: int = 6,
    order: int = 4, network: Any = None, choices: Mapping[str, Law] | Sequence[Law] | None = None,
) -> Explorer:
    """Explore the flow of a law under block sums.

    Parameters
    ----------
    law : Law or str
        The one to begin with.
    b : int
        Block size, 2 to 8.
    s : rational number
        Exponent, 0 to 3/2.
    steps : int
        1 to 12.
    order : int
        Highest order, 2 to 8.
    network : Network, Layer or RGMap, optional
        A learned map of b inputs, drawn beside the block sum of the same b.
    choices : mapping or sequence of Law, optional
        Laws to choose from; by default one of every registered kind.

    Raises
    ------
    MissingDependencyError
        If ipywidgets or Matplotlib is not installed.

    Examples
    --------
    >>> explorer = rg_flow("gamma(2, 1)", b=3)
    >>> explorer.set(steps=2)
    >>> round(float(explorer.data.standardised[2, 3]), 6)
    0.333333
    """
    first = parse_law(law) if isinstance(law, str) else law
    listed = known_laws() if choices is None else (
        dict(choices) if isinstance(choices, Mapping) else {one.label: one for one in choices}
    )
    listed = {**{name: one for name, one in listed.items() if one != first}, first.label: first}
    if network is not None:
        b = theory_of(network, "rg_flow")[0].b
    exponent = as_number(s, "rg_flow: s")
    exponents = sorted({exponent, *(sp.Rational(k, 20) for k in range(31))})
    rg_flow_data(first, b, exponent, steps, order, network)  # arguments that are wrong raise here
    controls = {
        "law": control("Dropdown", "law", options=sorted(listed.items()), value=first),
        "b": control("IntSlider", "block size b", min=2, max=max(8, b), value=b,
                     disabled=network is not None),
        "s": control("SelectionSlider", "exponent s", value=exponent,
                     options=[(_label(v), v) for v in exponents]),
        "steps": control("IntSlider", "steps", min=1, max=max(12, steps), value=steps),
        "order": control("IntSlider", "highest order", min=2, max=max(8, order), value=order),
    }  # fmt: skip

    def view(law: Law, b: int, s: Any, steps: int, order: int) -> View:
        data = rg_flow_data(law, b, s, steps, order, network)
        label = f"flow of {law.label} under sums of {data.b}: cumulants, density and eigenvalues"
        return View(data, rg_flow_figure(data), label, below=tables(data))

    return Explorer("Renormalisation-group flow of a law", controls, view)
