"""Where which closure holds: what is exact by trial, what is not by measured errors."""

import json
from pathlib import Path
from typing import Any

import matplotlib as mpl
from docutils import nodes
from docutils.parsers.rst import directives
from registries import table
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

from cumulant_theory import activations, laws, layers
from cumulant_theory.algebra import multi_indices
from cumulant_theory.errors import NoClosedFormError

DATA = Path(__file__).parents[1] / "_data" / "validity.json"
_NAMES = {"mean": "means", "variance": "variances"}


def read() -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """Settings and rows of the measurement."""
    found = json.loads(DATA.read_text("utf-8"))
    return found["settings"], found["rows"]


def root(value: float, error: float) -> str:
    """Root of a squared error, or a bound where it is within two standard errors of zero."""
    if value > 2 * error:
        return f"{value**0.5:.2g}"
    return f"< {(max(value, 0) + 2 * error) ** 0.5:.1g}"


class ErrorsDirective(SphinxDirective):
    """Measured root mean square errors of means or variances, a row per network."""

    required_arguments = 1

    def run(self) -> list[nodes.Node]:
        """One column per closure."""
        self.env.note_dependency(str(DATA))
        what = self.arguments[0]
        _, rows = read()
        closures = list(dict.fromkeys(r["closure"] for r in rows))
        cells: dict[tuple[Any, ...], dict[str, str]] = {}
        for r in rows:
            key = (r["activation"], r["law"], r["depth"], r["width"])
            share = what == "gaussian_units"
            cells.setdefault(key, {})[r["closure"]] = (
                f"{r[what]:.0%}" if share else root(r[what], r[f"{what}_se"])
            )
        body = [
            [nodes.Text(str(part)) for part in (*key, *(found[c] for c in closures))]
            for key, found in cells.items()
        ]
        names = [closure.replace("(", "\u200b(") for closure in closures]  # may break there
        header = ("activation", "inputs", "layers", "width", *names)
        return [table(header, body, (14, 14, 8, 8, *(12 for _ in closures)))]


class PlotDirective(SphinxDirective):
    """Errors against the width, drawn at build."""

    required_arguments = 1
    option_spec = {"alt": directives.unchanged_required}

    def run(self) -> list[nodes.Node]:
        """A picture."""
        self.env.note_dependency(str(DATA))
        what = self.arguments[0]
        folder = Path(self.env.srcdir) / "_generated"
        folder.mkdir(exist_ok=True)
        path = folder / f"validity_{what}.svg"
        draw(what, path)
        image = nodes.image(uri=f"/_generated/{path.name}", alt=self.options["alt"])
        image["classes"].append("only-one")
        return [image]


def draw(what: str, path: Path) -> None:
    """Log-log lines of one depth, one panel per activation and law."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    _, rows = read()
    kinds = list(dict.fromkeys((r["law"], r["activation"]) for r in rows))
    closures = list(dict.fromkeys(r["closure"] for r in rows))
    depth = min(r["depth"] for r in rows)
    mpl.rcParams["svg.hashsalt"] = "validity"
    figure = Figure(figsize=(8, 5), layout="constrained")
    FigureCanvasAgg(figure)
    across = len({a for _, a in kinds})
    axes = figure.subplots(len(kinds) // across, across, sharex=True, sharey=True)
    for (law, activation), axis in zip(kinds_in_rows(kinds), axes.flat, strict=True):
        for number, closure in enumerate(closures):
            line = sorted(
                (r["width"], r[what], r[f"{what}_se"]) for r in rows
                if (r["law"], r["activation"], r["closure"], r["depth"])
                == (law, activation, closure, depth) and r[what] > 2 * r[f"{what}_se"]
            )
            if line:
                x, y, e = zip(*line, strict=True)
                size = [v**0.5 for v in y]
                bars = [s / 2 / v for s, v in zip(e, size, strict=True)]
                axis.errorbar(x, size, bars, marker="o", ms=4, label=closure, color=f"C{number}")
        axis.set_title(f"{activation}, {law} inputs", fontsize=10)
        axis.set_xscale("log", base=2)
        axis.set_yscale("log")
        axis.grid(alpha=0.3)
    figure.supxlabel("width")
    figure.supylabel(f"error of the {_NAMES[what]}")
    figure.legend(*axes.flat[0].get_legend_handles_labels(), loc="outside lower center", ncols=5)
    figure.savefig(path, metadata={"Date": None})


def kinds_in_rows(kinds: list[tuple[str, str]]) -> list[tuple[str, str]]:
    """Laws one under the other."""
    order = list(dict.fromkeys(law for law, _ in kinds))
    return sorted(kinds, key=lambda kind: order.index(kind[0]))


class ExactDirective(SphinxDirective):
    """What has an exact answer, found by asking for it."""

    def run(self) -> list[nodes.Node]:
        """One row per network and law."""
        header = ("activation", "inputs", "state", "order 1", "order 2", "order 3")
        rows = []
        for phi in (activations.Quadratic(1), activations.ReLU(), activations.Tanh()):
            hidden = layers.Linear(2, 3) >> layers.Pointwise(phi)
            states = {
                "behind the first activation": hidden,
                "behind the linear layer after it": hidden >> layers.Linear(3, 3),
                "behind the second activation":
                    hidden >> layers.Linear(3, 3) >> layers.Pointwise(phi),
            }
            for law in (laws.Normal(0, 1), laws.Exponential(1)):
                for state, net in states.items():
                    weights = {p: k for k, p in enumerate(net.parameters, 1)}
                    reach = [_exact(net.subs(weights), law, r) for r in (1, 2, 3)]
                    rows.append([nodes.Text(t) for t in (
                        phi.name, law.label, state, *("exact" if e else "closure" for e in reach)
                    )])
        return [table(header, rows, (14, 18, 35, 11, 11, 11))]


def _exact(net: Any, law: Any, order: int) -> bool:
    try:
        out = net.propagate(law, order=order)
        for alpha in multi_indices(3, order):
            out[alpha]
    except NoClosedFormError:
        return False
    return True


class SettingsDirective(SphinxDirective):
    """How the errors were measured."""

    def run(self) -> list[nodes.Node]:
        """One sentence."""
        settings, _ = read()
        text = (
            f"{settings['networks']} networks per row, {settings['samples']} samples each, seed "
            f"{settings['seed']}; biases of deviation {settings['bias']}; gain squared "
            + ", ".join(f"{g:g} for {name}" for name, g in settings["gains"].items())
            + ". Measured again by "
        )
        return [nodes.paragraph("", "", nodes.Text(text), nodes.literal(text=settings["command"]),
                                nodes.Text("."))]


def setup(app: Sphinx) -> dict[str, Any]:
    """Register the directives."""
    app.add_directive("measured-errors", ErrorsDirective)
    app.add_directive("measured-plot", PlotDirective)
    app.add_directive("measured-settings", SettingsDirective)
    app.add_directive("exact-cases", ExactDirective)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
