"""Tables of what is registered, read from the registries at build time."""

import inspect
import re
from collections.abc import Callable, Iterator, Sequence
from importlib import import_module
from typing import Any

import sympy as sp
from docutils import nodes
from docutils.statemachine import StringList
from sources import HOMES, key
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

from cumulant_theory import activations, closures, laws, layers, symbolic_width, symmetries
from cumulant_theory import theorems as proved
from cumulant_theory.errors import CumulantError
from cumulant_theory.latex import latex
from cumulant_theory.layers import graphs
from cumulant_theory.layers.graphs import families
from numerics.backends import REGISTRY
from numerics.densities.families import FAMILIES

Rows = tuple[tuple[str, ...], tuple[int, ...], list[tuple[str, ...]]]

_LETTERS = {
    "loc": "mu", "scale": "sigma", "rate": "lambda", "shape": "alpha", "low": "a", "high": "b",
    "df": "nu", "probs": "p", "concentration": "alpha",
}  # fmt: skip
_SHOWN = 4  # orders of cumulants


def table(
    header: Sequence[str], rows: Sequence[Sequence[Any]], widths: Sequence[int]
) -> nodes.Node:
    """A table whose cells are nodes, in a box that scrolls where it is too wide."""
    group = nodes.tgroup(cols=len(header))
    group += [nodes.colspec(colwidth=w) for w in widths]
    head, body = nodes.thead(), nodes.tbody()
    for part, lines in ((head, [[nodes.Text(h) for h in header]]), (body, rows)):
        for line in lines:
            row = nodes.row()
            for cell in line:
                inline = isinstance(cell, (nodes.Inline, nodes.Text))
                content = nodes.paragraph("", "", cell) if inline else cell
                row += nodes.entry("", *(content if isinstance(content, list) else [content]))
            part += row
    group += [head, body]
    whole = nodes.table(classes=["registry"])
    whole += group
    return nodes.container("", whole, classes=["wide"])


class RegistryDirective(SphinxDirective):
    """The table of one registry."""

    required_arguments = 1

    def run(self) -> list[nodes.Node]:
        """Header and rows."""
        if self.arguments[0] not in TABLES:
            raise self.error(f"no registry {self.arguments[0]}; known: {', '.join(TABLES)}")
        header, widths, rows = TABLES[self.arguments[0]]()
        return [table(header, [[self.cell(t) for t in row] for row in rows], widths)]

    def cell(self, text: str) -> list[nodes.Node]:
        """Nodes of a line of MyST."""
        box = nodes.container()
        self.state.nested_parse(StringList([text], ""), self.content_offset, box)
        return list(box.children)


def summary(thing: Any) -> str:
    """First line of a docstring, with names and formulas as they are typed."""
    line = (inspect.getdoc(thing) or "").partition("\n\n")[0].replace("\n", " ")
    parts = line.replace("``", "`").split("`")
    for k in range(0, len(parts), 2):
        parts[k] = re.sub(r"([\\*_\[\]<>#|$])", r"\\\1", parts[k])
    return "`".join(parts)


def link(home: str, name: str, kind: str = "class") -> str:
    """Link into the API reference."""
    place = HOMES[key(getattr(import_module(home), name))]
    return f"{{py:{kind}}}`{name} <{place}>`"


def named(home: str, kind: type, name: str) -> str:
    """Link to a class, and its name in the registry."""
    return f"{link(home, kind.__name__)} `{name}`"


def call(thing: Any) -> str:
    """The arguments of a constructor."""
    shown = []
    for p in inspect.signature(thing).parameters.values():
        default = "" if p.default is p.empty else f"={_short(p.default)}"
        star = {p.VAR_POSITIONAL: "*", p.VAR_KEYWORD: "**"}.get(p.kind, "")
        shown.append(f"{star}{p.name}{default}")
    return "`" + ", ".join(shown) + "`" if shown else "none"


def _short(value: Any) -> str:
    name = type(value).__name__
    return repr(value) if not repr(value).startswith("<") else name


def math(formula: str) -> str:
    """Inline mathematics."""
    return f"${formula}$"


def _law(law: type) -> Any:
    """The law with letters for its parameters, or its first example."""
    names = inspect.signature(law).parameters
    try:
        found = law(**{n: sp.Symbol(_LETTERS.get(n, n), positive=True) for n in names})
        found.cumulant(2)
    except (CumulantError, TypeError):
        found = law(**law.examples[0])  # type: ignore[attr-defined]
    return found


def law_rows() -> Rows:
    """Univariate laws with their first cumulants."""
    rows = []
    for name, law in sorted(laws.catalogue().items()):
        found = _law(law)
        reach = min(found.max_order or _SHOWN, _SHOWN)
        values = ", ".join(math(latex(sp.factor(found.cumulant(r)))) for r in range(1, reach + 1))
        rows.append((
            named("cumulant_theory.laws", law, name), call(law),
            f"{math(found.latex)}: {values}", summary(law),
        ))
    return ("law", "parameters", "first cumulants", "what"), (18, 20, 36, 26), rows


def joint_law_rows() -> Rows:
    """Laws of several variables."""
    return ("law", "parameters", "what"), (25, 25, 50), [
        (named("cumulant_theory.laws", law, name), call(law), summary(law))
        for name, law in sorted(laws.catalogue(laws.JointLaw).items())
    ]


def symmetry_rows() -> Rows:
    """Weight symmetries with a tied matrix."""
    rows = []
    for name in symmetries.catalogue():
        kind = symmetries.get(name)
        symmetry, outputs, inputs = kind.examples()[-1]
        small = [e for e in kind.examples() if 2 <= e[1] * e[2] <= 9]
        if small:
            symmetry, outputs, inputs = max(small, key=lambda e: e[1] * e[2])
        tied = symmetry.tie(outputs, inputs)
        rows.append((
            named("cumulant_theory.symmetries", kind, name), call(kind),
            math(symmetry.latex), math(latex(tied.matrix())), summary(kind),
        ))
    return ("symmetry", "parameters", "group", "weights, an example", "what"), (
        20, 16, 10, 26, 28), rows


def activation_rows() -> Rows:
    """Activations with formula and how their Gaussian coefficients are known."""
    rows, z = [], sp.Symbol("z")
    for name in activations.catalogue():
        kind = type(_activation(name))
        required = [p for p in inspect.signature(kind).parameters.values() if p.default is p.empty
                    and p.kind is p.POSITIONAL_OR_KEYWORD]  # fmt: skip
        formula, known = "as given", "as it turns out"
        if not required:
            phi = kind()
            formula = math(latex(phi.expr(z)))
            known = "polynomial" if phi.coefficients is not None else (
                "closed form" if phi.wick(0).exact and phi.wick(1, 2).exact else "integral"
            )
        rows.append((
            named("cumulant_theory.activations", kind, name), call(kind), formula, known,
            summary(kind),
        ))
    return ("activation", "parameters", "formula", "Gaussian coefficients", "what"), (
        20, 18, 24, 14, 24), rows


def _activation(name: str) -> Any:
    kinds = {k.name: k for k in vars(activations).values()
             if inspect.isclass(k) and issubclass(k, activations.Activation)
             and getattr(k, "name", "")}  # fmt: skip
    return object.__new__(kinds[name])


def _public(module: Any, base: type) -> Iterator[type]:
    for name in module.__all__:
        kind = getattr(module, name)
        if inspect.isclass(kind) and issubclass(kind, base) and kind is not base:
            yield kind


def layer_rows() -> Rows:
    """Layers."""
    return ("layer", "parameters", "what"), (20, 35, 45), [
        (link("cumulant_theory.layers", kind.__name__), call(kind), summary(kind))
        for kind in _public(layers, layers.Layer)
    ]


def closure_rows() -> Rows:
    """Closures with what an example of them neglects."""
    shown = {"Exact": (), "Neglect": (2,), "Diagrams": (3,)}
    rows = []
    for kind in closures.Closure.__subclasses__():
        example = kind(*shown[kind.__name__])
        rows.append((
            link("cumulant_theory.closures", kind.__name__), call(kind), f"`{example!r}`",
            example.hypothesis or "nothing is neglected", summary(kind),
        ))
    return ("closure", "parameters", "example", "what the example neglects", "what"), (
        14, 16, 14, 30, 26), rows


def graph_rows() -> Rows:
    """Graphs by their number of nodes."""
    return ("family", "parameters", "what"), (25, 25, 50), [
        (link("cumulant_theory.layers.graphs", name, "func"), call(make), summary(make))
        for name in families.__all__ if (make := getattr(graphs, name))
    ]


def family_rows() -> Rows:
    """Families with a symbolic number of nodes."""
    return ("family", "parameters", "types of order 2", "what"), (20, 15, 25, 40), [
        (link("cumulant_theory.symbolic_width.families", name, "func"), call(make),
         ", ".join(f"`{w}`" for w in _words(make)), summary(make))
        for name in symbolic_width.families.__all__
        if inspect.isfunction(make := getattr(symbolic_width.families, name))
        and name != "family_of"
    ]  # fmt: skip


def _words(make: Callable[..., Any]) -> list[str]:
    sizes = [p for p in inspect.signature(make).parameters.values() if p.default is p.empty]
    family = make(*(p.name for p in sizes))
    return [family.word(kind) for kind in family.types(2)]


def theorem_rows() -> Rows:
    """Theorems."""
    return ("name", "theorem"), (25, 75), [
        (f"[{name}](#theorem-{name})", proved.get(name).title)
        for name in proved.catalogue()
    ]


def backend_rows() -> Rows:
    """Array libraries."""
    return ("backend", "needs", "extra"), (30, 30, 40), [
        (f"`{name}`", f"`{package}`", f"`pip install 'cumulant-theory[{extra}]'`")
        for name, (_, package, extra) in REGISTRY.items()
    ]


def density_rows() -> Rows:
    """Families of densities."""
    return ("family", "what"), (30, 70), [
        (f"`{name}`", summary(kind)) for name, kind in sorted(FAMILIES.items())
    ]


TABLES: dict[str, Callable[[], Rows]] = {
    "laws": law_rows, "joint_laws": joint_law_rows, "symmetries": symmetry_rows,
    "activations": activation_rows, "layers": layer_rows, "closures": closure_rows,
    "graphs": graph_rows, "families": family_rows, "theorems": theorem_rows,
    "backends": backend_rows, "densities": density_rows,
}  # fmt: skip


def setup(app: Sphinx) -> dict[str, Any]:
    """Register the directive."""
    app.add_directive("registry", RegistryDirective)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}


__all__ = ["TABLES", "setup", "table"]
