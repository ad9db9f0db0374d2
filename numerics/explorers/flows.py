r"""The renormalisation-group explorer: a law under block sums, and a learned map beside it.

kappa_r after t steps is b^{t (1 - r s)} kappa_r; over kappa_2^{r/2} the exponent s drops out.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np
import sympy as sp
from numpy.typing import NDArray

from cumulant_theory import laws
from cumulant_theory.algebra import check_at_most
from cumulant_theory.arguments import explained
from cumulant_theory.errors import CumulantError, DomainError
from cumulant_theory.latex import latex
from cumulant_theory.latex.html import Markup, equations, folded, formula, shown, table
from cumulant_theory.laws import Law
from cumulant_theory.layers import BlockSum
from cumulant_theory.parsing import as_number, parse_law
from cumulant_theory.rg import RGMap

from ..densities import Grid, SelfConvolution, affine_image, density
from ..flows._maps import theory_of
from ..plotting import _plain
from ..study.palette import BLUE, GREEN, ORANGE, PURPLE, RED, SKY
from .layout import Explorer, View, control, panels

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from cumulant_theory.layers import Layer

    from ..flows import FlowResult
    from ..networks import Ensemble, Network

__all__ = ["RGFlow", "known_laws", "rg_flow", "rg_flow_data", "rg_flow_figure"]

_COLOURS = (BLUE, SKY, ORANGE, GREEN, PURPLE, RED)
_KINDS = {"relevant": RED, "marginal": ORANGE, "irrelevant": BLUE, "undecided": "0.5"}
_REACH, _FINE, _ATOM = 10.0, 20, 0.15  # in standard deviations: half width, points per one, blur
_MOST_POINTS = 2000
_HALF = sp.Rational(1, 2)


@dataclass(frozen=True, eq=False)
class RGFlow:
    """A law under repeated block sums.

    Attributes
    ----------
    law, b, s, steps, order
        As they were given.
    start
        kappa_1, ..., kappa_order of the law, exact.
    spectrum
        Of the block sum.
    cumulants
        After 0, ..., steps applications: array (steps + 1, order).
    x, densities
        Points, and the density of the centred variable over its standard deviation: array
        (steps + 1, points). None where there is none on a grid; ``why`` says what is missing.
    learned
        The flow of a network on the same law, or None.
    """

    law: Law
    b: int
    s: sp.Expr
    steps: int
    order: int
    start: tuple[sp.Expr, ...]
    spectrum: Any
    cumulants: NDArray[np.float64]
    x: NDArray[np.float64] | None
    densities: NDArray[np.float64] | None
    why: str
    learned: "FlowResult | None"

    @property
    def standardised(self) -> NDArray[np.float64]:
        """kappa_r / kappa_2^{r/2} after every step: array (steps + 1, order)."""
        powers = np.arange(1, self.order + 1) / 2
        return self.cumulants / self.cumulants[:, 1:2] ** powers

    def closed_form(self, r: int) -> sp.Expr:
        """kappa_r / kappa_2^{r/2} after t steps: its value for the law times b^{t (1 - r/2)}."""
        value = sp.radsimp(self.start[r - 1] / self.start[1] ** sp.Rational(r, 2))
        factor = sp.Integer(self.b) ** (sp.Symbol("t") * (1 - sp.Rational(r, 2)))
        if 1 in (value, factor) or value == 0:
            return value * factor
        return sp.Mul(value, factor, evaluate=False)  # as written, powers of b not collected


def known_laws(order: int = 4) -> dict[str, Law]:
    """One law of every registered kind that has numbers as cumulants, by label.

    Examples
    --------
    >>> known_laws()["Exponential(1)"]
    Exponential(rate=1)
    """
    found = {}
    for kind in laws.catalogue().values():
        law = kind(**kind.examples[0])
        if not law.free_symbols and law.sampling is not None and (
            law.max_order is None or law.max_order >= order
        ):
            found[law.label] = law
    return dict(sorted(found.items()))


@explained
@lru_cache(maxsize=64)
def rg_flow_data(
    law: Law, b: int = 2, s: float | Fraction | str | sp.Expr = _HALF, steps: int = 6,
    order: int = 4, network: "Network | Ensemble | Layer | RGMap | None" = None,
) -> RGFlow:
    """The flow of a law under the sum of b copies over b^s.

    Parameters
    ----------
    law : Law
        Without symbols, not a point mass.
    b : int, at least 2
    s : rational number
    steps : int, at least 1
    order : int, at least 2
    network : Network, Layer or RGMap, optional
        A learned map; b is then its number of inputs.

    Raises
    ------
    DomainError
        If a number is out of range, or the law has symbols or no variance.
    OrderError
        If the law lacks cumulants.

    Examples
    --------
    >>> found = rg_flow_data(laws.Exponential(1), steps=2)
    >>> found.standardised[:, 3].tolist(), found.closed_form(4)
    ([6.0, 3.0, 1.5], 6/2**t)
    """
    if not isinstance(law, Law) or law.free_symbols:
        raise DomainError(f"rg_flow: {law!r} is no law of one variable with numbers as parameters")
    learned = None if network is None else _learned(network, law, steps, order)
    if learned is not None:
        b = learned.b
    exponent = as_number(s, "rg_flow: s")
    for name, value, least in (("b", b, 2), ("steps", steps, 1), ("order", order, 2)):
        if not isinstance(value, int) or isinstance(value, bool) or value < least:
            raise DomainError(f"rg_flow: {name} is {value!r}; give an integer of at least {least}")
    check_at_most(steps, 1000, "rg_flow", "steps", "take fewer")
    start = tuple(law.cumulant(r) for r in range(1, order + 1))
    if not start[1].is_positive:
        raise DomainError(f"rg_flow: {law!r} has variance {start[1]}; take one with a spread")
    spectrum = RGMap(BlockSum(b, exponent)).spectrum(order)
    factors = np.array([float(e.value) for e in spectrum])
    times = np.arange(steps + 1)[:, None]
    cumulants: Any = np.array([float(k) for k in start]) * factors**times
    try:
        x, densities = _densities(law, float(start[0]), float(start[1]) ** 0.5, b, steps)
        why = ""
    except CumulantError as error:
        x, densities, why = None, None, str(error)
    return RGFlow(law, b, exponent, steps, order, start, spectrum, cumulants, x, densities, why,
                  learned)  # fmt: skip


def _learned(network: Any, law: Law, steps: int, order: int) -> "FlowResult":
    from ..flows import flow

    return flow(network, law, steps, order, samples=0)


def _densities(
    law: Law, mean: float, deviation: float, b: int, steps: int
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Densities of the centred variable at s = 1/2, which keeps its variance."""
    spacing = deviation / _FINE
    whole = round(abs(mean) / spacing)
    if whole:  # the mean is then a number of points, and a jump of the density is not blurred
        spacing = abs(mean) / whole
    half = int((abs(mean) + _REACH * deviation) / spacing) + 1
    if 2 * half + 1 > _MOST_POINTS:
        raise DomainError(f"the density of {law!r} is too narrow for its distance from zero")
    wide = Grid(2 * half + 1, half * spacing)
    p = density(law, wide, smoothing=_ATOM * deviation, limit=0.02)
    if whole:
        p = np.roll(p, -int(np.sign(mean)) * whole)
    elif mean:
        p = affine_image(p, wide, shift=-mean)
    near = int(_REACH * deviation / spacing) + 1
    near = min(near, half)
    grid = Grid(2 * near + 1, near * spacing)
    p = p[half - near : half + near + 1]
    step = SelfConvolution(grid, b, limit=None)
    flow = [grid.normalised(p)]
    for _ in range(steps):  # mass and mean are relevant: what the grid does to them would grow
        p = grid.normalised(step(flow[-1]))
        p = affine_image(p, grid, shift=-float(grid.mass(grid.x * p)))
        flow.append(grid.normalised(p))
    return grid.x / deviation, np.stack(flow) * deviation


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
    >>> len(rg_flow_figure(rg_flow_data(laws.Exponential(1))).axes)
    4
    """
    figure, axes = panels(9.4, 6.4, 2, 2, left=0.9, wspace=0.28)
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
            axes.plot(time, values[:, r - 1], "o-", color=colour, markersize=4, linewidth=1.4,
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
        axes.margins(y=0.1 if learned is None else 0.35)  # room for the legend above crosses
        if data.order >= first:
            place = "best" if learned is None else "upper right"
            axes.legend(frameon=False, fontsize="small", ncols=2, loc=place)
    left.set_title("standardised: the same for every $s$", loc="left", fontsize="medium")
    right.set_title(f"as they are, $s = {sp.latex(data.s)}$", loc="left", fontsize="medium")
    _draw_density(below, data)
    _draw_eigenvalues(corner, data)
    return _plain(figure)


def _scale(axes: Any, values: NDArray[np.float64]) -> None:
    """Logarithmic where the values need it, with a line at zero where they have both signs."""
    sizes = np.abs(values[np.abs(values) > 1e-12])
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
    if data.densities is None or data.x is None:
        axes.text(0.5, 0.5, "no density on a grid", ha="center", transform=axes.transAxes)
        return
    from matplotlib import colormaps

    for t, values in enumerate(data.densities):
        axes.plot(data.x, values, color=colormaps["viridis"](0.15 + 0.75 * t / data.steps),
                  linewidth=1.4, label=f"$t = {t}$" if t in (0, 1, data.steps) else None)
    axes.plot(data.x, np.exp(-data.x**2 / 2) / np.sqrt(2 * np.pi), color="k", linestyle=":",
              linewidth=1.4, label="Gaussian")
    axes.set_xlim(-4, 4)
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
    axes.margins(y=0.15)
    axes.legend(frameon=False, fontsize="small")


def _tables(data: RGFlow) -> Markup:
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
                     f"{end:.4g}"))  # fmt: skip
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
    law: Law | str = "exponential(1)", b: int = 2, s: Any = _HALF, steps: int = 6,
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
        return View(data, rg_flow_figure(data), label, below=_tables(data))

    return Explorer("Renormalisation-group flow of a law", controls, view)
