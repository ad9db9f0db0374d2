r"""Planes of two weights: what the training law leaves open, and what it costs on another law.

Linear unit, f = l_1 x_1 + l_2 x_2: kappa_r(f) = (l_1^r + l_2^r) kappa_r. Tied quadratic unit,
f = l s + q s^2 + c with s = x_1 + x_2 and c such that the means agree on the law at hand.
"""

from typing import TYPE_CHECKING, Any

import numpy as np
import sympy as sp

from cumulant_theory import generalisation, layers
from cumulant_theory.activations import Polynomial
from cumulant_theory.parsing import parse_law

from ..canvas import blank
from ..study.palette import INK, ORANGE, RED, clean
from .flow import rebuilt
from .runner import Results

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["failure_planes", "linear_coefficients", "residual_grid", "tied_coefficients"]

TRAIN, TEST = "normal(0, 1)", "exponential(1)"
_REACH, _POINTS = 1.3, 161


def linear_coefficients(module: Any) -> np.ndarray:
    """l of networks f = l.x + c, (S, b)."""
    values = module(np.vstack([np.eye(module.in_features), np.zeros(module.in_features)]))
    values = values.detach().numpy()[..., 0]
    return values[:, :-1] - values[:, -1:]


def tied_coefficients(module: Any) -> np.ndarray:
    """(l, q) of networks f = l s + q s^2 + c, s the sum of the inputs, (S, 2)."""
    one = np.zeros((3, module.in_features))
    one[0, 0], one[1, 0] = 1, -1
    plus, minus, zero = np.moveaxis(module(one).detach().numpy()[..., 0], -1, 0)
    return np.stack([(plus - minus) / 2, (plus + minus) / 2 - zero], axis=-1)


def residual_grid(kind: str, law: str, x: np.ndarray, y: np.ndarray) -> dict[int, np.ndarray]:
    """Residuals of orders 2 and 3 on a plane of weights, with the mean matched.

    Parameters
    ----------
    kind
        ``linear`` or ``tied``.
    law
        Text.
    x, y
        Weights: l_1 and l_2, or l and q.

    Examples
    --------
    >>> half = np.array(0.5**0.5)
    >>> {r: bool(abs(v) < 1e-12) for r, v in residual_grid("linear", TEST, half, half).items()}
    {2: True, 3: True}
    """
    a, b = sp.symbols("a b")
    if kind == "linear":
        net = layers.Linear(2, 1, weight=[[a, b]])
    else:
        net = layers.Sequential(
            layers.Linear(2, 1, weight=[[1, 1]]), layers.Pointwise(Polynomial([0, a, b]))
        )
    found = generalisation.residuals(net, layers.BlockSum(2), parse_law(law), order=3)
    return {r: np.asarray(sp.lambdify((a, b), found[r], "numpy")(x, y)) for r in (2, 3)}


def failure_planes(results: Results) -> "Figure | None":
    """Training variety, residual on another law, and trained networks, for both units."""
    points = {"linear": _points(results, "free", "identity", linear_coefficients),
              "tied": _points(results, "shared", "quadratic", tied_coefficients)}
    if all(v is None for v in points.values()):
        return None
    line = np.linspace(-_REACH, _REACH, _POINTS)
    x, y = np.meshgrid(line, line)
    figure = blank(11, 4.8)
    names = {"linear": ("$l_1$", "$l_2$"), "tied": ("$l$", "$q$")}
    for ax, (kind, found) in zip(figure.subplots(1, 2), points.items(), strict=True):
        home, away = residual_grid(kind, TRAIN, x, y), residual_grid(kind, TEST, x, y)
        image = ax.imshow(
            np.abs(away[3]), extent=(-_REACH, _REACH, -_REACH, _REACH), origin="lower",
            cmap="Blues", vmin=0, vmax=3,
        )
        ax.contour(x, y, home[2], levels=[0], colors=[INK], linewidths=1.5)
        if kind == "tied":
            ax.contour(x, y, home[3], levels=[0], colors=[ORANGE], linewidths=1.2, linestyles="--")
        if found is not None:
            ax.plot(*found.T, linestyle="none", marker="o", markersize=5, color=RED,
                    markeredgecolor="white")
        ax.set_xlim(-_REACH, _REACH)
        ax.set_ylim(-_REACH, _REACH)
        ax.set_xlabel(names[kind][0])
        ax.set_ylabel(names[kind][1])
        figure.colorbar(image, ax=ax, label="$|\\rho_3|$ on the exponential law")
        clean(ax)
    return figure


def _points(results: Results, symmetry: str, activation: str, read: Any) -> np.ndarray | None:
    rows = [
        r for r in results.networks
        if r["symmetry"] == symmetry and r["activation"] == activation and r["b"] == 2
        and r["depth"] == 1 and r["loss"] == "law" and r["train_law"] == "Gaussian"
        and r["method"] == "exact" and not r["diverged"]
    ]
    cells = list(dict.fromkeys(r["cell"] for r in rows))
    if not cells:
        return None
    return np.concatenate([read(rebuilt([r for r in rows if r["cell"] == c])) for c in cells])
